/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ELF files made into images. The programs are made up (make_elf.c); what comes out is compared
 * with esptool's images by their digests, which were computed once with esptool 5.3.1:
 *   mkdir -p DIR/elf && tests/make_elf DIR/elf && python3 tests/elf_esptool.py --golden ESPTOOL_DIR
 * DIR tests/elf_esptool.sh compares byte for byte where esptool is there.
 */
#include "image/elf_image.h"

#include "base/util.h"
#include "image/digest.h"
#include "image/elf.h"
#include "image/esp_image.h"
#include "image/pieces.h"
#include "make_elf.h"

#include <elf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { PAGE = 65536 };

/* ---- as esptool does it ---- */

struct set {
    struct elf_options options; /* revisions: 0 is "not given" here */
    const char *freq, *size;
};

/* The sets of tests/elf_esptool.py, in their order. */
static const struct set sets[] = {
    {.freq = NULL},
    {.options = {.no_digest = true, .mode = FLASH_DIO}, .size = "4MB"},
    {.options = {.secure_pad_v2 = true, .min_rev = 103, .max_rev = 299}},
    {.options = {.secure_pad = true, .min_rev_v0 = 3}},
    {.options = {.ram_only_header = true}},
    {.options = {.use_segments = true, .pad_to_size = 64 << 10}},
    {.options = {.mmu_page_size = 16 << 10}},
    {.options = {.mmu_page_size = 32 << 10, .pad_to_size = 1 << 20, .secure_pad_v2 = true}},
    {.options = {.elf_sha256_offset = 0xB0, .use_segments = true}},
    {.options = {.secure_pad = true, .secure_pad_v2 = true}, .freq = "20m"},
    {.options = {.ram_only_header = true, .secure_pad_v2 = true}},
    {.options = {.ram_only_header = true, .use_segments = true, .pad_to_size = 4 << 10}},
    {.options = {.elf_sha256_offset = 0x80, .no_digest = true}},
};
static const struct set sets_8266[] = {
    {.options = {.version = 1}},
    {.options = {.version = 2}},
    {.options = {.version = 3}},
    {.options = {.version = 2, .mode = FLASH_DOUT}, .size = "4MB-c1"},
    {.options = {.version = 3, .mode = FLASH_DIO}, .freq = "80m", .size = "2MB"},
    {.options = {.version = 1, .use_segments = true, .pad_to_size = 64 << 10}, .freq = "26m"},
    {.options = {.version = 2, .use_segments = true, .ram_only_header = true, .no_digest = true}},
    {.options =
         {.version = 3, .use_segments = true, .ram_only_header = true, .secure_pad_v2 = true}},
};

