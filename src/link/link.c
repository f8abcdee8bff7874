/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "link/link.h"

#include "base/util.h"
#include "link/private.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* What an address begins with; anything else is a path. */
static const struct {
    const char *prefix;
    const struct link_ops *ops;
} kinds[] = {
    {"pty:", &link_ops_pty},
    {"socket://", &link_ops_tcp},
    {"rfc2217://", &link_ops_rfc2217},
    {"emu:", &link_ops_emu},
};

/* The ops for an address, and in *rest what follows the prefix. NULL: of no known form. */
static const struct link_ops *ops_of(const char *address, const char **rest)
{
    struct stat st;

    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        size_t n = strlen(kinds[i].prefix);
        if (strncmp(address, kinds[i].prefix, n) == 0) {
            *rest = address + n;
            return **rest ? kinds[i].ops : NULL;
        }
    }
    if (address[0] == '\0' || strstr(address, "://"))
        return NULL;
    *rest = address;
    if (stat(address, &st) == 0 && S_ISCHR(st.st_mode) && link_tty_is_pty(st.st_rdev))
        return &link_ops_pty;
    return &link_ops_serial;
}

int link_open(struct link *link, const char *address, const struct link_options *options,
              struct error *error)
{
    struct link fresh = {.cancel = options->cancel, .log = options->log, .baud = options->baud};
    const char *rest;
    int rc;

    if (!util_copy(fresh.address, sizeof fresh.address, address))
        return error_set(error, ERR_USAGE, "the address \"%.40s...\" is too long", address);
    fresh.ops = ops_of(address, &rest);
    if (fresh.ops == NULL)
        return error_set(error, ERR_USAGE,
                         "\"%s\" is no address of a port: a path such as /dev/ttyUSB0, "
                         "pty:PATH, socket://HOST:PORT, rfc2217://HOST:PORT or emu:CHIP",
                         address);
    if (options->baud == 0)
        return error_set(error, ERR_USAGE, "%s can't be opened at 0 baud", address);

    rc = fresh.ops->open(&fresh, rest, options, error);
    if (rc < 0)
        return rc;
    if (options->fault)
        rc = link_fault_wrap(&fresh, options->fault, error);
    if (rc == 0 && options->trace)
        rc = link_trace_wrap(&fresh, options->trace, error);
    if (rc < 0) {
        link_close(&fresh);
        return rc;
    }
    log_line(fresh.log, LOG_DEBUG, "opened %s (%s) at %u baud", address, fresh.ops->scheme,
             fresh.baud);
    *link = fresh;
    return 0;
}

void link_close(struct link *link)
{
    if (link->ops)
        link->ops->close(link);
    link->ops = NULL;
    link->impl = NULL;
}

ssize_t link_read(struct link *link, void *bytes, size_t n, int ms)
{
    return n == 0 ? 0 : link->ops->read(link, bytes, n, ms);
}

ssize_t link_write(struct link *link, const void *bytes, size_t n, int ms)
{
    if (cancel_asked(link->cancel))
        return link_cancelled(link);
    return n == 0 ? 0 : link->ops->write(link, bytes, n, ms);
}

int link_set_baud(struct link *link, unsigned baud)
{
    int rc = link->has_baud ? link->ops->set_baud(link, baud) : 0;

    if (rc == 0)
        link->baud = baud;
    return rc;
}

int link_set_lines(struct link *link, bool dtr, bool rts)
{
    int rc;

    if (!link->has_lines)
        return link_fail(link, ERR_NOT_POSSIBLE,
                         "%s has no DTR and RTS lines, so the chip can't be reset from here",
                         link->address);
    rc = link->ops->set_lines(link, dtr, rts);
    if (rc == 0) {
        link->dtr = dtr;
        link->rts = rts;
    }
    return rc;
}

int link_discard_input(struct link *link)
{
    return link->ops->discard_input(link);
}

int link_reopen(struct link *link, int ms)
{
    int rc;

    if (link->ops->reopen == NULL)
        return link_lost(link, 0); /* recorded already, but for one that is wrapped */
    error_clear(&link->error);
    rc = link->ops->reopen(link, ms);
    if (rc == 0)
        link->dtr = link->rts = false;
    return rc;
}

int link_sleep(struct link *link, int ms)
{
    return clock_sleep(link->cancel, ms) < 0 ? link_cancelled(link) : 0;
}

int link_fail(struct link *link, enum err code, const char *format, ...)
{
    char text[sizeof link->error.text];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    error_set(&link->error, code, "%s", text);
    return code;
}
