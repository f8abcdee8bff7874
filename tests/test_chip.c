/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Self-check of the chip tables: every row. */
#include "chip/chip.h"

#include "base/util.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void check_nibbles(const struct chip_nibble *table)
{
    assert_non_null(table);
    assert_non_null(table[0].name);
    for (; table->name; table++) {
        assert_in_range(table->value, 0, 15);
        for (const struct chip_nibble *other = table + 1; other->name; other++)
            assert_string_not_equal(table->name, other->name);
    }
}

static void check_spi(const struct chip *chip)
{
    const struct chip_spi *spi = &chip->spi;

    assert_int_not_equal(spi->base, 0);
    assert_int_equal(spi->base % 4, 0);
    assert_int_equal(spi->usr1, spi->usr + 4);
    assert_int_equal(spi->usr2, spi->usr + 8);
    assert_true(spi->w0 > spi->usr2);
    if (spi->mosi_dlen)
        assert_int_equal(spi->miso_dlen, spi->mosi_dlen + 4);
    else
        assert_int_equal(chip->id, CHIP_ESP8266);
}

static void every_row_is_complete(void **state)
{
    (void)state;
    assert_null(chip_get(CHIP_AUTO));
    assert_null(chip_get(CHIP_COUNT));
    for (int id = CHIP_AUTO + 1; id < CHIP_COUNT; id++) {
        const struct chip *chip = chip_get((enum chip_id)id);
        assert_non_null(chip);
        assert_int_equal(chip->id, id);
        assert_non_null(chip->key);
        assert_non_null(chip->name);
        assert_true(chip->bootloader_offset % 0x1000 == 0);
        assert_int_not_equal(chip->efuse_base, 0);
        assert_int_not_equal(chip->mac_word[0], 0);
        assert_int_not_equal(chip->mac_word[1], 0);
        assert_true(chip->status_bytes == (id == CHIP_ESP8266 ? 2 : 4));
        assert_true(chip->boot_baud == (id == CHIP_ESP8266 ? 74880 : 115200));
        assert_true(chip->magic[0] != 0 || chip->image_chip_id > 0);
        check_spi(chip);
        check_nibbles(chip->freqs);
        check_nibbles(chip->sizes);
    }
}

static void no_two_rows_are_alike(void **state)
{
    (void)state;
    for (int a = CHIP_AUTO + 1; a < CHIP_COUNT; a++) {
        for (int b = a + 1; b < CHIP_COUNT; b++) {
            const struct chip *x = chip_get((enum chip_id)a), *y = chip_get((enum chip_id)b);
            assert_string_not_equal(x->key, y->key);
            assert_string_not_equal(x->name, y->name);
            assert_int_not_equal(x->image_chip_id, y->image_chip_id);
            if (x->stub && y->stub)
                assert_string_not_equal(x->stub, y->stub);
        }
    }
}

static void lookups(void **state)
{
    (void)state;
    assert_ptr_equal(chip_by_name("esp32c3"), chip_get(CHIP_ESP32C3));
    assert_ptr_equal(chip_by_name("ESP32-C3"), chip_get(CHIP_ESP32C3));
    assert_ptr_equal(chip_by_name("esp32-c3"), chip_get(CHIP_ESP32C3));
    assert_ptr_equal(chip_by_name("esp32"), chip_get(CHIP_ESP32));
    assert_null(chip_by_name("esp32x"));
    assert_null(chip_by_name("esp3"));
    assert_null(chip_by_name(""));
    for (int id = CHIP_AUTO + 1; id < CHIP_COUNT; id++) {
        const struct chip *chip = chip_get((enum chip_id)id);
        assert_ptr_equal(chip_by_name(chip->key), chip);
        assert_ptr_equal(chip_by_name(chip->name), chip);
        if (chip->image_chip_id >= 0)
            assert_ptr_equal(chip_by_image_id(chip->image_chip_id), chip);
        for (size_t i = 0; i < ARRAY_LEN(chip->magic) && chip->magic[i]; i++)
            assert_ptr_equal(chip_by_magic(chip->magic[i]), chip);
    }
    assert_null(chip_by_image_id(-1));
    assert_null(chip_by_image_id(4));
    assert_null(chip_by_magic(0));
    assert_string_equal(chip_names(),
                        "esp8266, esp32, esp32s2, esp32s3, esp32c2, esp32c3, esp32c5, esp32c6, "
                        "esp32c61, esp32h2, esp32h21, esp32h4, esp32p4, esp32s31, esp32e22");
}

