/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The Flash Download Tool's settings as a job, and back; flash_args. The texts are ours, in the
 * layout of version 3.9. */
#include "base/buffer.h"
#include "base/util.h"
#include "job/protect.h"
#include "source/export.h"
#include "source/source.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char dir[256];

static int make_dir(void **state)
{
    char template[] = "/tmp/espjig-test-XXXXXX";
    char *real;

    (void)state;
    assert_non_null(mkdtemp(template));
    real = realpath(template, NULL);
    assert_true(util_copy(dir, sizeof dir, real));
    free(real);
    return chdir(dir);
}

static int drop_dir(void **state)
{
    char command[300];

    (void)state;
    snprintf(command, sizeof command, "rm -rf %s", dir);
    return chdir("/") | system(command);
}

/* With the directories that it is in. */
static void put(const char *path, const char *text)
{
    char *folder = xstrdup(path), *slash = strrchr(folder, '/');
    FILE *f;

    if (slash) {
        *slash = '\0';
        assert_int_equal(util_mkdirs(folder), 0);
    }
    free(folder);
    f = fopen(path, "wb");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static char *get(const char *path)
{
    static char text[8192];
    FILE *f = fopen(path, "rb");

    assert_non_null(f);
    text[fread(text, 1, sizeof text - 1, f)] = '\0';
    fclose(f);
    return text;
}

/* ---- import ---- */

#define SPI "tool/configure/esp32/spi_download.conf"

static int import_as(const char *path, enum chip_id chip, struct job *job,
                     struct source_notes *notes, struct error *error)
{
    const struct source_options options = {.chip = chip};

    *notes = (struct source_notes){0};
    *error = (struct error){0};
    job_init(job);
    return source_load(path, &options, job, notes, error);
}

static void import(const char *path, struct job *job, struct source_notes *notes)
{
    struct error error;

    if (import_as(path, CHIP_AUTO, job, notes, &error) != 0)
        fail_msg("%s: %s", path, error.text);
}

static bool noted(const struct source_notes *notes, bool lost, const char *text)
{
    for (size_t i = 0; i < notes->n; i++) {
        if (notes->rows[i].lost == lost && strstr(notes->rows[i].text, text))
            return true;
    }
    return false;
}

static void drop(struct job *job, struct source_notes *notes)
{
    job_done(job);
    source_notes_done(notes);
}

static void files_are_found(void **state)
{
    struct source_notes notes;
    struct job job;

    (void)state;
    put("tool/bin/boot.bin", "boot");
    put("tool/bin/App.BIN", "app");
    put(SPI, "\xEF\xBB\xBF[DOWNLOAD PATH]\r\n"
             "file_sel0 = 1\r\nfile_path0 = .\\bin\\boot.bin\r\nfile_offset0 = 0x1000\r\n"
             "file_sel1 = 1\r\nfile_path1 = D:\\Out\\app.bin\r\nfile_offset1 = 0x10000\r\n"
             "file_sel2 = 0\r\nfile_path2 = D:\\Out\\other.bin\r\nfile_offset2 = 0x10000\r\n"
             "file_sel3 = 0\r\nfile_path3 = \r\nfile_offset3 = \r\n"
             "default_path = ./bin/\r\n");
    import("tool/configure/esp32", &job, &notes);
    assert_int_equal(job.chip, CHIP_ESP32);
    assert_int_equal(job.n_images, 3);
    assert_string_equal(job.images[0].path, "tool/bin/boot.bin");
    assert_int_equal(job.images[0].address, 0x1000);
    assert_string_equal(job.images[1].path, "tool/bin/App.BIN");
    assert_true(noted(&notes, false, "D:\\Out\\app.bin is not there, so tool/bin/App.BIN"));
    assert_true(job.images[1].enabled && !job.images[2].enabled);
    assert_string_equal(job.images[2].path, "tool/bin/other.bin");
    assert_true(noted(&notes, true, "put the file at tool/bin/other.bin"));
    drop(&job, &notes);
    /* from its own directory, too */
    assert_int_equal(chdir("tool/configure/esp32"), 0);
    import("spi_download.conf", &job, &notes);
    assert_int_equal(access(job.images[1].path, R_OK), 0);
    drop(&job, &notes);
    assert_int_equal(chdir(dir), 0);
}

static void nothing_leaves_the_folder(void **state)
{
    struct source_notes notes;
    struct error error;
    struct job job;

    (void)state;
    put("secret.bin", "x");
    put(SPI, "[DOWNLOAD PATH]\nfile_sel0 = 1\nfile_path0 = ..\\secret.bin\nfile_offset0 = 0x0\n");
    assert_int_equal(import_as(SPI, CHIP_AUTO, &job, &notes, &error), ERR_FILE_FORMAT);
    assert_non_null(strstr(error.text, "--allow-outside"));
    assert_int_equal(job.n_images, 0);
    drop(&job, &notes);
    assert_int_equal(symlink("../../secret.bin", "tool/bin/link.bin"), 0);
    put(SPI, "[DOWNLOAD PATH]\nfile_sel0 = 1\nfile_path0 = bin\\link.bin\nfile_offset0 = 0x0\n");
    assert_int_equal(import_as(SPI, CHIP_AUTO, &job, &notes, &error), ERR_FILE_FORMAT);
    drop(&job, &notes);
}

static const char one_file[] = "[DOWNLOAD PATH]\nfile_sel0 = 1\nfile_path0 = bin\\boot.bin\n"
                               "file_offset0 = 0x1000\n";

/* What a text behind the files gives. */
static void import_with(const char *text, struct job *job, struct source_notes *notes)
{
    struct buffer all = {0};

    buffer_printf(&all, "%s%s", one_file, text);
    put(SPI, (const char *)all.data);
    buffer_done(&all);
    import(SPI, job, notes);
}

static void flash_settings(void **state)
{
    struct source_notes notes;
    struct job job;

    (void)state;
    import_with("[FLASH_CRYSTAL]\nspicfgdis = 0\nspispeed = 3\nspimode = 2\n", &job, &notes);
    assert_string_equal(job.flash_freq, "80m");
    assert_int_equal(job.flash_mode, FLASH_DIO);
    drop(&job, &notes);
    import_with("[FLASH_CRYSTAL]\nspicfgdis = 1\nspispeed = 3\nspimode = 2\n", &job, &notes);
    assert_string_equal(job.flash_freq, "keep");
    assert_int_equal(job.flash_mode, FLASH_MODE_KEEP);
    assert_int_equal(notes.n, 0);
    drop(&job, &notes);
    import_with("[FLASH_CRYSTAL]\nspicfgdis = 0\nspispeed = 9\nspimode = 1\n", &job, &notes);
    assert_string_equal(job.flash_freq, "keep");
    assert_true(noted(&notes, true, "spispeed = 9"));
    drop(&job, &notes);
}

static void rates(void **state)
{
    struct source_notes notes;
    struct job job;

    (void)state;
    import_with("[DOWNLOAD]\nbaudrate1 = 0\nbaudrate2 = 0\ncom_port1 = COM7\n", &job, &notes);
    assert_int_equal(job.baud, 115200);
    assert_true(noted(&notes, true, "com_port1 = COM7"));
    assert_int_equal(notes.n, 1);
    drop(&job, &notes);
    import_with("[DOWNLOAD]\nbaudrate1 = 4\n", &job, &notes);
    assert_int_equal(job.baud, JOB_BAUD_AUTO);
    assert_true(noted(&notes, true, "baudrate1 = 4"));
    assert_true(noted(&notes, true, "--baud"));
    drop(&job, &notes);
    import_with("[DOWNLOAD]\nbaudrate1 = 0\nbaudrate2 = 1\n", &job, &notes);
    assert_true(noted(&notes, true, "baudrate2 = 1"));
    drop(&job, &notes);
}

static void log_check(void **state)
{
    static const char text[] = "[LOG_CHECK]\nlog_check_enable = %s\nlog_check_baud = 74880\n"
                               "log_check_str = v1.0\nlog_check_delaytime = 2\n"
                               "log_check_timeout = 5\nlog_check_cmd_str = AT+GMR\n"
                               "log_check_enable_cmd = %s\n[ESPTOOL_PARAM]\nafter = no_reset\n";
    struct source_notes notes;
    struct job job;
    char made[400];

    (void)state;
    snprintf(made, sizeof made, text, "True", "True");
    import_with(made, &job, &notes);
    assert_true(job.boot_check.enabled);
    assert_int_equal(job.boot_check.baud, 74880);
    assert_string_equal(job.boot_check.expect, "v1.0");
    assert_string_equal(job.boot_check.send, "AT+GMR");
    assert_int_equal(job.boot_check.delay_ms, 2000);
    assert_int_equal(job.boot_check.timeout_ms, 5000);
    assert_int_equal(job.after, AFTER_HARD_RESET);
    assert_true(noted(&notes, false, "needs a reset"));
    drop(&job, &notes);
    snprintf(made, sizeof made, text, "False", "False");
    import_with(made, &job, &notes);
    assert_false(job.boot_check.enabled);
    assert_string_equal(job.boot_check.expect, "v1.0");
    assert_string_equal(job.boot_check.send, "");
    assert_int_equal(job.after, AFTER_NO_RESET);
    assert_true(noted(&notes, false, "AT+GMR"));
    drop(&job, &notes);
}

static void parameters(void **state)
{
    struct source_notes notes;
    struct job job;

    (void)state;
    import_with("[ESPTOOL_PARAM]\nafter = soft_reset\nbefore = no_reset\ncompress = False\n"
                "flash_size = 4MB\nno_stub = True\nverify = False\nflash_freq = 80m\nodd = 1\n",
                &job, &notes);
    assert_int_equal(job.after, AFTER_SOFT_RESET);
    assert_int_equal(job.before, BEFORE_NO_RESET);
    assert_true(!job.compress && job.no_stub);
    assert_string_equal(job.flash_size, "4MB");
    assert_string_equal(job.flash_freq, "keep");
    assert_true(noted(&notes, true, "verify = False"));
    assert_true(noted(&notes, true, "flash_freq = 80m"));
    assert_true(noted(&notes, true, "odd"));
    drop(&job, &notes);
}

static void protected_sectors(void **state)
{
    static const struct {
        const char *start, *end;
        uint32_t address, size;
    } rows[] = {
        {"0xe000", "0x3000", 0xE000, 0x3000}, /* the tool's own example: a length */
        {"0x9000", "0xf000", 0x9000, 0x6000},
        {"0x3000", "0x3000", 0x3000, 0x3000},
    };
    struct source_notes notes;
    struct error error;
    struct job job;
    char text[200];

    (void)state;
    put(SPI, one_file);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        snprintf(text, sizeof text,
                 "[SECTOR_PROTECT]\nsector_protect_enable = True\nsector_protect_start = %s\n"
                 "sector_protect_end = %s\n",
                 rows[i].start, rows[i].end);
        put("tool/configure/esp32/utility.conf", text);
        import("tool/configure/esp32/utility.conf", &job, &notes);
        assert_int_equal(job.n_images, 1);
        assert_int_equal(job.n_protect, 1);
        assert_int_equal(job.protect[0].address, rows[i].address);
        assert_int_equal(job.protect[0].size, rows[i].size);
        assert_true(noted(&notes, false, "sector_protect_end"));
        drop(&job, &notes);
    }
    put("tool/configure/esp32/utility.conf",
        "[SECTOR_PROTECT]\nsector_protect_enable = True\nsector_protect_start = x\n");
    assert_int_equal(import_as(SPI, CHIP_AUTO, &job, &notes, &error), ERR_FILE_FORMAT);
    drop(&job, &notes);
    put("tool/configure/esp32/utility.conf", "[SECTOR_PROTECT]\nsector_protect_enable = False\n");
    import(SPI, &job, &notes);
    assert_int_equal(job.n_protect, 0);
    drop(&job, &notes);
    unlink("tool/configure/esp32/utility.conf");
}

