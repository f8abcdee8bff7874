/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The ESP32-H4: no Wi-Fi. */
#include "chip/rows.h"

static const char *const purposes[] = {PURPOSE_USER,
                                       PURPOSE_ECDSA,
                                       [2] = "XTS_AES_256_KEY_FLASH_1",
                                       [3] = "XTS_AES_256_KEY_FLASH_2",
                                       PURPOSE_XTS_128,
                                       PURPOSES_HMAC,
                                       PURPOSES_BOOT,
                                       [12] = "KM_INIT_KEY",
                                       [13] = "XTS_AES_256_KEY_PSRAM_1",
                                       [14] = "XTS_AES_256_KEY_PSRAM_2",
                                       [15] = "XTS_AES_128_KEY_PSRAM",
                                       PURPOSES_ECDSA_LATER};

static const char *const packages[] = {"ESP32-H4 (QFN40)"};

static const struct chip_memory memory[] = {
    {0x00000000, 0x00010000, "PADDING"},       {0x42000000, 0x44000000, "DROM"},
    {0x40810000, 0x40860000, "DRAM"},          {0x40810000, 0x40860000, "BYTE_ACCESSIBLE"},
    {0x40000000, 0x40050000, "DROM_MASK"},     {0x40000000, 0x40050000, "IROM_MASK"},
    {0x42000000, 0x44000000, "IROM"},          {0x40810000, 0x40860000, "IRAM"},
    {0x50000000, 0x50004000, "RTC_IRAM"},      {0x50000000, 0x50004000, "RTC_DRAM"},
    {0x60000000, 0x60100000, "MEM_INTERNAL2"}, {0},
};

const struct chip chip_esp32h4 = {
    .id = CHIP_ESP32H4,
    .key = "esp32h4",
    .name = "ESP32-H4",
    .image_chip_id = 28,
    .uf2_family = 0x9E0BAA8A,
    .bootloader_offset = 0x2000,
    STUB("esp32h4"),
    .spi = SPI_NEW(0x60099000),
    EFUSE(0x600B1800, 0x44),
    ROM_LATER,
    .usb_jtag = true,
    /* The one that ticks in the ROM is the timer group's. */
    .watchdog = {.config0 = 0x60090048,
                 .config1 = 0x6009004C,
                 .protect = 0x60090064,
                 .key = WDT_KEY,
                 .swd_config = 0x600B541C,
                 .swd_protect = 0x600B5420,
                 .swd_key = WDT_KEY,
                 .swd_feed = 1u << 18},
    .ram = {{0x40810000, 0x40860000}, {0x50000000, 0x50004000}},
    .irom = {0x42000000, 0x42800000},
    .drom = {0x42800000, 0x43000000},
    .mmu_pages = PAGES_8K_64K,
    .memory = memory,
    .pins = {.last = 39, .usb = {13, 14}},
    .identity = {.package = {FIELD(BLOCK1(4), 12, 3), NAMED(packages, "Unknown ESP32-H4")},
                 .major = FIELD(BLOCK1(3), 22, 2),
                 .minor = FIELD(BLOCK1(3), 18, 4),
                 .features = "BT 5 (LE), IEEE802.15.4, Dual Core, 96MHz",
                 .secure_boot = FIELD(0x38, 5, 1),
                 .crypt_count = FIELD(0x30, 23, 3),
                 .eui64 = true,
                 .crystal_mhz = 32},
    .macs = {.bt = MAC_BASE},
    KEYS(purposes, 6),
    .tested = TESTED_EMULATED,
    .freqs = chip_freqs_48,
    .sizes = chip_sizes,
};
