/* SPDX-License-Identifier: GPL-3.0-or-later */
/* JSON from strangers. */
#include "source/private.h"

static const char *const type_names[] = {
    [JSON_OBJECT] = "an object",
    [JSON_ARRAY] = "an array",
    [JSON_STRING] = "a string",
    [JSON_INTEGER] = "a whole number",
    [JSON_REAL] = "a number that is not whole",
    [JSON_TRUE] = "true",
    [JSON_FALSE] = "false",
    [JSON_NULL] = "null",
};

static const char *type_name(const json_t *value)
{
    return value ? type_names[json_typeof(value)] : "nothing";
}

/* Deeper than any of the formats goes; jansson alone would follow 2048 levels. */
enum { DEPTH_MAX = 32 };

/* Whether brackets outside of strings nest deeper than that. Looked at before parsing: so even a
 * parser that recurses without limit would be safe. */
static bool is_too_deep(const char *text, size_t size)
{
    size_t depth = 0;
    bool quoted = false;

    for (size_t i = 0; i < size; i++) {
        if (quoted) {
            if (text[i] == '\\')
                i++;
            else
                quoted = text[i] != '"';
        } else if (text[i] == '"') {
            quoted = true;
        } else if (text[i] == '{' || text[i] == '[') {
            if (++depth > DEPTH_MAX)
                return true;
        } else if ((text[i] == '}' || text[i] == ']') && depth > 0) {
            depth--;
        }
    }
    return false;
}

json_t *source_json_parse(struct source *s, const char *text, size_t size)
{
    json_error_t why;
    json_t *root = NULL;

    if (is_too_deep(text, size)) {
        error_set(s->error, ERR_FILE_FORMAT, "%s: more than %d levels of JSON", s->name, DEPTH_MAX);
        return NULL;
    }
    size_t mark = source_mark_size(text, size);
    root = json_loadb(text + mark, size - mark, JSON_REJECT_DUPLICATES, &why);
    if (root == NULL)
        error_set(s->error, ERR_FILE_FORMAT, "%s: line %d: no JSON: %s", s->name, why.line,
                  why.text);
    else if (!json_is_object(root)) {
        error_set(s->error, ERR_FILE_FORMAT, "%s: an object is expected, found %s", s->name,
                  type_name(root));
        json_decref(root);
        root = NULL;
    }
    return root;
}

json_t *source_json_get(struct source *s, json_t *value, json_type type, bool must,
                        const char *where)
{
    if (value == NULL && !must)
        return NULL;
    if (value && json_typeof(value) == type)
        return value;
    error_set(s->error, ERR_FILE_FORMAT, "%s: %s: %s is expected, found %s", s->name, where,
              type_names[type], type_name(value));
    return NULL;
}
