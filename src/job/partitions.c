/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "job/partitions.h"

#include "base/util.h"
#include "job/ops.h"
#include "job/recover.h"

#include <stdlib.h>
#include <string.h>

/* ---- the chip's ---------------------------------------------------------------------------- */

int job_table_bytes(struct run *run, uint8_t *to, uint32_t size)
{
    uint32_t at = run->job->table_address;
    int result;

    do {
        result = loader_flash_read(&run->loader, at, size, to, NULL, &run->error);
        if (result == 0)
            result = op_read_confirm(run, at, to, size);
    } while (result != 0 && recover_slower(run));
    return result == 0 ? 0 : error_context(&run->error, "reading the partition table at 0x%x", at);
}

int job_table_read(struct run *run)
{
    struct chip_table *t = &run->table;
    uint32_t at = run->job->table_address;
    uint64_t end = run->loader.flash_size;

    if (t->was_read)
        return 0;
    if (end > 0 && (uint64_t)at + PARTITION_SECTOR > end)
        return error_set(&run->error, ERR_TOO_BIG,
                         "the partition table is said to be at 0x%x, but the flash ends at 0x%llx",
                         at, (unsigned long long)end);
    if (job_table_bytes(run, t->bytes, PARTITION_SECTOR) != 0)
        return run->error.code;
    t->was_read = true;
    if (partition_table_read(t->bytes, sizeof t->bytes, &t->table, &t->why) != 0)
        t->table.n = 0;
    return 0;
}

static const char *why_no_table(const struct run *run)
{
    return run->chip.flash_encryption ? "its flash is encrypted" : run->table.why.text;
}

static void partitions_say(struct run *run)
{
    const struct partition_table *table = &run->table.table;
    struct event event;

    report_event(&run->report, EVENT_PARTITIONS, &event);
    event.partitions.address = run->job->table_address;
    event.partitions.bootloader = run->loader.chip->bootloader_offset;
    event.partitions.flash_size = run->flash.size;
    event.partitions.table = *table;
    report_put(&run->report, &event);
}

int op_read_partitions(struct run *run, size_t index)
{
    const struct partition_table *table = &run->table.table;
    uint32_t at = run->job->table_address;
    struct event event;

    report_state(&run->report, STATE_READ, "partition table");
    if (job_table_read(run) != 0)
        return run->error.code;
    if (table->n == 0)
        return error_set(&run->error, ERR_PARTITION, "the chip has no partition table at 0x%x: %s",
                         at, why_no_table(run));
    partitions_say(run);
    if (partition_table_check(table, at, run->flash.size, &run->error) != 0)
        error_context(&run->error, "the partition table at 0x%x of the chip", at);
    op_result(run, run->job->ops[index].kind, &event);
    event_result_add(&event, "address", "0x%x", at);
    event_result_add(&event, "partitions", "%zu", table->n);
    report_put(&run->report, &event);
    return run->error.code;
}

/* ---- a partition by its name ---------------------------------------------------------------- */

/* "nvs, app0 (ota_0), app1 (ota_1)" */
static void names_list(const struct partition_table *table, struct buffer *out)
{
    char subtype[16];

    for (size_t i = 0; i < table->n; i++) {
        const struct partition *p = &table->rows[i];
        partition_subtype_name(subtype, sizeof subtype, p->type, p->subtype);
        buffer_printf(out, "%s%s", i ? ", " : "", p->label);
        if (strcmp(subtype, p->label) != 0 && partition_find(table, subtype) == p)
            buffer_printf(out, " (%s)", subtype);
    }
}

/* `where` is where the table is, `what` is what asks. */
static int place_find(const struct partition_table *table, const char *where, const char *what,
                      const char *name, struct partition *partition, struct error *error)
{
    const struct partition *found = partition_find(table, name);
    struct buffer names = {0};

    if (table->md5_at && !table->md5_ok)
        return error_set(error, ERR_PARTITION,
                         "%s: partition %s can't be looked up: the partition table of %s is "
                         "damaged, its MD5 does not fit",
                         what, name, where);
    if (found) {
        *partition = *found;
        return 0;
    }
    names_list(table, &names);
    error_set(error, ERR_PARTITION,
              "%s: there is no partition %s in the partition table of %s, which has %s", what, name,
              where, (const char *)names.data);
    buffer_done(&names);
    return ERR_PARTITION;
}

