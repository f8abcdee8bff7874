/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What each op does once the chip is connected; one row of the table at the end per op. */
#include "job/run.h"

#include "base/util.h"
#include "image/digest.h"
#include "job/output.h"
#include "job/pack.h"

#include <stdlib.h>
#include <string.h>

/* Reading back is done in pieces, so that a difference ends it early; the first piece is small and
 * measures how long the rest will take. */
enum { READ_BACK_FIRST = 512, READ_BACK_PIECE = 4096 };

static const char *region_name(const struct region *region)
{
    return util_basename(region->path);
}

static const struct log *log_of(struct run *run)
{
    return &run->report.log;
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
            log_line(log_of(run), LOG_INFO,
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

static int erase_all(struct run *run)
{
    report_state(&run->report, STATE_ERASE, "the whole flash");
    report_progress_begin(&run->report, op_name(OP_ERASE_FLASH), "", 0, run->flash.size);
    if (loader_flash_erase_all(&run->loader, &run->report.progress, &run->error) != 0)
        return error_context(&run->error, "erasing the flash");
    report_progress_end(&run->report);
    return 0;
}

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
        log_line(log_of(run), LOG_INFO, "%s: %s at 0x%x written in %.1f s and verified",
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

static int op_write_flash(struct run *run, size_t index)
{
    int result = run->job->erase_all ? erase_all(run) : 0;

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
static int op_verify_flash(struct run *run, size_t index)
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
            log_line(log_of(run), LOG_INFO, "%s at 0x%x: the flash holds it", region_name(region),
                     region->address);
        else if (first.code == ERR_OK)
            first = run->error; /* said at the end */
        else
            log_line(log_of(run), LOG_ERROR, "%s", run->error.text);
        error_clear(&run->error);
    }
    run->error = first;
    return run->error.code;
}

static int range_check(struct run *run, const struct op *op, uint64_t size)
{
    if (run->flash.size == 0 || op->address + size <= run->flash.size)
        return 0;
    return error_set(&run->error, ERR_TOO_BIG,
                     "%s: 0x%llx bytes at 0x%x reach past the end of the flash at 0x%llx",
                     op_name(op->kind), (unsigned long long)size, op->address,
                     (unsigned long long)run->flash.size);
}

static int read_size(struct run *run, const struct op *op, uint32_t *size)
{
    *size = op->size;
    if (op->size == 0 && run->flash.size == 0)
        return error_set(&run->error, ERR_NOT_POSSIBLE,
                         "read-flash: the size of the flash is not known, so ALL can't be read");
    if (op->size == 0 && op->address >= run->flash.size)
        return range_check(run, op, 1);
    if (op->size == 0)
        *size = (uint32_t)(run->flash.size - op->address);
    return range_check(run, op, *size);
}

/* The stub sends an MD5 along, which the loader checks; the ROM is asked for one here. */
static int read_confirm(struct run *run, uint32_t address, const uint8_t *data, uint32_t size)
{
    uint8_t here[16], chip[16];

    if (run->loader.stage != STAGE_ROM || !loader_can_md5(&run->loader))
        return 0;
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

    log_line(log_of(run), LOG_INFO, "0x%x bytes from 0x%x read in %.1f s into %s", size,
             op->address, seconds, op->path);
    digest_md5(data, size, md5);
    report_event(&run->report, EVENT_RESULT, &event);
    util_copy(event.result.op, sizeof event.result.op, op_name(op->kind));
    event.result.ok = true;
    event_result_add(&event, "file", "%s", op->path);
    event_result_add(&event, "address", "0x%x", op->address);
    event_result_add(&event, "size", "%u", size);
    event_result_add(&event, "md5", "%s", util_hex_format(hex, md5, sizeof md5));
    event_result_add(&event, "seconds", "%.2f", seconds);
    report_put(&run->report, &event);
}

static int op_read_flash(struct run *run, size_t index)
{
    const struct op *op = &run->job->ops[index];
    uint32_t size;

    if (read_size(run, op, &size) != 0)
        return run->error.code;
    uint8_t *data = xmalloc(size);
    report_state(&run->report, STATE_READ, "%s", util_basename(op->path));
    report_progress_begin(&run->report, op_name(op->kind), op->path, op->address, size);
    int result = loader_flash_read(&run->loader, op->address, size, data, &run->report.progress,
                                   &run->error);
    if (result == 0)
        report_progress_end(&run->report);
    double seconds = report_progress_seconds(&run->report);
    if (result == 0)
        result = read_confirm(run, op->address, data, size);
    if (result == 0)
        result = output_finish(&run->outputs[index], data, size, &run->error);
    if (result == 0)
        read_result(run, op, size, data, seconds);
    free(data);
    return result;
}

static bool erase_can_confirm(const struct run *run)
{
    return run->flash.size > 0 && loader_can_md5(&run->loader);
}

/* A write-protected flash answers like one that was erased; its MD5 tells. The ESP8266's ROM has
 * none, and reading megabytes back by registers would take hours. */
static int erase_confirm(struct run *run, uint32_t address, uint64_t size)
{
    uint8_t want[16], have[16];

    if (!erase_can_confirm(run))
        return 0;
    report_state(&run->report, STATE_VERIFY, "that it is blank");
    if (loader_flash_md5(&run->loader, address, (uint32_t)size, have, &run->error) != 0)
        return error_context(&run->error, "verifying that it is erased");
    uint8_t *blank = xmalloc(size);
    memset(blank, 0xFF, size);
    digest_md5(blank, size, want);
    free(blank);
    if (memcmp(want, have, sizeof want) == 0)
        return 0;
    return error_set(&run->error, ERR_VERIFY_FAILED,
                     "the chip said that 0x%llx bytes at 0x%x were erased, but they are not blank",
                     (unsigned long long)size, address);
}

static int erase_result(struct run *run, enum op_kind kind, uint32_t address, uint64_t size)
{
    struct event event;
    int result = erase_confirm(run, address, size);

    if (result != 0)
        return result;
    log_line(log_of(run), LOG_INFO, "0x%llx bytes from 0x%x erased in %.1f s",
             (unsigned long long)size, address, report_progress_seconds(&run->report));
    report_event(&run->report, EVENT_RESULT, &event);
    util_copy(event.result.op, sizeof event.result.op, op_name(kind));
    event.result.ok = true;
    event_result_add(&event, "address", "0x%x", address);
    event_result_add(&event, "size", "%llu", (unsigned long long)size);
    event_result_add(&event, "confirmed_by", "%s", erase_can_confirm(run) ? "md5" : "status");
    event_result_add(&event, "seconds", "%.2f", report_progress_seconds(&run->report));
    report_put(&run->report, &event);
    return 0;
}

static int op_erase_flash(struct run *run, size_t index)
{
    (void)index;
    if (erase_all(run) != 0)
        return run->error.code;
    return erase_result(run, OP_ERASE_FLASH, 0, run->flash.size);
}

static int op_erase_region(struct run *run, size_t index)
{
    const struct op *op = &run->job->ops[index];

    if (range_check(run, op, op->size) != 0)
        return run->error.code;
    report_state(&run->report, STATE_ERASE, "0x%x to 0x%llx", op->address,
                 (unsigned long long)op->address + op->size);
    report_progress_begin(&run->report, op_name(op->kind), "", op->address, op->size);
    if (loader_flash_erase(&run->loader, op->address, op->size, &run->report.progress,
                           &run->error) != 0)
        return error_context(&run->error, "erasing 0x%x bytes at 0x%x", op->size, op->address);
    report_progress_end(&run->report);
    return erase_result(run, op->kind, op->address, op->size);
}

static int op_chip_id(struct run *run, size_t index)
{
    const struct chip_facts *chip = &run->chip;
    struct event event;

    (void)index;
    report_event(&run->report, EVENT_RESULT, &event);
    util_copy(event.result.op, sizeof event.result.op, op_name(OP_CHIP_ID));
    event.result.ok = true;
    event_result_add(&event, "chip", "%s", run->loader.chip->key);
    event_result_add(&event, "name", "%s", chip->name);
    event_result_add(&event, "revision", "%s", chip->revision);
    event_result_add(&event, "features", "%s", chip->features);
    event_result_add(&event, "crystal_mhz", "%u", chip->crystal_mhz);
    event_result_add(&event, "mac", "%s", chip->mac_text);
    event_result_add(&event, "usb_mode", "%s", chip->usb_mode);
    event_result_add(&event, "security", "%s", chip->security);
    report_put(&run->report, &event);
    return 0;
}

static int op_flash_id(struct run *run, size_t index)
{
    const struct flash_facts *flash = &run->flash;
    struct event event;
    char size[32];

    (void)index;
    report_event(&run->report, EVENT_RESULT, &event);
    util_copy(event.result.op, sizeof event.result.op, op_name(OP_FLASH_ID));
    event.result.ok = true;
    event_result_add(&event, "manufacturer", "0x%02x", flash->manufacturer);
    event_result_add(&event, "device", "0x%04x", flash->device);
    event_result_add(&event, "vendor", "%s", flash->vendor);
    event_result_add(&event, "size", "%s",
                     flash->size ? util_size_format(size, sizeof size, flash->size) : "unknown");
    event_result_add(&event, "mode_limits", "%s", flash->mode_limits);
    report_put(&run->report, &event);
    return 0;
}

static int op_read_mac(struct run *run, size_t index)
{
    struct event event;

    (void)index;
    report_event(&run->report, EVENT_RESULT, &event);
    util_copy(event.result.op, sizeof event.result.op, op_name(OP_READ_MAC));
    event.result.ok = true;
    event_result_add(&event, "mac", "%s", run->chip.mac_text);
    report_put(&run->report, &event);
    return 0;
}

static const struct op_row rows[OP_COUNT] = {
    [OP_WRITE_FLASH] = {op_write_flash, .flash = true, .fast = true, .changes = true},
    [OP_VERIFY_FLASH] = {op_verify_flash, .flash = true, .fast = true},
    [OP_READ_FLASH] = {op_read_flash, .flash = true, .fast = true},
    [OP_ERASE_FLASH] = {op_erase_flash, .flash = true, .fast = true, .changes = true},
    [OP_ERASE_REGION] = {op_erase_region, .flash = true, .fast = true, .changes = true},
    [OP_CHIP_ID] = {op_chip_id},
    [OP_FLASH_ID] = {op_flash_id, .flash = true},
    [OP_READ_MAC] = {op_read_mac},
};

const struct op_row *op_row(enum op_kind kind)
{
    return &rows[kind];
}
