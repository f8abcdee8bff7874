/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "emu/persona.h"

#include "base/util.h"

#include <string.h>

#define BIT(n) (UINT32_C(1) << (n))

/* FLASH_BEGIN, _DATA, _END, MEM_BEGIN, _END, _DATA, SYNC, WRITE_REG, READ_REG: every ROM. */
#define COMMANDS_OLD \
    (BIT(2) | BIT(3) | BIT(4) | BIT(5) | BIT(6) | BIT(7) | BIT(8) | BIT(9) | BIT(10))
/* SPI_SET_PARAMS, SPI_ATTACH, READ_FLASH_SLOW, CHANGE_BAUDRATE, FLASH_DEFL_*, SPI_FLASH_MD5. */
#define COMMANDS_ESP32                                                                  \
    (COMMANDS_OLD | BIT(0xb) | BIT(0xd) | BIT(0xe) | BIT(0xf) | BIT(0x10) | BIT(0x11) | \
     BIT(0x12) | BIT(0x13))
#define COMMANDS_NEWER (COMMANDS_ESP32 | BIT(0x14)) /* GET_SECURITY_INFO */

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

static uint32_t word_of(uint8_t a, uint8_t b, uint8_t c, uint8_t d)
{
    return (uint32_t)a << 24 | (uint32_t)b << 16 | (uint32_t)c << 8 | d;
}

static void mac_esp8266(uint32_t *w, const uint8_t mac[6])
{
    w[0] = (w[0] & 0x00ffffff) | (uint32_t)mac[5] << 24;
    w[1] = (w[1] & 0xffff0000) | word_of(0, 0, mac[3], mac[4]);
    w[3] = (w[3] & 0xff000000) | word_of(0, mac[0], mac[1], mac[2]);
}

static void mac_esp32(uint32_t *w, const uint8_t mac[6])
{
    w[1] = word_of(mac[2], mac[3], mac[4], mac[5]);
    w[2] = (w[2] & 0xff000000) | word_of(0, crc8(mac, 6), mac[0], mac[1]);
}

/* Word 6 on: block 1 of the newer chips, which starts with the MAC. */
static void mac_esp32c3(uint32_t *w, const uint8_t mac[6])
{
    w[6] = word_of(mac[2], mac[3], mac[4], mac[5]);
    w[7] = (w[7] & 0xffff0000) | word_of(0, 0, mac[0], mac[1]);
}

static const struct efuse_value efuses_esp8266[] = {
    {.word = 1, .value = 0x02000000},
    {.word = 2, .value = 0x0000a000},
    {.word = 0xff},
};

/* An ESP32-D0WD-V3, revision 3.1 (fields as in esptool targets/esp32.py). */
static const struct efuse_value efuses_esp32[] = {
    {.word = 3, .value = 1 << 15 | 1 << 13 | 1 << 9}, /* rev bit 0, 240 MHz, package 1 */
    {.word = 4, .value = 16 << 8 | 228},              /* ADC vref, CK8M_FREQ */
    {.word = 5, .value = 1 << 24 | 1 << 20},          /* minor revision 1, rev bit 1 */
    {.word = 6, .value = 1 << 2},                     /* CONSOLE_DEBUG_DISABLE, as delivered */
    {.word = 0xff},
};

/* An ESP32-C3 (QFN32), revision 0.4, no flash inside (fields as in esptool targets/esp32c3.py). */
static const struct efuse_value efuses_esp32c3[] = {
    {.word = 6 + 3, .value = 4 << 18},
    {.word = 0xff},
};

/* ADDR 0x3ff6607c APB_CTRL_DATE: bit 31 is revision bit 2. 0x3ff5f06c RTCCALICFG1: the measured
 * ratio of crystal and 8 MHz clock from bit 7 on; with CK8M_FREQ 228 it says 40.4 MHz.
 * 0x3ff44038 GPIO_STRAP. */
static const struct reg_value regs_esp32[] = {
    {.address = 0x3ff6607c, .value = 0x96042000},
    {.address = 0x3ff5f06c, .value = 454 << 7},
    {.address = 0x3ff44038, .value = 0x12},
    {0},
};

