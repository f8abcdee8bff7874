/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The stub's commands that write, erase and read the flash. */
#include "emu/stub_private.h"

#include "emu/digest.h"
#include "emu/encryption.h"
#include "emu/inflater.h"

#include <string.h>

enum { PACKET_MAX = 4096 };

static uint8_t checksum(const uint8_t *p, size_t n)
{
    uint8_t sum = 0xef;

    while (n-- > 0)
        sum ^= *p++;
    return sum;
}

/* A range check is made where three address bytes are used (esp-stub-lib src/flash.c). */
static bool reachable(const struct chip *chip, uint32_t at, uint32_t n)
{
    const struct stub *s = &chip->stub;

    if (chip->flash.stuck)
        return false; /* it never becomes ready */
    return s->large || (uint64_t)at + n <= s->flash_size;
}

/* What can't be reached at all: more than 16 MB, and the stub has no commands for that. */
static bool out_of_reach(const struct chip *chip)
{
    return chip->stub.large && !chip->persona->flash_4byte;
}

static void wait_ready(struct chip *chip)
{
    if (!chip->instant && chip->time_us < chip->flash.ready_at)
        chip->time_us = chip->flash.ready_at;
}

static void read_array(struct chip *chip, uint32_t at, uint8_t *to, uint32_t n)
{
    wait_ready(chip);
    if (out_of_reach(chip))
        memset(to, 0, n);
    else
        flash_read(&chip->flash, at, to, n);
    chip_busy(chip, digest_time_us(n));
}

static bool skips_blank(struct chip *chip)
{
    struct stub *s = &chip->stub;

    if (s->generation < 2 || s->dirty_seen)
        return false;
    wait_ready(chip);
    chip_busy(chip, digest_time_us(FLASH_SECTOR));
    s->dirty_seen = !flash_blank(&chip->flash, s->erase_next, FLASH_SECTOR);
    return !s->dirty_seen;
}

/* Starts to erase the next sector or aligned block, unless the chip is still busy with the last
 * one: it erases while the next bytes come. Generation 2 leaves alone what is blank until it finds
 * something (esp-flasher-stub src/command_handler.c). */
static void erase_one(struct chip *chip)
{
    struct stub *s = &chip->stub;
    uint32_t n = FLASH_SECTOR;

    if (s->erase_left == 0)
        return;
    if (!skips_blank(chip)) {
        if (!chip->instant && chip->time_us < chip->flash.ready_at)
            return;
        if (s->erase_next % FLASH_BLOCK == 0 && s->erase_left >= FLASH_BLOCK)
            n = FLASH_BLOCK;
        if (!out_of_reach(chip))
            flash_erase(&chip->flash, s->erase_next, n);
        chip->flash.ready_at = chip->instant ? 0 : chip->time_us + chip->flash.busy_us;
    }
    s->erase_next += n;
    s->erase_left -= n;
}

static void erase_to(struct chip *chip, uint32_t end)
{
    while (chip->stub.erase_next < end && chip->stub.erase_left > 0) {
        wait_ready(chip);
        erase_one(chip);
    }
}

uint16_t stub_flash_begin(struct chip *chip, struct stub_frame *r)
{
    struct stub *s = &chip->stub;

    if (r->len != 16 && r->len != 20)
        return BAD_LENGTH;
    s->writing = true;
    s->deflated = r->op == 0x10;
    s->encrypted = r->len == 20 && stub_word(r, 4) != 0;
    s->remaining = stub_word(r, 0);
    s->at = stub_word(r, 3);
    s->erase_next = s->at & ~(uint32_t)(FLASH_SECTOR - 1);
    s->erase_left =
        ((s->at + s->remaining + FLASH_SECTOR - 1) & ~(uint32_t)(FLASH_SECTOR - 1)) - s->erase_next;
    s->dirty_seen = false;
    inflater_free(s->inflater);
    s->inflater = s->deflated ? inflater_new() : NULL;
    if (s->generation < 2)
        flash_unlock(&chip->flash);
    erase_one(chip);
    return OK;
}

