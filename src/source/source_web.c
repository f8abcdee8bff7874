/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The manifest of ESP Web Tools (its README and src/const.ts):
 *
 *   { name, version, builds: [ { chipFamily, serialType, parts: [ { path, offset } ] } ], ... }
 *
 * Such bundles come from strangers: their files must lie in the manifest's own folder.
 */
#include "base/util.h"
#include "source/private.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define MANIFEST "manifest.json"

/* Any site has a manifest.json. */
static bool has_builds(const char *directory)
{
    struct buffer path = {0}, head = {0};

    buffer_printf(&path, "%s/" MANIFEST, directory);
    bool has = source_head((const char *)path.data, &head, SOURCE_LOOK_MAX) == 0;
    buffer_append_byte(&head, 0);
    has = has && strstr((const char *)head.data, "\"builds\"");
    buffer_done(&head);
    buffer_done(&path);
    return has;
}

bool source_web_is(const struct source_look *look)
{
    if (look->directory)
        return has_builds(look->path);
    return look->n > 0 && source_name_ends(look->path, ".json") &&
           strstr((const char *)look->head, "\"builds\"");
}

/* What stands at `where` besides the members that are read: a note for each. */
static void members_note(struct source *s, const char *where, json_t *object,
                         const char *const *known, size_t n)
{
    const char *key;
    json_t *value;

    json_object_foreach(object, key, value)
    {
        bool is_known = false;
        for (size_t i = 0; i < n; i++)
            is_known = is_known || strcmp(key, known[i]) == 0;
        if (!is_known)
            source_note(s->notes, true, "%s: %s%.100s is not understood", s->name, where, key);
    }
}

/* ---- which of the builds ---- */

static const struct chip *family_of(json_t *build)
{
    const char *family = json_string_value(json_object_get(build, "chipFamily"));

    return family ? chip_by_name(family) : NULL;
}

static int build_check(struct source *s, json_t *build, size_t i)
{
    char where[64];

    snprintf(where, sizeof where, "builds/%zu", i);
    if (source_json_get(s, build, JSON_OBJECT, true, where) == NULL)
        return s->error->code;
    snprintf(where, sizeof where, "builds/%zu/chipFamily", i);
    json_t *family =
        source_json_get(s, json_object_get(build, "chipFamily"), JSON_STRING, true, where);
    if (family == NULL)
        return s->error->code;
    if (family_of(build) == NULL)
        source_note(s->notes, true, "%s: %s: \"%.60s\" is no chip that espjig knows", s->name,
                    where, json_string_value(family));
    return 0;
}

static void families_list(json_t *builds, struct buffer *names)
{
    json_t *build;
    size_t i;

    json_array_foreach(builds, i, build)
    {
        const struct chip *chip = family_of(build);
        bool again = false;
        for (size_t k = 0; k < i; k++)
            again = again || family_of(json_array_get(builds, k)) == chip;
        if (chip && !again)
            buffer_printf(names, "%s%s", names->len ? ", " : "", chip->name);
    }
    if (names->len == 0)
        buffer_printf(names, "chips that espjig does not know");
}

/* The index of the build to be taken; < 0: the error is set. */
static int build_choose(struct source *s, json_t *builds)
{
    const struct chip *asked = chip_get(s->options->chip), *found = NULL;
    struct buffer names = {0};
    bool several = false;
    json_t *build;
    size_t i;
    int chosen = -1;

    json_array_foreach(builds, i, build)
    {
        const struct chip *chip = family_of(build);
        if (chip == NULL || (asked && chip != asked))
            continue;
        several = several || (found && chip != found);
        found = chip;
        /* One is for boards on a USB of their own, one for those on an adapter: the one that says
         * nothing is for both. */
        if (chosen < 0 || json_object_get(build, "serialType") == NULL)
            chosen = (int)i;
    }
    families_list(builds, &names);
    if (chosen < 0)
        error_set(s->error, ERR_USAGE, "%s has nothing for %s: it is for %.300s", s->name,
                  asked ? asked->name : "any chip", (const char *)names.data);
    else if (several)
        error_set(s->error, ERR_USAGE, "%s is for several chips, choose one with -c: %.300s",
                  s->name, (const char *)names.data);
    buffer_done(&names);
    return s->error->code ? s->error->code : chosen;
}

/* ---- its parts ---- */

static int offset_read(struct source *s, json_t *value, const char *where, uint32_t *offset)
{
    if (source_json_get(s, value, JSON_INTEGER, true, where) == NULL)
        return s->error->code;
    json_int_t v = json_integer_value(value);
    if (v < 0 || v >= JOB_ADDRESS_OWN)
        return error_set(s->error, ERR_FILE_FORMAT, "%s: %s: %lld is no flash address", s->name,
                         where, (long long)v);
    *offset = (uint32_t)v;
    return 0;
}

static int part_read(struct source *s, json_t *part, size_t build, size_t i)
{
    static const char *const known[] = {"path", "offset"};
    char where[96];
    uint32_t offset = 0;

    snprintf(where, sizeof where, "builds/%zu/parts/%zu", build, i);
    if (source_json_get(s, part, JSON_OBJECT, true, where) == NULL)
        return s->error->code;
    snprintf(where, sizeof where, "builds/%zu/parts/%zu/offset", build, i);
    if (offset_read(s, json_object_get(part, "offset"), where, &offset) != 0)
        return s->error->code;
    snprintf(where, sizeof where, "builds/%zu/parts/%zu/path", build, i);
    json_t *path = source_json_get(s, json_object_get(part, "path"), JSON_STRING, true, where);
    if (path == NULL)
        return s->error->code;
    if (source_image_add(s, where, json_string_value(path), offset, ENCRYPT_NO) != 0)
        return s->error->code;
    snprintf(where, sizeof where, "builds/%zu/parts/%zu/", build, i);
    members_note(s, where, part, known, ARRAY_LEN(known));
    return 0;
}

