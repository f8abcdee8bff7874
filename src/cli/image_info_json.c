/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What image-info found out, as a line of JSON (espjig-events(5)). */
#include "cli/image_info.h"

#include "base/util.h"
#include "cli/json.h"
#include "image/memory_map.h"

#include <stdio.h>
#include <string.h>

static json_t *hex_json(const uint8_t *bytes, size_t n)
{
    char hex[2 * 64 + 1];

    return json_string(util_hex_format(hex, bytes, n));
}

static json_t *segments_json(const struct image_facts *facts)
{
    const struct esp_image *image = &facts->image;
    const char *names[CHIP_MEMORY_NAMES_MAX];
    json_t *array = json_array();

    for (unsigned i = 0; i < image->n_segments; i++) {
        const struct esp_image_segment *s = &image->segments[i];
        json_t *memory = json_array();
        size_t n = memory_names(facts->chip, s->address, names);
        if (image->form == ESP_IMAGE_V2 && i == 0)
            json_array_append_new(memory, json_string("IROM"));
        for (size_t k = 0; k < n; k++)
            json_array_append_new(memory, json_string(names[k]));
        json_array_append_new(
            array, json_pack("{s:I, s:I, s:I, s:o}", "address", (json_int_t)s->address, "size",
                             (json_int_t)s->size, "offset",
                             (json_int_t)(s->offset - ESP_SEGMENT_HEADER), "memory", memory));
    }
    return array;
}

static json_t *extended_json(const struct image_facts *facts)
{
    const struct esp_image *image = &facts->image;
    const uint8_t *drive = image->drive;

    if (image->form != ESP_IMAGE_EXTENDED)
        return json_null();
    return json_pack("{s:i, s:i, s:{s:i, s:i, s:i, s:i, s:i, s:i}, s:i, s:i, s:i}", "chip_id",
                     (int)image->chip_id, "wp_pin", (int)image->wp_pin, "drive", "clk",
                     (int)drive[ESP_DRIVE_CLK], "q", (int)drive[ESP_DRIVE_Q], "d",
                     (int)drive[ESP_DRIVE_D], "cs", (int)drive[ESP_DRIVE_CS], "hd",
                     (int)drive[ESP_DRIVE_HD], "wp", (int)drive[ESP_DRIVE_WP], "min_revision_old",
                     (int)image->min_revision_old, "min_revision", (int)image->min_revision,
                     "max_revision", (int)image->max_revision);
}

static json_t *checksum_json(const struct image_facts *facts)
{
    uint8_t stored = facts->data[facts->image.checksum_at];

    return json_pack("{s:i, s:i, s:b}", "stored", (int)stored, "computed",
                     (int)facts->image.checksum, "ok", stored == facts->image.checksum);
}

static json_t *digest_json(const struct image_facts *facts)
{
    const uint8_t *stored = facts->data + facts->image.digest_at;

    if (facts->image.digest_at == 0)
        return json_null();
    return json_pack("{s:o, s:o, s:b}", "stored", hex_json(stored, 32), "computed",
                     hex_json(facts->sha256, 32), "ok", memcmp(stored, facts->sha256, 32) == 0);
}

static json_t *app_json(const struct esp_app_desc *app)
{
    if (!app->present)
        return json_null();
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:I, s:i, s:i, s:I}", "project", app->project,
                     "version", app->version, "date", app->date, "time", app->time, "idf_version",
                     app->idf_version, "elf_sha256", hex_json(app->elf_sha256, 32),
                     "secure_version", (json_int_t)app->secure_version, "min_efuse_revision",
                     (int)app->min_efuse_revision, "max_efuse_revision",
                     (int)app->max_efuse_revision, "mmu_page_size", (json_int_t)app->mmu_page_size);
}

static json_t *boot_json(const struct esp_boot_desc *boot)
{
    if (!boot->present)
        return json_null();
    return json_pack("{s:I, s:s, s:s, s:i}", "version", (json_int_t)boot->version, "idf_version",
                     boot->idf_version, "date_time", boot->date_time, "secure_version",
                     (int)boot->secure_version);
}

static json_t *block_json(const struct image_facts *facts, unsigned i)
{
    static const char *const verdicts[] = {[SIGNATURE_UNCHECKED] = "unchecked",
                                           [SIGNATURE_WRONG] = "wrong",
                                           [SIGNATURE_RIGHT] = "right"};
    const struct signature_block *b = &facts->signature.blocks[i];
    bool has_key = b->key.scheme != SIGNATURE_UNKNOWN;

    return json_pack("{s:I, s:s, s:b, s:b, s:b, s:s, s:o, s:o, s:o}", "offset", (json_int_t)b->at,
                     "scheme", signature_scheme_name(b->scheme), "crc_ok", b->crc_ok, "digest_ok",
                     b->digest_ok, "key_ok", b->key_ok, "signature", verdicts[b->verdict],
                     "image_digest", hex_json(b->digest, b->digest_size), "key_digest",
                     has_key ? hex_json(b->key.digest, 32) : json_null(), "signed_by",
                     cli_json_text(facts->signed_by[i]));
}

static json_t *signature_json(const struct image_facts *facts)
{
    json_t *blocks = json_array();

    for (unsigned i = 0; i < facts->signature.n; i++)
        json_array_append_new(blocks, block_json(facts, i));
    if (facts->signature.version)
        return json_pack("{s:i, s:o}", "version", (int)facts->signature.version, "blocks", blocks);
    json_decref(blocks);
    return json_null();
}

static json_t *image_json(const struct image_facts *facts)
{
    if (!facts->is_image)
        return json_null();
    return json_pack("{s:o, s:i, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "chip",
                     cli_json_text(facts->chip ? facts->chip->key : NULL), "image_version",
                     facts->image.form == ESP_IMAGE_V2 ? 2 : 1, "entry", (json_int_t)facts->entry,
                     "flash_mode", cli_json_text(image_info_mode(facts)), "flash_freq",
                     cli_json_text(image_info_freq(facts)), "flash_size",
                     cli_json_text(image_info_size(facts)), "extended", extended_json(facts),
                     "segments", segments_json(facts), "checksum", checksum_json(facts), "digest",
                     digest_json(facts), "app", app_json(&facts->image.app), "bootloader",
                     boot_json(&facts->image.boot), "signature", signature_json(facts));
}

void image_info_print_json(const struct image_facts *facts)
{
    json_t *line = json_pack(
        "{s:o, s:I, s:I, s:s, s:o, s:s, s:o}", "file", cli_json_text(facts->file), "offset",
        (json_int_t)facts->offset, "size", (json_int_t)facts->size, "what", facts->what, "image",
        image_json(facts), "error", facts->error.code ? error_id(facts->error.code) : "", "text",
        cli_json_text(facts->error.text));

    cli_json_print(line);
}
