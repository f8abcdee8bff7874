/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How bytes and lines move to one chip. Everything that can carry them is a struct link_ops; the
 * caller only sees the functions below. One link, one process, no threads.
 *
 * Addresses (design 4.1): /dev/ttyUSB0 or any symlink to a tty; pty:/dev/pts/7 (or a plain path
 * that resolves to a pty); socket://host:port (raw TCP, no lines); rfc2217://host:port (lines and
 * baud by Telnet COM port control, RFC 2217); emu:CHIP[,option=value...] (starts espjig-emu for
 * this link with those options, RFC2217 over a socketpair).
 *
 * Every call may block, at most for its deadline, and ends early when the link's cancel asks for it
 * (base/clock.h).
 */
#ifndef ESPJIG_LINK_LINK_H
#define ESPJIG_LINK_LINK_H

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "link/ports.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct link;
struct link_options;

struct link_ops {
    const char *scheme; /* "serial" "pty" "socket" "rfc2217" "emu" "trace" "fault" */
    /* link->baud, cancel, log and address are set; the rest is for the ops to fill in. */
    int (*open)(struct link *link, const char *address, const struct link_options *options,
                struct error *error);
    void (*close)(struct link *link); /* discards unsent output; never waits */
    /* 1..n bytes; 0: the deadline passed; ERR_PORT_LOST, ERR_CANCELLED (also when bytes are there).
     * Never an error for mere silence. */
    ssize_t (*read)(struct link *link, void *bytes, size_t n, int ms);
    /* All n bytes or an error: ERR_NO_REPLY when they could not be handed over by the deadline. */
    ssize_t (*write)(struct link *link, const void *bytes, size_t n, int ms);
    int (*set_baud)(struct link *link, unsigned baud);
    int (*set_lines)(struct link *link, bool dtr, bool rts); /* both at once: one TIOCMSET */
    int (*discard_input)(struct link *link);  /* forgets what has arrived; never waits */
    int (*reopen)(struct link *link, int ms); /* NULL: not possible */
};

struct link {
    const struct link_ops *ops;
    void *impl;                  /* owned by the ops */
    const struct cancel *cancel; /* may be NULL */
    const struct log *log;       /* may be NULL */
    char address[256];           /* as it was asked for */
    struct port_info port;       /* facts about a local adapter; zeroed for the others */
    unsigned baud;               /* what was set last */
    bool dtr,
        rts; /* what was set last; true = asserted = pin low at the chip's side of the circuit */
    bool has_lines;     /* false: set_lines is not possible, the chip can't be reset from here */
    bool has_baud;      /* false: the rate means nothing here (raw TCP); set_baud succeeds and does
                           nothing */
    struct error error; /* first failure since link_open; text names port and system error */
};

struct link_options {
    unsigned baud;               /* bit/s to begin with */
    const struct cancel *cancel; /* NULL: never */
    const struct log *log;       /* NULL: nothing is said */
    const char *trace; /* NULL, or the path of a file to write every byte and line change to */
    const char
        *fault; /* NULL, or what the fault link is to do: "seed=7,drop=0.001,..." (link/fault.c) */
    bool steal; /* false: refuse a port that another process holds open */
};

/* Picks the ops by address and opens. On success *link is ready; the lines of a local adapter are
 * both off then (the chip runs), those of a remote one as they were. On error *link is untouched.
 * ERR_PORT_MISSING, ERR_PORT_BUSY (text names pid and command of the holder where they can be
 * seen), ERR_PORT_FORBIDDEN, ERR_PORT_OPEN, ERR_BAUD_REFUSED, ERR_CANCELLED, ERR_FILE_WRITE for the
 * trace, ERR_USAGE for an address of no known form. */
int link_open(struct link *link, const char *address, const struct link_options *options,
              struct error *error);
/* Leaves the lines as they are unless they hold the chip in reset. Also right for a zeroed struct.
 */
void link_close(struct link *link);

ssize_t link_read(struct link *link, void *bytes, size_t n, int ms);
ssize_t link_write(struct link *link, const void *bytes, size_t n, int ms);
int link_set_baud(struct link *link, unsigned baud);
int link_set_lines(struct link *link, bool dtr, bool rts); /* ERR_NOT_POSSIBLE without lines */
int link_discard_input(struct link *link);

/* After ERR_PORT_LOST: waits up to `ms` for the port to come back at the same USB path, under
 * whatever name (a chip's own USB goes away with a reset), and opens it; both lines are off then
 * and the rate is as last set. ERR_PORT_LOST when it does not come back or is of a kind that can't;
 * nothing but link_close() is right then. ERR_CANCELLED. */
int link_reopen(struct link *link, int ms);
int link_sleep(struct link *link, int ms); /* 0 or ERR_CANCELLED */

/* Records a failure of this link: first one wins. For the ops. Returns code. */
int link_fail(struct link *link, enum err code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