/* Of all images of a chip, a digest for each set: the first 8 bytes of a SHA-256. */
static const struct {
    const char *chip;
    const char *digests[ARRAY_LEN(sets)];
} golden[] = {
    {"esp32",
     {"8ec714610e941575", "17f80397f4c20472", "d978bfae18b9372d", "27f5f9ac22069fe9",
      "0c686cc94cdcb798", "93b327f56deb5241", "8ec714610e941575", "42cdcc487e2a49ee",
      "b8d993f7eed7ac1e", "7316709b3060a69e", "af454bfef9ae54cb", "f9108eef362f6bfe",
      "8ac6befce2e67f15"}},
    {"esp32c2",
     {"e1f9f41d7fbec6b4", "e56a564e02060b5f", "f38f14c433bd69d3", "63fba63b38d4ec37",
      "877b21a7bdc85580", "72705adf2db0d9a9", "5f5ab80ae9304118", "6c36991579ddde64",
      "4282b79798e048d4", "ec746030076a741d", "af454bfef9ae54cb", "e34b48032cfa0ab7",
      "1cf9d24098a27181"}},
    {"esp32c3",
     {"962933bd0deb8124", "4466084fb534bc9c", "9a592cecee5833ed", "b5602ec470f6d14e",
      "27551422d844d740", "2244b61a250aae3f", "962933bd0deb8124", "71466b460389544b",
      "27198c579c0b2ac1", "d718ea026ec13e8f", "af454bfef9ae54cb", "ae7988dc3980a67e",
      "367bbd9626203e66"}},
    {"esp32c5",
     {"6e39596a4d81a075", "3803e98d44066ed1", "fb12596e07085edd", "f5c2b93d9f68be7c",
      "bb141cc9bbeeeb04", "fca2ba74fc24f53b", "6e39596a4d81a075", "c531ade1a19759fc",
      "d3050bfe2df524e3", "24aca706ec233cb3", "af454bfef9ae54cb", "b03e224aef5a90ff",
      "2b0c5c2afd5174c2"}},
    {"esp32c6",
     {"b5178478ec5a9133", "ec860a7c4a5de11c", "6996a604b44be1d1", "a6905a6d6ff52e6a",
      "1f6c8b99ec902d44", "bb919e4d078ad147", "ba5084de331e0f3f", "562f90634f70a7f8",
      "9a4a018cce0e7757", "6baad159a05d6362", "af454bfef9ae54cb", "1de9953135a33d05",
      "406a44766303e872"}},
    {"esp32c61",
     {"ab8ea4257fa586cb", "0ee3cfbec476863c", "820df21e2a20f188", "71b2960a1b1e1b6b",
      "94341ba7aaa3bd00", "3ba63ebfb90a83e0", "d780363091c51984", "863b83fba7ce8fa0",
      "dfce85ec36109786", "136c8d89bf8155af", "af454bfef9ae54cb", "e9dd34a7f14c93a2",
      "8617f101da4fc09a"}},
    {"esp32e22",
     {"2674351d593c179f", "2c316c0d32f65b4c", "fd54d69515d9c2a0", "60dab431e7f85321",
      "a5cf4c3b0217be69", "215cb6c71e05fa4f", "2674351d593c179f", "5bf187a0bcf08244",
      "e3631c0ac50054ce", "0a838a771b424ba0", "af454bfef9ae54cb", "d1a8dbd6f75c2df2",
      "10c4011f00bbaad7"}},
    {"esp32h2",
     {"8866283dfc2ba443", "c4d57c3d9b69aeca", "9b5593d87f6eaa58", "216620ba21013592",
      "f591dd381e15c2f0", "1a042ad08a541667", "1949ada7c0d41ced", "c48b07c935aef161",
      "5f2daf87aa379f74", "ff11b4d56b7f78d6", "af454bfef9ae54cb", "bff3494bb9ba1260",
      "f50b535fb2d2de73"}},
    {"esp32h21",
     {"b49440034e083c22", "22d27367a7fcaa12", "3ba65ceb3533e47e", "2fdc760b4a80f0d2",
      "a1521f7d4b2d1112", "34010cbb99419a6c", "4c1eaead6f77721c", "b898a86e70748d02",
      "c354b5125e73b10d", "ff11b4d56b7f78d6", "af454bfef9ae54cb", "95782d88e35f6ce8",
      "ec3c7b904fd3e666"}},
    {"esp32h4",
     {"494f114073a73bb4", "78b7edea235e8660", "11ef644865b6d357", "9e7d6b63e91022c5",
      "091d93f45e3a7006", "139763f717bb86d2", "786e3a181a7f1241", "25068ca2f4ed6581",
      "3d1c2e3c3b3f3406", "ff11b4d56b7f78d6", "af454bfef9ae54cb", "8c3e8be6176b787c",
      "8e7cebfa8fe3286d"}},
    {"esp32p4",
     {"7c0bcda70c2bb0c0", "bcd34246f95ac697", "2ca6113b0d5785f8", "8325989cc1894ee5",
      "3ba644a00ff28f02", "ae15e0a334519094", "7c0bcda70c2bb0c0", "59613e8d8991af01",
      "1b8a581c0311c29b", "e5660e26eaa02be9", "af454bfef9ae54cb", "634e3226beeb9909",
      "e214f1c502447a29"}},
    {"esp32s2",
     {"7d680605fb69e8f2", "94052243e8a57049", "d1293d136a3a6333", "b681d14ff6b37d25",
      "eeeea621b323aa62", "6ed0cab508a39d17", "7d680605fb69e8f2", "aef00b6ea07eb852",
      "02201c7ad54be40e", "4a99e69c1aee6cb6", "af454bfef9ae54cb", "47d5dad6a5f2c52e",
      "6055819192d3bbe8"}},
    {"esp32s3",
     {"622ba856b56f5468", "367ba9294ff75218", "93745daeab0e98bd", "cdb54eb0210840be",
      "86d894f44ad779e0", "aeb4e755c3770976", "622ba856b56f5468", "2ce53c372852cee0",
      "f78be32dc11c97d4", "5abc92af75507645", "af454bfef9ae54cb", "0df88285b8bbd7b6",
      "8263c6db0d896e10"}},
    {"esp32s31",
     {"f6e043a0f96fdc94", "6b87826bc727dc18", "519b9c39e4c5a256", "3ac39cad250560d4",
      "643670a08eb02c80", "7dfc3e0d9732ea34", "ff11b4d56b7f78d6", "0cb7458988f4dbc8",
      "a2c0f402bca88819", "36bbffaa160f1236", "af454bfef9ae54cb", "f222a3d11ded2286",
      "2b2f20dd5ce2cdcf"}},
    {"esp8266",
     {"cdcb188553d12090", "ffabc4984f1fc246", "22187dc8cdb6a0b1", "c49f4297e76b840e",
      "1a7982d998714e93", "aa8f46c42f1ac3be", "f8efb9129c9fe1de", "7b424554423c6387"}},
};

