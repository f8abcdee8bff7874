/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Writes one region. What must not happen (found in the stub's source and in recordings of ROMs):
 * - a compressed block sent twice after a lost answer: it would be unpacked twice. Only the stub's
 *   C1, wrong checksum, says for sure that the block was not taken.
 * - any block sent twice in the ROM: it counts a refused one as taken.
 * - a stream longer than declared: the stub never comes back.
 * - taking the answer to the last block for success: the stub answers first and writes then, and
 *   tells of a failure in its answer to whatever command comes next.
 * - sending the next block before that answer: it is the leave to do so, the stub has no third
 *   buffer. What can be done meanwhile is to have the next frame ready.
 */
#include "base/clock.h"
#include "base/util.h"
#include "image/deflate.h"
#include "image/digest.h"
#include "loader/flash.h"
#include "loader/spi.h"

#include <stdlib.h>
#include <string.h>

enum {
    SENDS_MAX = 3,
    ERASE_SECTOR_TIMEOUT_MS = 3000,
    UNPACK_BUFFER =
        0x8000 /* the stub writes what it unpacks in pieces of this (deflate's window) */
};

struct write {
    struct loader *loader;
    const struct loader_progress *progress;
    bool deflated;
    bool encrypted;
    uint32_t address;                 /* of the first image byte */
    const uint8_t *image;             /* the image bytes */
    const uint8_t *bytes;             /* what is sent for them */
    const struct wire_frames *frames; /* NULL, or the same, as frames that lie ready */
    size_t n;
    size_t size;  /* image bytes that it stands for */
    size_t front; /* of them, bytes that were in the flash before */
    uint8_t *own[2];
    struct inflater *inflater;
    uint64_t wire_start;
    uint32_t blocks;
    size_t made; /* image bytes in the blocks that have been made ready */
    size_t done; /* in those that were taken */
    size_t last; /* in the last of these */
};

/* One block, ready to be sent. */
struct frame {
    struct request request; /* what it asks, for the waiting and for texts */
    const uint8_t *wire;
    size_t n;
    struct buffer own; /* holds it when it did not lie ready */
    size_t out;        /* image bytes that it stands for */
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

static int frame_encode(struct write *write, uint32_t number, struct frame *frame,
                        struct error *error)
{
    uint8_t fields[16];
    struct request request = frame->request;
    size_t block = flash_block_size(write->loader), at = number * block;
    size_t n = write->n - at < block ? write->n - at : block, fill = fill_of(write, n);
    long out = (long)n;

    if (write->deflated)
        out = inflater_feed(write->inflater, write->bytes + at, n);
    if (out < 0)
        return error_set(error, ERR_INTERNAL, "the compressed stream for 0x%08x is damaged",
                         write->address);
    frame->out = (size_t)out;
    request.data = fields;
    request.n = WORDS(fields, (uint32_t)(n + fill), number, 0, 0);
    request.payload = write->bytes + at;
    request.payload_n = n;
    request.fill = fill;
    buffer_clear(&frame->own);
    command_encode(&frame->own, &request);
    frame->wire = frame->own.data;
    frame->n = frame->own.len;
    return 0;
}

static int frame_make(struct write *write, uint32_t number, struct frame *frame,
                      struct error *error)
{
    int rc = 0;

    frame->request = (struct request){.op = write->deflated ? OP_DEFL_DATA : OP_FLASH_DATA,
                                      .address = (uint32_t)(write->address + write->made),
                                      .has_address = true};
    if (write->frames) {
        const struct wire_block *block = &write->frames->blocks[number];
        frame->wire = write->frames->bytes + block->offset;
        frame->n = block->length;
        frame->out = block->out;
    } else {
        rc = frame_encode(write, number, frame, error);
    }
    if (rc == 0 && frame->out > write->size - write->made)
        rc = error_set(error, ERR_INTERNAL, "the compressed stream for 0x%08x does not fit it",
                       write->address);
    write->made += frame->out;
    return rc;
}

static void note_time(struct write *write, int64_t ms)
{
    if (write->loader->stage == STAGE_STUB && ms > write->loader->slowest_ms)
        write->loader->slowest_ms = ms;
}

/* Waits until the block is taken. */
static int frame_confirm(struct write *write, struct frame *frame, struct error *error)
{
    struct loader *loader = write->loader;
    struct reply reply;

    frame->request.timeout_ms = block_limit_ms(write, frame->out);
    if (loader->stage == STAGE_STUB)
        frame->request.soon_ms = COMMAND_SOON_MS;
    for (int sends = 1;; sends++) {
        struct error own = {0};
        int64_t start = clock_ms();
        int rc = command_wait(loader, &frame->request, frame->n, &reply, &own);
        if (rc == 0) {
            note_time(write, clock_ms() - start - command_wire_ms(loader, frame->n));
            break;
        }
        if (loader->stage != STAGE_STUB || reply.status != STATUS_STUB_CHECKSUM ||
            sends == SENDS_MAX) {
            error_set(error, (enum err)rc, "%s", own.text);
            return late_error(write, &reply, rc, error);
        }
        log_line(loader->log, LOG_WARNING, "the block at 0x%08x was damaged on the way: sent again",
                 frame->request.address);
        command_suspect_line(loader);
        rc = command_send_wire(loader, &frame->request, frame->wire, frame->n, error);
        if (rc < 0)
            return rc;
    }
    write->done += frame->out;
    write->last = frame->out;
    return 0;
}

/* What the stub has written for certain once it takes the next command. In the middle of a write it
 * may have begun to erase what lies ahead, and then the flash can't be read: that is waited for.
 * Neither stub's MD5 touches what it knows of the write (esp-flasher-stub: command_handler.c). */
static int prove(struct write *write, struct error *error)
{
    struct loader *loader = write->loader;
    size_t n = write->deflated ? write->done - write->done % UNPACK_BUFFER : write->done;
    uint8_t want[16], have[16];

    if (!loader->prove_block || n == 0)
        return 0;
    loader->prove_block = false;
    int rc = spi_wait_ready(loader, write->address, stub_limit_ms(write->last), error);
    if (rc == 0)
        rc = loader_flash_md5(loader, write->address, (uint32_t)n, have, error);
    if (rc < 0)
        return rc;
    digest_md5(write->image, n, want);
    if (memcmp(want, have, sizeof want) == 0)
        return 0;
    return error_set(error, ERR_MD5_MISMATCH,
                     "the first %zu bytes at 0x%08x did not arrive as they were sent", n,
                     write->address);
}

static void report(const struct write *write)
{
    size_t done = write->done > write->front ? write->done - write->front : 0;

    flash_progress(write->progress, done, write->size - write->front,
                   write->loader->wire_sent - write->wire_start);
}

static int send_all(struct write *write, struct error *error)
{
    struct frame frames[2] = {{.n = 0}, {.n = 0}};
    struct loader *loader = write->loader;
    int rc = frame_make(write, 0, &frames[0], error);

    for (uint32_t i = 0; rc == 0 && i < write->blocks; i++) {
        struct frame *frame = &frames[i % 2], *next = &frames[(i + 1) % 2];
        rc = command_send_wire(loader, &frame->request, frame->wire, frame->n, error);
        if (rc == 0 && i + 1 < write->blocks)
            rc = frame_make(write, i + 1, next, error);
        if (rc == 0)
            rc = frame_confirm(write, frame, error);
        if (rc < 0)
            break;
        report(write);
        if (loader->stage == STAGE_STUB && i + 1 < write->blocks)
            rc = prove(write, error);
    }
    buffer_done(&frames[0].own);
    buffer_done(&frames[1].own);
    return rc;
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
                          .timeout_ms = stub_limit_ms(write->last),
                          .soon_ms = COMMAND_SOON_MS};

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
                                .encrypted = write->encrypted,
                                .address = write->address,
                                .erase = (uint32_t)write->size,
                                .blocks = write->blocks};
    int rc = 0;

    if (rom && write->deflated)
        begin.erase = (begin.erase + block - 1) / block * block;
    if (rom && loader->chip->rom_erase_bug)
        rc = begin_esp8266_rom(write, &begin, error);
    return rc < 0 ? rc : flash_begin(loader, &begin, error);
}

