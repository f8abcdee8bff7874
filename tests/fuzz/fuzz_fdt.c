/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "source/fdt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* One text as all three files. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct source_options options = {.chip = CHIP_ESP32C3};
    const struct fdt_text text = {"fuzz.conf", (const char *)data, size};
    struct source_notes notes = {0};
    struct error error = {0};
    struct fdt_places places;
    struct job job;
    struct source s = {.name = "fuzz.conf",
                       .directory = "",
                       .options = &options,
                       .job = &job,
                       .notes = &notes,
                       .error = &error};

    job_init(&job);
    fdt_places_find(&places, "no/such");
    fdt_read(&s, &text, &text, &text, &places);
    fdt_places_done(&places);
    source_notes_done(&notes);
    job_done(&job);
    return 0;
}
