/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The ESP32-S2. */
#include "chip/rows.h"

static const char *const purposes[] = {PURPOSE_USER,    [1] = "RESERVED", PURPOSE_XTS_256,
                                       PURPOSE_XTS_128, PURPOSES_HMAC,    PURPOSES_BOOT};

/* flash in the low half of the value, PSRAM in the high half */
static const char *const packages[] = {[0x00] = "ESP32-S2",
                                       [0x01] = "ESP32-S2FH2",
                                       [0x02] = "ESP32-S2FH4",
                                       [0x12] = "ESP32-S2FNR2",
                                       [0x10] = "ESP32-S2R2"};
static const char *const flash[] = {"No Embedded Flash", "Embedded Flash 2MB",
                                    "Embedded Flash 4MB"};
static const char *const psram[] = {"No Embedded PSRAM", "Embedded PSRAM 2MB",
                                    "Embedded PSRAM 4MB"};
static const char *const calibration[] = {
    "No calibration in BLK2 of efuse", "ADC and temperature sensor calibration in BLK2 of eFuse V1",
    "ADC and temperature sensor calibration in BLK2 of eFuse V2"};

static const struct chip_memory memory[] = {
    {0x00000000, 0x00010000, "PADDING"},
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
    {0},
};

const struct chip chip_esp32s2 = {
    .id = CHIP_ESP32S2,
    .key = "esp32s2",
    .name = "ESP32-S2",
    .image_chip_id = 2, /* GET_SECURITY_INFO does not tell it */
    .uf2_family = 0xBFDD4EEE,
    .magic = {0x000007C6},
    .bootloader_offset = 0x1000,
    STUB("esp32s2"),
    .spi = SPI_NEW(0x3F402000),
    EFUSE(0x3F41A000, 0x44),
    .rom_baud_note = 0x3FFFFCFC,
    ROM_LATER,
    .usb_otg_pid = 0x0002,
    .watchdog = {.config0 = 0x3F408094,
                 .config1 = 0x3F408098,
                 .protect = 0x3F4080AC,
                 .key = WDT_KEY,
                 .resets = true},
    .ram = {{0x3FF9E000, 0x3FFA0000},
            {0x3FFB0000, 0x40000000},
            {0x40020000, 0x40072000},
            {0x50000000, 0x50002000}},
    .xtensa = true,
    .irom = {0x40080000, 0x40B80000},
    .drom = {0x3F000000, 0x3F3F0000},
    .memory = memory,
    .pins = {.last = 46, .gap_first = 22, .gap_last = 25, .usb = {19, 20}},
    .hard_reset = {.force_register = 0x3F408128,
                   .force_mask = 1 << 0,
                   .otg_watchdog = true,
                   .strap_register = 0x3F404038,
                   .strap_mask = 1 << 3,
                   .otg_slow = true},
    .identity = {.package = {FIELD_SPLIT(BLOCK1(3), 21, 4, BLOCK1(3), 28, 4),
                             NAMED(packages, "Unknown ESP32-S2")},
                 .major = FIELD(BLOCK1(3), 18, 2),
                 .minor = FIELD_SPLIT(BLOCK1(4), 4, 3, BLOCK1(3), 20, 1),
                 .features = "Wi-Fi, Single Core, 240MHz",
                 .traits = {{{FIELD(BLOCK1(3), 21, 4), NAMED(flash, "Unknown Embedded Flash")}},
                            {{FIELD(BLOCK1(3), 28, 4), NAMED(psram, "Unknown Embedded PSRAM")}},
                            {{FIELD(0x6C, 4, 3),
                              NAMED(calibration, "Unknown calibration in BLK2")}}},
                 .secure_boot = FIELD(0x38, 20, 1),
                 .crypt_count = FIELD(0x34, 18, 3),
                 .crystal_mhz = 40},
    .macs = {.ap = MAC_AP_S2, .ethernet = MAC_LOCAL_1},
    .encryption = {.align = 16,
                   .xts_256 = true,
                   .manual_off = FIELD(0x30, 19, 1),
                   .purposes = PURPOSE_FIELDS},
    KEYS(purposes, 6),
    .tested = TESTED_EMULATED,
    .freqs = chip_freqs_80,
    .sizes = chip_sizes,
};
