/* SPDX-License-Identifier: GPL-3.0-or-later */
/* image/: digests, zlib streams, image formats, plans, samples. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/util.h"
#include "image/check.h"
#include "image/deflate.h"
#include "image/digest.h"
#include "image/esp_image.h"
#include "image/image.h"
#include "image/partition.h"
#include "image/sample.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void digests_are_the_published_ones(void **state)
{
    uint8_t md5[16], sha256[32];
    char hex[65];

    (void)state;
    digest_md5("abc", 3, md5); /* RFC 1321, A.5 */
    assert_string_equal(util_hex_format(hex, md5, 16), "900150983cd24fb0d6963f7d28e17f72");
    digest_md5("", 0, md5);
    assert_string_equal(util_hex_format(hex, md5, 16), "d41d8cd98f00b204e9800998ecf8427e");
    digest_sha256("abc", 3, sha256); /* FIPS 180-2, B.1 */
    assert_string_equal(util_hex_format(hex, sha256, 32),
                        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

static void blank_bytes_have_the_digest_of_so_many_ff(void **state)
{
    static const size_t sizes[] = {0, 1, 4095, 4096, 4097, 20000};
    uint8_t blank[20000], want[16], have[16];

    (void)state;
    memset(blank, 0xFF, sizeof blank);
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        digest_md5(blank, sizes[i], want);
        digest_md5_blank(sizes[i], have);
        assert_memory_equal(want, have, sizeof want);
    }
}

static void base64_is_decoded(void **state)
{
    static const struct {
        const char *text, *bytes;
    } rows[] = {
        {"", ""},     {"Zg==", "f"},  {"Zm8=", "fo"}, {" Zm9v\n Ym Fy\r\n", "foobar"},
        {"Zg", NULL}, {"Zm9*", NULL}, {"=", NULL},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        uint8_t *data = NULL;
        size_t n = 77;
        int rc = base64_decode(rows[i].text, &data, &n);
        assert_int_equal(rc, rows[i].bytes ? 0 : ERR_FILE_FORMAT);
        assert_int_equal(n, rows[i].bytes ? strlen(rows[i].bytes) : 77);
        if (rows[i].bytes)
            assert_memory_equal(data, rows[i].bytes, n);
        free(data);
    }
}

/* Bytes that no compressor can shorten: a 64-bit xorshift. */
static void noise_fill(uint8_t *data, size_t n)
{
    uint64_t x = 88172645463325252u;

    for (size_t i = 0; i < n; i++) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        data[i] = (uint8_t)(x >> 24);
    }
}

static void deflated_data_is_followed_block_by_block(void **state)
{
    enum { N = 200000, BLOCK = 1000 };
    uint8_t *data = xcalloc(1, N), *z;
    size_t z_n;
    long total = 0;

    (void)state;
    noise_fill(data, N / 4); /* the rest is zeros: one block then stands for a great many bytes */
    assert_int_equal(deflate_all(data, N, &z, &z_n), 0);
    assert_true(z_n < N / 3);
    assert_int_equal(z[0], 0x78);

    struct inflater *inflater = inflater_new();
    assert_int_equal(inflater_feed(inflater, z, 0), 0);
    for (size_t at = 0; at < z_n; at += BLOCK) {
        long out = inflater_feed(inflater, z + at, z_n - at < BLOCK ? z_n - at : BLOCK);
        assert_true(out >= 0);
        total += out;
    }
    assert_int_equal(total, N);
    assert_int_equal(inflater_feed(inflater, z, 0), 0);
    assert_int_equal(inflater_feed(inflater, z, 1), ERR_FILE_FORMAT); /* behind the end */
    inflater_free(inflater);

    inflater = inflater_new();
    z[z_n - 1] ^= 1; /* Adler-32 */
    assert_int_equal(inflater_feed(inflater, z, z_n), ERR_FILE_FORMAT);
    inflater_free(inflater);
    inflater = inflater_new();
    assert_int_equal(inflater_feed(inflater, data, 100), ERR_FILE_FORMAT);
    assert_int_equal(inflater_feed(inflater, data, 100), ERR_FILE_FORMAT);
    inflater_free(inflater);
    inflater_free(NULL);
    free(z);
    free(data);
}

/* ---- files: all in one directory that goes away at the end ------------------------------------
 */

static char dir[64];
static char paths[8][128]; /* what path_of() gave out last */

static char *path_of(const char *name)
{
    static unsigned next;
    char *path = paths[next++ % ARRAY_LEN(paths)];

    snprintf(path, sizeof paths[0], "%s/%s", dir, name);
    return path;
}

