/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "image/elf_image.h"

#include "base/util.h"
#include "image/digest.h"
#include "image/elf_private.h"

#include <stdio.h>

#define PAGE_USUAL 65536

/* Of the app descriptor (ESP-IDF esp_app_desc.h). */
enum { APP_DESC_SIZE = 256, APP_DESC_PAGE = 180 };

/* Where the descriptor's app_elf_sha256 is in an image of the ESP32 and later: headers of 24 and 8
 * bytes, then 144. */
#define APP_DESC_SHA_AT 0xB0

void elf_options_init(struct elf_options *options, const struct chip *chip)
{
    uint8_t size = 0;

    chip_size_parse(chip, "1MB", &size);
    *options = (struct elf_options){
        .min_rev = -1,
        .max_rev = -1,
        .min_rev_v0 = -1,
        .mode = FLASH_QIO,
        .size_freq = (uint8_t)(size << 4),
    };
}

const struct chip *elf_header_chip(const struct chip *chip, unsigned version)
{
    return chip->id == CHIP_ESP8266 && version == 3 ? chip_get(CHIP_ESP32) : chip;
}

/* ---- the size of a page ---- */

static int page_set(struct elf_firmware *fw, uint32_t size, bool is_option)
{
    uint32_t pages = fw->chip->mmu_pages, one = size & (0 - size);
    char list[64] = "";
    int len = 0;

    if (pages == 0 && size != fw->page)
        log_line(fw->options->log, LOG_WARNING,
                 "--flash-mmu-page-size is ignored: this chip's flash pages can't be chosen");
    if (pages == 0)
        return 0;
    if (one == size && (pages & size)) {
        fw->page = size;
        return 0;
    }
    for (unsigned bit = 0; bit < 32; bit++) {
        if (pages & 1u << bit)
            len += snprintf(list + len, sizeof list - (size_t)len, "%s%u", len ? ", " : "",
                            1u << bit >> 10);
    }
    if (is_option)
        return error_set(fw->error, ERR_USAGE,
                         "--flash-mmu-page-size: the %s has no flash pages of %u KB, but of %s KB",
                         fw->chip->name, size / 1024, list);
    return error_set(fw->error, ERR_FILE_FORMAT,
                     "%s: the app descriptor says that flash pages have %u bytes, the %s can have "
                     "%s KB",
                     fw->name, size, fw->chip->name, list);
}

/* Before ESP-IDF v5.4 the descriptor did not tell: it lies behind the headers at the start of a
 * page, the biggest that fits. */
static void page_guess(struct elf_firmware *fw, uint32_t address)
{
    uint32_t start = address - 24 - SEGMENT_HEADER;

    for (unsigned bit = 32; bit-- > 0;) {
        uint32_t size = fw->chip->mmu_pages & 1u << bit;
        if (size && start % size == 0) {
            fw->page = size;
            return;
        }
    }
    log_line(fw->options->log, LOG_WARNING,
             "%s: the app descriptor at 0x%08x is not at the start of a page of flash; "
             "--flash-mmu-page-size may help",
             fw->name, address);
}

static int page_find(struct elf_firmware *fw, const struct elf_part *desc)
{
    if (fw->options->mmu_page_size)
        return page_set(fw, fw->options->mmu_page_size, true);
    if (desc == NULL || fw->chip->mmu_pages == 0)
        return 0;
    if (desc->size < APP_DESC_SIZE)
        return error_set(fw->error, ERR_FILE_FORMAT,
                         "%s: section %s has %u bytes, an app descriptor has %d", fw->name,
                         desc->name, desc->size, APP_DESC_SIZE);
    uint8_t log2 = desc->data[APP_DESC_PAGE];
    if (le32_get(desc->data) != ESP_APP_DESC_MAGIC)
        return 0;
    if (log2 == 0)
        page_guess(fw, desc->address);
    else
        return page_set(fw, log2 < 32 ? 1u << log2 : 0, false);
    return 0;
}

/* ---- building ---- */

static int parts_choose(struct elf_firmware *fw, const struct elf *elf, const uint8_t *data,
                        size_t size)
{
    const struct elf_options *o = fw->options;
    const struct elf_part *desc = elf_section_find(elf, ".flash.appdesc");
    bool has_place = fw->page != 0 && desc && fw->is_flash(fw->chip, desc->address);
    int rc = page_find(fw, has_place ? desc : NULL);

    if (rc != 0)
        return rc;
    if (o->elf_sha256_offset)
        fw->sha_at = o->elf_sha256_offset;
    else if (has_place && !o->use_segments)
        fw->sha_at = APP_DESC_SHA_AT;
    if (fw->sha_at)
        digest_sha256(data, size, fw->sha);
    return elf_segments_make(fw, o->use_segments ? &elf->segments : &elf->sections);
}

static int machine_check(const struct elf *elf, const char *name, const struct chip *chip,
                         struct error *error)
{
    if (elf->xtensa == chip->xtensa)
        return 0;
    return error_set(error, ERR_WRONG_CHIP,
                     "%s: it is a program for %s (machine at offset 0x%x), the %s has %s", name,
                     elf->xtensa ? "Xtensa" : "RISC-V", ELF_MACHINE_AT, chip->name,
                     chip->xtensa ? "Xtensa" : "RISC-V");
}

static int format_write(struct elf_firmware *fw, const struct chip *chip, unsigned version,
                        struct buffer *irom, uint32_t *irom_address)
{
    if (chip->id != CHIP_ESP8266)
        return elf_write_extended(fw);
    if (version == 3)
        return elf_write_v3(fw);
    if (version == 2)
        return elf_write_v2(fw, irom_address);
    return elf_write_v1(fw, irom, irom_address);
}

int elf_image_build(const char *name, const uint8_t *data, size_t size, const struct chip *chip,
                    const struct elf_options *options, struct buffer *image, struct buffer *irom,
                    uint32_t *irom_address, struct error *error)
{
    bool is_v3 = chip->id == CHIP_ESP8266 && options->version == 3;
    bool has_pages = chip->id != CHIP_ESP8266 || is_v3;
    struct elf_firmware fw = {
        .name = name,
        .chip = elf_header_chip(chip, options->version),
        .options = options,
        .is_flash = is_v3 ? elf_is_flash_v3 : chip_is_flash_address,
        .page = has_pages ? PAGE_USUAL : 0,
        .out = image,
        .checksum = ESP_IMAGE_CHECKSUM,
        .error = error,
    };
    struct elf elf;

    buffer_clear(image);
    buffer_clear(irom);
    *irom_address = 0;
    int rc = elf_read(&elf, name, data, size, error);
    if (rc != 0)
        return rc;
    fw.entry = elf.entry;
    rc = machine_check(&elf, name, chip, error);
    if (rc == 0)
        rc = parts_choose(&fw, &elf, data, size);
    if (rc == 0)
        rc = format_write(&fw, chip, options->version, irom, irom_address);
    if (rc != 0) {
        buffer_clear(image);
        buffer_clear(irom);
    }
    elf_segments_done(&fw);
    elf_done(&elf);
    return rc;
}
