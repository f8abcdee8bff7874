/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A child process that does one long piece of work beside this one, and hands over a descriptor of
 * what came out. It holds nothing of ours open, is gone when we are, and never speaks.
 */
#ifndef ESPJIG_JOB_BUILDER_H
#define ESPJIG_JOB_BUILDER_H

#include "base/clock.h"

#include <stdbool.h>
#include <sys/types.h>

struct builder {
    pid_t pid; /* 0: none, or gone */
    int from;  /* its end of a socket, while there is a child */
};

/* In the child. Returns a descriptor, or a negative enum err; *note is passed on. It sees our
 * memory as it was when the builder was started. */
typedef int builder_fn(void *context, int *note);

/* 0 or ERR_INTERNAL: the system has no process to spare. */
int builder_start(struct builder *builder, builder_fn *work, void *context);

/* Whether builder_wait() would return at once. */
bool builder_is_ready(const struct builder *builder);

/* The descriptor, which is the caller's to close; ERR_CANCELLED when asked to stop; ERR_INTERNAL
 * when there is none to come: the work failed, the child was killed, or `ms` went by (negative: no
 * limit). There is no child any more when it returns. */
int builder_wait(struct builder *builder, const struct cancel *cancel, int64_t ms, int *note);

/* Ends the child. Nothing when there is none. */
void builder_stop(struct builder *builder);

#endif
