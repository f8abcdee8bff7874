/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The table as people write it. What is taken and what is not follows gen_esp32part.py, with three
 * exceptions: variables of the environment are not put in, UTF-16 is refused, and a row of the
 * bootloader may have numbers of its own.
 */
#include "image/partition.h"

#include "base/util.h"
#include "chip/chip.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { APP_ALIGNMENT = 0x10000, SUBTYPE_EMPTY = 0x06, TEXT_MAX = 40 };

enum column { NAME, TYPE, SUBTYPE, OFFSET, SIZE, FLAGS, COLUMNS };

struct slice {
    const char *at;
    size_t n;
};

struct row {
    unsigned line;
    struct slice fields[COLUMNS];
    bool no_offset; /* to be filled in */
    bool to_offset; /* the size is written as the place where it ends: "-1M" */
};

struct csv {
    uint32_t table_address, bootloader_offset;
    struct partition_table *table;
    struct row rows[PARTITION_ROWS_MAX]; /* of the table */
    struct error *error;
};

static struct slice strip(struct slice s)
{
    while (s.n > 0 && isspace((unsigned char)s.at[0]))
        s = (struct slice){s.at + 1, s.n - 1};
    while (s.n > 0 && isspace((unsigned char)s.at[s.n - 1]))
        s.n--;
    return s;
}

/* "line 3: size: found "1x", expected a number" */
static int refuse(const struct csv *csv, const struct row *row, enum column column,
                  const char *expected)
{
    static const char *const names[] = {"name", "type", "subtype", "offset", "size", "flags"};
    struct slice s = row->fields[column];
    int n = s.n < TEXT_MAX ? (int)s.n : TEXT_MAX;

    if (n == 0)
        return error_set(csv->error, ERR_FILE_FORMAT, "line %u: %s: found nothing, expected %s",
                         row->line, names[column], expected);
    return error_set(csv->error, ERR_FILE_FORMAT, "line %u: %s: found \"%.*s\", expected %s",
                     row->line, names[column], n, s.at, expected);
}

static bool copy(struct slice s, char *to, size_t size)
{
    if (s.n >= size || memchr(s.at, '\0', s.n))
        return false;
    memcpy(to, s.at, s.n);
    to[s.n] = '\0';
    return true;
}

/* ---- fields -------------------------------------------------------------------------------- */

/* A number as Python's int(text, 0) takes it, with any number of k and M behind it. */
static bool number_parse(struct slice s, bool *negative, uint64_t *value)
{
    char digits[TEXT_MAX];
    unsigned shift = 0;

    for (; s.n > 0 && strchr("kKmM", s.at[s.n - 1]); s.n--)
        shift += tolower((unsigned char)s.at[s.n - 1]) == 'k' ? 10 : 20;
    s = strip(s);
    *negative = s.n > 0 && s.at[0] == '-';
    if (s.n > 0 && (s.at[0] == '-' || s.at[0] == '+'))
        s = (struct slice){s.at + 1, s.n - 1};
    if (!copy(s, digits, sizeof digits))
        return false;
    /* 010 is 8 to some, 10 to others, and nothing to Python. */
    if (digits[0] == '0' && (isdigit((unsigned char)digits[1]) || digits[1] == '_') &&
        strspn(digits, "0_") != s.n)
        return false;
    if (!util_number_parse(digits, false, UINT32_MAX, value))
        return false;
    if (*value != 0 && (shift >= 32 || *value > UINT32_MAX >> shift))
        return false;
    *value <<= shift < 32 ? shift : 0;
    return true;
}

static bool plain_number(struct slice s, uint64_t max, uint64_t *value)
{
    bool negative;

    return number_parse(s, &negative, value) && *value <= max && (!negative || *value == 0);
}

static int type_take(struct csv *csv, struct row *row, struct partition *p)
{
    char name[TEXT_MAX];
    uint64_t v;
    int type;

    if (plain_number(row->fields[TYPE], UINT8_MAX, &v))
        p->type = (uint8_t)v;
    else if (copy(row->fields[TYPE], name, sizeof name) && (type = partition_type_find(name)) >= 0)
        p->type = (uint8_t)type;
    else
        return refuse(csv, row, TYPE,
                      "app, data, bootloader, partition_table or a number up to 255");
    return 0;
}

static int subtype_take(struct csv *csv, struct row *row, struct partition *p)
{
    char name[TEXT_MAX], expected[96], type[24];
    uint64_t v;
    int subtype;

    p->subtype = SUBTYPE_EMPTY;
    if (row->fields[SUBTYPE].n == 0 && p->type != PARTITION_APP)
        return 0;
    if (plain_number(row->fields[SUBTYPE], UINT8_MAX, &v)) {
        p->subtype = (uint8_t)v;
        return 0;
    }
    subtype =
        copy(row->fields[SUBTYPE], name, sizeof name) ? partition_subtype_find(p->type, name) : -1;
    p->subtype = (uint8_t)subtype;
    if (subtype >= 0)
        return 0;
    snprintf(expected, sizeof expected, "a subtype of %s, or a number up to 255",
             partition_type_name(type, sizeof type, p->type));
    return refuse(csv, row, SUBTYPE, expected);
}

