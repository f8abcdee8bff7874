/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What all views share: title line, rules, message line, the question that is open, footer. */
#include "ui/draw.h"

#include "base/util.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* ---- pieces ---------------------------------------------------------------------------------- */

void draw_rule(struct canvas *canvas, int row, const char *title, const char *right,
               unsigned right_style)
{
    int col = 0, width = canvas->cols, end = canvas_width(canvas, right);

    canvas_fill(canvas, row, 0, width, STYLE_DIM, "─");
    if (title[0] && width > 6) {
        canvas_put(canvas, row, 1, 1, STYLE_DIM, " ");
        col =
            2 + canvas_put_cut(canvas, row, 2, width - 4 - (end ? end + 2 : 0), STYLE_TITLE, title);
        canvas_put(canvas, row, col, 1, STYLE_DIM, " ");
    }
    if (end && width - end - 2 > col) {
        canvas_put(canvas, row, width - end - 1, 1, STYLE_DIM, " ");
        canvas_put(canvas, row, width - end, end, right_style, right);
    }
}

void draw_selected(struct canvas *canvas, int row)
{
    canvas_put(canvas, row, 0, 1, STYLE_ACCENT, "▌");
    canvas_mark(canvas, row, 1, canvas->cols - 1, STYLE_SELECTED);
}

void draw_scroll(size_t *top, size_t index, size_t n, int rows)
{
    size_t page = rows > 0 ? (size_t)rows : 1;

    if (*top + page > n)
        *top = n > page ? n - page : 0;
    if (index < *top)
        *top = index;
    else if (index >= *top + page)
        *top = index - page + 1;
}

void draw_more(struct canvas *canvas, int row, size_t above, size_t below)
{
    char text[64] = "";

    if (above && below)
        snprintf(text, sizeof text, "↑ %zu · ↓ %zu more", above, below);
    else if (above || below)
        snprintf(text, sizeof text, "%s %zu more", above ? "↑" : "↓", above + below);
    canvas_put_right(canvas, row, 2, canvas->cols - 2, STYLE_DIM, text);
}

struct area area_below(struct area area, int n)
{
    n = n < area.rows ? n : area.rows;
    area.row += n;
    area.rows -= n;
    return area;
}

bool size_in_kb(uint64_t largest)
{
    return largest >= 4096;
}

const char *size_text(char *to, size_t size, uint64_t bytes, bool in_kb)
{
    if (in_kb) /* rounded up: a file is never 0 KB */
        snprintf(to, size, "%llu KB", (unsigned long long)(bytes / 1024 + (bytes % 1024 != 0)));
    else
        snprintf(to, size, "%llu B", (unsigned long long)bytes);
    return to;
}

const char *address_text(char *to, size_t size, uint32_t address)
{
    snprintf(to, size, "0x%06x", (unsigned)address);
    return to;
}

const char *image_address_text(char *to, size_t size, const struct job_image *image)
{
    if (image->address < JOB_ADDRESS_OWN)
        return address_text(to, size, image->address);
    return job_address_format(to, size, image);
}

const char *left_text(char *to, size_t size, double seconds)
{
    to[0] = '\0';
    if (!(seconds >= 0) || seconds > 1e6) /* NaN is not known either */
        return to;
    if (seconds < 100)
        snprintf(to, size, "%d s", (int)ceil(seconds));
    else
        snprintf(to, size, "%d min", (int)ceil(seconds / 60));
    return to;
}

const char *percent_text(char *to, size_t size, uint64_t done, uint64_t total)
{
    unsigned percent = 0;

    if (total) /* 100 only when really all of it is done */
        percent = done >= total ? 100 : (unsigned)((double)done * 100 / (double)total);
    snprintf(to, size, "%u %%", percent > 99 && done < total ? 99 : percent);
    return to;
}

const char *slot_chip_name(const struct model_slot *slot)
{
    const struct chip *chip = slot->known ? chip_by_name(slot->chip) : NULL;

    return chip ? chip->name : slot->known ? slot->chip : "";
}

bool slot_stopped(const struct model_slot *slot)
{
    return !slot->running && slot->has_result && strcmp(slot->result, "cancelled") == 0;
}

