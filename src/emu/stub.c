/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "emu/stub.h"

#include "emu/chip.h"
#include "emu/digest.h"
#include "emu/inflater.h"

#include <string.h>

/* Status words, first byte first (esp-flasher-stub src/commands.h). */
enum status {
    OK = 0,
    BAD_LENGTH = 0xc000,
    BAD_CHECKSUM = 0xc100,
    INVALID_COMMAND = 0xc300,
    FAILED_SPI = 0xc400,
    NOT_IN_FLASH_MODE = 0xc600,
    INFLATE_ERROR = 0xc700,
    NOT_ENOUGH_DATA = 0xc800,
    TOO_MUCH_DATA = 0xc900,
    NOT_IMPLEMENTED = 0xff00,
};

enum { HEADER = 8, DATA_HEADER = 16, PACKET_MAX = 4096, SYNC_REPLIES = 8 };

struct request {
    uint8_t op;
    uint32_t checksum;
    const uint8_t *data;
    uint32_t len;
    uint32_t value;      /* of the reply */
    uint8_t payload[32]; /* of the reply */
    size_t n_payload;
};

static void reply(struct chip *chip, const struct request *r, uint16_t status)
{
    uint8_t frame[HEADER + sizeof r->payload + 2] = {1, r->op};
    size_t n = status == OK ? r->n_payload : 0;

    le16_put(frame + 2, (uint16_t)(n + 2));
    le32_put(frame + 4, status == OK ? r->value : 0);
    memcpy(frame + HEADER, r->payload, n);
    frame[HEADER + n] = (uint8_t)(status >> 8);
    frame[HEADER + n + 1] = (uint8_t)status;
    chip_reply(chip, frame, HEADER + n + 2);
}

static uint8_t checksum(const uint8_t *p, size_t n)
{
    uint8_t sum = 0xef;

    while (n-- > 0)
        sum ^= *p++;
    return sum;
}

static uint32_t word(const struct request *r, size_t i)
{
    return le32_get(r->data + 4 * i);
}

/* ---- flash ---- */

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

static uint16_t begin(struct chip *chip, struct request *r)
{
    struct stub *s = &chip->stub;

    if (r->len != 16 && r->len != 20)
        return BAD_LENGTH;
    s->writing = true;
    s->deflated = r->op == 0x10;
    s->remaining = word(r, 0);
    s->at = word(r, 3);
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
    wait_ready(chip);
    if (!out_of_reach(chip)) {
        flash_program(&chip->flash, s->at, bytes, n);
        chip_busy(chip, chip->flash.busy_us);
    }
    s->at += (uint32_t)n;
    s->remaining -= (uint32_t)n;
    if (s->deflated)
        erase_one(chip);
}

/* Called after the acknowledgement went out. */
static void work_block(struct chip *chip, const struct request *r)
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

static uint16_t data(struct chip *chip, struct request *r)
{
    struct stub *s = &chip->stub;

    if (r->len < DATA_HEADER)
        return r->op == 0x03 ? NOT_ENOUGH_DATA : BAD_LENGTH;
    if (!s->writing || s->deflated != (r->op == 0x11))
        return NOT_IN_FLASH_MODE;
    if (word(r, 0) != r->len - DATA_HEADER) {
        if (s->generation < 2)
            return BAD_LENGTH;
        /* Generation 2 sums up what it was told and so trips over the checksum. */
        return s->deflated ? BAD_CHECKSUM : TOO_MUCH_DATA;
    }
    if (checksum(r->data + DATA_HEADER, r->len - DATA_HEADER) != r->checksum)
        return BAD_CHECKSUM;
    return OK;
}

static uint16_t end(struct chip *chip, struct request *r)
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
static void after_end(struct chip *chip, const struct request *r)
{
    if (chip->stub.generation < 2 && word(r, 0) == 0)
        chip_reset_now(chip, RESET_SOFTWARE);
}

static uint16_t md5(struct chip *chip, struct request *r)
{
    if (r->len != 16)
        return BAD_LENGTH;
    uint32_t at = word(r, 0), n = word(r, 1);
    if (!reachable(chip, at, n))
        return FAILED_SPI;
    wait_ready(chip);
    digest_flash_md5(&chip->flash, at, n, r->payload);
    chip_busy(chip, digest_time_us(n));
    r->n_payload = 16;
    return OK;
}

static uint16_t erase_all(struct chip *chip, struct request *r)
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

