/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A fuzz target for one reader of source/. */
#ifndef ESPJIG_TESTS_FUZZ_SOURCE_TARGET_H
#define ESPJIG_TESTS_FUZZ_SOURCE_TARGET_H

#include "source/private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void source_target(const char *name, enum chip_id chip,
                                 int (*read)(struct source *s, const char *text, size_t size),
                                 const uint8_t *data, size_t size)
{
    struct source_options options = {.chip = chip};
    struct source_notes notes = {0};
    struct error error = {0};
    struct job job;
    struct source s = {.name = name,
                       .directory = "",
                       .options = &options,
                       .job = &job,
                       .notes = &notes,
                       .error = &error};

    job_init(&job);
    read(&s, (const char *)data, size);
    job_done(&job);
    source_notes_done(&notes);
}

#endif
