/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The list of ports, and below it the selected one in detail where there is room. */
#include "ui/draw.h"

#include "base/util.h"

#include <stdio.h>
#include <string.h>

#define MARGIN       2  /* columns left of the list: the mark of the selected row */
#define GAP          2  /* between columns */
#define PROGRESS_MIN 16 /* less says too little: then a column goes */
#define DETAIL_FAIR  10 /* rows that show a board well */
#define DETAIL_MIN   6  /* rows below which the selected board is not shown in detail */

/* ---- columns --------------------------------------------------------------------------------- */

static const char *text_port(const struct model_slot *slot, char *to, size_t size)
{
    util_copy(to, size, slot->name[0] ? slot->name : slot->port);
    return to;
}

static const char *text_socket(const struct model_slot *slot, char *to, size_t size)
{
    util_copy(to, size, slot->slot);
    return to;
}

static const char *text_adapter(const struct model_slot *slot, char *to, size_t size)
{
    if (slot->product[0])
        util_copy(to, size, slot->product);
    else if (slot->vid)
        snprintf(to, size, "%04x:%04x", slot->vid, slot->pid);
    else
        util_copy(to, size, slot->emulated ? "emulated" : "");
    return to;
}

static const char *text_serial(const struct model_slot *slot, char *to, size_t size)
{
    util_copy(to, size, slot->serial);
    return to;
}

static const char *text_driver(const struct model_slot *slot, char *to, size_t size)
{
    util_copy(to, size, slot->driver);
    return to;
}

static const char *text_chip(const struct model_slot *slot, char *to, size_t size)
{
    const char *name = slot_chip_name(slot);

    util_copy(to, size, name[0] ? name : "?");
    return to;
}

static const char *text_mac(const struct model_slot *slot, char *to, size_t size)
{
    util_copy(to, size, slot->known ? slot->mac : "");
    return to;
}

static const char *text_passed(const struct model_slot *slot, char *to, size_t size)
{
    snprintf(to, size, "%u", slot->passed);
    return to;
}

static const char *text_failed(const struct model_slot *slot, char *to, size_t size)
{
    snprintf(to, size, "%u", slot->failed);
    return to;
}

/* Why a port can't be used stands in the place of its state. */
static const char *text_state(const struct model_slot *slot, char *to, size_t size)
{
    if (!slot->present)
        util_copy(to, size, "gone");
    else if (!slot->running && slot->holder[0])
        util_copy(to, size, "in use");
    else
        util_copy(to, size, slot_stopped(slot) ? "stopped" : state_word(slot->state));
    return to;
}

static const struct column {
    const char *title;
    const char *(*text)(const struct model_slot *slot, char *to, size_t size);
    int min, max; /* columns wide */
    int need;     /* goes away when the screen is narrower than this many columns */
    bool right;   /* numbers stand at the right */
} columns[] = {
    {"PORT", text_port, 6, 20, 0, false},         {"SOCKET", text_socket, 6, 14, 75, false},
    {"ADAPTER", text_adapter, 7, 36, 110, false}, {"SERIAL", text_serial, 6, 20, 150, false},
    {"DRIVER", text_driver, 6, 12, 170, false},   {"CHIP", text_chip, 8, 12, 36, false},
    {"MAC", text_mac, 17, 17, 56, false},         {"PASS", text_passed, 4, 6, 96, true},
    {"FAIL", text_failed, 4, 6, 96, true},        {"STATE", text_state, 8, 10, 0, false},
};
#define N_COLUMNS    ARRAY_LEN(columns)
#define STATE_COLUMN (N_COLUMNS - 1)

/* Column widths, and where the progress begins. */
struct layout {
    int width[N_COLUMNS]; /* 0: not shown */
    int progress;
};

static int natural_width(const struct canvas *canvas, const struct model *model,
                         const struct column *column)
{
    char text[256];
    int width = column->min;

    for (size_t i = 0; i < model->n; i++) {
        int w = canvas_width(canvas, column->text(&model->slots[i], text, sizeof text));
        width = w > width ? w : width;
    }
    return width < column->max ? width : column->max;
}

