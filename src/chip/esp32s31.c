/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The ESP32-S31. */
#include "chip/rows.h"

static const char *const purposes[] = {PURPOSE_USER,
                                       PURPOSE_ECDSA,
                                       PURPOSE_XTS_256,
                                       PURPOSE_XTS_128,
                                       PURPOSES_HMAC,
                                       PURPOSES_BOOT,
                                       [12] = "KM_INIT_KEY",
                                       [13] = "XTS_AES_256_PSRAM_KEY_1",
                                       [14] = "XTS_AES_256_PSRAM_KEY_2",
                                       [15] = "XTS_AES_128_PSRAM_KEY",
                                       PURPOSES_ECDSA_LATER,
                                       [19] = "SDC_KEY_DIGEST"};

static const char *const packages[] = {"ESP32-S31"};

static const struct chip_memory memory[] = {
    {0x00000000, 0x00010000, "PADDING"},
    {0x40000000, 0x54000000, "DROM"},
    {0x2F000000, 0x2F080000, "DRAM"},
    {0x2F000000, 0x2F080000, "BYTE_ACCESSIBLE"},
    {0x2F800000, 0x2F850000, "DROM_MASK"},
    {0x2F800000, 0x2F850000, "IROM_MASK"},
    {0x40000000, 0x54000000, "IROM"},
    {0x2F000000, 0x2F080000, "IRAM"},
    {0x2E000000, 0x2E008000, "RTC_IRAM"},
    {0x2E000000, 0x2E008000, "RTC_DRAM"},
    {0},
};

const struct chip chip_esp32s31 = {
    .id = CHIP_ESP32S31,
    .key = "esp32s31",
    .name = "ESP32-S31",
    .image_chip_id = 32,
    .uf2_family = 0x3101F7C1,
    .bootloader_offset = 0x2000,
    STUB("esp32s31"),
    .spi = SPI_NEW(0x20501000),
    EFUSE(0x20715000, 0x50),
    ROM_LATER,
    .usb_otg_pid = 0x0020,
    .usb_jtag = true,
    .flash_32bit = true,
    .watchdog = {.config0 = 0x20801000,
                 .config1 = 0x20801004,
                 .protect = 0x20801018,
                 .key = WDT_KEY,
                 .resets = true},
    .ram = {{0x2E000000, 0x2E008000}, {0x2F000000, 0x2F080000}},
    .irom = {0x40000000, 0x54000000},
    .drom = {0x40000000, 0x54000000},
    .mmu_pages = PAGES_32K_256K,
    .memory = memory,
    .pins = {.last = 60, .usb = {33, 34}},
    .hard_reset = {.otg_watchdog = true},
    /* its block 1 begins at offset 0x50 */
    .identity = {.package = {FIELD(0x60, 6, 2), NAMED(packages, "unknown ESP32-S31")},
                 .major = FIELD(0x5C, 22, 2),
                 .minor = FIELD(0x5C, 18, 4),
                 .features = "Wi-Fi 6, BT 5.4 (LE), IEEE802.15.4, Dual Core + LP Core, 300MHz",
                 .secure_boot = FIELD(0x3C, 2, 1),
                 .crypt_count = FIELD(0x34, 21, 3),
                 .crystal_mhz = 40},
    .macs = MACS_FOUR,
    KEYS(purposes, 5),
    .tested = TESTED_EMULATED,
    .freqs = chip_freqs_80_no_26,
    .sizes = chip_sizes,
};