static uint16_t erase_region(struct chip *chip, struct request *r)
{
    if (r->len != 8 || word(r, 0) % FLASH_SECTOR != 0 || word(r, 1) % FLASH_SECTOR != 0)
        return BAD_LENGTH;
    if (!reachable(chip, word(r, 0), word(r, 1)))
        return FAILED_SPI;
    if (chip->stub.generation < 2)
        flash_unlock(&chip->flash);
    wait_ready(chip);
    if (!out_of_reach(chip)) {
        flash_erase(&chip->flash, word(r, 0), word(r, 1));
        chip_busy(chip, chip->flash.busy_us);
    }
    return OK;
}

static uint16_t set_params(struct chip *chip, struct request *r)
{
    if (r->len != 24)
        return BAD_LENGTH;
    chip->stub.flash_size = word(r, 1);
    return OK;
}

/* ---- reading: packets, each acknowledged with the number of bytes received so far ---- */

static uint16_t read_flash(struct chip *chip, struct request *r)
{
    struct stub *s = &chip->stub;

    if (r->len != 16)
        return BAD_LENGTH;
    s->read_at = s->read_start = word(r, 0);
    s->read_size = s->read_remaining = word(r, 1);
    s->packet = word(r, 2);
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

static void after_read_flash(struct chip *chip, const struct request *r)
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

static void acknowledged(struct chip *chip, const uint8_t *frame, size_t len)
{
    struct stub *s = &chip->stub;

    /* Anything but a count ends the transfer. */
    if (len != 4 || (s->read_remaining == 0 && le32_get(frame) >= s->read_size))
        send_digest(chip);
    else if (s->read_remaining > 0)
        send_packet(chip);
}

/* ---- RAM and registers ---- */

static uint16_t mem_begin(struct chip *chip, struct request *r)
{
    if (r->len != 16)
        return BAD_LENGTH;
    chip->stub.loading = true;
    chip->stub.ram_remaining = word(r, 0);
    chip->stub.ram_at = word(r, 3);
    return OK;
}

/* No checksum here, in either generation (recording: generation 2). */
static uint16_t mem_data(struct chip *chip, struct request *r)
{
    struct stub *s = &chip->stub;

    if (r->len < DATA_HEADER)
        return NOT_ENOUGH_DATA;
    if (!s->loading)
        return NOT_IN_FLASH_MODE;
    uint32_t n = word(r, 0);
    if (s->ram_remaining < n || n != r->len - DATA_HEADER)
        return TOO_MUCH_DATA;
    regs_load(&chip->regs, s->ram_at, r->data + DATA_HEADER, n);
    s->ram_at += n;
    s->ram_remaining -= n;
    return OK;
}

static uint16_t mem_end(struct chip *chip, struct request *r)
{
    if (r->len != 8)
        return BAD_LENGTH;
    if (!chip->stub.loading)
        return NOT_IN_FLASH_MODE;
    chip->stub.loading = false;
    return OK;
}

static void after_mem_end(struct chip *chip, const struct request *r)
{
    if (word(r, 0) == 0)
        chip_run_ram(chip, word(r, 1));
}

static uint16_t write_reg(struct chip *chip, struct request *r)
{
    if (r->len == 0 || r->len % 16 != 0)
        return NOT_ENOUGH_DATA;
    for (uint32_t i = 0; i < r->len / 16; i++) {
        uint32_t address = word(r, 4 * i), value = word(r, 4 * i + 1), mask = word(r, 4 * i + 2);
        chip_busy(chip, word(r, 4 * i + 3));
        if (mask != UINT32_MAX)
            value = (value & mask) | (regs_read(chip, address) & ~mask);
        regs_write(chip, address, value);
    }
    return OK;
}

static uint16_t read_reg(struct chip *chip, struct request *r)
{
    if (r->len != 4)
        return BAD_LENGTH;
    r->value = regs_read(chip, word(r, 0));
    return OK;
}

/* ---- the rest ---- */

static uint16_t sync(struct chip *chip, struct request *r)
{
    if (r->len != 36)
        return BAD_LENGTH;
    for (int i = 1; i < SYNC_REPLIES; i++)
        reply(chip, r, OK);
    return OK;
}

static uint16_t attach(struct chip *chip, struct request *r)
{
    if (r->len != 4)
        return BAD_LENGTH;
    trace_event(chip->trace, chip->time_us, "SPI attach 0x%08x", word(r, 0));
    return OK;
}

static uint16_t change_baud(struct chip *chip, struct request *r)
{
    (void)chip;
    return r->len == 8 ? OK : BAD_LENGTH;
}

static void after_change_baud(struct chip *chip, const struct request *r)
{
    if (word(r, 0) != 0)
        chip->baud = word(r, 0);
    chip->stats.chip_bauds++;
    trace_event(chip->trace, chip->time_us, "%u baud", chip->baud);
}

static uint16_t security_info(struct chip *chip, struct request *r)
{
    if (r->len != 0)
        return BAD_LENGTH;
    if (!(chip->persona->commands >> 0x14 & 1))
        return chip->stub.generation >= 2 ? NOT_IMPLEMENTED : INVALID_COMMAND;
    r->n_payload = digest_security_info(chip, r->payload);
    return OK;
}

/* Leaves the stub for the program in flash; generation 2 ignores it. Neither answers. */
static void run_user_code(struct chip *chip)
{
    if (chip->stub.generation < 2) {
        chip->strap_download = false;
        chip_reset_now(chip, RESET_SOFTWARE);
    }
}

static const struct {
    uint16_t (*run)(struct chip *chip, struct request *r);
    void (*after)(struct chip *chip, const struct request *r); /* once the reply is out */
} commands[256] = {
    [0x02] = {.run = begin},
    [0x03] = {.run = data, .after = work_block},
    [0x04] = {.run = end, .after = after_end},
    [0x05] = {.run = mem_begin},
    [0x06] = {.run = mem_end, .after = after_mem_end},
    [0x07] = {.run = mem_data},
    [0x08] = {.run = sync},
    [0x09] = {.run = write_reg},
    [0x0a] = {.run = read_reg},
    [0x0b] = {.run = set_params},
    [0x0d] = {.run = attach},
    [0x0f] = {.run = change_baud, .after = after_change_baud},
    [0x10] = {.run = begin},
    [0x11] = {.run = data, .after = work_block},
    [0x12] = {.run = end, .after = after_end},
    [0x13] = {.run = md5},
    [0x14] = {.run = security_info},
    [0xd0] = {.run = erase_all},
    [0xd1] = {.run = erase_region},
    [0xd2] = {.run = read_flash, .after = after_read_flash},
};

/* Generation 1 keeps a failed write for the next block, generation 2 answers whatever comes next
 * with it and does not do that. */
static bool pending_applies(const struct stub *s, uint8_t op)
{
    return s->pending != OK && (s->generation >= 2 || op == 0x03 || op == 0x11);
}

static void dispatch(struct chip *chip, struct request *r)
{
    struct stub *s = &chip->stub;
    uint16_t status = INVALID_COMMAND;

    if (pending_applies(s, r->op)) {
        status = s->pending;
        s->pending = OK;
    } else if (commands[r->op].run) {
        status = commands[r->op].run(chip, r);
    }
    reply(chip, r, status);
    if (status == OK && commands[r->op].after)
        commands[r->op].after(chip, r);
}

void stub_request(struct chip *chip, const uint8_t *frame, size_t len)
{
    if (chip->stub.reading) {
        acknowledged(chip, frame, len);
        return;
    }
    struct request r = {.op = len > 1 ? frame[1] : 0, .data = frame + HEADER};
    if (len > 1 && frame[0] == 0 && r.op == 0xd3) {
        run_user_code(chip);
        return;
    }
    if (frame[0] != 0) {
        reply(chip, &r, INVALID_COMMAND);
        return;
    }
    if (len < HEADER || le16_get(frame + 2) != len - HEADER) {
        reply(chip, &r, BAD_LENGTH);
        return;
    }
    r.len = (uint32_t)len - HEADER;
    r.checksum = le32_get(frame + 4);
    dispatch(chip, &r);
}

void stub_start(struct chip *chip, int generation)
{
    static const uint8_t greeting[] = {'O', 'H', 'A', 'I'};

    uint32_t size = flash_id_size(&chip->flash);

    stub_done(&chip->stub);
    /* An unknown id counts as the most that the chip supports (esp-stub-lib src/flash.c). */
    if (size == 0)
        size = chip->persona->flash_4byte ? UINT32_C(1) << 30 : FLASH_REACH_3;
    chip->stub = (struct stub){
        .generation = generation,
        .flash_size = size,
        .large = size > FLASH_REACH_3,
    };
    chip->flash.reach = chip->stub.large ? 0 : FLASH_REACH_3;
    slip_reset(&chip->slip, true);
    chip_busy(chip, 10000); /* esp-flasher-stub src/transport.c */
    chip_reply(chip, greeting, sizeof greeting);
}

void stub_done(struct stub *stub)
{
    inflater_free(stub->inflater);
    stub->inflater = NULL;
}