struct made {
    struct buffer elf, image, irom;
    uint32_t irom_address;
    struct error error;
};

static void made_done(struct made *made)
{
    buffer_done(&made->elf);
    buffer_done(&made->image);
    buffer_done(&made->irom);
    error_clear(&made->error);
}

static int build(struct made *made, const struct chip *chip, const struct elf_options *options)
{
    error_clear(&made->error);
    return elf_image_build("app.elf", made->elf.data, made->elf.len, chip, options, &made->image,
                           &made->irom, &made->irom_address, &made->error);
}

/* False: this chip has no such frequency or size. */
static bool options_make(struct elf_options *options, const struct chip *chip,
                         const struct set *set)
{
    const struct chip *names = elf_header_chip(chip, set->options.version);
    struct elf_options usual;
    uint8_t freq = 0, size = 0;

    elf_options_init(&usual, names);
    *options = set->options;
    options->min_rev = options->min_rev ? options->min_rev : usual.min_rev;
    options->max_rev = options->max_rev ? options->max_rev : usual.max_rev;
    options->min_rev_v0 = options->min_rev_v0 ? options->min_rev_v0 : usual.min_rev_v0;
    options->size_freq = usual.size_freq;
    if (set->freq && !chip_freq_parse(names, set->freq, &freq))
        return false;
    if (set->size && !chip_size_parse(names, set->size, &size))
        return false;
    if (set->size)
        options->size_freq = (uint8_t)(size << 4);
    options->size_freq |= freq;
    return true;
}

static bool is_flash(const struct chip *chip, uint32_t address)
{
    return (address >= chip->irom.start && address < chip->irom.end) ||
           (address >= chip->drom.start && address < chip->drom.end);
}

/* What any bootloader asks of an image, whatever esptool makes. */
static void check_image(const struct made *made, const struct chip *chip,
                        const struct elf_options *options)
{
    const uint8_t *data = made->image.data;
    struct esp_image image;
    struct error error = {0};
    uint32_t page = 8192; /* the least that there is: bigger pages are aligned to it, too */

    if (options->ram_only_header || data[1] > ESP_IMAGE_SEGMENTS_MAX)
        return;
    if (esp_image_parse(data, made->image.len, &image, &error) != 0 ||
        esp_image_verify(data, &image, &error) != 0)
        fail_msg("%s: %s", chip->key, error.text);
    assert_int_equal(image.chip_id, chip->image_chip_id);
    for (unsigned i = 0; i < image.n_segments; i++) {
        const struct esp_image_segment *s = &image.segments[i];
        if (is_flash(chip, s->address))
            assert_int_equal(s->offset % page, s->address % page);
    }
}

static void same_as_esptool_chip(const struct chip *chip, const char *const *digests)
{
    bool is_8266 = chip->id == CHIP_ESP8266;
    size_t n = is_8266 ? ARRAY_LEN(sets_8266) : ARRAY_LEN(sets);

    for (size_t i = 0; i < n; i++) {
        const struct set *set = is_8266 ? &sets_8266[i] : &sets[i];
        struct buffer all = {0};
        uint8_t sha256[32];
        char hex[65];
        unsigned images = 0;
        for (unsigned kind = 0; kind < ELF_KINDS; kind++) {
            struct made made = {0};
            struct elf_options options;
            if (kind == ELF_GAPS && set->options.ram_only_header && !is_8266)
                continue; /* esptool 5.3.1 divides by an alignment of 0 */
            make_elf(&made.elf, chip, kind, false);
            if (options_make(&options, chip, set) && build(&made, chip, &options) == 0) {
                buffer_append(&all, made.image.data, made.image.len);
                buffer_append(&all, made.irom.data, made.irom.len);
                images++;
                if (!is_8266)
                    check_image(&made, chip, &options);
            } else {
                buffer_append(&all, "error", 5);
            }
            made_done(&made);
        }
        digest_sha256(all.data, all.len, sha256);
        buffer_done(&all);
        if (strcmp(util_hex_format(hex, sha256, 8), digests[i]) != 0)
            fail_msg("%s, set %zu (%u images): %s, esptool's give %s", chip->key, i, images, hex,
                     digests[i]);
    }
}

