/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Everything is judged by where it lies: what a chip starts or reads by itself (its bootloader, its
 * partition table, apps at the start of app partitions) has to be right; anywhere else an image is
 * only data, whatever it looks like. check_place.c has the checks of one such place.
 */
#include "image/check.h"

#include "base/buffer.h"
#include "base/util.h"
#include "image/check_place.h"
#include "image/merge.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- findings ---- */

/* What nobody can force: it does not fit, one file destroys the other, or the job itself says no.
 */
static bool is_impossible(enum err code)
{
    return code == ERR_TOO_BIG || code == ERR_OVERLAP || code == ERR_PROTECTED;
}

void findings_add(struct findings *findings, enum err code, bool refuses, const char *format, ...)
{
    va_list args;

    findings->rows = xrealloc(findings->rows, (findings->n + 1) * sizeof *findings->rows);
    struct finding *row = &findings->rows[findings->n++];
    *row = (struct finding){
        .code = code, .refuses = refuses, .always = refuses && is_impossible(code)};
    va_start(args, format);
    vsnprintf(row->text, sizeof row->text, format, args);
    va_end(args);
    util_text_clean(row->text);
}

const struct finding *findings_refusal(const struct findings *findings, bool force)
{
    for (size_t i = 0; i < findings->n; i++) {
        const struct finding *row = &findings->rows[i];
        if (row->refuses && (!force || row->always))
            return row;
    }
    return NULL;
}

void findings_done(struct findings *findings)
{
    free(findings->rows);
    *findings = (struct findings){0};
}

/* ---- what holds wherever a region lies ---- */

static uint64_t end_of(const struct region *region)
{
    return (uint64_t)region->address + region->size;
}

static void size_check(struct check *c, const struct region *region)
{
    const struct check_target *target = c->target;
    char flash[16];

    if (target->flash_size == 0 || end_of(region) <= target->flash_size)
        return;
    findings_add(c->findings, ERR_TOO_BIG, true,
                 "%s%s%s (%zu bytes) at 0x%x would end at 0x%llx, past the end of the %s flash",
                 target->flash_limit ? target->flash_limit : "", target->flash_limit ? ": " : "",
                 check_name(region), region->file_size, region->address,
                 (unsigned long long)end_of(region),
                 util_size_format(flash, sizeof flash, target->flash_size));
}

static uint64_t sector_down(uint64_t address)
{
    return address / FLASH_SECTOR * FLASH_SECTOR;
}

static uint64_t sector_up(uint64_t address)
{
    return sector_down(address + FLASH_SECTOR - 1);
}

/* What is written is erased by the sector: none that a range has a part in is. */
static void protect_check(struct check *c, const struct region *region)
{
    uint64_t start = sector_down(region->address), end = sector_up(end_of(region));

    for (size_t i = 0; i < c->target->n_protect; i++) {
        const struct flash_range *range = &c->target->protect[i];
        uint64_t range_end = (uint64_t)range->address + range->size;
        if (range->size == 0 || range->address >= end || start >= range_end)
            continue;
        findings_add(c->findings, ERR_PROTECTED, true,
                     "%s at 0x%x erases 0x%llx to 0x%llx, but the job protects 0x%x to 0x%llx",
                     check_name(region), region->address, (unsigned long long)start,
                     (unsigned long long)end - 1, range->address,
                     (unsigned long long)range_end - 1);
    }
}

/* With whichever region before it reaches farthest. */
static void overlap_check(struct check *c, const struct region *region)
{
    struct error error = {0};

    if (c->farthest && regions_clash(c->farthest, region, &error) != 0)
        findings_add(c->findings, error.code, true, "%s", error.text);
    if (c->farthest == NULL || end_of(region) > end_of(c->farthest))
        c->farthest = region;
}

/* ---- the partition table ---- */

static bool table_take(struct check *c, const struct region *region, uint32_t at)
{
    size_t size;
    const uint8_t *data = check_at(region, at, &size);

    if (data == NULL || !partition_table_parse(data, size, &c->table))
        return false;
    c->table_region = region;
    c->table_at = at;
    return true;
}

/* The job's own: at its usual place, else wherever the job puts one, as a file or within a merged
 * one (CONFIG_PARTITION_TABLE_OFFSET is for the project to choose). */
static bool table_of_job(struct check *c)
{
    const struct plan *plan = c->plan;
    struct merged_head head;

    for (size_t i = 0; i < plan->n; i++) {
        if (table_take(c, &plan->regions[i], c->table_at))
            return true;
    }
    for (size_t i = 0; i < plan->n; i++) {
        const struct region *region = &plan->regions[i];
        bool is_merged = merged_head_find(region->data, region->size, region->address, &head);
        if (table_take(c, region, region->address + (is_merged ? (uint32_t)head.table : 0)))
            return true;
    }
    return false;
}

/* What an encrypted flash holds can't be read. */
static void table_find(struct check *c)
{
    const struct check_target *target = c->target;

    c->table_at = target->table_address;
    if (table_of_job(c) || target->table == NULL || target->erases_all || target->flash_encryption)
        return;
    c->table_is_missing = !partition_table_parse(target->table, target->table_size, &c->table);
}

/* ESP-IDF's bootloader refuses a table with a wrong MD5, and one with rows behind the flash
 * (flash_partitions.c); what else its generator does not let pass is only worth a warning. */
