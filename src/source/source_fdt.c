/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Settings of Espressif's Flash Download Tool for Windows, as its version 3.9 writes them below
 * TOOL/configure/CHIP: spi_download.conf (one board) or multi_download.conf (factory), beside them
 * utility.conf and security.conf. What is known of them comes from Espressif's guide to the tool
 * ("ESP Test Tools") and from files that it wrote.
 */
#include "base/util.h"
#include "source/conf.h"
#include "source/fdt.h"

#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

const char *const fdt_speeds[FDT_SPEEDS] = {"40m", "26m", "20m", "80m"};
const char *const fdt_modes[FDT_MODES] = {"qio", "qout", "dio", "dout", "fastrd"};

enum { ROWS_MAX = 64, BAUD_FIRST = 115200 };

/* One of its files while it is read. */
struct fdt {
    struct source *s;
    const char *name; /* of the file */
    struct conf *conf;
};

static const char path_section[] = "DOWNLOAD PATH", flash_section[] = "FLASH_CRYSTAL",
                  download_section[] = "DOWNLOAD", log_section[] = "LOG_CHECK",
                  param_section[] = "ESPTOOL_PARAM", protect_section[] = "SECTOR_PROTECT";

/* ---- values ---- */

static bool is_off(const char *value)
{
    static const char *const words[] = {"", "0", "false", "no", "none"};

    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (strcasecmp(value, words[i]) == 0)
            return true;
    }
    return false;
}

/* The value, which is dealt with then; "" where there is none. */
static const char *take(struct fdt *f, const char *section, const char *key)
{
    for (size_t i = 0; i < f->conf->n; i++) {
        struct conf_entry *entry = &f->conf->rows[i];
        if (strcasecmp(entry->section, section) == 0 && strcasecmp(entry->key, key) == 0) {
            entry->seen = true;
            return entry->value;
        }
    }
    return "";
}

static const char *take_number(struct fdt *f, const char *section, const char *key, unsigned n)
{
    char name[40];

    snprintf(name, sizeof name, "%s%u", key, n);
    return take(f, section, name);
}

static void note(struct fdt *f, bool lost, const char *key, const char *value, const char *why)
{
    source_note(f->s->notes, lost, "%s: %s = %.80s: %s", f->name, key, value, why);
}

/* ---- files ---- */

/* The tool's field is for hexadecimal numbers; it writes them with 0x. */
static bool address_parse(const char *text, uint32_t *address)
{
    char *end;
    unsigned long long v = strtoull(text, &end, 16);

    if (!isxdigit((unsigned char)text[0]) || *end != '\0' || v >= JOB_ADDRESS_OWN)
        return false;
    *address = (uint32_t)v;
    return true;
}

static int file_take(struct fdt *f, const struct fdt_places *places, unsigned n)
{
    bool chosen = !is_off(take_number(f, path_section, "file_sel", n));
    const char *path = take_number(f, path_section, "file_path", n);
    const char *offset = take_number(f, path_section, "file_offset", n);
    const char *flag = take_number(f, path_section, "file_flag", n);
    char where[32];
    uint32_t address = 0;

    snprintf(where, sizeof where, "file_path%u", n);
    if (path[0] == '\0' && chosen)
        note(f, true, where, path, "the row is chosen, but has no file");
    if (path[0] == '\0')
        return 0;
    if (!address_parse(offset, &address)) {
        if (chosen)
            return error_set(f->s->error, ERR_FILE_FORMAT,
                             "%s: file_offset%u: \"%.40s\" is no flash address (%.200s)", f->name,
                             n, offset, path);
        note(f, true, where, path, "the row is not chosen and has no address: it is left out");
        return 0;
    }
    char *file = fdt_file_find(f->s, places, where, path);
    if (file == NULL)
        return f->s->error->code;
    job_add_image(f->s->job, file, address);
    f->s->job->images[f->s->job->n_images - 1].enabled = chosen;
    free(file);
    snprintf(where, sizeof where, "file_flag%u", n);
    if (!is_off(flag))
        note(f, true, where, flag, "what it stands for is not known");
    return 0;
}

static bool has_row(const struct conf *conf, unsigned n)
{
    char name[40];

    snprintf(name, sizeof name, "file_path%u", n);
    return conf_get(conf, path_section, name) != NULL;
}

