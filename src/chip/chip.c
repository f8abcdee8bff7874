/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "chip/chip.h"

#include "base/util.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Values of the low half of the image header's byte 3 (esptool: FLASH_FREQUENCY). */
static const struct chip_nibble freqs_80[] = {
    {"80m", 0xF}, {"40m", 0}, {"26m", 1}, {"20m", 2}, {0}};
static const struct chip_nibble freqs_60[] = {
    {"60m", 0xF}, {"30m", 0}, {"20m", 1}, {"15m", 2}, {0}};
static const struct chip_nibble freqs_48[] = {
    {"48m", 0xF}, {"24m", 0}, {"16m", 1}, {"12m", 2}, {0}};
static const struct chip_nibble freqs_80_no_26[] = {{"80m", 0xF}, {"40m", 0}, {"20m", 2}, {0}};
/* The ESP32-C6's ROM has a wrong divider for 80 MHz: the 40 MHz value stands for both. */
static const struct chip_nibble freqs_c6[] = {{"80m", 0}, {"40m", 0}, {"20m", 2}, {0}};

/* Values of the high half of byte 3 (esptool: FLASH_SIZES). */
static const struct chip_nibble sizes_esp32[] = {{"1MB", 0},  {"2MB", 1},   {"4MB", 2},
                                                 {"8MB", 3},  {"16MB", 4},  {"32MB", 5},
                                                 {"64MB", 6}, {"128MB", 7}, {0}};
static const struct chip_nibble sizes_esp8266[] = {
    {"512KB", 0},  {"256KB", 1},  {"1MB", 2}, {"2MB", 3},  {"4MB", 4},
    {"2MB-c1", 5}, {"4MB-c1", 6}, {"8MB", 8}, {"16MB", 9}, {0}};

/* Two layouts of the SPI controller; only the base differs among the chips of one kind. */
#define SPI_OLD(b)                                                               \
    {                                                                            \
        .base = (b), .usr = 0x1C, .usr1 = 0x20, .usr2 = 0x24, .mosi_dlen = 0x28, \
        .miso_dlen = 0x2C, .w0 = 0x80, .address_in_msb = true                    \
    }
#define SPI_NEW(b)                                                               \
    {                                                                            \
        .base = (b), .usr = 0x18, .usr1 = 0x1C, .usr2 = 0x20, .mosi_dlen = 0x24, \
        .miso_dlen = 0x28, .w0 = 0x58                                            \
    }

/* What every ROM since the ESP32's can do. */
#define ROM_ESP32                                                                                  \
    .status_bytes = 4, .rom_attach = true, .rom_deflate = true, .rom_md5 = true, .rom_read = true, \
    .rom_baud = true, .boot_baud = 115200
#define ROM_LATER ROM_ESP32, .rom_begin_encrypt = true

