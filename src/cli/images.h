/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The images of a command line. */
#ifndef ESPJIG_CLI_IMAGES_H
#define ESPJIG_CLI_IMAGES_H

#include "base/error.h"
#include "cli/options.h"

/* Reads cli->args into cli->job; what its sources could not say is printed, and kept in
 * cli->source.notes. ERR_USAGE, ERR_BAD_ADDRESS and what source_load() gives. */
int images_take(struct cli *cli, struct error *error);

/* cli->source.notes as log events, behind the event hello. */
void images_notes_put(const struct cli *cli);

/* Those from number `first` on, for people; nothing with --json. */
void images_notes_print(const struct cli *cli, size_t first);

/* What a list says of one image. ERR_FILE_UNREADABLE and the like: `place` is filled all the same.
 */
struct images_row {
    char place[24], what[64], size_text[16];
    size_t size;
};
int images_row_make(const struct cli *cli, const struct job_image *image, struct images_row *row,
                    struct error *error);

/* --dry-run: prints what would be written, from a job that has been checked, and what speaks
 * against it. The exit status, or an error. */
int images_show(struct cli *cli, struct error *error);

#endif