bool slot_failed(const struct model_slot *slot)
{
    return !slot->running && !slot_stopped(slot) &&
           (slot->state == STATE_ERROR || slot->state == STATE_COM_FAIL);
}

const char *slot_failure(const struct model_slot *slot)
{
    const char *const names[] = {slot->port, slot->name};

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        size_t n = strlen(names[i]);
        if (n && strncmp(slot->text, names[i], n) == 0 && strncmp(slot->text + n, ": ", 2) == 0)
            return slot->text + n + 2;
    }
    return slot->text;
}

bool slot_verified(const struct model_slot *slot)
{
    for (size_t i = 0; i < slot->n_files && i < MODEL_FILES; i++) {
        if (!slot->files[i].verified)
            return false;
    }
    return slot->n_files > 0;
}

const char *state_activity(enum job_state state)
{
    static const char *const words[STATE_COUNT] = {
        [STATE_SYNC] = "try",
        [STATE_CONNECT] = "identifying",
        [STATE_STUB] = "loading stub",
        [STATE_ERASE] = "erasing",
        [STATE_VERIFY] = "verifying",
        [STATE_READ] = "reading",
        [STATE_BOOT_CHECK] = "watching it start",
        [STATE_REMOVE] = "take it out",
    };

    return (unsigned)state < STATE_COUNT && words[state] ? words[state] : "";
}

/* ---- the frame ------------------------------------------------------------------------------- */

static void count(char *to, size_t size, size_t n, const char *one, const char *many)
{
    size_t used = strlen(to);

    if (n && used < size)
        snprintf(to + used, size - used, "%s%zu %s", used ? " · " : "", n, n == 1 ? one : many);
}

static void boards_summary(const struct dash *dash, char *to, size_t size)
{
    const struct model *model = dash->model;
    size_t passed = 0, failed = 0;

    for (size_t i = 0; i < model->n; i++) {
        const struct model_slot *slot = &model->slots[i];
        /* A board that was only identified or erased has not passed anything. */
        passed += !slot->running && slot->state == STATE_FINISH && slot_verified(slot);
        failed += slot_failed(slot);
    }
    to[0] = '\0';
    if (model->n == 0)
        util_copy(to, size, "no ports");
    count(to, size, model->n, "port", "ports");
    count(to, size, dash_running(dash), "flashing", "flashing");
    count(to, size, passed, "passed", "passed");
    count(to, size, failed, "failed", "failed");
}

static void images_summary(const struct dash *dash, char *to, size_t size)
{
    uint64_t total = 0;
    char bytes[32], name[80] = "";

    for (size_t i = 0; i < dash->bench.n_images; i++)
        total += dash->bench.images[i].enabled && dash->facts ? dash->facts[i]->size : 0;
    if (total < 1000 * 1024) /* as the list rounds */
        size_text(bytes, sizeof bytes, total, size_in_kb(total));
    else
        util_size_format(bytes, sizeof bytes, total);
    if (dash->job_path[0])
        snprintf(name, sizeof name, "%.50s (%s) · ", util_basename(dash->job_path),
                 dash->job_changed ? "changed" : "saved");
    snprintf(to, size, total ? "%s%zu of %zu ticked · %s" : "%s%zu of %zu ticked", name,
             dash_bench_ticked(dash), dash->bench.n_images, bytes);
}

static const struct {
    const char *title; /* NULL: the dashboard's own */
    void (*draw)(struct canvas *canvas, struct dash *dash, struct area area);
    void (*summary)(const struct dash *dash, char *to, size_t size);
} views[VIEW_COUNT] = {
    [VIEW_BOARDS] = {NULL, draw_boards, boards_summary},
    [VIEW_IMAGES] = {"images", draw_images, images_summary},
    [VIEW_FILES] = {"open", draw_files, images_summary},
    [VIEW_PARTITIONS] = {"partitions", draw_partitions, images_summary},
    [VIEW_NOTES] = {"notes", draw_notes, images_summary},
    [VIEW_HELP] = {"help", draw_help, boards_summary},
};

