/* SPDX-License-Identifier: GPL-3.0-or-later */
/* image/: partition tables in both forms, and the map of the flash. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/buffer.h"
#include "base/util.h"
#include "image/digest.h"
#include "image/flash_map.h"
#include "image/partition.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TABLE_AT = 0x8000 };

static struct partition_table from_csv(const char *text)
{
    struct partition_table table;
    struct error error = {0};

    if (partition_csv_read(text, strlen(text), TABLE_AT, PARTITION_NO_PLACE, &table, &error) != 0)
        fail_msg("%s: %s", text, error.text);
    return table;
}

/* ---- CSV ----------------------------------------------------------------------------------- */

/* All forms that a field may have: "offset size flags type/subtype label" for each row. */
static void a_csv_is_read(void **state)
{
    static const struct {
        const char *line;
        uint8_t type, subtype;
        uint32_t offset, size, flags;
        const char *label;
    } rows[] = {
        {"nvs, data, nvs, 0x9000, 0x6000", 1, 2, 0x9000, 0x6000, 0, "nvs"},
        {"nvs,data,nvs,,24K,", 1, 2, 0x9000, 0x6000, 0, "nvs"},
        {" p ,\tDATA , Phy, 40k , 4096 , encrypted , ", 1, 1, 0xA000, 0x1000, 1, "p"},
        {"a, app, factory, , 1M", 0, 0, 0x10000, 0x100000, 0, "a"},
        {"a, 0, 0, 0x20000, 0x1_000", 0, 0, 0x20000, 0x1000, 0, "a"},
        {"a, app, ota_0, , 1 m, readonly:encrypted", 0, 0x10, 0x10000, 0x100000, 3, "a"},
        {"a, app, ota_15, , 1m", 0, 0x1F, 0x10000, 0x100000, 0, "a"},
        {"a, app, test, , 1m", 0, 0x20, 0x10000, 0x100000, 0, "a"},
        {"a, app, tee_1, , 1m", 0, 0x31, 0x10000, 0x100000, 0, "a"},
        {"d, data, , , 1K", 1, 6, 0x9000, 0x400, 0, "d"},
        {"d, data, fat, , 1kk", 1, 0x81, 0x9000, 0x100000, 0, "d"},
        {"d, data, nvs_keys, , 0b1000", 1, 4, 0x9000, 8, 0, "d"},
        {"d, data, efuse, , 0o20", 1, 5, 0x9000, 16, 0, "d"},
        {"d, data, undefined, , 0x10", 1, 6, 0x9000, 16, 0, "d"},
        {"d, data, esphttpd, , 0x10", 1, 0x80, 0x9000, 16, 0, "d"},
        {"d, data, fat, , 0x10", 1, 0x81, 0x9000, 16, 0, "d"},
        {"d, data, spiffs, , 0x10", 1, 0x82, 0x9000, 16, 0, "d"},
        {"d, data, littlefs, , 0x10", 1, 0x83, 0x9000, 16, 0, "d"},
        {"d, data, coredump, , 64K", 1, 3, 0x9000, 0x10000, 0, "d"},
        {"d, data, tee_ota, , 8K", 1, 0x90, 0x9000, 0x2000, 0, "d"},
        {"d, 0x40, 0xfe, , 8K", 0x40, 0xFE, 0x9000, 0x2000, 0, "d"},
        {"d, 64, , , 8K", 0x40, 6, 0x9000, 0x2000, 0, "d"},
        {"d, data, fat, 0x9000, -1M", 1, 0x81, 0x9000, 0xF7000, 0, "d"},
        {"d, data, fat, , -0xA000", 1, 0x81, 0x9000, 0x1000, 0, "d"},
        {"longer_than_sixteen, data, ota, , 8K", 1, 0, 0x9000, 0x2000, 0, "longer_than_sixt"},
        {", data, ota, , 8K, ::", 1, 0, 0x9000, 0x2000, 0, ""},
        {"b, bootloader, primary, 0x1000, 28K", 2, 0, 0x1000, 0x7000, 0, "b"},
        {"b, bootloader, ota, , 28K", 2, 1, 0x9000, 0x7000, 0, "b"},
        {"b, bootloader, recovery, 1M, 28K", 2, 2, 0x100000, 0x7000, 0, "b"},
        {"t, partition_table, primary, N/A, N/A", 3, 0, 0x8000, 0x1000, 0, "t"},
        {"t, partition_table, ota, , ", 3, 1, 0x9000, 0x1000, 0, "t"},
        {"d, data, nvs, 4294963200, 4096", 1, 2, 0xFFFFF000, 0x1000, 0, "d"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct partition_table t = from_csv(rows[i].line);
        const struct partition *p = &t.rows[0];
        print_message("%s\n", rows[i].line);
        assert_int_equal(t.n, 1);
        assert_int_equal(p->type, rows[i].type);
        assert_int_equal(p->subtype, rows[i].subtype);
        assert_int_equal(p->offset, rows[i].offset);
        assert_int_equal(p->size, rows[i].size);
        assert_int_equal(p->flags, rows[i].flags);
        assert_string_equal(p->label, rows[i].label);
    }
}

static void lines_end_and_begin_as_they_like(void **state)
{
    struct partition_table t = from_csv("\xEF\xBB\xBF# Name, Type\r\n\r\n  # more\rnvs,data,nvs,,"
                                        "24K\rphy,data,phy,,4K\r\n\n\napp,app,factory,,1M");

    (void)state;
    assert_int_equal(t.n, 3);
    assert_int_equal(t.rows[1].offset, 0xF000);
    assert_int_equal(t.rows[2].offset, 0x10000); /* aligned by itself */
    t = from_csv("a,data,nvs,,0x6010\nb,data,phy,,4K\nc,app,ota_0,,4K\nd,data,fat,,4K");
    assert_int_equal(t.rows[1].offset, 0x10000);
    assert_int_equal(t.rows[2].offset, 0x20000);
    assert_int_equal(t.rows[3].offset, 0x21000);
}

static void the_bootloader_has_its_place_from_the_chip(void **state)
{
    static const char text[] = "b,bootloader,primary,N/A,N/A\nt,partition_table,primary,,\n"
                               "o,bootloader,ota,,\nnvs,data,nvs,,24K\n";
    struct partition_table t;

    (void)state;
    assert_int_equal(partition_csv_read(text, strlen(text), 0xA000, 0x2000, &t, NULL), 0);
    assert_int_equal(t.rows[0].offset, 0x2000);
    assert_int_equal(t.rows[0].size, 0x8000);
    assert_int_equal(t.rows[1].offset, 0xA000);
    assert_int_equal(t.rows[2].offset, 0xB000);
    assert_int_equal(t.rows[2].size, 0x8000);
    assert_int_equal(t.rows[3].offset, 0x13000);
    assert_int_equal(partition_table_check(&t, 0xA000, 0x400000, NULL), 0);
}

static void a_wrong_csv_is_named(void **state)
{
    static const struct {
        const char *text, *why;
    } rows[] = {
        {"", "there is no partition in it"},
        {"# only a comment\n", "there is no partition in it"},
        {"\n\nnvs", "line 3: type: found nothing, expected app, data"},
        {"a,apps,factory,,1M", "line 1: type: found \"apps\", expected app, data"},
        {"a,256,factory,,1M", "line 1: type: found \"256\""},
        {"a,-1,factory,,1M", "line 1: type: found \"-1\""},
        {"a,app,,,1M", "line 1: subtype: found nothing, expected a subtype of app"},
        {"a,app,ota_16,,1M", "line 1: subtype: found \"ota_16\""},
        {"a,app,ota_01,,1M", "line 1: subtype: found \"ota_01\""},
        {"a,app,nvs,,1M", "line 1: subtype: found \"nvs\", expected a subtype of app, or a number"},
        {"a,data,factory,,1M", "line 1: subtype: found \"factory\", expected a subtype of data"},
        {"a,0x40,nvs,,1M", "line 1: subtype: found \"nvs\", expected a subtype of 0x40"},
        {"a,data,fat,0x,1M", "line 1: offset: found \"0x\", expected a number of 32 bits"},
        {"a,data,fat,0x100000000,1M", "line 1: offset: found \"0x100000000\""},
        {"a,data,fat,4096M,1M", "line 1: offset: found \"4096M\""},
        {"a,data,fat,-0x9000,1M", "line 1: offset: found \"-0x9000\""},
        {"a,data,fat,,", "line 1: size: found nothing, expected a number of 32 bits"},
        {"a,data,fat,,1G", "line 1: size: found \"1G\""},
        {"a,data,fat,,010", "line 1: size: found \"010\""},
        {"a,data,fat,,1K K", "line 1: size: found \"1K K\""},
        {"a,data,fat,,- 1", "line 1: size: found \"- 1\""},
        {"a,data,fat,,--1", "line 1: size: found \"--1\""},
        {"a,data,fat,,9999999999999999999999999999999999999999999999999999999", "line 1: size: "},
        {"a,data,fat,,1\x1b[2J", "line 1: size: found \"1?[2J\""},
        {"a,data,fat,,-0x8000", "line 1: size: found -0x8000, where the partition is to end"},
        {"a,data,fat,,1M,Encrypted", "line 1: flags: found \"Encrypted\", expected encrypted"},
        {"a,data,fat,,1M,encrypted: readonly", "line 1: flags: found \"encrypted: readonly\""},
        {"a,data,fat,,1M,# comment", "line 1: flags: found \"# comment\""},
        {"a,data,fat,0x8000,1M", "line 1: offset: found 0x8000, expected 0x9000 or more, where the "
                                 "partition table ends"},
        {"a,data,fat,,1M\n#\nb,data,fat,1M,1M", "line 3: offset: found 0x100000, expected 0x109000 "
                                                "or more, where the partition before it ends"},
        {"a,data,fat,,0xFFFFFFFF\nb,app,test,,1M", "line 2: the partition would begin at 0x1000"},
        {"$a,data,fat,,1M", "line 1: found a variable"},
        {"a,data,fat,${PLACE},1M", "line 1: found a variable"},
        {"b,bootloader,primary,N/A,N/A", "line 1: offset: found \"N/A\", expected a number"},
        {"b,bootloader,primary,0x1000,-0x7000", "line 1: size: found \"-0x7000\""},
        {"\xFF\xFEn", "the text is UTF-16, expected UTF-8"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct partition_table t;
        struct error error = {0};
        const char *text = rows[i].text;
        print_message("%s\n", text);
        assert_int_equal(
            partition_csv_read(text, strlen(text), TABLE_AT, PARTITION_NO_PLACE, &t, &error),
            ERR_FILE_FORMAT);
        print_message("%s\n", error.text);
        assert_non_null(strstr(error.text, rows[i].why));
    }
}

static void a_zero_byte_and_too_many_rows_are_refused(void **state)
{
    struct partition_table t;
    struct error error = {0};
    struct buffer text = {0};

    (void)state;
    assert_int_equal(partition_csv_read("a\0b,data,fat,,1M", 16, TABLE_AT, 0, &t, &error),
                     ERR_FILE_FORMAT);
    assert_non_null(strstr(error.text, "line 1: found a zero byte"));
    for (int i = 0; i < 94; i++)
        buffer_printf(&text, "p%d,data,fat,,4K\n", i);
    error_clear(&error);
    assert_int_equal(partition_csv_read((const char *)text.data, text.len, TABLE_AT, 0, &t, &error),
                     0);
    buffer_printf(&text, "p,data,fat,,4K\n");
    assert_int_equal(partition_csv_read((const char *)text.data, text.len, TABLE_AT, 0, &t, &error),
                     ERR_FILE_FORMAT);
    assert_non_null(
        strstr(error.text, "line 95: found another partition, expected no more than 94"));
    buffer_done(&text);
}

/* A chip looks at 96 rows (ESP-IDF, flash_partitions.c); one of them is the end. */
static void a_full_table_still_has_an_end(void **state)
{
    struct partition_table t = {.n = PARTITION_ROWS_MAX}, again;
    struct error error = {0};
    struct buffer out = {0};

    (void)state;
    for (unsigned i = 0; i < PARTITION_ROWS_MAX; i++)
        t.rows[i] = (struct partition){.type = 1, .subtype = 0x99, .offset = i << 12, .size = 4096};
    partition_table_write(&t, true, &out); /* no room for it */
    assert_int_equal(out.len, 0xC00);
    assert_int_equal(partition_table_read(out.data, out.len, &again, &error), 0);
    assert_int_equal(again.n, 95);
    assert_int_equal(again.md5_at, 0);

    memset(out.data + 95 * 32, 0xEB, 2);
    buffer_append(&out,
                  "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"
                  "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF",
                  32);
    assert_int_equal(partition_table_read(out.data, out.len, &again, &error), ERR_FILE_FORMAT);
    assert_non_null(strstr(error.text, "no room for the row of FF"));
    memcpy(out.data + 95 * 32, out.data, 32);
    error_clear(&error);
    assert_int_equal(partition_table_read(out.data, out.len, &again, &error), ERR_FILE_FORMAT);
    assert_non_null(strstr(error.text, "expected no more than 95"));
    buffer_clear(&out);

    t.n = 94;
    partition_table_write(&t, true, &out);
    assert_int_equal(out.len, 0xC00);
    assert_int_equal(partition_table_read(out.data, out.len, &again, &error), 0);
    assert_int_equal(again.n, 94);
    assert_true(again.md5_ok);
    buffer_done(&out);
}

/* What comes out goes in again; the text is the one that gen_esp32part.py writes. */
static void a_csv_is_written(void **state)
{
    struct partition_table t = from_csv("nvs,data,nvs,,24K,encrypted:readonly\nx,0x40,1,,0x123\n"
                                        "app0,app,ota_0,,1M,readonly\ne,data,0x77,,4M,encrypted");
    struct buffer text = {0};

    (void)state;
    partition_csv_write(&t, &text);
    assert_string_equal((const char *)text.data,
                        "# ESP-IDF Partition Table\n# Name, Type, SubType, Offset, Size, Flags\n"
                        "nvs,data,nvs,0x9000,24K,encrypted:readonly\nx,64,1,0xf000,0x123,\n"
                        "app0,app,ota_0,0x10000,1M,readonly\ne,data,119,0x110000,4M,encrypted\n");
    struct partition_table again = from_csv((const char *)text.data);
    assert_memory_equal(&again, &t, sizeof t);
    buffer_done(&text);
}

/* ---- names --------------------------------------------------------------------------------- */

static void names_and_numbers_agree(void **state)
{
    char type_name[24], name[24];
    size_t named = 0;

    (void)state;
    for (unsigned type = 0; type < 256; type++) {
        partition_type_name(type_name, sizeof type_name, (uint8_t)type);
        if (type > PARTITION_TABLE)
            assert_int_equal(partition_type_find(type_name), -1);
        else
            assert_int_equal(partition_type_find(type_name), type);
        for (unsigned subtype = 0; subtype < 256; subtype++) {
            partition_subtype_name(name, sizeof name, (uint8_t)type, (uint8_t)subtype);
            int found = partition_subtype_find((int)type, name);
            assert_int_equal(found, name[0] == '0' ? -1 : (int)subtype);
            named += found >= 0;
        }
    }
    assert_int_equal(named, 1 + 16 + 1 + 2 + 12 + 3 + 2);
}

static void a_partition_is_found_by_label_then_by_kind(void **state)
{
    struct partition_table t =
        from_csv("factory,data,nvs,,24K\nphy_init,data,phy,,4K\napp0,app,factory,,1M\n"
                 "app1,app,ota_0,,1M\nota,data,ota,,8K\n");

    (void)state;
    assert_ptr_equal(partition_find(&t, "factory"), &t.rows[0]);
    assert_ptr_equal(partition_find(&t, "app0"), &t.rows[2]);
    assert_ptr_equal(partition_find(&t, "ota_0"), &t.rows[3]);
    assert_ptr_equal(partition_find(&t, "phy"), &t.rows[1]);
    assert_ptr_equal(partition_find(&t, "ota"), &t.rows[4]);
    assert_null(partition_find(&t, "ota_1"));
    assert_null(partition_find(&t, ""));
    assert_ptr_equal(partition_at(&t, 0x9000), &t.rows[0]);
    assert_ptr_equal(partition_at(&t, 0xEFFF), &t.rows[0]);
    assert_ptr_equal(partition_at(&t, 0xF000), &t.rows[1]);
    assert_null(partition_at(&t, 0x8FFF));
    assert_null(partition_at(&t, 0xFFFFFFFF));
}

/* ---- binary -------------------------------------------------------------------------------- */

static void a_binary_is_written_and_read(void **state)
{
    static const uint8_t golden[64] = {
        0xAA, 0x50, 1,   2,    0x00, 0x90, 0,   0,   0x00, 0x60, 0,    0,   'n', 'v', 's', 0,
        0,    0,    0,   0,    0,    0,    0,   0,   0,    0,    0,    0,   1,   0,   0,   0,
        0xAA, 0x50, 0,   0x10, 0x00, 0x00, 1,   0,   0x00, 0x00, 0x10, 0,   's', 'i', 'x', 't',
        'e',  'e',  'n', '_',  'b',  'y',  't', 'e', 's',  '_',  'l',  'o', 2,   0,   0,   0,
    };
    struct partition_table t = from_csv("nvs,data,nvs,,24K,encrypted\n"
                                        "sixteen_bytes_long,app,ota_0,,1M,readonly\n");
    struct partition_table again;
    struct buffer out = {0};
    uint8_t md5[16];

    (void)state;
    partition_table_write(&t, true, &out);
    assert_int_equal(out.len, 0xC00);
    assert_memory_equal(out.data, golden, sizeof golden);
    assert_memory_equal(out.data + 64,
                        "\xEB\xEB\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"
                        "\xFF",
                        16);
    digest_md5(golden, sizeof golden, md5);
    assert_memory_equal(out.data + 80, md5, sizeof md5);
    for (size_t i = 96; i < out.len; i++)
        assert_int_equal(out.data[i], 0xFF);
    assert_int_equal(partition_table_read(out.data, out.len, &again, NULL), 0);
    assert_int_equal(again.md5_at, 64);
    assert_true(again.md5_ok);
    again.md5_at = 0;
    again.md5_ok = false;
    assert_memory_equal(&again, &t, sizeof t);

    buffer_clear(&out);
    partition_table_write(&t, false, &out);
    assert_int_equal(out.len, 0xC00);
    assert_int_equal(out.data[64], 0xFF);
    buffer_done(&out);
}

static void a_wrong_binary_is_named(void **state)
{
    struct partition_table t = from_csv("nvs,data,nvs,,24K\napp,app,ota_0,,1M\n"), again;
    struct buffer out = {0};
    struct error error = {0};

    (void)state;
    partition_table_write(&t, true, &out);
    static const struct {
        size_t size, at;
        uint8_t byte;
        const char *why;
        bool parses;
    } rows[] = {
        {0xC00, 0, 0xAB, "offset 0x0: found ab 50, expected a partition (aa 50) or a row of FF",
         false},
        {0xC00, 33, 0x51, "offset 0x20: found aa 51, expected a partition (aa 50), its MD5", false},
        {0xC00, 64, 0, "offset 0x40: found 00 eb", false},
        {0xC00, 97, 0, "offset 0x60: found ff 00", false},
        {0xC00, 127, 0, "offset 0x60: found ff ff", false},
        {96, 95, 0, "the data ends at offset 0x60, where a row of FF should end the table", true},
        {70, 0, 0xAA, "offset 0x40: the data ends after 6 bytes of a row of 32", true},
        {0, 0, 0xAA, "the data ends at offset 0x0", false},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        uint8_t was = out.data[rows[i].at];
        out.data[rows[i].at] = rows[i].byte;
        error_clear(&error);
        assert_int_equal(partition_table_read(out.data, rows[i].size, &again, &error),
                         ERR_FILE_FORMAT);
        print_message("%s\n", error.text);
        assert_non_null(strstr(error.text, rows[i].why));
        assert_int_equal(partition_table_parse(out.data, rows[i].size, &again), rows[i].parses);
        out.data[rows[i].at] = was;
    }
    out.data[80] ^= 1;
    assert_int_equal(partition_table_read(out.data, out.len, &again, NULL), 0);
    assert_false(again.md5_ok);
    memset(out.data, 0xFF, out.len);
    error_clear(&error);
    assert_int_equal(partition_table_read(out.data, out.len, &again, &error), ERR_FILE_FORMAT);
    assert_string_equal(error.text, "the table is empty: its first row is all FF");
    buffer_clear(&out);
    for (int i = 0; i < PARTITION_ROWS_MAX + 1; i++)
        buffer_append(&out, "\xAA\x50xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", PARTITION_ROW);
    assert_int_equal(partition_table_read(out.data, out.len, &again, &error), ERR_FILE_FORMAT);
    buffer_done(&out);
}

/* ---- checks -------------------------------------------------------------------------------- */

static void a_table_that_can_not_work_is_refused(void **state)
{
    static const struct {
        const char *text, *why;
    } rows[] = {
        {"a,data,fat,0x9001,4K", "partition a is at 0x9001, which is no multiple of 0x1000"},
        {"a,app,ota_0,0x11000,4K", "partition a is at 0x11000, which is no multiple of 0x10000"},
        {"a,app,ota_0,,0x1800", "partition a for an app has 0x1800 bytes"},
        {"a,data,fat,,4M", "partition a ends at 0x409000, past the end of the flash at 0x400000"},
        {"a,data,fat,,4K\nb,data,fat,,4K\na,data,fat,,4K", "two partitions have the name a"},
        {"a,data,ota,,8K\nb,data,ota,,8K", "partitions a and b are both OTA data"},
        {"a,data,ota,,4K", "partition a for OTA data has 0x1000 bytes, it must have 0x2000"},
        {"a,data,tee_ota,,4K", "partition a for OTA data has 0x1000 bytes"},
        {"a,data,ota,,8K,readonly", "partition a is readonly, but OTA data is always written"},
        {"a,data,coredump,,8K,readonly", "partition a is readonly, but a core dump"},
        {"a,data,nvs,,8K", "partition a for NVS has 0x2000 bytes: it needs 0x3000, or the flag"},
    };
    static const char *const good[] = {
        "a,data,nvs,,8K,readonly",
        "a,data,nvs,,12K",
        "a,data,ota,,8K\nb,app,ota_0,,1M",
        "a,data,fat,,0x123",
        "a,data,fat,,0x3F7000",
        "t,partition_table,primary,,\nb,bootloader,primary,0x1000,28K\na,data,fat,,4K",
    };
    struct error error = {0};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct partition_table t = from_csv(rows[i].text);
        error_clear(&error);
        assert_int_equal(partition_table_check(&t, TABLE_AT, 0x400000, &error), ERR_PARTITION);
        print_message("%s\n", error.text);
        assert_non_null(strstr(error.text, rows[i].why));
    }
    error_clear(&error);
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        struct partition_table t = from_csv(good[i]);
        if (partition_table_check(&t, TABLE_AT, 0x400000, &error) != 0)
            fail_msg("%s: %s", good[i], error.text);
    }
}

