/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "job/encrypt.h"

#include "base/util.h"
#include "image/digest.h"
#include "job/internal.h"
#include "job/ops.h"
#include "job/pack.h"

#include <stdlib.h>
#include <string.h>

/* Flash is erased by the sector, and what lies before a file in its sector can't be kept: it would
 * have to be written with it, and be encrypted, too. */
enum { SECTOR = 4096 };

size_t encrypt_count(const struct plan *plan, const struct region **first)
{
    size_t n = 0;

    *first = NULL;
    for (size_t i = 0; i < plan->n; i++) {
        if (plan->regions[i].encrypted && n++ == 0)
            *first = &plan->regions[i];
    }
    return n;
}

/* Ciphers work on whole blocks. The end stays in the last sector, which is erased. */
static void fill_up(struct run *run, struct region *region)
{
    size_t align = run->loader.chip->encryption.align;
    size_t n = align ? (region->size + align - 1) / align * align : region->size;

    if (n == region->size)
        return;
    pack_forget(run, region);
    region->data = xrealloc(region->data, n);
    memset(region->data + region->size, 0xFF, n - region->size);
    run->plan.total += n - region->size;
    region->size = n;
}

void encrypt_decide(struct run *run)
{
    const struct region *first = NULL;
    size_t plain = 0;

    for (size_t i = 0; i < run->plan.n; i++) {
        struct region *region = &run->plan.regions[i];
        if (region->encrypted == ENCRYPT_IF_ON && !run->chip.flash_encryption) {
            region->encrypted = ENCRYPT_NO;
            first = plain++ ? first : region;
        } else if (region->encrypted) {
            region->encrypted = ENCRYPT_ALWAYS;
            fill_up(run, region);
        }
    }
    if (plain > 0 && job_has_op(run->job, OP_WRITE_FLASH))
        log_line(run_log(run), LOG_INFO,
                 "flash encryption is not on yet: %s%s, marked as encrypted, %s written as %s",
                 util_basename(first->path), plain > 1 ? " and the others" : "",
                 plain > 1 ? "are" : "is", plain > 1 ? "they are" : "it is");
}

static int places_check(struct run *run)
{
    for (size_t i = 0; i < run->plan.n; i++) {
        const struct region *region = &run->plan.regions[i];
        if (region->encrypted && region->address % SECTOR != 0)
            return error_set(&run->error, ERR_BAD_ADDRESS,
                             "%s at 0x%x is to be encrypted, which is only possible from the "
                             "beginning of a sector on (a multiple of 0x1000)",
                             region->path, region->address);
    }
    return 0;
}

static void warn(struct run *run, const struct region *first)
{
    if (run->chip.secure_download)
        log_line(run_log(run), LOG_WARNING,
                 "in Secure Download Mode nobody can tell whether the eFuses of %s let it encrypt "
                 "what is written",
                 run->chip.name);
    else if (!run->chip.flash_encryption)
        log_line(run_log(run), LOG_WARNING,
                 "%s at 0x%x is encrypted as asked for, but flash encryption is not on: the chip "
                 "can't read it until that is burned",
                 util_basename(first->path), first->address);
}

/* The Key Manager of some chips keeps there what leads it to the key. */
static int key_place_check(struct run *run)
{
    enum { KEY_PLACE_END = 0x2000 };
    const struct region *low = run->plan.n > 0 ? &run->plan.regions[0] : NULL;
    bool used;

    if (!run->chip.flash_encryption || run->job->force || low == NULL ||
        low->address >= KEY_PLACE_END || !job_has_op(run->job, OP_WRITE_FLASH))
        return 0;
    if (loader_key_manager(&run->loader, &used, &run->error) != 0 || !used)
        return run->error.code;
    return error_set(&run->error, ERR_SECURED,
                     "%s at 0x%x would overwrite what the Key Manager of %s needs for its flash "
                     "encryption key, below 0x%x (--force does it all the same)",
                     low->path, low->address, run->chip.name, KEY_PLACE_END);
}

int encrypt_check(struct run *run)
{
    const struct region *first;

    if (key_place_check(run) != 0)
        return run->error.code;
    if (encrypt_count(&run->plan, &first) == 0)
        return 0;
    if (job_has_op(run->job, OP_VERIFY_FLASH))
        return error_set(&run->error, ERR_NOT_POSSIBLE,
                         "%s at 0x%x can't be compared: the chip encrypts it, and tells nothing of "
                         "what it was",
                         first->path, first->address);
    if (places_check(run) != 0)
        return run->error.code;
    if (loader_encrypt_check(&run->loader, &run->error) != 0)
        return error_context(&run->error, "%s at 0x%x is to be encrypted", first->path,
                             first->address);
    warn(run, first);
    return 0;
}

static void blank_md5(size_t n, uint8_t md5[16])
{
    uint8_t *blank = xmalloc(n);

    memset(blank, 0xFF, n);
    digest_md5(blank, n, md5);
    free(blank);
}

int encrypt_confirm(struct run *run, const struct region *region)
{
    uint8_t md5[16], blank[16];
    const char *name = util_basename(region->path);

    if (run->loader.secure_download || !loader_can_md5(&run->loader))
        return 0;
    if (loader_flash_md5(&run->loader, region->address, (uint32_t)region->size, md5, &run->error))
        return error_context(&run->error, "looking at %s at 0x%x", name, region->address);
    blank_md5(region->size, blank);
    if (memcmp(md5, region->md5, sizeof md5) == 0)
        return error_set(&run->error, ERR_CHIP_REFUSED,
                         "%s at 0x%x: the chip did not encrypt it, the flash holds it as it is",
                         name, region->address);
    if (memcmp(md5, blank, sizeof md5) == 0)
        return error_set(&run->error, ERR_CHIP_REFUSED,
                         "%s at 0x%x: the flash is blank there, the chip wrote nothing", name,
                         region->address);
    return 0;
}
