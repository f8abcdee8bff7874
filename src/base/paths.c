/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/paths.h"

#include "base/util.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_SIZE = 4096 };

int paths_state(const char *name, char *path, size_t size, struct error *error)
{
    const char *state = getenv("XDG_STATE_HOME");
    const char *home = getenv("HOME");
    char dir[PATH_SIZE];
    int n;

    if (state && state[0] == '/')
        n = snprintf(dir, sizeof dir, "%s/espjig", state);
    else if (home && home[0] == '/')
        n = snprintf(dir, sizeof dir, "%s/.local/state/espjig", home);
    else
        return error_set(error, ERR_FILE_WRITE, "neither XDG_STATE_HOME nor HOME is set");
    if (n >= (int)sizeof dir || snprintf(path, size, "%s/%s", dir, name) >= (int)size)
        return error_set(error, ERR_FILE_WRITE, "%s: the path is too long", dir);
    int failure = util_mkdirs(dir);
    if (failure != 0)
        return error_set(error, ERR_FILE_WRITE, "%s: %s", dir, strerror(-failure));
    return 0;
}