static int table_of_chip(struct run *run, const char *what, const char *name)
{
    if (job_table_read(run) != 0 || run->table.table.n > 0)
        return run->error.code;
    return error_set(&run->error, ERR_PARTITION,
                     "%s: partition %s can't be looked up: the chip has no partition table at 0x%x "
                     "(%s)",
                     what, name, run->job->table_address, why_no_table(run));
}

int job_table_for_images(struct run *run)
{
    for (size_t i = 0; i < run->job->n_images; i++) {
        const struct job_image *image = &run->job->images[i];
        if (image->enabled && image->address == JOB_ADDRESS_PARTITION)
            return table_of_chip(run, image->path, image->partition);
    }
    return 0;
}

int job_op_resolve(struct run *run, size_t index, struct op *op)
{
    struct partition p;
    const char *what = op_name(run->job->ops[index].kind);

    *op = run->job->ops[index];
    if (op->partition[0] == '\0')
        return 0;
    if (table_of_chip(run, what, op->partition) != 0 ||
        place_find(&run->table.table, "the chip", what, op->partition, &p, &run->error) != 0)
        return run->error.code;
    if (p.size == 0)
        return error_set(&run->error, ERR_PARTITION, "%s: partition %s has no bytes", what,
                         op->partition);
    op->address = p.offset;
    op->size = p.size;
    log_line(run_log(run), LOG_INFO, "partition %s: 0x%x bytes at 0x%x", op->partition, p.size,
             p.offset);
    return 0;
}

/* ---- images by the name of their partition -------------------------------------------------- */

/* The partition table that a plan writes: *path is NULL when it writes none. */
static int table_of_plan(const struct plan *plan, uint32_t address, struct partition_table *table,
                         const char **path, struct error *error)
{
    *path = NULL;
    for (size_t i = 0; i < plan->n; i++) {
        const struct region *region = &plan->regions[i];
        if (address < region->address || address - region->address >= region->size)
            continue;
        size_t at = address - region->address;
        *path = region->path;
        if (partition_table_parse(region->data + at, region->size - at, table))
            return 0;
        struct error why = {0};
        partition_table_read(region->data + at, region->size - at, table, &why);
        return error_set(error, ERR_PARTITION, "%s holds no partition table for 0x%x: %s", *path,
                         address, why.text);
    }
    return 0;
}

int job_places_find(struct image_spec *specs, struct job_place *places, size_t n,
                    uint32_t table_address, const struct chip *chip,
                    const struct partition_table *chip_table, bool *known, struct error *error)
{
    struct image_spec *others = xcalloc(n + 1, sizeof *others);
    struct partition_table own;
    struct plan plan = {0};
    const char *path = NULL;
    size_t n_others = 0;
    int rc = 0;

    for (size_t i = 0; i < n; i++) {
        if (places[i].name == NULL)
            others[n_others++] = specs[i];
    }
    if (n_others > 0)
        rc = plan_load(&plan, others, n_others, chip, error);
    if (rc == 0)
        rc = table_of_plan(&plan, table_address, &own, &path, error);
    const struct partition_table *table = path ? &own : chip_table;
    *known = table != NULL || n_others == n;
    for (size_t i = 0; rc == 0 && table && i < n; i++) {
        if (places[i].name == NULL)
            continue;
        rc = place_find(table, path ? path : "the chip", specs[i].path, places[i].name,
                        &places[i].partition, error);
        specs[i].address = places[i].partition.offset;
    }
    plan_done(&plan);
    free(others);
    return rc;
}

/* Regions are whole words. */
static uint64_t word_up(uint64_t n)
{
    return (n + 3) / 4 * 4;
}

int job_places_check(const struct plan *plan, const struct image_spec *specs,
                     const struct job_place *places, size_t n, struct error *error)
{
    for (size_t i = 0; i < n; i++) {
        const struct partition *p = &places[i].partition;
        for (size_t r = 0; places[i].name && r < plan->n; r++) {
            const struct region *region = &plan->regions[r];
            /* One file may be for several partitions. */
            if (strcmp(region->path, specs[i].path) != 0 || region->address < p->offset ||
                region->address - p->offset >= p->size ||
                (uint64_t)region->address + region->size <= word_up((uint64_t)p->offset + p->size))
                continue;
            return error_set(error, ERR_PARTITION,
                             "%s (0x%zx bytes) does not fit partition %s, which has 0x%x bytes at "
                             "0x%x",
                             region->path, region->size, places[i].name, p->size, p->offset);
        }
    }
    return 0;
}
