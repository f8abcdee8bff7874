/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "image/image.h"

#include "base/buffer.h"
#include "base/util.h"
#include "image/deflate.h"
#include "image/digest.h"
#include "image/esp_image.h"

#include <stdlib.h>
#include <string.h>

#define PAD         4     /* the loaders take whole words */
#define REGIONS_MAX 65536 /* of a file: a run in each sector of more than any flash has */

/* ---- load ---------------------------------------------------------------------------------- */

static void region_done(struct region *region)
{
    free(region->path);
    if (region->blob.bytes) {
        blob_done(&region->blob);
        return;
    }
    free(region->data);
    free(region->deflated);
}

void plan_done(struct plan *plan)
{
    for (size_t i = 0; i < plan->n; i++)
        region_done(&plan->regions[i]);
    free(plan->regions);
    *plan = (struct plan){0};
}

static uint64_t region_end(const struct region *region)
{
    return (uint64_t)region->address + region->size;
}

/* A place for one more; doubled whenever that is a power of two. */
static struct region *region_add(struct plan *plan, const struct image_spec *spec, uint32_t address)
{
    if ((plan->n & (plan->n - 1)) == 0)
        plan->regions =
            xrealloc(plan->regions, (plan->n ? 2 * plan->n : 1) * sizeof *plan->regions);
    struct region *region = &plan->regions[plan->n++];
    *region = (struct region){
        .path = xstrdup(spec->path), .address = address, .encrypted = spec->encrypted};
    return region;
}

/* The piece goes on behind what the same file has in the same sector; the gap is erased with it. */
static void region_extend(struct region *region, const struct piece *piece)
{
    size_t at = piece->address - region->address;

    region->data = xrealloc(region->data, at + piece->size);
    memset(region->data + region->size, 0xFF, at - region->size);
    memcpy(region->data + at, piece->data, piece->size);
    region->size = at + piece->size;
}

/* The last step for a region's data: `data` may be NULL when only the size is known. */
static int region_finish(struct region *region, struct error *error)
{
    size_t n = region->size;

    region->file_size = n;
    region->size = (n + PAD - 1) / PAD * PAD;
    if (region_end(region) > (uint64_t)UINT32_MAX + 1)
        return error_set(error, ERR_TOO_BIG,
                         "%s (%zu bytes) at 0x%x would end past the last 32-bit address",
                         region->path, n, region->address);
    if (region->data == NULL)
        return 0;
    region->data = xrealloc(region->data, region->size);
    memset(region->data + n, 0xFF, region->size - n);
    image_describe(region->data, n, region->what, sizeof region->what);
    return 0;
}

static void pieces_take(struct plan *plan, const struct image_spec *spec, struct pieces *pieces)
{
    struct region *last = NULL;

    for (size_t i = 0; i < pieces->n; i++) {
        struct piece *piece = &pieces->rows[i];
        if (last && (region_end(last) - 1) / FLASH_SECTOR == piece->address / FLASH_SECTOR) {
            region_extend(last, piece);
            continue;
        }
        last = region_add(plan, spec, piece->address);
        last->data = piece->data;
        last->size = piece->size;
        piece->data = NULL;
    }
}

static int file_load(struct plan *plan, const struct image_spec *spec, const struct chip *chip,
                     struct error *error)
{
    struct pieces pieces;
    uint8_t *data;
    size_t n, first = plan->n;
    int rc = image_file_read(spec->path, &data, &n, error);

    if (rc != 0)
        return rc;
    rc = pieces_read(&pieces, spec->path, data, n, spec->address, chip, error);
    free(data);
    if (rc != 0)
        return rc;
    pieces_take(plan, spec, &pieces);
    pieces_done(&pieces);
    if (plan->n - first > REGIONS_MAX)
        return error_set(error, ERR_FILE_FORMAT,
                         "%s has data in %zu places with gaps between them, which no flash could "
                         "hold",
                         spec->path, plan->n - first);
    for (size_t i = first; rc == 0 && i < plan->n; i++)
        rc = region_finish(&plan->regions[i], error);
    return rc;
}

/* Where the file is what will be written, its size is enough. */
static int file_look(struct plan *plan, const struct image_spec *spec, const struct chip *chip,
                     struct error *error)
{
    enum file_form form = FORM_RAW;
    size_t n = 0;
    int rc = image_file_form(spec->path, &form, &n, error);

    if (rc != 0)
        return rc;
    if (form != FORM_RAW || spec->address == PIECES_OWN_ADDRESS)
        return file_load(plan, spec, chip, error);
    struct region *region = region_add(plan, spec, spec->address);
    region->size = n;
    return region_finish(region, error);
}

static int address_compare(const void *a, const void *b)
{
    const struct region *x = a, *y = b;

    return (x->address > y->address) - (x->address < y->address);
}

int regions_clash(const struct region *a, const struct region *b, struct error *error)
{
    unsigned long long a_last = region_end(a) - 1, b_last = region_end(b) - 1;

    if (b->address <= a_last)
        return error_set(error, ERR_OVERLAP, "%s (0x%x to 0x%llx) and %s (0x%x to 0x%llx) overlap",
                         a->path, a->address, a_last, b->path, b->address, b_last);
    if (b->address / FLASH_SECTOR == a_last / FLASH_SECTOR)
        return error_set(error, ERR_OVERLAP,
                         "%s (0x%x to 0x%llx) and %s (0x%x to 0x%llx) share the flash sector at "
                         "0x%x, which can only be erased as a whole",
                         a->path, a->address, a_last, b->path, b->address, b_last,
                         b->address / FLASH_SECTOR * FLASH_SECTOR);
    return 0;
}

