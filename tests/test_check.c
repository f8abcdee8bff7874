/* SPDX-License-Identifier: GPL-3.0-or-later */
/* image/check: each check finds what it is for, and nothing that people do every day. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/buffer.h"
#include "base/util.h"
#include "image/check.h"
#include "image/digest.h"
#include "image/esp_image.h"
#include "image/partition.h"
#include "image/sample.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- a plan in the making ---- */

enum { PARTS = 8 };

static struct plan plan;
static struct check_target target;
static struct findings findings;

static void begin(enum chip_id id)
{
    plan = (struct plan){.regions = xcalloc(PARTS, sizeof *plan.regions)};
    findings = (struct findings){0};
    target = (struct check_target){
        .chip = chip_get(id), .revision = -1, .table_address = 0x8000, .is_patched = true};
}

static int by_address(const void *a, const void *b)
{
    const struct region *x = a, *y = b;

    return (x->address > y->address) - (x->address < y->address);
}

/* Takes the bytes. */
static void add(const char *name, uint32_t address, struct buffer bytes)
{
    struct region *region = &plan.regions[plan.n++];
    size_t n = bytes.len;

    while (bytes.len % 4)
        buffer_append_byte(&bytes, 0xFF);
    *region = (struct region){.path = xstrdup(name),
                              .address = address,
                              .data = bytes.data,
                              .size = bytes.len,
                              .file_size = n};
    qsort(plan.regions, plan.n, sizeof *plan.regions, by_address);
}

static void end(void)
{
    plan_done(&plan);
    findings_done(&findings);
}

static void say_all(void)
{
    for (size_t i = 0; i < findings.n; i++)
        print_error("%s %s: %s\n", error_id(findings.rows[i].code),
                    findings.rows[i].refuses ? "refuses" : "warns", findings.rows[i].text);
}

/* Runs the checks; exactly one finding, which says `part`. */
static void expect_one(enum err code, bool refuses, const char *part)
{
    plan_find(&plan, &target, &findings);
    if (findings.n != 1 || findings.rows[0].code != code || findings.rows[0].refuses != refuses ||
        strstr(findings.rows[0].text, part) == NULL) {
        say_all();
        fail_msg("expected %s, %s, \"%s\" and nothing else", error_id(code),
                 refuses ? "refusing" : "a warning", part);
    }
    end();
}

static void expect_none(void)
{
    plan_find(&plan, &target, &findings);
    if (findings.n != 0) {
        say_all();
        fail_msg("there is nothing to find");
    }
    end();
}

/* ---- what to put into it ---- */

static struct buffer boot(enum chip_id id)
{
    struct buffer out = {0};

    sample_bootloader(chip_get(id), &out);
    return out;
}

static struct buffer app(enum chip_id id)
{
    struct buffer out = {0};

    sample_app(chip_get(id), 300000, &out);
    return out;
}

static struct buffer table(enum chip_id id)
{
    struct buffer out = {0};

    sample_partition_table(chip_get(id), &out);
    return out;
}

static struct buffer bytes(size_t n, uint8_t value)
{
    struct buffer out = {0};

    memset(buffer_reserve(&out, n), value, n);
    out.len = n;
    return out;
}

static struct buffer noise(size_t n)
{
    struct buffer out = {0};
    uint64_t x = 88172645463325252u;

    while (n--) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        buffer_append_byte(&out, (uint8_t)(x >> 24));
    }
    return out;
}

static struct buffer text(size_t n)
{
    struct buffer out = {0};

    while (out.len < n)
        buffer_printf(&out, "line %zu of something else\n", out.len);
    out.len = n;
    return out;
}

/* Checksum and digest of what was changed. */
static struct buffer sealed(struct buffer image)
{
    struct esp_image i;

    assert_int_equal(esp_image_parse(image.data, image.len, &i, NULL), 0);
    image.data[i.checksum_at] = i.checksum;
    if (i.digest_at)
        digest_sha256(image.data, i.digest_at, image.data + i.digest_at);
    return image;
}

static struct buffer row_of(uint8_t type, uint8_t subtype, uint32_t offset, uint32_t size,
                            const char *label, uint32_t flags)
{
    struct buffer out = {0};
    char name[16] = "";

    util_copy(name, sizeof name, label);
    buffer_append(&out, "\xAA\x50", 2);
    buffer_append_byte(&out, type);
    buffer_append_byte(&out, subtype);
    buffer_append_le32(&out, offset);
    buffer_append_le32(&out, size);
    buffer_append(&out, name, sizeof name);
    buffer_append_le32(&out, flags);
    return out;
}

static void row(struct buffer *out, uint8_t type, uint8_t subtype, uint32_t offset, uint32_t size,
                const char *label)
{
    struct buffer one = row_of(type, subtype, offset, size, label, 0);

    buffer_append(out, one.data, one.len);
    buffer_done(&one);
}

/* Arduino's default for 4 MB. */
static struct buffer table_ota(void)
{
    struct buffer out = {0};

