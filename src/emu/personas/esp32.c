/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "emu/personas/personas.h"

/* CRC-8 as Maxim's 1-Wire parts have it (polynomial 0x31, reflected): ESP32 TRM, eFuse controller,
 * system parameter MAC. */
static uint8_t crc8(const uint8_t *p, size_t n)
{
    uint8_t crc = 0;

    for (size_t i = 0; i < n; i++) {
        crc ^= p[i];
        for (int bit = 0; bit < 8; bit++)
            crc = (uint8_t)(crc >> 1 ^ (crc & 1 ? 0x8c : 0));
    }
    return crc;
}

static void set_mac(uint32_t *w, const uint8_t mac[6])
{
    w[1] = (uint32_t)mac[2] << 24 | (uint32_t)mac[3] << 16 | (uint32_t)mac[4] << 8 | mac[5];
    w[2] = (w[2] & 0xff000000) | (uint32_t)crc8(mac, 6) << 16 | (uint32_t)mac[0] << 8 | mac[1];
}

/* An ESP32-D0WD-V3, revision 3.1. */
static const struct efuse_field factory[] = {
    {.bit = 3 * 32 + 9, .width = 3, .value = 1},   /* package: bits 2..0 */
    {.bit = 3 * 32 + 13, .width = 1, .value = 1},  /* CHIP_CPU_FREQ_RATED: 240 MHz */
    {.bit = 3 * 32 + 15, .width = 1, .value = 1},  /* CHIP_VER_REV1 */
    {.bit = 4 * 32 + 0, .width = 8, .value = 228}, /* CK8M_FREQ */
    {.bit = 4 * 32 + 8, .width = 5, .value = 16},  /* ADC_VREF */
    {.bit = 5 * 32 + 20, .width = 1, .value = 1},  /* CHIP_VER_REV2 */
    {.bit = 5 * 32 + 24, .width = 2, .value = 1},  /* WAFER_VERSION_MINOR */
    {.bit = 6 * 32 + 2, .width = 1, .value = 1},   /* CONSOLE_DEBUG_DISABLE, as delivered */
    {0},
};

/* ADDR 0x3ff6607c APB_CTRL_DATE: bit 31 is revision bit 2. 0x3ff5f06c RTCCALICFG1: the measured
 * ratio of crystal and 8 MHz clock from bit 7 on; with CK8M_FREQ 228 it says 40.4 MHz. */
static const struct reg_value regs[] = {
    {.address = 0x3ff6607c, .value = 0x96042000},
    {.address = 0x3ff5f06c, .value = 454 << 7},
    {0},
};

static const struct reset_name resets[RESET_CAUSES] = {
    [RESET_POWER] = {0x1, "POWERON_RESET"},       [RESET_PIN] = {0x1, "POWERON_RESET"},
    [RESET_SOFTWARE] = {0x3, "SW_RESET"},         [RESET_WDT] = {0x7, "TG0WDT_SYS_RESET"},
    [RESET_RTC_WDT] = {0x10, "RTCWDT_RTC_RESET"},
};

const struct persona persona_esp32 = {
    .name = "esp32",
    .title = "ESP32",
    .magic = 0x00f01d83,
    .image_chip_id = 0,
    .extended_header = true,
    .boot_offset = 0x1000,
    .ram = {{0x3ffae000, 0x40000000}, {0x40070000, 0x400c0000}},
    .status_len = 4,
    .commands = COMMANDS_ESP32,
    .flash_size = 0x400000,
    .end = ROM_END_RESET,
    .crystal_hz = 40000000,
    .rom_crystal_hz = 40434375, /* 454 * 15625 * 228 / 40 */
    .uart_clock_hz = 40000000,
    .stub_uart_clock_hz = 80000000,
    .uart_clkdiv = 0x3ff40014,
    .spi = {.base = 0x3ff42000,
            .user = 0x1c,
            .user1 = 0x20,
            .user2 = 0x24,
            .w0 = 0x80,
            .mosi_dlen = 0x28,
            .miso_dlen = 0x2c,
            .address_msb = true},
    .efuse = {.base = 0x3ff5a000,
              .read_first = 0x3ff5a000,
              .words = 38,
              .conf = 0x3ff5a0fc,
              .cmd = 0x3ff5a104,
              .protect_bit = 16,
              .protected_from = 1,
              .protected_blocks = 3,
              .block_words = {7, 8, 8, 8},
              .program = {0x3ff5a01c, 0x3ff5a098, 0x3ff5a0b8, 0x3ff5a0d8}},
    .factory = factory,
    .encryption = {.scheme = ENCRYPTION_ESP32, .count = 20, .count_width = 7, .manual_off = 199},
    .efuse_mac = set_mac,
    .mac = {0x24, 0x6f, 0x28, 0x12, 0x34, 0x56},
    .regs = regs,
    .strap_reg = 0x3ff44038,
    .style = BOOT_ESP32,
    .boot_baud = 115200,
    .strap_flash = 0x12,
    .strap_download = 0xf,
    .text_flash = "SPI_FAST_FLASH_BOOT",
    .text_download = "UART_BOOT(UART0)",
    .banner = "ets Jul 29 2019 12:21:46",
    .spi_line = "mode:",
    .resets = resets,
    .speeds = SPEEDS_80,
    .console_word = 6,
    .console_bit = 2,
};
