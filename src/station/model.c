/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "station/model.h"

#include "base/clock.h"
#include "base/util.h"

#include <ctype.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

void model_init(struct model *model)
{
    *model = (struct model){0};
    job_init(&model->bench);
}

void model_done(struct model *model)
{
    free(model->slots);
    job_done(&model->bench);
    *model = (struct model){0};
}

struct model_slot *model_find(const struct model *model, const char *port)
{
    for (size_t i = 0; i < model->n; i++) {
        if (strcmp(model->slots[i].port, port) == 0)
            return &model->slots[i];
    }
    return NULL;
}

const struct model_log_line *model_log_at(const struct model_slot *slot, size_t n)
{
    return &slot->log[(slot->log_first + n) % MODEL_LOG_LINES];
}

static struct model_slot *slot_add(struct model *model, const struct event *event)
{
    model->slots = xrealloc(model->slots, (model->n + 1) * sizeof *model->slots);
    struct model_slot *slot = &model->slots[model->n++];

    memset(slot, 0, sizeof *slot);
    slot->left = -1;
    util_copy(slot->port, sizeof slot->port, event->port);
    util_copy(slot->slot, sizeof slot->slot, event->slot);
    util_copy(slot->name, sizeof slot->name, util_basename(event->port));
    return slot;
}

/* A port that has gone and left nothing behind is of no interest. */
static void slot_prune(struct model *model, struct model_slot *slot)
{
    if (slot->present || slot->running || slot->has_result)
        return;
    size_t i = (size_t)(slot - model->slots);
    model->n--;
    memmove(slot, slot + 1, (model->n - i) * sizeof *slot);
}

/* Forgets what belongs to one board; the log goes on, the counters too. */
static void slot_clear(struct model_slot *slot)
{
    slot->known = slot->flash_known = slot->has_hint = slot->has_result = false;
    slot->chip[0] = slot->chip_name[0] = slot->revision[0] = slot->mac[0] = '\0';
    slot->features[0] = slot->usb_mode[0] = slot->security[0] = slot->vendor[0] = '\0';
    slot->eui64[0] = slot->mac_ap[0] = slot->mac_bt[0] = slot->mac_ethernet[0] = '\0';
    slot->crystal_mhz = slot->manufacturer = slot->device = 0;
    slot->flash_size = 0;
    slot->hint_id[0] = slot->hint_cause[0] = slot->hint_evidence[0] = '\0';
    slot->hint_fix[0] = slot->hint_action[0] = '\0';
    slot->result[0] = slot->error[0] = slot->text[0] = '\0';
    slot->exit = 0;
    slot->elapsed = 0;
    slot->n_files = 0;
    slot->done = slot->total = 0;
    slot->rate = 0;
    slot->left = -1;
    slot->baud = 0;
}

static bool is_over(enum job_state state)
{
    return state == STATE_IDLE || state == STATE_FINISH || state == STATE_ERROR ||
           state == STATE_COM_FAIL || state == STATE_REMOVE;
}

/* The first state that is work begins a job; IDLE says that nothing is known of a board there. */
static void apply_state(struct model_slot *slot, const struct event *event)
{
    enum job_state state = event->state.state;

    if (!slot->running && (!is_over(state) || state == STATE_IDLE))
        slot_clear(slot);
    if (!is_over(state))
        slot->running = true;
    slot->state = state;
    util_copy(slot->detail, sizeof slot->detail, event->state.detail);
}

static void apply_chip(struct model_slot *slot, const struct event *event)
{
    slot->known = true;
    slot->crystal_mhz = event->chip.crystal_mhz;
    util_copy(slot->chip, sizeof slot->chip, event->chip.chip);
    util_copy(slot->chip_name, sizeof slot->chip_name, event->chip.name);
    util_copy(slot->revision, sizeof slot->revision, event->chip.revision);
    util_copy(slot->mac, sizeof slot->mac, event->chip.mac);
    util_copy(slot->eui64, sizeof slot->eui64, event->chip.eui64);
    util_copy(slot->mac_ap, sizeof slot->mac_ap, event->chip.mac_ap);
    util_copy(slot->mac_bt, sizeof slot->mac_bt, event->chip.mac_bt);
    util_copy(slot->mac_ethernet, sizeof slot->mac_ethernet, event->chip.mac_ethernet);
    util_copy(slot->features, sizeof slot->features, event->chip.features);
    util_copy(slot->usb_mode, sizeof slot->usb_mode, event->chip.usb_mode);
    util_copy(slot->security, sizeof slot->security, event->chip.security);
}

