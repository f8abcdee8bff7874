/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The dashboard: a client of a station with a screen. The only process with curses (ui/term.c alone
 * includes it).
 */
#ifndef ESPJIG_UI_UI_H
#define ESPJIG_UI_UI_H

#include "base/error.h"
#include "station/client.h"

#include <stdbool.h>

struct ui_options {
    bool ascii;        /* no UTF-8 drawing */
    bool no_color;     /* also by NO_COLOR */
    const char *title; /* "bench-pi", "demo" */
};

/* Runs until the user leaves or the terminal goes away. Owns neither client nor its station.
 * Restores the terminal on every way out, crashes included. 0, ERR_STATION when the station has
 * gone, ERR_USAGE when there is no terminal. */
int ui_run(struct client *client, const struct ui_options *options, struct error *error);

#endif
