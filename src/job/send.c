/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "job/send.h"

#include "base/util.h"
#include "image/digest.h"
#include "job/diff.h"
#include "job/pack.h"

#include <string.h>

/* Of a flash as they are used: 64 KiB are erased in 0.15 to 0.3 s and 256 bytes programmed in 0.4
 * to 0.7 ms. The MD5 is what the stub takes; the ROM is no slower than that where it matters. */
static const double flash_write_s = 4.0 / (1024 * 1024), flash_md5_s = 0.25 / (1024 * 1024);

/* What a round trip takes until the first one is measured: an adapter's usual latency. */
static const double question_guess_s = 0.004;

/* Above that a damaged first block is noticed early; with less the MD5 at the end comes soon. */
enum { PROVE_FROM = 32 * 1024 };

struct look {
    struct run *run;
    const struct region *region;
    struct diff_cost cost;
};

/* Of firmware, as long as it is not known better. */
static const double packed_guess = 0.6;

/* Bytes on the wire for one byte of the image. */
static double packed(const struct run *run, const struct region *region)
{
    if (region->deflated)
        return (double)region->deflated_size / (double)region->size;
    return pack_can(run) && region->blob.bytes == NULL ? packed_guess : 1;
}

static uint64_t wire_of(const struct run *run, const struct region *region, size_t bytes)
{
    return (uint64_t)((double)bytes * packed(run, region));
}

static void cost_set(struct look *look)
{
    struct run *run = look->run;
    double wire =
        run->link.has_baud ? packed(run, look->region) * RATE_BITS_PER_BYTE / run->link.baud : 0;
    double question = run->question_s > 0 ? run->question_s : question_guess_s;

    look->cost = (struct diff_cost){.question = question,
                                    .md5_byte = flash_md5_s,
                                    .send_byte = wire > flash_write_s ? wire : flash_write_s,
                                    .range = 3 * question};
}

static int chip_md5(void *context, size_t offset, size_t size, uint8_t md5[16])
{
    struct look *look = context;
    struct run *run = look->run;
    int64_t start = clock_us();
    int result = loader_flash_md5(&run->loader, look->region->address + (uint32_t)offset,
                                  (uint32_t)size, md5, &run->error);

    /* The quickest answer counts: what held up the others was something else. */
    double seconds = (double)(clock_us() - start) / 1e6 - (double)size * flash_md5_s;
    if (result == 0 && size <= 2 * DIFF_SECTOR && seconds > 0 &&
        (run->question_s == 0 || seconds < run->question_s)) {
        run->question_s = seconds;
        cost_set(look);
    }
    return result;
}

/* What the chip has encrypted has another digest. */
static bool may_look(const struct run *run, const struct region *region, const struct send *send)
{
    if (send->all || region->encrypted || !loader_can_md5(&run->loader))
        return false;
    /* After erasing it is known what is there, and none of it is the image. */
    return send->begun || !(run->job->no_diff || run->job->erase_all);
}

static int look(struct run *run, const struct region *region, const struct send *send,
                struct diff *diff)
{
    struct look look = {.run = run, .region = region};
    struct diff_chip chip = {.md5 = chip_md5, .context = &look, .cost = &look.cost};
    struct diff_region what = {.address = region->address,
                               .data = region->data,
                               .size = region->size,
                               .md5 = region->md5,
                               .begun = send->begun};

    cost_set(&look);
    if (!may_look(run, region, send)) {
        diff_take_all(diff, &what);
        return 0;
    }
    if (diff_find(diff, &what, &chip) != 0)
        return error_context(&run->error, "looking for what differs from %s at 0x%x",
                             util_basename(region->path), region->address);
    return 0;
}

static void say(struct run *run, const struct region *region, const struct diff *diff)
{
    const struct log *log = run_log(run);
    const char *name = util_basename(region->path);
    char size[32];

    if (diff->questions == 0)
        return;
    if (diff->n == 0)
        log_line(log, LOG_DEBUG, "%s: the flash holds it already", name);
    else if (diff->whole)
        log_line(log, LOG_DEBUG, "%s: all of it is sent, hardly anything is there yet", name);
    else
        log_line(log, LOG_INFO, "%s: %zu of %zu sectors differ: %s to send", name, diff->changed,
                 diff->sectors, util_size_format(size, sizeof size, diff->bytes));
}

