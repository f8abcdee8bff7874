/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `espjig merge-bin` and `espjig split-bin`: one file for the whole flash, and the way back. */
#include "cli/commands.h"

#include "base/output.h"
#include "base/util.h"
#include "cli/json.h"
#include "cli/text.h"
#include "image/esp_image.h"
#include "image/merge.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

/* ---- merge-bin: what is merged --------------------------------------------------------------- */

static int specs_take(const struct cli *cli, const struct chip *chip, struct image_spec *specs,
                      size_t *n, struct error *error)
{
    struct job_image place;

    if (cli->n_args % 2 != 0)
        return error_set(error, ERR_USAGE,
                         "%s takes pairs of an address and a file, but \"%s\" stands alone",
                         cli->command->name, cli->args[cli->n_args - 1]);
    for (size_t i = 0; i < cli->n_args; i += 2) {
        if (!job_address_parse(cli->args[i], &place) || place.address == JOB_ADDRESS_PARTITION)
            return error_set(error, ERR_BAD_ADDRESS,
                             "\"%s\" is no address: a number, \"bootloader\" or \"own\" is needed",
                             cli->args[i]);
        if (place.address == JOB_ADDRESS_BOOTLOADER && chip == NULL)
            return error_set(error, ERR_USAGE,
                             "where the bootloader belongs differs: say the chip with -c (%s)",
                             chip_names());
        uint32_t address = place.address == JOB_ADDRESS_OWN          ? PIECES_OWN_ADDRESS
                           : place.address == JOB_ADDRESS_BOOTLOADER ? chip->bootloader_offset
                                                                     : place.address;
        specs[(*n)++] = (struct image_spec){.address = address, .path = cli->args[i + 1]};
    }
    return 0;
}

/* The one that all images are for; those that don't tell have no say. */
static const struct chip *chip_of_plan(const struct plan *plan, struct error *error)
{
    const struct chip *chip = NULL;
    const char *path = NULL;

    for (size_t i = 0; i < plan->n; i++) {
        const struct region *region = &plan->regions[i];
        unsigned id = 0;
        enum esp_image_form form = esp_image_recognise(region->data, region->file_size, &id);
        const struct chip *this = esp_image_chip(form, id);
        if (this && chip && this != chip) {
            error_set(error, ERR_WRONG_CHIP, "%s is an %s image, but %s is one for %s",
                      region->path, this->name, path, chip->name);
            return NULL;
        }
        if (this) {
            chip = this;
            path = region->path;
        }
    }
    if (chip == NULL)
        error_set(error, ERR_USAGE, "no file tells for which chip it is: say it with -c (%s)",
                  chip_names());
    return chip;
}

static bool is_kept(const struct cli *cli)
{
    return cli->job.flash_mode == FLASH_MODE_KEEP && strcmp(cli->job.flash_freq, "keep") == 0 &&
           strcmp(cli->job.flash_size, "keep") == 0;
}

static int settings_put(const struct cli *cli, const struct chip *chip, struct plan *plan,
                        struct error *error)
{
    struct image_settings settings = {
        .mode = cli->job.flash_mode, .freq = cli->job.flash_freq, .size = cli->job.flash_size};
    bool found = is_kept(cli);

    if (strcmp(settings.size, "detect") == 0)
        return error_set(error, ERR_USAGE,
                         "--flash-size: there is no flash here that could be asked for its size");
    for (size_t i = 0; i < plan->n; i++)
        found = found || plan->regions[i].address == chip->bootloader_offset;
    if (!found && !cli->json)
        fprintf(stderr,
                "espjig: warning: there is nothing at 0x%x, where a bootloader has its flash "
                "settings\n",
                chip->bootloader_offset);
    return plan_patch(plan, chip, &settings, error);
}

/* ---- merge-bin: what is said ------------------------------------------------------------------
 */

static void merged_json(const struct cli *cli, const struct chip *chip, const struct plan *plan,
                        size_t size)
{
    json_t *images = json_array();

    for (size_t i = 0; i < plan->n; i++) {
        const struct region *region = &plan->regions[i];
        json_array_append_new(
            images, json_pack("{s:o, s:I, s:I, s:o}", "file", cli_json_text(region->path),
                              "address", (json_int_t)region->address, "size",
                              (json_int_t)region->file_size, "what", cli_json_text(region->what)));
    }
    cli_json_print(
        json_pack("{s:o, s:s, s:s, s:I, s:I, s:o}", "file", cli_json_text(cli->output), "chip",
                  chip->key, "format", merge_format_name(cli->merge.format), "address",
                  (json_int_t)(cli->merge.format == MERGE_RAW ? cli->merge.target_offset
                                                              : plan->regions[0].address),
                  "size", (json_int_t)size, "images", images));
}

