/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Events as lines of JSON. One table says which member of the struct is which member of the object;
 * writing and reading both follow it, so that they cannot disagree. What comes out is valid UTF-8
 * and finite whatever the struct holds: bytes of a chip are written as hexadecimal, and text that
 * is no UTF-8 (a path, a USB descriptor, a cut sentence) has U+FFFD where it is broken.
 */
#include "job/event.h"

#include "base/util.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum field_type {
    FIELD_TEXT,
    FIELD_BOOL,
    FIELD_INT,
    FIELD_UNSIGNED,
    FIELD_U64,
    FIELD_REAL,
    FIELD_STATE,
    FIELD_LEVEL,
    FIELD_HEX,
    FIELD_PAIRS,
    FIELD_MD5,
    FIELD_PARTITIONS,
    FIELD_OBJECT
};

struct field {
    const char *name;
    size_t offset, size; /* in struct event */
    enum field_type type;
    int kind; /* enum event_kind; COMMON: in every line */
    bool needed;
};

enum { COMMON = -1 };

/* One row: kind, name in JSON, member of struct event, type, whether a line without it is no event.
 */
#define ROW(k, json_name, member, field_type, must)                                     \
    {                                                                                   \
        .name = (json_name), .offset = offsetof(struct event, member),                  \
        .size = sizeof(((struct event *)0)->member), .type = (field_type), .kind = (k), \
        .needed = (must)                                                                \
    }

