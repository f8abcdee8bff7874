/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/dash.h"

#include "base/buffer.h"
#include "base/util.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MESSAGE_MS    6000
#define LOOK_AGAIN_MS 2000
#define LOOK_MS       40 /* a frame may be late by that much */

void dash_init(struct dash *dash, const struct model *model, const char *title)
{
    *dash = (struct dash){.model = model, .dirty = true};
    util_copy(dash->title, sizeof dash->title, title);
    job_init(&dash->bench);
}

void dash_done(struct dash *dash)
{
    dash_commands_drop(dash);
    source_leave(dash);
    source_notes_done(&dash->notes);
    findings_done(&dash->findings);
    free(dash->problems_of);
    chooser_done(&dash->chooser);
    free(dash->commands);
    free(dash->facts);
    file_cache_done(&dash->files);
    job_done(&dash->bench);
    *dash = (struct dash){0};
}

static const enum context view_contexts[VIEW_COUNT] = {
    [VIEW_BOARDS] = CONTEXT_BOARDS, [VIEW_IMAGES] = CONTEXT_IMAGES,
    [VIEW_FILES] = CONTEXT_FILES,   [VIEW_PARTITIONS] = CONTEXT_PARTITIONS,
    [VIEW_NOTES] = CONTEXT_NOTES,   [VIEW_HELP] = CONTEXT_HELP,
};

enum context dash_view_context(enum view view)
{
    return view_contexts[view];
}

enum context dash_context(const struct dash *dash)
{
    return dash->question != CONTEXT_ALWAYS ? dash->question : view_contexts[dash->view];
}

/* ---- slots ----------------------------------------------------------------------------------- */

const struct model_slot *dash_find(const struct dash *dash, const char *port)
{
    return model_find(dash->model, port);
}

const struct model_slot *dash_slot(struct dash *dash)
{
    const struct model *model = dash->model;
    const struct model_slot *slot = dash_find(dash, dash->boards.port);

    if (model->n == 0)
        return NULL;
    if (slot == NULL) { /* gone: its neighbour takes over */
        size_t last = model->n - 1;
        slot = &model->slots[dash->boards.index < last ? dash->boards.index : last];
        util_copy(dash->boards.port, sizeof dash->boards.port, slot->port);
        dash->boards.log_back = 0;
    }
    dash->boards.index = (size_t)(slot - model->slots);
    return slot;
}

size_t dash_running(const struct dash *dash)
{
    size_t n = 0;

    for (size_t i = 0; i < dash->model->n; i++)
        n += dash->model->slots[i].running;
    return n;
}

bool dash_slot_free(const struct model_slot *slot, char *why, size_t size)
{
    char nowhere[1];

    why = why ? why : nowhere;
    size = why == nowhere ? 1 : size;
    if (!slot->present)
        snprintf(why, size, "%s is not plugged in", slot->name);
    else if (slot->running)
        snprintf(why, size, "%s is at work: s stops it", slot->name);
    else if (slot->holder[0])
        snprintf(why, size, "%s is held by %s: close that first", slot->name, slot->holder);
    else
        return true;
    return false;
}

/* ---- messages, commands ---------------------------------------------------------------------- */

static void say(struct dash *dash, bool bad, const char *format, va_list args)
{
    vsnprintf(dash->message, sizeof dash->message, format, args);
    dash->message_is_bad = bad;
    dash->message_until = dash->now_ms + MESSAGE_MS;
    dash->dirty = true;
}

void dash_say(struct dash *dash, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    say(dash, false, format, args);
    va_end(args);
}

void dash_complain(struct dash *dash, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    say(dash, true, format, args);
    va_end(args);
}

void dash_command(struct dash *dash, enum command_kind kind, const char *port, struct job *job)
{
    dash->commands = xrealloc(dash->commands, (dash->n_commands + 1) * sizeof *dash->commands);
    struct command *command = &dash->commands[dash->n_commands++];
    *command = (struct command){.kind = kind, .job = job};
    util_copy(command->port, sizeof command->port, port);
}

void dash_commands_drop(struct dash *dash)
{
    for (size_t i = 0; i < dash->n_commands; i++) {
        if (dash->commands[i].job)
            job_done(dash->commands[i].job);
        free(dash->commands[i].job);
    }
    dash->n_commands = 0;
}

/* ---- the bench ------------------------------------------------------------------------------- */

size_t dash_bench_ticked(const struct dash *dash)
{
    size_t n = 0;

    for (size_t i = 0; i < dash->bench.n_images; i++)
        n += dash->bench.images[i].enabled;
    return n;
}

/* ---- chip and flash that it is for ----------------------------------------------------------- */

static const struct model_slot *selected(const struct dash *dash)
{
    const struct model_slot *slot = dash_find(dash, dash->boards.port);

    return slot == NULL && dash->model->n > 0 ? &dash->model->slots[0] : slot;
}

/* What the ticked images say that they are for, when they agree. */
static const struct chip *chip_of_images(const struct dash *dash)
{
    enum chip_id id = CHIP_AUTO;

    for (size_t i = 0; i < dash->bench.n_images && dash->facts; i++) {
        enum chip_id of = dash->facts[i]->chip;
        if (!dash->bench.images[i].enabled || of == CHIP_AUTO)
            continue;
        if (id != CHIP_AUTO && id != of)
            return NULL;
        id = of;
    }
    return chip_get(id);
}

