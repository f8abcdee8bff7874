/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Readers that are not here yet: whoever adds one removes its two functions here. */
#include "source/job_file.h"
#include "source/private.h"

static int not_here(struct source *s, const char *what)
{
    return error_set(s->error, ERR_FILE_FORMAT, "%s: %s can't be read yet", s->name, what);
}

bool source_job_is(const struct source_look *look)
{
    return !look->directory && source_name_ends(look->path, ".job");
}

/* The job's own settings take the place of all; images that were there stay. */
int source_job_load(struct source *s)
{
    struct job job;

    job_init(&job);
    int result = job_file_load(s->name, &job, s->error);
    if (result == 0)
        result = source_chip_set(s, "it", chip_get(job.chip));
    for (size_t i = 0; result == 0 && i < s->first; i++) {
        job_add_image(&job, s->job->images[i].path, 0);
        char *path = job.images[job.n_images - 1].path;
        job.images[job.n_images - 1] = s->job->images[i];
        job.images[job.n_images - 1].path = path;
    }
    if (result != 0) {
        job_done(&job);
        return result;
    }
    job_done(s->job);
    *s->job = job;
    return 0;
}

bool source_fdt_is(const struct source_look *look)
{
    return !look->directory && source_name_ends(look->path, ".conf");
}

int source_fdt_load(struct source *s)
{
    return not_here(s, "a file of the Flash Download Tool");
}
