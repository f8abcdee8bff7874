/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * station/: a real station process on a socket in a temporary directory, real worker processes, and
 * in place of job_run() a script that the name of the port chooses.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/util.h"
#include "station/client.h"
#include "station/model.h"
#include "station/process.h"
#include "station/station_private.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PATIENCE_MS = 20000, GRACE_MS = 400 };

static char dir[64], sock[96], records[96], go[96];

/* ---- the scripts ---- */

static void say(const struct sink *sink, enum event_kind kind)
{
    struct event event;

    event_init(&event, kind);
    event.hello.version = EVENT_VERSION;
    sink_put(sink, &event);
}

static void say_state(const struct sink *sink, enum job_state state)
{
    struct event event;

    event_init(&event, EVENT_STATE);
    event.state.state = state;
    sink_put(sink, &event);
}

static void say_progress(const struct sink *sink, uint64_t done)
{
    struct event event;

    event_init(&event, EVENT_PROGRESS);
    strcpy(event.progress.op, "write-flash");
    strcpy(event.progress.file, "/x/app.bin");
    event.progress.address = 0x10000;
    event.progress.done = done;
    event.progress.total = 100000;
    sink_put(sink, &event);
}

static void say_board(const struct sink *sink)
{
    struct event event;

    event_init(&event, EVENT_CHIP);
    strcpy(event.chip.chip, "esp32");
    strcpy(event.chip.mac, "24:0a:c4:00:12:34");
    sink_put(sink, &event);
}

static void say_md5(const struct sink *sink)
{
    struct event event;

    event_init(&event, EVENT_RESULT);
    strcpy(event.result.op, "write-flash");
    event.result.ok = true;
    event_result_add(&event, "address", "0x10000");
    event_result_add(&event, "md5", "900150983cd24fb0d6963f7d28e17f72");
    sink_put(sink, &event);
}

static int say_done(const struct sink *sink, const char *result, const char *error, int status)
{
    struct event event;

    event_init(&event, EVENT_DONE);
    strcpy(event.done.result, result);
    strcpy(event.done.error, error);
    event.done.exit = status;
    event.done.elapsed = 1.5;
    sink_put(sink, &event);
    return status;
}

static int pass(const struct sink *sink)
{
    say_board(sink);
    say_state(sink, STATE_WRITE);
    say_progress(sink, 50000);
    say_progress(sink, 100000);
    say_md5(sink);
    say_state(sink, STATE_FINISH);
    return say_done(sink, "pass", "", 0);
}

/* The sink of a worker is a pipe; this is what a broken process might write to it. */
static void spill(const struct sink *sink, const char *text)
{
    assert_int_equal(write(*(const int *)sink->context, text, strlen(text)), strlen(text));
}

/* Even when the station is killed by a test that went wrong, nothing is left behind. */
static void end_with_parent(void)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
}

static _Noreturn void hang(void)
{
    end_with_parent();
    for (;;)
        pause();
}

/* Until the test makes the file, or the job is cancelled. */
static int pass_when_told(const struct sink *sink, const struct cancel *cancel)
{
    say_board(sink);
    say_progress(sink, 20000);
    while (access(go, F_OK) != 0) {
        if (clock_sleep(cancel, 5) != 0)
            return say_done(sink, "cancelled", "cancelled", 130);
    }
    return pass(sink);
}

static void flood(const struct sink *sink)
{
    for (unsigned i = 0; i < 20000; i++)
        say_progress(sink, i);
}

static void babble(const struct sink *sink)
{
    struct event event;

    event_init(&event, EVENT_LOG);
    memset(event.log.text, 'x', 500);
    for (int i = 0; i < 4000; i++)
        sink_put(sink, &event);
}

static int script(const struct job *job, const struct sink *sink, const struct cancel *cancel)
{
    const char *name = job->port + strlen("emu:");

    say(sink, EVENT_HELLO);
    say_state(sink, STATE_SYNC);
    if (strncmp(name, "pass", 4) == 0)
        return pass(sink);
    if (strcmp(name, "fail") == 0)
        return say_done(sink, "fail", "no-sync", 4);
    if (strcmp(name, "segv") == 0 || strcmp(name, "pass-segv") == 0)
        signal(SIGSEGV, SIG_DFL);
    if (strcmp(name, "segv") == 0)
        raise(SIGSEGV);
    if (strcmp(name, "abort") == 0)
        abort();
    if (strcmp(name, "exit") == 0)
        return 3;
    if (strcmp(name, "exit-zero") == 0)
        return 0;
    if (strcmp(name, "garbage") == 0) {
        spill(sink, "}}} soup\n");
        return pass(sink);
    }
    if (strcmp(name, "torn") == 0) {
        spill(sink, "{\"event\":\"done\",\"result\":\"pass\",\"exit\":0");
        return 0;
    }
    if (strcmp(name, "late-torn") == 0) {
        pass(sink);
        spill(sink, "{\"ev");
        return 0;
    }
    if (strcmp(name, "late-garbage") == 0) {
        pass(sink);
        spill(sink, "soup\n");
        return 0;
    }
    if (strcmp(name, "late-abort") == 0) {
        pass(sink);
        abort();
    }
    if (strcmp(name, "late-status") == 0) {
        pass(sink);
        return 1;
    }
    if (strcmp(name, "late-hang") == 0) {
        pass(sink);
        hang();
    }
    if (strcmp(name, "contradiction") == 0)
        return say_done(sink, "pass", "no-sync", 0);
    if (strcmp(name, "stranger") == 0) {
        say(sink, EVENT_REPLY);
        return pass(sink);
    }
    if (strcmp(name, "mute") == 0) { /* closes its pipe and stays */
        close(*(const int *)sink->context);
        hang();
    }
    if (strncmp(name, "hang", 4) == 0)
        hang();
    if (strncmp(name, "wait", 4) == 0)
        return pass_when_told(sink, cancel);
    if (strcmp(name, "flood") == 0)
        flood(sink);
    if (strcmp(name, "babble") == 0)
        babble(sink);
    return pass(sink);
}

