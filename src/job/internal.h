/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Shared by the files of job/ only. */
#ifndef ESPJIG_JOB_INTERNAL_H
#define ESPJIG_JOB_INTERNAL_H

#include "image/image.h"
#include "job/job.h"

/* Whether one of the ops reads job->images. */
bool job_needs_images(const struct job *job);

/* Whether an enabled image is only known once the chip is: {chip} in a path, or the bootloader's
 * place. */
bool job_images_wait_for_chip(const struct job *job);

/* plan_load() of the enabled images, as they are for this chip (NULL: not known, nothing is
 * replaced). */
int job_plan_load(const struct job *job, const struct chip *chip, struct plan *plan,
                  struct error *error);

#endif
