/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Paths in files that people copy: relative to the file they stand in. For source/ only. */
#ifndef ESPJIG_SOURCE_JOB_PATH_H
#define ESPJIG_SOURCE_JOB_PATH_H

/* All of these are for the caller to free. */
char *job_path_directory(const char *path); /* that a file is in; "." */
char *job_path_join(const char *directory, const char *path);
/* How `path` is called from `directory`, both as seen from here. The path as it is where the two
 * have nothing in common: a copy of one would not help without the other. */
char *job_path_relative(const char *directory, const char *path);

#endif
