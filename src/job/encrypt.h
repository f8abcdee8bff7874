/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which files the chip encrypts while it gets them. What it has encrypted can be neither compared
 * nor verified: its digests are of what the flash holds. For job/ only.
 */
#ifndef ESPJIG_JOB_ENCRYPT_H
#define ESPJIG_JOB_ENCRYPT_H

#include "job/run.h"

/* Once the chip is known: settles for every region of the plan whether it is encrypted
 * (ENCRYPT_ALWAYS) or written as it is (ENCRYPT_NO), and fills up those that are. */
void encrypt_decide(struct run *run);

/* Whether all that is to be encrypted can be; run->error says why not, and nothing is written then,
 * forced or not. */
int encrypt_check(struct run *run);

/* After it was sent: no more can be told of it than that the flash holds neither the file as it is
 * nor nothing at all. ERR_CHIP_REFUSED: a slower line would not help. */
int encrypt_confirm(struct run *run, const struct region *region);

/* How many regions are encrypted; *first is the first one, or NULL. */
size_t encrypt_count(const struct plan *plan, const struct region **first);

#endif
