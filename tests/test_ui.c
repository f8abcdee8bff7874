/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ui/: cells, the key table, what keys do, and every screen as text. The expected screens are
 * tests/ui/NAME.screen; UPDATE_SCREENS=1 in the environment writes them anew (look at them then!).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/buffer.h"
#include "base/util.h"
#include "image/partition.h"
#include "image/sample.h"
#include "station/model.h"
#include "ui/bench_map.h"
#include "ui/canvas.h"
#include "ui/dash.h"
#include "ui/draw.h"
#include "ui/prompt.h"

#include <ftw.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- a bench made by hand -------------------------------------------------------------------- */

struct bench {
    struct model model;
    struct dash dash;
    struct canvas canvas;
};

static char workdir[64];

/* 2026-01-01 14:02:00 UTC */
#define NOON_ISH 1767276120

static void bench_init(struct bench *bench)
{
    model_init(&bench->model);
    dash_init(&bench->dash, &bench->model, "bench-pi");
    bench->dash.now_ms = 1000;
    bench->dash.wall = NOON_ISH;
    util_copy(bench->dash.cwd, sizeof bench->dash.cwd, workdir);
    canvas_init(&bench->canvas, false);
}

static void bench_done(struct bench *bench)
{
    canvas_done(&bench->canvas);
    dash_done(&bench->dash);
    model_done(&bench->model);
}

static void apply(struct bench *bench, const struct event *event)
{
    model_apply(&bench->model, event);
    dash_event(&bench->dash, event);
}

static struct event event_of(enum event_kind kind, const char *port)
{
    struct event event;

    event_init(&event, kind);
    util_copy(event.port, sizeof event.port, port);
    return event;
}

static void say_port(struct bench *bench, const char *port, const char *slot, const char *product,
                     const char *holder)
{
    struct event e = event_of(EVENT_PORT, port);

    e.seen.present = true;
    util_copy(e.seen.name, sizeof e.seen.name, util_basename(port));
    util_copy(e.seen.slot_name, sizeof e.seen.slot_name, slot);
    util_copy(e.seen.product, sizeof e.seen.product, product);
    util_copy(e.seen.holder, sizeof e.seen.holder, holder);
    util_copy(e.seen.driver, sizeof e.seen.driver, "cp210x");
    util_copy(e.seen.serial, sizeof e.seen.serial, "0001");
    if (strncmp(product, "CP2102", 6) == 0) { /* the others are not known */
        e.seen.max_baud = product[6] == 'N' ? 3000000 : 921600;
        snprintf(e.seen.adapter, sizeof e.seen.adapter, "%.*s", (int)strcspn(product, " "),
                 product);
    }
    e.seen.vid = 0x10c4;
    e.seen.pid = 0xea60;
    apply(bench, &e);
}

static void say_state(struct bench *bench, const char *port, enum job_state state,
                      const char *detail)
{
    struct event e = event_of(EVENT_STATE, port);

    e.state.state = state;
    util_copy(e.state.detail, sizeof e.state.detail, detail);
    apply(bench, &e);
}

static void say_chip(struct bench *bench, const char *port, const char *key, const char *name,
                     const char *mac)
{
    struct event e = event_of(EVENT_CHIP, port);

    util_copy(e.chip.chip, sizeof e.chip.chip, key);
    util_copy(e.chip.name, sizeof e.chip.name, name);
    util_copy(e.chip.revision, sizeof e.chip.revision, "v0.2");
    util_copy(e.chip.mac, sizeof e.chip.mac, mac);
    e.chip.crystal_mhz = 40;
    apply(bench, &e);
    e = event_of(EVENT_FLASH, port);
    e.flash.size = 4 << 20;
    util_copy(e.flash.vendor, sizeof e.flash.vendor, "Winbond");
    apply(bench, &e);
}

/* The chip event again, with all that a chip can have. */
static void say_addresses(struct bench *bench, const char *port, const char *security)
{
    const struct model_slot *slot = model_find(&bench->model, port);
    struct event e = event_of(EVENT_CHIP, port);

    util_copy(e.chip.chip, sizeof e.chip.chip, slot->chip);
    util_copy(e.chip.name, sizeof e.chip.name, slot->chip_name);
    util_copy(e.chip.revision, sizeof e.chip.revision, slot->revision);
    util_copy(e.chip.mac, sizeof e.chip.mac, slot->mac);
    util_copy(e.chip.eui64, sizeof e.chip.eui64, "7c:df:a1:ff:fe:00:43:21");
    util_copy(e.chip.mac_ap, sizeof e.chip.mac_ap, "7c:df:a1:00:43:22");
    util_copy(e.chip.mac_bt, sizeof e.chip.mac_bt, "7c:df:a1:00:43:23");
    util_copy(e.chip.mac_ethernet, sizeof e.chip.mac_ethernet, "7c:df:a1:00:43:24");
    util_copy(e.chip.security, sizeof e.chip.security, security);
    e.chip.crystal_mhz = 40;
    apply(bench, &e);
}

static void say_progress(struct bench *bench, const char *port, const char *file, uint32_t address,
                         uint64_t done, uint64_t total, double rate)
{
    struct event e = event_of(EVENT_PROGRESS, port);
    char path[160];

    snprintf(path, sizeof path, "%s/%s", workdir, file);
    util_copy(e.progress.op, sizeof e.progress.op, "write-flash");
    util_copy(e.progress.file, sizeof e.progress.file, path);
    e.progress.address = address;
    e.progress.done = done;
    e.progress.total = total;
    e.progress.rate = rate;
    e.progress.baud = 921600;
    e.progress.left = rate > 0 ? (double)(total - done) / rate : -1;
    apply(bench, &e);
}

static void say_sent(struct bench *bench, const char *port, uint32_t address, unsigned written,
                     unsigned skipped)
{
    struct event e = event_of(EVENT_RESULT, port);

    util_copy(e.result.op, sizeof e.result.op, "write-flash");
    e.result.ok = true;
    event_result_add(&e, "address", "0x%x", (unsigned)address);
    event_result_add(&e, "written", "%u", written);
    event_result_add(&e, "skipped", "%u", skipped);
    apply(bench, &e);
}

static void say_verified(struct bench *bench, const char *port, uint32_t address)
{
    say_sent(bench, port, address, 4096, 0);
}

static void say_log(struct bench *bench, const char *port, enum log_level level, const char *text)
{
    struct event e = event_of(EVENT_LOG, port);

    e.log.level = level;
    util_copy(e.log.text, sizeof e.log.text, text);
    apply(bench, &e);
    struct model_slot *slot = model_find(&bench->model, port); /* its clock is the real one */
    slot->log[(slot->log_first + slot->n_log - 1) % MODEL_LOG_LINES].wall = NOON_ISH + 3;
}

static void say_rx(struct bench *bench, const char *port, const char *text)
{
    struct event e = event_of(EVENT_RX, port);

    e.rx.n = (uint16_t)strlen(text);
    memcpy(e.rx.bytes, text, e.rx.n);
    apply(bench, &e);
    struct model_slot *slot = model_find(&bench->model, port);
    slot->log[(slot->log_first + slot->n_log - 1) % MODEL_LOG_LINES].wall = NOON_ISH + 3;
}

static void say_done(struct bench *bench, const char *port, const char *result, const char *id,
                     const char *text, double elapsed)
{
    struct event e = event_of(EVENT_DONE, port);

    util_copy(e.done.result, sizeof e.done.result, result);
    util_copy(e.done.error, sizeof e.done.error, id);
    util_copy(e.done.text, sizeof e.done.text, text);
    e.done.elapsed = elapsed;
    apply(bench, &e);
}

static void keys(struct bench *bench, const char *text)
{
    for (; *text; text++)
        dash_key(&bench->dash, *text == '\n' ? K_ENTER : (unsigned char)*text);
}