static void nothing_is_dropped_in_silence(void **state)
{
    struct source_notes notes;
    struct job job;

    (void)state;
    put("tool/configure/esp32/security.conf",
        "[SECURE BOOT]\nsecure_boot_en = True\n[FLASH ENCRYPTION]\nflash_encryption_en = False\n"
        "reserved_burn_times = 3\n[ESP32S3 EFUSE BIT CONFIG]\nsoft_dis_jtag = 7\n");
    import_with("[DOWNLOAD]\nautostart1 = 1\ncheckmac1 = 1\ncheckmac2 = 1\ncheckmac3 = 0\n"
                "[LOCK]\nlock_setting_password = abc\n[MAC_SAVE]\nmac_save_enable = True\n"
                "[EFUSE CHECK]\nefuse_mode = 1\n[STATISTICS]\npassed1 = 17\n",
                &job, &notes);
    assert_true(noted(&notes, true, "secure_boot_en"));
    assert_true(noted(&notes, true, "soft_dis_jtag"));
    assert_false(noted(&notes, true, "reserved_burn_times"));
    assert_true(noted(&notes, true, "autostart1"));
    assert_true(noted(&notes, true, "checkmac1 = 1 (and 1 more)"));
    assert_true(noted(&notes, true, "lock_setting_password"));
    assert_true(noted(&notes, false, "mac_save_enable"));
    assert_true(noted(&notes, true, "efuse_mode"));
    assert_true(noted(&notes, true, "passed1 = 17"));
    drop(&job, &notes);
    unlink("tool/configure/esp32/security.conf");
}