static int files_take(struct fdt *f, const struct fdt_places *found)
{
    struct fdt_places places = *found;
    char bin[256];
    int result = 0;

    util_copy(bin, sizeof bin, take(f, path_section, "default_path"));
    if (bin[0] == '.' && (bin[1] == '/' || bin[1] == '\\'))
        memmove(bin, bin + 2, strlen(bin + 2) + 1);
    for (char *p = bin; *p; p++)
        *p = *p == '\\' ? '/' : *p;
    places.bin = bin;
    for (unsigned n = 0; result == 0 && n < ROWS_MAX; n++) {
        if (has_row(f->conf, n))
            result = file_take(f, &places, n);
    }
    return result;
}

static void chip_guess(struct source *s)
{
    const struct chip *chip = chip_get(s->options->chip);

    for (size_t i = s->first; chip == NULL && i < s->job->n_images; i++) {
        chip = source_chip_of(s->job->images[i].path);
        if (chip)
            source_note(s->notes, false, "%s names no chip: %s is for the %s", s->name,
                        s->job->images[i].path, chip->name);
    }
    if (chip)
        s->job->chip = chip->id;
    else
        source_note(s->notes, false, "%s names no chip: whichever is found is taken", s->name);
}

/* ---- flash settings ---- */

/* The word at an index; NULL, with a note, where there is none. */
static const char *indexed(struct fdt *f, const char *key, const char *const *words, size_t n)
{
    const char *value = take(f, flash_section, key);
    uint64_t i;

    if (util_number_parse(value, false, n - 1, &i))
        return words[i];
    if (value[0])
        note(f, true, key, value, "is no index of the tool's list; the setting is kept");
    return NULL;
}

static void speed_take(struct fdt *f, const char *speed)
{
    const struct chip *chip = chip_get(f->s->job->chip);
    uint8_t nibble;

    if (speed && chip && !chip_freq_parse(chip, speed, &nibble))
        note(f, true, "spispeed", speed, "the chip has no such frequency; it is kept");
    else if (speed)
        util_copy(f->s->job->flash_freq, sizeof f->s->job->flash_freq, speed);
}

static void mode_take(struct fdt *f, const char *word)
{
    const struct chip *chip = chip_get(f->s->job->chip);
    enum flash_mode mode;

    if (word == NULL)
        return;
    if (!flash_mode_parse(word, &mode) || (chip && !chip_has_mode(chip, mode)))
        note(f, true, "spimode", word, "the chip has no such mode; it is kept");
    else
        f->s->job->flash_mode = mode;
}

/* DoNotChgBin on: the indices are what the greyed-out lists of the window show. */
static void flash_take(struct fdt *f)
{
    struct job *job = f->s->job;
    bool keep = !is_off(take(f, flash_section, "spicfgdis"));

    job->flash_mode = FLASH_MODE_KEEP;
    util_copy(job->flash_freq, sizeof job->flash_freq, "keep");
    const char *speed = indexed(f, "spispeed", fdt_speeds, FDT_SPEEDS);
    const char *mode = indexed(f, "spimode", fdt_modes, FDT_MODES);
    if (keep)
        return;
    speed_take(f, speed);
    mode_take(f, mode);
}

/* ---- the port ---- */

static void port_take(struct fdt *f, unsigned n)
{
    const char *port = take_number(f, download_section, "com_port", n);
    char key[32];

    snprintf(key, sizeof key, "com_port%u", n);
    if (port[0])
        note(f, true, key, port, "is a port of Windows: choose one with -p, or `port` in the job");
}

/* All rates that are there must be the same to be taken. */
static void bauds_take(struct fdt *f)
{
    unsigned first = 0, other = 0;
    const char *rate = "";

    for (unsigned n = 1; n <= ROWS_MAX; n++) {
        const char *value = take_number(f, download_section, "baudrate", n);
        port_take(f, n);
        if (value[0] == '\0')
            continue;
        if (first == 0) {
            first = n;
            rate = value;
        } else if (other == 0 && strcmp(value, rate) != 0) {
            other = n;
        }
    }
    if (first == 0)
        return;
    char key[32];
    snprintf(key, sizeof key, "baudrate%u", first);
    if (strcmp(rate, "0") == 0)
        f->s->job->baud = BAUD_FIRST;
    else
        note(f, true, key, rate,
             "which rate this index stands for is not known: give it with --baud, or as `baud` in "
             "the job");
    if (other) {
        snprintf(key, sizeof key, "baudrate%u", other);
        note(f, true, key, take(f, download_section, key), "a job has one rate for all ports");
    }
}

