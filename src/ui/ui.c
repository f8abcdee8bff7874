/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The loop: keys and events change the state at once, the screen follows: at most ten times a
 * second for keys, five for events (slow links have to carry it). */
#include "ui/ui.h"

#include "base/clock.h"
#include "base/loop.h"
#include "base/util.h"
#include "ui/dash.h"
#include "ui/draw.h"
#include "ui/term.h"

#include <locale.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define KEY_FRAME_MS   100
#define EVENT_FRAME_MS 200
#define LEAVE_MS       1000 /* how long leaving waits for the last commands to be sent */
#define CLOCK_STEP     60   /* seconds; the time in the title has minutes */

struct ui {
    struct loop loop;
    struct client *client;
    struct model model;
    struct dash dash;
    struct canvas canvas;
    struct error *error;
    int64_t last_frame_ms;
    int64_t frame_due_ms;
    int frame_timer; /* 0: none is waiting */
    int tick_timer;
};

static void client_watch(struct ui *ui);

/* ---- time ------------------------------------------------------------------------------------ */

static void time_take(struct ui *ui)
{
    int64_t before = ui->dash.wall / CLOCK_STEP;

    ui->dash.now_ms = clock_ms();
    ui->dash.wall = (int64_t)time(NULL);
    if (ui->dash.wall / CLOCK_STEP != before)
        ui->dash.dirty = true;
    dash_tick(&ui->dash);
}

static void frame_ask(struct ui *ui, int64_t gap_ms);

static void on_tick(void *context)
{
    struct ui *ui = context;

    ui->tick_timer = loop_timer_add(&ui->loop, 1000, on_tick, ui);
    time_take(ui);
    frame_ask(ui, EVENT_FRAME_MS);
}

/* ---- drawing --------------------------------------------------------------------------------- */

/* Drawn where the terminal does not know its size: one line fits everywhere. */
static void draw_no_size(struct ui *ui)
{
    canvas_resize(&ui->canvas, 1, 78);
    canvas_put(&ui->canvas, 0, 0, 78, STYLE_PLAIN,
               "espjig: this terminal has 0 lines and 0 columns; stty rows 24 cols 80 helps");
}

static void frame_draw(struct ui *ui)
{
    int rows, cols;

    time_take(ui);
    term_size(&rows, &cols);
    if (rows <= 0 || cols <= 0) {
        draw_no_size(ui);
    } else {
        if (rows != ui->canvas.rows || cols != ui->canvas.cols)
            canvas_resize(&ui->canvas, rows, cols);
        draw_screen(&ui->canvas, &ui->dash);
    }
    term_flush(&ui->canvas);
    ui->dash.dirty = false;
    ui->model.changed = false;
    ui->last_frame_ms = clock_ms();
}

static void on_frame(void *context)
{
    struct ui *ui = context;

    ui->frame_timer = 0;
    if (ui->dash.dirty)
        frame_draw(ui);
}

/* Draws now, or when the last frame is `gap_ms` old. */
static void frame_ask(struct ui *ui, int64_t gap_ms)
{
    int64_t due = ui->last_frame_ms + gap_ms, wait = due - clock_ms();

    if (!ui->dash.dirty || ui->loop.stop || (ui->frame_timer && ui->frame_due_ms <= due))
        return;
    if (ui->frame_timer) /* one that would come later */
        loop_timer_remove(&ui->loop, ui->frame_timer);
    ui->frame_timer = 0;
    ui->frame_due_ms = due;
    if (wait <= 0)
        frame_draw(ui);
    else
        ui->frame_timer = loop_timer_add(&ui->loop, wait, on_frame, ui);
}

/* ---- the station ----------------------------------------------------------------------------- */

static void commands_send(struct ui *ui)
{
    for (size_t i = 0; i < ui->dash.n_commands; i++) {
        const struct command *command = &ui->dash.commands[i];
        switch (command->kind) {
        case COMMAND_START:
            client_start(ui->client, command->port, command->job);
            break;
        case COMMAND_STOP:
            client_stop(ui->client, command->port);
            break;
        case COMMAND_SET_BENCH:
            client_set_bench(ui->client, command->job);
            break;
        case COMMAND_FORGET:
            client_forget(ui->client, command->port);
            break;
        }
    }
    dash_commands_drop(&ui->dash);
}

