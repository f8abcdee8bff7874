/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Making files ready to be sent: digest, zlib stream, frames. That takes longer than anything else
 * here, so it is done beside the connecting, once for all ports and all times (image/cache.h), and
 * the result is shared with the other workers instead of the copy that each of them has read.
 */
#ifndef ESPJIG_JOB_PACK_H
#define ESPJIG_JOB_PACK_H

#include "job/run.h"

/* Sets a builder to work on every region that is worth it and whose bytes are final: before the
 * chip is known, those that can't be patched. May be called again; what is not started is done by
 * pack_take(). */
void pack_start(struct run *run);

/* Before the bytes of a region of the plan are changed: what was begun for it is dropped. */
void pack_forget(struct run *run, const struct region *region);

/* After plan_patch(): the MD5 of every region, and what was built in the meantime. Does not wait
 * for builders. */
void pack_digest(struct run *run);

/* Whether what is sent now can be compressed. */
bool pack_can(const struct run *run);

/* Before a region of the plan is written whole: waits for what its builder makes, or makes it here.
 * ERR_CANCELLED, or 0; run->error is set. */
int pack_take(struct run *run, const struct region *region);

/* The same for a part of a region: data and size are set, the data stays its owner's. */
int pack_part(struct run *run, struct region *part);
void pack_part_done(struct region *part);

void pack_done(struct run *run); /* ends the builders that are left */

#endif