static const struct reg_value regs_none[] = {{0}};

static const struct persona personas[] = {
    {
        .name = "esp8266",
        .title = "ESP8266",
        .magic = 0xfff0c101,
        .boot_offset = 0,
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
        .efuse = {.base = 0x3ff00050, .read_first = 0x3ff00050, .words = 4},
        .efuse_values = efuses_esp8266,
        .efuse_mac = mac_esp8266,
        .mac = {0x5c, 0xcf, 0x7f, 0x12, 0x34, 0x56},
        .regs = regs_none,
        .style = BOOT_ESP8266,
        .boot_baud = 74880,
        .strap_flash = 3,
        .strap_download = 1,
        .banner = " ets Jan  8 2013",
    },
    {
        .name = "esp32",
        .title = "ESP32",
        .magic = 0x00f01d83,
        .image_chip_id = 0,
        .extended_header = true,
        .boot_offset = 0x1000,
        .status_len = 4,
        .commands = COMMANDS_ESP32,
        .flash_size = 0x400000,
        .end = ROM_END_RESET,
        .crystal_hz = 40000000,
        .uart_clock_hz = 40000000,
        .uart_clkdiv = 0x3ff40014,
        .measured_crystal_hz = 40434375, /* 454 * 15625 * 228 / 40 */
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
                  .block_words = {7, 8, 8, 8},
                  .program = {0x3ff5a01c, 0x3ff5a098, 0x3ff5a0b8, 0x3ff5a0d8}},
        .efuse_values = efuses_esp32,
        .efuse_mac = mac_esp32,
        .mac = {0x24, 0x6f, 0x28, 0x12, 0x34, 0x56},
        .regs = regs_esp32,
        .style = BOOT_ESP32,
        .boot_baud = 115200,
        .strap_flash = 0x12,
        .strap_download = 0xf,
        .text_flash = "SPI_FAST_FLASH_BOOT",
        .text_download = "UART_BOOT(UART0)",
        .banner = "ets Jul 29 2019 12:21:46",
        .console_word = 6,
        .console_bit = 2,
    },
    {
        .name = "esp32c3",
        .title = "ESP32-C3",
        .magic = 0x1b31506f,
        .image_chip_id = 5,
        .extended_header = true,
        .boot_offset = 0,
        .status_len = 4,
        .commands = COMMANDS_NEWER,
        .flash_size = 0x400000,
        .end = ROM_END_STAYS,
        .crystal_hz = 40000000,
        .uart_clock_hz = 40000000,
        .uart_clkdiv = 0x60000014,
        .spi = {.base = 0x60002000,
                .user = 0x18,
                .user1 = 0x1c,
                .user2 = 0x20,
                .w0 = 0x58,
                .mosi_dlen = 0x24,
                .miso_dlen = 0x28},
        .efuse = {.base = 0x60008800,
                  .read_first = 0x6000882c,
                  .words = 84,
                  .conf = 0x600089cc,
                  .cmd = 0x600089d4,
                  .block_select = true,
                  .block_words = {6, 6, 8, 8, 8, 8, 8, 8, 8, 8, 8}},
        .efuse_values = efuses_esp32c3,
        .efuse_mac = mac_esp32c3,
        .mac = {0x7c, 0xdf, 0xa1, 0x12, 0x34, 0x56},
        .regs = regs_none,
        .wdt_config0 = 0x60008090,
        .wdt_config1 = 0x60008094,
        .wdt_protect = 0x600080a8,
        .style = BOOT_NEWER,
        .boot_baud = 115200,
        .strap_flash = 8,
        .strap_download = 2,
        .text_flash = "SPI_FAST_FLASH_BOOT",
        .text_download = "UART0_BOOT",
        .banner = "ESP-ROM:esp32c3-api1-20210207\r\nBuild:Feb  7 2021",
    },
};

const struct persona *persona_find(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(personas); i++) {
        if (strcmp(personas[i].name, name) == 0)
            return &personas[i];
    }
    return NULL;
}

const struct persona *persona_at(size_t i)
{
    return i < ARRAY_LEN(personas) ? &personas[i] : NULL;
}
