/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Readers that are not here yet: whoever adds one removes its two functions here. */
#include "source/private.h"

static int not_here(struct source *s, const char *what)
{
    return error_set(s->error, ERR_FILE_FORMAT, "%s: %s can't be read yet", s->name, what);
}

bool source_fdt_is(const struct source_look *look)
{
    return !look->directory && source_name_ends(look->path, ".conf");
}

int source_fdt_load(struct source *s)
{
    return not_here(s, "a file of the Flash Download Tool");
}
