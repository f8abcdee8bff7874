/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "emu/rom.h"

#include "emu/chip.h"
#include "emu/digest.h"
#include "emu/encryption.h"
#include "emu/inflater.h"
#include "emu/security.h"

#include <string.h>

/* Second byte of a failure (esptool util.py, and the recordings). */
enum rom_error {
    ROM_OK = 0,
    ROM_BAD_MESSAGE = 5,
    ROM_FAILED = 6,
    ROM_BAD_CHECKSUM = 7,
    ROM_INFLATE = 0x0b,
    ROM_INFLATE_SHORT = 0x0c,
};

/* What Secure Download Mode assumes until SPI_SET_PARAMS (esptool docs, Secure Download Mode). */
enum { SECURE_FLASH_SIZE = 2 << 20 };

enum { OP_SYNC = 8, HEADER = 8, DATA_HEADER = 16, SYNC_REPLIES = 8 };

/* What a command gets: its data, and how much of it really came. */
struct request {
    const uint8_t *data;
    size_t len;
    uint32_t checksum;
};

static void reply(struct chip *chip, bool failed)
{
    struct rom *rom = &chip->rom;
    size_t len = rom->payload + chip->persona->status_len;
    uint8_t frame[HEADER + sizeof rom->reply];
    int times = rom->op == OP_SYNC ? SYNC_REPLIES : 1;

    rom->reply[rom->payload] = failed;
    rom->reply[rom->payload + 1] = rom->error;
    frame[0] = 1;
    frame[1] = rom->op;
    le16_put(frame + 2, (uint16_t)len);
    le32_put(frame + 4, rom->value);
    memcpy(frame + HEADER, rom->reply, len);
    while (times-- > 0)
        chip_reply(chip, frame, HEADER + len);
}

static uint8_t checksum(const uint8_t *p, size_t n)
{
    uint8_t sum = 0xef;

    for (size_t i = 0; i < n; i++)
        sum ^= p[i];
    return sum;
}

/* ---- flash ---- */

/* All ROMs but the ESP8266's and the ESP32's have a fifth word for that (esptool documentation,
 * serial protocol). */
static bool wants_encryption(const struct chip *chip, const struct request *r)
{
    return chip->persona->style == BOOT_NEWER && r->len >= 20 && le32_get(r->data + 16) != 0;
}

static enum rom_error begin(struct chip *chip, const struct request *r, enum rom_writing kind)
{
    struct rom *rom = &chip->rom;
    uint32_t size = le32_get(r->data), at = le32_get(r->data + 12);

    inflater_free(rom->inflater);
    rom->inflater = kind == ROM_DEFLATED ? inflater_new() : NULL;
    rom->writing = kind;
    rom->encrypted = wants_encryption(chip, r);
    rom->n_row = 0;
    rom->blocks = le32_get(r->data + 4);
    rom->seq = 0;
    rom->at = at;
    rom->end = at;
    if (rom->flash_size != 0 && (uint64_t)at + size > rom->flash_size)
        return ROM_FAILED;
    if (chip->persona->erase_bug) {
        /* The head up to the next block is erased, and not subtracted (esptool
         * targets/esp8266.py, get_erase_size). */
        uint32_t n = (size + FLASH_SECTOR - 1) / FLASH_SECTOR;
        uint32_t head = 16 - at / FLASH_SECTOR % 16;
        size = (n + (n < head ? n : head)) * FLASH_SECTOR;
    }
    rom->end = chip->persona->erase_bug ? UINT32_MAX : at + size;
    flash_erase(&chip->flash, at, size);
    chip_busy(chip, chip->flash.busy_us);
    return ROM_OK;
}

static enum rom_error flash_begin(struct chip *chip, const struct request *r)
{
    return begin(chip, r, ROM_PLAIN);
}

static enum rom_error deflate_begin(struct chip *chip, const struct request *r)
{
    return begin(chip, r, ROM_DEFLATED);
}

/* The cipher takes whole rows: what is left of one waits for the next bytes. (How the ROM cuts what
 * it inflates is documented nowhere.) */
