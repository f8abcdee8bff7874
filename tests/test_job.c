/* SPDX-License-Identifier: GPL-3.0-or-later */
/* job/job: what job_check() lets pass, copies, and the JSON form there and back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/output.h"
#include "base/util.h"
#include "image/sample.h"
#include "job/job.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[] = "/tmp/espjig-test-job-XXXXXX";
static char small[64], empty[64], absent[64], forbidden[64];

static void file_make(char *path, size_t size, const char *name, size_t bytes)
{
    char zeros[64] = {0};

    snprintf(path, size, "%s/%s", dir, name);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    for (size_t i = 0; i < bytes; i += sizeof zeros)
        assert_int_equal(fwrite(zeros, 1, sizeof zeros, f), sizeof zeros);
    assert_int_equal(fclose(f), 0);
}

static int files_make(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(dir));
    file_make(small, sizeof small, "small.bin", 5120);
    file_make(empty, sizeof empty, "empty.bin", 0);
    file_make(forbidden, sizeof forbidden, "forbidden.bin", 64);
    chmod(forbidden, 0);
    snprintf(absent, sizeof absent, "%s/absent.bin", dir);
    return 0;
}

static int files_remove(void **state)
{
    (void)state;
    unlink(small);
    unlink(empty);
    unlink(forbidden);
    return rmdir(dir);
}

/* Checks and forgets the job. */
static void expect(struct job *job, int code, const char *reason)
{
    struct error error = {0};
    int result = job_check(job, &error);

    if (result != code || (reason && strstr(error.text, reason) == NULL))
        fail_msg("expected %s (\"%s\"), got %s: %s", error_id((enum err)code), reason ? reason : "",
                 error_id((enum err)result), error.text);
    assert_int_equal(job_check(job, NULL), code); /* nobody has to want the text */
    job_done(job);
}

static void writing(struct job *job)
{
    job_init(job);
    job_add_op(job, OP_WRITE_FLASH);
}

static void ops_are_checked(void **state)
{
    struct job job;
    struct op *op;

    (void)state;
    job_init(&job);
    expect(&job, ERR_USAGE, "nothing to do");

    static const enum op_kind plain[] = {
        OP_ERASE_FLASH, OP_CHIP_ID,   OP_FLASH_ID, OP_READ_MAC,          OP_GET_SECURITY_INFO,
        OP_READ_MEM,    OP_WRITE_MEM, OP_RUN,      OP_READ_FLASH_STATUS, OP_WRITE_FLASH_STATUS};
    for (size_t i = 0; i < ARRAY_LEN(plain); i++) {
        job_init(&job);
        job_add_op(&job, plain[i]);
        expect(&job, 0, NULL);
    }

    static const struct {
        uint32_t address, size;
        int code;
    } regions[] = {
        {0, 4096, 0},         {0x1000, 0x2000, 0},
        {1, 4096, ERR_USAGE}, {0, 4097, ERR_USAGE},
        {0, 0, ERR_USAGE},    {0xFFFFF000, 0x1000, 0},
        {0, 2048, ERR_USAGE}, {0xFFFFF000, 0x2000, ERR_BAD_ADDRESS},
    };
    for (size_t i = 0; i < ARRAY_LEN(regions); i++) {
        job_init(&job);
        op = job_add_op(&job, OP_ERASE_REGION);
        op->address = regions[i].address;
        op->size = regions[i].size;
        expect(&job, regions[i].code, regions[i].code ? "erase-region" : NULL);
    }

    job_init(&job);
    job_add_op(&job, OP_READ_FLASH);
    expect(&job, ERR_USAGE, "read-flash");
}

