/* SPDX-License-Identifier: GPL-3.0-or-later */
/* image/: files with addresses of their own, plans of several regions a file, gaps, merged files
 * and the way back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/util.h"
#include "image/check.h"
#include "image/digest.h"
#include "image/image.h"
#include "image/merge.h"
#include "image/partition.h"
#include "image/pieces.h"
#include "image/sample.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void expect_error(int rc, const struct error *error, enum err code, const char *part)
{
    if (rc != code || error->code != code || strstr(error->text, part) == NULL)
        fail_msg("%d \"%s\" instead of %d \"%s\"", rc, error->text, code, part);
}

/* ---- files --------------------------------------------------------------------------------- */

static char dir[] = "/tmp/espjig-formats-XXXXXX";
static char paths[16][64];
static size_t n_paths;

static const char *file_make(const char *name, const void *data, size_t size)
{
    char *path = paths[n_paths++];

    assert_true(n_paths <= ARRAY_LEN(paths));
    snprintf(path, sizeof paths[0], "%s/%s", dir, name);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(data, 1, size, f), size);
    assert_int_equal(fclose(f), 0);
    return path;
}

static int dir_make(void **state)
{
    (void)state;
    return mkdtemp(dir) ? 0 : -1;
}

static int files_remove(void **state)
{
    (void)state;
    while (n_paths > 0)
        unlink(paths[--n_paths]);
    return 0;
}

static int dir_remove(void **state)
{
    (void)state;
    return rmdir(dir);
}

static int text_read(struct pieces *pieces, const char *text, uint32_t address, struct error *error)
{
    *error = (struct error){0};
    return pieces_read(pieces, "x.hex", (const uint8_t *)text, strlen(text), address, NULL, error);
}

static void piece_expect(const struct piece *piece, uint32_t address, const char *bytes, size_t n)
{
    assert_int_equal(piece->address, address);
    assert_int_equal(piece->size, n);
    assert_memory_equal(piece->data, bytes, n);
}

/* ---- Intel HEX ----------------------------------------------------------------------------- */

static void hex_files_become_pieces(void **state)
{
    static const char good[] = ":020000040001F9\n"
                               ":04FFFC0041424344F7\r\n"
                               "\n"
                               ":020000040002f8  \n"
                               ":0200000045467"
                               "3\n"
                               ":020000021000EC\n" /* segment 0x1000: also 0x10000 */
                               ":0108000058"
                               "9F\n" /* before the others, though later in the file */
                               ":00000000"
                               "00\n"                  /* no data at all */
                               ":0400000500000000F7\n" /* where a CPU would start */
                               ":040000030000FFFFFB\n"
                               ":00000001FF\n\n";
    struct pieces pieces;
    struct error error;

    (void)state;
    assert_int_equal(text_read(&pieces, good, PIECES_OWN_ADDRESS, &error), 0);
    assert_int_equal(pieces.form, FORM_HEX);
    assert_int_equal(pieces.n, 2);
    piece_expect(&pieces.rows[0], 0x10800, "X", 1);
    piece_expect(&pieces.rows[1], 0x1FFFC, "ABCDEF", 6);
    pieces_done(&pieces);
    assert_int_equal(pieces.n, 0);
}

static void bad_hex_files_are_named_by_the_line(void **state)
{
    static const struct {
        const char *text, *part;
    } rows[] = {
        {":0100000041BE\n", "ends after line 1 without an end record"},
        {":0100000041BE", "ends after line 1 without an end record"},
        {":00000001FF\n", "has no data in its 1 lines"},
        {":0100000041BF\n:00000001FF\n", "line 1: the checksum is 0xbf, it should be 0xbe"},
        {":0200000041BD\n:00000001FF\n", "line 1: says that 2 bytes of data follow, there are 1"},
        {":0100000041BE\n:0100000641B8\n", "line 2: record type 6 is unknown"},
        {":0100000041BE\n:01000001"
         "00FE\n",
         "line 2: has 1 bytes of data, a record of type 1 (end)"},
        {":0100000041BE\n:0100000400FB\n", "line 2: has 1 bytes of data, a record of type 4"},
        {":0100000041BE\n0100000041BE\n", "line 2, column 1: '0' is no ':'"},
        {":0100000041BE\n:010000004\x01"
         "BE\n",
         "line 2, column 11: 0x01 is no hexadecimal digit"},
        {":01000000 41BE\n", "line 1, column 10: ' ' is no hexadecimal digit"},
        {":0100000041BE\n:0100000041B\n", "line 2: has 11 digits"},
        {":0100000041BE\n:01000000\n", "line 2: has 8 digits"},
        {":0100000041BE\n:00000001FF\n:0101000041BD\n",
         "line 3: a record behind the end record in line 2"},
        {":0200000041427B\n\n:0200010043447"
         "6\n:00000001FF\n",
         "line 3: there is data for 0x1 already, from line 1"},
        {":02000004FFFFFC\n:02FFFF0041427D\n:00000001FF\n",
         "line 2: 2 bytes at 0xffffffff reach past"},
        {":020000021000EC\n:02FFFF0041427D\n:00000001FF\n",
         "line 2: 2 bytes at 0x1ffff reach past"},
    };
    struct pieces pieces;
    struct error error;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        expect_error(text_read(&pieces, rows[i].text, 0, &error), &error, ERR_FILE_FORMAT,
                     rows[i].part);
        assert_non_null(strstr(error.text, "x.hex"));
        assert_int_equal(pieces.n, 0);
    }
}

static void a_line_of_a_megabyte_is_refused(void **state)
{
    const size_t n = 1 << 20;
    char *text = xmalloc(n + 1);
    struct pieces pieces;
    struct error error;

    (void)state;
    memset(text, '0', n);
    text[0] = ':';
    text[n] = '\0';
    expect_error(text_read(&pieces, text, 0, &error), &error, ERR_FILE_FORMAT,
                 "line 1: has 1048576 characters, a record has 521 at the most");
    free(text);
}

