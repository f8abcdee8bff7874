/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Self-check of the chip tables: every row. */
#include "chip/chip.h"

#include "base/util.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* Names differ; values too, but for the one that is documented: the ESP32-C6's ROM has a wrong
 * divider for 80 MHz, and the value of 40 MHz stands for both. */
static void check_nibbles(const struct chip *chip, const struct chip_nibble *table)
{
    assert_non_null(table);
    assert_non_null(table[0].name);
    for (; table->name; table++) {
        assert_in_range(table->value, 0, 15);
        for (const struct chip_nibble *other = table + 1; other->name; other++) {
            assert_string_not_equal(table->name, other->name);
            if (chip->id != CHIP_ESP32C6 || strcmp(table->name, "80m") != 0)
                assert_int_not_equal(table->value, other->value);
        }
    }
}

/* Where a chip's registers are (memory maps of the technical reference manuals). */
static const struct {
    uint32_t first, end;
} registers[CHIP_COUNT] = {
    [CHIP_ESP8266] = {0x3FF00000, 0x60001000},  [CHIP_ESP32] = {0x3FF00000, 0x3FF80000},
    [CHIP_ESP32S2] = {0x3F400000, 0x3F500000},  [CHIP_ESP32S3] = {0x60000000, 0x600D1000},
    [CHIP_ESP32C2] = {0x60000000, 0x600D1000},  [CHIP_ESP32C3] = {0x60000000, 0x600D1000},
    [CHIP_ESP32C5] = {0x60000000, 0x600D0000},  [CHIP_ESP32C6] = {0x60000000, 0x600D0000},
    [CHIP_ESP32C61] = {0x60000000, 0x600D0000}, [CHIP_ESP32H2] = {0x60000000, 0x600D0000},
    [CHIP_ESP32H21] = {0x60000000, 0x600D0000}, [CHIP_ESP32H4] = {0x60000000, 0x600D0000},
    [CHIP_ESP32P4] = {0x50000000, 0x50140000},  [CHIP_ESP32S31] = {0x20000000, 0x20900000},
    [CHIP_ESP32E22] = {0xC0000000, 0xC5000000},
};

static void check_address(const struct chip *chip, uint32_t address)
{
    if (address % 4 != 0 || address < registers[chip->id].first ||
        address >= registers[chip->id].end)
        fail_msg("%s: 0x%08x is no register of it", chip->key, address);
}

static void check_addresses(const struct chip *chip)
{
    const struct chip_watchdog *dog = &chip->watchdog;

    check_address(chip, chip->spi.base);
    check_address(chip, chip->efuse_base);
    check_address(chip, chip->mac_word[0]);
    check_address(chip, chip->mac_word[1]);
    assert_int_equal(chip->mac_word[1], chip->mac_word[0] + 4);
    assert_int_equal(chip->uart_clkdiv == 0, chip->identity.crystal_mhz != 0);
    if (chip->uart_clkdiv)
        check_address(chip, chip->uart_clkdiv);
    if (dog->config0) {
        check_address(chip, dog->config0);
        assert_int_equal(dog->config1, dog->config0 + 4);
        assert_int_equal(dog->protect % 4, 0);
        assert_in_range(dog->protect, dog->config1 + 4, dog->config0 + 0x20); /* one peripheral */
        assert_int_not_equal(dog->key, 0);
    } else {
        assert_false(dog->resets);
    }
    if (dog->swd_config) {
        check_address(chip, dog->swd_config);
        assert_true(chip->usb_jtag);
        assert_int_equal(dog->swd_protect, dog->swd_config + 4);
        assert_int_not_equal(dog->swd_key, 0);
        assert_int_equal(__builtin_popcount(dog->swd_feed), 1);
    }
}

static void check_field(const struct chip_field *field)
{
    assert_int_equal(field->word % 4, 0);
    assert_int_equal(field->high_word % 4, 0);
    assert_true(field->word < 0x180 && field->high_word < 0x180);
    assert_true(field->shift + field->bits <= 32);
    assert_true(field->high_shift + field->high_bits <= 32);
    assert_true(field->bits + field->high_bits <= 16);
}

static void check_naming(const struct chip_naming *naming)
{
    check_field(&naming->field);
    assert_non_null(naming->other);
    assert_true(naming->n <= 1u << (naming->field.bits + naming->field.high_bits));
}

