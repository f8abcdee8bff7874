/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "source/near.h"

#include <string.h>

enum { WORD_MAX = 40 };

static unsigned least(unsigned a, unsigned b, unsigned c)
{
    unsigned ab = a < b ? a : b;

    return ab < c ? ab : c;
}

/* How many letters have to be changed, added or left out (Levenshtein); of the first WORD_MAX. */
static unsigned distance(const char *a, const char *b)
{
    unsigned row[WORD_MAX + 1];
    size_t n = strnlen(b, WORD_MAX);

    for (size_t j = 0; j <= n; j++)
        row[j] = (unsigned)j;
    for (size_t i = 0; a[i] && i < WORD_MAX; i++) {
        unsigned diagonal = row[0];
        row[0] = (unsigned)i + 1;
        for (size_t j = 0; j < n; j++) {
            unsigned above = row[j + 1];
            row[j + 1] = least(above + 1, row[j] + 1, diagonal + (a[i] != b[j]));
            diagonal = above;
        }
    }
    return row[n];
}

const char *near_word(const char *word, const char *const *words, size_t n)
{
    const char *best = words[0];

    for (size_t i = 1; i < n; i++) {
        if (distance(word, words[i]) < distance(word, best))
            best = words[i];
    }
    return best;
}
