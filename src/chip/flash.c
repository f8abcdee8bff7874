/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names of flash modes, sizes and makers: the same for every chip. */
#include "chip/chip.h"

#include "base/util.h"

#include <string.h>
#include <strings.h>

static const char *const modes[] = {
    [FLASH_QIO] = "qio",   [FLASH_QOUT] = "qout",     [FLASH_DIO] = "dio",
    [FLASH_DOUT] = "dout", [FLASH_FASTRD] = "fastrd",
};

bool flash_mode_parse(const char *name, enum flash_mode *mode)
{
    for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
        if (strcasecmp(modes[i], name) == 0) {
            *mode = (enum flash_mode)i;
            return true;
        }
    }
    return false;
}

const char *flash_mode_name(enum flash_mode mode)
{
    return mode >= 0 && (size_t)mode < ARRAY_LEN(modes) ? modes[mode] : "keep";
}

const char *flash_mode_label(enum flash_mode mode)
{
    static const char *const labels[] = {
        [FLASH_QIO] = "QIO",   [FLASH_QOUT] = "QOUT",     [FLASH_DIO] = "DIO",
        [FLASH_DOUT] = "DOUT", [FLASH_FASTRD] = "FASTRD",
    };

    return mode >= 0 && (size_t)mode < ARRAY_LEN(labels) ? labels[mode] : "keep";
}

bool chip_has_mode(const struct chip *chip, enum flash_mode mode)
{
    bool extended = chip->image_chip_id >= 0;

    return mode <= (extended ? FLASH_FASTRD : FLASH_DOUT);
}

const char *chip_freq_label(const char *name)
{
    static const struct {
        const char *name, *label;
    } labels[] = {
        {"80m", "80 MHz"}, {"60m", "60 MHz"},   {"48m", "48 MHz"}, {"40m", "40 MHz"},
        {"30m", "30 MHz"}, {"26m", "26.7 MHz"}, {"24m", "24 MHz"}, {"20m", "20 MHz"},
        {"16m", "16 MHz"}, {"15m", "15 MHz"},   {"12m", "12 MHz"},
    };

    for (size_t i = 0; i < ARRAY_LEN(labels); i++) {
        if (strcasecmp(labels[i].name, name) == 0)
            return labels[i].label;
    }
    return name;
}

static const struct {
    const char *name;
    uint64_t bytes;
} sizes[] = {{"256KB", 256u << 10}, {"512KB", 512u << 10}, {"1MB", 1u << 20},
             {"2MB", 2u << 20},     {"4MB", 4u << 20},     {"8MB", 8u << 20},
             {"16MB", 16u << 20},   {"32MB", 32u << 20},   {"64MB", 64u << 20},
             {"128MB", 128u << 20}, {"256MB", 256u << 20}};

const char *flash_size_name(uint64_t bytes)
{
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        if (sizes[i].bytes == bytes)
            return sizes[i].name;
    }
    return "";
}

uint64_t flash_size_bytes(const char *name)
{
    /* "2MB-c1": another map of the same number of bytes (ESP8266) */
    size_t len = strlen(name);
    if (len > 3 && strcasecmp(name + len - 3, "-c1") == 0)
        len -= 3;

    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        if (strlen(sizes[i].name) == len && strncasecmp(sizes[i].name, name, len) == 0)
            return sizes[i].bytes;
    }
    return 0;
}

/* JEDEC JEP106, bank one, without the banks' continuation codes: what RDID's first byte says. */
static const struct {
    uint8_t id;
    const char *name;
} vendors[] = {
    {0x01, "Spansion"},  {0x0B, "XTX"},     {0x0E, "Fremont"},  {0x1C, "EON"},
    {0x1F, "Adesto"},    {0x20, "XMC"},     {0x5E, "Zbit"},     {0x68, "Boya"},
    {0x85, "Puya"},      {0x8C, "ESMT"},    {0x9D, "ISSI"},     {0xA1, "Fudan"},
    {0xBA, "Zetta"},     {0xBF, "SST"},     {0xC2, "Macronix"}, {0xC8, "GigaDevice"},
    {0xE0, "BergMicro"}, {0xEF, "Winbond"},
};

const char *flash_vendor_name(uint8_t manufacturer)
{
    for (size_t i = 0; i < ARRAY_LEN(vendors); i++) {
        if (vendors[i].id == manufacturer)
            return vendors[i].name;
    }
    return "";
}
