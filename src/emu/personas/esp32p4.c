/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Revisions below 3.0 and those from 3.0 on are two chips for whoever writes programs for them:
 * other RAM, other ROM, other stubs. */
#include "emu/personas/personas.h"

/* Revision 3.1, 32 MB of PSRAM inside. */
static const struct efuse_field factory[] = {
    {.block = 1, .bit = 64, .width = 4, .value = 1}, /* WAFER_VERSION_MINOR */
    {.block = 1, .bit = 68, .width = 2, .value = 3}, /* WAFER_VERSION_MAJOR_LO */
    {.block = 1, .bit = 72, .width = 3, .value = 1}, /* BLK_VERSION_MINOR */
    {.block = 1, .bit = 77, .width = 3, .value = 2}, /* PSRAM_CAP */
    {.block = 1, .bit = 82, .width = 2, .value = 1}, /* PSRAM_VENDOR */
    {0},
};

/* Revision 1.3, 32 MB of PSRAM inside. */
static const struct efuse_field factory_rev1[] = {
    {.block = 1, .bit = 64, .width = 4, .value = 3}, /* WAFER_VERSION_MINOR */
    {.block = 1, .bit = 68, .width = 2, .value = 1}, /* WAFER_VERSION_MAJOR_LO */
    {.block = 1, .bit = 72, .width = 3, .value = 3}, /* BLK_VERSION_MINOR */
    {.block = 1, .bit = 77, .width = 3, .value = 2}, /* PSRAM_CAP */
    {.block = 1, .bit = 82, .width = 2, .value = 1}, /* PSRAM_VENDOR */
    {0},
};

#define SECURITY_P4                                                                           \
    {                                                                                         \
        .size = 20, .flags = SECURITY_FLAGS(48, 51, 0, 0, 0), .soft_jtag = 48, .purpose = 88, \
        .purpose_width = 4, .keys = 6                                                         \
    }

const struct persona persona_esp32p4 = {
    .name = "esp32p4",
    .title = "ESP32-P4",
    .image_chip_id = 18,
    .extended_header = true,
    .boot_offset = 0x2000,
    .ram = {{0x4ff00000, 0x4ffc0000}},
    .status_len = 4,
    .commands = COMMANDS_NEWER,
    .flash_size = 0x400000,
    .flash_4byte = true,
    .end = ROM_END_STAYS,
    .crystal_hz = 40000000,
    .uart_clock_hz = 40000000,
    .uart_clkdiv = 0x500ca014,
    .spi = SPI_NEWER(0x5008d000),
    .efuse = EFUSE_NEWER(0x5012d000, 0x1d4),
    .factory = factory,
    .efuse_mac = efuse_mac_newer,
    .mac_block = 1,
    .mac = {0xe8, 0xf6, 0x0a, 0x12, 0x34, 0x56},
    .security = SECURITY_P4,
    .encryption = ENCRYPTION_OF(82, 52, true),
    .regs = regs_none,
    .strap_reg = 0x500e0038,
    .flash_power_reg = 0x501153fc, /* PMU_DATE; revisions 3.1 and 3.2 are like that */
    .wdt_config0 = 0x50116000,
    .wdt_config1 = 0x50116004,
    .wdt_protect = 0x50116018,
    .swd_conf = 0x5011601c,
    .swd_protect = 0x50116020,
    .swd_key = 0x50d83aa1,
    .swd_autofeed = BIT(18),
    .style = BOOT_NEWER,
    .boot_baud = 115200,
    .strap_flash = 0x30f,
    .strap_download = 0x307,
    .text_flash = "SPI_FAST_FLASH_BOOT",
    .text_download = "DOWNLOAD(USB/UART0/SPI)",
    .waiting = "waiting for download",
    .banner = "ESP-ROM:esp32p4-eco6-20251011\r\nBuild:Oct 11 2025",
    .spi_line = SPI_LINE_NEW,
    .resets = resets_p4,
    .speeds = SPEEDS_80,
};

const struct persona persona_esp32p4_rev1 = {
    .name = "esp32p4-rev1",
    .title = "ESP32-P4",
    .image_chip_id = 18,
    .extended_header = true,
    .boot_offset = 0x2000,
    .ram = {{0x4ff00000, 0x4ffc0000}},
    .status_len = 4,
    .commands = COMMANDS_NEWER,
    .flash_size = 0x400000,
    .flash_4byte = true,
    .end = ROM_END_STAYS,
    .crystal_hz = 40000000,
    .uart_clock_hz = 40000000,
    .uart_clkdiv = 0x500ca014,
    .spi = SPI_NEWER(0x5008d000),
    .efuse = EFUSE_NEWER(0x5012d000, 0x1d4),
    .factory = factory_rev1,
    .efuse_mac = efuse_mac_newer,
    .mac_block = 1,
    .mac = {0x80, 0xf1, 0xb2, 0x12, 0x34, 0x56},
    .security = SECURITY_P4,
    .encryption = ENCRYPTION_OF(82, 52, true),
    .regs = regs_none,
    .strap_reg = 0x500e0038,
    .wdt_config0 = 0x50116000,
    .wdt_config1 = 0x50116004,
    .wdt_protect = 0x50116018,
    .swd_conf = 0x5011601c,
    .swd_protect = 0x50116020,
    .swd_key = 0x50d83aa1,
    .swd_autofeed = BIT(18),
    .style = BOOT_NEWER,
    .boot_baud = 115200,
    .strap_flash = 0x30f,
    .strap_download = 0x307,
    .text_flash = "SPI_FAST_FLASH_BOOT",
    .text_download = "DOWNLOAD(USB/UART0/SPI)",
    .waiting = "waiting for download",
    .banner = "ESP-ROM:esp32p4-eco2-20240710\r\nBuild:Jul 10 2024",
    .spi_line = SPI_LINE_NEW,
    .resets = resets_p4,
    .speeds = SPEEDS_80,
};
