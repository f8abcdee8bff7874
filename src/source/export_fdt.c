/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The Flash Download Tool's settings, for its factory mode: a folder to be copied into the tool's,
 * with the files in bin/ and paths relative to it.
 */
#include "source/export.h"

#include "base/output.h"
#include "base/util.h"
#include "image/image.h"
#include "source/fdt.h"
#include "source/job_path.h"
#include "source/place.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { ROWS = 14, PANELS = 10, BAUD_FIRST = 115200 };

/* A row of the tool's window; path "": none. */
struct row {
    char path[NAME_MAX + 16];
    uint32_t address;
    bool chosen;
};

struct fdt_export {
    const struct job *job;
    const char *directory;
    struct row rows[ROWS];
    size_t n;
    struct source_notes *notes;
    struct error *error;
};

/* ---- the files ---- */

static bool name_taken(const struct fdt_export *e, const char *path)
{
    for (size_t i = 0; i < e->n; i++) {
        if (strcasecmp(e->rows[i].path, path) == 0)
            return true;
    }
    return false;
}

/* ".\bin\app.bin", with a number where two files have the same name. */
static void name_choose(struct fdt_export *e, const char *file, struct row *row)
{
    const char *base = util_basename(file);

    snprintf(row->path, sizeof row->path, ".\\bin\\%s", base);
    for (unsigned n = 2; name_taken(e, row->path); n++)
        snprintf(row->path, sizeof row->path, ".\\bin\\%u-%.*s", n, NAME_MAX - 12, base);
}

static int file_copy(struct fdt_export *e, const char *file, const struct row *row)
{
    struct buffer path = {0};
    uint8_t *data = NULL;
    size_t size = 0;

    buffer_printf(&path, "%s/bin/%s", e->directory, strrchr(row->path, '\\') + 1);
    if (image_file_read(file, &data, &size, e->error) == 0) {
        output_write((const char *)path.data, data, size, e->error);
    }
    free(data);
    buffer_done(&path);
    return e->error->code;
}

/* Backslashes and what else Windows takes for something else. */
static bool name_is_windows(const char *file)
{
    const char *name = util_basename(file);

    for (const char *p = name; *p; p++) {
        if ((unsigned char)*p < ' ' || strchr("\\:*?\"<>|", *p))
            return false;
    }
    return name[0] != '\0';
}

static int rows_make(struct fdt_export *e)
{
    for (size_t i = 0; i < e->job->n_images; i++) {
        const struct job_image *image = &e->job->images[i];
        struct row row = {.chosen = image->enabled};
        if (e->n == ROWS || !name_is_windows(image->path)) {
            source_note(e->notes, true, "%s is left out: %s", image->path,
                        e->n == ROWS ? "the tool has 14 rows" : "Windows knows no such name");
            continue;
        }
        if (!place_find(e->job, image, e->notes, &row.address))
            continue;
        name_choose(e, image->path, &row);
        if (file_copy(e, image->path, &row) != 0)
            return e->error->code;
        if (image->encrypted)
            source_note(e->notes, true,
                        "%s: encrypted: the tool encrypts all files or none (security.conf)",
                        image->path);
        e->rows[e->n++] = row;
    }
    return 0;
}

/* ---- settings ---- */

static const char *yes(bool is)
{
    return is ? "True" : "False";
}

static void put_rows(struct buffer *out, const struct fdt_export *e)
{
    buffer_printf(out, "[DOWNLOAD PATH]\n");
    for (size_t i = 0; i < ROWS; i++) {
        const struct row *row = &e->rows[i];
        buffer_printf(out, "file_sel%zu = %d\nfile_path%zu = %s\nfile_flag%zu = False\n", i,
                      row->chosen, i, row->path, i);
        if (row->path[0])
            buffer_printf(out, "file_offset%zu = 0x%x\n", i, row->address);
        else
            buffer_printf(out, "file_offset%zu = \n", i);
    }
    buffer_printf(out, "default_path = ./bin/\n\n");
}

static int index_of(const char *const *words, int n, const char *word)
{
    for (int i = 0; i < n; i++) {
        if (strcasecmp(words[i], word) == 0)
            return i;
    }
    return -1;
}

