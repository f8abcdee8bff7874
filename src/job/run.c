/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One job, from the first word to the last, in the order in which it happens. Every step returns 0
 * or leaves its cause in run->error; what follows is skipped then, but for leaving the chip in
 * order and saying how it ended.
 */
#include "job/run.h"

#include "base/output.h"
#include "base/util.h"
#include "job/boot_check.h"
#include "job/checks.h"
#include "job/internal.h"
#include "job/pack.h"
#include "job/partitions.h"
#include "job/recover.h"
#include "job/setup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool run_any_op(const struct run *run, size_t member)
{
    for (size_t i = 0; i < run->job->n_ops; i++) {
        if (*(const bool *)((const char *)op_row(run->job->ops[i].kind) + member))
            return true;
    }
    return false;
}

static void say_hello(struct run *run)
{
    struct event event;

    report_event(&run->report, EVENT_HELLO, &event);
    event_hello_describe(&event);
    report_put(&run->report, &event);
}

/* ---- before the port is opened ---- */

static int outputs_open(struct run *run)
{
    const struct job *job = run->job;

    run->outputs = xcalloc(job->n_ops + 1, sizeof *run->outputs);
    for (size_t i = 0; i < job->n_ops; i++)
        run->outputs[i].fd = -1;
    for (size_t i = 0; i < job->n_ops; i++) {
        if (op_fills_file(job->ops[i].kind) &&
            output_open(&run->outputs[i], job->ops[i].path, &run->error) != 0)
            return run->error.code;
    }
    return 0;
}

/* All that can go wrong on this side of the cable is to go wrong before the board is touched. */
static int prepare(struct run *run)
{
    const struct job *job = run->job;

    if (job->port == NULL || job->port[0] == '\0')
        return error_set(&run->error, ERR_USAGE, "no port is given");
    if (job_check_plan(job, &run->plan, &run->error) != 0 || outputs_open(run) != 0)
        return run->error.code;
    pack_start(run);
    return checks_before(run);
}

/* ---- the work ---- */

/* One file for the whole flash, as merge-bin and factories make them: its gaps are 0xFF, and where
 * it lies over a partition that holds something by now, that is gone. */
static void warn_of_gaps(struct run *run)
{
    char names[160];

    for (size_t i = 0; i < run->plan.n && !run->job->skip_gaps && !run->job->erase_all; i++) {
        const struct region *region = &run->plan.regions[i];
        if (!region_gaps_text(region, names, sizeof names))
            continue;
        log_line(run_log(run), LOG_WARNING,
                 "%s is a merged file with nothing in it for %s: what the flash holds there will "
                 "be erased (--skip-gaps leaves it alone)",
                 util_basename(region->path), names);
    }
}

/* What could not be loaded before the chip was known. */
static int load_images(struct run *run)
{
    const struct job *job = run->job;
    const struct chip *chip = run->loader.chip;

    if (run->plan.n > 0 || job_plan_load(job, chip, NULL, &run->plan, &run->error) != 0 ||
        run->plan.n > 0)
        return run->error.code;
    if (job_table_for_images(run) != 0)
        return run->error.code;
    return job_plan_load(job, chip, &run->table.table, &run->plan, &run->error);
}

/* The plan as it is for this chip; nothing has been erased yet. */
static int ready_images(struct run *run)
{
    const struct job *job = run->job;
    const struct chip *chip = run->loader.chip;
    struct image_settings settings = {
        .mode = job->flash_mode,
        .freq = job->flash_freq,
        .size = job->flash_size,
        .detected_size = run->flash.size,
    };

    if (load_images(run) != 0)
        return run->error.code;
    if (plan_patch(&run->plan, chip, &settings, &run->error) != 0 || checks_with_chip(run) != 0)
        return run->error.code;
    for (size_t i = 0; i < run->plan.n; i++) {
        const struct region *region = &run->plan.regions[i];
        if (region->patched)
            log_line(run_log(run), LOG_INFO, "%s: flash settings in its header were changed",
                     util_basename(region->path));
    }
    run->plan_is_final = true;
    if (RUN_ANY_OP(run, changes))
        warn_of_gaps(run);
    pack_start(run);
    pack_digest(run);
    return run->error.code;
}

static int run_ops(struct run *run)
{
    int result = 0;

    for (size_t i = 0; result == 0 && i < run->job->n_ops; i++) {
        if (cancel_asked(run->cancel))
            return error_set(&run->error, ERR_CANCELLED, "stopped on request");
        result = op_row(run->job->ops[i].kind)->function(run, i);
    }
    return result;
}

