/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Connects the loader with the flash chip, and finds out which one it is. What is done to the flash
 * and why: esptool cmds.py, attach_flash. All that is known of a command's answer is asked for at
 * once, as every round trip counts on adapters that hold an answer back for 16 ms.
 */
#include "base/util.h"
#include "loader/command.h"
#include "loader/spi.h"
#include "loader/spi_connection.h"

#include <string.h>

#define MB (1024u * 1024u)

enum {
    REACHABLE_MAX = 16 * 1024 * 1024, /* three address bytes */
    SIZE_ASSUMED = 4 * 1024 * 1024,
    SIZE_SECURED = 2 * 1024 * 1024, /* what ROMs take it for unless told */
    XMC = 0x20,
    SFDP_MANUFACTURER = 0x10,
    RESET_US = 1000,
    XMC_WAKE_US = 2000
};

/* Where in the package of some ESP32 the flash is wired, from eFuses; 0: the usual pins (esptool
 * esp32.py: get_chip_spi_pads). */
static int esp32_pads(struct loader *loader, uint32_t *pads, struct error *error)
{
    uint32_t base = loader->chip->efuse_base, word5, word3;

    int rc = loader_read_efuse(loader, base + 4 * 5, &word5, error);
    if (rc == 0)
        rc = loader_read_efuse(loader, base + 4 * 3, &word3, error);
    if (rc < 0)
        return rc;
    uint32_t clk = word5 & 0x1F, q = word5 >> 5 & 0x1F, d = word5 >> 10 & 0x1F;
    uint32_t cs = word5 >> 15 & 0x1F, hd = word3 >> 4 & 0x1F;
    *pads = spi_connection_value(clk, q, d, hd, cs);
    return 0;
}

/* The word of SPI_ATTACH: as asked for, or from the ESP32's eFuses, or 0. */
static int attach_word(struct loader *loader, const struct spi_connection *connection,
                       uint32_t *word, struct error *error)
{
    *word = 0;
    if (connection && connection->given) {
        *word = connection->value;
        return spi_connection_check(loader->chip, connection, loader->log, error);
    }
    if (loader->chip->id == CHIP_ESP32 && loader->stage != STAGE_STUB && !loader->secure_download)
        return esp32_pads(loader, word, error);
    return 0;
}

/* A stub attaches the flash when it starts, at the usual pins; the ROM has to be told. */
static int attach(struct loader *loader, const struct spi_connection *connection,
                  struct error *error)
{
    uint8_t data[16];
    uint32_t word;
    bool stub = loader->stage == STAGE_STUB, given = connection && connection->given;

    if (stub && !given)
        return 0;
    int rc = attach_word(loader, connection, &word, error);
    if (rc < 0)
        return rc;
    if (!stub && !loader->chip->rom_attach) {
        /* The ESP8266's ROM does it in FLASH_BEGIN, and only at its SPI pins. */
        struct request begin = {
            .op = OP_FLASH_BEGIN, .data = data, .n = WORDS(data, 0, 0, ROM_BLOCK, 0)};
        if (word != 0)
            return error_set(error, ERR_NOT_POSSIBLE,
                             "the %s's ROM can't reach a flash on HSPI; its stub can",
                             loader->chip->name);
        return command_run(loader, &begin, NULL, error);
    }
    struct request attach = {.op = OP_SPI_ATTACH, .data = data, .n = WORDS(data, word, 0)};
    if (stub)
        attach.n = 4; /* the ROM's second word, "is legacy", is unknown to stubs */
    return command_run(loader, &attach, NULL, error);
}

/* Bytes by the third byte of the id, 2 to its power; some makers use other ranges (esptool:
 * DETECTED_FLASH_SIZES). */
static uint64_t size_by_id(const uint8_t id[3])
{
    enum { ADESTO = 0x1F };
    unsigned code = id[2];

    if (id[0] == ADESTO) {
        unsigned n = id[1] & 0x1F;
        return n >= 4 && n <= 9 ? (uint64_t)512 * 1024 << (n - 4) : 0;
    }
    if (code >= 0x12 && code <= 0x1C)
        return (uint64_t)1 << code;
    if (code >= 0x20 && code <= 0x22)
        return (uint64_t)64 * MB << (code - 0x20);
    if (code >= 0x32 && code <= 0x3A)
        return (uint64_t)1 << (code - 0x20);
    return 0;
}

static bool is_blank(const uint8_t id[3])
{
    uint32_t all = (uint32_t)id[0] << 16 | (uint32_t)id[1] << 8 | id[2];

    return all == 0 || all == 0xFFFFFF || all == 0x3FFFFF;
}

/* Ids that an XMC flash has when it has started as it should. */
static bool is_xmc(const uint8_t id[3])
{
    return id[0] == XMC && ((id[1] == 0x40 && id[2] >= 0x13 && id[2] <= 0x20) ||
                            (id[1] == 0x41 && id[2] >= 0x17 && id[2] <= 0x20) ||
                            (id[1] == 0x50 && id[2] >= 0x15 && id[2] <= 0x16));
}

/* Some XMC flashes start wrong and answer with another id; only SFDP still says who they are. Then
 * a deep sleep and its end put them right (esptool: flash_xmc_startup). */
