/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A screen as data: a grid of cells, each one character and one style. Views draw here, term.c
 * shows it, tests read it as text. Nothing outside of the grid is ever touched: every call clips.
 *
 * Text is UTF-8. What could upset a terminal (control characters, broken UTF-8) becomes a harmless
 * character. On an ASCII canvas each drawing character is replaced by its twin, and anything else
 * beyond ASCII by `?`, so that callers need not know which kind they draw on.
 */
#ifndef ESPJIG_UI_CANVAS_H
#define ESPJIG_UI_CANVAS_H

#include "base/buffer.h"
#include "ui/style.h"

#include <stdbool.h>
#include <stdint.h>

struct cell {
    char text[8];  /* one character and what combines with it; "" in the right half of a wide one */
    uint8_t style; /* enum style, perhaps with STYLE_SELECTED */
    uint8_t width; /* columns: 1, 2, or 0 in the right half of a wide one */
};

struct canvas {
    int rows, cols;
    struct cell *cells;
    bool ascii;
    int cursor_row, cursor_col; /* -1: no cursor is shown */
};

struct area {
    int row, col, rows, cols;
};

void canvas_init(struct canvas *canvas, bool ascii); /* 0 x 0 */
void canvas_done(struct canvas *canvas);
void canvas_resize(struct canvas *canvas, int rows, int cols); /* and clears */
void canvas_clear(struct canvas *canvas);

/* NULL when outside. */
const struct cell *canvas_cell(const struct canvas *canvas, int row, int col);

/* Columns that `text` takes on this canvas. */
int canvas_width(const struct canvas *canvas, const char *text);

/* Puts as much of `text` as fits into `width` columns. Returns the columns used. */
int canvas_put(struct canvas *canvas, int row, int col, int width, unsigned style,
               const char *text);
/* The same; a text that is too long loses its end (or its beginning) to an ellipsis. */
int canvas_put_cut(struct canvas *canvas, int row, int col, int width, unsigned style,
                   const char *text);
int canvas_put_tail(struct canvas *canvas, int row, int col, int width, unsigned style,
                    const char *text);
/* Flush right in `width` columns. */
void canvas_put_right(struct canvas *canvas, int row, int col, int width, unsigned style,
                      const char *text);

/* Wraps `text` at blanks into `area`; returns the rows used. */
int canvas_put_wrapped(struct canvas *canvas, struct area area, unsigned style, const char *text);
int canvas_wrapped_rows(const struct canvas *canvas, int width, const char *text);

/* `width` times the same one-column character. */
void canvas_fill(struct canvas *canvas, int row, int col, int width, unsigned style,
                 const char *character);
/* Blanks an area. */
void canvas_wipe(struct canvas *canvas, struct area area);
/* Adds style flags to what is there. */
void canvas_mark(struct canvas *canvas, int row, int col, int width, unsigned flags);

/* A bar of `width` columns: eighths of a block, or # and - in ASCII. total 0 draws an empty bar. */
void canvas_bar(struct canvas *canvas, int row, int col, int width, unsigned style, uint64_t done,
                uint64_t total);

/* The whole canvas, one line a row, blanks at the end of a line left out. */
void canvas_to_text(const struct canvas *canvas, struct buffer *out);

#endif
