/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The chip's memory: words through READ_REG and WRITE_REG, programs through MEM_BEGIN, MEM_DATA and
 * MEM_END (Espressif, "Serial Protocol", RAM download). */
#include "base/util.h"
#include "loader/command.h"

#include <string.h>

enum {
    WORD = 4,
    PROGRESS_WORDS = 16,
    RUN_TIMEOUT_MS = 200, /* what starts may set the UART anew before the answer has left it */
    RANGES_MAX = 4
};

/* Where programs can be loaded; from, and first address behind (esptool targets,
 * MEMORY_MAP; ESP-IDF soc.h of ESP32-H2 and P4; the ESP32's includes the RAM that becomes its
 * caches: bootloaders lie there). */
static const struct ram_range {
    uint32_t start, end;
} ranges[CHIP_COUNT][RANGES_MAX] = {
    [CHIP_ESP8266] = {{0x3FFE8000, 0x40000000}, {0x40100000, 0x40110000}},
    [CHIP_ESP32] = {{0x3FF80000, 0x3FF82000},
                    {0x3FFAE000, 0x40000000},
                    {0x40070000, 0x400C2000},
                    {0x50000000, 0x50002000}},
    [CHIP_ESP32S2] = {{0x3FF9E000, 0x3FFA0000},
                      {0x3FFB0000, 0x40000000},
                      {0x40020000, 0x40072000},
                      {0x50000000, 0x50002000}},
    [CHIP_ESP32S3] = {{0x3FC88000, 0x3FD00000},
                      {0x40370000, 0x403E0000},
                      {0x50000000, 0x50002000},
                      {0x600FE000, 0x60100000}},
    [CHIP_ESP32C2] = {{0x3FCA0000, 0x3FCE0000}, {0x4037C000, 0x403C0000}},
    [CHIP_ESP32C3] = {{0x3FC80000, 0x3FCE0000}, {0x4037C000, 0x403E0000}, {0x50000000, 0x50002000}},
    [CHIP_ESP32C5] = {{0x40800000, 0x40860000}, {0x50000000, 0x50004000}},
    [CHIP_ESP32C6] = {{0x40800000, 0x40880000}, {0x50000000, 0x50004000}},
    [CHIP_ESP32C61] = {{0x40800000, 0x40860000}, {0x50000000, 0x50004000}},
    [CHIP_ESP32H2] = {{0x40800000, 0x40850000}, {0x50000000, 0x50004000}},
    [CHIP_ESP32H21] = {{0x40800000, 0x40850000}, {0x50000000, 0x50004000}},
    [CHIP_ESP32H4] = {{0x40810000, 0x40860000}, {0x50000000, 0x50004000}},
    [CHIP_ESP32P4] = {{0x4FF00000, 0x4FFC0000}, {0x50108000, 0x50110000}},
    [CHIP_ESP32S31] = {{0x2E000000, 0x2E008000}, {0x2F000000, 0x2F080000}},
    [CHIP_ESP32E22] = {{0x30FE0000, 0x31200000}, {0xC0000000, 0xC0008000}},
};

bool loader_ram_holds(const struct chip *chip, uint32_t address, uint64_t size)
{
    for (size_t i = 0; i < RANGES_MAX; i++) {
        const struct ram_range *range = &ranges[chip->id][i];
        if (address >= range->start && address + size <= range->end)
            return true;
    }
    return false;
}

static void report(const struct loader_progress *progress, uint64_t done, uint64_t total,
                   uint64_t wire)
{
    if (progress && progress->put)
        progress->put(progress->context, done, total, wire);
}

/* Only whole words can be read: at both ends some of their bytes are not asked for. */
int loader_ram_read(struct loader *loader, uint32_t address, uint8_t *data, size_t n,
                    const struct loader_progress *progress, struct error *error)
{
    uint64_t wire = loader->wire_received;
    uint32_t skip = address % WORD;
    unsigned words = 0;

    report(progress, 0, n, 0);
    for (size_t done = 0; done < n; skip = 0) {
        uint8_t bytes[WORD];
        uint32_t value;
        int rc = loader_read_reg(loader, (address + (uint32_t)done) & ~(uint32_t)(WORD - 1), &value,
                                 error);
        if (rc < 0)
            return rc;
        le32_put(bytes, value);
        size_t some = WORD - skip < n - done ? WORD - skip : n - done;
        memcpy(data + done, bytes + skip, some);
        done += some;
        if (++words % PROGRESS_WORDS == 0 || done == n)
            report(progress, done, n, loader->wire_received - wire);
    }
    return 0;
}

static uint32_t ram_block(const struct loader *loader)
{
    return loader_usb_otg(loader) ? OTG_BLOCK : RAM_BLOCK;
}

/* A block must not be sent twice: the ROM counts it even when its checksum was wrong. */
int loader_ram_write(struct loader *loader, uint32_t address, const uint8_t *bytes, size_t n,
                     const struct loader_progress *progress, struct error *error)
{
    uint8_t data[16];
    uint64_t wire = loader->wire_sent;
    uint32_t size = (uint32_t)n, step = ram_block(loader), blocks = (size + step - 1) / step;
    struct request begin = {.op = OP_MEM_BEGIN,
                            .data = data,
                            .n = WORDS(data, size, blocks, step, address),
                            .address = address,
                            .has_address = true};

    if (loader->stage == STAGE_STUB)
        return error_set(error, ERR_NOT_POSSIBLE,
                         "0x%08x: a stub runs in the RAM, which a program would overwrite",
                         address);
    int rc = command_run(loader, &begin, NULL, error);
    for (uint32_t i = 0; i < blocks && rc == 0; i++) {
        uint32_t at = i * step, some = size - at < step ? size - at : step;
        struct request block = {.op = OP_MEM_DATA,
                                .data = data,
                                .n = WORDS(data, some, i, 0, 0),
                                .payload = bytes + at,
                                .payload_n = some,
                                .address = address + at,
                                .has_address = true};
        rc = command_run(loader, &block, NULL, error);
        if (rc == 0)
            report(progress, at + some, size, loader->wire_sent - wire);
    }
    return rc;
}

int loader_ram_run(struct loader *loader, uint32_t entry, struct error *error)
{
    uint8_t data[8];
    struct request end = {.op = OP_MEM_END,
                          .data = data,
                          .n = WORDS(data, 0, entry),
                          .timeout_ms = RUN_TIMEOUT_MS,
                          .address = entry,
                          .has_address = true};
    struct error own = {0};

    int rc = command_run(loader, &end, NULL, &own);
    if (rc == ERR_NO_REPLY || rc == ERR_BAD_REPLY)
        log_line(loader->log, LOG_INFO, "the ROM's answer to the start was not received");
    else if (rc < 0)
        return error_set(error, (enum err)rc, "%s", own.text);
    loader->stage = STAGE_NONE;
    return 0;
}
