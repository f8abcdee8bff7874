/* SPDX-License-Identifier: GPL-3.0-or-later */
/* write-flash --dry-run: what would be written, without a port. */
#include "base/util.h"
#include "cli/images.h"
#include "cli/text.h"
#include "image/image.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct row {
    char place[24], what[64], size_text[16];
    size_t size;
};

static int row_make(const struct cli *cli, const struct job_image *image, struct row *row,
                    struct error *error)
{
    const struct chip *chip = chip_get(cli->job.chip);
    struct job_image at = *image;
    uint8_t *data = NULL;

    if (chip && at.address == JOB_ADDRESS_BOOTLOADER)
        at.address = chip->bootloader_offset;
    job_address_format(row->place, sizeof row->place, &at);
    row->size = 0;
    util_copy(row->what, sizeof row->what, "for the chip that is found");
    row->size_text[0] = '\0';
    if (strstr(image->path, JOB_PATH_CHIP))
        return 0;
    if (image_file_read(image->path, &data, &row->size, error) != 0)
        return error->code;
    image_describe(data, row->size, row->what, sizeof row->what);
    util_size_format(row->size_text, sizeof row->size_text, row->size);
    free(data);
    return 0;
}

static void row_say(struct cli *cli, const struct job_image *image, const struct row *row)
{
    struct event event;

    if (!cli->json) {
        printf("%-10s  %8s  %s  %s%s\n", row->place, row->size_text, image->path, row->what,
               image->encrypted ? ", to be encrypted" : "");
        return;
    }
    event_init(&event, EVENT_RESULT);
    util_copy(event.result.op, sizeof event.result.op, "dry-run");
    event.result.ok = true;
    event_result_add(&event, "file", "%s", image->path);
    event_result_add(&event, "address", "%s", row->place);
    event_result_add(&event, "size", "%zu", row->size);
    event_result_add(&event, "what", "%s", row->what);
    event_result_add(&event, "encrypted", "%s", image->encrypted ? "yes" : "no");
    json_put(cli, &event);
}

/* What a source or an option has said; what is left to be found is not shown. */
static void settings_say(struct cli *cli)
{
    const struct job *job = &cli->job;
    const struct chip *chip = chip_get(job->chip);
    const char *mode =
        job->flash_mode == FLASH_MODE_KEEP ? "keep" : flash_mode_name(job->flash_mode);
    struct event event;

    if (!cli->json) {
        printf("chip %s, flash mode %s, frequency %s, size %s%s\n",
               chip ? chip->name : "not chosen", mode, job->flash_freq, job->flash_size,
               job->erase_all ? ", the whole flash is erased first" : "");
        return;
    }
    event_init(&event, EVENT_HELLO);
    event_hello_describe(&event);
    json_put(cli, &event);
    event_init(&event, EVENT_RESULT);
    util_copy(event.result.op, sizeof event.result.op, "dry-run");
    event.result.ok = true;
    event_result_add(&event, "chip", "%s", chip ? chip->key : "auto");
    event_result_add(&event, "flash_mode", "%s", mode);
    event_result_add(&event, "flash_freq", "%s", job->flash_freq);
    event_result_add(&event, "flash_size", "%s", job->flash_size);
    event_result_add(&event, "erase_all", "%s", job->erase_all ? "yes" : "no");
    json_put(cli, &event);
}

int images_show(struct cli *cli, struct error *error)
{
    settings_say(cli);
    for (size_t i = 0; i < cli->job.n_images; i++) {
        const struct job_image *image = &cli->job.images[i];
        struct row row;
        if (!image->enabled)
            continue;
        if (row_make(cli, image, &row, error) != 0)
            return error->code;
        row_say(cli, image, &row);
    }
    return 0;
}
