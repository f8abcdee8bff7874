/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads a stub's JSON file and trusts nothing in it. */
#include "loader/stub.h"

#include "base/buffer.h"
#include "base/util.h"
#include "image/digest.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SEGMENT_MAX = 0x20000, /* the largest known has 14 KiB */
    FILE_MAX = 1 << 20
};

void stub_done(struct stub *stub)
{
    for (size_t i = 0; i < stub->n_segments; i++)
        free(stub->segments[i].data);
    memset(stub, 0, sizeof *stub);
}

static int number(const json_t *root, const char *key, const char *path, uint32_t *value,
                  struct error *error)
{
    const json_t *item = json_object_get(root, key);

    if (!json_is_integer(item))
        return error_set(error, ERR_STUB_FILE, "%s: \"%s\" is %s", path, key,
                         item ? "no number" : "missing");
    json_int_t n = json_integer_value(item);
    if (n < 0 || n > UINT32_MAX) /* which of them are RAM depends on the chip: stub_check_ram() */
        return error_set(error, ERR_STUB_FILE, "%s: \"%s\" is %lld, which is no address", path, key,
                         (long long)n);
    *value = (uint32_t)n;
    return 0;
}

static int segment(const json_t *root, const char *key, const char *path, struct stub *stub,
                   struct error *error)
{
    char start[32];
    struct stub_segment *to = &stub->segments[stub->n_segments];
    const char *text = json_string_value(json_object_get(root, key));

    if (text == NULL)
        return error_set(error, ERR_STUB_FILE, "%s: \"%s\" is missing or no text", path, key);
    snprintf(start, sizeof start, "%s_start", key);
    int rc = number(root, start, path, &to->address, error);
    if (rc < 0)
        return rc;
    if (base64_decode(text, &to->data, &to->size) < 0)
        return error_set(error, ERR_STUB_FILE, "%s: \"%s\" is no base64", path, key);
    stub->n_segments++;
    if (to->size == 0 || to->size > SEGMENT_MAX || to->size - 1 > UINT32_MAX - to->address)
        return error_set(error, ERR_STUB_FILE, "%s: \"%s\" has %zu bytes, which can't be", path,
                         key, to->size);
    return 0;
}

static bool holds(const struct stub_segment *segment, uint32_t address)
{
    return address >= segment->address && address - segment->address < segment->size;
}

/* The segments must lie apart, and the entry in the first, which is the code. */
static int check(const struct stub *stub, const char *path, struct error *error)
{
    const struct stub_segment *text = &stub->segments[0], *data = &stub->segments[1];

    if (!holds(text, stub->entry))
        return error_set(error, ERR_STUB_FILE,
                         "%s: \"entry\" is 0x%08x, outside of the code (0x%08x, %zu bytes)", path,
                         stub->entry, text->address, text->size);
    if (stub->n_segments == 2 && (holds(text, data->address) || holds(data, text->address)))
        return error_set(error, ERR_STUB_FILE, "%s: code and data overlap", path);
    return 0;
}

/* Files of both versions have the same keys. Version 2 keeps a table of 27 functions in its data,
 * all the same until a plug-in comes (esp-flasher-stub: plugin_table.h); version 1 has no such run
 * of equal words. */
static int version_by_content(const struct stub *stub)
{
    enum { TABLE = 27 };
    const struct stub_segment *data = &stub->segments[1];
    size_t run = 1;

    if (stub->n_segments < 2)
        return 0;
    for (size_t at = 4; at + 4 <= data->size; at += 4) {
        uint32_t word = le32_get(data->data + at);
        run = word != 0 && word == le32_get(data->data + at - 4) ? run + 1 : 1;
        if (run >= TABLE)
            return 2;
    }
    return 1;
}

/* "…/2/esp32.json" says its version. */
static int version_by_path(const char *path)
{
    const char *name = util_basename(path);

    if (name - path >= 3 && name[-3] == '/' && (name[-2] == '1' || name[-2] == '2'))
        return name[-2] - '0';
    return name - path == 2 && (path[0] == '1' || path[0] == '2') ? path[0] - '0' : 0;
}

static int fill(const json_t *root, const char *path, struct stub *stub, struct error *error)
{
    int rc;

    if (!json_is_object(root))
        return error_set(error, ERR_STUB_FILE, "%s: no JSON object", path);
    if ((rc = segment(root, "text", path, stub, error)) < 0)
        return rc;
    if (json_object_get(root, "data") && (rc = segment(root, "data", path, stub, error)) < 0)
        return rc;
    if ((rc = number(root, "entry", path, &stub->entry, error)) < 0)
        return rc;
    if ((rc = check(stub, path, error)) < 0)
        return rc;

    util_copy(stub->path, sizeof stub->path, path);
    stub->version = version_by_path(path);
    if (stub->version == 0)
        stub->version = version_by_content(stub);
    return 0;
}

int stub_read(const char *path, const char *text, size_t size, struct stub *stub,
              struct error *error)
{
    json_error_t why;
    json_t *root = json_loadb(text, size, JSON_REJECT_DUPLICATES, &why);

    memset(stub, 0, sizeof *stub);
    int rc = root ? fill(root, path, stub, error)
                  : error_set(error, ERR_STUB_FILE, "%s: line %d: no JSON: %s", path, why.line,
                              why.text);
    json_decref(root);
    if (rc < 0)
        stub_done(stub);
    return rc;
}

int stub_load(const char *path, struct stub *stub, struct error *error)
{
    struct buffer text = {0};
    size_t got;

    memset(stub, 0, sizeof *stub);
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return error_set(error, ERR_FILE_UNREADABLE, "%s: %s", path, strerror(errno));
    while (text.len <= FILE_MAX && (got = fread(buffer_reserve(&text, 4096), 1, 4096, file)) > 0)
        text.len += got;
    fclose(file);
    int rc = text.len <= FILE_MAX
                 ? stub_read(path, (const char *)text.data, text.len, stub, error)
                 : error_set(error, ERR_STUB_FILE, "%s: more than %d bytes", path, FILE_MAX);
    buffer_done(&text);
    return rc;
}
