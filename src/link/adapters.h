/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is known about serial adapters and on-board UARTs: the name of the part, the fastest rate
 * that it can do, whether its driver can be asked for low latency. Const data, told from what
 * sysfs says (link/ports.h); nothing is opened.
 */
#ifndef ESPJIG_LINK_ADAPTERS_H
#define ESPJIG_LINK_ADAPTERS_H

#include "link/ports.h"

#include <stdbool.h>
#include <stddef.h>

struct adapter {
    const char *name; /* "CP2102N" */

    /* What it is known by; NULL and 0 fit any. The first row that fits counts. */
    const char *driver;
    unsigned vid, pid;
    unsigned bcd;        /* bcdDevice, the release number of the device */
    const char *product; /* what the device says of itself begins like this */
    unsigned interface;  /* number of the USB interface, plus 1 */

    unsigned max_baud; /* bit/s; 0: not known, the driver has to say */
    bool native;       /* the chip's own USB: a rate can be set and means nothing */
    bool low_latency;  /* the driver heeds ASYNC_LOW_LATENCY */
    const char *source;
};

extern const struct adapter adapters[];
extern const size_t adapters_n;

/* The row for a port; NULL: not known. */
const struct adapter *adapter_find(const struct port_info *port);

unsigned adapter_max_baud(const struct port_info *port); /* bit/s; 0: not known, or native */
const char *adapter_name(const struct port_info *port);  /* "" when not known */
bool adapter_is_native(const struct port_info *port);    /* the rate means nothing */
bool adapter_low_latency(const struct port_info *port);

#endif
