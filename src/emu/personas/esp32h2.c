/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "emu/personas/personas.h"

/* An ESP32-H2FH4, revision 1.2: 4 MB of flash inside. */
static const struct efuse_field factory[] = {
    {.block = 1, .bit = 48, .width = 16, .value = 0xfffe}, /* MAC_EXT */
    {.block = 1, .bit = 114, .width = 3, .value = 2},      /* WAFER_VERSION_MINOR */
    {.block = 1, .bit = 117, .width = 2, .value = 1},      /* WAFER_VERSION_MAJOR */
    {.block = 1, .bit = 120, .width = 3, .value = 1},      /* FLASH_CAP */
    {.block = 1, .bit = 123, .width = 2, .value = 1},      /* FLASH_TEMP */
    {.block = 1, .bit = 125, .width = 3, .value = 1},      /* FLASH_VENDOR */
    {.block = 2, .bit = 130, .width = 3, .value = 1},      /* BLK_VERSION_MINOR */
    {0},
};

const struct persona persona_esp32h2 = {
    .name = "esp32h2",
    .title = "ESP32-H2",
    .magic = 0xd7b73e80,
    .image_chip_id = 16,
    .extended_header = true,
    .boot_offset = 0,
    .ram = {{0x40800000, 0x40850000}},
    .status_len = 4,
    .commands = COMMANDS_NEWER,
    .flash_size = 0x400000,
    .end = ROM_END_STAYS,
    .crystal_hz = 32000000,
    .uart_clock_hz = 32000000,
    .uart_clkdiv = 0x60000014,
    .spi = SPI_NEWER(0x60003000),
    .efuse = EFUSE_NEWER(0x600b0800, 0x1d4),
    .factory = factory,
    .efuse_mac = efuse_mac_newer,
    .mac_block = 1,
    .mac = {0x74, 0x4d, 0xbd, 0x12, 0x34, 0x56},
    .security = {.size = 20,
                 .flags = SECURITY_FLAGS(48, 51, 0, 0, 0),
                 .soft_jtag = 48,
                 .purpose = 88,
                 .purpose_width = 4,
                 .keys = 6},
    .encryption = ENCRYPTION_OF(82, 52, false),
    .regs = regs_none,
    .strap_reg = 0x60091038,
    .wdt_config0 = 0x600b1c00,
    .wdt_config1 = 0x600b1c04,
    .wdt_protect = 0x600b1c1c,
    .swd_conf = 0x600b1c20,
    .swd_protect = 0x600b1c24,
    .swd_key = 0x50d83aa1,
    .swd_autofeed = BIT(18),
    .style = BOOT_NEWER,
    .boot_baud = 115200,
    .strap_flash = 0xc,
    .strap_download = 0x4,
    .text_flash = "SPI_FAST_FLASH_BOOT",
    .text_download = "DOWNLOAD(USB/UART0)",
    .waiting = "waiting for download",
    .banner = "ESP-ROM:esp32h2-20221101\r\nBuild:Nov  1 2022",
    .spi_line = SPI_LINE_OLD,
    .resets = resets_c6,
    .speeds = SPEEDS_48,
};
