/* SPDX-License-Identifier: GPL-3.0-or-later */
/* image/esp_image, esp_desc, memory_map: what headers and descriptors say, byte by byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/buffer.h"
#include "base/util.h"
#include "image/esp_image.h"
#include "image/memory_map.h"
#include "image/sample.h"

#include <string.h>

/* An image with one segment of `size` bytes; checksum and digest are nobody's concern here. */
static void image_make(struct buffer *out, const uint8_t *segment, uint32_t size)
{
    static const uint8_t header[24] = {0xE9, 1,    5,    0x2F, 0x78, 0x56, 0x34, 0x12,
                                       0x07, 0x21, 0x43, 0x65, 0x05, 0x00, 0x03, 0x2D,
                                       0x01, 0xC7, 0x00, 0,    0,    0,    0,    0};

    buffer_append(out, header, sizeof header);
    buffer_append_le32(out, 0x3C000020);
    buffer_append_le32(out, size);
    buffer_append(out, segment, size);
    do
        buffer_append_byte(out, 0);
    while (out->len % 16);
}

static void the_extended_header_is_read(void **state)
{
    static const uint8_t none[16] = {0};
    struct buffer file = {0};
    struct esp_image image;

    (void)state;
    image_make(&file, none, sizeof none);
    assert_int_equal(esp_image_parse(file.data, file.len, &image, NULL), 0);
    assert_int_equal(image.entry, 0x12345678);
    assert_int_equal(image.mode, 5);
    assert_int_equal(image.size_freq, 0x2F);
    assert_int_equal(image.wp_pin, 7);
    for (uint8_t i = 0; i < ESP_DRIVE_PINS; i++)
        assert_int_equal(image.drive[i], i + 1);
    assert_int_equal(image.chip_id, 5);
    assert_int_equal(image.min_revision_old, 3);
    assert_int_equal(image.min_revision, 301);
    assert_int_equal(image.max_revision, 199);
    assert_false(image.digest_flag);
    assert_false(image.app.present || image.boot.present || image.is_signed);
    buffer_done(&file);
}

/* esp_app_desc_t with another value in every field, and texts that fill theirs. */
static void app_desc_make(uint8_t desc[256])
{
    memset(desc, 0, 256);
    le32_put(desc, ESP_APP_DESC_MAGIC);
    le32_put(desc + 4, 0x01020304);
    memset(desc + 16, 'v', 32);
    memset(desc + 48, 'p', 32);
    memset(desc + 80, 't', 16);
    memset(desc + 96, 'd', 16);
    memset(desc + 112, 'i', 32);
    memset(desc + 144, 0xE5, 32);
    le16_put(desc + 176, 103);
    le16_put(desc + 178, 299);
    desc[180] = 15;
}

static void the_app_descriptor_is_read(void **state)
{
    uint8_t desc[256];
    struct buffer file = {0};
    struct esp_image image;

    (void)state;
    app_desc_make(desc);
    image_make(&file, desc, sizeof desc);
    assert_int_equal(esp_image_parse(file.data, file.len, &image, NULL), 0);
    assert_true(image.app.present);
    assert_false(image.boot.present);
    assert_int_equal(image.app.secure_version, 0x01020304);
    assert_string_equal(image.app.version, "vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv");
    assert_string_equal(image.app.project, "pppppppppppppppppppppppppppppppp");
    assert_string_equal(image.app.time, "tttttttttttttttt");
    assert_string_equal(image.app.date, "dddddddddddddddd");
    assert_string_equal(image.app.idf_version, "iiiiiiiiiiiiiiiiiiiiiiiiiiiiiiii");
    assert_int_equal(image.app.elf_sha256[0], 0xE5);
    assert_int_equal(image.app.elf_sha256[31], 0xE5);
    assert_int_equal(image.app.min_efuse_revision, 103);
    assert_int_equal(image.app.max_efuse_revision, 299);
    assert_int_equal(image.app.mmu_page_size, 32768);
    buffer_done(&file);
}

