/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where an image goes, for formats that only know numbers. For source/ only. */
#ifndef ESPJIG_SOURCE_PLACE_H
#define ESPJIG_SOURCE_PLACE_H

#include "job/job.h"
#include "source/source.h"

/* The bootloader's place by the job's chip, a partition's by the table among the job's images.
 * False, with a lost note, when that tells nothing. */
bool place_find(const struct job *job, const struct job_image *image, struct source_notes *notes,
                uint32_t *address);

#endif
