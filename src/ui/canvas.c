/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/canvas.h"

#include "base/util.h"

#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#define CANVAS_SIDE_MAX 2000 /* no terminal is larger; keeps a mad size from eating the memory */

void canvas_init(struct canvas *canvas, bool ascii)
{
    *canvas = (struct canvas){.ascii = ascii, .cursor_row = -1, .cursor_col = -1};
}

void canvas_done(struct canvas *canvas)
{
    free(canvas->cells);
    canvas_init(canvas, canvas->ascii);
}

static int clamp(int v, int low, int high)
{
    return v < low ? low : v > high ? high : v;
}

void canvas_resize(struct canvas *canvas, int rows, int cols)
{
    canvas->rows = clamp(rows, 0, CANVAS_SIDE_MAX);
    canvas->cols = clamp(cols, 0, CANVAS_SIDE_MAX);
    size_t n = (size_t)canvas->rows * (size_t)canvas->cols;
    canvas->cells = xrealloc(canvas->cells, (n ? n : 1) * sizeof *canvas->cells);
    canvas_clear(canvas);
}

void canvas_clear(struct canvas *canvas)
{
    static const struct cell blank = {.text = " ", .width = 1};
    size_t n = (size_t)canvas->rows * (size_t)canvas->cols;

    for (size_t i = 0; i < n; i++)
        canvas->cells[i] = blank;
    canvas->cursor_row = canvas->cursor_col = -1;
}

static struct cell *cell_at(const struct canvas *canvas, int row, int col)
{
    if (row < 0 || col < 0 || row >= canvas->rows || col >= canvas->cols)
        return NULL;
    return &canvas->cells[(size_t)row * (size_t)canvas->cols + (size_t)col];
}

const struct cell *canvas_cell(const struct canvas *canvas, int row, int col)
{
    return cell_at(canvas, row, col);
}

/* ---- one character at a time ----------------------------------------------------------------- */

struct glyph {
    char text[5];
    int width; /* 0: combines with the one before */
};

/* The code point at *s, which moves on; U+FFFD for what is no UTF-8. */
static uint32_t utf8_next(const char **s)
{
    const unsigned char *p = (const unsigned char *)*s;
    int more = p[0] < 0x80                    ? 0
               : p[0] >= 0xc2 && p[0] <= 0xdf ? 1
               : (p[0] & 0xf0) == 0xe0        ? 2
               : p[0] >= 0xf0 && p[0] <= 0xf4 ? 3
                                              : -1;
    uint32_t cp = more == 0 ? p[0] : more > 0 ? p[0] & (0x3fu >> more) : 0xfffd;

    for (int i = 1; i <= more; i++) {
        if ((p[i] & 0xc0) != 0x80) {
            more = -1;
            break;
        }
        cp = cp << 6 | (p[i] & 0x3f);
    }
    *s += more < 0 ? 1 : more + 1;
    bool bad = more < 0 || (more == 2 && cp < 0x800) || (more == 3 && cp < 0x10000) ||
               cp > 0x10ffff || (cp >= 0xd800 && cp <= 0xdfff);
    return bad ? 0xfffd : cp;
}

/* What stands for a drawing character where there is only ASCII. */
static const struct {
    uint32_t cp;
    char ascii;
} twins[] = {
    {0x2500, '-'}, {0x2502, '|'}, {0x258c, '>'}, {0x2588, '#'}, {0x00b7, '-'},
    {0x2026, '~'}, {0x2191, '^'}, {0x2193, 'v'}, {0x2190, '<'}, {0x2192, '>'},
};

static char ascii_twin(uint32_t cp)
{
    for (size_t i = 0; i < ARRAY_LEN(twins); i++) {
        if (twins[i].cp == cp)
            return twins[i].ascii;
    }
    return '?';
}

static void utf8_put(char to[5], uint32_t cp)
{
    size_t n = 0;

    if (cp < 0x80) {
        to[n++] = (char)cp;
    } else if (cp < 0x800) {
        to[n++] = (char)(0xc0 | cp >> 6);
        to[n++] = (char)(0x80 | (cp & 0x3f));
    } else if (cp < 0x10000) {
        to[n++] = (char)(0xe0 | cp >> 12);
        to[n++] = (char)(0x80 | (cp >> 6 & 0x3f));
        to[n++] = (char)(0x80 | (cp & 0x3f));
    } else {
        to[n++] = (char)(0xf0 | cp >> 18);
        to[n++] = (char)(0x80 | (cp >> 12 & 0x3f));
        to[n++] = (char)(0x80 | (cp >> 6 & 0x3f));
        to[n++] = (char)(0x80 | (cp & 0x3f));
    }
    to[n] = '\0';
}