static void words_and_registers_are_checked(void **state)
{
    static const struct {
        enum op_kind kind;
        struct op op;
        int code;
        const char *reason;
    } rows[] = {
        {OP_READ_MEM, {.address = 0x40001000}, 0, NULL},
        {OP_READ_MEM, {.address = 0x40001002}, ERR_BAD_ADDRESS, "read-mem: the address 0x40001002"},
        {OP_WRITE_MEM, {.address = 1}, ERR_BAD_ADDRESS, "write-mem"},
        {OP_DUMP_MEM, {.address = 3, .size = 5, .path = "/x"}, 0, NULL},
        {OP_DUMP_MEM, {.size = 0, .path = "/x"}, ERR_USAGE, "dump-mem: the size is 0"},
        {OP_DUMP_MEM, {.size = 4}, ERR_USAGE, "dump-mem: the file to write to is not given"},
        {OP_DUMP_MEM,
         {.address = 0xFFFFFFF0, .size = 0x20, .path = "/x"},
         ERR_BAD_ADDRESS,
         "past 32 bits"},
        {OP_LOAD_RAM, {0}, ERR_USAGE, "load-ram: the file to load is not given"},
        {OP_READ_FLASH_STATUS, {.bytes = 1}, 0, NULL},
        {OP_READ_FLASH_STATUS, {.bytes = 4}, ERR_USAGE, "1 to 3 status bytes, not 4"},
        {OP_WRITE_FLASH_STATUS, {.bytes = 3, .value = 0xFFFFFF}, 0, NULL},
        {OP_WRITE_FLASH_STATUS, {.bytes = 0}, ERR_USAGE, "not 0"},
        {OP_WRITE_FLASH_STATUS,
         {.bytes = 1, .value = 0x100},
         ERR_USAGE,
         "0x100 has more than 1 byte"},
        {OP_READ_FLASH_SFDP, {.address = 0xFFFFFF, .size = 64}, 0, NULL},
        {OP_READ_FLASH_SFDP, {.size = 65}, ERR_USAGE, "1 to 64 bytes"},
        {OP_READ_FLASH_SFDP, {.size = 0}, ERR_USAGE, "1 to 64 bytes"},
        {OP_READ_FLASH_SFDP, {.address = 1 << 24, .size = 1}, ERR_BAD_ADDRESS, "more than 24 bits"},
        {OP_ERASE_REGION, {.address = 0x1000, .size = JOB_SIZE_ALL}, 0, NULL},
        {OP_ERASE_REGION, {.address = 0x800, .size = JOB_SIZE_ALL}, ERR_USAGE, "multiples of"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct job job;
        job_init(&job);
        struct op *op = job_add_op(&job, rows[i].kind);
        *op = rows[i].op;
        op->kind = rows[i].kind;
        op->path = rows[i].op.path ? xstrdup(rows[i].op.path) : NULL;
        expect(&job, rows[i].code, rows[i].reason);
    }
}

/* ---- load-ram ---- */

/* An ESP32 image: one segment of 16 bytes at `address`, entry there, made for `chip_id`. */
static void program_make(const char *path, unsigned chip_id, uint32_t address, bool damaged)
{
    uint8_t image[64] = {0xE9, 1, 2, 0x20};
    uint8_t sum = 0xEF;

    le32_put(image + 4, address);
    image[8] = 0xEE;
    le16_put(image + 12, (uint16_t)chip_id);
    le32_put(image + 24, address);
    le32_put(image + 28, 16);
    for (int i = 32; i < 48; i++)
        sum ^= image[i] = (uint8_t)i;
    image[63] = sum ^ (damaged ? 1 : 0);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(image, 1, sizeof image, f), sizeof image);
    assert_int_equal(fclose(f), 0);
}

static void loading(struct job *job, enum chip_id chip, const char *path)
{
    job_init(job);
    job->chip = chip;
    job_add_op(job, OP_LOAD_RAM)->path = xstrdup(path);
}

static void programs_are_checked(void **state)
{
    char path[64];
    struct job job;

    (void)state;
    snprintf(path, sizeof path, "%s/program.bin", dir);
    program_make(path, 0, 0x40080400, false);
    loading(&job, CHIP_AUTO, path);
    expect(&job, 0, NULL);
    loading(&job, CHIP_ESP32, path);
    expect(&job, 0, NULL);
    loading(&job, CHIP_ESP32C3, path);
    expect(&job, ERR_WRONG_CHIP, "an image for ESP32, the chip is ESP32-C3");
    loading(&job, CHIP_ESP8266, path);
    expect(&job, ERR_WRONG_CHIP, "an image for ESP32, the chip is ESP8266");

    loading(&job, CHIP_AUTO, path); /* it starts something */
    job_add_op(&job, OP_READ_MAC);
    expect(&job, ERR_USAGE, "nothing can follow it");

    program_make(path, 0, 0x400D0020, false); /* where the flash is mapped */
    loading(&job, CHIP_AUTO, path);
    expect(&job, 0, NULL);
    loading(&job, CHIP_ESP32, path);
    expect(&job, ERR_FILE_FORMAT, "segment 0 of 0x10 bytes at 0x400d0020 is not in the RAM");

    program_make(path, 0, 0x40080400, true);
    loading(&job, CHIP_AUTO, path);
    expect(&job, ERR_FILE_FORMAT, "program.bin: damaged");
    unlink(path);
    loading(&job, CHIP_AUTO, path);
    expect(&job, ERR_FILE_UNREADABLE, "program.bin");
    loading(&job, CHIP_AUTO, small);
    expect(&job, ERR_FILE_FORMAT, "small.bin: not an Espressif firmware image");
}

