/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Paths in files that people copy: relative to the file they stand in. For source/ only. */
#ifndef ESPJIG_SOURCE_JOB_PATH_H
#define ESPJIG_SOURCE_JOB_PATH_H

#include "base/buffer.h"
#include "base/error.h"

#include <stddef.h>

/* All of these are for the caller to free. */
char *job_path_directory(const char *path); /* that a file is in; "." */
char *job_path_join(const char *directory, const char *path);
/* How `path` is called from `directory`, both as seen from here. The path as it is where the two
 * have nothing in common: a copy of one would not help without the other. */
char *job_path_relative(const char *directory, const char *path);

/* Reads a regular file of at most `max` bytes. ERR_FILE_UNREADABLE, ERR_FILE_FORMAT. */
int job_path_read(const char *path, size_t max, struct buffer *text, struct error *error);

/* Writes a file: as a whole, or not at all. ERR_FILE_WRITE. */
int job_path_write(const char *path, const struct buffer *text, struct error *error);

#endif
