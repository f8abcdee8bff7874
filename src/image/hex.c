/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Intel HEX: lines of ':', count, address, type, data and checksum, all as hexadecimal digits.
 * Source: Intel, "Hexadecimal Object File Format Specification", 1988.
 */
#include "image/chunks.h"

#include "base/util.h"

#include <stdio.h>
#include <string.h>

enum {
    RECORD_FIXED = 5, /* bytes besides the data: count, address, type, checksum */
    RECORD_MAX = RECORD_FIXED + 255
};

enum record_type {
    RECORD_DATA,
    RECORD_END,
    RECORD_SEGMENT,       /* bits 4 to 19 of the base */
    RECORD_START_SEGMENT, /* where a CPU would start: says nothing about flash */
    RECORD_LINEAR,        /* bits 16 to 31 of the base */
    RECORD_START_LINEAR,
    RECORD_TYPES
};

static const struct {
    bool any;       /* count of data bytes */
    uint8_t size;   /* or just these */
    const char *is; /* for messages */
} types[RECORD_TYPES] = {
    [RECORD_DATA] = {.any = true, .is = "data"},
    [RECORD_END] = {.size = 0, .is = "end"},
    [RECORD_SEGMENT] = {.size = 2, .is = "segment address"},
    [RECORD_START_SEGMENT] = {.size = 4, .is = "start segment"},
    [RECORD_LINEAR] = {.size = 2, .is = "linear address"},
    [RECORD_START_LINEAR] = {.size = 4, .is = "start linear"},
};

struct reader {
    const char *name;
    struct chunks *chunks;
    struct error *error;
    size_t line;     /* from 1 on */
    uint32_t base;   /* from the last address record */
    uint64_t limit;  /* behind the last address that this base reaches */
    size_t end_line; /* of the end record; 0: not seen yet */
};

/* A record begins with a colon and, at the least, count, address and type. */
bool hex_is(const uint8_t *data, size_t size)
{
    if (size < 9 || data[0] != ':')
        return false;
    for (size_t i = 1; i < 9; i++) {
        if (util_hex_digit((char)data[i]) < 0)
            return false;
    }
    return true;
}

static int wrong_char(const struct reader *r, size_t column, uint8_t c)
{
    char text[8] = {'\'', (char)c, '\'', '\0'};

    if (c < 0x20 || c > 0x7E)
        snprintf(text, sizeof text, "0x%02x", c);
    return error_set(r->error, ERR_FILE_FORMAT, "%s, line %zu, column %zu: %s is no %s", r->name,
                     r->line, column, text, column == 1 ? "':'" : "hexadecimal digit");
}

/* The bytes of a line without its end; *n of them. */
static int record_decode(const struct reader *r, const uint8_t *line, size_t len,
                         uint8_t record[RECORD_MAX], size_t *n)
{
    if (line[0] != ':')
        return wrong_char(r, 1, line[0]);
    if (len > 1 + 2 * RECORD_MAX)
        return error_set(r->error, ERR_FILE_FORMAT,
                         "%s, line %zu: has %zu characters, a record has %d at the most", r->name,
                         r->line, len, 1 + 2 * RECORD_MAX);
    for (size_t i = 1; i < len; i++) {
        if (util_hex_digit((char)line[i]) < 0)
            return wrong_char(r, i + 1, line[i]);
    }
    *n = (len - 1) / 2;
    if (len % 2 == 0 || *n < RECORD_FIXED)
        return error_set(r->error, ERR_FILE_FORMAT,
                         "%s, line %zu: has %zu digits, a record has an even number and no fewer "
                         "than %d",
                         r->name, r->line, len - 1, 2 * RECORD_FIXED);
    for (size_t i = 0; i < *n; i++)
        record[i] = (uint8_t)(util_hex_digit((char)line[1 + 2 * i]) << 4 |
                              util_hex_digit((char)line[2 + 2 * i]));
    return 0;
}

