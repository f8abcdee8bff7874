/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "loader/command.h"

#include "base/util.h"

#include <string.h>

enum { MD5_SECONDS_PER_MB = 8, MD5_SOON_MS_PER_MB = 2000, MD5_TEXT = 32, MD5_RAW = 16 };

bool loader_can_md5(const struct loader *loader)
{
    return loader->stage == STAGE_STUB || (loader->chip->rom_md5 && !loader->secure_download);
}

static bool hex_decode(const uint8_t *text, uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        int high = util_hex_digit((char)text[2 * i]), low = util_hex_digit((char)text[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        bytes[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

int loader_flash_md5(struct loader *loader, uint32_t address, uint32_t size, uint8_t md5[16],
                     struct error *error)
{
    bool stub = loader->stage == STAGE_STUB;
    uint8_t data[16];
    struct reply reply;
    struct request request = {.op = OP_FLASH_MD5,
                              .data = data,
                              .n = WORDS(data, address, size, 0, 0),
                              .reply_n = stub ? MD5_RAW : MD5_TEXT,
                              .timeout_ms = command_limit_ms(size, MD5_SECONDS_PER_MB),
                              .soon_ms = COMMAND_SOON_MS +
                                         (int64_t)(size >> 10) * MD5_SOON_MS_PER_MB / 1024,
                              .address = address,
                              .has_address = true};

    if (!loader_can_md5(loader))
        return error_set(error, ERR_NOT_POSSIBLE, "the %s's ROM has no MD5 of the flash%s",
                         loader->chip->name,
                         loader->secure_download ? " in Secure Download Mode" : "");
    int rc = command_run(loader, &request, &reply, error);
    if (rc < 0)
        return rc;
    if (stub)
        memcpy(md5, reply.data, MD5_RAW);
    else if (!hex_decode(reply.data, md5, MD5_RAW))
        return error_set(error, ERR_BAD_REPLY,
                         "SPI_FLASH_MD5 at 0x%08x: the ROM's answer is no MD5", address);
    return 0;
}
