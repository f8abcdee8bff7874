/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SLIP with all kinds of bytes, and stub files with all kinds of damage. */
#include "loader/slip.h"
#include "loader/stub.h"

#include "base/buffer.h"
#include "base/util.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- SLIP ---- */

static uint32_t seed = 12345;

static uint32_t random32(void)
{
    seed = seed * 1664525 + 1013904223;
    return seed >> 8;
}

static void slip_there_and_back(void **state)
{
    static struct slip_decoder slip;
    struct buffer wire = {0};

    (void)state;
    slip_decoder_init(&slip);
    for (int round = 0; round < 500; round++) {
        uint8_t bytes[300];
        size_t n = 1 + random32() % sizeof bytes, frames = 0;
        for (size_t i = 0; i < n; i++)
            bytes[i] = round % 2 ? (uint8_t)random32() : (uint8_t)(0xC0 + 0x1B * (random32() % 2));
        buffer_clear(&wire);
        slip_encode(&wire, bytes, n);
        assert_int_equal(wire.data[0], 0xC0);
        for (size_t i = 0; i < wire.len; i++) {
            enum slip_event event = slip_decode(&slip, wire.data[i]);
            assert_true(event == SLIP_NOTHING || event == SLIP_FRAME);
            if (event == SLIP_FRAME) {
                frames++;
                assert_int_equal(slip.len, n);
                assert_memory_equal(slip.frame, bytes, n);
            }
        }
        assert_int_equal(frames, 1);
    }
    buffer_done(&wire);
}

/* Events of a run of bytes as text: n nothing, F frame, t text, B broken. */
static const char *events(const void *bytes, size_t n)
{
    static struct slip_decoder slip;
    static char text[64];
    size_t i;

    slip_decoder_init(&slip);
    for (i = 0; i < n; i++)
        text[i] = "nFtB"[slip_decode(&slip, ((const uint8_t *)bytes)[i])];
    text[i] = '\0';
    return text;
}

static void slip_edges(void **state)
{
    (void)state;
    assert_string_equal(events("hi\xC0"
                               "a\xC0",
                               5),
                        "ttnnF");
    assert_string_equal(events("\xC0\xC0\xC0"
                               "a\xC0x",
                               6),
                        "nnnnFt");
    assert_string_equal(events("\xC0\xDB\xDC\xDB\xDD\xC0", 6), "nnnnnF");
    assert_string_equal(events("\xC0\xDB"
                               "A\xC0",
                               4),
                        "nnnB");
    assert_string_equal(events("\xC0"
                               "a\xDB\xC0",
                               4),
                        "nnnB");
    /* after a broken frame the next one is found, with or without an END of its own */
    assert_string_equal(events("\xC0\xDB\x01\xC0\xC0"
                               "a\xC0",
                               7),
                        "nnnBnnF");
    assert_string_equal(events("\xC0\xDB\x01\xC0"
                               "a\xC0",
                               6),
                        "nnnBnF");
}

static void slip_too_long(void **state)
{
    static struct slip_decoder slip;
    size_t frames = 0, broken = 0;

    (void)state;
    slip_decoder_init(&slip);
    slip_decode(&slip, 0xC0);
    for (int i = 0; i < SLIP_FRAME_MAX; i++)
        assert_int_equal(slip_decode(&slip, 7), SLIP_NOTHING);
    assert_int_equal(slip_decode(&slip, 0xC0), SLIP_FRAME);
    assert_int_equal(slip.len, SLIP_FRAME_MAX);

    slip_decode(&slip, 0xC0);
    for (int i = 0; i < 3 * SLIP_FRAME_MAX; i++)
        slip_decode(&slip, 7);
    assert_int_equal(slip_decode(&slip, 0xC0), SLIP_BROKEN);

    for (long i = 0; i < 1000000; i++) { /* noise */
        enum slip_event event = slip_decode(&slip, (uint8_t)(random32() % 16 ? random32() : 0xC0));
        frames += event == SLIP_FRAME;
        broken += event == SLIP_BROKEN;
        assert_true(slip.len <= SLIP_FRAME_MAX);
    }
    assert_true(frames > 0 && broken > 0);
}

/* ---- stub files ---- */

static char dir[64];

static const char *path_of(const char *name)
{
    static char path[128];

    snprintf(path, sizeof path, "%s/%s", dir, name);
    return path;
}

static const char *put(const char *name, const char *text)
{
    const char *path = path_of(name);
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    return path;
}

static int group_setup(void **state)
{
    (void)state;
    snprintf(dir, sizeof dir, "/tmp/espjig-stub-XXXXXX");
    return mkdtemp(dir) == NULL;
}

static int group_teardown(void **state)
{
    char command[128];

    (void)state;
    snprintf(command, sizeof command, "rm -rf '%s'", dir);
    return system(command) != 0;
}

/* 8 bytes of code, 4 of data */
#define GOOD(text, text_start, entry, data, data_start)                                   \
    "{\"entry\":" entry ",\"text\":" text ",\"text_start\":" text_start ",\"data\":" data \
    ",\"data_start\":" data_start ",\"bss_start\":1073217536}"

