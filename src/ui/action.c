/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What each action does: a function a row. */
#include "ui/bench_map.h"
#include "ui/dash.h"

#include "base/util.h"

#include <stdio.h>
#include <string.h>

/* ---- moving about ---------------------------------------------------------------------------- */

static size_t moved(size_t at, long by, size_t n)
{
    if (n == 0)
        return 0;
    if (by < 0)
        return (size_t)-by > at ? 0 : at - (size_t)-by;
    return (size_t)by >= n - (at < n ? at : n - 1) ? n - 1 : at + (size_t)by;
}

static void move(struct dash *dash, long by)
{
    const struct partition_table *table;
    size_t at;

    switch (dash->view) {
    case VIEW_BOARDS:
        if (dash_slot(dash) == NULL)
            return;
        at = moved(dash->boards.index, by, dash->model->n);
        if (at != dash->boards.index)
            dash->boards.log_back = 0;
        dash->boards.index = at;
        util_copy(dash->boards.port, sizeof dash->boards.port, dash->model->slots[at].port);
        break;
    case VIEW_IMAGES:
        dash->images.index = moved(dash->images.index, by, dash->bench.n_images + 1);
        break;
    case VIEW_FILES:
        dash->chooser.index = moved(dash->chooser.index, by, dash->chooser.n_shown);
        break;
    case VIEW_PARTITIONS:
        table = bench_table(dash);
        dash->partitions.index = moved(dash->partitions.index, by, table ? table->n : 0);
        break;
    case VIEW_NOTES:
        dash->notes_view.top = moved(dash->notes_view.top, by, dash->notes_view.max_top + 1);
        break;
    case VIEW_HELP:
        dash->help.top = moved(dash->help.top, by, dash->help.max_top + 1);
        break;
    case VIEW_COUNT:
        break;
    }
}

static long page(const struct dash *dash)
{
    return dash->page > 1 ? (long)dash->page - 1 : 1;
}

static void do_up(struct dash *dash)
{
    move(dash, -1);
}

static void do_down(struct dash *dash)
{
    move(dash, 1);
}

static void do_page_up(struct dash *dash)
{
    move(dash, -page(dash));
}

static void do_page_down(struct dash *dash)
{
    move(dash, page(dash));
}

static void do_first(struct dash *dash)
{
    move(dash, -1000000);
}

static void do_last(struct dash *dash)
{
    move(dash, 1000000);
}

/* ---- views, leaving -------------------------------------------------------------------------- */

static void do_help(struct dash *dash)
{
    if (dash->view == VIEW_HELP) {
        dash->view = dash->help_of;
        return;
    }
    dash->help_of = dash->view;
    dash->help.top = 0;
    dash->view = VIEW_HELP;
}

static void do_back(struct dash *dash)
{
    if (dash->view == VIEW_HELP)
        dash->view = dash->help_of;
    else if (dash->view == VIEW_BOARDS)
        dash->boards.whole_log = false;
    else if (dash->view == VIEW_IMAGES)
        dash->view = VIEW_BOARDS;
    else
        dash->view = VIEW_IMAGES;
}

static void do_quit(struct dash *dash)
{
    if (dash->view != VIEW_BOARDS)
        do_back(dash);
    else if (dash_running(dash) > 0)
        dash->question = CONTEXT_QUIT;
    else
        dash->wishes |= WISH_QUIT;
}

static void do_quit_detach(struct dash *dash)
{
    dash->wishes |= WISH_QUIT;
}

static void do_quit_stop(struct dash *dash)
{
    dash_command(dash, COMMAND_STOP, "", NULL);
    dash->wishes |= WISH_QUIT;
}

static void do_close_question(struct dash *dash)
{
    dash->question = CONTEXT_ALWAYS;
}

static void do_redraw(struct dash *dash)
{
    dash->wishes |= WISH_REDRAW;
}

static void do_suspend(struct dash *dash)
{
    dash->wishes |= WISH_SUSPEND;
}

/* ---- boards ---------------------------------------------------------------------------------- */

static void to_images(struct dash *dash)
{
    dash->view = VIEW_IMAGES;
    dash_bench_look(dash); /* a build may have changed them */
}

/* Whether there is something to write; else leads to where it is chosen. */
static bool have_images(struct dash *dash)
{
    if (dash_bench_ticked(dash) > 0)
        return true;
    to_images(dash);
    if (dash->bench.n_images == 0)
        dash_complain(dash, "no image is chosen yet: o opens a build, a job or a file");
    else
        dash_complain(dash, "no image is ticked: Space ticks one");
    return false;
}

