/* SPDX-License-Identifier: GPL-3.0-or-later */
/* job/event: every kind there and back, and lines that nobody should trust. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/util.h"
#include "job/event.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COPY(to, text) assert_true(util_copy((to), sizeof(to), (text)))

static void fill_job_events(struct event *e)
{
    switch (e->kind) {
    case EVENT_HELLO:
        e->hello.version = 1;
        COPY(e->hello.program, "espjig 0.1.0");
        break;
    case EVENT_STATE:
        e->state.state = STATE_BOOT_CHECK;
        COPY(e->state.detail, "3 of 7");
        break;
    case EVENT_CHIP:
        COPY(e->chip.chip, "esp32c3");
        COPY(e->chip.name, "ESP32-C3 (QFN32)");
        COPY(e->chip.revision, "v0.4");
        COPY(e->chip.mac, "84:f7:03:1c:22:a0");
        COPY(e->chip.eui64, "84:f7:03:ff:fe:1c:22:a0");
        COPY(e->chip.mac_ap, "84:f7:03:1c:22:a1");
        COPY(e->chip.mac_bt, "84:f7:03:1c:22:a2");
        COPY(e->chip.mac_ethernet, "84:f7:03:1c:22:a3");
        e->chip.crystal_mhz = 40;
        COPY(e->chip.features, "Wi-Fi, BLE");
        COPY(e->chip.usb_mode, "USB-Serial/JTAG");
        COPY(e->chip.security, "none");
        break;
    case EVENT_FLASH:
        e->flash.manufacturer = 0xEF;
        e->flash.device = 0x4016;
        e->flash.size = 5ULL << 32;
        COPY(e->flash.vendor, "Winbond");
        COPY(e->flash.mode_limits, "quad (4 data lines)");
        break;
    case EVENT_PROGRESS:
        COPY(e->progress.op, "write-flash");
        COPY(e->progress.file, "/tmp/a \"b\"\\\n\x01\x7f.bin");
        e->progress.address = 0xFFFFFFFF;
        e->progress.done = 77;
        e->progress.total = 1ULL << 33;
        e->progress.wire = 12;
        e->progress.rate = 92.125;
        e->progress.left = -1;
        break;
    case EVENT_LOG:
        e->log.level = LOG_WARNING;
        COPY(e->log.text, "gr\xc3\xbc\xc3\x9f Gott \xf0\x9f\x98\x80");
        break;
    case EVENT_RX:
        e->rx.n = sizeof e->rx.bytes;
        for (size_t i = 0; i < sizeof e->rx.bytes; i++)
            e->rx.bytes[i] = (uint8_t)i;
        break;
    default:
        break;
    }
}

static void fill_end_events(struct event *e)
{
    switch (e->kind) {
    case EVENT_HINT:
        COPY(e->hint.id, "boot-mode");
        COPY(e->hint.cause, "cause");
        COPY(e->hint.evidence, "evidence");
        COPY(e->hint.fix, "fix");
        COPY(e->hint.action, "retry");
        break;
    case EVENT_CHECK:
        COPY(e->check.error, "wrong-offset");
        COPY(e->check.text, "boot.bin at 0x0 is an ESP32 bootloader");
        e->check.refuses = true;
        break;
    case EVENT_RESULT:
        COPY(e->result.op, "chip-id");
        e->result.ok = true;
        for (int i = 0; i < 14; i++) { /* two more than fit */
            char key[8];
            snprintf(key, sizeof key, "k%d", i);
            event_result_add(e, key, "value %d", i);
        }
        assert_int_equal(e->result.n, 12);
        break;
    case EVENT_PARTITIONS:
        e->partitions.address = 0x8000;
        e->partitions.bootloader = 0x1000;
        e->partitions.flash_size = 1ULL << 22;
        e->partitions.table.n = PARTITION_ROWS_MAX;
        e->partitions.table.md5_at = (size_t)PARTITION_ROWS_MAX * PARTITION_ROW;
        for (unsigned i = 0; i < PARTITION_ROWS_MAX; i++)
            e->partitions.table.rows[i] = (struct partition){.type = (uint8_t)(i % 5),
                                                             .subtype = (uint8_t)(i * 2),
                                                             .offset = UINT32_MAX - i,
                                                             .size = i << 12,
                                                             .flags = i % 4,
                                                             .label = "sixteen \"letters"};
        break;
    case EVENT_DONE:
        COPY(e->done.result, "fail");
        COPY(e->done.error, "no-sync");
        COPY(e->done.text, "no answer");
        e->done.exit = 4;
        e->done.elapsed = 12.5;
        break;
    case EVENT_PORT:
        e->seen.present = e->seen.emulated = true;
        COPY(e->seen.name, "ttyUSB0");
        COPY(e->seen.slot_name, "1-1.4");
        COPY(e->seen.product, "CP2102");
        COPY(e->seen.serial, "0001");
        COPY(e->seen.driver, "cp210x");
        COPY(e->seen.by_path, "/dev/serial/by-path/x");
        COPY(e->seen.adapter, "CP2102");
        e->seen.max_baud = 1000000;
        e->seen.vid = 0x10C4;
        e->seen.pid = 0xEA60;
        e->seen.passed = 12;
        e->seen.failed = 3;
        COPY(e->seen.holder, "minicom (pid 1234)");
        break;
    case EVENT_BENCH:
        COPY(e->bench.json, "{\"baud\":115200,\"images\":[]}");
        break;
    case EVENT_REPLY:
        COPY(e->reply.command, "start");
        COPY(e->reply.text, "the port is busy");
        break;
    default:
        break;
    }
}

