/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The promise of the house, with real jobs on emulated chips: whatever happens to the dashboards in
 * mid-write, the write finishes, is verified by the chip and is recorded; and a worker that is
 * killed never becomes a pass.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/util.h"
#include "image/digest.h"
#include "station/client.h"
#include "station/model.h"
#include "station/process.h"
#include "station/station.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PATIENCE_MS = 60000, SIZE = 50000, ADDRESS = 0x10000, BOARDS = 3 };

static char dir[64], sock[96], records[96], image[96], flash[BOARDS][96], port[BOARDS][200];
static uint8_t bytes[SIZE];

struct desk {
    struct client client;
    struct model model;
    struct error error;
};

static void on_event(void *context, const struct event *event)
{
    model_apply(context, event);
}

static bool pump(struct desk *desk)
{
    const struct sink sink = {.put = on_event, .context = &desk->model};
    short events = client_wants_write(&desk->client) ? POLLIN | POLLOUT : POLLIN;

    clock_wait(NULL, desk->client.fd, events, 100);
    return client_pump(&desk->client, &sink, &desk->error) == 0;
}

#define UNTIL(desk, condition)                                             \
    do {                                                                   \
        int64_t until = clock_ms() + PATIENCE_MS;                          \
        while (!(condition)) {                                             \
            if (!pump(desk))                                               \
                fail_msg("the station has gone: %s", (desk)->error.text);  \
            if (clock_ms() > until)                                        \
                fail_msg("line %d: never came: %s", __LINE__, #condition); \
        }                                                                  \
    } while (0)

static void desk_open(struct desk *desk)
{
    int64_t end = clock_ms() + PATIENCE_MS;

    memset(desk, 0, sizeof *desk);
    model_init(&desk->model);
    while (client_connect(&desk->client, sock, NULL, &desk->error) != 0 && clock_ms() < end) {
        error_clear(&desk->error);
        clock_sleep(NULL, 10);
    }
}

static void desk_close(struct desk *desk)
{
    client_close(&desk->client);
    model_done(&desk->model);
}

static const struct model_slot *slot_of(struct desk *desk, int board)
{
    static const struct model_slot none;
    const struct model_slot *slot = model_find(&desk->model, port[board]);

    return slot ? slot : &none;
}

static void start_write(struct desk *desk, int board)
{
    struct job job;

    job_init(&job);
    job.no_stub = true;
    job_add_image(&job, image, ADDRESS);
    job_add_op(&job, OP_WRITE_FLASH);
    client_start(&desk->client, port[board], &job);
    job_done(&job);
}

static bool in_mid_write(struct desk *desk, int board)
{
    const struct model_slot *s = slot_of(desk, board);

    return s->running && s->state == STATE_WRITE && s->done > 0 && s->done < s->total;
}

static pid_t station_up(void)
{
    pid_t pid = fork();

    if (pid == 0) {
        struct station_options options = {.socket = sock,
                                          .client_fd = -1,
                                          .no_local_ports = true,
                                          .records = records,
                                          .stay = true};
        struct error error = {0};
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        util_close_others(NULL, 0);
        if (station_run(&options, &error) != 0)
            fprintf(stderr, "station: %s\n", error.text);
        _exit(error.code ? 1 : 0);
    }
    return pid;
}

/* A dashboard that starts a board and is in mid-write when the pipe gets a byte. */
static pid_t dashboard_up(int board, int told)
{
    pid_t pid = fork();

    if (pid == 0) {
        struct desk desk;
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        desk_open(&desk);
        start_write(&desk, board);
        UNTIL(&desk, in_mid_write(&desk, board));
        if (write(told, "x", 1) != 1)
            _exit(1);
        for (;;)
            pump(&desk);
    }
    return pid;
}

static bool flash_holds_image(int board)
{
    static uint8_t held[SIZE];
    int fd = open(flash[board], O_RDONLY);
    ssize_t n = fd < 0 ? -1 : pread(fd, held, SIZE, ADDRESS);

    if (fd >= 0)
        close(fd);
    return n == SIZE && memcmp(held, bytes, SIZE) == 0;
}

static void record_of(int board, char *text, size_t size)
{
    static const char sql[] = "SELECT result, error, chip, json_extract(results, '$[0].md5') "
                              "FROM job WHERE port = ?1 ORDER BY id DESC LIMIT 1";
    sqlite3 *db;
    sqlite3_stmt *stmt;
    const char *values[4] = {"-", "-", "-", "-"};

    assert_int_equal(sqlite3_open(records, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
    sqlite3_bind_text(stmt, 1, port[board], -1, SQLITE_STATIC);
    if (sqlite3_step(stmt) == SQLITE_ROW) {
        for (int i = 0; i < 4; i++) {
            const char *value = (const char *)sqlite3_column_text(stmt, i);
            values[i] = value ? value : "-";
        }
    }
    snprintf(text, size, "%s %s %s %s", values[0], values[1], values[2], values[3]);
    sqlite3_finalize(stmt);
    sqlite3_close(db);
}

static void passed_and_recorded(struct desk *desk, int board)
{
    const struct model_slot *s = slot_of(desk, board);
    char expected[128], found[128], hex[33];
    uint8_t md5[16];

    digest_md5(bytes, SIZE, md5);
    snprintf(expected, sizeof expected, "pass - esp32 %s", util_hex_format(hex, md5, sizeof md5));
    record_of(board, found, sizeof found);
    assert_string_equal(found, expected);
    assert_string_equal(s->result, "pass");
    assert_int_equal(s->state, STATE_FINISH);
    assert_true(s->n_files == 1 && s->files[0].verified && s->done == SIZE);
    assert_true(flash_holds_image(board));
}

/* The station's one child that runs while only one job does. */
static pid_t only_worker(pid_t station)
{
    char path[64], text[64] = "";
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", station, station);
    FILE *f = fopen(path, "r");

    if (f == NULL || fgets(text, sizeof text, f) == NULL)
        text[0] = '\0';
    if (f)
        fclose(f);
    return (pid_t)atoi(text);
}

static void a_write_outlives_its_dashboards(void **state)
{
    pid_t station = station_up(), dashboards[2];
    struct desk desk;
    int told[2], status;
    char c;

    (void)state;
    assert_int_equal(pipe(told), 0);
    for (int i = 0; i < 2; i++)
        dashboards[i] = dashboard_up(i, told[1]);
    struct pollfd ready = {.fd = told[0], .events = POLLIN};
    for (int i = 0; i < 2; i++)
        assert_true(poll(&ready, 1, PATIENCE_MS) == 1 && read(told[0], &c, 1) == 1);
    kill(dashboards[0], SIGHUP);
    kill(station, SIGHUP);
    kill(dashboards[1], SIGKILL);
    for (int i = 0; i < 2; i++)
        waitpid(dashboards[i], &status, 0);

    desk_open(&desk);
    UNTIL(&desk, slot_of(&desk, 0)->present && slot_of(&desk, 1)->present);
    assert_true(slot_of(&desk, 0)->known && slot_of(&desk, 1)->known);
    UNTIL(&desk, slot_of(&desk, 0)->has_result && slot_of(&desk, 1)->has_result);
    for (int i = 0; i < 2; i++)
        passed_and_recorded(&desk, i);

    /* And a worker that is killed: no pass, and the port can be used again. */
    start_write(&desk, 2);
    UNTIL(&desk, in_mid_write(&desk, 2));
    pid_t worker = only_worker(station);
    if (worker > 0) {
        char found[128];
        kill(worker, SIGKILL);
        UNTIL(&desk, slot_of(&desk, 2)->has_result);
        assert_string_equal(slot_of(&desk, 2)->error, "worker-died");
        assert_non_null(strstr(slot_of(&desk, 2)->text, "signal 9"));
        assert_int_equal(slot_of(&desk, 2)->state, STATE_ERROR);
        record_of(2, found, sizeof found);
        assert_string_equal(found, "fail worker-died esp32 -");
        start_write(&desk, 2);
        UNTIL(&desk, slot_of(&desk, 2)->running);
    }
    UNTIL(&desk, slot_of(&desk, 2)->has_result);
    passed_and_recorded(&desk, 2);

    /* STOP in mid-write; of an image that is not there yet, or nothing would be written. */
    unlink(flash[2]);
    start_write(&desk, 2);
    UNTIL(&desk, in_mid_write(&desk, 2));
    client_stop(&desk.client, port[2]);
    UNTIL(&desk, slot_of(&desk, 2)->has_result);
    assert_string_equal(slot_of(&desk, 2)->result, "cancelled");
    assert_int_equal(slot_of(&desk, 2)->passed, 1);
    client_quit(&desk.client);
    while (pump(&desk))
        ;
    desk_close(&desk);
    waitpid(station, &status, 0);
    assert_int_equal(status, 0);
    close(told[0]);
    close(told[1]);
}

static void prepare(void)
{
    uint32_t x = 99;

    for (size_t i = 0; i < SIZE; i++) /* noise: compression must not make it too short */
        bytes[i] = (uint8_t)((x = x * 1664525 + 1013904223) >> 24);
    snprintf(sock, sizeof sock, "%s/s", dir);
    snprintf(records, sizeof records, "%s/records.db", dir);
    snprintf(image, sizeof image, "%s/data.bin", dir);
    for (int i = 0; i < BOARDS; i++) {
        snprintf(flash[i], sizeof flash[i], "%s/flash%d.bin", dir, i);
        snprintf(port[i], sizeof port[i], "emu:esp32,flash-file=%s,pace", flash[i]);
    }
    FILE *f = fopen(image, "w");
    if (f == NULL || fwrite(bytes, 1, SIZE, f) != SIZE || fclose(f) != 0)
        abort();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_write_outlives_its_dashboards),
    };
    const char *build = getenv("top_builddir");
    char command[128], emu[4096];

    if (getenv("ESPJIG_EMU") == NULL) {
        snprintf(emu, sizeof emu, "%s/espjig-emu", build ? build : ".");
        if (access(emu, X_OK) != 0)
            return 77;
        setenv("ESPJIG_EMU", emu, 1);
    }
    strcpy(dir, "/tmp/espjig-test-XXXXXX");
    if (mkdtemp(dir) == NULL)
        return 77;
    setenv("XDG_STATE_HOME", dir, 1);
    prepare();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    snprintf(command, sizeof command, "rm -r %s", dir);
    return system(command) == 0 ? failed : 1;
}
