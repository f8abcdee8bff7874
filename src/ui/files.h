/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files as people type them: what is wrong with a path, what a file is, how a name goes on. */
#ifndef ESPJIG_UI_FILES_H
#define ESPJIG_UI_FILES_H

#include "base/error.h"
#include "chip/chip.h"
#include "image/partition.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct file_span {
    uint32_t address;
    uint64_t size;
};

struct file_facts {
    uint64_t size; /* bytes for the flash; 0 when there is a problem, or it depends on the chip */
    char what[64]; /* "ESP32 bootloader" */
    char problem[600]; /* "" or one sentence */
    enum chip_id chip; /* that it says it is for; CHIP_AUTO: none */
    bool needs_chip;   /* what it comes to depends on the chip (ELF, UF2) */
    bool has_addresses;
    struct file_span *spans; /* its own addresses (Intel HEX, UF2); NULL: has none */
    size_t n_spans;
    struct partition_table *table; /* when it is one; else NULL */
};

/* Makes a typed path usable: `~/` becomes the home directory. Returns `to`. */
const char *file_path_expand(char *to, size_t size, const char *path);

/* Reads the file and says what it is, for `chip` (may be NULL) where that matters. 0, or the error
 * that the problem sentence belongs to. file_facts_done() afterwards in any case. */
int file_look(const char *path, const struct chip *chip, struct file_facts *facts);
void file_facts_done(struct file_facts *facts);

/* Facts of files that were looked at already, as long as their size and time stay as they are. */
struct file_cache {
    struct file_known **rows;
    size_t n;
};

/* The facts stay where they are until a sweep drops them. */
const struct file_facts *file_cache_look(struct file_cache *cache, const char *path,
                                         const struct chip *chip);
void file_cache_sweep(struct file_cache *cache); /* drops what was not looked at since the last */
void file_cache_done(struct file_cache *cache);

/* The address where a file of this description belongs, as text; "" when that can't be told. */
const char *file_address_guess(char *to, size_t size, const struct file_facts *facts);

/* Completes the typed path in place as far as it is unambiguous. Returns how many names fit and
 * lists their beginnings in `names`. */
size_t file_path_complete(char *path, size_t size, char *names, size_t names_size);

#endif