/* ---- the log check ---- */

static void seconds_take(struct fdt *f, const char *key, unsigned *ms)
{
    const char *value = take(f, log_section, key);

    if (value[0] && !util_seconds_parse(value, 3600, ms))
        note(f, true, key, value, "is no number of seconds up to 3600");
}

static void text_take(struct fdt *f, const char *key, char *to, size_t size)
{
    const char *value = take(f, log_section, key);

    if (util_copy(to, size, value))
        return;
    to[0] = '\0';
    note(f, true, key, value, "has more than 127 bytes");
}

static void log_check_take(struct fdt *f)
{
    struct job_boot_check *check = &f->s->job->boot_check;
    bool enabled = !is_off(take(f, log_section, "log_check_enable"));
    bool asks = !is_off(take(f, log_section, "log_check_enable_cmd"));
    const char *baud = take(f, log_section, "log_check_baud");
    uint64_t v;

    if (util_number_parse(baud, false, 12000000, &v) && v >= 300)
        check->baud = (unsigned)v;
    else if (baud[0])
        note(f, true, "log_check_baud", baud, "is no rate");
    text_take(f, "log_check_str", check->expect, sizeof check->expect);
    text_take(f, "log_check_cmd_str", check->send, sizeof check->send);
    if (!asks && check->send[0]) {
        note(f, false, "log_check_cmd_str", check->send, "is not sent, as it is not enabled");
        check->send[0] = '\0';
    }
    seconds_take(f, "log_check_delaytime", &check->delay_ms);
    seconds_take(f, "log_check_timeout", &check->timeout_ms);
    check->enabled = enabled && check->expect[0];
    if (enabled && !check->enabled)
        note(f, true, "log_check_enable", "True", "there is no text to look for");
}

static void log_check_reset(struct source *s)
{
    struct job *job = s->job;

    if (!job->boot_check.enabled || job->after == AFTER_HARD_RESET ||
        job->after == AFTER_WATCHDOG_RESET)
        return;
    source_note(s->notes, false,
                "%s: after = %s, but the log check needs a reset: hard-reset is taken", s->name,
                loader_after_name(job->after));
    job->after = AFTER_HARD_RESET;
}

/* ---- esptool's parameters ---- */

static int param_take(struct fdt *f, struct conf_entry *entry)
{
    struct job *job = f->s->job;
    bool on = !is_off(entry->value);
    bool keeps = strcasecmp(entry->value, "keep") == 0;

    entry->seen = true;
    if (strcasecmp(entry->key, "compress") == 0)
        job->compress = on;
    else if (strcasecmp(entry->key, "no_stub") == 0)
        job->no_stub = on;
    else if (strcasecmp(entry->key, "verify") == 0)
        on ? (void)0
           : note(f, true, entry->key, entry->value, "what is written is verified all the same");
    else if (strcasecmp(entry->key, "flash_mode") == 0 || strcasecmp(entry->key, "flash_freq") == 0)
        keeps ? (void)0
              : note(f, true, entry->key, entry->value,
                     "spicfgdis, spimode and spispeed decide about it");
    else if (strcasecmp(entry->value, "true") == 0)
        return source_option_set(f->s, entry->key, entry->key, NULL);
    else if (entry->value[0] && strcasecmp(entry->value, "false") != 0)
        return source_option_set(f->s, entry->key, entry->key, entry->value);
    return 0;
}

static int params_take(struct fdt *f)
{
    int result = 0;

    for (size_t i = 0; result == 0 && i < f->conf->n; i++) {
        if (strcasecmp(f->conf->rows[i].section, param_section) == 0)
            result = param_take(f, &f->conf->rows[i]);
    }
    return result;
}

/* ---- protected sectors ---- */

/* Nobody has written down whether the end is an address or a length. The tool's own defaults,
 * 0xe000 and 0x3000, only make sense as a length; else it is an address behind the last byte. */
