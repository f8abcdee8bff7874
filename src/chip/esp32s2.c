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

const struct chip chip_esp32s2 = {
    .id = CHIP_ESP32S2,
    .key = "esp32s2",
    .name = "ESP32-S2",
    .image_chip_id = 2, /* GET_SECURITY_INFO does not tell it */
    .magic = {0x000007C6},
    .bootloader_offset = 0x1000,
    STUB("esp32s2"),
    .spi = SPI_NEW(0x3F402000),
    EFUSE(0x3F41A000, 0x44),
    .uart_clkdiv = 0x3F400014,
    .rom_baud_note = 0x3FFFFCFC,
    ROM_LATER,
    .usb_otg_pid = 0x0002,
    .watchdog = {.config0 = 0x3F408094,
                 .config1 = 0x3F408098,
                 .protect = 0x3F4080AC,
                 .key = WDT_KEY,
                 .resets = true},
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
    KEYS(purposes, 6),
    .tested = TESTED_EMULATED,
    .freqs = chip_freqs_80,
    .sizes = chip_sizes,
};