static void merged_print(const struct cli *cli, const struct plan *plan, size_t size)
{
    for (size_t i = 0; i < plan->n && !cli->quiet; i++) {
        const struct region *region = &plan->regions[i];
        text_say(stdout, "0x%-8x  %9zu  %s (%s)", region->address, region->file_size,
                 util_basename(region->path), region->what);
    }
    if (cli->quiet)
        return;
    if (cli->merge.format == MERGE_RAW)
        text_say(stdout, "%s: %zu bytes, to be written at 0x%x", cli->output, size,
                 cli->merge.target_offset);
    else
        text_say(stdout, "%s: %zu bytes with addresses of their own, as %s", cli->output, size,
                 merge_format_name(cli->merge.format));
}

int merge_bin(struct cli *cli, struct error *error)
{
    struct image_spec specs[ARRAY_LEN(cli->args) / 2 + 1];
    const struct chip *chip;
    struct plan plan = {0};
    struct buffer out = {0};
    size_t n = 0;

    if (cli->output == NULL)
        return error_set(error, ERR_USAGE, "merge-bin needs the file to write to: -o FILE");
    if (cli_chip_find(cli, &chip, error) != 0 || specs_take(cli, chip, specs, &n, error) != 0 ||
        plan_load(&plan, specs, n, chip, error) != 0)
        return error->code;
    if (chip == NULL)
        chip = chip_of_plan(&plan, error);
    if (chip && settings_put(cli, chip, &plan, error) == 0 &&
        merge_build(&plan, chip, &cli->merge, &out, error) == 0 &&
        output_write(cli->output, out.data, out.len, error) == 0) {
        if (cli->json)
            merged_json(cli, chip, &plan, out.len);
        else
            merged_print(cli, &plan, out.len);
    }
    buffer_done(&out);
    plan_done(&plan);
    return error->code;
}

/* ---- split-bin --------------------------------------------------------------------------------
 */

struct merged {
    const char *path;
    uint8_t *data;
    size_t size;
    uint32_t address; /* of the first byte */
    struct split split;
    char *dir;
};

/* Pieces with addresses of their own as they would lie in the flash. */
static int pieces_flatten(const struct pieces *pieces, struct merged *m, struct error *error)
{
    const struct piece *last = &pieces->rows[pieces->n - 1];

    m->address = pieces->rows[0].address;
    uint64_t size = (uint64_t)last->address + last->size - m->address;
    if (size > MERGE_RAW_MAX)
        return error_set(error, ERR_TOO_BIG, "%s goes from 0x%x to 0x%llx, more than any flash has",
                         m->path, m->address, (unsigned long long)(m->address + size));
    m->size = (size_t)size;
    m->data = xmalloc(m->size);
    memset(m->data, 0xFF, m->size);
    for (size_t i = 0; i < pieces->n; i++)
        memcpy(m->data + (pieces->rows[i].address - m->address), pieces->rows[i].data,
               pieces->rows[i].size);
    return 0;
}

static int address_take(const struct cli *cli, uint32_t *address, struct error *error)
{
    uint64_t v;

    if (!util_number_parse(cli->split_address, true, UINT32_MAX, &v))
        return error_set(error, ERR_BAD_ADDRESS, "--address: \"%s\" is no address of 32 bits",
                         cli->split_address);
    *address = (uint32_t)v;
    return 0;
}

static int merged_read(const struct cli *cli, struct merged *m, struct error *error)
{
    struct pieces pieces = {0};
    uint8_t *data = NULL;
    size_t size = 0;
    int rc = image_file_read(m->path, &data, &size, error);

    if (rc != 0)
        return rc;
    if (cli->split_address)
        rc = address_take(cli, &m->address, error);
    else if (file_form(data, size) == FORM_RAW)
        m->address = split_address(data, size);
    else
        m->address = PIECES_OWN_ADDRESS;
    if (rc == 0)
        rc = pieces_read(&pieces, m->path, data, size, m->address, NULL, error);
    free(data);
    if (rc == 0)
        rc = pieces_flatten(&pieces, m, error);
    pieces_done(&pieces);
    if (rc != 0)
        return rc;
    if (m->address + (uint64_t)m->size > (uint64_t)UINT32_MAX + 1)
        return error_set(error, ERR_TOO_BIG, "%s (%zu bytes) at 0x%x would end past 32 bits",
                         m->path, m->size, m->address);
    split_make(&m->split, m->data, m->size, m->address);
    if (m->split.is_merged)
        return 0;
    return error_set(error, ERR_FILE_FORMAT,
                     "%s at 0x%x has no bootloader with a partition table behind it: it can't be "
                     "split (--address says where in the flash it begins)",
                     m->path, m->address);
}