    row(&out, 1, 2, 0x9000, 0x5000, "nvs");
    row(&out, 1, 0, 0xE000, 0x2000, "otadata");
    row(&out, 0, 0x10, 0x10000, 0x140000, "app0");
    row(&out, 0, 0x11, 0x150000, 0x140000, "app1");
    row(&out, 1, 0x82, 0x290000, 0x160000, "spiffs");
    row(&out, 1, 3, 0x3F0000, 0x10000, "coredump");
    memset(buffer_reserve(&out, 64), 0xFF, 64);
    out.len += 64;
    return out;
}

static void onto(struct buffer *out, size_t at, struct buffer part)
{
    while (out->len < at)
        buffer_append_byte(out, 0xFF);
    buffer_append(out, part.data, part.len);
    buffer_done(&part);
}

/* As merge-bin makes it: from `from` on. */
static struct buffer merged(enum chip_id id, uint32_t from)
{
    struct buffer out = {0};

    onto(&out, chip_get(id)->bootloader_offset - from, boot(id));
    onto(&out, 0x8000 - from, table(id));
    onto(&out, 0x10000 - from, app(id));
    return out;
}

static uint32_t boot_at(enum chip_id id)
{
    return chip_get(id)->bootloader_offset;
}

/* Bootloader, table and app, each in its place. */
static void add_all(enum chip_id id)
{
    add("boot.bin", boot_at(id), boot(id));
    add("table.bin", 0x8000, table(id));
    add("app.bin", 0x10000, app(id));
}

/* ---- what people do every day ---- */

static void everyday_jobs_pass(void **state)
{
    (void)state;
    for (enum chip_id id = CHIP_AUTO + 1; id < CHIP_COUNT; id++) {
        for (int known = 0; known < 2; known++) { /* before the port is opened, and with a chip */
#define BEGIN                           \
    begin(known ? id : CHIP_AUTO);      \
    target.revision = known ? 300 : -1; \
    target.flash_size = known ? 4 << 20 : 0;
            BEGIN add_all(id);
            expect_none();
            BEGIN add_all(id);
            target.erases_all = true;
            expect_none();
            BEGIN add("app.bin", 0x10000, app(id));
            expect_none();
            BEGIN add("boot.bin", boot_at(id), boot(id));
            expect_none();
            BEGIN add("table.bin", 0x8000, table(id));
            expect_none();
            BEGIN add("all.bin", 0, merged(id, 0));
            expect_none();
            BEGIN add("firmware.bin", boot_at(id), merged(id, boot_at(id))); /* MicroPython's */
            expect_none();
            BEGIN add("littlefs.bin", 0x290000, noise(0x20000));
            add("app.bin", 0x10000, app(id));
            expect_none();
            BEGIN add("notes.txt", 0x390000, text(5000));
            expect_none();
            BEGIN add("boot.bin", boot_at(id), noise(20000)); /* encrypted on the host */
            add("table.bin", 0x8000, noise(0xC00));
            add("app.bin", 0x10000, noise(50000));
            expect_none();
#undef BEGIN
        }
    }
}

static void tables_that_projects_choose_pass(void **state)
{
    struct buffer custom = {0}, recovery = {0};

    (void)state;
    begin(CHIP_ESP32C3); /* an app into the second slot */
    add("table.bin", 0x8000, table_ota());
    add("app.bin", 0x150000, app(CHIP_ESP32C3));
    expect_none();

    struct buffer chip = table_ota();
    begin(CHIP_ESP32C3); /* the same by what the flash holds */
    target.table = chip.data;
    target.table_size = chip.len;
    add("app.bin", 0x150000, app(CHIP_ESP32C3));
    add("spiffs.bin", 0x290000, noise(0x160000));
    add("otadata.bin", 0xE000, bytes(0x2000, 0xFF));
    expect_none();
    buffer_done(&chip);

    row(&custom, 1, 2, 0x11000, 0x6000, "nvs"); /* CONFIG_PARTITION_TABLE_OFFSET=0x10000 */
    row(&custom, 0, 0, 0x20000, 0x100000, "factory");
    begin(CHIP_ESP32S3);
    add("boot.bin", 0, boot(CHIP_ESP32S3));
    add("table.bin", 0x10000, custom);
    add("app.bin", 0x20000, app(CHIP_ESP32S3));
    target.table = (const uint8_t *)"what is at 0x8000 does not matter";
    target.table_size = 33;
    expect_none();

    row(&recovery, 2, 0, 0x2000, 0x6000, "bootloader");
    row(&recovery, 2, 2, 0x3F0000, 0x6000, "recovery");
    row(&recovery, 0, 0, 0x10000, 0x100000, "factory");
    begin(CHIP_ESP32C5);
    add("boot.bin", 0x2000, boot(CHIP_ESP32C5));
    add("recovery.bin", 0x3F0000, boot(CHIP_ESP32C5));
    add("table.bin", 0x8000, recovery);
    expect_none();

    for (int known = 0; known < 2; known++) { /* firmware for the radio chip beside it, as data */
        begin(known ? CHIP_ESP32P4 : CHIP_AUTO);
        add("table.bin", 0x8000, table_ota());
        add("radio.bin", 0x290000, app(CHIP_ESP32C6));
        expect_none();
    }
}

