/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which chip answers: GET_SECURITY_INFO tells on all since the ESP32-C3, the word at 0x40001000 on
 * the older ones (esptool: detect_chip). */
#include "loader/connect.h"

#include "base/util.h"
#include "loader/command.h"

#include <string.h>

enum {
    MAGIC_ADDRESS = 0x40001000,
    MAGIC_TRIES = 3,
    MAGIC_PAUSE_MS = 200,
    SECURITY_FLAG_DOWNLOAD = 1 << 2,
    DETECT_TIMEOUT_MS = 1000,
};

int loader_security_info(struct loader *loader, struct security_info *info, struct error *error)
{
    /* 20 bytes and status; 12 bytes without the chip id on the ESP32-S2. A refusal is shorter. */
    struct request request = {
        .op = OP_SECURITY_INFO, .reply_n = 20, .timeout_ms = DETECT_TIMEOUT_MS};
    struct reply reply;
    struct error own = {0};

    int rc = command_run(loader, &request, &reply, &own);
    bool is_short = rc < 0 && reply.n >= 12 + 2;
    if (rc < 0 && !is_short)
        return error_set(error, (enum err)rc, "%s", own.text);
    info->flags = le32_get(reply.data);
    info->flash_crypt_cnt = reply.data[4];
    memcpy(info->key_purposes, reply.data + 5, sizeof info->key_purposes);
    info->chip_id = is_short ? -1 : (int)le32_get(reply.data + 12);
    info->api_version = is_short ? -1 : (int)le32_get(reply.data + 16);
    return 0;
}

static int by_magic(struct loader *loader, const struct chip **chip, struct error *error)
{
    uint32_t magic;
    struct error own = {0};
    int rc = 0;

    /* Over a slow network, refusals of the command before may still come in. */
    for (int i = 0; i < MAGIC_TRIES; i++) {
        error_clear(&own);
        rc = loader_read_reg(loader, MAGIC_ADDRESS, &magic, &own);
        if (rc != ERR_CHIP_REFUSED)
            break;
        int slept = link_sleep(loader->link, MAGIC_PAUSE_MS);
        if (slept < 0)
            return command_link_error(loader, slept, error);
        command_discard(loader);
    }
    if (rc == ERR_CHIP_REFUSED) {
        /* Only the ESP32-S2 in Secure Download Mode knows neither command in full. */
        loader->secure_download = true;
        *chip = chip_get(CHIP_ESP32S2);
        return 0;
    }
    if (rc < 0)
        return error_set(error, (enum err)rc, "%s", own.text);
    *chip = chip_by_magic(magic);
    if (*chip == NULL)
        return error_set(error, ERR_CHIP_UNSUPPORTED,
                         "%s: this chip is not known (the word at 0x40001000 is 0x%08x)",
                         loader->link->address, magic);
    return 0;
}

static int find(struct loader *loader, const struct chip **chip, struct error *error)
{
    struct security_info info;
    struct error own = {0};

    int rc = loader_security_info(loader, &info, &own);
    if (rc == 0) {
        loader->secure_download = info.flags & SECURITY_FLAG_DOWNLOAD;
        if (info.chip_id < 0) {
            *chip = chip_get(CHIP_ESP32S2);
            return 0;
        }
        *chip = chip_by_image_id(info.chip_id);
        if (*chip)
            return 0;
        return error_set(error, ERR_CHIP_UNSUPPORTED,
                         "%s: this chip is not known (its chip id is %d)", loader->link->address,
                         info.chip_id);
    }
    if (rc != ERR_CHIP_REFUSED && rc != ERR_NO_REPLY && rc != ERR_BAD_REPLY)
        return error_set(error, (enum err)rc, "%s", own.text);
    return by_magic(loader, chip, error);
}

/* Over its own USB-Serial/JTAG the chip's watchdogs run on and would reset it in the middle of a
 * write (esptool esp32c3.py: disable_watchdogs; registers: ESP32-C3 TRM, low-power management). */
static int watchdogs_stop(struct loader *loader, struct error *error)
{
    enum {
        WDT_CONFIG0 = 0x60008090,
        WDT_PROTECT = 0x600080A8,
        SWD_CONFIG = 0x600080AC,
        SWD_PROTECT = 0x600080B0,
        WDT_KEY = 0x50D83AA1
    };
    const uint32_t swd_key = 0x8F1D312A, auto_feed = 1u << 31;
    uint32_t swd;

    int rc = loader_read_reg(loader, SWD_CONFIG, &swd, error);
    if (rc < 0)
        return rc;
    const uint32_t writes[][2] = {
        {WDT_PROTECT, WDT_KEY},        {WDT_CONFIG0, 0}, {WDT_PROTECT, 0}, {SWD_PROTECT, swd_key},
        {SWD_CONFIG, swd | auto_feed}, {SWD_PROTECT, 0}};
    for (size_t i = 0; i < ARRAY_LEN(writes) && rc == 0; i++)
        rc = loader_write_reg(loader, writes[i][0], writes[i][1], error);
    return rc;
}

int loader_detect(struct loader *loader, enum chip_id wanted, struct error *error)
{
    const struct chip *chip = NULL;
    const struct chip *asked = chip_get(wanted);

    int rc = find(loader, &chip, error);
    if (rc < 0)
        return rc;
    loader->chip = chip;
    if (asked && asked != chip)
        return error_set(error, ERR_WRONG_CHIP, "%s: this chip is %s, not %s",
                         loader->link->address, chip->name, asked->name);
    if (chip->support != CHIP_SUPPORTED)
        return error_set(error, ERR_CHIP_UNSUPPORTED, "%s: %s is known, but not yet supported",
                         loader->link->address, chip->name);

    if (chip->id == CHIP_ESP32C3 && loader->stage == STAGE_ROM && !loader->secure_download &&
        port_is_usb_jtag(&loader->link->port))
        rc = watchdogs_stop(loader, error);
    return rc;
}
