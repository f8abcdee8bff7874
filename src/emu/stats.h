/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Counts what crossed the wire, to judge how well a client uses it. */
#ifndef ESPJIG_EMU_STATS_H
#define ESPJIG_EMU_STATS_H

#include "base/buffer.h"
#include "base/error.h"

#include <stdint.h>

enum stats_stage { STATS_ROM, STATS_STUB, STATS_STAGES };

struct stats {
    uint64_t requests[STATS_STAGES][256]; /* by command number */
    uint64_t read_acks;                   /* of a flash read, to the stub */
    uint64_t round_trips;                 /* requests and acknowledgements that were answered */
    uint64_t flash_blocks;                /* those that carried data for the flash */
    uint64_t from_host, to_host;          /* bytes */
    uint64_t pieces_from_host;            /* reads that it took to get them */
    uint64_t replies;                     /* frames to the host */
    uint64_t resets, chip_bauds, host_bauds;
};

/* Lines of a name and a number; commands that never came have none. */
void stats_print(const struct stats *s, struct buffer *to);
int stats_write(const struct stats *s, const char *path, struct error *e);

#endif
