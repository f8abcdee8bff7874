/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A serial adapter or an on-board UART, through libserialport.
 *
 * What libserialport can't do is done on its descriptor: it sets the lines one at a time (two
 * states on the wire, and the chip starts in the first), it knows no lock on older versions, and
 * its drain may block for ever. Nothing here waits for output to leave.
 */
#include "link/private.h"

#include "base/buffer.h"
#include "base/util.h"
#include "link/adapters.h"

#include <errno.h>
#include <fcntl.h>
#include <libserialport.h>
#include <linux/serial.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

enum { REOPEN_PAUSE_MS = 50 };

struct serial {
    struct sp_port *port;
    int fd;    /* the port's, for what libserialport has no call for */
    int other; /* modem bits besides DTR and RTS, which TIOCMSET sets as well (OUT2 of an 8250) */
    bool low_latency; /* asked for by us, to be taken back */
    bool steal;       /* as link_options has it, for the next time */
};

static int modem_bits(const struct serial *serial, bool dtr, bool rts)
{
    return serial->other | (dtr ? TIOCM_DTR : 0) | (rts ? TIOCM_RTS : 0);
}

static int serial_set_lines(struct link *link, bool dtr, bool rts)
{
    const struct serial *serial = link->impl;
    int bits = modem_bits(serial, dtr, rts);

    return ioctl(serial->fd, TIOCMSET, &bits) < 0 ? link_lost(link, errno) : 0;
}

/* The kernel raised DTR and RTS when it opened the port, maybe one after the other, and a chip
 * behind the usual circuit with only RTS raised is held in reset. Both off, in one go. */
static void lines_off(struct link *link, struct serial *serial)
{
    int bits;

    link->has_lines = ioctl(serial->fd, TIOCMGET, &bits) == 0;
    if (!link->has_lines)
        return;
    serial->other = bits & ~(TIOCM_DTR | TIOCM_RTS);
    bits = modem_bits(serial, false, false);
    link->has_lines = ioctl(serial->fd, TIOCMSET, &bits) == 0;
}

/* 0 or -errno; 1: it was so already. */
static int set_low_latency(int fd, bool on)
{
    struct serial_struct s;

    if (ioctl(fd, TIOCGSERIAL, &s) < 0)
        return -errno;
    if (on == ((s.flags & (int)ASYNC_LOW_LATENCY) != 0))
        return 1;
    s.flags ^= (int)ASYNC_LOW_LATENCY;
    return ioctl(fd, TIOCSSERIAL, &s) < 0 ? -errno : 0;
}

/* FTDI's adapters keep received bytes for up to 16 ms unless they are asked not to, and ftdi_sio
 * asks for 1 ms when it sees the flag. The flag outlives the close, so it is taken back there. */
static void ask_low_latency(const struct link *link, struct serial *serial)
{
    if (!adapter_low_latency(&link->port))
        return;
    int rc = set_low_latency(serial->fd, true);
    serial->low_latency = rc == 0;
    if (rc < 0)
        log_line(link->log, LOG_DEBUG, "%s does not do low latency: %s", link->address,
                 strerror(-rc));
}

/* Fills in what is asked for and leaves the rest alone: lines in particular. */
static int apply(const struct serial *serial, unsigned baud, bool format)
{
    struct sp_port_config *config;
    int rc = sp_new_config(&config);

    if (rc != SP_OK)
        return rc;
    sp_set_config_baudrate(config, (int)baud);
    /* libserialport 0.1.1 leaves this one member of a new config uninitialised. */
    sp_set_config_xon_xoff(config, SP_XONXOFF_DISABLED);
    if (format) {
        sp_set_config_bits(config, 8);
        sp_set_config_parity(config, SP_PARITY_NONE);
        sp_set_config_stopbits(config, 1);
        sp_set_config_cts(config, SP_CTS_IGNORE);
        sp_set_config_dsr(config, SP_DSR_IGNORE);
    }
    rc = sp_set_config(serial->port, config);
    sp_free_config(config);
    return rc;
}