/* One segment in its instruction RAM; the header says 512 KB. */
static struct buffer small_8266(void)
{
    static const uint8_t head[] = {0xE9, 1, 0, 0, 0, 0, 0x10, 0x40, 0, 0, 0x10, 0x40, 0, 2, 0, 0};
    struct buffer out = {0};

    buffer_append(&out, head, sizeof head);
    onto(&out, out.len, text(512));
    while (out.len % 16 != 0)
        buffer_append_byte(&out, 0);
    onto(&out, out.len, bytes(16, 0));
    return sealed(out);
}

/* An app of version 2: its code, then a plain image. */
static struct buffer v2_8266(void)
{
    static const uint8_t head[] = {0xEA, 4, 0, 0x20, 0, 0, 0x10, 0x40, 0, 0, 0, 0, 0, 0x10, 0, 0};
    struct buffer out = {0};

    buffer_append(&out, head, sizeof head);
    onto(&out, 16 + 0x1000, app(CHIP_ESP8266));
    return out;
}

static void the_esp8266_needs_no_table(void **state)
{
    (void)state;
    begin(CHIP_ESP8266); /* Arduino, Tasmota: one file */
    target.erases_all = true;
    add("firmware.bin", 0, app(CHIP_ESP8266));
    expect_none();
    begin(CHIP_ESP8266); /* the SDK without an OS: its bootloader, and an app of version 2 */
    target.flash_size = 1 << 20;
    add("boot_v1.7.bin", 0, small_8266());
    add("user1.bin", 0x1000, v2_8266());
    add("esp_init_data.bin", 0xFC000, bytes(128, 5));
    add("blank.bin", 0xFE000, bytes(4096, 0xFF));
    expect_none();
    begin(CHIP_ESP8266); /* no table, and nobody misses it */
    target.erases_all = true;
    add("eagle.flash.bin", 0, boot(CHIP_ESP8266));
    add("app.bin", 0x10000, app(CHIP_ESP8266));
    expect_none();
    begin(CHIP_ESP8266); /* code that the bootloader maps, without a header */
    add("eagle.flash.bin", 0, boot(CHIP_ESP8266));
    add("eagle.irom0text.bin", 0x10000, text(200000));
    expect_none();
}

/* ---- each check ---- */

static void images_of_other_chips(void **state)
{
    (void)state;
    begin(CHIP_ESP32);
    add("app.bin", 0x10000, app(CHIP_ESP32C3));
    expect_one(ERR_WRONG_CHIP, true,
               "app.bin is an ESP32-C3 image (chip id 5), this chip is ESP32");
    begin(CHIP_AUTO); /* what the images say must fit together */
    add("boot.bin", 0x1000, boot(CHIP_ESP32));
    add("table.bin", 0x8000, table(CHIP_ESP32));
    add("app.bin", 0x10000, app(CHIP_ESP32S2));
    expect_one(ERR_WRONG_CHIP, true, "app.bin is an ESP32-S2 image (chip id 2), boot.bin is for ");
    begin(CHIP_ESP32S3); /* in the middle of a merged file, too */
    struct buffer whole = merged(CHIP_ESP32S3, 0);
    struct buffer other = app(CHIP_ESP32C6);
    memcpy(whole.data + 0x10000, other.data, 64);
    buffer_done(&other);
    add("all.bin", 0, whole);
    expect_one(ERR_WRONG_CHIP, true, "all.bin is an ESP32-C6 image");
}

static struct buffer with_revisions(struct buffer image, uint8_t old, uint16_t min, uint16_t max)
{
    image.data[14] = old;
    le16_put(image.data + 15, min);
    le16_put(image.data + 17, max);
    return sealed(image);
}

static void revisions(void **state)
{
    static const struct {
        enum chip_id id;
        int revision;
        uint8_t old;
        uint16_t min, max;
        const char *part; /* NULL: fits */
    } rows[] = {
        {CHIP_ESP32, 100, 0, 0, 0, NULL},
        {CHIP_ESP32, 100, 3, 300, 399,
         "needs an ESP32 of revision v3.0 or later, this one is v1.0"},
        {CHIP_ESP32, 300, 3, 300, 399, NULL},
        {CHIP_ESP32, 399, 3, 300, 399, NULL},
        {CHIP_ESP32, 400, 3, 300, 399, "is for an ESP32 up to revision v3.99, this one is v4.0"},
        {CHIP_ESP32, 65000, 3, 300, 65535, NULL},
        {CHIP_ESP32, -1, 3, 300, 399, NULL},
        {CHIP_ESP32, 201, 3, 0, 0, "needs an ESP32 of major revision 3 or later, this one is v2.1"},
        {CHIP_ESP32, 301, 3, 0, 0, NULL},
        {CHIP_ESP32, 201, 3, 0, 65535, "of major revision 3"},
        {CHIP_ESP32, 201, 3, 200, 65535, NULL}, /* the old byte no longer counts */
        {CHIP_ESP32C3, 3, 4, 0, 0, "of minor revision 4 or later, this one is v0.3"},
        {CHIP_ESP32C3, 4, 4, 0, 0, NULL},
        {CHIP_ESP32C3, 101, 3, 3, 199, NULL},
        {CHIP_ESP32P4, 301, 0, 0, 199, "is for an ESP32-P4 up to revision v1.99"},
    };

    (void)state;
    for (size_t i = 0; i < 2 * ARRAY_LEN(rows); i++) {
        enum chip_id id = rows[i / 2].id;
        struct buffer image = i % 2 ? app(id) : boot(id);
        begin(id);
        target.revision = rows[i / 2].revision;
        add("x.bin", i % 2 ? 0x10000 : boot_at(id),
            with_revisions(image, rows[i / 2].old, rows[i / 2].min, rows[i / 2].max));
        if (rows[i / 2].part)
            expect_one(ERR_WRONG_REVISION, true, rows[i / 2].part);
        else
            expect_none();
    }
}

