/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The pins of --spi-connection; private to loader/. */
#ifndef ESPJIG_LOADER_SPI_CONNECTION_H
#define ESPJIG_LOADER_SPI_CONNECTION_H

#include "loader/loader.h"

/* The word of SPI_ATTACH for these pins. */
uint32_t spi_connection_value(uint32_t clk, uint32_t q, uint32_t d, uint32_t hd, uint32_t cs);

/* Has this chip these pins, and is it able to have its flash there? ERR_USAGE names the pin. Warns
 * in the log of pins that its USB uses. */
int spi_connection_check(const struct chip *chip, const struct spi_connection *connection,
                         const struct log *log, struct error *error);

#endif