const struct chip *dash_chip(const struct dash *dash, bool *detected)
{
    const struct model_slot *slot = selected(dash);
    const struct chip *chip = chip_get(dash->bench.chip);
    const struct chip *here = slot && slot->known ? chip_by_name(slot->chip) : NULL;

    if (detected)
        *detected = chip == NULL && here != NULL;
    return chip ? chip : here ? here : chip_of_images(dash);
}

uint64_t dash_flash_size(const struct dash *dash, bool *detected)
{
    const struct model_slot *slot = selected(dash);
    uint64_t set = flash_size_bytes(dash->bench.flash_size);

    if (detected)
        *detected = set == 0 && slot && slot->flash_known;
    return set ? set : slot && slot->flash_known ? slot->flash_size : 0;
}

const char *dash_path_from_here(const struct dash *dash, const char *path)
{
    size_t n = strlen(dash->cwd);

    return n > 1 && strncmp(path, dash->cwd, n) == 0 && path[n] == '/' ? path + n + 1 : path;
}

const char *dash_image_path(const struct dash *dash, size_t image, char *to, size_t size)
{
    const char *path = dash_path_from_here(dash, dash->bench.images[image].path);
    const char *at = strstr(path, JOB_PATH_CHIP);
    const struct chip *chip = at ? dash_chip(dash, NULL) : NULL;

    if (chip) {
        snprintf(to, size, "%.*s%s%s", (int)(at - path), path, chip->key,
                 at + strlen(JOB_PATH_CHIP));
        if (access(to, R_OK) == 0)
            return to;
    }
    util_copy(to, size, path);
    return to;
}

void dash_bench_look(struct dash *dash)
{
    size_t n = dash->bench.n_images;
    char path[1100];

    free(dash->facts);
    dash->facts = NULL;
    const struct chip *chip = dash_chip(dash, NULL); /* without facts: chosen, or the board's */
    const struct file_facts **facts = xcalloc(n ? n : 1, sizeof *facts);
    for (size_t i = 0; i < n; i++)
        facts[i] = file_cache_look(&dash->files, dash_image_path(dash, i, path, sizeof path), chip);
    dash->facts = facts;
    file_cache_sweep(&dash->files);
    if (dash->images.index > n)
        dash->images.index = n;
    dash->problems_stale = true;
    dash->dirty = true;
}

void dash_bench_send(struct dash *dash)
{
    struct job *copy = xmalloc(sizeof *copy);

    job_copy(copy, &dash->bench);
    dash_command(dash, COMMAND_SET_BENCH, "", copy);
    dash->bench_sent++;
    dash->job_changed = true;
    dash_bench_look(dash);
}

/* Our own changes come back as events. Until all of them have, the older ones among them must not
 * undo the younger ones. */
static void bench_event(struct dash *dash)
{
    bool ours = dash->bench_sent > 0;

    if (ours && --dash->bench_sent > 0)
        return;
    if (!ours) { /* another dashboard's */
        dash->job_changed = true;
        dash->from_source = false;
    }
    job_done(&dash->bench);
    job_copy(&dash->bench, &dash->model->bench);
    dash_bench_look(dash);
}

const char *dash_path(const struct dash *dash, const char *path, char *to, size_t size)
{
    size_t home = strlen(dash->home);

    if (dash_path_from_here(dash, path) != path)
        util_copy(to, size, dash_path_from_here(dash, path));
    else if (home > 1 && strncmp(path, dash->home, home) == 0 && path[home] == '/')
        snprintf(to, size, "~%s", path + home);
    else if (home > 1 && strcmp(path, dash->home) == 0)
        util_copy(to, size, "~");
    else
        util_copy(to, size, path);
    return to;
}

/* ---- what happens ---------------------------------------------------------------------------- */

void dash_event(struct dash *dash, const struct event *event)
{
    dash->dirty = true;
    if (event->kind == EVENT_CHIP || event->kind == EVENT_FLASH)
        dash_bench_look(dash); /* what is not said is the board's */
    if (event->kind == EVENT_BENCH && dash->model->has_bench)
        bench_event(dash);
    if (event->kind == EVENT_REPLY && !event->reply.ok && event->reply.text[0])
        dash_complain(dash, "%s", event->reply.text);
    if (dash->question == CONTEXT_QUIT && dash_running(dash) == 0) {
        dash->question = CONTEXT_ALWAYS;
        dash_say(dash, "the jobs have ended: q leaves now");
    }
    erase_event(dash, event);
}

void dash_tick(struct dash *dash)
{
    if (dash->message[0] && dash->now_ms >= dash->message_until) {
        dash->message[0] = '\0';
        dash->dirty = true;
    }
    bool shown = dash->view == VIEW_IMAGES || dash->view == VIEW_PARTITIONS;
    if (shown && dash->facts && dash->now_ms >= dash->look_ms) { /* a build may change them */
        dash->look_ms = dash->now_ms + LOOK_AGAIN_MS;
        dash_bench_look(dash);
    }
    if (dash->problems_stale && dash->facts)
        dash_problems_find(dash);
    if (dash->view == VIEW_FILES)
        dash->dirty |= chooser_look(&dash->chooser, LOOK_MS);
}