static int layout_end(const struct layout *layout)
{
    int col = MARGIN;

    for (size_t i = 0; i < N_COLUMNS; i++)
        col += layout->width[i] ? layout->width[i] + GAP : 0;
    return col;
}

static struct layout layout_make(const struct canvas *canvas, const struct model *model)
{
    /* When the progress has no room left after all, these go, in this order. */
    static const size_t give_up[] = {4, 3, 2, 7, 8, 1, 6, 5};
    struct layout layout = {0};

    for (size_t i = 0; i < N_COLUMNS; i++) {
        if (canvas->cols >= columns[i].need)
            layout.width[i] = natural_width(canvas, model, &columns[i]);
    }
    for (size_t i = 0; i < ARRAY_LEN(give_up); i++) {
        if (layout_end(&layout) + PROGRESS_MIN <= canvas->cols)
            break;
        layout.width[give_up[i]] = 0;
    }
    layout.progress = layout_end(&layout);
    return layout;
}

/* ---- the last column ------------------------------------------------------------------------- */

static void draw_running(struct canvas *canvas, const struct model_slot *slot, int row, int col,
                         int width)
{
    bool untold = slot->state == STATE_SYNC && slot->detail[0] == '\0'; /* which try? */
    const char *activity = untold ? "" : state_activity(slot->state);
    char percent[16], left[24], text[160];
    bool tail = width >= 18;

    if (slot->total == 0) {
        snprintf(text, sizeof text, "%s%s%s", activity, slot->detail[0] && activity[0] ? " " : "",
                 slot->detail);
        canvas_put_cut(canvas, row, col, width, STYLE_PLAIN, text);
        return;
    }
    int bar = width - 6 - (tail ? 7 : 0);
    bar = bar > 40 ? 40 : bar;
    percent_text(percent, sizeof percent, slot->done, slot->total);
    left_text(left, sizeof left, slot->done < slot->total ? slot->left : -1);
    canvas_bar(canvas, row, col, bar, style_of_state(slot->state), slot->done, slot->total);
    canvas_put_right(canvas, row, col + (bar > 0 ? bar : 0), 6, STYLE_PLAIN, percent);
    if (tail)
        canvas_put_right(canvas, row, col + bar + 6, 7, STYLE_PLAIN, left);
}

static void draw_progress(struct canvas *canvas, const struct model_slot *slot, int row, int col)
{
    int width = canvas->cols - col;
    char text[900] = "";

    if (slot->running && slot->present) {
        draw_running(canvas, slot, row, col, width);
        return;
    }
    if (!slot->present)
        util_copy(text, sizeof text, "unplugged");
    else if (slot->holder[0])
        snprintf(text, sizeof text, "by %s", slot->holder);
    else if (slot_failed(slot))
        util_copy(text, sizeof text, slot->text[0] ? slot_failure(slot) : slot->error);
    else if (slot_stopped(slot))
        util_copy(text, sizeof text, "before it was complete");
    else if (slot->has_result)
        snprintf(text, sizeof text, "%.1f s%s", slot->elapsed,
                 slot_verified(slot) ? ", verified" : "");
    canvas_put_cut(canvas, row, col, width, STYLE_PLAIN, text);
}

/* ---- the list -------------------------------------------------------------------------------- */

static void draw_header(struct canvas *canvas, const struct layout *layout, int row)
{
    int col = MARGIN;

    for (size_t i = 0; i < N_COLUMNS; i++) {
        int w = layout->width[i];
        if (w == 0)
            continue;
        if (columns[i].right)
            canvas_put_right(canvas, row, col, w, STYLE_DIM, columns[i].title);
        else
            canvas_put(canvas, row, col, w, STYLE_DIM, columns[i].title);
        col += w + GAP;
    }
    canvas_put(canvas, row, layout->progress, canvas->cols - layout->progress, STYLE_DIM,
               "PROGRESS");
}

