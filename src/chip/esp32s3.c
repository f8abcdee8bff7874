/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The ESP32-S3. */
#include "chip/rows.h"

static const char *const purposes[] = {PURPOSE_USER,    [1] = "RESERVED", PURPOSE_XTS_256,
                                       PURPOSE_XTS_128, PURPOSES_HMAC,    PURPOSES_BOOT};

static const char *const packages[] = {"ESP32-S3 (QFN56)", "ESP32-S3-PICO-1 (LGA56)"};
static const char *const flash[] = {"", "Embedded Flash 8MB", "Embedded Flash 4MB"};
static const char *const flash_makers[] = {"", "XMC", "GD", "FM", "TT", "BY"};
static const char *const psram[] = {"", "Embedded PSRAM 8MB", "Embedded PSRAM 2MB",
                                    "Embedded PSRAM 16MB", "Embedded PSRAM 4MB"};
static const char *const psram_makers[] = {"", "AP_3v3", "AP_1v8"};

static const struct chip_memory memory[] = {
    {0x00000000, 0x00010000, "PADDING"},
    {0x3C000000, 0x3D000000, "DROM"},
    {0x3D000000, 0x3E000000, "EXTRAM_DATA"},
    {0x600FE000, 0x60100000, "RTC_DRAM"},
    {0x3FC88000, 0x3FD00000, "BYTE_ACCESSIBLE"},
    {0x3FC88000, 0x403E2000, "MEM_INTERNAL"},
    {0x3FC88000, 0x3FD00000, "DRAM"},
    {0x40000000, 0x4001A100, "IROM_MASK"},
    {0x40370000, 0x403E0000, "IRAM"},
    {0x600FE000, 0x60100000, "RTC_IRAM"},
    {0x42000000, 0x42800000, "IROM"},
    {0x50000000, 0x50002000, "RTC_DATA"},
    {0},
};

const struct chip chip_esp32s3 = {
    .id = CHIP_ESP32S3,
    .key = "esp32s3",
    .name = "ESP32-S3",
    .image_chip_id = 9,
    .uf2_family = 0xC47E5767,
    .magic = {0x00000009},
    .bootloader_offset = 0,
    STUB("esp32s3"),
    .spi = SPI_NEW(0x60002000),
    EFUSE(0x60007000, 0x44),
    ROM_LATER,
    .usb_otg_pid = 0x0009,
    .usb_jtag = true,
    .flash_32bit = true,
    .watchdog = {.config0 = 0x60008098,
                 .config1 = 0x6000809C,
                 .protect = 0x600080B0,
                 .key = WDT_KEY,
                 .swd_config = 0x600080B4,
                 .swd_protect = 0x600080B8,
                 .swd_key = SWD_KEY_RTC,
                 .swd_feed = 1u << 31,
                 .resets = true},
    .ram = {{0x3FC88000, 0x3FD00000},
            {0x40370000, 0x403E0000},
            {0x50000000, 0x50002000},
            {0x600FE000, 0x60100000}},
    .xtensa = true,
    .irom = {0x42000000, 0x44000000},
    .drom = {0x3C000000, 0x3E000000},
    .memory = memory,
    .pins = {.last = 48, .gap_first = 22, .gap_last = 25, .hd_max = 46, .usb = {19, 20}},
    .hard_reset = {.force_register = 0x6000812C,
                   .force_mask = 1 << 0,
                   .clear_force = true,
                   .otg_watchdog = true,
                   .strap_register = 0x60004038,
                   .strap_mask = 1 << 3,
                   .otg_slow = true},
    .identity = {.package = {FIELD(BLOCK1(3), 21, 3), NAMED(packages, "Unknown ESP32-S3")},
                 .major = FIELD(BLOCK1(5), 24, 2),
                 .minor = FIELD_SPLIT(BLOCK1(3), 18, 3, BLOCK1(5), 23, 1),
                 .features = "Wi-Fi, BT 5 (LE), Dual Core + LP Core, 240MHz",
                 .traits = {{{FIELD(BLOCK1(3), 27, 3), NAMED(flash, "Unknown Embedded Flash")},
                             {FIELD(BLOCK1(4), 0, 3), NAMED(flash_makers, "")}},
                            {{FIELD_SPLIT(BLOCK1(4), 3, 2, BLOCK1(5), 19, 1),
                              NAMED(psram, "Unknown Embedded PSRAM")},
                             {FIELD(BLOCK1(4), 7, 2), NAMED(psram_makers, "")}}},
                 .secure_boot = FIELD(0x38, 20, 1),
                 .crypt_count = FIELD(0x34, 18, 3),
                 .crystal_mhz = 40},
    .macs = MACS_FOUR,
    KEYS(purposes, 6),
    .tested = TESTED_EMULATED,
    .freqs = chip_freqs_80,
    .sizes = chip_sizes,
};
