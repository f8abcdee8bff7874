/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The ESP32-C2 (ESP8684). */
#include "chip/rows.h"

static const char *const packages[] = {"ESP32-C2", "ESP8684H"};
static const char *const flash[] = {"", "Embedded Flash 4MB", "Embedded Flash 2MB",
                                    "Embedded Flash 1MB"};
static const struct chip_nibble freqs[] = {{"60m", 0xF}, {"30m", 0}, {"20m", 1}, {"15m", 2}, {0}};

/* Its eFuses are fewer: block 2, at offset 0x40, holds what block 1 does elsewhere. */
#define BLOCK2(n) (0x40 + 4 * (n))

static const struct chip_memory memory[] = {
    {0x00000000, 0x00010000, "PADDING"},
    {0x3C000000, 0x3C400000, "DROM"},
    {0x3FCA0000, 0x3FCE0000, "DRAM"},
    {0x3FC88000, 0x3FD00000, "BYTE_ACCESSIBLE"},
    {0x3FF00000, 0x3FF50000, "DROM_MASK"},
    {0x40000000, 0x40090000, "IROM_MASK"},
    {0x42000000, 0x42400000, "IROM"},
    {0x4037C000, 0x403C0000, "IRAM"},
    {0},
};

const struct chip chip_esp32c2 = {
    .id = CHIP_ESP32C2,
    .key = "esp32c2",
    .name = "ESP32-C2",
    .image_chip_id = 12,
    .uf2_family = 0x2B88D29C,
    .magic = {0x6F51306F, 0x7C41A06F, 0x0C21E06F},
    .bootloader_offset = 0,
    STUB("esp32c2"),
    .stub_since = 1, /* v0.0 is no longer supported by it */
    .spi = SPI_NEW(0x60002000),
    EFUSE(0x60008800, 0x40),
    .uart_clkdiv = 0x60000014,
    ROM_LATER,
    .watchdog = {.config0 = 0x60008084,
                 .config1 = 0x60008088,
                 .protect = 0x6000809C,
                 .key = WDT_KEY,
                 .resets = true},
    .ram = {{0x3FCA0000, 0x3FCE0000}, {0x4037C000, 0x403C0000}},
    .irom = {0x42000000, 0x42400000},
    .drom = {0x3C000000, 0x3C400000},
    .mmu_pages = PAGES_16K_64K,
    .memory = memory,
    .pins = {.last = 20},
    .identity = {.package = {FIELD(BLOCK2(1), 22, 3), NAMED(packages, "Unknown ESP32-C2")},
                 .major = FIELD(BLOCK2(1), 20, 2),
                 .minor = FIELD(BLOCK2(1), 16, 4),
                 .features = "Wi-Fi, BT 5 (LE), Single Core, 120MHz",
                 .traits = {{{FIELD(BLOCK2(7), 29, 3), NAMED(flash, "Unknown Embedded Flash")},
                             {FIELD(BLOCK2(7), 24, 3), NAMED(chip_flash_makers, "")}}},
                 .secure_boot = FIELD(0x30, 21, 1),
                 .crypt_count = FIELD(0x30, 7, 3)},
    .encryption = {.align = 16,
                   .manual_off = FIELD(0x30, 6, 1),
                   .key_hidden = FIELD(0x30, 0, 2),
                   .key_long = FIELD(0x30, 10, 1),
                   .key_word = 0x60,
                   .key_words = 4},
    .macs = MACS_FOUR,
    .tested = TESTED_EMULATED,
    .freqs = freqs,
    .sizes = chip_sizes,
};
