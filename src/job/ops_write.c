/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writing the job's images and comparing them with the flash. */
#include "job/ops.h"

#include "base/util.h"
#include "job/pack.h"

#include <string.h>

/* Reading back is done in pieces, so that a difference ends it early; the first piece is small and
 * measures how long the rest will take. */
enum { READ_BACK_FIRST = 512, READ_BACK_PIECE = 4096 };

static const char *region_name(const struct region *region)
{
    return util_basename(region->path);
}

/* ---- confirming ---- */

static int confirm_by_md5(struct run *run, const struct region *region, enum err differs)
{
    uint8_t md5[16];
    char want[33], have[33];

    if (loader_flash_md5(&run->loader, region->address, (uint32_t)region->size, md5, &run->error))
        return error_context(&run->error, "verifying %s at 0x%x", region_name(region),
                             region->address);
    if (memcmp(md5, region->md5, sizeof md5) == 0)
        return 0;
    return error_set(&run->error, differs,
                     "%s at 0x%x: the flash does not hold what the file says (MD5 of the file %s, "
                     "of the flash %s)",
                     region_name(region), region->address,
                     util_hex_format(want, region->md5, sizeof md5),
                     util_hex_format(have, md5, sizeof md5));
}

/* Progress of one piece as progress of the whole region. */
struct piece {
    const struct report *report;
    uint64_t base, total;
};

static void piece_progress(void *context, uint64_t done, uint64_t total, uint64_t wire)
{
    const struct piece *piece = context;
    const struct loader_progress *whole = &piece->report->progress;

    (void)total;
    whole->put(whole->context, piece->base + done, piece->total, piece->base + wire);
}

static int piece_compare(struct run *run, const struct region *region, size_t at, size_t n,
                         uint8_t *data)
{
    struct piece piece = {.report = &run->report, .base = at, .total = region->size};
    struct loader_progress progress = {.put = piece_progress, .context = &piece};

    if (loader_flash_read(&run->loader, region->address + (uint32_t)at, (uint32_t)n, data,
                          &progress, &run->error) != 0)
        return error_context(&run->error, "reading %s at 0x%x back", region_name(region),
                             region->address);
    for (size_t i = 0; i < n; i++) {
        if (data[i] != region->data[at + i])
            return error_set(&run->error, ERR_VERIFY_FAILED,
                             "%s at 0x%x: the flash differs at 0x%zx (file 0x%02x, flash 0x%02x)",
                             region_name(region), region->address, region->address + at + i,
                             region->data[at + i], data[i]);
    }
    return 0;
}

static int confirm_by_reading(struct run *run, const struct region *region)
{
    uint8_t data[READ_BACK_PIECE];
    size_t n;

    for (size_t at = 0; at < region->size; at += n) {
        n = at == 0 ? READ_BACK_FIRST : READ_BACK_PIECE;
        n = n < region->size - at ? n : region->size - at;
        if (piece_compare(run, region, at, n, data) != 0)
            return run->error.code;
        if (at == 0 && n < region->size) {
            double seconds = report_progress_seconds(&run->report);
            log_line(&run->report.log, LOG_INFO,
                     "the ROM has no MD5: reading the %zu bytes of %s back, about %.0f s",
                     region->size, region_name(region), seconds * (double)region->size / (double)n);
        }
    }
    return 0;
}

static int region_confirm(struct run *run, const struct region *region, enum err differs)
{
    report_state(&run->report, STATE_VERIFY, "%s", region_name(region));
    report_progress_begin(&run->report, op_name(OP_VERIFY_FLASH), region->path, region->address,
                          region->size);
    int result = loader_can_md5(&run->loader) ? confirm_by_md5(run, region, differs)
                                              : confirm_by_reading(run, region);
    if (result == 0)
        report_progress_end(&run->report);
    return result;
}

static void region_result(struct run *run, enum op_kind op, const struct region *region,
                          double seconds)
{
    struct event event;
    char md5[33];

    report_event(&run->report, EVENT_RESULT, &event);
    util_copy(event.result.op, sizeof event.result.op, op_name(op));
    event.result.ok = run->error.code == ERR_OK;
    event_result_add(&event, "file", "%s", region->path);
    event_result_add(&event, "address", "0x%x", region->address);
    event_result_add(&event, "size", "%zu", region->size);
    event_result_add(&event, "md5", "%s", util_hex_format(md5, region->md5, 16));
    event_result_add(&event, "what", "%s", region->what);
    event_result_add(&event, "confirmed_by", "%s",
                     loader_can_md5(&run->loader) ? "md5" : "reading back");
    event_result_add(&event, "seconds", "%.2f", seconds);
    report_put(&run->report, &event);
}

/* ---- the ops ---- */

static int region_write(struct run *run, const struct region *region)
{
    char size[32];

    report_state(&run->report, STATE_WRITE, "%s", region_name(region));
    report_progress_begin(&run->report, op_name(OP_WRITE_FLASH), region->path, region->address,
                          region->size);
    if (loader_flash_write(&run->loader, region, &run->report.progress, &run->error) != 0)
        return error_context(&run->error, "writing %s at 0x%x", region_name(region),
                             region->address);
    report_progress_end(&run->report);
    double seconds = report_progress_seconds(&run->report);
    int result = region_confirm(run, region, ERR_MD5_MISMATCH);
    region_result(run, OP_WRITE_FLASH, region, seconds);
    if (result == 0)
        log_line(&run->report.log, LOG_INFO, "%s: %s at 0x%x written in %.1f s and verified",
                 region_name(region), util_size_format(size, sizeof size, region->size),
                 region->address, seconds);
    return result;
}

/* All files are told of before the first, so that whoever adds them up knows the whole. */
static void regions_announce(struct run *run)
{
    for (size_t i = 0; i < run->plan.n; i++) {
        const struct region *region = &run->plan.regions[i];
        report_progress_begin(&run->report, op_name(OP_WRITE_FLASH), region->path, region->address,
                              region->size);
    }
}

int op_write_flash(struct run *run, size_t index)
{
    int result = run->job->erase_all ? op_erase_all(run) : 0;

    (void)index;
    if (result == 0)
        regions_announce(run);
    for (size_t i = 0; result == 0 && i < run->plan.n; i++) {
        result = pack_take(run, i);
        if (result == 0)
            result = region_write(run, &run->plan.regions[i]);
    }
    return result;
}

/* Looks at every file, so that one run tells about all of them; the first difference decides. */
int op_verify_flash(struct run *run, size_t index)
{
    struct error first = {0};

    (void)index;
    for (size_t i = 0; i < run->plan.n; i++) {
        const struct region *region = &run->plan.regions[i];
        int result = region_confirm(run, region, ERR_VERIFY_FAILED);
        if (result != 0 && result != ERR_VERIFY_FAILED)
            return result;
        region_result(run, OP_VERIFY_FLASH, region, report_progress_seconds(&run->report));
        if (result == 0)
            log_line(&run->report.log, LOG_INFO, "%s at 0x%x: the flash holds it",
                     region_name(region), region->address);
        else if (first.code == ERR_OK)
            first = run->error; /* said at the end */
        else
            log_line(&run->report.log, LOG_ERROR, "%s", run->error.text);
        error_clear(&run->error);
    }
    run->error = first;
    return run->error.code;
}
