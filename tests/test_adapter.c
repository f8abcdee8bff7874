/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whole jobs through a USB adapter: umockdev's fake CP2102, libserialport, DTR and RTS to EN and
 * the boot strap of an emulated chip. The emulator's flash file is compared with the images, and a
 * cable that is pulled is never a PASS.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/util.h"
#include "chip/chip.h"
#include "image/sample.h"
#include "job/job.h"
#include "station/client.h"
#include "station/model.h"
#include "station/station.h"
#include "umockdev_fixture.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PATIENCE_MS = 60000, APP_AT = 0x10000, APP_SIZE = 100000, FLASH_SIZE = 4 << 20 };

struct bench {
    char dir[64], app[96], boot[96], table[96], flash[96];
    char option[128];
    const char *extra[3];
    struct buffer app_data, boot_data, table_data;
    struct fixture *fixture;
    unsigned pull_at; /* per cent of the app at which the cable is pulled; 0: never */
    unsigned baud;    /* 0: as usual */
    struct event done;
    bool finish_seen;
    int warnings; /* about a rate */
};

static void file_write(const char *path, const struct buffer *data)
{
    FILE *file = fopen(path, "wb");

    assert_non_null(file);
    assert_int_equal(fwrite(data->data, 1, data->len, file), data->len);
    fclose(file);
}

static void bench_init(struct bench *bench, const struct chip *chip, const char *pace,
                       unsigned baud_max)
{
    *bench = (struct bench){.dir = "/tmp/espjig-adapter-XXXXXX"};
    assert_non_null(mkdtemp(bench->dir));
    snprintf(bench->app, sizeof bench->app, "%s/app.bin", bench->dir);
    snprintf(bench->boot, sizeof bench->boot, "%s/bootloader.bin", bench->dir);
    snprintf(bench->flash, sizeof bench->flash, "%s/flash.bin", bench->dir);
    snprintf(bench->option, sizeof bench->option, "--flash-file=%s", bench->flash);
    bench->extra[0] = bench->option;
    bench->extra[1] = pace;
    sample_app(chip, APP_SIZE, &bench->app_data);
    sample_bootloader(chip, &bench->boot_data);
    file_write(bench->app, &bench->app_data);
    file_write(bench->boot, &bench->boot_data);
    snprintf(bench->table, sizeof bench->table, "%s/table.bin", bench->dir);
    sample_partition_table(chip, &bench->table_data);
    file_write(bench->table, &bench->table_data);
    setenv("XDG_STATE_HOME", bench->dir, 1);
    bench->fixture = fixture_start(
        &(struct fixture_options){.chip = chip->key, .extra = bench->extra, .baud_max = baud_max});
}

static void bench_done(struct bench *bench)
{
    static const char *const left[] = {"rates.json", "rates.json.lock", ""};
    char path[128];

    fixture_end(bench->fixture);
    for (size_t i = 0; i < ARRAY_LEN(left); i++) {
        snprintf(path, sizeof path, "%s/espjig/%s", bench->dir, left[i]);
        remove(path);
    }
    unlink(bench->app);
    unlink(bench->boot);
    unlink(bench->table);
    unlink(bench->flash);
    assert_int_equal(rmdir(bench->dir), 0);
    buffer_done(&bench->app_data);
    buffer_done(&bench->boot_data);
    buffer_done(&bench->table_data);
}

static void note(void *context, const struct event *event)
{
    struct bench *bench = context;

    if (event->kind == EVENT_DONE)
        bench->done = *event;
    if (event->kind == EVENT_STATE)
        bench->finish_seen |= event->state.state == STATE_FINISH;
    if (event->kind == EVENT_LOG && event->log.level == LOG_WARNING)
        bench->warnings += strstr(event->log.text, "a lower rate is used") != NULL;
    if (event->kind == EVENT_PROGRESS && bench->pull_at && event->progress.address == APP_AT &&
        event->progress.done * 100 > event->progress.total * bench->pull_at) {
        bench->pull_at = 0;
        fixture_unplug(bench->fixture);
    }
}

static int flash_images(struct bench *bench, const struct chip *chip)
{
    struct sink sink = {.put = note, .context = bench};
    struct job job;

    job_init(&job);
    job_set_port(&job, fixture_path(bench->fixture));
    job_add_image(&job, bench->boot, chip->bootloader_offset);
    job_add_image(&job, bench->table, JOB_TABLE_ADDRESS);
    job_add_image(&job, bench->app, APP_AT);
    job_add_op(&job, OP_WRITE_FLASH);
    if (bench->baud)
        job.baud = bench->baud;
    int status = job_run(&job, &sink, NULL);
    job_done(&job);
    return status;
}

static void assert_flash_holds(const struct bench *bench, uint32_t address,
                               const struct buffer *data)
{
    uint8_t *flash = xmalloc(FLASH_SIZE);
    FILE *file = fopen(bench->flash, "rb");

    assert_non_null(file);
    assert_int_equal(fread(flash, 1, FLASH_SIZE, file), FLASH_SIZE);
    fclose(file);
    assert_memory_equal(flash + address, data->data, data->len);
    free(flash);
}