static const struct field fields[] = {
    ROW(COMMON, "t", t, FIELD_REAL, false),
    ROW(COMMON, "port", port, FIELD_TEXT, false),
    ROW(COMMON, "slot", slot, FIELD_TEXT, false),

    ROW(EVENT_HELLO, "v", hello.version, FIELD_INT, true),
    ROW(EVENT_HELLO, "program", hello.program, FIELD_TEXT, false),

    ROW(EVENT_STATE, "state", state.state, FIELD_STATE, true),
    ROW(EVENT_STATE, "detail", state.detail, FIELD_TEXT, false),

    ROW(EVENT_CHIP, "chip", chip.chip, FIELD_TEXT, true),
    ROW(EVENT_CHIP, "name", chip.name, FIELD_TEXT, false),
    ROW(EVENT_CHIP, "revision", chip.revision, FIELD_TEXT, false),
    ROW(EVENT_CHIP, "mac", chip.mac, FIELD_TEXT, false),
    ROW(EVENT_CHIP, "eui64", chip.eui64, FIELD_TEXT, false),
    ROW(EVENT_CHIP, "mac_ap", chip.mac_ap, FIELD_TEXT, false),
    ROW(EVENT_CHIP, "mac_bt", chip.mac_bt, FIELD_TEXT, false),
    ROW(EVENT_CHIP, "mac_ethernet", chip.mac_ethernet, FIELD_TEXT, false),
    ROW(EVENT_CHIP, "crystal_mhz", chip.crystal_mhz, FIELD_UNSIGNED, false),
    ROW(EVENT_CHIP, "features", chip.features, FIELD_TEXT, false),
    ROW(EVENT_CHIP, "usb_mode", chip.usb_mode, FIELD_TEXT, false),
    ROW(EVENT_CHIP, "security", chip.security, FIELD_TEXT, false),

    ROW(EVENT_FLASH, "manufacturer", flash.manufacturer, FIELD_UNSIGNED, false),
    ROW(EVENT_FLASH, "device", flash.device, FIELD_UNSIGNED, false),
    ROW(EVENT_FLASH, "size", flash.size, FIELD_U64, false),
    ROW(EVENT_FLASH, "vendor", flash.vendor, FIELD_TEXT, false),
    ROW(EVENT_FLASH, "mode_limits", flash.mode_limits, FIELD_TEXT, false),

    ROW(EVENT_PROGRESS, "op", progress.op, FIELD_TEXT, true),
    ROW(EVENT_PROGRESS, "file", progress.file, FIELD_TEXT, false),
    ROW(EVENT_PROGRESS, "address", progress.address, FIELD_UNSIGNED, false),
    ROW(EVENT_PROGRESS, "done", progress.done, FIELD_U64, true),
    ROW(EVENT_PROGRESS, "total", progress.total, FIELD_U64, true),
    ROW(EVENT_PROGRESS, "wire", progress.wire, FIELD_U64, false),
    ROW(EVENT_PROGRESS, "rate", progress.rate, FIELD_REAL, false),
    ROW(EVENT_PROGRESS, "left", progress.left, FIELD_REAL, false),
    ROW(EVENT_PROGRESS, "baud", progress.baud, FIELD_UNSIGNED, false),

    ROW(EVENT_LOG, "level", log.level, FIELD_LEVEL, true),
    ROW(EVENT_LOG, "text", log.text, FIELD_TEXT, true),

    ROW(EVENT_RX, "hex", rx, FIELD_HEX, true),

    ROW(EVENT_HINT, "id", hint.id, FIELD_TEXT, true),
    ROW(EVENT_HINT, "cause", hint.cause, FIELD_TEXT, false),
    ROW(EVENT_HINT, "evidence", hint.evidence, FIELD_TEXT, false),
    ROW(EVENT_HINT, "fix", hint.fix, FIELD_TEXT, false),
    ROW(EVENT_HINT, "action", hint.action, FIELD_TEXT, false),

    ROW(EVENT_CHECK, "error", check.error, FIELD_TEXT, true),
    ROW(EVENT_CHECK, "refuses", check.refuses, FIELD_BOOL, true),
    ROW(EVENT_CHECK, "text", check.text, FIELD_TEXT, true),

    ROW(EVENT_RESULT, "op", result.op, FIELD_TEXT, true),
    ROW(EVENT_RESULT, "ok", result.ok, FIELD_BOOL, true),
    ROW(EVENT_RESULT, "data", result, FIELD_PAIRS, false),

    ROW(EVENT_PARTITIONS, "address", partitions.address, FIELD_UNSIGNED, true),
    ROW(EVENT_PARTITIONS, "bootloader", partitions.bootloader, FIELD_UNSIGNED, false),
    ROW(EVENT_PARTITIONS, "flash_size", partitions.flash_size, FIELD_U64, false),
    ROW(EVENT_PARTITIONS, "md5", partitions.table, FIELD_MD5, false),
    ROW(EVENT_PARTITIONS, "partitions", partitions.table, FIELD_PARTITIONS, true),

    ROW(EVENT_DONE, "result", done.result, FIELD_TEXT, true),
    ROW(EVENT_DONE, "error", done.error, FIELD_TEXT, false),
    ROW(EVENT_DONE, "text", done.text, FIELD_TEXT, false),
    ROW(EVENT_DONE, "exit", done.exit, FIELD_INT, true),
    ROW(EVENT_DONE, "elapsed", done.elapsed, FIELD_REAL, false),

    ROW(EVENT_PORT, "present", seen.present, FIELD_BOOL, true),
    ROW(EVENT_PORT, "name", seen.name, FIELD_TEXT, false),
    ROW(EVENT_PORT, "slot_name", seen.slot_name, FIELD_TEXT, false),
    ROW(EVENT_PORT, "product", seen.product, FIELD_TEXT, false),
    ROW(EVENT_PORT, "serial", seen.serial, FIELD_TEXT, false),
    ROW(EVENT_PORT, "driver", seen.driver, FIELD_TEXT, false),
    ROW(EVENT_PORT, "by_path", seen.by_path, FIELD_TEXT, false),
    ROW(EVENT_PORT, "adapter", seen.adapter, FIELD_TEXT, false),
    ROW(EVENT_PORT, "max_baud", seen.max_baud, FIELD_UNSIGNED, false),
    ROW(EVENT_PORT, "vid", seen.vid, FIELD_UNSIGNED, false),
    ROW(EVENT_PORT, "pid", seen.pid, FIELD_UNSIGNED, false),
    ROW(EVENT_PORT, "holder", seen.holder, FIELD_TEXT, false),
    ROW(EVENT_PORT, "emulated", seen.emulated, FIELD_BOOL, false),
    ROW(EVENT_PORT, "passed", seen.passed, FIELD_UNSIGNED, false),
    ROW(EVENT_PORT, "failed", seen.failed, FIELD_UNSIGNED, false),

    ROW(EVENT_BENCH, "job", bench.json, FIELD_OBJECT, true),

    ROW(EVENT_REPLY, "command", reply.command, FIELD_TEXT, true),
    ROW(EVENT_REPLY, "ok", reply.ok, FIELD_BOOL, true),
    ROW(EVENT_REPLY, "text", reply.text, FIELD_TEXT, false),
};

/* ---- writing ---- */

