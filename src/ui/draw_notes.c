/* SPDX-License-Identifier: GPL-3.0-or-later */
/* In full: what is wrong with the images, and what was noted when a source was taken. */
#include "ui/draw.h"

struct notes {
    struct canvas *canvas;
    struct area area;
    int skip, line; /* lines above the first that is shown; so far */
};

static void put_title(struct notes *notes, const char *title)
{
    notes->line += notes->line > 0;
    int row = notes->line++ - notes->skip;

    if (row >= 0 && row < notes->area.rows)
        canvas_put_cut(notes->canvas, notes->area.row + row, 2, notes->area.cols - 4, STYLE_TITLE,
                       title);
}

/* A note may be cut by the upper edge: its rows are drawn one by one. */
static void put_note(struct notes *notes, unsigned style, const char *text)
{
    int width = notes->area.cols - 6, rows = canvas_wrapped_rows(notes->canvas, width, text);
    struct canvas page;

    canvas_init(&page, notes->canvas->ascii);
    canvas_resize(&page, rows, notes->area.cols);
    canvas_put(&page, 0, 2, 1, style, style == STYLE_PLAIN ? "-" : "!");
    canvas_put_wrapped(&page, (struct area){0, 4, rows, width}, STYLE_PLAIN, text);
    for (int i = 0; i < rows; i++) {
        int row = notes->line++ - notes->skip;
        for (int col = 0; row >= 0 && row < notes->area.rows && col < page.cols; col++) {
            const struct cell *cell = canvas_cell(&page, i, col);
            if (cell->width > 0)
                canvas_put(notes->canvas, notes->area.row + row, col, 2, cell->style, cell->text);
        }
    }
    canvas_done(&page);
}

static void put_all(struct notes *notes, const struct dash *dash)
{
    char path[1100];

    if (dash->findings.n > 0)
        put_title(notes, "The images");
    for (size_t i = 0; i < dash->findings.n; i++) {
        const struct finding *finding = &dash->findings.rows[i];
        put_note(notes, finding->refuses ? STYLE_ERROR : STYLE_WARNING, finding->text);
    }
    if (dash->notes.n > 0)
        put_title(notes, dash_path(dash, dash->source.path, path, sizeof path));
    for (size_t i = 0; i < dash->notes.n; i++)
        put_note(notes, dash->notes.rows[i].lost ? STYLE_WARNING : STYLE_PLAIN,
                 dash_path_from_here(dash, dash->notes.rows[i].text));
    if (dash->findings.n + dash->notes.n == 0)
        put_note(notes, STYLE_PLAIN, "Nothing is wrong, and there is nothing to note.");
}

void draw_notes(struct canvas *canvas, struct dash *dash, struct area area)
{
    struct notes notes = {canvas, area, (int)dash->notes_view.top, 0};

    if (area.cols < 10 || area.rows < 1)
        return;
    put_all(&notes, dash);
    bool cut = notes.line > area.rows && area.rows > 2; /* the last row says so */
    area.rows -= cut;
    int more = notes.line - area.rows;
    dash->notes_view.max_top = more > 0 ? (size_t)more : 0;
    dash->page = (size_t)area.rows;
    if (dash->notes_view.top > dash->notes_view.max_top) { /* the screen has grown */
        dash->notes_view.top = dash->notes_view.max_top;
        area.rows += cut;
        canvas_wipe(canvas, area);
        draw_notes(canvas, dash, area);
    } else if (cut) {
        canvas_wipe(canvas, (struct area){area.row + area.rows, 0, 1, area.cols});
        draw_more(canvas, area.row + area.rows, dash->notes_view.top,
                  dash->notes_view.max_top - dash->notes_view.top);
    }
}
