/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "source/private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct source_options options = {0};
    struct source_notes notes = {0};
    struct error error = {0};
    struct job job;
    struct source s = {.name = "flash_args",
                       .directory = "",
                       .options = &options,
                       .job = &job,
                       .notes = &notes,
                       .error = &error};

    job_init(&job);
    source_args_read(&s, (const char *)data, size);
    job_done(&job);
    source_notes_done(&notes);
    return 0;
}
