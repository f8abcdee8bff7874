/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rule table: which evidence leads to which advice. Private to hint/ and its test. */
#ifndef ESPJIG_HINT_RULES_H
#define ESPJIG_HINT_RULES_H

#include "hint/hint.h"
#include "hint/straps.h"

/* The evidence, and what was read out of it once for all rules. */
struct facts {
    const struct evidence *evidence;
    const char *text; /* of the error */
    const char *log;
    struct boot_line boot;
    const struct chip *chip;     /* by the ROM's banner, else as it is known; may be NULL */
    const struct straps *straps; /* of that chip; may be NULL */
    char word[64];               /* what a rule puts in for {} */
    char seen[200];              /* what a rule saw; "": the error's text is shown instead */
};

struct rule {
    const char *id;
    enum err codes[5];                  /* ended by 0 */
    bool (*match)(struct facts *facts); /* NULL: the code is enough */
    const char *cause, *fix;            /* {} stands for facts->word */
    const char *action;                 /* NULL: none */
};

extern const struct rule hint_rules[];
extern const size_t hint_rules_count;

#endif
