/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is written, where to, and how. */
#include "ui/draw.h"

#include "base/util.h"

#include <stdio.h>
#include <string.h>

/* ---- settings -------------------------------------------------------------------------------- */

static const char *setting_words(const struct job *job, enum setting setting, char *to, size_t size)
{
    static const struct {
        enum setting setting;
        const char *value, *words;
    } rows[] = {
        {SETTING_CHIP, "auto", "any"},         {SETTING_MODE, "keep", "as in file"},
        {SETTING_SPEED, "keep", "as in file"}, {SETTING_SIZE, "keep", "as in file"},
        {SETTING_SIZE, "detect", "detected"},
    };

    setting_value(to, size, job, setting);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (rows[i].setting == setting && strcmp(rows[i].value, to) == 0)
            util_copy(to, size, rows[i].words);
    }
    return to;
}

/* Each with its key in front, like in the footer. Moves on to the next row where one is full. */
static void draw_setting(struct canvas *canvas, int *row, int *col, enum action action,
                         const char *name, const char *value)
{
    char key[16];
    int width = canvas_width(canvas, name) + canvas_width(canvas, value) + 3;

    if (*col > 2 && *col + width > canvas->cols) {
        *col = 2;
        ++*row;
    }
    keys_name(key, sizeof key, keys_first(CONTEXT_IMAGES, action));
    *col += canvas_put(canvas, *row, *col, canvas->cols - *col, STYLE_ACCENT, key) + 1;
    *col += canvas_put(canvas, *row, *col, canvas->cols - *col, STYLE_DIM, name) + 1;
    *col += canvas_put(canvas, *row, *col, canvas->cols - *col, STYLE_TITLE, value) + 3;
}

/* Returns the rows used. */
static int draw_settings(struct canvas *canvas, const struct job *job, struct area area)
{
    static const enum action actions[SETTING_COUNT] = {
        [SETTING_CHIP] = ACTION_SET_CHIP, [SETTING_BAUD] = ACTION_SET_BAUD,
        [SETTING_MODE] = ACTION_SET_MODE, [SETTING_SPEED] = ACTION_SET_SPEED,
        [SETTING_SIZE] = ACTION_SET_SIZE,
    };
    char value[24];
    int col = 2, row = area.row;

    for (int s = 0; s < SETTING_COUNT; s++) {
        setting_words(job, (enum setting)s, value, sizeof value);
        draw_setting(canvas, &row, &col, actions[s], setting_name((enum setting)s), value);
    }
    draw_setting(canvas, &row, &col, ACTION_SET_ERASE_ALL, "erase",
                 job->erase_all ? "the whole flash first" : "only what is written");
    return row + 1 - area.row;
}

/* ---- the list -------------------------------------------------------------------------------- */

struct columns {
    int name, address, size, what; /* first column of each; 0: no room */
    int name_width, what_width;
};

static struct columns columns_make(int cols)
{
    struct columns c = {.name = 5};

    c.what_width = cols >= 110 ? 36 : cols >= 70 ? 24 : 0;
    int size = cols >= 50 ? 10 : 0;
    c.name_width = cols - c.name - 2 - 10 - size - (c.what_width ? c.what_width + 2 : 0);
    c.name_width = c.name_width > 60 ? 60 : c.name_width;
    c.address = c.name + c.name_width + 2;
    c.size = size ? c.address + 10 : 0;
    c.what = c.what_width ? c.address + 10 + size + 2 : 0;
    return c;
}

static void draw_header(struct canvas *canvas, const struct columns *c, int row)
{
    canvas_put(canvas, row, c->name, c->name_width, STYLE_DIM, "FILE");
    canvas_put(canvas, row, c->address, 10, STYLE_DIM, "ADDRESS");
    if (c->size)
        canvas_put_right(canvas, row, c->size, 9, STYLE_DIM, "SIZE");
    if (c->what)
        canvas_put(canvas, row, c->what, c->what_width, STYLE_DIM, "WHAT IT IS");
}