/* Whether the chip's MD5 tells what became of it. */
static bool can_ask(const struct run *run, const struct region *region)
{
    return loader_can_md5(&run->loader) && !region->encrypted;
}

/* What nobody can check is sent at a rate that has worked before. */
static bool may_raise(const struct run *run, const struct region *region)
{
    return !region->encrypted || run->rate.good > run->link.baud;
}

/* The range as a region of its own; the bytes stay the region's. */
static int send_range(struct run *run, const struct region *region, const struct diff_range *range,
                      bool trial, const struct loader_progress *progress)
{
    struct region part = {.path = region->path,
                          .address = region->address + (uint32_t)range->offset,
                          .data = region->data + range->offset,
                          .size = range->size,
                          .file_size = range->size,
                          .encrypted = region->encrypted,
                          .front = range->offset == 0 ? region->front : NULL};
    bool whole = range->size == region->size;

    run->loader.prove_block =
        !trial && rate_wants_proof(&run->rate) && range->size >= PROVE_FROM && can_ask(run, region);
    int result = whole ? pack_take(run, region) : pack_part(run, &part);
    if (result == 0)
        result = loader_flash_write(&run->loader, whole ? region : &part, progress, &run->error);
    pack_part_done(&part);
    return result;
}

/* A piece on trial: the flash is idle behind it, so that asking costs next to nothing. */
static int confirm_range(struct run *run, const struct region *region,
                         const struct diff_range *range)
{
    uint32_t address = region->address + (uint32_t)range->offset;
    uint8_t want[16], have[16];

    if (loader_flash_md5(&run->loader, address, (uint32_t)range->size, have, &run->error) != 0)
        return run->error.code;
    digest_md5(region->data + range->offset, range->size, want);
    if (memcmp(want, have, sizeof want) == 0)
        return 0;
    return error_set(&run->error, ERR_MD5_MISMATCH,
                     "the first %zu bytes at 0x%08x did not arrive as they were sent", range->size,
                     address);
}

/* What of the range is sent next: on a rate that is on trial only a little, to the end of what is
 * erased in one go, as the halves of that would be erased sector by sector. */
static struct diff_range next_part(const struct run *run, const struct region *region,
                                   const struct diff_range *range, size_t sent)
{
    struct diff_range part = {range->offset + sent, range->size - sent};
    size_t little = RATE_TRIAL - (region->address + part.offset) % RATE_TRIAL;

    if (little < PROVE_FROM)
        little += RATE_TRIAL;
    if (rate_on_trial(&run->rate) && can_ask(run, region) && part.size > 2 * RATE_TRIAL)
        part.size = little;
    return part;
}

static int send_ranges(struct run *run, const struct region *region, const struct diff *diff)
{
    uint64_t left = diff->bytes; /* of this range and those that follow */
    uint64_t start = run->loader.wire_sent;
    struct report_piece piece;

    for (size_t i = 0; i < diff->n; i++) {
        for (size_t sent = 0; sent < diff->ranges[i].size;) {
            if (may_raise(run, region) && rate_raise(run, wire_of(run, region, left)) != 0)
                return run->error.code;
            struct diff_range part = next_part(run, region, &diff->ranges[i], sent);
            bool trial = part.size < diff->ranges[i].size - sent;
            report_piece_init(&piece, &run->report, region->size - left,
                              run->loader.wire_sent - start);
            if (send_range(run, region, &part, trial, &piece.progress) != 0 ||
                (trial && confirm_range(run, region, &part) != 0))
                return error_context(&run->error, "writing %s at 0x%x", util_basename(region->path),
                                     region->address);
            if (part.size >= PROVE_FROM && can_ask(run, region))
                rate_prove(&run->rate, run->link.baud);
            sent += part.size;
            left -= part.size;
        }
    }
    return 0;
}

int send_region(struct run *run, const struct region *region, struct send *send)
{
    struct diff diff = {0};
    int result = look(run, region, send, &diff);

    if (result == 0) {
        say(run, region, &diff);
        if (send->all || !send->begun)
            send->skipped = region->size - diff.bytes;
        send->partly = !diff.whole;
        send->confirmed = diff.confirmed;
        report_progress_skip(&run->report, region->size - diff.bytes);
        if (diff.n)
            result = send_ranges(run, region, &diff);
    }
    diff_done(&diff);
    return result;
}