/* What is known here to end before the first byte is not started: the files as they are now. */
static bool is_refused(struct dash *dash)
{
    size_t n = 0;

    dash_bench_look(dash);
    dash_problems_find(dash);
    for (size_t i = 0; i < dash->findings.n; i++)
        n += dash->findings.rows[i].refuses;
    if (n == 0)
        return false;
    const char *forced =
        findings_refusal(&dash->findings, true) ? "" : "; F starts it all the same";
    if (n == 1)
        dash_complain(dash, "not started: %s%s", dash_problem(dash), forced);
    else
        dash_complain(dash, "not started: %s (i shows %zu more)%s", dash_problem(dash), n - 1,
                      forced);
    return true;
}

static void do_start(struct dash *dash)
{
    const struct model_slot *slot = dash_slot(dash);
    char why[400];

    if (slot == NULL)
        dash_complain(dash, "there is no board to write to: plug one in");
    else if (!dash_slot_free(slot, why, sizeof why))
        dash_complain(dash, "%s", why);
    else if (have_images(dash) && !is_refused(dash))
        dash_command(dash, COMMAND_START, slot->port, NULL);
}

static void do_force(struct dash *dash)
{
    if (!have_images(dash))
        return;
    dash_bench_look(dash);
    dash_problems_find(dash);
    force_ask(dash);
}

static void do_start_all(struct dash *dash)
{
    size_t n = 0;

    if (!have_images(dash))
        return;
    for (size_t i = 0; i < dash->model->n; i++) {
        const struct model_slot *slot = &dash->model->slots[i];
        if (!dash_slot_free(slot, NULL, 0))
            continue;
        dash_command(dash, COMMAND_START, slot->port, NULL);
        n++;
    }
    if (n == 0)
        dash_complain(dash, "no board is free to start");
    else
        dash_say(dash, n == 1 ? "%zu board started" : "%zu boards started", n);
}

static void do_stop(struct dash *dash)
{
    const struct model_slot *slot = dash_slot(dash);

    if (slot && slot->running)
        dash_command(dash, COMMAND_STOP, slot->port, NULL);
    else
        dash_complain(dash, "nothing runs on %s", slot ? slot->name : "any board");
}

static void do_stop_all(struct dash *dash)
{
    if (dash_running(dash) > 0)
        dash_command(dash, COMMAND_STOP, "", NULL);
    else
        dash_complain(dash, "nothing runs on any board");
}

static void do_forget(struct dash *dash)
{
    const struct model_slot *slot = dash_slot(dash);

    if (slot && slot->has_result && !slot->running)
        dash_command(dash, COMMAND_FORGET, slot->port, NULL);
    else
        dash_complain(dash, "there is no result to clear");
}

static void do_log(struct dash *dash)
{
    dash->boards.whole_log = !dash->boards.whole_log;
    dash->boards.log_back = 0;
}

static void do_log_older(struct dash *dash)
{
    const struct model_slot *slot = dash_slot(dash);

    if (slot)
        dash->boards.log_back = moved(dash->boards.log_back, 3, slot->n_log);
}

static void do_log_newer(struct dash *dash)
{
    dash->boards.log_back = moved(dash->boards.log_back, -3, MODEL_LOG_LINES);
}

/* ---- images ---------------------------------------------------------------------------------- */

static void do_image_edit(struct dash *dash)
{
    if (dash->images.index < dash->bench.n_images)
        images_edit(dash, dash->images.index);
    else
        images_choose(dash);
}

static void do_image_add(struct dash *dash)
{
    images_edit(dash, dash->bench.n_images);
}

static void do_partitions(struct dash *dash)
{
    dash->view = VIEW_PARTITIONS;
}

static void do_notes(struct dash *dash)
{
    dash->notes_view.top = 0;
    dash->view = VIEW_NOTES;
}

static void do_set_compress(struct dash *dash)
{
    dash->bench.compress = !dash->bench.compress;
    dash_bench_send(dash);
}

static void do_set_skip_gaps(struct dash *dash)
{
    dash->bench.skip_gaps = !dash->bench.skip_gaps;
    dash_bench_send(dash);
    if (dash->bench.skip_gaps)
        dash_say(dash, "what is 0xFF over whole sectors is left out, and is not erased");
    else
        dash_say(dash, "images are written whole");
}

static void do_set_erase_all(struct dash *dash)
{
    dash->bench.erase_all = !dash->bench.erase_all;
    dash_bench_send(dash);
    if (dash->bench.erase_all)
        dash_say(dash, "each start now empties the whole flash of its board first");
    else
        dash_say(dash, "only what is written is erased");
}

static void choose(struct dash *dash, enum setting setting, int key)
{
    choice_open(&dash->choice, &dash->bench, setting);
    dash->choice_for = CHOICE_SETTING;
    dash->choice_key = key;
    dash->question = CONTEXT_CHOICE;
}

