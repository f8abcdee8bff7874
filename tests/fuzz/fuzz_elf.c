/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The first four bytes choose chip and options, the rest is the ELF file. */
#include "base/util.h"
#include "image/elf_image.h"
#include "image/esp_image.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { CHOICE = 4 };

static void options_choose(struct elf_options *o, const uint8_t choice[CHOICE])
{
    static const uint32_t pages[] = {0, 0, 0, 8192, 16384, 32768, 65536, 262144};
    static const uint32_t places[] = {0, 0, 0xB0, 0x20};

    o->version = choice[1] & 3;
    o->use_segments = choice[1] & 4;
    o->ram_only_header = choice[1] & 8;
    o->no_digest = choice[1] & 16;
    o->secure_pad = choice[1] & 32;
    o->secure_pad_v2 = choice[1] & 64;
    o->pad_to_size = choice[1] & 128 ? 4096 : 0;
    o->mmu_page_size = pages[choice[2] & 7];
    o->elf_sha256_offset = places[choice[2] >> 3 & 3];
    o->min_rev = choice[3];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buffer image = {0}, irom = {0};
    struct elf_options options;
    struct esp_image parsed;
    struct error error = {0};
    uint32_t irom_address;

    if (size < CHOICE)
        return 0;
    const struct chip *chip = chip_get((enum chip_id)(1 + data[0] % (CHIP_COUNT - 1)));
    elf_options_init(&options, chip);
    options_choose(&options, data);
    int rc = elf_image_build("fuzz.elf", data + CHOICE, size - CHOICE, chip, &options, &image,
                             &irom, &irom_address, &error);
    if ((rc == 0) != (image.len > 0) || (rc == 0) != (error.code == 0))
        abort();
    /* what is made can be read again, unless it starts nowhere */
    if (rc == 0 && le32_get(image.data + 4) != 0 && chip->id != CHIP_ESP8266 && image.data[1] > 0 &&
        image.data[1] <= ESP_IMAGE_SEGMENTS_MAX && !options.ram_only_header &&
        (esp_image_parse(image.data, image.len, &parsed, &error) != 0 ||
         esp_image_verify(image.data, &parsed, &error) != 0))
        abort();
    buffer_done(&image);
    buffer_done(&irom);
    return 0;
}
