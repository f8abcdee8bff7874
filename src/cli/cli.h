/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The command line: one option table, one command table. The dashboard is handed in by main(), so
 * that this room need not know the one beside it.
 */
#ifndef ESPJIG_CLI_CLI_H
#define ESPJIG_CLI_CLI_H

#include "base/error.h"
#include "station/client.h"

#include <stdbool.h>

struct cli_look {
    bool ascii, no_color;
    const char *title;
};

/* Shows the client's station until the user leaves. 0 or a negative enum err. */
typedef int cli_dashboard_fn(struct client *client, const struct cli_look *look,
                             struct error *error);

/* Returns the exit status. */
int cli_main(int argc, char **argv, cli_dashboard_fn *dashboard);

#endif