static void every_kind_survives_the_wire(void **state)
{
    (void)state;
    for (int kind = EVENT_HELLO; kind <= EVENT_REPLY; kind++) {
        struct event e, back;
        struct buffer line = {0};
        struct error error = {0};

        event_init(&e, (enum event_kind)kind);
        assert_true(e.t > 0);
        e.t = 1234.567;
        COPY(e.port, "/dev/ttyUSB0");
        COPY(e.slot, "1-1.4");
        fill_job_events(&e);
        fill_end_events(&e);
        event_to_json(&e, &line);
        assert_int_equal(line.data[line.len - 1], '\n');
        assert_ptr_equal(memchr(line.data, '\n', line.len), line.data + line.len - 1);
        memset(&back, 0xA5, sizeof back);
        if (event_from_json((char *)line.data, &back, &error) != 0)
            fail_msg("%s: %s", line.data, error.text);
        if (memcmp(&e, &back, sizeof e) != 0) /* numbers included: chosen to have 3 decimals */
            fail_msg("%s differs after the round trip: %s", event_kind_name(e.kind), line.data);
        buffer_done(&line);
    }
}

static void numbers_are_finite_and_compact(void **state)
{
    static const struct {
        double v;
        const char *text;
    } rows[] = {
        {0, "\"rate\":0,"},          {-0.0001, "\"rate\":0,"},
        {1.5, "\"rate\":1.5,"},      {NAN, "\"rate\":0,"},
        {INFINITY, "\"rate\":0,"},   {-2, "\"rate\":-2,"},
        {0.0625, "\"rate\":0.063,"}, {1e300, "\"rate\":1000000000000000,"},
        {-1.25, "\"rate\":-1.25,"},  {100, "\"rate\":100,"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct buffer line = {0};
        struct event e;
        event_init(&e, EVENT_PROGRESS);
        e.progress.rate = rows[i].v;
        event_to_json(&e, &line);
        if (strstr((char *)line.data, rows[i].text) == NULL)
            fail_msg("%g is not written as %s: %s", rows[i].v, rows[i].text, line.data);
        buffer_done(&line);
    }
}

/* Paths and USB descriptors hold whatever bytes they like; a line is valid UTF-8 all the same. */
static void broken_text_becomes_valid(void **state)
{
    static const char *const texts[] = {
        "\xff",     "a\x80z",           "cut \xc3",         "\xe2\x82",     "\xed\xa0\x80",
        "\xc0\xaf", "\xf5\x80\x80\x80", "\xf0\x80\x80\xaf", "\xe0\x80\x80", "\xf4\x90\x80\x80",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct buffer line = {0};
        struct event e, back;
        struct error error = {0};
        event_init(&e, EVENT_LOG);
        COPY(e.log.text, texts[i]);
        event_to_json(&e, &line);
        if (event_from_json((char *)line.data, &back, &error) != 0)
            fail_msg("text %zu: %s", i, error.text);
        assert_non_null(strstr(back.log.text, "\xEF\xBF\xBD"));
        buffer_done(&line);
    }
}

/* A terminal that shows a line does not do what a stranger's label says. */
static void controls_are_escaped(void **state)
{
    struct buffer line = {0};
    struct event e, back;

    (void)state;
    event_init(&e, EVENT_LOG);
    COPY(e.log.text, "\033\x7f\xc2\x9b\xc2\xa0");
    event_to_json(&e, &line);
    assert_non_null(strstr((char *)line.data, "\"\\u001b\\u007f\\u009b\xc2\xa0\""));
    assert_int_equal(event_from_json((char *)line.data, &back, NULL), 0);
    assert_string_equal(back.log.text, e.log.text);
    buffer_done(&line);
}

static void random_bytes_never_make_a_bad_line(void **state)
{
    (void)state;
    srand(7);
    for (int round = 0; round < 2000; round++) {
        struct buffer line = {0};
        struct event e, back;
        struct error error = {0};
        event_init(&e, EVENT_HINT);
        for (size_t i = 0; i + 1 < sizeof e.hint.cause; i++)
            e.hint.cause[i] = (char)(rand() % 256);
        e.hint.cause[sizeof e.hint.cause - 1] = '\0';
        COPY(e.hint.id, "x");
        event_to_json(&e, &line);
        if (event_from_json((char *)line.data, &back, &error) != 0)
            fail_msg("round %d: %s", round, error.text);
        buffer_done(&line);
    }
}

static void hostile_lines_are_refused_with_a_reason(void **state)
{
    static const struct {
        const char *line, *reason;
    } rows[] = {
        {"", "no JSON object"},
        {"{", "no JSON object"},
        {"[]", "no JSON object"},
        {"null", "no JSON object"},
        {"{}", "\"event\""},
        {"{\"event\":5}", "\"event\""},
        {"{\"event\":\"explode\"}", "explode"},
        {"{\"event\":\"state\"}", "\"state\""},
        {"{\"event\":\"state\",\"state\":\"flying\"}", "\"state\""},
        {"{\"event\":\"state\",\"state\":\"sync\",\"detail\":7}", "\"detail\""},
        {"{\"event\":\"done\",\"result\":\"pass\"}", "\"exit\""},
        {"{\"event\":\"done\",\"result\":\"pass\",\"exit\":0.0}", "\"exit\""},
        {"{\"event\":\"done\",\"result\":\"pass\",\"exit\":99999999999}", "\"exit\""},
        {"{\"event\":\"log\",\"level\":\"loud\",\"text\":\"\"}", "\"level\""},
        {"{\"event\":\"rx\",\"hex\":\"4\"}", "\"hex\""},
        {"{\"event\":\"rx\",\"hex\":\"4_\"}", "\"hex\""},
        {"{\"event\":\"rx\",\"hex\":\"zz\"}", "\"hex\""},
        {"{\"event\":\"progress\",\"op\":\"x\",\"done\":-1,\"total\":1}", "\"done\""},
        {"{\"event\":\"progress\",\"op\":\"x\",\"done\":1,\"total\":1,\"address\":4294967296}",
         "\"address\""},
        {"{\"event\":\"progress\",\"op\":\"x\",\"done\":1,\"total\":18446744073709551616}",
         "no JSON object"},
        {"{\"event\":\"result\",\"op\":\"x\",\"ok\":1}", "\"ok\""},
        {"{\"event\":\"result\",\"op\":\"x\",\"ok\":true,\"data\":[]}", "\"data\""},
        {"{\"event\":\"result\",\"op\":\"x\",\"ok\":true,\"data\":{\"a\":1}}", "\"data\""},
        {"{\"event\":\"bench\",\"job\":\"text\"}", "\"job\""},
        {"{\"event\":\"log\",\"level\":\"info\",\"text\":\"\xff\"}", "no JSON object"},
        {"{\"event\":\"log\",\"level\":\"info\",\"text\":\"a\\u0000b\"}", "no JSON object"},
        {"{\"event\":\"hello\",\"v\":1,\"v\":2}", "no JSON object"},
        {"{\"event\":\"hello\",\"v\":1} trailing", "no JSON object"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct error error = {0};
        struct event e;
        if (event_from_json(rows[i].line, &e, &error) != ERR_FILE_FORMAT)
            fail_msg("accepted: %s", rows[i].line);
        if (strstr(error.text, rows[i].reason) == NULL)
            fail_msg("%s: the reason is \"%s\"", rows[i].line, error.text);
    }
}

static void too_much_is_cut_or_refused(void **state)
{
    struct buffer line = {0};
    struct error error = {0};
    struct event e;

    (void)state;
    buffer_printf(&line, "{\"event\":\"log\",\"level\":\"info\",\"text\":\"");
    for (int i = 0; i < 600; i++)
        buffer_printf(&line, "\xc3\xa4");
    buffer_printf(&line, "\"}");
    assert_int_equal(event_from_json((char *)line.data, &e, &error), 0);
    assert_int_equal(strlen(e.log.text), 510); /* 511 bytes fit, 255 whole characters of two */
    buffer_clear(&line);
    buffer_printf(&line, "{\"event\":\"rx\",\"hex\":\"%01026d\"}", 0);
    assert_int_equal(event_from_json((char *)line.data, &e, &error), ERR_FILE_FORMAT);
    error_clear(&error);
    buffer_clear(&line);
    buffer_printf(&line, "{\"event\":\"bench\",\"job\":{\"a\":\"%017000d\"}}", 0);
    assert_int_equal(event_from_json((char *)line.data, &e, &error), ERR_FILE_FORMAT);
    buffer_done(&line);
}

static void what_is_new_is_ignored(void **state)
{
    struct error error = {0};
    struct event e;

    (void)state;
    assert_int_equal(event_from_json("{\"event\":\"state\",\"state\":\"sync\",\"mood\":[1,{}],"
                                     "\"vid\":\"not ours\",\"t\":5}",
                                     &e, &error),
                     0);
    assert_int_equal(e.state.state, STATE_SYNC);
    assert_true(e.t == 5);
    assert_string_equal(e.port, "");
}

static void every_state_has_its_words(void **state)
{
    (void)state;
    for (unsigned i = 0; i < STATE_COUNT; i++) {
        enum job_state back = STATE_COUNT;
        assert_true(strlen(state_name((enum job_state)i)) > 0);
        assert_true(strlen(state_word((enum job_state)i)) > 0);
        assert_true(state_parse(state_name((enum job_state)i), &back));
        assert_int_equal(back, i);
    }
    assert_string_equal(state_name(STATE_COUNT), "");
    assert_string_equal(state_word(STATE_WRITE), "DOWNLOAD");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_survives_the_wire),
        cmocka_unit_test(numbers_are_finite_and_compact),
        cmocka_unit_test(broken_text_becomes_valid),
        cmocka_unit_test(controls_are_escaped),
        cmocka_unit_test(random_bytes_never_make_a_bad_line),
        cmocka_unit_test(hostile_lines_are_refused_with_a_reason),
        cmocka_unit_test(too_much_is_cut_or_refused),
        cmocka_unit_test(what_is_new_is_ignored),
        cmocka_unit_test(every_state_has_its_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
