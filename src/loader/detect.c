/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which chip answers: GET_SECURITY_INFO tells on all since the ESP32-C3, the word at 0x40001000 on
 * the older ones (esptool: detect_chip). */
#include "loader/command.h"
#include "loader/connect.h"
#include "loader/identify.h"

enum { MAGIC_ADDRESS = 0x40001000, MAGIC_TRIES = 3, MAGIC_PAUSE_MS = 200 };

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

static int by_chip_id(struct loader *loader, int chip_id, const struct chip **chip,
                      struct error *error)
{
    const char *name = chip_pre_series_name(chip_id);

    *chip = chip_by_image_id(chip_id);
    if (*chip)
        return 0;
    if (name)
        return error_set(error, ERR_CHIP_UNSUPPORTED,
                         "%s: this is an %s, a pre-series chip that is not supported",
                         loader->link->address, name);
    return error_set(error, ERR_CHIP_UNSUPPORTED, "%s: this chip is not known (its chip id is %d)",
                     loader->link->address, chip_id);
}

static int find(struct loader *loader, const struct chip **chip, struct error *error)
{
    struct security_info info;
    struct error own = {0};

    int rc = loader_security_info(loader, &info, &own);
    if (rc == 0) {
        loader->secure_download = info.flags & SECURITY_SECURE_DOWNLOAD;
        if (info.chip_id >= 0)
            return by_chip_id(loader, info.chip_id, chip, error);
        *chip = chip_get(CHIP_ESP32S2);
        return 0;
    }
    if (rc != ERR_CHIP_REFUSED && rc != ERR_NO_REPLY && rc != ERR_BAD_REPLY)
        return error_set(error, (enum err)rc, "%s", own.text);
    return by_magic(loader, chip, error);
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
    return loader_after_connect(loader, error);
}