static void descriptors_of_strangers_do_no_harm(void **state)
{
    uint8_t desc[256];
    struct esp_app_desc app;

    (void)state;
    app_desc_make(desc);
    desc[180] = 200; /* 2 to the 200th */
    memcpy(desc + 16, "1.0\x1B[2Jx", 9);
    assert_true(esp_app_desc_read(desc, sizeof desc, &app));
    assert_int_equal(app.mmu_page_size, 0);
    assert_string_equal(app.version, "1.0"); /* nothing that a terminal would obey */
    assert_false(esp_app_desc_read(desc, sizeof desc - 1, &app));
    assert_false(app.present);
    desc[0] ^= 1;
    assert_false(esp_app_desc_read(desc, sizeof desc, &app));
}

static void the_bootloader_descriptor_is_read(void **state)
{
    uint8_t desc[80] = {0x50, 0, 0, 9, 4, 3, 2, 1};
    struct buffer file = {0};
    struct esp_image image;
    struct esp_boot_desc boot;

    (void)state;
    memcpy(desc + 8, "v5.2.1", 6);
    memcpy(desc + 40, "Apr 25 2023 00:13:32", 20);
    image_make(&file, desc, sizeof desc);
    assert_int_equal(esp_image_parse(file.data, file.len, &image, NULL), 0);
    assert_true(image.boot.present);
    assert_int_equal(image.boot.secure_version, 9);
    assert_int_equal(image.boot.version, 0x01020304);
    assert_string_equal(image.boot.idf_version, "v5.2.1");
    assert_string_equal(image.boot.date_time, "Apr 25 2023 00:13:32");
    buffer_done(&file);

    /* A reproducible build has no date. */
    uint8_t dateless[80];
    memcpy(dateless, desc, sizeof desc);
    memset(dateless + 40, 0, 24);
    assert_true(esp_boot_desc_read(dateless, sizeof dateless, &boot));
    assert_string_equal(boot.date_time, "");

    /* Its magic is but a byte: texts must be texts. */
    assert_false(esp_boot_desc_read(desc, sizeof desc - 1, &boot));
    desc[9] = 0x80;
    assert_false(esp_boot_desc_read(desc, sizeof desc, &boot));
    desc[9] = '5';
    memset(desc + 40, 'x', 24);
    assert_false(esp_boot_desc_read(desc, sizeof desc, &boot));
}

/* Arduino's elf2bin.py writes length and CRC into an ESP8266's app when its checksum is made. */
static void what_eboot_needs_is_not_in_the_checksum(void **state)
{
    static const uint8_t header[] = {0xE9, 1,    2,    0x40, 0x00, 0x01, 0x10, 0x40,
                                     0x10, 0x10, 0x20, 0x40, 0x10, 0,    0,    0};
    struct buffer file = {0};
    struct esp_image image;

    (void)state;
    buffer_append(&file, header, sizeof header);
    buffer_append_le32(&file, 48 + 4096);
    buffer_append_le32(&file, 0x12345678);
    buffer_append(&file, "program.", 8);
    for (int i = 0; i < 15; i++)
        buffer_append_byte(&file, 0);
    uint8_t checksum = ESP_IMAGE_CHECKSUM;
    for (size_t i = 24; i < 32; i++)
        checksum ^= file.data[i];
    buffer_append_byte(&file, checksum);
    assert_int_equal(file.len, 48);
    assert_int_equal(esp_image_parse(file.data, file.len, &image, NULL), 0);
    assert_int_equal(esp_image_verify(file.data, &image, NULL), 0);
    file.data[25] ^= 1;
    assert_int_equal(esp_image_parse(file.data, file.len, &image, NULL), 0);
    assert_int_equal(esp_image_verify(file.data, &image, NULL), ERR_FILE_FORMAT);
    file.data[25] ^= 1;
    file.data[17] ^= 1; /* another length: these are bytes like any others */
    assert_int_equal(esp_image_parse(file.data, file.len, &image, NULL), 0);
    assert_int_equal(esp_image_verify(file.data, &image, NULL), ERR_FILE_FORMAT);
    buffer_done(&file);
}

