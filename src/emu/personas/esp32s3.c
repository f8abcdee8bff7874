/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "emu/personas/personas.h"

/* An ESP32-S3R8, revision 0.2: no flash, 8 MB of PSRAM inside. */
static const struct efuse_field factory[] = {
    {.block = 1, .bit = 114, .width = 3, .value = 2}, /* WAFER_VERSION_MINOR_LO */
    {.block = 1, .bit = 120, .width = 3, .value = 3}, /* BLK_VERSION_MINOR */
    {.block = 1, .bit = 131, .width = 2, .value = 1}, /* PSRAM_CAP: 8 MB */
    {.block = 1, .bit = 133, .width = 2, .value = 2}, /* PSRAM_TEMP: 85 degrees */
    {.block = 1, .bit = 135, .width = 2, .value = 1}, /* PSRAM_VENDOR: AP, 3.3 V */
    {.block = 2, .bit = 128, .width = 2, .value = 1}, /* BLK_VERSION_MAJOR: calibrated */
    {0},
};

const struct persona persona_esp32s3 = {
    .name = "esp32s3",
    .title = "ESP32-S3",
    .magic = 0x00000009,
    .image_chip_id = 9,
    .extended_header = true,
    .boot_offset = 0,
    .ram = {{0x3fc88000, 0x3fd00000}, {0x40370000, 0x403e0000}},
    .status_len = 4,
    .commands = COMMANDS_NEWER,
    .flash_size = 0x400000,
    .flash_4byte = true,
    .read_hook = 0x3fcef688,
    .end = ROM_END_STAYS,
    .crystal_hz = 40000000,
    .uart_clock_hz = 40000000,
    .uart_clkdiv = 0x60000014,
    .spi = SPI_NEWER(0x60002000),
    .efuse = EFUSE_NEWER(0x60007000, 0x1d4),
    .factory = factory,
    .efuse_mac = efuse_mac_newer,
    .mac_block = 1,
    .mac = {0x34, 0x85, 0x18, 0x12, 0x34, 0x56},
    .security = {.size = 20,
                 .flags = SECURITY_FLAGS(48, 51, 45, 43, 42),
                 .soft_jtag = 48,
                 .purpose = 88,
                 .purpose_width = 4,
                 .keys = 6},
    .encryption = ENCRYPTION_OF(82, 52, true),
    .regs = regs_none,
    .strap_reg = 0x60004038,
    .wdt_config0 = 0x60008098,
    .wdt_config1 = 0x6000809c,
    .wdt_protect = 0x600080b0,
    .swd_conf = 0x600080b4,
    .swd_protect = 0x600080b8,
    .swd_key = 0x8f1d312a,
    .swd_autofeed = BIT(31),
    .style = BOOT_NEWER,
    .boot_baud = 115200,
    .strap_flash = 0x8,
    .strap_download = 0x0,
    .text_flash = "SPI_FAST_FLASH_BOOT",
    .text_download = "DOWNLOAD(USB/UART0)",
    .waiting = "waiting for download",
    .banner = "ESP-ROM:esp32s3-20210327\r\nBuild:Mar 27 2021",
    .spi_line = SPI_LINE_OLD,
    .resets = resets_s2,
    .speeds = SPEEDS_80,
};
