/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The command line: one option table, one command table; main() calls nothing else. */
#ifndef ESPJIG_CLI_CLI_H
#define ESPJIG_CLI_CLI_H

/* Returns the exit status. */
int cli_main(int argc, char **argv);

#endif
