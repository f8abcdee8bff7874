/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Running jobs from the command line: one in this process, several through a private station. */
#ifndef ESPJIG_CLI_RUN_H
#define ESPJIG_CLI_RUN_H

#include "cli/options.h"

/* Runs cli->job on every address. SIGINT, SIGTERM and SIGHUP ask the jobs to stop; a second one
 * ends the program. Returns the exit status; with several, the worst of them. */
int run_jobs(struct cli *cli, const char *const *addresses, size_t n, struct error *error);

/* A failure that happened outside of a job, as the user asked to have it said: to stderr, or as the
 * events hello and done. Returns its exit status. */
int run_report_failure(struct cli *cli, const struct error *error);

#endif