/* The next character as it is to be drawn: harmless, and known to the canvas. */
static struct glyph glyph_next(const struct canvas *canvas, const char **s)
{
    struct glyph glyph = {.width = 1};
    uint32_t cp = utf8_next(s);

    if (cp < 0x20 || cp == 0x7f) /* an escape from a log must not reach the terminal */
        cp = cp == '\t' || cp == '\n' || cp == '\r' ? ' ' : '?';
    else if (canvas->ascii && cp >= 0x80)
        cp = (uint32_t)(unsigned char)ascii_twin(cp);
    else if (cp >= 0x80)
        glyph.width = wcwidth((wchar_t)cp);
    if (glyph.width < 0) { /* not printable here: C1 controls among others */
        cp = '?';
        glyph.width = 1;
    }
    utf8_put(glyph.text, cp);
    return glyph;
}

int canvas_width(const struct canvas *canvas, const char *text)
{
    int width = 0;

    while (*text)
        width += glyph_next(canvas, &text).width;
    return width;
}

/* Half of a wide character can't stay when the other half goes. */
static void cell_split(struct canvas *canvas, int row, int col)
{
    struct cell *cell = cell_at(canvas, row, col);

    if (cell == NULL || cell->width == 1)
        return;
    struct cell *other = cell_at(canvas, row, cell->width == 2 ? col + 1 : col - 1);
    strcpy(cell->text, " ");
    cell->width = 1;
    if (other) {
        strcpy(other->text, " ");
        other->width = 1;
    }
}

static void cell_set(struct canvas *canvas, int row, int col, const struct glyph *glyph,
                     unsigned style)
{
    struct cell *cell = cell_at(canvas, row, col);
    struct cell *right = glyph->width == 2 ? cell_at(canvas, row, col + 1) : NULL;

    if (cell == NULL)
        return;
    cell_split(canvas, row, col);
    cell->style = (uint8_t)style;
    if (glyph->width == 2 && right == NULL) { /* cut in half by the edge */
        strcpy(cell->text, " ");
        return;
    }
    strcpy(cell->text, glyph->text);
    cell->width = (uint8_t)glyph->width;
    if (right) {
        cell_split(canvas, row, col + 1);
        right->text[0] = '\0';
        right->width = 0;
        right->style = (uint8_t)style;
    }
}

static void cell_combine(struct canvas *canvas, int row, int col, const struct glyph *glyph)
{
    struct cell *cell = cell_at(canvas, row, col);

    if (cell && cell->width == 0)
        cell = cell_at(canvas, row, col - 1);
    if (cell && strlen(cell->text) + strlen(glyph->text) < sizeof cell->text)
        strcat(cell->text, glyph->text);
}

int canvas_put(struct canvas *canvas, int row, int col, int width, unsigned style, const char *text)
{
    int used = 0;

    while (*text) {
        struct glyph glyph = glyph_next(canvas, &text);
        if (used + glyph.width > width)
            break;
        if (glyph.width == 0 && used > 0)
            cell_combine(canvas, row, col + used - 1, &glyph);
        else if (glyph.width > 0)
            cell_set(canvas, row, col + used, &glyph, style);
        used += glyph.width;
    }
    return used;
}

int canvas_put_cut(struct canvas *canvas, int row, int col, int width, unsigned style,
                   const char *text)
{
    if (width <= 0)
        return 0;
    if (canvas_width(canvas, text) <= width)
        return canvas_put(canvas, row, col, width, style, text);
    int used = canvas_put(canvas, row, col, width - 1, style, text);
    return used + canvas_put(canvas, row, col + used, 1, style, "…");
}

