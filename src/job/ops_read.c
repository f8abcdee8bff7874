/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading the flash into a file. */
#include "job/ops.h"

#include "base/output.h"
#include "base/util.h"
#include "image/digest.h"
#include "job/partitions.h"
#include "job/recover.h"

#include <stdlib.h>
#include <string.h>

static int read_size(struct run *run, const struct op *op, uint32_t *size)
{
    *size = op->size;
    if (op->size == 0 && run->flash.size == 0)
        return error_set(&run->error, ERR_NOT_POSSIBLE,
                         "read-flash: the size of the flash is not known, so ALL can't be read");
    if (op->size == 0 && op->address >= run->flash.size)
        return op_check_range(run, op, 1);
    if (op->size == 0)
        *size = (uint32_t)(run->flash.size - op->address);
    return op_check_range(run, op, *size);
}

/* The stub sends an MD5 along, which the loader checks; the ROM is asked for one here. */
/* The ESP8266's ROM has no MD5, and its requests for registers no checksum: a damaged one is
 * answered with what stands elsewhere. Only twice the same is believed. */
static int read_again(struct run *run, uint32_t address, const uint8_t *data, uint32_t size)
{
    uint8_t *again = xmalloc(size);

    report_state(&run->report, STATE_VERIFY, "by reading it once more");
    report_progress_begin(&run->report, op_name(OP_VERIFY_FLASH), "", address, size);
    int result =
        loader_flash_read(&run->loader, address, size, again, &run->report.progress, &run->error);
    if (result == 0 && memcmp(again, data, size) != 0)
        result =
            error_set(&run->error, ERR_VERIFY_FAILED,
                      "0x%x bytes at 0x%x were read twice, and were not the same", size, address);
    free(again);
    return result;
}

int op_read_confirm(struct run *run, uint32_t address, const uint8_t *data, uint32_t size)
{
    uint8_t here[16], chip[16];

    if (run->loader.stage != STAGE_ROM)
        return 0;
    if (!loader_can_md5(&run->loader))
        return read_again(run, address, data, size);
    digest_md5(data, size, here);
    if (loader_flash_md5(&run->loader, address, size, chip, &run->error) != 0)
        return error_context(&run->error, "verifying what was read");
    if (memcmp(here, chip, sizeof here) == 0)
        return 0;
    return error_set(&run->error, ERR_VERIFY_FAILED,
                     "what was read from 0x%x is not what the chip says it holds (MD5 differs)",
                     address);
}

static void read_result(struct run *run, const struct op *op, uint32_t size, const uint8_t *data,
                        double seconds)
{
    struct event event;
    uint8_t md5[16];
    char hex[33];

    log_line(run_log(run), LOG_INFO, "0x%x bytes from 0x%x read in %.1f s into %s", size,
             op->address, seconds, op->path);
    digest_md5(data, size, md5);
    op_result(run, op->kind, &event);
    event_result_add(&event, "file", "%s", op->path);
    event_result_add(&event, "address", "0x%x", op->address);
    event_result_add(&event, "size", "%u", size);
    event_result_add(&event, "md5", "%s", util_hex_format(hex, md5, sizeof md5));
    event_result_add(&event, "seconds", "%.2f", seconds);
    if (run->report.baud)
        event_result_add(&event, "baud", "%u", *run->report.baud);
    report_put(&run->report, &event);
}

/* From `*at` on; what has come before is confirmed. On a rate that is on trial only a little is
 * read first. */
static int read_on(struct run *run, const struct op *op, uint8_t *data, uint32_t size, uint32_t *at)
{
    struct report_piece piece;

    report_state(&run->report, STATE_READ, "%s", util_basename(op->path));
    while (*at < size) {
        if (rate_raise(run, size - *at) != 0)
            return run->error.code;
        uint32_t n = size - *at;
        if (rate_on_trial(&run->rate) && n > 2 * RATE_TRIAL)
            n = RATE_TRIAL;
        report_piece_init(&piece, &run->report, *at, *at);
        if (loader_flash_read(&run->loader, op->address + *at, n, data + *at, &piece.progress,
                              &run->error) != 0)
            return run->error.code;
        rate_prove(&run->rate, run->link.baud);
        *at += n;
    }
    return 0;
}

int op_read_flash(struct run *run, size_t index)
{
    struct op resolved;
    const struct op *op = &resolved;
    uint32_t size, at = 0;
    double seconds;
    int result;

    if (job_op_resolve(run, index, &resolved) != 0 || read_size(run, op, &size) != 0)
        return run->error.code;
    uint8_t *data = xmalloc(size);
    report_progress_begin(&run->report, op_name(op->kind), op->path, op->address, size);
    do {
        result = read_on(run, op, data, size, &at);
        seconds = report_progress_seconds(&run->report);
        if (result == 0 && (result = op_read_confirm(run, op->address, data, size)) != 0)
            at = 0;
    } while (result != 0 && recover_slower(run));
    if (result == 0) {
        report_progress_end(&run->report);
        rate_hold(&run->rate, run->link.baud);
        result = output_finish(&run->outputs[index], data, size, &run->error);
    }
    if (result == 0)
        read_result(run, op, size, data, seconds);
    free(data);
    return result;
}