static void damaged_images(void **state)
{
    static const enum chip_id chips[] = {CHIP_ESP8266, CHIP_ESP32, CHIP_ESP32C3, CHIP_ESP32P4};
    struct buffer image;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(chips); i++) {
        enum chip_id id = chips[i];
        begin(id);
        image = boot(id);
        image.data[0] = 0xE8;
        add("boot.bin", boot_at(id), image);
        expect_one(ERR_IMAGE_DAMAGED, true, "is 0xe8, an image begins with 0xe9");
        begin(id);
        image = app(id);
        image.data[100000] ^= 4;
        add("app.bin", 0x10000, image);
        expect_one(ERR_IMAGE_DAMAGED, true, "app.bin at 0x10000: damaged: the checksum at offset");
        begin(id);
        image = boot(id);
        image.len = 9000;
        add("boot.bin", boot_at(id), image);
        expect_one(ERR_IMAGE_DAMAGED, true, "cut off");
    }
    begin(CHIP_ESP8266);
    image = v2_8266();
    image.data[0x5000] ^= 1;
    add("user1.bin", 0x1000, image);
    expect_one(ERR_IMAGE_DAMAGED, true, "user1.bin at 0x1000: damaged");
    begin(CHIP_ESP32);
    image = app(CHIP_ESP32);
    image.data[image.len - 1] ^= 1;
    add("app.bin", 0x20000, image);
    expect_one(ERR_IMAGE_DAMAGED, true, "app.bin at 0x20000: damaged: the SHA-256 at offset");
    begin(CHIP_ESP32); /* where nothing starts it */
    image = app(CHIP_ESP32);
    image.data[image.len - 1] ^= 1;
    add("app.bin", 0x123000, image);
    expect_none();
    begin(CHIP_ESP32); /* in a merged file */
    image = merged(CHIP_ESP32, 0);
    image.data[0x10000 + 5000] ^= 1;
    add("all.bin", 0, image);
    expect_one(ERR_IMAGE_DAMAGED, true, "all.bin at 0x10000: damaged");
    begin(CHIP_ESP32);
    add("boot.bin", 0x1000, text(9000));
    expect_one(ERR_IMAGE_DAMAGED, false, "boot.bin at 0x1000 is no image (it begins with 0x6c");
    begin(CHIP_ESP32);
    image = table(CHIP_ESP32);
    image.data[8] ^= 1;
    add("table.bin", 0x8000, image);
    expect_one(ERR_IMAGE_DAMAGED, true, "table.bin at 0x8000: damaged: the MD5 at offset 0x60");
    begin(CHIP_ESP32);
    image = table(CHIP_ESP32);
    image.data[128] = 0;
    add("table.bin", 0x8000, image);
    expect_one(ERR_IMAGE_DAMAGED, true, "table.bin: damaged: a partition table begins at 0x8000");
}

static void places_of_bootloaders(void **state)
{
    static const uint32_t places[] = {0, 0x1000, 0x2000};

    (void)state;
    for (enum chip_id id = CHIP_ESP32; id < CHIP_COUNT; id++) {
        for (size_t i = 0; i < ARRAY_LEN(places); i++) {
            char part[64];
            if (places[i] == boot_at(id))
                continue;
            snprintf(part, sizeof part, "boot.bin at 0x%x is an %s bootloader", places[i],
                     chip_get(id)->name);
            begin(id);
            add("boot.bin", places[i], boot(id));
            expect_one(ERR_WRONG_OFFSET, true, part);
            begin(CHIP_AUTO);
            add("boot.bin", places[i], boot(id));
            expect_one(ERR_WRONG_OFFSET, true, part);
        }
    }
    begin(CHIP_ESP32); /* made for 0x1000, written to 0 */
    add("micropython.bin", 0, merged(CHIP_ESP32, 0x1000));
    plan_find(&plan, &target, &findings);
    assert_int_equal(findings_refusal(&findings, false)->code, ERR_WRONG_OFFSET);
    end();
    begin(CHIP_ESP32);
    add("boot.bin", 0x10000, boot(CHIP_ESP32));
    expect_one(ERR_WRONG_OFFSET, false, "boot.bin at 0x10000 looks like a bootloader");
}