static void write_bytes(void *context, const uint8_t *bytes, size_t n)
{
    struct chip *chip = context;
    struct stub *s = &chip->stub;

    if (s->failure != OK)
        return;
    if (!reachable(chip, s->at, (uint32_t)n)) {
        s->failure = FAILED_SPI;
        return;
    }
    erase_to(chip, s->at + (uint32_t)n);
    if (s->erase_next < s->at + n) {
        /* More than was declared: generation 2 waits for ever for an erase that never comes;
         * generation 1 says so. */
        s->failure = TOO_MUCH_DATA;
        if (s->generation >= 2) {
            trace_event(chip->trace, chip->time_us, "stub hangs: stream longer than declared");
            chip->mode = CHIP_DEAD;
        }
        return;
    }
    if (s->encrypted && !encryption_serves(chip, s->at, n)) {
        s->failure = FAILED_SPI;
        return;
    }
    wait_ready(chip);
    if (!out_of_reach(chip)) {
        if (s->encrypted)
            encryption_program(chip, s->at, bytes, n);
        else
            flash_program(&chip->flash, s->at, bytes, n);
        chip_busy(chip, chip->flash.busy_us);
    }
    s->at += (uint32_t)n;
    s->remaining -= (uint32_t)n;
    if (s->deflated)
        erase_one(chip);
}

/* Called after the acknowledgement went out. */
void stub_after_flash_data(struct chip *chip, const struct stub_frame *r)
{
    struct stub *s = &chip->stub;
    const uint8_t *bytes = r->data + DATA_HEADER;
    uint32_t n = r->len - DATA_HEADER;

    s->failure = OK;
    if (s->deflated) {
        erase_one(chip);
        if (inflater_run(s->inflater, bytes, n, write_bytes, chip) == INFLATER_BAD &&
            s->failure == OK)
            s->failure = INFLATE_ERROR;
    } else {
        write_bytes(chip, bytes, n < s->remaining ? n : s->remaining);
    }
    if (s->failure != OK)
        s->pending = s->failure;
}

uint16_t stub_flash_data(struct chip *chip, struct stub_frame *r)
{
    struct stub *s = &chip->stub;

    /* FLASH_ENCRYPT_DATA: how generation 1 was told before BEGIN had a word for it. */
    if (r->op == 0xd4 && s->generation >= 2)
        return INVALID_COMMAND;
    if (r->len < DATA_HEADER)
        return r->op == 0x03 ? NOT_ENOUGH_DATA : BAD_LENGTH;
    if (!s->writing || s->deflated != (r->op == 0x11))
        return NOT_IN_FLASH_MODE;
    if (stub_word(r, 0) != r->len - DATA_HEADER) {
        if (s->generation < 2)
            return BAD_LENGTH;
        /* Generation 2 sums up what it was told and so trips over the checksum. */
        return s->deflated ? BAD_CHECKSUM : TOO_MUCH_DATA;
    }
    if (checksum(r->data + DATA_HEADER, r->len - DATA_HEADER) != r->checksum)
        return BAD_CHECKSUM;
    s->encrypted = s->encrypted || r->op == 0xd4;
    return OK;
}

uint16_t stub_flash_end(struct chip *chip, struct stub_frame *r)
{
    struct stub *s = &chip->stub;

    if (r->len != 4)
        return BAD_LENGTH;
    if (!s->writing)
        return NOT_IN_FLASH_MODE;
    if (s->remaining != 0)
        return s->generation >= 2 ? BAD_LENGTH : NOT_ENOUGH_DATA;
    s->writing = false;
    return OK;
}

/* Only generation 1 reboots. */
void stub_after_flash_end(struct chip *chip, const struct stub_frame *r)
{
    if (chip->stub.generation < 2 && stub_word(r, 0) == 0)
        chip_reset_now(chip, RESET_SOFTWARE);
}

