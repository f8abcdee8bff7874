/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Erasing can't be undone (design 4.5): first the board is asked who it is, then the question names
 * chip and MAC and wants a word typed, then the job itself refuses any other board.
 */
#include "ui/dash.h"

#include "base/buffer.h"
#include "base/util.h"

#include <string.h>

#define ERASE_WORD "erase"

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

static void ask_for_the_word(struct dash *dash, const struct model_slot *slot)
{
    util_copy(dash->erase_mac, sizeof dash->erase_mac, slot->mac);
    dash->question = CONTEXT_LINE;
    dash->prompt_for = PROMPT_ERASE;
    prompt_open(&dash->prompt, "type the word " ERASE_WORD ":", "");
}

void erase_ask(struct dash *dash)
{
    const struct model_slot *slot = dash_slot(dash);
    char why[400];

    if (slot == NULL) {
        dash_complain(dash, "there is no board to erase");
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
    dash_complain(dash, "%s is not erased: the chip did not say who it is", slot->name);
}

void erase_event(struct dash *dash, const struct event *event)
{
    bool about_it = dash->erase_port[0] && strcmp(event->port, dash->erase_port) == 0;
    bool asking = dash->question == CONTEXT_LINE && dash->prompt_for == PROMPT_ERASE;

    if (dash->question == CONTEXT_WAIT && event->kind == EVENT_REPLY && !event->reply.ok)
        erase_leave(dash); /* the message says why */
    if (!about_it || (!asking && dash->question != CONTEXT_WAIT))
        return;
    const struct model_slot *slot = dash_find(dash, dash->erase_port);
    if (slot == NULL || !slot->present) {
        erase_leave(dash);
        dash_complain(dash, "not erased: the board was unplugged");
    } else if (asking && (!slot->known || strcmp(slot->mac, dash->erase_mac) != 0)) {
        erase_leave(dash);
        dash_complain(dash, "%s is not erased: another board may be there now", slot->name);
    } else if (dash->question == CONTEXT_WAIT && event->kind == EVENT_DONE) {
        answer_came(dash, slot);
    }
}

void erase_typed(struct dash *dash)
{
    const struct model_slot *slot = dash_find(dash, dash->erase_port);
    char why[400];

    if (strcmp(dash->prompt.text, ERASE_WORD) != 0) {
        dash_complain(dash, "nothing is erased until you type the word %s; Esc leaves it be",
                      ERASE_WORD);
        return;
    }
    if (slot == NULL || !dash_slot_free(slot, why, sizeof why)) {
        dash_complain(dash, "not erased: %s", slot ? why : "the board was unplugged");
        erase_leave(dash);
        return;
    }
    struct job *job = new_job(dash, slot->port, OP_ERASE_FLASH);
    util_copy(job->expect_mac, sizeof job->expect_mac, dash->erase_mac);
    dash_command(dash, COMMAND_START, slot->port, job);
    erase_leave(dash);
}