/* DoNotChgBin is one switch for both: where only one of the two is to change, it can't be said. */
static void put_flash(struct buffer *out, const struct fdt_export *e)
{
    const struct job *job = e->job;
    const char *mode_word = flash_mode_name(job->flash_mode);
    int mode = mode_word ? index_of(fdt_modes, FDT_MODES, mode_word) : -1;
    int speed = index_of(fdt_speeds, FDT_SPEEDS, job->flash_freq);
    bool keep_mode = job->flash_mode == FLASH_MODE_KEEP;
    bool keep_speed = strcmp(job->flash_freq, "keep") == 0;
    bool keep = mode < 0 || speed < 0;

    if (keep && !(keep_mode && keep_speed))
        source_note(e->notes, true,
                    "mode %s and frequency %s: the tool changes both or none, and knows 40m, 26m, "
                    "20m and 80m: both are kept (DoNotChgBin)",
                    keep_mode ? "keep" : mode_word, job->flash_freq);
    buffer_printf(out, "[FLASH_CRYSTAL]\nspicfgdis = %d\nspispeed = %d\nspimode = %d\n\n", keep,
                  keep ? 0 : speed, keep ? 2 : mode);
}

static void put_panels(struct buffer *out, unsigned panels)
{
    buffer_printf(out, "[DOWNLOAD]\nerase_button_en = True\n");
    for (unsigned n = 1; n <= panels; n++)
        buffer_printf(out, "autostart%u = 0\ncom_port%u = \nbaudrate%u = 0\ncheckmac%u = 1\n", n, n,
                      n, n);
    buffer_printf(out, "\n");
}

/* In whole seconds, as nobody has seen others there. */
static unsigned seconds(const struct fdt_export *e, const char *what, unsigned ms)
{
    unsigned s = (ms + 999) / 1000;

    if (ms % 1000)
        source_note(e->notes, true, "boot check: %s of %g s becomes %u s", what, ms / 1000.0, s);
    return s;
}

static void put_log_check(struct buffer *out, const struct fdt_export *e)
{
    const struct job_boot_check *check = &e->job->boot_check;

    if (strpbrk(check->expect, "\r\n") || strpbrk(check->send, "\r\n"))
        source_note(e->notes, true, "boot check: its texts are cut at the end of their first line");
    buffer_printf(out, "[LOG_CHECK]\nlog_check_enable = %s\nlog_check_baud = %u\n",
                  yes(check->enabled), check->baud);
    buffer_printf(out, "log_check_str = %.*s\n", (int)strcspn(check->expect, "\r\n"),
                  check->expect);
    buffer_printf(out, "log_check_delaytime = %u\nlog_check_timeout = %u\n",
                  seconds(e, "a delay", check->delay_ms),
                  seconds(e, "a timeout", check->timeout_ms));
    buffer_printf(out, "log_check_cmd_str = %.*s\nlog_check_enable_cmd = %s\n\n",
                  (int)strcspn(check->send, "\r\n"), check->send, yes(check->send[0] != '\0'));
}

/* With the underscores of esptool v4. */
static void put_word(struct buffer *out, const char *key, const char *word)
{
    buffer_printf(out, "%s = ", key);
    for (; *word; word++)
        buffer_append_byte(out, *word == '-' ? '_' : (uint8_t)*word);
    buffer_printf(out, "\n");
}

static void put_params(struct buffer *out, const struct job *job)
{
    buffer_printf(out, "[ESPTOOL_PARAM]\n");
    put_word(out, "after", loader_after_name(job->after));
    put_word(out, "before", loader_before_name(job->before));
    buffer_printf(out,
                  "compress = %s\nflash_size = %s\nno_stub = %s\nverify = True\n"
                  "flash_freq = keep\nflash_mode = keep\n",
                  yes(job->compress), job->flash_size, yes(job->no_stub));
}

static void put_download(struct buffer *out, const struct fdt_export *e, unsigned panels)
{
    buffer_printf(out, "[EFUSE CHECK]\nefuse_mode = 1\nefuse_err_halt = 1\n\n"
                       "[MULTI_UI_CONFIG]\nmulti_col = 2\n\n");
    put_rows(out, e);
    if (panels > 1)
        buffer_printf(out, "[LOCK]\nlock_setting_password = \n\n");
    put_flash(out, e);
    put_panels(out, panels);
    put_log_check(out, e);
    buffer_printf(out, "[MAC_SAVE]\nmac_save_enable = False\n\n");
    put_params(out, e->job);
}

