/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The files that a source is, and the files that it names. */
#include "base/util.h"
#include "image/esp_image.h"
#include "image/image.h"
#include "source/private.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- what there is ---- */

bool source_has(const char *directory, const char *name)
{
    struct buffer path = {0};
    struct stat st;

    buffer_printf(&path, "%s/%s", directory, name);
    bool is = stat((const char *)path.data, &st) == 0 && S_ISREG(st.st_mode);
    buffer_done(&path);
    return is;
}

bool source_name_ends(const char *path, const char *end)
{
    size_t n = strlen(path), m = strlen(end);

    return n >= m && strcasecmp(path + n - m, end) == 0;
}

/* Up to `max` bytes of a regular file. 0 or -errno. */
static int head_read(const char *path, struct buffer *head, size_t max)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat st;
    ssize_t got = 1;

    if (fd < 0)
        return -errno;
    int result = fstat(fd, &st) != 0   ? -errno
                 : S_ISDIR(st.st_mode) ? -EISDIR
                 : S_ISREG(st.st_mode) ? 0
                                       : -EINVAL;
    while (result == 0 && got > 0 && head->len < max) {
        size_t room = max - head->len < 65536 ? max - head->len : 65536;
        got = read(fd, buffer_reserve(head, room), room);
        if (got > 0)
            head->len += (size_t)got;
        else if (got < 0 && errno != EINTR)
            result = -errno;
        else if (got < 0)
            got = 1;
    }
    close(fd);
    return result;
}

int source_head(const char *path, struct buffer *head, size_t max)
{
    return head_read(path, head, max);
}

int source_file_read(const char *path, struct buffer *head, size_t max, struct error *error)
{
    int result = head_read(path, head, max);

    if (result == -EINVAL)
        return error_set(error, ERR_FILE_UNREADABLE, "can't read %s: it is no regular file", path);
    if (result != 0)
        return error_set(error, ERR_FILE_UNREADABLE, "can't read %s: %s", path, strerror(-result));
    if (head->len == 0)
        return error_set(error, ERR_FILE_EMPTY, "%s is empty", path);
    return 0;
}

int source_text_read(const char *path, struct buffer *text, struct error *error)
{
    int result = source_file_read(path, text, (size_t)SOURCE_TEXT_MAX + 1, error);

    if (result != 0)
        return result;
    if (text->len > SOURCE_TEXT_MAX)
        return error_set(error, ERR_FILE_FORMAT,
                         "%s has more than %d bytes, too many for such a file", path,
                         SOURCE_TEXT_MAX);
    buffer_append_byte(text, 0);
    text->len--;
    return 0;
}

size_t source_mark_size(const char *text, size_t size)
{
    return size >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
}

char *source_folder(const char *path)
{
    char *folder = xstrdup(path);
    char *slash = strrchr(folder, '/');

    if (slash)
        slash[1] = '\0';
    else
        folder[0] = '\0';
    return folder;
}

const struct chip *source_chip_of(const char *path)
{
    struct buffer head = {0};
    const struct chip *chip = NULL;
    unsigned chip_id = 0;

    if (head_read(path, &head, 4096) == 0) {
        enum esp_image_form form = esp_image_recognise(head.data, head.len, &chip_id);
        if (form == ESP_IMAGE_EXTENDED)
            chip = chip_by_image_id((int)chip_id);
        else if (form != ESP_IMAGE_NONE)
            chip = chip_get(CHIP_ESP8266);
    }
    buffer_done(&head);
    return chip;
}

const struct chip *source_chip_told(const struct job *job, size_t first)
{
    const struct chip *told = NULL;

    for (size_t i = first; i < job->n_images; i++) {
        const struct chip *chip = source_chip_of(job->images[i].path);
        if (chip && told && chip != told)
            return NULL;
        told = chip ? chip : told;
    }
    return told;
}

int source_chip_set(struct source *s, const char *where, const struct chip *chip)
{
    const struct chip *asked = chip_get(s->options->chip);

    if (chip == NULL)
        return 0;
    if (asked && asked != chip)
        return error_set(s->error, ERR_USAGE,
                         "%s: %s is for the %s, not for the %s that was chosen", s->name, where,
                         chip->name, asked->name);
    s->job->chip = chip->id;
    return 0;
}

