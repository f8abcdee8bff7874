/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "job/protect.h"

enum { SECTOR = 4096 };

static uint64_t first_of(const struct flash_range *range)
{
    return range->address / SECTOR * SECTOR;
}

static uint64_t end_of(const struct flash_range *range)
{
    return ((uint64_t)range->address + range->size + SECTOR - 1) / SECTOR * SECTOR;
}

int protect_check(const struct job *job, struct error *error)
{
    for (size_t i = 0; i < job->n_protect; i++) {
        const struct flash_range *range = &job->protect[i];
        if (range->size == 0 || (uint64_t)range->address + range->size > (uint64_t)UINT32_MAX + 1)
            return error_set(error, ERR_USAGE,
                             "the protected range at 0x%x of 0x%x bytes is empty or ends behind 32 "
                             "bits",
                             range->address, range->size);
    }
    return 0;
}

int protect_check_range(const struct job *job, const char *what, uint64_t address, uint64_t size,
                        struct error *error)
{
    for (size_t i = 0; i < job->n_protect; i++) {
        const struct flash_range *range = &job->protect[i];
        if (address < end_of(range) && first_of(range) < address + size)
            return error_set(error, ERR_PROTECTED,
                             "%s: 0x%llx to 0x%llx would erase some of the protected range from "
                             "0x%x to 0x%llx",
                             what, (unsigned long long)address, (unsigned long long)address + size,
                             range->address, (unsigned long long)range->address + range->size);
    }
    return 0;
}

/* The protected range that begins first of those that end behind `address`. */
static const struct flash_range *next_range(const struct job *job, uint64_t address)
{
    const struct flash_range *next = NULL;

    for (size_t i = 0; i < job->n_protect; i++) {
        const struct flash_range *range = &job->protect[i];
        if (end_of(range) > address && (next == NULL || first_of(range) < first_of(next)))
            next = range;
    }
    return next;
}

bool protect_next_free(const struct job *job, uint64_t address, uint64_t end, uint64_t *start,
                       uint64_t *stop)
{
    const struct flash_range *next;

    while ((next = next_range(job, address)) && first_of(next) <= address)
        address = end_of(next);
    *start = address;
    *stop = next && first_of(next) < end ? first_of(next) : end;
    return address < end;
}
