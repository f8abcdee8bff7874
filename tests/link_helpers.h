/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the tests of link/ share. Comes after <cmocka.h>. */
#ifndef ESPJIG_TESTS_LINK_HELPERS_H
#define ESPJIG_TESTS_LINK_HELPERS_H

#include "base/buffer.h"
#include "base/util.h"
#include "link/link.h"

#include <pty.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { SOON = 10000 /* ms: a deadline that is only reached when something is broken */ };

static const struct link_options at_115200 = {.baud = 115200};

static inline void assert_has(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("\"%s\" has no \"%s\"", text, part);
}

static inline int open_fails(const char *address, const struct link_options *options, char *text)
{
    struct link link = {.baud = 4711};
    struct error error = {0};
    int rc = link_open(&link, address, options, &error);

    if (rc == 0)
        fail_msg("%s could be opened", address);
    assert_int_equal(link.baud, 4711); /* untouched */
    assert_int_equal(error.code, rc);
    strcpy(text, error.text);
    return rc;
}

struct pty {
    int master;
    char path[64];
    struct link link;
};

static inline void pty_start(struct pty *pty, const struct link_options *options)
{
    struct error error = {0};
    int slave;

    *pty = (struct pty){0};
    assert_int_equal(openpty(&pty->master, &slave, pty->path, NULL, NULL), 0);
    if (link_open(&pty->link, pty->path, options, &error) < 0)
        fail_msg("%s", error.text);
    close(slave);
}

static inline void pty_end(struct pty *pty)
{
    link_close(&pty->link);
    if (pty->master >= 0)
        close(pty->master);
}

#endif
