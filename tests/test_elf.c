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
     {"70dc878b26786a96", "4e6c4a2c40bb49c6", "bfbbd2a791170e1c", "af31b0ab24287204",
      "4653f3c00d4089a8", "eff15ebcf2255d29", "70dc878b26786a96", "6401ace59abb97fc",
      "43778a002e9a31c3", "86999ac74a5d5c87", "7dd8e806921d3dc8", "2f21d0cb2f4c2a7d",
      "8abfab67660aa687"}},
    {"esp32c2",
     {"f83b4788eeb06861", "4c5122651b43b5dd", "749e36f255d4e117", "9e5cbea6d8927f15",
      "6aa744eae1875ab1", "e5ebfd9fb4a5f81d", "030895e92b067471", "231f05a1c4c66119",
      "85f92f395a5d1bc6", "0ae206a3c65235f6", "7dd8e806921d3dc8", "94672943a4db6e5f",
      "438bb8b071513060"}},
    {"esp32c3",
     {"169a365fee140a54", "ba3a749e739ef0cf", "5064fbb65e61b263", "c1383aa9ec5f995c",
      "fda87e042c4b1467", "c86cf65bbc0b9408", "169a365fee140a54", "7cfe680fc4551013",
      "ae1a01cbc6186833", "fc218ac4dac8207e", "7dd8e806921d3dc8", "c0ac649477688a5f",
      "961c6d860b3c3106"}},
    {"esp32c5",
     {"4d968b75dcac7609", "782d6d11a16b7c1a", "38007474031e9ed2", "4076d5a5f927be9b",
      "18d015e5d0e49fc5", "bda677b6c1809a35", "4d968b75dcac7609", "e816637dc1221718",
      "5eea19dc4c6bc50f", "257925673cd51926", "7dd8e806921d3dc8", "2898191c305c9c35",
      "3950bc9971f62102"}},
    {"esp32c6",
     {"8accdeefaad51e51", "d689965dbbece0cd", "1734c887a4e9790a", "d9cff07f5a11b34a",
      "c57ec987bba49c26", "dfd35122cde71b85", "3a16441cbd06cad4", "444fa932399d25af",
      "e60cf9bdc1395f4b", "0efc5a475afefc0d", "7dd8e806921d3dc8", "2d084bec73b77852",
      "513280c6b2469c4b"}},
    {"esp32c61",
     {"5b7f524767412886", "a0f425a0981287e7", "5b131c94432dcaa9", "4067d67eeaba4bca",
      "fc2c441f6a52da6f", "46ab77981e7180a2", "bfbebf6d1991c94c", "e4bacb96d41ba926",
      "22167eae4e9df728", "1cfb447a7382eef8", "7dd8e806921d3dc8", "d6d695a686f33b12",
      "cd5aa5034cd4acac"}},
    {"esp32e22",
     {"c7d05255b5effe4e", "d300d578c3a4acaa", "e6f3d7c4790d00e4", "fea9fb8a74c14395",
      "4f885863b2dbbd38", "e648d9986fcd9261", "c7d05255b5effe4e", "d0578e8ea12e4e17",
      "0c8d1adb167a22d4", "cfe1f8cc64a16627", "7dd8e806921d3dc8", "3c8a2a66c7b14a64",
      "4838cdc33a9f1051"}},
    {"esp32h2",
     {"a280b8a368cd3541", "609c31377584edc9", "e1ea78ab1f26a657", "2f0134f15ce1f964",
      "f9d8262f935598c8", "84ba62a002dcdab6", "aa467fc5f7a64088", "0cd64b246554a393",
      "b066f2529c87a35d", "af454bfef9ae54cb", "7dd8e806921d3dc8", "8af95fe6353c2995",
      "ba52dc0ab8010851"}},
    {"esp32h21",
     {"5118ff48b744a882", "dac1b8bc3fdb0969", "f50f46700d878924", "b0e53a9978ede8be",
      "2d0cea0bb716b901", "19fed5a6d83bbc28", "b0814a52d03f0d90", "a7e4fbe04dd68001",
      "3d06ced75dde6798", "af454bfef9ae54cb", "7dd8e806921d3dc8", "1a7715826e22ff40",
      "b23fc19aeccede79"}},
    {"esp32h4",
     {"4e1fa7142eaf21f4", "86b4de2391b04018", "f0fcc95537dc2d63", "334bdb2bc6fcbb9f",
      "7cace9e9b8f71150", "03abb094391ea905", "2c7f1111c6f59efa", "23749bb999834070",
      "3c901dc07c3a0a70", "af454bfef9ae54cb", "7dd8e806921d3dc8", "57d1160d7a5d066a",
      "891f314d514ca455"}},
    {"esp32p4",
     {"2d76105e307e0c7a", "8db43494ebec7b9a", "e2d295fbb6c8d678", "40336846a3ca9631",
      "20f4b6af99283ccf", "b1415aa520b71e46", "2d76105e307e0c7a", "b2ad7201069d3fc1",
      "275ab117a108c899", "9d60da82744b6c6f", "7dd8e806921d3dc8", "e54f3bc7eec64308",
      "729e757d2a175060"}},
    {"esp32s2",
     {"aa84dd92756da8ea", "a6bea201382c2b0e", "38be63b2f02c6fab", "df40e4a06a651710",
      "c037448b9f107168", "fcf671d37bbba971", "aa84dd92756da8ea", "8a8f174f4e9d34d0",
      "19682de64614e1e6", "69ee80d803e8fd66", "7dd8e806921d3dc8", "6b4250392a938171",
      "a91c9f14a65e191c"}},
    {"esp32s3",
     {"af48d7d883ebd8d1", "c03ec056eb82f195", "909d4514acc0a0b6", "ee15dea41a8d00d1",
      "0755d05475a0581e", "4f4a99622c9e64cd", "af48d7d883ebd8d1", "8b8e5812fc9ad134",
      "d1bb452145214e92", "5ffef6526f035dde", "7dd8e806921d3dc8", "44c43503a68c7625",
      "35ffe6370e3d3b54"}},
    {"esp32s31",
     {"9156ac9d835d1704", "a003cfb811ba2da6", "4d364dc4d2d28fe8", "d75a75cc53b33037",
      "f777100e23fc4ce6", "b4a81b339e467f64", "af454bfef9ae54cb", "577bede8052f65fe",
      "42e745506b6f1c0d", "f1ef95f351f18fb2", "7dd8e806921d3dc8", "9e680c810dcc01f3",
      "2d02bf411a50b756"}},
    {"esp8266",
     {"6c0d2aac1c6a6816", "8f2d10a7e57aeb5e", "12e4edd119cdb531", "0e37e3cd9279c3ca",
      "1379a1f5a4c0852c", "feaeeae51238d95c", "9ed79b3f42d31670", "4c7048bd7e2d80e0"}},
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

