/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The serial ports of this host, told from sysfs and udev without opening a single one (opening
 * raises DTR and RTS and may reset a board).
 */
#ifndef ESPJIG_LINK_PORTS_H
#define ESPJIG_LINK_PORTS_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct port_info {
    char path[128];    /* /dev/ttyUSB0 */
    char by_path[192]; /* /dev/serial/by-path/..., "" when there is none */
    char slot[64]; /* socket: the USB path such as 1-1.4, or the tty's name where there is no USB */
    char product[96]; /* "CP2102 USB to UART Bridge Controller" */
    char manufacturer[96];
    char serial[96];
    char driver[32];    /* cp210x, ch341, cdc_acm ... */
    unsigned vid, pid;  /* 0: no USB */
    unsigned bcd;       /* bcdDevice: release number of the USB device, 0x0600 */
    unsigned interface; /* number of the USB interface */
    bool usb;
};

/* Whether the adapter is the chip's own USB-Serial/JTAG (303A:1001). */
bool port_is_usb_jtag(const struct port_info *port);

/* All ports, sorted by USB path then name, into a malloc'ed array that the caller frees. Without
 * `all`, ports that are no USB adapter are left out unless they are known to have a UART behind
 * them on a Raspberry Pi header (ttyAMA*, serial0). Blocks for sysfs reads only. 0 or ERR_INTERNAL.
 */
int ports_list(struct port_info **ports, size_t *n, bool all, struct error *error);

/* Facts about one tty; `path` may be a symlink. False when it is no tty that sysfs knows; *port
 * zeroed but for path. */
bool port_info_read(const char *path, struct port_info *port);

/* Who has the device open, other than this process, from /proc (only processes that we may look
 * into are seen). Returns the pid and fills `command` ("minicom"), or 0. */
pid_t port_holder(const char *path, char *command, size_t size);

/* Hot-plug: a descriptor that becomes readable when ports may have come or gone; -1 when that can't
 * be had (then list again every two seconds). ports_watch_drain() empties it. */
struct ports_watch;
struct ports_watch *ports_watch_new(void);
int ports_watch_fd(const struct ports_watch *watch);
void ports_watch_drain(struct ports_watch *watch);
void ports_watch_free(struct ports_watch *watch);

#endif