/* As the importer reads it: an end that is not behind the start would be a length. */
static void put_utility(struct buffer *out, const struct fdt_export *e)
{
    const struct job *job = e->job;

    buffer_printf(out, "[LOG_LEVEL]\nutility_log_level = ERROR\nmulti_log_level = ERROR\n\n"
                       "[MAC_SAVE]\nmac_save_enable = False\n\n[SECTOR_PROTECT]\n");
    buffer_printf(out, "sector_protect_enable = %s\n", yes(job->n_protect > 0));
    if (job->n_protect > 0)
        buffer_printf(out, "sector_protect_start = 0x%x\nsector_protect_end = 0x%x\n",
                      job->protect[0].address, job->protect[0].address + job->protect[0].size);
    else
        buffer_printf(out, "sector_protect_start = 0xe000\nsector_protect_end = 0x3000\n");
}

static void note_rest(const struct fdt_export *e)
{
    const struct job *job = e->job;
    const struct {
        bool is;
        const char *text;
    } rows[] = {
        {job->port || job->port_rule, "the port is not taken over: choose it in the tool"},
        {job->baud != BAUD_FIRST,
         "the rate becomes 115200: of the tool's list only that one is known"},
        {job->connect_attempts != JOB_CONNECT_ATTEMPTS, "connect-attempts has no counterpart"},
        {job->no_diff, "no-diff has no counterpart"},
        {job->erase_all, "erase = all has no counterpart: press ERASE before START"},
        {job->skip_gaps, "skip-gaps has no counterpart"},
        {job->table_address != JOB_TABLE_ADDRESS, "table-address has no counterpart"},
        {job->spi_connection[0] != '\0',
         "spi-connection has no counterpart but the tool's page HSPIDownload"},
        {job->n_protect > 1, "the tool protects one range: only the first is taken over"},
        {job->n_protect > 0,
         "sector_protect_end is written as the address behind the range; nobody has written down "
         "how the tool reads it: try it on a board that may be lost"},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (rows[i].is)
            source_note(e->notes, true, "%s", rows[i].text);
    }
}

/* ---- all of it ---- */

static int put_file(const struct fdt_export *e, const char *name, const struct buffer *text)
{
    struct buffer path = {0};

    buffer_printf(&path, "%s/configure/%s/%s", e->directory, chip_get(e->job->chip)->key, name);
    output_write((const char *)path.data, text->data, text->len, e->error);
    buffer_done(&path);
    return e->error->code;
}

static int directories_make(const struct fdt_export *e)
{
    const char *const names[] = {"bin", "configure"};
    int failure = 0;

    for (size_t i = 0; failure == 0 && i < ARRAY_LEN(names); i++) {
        struct buffer path = {0};
        buffer_printf(&path, "%s/%s", e->directory, names[i]);
        if (i == 1)
            buffer_printf(&path, "/%s", chip_get(e->job->chip)->key);
        failure = util_mkdirs((const char *)path.data);
        buffer_done(&path);
    }
    return failure == 0
               ? 0
               : error_set(e->error, ERR_FILE_WRITE, "%s: %s", e->directory, strerror(-failure));
}

int export_fdt(const struct job *job, const char *directory, struct source_notes *notes,
               struct error *error)
{
    struct fdt_export e = {.job = job, .directory = directory, .notes = notes, .error = error};
    struct source_notes twice = {0};
    struct buffer one = {0}, many = {0}, utility = {0};
    int result;

    if (chip_get(job->chip) == NULL)
        return error_set(error, ERR_USAGE,
                         "the Flash Download Tool has settings for each chip: the job must name "
                         "one (`chip`, or --chip)");
    result = directories_make(&e);
    if (result == 0)
        result = rows_make(&e);
    if (result == 0) {
        put_download(&one, &e, 1);
        e.notes = &twice; /* the same again */
        put_download(&many, &e, PANELS);
        e.notes = notes;
        put_utility(&utility, &e);
        result = put_file(&e, "spi_download.conf", &one);
    }
    if (result == 0)
        result = put_file(&e, "multi_download.conf", &many);
    if (result == 0)
        result = put_file(&e, "utility.conf", &utility);
    if (result == 0)
        note_rest(&e);
    source_notes_done(&twice);
    buffer_done(&one);
    buffer_done(&many);
    buffer_done(&utility);
    return result;
}