static void the_form_is_told_by_the_content(void **state)
{
    static const struct {
        const char *bytes;
        size_t size;
        enum file_form form;
    } rows[] = {
        {":00000001FF", 11, FORM_HEX},
        {":0000000", 8, FORM_RAW},
        {":00000g01FF", 11, FORM_RAW},
        {"\x7F"
         "ELF\1\1\1",
         7, FORM_ELF},
        {"\x7F"
         "EL",
         3, FORM_RAW},
        {"UF2\n\x57\x51\x5D\x9E", 8, FORM_UF2},
        {"UF2\n\x57\x51\x5D", 7, FORM_RAW},
        {"\xE9\x03\x02\x10", 4, FORM_RAW},
        {"", 0, FORM_RAW},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char what[64], want[64];
        assert_int_equal(file_form((const uint8_t *)rows[i].bytes, rows[i].size), rows[i].form);
        image_describe((const uint8_t *)rows[i].bytes, rows[i].size, what, sizeof what);
        snprintf(want, sizeof want, "%s file", file_form_name(rows[i].form));
        assert_string_equal(what, rows[i].form == FORM_RAW ? "data" : want);
    }
    assert_true(file_form_needs_chip(FORM_ELF));
    assert_true(file_form_needs_chip(FORM_UF2));
    assert_false(file_form_needs_chip(FORM_HEX));
}

static void addresses_that_contradict_are_refused(void **state)
{
    static const char text[] = ":0110000041AE\n:00000001FF\n"; /* at 0x1000 */
    static const uint32_t good[] = {0, 0x1000, PIECES_OWN_ADDRESS};
    struct pieces pieces;
    struct error error;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        assert_int_equal(text_read(&pieces, text, good[i], &error), 0);
        piece_expect(&pieces.rows[0], 0x1000, "A", 1);
        pieces_done(&pieces);
    }
    expect_error(text_read(&pieces, text, 0x2000, &error), &error, ERR_BAD_ADDRESS,
                 "addresses of its own, from 0x1000 on: it can't be put at 0x2000");
    expect_error(text_read(&pieces, "raw", PIECES_OWN_ADDRESS, &error), &error, ERR_BAD_ADDRESS,
                 "is a raw binary file, which has no address");
    assert_int_equal(text_read(&pieces, "raw", 0x2000, &error), 0);
    piece_expect(&pieces.rows[0], 0x2000, "raw", 3);
    pieces_done(&pieces);
}

/* ---- UF2 ----------------------------------------------------------------------------------- */

#define FAMILY_C3 0xD42BA06Cu
#define FAMILY_S3 0xC47E5767u

/* What a block says; `words` are those from the third on: flags, address, size, number, total,
 * family. */
static void block_append(struct buffer *out, const uint32_t words[6], const char *data)
{
    size_t end = out->len + 512;

    buffer_append_le32(out, 0x0A324655);
    buffer_append_le32(out, 0x9E5D5157);
    for (size_t i = 0; i < 6; i++)
        buffer_append_le32(out, words[i]);
    buffer_append(out, data, strlen(data));
    while (out->len < end - 4)
        buffer_append_byte(out, 0);
    buffer_append_le32(out, 0x0AB16F30);
}

static int uf2_pieces(struct pieces *pieces, const struct buffer *file, enum chip_id chip,
                      struct error *error)
{
    *error = (struct error){0};
    return pieces_read(pieces, "x.uf2", file->data, file->len, PIECES_OWN_ADDRESS, chip_get(chip),
                       error);
}

static void uf2_files_become_pieces(void **state)
{
    struct buffer file = {0};
    struct pieces pieces;
    struct error error;

    (void)state;
    block_append(&file, (uint32_t[]){0x2000, 0x1000, 4, 0, 3, FAMILY_C3}, "ABCD");
    block_append(&file, (uint32_t[]){0x2001, 0x9000, 4, 1, 3, FAMILY_C3},
                 "none"); /* not for flash */
    block_append(&file, (uint32_t[]){0x2000, 0x1004, 2, 2, 3, FAMILY_C3}, "EF");
    block_append(&file, (uint32_t[]){0x2000, 0x8000, 2, 0, 1, FAMILY_C3}, "GH"); /* begins anew */
    assert_int_equal(uf2_pieces(&pieces, &file, CHIP_ESP32C3, &error), 0);
    assert_int_equal(pieces.n, 2);
    piece_expect(&pieces.rows[0], 0x1000, "ABCDEF", 6);
    piece_expect(&pieces.rows[1], 0x8000, "GH", 2);
    pieces_done(&pieces);
    assert_int_equal(uf2_pieces(&pieces, &file, CHIP_AUTO, &error), 0); /* the only one it is for */
    assert_int_equal(pieces.n, 2);
    pieces_done(&pieces);
    expect_error(uf2_pieces(&pieces, &file, CHIP_ESP32S3, &error), &error, ERR_WRONG_CHIP,
                 "x.uf2 is for ESP32-C3 (family 0xd42ba06c), it has nothing for ESP32-S3 (family "
                 "0xc47e5767)");

    block_append(&file, (uint32_t[]){0x2000, 0x1000, 2, 0, 1, FAMILY_S3}, "S3");
    assert_int_equal(uf2_pieces(&pieces, &file, CHIP_ESP32S3, &error), 0);
    assert_int_equal(pieces.n, 1);
    piece_expect(&pieces.rows[0], 0x1000, "S3", 2);
    pieces_done(&pieces);
    expect_error(uf2_pieces(&pieces, &file, CHIP_AUTO, &error), &error, ERR_USAGE,
                 "is for several chips, among them ESP32-C3");
    buffer_done(&file);
}

