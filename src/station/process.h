/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a process does right after fork(2), and other small matters of the system. */
#ifndef ESPJIG_STATION_PROCESS_H
#define ESPJIG_STATION_PROCESS_H

#include "base/error.h"

#include <stddef.h>
#include <sys/types.h>

/* Default actions for all signals that a station changes, none blocked. SIGPIPE stays ignored: a
 * write to someone who has gone is an error to handle, not a reason to die. */
void process_signals_reset(void);

/* 0 becomes /dev/null; 1 and 2 the end of the file `log`, or /dev/null when that is NULL or can't
 * be opened. */
void process_stdio_detach(const char *log);

void process_nonblocking(int fd);

/* "7c9e...-boot-id/1234/56789": this process and no other one, also over restarts of the machine.
 * "" when /proc does not tell (then no process has this pid). */
void process_identity(pid_t pid, char *text, size_t size);

#endif
