/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The ESP32-P4: no radio. */
#include "chip/rows.h"

static const char *const purposes[] = {
    PURPOSE_USER,  PURPOSE_ECDSA, PURPOSE_XTS_256,     PURPOSE_XTS_128,
    PURPOSES_HMAC, PURPOSES_BOOT, [12] = "KM_INIT_KEY"};

static const char *const packages[] = {"ESP32-P4"};

static const struct chip_memory memory[] = {
    {0x00000000, 0x00010000, "PADDING"},       {0x40000000, 0x4C000000, "DROM"},
    {0x4FF00000, 0x4FFA0000, "DRAM"},          {0x4FF00000, 0x4FFA0000, "BYTE_ACCESSIBLE"},
    {0x4FC00000, 0x4FC20000, "DROM_MASK"},     {0x4FC00000, 0x4FC20000, "IROM_MASK"},
    {0x40000000, 0x4C000000, "IROM"},          {0x4FF00000, 0x4FFA0000, "IRAM"},
    {0x50108000, 0x50110000, "RTC_IRAM"},      {0x50108000, 0x50110000, "RTC_DRAM"},
    {0x600FE000, 0x60100000, "MEM_INTERNAL2"}, {0},
};

const struct chip chip_esp32p4 = {
    .id = CHIP_ESP32P4,
    .key = "esp32p4",
    .name = "ESP32-P4",
    .image_chip_id = 18,
    .uf2_family = 0x3D308E94,
    .bootloader_offset = 0x2000,
    STUB("esp32p4"),
    .stub_since = 300,
    .stub_before = "esp32p4-rev1",
    .spi = SPI_NEW(0x5008D000),
    EFUSE(0x5012D000, 0x44),
    ROM_LATER,
    .usb_otg_pid = 0x0012,
    .usb_jtag = true,
    .flash_32bit = true,
    .watchdog = LP_WDT(0x50116000, 0x18, true),
    .ram = {{0x4FF00000, 0x4FFC0000}, {0x50108000, 0x50110000}},
    .irom = {0x40000000, 0x4C000000},
    .drom = {0x40000000, 0x4C000000},
    .memory = memory,
    .pins = {.last = 54, .usb = {24, 25}},
    .hard_reset = {.otg_watchdog = true},
    .identity = {.package = {FIELD(BLOCK1(2), 20, 3), NAMED(packages, "Unknown ESP32-P4")},
                 .major = FIELD_SPLIT(BLOCK1(2), 4, 2, BLOCK1(2), 23, 1),
                 .minor = FIELD(BLOCK1(2), 0, 4),
                 .features = "Dual Core + LP Core, 400MHz",
                 .secure_boot = FIELD(0x38, 20, 1),
                 .crypt_count = FIELD(0x34, 18, 3),
                 .crystal_mhz = 40},
    .macs = {.ethernet = MAC_BASE},
    .encryption = {.align = 16,
                   .xts_256 = true,
                   .manual_off = FIELD(0x30, 20, 1),
                   .purposes = PURPOSE_FIELDS,
                   .key_manager = FIELD(0x34, 10, 1)},
    KEYS(purposes, 6),
    .tested = TESTED_EMULATED,
    .freqs = chip_freqs_80,
    .sizes = chip_sizes,
};