static void program_encrypted(struct chip *chip, const uint8_t *bytes, size_t n)
{
    struct rom *rom = &chip->rom;

    for (size_t i = 0; i < n; i++) {
        rom->row[rom->n_row++] = bytes[i];
        if (rom->n_row < sizeof rom->row)
            continue;
        encryption_program(chip, rom->at, rom->row, sizeof rom->row);
        rom->at += (uint32_t)sizeof rom->row;
        rom->n_row = 0;
    }
    /* A page is programmed in one go. */
    chip->flash.busy_us = (int64_t)n * chip->flash.busy_us / FLASH_PAGE;
}

/* Writes what still lies inside the range; the rest is swallowed. */
static void program(struct chip *chip, const uint8_t *bytes, size_t n)
{
    struct rom *rom = &chip->rom;
    size_t room = rom->end - rom->at - rom->n_row;

    n = n < room ? n : room;
    if (rom->encrypted) {
        program_encrypted(chip, bytes, n);
    } else {
        flash_program(&chip->flash, rom->at, bytes, n);
        rom->at += (uint32_t)n;
    }
    chip_busy(chip, chip->flash.busy_us);
}

static bool may_program(const struct chip *chip)
{
    return !chip->rom.encrypted || encryption_serves(chip, chip->rom.at, 0);
}

/* Sequence and checksum, the same for flash, deflate and RAM. A block with a bad checksum counts:
 * its number is used up. */
static enum rom_error block_check(const struct request *r, uint32_t *seq, const uint8_t **bytes,
                                  size_t *n)
{
    size_t have = r->len > DATA_HEADER ? r->len - DATA_HEADER : 0;
    uint32_t said = le32_get(r->data);

    *bytes = r->data + DATA_HEADER;
    *n = said < have ? said : have;
    if (le32_get(r->data + 4) != *seq)
        return ROM_BAD_MESSAGE;
    (*seq)++;
    return checksum(*bytes, *n) == (r->checksum & 0xff) ? ROM_OK : ROM_BAD_CHECKSUM;
}

static enum rom_error flash_data(struct chip *chip, const struct request *r)
{
    const uint8_t *bytes;
    size_t n;

    if (chip->rom.writing != ROM_PLAIN)
        return ROM_BAD_MESSAGE;
    enum rom_error error = block_check(r, &chip->rom.seq, &bytes, &n);
    if (error != ROM_OK)
        return error;
    if (!may_program(chip))
        return ROM_FAILED;
    program(chip, bytes, n);
    return ROM_OK;
}

static void program_inflated(void *context, const uint8_t *bytes, size_t n)
{
    program(context, bytes, n);
}

static enum rom_error deflate_data(struct chip *chip, const struct request *r)
{
    struct rom *rom = &chip->rom;
    const uint8_t *bytes;
    size_t n;

    if (rom->writing != ROM_DEFLATED)
        return ROM_BAD_MESSAGE;
    enum rom_error error = block_check(r, &rom->seq, &bytes, &n);
    if (error != ROM_OK)
        return error;
    if (!may_program(chip))
        return ROM_FAILED;
    switch (inflater_run(rom->inflater, bytes, n, program_inflated, chip)) {
    case INFLATER_BAD:
        return ROM_INFLATE;
    case INFLATER_MORE:
        inflater_flush(rom->inflater, program_inflated, chip);
        return rom->seq >= rom->blocks ? ROM_INFLATE_SHORT : ROM_OK;
    default:
        return ROM_OK;
    }
}

static void leave(struct chip *chip)
{
    switch (chip->persona->end) {
    case ROM_END_RUN_FLASH:
        chip->strap_download = false;
        chip_reset_now(chip, RESET_SOFTWARE);
        break;
    case ROM_END_RESET:
        chip_reset_now(chip, RESET_SOFTWARE);
        break;
    case ROM_END_STAYS:
        break;
    }
}

static enum rom_error flash_end(struct chip *chip, const struct request *r)
{
    (void)r;
    chip->rom.writing = ROM_IDLE;
    return ROM_OK;
}

static enum rom_error md5(struct chip *chip, const struct request *r)
{
    uint32_t at = le32_get(r->data), n = le32_get(r->data + 4);
    uint8_t sum[16];
    char hex[33];

    if ((uint64_t)at + n > chip->rom.flash_size)
        return ROM_FAILED;
    digest_flash_md5(&chip->flash, at, n, sum);
    chip_busy(chip, digest_time_us(n));
    memcpy(chip->rom.reply, util_hex_format(hex, sum, sizeof sum), 32);
    chip->rom.payload = 32;
    return ROM_OK;
}