/* What is written in the row; the fixed places are known. */
static int offset_take(struct csv *csv, struct row *row, struct partition *p)
{
    uint32_t place = p->type == PARTITION_TABLE ? csv->table_address : csv->bootloader_offset;
    uint64_t v;

    if (partition_is_fixed(p) && place != PARTITION_NO_PLACE) {
        p->offset = place;
        return 0;
    }
    row->no_offset = row->fields[OFFSET].n == 0 && !partition_is_fixed(p);
    if (row->no_offset)
        return 0;
    if (!plain_number(row->fields[OFFSET], UINT32_MAX, &v))
        return refuse(csv, row, OFFSET, "a number of 32 bits, for example 0x10000 or 64K");
    p->offset = (uint32_t)v;
    return 0;
}

static int size_take(struct csv *csv, struct row *row, struct partition *p)
{
    uint64_t v;

    if (p->type == PARTITION_TABLE) {
        p->size = PARTITION_SECTOR;
        return 0;
    }
    if (p->type == PARTITION_BOOTLOADER && csv->bootloader_offset < csv->table_address) {
        p->size = csv->table_address - csv->bootloader_offset;
        return 0;
    }
    if (!number_parse(row->fields[SIZE], &row->to_offset, &v))
        return refuse(csv, row, SIZE, "a number of 32 bits, for example 0x100000 or 1M");
    p->size = (uint32_t)v;
    return 0;
}

static int flags_take(struct csv *csv, struct row *row, struct partition *p)
{
    struct slice rest = row->fields[FLAGS];

    while (rest.n > 0) {
        const char *colon = memchr(rest.at, ':', rest.n);
        size_t n = colon ? (size_t)(colon - rest.at) : rest.n;
        unsigned bit = 0;
        const char *name;
        for (; (name = partition_flag_name(bit)) != NULL; bit++) {
            if (n == strlen(name) && memcmp(name, rest.at, n) == 0)
                break;
        }
        if (name)
            p->flags |= 1u << bit;
        else if (n > 0)
            return refuse(csv, row, FLAGS, "encrypted, readonly, both with a colon, or nothing");
        rest = (struct slice){rest.at + n + (colon != NULL), rest.n - n - (colon != NULL)};
    }
    return 0;
}

/* ---- lines --------------------------------------------------------------------------------- */

static void fields_split(struct slice line, struct row *row)
{
    for (int i = 0; i < COLUMNS; i++) {
        const char *comma = line.n ? memchr(line.at, ',', line.n) : NULL;
        size_t n = comma ? (size_t)(comma - line.at) : line.n;
        row->fields[i] = strip((struct slice){line.at, n});
        line = (struct slice){line.at + n + (comma != NULL), line.n - n - (comma != NULL)};
    }
}

/* $NAME or ${NAME}: gen_esp32part.py would look into its environment. */
static bool has_variable(struct slice line)
{
    for (size_t i = 0; i + 1 < line.n; i++) {
        unsigned char next = (unsigned char)line.at[i + 1];
        if (line.at[i] == '$' && (isalpha(next) || next == '_' || next == '{'))
            return true;
    }
    return false;
}

static int row_take(struct csv *csv, struct slice line, unsigned number)
{
    struct partition_table *table = csv->table;

    if (table->n == PARTITION_ROWS_MAX - 1) /* with the MD5, as it will be written */
        return error_set(csv->error, ERR_FILE_FORMAT,
                         "line %u: found another partition, expected no more than %d", number,
                         PARTITION_ROWS_MAX - 1);
    if (has_variable(line))
        return error_set(csv->error, ERR_FILE_FORMAT,
                         "line %u: found a variable ($NAME), expected its value: variables are not "
                         "replaced here",
                         number);

    struct row *row = &csv->rows[table->n];
    struct partition *p = &table->rows[table->n];
    *row = (struct row){.line = number};
    *p = (struct partition){0};
    fields_split(line, row);
    if (memchr(line.at, '\0', line.n))
        return error_set(csv->error, ERR_FILE_FORMAT, "line %u: found a zero byte, expected text",
                         number);
    /* ESP-IDF cuts a name that is too long, too. */
    size_t n = row->fields[NAME].n < sizeof p->label ? row->fields[NAME].n : sizeof p->label - 1;
    memcpy(p->label, row->fields[NAME].at, n);
    if (type_take(csv, row, p) != 0 || subtype_take(csv, row, p) != 0 ||
        offset_take(csv, row, p) != 0 || size_take(csv, row, p) != 0)
        return ERR_FILE_FORMAT;
    table->n++;
    return flags_take(csv, row, p);
}

