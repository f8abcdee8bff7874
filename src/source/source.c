/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a path is, and the reader for it. */
#include "source/source.h"

#include "base/util.h"
#include "source/private.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* In the order in which they are asked: a build directory of PlatformIO may hold the files of an
 * ESP-IDF one, too, with names that are not used there. */
static const struct kind {
    enum source_kind kind;
    const char *name;
    bool (*is)(const struct source_look *look);
    int (*load)(struct source *s);
} kinds[] = {
    {SOURCE_JOB, "job file", source_job_is, source_job_load},
    {SOURCE_FDT, "settings of the Flash Download Tool", source_fdt_is, source_fdt_load},
    {SOURCE_PLATFORMIO, "PlatformIO build directory", source_platformio_is, source_platformio_load},
    {SOURCE_ARDUINO, "Arduino build directory", source_arduino_is, source_arduino_load},
    {SOURCE_IDF, "ESP-IDF build directory", source_idf_is, source_idf_load},
    {SOURCE_WEB_TOOLS, "manifest of ESP Web Tools", source_web_is, source_web_load},
    {SOURCE_IMAGE, "image with its own addresses", source_image_is, source_image_load},
    {SOURCE_ARGS, "argument file of esptool", source_args_is, source_args_load},
};

static const struct kind *kind_of(const char *path)
{
    struct source_look look = {.path = path};
    struct buffer head = {0};
    const struct kind *found = NULL;
    struct stat st;

    if (stat(path, &st) != 0)
        return NULL;
    look.directory = S_ISDIR(st.st_mode);
    look.size = st.st_size > 0 ? (size_t)st.st_size : 0;
    if (!look.directory && source_head(path, &head, SOURCE_LOOK_MAX) != 0)
        goto out;
    buffer_append_byte(&head, 0);
    look.head = head.data;
    look.n = head.len - 1;
    for (size_t i = 0; i < ARRAY_LEN(kinds) && found == NULL; i++) {
        if (kinds[i].is(&look))
            found = &kinds[i];
    }
out:
    buffer_done(&head);
    return found;
}

enum source_kind source_kind(const char *path)
{
    const struct kind *kind = kind_of(path);

    return kind ? kind->kind : SOURCE_NONE;
}

const char *source_kind_name(enum source_kind kind)
{
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        if (kinds[i].kind == kind)
            return kinds[i].name;
    }
    return "nothing that is known";
}

/* ---- notes ---- */

void source_note(struct source_notes *notes, bool lost, const char *format, ...)
{
    char text[1024];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    util_text_clean(text);
    notes->rows = xrealloc(notes->rows, (notes->n + 1) * sizeof *notes->rows);
    struct source_note *row = &notes->rows[notes->n++];
    row->lost = lost;
    util_copy(row->text, sizeof row->text, text);
}

void source_notes_done(struct source_notes *notes)
{
    free(notes->rows);
    *notes = (struct source_notes){0};
}

/* ---- loading ---- */

static int not_known(const char *path, struct error *error)
{
    struct buffer head = {0};
    struct stat st;
    int result;

    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        return error_set(error, ERR_FILE_FORMAT,
                         "%s is no build directory: it has neither flasher_args.json (ESP-IDF), "
                         "firmware.bin (PlatformIO), NAME.ino.bin (Arduino) nor manifest.json",
                         path);
    result = source_text_read(path, &head, error); /* says why it can't be read */
    buffer_done(&head);
    if (result != 0 && error->code != ERR_TOO_BIG)
        return result;
    error_clear(error);
    return error_set(error, ERR_USAGE,
                     "%s does not say where it belongs: give an address, `bootloader` or the name "
                     "of a partition before it",
                     path);
}

static bool has_write_op(const struct job *job)
{
    for (size_t i = 0; i < job->n_ops; i++) {
        if (job->ops[i].kind == OP_WRITE_FLASH)
            return true;
    }
    return false;
}

int source_load(const char *path, const struct source_options *options, struct job *job,
                struct source_notes *notes, struct error *error)
{
    const struct kind *kind = kind_of(path);
    struct job work;

    if (kind == NULL)
        return not_known(path, error);
    job_copy(&work, job);
    work.chip = CHIP_AUTO; /* so that it is seen what the source says */
    struct source s = {.name = path,
                       .directory = "",
                       .options = options,
                       .job = &work,
                       .first = work.n_images,
                       .notes = notes,
                       .error = error};
    int result = kind->load(&s);
    if (result == 0 && work.n_images == s.first && kind->kind != SOURCE_JOB)
        result = error_set(error, ERR_FILE_FORMAT, "%s names no file to be written", path);
    if (result != 0) {
        job_done(&work);
        return result;
    }
    if (work.chip == CHIP_AUTO)
        work.chip = options->chip != CHIP_AUTO ? options->chip : job->chip;
    if (!has_write_op(&work))
        job_add_op(&work, OP_WRITE_FLASH);
    job_done(job);
    *job = work;
    return 0;
}
