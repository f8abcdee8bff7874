/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The text of esptool's argument files (`@file`), as words. As esptool 5.3.1 does
 * (expand_file_arguments: Python's shlex.split of each line): blanks part words, '...' and "..."
 * and backslash quote, a word that begins with @ is no further file. Besides, a line that begins
 * with # is a comment.
 */
#ifndef ESPJIG_SOURCE_ARGS_H
#define ESPJIG_SOURCE_ARGS_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

struct words {
    char **rows; /* owned */
    size_t n;
};

/* Appends to *words. ERR_FILE_FORMAT names the file `name` and the line. */
int words_split(const char *name, const char *text, size_t size, struct words *words,
                struct error *error);
void words_add(struct words *words, const char *word);
void words_done(struct words *words);

/* The words of the file at `path`, appended. A word that must be a file (it has a dot or a slash,
 * or follows a number), is not there but is beside the argument file, is replaced by the path of
 * that one. ERR_FILE_UNREADABLE, ERR_FILE_EMPTY, ERR_FILE_FORMAT. */
int words_load(const char *path, struct words *words, struct error *error);

#endif