static void images_are_checked(void **state)
{
    struct job job;

    (void)state;
    writing(&job);
    expect(&job, ERR_USAGE, "no image");

    writing(&job);
    job_add_image(&job, small, 0x1000);
    job.images[0].enabled = false;
    expect(&job, ERR_USAGE, "no image");

    writing(&job);
    job_add_image(&job, small, 0x1000);
    job_add_image(&job, absent, 0x10000);
    expect(&job, ERR_FILE_UNREADABLE, absent);

    writing(&job);
    job_add_image(&job, small, 0x1000);
    job_add_image(&job, absent, 0x10000);
    job.images[1].enabled = false; /* what is not ticked does not matter */
    expect(&job, 0, NULL);

    writing(&job);
    job_add_image(&job, empty, 0x1000);
    expect(&job, ERR_FILE_EMPTY, empty);

    writing(&job);
    job_add_image(&job, dir, 0x1000);
    expect(&job, ERR_FILE_UNREADABLE, dir);

    if (geteuid() != 0) {
        writing(&job);
        job_add_image(&job, forbidden, 0x1000);
        expect(&job, ERR_FILE_UNREADABLE, forbidden);
    }

    writing(&job);
    job_add_image(&job, small, 0x1000);
    job_add_image(&job, small, 0x2000);
    expect(&job, ERR_OVERLAP, "0x2000");

    writing(&job);
    job_add_image(&job, small, 0x1002);
    expect(&job, ERR_BAD_ADDRESS, "0x1002");

    writing(&job);
    job_add_image(&job, small, 0xFFFFFFF0);
    expect(&job, ERR_TOO_BIG, small);
}

/* Into the directory of the tests; to be unlinked. */
static void sample_make(char *path, const char *name, enum chip_id id, bool app)
{
    struct buffer out = {0};

    if (app)
        sample_app(chip_get(id), 20000, &out);
    else
        sample_bootloader(chip_get(id), &out);
    snprintf(path, 128, "%s/%s", dir, name);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(out.data, 1, out.len, f), out.len);
    assert_int_equal(fclose(f), 0);
    buffer_done(&out);
}

static void findings_need_no_port(void **state)
{
    struct findings findings = {0};
    struct error error = {0};
    struct job job;
    char boot[128], app[128];

    (void)state;
    sample_make(boot, "boot.bin", CHIP_ESP32, false);
    sample_make(app, "app.bin", CHIP_ESP32C3, true);
    writing(&job);
    job_add_image(&job, boot, 0x0);
    job_add_image(&job, app, 0x10000);
    assert_int_equal(job_findings(&job, 0, &findings, &error), 0);
    assert_int_equal(findings.n, 2);
    assert_int_equal(findings.rows[0].code, ERR_WRONG_OFFSET);
    assert_int_equal(findings.rows[1].code, ERR_WRONG_CHIP);
    findings_done(&findings);

    job.chip = CHIP_ESP32; /* what erases all erases the table */
    job.images[0].address = 0x1000;
    sample_make(app, "app.bin", CHIP_ESP32, true);
    assert_int_equal(job_findings(&job, 0, &findings, &error), 0);
    assert_int_equal(findings.n, 0);
    job.erase_all = true;
    assert_int_equal(job_findings(&job, 0, &findings, &error), 0);
    assert_int_equal(findings.n, 1);
    assert_int_equal(findings.rows[0].code, ERR_PARTITION);
    findings_done(&findings);
    job.erase_all = false;
    job.images[1].address = 0x2000; /* a finding, not an error */
    assert_int_equal(job_check(&job, NULL), ERR_OVERLAP);
    assert_int_equal(job_findings(&job, 0, &findings, &error), 0);
    assert_int_equal(findings.n, 2);
    assert_int_equal(findings.rows[1].code, ERR_OVERLAP);
    findings_done(&findings);

    job.images[0].address = JOB_ADDRESS_BOOTLOADER; /* of what is not known nothing is found */
    job.chip = CHIP_AUTO;
    assert_int_equal(job_findings(&job, 0, &findings, &error), 0);
    assert_int_equal(findings.n, 0);
    unlink(boot); /* but files are looked at */
    assert_int_equal(job_findings(&job, 0, &findings, &error), ERR_FILE_UNREADABLE);
    unlink(app);
    job_done(&job);
}

