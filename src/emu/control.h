/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A Unix stream socket for tests: one command a line, each answered with `ok` or `error: ...`.
 *
 *   dtr 0|1, rts 0|1      one modem line
 *   lines DTR RTS         both at once
 *   baud N                the host's rate (0: as the port has it)
 *   unplug, plug          pulls the cable, and the power with it; puts it back
 *   power-cycle
 *   stats                 the counters of --stats, before `ok`
 *   stats clear           counts from 0 again
 */
#ifndef ESPJIG_EMU_CONTROL_H
#define ESPJIG_EMU_CONTROL_H

#include "base/buffer.h"
#include "base/error.h"

struct control;
struct machine;

int control_open(struct control **c, struct machine *m, const char *path, struct error *e);
void control_close(struct control *c); /* NULL is fine; removes the socket */

/* Runs one line; what it has to say goes to `to`. */
int control_run(struct machine *m, const char *line, struct buffer *to, struct error *e);

#endif
