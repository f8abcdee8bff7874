/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is wrong with the images, before anything is started: the checks of a job, for the chip and
 * flash that are known here. They read the files, so they are not made again for the same job and
 * the same files. */
#include "ui/bench_map.h"
#include "ui/dash.h"

#include "base/buffer.h"
#include "base/util.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* The bench as it is for the chip that is known. Images that can't be used are told by themselves,
 * and left out. */
static void job_make(const struct dash *dash, struct job *job)
{
    const struct chip *chip = dash_chip(dash, NULL);
    char path[1100];

    job_copy(job, &dash->bench);
    job_remove_ops(job);
    job_add_op(job, OP_WRITE_FLASH);
    job->chip = chip ? chip->id : CHIP_AUTO;
    for (size_t i = 0; i < job->n_images; i++) {
        dash_image_path(dash, i, path, sizeof path);
        free(job->images[i].path);
        job->images[i].path = xstrdup(path);
        job->images[i].enabled &= dash->facts[i]->problem[0] == '\0';
    }
}

/* The job and the state of its files as text: the same text, the same findings. */
static char *fingerprint_make(const struct dash *dash, const struct job *job)
{
    struct buffer text = {0};
    json_t *json = job_to_json(job);
    char *dump = json_dumps(json, JSON_SORT_KEYS);
    struct stat st;

    buffer_printf(&text, "%s %llu", dump ? dump : "",
                  (unsigned long long)dash_flash_size(dash, NULL));
    for (size_t i = 0; i < job->n_images; i++) {
        buffer_printf(&text, " %d", dash->bench.images[i].enabled);
        if (stat(job->images[i].path, &st) == 0)
            buffer_printf(&text, " %lld %lld.%09ld", (long long)st.st_size,
                          (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
    }
    free(dump);
    json_decref(json);
    return (char *)text.data;
}

static void add_unusable(struct dash *dash)
{
    for (size_t i = 0; i < dash->bench.n_images; i++) {
        if (dash->bench.images[i].enabled && dash->facts[i]->problem[0])
            findings_add(&dash->findings, ERR_FILE_UNREADABLE, true, "%s", dash->facts[i]->problem);
    }
}

/* The place that the image has only a part in; NULL. */
static const struct map_span *place_of(const struct flash_map *map, const struct map_span *image)
{
    for (size_t i = 0; i < map->n; i++) {
        const struct map_span *span = &map->spans[i];
        bool touches = image->start < span->end && span->start < image->end;
        if (span->kind != MAP_IMAGE && touches &&
            (image->start < span->start || image->end > span->end))
            return span;
    }
    return NULL;
}

static bool is_told(const struct findings *findings, const char *name)
{
    for (size_t i = 0; i < findings->n; i++) {
        if (strstr(findings->rows[i].text, name))
            return true;
    }
    return false;
}

/* An image that is in the way on the flash map, and about which nothing is said yet. */
static void add_conflicts(struct dash *dash)
{
    struct bench_map map;

    bench_map_make(&map, dash);
    for (size_t i = 0; i < map.map.n; i++) {
        const struct map_span *image = &map.map.spans[i];
        const struct map_span *place = image->kind == MAP_IMAGE ? place_of(&map.map, image) : NULL;
        if (place && image->conflict && !is_told(&dash->findings, image->name))
            findings_add(&dash->findings, ERR_PARTITION, false,
                         "%s is at 0x%llx to 0x%llx, only a part of it in %s (0x%llx to 0x%llx)",
                         image->name, (unsigned long long)image->start,
                         (unsigned long long)image->end - 1, place->name,
                         (unsigned long long)place->start, (unsigned long long)place->end - 1);
    }
    bench_map_done(&map);
}

static bool any_enabled(const struct job *job)
{
    for (size_t i = 0; i < job->n_images; i++) {
        if (job->images[i].enabled)
            return true;
    }
    return false;
}

void dash_problems_find(struct dash *dash)
{
    struct error error = {0};
    struct job job;

    dash->problems_stale = false;
    if (dash->facts == NULL)
        return;
    job_make(dash, &job);
    char *fingerprint = fingerprint_make(dash, &job);
    if (dash->problems_of && strcmp(dash->problems_of, fingerprint) == 0) {
        free(fingerprint);
        goto out;
    }
    free(dash->problems_of);
    dash->problems_of = fingerprint;
    dash->dirty = true;
    findings_done(&dash->findings);
    add_unusable(dash);
    if (any_enabled(&job) &&
        job_findings(&job, dash_flash_size(dash, NULL), &dash->findings, &error) < 0)
        findings_add(&dash->findings, error.code, true, "%s", error.text);
    add_conflicts(dash);
out:
    job_done(&job);
}

const char *dash_problem(const struct dash *dash)
{
    const struct finding *finding = findings_refusal(&dash->findings, false);

    return finding ? finding->text : NULL;
}
