/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Linked programs made up for tests, the same bytes every time: sections in all memory of a chip,
 * with everything that makes elf2image difficult. Nothing in them could run.
 */
#ifndef ESPJIG_TESTS_MAKE_ELF_H
#define ESPJIG_TESTS_MAKE_ELF_H

#include "base/buffer.h"
#include "chip/chip.h"

enum {
    ELF_APP,        /* app descriptor and the usual sections, in the order of their addresses */
    ELF_UNSORTED,   /* back to front, adjacent and odd sizes, .bss, empty sections, unknown types */
    ELF_RAM,        /* RAM only, a bootloader's descriptor that is not the first */
    ELF_PAGE,       /* the descriptor tells the size of a page */
    ELF_GUESS,      /* pages of less than 64 KB that the descriptor does not tell */
    ELF_GAPS,       /* gaps that are there because of alignment only */
    ELF_TAIL,     /* mapped flash that ends just behind the edge of a page */
    ELF_WILD,       /* from here on: anything, by the number; some can't be made into an image */
    ELF_KINDS = 15, /* as many as the tests take */
};

/* `small`: a few hundred bytes, for the corpus of the fuzz target. */
void make_elf(struct buffer *elf, const struct chip *chip, unsigned kind, bool small);

#endif
