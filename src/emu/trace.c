/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "emu/trace.h"

#include "base/clock.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

/* esptool documentation, serial protocol. */
static const char *const names[256] = {
    [0x02] = "FLASH_BEGIN",
    [0x03] = "FLASH_DATA",
    [0x04] = "FLASH_END",
    [0x05] = "MEM_BEGIN",
    [0x06] = "MEM_END",
    [0x07] = "MEM_DATA",
    [0x08] = "SYNC",
    [0x09] = "WRITE_REG",
    [0x0a] = "READ_REG",
    [0x0b] = "SPI_SET_PARAMS",
    [0x0d] = "SPI_ATTACH",
    [0x0e] = "READ_FLASH_SLOW",
    [0x0f] = "CHANGE_BAUDRATE",
    [0x10] = "FLASH_DEFL_BEGIN",
    [0x11] = "FLASH_DEFL_DATA",
    [0x12] = "FLASH_DEFL_END",
    [0x13] = "SPI_FLASH_MD5",
    [0x14] = "GET_SECURITY_INFO",
    [0xd0] = "ERASE_FLASH",
    [0xd1] = "ERASE_REGION",
    [0xd2] = "READ_FLASH",
    [0xd3] = "RUN_USER_CODE",
};

const char *trace_command_name(uint8_t op)
{
    return names[op];
}

int trace_open(struct trace *t, const char *path, struct error *e)
{
    *t = (struct trace){.start_us = clock_us()};
    if (path == NULL)
        return 0;
    t->file = fopen(path, "we");
    if (t->file == NULL)
        return error_set(e, ERR_FILE_WRITE, "%s can't be written: %s", path, strerror(errno));
    setvbuf(t->file, NULL, _IOLBF, 0);
    return 0;
}

void trace_close(struct trace *t)
{
    if (t->file)
        fclose(t->file);
    t->file = NULL;
}

static void stamp(const struct trace *t, int64_t at_us)
{
    int64_t us = at_us - t->start_us;

    fprintf(t->file, "%lld.%06lld ", (long long)(us / 1000000), (long long)(us % 1000000));
}

/* Frames of a flash read are data and acknowledgements without a header. */
static const char *name_of(const uint8_t *frame, size_t n)
{
    const char *name = n >= 8 && frame[0] <= 1 ? trace_command_name(frame[1]) : NULL;

    return name ? name : "-";
}

void trace_frame(struct trace *t, int64_t at_us, char direction, const uint8_t *frame, size_t n)
{
    if (t == NULL || t->file == NULL)
        return;
    stamp(t, at_us);
    fprintf(t->file, "%c %s ", direction, name_of(frame, n));
    for (size_t i = 0; i < n && i < 64; i++)
        fprintf(t->file, "%02x", frame[i]);
    if (n > 64)
        fprintf(t->file, "...(%zu bytes)", n);
    fputc('\n', t->file);
}

void trace_event(struct trace *t, int64_t at_us, const char *format, ...)
{
    va_list args;

    if (t == NULL || t->file == NULL)
        return;
    stamp(t, at_us);
    fputs(". ", t->file);
    va_start(args, format);
    vfprintf(t->file, format, args);
    va_end(args);
    fputc('\n', t->file);
}
