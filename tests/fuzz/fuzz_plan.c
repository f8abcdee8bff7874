/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The checks before the first byte, on a plan of several regions that the input makes up: chip and
 * flags, what the flash is said to hold, then places, sizes and contents of the regions. */
#include "base/buffer.h"
#include "base/util.h"
#include "image/check.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { REGIONS = 6, HEAD = 16, PLACE = 8 };

/* Places that mean something, so that few bytes reach all checks. */
static const uint32_t places[] = {0,       0x1000,  0x2000,  0x8000,   0x9000,    0xE000,
                                  0x10000, 0x11000, 0x20000, 0x110000, 0xFFFF0000};

static int by_address(const void *a, const void *b)
{
    const struct region *x = a, *y = b;

    return (x->address > y->address) - (x->address < y->address);
}

static void region_make(struct region *region, const uint8_t *head, const uint8_t *data, size_t n)
{
    size_t padded = (n + 3) / 4 * 4;

    *region = (struct region){.path = xstrdup("x.bin"),
                              .address = head[0] % 2 ? le32_get(head + 1) & ~3u
                                                     : places[head[1] % ARRAY_LEN(places)],
                              .data = xmalloc(padded),
                              .size = padded,
                              .file_size = n,
                              .encrypted = head[5] & 1};
    memset(region->data, 0xFF, padded);
    memcpy(region->data, data, n);
    if ((uint64_t)region->address + padded > (uint64_t)UINT32_MAX + 1)
        region->address = 0;
}

/* HEAD bytes, then for each region PLACE bytes, the last two its size, and its contents. */
static void plan_make(struct plan *plan, const uint8_t *data, size_t size)
{
    while (plan->n < REGIONS && size > PLACE) {
        size_t n = (size_t)le16_get(data + 6) + 1;
        n = n < size - PLACE ? n : size - PLACE;
        region_make(&plan->regions[plan->n++], data, data + PLACE, n);
        data += PLACE + n;
        size -= PLACE + n;
    }
    qsort(plan->regions, plan->n, sizeof *plan->regions, by_address);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct plan plan = {.regions = xcalloc(REGIONS, sizeof *plan.regions)};
    struct findings findings = {0};
    struct flash_range range = {0x9000, 0x1000};

    if (size >= HEAD) {
        struct check_target target = {
            .chip = chip_get((enum chip_id)(data[0] % CHIP_COUNT)),
            .revision = (int)le16_get(data + 2) - 1,
            .flash_size = (uint64_t)data[4] << 18,
            .flash_encryption = data[1] & 1,
            .is_patched = data[1] & 2,
            .erases_all = data[1] & 4,
            .table_address = places[data[5] % ARRAY_LEN(places)],
            .table = data[1] & 8 ? data + HEAD : NULL,
            .table_size = data[1] & 8 ? size - HEAD : 0,
            .protect = &range,
            .n_protect = data[1] >> 7,
        };
        plan_make(&plan, data + HEAD, size - HEAD);
        plan_wants_table(&plan, &target);
        plan_find(&plan, &target, &findings);
        findings_refusal(&findings, data[1] & 16);
    }
    findings_done(&findings);
    plan_done(&plan);
    return 0;
}
