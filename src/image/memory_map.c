/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "image/memory_map.h"

#include "base/util.h"

/* What esptool's maps leave out. They stay as they are in the chips' rows, because ELF sections are
 * merged by them. (Some say too much: the ESP32-C61, H2 and H21 have the ESP32-C5's and C6's map.
 * No image reaches there.) */
static const struct addition {
    enum chip_id chip;
    struct chip_memory memory;
} additions[] = {
    /* What the cache leaves of its 32 KB; esptool's IROM is one SDK's linker script's. */
    {CHIP_ESP8266, {0x40108000, 0x40110000, "IRAM"}},
    {CHIP_ESP8266, {0x40200000, 0x40201010, "IROM"}},
    {CHIP_ESP8266, {0x402E1010, 0x40300000, "IROM"}},
    /* All that can be mapped: SOC_DROM_HIGH, SOC_IROM_HIGH. */
    {CHIP_ESP32S3, {0x3D000000, 0x3E000000, "DROM"}},
    {CHIP_ESP32S3, {0x42800000, 0x44000000, "IROM"}},
    /* SOC_DRAM_HIGH, SOC_IRAM_HIGH */
    {CHIP_ESP32P4, {0x4FFA0000, 0x4FFC0000, "DRAM"}},
    {CHIP_ESP32P4, {0x4FFA0000, 0x4FFC0000, "BYTE_ACCESSIBLE"}},
    {CHIP_ESP32P4, {0x4FFA0000, 0x4FFC0000, "IRAM"}},
};

size_t memory_names(const struct chip *chip, uint32_t address,
                    const char *names[CHIP_MEMORY_NAMES_MAX])
{
    size_t n = chip ? chip_memory_names(chip, address, names) : 0;

    for (size_t i = 0; chip && i < ARRAY_LEN(additions) && n < CHIP_MEMORY_NAMES_MAX; i++) {
        const struct chip_memory *m = &additions[i].memory;
        if (additions[i].chip == chip->id && address >= m->start && address < m->end)
            names[n++] = m->name;
    }
    return n;
}