/* What no CSV lets through can still stand in the flash. */
static void places_that_meet_are_refused(void **state)
{
    struct partition_table t = from_csv("a,data,fat,,8K\nb,data,fat,,8K\nc,data,fat,,8K");
    struct error error = {0};

    (void)state;
    t.rows[2].offset = 0x9000 + 0x1000;
    assert_int_equal(partition_table_check(&t, TABLE_AT, 0, &error), ERR_PARTITION);
    assert_string_equal(error.text,
                        "partitions a (0x9000 to 0xafff) and c (0xa000 to 0xbfff) overlap");
    t.rows[2].offset = 0x8000;
    error_clear(&error);
    assert_int_equal(partition_table_check(&t, TABLE_AT, 0, &error), ERR_PARTITION);
    assert_string_equal(error.text,
                        "partition c begins at 0x8000, but what is below 0x9000 belongs "
                        "to bootloader and partition table");
}

/* ---- the map ------------------------------------------------------------------------------- */

static const struct map_span *span_of(const struct flash_map *map, const char *name)
{
    for (size_t i = 0; i < map->n; i++) {
        if (strcmp(map->spans[i].name, name) == 0)
            return &map->spans[i];
    }
    fail_msg("no span %s", name);
    return NULL;
}

/* One letter a cell: the first of the name, in capitals where it is in conflict. */
static const char *drawn(const struct flash_map *map, size_t cells)
{
    static char line[256];

    for (size_t i = 0; i < cells; i++) {
        const struct map_span *span = flash_map_cell(map, i, cells);
        line[i] = span ? span->conflict ? (char)(span->name[0] - 'a' + 'A') : span->name[0] : '.';
    }
    line[cells] = '\0';
    return line;
}

