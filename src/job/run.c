/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One job, from the first word to the last, in the order in which it happens. Every step returns 0
 * or leaves its cause in run->error; what follows is skipped then, but for leaving the chip in
 * order and saying how it ended.
 */
#include "job/run.h"

#include "base/util.h"
#include "job/internal.h"
#include "job/output.h"
#include "job/pack.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Every ROM and every adapter can do this rate; esptool connects at it too. */
enum { CONNECT_BAUD_MAX = 115200 };

static const struct log *log_of(struct run *run)
{
    return &run->report.log;
}

static unsigned connect_baud(const struct job *job)
{
    return job->baud < CONNECT_BAUD_MAX ? job->baud : CONNECT_BAUD_MAX;
}

/* Whether an op of the job has the given member of struct op_row set. */
#define ANY_OP(run, member) any_op((run), offsetof(struct op_row, member))
static bool any_op(const struct run *run, size_t member)
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
        if (job->ops[i].kind == OP_READ_FLASH &&
            output_open(&run->outputs[i], job->ops[i].path, &run->error) != 0)
            return run->error.code;
    }
    return 0;
}

/* All that can go wrong on this side of the cable is to go wrong before the board is touched. */
static int prepare(struct run *run)
{
    const struct job *job = run->job;
    const struct chip *chip = chip_get(job->chip);

    if (job->port == NULL || job->port[0] == '\0')
        return error_set(&run->error, ERR_USAGE, "no port is given");
    if (job_check_plan(job, &run->plan, &run->error) != 0 || outputs_open(run) != 0)
        return run->error.code;
    if (chip && run->plan.n > 0 &&
        plan_check(&run->plan, chip, flash_size_bytes(job->flash_size), job->force, &run->error) !=
            0)
        return run->error.code;
    pack_start(run);
    return 0;
}

/* ---- the way to a chip that answers ---- */

static int open_port(struct run *run)
{
    struct link_options options = {
        .baud = connect_baud(run->job),
        .cancel = run->cancel,
        .log = log_of(run),
        .trace = run->job->trace,
        .fault = run->job->fault,
    };

    report_state(&run->report, STATE_SYNC, "%s", "");
    if (link_open(&run->link, run->job->port, &options, &run->error) != 0)
        return run->error.code;
    run->link_is_open = true;
    loader_init(&run->loader, &run->link, log_of(run));
    return 0;
}

static void on_attempt(void *context, int attempt, int attempts)
{
    struct run *run = context;

    if (attempts > 0)
        report_state(&run->report, STATE_SYNC, "%d of %d", attempt, attempts);
    else
        report_state(&run->report, STATE_SYNC, "%d", attempt);
}

static int connect_chip(struct run *run)
{
    struct connect_options options = {
        .chip = run->job->chip,
        .before = run->job->before,
        .attempts = run->job->connect_attempts,
        .reset = run->job->reset,
        .attempt = on_attempt,
        .context = run,
    };

    loader_init(&run->loader, &run->link, log_of(run));
    return loader_connect(&run->loader, &options, &run->error);
}

static bool same_mac(const char *a, const char *b)
{
    for (;; a++, b++) {
        while (*a == ':' || *a == '-')
            a++;
        while (*b == ':' || *b == '-')
            b++;
        if (tolower((unsigned char)*a) != tolower((unsigned char)*b))
            return false;
        if (*a == '\0')
            return true;
    }
}

static int check_security(struct run *run)
{
    const struct chip_facts *chip = &run->chip;

    if (!chip->flash_encryption && !chip->secure_boot && !chip->secure_download)
        return 0;
    if (!ANY_OP(run, changes))
        return 0;
    if (run->job->force) {
        log_line(log_of(run), LOG_WARNING, "%s has %s enabled; going on as forced", chip->name,
                 chip->security);
        return 0;
    }
    return error_set(&run->error, ERR_SECURED,
                     "%s has %s enabled: writing or erasing could make it unusable (--force does "
                     "it all the same)",
                     chip->name, chip->security);
}

static int identify(struct run *run)
{
    const struct job *job = run->job;

    report_state(&run->report, STATE_CONNECT, "%s", run->loader.chip->name);
    if (loader_identify(&run->loader, &run->chip, &run->error) != 0)
        return error_context(&run->error, "identifying the chip");
    report_chip(&run->report, run->loader.chip, &run->chip);
    if (job->expect_mac[0] && !same_mac(job->expect_mac, run->chip.mac_text))
        return error_set(&run->error, ERR_WRONG_MAC,
                         "this board has the MAC %s, but %s was asked for", run->chip.mac_text,
                         job->expect_mac);
    return check_security(run);
}

/* ---- the ladder: stub version 2, version 1, ROM ---- */

static bool link_is_dead(int code)
{
    return code == ERR_PORT_LOST || code == ERR_CANCELLED;
}

/* A stub that did not come up leaves the chip without a loader: reset, and begin again. */
static int connect_again(struct run *run, const struct error *why)
{
    bool can_reset = run->link.has_lines && (run->job->before == BEFORE_DEFAULT_RESET ||
                                             run->job->before == BEFORE_USB_RESET);

    if (!can_reset)
        return error_set(&run->error, why->code,
                         "%s; the chip can't be reset from here to go on without", why->text);
    if (link_set_baud(&run->link, connect_baud(run->job)) != 0)
        return error_set(&run->error, run->link.error.code, "%s", run->link.error.text);
    return connect_chip(run);
}

