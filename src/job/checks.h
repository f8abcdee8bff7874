/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The checks before the first byte (image/check.h) in a running job: once before the port is
 * opened, once with what the chip has told. For job/ only. */
#ifndef ESPJIG_JOB_CHECKS_H
#define ESPJIG_JOB_CHECKS_H

#include "job/run.h"

/* Both return 0 or, with run->error, the code of the first finding that refuses; the others are
 * said, too. Nothing is done where no image is loaded. */
int checks_before(struct run *run);
/* The flash is attached, the plan patched. Reads the chip's partition table where it is needed. */
int checks_with_chip(struct run *run);

#endif
