/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The flash chip's command set (W25Q32JV and W25Q256JV data sheets, section 8). */
#include "emu/flash.h"

#include "base/util.h"

#include <string.h>

enum { STATUS_WRITE_US = 10000 };

enum { STATUS_BUSY = 1, STATUS_WEL = 2 };

/* ---- identification ---- */

static void fill(const struct flash_transfer *t, const uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < t->in_len; i++)
        t->in[i] = bytes[i % n];
}

static void read_id(const struct flash *f, const struct flash_transfer *t)
{
    /* A chip of XMC's that did not start up right tells its vendor, and nothing else. */
    static const uint8_t xmc[] = {0x20, 0, 0};

    fill(t, f->xmc ? xmc : f->id, sizeof f->id);
}

/* JESD216B: signature, header, basic flash parameters of 16 words at 80, with the values of a
 * W25Q128JV; the vendor's own header behind the first one is where XMC chips are told by. */
enum { SFDP_SIZE = 0x100, SFDP_BASIC = 0x80 };

static void make_sfdp(const struct flash *f, uint8_t sfdp[SFDP_SIZE])
{
    static const uint8_t headers[] = {
        'S',  'F', 'D', 'P', 5,          1, 1, 0xff, /* revision 1.5, two parameter headers */
        0x00, 5,   1,   16,  SFDP_BASIC, 0, 0, 0xff, /* basic parameters, 16 words */
        0x00, 0,   1,   2,   0xc0,       0, 0, 0x01, /* vendor: two words */
    };
    static const uint32_t basic[16] = {
        0xfff120e5, 0,          0x6b08eb44, 0xbb423b08, 0xfffffffe, 0x0000ffff,
        0xeb40ffff, 0x520f200c, 0x0000d810, 0x00a60236, 0xc914ea82, 0x337663e9,
        0x757a757a, 0x5cd5a2f7, 0xff4df719, 0x80f830e9,
    };
    uint32_t address_bytes = f->store.size > FLASH_REACH_3 ? 1 << 17 : 0; /* 3 or 4 */

    memset(sfdp, 0xff, SFDP_SIZE);
    memcpy(sfdp, headers, sizeof headers);
    sfdp[16] = f->id[0];
    for (size_t i = 0; i < ARRAY_LEN(basic); i++)
        le32_put(sfdp + SFDP_BASIC + 4 * i, basic[i]);
    le32_put(sfdp + SFDP_BASIC, basic[0] | address_bytes);
    le32_put(sfdp + SFDP_BASIC + 4, (uint32_t)(f->store.size * 8 - 1));
}

/* ---- reading ---- */

/* Who leaves the eight dummy bits out sees them in front of the data. */
static void shift_dummy(const struct flash_transfer *t)
{
    if (t->dummy_bits > 0 || t->in_len == 0)
        return;
    memmove(t->in + 1, t->in, t->in_len - 1);
    t->in[0] = 0xff;
}

static void read_sfdp(const struct flash *f, const struct flash_transfer *t)
{
    uint8_t sfdp[SFDP_SIZE];

    make_sfdp(f, sfdp);
    for (size_t i = 0; i < t->in_len; i++) {
        uint32_t at = t->address + (uint32_t)i;
        t->in[i] = at < sizeof sfdp ? sfdp[at] : 0xff;
    }
    shift_dummy(t);
}

static uint8_t status_byte(const struct flash *f, int64_t now, uint8_t command)
{
    if (command == 0x35)
        return f->now[1];
    if (command == 0x15)
        return f->now[2];
    return (uint8_t)((f->now[0] & 0xfc) | (now < f->ready_at ? STATUS_BUSY : 0) |
                     (f->write_enabled ? STATUS_WEL : 0));
}

static void command_reading(const struct flash *f, const struct flash_transfer *t)
{
    const uint8_t old_id[] = {f->id[0], (uint8_t)(f->id[2] - 1)};

    switch (t->command) {
    case 0x03:
    case 0x13:
        flash_read(f, t->address, t->in, t->in_len);
        break;
    case 0x0b:
    case 0x0c:
    case 0x3b:
    case 0x6b:
        flash_read(f, t->address, t->in, t->in_len);
        shift_dummy(t);
        break;
    case 0x5a:
        read_sfdp(f, t);
        break;
    case 0x9f:
        read_id(f, t);
        break;
    case 0x90:
        fill(t, old_id, sizeof old_id);
        break;
    case 0x4b: /* unique id: any eight bytes that stay the same */
        memset(t->in, 0xe5, t->in_len);
        break;
    default:
        break;
    }
}

/* ---- changing ---- */

/* A page program stays inside its page: the low eight address bits wrap. */
static void program_page(struct flash *f, const struct flash_transfer *t)
{
    uint32_t page = t->address & ~0xffu;
    int64_t busy = 0;

    for (size_t i = 0; i < t->out_len; i++) {
        flash_program(f, page | ((t->address + (uint32_t)i) & 0xff), &t->out[i], 1);
        busy = f->busy_us;
    }
    f->busy_us = busy;
}

