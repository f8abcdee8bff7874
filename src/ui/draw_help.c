/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The help is the key table, read aloud. */
#include "ui/draw.h"

#include "base/util.h"

#include <stdio.h>
#include <string.h>

#define KEYS_WIDTH 16

/* All keys of a row's action: "↓ j". */
static void keys_of(const struct binding *row, char *to, size_t size)
{
    char name[16];

    to[0] = '\0';
    for (size_t i = 0; i < n_bindings; i++) {
        size_t used = strlen(to);
        if (bindings[i].context == row->context && bindings[i].action == row->action)
            snprintf(to + used, size - used, "%s%s", used ? " " : "",
                     keys_name(name, sizeof name, bindings[i].key));
    }
}

struct help {
    struct canvas *canvas;
    struct area area;
    int skip; /* lines above the first that is shown */
    int line; /* lines so far */
};

static void put(struct help *help, const char *keys, const char *text, unsigned style)
{
    int row = help->line++ - help->skip;
    int col = keys[0] ? 2 + KEYS_WIDTH : 0;

    if (row < 0 || row >= help->area.rows)
        return;
    canvas_put_cut(help->canvas, help->area.row + row, 2, KEYS_WIDTH - 1, STYLE_ACCENT, keys);
    canvas_put_cut(help->canvas, help->area.row + row, 2 * !keys[0] + col,
                   help->area.cols - col - 2, style, text);
}

static void put_context(struct help *help, enum context context)
{
    char keys[64];
    bool first = true;

    for (size_t i = 0; i < n_bindings; i++) {
        if (bindings[i].context != context || bindings[i].help == NULL)
            continue;
        if (first) {
            if (help->line)
                put(help, "", "", STYLE_PLAIN);
            put(help, "", context_title(context), STYLE_TITLE);
        }
        first = false;
        keys_of(&bindings[i], keys, sizeof keys);
        put(help, keys, bindings[i].help, STYLE_PLAIN);
    }
}

void draw_help(struct canvas *canvas, struct dash *dash, struct area area)
{
    static const enum context order[] = {
        CONTEXT_BOARDS, CONTEXT_IMAGES, CONTEXT_FILES,  CONTEXT_PARTITIONS,
        CONTEXT_NOTES,  CONTEXT_SUB,    CONTEXT_LIST,   CONTEXT_VIEW,
        CONTEXT_LINE,   CONTEXT_PATH,   CONTEXT_CHOICE, CONTEXT_ALWAYS,
    };
    struct help help = {canvas, area, (int)dash->help.top, 0};

    /* Where the help was asked for comes first. */
    enum context here = dash_view_context(dash->help_of);
    put_context(&help, here);
    for (size_t i = 0; i < ARRAY_LEN(order); i++) {
        if (order[i] != here)
            put_context(&help, order[i]);
    }
    int more = help.line - area.rows;
    dash->help.max_top = more > 0 ? (size_t)more : 0;
    dash->page = area.rows > 0 ? (size_t)area.rows : 1;
    if (dash->help.top > dash->help.max_top) { /* the screen has grown */
        dash->help.top = dash->help.max_top;
        canvas_wipe(canvas, area);
        draw_help(canvas, dash, area);
    } else if (area.rows > 2) {
        draw_more(canvas, area.row + area.rows - 1, dash->help.top,
                  dash->help.max_top - dash->help.top);
    }
}
