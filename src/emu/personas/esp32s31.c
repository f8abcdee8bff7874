/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "emu/personas/personas.h"

/* Revision 0.0, PSRAM inside. */
static const struct efuse_field factory[] = {
    {.block = 1, .bit = 48, .width = 16, .value = 0xfffe}, /* MAC_EXT */
    {.block = 1, .bit = 122, .width = 3, .value = 1},      /* BLK_VERSION_MINOR */
    {.block = 1, .bit = 127, .width = 3, .value = 1},      /* PSRAM_CAP */
    {.block = 1, .bit = 132, .width = 2, .value = 1},      /* PSRAM_VENDOR */
    {0},
};

const struct persona persona_esp32s31 = {
    .name = "esp32s31",
    .title = "ESP32-S31",
    .image_chip_id = 32,
    .extended_header = true,
    .boot_offset = 0x2000,
    .ram = {{0x2f000000, 0x2f080000}},
    .status_len = 4,
    .commands = COMMANDS_NEWER,
    .flash_size = 0x400000,
    .flash_4byte = true,
    .usb_jtag = true,
    .end = ROM_END_STAYS,
    .crystal_hz = 40000000,
    .uart_clock_hz = 40000000,
    .uart_clkdiv = 0x2038a014,
    .spi = SPI_NEWER(0x20501000),
    /* Block 0 has eight words behind the write protection, and there is one key less. */
    .efuse = {.base = 0x20715000,
              .read_first = 0x2071502c,
              .words = 79,
              .conf = 0x207151cc,
              .cmd = 0x207151d8,
              .protect_bit = 32,
              .protected_from = 4,
              .protected_blocks = 6,
              .block_select = true,
              .block_words = {9, 6, 8, 8, 8, 8, 8, 8, 8, 8}},
    .factory = factory,
    .efuse_mac = efuse_mac_newer,
    .mac_block = 1,
    .mac = {0x38, 0x44, 0xbe, 0x12, 0x34, 0x56},
    .security = {.size = 20,
                 .flags = {130, 131, 149, 88, 89, 90, 48, 51},
                 .soft_jtag = 48,
                 .purpose = 96,
                 .purpose_width = 5,
                 .keys = 5},
    .encryption = ENCRYPTION_OF(85, 52, true),
    .regs = regs_none,
    .strap_reg = 0x20583000,
    .wdt_config0 = 0x20801000,
    .wdt_config1 = 0x20801004,
    .wdt_protect = 0x20801018,
    .style = BOOT_NEWER,
    .boot_baud = 115200,
    .strap_flash = 0x58,
    .strap_download = 0x48, /* a guess, its text too */
    .text_flash = "SPI_FAST_FLASH_BOOT",
    .text_download = "DOWNLOAD(USB/UART0/SPI)",
    .waiting = "waiting for download",
    .banner = "ESP-ROM:esp32s31-20251218\r\nBuild:Jan 21 2026",
    .spi_line = SPI_LINE_NEW,
    .resets = resets_s31,
    .speeds = SPEEDS_80,
};