/* firmware.bin goes to firmware-parts. */
static char *dir_name(const struct cli *cli, const char *path)
{
    struct buffer name = {0};
    const char *base = util_basename(path), *dot = strrchr(base, '.');

    if (cli->output)
        return xstrdup(cli->output);
    buffer_printf(&name, "%.*s-parts", dot && dot > base ? (int)(dot - base) : (int)strlen(base),
                  base);
    return (char *)name.data;
}

static int part_write(const struct merged *m, const char *name, const void *data, size_t n,
                      struct error *error)
{
    struct buffer path = {0};

    buffer_printf(&path, "%s/%s", m->dir, name);
    int rc = output_write((const char *)path.data, data, n, error);
    buffer_done(&path);
    return rc;
}

/* The list comes last: where it is there, all parts are. */
static int parts_write(const struct merged *m, struct error *error)
{
    struct buffer list = {0};
    int rc = 0;

    if (mkdir(m->dir, 0777) != 0 && errno != EEXIST)
        return error_set(error, ERR_FILE_WRITE, "%s can't be made: %s", m->dir, strerror(errno));
    for (size_t i = 0; rc == 0 && i < m->split.n; i++) {
        const struct split_part *part = &m->split.parts[i];
        char name[48];
        snprintf(name, sizeof name, "%s.bin", part->name);
        rc = part_write(m, name, m->data + part->offset, part->size, error);
        buffer_printf(&list, "0x%x %s\n", part->address, name);
    }
    if (rc == 0)
        rc = part_write(m, "flash_args", list.data, list.len, error);
    buffer_done(&list);
    return rc;
}

static json_t *parts_json(const struct split_part *rows, size_t n, const char *ending)
{
    json_t *array = json_array();

    for (size_t i = 0; i < n; i++) {
        char name[48];
        snprintf(name, sizeof name, "%s%s", rows[i].name, ending);
        json_array_append_new(array, json_pack("{s:s, s:I, s:I, s:o}", ending[0] ? "file" : "name",
                                               name, "address", (json_int_t)rows[i].address, "size",
                                               (json_int_t)rows[i].size, "what",
                                               cli_json_text(rows[i].what)));
    }
    return array;
}

static void parts_print(const struct merged *m)
{
    for (size_t i = 0; i < m->split.n; i++) {
        const struct split_part *part = &m->split.parts[i];
        text_say(stdout, "0x%-8x  %9zu  %s.bin (%s)", part->address, part->size, part->name,
                 part->what);
    }
    for (size_t i = 0; i < m->split.n_blanks; i++) {
        const struct split_part *blank = &m->split.blanks[i];
        text_say(stdout, "0x%-8x  %9zu  %s: blank, no file", blank->address, blank->size,
                 blank->name);
    }
    text_say(stdout, "espjig write-flash @%s/flash_args writes them back", m->dir);
}

int split_bin(struct cli *cli, struct error *error)
{
    struct merged m = {.path = cli->args[0]};
    int rc = merged_read(cli, &m, error);

    m.dir = dir_name(cli, m.path);
    if (rc == 0)
        rc = parts_write(&m, error);
    if (rc == 0 && cli->json)
        cli_json_print(json_pack("{s:o, s:I, s:I, s:o, s:o, s:o}", "file", cli_json_text(m.path),
                                 "address", (json_int_t)m.address, "size", (json_int_t)m.size,
                                 "directory", cli_json_text(m.dir), "parts",
                                 parts_json(m.split.parts, m.split.n, ".bin"), "blank",
                                 parts_json(m.split.blanks, m.split.n_blanks, "")));
    else if (rc == 0 && !cli->quiet)
        parts_print(&m);
    split_done(&m.split);
    free(m.data);
    free(m.dir);
    return rc;
}