static void apply_flash(struct model_slot *slot, const struct event *event)
{
    slot->flash_known = true;
    slot->manufacturer = event->flash.manufacturer;
    slot->device = event->flash.device;
    slot->flash_size = event->flash.size;
    util_copy(slot->vendor, sizeof slot->vendor, event->flash.vendor);
}

static struct model_file *file_find(struct model_slot *slot, uint32_t address, const char *path)
{
    for (size_t i = 0; i < slot->n_files; i++) {
        if (slot->files[i].address == address && (!path || strcmp(slot->files[i].path, path) == 0))
            return &slot->files[i];
    }
    return NULL;
}

static void totals_update(struct model_slot *slot)
{
    slot->done = slot->total = 0;
    for (size_t i = 0; i < slot->n_files; i++) {
        slot->done += slot->files[i].done;
        slot->total += slot->files[i].total;
    }
    slot->left = slot->done >= slot->total ? 0
                 : slot->rate > 0          ? (double)(slot->total - slot->done) / slot->rate
                                           : -1;
}

/* The files are those of one op. A write confirms each file before it goes on to the next: that
 * verification is told by the state and by the time left, and must not make the bar of what is
 * written jump back. */
static void apply_progress(struct model_slot *slot, const struct event *event)
{
    struct model_file *file = file_find(slot, event->progress.address, event->progress.file);

    slot->baud = event->progress.baud;
    if (file && strcmp(file->op, event->progress.op) != 0 && !file->verified &&
        file->done == file->total && strcmp(event->progress.op, op_name(OP_VERIFY_FLASH)) == 0) {
        file->left = event->progress.left; /* minutes, where a ROM has to be read back */
        return;
    }
    if (slot->n_files > 0 && strcmp(slot->files[0].op, event->progress.op) != 0) {
        slot->n_files = 0;
        file = NULL;
    }
    if (file == NULL && slot->n_files == MODEL_FILES)
        return;
    if (file == NULL) {
        file = &slot->files[slot->n_files++];
        *file = (struct model_file){.address = event->progress.address};
        util_copy(file->path, sizeof file->path, event->progress.file);
        util_copy(file->op, sizeof file->op, event->progress.op);
    }
    file->total = event->progress.total;
    file->done = event->progress.done < file->total ? event->progress.done : file->total;
    file->rate = slot->rate = event->progress.rate;
    file->left = event->progress.left;
    totals_update(slot);
}

static void log_add(struct model_slot *slot, const struct event *event, enum log_level level,
                    const char *text)
{
    struct model_log_line *line = &slot->log[(slot->log_first + slot->n_log) % MODEL_LOG_LINES];
    double age = (double)clock_us() / 1e6 - event->t;

    if (slot->n_log < MODEL_LOG_LINES)
        slot->n_log++;
    else
        slot->log_first = (slot->log_first + 1) % MODEL_LOG_LINES;
    /* An event may be told again to a dashboard that comes later. */
    line->wall = (int64_t)time(NULL) - (age > 0 && event->t > 0 ? (int64_t)age : 0);
    line->t = event->t;
    line->level = level;
    util_copy(line->text, sizeof line->text, text);
}

/* What the chip said, as one line that any terminal can show. */
static void apply_rx(struct model_slot *slot, const struct event *event)
{
    char text[sizeof event->rx.bytes + 1];
    size_t n = 0;

    for (size_t i = 0; i < event->rx.n && i < sizeof event->rx.bytes; i++) {
        uint8_t c = event->rx.bytes[i];
        if (c != '\r' && c != '\n')
            text[n++] = isprint(c) && c < 0x80 ? (char)c : '.';
    }
    text[n] = '\0';
    if (n > 0)
        log_add(slot, event, LOG_DEBUG, text);
}

static void apply_hint(struct model_slot *slot, const struct event *event)
{
    slot->has_hint = true;
    util_copy(slot->hint_id, sizeof slot->hint_id, event->hint.id);
    util_copy(slot->hint_cause, sizeof slot->hint_cause, event->hint.cause);
    util_copy(slot->hint_evidence, sizeof slot->hint_evidence, event->hint.evidence);
    util_copy(slot->hint_fix, sizeof slot->hint_fix, event->hint.fix);
    util_copy(slot->hint_action, sizeof slot->hint_action, event->hint.action);
}

/* A number among a result's data; false when it is not there. */
static bool result_number(const struct event *event, const char *key, uint64_t *number)
{
    for (unsigned i = 0; i < event->result.n; i++) {
        if (strcmp(event->result.data[i].key, key) == 0)
            return util_number_parse(event->result.data[i].value, false, UINT64_MAX, number);
    }
    return false;
}

/* The result of writing or verifying one file, known by its address, says whether the chip has
 * confirmed it. */
