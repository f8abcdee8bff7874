/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is written, where to, and how. */
#include "ui/draw.h"

#include "base/util.h"

#include <stdio.h>
#include <string.h>

/* ---- settings -------------------------------------------------------------------------------- */

/* What it comes to on the selected board is said where it is left to the board. */
static const char *setting_words(const struct dash *dash, enum setting setting, char *to,
                                 size_t size)
{
    bool of_board = false;
    char value[24];

    setting_value(value, sizeof value, &dash->bench, setting);
    setting_label(to, size, setting, value);
    const struct chip *chip = setting == SETTING_CHIP ? dash_chip(dash, &of_board) : NULL;
    if (chip && of_board)
        snprintf(to, size, "%s (detected)", chip->name);
    if (setting == SETTING_SIZE && strcmp(value, "detect") == 0) {
        const char *name = flash_size_name(dash_flash_size(dash, &of_board));
        if (of_board && name[0])
            snprintf(to, size, "%s (detected)", name);
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
static int draw_settings(struct canvas *canvas, const struct dash *dash, struct area area)
{
    static const enum action actions[SETTING_COUNT] = {
        [SETTING_CHIP] = ACTION_SET_CHIP, [SETTING_BAUD] = ACTION_SET_BAUD,
        [SETTING_MODE] = ACTION_SET_MODE, [SETTING_SPEED] = ACTION_SET_SPEED,
        [SETTING_SIZE] = ACTION_SET_SIZE,
    };
    const struct job *job = &dash->bench;
    char value[48];
    int col = 2, row = area.row;

    for (int s = 0; s < SETTING_COUNT; s++) {
        setting_words(dash, (enum setting)s, value, sizeof value);
        draw_setting(canvas, &row, &col, actions[s], setting_name((enum setting)s), value);
    }
    draw_setting(canvas, &row, &col, ACTION_SET_HEADER, "change header",
                 header_is_changed(job) ? "yes" : "no (DoNotChgBin)");
    draw_setting(canvas, &row, &col, ACTION_SET_COMPRESS, "compress", job->compress ? "yes" : "no");
    draw_setting(canvas, &row, &col, ACTION_SET_SKIP_GAPS, "skip gaps",
                 job->skip_gaps ? "yes" : "no");
    draw_setting(canvas, &row, &col, ACTION_SET_ERASE_ALL, "erase",
                 job->erase_all ? "the whole flash first" : "what is written");
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
    const struct file_facts *facts = dash->facts[index];
    unsigned style = image->enabled ? STYLE_PLAIN : STYLE_DIM;
    char text[1100];

    canvas_put(canvas, row, 1, 3, style, image->enabled ? "[x]" : "[ ]");
    if (image->enabled && facts->problem[0]) /* also where no column is left for what it is */
        canvas_put(canvas, row, 2, 1, STYLE_ERROR, "!");
    canvas_put_tail(canvas, row, c->name, c->name_width, style,
                    dash_path(dash, image->path, text, sizeof text));
    canvas_put_cut(canvas, row, c->address, 10, style,
                   image_address_text(text, sizeof text, image));
    if (c->size && facts->size > 0)
        canvas_put_right(canvas, row, c->size, 9, style,
                         size_text(text, sizeof text, facts->size, in_kb));
    if (c->what)
        canvas_put_cut(canvas, row, c->what, c->what_width,
                       facts->problem[0] ? STYLE_WARNING : style,
                       facts->problem[0] ? "can't be used" : facts->what);
}

static bool largest_in_kb(const struct dash *dash)
{
    uint64_t largest = 0;

    for (size_t i = 0; i < dash->bench.n_images; i++)
        largest = dash->facts[i]->size > largest ? dash->facts[i]->size : largest;
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
            canvas_put_cut(canvas, row, 1, area.cols - 1, STYLE_PLAIN,
                           "[+] add a build, a job or a file");
        if (i == dash->images.index)
            draw_selected(canvas, row);
    }
    return used;
}

/* ---- what does not fit ----------------------------------------------------------------------- */

static const char nothing_chosen[] =
    "Nothing is chosen yet: o opens what a build has left behind (ESP-IDF, PlatformIO, Arduino), "
    "a job, a manifest or a single file; a takes a path. Which files, which addresses and which "
    "chip then stand in the build.";

/* The nth finding, those that refuse first. */
static const struct finding *nth_finding(const struct findings *findings, size_t n)
{
    size_t refusing = 0;

    for (size_t i = 0; i < findings->n; i++)
        refusing += findings->rows[i].refuses;
    bool refuses = n < refusing;
    n -= refuses ? 0 : refusing;
    for (size_t i = 0; i < findings->n; i++) {
        if (findings->rows[i].refuses == refuses && n-- == 0)
            return &findings->rows[i];
    }
    return NULL;
}

static int problems_rows(const struct canvas *canvas, const struct dash *dash, int cols)
{
    int rows = 0;

    for (size_t i = 0; i < dash->findings.n; i++)
        rows += canvas_wrapped_rows(canvas, cols - 6, dash->findings.rows[i].text);
    return rows;
}

static void draw_finding(struct canvas *canvas, struct area area, const struct finding *finding)
{
    canvas_put(canvas, area.row, 2, 1, finding->refuses ? STYLE_ERROR : STYLE_WARNING, "!");
    area.col = 4;
    area.cols -= 6;
    if (area.rows == 1)
        canvas_put_cut(canvas, area.row, area.col, area.cols, STYLE_PLAIN, finding->text);
    else
        canvas_put_wrapped(canvas, area, STYLE_PLAIN, finding->text);
}

/* Below one another; the last row counts what does not fit. */
static void draw_problems(struct canvas *canvas, const struct dash *dash, struct area area)
{
    size_t n = dash->findings.n;
    char text[64];

    for (size_t i = 0; i < n && area.rows > 0; i++) {
        const struct finding *finding = nth_finding(&dash->findings, i);
        int rows = canvas_wrapped_rows(canvas, area.cols - 6, finding->text);
        bool last = i + 1 == n;
        if (i > 0 && rows > area.rows - !last) {
            snprintf(text, sizeof text, "%zu more: n shows all", n - i);
            canvas_put_cut(canvas, area.row, 4, area.cols - 6, STYLE_DIM, text);
            return;
        }
        struct area room = area;
        if (!last && rows >= area.rows && area.rows > 1)
            room.rows--; /* for the count */
        draw_finding(canvas, room, finding);
        area = area_below(area, rows < room.rows ? rows : room.rows);
    }
}

/* ---- all of it ------------------------------------------------------------------------------- */

/* Rows for the parts below the settings, as far as there is room: the list may lose rows to the map
 * (it scrolls), but only down to LIST_MIN; before that the map goes. */
struct shares {
    int list, map, problems;
};

static struct shares shares_make(const struct canvas *canvas, const struct dash *dash,
                                 struct area area)
{
    enum { LIST_MIN = 5, MAP_MIN = 4, MAP_GOOD = 14 };
    int want = (int)dash->bench.n_images + 1, left = area.rows;
    int problems = problems_rows(canvas, dash, area.cols);
    struct shares s = {0};

    int problems_min = problems > 1 && left >= 8 ? 2 : problems > 0;
    int list_min = want > LIST_MIN ? LIST_MIN : want;
    bool map = canvas->cols >= 40 && dash->bench.n_images > 0 &&
               left >= list_min + MAP_MIN + 1 + problems_min + (problems > 0);
    if (map)
        left -= MAP_MIN + 1;
    int others = problems_min + (problems > 0 && left >= 8);
    s.list = want > left - others ? left - others : want;
    s.list = s.list < 1 ? 1 : s.list;
    left -= s.list;
    s.problems = problems > left - 1 ? left - 1 : problems;
    s.problems = s.problems < 0 ? 0 : s.problems;
    left -= s.problems + (s.problems > 0);
    if (map)
        s.map = MAP_MIN + (left > MAP_GOOD - MAP_MIN ? MAP_GOOD - MAP_MIN : left > 0 ? left : 0);
    return s;
}

void draw_images(struct canvas *canvas, struct dash *dash, struct area area)
{
    if (dash->facts == NULL && dash->bench.n_images > 0)
        return; /* not looked at yet */
    if (area.rows >= 9) {
        int used = draw_settings(canvas, dash, area);
        area = area_below(area, used + (area.rows >= 12));
    }
    if (area.rows >= 4) {
        struct columns c = columns_make(area.cols);
        draw_header(canvas, &c, area.row);
        area = area_below(area, 1);
    }
    struct shares share = shares_make(canvas, dash, area);
    struct area list = {area.row, 0, share.list, area.cols};
    area = area_below(area, draw_list(canvas, dash, list) + (area.rows - share.list > 1));
    if (share.map > 0) {
        struct area map = {area.row, 0, share.map, area.cols};
        struct map_choice chosen = {.image = dash->images.index};
        int used = draw_map(canvas, dash, map, &chosen);
        area = area_below(area, used + (used > 0));
    }
    draw_problems(canvas, dash, area);
    if (dash->bench.n_images == 0)
        canvas_put_wrapped(canvas, (struct area){area.row, 5, area.rows, area.cols - 7}, STYLE_DIM,
                           nothing_chosen);
}
