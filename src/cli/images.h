/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The images of a command line. */
#ifndef ESPJIG_CLI_IMAGES_H
#define ESPJIG_CLI_IMAGES_H

#include "base/error.h"
#include "cli/options.h"

/* Reads cli->args into cli->job; what its sources could not say is printed, and kept in cli->notes.
 * ERR_USAGE, ERR_BAD_ADDRESS and what source_load() gives. */
int images_take(struct cli *cli, struct error *error);

/* cli->notes as log events, behind the event hello. */
void images_notes_put(const struct cli *cli);

/* --dry-run: prints what would be written, from a job that has been checked. */
int images_show(struct cli *cli, struct error *error);

#endif