static bool has_name(enum chip_id chip, uint32_t address, const char *name)
{
    const char *names[CHIP_MEMORY_NAMES_MAX];
    size_t n = memory_names(chip_get(chip), address, names);

    for (size_t i = 0; i < n; i++) {
        if (strcmp(names[i], name) == 0)
            return true;
    }
    return false;
}

static void memory_has_names(void **state)
{
    static const struct {
        enum chip_id chip;
        uint32_t address;
        const char *name;
    } rows[] = {
        {CHIP_ESP32, 0x3F400020, "DROM"},    {CHIP_ESP32, 0x400D0020, "IROM"},
        {CHIP_ESP32C3, 0x4037C000, "IRAM"},  {CHIP_ESP32C6, 0x42000020, "DROM"},
        {CHIP_ESP8266, 0x40200010, "IROM"},  {CHIP_ESP8266, 0x402FFFFF, "IROM"},
        {CHIP_ESP8266, 0x40108000, "IRAM"},  {CHIP_ESP32S3, 0x43FFFFFF, "IROM"},
        {CHIP_ESP32P4, 0x4FFA0000, "DRAM"},  {CHIP_ESP32H2, 0x4084FFFF, "DRAM"},
        {CHIP_ESP32S31, 0x2F000000, "IRAM"}, {CHIP_ESP32E22, 0x3C000020, "DROM"},
    };
    const char *names[CHIP_MEMORY_NAMES_MAX];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (!has_name(rows[i].chip, rows[i].address, rows[i].name))
            fail_msg("%s: 0x%08x is no %s", chip_get(rows[i].chip)->key, rows[i].address,
                     rows[i].name);
    }
    assert_false(has_name(CHIP_ESP32P4, 0x4FFC0000, "DRAM"));
    assert_int_equal(memory_names(NULL, 0, names), 0);
}

/* No address has so many names that one is lost, and none has one twice. */
static void names_are_complete_and_different(void **state)
{
    const char *names[CHIP_MEMORY_NAMES_MAX];

    (void)state;
    for (int id = CHIP_AUTO + 1; id < CHIP_COUNT; id++) {
        const struct chip *chip = chip_get((enum chip_id)id);
        for (const struct chip_memory *m = chip->memory; m->name; m++) {
            size_t n = memory_names(chip, m->start, names);
            assert_in_range(n, 1, CHIP_MEMORY_NAMES_MAX - 1);
            for (size_t i = 0; i < n * n; i++) {
                if (i / n != i % n)
                    assert_string_not_equal(names[i / n], names[i % n]);
            }
        }
    }
}

/* Every chip's own samples: all segments lie in memory that has a name. */
static void samples_lie_in_memory(void **state)
{
    const char *names[CHIP_MEMORY_NAMES_MAX];

    (void)state;
    for (int id = CHIP_AUTO + 1; id < CHIP_COUNT; id++) {
        const struct chip *chip = chip_get((enum chip_id)id);
        for (int app = 0; app < 2; app++) {
            struct buffer file = {0};
            struct esp_image image;
            if (app)
                sample_app(chip, 100000, &file);
            else
                sample_bootloader(chip, &file);
            assert_int_equal(esp_image_parse(file.data, file.len, &image, NULL), 0);
            assert_int_equal(image.app.present, app);
            for (unsigned i = 0; i < image.n_segments; i++) {
                if (memory_names(chip, image.segments[i].address, names) == 0)
                    fail_msg("%s: 0x%08x has no name", chip->key, image.segments[i].address);
            }
            buffer_done(&file);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_extended_header_is_read),
        cmocka_unit_test(the_app_descriptor_is_read),
        cmocka_unit_test(descriptors_of_strangers_do_no_harm),
        cmocka_unit_test(the_bootloader_descriptor_is_read),
        cmocka_unit_test(what_eboot_needs_is_not_in_the_checksum),
        cmocka_unit_test(memory_has_names),
        cmocka_unit_test(names_are_complete_and_different),
        cmocka_unit_test(samples_lie_in_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
