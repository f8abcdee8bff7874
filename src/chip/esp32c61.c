/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The ESP32-C61. */
#include "chip/rows.h"

static const char *const purposes[] = {PURPOSE_USER, PURPOSE_ECDSA, PURPOSE_XTS_128, PURPOSES_BOOT};

static const char *const packages[] = {"ESP32-C61"};

static const struct chip_memory memory[] = {
    {0x00000000, 0x00010000, "PADDING"},       {0x42000000, 0x44000000, "DROM"},
    {0x40800000, 0x40860000, "DRAM"},          {0x40800000, 0x40860000, "BYTE_ACCESSIBLE"},
    {0x4004AC00, 0x40050000, "DROM_MASK"},     {0x40000000, 0x4004AC00, "IROM_MASK"},
    {0x42000000, 0x44000000, "IROM"},          {0x40800000, 0x40860000, "IRAM"},
    {0x50000000, 0x50004000, "RTC_IRAM"},      {0x50000000, 0x50004000, "RTC_DRAM"},
    {0x600FE000, 0x60100000, "MEM_INTERNAL2"}, {0},
};

const struct chip chip_esp32c61 = {
    .id = CHIP_ESP32C61,
    .key = "esp32c61",
    .name = "ESP32-C61",
    .image_chip_id = 20,
    .uf2_family = 0x77D850C4,
    .magic = {0x7211606F},
    .bootloader_offset = 0,
    STUB("esp32c61"),
    .spi = SPI_NEW(0x60003000),
    EFUSE(0x600B4800, 0x44),
    ROM_LATER,
    .usb_jtag = true,
    .flash_32bit = true,
    .watchdog = LP_WDT(0x600B1C00, 0x18, true),
    .ram = {{0x40800000, 0x40850000}},
    .irom = {0x42000000, 0x42800000},
    .drom = {0x42800000, 0x43000000},
    .mmu_pages = PAGES_8K_64K,
    .memory = memory,
    .pins = {.last = 30, .usb = {12, 13}},
    .identity = {.package = {FIELD(BLOCK1(2), 26, 3), NAMED(packages, "Unknown ESP32-C61")},
                 .major = FIELD(BLOCK1(2), 4, 2),
                 .minor = FIELD(BLOCK1(2), 0, 4),
                 .features = "Wi-Fi 6, BT 5 (LE), Single Core, 160MHz",
                 .secure_boot = FIELD(0x34, 26, 1),
                 .crypt_count = FIELD(0x30, 23, 3),
                 .crystal_mhz = 40},
    .macs = MACS_FOUR,
    .encryption = {.align = 16,
                   .manual_off = FIELD(0x30, 14, 1),
                   .purposes = {FIELD(0x34, 0, 4), FIELD(0x34, 4, 4), FIELD(0x34, 8, 4),
                                FIELD(0x34, 12, 4), FIELD(0x34, 16, 4), FIELD(0x34, 20, 4)}},
    KEYS(purposes, 6),
    .tested = TESTED_EMULATED,
    .freqs = chip_freqs_80_no_26,
    .sizes = chip_sizes,
};
