/* SPDX-License-Identifier: GPL-3.0-or-later */
/* station/: the sum of all events, and the events that give the same sum again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/util.h"
#include "station/model.h"
#include "station/replay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PORT "/dev/ttyUSB7"

static struct event of(enum event_kind kind)
{
    struct event event;

    event_init(&event, kind);
    util_copy(event.port, sizeof event.port, PORT);
    return event;
}

static void put_state(struct model *m, enum job_state state, const char *detail)
{
    struct event event = of(EVENT_STATE);

    event.state.state = state;
    util_copy(event.state.detail, sizeof event.state.detail, detail);
    model_apply(m, &event);
}

static void put_progress(struct model *m, const char *op, const char *file, uint32_t address,
                         uint64_t done, uint64_t total, double rate)
{
    struct event event = of(EVENT_PROGRESS);

    util_copy(event.progress.op, sizeof event.progress.op, op);
    util_copy(event.progress.file, sizeof event.progress.file, file);
    event.progress.address = address;
    event.progress.done = done;
    event.progress.total = total;
    event.progress.rate = rate;
    event.progress.baud = 921600;
    event.progress.left = rate > 0 ? (double)(total - done) / rate : -1;
    model_apply(m, &event);
}

static void put_result(struct model *m, const char *op, const char *address, bool ok)
{
    struct event event = of(EVENT_RESULT);

    util_copy(event.result.op, sizeof event.result.op, op);
    event.result.ok = ok;
    event_result_add(&event, "address", "%s", address);
    event_result_add(&event, "written", "600");
    event_result_add(&event, "skipped", "400");
    model_apply(m, &event);
}

static void put_log(struct model *m, const char *text)
{
    struct event event = of(EVENT_LOG);

    event.log.level = LOG_INFO;
    util_copy(event.log.text, sizeof event.log.text, text);
    model_apply(m, &event);
}

static void put_done(struct model *m, const char *result, const char *error, int exit_status)
{
    struct event event = of(EVENT_DONE);

    util_copy(event.done.result, sizeof event.done.result, result);
    util_copy(event.done.error, sizeof event.done.error, error);
    util_copy(event.done.text, sizeof event.done.text, error[0] ? "it went wrong" : "");
    event.done.exit = exit_status;
    event.done.elapsed = 4.5;
    model_apply(m, &event);
}

static void put_port(struct model *m, bool present)
{
    struct event event = of(EVENT_PORT);
    struct model_slot *slot = model_find(m, PORT);

    event.seen.present = present;
    event.seen.vid = 0x10c4;
    event.seen.passed = slot ? slot->passed : 0;
    event.seen.failed = slot ? slot->failed : 0;
    util_copy(event.seen.name, sizeof event.seen.name, "ttyUSB7");
    util_copy(event.seen.slot_name, sizeof event.seen.slot_name, "1-1.4");
    util_copy(event.seen.product, sizeof event.seen.product, "CP2102");
    util_copy(event.seen.serial, sizeof event.seen.serial, "0001");
    util_copy(event.seen.driver, sizeof event.seen.driver, "cp210x");
    util_copy(event.seen.by_path, sizeof event.seen.by_path, "/dev/serial/by-path/x");
    util_copy(event.seen.adapter, sizeof event.seen.adapter, "CP2102");
    event.seen.max_baud = 1000000;
    util_copy(event.seen.holder, sizeof event.seen.holder, "minicom (pid 7)");
    model_apply(m, &event);
}

static void put_facts(struct model *m)
{
    struct event event = of(EVENT_CHIP);

    util_copy(event.chip.chip, sizeof event.chip.chip, "esp32c3");
    util_copy(event.chip.name, sizeof event.chip.name, "ESP32-C3 (QFN32)");
    util_copy(event.chip.mac, sizeof event.chip.mac, "24:0a:c4:00:12:34");
    util_copy(event.chip.revision, sizeof event.chip.revision, "v0.4");
    util_copy(event.chip.features, sizeof event.chip.features, "Wi-Fi, BLE");
    util_copy(event.chip.usb_mode, sizeof event.chip.usb_mode, "USB-Serial/JTAG");
    util_copy(event.chip.security, sizeof event.chip.security, "none");
    event.chip.crystal_mhz = 40;
    model_apply(m, &event);
    event = of(EVENT_FLASH);
    event.flash.manufacturer = 0xef;
    event.flash.device = 0x4016;
    event.flash.size = 4 << 20;
    util_copy(event.flash.vendor, sizeof event.flash.vendor, "Winbond");
    model_apply(m, &event);
}

static void put_hint(struct model *m)
{
    struct event event = of(EVENT_HINT);

    util_copy(event.hint.id, sizeof event.hint.id, "no-sync");
    util_copy(event.hint.cause, sizeof event.hint.cause, "no answer");
    util_copy(event.hint.evidence, sizeof event.hint.evidence, "silence");
    util_copy(event.hint.fix, sizeof event.hint.fix, "hold BOOT");
    util_copy(event.hint.action, sizeof event.hint.action, "retry");
    model_apply(m, &event);
}

static void one_job(struct model *m)
{
    put_state(m, STATE_SYNC, "1 of 7");
    put_facts(m);
    put_log(m, "stub v2 at 921600 baud");
    put_state(m, STATE_WRITE, "boot.bin");
    put_progress(m, "write-flash", "/x/boot.bin", 0x1000, 0, 1000, 0);
    put_progress(m, "write-flash", "/x/boot.bin", 0x1000, 1000, 1000, 500);
    put_progress(m, "verify-flash", "/x/boot.bin", 0x1000, 0, 1000, 0);
    put_result(m, "write-flash", "0x1000", true);
    put_progress(m, "write-flash", "/x/app.bin", 0x10000, 1000, 3000, 500);
}

static void a_job_adds_up(void **state)
{
    struct model m;

    (void)state;
    model_init(&m);
    put_port(&m, true);
    one_job(&m);
    struct model_slot *s = model_find(&m, PORT);
    assert_non_null(s);
    assert_int_equal(m.n, 1);
    assert_true(s->running && s->known && s->flash_known && s->present && !s->has_result);
    assert_string_equal(s->name, "ttyUSB7");
    assert_string_equal(s->slot, "1-1.4");
    assert_string_equal(s->holder, "minicom (pid 7)");
    assert_string_equal(s->mac, "24:0a:c4:00:12:34");
    assert_int_equal(s->flash_size, 4 << 20);
    assert_int_equal(s->state, STATE_WRITE);
    assert_string_equal(s->detail, "boot.bin");
    assert_int_equal(s->n_files, 2);
    assert_true(s->files[0].verified);
    assert_int_equal(s->files[0].done, 1000); /* the verification did not pull it back */
    assert_false(s->files[1].verified);
    assert_int_equal(s->files[0].written, 600);
    assert_int_equal(s->files[0].skipped, 400);
    assert_int_equal(s->baud, 921600);
    assert_int_equal(s->done, 2000);
    assert_int_equal(s->total, 4000);
    assert_true(s->left > 3.99 && s->left < 4.01);
    assert_string_equal(model_log_at(s, 0)->text, "stub v2 at 921600 baud");
    assert_true(llabs(model_log_at(s, 0)->wall - (int64_t)time(NULL)) <= 2);

    put_state(&m, STATE_FINISH, "");
    put_done(&m, "pass", "", 0);
    s = model_find(&m, PORT);
    assert_true(!s->running && s->has_result && s->passed == 1 && s->failed == 0);
    assert_int_equal(s->state, STATE_FINISH);
    model_done(&m);
}