static void places_of_apps(void **state)
{
    struct buffer chip = table_ota();

    (void)state;
    begin(CHIP_ESP32C3);
    add("app.bin", 0, app(CHIP_ESP32C3));
    expect_one(ERR_WRONG_OFFSET, true, "app.bin is an ESP32-C3 app, but 0x0 is where its boot");
    begin(CHIP_ESP32C3);
    add("app.bin", 0x8000, app(CHIP_ESP32C3));
    expect_one(ERR_WRONG_OFFSET, true, "but 0x8000 is where the partition table goes");
    begin(CHIP_ESP32C3); /* wherever that is */
    target.table_address = 0x10000;
    add("app.bin", 0x10000, app(CHIP_ESP32C3));
    expect_one(ERR_WRONG_OFFSET, true, "but 0x10000 is where the partition table goes");
    begin(CHIP_ESP32C3);
    add("table.bin", 0x8000, table_ota());
    add("app.bin", 0x20000, app(CHIP_ESP32C3));
    expect_one(ERR_WRONG_OFFSET, true, "no app partition begins there: it is inside app0");
    begin(CHIP_ESP32C3);
    target.table = chip.data;
    target.table_size = chip.len;
    add("app.bin", 0x20000, app(CHIP_ESP32C3));
    expect_one(ERR_WRONG_OFFSET, true, "inside app0");
    begin(CHIP_ESP32C3);
    add("table.bin", 0x8000, table(CHIP_ESP32C3));
    add("app.bin", 0x200000, app(CHIP_ESP32C3));
    expect_one(ERR_WRONG_OFFSET, true, "the partition table has no app partition there");
    begin(CHIP_ESP32C3);
    add("table.bin", 0x8000, table_ota());
    add("app.bin", 0x290000, app(CHIP_ESP32C3));
    expect_one(ERR_WRONG_OFFSET, false, "partition spiffs there is for data");
    begin(CHIP_ESP32C3); /* too big to be kept there on purpose: 0x9000 for 0x10000 */
    add("app.bin", 0x9000, app(CHIP_ESP32C3));
    assert_true(plan_wants_table(&plan, &target));
    target.table = chip.data;
    target.table_size = chip.len;
    plan_find(&plan, &target, &findings);
    assert_true(findings.n > 0 && findings.rows[0].refuses);
    assert_non_null(
        strstr(findings.rows[0].text, "no app partition begins there: it is inside nvs"));
    end();
    buffer_done(&chip);
}

static void places_of_merged_files(void **state)
{
    static const enum chip_id late[] = {CHIP_ESP32, CHIP_ESP32S2, CHIP_ESP32P4};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(late); i++) {
        begin(late[i]);
        add("all.bin", 0x10000, merged(late[i], 0));
        expect_one(ERR_WRONG_OFFSET, true, "all.bin at 0x10000 is a merged file for an ESP32");
    }
    begin(CHIP_ESP32C3);
    add("all.bin", 0x10000, merged(CHIP_ESP32C3, 0));
    expect_one(ERR_WRONG_OFFSET, true, "all.bin at 0x10000 looks like a bootloader");
    begin(CHIP_ESP32); /* otadata, and the app right behind it, as a HEX file has them */
    struct buffer both = bytes(0x2000, 0xFF);
    both.data[0] = 1;
    onto(&both, 0x2000, app(CHIP_ESP32));
    add("table.bin", 0x8000, table_ota());
    add("all.hex", 0xE000, both);
    expect_none();
}

static void partitions_that_are_too_small(void **state)
{
    struct buffer small = {0}, data = {0};

    (void)state;
    row(&small, 0, 0, 0x10000, 0x40000, "factory");
    begin(CHIP_ESP32);
    add("table.bin", 0x8000, small);
    add("app.bin", 0x10000, app(CHIP_ESP32));
    expect_one(ERR_PARTITION, true, "its partition factory has only 0x40000");
    begin(CHIP_ESP32); /* the partition that it reaches into is another matter */
    struct buffer two = {0};
    row(&two, 0, 0x10, 0x10000, 0x20000, "app0");
    row(&two, 0, 0x11, 0x30000, 0x20000, "app1");
    add("table.bin", 0x8000, two);
    add("app.bin", 0x10000, app(CHIP_ESP32));
    expect_one(ERR_PARTITION, true, "its partition app0 has only 0x20000");
    begin(CHIP_ESP32); /* the app fits, what stands behind it in the file does not */
    struct buffer long_app = app(CHIP_ESP32);
    onto(&long_app, 0x100004, text(8));
    add("table.bin", 0x8000, table(CHIP_ESP32));
    add("app.bin", 0x10000, long_app);
    expect_one(ERR_PARTITION, false,
               "reaches behind its partition factory, which ends at 0x110000");
    row(&data, 0, 0, 0x10000, 0x100000, "factory");
    row(&data, 1, 0x82, 0x110000, 0x10000, "spiffs");
    begin(CHIP_ESP32);
    add("table.bin", 0x8000, data);
    add("spiffs.bin", 0x110000, noise(0x10001));
    expect_one(ERR_PARTITION, false, "spiffs.bin at 0x110000 (65537 bytes) reaches behind its par");
}

/* A bootloader whose last segment has `more` bytes more. */
static struct buffer boot_grown(enum chip_id id, uint32_t more)
{
    struct buffer image = boot(id), out = {0};
    struct esp_image i;

