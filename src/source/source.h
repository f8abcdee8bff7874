/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Images the way people have them: a path becomes the images and settings of a job. The command
 * line, `espjig job import` and the dashboard's file chooser all come through here.
 *
 * Whatever a source says that a job can't express is a note, so that nothing is dropped in silence.
 * Takes files from strangers: limits on size, depth and number; a file that is named must be a
 * regular one.
 */
#ifndef ESPJIG_SOURCE_SOURCE_H
#define ESPJIG_SOURCE_SOURCE_H

#include "base/error.h"
#include "job/job.h"

#include <stdbool.h>
#include <stddef.h>

enum source_kind {
    SOURCE_NONE,       /* nothing that is known */
    SOURCE_JOB,        /* NAME.job */
    SOURCE_IDF,        /* ESP-IDF build directory, or its flasher_args.json */
    SOURCE_PLATFORMIO, /* .pio/build/ENV */
    SOURCE_ARDUINO,    /* build directory of the Arduino IDE or arduino-cli */
    SOURCE_WEB_TOOLS,  /* ESP Web Tools manifest.json */
    SOURCE_ARGS,       /* esptool's @file, ESP-IDF's flash_args and flash_project_args */
    SOURCE_FDT,        /* Flash Download Tool's .conf */
    SOURCE_IMAGE       /* a file that knows its own address: HEX, UF2; a merged image at 0 */
};

struct source_note {
    bool lost;      /* something was not taken over; else it tells what was assumed */
    char text[320]; /* one sentence: file, key or line, value, why */
};
struct source_notes {
    struct source_note *rows;
    size_t n;
};

struct source_options {
    enum chip_id chip;  /* which part of a source for several chips; CHIP_AUTO: the only one */
    bool allow_outside; /* take files that lie outside of the folder of a build or a manifest */
};

/* By content and names in it; never fails, never blocks longer than reading a directory does. */
enum source_kind source_kind(const char *path);
const char *source_kind_name(enum source_kind kind); /* "ESP-IDF build directory" */

/* Fills *job, which is initialised: images with paths that work from the current directory,
 * settings, the write-flash op. *notes is appended to. On error *job is as it was. ERR_FILE_FORMAT
 * with file and line or offset; ERR_USAGE when the source is for several chips and none is chosen,
 * or for another than options->chip. */
int source_load(const char *path, const struct source_options *options, struct job *job,
                struct source_notes *notes, struct error *error);

/* The chip that the headers of the images from `first` on agree on; NULL: none is named, or more
 * than one. */
const struct chip *source_chip_told(const struct job *job, size_t first);

void source_note(struct source_notes *notes, bool lost, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void source_notes_done(struct source_notes *notes);

#endif