/* ---- a station ---- */

static const struct station_seams seams = {
    .run = script, .grace_ms = GRACE_MS, .conn_max = 1 << 20};

static pid_t ups[8];
static size_t n_ups;

static pid_t station_up_with(struct station_options options)
{
    pid_t pid = fork();

    assert_true(n_ups < ARRAY_LEN(ups));
    ups[n_ups++] = pid;

    if (pid == 0) {
        struct error error = {0};
        end_with_parent();
        util_close_others(NULL, 0);
        int result = station_run_with(&options, &seams, &error);
        if (result != 0)
            fprintf(stderr, "station: %s\n", error.text);
        _exit(result ? 1 : 0);
    }
    return pid;
}

static const struct station_options plain = {
    .socket = sock, .client_fd = -1, .no_local_ports = true, .records = records, .stay = true};

static pid_t station_up(void)
{
    return station_up_with(plain);
}

static int wait_exit(pid_t pid)
{
    int64_t end = clock_ms() + PATIENCE_MS;
    int status;

    while (clock_ms() < end) {
        if (waitpid(pid, &status, WNOHANG) != pid) {
            clock_sleep(NULL, 5);
            continue;
        }
        for (size_t i = 0; i < n_ups; i++)
            ups[i] = ups[i] == pid ? 0 : ups[i];
        return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    }
    fail_msg("the process did not end");
    return -1;
}

/* ---- a client ---- */

struct desk {
    struct client client;
    struct model model;
    unsigned events, dones, finishes, refused;
    char last_refusal[768];
    struct error error;
};

static void on_event(void *context, const struct event *event)
{
    struct desk *desk = context;

    desk->events++;
    desk->dones += event->kind == EVENT_DONE;
    desk->finishes += event->kind == EVENT_STATE && event->state.state == STATE_FINISH;
    if (event->kind == EVENT_REPLY && !event->reply.ok) {
        desk->refused++;
        util_copy(desk->last_refusal, sizeof desk->last_refusal, event->reply.text);
    }
    model_apply(&desk->model, event);
}

static bool pump(struct desk *desk, int ms)
{
    const struct sink sink = {.put = on_event, .context = desk};
    short events = POLLIN;

    if (client_wants_write(&desk->client))
        events |= POLLOUT;
    clock_wait(NULL, desk->client.fd, events, ms);
    return client_pump(&desk->client, &sink, &desk->error) == 0;
}

static void desk_open_at(struct desk *desk, const char *path)
{
    int64_t end = clock_ms() + PATIENCE_MS;

    memset(desk, 0, sizeof *desk);
    model_init(&desk->model);
    while (client_connect(&desk->client, path, NULL, &desk->error) != 0 && clock_ms() < end) {
        error_clear(&desk->error);
        clock_sleep(NULL, 5);
    }
    assert_true(desk->client.fd >= 0);
    pump(desk, 1000);
}

static void desk_open(struct desk *desk)
{
    desk_open_at(desk, sock);
}

static void desk_close(struct desk *desk)
{
    client_close(&desk->client);
    model_done(&desk->model);
}

#define UNTIL(desk, condition)                                             \
    do {                                                                   \
        int64_t until = clock_ms() + PATIENCE_MS;                          \
        while (!(condition)) {                                             \
            if (!pump(desk, 100))                                          \
                fail_msg("the station has gone: %s", (desk)->error.text);  \
            if (clock_ms() > until)                                        \
                fail_msg("line %d: never came: %s", __LINE__, #condition); \
        }                                                                  \
    } while (0)

static void start(struct desk *desk, const char *port)
{
    struct job job;

    job_init(&job);
    job_add_op(&job, OP_CHIP_ID);
    client_start(&desk->client, port, &job);
    job_done(&job);
}

static const struct model_slot *slot_of(struct desk *desk, const char *port)
{
    static const struct model_slot none;
    const struct model_slot *slot = model_find(&desk->model, port);

    return slot ? slot : &none;
}

static void quit(struct desk *desk, pid_t station)
{
    client_quit(&desk->client);
    while (pump(desk, 100))
        ;
    desk_close(desk);
    assert_int_equal(wait_exit(station), 0);
}

/* What the query finds, "a|b" for two columns, rows joined by spaces. */
static const char *query(const char *sql)
{
    static char text[4096];
    sqlite3 *db;
    sqlite3_stmt *stmt;
    size_t n = 0;

    text[0] = '\0';
    assert_int_equal(sqlite3_open(records, &db), SQLITE_OK);
    if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    while (sqlite3_step(stmt) == SQLITE_ROW) {
        for (int i = 0; i < sqlite3_column_count(stmt); i++) {
            const char *value = (const char *)sqlite3_column_text(stmt, i);
            n += (size_t)snprintf(text + n, sizeof text - n, "%s%s",
                                  i   ? "|"
                                  : n ? " "
                                      : "",
                                  value ? value : "-");
        }
    }
    sqlite3_finalize(stmt);
    sqlite3_close(db);
    return text;
}

static int set_up(void **state)
{
    (void)state;
    unlink(records);
    unlink(go);
    char more[128];
    snprintf(more, sizeof more, "%s-wal", records);
    unlink(more);
    snprintf(more, sizeof more, "%s-shm", records);
    unlink(more);
    snprintf(more, sizeof more, "%s/espjig/bench.json", dir);
    unlink(more);
    return 0;
}

/* After a failure a station may be left; the next test wants the socket. */
static int tear_down(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_ups; i++) {
        if (ups[i] > 0 && waitpid(ups[i], NULL, WNOHANG) == 0) {
            kill(ups[i], SIGKILL);
            waitpid(ups[i], NULL, 0);
        }
    }
    n_ups = 0;
    return 0;
}