static void a_chip_is_flashed(void **state)
{
    static const char *const keys[] = {"esp32", "esp32c3", "esp8266"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        const struct chip *chip = chip_by_name(keys[i]);
        struct bench bench;
        bench_init(&bench, chip, NULL, 0);
        int status = flash_images(&bench, chip);
        if (status != 0)
            fail_msg("%s: %s", keys[i], bench.done.done.text);
        assert_string_equal(bench.done.done.result, "pass");
        assert_true(bench.finish_seen);
        assert_flash_holds(&bench, chip->bootloader_offset, &bench.boot_data);
        assert_flash_holds(&bench, APP_AT, &bench.app_data);
        bench_done(&bench);
    }
}

static void an_adapter_that_refuses_the_rate_is_used_at_a_lower_one(void **state)
{
    const struct chip *chip = chip_by_name("esp32");
    struct bench bench;

    (void)state;
    bench_init(&bench, chip, NULL, 230400);
    bench.baud = 450000; /* the fake adapter's limit is for rates that have no B constant */
    assert_int_equal(flash_images(&bench, chip), 0);
    assert_int_equal(bench.warnings, 1);
    assert_flash_holds(&bench, APP_AT, &bench.app_data);
    bench_done(&bench);
}

static void a_pulled_cable_is_no_pass(void **state)
{
    const struct chip *chip = chip_by_name("esp32");
    struct bench bench;

    (void)state;
    bench_init(&bench, chip, "--pace", 0);
    bench.pull_at = 20;
    assert_int_equal(flash_images(&bench, chip), 3);
    assert_string_equal(bench.done.done.result, "fail");
    assert_string_equal(bench.done.done.error, "port-lost");
    assert_non_null(strstr(bench.done.done.text, fixture_path(bench.fixture)));
    assert_false(bench.finish_seen);
    bench_done(&bench);
}

/* ---- through a station, which finds the port by itself ---- */

struct desk {
    char socket[96];
    pid_t station;
    struct client client;
    struct model model;
    const char *port;
};

static void on_event(void *context, const struct event *event)
{
    model_apply(context, event);
}

static pid_t station_up(const char *socket)
{
    pid_t pid = fork();

    if (pid == 0) {
        struct station_options options = {.socket = socket, .client_fd = -1, .stay = true};
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        _exit(station_run(&options, NULL) == 0 ? 0 : 1);
    }
    return pid;
}

static void desk_open(struct desk *desk, const struct bench *bench)
{
    int64_t end = clock_ms() + PATIENCE_MS;

    *desk = (struct desk){.port = fixture_path(bench->fixture)};
    snprintf(desk->socket, sizeof desk->socket, "%s/s", bench->dir);
    desk->station = station_up(desk->socket);
    model_init(&desk->model);
    while (client_connect(&desk->client, desk->socket, NULL, NULL) != 0) {
        assert_true(clock_ms() < end);
        clock_sleep(NULL, 10);
    }
}

static void desk_close(struct desk *desk)
{
    char path[128];
    int status;

    client_close(&desk->client);
    model_done(&desk->model);
    kill(desk->station, SIGTERM);
    assert_int_equal(waitpid(desk->station, &status, 0), desk->station);
    snprintf(path, sizeof path, "%s.lock", desk->socket);
    unlink(path);
}

/* Listens to the station until `reached` says so. */
static const struct model_slot *desk_until(struct desk *desk,
                                           bool (*reached)(const struct model_slot *slot))
{
    const struct sink sink = {.put = on_event, .context = &desk->model};
    int64_t end = clock_ms() + PATIENCE_MS;
    struct error error = {0};

    while (!reached(model_find(&desk->model, desk->port))) {
        short events = client_wants_write(&desk->client) ? POLLIN | POLLOUT : POLLIN;
        clock_wait(NULL, desk->client.fd, events, 100);
        if (client_pump(&desk->client, &sink, &error) != 0)
            fail_msg("the station has gone: %s", error.text);
        assert_true(clock_ms() < end);
    }
    return model_find(&desk->model, desk->port);
}

static bool is_there(const struct model_slot *slot)
{
    return slot && slot->present;
}

static bool has_ended(const struct model_slot *slot)
{
    return slot && slot->has_result;
}

static bool is_gone(const struct model_slot *slot)
{
    return slot == NULL || !slot->present;
}

static void a_station_sees_it_come_flashes_it_and_sees_it_go(void **state)
{
    const struct chip *chip = chip_by_name("esp32c3");
    const struct model_slot *slot;
    struct bench bench;
    struct desk desk;
    struct job job;

    (void)state;
    bench_init(&bench, chip, NULL, 0);
    desk_open(&desk, &bench);
    slot = desk_until(&desk, is_there);
    assert_string_equal(slot->driver, "cp210x");
    assert_int_equal(slot->vid, 0x10C4);
    job_init(&job);
    job_add_image(&job, bench.app, APP_AT);
    job_add_op(&job, OP_WRITE_FLASH);
    client_start(&desk.client, desk.port, &job);
    job_done(&job);
    slot = desk_until(&desk, has_ended);
    if (strcmp(slot->result, "pass") != 0)
        fail_msg("%s", slot->text);
    assert_int_equal(slot->state, STATE_FINISH);
    assert_flash_holds(&bench, APP_AT, &bench.app_data);
    fixture_unplug(bench.fixture);
    desk_until(&desk, is_gone);
    desk_close(&desk);
    bench_done(&bench);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_chip_is_flashed),
        cmocka_unit_test(an_adapter_that_refuses_the_rate_is_used_at_a_lower_one),
        cmocka_unit_test(a_pulled_cable_is_no_pass),
        cmocka_unit_test(a_station_sees_it_come_flashes_it_and_sees_it_go),
    };
    (void)argc;
    fixture_enter(argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