static void draw_image(struct canvas *canvas, const struct dash *dash, const struct columns *c,
                       size_t index, bool in_kb, int row)
{
    const struct job_image *image = &dash->bench.images[index];
    const struct file_facts *facts = &dash->facts[index];
    unsigned style = image->enabled ? STYLE_PLAIN : STYLE_DIM;
    char text[1100];

    canvas_put(canvas, row, 1, 3, style, image->enabled ? "[x]" : "[ ]");
    canvas_put_tail(canvas, row, c->name, c->name_width, style,
                    dash_path(dash, image->path, text, sizeof text));
    canvas_put(canvas, row, c->address, 10, style, address_text(text, sizeof text, image->address));
    if (c->size && facts->size > 0)
        canvas_put_right(canvas, row, c->size, 9, style,
                         size_text(text, sizeof text, facts->size, in_kb));
    if (c->what)
        canvas_put_cut(canvas, row, c->what, c->what_width,
                       facts->problem[0] ? STYLE_WARNING : style,
                       facts->problem[0] ? "! can't be used" : facts->what);
}

static bool largest_in_kb(const struct dash *dash)
{
    uint64_t largest = 0;

    for (size_t i = 0; i < dash->bench.n_images; i++)
        largest = dash->facts[i].size > largest ? dash->facts[i].size : largest;
    return size_in_kb(largest);
}

/* The images, and the row that adds one. Returns the rows used. */
static int draw_list(struct canvas *canvas, struct dash *dash, struct area area)
{
    struct columns c = columns_make(area.cols);
    size_t n = dash->bench.n_images + 1;
    bool in_kb = largest_in_kb(dash);
    int used = 0;

    draw_scroll(&dash->images.top, dash->images.index, n, area.rows);
    dash->page = (size_t)(area.rows > 0 ? area.rows : 1);
    for (size_t i = dash->images.top; i < n && used < area.rows; i++, used++) {
        int row = area.row + used;
        if (i < dash->bench.n_images)
            draw_image(canvas, dash, &c, i, in_kb, row);
        else
            canvas_put_cut(canvas, row, 1, area.cols - 1, STYLE_PLAIN, "[+] add a file");
        if (i == dash->images.index)
            draw_selected(canvas, row);
    }
    return used;
}

/* ---- what does not fit ----------------------------------------------------------------------- */

static struct area draw_problem(struct canvas *canvas, struct area area, const char *text)
{
    if (text[0] == '\0' || area.rows <= 0)
        return area;
    canvas_put(canvas, area.row, 2, 1, STYLE_WARNING, "!");
    int used = canvas_put_wrapped(canvas, (struct area){area.row, 4, area.rows, area.cols - 6},
                                  STYLE_PLAIN, text);
    return area_below(area, used);
}

static void draw_problems(struct canvas *canvas, const struct dash *dash, struct area area)
{
    for (size_t i = 0; i < dash->bench.n_images; i++) {
        if (dash->bench.images[i].enabled)
            area = draw_problem(canvas, area, dash->facts[i].problem);
    }
    area = draw_problem(canvas, area, dash->bench_problem);
    if (dash->bench.n_images == 0)
        canvas_put_wrapped(
            canvas, (struct area){area.row, 5, area.rows, area.cols - 7}, STYLE_DIM,
            "Nothing is chosen yet. An ESP-IDF build has build/bootloader/bootloader.bin, "
            "build/partition_table/partition-table.bin and build/NAME.bin; the address of each "
            "stands in build/flash_args. A merged image goes to 0x0.");
}

void draw_images(struct canvas *canvas, struct dash *dash, struct area area)
{
    if (dash->facts == NULL && dash->bench.n_images > 0)
        return; /* not looked at yet */
    if (area.rows >= 9) {
        int used = draw_settings(canvas, &dash->bench, area);
        area = area_below(area, used + (area.rows >= 12));
    }
    if (area.rows >= 4) {
        struct columns c = columns_make(area.cols);
        draw_header(canvas, &c, area.row);
        area = area_below(area, 1);
    }
    int used = draw_list(canvas, dash, area);
    draw_problems(canvas, dash, area_below(area, used + (area.rows - used > 1)));
}