    assert_int_equal(esp_image_parse(image.data, image.len, &i, NULL), 0);
    const struct esp_image_segment *last = &i.segments[i.n_segments - 1];
    buffer_append(&out, image.data, last->offset + last->size);
    le32_put(out.data + last->offset - 4, last->size + more);
    onto(&out, out.len, text(more));
    while (out.len % 16 != 15)
        buffer_append_byte(&out, 0);
    buffer_append_byte(&out, 0);
    memset(buffer_reserve(&out, 32), 0, 32);
    out.len += 32;
    buffer_done(&image);
    return sealed(out);
}

/* CONFIG_PARTITION_TABLE_OFFSET=0x10000, as one file: the table is found, that of the flash is
 * about to be overwritten. */
static struct buffer merged_custom(uint32_t app_size)
{
    struct partition_table rows = {
        .rows = {{.type = 1, .subtype = 2, .offset = 0x11000, .size = 0x6000, .label = "nvs"},
                 {.type = 0, .offset = 0x20000, .size = app_size, .label = "factory"}},
        .n = 2};
    struct buffer out = {0}, table = {0};

    partition_table_write(&rows, true, &table);
    onto(&out, 0, boot_grown(CHIP_ESP32S3, 0x2000));
    onto(&out, 0x10000, table);
    onto(&out, 0x20000, app(CHIP_ESP32S3));
    return out;
}

static void merged_files_bring_their_table(void **state)
{
    struct buffer old = table_ota();

    (void)state;
    for (int known = 0; known < 2; known++) {
        begin(known ? CHIP_ESP32S3 : CHIP_AUTO);
        target.table = known ? old.data : NULL;
        target.table_size = old.len;
        add("all.bin", 0, merged_custom(0x100000));
        assert_false(plan_wants_table(&plan, &target));
        expect_none();
    }
    begin(CHIP_ESP32S3);
    target.table = old.data;
    target.table_size = old.len;
    add("all.bin", 0, merged_custom(0x10000));
    expect_one(ERR_PARTITION, true, "its partition factory has only 0x10000");
    buffer_done(&old);
}

static void names_of_strangers_stay_out_of_the_terminal(void **state)
{
    struct buffer custom = {0};

    (void)state;
    row(&custom, 0, 0, 0x10000, 0x10000, "sixteen\033[2J\xff\xc2\x9b!?");
    begin(CHIP_ESP32C3);
    add("table\n.bin", 0x8000, custom);
    add("app.bin", 0x10000, app(CHIP_ESP32C3));
    expect_one(ERR_PARTITION, true, "its partition sixteen?[2J?");
}

static void bootloaders_that_are_too_long(void **state)
{
    struct buffer chip = table(CHIP_ESP32), blank = bytes(512, 0xFF);

    (void)state;
    begin(CHIP_ESP32);
    add("boot.bin", 0x1000, boot_grown(CHIP_ESP32, 0x2000));
    target.table = chip.data;
    target.table_size = chip.len;
    expect_one(ERR_PARTITION, true, "and reaches into the partition table at 0x8000");
    begin(CHIP_ESP32);
    add("boot.bin", 0x1000, boot_grown(CHIP_ESP32, 0x2000));
    expect_one(ERR_PARTITION, false, "0x8000, if the table is at its usual place");
    begin(CHIP_ESP32); /* the flash has its table elsewhere, or none yet */
    add("boot.bin", 0x1000, boot_grown(CHIP_ESP32, 0x2000));
    target.table = blank.data;
    target.table_size = blank.len;
    expect_none();
    begin(CHIP_ESP32);
    add("boot.bin", 0x1000, boot_grown(CHIP_ESP32, 0x2000));
    add("table.bin", 0x8000, table(CHIP_ESP32));
    plan_find(&plan, &target, &findings);
    assert_int_equal(findings.n, 2); /* and the two overlap */
    assert_int_equal(findings.rows[0].code, ERR_PARTITION);
    assert_true(findings.rows[0].refuses);
    assert_int_equal(findings.rows[1].code, ERR_OVERLAP);
    end();
    buffer_done(&chip);
    buffer_done(&blank);
}