static int xmc_start(struct loader *loader, uint8_t id[3], struct error *error)
{
    struct spi_command wake[] = {{.opcode = 0xB9}, /* deep power down */
                                 {.opcode = 0x79}, /* ultra deep power down */
                                 {.opcode = 0xFF}, /* out of it */
                                 {.opcode = 0xAB, .pause_us = XMC_WAKE_US},
                                 {.opcode = SPI_READ_ID, .read_n = 3, .pause_us = 20}};
    uint8_t manufacturer;

    int rc = spi_read_sfdp(loader, SFDP_MANUFACTURER, &manufacturer, 1, error);
    if (rc < 0 || manufacturer != XMC)
        return rc;
    log_line(loader->log, LOG_WARNING, "the XMC flash did not start as it should: waking it up");
    rc = spi_run_several(loader, wake, ARRAY_LEN(wake), id, error);
    if (rc == 0 && !is_xmc(id))
        log_line(loader->log, LOG_WARNING, "the XMC flash could not be woken up");
    return rc;
}

/* The reset clears what a program has left the flash in: that could keep the ROM from starting the
 * next one. */
static int read_id(struct loader *loader, struct flash_facts *facts, struct error *error)
{
    struct spi_command reset[] = {{.opcode = SPI_ENABLE_RESET},
                                  {.opcode = SPI_RESET},
                                  {.opcode = SPI_READ_ID, .read_n = 3, .pause_us = RESET_US}};
    uint8_t id[3];

    int rc = spi_run_several(loader, reset, ARRAY_LEN(reset), id, error);
    if (rc == 0 && !is_xmc(id))
        rc = xmc_start(loader, id, error);
    if (rc < 0)
        return rc;
    if (is_blank(id))
        return error_set(error, ERR_NO_FLASH,
                         "the flash chip does not answer: its id reads as %02x %02x %02x", id[0],
                         id[1], id[2]);
    facts->manufacturer = id[0];
    facts->device = (uint16_t)(id[1] << 8 | id[2]);
    facts->fitted = facts->size = size_by_id(id);
    util_copy(facts->vendor, sizeof facts->vendor, flash_vendor_name(id[0]));
    return 0;
}

static int set_params(struct loader *loader, struct error *error)
{
    uint8_t data[24];
    uint32_t total = (uint32_t)loader->flash_size; /* the largest has 256 MB */
    struct request request = {.op = OP_SPI_SET_PARAMS,
                              .data = data,
                              .n = WORDS(data, 0, total, 0x10000, FLASH_SECTOR, 0x100, 0xFFFF)};

    return command_run(loader, &request, NULL, error);
}

/* Addresses past the end of a flash wrap around, and so does the MD5 that is to confirm them: more
 * than the flash tells is never believed. */
static void choose_size(struct loader *loader, uint64_t asked, struct flash_facts *facts)
{
    char fitted[16], wanted[16];

    if (facts->size != 0 && asked > facts->size)
        log_line(loader->log, LOG_WARNING, "the flash has %s, not the %s that were asked for",
                 util_size_format(fitted, sizeof fitted, facts->size),
                 util_size_format(wanted, sizeof wanted, asked));
    else if (asked != 0)
        facts->size = asked;
    loader->flash_size = facts->size;
    loader->flash_limit = NULL;
}

/* What of it can be worked on. */
static void limit_size(struct loader *loader, const struct flash_facts *facts)
{
    bool stub = loader->stage == STAGE_STUB;

    if (facts->size == 0) {
        loader->flash_size = loader->secure_download ? SIZE_SECURED : SIZE_ASSUMED;
        loader->flash_limit = loader->secure_download
                                  ? "in Secure Download Mode the size of the flash can't be read "
                                    "and counts as 2 MB: tell it with --flash-size"
                                  : "the size of the flash can't be told from its id and counts as "
                                    "4 MB: tell it with --flash-size";
        log_line(loader->log, LOG_WARNING, "%s", loader->flash_limit);
    } else if (facts->size > REACHABLE_MAX && !(stub && loader->chip->flash_32bit)) {
        loader->flash_size = REACHABLE_MAX;
        loader->flash_limit = loader->chip->flash_32bit
                                  ? "only the first 16 MB of the flash can be reached by the ROM"
                                  : "only the first 16 MB of the flash can be reached";
        log_line(loader->log, LOG_WARNING, "%s", loader->flash_limit);
    }
}

int loader_flash_attach(struct loader *loader, const struct spi_connection *connection,
                        uint64_t size, struct flash_facts *facts, struct error *error)
{
    memset(facts, 0, sizeof *facts);
    int rc = attach(loader, connection, error);
    if (rc == 0 && !loader->secure_download)
        rc = read_id(loader, facts, error);
    if (rc < 0)
        return error_context(error, "attaching the flash");

    choose_size(loader, size, facts);
    limit_size(loader, facts);
    /* Without a size the ROM in Secure Download Mode keeps its own. */
    if ((loader->stage == STAGE_STUB || loader->chip->rom_attach) &&
        !(loader->secure_download && facts->size == 0))
        rc = set_params(loader, error);
    return rc < 0 ? error_context(error, "attaching the flash") : 0;
}
