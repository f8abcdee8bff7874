/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "emu/personas/personas.h"

/* An ESP32-C6FH4 (QFN32), revision 0.1: 4 MB of flash inside. */
static const struct efuse_field factory[] = {
    {.block = 1, .bit = 48, .width = 16, .value = 0xfffe}, /* MAC_EXT */
    {.block = 1, .bit = 114, .width = 4, .value = 1},      /* WAFER_VERSION_MINOR */
    {.block = 1, .bit = 120, .width = 3, .value = 1},      /* PKG_VERSION */
    {.block = 1, .bit = 123, .width = 3, .value = 2},      /* BLK_VERSION_MINOR */
    {.block = 1, .bit = 128, .width = 3, .value = 1},      /* FLASH_CAP: 4 MB */
    {.block = 1, .bit = 131, .width = 2, .value = 1},      /* FLASH_TEMP: 105 degrees */
    {.block = 1, .bit = 133, .width = 3, .value = 1},      /* FLASH_VENDOR */
    {0},
};

const struct persona persona_esp32c6 = {
    .name = "esp32c6",
    .title = "ESP32-C6",
    .magic = 0x2ce0806f,
    .image_chip_id = 13,
    .extended_header = true,
    .boot_offset = 0,
    .ram = {{0x40800000, 0x40880000}},
    .status_len = 4,
    .commands = COMMANDS_NEWER,
    .flash_size = 0x400000,
    .end = ROM_END_STAYS,
    .crystal_hz = 40000000,
    .uart_clock_hz = 40000000,
    .uart_clkdiv = 0x60000014,
    .spi = SPI_NEWER(0x60003000),
    .efuse = EFUSE_NEWER(0x600b0800, 0x1d4),
    .factory = factory,
    .efuse_mac = efuse_mac_newer,
    .mac_block = 1,
    .mac = {0x40, 0x4c, 0xca, 0x12, 0x34, 0x56},
    .security = {.size = 20,
                 .flags = SECURITY_FLAGS(48, 51, 43, 0, 42),
                 .soft_jtag = 48,
                 .purpose = 88,
                 .purpose_width = 4,
                 .keys = 6},
    .encryption = ENCRYPTION_OF(82, 52, false),
    .regs = regs_none,
    .strap_reg = 0x60091038,
    /* The watchdog resets it over UART too; esptool leaves it alone because of the USB port. */
    .wdt_config0 = 0x600b1c00,
    .wdt_config1 = 0x600b1c04,
    .wdt_protect = 0x600b1c18,
    .swd_conf = 0x600b1c1c,
    .swd_protect = 0x600b1c20,
    .swd_key = 0x50d83aa1,
    .swd_autofeed = BIT(18),
    .style = BOOT_NEWER,
    .boot_baud = 115200,
    .strap_flash = 0xc,
    .strap_download = 0x4,
    .text_flash = "SPI_FAST_FLASH_BOOT",
    .text_download = "DOWNLOAD(USB/UART0/SDIO_FEI_FEO)",
    .waiting = "waiting for download",
    .banner = "ESP-ROM:esp32c6-20220919\r\nBuild:Sep 19 2022",
    .spi_line = SPI_LINE_OLD,
    .resets = resets_c6,
    .speeds = SPEEDS_80,
};