static void draw_title(struct canvas *canvas, const struct dash *dash)
{
    char summary[128], clock[16] = "";
    const char *title = views[dash->view].title;
    time_t wall = (time_t)dash->wall;
    struct tm tm;
    int width = canvas->cols, col;

    views[dash->view].summary(dash, summary, sizeof summary);
    if (localtime_r(&wall, &tm))
        strftime(clock, sizeof clock, "%H:%M", &tm);
    int right = canvas_width(canvas, summary);
    col = canvas_put(canvas, 0, 0, width, STYLE_ACCENT, "espjig");
    col += canvas_put(canvas, 0, col, width - col, STYLE_DIM, " · ");
    col += canvas_put_cut(canvas, 0, col, width - col, STYLE_TITLE, title ? title : dash->title);
    if (col + 2 + right + 2 + 5 <= width) {
        canvas_put(canvas, 0, width - 5, 5, STYLE_DIM, clock);
        canvas_put(canvas, 0, width - 7 - right, right, STYLE_PLAIN, summary);
    } else if (col + 2 + 5 <= width) { /* the counts go first, then the time */
        canvas_put_right(canvas, 0, col + 2, width - col - 2, STYLE_PLAIN,
                         col + 2 + right <= width ? summary : clock);
    }
}

static int footer_width(const struct canvas *canvas, const struct binding *const *rows, size_t n)
{
    char name[16];
    int width = 0;

    for (size_t i = 0; i < n; i++)
        width += (i ? 2 : 0) + 1 + canvas_width(canvas, rows[i]->label) +
                 canvas_width(canvas, keys_name(name, sizeof name, rows[i]->key));
    return width;
}

/* What is least used makes room; the way back only when few are left, and never the last: it is the
 * way to all the others. */
static size_t footer_drop(const struct binding **rows, size_t n)
{
    enum { LEAVING = 90, KEPT = 3 };
    size_t others = 0, drop = n - 2;

    while (others < n && rows[others]->order < LEAVING)
        others++;
    if (others > KEPT && others < n)
        drop = others - 1;
    memmove(&rows[drop], &rows[drop + 1], (n - drop - 1) * sizeof *rows);
    return n - 1;
}

static void draw_footer(struct canvas *canvas, const struct dash *dash, int row)
{
    const struct binding *rows[32];
    size_t n = keys_footer(dash_context(dash), rows, ARRAY_LEN(rows));
    char name[16];
    int col = 0;

    while (n > 1 && footer_width(canvas, rows, n) > canvas->cols)
        n = footer_drop(rows, n);
    for (size_t i = 0; i < n; i++) {
        int space = canvas->cols - col;
        col += canvas_put(canvas, row, col, space, STYLE_ACCENT,
                          keys_name(name, sizeof name, rows[i]->key));
        col++;
        col += canvas_put(canvas, row, col, canvas->cols - col, STYLE_PLAIN, rows[i]->label) + 2;
    }
}

/* ---- questions ------------------------------------------------------------------------------- */

static void draw_prompt(struct canvas *canvas, const struct dash *dash, int row)
{
    const struct prompt *prompt = &dash->prompt;
    char before[sizeof prompt->text];

    snprintf(before, sizeof before, "%.*s", (int)prompt->at, prompt->text);
    int col = 1 + canvas_put_cut(canvas, row, 1, canvas->cols / 2, STYLE_TITLE, prompt->label);
    int space = canvas->cols - ++col;
    int at = canvas_width(canvas, before);
    if (space < 2)
        return;
    if (at < space) { /* the beginning can be seen */
        canvas_put(canvas, row, col, space, STYLE_PLAIN, prompt->text);
        canvas->cursor_col = col + at;
    } else {
        canvas->cursor_col =
            col + canvas_put_tail(canvas, row, col, space - 1, STYLE_PLAIN, before);
    }
    canvas->cursor_row = row;
}

/* Values stand in as many rows as they need, upwards from `row`; columns are made for the longest
 * where one row is not enough. Returns the first row used. */
