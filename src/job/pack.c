/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "job/pack.h"

#include "base/util.h"
#include "image/deflate.h"
#include "image/digest.h"
#include "job/internal.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Raise it when a blob is to look different, or when the frames do (tests/test_pack.c knows what
 * they are): another espjig's work is never taken for ours then. */
#define FORMAT 1

/* Below this a process of its own takes longer than the work (measured: they meet at 6 KiB). Parts
 * are worth a place in the cache when they are larger. */
enum { ALONE_MIN = 8192, PART_MIN = 65536 };

/* One file can be hundreds of regions. */
enum { BUILDERS_MAX = 16 };

/* Even a Raspberry Pi Zero has done 16 MiB by then. */
enum { BUILD_MS = 120000 };

/* Start of a blob; the four sections follow in this order, each at a multiple of ALIGN. */
struct head {
    uint64_t data, deflated, blocks, frames; /* bytes */
    uint8_t md5[16];                         /* of the data */
};

enum { ALIGN = 16, SECTIONS = 4 };

/* ---- in the builder ---- */

static size_t aligned(size_t n)
{
    return (n + ALIGN - 1) / ALIGN * ALIGN;
}

static void section_append(struct buffer *content, const void *bytes, size_t n)
{
    static const uint8_t zeros[ALIGN];

    buffer_append(content, bytes, n);
    buffer_append(content, zeros, aligned(content->len) - content->len);
}

static int content_build(void *context, struct buffer *content)
{
    struct region *region = context;
    struct buffer frames = {0};
    struct wire_block *blocks = NULL;
    size_t n = 0;
    int rc = region_deflate(region, NULL);

    if (rc == 0 && region->deflated)
        rc = loader_frames_build(region->deflated, region->deflated_size, &frames, &blocks, &n,
                                 NULL);
    if (rc != 0)
        goto out;
    struct head head = {.data = region->size,
                        .deflated = region->deflated_size,
                        .blocks = n * sizeof *blocks,
                        .frames = frames.len};
    memcpy(head.md5, region->md5, sizeof head.md5);
    buffer_reserve(content, region->size + region->deflated_size + head.blocks + frames.len + 4096);
    section_append(content, &head, sizeof head);
    section_append(content, region->data, region->size);
    section_append(content, region->deflated, region->deflated_size);
    section_append(content, blocks, head.blocks);
    section_append(content, frames.data, frames.len);
out:
    free(blocks);
    buffer_done(&frames);
    return rc;
}

/* All that decides about the content. */
static void key_make(const struct region *region, char key[CACHE_KEY_MAX])
{
    struct buffer text = {0};
    uint8_t md5[16];

    buffer_printf(&text, "%d %s %s %zu ", FORMAT, PACKAGE_VERSION, deflate_name(), region->size);
    buffer_append(&text, region->md5, sizeof region->md5);
    digest_md5(text.data, text.len, md5);
    util_hex_format(key, md5, sizeof md5);
    buffer_done(&text);
}

static int region_build(void *context, int *note)
{
    struct region *region = context;
    char key[CACHE_KEY_MAX];
    bool built;

    region_digest(region);
    key_make(region, key);
    int fd = cache_get(key, content_build, region, &built);
    *note = built;
    return fd;
}

/* ---- in the worker ---- */

/* Where the sections are; false when they do not fill the blob exactly. */
static bool sections_find(const struct blob *blob, struct head *head,
                          const uint8_t *sections[SECTIONS])
{
    if (blob->n < sizeof *head)
        return false;
    memcpy(head, blob->bytes, sizeof *head);
    const uint64_t sizes[SECTIONS] = {head->data, head->deflated, head->blocks, head->frames};
    uint64_t at = aligned(sizeof *head);
    for (size_t i = 0; i < SECTIONS; i++) {
        if (at > blob->n || sizes[i] > blob->n - at)
            return false;
        sections[i] = blob->bytes + at;
        at = aligned(at + sizes[i]);
    }
    return at == blob->n;
}

/* The frames follow each other, and the image bytes that they stand for add up. */
static bool blocks_fit(const struct wire_block *blocks, size_t n, const struct head *head)
{
    uint64_t at = 0, out = 0;

    for (size_t i = 0; i < n; i++) {
        if (blocks[i].offset != at)
            return false;
        at += blocks[i].length;
        out += blocks[i].out;
    }
    return at == head->frames && (n == 0 || out == head->data);
}

/* From here on the region is what was built. It has to hold the same bytes: then it does not matter
 * how good the key is, and what was checked here before is what will be sent. */