/* Drivers report the rate that they really chose (tty_encode_baud_rate); an old one that does not
 * reports what was asked. */
static unsigned actual_baud(const struct serial *serial)
{
    struct sp_port_config *config;
    int baud = -1;

    if (sp_new_config(&config) != SP_OK)
        return 0;
    if (sp_get_config(serial->port, config) == SP_OK)
        sp_get_config_baudrate(config, &baud);
    sp_free_config(config);
    return baud > 0 ? (unsigned)baud : link_tty_baud(serial->fd);
}

static bool is_gone(int system_error)
{
    return system_error == EIO || system_error == ENXIO || system_error == ENODEV;
}

static int set_baud(const char *path, const struct serial *serial, unsigned baud, bool format,
                    struct error *error)
{
    unsigned actual;
    int rc;

    if (baud > INT32_MAX)
        return error_set(error, ERR_BAUD_REFUSED, "%s can't do %u baud", path, baud);
    errno = 0;
    rc = apply(serial, baud, format);
    if (rc == SP_ERR_FAIL && is_gone(errno))
        return error_set(error, ERR_PORT_LOST, "%s vanished while it was in use (%s)", path,
                         strerror(errno));
    actual = rc == SP_OK ? actual_baud(serial) : 0;
    if (rc != SP_OK)
        return error_set(error, ERR_BAUD_REFUSED, "%s refuses %u baud", path, baud);
    if (!link_baud_close(baud, actual))
        return error_set(error, ERR_BAUD_REFUSED, "%s can't do %u baud: it would do %u", path, baud,
                         actual);
    return 0;
}

static int serial_set_baud(struct link *link, unsigned baud)
{
    struct error error = {0};
    int rc = set_baud(link->address, link->impl, baud, false, &error);

    return rc < 0 ? link_fail(link, (enum err)rc, "%s", error.text) : 0;
}

static int open_port(struct serial *serial, const char *path, const char *node, struct error *error)
{
    int rc = sp_get_port_by_name(node, &serial->port);

    if (rc == SP_OK) {
        errno = 0;
        rc = sp_open(serial->port, SP_MODE_READ_WRITE);
    }
    if (rc == SP_ERR_FAIL && errno != 0)
        return link_tty_open_error(path, errno, error);
    if (rc != SP_OK)
        return error_set(error, ERR_PORT_OPEN, "%s can't be opened as a serial port", path);
    sp_get_port_handle(serial->port, &serial->fd);
    fcntl(serial->fd, F_SETFD, FD_CLOEXEC);
    return 0;
}

static void close_port(struct serial *serial)
{
    if (serial->fd >= 0) {
        /* It goes with the last close; who else has the device open keeps it locked otherwise. */
        ioctl(serial->fd, TIOCNXCL);
        sp_close(serial->port);
    }
    if (serial->port)
        sp_free_port(serial->port);
    serial->port = NULL;
    serial->fd = -1;
}

static void free_port(struct serial *serial)
{
    close_port(serial);
    free(serial);
}

static int set_up(struct link *link, struct serial *serial, const char *path,
                  const struct link_options *options, struct error *error)
{
    int rc = link_tty_lock(serial->fd, path, options->steal, error);

    if (rc < 0)
        return rc;
    ioctl(serial->fd, TIOCEXCL); /* those who look for no lock can't even open it */
    lines_off(link, serial);
    rc = set_baud(path, serial, link->baud, true, error);
    if (rc < 0)
        return rc;
    rc = link_tty_keep_lines(serial->fd);
    if (rc < 0)
        return error_set(error, ERR_PORT_OPEN, "%s can't be set up: %s", path, strerror(-rc));
    ask_low_latency(link, serial);
    link_tty_discard_input(serial->fd); /* what came in at another rate */
    return 0;
}

static int serial_open(struct link *link, const char *path, const struct link_options *options,
                       struct error *error)
{
    dev_t device;
    int rc = link_tty_check(path, &device, error);