static int parts_read(struct source *s, json_t *build, size_t index)
{
    static const char *const known[] = {"chipFamily", "parts", "serialType", "improv"};
    char where[64];
    json_t *part;
    size_t i;

    snprintf(where, sizeof where, "builds/%zu/", index);
    members_note(s, where, build, known, ARRAY_LEN(known));
    snprintf(where, sizeof where, "builds/%zu/parts", index);
    json_t *parts = source_json_get(s, json_object_get(build, "parts"), JSON_ARRAY, true, where);
    if (parts == NULL)
        return s->error->code;
    json_array_foreach(parts, i, part)
    {
        if (part_read(s, part, index, i) != 0)
            return s->error->code;
    }
    if (json_object_get(build, "serialType"))
        source_note(s->notes, false, "%s: builds/%zu, which is for serialType %.20s, is taken",
                    s->name, index,
                    json_string_value(json_object_get(build, "serialType"))
                        ? json_string_value(json_object_get(build, "serialType"))
                        : "?");
    return 0;
}

/* ---- what else it says ---- */

static void rest_note(struct source *s, json_t *root)
{
    static const char *const known[] = {
        "name", "version", "builds", "new_install_prompt_erase", "new_install_skip_erase",
        /* what a browser does once the board runs */
        "home_assistant_domain", "funding_url", "new_install_improv_wait_time"};

    if (json_is_true(json_object_get(root, "new_install_prompt_erase")) ||
        json_is_true(json_object_get(root, "new_install_skip_erase")))
        source_note(s->notes, true,
                    "%s wants the flash to be erased before a first installation: that is done "
                    "with --erase-all",
                    s->name);
    if (json_is_string(json_object_get(root, "home_assistant_domain")))
        source_note(s->notes, false, "%s: what a browser would do afterwards is not done", s->name);
    members_note(s, "", root, known, ARRAY_LEN(known));
}

static int builds_read(struct source *s, json_t *root)
{
    json_t *builds =
        source_json_get(s, json_object_get(root, "builds"), JSON_ARRAY, true, "builds");
    json_t *build;
    size_t i;

    if (builds == NULL)
        return s->error->code;
    json_array_foreach(builds, i, build)
    {
        if (build_check(s, build, i) != 0)
            return s->error->code;
    }
    int chosen = build_choose(s, builds);
    if (chosen < 0)
        return chosen;
    build = json_array_get(builds, (size_t)chosen);
    int result = source_chip_set(s, "the build", family_of(build));
    return result == 0 ? parts_read(s, build, (size_t)chosen) : result;
}

int source_web_read(struct source *s, const char *text, size_t size)
{
    json_t *root = source_json_parse(s, text, size);

    if (root == NULL)
        return s->error->code;
    int result = builds_read(s, root);
    if (result == 0)
        rest_note(s, root);
    json_decref(root);
    return result;
}

/* ---- the files ---- */

/* A path of a manifest is a relative URL: where no file is named so, without what follows `?` or
 * `#`, and with its %20 decoded. */
static void path_decode(const char *directory, char *path)
{
    struct buffer whole = {0};
    struct stat st;
    char *to = path;

    buffer_printf(&whole, "%s%s", path[0] == '/' ? "" : directory, path);
    bool is_there = stat((const char *)whole.data, &st) == 0;
    buffer_done(&whole);
    if (is_there)
        return;
    path[strcspn(path, "?#")] = '\0';
    for (const char *p = path; *p; p++) {
        if (*p == '%' && isxdigit((unsigned char)p[1]) && isxdigit((unsigned char)p[2]) &&
            (p[1] != '0' || p[2] != '0')) {
            *to++ = (char)(util_hex_digit(p[1]) << 4 | util_hex_digit(p[2]));
            p += 2;
        } else {
            *to++ = *p;
        }
    }
    *to = '\0';
}

int source_web_load(struct source *s)
{
    struct buffer path = {0}, text = {0};
    struct stat st;

    bool directory = stat(s->name, &st) == 0 && S_ISDIR(st.st_mode);
    buffer_printf(&path, "%s%s", s->name, directory ? "/" MANIFEST : "");
    s->name = (const char *)path.data;
    char *folder = source_folder(s->name);
    s->directory = folder;
    int result = source_text_read(s->name, &text, s->error);
    if (result == 0)
        result = source_web_read(s, (const char *)text.data, text.len);
    for (size_t i = s->first; result == 0 && i < s->job->n_images; i++) {
        path_decode(folder, s->job->images[i].path);
        /* It may have got one by the decoding. */
        if (strstr(s->job->images[i].path, JOB_PATH_CHIP))
            result = error_set(s->error, ERR_FILE_FORMAT, "%s: a file can't be named %s", s->name,
                               s->job->images[i].path);
    }
    if (result == 0)
        result = source_images_resolve(s, folder);
    buffer_done(&text);
    buffer_done(&path);
    free(folder);
    return result;
}