/* 01 takes one register or two, 31 and 11 one. Lost with the power when only 50 came before. */
static void write_status(struct flash *f, const struct flash_transfer *t)
{
    size_t first = t->command == 0x31 ? 1 : t->command == 0x11 ? 2 : 0;
    size_t most = t->command == 0x01 ? 2 : 1;

    for (size_t i = 0; i < t->out_len && i < most; i++) {
        uint8_t value = t->out[i];
        if (first + i == 0)
            value &= 0xfc;
        f->now[first + i] = value;
        if (f->write_enabled)
            f->kept[first + i] = value;
    }
    f->busy_us = f->write_enabled ? STATUS_WRITE_US : 0;
}

static bool is_status_write(uint8_t command)
{
    return command == 0x01 || command == 0x31 || command == 0x11;
}

static void erase_unit(struct flash *f, const struct flash_transfer *t, uint32_t size)
{
    flash_erase(f, t->address & ~(size - 1), size);
}

/* What changes the chip and so needs the latch, which it uses up. False: another command. */
static bool command_changing(struct flash *f, int64_t now, const struct flash_transfer *t)
{
    bool enabled = f->write_enabled || (f->volatile_enabled && is_status_write(t->command));
    static const uint8_t all[] = {0x01, 0x31, 0x11, 0x02, 0x12, 0x20,
                                  0x21, 0x52, 0xd8, 0xdc, 0x60, 0xc7};

    if (memchr(all, t->command, sizeof all) == NULL)
        return false;
    if (!enabled)
        return true;
    f->busy_us = 0;
    if (is_status_write(t->command))
        write_status(f, t);
    else if (t->command == 0x02 || t->command == 0x12)
        program_page(f, t);
    else if (t->command == 0x20 || t->command == 0x21)
        erase_unit(f, t, FLASH_SECTOR);
    else if (t->command == 0x52)
        erase_unit(f, t, FLASH_BLOCK / 2);
    else if (t->command == 0xd8 || t->command == 0xdc)
        erase_unit(f, t, FLASH_BLOCK);
    else
        flash_erase_all(f);
    f->write_enabled = false;
    f->ready_at = now + f->busy_us;
    return true;
}

/* ---- power ---- */

/* While it sleeps. XMC's start-up sequence is B9, 79, FF, AB (esptool cmds.py, attach_flash). */
static void command_asleep(struct flash *f, const struct flash_transfer *t)
{
    if (f->sleep == FLASH_DEEP && t->command == 0x79 && f->id[0] == 0x20) {
        f->sleep = FLASH_ULTRA_DEEP;
    } else if (f->sleep == FLASH_ULTRA_DEEP && t->command == 0xff) {
        f->sleep = FLASH_LEAVING;
    } else if (f->sleep != FLASH_ULTRA_DEEP && t->command == 0xab) {
        f->xmc = f->xmc && f->sleep != FLASH_LEAVING;
        f->sleep = FLASH_AWAKE;
        if (t->in_len > 0)
            t->in[0] = (uint8_t)(f->id[2] - 1);
    }
}

static void command_awake(struct flash *f, int64_t now_us, const struct flash_transfer *t,
                          bool reset_armed)
{
    switch (t->command) {
    case 0x06:
        f->write_enabled = true;
        break;
    case 0x50:
        f->volatile_enabled = true;
        return; /* for the next command alone */
    case 0x04:
        f->write_enabled = false;
        break;
    case 0xb7:
    case 0xe9:
        f->four_bytes = t->command == 0xb7 && f->store.size > FLASH_REACH_3;
        break;
    case 0xb9:
        f->sleep = FLASH_DEEP;
        break;
    case 0xab:
        if (t->in_len > 0)
            t->in[0] = (uint8_t)(f->id[2] - 1);
        break;
    case 0x99:
        if (reset_armed)
            flash_power_on(f);
        break;
    default:
        if (!command_changing(f, now_us, t))
            command_reading(f, t);
        break;
    }
    f->volatile_enabled = false;
}

static bool has_four_bytes(const struct flash *f, uint8_t command)
{
    static const uint8_t always[] = {0x13, 0x0c, 0x12, 0x21, 0xdc};

    return f->four_bytes || memchr(always, command, sizeof always) != NULL;
}

void flash_command(struct flash *f, int64_t now_us, const struct flash_transfer *t)
{
    uint32_t reach = f->reach;
    bool armed = f->reset_armed;

    if (t->in_len > 0)
        memset(t->in, f->stuck ? f->id[0] : 0xff, t->in_len);
    if (f->stuck || f->unpowered)
        return;
    f->reset_armed = t->command == 0x66;
    f->reach = has_four_bytes(f, t->command) ? 0 : FLASH_REACH_3;
    if (f->sleep != FLASH_AWAKE)
        command_asleep(f, t);
    else if (t->command == 0x05 || t->command == 0x35 || t->command == 0x15)
        memset(t->in, status_byte(f, now_us, t->command), t->in_len);
    else if (now_us >= f->ready_at) /* busy: all else is ignored */
        command_awake(f, now_us, t, armed);
    f->reach = reach;
}
