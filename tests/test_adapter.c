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
#include "base/util.h"
#include "chip/chip.h"
#include "image/sample.h"
#include "job/job.h"
#include "umockdev_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { APP_AT = 0x10000, APP_SIZE = 100000, FLASH_SIZE = 4 << 20 };

struct bench {
    char dir[64], app[96], boot[96], flash[96];
    char option[128];
    const char *extra[3];
    struct buffer app_data, boot_data;
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
    bench->fixture = fixture_start(
        &(struct fixture_options){.chip = chip->key, .extra = bench->extra, .baud_max = baud_max});
}

static void bench_done(struct bench *bench)
{
    fixture_end(bench->fixture);
    unlink(bench->app);
    unlink(bench->boot);
    unlink(bench->flash);
    assert_int_equal(rmdir(bench->dir), 0);
    buffer_done(&bench->app_data);
    buffer_done(&bench->boot_data);
}

static void note(void *context, const struct event *event)
{
    struct bench *bench = context;

    if (event->kind == EVENT_DONE)
        bench->done = *event;
    if (event->kind == EVENT_STATE)
        bench->finish_seen |= event->state.state == STATE_FINISH;
    if (event->kind == EVENT_LOG && event->log.level == LOG_WARNING)
        bench->warnings += strstr(event->log.text, "staying at") != NULL;
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

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_chip_is_flashed),
        cmocka_unit_test(an_adapter_that_refuses_the_rate_is_used_at_a_lower_one),
        cmocka_unit_test(a_pulled_cable_is_no_pass),
    };
    (void)argc;
    fixture_enter(argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
