/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Another rate on both sides, and proof that it carries. */
#include "loader/command.h"
#include "loader/connect.h"

enum {
    SETTLE_MS = 50, /* what comes meanwhile is noise */
    PROOF_TRIES = 3,
    PROOF_TIMEOUT_MS = 300
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
        rc = loader_read_reg(loader, EFUSE_WORD4, &efuse, error);
    if (rc < 0)
        return rc;

    double seen = (double)(calibration >> 7 & 0x1FFFFFF) * 15625.0 * (double)(efuse & 0xFF) / 40.0;
    double real = seen > 33e6 ? 40e6 : 26e6;
    /* Nothing measured, or nonsense: better the rate as it is. */
    *rate = seen > 20e6 && seen < 60e6 ? (uint32_t)(baud * seen / real) : baud;
    return 0;
}

static int round_trip(struct loader *loader, struct error *error)
{
    uint8_t data[4];
    struct request read = {.op = OP_READ_REG,
                           .data = data,
                           .n = WORDS(data, 0x40001000),
                           .timeout_ms = PROOF_TIMEOUT_MS};
    struct security_info info;

    return loader->secure_download ? loader_security_info(loader, &info, error)
                                   : command_run(loader, &read, NULL, error);
}

/* 0, an error that ends everything, or the error of the last try. */
static int prove(struct loader *loader, struct error *error)
{
    int rc = 0;

    for (int i = 0; i < PROOF_TRIES; i++) {
        if (error)
            error_clear(error);
        rc = round_trip(loader, error);
        if (rc == 0 || rc == ERR_CANCELLED || rc == ERR_PORT_LOST)
            break;
    }
    return rc;
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

/* The new rate does not carry: tells the chip so, in case it hears us, and goes back. */
static int go_back(struct loader *loader, unsigned baud, unsigned old, struct error *error)
{
    uint8_t data[8];
    struct request request = change(loader, old, baud, data);
    struct error own = {0};

    int rc = command_send(loader, &request, &own);
    if (rc == 0)
        rc = host_rate(loader, old, &own);
    if (rc == 0)
        rc = prove(loader, &own);
    if (rc == 0) {
        log_line(loader->log, LOG_WARNING, "%u baud does not work here; it stays at %u", baud, old);
        return 0;
    }
    if (rc == ERR_CANCELLED || rc == ERR_PORT_LOST)
        return error_set(error, (enum err)rc, "%s", own.text);
    return error_set(error, ERR_NO_REPLY,
                     "the chip answers neither at %u baud nor at %u after the change", baud, old);
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
    if (rom && !loader->chip->rom_baud)
        return error_set(error, ERR_NOT_POSSIBLE,
                         "the %s's ROM can't change its rate: it stays at %u baud",
                         loader->chip->name, old);

    int rc = host_check(loader, baud, old, error);
    if (rc == 0 && rom && loader->chip->id == CHIP_ESP32 && !loader->secure_download)
        rc = esp32_rom_rate(loader, baud, &rate, error);
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
    if (rc == 0 || rc == ERR_CANCELLED || rc == ERR_PORT_LOST)
        return rc < 0 ? error_set(error, (enum err)rc, "%s", own.text) : 0;
    return go_back(loader, baud, old, error);
}
