/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "emu/personas/personas.h"

/* An ESP8684H4, revision 1.2: 4 MB of flash inside. */
static const struct efuse_field factory[] = {
    {.block = 2, .bit = 48, .width = 4, .value = 2},  /* WAFER_VERSION_MINOR */
    {.block = 2, .bit = 52, .width = 2, .value = 1},  /* WAFER_VERSION_MAJOR */
    {.block = 2, .bit = 54, .width = 3, .value = 1},  /* PKG_VERSION */
    {.block = 2, .bit = 57, .width = 3, .value = 1},  /* BLK_VERSION_MINOR: calibrated */
    {.block = 2, .bit = 248, .width = 3, .value = 2}, /* FLASH_VENDOR: GD */
    {.block = 2, .bit = 253, .width = 3, .value = 1}, /* FLASH_CAP: 4 MB */
    {0},
};

const struct persona persona_esp32c2 = {
    .name = "esp32c2",
    .title = "ESP32-C2",
    .magic = 0x7c41a06f,
    .image_chip_id = 12,
    .extended_header = true,
    .boot_offset = 0,
    .ram = {{0x3fca0000, 0x3fce0000}, {0x4037c000, 0x403c0000}},
    .status_len = 4,
    .commands = COMMANDS_NEWER,
    .flash_size = 0x400000,
    .end = ROM_END_STAYS,
    .crystal_hz = 26000000, /* that of Espressif's modules */
    .crystal_other_hz = 40000000,
    .rom_crystal_hz = 40000000,
    .uart_clock_hz = 26000000,
    .uart_clkdiv = 0x60000014,
    .spi = SPI_NEWER(0x60002000),
    .efuse = {.base = 0x60008800,
              .read_first = 0x6000882c,
              .words = 21,
              .conf = 0x6000888c,
              .cmd = 0x60008894,
              .protect_bit = 32,
              .protected_from = 3,
              .protected_blocks = 1,
              .protects_halves = true,
              .block_select = true,
              .block_words = {2, 3, 8, 8}},
    .factory = factory,
    .efuse_mac = efuse_mac_newer,
    .mac_block = 2,
    .mac = {0x10, 0x97, 0xbd, 0x12, 0x34, 0x56},
    .security = {.size = 20, .flags = {53, 0, 48, 0, 0, 0, 0, 36, 0, 0, 37}},
    .encryption = {.scheme = ENCRYPTION_XTS_C2, .count = 39, .count_width = 3, .manual_off = 38},
    .regs = regs_none,
    .strap_reg = 0x60004038,
    .wdt_config0 = 0x60008084,
    .wdt_config1 = 0x60008088,
    .wdt_protect = 0x6000809c,
    .style = BOOT_NEWER,
    .boot_baud = 74880, /* 115200 in the ROM's opinion */
    .strap_flash = 0xc,
    .strap_download = 0x4,
    .text_flash = "SPI_FAST_FLASH_BOOT",
    .text_download = "DOWNLOAD(UART0)",
    .waiting = "waiting for download",
    .banner = "ESP-ROM:esp8684-api2-20220127\r\nBuild:Jan 27 2022",
    .spi_line = SPI_LINE_OLD,
    .resets = resets_s2,
    .speeds = {60, 30, 20, 15},
};
