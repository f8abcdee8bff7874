/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Another rate on both sides, and proof that it carries. */
#include "base/clock.h"
#include "loader/command.h"
#include "loader/connect.h"

enum {
    /* The stub waits 5 ms, changes, and waits 5 ms more (esp-stub-lib: uart.c), the old one 10 ms;
     * of ROMs nobody says. What comes meanwhile is noise, and what is sent is lost: then the proof
     * is tried once more. */
    SETTLE_MS = 15,
    PROOF_TIMEOUT_MS = 150,
    PROOF_AGAIN_MS = 600,
    DOWN_TIMEOUT_MS = 200,
    DOWN_TRIES = 2,
    DOWN_TRIES_NO_RESET = 12,
    PROOF_WORDS = 2
};

/* The ESP32's ROM computes its divider from a crystal frequency that it measured against an
 * oscillator that drifts. This repeats that measurement and gives the rate that comes out right
 * (esptool esp32.py: change_baud). */
static int esp32_rom_rate(struct loader *loader, unsigned baud, uint32_t *rate, struct error *error)
{
    enum { RTC_CALI_CFG1 = 0x3FF5F06C, EFUSE_WORD4 = 0x3FF5A010 };
    uint32_t calibration, efuse;

    int rc = loader_read_reg(loader, RTC_CALI_CFG1, &calibration, error);
    if (rc == 0)
        rc = loader_read_efuse(loader, EFUSE_WORD4, &efuse, error);
    if (rc < 0)
        return rc;

    double seen = (double)(calibration >> 7 & 0x1FFFFFF) * 15625.0 * (double)(efuse & 0xFF) / 40.0;
    double real = seen > 33e6 ? 40e6 : 26e6;
    /* Nothing measured, or nonsense: better the rate as it is. */
    *rate = seen > 20e6 && seen < 60e6 ? (uint32_t)(baud * seen / real) : baud;
    return 0;
}

/* UART0's divider was found by the ROM from the rate that it heard (esptool: get_crystal_freq). */
static int crystal_mhz(struct loader *loader, unsigned *mhz, struct error *error)
{
    uint32_t divider;
    int rc = loader_read_reg(loader, loader->chip->uart_clkdiv, &divider, error);

    if (rc < 0)
        return rc;
    double seen = loader->link->baud * (double)(divider & 0xFFFFF) / 1e6;
    *mhz = seen > 45 ? 48 : seen > 33 ? 40 : 26;
    return 0;
}

/* The ESP32-C2's ROM takes every crystal for one of 40 MHz (esptool esp32c2.py: change_baud). */
static int esp32c2_rom_rate(struct loader *loader, unsigned baud, uint32_t *rate,
                            struct error *error)
{
    unsigned mhz;
    int rc = crystal_mhz(loader, &mhz, error);

    *rate = rc == 0 && mhz == 26 ? (uint32_t)((uint64_t)baud * 40 / 26) : baud;
    return rc;
}

/* The ESP32-C5's ROM may have the wrong one of 40 and 48 MHz in mind (esptool esp32c5.py). */
static int esp32c5_rom_rate(struct loader *loader, unsigned baud, uint32_t *rate,
                            struct error *error)
{
    enum { PCR_SYSCLK_CONF = 0x60096110 };
    uint32_t sysclk;
    unsigned mhz;

    *rate = baud;
    int rc = crystal_mhz(loader, &mhz, error);
    if (rc == 0)
        rc = loader_read_reg(loader, PCR_SYSCLK_CONF, &sysclk, error);
    if (rc < 0)
        return rc;
    unsigned expected = sysclk >> 24 & 0x7F;
    if ((mhz == 40 && expected == 48) || (mhz == 48 && expected == 40))
        *rate = (uint32_t)((uint64_t)baud * expected / mhz);
    return 0;
}

