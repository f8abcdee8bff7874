/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What image-info found out, for people. */
#include "cli/image_info.h"

#include "base/util.h"
#include "image/memory_map.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* "  label           text" */
static void row(const char *label, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void row(const char *label, const char *format, ...)
{
    va_list args;

    printf("  %-16s ", label);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    putchar('\n');
}

static const char *or_dash(const char *text)
{
    return text[0] ? text : "-";
}

/* "v0.3 to v0.99". 0, and what ESP-IDF writes for "none", 65535, are no upper limit. */
static const char *revisions(unsigned min, unsigned max, char to[64])
{
    if (max == 0 || max == UINT16_MAX)
        snprintf(to, 64, "v%u.%u and later", min / 100, min % 100);
    else
        snprintf(to, 64, "v%u.%u to v%u.%u", min / 100, min % 100, max / 100, max % 100);
    return to;
}

/* ---- headers ---- */

static void chip_print(const struct image_facts *facts)
{
    const struct esp_image *image = &facts->image;
    char text[64];

    if (image->form != ESP_IMAGE_EXTENDED) {
        row("chip", "%s", facts->chip->name);
        return;
    }
    row("chip", "%s (id %u)", facts->chip ? facts->chip->name : "not known", image->chip_id);
    row("chip revisions", "%s (old minimum: %u)",
        revisions(image->min_revision, image->max_revision, text), image->min_revision_old);
}

static void name_print(const char *label, const char *name, unsigned value)
{
    if (name)
        row(label, "%s", name);
    else
        row(label, "not known (0x%x)", value);
}

static void header_print(const struct image_facts *facts)
{
    static const char *const forms[] = {[ESP_IMAGE_PLAIN] = "version 1, plain header",
                                        [ESP_IMAGE_V2] = "version 2, two headers",
                                        [ESP_IMAGE_EXTENDED] = "version 1, extended header"};
    const struct esp_image *image = &facts->image;
    const uint8_t *drive = image->drive;

    row("format", "%s", forms[image->form]);
    chip_print(facts);
    if (facts->entry)
        row("entry point", "0x%08x", facts->entry);
    else
        row("entry point", "not set");
    name_print("flash size", image_info_size(facts), facts->size_freq >> 4);
    name_print("flash frequency", image_info_freq(facts), facts->size_freq & 0x0F);
    name_print("flash mode", image_info_mode(facts), facts->mode);
    if (image->form != ESP_IMAGE_EXTENDED)
        return;
    row("WP pin", image->wp_pin == ESP_IMAGE_WP_NONE ? "0x%02x (none)" : "0x%02x", image->wp_pin);
    row("pin drive", "clk %u, q %u, d %u, cs %u, hd %u, wp %u", drive[ESP_DRIVE_CLK],
        drive[ESP_DRIVE_Q], drive[ESP_DRIVE_D], drive[ESP_DRIVE_CS], drive[ESP_DRIVE_HD],
        drive[ESP_DRIVE_WP]);
}

/* ---- contents ---- */

static void segments_print(const struct image_facts *facts)
{
    const struct esp_image *image = &facts->image;
    const char *names[CHIP_MEMORY_NAMES_MAX];

    printf("\n  %-7s  %-10s  %8s  %10s  %s\n", "SEGMENT", "LOADED AT", "SIZE", "IN FILE AT",
           "MEMORY");
    for (unsigned i = 0; i < image->n_segments; i++) {
        const struct esp_image_segment *s = &image->segments[i];
        bool mapped = image->form == ESP_IMAGE_V2 && i == 0; /* its address is not in the header */
        size_t n = memory_names(facts->chip, s->address, names);
        printf("  %-7u  0x%08x  0x%06x  0x%08zx  %s", i, s->address, s->size,
               s->offset - ESP_SEGMENT_HEADER,
               mapped   ? "IROM"
               : n == 0 ? "-"
                        : "");
        for (size_t k = 0; k < n; k++)
            printf("%s%s", k ? ", " : "", names[k]);
        putchar('\n');
    }
}

static void checks_print(const struct image_facts *facts)
{
    const struct esp_image *image = &facts->image;
    uint8_t checksum = facts->data[image->checksum_at];
    char hex[65];

    putchar('\n');
    if (checksum == image->checksum)
        row("checksum", "0x%02x, right", checksum);
    else
        row("checksum", "0x%02x, WRONG: the contents give 0x%02x", checksum, image->checksum);
    if (image->digest_at == 0) {
        row("SHA-256", "none appended");
        return;
    }
    const uint8_t *stored = facts->data + image->digest_at;
    bool right = memcmp(stored, facts->sha256, sizeof facts->sha256) == 0;
    row("SHA-256", "%s, %s", util_hex_format(hex, stored, 32), right ? "right" : "WRONG");
    if (!right)
        row("", "%s is what the contents give", util_hex_format(hex, facts->sha256, 32));
}

static void app_print(const struct esp_app_desc *app)
{
    char hex[65], text[64];

    printf("\n  Application\n");
    row("project", "%s", or_dash(app->project));
    row("version", "%s", or_dash(app->version));
    row("compiled", "%s%s%s", or_dash(app->date), app->time[0] ? " " : "", app->time);
    row("ESP-IDF", "%s", or_dash(app->idf_version));
    row("secure version", "%u", app->secure_version);
    row("eFuse blocks", "%s", revisions(app->min_efuse_revision, app->max_efuse_revision, text));
    if (app->mmu_page_size >= 1024)
        row("MMU page size", "%u KB", app->mmu_page_size / 1024);
    else if (app->mmu_page_size)
        row("MMU page size", "%u bytes", app->mmu_page_size);
    row("SHA-256 of ELF", "%s", util_hex_format(hex, app->elf_sha256, 32));
}

static void boot_print(const struct esp_boot_desc *boot)
{
    printf("\n  Bootloader\n");
    row("version", "%u", boot->version);
    row("ESP-IDF", "%s", boot->idf_version);
    row("compiled", "%s", or_dash(boot->date_time)); /* empty in a reproducible build */
    row("secure version", "%u", boot->secure_version);
}

/* ---- signatures ---- */

static const char *verdict(const struct signature_block *b)
{
    static const char *const names[] = {[SIGNATURE_UNCHECKED] = "not checked",
                                        [SIGNATURE_WRONG] = "WRONG",
                                        [SIGNATURE_RIGHT] = "right"};

    return names[b->verdict];
}

static void block_print(const struct image_facts *facts, unsigned i)
{
    const struct signature_block *b = &facts->signature.blocks[i];
    char label[24], hex[65];

    snprintf(label, sizeof label, "block %u", i);
    row(label, "%s, at 0x%zx in the image", signature_scheme_name(b->scheme), b->at);
    if (b->scheme != SIGNATURE_UNKNOWN) {
        row("", "CRC %s, image digest %s, key %s, signature %s", b->crc_ok ? "right" : "WRONG",
            b->digest_ok ? "right" : "WRONG", b->key_ok ? "right" : "WRONG", verdict(b));
        row("", "SHA-256 of the key, as in eFuses: %s", util_hex_format(hex, b->key.digest, 32));
    }
    if (facts->signed_by[i])
        row("", "signed by the key in %s", facts->signed_by[i]);
}

static void signature_print(const struct image_facts *facts)
{
    const struct signature *s = &facts->signature;

    if (s->version == 0)
        return;
    printf("\n  Secure Boot version %u\n", s->version);
    if (s->version == 2) {
        for (unsigned i = 0; i < s->n; i++)
            block_print(facts, i);
        return;
    }
    row("signature", "%s, at 0x%zx in the image", signature_scheme_name(s->blocks[0].scheme),
        s->blocks[0].at);
    if (facts->signed_by[0])
        row("", "signed by the key in %s", facts->signed_by[0]);
    else
        row("", "not checked: it takes --verify-key");
}

/* ---- all of it ---- */

void image_info_print(const struct image_facts *facts)
{
    printf("%s", facts->file);
    if (facts->part)
        printf(" at 0x%zx", facts->offset);
    printf(": %s, %zu bytes\n", facts->what, facts->size);
    if (facts->is_image) {
        header_print(facts);
        segments_print(facts);
        checks_print(facts);
        if (facts->image.app.present)
            app_print(&facts->image.app);
        if (facts->image.boot.present)
            boot_print(&facts->image.boot);
        signature_print(facts);
    }
    if (facts->error.code == 0)
        return;
    fflush(stdout); /* before what goes to stderr */
    fprintf(stderr, "espjig: %s: %s\n", facts->file, facts->error.text);
    if (facts->error.code != ERR_IMAGE_DAMAGED) /* whose hint is to do what was just done */
        fprintf(stderr, "hint: %s\n", error_advice(facts->error.code));
}
