/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The ESP32, all packages. Its name and features are told by code (loader/identify_old.c). */
#include "chip/rows.h"

const struct chip chip_esp32 = {
    .id = CHIP_ESP32,
    .key = "esp32",
    .name = "ESP32",
    .image_chip_id = 0,
    .uf2_family = 0x1C5F21B0,
    .magic = {0x00F01D83},
    .bootloader_offset = 0x1000,
    STUB("esp32"),
    .spi = SPI_OLD(0x3FF42000),
    EFUSE(0x3FF5A000, 4),
    .uart_clkdiv = 0x3FF40014,
    .rom_baud_note = 0x3FFE019C,
    ROM_ESP32,
    .ram = {{0x3FF80000, 0x3FF82000},
            {0x3FFAE000, 0x40000000},
            {0x40070000, 0x400C2000},
            {0x50000000, 0x50002000}},
    .pins = {.last = 33, .gap_first = 30, .gap_last = 31},
    .macs = MACS_FOUR,
    .tested = TESTED_ROM,
    .freqs = chip_freqs_80,
    .sizes = chip_sizes,
};
