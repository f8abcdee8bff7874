/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Erasing can't be undone, nor can what a forced job has written (design 4.5): first the board is
 * asked who it is, then the question names chip and MAC and wants a word typed, then the job itself
 * refuses any other board.
 */
#include "ui/dash.h"

#include "base/buffer.h"
#include "base/util.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *word, *done; /* to be typed; "nothing was ..." */
} dangers[] = {
    [PROMPT_ERASE] = {"erase", "erased"},
    [PROMPT_FORCE] = {"force", "written"},
};

/* A job with one op, at the bench's speed and by the bench's way to the chip. */
static struct job *new_job(const struct dash *dash, const char *port, enum op_kind op)
{
    const struct job *bench = &dash->bench;
    struct job *job = xmalloc(sizeof *job);

    job_init(job);
    job_set_port(job, port);
    job->baud = bench->baud;
    job->before = bench->before;
    job->after = bench->after;
    job->no_stub = bench->no_stub;
    job->connect_attempts = bench->connect_attempts;
    job->stub_dir = bench->stub_dir ? xstrdup(bench->stub_dir) : NULL;
    job->reset = bench->reset ? xstrdup(bench->reset) : NULL;
    job_add_op(job, op);
    return job;
}

/* The bench's images, whatever the checks before the first byte say. */
static struct job *new_forced_job(const struct dash *dash, const char *port)
{
    struct job *job = xmalloc(sizeof *job);

    job_copy(job, &dash->bench);
    job_set_port(job, port);
    job_remove_ops(job);
    job_add_op(job, OP_WRITE_FLASH);
    job->force = true;
    return job;
}

static const char *done_word(const struct dash *dash)
{
    return dangers[dash->danger].done;
}

static void ask_for_the_word(struct dash *dash, const struct model_slot *slot)
{
    char label[40];

    util_copy(dash->erase_mac, sizeof dash->erase_mac, slot->mac);
    dash->question = CONTEXT_LINE;
    dash->prompt_for = dash->danger;
    snprintf(label, sizeof label, "type the word %s:", dangers[dash->danger].word);
    prompt_open(&dash->prompt, label, "");
}

static void danger_ask(struct dash *dash, enum prompt_for danger)
{
    const struct model_slot *slot = dash_slot(dash);
    char why[400];

    dash->danger = danger;
    if (slot == NULL) {
        dash_complain(dash, "there is no board: plug one in");
        return;
    }
    if (!dash_slot_free(slot, why, sizeof why)) {
        dash_complain(dash, "%s", why);
        return;
    }
    util_copy(dash->erase_port, sizeof dash->erase_port, slot->port);
    if (slot->known && slot->mac[0]) {
        ask_for_the_word(dash, slot);
        return;
    }
    dash_command(dash, COMMAND_START, slot->port, new_job(dash, slot->port, OP_CHIP_ID));
    dash->question = CONTEXT_WAIT;
}

void erase_ask(struct dash *dash)
{
    danger_ask(dash, PROMPT_ERASE);
}

void force_ask(struct dash *dash)
{
    const struct model_slot *slot = dash_slot(dash);
    const struct finding *never = findings_refusal(&dash->findings, true);

    if (never)
        dash_complain(dash, "%s; that can't be forced", never->text);
    else if (!dash_problem(dash) &&
             !(slot && slot->has_result && slot->exit == error_exit_status(ERR_PARTITION)))
        dash_complain(dash, "nothing was refused here: Enter starts");
    else
        danger_ask(dash, PROMPT_FORCE);
}

void erase_leave(struct dash *dash)
{
    dash->question = CONTEXT_ALWAYS;
    dash->erase_port[0] = '\0';
}

static void answer_came(struct dash *dash, const struct model_slot *slot)
{
    if (slot->known && slot->mac[0] && strcmp(slot->result, "pass") == 0) {
        ask_for_the_word(dash, slot);
        return;
    }
    erase_leave(dash);
    dash_complain(dash, "%s is not %s: the chip did not say who it is", slot->name,
                  done_word(dash));
}

bool erase_is_asking(const struct dash *dash)
{
    return dash->question == CONTEXT_LINE &&
           (dash->prompt_for == PROMPT_ERASE || dash->prompt_for == PROMPT_FORCE);
}

void erase_event(struct dash *dash, const struct event *event)
{
    bool about_it = dash->erase_port[0] && strcmp(event->port, dash->erase_port) == 0;
    bool asking = erase_is_asking(dash);

    if (dash->question == CONTEXT_WAIT && event->kind == EVENT_REPLY && !event->reply.ok)
        erase_leave(dash); /* the message says why */
    if (!about_it || (!asking && dash->question != CONTEXT_WAIT))
        return;
    const struct model_slot *slot = dash_find(dash, dash->erase_port);
    if (slot == NULL || !slot->present) {
        erase_leave(dash);
        dash_complain(dash, "not %s: the board was unplugged", done_word(dash));
    } else if (asking && (!slot->known || strcmp(slot->mac, dash->erase_mac) != 0)) {
        erase_leave(dash);
        dash_complain(dash, "%s is not %s: another board may be there now", slot->name,
                      done_word(dash));
    } else if (dash->question == CONTEXT_WAIT && event->kind == EVENT_DONE) {
        answer_came(dash, slot);
    }
}

void erase_typed(struct dash *dash)
{
    const struct model_slot *slot = dash_find(dash, dash->erase_port);
    char why[400];

    if (strcmp(dash->prompt.text, dangers[dash->danger].word) != 0) {
        dash_complain(dash, "nothing is %s until you type the word %s; Esc leaves it be",
                      done_word(dash), dangers[dash->danger].word);
        return;
    }
    if (slot == NULL || !dash_slot_free(slot, why, sizeof why)) {
        dash_complain(dash, "not %s: %s", done_word(dash), slot ? why : "the board was unplugged");
        erase_leave(dash);
        return;
    }
    struct job *job = dash->danger == PROMPT_FORCE ? new_forced_job(dash, slot->port)
                                                   : new_job(dash, slot->port, OP_ERASE_FLASH);
    util_copy(job->expect_mac, sizeof job->expect_mac, dash->erase_mac);
    dash_command(dash, COMMAND_START, slot->port, job);
    erase_leave(dash);
}
