/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which sectors of a region differ from what the flash holds, found out by asking the chip for
 * MD5s: no old file is needed, no state is kept. A question costs a round trip and the chip's time
 * to read what it is about, so that as few as possible are asked, and none that costs more than it
 * can save. Pure: whoever calls says how the chip is asked and what things cost. For job/ only.
 */
#ifndef ESPJIG_JOB_DIFF_H
#define ESPJIG_JOB_DIFF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DIFF_SECTOR = 4096 };

/* Seconds. */
struct diff_cost {
    double question;  /* a round trip with an MD5 of next to nothing */
    double md5_byte;  /* the chip's MD5 of one byte */
    double send_byte; /* one byte of the image, on the wire or into the flash: what takes longer */
    double range;     /* one more range to be written: its begin and its end */
};

struct diff_chip {
    /* The chip's MD5 of `size` bytes from `offset` of the region on. 0, or what ends it all. */
    int (*md5)(void *context, size_t offset, size_t size, uint8_t md5[16]);
    void *context;
    const struct diff_cost *cost; /* looked at for every decision: md5() may learn */
};

struct diff_region {
    uint32_t address;
    const uint8_t *data;
    size_t size;
    const uint8_t *md5; /* of all of it */
    bool begun;         /* its writing broke off: most likely some of it is there */
};

struct diff_range {
    size_t offset, size;
};

struct diff {
    struct diff_range *ranges; /* to be written, in ascending order, from sector to sector */
    size_t n;                  /* 0: nothing differs */
    size_t bytes;              /* of all ranges */
    size_t sectors, changed;   /* of the region; of them in a range */
    bool whole;                /* the one range is the region */
    bool confirmed;            /* nothing differs: the chip's MD5 of all of the region says so */
    unsigned questions;
};

/* 0 or what md5() returned. Ready for diff_done() in any case. */
int diff_find(struct diff *diff, const struct diff_region *region, const struct diff_chip *chip);
void diff_done(struct diff *diff); /* also right for a zeroed struct */

/* One range with all of it, without asking. */
void diff_take_all(struct diff *diff, const struct diff_region *region);

#endif