static void bad_uf2_files_are_named_by_the_block(void **state)
{
    static const struct {
        uint32_t words[6]; /* of the second block; the first is good, number 0 of 2 */
        enum err code;
        const char *part;
    } rows[] = {
        {{0x2000, 0x1004, 477, 1, 2, FAMILY_C3},
         ERR_FILE_FORMAT,
         "offset 0x200: says that it holds 477"},
        {{0x6000, 0x1004, 453, 1, 2, FAMILY_C3},
         ERR_FILE_FORMAT,
         "453 bytes, it can hold 1 to 452"},
        {{0x2000, 0x1004, 0, 1, 2, FAMILY_C3},
         ERR_FILE_FORMAT,
         "offset 0x200: says that it holds 0"},
        {{0x2000, 0x1004, UINT32_MAX, 1, 2, FAMILY_C3}, ERR_FILE_FORMAT, "holds 4294967295"},
        {{0x2000, 0xFFFFFFFE, 4, 1, 2, FAMILY_C3},
         ERR_FILE_FORMAT,
         "4 bytes at 0xfffffffe reach past"},
        {{0x2000, 0x1004, 4, 2, 2, FAMILY_C3},
         ERR_FILE_FORMAT,
         "is number 2 of 2, number 1 of the same"},
        {{0x2000, 0x1004, 4, 1, 3, FAMILY_C3},
         ERR_FILE_FORMAT,
         "is number 1 of 3, number 1 of the same"},
        {{0x2000, 0x1004, 4, 1, UINT32_MAX, FAMILY_C3}, ERR_FILE_FORMAT, "of 4294967295, number 1"},
        {{0x3000, 0x1004, 4, 1, 2, FAMILY_C3},
         ERR_FILE_FORMAT,
         "offset 0x200: a file of a file system"},
        {{0x2000, 0x1002, 4, 1, 2, FAMILY_C3},
         ERR_FILE_FORMAT,
         "block at offset 0x200: there is data for 0x1002 already, from the block at offset 0x0"},
    };
    struct pieces pieces;
    struct error error;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct buffer file = {0};
        block_append(&file, (uint32_t[]){0x2000, 0x1000, 4, 0, 2, FAMILY_C3}, "ABCD");
        block_append(&file, rows[i].words, "EFGH");
        expect_error(uf2_pieces(&pieces, &file, CHIP_ESP32C3, &error), &error, rows[i].code,
                     rows[i].part);
        assert_int_equal(pieces.n, 0);
        buffer_done(&file);
    }

    struct buffer file = {0};
    block_append(&file, (uint32_t[]){0x2000, 0x1000, 4, 0, 2, FAMILY_C3}, "ABCD");
    expect_error(uf2_pieces(&pieces, &file, CHIP_ESP32C3, &error), &error, ERR_FILE_FORMAT,
                 "x.uf2 is cut off: block 1 of 2 does not come");
    file.len--;
    expect_error(uf2_pieces(&pieces, &file, CHIP_ESP32C3, &error), &error, ERR_FILE_FORMAT,
                 "x.uf2 has 511 bytes, which is no multiple of 512");
    file.len++;
    file.data[511] ^= 1;
    expect_error(uf2_pieces(&pieces, &file, CHIP_ESP32C3, &error), &error, ERR_FILE_FORMAT,
                 "offset 0x1fc: 0x0bb16f30, where a UF2 block has 0x0ab16f30");
    buffer_clear(&file);
    block_append(&file, (uint32_t[]){0x2000, 0x1000, 4, 0, 0, FAMILY_C3}, "ABCD");
    expect_error(uf2_pieces(&pieces, &file, CHIP_ESP32C3, &error), &error, ERR_FILE_FORMAT,
                 "is number 0 of 0, and they count from 0");
    buffer_clear(&file);
    block_append(&file, (uint32_t[]){0, 0x1000, 4, 0, 1, FAMILY_C3}, "ABCD");
    expect_error(uf2_pieces(&pieces, &file, CHIP_ESP32C3, &error), &error, ERR_WRONG_CHIP,
                 "none of its blocks has a family id");
    buffer_done(&file);
}

/* The tag stands behind the data, as esptool has it, or at the end of the room for it. */
static void digests_of_uf2_blocks_are_checked(void **state)
{
    static const size_t places[] = {32 + 4, 32 + 476 - 24};
    struct pieces pieces;
    struct error error;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        struct buffer file = {0};
        block_append(&file, (uint32_t[]){0x6000, 0x1000, 4, 0, 1, FAMILY_C3}, "ABCD");
        le32_put(file.data + places[i], 0x1000);
        le32_put(file.data + places[i] + 4, 4);
        digest_md5("ABCD", 4, file.data + places[i] + 8);
        assert_int_equal(uf2_pieces(&pieces, &file, CHIP_ESP32C3, &error), 0);
        pieces_done(&pieces);
        file.data[32] ^= 1;
        expect_error(uf2_pieces(&pieces, &file, CHIP_ESP32C3, &error), &error, ERR_FILE_FORMAT,
                     "block at offset 0x0: damaged, its MD5 does not fit its 4 bytes");
        buffer_done(&file);
    }
}

/* ---- merging: data and digests as tests/merge_esptool.sh would have them ------------------------
 */

static const struct {
    uint32_t address, seed;
    size_t size;
} parts[] = {{0x1004, 1, 17}, {0x9000, 2, 4096}, {0xA000, 3, 300}, {0x1FFF8, 4, 40}};

static void plan_make(struct plan *plan)
{
    struct image_spec specs[ARRAY_LEN(parts)];
    struct error error = {0};

    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        uint32_t x = parts[i].seed;
        uint8_t data[4096];
        char name[16];
        for (size_t k = 0; k < parts[i].size; k++)
            data[k] = (uint8_t)((x = x * 1664525 + 1013904223) >> 24);
        snprintf(name, sizeof name, "part%zu", i);
        specs[i] =
            (struct image_spec){parts[i].address, file_make(name, data, parts[i].size), false};
    }
    assert_int_equal(plan_load(plan, specs, ARRAY_LEN(specs), NULL, &error), 0);
}

