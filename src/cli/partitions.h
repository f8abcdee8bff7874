/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The parts of `espjig partitions`. */
#ifndef ESPJIG_CLI_PARTITIONS_H
#define ESPJIG_CLI_PARTITIONS_H

#include "job/event.h"

/* Reads the table of a file into the event, whose address says where it is in the flash and whose
 * bootloader is filled in already: a table, CSV, an image of the flash that holds one, or a build
 * directory. The address is changed where the directory, or a search, knows better, unless it is
 * `fixed`. ERR_FILE_FORMAT and those of reading name the file. */
int partitions_file_read(const char *path, bool fixed, struct event *event, struct error *error);

/* The list and the map, to stdout. */
void partitions_print(const struct event *event);

#endif