static void same_as_esptool(void **state)
{
    (void)state;
    assert_int_equal(ARRAY_LEN(golden), CHIP_COUNT - 1);
    for (size_t i = 0; i < ARRAY_LEN(golden); i++)
        same_as_esptool_chip(chip_by_name(golden[i].chip), golden[i].digests);
}

/* ---- what esptool can't ---- */

/* The section header with this address, in the file. */
static uint8_t *section_at(struct buffer *elf, uint32_t address)
{
    uint8_t *p = elf->data + le32_get(elf->data + offsetof(Elf32_Ehdr, e_shoff));
    unsigned n = le16_get(elf->data + offsetof(Elf32_Ehdr, e_shnum));

    for (unsigned i = 0; i < n; i++, p += sizeof(Elf32_Shdr)) {
        if (le32_get(p + offsetof(Elf32_Shdr, sh_addr)) == address)
            return p;
    }
    fail_msg("no section at 0x%08x", address);
    return NULL;
}

static const struct esp_image_segment *segment_at(const struct esp_image *image, uint32_t address)
{
    for (unsigned i = 0; i < image->n_segments; i++) {
        if (image->segments[i].address == address)
            return &image->segments[i];
    }
    fail_msg("no segment at 0x%08x", address);
    return NULL;
}

/* Exactly a header's 8 bytes lie between two flash segments, across the edge of a page: padding
 * would have no data. esptool 5.3.1 fails. */
static void padding_of_a_header_alone(void **state)
{
    const struct chip *chip = chip_get(CHIP_ESP32C3);
    uint32_t rodata = chip->drom.start + 0x120, text = chip->irom.start + 0x40020;
    uint32_t moved = (text / PAGE + 1) * PAGE;
    struct made made = {0};
    struct elf_options options;
    struct esp_image image;

    (void)state;
    elf_options_init(&options, chip);
    make_elf(&made.elf, chip, ELF_APP, false);
    memset(buffer_reserve(&made.elf, PAGE), 0, PAGE);
    made.elf.len += PAGE;
    le32_put(section_at(&made.elf, rodata) + offsetof(Elf32_Shdr, sh_size), PAGE - 16 - 0x120);
    le32_put(section_at(&made.elf, text) + offsetof(Elf32_Shdr, sh_addr), moved);

    assert_int_equal(build(&made, chip, &options), 0);
    check_image(&made, chip, &options);
    assert_int_equal(esp_image_parse(made.image.data, made.image.len, &image, &made.error), 0);
    const struct esp_image_segment *first = segment_at(&image, rodata - 0x100);
    assert_int_equal((first->offset + first->size) % PAGE, PAGE - 16);
    assert_int_equal(segment_at(&image, moved)->offset % PAGE, 0);
    made_done(&made);
}

/* Padding to a size follows the image when it has no digest, too. */
static void padding_without_digest(void **state)
{
    const struct chip *chip = chip_get(CHIP_ESP32C3);
    struct made plain = {0}, padded = {0};
    struct elf_options options;

    (void)state;
    elf_options_init(&options, chip);
    options.no_digest = true;
    make_elf(&plain.elf, chip, ELF_APP, false);
    make_elf(&padded.elf, chip, ELF_APP, false);
    assert_int_equal(build(&plain, chip, &options), 0);
    options.pad_to_size = 1 << 20;
    assert_int_equal(build(&padded, chip, &options), 0);
    assert_int_equal(padded.image.len, 1 << 20);
    assert_memory_equal(padded.image.data, plain.image.data, plain.image.len);
    for (size_t i = plain.image.len; i < padded.image.len; i++)
        assert_int_equal(padded.image.data[i], 0xFF);
    made_done(&plain);
    made_done(&padded);
}

/* ---- what is refused ---- */

enum place { IN_FILE, IN_SECTION }; /* of the section with rodata; IN_FILE: from the beginning */