int plan_overlap(const struct plan *plan, struct error *error)
{
    const struct region *farthest = plan->regions;
    int rc = 0;

    for (size_t i = 1; rc == 0 && i < plan->n; i++) {
        rc = regions_clash(farthest, &plan->regions[i], error);
        if (region_end(&plan->regions[i]) > region_end(farthest))
            farthest = &plan->regions[i];
    }
    return rc;
}

static int load(struct plan *plan, const struct image_spec *specs, size_t n,
                const struct chip *chip, bool read, struct error *error)
{
    int rc = 0;

    *plan = (struct plan){0};
    if (n == 0)
        rc = error_set(error, ERR_USAGE, "no file to write was given");
    for (size_t i = 0; rc == 0 && i < n; i++)
        rc = read ? file_load(plan, &specs[i], chip, error)
                  : file_look(plan, &specs[i], chip, error);
    for (size_t i = 0; i < plan->n; i++)
        plan->total += plan->regions[i].size;
    if (rc == 0)
        qsort(plan->regions, plan->n, sizeof *plan->regions, address_compare);
    if (rc != 0)
        plan_done(plan);
    return rc;
}

int plan_load(struct plan *plan, const struct image_spec *specs, size_t n, const struct chip *chip,
              struct error *error)
{
    return load(plan, specs, n, chip, true, error);
}

int plan_look(const struct image_spec *specs, size_t n, const struct chip *chip,
              struct error *error)
{
    struct plan plan;
    int rc = load(&plan, specs, n, chip, false, error);

    if (rc == 0)
        rc = plan_overlap(&plan, error);
    plan_done(&plan);
    return rc;
}

/* ---- patch --------------------------------------------------------------------------------- */

/* Header bytes 2 and 3: which bits change, and to what. */
struct patch {
    bool mode;
    uint8_t mode_byte, mask, size_freq;
};

static bool is_kept(const char *setting)
{
    return setting == NULL || strcmp(setting, "keep") == 0;
}

/* Sources: esptool docs "Flash Modes" (flash_mode, flash_freq, flash_size), image format. */
static int patch_read(const struct chip *chip, const struct image_settings *settings,
                      struct patch *patch, struct error *error)
{
    uint8_t nibble;

    *patch = (struct patch){.mode = settings->mode != FLASH_MODE_KEEP,
                            .mode_byte = (uint8_t)settings->mode};
    if (!chip_has_mode(chip, settings->mode))
        return error_set(error, ERR_USAGE, "%s has no flash mode \"%s\"", chip->name,
                         flash_mode_name(settings->mode));
    if (!is_kept(settings->freq)) {
        if (!chip_freq_parse(chip, settings->freq, &nibble))
            return error_set(error, ERR_USAGE, "%s has no flash frequency \"%s\"", chip->name,
                             settings->freq);
        patch->mask |= 0x0F;
        patch->size_freq |= nibble;
    }
    if (is_kept(settings->size))
        return 0;
    if (strcmp(settings->size, "detect") == 0) {
        /* A size that could not be read, or that the header can't express, leaves the file's. */
        if (settings->detected_size == 0 ||
            !chip_size_parse(chip, flash_size_name(settings->detected_size), &nibble))
            return 0;
    } else if (!chip_size_parse(chip, settings->size, &nibble)) {
        return error_set(error, ERR_USAGE, "%s has no flash size \"%s\"", chip->name,
                         settings->size);
    }
    patch->mask |= 0xF0;
    patch->size_freq |= (uint8_t)(nibble << 4);
    return 0;
}

static void patch_apply(const struct patch *patch, struct region *region,
                        const struct esp_image *image)
{
    uint8_t *data = region->data;
    uint8_t mode = patch->mode ? patch->mode_byte : data[2];
    uint8_t size_freq = (uint8_t)((data[3] & ~patch->mask) | patch->size_freq);

    if (mode == data[2] && size_freq == data[3])
        return;
    data[2] = mode;
    data[3] = size_freq;
    if (image->digest_at)
        digest_sha256(data, image->digest_at, data + image->digest_at);
    region->patched = true;
}

/* Only a whole image for this very chip: in anything else (ciphertext, a forced image of another
 * chip, a damaged one whose digest must go on showing it) bytes 2 and 3 are not ours to write. */
static bool is_patchable(const struct region *region, const struct chip *chip,
                         struct esp_image *image)
{
    if (region->address != chip->bootloader_offset ||
        esp_image_parse(region->data, region->size, image, NULL) != 0 ||
        esp_image_verify(region->data, image, NULL) != 0 || image->is_signed)
        return false;
    return image->form != ESP_IMAGE_V2 && esp_image_chip(image->form, image->chip_id) == chip;
}

int plan_patch(struct plan *plan, const struct chip *chip, const struct image_settings *settings,
               struct error *error)
{
    struct patch patch;
    struct esp_image image;
    int rc = patch_read(chip, settings, &patch, error);

    for (size_t i = 0; rc == 0 && i < plan->n; i++) {
        if (is_patchable(&plan->regions[i], chip, &image))
            patch_apply(&patch, &plan->regions[i], &image);
    }
    return rc;
}

/* ---- finish -------------------------------------------------------------------------------- */

void region_digest(struct region *region)
{
    digest_md5(region->data, region->size, region->md5);
}

int region_deflate(struct region *region, struct error *error)
{
    uint8_t *stream;
    size_t n;

    if (deflate_all(region->data, region->size, &stream, &n) != 0)
        return error_set(error, ERR_INTERNAL, "%s could not be compressed", region->path);
    if (n >= region->size) {
        free(stream);
        return 0;
    }
    region->deflated = stream;
    region->deflated_size = n;
    return 0;
}
