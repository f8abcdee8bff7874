/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "emu/personas/personas.h"

/* An ESP32-C3 (QFN32), revision 0.4, no flash inside. */
static const struct efuse_field factory[] = {
    {.block = 1, .bit = 114, .width = 3, .value = 4}, /* WAFER_VERSION_MINOR_LO */
    {0},
};

const struct persona persona_esp32c3 = {
    .name = "esp32c3",
    .title = "ESP32-C3",
    .magic = 0x1b31506f,
    .image_chip_id = 5,
    .extended_header = true,
    .boot_offset = 0,
    .ram = {{0x3fc80000, 0x3fce0000}, {0x4037c000, 0x403e0000}},
    .status_len = 4,
    .commands = COMMANDS_NEWER,
    .flash_size = 0x400000,
    .end = ROM_END_STAYS,
    .crystal_hz = 40000000,
    .uart_clock_hz = 40000000,
    .uart_clkdiv = 0x60000014,
    .spi = SPI_NEWER(0x60002000),
    .efuse = EFUSE_NEWER(0x60008800, 0x1d4),
    .factory = factory,
    .efuse_mac = efuse_mac_newer,
    .mac_block = 1,
    .mac = {0x7c, 0xdf, 0xa1, 0x12, 0x34, 0x56},
    .security = {.size = 20,
                 .flags = SECURITY_FLAGS(48, 51, 0, 0, 42),
                 .soft_jtag = 48,
                 .purpose = 88,
                 .purpose_width = 4,
                 .keys = 6,
                 .version = 3}, /* recorded */
    .encryption = ENCRYPTION_OF(82, 52, false),
    .regs = regs_none,
    .strap_reg = 0x60004038,
    .wdt_config0 = 0x60008090,
    .wdt_config1 = 0x60008094,
    .wdt_protect = 0x600080a8,
    .swd_conf = 0x600080ac,
    .swd_protect = 0x600080b0,
    .swd_key = 0x8f1d312a,
    .swd_autofeed = BIT(31),
    .style = BOOT_NEWER,
    .boot_baud = 115200,
    .strap_flash = 8,
    .strap_download = 2, /* as recorded; most boards have 5, DOWNLOAD(USB/UART0/1) */
    .text_flash = "SPI_FAST_FLASH_BOOT",
    .text_download = "UART0_BOOT",
    .waiting = "wait uart0 download",
    .banner = "ESP-ROM:esp32c3-api1-20210207\r\nBuild:Feb  7 2021",
    .spi_line = SPI_LINE_OLD,
    .resets = resets_s2,
    .speeds = SPEEDS_80,
};
