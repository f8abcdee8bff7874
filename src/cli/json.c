/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/json.h"

#include "base/buffer.h"
#include "base/util.h"

#include <stdio.h>

json_t *cli_json_text(const char *text)
{
    struct buffer clean = {0};

    if (text == NULL)
        return json_null();
    for (size_t n; *text; text += n ? n : 1) {
        n = util_utf8_length(text);
        buffer_append(&clean, n ? text : "\xEF\xBF\xBD", n ? n : 3);
    }
    json_t *string = json_stringn(clean.len ? (const char *)clean.data : "", clean.len);
    buffer_done(&clean);
    return string;
}

/* In ASCII: a terminal would obey the controls of Latin-1, too, which jansson leaves as they are. */
void cli_json_print(json_t *line)
{
    json_dumpf(line, stdout, JSON_COMPACT | JSON_ENSURE_ASCII);
    putchar('\n');
    json_decref(line);
}
