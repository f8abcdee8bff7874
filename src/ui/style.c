/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/style.h"

const struct style_look style_looks[STYLE_COUNT] = {
    [STYLE_PLAIN] = {COLOR_OF_TERMINAL, false, false},
    [STYLE_TITLE] = {COLOR_OF_TERMINAL, true, false},
    [STYLE_DIM] = {COLOR_OF_TERMINAL, false, true},
    [STYLE_ACCENT] = {COLOR_IS_BLUE, true, false},
    [STYLE_WARNING] = {COLOR_IS_YELLOW, true, false},
    [STYLE_SYNC] = {COLOR_IS_CYAN, false, false},
    [STYLE_DOWNLOAD] = {COLOR_IS_YELLOW, false, false},
    [STYLE_FINISH] = {COLOR_IS_GREEN, true, false},
    [STYLE_ERROR] = {COLOR_IS_RED, true, false},
    [STYLE_COM_FAIL] = {COLOR_IS_MAGENTA, true, false},
};

static const enum style state_styles[STATE_COUNT] = {
    [STATE_IDLE] = STYLE_PLAIN,        [STATE_SYNC] = STYLE_SYNC,
    [STATE_CONNECT] = STYLE_SYNC,      [STATE_STUB] = STYLE_SYNC,
    [STATE_ERASE] = STYLE_DOWNLOAD,    [STATE_WRITE] = STYLE_DOWNLOAD,
    [STATE_VERIFY] = STYLE_DOWNLOAD,   [STATE_READ] = STYLE_DOWNLOAD,
    [STATE_RESET] = STYLE_DOWNLOAD,    [STATE_BOOT_CHECK] = STYLE_DOWNLOAD,
    [STATE_FINISH] = STYLE_FINISH,     [STATE_ERROR] = STYLE_ERROR,
    [STATE_COM_FAIL] = STYLE_COM_FAIL, [STATE_REMOVE] = STYLE_FINISH,
};

enum style style_of_state(enum job_state state)
{
    return (unsigned)state < STATE_COUNT ? state_styles[state] : STYLE_PLAIN;
}