static unsigned column_style(const struct model_slot *slot, size_t column)
{
    if (!slot->present)
        return STYLE_DIM;
    if (column == STATE_COLUMN && !slot->running && slot->holder[0])
        return STYLE_COM_FAIL;
    if (column == STATE_COLUMN)
        return slot_stopped(slot) ? STYLE_WARNING : style_of_state(slot->state);
    return column == 1 ? STYLE_DIM : STYLE_PLAIN;
}

static void draw_slot(struct canvas *canvas, const struct model_slot *slot,
                      const struct layout *layout, int row)
{
    char text[256];
    int col = MARGIN;

    for (size_t i = 0; i < N_COLUMNS; i++) {
        int w = layout->width[i];
        if (w == 0)
            continue;
        columns[i].text(slot, text, sizeof text);
        if (columns[i].right)
            canvas_put_right(canvas, row, col, w, column_style(slot, i), text);
        else
            canvas_put_cut(canvas, row, col, w, column_style(slot, i), text);
        col += w + GAP;
    }
    draw_progress(canvas, slot, row, layout->progress);
}

static void draw_list(struct canvas *canvas, struct dash *dash, struct area area)
{
    const struct model *model = dash->model;
    struct layout layout = layout_make(canvas, model);

    int head = area.row;
    bool header = area.rows > 1;
    if (header) {
        draw_header(canvas, &layout, head);
        area = area_below(area, 1);
    }
    draw_scroll(&dash->boards.top, dash->boards.index, model->n, area.rows);
    dash->page = (size_t)area.rows;
    size_t top = dash->boards.top;
    for (int i = 0; i < area.rows && top + (size_t)i < model->n; i++) {
        draw_slot(canvas, &model->slots[top + (size_t)i], &layout, area.row + i);
        if (top + (size_t)i == dash->boards.index)
            draw_selected(canvas, area.row + i);
    }
    size_t shown = top + (size_t)area.rows;
    if (header && (top > 0 || shown < model->n)) { /* in the place of the last title */
        canvas_fill(canvas, head, layout.progress, area.cols - layout.progress, STYLE_PLAIN, " ");
        draw_more(canvas, head, top, shown < model->n ? model->n - shown : 0);
    }
}

/* ---- nothing to show ------------------------------------------------------------------------- */

static void draw_no_ports(struct canvas *canvas, struct area area)
{
    static const char *const lines[] = {
        "No serial port is there.",
        "",
        "Plug a board in: it appears here by itself. If it does not,",
        "  -  take another cable: many only charge and carry no data",
        "  -  `dmesg` as you plug it in tells whether the adapter has a driver",
        "  -  on Debian, brltty may take CH340 and CP210x adapters: remove it",
        "",
        "To rehearse without a board:  espjig demo",
    };
    int row = area.row + (area.rows > 12 ? 2 : area.rows > 9 ? 1 : 0);
    int end = area.row + area.rows;

    for (size_t i = 0; i < ARRAY_LEN(lines) && row < end; i++) {
        struct area line = {row, 2, end - row, area.cols - 4};
        int used = canvas_put_wrapped(canvas, line, i ? STYLE_PLAIN : STYLE_TITLE, lines[i]);
        row += used ? used : 1;
    }
}

/* Rows for the list: all it needs, but half of the screen, or what leaves DETAIL_FAIR. */
static int list_rows(const struct model *model, struct area area)
{
    int want = (int)(model->n < 1000 ? model->n : 1000) + 1; /* and the header */
    int most = area.rows / 2;

    if (area.rows - most < DETAIL_MIN + 1)
        return area.rows;
    most = area.rows - DETAIL_FAIR > most ? area.rows - DETAIL_FAIR : most;
    return want < most ? want : most;
}

void draw_boards(struct canvas *canvas, struct dash *dash, struct area area)
{
    const struct model_slot *slot = dash_slot(dash);

    if (slot == NULL) {
        draw_no_ports(canvas, area);
        return;
    }
    int rows = list_rows(dash->model, area);
    draw_list(canvas, dash, (struct area){area.row, 0, rows, area.cols});
    if (rows == area.rows)
        return;
    int gap = area.rows >= 14 ? 1 : 0;
    dash->detail_row = area.row + rows + gap;
    draw_board(canvas, dash, slot, area_below(area, rows + gap));
}
