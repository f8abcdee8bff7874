/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "station/replay.h"

#include "base/util.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static void begin(struct event *event, enum event_kind kind, const struct model_slot *slot)
{
    event_init(event, kind);
    util_copy(event->port, sizeof event->port, slot->port);
    util_copy(event->slot, sizeof event->slot, slot->slot);
}

bool replay_bench(const struct job *bench, struct event *event)
{
    json_t *json = job_to_json(bench);
    char *text;
    bool fits;

    json_object_del(json, "port");
    text = json_dumps(json, JSON_COMPACT);
    event_init(event, EVENT_BENCH);
    fits = text && util_copy(event->bench.json, sizeof event->bench.json, text);
    free(text);
    json_decref(json);
    return fits;
}

void replay_port(const struct model_slot *slot, struct event *event)
{
    begin(event, EVENT_PORT, slot);
    event->seen.present = slot->present;
    event->seen.vid = slot->vid;
    event->seen.pid = slot->pid;
    event->seen.max_baud = slot->max_baud;
    event->seen.emulated = slot->emulated;
    event->seen.passed = slot->passed;
    event->seen.failed = slot->failed;
    util_copy(event->seen.name, sizeof event->seen.name, slot->name);
    util_copy(event->seen.slot_name, sizeof event->seen.slot_name, slot->slot);
    util_copy(event->seen.product, sizeof event->seen.product, slot->product);
    util_copy(event->seen.serial, sizeof event->seen.serial, slot->serial);
    util_copy(event->seen.driver, sizeof event->seen.driver, slot->driver);
    util_copy(event->seen.by_path, sizeof event->seen.by_path, slot->by_path);
    util_copy(event->seen.adapter, sizeof event->seen.adapter, slot->adapter);
    util_copy(event->seen.holder, sizeof event->seen.holder, slot->holder);
}

static void put_state(const struct model_slot *slot, enum job_state state, const char *detail,
                      const struct sink *sink)
{
    struct event event;

    begin(&event, EVENT_STATE, slot);
    event.state.state = state;
    util_copy(event.state.detail, sizeof event.state.detail, detail);
    sink_put(sink, &event);
}

static void put_chip(const struct model_slot *slot, const struct sink *sink)
{
    struct event event;

    begin(&event, EVENT_CHIP, slot);
    event.chip.crystal_mhz = slot->crystal_mhz;
    util_copy(event.chip.chip, sizeof event.chip.chip, slot->chip);
    util_copy(event.chip.name, sizeof event.chip.name, slot->chip_name);
    util_copy(event.chip.revision, sizeof event.chip.revision, slot->revision);
    util_copy(event.chip.mac, sizeof event.chip.mac, slot->mac);
    util_copy(event.chip.eui64, sizeof event.chip.eui64, slot->eui64);
    util_copy(event.chip.mac_ap, sizeof event.chip.mac_ap, slot->mac_ap);
    util_copy(event.chip.mac_bt, sizeof event.chip.mac_bt, slot->mac_bt);
    util_copy(event.chip.mac_ethernet, sizeof event.chip.mac_ethernet, slot->mac_ethernet);
    util_copy(event.chip.features, sizeof event.chip.features, slot->features);
    util_copy(event.chip.usb_mode, sizeof event.chip.usb_mode, slot->usb_mode);
    util_copy(event.chip.security, sizeof event.chip.security, slot->security);
    sink_put(sink, &event);
}

static void put_flash(const struct model_slot *slot, const struct sink *sink)
{
    struct event event;

    begin(&event, EVENT_FLASH, slot);
    event.flash.manufacturer = slot->manufacturer;
    event.flash.device = slot->device;
    event.flash.size = slot->flash_size;
    util_copy(event.flash.vendor, sizeof event.flash.vendor, slot->vendor);
    sink_put(sink, &event);
}

