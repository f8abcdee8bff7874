/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Going on at a lower rate when a line does not carry what it promised. For job/ only. */
#ifndef ESPJIG_JOB_RECOVER_H
#define ESPJIG_JOB_RECOVER_H

#include "job/run.h"

/* After run->error has stopped an op. True: it may have been the rate; the same chip is connected
 * again at a lower one, with stub and flash as they were, and the error is forgotten: begin the op
 * again. False: run->error is as it was, or has become another one that can't be helped. */
bool recover_slower(struct run *run);

#endif