static void settings_are_checked(void **state)
{
    static const struct {
        enum chip_id chip;
        const char *freq, *size;
        int code;
    } rows[] = {
        {CHIP_AUTO, "keep", "detect", 0},
        {CHIP_AUTO, "40m", "4MB", 0},
        {CHIP_ESP32, "80m", "keep", 0},
        {CHIP_ESP32, "81m", "keep", ERR_USAGE},
        {CHIP_AUTO, "81m", "keep", ERR_USAGE},
        {CHIP_AUTO, "keep", "3MB", ERR_USAGE},
        {CHIP_ESP32, "keep", "2MB-c1", ERR_USAGE}, /* the ESP8266 alone has it */
        {CHIP_ESP8266, "keep", "2MB-c1", 0},
        {CHIP_ESP32C2, "60m", "keep", 0},
        {(enum chip_id)99, "keep", "keep", ERR_UNKNOWN_CHIP},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct job job;
        writing(&job);
        job_add_image(&job, small, 0x1000);
        job.chip = rows[i].chip;
        util_copy(job.flash_freq, sizeof job.flash_freq, rows[i].freq);
        util_copy(job.flash_size, sizeof job.flash_size, rows[i].size);
        struct error error = {0};
        if (job_check(&job, &error) != rows[i].code)
            fail_msg("row %zu: %s", i, error.text);
        job_done(&job);
    }
}

static void images_may_wait_for_the_chip(void **state)
{
    char path[128];
    struct job job;

    (void)state;
    snprintf(path, sizeof path, "%s/{chip}.bin", dir);
    writing(&job);
    job_add_image(&job, path, JOB_ADDRESS_BOOTLOADER);
    expect(&job, 0, NULL);

    writing(&job);
    job_add_image(&job, path, JOB_ADDRESS_BOOTLOADER);
    job.chip = CHIP_ESP32; /* now it is known which file that is */
    expect(&job, ERR_FILE_UNREADABLE, "/esp32.bin");
}

static void job_fill(struct job *job)
{
    job_init(job);
    job_set_port(job, "/dev/ttyUSB0");
    util_copy(job->slot, sizeof job->slot, "1-1.4");
    job->chip = CHIP_ESP32C3;
    job->baud = 921600;
    job->before = BEFORE_NO_RESET;
    job->after = AFTER_SOFT_RESET;
    job->connect_attempts = 0;
    job->no_stub = job->erase_all = job->force = job->no_diff = true;
    job->compress = false;
    job->flash_mode = FLASH_DIO;
    util_copy(job->flash_freq, sizeof job->flash_freq, "40m");
    util_copy(job->flash_size, sizeof job->flash_size, "keep");
    util_copy(job->spi_connection, sizeof job->spi_connection, "6,17,8,11,16");
    util_copy(job->expect_mac, sizeof job->expect_mac, "24:0a:c4:00:12:34");
    job->stub_dir = xstrdup("/stubs");
    job->trace = xstrdup("/trace");
    job->fault = xstrdup("seed=1");
    job->reset = xstrdup("D0|R1");
    job_add_image(job, "/a.bin", 0x10000);
    job_add_image(job, "/{chip}.bin", JOB_ADDRESS_BOOTLOADER);
    job->images[1].enabled = false;
    job->images[0].encrypted = ENCRYPT_ALWAYS;
    job->images[1].encrypted = ENCRYPT_IF_ON;
    struct op *op = job_add_op(job, OP_READ_FLASH);
    op->address = 0x1000;
    op->size = 0x2000;
    op->path = xstrdup("/out.bin");
    job_add_op(job, OP_WRITE_FLASH);
    op = job_add_op(job, OP_WRITE_MEM);
    op->value = 0x80000001;
    op->mask = 0xFF;
    op = job_add_op(job, OP_WRITE_FLASH_STATUS);
    op->bytes = 3;
    op->non_volatile = true;
    job_add_op(job, OP_READ_FLASH_STATUS);
}

