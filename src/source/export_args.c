/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ESP-IDF's flash_args, for `esptool write-flash @flash_args` in its folder. */
#include "source/export.h"

#include "base/buffer.h"
#include "base/output.h"
#include "source/job_path.h"
#include "source/place.h"

#include <stdlib.h>
#include <string.h>

/* Words are parted at blanks; in quotes, a backslash stands before quote and backslash. */
static void put_word(struct buffer *out, const char *word)
{
    if (word[0] && strpbrk(word, " \t\"'\\#") == NULL) {
        buffer_printf(out, "%s", word);
        return;
    }
    buffer_append_byte(out, '"');
    for (; *word; word++) {
        if (*word == '"' || *word == '\\')
            buffer_append_byte(out, '\\');
        buffer_append_byte(out, (uint8_t)*word);
    }
    buffer_append_byte(out, '"');
}

static void put_settings(struct buffer *out, const struct job *job)
{
    buffer_printf(out, "--flash-mode %s --flash-freq %s --flash-size %s",
                  job->flash_mode == FLASH_MODE_KEEP ? "keep" : flash_mode_name(job->flash_mode),
                  job->flash_freq, job->flash_size);
    if (job->spi_connection[0])
        buffer_printf(out, " --spi-connection %s", job->spi_connection);
    buffer_printf(out, "%s%s\n", job->erase_all ? " --erase-all" : "",
                  job->compress ? "" : " --no-compress");
}

static void put_image(struct buffer *out, const struct job *job, const struct job_image *image,
                      const char *directory, struct source_notes *notes)
{
    uint32_t address;

    if (!place_find(job, image, notes, &address))
        return;
    char *path = job_path_relative(directory, image->path);
    if (strchr(path, '\n'))
        source_note(notes, true, "%s is left out: its name has more than one line", path);
    else {
        buffer_printf(out, "0x%x ", address);
        put_word(out, path);
        buffer_append_byte(out, '\n');
    }
    free(path);
}

static void put_images(struct buffer *out, const struct job *job, bool encrypted,
                       const char *directory, struct source_notes *notes)
{
    bool begun = !encrypted;

    for (size_t i = 0; i < job->n_images; i++) {
        const struct job_image *image = &job->images[i];
        if (!image->enabled || (image->encrypted != ENCRYPT_NO) != encrypted)
            continue;
        if (image->encrypted == ENCRYPT_IF_ON)
            source_note(notes, false,
                        "%s: esptool encrypts it also where flash encryption is not on yet",
                        image->path);
        if (!begun)
            buffer_printf(out, "--encrypt-files\n");
        begun = true;
        put_image(out, job, image, directory, notes);
    }
}

/* What is not for write-flash, or esptool has no word for. */
static void note_rest(const struct job *job, struct source_notes *notes)
{
    const struct {
        bool is;
        const char *text;
    } rows[] = {
        {job->chip != CHIP_AUTO, "the chip is not in flash_args: give esptool --chip"},
        {job->port || job->port_rule, "the port is not in flash_args: give esptool --port"},
        {job->baud != JOB_BAUD_AUTO, "the rate is not in flash_args: give esptool --baud"},
        {job->before != BEFORE_DEFAULT_RESET,
         "the reset before it is not in flash_args: give esptool --before"},
        {job->after != AFTER_HARD_RESET,
         "the reset after it is not in flash_args: give esptool --after"},
        {job->connect_attempts != JOB_CONNECT_ATTEMPTS,
         "the number of attempts is not in flash_args: give esptool --connect-attempts"},
        {job->no_stub, "no-stub is not in flash_args: give esptool --no-stub"},
        {job->no_diff, "no-diff has no counterpart"},
        {job->skip_gaps, "skip-gaps has no counterpart"},
        {job->n_protect > 0, "esptool knows no protected ranges"},
        {job->boot_check.enabled, "esptool has no boot check"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].is)
            source_note(notes, true, "%s", rows[i].text);
    }
    for (size_t i = 0; i < job->n_images; i++) {
        if (!job->images[i].enabled)
            source_note(notes, true, "%s is left out: it is not enabled", job->images[i].path);
    }
}

int export_flash_args(const struct job *job, const char *path, struct source_notes *notes,
                      struct error *error)
{
    char *directory = job_path_directory(path);
    struct buffer out = {0};

    put_settings(&out, job);
    put_images(&out, job, false, directory, notes);
    put_images(&out, job, true, directory, notes);
    note_rest(job, notes);
    int result = output_write(path, out.data, out.len, error);
    buffer_done(&out);
    free(directory);
    return result;
}
