/* SPDX-License-Identifier: GPL-3.0-or-later */
/* job/rate and job/rates: how far --baud auto climbs, where it falls to, what is remembered. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/util.h"
#include "job/rate.h"
#include "job/rates.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LOTS = 600 * 1024 };

/* Climbs as a job does, on a line that carries no more than `line`. Writes down where it has been.
 */
static unsigned climb(struct rate *rate, unsigned most, unsigned line, uint64_t wire, char *steps)
{
    unsigned now = RATE_LOWEST, next;

    steps[0] = '\0';
    while ((next = rate_next(rate, now, most, wire)) != 0) {
        sprintf(steps + strlen(steps), "%u ", next);
        assert_true(strlen(steps) < 200);
        if (next <= line)
            now = next;
        else
            rate_fail(rate, next);
    }
    return now;
}

static void the_ladder_is_climbed(void **state)
{
    static const struct {
        unsigned fixed, limit, good, most, line, wire, end;
        const char *steps;
    } rows[] = {
        /* nothing known: every rung, to the limit of line, adapter or loader */
        {0, RATE_HIGHEST, 0, 0, 9999999, LOTS, 3000000,
         "230400 460800 921600 1500000 2000000 3000000 "},
        {0, RATE_HIGHEST, 0, 0, 1500000, LOTS, 1500000, "230400 460800 921600 1500000 2000000 "},
        {0, 1000000, 0, 0, 9999999, LOTS, 921600, "230400 460800 921600 "},
        {0, RATE_HIGHEST, 0, 460800, 9999999, LOTS, 460800, "230400 460800 "},
        /* what is remembered is gone to at once, and on from there */
        {0, RATE_HIGHEST, 3000000, 0, 9999999, LOTS, 3000000, "3000000 "},
        {0, RATE_HIGHEST, 921600, 0, 1500000, LOTS, 1500000, "921600 1500000 2000000 "},
        {0, 1999999, 1500000, 0, 9999999, LOTS, 1500000, "1500000 "}, /* 2000000 failed */
        {0, RATE_HIGHEST, 2000000, 921600, 9999999, LOTS, 921600, "921600 "},
        /* the line has become worse */
        {0, RATE_HIGHEST, 3000000, 0, 921600, LOTS, 921600, "3000000 2000000 1500000 921600 "},
        {0, RATE_HIGHEST, 230400, 0, 115200, LOTS, 115200, "230400 "},
        /* little to send: no further than it pays off */
        {0, RATE_HIGHEST, 0, 0, 9999999, 500, 115200, ""},
        {0, RATE_HIGHEST, 3000000, 0, 9999999, 500, 115200, ""},
        {0, RATE_HIGHEST, 0, 0, 9999999, 4000, 460800, "230400 460800 "},
        {0, RATE_HIGHEST, 3000000, 0, 9999999, 4000, 3000000, "3000000 "},
        /* asked for: that one, whatever there is to send; lower only where it fails */
        {921600, RATE_HIGHEST, 0, 0, 9999999, 0, 921600, "921600 "},
        {123456, RATE_HIGHEST, 0, 0, 9999999, 0, 123456, "123456 "},
        {115200, RATE_HIGHEST, 0, 0, 9999999, LOTS, 115200, ""},
        {921600, RATE_HIGHEST, 0, 0, 300000, LOTS, 230400, "921600 460800 230400 "},
        {4000000, RATE_HIGHEST, 0, 0, 9999999, 0, 4000000, "4000000 "},
    };
    char steps[256];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct rate rate = {.fixed = rows[i].fixed, .limit = rows[i].limit, .good = rows[i].good};
        unsigned end = climb(&rate, rows[i].most, rows[i].line, rows[i].wire, steps);
        if (end != rows[i].end || strcmp(steps, rows[i].steps) != 0)
            fail_msg("row %zu: \"%s\", ends at %u", i, steps, end);
    }
}

static void it_falls_rung_by_rung(void **state)
{
    struct rate rate = {.limit = RATE_HIGHEST};
    unsigned now = 3000000, falls = 0;

    (void)state;
    for (; rate_below(now) != 0; falls++) {
        rate_fail(&rate, now);
        assert_int_equal(rate.failed, now);
        unsigned next = rate_next(&rate, RATE_LOWEST, 0, LOTS);
        assert_int_equal(next ? next : RATE_LOWEST, rate_below(now)); /* there in one step */
        now = rate_below(now);
    }
    assert_int_equal(falls, 6);
    assert_int_equal(now, RATE_LOWEST);
    assert_int_equal(rate_below(RATE_LOWEST), 0);
    assert_int_equal(rate_below(1000000), 921600);
}

