/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "emu/personas/personas.h"

/* The OUI stands in the fourth word; where that is 0, a byte of the second chooses one. */
static void set_mac(uint32_t *w, const uint8_t mac[6])
{
    w[0] = (w[0] & 0x00ffffff) | (uint32_t)mac[5] << 24;
    w[1] = (w[1] & 0xffff0000) | (uint32_t)mac[3] << 8 | mac[4];
    w[3] = (w[3] & 0xff000000) | (uint32_t)mac[0] << 16 | (uint32_t)mac[1] << 8 | mac[2];
}

/* An ESP8266EX: the marks of an ESP8285 (bits 4 and 80) are not set. */
static const struct efuse_field factory[] = {
    {.bit = 57, .width = 1, .value = 1},
    {.bit = 77, .width = 1, .value = 1},
    {.bit = 79, .width = 1, .value = 1},
    {0},
};

/* Arduino core for ESP8266, doc/boards.rst; the log gives numbers only. */
static const struct reset_name resets[RESET_CAUSES] = {
    [RESET_POWER] = {1, ""}, [RESET_PIN] = {2, ""},     [RESET_SOFTWARE] = {3, ""},
    [RESET_WDT] = {4, ""},   [RESET_RTC_WDT] = {4, ""},
};

const struct persona persona_esp8266 = {
    .name = "esp8266",
    .title = "ESP8266",
    .magic = 0xfff0c101,
    .boot_offset = 0,
    .ram = {{0x3ffe8000, 0x40000000}, {0x40100000, 0x40110000}},
    .status_len = 2,
    .commands = COMMANDS_OLD,
    .flash_size = 0, /* the ROM doesn't care */
    .erase_bug = true,
    .end = ROM_END_RUN_FLASH,
    .crystal_hz = 26000000,
    .uart_clock_hz = 52000000,
    .uart_clkdiv = 0x60000014,
    .spi = {.base = 0x60000200,
            .user = 0x1c,
            .user1 = 0x20,
            .user2 = 0x24,
            .w0 = 0x40,
            .address_msb = true},
    .efuse = {.base = 0x3ff00050, .read_first = 0x3ff00050, .words = 4, .block_words = {4}},
    .factory = factory,
    .efuse_mac = set_mac,
    .mac = {0x5c, 0xcf, 0x7f, 0x12, 0x34, 0x56},
    .regs = regs_none,
    .style = BOOT_ESP8266,
    .boot_baud = 74880,
    .strap_flash = 3,
    .strap_download = 1,
    .banner = " ets Jan  8 2013",
    .resets = resets,
    .speeds = SPEEDS_80,
};
