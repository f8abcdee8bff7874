/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ESP-IDF's partition table, binary and CSV, both ways.
 *
 * Binary: rows of 32 bytes that begin with AA 50, optionally a row EB EB that ends in the MD5 of
 * the rows before it, then FF to the end. CSV: Name, Type, SubType, Offset, Size, Flags; `#` begins
 * a comment; offsets may be left out. (ESP-IDF docs "Partition Tables"; gen_esp32part.py is the
 * field's reference.) Takes hostile bytes.
 */
#ifndef ESPJIG_IMAGE_PARTITION_H
#define ESPJIG_IMAGE_PARTITION_H

#include "base/buffer.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PARTITION_ROW 32
/* Bytes of a table; the rest of its sector is for a signature. Behind the last partition come the
 * row with the MD5, where there is one, and a row of FF, without which a chip refuses the table. */
#define PARTITION_TABLE_SIZE 0xC00
#define PARTITION_ROWS_MAX   (PARTITION_TABLE_SIZE / PARTITION_ROW - 1)
#define PARTITION_SECTOR     0x1000 /* what a table occupies in the flash */
#define PARTITION_TABLE_AT   0x8000 /* where it is, unless the project was told otherwise */

/* Types; below 0x40 are Espressif's. */
enum { PARTITION_APP = 0, PARTITION_DATA = 1, PARTITION_BOOTLOADER = 2, PARTITION_TABLE = 3 };

struct partition {
    uint8_t type, subtype;
    uint32_t offset, size;
    uint32_t flags; /* PARTITION_FLAG_... */
    char label[17];
};

enum { PARTITION_FLAG_ENCRYPTED = 1 << 0, PARTITION_FLAG_READONLY = 1 << 1 };

struct partition_table {
    struct partition rows[PARTITION_ROWS_MAX];
    size_t n;
    size_t md5_at; /* offset of the MD5 row; 0: there is none */
    bool md5_ok;
};

/* False when it is no partition table. It may end where the data ends, without a row of FF. */
bool partition_table_parse(const uint8_t *data, size_t size, struct partition_table *table);

/* The same for what is to be one, saying why not: ERR_FILE_FORMAT with the offset, what was found
 * and what was expected. A wrong MD5 is only shown in the table. */
int partition_table_read(const uint8_t *data, size_t size, struct partition_table *table,
                         struct error *error);

/* CSV; offsets that are left out are filled in behind the table at `table_address`, as ESP-IDF
 * does. A row for the bootloader has its place from `bootloader_offset`, or, where that is
 * PARTITION_NO_PLACE, from its own numbers. ERR_FILE_FORMAT names the line. */
#define PARTITION_NO_PLACE UINT32_MAX
int partition_csv_read(const char *text, size_t size, uint32_t table_address,
                       uint32_t bootloader_offset, struct partition_table *table,
                       struct error *error);

/* PARTITION_TABLE_SIZE bytes as gen_esp32part.py writes them; `md5`: with its row, where there is
 * room for one. */
void partition_table_write(const struct partition_table *table, bool md5, struct buffer *out);
void partition_csv_write(const struct partition_table *table, struct buffer *out);

/* MD5, overlaps, alignment, doubled labels, rows past `flash_size` (0: not known): the first that
 * is wrong. ERR_PARTITION. */
int partition_table_check(const struct partition_table *table, uint32_t table_address,
                          uint64_t flash_size, struct error *error);

/* A row that names the place the ROM or the bootloader has for something anyway: the primary
 * bootloader, the primary table. */
bool partition_is_fixed(const struct partition *p);

/* By label, else by what it is ("factory", "ota_0", "nvs", "phy" ...). NULL: no row. */
const struct partition *partition_find(const struct partition_table *table, const char *name);
/* The row that holds this flash address; NULL. */
const struct partition *partition_at(const struct partition_table *table, uint32_t address);

/* "app", "data", "bootloader", "partition_table", or "0x40"; returns `to`. */
const char *partition_type_name(char *to, size_t size, uint8_t type);
const char *partition_subtype_name(char *to, size_t size, uint8_t type, uint8_t subtype);
/* The reverse, for names alone, in any case; -1: no such name. */
int partition_type_find(const char *name);
int partition_subtype_find(int type, const char *name);
/* "encrypted", "readonly"; NULL from the first bit on that has no name. */
const char *partition_flag_name(unsigned bit);

#endif
