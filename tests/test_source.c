/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sources from memory: words, JSON, what is refused. tests/sources.sh has the real layouts. */
#include "source/args.h"
#include "source/private.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct fixture {
    struct source_options options;
    struct source_notes notes;
    struct error error;
    struct job job;
    struct source s;
};

static void fixture_init(struct fixture *f)
{
    *f = (struct fixture){0};
    job_init(&f->job);
    f->s = (struct source){.name = "FILE",
                           .directory = "",
                           .options = &f->options,
                           .job = &f->job,
                           .notes = &f->notes,
                           .error = &f->error};
}

static void fixture_done(struct fixture *f)
{
    job_done(&f->job);
    source_notes_done(&f->notes);
}

static bool noted(const struct fixture *f, const char *text)
{
    for (size_t i = 0; i < f->notes.n; i++) {
        if (strstr(f->notes.rows[i].text, text))
            return true;
    }
    return false;
}

/* ---- words: what Python's shlex.split makes of each line ---- */

static const struct {
    const char *text;
    const char *words[6];
} splits[] = {
    {"", {NULL}},
    {"   \t ", {NULL}},
    {"a b\tc", {"a", "b", "c"}},
    {"a\nb\r\nc", {"a", "b", "c"}},
    {"'a b' \"c d\"", {"a b", "c d"}},
    {"a' 'b\" \"c", {"a b c"}},
    {"'' \"\"", {"", ""}},
    {"a\\ b \\'", {"a b", "'"}},
    {"'a\\b'", {"a\\b"}},
    {"\"a\\b\\\\c\\\"d\"", {"a\\b\\c\"d"}},
    {"\"x\\$y\"", {"x\\$y"}},
    {"a#b c# d", {"a#b", "c#", "d"}},
    {"# all of it\n b #c", {"b", "#c"}},
    {"@file", {"@file"}},
};

static void test_words(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof splits / sizeof splits[0]; i++) {
        struct words words = {0};
        struct error error = {0};
        assert_int_equal(
            words_split("FILE", splits[i].text, strlen(splits[i].text), &words, &error), 0);
        size_t n = 0;
        for (; splits[i].words[n]; n++) {
            assert_true(n < words.n);
            assert_string_equal(words.rows[n], splits[i].words[n]);
        }
        assert_int_equal(words.n, n);
        words_done(&words);
    }
}

static void test_words_refused(void **state)
{
    static const char *const open[] = {"a\n'b", "a\n\"b", "a\nb\\", "a\n\"b\\"};
    struct words words = {0};

    (void)state;
    for (size_t i = 0; i < sizeof open / sizeof open[0]; i++) {
        struct error error = {0};
        assert_int_equal(words_split("FILE", open[i], strlen(open[i]), &words, &error),
                         ERR_FILE_FORMAT);
        assert_non_null(strstr(error.text, "FILE: line 2: "));
    }
    struct error error = {0};
    assert_int_equal(words_split("FILE", "a\0b", 3, &words, &error), ERR_FILE_FORMAT);
    char *many = malloc(3 * SOURCE_WORDS_MAX);
    for (size_t i = 0; i < 3 * SOURCE_WORDS_MAX; i++)
        many[i] = i % 2 ? ' ' : 'x';
    error_clear(&error);
    words_done(&words);
    assert_int_equal(words_split("FILE", many, 3 * SOURCE_WORDS_MAX, &words, &error),
                     ERR_FILE_FORMAT);
    assert_int_equal(words.n, SOURCE_WORDS_MAX);
    free(many);
    words_done(&words);
}

/* ---- options ---- */

static void test_args(void **state)
{
    static const char text[] =
        "--chip esp32c3 -p /dev/x -b 460800 --before=default_reset --after no-reset "
        "--connect-attempts 3 --no-stub write_flash -u --flash_mode dout -ff 40m --flash-size=2MB "
        "-sc HSPI -e 0x0 a.bin ota_0 b.bin --encrypt-files 64k c.bin --verify 0x20000 d.bin";
    struct fixture f;

    (void)state;
    fixture_init(&f);
    assert_int_equal(source_args_read(&f.s, text, sizeof text - 1), 0);
    assert_int_equal(f.job.chip, CHIP_ESP32C3);
    assert_string_equal(f.job.port, "/dev/x");
    assert_int_equal(f.job.baud, 460800);
    assert_int_equal(f.job.before, BEFORE_DEFAULT_RESET);
    assert_int_equal(f.job.after, AFTER_NO_RESET);
    assert_int_equal(f.job.connect_attempts, 3);
    assert_true(f.job.no_stub);
    assert_false(f.job.compress);
    assert_true(f.job.erase_all);
    assert_int_equal(f.job.flash_mode, FLASH_DOUT);
    assert_string_equal(f.job.flash_freq, "40m");
    assert_string_equal(f.job.flash_size, "2MB");
    assert_string_equal(f.job.spi_connection, "HSPI");
    assert_int_equal(f.job.n_images, 4);
    assert_int_equal(f.job.images[1].address, JOB_ADDRESS_PARTITION);
    assert_string_equal(f.job.images[1].partition, "ota_0");
    assert_int_equal(f.job.images[2].address, 0x10000);
    assert_int_equal(f.job.images[2].encrypted, ENCRYPT_ALWAYS);
    assert_false(f.job.images[3].encrypted);
    assert_int_equal(f.notes.n, 0);
    fixture_done(&f);
}