/* In mid-write: the second time to a rate that is sure to hold, and from there rung by rung. */
static void it_falls_far_the_second_time(void **state)
{
    static const struct {
        unsigned from, whole, to[6];
    } rows[] = {
        {3000000, 0, {2000000, 921600, 460800, 230400, 115200, 115200}},
        {3000000, 3000000, {2000000, 921600, 460800, 230400, 115200, 115200}}, /* not any more */
        {3000000, 1500000, {2000000, 1500000, 921600, 460800, 230400, 115200}},
        {3000000, 460800, {2000000, 921600, 460800, 230400, 115200, 115200}},
        {921600, 0, {460800, 230400, 115200, 115200, 115200, 115200}},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct rate rate = {.limit = RATE_HIGHEST, .whole = rows[i].whole, .now = rows[i].from};
        for (size_t k = 0; k < 6; k++) {
            unsigned to = rate_fall(&rate, rate.now);
            if (to != rows[i].to[k])
                fail_msg("row %zu: %u after fall %zu", i, to, k + 1);
            unsigned next = rate_next(&rate, RATE_LOWEST, 0, LOTS);
            assert_int_equal(next ? next : RATE_LOWEST, to); /* there in one step */
            rate.now = to;
            assert_int_equal(rate_is_suspect(&rate), to > RATE_LOWEST);
        }
    }
}

/* What the adapter is known for is gone to without the rungs below, and without a trial; but its
 * first block is looked at until it has carried a whole image. */
static void a_known_adapter_needs_no_climb(void **state)
{
    struct rate rate = {.limit = 2000000, .known = 2000000};
    char steps[256];

    (void)state;
    assert_int_equal(climb(&rate, 0, 9999999, LOTS, steps), 2000000);
    assert_string_equal(steps, "2000000 ");
    rate.now = 2000000;
    rate.unproven = true;
    assert_false(rate_on_trial(&rate));
    assert_true(rate_wants_proof(&rate));
    assert_true(rate_is_suspect(&rate));
    rate_hold(&rate, 2000000);
    rate.unproven = true;
    assert_false(rate_wants_proof(&rate));
    assert_false(rate_is_suspect(&rate));
    rate = (struct rate){.limit = 2000000, .known = 2000000};
    assert_int_equal(climb(&rate, 921600, 9999999, LOTS, steps), 921600); /* the chip's limit */
    assert_string_equal(steps, "921600 ");
    rate = (struct rate){.limit = 2000000, .known = 2000000};
    assert_int_equal(climb(&rate, 0, 921600, LOTS, steps), 921600);
    assert_string_equal(steps, "2000000 1500000 921600 ");
    assert_false(rate_is_suspect(&(struct rate){.now = 921600}));
    assert_true(rate_is_suspect(&(struct rate){.now = 921600, .falls = 1}));
}

static void only_what_was_confirmed_has_held(void **state)
{
    struct rate rate = {.limit = RATE_HIGHEST, .unproven = true};

    (void)state;
    rate_hold(&rate, 921600);
    assert_false(rate.unproven);
    rate_hold(&rate, 460800);
    assert_int_equal(rate.held, 921600);
    rate_fail(&rate, 921600); /* held for one file and broke in the next */
    assert_int_equal(rate.held, 0);
    rate_hold(&rate, 921600);
    assert_int_equal(rate.held, 0);
    rate_hold(&rate, 460800);
    assert_int_equal(rate.held, 460800);
}

static void the_rom_gets_a_careful_rate(void **state)
{
    struct rate rate = {.limit = RATE_HIGHEST};

    (void)state;
    assert_int_equal(rate_before_stub(&rate, 921600), 460800);
    assert_int_equal(rate_before_stub(&rate, 230400), 230400);
    assert_int_equal(rate_before_stub(&rate, 0), 0); /* it can't, or nobody knows */
    rate.good = 2000000;
    assert_int_equal(rate_before_stub(&rate, 921600), 921600);
    rate.limit = 230400;
    assert_int_equal(rate_before_stub(&rate, 921600), 230400);
    rate = (struct rate){.limit = RATE_HIGHEST, .fixed = 115200};
    assert_int_equal(rate_before_stub(&rate, 921600), 115200);
}

