/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "emu/stub_private.h"

#include "emu/digest.h"
#include "emu/inflater.h"

#include <string.h>

enum { SYNC_REPLIES = 8 };

static void reply(struct chip *chip, const struct stub_frame *r, uint16_t status)
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

/* ---- RAM and registers ---- */

static uint16_t mem_begin(struct chip *chip, struct stub_frame *r)
{
    if (r->len != 16)
        return BAD_LENGTH;
    chip->stub.loading = true;
    chip->stub.ram_remaining = stub_word(r, 0);
    chip->stub.ram_at = stub_word(r, 3);
    return OK;
}

/* Whether the stub's own code lies there; nothing checks that (esp-flasher-stub
 * src/command_handler.c). */
static bool is_resident(const struct chip *chip, uint32_t at, uint32_t n)
{
    const struct known_stub *k;

    for (size_t i = 0; (k = stub_known_at(i)) != NULL; i++) {
        if (k->generation == chip->stub.generation && strcmp(k->chip, chip->persona->name) == 0)
            return at < k->start + k->len && (uint64_t)at + n > k->start;
    }
    return false;
}

/* No checksum here, in either generation (recording: generation 2). */
static uint16_t mem_data(struct chip *chip, struct stub_frame *r)
{
    struct stub *s = &chip->stub;

    if (r->len < DATA_HEADER)
        return NOT_ENOUGH_DATA;
    if (!s->loading)
        return NOT_IN_FLASH_MODE;
    uint32_t n = stub_word(r, 0);
    if (s->ram_remaining < n || n != r->len - DATA_HEADER)
        return TOO_MUCH_DATA;
    if (is_resident(chip, s->ram_at, n)) {
        trace_event(chip->trace, chip->time_us, "0x%08x: the stub overwrites itself", s->ram_at);
        chip->mode = CHIP_DEAD;
    }
    regs_load(&chip->regs, s->ram_at, r->data + DATA_HEADER, n);
    s->ram_at += n;
    s->ram_remaining -= n;
    return OK;
}

static uint16_t mem_end(struct chip *chip, struct stub_frame *r)
{
    if (r->len != 8)
        return BAD_LENGTH;
    if (!chip->stub.loading)
        return NOT_IN_FLASH_MODE;
    chip->stub.loading = false;
    return OK;
}

static void after_mem_end(struct chip *chip, const struct stub_frame *r)
{
    if (stub_word(r, 0) == 0)
        chip_run_ram(chip, stub_word(r, 1));
}

static uint16_t write_reg(struct chip *chip, struct stub_frame *r)
{
    if (r->len == 0 || r->len % 16 != 0)
        return NOT_ENOUGH_DATA;
    for (uint32_t i = 0; i < r->len / 16; i++) {
        uint32_t address = stub_word(r, 4 * i), value = stub_word(r, 4 * i + 1),
                 mask = stub_word(r, 4 * i + 2);
        chip_busy(chip, stub_word(r, 4 * i + 3));
        if (mask != UINT32_MAX)
            value = (value & mask) | (regs_read(chip, address) & ~mask);
        regs_write(chip, address, value);
    }
    return OK;
}

static uint16_t read_reg(struct chip *chip, struct stub_frame *r)
{
    if (r->len != 4)
        return BAD_LENGTH;
    r->value = regs_read(chip, stub_word(r, 0));
    return OK;
}

/* ---- the rest ---- */

static uint16_t sync(struct chip *chip, struct stub_frame *r)
{
    if (r->len != 36)
        return BAD_LENGTH;
    for (int i = 1; i < SYNC_REPLIES; i++)
        reply(chip, r, OK);
    return OK;
}

static uint16_t attach(struct chip *chip, struct stub_frame *r)
{
    if (r->len != 4)
        return BAD_LENGTH;
    trace_event(chip->trace, chip->time_us, "SPI attach 0x%08x", stub_word(r, 0));
    return OK;
}

