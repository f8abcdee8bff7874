/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "image/memory_map.h"

#include "base/util.h"

/* From esptool's targets (MEMORY_MAP), whose ESP32-C61, H2 and H21 have the ESP32-C5's and C6's
 * map, and whose ESP8266, ESP32-S3, P4 and S31 say too little or too much: these are as in
 * ESP-IDF's soc.h and ext_mem_defs.h (release 6), the ESP8266 as its linker scripts use it.
 * tests/chips_esptool.py compares, and knows the differences. */

/* Address 0: what elf2image fills up with. */
#define PADDING                           \
    {                                     \
        0x00000000, 0x00010000, "PADDING" \
    }
/* One RAM on both buses, as all the later chips have it. */
#define SHARED_RAM(start, end)                             \
    {start, end, "DRAM"}, {start, end, "BYTE_ACCESSIBLE"}, \
    {                                                      \
        start, end, "IRAM"                                 \
    }
#define SHARED_FLASH(start, end) \
    {start, end, "DROM"},        \
    {                            \
        start, end, "IROM"       \
    }
#define SHARED_ROM(start, end)  \
    {start, end, "DROM_MASK"},  \
    {                           \
        start, end, "IROM_MASK" \
    }
#define SHARED_RTC(start, end) \
    {start, end, "RTC_IRAM"},  \
    {                          \
        start, end, "RTC_DRAM" \
    }
#define INTERNAL2                               \
    {                                           \
        0x600FE000, 0x60100000, "MEM_INTERNAL2" \
    }

