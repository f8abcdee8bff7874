/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * json_lines [EVENT MEMBER]: for the shell tests. Checks that stdin is lines of JSON that begin
 * with a hello event, and prints the member of every such event, a line each ("done exit"). Status
 * 1 with the reason on stderr for anything else. Uses jansson alone: it is to find what
 * event_json.c does wrong.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int line_check(const char *line, unsigned number, int argc, char **argv)
{
    json_error_t where;
    json_t *json = json_loads(line, JSON_REJECT_DUPLICATES, &where);
    const char *event = json_string_value(json_object_get(json, "event"));

    if (event == NULL || !json_is_number(json_object_get(json, "t")) ||
        (number == 1 && strcmp(event, "hello") != 0)) {
        fprintf(stderr, "line %u: %s: %s", number, json ? "not what it should be" : where.text,
                line);
        json_decref(json);
        return 1;
    }
    if (argc == 3 && strcmp(event, argv[1]) == 0) {
        const json_t *value = json_object_get(json, argv[2]);
        char *text = value ? json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;
        puts(json_is_string(value) ? json_string_value(value) : text ? text : "");
        free(text);
    }
    json_decref(json);
    return 0;
}

int main(int argc, char **argv)
{
    char *line = NULL;
    size_t size = 0;
    unsigned number = 0;
    int failed = 0;

    while (!failed && getline(&line, &size, stdin) > 0)
        failed = line_check(line, ++number, argc, argv);
    free(line);
    if (number == 0)
        fprintf(stderr, "not a single line\n");
    return failed || number == 0;
}