static void assert_same(const struct job *a, const struct job *b)
{
    json_t *x = job_to_json(a), *y = job_to_json(b);
    char *text = json_dumps(x, JSON_SORT_KEYS), *other = json_dumps(y, JSON_SORT_KEYS);

    assert_string_equal(text, other);
    free(text);
    free(other);
    json_decref(x);
    json_decref(y);
    assert_int_equal(a->chip, b->chip);
    assert_int_equal(a->n_images, b->n_images);
    assert_int_equal(a->n_ops, b->n_ops);
}

static void a_job_survives_json(void **state)
{
    struct error error = {0};
    struct job job, back;

    (void)state;
    job_fill(&job);
    json_t *json = job_to_json(&job);
    if (job_from_json(json, &back, &error) != 0)
        fail_msg("%s", error.text);
    assert_same(&job, &back);
    assert_int_equal(back.before, BEFORE_NO_RESET);
    assert_int_equal(back.after, AFTER_SOFT_RESET);
    assert_int_equal(back.flash_mode, FLASH_DIO);
    assert_int_equal(back.images[1].address, JOB_ADDRESS_BOOTLOADER);
    assert_false(back.images[1].enabled);
    assert_int_equal(back.images[0].encrypted, ENCRYPT_ALWAYS);
    assert_int_equal(back.images[1].encrypted, ENCRYPT_IF_ON);
    assert_int_equal(back.ops[0].size, 0x2000);
    assert_string_equal(back.ops[0].path, "/out.bin");
    assert_int_equal(back.ops[2].kind, OP_WRITE_MEM);
    assert_int_equal(back.ops[2].value, 0x80000001);
    assert_int_equal(back.ops[2].mask, 0xFF);
    assert_int_equal(back.ops[3].bytes, 3);
    assert_true(back.ops[3].non_volatile);
    assert_int_equal(back.ops[4].bytes, 2); /* as job_add_op() says */
    assert_int_equal(back.ops[4].mask, UINT32_MAX);
    assert_false(back.ops[4].non_volatile);
    assert_string_equal(back.fault, "seed=1");
    assert_false(back.compress);
    assert_true(back.no_stub && back.erase_all && back.force && back.no_diff);
    assert_string_equal(back.spi_connection, "6,17,8,11,16");
    assert_int_equal(back.baud, 921600);
    assert_int_equal(back.connect_attempts, 0);
    json_decref(json);
    job_done(&job);
    job_done(&back);
}

static void paths_become_absolute(void **state)
{
    char want[600], cwd[512];
    struct job job;

    (void)state;
    job_init(&job);
    job_add_image(&job, "build/app.bin", 0x10000);
    json_t *json = job_to_json(&job);
    const json_t *image = json_array_get(json_object_get(json, "images"), 0);
    assert_non_null(getcwd(cwd, sizeof cwd));
    snprintf(want, sizeof want, "%s/build/app.bin", cwd);
    assert_string_equal(json_string_value(json_object_get(image, "path")), want);
    json_decref(json);
    job_done(&job);
}

static void hostile_jobs_are_refused(void **state)
{
    static const char *const texts[] = {
        "[]",
        "{\"port\":5}",
        "{\"chip\":\"esp99\"}",
        "{\"chip\":7}",
        "{\"baud\":0}",
        "{\"baud\":-1}",
        "{\"baud\":\"fast\"}",
        "{\"before\":\"dance\"}",
        "{\"after\":null}",
        "{\"flash_mode\":\"xio\"}",
        "{\"flash_size\":\"far too long to be one\"}",
        "{\"no_stub\":1}",
        "{\"images\":[{}]}",
        "{\"images\":[{\"path\":\"/a\"}]}",
        "{\"images\":[{\"path\":\"/a\",\"address\":4294967296}]}",
        "{\"images\":[{\"path\":\"/a\",\"address\":\"no place\"}]}",
        "{\"images\":[{\"path\":\"/a\",\"address\":1,\"enabled\":3}]}",
        "{\"images\":[{\"path\":\"/a\",\"address\":1,\"encrypted\":\"never\"}]}",
        "{\"images\":[7]}",
        "{\"images\":7}",
        "{\"ops\":[{\"op\":\"explode\"}]}",
        "{\"ops\":[{\"op\":\"read-flash\",\"size\":-1}]}",
        "{\"ops\":[{\"op\":\"read-flash\",\"path\":{}}]}",
        "{\"ops\":[{\"op\":\"write-mem\",\"value\":4294967296}]}",
        "{\"ops\":[{\"op\":\"write-mem\",\"mask\":\"all\"}]}",
        "{\"ops\":[{\"op\":\"write-flash-status\",\"non_volatile\":1}]}",
        "{\"ops\":{}}",
        "{\"connect_attempts\":-1}",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct error error = {0};
        struct job job;
        json_t *json = json_loads(texts[i], 0, NULL);
        assert_non_null(json);
        if (job_from_json(json, &job, &error) != ERR_FILE_FORMAT || error.text[0] == '\0')
            fail_msg("accepted: %s", texts[i]);
        json_decref(json);
    }
}