static void the_map_shows_all_to_scale(void **state)
{
    struct partition_table t =
        from_csv("nvs,data,nvs,,24K\nfactory,app,factory,0x10000,1M\nstore,data,fat,2M,1M");
    struct flash_map map;

    (void)state;
    flash_map_make(&map, 0x400000, 0x1000, TABLE_AT, &t, NULL, 0);
    assert_int_equal(map.n, 5);
    assert_int_equal(map.spans[0].kind, MAP_BOOTLOADER);
    assert_int_equal(map.spans[0].start, 0x1000);
    assert_int_equal(map.spans[0].end, 0x8000);
    assert_int_equal(map.spans[1].kind, MAP_TABLE);
    assert_int_equal(map.spans[4].index, 2);
    assert_string_equal(drawn(&map, 16), "bffff...ssss....");
    assert_string_equal(drawn(&map, 64), "bffffffffffffffff...............ssssssssssssssss"
                                         "................");
    assert_string_equal(drawn(&map, 1), "f");
    assert_null(flash_map_cell(&map, 64, 64));
    assert_null(flash_map_cell(&map, 0, 0));
    flash_map_done(&map);
    assert_null(map.spans);
}

/* 0x1800 bytes at the end of a cell that a large one fills. */
static void a_small_span_is_seen(void **state)
{
    struct partition_table t = from_csv("big,data,fat,,0xF5000\nsmall,data,phy,0xFE000,4K\n"
                                        "last,data,fat,1M,1M");
    struct flash_map map;

    (void)state;
    flash_map_make(&map, 0, 0x8000, TABLE_AT, &t, NULL, 0);
    assert_int_equal(map.size, 0x200000);
    assert_string_equal(drawn(&map, 8), "pbbsllll");
    flash_map_done(&map);
}