static void table_check(struct check *c)
{
    const char *name = check_name(c->table_region);
    const struct partition_table *table = &c->table;
    size_t n = c->findings->n;
    struct error error = {0};

    if (table->md5_at && !table->md5_ok)
        findings_add(c->findings, ERR_IMAGE_DAMAGED, true,
                     "%s at 0x%x: damaged: the MD5 at offset 0x%zx does not fit the %zu partitions "
                     "before it",
                     name, c->table_at, table->md5_at, table->n);
    for (size_t i = 0; i < table->n; i++) {
        const struct partition *row = &table->rows[i];
        uint64_t end = (uint64_t)row->offset + row->size;
        if (c->target->flash_size && c->target->flash_limit == NULL && end > c->target->flash_size)
            findings_add(c->findings, ERR_PARTITION, true,
                         "%s at 0x%x: its partition %s ends at 0x%llx, the flash at 0x%llx", name,
                         c->table_at, row->label, (unsigned long long)end,
                         (unsigned long long)c->target->flash_size);
        if (row->type <= PARTITION_DATA && row->offset < (uint64_t)c->table_at + FLASH_SECTOR &&
            end > c->table_at)
            findings_add(c->findings, ERR_PARTITION, true,
                         "%s at 0x%x lies in its own partition %s (0x%x to 0x%llx)", name,
                         c->table_at, row->label, row->offset, (unsigned long long)end - 1);
    }
    if (c->findings->n == n && partition_table_check(table, c->table_at, 0, &error) != 0)
        findings_add(c->findings, ERR_PARTITION, false, "%s at 0x%x: %s", name, c->table_at,
                     error.text);
}

/* A bootloader starts nothing without one. (No chip but the ESP8266 does without: what its SDKs
 * without a table put at an app's place is started by the ROM or by their own loader.) */
static void table_missing_check(struct check *c)
{
    bool erased = c->target->erases_all;

    if (c->table.n || !c->has_app || c->chip == NULL || c->chip->image_chip_id < 0 ||
        !(erased || c->table_is_missing))
        return;
    findings_add(c->findings, ERR_PARTITION, c->has_boot,
                 "%s at 0x%x is started by a partition table, but none of the files is one, and %s "
                 "(expected at 0x%x)",
                 check_name(c->app_region), c->app_region->address,
                 erased ? "what the flash holds is erased before" : "the flash holds none",
                 c->table_at);
}

/* ---- who the images are for ---- */

/* An image that some chip would start from there. */
static const struct chip *chip_meant(const struct check *c, const struct region *region)
{
    unsigned id = 0;
    enum esp_image_form form = esp_image_recognise(region->data, region->size, &id);
    bool at_start = region->address < c->table_at || region->address % 0x10000 == 0;

    return at_start && !check_is_data(c, region->address) ? esp_image_chip(form, id) : NULL;
}

static void chip_find(struct check *c)
{
    c->chip = c->target->chip;
    for (size_t i = 0; c->chip == NULL && i < c->plan->n; i++) {
        c->chip = chip_meant(c, &c->plan->regions[i]);
        c->chip_told_by = &c->plan->regions[i];
    }
}

/* ---- all of it ---- */

/* The places in a region: its start, and what the chip looks at in the middle of a merged file. */
static void region_places(struct check *c, const struct region *region, check_fn *check)
{
    uint32_t boot = c->chip ? c->chip->bootloader_offset : region->address;
    size_t left;

    check(c, region, region->address);
    bool image = esp_image_recognise(region->data, region->size, NULL) != ESP_IMAGE_NONE;
    if (boot != region->address && !image && check_at(region, boot, &left))
        check(c, region, boot); /* in front of it is nothing, or what is not started */
    for (size_t i = 0; i < c->table.n; i++) {
        const struct partition *row = &c->table.rows[i];
        bool seen = row->offset == region->address || row->offset == boot;
        if (row->type == PARTITION_APP && !seen && check_at(region, row->offset, &left))
            check(c, region, row->offset);
    }
}

bool plan_wants_table(const struct plan *plan, const struct check_target *target)
{
    struct check check = {.plan = plan, .target = target};

    table_find(&check);
    chip_find(&check);
    if (check.table.n || check.chip == NULL || check.chip->image_chip_id < 0 ||
        target->erases_all || target->flash_encryption)
        return false;
    for (size_t i = 0; i < plan->n; i++)
        region_places(&check, &plan->regions[i], check_place_look);
    return check.has_app || check.has_stray || check.boot_end > check.table_at;
}

void plan_find(const struct plan *plan, const struct check_target *target,
               struct findings *findings)
{
    struct check check = {.plan = plan, .target = target, .findings = findings};

    table_find(&check);
    chip_find(&check);
    for (size_t i = 0; i < plan->n; i++)
        region_places(&check, &plan->regions[i], check_place_look);
    for (size_t i = 0; i < plan->n; i++) {
        const struct region *region = &plan->regions[i];
        size_check(&check, region);
        protect_check(&check, region);
        if (region == check.table_region)
            table_check(&check);
        region_places(&check, region, check_place);
        check_reach(&check, region);
        overlap_check(&check, region);
        if (region == check.app_region)
            table_missing_check(&check);
    }
}