/* esptool 5.3.1 wrote these, from the same parts. */
static void merged_files_are_those_of_esptool(void **state)
{
    static const struct {
        struct merge_options options;
        size_t size;
        const char *md5;
    } rows[] = {
        {{.format = MERGE_RAW}, 131104, "bf5d748396ff8dc3404b5a50189480df"},
        {{.format = MERGE_RAW, .target_offset = 0x1000},
         127008,
         "a8bc390e5c010c0ee065044efcdfbea7"},
        {{.format = MERGE_RAW, .pad_to_size = 0x40000}, 262144, "13d6f88b2bf3ff66109481ac1ff301d6"},
        {{.format = MERGE_RAW, .target_offset = 0x1000, .pad_to_size = 0x40000},
         258048,
         "834f251fb6f32fe36dc7efec849fe1d9"},
        {{.format = MERGE_HEX}, 12326, "a1f3083b4ff7817e5ead442e53becfc1"},
        {{.format = MERGE_UF2}, 6656, "df89a768cc62d453ba4826e5ac1c758b"},
        {{.format = MERGE_UF2, .chunk_size = 256}, 10240, "4821475088ed695ba8d80a8df2320b4a"},
        {{.format = MERGE_UF2, .no_md5 = true}, 6144, "ee863e09f6346c3d49578a9c9dd58db9"},
    };
    struct plan plan;
    struct error error = {0};

    (void)state;
    plan_make(&plan);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct buffer out = {0};
        uint8_t md5[16];
        char hex[33];
        assert_int_equal(merge_build(&plan, chip_get(CHIP_ESP32C3), &rows[i].options, &out, &error),
                         0);
        digest_md5(out.data, out.len, md5);
        assert_int_equal(out.len, rows[i].size);
        assert_string_equal(util_hex_format(hex, md5, 16), rows[i].md5);
        buffer_done(&out);
    }
    plan_done(&plan);
}

static void what_is_in_the_first_64_kb_needs_no_address_record(void **state)
{
    struct image_spec spec = {0xFFF0, file_make("end", "0123456789abcdef", 16), false};
    struct merge_options options = {.format = MERGE_HEX};
    struct buffer out = {0};
    struct plan plan;

    (void)state;
    assert_int_equal(plan_load(&plan, &spec, 1, NULL, NULL), 0);
    assert_int_equal(merge_build(&plan, NULL, &options, &out, NULL), 0);
    assert_string_equal((const char *)out.data,
                        ":10FFF000303132333435363738396162636465669F\n:00000001FF\n");
    buffer_done(&out);
    plan_done(&plan);
}

static void merges_that_contradict_are_refused(void **state)
{
    static const struct {
        struct merge_options options;
        enum err code;
        const char *part;
    } rows[] = {
        {{.target_offset = 0x1008}, ERR_USAGE, "part0 at 0x1004 lies before 0x1008"},
        {{.pad_to_size = 0x20000}, ERR_USAGE, "part3 ends at 0x20020, past the 0x20000 bytes"},
        {{.format = MERGE_UF2, .chunk_size = 456}, ERR_USAGE, "no more than 452 with its MD5"},
        {{.format = MERGE_UF2, .chunk_size = 5}, ERR_USAGE, "multiple of 4"},
    };
    struct plan plan;

    (void)state;
    plan_make(&plan);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct error error = {0};
        struct buffer out = {0};
        int rc = merge_build(&plan, chip_get(CHIP_ESP32C3), &rows[i].options, &out, &error);
        expect_error(rc, &error, rows[i].code, rows[i].part);
        assert_int_equal(out.len, 0);
    }
    struct error error = {0};
    struct buffer out = {0};
    plan.regions[plan.n - 1].address = 0xFFFFF000;
    expect_error(merge_build(&plan, NULL, &(struct merge_options){0}, &out, &error), &error,
                 ERR_TOO_BIG, "more than 256 MB");
    plan_done(&plan);
}

static void what_is_merged_reads_back(void **state)
{
    static const enum merge_format formats[] = {MERGE_HEX, MERGE_UF2};
    struct plan plan, back;
    struct error error = {0};

    (void)state;
    plan_make(&plan);
    for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
        struct buffer out = {0};
        struct merge_options options = {.format = formats[i]};
        assert_int_equal(merge_build(&plan, chip_get(CHIP_ESP32C3), &options, &out, &error), 0);
        struct image_spec spec = {PIECES_OWN_ADDRESS, file_make("merged", out.data, out.len), true};
        assert_int_equal(plan_load(&back, &spec, 1, chip_get(CHIP_ESP32C3), &error), 0);
        assert_int_equal(plan_look(&spec, 1, chip_get(CHIP_ESP32C3), &error), 0);
        assert_int_equal(back.n, 3); /* two of them touch */
        assert_int_equal(back.regions[0].address, 0x1004);
        assert_int_equal(back.regions[0].file_size, 17);
        assert_int_equal(back.regions[0].size, 20);
        assert_true(back.regions[0].encrypted);
        assert_memory_equal(back.regions[0].data, plan.regions[0].data, 20);
        assert_int_equal(back.regions[1].address, 0x9000);
        assert_int_equal(back.regions[1].file_size, 4096 + 300);
        assert_memory_equal(back.regions[1].data, plan.regions[1].data, 4096);
        assert_memory_equal(back.regions[1].data + 4096, plan.regions[2].data, 300);
        assert_string_equal(back.regions[2].path, spec.path);
        assert_int_equal(back.total, 20 + 4096 + 300 + 40);
        plan_done(&back);
        buffer_done(&out);
    }
    plan_done(&plan);
}