/* What can't be done is a note or an error, never nothing. */
static void test_args_lost(void **state)
{
    static const char text[] = "--flash-type nand --force --wizard=1 0x0 a.bin";
    static const char *const wrong[] = {"0x0",          "zz/ a.bin",       "--flash-mode warp 0 a",
                                        "--baud 1 0 a", "--chip",          "0x0 a.bin 0 b.bin",
                                        "-ff 81m 0 a",  "0xffffffff a.bin"};
    struct fixture f;

    (void)state;
    fixture_init(&f);
    assert_int_equal(source_args_read(&f.s, text, sizeof text - 1), 0);
    assert_false(f.job.force);
    assert_true(noted(&f, "flash-type"));
    assert_true(noted(&f, "--force"));
    assert_true(noted(&f, "wizard"));
    fixture_done(&f);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        fixture_init(&f);
        assert_int_equal(source_args_read(&f.s, wrong[i], strlen(wrong[i])), ERR_FILE_FORMAT);
        assert_non_null(strstr(f.error.text, "FILE"));
        fixture_done(&f);
    }
}

/* ---- JSON ---- */

static void test_idf(void **state)
{
    static const char text[] =
        "{\"app\":{\"offset\":\"0x10000\",\"file\":\"b.bin\",\"encrypted\":\"true\"},"
        "\"partition-table\":{\"offset\":\"0\",\"file\":\"a.bin\"},"
        "\"other\":{\"offset\":\"0x9000\",\"file\":\"c.bin\"},\"what\":1,"
        "\"flash_files\":{\"0x0\":\"a.bin\",\"0x10000\":\"b.bin\"},"
        "\"write_flash_args\":[\"--flash_mode\",\"qio\",\"--no-progress\"],"
        "\"extra_esptool_args\":{\"chip\":\"esp32s3\",\"stub\":false,\"after\":\"no_reset\","
        "\"new\":\"x\"}}";
    struct fixture f;

    (void)state;
    fixture_init(&f);
    assert_int_equal(source_idf_read(&f.s, text, sizeof text - 1), 0);
    assert_int_equal(f.job.n_images, 2);
    assert_int_equal(f.job.table_address, 0);
    assert_false(f.job.images[0].encrypted);
    assert_int_equal(f.job.images[1].encrypted, ENCRYPT_IF_ON);
    assert_int_equal(f.job.chip, CHIP_ESP32S3);
    assert_int_equal(f.job.flash_mode, FLASH_QIO);
    assert_true(f.job.no_stub);
    assert_int_equal(f.job.after, AFTER_NO_RESET);
    assert_true(noted(&f, "other (c.bin at 0x9000) is not among its flash_files"));
    assert_true(noted(&f, "\"what\" is not understood"));
    assert_true(noted(&f, "the option new is not known"));
    assert_int_equal(f.notes.n, 3);
    fixture_done(&f);
}

static int web(struct fixture *f, enum chip_id chip, const char *text)
{
    fixture_init(f);
    f->options.chip = chip;
    return source_web_read(&f->s, text, strlen(text));
}

static void test_web_choice(void **state)
{
    static const char text[] =
        "{\"builds\":[{\"chipFamily\":\"ESP32-S3\",\"serialType\":\"cdc\",\"parts\":[{\"path\":"
        "\"cdc\",\"offset\":0}]},{\"chipFamily\":\"ESP32-S3\",\"parts\":[{\"path\":\"any\","
        "\"offset\":1}]},{\"chipFamily\":\"ESP8266\",\"parts\":[{\"path\":\"old\",\"offset\":0}]}]"
        "}";
    struct fixture f;

    (void)state;
    assert_int_equal(web(&f, CHIP_ESP32S3, text), 0);
    assert_string_equal(f.job.images[0].path, "any");
    assert_int_equal(f.job.chip, CHIP_ESP32S3);
    fixture_done(&f);
    assert_int_equal(web(&f, CHIP_ESP8266, text), 0);
    assert_string_equal(f.job.images[0].path, "old");
    fixture_done(&f);
    assert_int_equal(web(&f, CHIP_AUTO, text), ERR_USAGE);
    assert_non_null(strstr(f.error.text, "ESP32-S3, ESP8266"));
    fixture_done(&f);
    assert_int_equal(web(&f, CHIP_ESP32, text), ERR_USAGE);
    fixture_done(&f);
}

