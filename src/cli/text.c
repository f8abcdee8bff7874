/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/text.h"

#include "base/clock.h"
#include "base/util.h"
#include "cli/images.h"
#include "cli/partitions.h"

#include <ctype.h>
#include <langinfo.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { PLAIN_STEP_PERCENT = 10, PLAIN_EVERY_MS = 1000, BAR_MIN = 8, BAR_MAX = 24 };

/* ---- labels ---- */

/* "ttyUSB0" of /dev/ttyUSB0, "emu:esp32" of emu:esp32,pace. */
static char *label_of(const char *address, size_t number, bool several)
{
    struct buffer label = {0};
    const char *start = address[0] == '/' ? util_basename(address) : address;

    buffer_printf(&label, "%.*s", (int)strcspn(start, ","), start);
    if (several && address[0] != '/')
        buffer_printf(&label, "#%zu", number + 1);
    return (char *)label.data;
}

void text_init(struct text *text, const struct cli *cli, const char *const *addresses, size_t n)
{
    const char *term = getenv("TERM");
    bool terminal = isatty(STDOUT_FILENO) && (term == NULL || strcmp(term, "dumb") != 0);

    *text = (struct text){
        .verbose = cli->verbose,
        .quiet = cli->quiet,
        .bar = terminal && n == 1,
        .utf8 = !cli->ascii && strcmp(nl_langinfo(CODESET), "UTF-8") == 0,
        .n_ports = n,
    };
    text->ports = xcalloc(n + 1, sizeof *text->ports);
    for (size_t i = 0; i < n; i++) {
        text->ports[i].address = addresses[i];
        text->ports[i].label = n > 1 ? label_of(addresses[i], i, true) : xstrdup("");
    }
}

static void bar_wipe(struct text *text);

void text_done(struct text *text)
{
    bar_wipe(text);
    for (size_t i = 0; i < text->n_ports; i++)
        free((char *)text->ports[i].label);
    free(text->ports);
}

static struct text_port *port_of(struct text *text, const struct event *event)
{
    for (size_t i = 0; i < text->n_ports; i++) {
        if (strncmp(text->ports[i].address, event->port, sizeof event->port - 1) == 0)
            return &text->ports[i];
    }
    return &text->ports[0];
}

/* ---- lines ---- */

static void flush(struct text *text)
{
    if (fflush(stdout) != 0)
        text->broken = true;
}

static void bar_wipe(struct text *text)
{
    if (text->bar_is_there && !text->broken) {
        fputs("\r\033[K", stdout);
        flush(text);
    }
    text->bar_is_there = false;
}

void text_say(FILE *to, const char *format, ...)
{
    char *line = NULL;
    va_list args;

    va_start(args, format);
    if (vasprintf(&line, format, args) < 0)
        line = NULL;
    va_end(args);
    if (line)
        fprintf(to, "%s\n", util_text_clean(line));
    free(line);
}

static void say(struct text *text, const struct text_port *port, const char *line)
{
    if (text->broken)
        return;
    bar_wipe(text);
    if (port->label[0])
        printf("%s: ", port->label);
    text_say(stdout, "%s", line);
    flush(text);
}

static void complain(struct text *text, const struct text_port *port, const char *what,
                     const char *line)
{
    bar_wipe(text);
    if (port->label[0])
        fprintf(stderr, "%s: ", port->label);
    text_say(stderr, "%s: %s", what, line);
}

/* ---- progress ---- */

/* For `width` columns: `fraction` of it is full, the rest is blank. */
static void bar(struct buffer *out, double fraction, unsigned width, bool utf8)
{
    static const char *const eighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    fraction = fraction < 0 ? 0 : fraction > 1 ? 1 : fraction;
    unsigned filled = (unsigned)(fraction * width * 8);
    unsigned whole = filled / 8, part = utf8 ? filled % 8 : 0;

    for (unsigned i = 0; i < whole; i++)
        buffer_printf(out, "%s", utf8 ? "█" : "#");
    buffer_printf(out, "%s", eighths[part]);
    for (unsigned i = whole + (part > 0); i < width; i++)
        buffer_append_byte(out, ' ');
}

static double fraction_of(const struct event *e)
{
    if (e->progress.total == 0)
        return e->progress.done > 0 ? 1 : 0;
    return (double)e->progress.done / (double)e->progress.total;
}

