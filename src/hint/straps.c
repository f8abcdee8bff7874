/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hint/straps.h"

#include "base/util.h"

#include <stdio.h>
#include <string.h>

const struct straps straps_table[] = {
    /* The first number of "boot mode:(a,b)". */
    {CHIP_ESP8266,
     {{2, "GPIO0", LEVEL_LOW}, {1, "GPIO2", LEVEL_HIGH}, {4, "GPIO15", LEVEL_LOW}, {0}}},
    {CHIP_ESP32,
     {{0x10, "GPIO0", LEVEL_LOW},
      {0x08, "GPIO2", LEVEL_LOW},
      {0x20, "GPIO12", LEVEL_ANY},
      {0x02, "GPIO15", LEVEL_ANY},
      {0x01, "GPIO5", LEVEL_ANY},
      {0}}},
    {CHIP_ESP32S2, {{0x08, "GPIO0", LEVEL_LOW}, {0x04, "GPIO46", LEVEL_LOW}, {0}}},
    {CHIP_ESP32S3, {{0x08, "GPIO0", LEVEL_LOW}, {0x04, "GPIO46", LEVEL_LOW}, {0}}},
    {CHIP_ESP32C2, {{0x08, "GPIO9", LEVEL_LOW}, {0x04, "GPIO8", LEVEL_HIGH}, {0}}},
    {CHIP_ESP32C3, {{0x08, "GPIO9", LEVEL_LOW}, {0x04, "GPIO8", LEVEL_HIGH}, {0}}},
    {CHIP_ESP32C5, {{0x08, "GPIO28", LEVEL_LOW}, {0x04, "GPIO27", LEVEL_HIGH}, {0}}},
    {CHIP_ESP32C6, {{0x08, "GPIO9", LEVEL_LOW}, {0x04, "GPIO8", LEVEL_HIGH}, {0}}},
    {CHIP_ESP32H2, {{0x08, "GPIO9", LEVEL_LOW}, {0x04, "GPIO8", LEVEL_HIGH}, {0}}},
    {CHIP_ESP32P4, {{0x08, "GPIO35", LEVEL_LOW}, {0x04, "GPIO36", LEVEL_HIGH}, {0}}},
};
const size_t straps_count = ARRAY_LEN(straps_table);

const struct straps *straps_of(const struct chip *chip)
{
    for (size_t i = 0; chip && i < straps_count; i++) {
        if (straps_table[i].chip == chip->id)
            return &straps_table[i];
    }
    return NULL;
}

const char *straps_format(const struct straps *straps, int word, char *to, size_t size)
{
    size_t at = 0;

    to[0] = '\0';
    for (const struct strap *s = straps->pins; s->bit && at < size; s++)
        at += (size_t)snprintf(to + at, size - at, "%s%s %s", at ? ", " : "", s->pin,
                               (unsigned)word & s->bit ? "high" : "low");
    return to;
}

const struct strap *straps_wrong(const struct straps *straps, int word)
{
    for (const struct strap *s = straps->pins; s->bit; s++) {
        enum level is = (unsigned)word & s->bit ? LEVEL_HIGH : LEVEL_LOW;
        if (s->download != LEVEL_ANY && s->download != is)
            return s;
    }
    return NULL;
}

static const char *const causes_8266[] = {"", "power-on", "reset pin", "software", "watchdog"};

static const char *const causes[] = {
    [1] = "power-on",      [3] = "software",
    [4] = "watchdog",      [5] = "deep sleep",
    [6] = "SDIO",          [7] = "watchdog",
    [8] = "watchdog",      [9] = "watchdog",
    [11] = "watchdog",     [12] = "software",
    [13] = "watchdog",     [14] = "other core",
    [15] = "brownout",     [16] = "watchdog",
    [17] = "watchdog",     [18] = "super watchdog",
    [19] = "clock glitch", [20] = "eFuse CRC error",
    [21] = "USB",          [22] = "USB JTAG",
    [23] = "power glitch", [24] = "JTAG",
};

const char *reset_cause_name(const struct chip *chip, int cause)
{
    const char *const *names = causes;
    size_t n = ARRAY_LEN(causes);

    if (chip && chip->id == CHIP_ESP8266) {
        names = causes_8266;
        n = ARRAY_LEN(causes_8266);
    }
    return cause >= 0 && (size_t)cause < n && names[cause] ? names[cause] : "";
}

/* "ESP-ROM:esp32c3-api1-20210207": the name of the chip, but for the one that goes by its die's. */
static const struct chip *rom_chip(const char *name)
{
    char key[16];
    size_t n = strcspn(name, "-\r\n ");

    if (n >= sizeof key)
        return NULL;
    memcpy(key, name, n);
    key[n] = '\0';
    return strcmp(key, "esp8684") == 0 ? chip_get(CHIP_ESP32C2) : chip_by_name(key);
}

const struct chip *boot_log_chip(const char *log)
{
    static const struct {
        const char *banner;
        enum chip_id chip;
    } old[] = {
        {"ets Jan  8 2013", CHIP_ESP8266},
        {"ets Jun  8 2016", CHIP_ESP32},
        {"ets Jul 29 2019", CHIP_ESP32},
    };
    const char *rom = strstr(log, "ESP-ROM:");

    if (rom)
        return rom_chip(rom + strlen("ESP-ROM:"));
    for (size_t i = 0; i < ARRAY_LEN(old); i++) {
        if (strstr(log, old[i].banner))
            return chip_get(old[i].chip);
    }
    return NULL;
}
