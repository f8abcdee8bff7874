/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `espjig image-info`: all that firmware images say of themselves, and whether they are whole. */
#include "cli/image_info.h"

#include "base/buffer.h"
#include "base/util.h"
#include "cli/commands.h"
#include "cli/run.h"
#include "image/digest.h"
#include "image/image.h"
#include "image/partition.h"
#include "image/pieces.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECTOR 4096

struct keys {
    struct signature_key keys[CLI_KEYS_MAX];
    const char *const *files;
    size_t n;
};

struct inspection {
    struct cli *cli;
    const struct chip *chip; /* of --chip; NULL */
    struct keys keys;
    const char *file;
    size_t said; /* parts that were printed */
    int status;  /* the gravest so far */
};

/* ---- words of the header ---- */

static const char *nibble_name(const struct chip_nibble *table, unsigned value)
{
    while (table->name && table->value != value)
        table++;
    return table->name;
}

const char *image_info_mode(const struct image_facts *facts)
{
    static const char *const names[] = {"qio", "qout", "dio", "dout", "fastrd", "slowrd"};

    return facts->mode < ARRAY_LEN(names) ? names[facts->mode] : NULL;
}

const char *image_info_freq(const struct image_facts *facts)
{
    return facts->chip ? nibble_name(facts->chip->freqs, facts->size_freq & 0x0F) : NULL;
}

const char *image_info_size(const struct image_facts *facts)
{
    return facts->chip ? nibble_name(facts->chip->sizes, facts->size_freq >> 4) : NULL;
}

/* ---- one part ---- */

static void say(struct inspection *in, const struct image_facts *facts)
{
    int status = facts->error.code ? error_exit_status(facts->error.code) : 0;

    if (in->cli->json) {
        image_info_print_json(facts);
    } else {
        if (in->said++ > 0)
            putchar('\n');
        image_info_print(facts);
    }
    in->status = status > in->status ? status : in->status;
}

/* The first wrong thing, as an error that a script can rely on: status 6. */
static void damaged(struct image_facts *facts, const struct error *why)
{
    error_set(&facts->error, ERR_IMAGE_DAMAGED, "%s", why->text);
}

static void header_take(struct image_facts *facts)
{
    const uint8_t *header = facts->data + facts->image.second_header_at;

    facts->mode = header[2];
    facts->size_freq = header[3];
    facts->entry = le32_get(header + 4);
}

static void keys_try(const struct keys *keys, struct image_facts *facts)
{
    const struct signature *signature = &facts->signature;

    for (size_t k = 0; k < keys->n; k++) {
        bool fits = false;
        for (unsigned i = 0; i < signature->n; i++) {
            const struct signature_block *b = &signature->blocks[i];
            if (!b->crc_ok || !b->digest_ok ||
                signature_verify(b, &keys->keys[k]) != SIGNATURE_RIGHT)
                continue;
            fits = true;
            facts->signed_by[i] = keys->files[k];
        }
        if (!fits)
            error_set(&facts->error, ERR_BAD_SIGNATURE,
                      signature->n ? "it is not signed by the key in %s"
                                   : "it is not signed at all, so not by the key in %s",
                      keys->files[k]);
    }
}

static void chip_compare(const struct chip *wanted, struct image_facts *facts)
{
    if (wanted == NULL || wanted == facts->chip)
        return;
    if (facts->chip)
        error_set(&facts->error, ERR_WRONG_CHIP, "it is for the %s, not for the %s",
                  facts->chip->name, wanted->name);
    else
        error_set(&facts->error, ERR_WRONG_CHIP, "it is for the chip with id %u, not for the %s",
                  facts->image.chip_id, wanted->name);
}