/* What to ask a ROM for so that `baud` comes out; the factor is found out once. */
static int rom_rate(struct loader *loader, unsigned baud, uint32_t *rate, struct error *error)
{
    int rc = 0;

    *rate = baud;
    if (loader->rom_scale == 0 && !loader->secure_download) { /* else no register can be read */
        if (loader->chip->id == CHIP_ESP32)
            rc = esp32_rom_rate(loader, baud, rate, error);
        else if (loader->chip->id == CHIP_ESP32C2)
            rc = esp32c2_rom_rate(loader, baud, rate, error);
        else if (loader->chip->id == CHIP_ESP32C5)
            rc = esp32c5_rom_rate(loader, baud, rate, error);
        if (rc < 0)
            return rc;
        loader->rom_scale = (double)*rate / baud;
    }
    if (loader->rom_scale > 0)
        *rate = (uint32_t)(baud * loader->rom_scale + 0.5);
    return 0;
}

static bool rom_can(const struct loader *loader)
{
    enum chip_id id = loader->chip->id;

    /* esptool refuses these two in Secure Download Mode: their crystal can't be found out. */
    if (loader->secure_download && (id == CHIP_ESP32C2 || id == CHIP_ESP32C5))
        return false;
    return loader->chip->rom_baud;
}

/* Words of all kinds into registers that nobody minds, the SPI controller's data, and back: both
 * directions have to carry. Few, as a damaged address would write to another register; what data
 * does to the line, the first block shows (prove_block). 0, an error of command_run, or
 * ERR_BAD_REPLY. */
static int echo(struct loader *loader, int64_t timeout_ms, struct error *error)
{
    uint32_t w0 = loader->chip->spi.base + loader->chip->spi.w0;
    uint32_t words[PROOF_WORDS], x = (uint32_t)clock_us() | 1;
    uint8_t data[16 * PROOF_WORDS], address[4];
    struct request write = {.op = OP_WRITE_REG, .data = data, .timeout_ms = timeout_ms};
    struct request read = {.op = OP_READ_REG, .data = address, .timeout_ms = timeout_ms};
    struct reply reply;

    for (unsigned i = 0; i < PROOF_WORDS; i++) {
        x = x * 1664525 + 1013904223;
        words[i] = x ^ x >> 16;
        write.n += WORDS(data + write.n, w0 + 4 * i, words[i], 0xFFFFFFFF, 0);
    }
    int rc = command_run(loader, &write, NULL, error);
    for (unsigned i = 0; i < PROOF_WORDS && rc == 0; i++) {
        read.n = WORDS(address, w0 + 4 * i);
        rc = command_run(loader, &read, &reply, error);
        if (rc == 0 && reply.value != words[i])
            rc = error_set(error, ERR_BAD_REPLY, "0x%08x was written and 0x%08x read", words[i],
                           reply.value);
    }
    return rc;
}

static int prove_once(struct loader *loader, int64_t timeout_ms, struct error *error)
{
    struct security_info info;

    error_clear(error);
    return loader->secure_download ? loader_security_info(loader, &info, error)
                                   : echo(loader, timeout_ms, error);
}

static int prove(struct loader *loader, struct error *error)
{
    int rc = prove_once(loader, PROOF_TIMEOUT_MS, error);

    return rc == ERR_NO_REPLY ? prove_once(loader, PROOF_AGAIN_MS, error) : rc;
}

static int host_rate(struct loader *loader, unsigned baud, struct error *error)
{
    int rc = link_set_baud(loader->link, baud);

    if (rc < 0)
        return command_link_error(loader, rc, error);
    rc = link_sleep(loader->link, SETTLE_MS);
    if (rc < 0)
        return command_link_error(loader, rc, error);
    command_discard(loader);
    return 0;
}

static struct request change(const struct loader *loader, uint32_t rate, uint32_t old,
                             uint8_t *data)
{
    /* The second word tells a stub the old rate; the ROM wants 0. */
    return (struct request){.op = OP_CHANGE_BAUDRATE,
                            .data = data,
                            .n = WORDS(data, rate, loader->stage == STAGE_STUB ? old : 0)};
}