static void text_write(struct buffer *out, const char *text)
{
    buffer_append_byte(out, '"');
    for (const unsigned char *s = (const unsigned char *)text; *s;) {
        size_t n = util_utf8_length((const char *)s);
        if (n == 0)
            buffer_append(out, "\xEF\xBF\xBD", 3);
        else if (*s == '"' || *s == '\\')
            buffer_printf(out, "\\%c", *s);
        else if (*s == '\n')
            buffer_append(out, "\\n", 2);
        else if (*s < 0x20 || *s == 0x7F)
            buffer_printf(out, "\\u%04x", *s);
        else if (*s == 0xC2 && s[1] < 0xA0) /* C1 controls, which steer terminals, too */
            buffer_printf(out, "\\u%04x", s[1]);
        else
            buffer_append(out, s, n);
        s += n ? n : 1;
    }
    buffer_append_byte(out, '"');
}

/* At most three decimals, no trailing zeros; JSON has no word for NaN and infinity,
 * and printf would write a comma where the language has one. */
static void real_write(struct buffer *out, double v)
{
    static const double limit = 1e15;
    char digits[4];

    v = !isfinite(v) ? 0 : v > limit ? limit : v < -limit ? -limit : v;
    int64_t thousandths = (int64_t)(v * 1000 + (v < 0 ? -0.5 : 0.5));
    if (thousandths < 0) {
        buffer_append_byte(out, '-');
        thousandths = -thousandths;
    }
    buffer_printf(out, "%lld", (long long)(thousandths / 1000));
    int n = snprintf(digits, sizeof digits, "%03d", (int)(thousandths % 1000));
    while (n > 0 && digits[n - 1] == '0')
        n--;
    if (n > 0)
        buffer_printf(out, ".%.*s", n, digits);
}

static void pairs_write(struct buffer *out, const struct event *event)
{
    buffer_append_byte(out, '{');
    for (unsigned i = 0; i < event->result.n && i < ARRAY_LEN(event->result.data); i++) {
        if (i > 0)
            buffer_append_byte(out, ',');
        text_write(out, event->result.data[i].key);
        buffer_append_byte(out, ':');
        text_write(out, event->result.data[i].value);
    }
    buffer_append_byte(out, '}');
}

static const char *md5_word(const struct partition_table *table)
{
    return table->md5_at == 0 ? "none" : table->md5_ok ? "right" : "wrong";
}

static void partitions_write(struct buffer *out, const struct partition_table *table)
{
    char type[24], subtype[24];

    buffer_append_byte(out, '[');
    for (size_t i = 0; i < table->n && i < ARRAY_LEN(table->rows); i++) {
        const struct partition *p = &table->rows[i];
        buffer_printf(out, "%s{\"label\":", i ? "," : "");
        text_write(out, p->label);
        buffer_printf(out,
                      ",\"type\":\"%s\",\"subtype\":\"%s\",\"offset\":%u,\"size\":%u,"
                      "\"encrypted\":%s,\"readonly\":%s}",
                      partition_type_name(type, sizeof type, p->type),
                      partition_subtype_name(subtype, sizeof subtype, p->type, p->subtype),
                      p->offset, p->size, p->flags & PARTITION_FLAG_ENCRYPTED ? "true" : "false",
                      p->flags & PARTITION_FLAG_READONLY ? "true" : "false");
    }
    buffer_append_byte(out, ']');
}

/* The job's own JSON, made sure to be one line and an object; in ASCII, because jansson leaves the
 * controls of Latin-1 as they are. */
static void object_write(struct buffer *out, const char *json)
{
    json_t *object = json_loads(json, 0, NULL);
    char *line =
        json_is_object(object) ? json_dumps(object, JSON_COMPACT | JSON_ENSURE_ASCII) : NULL;

    buffer_printf(out, "%s", line ? line : "{}");
    free(line);
    json_decref(object);
}

static void hex_write(struct buffer *out, const struct event *event)
{
    char hex[2 * sizeof event->rx.bytes + 1];
    size_t n = event->rx.n;

    if (n > sizeof event->rx.bytes)
        n = sizeof event->rx.bytes;
    buffer_printf(out, "\"%s\"", util_hex_format(hex, event->rx.bytes, n));
}