static int work(struct run *run)
{
    bool fast = RUN_ANY_OP(run, fast) || run->job->after == AFTER_NO_RESET_STUB;

    if (prepare(run) != 0 || setup_open(run) != 0 || setup_connect(run) != 0 ||
        setup_identify(run) != 0)
        return run->error.code;
    if (fast && setup_stub(run) != 0)
        return run->error.code;
    /* A rate that was asked for is gone to at once; the best one when it is known what for. */
    while (fast && run->job->baud != JOB_BAUD_AUTO && rate_raise(run, 0) != 0) {
        if (!recover_slower(run))
            return run->error.code;
    }
    while (RUN_ANY_OP(run, flash) && setup_flash(run) != 0) {
        if (!recover_slower(run))
            return run->error.code;
    }
    if (job_needs_images(run->job) && ready_images(run) != 0)
        return run->error.code;
    return run_ops(run);
}

/* ---- the end ---- */

/* Also after an error: a board should not be found sitting in the loader. All bytes are confirmed
 * by now or the job has failed, so that a reset that does not work is only worth a warning, unless
 * the board is to be listened to. */
static void leave_chip(struct run *run)
{
    bool listens = run->error.code == ERR_OK && boot_check_wanted(run->job);
    struct error why = {0};

    bool resets = run->job->after == AFTER_HARD_RESET || run->job->after == AFTER_WATCHDOG_RESET;

    if (!run->link_is_open || run->error.code == ERR_PORT_LOST || run->started)
        return;
    if (run->loader.stage == STAGE_NONE && !resets)
        return;
    if (listens)
        run->loader.listen_baud = run->job->boot_check.baud;
    run->link.cancel = NULL; /* being asked to stop is no reason to leave it half way */
    report_state(&run->report, STATE_RESET, "%s", loader_after_name(run->job->after));
    if (loader_leave(&run->loader, run->job->after, &why) != 0)
        log_line(run_log(run), LOG_WARNING, "the chip could not be reset: %s", why.text);
    if (listens && why.code == ERR_OK)
        boot_check_run(run);
    else if (listens)
        error_set(&run->error, ERR_BOOT_CHECK, "no boot check: the chip could not be reset: %s",
                  why.text);
}

/* What the chip said at its reset explains why it does not answer, not why a file is wrong, a board
 * refused, or a digest another one. */
static bool boot_log_matters(const struct error *error)
{
    int status = error_exit_status(error->code);

    if (error->code == ERR_BOOT_CHECK) /* what it said then is in the text */
        return false;
    return status == error_exit_status(ERR_NO_SYNC) || status == error_exit_status(ERR_PORT_LOST) ||
           status == error_exit_status(ERR_NO_REPLY);
}

static void say_hint(struct run *run)
{
    struct port_info port = run->link.port;

    /* What could not be opened is known to the system all the same. */
    if (!run->link_is_open && run->job->port && run->job->port[0] == '/')
        port_info_read(run->job->port, &port);

    struct evidence evidence = {
        .error = &run->error,
        .boot_log = boot_log_matters(&run->error) ? run->loader.boot_log : "",
        .chip = run->loader.chip,
        .port = port.path[0] ? &port : NULL,
        .has_lines = run->link_is_open && run->link.has_lines,
        .baud = run->rate.failed    ? run->rate.failed
                : run->link_is_open ? run->link.baud
                                    : setup_connect_baud(run->job),
    };
    struct hint hint;

    if (run->error.code != ERR_CANCELLED && hint_find(&evidence, &hint))
        report_hint(&run->report, &hint);
}

static enum job_state last_state(const struct error *error)
{
    int status = error_exit_status(error->code);

    if (error->code == ERR_OK)
        return STATE_FINISH;
    return status == error_exit_status(ERR_PORT_MISSING) || status == error_exit_status(ERR_NO_SYNC)
               ? STATE_COM_FAIL
               : STATE_ERROR;
}

int job_run(const struct job *job, const struct sink *sink, const struct cancel *cancel)
{
    struct run *run = xcalloc(1, sizeof *run);
    int64_t start = clock_us();

    run->job = job;
    run->cancel = cancel;
    report_init(&run->report, sink, job->port ? job->port : "", job->slot);
    say_hello(run);
    work(run);
    rate_end(run);
    leave_chip(run);
    report_state(&run->report, last_state(&run->error), "%s",
                 run->error.code == ERR_OK ? "" : error_id(run->error.code));
    say_hint(run);
    if (run->link_is_open)
        link_close(&run->link);
    report_done(&run->report, &run->error, (double)(clock_us() - start) / 1e6);

    int status = error_exit_status(run->error.code);
    for (size_t i = 0; run->outputs && i < job->n_ops; i++)
        output_done(&run->outputs[i]);
    free(run->outputs);
    pack_done(run);
    plan_done(&run->plan);
    free(run);
    return status;
}