static int lines_take(struct csv *csv, struct slice text)
{
    int rc = 0;

    for (unsigned number = 1; rc == 0 && text.n > 0; number++) {
        size_t n = 0;
        while (n < text.n && text.at[n] != '\n' && text.at[n] != '\r')
            n++;
        struct slice line = strip((struct slice){text.at, n});
        n += n + 1 < text.n && text.at[n] == '\r' && text.at[n + 1] == '\n';
        n += n < text.n;
        text = (struct slice){text.at + n, text.n - n};
        if (line.n > 0 && line.at[0] != '#')
            rc = row_take(csv, line, number);
    }
    return rc;
}

/* ---- places -------------------------------------------------------------------------------- */

static int place(struct csv *csv, size_t i, uint64_t *end)
{
    const struct row *row = &csv->rows[i];
    struct partition *p = &csv->table->rows[i];
    uint64_t alignment = p->type == PARTITION_APP ? APP_ALIGNMENT : FLASH_SECTOR;
    uint64_t offset = row->no_offset ? (*end + alignment - 1) / alignment * alignment : p->offset;

    if (offset < *end)
        return error_set(csv->error, ERR_FILE_FORMAT,
                         "line %u: offset: found 0x%x, expected 0x%llx or more, where %s ends",
                         row->line, p->offset, (unsigned long long)*end,
                         *end == (uint64_t)csv->table_address + PARTITION_SECTOR
                             ? "the partition table"
                             : "the partition before it");
    if (offset > UINT32_MAX)
        return error_set(csv->error, ERR_FILE_FORMAT,
                         "line %u: the partition would begin at 0x%llx, past the last 32-bit "
                         "address",
                         row->line, (unsigned long long)offset);
    p->offset = (uint32_t)offset;
    if (row->to_offset && p->size > 0) {
        if (p->size < p->offset)
            return error_set(csv->error, ERR_FILE_FORMAT,
                             "line %u: size: found -0x%x, where the partition is to end, expected "
                             "more than its offset 0x%x",
                             row->line, p->size, p->offset);
        p->size -= p->offset;
    }
    *end = offset + p->size;
    return 0;
}

static int places_fill(struct csv *csv)
{
    uint64_t end = (uint64_t)csv->table_address + PARTITION_SECTOR;
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < csv->table->n; i++) {
        if (!partition_is_fixed(&csv->table->rows[i]))
            rc = place(csv, i, &end);
        else if (csv->rows[i].to_offset)
            rc = refuse(csv, &csv->rows[i], SIZE, "a number above 0");
    }
    return rc;
}

int partition_csv_read(const char *text, size_t size, uint32_t table_address,
                       uint32_t bootloader_offset, struct partition_table *table,
                       struct error *error)
{
    struct csv csv = {.table_address = table_address,
                      .bootloader_offset = bootloader_offset,
                      .table = table,
                      .error = error};
    struct slice all = {text, size};

    *table = (struct partition_table){0};
    if (size >= 2 && (memcmp(text, "\xFF\xFE", 2) == 0 || memcmp(text, "\xFE\xFF", 2) == 0))
        return error_set(error, ERR_FILE_FORMAT, "the text is UTF-16, expected UTF-8");
    if (size >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0)
        all = (struct slice){text + 3, size - 3};
    int rc = lines_take(&csv, all);
    if (rc == 0 && table->n == 0)
        rc = error_set(error, ERR_FILE_FORMAT, "there is no partition in it");
    return rc == 0 ? places_fill(&csv) : rc;
}

/* ---- writing ------------------------------------------------------------------------------- */

/* Numbers where there is no name; gen_esp32part.py writes them decimal. */
static void name_write(struct buffer *out, const char *name, unsigned number)
{
    if (isdigit((unsigned char)name[0]))
        buffer_printf(out, "%u,", number);
    else
        buffer_printf(out, "%s,", name);
}

static void size_write(struct buffer *out, uint32_t size)
{
    if (size % (1024 * 1024) == 0)
        buffer_printf(out, "%uM,", size / (1024 * 1024));
    else if (size % 1024 == 0)
        buffer_printf(out, "%uK,", size / 1024);
    else
        buffer_printf(out, "0x%x,", size);
}

void partition_csv_write(const struct partition_table *table, struct buffer *out)
{
    char name[24];
    const char *flag;

    buffer_printf(out, "# ESP-IDF Partition Table\n# Name, Type, SubType, Offset, Size, Flags\n");
    for (size_t i = 0; i < table->n; i++) {
        const struct partition *p = &table->rows[i];
        const char *colon = "";
        buffer_printf(out, "%s,", p->label);
        name_write(out, partition_type_name(name, sizeof name, p->type), p->type);
        name_write(out, partition_subtype_name(name, sizeof name, p->type, p->subtype), p->subtype);
        buffer_printf(out, "0x%x,", p->offset);
        size_write(out, p->size);
        for (unsigned bit = 0; (flag = partition_flag_name(bit)) != NULL; bit++) {
            if (p->flags & 1u << bit) {
                buffer_printf(out, "%s%s", colon, flag);
                colon = ":";
            }
        }
        buffer_append_byte(out, '\n');
    }
}
