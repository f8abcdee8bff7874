/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "emu/stats.h"

#include "base/util.h"
#include "emu/trace.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char *const stages[STATS_STAGES] = {[STATS_ROM] = "rom", [STATS_STUB] = "stub"};

static void print_commands(const uint64_t *requests, const char *stage, struct buffer *to)
{
    for (unsigned op = 0; op < 256; op++) {
        const char *name = trace_command_name((uint8_t)op);
        if (requests[op] == 0)
            continue;
        if (name)
            buffer_printf(to, "%s %s %" PRIu64 "\n", stage, name, requests[op]);
        else
            buffer_printf(to, "%s 0x%02x %" PRIu64 "\n", stage, op, requests[op]);
    }
}

void stats_print(const struct stats *s, struct buffer *to)
{
    const struct {
        const char *name;
        uint64_t n;
    } rows[] = {
        {"round-trips", s->round_trips},
        {"round-trips-flash-data", s->flash_blocks},
        {"round-trips-read-acks", s->read_acks},
        {"round-trips-other", s->round_trips - s->flash_blocks - s->read_acks},
        {"bytes-from-host", s->from_host},
        {"bytes-to-host", s->to_host},
        {"pieces-from-host", s->pieces_from_host},
        {"frames-to-host", s->replies},
        {"resets", s->resets},
        {"chip-baud-changes", s->chip_bauds},
        {"host-baud-changes", s->host_bauds},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        buffer_printf(to, "%s %" PRIu64 "\n", rows[i].name, rows[i].n);
    for (size_t stage = 0; stage < STATS_STAGES; stage++)
        print_commands(s->requests[stage], stages[stage], to);
}

int stats_write(const struct stats *s, const char *path, struct error *e)
{
    struct buffer text = {0};
    FILE *f = fopen(path, "we");

    stats_print(s, &text);
    bool good = f && fwrite(text.data, 1, text.len, f) == text.len;
    buffer_done(&text);
    if ((f && fclose(f) != 0) || !good)
        return error_set(e, ERR_FILE_WRITE, "%s can't be written: %s", path, strerror(errno));
    return 0;
}