/* ---- what is remembered ---- */

static char dir[] = "/tmp/espjig-test-rate-XXXXXX";
static char file[128];

static int dir_make(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(dir));
    setenv("XDG_STATE_HOME", dir, 1);
    snprintf(file, sizeof file, "%s/espjig/rates.json", dir);
    return 0;
}

static int dir_remove(void **state)
{
    static const char *const names[] = {"rates.json", "rates.json.lock", ""};
    char path[160];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        snprintf(path, sizeof path, "%s/espjig/%s", dir, names[i]);
        remove(path);
    }
    return rmdir(dir);
}

static int file_remove(void **state)
{
    (void)state;
    remove(file);
    return 0;
}

static void file_put(const char *text)
{
    FILE *f = fopen(file, "w");

    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, strlen(text), f), strlen(text));
    assert_int_equal(fclose(f), 0);
}

static void assert_entry(const char *key, unsigned good, unsigned failed)
{
    struct rates_entry entry;
    struct error error = {0};

    if (rates_read(key, &entry, &error) != 0)
        fail_msg("%s", error.text);
    assert_int_equal(entry.good, good);
    assert_int_equal(entry.failed, failed);
}

static void what_held_is_remembered_by_port(void **state)
{
    struct error error = {0};

    (void)state;
    assert_entry("1-1.4 10c4:ea60", 0, 0);
    assert_int_equal(rates_note("1-1.4 10c4:ea60", 921600, 1500000, &error), 0);
    assert_int_equal(rates_note("1-1.2 0403:6001", 3000000, 0, &error), 0);
    assert_entry("1-1.4 10c4:ea60", 921600, 1500000);
    assert_entry("1-1.2 0403:6001", 3000000, 0);
    assert_entry("1-1.4 0403:6001", 0, 0); /* another adapter in that socket */
    assert_entry("", 0, 0);
    struct stat st;
    assert_int_equal(stat(file, &st), 0);
    assert_int_equal(rates_note("1-1.2 0403:6001", 460800, 0, &error), 0); /* a small job */
    assert_entry("1-1.2 0403:6001", 3000000, 0);
    struct stat again;
    assert_int_equal(stat(file, &again), 0);
    assert_int_equal(st.st_ino, again.st_ino); /* nothing new: not written */
}

static void a_failure_is_forgiven_in_time(void **state)
{
    struct rates_entry entry = {.good = 3000000};

    (void)state;
    rates_learn(&entry, 921600, 1500000);
    assert_int_equal(entry.good, 921600);
    assert_int_equal(entry.failed, 1500000);
    rates_learn(&entry, 921600, 2000000); /* an earlier one counts */
    assert_int_equal(entry.failed, 1500000);
    for (int i = 1; i < RATES_FORGIVE_AFTER; i++) {
        rates_learn(&entry, 921600, 0);
        assert_int_equal(entry.failed, 1500000);
    }
    rates_learn(&entry, 921600, 0);
    assert_int_equal(entry.failed, 0);
    assert_int_equal(entry.good, 921600);
    rates_learn(&entry, 0, 921600); /* and nothing held */
    assert_int_equal(entry.good, 0);
    assert_int_equal(entry.failed, 921600);
}

static void a_damaged_file_is_begun_anew(void **state)
{
    static const char *const damaged[] = {
        "", "{", "[]", "{\"ports\":3}", "{\"version\":1,\"ports\":{\"a\":", "\xff\xfe", "null",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(damaged); i++) {
        struct rates_entry entry = {.good = 1};
        struct error error = {0};
        file_put(damaged[i]);
        assert_int_equal(rates_read("a", &entry, &error), ERR_FILE_FORMAT);
        assert_non_null(strstr(error.text, file));
        assert_int_equal(entry.good, 0);
        error_clear(&error);
        assert_int_equal(rates_note("a", 460800, 0, &error), 0);
        assert_entry("a", 460800, 0);
    }
    /* Members of a wrong kind are as good as none. */
    file_put(
        "{\"ports\":{\"a\":{\"good\":\"fast\",\"failed\":-3},\"b\":7,\"c\":{\"good\":99999999999,"
        "\"since\":1e9}}}");
    assert_entry("a", 0, 0);
    assert_entry("b", 0, 0);
    assert_entry("c", 0, 0);
}

