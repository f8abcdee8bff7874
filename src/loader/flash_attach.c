/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Connects the loader with the flash chip, and finds out which one it is. */
#include "base/util.h"
#include "loader/command.h"
#include "loader/spi.h"

#include <string.h>

#define MB            (1024u * 1024u)
#define REACHABLE_MAX (16u * MB) /* three address bytes */

/* Where in the package of some ESP32 the flash is wired, from eFuses; 0: the usual pins (esptool
 * esp32.py: get_chip_spi_pads). */
static int esp32_pads(struct loader *loader, uint32_t *pads, struct error *error)
{
    uint32_t base = loader->chip->efuse_base, word5, word3;

    int rc = loader_read_reg(loader, base + 4 * 5, &word5, error);
    if (rc == 0)
        rc = loader_read_reg(loader, base + 4 * 3, &word3, error);
    if (rc < 0)
        return rc;
    uint32_t clk = word5 & 0x1F, q = word5 >> 5 & 0x1F, d = word5 >> 10 & 0x1F;
    uint32_t cs = word5 >> 15 & 0x1F, hd = word3 >> 4 & 0x1F;
    *pads = hd << 24 | cs << 18 | d << 12 | q << 6 | clk;
    return 0;
}

/* A stub attaches the flash when it starts; the ROM has to be told. */
static int rom_attach(struct loader *loader, struct error *error)
{
    uint8_t data[16];
    uint32_t pads = 0;
    int rc = 0;

    if (!loader->chip->rom_attach) {
        /* The ESP8266's ROM does it in FLASH_BEGIN. */
        struct request begin = {
            .op = OP_FLASH_BEGIN, .data = data, .n = WORDS(data, 0, 0, ROM_BLOCK, 0)};
        return command_run(loader, &begin, NULL, error);
    }
    if (loader->chip->id == CHIP_ESP32 && !loader->secure_download)
        rc = esp32_pads(loader, &pads, error);
    if (rc < 0)
        return rc;
    struct request attach = {.op = OP_SPI_ATTACH, .data = data, .n = WORDS(data, pads, 0)};
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

static int read_id(struct loader *loader, struct flash_facts *facts, struct error *error)
{
    struct spi_command command = {.opcode = SPI_READ_ID, .read_n = 3};
    uint8_t id[3];

    int rc = spi_run(loader, &command, id, error);
    if (rc < 0)
        return rc;
    uint32_t all = (uint32_t)id[0] << 16 | (uint32_t)id[1] << 8 | id[2];
    if (all == 0 || all == 0xFFFFFF || all == 0x3FFFFF)
        return error_set(error, ERR_NO_FLASH,
                         "the flash chip does not answer: its id reads as %02x %02x %02x", id[0],
                         id[1], id[2]);
    facts->manufacturer = id[0];
    facts->device = (uint16_t)(id[1] << 8 | id[2]);
    facts->size = size_by_id(id);
    util_copy(facts->vendor, sizeof facts->vendor, flash_vendor_name(id[0]));
    return 0;
}

static int set_params(struct loader *loader, uint64_t size, struct error *error)
{
    uint8_t data[24];
    uint32_t total = size > 0xFFFFFFFF ? 0xFFFFFFFF : (uint32_t)size;
    struct request request = {.op = OP_SPI_SET_PARAMS,
                              .data = data,
                              .n = WORDS(data, 0, total, 0x10000, FLASH_SECTOR, 0x100, 0xFFFF)};

    return command_run(loader, &request, NULL, error);
}

int loader_flash_attach(struct loader *loader, const struct spi_connection *connection,
                        uint64_t size, struct flash_facts *facts, struct error *error)
{
    bool stub = loader->stage == STAGE_STUB;
    int rc = 0;

    (void)connection;
    memset(facts, 0, sizeof *facts);
    if (!stub)
        rc = rom_attach(loader, error);
    if (rc == 0 && !loader->secure_download)
        rc = read_id(loader, facts, error);
    if (rc < 0)
        return error_context(error, "attaching the flash");

    /* Addresses past the end of a flash wrap around, and so does the MD5 that is to confirm them:
     * more than the flash tells is never believed. */
    if (facts->size != 0 && size > facts->size)
        log_line(loader->log, LOG_WARNING,
                 "the flash has %llu bytes, not the %llu that were asked for",
                 (unsigned long long)facts->size, (unsigned long long)size);
    else if (size != 0)
        facts->size = size;
    if (facts->size == 0)
        log_line(loader->log, LOG_WARNING,
                 "the size of the flash is not known (id %02x %04x): taken as 4 MB",
                 facts->manufacturer, facts->device);
    if (facts->size > REACHABLE_MAX)
        log_line(loader->log, LOG_WARNING, "only the first 16 MB of the flash can be reached");
    loader->flash_size = facts->size > REACHABLE_MAX ? REACHABLE_MAX : facts->size;

    if (stub || loader->chip->rom_attach)
        rc = set_params(loader, loader->flash_size ? loader->flash_size : 4 * MB, error);
    return rc < 0 ? error_context(error, "attaching the flash") : 0;
}
