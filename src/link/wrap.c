/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "link/private.h"

struct link *link_inner(struct link *link)
{
    struct link *inner = link->impl;

    inner->cancel = link->cancel;
    inner->log = link->log;
    error_clear(&inner->error);
    return inner;
}

ssize_t link_inner_result(struct link *link, ssize_t result)
{
    const struct link *inner = link->impl;

    return result < 0 ? link_fail(link, (enum err)result, "%s", inner->error.text) : result;
}

ssize_t link_wrap_read(struct link *link, void *bytes, size_t n, int ms)
{
    return link_inner_result(link, link_read(link_inner(link), bytes, n, ms));
}

ssize_t link_wrap_write(struct link *link, const void *bytes, size_t n, int ms)
{
    return link_inner_result(link, link_write(link_inner(link), bytes, n, ms));
}

int link_wrap_set_baud(struct link *link, unsigned baud)
{
    return (int)link_inner_result(link, link_set_baud(link_inner(link), baud));
}

int link_wrap_set_lines(struct link *link, bool dtr, bool rts)
{
    return (int)link_inner_result(link, link_set_lines(link_inner(link), dtr, rts));
}

int link_wrap_discard_input(struct link *link)
{
    return (int)link_inner_result(link, link_discard_input(link_inner(link)));
}

int link_wrap_reopen(struct link *link, int ms)
{
    struct link *inner = link_inner(link);
    int rc = (int)link_inner_result(link, link_reopen(inner, ms));

    link->port = inner->port;
    return rc;
}
