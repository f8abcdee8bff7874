/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The Flash Download Tool's .conf files as lists of what stands in them. For source/ only. */
#ifndef ESPJIG_SOURCE_CONF_H
#define ESPJIG_SOURCE_CONF_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

struct conf_entry {
    const char *section, *key, *value; /* inside of the text */
    unsigned line;
    bool seen; /* for who reads it */
};

struct conf {
    char *text;
    struct conf_entry *rows;
    size_t n;
    bool was_gbk; /* no UTF-8: taken for the code page of a Chinese Windows */
};

/* Takes a byte order mark, CR LF, and GBK, which becomes UTF-8. ERR_FILE_FORMAT
 * names the line that is neither a section nor a pair. */
int conf_read(struct conf *conf, const char *name, const char *text, size_t size,
              struct error *error);
void conf_done(struct conf *conf); /* also right for a zeroed struct */

/* The value; NULL: there is none. Sections and keys as the tool writes them, whatever the case. */
const char *conf_get(const struct conf *conf, const char *section, const char *key);

#endif
