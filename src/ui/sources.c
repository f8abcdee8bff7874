/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Builds, jobs and what else brings images along: read whole, then put in the place of the list, or
 * added to it, with a question where that is not clear. */
#include "ui/dash.h"

#include "base/buffer.h"
#include "base/util.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void source_leave(struct dash *dash)
{
    if (dash->source.is_read)
        job_done(&dash->source.job);
    source_notes_done(&dash->source.notes);
    dash->source.is_read = false;
}

/* ---- reading --------------------------------------------------------------------------------- */

/* What a source says nothing about stays as the bench has it: how the station reaches its chips. */
static void job_begin(const struct dash *dash, struct job *job)
{
    const struct job *bench = &dash->bench;

    job_init(job);
    job->baud = bench->baud;
    job->before = bench->before;
    job->after = bench->after;
    job->connect_attempts = bench->connect_attempts;
    job->no_stub = bench->no_stub;
    job->stub_dir = bench->stub_dir ? xstrdup(bench->stub_dir) : NULL;
    job->reset = bench->reset ? xstrdup(bench->reset) : NULL;
}

static int source_read(struct dash *dash, enum chip_id chip, struct error *error)
{
    const struct source_options options = {.chip = chip, .allow_outside = dash->source.outside};
    struct job job;

    source_leave(dash);
    job_begin(dash, &job);
    if (source_load(dash->source.path, &options, &job, &dash->source.notes, error) < 0) {
        job_done(&job);
        source_notes_done(&dash->source.notes);
        return error->code;
    }
    if (chip != CHIP_AUTO) /* chosen: the images are for that one */
        job.chip = chip;
    dash->source.job = job;
    dash->source.is_read = true;
    return 0;
}

/* Asks for which chip, with the names of all that the source has something for. False: for none. */
static bool ask_for_chip(struct dash *dash)
{
    const struct chip *here = dash_chip(dash, NULL);
    char title[160];

    snprintf(title, sizeof title, "%.60s is for several chips; which one?",
             util_basename(dash->source.path));
    choice_ask(&dash->choice, title);
    for (int id = CHIP_AUTO + 1; id < CHIP_COUNT; id++) {
        const struct chip *chip = chip_get((enum chip_id)id);
        struct error ignored = {0};
        if (chip == NULL || source_read(dash, chip->id, &ignored) < 0)
            continue;
        if (chip == here)
            dash->choice.at = dash->choice.n;
        choice_add(&dash->choice, chip->key, chip->name);
    }
    source_leave(dash);
    if (dash->choice.n < 2)
        return false;
    dash->choice_for = CHOICE_SOURCE_CHIP;
    dash->choice_key = K_NONE;
    dash->question = CONTEXT_CHOICE;
    return true;
}

/* ---- taking over ----------------------------------------------------------------------------- */

static void images_append(struct job *to, const struct job *from)
{
    for (size_t i = 0; i < from->n_images; i++) {
        const struct job_image *image = &from->images[i];
        job_add_image(to, image->path, image->address);
        struct job_image *added = &to->images[to->n_images - 1];
        memcpy(added->partition, image->partition, sizeof added->partition);
        added->enabled = image->enabled;
        added->encrypted = image->encrypted;
    }
}

static void path_make_absolute(char *to, size_t size, const struct dash *dash, const char *path)
{
    if (path[0] == '/' || dash->cwd[0] == '\0')
        util_copy(to, size, path);
    else
        snprintf(to, size, "%.500s/%.500s", dash->cwd, path);
}

/* Said when all is done: how many images, from what, and whether there is more to read. */
static void say_what_came(struct dash *dash, size_t images, enum source_kind kind)
{
    size_t lost = 0;

    for (size_t i = 0; i < dash->notes.n; i++)
        lost += dash->notes.rows[i].lost;
    if (lost > 0) {
        dash->view = VIEW_NOTES;
        dash->notes_view.top = 0;
        dash_complain(dash, "not all of %s could be taken over: see the notes",
                      util_basename(dash->source.path));
    } else if (dash->notes.n > 0) {
        dash_say(dash, "%zu %s from %s; n shows what was noted", images,
                 images == 1 ? "image" : "images", source_kind_name(kind));
    } else {
        dash_say(dash, "%zu %s from %s", images, images == 1 ? "image" : "images",
                 source_kind_name(kind));
    }
}

