/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What each op does once the chip is connected: one row per op. */
#include "job/ops.h"

#include "base/util.h"

void op_result(struct run *run, enum op_kind kind, struct event *event)
{
    report_event(&run->report, EVENT_RESULT, event);
    util_copy(event->result.op, sizeof event->result.op, op_name(kind));
    event->result.ok = run->error.code == ERR_OK;
}

int op_check_range(struct run *run, const struct op *op, uint64_t size)
{
    uint64_t end = run->loader.flash_size;

    if (end == 0 || op->address + size <= end)
        return 0;
    if (run->loader.flash_limit)
        return error_set(&run->error, ERR_TOO_BIG, "%s: 0x%llx bytes at 0x%x: %s",
                         op_name(op->kind), (unsigned long long)size, op->address,
                         run->loader.flash_limit);
    return error_set(&run->error, ERR_TOO_BIG,
                     "%s: 0x%llx bytes at 0x%x reach past the end of the flash at 0x%llx",
                     op_name(op->kind), (unsigned long long)size, op->address,
                     (unsigned long long)end);
}

static const struct op_row rows[OP_COUNT] = {
    [OP_WRITE_FLASH] = {op_write_flash, .flash = true, .fast = true, .changes = true},
    [OP_VERIFY_FLASH] = {op_verify_flash, .flash = true, .fast = true},
    [OP_READ_FLASH] = {op_read_flash, .flash = true, .fast = true},
    [OP_ERASE_FLASH] = {op_erase_flash, .flash = true, .fast = true, .changes = true},
    [OP_ERASE_REGION] = {op_erase_region, .flash = true, .fast = true, .changes = true},
    [OP_CHIP_ID] = {op_chip_id},
    [OP_FLASH_ID] = {op_flash_id, .flash = true, .registers = true},
    [OP_READ_MAC] = {op_read_mac, .registers = true},
    [OP_GET_SECURITY_INFO] = {op_get_security_info},
    [OP_READ_MEM] = {op_read_mem, .registers = true},
    [OP_WRITE_MEM] = {op_write_mem, .registers = true},
    [OP_DUMP_MEM] = {op_dump_mem, .fast = true, .rom = true, .registers = true},
    [OP_LOAD_RAM] = {op_load_ram, .fast = true, .rom = true, .registers = true},
    [OP_RUN] = {op_run, .flash = true, .rom = true},
    [OP_READ_FLASH_STATUS] = {op_read_flash_status, .flash = true, .registers = true},
    [OP_WRITE_FLASH_STATUS] = {op_write_flash_status, .flash = true, .changes = true,
                               .registers = true},
    [OP_READ_FLASH_SFDP] = {op_read_flash_sfdp, .flash = true, .registers = true},
    [OP_READ_PARTITIONS] = {op_read_partitions, .flash = true, .fast = true},
};

const struct op_row *op_row(enum op_kind kind)
{
    return &rows[kind];
}
