/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "link/private.h"

/* The link inside, ready for one call: cancel as outside, no error. */
static struct link *inner_of(struct link *link)
{
    struct link *inner = link->impl;

    inner->cancel = link->cancel;
    inner->log = link->log;
    error_clear(&inner->error);
    return inner;
}

/* Takes the error over, if any. */
static ssize_t inner_result(struct link *link, ssize_t result)
{
    const struct link *inner = link->impl;

    return result < 0 ? link_fail(link, (enum err)result, "%s", inner->error.text) : result;
}

ssize_t link_wrap_read(struct link *link, void *bytes, size_t n, int ms)
{
    return inner_result(link, link_read(inner_of(link), bytes, n, ms));
}

ssize_t link_wrap_write(struct link *link, const void *bytes, size_t n, int ms)
{
    return inner_result(link, link_write(inner_of(link), bytes, n, ms));
}

int link_wrap_set_baud(struct link *link, unsigned baud)
{
    return (int)inner_result(link, link_set_baud(inner_of(link), baud));
}

int link_wrap_set_lines(struct link *link, bool dtr, bool rts)
{
    return (int)inner_result(link, link_set_lines(inner_of(link), dtr, rts));
}

int link_wrap_discard_input(struct link *link)
{
    return (int)inner_result(link, link_discard_input(inner_of(link)));
}

int link_wrap_reopen(struct link *link, int ms)
{
    struct link *inner = inner_of(link);
    int rc = (int)inner_result(link, link_reopen(inner, ms));

    link->port = inner->port;
    return rc;
}
