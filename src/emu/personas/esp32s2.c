/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "emu/personas/personas.h"

/* An ESP32-S2FNR2, revision 1.0: 4 MB of flash and 2 MB of PSRAM inside. */
static const struct efuse_field factory[] = {
    {.block = 1, .bit = 114, .width = 2, .value = 1}, /* WAFER_VERSION_MAJOR */
    {.block = 1, .bit = 117, .width = 4, .value = 2}, /* FLASH_VERSION: 4 MB */
    {.block = 1, .bit = 124, .width = 4, .value = 1}, /* PSRAM_VERSION: 2 MB */
    {.block = 1, .bit = 128, .width = 4, .value = 2}, /* PKG_VERSION; which number it really has
                                                         I don't know, nothing depends on it */
    {.block = 2, .bit = 132, .width = 3, .value = 2}, /* BLK_VERSION_MINOR: calibration V2 */
    {0},
};

const struct persona persona_esp32s2 = {
    .name = "esp32s2",
    .title = "ESP32-S2",
    .magic = 0x000007c6,
    .image_chip_id = 2,
    .extended_header = true,
    .boot_offset = 0x1000,
    .ram = {{0x3ffb0000, 0x40000000}, {0x40020000, 0x40070000}},
    .status_len = 4,
    .commands = COMMANDS_NEWER,
    .flash_size = 0x400000,
    .end = ROM_END_STAYS,
    .crystal_hz = 40000000,
    .uart_clock_hz = 40000000,
    .stub_uart_clock_hz = 80000000,
    .uart_clkdiv = 0x3f400014,
    .spi = SPI_NEWER(0x3f402000),
    .efuse = EFUSE_NEWER(0x3f41a000, 0x1d4),
    .factory = factory,
    .efuse_mac = efuse_mac_newer,
    .mac_block = 1,
    .mac = {0x84, 0xf7, 0x03, 0x12, 0x34, 0x56},
    .security = {.size = 12,
                 .flags = SECURITY_FLAGS(49, 50, 45, 43, 42),
                 .purpose = 88,
                 .purpose_width = 4,
                 .keys = 6},
    .encryption = ENCRYPTION_OF(82, 51, true),
    .regs = regs_none,
    .strap_reg = 0x3f404038,
    .wdt_config0 = 0x3f408094,
    .wdt_config1 = 0x3f408098,
    .wdt_protect = 0x3f4080ac,
    .style = BOOT_NEWER,
    .boot_baud = 115200,
    .strap_flash = 0x8,
    .strap_download = 0x0,
    .text_flash = "SPI_FAST_FLASH_BOOT",
    .text_download = "DOWNLOAD(USB/UART0/1/SPI)",
    .waiting = "waiting for download",
    .banner = "ESP-ROM:esp32s2-rc4-20191025\r\nBuild:Oct 25 2019",
    .spi_line = SPI_LINE_OLD,
    .resets = resets_s2,
    .speeds = SPEEDS_80,
};
