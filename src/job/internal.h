/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Shared by the files of job/ only. */
#ifndef ESPJIG_JOB_INTERNAL_H
#define ESPJIG_JOB_INTERNAL_H

#include "image/esp_image.h"
#include "image/image.h"
#include "image/partition.h"
#include "job/job.h"

/* Whether this op fills the file at op->path. */
bool op_fills_file(enum op_kind kind);

/* Reads the program of OP_LOAD_RAM and checks it: an undamaged image, for this chip and all in its
 * RAM (NULL: not known yet). *data is malloc'ed, NULL on error. */
int op_program_load(const struct op *op, const struct chip *chip, uint8_t **data,
                    struct esp_image *image, struct error *error);

bool job_has_op(const struct job *job, enum op_kind kind);

/* Whether one of the ops reads job->images. */
bool job_needs_images(const struct job *job);

/* job_check(), which also hands over what it loaded: *plan is the job's files, or empty when no op
 * needs any, when they are only known once the chip is ({chip} in a path, the bootloader's place,
 * its partition table, an ELF or UF2 file), and on error. */
int job_check_plan(const struct job *job, struct plan *plan, struct error *error);

/* plan_load() of the enabled images, as they are for this chip (NULL: not known, nothing is
 * replaced). Images that are named by their partition have their places from the table among the
 * job's images, else from the chip's; while that is NULL, too, the plan stays empty. */
int job_plan_load(const struct job *job, const struct chip *chip,
                  const struct partition_table *chip_table, struct plan *plan, struct error *error);

#endif