static void bad_files(void **state)
{
    static const struct {
        const char *text, *says;
    } rows[] = {
        {"[DOWNLOAD PATH]\nnonsense\n", "line 2"},
        {"[DOWNLOAD PATH]\nfile_sel0 = 1\nfile_path0 = a.bin\nfile_offset0 = 0x1g\n", "0x1g"},
        {"[DOWNLOAD PATH]\nfile_sel0 = 1\nfile_path0 = a.bin\nfile_offset0 = 0x100000000\n",
         "0x100000000"},
        {"[DOWNLOAD PATH]\nfile_sel0 = 1\nfile_path0 = ..\nfile_offset0 = 0\n", "no name"},
        {"[DOWNLOAD PATH]\nfile_sel0 = 1\nfile_path0 = {chip}.bin\nfile_offset0 = 0\n", "no name"},
    };
    struct source_notes notes;
    struct error error;
    struct job job;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        put(SPI, rows[i].text);
        int result = import_as(SPI, CHIP_AUTO, &job, &notes, &error);
        if (result != ERR_FILE_FORMAT || !strstr(error.text, rows[i].says))
            fail_msg("%s gave %d: %s", rows[i].text, result, error.text);
        drop(&job, &notes);
    }
    put(SPI, one_file);
    assert_int_equal(import_as(SPI, CHIP_ESP32S3, &job, &notes, &error), ERR_USAGE);
    drop(&job, &notes);
}

