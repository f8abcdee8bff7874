/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/util.h"
#include "source/args.h"
#include "source/private.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

void words_add(struct words *words, const char *word)
{
    words->rows = xrealloc(words->rows, (words->n + 1) * sizeof *words->rows);
    words->rows[words->n++] = xstrdup(word);
}

void words_done(struct words *words)
{
    for (size_t i = 0; i < words->n; i++)
        free(words->rows[i]);
    free(words->rows);
    *words = (struct words){0};
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v';
}

/* Takes one word from *p up to `end`; false: a quotation does not end on its line. */
static bool word_take(const char **p, const char *end, struct buffer *word)
{
    char quote = 0;

    for (; *p < end && (quote || !is_blank(**p)); (*p)++) {
        char c = **p;
        if (quote && c == quote) {
            quote = 0;
        } else if (!quote && (c == '\'' || c == '"')) {
            quote = c;
        } else if (c == '\\' && quote != '\'') {
            if (++*p == end)
                return false;
            /* Between double quotes it quotes only these two, else it stays. */
            if (quote && **p != '"' && **p != '\\')
                buffer_append_byte(word, '\\');
            buffer_append_byte(word, (uint8_t) * *p);
        } else {
            buffer_append_byte(word, (uint8_t)c);
        }
    }
    return !quote;
}

static int line_split(const char *name, size_t number, const char *p, const char *end,
                      struct words *words, struct error *error)
{
    struct buffer word = {0};
    int result = 0;

    while (p < end && is_blank(*p))
        p++;
    if (p < end && *p == '#')
        return 0;
    while (result == 0 && p < end) {
        buffer_clear(&word);
        buffer_reserve(&word, 1)[0] = '\0';
        if (!word_take(&p, end, &word))
            result = error_set(error, ERR_FILE_FORMAT,
                               "%s: line %zu: a quotation or a backslash has no end", name, number);
        else if (words->n == SOURCE_WORDS_MAX)
            result = error_set(error, ERR_FILE_FORMAT, "%s: line %zu: more than %d words", name,
                               number, SOURCE_WORDS_MAX);
        else
            words_add(words, (const char *)word.data);
        while (p < end && is_blank(*p))
            p++;
    }
    buffer_done(&word);
    return result;
}

int words_split(const char *name, const char *text, size_t size, struct words *words,
                struct error *error)
{
    const char *end = text + size;
    size_t number = 1;

    if (memchr(text, 0, size))
        return error_set(error, ERR_FILE_FORMAT, "%s is no text: it has a zero byte", name);
    for (const char *p = text + source_mark_size(text, size); p < end; number++) {
        const char *line_end = memchr(p, '\n', (size_t)(end - p));
        if (line_end == NULL)
            line_end = end;
        int result = line_split(name, number, p, line_end, words, error);
        if (result != 0)
            return result;
        p = line_end + (line_end < end);
    }
    return 0;
}

/* ---- files beside the argument file ---- */

static bool is_file(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

static bool must_be_file(const char *word, const char *before)
{
    uint64_t v;

    if (word[0] == '-' || word[0] == '/')
        return false;
    return strchr(word, '.') || strchr(word, '/') ||
           (before && util_number_parse(before, true, UINT64_MAX, &v));
}

int words_load(const char *path, struct words *words, struct error *error)
{
    struct buffer text = {0};
    size_t first = words->n;
    char *folder = source_folder(path);
    int result = source_text_read(path, &text, error);

    if (result == 0)
        result = words_split(path, (const char *)text.data, text.len, words, error);
    for (size_t i = first; result == 0 && folder[0] && i < words->n; i++) {
        struct buffer beside = {0};
        buffer_printf(&beside, "%s%s", folder, words->rows[i]);
        if (must_be_file(words->rows[i], i > first ? words->rows[i - 1] : NULL) &&
            !is_file(words->rows[i]) && is_file((const char *)beside.data)) {
            free(words->rows[i]);
            words->rows[i] = xstrdup((const char *)beside.data);
        }
        buffer_done(&beside);
    }
    buffer_done(&text);
    free(folder);
    return result;
}