/* ---- what it names ---- */

/* "https://...", "//host/...", "data:...", "file:...". */
static bool is_url(const char *file)
{
    static const char *const schemes[] = {"//", "data:", "file:", "blob:"};
    size_t letters =
        strspn(file, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-.");

    for (size_t i = 0; i < ARRAY_LEN(schemes); i++) {
        if (strncasecmp(file, schemes[i], strlen(schemes[i])) == 0)
            return true;
    }
    return letters > 0 && strncmp(file + letters, "://", 3) == 0;
}

int source_image_add(struct source *s, const char *where, const char *file, uint32_t address,
                     enum encrypt encrypted)
{
    struct job *job = s->job;

    if (file[0] == '\0')
        return error_set(s->error, ERR_FILE_FORMAT, "%s: %s: the name of the file is empty",
                         s->name, where);
    if (is_url(file))
        return error_set(s->error, ERR_FILE_FORMAT,
                         "%s: %s: %.200s is an address on the network: download the file and name "
                         "it there",
                         s->name, where, file);
    if (strlen(file) >= PATH_MAX)
        return error_set(s->error, ERR_FILE_FORMAT, "%s: %s: the name of the file has %zu bytes",
                         s->name, where, strlen(file));
    /* It would be replaced later, and what was checked here would be another file. */
    if (strstr(file, JOB_PATH_CHIP))
        return error_set(s->error, ERR_FILE_FORMAT,
                         "%s: %s: %.200s can't be a name: it has %s in it", s->name, where, file,
                         JOB_PATH_CHIP);
    if (job->n_images - s->first == SOURCE_IMAGES_MAX)
        return error_set(s->error, ERR_FILE_FORMAT, "%s names more than %d files", s->name,
                         SOURCE_IMAGES_MAX);
    for (size_t i = s->first; i < job->n_images; i++) {
        if (job->images[i].address == address && address < JOB_ADDRESS_OWN)
            return error_set(s->error, ERR_FILE_FORMAT,
                             "%s: %s: 0x%x is the address of %.200s and of %.200s", s->name, where,
                             address, job->images[i].path, file);
    }
    job_add_image(job, file, address);
    job->images[job->n_images - 1].encrypted = encrypted;
    return 0;
}

static bool is_inside(const char *root, const char *real)
{
    size_t n = strlen(root);

    while (n > 1 && root[n - 1] == '/')
        n--;
    return strncmp(root, real, n) == 0 && (real[n] == '/' || (n == 1 && root[0] == '/'));
}

static int resolve_one(struct source *s, const char *root, struct job_image *image)
{
    char real[PATH_MAX];
    struct buffer path = {0};
    struct stat st;
    int result = 0;

    buffer_printf(&path, "%s%s", image->path[0] == '/' ? "" : s->directory, image->path);
    const char *joined = (const char *)path.data;
    if (realpath(joined, real) == NULL || stat(real, &st) != 0)
        result = error_set(s->error, ERR_FILE_UNREADABLE, "%s names %s: %s", s->name, joined,
                           strerror(errno));
    else if (root && !s->options->allow_outside && !is_inside(root, real))
        result = error_set(s->error, ERR_USAGE,
                           "%s names %s, which lies outside of %s (--allow-outside takes it)",
                           s->name, joined, root);
    else if (!S_ISREG(st.st_mode))
        result = error_set(s->error, ERR_FILE_UNREADABLE, "%s names %s: it is no regular file",
                           s->name, joined);
    else {
        free(image->path);
        image->path = xstrdup(joined);
    }
    buffer_done(&path);
    return result;
}

int source_images_resolve(struct source *s, const char *root)
{
    char real[PATH_MAX];
    int result = 0;

    if (root && realpath(root[0] ? root : ".", real) == NULL)
        return error_set(s->error, ERR_FILE_UNREADABLE, "can't read %s: %s", root, strerror(errno));
    for (size_t i = s->first; result == 0 && i < s->job->n_images; i++)
        result = resolve_one(s, root ? real : NULL, &s->job->images[i]);
    return result;
}
