/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Writes one region. What must not happen (found in the stub's source and in recordings of ROMs):
 * - a compressed block sent twice after a lost answer: it would be unpacked twice. Only the stub's
 *   C1, wrong checksum, says for sure that the block was not taken.
 * - any block sent twice in the ROM: it counts a refused one as taken.
 * - a stream longer than declared: the stub never comes back.
 * - taking the answer to the last block for success: the stub answers first and writes then, and
 *   tells of a failure in its answer to whatever command comes next.
 */
#include "base/util.h"
#include "image/deflate.h"
#include "loader/flash.h"
#include "loader/spi.h"

#include <stdlib.h>
#include <string.h>

enum { SENDS_MAX = 3, ERASE_SECTOR_TIMEOUT_MS = 3000 };

struct write {
    struct loader *loader;
    const struct loader_progress *progress;
    bool deflated;
    uint32_t address;     /* of the first image byte */
    const uint8_t *bytes; /* what is sent */
    size_t n;
    size_t size;  /* image bytes that it stands for */
    size_t front; /* of them, bytes that were in the flash before */
    uint8_t *own[2];
    struct inflater *inflater;
    uint64_t wire_start;
    size_t done; /* image bytes in the blocks that were taken */
    size_t last; /* of them in the last block */
};

/* The stub writes a block while the next one comes in, and erases as far as it has to before:
 * every 32 KiB that it unpacks may need another 64 KiB block erased. */
static int64_t stub_limit_ms(size_t last)
{
    uint64_t erase = (uint64_t)((last + 0x7FFF) / 0x8000 + 1) * 0x10000;
    return command_limit_ms(last + erase, ERASE_WRITE_SECONDS_PER_MB);
}

static int64_t block_limit_ms(const struct write *write, size_t out)
{
    if (write->loader->stage == STAGE_STUB)
        return stub_limit_ms(write->last);
    return command_limit_ms(out, ERASE_WRITE_SECONDS_PER_MB);
}

/* Image bytes in the n bytes at `at`. */
static int block_out(const struct write *write, size_t at, size_t n, size_t *out,
                     struct error *error)
{
    *out = n;
    if (!write->deflated)
        return 0;
    long bytes = inflater_feed(write->inflater, write->bytes + at, n);
    if (bytes < 0 || write->done + (size_t)bytes > write->size)
        return error_set(error, ERR_INTERNAL, "the compressed stream for 0x%08x does not fit it",
                         write->address);
    *out = (size_t)bytes;
    return 0;
}

/* The stub writes after it has answered: that a block could not be unpacked or written stands in
 * its answer to the next command. */
static int late_error(const struct write *write, const struct reply *reply, int rc,
                      struct error *error)
{
    unsigned kind = reply->status >> 8;

    if (rc == ERR_CHIP_REFUSED && (kind == 0xC4 || kind == 0xC5 || kind == 0xC7))
        error_context(error, "the block that ends at 0x%08x was not written",
                      (unsigned)(write->address + write->done));
    return rc;
}

/* A raw block is filled up with FF where the loader counts in whole blocks. The new stub takes a
 * short one, which saves the time on the wire. */
static size_t fill_of(const struct write *write, size_t n)
{
    const struct loader *loader = write->loader;

    if (write->deflated || (loader->stage == STAGE_STUB && loader->stub_version == 2))
        return 0;
    return flash_block_size(loader) - n;
}

static int send_block(struct write *write, size_t at, size_t n, uint32_t number,
                      struct error *error)
{
    struct loader *loader = write->loader;
    uint8_t data[16];
    size_t fill = fill_of(write, n), out;
    struct reply reply;
    int rc = block_out(write, at, n, &out, error);
    if (rc < 0)
        return rc;
    struct request request = {.op = write->deflated ? OP_DEFL_DATA : OP_FLASH_DATA,
                              .data = data,
                              .n = WORDS(data, (uint32_t)(n + fill), number, 0, 0),
                              .payload = write->bytes + at,
                              .payload_n = n,
                              .fill = fill,
                              .timeout_ms = block_limit_ms(write, out),
                              .address = (uint32_t)(write->address + write->done),
                              .has_address = true};

    for (int sends = 1;; sends++) {
        struct error own = {0};
        rc = command_run(loader, &request, &reply, &own);
        if (rc == 0)
            break;
        if (loader->stage != STAGE_STUB || reply.status != STATUS_STUB_CHECKSUM ||
            sends == SENDS_MAX) {
            error_set(error, (enum err)rc, "%s", own.text);
            return late_error(write, &reply, rc, error);
        }
        log_line(loader->log, LOG_WARNING, "the block at 0x%08x was damaged on the way: sent again",
                 request.address);
    }
    write->done += out;
    write->last = out;
    return 0;
}

static void report(const struct write *write)
{
    size_t done = write->done > write->front ? write->done - write->front : 0;

    flash_progress(write->progress, done, write->size - write->front,
                   write->loader->wire_sent - write->wire_start);
}

static int send_all(struct write *write, struct error *error)
{
    uint32_t block = flash_block_size(write->loader);
    uint32_t number = 0;

    for (size_t at = 0; at < write->n; at += block) {
        size_t n = write->n - at < block ? write->n - at : block;
        int rc = send_block(write, at, n, number++, error);
        if (rc < 0)
            return rc;
        report(write);
    }
    return 0;
}

/* Only the stub: it answers when the last block is written, and stays. The ROM writes before it
 * answers, and this command would end it. */
static int finish(struct write *write, struct error *error)
{
    struct loader *loader = write->loader;
    uint8_t data[4];
    struct reply reply;
    struct request end = {.op = write->deflated ? OP_DEFL_END : OP_FLASH_END,
                          .data = data,
                          .n = WORDS(data, 1),
                          .timeout_ms = stub_limit_ms(write->last)};

    if (loader->stage != STAGE_STUB)
        return 0;
    int rc = command_run(loader, &end, &reply, error);
    return late_error(write, &reply, rc, error);
}

static int begin_esp8266_rom(struct write *write, struct flash_begin *begin, struct error *error)
{
    uint32_t first = write->address / FLASH_SECTOR;
    uint32_t sectors = (uint32_t)((write->size + FLASH_SECTOR - 1) / FLASH_SECTOR);
    bool last_missing;

    begin->erase = FLASH_SECTOR * flash_esp8266_erase_sectors(first, sectors, &last_missing);
    if (!last_missing)
        return 0;
    /* Asked for one sector more, the ROM would erase the one behind the image as well. */
    return spi_erase(write->loader, SPI_ERASE_SECTOR, (first + sectors - 1) * FLASH_SECTOR,
                     ERASE_SECTOR_TIMEOUT_MS, error);
}

static int begin(struct write *write, struct error *error)
{
    struct loader *loader = write->loader;
    uint32_t block = flash_block_size(loader);
    bool rom = loader->stage != STAGE_STUB;
    struct flash_begin begin = {.deflated = write->deflated,
                                .address = write->address,
                                .erase = (uint32_t)write->size,
                                .blocks = (uint32_t)((write->n + block - 1) / block)};
    int rc = 0;

    if (rom && write->deflated)
        begin.erase = (begin.erase + block - 1) / block * block;
    if (rom && loader->chip->rom_erase_bug)
        rc = begin_esp8266_rom(write, &begin, error);
    return rc < 0 ? rc : flash_begin(loader, &begin, error);
}

/* Whole sectors are erased: what lies in front of the image in its first sector is read, and
 * written back with it. It may be the end of the image before. */
static int keep_front(struct write *write, const struct region *region, struct error *error)
{
    uint32_t front = region->address % FLASH_SECTOR;
    uint8_t *all = write->own[0] = xmalloc(front + region->size);

    write->front = front;
    write->address = region->address - front;
    int rc = loader_flash_read(write->loader, write->address, front, all, NULL, error);
    if (rc < 0)
        return error_context(error, "keeping what lies before 0x%08x", region->address);
    memcpy(all + front, region->data, region->size);
    write->bytes = all;
    write->n = write->size = front + region->size;
    if (!write->deflated)
        return 0;
    if (deflate_all(all, write->size, &write->own[1], &write->n) < 0)
        return error_set(error, ERR_INTERNAL, "%s could not be compressed", region->path);
    write->bytes = write->own[1];
    return 0;
}

static int prepare(struct write *write, const struct region *region, struct error *error)
{
    struct loader *loader = write->loader;

    if (region->address % 4 != 0)
        return error_set(error, ERR_BAD_ADDRESS,
                         "%s: address 0x%08x is no multiple of 4, the flash can't be written there",
                         region->path, region->address);
    int rc = flash_check_range(loader, region->address, region->size, error);
    if (rc < 0)
        return rc;

    write->deflated =
        region->deflated && (loader->stage == STAGE_STUB || loader->chip->rom_deflate);
    if (write->deflated)
        write->inflater = inflater_new();
    if (region->address % FLASH_SECTOR != 0)
        return keep_front(write, region, error);
    write->address = region->address;
    write->bytes = write->deflated ? region->deflated : region->data;
    write->n = write->deflated ? region->deflated_size : region->size;
    write->size = region->size;
    return 0;
}

int loader_flash_write(struct loader *loader, const struct region *region,
                       const struct loader_progress *progress, struct error *error)
{
    struct write write = {.loader = loader, .progress = progress, .wire_start = loader->wire_sent};

    int rc = prepare(&write, region, error);
    if (rc == 0) {
        report(&write);
        rc = begin(&write, error);
    }
    if (rc == 0)
        rc = send_all(&write, error);
    if (rc == 0)
        rc = finish(&write, error);
    inflater_free(write.inflater);
    free(write.own[0]);
    free(write.own[1]);
    return rc;
}