static void source_put(struct dash *dash, bool replace)
{
    enum source_kind kind = source_kind(dash->source.path);
    size_t images = dash->source.job.n_images;
    char path[1024];

    if (replace) {
        dash->images.index = 0;
        job_done(&dash->bench);
        dash->bench = dash->source.job;
        dash->source.is_read = false; /* moved */
        dash->header.kept = false;
    } else {
        dash->images.index = dash->bench.n_images;
        images_append(&dash->bench, &dash->source.job);
    }
    source_notes_done(&dash->notes);
    dash->notes = dash->source.notes;
    dash->source.notes = (struct source_notes){0};
    source_leave(dash);
    path_make_absolute(path, sizeof path, dash, dash->source.path);
    recent_add(path);
    dash->view = VIEW_IMAGES;
    dash_bench_send(dash);
    if (replace) {
        util_copy(dash->job_path, sizeof dash->job_path, kind == SOURCE_JOB ? path : "");
        dash->job_changed = false;
        dash->from_source = true;
    }
    say_what_came(dash, images, kind);
}

static void ask_how(struct dash *dash)
{
    choice_ask(&dash->choice, "replace the list, or add to it?");
    choice_add(&dash->choice, "replace", "replace");
    choice_add(&dash->choice, "add", "add");
    dash->choice_for = CHOICE_SOURCE_HOW;
    dash->choice_key = K_NONE;
    dash->question = CONTEXT_CHOICE;
}

static void source_came(struct dash *dash)
{
    dash->question = CONTEXT_ALWAYS;
    if (source_kind(dash->source.path) == SOURCE_IMAGE && dash->bench.n_images > 0)
        source_put(dash, false);
    else if (dash->bench.n_images == 0 || dash->from_source)
        source_put(dash, true);
    else
        ask_how(dash);
}

/* A folder from a stranger may name any file of ours. False: that is not what is wrong. */
static bool ask_for_outside(struct dash *dash)
{
    struct error ignored = {0};
    char title[160];

    dash->source.outside = true;
    bool helps = source_read(dash, CHIP_AUTO, &ignored) == 0;
    source_leave(dash);
    dash->source.outside = false;
    if (!helps)
        return false;
    snprintf(title, sizeof title, "%.60s takes files from outside of its folder: let it?",
             util_basename(dash->source.path));
    choice_ask(&dash->choice, title);
    choice_add(&dash->choice, "no", "no");
    choice_add(&dash->choice, "yes", "yes, take them");
    dash->choice_for = CHOICE_SOURCE_OUTSIDE;
    dash->choice_key = K_NONE;
    dash->question = CONTEXT_CHOICE;
    return true;
}

static void source_read_on(struct dash *dash)
{
    struct error error = {0};

    if (source_read(dash, CHIP_AUTO, &error) == 0)
        source_came(dash);
    else if (error.code != ERR_USAGE || (!ask_for_chip(dash) && !ask_for_outside(dash)))
        dash_complain(dash, "%s", error.text);
}

void source_take(struct dash *dash, const char *path)
{
    util_copy(dash->source.path, sizeof dash->source.path, path);
    dash->source.outside = false;
    source_read_on(dash);
}

void source_answered(struct dash *dash)
{
    const char *answer = choice_answer(&dash->choice);
    const struct chip *chip;
    struct error error = {0};

    dash->question = CONTEXT_ALWAYS;
    if (dash->choice_for == CHOICE_SOURCE_HOW) {
        source_put(dash, strcmp(answer, "replace") == 0);
    } else if (dash->choice_for == CHOICE_SOURCE_OUTSIDE) {
        dash->source.outside = strcmp(answer, "yes") == 0;
        if (dash->source.outside)
            source_read_on(dash);
        else
            dash_say(dash, "nothing was taken over");
    } else {
        chip = chip_by_name(answer);
        if (source_read(dash, chip ? chip->id : CHIP_AUTO, &error) == 0)
            source_came(dash);
        else
            dash_complain(dash, "%s", error.text);
    }
}
