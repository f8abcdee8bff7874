/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Jobs in the form of other tools. What these can't say is a note. */
#ifndef ESPJIG_SOURCE_EXPORT_H
#define ESPJIG_SOURCE_EXPORT_H

#include "base/error.h"
#include "job/job.h"
#include "source/source.h"

/* ESP-IDF's flash_args: options and pairs of address and file, relative to the file's folder. */
int export_flash_args(const struct job *job, const char *path, struct source_notes *notes,
                      struct error *error);

/* The Flash Download Tool's spi_download.conf, multi_download.conf and utility.conf below
 * DIRECTORY/configure/CHIP/, as version 3.9 reads them. */
int export_fdt(const struct job *job, const char *directory, struct source_notes *notes,
               struct error *error);

#endif