/* Exactly a header's 8 bytes lie between two flash segments: padding would have no data. */
static void padding_of_a_header_alone(void **state)
{
    const struct chip *chip = chip_get(CHIP_ESP32C3);
    struct made made = {0};
    struct elf_options options;
    struct esp_image image;

    (void)state;
    elf_options_init(&options, chip);
    make_elf(&made.elf, chip, ELF_APP, false);
    assert_int_equal(build(&made, chip, &options), 0);
    assert_int_equal(esp_image_parse(made.image.data, made.image.len, &image, &made.error), 0);
    const struct esp_image_segment *rodata = segment_at(&image, chip->drom.start + 0x20);
    uint32_t end = (uint32_t)(rodata->offset + rodata->size) % PAGE;
    uint32_t text = chip->irom.start + 0x40020, moved = chip->irom.start + 0x40000 + end + 16;
    le32_put(section_at(&made.elf, text) + offsetof(Elf32_Shdr, sh_addr), moved);

    assert_int_equal(build(&made, chip, &options), 0);
    check_image(&made, chip, &options);
    assert_int_equal(esp_image_parse(made.image.data, made.image.len, &image, &made.error), 0);
    assert_int_equal(segment_at(&image, moved)->offset % PAGE, moved % PAGE);
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
        assert_non_null(strstr(made.error.text, step ? "segments" : "the most is"));
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
