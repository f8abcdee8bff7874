/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/dash.h"

#include "base/buffer.h"
#include "base/util.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MESSAGE_MS 6000

void dash_init(struct dash *dash, const struct model *model, const char *title)
{
    *dash = (struct dash){.model = model, .dirty = true};
    util_copy(dash->title, sizeof dash->title, title);
    job_init(&dash->bench);
}

void dash_done(struct dash *dash)
{
    dash_commands_drop(dash);
    free(dash->commands);
    free(dash->facts);
    job_done(&dash->bench);
    *dash = (struct dash){0};
}

static const enum context view_contexts[VIEW_COUNT] = {
    [VIEW_BOARDS] = CONTEXT_BOARDS, [VIEW_IMAGES] = CONTEXT_IMAGES, [VIEW_HELP] = CONTEXT_HELP};

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

static bool overlap(const struct dash *dash, size_t i, size_t j)
{
    const struct job_image *a = &dash->bench.images[i], *b = &dash->bench.images[j];

    return a->enabled && b->enabled && a->address < b->address + dash->facts[j].size &&
           b->address < a->address + dash->facts[i].size;
}

static void look_for_overlaps(struct dash *dash)
{
    dash->bench_problem[0] = '\0';
    for (size_t i = 0; i < dash->bench.n_images; i++) {
        for (size_t j = 0; j < i; j++) {
            if (overlap(dash, i, j)) {
                snprintf(dash->bench_problem, sizeof dash->bench_problem,
                         "%.100s and %.100s claim the same flash",
                         util_basename(dash->bench.images[j].path),
                         util_basename(dash->bench.images[i].path));
                return;
            }
        }
    }
}

void dash_bench_look(struct dash *dash)
{
    size_t n = dash->bench.n_images;

    free(dash->facts);
    dash->facts = xcalloc(n ? n : 1, sizeof *dash->facts);
    for (size_t i = 0; i < n; i++)
        file_look(dash->bench.images[i].path, &dash->facts[i]);
    look_for_overlaps(dash);
    if (dash->images.index > n)
        dash->images.index = n;
    dash->dirty = true;
}

void dash_bench_send(struct dash *dash)
{
    struct job *copy = xmalloc(sizeof *copy);

    job_copy(copy, &dash->bench);
    dash_command(dash, COMMAND_SET_BENCH, "", copy);
    dash->bench_sent++;
    dash_bench_look(dash);
}

/* Our own changes come back as events. Until all of them have, the older ones among them must not
 * undo the younger ones. */
static void bench_event(struct dash *dash)
{
    if (dash->bench_sent > 0 && --dash->bench_sent > 0)
        return;
    job_done(&dash->bench);
    job_copy(&dash->bench, &dash->model->bench);
    dash_bench_look(dash);
}

const char *dash_path(const struct dash *dash, const char *path, char *to, size_t size)
{
    size_t cwd = strlen(dash->cwd), home = strlen(dash->home);

    if (cwd > 1 && strncmp(path, dash->cwd, cwd) == 0 && path[cwd] == '/')
        util_copy(to, size, path + cwd + 1);
    else if (home > 1 && strncmp(path, dash->home, home) == 0 && path[home] == '/')
        snprintf(to, size, "~%s", path + home);
    else
        util_copy(to, size, path);
    return to;
}

/* ---- what happens ---------------------------------------------------------------------------- */

void dash_event(struct dash *dash, const struct event *event)
{
    dash->dirty = true;
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
}