static void let_go(void)
{
    close(open(go, O_CREAT | O_WRONLY, 0600));
}

/* ---- the tests ---- */

/* Sixteen boards at once and more, each with another fate; never a pass that was not one. */
static void every_worker_ends_in_one_result(void **state)
{
    static const struct {
        const char *port, *result, *error, *text;
        int exit;
    } rows[] = {
        {"emu:pass1", "pass", "", "", 0},
        {"emu:pass2", "pass", "", "", 0},
        {"emu:pass3", "pass", "", "", 0},
        {"emu:fail", "fail", "no-sync", "", 4},
        {"emu:segv", "fail", "worker-died", "signal 11", 1},
        {"emu:abort", "fail", "worker-died", "signal 6", 1},
        {"emu:exit", "fail", "worker-died", "status 3", 1},
        {"emu:exit-zero", "fail", "worker-died", "status 0", 1},
        {"emu:garbage", "fail", "worker-died", "no event", 1},
        {"emu:torn", "fail", "worker-died", "middle of a line", 1},
        {"emu:late-torn", "fail", "worker-died", "middle of a line", 1},
        {"emu:late-garbage", "fail", "worker-died", "no event", 1},
        {"emu:late-abort", "fail", "worker-died", "signal 6", 1},
        {"emu:late-status", "fail", "worker-died", "status 1", 1},
        {"emu:late-hang", "pass", "", "", 0},
        {"emu:contradiction", "fail", "worker-died", "contradicts", 1},
        {"emu:stranger", "fail", "worker-died", "no event", 1},
        {"emu:mute", "fail", "worker-died", "signal 9", 1},
    };
    struct desk desk;
    pid_t station = station_up();

    (void)state;
    desk_open(&desk);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        start(&desk, rows[i].port);
    UNTIL(&desk, desk.dones >= ARRAY_LEN(rows));
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct model_slot *s = slot_of(&desk, rows[i].port);
        bool passed = strcmp(rows[i].result, "pass") == 0;
        if (strcmp(s->result, rows[i].result) != 0 || strcmp(s->error, rows[i].error) != 0 ||
            strstr(s->text, rows[i].text) == NULL || s->exit != rows[i].exit || s->running ||
            (s->state == STATE_FINISH) != passed || s->passed != passed || s->failed != !passed)
            fail_msg("%s: %s %s \"%s\" %d state %s", rows[i].port, s->result, s->error, s->text,
                     s->exit, state_name(s->state));
        assert_true(s->has_hint == (strcmp(s->error, "worker-died") == 0));
    }
    assert_int_equal(desk.dones, ARRAY_LEN(rows));
    assert_int_equal(desk.finishes, 4); /* not even for a moment */
    quit(&desk, station);
    assert_string_equal(query("SELECT count(*), sum(result = 'pass'), sum(error = 'worker-died'),"
                              " count(finished) FROM job"),
                        "18|4|13|18");
}

static void what_is_recorded(void **state)
{
    struct desk desk;
    pid_t station = station_up();
    struct job job;
    char image[128];

    (void)state;
    desk_open(&desk);
    start(&desk, "emu:wait");
    UNTIL(&desk, slot_of(&desk, "emu:wait")->known);
    assert_string_equal(query("SELECT port, slot, ops, images, chip, mac, result, finished,"
                              " started > strftime('%s', 'now') - 100 FROM job"),
                        "emu:wait|1|chip-id|[]|esp32|24:0a:c4:00:12:34|running|-|1");
    let_go();
    UNTIL(&desk, desk.dones == 1);
    assert_string_equal(query("SELECT result, error, text, exit, elapsed,"
                              " json_extract(results, '$[0].md5') FROM job"),
                        "pass|-|-|0|1.5|900150983cd24fb0d6963f7d28e17f72");
    assert_true(slot_of(&desk, "emu:wait")->files[0].verified);

    snprintf(image, sizeof image, "%s/app.bin", dir);
    FILE *f = fopen(image, "w");
    fprintf(f, "some bytes that are no application");
    fclose(f);
    job_init(&job);
    job_add_image(&job, image, 0x10000);
    job_add_image(&job, "/nowhere/off.bin", 0x20000);
    job.images[1].enabled = false;
    client_set_bench(&desk.client, &job);
    client_start(&desk.client, "emu:pass", NULL); /* what is on the bench */
    UNTIL(&desk, desk.dones == 2);
    char images[256];
    snprintf(images, sizeof images, "write-flash|[{\"path\":\"%s\",\"address\":65536}]", image);
    assert_string_equal(query("SELECT ops, images FROM job ORDER BY id DESC LIMIT 1"), images);
    assert_string_equal(query("PRAGMA user_version"), "1");
    job_done(&job);
    quit(&desk, station);
}

