/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One board in detail: its images with their bars and the log, or what went wrong and what helps.
 */
#include "ui/draw.h"

#include "base/util.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define NAME_MAX_WIDTH 32

/* ---- images ---------------------------------------------------------------------------------- */

/* One line: a file of the job, or one of the bench that its turn has not come to yet. */
struct row {
    const char *path;
    uint32_t address;
    const struct job_image *image; /* of the bench; NULL: a file of the job */
    uint64_t done, total;
    char tail[32]; /* "verified", "92 KB/s" */
    bool coming;
};

struct rows {
    struct row row[MODEL_FILES * 2];
    size_t n;
    bool in_kb;
};

static void rate_text(char *to, size_t size, double rate)
{
    to[0] = '\0';
    if (rate >= 1 && rate < 1e12)
        snprintf(to, size, "%.0f KB/s", rate < 1024 ? 1 : rate / 1024);
}

static bool writes(const struct model_slot *slot)
{
    return slot->n_files == 0 || strcmp(slot->files[0].op, "write-flash") == 0;
}

static bool listed(const struct rows *rows, uint32_t address)
{
    for (size_t i = 0; i < rows->n; i++) {
        if (rows->row[i].address == address)
            return true;
    }
    return false;
}

/* Where it goes on this board. */
static uint32_t image_address(const struct job_image *image, const struct model_slot *slot)
{
    const struct chip *chip = slot->known ? chip_by_name(slot->chip) : NULL;

    return image->address == JOB_ADDRESS_BOOTLOADER && chip ? chip->bootloader_offset
                                                            : image->address;
}

/* "check 95 s": there are few columns */
static void check_text(char *to, size_t size, double left)
{
    char text[24];

    snprintf(to, size, "check %s", left_text(text, sizeof text, left));
}

/* A job may name all its files before it begins with the first. */
static void add_files(struct rows *rows, const struct model_slot *slot)
{
    for (size_t i = 0; i < slot->n_files && i < MODEL_FILES; i++) {
        const struct model_file *file = &slot->files[i];
        bool there = file->verified && file->written == 0 && file->skipped > 0;
        struct row *row = &rows->row[rows->n++];
        *row = (struct row){file->path[0] ? file->path : file->op,
                            file->address,
                            NULL,
                            file->done,
                            file->total,
                            "",
                            false};
        row->coming = slot->running && file->done == 0 && i > 0;
        if (file->verified)
            util_copy(row->tail, sizeof row->tail, there ? "already there" : "verified");
        else if (slot->running && file->done < file->total && file->done > 0)
            rate_text(row->tail, sizeof row->tail, file->rate);
        else if (slot->running && file->done > 0 && slot->state == STATE_VERIFY && file->left > 0)
            check_text(row->tail, sizeof row->tail, file->left);
        else if (slot->running && file->done > 0)
            util_copy(row->tail, sizeof row->tail, state_activity(slot->state));
    }
}

static void add_bench(struct rows *rows, const struct dash *dash, const struct model_slot *slot)
{
    for (size_t i = 0; i < dash->bench.n_images && rows->n < ARRAY_LEN(rows->row); i++) {
        const struct job_image *image = &dash->bench.images[i];
        uint32_t address = image_address(image, slot);
        if (image->enabled && !listed(rows, address))
            rows->row[rows->n++] = (struct row){
                image->path, address, image, 0, dash->facts ? dash->facts[i]->size : 0, "", true};
    }
}

/* What the job has said; while it writes also what is to come; before any job, what START does. */
static void rows_collect(struct rows *rows, const struct dash *dash, const struct model_slot *slot)
{
    uint64_t largest = slot->total;

    add_files(rows, slot);
    if (writes(slot) && (slot->running || slot->n_files == 0) && !slot_failed(slot))
        add_bench(rows, dash, slot);
    for (size_t i = 0; i < rows->n; i++)
        largest = rows->row[i].total > largest ? rows->row[i].total : largest;
    rows->in_kb = size_in_kb(largest);
}

/* Where the parts of a line stand; 0 wide: no room. */
struct columns {
    int name, address, size, bar, bar_width, tail;
};

static struct columns columns_make(int cols, int name_width)
{
    struct columns c = {.name = name_width, .tail = 14};

    if (cols >= 64)
        c.address = 10;
    if (cols >= 50)
        c.size = 9;
    if (cols < 40)
        c.tail = 0;
    c.bar = 2 + c.name + 2 + (c.address ? c.address + 2 : 0) + (c.size ? c.size + 2 : 0);
    c.bar_width = cols - c.bar - 7 - c.tail;
    if (c.bar_width > 60)
        c.bar_width = 60;
    return c;
}

