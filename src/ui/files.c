/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/files.h"

#include "base/buffer.h"
#include "base/util.h"
#include "chip/chip.h"
#include "image/image.h"
#include "image/pieces.h"
#include "job/job.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define FILE_SIZE_MAX (256 << 20) /* bytes; the chips address at most 128 MB of flash */

const char *file_path_expand(char *to, size_t size, const char *path)
{
    const char *home = getenv("HOME");

    if (home && path[0] == '~' && (path[1] == '/' || path[1] == '\0'))
        snprintf(to, size, "%s%s", home, path + 1);
    else
        util_copy(to, size, path);
    return to;
}

/* The chip whose name the description begins with: "ESP32-C3 bootloader". */
static enum chip_id chip_of(const char *what)
{
    for (int id = CHIP_AUTO + 1; id < CHIP_COUNT; id++) {
        const struct chip *chip = chip_get((enum chip_id)id);
        const char *at = chip ? strstr(what, chip->name) : NULL;
        if (at && at[strlen(chip->name)] == ' ')
            return chip->id;
    }
    return CHIP_AUTO;
}

/* Would block, or fill the memory. */
static int file_refuse(const char *path, struct error *error)
{
    struct stat st;

    if (stat(path, &st) < 0)
        return 0; /* reading says why */
    if (!S_ISDIR(st.st_mode) && !S_ISREG(st.st_mode))
        return error_set(error, ERR_FILE_UNREADABLE, "%s is no file but a device or a pipe", path);
    if (S_ISREG(st.st_mode) && st.st_size > FILE_SIZE_MAX)
        return error_set(error, ERR_TOO_BIG, "%s is larger than any flash", path);
    return 0;
}

static void look_at_table(const uint8_t *data, size_t size, struct file_facts *facts)
{
    struct partition_table table;

    if (!partition_table_parse(data, size, &table))
        return;
    facts->table = xmalloc(sizeof table);
    *facts->table = table;
}

static void look_at_raw(const uint8_t *data, size_t size, struct file_facts *facts)
{
    facts->size = size;
    image_describe(data, size, facts->what, sizeof facts->what);
    facts->chip = chip_of(facts->what);
    look_at_table(data, size, facts);
}

/* "Intel HEX, ESP32 bootloader", "UF2, 3 pieces". */
static void describe_pieces(const struct pieces *pieces, struct file_facts *facts)
{
    char what[64];

    image_describe(pieces->rows[0].data, pieces->rows[0].size, what, sizeof what);
    facts->chip = chip_of(what);
    if (pieces->n == 1)
        snprintf(facts->what, sizeof facts->what, "%s, %.48s", file_form_name(pieces->form), what);
    else
        snprintf(facts->what, sizeof facts->what, "%s, %zu pieces", file_form_name(pieces->form),
                 pieces->n);
}

static void look_at_pieces(const struct pieces *pieces, struct file_facts *facts)
{
    if (pieces->n == 0)
        return;
    describe_pieces(pieces, facts);
    for (size_t i = 0; i < pieces->n; i++)
        facts->size += pieces->rows[i].size;
    if (pieces->form == FORM_ELF) /* goes where it is told to */
        return;
    facts->spans = xcalloc(pieces->n, sizeof *facts->spans);
    facts->n_spans = pieces->n;
    for (size_t i = 0; i < pieces->n; i++)
        facts->spans[i] = (struct file_span){pieces->rows[i].address, pieces->rows[i].size};
}

static int look_inside(const char *path, const uint8_t *data, size_t size, const struct chip *chip,
                       struct file_facts *facts, struct error *error)
{
    enum file_form form = file_form(data, size);
    struct pieces pieces = {0};

    if (form == FORM_RAW) {
        look_at_raw(data, size, facts);
        return 0;
    }
    util_copy(facts->what, sizeof facts->what, file_form_name(form));
    facts->needs_chip = file_form_needs_chip(form);
    facts->has_addresses = form != FORM_ELF;
    if (facts->needs_chip && chip == NULL)
        return 0; /* what it comes to turns out with the chip */
    int result = pieces_read(&pieces, path, data, size,
                             facts->has_addresses ? PIECES_OWN_ADDRESS : 0, chip, error);
    look_at_pieces(&pieces, facts);
    pieces_done(&pieces);
    return result;
}

int file_look(const char *path, const struct chip *chip, struct file_facts *facts)
{
    struct error error = {0};
    uint8_t *data = NULL;
    size_t size = 0;

    *facts = (struct file_facts){0};
    if (strstr(path, JOB_PATH_CHIP)) { /* which one it is turns out when a job has found its chip */
        util_copy(facts->what, sizeof facts->what, "one for each chip");
        return 0;
    }
    if (file_refuse(path, &error) == 0 && image_file_read(path, &data, &size, &error) == 0)
        look_inside(path, data, size, chip, facts, &error);
    free(data);
    util_copy(facts->problem, sizeof facts->problem, error.text);
    return error.code;
}

void file_facts_done(struct file_facts *facts)
{
    free(facts->spans);
    free(facts->table);
    *facts = (struct file_facts){0};
}

/* ---- what was looked at already -------------------------------------------------------------- */

struct file_known {
    char *path;
    dev_t device;
    ino_t inode;
    off_t size;
    struct timespec changed;
    const struct chip *chip;
    bool used;
    struct file_facts facts;
};