/* Of the rates the last one said is the slot's. */
static void put_files(const struct model_slot *slot, const struct sink *sink)
{
    struct event event;

    for (size_t i = 0; i < slot->n_files; i++) {
        const struct model_file *file = &slot->files[i];
        begin(&event, EVENT_PROGRESS, slot);
        util_copy(event.progress.op, sizeof event.progress.op, file->op);
        util_copy(event.progress.file, sizeof event.progress.file, file->path);
        event.progress.address = file->address;
        event.progress.done = file->done;
        event.progress.total = file->total;
        event.progress.rate = file->rate;
        event.progress.left = file->left;
        event.progress.baud = slot->baud;
        sink_put(sink, &event);
    }
}

static void put_verified(const struct model_slot *slot, const struct sink *sink)
{
    struct event event;

    for (size_t i = 0; i < slot->n_files; i++) {
        const struct model_file *file = &slot->files[i];
        if (!file->verified)
            continue;
        begin(&event, EVENT_RESULT, slot);
        util_copy(event.result.op, sizeof event.result.op, file->op);
        event.result.ok = true;
        event_result_add(&event, "file", "%s", file->path);
        event_result_add(&event, "address", "0x%x", file->address);
        event_result_add(&event, "written", "%llu", (unsigned long long)file->written);
        event_result_add(&event, "skipped", "%llu", (unsigned long long)file->skipped);
        sink_put(sink, &event);
    }
}

static void put_log(const struct model_slot *slot, const struct sink *sink)
{
    struct event event;

    for (size_t i = 0; i < slot->n_log; i++) {
        const struct model_log_line *line = model_log_at(slot, i);
        begin(&event, EVENT_LOG, slot);
        event.t = line->t;
        event.log.level = line->level;
        util_copy(event.log.text, sizeof event.log.text, line->text);
        sink_put(sink, &event);
    }
}

static void put_hint(const struct model_slot *slot, const struct sink *sink)
{
    struct event event;

    begin(&event, EVENT_HINT, slot);
    util_copy(event.hint.id, sizeof event.hint.id, slot->hint_id);
    util_copy(event.hint.cause, sizeof event.hint.cause, slot->hint_cause);
    util_copy(event.hint.evidence, sizeof event.hint.evidence, slot->hint_evidence);
    util_copy(event.hint.fix, sizeof event.hint.fix, slot->hint_fix);
    util_copy(event.hint.action, sizeof event.hint.action, slot->hint_action);
    sink_put(sink, &event);
}

static void put_done(const struct model_slot *slot, const struct sink *sink)
{
    struct event event;

    begin(&event, EVENT_DONE, slot);
    event.done.exit = slot->exit;
    event.done.elapsed = slot->elapsed;
    util_copy(event.done.result, sizeof event.done.result, slot->result);
    util_copy(event.done.error, sizeof event.done.error, slot->error);
    util_copy(event.done.text, sizeof event.done.text, slot->text);
    sink_put(sink, &event);
}

static void put_slot(const struct model_slot *slot, const struct sink *sink)
{
    struct event event;

    if (slot->running || slot->has_result)
        put_state(slot, STATE_SYNC, "", sink); /* begins a job */
    if (slot->known)
        put_chip(slot, sink);
    if (slot->flash_known)
        put_flash(slot, sink);
    put_files(slot, sink);
    put_verified(slot, sink);
    put_log(slot, sink);
    if (slot->has_hint)
        put_hint(slot, sink);
    if (slot->running || slot->has_result)
        put_state(slot, slot->state, slot->detail, sink);
    if (slot->has_result)
        put_done(slot, sink);
    replay_port(slot, &event); /* last: its counters are those after `done` */
    sink_put(sink, &event);
}

void replay_model(const struct model *model, const struct sink *sink)
{
    struct event event;

    if (model->has_bench && replay_bench(&model->bench, &event))
        sink_put(sink, &event);
    for (size_t i = 0; i < model->n; i++)
        put_slot(&model->slots[i], sink);
}

void replay_progress(const struct model *model, const struct sink *sink)
{
    for (size_t i = 0; i < model->n; i++) {
        put_files(&model->slots[i], sink);
        put_verified(&model->slots[i], sink);
    }
}
