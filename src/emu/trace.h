/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The file of --log: one line for each frame and event.
 *
 *   12.345678 > READ_REG 000a0400...     a request, 64 bytes at most
 *   12.345690 < READ_REG 010a0400...     a reply
 *   12.345690 . reset: power on          an event
 */
#ifndef ESPJIG_EMU_TRACE_H
#define ESPJIG_EMU_TRACE_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct trace {
    FILE *file; /* NULL: nothing is written */
    int64_t start_us;
};

/* NULL for a number without a name. */
const char *trace_command_name(uint8_t op);

int trace_open(struct trace *t, const char *path, struct error *e);
void trace_close(struct trace *t);
void trace_frame(struct trace *t, int64_t at_us, char direction, const uint8_t *frame, size_t n);
void trace_event(struct trace *t, int64_t at_us, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
