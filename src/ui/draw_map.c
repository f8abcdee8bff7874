/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The flash map: the flash as cells of the same size in rows, and what the letters mean. The first
 * cell of a place has its letter; how it goes on says what becomes of it: to be written, an image
 * that is off, nothing. So it reads without colours, too.
 */
#include "ui/bench_map.h"
#include "ui/draw.h"

#include "base/util.h"

#include <stdio.h>
#include <string.h>

#define LABEL_WIDTH 12 /* margin and address of the first cell of a row */

/* ---- cells ----------------------------------------------------------------------------------- */

struct fill {
    const char *character, *ascii;
    unsigned style;
};

static const struct fill fill_free = {"·", ".", STYLE_DIM};
static const struct fill fill_written = {"▓", "#", STYLE_FINISH};
static const struct fill fill_off = {"░", "%", STYLE_DIM};
static const struct fill fill_kept = {"─", "-", STYLE_PLAIN};
static const struct fill fill_conflict = {"!", "!", STYLE_ERROR};

static const struct fill *fill_of(const struct map_span *span)
{
    if (span == NULL)
        return &fill_free;
    if (span->kind != MAP_IMAGE)
        return &fill_kept;
    return span->enabled ? &fill_written : &fill_off;
}

struct grid {
    int rows, per_row;
    size_t cells;
    uint64_t cell; /* bytes */
    bool labels;
};

/* Cells are powers of two in size, so that each begins at a round address. */
static struct grid grid_make(uint64_t size, int cols, int rows)
{
    struct grid grid = {.per_row = 8};

    grid.labels = cols >= LABEL_WIDTH + 34;
    int space = cols - (grid.labels ? LABEL_WIDTH : 2) - 2;
    while (grid.per_row * 2 <= space)
        grid.per_row *= 2;
    grid.cell = 4096;
    while (size > grid.cell * (uint64_t)(grid.per_row * rows))
        grid.cell *= 2;
    grid.cells = (size_t)((size + grid.cell - 1) / grid.cell);
    grid.rows = (int)((grid.cells + (size_t)grid.per_row - 1) / (size_t)grid.per_row);
    return grid;
}

static bool is_first_cell(const struct map_span *span, const struct grid *grid, size_t cell)
{
    return span->start / grid->cell == cell;
}

static bool is_selected(const struct bench_map *map, const struct map_span *span, size_t image,
                        const struct partition *place)
{
    if (span == NULL)
        return false;
    if (place)
        return span->start >= place->offset && span->start < (uint64_t)place->offset + place->size;
    return span->kind == MAP_IMAGE && map->images[span->index] == image;
}

static void draw_cell(struct canvas *canvas, const struct bench_map *map, const struct grid *grid,
                      size_t cell, int row, int col, const struct map_choice *chosen)
{
    const struct map_span *span = flash_map_cell(&map->map, cell, grid->cells);
    const struct fill *fill = fill_of(span);
    const char *text = canvas->ascii ? fill->ascii : fill->character;
    char letter[2] = "";
    unsigned style = fill->style;

    if (span && span->conflict) {
        style = fill_conflict.style;
        text = fill_conflict.character;
    }
    if (span && is_first_cell(span, grid, cell)) {
        letter[0] = map->letters[span - map->map.spans];
        text = letter;
    }
    if (is_selected(map, span, chosen->image, chosen->place))
        style |= STYLE_SELECTED;
    canvas_put(canvas, row, col, 1, style, text);
}

static void draw_grid(struct canvas *canvas, const struct bench_map *map, const struct grid *grid,
                      struct area area, const struct map_choice *chosen)
{
    int left = grid->labels ? LABEL_WIDTH : 2;
    char text[24];

    for (size_t cell = 0; cell < grid->cells; cell++) {
        int row = (int)(cell / (size_t)grid->per_row), col = (int)(cell % (size_t)grid->per_row);
        if (row >= area.rows)
            break;
        if (col == 0 && grid->labels) {
            snprintf(text, sizeof text, "0x%06llx", (unsigned long long)(cell * grid->cell));
            canvas_put(canvas, area.row + row, 2, LABEL_WIDTH - 2, STYLE_DIM, text);
        }
        draw_cell(canvas, map, grid, cell, area.row + row, left + col, chosen);
    }
}

/* ---- legend ---------------------------------------------------------------------------------- */

/* "1.0 of 1.5 MB": one unit for both. */
static void fill_text(char *to, size_t size, uint64_t part, uint64_t whole)
{
    bool mega = whole >= 1 << 20;
    double unit = mega ? 1 << 20 : 1024;
    double shown = (double)part / unit;

    if (mega)
        snprintf(to, size, "%.2f of %.2f MB", shown, (double)whole / unit);
    else
        snprintf(to, size, "%.0f of %.0f KB", shown < 1 ? 1 : shown, (double)whole / unit);
}