/* Values of the image header as Espressif documents them. */
static void settings(void **state)
{
    static const struct {
        enum chip_id chip;
        const char *freq;
        int value;
    } freqs[] = {
        {CHIP_ESP32, "80m", 15},   {CHIP_ESP32, "40M", 0},   {CHIP_ESP32, "26m", 1},
        {CHIP_ESP32, "20m", 2},    {CHIP_ESP32, "60m", -1},  {CHIP_ESP32C2, "60m", 15},
        {CHIP_ESP32C2, "80m", -1}, {CHIP_ESP32C6, "80m", 0}, {CHIP_ESP32C6, "26m", -1},
        {CHIP_ESP32H2, "48m", 15}, {CHIP_ESP32C5, "20m", 2},
    };
    static const struct {
        enum chip_id chip;
        const char *size;
        int value;
    } sizes[] = {
        {CHIP_ESP32, "1MB", 0},    {CHIP_ESP32, "4mb", 2},     {CHIP_ESP32, "128MB", 7},
        {CHIP_ESP32, "512KB", -1}, {CHIP_ESP8266, "512KB", 0}, {CHIP_ESP8266, "256KB", 1},
        {CHIP_ESP8266, "1MB", 2},  {CHIP_ESP8266, "4MB", 4},   {CHIP_ESP8266, "2MB-c1", 5},
        {CHIP_ESP8266, "16MB", 9}, {CHIP_ESP8266, "32MB", -1},
    };
    uint8_t nibble;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(freqs); i++) {
        nibble = 99;
        bool ok = chip_freq_parse(chip_get(freqs[i].chip), freqs[i].freq, &nibble);
        assert_int_equal(ok ? nibble : -1, freqs[i].value);
    }
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        bool ok = chip_size_parse(chip_get(sizes[i].chip), sizes[i].size, &nibble);
        assert_int_equal(ok ? nibble : -1, sizes[i].value);
    }
}

static void names_of_flash(void **state)
{
    enum flash_mode mode = FLASH_MODE_KEEP;

    (void)state;
    for (int i = FLASH_QIO; i <= FLASH_DOUT; i++) {
        assert_true(flash_mode_parse(flash_mode_name((enum flash_mode)i), &mode));
        assert_int_equal(mode, i);
    }
    assert_true(flash_mode_parse("DIO", &mode));
    assert_int_equal(mode, 2);
    assert_false(flash_mode_parse("opi", &mode));
    assert_string_equal(flash_mode_name(FLASH_MODE_KEEP), "keep");

    for (uint64_t bytes = 256 << 10; bytes <= 256 << 20; bytes *= 2) {
        assert_string_not_equal(flash_size_name(bytes), "");
        assert_true(flash_size_bytes(flash_size_name(bytes)) == bytes);
    }
    assert_string_equal(flash_size_name(4 << 20), "4MB");
    assert_string_equal(flash_size_name(3 << 20), "");
    assert_true(flash_size_bytes("2MB-c1") == 2 << 20);
    assert_true(flash_size_bytes("4mb") == 4 << 20);
    assert_true(flash_size_bytes("4M") == 0);
    assert_true(flash_size_bytes("detect") == 0);
    assert_string_equal(flash_vendor_name(0xEF), "Winbond");
    assert_string_equal(flash_vendor_name(0x00), "");
    /* every size name of every chip is one that has bytes */
    for (int id = CHIP_AUTO + 1; id < CHIP_COUNT; id++) {
        for (const struct chip_nibble *s = chip_get((enum chip_id)id)->sizes; s->name; s++)
            assert_true(flash_size_bytes(s->name) > 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_is_complete),
        cmocka_unit_test(no_two_rows_are_alike),
        cmocka_unit_test(lookups),
        cmocka_unit_test(settings),
        cmocka_unit_test(names_of_flash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
