/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/log.h"

#include "base/util.h"

#include <stdarg.h>
#include <stdio.h>

void log_line(const struct log *log, enum log_level level, const char *format, ...)
{
    if (log == NULL || log->line == NULL)
        return;

    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    util_text_clean(text);
    log->line(log->context, level, text);
}

void log_rx(const struct log *log, const uint8_t *bytes, size_t n)
{
    if (log && log->rx && n > 0)
        log->rx(log->context, bytes, n);
}

const char *log_level_name(enum log_level level)
{
    static const char *const names[] = {[LOG_DEBUG] = "debug",
                                        [LOG_INFO] = "info",
                                        [LOG_WARNING] = "warning",
                                        [LOG_ERROR] = "error"};
    return names[level];
}
