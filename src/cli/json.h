/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lines of JSON that are no events, for commands that run no job; see espjig-events(5). */
#ifndef ESPJIG_CLI_JSON_H
#define ESPJIG_CLI_JSON_H

#include <jansson.h>

/* As a string; NULL becomes null. Names of files may be any bytes: those that are no UTF-8 become
 * U+FFFD, as in events. */
json_t *cli_json_text(const char *text);

/* Prints it as a line to stdout, and lets go of it. */
void cli_json_print(json_t *line);

#endif