static int protect_take(struct fdt *f)
{
    const char *from = take(f, protect_section, "sector_protect_start");
    const char *to = take(f, protect_section, "sector_protect_end");
    bool on = !is_off(take(f, protect_section, "sector_protect_enable"));
    uint32_t start = 0, end = 0;

    if (!on)
        return 0;
    if (!address_parse(from, &start) || !address_parse(to, &end) || end == 0 ||
        (uint64_t)start + end > UINT32_MAX)
        return error_set(f->s->error, ERR_FILE_FORMAT,
                         "%s: sector_protect_start = %.40s and sector_protect_end = %.40s are no "
                         "range of the flash",
                         f->name, from, to);
    bool length = end <= start;
    uint32_t size = length ? end : end - start;
    source_note(f->s->notes, false,
                "%s: sector_protect_start = %s, sector_protect_end = %s: taken as 0x%x to 0x%x%s",
                f->name, from, to, start, start + size,
                length ? ", as the end is not behind the start and so must be a length" : "");
    job_add_protect(f->s->job, start, size);
    return 0;
}

/* ---- what is not taken over ---- */

/* What has no place in a job, and why. A key that ends in # has numbers behind it. */
static const struct rest {
    const char *section, *key;
    bool lost;
    const char *why; /* NULL: not worth a word */
} rests[] = {
    {"EFUSE CHECK", "efuse_mode", true, "eFuses are not checked against a list"},
    {"EFUSE CHECK", "efuse_err_halt", false, NULL},
    {"MULTI_UI_CONFIG", "multi_col", false, "is about the window of that tool"},
    {"DOWNLOAD", "erase_button_en", false, NULL},
    {"DOWNLOAD", "autostart#", true, "a job does not start by itself"},
    {"DOWNLOAD", "checkmac#", true, "the MAC is read and recorded, but compared with nothing"},
    {"DOWNLOAD", "new_status", false, NULL},
    {"DOWNLOAD", "num_bytes", true,
     "a job does not write the status register of the flash: see write-flash-status"},
    {"DOWNLOAD", "non_volatile", false, NULL},
    {"MAC_SAVE", "mac_save_enable", false, "the MAC of each board is in the records anyway"},
    {"LOCK", "lock_setting_password", true, "settings are not locked with a password"},
    {"LOG_LEVEL", "utility_log_level", false, NULL},
    {"LOG_LEVEL", "multi_log_level", false, NULL},
};

static bool row_fits(const struct rest *row, const struct conf_entry *entry)
{
    size_t n = strlen(row->key);
    bool numbered = row->key[n - 1] == '#';

    if (strcasecmp(row->section, entry->section) != 0)
        return false;
    if (!numbered)
        return strcasecmp(row->key, entry->key) == 0;
    return strncasecmp(row->key, entry->key, n - 1) == 0 &&
           strspn(entry->key + n - 1, "0123456789") == strlen(entry->key + n - 1);
}

static bool says_something(const struct conf_entry *entry, const struct rest *row)
{
    return !entry->seen && row_fits(row, entry) && !is_off(entry->value);
}

static void row_say(struct fdt *f, const struct rest *row)
{
    const struct conf_entry *first = NULL;
    unsigned more = 0;

    for (size_t i = 0; i < f->conf->n; i++) {
        struct conf_entry *entry = &f->conf->rows[i];
        if (says_something(entry, row)) {
            more += first != NULL;
            first = first ? first : entry;
        }
        entry->seen = entry->seen || row_fits(row, entry);
    }
    if (first && row->why && more)
        source_note(f->s->notes, row->lost, "%s: %s = %.60s (and %u more): %s", f->name, first->key,
                    first->value, more, row->why);
    else if (first && row->why)
        note(f, row->lost, first->key, first->value, row->why);
}

static void rest_say(struct fdt *f)
{
    for (size_t i = 0; i < ARRAY_LEN(rests); i++)
        row_say(f, &rests[i]);
    for (size_t i = 0; i < f->conf->n; i++) {
        const struct conf_entry *entry = &f->conf->rows[i];
        if (!entry->seen && !is_off(entry->value))
            source_note(f->s->notes, true, "%s: line %u: [%.40s] %.60s = %.60s: is not understood",
                        f->name, entry->line, entry->section, entry->key, entry->value);
    }
    if (f->conf->was_gbk)
        source_note(f->s->notes, false, "%s is not UTF-8: taken for GBK", f->name);
}

