/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where stub files may lie. */
#include "loader/stub.h"

#include "base/buffer.h"
#include "base/util.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Places of esptool packages, as patterns; a leading ~ is the home directory, a leading $NAME/ that
 * variable (left out where it is not set). */
static const char *const package_places[] = {
    "$IDF_PYTHON_ENV_PATH/lib/python3*/site-packages",
    "$VIRTUAL_ENV/lib/python3*/site-packages",
    "~/.espressif/python_env/*/lib/python3*/site-packages",
    "~/.platformio/packages/tool-esptoolpy*",
    "~/.platformio/penv/lib/python3*/site-packages",
    "~/.local/lib/python3*/site-packages",
    "~/.local/share/pipx/venvs/esptool/lib/python3*/site-packages",
    "~/.local/pipx/venvs/esptool/lib/python3*/site-packages",
    "/usr/local/lib/python3*/dist-packages",
    "/usr/local/lib/python3*/site-packages",
    "/usr/lib/python3/dist-packages",
    "/usr/lib/python3*/site-packages",
};

struct search {
    const char *name;     /* "esp32c3" */
    int nth;              /* how many more good ones to pass over */
    bool seen[3];         /* versions that were met */
    struct buffer looked; /* directories, for the message */
};

/* The pattern with its start replaced; empty when that is not set. Appends with a zero. */
static bool expand(const char *pattern, char *to, size_t size)
{
    const char *base, *rest;

    if (pattern[0] == '~') {
        base = getenv("HOME");
        rest = pattern + 1;
    } else if (pattern[0] == '$') {
        char variable[64];
        rest = strchr(pattern, '/');
        snprintf(variable, sizeof variable, "%.*s", (int)(rest - pattern - 1), pattern + 1);
        base = getenv(variable);
    } else {
        base = "";
        rest = pattern;
    }
    if (base == NULL || (base[0] == '\0' && rest != pattern))
        return false;
    int n = snprintf(to, size, "%s%s", base, rest);
    return n > 0 && (size_t)n < size;
}

/* Does the directory hold any stub of that name? */
static bool has_any(const char *dir, const char *name)
{
    static const char *const subs[] = {"", "2/", "1/"};

    for (size_t i = 0; i < ARRAY_LEN(subs); i++) {
        char path[1200];
        struct stat st;
        snprintf(path, sizeof path, "%s/%s%s.json", dir, subs[i], name);
        if (stat(path, &st) == 0)
            return true;
    }
    return false;
}

/* Directories to look into, each with a terminating zero, one after the other. A directory
 * that someone asked for and that has the stub is the only one: no newer file from elsewhere gets
 * in its way. */
static void directories(const char *dir, const char *name, struct buffer *list)
{
    char path[1024];
    const char *data = getenv("XDG_DATA_HOME");
    const char *const asked[] = {dir, getenv("ESPJIG_STUB_DIR")};

    for (size_t i = 0; i < ARRAY_LEN(asked); i++) {
        if (asked[i] == NULL || asked[i][0] == '\0')
            continue;
        buffer_append(list, asked[i], strlen(asked[i]) + 1);
        if (has_any(asked[i], name))
            return;
    }
    if (data && data[0])
        snprintf(path, sizeof path, "%s/espjig/stubs", data);
    if ((data && data[0]) || expand("~/.local/share/espjig/stubs", path, sizeof path))
        buffer_append(list, path, strlen(path) + 1);
    buffer_append(list, PKGDATADIR "/stubs", sizeof PKGDATADIR "/stubs");

    for (size_t i = 0; i < ARRAY_LEN(package_places); i++) {
        glob_t found;
        char pattern[1100];
        if (!expand(package_places[i], path, sizeof path))
            continue;
        snprintf(pattern, sizeof pattern, "%s/esptool/targets/stub_flasher", path);
        if (glob(pattern, 0, NULL, &found) == 0) {
            for (size_t j = 0; j < found.gl_pathc; j++)
                buffer_append(list, found.gl_pathv[j], strlen(found.gl_pathv[j]) + 1);
            globfree(&found);
        }
    }
}

/* Loads DIR/[SUB/]NAME.json when it is the one that is wanted. 1: *stub is filled; 0: not this one.
 * A damaged file counts as one of its version: the caller is told, not led to another one. */
static int candidate(struct search *search, const char *dir, const char *sub, int version,
                     struct stub *stub, struct error *error)
{
    char path[1200];
    struct stat st;
    struct error own = {0};

    snprintf(path, sizeof path, "%s/%s%s.json", dir, sub, search->name);
    if (stat(path, &st) < 0 || search->seen[version])
        return 0;
    int rc = stub_load(path, stub, &own);
    if (rc == 0 && stub->version != version) {
        stub_done(stub);
        return 0;
    }
    if (rc < 0 && sub[0] == '\0' && version != 2)
        return 0; /* it was met before */
    search->seen[version] = true;
    if (search->nth-- > 0) {
        stub_done(stub);
        return 0;
    }
    return rc < 0 ? error_set(error, (enum err)rc, "%s", own.text) : 1;
}

int stub_find(const char *name, const char *dir, int nth, struct stub *stub, struct error *error)
{
    struct search search = {.name = name, .nth = nth};
    struct buffer list = {0};
    int rc = 0;

    memset(stub, 0, sizeof *stub);
    if (name == NULL)
        return error_set(error, ERR_FILE_UNREADABLE, "there is no flasher stub for this chip");

    directories(dir, name, &list);
    for (int version = 2; version >= 1 && rc == 0; version--) {
        const char *sub = version == 2 ? "2/" : "1/";
        for (size_t at = 0; at < list.len && rc == 0; at += strlen((char *)list.data + at) + 1) {
            const char *place = (char *)list.data + at;
            rc = candidate(&search, place, sub, version, stub, error);
            if (rc == 0)
                rc = candidate(&search, place, "", version, stub, error);
        }
    }

    if (rc == 0) {
        for (size_t at = 0; at < list.len; at += strlen((char *)list.data + at) + 1)
            buffer_printf(&search.looked, "%s%s", at ? ", " : "", (char *)list.data + at);
        rc = error_set(error, ERR_FILE_UNREADABLE, "no %sflasher stub for %s (%s.json) in %.500s",
                       nth > 0 ? "other " : "", name, name, (char *)search.looked.data);
    }
    buffer_done(&search.looked);
    buffer_done(&list);
    return rc == 1 ? 0 : rc;
}