static void on_event(void *context, const struct event *event)
{
    struct ui *ui = context;

    model_apply(&ui->model, event);
    dash_event(&ui->dash, event);
}

static void pump(struct ui *ui)
{
    const struct sink sink = {on_event, ui};

    if (client_pump(ui->client, &sink, ui->error) < 0)
        loop_stop(&ui->loop);
    client_watch(ui);
}

static void on_client(void *context, int fd, short revents)
{
    struct ui *ui = context;

    (void)fd;
    (void)revents;
    pump(ui);
    frame_ask(ui, EVENT_FRAME_MS);
}

static void client_watch(struct ui *ui)
{
    bool writes = client_wants_write(ui->client);

    loop_fd_set(&ui->loop, ui->client->fd, (short)(POLLIN | (writes ? POLLOUT : 0)), on_client, ui);
}

/* ---- keys and signals ------------------------------------------------------------------------ */

static void wishes_fulfil(struct ui *ui)
{
    unsigned wishes = ui->dash.wishes;

    ui->dash.wishes = 0;
    if (wishes & WISH_QUIT)
        loop_stop(&ui->loop);
    if (wishes & WISH_SUSPEND)
        term_suspend();
    if (wishes & (WISH_REDRAW | WISH_SUSPEND)) {
        term_forget();
        ui->dash.dirty = true;
    }
}

static void on_input(void *context, int fd, short revents)
{
    struct ui *ui = context;
    int key;

    (void)fd;
    time_take(ui);
    bool any = false;
    while (!ui->loop.stop && (key = term_key()) != K_NONE) {
        any = true;
        dash_key(&ui->dash, key);
        wishes_fulfil(ui);
    }
    if (!any && term_gone(revents))
        loop_stop(&ui->loop);
    commands_send(ui);
    if (!ui->loop.stop)
        pump(ui);
    frame_ask(ui, KEY_FRAME_MS);
}

static void on_signals(void *context, int fd, short revents)
{
    struct ui *ui = context;
    struct term_asked asked = term_signals();

    (void)fd;
    (void)revents;
    if (asked.quit)
        loop_stop(&ui->loop);
    else if (asked.suspend)
        ui->dash.wishes |= WISH_SUSPEND;
    if (asked.resumed)
        ui->dash.wishes |= WISH_REDRAW;
    if (asked.resized)
        ui->dash.dirty = true;
    wishes_fulfil(ui);
    frame_ask(ui, KEY_FRAME_MS);
}

/* ---- start and end --------------------------------------------------------------------------- */

static void commands_flush(struct ui *ui)
{
    const struct sink sink = {on_event, ui};
    struct error ignored = {0};
    int64_t end = clock_ms() + LEAVE_MS;

    while (client_wants_write(ui->client) && clock_ms() < end) {
        clock_wait(NULL, ui->client->fd, POLLOUT, 50);
        if (client_pump(ui->client, &sink, &ignored) < 0)
            return;
    }
}

static void places_take(struct dash *dash)
{
    const char *home = getenv("HOME");

    util_copy(dash->home, sizeof dash->home, home ? home : "");
    if (getcwd(dash->cwd, sizeof dash->cwd) == NULL)
        dash->cwd[0] = '\0';
}

int ui_run(struct client *client, const struct ui_options *options, struct error *error)
{
    struct ui ui = {.client = client, .error = error};

    setlocale(LC_CTYPE, "");
    if (term_init(options->no_color, error) < 0)
        return error->code;
    loop_init(&ui.loop);
    model_init(&ui.model);
    dash_init(&ui.dash, &ui.model, options->title ? options->title : "");
    places_take(&ui.dash);
    canvas_init(&ui.canvas, options->ascii || !term_is_utf8());
    ui.last_frame_ms = clock_ms() - EVENT_FRAME_MS;

    loop_fd_set(&ui.loop, STDIN_FILENO, POLLIN, on_input, &ui);
    loop_fd_set(&ui.loop, term_signal_fd(), POLLIN, on_signals, &ui);
    client_watch(&ui);
    on_tick(&ui);
    if (loop_run(&ui.loop) < 0)
        error_set(error, ERR_INTERNAL, "waiting for keys and events failed");
    commands_flush(&ui);
    term_done();

    canvas_done(&ui.canvas);
    dash_done(&ui.dash);
    model_done(&ui.model);
    loop_done(&ui.loop);
    return error->code;
}