static void images_are_drawn_over_partitions(void **state)
{
    struct partition_table t = from_csv("factory,app,factory,,1M\nstore,data,fat,2M,1M");
    static const struct map_image images[] = {
        {.address = 0x200000, .size = 0x80000, .name = "later", .enabled = false},
        {.address = 0x10000, .size = 0x80000, .name = "app", .enabled = true},
    };
    struct flash_map map;

    (void)state;
    flash_map_make(&map, 0x400000, 0x1000, TABLE_AT, &t, images, 2);
    assert_int_equal(map.spans[map.n - 1].index, 0);
    assert_int_equal(map.spans[map.n - 2].index, 1);
    assert_string_equal(drawn(&map, 16), "aaaff...llss....");
    for (size_t i = 0; i < map.n; i++)
        assert_false(map.spans[i].conflict);
    flash_map_done(&map);
}

static void conflicts_stand_out(void **state)
{
    struct partition_table t = from_csv("nvs,data,nvs,,24K\napp,app,factory,0x10000,1M\n"
                                        "fs,data,fat,2M,3M");
    static const struct map_image images[] = {
        {.address = 0x1000, .size = 0x7001, .name = "bootloader too long", .enabled = true},
        {.address = 0x10000, .size = 0x100001, .name = "app too long", .enabled = true},
        {.address = 0x180000, .size = 0x80001, .name = "from nowhere into fs", .enabled = true},
        {.address = 0x300000, .size = 0x801, .name = "shares", .enabled = true},
        {.address = 0x300C00, .size = 16, .name = "a sector", .enabled = true},
        {.address = 0x300C00, .size = 0x9000000, .name = "off", .enabled = false},
        {.address = 0x310000, .size = 0x1000, .name = "alone", .enabled = true},
        {.address = 0x311000, .size = 0x1000, .name = "beside", .enabled = true},
        {.address = 0xA000, .size = 0x5000, .name = "inside nvs", .enabled = true},
    };
    static const char *const wrong[] = {
        "bootloader too long", "app too long", "from nowhere into fs", "shares", "a sector", "fs"};
    static const char *const right[] = {"off", "alone", "beside", "inside nvs", "nvs", "app"};
    struct flash_map map;

    (void)state;
    flash_map_make(&map, 0x400000, 0x1000, TABLE_AT, &t, images, ARRAY_LEN(images));
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
        assert_true(span_of(&map, wrong[i])->conflict);
    for (size_t i = 0; i < ARRAY_LEN(right); i++)
        assert_false(span_of(&map, right[i])->conflict);
    flash_map_done(&map);
}

