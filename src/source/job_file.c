/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reads NAME.job. inih cuts lines into keys and values; what it lets pass stands here: sections and
 * keys that do not exist or come twice, values in quotes, limits.
 */
#include "source/job_file.h"

#include "base/util.h"
#include "source/job_keys.h"
#include "source/job_path.h"
#include "source/near.h"
#include "source/private.h"

#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    FILE_MAX = 256 * 1024,
    LINE_MAX_BYTES = 190, /* inih's are of 200, unless whoever built it chose to */
    VALUE_MAX = 32 * 1024,
    ITEMS_MAX = 256,
    NAME_MAX_BYTES = 40 /* of a section */
};

static const char blanks[] = " \t\r\n";

struct reading {
    const char *name; /* of the file */
    const char *text, *end;
    unsigned line; /* number of the line that inih has */
    struct job *job;
    struct error *error;

    int section;         /* enum job_section; -1: none yet */
    char title[64];      /* "[image 1]" */
    unsigned begun;      /* line of its header */
    uint64_t keys;       /* that the section has; bits by number in job_keys */
    struct buffer names; /* of all sections, a line each */

    const struct job_key *key; /* whose value may go on in the next line; NULL */
    struct buffer value;
    unsigned value_line;

    bool boot_check_off;
};

static int wrong(struct reading *r, unsigned line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static int wrong(struct reading *r, unsigned line, const char *format, ...)
{
    char text[512];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return error_set(r->error, ERR_FILE_FORMAT, "%s: line %u: %s", r->name, line, text);
}

/* ---- sections ---- */

static void *item_of(struct reading *r)
{
    if (r->section == SECTION_IMAGE)
        return &r->job->images[r->job->n_images - 1];
    if (r->section == SECTION_PROTECT)
        return &r->job->protect[r->job->n_protect - 1];
    return r->job;
}

static int protect_end(struct reading *r)
{
    struct flash_range *range = item_of(r);
    uint64_t end = range->size ? range->size : UINT64_C(1) << 32;

    if (end <= range->address || end - range->address > UINT32_MAX)
        return wrong(r, r->begun, "%s ends at 0x%llx, which is not behind its start at 0x%x",
                     r->title, (unsigned long long)end, range->address);
    range->size = (uint32_t)(end - range->address);
    return 0;
}

static int section_end(struct reading *r)
{
    if (r->section < 0)
        return 0;
    for (size_t i = 0; i < job_keys_n; i++) {
        const struct job_key *key = &job_keys[i];
        if (key->section == (enum job_section)r->section && key->required && !(r->keys >> i & 1))
            return wrong(r, r->begun, "%s has no %s", r->title, key->name);
    }
    if (r->section == SECTION_PROTECT)
        return protect_end(r);
    if (r->section == SECTION_BOOT_CHECK && r->job->boot_check.expect[0] == '\0' &&
        !r->boot_check_off)
        return wrong(r, r->begun, "%s does not say what to expect", r->title);
    return 0;
}

static bool section_find(struct reading *r, const char *word)
{
    for (int i = 0; i < SECTION_COUNT; i++) {
        if (strcmp(job_sections[i].name, word) == 0)
            r->section = i;
    }
    return r->section >= 0;
}

static int section_unknown(struct reading *r, const char *word)
{
    const char *words[SECTION_COUNT];

    for (int i = 0; i < SECTION_COUNT; i++)
        words[i] = job_sections[i].name;
    return wrong(r, r->line, "there is no section [%s]; did you mean [%s]?", word,
                 near_word(word, words, SECTION_COUNT));
}

static int section_is_new(struct reading *r)
{
    struct buffer line = {0};
    int result = 0;

    buffer_printf(&line, "\n%s\n", r->title);
    if (r->names.len == 0)
        buffer_append_byte(&r->names, '\n');
    if (strstr((const char *)r->names.data, (const char *)line.data))
        result = wrong(r, r->line, "%s is there twice", r->title);
    buffer_printf(&r->names, "%s\n", r->title);
    buffer_done(&line);
    return result;
}

static int item_add(struct reading *r)
{
    struct job *job = r->job;
    size_t n = r->section == SECTION_IMAGE ? job->n_images : job->n_protect;

    if (n == ITEMS_MAX)
        return wrong(r, r->line, "more than %d sections [%s ...]", ITEMS_MAX,
                     job_sections[r->section].name);
    if (r->section == SECTION_IMAGE) {
        job_add_image(job, "", 0);
        return 0;
    }
    job->protect = xrealloc(job->protect, (n + 1) * sizeof *job->protect);
    job->protect[job->n_protect++] = (struct flash_range){0};
    return 0;
}

/* `header` is a line that begins with a bracket. */
static int section_begin(struct reading *r, const char *header)
{
    size_t n = strcspn(header + 1, "]");
    const char *rest = header + 1 + n + (header[1 + n] == ']');
    char name[NAME_MAX_BYTES + 1], word[NAME_MAX_BYTES + 1];

    if (section_end(r) != 0)
        return r->error->code;
    rest += strspn(rest, blanks);
    if (header[1 + n] != ']' || (*rest && *rest != ';' && *rest != '#'))
        return wrong(r, r->line, "a section is one word or two in brackets, such as [image app]");
    if (n > NAME_MAX_BYTES)
        return wrong(r, r->line, "the name of the section has more than %d bytes", NAME_MAX_BYTES);
    snprintf(name, sizeof name, "%.*s", (int)n, header + 1);
    snprintf(word, sizeof word, "%.*s", (int)strcspn(name, " "), name);
    r->section = -1;
    if (!section_find(r, word))
        return section_unknown(r, word);
    const char *second = name + strlen(word) + (name[strlen(word)] == ' ');
    if (job_sections[r->section].many != (second[strspn(second, " ")] != '\0'))
        return wrong(r, r->line,
                     job_sections[r->section].many ? "[%s] needs a name, such as [%s 1]"
                                                   : "[%s] has no name behind it: [%s]",
                     name, word);
    snprintf(r->title, sizeof r->title, "[%s]", name);
    r->begun = r->line;
    r->keys = 0;
    if (section_is_new(r) != 0 || (job_sections[r->section].many && item_add(r) != 0))
        return r->error->code;
    return 0;
}

/* ---- values ---- */

static bool is_open(const struct buffer *value)
{
    const char *p = (const char *)value->data;

    if (value->len == 0 || *p != '"')
        return false;
    for (p++; *p && *p != '"'; p++)
        p += *p == '\\' && p[1];
    return *p == '\0';
}

static int hex_digit(char c)
{
    const char *digits = "0123456789abcdef", *at = c ? strchr(digits, c | 0x20) : NULL;

    return at ? (int)(at - digits) : -1;
}

/* Takes the quotes off, in place; `text` begins with one. False: an unknown escape, or something
 * behind the closing quote. */
static bool unquote(char *text)
{
    char *to = text, *p = text + 1;

    for (; *p && *p != '"'; p++) {
        if (*p != '\\') {
            *to++ = *p;
        } else if (p[1] == '\\' || p[1] == '"') {
            *to++ = *++p;
        } else if (p[1] == 'x' && hex_digit(p[2]) >= 0 && hex_digit(p[3]) >= 0) {
            *to++ = (char)(hex_digit(p[2]) << 4 | hex_digit(p[3]));
            p += 3;
            if (to[-1] == '\0')
                return false;
        } else {
            return false;
        }
    }
    if (*p++ != '"')
        return false;
    p += strspn(p, blanks);
    *to = '\0';
    return *p == '\0' || *p == ';';
}

/* The value is whole now. */
static int value_end(struct reading *r)
{
    const struct job_key *key = r->key;
    char nothing[] = "", *text = r->value.len ? (char *)r->value.data : nothing;

    if (key == NULL)
        return 0;
    r->key = NULL;
    if (is_open(&r->value))
        return wrong(r, r->value_line,
                     "%s: the closing quote is missing (in quotes, ; is written \\x3b)", key->name);
    if (text[0] == '"' && !unquote(text))
        return wrong(r, r->value_line,
                     "%s: %s is no text in quotes: \\\\, \\\" and \\x20 are known, and nothing "
                     "can follow",
                     key->name, text);
    if (!key->read(key, item_of(r), text))
        return wrong(r, r->value_line, "%s: \"%.200s\" is not %s", key->name, text, key->values);
    if (r->section == SECTION_BOOT_CHECK && strcmp(key->name, "enabled") == 0)
        r->boot_check_off = !r->job->boot_check.enabled;
    return 0;
}

static int key_unknown(struct reading *r, const char *name)
{
    const char *words[64];
    size_t n = 0;

    for (size_t i = 0; i < job_keys_n && n < ARRAY_LEN(words); i++) {
        if (job_keys[i].section == (enum job_section)r->section)
            words[n++] = job_keys[i].name;
    }
    return wrong(r, r->line, "%s has no key \"%.64s\"; did you mean \"%s\"?", r->title, name,
                 near_word(name, words, n));
}

static int key_begin(struct reading *r, const char *name, const char *value)
{
    if (r->section < 0)
        return wrong(r, r->line, "\"%.64s\" stands before the first section", name);
    for (size_t i = 0; i < job_keys_n && r->key == NULL; i++) {
        if (job_keys[i].section != (enum job_section)r->section ||
            strcmp(job_keys[i].name, name) != 0)
            continue;
        if (r->keys >> i & 1)
            return wrong(r, r->line, "%s has the key \"%s\" twice", r->title, name);
        r->keys |= UINT64_C(1) << i;
        r->key = &job_keys[i];
    }
    if (r->key == NULL)
        return key_unknown(r, name);
    buffer_clear(&r->value);
    buffer_printf(&r->value, "%s", value);
    r->value_line = r->line;
    return 0;
}

/* ---- between us and inih ---- */

/* From inih: a key with its value, or with what the next line adds to it. */
static int on_pair(void *user, const char *section, const char *name, const char *value)
{
    struct reading *r = user;

    (void)section; /* cut off after 49 bytes */
    if (r->error->code != 0)
        return 0;
    if (r->key == NULL)
        return key_begin(r, name, value) == 0;
    buffer_printf(&r->value, "%s", value);
    if (r->value.len > VALUE_MAX)
        wrong(r, r->value_line, "%s has more than %d bytes", r->key->name, VALUE_MAX);
    return r->error->code == 0;
}

/* Copies the next line; 0: there is none, or it is no good. */
static size_t line_take(struct reading *r, char *to)
{
    const char *end = memchr(r->text, '\n', (size_t)(r->end - r->text));
    size_t n = (size_t)((end ? end : r->end) - r->text);

    if (n > LINE_MAX_BYTES)
        wrong(r, r->line, "more than %d bytes; a value in quotes may go on in the next line",
              LINE_MAX_BYTES);
    else if (memchr(r->text, '\0', n))
        wrong(r, r->line, "a zero byte: this is no text");
    if (r->error->code != 0)
        return 0;
    memcpy(to, r->text, n);
    memcpy(to + n, "\n", 2);
    r->text += n + (end != NULL);
    return n + 1;
}

/* For inih: the next line. What begins with a blank would go on with the value before it, which is
 * only meant inside of quotes. */
static char *next_line(char *to, int size, void *stream)
{
    struct reading *r = stream;
    size_t n;

    if (r->error->code != 0 || r->text == r->end)
        return NULL;
    r->line++;
    if (size < LINE_MAX_BYTES + 2) {
        error_set(r->error, ERR_INTERNAL, "inih takes lines of %d bytes only", size);
        return NULL;
    }
    n = line_take(r, to);
    if (n == 0)
        return NULL;
    size_t blank = strspn(to, blanks);
    const char *start = to + blank;
    if (*start == '\0' || (blank > 0 && r->key && is_open(&r->value)))
        return to;
    if (value_end(r) != 0 || (*start == '[' && section_begin(r, start) != 0))
        return NULL;
    memmove(to, start, n - blank + 1);
    return to;
}

static void skip_bom(struct reading *r)
{
    if (r->end - r->text >= 3 && memcmp(r->text, "\xEF\xBB\xBF", 3) == 0)
        r->text += 3;
}

/* ---- a file ---- */

static void paths_resolve(struct job *job, const char *directory)
{
    for (size_t i = 0; i < job->n_images; i++) {
        char *path = job_path_join(directory, job->images[i].path);
        free(job->images[i].path);
        job->images[i].path = path;
    }
}

int job_file_read(const char *name, const char *directory, const char *text, size_t size,
                  struct job *job, struct error *error)
{
    struct error own = {0};
    struct job fresh;
    struct reading r = {.name = name,
                        .text = text,
                        .end = text + size,
                        .section = -1,
                        .job = &fresh,
                        .error = &own};

    job_init(&fresh);
    if (size > FILE_MAX)
        error_set(&own, ERR_FILE_FORMAT, "%s: %zu bytes, a job has %d at most", name, size,
                  FILE_MAX);
    skip_bom(&r);
    int bad_line = own.code == 0 ? ini_parse_stream(next_line, &r, on_pair, &r) : 0;
    if (own.code == 0 && bad_line > 0)
        wrong(&r, (unsigned)bad_line, "no section and no \"key = value\"");
    if (own.code == 0 && value_end(&r) == 0 && section_end(&r) == 0 && r.section < 0)
        wrong(&r, 1, "no section such as [job]");
    if (own.code == 0) {
        fresh.boot_check.enabled = fresh.boot_check.expect[0] != '\0' && !r.boot_check_off;
        job_add_op(&fresh, OP_WRITE_FLASH);
        paths_resolve(&fresh, directory);
        job_done(job);
        *job = fresh;
    } else {
        job_done(&fresh);
        error_set(error, own.code, "%s", own.text);
    }
    buffer_done(&r.names);
    buffer_done(&r.value);
    return own.code;
}

int job_file_load(const char *path, struct job *job, struct error *error)
{
    struct buffer text = {0};
    char *directory = job_path_directory(path);
    int result = source_text_read(path, &text, error);

    if (result == 0)
        result = job_file_read(path, directory, (const char *)text.data, text.len, job, error);
    free(directory);
    buffer_done(&text);
    return result;
}
