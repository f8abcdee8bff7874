/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The images of a command line. */
#ifndef ESPJIG_CLI_IMAGES_H
#define ESPJIG_CLI_IMAGES_H

#include "base/error.h"
#include "cli/options.h"
#include "image/check.h"

/* Reads cli->args into cli->job; what its sources could not say is printed, and kept in
 * cli->source.notes. ERR_USAGE, ERR_BAD_ADDRESS and what source_load() gives. */
int images_take(struct cli *cli, struct error *error);

/* cli->source.notes as log events, behind the event hello. */
void images_notes_put(const struct cli *cli);

/* Those from number `first` on, for people; nothing with --json. */
void images_notes_print(const struct cli *cli, size_t first);

/* What a list says of an image, or of one piece of a file with addresses of its own. */
struct images_row {
    const struct job_image *image;
    char place[24], what[64];
    char size_text[16]; /* "" and 0: not known before the chip is */
    size_t size;
};
typedef void images_row_fn(void *context, const struct images_row *row);

/* Calls put() for each row of an image. ERR_FILE_UNREADABLE and the like: for none. */
int images_rows(const struct cli *cli, const struct job_image *image, images_row_fn *put,
                void *context, struct error *error);

/* What a check has found, to stderr. `refuses`: it ends the job, which --force may have changed. */
void images_finding_print(const struct finding *finding, bool refuses);

/* --dry-run: prints what would be written, from a job that has been checked, and what speaks
 * against it. The exit status, or an error. */
int images_show(struct cli *cli, struct error *error);

#endif
