/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which rate to work at. `--baud auto` climbs a ladder as far as the adapter and the chip allow and
 * as it pays off for what is to be sent, and falls by a rung when a rate does not hold. The
 * decisions are pure; rate_raise() carries them out. For job/ only.
 */
#ifndef ESPJIG_JOB_RATE_H
#define ESPJIG_JOB_RATE_H

#include <stdbool.h>
#include <stdint.h>

enum {
    RATE_LOWEST = 115200, /* every ROM and every adapter can do it; esptool connects at it too */
    RATE_HIGHEST = 3000000,
    RATE_TRIAL = 64 * 1024, /* image bytes that are put at risk on a rate that is on trial */
    RATE_BITS_PER_BYTE = 10 /* on the wire, with start and stop */
};

struct rate {
    unsigned fixed; /* what was asked for; 0: auto */
    unsigned limit; /* nothing above it is tried */
    unsigned good;  /* has worked on this port: remembered, or in this job; 0: nothing is known */
    unsigned known; /* what the adapter is known for: gone to at once; 0 */

    unsigned now; /* what both sides are at, or are on the way to */

    /* What this job has learned. */
    unsigned held;   /* the highest that carried data, confirmed by the chip; 0 */
    unsigned failed; /* the lowest that did not hold; 0 */
    unsigned whole;  /* the highest that has carried a whole image, here or in an earlier job; 0 */
    unsigned falls;  /* how often one did not hold in the middle of work */
    bool unproven;   /* nothing was confirmed yet since the rate was raised */
    bool rom_stays;  /* a higher rate has not worked with the ROM */
};

/* The next rung below, RATE_LOWEST at the least; 0 when there is none. */
unsigned rate_below(unsigned baud);

/* The rate to go to from `now` for `wire` bytes on the wire; 0: it is best to stay. `most` is what
 * the loader that runs can do (0: not known). */
unsigned rate_next(const struct rate *rate, unsigned now, unsigned most, uint64_t wire);

/* A rate did not hold: nothing from it on is tried again. */
void rate_fail(struct rate *rate, unsigned baud);

/* The same in the middle of work, where each rung takes seconds: returns the rate to go on at, the
 * second time one that is sure to be good. */
unsigned rate_fall(struct rate *rate, unsigned baud);

/* What is lost at this rate is more likely to be the line's fault than a slow flash's. */
bool rate_is_suspect(const struct rate *rate);

/* Nobody has seen yet whether it carries more than a few bytes: the next rung has to wait, and it
 * is wise to send little first. */
bool rate_on_trial(const struct rate *rate);

/* The same, but it was gone to without a trial: of what is sent first, the digest is asked for. */
bool rate_wants_proof(const struct rate *rate);

/* The first bytes were carried: the next rung may be tried. */
void rate_prove(struct rate *rate, unsigned baud);

/* Everything was carried at this rate and the chip has confirmed it. */
void rate_hold(struct rate *rate, unsigned baud);

/* What the ROM is told for the upload of the stub, at most `most`: what has worked before, or a
 * rate that hardly any line fails at. 0: none is known to be possible. */
unsigned rate_before_stub(const struct rate *rate, unsigned most);

struct run;
struct error;

/* Once the port is open: limits, and what is remembered. */
void rate_begin(struct run *run);

/* rate_before_stub() of this chip and port. */
unsigned rate_for_rom(const struct run *run);

/* The adapter, which is asked before the chip, can't do it: says so, and it is not tried again. */
void rate_refused(struct run *run, unsigned baud, const struct error *why);

/* Before so many bytes go over the wire. Where a rung does not work it stays on the one before, and
 * it climbs by one rung only that nobody has seen to work. */
int rate_raise(struct run *run, uint64_t wire);

/* Has the loader wait no longer than it is worth at the present rate. */
void rate_watch(struct run *run);

/* At the end: what was learned is remembered for the next job on this port. */
void rate_end(struct run *run);

#endif