static void image_inspect(struct inspection *in, struct image_facts *facts)
{
    struct esp_image *image = &facts->image;
    struct error why = {0};

    facts->is_image = true;
    facts->chip = image->form == ESP_IMAGE_EXTENDED ? chip_by_image_id((int)image->chip_id)
                                                    : chip_get(CHIP_ESP8266);
    header_take(facts);
    if (image->digest_at)
        digest_sha256(facts->data, image->digest_at, facts->sha256);
    if (esp_image_verify(facts->data, image, &why) != 0)
        damaged(facts, &why);
    signature_read(facts->data, facts->size, image, &facts->signature);
    signature_check(&facts->signature, &facts->error);
    keys_try(&in->keys, facts);
    chip_compare(in->chip, facts);
}

/* ---- where something is ---- */

enum part_kind { PART_NONE, PART_IMAGE, PART_DAMAGED, PART_TABLE };

struct part {
    size_t at;
    enum part_kind kind;
};

struct parts {
    struct part *rows;
    size_t n, images;
};

/* What begins there; *end is the first byte behind it. */
static enum part_kind part_look(const uint8_t *data, size_t size, size_t *end)
{
    struct esp_image image;
    struct partition_table table;

    *end = 1;
    if (esp_image_parse(data, size, &image, NULL) == 0) {
        *end = image.is_signed ? image.signature_end : image.end;
        return PART_IMAGE;
    }
    if (esp_image_recognise(data, size, NULL) != ESP_IMAGE_NONE)
        return PART_DAMAGED;
    if (partition_table_parse(data, size, &table)) {
        *end = PARTITION_SECTOR;
        return PART_TABLE;
    }
    return PART_NONE;
}

static size_t sector_after(size_t at)
{
    return (at + SECTOR - 1) / SECTOR * SECTOR;
}

/* At `start`, and in what follows at the start of any sector: parts of a merged file begin there.
 */
static void parts_find(struct parts *parts, const uint8_t *data, size_t size, size_t start)
{
    size_t end;

    *parts = (struct parts){0};
    for (size_t at = start; at < size; at = sector_after(at + end)) {
        enum part_kind kind = part_look(data + at, size - at, &end);
        if (kind == PART_NONE)
            continue;
        parts->rows = xrealloc(parts->rows, (parts->n + 1) * sizeof *parts->rows);
        parts->rows[parts->n++] = (struct part){at, kind};
        parts->images += kind != PART_TABLE;
    }
}

/* ---- files ---- */

static void part_inspect(struct inspection *in, const uint8_t *data, size_t size, size_t address,
                         const struct part *part, const struct part *next)
{
    struct image_facts facts = {.file = in->file,
                                .offset = address + part->at,
                                .data = data + part->at,
                                .size = (next ? next->at : size) - part->at,
                                .part = next != NULL || address + part->at > 0};
    struct error why = {0};

    image_describe(facts.data, facts.size, facts.what, sizeof facts.what);
    if (part->kind != PART_TABLE) {
        if (esp_image_parse(facts.data, facts.size, &facts.image, &why) == 0)
            image_inspect(in, &facts);
        else
            damaged(&facts, &why);
    }
    say(in, &facts);
}

static size_t images_count(const struct piece *pieces, size_t n, size_t start)
{
    size_t images = 0;

    for (size_t i = 0; i < n; i++) {
        struct parts parts;
        parts_find(&parts, pieces[i].data, pieces[i].size, start);
        images += parts.images;
        free(parts.rows);
    }
    return images;
}

static void piece_inspect(struct inspection *in, const struct piece *piece, size_t start)
{
    struct parts parts;

    parts_find(&parts, piece->data, piece->size, start);
    for (size_t i = 0; i < parts.n; i++)
        part_inspect(in, piece->data, piece->size, piece->address, &parts.rows[i],
                     i + 1 < parts.n ? &parts.rows[i + 1] : NULL);
    free(parts.rows);
}

static int not_an_image(const char *file, const struct piece *piece, size_t start,
                        struct error *error)
{
    const uint8_t *data = piece->data + start;
    char what[64];
    size_t end;

