/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The line between chip and host, with the adapter at its end: takes the time that bytes take at
 * the set rate (with `pace`), adds the adapter's latency, turns what is sent at another rate than
 * the receiver's into noise, and damages bytes where the line is bad.
 *
 * A frame from the host is handed to the chip with the time of its last bit, a reply to the host
 * when its last bit has arrived; in between nobody is woken, so that many emulators fit on one
 * machine.
 */
#ifndef ESPJIG_EMU_WIRE_H
#define ESPJIG_EMU_WIRE_H

#include "emu/chip.h"

struct wire_run; /* bytes under way */

struct wire_queue {
    struct wire_run *runs;
    size_t n, bytes; /* `bytes`: not yet handed over */
    int64_t free_at; /* when the line is free again */
    bool inside;     /* a frame: the byte handed over last was no END */
};

/* A line that carries slow rates well and damages bytes at fast ones. */
struct wire_fault {
    unsigned above; /* baud; 0: the line is good at any rate */
    uint32_t odds;  /* a byte is damaged once in so many */
    uint64_t after; /* so many bytes above that rate go well first */
    bool to_chip, to_host;
};

struct wire {
    struct chip *chip;
    bool pace;
    int64_t latency_us;
    unsigned host_baud; /* 0: not known, matches everything */
    unsigned max_baud;  /* of the adapter: above it sends and receives noise; 0: none */
    struct wire_fault fault;
    uint64_t fast_bytes; /* carried above fault.above */
    uint64_t noise;
    struct wire_queue to_host, to_chip;
    struct buffer out;                                              /* what is being delivered */
    void (*deliver)(void *context, const uint8_t *bytes, size_t n); /* to the host */
    void *context;
};

/* Callbacks for struct chip_output; context is the wire. */
void wire_put(void *wire, int64_t at_us, unsigned baud, const uint8_t *bytes, size_t n);
void wire_cut(void *wire, int64_t now_us);

void wire_from_host(struct wire *w, int64_t now_us, const uint8_t *bytes, size_t n);
/* Hands the chip what has arrived by now. */
void wire_feed(struct wire *w, int64_t now_us);
/* Hands the host what has arrived by now. */
void wire_deliver(struct wire *w, int64_t now_us);
int64_t wire_next(const struct wire *w);   /* when to call the two above; -1: nothing under way */
bool wire_congested(const struct wire *w); /* enough came from the host for now */
/* Forgets what waits in the adapter for the host. */
void wire_purge(struct wire *w, int64_t now_us);
void wire_done(struct wire *w);

#endif