static void a_job_outlives_its_client(void **state)
{
    pid_t station = station_up(), other;
    struct desk desk;
    int told[2];

    (void)state;
    assert_int_equal(pipe(told), 0);
    other = fork();
    if (other == 0) {
        desk_open(&desk);
        start(&desk, "emu:wait");
        UNTIL(&desk, slot_of(&desk, "emu:wait")->n_files == 1);
        assert_int_equal(write(told[1], "x", 1), 1);
        hang();
    }
    char c;
    assert_int_equal(read(told[0], &c, 1), 1);
    kill(other, SIGKILL);
    waitpid(other, NULL, 0);
    kill(station, SIGHUP); /* as when the SSH session goes */
    close(told[0]);
    close(told[1]);

    desk_open(&desk); /* a second one sees the running job */
    UNTIL(&desk, slot_of(&desk, "emu:wait")->present);
    const struct model_slot *s = slot_of(&desk, "emu:wait");
    assert_true(s->running && s->known);
    assert_string_equal(s->mac, "24:0a:c4:00:12:34");
    assert_int_equal(s->done, 20000);
    desk_close(&desk);
    let_go();
    desk_open(&desk);
    UNTIL(&desk, slot_of(&desk, "emu:wait")->has_result);
    s = slot_of(&desk, "emu:wait");
    assert_string_equal(s->result, "pass");
    assert_int_equal(s->state, STATE_FINISH);
    UNTIL(&desk, slot_of(&desk, "emu:wait")->passed == 1);
    assert_string_equal(query("SELECT result FROM job"), "pass");
    quit(&desk, station);
}

static void two_clients_see_the_same(void **state)
{
    struct desk one, two;
    pid_t station = station_up();

    (void)state;
    desk_open(&one);
    desk_open(&two);
    start(&one, "emu:pass");
    UNTIL(&one, slot_of(&one, "emu:pass")->has_result);
    UNTIL(&two, slot_of(&two, "emu:pass")->has_result);
    assert_int_equal(slot_of(&two, "emu:pass")->n_files, 1);
    assert_string_equal(slot_of(&two, "emu:pass")->mac, slot_of(&one, "emu:pass")->mac);
    client_forget(&two.client, "emu:pass");
    UNTIL(&two, slot_of(&two, "emu:pass")->state == STATE_IDLE);
    UNTIL(&one, slot_of(&one, "emu:pass")->state == STATE_IDLE);
    assert_false(slot_of(&one, "emu:pass")->has_result);
    assert_int_equal(slot_of(&one, "emu:pass")->passed, 1);
    desk_close(&two);
    quit(&one, station);
}

static void refusals_are_answered(void **state)
{
    struct desk desk;
    struct job job;
    pid_t station = station_up();

    (void)state;
    desk_open(&desk);
    start(&desk, "emu:wait");
    start(&desk, "emu:wait");
    UNTIL(&desk, desk.refused == 1);
    assert_non_null(strstr(desk.last_refusal, "emu:wait is busy"));
    client_forget(&desk.client, "emu:wait");
    UNTIL(&desk, desk.refused == 2);
    assert_true(slot_of(&desk, "emu:wait")->running);
    job_init(&job);
    client_start(&desk.client, "emu:pass", &job); /* nothing to do */
    UNTIL(&desk, desk.refused == 3);
    job_add_op(&job, OP_WRITE_FLASH);
    job_add_image(&job, "/nowhere/app.bin", 0);
    client_start(&desk.client, "emu:pass", &job);
    UNTIL(&desk, desk.refused == 4);
    assert_non_null(strstr(desk.last_refusal, "/nowhere/app.bin"));
    job_done(&job);
    client_start(&desk.client, "emu:pass", NULL); /* there is no bench */
    client_stop(&desk.client, "emu:pass");
    client_forget(&desk.client, "emu:nowhere");
    client_add_port(&desk.client, "emu:wait");
    UNTIL(&desk, desk.refused == 7);
    client_add_port(&desk.client, "socket://bench:5000");
    UNTIL(&desk, slot_of(&desk, "socket://bench:5000")->present);
    assert_string_equal(slot_of(&desk, "socket://bench:5000")->name, "bench:5000");
    assert_int_equal(desk.dones, 0);
    client_quit(&desk.client); /* after what runs; nothing new */
    start(&desk, "emu:pass");
    UNTIL(&desk, desk.refused == 8);
    let_go();
    UNTIL(&desk, desk.dones == 1);
    while (pump(&desk, 100))
        ;
    desk_close(&desk);
    assert_int_equal(wait_exit(station), 0);
}

