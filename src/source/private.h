/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the readers of sources share. For source/ only. */
#ifndef ESPJIG_SOURCE_PRIVATE_H
#define ESPJIG_SOURCE_PRIVATE_H

#include "base/buffer.h"
#include "base/error.h"
#include "job/job.h"
#include "source/source.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SOURCE_TEXT_MAX = 1 << 20,  /* bytes of a JSON, argument or settings file */
    SOURCE_LOOK_MAX = 64 << 10, /* bytes of its beginning that tell what a file is */
    SOURCE_IMAGES_MAX = 256,
    SOURCE_WORDS_MAX = 2048 /* of an argument file */
};

/* ---- telling what a path is ---- */

struct source_look {
    const char *path;
    bool directory;
    const uint8_t *head; /* the beginning of a file; ends in a 0 that does not count */
    size_t n;
    size_t size; /* of all of it */
};

bool source_has(const char *directory, const char *name);           /* a regular file */
bool source_name_ends(const char *path, const char *end);           /* whatever the case */
int source_head(const char *path, struct buffer *head, size_t max); /* its beginning; 0 or < 0 */

bool source_job_is(const struct source_look *look);
bool source_fdt_is(const struct source_look *look);
bool source_idf_is(const struct source_look *look);
bool source_platformio_is(const struct source_look *look);
bool source_arduino_is(const struct source_look *look);
bool source_web_is(const struct source_look *look);
bool source_args_is(const struct source_look *look);
bool source_image_is(const struct source_look *look);

/* ---- reading ---- */

/* What is being read. */
struct source {
    const char *name;      /* the file or directory, for messages */
    const char *directory; /* what its paths are relative to; "" or ends in '/' */
    const struct source_options *options;
    struct job *job; /* to be filled; thrown away on error */
    size_t first;    /* its images from here on are this source's */
    struct source_notes *notes;
    struct error *error;
};

/* One for each kind. */
int source_job_load(struct source *s);
int source_fdt_load(struct source *s);
int source_idf_load(struct source *s);
int source_platformio_load(struct source *s);
int source_arduino_load(struct source *s);
int source_web_load(struct source *s);
int source_args_load(struct source *s);
int source_image_load(struct source *s);

/* From memory: no file is opened; paths stay as they are written. */
int source_idf_read(struct source *s, const char *text, size_t size);
int source_web_read(struct source *s, const char *text, size_t size);
int source_args_read(struct source *s, const char *text, size_t size);

/* Up to `max` bytes of a regular file, at least one; the error says why not. */
int source_file_read(const char *path, struct buffer *head, size_t max, struct error *error);
/* A small text file whole, ended by a 0 that does not count. */
int source_text_read(const char *path, struct buffer *text, struct error *error);
/* Bytes of the mark that Windows' editors put before UTF-8 (BOM); 0: there is none. */
size_t source_mark_size(const char *text, size_t size);
/* The folder of a path, ending in '/'; "" for none. Caller frees. */
char *source_folder(const char *path);

/* An image as the source writes it. `where` is its place in the source, for messages. Refuses
 * addresses of the network, a doubled flash address and too many images. */
int source_image_add(struct source *s, const char *where, const char *file, uint32_t address,
                     enum encrypt encrypted);
/* Makes the paths of this source's images work from the current directory; they must be regular
 * files. With `root` (a directory; may be NULL) they must lie in it once all links are followed,
 * unless options->allow_outside. */
int source_images_resolve(struct source *s, const char *root);

/* The chip that the source is for; refuses another than options->chip. */
int source_chip_set(struct source *s, const char *where, const struct chip *chip);
/* The chip that an image's header names; NULL: none. */
const struct chip *source_chip_of(const char *path);

/* An option of esptool by its name (without hyphens, `_` as good as `-`) or letters. `value` NULL:
 * there is none. What is not known or can't be done is a note. */
int source_option_set(struct source *s, const char *where, const char *name, const char *value);

/* JSON with limits on size and depth; the error names the line. */
json_t *source_json_parse(struct source *s, const char *text, size_t size);
/* The value if it is of this type; else an error (what is expected, what was found) or, where it
 * is missing and `must` is false, NULL without one. `where` is its path: "builds/0/parts". */
json_t *source_json_get(struct source *s, json_t *value, json_type type, bool must,
                        const char *where);

/* The files of a build whose places are known by their names. NULL: there is none. */
struct source_parts {
    char *bootloader, *table, *app, *boot_app0, *files;
    uint32_t app_address; /* 0: the usual one */
};
int source_parts_add(struct source *s, const struct source_parts *parts);
void source_parts_done(struct source_parts *parts);
/* boot_app0.bin of an installed Arduino core, or NULL. Caller frees. */
char *source_boot_app0_find(void);

#endif
