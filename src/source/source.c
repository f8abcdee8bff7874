/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a path is, and the reader for it. */
#include "source/source.h"

#include "base/util.h"
#include "source/private.h"

#include <dirent.h>
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

/* ---- the directory above ---- */

struct builds {
    char *path; /* of the first; owned */
    size_t n;
    struct buffer names; /* of all, for a message */
};

static bool is_directory(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static void builds_look(struct builds *builds, const char *directory)
{
    struct dirent **rows = NULL;
    int n = scandir(directory, &rows, NULL, alphasort);

    for (int i = 0; i < n; i++) {
        struct buffer path = {0};
        buffer_printf(&path, "%s/%s", directory, rows[i]->d_name);
        const char *build = (const char *)path.data;
        if (rows[i]->d_name[0] != '.' && is_directory(build) && kind_of(build)) {
            if (builds->n++ == 0)
                builds->path = xstrdup(build);
            buffer_printf(&builds->names, "%s%s", builds->n > 1 ? ", " : "", path.data);
        }
        buffer_done(&path);
        free(rows[i]);
    }
    free(rows);
}

/* What people call their project, sketch or tool: the only build below it. */
static int builds_find(const char *path, struct builds *builds, struct error *error)
{
    static const char *const places[] = {".pio/build", "build", "configure"};

    *builds = (struct builds){0};
    for (size_t i = 0; i < ARRAY_LEN(places) && builds->n == 0; i++) {
        struct buffer below = {0};
        buffer_printf(&below, "%s/%s", path, places[i]);
        builds_look(builds, (const char *)below.data);
        buffer_done(&below);
    }
    if (builds->n > 1)
        return error_set(error, ERR_USAGE, "%s has several builds, choose one: %.500s", path,
                         (const char *)builds->names.data);
    return 0;
}

static void builds_done(struct builds *builds)
{
    free(builds->path);
    buffer_done(&builds->names);
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
    result = source_file_read(path, &head, SOURCE_LOOK_MAX, error); /* says why it can't be read */
    buffer_done(&head);
    if (result != 0)
        return result;
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

/* A person chose the order of a job and of the Flash Download Tool's rows; a build wrote the others
 * as it came to them. */
static bool has_order(enum source_kind kind)
{
    return kind == SOURCE_JOB || kind == SOURCE_FDT;
}

static int below_load(const char *path, const struct source_options *options, struct job *job,
                      struct source_notes *notes, struct error *error)
{
    struct builds builds;
    int result = builds_find(path, &builds, error);

    if (result == 0 && builds.n == 1) {
        source_note(notes, false, "%s is a project: its build %s is taken", path, builds.path);
        result = source_load(builds.path, options, job, notes, error);
    } else if (result == 0) {
        result = not_known(path, error);
    }
    builds_done(&builds);
    return result;
}

int source_load(const char *path, const struct source_options *options, struct job *job,
                struct source_notes *notes, struct error *error)
{
    const struct kind *kind = kind_of(path);
    struct job work;

    if (kind == NULL)
        return below_load(path, options, job, notes, error);
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
    if (!has_order(kind->kind))
        job_sort_images(&work, s.first);
    if (work.chip == CHIP_AUTO)
        work.chip = options->chip != CHIP_AUTO ? options->chip : job->chip;
    if (!has_write_op(&work))
        job_add_op(&work, OP_WRITE_FLASH);
    job_done(job);
    *job = work;
    return 0;
}