    image_describe(data, piece->size - start, what, sizeof what);
    if (part_look(data, piece->size - start, &end) == PART_TABLE)
        return error_set(error, ERR_FILE_FORMAT,
                         "%s is no firmware image but a %s (`espjig partitions` shows it)", file,
                         what);
    return error_set(error, ERR_FILE_FORMAT,
                     "%s is no firmware image: 0xe9 is expected at %s 0x%zx, 0x%02x is there", file,
                     piece->address ? "address" : "offset", piece->address + start, data[0]);
}

static int pieces_inspect(struct inspection *in, const struct piece *pieces, size_t n, size_t start,
                          struct error *error)
{
    if (images_count(pieces, n, start) == 0)
        return not_an_image(in->file, &pieces[0], start, error);
    for (size_t i = 0; i < n; i++)
        piece_inspect(in, &pieces[i], start);
    return 0;
}

/* HEX and UF2: what is said of offsets is said of flash addresses. */
static int addressed_inspect(struct inspection *in, const uint8_t *data, size_t size,
                             struct error *error)
{
    struct pieces pieces;

    if (in->cli->info.offset > 0)
        return error_set(error, ERR_USAGE,
                         "--offset is for raw files, but %s is a %s file, which has addresses",
                         in->file, file_form_name(file_form(data, size)));
    if (pieces_read(&pieces, in->file, data, size, PIECES_OWN_ADDRESS, in->chip, error) != 0)
        return error->code;
    int result = pieces_inspect(in, pieces.rows, pieces.n, 0, error);
    pieces_done(&pieces);
    return result;
}

static int raw_inspect(struct inspection *in, uint8_t *data, size_t size, struct error *error)
{
    const struct piece whole = {.data = data, .size = size};

    if (in->cli->info.offset >= size)
        return error_set(error, ERR_USAGE,
                         "--offset 0x%x is past the end of %s, which has %zu bytes",
                         in->cli->info.offset, in->file, size);
    return pieces_inspect(in, &whole, 1, in->cli->info.offset, error);
}

static int file_inspect(struct inspection *in, struct error *error)
{
    uint8_t *data = NULL;
    size_t size;
    int result = image_file_read(in->file, &data, &size, error);

    if (result != 0)
        return result;
    switch (file_form(data, size)) {
    case FORM_RAW:
        result = raw_inspect(in, data, size, error);
        break;
    case FORM_ELF:
        result = error_set(error, ERR_FILE_FORMAT,
                           "%s is no firmware image but a linked program (ELF), of which `espjig "
                           "elf2image` makes one",
                           in->file);
        break;
    default:
        result = addressed_inspect(in, data, size, error);
    }
    free(data);
    return result;
}

/* A file of which nothing can be said does not keep the others from being shown. */
static void file_failed(struct inspection *in, const struct error *error)
{
    struct image_facts facts = {.file = in->file, .error = *error};

    if (in->cli->json) {
        say(in, &facts);
        return;
    }
    fflush(stdout); /* before what goes to stderr */
    int status = run_report_failure(in->cli, error);
    in->status = status > in->status ? status : in->status;
}

static int keys_read(struct keys *keys, struct cli *cli, struct error *error)
{
    int result = 0;

    keys->files = cli->info.keys;
    for (; keys->n < cli->info.n_keys && result == 0; keys->n++) {
        const char *file = cli->info.keys[keys->n];
        uint8_t *data = NULL;
        size_t size;
        result = image_file_read(file, &data, &size, error);
        if (result == 0)
            result = signature_key_read(&keys->keys[keys->n], file, data, size, error);
        free(data);
    }
    return result;
}

int image_info(struct cli *cli, struct error *error)
{
    struct inspection in = {.cli = cli};

    if (cli_chip_find(cli, &in.chip, error) != 0)
        return error->code;
    if (keys_read(&in.keys, cli, error) != 0)
        return error->code;
    for (size_t i = 0; i < cli->n_args; i++) {
        struct error why = {0};
        in.file = cli->args[i];
        if (file_inspect(&in, &why) != 0)
            file_failed(&in, &why);
    }
    return in.status;
}