static bool is_over(int rc)
{
    return rc == ERR_CANCELLED || rc == ERR_PORT_LOST;
}

/* Tells the chip at the one rate to go to the other, and looks for it there. Whether it was heard
 * does not matter: a stub may first have to tell of a block that it could not take, and an answer
 * gets lost as easily as a request. */
static int down_once(struct loader *loader, unsigned from, unsigned to, struct error *error)
{
    uint8_t data[8];
    uint32_t rate = to;
    int rc = link_set_baud(loader->link, from);

    if (rc < 0)
        return command_link_error(loader, rc, error);
    if (loader->stage != STAGE_STUB && loader->rom_scale > 0)
        rate = (uint32_t)(to * loader->rom_scale + 0.5);
    struct request request = change(loader, rate, from, data);
    request.timeout_ms = DOWN_TIMEOUT_MS;
    rc = command_run(loader, &request, NULL, error);
    if (is_over(rc))
        return rc;
    error_clear(error);
    rc = host_rate(loader, to, error);
    return rc == 0 ? prove_once(loader, PROOF_TIMEOUT_MS, error) : rc;
}

/* A line that spoils blocks lets many of these short frames through. Who can reset the chip does
 * that after a few; who can't has nothing but them. */
static int come_down(struct loader *loader, unsigned from, unsigned to, struct error *error)
{
    struct error own = {0};

    for (int i = 0; i < (loader->resets ? DOWN_TRIES : DOWN_TRIES_NO_RESET); i++) {
        error_clear(&own);
        int rc = down_once(loader, from, to, &own);
        if (rc == 0)
            return 0;
        if (is_over(rc) || loader->link->error.code != ERR_OK)
            return error_set(error, (enum err)rc, "%s", own.text);
    }
    return error_set(error, ERR_NO_REPLY,
                     "the chip answers neither at %u baud nor at %u after the change", from, to);
}

int loader_baud_down(struct loader *loader, unsigned baud, struct error *error)
{
    return come_down(loader, loader->link->baud, baud, error);
}

/* An adapter that refuses the rate must do so before the chip has changed its own. */
static int host_check(struct loader *loader, unsigned baud, unsigned old, struct error *error)
{
    int rc = link_set_baud(loader->link, baud);
    int back = link_set_baud(loader->link, old);

    if (rc == 0)
        rc = back;
    return rc < 0 ? command_link_error(loader, rc, error) : 0;
}

int loader_set_baud(struct loader *loader, unsigned baud, struct error *error)
{
    bool rom = loader->stage != STAGE_STUB;
    unsigned old = loader->link->baud;
    uint32_t rate = baud;
    uint8_t data[8];

    if (baud == old || !loader->link->has_baud)
        return 0;
    if (rom && !rom_can(loader))
        return error_set(error, ERR_NOT_POSSIBLE,
                         "the %s's ROM can't change its rate: it stays at %u baud",
                         loader->chip->name, old);

    int rc = host_check(loader, baud, old, error);
    if (rc == 0 && rom)
        rc = rom_rate(loader, baud, &rate, error);
    if (rc < 0)
        return rc;

    struct request request = change(loader, rate, old, data);
    rc = command_run(loader, &request, NULL, error);
    if (rc == 0)
        rc = host_rate(loader, baud, error);
    if (rc < 0)
        return rc;

    struct error own = {0};
    rc = prove(loader, &own);
    if (rc == 0 || is_over(rc))
        return rc < 0 ? error_set(error, (enum err)rc, "%s", own.text) : 0;
    rc = come_down(loader, baud, old, error);
    if (rc == 0)
        log_line(loader->log, LOG_WARNING, "%u baud does not work here; it stays at %u", baud, old);
    return rc;
}
