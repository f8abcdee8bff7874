/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The flash chip's own registers. */
#include "job/ops.h"

#include "base/util.h"

static int read_status(struct run *run, const struct op *op, uint32_t *status)
{
    if (loader_flash_status_read(&run->loader, op->bytes, status, &run->error) != 0)
        return error_context(&run->error, "reading the status of the flash");
    return 0;
}

static void add_status(struct event *event, const char *key, const struct op *op, uint32_t status)
{
    event_result_add(event, key, "0x%0*x", (int)(2 * op->bytes), status);
}

int op_read_flash_status(struct run *run, size_t index)
{
    const struct op *op = &run->job->ops[index];
    struct event event;
    uint32_t status;

    if (read_status(run, op, &status) != 0)
        return run->error.code;
    op_result(run, op->kind, &event);
    event_result_add(&event, "bytes", "%u", op->bytes);
    add_status(&event, "status", op, status);
    report_put(&run->report, &event);
    return 0;
}

int op_write_flash_status(struct run *run, size_t index)
{
    const struct op *op = &run->job->ops[index];
    int digits = (int)(2 * op->bytes);
    struct event event;
    uint32_t before, after;

    if (read_status(run, op, &before) != 0)
        return run->error.code;
    int result = loader_flash_status_write(&run->loader, op->bytes, op->value, op->non_volatile,
                                           &after, &run->error);
    if (result != 0 && result != ERR_VERIFY_FAILED)
        return error_context(&run->error, "writing the status of the flash");
    if (result == 0)
        log_line(run_log(run), LOG_INFO, "the status of the flash was 0x%0*x and is 0x%0*x%s",
                 digits, before, digits, after, op->non_volatile ? "" : " until its next reset");
    op_result(run, op->kind, &event);
    event_result_add(&event, "bytes", "%u", op->bytes);
    add_status(&event, "before", op, before);
    add_status(&event, "written", op, op->value);
    add_status(&event, "status", op, after);
    event_result_add(&event, "non_volatile", "%s", op->non_volatile ? "yes" : "no");
    report_put(&run->report, &event);
    return result;
}

int op_read_flash_sfdp(struct run *run, size_t index)
{
    const struct op *op = &run->job->ops[index];
    uint8_t bytes[FLASH_SFDP_MAX];
    char hex[2 * sizeof bytes + 1];
    struct event event;

    if (loader_flash_sfdp(&run->loader, op->address, bytes, op->size, &run->error) != 0)
        return error_context(&run->error, "reading the SFDP of the flash");
    op_result(run, op->kind, &event);
    event_result_add(&event, "address", "0x%x", op->address);
    event_result_add(&event, "size", "%u", op->size);
    event_result_add(&event, "bytes", "%s", util_hex_format(hex, bytes, op->size));
    report_put(&run->report, &event);
    return 0;
}