/* What burns eFuses is nothing to be taken over from a file. Numbers only say how, but for those in
 * the section of single eFuses. */
static void security_say(struct fdt *f)
{
    for (size_t i = 0; i < f->conf->n; i++) {
        const struct conf_entry *entry = &f->conf->rows[i];
        bool single = strstr(entry->section, "EFUSE BIT") != NULL;
        if (strcasecmp(entry->value, "true") == 0 || (single && !is_off(entry->value)))
            source_note(f->s->notes, true,
                        "%s: [%.40s] %.60s = %.40s: is not taken over: keys, encryption and eFuses "
                        "are never set up from a file",
                        f->name, entry->section, entry->key, entry->value);
    }
}

/* ---- the files together ---- */

static int conf_open(struct fdt *f, const struct fdt_text *text)
{
    f->name = text->name;
    return conf_read(f->conf, text->name, text->text, text->size, f->s->error);
}

static int main_read(struct source *s, struct conf *conf, const struct fdt_text *text,
                     const struct fdt_places *places)
{
    struct fdt f = {.s = s, .conf = conf};

    s->name = text->name; /* whatever led to it */
    if (conf_open(&f, text) != 0 || files_take(&f, places) != 0)
        return s->error->code;
    if (s->job->chip == CHIP_AUTO)
        chip_guess(s);
    if (strncasecmp(util_basename(f.name), "hspi", 4) == 0)
        util_copy(s->job->spi_connection, sizeof s->job->spi_connection, "HSPI");
    bauds_take(&f);
    flash_take(&f);
    log_check_take(&f);
    if (params_take(&f) != 0)
        return s->error->code;
    log_check_reset(s);
    rest_say(&f);
    return 0;
}

static int utility_read(struct source *s, struct conf *conf, const struct fdt_text *text)
{
    struct fdt f = {.s = s, .conf = conf};

    if (conf_open(&f, text) != 0 || protect_take(&f) != 0)
        return s->error->code;
    rest_say(&f);
    return 0;
}

static int security_read(struct source *s, struct conf *conf, const struct fdt_text *text)
{
    struct fdt f = {.s = s, .conf = conf};

    if (conf_open(&f, text) == 0)
        security_say(&f);
    return s->error->code;
}

int fdt_read(struct source *s, const struct fdt_text *main, const struct fdt_text *utility,
             const struct fdt_text *security, const struct fdt_places *places)
{
    struct conf conf = {0}, utility_conf = {0}, security_conf = {0};
    int result = main_read(s, &conf, main, places);

    if (result == 0 && utility)
        result = utility_read(s, &utility_conf, utility);
    if (result == 0 && security)
        result = security_read(s, &security_conf, security);
    conf_done(&conf);
    conf_done(&utility_conf);
    conf_done(&security_conf);
    return result;
}

/* ---- which files ---- */

/* Those with rows of files, in the order in which they are looked at. */
static const char *const mains[] = {"spi_download.conf", "multi_download.conf",
                                    "hspi_download.conf"};

bool source_fdt_is(const struct source_look *look)
{
    static const char *const sections[] = {"[DOWNLOAD PATH]", "[SECTOR_PROTECT]", "[LOG_LEVEL]",
                                           "[SECURE BOOT]", "[FLASH ENCRYPTION]"};

    for (size_t i = 0; look->directory && i < ARRAY_LEN(mains); i++) {
        if (source_has(look->path, mains[i]))
            return true;
    }
    if (look->directory || !source_name_ends(look->path, ".conf"))
        return false;
    for (size_t i = 0; i < ARRAY_LEN(sections); i++) {
        if (look->n && strstr((const char *)look->head, sections[i]))
            return true;
    }
    return false;
}