static int name_width(const struct canvas *canvas, const struct rows *rows, int cols)
{
    int width = 5, most = cols < 50 ? cols / 3 : cols / 4;

    most = most > NAME_MAX_WIDTH ? NAME_MAX_WIDTH : most;
    for (size_t i = 0; i < rows->n; i++) {
        int w = canvas_width(canvas, util_basename(rows->row[i].path));
        width = w > width ? w : width;
    }
    return width < most ? width : most;
}

static void draw_row(struct canvas *canvas, const struct columns *c, const struct row *row,
                     bool in_kb, unsigned style, int line)
{
    char text[32];
    int col = 2;
    unsigned plain = row->coming ? STYLE_DIM : STYLE_PLAIN;

    canvas_put_cut(canvas, line, col, c->name, plain, util_basename(row->path));
    col += c->name + 2;
    if (c->address) {
        canvas_put(canvas, line, col, c->address, STYLE_DIM,
                   row->image && row->address >= JOB_ADDRESS_OWN
                       ? image_address_text(text, sizeof text, row->image)
                       : address_text(text, sizeof text, row->address));
        col += c->address + 2;
    }
    if (c->size && row->total > 0)
        canvas_put_right(canvas, line, col, c->size, plain,
                         size_text(text, sizeof text, row->total, in_kb));
    if (row->coming)
        return;
    canvas_bar(canvas, line, c->bar, c->bar_width, style, row->done, row->total);
    col = c->bar + (c->bar_width > 0 ? c->bar_width : 0);
    canvas_put_right(canvas, line, col, 7, plain,
                     percent_text(text, sizeof text, row->done, row->total));
    canvas_put_right(canvas, line, col + 7, c->tail, plain, row->tail);
}

static uint64_t total_size(const struct rows *rows)
{
    uint64_t total = 0;

    for (size_t i = 0; i < rows->n; i++)
        total += rows->row[i].total;
    return total;
}

static void draw_total(struct canvas *canvas, const struct columns *c,
                       const struct model_slot *slot, const struct rows *rows, int line)
{
    struct row total = {.path = "total"};
    char text[32], left[24];

    total.total = total_size(rows);
    total.coming = slot->n_files == 0;
    total.done = slot->done;
    if (slot->total >= total.total)
        total.total = slot->total;
    if (slot->running && slot->done < slot->total && left_text(left, sizeof left, slot->left)[0])
        snprintf(total.tail, sizeof total.tail, "%s left", left);
    else if (!slot->running && slot->has_result)
        snprintf(total.tail, sizeof total.tail, "%.1f s", slot->elapsed);
    struct columns same = *c;
    same.address = 0; /* an address of everything makes no sense */
    draw_row(canvas, &same, &total, rows->in_kb, style_of_state(slot->state), line);
    if (c->address && c->size) { /* the size stands one column further right */
        int col = 2 + c->name + 2;
        canvas_fill(canvas, line, col, c->bar - col, STYLE_PLAIN, " ");
        canvas_put_right(canvas, line, col + c->address + 2, c->size, STYLE_PLAIN,
                         size_text(text, sizeof text, total.total, rows->in_kb));
    }
}

/* What did not have to be sent, where that is not everything or nothing of each file. */
static bool draw_skipped(struct canvas *canvas, const struct model_slot *slot, int line)
{
    uint64_t written = 0, skipped = 0;
    char text[96], a[32], b[32];

    for (size_t i = 0; i < slot->n_files && i < MODEL_FILES; i++) {
        written += slot->files[i].written;
        skipped += slot->files[i].skipped;
    }
    if (skipped == 0 || written == 0) /* the rows say so */
        return false;
    util_size_format(a, sizeof a, written);
    util_size_format(b, sizeof b, skipped);
    snprintf(text, sizeof text, "%s written, %s already there", a, b);
    canvas_put_cut(canvas, line, 2, canvas->cols - 4, STYLE_DIM, text);
    return true;
}

/* Returns the rows used. */
static int draw_job_files(struct canvas *canvas, const struct dash *dash,
                          const struct model_slot *slot, struct area area)
{
    struct rows rows = {0};
    int used = 0;

    rows_collect(&rows, dash, slot);
    if (rows.n == 0) {
        if (slot->n_log == 0 && area.rows > 0)
            return canvas_put_wrapped(canvas, (struct area){area.row, 2, area.rows, area.cols - 4},
                                      STYLE_PLAIN, "No images are chosen yet: press i.");
        return 0;
    }
    struct columns c = columns_make(area.cols, name_width(canvas, &rows, area.cols));
    bool total = rows.n > 1 && area.rows > 1 && total_size(&rows) > 0;
    int room = area.rows - total;
    /* Too many: the last ones, which are those at work or still to come. */
    size_t first = rows.n > (size_t)room ? rows.n - (size_t)room : 0;
    for (size_t i = first; i < rows.n; i++)
        draw_row(canvas, &c, &rows.row[i], rows.in_kb, style_of_state(slot->state),
                 area.row + used++);
    if (total)
        draw_total(canvas, &c, slot, &rows, area.row + used++);
    if (used < area.rows)
        used += draw_skipped(canvas, slot, area.row + used);
    return used;
}