static void test_web_rest(void **state)
{
    static const char text[] =
        "{\"name\":\"x\",\"sha\":1,\"funding_url\":null,\"builds\":[{\"chipFamily\":\"ESP32\","
        "\"improv\":true,\"speed\":1,\"parts\":[{\"path\":\"a\",\"offset\":0,\"md5\":\"\"}]}]}";
    struct fixture f;

    (void)state;
    assert_int_equal(web(&f, CHIP_AUTO, text), 0);
    assert_true(noted(&f, "FILE: sha is not understood"));
    assert_true(noted(&f, "builds/0/speed is not understood"));
    assert_true(noted(&f, "builds/0/parts/0/md5 is not understood"));
    assert_int_equal(f.notes.n, 3);
    fixture_done(&f);
}

static void test_web_refused(void **state)
{
    static const struct {
        const char *parts, *text;
    } rows[] = {
        {"{}", "builds/0/parts: an array is expected, found an object"},
        {"[1]", "builds/0/parts/0: an object is expected"},
        {"[{\"path\":\"a\"}]",
         "builds/0/parts/0/offset: a whole number is expected, found nothing"},
        {"[{\"path\":\"a\",\"offset\":-1}]", "builds/0/parts/0/offset: -1 is no flash address"},
        {"[{\"path\":\"a\",\"offset\":4294967296}]", "is no flash address"},
        {"[{\"path\":\"a\",\"offset\":0.5}]", "found a number that is not whole"},
        {"[{\"offset\":0}]", "builds/0/parts/0/path: a string is expected"},
        {"[{\"path\":\"HTTP://x/a\",\"offset\":0}]", "address on the network"},
        {"[{\"path\":\"//x/a\",\"offset\":0}]", "address on the network"},
        {"[{\"path\":\"\",\"offset\":0}]", "name of the file is empty"},
        {"[{\"path\":\"a\",\"offset\":0},{\"path\":\"b\",\"offset\":0}]",
         "0x0 is the address of a"},
    };
    char text[512];
    struct fixture f;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        snprintf(text, sizeof text, "{\"builds\":[{\"chipFamily\":\"ESP32\",\"parts\":%s}]}",
                 rows[i].parts);
        assert_int_equal(web(&f, CHIP_AUTO, text), ERR_FILE_FORMAT);
        if (strstr(f.error.text, rows[i].text) == NULL)
            fail_msg("%s: %s", rows[i].parts, f.error.text);
        fixture_done(&f);
    }
}

static void test_limits(void **state)
{
    struct buffer text = {0};
    struct fixture f;

    (void)state;
    fixture_init(&f);
    buffer_printf(&text, "{\"flash_files\":{");
    for (unsigned i = 0; i <= SOURCE_IMAGES_MAX; i++)
        buffer_printf(&text, "%s\"%u\":\"a\"", i ? "," : "", i * 4096);
    buffer_printf(&text, "}}");
    assert_int_equal(source_idf_read(&f.s, (const char *)text.data, text.len), ERR_FILE_FORMAT);
    assert_non_null(strstr(f.error.text, "more than 256 files"));
    fixture_done(&f);

    /* Brackets in strings are no levels. */
    fixture_init(&f);
    buffer_clear(&text);
    buffer_printf(&text, "{\"flash_files\":{\"0\":\"\\\"%0100d\"}}", 0);
    memset(strchr((char *)text.data, '0') + 10, '[', 50);
    assert_int_equal(source_idf_read(&f.s, (const char *)text.data, text.len), 0);
    fixture_done(&f);
    buffer_done(&text);
}

/* Every kind has a name of its own. */
static void test_kinds(void **state)
{
    (void)state;
    for (int i = SOURCE_NONE; i <= SOURCE_IMAGE; i++) {
        for (int j = i + 1; j <= SOURCE_IMAGE; j++)
            assert_string_not_equal(source_kind_name((enum source_kind)i),
                                    source_kind_name((enum source_kind)j));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words),    cmocka_unit_test(test_words_refused),
        cmocka_unit_test(test_args),     cmocka_unit_test(test_args_lost),
        cmocka_unit_test(test_idf),      cmocka_unit_test(test_web_choice),
        cmocka_unit_test(test_web_rest), cmocka_unit_test(test_web_refused),
        cmocka_unit_test(test_limits),   cmocka_unit_test(test_kinds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
