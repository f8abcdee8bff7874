/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "job/checks.h"

#include "base/util.h"
#include "job/encrypt.h"
#include "job/internal.h"
#include "job/ops.h"
#include "job/partitions.h"

#include <stdio.h>
#include <string.h>

/* Of a table, most often all: 14 rows, the MD5 and the end. */
enum { TABLE_HEAD = 512 };

/* What the job alone tells. */
static struct check_target target_of(const struct job *job)
{
    return (struct check_target){
        .chip = chip_get(job->chip),
        .revision = -1,
        .flash_size = flash_size_bytes(job->flash_size),
        .erases_all = job->n_protect == 0 && (job->erase_all || job_has_op(job, OP_ERASE_FLASH)),
        .table_address = job->table_address,
        .protect = job->protect,
        .n_protect = job->n_protect,
    };
}

/* Where nothing is written, only what can't be compared matters. */
static bool is_relevant(const struct job *job, const struct finding *finding)
{
    return job_has_op(job, OP_WRITE_FLASH) || (finding->always && finding->code != ERR_PROTECTED);
}

/* Appends what matters to this job. */
static void find(const struct job *job, const struct plan *plan, const struct check_target *target,
                 struct findings *findings)
{
    struct findings found = {0};

    plan_find(plan, target, &found);
    for (size_t i = 0; i < found.n; i++) {
        const struct finding *row = &found.rows[i];
        if (is_relevant(job, row))
            findings_add(findings, row->code, row->refuses, "%s", row->text);
    }
    findings_done(&found);
}

/* ---- without a chip ---- */

int job_findings(const struct job *job, uint64_t flash_size, struct findings *findings,
                 struct error *error)
{
    struct check_target target = target_of(job);
    struct plan plan;
    int result = job_check_plan(job, &plan, error);

    if (flash_size)
        target.flash_size = flash_size;
    target.is_patched = strcmp(job->flash_size, "keep") == 0; /* the header stays as it is */
    if (result == 0 && plan.n > 0)
        find(job, &plan, &target, findings);
    plan_done(&plan);
    return result;
}

/* ---- in a job ---- */

/* `decides`: it is the text of the event `done`, and no line of the log. */
static void finding_say(struct run *run, const struct finding *finding, bool decides)
{
    bool refuses = finding->refuses && (!run->job->force || finding->always);
    struct event event;

    report_event(&run->report, EVENT_CHECK, &event);
    util_copy(event.check.error, sizeof event.check.error, error_id(finding->code));
    util_copy(event.check.text, sizeof event.check.text, finding->text);
    event.check.refuses = refuses;
    report_put(&run->report, &event);
    if (!decides)
        log_line(run_log(run), refuses ? LOG_ERROR : LOG_WARNING, "%s%s", finding->text,
                 finding->refuses && !refuses ? "; going on as forced" : "");
}

/* Says all; the first refusal decides, and tells how many there are. */
static int say_and_judge(struct run *run, const struct findings *findings)
{
    const struct finding *first = findings_refusal(findings, run->job->force);
    char more[40] = "";
    size_t n = 0;

    for (size_t i = 0; i < findings->n; i++) {
        finding_say(run, &findings->rows[i], &findings->rows[i] == first);
        n += findings->rows[i].refuses && (!run->job->force || findings->rows[i].always);
    }
    if (first == NULL)
        return 0;
    if (n > 1)
        snprintf(more, sizeof more, " (and %zu more)", n - 1);
    return error_set(&run->error, first->code, "%s%s", first->text, more);
}

/* What does not end the job is said once the chip is known, which may be more or less then. */
int checks_before(struct run *run)
{
    struct check_target target = target_of(run->job);
    struct findings findings = {0};
    int result = 0;

    if (run->plan.n > 0)
        find(run->job, &run->plan, &target, &findings);
    if (findings_refusal(&findings, run->job->force))
        result = say_and_judge(run, &findings);
    findings_done(&findings);
    return result;
}

/* Enough of a table to end with something else than a row. */
static bool table_ends_in(const uint8_t *data, size_t size)
{
    for (size_t at = 0; at + PARTITION_ROW <= size; at += PARTITION_ROW) {
        bool row = (data[at] == 0xAA && data[at + 1] == 0x50) ||
                   (data[at] == 0xEB && data[at + 1] == 0xEB);
        if (!row)
            return true;
    }
    return false;
}

/* Rarely more than the head has to be read: that takes a tenth of the time. */
static int table_read(struct run *run, struct check_target *target, uint8_t head[TABLE_HEAD])
{
    uint32_t at = run->job->table_address;

    if (run->loader.secure_download ||
        (run->loader.flash_size && (uint64_t)at + PARTITION_SECTOR > run->loader.flash_size))
        return 0;
    if (!run->table.was_read) {
        if (job_table_bytes(run, head, TABLE_HEAD) != 0)
            return run->error.code;
        if (table_ends_in(head, TABLE_HEAD)) {
            target->table = head;
            target->table_size = TABLE_HEAD;
            return 0;
        }
        if (job_table_read(run) != 0)
            return run->error.code;
    }
    target->table = run->table.bytes;
    target->table_size = sizeof run->table.bytes;
    return 0;
}

int checks_with_chip(struct run *run)
{
    struct check_target target = target_of(run->job);
    struct findings findings = {0};
    uint8_t head[TABLE_HEAD];

    target.chip = run->loader.chip;
    target.revision = run->loader.revision;
    target.flash_size = run->loader.flash_size;
    target.flash_limit = run->loader.flash_limit;
    target.flash_encryption = run->chip.flash_encryption;
    target.is_patched = true;
    encrypt_decide(run);
    if (job_has_op(run->job, OP_WRITE_FLASH) && plan_wants_table(&run->plan, &target) &&
        table_read(run, &target, head) != 0)
        return run->error.code;
    find(run->job, &run->plan, &target, &findings);
    int result = say_and_judge(run, &findings);
    findings_done(&findings);
    return result == 0 ? encrypt_check(run) : result;
}