static const struct chip chips[CHIP_COUNT] = {
    [CHIP_ESP8266] = {.id = CHIP_ESP8266,
                      .key = "esp8266",
                      .name = "ESP8266",
                      .support = CHIP_SUPPORTED,
                      .image_chip_id = -1,
                      .magic = 0xFFF0C101,
                      .bootloader_offset = 0,
                      .stub = "esp8266",
                      .spi = {.base = 0x60000200,
                              .usr = 0x1C,
                              .usr1 = 0x20,
                              .usr2 = 0x24,
                              .w0 = 0x40,
                              .address_in_msb = true},
                      .efuse_base = 0x3FF00050,
                      .mac_word = {0x3FF00050, 0x3FF00054, 0x3FF0005C},
                      .uart_clkdiv = 0x60000014,
                      .status_bytes = 2,
                      .rom_erase_bug = true,
                      .boot_baud = 74880,
                      .freqs = freqs_80,
                      .sizes = sizes_esp8266},
    [CHIP_ESP32] = {.id = CHIP_ESP32,
                    .key = "esp32",
                    .name = "ESP32",
                    .support = CHIP_SUPPORTED,
                    .image_chip_id = 0,
                    .magic = 0x00F01D83,
                    .bootloader_offset = 0x1000,
                    .stub = "esp32",
                    .spi = SPI_OLD(0x3FF42000),
                    .efuse_base = 0x3FF5A000,
                    .mac_word = {0x3FF5A004, 0x3FF5A008},
                    .uart_clkdiv = 0x3FF40014,
                    ROM_ESP32,
                    .freqs = freqs_80,
                    .sizes = sizes_esp32},
    [CHIP_ESP32S2] = {.id = CHIP_ESP32S2,
                      .key = "esp32s2",
                      .name = "ESP32-S2",
                      .image_chip_id = 2,
                      .magic = 0x000007C6,
                      .bootloader_offset = 0x1000,
                      .stub = "esp32s2",
                      .spi = SPI_NEW(0x3F402000),
                      .efuse_base = 0x3F41A000,
                      .mac_word = {0x3F41A044, 0x3F41A048},
                      .uart_clkdiv = 0x3F400014,
                      ROM_LATER,
                      .freqs = freqs_80,
                      .sizes = sizes_esp32},
    [CHIP_ESP32S3] = {.id = CHIP_ESP32S3,
                      .key = "esp32s3",
                      .name = "ESP32-S3",
                      .image_chip_id = 9,
                      .bootloader_offset = 0,
                      .stub = "esp32s3",
                      .spi = SPI_NEW(0x60002000),
                      .efuse_base = 0x60007000,
                      .mac_word = {0x60007044, 0x60007048},
                      .uart_clkdiv = 0x60000014,
                      ROM_LATER,
                      .freqs = freqs_80,
                      .sizes = sizes_esp32},
    [CHIP_ESP32C2] = {.id = CHIP_ESP32C2,
                      .key = "esp32c2",
                      .name = "ESP32-C2",
                      .image_chip_id = 12,
                      .bootloader_offset = 0,
                      .stub = "esp32c2",
                      .spi = SPI_NEW(0x60002000),
                      .efuse_base = 0x60008800,
                      .mac_word = {0x60008840, 0x60008844},
                      .uart_clkdiv = 0x60000014,
                      ROM_LATER,
                      .freqs = freqs_60,
                      .sizes = sizes_esp32},
    [CHIP_ESP32C3] = {.id = CHIP_ESP32C3,
                      .key = "esp32c3",
                      .name = "ESP32-C3",
                      .support = CHIP_SUPPORTED,
                      .image_chip_id = 5,
                      .bootloader_offset = 0,
                      .stub = "esp32c3",
                      .spi = SPI_NEW(0x60002000),
                      .efuse_base = 0x60008800,
                      .mac_word = {0x60008844, 0x60008848},
                      .uart_clkdiv = 0x60000014,
                      ROM_LATER,
                      .freqs = freqs_80,
                      .sizes = sizes_esp32},
    [CHIP_ESP32C5] = {.id = CHIP_ESP32C5,
                      .key = "esp32c5",
                      .name = "ESP32-C5",
                      .image_chip_id = 23,
                      .bootloader_offset = 0x2000,
                      .stub = "esp32c5",
                      .spi = SPI_NEW(0x60003000),
                      .efuse_base = 0x600B4800,
                      .mac_word = {0x600B4844, 0x600B4848},
                      .uart_clkdiv = 0x60000014,
                      ROM_LATER,
                      .freqs = freqs_80_no_26,
                      .sizes = sizes_esp32},
    [CHIP_ESP32C6] = {.id = CHIP_ESP32C6,
                      .key = "esp32c6",
                      .name = "ESP32-C6",
                      .image_chip_id = 13,
                      .bootloader_offset = 0,
                      .stub = "esp32c6",
                      .spi = SPI_NEW(0x60003000),
                      .efuse_base = 0x600B0800,
                      .mac_word = {0x600B0844, 0x600B0848},
                      .uart_clkdiv = 0x60000014,
                      ROM_LATER,
                      .freqs = freqs_c6,
                      .sizes = sizes_esp32},
    [CHIP_ESP32C61] = {.id = CHIP_ESP32C61,
                       .key = "esp32c61",
                       .name = "ESP32-C61",
                       .image_chip_id = 20,
                       .bootloader_offset = 0,
                       .stub = "esp32c61",
                       .spi = SPI_NEW(0x60003000),
                       .efuse_base = 0x600B4800,
                       .mac_word = {0x600B4844, 0x600B4848},
                       .uart_clkdiv = 0x60000014,
                       ROM_LATER,
                       .freqs = freqs_80_no_26,
                       .sizes = sizes_esp32},
    [CHIP_ESP32H2] = {.id = CHIP_ESP32H2,
                      .key = "esp32h2",
                      .name = "ESP32-H2",
                      .image_chip_id = 16,
                      .bootloader_offset = 0,
                      .stub = "esp32h2",
                      .spi = SPI_NEW(0x60003000),
                      .efuse_base = 0x600B0800,
                      .mac_word = {0x600B0844, 0x600B0848},
                      .uart_clkdiv = 0x60000014,
                      ROM_LATER,
                      .freqs = freqs_48,
                      .sizes = sizes_esp32},
    [CHIP_ESP32H21] = {.id = CHIP_ESP32H21,
                       .key = "esp32h21",
                       .name = "ESP32-H21",
                       .image_chip_id = 25,
                       .bootloader_offset = 0,
                       .stub = NULL,
                       .spi = SPI_NEW(0x60003000),
                       .efuse_base = 0x600B4000,
                       .mac_word = {0x600B4044, 0x600B4048},
                       .uart_clkdiv = 0x60000014,
                       ROM_LATER,
                       .freqs = freqs_48,
                       .sizes = sizes_esp32},
    [CHIP_ESP32H4] = {.id = CHIP_ESP32H4,
                      .key = "esp32h4",
                      .name = "ESP32-H4",
                      .image_chip_id = 28,
                      .bootloader_offset = 0x2000,
                      .stub = "esp32h4",
                      .spi = SPI_NEW(0x60099000),
                      .efuse_base = 0x600B1800,
                      .mac_word = {0x600B1844, 0x600B1848},
                      .uart_clkdiv = 0x60000014,
                      ROM_LATER,
                      .freqs = freqs_48,
                      .sizes = sizes_esp32},
    [CHIP_ESP32P4] = {.id = CHIP_ESP32P4,
                      .key = "esp32p4",
                      .name = "ESP32-P4",
                      .image_chip_id = 18,
                      .bootloader_offset = 0x2000,
                      .stub = "esp32p4",
                      .spi = SPI_NEW(0x5008D000),
                      .efuse_base = 0x5012D000,
                      .mac_word = {0x5012D044, 0x5012D048},
                      ROM_LATER,
                      .freqs = freqs_80,
                      .sizes = sizes_esp32},
    [CHIP_ESP32S31] = {.id = CHIP_ESP32S31,
                       .key = "esp32s31",
                       .name = "ESP32-S31",
                       .image_chip_id = 32,
                       .bootloader_offset = 0x2000,
                       .stub = "esp32s31",
                       .spi = SPI_NEW(0x20501000),
                       .efuse_base = 0x20715000,
                       .mac_word = {0x20715050, 0x20715054},
                       ROM_LATER,
                       .freqs = freqs_80_no_26,
                       .sizes = sizes_esp32},
    [CHIP_ESP32E22] = {.id = CHIP_ESP32E22,
                       .key = "esp32e22",
                       .name = "ESP32-E22",
                       .image_chip_id = 31,
                       .bootloader_offset = 0,
                       .stub = NULL,
                       .spi = SPI_NEW(0xC3003000),
                       .efuse_base = 0xC4008000,
                       .mac_word = {0xC4008044, 0xC4008048},
                       .uart_clkdiv = 0xC3102014,
                       ROM_LATER,
                       .freqs = freqs_80,
                       .sizes = sizes_esp32},
};