/* ---- plans --------------------------------------------------------------------------------- */

static void what_a_file_has_in_one_sector_is_one_region(void **state)
{
    static const char text[] = ":0110000041AE\n" /* 0x1000 */
                               ":0118000042A5\n" /* 0x1800: the same sector */
                               ":0120000043"
                               "9C\n" /* 0x2000 */
                               ":0140000044"
                               "7B\n" /* 0x4000 */
                               ":00000001FF\n";
    struct error error = {0};
    struct plan plan;
    struct image_spec specs[] = {{0, file_make("x.hex", text, strlen(text)), false},
                                 {0x3000, file_make("in-the-gap", "gap", 3), false}};

    (void)state;
    assert_int_equal(plan_load(&plan, specs, 2, NULL, &error), 0);
    assert_int_equal(plan.n, 4);
    assert_int_equal(plan.regions[0].address, 0x1000);
    assert_int_equal(plan.regions[0].file_size, 0x801);
    assert_int_equal(plan.regions[0].size, 0x804);
    assert_int_equal(plan.regions[0].data[0], 'A');
    assert_int_equal(plan.regions[0].data[1], 0xFF);
    assert_int_equal(plan.regions[0].data[0x7FF], 0xFF);
    assert_int_equal(plan.regions[0].data[0x800], 'B');
    assert_int_equal(plan.regions[0].data[0x803], 0xFF);
    assert_int_equal(plan.regions[1].address, 0x2000);
    assert_string_equal(plan.regions[2].path, specs[1].path);
    assert_int_equal(plan.regions[3].address, 0x4000);
    assert_int_equal(plan.total, 0x804 + 4 + 4 + 4);
    plan_done(&plan);

    specs[1].address = 0x4800;
    expect_error(plan_look(specs, 2, NULL, &error), &error, ERR_OVERLAP,
                 "share the flash sector at 0x4000");
    error_clear(&error);
    struct buffer out = {0};
    assert_int_equal(plan_load(&plan, specs, 2, NULL, &error), 0);
    expect_error(merge_build(&plan, NULL, &(struct merge_options){0}, &out, &error), &error,
                 ERR_OVERLAP, "share the flash sector at 0x4000");
    assert_int_equal(out.len, 0);
    plan_done(&plan);
}

/* ---- merged files -------------------------------------------------------------------------- */

/* Bootloader, table and app of a chip as one file that begins at flash address 0. */
static void merged_make(enum chip_id id, struct buffer *out)
{
    const struct chip *chip = chip_get(id);
    struct buffer part = {0};

    for (int kind = 0; kind < 3; kind++) {
        size_t at = kind == 0 ? chip->bootloader_offset : kind == 1 ? 0x8000 : 0x10000;
        while (out->len < at)
            buffer_append_byte(out, 0xFF);
        buffer_clear(&part);
        if (kind == 0)
            sample_bootloader(chip, &part);
        else if (kind == 1)
            sample_partition_table(chip, &part);
        else
            sample_app(chip, 100000, &part);
        buffer_append(out, part.data, part.len);
    }
    buffer_done(&part);
}

/* In order, no two in one sector, and all that is not 0xFF. */
static void split_expect_whole(const struct split *split, const struct buffer *file,
                               uint32_t address)
{
    size_t at = 0;

    for (size_t i = 0; i < split->n; i++) {
        const struct split_part *part = &split->parts[i];
        assert_true(part->offset >= at && part->size > 0);
        assert_true(part->offset + part->size <= file->len);
        assert_int_equal(part->address, address + part->offset);
        if (i > 0)
            assert_int_not_equal((part->address) / 4096, (address + at - 1) / 4096);
        for (; at < part->offset; at++)
            assert_int_equal(file->data[at], 0xFF);
        at = part->offset + part->size;
        assert_true(part->name[0] != '\0' && part->name[0] != '.' && !strchr(part->name, '/'));
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(part->name, split->parts[k].name);
    }
    for (; at < file->len; at++)
        assert_int_equal(file->data[at], 0xFF);
}

static void merged_files_are_split(void **state)
{
    (void)state;
    for (int id = CHIP_AUTO + 1; id < CHIP_COUNT; id++) {
        const struct chip *chip = chip_get((enum chip_id)id);
        struct buffer file = {0}, part = {0};
        struct split split;
        merged_make((enum chip_id)id, &file);
        split_make(&split, file.data, file.len, 0);
        assert_true(split.is_merged);
        split_expect_whole(&split, &file, 0);
        assert_int_equal(split.n, 3);
        assert_string_equal(split.parts[0].name, "bootloader");
        assert_int_equal(split.parts[0].address, chip->bootloader_offset);
        sample_bootloader(chip, &part);
        assert_int_equal(split.parts[0].size, part.len);
        assert_string_equal(split.parts[1].name, "partition-table");
        assert_int_equal(split.parts[1].size, 0xC00);
        assert_string_equal(split.parts[2].name, "factory");
        assert_int_equal(split.parts[2].address, 0x10000);
        assert_int_equal(split.n_blanks, 2);
        assert_string_equal(split.blanks[0].name, "nvs");
        assert_int_equal(split.blanks[0].address, 0x9000);
        assert_int_equal(split.blanks[0].size, 0x6000);
        split_done(&split);

        /* As --target-offset makes it, and as it is recognised. */
        size_t cut = chip->bootloader_offset;
        struct buffer rest = {.data = file.data + cut, .len = file.len - cut};
        assert_int_equal(split_address(rest.data, rest.len), cut);
        split_make(&split, rest.data, rest.len, (uint32_t)cut);
        assert_true(split.is_merged);
        assert_int_equal(split.n, 3);
        split_expect_whole(&split, &rest, (uint32_t)cut);
        split_done(&split);
        buffer_done(&part);
        buffer_done(&file);
    }
}