static void do_set_chip(struct dash *dash)
{
    choose(dash, SETTING_CHIP, 'C');
}

static void do_set_baud(struct dash *dash)
{
    choose(dash, SETTING_BAUD, 'b');
}

static void do_set_mode(struct dash *dash)
{
    choose(dash, SETTING_MODE, 'm');
}

static void do_set_speed(struct dash *dash)
{
    choose(dash, SETTING_SPEED, 'f');
}

static void do_set_size(struct dash *dash)
{
    choose(dash, SETTING_SIZE, 'z');
}

static void do_choice_next(struct dash *dash)
{
    choice_move(&dash->choice, 1);
}

static void do_choice_back(struct dash *dash)
{
    choice_move(&dash->choice, -1);
}

static void do_choice_take(struct dash *dash)
{
    switch (dash->choice_for) {
    case CHOICE_SETTING:
        dash->question = CONTEXT_ALWAYS;
        choice_apply(&dash->choice, &dash->bench);
        dash_bench_send(dash);
        break;
    case CHOICE_SOURCE_CHIP:
    case CHOICE_SOURCE_OUTSIDE:
    case CHOICE_SOURCE_HOW:
        source_answered(dash);
        break;
    case CHOICE_DEFAULTS:
        defaults_answered(dash);
        break;
    }
}

static void do_choice_leave(struct dash *dash)
{
    dash->question = CONTEXT_ALWAYS;
    if (dash->choice_for != CHOICE_SETTING && dash->choice_for != CHOICE_DEFAULTS) {
        source_leave(dash);
        dash_say(dash, "nothing was taken over");
    }
}

/* ---- the line that is typed ------------------------------------------------------------------ */

static void do_line_take(struct dash *dash)
{
    dash->message[0] = '\0';
    switch (dash->prompt_for) {
    case PROMPT_PATH:
    case PROMPT_ADDRESS:
        images_typed(dash);
        break;
    case PROMPT_ERASE:
    case PROMPT_FORCE:
        erase_typed(dash);
        break;
    case PROMPT_FILTER:
        dash->question = CONTEXT_ALWAYS;
        break;
    case PROMPT_SAVE:
        job_save_typed(dash);
        break;
    case PROMPT_COMBINE:
        combine_typed(dash);
        break;
    }
}

static void do_line_leave(struct dash *dash)
{
    dash->message[0] = '\0';
    if (erase_is_asking(dash)) {
        dash_say(dash, "nothing was %s", dash->danger == PROMPT_FORCE ? "started" : "erased");
        erase_leave(dash);
    } else if (dash->prompt_for == PROMPT_FILTER) {
        chooser_filter(&dash->chooser, "");
    }
    dash->question = CONTEXT_ALWAYS;
}

static void do_line_left(struct dash *dash)
{
    prompt_left(&dash->prompt);
}

static void do_line_right(struct dash *dash)
{
    prompt_right(&dash->prompt);
}

static void do_line_home(struct dash *dash)
{
    prompt_home(&dash->prompt);
}

static void do_line_end(struct dash *dash)
{
    prompt_end(&dash->prompt);
}

static void do_line_rubout(struct dash *dash)
{
    prompt_rubout(&dash->prompt);
}

static void do_line_delete(struct dash *dash)
{
    prompt_delete(&dash->prompt);
}

static void do_line_clear(struct dash *dash)
{
    prompt_set(&dash->prompt, "");
}

static void do_line_word(struct dash *dash)
{
    prompt_rubout_word(&dash->prompt);
}

static void do_complete(struct dash *dash)
{
    char names[400], before[sizeof dash->prompt.text];

    util_copy(before, sizeof before, dash->prompt.text);
    size_t n = file_path_complete(dash->prompt.text, sizeof dash->prompt.text, names, sizeof names);
    prompt_end(&dash->prompt);
    if (n == 0)
        dash_complain(dash, "no file begins with %s", before);
    else if (n > 1 && strcmp(before, dash->prompt.text) == 0)
        dash_say(dash, "%s", names);
    else
        dash->message[0] = '\0';
}

/* ---- dispatch -------------------------------------------------------------------------------- */