static void stopping(void **state)
{
    struct desk desk;
    pid_t station = station_up();

    (void)state;
    desk_open(&desk);
    start(&desk, "emu:wait1");
    start(&desk, "emu:wait2");
    start(&desk, "emu:hang");
    UNTIL(&desk, slot_of(&desk, "emu:wait1")->known && slot_of(&desk, "emu:wait2")->known &&
                     slot_of(&desk, "emu:hang")->running);
    client_stop(&desk.client, "emu:wait1");
    UNTIL(&desk, slot_of(&desk, "emu:wait1")->has_result);
    assert_string_equal(slot_of(&desk, "emu:wait1")->result, "cancelled");
    assert_true(slot_of(&desk, "emu:wait2")->running);
    int64_t asked = clock_ms();
    client_stop(&desk.client, "");
    UNTIL(&desk, slot_of(&desk, "emu:hang")->has_result); /* it does not listen: killed */
    assert_true(clock_ms() - asked >= GRACE_MS - 50);
    assert_string_equal(slot_of(&desk, "emu:hang")->error, "worker-died");
    assert_non_null(strstr(slot_of(&desk, "emu:hang")->text, "killed"));
    assert_string_equal(slot_of(&desk, "emu:wait2")->result, "cancelled");
    client_stop(&desk.client, "");
    UNTIL(&desk, desk.refused == 1);
    quit(&desk, station);
}

static void sigterm_ends_jobs_and_station(void **state)
{
    struct desk desk;
    pid_t station = station_up();

    (void)state;
    desk_open(&desk);
    start(&desk, "emu:wait");
    start(&desk, "emu:hang");
    UNTIL(&desk, slot_of(&desk, "emu:wait")->known && slot_of(&desk, "emu:hang")->running);
    kill(station, SIGTERM);
    while (pump(&desk, 100))
        ;
    assert_int_equal(desk.dones, 2); /* the last words arrive */
    desk_close(&desk);
    assert_int_equal(wait_exit(station), 0);
    assert_string_equal(query("SELECT result FROM job ORDER BY port"), "fail cancelled");
    assert_int_equal(access(sock, F_OK), -1);
}

static void a_killed_station_leaves_interrupted_jobs(void **state)
{
    struct desk desk;
    pid_t station = station_up(), second;
    struct station_options elsewhere = plain;
    char other[120];

    (void)state;
    desk_open(&desk);
    start(&desk, "emu:wait");
    UNTIL(&desk, slot_of(&desk, "emu:wait")->known);
    snprintf(other, sizeof other, "%s.2", sock);
    elsewhere.socket = other;
    second = station_up_with(elsewhere);
    struct desk desk2;
    desk_open_at(&desk2, other);
    assert_string_equal(query("SELECT result FROM job"), "running"); /* its station lives */
    quit(&desk2, second);

    kill(station, SIGKILL);
    waitpid(station, NULL, 0);
    while (pump(&desk, 100))
        ;
    desk_close(&desk);
    station = station_up(); /* over the socket that was left behind */
    desk_open(&desk);
    assert_string_equal(query("SELECT result FROM job"), "interrupted");
    quit(&desk, station);
}

static void two_stations_at_one_socket(void **state)
{
    struct desk desk;
    struct error error = {0};
    pid_t station = station_up();

    (void)state;
    desk_open(&desk);
    assert_int_equal(station_run_with(&plain, &seams, &error), ERR_STATION);
    assert_non_null(strstr(error.text, "already running"));
    start(&desk, "emu:pass"); /* the first one is as well as ever */
    UNTIL(&desk, desk.dones == 1);
    quit(&desk, station);

    /* One who answers without our lock is left alone too. */
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    strcpy(address.sun_path, sock);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(fd, 1), 0);
    error_clear(&error);
    assert_int_equal(station_run_with(&plain, &seams, &error), ERR_STATION);
    assert_int_equal(access(sock, F_OK), 0);
    close(fd); /* now it is stale */
    station = station_up();
    desk_open(&desk);
    quit(&desk, station);

    /* A file that is no socket is not ours to remove. */
    close(open(sock, O_CREAT | O_WRONLY, 0600));
    error_clear(&error);
    assert_int_equal(station_run_with(&plain, &seams, &error), ERR_STATION);
    assert_int_equal(unlink(sock), 0);
}

/* Both find no station, both start one: there is one in the end, and both are at it. */
static void clients_start_the_station(void **state)
{
    char *argv[] = {"espjig", "station-for-test", dir, NULL};
    struct error error = {0};
    struct desk desk;
    int go_on[2];
    pid_t other;

    (void)state;
    assert_int_equal(client_connect(&desk.client, sock, NULL, &error), ERR_STATION);
    error_clear(&error);
    assert_int_equal(pipe(go_on), 0);
    other = fork();
    memset(&desk, 0, sizeof desk);
    model_init(&desk.model);
    if (client_connect(&desk.client, sock, argv, &error) != 0)
        fail_msg("%s", error.text);
    if (other == 0) {
        char c;
        close(go_on[1]);
        bool closed = read(go_on[0], &c, 1) == 0;
        start(&desk, "emu:pass-other");
        UNTIL(&desk, desk.dones == 1);
        _exit(closed ? 0 : 1);
    }
    close(go_on[0]);
    close(go_on[1]);
    UNTIL(&desk, desk.dones == 1);
    assert_string_equal(slot_of(&desk, "emu:pass-other")->result, "pass");
    assert_int_equal(wait_exit(other), 0);
    desk_close(&desk); /* nobody is left and everything was seen: it ends by itself */
    for (int64_t end = clock_ms() + PATIENCE_MS; access(sock, F_OK) == 0;) {
        assert_true(clock_ms() < end);
        clock_sleep(NULL, 20);
    }
}