const struct chip *chip_get(enum chip_id id)
{
    return id > CHIP_AUTO && id < CHIP_COUNT ? &chips[id] : NULL;
}

/* Same letters and digits, whatever the case and whatever dashes are between them. */
static bool names_match(const char *a, const char *b)
{
    for (;; a++, b++) {
        while (*a == '-' || *a == '_')
            a++;
        while (*b == '-' || *b == '_')
            b++;
        char x[2] = {*a}, y[2] = {*b};
        if (strcasecmp(x, y) != 0)
            return false;
        if (*a == '\0')
            return true;
    }
}

const struct chip *chip_by_name(const char *name)
{
    for (int id = CHIP_AUTO + 1; id < CHIP_COUNT; id++) {
        if (names_match(name, chips[id].key))
            return &chips[id];
    }
    return NULL;
}

const struct chip *chip_by_image_id(int image_chip_id)
{
    for (int id = CHIP_AUTO + 1; id < CHIP_COUNT; id++) {
        if (image_chip_id >= 0 && chips[id].image_chip_id == image_chip_id)
            return &chips[id];
    }
    return NULL;
}

const struct chip *chip_by_magic(uint32_t magic)
{
    for (int id = CHIP_AUTO + 1; id < CHIP_COUNT; id++) {
        if (magic != 0 && chips[id].magic == magic)
            return &chips[id];
    }
    return NULL;
}

const char *chip_names(void)
{
    static char names[CHIP_COUNT * 12];

    if (names[0] != '\0')
        return names;
    size_t len = 0;
    for (int id = CHIP_AUTO + 1; id < CHIP_COUNT; id++) {
        if (chips[id].support == CHIP_SUPPORTED)
            len += (size_t)snprintf(names + len, sizeof names - len, "%s%s", len ? ", " : "",
                                    chips[id].key);
    }
    return names;
}

static bool nibble_parse(const struct chip_nibble *table, const char *name, uint8_t *nibble)
{
    for (; table->name; table++) {
        if (strcasecmp(table->name, name) == 0) {
            *nibble = table->value;
            return true;
        }
    }
    return false;
}

bool chip_freq_parse(const struct chip *chip, const char *name, uint8_t *nibble)
{
    return nibble_parse(chip->freqs, name, nibble);
}

bool chip_size_parse(const struct chip *chip, const char *name, uint8_t *nibble)
{
    return nibble_parse(chip->sizes, name, nibble);
}
