/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "loader/spi_connection.h"

#include "base/util.h"

#include <errno.h>
#include <stdlib.h>
#include <strings.h>

enum { PINS = 5, PIN_BITS = 6, PIN_MASK = 0x3F, HSPI = 1, PIN_MAX = 63 };

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
    const struct chip_pins *pins = &chip->pins;

    if (connection->value <= HSPI)
        return 0;
    if (pins->last == 0)
        return error_set(error, ERR_USAGE,
                         "the %s can't have its flash on other pins: only SPI or HSPI", chip->name);
    for (unsigned i = 0; i < PINS; i++) {
        static const char *const names[PINS] = {"CLK", "Q", "D", "CS", "HD"}; /* as in the word */
        unsigned pin = connection->value >> (PIN_BITS * i) & PIN_MASK;
        bool in_gap = pins->gap_last && pin >= pins->gap_first && pin <= pins->gap_last;
        bool is_hd = i == PINS - 1;
        if (pin > pins->last || in_gap)
            return error_set(error, ERR_USAGE, "SPI connection: the %s has no pin %u for %s",
                             chip->name, pin, names[i]);
        if (is_hd && pins->hd_max && pin > pins->hd_max)
            return error_set(error, ERR_USAGE,
                             "SPI connection: HD of the %s can't be on a pin above %u, and is on "
                             "%u",
                             chip->name, pins->hd_max, pin);
        if (pins->usb[1] && (pin == pins->usb[0] || pin == pins->usb[1]))
            log_line(log, LOG_WARNING, "pin %u (%s of the SPI connection) is used by the %s's USB",
                     pin, names[i], chip->name);
    }
    return 0;
}
