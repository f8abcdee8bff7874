/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The ESP8266 and ESP8285. Its MAC, name and flash are told by code (loader/identify_old.c). */
#include "chip/rows.h"

static const struct chip_nibble sizes[] = {
    {"512KB", 0},  {"256KB", 1},  {"1MB", 2}, {"2MB", 3},  {"4MB", 4},
    {"2MB-c1", 5}, {"4MB-c1", 6}, {"8MB", 8}, {"16MB", 9}, {0}};

static const struct chip_memory memory[] = {
    {0x3FF00000, 0x3FF00010, "DPORT"},
    {0x3FFE8000, 0x40000000, "DRAM"},
    {0x40100000, 0x40108000, "IRAM"},
    {0x40201010, 0x402E1010, "IROM"},
    {0},
};

const struct chip chip_esp8266 = {
    .id = CHIP_ESP8266,
    .key = "esp8266",
    .name = "ESP8266",
    .image_chip_id = -1,
    .uf2_family = 0x7EAB61ED,
    .magic = {0xFFF0C101},
    .bootloader_offset = 0,
    .stub = "esp8266",
    .spi = {.base = 0x60000200,
            .usr = 0x1C,
            .usr1 = 0x20,
            .usr2 = 0x24,
            .w0 = 0x40,
            .address_in_msb = true},
    .efuse_base = 0x3FF00050,
    .mac_word = {0x3FF00050, 0x3FF00054, 0x3FF0005C},
    .uart_clkdiv = 0x60000014,
    .rom_erase_bug = true,
    .rom_run = true,
    .rom_baud_max = 115200,   /* has no command to change it */
    .stub_baud_max = 2000000, /* datasheet: 4.5 Mbit/s at most; its FIFOs are emptied at 80 MHz */
    .ram = {{0x3FFE8000, 0x40000000}, {0x40100000, 0x40110000}},
    /* the softAP's address is a local one (ESP8266_RTOS_SDK: esp_read_mac) */
    .macs = {.ap = MAC_LOCAL},
    .xtensa = true,
    .irom = {0x40200000, 0x40300000},
    .memory = memory,
    .tested = TESTED_EMULATED,
    .freqs = chip_freqs_80,
    .sizes = sizes,
};
