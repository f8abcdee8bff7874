/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The way to a chip that answers, whose flash is attached: port, connect, identify, stub, rate,
 * flash. Each step returns 0 or leaves its cause in run->error.
 */
#include "job/setup.h"

#include "base/util.h"

#include <ctype.h>
#include <string.h>

unsigned setup_connect_baud(const struct job *job)
{
    return job->baud != JOB_BAUD_AUTO && job->baud < RATE_LOWEST ? job->baud : RATE_LOWEST;
}

int setup_open(struct run *run)
{
    struct link_options options = {
        .baud = setup_connect_baud(run->job),
        .cancel = run->cancel,
        .log = run_log(run),
        .trace = run->job->trace,
        .fault = run->job->fault,
    };

    report_state(&run->report, STATE_SYNC, "%s", "");
    if (link_open(&run->link, run->job->port, &options, &run->error) != 0)
        return run->error.code;
    run->link_is_open = true;
    run->report.baud = run->link.has_baud ? &run->link.baud : NULL;
    rate_begin(run);
    loader_init(&run->loader, &run->link, run_log(run));
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

int setup_connect(struct run *run)
{
    struct connect_options options = {
        .chip = run->job->chip,
        .before = run->job->before,
        .attempts = run->job->connect_attempts,
        .reset = run->job->reset,
        .attempt = on_attempt,
        .context = run,
    };

    /* Who waits for a board to come does not wait for one that has gone. */
    if (run->flash_attached && options.attempts <= 0)
        options.attempts = JOB_CONNECT_ATTEMPTS;
    run->rate.now = run->link.baud;
    int64_t slowest = run->loader.slowest_ms; /* the flash stays the same */
    loader_init(&run->loader, &run->link, run_log(run));
    int result = loader_connect(&run->loader, &options, &run->error);
    run->loader.slowest_ms = slowest;
    rate_watch(run);
    return result;
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

static int check_registers(struct run *run)
{
    for (size_t i = 0; run->chip.secure_download && i < run->job->n_ops; i++) {
        if (op_row(run->job->ops[i].kind)->registers)
            return error_set(&run->error, ERR_NOT_POSSIBLE,
                             "%s is in Secure Download Mode, which does not allow %s",
                             run->chip.name, op_name(run->job->ops[i].kind));
    }
    return 0;
}

/* Only files are written, each of which is looked at for itself: such a chip wants what it encrypts
 * on the way, ciphertext, and in partitions that it does not decrypt anything (job/encrypt.h,
 * image/check.h). */
static bool files_only(const struct run *run)
{
    for (size_t i = 0; i < run->job->n_ops; i++) {
        enum op_kind kind = run->job->ops[i].kind;
        if (op_row(kind)->changes && kind != OP_WRITE_FLASH)
            return false;
    }
    return !run->job->erase_all;
}

static int check_security(struct run *run)
{
    const struct chip_facts *chip = &run->chip;

    if (check_registers(run) != 0)
        return run->error.code;
    if (!chip->flash_encryption && !chip->secure_boot && !chip->secure_download)
        return 0;
    if (!RUN_ANY_OP(run, changes))
        return 0;
    if (chip->flash_encryption && !chip->secure_boot_v1 && !chip->secure_download &&
        files_only(run))
        return 0;
    if (run->job->force) {
        log_line(run_log(run), LOG_WARNING, "%s has %s enabled; going on as forced", chip->name,
                 chip->security);
        return 0;
    }
    return error_set(&run->error, ERR_SECURED,
                     "%s has %s enabled: writing or erasing could make it unusable (--force does "
                     "it all the same)",
                     chip->name, chip->security);
}

int setup_identify(struct run *run)
{
    const struct job *job = run->job;

    report_state(&run->report, STATE_CONNECT, "%s", run->loader.chip->name);
    if (loader_identify(&run->loader, &run->chip, &run->error) != 0)
        return error_context(&run->error, "identifying the chip");
    report_chip(&run->report, run->loader.chip, &run->chip);
    if (job->expect_mac[0] && !same_mac(job->expect_mac, run->chip.mac_text))
        return error_set(
            &run->error, ERR_WRONG_MAC, "this board has the MAC %s, but %s was asked for",
            run->chip.mac_text[0] ? run->chip.mac_text : "that can't be read", job->expect_mac);
    return check_security(run);
}

/* ---- the ladder: stub version 2, version 1, ROM ---- */

static bool link_is_dead(int code)
{
    return code == ERR_PORT_LOST || code == ERR_CANCELLED;
}

int setup_connect_again(struct run *run)
{
    struct chip_facts facts;

    if (setup_connect(run) != 0 || loader_identify(&run->loader, &facts, &run->error) != 0)
        return run->error.code;
    if (strcmp(facts.mac_text, run->chip.mac_text) == 0)
        return 0;
    return error_set(&run->error, ERR_WRONG_MAC,
                     "another board answers after the reset: its MAC is %s, before it was %s",
                     facts.mac_text, run->chip.mac_text);
}

bool setup_can_reset(const struct run *run)
{
    return run->link.has_lines &&
           (run->job->before == BEFORE_DEFAULT_RESET || run->job->before == BEFORE_USB_RESET);
}

/* A stub that did not come up leaves the chip without a loader: reset, and begin again. Where that
 * is not possible it may still have the loader that it had, at a rate that spoiled the upload. */
static int start_over(struct run *run, const struct error *why)
{
    if (!setup_can_reset(run)) {
        struct error own = {0};
        unsigned connect = setup_connect_baud(run->job);
        if (run->link.baud == connect || loader_baud_down(&run->loader, connect, &own) != 0)
            return error_set(&run->error, why->code,
                             "%s; the chip can't be reset from here to go on without", why->text);
        return setup_connect_again(run);
    }
    if (link_set_baud(&run->link, setup_connect_baud(run->job)) != 0)
        return error_set(&run->error, run->link.error.code, "%s", run->link.error.text);
    return setup_connect_again(run);
}

/* The ROM's rate is raised for the upload, which at 115200 baud takes longer than all the rest of
 * the set-up. What does not work is undone, by a fresh connect if need be, and not tried again. */
static int raise_rom_baud(struct run *run)
{
    unsigned baud = rate_for_rom(run);
    struct error why = {0};

    if (baud <= run->link.baud)
        return 0;
    run->rate.now = baud;
    int result = loader_set_baud(&run->loader, baud, &why);
    run->rate.now = run->link.baud;
    run->rate.rom_stays = run->link.baud != baud;
    if (result == 0 || result == ERR_NOT_POSSIBLE) {
        run->rate.unproven = run->link.baud == baud;
        return 0;
    }
    if (result == ERR_BAUD_REFUSED) { /* the adapter was asked before the chip */
        rate_refused(run, baud, &why);
        return 0;
    }
    if (link_is_dead(result))
        return error_set(&run->error, why.code, "%s", why.text);
    log_line(run_log(run), LOG_WARNING, "%s: the stub goes up at %u baud", why.text,
             setup_connect_baud(run->job));
    return start_over(run, &why);
}

enum step { STEP_AGAIN, STEP_NEXT, STEP_ENDS }; /* the last: well, or with run->error */

/* What follows from a stub that did not come up, at a raised rate or not. */
static enum step after_failure(struct run *run, int result, const struct error *why, bool raised)
{
    if (link_is_dead(result)) {
        error_set(&run->error, why->code, "%s", why->text);
        return STEP_ENDS;
    }
    raised = raised && result != ERR_STUB_FILE;
    log_line(run_log(run), LOG_WARNING, "stub failed: %s; trying %s", why->text,
             raised ? "again at the connecting rate" : "the next best");
    if (result == ERR_STUB_FILE) /* nothing was sent of it */
        return STEP_NEXT;
    run->rate.rom_stays = true;
    if (start_over(run, why) != 0)
        return STEP_ENDS;
    return raised ? STEP_AGAIN : STEP_NEXT;
}

/* Its upload, every block of it with a checksum, is a proof of the rate. */
static void stub_runs(struct run *run, const struct stub *stub)
{
    run->rate.now = run->link.baud;
    rate_prove(&run->rate, run->link.baud);
    rate_watch(run);
    log_line(run_log(run), LOG_INFO, "stub %s runs", stub->path);
}

/* Tries the nth best stub file. */
static enum step ladder_step(struct run *run, const char *name, int nth)
{
    struct stub stub = {0};
    struct error why = {0};
    enum step step = STEP_ENDS;
    int result = stub_find(name, run->job->stub_dir, nth, &stub, &why);

    if (result == ERR_FILE_UNREADABLE) {
        if (nth == 0)
            log_line(run_log(run), LOG_WARNING, "%s: going on with the ROM alone, which is slower",
                     why.text);
        else
            log_line(run_log(run), LOG_WARNING, "no other stub: going on with the ROM alone");
        goto out;
    }
    if (result == 0 && raise_rom_baud(run) != 0)
        goto out;
    bool raised = run->link.baud != setup_connect_baud(run->job);
    if (result == 0)
        result = loader_stub_run(&run->loader, &stub, &why);
    run->rate.now = run->link.baud;
    if (raised && run->link.baud == setup_connect_baud(run->job))
        run->rate.rom_stays = true; /* the stub came up at the old rate: it would so again */
    if (result == 0)
        stub_runs(run, &stub);
    else
        step = after_failure(run, result, &why, raised);
out:
    stub_done(&stub);
    return step;
}

int setup_stub(struct run *run)
{
    enum { STEPS_MAX = 16 }; /* more than anyone has stubs; an end for the loop */
    /* As identified: a connect in between would forget it. */
    const char *name = loader_stub_name(&run->loader);
    int nth = 0;

    if (run->loader.stage == STAGE_STUB)
        return 0; /* it was left running: --after no-reset-stub */
    if (run->job->no_stub || RUN_ANY_OP(run, rom))
        return 0;
    if (!run->chip.stub_possible) {
        log_line(run_log(run), LOG_WARNING, "%s: going on with the ROM alone, which is slower",
                 run->chip.stub_reason);
        return 0;
    }
    report_state(&run->report, STATE_STUB, "%s", "");
    for (int i = 0; i < STEPS_MAX; i++) {
        enum step step = ladder_step(run, name, nth);
        if (step == STEP_ENDS)
            break;
        nth += step == STEP_NEXT;
    }
    return run->error.code;
}

int setup_flash(struct run *run)
{
    const struct job *job = run->job;
    char size[32] = "unknown size";
    const struct flash_facts *flash = &run->flash;
    struct spi_connection connection = {.given = false};

    if (job->spi_connection[0] &&
        spi_connection_parse(job->spi_connection, &connection, &run->error) != 0)
        return run->error.code;
    if (loader_flash_attach(&run->loader, &connection, flash_size_bytes(job->flash_size),
                            &run->flash, &run->error) != 0)
        return run->error.code;
    if (run->flash_attached) /* all of it has been said before */
        return 0;
    run->flash_attached = true;
    report_flash(&run->report, flash);
    if (flash->size)
        util_size_format(size, sizeof size, flash->fitted ? flash->fitted : flash->size);
    if (run->chip.secure_download) /* tells neither its MAC nor its flash */
        log_line(run_log(run), LOG_INFO, "%s in Secure Download Mode", run->chip.name);
    else
        log_line(run_log(run), LOG_INFO, "%s%s%s, MAC %s, %s flash %s 0x%02x%04x", run->chip.name,
                 run->chip.revision[0] ? " " : "", run->chip.revision, run->chip.mac_text, size,
                 flash->vendor, flash->manufacturer, flash->device);
    return 0;
}