static void a_new_job_clears_the_last_one(void **state)
{
    struct model m;

    (void)state;
    model_init(&m);
    one_job(&m);
    put_hint(&m);
    put_done(&m, "fail", "no-reply", 1);
    struct model_slot *s = model_find(&m, PORT);
    assert_int_equal(s->state, STATE_ERROR); /* though the job has not said so itself */
    assert_true(s->has_hint && s->has_result && s->failed == 1);
    assert_string_equal(s->text, "it went wrong");
    put_state(&m, STATE_SYNC, "");
    assert_true(s->running);
    assert_false(s->has_hint || s->has_result || s->known || s->flash_known);
    assert_int_equal(s->n_files + s->total + s->done, 0);
    assert_int_equal(s->n_log, 1); /* the log goes on */
    put_done(&m, "cancelled", "cancelled", 130);
    assert_true(s->failed == 1 && s->passed == 0 && !s->running);
    put_state(&m, STATE_IDLE, "");     /* forget */
    assert_null(model_find(&m, PORT)); /* no port event has said that it is there */
    model_done(&m);
}

static void erasing_first_is_another_op(void **state)
{
    struct model m;

    (void)state;
    model_init(&m);
    put_state(&m, STATE_ERASE, "");
    put_progress(&m, "erase-flash", "", 0, 4 << 20, 4 << 20, 0);
    put_progress(&m, "write-flash", "/x/a.bin", 0, 10, 100, 0);
    struct model_slot *s = model_find(&m, PORT);
    assert_int_equal(s->n_files, 1);
    assert_string_equal(s->files[0].op, "write-flash");
    assert_int_equal(s->total, 100);
    assert_true(s->left < 0); /* nothing known yet */
    model_done(&m);
}

