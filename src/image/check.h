/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The checks before the first byte: everything about a plan that can be known on the host to end in
 * a board that does not start. All of them run, all that they find is reported together. What
 * `refuses` ends a job with status 6 unless it is forced; the rest is a warning.
 */
#ifndef ESPJIG_IMAGE_CHECK_H
#define ESPJIG_IMAGE_CHECK_H

#include "base/error.h"
#include "chip/chip.h"
#include "image/image.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct finding {
    enum err code;
    bool refuses;
    bool always;    /* not even a forced job does that: it can't work */
    char text[480]; /* one sentence that names file and address */
};

struct findings {
    struct finding *rows;
    size_t n;
};

/* A range of flash that nobody may erase or write (the Flash Download Tool's SECTOR_PROTECT). */
struct flash_range {
    uint32_t address, size; /* bytes */
};

/* What is known of where the plan is to go. All zero: nothing. */
struct check_target {
    const struct chip *chip; /* NULL: the one that the images agree on */
    int revision;            /* 100 * major + minor; < 0: not known */
    uint64_t flash_size;     /* bytes that are fitted or can be reached; 0: not known */
    const char *flash_limit; /* why it is no more than that; NULL */
    bool flash_encryption;   /* the chip will decrypt what it reads */
    bool is_patched;         /* plan_patch() was done: headers are what they will be */
    bool erases_all;         /* nothing of what the flash holds stays */
    uint32_t table_address;  /* where the partition table is */
    const uint8_t *table;    /* the sector that the flash holds there; NULL: not read */
    size_t table_size;
    const struct flash_range *protect;
    size_t n_protect;
};

/* Appends to *findings, in the order of addresses; `findings` may hold some already. */
void plan_find(const struct plan *plan, const struct check_target *target,
               struct findings *findings);

/* Whether plan_find() would judge by the partition table that the flash holds: an image is written
 * that only a table starts, but no table. */
bool plan_wants_table(const struct plan *plan, const struct check_target *target);

void findings_add(struct findings *findings, enum err code, bool refuses, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* The first that refuses (that a forced job must heed, too, when `force`); NULL: none. */
const struct finding *findings_refusal(const struct findings *findings, bool force);
void findings_done(struct findings *findings);

#endif