static void apply_result(struct model_slot *slot, const struct event *event)
{
    bool checked = strcmp(event->result.op, op_name(OP_WRITE_FLASH)) == 0 ||
                   strcmp(event->result.op, op_name(OP_VERIFY_FLASH)) == 0;
    uint64_t address;

    if (!checked || !result_number(event, "address", &address) || address > UINT32_MAX)
        return;
    struct model_file *file = file_find(slot, (uint32_t)address, NULL);
    if (file == NULL)
        return;
    file->verified = event->result.ok;
    if (!file->verified || !result_number(event, "written", &file->written) ||
        !result_number(event, "skipped", &file->skipped))
        file->written = file->skipped = 0;
}

static void apply_done(struct model_slot *slot, const struct event *event)
{
    bool pass = strcmp(event->done.result, "pass") == 0;

    if (!is_over(slot->state)) {
        slot->state = pass ? STATE_FINISH : STATE_ERROR;
        slot->detail[0] = '\0';
    }
    slot->running = false;
    slot->has_result = true;
    slot->exit = event->done.exit;
    slot->elapsed = event->done.elapsed;
    slot->passed += pass;
    slot->failed += strcmp(event->done.result, "fail") == 0;
    util_copy(slot->result, sizeof slot->result, event->done.result);
    util_copy(slot->error, sizeof slot->error, event->done.error);
    util_copy(slot->text, sizeof slot->text, event->done.text);
}

static void apply_port(struct model_slot *slot, const struct event *event)
{
    slot->present = event->seen.present;
    slot->vid = event->seen.vid;
    slot->pid = event->seen.pid;
    slot->max_baud = event->seen.max_baud;
    slot->emulated = event->seen.emulated;
    slot->passed = event->seen.passed;
    slot->failed = event->seen.failed;
    util_copy(slot->name, sizeof slot->name, event->seen.name);
    util_copy(slot->slot, sizeof slot->slot, event->seen.slot_name);
    util_copy(slot->product, sizeof slot->product, event->seen.product);
    util_copy(slot->serial, sizeof slot->serial, event->seen.serial);
    util_copy(slot->driver, sizeof slot->driver, event->seen.driver);
    util_copy(slot->by_path, sizeof slot->by_path, event->seen.by_path);
    util_copy(slot->adapter, sizeof slot->adapter, event->seen.adapter);
    util_copy(slot->holder, sizeof slot->holder, event->seen.holder);
}

static void apply_bench(struct model *model, const struct event *event)
{
    json_t *json = json_loads(event->bench.json, 0, NULL);
    struct job bench;

    if (json && job_from_json(json, &bench, NULL) == 0) {
        job_done(&model->bench);
        model->bench = bench;
        model->has_bench = true;
    }
    json_decref(json);
}

static void apply_to_slot(struct model *model, const struct event *event)
{
    struct model_slot *slot = model_find(model, event->port);
    bool idle = event->kind == EVENT_STATE && event->state.state == STATE_IDLE;

    if (event->port[0] == '\0')
        return;
    if (slot == NULL && (idle || (event->kind == EVENT_PORT && !event->seen.present)))
        return; /* nothing to say of a port that no one knows */
    if (slot == NULL)
        slot = slot_add(model, event);
    switch (event->kind) {
    case EVENT_STATE:
        apply_state(slot, event);
        break;
    case EVENT_CHIP:
        apply_chip(slot, event);
        break;
    case EVENT_FLASH:
        apply_flash(slot, event);
        break;
    case EVENT_PROGRESS:
        apply_progress(slot, event);
        break;
    case EVENT_LOG:
        if (event->log.level != LOG_DEBUG) /* each rate step, each piece: not for a panel */
            log_add(slot, event, event->log.level, event->log.text);
        break;
    case EVENT_RX:
        apply_rx(slot, event);
        break;
    case EVENT_HINT:
        apply_hint(slot, event);
        break;
    case EVENT_RESULT:
        apply_result(slot, event);
        break;
    case EVENT_DONE:
        apply_done(slot, event);
        break;
    case EVENT_PORT:
        apply_port(slot, event);
        break;
    case EVENT_HELLO:
    case EVENT_PARTITIONS:
    case EVENT_CHECK: /* the log says it, too */
    case EVENT_BENCH:
    case EVENT_REPLY:
        break;
    }
    if (idle || event->kind == EVENT_PORT)
        slot_prune(model, slot);
}

void model_apply(struct model *model, const struct event *event)
{
    model->changed = true;
    switch (event->kind) {
    case EVENT_HELLO:
        break;
    case EVENT_BENCH:
        apply_bench(model, event);
        break;
    case EVENT_REPLY: /* for whoever gave the command; nothing is different */
        break;
    default:
        apply_to_slot(model, event);
    }
}
