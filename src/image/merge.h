/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One file out of many (merge-bin, CombineBin), and many out of one. Byte for byte what esptool's
 * merge-bin writes. */
#ifndef ESPJIG_IMAGE_MERGE_H
#define ESPJIG_IMAGE_MERGE_H

#include "base/buffer.h"
#include "base/error.h"
#include "chip/chip.h"
#include "image/image.h"
#include "image/partition.h"

#include <stdbool.h>
#include <stdint.h>

/* Bytes of a raw file with all its gaps, at the most: twice the largest flash that has a name. */
#define MERGE_RAW_MAX (256u << 20)

enum merge_format { MERGE_RAW, MERGE_HEX, MERGE_UF2 };

struct merge_options {
    enum merge_format format;
    uint32_t target_offset; /* raw: the address that the file's first byte stands for */
    uint64_t pad_to_size;   /* raw: the flash address to which it goes on; 0: ends with the last
                               image */
    unsigned chunk_size;    /* uf2: bytes in a block; 0: as many as are usual */
    bool no_md5;            /* uf2: without the MD5 of each block */
};

bool merge_format_parse(const char *name, enum merge_format *format); /* raw hex uf2 */
const char *merge_format_name(enum merge_format format);

/* Appends the file to `out`. `plan` is loaded and patched. ERR_OVERLAP; ERR_USAGE for options that
 * contradict the plan (an image before target_offset, one that ends behind pad_to_size). */
int merge_build(const struct plan *plan, const struct chip *chip,
                const struct merge_options *options, struct buffer *out, struct error *error);

/* What a merged raw file has for sure: a bootloader where its chip looks for one, and a partition
 * table behind it, at the usual place, else at the first sector with one whose MD5 fits. */
struct merged_head {
    const struct chip *chip;
    size_t boot; /* offsets in the file */
    size_t boot_end;
    size_t table;
    struct partition_table rows;
};

/* `address`: of the first byte. False: it is no merged file. */
bool merged_head_find(const uint8_t *data, size_t size, uint32_t address, struct merged_head *head);

/* What a merged raw file is made of: bootloader, partition table and what its partitions hold,
 * found by the table in it. Everything else that is not 0xFF is one of them, too ("data-0x12000").
 *
 * An app ends with its last byte that is not 0xFF. Any other partition that holds something is
 * whole: its blank pages are part of what it says (SPIFFS, NVS and the OTA choice count on them).
 */
struct split_part {
    uint32_t address; /* in the flash */
    size_t offset, size;
    char name[32]; /* made into a safe file name: "bootloader", "partition-table", "nvs", "ota_0" */
    char what[64];
};
struct split {
    struct split_part *parts; /* ascending; together all bytes that are not 0xFF */
    size_t n;
    struct split_part *blanks; /* partitions of which the file has nothing but 0xFF; ascending */
    size_t n_blanks;
    bool is_merged; /* a bootloader and a table behind it */
};

/* `address`: of the first byte. Never fails: what is no merged file is one part. */
void split_make(struct split *split, const uint8_t *data, size_t size, uint32_t address);
void split_done(struct split *split);

/* The address that a merged file is for, as far as it tells: that of the bootloader that it begins
 * with, when the table is where it is to be then; else 0. */
uint32_t split_address(const uint8_t *data, size_t size);

#endif