static void copies_share_nothing(void **state)
{
    struct job job, copy;

    (void)state;
    job_fill(&job);
    job_copy(&copy, &job);
    assert_same(&job, &copy);
    assert_ptr_not_equal(job.images, copy.images);
    assert_ptr_not_equal(job.ops[0].path, copy.ops[0].path);
    job_remove_image(&copy, 0);
    assert_int_equal(copy.n_images, 1);
    assert_string_equal(copy.images[0].path, "/{chip}.bin");
    job_remove_image(&copy, 5);
    assert_int_equal(copy.n_images, 1);
    job_done(&job);
    job_done(&copy);
}

static void every_op_has_a_name(void **state)
{
    enum op_kind back;

    (void)state;
    for (unsigned i = 0; i < OP_COUNT; i++) {
        assert_true(op_parse(op_name((enum op_kind)i), &back));
        assert_int_equal(back, i);
    }
    assert_false(op_parse("explode", &back));
    assert_string_equal(op_name(OP_COUNT), "");
}

static void file_is(const char *path, const char *text)
{
    char have[64] = "";
    FILE *f = fopen(path, "rb");

    assert_non_null(f);
    size_t n = fread(have, 1, sizeof have - 1, f);
    fclose(f);
    have[n] = '\0';
    assert_string_equal(have, text);
}

static void an_output_replaces_only_when_finished(void **state)
{
    struct error error = {0};
    struct output output;
    char path[96], other[96];
    struct stat st;

    (void)state;
    snprintf(path, sizeof path, "%s/out.bin", dir);
    assert_int_equal(output_open(&output, path, &error), 0);
    assert_int_equal(access(path, F_OK), -1);
    assert_int_equal(output_finish(&output, "one", 3, &error), 0);
    output_done(&output);
    file_is(path, "one");
    assert_int_equal(stat(path, &st), 0);
    assert_int_not_equal(st.st_mode & 0444, 0400); /* not mkstemp's mode */

    assert_int_equal(output_open(&output, path, &error), 0);
    output_done(&output); /* given up */
    file_is(path, "one");

    snprintf(other, sizeof other, "%s/nowhere/out.bin", dir);
    assert_int_equal(output_open(&output, other, &error), ERR_FILE_WRITE);
    assert_non_null(strstr(error.text, "nowhere"));
    output_done(&output);
    error_clear(&error);
    assert_int_equal(output_open(&output, dir, &error), ERR_FILE_WRITE);
    output_done(&output);
    error_clear(&error);
    assert_int_equal(output_open(&output, "/dev/null", &error), 0); /* as it is, not renamed over */
    assert_int_equal(output_finish(&output, "x", 1, &error), 0);
    output_done(&output);
    assert_int_equal(stat("/dev/null", &st), 0);
    assert_true(S_ISCHR(st.st_mode));
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ops_are_checked),
        cmocka_unit_test(words_and_registers_are_checked),
        cmocka_unit_test(programs_are_checked),
        cmocka_unit_test(images_are_checked),
        cmocka_unit_test(findings_need_no_port),
        cmocka_unit_test(settings_are_checked),
        cmocka_unit_test(images_may_wait_for_the_chip),
        cmocka_unit_test(a_job_survives_json),
        cmocka_unit_test(paths_become_absolute),
        cmocka_unit_test(hostile_jobs_are_refused),
        cmocka_unit_test(copies_share_nothing),
        cmocka_unit_test(every_op_has_a_name),
        cmocka_unit_test(an_output_replaces_only_when_finished),
    };
    return cmocka_run_group_tests(tests, files_make, files_remove);
}