/* A station that ends by itself, with a job under way and nobody looking. */
static pid_t station_left_at_work(void)
{
    struct station_options options = plain;
    struct desk desk;
    pid_t station;

    options.stay = false;
    station = station_up_with(options);
    desk_open(&desk);
    start(&desk, "emu:wait");
    UNTIL(&desk, slot_of(&desk, "emu:wait")->known);
    desk_close(&desk);
    return station;
}

static void a_result_waits_for_someone_to_see_it(void **state)
{
    struct desk desk;
    pid_t station = station_left_at_work();

    (void)state;
    let_go();
    for (int64_t end = clock_ms() + PATIENCE_MS;
         strcmp(query("SELECT result FROM job"), "pass") != 0;)
        assert_true(clock_ms() < end);
    clock_sleep(NULL, 200);
    assert_int_equal(waitpid(station, NULL, WNOHANG), 0); /* still there */
    desk_open(&desk);
    UNTIL(&desk, slot_of(&desk, "emu:wait")->has_result);
    desk_close(&desk);
    assert_int_equal(wait_exit(station), 0);
}

static void a_result_that_nobody_can_reach_keeps_nothing_running(void **state)
{
    pid_t station = station_left_at_work();

    (void)state;
    assert_int_equal(unlink(sock), 0); /* as when the user's runtime directory is cleared */
    let_go();
    assert_int_equal(wait_exit(station), 0);
    assert_string_equal(query("SELECT result FROM job"), "pass");
}

static int raw_connect(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    strcpy(address.sun_path, sock);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

static void raw_send(int fd, const void *bytes, size_t n)
{
    const char *p = bytes;

    while (n > 0) { /* the station may close while we are at it */
        ssize_t w = send(fd, p, n, MSG_NOSIGNAL);
        if (w <= 0)
            return;
        p += w;
        n -= (size_t)w;
    }
}

static void slow_clients_are_no_burden(void **state)
{
    static const char hello[] = "{\"cmd\":\"hello\",\"v\":1}\n";
    struct desk desk, lazy;
    pid_t station = station_up();
    char c[4096];

    (void)state;
    desk_open(&desk);
    desk_open(&lazy); /* then does not read */
    start(&desk, "emu:flood");
    UNTIL(&desk, slot_of(&desk, "emu:flood")->has_result);
    /* It was spared most of the 20000 steps, but sees the end. */
    UNTIL(&lazy, slot_of(&lazy, "emu:flood")->has_result &&
                     slot_of(&lazy, "emu:flood")->done == 100000 &&
                     slot_of(&lazy, "emu:flood")->files[0].verified);
    assert_true(lazy.events < desk.events);

    int fd = raw_connect();
    raw_send(fd, hello, strlen(hello));
    start(&desk, "emu:babble"); /* two megabytes: more than may wait for one client */
    UNTIL(&desk, slot_of(&desk, "emu:babble")->has_result);
    ssize_t n;
    while ((n = read(fd, c, sizeof c)) > 0)
        ;
    assert_true(n == 0 || errno == ECONNRESET); /* it was dropped */
    close(fd);
    desk_close(&lazy);
    quit(&desk, station);
}

static void bytes_from_hell(void **state)
{
    static const char hello[] = "{\"cmd\":\"hello\",\"v\":1}\n";
    static const char *const lines[] = {
        "\n",
        "soup\n",
        "{}\n",
        "[]\n",
        "7\n",
        "{\"cmd\":7}\n",
        "{\"cmd\":\"dance\"}\n",
        "{\"cmd\":\"start\"}\n",
        "{\"cmd\":\"start\",\"port\":5}\n",
        "{\"cmd\":\"start\",\"port\":\"emu:pass\",\"job\":[]}\n",
        "{\"cmd\":\"start\",\"port\":\"emu:pass\",\"job\":{\"baud\":-1}}\n",
        "{\"cmd\":\"start\",\"port\":\"emu:pass\",\"job\":{\"ops\":[{\"op\":\"x\"}]}}\n",
        "{\"cmd\":\"start\",\"port\":\"emu:pass\",\"job\":{\"images\":{\"a\":1}}}\n",
        "{\"cmd\":\"bench\"}\n",
        "{\"cmd\":\"bench\",\"job\":null}\n",
        "{\"cmd\":\"stop\",\"port\":\"\\u0000\"}\n",
        "{\"cmd\":\"forget\",\"port\":\"%s%n\"}\n",
        "{\"cmd\":\"hello\"}\n",
        "{\"cmd\":\"hello\",\"v\":99999999999999999999}\n",
        "{\"cmd\":\"hello\",\"v\":2}\n",
        "\xff\xfe\x00\x01\n",
    };
    static char junk[3 << 20];
    struct desk desk;
    pid_t station = station_up();

    (void)state;
    desk_open(&desk);
    for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
        for (int greet = 0; greet < 2; greet++) {
            int fd = raw_connect();
            if (greet)
                raw_send(fd, hello, strlen(hello));
            raw_send(fd, lines[i], strlen(lines[i]));
            close(fd);
        }
    }
    memset(junk, '[', sizeof junk);
    junk[sizeof junk / 3] = '\n'; /* deep, then long */
    int fd = raw_connect();
    raw_send(fd, hello, strlen(hello));
    raw_send(fd, junk, sizeof junk);
    close(fd);
    unsigned seed = 12345;
    for (size_t i = 0; i < sizeof junk / 4; i++)
        junk[i] = (char)((seed = seed * 1103515245 + 12345) >> 16);
    for (int greet = 0; greet < 2; greet++) {
        fd = raw_connect();
        if (greet)
            raw_send(fd, hello, strlen(hello));
        raw_send(fd, junk, sizeof junk / 4);
        close(fd);
    }

    /* Another version is told so. */
    char answer[4096];
    size_t n = 0;
    ssize_t got;
    fd = raw_connect();
    raw_send(fd, "{\"cmd\":\"hello\",\"v\":2}\n", 22 + 1);
    while (n < sizeof answer - 1 && (got = read(fd, answer + n, sizeof answer - 1 - n)) > 0)
        n += (size_t)got;
    answer[n] = '\0';
    assert_non_null(strstr(answer, "version 2"));
    close(fd);

    start(&desk, "emu:pass");
    UNTIL(&desk, desk.dones == 1);
    assert_string_equal(slot_of(&desk, "emu:pass")->result, "pass");
    quit(&desk, station);
}

