/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ESP-IDF's binary partition table: rows of 32 bytes that begin with AA 50, optionally a row EB EB
 * that ends in the MD5 of the rows before it, then FF to the end (ESP-IDF docs "Partition Tables").
 * Read only; takes hostile bytes.
 */
#ifndef ESPJIG_IMAGE_PARTITION_H
#define ESPJIG_IMAGE_PARTITION_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PARTITION_ROW      32
#define PARTITION_ROWS_MAX 96 /* 0xC00 bytes: the rest of the sector is for a signature */

enum { PARTITION_APP = 0, PARTITION_DATA = 1 }; /* types; below 0x40 are Espressif's */

struct partition {
    uint8_t type, subtype;
    uint32_t offset, size;
    char label[17];
};

struct partition_table {
    struct partition rows[PARTITION_ROWS_MAX];
    size_t n;
    size_t md5_at; /* offset of the MD5 row; 0: there is none */
    bool md5_ok;
};

/* False when it is no partition table. */
bool partition_table_parse(const uint8_t *data, size_t size, struct partition_table *table);

#endif