static void what_nobody_can_force(void **state)
{
    static const struct flash_range ranges[] = {{0x9000, 0}, {0xF100, 0x10}};

    (void)state;
    begin(CHIP_ESP32);
    target.flash_size = 2 << 20;
    add("data.bin", 0x1FF000, bytes(0x1000, 1));
    expect_none();
    begin(CHIP_ESP32);
    target.flash_size = 2 << 20;
    add("data.bin", 0x1FF000, bytes(0x1001, 1));
    plan_find(&plan, &target, &findings);
    assert_non_null(findings_refusal(&findings, true));
    assert_non_null(strstr(findings.rows[0].text, "data.bin (4097 bytes) at 0x1ff000 would end at "
                                                  "0x200004, past the end of the 2 MB flash"));
    end();

    begin(CHIP_ESP32); /* also with one that is not its neighbour */
    add("long.bin", 0x20000, bytes(0x5000, 1));
    add("in.bin", 0x22000, bytes(0x1000, 1));
    add("too.bin", 0x24000, bytes(0x1000, 1));
    plan_find(&plan, &target, &findings);
    assert_int_equal(findings.n, 2);
    assert_non_null(strstr(findings.rows[1].text, "long.bin (0x20000 to 0x24fff) and too.bin"));
    assert_int_equal(findings_refusal(&findings, true)->code, ERR_OVERLAP);
    end();
    begin(CHIP_ESP32);
    add("a.bin", 0x20000, bytes(16, 1));
    add("b.bin", 0x20800, bytes(16, 1));
    expect_one(ERR_OVERLAP, true, "share the flash sector at 0x20000");

    begin(CHIP_ESP32);
    target.protect = ranges;
    target.n_protect = ARRAY_LEN(ranges);
    add("a.bin", 0x9000, bytes(0x6000, 1));
    add("b.bin", 0x10000, bytes(0x1000, 1));
    expect_none();
    begin(CHIP_ESP32);
    target.protect = ranges;
    target.n_protect = ARRAY_LEN(ranges);
    add("a.bin", 0x9000, bytes(0x6001, 1));
    expect_one(ERR_PROTECTED, true, "erases 0x9000 to 0xffff, but the job protects 0xf100");
    for (int i = 0; i < 2; i++) { /* in a sector of its own range, before and behind it */
        begin(CHIP_ESP32);
        target.protect = &ranges[1];
        target.n_protect = 1;
        add("a.bin", i ? 0xF000 : 0xF800, bytes(16, 1));
        expect_one(ERR_PROTECTED, true, "erases 0xf000 to 0xffff");
    }
}

static void tables_that_are_missing(void **state)
{
    struct buffer blank = bytes(512, 0xFF), chip = table(CHIP_ESP32);

    (void)state;
    for (int with_boot = 0; with_boot < 2; with_boot++) {
        for (int erased = 0; erased < 2; erased++) {
            begin(CHIP_ESP32);
            if (with_boot)
                add("boot.bin", 0x1000, boot(CHIP_ESP32));
            add("app.bin", 0x10000, app(CHIP_ESP32));
            assert_int_equal(plan_wants_table(&plan, &target), 1);
            target.erases_all = erased;
            target.table = erased ? chip.data : blank.data;
            target.table_size = 512;
            expect_one(ERR_PARTITION, with_boot,
                       erased ? "what the flash holds is erased" : "the flash holds none");
        }
    }
    begin(CHIP_ESP32);
    add("boot.bin", 0x1000, boot(CHIP_ESP32));
    assert_false(plan_wants_table(&plan, &target));
    add("app.bin", 0x10000, app(CHIP_ESP32));
    target.table = chip.data;
    target.table_size = chip.len;
    expect_none();
    begin(CHIP_ESP32);
    add_all(CHIP_ESP32);
    assert_false(plan_wants_table(&plan, &target));
    end();
    begin(CHIP_ESP32); /* what is encrypted can't be read */
    target.flash_encryption = true;
    target.table = blank.data;
    target.table_size = blank.len;
    add("boot.bin", 0x1000, noise(9000));
    add("app.bin", 0x10000, noise(9000));
    assert_false(plan_wants_table(&plan, &target));
    expect_none();
    buffer_done(&blank);
    buffer_done(&chip);
}

static void tables_that_do_not_fit(void **state)
{
    struct buffer doubled = {0};

    (void)state;
    begin(CHIP_ESP32);
    target.flash_size = 2 << 20;
    add("table.bin", 0x8000, table(CHIP_ESP32));
    expect_none();
    begin(CHIP_ESP32);
    target.flash_size = 1 << 20;
    add("table.bin", 0x8000, table(CHIP_ESP32));
    expect_one(ERR_PARTITION, true,
               "its partition factory ends at 0x110000, the flash at 0x100000");
    begin(CHIP_ESP32); /* one zero too many */
    add("table.bin", 0x80000, table(CHIP_ESP32));
    expect_one(ERR_PARTITION, true, "table.bin at 0x80000 lies in its own partition factory");
    row(&doubled, 0, 0, 0x10000, 0x100000, "factory");
    row(&doubled, 1, 2, 0x100000, 0x6000, "nvs");
    begin(CHIP_ESP32);
    add("table.bin", 0x8000, doubled);
    expect_one(ERR_PARTITION, false, "overlap");
    begin(CHIP_ESP32);
    add("notes.txt", 0x8000, text(3000));
    expect_one(ERR_PARTITION, false, "puts something else to 0x8000");
}

static struct buffer boot_for(enum chip_id id, const char *size)
{
    struct buffer image = boot(id);
    uint8_t nibble;

    assert_true(chip_size_parse(chip_get(id), size, &nibble));
    image.data[3] = (uint8_t)((image.data[3] & 0x0F) | nibble << 4);
    return sealed(image);
}