/* Whole sectors are erased: what lies in front of the image in its first sector is written back
 * with it. It may be the end of the image before. */
static int keep_front(struct write *write, const struct region *region, struct error *error)
{
    uint32_t front = region->address % FLASH_SECTOR;

    if (region->front == NULL)
        return error_set(error, ERR_INTERNAL, "%s: nobody knows what lies before 0x%08x",
                         region->path, region->address);
    uint8_t *all = write->own[0] = xmalloc(front + region->size);

    write->front = front;
    write->address = region->address - front;
    memcpy(all, region->front, front);
    memcpy(all + front, region->data, region->size);
    write->image = write->bytes = all;
    write->n = write->size = front + region->size;
    if (!write->deflated)
        return 0;
    if (deflate_all(all, write->size, &write->own[1], &write->n) < 0)
        return error_set(error, ERR_INTERNAL, "%s could not be compressed", region->path);
    write->bytes = write->own[1];
    return 0;
}

/* What the flash holds before it in its sector is as it is there, and can't be sent again to be
 * encrypted with it. */
static int check_encrypted(const struct loader *loader, const struct region *region,
                           struct error *error)
{
    unsigned align = loader->chip->encryption.align;

    if (align != 0 && region->address % FLASH_SECTOR == 0 && region->size % align == 0)
        return 0;
    return error_set(error, ERR_BAD_ADDRESS,
                     "%s: 0x%zx bytes at 0x%08x can't be encrypted by the %s", region->path,
                     region->size, region->address, loader->chip->name);
}