static void stub_good(void **state)
{
    struct stub stub;
    struct error error = {0};
    const char *path = put("good.json", GOOD("\"AAECAwQFBgc=\"", "1074397184", "1074397188",
                                             "\"/////w==\"", "1073602560"));

    (void)state;
    if (stub_load(path, &stub, &error) != 0)
        fail_msg("%s", error.text);
    assert_int_equal(stub.n_segments, 2);
    assert_int_equal(stub.entry, 0x400A0004);
    assert_int_equal(stub.segments[0].address, 0x400A0000);
    assert_int_equal(stub.segments[0].size, 8);
    assert_int_equal(stub.segments[0].data[7], 7);
    assert_int_equal(stub.segments[1].address, 0x3FFDE000);
    assert_int_equal(stub.version, 1); /* no table of 27 equal words in it */
    assert_string_equal(stub.path, path);
    stub_done(&stub);
    stub_done(&stub);
}

static void stub_damage(void **state)
{
    static const struct {
        const char *json, *says;
    } rows[] = {
        {"", "no JSON"},
        {"not json", "no JSON"},
        {"[1,2]", "no JSON object"},
        {"{\"entry\":1074397188,\"text\":\"AAECAwQ", "no JSON"},
        {"{\"entry\":1074397188}", "\"text\" is missing"},
        {GOOD("17", "1074397184", "1074397188", "\"/////w==\"", "1073602560"), "\"text\""},
        {GOOD("\"A!!!\"", "1074397184", "1074397184", "\"/////w==\"", "1073602560"), "base64"},
        {GOOD("\"\"", "1074397184", "1074397184", "\"/////w==\"", "1073602560"), "0 bytes"},
        {GOOD("\"AAECAwQFBgc=\"", "\"x\"", "1074397188", "\"/////w==\"", "1073602560"),
         "\"text_start\" is no number"},
        {GOOD("\"AAECAwQFBgc=\"", "4294967292", "4294967292", "\"/////w==\"", "1073602560"),
         "8 bytes, which can't be"},
        {GOOD("\"AAECAwQFBgc=\"", "1074397184", "1074397192", "\"/////w==\"", "1073602560"),
         "\"entry\" is 0x400a0008"},
        {GOOD("\"AAECAwQFBgc=\"", "1074397184", "-5", "\"/////w==\"", "1073602560"), "\"entry\""},
        {GOOD("\"AAECAwQFBgc=\"", "1074397184", "1074397184", "\"/////w==\"", "1074397188"),
         "overlap"},
        {GOOD("\"AAECAwQFBgc=\"", "1074397184", "1074397184", "null", "1073602560"), "\"data\""},
        {GOOD("\"AAECAwQFBgc=\"", "99999999999999", "1074397184", "\"/////w==\"", "1073602560"),
         "\"text_start\""},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct stub stub;
        struct error error = {0};
        const char *path = put("bad.json", rows[i].json);
        assert_int_equal(stub_load(path, &stub, &error), ERR_STUB_FILE);
        if (strstr(error.text, rows[i].says) == NULL || strstr(error.text, path) == NULL)
            fail_msg("row %zu: %s", i, error.text);
        assert_int_equal(stub.n_segments, 0);
    }
    struct stub stub;
    struct error error = {0};
    assert_int_equal(stub_load("/no/such/stub.json", &stub, &error), ERR_FILE_UNREADABLE);
    error_clear(&error);
    assert_true(stub_load(dir, &stub, &error) < 0);
}

/* Every truncation of a good file is told to be damaged. */
static void stub_cut_short(void **state)
{
    const char *good =
        GOOD("\"AAECAwQFBgc=\"", "1074397184", "1074397188", "\"/////w==\"", "1073602560");

    (void)state;
    for (size_t n = 0; n < strlen(good); n++) {
        char text[512];
        struct stub stub;
        struct error error = {0};
        snprintf(text, sizeof text, "%.*s", (int)n, good);
        assert_int_equal(stub_load(put("cut.json", text), &stub, &error), ERR_STUB_FILE);
    }
}