static char *file_make(const char *name, const void *data, size_t n)
{
    char *path = path_of(name);
    FILE *f = fopen(path, "wb");

    assert_non_null(f);
    assert_int_equal(fwrite(data, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
    return path;
}

static int dir_make(void **state)
{
    (void)state;
    snprintf(dir, sizeof dir, "/tmp/espjig-image-XXXXXX");
    return mkdtemp(dir) ? 0 : -1;
}

static int dir_remove(void **state)
{
    char command[128];

    (void)state;
    snprintf(command, sizeof command, "rm -rf '%s'", dir);
    return system(command);
}

static void expect_error(int rc, const struct error *error, enum err code, const char *part)
{
    assert_int_equal(rc, code);
    assert_int_equal(error->code, code);
    if (strstr(error->text, part) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", error->text, part);
}

static void files_that_cannot_be_read_are_named(void **state)
{
    char *empty = file_make("empty.bin", "", 0), *fifo = path_of("fifo");
    char *huge = file_make("huge.bin", "x", 1), *secret = file_make("secret.bin", "x", 1);
    const struct {
        const char *path;
        enum err code;
        const char *part;
    } rows[] = {
        {path_of("missing.bin"), ERR_FILE_UNREADABLE, "missing.bin: No such file"},
        {dir, ERR_FILE_UNREADABLE, "it is a directory"},
        {fifo, ERR_FILE_UNREADABLE, "no regular file"},
        {empty, ERR_FILE_EMPTY, "empty.bin is empty"},
        {huge, ERR_TOO_BIG, "huge.bin has 4294967296 bytes"},
        {secret, ERR_FILE_UNREADABLE, "secret.bin: Permission denied"},
    };

    (void)state;
    assert_int_equal(mkfifo(fifo, 0600), 0);
    assert_int_equal(truncate(huge, 4294967296), 0);
    assert_int_equal(chmod(secret, 0), 0);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct error error = {0}, again = {0};
        struct plan plan;
        struct image_spec spec = {.address = 0x1000, .path = rows[i].path};
        uint8_t *data = NULL;
        size_t n = 0;
        if (rows[i].path == secret && geteuid() == 0)
            continue; /* nothing is unreadable to root */
        int rc = image_file_read(rows[i].path, &data, &n, &error);
        expect_error(rc, &error, rows[i].code, rows[i].part);
        assert_null(data);
        rc = plan_load(&plan, &spec, 1, NULL, &again);
        expect_error(rc, &again, rows[i].code, rows[i].part);
        assert_int_equal(plan.n, 0);
        assert_null(plan.regions);
    }
    unlink(huge);
}

/* ---- plans --------------------------------------------------------------------------------- */

static void plans_are_sorted_and_padded(void **state)
{
    struct plan plan;
    struct error error = {0};
    uint8_t md5[16];
    const struct image_spec specs[] = {
        {.address = 0x3000, .path = file_make("b.bin", "12345", 5)},
        {.address = 0x1000, .path = file_make("a.bin", "1234", 4)},
        {.address = 0xFFFFFFF8, .path = file_make("c.bin", "12345678", 8)}};

    (void)state;
    assert_int_equal(plan_load(&plan, specs, ARRAY_LEN(specs), NULL, &error), 0);
    assert_int_equal(plan.n, 3);
    assert_string_equal(plan.regions[0].path, specs[1].path);
    assert_int_equal(plan.regions[0].size, 4);
    assert_int_equal(plan.regions[1].address, 0x3000);
    assert_int_equal(plan.regions[1].file_size, 5);
    assert_int_equal(plan.regions[1].size, 8);
    assert_memory_equal(plan.regions[1].data, "12345\xFF\xFF\xFF", 8);
    assert_string_equal(plan.regions[1].what, "data");
    assert_int_equal(plan.total, 20);
    region_digest(&plan.regions[0]);
    region_digest(&plan.regions[1]);
    digest_md5("12345\xFF\xFF\xFF", 8, md5);
    assert_memory_equal(plan.regions[1].md5, md5, 16);
    plan_done(&plan);
    plan_done(&plan);
}

static int load_two(uint32_t a, size_t a_size, uint32_t b, size_t b_size, struct error *error)
{
    uint8_t *data = xcalloc(1, a_size + b_size);
    struct image_spec specs[] = {{.address = a, .path = file_make("first.bin", data, a_size)},
                                 {.address = b, .path = file_make("second.bin", data, b_size)}};
    struct plan plan;

    *error = (struct error){0};
    int rc = plan_look(specs, 2, NULL, error);
    if (rc == 0 || rc == ERR_OVERLAP) { /* which is for the checks to say */
        assert_int_equal(plan_load(&plan, specs, 2, NULL, NULL), 0);
        plan_done(&plan);
    }
    free(data);
    return rc;
}

static void overlaps_name_both_files(void **state)
{
    struct error error;

    (void)state;
    assert_int_equal(load_two(0x1000, 0x1000, 0x2000, 0x1000, &error), 0);
    expect_error(load_two(0x1000, 0x1001, 0x2000, 16, &error), &error, ERR_OVERLAP,
                 "first.bin (0x1000 to 0x2003) and ");
    assert_non_null(strstr(error.text, "second.bin (0x2000 to 0x200f) overlap"));
    expect_error(load_two(0x8000, 16, 0x8000, 16, &error), &error, ERR_OVERLAP, "overlap");
    expect_error(load_two(0x2000, 16, 0x1000, 0x8000, &error), &error, ERR_OVERLAP, "second.bin");
    expect_error(load_two(0x1000, 16, 0x1100, 16, &error), &error, ERR_OVERLAP,
                 "share the flash sector at 0x1000");
    expect_error(load_two(0, 16, 0xFFFFFFFC, 8, &error), &error, ERR_TOO_BIG,
                 "at 0xfffffffc would end past");
    expect_error(load_two(0, 16, 0xFFFFFFFC, 5, &error), &error, ERR_TOO_BIG, "past");
    assert_int_equal(load_two(0, 16, 0xFFFFFFFC, 3, &error), 0);

    struct plan plan;
    error_clear(&error);
    expect_error(plan_load(&plan, NULL, 0, NULL, &error), &error, ERR_USAGE, "no file");
}

/* ---- samples ------------------------------------------------------------------------------- */

static const enum chip_id chips[] = {CHIP_ESP8266, CHIP_ESP32, CHIP_ESP32C3};

enum kind { BOOTLOADER, TABLE, APP };

static struct buffer sample_of(enum chip_id id, enum kind kind)
{
    struct buffer out = {0};
    const struct chip *chip = chip_get(id);

    if (kind == BOOTLOADER)
        sample_bootloader(chip, &out);
    else if (kind == TABLE)
        sample_partition_table(chip, &out);
    else
        sample_app(chip, 0x3000, &out);
    return out;
}

static void samples_are_what_they_say(void **state)
{
    (void)state;
    for (enum chip_id id = CHIP_AUTO + 1; id < CHIP_COUNT; id++) {
        const struct chip *chip = chip_get(id);
        struct buffer boot = sample_of(id, BOOTLOADER), app = {0}, table = sample_of(id, TABLE);
        struct esp_image image;
        struct error error = {0};
        char what[64], expected[64];

        sample_app(chip, 600 * 1024, &app);
        assert_true(app.len > 590 * 1024 && app.len < 610 * 1024);
        assert_true(boot.len <= 0x8000 - chip->bootloader_offset); /* the partition table */
        assert_int_equal(esp_image_parse(boot.data, boot.len, &image, &error), 0);
        assert_int_equal(esp_image_verify(boot.data, &image, &error), 0);
        assert_int_equal(image.end, boot.len);
        assert_int_equal(image.digest_at != 0, id != CHIP_ESP8266);
        assert_int_equal(image.chip_id, id == CHIP_ESP8266 ? 0 : chip->image_chip_id);
        assert_int_equal(image.entry, image.segments[2].address);
        assert_int_equal(esp_image_parse(app.data, app.len, &image, &error), 0);
        assert_int_equal(esp_image_verify(app.data, &image, &error), 0);
        assert_int_equal(image.end, app.len);
        assert_true(image.digest_at != 0);
        assert_string_equal(image.app.project, "sample");

        image_describe(boot.data, boot.len, what, sizeof what);
        snprintf(expected, sizeof expected, "%s bootloader", chip->name);
        assert_string_equal(what, expected);
        image_describe(app.data, app.len, what, sizeof what);
        snprintf(expected, sizeof expected, "%s app sample 1.0", chip->name);
        assert_string_equal(what, expected);
        image_describe(table.data, table.len, what, sizeof what);
        assert_string_equal(what, "partition table, 3 entries");
        image_describe(table.data, table.len, what, 8);
        assert_string_equal(what, "partiti");
        buffer_done(&boot);
        buffer_done(&app);
        buffer_done(&table);
    }
}

/* As real firmware: zlib brings an app to about 0.55, and mapped segments lie in the file where
 * they lie in their 64 KB page. */
static void sample_apps_are_like_firmware(void **state)
{
    (void)state;
    for (enum chip_id id = CHIP_AUTO + 1; id < CHIP_COUNT; id++) {
        struct buffer app = {0}, again = {0};
        struct esp_image image;
        uint8_t *z;
        size_t z_n;

        sample_app(chip_get(id), 600 * 1024, &app);
        sample_app(chip_get(id), 600 * 1024, &again);
        assert_int_equal(app.len, again.len);
        assert_memory_equal(app.data, again.data, app.len);
        assert_int_equal(deflate_all(app.data, app.len, &z, &z_n), 0);
        assert_true(z_n > app.len * 50 / 100 && z_n < app.len * 60 / 100);
        assert_int_equal(esp_image_parse(app.data, app.len, &image, NULL), 0);
        assert_int_equal(image.segments[0].offset % 0x10000, image.segments[0].address % 0x10000);
        if (id != CHIP_ESP8266)
            assert_int_equal(image.segments[3].offset % 0x10000,
                             image.segments[3].address % 0x10000);
        free(z);
        buffer_done(&app);
        buffer_done(&again);
    }
}

static void partition_tables_are_read(void **state)
{
    struct buffer table = sample_of(CHIP_ESP32, TABLE);
    struct partition_table t;

    (void)state;
    assert_true(partition_table_parse(table.data, table.len, &t));
    assert_int_equal(t.n, 3);
    assert_string_equal(t.rows[2].label, "factory");
    assert_int_equal(t.rows[2].offset, 0x10000);
    assert_int_equal(t.rows[2].size, 0x100000);
    assert_int_equal(t.rows[2].type, PARTITION_APP);
    assert_int_equal(t.md5_at, 96);
    assert_true(t.md5_ok);
    assert_true(partition_table_parse(table.data, 96, &t)); /* without MD5 and filling */
    assert_int_equal(t.md5_at, 0);
    table.data[40] ^= 1;
    assert_true(partition_table_parse(table.data, table.len, &t));
    assert_false(t.md5_ok);
    assert_false(partition_table_parse(table.data, 31, &t));
    table.data[128] = 0; /* goes on as something else */
    assert_false(partition_table_parse(table.data, table.len, &t));
    buffer_done(&table);
}

/* ---- check --------------------------------------------------------------------------------- */

/* Loads one file and checks it for `chip`, as with a flash of 4 MB: the first refusal. */
static int check_one(const char *name, const void *data, size_t n, uint32_t address,
                     enum chip_id chip, bool force, struct error *error)
{
    struct image_spec spec = {.address = address, .path = file_make(name, data, n)};
    struct plan plan;

    *error = (struct error){0};
    assert_int_equal(plan_load(&plan, &spec, 1, NULL, error), 0);
    struct check_target target = {
        .chip = chip_get(chip), .revision = -1, .flash_size = 0x400000, .table_address = 0x8000};
    struct findings findings = {0};
    plan_find(&plan, &target, &findings);
    const struct finding *refusal = findings_refusal(&findings, force);
    if (refusal)
        error_set(error, refusal->code, "%s", refusal->text);
    findings_done(&findings);
    plan_done(&plan);
    return error->code;
}

static void images_for_another_chip_are_refused(void **state)
{
    struct error error;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(chips); i++) {
        struct buffer app = sample_of(chips[i], APP);
        for (size_t j = 0; j < ARRAY_LEN(chips); j++) {
            for (int force = 0; force < 2; force++) {
                int rc = check_one("app.bin", app.data, app.len, 0x10000, chips[j], force, &error);
                assert_int_equal(rc, i == j || force ? 0 : ERR_WRONG_CHIP);
                rc = check_one("app.bin", app.data, app.len, 0x123000, chips[j], force, &error);
                assert_int_equal(rc, i == j || force ? 0 : ERR_WRONG_CHIP);
            }
        }
        buffer_done(&app);
    }
    struct buffer app = sample_of(CHIP_ESP32C3, APP);
    expect_error(check_one("app.bin", app.data, app.len, 0x10000, CHIP_ESP32, false, &error),
                 &error, ERR_WRONG_CHIP,
                 "app.bin is an ESP32-C3 image (chip id 5), this chip is ESP32");
    app.data[12] = 99;
    expect_error(check_one("app.bin", app.data, app.len, 0x10000, CHIP_ESP32, false, &error),
                 &error, ERR_WRONG_CHIP, "unknown chip (chip id 99)");
    buffer_done(&app);
    app = sample_of(CHIP_ESP8266, APP);
    expect_error(check_one("app.bin", app.data, app.len, 0x10000, CHIP_ESP32, false, &error),
                 &error, ERR_WRONG_CHIP, "app.bin is an ESP8266 image, this chip is ESP32");
    buffer_done(&app);
}

static void images_past_the_end_are_refused_even_by_force(void **state)
{
    struct error error;

    (void)state;
    assert_int_equal(check_one("d.bin", "1234", 4, 0x3FFFFC, CHIP_ESP32, false, &error), 0);
    for (int force = 0; force < 2; force++)
        expect_error(check_one("d.bin", "12345", 5, 0x3FFFFC, CHIP_ESP32, force, &error), &error,
                     ERR_TOO_BIG,
                     "d.bin (5 bytes) at 0x3ffffc would end at 0x400004, past the end of the 4 MB");
}

static void damaged_images_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(chips); i++) {
        uint32_t at = chip_get(chips[i])->bootloader_offset;
        struct buffer boot = sample_of(chips[i], BOOTLOADER);
        struct esp_image image;
        struct error error;

        assert_int_equal(esp_image_parse(boot.data, boot.len, &image, NULL), 0);
        assert_int_equal(check_one("b.bin", boot.data, boot.len, at, chips[i], false, &error), 0);
        expect_error(check_one("b.bin", boot.data, 5000, at, chips[i], false, &error), &error,
                     ERR_IMAGE_DAMAGED, "b.bin at 0x");
        expect_error(check_one("b.bin", boot.data, image.checksum_at, at, chips[i], false, &error),
                     &error, ERR_IMAGE_DAMAGED, "the checksum should be at");

        boot.data[image.segments[2].offset + 100] ^= 0x10;
        expect_error(check_one("b.bin", boot.data, boot.len, at, chips[i], false, &error), &error,
                     ERR_IMAGE_DAMAGED, "damaged: the checksum at offset 0x");
        assert_int_equal(check_one("b.bin", boot.data, boot.len, at, chips[i], true, &error), 0);
        boot.data[image.segments[2].offset + 100] ^= 0x10;

        if (image.digest_at) {
            boot.data[image.digest_at + 5] ^= 1;
            expect_error(check_one("b.bin", boot.data, boot.len, at, chips[i], false, &error),
                         &error, ERR_IMAGE_DAMAGED, "damaged: the SHA-256 at offset 0x");
            expect_error(
                check_one("b.bin", boot.data, image.digest_at + 31, at, chips[i], false, &error),
                &error, ERR_IMAGE_DAMAGED, "SHA-256 of 32 bytes should be at");
            boot.data[image.digest_at + 5] ^= 1;
        }
        /* Where nothing would start it, it is only data; at an app's place it is not. */
        assert_int_equal(check_one("b.bin", boot.data, 5000, 0x9000, chips[i], false, &error), 0);
        assert_int_equal(check_one("b.bin", boot.data, 5000, 0x20000, chips[i], false, &error),
                         ERR_IMAGE_DAMAGED);
        assert_int_equal(check_one("b.bin", boot.data, 5000, 0, chips[i], false, &error),
                         at == 0 ? ERR_IMAGE_DAMAGED : 0);
        buffer_done(&boot);

        struct buffer table = sample_of(chips[i], TABLE);
        table.data[8] ^= 1;
        expect_error(check_one("t.bin", table.data, table.len, 0x8000, chips[i], false, &error),
                     &error, ERR_IMAGE_DAMAGED, "t.bin at 0x8000: damaged: the MD5 at offset 0x60");
        buffer_done(&table);
    }
}