static void value_write(struct buffer *out, const struct field *f, const struct event *event)
{
    const void *at = (const char *)event + f->offset;

    switch (f->type) {
    case FIELD_TEXT:
        text_write(out, at);
        break;
    case FIELD_BOOL:
        buffer_printf(out, "%s", *(const bool *)at ? "true" : "false");
        break;
    case FIELD_INT:
        buffer_printf(out, "%d", *(const int *)at);
        break;
    case FIELD_UNSIGNED:
        buffer_printf(out, "%u", *(const unsigned *)at);
        break;
    case FIELD_U64: /* readers have signed 64 bits at best */
        buffer_printf(out, "%lld", (long long)(*(const uint64_t *)at & INT64_MAX));
        break;
    case FIELD_REAL:
        real_write(out, *(const double *)at);
        break;
    case FIELD_STATE:
        text_write(out, state_name(*(const enum job_state *)at));
        break;
    case FIELD_LEVEL:
        text_write(out, log_level_name(*(const enum log_level *)at));
        break;
    case FIELD_HEX:
        hex_write(out, event);
        break;
    case FIELD_PAIRS:
        pairs_write(out, event);
        break;
    case FIELD_MD5:
        text_write(out, md5_word(at));
        break;
    case FIELD_PARTITIONS:
        partitions_write(out, at);
        break;
    case FIELD_OBJECT:
        object_write(out, at);
        break;
    }
}

/* `port` and `slot` are left out where they say nothing, and places that are not known. */
static bool is_left_out(const struct field *f, const struct event *event)
{
    if (f->kind == EVENT_PARTITIONS && f->offset == offsetof(struct event, partitions.bootloader))
        return event->partitions.bootloader == PARTITION_NO_PLACE;
    return f->kind == COMMON && f->type == FIELD_TEXT && *((const char *)event + f->offset) == '\0';
}

void event_to_json(const struct event *event, struct buffer *out)
{
    buffer_printf(out, "{\"event\":\"%s\"", event_kind_name(event->kind));
    for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
        const struct field *f = &fields[i];
        if ((f->kind != COMMON && f->kind != (int)event->kind) || is_left_out(f, event))
            continue;
        buffer_printf(out, ",\"%s\":", f->name);
        value_write(out, f, event);
    }
    buffer_append(out, "}\n", 2);
}

/* ---- reading ---- */

static bool integer_in(const json_t *value, json_int_t min, json_int_t max)
{
    return json_is_integer(value) && json_integer_value(value) >= min &&
           json_integer_value(value) <= max;
}

static bool hex_read(const char *hex, struct event *event)
{
    size_t n = strlen(hex);

    if (n % 2 != 0 || n / 2 > sizeof event->rx.bytes)
        return false;
    for (size_t i = 0; i < n / 2; i++) {
        char byte[] = {'0', 'x', hex[2 * i], hex[2 * i + 1], '\0'};
        uint64_t v;
        if (!util_number_parse(byte, false, 255, &v))
            return false;
        event->rx.bytes[i] = (uint8_t)v;
    }
    event->rx.n = (uint16_t)(n / 2);
    return true;
}

static bool pairs_read(json_t *object, struct event *event)
{
    const char *key;
    json_t *value;

    if (!json_is_object(object))
        return false;
    json_object_foreach(object, key, value)
    {
        if (!json_is_string(value))
            return false;
        event_result_add(event, key, "%s", json_string_value(value));
    }
    return true;
}

static bool object_read(const json_t *object, char *to, size_t size)
{
    char *line = json_is_object(object) ? json_dumps(object, JSON_COMPACT) : NULL;
    bool ok = line && util_copy(to, size, line);

    free(line);
    return ok;
}

static bool md5_read(const char *word, struct partition_table *table)
{
    table->md5_ok = strcmp(word, "right") == 0;
    table->md5_at = strcmp(word, "none") != 0; /* where it was is known when the rows are */
    return true;
}

/* A name, else "0x" and the number. */
static bool kind_number(const char *text, int by_name, uint8_t *to)
{
    uint64_t v = by_name >= 0 ? (uint64_t)by_name : 0;

    if (text == NULL || (by_name < 0 && !util_number_parse(text, false, UINT8_MAX, &v)))
        return false;
    *to = (uint8_t)v;
    return true;
}

static bool partition_read(const json_t *row, struct partition *p)
{
    const char *label = json_string_value(json_object_get(row, "label"));
    const char *type = json_string_value(json_object_get(row, "type"));
    const char *subtype = json_string_value(json_object_get(row, "subtype"));
    const json_t *offset = json_object_get(row, "offset"), *size = json_object_get(row, "size");

    if (!kind_number(type, type ? partition_type_find(type) : -1, &p->type) ||
        !kind_number(subtype, subtype ? partition_subtype_find(p->type, subtype) : -1,
                     &p->subtype) ||
        !label || !integer_in(offset, 0, UINT32_MAX) || !integer_in(size, 0, UINT32_MAX))
        return false;
    util_copy(p->label, sizeof p->label, label);
    p->offset = (uint32_t)json_integer_value(offset);
    p->size = (uint32_t)json_integer_value(size);
    if (json_is_true(json_object_get(row, "encrypted")))
        p->flags |= PARTITION_FLAG_ENCRYPTED;
    if (json_is_true(json_object_get(row, "readonly")))
        p->flags |= PARTITION_FLAG_READONLY;
    return true;
}