static const struct memory_range esp8266[] = {
    {0x3FF00000, 0x3FF00010, "DPORT"}, {0x3FFE8000, 0x40000000, "DRAM"},
    {0x40100000, 0x40110000, "IRAM"}, /* 32 KB, and what of the cache's 32 is not used by it */
    {0x40200000, 0x40300000, "IROM"},  {.name = NULL},
};
static const struct memory_range esp32[] = {
    PADDING,
    {0x3F400000, 0x3F800000, "DROM"},
    {0x3F800000, 0x3FC00000, "EXTRAM_DATA"},
    {0x3FF80000, 0x3FF82000, "RTC_DRAM"},
    {0x3FF90000, 0x40000000, "BYTE_ACCESSIBLE"},
    {0x3FFAE000, 0x40000000, "DRAM"},
    {0x3FFE0000, 0x3FFFFFFC, "DIRAM_DRAM"},
    {0x40000000, 0x40070000, "IROM"},
    {0x40070000, 0x40078000, "CACHE_PRO"},
    {0x40078000, 0x40080000, "CACHE_APP"},
    {0x40080000, 0x400A0000, "IRAM"},
    {0x400A0000, 0x400BFFFC, "DIRAM_IRAM"},
    {0x400C0000, 0x400C2000, "RTC_IRAM"},
    {0x400D0000, 0x40400000, "IROM"},
    {0x50000000, 0x50002000, "RTC_DATA"},
    {.name = NULL},
};
static const struct memory_range esp32s2[] = {
    PADDING,
    {0x3F000000, 0x3FF80000, "DROM"},
    {0x3F500000, 0x3FF80000, "EXTRAM_DATA"},
    {0x3FF9E000, 0x3FFA0000, "RTC_DRAM"},
    {0x3FF9E000, 0x40000000, "BYTE_ACCESSIBLE"},
    {0x3FF9E000, 0x40072000, "MEM_INTERNAL"},
    {0x3FFB0000, 0x40000000, "DRAM"},
    {0x40000000, 0x4001A100, "IROM_MASK"},
    {0x40020000, 0x40070000, "IRAM"},
    {0x40070000, 0x40072000, "RTC_IRAM"},
    {0x40080000, 0x40800000, "IROM"},
    {0x50000000, 0x50002000, "RTC_DATA"},
    {.name = NULL},
};
static const struct memory_range esp32s3[] = {
    PADDING,
    {0x3C000000, 0x3E000000, "DROM"},
    {0x3D000000, 0x3E000000, "EXTRAM_DATA"},
    {0x600FE000, 0x60100000, "RTC_DRAM"},
    {0x3FC88000, 0x3FD00000, "BYTE_ACCESSIBLE"},
    {0x3FC88000, 0x403E2000, "MEM_INTERNAL"},
    {0x3FC88000, 0x3FD00000, "DRAM"},
    {0x40000000, 0x4001A100, "IROM_MASK"},
    {0x40370000, 0x403E0000, "IRAM"},
    {0x600FE000, 0x60100000, "RTC_IRAM"},
    {0x42000000, 0x44000000, "IROM"},
    {0x50000000, 0x50002000, "RTC_DATA"},
    {.name = NULL},
};
static const struct memory_range esp32c2[] = {
    PADDING,
    {0x3C000000, 0x3C400000, "DROM"},
    {0x3FCA0000, 0x3FCE0000, "DRAM"},
    {0x3FC88000, 0x3FD00000, "BYTE_ACCESSIBLE"},
    {0x3FF00000, 0x3FF50000, "DROM_MASK"},
    {0x40000000, 0x40090000, "IROM_MASK"},
    {0x42000000, 0x42400000, "IROM"},
    {0x4037C000, 0x403C0000, "IRAM"},
    {.name = NULL},
};
static const struct memory_range esp32c3[] = {
    PADDING,
    {0x3C000000, 0x3C800000, "DROM"},
    {0x3FC80000, 0x3FCE0000, "DRAM"},
    {0x3FC88000, 0x3FD00000, "BYTE_ACCESSIBLE"},
    {0x3FF00000, 0x3FF20000, "DROM_MASK"},
    {0x40000000, 0x40060000, "IROM_MASK"},
    {0x42000000, 0x42800000, "IROM"},
    {0x4037C000, 0x403E0000, "IRAM"},
    SHARED_RTC(0x50000000, 0x50002000),
    INTERNAL2,
    {.name = NULL},
};
static const struct memory_range esp32c5[] = {
    PADDING,
    SHARED_FLASH(0x42000000, 0x44000000),
    SHARED_RAM(0x40800000, 0x40860000),
    {0x4003A000, 0x40040000, "DROM_MASK"},
    {0x40000000, 0x4003A000, "IROM_MASK"},
    SHARED_RTC(0x50000000, 0x50004000),
    INTERNAL2,
    {.name = NULL},
};
static const struct memory_range esp32c6[] = {
    PADDING,
    SHARED_FLASH(0x42000000, 0x43000000),
    SHARED_RAM(0x40800000, 0x40880000),
    {0x4004AC00, 0x40050000, "DROM_MASK"},
    {0x40000000, 0x4004AC00, "IROM_MASK"},
    SHARED_RTC(0x50000000, 0x50004000),
    INTERNAL2,
    {.name = NULL},
};
static const struct memory_range esp32c61[] = {
    PADDING,
    SHARED_FLASH(0x42000000, 0x44000000),
    SHARED_RAM(0x40800000, 0x40850000),
    SHARED_ROM(0x40000000, 0x40040000),
    {.name = NULL},
};
static const struct memory_range esp32h2[] = {
    PADDING,
    SHARED_FLASH(0x42000000, 0x43000000),
    SHARED_RAM(0x40800000, 0x40850000),
    SHARED_ROM(0x40000000, 0x40020000),
    SHARED_RTC(0x50000000, 0x50001000),
    {.name = NULL},
};
static const struct memory_range esp32h4[] = {
    PADDING,
    SHARED_FLASH(0x42000000, 0x44000000),
    SHARED_RAM(0x40810000, 0x40860000),
    SHARED_ROM(0x40000000, 0x40050000),
    SHARED_RTC(0x50000000, 0x50004000),
    {0x60000000, 0x60100000, "MEM_INTERNAL2"},
    {.name = NULL},
};
static const struct memory_range esp32p4[] = {
    PADDING,
    SHARED_FLASH(0x40000000, 0x44000000),
    {0x48000000, 0x4C000000, "EXTRAM_DATA"},
    SHARED_RAM(0x4FF00000, 0x4FFC0000),
    SHARED_ROM(0x4FC00000, 0x4FC20000),
    SHARED_RTC(0x50108000, 0x50110000),
    INTERNAL2,
    {.name = NULL},
};
static const struct memory_range esp32s31[] = {
    PADDING,
    SHARED_FLASH(0x40000000, 0x44000000),
    {0x50000000, 0x54000000, "EXTRAM_DATA"},
    SHARED_RAM(0x2F000000, 0x2F080000),
    SHARED_ROM(0x2F800000, 0x2F850000),
    SHARED_RTC(0x2E000000, 0x2E008000),
    {.name = NULL},
};
static const struct memory_range esp32e22[] = {
    PADDING,
    SHARED_FLASH(0x3C000000, 0x40000000),
    {0x31000000, 0x31200000, "DRAM"},
    {0x31000000, 0x31200000, "BYTE_ACCESSIBLE"},
    SHARED_ROM(0x30000000, 0x30120000),
    {0x30FE0000, 0x31200000, "IRAM"},
    SHARED_RTC(0xC0000000, 0xC0008000),
    {.name = NULL},
};

static const struct memory_range *const maps[CHIP_COUNT] = {
    [CHIP_ESP8266] = esp8266, [CHIP_ESP32] = esp32,       [CHIP_ESP32S2] = esp32s2,
    [CHIP_ESP32S3] = esp32s3, [CHIP_ESP32C2] = esp32c2,   [CHIP_ESP32C3] = esp32c3,
    [CHIP_ESP32C5] = esp32c5, [CHIP_ESP32C6] = esp32c6,   [CHIP_ESP32C61] = esp32c61,
    [CHIP_ESP32H2] = esp32h2, [CHIP_ESP32H21] = esp32h2,  [CHIP_ESP32H4] = esp32h4,
    [CHIP_ESP32P4] = esp32p4, [CHIP_ESP32S31] = esp32s31, [CHIP_ESP32E22] = esp32e22,
};

const struct memory_range *memory_map(const struct chip *chip)
{
    static const struct memory_range none = {.name = NULL};

    return chip && maps[chip->id] ? maps[chip->id] : &none;
}

size_t memory_names(const struct chip *chip, uint32_t address, const char *names[MEMORY_NAMES_MAX])
{
    size_t n = 0;

    for (const struct memory_range *r = memory_map(chip); r->name && n < MEMORY_NAMES_MAX; r++) {
        if (address >= r->start && address < r->end)
            names[n++] = r->name;
    }
    return n;
}
