/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The ESP32-H21: no Wi-Fi, and no stub yet. */
#include "chip/rows.h"

static const char *const purposes[] = {PURPOSE_USER,    PURPOSE_ECDSA, [2] = "RESERVED",
                                       PURPOSE_XTS_128, PURPOSES_HMAC, PURPOSES_BOOT};

static const char *const packages[] = {"ESP32-H21"};

const struct chip chip_esp32h21 = {
    .id = CHIP_ESP32H21,
    .key = "esp32h21",
    .name = "ESP32-H21",
    .image_chip_id = 25,
    .uf2_family = 0xB6DD00AF,
    .bootloader_offset = 0,
    .spi = SPI_NEW(0x60003000),
    EFUSE(0x600B4000, 0x44),
    ROM_LATER,
    .usb_jtag = true,
    .watchdog = LP_WDT(0x600B1C00, 0x1C, false),
    .ram = {{0x40800000, 0x40850000}, {0x50000000, 0x50001000}},
    .irom = {0x42000000, 0x42800000},
    .drom = {0x42800000, 0x43000000},
    .mmu_pages = PAGES_8K_64K,
    .memory = chip_memory_c6,
    .pins = {.last = 27, .usb = {26, 27}},
    .identity = {.package = {FIELD(BLOCK1(5), 11, 3), NAMED(packages, "Unknown ESP32-H21")},
                 .major = FIELD(BLOCK1(5), 8, 2),
                 .minor = FIELD(BLOCK1(5), 4, 4),
                 .features = "BT 5 (LE), IEEE802.15.4, Single Core, 96MHz",
                 .secure_boot = FIELD(0x38, 20, 1),
                 .crypt_count = FIELD(0x34, 18, 3),
                 .eui64 = true,
                 .crystal_mhz = 32},
    .macs = {.bt = MAC_BASE},
    .encryption = {.align = 16, .manual_off = FIELD(0x30, 20, 1), .purposes = PURPOSE_FIELDS},
    KEYS(purposes, 6),
    .tested = TESTED_EMULATED_ROM,
    .freqs = chip_freqs_48,
    .sizes = chip_sizes,
};