static bool region_adopt(struct region *region, struct blob *blob)
{
    struct head head;
    const uint8_t *section[SECTIONS];

    if (!sections_find(blob, &head, section) || head.data != region->size ||
        head.blocks % sizeof(struct wire_block) != 0 ||
        memcmp(section[0], region->data, region->size) != 0)
        return false;
    const struct wire_block *blocks = (const struct wire_block *)(const void *)section[2];
    size_t n = head.blocks / sizeof *blocks;
    if (!blocks_fit(blocks, n, &head))
        return false;
    region->blob = *blob;
    region->data = (uint8_t *)(uintptr_t)section[0];
    region->deflated = head.deflated ? (uint8_t *)(uintptr_t)section[1] : NULL;
    region->deflated_size = head.deflated;
    region->frames = (struct wire_frames){.bytes = section[3], .blocks = blocks, .n = n};
    memcpy(region->md5, head.md5, sizeof region->md5);
    return true;
}

/* Takes what the builder made; the region stays as it is when there is nothing usable. */
static void built_take(struct run *run, struct builder *builder, struct region *region, int64_t ms)
{
    struct blob blob;
    int built = 0;
    int fd = builder_wait(builder, run->cancel, ms, &built);

    if (fd == ERR_CANCELLED)
        error_set(&run->error, ERR_CANCELLED, "stopped on request");
    if (fd < 0)
        return;
    if (blob_map(fd, &blob) && !region_adopt(region, &blob))
        blob_done(&blob);
    if (region->blob.bytes)
        log_line(run_log(run), LOG_DEBUG, "%s: %zu bytes %s", util_basename(region->path),
                 region->deflated_size, built ? "after compressing" : "from the cache");
    close(fd);
}

static void own_built_take(struct run *run, size_t index, int64_t ms)
{
    struct region *region = &run->plan.regions[index];
    uint8_t *own = region->data;

    built_take(run, &run->builders[index], region, ms);
    if (region->blob.bytes)
        free(own);
}

static bool is_kept(const char *setting)
{
    return setting[0] == '\0' || strcmp(setting, "keep") == 0;
}

/* What plan_patch() may yet change: settings go into the header at the bootloader's place. */
static bool is_final(const struct run *run, const struct region *region)
{
    const struct job *job = run->job;

    if (run->plan_is_final || (job->flash_mode == FLASH_MODE_KEEP && is_kept(job->flash_freq) &&
                               is_kept(job->flash_size)))
        return true;
    for (int i = CHIP_AUTO + 1; i < CHIP_COUNT; i++) {
        const struct chip *chip = chip_get((enum chip_id)i);
        if (chip && chip->bootloader_offset == region->address)
            return false;
    }
    return true;
}

void pack_start(struct run *run)
{
    if (run->plan.n == 0 || !run->job->compress || !job_has_op(run->job, OP_WRITE_FLASH))
        return;
    if (run->builders == NULL)
        run->builders = xcalloc(run->plan.n, sizeof *run->builders);
    size_t running = 0; /* what is not started here is done by pack_take() */
    for (size_t i = 0; i < run->plan.n; i++) {
        struct region *region = &run->plan.regions[i];
        running += run->builders[i].pid > 0;
        if (region->size >= ALONE_MIN && region->blob.bytes == NULL && run->builders[i].pid == 0 &&
            running < BUILDERS_MAX && is_final(run, region))
            running += builder_start(&run->builders[i], region_build, region) == 0;
    }
}

void pack_forget(struct run *run, const struct region *region)
{
    if (run->builders)
        builder_stop(&run->builders[region - run->plan.regions]);
}

void pack_digest(struct run *run)
{
    for (size_t i = 0; i < run->plan.n; i++) {
        struct region *region = &run->plan.regions[i];
        if (run->builders && builder_is_ready(&run->builders[i]))
            own_built_take(run, i, 0);
        if (region->blob.bytes == NULL)
            region_digest(region);
    }
}

bool pack_can(const struct run *run)
{
    return run->job->compress && (run->loader.stage == STAGE_STUB || run->loader.chip->rom_deflate);
}

int pack_take(struct run *run, const struct region *which)
{
    size_t index = (size_t)(which - run->plan.regions);
    struct region *region = &run->plan.regions[index];

    if (!pack_can(run))
        return 0;
    if (run->builders && run->builders[index].pid > 0)
        own_built_take(run, index, BUILD_MS);
    if (run->error.code == ERR_OK && region->blob.bytes == NULL && region->deflated == NULL)
        region_deflate(region, &run->error);
    return run->error.code;
}

int pack_part(struct run *run, struct region *part)
{
    struct builder builder;

    if (!pack_can(run))
        return 0;
    if (part->size >= PART_MIN && builder_start(&builder, region_build, part) == 0)
        built_take(run, &builder, part, BUILD_MS);
    if (run->error.code == ERR_OK && part->blob.bytes == NULL)
        region_deflate(part, &run->error);
    return run->error.code;
}

void pack_part_done(struct region *part)
{
    if (part->blob.bytes)
        blob_done(&part->blob);
    else
        free(part->deflated);
}

void pack_done(struct run *run)
{
    for (size_t i = 0; run->builders && i < run->plan.n; i++)
        builder_stop(&run->builders[i]);
    free(run->builders);
    run->builders = NULL;
}
