/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The terminal: shows a canvas, reads keys, and is left as it was found on every way out. The only
 * place that knows curses. There is one terminal a process, so this room's state is static.
 */
#ifndef ESPJIG_UI_TERM_H
#define ESPJIG_UI_TERM_H

#include "base/error.h"
#include "ui/canvas.h"

#include <stdbool.h>

/* Takes the terminal over, signal handlers included. ERR_USAGE when standard input and output are
 * no terminal or TERM is of no use. */
int term_init(bool no_color, struct error *error);
void term_done(void); /* gives it back; nothing happens when it was not taken */

/* Whether it can show more than ASCII: UTF-8 locale, and no console with a small font. */
bool term_is_utf8(void);

/* Lines and columns as they are now; 0 x 0 while the terminal does not know its size. */
void term_size(int *rows, int *cols);

/* Shows the canvas; only what differs from the last one is sent. */
void term_flush(const struct canvas *canvas);
void term_forget(void); /* the next flush sends everything */

/* The next key (ui/keys.h), K_NONE when no more have arrived. */
int term_key(void);
/* Whether standard input has ended; tell it what poll(2) said. */
bool term_gone(short revents);

/* Readable when signals have arrived. term_signals() empties it and says what they ask for. */
int term_signal_fd(void);
struct term_asked {
    bool quit, suspend, resumed, resized;
};
struct term_asked term_signals(void);

/* Hands the terminal to the shell until it continues us. */
void term_suspend(void);

#endif