static const struct {
    enum place place;
    uint32_t at;
    unsigned bytes;
    uint32_t value;
    enum err code;
    const char *text;
} damages[] = {
    {IN_FILE, 0, 4, 0x464C457E, ERR_FILE_FORMAT, "7e 45 4c 46"},
    {IN_FILE, EI_CLASS, 1, ELFCLASS64, ERR_FILE_FORMAT, "offset 4"},
    {IN_FILE, EI_DATA, 1, ELFDATA2MSB, ERR_FILE_FORMAT, "little-endian"},
    {IN_FILE, offsetof(Elf32_Ehdr, e_machine), 2, EM_ARM, ERR_FILE_FORMAT, "0x12 is 0x28"},
    {IN_FILE, offsetof(Elf32_Ehdr, e_machine), 2, EM_XTENSA, ERR_WRONG_CHIP, "RISC-V"},
    {IN_FILE, offsetof(Elf32_Ehdr, e_shentsize), 2, 64, ERR_FILE_FORMAT, "is 64, expected 40"},
    {IN_FILE, offsetof(Elf32_Ehdr, e_shnum), 2, 0, ERR_FILE_FORMAT, "no section headers"},
    {IN_FILE, offsetof(Elf32_Ehdr, e_shnum), 2, 0xFFFF, ERR_FILE_FORMAT, "65535 section headers"},
    {IN_FILE, offsetof(Elf32_Ehdr, e_shoff), 4, 0xFFFFFFF0, ERR_FILE_FORMAT, "0xfffffff0"},
    {IN_FILE, offsetof(Elf32_Ehdr, e_shstrndx), 2, 0xFFFF, ERR_FILE_FORMAT, "65535"},
    {IN_FILE, offsetof(Elf32_Ehdr, e_phentsize), 2, 56, ERR_FILE_FORMAT, "is 56, expected 32"},
    {IN_FILE, offsetof(Elf32_Ehdr, e_phoff), 4, 0x80000000, ERR_FILE_FORMAT, "program headers"},
    {IN_SECTION, offsetof(Elf32_Shdr, sh_name), 4, 0x7FFFFFFF, ERR_FILE_FORMAT, "0x7fffffff"},
    {IN_SECTION, offsetof(Elf32_Shdr, sh_offset), 4, 0xFFFFFFF0, ERR_FILE_FORMAT, "0xfffffff0"},
    {IN_SECTION, offsetof(Elf32_Shdr, sh_size), 4, 0xFFFFFFFF, ERR_FILE_FORMAT, "0xffffffff"},
    {IN_SECTION, offsetof(Elf32_Shdr, sh_addr), 4, 0xFFFFFFFC, ERR_FILE_FORMAT, "32 bits"},
    {IN_SECTION, offsetof(Elf32_Shdr, sh_addr), 4, 0x3C000121, ERR_FILE_FORMAT, "page of 64 KB"},
    {IN_SECTION, offsetof(Elf32_Shdr, sh_addr), 4, 0x3C010121, ERR_FILE_FORMAT, "multiple of 4"},
};

static void damage_names_itself(void **state)
{
    const struct chip *chip = chip_get(CHIP_ESP32C3);
    struct elf_options options;

    (void)state;
    elf_options_init(&options, chip);
    for (size_t i = 0; i < ARRAY_LEN(damages); i++) {
        struct made made = {0};
        make_elf(&made.elf, chip, ELF_APP, true);
        uint8_t *base = damages[i].place == IN_FILE
                            ? made.elf.data
                            : section_at(&made.elf, chip->drom.start + 0x120);
        for (unsigned byte = 0; byte < damages[i].bytes; byte++)
            base[damages[i].at + byte] = (uint8_t)(damages[i].value >> 8 * byte);
        assert_int_equal(build(&made, chip, &options), damages[i].code);
        assert_int_equal(made.image.len, 0);
        if (!strstr(made.error.text, damages[i].text) || !strstr(made.error.text, "app.elf"))
            fail_msg("damage %zu: \"%s\" says nothing of \"%s\"", i, made.error.text,
                     damages[i].text);
        made_done(&made);
    }
}

/* Cut off anywhere: an error, and nothing is read behind the end. */
static void cut_off(void **state)
{
    const struct chip *chip = chip_get(CHIP_ESP32);
    struct elf_options options;
    struct made whole = {0};

    (void)state;
    elf_options_init(&options, chip);
    make_elf(&whole.elf, chip, ELF_APP, true);
    for (size_t n = 0; n < whole.elf.len; n++) {
        struct made made = {0};
        uint8_t *exact = xmalloc(n ? n : 1);
        memcpy(exact, whole.elf.data, n);
        assert_int_equal(elf_image_build("app.elf", exact, n, chip, &options, &made.image,
                                         &made.irom, &made.irom_address, &made.error),
                         ERR_FILE_FORMAT);
        free(exact);
        made_done(&made);
    }
    made_done(&whole);
}

