/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The ESP32-E22: no stub yet, and its eFuses do not tell package or revision. */
#include "chip/rows.h"

static const char *const purposes[] = {
    PURPOSE_USER,  PURPOSE_ECDSA, PURPOSE_XTS_256,     PURPOSE_XTS_128,
    PURPOSES_HMAC, PURPOSES_BOOT, [12] = "KM_INIT_KEY"};

static const struct chip_memory memory[] = {
    {0x00000000, 0x00010000, "PADDING"},
    {0x3C000000, 0x40000000, "DROM"},
    {0x31000000, 0x31200000, "DRAM"},
    {0x31000000, 0x31200000, "BYTE_ACCESSIBLE"},
    {0x30000000, 0x30120000, "DROM_MASK"},
    {0x30000000, 0x30120000, "IROM_MASK"},
    {0x3C000000, 0x40000000, "IROM"},
    {0x30FE0000, 0x31200000, "IRAM"},
    {0xC0000000, 0xC0008000, "RTC_IRAM"},
    {0xC0000000, 0xC0008000, "RTC_DRAM"},
    {0},
};

const struct chip chip_esp32e22 = {
    .id = CHIP_ESP32E22,
    .key = "esp32e22",
    .name = "ESP32-E22",
    .image_chip_id = 31,
    .uf2_family =
        0x1C5F21B0, /* the ESP32's: Microsoft's list has none for it, esptool takes this */
    .bootloader_offset = 0,
    .spi = SPI_NEW(0xC3003000),
    EFUSE(0xC4008000, 0x44),
    .uart_clkdiv = 0xC3102014,
    ROM_LATER,
    .usb_otg_pid = 0x001F,
    .ram = {{0x30FE0000, 0x31200000}, {0xC0000000, 0xC0008000}},
    .irom = {0x3C000000, 0x40000000},
    .drom = {0x3C000000, 0x40000000},
    .memory = memory,
    .pins = {.last = 52, .usb = {18, 19}},
    .identity = {.package = {.other = "ESP32-E22"},
                 .features =
                     "Wi-Fi 6E (tri-band, 2x2 MU-MIMO), BT 5.4 (LE) + Classic, Dual Core, 500MHz",
                 .secure_boot = FIELD(0x38, 20, 1)},
    .encryption = {.align = 16, .xts_256 = true, .purposes = PURPOSE_FIELDS},
    KEYS(purposes, 6),
    .tested = TESTED_EMULATED_ROM,
    .freqs = chip_freqs_80,
    .sizes = chip_sizes,
};