static bool partitions_read(const json_t *array, struct partition_table *table)
{
    const json_t *row;
    size_t i;

    if (!json_is_array(array) || json_array_size(array) > ARRAY_LEN(table->rows))
        return false;
    json_array_foreach(array, i, row)
    {
        if (!partition_read(row, &table->rows[i]))
            return false;
    }
    table->n = json_array_size(array);
    table->md5_at = table->md5_at ? table->n * PARTITION_ROW : 0;
    return true;
}

static bool level_parse(const char *name, enum log_level *level)
{
    for (int i = LOG_DEBUG; i <= LOG_ERROR; i++) {
        if (strcmp(log_level_name((enum log_level)i), name) == 0) {
            *level = (enum log_level)i;
            return true;
        }
    }
    return false;
}

/* False when the value is of the wrong type or out of range. */
static bool value_read(json_t *value, const struct field *f, struct event *event)
{
    void *at = (char *)event + f->offset;
    const char *text = json_string_value(value);

    switch (f->type) {
    case FIELD_TEXT:
        if (text)
            util_copy(at, f->size, text);
        return text != NULL;
    case FIELD_BOOL:
        *(bool *)at = json_is_true(value);
        return json_is_boolean(value);
    case FIELD_INT:
        *(int *)at = (int)json_integer_value(value);
        return integer_in(value, INT32_MIN, INT32_MAX);
    case FIELD_UNSIGNED:
        *(unsigned *)at = (unsigned)json_integer_value(value);
        return integer_in(value, 0, UINT32_MAX);
    case FIELD_U64:
        *(uint64_t *)at = (uint64_t)json_integer_value(value);
        return integer_in(value, 0, INT64_MAX);
    case FIELD_REAL:
        *(double *)at = json_number_value(value);
        return json_is_number(value);
    case FIELD_STATE:
        return text && state_parse(text, at);
    case FIELD_LEVEL:
        return text && level_parse(text, at);
    case FIELD_HEX:
        return text && hex_read(text, event);
    case FIELD_PAIRS:
        return pairs_read(value, event);
    case FIELD_MD5:
        return text && md5_read(text, at);
    case FIELD_PARTITIONS:
        return partitions_read(value, at);
    case FIELD_OBJECT:
        return object_read(value, at, f->size);
    }
    return false;
}

static int kind_read(const json_t *object, struct event *event, struct error *error)
{
    const char *name = json_string_value(json_object_get(object, "event"));

    if (name == NULL)
        return error_set(error, ERR_FILE_FORMAT, "the line has no member \"event\"");
    for (int kind = EVENT_HELLO; kind <= EVENT_REPLY; kind++) {
        if (strcmp(name, event_kind_name((enum event_kind)kind)) == 0) {
            memset(event, 0, sizeof *event);
            event->kind = (enum event_kind)kind;
            if (event->kind == EVENT_PARTITIONS)
                event->partitions.bootloader = PARTITION_NO_PLACE;
            return 0;
        }
    }
    return error_set(error, ERR_FILE_FORMAT, "\"%.40s\" is no event that this version knows", name);
}

int event_from_json(const char *line, struct event *event, struct error *error)
{
    json_error_t where;
    json_t *object = json_loads(line, JSON_REJECT_DUPLICATES, &where);
    int result = 0;

    if (!json_is_object(object)) {
        result = error_set(error, ERR_FILE_FORMAT, "the line is no JSON object: %s",
                           object ? "another type" : where.text);
        goto out;
    }
    result = kind_read(object, event, error);
    for (size_t i = 0; result == 0 && i < ARRAY_LEN(fields); i++) {
        const struct field *f = &fields[i];
        if (f->kind != COMMON && f->kind != (int)event->kind)
            continue;
        json_t *value = json_object_get(object, f->name);
        if (value == NULL && f->needed)
            result = error_set(error, ERR_FILE_FORMAT, "%s: member \"%s\" is missing",
                               event_kind_name(event->kind), f->name);
        else if (value && !value_read(value, f, event))
            result = error_set(error, ERR_FILE_FORMAT, "%s: member \"%s\" has a wrong value",
                               event_kind_name(event->kind), f->name);
    }
out:
    json_decref(object);
    return result;
}
