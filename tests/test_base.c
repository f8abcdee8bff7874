/* SPDX-License-Identifier: GPL-3.0-or-later */
/* base/: numbers, text, buffers, errors, the loop. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/loop.h"
#include "base/util.h"

#include <poll.h>
#include <string.h>
#include <unistd.h>

static void numbers_are_read_whole(void **state)
{
    static const struct {
        const char *text;
        bool suffix, ok;
        uint64_t value;
    } rows[] = {
        {"0", false, true, 0},
        {"10", false, true, 10},
        {"0x1000", false, true, 0x1000},
        {"0XfF", false, true, 255},
        {"0b101", false, true, 5},
        {"0o17", false, true, 15},
        {"1_000", false, true, 1000},
        {"0x1_0000", false, true, 0x10000},
        {"4294967295", false, true, 0xFFFFFFFF},
        {"4294967296", false, false, 0},
        {"0x100000000", false, false, 0},
        {"4k", true, true, 4096},
        {"2M", true, true, 2097152},
        {"4096M", true, false, 0},
        {"4k", false, false, 0},
        {"", false, false, 0},
        {"0x", false, false, 0},
        {"-1", false, false, 0},
        {"+1", false, false, 0},
        {" 1", false, false, 0},
        {"1 ", false, false, 0},
        {"0x10g", false, false, 0},
        {"_1", false, false, 0},
        {"1__0", false, false, 0},
        {"1_", false, false, 0},
        {"08", false, true, 8},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        uint64_t value = 77;
        bool ok = util_number_parse(rows[i].text, rows[i].suffix, UINT32_MAX, &value);
        if (ok != rows[i].ok || value != (ok ? rows[i].value : 77))
            fail_msg("\"%s\": %d %llu", rows[i].text, ok, (unsigned long long)value);
    }
}

static void text_is_cut_between_characters(void **state)
{
    char to[5];

    (void)state;
    assert_true(util_copy(to, sizeof to, "abcd"));
    assert_string_equal(to, "abcd");
    assert_false(util_copy(to, sizeof to, "abcde"));
    assert_string_equal(to, "abcd");
    assert_false(util_copy(to, sizeof to, "abc\xc3\xa4")); /* a-umlaut would be cut in half */
    assert_string_equal(to, "abc");
}

static void small_numbers_do_not_wrap(void **state)
{
    static const char *const texts[] = {"2", "9", "18446744073709551616", "18446744073709551617",
                                        "0x10000000000000001"};
    uint64_t value = 77;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        assert_false(util_number_parse(texts[i], false, 1, &value));
    assert_false(util_number_parse("1", false, 0, &value));
    assert_int_equal(value, 77);
    assert_true(util_number_parse("01", false, 1, &value));
    assert_int_equal(value, 1);
}

static void texts_of_strangers_become_harmless(void **state)
{
    static const struct {
        const char *from, *to;
    } rows[] = {
        {"", ""},
        {"plain ~", "plain ~"},
        {"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"},
        {"\033[2J\a\r\n\t\x7f", "?[2J?????"},
        {"\xc2\x9b"
         "2J \xc2\xa0",
         "??2J \xc2\xa0"}, /* CSI as one character */
        {"\x9b \xff\xfe", "? ??"},
        {"\xc0\x9b \xe0\x80\x9b", "?? ???"},           /* overlong */
        {"\xed\xa0\x80 \xf4\x90\x80\x80", "??? ????"}, /* surrogate, past the last */
        {"cut \xe2\x82", "cut ??"},
    };
    struct error error = {0};
    char text[32];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        util_copy(text, sizeof text, rows[i].from);
        util_text_clean(text);
        assert_string_equal(text, rows[i].to);
    }
    error_set(&error, ERR_USAGE, "a\033c\xff");
    error_context(&error, "\x9b");
    assert_string_equal(error.text, "?: a?c?");
}

static void sizes_read_well(void **state)
{
    static const struct {
        uint64_t bytes;
        const char *text;
    } rows[] = {
        {0, "0 B"},           {512, "512 B"},       {1000, "0.98 KB"},
        {1024, "1 KB"},       {21 * 1024, "21 KB"}, {1024 * 1024, "1 MB"},
        {1069547, "1.02 MB"}, {4 << 20, "4 MB"},    {12910592, "12.3 MB"},
    };
    char text[32];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        assert_string_equal(util_size_format(text, sizeof text, rows[i].bytes), rows[i].text);
}

