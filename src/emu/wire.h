/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The line between chip and host: takes the time that bytes take at the set rate (with `pace`),
 * adds the adapter's latency, and turns what is sent at another rate than the receiver's into
 * noise.
 */
#ifndef ESPJIG_EMU_WIRE_H
#define ESPJIG_EMU_WIRE_H

#include "emu/chip.h"

struct wire_run; /* bytes under way */

struct wire_queue {
    struct wire_run *runs;
    size_t n;
    int64_t free_at; /* when the line is free again */
};

struct wire {
    struct chip *chip;
    bool pace;
    int64_t latency_us;
    unsigned host_baud; /* 0: not known, matches everything */
    uint64_t noise;
    struct wire_queue to_host, to_chip;
    void (*deliver)(void *context, const uint8_t *bytes, size_t n); /* to the host */
    void *context;
};

/* Callbacks for struct chip_output; context is the wire. */
void wire_put(void *wire, int64_t at_us, unsigned baud, const uint8_t *bytes, size_t n);
void wire_cut(void *wire, int64_t now_us);

void wire_from_host(struct wire *w, int64_t now_us, const uint8_t *bytes, size_t n);
void wire_run(struct wire *w, int64_t now_us);
int64_t wire_next(const struct wire *w, int64_t now_us); /* -1: nothing under way */
bool wire_congested(const struct wire *w);               /* enough came from the host for now */
/* Forgets what waits in the adapter for the host. */
void wire_purge(struct wire *w, int64_t now_us);
void wire_done(struct wire *w);

#endif