static bool was_warned(struct desk *desk, const char *port)
{
    const struct model_slot *s = slot_of(desk, port);

    for (size_t i = 0; i < s->n_log; i++) {
        if (model_log_at(s, i)->level == LOG_WARNING &&
            strstr(model_log_at(s, i)->text, "no record is kept"))
            return true;
    }
    return false;
}

static void broken_records_do_not_stop_the_work(void **state)
{
    struct desk desk;
    pid_t station;
    sqlite3 *db;

    (void)state;
    FILE *f = fopen(records, "w");
    for (int i = 0; i < 1000; i++)
        fputs("this is no database. ", f);
    fclose(f);
    station = station_up();
    desk_open(&desk);
    start(&desk, "emu:pass");
    UNTIL(&desk, desk.dones == 1);
    assert_string_equal(slot_of(&desk, "emu:pass")->result, "pass");
    assert_true(was_warned(&desk, "emu:pass"));
    quit(&desk, station);

    unlink(records); /* of the future */
    assert_int_equal(sqlite3_open(records, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "PRAGMA user_version = 77", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    station = station_up();
    desk_open(&desk);
    start(&desk, "emu:pass");
    UNTIL(&desk, desk.dones == 1);
    assert_true(was_warned(&desk, "emu:pass"));
    quit(&desk, station);
    assert_string_equal(query("SELECT count(*) FROM sqlite_master"), "0");
}

static void locked_records_are_written_later(void **state)
{
    struct desk desk;
    pid_t station = station_up();
    sqlite3 *db;

    (void)state;
    desk_open(&desk);
    start(&desk, "emu:pass1");
    UNTIL(&desk, desk.dones == 1);
    assert_int_equal(sqlite3_open(records, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "BEGIN EXCLUSIVE", NULL, NULL, NULL), SQLITE_OK);
    start(&desk, "emu:pass2");
    UNTIL(&desk, desk.dones == 2);
    assert_string_equal(slot_of(&desk, "emu:pass2")->result, "pass");
    assert_true(was_warned(&desk, "emu:pass2"));
    sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    sqlite3_close(db);
    quit(&desk, station);
    assert_string_equal(query("SELECT result, mac FROM job ORDER BY id"),
                        "pass|24:0a:c4:00:12:34 pass|24:0a:c4:00:12:34");
}

static void the_bench_is_remembered(void **state)
{
    struct station_options demo = plain;
    struct job job, nothing;
    struct desk desk;
    pid_t station = station_up();

    (void)state;
    desk_open(&desk);
    assert_false(desk.model.has_bench && desk.model.bench.n_images == 3);
    job_init(&job);
    job.baud = 921600;
    for (uint32_t i = 0; i < 3; i++)
        job_add_image(&job, "/x/app.bin", i << 16);
    client_set_bench(&desk.client, &job);
    UNTIL(&desk, desk.model.bench.n_images == 3);
    for (int i = 0; i < 1000; i++)
        job_add_image(&job, "/x/app.bin", 0);
    client_set_bench(&desk.client, &job);
    UNTIL(&desk, desk.refused == 1);
    quit(&desk, station);

    job_init(&nothing); /* one that remembers nothing */
    demo.bench = &nothing;
    station = station_up_with(demo);
    desk_open(&desk);
    UNTIL(&desk, desk.model.has_bench);
    assert_int_equal(desk.model.bench.n_images, 0);
    nothing.baud = 9600;
    client_set_bench(&desk.client, &nothing);
    UNTIL(&desk, desk.model.bench.baud == 9600);
    quit(&desk, station);

    station = station_up();
    desk_open(&desk);
    UNTIL(&desk, desk.model.has_bench);
    assert_int_equal(desk.model.bench.n_images, 3);
    assert_int_equal(desk.model.bench.baud, 921600);
    quit(&desk, station);
    job_done(&job);
    job_done(&nothing);
}

static void make_file(const char *path)
{
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    fputs("precious", f);
    fclose(f);
}

static void only_plain_files_are_removed(void **state)
{
    struct station_options options = plain;
    char demo[96], path[128], precious[128], link_dir[128];
    struct desk desk;

    (void)state;
    snprintf(demo, sizeof demo, "%s/demo", dir);
    snprintf(precious, sizeof precious, "%s/precious", dir);
    make_file(precious);
    for (int round = 0; round < 3; round++) {
        assert_true(mkdir(demo, 0700) == 0 || errno == EEXIST);
        snprintf(path, sizeof path, "%s/flash.bin", demo);
        make_file(path);
        snprintf(link_dir, sizeof link_dir, "%s/demo-link", dir);
        options.remove_dir = demo;
        if (round == 1) { /* a link to the directory: not the directory */
            assert_int_equal(symlink(demo, link_dir), 0);
            options.remove_dir = link_dir;
        }
        if (round == 2) {
            snprintf(path, sizeof path, "%s/link", demo);
            assert_int_equal(symlink(precious, path), 0);
        }
        pid_t station = station_up_with(options);
        desk_open(&desk);
        quit(&desk, station);
        snprintf(path, sizeof path, "%s/flash.bin", demo);
        assert_int_equal(access(path, F_OK) == 0, round == 1);
        assert_int_equal(access(demo, F_OK) == 0, round != 0);
        assert_int_equal(access(precious, F_OK), 0);
    }
    unlink(link_dir);
}

/* The real job_run(), at an address where nobody answers. */
static void a_private_station_goes_with_its_client(void **state)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), line;
    struct desk desk;
    struct job job;
    char port[64], c[4096];

    (void)state;
    assert_int_equal(bind(listener, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(listener, 1), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
    snprintf(port, sizeof port, "socket://127.0.0.1:%d", ntohs(address.sin_port));

    memset(&desk, 0, sizeof desk);
    model_init(&desk.model);
    assert_int_equal(client_private(&desk.client, &desk.error), 0);
    start(&desk, "/dev/does-not-exist");
    job_init(&job);
    job.connect_attempts = 1000;
    job_add_op(&job, OP_CHIP_ID);
    client_start(&desk.client, port, &job);
    job_done(&job);
    UNTIL(&desk, desk.dones == 1);
    assert_string_equal(slot_of(&desk, "/dev/does-not-exist")->error, "port-missing");
    struct pollfd ready = {.fd = listener, .events = POLLIN};
    assert_int_equal(poll(&ready, 1, PATIENCE_MS), 1);
    line = accept(listener, NULL, NULL);
    assert_true(line >= 0);
    const struct timeval patience = {.tv_sec = PATIENCE_MS / 1000};
    setsockopt(line, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    desk_close(&desk);
    ssize_t n; /* the job lets go of the line, without being told by anyone else */
    while ((n = read(line, c, sizeof c)) > 0)
        ;
    assert_true(n == 0 || errno == ECONNRESET);
    close(line);
    close(listener);
}

/* ---- set-up ---- */

static int station_for_test(const char *in)
{
    struct station_options options = plain;
    struct error error = {0};

    snprintf(dir, sizeof dir, "%s", in);
    snprintf(sock, sizeof sock, "%s/s", dir);
    snprintf(records, sizeof records, "%s/records.db", dir);
    snprintf(go, sizeof go, "%s/go", dir);
    if (strcmp(options.socket, "") == 0)
        return 1;
    options.stay = false;
    return station_run_with(&options, &seams, &error) == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_worker_ends_in_one_result, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_recorded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_job_outlives_its_client, set_up, tear_down),
        cmocka_unit_test_setup_teardown(two_clients_see_the_same, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refusals_are_answered, set_up, tear_down),
        cmocka_unit_test_setup_teardown(stopping, set_up, tear_down),
        cmocka_unit_test_setup_teardown(sigterm_ends_jobs_and_station, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_killed_station_leaves_interrupted_jobs, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(two_stations_at_one_socket, set_up, tear_down),
        cmocka_unit_test_setup_teardown(clients_start_the_station, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_result_waits_for_someone_to_see_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_result_that_nobody_can_reach_keeps_nothing_running,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(slow_clients_are_no_burden, set_up, tear_down),
        cmocka_unit_test_setup_teardown(bytes_from_hell, set_up, tear_down),
        cmocka_unit_test_setup_teardown(broken_records_do_not_stop_the_work, set_up, tear_down),
        cmocka_unit_test_setup_teardown(locked_records_are_written_later, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_bench_is_remembered, set_up, tear_down),
        cmocka_unit_test_setup_teardown(only_plain_files_are_removed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_private_station_goes_with_its_client, set_up, tear_down),
    };
    char command[128];

    if (argc == 3 && strcmp(argv[1], "station-for-test") == 0)
        return station_for_test(argv[2]);
    strcpy(dir, "/tmp/espjig-test-XXXXXX");
    if (mkdtemp(dir) == NULL)
        return 77;
    snprintf(sock, sizeof sock, "%s/s", dir);
    snprintf(records, sizeof records, "%s/records.db", dir);
    snprintf(go, sizeof go, "%s/go", dir);
    setenv("XDG_STATE_HOME", dir, 1);
    setenv("XDG_RUNTIME_DIR", dir, 1);
    unsetenv("ESPJIG_SOCKET");
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    snprintf(command, sizeof command, "rm -r %s", dir);
    return system(command) == 0 ? failed : 1;
}
