/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The known word that a mistyped one is nearest to. For source/ only. */
#ifndef ESPJIG_SOURCE_NEAR_H
#define ESPJIG_SOURCE_NEAR_H

#include <stddef.h>

/* One of `words`, of which there is at least one. */
const char *near_word(const char *word, const char *const *words, size_t n);

#endif
