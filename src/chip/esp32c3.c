/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The ESP32-C3 and the ESP8685, ESP8686. */
#include "chip/rows.h"

static const char *const purposes[] = {PURPOSE_USER, [1] = "RESERVED", PURPOSE_XTS_128,
                                       PURPOSES_HMAC, PURPOSES_BOOT};

static const char *const packages[] = {"ESP32-C3 (QFN32)", "ESP8685 (QFN28)", "ESP32-C3 AZ (QFN32)",
                                       "ESP8686 (QFN24)"};
static const char *const flash[] = {"", "Embedded Flash 4MB", "Embedded Flash 2MB",
                                    "Embedded Flash 1MB", "Embedded Flash 8MB"};

static const struct chip_memory memory[] = {
    {0x00000000, 0x00010000, "PADDING"},       {0x3C000000, 0x3C800000, "DROM"},
    {0x3FC80000, 0x3FCE0000, "DRAM"},          {0x3FC88000, 0x3FD00000, "BYTE_ACCESSIBLE"},
    {0x3FF00000, 0x3FF20000, "DROM_MASK"},     {0x40000000, 0x40060000, "IROM_MASK"},
    {0x42000000, 0x42800000, "IROM"},          {0x4037C000, 0x403E0000, "IRAM"},
    {0x50000000, 0x50002000, "RTC_IRAM"},      {0x50000000, 0x50002000, "RTC_DRAM"},
    {0x600FE000, 0x60100000, "MEM_INTERNAL2"}, {0},
};

const struct chip chip_esp32c3 = {
    .id = CHIP_ESP32C3,
    .key = "esp32c3",
    .name = "ESP32-C3",
    .image_chip_id = 5,
    .uf2_family = 0xD42BA06C,
    .magic = {0x6921506F, 0x1B31506F, 0x4881606F, 0x4361606F},
    .bootloader_offset = 0,
    STUB("esp32c3"),
    .stub_needs_no_boot_key = true,
    .spi = SPI_NEW(0x60002000),
    EFUSE(0x60008800, 0x44),
    ROM_LATER,
    .usb_jtag = true,
    .watchdog = {.config0 = 0x60008090,
                 .config1 = 0x60008094,
                 .protect = 0x600080A8,
                 .key = WDT_KEY,
                 .swd_config = 0x600080AC,
                 .swd_protect = 0x600080B0,
                 .swd_key = SWD_KEY_RTC,
                 .swd_feed = 1u << 31,
                 .resets = true},
    .ram = {{0x3FC80000, 0x3FCE0000}, {0x4037C000, 0x403E0000}, {0x50000000, 0x50002000}},
    .irom = {0x42000000, 0x42800000},
    .drom = {0x3C000000, 0x3C800000},
    .memory = memory,
    .pins = {.last = 21, .usb = {18, 19}},
    .identity = {.package = {FIELD(BLOCK1(3), 21, 3), NAMED(packages, "Unknown ESP32-C3")},
                 .major = FIELD(BLOCK1(5), 24, 2),
                 .minor = FIELD_SPLIT(BLOCK1(3), 18, 3, BLOCK1(5), 23, 1),
                 .features = "Wi-Fi, BT 5 (LE), Single Core, 160MHz",
                 .traits = {{{FIELD(BLOCK1(3), 27, 3), NAMED(flash, "Unknown Embedded Flash")},
                             {FIELD(BLOCK1(4), 0, 3), NAMED(chip_flash_makers, "")}}},
                 .secure_boot = FIELD(0x38, 20, 1),
                 .crypt_count = FIELD(0x34, 18, 3),
                 .crystal_mhz = 40},
    .macs = MACS_FOUR,
    .encryption = {.align = 16, .manual_off = FIELD(0x30, 20, 1), .purposes = PURPOSE_FIELDS},
    KEYS(purposes, 6),
    .tested = TESTED_ROM,
    .freqs = chip_freqs_80,
    .sizes = chip_sizes,
};