static int draw_choice(struct canvas *canvas, const struct dash *dash, int row)
{
    const struct choice *choice = &dash->choice;
    int left = canvas_width(canvas, choice->title) + 3, widest = 1;
    char text[40];

    bool above = left > canvas->cols / 3; /* a question has a line of its own */
    left = above ? 1 : left;
    int sum = left;

    for (size_t i = 0; i < choice->n; i++) {
        int width = canvas_width(canvas, choice->labels[i]) + 3;
        widest = width > widest ? width : widest;
        sum += width;
    }
    bool one_row = sum <= canvas->cols + 1;
    int per_row = one_row ? (int)choice->n : (canvas->cols + 1 - left) / widest;
    per_row = per_row < 1 ? 1 : per_row;
    int rows = ((int)choice->n + per_row - 1) / per_row, most = row > 3 ? row - 2 : 1;
    int first = 0, at = (int)choice->at;
    if (rows > most) { /* the marked one is always seen */
        first = at / per_row - most + 1;
        first = first < 0 ? 0 : first;
        rows = most;
    }
    row -= rows - 1;
    above = above && row > 1;
    canvas_wipe(canvas, (struct area){row - above, 0, rows + above, canvas->cols});
    if (above || left > 1)
        canvas_put_cut(canvas, row - above, 1, canvas->cols - 1, STYLE_TITLE, choice->title);
    for (int i = first * per_row, col = left; i < (int)choice->n && i / per_row < first + rows;
         i++) {
        int line = row + i / per_row - first;
        if (i % per_row == 0)
            col = left;
        snprintf(text, sizeof text, " %s ", choice->labels[i]);
        int used = canvas_put(canvas, line, col, canvas->cols - col,
                              i == at ? STYLE_SELECTED | STYLE_PLAIN : STYLE_PLAIN, text);
        if (i == at) { /* a screen reader follows the cursor */
            canvas->cursor_row = line;
            canvas->cursor_col = col;
        }
        col += one_row ? used + 1 : widest;
    }
    return row - above;
}

static void draw_quit(struct canvas *canvas, const struct dash *dash, int row)
{
    size_t n = dash_running(dash);
    char text[128];

    snprintf(text, sizeof text,
             n == 1 ? "%zu board is still at work. Leave?" : "%zu boards are still at work. Leave?",
             n);
    canvas_put_cut(canvas, row, 1, canvas->cols - 1, STYLE_WARNING, text);
}

static void confirm_line(struct canvas *canvas, struct area *area, const char *name,
                         const char *text)
{
    if (area->rows <= 0)
        return;
    canvas_put(canvas, area->row, 2, area->cols, STYLE_DIM, name);
    int used = canvas_put_wrapped(canvas, (struct area){area->row, 12, area->rows, area->cols - 13},
                                  STYLE_PLAIN, text);
    *area = area_below(*area, used ? used : 1);
}

/* All that a forced start does not heed, as far as there is room. */
static void draw_reasons(struct canvas *canvas, const struct dash *dash,
                         const struct model_slot *slot, struct area area)
{
    size_t left = 0;
    char more[64];

    for (size_t i = 0; i < dash->findings.n; i++)
        left += dash->findings.rows[i].refuses;
    if (left == 0) /* only the chip itself knows */
        confirm_line(canvas, &area, "but", slot->text);
    for (size_t i = 0; i < dash->findings.n && left > 0; i++) {
        const struct finding *finding = &dash->findings.rows[i];
        if (!finding->refuses)
            continue;
        if (left > 1 && area.rows <= canvas_wrapped_rows(canvas, area.cols - 13, finding->text)) {
            snprintf(more, sizeof more, "%zu reasons: i, then n shows all", left);
            canvas_put_cut(canvas, area.row, 12, area.cols - 13, STYLE_DIM, more);
            return;
        }
        confirm_line(canvas, &area, "but", finding->text);
        left--;
    }
}