static void ports_come_and_go(void **state)
{
    struct model m;

    (void)state;
    model_init(&m);
    put_port(&m, false);
    assert_int_equal(m.n, 0);
    put_port(&m, true);
    assert_int_equal(m.n, 1);
    put_port(&m, false); /* nothing has happened there */
    assert_int_equal(m.n, 0);
    put_port(&m, true);
    put_state(&m, STATE_SYNC, "");
    put_port(&m, false); /* in mid-job */
    assert_int_equal(m.n, 1);
    put_done(&m, "fail", "port-lost", 3);
    put_port(&m, false);
    assert_int_equal(m.n, 1); /* the result is to be seen */
    put_state(&m, STATE_IDLE, "");
    assert_int_equal(m.n, 0);
    model_done(&m);
}

static void the_log_is_a_ring(void **state)
{
    struct model m;
    char text[32];

    (void)state;
    model_init(&m);
    for (int i = 0; i < MODEL_LOG_LINES + 25; i++) {
        snprintf(text, sizeof text, "line %d", i);
        put_log(&m, text);
    }
    struct model_slot *s = model_find(&m, PORT);
    assert_int_equal(s->n_log, MODEL_LOG_LINES);
    assert_string_equal(model_log_at(s, 0)->text, "line 25");
    assert_string_equal(model_log_at(s, MODEL_LOG_LINES - 1)->text, "line 224");
    assert_false(s->running);
    model_done(&m);
}

static void bytes_of_the_chip_are_shown_harmless(void **state)
{
    static const char said[] = "rst:0x1\x1b[2J\xff\r\n";
    struct event event = of(EVENT_RX);
    struct model m;

    (void)state;
    model_init(&m);
    event.rx.n = sizeof said - 1;
    memcpy(event.rx.bytes, said, event.rx.n);
    model_apply(&m, &event);
    assert_string_equal(model_log_at(model_find(&m, PORT), 0)->text, "rst:0x1.[2J.");
    event.rx.n = 512;
    memset(event.rx.bytes, 'x', sizeof event.rx.bytes);
    model_apply(&m, &event);
    assert_int_equal(strlen(model_log_at(model_find(&m, PORT), 1)->text), 159);
    event.rx.n = 2;
    memcpy(event.rx.bytes, "\r\n", 2);
    model_apply(&m, &event);
    assert_int_equal(model_find(&m, PORT)->n_log, 2);
    model_done(&m);
}