static void find_in_order(void **state)
{
    const char *good =
        GOOD("\"AAECAwQFBgc=\"", "1074397184", "1074397188", "\"/////w==\"", "1073602560");
    const struct chip *chip = chip_get(CHIP_ESP32);
    struct stub stub;
    struct error error = {0};

    (void)state;
    setenv("HOME", dir, 1);
    setenv("XDG_DATA_HOME", dir, 1);
    unsetenv("ESPJIG_STUB_DIR");
    unsetenv("VIRTUAL_ENV");
    unsetenv("IDF_PYTHON_ENV_PATH");
    assert_int_equal(mkdir(path_of("1"), 0700), 0);
    put("1/esp32.json", good);
    assert_int_equal(stub_find(chip->stub, dir, 0, &stub, &error), 0);
    assert_int_equal(stub.version, 1);
    stub_done(&stub);

    assert_int_equal(mkdir(path_of("2"), 0700), 0);
    put("2/esp32.json", good);
    setenv("ESPJIG_STUB_DIR", dir, 1);
    assert_int_equal(stub_find(chip->stub, NULL, 0, &stub, &error), 0);
    assert_int_equal(stub.version, 2);
    stub_done(&stub);
    assert_int_equal(stub_find(chip->stub, NULL, 1, &stub, &error), 0);
    assert_int_equal(stub.version, 1);
    stub_done(&stub);
    assert_int_equal(stub_find(chip->stub, NULL, 2, &stub, &error), ERR_FILE_UNREADABLE);
    if (strstr(error.text, "esp32.json") == NULL || strstr(error.text, dir) == NULL)
        fail_msg("%s", error.text);

    /* a damaged one is told, not passed over */
    error_clear(&error);
    put("2/esp32.json", "{");
    assert_int_equal(stub_find(chip->stub, dir, 0, &stub, &error), ERR_STUB_FILE);
    error_clear(&error);
    assert_int_equal(stub_find(chip->stub, dir, 1, &stub, &error), 0);
    assert_int_equal(stub.version, 1);
    stub_done(&stub);

    /* what was asked for by name is not overridden by a newer one elsewhere */
    assert_int_equal(mkdir(path_of("asked"), 0700), 0);
    assert_int_equal(mkdir(path_of("asked/1"), 0700), 0);
    put("asked/1/esp32.json", good);
    put("2/esp32.json", good);
    char asked[128];
    util_copy(asked, sizeof asked, path_of("asked"));
    error_clear(&error);
    assert_int_equal(stub_find(chip->stub, asked, 0, &stub, &error), 0);
    assert_string_equal(stub.path, path_of("asked/1/esp32.json"));
    stub_done(&stub);
    assert_int_equal(stub_find(chip->stub, asked, 1, &stub, &error), ERR_FILE_UNREADABLE);

    error_clear(&error);
    assert_int_equal(stub_find(chip_get(CHIP_ESP32H21)->stub, dir, 0, &stub, &error),
                     ERR_FILE_UNREADABLE);
    unsetenv("ESPJIG_STUB_DIR");
}

/* The file of another chip: nothing of it may be written to where this chip has no RAM. */
static void ram_is_checked(void **state)
{
    const char *good =
        GOOD("\"AAECAwQFBgc=\"", "1074397184", "1074397188", "\"/////w==\"", "1073602560");
    struct stub stub;
    struct error error = {0};

    (void)state;
    assert_int_equal(stub_load(put("other.json", good), &stub, &error), 0);
    assert_int_equal(stub_check_ram(&stub, chip_get(CHIP_ESP32), &error), 0);
    assert_int_equal(stub_check_ram(&stub, chip_get(CHIP_ESP32C3), &error), ERR_STUB_FILE);
    assert_non_null(strstr(error.text, "0x400a0000"));
    assert_non_null(strstr(error.text, "ESP32-C3's RAM"));
    error_clear(&error);

    /* the last byte counts */
    stub.segments[1].address = 0x3FFFFFFC;
    assert_int_equal(stub_check_ram(&stub, chip_get(CHIP_ESP32), &error), 0);
    stub.segments[1].address = 0x3FFFFFFD;
    assert_int_equal(stub_check_ram(&stub, chip_get(CHIP_ESP32), &error), ERR_STUB_FILE);
    stub_done(&stub);
}

/* Espressif's own files, where the builder has them. */
static char *real_dir;

static void real_stubs(void **state)
{
    (void)state;
    if (real_dir == NULL)
        skip();
    for (int id = CHIP_AUTO + 1; id < CHIP_COUNT; id++) {
        const struct chip *chip = chip_get((enum chip_id)id);
        struct stub stub;
        struct error error = {0};
        if (chip->stub == NULL)
            continue;
        if (stub_find(chip->stub, real_dir, 0, &stub, &error) != 0)
            fail_msg("%s", error.text);
        assert_int_equal(stub.n_segments, 2);
        assert_true(stub.segments[0].size > 3000);
        if (stub_check_ram(&stub, chip, &error) != 0)
            fail_msg("%s", error.text);
        if (strstr(stub.path, "/1/") == NULL)
            assert_int_equal(stub.version, 2);
        stub_done(&stub);
        if (chip->stub_before == NULL)
            continue;
        if (stub_find(chip->stub_before, real_dir, 0, &stub, &error) != 0)
            fail_msg("%s", error.text);
        stub_done(&stub);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slip_there_and_back), cmocka_unit_test(slip_edges),
        cmocka_unit_test(slip_too_long),       cmocka_unit_test(stub_good),
        cmocka_unit_test(stub_damage),         cmocka_unit_test(stub_cut_short),
        cmocka_unit_test(find_in_order),       cmocka_unit_test(ram_is_checked),
        cmocka_unit_test(real_stubs),
    };
    const char *env = getenv("ESPJIG_STUB_DIR");

    real_dir = env ? xstrdup(env) : NULL;
    int failed = cmocka_run_group_tests(tests, group_setup, group_teardown);
    free(real_dir);
    return failed;
}