static void file_make(const char *name, size_t size)
{
    char path[160];

    snprintf(path, sizeof path, "%s/%s", workdir, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    for (size_t i = 0; i < size; i++)
        putc((int)(i * 7 % 251), f);
    fclose(f);
}

static void add_image(struct bench *bench, const char *name, uint32_t address)
{
    char path[160];

    snprintf(path, sizeof path, "%s/%s", workdir, name);
    job_add_image(&bench->dash.bench, path, address);
    dash_bench_look(&bench->dash);
}

/* A table as ESP-IDF's "factory app, two OTA definitions", with an odd one behind it. */
static void table_make(const char *name)
{
    struct partition_table table = {
        .rows = {{1, 2, 0x9000, 0x4000, 0, "nvs"},
                 {1, 0, 0xd000, 0x2000, 0, "otadata"},
                 {1, 1, 0xf000, 0x1000, 0, "phy_init"},
                 {0, 0, 0x10000, 0x100000, 0, "factory"},
                 {0, 0x10, 0x110000, 0x100000, 0, "ota_0"},
                 {0, 0x11, 0x210000, 0x100000, 0, "ota_1"},
                 {1, 0x82, 0x310000, 0xf0000, PARTITION_FLAG_ENCRYPTED, "storage"}},
        .n = 7,
    };
    struct buffer bytes = {0};
    char path[160];

    partition_table_write(&table, true, &bytes);
    snprintf(path, sizeof path, "%s/%s", workdir, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fwrite(bytes.data, 1, bytes.len, f);
    fclose(f);
    buffer_done(&bytes);
}

static void text_make(const char *name, const char *text)
{
    char path[160];

    snprintf(path, sizeof path, "%s/%s", workdir, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static void bootloader_make(const char *name)
{
    struct buffer out = {0};
    FILE *f = fopen(name, "wb");

    assert_non_null(f);
    sample_bootloader(chip_get(CHIP_ESP32), &out);
    assert_int_equal(fwrite(out.data, 1, out.len, f), out.len);
    fclose(f);
    buffer_done(&out);
}

/* ---- scenes ---------------------------------------------------------------------------------- */

#define USB0 "/dev/ttyUSB0"
#define USB1 "/dev/ttyUSB1"
#define USB2 "/dev/ttyUSB2"
#define ACM0 "/dev/ttyACM0"

static void scene_no_ports(struct bench *bench)
{
    (void)bench;
}

static void scene_idle(struct bench *bench)
{
    add_image(bench, "bootloader.bin", 0x1000);
    add_image(bench, "partition-table.bin", 0x8000);
    add_image(bench, "app.bin", 0x10000);
    say_port(bench, USB0, "1-1.2", "CP2102N USB to UART Bridge Controller", "");
    say_port(bench, USB1, "1-1.3", "CP2102 USB to UART Bridge Controller", "");
    say_port(bench, ACM0, "1-1.4", "USB JTAG/serial debug unit", "");
    say_port(bench, USB2, "1-1.5", "USB Serial", "minicom (pid 4711)");
}

static void scene_idle_empty(struct bench *bench)
{
    say_port(bench, USB0, "1-1.2", "CP2102N USB to UART Bridge Controller", "");
}

static void finish(struct bench *bench, const char *port, double elapsed)
{
    say_state(bench, port, STATE_WRITE, "app.bin");
    say_progress(bench, port, "bootloader.bin", 0x1000, 26624, 26624, 90000);
    say_progress(bench, port, "partition-table.bin", 0x8000, 3072, 3072, 90000);
    say_progress(bench, port, "app.bin", 0x10000, 204800, 204800, 90000);
    say_verified(bench, port, 0x1000);
    say_verified(bench, port, 0x8000);
    say_verified(bench, port, 0x10000);
    say_state(bench, port, STATE_FINISH, "");
    say_done(bench, port, "pass", "", "", elapsed);
}

static void scene_flashing(struct bench *bench)
{
    scene_idle(bench);
    say_state(bench, USB1, STATE_SYNC, "1 of 7");
    say_chip(bench, USB1, "esp32", "ESP32-D0WD-V3", "24:0a:c4:00:12:34");
    finish(bench, USB1, 6.8);
    say_state(bench, ACM0, STATE_SYNC, "3 of 7");
    say_state(bench, USB0, STATE_SYNC, "1 of 7");
    say_log(bench, USB0, LOG_INFO, "reset by DTR/RTS, boot:0x3 DOWNLOAD, SYNC in 0.2 s");
    say_chip(bench, USB0, "esp32s3", "ESP32-S3 (QFN56)", "7c:df:a1:00:43:21");
    say_rx(bench, USB0, "waiting for download"); /* in the whole log only */
    say_addresses(bench, USB0, "none");
    say_log(bench, USB0, LOG_INFO, "ESP32-S3 (QFN56) v0.2, 4 MB flash Winbond 0xef4017");
    say_log(bench, USB0, LOG_WARNING, "the stub did not come up; going on with the ROM");
    say_state(bench, USB0, STATE_WRITE, "bootloader.bin");
    say_progress(bench, USB0, "bootloader.bin", 0x1000, 26624, 26624, 88000);
    say_verified(bench, USB0, 0x1000);
    say_progress(bench, USB0, "partition-table.bin", 0x8000, 3072, 3072, 91000);
    say_verified(bench, USB0, 0x8000);
    say_progress(bench, USB0, "app.bin", 0x10000, 126976, 204800, 94208);
}

/* Most of it was there already. */
static void scene_unchanged(struct bench *bench)
{
    scene_idle(bench);
    say_state(bench, USB0, STATE_SYNC, "1 of 7");
    say_chip(bench, USB0, "esp32c6", "ESP32-C6FH4 (QFN32)", "7c:df:a1:00:43:21");
    say_addresses(bench, USB0, "flash encryption");
    finish(bench, USB0, 0.7);
    say_sent(bench, USB0, 0x1000, 0, 26624);
    say_sent(bench, USB0, 0x8000, 0, 3072);
    say_sent(bench, USB0, 0x10000, 8192, 204800 - 8192);
    say_log(bench, USB0, LOG_INFO, "bootloader.bin: 26 KB at 0x1000 were already there, verified");
    say_log(bench, USB0, LOG_INFO, "app.bin: 8 KB of 200 KB at 0x10000 written and verified");
}

static void scene_stopped(struct bench *bench)
{
    scene_flashing(bench);
    say_state(bench, USB0, STATE_ERROR, "");
    say_done(bench, USB0, "cancelled", "cancelled", "writing app.bin: stopped on request", 3.1);
}

/* As the demo's: what is written depends on the chip that is found. */
static void scene_any_chip(struct bench *bench)
{
    job_add_image(&bench->dash.bench, "/opt/samples/{chip}/bootloader.bin", JOB_ADDRESS_BOOTLOADER);
    job_add_image(&bench->dash.bench, "/opt/samples/{chip}/app.bin", 0x10000);
    dash_bench_look(&bench->dash);
    say_port(bench, USB0, "1-1.2", "CP2102N USB to UART Bridge Controller", "");
    say_port(bench, USB1, "1-1.3", "CP2102 USB to UART Bridge Controller", "");
    say_state(bench, USB0, STATE_SYNC, "");
    say_chip(bench, USB0, "esp32", "ESP32-D0WD-V3", "24:0a:c4:00:12:34");
    say_state(bench, USB0, STATE_WRITE, "bootloader.bin");
    say_progress(bench, USB0, "bootloader.bin", 0x1000, 0, 26624, 0);
    say_progress(bench, USB0, "app.bin", 0x10000, 0, 204800, 0);
    say_progress(bench, USB0, "bootloader.bin", 0x1000, 13312, 26624, 90000);
}

static void scene_any_chip_images(struct bench *bench)
{
    scene_any_chip(bench);
    keys(bench, "i");
}

static void scene_finished(struct bench *bench)
{
    scene_flashing(bench);
    say_progress(bench, USB0, "app.bin", 0x10000, 204800, 204800, 94208);
    say_verified(bench, USB0, 0x10000);
    say_log(bench, USB0, LOG_INFO, "all 3 images are verified by the chip");
    say_state(bench, USB0, STATE_FINISH, "");
    say_done(bench, USB0, "pass", "", "", 5.1);
}

static void scene_failed(struct bench *bench)
{
    scene_flashing(bench);
    struct event e = event_of(EVENT_HINT, ACM0);
    util_copy(e.hint.id, sizeof e.hint.id, "boot-mode");
    util_copy(e.hint.cause, sizeof e.hint.cause,
              "this board has no working auto-reset (often no capacitor at EN)");
    util_copy(e.hint.evidence, sizeof e.hint.evidence,
              "boot:0x13 (SPI_FAST_FLASH_BOOT): GPIO0 was high at reset");
    util_copy(e.hint.fix, sizeof e.hint.fix,
              "hold BOOT, tap EN, let go of BOOT, and start again; for good: 1 uF or more from EN "
              "to GND");
    apply(bench, &e);
    say_state(bench, ACM0, STATE_COM_FAIL, "");
    say_done(bench, ACM0, "fail", "wrong-boot-mode",
             "ttyACM0: the chip started its program instead of the download mode", 7.2);
    keys(bench, "jj");
}

static void scene_log(struct bench *bench)
{
    scene_failed(bench);
    say_log(bench, ACM0, LOG_INFO, "reset by DTR/RTS");
    say_rx(bench, ACM0, "rst:0x1 (POWERON),boot:0x13 (SPI_FAST_FLASH_BOOT)");
    say_log(bench, ACM0, LOG_ERROR, "no answer to SYNC");
    keys(bench, "l");
}

static void scene_images(struct bench *bench)
{
    scene_idle(bench);
    add_image(bench, "assets.bin", 0x2000);
    job_add_image(&bench->dash.bench, "/nonexistent/missing.bin", 0x200000);
    dash_bench_look(&bench->dash);
    keys(bench, "ijj");
    bench->dash.bench.images[2].enabled = false;
    bench->dash.bench.erase_all = true;
    bench->dash.bench.flash_mode = FLASH_DIO;
}

/* A build with a partition table; app.bin also goes where it has no business. */
static void scene_map(struct bench *bench)
{
    scene_idle_empty(bench);
    say_state(bench, USB0, STATE_SYNC, "");
    say_chip(bench, USB0, "esp32", "ESP32-D0WD-V3", "24:0a:c4:00:12:34");
    say_done(bench, USB0, "pass", "", "", 1);
    add_image(bench, "bootloader.bin", 0x1000);
    add_image(bench, "table.bin", 0x8000);
    add_image(bench, "app.bin", 0x10000);
    job_add_image(&bench->dash.bench, "assets.bin", JOB_ADDRESS_PARTITION);
    util_copy(bench->dash.bench.images[3].partition, sizeof bench->dash.bench.images[3].partition,
              "storage");
    bench->dash.bench.images[3].enabled = false;
    bench->dash.bench.flash_mode = FLASH_DIO;
    util_copy(bench->dash.bench.flash_freq, sizeof bench->dash.bench.flash_freq, "40m");
    util_copy(bench->dash.bench.flash_size, sizeof bench->dash.bench.flash_size, "detect");
    dash_bench_look(&bench->dash);
    keys(bench, "ijj");
}

static void scene_map_conflict(struct bench *bench)
{
    scene_map(bench);
    add_image(bench, "app.bin", 0x1e8000); /* out of ota_0 into ota_1 */
    keys(bench, "jj");
}

static void scene_partitions(struct bench *bench)
{
    scene_map(bench);
    keys(bench, "pjjj");
}

static void scene_notes(struct bench *bench)
{
    scene_map_conflict(bench);
    source_note(&bench->dash.notes, true,
                "spi_download.conf: line 12: key \"crystal\" has no "
                "meaning here: the rate is measured");
    source_note(&bench->dash.notes, false,
                "spi_download.conf: the chip is taken from the "
                "directory's name");
    util_copy(bench->dash.source.path, sizeof bench->dash.source.path, "spi_download.conf");
    keys(bench, "n");
}

static void scene_notes_many(struct bench *bench)
{
    scene_map(bench);
    for (int i = 1; i < 60; i++)
        source_note(&bench->dash.notes, i % 3 == 0, "line %d: this is what was noted about it", i);
    util_copy(bench->dash.source.path, sizeof bench->dash.source.path, "multi_download.conf");
    bench->dash.notes_view.max_top = 9; /* as drawn before */
    keys(bench, "njjj");
}

static void scene_files(struct bench *bench)
{
    scene_map(bench);
    util_copy(bench->dash.home, sizeof bench->dash.home, workdir);
    keys(bench, "o");
    chooser_open(&bench->dash.chooser, "shelf", "");
    keys(bench, "j");
}

static void scene_files_filter(struct bench *bench)
{
    scene_files(bench);
    keys(bench, "/bin");
}

static void scene_defaults(struct bench *bench)
{
    scene_map(bench);
    keys(bench, "D");
    dash_key(&bench->dash, K_RIGHT);
}

static void scene_images_empty(struct bench *bench)
{
    scene_idle_empty(bench);
    keys(bench, "\n");
}

static void scene_images_typing(struct bench *bench)
{
    scene_idle(bench);
    keys(bench, "iaapp.bim\n");
}

static void scene_images_choice(struct bench *bench)
{
    scene_idle(bench);
    keys(bench, "iCC");
}

static void scene_choice_last(struct bench *bench)
{
    scene_idle(bench);
    keys(bench, "iC");
    dash_key(&bench->dash, K_LEFT);
}

static void scene_choice_baud(struct bench *bench)
{
    scene_idle(bench);
    keys(bench, "ib");
}

static void scene_help(struct bench *bench)
{
    scene_idle(bench);
    keys(bench, "?");
}

static void scene_erase(struct bench *bench)
{
    scene_finished(bench);
    keys(bench, "eeras");
}

static void scene_erase_wait(struct bench *bench)
{
    scene_idle(bench);
    keys(bench, "e");
}

static void scene_quit(struct bench *bench)
{
    scene_flashing(bench);
    keys(bench, "q");
}

static void scene_many(struct bench *bench)
{
    for (int i = 0; i < 24; i++) {
        char port[32], slot[32];
        snprintf(port, sizeof port, "/dev/ttyUSB%d", i);
        snprintf(slot, sizeof slot, "1-1.%d.%d", i / 4 + 1, i % 4 + 1);
        say_port(bench, port, slot, "USB Serial", "");
    }
    finish(bench, USB0, 5.25);
    keys(bench, "jjjjjjjjjjjjjj");
}

static const struct {
    const char *name;
    void (*make)(struct bench *bench);
} scenes[] = {
    {"no-ports", scene_no_ports},
    {"idle", scene_idle},
    {"idle-no-images", scene_idle_empty},
    {"flashing", scene_flashing},
    {"any-chip", scene_any_chip},
    {"any-chip-images", scene_any_chip_images},
    {"stopped", scene_stopped},
    {"finished", scene_finished},
    {"unchanged", scene_unchanged},
    {"failed", scene_failed},
    {"log", scene_log},
    {"images", scene_images},
    {"map", scene_map},
    {"map-conflict", scene_map_conflict},
    {"partitions", scene_partitions},
    {"notes", scene_notes},
    {"notes-many", scene_notes_many},
    {"files", scene_files},
    {"files-filter", scene_files_filter},
    {"defaults", scene_defaults},
    {"images-empty", scene_images_empty},
    {"images-typing", scene_images_typing},
    {"images-choice", scene_images_choice},
    {"choice-last", scene_choice_last},
    {"choice-baud", scene_choice_baud},
    {"help", scene_help},
    {"erase", scene_erase},
    {"erase-wait", scene_erase_wait},
    {"quit", scene_quit},
    {"many", scene_many},
};

static const struct {
    int cols, rows;
    bool ascii;
} sizes[] = {
    {80, 24, false}, {80, 24, true}, {60, 17, false}, {200, 50, false}, {40, 10, false},
};

/* ---- screens compared ------------------------------------------------------------------------ */

static char *file_text(const char *path)
{
    FILE *f = fopen(path, "r");
    struct buffer text = {0};
    int c;

    while (f && (c = getc(f)) != EOF)
        buffer_append_byte(&text, (uint8_t)c);
    if (f)
        fclose(f);
    return text.data ? (char *)text.data : xstrdup("");
}

/* Which row differs first, for the message. */
static void say_difference(const char *path, const char *want, const char *got)
{
    int row = 1;

    while (*want && *want == *got) {
        row += *want == '\n';
        want++;
        got++;
    }
    print_error("%s: row %d differs; this is drawn from there on:\n%s\n", path, row, got);
}

static bool screen_matches(const char *path, const struct canvas *canvas)
{
    struct buffer text = {0};

    canvas_to_text(canvas, &text);
    if (getenv("UPDATE_SCREENS")) {
        FILE *f = fopen(path, "w");
        assert_non_null(f);
        fwrite(text.data, 1, text.len, f);
        fclose(f);
    }
    char *want = file_text(path);
    bool same = strcmp(want, (char *)text.data) == 0;
    if (!same)
        say_difference(path, want, (char *)text.data);
    free(want);
    buffer_done(&text);
    return same;
}

static void every_screen_is_as_expected(void **state)
{
    const char *top = getenv("top_srcdir");
    bool same = true;

    (void)state;
    for (size_t s = 0; s < ARRAY_LEN(scenes); s++) {
        for (size_t z = 0; z < ARRAY_LEN(sizes); z++) {
            struct bench bench;
            char path[256];
            bench_init(&bench);
            scenes[s].make(&bench);
            snprintf(path, sizeof path, "%s/tests/ui/%s-%dx%d%s.screen", top ? top : ".",
                     scenes[s].name, sizes[z].cols, sizes[z].rows, sizes[z].ascii ? "-ascii" : "");
            bench.canvas.ascii = sizes[z].ascii;
            canvas_resize(&bench.canvas, sizes[z].rows, sizes[z].cols);
            dash_tick(&bench.dash);
            draw_screen(&bench.canvas, &bench.dash);
            same &= screen_matches(path, &bench.canvas);
            bench_done(&bench);
        }
    }
    assert_true(same);
}

/* However small the screen, the value that Enter would take can be seen, and all of it. */
static void the_marked_value_is_seen(void **state)
{
    static const int rows[] = {6, 8, 10, 24}, cols[] = {20, 40, 80};

    (void)state;
    for (size_t s = 0; s < ARRAY_LEN(rows) * ARRAY_LEN(cols); s++) {
        struct bench bench;
        bench_init(&bench);
        scene_idle(&bench);
        keys(&bench, "iC");
        canvas_resize(&bench.canvas, rows[s % ARRAY_LEN(rows)], cols[s / ARRAY_LEN(rows)]);
        for (size_t i = 0; i < bench.dash.choice.n; i++, dash_key(&bench.dash, K_RIGHT)) {
            struct buffer text = {0};
            draw_screen(&bench.canvas, &bench.dash);
            for (int row = 0; row < bench.canvas.rows; row++) {
                for (int col = 0; col < bench.canvas.cols; col++) {
                    const struct cell *cell = canvas_cell(&bench.canvas, row, col);
                    if (row >= bench.canvas.cursor_row && cell->style & STYLE_SELECTED)
                        buffer_append(&text, cell->text, strlen(cell->text));
                }
            }
            buffer_append_byte(&text, 0);
            char want[40];
            snprintf(want, sizeof want, " %s ", bench.dash.choice.labels[i]);
            assert_string_equal((char *)text.data, want);
            buffer_done(&text);
        }
        bench_done(&bench);
    }
}

/* In ASCII nothing else gets out, whatever the screen. */
static void ascii_is_only_ascii(void **state)
{
    (void)state;
    for (size_t s = 0; s < ARRAY_LEN(scenes); s++) {
        struct bench bench;
        struct buffer text = {0};
        bench_init(&bench);
        scenes[s].make(&bench);
        bench.canvas.ascii = true;
        canvas_resize(&bench.canvas, 30, 100);
        draw_screen(&bench.canvas, &bench.dash);
        canvas_to_text(&bench.canvas, &text);
        for (size_t i = 0; i < text.len; i++)
            assert_true(text.data[i] < 0x7f);
        buffer_done(&text);
        bench_done(&bench);
    }
}

/* ---- canvas ---------------------------------------------------------------------------------- */

static void text_of(const struct canvas *canvas, const char *want)
{
    struct buffer text = {0};

    canvas_to_text(canvas, &text);
    assert_string_equal((char *)text.data, want);
    buffer_done(&text);
}

static void text_is_clipped(void **state)
{
    struct canvas c;

    (void)state;
    canvas_init(&c, false);
    canvas_resize(&c, 2, 5);
    canvas_put(&c, 0, 3, 10, 0, "abcdef");
    canvas_put(&c, 1, -2, 10, 0, "abcdef");
    canvas_put(&c, 7, 0, 10, 0, "nowhere");
    canvas_put(&c, -1, 0, 10, 0, "nowhere");
    text_of(&c, "   ab\ncdef\n");
    canvas_clear(&c);
    assert_int_equal(canvas_put(&c, 0, 0, 3, 0, "abcdef"), 3);
    assert_int_equal(canvas_put_cut(&c, 1, 0, 4, 0, "abcdef"), 4);
    text_of(&c, "abc\nabc…\n");
    canvas_clear(&c);
    canvas_put_tail(&c, 0, 0, 4, 0, "abcdef");
    canvas_put_right(&c, 1, 0, 5, 0, "xy");
    text_of(&c, "…def\n   xy\n");
    canvas_done(&c);
}

static void wide_characters_keep_their_place(void **state)
{
    struct canvas c;

    (void)state;
    canvas_init(&c, false);
    canvas_resize(&c, 1, 6);
    assert_int_equal(canvas_width(&c, "板子"), 4);
    canvas_put(&c, 0, 0, 6, 0, "板子ab");
    text_of(&c, "板子ab\n");
    canvas_put(&c, 0, 1, 1, 0, "x"); /* on the right half: the left half can't stay */
    text_of(&c, " x子ab\n");
    canvas_put(&c, 0, 2, 1, 0, "y");
    text_of(&c, " xy ab\n");
    canvas_clear(&c);
    canvas_put(&c, 0, 5, 6, 0, "板"); /* half of it would be outside */
    text_of(&c, "\n");
    assert_int_equal(canvas_put(&c, 0, 0, 3, 0, "板子"), 2);
    text_of(&c, "板\n");
    canvas_clear(&c);
    canvas_put(&c, 0, 0, 6, 0, "e\xcc\x81x"); /* a combining accent takes no column */
    text_of(&c, "e\xcc\x81x\n");
    assert_int_equal(canvas_cell(&c, 0, 1)->text[0], 'x');
    canvas_done(&c);
}

static void nothing_harmful_gets_out(void **state)
{
    struct canvas c;

    (void)state;
    canvas_init(&c, false);
    canvas_resize(&c, 3, 12);
    canvas_put(&c, 0, 0, 12, 0, "a\033[31mb\001\177");
    canvas_put(&c, 1, 0, 12, 0,
               "\xc2\x9b"
               "31m"); /* C1 control sequence introducer */
    canvas_put(&c, 2, 0, 12, 0, "\xff\xc3(\xe2\x82\xed\xa0\x80"); /* broken UTF-8 */
    text_of(&c, "a?[31mb??\n?31m\n\xef\xbf\xbd\xef\xbf\xbd(\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"
                "\n");
    canvas_done(&c);
}

static void text_wraps_at_blanks(void **state)
{
    struct canvas c;

    (void)state;
    canvas_init(&c, false);
    canvas_resize(&c, 5, 8);
    assert_int_equal(
        canvas_put_wrapped(&c, (struct area){0, 0, 5, 8}, 0, "one two three extraordinary"), 4);
    text_of(&c, "one two\nthree\nextraord\ninary\n\n");
    assert_int_equal(canvas_wrapped_rows(&c, 8, ""), 0);
    canvas_done(&c);
}

static void bars_tell_eighths(void **state)
{
    struct canvas c;

    (void)state;
    canvas_init(&c, false);
    canvas_resize(&c, 4, 4);
    canvas_bar(&c, 0, 0, 4, 0, 0, 0);
    canvas_bar(&c, 1, 0, 4, 0, 9, 32);
    canvas_bar(&c, 2, 0, 4, 0, 99, 32);
    c.ascii = true;
    canvas_bar(&c, 3, 0, 4, 0, 16, 32);
    text_of(&c, "····\n█▏··\n████\n##--\n");
    canvas_done(&c);
}

static void percent_never_lies(void **state)
{
    char text[16];

    (void)state;
    assert_string_equal(percent_text(text, sizeof text, 0, 0), "0 %");
    assert_string_equal(percent_text(text, sizeof text, 9999999, 10000000), "99 %");
    assert_string_equal(percent_text(text, sizeof text, 7, 7), "100 %");
}

/* ---- the key table --------------------------------------------------------------------------- */

static bool above(enum context context, enum context maybe_parent)
{
    while (context != maybe_parent && context != CONTEXT_ALWAYS)
        context = context_parent(context);
    return context == maybe_parent;
}

static void no_key_is_bound_twice(void **state)
{
    char name[16];

    (void)state;
    for (size_t i = 0; i < n_bindings; i++) {
        for (size_t j = 0; j < n_bindings; j++) {
            if (i != j && bindings[i].key == bindings[j].key &&
                above(bindings[i].context, bindings[j].context))
                fail_msg("%s: bound in \"%s\" and in \"%s\"",
                         keys_name(name, sizeof name, bindings[i].key),
                         context_title(bindings[i].context), context_title(bindings[j].context));
        }
    }
}

static void every_binding_is_complete(void **state)
{
    bool bound[ACTION_COUNT] = {false};

    (void)state;
    for (size_t i = 0; i < n_bindings; i++) {
        const struct binding *b = &bindings[i];
        bool first = true;
        for (size_t j = 0; j < i; j++)
            first &= bindings[j].context != b->context || bindings[j].action != b->action;
        assert_true(action_has_handler(b->action));
        assert_true(first == (b->help != NULL)); /* words once, at the first key */
        assert_true((b->order > 0) == (b->label != NULL));
        assert_true(b->key > 0 && b->key < K_LAST);
        bound[b->action] = true;
    }
    for (int a = ACTION_NONE + 1; a < ACTION_COUNT; a++)
        assert_true(bound[a]); /* what no key does, no one can do */
}

static void every_function_key_has_a_letter(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_bindings; i++) {
        bool letter = bindings[i].key < K_F1;
        for (size_t j = 0; j < n_bindings; j++)
            letter |= bindings[j].context == bindings[i].context &&
                      bindings[j].action == bindings[i].action && bindings[j].key < K_F1;
        assert_true(letter);
    }
}

static void footers_are_in_order(void **state)
{
    const struct binding *rows[32];

    (void)state;
    for (int context = 0; context < CONTEXT_COUNT; context++) {
        size_t n = keys_footer((enum context)context, rows, ARRAY_LEN(rows));
        for (size_t i = 1; i < n; i++)
            assert_true(rows[i - 1]->order < rows[i]->order);
        if (context == CONTEXT_BOARDS || context == CONTEXT_IMAGES || context == CONTEXT_HELP)
            assert_int_equal(rows[n - 1]->action, ACTION_HELP);
    }
}

/* ---- what keys do ---------------------------------------------------------------------------- */

static const struct command *only_command(const struct bench *bench, enum command_kind kind)
{
    assert_int_equal(bench->dash.n_commands, 1);
    assert_int_equal(bench->dash.commands[0].kind, kind);
    return &bench->dash.commands[0];
}

static void enter_starts_the_selected_board(void **state)
{
    struct bench bench;

    (void)state;
    bench_init(&bench);
    scene_idle(&bench);
    keys(&bench, "j\n");
    const struct command *command = only_command(&bench, COMMAND_START);
    assert_string_equal(command->port, USB1);
    assert_null(command->job);
    dash_commands_drop(&bench.dash);
    keys(&bench, "G\n"); /* held by another program */
    assert_int_equal(bench.dash.n_commands, 0);
    assert_non_null(strstr(bench.dash.message, "minicom"));
    keys(&bench, "a");
    assert_int_equal(bench.dash.n_commands, 3); /* all but that one */
    bench_done(&bench);
}

static void enter_without_images_leads_to_them(void **state)
{
    struct bench bench;

    (void)state;
    bench_init(&bench);
    scene_idle_empty(&bench);
    keys(&bench, "\n");
    assert_int_equal(bench.dash.view, VIEW_IMAGES);
    assert_int_equal(bench.dash.n_commands, 0);
    assert_non_null(strstr(bench.dash.message, "no image"));
    bench_done(&bench);
}

static void the_selection_follows_its_port(void **state)
{
    struct bench bench;

    (void)state;
    bench_init(&bench);
    scene_idle(&bench);
    keys(&bench, "jj");
    assert_string_equal(dash_slot(&bench.dash)->port, ACM0);
    struct event gone = event_of(EVENT_PORT, USB0);
    apply(&bench, &gone);
    assert_string_equal(dash_slot(&bench.dash)->port, ACM0);
    gone = event_of(EVENT_PORT, ACM0);
    apply(&bench, &gone);
    assert_string_equal(dash_slot(&bench.dash)->port, USB2); /* its neighbour */
    gone = event_of(EVENT_PORT, USB2);
    apply(&bench, &gone);
    assert_string_equal(dash_slot(&bench.dash)->port, USB1);
    bench_done(&bench);
}

static void wrong_paths_and_addresses_lose_nothing(void **state)
{
    struct bench bench;

    (void)state;
    bench_init(&bench);
    keys(&bench, "ia\n");
    assert_non_null(strstr(bench.dash.message, "path"));
    keys(&bench, "no-such.bin\n");
    assert_non_null(strstr(bench.dash.message, "no-such.bin"));
    assert_string_equal(bench.dash.prompt.text, "no-such.bin");
    assert_int_equal(bench.dash.question, CONTEXT_PATH);
    dash_key(&bench.dash, K_CTRL('u'));
    keys(&bench, "empty.bin\n");
    assert_non_null(strstr(bench.dash.message, "empty.bin"));
    assert_int_equal(bench.dash.question, CONTEXT_PATH);
    dash_key(&bench.dash, K_CTRL('u'));
    keys(&bench, "/dev/zero\n");
    assert_non_null(strstr(bench.dash.message, "/dev/zero"));
    dash_key(&bench.dash, K_CTRL('u'));
    keys(&bench, "app.bin\n");
    assert_int_equal(bench.dash.prompt_for, PROMPT_ADDRESS);
    dash_key(&bench.dash, K_CTRL('u'));
    keys(&bench, "0x10q\n");
    assert_non_null(strstr(bench.dash.message, "0x10q"));
    assert_string_equal(bench.dash.prompt.text, "0x10q");
    assert_int_equal(bench.dash.n_commands, 0);
    dash_key(&bench.dash, K_BACKSPACE);
    keys(&bench, "000\n");
    const struct command *command = only_command(&bench, COMMAND_SET_BENCH);
    assert_int_equal(command->job->n_images, 1);
    assert_int_equal(command->job->images[0].address, 0x10000);
    assert_true(command->job->images[0].enabled);
    bench_done(&bench);
}

static void tab_completes_file_names(void **state)
{
    struct bench bench;

    (void)state;
    bench_init(&bench);
    keys(&bench, "iaa");
    dash_key(&bench.dash, K_TAB); /* app.bin, assets.bin */
    assert_string_equal(bench.dash.prompt.text, "a");
    assert_string_equal(bench.dash.message, "app.bin  assets.bin");
    keys(&bench, "p");
    dash_key(&bench.dash, K_TAB);
    assert_string_equal(bench.dash.prompt.text, "app.bin");
    dash_key(&bench.dash, K_CTRL('u'));
    keys(&bench, "sub");
    dash_key(&bench.dash, K_TAB);
    dash_key(&bench.dash, K_TAB);
    assert_string_equal(bench.dash.prompt.text, "sub-dir/inner.bin");
    keys(&bench, "zzz");
    dash_key(&bench.dash, K_TAB);
    assert_non_null(strstr(bench.dash.message, "no file"));
    bench_done(&bench);
}

static void the_bootloaders_place_is_a_word(void **state)
{
    struct bench bench;

    (void)state;
    bench_init(&bench);
    scene_any_chip_images(&bench);
    keys(&bench, "\n\n"); /* the path stays; then comes the address */
    assert_string_equal(bench.dash.prompt.text, "bootloader");
    keys(&bench, "\n");
    assert_int_equal(bench.dash.bench.images[0].address, JOB_ADDRESS_BOOTLOADER);
    assert_string_equal(bench.dash.bench.images[0].path, "/opt/samples/{chip}/bootloader.bin");
    keys(&bench, "j\n\n");
    dash_key(&bench.dash, K_CTRL('u'));
    keys(&bench, "0xffffffff\n"); /* the same number, but not meant so */
    assert_int_equal(bench.dash.question, CONTEXT_LINE);
    bench_done(&bench);
}

static void images_are_ticked_changed_and_removed(void **state)
{
    struct bench bench;
    struct job *job = &bench.dash.bench;

    (void)state;
    bench_init(&bench);
    scene_idle(&bench);
    keys(&bench, "ij ");
    assert_false(job->images[1].enabled);
    keys(&bench, "\n\n"); /* same file, then its address */
    dash_key(&bench.dash, K_CTRL('u'));
    keys(&bench, "0x9000\n");
    assert_int_equal(job->images[1].address, 0x9000);
    assert_false(job->images[1].enabled);
    keys(&bench, "d");
    assert_int_equal(job->n_images, 2);
    assert_non_null(strstr(job->images[1].path, "app.bin"));
    keys(&bench, "x");
    assert_true(job->erase_all);
    assert_int_equal(job->baud, JOB_BAUD_AUTO);
    keys(&bench, "bb\n"); /* the next one */
    assert_int_equal(job->baud, 115200);
    keys(&bench, "m");
    dash_key(&bench.dash, K_RIGHT);
    keys(&bench, "\n");
    assert_int_equal(job->flash_mode, FLASH_QIO);
    keys(&bench, "m\033");
    assert_int_equal(job->flash_mode, FLASH_QIO);
    assert_int_equal(bench.dash.n_commands, 6); /* each told to the station */
    bench_done(&bench);
}

static void every_setting_takes_every_value(void **state)
{
    (void)state;
    for (int s = 0; s < SETTING_COUNT; s++) {
        struct job job;
        struct choice choice;
        char value[16];
        job_init(&job);
        choice_open(&choice, &job, (enum setting)s);
        assert_true(choice.n >= 4);
        for (size_t i = 0; i < choice.n; i++, choice_move(&choice, 1)) {
            choice_apply(&choice, &job);
            assert_string_equal(setting_value(value, sizeof value, &job, (enum setting)s),
                                choice.values[choice.at]);
        }
        job_done(&job);
    }
}

/* ---- sources, files that are made ------------------------------------------------------------ */

static void sources_make(void)
{
    mkdir("fw", 0700);
    mkdir("web", 0700);
    table_make("fw/table.bin");
    file_make("fw/app.bin", 5000);
    file_make("web/app.bin", 6000);
    text_make("fw/flasher_args.json",
              "{\"flash_settings\": {\"flash_mode\": \"dio\", \"flash_size\": \"4MB\","
              " \"flash_freq\": \"40m\"},"
              " \"flash_files\": {\"0x8000\": \"table.bin\", \"0x10000\": \"app.bin\"},"
              " \"extra_esptool_args\": {\"chip\": \"esp32\"}}");
    text_make("web/manifest.json",
              "{\"name\": \"two\", \"builds\": [{\"chipFamily\": \"ESP32\","
              " \"parts\": [{\"path\": \"app.bin\", \"offset\": 4096}]}, {\"chipFamily\":"
              " \"ESP32-C3\", \"parts\": [{\"path\": \"app.bin\", \"offset\": 0}]}]}");
    text_make("own.hex", ":020000040001F9\n:0400000001020304F2\n:00000001FF\n");
}

/* Into an empty list without a question; over a list that was made by hand with one. */
static void builds_fill_the_list(void **state)
{
    struct bench bench;
    struct job *job = &bench.dash.bench;

    (void)state;
    bench_init(&bench);
    sources_make();
    keys(&bench, "iafw\n");
    assert_int_equal(bench.dash.question, CONTEXT_ALWAYS);
    assert_int_equal(job->n_images, 2);
    assert_int_equal(job->chip, CHIP_ESP32);
    assert_int_equal(job->flash_mode, FLASH_DIO);
    assert_int_equal(only_command(&bench, COMMAND_SET_BENCH)->job->n_images, 2);
    keys(&bench, "afw\n"); /* all of it came from a source: replaced */
    assert_int_equal(job->n_images, 2);
    keys(&bench, "aassets.bin\n");
    assert_int_equal(bench.dash.prompt_for, PROMPT_ADDRESS);
    keys(&bench, "storage\n");
    assert_int_equal(job->n_images, 3);
    assert_string_equal(job->images[2].partition, "storage");
    keys(&bench, "afw\n");
    assert_int_equal(bench.dash.question, CONTEXT_CHOICE);
    assert_int_equal(bench.dash.choice_for, CHOICE_SOURCE_HOW);
    keys(&bench, "\033");
    assert_int_equal(job->n_images, 3);
    keys(&bench, "afw\n \n"); /* the second answer: add */
    assert_int_equal(job->n_images, 5);
    assert_string_equal(job->images[2].partition, "storage");
    keys(&bench, "afw\n\n");
    assert_int_equal(job->n_images, 2);
    keys(&bench, "aown.hex\n"); /* knows where it goes, and is only one */
    assert_int_equal(job->n_images, 3);
    assert_int_equal(job->images[2].address, JOB_ADDRESS_OWN);
    assert_int_equal(bench.dash.facts[2]->spans[0].address, 0x10000);
    bench_done(&bench);
}

static void a_source_for_several_chips_asks_which(void **state)
{
    struct bench bench;
    struct job *job = &bench.dash.bench;

    (void)state;
    bench_init(&bench);
    sources_make();
    say_port(&bench, USB0, "1-1.2", "CP2102N USB to UART Bridge Controller", "");
    say_state(&bench, USB0, STATE_SYNC, "");
    say_chip(&bench, USB0, "esp32c3", "ESP32-C3", "24:0a:c4:00:12:34");
    keys(&bench, "iaweb/manifest.json\n");
    assert_int_equal(bench.dash.choice_for, CHOICE_SOURCE_CHIP);
    assert_int_equal(bench.dash.choice.n, 2);
    assert_string_equal(choice_answer(&bench.dash.choice), "esp32c3"); /* the board's */
    keys(&bench, "\033");
    assert_int_equal(job->n_images, 0);
    keys(&bench, "aweb/manifest.json\n");
    dash_key(&bench.dash, K_LEFT);
    keys(&bench, "\n");
    assert_int_equal(job->n_images, 1);
    assert_int_equal(job->chip, CHIP_ESP32);
    assert_int_equal(job->images[0].address, 0x1000);
    bench_done(&bench);
}

/* As they lie in the flash; a job's stay as they are. */
static void builds_are_listed_by_address(void **state)
{
    struct bench bench;
    const struct job *job = &bench.dash.bench;

    (void)state;
    bench_init(&bench);
    sources_make();
    text_make("fw/flasher_args.json",
              "{\"flash_files\": {\"0x10000\": \"app.bin\", \"0x8000\": \"table.bin\"},"
              " \"extra_esptool_args\": {\"chip\": \"esp32\"}}");
    text_make("order.job", "[image 1]\nfile = fw/app.bin\naddress = 0x10000\n"
                           "[image 2]\nfile = fw/table.bin\naddress = 0x8000\n");
    keys(&bench, "iafw\n");
    assert_int_equal(job->n_images, 2);
    assert_int_equal(job->images[0].address, 0x8000);
    assert_int_equal(job->images[1].address, 0x10000);
    keys(&bench, "aorder.job\n");
    assert_int_equal(job->n_images, 2);
    assert_int_equal(job->images[0].address, 0x10000);
    bench_done(&bench);
    sources_make();
}

/* A build from a stranger may name any file: only with a yes. */
static void files_from_outside_want_a_yes(void **state)
{
    struct bench bench;
    const struct job *job = &bench.dash.bench;

    (void)state;
    bench_init(&bench);
    sources_make();
    mkdir("out", 0700);
    mkdir("out/build", 0700);
    text_make("out/build/flasher_args.json",
              "{\"flash_files\": {\"0x10000\": \"../../fw/app.bin\"}, \"extra_esptool_args\": "
              "{\"chip\": \"esp32\"}}");
    keys(&bench, "iaout/build\n");
    assert_int_equal(bench.dash.choice_for, CHOICE_SOURCE_OUTSIDE);
    keys(&bench, "\n"); /* no is marked */
    assert_int_equal(bench.dash.question, CONTEXT_ALWAYS);
    assert_int_equal(job->n_images, 0);
    keys(&bench, "aout/build\n \n");
    assert_int_equal(job->n_images, 1);
    bench_done(&bench);
}

static const char *selected_name(const struct bench *bench)
{
    const struct chooser_row *row = chooser_selected(&bench->dash.chooser);

    return row ? row->name : "";
}

static void the_chooser_walks_and_takes(void **state)
{
    struct bench bench;

    (void)state;
    bench_init(&bench);
    sources_make();
    mkdir(".hidden", 0700);
    keys(&bench, "io");
    assert_int_equal(bench.dash.view, VIEW_FILES);
    keys(&bench, "/fw\n");
    assert_string_equal(selected_name(&bench), "fw/");
    keys(&bench, "/\033");
    dash_key(&bench.dash, K_HOME);
    assert_string_equal(selected_name(&bench), "../");
    keys(&bench, "."); /* hidden ones, too; the same one stays selected */
    assert_string_equal(selected_name(&bench), "../");
    keys(&bench, "j");
    assert_string_equal(selected_name(&bench), ".hidden/");
    keys(&bench, "./inner"); /* nothing has that here */
    assert_int_equal(bench.dash.question, CONTEXT_LINE);
    assert_int_equal(bench.dash.chooser.n_shown, 1);
    keys(&bench, "\033");
    assert_true(bench.dash.chooser.n_shown > 5);
    keys(&bench, "/SUB\n\n"); /* the filter, then into it */
    assert_string_equal(selected_name(&bench), "inner.bin");
    keys(&bench, "h");
    assert_string_equal(selected_name(&bench), "sub-dir/");
    keys(&bench, " "); /* no build */
    assert_int_equal(bench.dash.view, VIEW_FILES);
    assert_non_null(strstr(bench.dash.message, "sub-dir"));
    keys(&bench, "/fw\n");
    while (chooser_look(&bench.dash.chooser, 1000))
        ;
    assert_true(chooser_selected(&bench.dash.chooser)->usable);
    assert_string_equal(chooser_selected(&bench.dash.chooser)->what, "ESP-IDF build directory");
    keys(&bench, "\n");
    assert_string_equal(selected_name(&bench), "./");
    keys(&bench, "\n");
    assert_int_equal(bench.dash.view, VIEW_IMAGES);
    assert_int_equal(bench.dash.bench.n_images, 2);
    keys(&bench, "or"); /* and it is remembered */
    assert_non_null(strstr(selected_name(&bench), "/fw"));
    keys(&bench, "\n");
    assert_int_equal(bench.dash.view, VIEW_IMAGES);
    keys(&bench, "ohq"); /* left again */
    assert_int_equal(bench.dash.view, VIEW_IMAGES);
    keys(&bench, "G\n/assets\n\n"); /* from [+]; a file asks for its address */
    assert_int_equal(bench.dash.prompt_for, PROMPT_ADDRESS);
    assert_int_equal(bench.dash.view, VIEW_IMAGES);
    keys(&bench, "\033");
    assert_int_equal(bench.dash.bench.n_images, 2);
    rmdir(".hidden");
    bench_done(&bench);
}

static void jobs_are_saved_and_opened(void **state)
{
    struct bench bench;
    struct job *job = &bench.dash.bench;

    (void)state;
    unlink("blink.job");
    bench_init(&bench);
    sources_make();
    keys(&bench, "iafw\nw\n");
    assert_non_null(strstr(bench.dash.message, "name"));
    keys(&bench, "blink.bin\n"); /* not a job's name */
    assert_int_equal(bench.dash.question, CONTEXT_PATH);
    dash_key(&bench.dash, K_CTRL('u'));
    keys(&bench, "blink\n");
    assert_int_equal(bench.dash.question, CONTEXT_ALWAYS);
    assert_int_equal(access("blink.job", R_OK), 0);
    assert_false(bench.dash.job_changed);
    keys(&bench, "x");
    assert_true(bench.dash.job_changed);
    keys(&bench, "w\n"); /* its own file is replaced without a question */
    assert_false(bench.dash.job_changed);
    keys(&bench, "D");
    dash_key(&bench.dash, K_LEFT);
    keys(&bench, "\n");
    assert_int_equal(job->n_images, 0);
    assert_int_equal(job->chip, CHIP_AUTO);
    keys(&bench, "ablink.job\n");
    assert_int_equal(job->n_images, 2);
    assert_true(job->erase_all);
    assert_int_equal(job->chip, CHIP_ESP32);
    assert_false(bench.dash.job_changed);
    bench_done(&bench);

    bench_init(&bench); /* another one must not be lost by mistake */
    keys(&bench, "iafw\nwblink\n");
    assert_non_null(strstr(bench.dash.message, "once more"));
    keys(&bench, "\n");
    assert_int_equal(bench.dash.question, CONTEXT_ALWAYS);
    bench_done(&bench);
}

static void ticked_images_become_one_file(void **state)
{
    struct bench bench;
    struct stat st;

    (void)state;
    unlink("merged.bin");
    bench_init(&bench);
    sources_make();
    keys(&bench, "ic");
    assert_int_equal(bench.dash.question, CONTEXT_ALWAYS); /* nothing to be combined */
    keys(&bench, "afw\nc\n");
    assert_int_equal(stat("merged.bin", &st), 0);
    assert_int_equal(st.st_size, 0x10000 + 5000);
    keys(&bench, "c\n"); /* is there */
    assert_int_equal(bench.dash.question, CONTEXT_PATH);
    keys(&bench, "\n");
    assert_int_equal(bench.dash.question, CONTEXT_ALWAYS);
    keys(&bench, "c");
    dash_key(&bench.dash, K_CTRL('u'));
    keys(&bench, "one.uf2\n");
    FILE *f = fopen("one.uf2", "r");
    assert_non_null(f);
    assert_int_equal(getc(f), 'U');
    fclose(f);
    keys(&bench, "c");
    dash_key(&bench.dash, K_CTRL('u'));
    keys(&bench, "no-such-dir/one.bin\n");
    assert_int_equal(bench.dash.question, CONTEXT_PATH);
    assert_non_null(strstr(bench.dash.message, "no-such-dir"));
    keys(&bench, "\033");
    add_image(&bench, "assets.bin", 0x10800); /* into the other one */
    keys(&bench, "c");
    dash_key(&bench.dash, K_CTRL('u'));
    keys(&bench, "clash.bin\n");
    assert_non_null(strstr(bench.dash.message, "overlap"));
    assert_int_equal(access("clash.bin", F_OK), -1);
    bench_done(&bench);
}

static void defaults_want_an_answer(void **state)
{
    struct bench bench;
    struct job *job = &bench.dash.bench;

    (void)state;
    bench_init(&bench);
    scene_map(&bench);
    keys(&bench, "D\n"); /* no is what is marked */
    assert_int_equal(job->flash_mode, FLASH_DIO);
    assert_int_equal(bench.dash.n_commands, 0);
    keys(&bench, "D \n");
    assert_int_equal(job->flash_mode, FLASH_MODE_KEEP);
    assert_int_equal(job->n_images, 4);
    bench_done(&bench);
}

static bool choice_has(const struct choice *choice, const char *value)
{
    for (size_t i = 0; i < choice->n; i++) {
        if (strcmp(choice->values[i], value) == 0)
            return true;
    }
    return false;
}

static void settings_have_the_words_of_both_tools(void **state)
{
    struct job job;
    struct choice choice;
    char label[32];

    (void)state;
    job_init(&job);
    assert_string_equal(setting_label(label, sizeof label, SETTING_MODE, "qout"), "QOUT");
    assert_string_equal(setting_label(label, sizeof label, SETTING_SPEED, "26m"), "26.7 MHz/26m");
    assert_string_equal(setting_label(label, sizeof label, SETTING_SPEED, "keep"), "as in file");
    assert_string_equal(setting_label(label, sizeof label, SETTING_CHIP, "esp32c3"), "ESP32-C3");
    job.chip = CHIP_ESP8266;
    choice_open(&choice, &job, SETTING_MODE);
    assert_false(choice_has(&choice, "fastrd"));
    choice_open(&choice, &job, SETTING_SPEED);
    assert_true(choice_has(&choice, "26m"));
    job.chip = CHIP_ESP32C2;
    choice_open(&choice, &job, SETTING_MODE);
    assert_true(choice_has(&choice, "fastrd"));
    choice_open(&choice, &job, SETTING_SPEED);
    assert_false(choice_has(&choice, "26m"));
    job.flash_mode = FLASH_FASTRD;
    choice_open(&choice, &job, SETTING_CHIP); /* a chip without it: back to what the file says */
    while (strcmp(choice_answer(&choice), "esp8266") != 0)
        choice_move(&choice, 1);
    choice_apply(&choice, &job);
    assert_int_equal(job.flash_mode, FLASH_MODE_KEEP);
    job_done(&job);
}

/* What the header was to say comes back. */
static void the_header_is_kept_or_changed(void **state)
{
    struct bench bench;
    struct job *job = &bench.dash.bench;

    (void)state;
    bench_init(&bench);
    scene_map(&bench);
    keys(&bench, "H");
    assert_false(header_is_changed(job));
    assert_string_equal(job->flash_size, "keep");
    keys(&bench, "H");
    assert_int_equal(job->flash_mode, FLASH_DIO);
    assert_string_equal(job->flash_freq, "40m");
    assert_string_equal(job->flash_size, "detect");
    bool compress = job->compress;
    keys(&bench, "Zs");
    assert_int_equal(job->compress, !compress);
    assert_true(job->skip_gaps);
    bench_done(&bench);
    bench_init(&bench);
    keys(&bench, "iH"); /* never set: what the chip itself can tell */
    assert_string_equal(job->flash_size, "detect");
    bench_done(&bench);
}

static const struct cell *find_cell(const struct canvas *canvas, const char *text, unsigned style)
{
    for (int row = 0; row < canvas->rows; row++) {
        for (int col = 0; col < canvas->cols; col++) {
            const struct cell *cell = canvas_cell(canvas, row, col);
            if (strcmp(cell->text, text) == 0 && cell->style == style)
                return cell;
        }
    }
    return NULL;
}

/* The selected image is seen in the map, and what is in conflict says so without colours. */
static void the_map_shows_selection_and_conflict(void **state)
{
    struct bench bench;

    (void)state;
    bench_init(&bench);
    scene_map(&bench);
    canvas_resize(&bench.canvas, 24, 80);
    draw_screen(&bench.canvas, &bench.dash);
    assert_non_null(find_cell(&bench.canvas, "▓", STYLE_FINISH | STYLE_SELECTED));
    assert_null(find_cell(&bench.canvas, "░", STYLE_DIM | STYLE_SELECTED));
    assert_null(find_cell(&bench.canvas, "!", STYLE_ERROR));
    keys(&bench, "j");
    draw_screen(&bench.canvas, &bench.dash);
    assert_null(find_cell(&bench.canvas, "▓", STYLE_FINISH | STYLE_SELECTED));
    assert_non_null(find_cell(&bench.canvas, "░", STYLE_DIM | STYLE_SELECTED));
    bench_done(&bench);
    bench_init(&bench);
    scene_map_conflict(&bench);
    dash_tick(&bench.dash);
    assert_true(bench.dash.findings.n > 0); /* and there is a sentence about it */
    canvas_resize(&bench.canvas, 24, 80);
    draw_screen(&bench.canvas, &bench.dash);
    assert_non_null(find_cell(&bench.canvas, "!", STYLE_ERROR | STYLE_SELECTED));
    bench_done(&bench);
}

/* A file that a build has written anew is looked at anew; otherwise what is known stays. */
static void facts_follow_their_file(void **state)
{
    struct bench bench;

    (void)state;
    bench_init(&bench);
    file_make("facts.bin", 1000);
    add_image(&bench, "facts.bin", 0x1000);
    const struct file_facts *facts = bench.dash.facts[0];
    assert_int_equal(facts->size, 1000);
    dash_bench_look(&bench.dash);
    assert_ptr_equal(bench.dash.facts[0], facts);
    file_make("facts.bin", 2000);
    dash_bench_look(&bench.dash);
    assert_int_equal(bench.dash.facts[0]->size, 2000);
    unlink("facts.bin");
    dash_bench_look(&bench.dash);
    assert_int_equal(bench.dash.facts[0]->size, 0);
    dash_tick(&bench.dash);
    assert_non_null(dash_problem(&bench.dash));
    assert_non_null(strstr(dash_problem(&bench.dash), "facts.bin"));
    keys(&bench, "i "); /* off: no problem of a job */
    dash_tick(&bench.dash);
    assert_null(dash_problem(&bench.dash));
    bench_done(&bench);
}

/* The station says each change back; an old one must not undo a newer one. */
static void quick_changes_are_not_undone(void **state)
{
    struct bench bench;

    (void)state;
    bench_init(&bench);
    scene_idle(&bench);
    keys(&bench, "i ");
    keys(&bench, "j ");
    assert_int_equal(bench.dash.n_commands, 2);
    for (size_t i = 0; i < 2; i++) {
        struct event e = event_of(EVENT_BENCH, "");
        json_t *json = job_to_json(bench.dash.commands[i].job);
        char *text = json_dumps(json, 0);
        util_copy(e.bench.json, sizeof e.bench.json, text);
        free(text);
        json_decref(json);
        apply(&bench, &e);
        assert_int_equal(dash_bench_ticked(&bench.dash), 1);
    }
    assert_int_equal(bench.dash.bench_sent, 0);
    bench_done(&bench);
}

static void erasing_wants_a_word_and_the_same_board(void **state)
{
    struct bench bench;

    (void)state;
    bench_init(&bench);
    scene_idle(&bench);
    keys(&bench, "e"); /* no one knows the MAC yet: ask the chip */
    const struct command *command = only_command(&bench, COMMAND_START);
    assert_int_equal(command->job->ops[0].kind, OP_CHIP_ID);
    dash_commands_drop(&bench.dash);
    say_state(&bench, USB0, STATE_SYNC, "");
    say_chip(&bench, USB0, "esp32", "ESP32", "24:0a:c4:00:12:34");
    assert_int_equal(bench.dash.question, CONTEXT_WAIT);
    say_state(&bench, USB0, STATE_FINISH, "");
    say_done(&bench, USB0, "pass", "", "", 1);
    assert_int_equal(bench.dash.question, CONTEXT_LINE);
    keys(&bench, "\n");
    keys(&bench, "yes\n");
    assert_int_equal(bench.dash.n_commands, 0);
    dash_key(&bench.dash, K_CTRL('u'));
    keys(&bench, "erase\n");
    command = only_command(&bench, COMMAND_START);
    assert_int_equal(command->job->ops[0].kind, OP_ERASE_FLASH);
    assert_int_equal(command->job->n_ops, 1);
    assert_string_equal(command->job->expect_mac, "24:0a:c4:00:12:34");
    assert_string_equal(command->port, USB0);
    dash_commands_drop(&bench.dash);

    keys(&bench, "eera"); /* now it is known; while the word is typed, the board is changed */
    assert_int_equal(bench.dash.n_commands, 0);
    say_chip(&bench, USB0, "esp32", "ESP32", "24:0a:c4:00:99:99");
    assert_int_equal(bench.dash.question, CONTEXT_ALWAYS);
    keys(&bench, "e\033");
    assert_int_equal(bench.dash.question, CONTEXT_ALWAYS);
    assert_int_equal(bench.dash.n_commands, 0);
    bench_done(&bench);
}

static void an_erase_question_ends_with_its_board(void **state)
{
    struct bench bench;

    (void)state;
    bench_init(&bench);
    scene_idle(&bench);
    keys(&bench, "e");
    say_state(&bench, USB0, STATE_SYNC, "");
    say_state(&bench, USB0, STATE_COM_FAIL, "");
    say_done(&bench, USB0, "fail", "no-sync", "no answer", 7);
    assert_int_equal(bench.dash.question, CONTEXT_ALWAYS);
    assert_non_null(strstr(bench.dash.message, "not erased"));
    dash_commands_drop(&bench.dash);
    keys(&bench, "je");
    struct event gone = event_of(EVENT_PORT, USB1);
    apply(&bench, &gone);
    assert_int_equal(bench.dash.question, CONTEXT_ALWAYS);
    assert_non_null(strstr(bench.dash.message, "unplugged"));
    bench_done(&bench);
}

/* What is known to be refused is not started; forced only with a word, and for this board. */
static void what_is_refused_is_forced_with_a_word(void **state)
{
    struct bench bench;

    (void)state;
    bench_init(&bench);
    bootloader_make("boot.bin");
    scene_idle(&bench);
    while (bench.dash.bench.n_images > 0)
        job_remove_image(&bench.dash.bench, 0);
    add_image(&bench, "boot.bin", 0);
    dash_commands_drop(&bench.dash);
    say_chip(&bench, USB0, "esp32", "ESP32", "24:0a:c4:00:12:34");
    keys(&bench, "\n");
    assert_int_equal(bench.dash.n_commands, 0);
    assert_non_null(strstr(bench.dash.message, "not started"));
    assert_non_null(strstr(bench.dash.message, "0x1000"));
    keys(&bench, "Fforc\n");
    assert_int_equal(bench.dash.n_commands, 0);
    keys(&bench, "e\n");
    const struct command *command = only_command(&bench, COMMAND_START);
    assert_true(command->job->force);
    assert_int_equal(command->job->n_images, 1);
    assert_int_equal(command->job->ops[0].kind, OP_WRITE_FLASH);
    assert_string_equal(command->job->expect_mac, "24:0a:c4:00:12:34");
    assert_false(bench.dash.bench.force); /* only this once */
    dash_commands_drop(&bench.dash);

    bench.dash.bench.images[0].address = 0x1000;
    keys(&bench, "F");
    assert_int_equal(bench.dash.question, CONTEXT_ALWAYS);
    assert_non_null(strstr(bench.dash.message, "nothing was refused"));
    keys(&bench, "\n");
    only_command(&bench, COMMAND_START);
    dash_commands_drop(&bench.dash);

    bench.dash.bench.images[0].address = (4 << 20) - 4096; /* the header is kept, and yet: */
    assert_string_equal(bench.dash.bench.flash_size, "keep");
    keys(&bench, "\n");
    assert_non_null(strstr(bench.dash.message, "past the end of the 4 MB flash"));
    keys(&bench, "F");
    assert_int_equal(bench.dash.question, CONTEXT_ALWAYS);
    assert_non_null(strstr(bench.dash.message, "can't be forced"));
    assert_int_equal(bench.dash.n_commands, 0);
    unlink("boot.bin");
    bench_done(&bench);
}

/* Without a table the bootloader and the table have their places all the same, but for the chip
 * that has none and for what lies across. */
static void the_map_has_places_without_a_table(void **state)
{
    struct bench bench;
    struct bench_map map;

    (void)state;
    bench_init(&bench);
    file_make("lone.bin", 50000);
    add_image(&bench, "lone.bin", 0x10000);
    bench.dash.bench.chip = CHIP_ESP32;
    dash_bench_look(&bench.dash);
    bench_map_make(&map, &bench.dash);
    assert_null(map.table);
    assert_int_equal(map.map.n, 3);
    assert_int_equal(map.map.spans[0].kind, MAP_BOOTLOADER);
    assert_int_equal(map.map.spans[0].start, 0x1000);
    assert_int_equal(map.map.spans[1].start, 0x8000);
    bench_map_done(&map);
    bench.dash.bench.images[0].address = 0;
    bench_map_make(&map, &bench.dash);
    assert_int_equal(map.map.n, 1);
    assert_false(map.map.spans[0].conflict);
    bench_map_done(&map);
    bench.dash.bench.images[0].address = 0x10000;
    bench.dash.bench.chip = CHIP_ESP8266;
    bench_map_make(&map, &bench.dash);
    assert_int_equal(map.map.n, 1);
    bench_map_done(&map);
    unlink("lone.bin");
    bench_done(&bench);
}

static void leaving_asks_while_jobs_run(void **state)
{
    struct bench bench;

    (void)state;
    bench_init(&bench);
    scene_idle(&bench);
    keys(&bench, "q");
    assert_int_equal(bench.dash.wishes, WISH_QUIT);
    bench.dash.wishes = 0;
    say_state(&bench, USB0, STATE_SYNC, "");
    keys(&bench, "q");
    assert_int_equal(bench.dash.wishes, 0);
    keys(&bench, "\033");
    assert_int_equal(bench.dash.question, CONTEXT_ALWAYS);
    keys(&bench, "qd");
    assert_int_equal(bench.dash.wishes, WISH_QUIT);
    assert_int_equal(bench.dash.n_commands, 0); /* the jobs go on */
    bench.dash.question = CONTEXT_ALWAYS;
    keys(&bench, "qs");
    assert_string_equal(only_command(&bench, COMMAND_STOP)->port, "");
    bench.dash.question = CONTEXT_ALWAYS;
    keys(&bench, "q");
    assert_int_equal(bench.dash.question, CONTEXT_QUIT);
    say_done(&bench, USB0, "pass", "", "", 1); /* nothing left to ask about */
    assert_int_equal(bench.dash.question, CONTEXT_ALWAYS);
    bench_done(&bench);
}

static void messages_go_by_themselves(void **state)
{
    struct bench bench;

    (void)state;
    bench_init(&bench);
    keys(&bench, "s");
    assert_true(bench.dash.message[0] != '\0');
    bench.dash.dirty = false;
    bench.dash.now_ms += 1000;
    dash_tick(&bench.dash);
    assert_false(bench.dash.dirty);
    bench.dash.now_ms += 10000;
    dash_tick(&bench.dash);
    assert_true(bench.dash.dirty && bench.dash.message[0] == '\0');
    bench_done(&bench);
}

static void lines_are_edited_by_characters(void **state)
{
    struct prompt p;

    (void)state;
    prompt_open(&p, "x", "a/b\xc3\xa4");
    prompt_left(&p);
    assert_int_equal(p.at, 3);
    prompt_insert(&p, 0x677f);
    assert_string_equal(p.text, "a/b\xe6\x9d\xbf\xc3\xa4");
    prompt_rubout(&p);
    prompt_delete(&p);
    assert_string_equal(p.text, "a/b");
    prompt_rubout_word(&p);
    assert_string_equal(p.text, "a/");
    prompt_home(&p);
    prompt_rubout(&p);
    prompt_delete(&p);
    prompt_insert(&p, 0x1f600);
    prompt_end(&p);
    assert_string_equal(p.text, "\xf0\x9f\x98\x80/");
    for (int i = 0; i < 2000; i++)
        prompt_insert(&p, 0xe4);
    assert_true(strlen(p.text) < sizeof p.text);
}

/* ---- random keys, events and sizes ----------------------------------------------------------- */

static unsigned seed;

static unsigned any(unsigned n) /* a small generator: the same run everywhere */
{
    seed = seed * 1103515245u + 12345u;
    return (seed >> 16 & 0x7fff) % n;
}

static int any_key(void)
{
    switch (any(4)) {
    case 0:
        return K_SPECIAL + (int)any(K_LAST - K_SPECIAL + 1);
    case 1:
        return (int)any(32);
    case 2:
        return ' ' + (int)any(96);
    default:
        return bindings[any((unsigned)n_bindings)].key;
    }
}

static void any_text(char *to, size_t size)
{
    size_t n = any((unsigned)size);

    for (size_t i = 0; i < n; i++)
        to[i] = (char)(1 + any(255));
    to[n] = '\0';
}

static void any_event(struct bench *bench)
{
    char port[32];

    snprintf(port, sizeof port, "/dev/ttyUSB%u", any(30));
    struct event e =
        event_of((enum event_kind)(EVENT_STATE + any(EVENT_REPLY - EVENT_STATE)), port);
    switch (e.kind) {
    case EVENT_STATE:
        e.state.state = (enum job_state)any(STATE_COUNT);
        any_text(e.state.detail, sizeof e.state.detail);
        break;
    case EVENT_CHIP:
        any_text(e.chip.name, sizeof e.chip.name);
        any_text(e.chip.mac, sizeof e.chip.mac);
        util_copy(e.chip.chip, sizeof e.chip.chip, any(2) ? "esp32c3" : "what?");
        break;
    case EVENT_FLASH:
        e.flash.size = (uint64_t)any(1000) << any(40);
        break;
    case EVENT_PROGRESS:
        any_text(e.progress.file, sizeof e.progress.file);
        e.progress.address = any(40) << 12;
        e.progress.done = any(30000);
        e.progress.total = (uint64_t)any(30000) << any(40);
        e.progress.rate = any(30000);
        e.progress.left = (double)any(1000) - 10;
        break;
    case EVENT_LOG:
        e.log.level = (enum log_level)any(4);
        any_text(e.log.text, sizeof e.log.text);
        break;
    case EVENT_HINT:
        any_text(e.hint.cause, sizeof e.hint.cause);
        any_text(e.hint.fix, sizeof e.hint.fix);
        any_text(e.hint.evidence, sizeof e.hint.evidence);
        break;
    case EVENT_DONE:
        util_copy(e.done.result, sizeof e.done.result, any(2) ? "pass" : "fail");
        any_text(e.done.text, sizeof e.done.text);
        break;
    case EVENT_PORT:
        e.seen.present = any(4) > 0;
        any_text(e.seen.name, sizeof e.seen.name);
        any_text(e.seen.product, sizeof e.seen.product);
        if (any(5) == 0)
            any_text(e.seen.holder, sizeof e.seen.holder);
        break;
    default:
        break;
    }
    apply(bench, &e);
}

/* Files are written, and directories read, nowhere else. */
static void stay_inside(struct dash *dash)
{
    bool writes = dash->prompt_for == PROMPT_SAVE || dash->prompt_for == PROMPT_COMBINE;

    if (dash->question == CONTEXT_PATH && writes)
        prompt_set(&dash->prompt, "random");
    if (strncmp(dash->chooser.dir, workdir, strlen(workdir)) != 0)
        chooser_open(&dash->chooser, workdir, "");
}

static void nothing_upsets_it(void **state)
{
    struct bench bench;

    (void)state;
    seed = 20260101;
    bench_init(&bench);
    scene_flashing(&bench);
    for (int i = 0; i < 10000; i++) {
        stay_inside(&bench.dash);
        dash_key(&bench.dash, any_key());
        bench.dash.wishes = 0;
        dash_commands_drop(&bench.dash);
        if (bench.dash.bench.n_images > 40) {
            job_remove_image(&bench.dash.bench, 0);
            dash_bench_look(&bench.dash);
        }
        if (any(3) == 0)
            any_event(&bench);
        bench.dash.now_ms += any(400);
        dash_tick(&bench.dash);
        if (i % 4 == 0) {
            bench.canvas.ascii = any(2);
            canvas_resize(&bench.canvas, (int)any(101), (int)any(301));
            draw_screen(&bench.canvas, &bench.dash);
        }
    }
    bench_done(&bench);
}

static int group_setup(void **state)
{
    (void)state;
    util_copy(workdir, sizeof workdir, "/tmp/espjig-test-ui-XXXXXX");
    if (mkdtemp(workdir) == NULL || chdir(workdir) < 0 || mkdir("sub-dir", 0700) < 0)
        return -1;
    file_make("bootloader.bin", 26624);
    file_make("partition-table.bin", 3072);
    file_make("app.bin", 204800);
    file_make("assets.bin", 40960);
    file_make("empty.bin", 0);
    file_make("sub-dir/inner.bin", 10);
    table_make("table.bin");
    if (mkdir("shelf", 0700) < 0 || mkdir("shelf/blink", 0700) < 0 || mkdir("shelf/old", 0700) < 0)
        return -1;
    table_make("shelf/partitions.bin");
    file_make("shelf/assets.bin", 40960);
    file_make("shelf/empty.bin", 0);
    text_make("shelf/notes.txt", "nothing that could be flashed");
    text_make("shelf/blink.job", "[job]\nchip = esp32\n[image app]\nfile = app.bin\n"
                                 "address = 0x10000\n");
    text_make("shelf/blink/flasher_args.json", "{\"flash_files\": {\"0x10000\": \"app.bin\"}}");
    setenv("XDG_STATE_HOME", workdir, 1); /* which paths were taken lately */
    return 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
    (void)st;
    (void)type;
    (void)where;
    return remove(path);
}

static int group_teardown(void **state)
{
    (void)state;
    return chdir("/") || nftw(workdir, remove_one, 8, FTW_DEPTH | FTW_PHYS) ? -1 : 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_clipped),
        cmocka_unit_test(wide_characters_keep_their_place),
        cmocka_unit_test(nothing_harmful_gets_out),
        cmocka_unit_test(text_wraps_at_blanks),
        cmocka_unit_test(bars_tell_eighths),
        cmocka_unit_test(percent_never_lies),
        cmocka_unit_test(no_key_is_bound_twice),
        cmocka_unit_test(every_binding_is_complete),
        cmocka_unit_test(every_function_key_has_a_letter),
        cmocka_unit_test(footers_are_in_order),
        cmocka_unit_test(lines_are_edited_by_characters),
        cmocka_unit_test(enter_starts_the_selected_board),
        cmocka_unit_test(enter_without_images_leads_to_them),
        cmocka_unit_test(the_selection_follows_its_port),
        cmocka_unit_test(wrong_paths_and_addresses_lose_nothing),
        cmocka_unit_test(tab_completes_file_names),
        cmocka_unit_test(the_bootloaders_place_is_a_word),
        cmocka_unit_test(images_are_ticked_changed_and_removed),
        cmocka_unit_test(every_setting_takes_every_value),
        cmocka_unit_test(builds_fill_the_list),
        cmocka_unit_test(a_source_for_several_chips_asks_which),
        cmocka_unit_test(builds_are_listed_by_address),
        cmocka_unit_test(files_from_outside_want_a_yes),
        cmocka_unit_test(the_chooser_walks_and_takes),
        cmocka_unit_test(jobs_are_saved_and_opened),
        cmocka_unit_test(ticked_images_become_one_file),
        cmocka_unit_test(defaults_want_an_answer),
        cmocka_unit_test(settings_have_the_words_of_both_tools),
        cmocka_unit_test(the_header_is_kept_or_changed),
        cmocka_unit_test(the_map_shows_selection_and_conflict),
        cmocka_unit_test(facts_follow_their_file),
        cmocka_unit_test(quick_changes_are_not_undone),
        cmocka_unit_test(erasing_wants_a_word_and_the_same_board),
        cmocka_unit_test(an_erase_question_ends_with_its_board),
        cmocka_unit_test(what_is_refused_is_forced_with_a_word),
        cmocka_unit_test(the_map_has_places_without_a_table),
        cmocka_unit_test(leaving_asks_while_jobs_run),
        cmocka_unit_test(messages_go_by_themselves),
        cmocka_unit_test(the_marked_value_is_seen),
        cmocka_unit_test(ascii_is_only_ascii),
        cmocka_unit_test(every_screen_is_as_expected),
        cmocka_unit_test(nothing_upsets_it),
    };

    if (setlocale(LC_CTYPE, "C.UTF-8") == NULL)
        return 77;
    setenv("TZ", "UTC", 1);
    unsetenv("HOME");
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
