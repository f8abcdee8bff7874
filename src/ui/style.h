/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a cell looks like, by meaning. One table (style.c) says what that is on a screen. */
#ifndef ESPJIG_UI_STYLE_H
#define ESPJIG_UI_STYLE_H

#include "job/event.h"

#include <stdbool.h>

enum style {
    STYLE_PLAIN,
    STYLE_TITLE,
    STYLE_DIM,
    STYLE_ACCENT, /* the one accent: keys, the bar at the selected row */
    STYLE_WARNING,
    /* States, also the colour of their bars: */
    STYLE_SYNC,
    STYLE_DOWNLOAD,
    STYLE_FINISH,
    STYLE_ERROR,
    STYLE_COM_FAIL,
    STYLE_COUNT
};

#define STYLE_SELECTED 0x80u /* reverse video, on top of any style */
#define STYLE_MASK     0x7fu

enum style_color {
    COLOR_OF_TERMINAL = -1,
    COLOR_IS_RED = 1,
    COLOR_IS_GREEN = 2,
    COLOR_IS_YELLOW = 3,
    COLOR_IS_BLUE = 4,
    COLOR_IS_MAGENTA = 5,
    COLOR_IS_CYAN = 6
};

struct style_look {
    enum style_color color; /* of the eight that every terminal has */
    bool bold, dim;
};

extern const struct style_look style_looks[STYLE_COUNT];

enum style style_of_state(enum job_state state);

#endif
