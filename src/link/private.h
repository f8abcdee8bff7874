/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the files of this room share. Nobody else includes it.
 *
 * The ops of each kind of address; links that wrap a link; reading and writing a descriptor with a
 * deadline; what all ttys have in common.
 */
#ifndef ESPJIG_LINK_PRIVATE_H
#define ESPJIG_LINK_PRIVATE_H

#include "link/link.h"

#include <sys/types.h>

extern const struct link_ops link_ops_serial;  /* serial.c: anything that sysfs knows as a tty */
extern const struct link_ops link_ops_pty;     /* pty.c */
extern const struct link_ops link_ops_tcp;     /* tcp.c: socket://host:port */
extern const struct link_ops link_ops_rfc2217; /* rfc2217.c */
extern const struct link_ops link_ops_emu;     /* emu.c */

/* Put a link around *link, which becomes the new one's own. On error *link is as before. */
int link_trace_wrap(struct link *link, const char *path, struct error *error);
int link_fault_wrap(struct link *link, const char *what, struct error *error);

/* ---- wrap.c: what a link around a link does unless it has something to add ---- */

/* The impl of such a link begins with the link inside. */
ssize_t link_wrap_read(struct link *link, void *bytes, size_t n, int ms);
ssize_t link_wrap_write(struct link *link, const void *bytes, size_t n, int ms);
int link_wrap_set_baud(struct link *link, unsigned baud);
int link_wrap_set_lines(struct link *link, bool dtr, bool rts);
int link_wrap_discard_input(struct link *link);
int link_wrap_reopen(struct link *link, int ms);

/* ---- io.c: one non-blocking descriptor, a tty or a socket; as link_ops.read and .write ---- */

ssize_t link_fd_read(struct link *link, int fd, void *bytes, size_t n, int ms);
ssize_t link_fd_write(struct link *link, int fd, const void *bytes, size_t n, int ms);

/* One attempt, never waits. The count; 0: nothing now; ERR_PORT_LOST (recorded). */
ssize_t link_fd_get(struct link *link, int fd, void *bytes, size_t n);
ssize_t link_fd_put(struct link *link, int fd, const void *bytes, size_t n);

int link_lost(struct link *link, int system_error); /* records ERR_PORT_LOST; 0: end of file */
int link_cancelled(struct link *link);              /* records ERR_CANCELLED */

/* "0.05", "3": digits with at most one point, whatever the locale says; at most `max`. */
bool link_decimal_parse(const char *text, double max, double *value);

/* ---- tty.c ---- */

/* Is it there, and a character device? Opens nothing. ERR_PORT_MISSING, ERR_PORT_OPEN,
 * ERR_PORT_FORBIDDEN. */
int link_tty_check(const char *path, dev_t *device, struct error *error);

/* ERR_PORT_BUSY when another process has it open, with a lock or without. To be asked before the
 * open: that raises DTR and RTS, which the other program would not like. */
int link_tty_unheld(const char *path, struct error *error);

bool link_tty_is_pty(dev_t device);

/* The sentence for an open() of this path that failed with `system_error`. Returns its code. */
int link_tty_open_error(const char *path, int system_error, struct error *error);

/* Locks it, so that others who look for that (esptool, pyserial, another espjig) stay away. */
int link_tty_lock(int fd, const char *path, bool steal, struct error *error);

/* Without HUPCL the lines stay as they are at close; with it the kernel drops them, which is one
 * more edge for the chip, and a reset with adapters that drop DTR first. The ops see to it that
 * they are not left holding the chip. 0 or -errno. */
int link_tty_keep_lines(int fd);

/* Bytes as they are, 8N1, no flow control; any rate, told to the driver
 * as a plain number (termios2). 0 or -errno. */
int link_tty_raw(int fd);
int link_tty_baud_set(int fd, unsigned baud);
unsigned link_tty_baud(int fd); /* what the driver says it does; 0: unknown */

/* Whether `actual` is near enough to `wanted` for a UART to understand. */
bool link_baud_close(unsigned wanted, unsigned actual);

void link_tty_discard_output(int fd);
void link_tty_discard_input(int fd);

/* ---- tcp.c, rfc2217.c: also used by emu.c ---- */

/* "host:port", IPv6 addresses in brackets. The connected socket or an error. */
int link_tcp_connect(struct link *link, const char *host_port, struct error *error);

/* Speaks RFC 2217 over a connected socket, which it then owns (also on error). Sets impl, has_lines
 * and has_baud. */
int link_rfc2217_start(struct link *link, int fd, struct error *error);

#endif
