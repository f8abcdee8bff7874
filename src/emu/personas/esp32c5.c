/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "emu/personas/personas.h"

/* Revision 1.0, no flash inside. */
static const struct efuse_field factory[] = {
    {.block = 1, .bit = 48, .width = 16, .value = 0xfffe}, /* MAC_EXT */
    {.block = 1, .bit = 68, .width = 2, .value = 1},       /* WAFER_VERSION_MAJOR */
    {.block = 1, .bit = 72, .width = 3, .value = 1},       /* BLK_VERSION_MINOR */
    {0},
};

/* PCR_SYSCLK_CONF: from bit 24 on the crystal in MHz, as the strapping has it. */
static const struct reg_value regs[] = {
    {.address = 0x60096110, .value = UINT32_C(48) << 24},
    {0},
};

const struct persona persona_esp32c5 = {
    .name = "esp32c5",
    .title = "ESP32-C5",
    .magic = 0x5fd1406f,
    .image_chip_id = 23,
    .extended_header = true,
    .boot_offset = 0x2000,
    .ram = {{0x40800000, 0x40860000}},
    .status_len = 4,
    .commands = COMMANDS_NEWER,
    .flash_size = 0x400000,
    .flash_4byte = true,
    .end = ROM_END_STAYS,
    .crystal_hz = 48000000,
    .crystal_other_hz = 40000000,
    .rom_crystal_hz = 48000000,
    .uart_clock_hz = 48000000,
    .uart_clkdiv = 0x60000014,
    .spi = SPI_NEWER(0x60003000),
    .efuse = EFUSE_NEWER(0x600b4800, 0x1d8),
    .factory = factory,
    .efuse_mac = efuse_mac_newer,
    .mac_block = 1,
    .mac = {0x30, 0xed, 0xa0, 0x12, 0x34, 0x56},
    .security = {.size = 20,
                 .flags = {121, 122, 133, 83, 84, 85, 48, 51},
                 .soft_jtag = 48,
                 .purpose = 86,
                 .purpose_width = 5,
                 .keys = 6},
    .encryption = ENCRYPTION_OF(80, 52, false),
    .regs = regs,
    .strap_reg = 0x60091000,
    .wdt_config0 = 0x600b1c00,
    .wdt_config1 = 0x600b1c04,
    .wdt_protect = 0x600b1c18,
    .swd_conf = 0x600b1c1c,
    .swd_protect = 0x600b1c20,
    .swd_key = 0x50d83aa1,
    .swd_autofeed = BIT(18),
    .style = BOOT_NEWER,
    .boot_baud = 115200,
    .strap_flash = 0x18,
    .strap_download = 0x8,
    .text_flash = "SPI_FAST_FLASH_BOOT",
    .text_download = "DOWNLOAD(UART0/USB)",
    .waiting = "waiting for download",
    .banner = "ESP-ROM:esp32c5-eco2-20250121\r\nBuild:Jan 21 2025",
    .spi_line = SPI_LINE_NEW,
    .resets = resets_c5,
    .speeds = SPEEDS_80,
};
