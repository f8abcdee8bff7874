/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writing the job's images and comparing them with the flash. */
#include "job/ops.h"

#include "base/util.h"
#include "job/encrypt.h"
#include "job/front.h"
#include "job/recover.h"
#include "job/send.h"

#include <stdio.h>
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

static int piece_compare(struct run *run, const struct region *region, size_t at, size_t n,
                         uint8_t *data)
{
    struct report_piece piece;

    report_piece_init(&piece, &run->report, at, at);
    if (loader_flash_read(&run->loader, region->address + (uint32_t)at, (uint32_t)n, data,
                          &piece.progress, &run->error) != 0)
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
            log_line(run_log(run), LOG_INFO,
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

/* In Secure Download Mode the chip neither tells a digest nor lets its flash be read; of what it
 * has encrypted it tells that of the ciphertext. */
static bool can_confirm(const struct run *run, const struct region *region)
{
    return !run->loader.secure_download && !region->encrypted;
}

/* `send` is NULL where nothing was to be sent. */
static void region_result(struct run *run, enum op_kind op, const struct region *region,
                          const struct send *send, double seconds)
{
    struct event event;
    char md5[33];

    op_result(run, op, &event);
    event.result.ok = event.result.ok && can_confirm(run, region);
    event_result_add(&event, "file", "%s", region->path);
    event_result_add(&event, "address", "0x%x", region->address);
    event_result_add(&event, "size", "%zu", region->size);
    event_result_add(&event, "md5", "%s", util_hex_format(md5, region->md5, 16));
    event_result_add(&event, "what", "%s", region->what);
    event_result_add(&event, "confirmed_by", "%s",
                     !can_confirm(run, region)      ? "nothing"
                     : loader_can_md5(&run->loader) ? "md5"
                                                    : "reading back");
    event_result_add(&event, "seconds", "%.2f", seconds);
    if (region->encrypted)
        event_result_add(&event, "encrypted", "yes");
    if (send) {
        event_result_add(&event, "written", "%zu", region->size - send->skipped);
        event_result_add(&event, "skipped", "%zu", send->skipped);
    }
    if (run->report.baud)
        event_result_add(&event, "baud", "%u", *run->report.baud);
    report_put(&run->report, &event);
}

/* ---- the ops ---- */

static int region_send(struct run *run, const struct region *region, struct send *send)
{
    report_state(&run->report, STATE_WRITE, "%s", region_name(region));
    report_progress_begin(&run->report, op_name(OP_WRITE_FLASH), region->path, region->address,
                          region->size);
    if (send_region(run, region, send) != 0)
        return run->error.code;
    report_progress_end(&run->report);
    return 0;
}

/* Nothing was sent, and the question whether there is anything to send was the verification. */
static int region_is_confirmed(struct run *run, const struct region *region)
{
    report_state(&run->report, STATE_VERIFY, "%s", region_name(region));
    report_progress_begin(&run->report, op_name(OP_VERIFY_FLASH), region->path, region->address,
                          region->size);
    report_progress_end(&run->report);
    return 0;
}

/* Sent and verified. Where only what differs was sent and the whole is wrong then, everything is
 * sent once. `seconds` is what the sending took since `start`. */
static int region_try(struct run *run, struct region *region, struct send *send, int64_t start,
                      double *seconds)
{
    if (front_read(run, region) != 0)
        return run->error.code;
    for (;;) {
        if (region_send(run, region, send) != 0)
            return run->error.code;
        *seconds = (double)(clock_us() - start) / 1e6;
        if (send->confirmed)
            return region_is_confirmed(run, region);
        if (!can_confirm(run, region))
            return region->encrypted ? encrypt_confirm(run, region)
                                     : 0; /* which the op will say in the end */
        int result = region_confirm(run, region, ERR_MD5_MISMATCH);
        if (result == 0)
            result = front_confirm(run, region);
        if (result == 0)
            rate_hold(&run->rate, run->link.baud);
        if (result != ERR_MD5_MISMATCH || !send->partly)
            return result;
        log_line(run_log(run), LOG_WARNING,
                 "%s: what the flash seemed to hold is not all there: all of it is sent now",
                 region_name(region));
        error_clear(&run->error);
        send->all = true;
    }
}

static void say_written(struct run *run, const struct region *region, const struct send *send,
                        double seconds)
{
    const struct log *log = run_log(run);
    char size[32], sent[48] = "", rate[32] = "";

    util_size_format(size, sizeof size, region->size);
    if (send->skipped == region->size) {
        log_line(log, LOG_INFO, "%s: %s at 0x%x were already there, verified in %.1f s",
                 region_name(region), size, region->address, seconds);
        return;
    }
    if (send->skipped) {
        util_size_format(sent, sizeof sent - 4, region->size - send->skipped);
        strcat(sent, " of ");
    }
    if (run->report.baud)
        snprintf(rate, sizeof rate, " at %u baud", *run->report.baud);
    log_line(log, LOG_INFO, "%s: %s%s at 0x%x written in %.1f s%s and %sverified",
             region_name(region), sent, size, region->address, seconds, rate,
             can_confirm(run, region) ? "" : "not ");
}

/* *sent: whether any of it had to be. */
static int region_write(struct run *run, struct region *region, bool *sent)
{
    struct send send = {0};
    int64_t start = clock_us();
    double seconds = 0;
    int result = region_try(run, region, &send, start, &seconds);

    while (result != 0 && recover_slower(run)) {
        send.begun = true;
        send.all = false;
        result = region_try(run, region, &send, start, &seconds);
    }
    front_done(region);
    *sent = send.begun || send.skipped < region->size;
    region_result(run, OP_WRITE_FLASH, region, &send, seconds);
    if (result == 0)
        say_written(run, region, &send, seconds);
    return result;
}

/* What was sent later may have hit what had been verified before: a flash that is smaller than its
 * id says begins anew behind its end, and an address that a bad line has damaged can be any. */
static int region_confirm_again(struct run *run, const struct region *region)
{
    int result;

    if (!can_confirm(run, region))
        return 0;
    do
        result = confirm_by_md5(run, region, ERR_VERIFY_FAILED);
    while (result != 0 && result != ERR_VERIFY_FAILED && recover_slower(run));
    if (result != ERR_VERIFY_FAILED)
        return result;
    error_clear(&run->error);
    return error_set(
        &run->error, ERR_VERIFY_FAILED,
        "%s at 0x%x was verified, but is damaged since the files behind it were written: is the "
        "flash smaller than it says?",
        region_name(region), region->address);
}

/* The result of such a one has been told as good: another one takes that back. */
static int regions_confirm_again(struct run *run, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct region *region = &run->plan.regions[i];
        int64_t start = clock_us();
        if (region_confirm_again(run, region) == 0)
            continue;
        region_result(run, OP_VERIFY_FLASH, region, NULL, (double)(clock_us() - start) / 1e6);
        return run->error.code;
    }
    return 0;
}

static int regions_write(struct run *run)
{
    size_t last = 0; /* the last one of which anything was sent */
    int result = 0;

    for (size_t i = 0; result == 0 && i < run->plan.n; i++) {
        bool sent;
        result = region_write(run, &run->plan.regions[i], &sent);
        last = sent ? i : last;
    }
    return result == 0 && loader_can_md5(&run->loader) ? regions_confirm_again(run, last) : result;
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

/* Well written as far as anyone can tell, which is less than a PASS says. */
static int say_unverified(struct run *run)
{
    const struct region *first;
    size_t n = encrypt_count(&run->plan, &first);
    char more[40] = "";

    if (run->loader.secure_download)
        return error_set(&run->error, ERR_NOT_VERIFIED,
                         "everything was written, but in Secure Download Mode the chip lets nobody "
                         "check it");
    if (n > 1)
        snprintf(more, sizeof more, " and %zu more", n - 1);
    if (n > 0)
        return error_set(
            &run->error, ERR_NOT_VERIFIED,
            "everything was written, but nobody can check what the chip has encrypted: "
            "%s at 0x%x%s",
            region_name(first), first->address, more);
    return 0;
}

int op_write_flash(struct run *run, size_t index)
{
    int result = run->job->erase_all ? op_erase_all(run) : 0;

    (void)index;
    if (result == 0) {
        regions_announce(run);
        result = regions_write(run);
    }
    return result == 0 ? say_unverified(run) : result;
}

/* Looks at every file, so that one run tells about all of them; the first difference decides. */
int op_verify_flash(struct run *run, size_t index)
{
    struct error first = {0};

    (void)index;
    for (size_t i = 0; i < run->plan.n; i++) {
        const struct region *region = &run->plan.regions[i];
        int result = region_confirm(run, region, ERR_VERIFY_FAILED);
        while (result != 0 && result != ERR_VERIFY_FAILED && recover_slower(run))
            result = region_confirm(run, region, ERR_VERIFY_FAILED);
        if (result != 0 && result != ERR_VERIFY_FAILED)
            return result;
        region_result(run, OP_VERIFY_FLASH, region, NULL, report_progress_seconds(&run->report));
        if (result == 0)
            log_line(run_log(run), LOG_INFO, "%s at 0x%x: the flash holds it", region_name(region),
                     region->address);
        else if (first.code == ERR_OK)
            first = run->error; /* said at the end */
        else
            log_line(run_log(run), LOG_ERROR, "%s", run->error.text);
        error_clear(&run->error);
    }
    run->error = first;
    return run->error.code;
}