static void more_files_than_room(void **state)
{
    struct model m;

    (void)state;
    model_init(&m);
    for (uint32_t i = 0; i < MODEL_FILES + 5; i++)
        put_progress(&m, "write-flash", "/x", i * 4096, 4096, 4096, 1);
    struct model_slot *s = model_find(&m, PORT);
    assert_int_equal(s->n_files, MODEL_FILES);
    put_result(&m, "write-flash", "0x24000", true); /* one of those without room */
    put_result(&m, "write-flash", "soup", true);
    put_result(&m, "write-flash", "0x0", false);
    for (size_t i = 0; i < s->n_files; i++)
        assert_false(s->files[i].verified);
    put_progress(&m, "write-flash", "/x", 0, 9999, 4096, 1);
    assert_int_equal(s->files[0].done, 4096);
    model_done(&m);
}

static void the_bench(void **state)
{
    struct model m;
    struct event event;

    (void)state;
    model_init(&m);
    struct job bench;
    job_init(&bench);
    job_set_port(&bench, PORT);
    job_add_image(&bench, "/x/app.bin", 0x10000);
    assert_true(replay_bench(&bench, &event));
    assert_null(strstr(event.bench.json, PORT));
    model_apply(&m, &event);
    assert_true(m.has_bench);
    assert_int_equal(m.bench.n_images, 1);
    strcpy(event.bench.json, "{\"images\":7,\"baud\":\"x\"}");
    model_apply(&m, &event);
    assert_int_equal(m.bench.n_images, 1); /* what does not read changes nothing */
    for (int i = 0; i < 1000; i++)
        job_add_image(&bench, "/x/app.bin", 0x10000);
    assert_false(replay_bench(&bench, &event));
    job_done(&bench);
    model_done(&m);
}

/* ---- attaching ---- */

static void to_model(void *context, const struct event *event)
{
    struct buffer line = {0};
    struct event again;
    struct error error = {0};

    event_to_json(event, &line); /* over the wire, as it is for a dashboard */
    if (event_from_json((char *)line.data, &again, &error) != 0)
        fail_msg("%s", error.text);
    buffer_done(&line);
    model_apply(context, &again);
}

static void same_log(const struct model_slot *a, const struct model_slot *b)
{
    assert_int_equal(a->n_log, b->n_log);
    for (size_t i = 0; i < a->n_log; i++) {
        const struct model_log_line *l = model_log_at(a, i), *r = model_log_at(b, i);
        assert_string_equal(l->text, r->text);
        assert_int_equal(l->level, r->level);
        assert_true(llabs(l->wall - r->wall) <= 1);
    }
}

static void same_files(const struct model_slot *a, const struct model_slot *b)
{
    assert_int_equal(a->n_files, b->n_files);
    for (size_t i = 0; i < a->n_files; i++) {
        const struct model_file *l = &a->files[i], *r = &b->files[i];
        assert_string_equal(l->path, r->path);
        assert_string_equal(l->op, r->op);
        assert_int_equal(l->address, r->address);
        assert_int_equal(l->done, r->done);
        assert_int_equal(l->total, r->total);
        assert_int_equal(l->verified, r->verified);
        assert_int_equal(l->written, r->written);
        assert_int_equal(l->skipped, r->skipped);
        assert_true(l->rate - r->rate < 0.01 && r->rate - l->rate < 0.01);
    }
}

#define TEXT(member)                                    \
    {                                                   \
#member, offsetof(struct model_slot, member), 0 \
    }
#define NUMBER(member)                                                                         \
    {                                                                                          \
#member, offsetof(struct model_slot, member), sizeof(((struct model_slot *)0)->member) \
    }

