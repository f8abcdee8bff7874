/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a chip needs right after connecting, before anything else (esptool: each chip's
 * _post_connect). */
#include "base/util.h"
#include "loader/command.h"
#include "loader/identify.h"

/* Over its own USB-Serial/JTAG the chip's watchdogs run on and would reset it in the middle of a
 * write. The super watchdog can't be stopped, but it can feed itself. */
static int watchdogs_stop(struct loader *loader, struct error *error)
{
    const struct chip_watchdog *dog = &loader->chip->watchdog;
    const uint32_t all = 0xFFFFFFFF;
    const struct reg_write writes[] = {{dog->protect, dog->key, all, 0},
                                       {dog->config0, 0, all, 0},
                                       {dog->protect, 0, all, 0},
                                       {dog->swd_protect, dog->swd_key, all, 0},
                                       {dog->swd_config, dog->swd_feed, dog->swd_feed, 0},
                                       {dog->swd_protect, 0, all, 0}};

    return loader_write_regs(loader, writes, ARRAY_LEN(writes), error);
}

/* The ESP32-P4 v3.1 and v3.2 leave their flash without power until someone turns it on; on a v3.2
 * the eFuse DOWNLOAD_MODE_XPD_ON has the ROM do that, and then its request must be withdrawn
 * instead (esptool esp32p4.py: power_on_flash). */
static int p4_flash_power(struct loader *loader, struct error *error)
{
    enum {
        REPEAT_DATA1 = 0x34,
        XPD_ON = 1 << 16,
        PAD_GROUP = 0x5011010C, /* LP_SYSTEM_REG_ANA_XPD_PAD_GROUP */
        LDO = 0x501151B8,       /* PMU_EXT_LDO_P0_0P1A */
        LDO_ANA = 0x501151BC,   /* PMU_EXT_LDO_P0_0P1A_ANA */
        DATE = 0x501153FC,      /* PMU_DATE: its low bits force the flash on */
        CURRENT_LIMIT = 1 << 27,
        TIE_HIGH = 1 << 7,
        SETTLE_MS = 2
    };
    static const struct reg_write off[] = {{DATE, 0, 0xFFFFFFFF, 0}};
    static const struct reg_write on[] = {
        {PAD_GROUP, 1, 0xFFFFFFFF, 0},   {LDO_ANA, CURRENT_LIMIT, CURRENT_LIMIT, 10000},
        {LDO, TIE_HIGH, TIE_HIGH, 0},    {DATE, 3, 3, 0},
        {LDO_ANA, 0, CURRENT_LIMIT, 50}, {LDO, 0, 0xFFu << 23, 0},
        {LDO, TIE_HIGH, TIE_HIGH, 0},    {LDO, 0, TIE_HIGH, 0}};
    uint32_t word = 0;

    int rc = loader_revision(loader, error);
    if (rc < 0 || (loader->revision != 301 && loader->revision != 302))
        return rc;
    if (loader->revision == 302)
        rc = loader_read_efuse(loader, loader->chip->efuse_base + REPEAT_DATA1, &word, error);
    if (rc == 0 && word & XPD_ON)
        return loader_write_regs(loader, off, ARRAY_LEN(off), error);
    if (rc == 0)
        rc = loader_write_regs(loader, on, ARRAY_LEN(on), error);
    if (rc < 0)
        return rc;
    rc = link_sleep(loader->link, SETTLE_MS);
    return rc < 0 ? command_link_error(loader, rc, error) : 0;
}

int loader_after_connect(struct loader *loader, struct error *error)
{
    int rc = 0;

    if (loader->secure_download)
        return 0;
    /* A stub that runs already was started by someone who has stopped them. */
    if (loader->stage == STAGE_ROM && loader_usb_jtag(loader) && loader->chip->watchdog.swd_config)
        rc = watchdogs_stop(loader, error);
    if (rc == 0 && loader->chip->id == CHIP_ESP32P4)
        rc = p4_flash_power(loader, error);
    return rc;
}