/* ---- log ------------------------------------------------------------------------------------- */

static void draw_log_line(struct canvas *canvas, const struct model_log_line *line, int row)
{
    time_t wall = (time_t)line->wall;
    char clock[16] = "";
    struct tm tm;
    int col = 2;
    unsigned style = line->level >= LOG_ERROR     ? STYLE_ERROR
                     : line->level == LOG_WARNING ? STYLE_WARNING
                     : line->level == LOG_DEBUG   ? STYLE_DIM
                                                  : STYLE_PLAIN;

    if (canvas->cols >= 60 && localtime_r(&wall, &tm)) {
        strftime(clock, sizeof clock, "%H:%M:%S", &tm);
        col += canvas_put(canvas, row, col, 8, STYLE_DIM, clock) + 2;
    }
    if (line->level >= LOG_WARNING) /* not by colour alone */
        col += canvas_put(canvas, row, col, 12, style,
                          line->level >= LOG_ERROR ? "error: " : "warning: ");
    canvas_put_cut(canvas, row, col, canvas->cols - col, style, line->text);
}

/* Which lines of the log are shown: beside the images not what the chip printed. */
struct shown {
    size_t line[MODEL_LOG_LINES], n;
};

static void log_collect(struct shown *shown, const struct dash *dash, const struct model_slot *slot)
{
    shown->n = 0;
    for (size_t i = 0; i < slot->n_log && i < MODEL_LOG_LINES; i++) {
        if (dash->boards.whole_log || model_log_at(slot, i)->level > LOG_DEBUG)
            shown->line[shown->n++] = i;
    }
}

static void draw_log(struct canvas *canvas, struct dash *dash, const struct model_slot *slot,
                     const struct shown *shown, struct area area)
{
    size_t room = area.rows > 0 ? (size_t)area.rows : 0;
    size_t back = shown->n > room ? shown->n - room : 0;

    if (room == 0)
        return;
    if (dash->boards.log_back > back)
        dash->boards.log_back = back;
    size_t first = back - dash->boards.log_back;
    for (size_t i = 0; i < room && first + i < shown->n; i++)
        draw_log_line(canvas, model_log_at(slot, shown->line[first + i]), area.row + (int)i);
    if (dash->boards.log_back)
        draw_more(canvas, area.row + area.rows - 1, 0, dash->boards.log_back);
}

/* ---- what went wrong ------------------------------------------------------------------------- */

static struct area advice(struct canvas *canvas, struct area area, const char *name,
                          const char *text)
{
    if (text[0] == '\0' || area.rows <= 0)
        return area;
    canvas_put(canvas, area.row, 2, 8, STYLE_DIM, name);
    int used = canvas_put_wrapped(canvas, (struct area){area.row, 10, area.rows, area.cols - 12},
                                  STYLE_PLAIN, text);
    return area_below(area, used);
}

/* A sentence as it comes from an error: no capital, no full stop. */
static void draw_failure(struct canvas *canvas, const struct model_slot *slot, struct area area)
{
    struct area text = {area.row, 2, area.rows, area.cols - 4};
    bool spacious = area.rows >= 9;

    int used = canvas_put_wrapped(canvas, text, STYLE_TITLE, slot_failure(slot));
    area = area_below(area, used + (spacious && used));
    if (slot->has_hint) {
        area = advice(canvas, area, "Seen", slot->hint_evidence);
        area = advice(canvas, area, "Cause",
                      strcmp(slot->hint_cause, slot->text) == 0 ? "" : slot->hint_cause);
        area = advice(canvas, area, "Do", slot->hint_fix);
    }
    area = area_below(area, spacious);
    if (area.rows > 0)
        canvas_put_cut(canvas, area.row, 2, area.cols - 4, STYLE_DIM,
                       slot->exit == error_exit_status(ERR_PARTITION)
                           ? "Enter tries again · F forces it · l shows the log · c clears this"
                           : "Enter tries again · l shows the log · c clears this");
}

/* ---- the whole ------------------------------------------------------------------------------- */

static void add_part(char *to, size_t size, const char *separator, const char *part)
{
    size_t n = strlen(to);

    if (part[0] && n < size)
        snprintf(to + n, size - n, "%s%s", separator, part);
}