static void row_put(struct buffer *file, size_t row, const char *label, uint8_t type,
                    uint32_t offset, uint32_t size)
{
    uint8_t *at = file->data + 0x8000 + 32 * row;
    char name[16] = "";

    memcpy(name, label, strlen(label) < sizeof name ? strlen(label) : sizeof name);
    memset(at, 0, 32);
    at[0] = 0xAA;
    at[1] = 0x50;
    at[2] = type;
    at[3] = 0x99;
    le32_put(at + 4, offset);
    le32_put(at + 8, size);
    memcpy(at + 12, name, sizeof name);
    memset(at + 32, 0xFF, 32);
}

static void parts_get_safe_names_and_places(void **state)
{
    static const char *const names[] = {"bootloader",  "partition-table", "_.._etc_passwd",
                                        "_hidden",     "Factory",         "factory-0xd000",
                                        "data-0xe000", "data-0xf000",     "huge"};
    struct buffer file = {0};
    struct split split;

    (void)state;
    merged_make(CHIP_ESP32C3, &file);
    memset(file.data + 0x9000, 0x55, 0x10000 - 0x9000);
    row_put(&file, 0, "/../etc/passwd", 1, 0x9000, 0x1000);
    row_put(&file, 1, ".hidden", 1, 0xA000, 0x1234);
    row_put(&file, 2, "Factory", 1, 0xC000, 0x1000);
    row_put(&file, 3, "factory", 1, 0xD000, 0x1000);
    row_put(&file, 4, "", 1, 0xE000, 0x1000);
    row_put(&file, 5, "overlaps", 1, 0xE800, 0x4000);
    row_put(&file, 6, "huge", 1, 0x18000, 0xFFFFFFFF);
    row_put(&file, 7, "far", 1, 0xFFFFF000, 0xFFFFFFFF);
    row_put(&file, 8, "empty", 1, 0xF000, 0);
    row_put(&file, 9, "on the table", 1, 0x8000, 0x1000);
    row_put(&file, 10, "odd", 1, 0xF800, 0x400);
    split_make(&split, file.data, file.len, 0);
    assert_int_equal(split.n, ARRAY_LEN(names));
    for (size_t i = 0; i < split.n; i++)
        assert_string_equal(split.parts[i].name, names[i]);
    split_expect_whole(&split, &file, 0);
    split_done(&split);

    /* A signature behind the rows goes with them. */
    memset(file.data + 0x8C00, 0x33, 0x400);
    split_make(&split, file.data, file.len, 0);
    assert_int_equal(split.parts[1].size, 0x1000);
    split_expect_whole(&split, &file, 0);
    split_done(&split);
    buffer_done(&file);
}

/* A label that says what other data would be called, and one that fills its field. */
static void parts_never_share_a_name(void **state)
{
    static const char *const names[] = {"bootloader",    "partition-table",  "data-0xb000",
                                        "data-0xb000-2", "sixteen_bytes__l", "factory"};
    struct buffer file = {0};
    struct split split;

    (void)state;
    merged_make(CHIP_ESP32C3, &file);
    memset(file.data + 0x9000, 0x55, 0x1000);
    memset(file.data + 0xB000, 0x55, 0x1000);
    memset(file.data + 0xD000, 0x55, 0x1000);
    row_put(&file, 0, "data-0xb000", 1, 0x9000, 0x1000);
    row_put(&file, 1,
            "sixteen_bytes\033\xff"
            "long",
            1, 0xD000, 0x1000);
    row_put(&file, 2, "factory", 0, 0x10000, 0x100000);
    split_make(&split, file.data, file.len, 0);
    assert_int_equal(split.n, ARRAY_LEN(names));
    for (size_t i = 0; i < split.n; i++)
        assert_string_equal(split.parts[i].name, names[i]);
    split_expect_whole(&split, &file, 0);
    split_done(&split);
    buffer_done(&file);
}

static void merged_files_are_called_so(void **state)
{
    char what[64], expected[64];

    (void)state;
    for (int id = CHIP_AUTO + 1; id < CHIP_COUNT; id++) {
        const struct chip *chip = chip_get((enum chip_id)id);
        struct buffer file = {0};
        snprintf(expected, sizeof expected, "%s merged image", chip->name);
        merged_make((enum chip_id)id, &file);
        image_describe(file.data, file.len, what, sizeof what); /* from flash address 0 */
        assert_memory_equal(what, expected, strlen(expected));
        size_t cut = chip->bootloader_offset;
        image_describe(file.data + cut, file.len - cut, what, sizeof what);
        assert_memory_equal(what, expected, strlen(expected));
        file.data[0x8000] = 0;
        image_describe(file.data, file.len, what, sizeof what);
        assert_null(strstr(what, "merged"));
        buffer_done(&file);
    }
}

static void an_image_may_end_in_blank_bytes(void **state)
{
    const struct chip *chip = chip_get(CHIP_ESP32C3);
    struct buffer file = {0}, boot = {0};
    struct split split;

    (void)state;
    sample_bootloader(chip, &boot);
    merged_make(CHIP_ESP32C3, &file);
    memset(file.data + boot.len - 8, 0xFF, 8); /* of its digest */
    memset(file.data + file.len - 8, 0xFF, 8);
    split_make(&split, file.data, file.len, 0);
    assert_int_equal(split.n, 3);
    assert_int_equal(split.parts[0].size, boot.len);
    assert_int_equal(split.parts[2].size, file.len - 0x10000);
    split_done(&split);
    buffer_done(&boot);
    buffer_done(&file);
}