static int record_check(const struct reader *r, const uint8_t *record, size_t n)
{
    uint8_t sum = 0;

    if (record[0] != n - RECORD_FIXED)
        return error_set(r->error, ERR_FILE_FORMAT,
                         "%s, line %zu: says that %u bytes of data follow, there are %zu", r->name,
                         r->line, record[0], n - RECORD_FIXED);
    for (size_t i = 0; i < n - 1; i++)
        sum = (uint8_t)(sum - record[i]);
    if (sum != record[n - 1])
        return error_set(r->error, ERR_FILE_FORMAT,
                         "%s, line %zu: the checksum is 0x%02x, it should be 0x%02x", r->name,
                         r->line, record[n - 1], sum);
    if (record[3] >= RECORD_TYPES)
        return error_set(r->error, ERR_FILE_FORMAT,
                         "%s, line %zu: record type %u is unknown, there are 0 to %d", r->name,
                         r->line, record[3], RECORD_TYPES - 1);
    if (!types[record[3]].any && types[record[3]].size != record[0])
        return error_set(r->error, ERR_FILE_FORMAT,
                         "%s, line %zu: has %u bytes of data, a record of type %u (%s) has %u",
                         r->name, r->line, record[0], record[3], types[record[3]].is,
                         types[record[3]].size);
    if (r->end_line)
        return error_set(r->error, ERR_FILE_FORMAT,
                         "%s, line %zu: a record behind the end record in line %zu", r->name,
                         r->line, r->end_line);
    return 0;
}

static int data_take(const struct reader *r, const uint8_t *record)
{
    uint32_t offset = (uint32_t)record[1] << 8 | record[2];
    uint64_t address = (uint64_t)r->base + offset;

    if (address + record[0] > r->limit)
        return error_set(r->error, ERR_FILE_FORMAT,
                         "%s, line %zu: %u bytes at 0x%llx reach past 0x%llx, where what its "
                         "address record can reach ends",
                         r->name, r->line, record[0], (unsigned long long)address,
                         (unsigned long long)r->limit);
    chunks_add(r->chunks, (uint32_t)address, record + 4, record[0], r->line);
    return 0;
}

/* An address past 0xFFFF goes on into the next 64 KB under a linear base, but would begin anew in a
 * segment. No tool writes that; who wants it would be surprised by either. */
static void base_set(struct reader *r, uint32_t base, bool segment)
{
    r->base = base;
    r->limit = segment ? (uint64_t)base + 0x10000 : (uint64_t)UINT32_MAX + 1;
}

static int line_take(struct reader *r, const uint8_t *line, size_t len)
{
    uint8_t record[RECORD_MAX] = {0};
    size_t n = 0;
    int rc = record_decode(r, line, len, record, &n);

    if (rc == 0)
        rc = record_check(r, record, n);
    if (rc != 0)
        return rc;
    uint32_t word = (uint32_t)record[4] << 8 | record[5];
    switch ((enum record_type)record[3]) {
    case RECORD_DATA:
        return data_take(r, record);
    case RECORD_END:
        r->end_line = r->line;
        return 0;
    case RECORD_SEGMENT:
        base_set(r, word << 4, true);
        return 0;
    case RECORD_LINEAR:
        base_set(r, word << 16, false);
        return 0;
    default:
        return 0;
    }
}

/* Length of the line without its end, and without blanks there. */
static size_t line_length(const uint8_t *line, size_t n)
{
    while (n > 0 && (line[n - 1] == '\r' || line[n - 1] == ' ' || line[n - 1] == '\t'))
        n--;
    return n;
}

static int lines_read(struct reader *r, const uint8_t *data, size_t size)
{
    size_t at = 0;
    int rc = 0;

    while (rc == 0 && at < size) {
        const uint8_t *end = memchr(data + at, '\n', size - at);
        size_t n = end ? (size_t)(end - (data + at)) : size - at;
        size_t len = line_length(data + at, n);
        r->line++;
        if (len > 0)
            rc = line_take(r, data + at, len);
        at += n + 1;
    }
    return rc;
}

int hex_read(struct chunks *chunks, const char *name, const uint8_t *data, size_t size,
             struct error *error)
{
    struct reader r = {.name = name, .chunks = chunks, .error = error};
    const struct chunk *first, *second;
    uint32_t address;

    base_set(&r, 0, false);
    int rc = lines_read(&r, data, size);
    if (rc != 0)
        return rc;
    if (r.end_line == 0)
        return error_set(error, ERR_FILE_FORMAT,
                         "%s ends after line %zu without an end record (:00000001FF): it is cut "
                         "off",
                         name, r.line);
    if (chunks->n == 0)
        return error_set(error, ERR_FILE_FORMAT, "%s has no data in its %zu lines", name, r.line);
    if (chunks_clash(chunks, &first, &second, &address))
        return error_set(error, ERR_FILE_FORMAT,
                         "%s, line %zu: there is data for 0x%x already, from line %zu", name,
                         second->where, address, first->where);
    return 0;
}