static void one_file_for_all_is_no_conflict(void **state)
{
    struct partition_table t = from_csv("nvs,data,nvs,,24K\napp,app,factory,0x10000,1M");
    static const struct map_image images[] = {
        {.address = 0, .size = 0x110000, .name = "merged", .enabled = true}};
    struct flash_map map;

    (void)state;
    flash_map_make(&map, 0x400000, 0, TABLE_AT, &t, images, 1);
    assert_false(span_of(&map, "merged")->conflict);
    flash_map_done(&map);
    flash_map_make(&map, 0x100000, 0, TABLE_AT, &t, images, 1);
    assert_true(span_of(&map, "merged")->conflict);
    flash_map_done(&map);
}

static void a_map_without_a_table_has_only_images(void **state)
{
    static const struct map_image images[] = {
        {.address = 0, .size = 0x8000, .name = "boot", .enabled = true},
        {.address = 0x10000, .size = 0x90000, .name = "irom", .enabled = true}};
    struct flash_map map;

    (void)state;
    flash_map_make(&map, 0, 0, TABLE_AT, NULL, images, 2);
    assert_int_equal(map.n, 2);
    assert_int_equal(map.size, 0x100000);
    assert_false(map.spans[0].conflict);
    flash_map_done(&map);
    flash_map_make(&map, 0, 0, TABLE_AT, NULL, NULL, 0);
    assert_int_equal(map.n, 0);
    assert_null(flash_map_cell(&map, 0, 10));
    flash_map_done(&map);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_csv_is_read),
        cmocka_unit_test(lines_end_and_begin_as_they_like),
        cmocka_unit_test(the_bootloader_has_its_place_from_the_chip),
        cmocka_unit_test(a_wrong_csv_is_named),
        cmocka_unit_test(a_zero_byte_and_too_many_rows_are_refused),
        cmocka_unit_test(a_full_table_still_has_an_end),
        cmocka_unit_test(a_csv_is_written),
        cmocka_unit_test(names_and_numbers_agree),
        cmocka_unit_test(a_partition_is_found_by_label_then_by_kind),
        cmocka_unit_test(a_binary_is_written_and_read),
        cmocka_unit_test(a_wrong_binary_is_named),
        cmocka_unit_test(a_table_that_can_not_work_is_refused),
        cmocka_unit_test(places_that_meet_are_refused),
        cmocka_unit_test(the_map_shows_all_to_scale),
        cmocka_unit_test(a_small_span_is_seen),
        cmocka_unit_test(images_are_drawn_over_partitions),
        cmocka_unit_test(conflicts_stand_out),
        cmocka_unit_test(one_file_for_all_is_no_conflict),
        cmocka_unit_test(a_map_without_a_table_has_only_images),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