int canvas_put_tail(struct canvas *canvas, int row, int col, int width, unsigned style,
                    const char *text)
{
    int too_wide = canvas_width(canvas, text) - width;

    if (width <= 0)
        return 0;
    if (too_wide <= 0)
        return canvas_put(canvas, row, col, width, style, text);
    too_wide++; /* for the ellipsis */
    while (*text && too_wide > 0)
        too_wide -= glyph_next(canvas, &text).width;
    int used = canvas_put(canvas, row, col, 1, style, "…");
    return used + canvas_put(canvas, row, col + used, width - used, style, text);
}

void canvas_put_right(struct canvas *canvas, int row, int col, int width, unsigned style,
                      const char *text)
{
    int spare = width - canvas_width(canvas, text);

    spare = spare > 0 ? spare : 0;
    canvas_put_cut(canvas, row, col + spare, width - spare, style, text);
}

/* Bytes of `text` that go on one line of `width` columns; a word that is wider is cut. */
static size_t line_length(const struct canvas *canvas, const char *text, int width)
{
    const char *s = text, *blank = NULL;
    int used = 0;

    while (*s && *s != '\n') {
        const char *start = s;
        used += glyph_next(canvas, &s).width;
        if (used > width && *start != ' ')
            return blank ? (size_t)(blank - text)
                         : (size_t)(start > text ? start - text : s - text);
        if (*start == ' ')
            blank = start;
    }
    return (size_t)(s - text);
}

static int wrap(struct canvas *canvas, const struct canvas *ruler, struct area area, unsigned style,
                const char *text)
{
    char line[1024];
    int rows = 0;

    while (*text && rows < area.rows && area.cols > 0) {
        size_t n = line_length(ruler, text, area.cols);
        size_t copy = n < sizeof line ? n : sizeof line - 1;
        memcpy(line, text, copy);
        line[copy] = '\0';
        if (canvas)
            canvas_put(canvas, area.row + rows, area.col, area.cols, style, line);
        rows++;
        text += n;
        text += strspn(text, " ");
        text += *text == '\n';
    }
    return rows;
}

int canvas_put_wrapped(struct canvas *canvas, struct area area, unsigned style, const char *text)
{
    return wrap(canvas, canvas, area, style, text);
}

int canvas_wrapped_rows(const struct canvas *canvas, int width, const char *text)
{
    return wrap(NULL, canvas, (struct area){.rows = CANVAS_SIDE_MAX, .cols = width}, 0, text);
}

void canvas_fill(struct canvas *canvas, int row, int col, int width, unsigned style,
                 const char *character)
{
    for (int i = 0; i < width && col + i < canvas->cols; i++)
        canvas_put(canvas, row, col + i, 1, style, character);
}

void canvas_wipe(struct canvas *canvas, struct area area)
{
    for (int r = 0; r < area.rows && area.row + r < canvas->rows; r++)
        canvas_fill(canvas, area.row + r, area.col, area.cols, STYLE_PLAIN, " ");
}

void canvas_mark(struct canvas *canvas, int row, int col, int width, unsigned flags)
{
    for (int i = 0; i < width; i++) {
        struct cell *cell = cell_at(canvas, row, col + i);
        if (cell)
            cell->style = (uint8_t)(cell->style | flags);
    }
}

void canvas_bar(struct canvas *canvas, int row, int col, int width, unsigned style, uint64_t done,
                uint64_t total)
{
    static const char *const eighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    unsigned steps = canvas->ascii ? 1 : 8;

    if (width <= 0)
        return;
    double part = total ? (double)(done < total ? done : total) / (double)total : 0;
    unsigned filled = (unsigned)(part * width * steps);
    int full = (int)(filled / steps);
    canvas_fill(canvas, row, col, full, style, "█");
    if (full < width && filled % steps)
        full += canvas_put(canvas, row, col + full, 1, style, eighths[filled % steps]);
    canvas_fill(canvas, row, col + full, width - full, STYLE_DIM, canvas->ascii ? "-" : "·");
}

void canvas_to_text(const struct canvas *canvas, struct buffer *out)
{
    for (int row = 0; row < canvas->rows; row++) {
        size_t end = out->len;
        for (int col = 0; col < canvas->cols; col++) {
            const char *text = cell_at(canvas, row, col)->text;
            buffer_append(out, text, strlen(text));
            if (strcmp(text, " ") != 0)
                end = out->len;
        }
        out->len = end;
        buffer_append_byte(out, '\n');
    }
}
