/* SPDX-License-Identifier: GPL-3.0-or-later */
/* After the reset: does the board say what it should? For job/ only. */
#ifndef ESPJIG_JOB_BOOT_CHECK_H
#define ESPJIG_JOB_BOOT_CHECK_H

#include "job/run.h"

/* Whether this job ends with one. */
bool boot_check_wanted(const struct job *job);

/* ERR_USAGE when the job does not start the program, or does not say what to expect. */
int boot_check_check(const struct job *job, struct error *error);

/* Listens to the board, which was reset a moment ago, at the check's rate already. ERR_BOOT_CHECK
 * with the last lines that it said. */
int boot_check_run(struct run *run);

#endif
