/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The steps from a port to a chip whose flash is attached, in this order. For job/ only. */
#ifndef ESPJIG_JOB_SETUP_H
#define ESPJIG_JOB_SETUP_H

#include "job/run.h"

unsigned setup_connect_baud(const struct job *job);

bool setup_can_reset(const struct run *run);

int setup_open(struct run *run);
int setup_connect(struct run *run); /* reset, sync, chip detected */
/* After setup_identify(): ERR_WRONG_MAC when it is another chip now. */
int setup_connect_again(struct run *run);
int setup_identify(struct run *run); /* and refuses another board, or a secured one */
int setup_stub(struct run *run);     /* falls from stub to stub to the ROM */
int setup_flash(struct run *run);

#endif