/* Always 64 bytes, whatever was asked (recording; esptool targets/esp32.py, read_flash_slow). */
static enum rom_error read_slow(struct chip *chip, const struct request *r)
{
    uint32_t at = le32_get(r->data), n = le32_get(r->data + 4);
    uint32_t hook = chip->persona->read_hook ? regs_peek(&chip->regs, chip->persona->read_hook) : 0;

    /* The ESP32-S3 reads through a pointer in RAM, which a client may have turned into a jump
     * (esptool loader.py, run_stub). */
    if (hook != 0) {
        chip_run_ram(chip, hook);
        return ROM_OK;
    }

    if (n > 64 || (uint64_t)at + n > chip->rom.flash_size)
        return ROM_FAILED;
    flash_read(&chip->flash, at, chip->rom.reply, n);
    chip->rom.payload = 64;
    return ROM_OK;
}

static enum rom_error set_params(struct chip *chip, const struct request *r)
{
    chip->rom.flash_size = le32_get(r->data + 4);
    return ROM_OK;
}

/* ---- RAM ---- */

static enum rom_error mem_begin(struct chip *chip, const struct request *r)
{
    chip->rom.loading = true;
    chip->rom.ram_seq = 0;
    chip->rom.ram_at = le32_get(r->data + 12);
    return ROM_OK;
}

static enum rom_error mem_data(struct chip *chip, const struct request *r)
{
    const uint8_t *bytes;
    size_t n;

    if (!chip->rom.loading)
        return ROM_BAD_MESSAGE;
    enum rom_error error = block_check(r, &chip->rom.ram_seq, &bytes, &n);
    if (error == ROM_OK) {
        regs_load(&chip->regs, chip->rom.ram_at, bytes, n);
        chip->rom.ram_at += (uint32_t)n;
    }
    return error;
}

static enum rom_error mem_end(struct chip *chip, const struct request *r)
{
    (void)r;
    chip->rom.loading = false;
    return ROM_OK;
}

/* With secure boot the newer ROMs do not run what they can't verify (esptool loader.py, run_stub:
 * ESP32-S3; targets/esp32c3.py: no stub then). */
static bool may_run_ram(const struct chip *chip)
{
    return chip->persona->style != BOOT_NEWER || !security_boot(chip);
}

/* ---- the rest ---- */

/* The payload starts 07 07 12 20; the value of all later replies shows it. */
static enum rom_error sync(struct chip *chip, const struct request *r)
{
    chip->rom.value = le32_get(r->data);
    if (chip->baud == 0) {
        chip->baud = chip->feed_baud && !chip->usb_jtag ? chip->feed_baud : 115200;
        trace_event(chip->trace, chip->time_us, "sync at %u baud", chip->baud);
    }
    return ROM_OK;
}

static enum rom_error read_reg(struct chip *chip, const struct request *r)
{
    chip->rom.value = regs_read(chip, le32_get(r->data));
    return ROM_OK;
}

static enum rom_error write_reg(struct chip *chip, const struct request *r)
{
    for (size_t i = 0; i + 16 <= r->len; i += 16) {
        uint32_t address = le32_get(r->data + i), value = le32_get(r->data + i + 4);
        uint32_t mask = le32_get(r->data + i + 8);
        chip_busy(chip, le32_get(r->data + i + 12));
        if (mask != UINT32_MAX)
            value = (value & mask) | (regs_read(chip, address) & ~mask);
        regs_write(chip, address, value);
    }
    return ROM_OK;
}

static enum rom_error accept(struct chip *chip, const struct request *r)
{
    (void)chip;
    (void)r;
    return ROM_OK;
}

/* The flash is always attached; the log shows what was asked for (0, 1: HSPI, or pins). */
static enum rom_error attach(struct chip *chip, const struct request *r)
{
    trace_event(chip->trace, chip->time_us, "SPI attach 0x%08x", le32_get(r->data));
    return ROM_OK;
}

/* Flags, crypt count, purposes of the keys; all but the ESP32-S2 also chip id and API version
 * (ESP32-S3 documentation, security information). */