static void buffers_grow_and_drop(void **state)
{
    struct buffer b = {0};

    (void)state;
    for (int i = 0; i < 1000; i++)
        buffer_append_byte(&b, (uint8_t)i);
    assert_int_equal(b.len, 1000);
    assert_int_equal(b.data[999], 999 & 255);
    buffer_drop_front(&b, 998);
    assert_int_equal(b.len, 2);
    assert_int_equal(b.data[0], 998 & 255);
    buffer_clear(&b);
    buffer_printf(&b, "%s %d", "x", 5);
    assert_string_equal((char *)b.data, "x 5");
    buffer_append_le32(&b, 0x04030201);
    assert_memory_equal(b.data + 3, "\1\2\3\4", 4);
    buffer_done(&b);
}

static void first_cause_wins(void **state)
{
    struct error e = {0};

    (void)state;
    assert_int_equal(error_context(&e, "nothing yet"), 0);
    assert_int_equal(error_set(&e, ERR_NO_SYNC, "no answer on %s", "ttyX"), ERR_NO_SYNC);
    assert_int_equal(error_set(&e, ERR_INTERNAL, "later"), ERR_NO_SYNC);
    assert_int_equal(error_context(&e, "%s", "ESP32"), ERR_NO_SYNC);
    assert_string_equal(e.text, "ESP32: no answer on ttyX");
}

static void every_error_has_its_row(void **state)
{
    static const int statuses[] = {0, 1, 2, 3, 4, 5, 6, 130};

    (void)state;
    for (int code = 0; code >= ERR_LAST; code--) {
        const char *id = error_id((enum err)code);
        bool known = false;
        assert_non_null(id);
        assert_int_equal(error_from_id(id), code); /* unique, and the row exists */
        for (size_t i = 0; i < ARRAY_LEN(statuses); i++)
            known |= error_exit_status((enum err)code) == statuses[i];
        assert_true(known);
        assert_true((code == 0) == (error_exit_status((enum err)code) == 0));
        assert_true(code == 0 || strlen(error_advice((enum err)code)) > 20);
    }
}

static int fired;

static void fire(void *context)
{
    fired += *(int *)context;
}

static void on_byte(void *context, int fd, short revents)
{
    char c;

    assert_true(revents & POLLIN);
    assert_int_equal(read(fd, &c, 1), 1);
    loop_fd_remove(context, fd);
    fired += 100;
}

static void the_loop_runs_timers_and_descriptors(void **state)
{
    struct loop loop;
    int fds[2], one = 1, ten = 10;

    (void)state;
    fired = 0;
    loop_init(&loop);
    assert_int_equal(pipe(fds), 0);
    loop_fd_set(&loop, fds[0], POLLIN, on_byte, &loop);
    assert_int_equal(write(fds[1], "x", 1), 1);
    loop_timer_add(&loop, 5, fire, &one);
    int gone = loop_timer_add(&loop, 1, fire, &ten);
    loop_timer_remove(&loop, gone);
    int64_t end = clock_ms() + 2000;
    while (fired != 101 && clock_ms() < end)
        assert_int_equal(loop_once(&loop, 50), 0);
    assert_int_equal(fired, 101);
    close(fds[0]);
    close(fds[1]);
    loop_done(&loop);
}

static void a_wait_ends_on_cancel(void **state)
{
    int fds[2];
    struct cancel cancel;

    (void)state;
    assert_int_equal(pipe(fds), 0);
    cancel.fd = fds[0];
    assert_int_equal(clock_wait(&cancel, -1, 0, 5), 0);
    assert_false(cancel_asked(&cancel));
    close(fds[1]); /* end of file counts */
    int64_t start = clock_ms();
    assert_int_equal(clock_sleep(&cancel, 10000), ERR_CANCELLED);
    assert_true(clock_ms() - start < 1000);
    assert_true(cancel_asked(&cancel));
    close(fds[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_read_whole),
        cmocka_unit_test(small_numbers_do_not_wrap),
        cmocka_unit_test(text_is_cut_between_characters),
        cmocka_unit_test(texts_of_strangers_become_harmless),
        cmocka_unit_test(sizes_read_well),
        cmocka_unit_test(buffers_grow_and_drop),
        cmocka_unit_test(first_cause_wins),
        cmocka_unit_test(every_error_has_its_row),
        cmocka_unit_test(the_loop_runs_timers_and_descriptors),
        cmocka_unit_test(a_wait_ends_on_cancel),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