/* 0xC4E3 0xBAC3 is GBK; the second byte of 0x815C is a backslash in ASCII. */
static void gbk(void **state)
{
    struct source_notes notes;
    struct job job;

    (void)state;
    put("tool/bin/\xE4\xBD\xA0\xE5\xA5\xBD\xE4\xB9\x97.bin", "x"); /* in UTF-8 */
    put(SPI, "[DOWNLOAD PATH]\nfile_sel0 = 1\nfile_path0 = .\\bin\\\xC4\xE3\xBA\xC3\x81\x5C.bin\n"
             "file_offset0 = 0x1000\n");
    import(SPI, &job, &notes);
    assert_true(noted(&notes, false, "GBK"));
    assert_int_equal(access(job.images[0].path, R_OK), 0);
    drop(&job, &notes);
}

/* ---- export ---- */

static void any_job(struct job *job)
{
    job_init(job);
    job->chip = CHIP_ESP32C3;
    job->baud = 115200;
    job->after = AFTER_HARD_RESET;
    job->before = BEFORE_USB_RESET;
    job->compress = false;
    job->no_stub = true;
    job->flash_mode = FLASH_QOUT;
    util_copy(job->flash_freq, sizeof job->flash_freq, "80m");
    util_copy(job->flash_size, sizeof job->flash_size, "detect");
    put("my files/app.bin", "app one");
    put("other/app.bin", "app two");
    job_add_image(job, "my files/app.bin", 0x10000);
    job_add_image(job, "other/app.bin", 0x200000);
    job_add_image(job, "tool/bin/boot.bin", JOB_ADDRESS_BOOTLOADER);
    job->images[1].enabled = false;
}