static void same_slot(const struct model_slot *a, const struct model_slot *b)
{
    static const struct {
        const char *name;
        size_t at, size; /* 0: text */
    } members[] = {
        TEXT(port),          NUMBER(present),      TEXT(name),         TEXT(slot),
        TEXT(product),       TEXT(serial),         TEXT(driver),       TEXT(by_path),
        TEXT(holder),        NUMBER(vid),          NUMBER(pid),        NUMBER(emulated),
        NUMBER(state),       TEXT(detail),         NUMBER(running),    NUMBER(known),
        TEXT(chip),          TEXT(chip_name),      TEXT(revision),     TEXT(mac),
        TEXT(features),      TEXT(usb_mode),       TEXT(security),     NUMBER(crystal_mhz),
        NUMBER(flash_known), NUMBER(manufacturer), NUMBER(device),     NUMBER(flash_size),
        TEXT(vendor),        NUMBER(done),         NUMBER(total),      NUMBER(rate),
        NUMBER(has_hint),    TEXT(hint_id),        TEXT(hint_cause),   TEXT(hint_evidence),
        TEXT(hint_fix),      TEXT(hint_action),    NUMBER(has_result), TEXT(result),
        TEXT(error),         TEXT(text),           NUMBER(exit),       NUMBER(elapsed),
        NUMBER(passed),      NUMBER(failed),       TEXT(adapter),      NUMBER(max_baud),
        NUMBER(baud),
    };

    for (size_t i = 0; i < ARRAY_LEN(members); i++) {
        const char *l = (const char *)a + members[i].at, *r = (const char *)b + members[i].at;
        if (members[i].size ? memcmp(l, r, members[i].size) != 0 : strcmp(l, r) != 0)
            fail_msg("%s differs: \"%s\" \"%s\"", members[i].name, members[i].size ? "" : l,
                     members[i].size ? "" : r);
    }
    assert_true(a->left - b->left < 0.01 && b->left - a->left < 0.01);
    same_log(a, b);
    same_files(a, b);
}

static void attach_and_compare(struct model *live)
{
    struct model late;
    const struct sink sink = {.put = to_model, .context = &late};

    model_init(&late);
    replay_model(live, &sink);
    assert_int_equal(live->n, late.n);
    for (size_t i = 0; i < live->n; i++)
        same_slot(&live->slots[i], &late.slots[i]);
    assert_int_equal(live->has_bench, late.has_bench);
    model_done(&late);
}

static void a_late_dashboard_sees_the_same(void **state)
{
    struct model m;
    struct event bench;
    struct job job;

    (void)state;
    model_init(&m);
    attach_and_compare(&m);
    job_init(&job);
    assert_true(replay_bench(&job, &bench));
    job_done(&job);
    model_apply(&m, &bench);
    put_port(&m, true);
    attach_and_compare(&m);
    put_state(&m, STATE_SYNC, "3 of 7");
    put_port(&m, true);
    attach_and_compare(&m);
    one_job(&m);
    for (int i = 0; i < 300; i++)
        put_log(&m, i % 2 ? "odd" : "even");
    attach_and_compare(&m);
    put_state(&m, STATE_COM_FAIL, "no-sync");
    put_hint(&m);
    put_done(&m, "fail", "no-sync", 4);
    attach_and_compare(&m);
    one_job(&m);
    put_state(&m, STATE_FINISH, "");
    put_done(&m, "pass", "", 0);
    attach_and_compare(&m);
    put_state(&m, STATE_IDLE, "");
    attach_and_compare(&m);
    put_state(&m, STATE_SYNC, "");
    put_port(&m, false);
    put_done(&m, "cancelled", "cancelled", 130);
    attach_and_compare(&m);
    assert_int_equal(m.slots[0].passed, 1);
    assert_int_equal(m.slots[0].failed, 1);
    model_done(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_job_adds_up),
        cmocka_unit_test(a_new_job_clears_the_last_one),
        cmocka_unit_test(erasing_first_is_another_op),
        cmocka_unit_test(ports_come_and_go),
        cmocka_unit_test(the_log_is_a_ring),
        cmocka_unit_test(bytes_of_the_chip_are_shown_harmless),
        cmocka_unit_test(more_files_than_room),
        cmocka_unit_test(the_bench),
        cmocka_unit_test(a_late_dashboard_sees_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
