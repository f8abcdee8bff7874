/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "emu/personas/personas.h"

/* An ESP32-H4 (QFN40), revision 0.1, no flash inside. */
static const struct efuse_field factory[] = {
    {.block = 1, .bit = 48, .width = 16, .value = 0xfffe}, /* MAC_EXT */
    {.block = 1, .bit = 114, .width = 4, .value = 1},      /* WAFER_VERSION_MINOR */
    {.block = 1, .bit = 122, .width = 3, .value = 1},      /* BLK_VERSION_MINOR */
    {0},
};

const struct persona persona_esp32h4 = {
    .name = "esp32h4",
    .title = "ESP32-H4",
    .image_chip_id = 28,
    .extended_header = true,
    .boot_offset = 0x2000,
    .ram = {{0x40810000, 0x40860000}},
    .status_len = 4,
    .commands = COMMANDS_NEWER,
    .flash_size = 0x400000,
    .end = ROM_END_STAYS,
    .crystal_hz = 32000000,
    .uart_clock_hz = 32000000,
    .uart_clkdiv = 0x60012014,
    .spi = SPI_NEWER(0x60099000),
    .efuse = EFUSE_NEWER(0x600b1800, 0x1d8),
    .factory = factory,
    .efuse_mac = efuse_mac_newer,
    .mac_block = 1,
    .mac = {0x60, 0x55, 0xf9, 0x12, 0x34, 0x57},
    .security = {.size = 20,
                 .flags = {101, 102, 131, 58, 59, 60, 171, 45},
                 .soft_jtag = 171,
                 .purpose = 64,
                 .purpose_width = 5,
                 .keys = 6},
    .encryption = ENCRYPTION_OF(55, 46, true),
    .regs = regs_none,
    .strap_reg = 0x60093000,
    /* esptool has the timer group's watchdog here, which resets less; it is not used to reset. */
    .wdt_config0 = 0x60090048,
    .wdt_config1 = 0x6009004c,
    .wdt_protect = 0x60090064,
    .swd_conf = 0x600b541c,
    .swd_protect = 0x600b5420,
    .swd_key = 0x50d83aa1,
    .swd_autofeed = BIT(18),
    .style = BOOT_NEWER,
    .boot_baud = 115200,
    .strap_flash = 0x3f,
    .strap_download = 0x37, /* this, its text and the banner are guesses after the ESP32-C5 */
    .text_flash = "SPI_FAST_FLASH_BOOT",
    .text_download = "DOWNLOAD(UART0/USB)",
    .waiting = "waiting for download",
    .banner = "ESP-ROM:esp32h4-20250901\r\nBuild:Sep  1 2025",
    .spi_line = SPI_LINE_NEW,
    .resets = resets_c5,
    .speeds = SPEEDS_48,
};