static void check_identity(const struct chip *chip)
{
    const struct chip_identity *identity = &chip->identity;

    if (chip->id == CHIP_ESP8266 || chip->id == CHIP_ESP32) {
        assert_null(identity->features); /* code tells */
        return;
    }
    check_naming(&identity->package);
    assert_non_null(strstr(identity->package.other, chip->name));
    for (unsigned i = 0; i < identity->package.n; i++) {
        if (identity->package.names[i])
            assert_non_null(strstr(identity->package.names[i], "ESP"));
    }
    assert_non_null(identity->features);
    for (size_t i = 0; i < ARRAY_LEN(identity->traits); i++) {
        if (identity->traits[i].what.field.bits == 0)
            continue;
        check_naming(&identity->traits[i].what);
        if (identity->traits[i].maker.field.bits)
            check_naming(&identity->traits[i].maker);
    }
    check_field(&identity->major);
    check_field(&identity->minor);
    check_field(&identity->secure_boot);
    check_field(&identity->crypt_count);
    assert_int_equal(identity->secure_boot.bits, 1);
    assert_true(identity->crypt_count.bits == 3 || chip->id == CHIP_ESP32E22);
    assert_true(identity->crystal_mhz == 0 || identity->crystal_mhz == 32 ||
                identity->crystal_mhz == 40);
    /* the access point is Wi-Fi's */
    assert_int_equal(strstr(identity->features, "Wi-Fi") != NULL && chip->id != CHIP_ESP32E22,
                     chip->macs.ap != MAC_NONE);
}

static void check_encryption(const struct chip *chip)
{
    const struct chip_encryption *encryption = &chip->encryption;
    size_t n = 0;

    if (encryption->align == 0) {
        assert_int_equal(chip->id, CHIP_ESP8266);
        return;
    }
    assert_true(encryption->align == 16 || chip->id == CHIP_ESP32);
    check_field(&encryption->manual_off);
    assert_true(encryption->manual_off.bits == 1 || chip->id == CHIP_ESP32E22);
    while (n < ARRAY_LEN(encryption->purposes) && encryption->purposes[n].bits) {
        check_field(&encryption->purposes[n]);
        assert_in_range(encryption->purposes[n++].bits, 4, 5); /* at most 32 numbers */
    }
    assert_int_equal(n, chip->key_blocks);
    /* Either the block or its purpose tells of a key. */
    assert_int_equal(n == 0, encryption->key_words != 0);
    assert_int_equal(encryption->key_words != 0, encryption->key_hidden.bits != 0);
    check_field(&encryption->key_hidden);
    check_field(&encryption->key_long);
    check_field(&encryption->key_manager);
    check_field(&encryption->config);
    assert_int_equal(encryption->key_word % 4, 0);
}

static void check_loaders(const struct chip *chip)
{
    assert_in_range(chip->rom_baud_max, 115200, 921600);
    assert_int_equal(chip->stub_baud_max != 0, chip->stub != NULL);
    assert_true(chip->rom_baud || chip->rom_baud_max == 115200);
    assert_true(chip->stub || (!chip->stub_before && !chip->stub_since));
    assert_true(chip->usb_otg_pid == 0 || chip->usb_otg_pid == (unsigned)chip->image_chip_id);
    assert_int_equal(chip->tested.stub_write != PROOF_NONE, chip->stub != NULL);
    for (size_t i = 0; i < sizeof chip->tested; i++)
        assert_string_not_equal(chip_proof_name(((const uint8_t *)&chip->tested)[i]), "?");
    assert_in_range(chip->key_blocks, 0, 7);
    assert_int_equal(chip->key_blocks != 0, chip->key_purposes != NULL);
    if (chip->key_purposes)
        assert_string_equal(chip_key_purpose(chip, 0), "USER/EMPTY");
    assert_string_equal(chip_key_purpose(chip, 200), "UNKNOWN");
}

static void check_ram(const struct chip *chip)
{
    uint32_t before = 0;

    assert_int_not_equal(chip->ram[0].end, 0);
    for (size_t i = 0; i < ARRAY_LEN(chip->ram) && chip->ram[i].end; i++) {
        assert_true(chip->ram[i].start >= before && chip->ram[i].start < chip->ram[i].end);
        assert_true(chip->ram[i].start % 0x1000 == 0 && chip->ram[i].end % 0x1000 == 0);
        before = chip->ram[i].end;
    }
}

/* There is room for one more, so that none is left out. */
static bool has_name(const struct chip *chip, uint32_t address, const char *name)
{
    const char *names[CHIP_MEMORY_NAMES_MAX];
    size_t n = chip_memory_names(chip, address, names);

    assert_true(n < CHIP_MEMORY_NAMES_MAX);
    while (n > 0 && strcmp(names[n - 1], name) != 0)
        n--;
    return n > 0;
}

/* Programs and mapped flash lie in memory that has a name; pages are powers of 2 that the format's
 * alignment was made for. */