static int prepare(struct write *write, const struct region *region, struct error *error)
{
    struct loader *loader = write->loader;

    if (region->address % 4 != 0)
        return error_set(error, ERR_BAD_ADDRESS,
                         "%s: address 0x%08x is no multiple of 4, the flash can't be written there",
                         region->path, region->address);
    int rc = flash_check_range(loader, region->address, region->size, error);
    if (rc == 0 && region->encrypted)
        rc = check_encrypted(loader, region, error);
    if (rc < 0)
        return rc;

    write->encrypted = region->encrypted != ENCRYPT_NO;
    write->deflated =
        region->deflated && (loader->stage == STAGE_STUB || loader->chip->rom_deflate);
    if (write->deflated)
        write->inflater = inflater_new();
    if (region->address % FLASH_SECTOR != 0)
        return keep_front(write, region, error);
    write->address = region->address;
    write->image = region->data;
    write->bytes = write->deflated ? region->deflated : region->data;
    write->n = write->deflated ? region->deflated_size : region->size;
    write->size = region->size;
    if (write->deflated && region->frames.n > 0 && flash_block_size(loader) == STUB_BLOCK)
        write->frames = &region->frames;
    return 0;
}

int loader_flash_write(struct loader *loader, const struct region *region,
                       const struct loader_progress *progress, struct error *error)
{
    struct write write = {.loader = loader, .progress = progress, .wire_start = loader->wire_sent};

    int rc = prepare(&write, region, error);
    if (rc == 0) {
        size_t block = flash_block_size(loader);
        write.blocks =
            write.frames ? (uint32_t)write.frames->n : (uint32_t)((write.n + block - 1) / block);
        report(&write);
        rc = begin(&write, error);
    }
    if (rc == 0)
        rc = send_all(&write, error);
    if (rc == 0)
        rc = finish(&write, error);
    loader->prove_block = false;
    inflater_free(write.inflater);
    free(write.own[0]);
    free(write.own[1]);
    return rc;
}
