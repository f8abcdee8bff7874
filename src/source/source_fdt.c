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

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

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
                                !fdt_is_off(conf.rows[i].value));
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