static void check_memory(const struct chip *chip)
{
    const char *names[CHIP_MEMORY_NAMES_MAX];

    assert_non_null(chip->memory);
    for (const struct chip_memory *m = chip->memory; m->name; m++) {
        assert_true(m->start < m->end);
        assert_true(has_name(chip, m->start, m->name) && has_name(chip, m->end - 1, m->name));
    }
    assert_int_equal(chip_memory_names(chip, 0xFFFFFFF0, names), 0);
    assert_true(chip->irom.start < chip->irom.end && chip->drom.start <= chip->drom.end);
    assert_int_equal(chip->drom.end == 0, chip->id == CHIP_ESP8266);
    assert_true(chip_is_flash_address(chip, chip->irom.start));
    assert_true(chip_is_flash_address(chip, chip->irom.end - 1));
    assert_int_equal(chip_is_flash_address(chip, chip->drom.start), chip->drom.end != 0);
    assert_false(chip_is_flash_address(chip, chip->ram[0].start));
    assert_int_equal(chip->mmu_pages & ~0x7E000u, 0);
    assert_true(chip->mmu_pages == 0 || (chip->mmu_pages & 0x10000));
}

static void check_pins(const struct chip *chip)
{
    const struct chip_pins *pins = &chip->pins;

    assert_int_equal(pins->last == 0, chip->id == CHIP_ESP8266);
    assert_in_range(pins->last, 0, 63); /* six bits in SPI_ATTACH's word */
    assert_true(pins->gap_first <= pins->gap_last && pins->gap_last <= pins->last);
    assert_true(pins->hd_max <= pins->last);
    assert_true(pins->usb[0] <= pins->last && pins->usb[1] <= pins->last);
    if (chip->usb_jtag || chip->usb_otg_pid)
        assert_int_equal(pins->usb[1], pins->usb[0] + 1);
}

static void check_hard_reset(const struct chip *chip)
{
    const struct chip_hard_reset *reset = &chip->hard_reset;

    assert_true(!reset->otg_watchdog || (chip->watchdog.resets && chip->usb_otg_pid));
    assert_true(!reset->otg_slow || chip->usb_otg_pid);
    assert_true(!reset->jtag_slow || chip->usb_jtag);
    assert_true(!reset->clear_force || reset->force_register);
    assert_int_equal(reset->force_register != 0, reset->strap_register != 0);
    if (reset->force_register) {
        check_address(chip, reset->force_register);
        check_address(chip, reset->strap_register);
        assert_int_equal(__builtin_popcount(reset->force_mask), 1);
        assert_int_equal(__builtin_popcount(reset->strap_mask), 1);
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
        assert_true(chip->magic[0] != 0 || chip->image_chip_id > 0);
        check_spi(chip);
        check_addresses(chip);
        check_ram(chip);
        check_memory(chip);
        check_pins(chip);
        check_hard_reset(chip);
        check_identity(chip);
        check_encryption(chip);
        check_encryption(chip);
        check_loaders(chip);
        check_nibbles(chip, chip->freqs);
        check_nibbles(chip, chip->sizes);
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
        assert_int_not_equal(chip->uf2_family, 0);
        if (id != CHIP_ESP32E22)
            assert_ptr_equal(chip_by_uf2_family(chip->uf2_family), chip);
        for (size_t i = 0; i < ARRAY_LEN(chip->magic) && chip->magic[i]; i++)
            assert_ptr_equal(chip_by_magic(chip->magic[i]), chip);
    }
    assert_null(chip_by_uf2_family(0));
    assert_null(chip_by_image_id(-1));
    for (int id = -1; id < 300; id++)
        assert_true(chip_pre_series_name(id) == NULL || chip_by_image_id(id) == NULL);
    assert_string_equal(chip_pre_series_name(7), "ESP32-C6(beta)");
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
    for (int i = FLASH_QIO; i <= FLASH_FASTRD; i++) {
        assert_true(flash_mode_parse(flash_mode_name((enum flash_mode)i), &mode));
        assert_int_equal(mode, i);
        assert_true(flash_mode_parse(flash_mode_label((enum flash_mode)i), &mode));
        assert_int_equal(mode, i);
        assert_true(chip_has_mode(chip_get(CHIP_ESP32C3), mode));
    }
    assert_true(chip_has_mode(chip_get(CHIP_ESP8266), FLASH_MODE_KEEP));
    assert_true(chip_has_mode(chip_get(CHIP_ESP8266), FLASH_DOUT));
    assert_false(chip_has_mode(chip_get(CHIP_ESP8266), FLASH_FASTRD));
    assert_string_equal(flash_mode_label(FLASH_QIO), "QIO");
    assert_string_equal(flash_mode_label(FLASH_MODE_KEEP), "keep");
    for (int id = CHIP_AUTO + 1; id < CHIP_COUNT; id++) { /* every frequency has a label */
        const struct chip_nibble *freq = chip_get((enum chip_id)id)->freqs;
        for (; freq->name; freq++)
            assert_non_null(strstr(chip_freq_label(freq->name), " MHz"));
    }
    assert_string_equal(chip_freq_label("80m"), "80 MHz");
    assert_string_equal(chip_freq_label("26m"), "26.7 MHz");
    assert_string_equal(chip_freq_label("keep"), "keep");
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