static void what_is_no_merged_file_is_one_part(void **state)
{
    struct buffer file = {0};
    struct split split;

    (void)state;
    merged_make(CHIP_ESP32C3, &file);
    file.data[0x8000] = 0;
    split_make(&split, file.data, file.len, 0);
    assert_false(split.is_merged);
    assert_int_equal(split.n, 1);
    assert_int_equal(split.parts[0].size, file.len);
    assert_int_equal(split_address(file.data, file.len), 0);
    split_done(&split);
    split_make(&split, NULL, 0, 0x1000);
    assert_int_equal(split.n, 0);
    split_done(&split);
    buffer_done(&file);
}

/* ---- gaps ---------------------------------------------------------------------------------- */

static int gaps_load(struct plan *plan, const struct buffer *file, uint32_t address)
{
    struct image_spec spec = {address, file_make("gaps.bin", file->data, file->len), false};
    struct error error = {0};

    assert_int_equal(plan_load(plan, &spec, 1, NULL, &error), 0);
    return plan_skip_gaps(plan, &error);
}

static void gaps_of_merged_files_are_left_out(void **state)
{
    struct buffer file = {0};
    struct plan plan;
    char text[160];

    (void)state;
    merged_make(CHIP_ESP32S3, &file);
    memset(file.data + 0xF123, 0x5A, 1);       /* phy_init holds one byte */
    memset(file.data + 0x14000, 0xFF, 0x3000); /* sectors in mid-app */
    assert_int_equal(gaps_load(&plan, &file, 0), 0);
    assert_int_equal(plan.n, 3);
    assert_int_equal(plan.regions[0].address, 0);
    assert_true(plan.regions[0].size < 0x8000);
    assert_int_equal(plan.regions[1].address, 0x8000);
    assert_int_equal(plan.regions[1].size, 0x1000);
    assert_string_equal(plan.regions[1].what, "partition table, 3 entries");
    assert_int_equal(plan.regions[2].address, 0xF000); /* and what touches it */
    assert_int_equal(plan.regions[2].size, (file.len - 0xF000 + 3) / 4 * 4);
    assert_int_equal(plan.regions[2].file_size, file.len - 0xF000);
    for (size_t i = 0; i < plan.n; i++)
        assert_memory_equal(plan.regions[i].data, file.data + plan.regions[i].address,
                            plan.regions[i].file_size);
    assert_int_equal(plan.total,
                     plan.regions[0].size + plan.regions[1].size + plan.regions[2].size);
    assert_false(region_gaps_text(&plan.regions[0], text, sizeof text));
    plan_done(&plan);

    struct image_spec spec = {0, paths[0], false};
    assert_int_equal(plan_load(&plan, &spec, 1, NULL, NULL), 0);
    assert_true(region_gaps_text(&plan.regions[0], text, sizeof text));
    assert_string_equal(text, "nvs at 0x9000");
    plan_done(&plan);
    buffer_done(&file);
}

/* NVS, SPIFFS and the like count on pages that are blank: a partition that holds something is
 * written whole. */
static void blank_pages_of_a_partition_stay(void **state)
{
    struct buffer file = {0};
    struct plan plan;

    (void)state;
    merged_make(CHIP_ESP32C3, &file);
    file.data[0xB000] = 1;
    assert_int_equal(gaps_load(&plan, &file, 0), 0);
    assert_int_equal(plan.n, 3);
    assert_int_equal(plan.regions[1].address, 0x8000); /* with all of nvs behind it */
    assert_int_equal(plan.regions[1].size, 0x7000);
    assert_int_equal(plan.regions[2].address, 0x10000);
    plan_done(&plan);
    buffer_done(&file);
}

/* The chip maps all of it, so that what is 0xFF in it has to be so in the flash. */
static void blank_sectors_of_an_image_stay(void **state)
{
    struct buffer file = {0};
    struct plan plan;

    (void)state;
    sample_app(chip_get(CHIP_ESP32C3), 100000, &file);
    size_t end = file.len;
    memset(file.data + 0x4000, 0xFF, 0x3000);
    while (file.len < 0x20000)
        buffer_append_byte(&file, 0xFF);
    buffer_append_byte(&file, 1);
    assert_int_equal(gaps_load(&plan, &file, 0x10000), 0);
    assert_int_equal(plan.n, 2);
    assert_int_equal(plan.regions[0].address, 0x10000);
    assert_int_equal(plan.regions[0].size, (end + 4095) / 4096 * 4096);
    assert_int_equal(plan.regions[1].address, 0x30000);
    plan_done(&plan);
    buffer_done(&file);
}

static void gaps_of_other_files_are_whole_sectors(void **state)
{
    uint8_t bytes[0x6004];
    struct buffer file = {.data = bytes, .len = sizeof bytes};
    struct plan plan;

    (void)state;
    memset(bytes, 0xFF, sizeof bytes);
    bytes[0x7FC] = 0;  /* the last word of sector 0x1000, the file begins at 0x1800 */
    bytes[0x27FF] = 0; /* the last byte of sector 0x3000 */
    bytes[0x6003] = 0; /* in the last sector */
    assert_int_equal(gaps_load(&plan, &file, 0x1800), 0);
    assert_int_equal(plan.n, 3);
    assert_int_equal(plan.regions[0].address, 0x1800);
    assert_int_equal(plan.regions[0].size, 0x800);
    assert_int_equal(plan.regions[1].address, 0x3000);
    assert_int_equal(plan.regions[1].size, 0x1000);
    assert_int_equal(plan.regions[2].address, 0x7000);
    assert_int_equal(plan.regions[2].size, 0x804);
    plan_done(&plan);

    memset(bytes, 0xFF, sizeof bytes);
    assert_int_equal(gaps_load(&plan, &file, 0x1800), ERR_USAGE);
    assert_int_equal(plan.n, 1); /* as it was */
    plan_done(&plan);
}

/* ---- anything ------------------------------------------------------------------------------ */

static uint32_t random_next(uint32_t *x)
{
    *x ^= *x << 13;
    *x ^= *x >> 17;
    *x ^= *x << 5;
    return *x;
}

