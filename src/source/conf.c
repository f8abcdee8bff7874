/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * These files are what Python's ConfigParser writes: sections, `key = value`, comments, and lines
 * of any length. Not with inih: as distributions build it (INI_USE_STACK, INI_MAX_LINE 200, so that
 * INI_ALLOW_REALLOC has no effect) it cuts what is longer, and a Windows path alone may have 260
 * bytes. Of a job, which is ours, job_file.c can ask for shorter lines.
 */
#include "source/conf.h"

#include "base/buffer.h"
#include "base/util.h"

#include <iconv.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { ROWS_MAX = 4096 };

static const char blanks[] = " \t\r\f\v";

/* ---- bytes ---- */

static bool is_utf8(const char *text)
{
    while (*text) {
        size_t n = util_utf8_length(text);
        if (n == 0)
            return false;
        text += n;
    }
    return true;
}

/* NULL: it is no GBK either, or this system does not know it. */
static char *from_gbk(char *text, size_t size)
{
    size_t room = 3 * size + 1, in_left = size, left = room - 1;
    iconv_t to_utf8 = iconv_open("UTF-8", "GBK");
    char *out = xmalloc(room), *at = out, *in = text;

    if (to_utf8 == (iconv_t)-1 || iconv(to_utf8, &in, &in_left, &at, &left) == (size_t)-1) {
        free(out);
        out = NULL;
    } else {
        *at = '\0';
    }
    if (to_utf8 != (iconv_t)-1)
        iconv_close(to_utf8);
    return out;
}

static char *text_of(struct conf *conf, const char *text, size_t size)
{
    char *copy, *gbk;

    if (size >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) {
        text += 3;
        size -= 3;
    }
    copy = xmalloc(size + 1);
    memcpy(copy, text, size);
    copy[size] = '\0';
    conf->was_gbk = !is_utf8(copy);
    if (!conf->was_gbk || (gbk = from_gbk(copy, size)) == NULL)
        return copy;
    free(copy);
    return gbk;
}

/* ---- lines ---- */

/* Without the blanks at its ends; in place. */
static char *trim(char *text)
{
    size_t n;

    text += strspn(text, blanks);
    for (n = strlen(text); n > 0 && strchr(blanks, text[n - 1]); n--)
        text[n - 1] = '\0';
    return text;
}

static void row_add(struct conf *conf, const char *section, char *line, char *equals,
                    unsigned number)
{
    if (conf->n % 64 == 0)
        conf->rows = xrealloc(conf->rows, (conf->n + 64) * sizeof *conf->rows);
    *equals = '\0';
    conf->rows[conf->n++] = (struct conf_entry){
        .section = section, .key = trim(line), .value = trim(equals + 1), .line = number};
}

int conf_read(struct conf *conf, const char *name, const char *text, size_t size,
              struct error *error)
{
    const char *section = NULL;
    unsigned number = 0;
    char *next, *end;

    *conf = (struct conf){0};
    if (memchr(text, '\0', size))
        return error_set(error, ERR_FILE_FORMAT, "%s: a zero byte: this is no text", name);
    conf->text = text_of(conf, text, size);
    for (char *line = conf->text; line; line = next) {
        number++;
        if ((next = strchr(line, '\n')) != NULL)
            *next++ = '\0';
        line = trim(line);
        if (*line == '\0' || *line == '#' || *line == ';')
            continue;
        if (*line == '[' && (end = strchr(line, ']')) != NULL) {
            *end = '\0';
            section = trim(line + 1);
            continue;
        }
        if (section == NULL || *line == '[' || (end = strpbrk(line, "=:")) == NULL)
            return error_set(error, ERR_FILE_FORMAT,
                             "%s: line %u: neither [section] nor \"key = value\": \"%.60s\"", name,
                             number, line);
        if (conf->n == ROWS_MAX)
            return error_set(error, ERR_FILE_FORMAT, "%s: line %u: more than %d values", name,
                             number, ROWS_MAX);
        row_add(conf, section, line, end, number);
    }
    return 0;
}

void conf_done(struct conf *conf)
{
    free(conf->text);
    free(conf->rows);
    *conf = (struct conf){0};
}

const char *conf_get(const struct conf *conf, const char *section, const char *key)
{
    for (size_t i = 0; i < conf->n; i++) {
        if (strcasecmp(conf->rows[i].section, section) == 0 &&
            strcasecmp(conf->rows[i].key, key) == 0)
            return conf->rows[i].value;
    }
    return NULL;
}