    if (rc < 0)
        return rc;
    if (!port_info_read(path, &link->port))
        return error_set(error, ERR_PORT_MISSING, "%s is a device, but not a serial port", path);
    rc = options->steal ? 0 : link_tty_unheld(path, error);
    if (rc < 0)
        return rc;

    struct serial *serial = xcalloc(1, sizeof *serial);
    serial->fd = -1;
    serial->steal = options->steal;
    rc = open_port(serial, path, link->port.path, error);
    if (rc == 0)
        rc = set_up(link, serial, path, options, error);
    if (rc < 0) {
        free_port(serial);
        return rc;
    }
    link->impl = serial;
    link->has_baud = true;
    return 0;
}

static void serial_close(struct link *link)
{
    struct serial *serial = link->impl;

    if (serial->low_latency)
        set_low_latency(serial->fd, false);
    /* close() waits up to 30 s for output to leave, and it is of no use to anyone now. */
    link_tty_discard_output(serial->fd);
    if (link->has_lines && link->rts && !link->dtr) { /* the chip must not stay in reset */
        int bits = modem_bits(serial, false, false);
        ioctl(serial->fd, TIOCMSET, &bits);
    }
    free_port(serial);
}

/* ---- a port that comes back ---- */

static bool path_of_slot(const char *slot, char *path, size_t size)
{
    struct port_info *ports;
    size_t n;
    bool found = false;

    if (ports_list(&ports, &n, false, NULL) < 0)
        return false;
    for (size_t i = 0; i < n && !found; i++) {
        found = ports[i].usb && strcmp(ports[i].slot, slot) == 0;
        if (found)
            util_copy(path, size, ports[i].path);
    }
    free(ports);
    return found;
}

/* Until it is back, and if it never is, there is an impl without a descriptor: whoever still speaks
 * to it is told that it is lost. */
static int serial_reopen(struct link *link, int ms)
{
    struct serial *old = link->impl;
    struct link_options options = {.baud = link->baud, .steal = old->steal};
    const struct port_info was = link->port;
    int64_t end = clock_ms() + ms;
    struct error why = {0};
    int rc;

    close_port(old);
    old->low_latency = false;
    do {
        char path[sizeof was.path];
        error_clear(&why);
        if (path_of_slot(was.slot, path, sizeof path) &&
            serial_open(link, path, &options, &why) == 0) {
            log_line(link->log, LOG_INFO, "%s is back as %s", link->address, path);
            free_port(old);
            return 0;
        }
        rc = link_sleep(link, REOPEN_PAUSE_MS);
    } while (rc == 0 && clock_ms() < end);
    link->port = was;
    if (rc < 0)
        return rc;
    if (why.code)
        return link_fail(link, ERR_PORT_LOST, "%s vanished and came back, but %s", link->address,
                         why.text);
    return link_fail(link, ERR_PORT_LOST, "%s vanished and did not come back", link->address);
}

static ssize_t serial_read(struct link *link, void *bytes, size_t n, int ms)
{
    const struct serial *serial = link->impl;

    if (serial->fd < 0)
        return link_lost(link, 0);
    return link_fd_read(link, serial->fd, bytes, n, ms);
}

static ssize_t serial_write(struct link *link, const void *bytes, size_t n, int ms)
{
    const struct serial *serial = link->impl;

    return link_fd_write(link, serial->fd, bytes, n, ms);
}

static int serial_discard_input(struct link *link)
{
    const struct serial *serial = link->impl;

    link_tty_discard_input(serial->fd);
    return 0;
}

const struct link_ops link_ops_serial = {
    .scheme = "serial",
    .open = serial_open,
    .close = serial_close,
    .read = serial_read,
    .write = serial_write,
    .set_baud = serial_set_baud,
    .set_lines = serial_set_lines,
    .discard_input = serial_discard_input,
    .reopen = serial_reopen,
};
