/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The chip's memory: words through READ_REG and WRITE_REG, programs through MEM_BEGIN, MEM_DATA and
 * MEM_END (Espressif, "Serial Protocol", RAM download). */
#include "base/util.h"
#include "loader/flash.h"

#include <string.h>

enum {
    WORD = 4,
    PROGRESS_WORDS = 16,
    RUN_TIMEOUT_MS = 200 /* what starts may set the UART anew before the answer has left it */
};

bool loader_ram_holds(const struct chip *chip, uint32_t address, uint64_t size)
{
    for (size_t i = 0; i < ARRAY_LEN(chip->ram); i++) {
        const struct chip_range *range = &chip->ram[i];
        if (address >= range->start && address + size <= range->end)
            return true;
    }
    return false;
}

/* Only whole words can be read: at both ends some of their bytes are not asked for. */
int loader_ram_read(struct loader *loader, uint32_t address, uint8_t *data, size_t n,
                    const struct loader_progress *progress, struct error *error)
{
    uint64_t wire = loader->wire_received;
    uint32_t skip = address % WORD;
    unsigned words = 0;

    flash_progress(progress, 0, n, 0);
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
            flash_progress(progress, done, n, loader->wire_received - wire);
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
            flash_progress(progress, at + some, size, loader->wire_sent - wire);
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
