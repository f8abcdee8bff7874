/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "job/front.h"

#include "base/util.h"
#include "job/diff.h"
#include "job/ops.h"

#include <stdlib.h>
#include <string.h>

/* Bytes of its first sector that lie in front of it. */
static uint32_t front_size(const struct region *region)
{
    return region->address % DIFF_SECTOR;
}

static int read_into(struct run *run, const struct region *region, uint8_t *front)
{
    uint32_t n = front_size(region), address = region->address - n;

    if (loader_flash_read(&run->loader, address, n, front, NULL, &run->error) == 0)
        op_read_confirm(run, address, front, n);
    return run->error.code;
}

int front_read(struct run *run, struct region *region)
{
    if (front_size(region) == 0 || region->front)
        return 0;
    region->front = xmalloc(front_size(region));
    if (read_into(run, region, region->front) == 0)
        return 0;
    front_done(region);
    return error_context(&run->error, "keeping what lies before %s at 0x%x",
                         util_basename(region->path), region->address);
}

int front_confirm(struct run *run, const struct region *region)
{
    uint8_t now[DIFF_SECTOR];

    if (region->front == NULL)
        return 0;
    if (read_into(run, region, now) != 0)
        return error_context(&run->error, "verifying what lies before %s at 0x%x",
                             util_basename(region->path), region->address);
    if (memcmp(now, region->front, front_size(region)) == 0)
        return 0;
    return error_set(&run->error, ERR_MD5_MISMATCH,
                     "%s at 0x%x: what lies before it in its sector is not what it was",
                     util_basename(region->path), region->address);
}

void front_done(struct region *region)
{
    free(region->front);
    region->front = NULL;
}
