/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * espjig-sample DIR: writes the sample images of every chip at build time, DIR/esp32c3/app.bin and
 * so on. Runs on the machine that builds.
 */
#include "base/buffer.h"
#include "base/error.h"
#include "base/util.h"
#include "chip/chip.h"
#include "image/sample.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
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

static int chip_write(const char *dir, const struct chip *chip)
{
    struct buffer bytes = {0};
    char path[4096];
    int rc = 0;

    snprintf(path, sizeof path, "%s/%s", dir, chip->key);
    if (mkdir(path, 0777) != 0 && errno != EEXIST) {
        fprintf(stderr, "espjig-sample: %s can't be made\n", path);
        return -1;
    }
    for (size_t i = 0; i < ARRAY_LEN(kinds) && rc == 0; i++) {
        snprintf(path, sizeof path, "%s/%s/%s", dir, chip->key, kinds[i].name);
        buffer_clear(&bytes);
        kinds[i].make(chip, &bytes);
        rc = file_write(path, &bytes);
    }
    buffer_done(&bytes);
    return rc;
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: espjig-sample DIR\n");
        return 2;
    }
    for (int id = CHIP_AUTO + 1; id < CHIP_COUNT; id++) {
        if (chip_write(argv[1], chip_get((enum chip_id)id)) != 0)
            return 2;
    }
    return 0;
}
