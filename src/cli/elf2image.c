/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `espjig elf2image`: a linked program becomes the file that is flashed. */
#include "cli/commands.h"

#include "base/buffer.h"
#include "base/output.h"
#include "base/util.h"
#include "cli/json.h"
#include "cli/text.h"
#include "image/image.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#define SECTOR 4096

static void warn(void *context, enum log_level level, const char *text)
{
    const struct cli *cli = context;

    if (level == LOG_WARNING && !cli->json)
        text_say(stderr, "espjig: warning: %s", text);
}

/* ---- the options ---- */

/* Mode, frequency and size, by the names of the chip whose header it is. */
static int header_take(const struct cli *cli, const struct chip *chip, struct elf_options *options,
                       struct error *error)
{
    const struct chip *names = elf_header_chip(chip, options->version);
    struct elf_options usual;
    uint8_t freq = 0, size = 0;

    elf_options_init(&usual, names);
    options->mode = usual.mode;
    options->size_freq = usual.size_freq;
    if (cli->job.flash_mode != FLASH_MODE_KEEP) {
        if (!chip_has_mode(names, cli->job.flash_mode))
            return error_set(error, ERR_USAGE, "--flash-mode: the %s has no %s", chip->name,
                             flash_mode_name(cli->job.flash_mode));
        options->mode = (uint8_t)cli->job.flash_mode;
    }
    if (strcmp(cli->job.flash_freq, "keep") != 0) {
        if (!chip_freq_parse(names, cli->job.flash_freq, &freq))
            return error_set(error, ERR_USAGE, "--flash-freq: the %s has no \"%s\"", chip->name,
                             cli->job.flash_freq);
        options->size_freq = (uint8_t)((options->size_freq & 0xF0) | freq);
    }
    if (strcmp(cli->job.flash_size, "keep") != 0) {
        if (!chip_size_parse(names, cli->job.flash_size, &size))
            return error_set(error, ERR_USAGE, "--flash-size: the %s has no \"%s\"", chip->name,
                             cli->job.flash_size);
        options->size_freq = (uint8_t)((options->size_freq & 0x0F) | size << 4);
    }
    return 0;
}

static int chip_take(const struct cli *cli, const struct chip **chip, struct error *error)
{
    if (cli_chip_find(cli, chip, error) != 0 || *chip)
        return error->code;
    return error_set(error, ERR_USAGE, "elf2image needs the chip that the image is for: -c %s",
                     chip_names());
}

/* ---- the files ---- */

/* The ELF file's name without its extension, as Python's splitext() has it. */
static int stem_length(const char *path)
{
    const char *base = util_basename(path);
    const char *dot = strrchr(base, '.');

    while (*base == '.')
        base++;
    return (int)(dot > base ? (size_t)(dot - path) : strlen(path));
}

/* esptool's names: FILE.bin; of the ESP8266's version 2 FILE-0x01000.bin, after its place in the
 * flash; of version 1 two, which begin with FILE.elf- and end with their places. */
static void names_make(const struct cli *cli, const struct chip *chip, uint32_t irom_address,
                       struct buffer *image, struct buffer *irom)
{
    unsigned version = chip->id == CHIP_ESP8266 ? cli->elf.version : 3;
    const char *elf = cli->args[0], *out = cli->output;

    if (version <= 1) {
        buffer_printf(image, "%s%s0x%05x.bin", out ? out : elf, out ? "" : "-", 0);
        buffer_printf(irom, "%s%s0x%05x.bin", out ? out : elf, out ? "" : "-", irom_address);
    } else if (out) {
        buffer_printf(image, "%s", out);
    } else if (version == 2) {
        buffer_printf(image, "%.*s-0x%05x.bin", stem_length(elf), elf,
                      irom_address / SECTOR * SECTOR);
    } else {
        buffer_printf(image, "%.*s.bin", stem_length(elf), elf);
    }
}

static void said_json(const struct chip *chip, const char *path, const struct buffer *bytes,
                      bool has_address, uint32_t address)
{
    json_t *line = json_pack("{s:o, s:s, s:I}", "file", cli_json_text(path), "chip", chip->key,
                             "size", (json_int_t)bytes->len);

    if (has_address)
        json_object_set_new(line, "address", json_integer(address));
    cli_json_print(line);
}

static int image_write(const struct cli *cli, const struct chip *chip, const char *path,
                       const struct buffer *bytes, bool has_address, uint32_t address,
                       struct error *error)
{
    char place[32] = "";
    int rc = output_write(path, bytes->data, bytes->len, error);

    if (rc != 0 || cli->quiet)
        return rc;
    if (has_address)
        snprintf(place, sizeof place, ", for address 0x%05x", address);
    if (cli->json)
        said_json(chip, path, bytes, has_address, address);
    else
        text_say(stdout, "%s: %zu bytes for the %s%s", path, bytes->len, chip->name, place);
    return 0;
}

/* An output that is the ELF file would replace it. */
static int names_check(const struct cli *cli, const char *path, struct error *error)
{
    struct stat elf, out;

    if (stat(cli->args[0], &elf) != 0 || stat(path, &out) != 0 || elf.st_dev != out.st_dev ||
        elf.st_ino != out.st_ino)
        return 0;
    return error_set(error, ERR_USAGE,
                     "%s would be replaced by the image: name another file with -o", path);
}

static int files_write(const struct cli *cli, const struct chip *chip, const struct buffer *image,
                       const struct buffer *irom, uint32_t irom_address, struct error *error)
{
    struct buffer name = {0}, irom_name = {0};
    unsigned version = chip->id == CHIP_ESP8266 ? cli->elf.version : 3;
    uint32_t address = version == 2 ? irom_address / SECTOR * SECTOR : 0;

    names_make(cli, chip, irom_address, &name, &irom_name);
    int rc = names_check(cli, (const char *)name.data, error);
    if (rc == 0 && irom->len > 0)
        rc = image_write(cli, chip, (const char *)irom_name.data, irom, true, irom_address, error);
    if (rc == 0)
        rc = image_write(cli, chip, (const char *)name.data, image, version <= 2, address, error);
    buffer_done(&name);
    buffer_done(&irom_name);
    return rc;
}

int elf2image(struct cli *cli, struct error *error)
{
    const struct log log = {.line = warn, .context = cli};
    const struct chip *chip;
    struct elf_options options = cli->elf;
    struct buffer image = {0}, irom = {0};
    uint32_t irom_address = 0;
    uint8_t *elf = NULL;
    size_t size = 0;
    int rc;

    if (chip_take(cli, &chip, error) != 0)
        return error->code;
    options.log = &log;
    rc = header_take(cli, chip, &options, error);
    if (rc == 0)
        rc = image_file_read(cli->args[0], &elf, &size, error);
    if (rc == 0)
        rc = elf_image_build(cli->args[0], elf, size, chip, &options, &image, &irom, &irom_address,
                             error);
    if (rc == 0)
        rc = files_write(cli, chip, &image, &irom, irom_address, error);
    free(elf);
    buffer_done(&image);
    buffer_done(&irom);
    return rc;
}