/* Each field of the header alone can tell that it is none. */
static void headers_must_make_sense(void **state)
{
    static const struct {
        size_t at;
        uint8_t value;
    } rows[] = {{0, 0xE8}, {1, 0}, {1, 17}, {2, 6}, {13, 1}, {19, 1}, {22, 1}, {23, 2}};
    struct buffer boot = sample_of(CHIP_ESP32, BOOTLOADER);

    (void)state;
    assert_int_equal(esp_image_recognise(boot.data, 24, NULL), ESP_IMAGE_EXTENDED);
    assert_int_equal(esp_image_recognise(boot.data, 23, NULL), ESP_IMAGE_NONE);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        uint8_t was = boot.data[rows[i].at];
        boot.data[rows[i].at] = rows[i].value;
        assert_int_equal(esp_image_recognise(boot.data, boot.len, NULL), ESP_IMAGE_NONE);
        boot.data[rows[i].at] = was;
    }
    buffer_done(&boot);
}

/* Ciphertext and other data may begin with 0xE9; 20000 different kinds of noise do here. */
static void data_that_begins_like_an_image_passes(void **state)
{
    uint8_t *noise = xmalloc(20000 + 64);
    static const uint8_t counting[32] = {0xE9, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    struct error error;

    (void)state;
    noise_fill(noise, 20000 + 64);
    for (size_t i = 0; i < 20000; i++) {
        uint8_t data[64];
        memcpy(data, noise + i, sizeof data);
        data[0] = ESP_IMAGE_MAGIC;
        assert_int_equal(esp_image_recognise(data, sizeof data, NULL), ESP_IMAGE_NONE);
    }
    for (size_t i = 0; i < ARRAY_LEN(chips); i++) {
        uint32_t at = chip_get(chips[i])->bootloader_offset;
        noise[0] = ESP_IMAGE_MAGIC;
        assert_int_equal(check_one("n.bin", noise, 64, at, chips[i], false, &error), 0);
        assert_int_equal(check_one("n.bin", counting, 32, at, chips[i], false, &error), 0);
        assert_int_equal(check_one("n.bin", "\xE9", 1, at, chips[i], false, &error), 0);
    }
    free(noise);
}

/* ---- patch --------------------------------------------------------------------------------- */

static struct plan sample_plan(enum chip_id id)
{
    struct buffer boot = sample_of(id, BOOTLOADER), app = sample_of(id, APP);
    struct image_spec specs[] = {
        {.address = chip_get(id)->bootloader_offset,
         .path = file_make("boot.bin", boot.data, boot.len)},
        {.address = 0x10000, .path = file_make("app.bin", app.data, app.len)},
    };
    struct plan plan;

    assert_int_equal(plan_load(&plan, specs, 2, NULL, NULL), 0);
    buffer_done(&boot);
    buffer_done(&app);
    return plan;
}

static void settings_reach_the_bootloader_only(void **state)
{
    static const struct {
        struct image_settings settings;
        uint8_t mode[2], size_freq[2]; /* expected: ESP8266, others */
        bool patched;
    } rows[] = {
        {{FLASH_MODE_KEEP, NULL, NULL, 0}, {2, 2}, {0x30, 0x10}, false},
        {{FLASH_MODE_KEEP, "keep", "keep", 0}, {2, 2}, {0x30, 0x10}, false},
        {{FLASH_DIO, "40m", "2MB", 0}, {2, 2}, {0x30, 0x10}, false},
        {{FLASH_QIO, NULL, NULL, 0}, {0, 0}, {0x30, 0x10}, true},
        {{FLASH_DOUT, "80m", "4MB", 0}, {3, 3}, {0x4F, 0x2F}, true},
        {{FLASH_MODE_KEEP, "80m", NULL, 0}, {2, 2}, {0x3F, 0x1F}, true},
        {{FLASH_MODE_KEEP, NULL, "detect", 16 << 20}, {2, 2}, {0x90, 0x40}, true},
        {{FLASH_MODE_KEEP, NULL, "detect", 0}, {2, 2}, {0x30, 0x10}, false},
        {{FLASH_MODE_KEEP, NULL, "detect", 12345}, {2, 2}, {0x30, 0x10}, false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows) * ARRAY_LEN(chips); i++) {
        enum chip_id id = chips[i % ARRAY_LEN(chips)];
        size_t row = i / ARRAY_LEN(chips), column = id != CHIP_ESP8266;
        struct plan plan = sample_plan(id), before = sample_plan(id);
        struct region *boot = &plan.regions[0], *was = &before.regions[0];
        struct esp_image image;
        struct error error = {0};

        assert_int_equal(plan_patch(&plan, chip_get(id), &rows[row].settings, &error), 0);
        assert_int_equal(boot->patched, rows[row].patched);
        assert_int_equal(boot->data[2], rows[row].mode[column]);
        assert_int_equal(boot->data[3], rows[row].size_freq[column]);
        assert_int_equal(esp_image_parse(boot->data, boot->size, &image, &error), 0);

        /* Nothing else has changed. */
        assert_int_equal(boot->size, was->size);
        memcpy(was->data + 2, boot->data + 2, 2);
        if (image.digest_at)
            memcpy(was->data + image.digest_at, boot->data + image.digest_at, 32);
        assert_memory_equal(boot->data, was->data, was->size);
        assert_false(plan.regions[1].patched);
        assert_memory_equal(plan.regions[1].data, before.regions[1].data, plan.regions[1].size);
        plan_done(&plan);
        plan_done(&before);
    }
}

static void settings_a_chip_does_not_have_are_refused(void **state)
{
    struct plan plan = sample_plan(CHIP_ESP32);
    struct image_settings freq = {FLASH_MODE_KEEP, "77m", NULL, 0};
    struct image_settings size = {FLASH_MODE_KEEP, NULL, "3MB", 0};
    struct error error = {0}, other = {0};

    (void)state;
    expect_error(plan_patch(&plan, chip_get(CHIP_ESP32), &freq, &error), &error, ERR_USAGE,
                 "ESP32 has no flash frequency \"77m\"");
    expect_error(plan_patch(&plan, chip_get(CHIP_ESP32), &size, &other), &other, ERR_USAGE,
                 "ESP32 has no flash size \"3MB\"");
    assert_false(plan.regions[0].patched);
    plan_done(&plan);
}

/* Patches `image` at the ESP32's bootloader offset; whether that changed it. */
static bool is_patched(const struct buffer *image)
{
    struct image_spec spec = {.address = 0x1000,
                              .path = file_make("x.bin", image->data, image->len)};
    struct image_settings settings = {FLASH_QIO, "80m", "16MB", 0};
    struct plan plan;
    struct error error = {0};

    assert_int_equal(plan_load(&plan, &spec, 1, NULL, &error), 0);
    assert_int_equal(plan_patch(&plan, chip_get(CHIP_ESP32), &settings, &error), 0);
    bool patched = plan.regions[0].patched;
    assert_int_equal(memcmp(plan.regions[0].data, image->data, image->len) != 0, patched);
    plan_done(&plan);
    return patched;
}

static void what_is_not_ours_to_patch_is_left_alone(void **state)
{
    struct buffer image = sample_of(CHIP_ESP32, BOOTLOADER);
    size_t end = image.len;

    (void)state;
    assert_true(is_patched(&image));
    image.data[end - 1] ^= 1; /* a digest that is wrong must go on saying so */
    assert_false(is_patched(&image));
    image.data[end - 1] ^= 1;
    image.data[500] ^= 1;
    assert_false(is_patched(&image));
    image.data[500] ^= 1;

    while (image.len % 4096) /* a merged file: what follows stays as it is */
        buffer_append_byte(&image, 0xFF);
    size_t sector = image.len;
    for (int i = 0; i < 4096; i++)
        buffer_append_byte(&image, 0x55);
    assert_true(is_patched(&image));
    image.data[sector] = 0xE7; /* Secure Boot v2's signature sector */
    image.data[sector + 1] = 2;
    assert_false(is_patched(&image));
    image.data[sector + 1] = 3;
    assert_false(is_patched(&image));
    char what[64];
    image_describe(image.data, image.len, what, sizeof what);
    assert_string_equal(what, "signed ESP32 bootloader");

    image.len = end; /* Secure Boot v1: version word and signature right behind */
    for (int i = 0; i < 68; i++)
        buffer_append_byte(&image, i < 4 ? 0 : 0xA5);
    assert_false(is_patched(&image));
    buffer_done(&image);

    image = sample_of(CHIP_ESP32C3, BOOTLOADER);
    assert_false(is_patched(&image));
    buffer_done(&image);
    image = sample_of(CHIP_ESP8266, BOOTLOADER);
    assert_false(is_patched(&image));
    buffer_done(&image);
    image = sample_of(CHIP_ESP32, TABLE);
    assert_false(is_patched(&image));
    buffer_done(&image);
}

/* ---- finish -------------------------------------------------------------------------------- */

static void what_does_not_shrink_is_sent_plain(void **state)
{
    enum { N = 8192 };
    uint8_t *noise = xmalloc(N), *zeros = xcalloc(1, N);
    struct plan plan;

    (void)state;
    noise_fill(noise, N);
    struct image_spec specs[] = {{.path = file_make("noise.bin", noise, N)},
                                 {.address = 0x10000, .path = file_make("zeros.bin", zeros, N)}};
    assert_int_equal(plan_load(&plan, specs, 2, NULL, NULL), 0);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(region_deflate(&plan.regions[i], NULL), 0);
    assert_null(plan.regions[0].deflated);
    assert_int_equal(plan.regions[0].deflated_size, 0);
    struct inflater *inflater = inflater_new();
    assert_int_equal(
        inflater_feed(inflater, plan.regions[1].deflated, plan.regions[1].deflated_size), N);
    inflater_free(inflater);
    plan_done(&plan);
    free(noise);
    free(zeros);
}

/* ---- hostile bytes ------------------------------------------------------------------------- */

/* Everything that parses, on a copy of exactly this size, so that the sanitizer sees one byte too
 * far. */
static void parse_all(const uint8_t *data, size_t n)
{
    uint8_t *copy = xmalloc(n);
    struct esp_image image;
    struct partition_table table;
    char what[64];

    memcpy(copy, data, n);
    if (esp_image_parse(copy, n, &image, NULL) == 0) {
        assert_true(image.end <= n && image.checksum_at < n);
        assert_true(image.digest_at == 0 || image.digest_at + 32 <= n);
        esp_image_verify(copy, &image, NULL);
    }
    partition_table_parse(copy, n, &table);
    image_describe(copy, n, what, sizeof what);
    assert_true(what[0] != '\0');
    free(copy);
}

/* "Version 2" of the ESP8266: one flash segment outside of the checksum, then a plain image. */
static struct buffer v2_image(void)
{
    struct buffer image = sample_of(CHIP_ESP8266, BOOTLOADER), out = {0};
    static const uint8_t first[] = {0xEA, 4, 2, 0x30, 0x04, 0x00, 0x10, 0x40,
                                    0,    0, 0, 0,    32,   0,    0,    0};

    buffer_append(&out, first, sizeof first);
    for (int i = 0; i < 32; i++)
        buffer_append_byte(&out, (uint8_t)i);
    buffer_append(&out, image.data, image.len);
    buffer_append_le32(&out, 0x12345678); /* CRC */
    buffer_done(&image);
    return out;
}

static void version_2_images_are_read(void **state)
{
    struct buffer v2 = v2_image();
    struct esp_image image;
    struct error error = {0};

    (void)state;
    assert_int_equal(esp_image_parse(v2.data, v2.len, &image, &error), 0);
    assert_int_equal(image.form, ESP_IMAGE_V2);
    assert_int_equal(image.n_segments, 4);
    assert_int_equal(esp_image_verify(v2.data, &image, &error), 0);
    v2.data[20] ^= 1; /* in the flash segment */
    assert_int_equal(esp_image_parse(v2.data, v2.len, &image, &error), 0);
    assert_int_equal(esp_image_verify(v2.data, &image, &error), 0);
    v2.data[100] ^= 1;
    assert_int_equal(esp_image_parse(v2.data, v2.len, &image, &error), 0);
    assert_int_equal(esp_image_verify(v2.data, &image, &error), ERR_FILE_FORMAT);
    v2.data[49] = 200; /* segments of the second header */
    assert_int_equal(esp_image_parse(v2.data, v2.len, &image, &error), ERR_FILE_FORMAT);
    buffer_done(&v2);
}

static void hostile_bytes_do_no_harm(void **state)
{
    uint32_t random = 1;

    (void)state;
    for (size_t i = 0; i <= ARRAY_LEN(chips) * 3; i++) {
        struct buffer sample =
            i == ARRAY_LEN(chips) * 3 ? v2_image() : sample_of(chips[i / 3], (enum kind)(i % 3));
        for (size_t n = 0; n <= sample.len; n++)
            parse_all(sample.data, n);
        for (int round = 0; round < 3000; round++) {
            size_t flips[4];
            for (size_t k = 0; k < ARRAY_LEN(flips); k++) {
                random = random * 1664525u + 1013904223u;
                size_t range = random >> 31 ? sample.len : 160; /* headers matter most */
                flips[k] = (random >> 8) % (range * 8);
                sample.data[flips[k] / 8] ^= (uint8_t)(1u << flips[k] % 8);
            }
            parse_all(sample.data, sample.len);
            for (size_t k = 0; k < ARRAY_LEN(flips); k++)
                sample.data[flips[k] / 8] ^= (uint8_t)(1u << flips[k] % 8);
        }
        buffer_done(&sample);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digests_are_the_published_ones),
        cmocka_unit_test(blank_bytes_have_the_digest_of_so_many_ff),
        cmocka_unit_test(base64_is_decoded),
        cmocka_unit_test(deflated_data_is_followed_block_by_block),
        cmocka_unit_test(files_that_cannot_be_read_are_named),
        cmocka_unit_test(plans_are_sorted_and_padded),
        cmocka_unit_test(overlaps_name_both_files),
        cmocka_unit_test(samples_are_what_they_say),
        cmocka_unit_test(sample_apps_are_like_firmware),
        cmocka_unit_test(partition_tables_are_read),
        cmocka_unit_test(images_for_another_chip_are_refused),
        cmocka_unit_test(images_past_the_end_are_refused_even_by_force),
        cmocka_unit_test(damaged_images_are_refused),
        cmocka_unit_test(headers_must_make_sense),
        cmocka_unit_test(data_that_begins_like_an_image_passes),
        cmocka_unit_test(settings_reach_the_bootloader_only),
        cmocka_unit_test(settings_a_chip_does_not_have_are_refused),
        cmocka_unit_test(what_is_not_ours_to_patch_is_left_alone),
        cmocka_unit_test(what_does_not_shrink_is_sent_plain),
        cmocka_unit_test(version_2_images_are_read),
        cmocka_unit_test(hostile_bytes_do_no_harm),
    };

    return cmocka_run_group_tests(tests, dir_make, dir_remove);
}
