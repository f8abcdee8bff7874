/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writes NAME.job: what differs from an empty job, in the order of the table. */
#include "source/job_file.h"

#include "base/output.h"
#include "source/job_keys.h"
#include "source/job_path.h"

#include <stdlib.h>
#include <string.h>

enum { LINE_WIDTH = 110 };

/* ---- values ---- */

static bool needs_quotes(const char *value, size_t room)
{
    size_t n = strlen(value);

    if (n == 0 || n > room || strchr("\" \t", value[0]) || strchr(" \t", value[n - 1]))
        return true;
    for (; *value; value++) {
        if ((unsigned char)*value < ' ' || *value == ';' || *value == 0x7F)
            return true;
    }
    return false;
}

/* In quotes, and in several lines where it is long: inih takes the blanks off a line's ends, and
 * what begins with # is a comment. */
static void put_quoted(struct buffer *out, const char *value, size_t column)
{
    buffer_append_byte(out, '"');
    for (column++; *value; value++) {
        size_t before = out->len;
        bool fold = column >= LINE_WIDTH;
        if (fold) {
            buffer_printf(out, "\n    ");
            column = 4;
            before = out->len;
        }
        if ((unsigned char)*value < ' ' || *value == ';' || *value == 0x7F ||
            (fold && *value == '#') || (*value == ' ' && (fold || column + 4 >= LINE_WIDTH)))
            buffer_printf(out, "\\x%02x", (unsigned)(unsigned char)*value);
        else if (*value == '"' || *value == '\\')
            buffer_printf(out, "\\%c", *value);
        else
            buffer_append_byte(out, (uint8_t)*value);
        column += out->len - before;
    }
    buffer_append_byte(out, '"');
}

static void put_pair(struct buffer *out, const char *name, const char *value)
{
    size_t column = strlen(name) + 3;

    buffer_printf(out, "%s = ", name);
    if (needs_quotes(value, LINE_WIDTH - column))
        put_quoted(out, value, column);
    else
        buffer_printf(out, "%s", value);
    buffer_append_byte(out, '\n');
}

/* ---- sections ---- */

static const char *text_of(const struct job_key *key, const void *item, struct buffer *to)
{
    buffer_clear(to);
    key->write(key, item, to);
    return to->data && to->len ? (const char *)to->data : "";
}

/* `blank` is the item as it is when nothing is said of it. */
static void put_section(struct buffer *out, enum job_section section, size_t number,
                        const void *item, const void *blank)
{
    struct buffer value = {0}, usual = {0};
    bool begun = false;

    for (size_t i = 0; i < job_keys_n; i++) {
        const struct job_key *key = &job_keys[i];
        if (key->section != section)
            continue;
        const char *text = text_of(key, item, &value);
        if (!key->required && strcmp(text, text_of(key, blank, &usual)) == 0)
            continue;
        if (!begun && number)
            buffer_printf(out, "%s[%s %zu]\n", out->len ? "\n" : "", job_sections[section].name,
                          number);
        else if (!begun)
            buffer_printf(out, "%s[%s]\n", out->len ? "\n" : "", job_sections[section].name);
        begun = true;
        put_pair(out, key->name, text);
    }
    buffer_done(&value);
    buffer_done(&usual);
}

/* A check that says what to expect is on unless told otherwise. */
static void put_boot_check(struct buffer *out, const struct job *job, struct job *blank)
{
    const struct job_boot_check *check = &job->boot_check, *usual = &blank->boot_check;

    blank->boot_check.enabled = check->expect[0] || check->send[0] || check->delay_ms ||
                                check->timeout_ms != usual->timeout_ms ||
                                check->baud != usual->baud;
    put_section(out, SECTION_BOOT_CHECK, 0, job, blank);
}

static void put_job(struct buffer *out, const struct job *job, const char *directory)
{
    const struct job_image no_image = {.path = "", .enabled = true};
    const struct flash_range no_range = {0};
    struct job blank;

    job_init(&blank);
    put_section(out, SECTION_JOB, 0, job, &blank);
    put_section(out, SECTION_FLASH, 0, job, &blank);
    for (size_t i = 0; i < job->n_images; i++) {
        struct job_image image = job->images[i];
        image.path = job_path_relative(directory, image.path);
        put_section(out, SECTION_IMAGE, i + 1, &image, &no_image);
        free(image.path);
    }
    for (size_t i = 0; i < job->n_protect; i++)
        put_section(out, SECTION_PROTECT, i + 1, &job->protect[i], &no_range);
    put_boot_check(out, job, &blank);
    if (out->len == 0) /* a file of zero bytes would be none */
        buffer_printf(out, "[job]\n");
    job_done(&blank);
}

bool job_file_setting(const struct job *job, size_t i, struct job_setting *setting,
                      struct buffer *value)
{
    struct buffer usual = {0};
    struct job blank;
    size_t single = 0;

    for (size_t k = 0; k < job_keys_n; k++) {
        const struct job_key *key = &job_keys[k];
        if (job_sections[key->section].many || single++ != i)
            continue;
        job_init(&blank);
        setting->section = job_sections[key->section].name;
        setting->key = key->name;
        setting->usual = strcmp(text_of(key, job, value), text_of(key, &blank, &usual)) == 0;
        buffer_append_byte(value, 0);
        job_done(&blank);
        buffer_done(&usual);
        return true;
    }
    return false;
}

int job_file_save(const struct job *job, const char *path, struct error *error)
{
    char *directory = job_path_directory(path);
    struct buffer text = {0};
    int result;

    put_job(&text, job, directory);
    result = output_write(path, text.data, text.len, error);
    free(directory);
    buffer_done(&text);
    return result;
}
