/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The partition table of the ticked images: what is where, and what is written into it. */
#include "ui/bench_map.h"
#include "ui/draw.h"

#include "base/util.h"

#include <stdio.h>
#include <string.h>

struct columns {
    int type, offset, size, fill, image; /* first column; 0: no room */
};

static struct columns columns_make(int cols)
{
    struct columns c = {.offset = 21};

    if (cols >= 60) {
        c.type = 22;
        c.offset = c.type + 18;
    }
    c.size = cols >= 40 ? c.offset + 9 : 0;
    c.fill = cols >= 70 ? c.size + 11 : 0;
    c.image = cols >= 80 ? c.fill + 7 : 0;
    return c;
}

static void draw_header(struct canvas *canvas, const struct columns *c, int row)
{
    canvas_put(canvas, row, 4, 16, STYLE_DIM, "NAME");
    if (c->type)
        canvas_put(canvas, row, c->type, 16, STYLE_DIM, "TYPE");
    canvas_put(canvas, row, c->offset, 10, STYLE_DIM, "OFFSET");
    if (c->size)
        canvas_put_right(canvas, row, c->size, 9, STYLE_DIM, "SIZE");
    if (c->fill)
        canvas_put_right(canvas, row, c->fill, 5, STYLE_DIM, "FULL");
    if (c->image)
        canvas_put(canvas, row, c->image, canvas->cols - c->image, STYLE_DIM, "  IMAGE");
}

static char letter_of(const struct bench_map *map, size_t partition)
{
    for (size_t i = 0; i < map->map.n; i++) {
        if (map->map.spans[i].kind == MAP_PARTITION && map->map.spans[i].index == partition)
            return map->letters[i];
    }
    return ' ';
}

static void draw_partition(struct canvas *canvas, const struct dash *dash,
                           const struct bench_map *map, const struct columns *c, size_t index,
                           int row)
{
    const struct partition *p = &map->table->rows[index];
    const char letter[2] = {letter_of(map, index), '\0'};
    char text[64], type[24], subtype[24];
    size_t image;
    uint64_t fill = bench_map_fill(map, p->offset, (uint64_t)p->offset + p->size, &image);

    canvas_put(canvas, row, 2, 1, STYLE_ACCENT, letter);
    canvas_put_cut(canvas, row, 4, 16, STYLE_PLAIN, p->label);
    if (c->type) {
        snprintf(text, sizeof text, "%s %s%s", partition_type_name(type, sizeof type, p->type),
                 partition_subtype_name(subtype, sizeof subtype, p->type, p->subtype),
                 p->flags & PARTITION_FLAG_ENCRYPTED ? " *" : "");
        canvas_put_cut(canvas, row, c->type, 17, STYLE_PLAIN, text);
    }
    canvas_put(canvas, row, c->offset, 10, STYLE_PLAIN, address_text(text, sizeof text, p->offset));
    if (c->size)
        canvas_put_right(canvas, row, c->size, 9, STYLE_PLAIN,
                         size_text(text, sizeof text, p->size, true));
    if (fill == 0 || image >= dash->bench.n_images)
        return;
    if (c->fill)
        canvas_put_right(canvas, row, c->fill, 5, STYLE_PLAIN,
                         percent_text(text, sizeof text, fill, p->size));
    if (c->image)
        canvas_put_cut(canvas, row, c->image + 2, canvas->cols - c->image - 3, STYLE_PLAIN,
                       util_basename(dash->bench.images[image].path));
}

static void draw_none(struct canvas *canvas, struct area area)
{
    canvas_put_wrapped(canvas, (struct area){area.row, 2, area.rows, area.cols - 4}, STYLE_DIM,
                       "None of the images is a partition table. A build leaves it in "
                       "build/partition_table/partition-table.bin (ESP-IDF) or in "
                       "partitions.bin; with it in the list, its partitions stand here.");
}

void draw_partitions(struct canvas *canvas, struct dash *dash, struct area area)
{
    struct bench_map map;
    struct columns c = columns_make(area.cols);

    bench_map_make(&map, dash);
    if (map.table == NULL) {
        draw_none(canvas, area);
        goto out;
    }
    if (dash->partitions.index >= map.table->n) /* another table since */
        dash->partitions.index = map.table->n - 1;
    struct map_choice chosen = {SIZE_MAX, &map.table->rows[dash->partitions.index]};
    if (area.rows >= 12) {
        int used = draw_map(canvas, dash, (struct area){area.row, 0, area.rows / 3 + 1, area.cols},
                            &chosen);
        area = area_below(area, used + 1);
    }
    if (area.rows >= 4) {
        draw_header(canvas, &c, area.row);
        area = area_below(area, 1);
    }
    draw_scroll(&dash->partitions.top, dash->partitions.index, map.table->n, area.rows);
    dash->page = (size_t)(area.rows > 0 ? area.rows : 1);
    for (int i = 0; i < area.rows && dash->partitions.top + (size_t)i < map.table->n; i++) {
        size_t at = dash->partitions.top + (size_t)i;
        draw_partition(canvas, dash, &map, &c, at, area.row + i);
        if (at == dash->partitions.index)
            draw_selected(canvas, area.row + i);
    }
out:
    bench_map_done(&map);
}
