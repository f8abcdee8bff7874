/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The ESP32-C6. */
#include "chip/rows.h"

/* esptool names the ESP32-C3's, whose list it is. */
static const char *const purposes[] = {PURPOSE_USER, [1] = "RESERVED", PURPOSE_XTS_128,
                                       PURPOSES_HMAC, PURPOSES_BOOT};

/* flash in the low three bits of the value, the package above them */
static const char *const packages[] = {[0 ... 7] = "ESP32-C6 (QFN40)",
                                       [8 + 1] = "ESP32-C6FH4 (QFN32)",
                                       [8 + 2] = "ESP32-C6FH8 (QFN32)"};
static const char *const flash[] = {[1] = "Embedded Flash 4MB", [2] = "Embedded Flash 8MB"};

/* The ROM has a wrong divider for 80 MHz: the 40 MHz value stands for both. */
static const struct chip_nibble freqs[] = {{"80m", 0}, {"40m", 0}, {"20m", 2}, {0}};

const struct chip chip_esp32c6 = {
    .id = CHIP_ESP32C6,
    .key = "esp32c6",
    .name = "ESP32-C6",
    .image_chip_id = 13,
    .uf2_family = 0x540DDF62,
    .magic = {0x2CE0806F},
    .bootloader_offset = 0,
    STUB("esp32c6"),
    .spi = SPI_NEW(0x60003000),
    EFUSE(0x600B0800, 0x44),
    ROM_LATER,
    .usb_jtag = true,
    .watchdog = LP_WDT(0x600B1C00, 0x18, false), /* a reset by it can lose the USB port */
    .ram = {{0x40800000, 0x40880000}, {0x50000000, 0x50004000}},
    .irom = {0x42000000, 0x42800000},
    .drom = {0x42800000, 0x43000000},
    .mmu_pages = PAGES_8K_64K,
    .memory = chip_memory_c6,
    .pins = {.last = 30, .usb = {12, 13}},
    .identity = {.package = {FIELD_SPLIT(BLOCK1(4), 0, 3, BLOCK1(3), 24, 3),
                             NAMED(packages, "Unknown ESP32-C6")},
                 .major = FIELD(BLOCK1(3), 22, 2),
                 .minor = FIELD(BLOCK1(3), 18, 4),
                 .features = "Wi-Fi 6, BT 5 (LE), IEEE802.15.4, Single Core + LP Core, 160MHz",
                 .traits = {{{FIELD(BLOCK1(4), 0, 3), NAMED(flash, "Unknown Embedded Flash")}}},
                 .secure_boot = FIELD(0x38, 20, 1),
                 .crypt_count = FIELD(0x34, 18, 3),
                 .eui64 = true,
                 .crystal_mhz = 40},
    .macs = MACS_FOUR,
    .encryption = {.align = 16, .manual_off = FIELD(0x30, 20, 1), .purposes = PURPOSE_FIELDS},
    KEYS(purposes, 6),
    .tested = TESTED_EMULATED,
    .freqs = freqs,
    .sizes = chip_sizes,
};
