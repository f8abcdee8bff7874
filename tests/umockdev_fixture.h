/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A USB serial adapter that does not exist, for tests of what talks to real ones: sysfs, device
 * node, ioctls and lines by umockdev, and, if wanted, an emulated chip behind it whose EN and boot
 * strap hang on the adapter's lines.
 *
 * A test's main() begins with fixture_enter(). One fixture at a time.
 */
#ifndef ESPJIG_TESTS_UMOCKDEV_FIXTURE_H
#define ESPJIG_TESTS_UMOCKDEV_FIXTURE_H

#include <stdbool.h>
#include <stddef.h>

struct fixture;

struct fixture_options {
    const char *chip;         /* NULL: no chip, the test has the other end (fixture_master) */
    const char *const *extra; /* more arguments for espjig-emu, NULL at the end; may be NULL */
    unsigned baud_max;        /* faster is done as this; 0: anything goes */
    bool ftdi;                /* an FT232R; otherwise a CP2102 */
    int ports;                /* ttys of the adapter, /dev/ttyUSB0 and so on; 0: one */
};

/* Runs the program again under umockdev's library if it is not. Ends it with status 77 and a line
 * that says why when the test can't be run here. */
void fixture_enter(char **argv);

struct fixture *fixture_start(const struct fixture_options *options);
void fixture_end(struct fixture *f);

const char *fixture_path(const struct fixture *f); /* /dev/ttyUSB0 */
int fixture_master(const struct fixture *f);       /* the wire's other end; -1 with a chip */
void fixture_unplug(struct fixture *f);            /* adapter, wire and chip's power */
/* After fixture_unplug(): the adapter is there again, as /dev/ttyUSB1, and the test has the other
 * end of the wire. */
int fixture_replug(struct fixture *f);

/* What the adapter was told since the last call: "set 01 " for one TIOCMSET with DTR 0 and RTS 1,
 * "or", "and" and the state that results for the ioctls that change lines one by one, unless they
 * change nothing; "baud N ". To be freed. */
char *fixture_record(struct fixture *f);
bool fixture_low_latency(struct fixture *f);
void fixture_low_latency_set(struct fixture *f); /* as by setserial */

#endif