static void fdt_round_trip(void **state)
{
    struct source_notes notes = {0}, again;
    struct error error = {0};
    struct job job, back;

    (void)state;
    any_job(&job);
    job_add_protect(&job, 0x9000, 0x6000);
    job.boot_check = (struct job_boot_check){.enabled = true,
                                             .baud = 9600,
                                             .expect = "up",
                                             .send = "AT",
                                             .delay_ms = 2000,
                                             .timeout_ms = 4000};
    if (export_fdt(&job, "out", &notes, &error) != 0)
        fail_msg("%s", error.text);
    import("out/configure/esp32c3/spi_download.conf", &back, &again);
    assert_int_equal(back.chip, job.chip);
    assert_int_equal(back.baud, job.baud);
    assert_int_equal(back.after, job.after);
    assert_int_equal(back.before, job.before);
    assert_true(!back.compress && back.no_stub);
    assert_int_equal(back.flash_mode, FLASH_QOUT);
    assert_string_equal(back.flash_freq, "80m");
    assert_string_equal(back.flash_size, "detect");
    assert_int_equal(back.n_protect, 1);
    assert_int_equal(back.protect[0].address, 0x9000);
    assert_int_equal(back.protect[0].size, 0x6000);
    assert_true(back.boot_check.enabled);
    assert_int_equal(back.boot_check.baud, 9600);
    assert_string_equal(back.boot_check.expect, "up");
    assert_string_equal(back.boot_check.send, "AT");
    assert_int_equal(back.boot_check.delay_ms, 2000);
    assert_int_equal(back.boot_check.timeout_ms, 4000);
    assert_int_equal(back.n_images, 3);
    for (size_t i = 0; i < 3; i++) {
        char text[64];
        util_copy(text, sizeof text, get(job.images[i].path));
        assert_string_equal(text, get(back.images[i].path)); /* two of the same name */
        assert_int_equal(back.images[i].enabled, job.images[i].enabled);
    }
    assert_int_equal(back.images[2].address, 0);
    drop(&back, &again);
    import("out/configure/esp32c3/multi_download.conf", &back, &again);
    assert_int_equal(back.n_images, 3);
    drop(&back, &again);
    drop(&job, &notes);
}

static void fdt_says_what_it_can_not(void **state)
{
    struct source_notes notes = {0};
    struct error error = {0};
    struct job job;

    (void)state;
    any_job(&job);
    job.chip = CHIP_AUTO;
    assert_int_equal(export_fdt(&job, "out2", &notes, &error), ERR_USAGE);
    error_clear(&error);
    job.chip = CHIP_ESP32C3;
    job.baud = JOB_BAUD_AUTO;
    job.erase_all = true;
    job.flash_mode = FLASH_MODE_KEEP;
    assert_int_equal(export_fdt(&job, "out2", &notes, &error), 0);
    assert_true(noted(&notes, true, "115200"));
    assert_true(noted(&notes, true, "erase = all"));
    assert_true(noted(&notes, true, "frequency 80m"));
    drop(&job, &notes);
}