/* A place says what is written into it; an image that is in no place stands for itself. */
static bool legend_text(const struct bench_map *map, const struct dash *dash, size_t at, char *to,
                        size_t size)
{
    const struct map_span *span = &map->map.spans[at];
    const char *mark = span->conflict ? " !" : "";
    char fill[48];
    size_t image;

    if (span->kind == MAP_IMAGE) {
        for (size_t i = 0; i < at; i++) {
            if (map->letters[i] == map->letters[at])
                return false; /* told by its place */
        }
        snprintf(to, size, "%.40s%s%s", span->name, span->enabled ? "" : " (off)", mark);
        return true;
    }
    for (size_t i = 0; i < map->map.n && !mark[0]; i++) {
        if (map->map.spans[i].conflict && map->letters[i] == map->letters[at])
            mark = " !";
    }
    uint64_t bytes = bench_map_fill(map, span->start, span->end, &image);
    if (bytes == 0 || image >= dash->bench.n_images || span->kind != MAP_PARTITION) {
        snprintf(to, size, "%.40s%s", span->name, mark);
    } else {
        fill_text(fill, sizeof fill, bytes, span->end - span->start);
        snprintf(to, size, "%.20s (%.30s, %s)%s", span->name,
                 util_basename(dash->bench.images[image].path), fill, mark);
    }
    return true;
}

static bool letter_selected(const struct bench_map *map, char letter,
                            const struct map_choice *chosen)
{
    for (size_t i = 0; i < map->map.n; i++) {
        if (map->letters[i] == letter &&
            is_selected(map, &map->map.spans[i], chosen->image, chosen->place))
            return true;
    }
    return false;
}

/* Entries side by side, in as many rows as there are. Returns the rows used; `canvas` NULL: would
 * be used. */
static int draw_legend(struct canvas *canvas, const struct canvas *ruler,
                       const struct bench_map *map, const struct dash *dash, struct area area,
                       const struct map_choice *chosen)
{
    int row = 0, col = 2;
    char text[128], letter[2] = "";

    for (size_t i = 0; i < map->map.n; i++) {
        if (!legend_text(map, dash, i, text, sizeof text))
            continue;
        int width = canvas_width(ruler, text) + 2;
        if (col > 2 && col + width > area.cols - 1) {
            col = 2;
            row++;
        }
        if (row >= area.rows) {
            if (canvas)
                canvas_put(canvas, area.row + area.rows - 1, area.cols - 1, 1, STYLE_DIM, "…");
            return area.rows;
        }
        letter[0] = map->letters[i];
        bool bad = strchr(text, '!') != NULL;
        unsigned mark = letter_selected(map, letter[0], chosen) ? STYLE_SELECTED : 0;
        if (canvas) {
            canvas_put(canvas, area.row + row, col, 1, STYLE_ACCENT | mark, letter);
            canvas_put_cut(canvas, area.row + row, col + 2, area.cols - col - 2,
                           bad ? STYLE_ERROR : STYLE_PLAIN, text);
        }
        col += width + 2;
    }
    return col > 2 ? row + 1 : row;
}

/* ---- all of it ------------------------------------------------------------------------------- */

static void draw_title(struct canvas *canvas, const struct dash *dash, const struct bench_map *map,
                       const struct grid *grid, int row)
{
    char size[48], cell[24], title[96];
    bool detected;
    uint64_t known = dash_flash_size(dash, &detected);

    util_size_format(size, 24, map->map.size);
    util_size_format(cell, sizeof cell, grid->cell);
    snprintf(title, sizeof title, "flash map, %s%s", size,
             known == 0 ? " at least"
             : detected ? " (detected)"
                        : "");
    snprintf(size, sizeof size, "each cell %s", cell);
    draw_rule(canvas, row, title, size, STYLE_DIM);
}

int draw_map(struct canvas *canvas, const struct dash *dash, struct area area,
             const struct map_choice *chosen)
{
    struct bench_map map;
    int used = 0;

    if (area.rows < 3)
        return 0;
    bench_map_make(&map, dash);
    if (map.map.n == 0)
        goto out;
    int legend = draw_legend(NULL, canvas, &map, dash, (struct area){0, 0, 99, area.cols}, chosen);
    int rows = area.rows - 1 - (legend < area.rows - 2 ? legend : area.rows - 2);
    struct grid grid = grid_make(map.map.size, area.cols, rows > 8 ? 8 : rows);
    draw_title(canvas, dash, &map, &grid, area.row);
    area = area_below(area, 1);
    draw_grid(canvas, &map, &grid, area, chosen);
    area = area_below(area, grid.rows);
    used = 1 + grid.rows + draw_legend(canvas, canvas, &map, dash, area, chosen);
out:
    bench_map_done(&map);
    return used;
}