/* What is to be erased or forced, over the lower part of the screen. */
static void draw_erase(struct canvas *canvas, const struct dash *dash, struct area area)
{
    const struct model_slot *slot = dash_find(dash, dash->erase_port);
    bool waiting = dash->question == CONTEXT_WAIT;
    bool forcing = dash->danger == PROMPT_FORCE;
    char title[128], chip[200], size[32];
    int want = canvas->cols < 60 ? 7 : 6;

    if (slot == NULL)
        return;
    int top = area.row + area.rows - want;
    if (dash->view == VIEW_BOARDS && dash->detail_row && dash->detail_row < top)
        top = dash->detail_row;
    if (top > area.row)
        area = area_below(area, top - area.row);
    canvas_wipe(canvas, area);
    snprintf(title, sizeof title, forcing ? "write to %s in spite of" : "erase %s", slot->name);
    draw_rule(canvas, area.row, title, "", 0);
    area = area_below(area, 1);
    if (waiting) {
        canvas_put_wrapped(canvas, (struct area){area.row, 2, area.rows, area.cols - 4},
                           STYLE_PLAIN, "Asking the chip who it is. Nothing is done to it yet.");
        return;
    }
    util_size_format(size, sizeof size, slot->flash_size);
    snprintf(chip, sizeof chip, slot->flash_known ? "%s %s, %s flash" : "%s %s", slot->chip_name,
             slot->revision, size);
    confirm_line(canvas, &area, "chip", chip);
    confirm_line(canvas, &area, "MAC", dash->erase_mac);
    if (forcing)
        draw_reasons(canvas, dash, slot, area);
    else
        confirm_line(
            canvas, &area, "then",
            "its whole flash is empty: program, settings and stored data are gone for good");
}

static bool erasing(const struct dash *dash)
{
    return dash->question == CONTEXT_WAIT || erase_is_asking(dash);
}

/* The line above the footer; a message moves up by one while something is typed there. What went
 * wrong may be told in up to four lines: its end says why. */
static void draw_message(struct canvas *canvas, const struct dash *dash, int row)
{
    enum { LINES_MAX = 4 };
    int col = dash->message_is_bad ? 2 : 1, lines = 1;
    unsigned style = dash->message_is_bad ? STYLE_WARNING : STYLE_PLAIN;

    if (dash->message[0] == '\0' || row < 0)
        return;
    if (dash->message_is_bad)
        lines = canvas_wrapped_rows(canvas, canvas->cols - col, dash->message);
    lines = lines > LINES_MAX ? LINES_MAX : lines;
    lines = lines > row / 2 ? row / 2 : lines;
    if (lines <= 1) {
        canvas_wipe(canvas, (struct area){row, 0, 1, canvas->cols});
        canvas_put_cut(canvas, row, col, canvas->cols - col, style, dash->message);
    } else {
        row -= lines - 1;
        canvas_wipe(canvas, (struct area){row, 0, lines, canvas->cols});
        canvas_put_wrapped(canvas, (struct area){row, col, lines, canvas->cols - col}, style,
                           dash->message);
    }
    if (dash->message_is_bad)
        canvas_put(canvas, row, 0, 1, style, "!");
}

/* Returns the first row used. */
static int draw_question(struct canvas *canvas, const struct dash *dash, int row)
{
    canvas_wipe(canvas, (struct area){row, 0, 1, canvas->cols});
    if (dash->question == CONTEXT_LINE || dash->question == CONTEXT_PATH)
        draw_prompt(canvas, dash, row);
    else if (dash->question == CONTEXT_CHOICE)
        return draw_choice(canvas, dash, row);
    else if (dash->question == CONTEXT_QUIT)
        draw_quit(canvas, dash, row);
    return row;
}

void draw_screen(struct canvas *canvas, struct dash *dash)
{
    int rows = canvas->rows, cols = canvas->cols;
    bool question = dash->question != CONTEXT_ALWAYS;

    canvas_clear(canvas);
    if (rows <= 0 || cols <= 0)
        return;
    int head = rows >= 4;
    int foot = rows >= 6 ? 2 : rows >= 3 ? 1 : 0; /* message line and footer */
    struct area body = {head, 0, rows - head - foot, cols};
    if (head)
        draw_title(canvas, dash);
    if (rows >= 14) {
        draw_rule(canvas, 1, "", "", 0);
        body = area_below(body, 1);
    }
    dash->detail_row = 0;
    views[dash->view].draw(canvas, dash, body);
    if (foot)
        draw_footer(canvas, dash, rows - 1);
    if (erasing(dash))
        draw_erase(canvas, dash, body);
    int line = foot ? rows - 2 : rows - 1;
    if (question && dash->question != CONTEXT_WAIT)
        line = draw_question(canvas, dash, line) - 1;
    draw_message(canvas, dash, line);
}