static void flash_args_round_trip(void **state)
{
    struct source_notes notes = {0}, again;
    struct error error = {0};
    struct job job, back;

    (void)state;
    any_job(&job);
    job.erase_all = true;
    job.images[0].encrypted = true;
    assert_int_equal(export_flash_args(&job, "other/flash_args", &notes, &error), 0);
    assert_true(noted(&notes, true, "other/app.bin"));
    assert_true(noted(&notes, true, "--before"));
    import("other/flash_args", &back, &again);
    assert_int_equal(back.flash_mode, FLASH_QOUT);
    assert_string_equal(back.flash_freq, "80m");
    assert_string_equal(back.flash_size, "detect");
    assert_true(back.erase_all && !back.compress);
    assert_int_equal(back.n_images, 2);
    assert_int_equal(back.images[0].address, 0);
    assert_string_equal(get(back.images[0].path), "boot");
    assert_int_equal(back.images[1].address, 0x10000);
    assert_true(back.images[1].encrypted && !back.images[0].encrypted);
    assert_string_equal(get(back.images[1].path), "app one");
    drop(&back, &again);
    drop(&job, &notes);
}

/* ---- protected ranges ---- */

static void free_pieces(const struct job *job, uint64_t end, char *to, size_t size)
{
    uint64_t start, stop;

    to[0] = '\0';
    for (uint64_t at = 0; protect_next_free(job, at, end, &start, &stop); at = stop)
        snprintf(to + strlen(to), size - strlen(to), "%llx-%llx ", (unsigned long long)start,
                 (unsigned long long)stop);
}

static void erasing_goes_around(void **state)
{
    static const struct {
        struct flash_range ranges[3];
        size_t n;
        const char *pieces;
    } rows[] = {
        {{{0}}, 0, "0-100000 "},
        {{{0x9000, 0x6000}}, 1, "0-9000 f000-100000 "},
        {{{0x9004, 1}}, 1, "0-9000 a000-100000 "},
        {{{0, 0x1000}}, 1, "1000-100000 "},
        {{{0xFF000, 0x1000}}, 1, "0-ff000 "},
        {{{0, 0x100000}}, 1, ""},
        {{{0xFF000, 0x10000}}, 1, "0-ff000 "},
        {{{0x200000, 0x1000}}, 1, "0-100000 "},
        {{{0x8000, 0x1000}, {0x4000, 0x5000}, {0x2000, 1}}, 3, "0-2000 3000-4000 9000-100000 "},
        {{{0x4000, 0x8000}, {0x5000, 0x1000}}, 2, "0-4000 c000-100000 "},
    };
    struct error error = {0};
    char pieces[200];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct job job = {.n_protect = rows[i].n};
        struct flash_range ranges[3];
        memcpy(ranges, rows[i].ranges, sizeof ranges);
        job.protect = ranges;
        free_pieces(&job, 0x100000, pieces, sizeof pieces);
        assert_string_equal(pieces, rows[i].pieces);
    }
    struct flash_range range = {0x9004, 0x10};
    struct job job = {.protect = &range, .n_protect = 1};
    assert_int_equal(protect_check_range(&job, "x", 0x8000, 0x1000, &error), 0);
    assert_int_equal(protect_check_range(&job, "x", 0xA000, 0x1000, &error), 0);
    assert_int_equal(protect_check_range(&job, "x", 0x9000, 1, &error), ERR_PROTECTED);
    error_clear(&error);
    assert_int_equal(protect_check_range(&job, "x", 0, UINT32_MAX, &error), ERR_PROTECTED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_are_found),
        cmocka_unit_test(nothing_leaves_the_folder),
        cmocka_unit_test(flash_settings),
        cmocka_unit_test(rates),
        cmocka_unit_test(log_check),
        cmocka_unit_test(parameters),
        cmocka_unit_test(protected_sectors),
        cmocka_unit_test(nothing_is_dropped_in_silence),
        cmocka_unit_test(bad_files),
        cmocka_unit_test(gbk),
        cmocka_unit_test(fdt_round_trip),
        cmocka_unit_test(fdt_says_what_it_can_not),
        cmocka_unit_test(flash_args_round_trip),
        cmocka_unit_test(erasing_goes_around),
    };
    return cmocka_run_group_tests(tests, make_dir, drop_dir);
}
