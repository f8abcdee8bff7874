/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/prompt.h"

#include "base/util.h"

#include <stdbool.h>
#include <string.h>

void prompt_open(struct prompt *prompt, const char *label, const char *text)
{
    util_copy(prompt->label, sizeof prompt->label, label);
    prompt_set(prompt, text);
}

void prompt_set(struct prompt *prompt, const char *text)
{
    util_copy(prompt->text, sizeof prompt->text, text);
    prompt_end(prompt);
}

static bool inside_character(const struct prompt *prompt, size_t at)
{
    return ((unsigned char)prompt->text[at] & 0xc0) == 0x80;
}

static size_t encode(char to[4], unsigned cp)
{
    if (cp < 0x80) {
        to[0] = (char)cp;
        return 1;
    }
    size_t n = cp < 0x800 ? 2 : cp < 0x10000 ? 3 : 4;
    for (size_t i = n - 1; i > 0; i--, cp >>= 6)
        to[i] = (char)(0x80 | (cp & 0x3f));
    to[0] = (char)((0xf00u >> n & 0xff) | cp);
    return n;
}

void prompt_insert(struct prompt *prompt, int code_point)
{
    char bytes[4];
    size_t len = strlen(prompt->text);

    if (code_point < ' ' || code_point > 0x10ffff || (code_point >= 0xd800 && code_point < 0xe000))
        return;
    size_t n = encode(bytes, (unsigned)code_point);
    if (len + n >= sizeof prompt->text)
        return;
    memmove(prompt->text + prompt->at + n, prompt->text + prompt->at, len - prompt->at + 1);
    memcpy(prompt->text + prompt->at, bytes, n);
    prompt->at += n;
}

void prompt_left(struct prompt *prompt)
{
    while (prompt->at > 0 && inside_character(prompt, --prompt->at))
        ;
}

void prompt_right(struct prompt *prompt)
{
    if (prompt->text[prompt->at] == '\0')
        return;
    do
        prompt->at++;
    while (inside_character(prompt, prompt->at));
}

void prompt_home(struct prompt *prompt)
{
    prompt->at = 0;
}

void prompt_end(struct prompt *prompt)
{
    prompt->at = strlen(prompt->text);
}

static void cut(struct prompt *prompt, size_t from, size_t to)
{
    memmove(prompt->text + from, prompt->text + to, strlen(prompt->text + to) + 1);
    prompt->at = from;
}

void prompt_rubout(struct prompt *prompt)
{
    size_t end = prompt->at;

    prompt_left(prompt);
    cut(prompt, prompt->at, end);
}

void prompt_delete(struct prompt *prompt)
{
    size_t start = prompt->at;

    prompt_right(prompt);
    cut(prompt, start, prompt->at);
}

void prompt_rubout_word(struct prompt *prompt)
{
    size_t end = prompt->at, start = end;

    while (start > 0 && strchr("/ ", prompt->text[start - 1]))
        start--;
    while (start > 0 && !strchr("/ ", prompt->text[start - 1]))
        start--;
    cut(prompt, start, end);
}