static void sizes_in_headers(void **state)
{
    (void)state;
    for (int with_app = 0; with_app < 2; with_app++) {
        begin(CHIP_ESP32S3);
        target.flash_size = 4 << 20;
        add("boot.bin", 0, boot_for(CHIP_ESP32S3, "8MB"));
        add("table.bin", 0x8000, table(CHIP_ESP32S3));
        if (with_app)
            add("app.bin", 0x10000, app(CHIP_ESP32S3));
        expect_one(ERR_HEADER_SIZE, with_app, "that the flash has 8 MB, but 4 MB are fitted");
    }
    begin(CHIP_ESP32S3);
    target.flash_size = 8 << 20;
    add("boot.bin", 0, boot_for(CHIP_ESP32S3, "8MB"));
    expect_none();
    begin(CHIP_ESP32S3); /* --flash-size may yet change it */
    target.flash_size = 4 << 20;
    target.is_patched = false;
    add("boot.bin", 0, boot_for(CHIP_ESP32S3, "8MB"));
    expect_none();
    begin(CHIP_ESP32S3); /* only the loader can't reach more */
    target.flash_size = 16 << 20;
    target.flash_limit = "the ROM reaches 16 MB";
    add("boot.bin", 0, boot_for(CHIP_ESP32S3, "32MB"));
    expect_none();
}

static void plain_data_for_encrypted_chips(void **state)
{
    struct buffer rows = {0};

    (void)state;
    begin(CHIP_ESP32);
    target.flash_encryption = true;
    add("app.bin", 0x10000, app(CHIP_ESP32));
    expect_one(ERR_SECURED, true, "app.bin at 0x10000 is not encrypted");
    begin(CHIP_ESP32);
    target.flash_encryption = true;
    add("table.bin", 0x8000, table(CHIP_ESP32));
    expect_one(ERR_SECURED, true, "table.bin at 0x8000 is not encrypted");
    begin(CHIP_ESP32);
    target.flash_encryption = true;
    add("app.bin", 0x10000, app(CHIP_ESP32));
    plan.regions[0].encrypted = true;
    expect_none();
    begin(CHIP_ESP32);
    target.flash_encryption = true;
    add("notes.txt", 0x200000, text(3000));
    expect_one(ERR_SECURED, true, "notes.txt at 0x200000 is not encrypted");

    row(&rows, 1, 0, 0xE000, 0x2000, "otadata"); /* which is always decrypted */
    row(&rows, 1, 0x82, 0x200000, 0x10000, "spiffs");
    struct buffer one = row_of(1, 0x82, 0x210000, 0x10000, "secret", PARTITION_FLAG_ENCRYPTED);
    buffer_append(&rows, one.data, one.len);
    buffer_done(&one);
    for (int i = 0; i < 3; i++) {
        static const uint32_t places[] = {0xE000, 0x200000, 0x210000};
        struct buffer copy = {0};
        begin(CHIP_ESP32);
        target.flash_encryption = true;
        buffer_append(&copy, rows.data, rows.len);
        add("table.bin", 0x8000, copy);
        plan.regions[0].encrypted = true;
        add("notes.txt", places[i], text(3000));
        if (i == 1)
            expect_none();
        else
            expect_one(ERR_SECURED, true, "notes.txt");
    }
    buffer_done(&rows);
}

static void findings_come_together(void **state)
{
    (void)state;
    begin(CHIP_ESP32);
    target.flash_size = 1 << 20;
    target.is_patched = false;
    struct buffer image = boot(CHIP_ESP32);
    image.data[5000] ^= 1;
    add("boot.bin", 0x1000, image);
    add("app.bin", 0x8000, app(CHIP_ESP32));
    add("data.bin", 0xFF000, bytes(8192, 1));
    plan_find(&plan, &target, &findings);
    assert_int_equal(findings.n, 3);
    assert_int_equal(findings.rows[0].code, ERR_IMAGE_DAMAGED);
    assert_int_equal(findings.rows[1].code, ERR_WRONG_OFFSET);
    assert_int_equal(findings.rows[2].code, ERR_TOO_BIG);
    assert_ptr_equal(findings_refusal(&findings, false), &findings.rows[0]);
    assert_ptr_equal(findings_refusal(&findings, true), &findings.rows[2]);
    for (size_t i = 0; i < findings.n; i++)
        assert_int_equal(error_exit_status(findings.rows[i].code), 6);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everyday_jobs_pass),
        cmocka_unit_test(tables_that_projects_choose_pass),
        cmocka_unit_test(the_esp8266_needs_no_table),
        cmocka_unit_test(images_of_other_chips),
        cmocka_unit_test(revisions),
        cmocka_unit_test(damaged_images),
        cmocka_unit_test(places_of_bootloaders),
        cmocka_unit_test(places_of_apps),
        cmocka_unit_test(places_of_merged_files),
        cmocka_unit_test(partitions_that_are_too_small),
        cmocka_unit_test(bootloaders_that_are_too_long),
        cmocka_unit_test(merged_files_bring_their_table),
        cmocka_unit_test(names_of_strangers_stay_out_of_the_terminal),
        cmocka_unit_test(what_nobody_can_force),
        cmocka_unit_test(tables_that_are_missing),
        cmocka_unit_test(tables_that_do_not_fit),
        cmocka_unit_test(sizes_in_headers),
        cmocka_unit_test(plain_data_for_encrypted_chips),
        cmocka_unit_test(findings_come_together),
    };

    return cmocka_run_group_tests_name("check", tests, NULL, NULL);
}