static struct file_known *known_find(struct file_cache *cache, const char *path)
{
    for (size_t i = 0; i < cache->n; i++) {
        if (strcmp(cache->rows[i]->path, path) == 0)
            return cache->rows[i];
    }
    cache->rows = xrealloc(cache->rows, (cache->n + 1) * sizeof *cache->rows);
    struct file_known *known = cache->rows[cache->n++] = xcalloc(1, sizeof *known);
    known->path = xstrdup(path);
    return known;
}

static bool known_is_fresh(const struct file_known *known, const struct stat *st,
                           const struct chip *chip)
{
    return (known->chip == chip || !known->facts.needs_chip) && known->inode &&
           known->device == st->st_dev && known->inode == st->st_ino &&
           known->size == st->st_size && known->changed.tv_sec == st->st_mtim.tv_sec &&
           known->changed.tv_nsec == st->st_mtim.tv_nsec;
}

const struct file_facts *file_cache_look(struct file_cache *cache, const char *path,
                                         const struct chip *chip)
{
    struct file_known *known = known_find(cache, path);
    struct stat st = {0};

    known->used = true;
    if (stat(path, &st) == 0 && known_is_fresh(known, &st, chip))
        return &known->facts;
    file_facts_done(&known->facts);
    file_look(path, chip, &known->facts);
    known->chip = chip;
    known->device = st.st_dev;
    known->inode = st.st_ino;
    known->size = st.st_size;
    known->changed = st.st_mtim;
    return &known->facts;
}

static void known_free(struct file_known *known)
{
    file_facts_done(&known->facts);
    free(known->path);
    free(known);
}

void file_cache_sweep(struct file_cache *cache)
{
    size_t n = 0;

    for (size_t i = 0; i < cache->n; i++) {
        if (cache->rows[i]->used)
            cache->rows[n++] = cache->rows[i];
        else
            known_free(cache->rows[i]);
    }
    cache->n = n;
    for (size_t i = 0; i < n; i++)
        cache->rows[i]->used = false;
}

void file_cache_done(struct file_cache *cache)
{
    for (size_t i = 0; i < cache->n; i++)
        known_free(cache->rows[i]);
    free(cache->rows);
    *cache = (struct file_cache){0};
}

/* ---- names ----------------------------------------------------------------------------------- */

const char *file_address_guess(char *to, size_t size, const struct file_facts *facts)
{
    const struct chip *chip = chip_get(facts->chip);
    struct job_image place = {.address = JOB_ADDRESS_OWN};

    to[0] = '\0';
    if (facts->has_addresses)
        job_address_format(to, size, &place);
    else if (chip && (strstr(facts->what, "bootloader") || strstr(facts->what, " merged image")))
        snprintf(to, size, "0x%x", (unsigned)chip->bootloader_offset);
    else if (facts->table) /* ESP-IDF's default place */
        snprintf(to, size, "0x%x", JOB_TABLE_ADDRESS);
    else if (strstr(facts->what, " app")) /* the first app partition of ESP-IDF's default tables */
        util_copy(to, size, "0x10000");
    return to;
}

static void directory_mark(char *name, size_t size, const char *directory)
{
    char path[1400];
    struct stat st;
    size_t n = strlen(name);

    snprintf(path, sizeof path, "%s%s", directory, name);
    if (n + 1 < size && stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        strcpy(name + n, "/");
}

/* Keeps what both begin with, without cutting a character in half. */
static void common_part(char *a, const char *b)
{
    size_t n = 0;

    while (a[n] && a[n] == b[n])
        n++;
    while (n > 0 && ((unsigned char)a[n] & 0xc0) == 0x80)
        n--;
    a[n] = '\0';
}

static void list_name(char *names, size_t size, const char *name)
{
    size_t n = strlen(names);

    if (n + 3 < size)
        util_copy(names + n, size - n, n ? "  " : "");
    n = strlen(names);
    if (n + 1 < size)
        util_copy(names + n, size - n, name);
}

/* Hidden names only when they are asked for. */
static bool name_fits(const char *name, const char *start)
{
    return strncmp(name, start, strlen(start)) == 0 && (name[0] != '.' || start[0] == '.') &&
           strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

size_t file_path_complete(char *path, size_t size, char *names, size_t names_size)
{
    char directory[1024], typed[1024], name[260], common[260] = "";
    struct dirent **entries;
    char *start = strrchr(path, '/');
    size_t n = 0, keep;

    names[0] = '\0';
    start = start ? start + 1 : path;
    keep = (size_t)(start - path);
    snprintf(typed, sizeof typed, "%.*s", (int)keep, path);
    file_path_expand(directory, sizeof directory, keep ? typed : "./");
    int found = scandir(directory, &entries, NULL, alphasort);
    for (int i = 0; i < found; i++) {
        if (name_fits(entries[i]->d_name, start)) {
            util_copy(name, sizeof name, entries[i]->d_name);
            directory_mark(name, sizeof name, directory);
            list_name(names, names_size, name);
            if (n++ == 0)
                util_copy(common, sizeof common, name);
            else
                common_part(common, name);
        }
        free(entries[i]);
    }
    if (found >= 0)
        free(entries);
    if (n > 0 && strlen(common) >= strlen(start))
        util_copy(start, size - keep, common);
    return n;
}
