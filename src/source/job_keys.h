/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The words of NAME.job: one table, for reading and for writing. For source/ only. */
#ifndef ESPJIG_SOURCE_JOB_KEYS_H
#define ESPJIG_SOURCE_JOB_KEYS_H

#include "base/buffer.h"
#include "job/job.h"

#include <stdbool.h>
#include <stddef.h>

enum job_section {
    SECTION_JOB,
    SECTION_FLASH,
    SECTION_IMAGE,
    SECTION_PROTECT,
    SECTION_BOOT_CHECK,
    SECTION_COUNT
};

struct job_section_row {
    const char *name;
    bool many; /* any number of them: [image NAME] */
};
extern const struct job_section_row job_sections[SECTION_COUNT];

struct job_key {
    enum job_section section;
    const char *name;
    const char *values; /* what it takes, for messages */
    bool required;      /* in each section of its kind */
    /* `item`: the job, or the image or range that the section is about. read() is false when the
     * value is none of `values`. write() appends what read() takes. */
    bool (*read)(const struct job_key *key, void *item, const char *value);
    void (*write)(const struct job_key *key, const void *item, struct buffer *out);
    size_t at, size; /* of the member in the item */
};
extern const struct job_key job_keys[];
extern const size_t job_keys_n;

#endif