/* Writing is what one looks at: only what is something else says so. */
static void describe(const struct event *e, char *to, size_t size)
{
    const char *name = e->progress.file[0] ? util_basename(e->progress.file) : "flash";
    bool write = strcmp(e->progress.op, op_name(OP_WRITE_FLASH)) == 0;
    int verb = write ? 0 : (int)strcspn(e->progress.op, "-");

    snprintf(to, size, "%.*s%s%.40s 0x%x", verb, e->progress.op, write ? "" : " ", name,
             e->progress.address);
}

static void figures(const struct event *e, struct buffer *out)
{
    char rate[32];

    buffer_printf(out, "%3d %%", (int)(fraction_of(e) * 100));
    if (e->progress.rate > 0)
        buffer_printf(out, "  %8s/s",
                      util_size_format(rate, sizeof rate, (uint64_t)e->progress.rate));
    if (e->progress.done < e->progress.total && e->progress.left >= 0)
        buffer_printf(out, "  %3.0f s", e->progress.left);
}

static unsigned terminal_width(void)
{
    struct winsize size;

    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        return 80;
    return size.ws_col;
}

/* One row, never wider than the terminal: a folded row could not be rewritten in place. */
static void draw_bar(struct text *text, const struct event *e)
{
    struct buffer line = {0}, right = {0};
    char left[128];

    if (text->broken)
        return;
    describe(e, left, sizeof left);
    figures(e, &right);
    size_t used = strlen(left) + 2 + right.len + 2;
    size_t width = terminal_width();
    size_t room = width > used ? width - used : 0;
    if (room >= BAR_MIN) {
        buffer_printf(&line, "%s ", left);
        bar(&line, fraction_of(e), room < BAR_MAX ? (unsigned)room : BAR_MAX, text->utf8);
        buffer_printf(&line, " %s", right.data);
    } else {
        buffer_printf(&line, "%.*s", (int)(width > 1 ? width - 1 : 1), right.data);
    }
    printf("\r%s\033[K", line.data);
    flush(text);
    text->bar_is_there = true;
    buffer_done(&line);
    buffer_done(&right);
}

/* At most one line a second, and none for less than ten percent more; the last one where there
 * was another. What is done within a second is left to the log. */
static bool plain_is_due(struct text_port *port, const struct event *e, int64_t now)
{
    int percent = (int)(fraction_of(e) * 100);
    char key[sizeof port->said];

    snprintf(key, sizeof key, "%s %s %x", e->progress.op, e->progress.file, e->progress.address);
    if (strcmp(key, port->said) != 0) {
        memcpy(port->said, key, sizeof key);
        port->percent = 0;
        port->said_ms = now;
        return false;
    }
    if (percent >= 100 && port->percent > 0 && port->percent < 100)
        return true;
    return percent >= port->percent + PLAIN_STEP_PERCENT && now - port->said_ms >= PLAIN_EVERY_MS;
}

static void on_progress(struct text *text, struct text_port *port, const struct event *e)
{
    struct buffer line = {0};
    int64_t now = clock_ms();
    char left[128];

    if (text->quiet)
        return;
    if (text->bar) {
        draw_bar(text, e);
        return;
    }
    if (!plain_is_due(port, e, now))
        return;
    port->percent = (int)(fraction_of(e) * 100);
    port->said_ms = now;
    describe(e, left, sizeof left);
    buffer_printf(&line, "%s ", left);
    figures(e, &line);
    say(text, port, (const char *)line.data);
    buffer_done(&line);
}

/* ---- the other events ---- */

static void on_state(struct text *text, struct text_port *port, const struct event *e)
{
    char line[400];

    if (text->quiet || e->state.state != STATE_SYNC)
        return;
    if (e->state.detail[0] == '\0' && !port->connecting)
        snprintf(line, sizeof line, "connecting to %s", e->port);
    else if (e->state.detail[0] == '\0')
        return; /* the station said so before its worker did */
    else if (strncmp(e->state.detail, "1 ", 2) != 0 && strcmp(e->state.detail, "1") != 0)
        snprintf(line, sizeof line, "no answer yet, attempt %s", e->state.detail);
    else
        return;
    port->connecting = true;
    say(text, port, line);
}

static void on_log(struct text *text, struct text_port *port, const struct event *e)
{
    char line[600];

    if (e->log.level == LOG_DEBUG ? !text->verbose : e->log.level == LOG_INFO && text->quiet)
        return;
    if (e->log.level >= LOG_WARNING) {
        complain(text, port, log_level_name(e->log.level), e->log.text);
        return;
    }
    snprintf(line, sizeof line, "%s%s", e->log.level == LOG_DEBUG ? "debug: " : "", e->log.text);
    say(text, port, line);
}