/* A row of files that is chosen. */
static bool chooses(const char *directory, const char *name)
{
    struct buffer path = {0}, text = {0};
    struct conf conf = {0};
    bool chosen = false;

    buffer_printf(&path, "%s%s", directory, name);
    if (source_text_read((const char *)path.data, &text, NULL) == 0 &&
        conf_read(&conf, name, (const char *)text.data, text.len, NULL) == 0) {
        for (size_t i = 0; i < conf.n; i++)
            chosen = chosen || (strncasecmp(conf.rows[i].key, "file_sel", 8) == 0 &&
                                !is_off(conf.rows[i].value));
    }
    conf_done(&conf);
    buffer_done(&text);
    buffer_done(&path);
    return chosen;
}

/* The file with the rows: the one that was given, else the first of those in the directory in which
 * a row is chosen. */
static const char *main_find(struct source *s, const char *directory)
{
    const char *where = directory[0] ? directory : ".", *found = NULL;

    for (size_t i = 0; i < ARRAY_LEN(mains); i++) {
        if (!source_has(where, mains[i]) || !chooses(directory, mains[i]))
            continue;
        if (found)
            source_note(s->notes, false, "%s%s has chosen files, too: give that file to import it",
                        directory, mains[i]);
        else
            found = mains[i];
    }
    if (found == NULL)
        error_set(s->error, ERR_FILE_FORMAT,
                  "%s: in no spi_download.conf or multi_download.conf there is a file chosen",
                  where);
    return found;
}

/* 0 also when there is none: text->text is NULL then. */
static int sibling_read(struct source *s, const char *directory, const char *name,
                        struct fdt_text *text, struct buffer *path, struct buffer *bytes)
{
    buffer_printf(path, "%s%s", directory, name);
    if (!source_has(directory[0] ? directory : ".", name))
        return 0;
    if (source_text_read((const char *)path->data, bytes, s->error) != 0)
        return s->error->code;
    *text = (struct fdt_text){(const char *)path->data, (const char *)bytes->data, bytes->len};
    return 0;
}

/* TOOL/configure/esp32c3 */
static int chip_of_directory(struct source *s, const char *directory)
{
    char real[PATH_MAX];
    const struct chip *chip =
        realpath(directory[0] ? directory : ".", real) ? chip_by_name(util_basename(real)) : NULL;

    s->job->chip = CHIP_AUTO;
    return source_chip_set(s, "its directory", chip);
}

static int directory_load(struct source *s, const char *directory, const char *name)
{
    const char *names[] = {name, "utility.conf", "security.conf"};
    struct fdt_text texts[ARRAY_LEN(names)] = {0};
    struct buffer paths[ARRAY_LEN(names)] = {0}, bytes[ARRAY_LEN(names)] = {0};
    struct fdt_places places;
    int result = chip_of_directory(s, directory);

    fdt_places_find(&places, directory);
    for (size_t i = 0; result == 0 && i < ARRAY_LEN(names); i++)
        result = sibling_read(s, directory, names[i], &texts[i], &paths[i], &bytes[i]);
    if (result == 0)
        result = fdt_read(s, &texts[0], texts[1].text ? &texts[1] : NULL,
                          texts[2].text ? &texts[2] : NULL, &places);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        buffer_done(&paths[i]);
        buffer_done(&bytes[i]);
    }
    fdt_places_done(&places);
    return result;
}

/* Whatever it is called now. */
static bool has_files(const char *path)
{
    struct buffer head = {0};
    bool has = source_name_ends(path, "_download.conf");

    if (!has && source_head(path, &head, SOURCE_LOOK_MAX) == 0) {
        buffer_append_byte(&head, 0);
        has = strstr((const char *)head.data, "[DOWNLOAD PATH]") != NULL;
    }
    buffer_done(&head);
    return has;
}

int source_fdt_load(struct source *s)
{
    struct buffer directory = {0};
    char *folder = NULL;
    const char *name = NULL;

    if (source_name_ends(s->name, ".conf")) {
        folder = source_folder(s->name);
        buffer_printf(&directory, "%s", folder);
        name = has_files(s->name) ? util_basename(s->name) : NULL;
    } else {
        buffer_printf(&directory, "%s%s", s->name, s->name[strlen(s->name) - 1] == '/' ? "" : "/");
    }
    const char *where = directory.data ? (const char *)directory.data : "";
    if (name == NULL)
        name = main_find(s, where);
    const char *given = s->name;
    int result = name ? directory_load(s, where, name) : s->error->code;
    s->name = given;
    buffer_done(&directory);
    free(folder);
    return result;
}
