/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * espjig-sample FILE...: writes sample images at build time. Chip and kind are told by the end of
 * the path: .../esp32c3/app.bin. Runs on the machine that builds.
 */
#include "base/buffer.h"
#include "base/error.h"
#include "base/util.h"
#include "chip/chip.h"
#include "image/sample.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define APP_SIZE (600 * 1024) /* long enough to watch, short enough to wait for */

static void app(const struct chip *chip, struct buffer *out)
{
    sample_app(chip, APP_SIZE, out);
}

static const struct {
    const char *name;
    void (*make)(const struct chip *chip, struct buffer *out);
} kinds[] = {
    {"bootloader.bin", sample_bootloader},
    {"partition-table.bin", sample_partition_table},
    {"app.bin", app},
};

/* Last directory of a path, without its slashes. */
static void chip_name_read(const char *path, char *name, size_t size)
{
    char folder[4096];
    size_t n = (size_t)(util_basename(path) - path);

    snprintf(folder, sizeof folder, "%.*s", n > 0 ? (int)n - 1 : 0, path);
    util_copy(name, size, util_basename(folder));
}

static bool sample_make(const char *path, struct buffer *out)
{
    char name[32];

    chip_name_read(path, name, sizeof name);
    const struct chip *chip = chip_by_name(name);
    for (size_t i = 0; chip && i < ARRAY_LEN(kinds); i++) {
        if (strcmp(kinds[i].name, util_basename(path)) == 0)
            kinds[i].make(chip, out);
    }
    return out->len > 0;
}

static int file_write(const char *path, const struct buffer *bytes)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    int rc = -1;

    if (fd >= 0) {
        rc = util_write_all(fd, bytes->data, bytes->len);
        if (close(fd) != 0 || rc != 0) {
            unlink(path);
            rc = -1;
        }
    }
    if (rc != 0)
        fprintf(stderr, "espjig-sample: %s can't be written\n", path);
    return rc;
}

int main(int argc, char **argv)
{
    struct buffer bytes = {0};
    int status = 0;

    for (int i = 1; i < argc && status == 0; i++) {
        buffer_clear(&bytes);
        if (!sample_make(argv[i], &bytes)) {
            fprintf(stderr, "espjig-sample: %s: no such sample; it must end in CHIP/FILE\n",
                    argv[i]);
            status = 2;
        } else if (file_write(argv[i], &bytes) != 0) {
            status = 2;
        }
    }
    buffer_done(&bytes);
    return status;
}
