/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Little is published: esptool's targets/esp32e22.py has the addresses, no bits for package and
 * revision. What is a guess after the other chips is marked.
 */
#include "emu/personas/personas.h"

static const struct efuse_field factory[] = {{0}};

const struct persona persona_esp32e22 = {
    .name = "esp32e22",
    .title = "ESP32-E22",
    .image_chip_id = 31,
    .extended_header = true,
    .boot_offset = 0,
    .ram = {{0x30fe0000, 0x31200000}},
    .no_stub = true,
    .status_len = 4,
    .commands = COMMANDS_NEWER,
    .flash_size = 0x400000, /* guess */
    .end = ROM_END_STAYS,
    .crystal_hz = 40000000, /* guess */
    .uart_clock_hz = 40000000,
    .uart_clkdiv = 0xc3102014,
    .spi = SPI_NEWER(0xc3003000),
    .efuse = EFUSE_NEWER(0xc4008000, 0x1d4), /* all but the base: guess */
    .factory = factory,
    .efuse_mac = efuse_mac_newer,
    .mac_block = 1,
    .mac = {0x38, 0x44, 0xbe, 0x65, 0x43, 0x21},
    /* Only SECURE_BOOT_EN and the purposes are known. */
    .security = {.size = 20, .flags = {116}, .purpose = 88, .purpose_width = 4, .keys = 6},
    .regs = regs_none,
    .strap_reg = 0xc310d000,
    .style = BOOT_NEWER,
    .boot_baud = 115200, /* and all of what follows: guess */
    .strap_flash = 0x8,
    .strap_download = 0x0,
    .text_flash = "SPI_FAST_FLASH_BOOT",
    .text_download = "DOWNLOAD(USB/UART0)",
    .waiting = "waiting for download",
    .banner = "ESP-ROM:esp32e22-20251001\r\nBuild:Oct  1 2025",
    .spi_line = SPI_LINE_NEW,
    .resets = resets_c5,
    .speeds = SPEEDS_80,
};