static void on_rx(struct text *text, struct text_port *port, const struct event *e)
{
    char line[sizeof e->rx.bytes + 8];
    size_t n = e->rx.n;

    if (!text->verbose)
        return;
    while (n > 0 && (e->rx.bytes[n - 1] == '\n' || e->rx.bytes[n - 1] == '\r'))
        n--;
    int at = snprintf(line, sizeof line, "chip: ");
    for (size_t i = 0; i < n; i++)
        line[at++] = isprint(e->rx.bytes[i]) && e->rx.bytes[i] < 0x7F ? (char)e->rx.bytes[i] : '.';
    line[at] = '\0';
    if (n > 0)
        say(text, port, line);
}

/* What was asked for is said whatever -q says; what the log says already is not said twice. */
static void on_result(struct text *text, struct text_port *port, const struct event *e)
{
    static const bool asked[OP_COUNT] = {
        [OP_CHIP_ID] = true,         [OP_FLASH_ID] = true,          [OP_READ_MAC] = true,
        [OP_READ_MEM] = true,        [OP_GET_SECURITY_INFO] = true, [OP_READ_FLASH_STATUS] = true,
        [OP_READ_FLASH_SFDP] = true,
    };
    enum op_kind op;
    char line[300];

    if (!op_parse(e->result.op, &op) || !asked[op])
        return;
    for (unsigned i = 0; i < e->result.n && i < ARRAY_LEN(e->result.data); i++) {
        if (e->result.data[i].value[0] == '\0')
            continue;
        snprintf(line, sizeof line, "%s: %s", e->result.data[i].key, e->result.data[i].value);
        say(text, port, line);
    }
}

static void on_partitions(struct text *text, struct text_port *port, const struct event *e)
{
    (void)port;
    if (text->broken)
        return;
    bar_wipe(text);
    partitions_print(e);
    flush(text);
}

static void on_hint(struct text *text, struct text_port *port, const struct event *e)
{
    (void)text;
    port->has_hint = true;
    port->hint = *e;
}

static void say_hint(struct text *text, struct text_port *port, const char *failure)
{
    const struct event *e = &port->hint;
    char line[sizeof e->hint.evidence + 8];

    if (!port->has_hint)
        return;
    port->has_hint = false;
    /* The cause may have been cut to fit its event. */
    if (e->hint.cause[0] && strncmp(e->hint.cause, failure, strlen(e->hint.cause)) != 0)
        complain(text, port, "hint", e->hint.cause);
    if (e->hint.evidence[0] && strstr(failure, e->hint.evidence) == NULL) {
        snprintf(line, sizeof line, "seen: %s", e->hint.evidence);
        complain(text, port, "hint", line);
    }
    if (e->hint.fix[0])
        complain(text, port, "hint", e->hint.fix);
}

static void on_done(struct text *text, struct text_port *port, const struct event *e)
{
    char line[64];

    if (e->done.exit != 0) {
        const char *failure =
            e->done.text[0] ? e->done.text : error_advice(error_from_id(e->done.error));
        complain(text, port, "espjig", failure);
        say_hint(text, port, failure);
        return;
    }
    snprintf(line, sizeof line, "PASS in %.1f s", e->done.elapsed);
    if (!text->quiet)
        say(text, port, line);
}

void text_put(void *context, const struct event *event)
{
    static void (*const handlers[])(struct text *, struct text_port *, const struct event *) = {
        [EVENT_STATE] = on_state,
        [EVENT_PROGRESS] = on_progress,
        [EVENT_LOG] = on_log,
        [EVENT_RX] = on_rx,
        [EVENT_HINT] = on_hint,
        [EVENT_RESULT] = on_result,
        [EVENT_PARTITIONS] = on_partitions,
        [EVENT_DONE] = on_done,
    };
    struct text *text = context;

    if ((size_t)event->kind < ARRAY_LEN(handlers) && handlers[event->kind])
        handlers[event->kind](text, port_of(text, event), event);
}

void json_put(void *context, const struct event *event)
{
    const struct cli *cli = context;
    struct buffer line = {0};

    if (event->kind == EVENT_LOG && event->log.level == LOG_DEBUG && !cli->verbose)
        return;
    event_to_json(event, &line);
    if (!ferror(stdout)) {
        fwrite(line.data, 1, line.len, stdout);
        fflush(stdout);
    }
    buffer_done(&line);
    if (event->kind == EVENT_HELLO)
        images_notes_put(cli);
}

void json_hello_put(const struct cli *cli)
{
    struct event event;

    event_init(&event, EVENT_HELLO);
    event_hello_describe(&event);
    json_put((void *)(uintptr_t)cli, &event);
}
