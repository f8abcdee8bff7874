/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The file chooser. */
#include "ui/draw.h"

#include "base/util.h"

#include <stdio.h>

struct columns {
    int name_width, size, what; /* 0: no room */
};

static struct columns columns_make(int cols)
{
    struct columns c = {0};
    int what_width = cols >= 110 ? 50 : cols >= 80 ? 38 : cols >= 58 ? 28 : 0;
    int size = cols >= 50 ? 11 : 0;

    c.name_width = cols - 4 - size - what_width;
    c.size = size ? 2 + c.name_width : 0;
    c.what = what_width ? cols - what_width : 0;
    return c;
}

static void draw_row(struct canvas *canvas, const struct dash *dash, const struct columns *c,
                     const struct chooser_row *row, int line)
{
    unsigned style = row->usable ? STYLE_TITLE : row->is_dir ? STYLE_PLAIN : STYLE_DIM;
    char text[1100];

    if (dash->chooser.recent)
        canvas_put_tail(canvas, line, 2, c->name_width, style,
                        dash_path(dash, row->name, text, sizeof text));
    else
        canvas_put_cut(canvas, line, 2, c->name_width, style, row->name);
    if (c->size && !row->is_dir)
        canvas_put_right(canvas, line, c->size, 10, STYLE_DIM,
                         size_text(text, sizeof text, row->size, true));
    if (row->usable) /* also where no column is left for what it is */
        canvas_put(canvas, line, 1, 1, STYLE_ACCENT, "*");
    if (c->what)
        canvas_put_cut(canvas, line, c->what, canvas->cols - c->what - 1,
                       row->usable ? STYLE_PLAIN : STYLE_DIM, row->what);
}

static void draw_where(struct canvas *canvas, const struct dash *dash, int row)
{
    const struct chooser *chooser = &dash->chooser;
    char path[1100], title[1200], filter[100] = "";

    if (chooser->recent)
        util_copy(title, sizeof title, "recently taken");
    else
        util_copy(title, sizeof title, dash_path(dash, chooser->dir, path, sizeof path));
    if (chooser->filter[0])
        snprintf(filter, sizeof filter, "filter: %s", chooser->filter);
    int end = canvas_width(canvas, filter);
    canvas_put_tail(canvas, row, 2, canvas->cols - 5 - end, STYLE_TITLE, title);
    canvas_put_right(canvas, row, 2, canvas->cols - 3, STYLE_WARNING, filter);
}

void draw_files(struct canvas *canvas, struct dash *dash, struct area area)
{
    struct chooser *chooser = &dash->chooser;
    struct columns c = columns_make(area.cols);

    if (area.rows >= 4) {
        draw_where(canvas, dash, area.row);
        area = area_below(area, area.rows >= 10 ? 2 : 1);
    }
    bool more = area.rows > 3 && chooser->n_shown > (size_t)area.rows;
    int rows = area.rows - more;
    draw_scroll(&chooser->top, chooser->index, chooser->n_shown, rows);
    dash->page = (size_t)(rows > 0 ? rows : 1);
    for (int i = 0; i < rows && chooser->top + (size_t)i < chooser->n_shown; i++) {
        size_t at = chooser->top + (size_t)i;
        draw_row(canvas, dash, &c, &chooser->rows[chooser->shown[at]], area.row + i);
        if (at == chooser->index)
            draw_selected(canvas, area.row + i);
    }
    if (more)
        canvas_put_cut(canvas, area.row + rows, 4, area.cols - 20, STYLE_WARNING, chooser->problem);
    if (more)
        draw_more(canvas, area.row + rows, chooser->top,
                  chooser->n_shown - chooser->top - (size_t)rows);
    int used = (int)chooser->n_shown < rows ? (int)chooser->n_shown + 1 : rows;
    area = area_below(area, used);
    if (chooser->problem[0])
        canvas_put_wrapped(canvas, (struct area){area.row, 4, area.rows, area.cols - 6},
                           STYLE_WARNING, chooser->problem);
    else if (chooser->n_shown == 0 && chooser->filter[0])
        canvas_put(canvas, area.row, 4, area.cols - 4, STYLE_DIM, "no name has these characters");
}