static void board_title(const struct model_slot *slot, char *to, size_t size)
{
    char bytes[32];

    util_copy(to, size, slot->name[0] ? slot->name : slot->port);
    if (slot->known) {
        add_part(to, size, " ── ", slot->chip_name[0] ? slot->chip_name : slot_chip_name(slot));
        add_part(to, size, " ", slot->revision);
    }
    if (slot->flash_known && slot->flash_size) {
        add_part(to, size, " · ", util_size_format(bytes, sizeof bytes, slot->flash_size));
        add_part(to, size, " ", slot->vendor);
    }
    if (slot->known && slot->crystal_mhz) {
        snprintf(bytes, sizeof bytes, "%u MHz", slot->crystal_mhz);
        add_part(to, size, " · ", bytes);
    }
}

/* ---- facts: what is known of port and chip besides ------------------------------------------- */

struct flow {
    struct area area;
    int row, col; /* where the next one goes */
    int used;     /* rows */
};

/* "name value", in the row after where it does not fit; nothing when there is no value or room. */
static void flow_put(struct canvas *canvas, struct flow *flow, const char *name, const char *value)
{
    int width = canvas_width(canvas, name) + 1 + canvas_width(canvas, value);

    if (value[0] == '\0')
        return;
    if (flow->col > 2 && flow->col + width > flow->area.cols) {
        flow->row++;
        flow->col = 2;
    }
    if (flow->row >= flow->area.rows)
        return;
    int row = flow->area.row + flow->row;
    flow->used = flow->row + 1;
    flow->col += canvas_put(canvas, row, flow->col, canvas->cols - flow->col, STYLE_DIM, name) + 1;
    flow->col +=
        canvas_put_cut(canvas, row, flow->col, canvas->cols - flow->col, STYLE_PLAIN, value) + 3;
}

/* Returns the rows used. */
static int draw_facts(struct canvas *canvas, const struct model_slot *slot, struct area area)
{
    struct flow flow = {.area = area, .col = 2};
    char adapter[80];

    util_copy(adapter, sizeof adapter, slot->adapter);
    if (slot->adapter[0] && slot->max_baud)
        snprintf(adapter, sizeof adapter, "%s, up to %u baud", slot->adapter, slot->max_baud);
    flow_put(canvas, &flow, "Adapter", adapter);
    if (slot->known) {
        flow_put(canvas, &flow, "Security",
                 strcmp(slot->security, "none") == 0 ? "" : slot->security);
        flow_put(canvas, &flow, "AP", slot->mac_ap);
        flow_put(canvas, &flow, "BT", slot->mac_bt);
        flow_put(canvas, &flow, "Ethernet", slot->mac_ethernet);
        flow_put(canvas, &flow, "EUI-64", slot->eui64);
    }
    return flow.used;
}

/* Images and log come first: facts get what room is left over. */
static int facts_rows(int rows)
{
    return rows >= 20 ? 3 : rows >= 12 ? 2 : rows >= 10 ? 1 : 0;
}

/* What START would be refused for. */
static void draw_problem(struct canvas *canvas, const struct dash *dash, struct area area)
{
    canvas_put(canvas, area.row, 2, 1, STYLE_ERROR, "!");
    int used = canvas_put_wrapped(canvas, (struct area){area.row, 4, area.rows, area.cols - 6},
                                  STYLE_PLAIN, dash_problem(dash));
    if (used < area.rows)
        canvas_put_cut(canvas, area.row + used, 4, area.cols - 6, STYLE_DIM,
                       "i shows the images, and all that is wrong with them");
}

void draw_board(struct canvas *canvas, struct dash *dash, const struct model_slot *slot,
                struct area area)
{
    char title[256], right[32] = "";
    struct shown shown;

    if (area.rows < 2)
        return;
    board_title(slot, title, sizeof title);
    if (slot_failed(slot))
        util_copy(right, sizeof right, state_word(slot->state));
    else if (slot->running && slot->baud)
        snprintf(right, sizeof right, "%u baud", slot->baud);
    draw_rule(canvas, area.row, title, right, style_of_state(slot->state));
    area = area_below(area, 1);
    log_collect(&shown, dash, slot);
    if (dash->boards.whole_log && shown.n > 0) {
        draw_log(canvas, dash, slot, &shown, area);
        return;
    }
    if (slot_failed(slot)) {
        draw_failure(canvas, slot, area);
        return;
    }
    struct area top = {area.row, area.col, facts_rows(area.rows), area.cols};
    int used = draw_facts(canvas, slot, top);
    area = area_below(area, used + (used > 0));
    used = draw_job_files(canvas, dash, slot, area);
    area = area_below(area, used + (used && area.rows - used > 2));
    if (shown.n > 0)
        draw_log(canvas, dash, slot, &shown, area);
    else if (area.rows > 0 && dash_problem(dash))
        draw_problem(canvas, dash, area);
    else if (area.rows > 0 && dash_bench_ticked(dash) > 0 && dash_slot_free(slot, NULL, 0))
        canvas_put_cut(canvas, area.row, 2, area.cols - 4, STYLE_DIM,
                       "Enter writes these images to this board and verifies them.");
}
