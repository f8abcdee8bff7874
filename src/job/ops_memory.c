/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The chip's memory and registers, and programs that are started in it. */
#include "job/ops.h"

#include "base/output.h"
#include "base/util.h"
#include "image/digest.h"
#include "job/internal.h"
#include "job/recover.h"

#include <stdlib.h>

enum { WIRE_PER_WORD = 30 }; /* a READ_REG and its answer */

int op_read_mem(struct run *run, size_t index)
{
    const struct op *op = &run->job->ops[index];
    struct event event;
    uint32_t value;

    if (loader_read_reg(&run->loader, op->address, &value, &run->error) != 0)
        return run->error.code;
    op_result(run, op->kind, &event);
    event_result_add(&event, "address", "0x%08x", op->address);
    event_result_add(&event, "value", "0x%08x", value);
    report_put(&run->report, &event);
    return 0;
}

int op_write_mem(struct run *run, size_t index)
{
    const struct op *op = &run->job->ops[index];
    struct event event;

    if (loader_write_reg_masked(&run->loader, op->address, op->value, op->mask, &run->error) != 0)
        return run->error.code;
    log_line(run_log(run), LOG_INFO, "0x%08x with mask 0x%08x written to 0x%08x", op->value,
             op->mask, op->address);
    op_result(run, op->kind, &event);
    event_result_add(&event, "address", "0x%08x", op->address);
    event_result_add(&event, "value", "0x%08x", op->value);
    event_result_add(&event, "mask", "0x%08x", op->mask);
    report_put(&run->report, &event);
    return 0;
}

/* ---- dump-mem ---- */

static void dump_result(struct run *run, const struct op *op, const uint8_t *data)
{
    double seconds = report_progress_seconds(&run->report);
    struct event event;
    uint8_t md5[16];
    char hex[33];

    digest_md5(data, op->size, md5);
    log_line(run_log(run), LOG_INFO, "0x%x bytes from 0x%08x read in %.1f s into %s", op->size,
             op->address, seconds, op->path);
    op_result(run, op->kind, &event);
    event_result_add(&event, "file", "%s", op->path);
    event_result_add(&event, "address", "0x%08x", op->address);
    event_result_add(&event, "size", "%u", op->size);
    event_result_add(&event, "md5", "%s", util_hex_format(hex, md5, sizeof md5));
    event_result_add(&event, "seconds", "%.2f", seconds);
    report_put(&run->report, &event);
}

static int dump(struct run *run, const struct op *op, uint8_t *data)
{
    report_state(&run->report, STATE_READ, "%s", util_basename(op->path));
    report_progress_begin(&run->report, op_name(op->kind), op->path, op->address, op->size);
    if (rate_raise(run, (uint64_t)op->size * WIRE_PER_WORD / 4) != 0 ||
        loader_ram_read(&run->loader, op->address, data, op->size, &run->report.progress,
                        &run->error) != 0)
        return run->error.code;
    report_progress_end(&run->report);
    return 0;
}

int op_dump_mem(struct run *run, size_t index)
{
    const struct op *op = &run->job->ops[index];
    uint8_t *data = xmalloc(op->size);
    int result;

    do
        result = dump(run, op, data);
    while (result != 0 && recover_slower(run));
    if (result == 0)
        result = output_finish(&run->outputs[index], data, op->size, &run->error);
    if (result == 0)
        dump_result(run, op, data);
    free(data);
    return result;
}

/* ---- programs ---- */

static int segment_load(struct run *run, const struct op *op,
                        const struct esp_image_segment *segment, const uint8_t *data)
{
    report_progress_begin(&run->report, op_name(op->kind), op->path, segment->address,
                          segment->size);
    if (loader_ram_write(&run->loader, segment->address, data + segment->offset, segment->size,
                         &run->report.progress, &run->error) != 0)
        return error_context(&run->error, "loading %s", op->path);
    report_progress_end(&run->report);
    return 0;
}

static int program_load(struct run *run, const struct op *op, const struct esp_image *image,
                        const uint8_t *data)
{
    uint64_t size = 0;

    for (unsigned i = 0; i < image->n_segments; i++)
        size += image->segments[i].size;
    report_state(&run->report, STATE_WRITE, "%s", util_basename(op->path));
    int result = rate_raise(run, size);
    for (unsigned i = 0; i < image->n_segments && result == 0; i++)
        result = segment_load(run, op, &image->segments[i], data);
    return result;
}

int op_load_ram(struct run *run, size_t index)
{
    const struct op *op = &run->job->ops[index];
    struct esp_image image;
    struct event event;
    uint8_t *data;

    int result = op_program_load(op, run->loader.chip, &data, &image, &run->error);
    if (result != 0)
        return result;
    do
        result = program_load(run, op, &image, data);
    while (result != 0 && recover_slower(run));
    free(data);
    if (result == 0)
        result = loader_ram_run(&run->loader, image.entry, &run->error);
    if (result != 0)
        return result;
    run->started = true;
    log_line(run_log(run), LOG_INFO, "%s is in RAM and runs from 0x%08x on",
             util_basename(op->path), image.entry);
    op_result(run, op->kind, &event);
    event_result_add(&event, "file", "%s", op->path);
    event_result_add(&event, "segments", "%u", image.n_segments);
    event_result_add(&event, "entry", "0x%08x", image.entry);
    report_put(&run->report, &event);
    return 0;
}

int op_run(struct run *run, size_t index)
{
    struct event event;

    if (loader_run(&run->loader, &run->error) != 0)
        return run->error.code;
    run->started = run->loader.chip->rom_run;
    log_line(run_log(run), LOG_INFO,
             run->started ? "the program in the flash was started"
                          : "the ROM was told to start the program; a reset makes sure of it");
    op_result(run, run->job->ops[index].kind, &event);
    report_put(&run->report, &event);
    return 0;
}
