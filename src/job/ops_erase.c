/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Erasing, and asking the chip whether it did. */
#include "job/ops.h"

#include "base/clock.h"
#include "base/util.h"
#include "image/digest.h"
#include "job/partitions.h"
#include "job/protect.h"

#include <string.h>

static bool erase_can_confirm(const struct run *run)
{
    return run->flash.size > 0 && loader_can_md5(&run->loader);
}

/* A write-protected flash answers like one that was erased; its MD5 tells. The ESP8266's ROM has
 * none, and reading megabytes back by registers would take hours. */
static int erase_confirm(struct run *run, uint32_t address, uint64_t size)
{
    uint8_t want[16], have[16];

    if (run->chip.secure_download)
        return error_set(&run->error, ERR_NOT_VERIFIED,
                         "0x%llx bytes at 0x%x were erased, as the chip says, but in Secure "
                         "Download Mode it lets nobody check it",
                         (unsigned long long)size, address);
    if (!erase_can_confirm(run))
        return 0;
    report_state(&run->report, STATE_VERIFY, "that it is blank");
    if (loader_flash_md5(&run->loader, address, (uint32_t)size, have, &run->error) != 0)
        return error_context(&run->error, "verifying that it is erased");
    digest_md5_blank(size, want);
    if (memcmp(want, have, sizeof want) == 0)
        return 0;
    return error_set(&run->error, ERR_VERIFY_FAILED,
                     "the chip said that 0x%llx bytes at 0x%x were erased, but they are not blank",
                     (unsigned long long)size, address);
}

/* One piece after the other of what is not protected, each confirmed; *erased: bytes so far. */
static int erase_around(struct run *run, uint64_t *erased)
{
    uint64_t end = run->loader.flash_size, start, stop;

    if (run->flash.size == 0 || run->loader.flash_limit)
        return error_set(&run->error, ERR_NOT_POSSIBLE,
                         "erasing everything but the protected ranges: %s",
                         run->loader.flash_limit ? run->loader.flash_limit
                                                 : "the size of the flash is not known");
    for (uint64_t at = 0; protect_next_free(run->job, at, end, &start, &stop); at = stop) {
        uint32_t address = (uint32_t)start, size = (uint32_t)(stop - start);
        report_state(&run->report, STATE_ERASE, "0x%x to 0x%llx", address,
                     (unsigned long long)stop);
        report_progress_begin(&run->report, op_name(OP_ERASE_REGION), "", address, size);
        if (loader_flash_erase(&run->loader, address, size, &run->report.progress, &run->error) !=
            0)
            return error_context(&run->error, "erasing 0x%x bytes at 0x%x", size, address);
        report_progress_end(&run->report);
        if (erase_confirm(run, address, size) != 0)
            return run->error.code;
        *erased += size;
    }
    if (*erased == 0)
        return error_set(&run->error, ERR_PROTECTED,
                         "the protected ranges cover all of the flash, 0x%llx bytes: nothing is "
                         "left to be erased",
                         (unsigned long long)end);
    return 0;
}

static void say_protected(struct run *run)
{
    for (size_t i = 0; i < run->job->n_protect; i++) {
        const struct flash_range *range = &run->job->protect[i];
        log_line(run_log(run), LOG_INFO, "0x%x to 0x%llx is protected and was left as it is",
                 range->address, (unsigned long long)range->address + range->size);
    }
}

/* The stub erases the whole chip; asked can only be for what is in reach. */
static int erase_all(struct run *run, uint64_t *erased)
{
    if (run->job->n_protect) {
        if (erase_around(run, erased) == 0)
            say_protected(run);
        return run->error.code;
    }
    report_state(&run->report, STATE_ERASE, "the whole flash");
    report_progress_begin(&run->report, op_name(OP_ERASE_FLASH), "", 0, run->flash.size);
    if (loader_flash_erase_all(&run->loader, &run->report.progress, &run->error) != 0)
        return error_context(&run->error, "erasing the flash");
    report_progress_end(&run->report);
    *erased = run->loader.flash_size;
    return erase_confirm(run, 0, run->loader.flash_size);
}

int op_erase_all(struct run *run)
{
    uint64_t erased = 0;

    return erase_all(run, &erased);
}

static void erase_result(struct run *run, enum op_kind kind, uint32_t address, uint64_t size,
                         int64_t start)
{
    double seconds = (double)(clock_us() - start) / 1e6;
    struct event event;

    log_line(run_log(run), LOG_INFO, "0x%llx bytes from 0x%x erased in %.1f s",
             (unsigned long long)size, address, seconds);
    op_result(run, kind, &event);
    event_result_add(&event, "address", "0x%x", address);
    event_result_add(&event, "size", "%llu", (unsigned long long)size);
    event_result_add(&event, "confirmed_by", "%s", erase_can_confirm(run) ? "md5" : "status");
    event_result_add(&event, "seconds", "%.2f", seconds);
    report_put(&run->report, &event);
}

int op_erase_flash(struct run *run, size_t index)
{
    int64_t start = clock_us();
    uint64_t erased = 0;

    (void)index;
    if (erase_all(run, &erased) != 0)
        return run->error.code;
    erase_result(run, OP_ERASE_FLASH, 0, erased, start);
    return 0;
}

static int erase_size(struct run *run, const struct op *op, uint32_t *size)
{
    /* What was typed has been checked; the size of a partition for data may be any. */
    if (op->size != JOB_SIZE_ALL && op->size % PARTITION_SECTOR != 0)
        return error_set(
            &run->error, ERR_PARTITION,
            "partition %s has 0x%x bytes, and only whole sectors of 0x%x can be erased",
            op->partition, op->size, PARTITION_SECTOR);
    if (op->size != JOB_SIZE_ALL)
        return op_check_range(run, op, op->size);
    if (run->flash.size == 0)
        return error_set(&run->error, ERR_NOT_POSSIBLE,
                         "%s: the size of the flash is not known, so where ALL ends is not either",
                         op_name(op->kind));
    if (op_check_range(run, op, 1) != 0)
        return run->error.code;
    *size = (uint32_t)(run->flash.size - op->address);
    return 0;
}

int op_erase_region(struct run *run, size_t index)
{
    struct op resolved;
    const struct op *op = &resolved;
    int64_t start = clock_us();

    if (job_op_resolve(run, index, &resolved) != 0)
        return run->error.code;
    uint32_t size = op->size;
    if (erase_size(run, op, &size) != 0 ||
        protect_check_range(run->job, op_name(op->kind), op->address, size, &run->error) != 0)
        return run->error.code;
    report_state(&run->report, STATE_ERASE, "0x%x to 0x%llx", op->address,
                 (unsigned long long)op->address + size);
    report_progress_begin(&run->report, op_name(op->kind), "", op->address, size);
    if (loader_flash_erase(&run->loader, op->address, size, &run->report.progress, &run->error) !=
        0)
        return error_context(&run->error, "erasing 0x%x bytes at 0x%x", size, op->address);
    report_progress_end(&run->report);
    if (erase_confirm(run, op->address, size) != 0)
        return run->error.code;
    erase_result(run, op->kind, op->address, size, start);
    return 0;
}