/* Tries the nth best stub file. True: the ladder ends here, well or with run->error. */
static bool ladder_step(struct run *run, int nth)
{
    struct stub stub = {0};
    struct error why = {0};
    bool ends = true;
    int result = stub_find(run->loader.chip, run->job->stub_dir, nth, &stub, &why);

    if (result == ERR_FILE_UNREADABLE) {
        if (nth == 0)
            log_line(log_of(run), LOG_WARNING, "%s: going on with the ROM alone, which is slower",
                     why.text);
        else
            log_line(log_of(run), LOG_WARNING, "no other stub: going on with the ROM alone");
        goto out;
    }
    if (result == 0)
        result = loader_stub_run(&run->loader, &stub, &why);
    if (result == 0) {
        log_line(log_of(run), LOG_INFO, "stub %s runs", stub.path);
        goto out;
    }
    if (link_is_dead(result)) {
        error_set(&run->error, why.code, "%s", why.text);
        goto out;
    }
    log_line(log_of(run), LOG_WARNING, "stub failed: %s; trying the next best", why.text);
    ends = result != ERR_STUB_FILE && connect_again(run, &why) != 0;
out:
    stub_done(&stub);
    return ends;
}

static int start_stub(struct run *run)
{
    enum { STUBS_MAX = 8 }; /* more than anyone has; an end for the loop */

    if (run->loader.stage == STAGE_STUB)
        return 0; /* it was left running: --after no-reset-stub */
    if (run->job->no_stub || run->loader.chip->stub == NULL)
        return 0;
    if (run->loader.secure_download) {
        log_line(log_of(run), LOG_WARNING,
                 "secure download mode allows no stub: going on with the ROM alone");
        return 0;
    }
    report_state(&run->report, STATE_STUB, "%s", "");
    for (int nth = 0; nth < STUBS_MAX; nth++) {
        if (ladder_step(run, nth))
            break;
    }
    return run->error.code;
}

static int raise_baud(struct run *run)
{
    unsigned now = connect_baud(run->job);
    struct error why = {0};

    if (run->job->baud == now || !run->link.has_baud)
        return 0;
    int result = loader_set_baud(&run->loader, run->job->baud, &why);
    if (result == ERR_NOT_POSSIBLE)
        log_line(log_of(run), LOG_INFO, "the ROM of %s can't change the rate: staying at %u baud",
                 run->loader.chip->name, now);
    else if (result == ERR_BAUD_REFUSED) { /* the adapter was asked before the chip */
        log_line(log_of(run), LOG_WARNING, "%s: staying at %u baud", why.text, now);
        error_clear(&run->link.error);
    } else if (result != 0)
        error_set(&run->error, why.code, "changing to %u baud: %s", run->job->baud, why.text);
    else
        log_line(log_of(run), LOG_DEBUG, "%u baud", run->job->baud);
    return run->error.code;
}

static int attach_flash(struct run *run)
{
    char size[32] = "unknown size";
    const struct flash_facts *flash = &run->flash;

    if (loader_flash_attach(&run->loader, NULL, flash_size_bytes(run->job->flash_size), &run->flash,
                            &run->error) != 0)
        return run->error.code;
    report_flash(&run->report, flash);
    if (flash->size)
        util_size_format(size, sizeof size, flash->size);
    log_line(log_of(run), LOG_INFO, "%s%s%s, MAC %s, %s flash %s 0x%02x%04x", run->chip.name,
             run->chip.revision[0] ? " " : "", run->chip.revision, run->chip.mac_text, size,
             flash->vendor, flash->manufacturer, flash->device);
    return 0;
}

/* ---- the work ---- */

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

    if (run->plan.n == 0 && job_plan_load(job, chip, &run->plan, &run->error) != 0)
        return run->error.code;
    if (plan_check(&run->plan, chip, run->flash.size, job->force, &run->error) != 0 ||
        plan_patch(&run->plan, chip, &settings, &run->error) != 0)
        return run->error.code;
    for (size_t i = 0; i < run->plan.n; i++) {
        const struct region *region = &run->plan.regions[i];
        if (region->patched)
            log_line(log_of(run), LOG_INFO, "%s: flash settings in its header were changed",
                     util_basename(region->path));
    }
    run->plan_is_final = true;
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
    bool fast = ANY_OP(run, fast) || run->job->after == AFTER_NO_RESET_STUB;

    if (prepare(run) != 0 || open_port(run) != 0 || connect_chip(run) != 0 || identify(run) != 0)
        return run->error.code;
    if (fast && (start_stub(run) != 0 || raise_baud(run) != 0))
        return run->error.code;
    if (ANY_OP(run, flash) && attach_flash(run) != 0)
        return run->error.code;
    if (job_needs_images(run->job) && ready_images(run) != 0)
        return run->error.code;
    return run_ops(run);
}

/* ---- the end ---- */

/* Also after an error: a board should not be found sitting in the loader. All bytes are confirmed
 * by now or the job has failed, so that a reset that does not work is only worth a warning. */
static void leave_chip(struct run *run)
{
    struct error why = {0};

    if (!run->link_is_open || run->error.code == ERR_PORT_LOST)
        return;
    if (run->loader.stage == STAGE_NONE && run->job->after != AFTER_HARD_RESET)
        return;
    run->link.cancel = NULL; /* being asked to stop is no reason to leave it half way */
    report_state(&run->report, STATE_RESET, "%s", loader_after_name(run->job->after));
    if (loader_leave(&run->loader, run->job->after, &why) != 0)
        log_line(log_of(run), LOG_WARNING, "the chip could not be reset: %s", why.text);
}

/* What the chip said at its reset explains why it does not answer, not why a file is wrong, a board
 * refused, or a digest another one. */
static bool boot_log_matters(const struct error *error)
{
    int status = error_exit_status(error->code);

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
        .baud = run->link_is_open ? run->link.baud : connect_baud(run->job),
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
