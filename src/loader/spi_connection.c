/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "loader/spi_connection.h"

#include "base/util.h"

#include <errno.h>
#include <stdlib.h>
#include <strings.h>

enum { PINS = 5, PIN_BITS = 6, PIN_MASK = 0x3F, HSPI = 1, PIN_MAX = 63 };

/* Which pins a chip has, and which of them its USB uses (esptool: check_spi_connection in the files
 * of targets/). Pins are numbered 0 to `last`, without those from gap_first to gap_last. */
static const struct {
    enum chip_id chip;
    uint8_t last;
    uint8_t gap_first, gap_last; /* 0, 0: none */
    uint8_t hd_max;              /* 0: any */
    uint8_t usb[2];              /* 0, 0: none */
} rows[] = {
    {.chip = CHIP_ESP32, .last = 33, .gap_first = 30, .gap_last = 31},
    {.chip = CHIP_ESP32S2, .last = 46, .gap_first = 22, .gap_last = 25, .usb = {19, 20}},
    {.chip = CHIP_ESP32S3,
     .last = 48,
     .gap_first = 22,
     .gap_last = 25,
     .hd_max = 46,
     .usb = {19, 20}},
    {.chip = CHIP_ESP32C2, .last = 20},
    {.chip = CHIP_ESP32C3, .last = 21, .usb = {18, 19}},
    {.chip = CHIP_ESP32C5, .last = 28, .usb = {13, 14}},
    {.chip = CHIP_ESP32C6, .last = 30, .usb = {12, 13}},
    {.chip = CHIP_ESP32C61, .last = 30, .usb = {12, 13}},
    {.chip = CHIP_ESP32H2, .last = 27, .usb = {26, 27}},
    {.chip = CHIP_ESP32H21, .last = 27, .usb = {26, 27}},
    {.chip = CHIP_ESP32H4, .last = 39, .usb = {13, 14}},
    {.chip = CHIP_ESP32P4, .last = 54, .usb = {24, 25}},
    {.chip = CHIP_ESP32S31, .last = 60, .usb = {33, 34}},
    {.chip = CHIP_ESP32E22, .last = 52, .usb = {18, 19}},
};

uint32_t spi_connection_value(uint32_t clk, uint32_t q, uint32_t d, uint32_t hd, uint32_t cs)
{
    return hd << 24 | cs << 18 | d << 12 | q << 6 | clk;
}

static int pins_parse(const char *text, uint32_t pins[PINS], struct error *error)
{
    const char *at = text;

    for (size_t i = 0; i < PINS; i++) {
        char *end;
        errno = 0;
        long pin = strtol(at, &end, 10);
        if (end == at || *end != (i + 1 < PINS ? ',' : '\0'))
            return error_set(error, ERR_USAGE,
                             "\"%s\" is no SPI connection: SPI, HSPI or five pin numbers "
                             "CLK,Q,D,HD,CS",
                             text);
        if (errno != 0 || pin < 0 || pin > PIN_MAX)
            return error_set(error, ERR_USAGE, "SPI connection %s: there is no pin %.*s", text,
                             (int)(end - at), at);
        pins[i] = (uint32_t)pin;
        at = end + 1;
    }
    for (size_t i = 1; i < PINS; i++) {
        for (size_t j = 0; j < i; j++) {
            if (pins[i] == pins[j])
                return error_set(error, ERR_USAGE, "SPI connection %s: pin %u is there twice", text,
                                 pins[i]);
        }
    }
    return 0;
}

int spi_connection_parse(const char *text, struct spi_connection *connection, struct error *error)
{
    uint32_t pins[PINS];

    *connection = (struct spi_connection){.given = true};
    if (strcasecmp(text, "SPI") == 0)
        return 0;
    if (strcasecmp(text, "HSPI") == 0) {
        connection->value = HSPI;
        return 0;
    }
    int rc = pins_parse(text, pins, error);
    connection->value = spi_connection_value(pins[0], pins[1], pins[2], pins[3], pins[4]);
    return rc;
}

int spi_connection_check(const struct chip *chip, const struct spi_connection *connection,
                         const struct log *log, struct error *error)
{
    size_t row = 0;

    if (connection->value <= HSPI)
        return 0;
    while (row < ARRAY_LEN(rows) && rows[row].chip != chip->id)
        row++;
    if (row == ARRAY_LEN(rows))
        return error_set(error, ERR_USAGE,
                         "the %s can't have its flash on other pins: only SPI or HSPI", chip->name);
    for (unsigned i = 0; i < PINS; i++) {
        static const char *const names[PINS] = {"CLK", "Q", "D", "CS", "HD"}; /* as in the word */
        unsigned pin = connection->value >> (PIN_BITS * i) & PIN_MASK;
        bool in_gap = rows[row].gap_last && pin >= rows[row].gap_first && pin <= rows[row].gap_last;
        bool is_hd = i == PINS - 1;
        if (pin > rows[row].last || in_gap)
            return error_set(error, ERR_USAGE, "SPI connection: the %s has no pin %u for %s",
                             chip->name, pin, names[i]);
        if (is_hd && rows[row].hd_max && pin > rows[row].hd_max)
            return error_set(error, ERR_USAGE,
                             "SPI connection: HD of the %s can't be on a pin above %u, and is on "
                             "%u",
                             chip->name, rows[row].hd_max, pin);
        if (rows[row].usb[1] && (pin == rows[row].usb[0] || pin == rows[row].usb[1]))
            log_line(log, LOG_WARNING, "pin %u (%s of the SPI connection) is used by the %s's USB",
                     pin, names[i], chip->name);
    }
    return 0;
}