/* Many sections of the same bytes, one behind the other: nothing of that size is allocated. */
static void more_than_a_chip_can_load(void **state)
{
    const struct chip *chip = chip_get(CHIP_ESP32);
    enum { SECTIONS = 2000, SIZE = 1 << 20 };
    struct made made = {0};
    struct elf_options options;

    (void)state;
    elf_options_init(&options, chip);
    for (int step = 0; step <= SIZE; step += SIZE) { /* adjacent; and in 2000 segments */
        make_elf(&made.elf, chip, ELF_APP, true);
        uint32_t at = (uint32_t)made.elf.len;
        le32_put(made.elf.data + offsetof(Elf32_Ehdr, e_shoff), at + SIZE);
        le16_put(made.elf.data + offsetof(Elf32_Ehdr, e_shnum), SECTIONS);
        le16_put(made.elf.data + offsetof(Elf32_Ehdr, e_shstrndx), 0);
        memset(buffer_reserve(&made.elf, SIZE), 0, SIZE);
        made.elf.len += SIZE;
        for (uint32_t i = 0; i < SECTIONS; i++) {
            uint32_t address = 0x40080000 + i * (uint32_t)(SIZE + step);
            const uint32_t header[10] = {0, SHT_PROGBITS, 3, address, at, SIZE, 0, 0, 4, 0};
            for (size_t w = 0; w < ARRAY_LEN(header); w++)
                buffer_append_le32(&made.elf, header[w]);
        }
        assert_int_equal(build(&made, chip, &options), ERR_FILE_FORMAT);
        assert_non_null(strstr(made.error.text, step ? "segments" : "bytes or more, the most is"));
    }
    made_done(&made);
}

static void nothing_to_load(void **state)
{
    const struct chip *chip = chip_get(CHIP_ESP32);
    struct made made = {0};
    struct elf_options options;

    (void)state;
    elf_options_init(&options, chip);
    make_elf(&made.elf, chip, ELF_RAM, true);
    le16_put(made.elf.data + offsetof(Elf32_Ehdr, e_phnum), 0);
    assert_int_equal(build(&made, chip, &options), 0);
    options.use_segments = true;
    assert_int_equal(build(&made, chip, &options), ERR_FILE_FORMAT);
    assert_non_null(strstr(made.error.text, "nothing to load"));
    made_done(&made);
}

/* ---- as pieces of the flash ---- */

static void pieces(void **state)
{
    const struct chip *chip = chip_get(CHIP_ESP8266);
    struct elf_options options;
    struct made made = {0};
    struct pieces rows;

    (void)state;
    elf_options_init(&options, chip);
    make_elf(&made.elf, chip, ELF_APP, false);
    assert_int_equal(build(&made, chip, &options), 0);
    assert_int_equal(made.irom_address, 0x40010);
    assert_int_equal(pieces_read(&rows, "app.elf", made.elf.data, made.elf.len, 0, chip, NULL), 0);
    assert_int_equal(rows.n, 2);
    assert_int_equal(rows.rows[0].address, 0);
    assert_int_equal(rows.rows[0].size, made.image.len);
    assert_memory_equal(rows.rows[0].data, made.image.data, made.image.len);
    assert_int_equal(rows.rows[1].address, made.irom_address);
    assert_int_equal(rows.rows[1].size, made.irom.len);
    assert_memory_equal(rows.rows[1].data, made.irom.data, made.irom.len);
    pieces_done(&rows);
    assert_int_equal(
        pieces_read(&rows, "app.elf", made.elf.data, made.elf.len, 0x40000, chip, &made.error),
        ERR_OVERLAP);
    error_clear(&made.error);
    assert_int_equal(pieces_read(&rows, "app.elf", made.elf.data, made.elf.len, PIECES_OWN_ADDRESS,
                                 chip, &made.error),
                     ERR_BAD_ADDRESS);
    made_done(&made);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_as_esptool),
        cmocka_unit_test(padding_of_a_header_alone),
        cmocka_unit_test(padding_without_digest),
        cmocka_unit_test(damage_names_itself),
        cmocka_unit_test(cut_off),
        cmocka_unit_test(more_than_a_chip_can_load),
        cmocka_unit_test(nothing_to_load),
        cmocka_unit_test(pieces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