static uint16_t change_baud(struct chip *chip, struct stub_frame *r)
{
    (void)chip;
    return r->len == 8 ? OK : BAD_LENGTH;
}

/* Generation 2 takes the rate as it is, generation 1 scales its divider with what the client says
 * it was (0: it is lost). Delays: esp-stub-lib src/target/common/src/uart.c. */
static void after_change_baud(struct chip *chip, const struct stub_frame *r)
{
    uint32_t baud = stub_word(r, 0), old = stub_word(r, 1);

    if (baud == 0)
        return;
    if (chip->stub.generation < 2)
        baud = old ? (uint32_t)((uint64_t)chip->baud * baud / old) : 1;
    chip_baud_later(chip, 5000, baud);
    chip_busy(chip, 10000);
}

static uint16_t security_info(struct chip *chip, struct stub_frame *r)
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
    uint16_t (*run)(struct chip *chip, struct stub_frame *r);
    void (*after)(struct chip *chip, const struct stub_frame *r); /* once the reply is out */
} commands[256] = {
    [0x02] = {.run = stub_flash_begin},
    [0x03] = {.run = stub_flash_data, .after = stub_after_flash_data},
    [0x04] = {.run = stub_flash_end, .after = stub_after_flash_end},
    [0x05] = {.run = mem_begin},
    [0x06] = {.run = mem_end, .after = after_mem_end},
    [0x07] = {.run = mem_data},
    [0x08] = {.run = sync},
    [0x09] = {.run = write_reg},
    [0x0a] = {.run = read_reg},
    [0x0b] = {.run = stub_set_params},
    [0x0d] = {.run = attach},
    [0x0f] = {.run = change_baud, .after = after_change_baud},
    [0x10] = {.run = stub_flash_begin},
    [0x11] = {.run = stub_flash_data, .after = stub_after_flash_data},
    [0x12] = {.run = stub_flash_end, .after = stub_after_flash_end},
    [0x13] = {.run = stub_flash_md5},
    [0x14] = {.run = security_info},
    [0xd0] = {.run = stub_erase_flash},
    [0xd1] = {.run = stub_erase_region},
    [0xd2] = {.run = stub_read_flash, .after = stub_after_read_flash},
    [0xd4] = {.run = stub_flash_data, .after = stub_after_flash_data},
};

/* Generation 1 keeps a failed write for the next block, generation 2 answers whatever comes next
 * with it and does not do that. */
static bool pending_applies(const struct stub *s, uint8_t op)
{
    return s->pending != OK && (s->generation >= 2 || op == 0x03 || op == 0x11 || op == 0xd4);
}

static void dispatch(struct chip *chip, struct stub_frame *r)
{
    struct stub *s = &chip->stub;
    uint16_t status = INVALID_COMMAND;

    if (pending_applies(s, r->op)) {
        status = s->pending;
        s->pending = OK;
    } else if (commands[r->op].run) {
        status = commands[r->op].run(chip, r);
    }
    if (chip->mode != CHIP_STUB)
        return;
    reply(chip, r, status);
    if (status == OK && commands[r->op].after)
        commands[r->op].after(chip, r);
}

void stub_request(struct chip *chip, const uint8_t *frame, size_t len)
{
    if (chip->stub.reading) {
        stub_read_acknowledged(chip, frame, len);
        return;
    }
    struct stub_frame r = {.op = len > 1 ? frame[1] : 0, .data = frame + HEADER};
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
    /* It sets the divider for the same rate where it raises the UART's clock (src/main.c). */
    if (generation >= 2 && chip->persona->stub_uart_clock_hz != 0)
        chip_busy(chip, 10000);
    if (generation >= 2 && chip->usb_jtag)
        watchdog_stop(chip);
    chip_reply(chip, greeting, sizeof greeting);
}

void stub_done(struct stub *stub)
{
    inflater_free(stub->inflater);
    stub->inflater = NULL;
}