/* The sectors that hold something stay, whole, and no others. */
static void gaps_expect(const struct plan *plan, const uint8_t *bytes, size_t n, uint32_t address)
{
    size_t region = 0;

    for (size_t at = 0, next; at < n; at = next) {
        next = (address + at) / 4096 * 4096 + 4096 - address;
        next = next < n ? next : n;
        while (region < plan->n &&
               plan->regions[region].address + plan->regions[region].size <= address + at)
            region++;
        const struct region *r = region < plan->n ? &plan->regions[region] : NULL;
        bool stays = r && r->address <= address + at;
        assert_int_equal(stays, util_trimmed(bytes + at, next - at, 0xFF) > 0);
        if (stays)
            assert_memory_equal(r->data + (address + at - r->address), bytes + at, next - at);
    }
}

static void gaps_at_any_edge(void **state)
{
    static uint8_t bytes[0xA000];
    uint32_t x = 2463534242;

    for (int round = 0; round < 300; round++) {
        uint32_t address = 0x300000 + random_next(&x) % 0x400 * 4;
        size_t n = 1 + random_next(&x) % sizeof bytes;
        struct plan plan;
        memset(bytes, 0xFF, sizeof bytes);
        for (uint32_t k = random_next(&x) % 6; k > 0; k--) { /* around the edges of sectors */
            size_t edge = random_next(&x) % 11 * 4096 - address % 4096 + random_next(&x) % 3 - 1;
            if (edge < n)
                bytes[edge] = 0;
        }
        struct buffer file = {.data = bytes, .len = n};
        int rc = gaps_load(&plan, &file, address);
        assert_int_equal(rc, util_trimmed(bytes, n, 0xFF) ? 0 : ERR_USAGE);
        if (rc == 0) {
            assert_int_equal(plan_overlap(&plan, NULL), 0);
            gaps_expect(&plan, bytes, n, address);
        }
        plan_done(&plan);
        files_remove(state);
    }
}

/* From the last to the first, two in each second sector. */
static void a_file_may_have_many_pieces(void **state)
{
    enum { N = 3000 };
    struct findings findings = {0};
    struct check_target target = {.revision = -1, .flash_size = (uint64_t)N * 0x2000};
    struct buffer text = {0};
    struct plan plan;

    (void)state;
    for (uint32_t i = N; i-- > 0;) {
        uint32_t high = i * 0x2000 >> 16, low = i * 0x2000 & 0xFFFF;
        buffer_printf(&text, ":02000004%04X%02X\n", high, (uint8_t)(0u - 6 - high - (high >> 8)));
        for (uint32_t at = low + 0xFF0;; at = low) {
            buffer_printf(&text, ":01%04X0042%02X\n", at, (uint8_t)(0u - 0x43 - at - (at >> 8)));
            if (at == low)
                break;
        }
    }
    buffer_printf(&text, ":00000001FF\n");
    struct image_spec spec = {PIECES_OWN_ADDRESS, file_make("many.hex", text.data, text.len),
                              false};
    assert_int_equal(plan_load(&plan, &spec, 1, NULL, NULL), 0);
    assert_int_equal(plan.n, N);
    for (size_t i = 0; i < N; i++) {
        assert_int_equal(plan.regions[i].address, i * 0x2000);
        assert_int_equal(plan.regions[i].file_size, 0xFF1);
    }
    plan_find(&plan, &target, &findings);
    assert_int_equal(findings.n, 0);
    plan.regions[N - 1].address =
        plan.regions[N - 2].address + 0xFF4; /* behind it, in its sector */
    plan_find(&plan, &target, &findings);
    assert_int_equal(findings.n, 1);
    assert_int_equal(findings.rows[0].code, ERR_OVERLAP);
    findings_done(&findings);
    plan_done(&plan);
    buffer_done(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hex_files_become_pieces),
        cmocka_unit_test(bad_hex_files_are_named_by_the_line),
        cmocka_unit_test(a_line_of_a_megabyte_is_refused),
        cmocka_unit_test(the_form_is_told_by_the_content),
        cmocka_unit_test(addresses_that_contradict_are_refused),
        cmocka_unit_test(uf2_files_become_pieces),
        cmocka_unit_test(bad_uf2_files_are_named_by_the_block),
        cmocka_unit_test(digests_of_uf2_blocks_are_checked),
        cmocka_unit_test_teardown(merged_files_are_those_of_esptool, files_remove),
        cmocka_unit_test_teardown(what_is_in_the_first_64_kb_needs_no_address_record, files_remove),
        cmocka_unit_test_teardown(merges_that_contradict_are_refused, files_remove),
        cmocka_unit_test_teardown(what_is_merged_reads_back, files_remove),
        cmocka_unit_test_teardown(what_a_file_has_in_one_sector_is_one_region, files_remove),
        cmocka_unit_test(merged_files_are_split),
        cmocka_unit_test(parts_get_safe_names_and_places),
        cmocka_unit_test(parts_never_share_a_name),
        cmocka_unit_test(merged_files_are_called_so),
        cmocka_unit_test(an_image_may_end_in_blank_bytes),
        cmocka_unit_test(what_is_no_merged_file_is_one_part),
        cmocka_unit_test_teardown(gaps_of_merged_files_are_left_out, files_remove),
        cmocka_unit_test_teardown(blank_pages_of_a_partition_stay, files_remove),
        cmocka_unit_test_teardown(blank_sectors_of_an_image_stay, files_remove),
        cmocka_unit_test_teardown(gaps_of_other_files_are_whole_sectors, files_remove),
        cmocka_unit_test_teardown(gaps_at_any_edge, files_remove),
        cmocka_unit_test_teardown(a_file_may_have_many_pieces, files_remove),
    };

    return cmocka_run_group_tests(tests, dir_make, dir_remove);
}