static void (*const handlers[ACTION_COUNT])(struct dash *dash) = {
    [ACTION_UP] = do_up,
    [ACTION_DOWN] = do_down,
    [ACTION_PAGE_UP] = do_page_up,
    [ACTION_PAGE_DOWN] = do_page_down,
    [ACTION_FIRST] = do_first,
    [ACTION_LAST] = do_last,
    [ACTION_HELP] = do_help,
    [ACTION_BACK] = do_back,
    [ACTION_QUIT] = do_quit,
    [ACTION_REDRAW] = do_redraw,
    [ACTION_SUSPEND] = do_suspend,
    [ACTION_START] = do_start,
    [ACTION_START_ALL] = do_start_all,
    [ACTION_STOP] = do_stop,
    [ACTION_STOP_ALL] = do_stop_all,
    [ACTION_ERASE] = erase_ask,
    [ACTION_FORCE] = do_force,
    [ACTION_IMAGES] = to_images,
    [ACTION_LOG] = do_log,
    [ACTION_LOG_OLDER] = do_log_older,
    [ACTION_LOG_NEWER] = do_log_newer,
    [ACTION_FORGET] = do_forget,
    [ACTION_IMAGE_TICK] = images_tick,
    [ACTION_IMAGE_EDIT] = do_image_edit,
    [ACTION_IMAGE_ADD] = do_image_add,
    [ACTION_IMAGE_REMOVE] = images_remove,
    [ACTION_FILES] = images_choose,
    [ACTION_SAVE] = job_save_ask,
    [ACTION_COMBINE] = combine_ask,
    [ACTION_PARTITIONS] = do_partitions,
    [ACTION_NOTES] = do_notes,
    [ACTION_DEFAULTS] = defaults_ask,
    [ACTION_SET_HEADER] = images_toggle_header,
    [ACTION_SET_COMPRESS] = do_set_compress,
    [ACTION_SET_SKIP_GAPS] = do_set_skip_gaps,
    [ACTION_FILE_TAKE] = browse_take,
    [ACTION_FILE_ENTER] = browse_enter,
    [ACTION_FILE_PARENT] = browse_parent,
    [ACTION_FILE_HOME] = browse_home,
    [ACTION_FILE_FILTER] = browse_filter,
    [ACTION_FILE_RECENT] = browse_recent,
    [ACTION_FILE_HIDDEN] = browse_hidden,
    [ACTION_SET_CHIP] = do_set_chip,
    [ACTION_SET_BAUD] = do_set_baud,
    [ACTION_SET_MODE] = do_set_mode,
    [ACTION_SET_SPEED] = do_set_speed,
    [ACTION_SET_SIZE] = do_set_size,
    [ACTION_SET_ERASE_ALL] = do_set_erase_all,
    [ACTION_LINE_TAKE] = do_line_take,
    [ACTION_LINE_LEAVE] = do_line_leave,
    [ACTION_LINE_LEFT] = do_line_left,
    [ACTION_LINE_RIGHT] = do_line_right,
    [ACTION_LINE_HOME] = do_line_home,
    [ACTION_LINE_END] = do_line_end,
    [ACTION_LINE_RUBOUT] = do_line_rubout,
    [ACTION_LINE_DELETE] = do_line_delete,
    [ACTION_LINE_CLEAR] = do_line_clear,
    [ACTION_LINE_WORD] = do_line_word,
    [ACTION_COMPLETE] = do_complete,
    [ACTION_CHOICE_NEXT] = do_choice_next,
    [ACTION_CHOICE_BACK] = do_choice_back,
    [ACTION_CHOICE_TAKE] = do_choice_take,
    [ACTION_CHOICE_LEAVE] = do_choice_leave,
    [ACTION_WAIT_LEAVE] = erase_leave,
    [ACTION_QUIT_DETACH] = do_quit_detach,
    [ACTION_QUIT_STOP] = do_quit_stop,
    [ACTION_QUIT_STAY] = do_close_question,
};

bool action_has_handler(enum action action)
{
    return action > ACTION_NONE && action < ACTION_COUNT && handlers[action];
}

/* A key that the table does not know: text, or once more the key that opened the choice. */
static void other_key(struct dash *dash, int key)
{
    if (dash->question == CONTEXT_LINE || dash->question == CONTEXT_PATH)
        prompt_insert(&dash->prompt, key);
    else if (dash->question == CONTEXT_CHOICE && key == dash->choice_key)
        choice_move(&dash->choice, 1);
}

void dash_key(struct dash *dash, int key)
{
    enum action action = keys_find(dash_context(dash), key);

    if (dash->question == CONTEXT_ALWAYS) { /* while typing, advice stays until it is followed */
        dash->message[0] = '\0';
    }
    if (action_has_handler(action))
        handlers[action](dash);
    else
        other_key(dash, key);
    if (dash->question == CONTEXT_LINE && dash->prompt_for == PROMPT_FILTER &&
        strcmp(dash->chooser.filter, dash->prompt.text) != 0)
        chooser_filter(&dash->chooser, dash->prompt.text);
    dash->dirty = true;
}