static enum rom_error security_info(struct chip *chip, const struct request *r)
{
    (void)r;
    chip->rom.payload = digest_security_info(chip, chip->rom.reply);
    return ROM_OK;
}

/* What is done once the reply is out. */

/* 0 reboots. 1 means `run the program in flash` (esptool loader.py, soft_reset); the newer ROMs
 * were seen to stay. */
static void after_flash_end(struct chip *chip, const struct request *r)
{
    if (le32_get(r->data) == 0 || chip->persona->end == ROM_END_RUN_FLASH)
        leave(chip);
}

static void after_mem_end(struct chip *chip, const struct request *r)
{
    if (le32_get(r->data) != 0)
        return;
    if (may_run_ram(chip))
        chip_run_ram(chip, le32_get(r->data + 4));
    else
        trace_event(chip->trace, chip->time_us, "secure boot: nothing runs from RAM");
}

static void after_change_baud(struct chip *chip, const struct request *r)
{
    const struct persona *p = chip->persona;
    uint64_t baud = le32_get(r->data);

    if (p->rom_crystal_hz != 0)
        baud = baud * chip->crystal_hz / p->rom_crystal_hz;
    if (baud != 0)
        chip->baud = (unsigned)baud;
    chip->stats.chip_bauds++;
    trace_event(chip->trace, chip->time_us, "%u baud", chip->baud);
}

static const struct {
    enum rom_error (*run)(struct chip *chip, const struct request *r);
    void (*after)(struct chip *chip, const struct request *r);
    bool keeps_error; /* success leaves the second status byte alone */
} commands[32] = {
    [0x02] = {.run = flash_begin},
    [0x03] = {.run = flash_data, .keeps_error = true},
    [0x04] = {.run = flash_end, .after = after_flash_end},
    [0x05] = {.run = mem_begin},
    [0x06] = {.run = mem_end, .after = after_mem_end},
    [0x07] = {.run = mem_data, .keeps_error = true},
    [0x08] = {.run = sync},
    [0x09] = {.run = write_reg},
    [0x0a] = {.run = read_reg},
    [0x0b] = {.run = set_params},
    [0x0d] = {.run = attach},
    [0x0e] = {.run = read_slow},
    [0x0f] = {.run = accept, .after = after_change_baud},
    [0x10] = {.run = deflate_begin},
    [0x11] = {.run = deflate_data, .keeps_error = true},
    [0x12] = {.run = flash_end, .after = after_flash_end},
    [0x13] = {.run = md5},
    [0x14] = {.run = security_info},
};

void rom_start(struct chip *chip)
{
    bool secure = security_download(chip);

    rom_done(&chip->rom);
    chip->rom = (struct rom){
        .secure_download = secure,
        .flash_size = secure ? SECURE_FLASH_SIZE : chip->persona->flash_size,
    };
    chip->flash.reach = FLASH_REACH_3;
    slip_reset(&chip->slip, false);
}

void rom_done(struct rom *rom)
{
    inflater_free(rom->inflater);
    rom->inflater = NULL;
}

static bool is_served(const struct chip *chip, uint8_t op)
{
    if (op >= ARRAY_LEN(commands) || !(chip->persona->commands >> op & 1))
        return false;
    return !chip->rom.secure_download || security_allows(op);
}

void rom_request(struct chip *chip, const uint8_t *frame, size_t len)
{
    struct rom *rom = &chip->rom;
    uint8_t op = frame[1];
    struct request r = {
        .data = frame + HEADER,
        .len = len > HEADER ? len - HEADER : 0,
        .checksum = le32_get(frame + 4),
    };

    if (chip->baud == 0 && op != OP_SYNC)
        return; /* the rate is measured on SYNC; nothing else gets through before */
    rom->payload = 0;
    if (frame[0] != 0 || !is_served(chip, op)) {
        rom->error = ROM_BAD_MESSAGE; /* and the number of the previous command */
        reply(chip, true);
        return;
    }
    rom->op = op;
    enum rom_error error = commands[op].run(chip, &r);
    if (chip->mode != CHIP_ROM)
        return; /* something else runs now */
    if (error != ROM_OK || !commands[op].keeps_error)
        rom->error = (uint8_t)error;
    reply(chip, error != ROM_OK);
    if (error == ROM_OK && commands[op].after)
        commands[op].after(chip, &r);
}
