/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Where the lower floors put what they want to say. They never print: job/ turns lines into `log`
 * events and bytes from the chip into `rx` events.
 */
#ifndef ESPJIG_BASE_LOG_H
#define ESPJIG_BASE_LOG_H

#include <stddef.h>
#include <stdint.h>

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR };

struct log {
    void (*line)(void *context, enum log_level level,
                 const char *text); /* no control characters in text */
    void (*rx)(void *context, const uint8_t *bytes,
               size_t n); /* chip's bytes outside the protocol */
    void *context;
};

/* `log` may be NULL and so may its members: then nothing happens. */
void log_line(const struct log *log, enum log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void log_rx(const struct log *log, const uint8_t *bytes, size_t n);

const char *log_level_name(enum log_level level); /* "debug" "info" "warning" "error" */

#endif