static void a_file_that_can_not_be_had_is_said(void **state)
{
    struct rates_entry entry;
    struct error error = {0};

    (void)state;
    assert_int_equal(mkdir(file, 0700), 0); /* a directory in its place */
    assert_int_equal(rates_read("a", &entry, &error), ERR_FILE_FORMAT);
    error_clear(&error);
    assert_int_equal(rates_note("a", 460800, 0, &error), ERR_FILE_WRITE);
    assert_non_null(strstr(error.text, file));
    char left[160];
    snprintf(left, sizeof left, "%s.new", file);
    remove(left);
}

static void many_write_at_once(void **state)
{
    enum { PROCESSES = 16, NOTES = 8 };
    pid_t pids[PROCESSES];
    char key[32];

    (void)state;
    for (int p = 0; p < PROCESSES; p++) {
        pids[p] = fork();
        if (pids[p] == 0) {
            int bad = 0;
            for (int i = 0; i < NOTES; i++) {
                snprintf(key, sizeof key, "%d-%d 0:0", p, i);
                bad += rates_note(key, 921600, 0, NULL) != 0;
            }
            _exit(bad);
        }
    }
    for (int p = 0; p < PROCESSES; p++) {
        int status;
        assert_int_equal(waitpid(pids[p], &status, 0), pids[p]);
        assert_int_equal(status, 0);
    }
    for (int p = 0; p < PROCESSES; p++) {
        for (int i = 0; i < NOTES; i++) {
            snprintf(key, sizeof key, "%d-%d 0:0", p, i);
            assert_entry(key, 921600, 0);
        }
    }
}

static void who_holds_the_lock_for_ever_is_not_waited_for(void **state)
{
    struct error error = {0};
    char name[160];

    (void)state;
    snprintf(name, sizeof name, "%s.lock", file);
    int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(flock(fd, LOCK_EX), 0);
    assert_int_equal(rates_note("a", 460800, 0, &error), ERR_FILE_WRITE);
    assert_non_null(strstr(error.text, "locked"));
    close(fd);
}

static void ports_have_keys(void **state)
{
    struct link link = {.address = "rfc2217://box:4000"};
    char key[320];

    (void)state;
    rates_key(&link, key, sizeof key);
    assert_string_equal(key, "rfc2217://box:4000");
    static const char *const nameless[] = {"emu:esp32", "pty:/dev/pts/3", "socket://box:4000"};
    for (size_t i = 0; i < ARRAY_LEN(nameless); i++) {
        util_copy(link.address, sizeof link.address, nameless[i]);
        rates_key(&link, key, sizeof key);
        assert_string_equal(key, "");
    }
    util_copy(link.address, sizeof link.address, "/dev/ttyUSB0");
    util_copy(link.port.slot, sizeof link.port.slot, "1-1.4");
    link.port.vid = 0x10C4;
    link.port.pid = 0xEA60;
    rates_key(&link, key, sizeof key);
    assert_string_equal(key, "1-1.4 10c4:ea60");
}

int main(void)
{
#define FRESH(f) cmocka_unit_test_setup_teardown(f, file_remove, file_remove)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_ladder_is_climbed),
        cmocka_unit_test(it_falls_rung_by_rung),
        cmocka_unit_test(it_falls_far_the_second_time),
        cmocka_unit_test(a_known_adapter_needs_no_climb),
        cmocka_unit_test(only_what_was_confirmed_has_held),
        cmocka_unit_test(the_rom_gets_a_careful_rate),
        FRESH(what_held_is_remembered_by_port),
        cmocka_unit_test(a_failure_is_forgiven_in_time),
        FRESH(a_damaged_file_is_begun_anew),
        FRESH(a_file_that_can_not_be_had_is_said),
        FRESH(many_write_at_once),
        FRESH(who_holds_the_lock_for_ever_is_not_waited_for),
        cmocka_unit_test(ports_have_keys),
    };
    return cmocka_run_group_tests(tests, dir_make, dir_remove);
}
