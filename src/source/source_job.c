/* SPDX-License-Identifier: GPL-3.0-or-later */
/* NAME.job as one of the sources. */
#include "source/job_file.h"
#include "source/job_keys.h"
#include "source/private.h"

#include "base/util.h"

#include <stdlib.h>
#include <string.h>

bool source_job_is(const struct source_look *look)
{
    return !look->directory && source_name_ends(look->path, ".job");
}

/* What the file says or leaves at its default; a job has more to it (the stub's directory ...). */
static void settings_take(struct job *to, const struct job *from)
{
    struct buffer value = {0};

    for (size_t i = 0; i < job_keys_n; i++) {
        const struct job_key *key = &job_keys[i];
        if (job_sections[key->section].many)
            continue;
        buffer_clear(&value);
        key->write(key, from, &value);
        buffer_append_byte(&value, 0);
        key->read(key, to, (const char *)value.data);
    }
    buffer_done(&value);
    to->n_protect = 0;
    for (size_t i = 0; i < from->n_protect; i++)
        job_add_protect(to, from->protect[i].address, from->protect[i].size);
}

int source_job_load(struct source *s)
{
    struct job job;

    job_init(&job);
    if (job_file_load(s->name, &job, s->error) == 0 &&
        source_chip_set(s, "it", chip_get(job.chip)) == 0) {
        settings_take(s->job, &job);
        for (size_t i = 0; i < job.n_images; i++) {
            job_add_image(s->job, job.images[i].path, job.images[i].address);
            struct job_image *image = &s->job->images[s->job->n_images - 1];
            char *path = image->path;
            *image = job.images[i];
            image->path = path;
        }
    }
    job_done(&job);
    return s->error->code;
}
