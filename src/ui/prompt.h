/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One line that is being typed: UTF-8 text and a cursor that never stands inside a character. */
#ifndef ESPJIG_UI_PROMPT_H
#define ESPJIG_UI_PROMPT_H

#include <stddef.h>

struct prompt {
    char label[64];
    char text[768];
    size_t at; /* bytes left of the cursor */
};

void prompt_open(struct prompt *prompt, const char *label,
                 const char *text); /* cursor at the end */
void prompt_set(struct prompt *prompt, const char *text);
void prompt_insert(struct prompt *prompt, int code_point); /* silently full at the end */
void prompt_left(struct prompt *prompt);
void prompt_right(struct prompt *prompt);
void prompt_home(struct prompt *prompt);
void prompt_end(struct prompt *prompt);
void prompt_rubout(struct prompt *prompt);
void prompt_delete(struct prompt *prompt);
void prompt_rubout_word(struct prompt *prompt); /* back to the last `/` or blank */

#endif