uint16_t stub_flash_md5(struct chip *chip, struct stub_frame *r)
{
    if (r->len != 16)
        return BAD_LENGTH;
    uint32_t at = stub_word(r, 0), n = stub_word(r, 1);
    if (!reachable(chip, at, n))
        return FAILED_SPI;
    wait_ready(chip);
    digest_flash_md5(&chip->flash, at, n, r->payload);
    chip_busy(chip, digest_time_us(n));
    r->n_payload = 16;
    return OK;
}

uint16_t stub_erase_flash(struct chip *chip, struct stub_frame *r)
{
    (void)r;
    if (chip->flash.stuck)
        return FAILED_SPI;
    if (chip->stub.generation < 2)
        flash_unlock(&chip->flash);
    wait_ready(chip);
    flash_erase_all(&chip->flash);
    chip_busy(chip, chip->flash.busy_us);
    return OK;
}

uint16_t stub_erase_region(struct chip *chip, struct stub_frame *r)
{
    if (r->len != 8 || stub_word(r, 0) % FLASH_SECTOR != 0 || stub_word(r, 1) % FLASH_SECTOR != 0)
        return BAD_LENGTH;
    if (!reachable(chip, stub_word(r, 0), stub_word(r, 1)))
        return FAILED_SPI;
    if (chip->stub.generation < 2)
        flash_unlock(&chip->flash);
    wait_ready(chip);
    if (!out_of_reach(chip)) {
        flash_erase(&chip->flash, stub_word(r, 0), stub_word(r, 1));
        chip_busy(chip, chip->flash.busy_us);
    }
    return OK;
}

uint16_t stub_set_params(struct chip *chip, struct stub_frame *r)
{
    if (r->len != 24)
        return BAD_LENGTH;
    chip->stub.flash_size = stub_word(r, 1);
    return OK;
}

/* ---- reading: packets, each acknowledged with the number of bytes received so far ---- */

uint16_t stub_read_flash(struct chip *chip, struct stub_frame *r)
{
    struct stub *s = &chip->stub;

    if (r->len != 16)
        return BAD_LENGTH;
    s->read_at = s->read_start = stub_word(r, 0);
    s->read_size = s->read_remaining = stub_word(r, 1);
    s->packet = stub_word(r, 2);
    return OK;
}

static void send_digest(struct chip *chip)
{
    struct stub *s = &chip->stub;
    uint8_t sum[16];

    s->reading = false;
    digest_flash_md5(&chip->flash, s->read_start, s->read_at - s->read_start, sum);
    chip_reply(chip, sum, sizeof sum);
}

static void send_packet(struct chip *chip)
{
    struct stub *s = &chip->stub;
    uint8_t packet[PACKET_MAX];
    uint32_t n = s->read_remaining < s->packet ? s->read_remaining : s->packet;

    if (!reachable(chip, s->read_at, n)) {
        s->reading = false;
        s->pending = FAILED_SPI;
        return;
    }
    read_array(chip, s->read_at, packet, n);
    s->read_at += n;
    s->read_remaining -= n;
    chip_reply(chip, packet, n);
}

void stub_after_read_flash(struct chip *chip, const struct stub_frame *r)
{
    struct stub *s = &chip->stub;

    (void)r;
    if (s->packet == 0 || s->packet > PACKET_MAX) {
        s->pending = BAD_LENGTH;
        return;
    }
    s->reading = true;
    if (s->read_size == 0)
        send_digest(chip);
    else
        send_packet(chip);
}

void stub_read_acknowledged(struct chip *chip, const uint8_t *frame, size_t len)
{
    struct stub *s = &chip->stub;

    /* Anything but a count ends the transfer. */
    if (len != 4 || (s->read_remaining == 0 && le32_get(frame) >= s->read_size))
        send_digest(chip);
    else if (s->read_remaining > 0)
        send_packet(chip);
}
