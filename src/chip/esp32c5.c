/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The ESP32-C5. */
#include "chip/rows.h"

static const char *const purposes[] = {PURPOSE_USER,
                                       PURPOSE_ECDSA,
                                       PURPOSE_XTS_128,
                                       PURPOSES_HMAC,
                                       PURPOSES_BOOT,
                                       [12] = "KM_INIT_KEY",
                                       [15] = "XTS_AES_128_PSRAM_KEY",
                                       PURPOSES_ECDSA_LATER};

static const char *const packages[] = {"ESP32-C5"};

static const struct chip_memory memory[] = {
    {0x00000000, 0x00010000, "PADDING"},       {0x42000000, 0x44000000, "DROM"},
    {0x40800000, 0x40860000, "DRAM"},          {0x40800000, 0x40860000, "BYTE_ACCESSIBLE"},
    {0x4003A000, 0x40040000, "DROM_MASK"},     {0x40000000, 0x4003A000, "IROM_MASK"},
    {0x42000000, 0x44000000, "IROM"},          {0x40800000, 0x40860000, "IRAM"},
    {0x50000000, 0x50004000, "RTC_IRAM"},      {0x50000000, 0x50004000, "RTC_DRAM"},
    {0x600FE000, 0x60100000, "MEM_INTERNAL2"}, {0},
};

const struct chip chip_esp32c5 = {
    .id = CHIP_ESP32C5,
    .key = "esp32c5",
    .name = "ESP32-C5",
    .image_chip_id = 23,
    .uf2_family = 0xF71C0343,
    .magic = {0x1101406F, 0x5FD1406F},
    .bootloader_offset = 0x2000,
    STUB("esp32c5"),
    .spi = SPI_NEW(0x60003000),
    EFUSE(0x600B4800, 0x44),
    .uart_clkdiv = 0x60000014,
    ROM_LATER,
    .usb_jtag = true,
    .flash_32bit = true,
    .watchdog = LP_WDT(0x600B1C00, 0x18, true),
    .ram = {{0x40800000, 0x40860000}, {0x50000000, 0x50004000}},
    .irom = {0x42000000, 0x44000000},
    .drom = {0x42000000, 0x44000000},
    .memory = memory,
    .pins = {.last = 28, .usb = {13, 14}},
    .hard_reset = {.jtag_slow = true},
    .identity = {.package = {FIELD(BLOCK1(2), 26, 3), NAMED(packages, "Unknown ESP32-C5")},
                 .major = FIELD(BLOCK1(2), 4, 2),
                 .minor = FIELD(BLOCK1(2), 0, 4),
                 .features =
                     "Wi-Fi 6 (dual-band), BT 5 (LE), IEEE802.15.4, Single Core + LP Core, 240MHz",
                 .secure_boot = FIELD(0x38, 25, 1),
                 .crypt_count = FIELD(0x34, 16, 3),
                 .eui64 = true},
    .macs = MACS_FOUR,
    .encryption = {.align = 16,
                   .manual_off = FIELD(0x30, 20, 1),
                   .purposes = {FIELD(0x34, 22, 5), FIELD(0x34, 27, 5), FIELD(0x38, 0, 5),
                                FIELD(0x38, 5, 5), FIELD(0x38, 10, 5), FIELD(0x38, 15, 5)},
                   .key_manager = FIELD(0x34, 11, 1)},
    KEYS(purposes, 6),
    .tested = TESTED_EMULATED,
    .freqs = chip_freqs_80_no_26,
    .sizes = chip_sizes,
};
