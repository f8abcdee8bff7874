/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * An image at an address in mid-sector: whole sectors are erased, so that what the flash holds in
 * front of it is written again with it. It is read once, before the first try to write: after that
 * one it may be gone. For job/ only.
 */
#ifndef ESPJIG_JOB_FRONT_H
#define ESPJIG_JOB_FRONT_H

#include "job/run.h"

/* Fills region->front, unless it is filled already or there is none. */
int front_read(struct run *run, struct region *region);
int front_confirm(struct run *run, const struct region *region); /* it is there again */
void front_done(struct region *region);

#endif
