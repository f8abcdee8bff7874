/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One region into the flash, as little of it as possible. For job/ only. */
#ifndef ESPJIG_JOB_SEND_H
#define ESPJIG_JOB_SEND_H

#include "job/run.h"

struct send {
    bool all;       /* asks for it: send what the flash seems to hold, too */
    bool begun;     /* asks for it: writing broke off, what is there is not sent again */
    bool partly;    /* only what differs was sent */
    bool confirmed; /* nothing was sent: the chip's MD5 says that all of it is there */
    size_t skipped; /* bytes that were there before anything was sent */
};

/* Sends it without verifying it. May be called again after an error, with `all` or `begun` set. */
int send_region(struct run *run, const struct region *region, struct send *send);

#endif
