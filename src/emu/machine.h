/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The whole: chip, wire, port and control socket on one loop. */
#ifndef ESPJIG_EMU_MACHINE_H
#define ESPJIG_EMU_MACHINE_H

#include "base/loop.h"
#include "emu/chip.h"
#include "emu/control.h"
#include "emu/options.h"
#include "emu/port.h"
#include "emu/wire.h"

struct machine {
    const struct options *options;
    struct loop *loop;
    struct chip chip;
    struct wire wire;
    struct trace trace;
    struct port *port;
    struct control *control;
    bool dtr, rts;
    unsigned baud; /* set through the control socket, 0: the port knows */
    bool plugged;
    int timer;
};

/* Opens everything, prints the line that says where, and turns the power on. What was opened before
 * an error is closed again by machine_done(). */
int machine_init(struct machine *m, struct loop *loop, const struct options *o, struct error *e);
void machine_done(struct machine *m);

/* For the control socket. */
void machine_lines(struct machine *m, bool dtr, bool rts);
void machine_baud(struct machine *m, unsigned baud);
int machine_plug(struct machine *m, struct error *e);
void machine_unplug(struct machine *m);
void machine_power_cycle(struct machine *m);

#endif
