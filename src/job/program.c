/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The file of load-ram: an image whose segments all lie in RAM. */
#include "base/util.h"
#include "job/internal.h"

#include <stdlib.h>

static int check_chip(const struct op *op, const struct chip *chip, const struct esp_image *image,
                      struct error *error)
{
    bool extended = image->form == ESP_IMAGE_EXTENDED;
    const struct chip *made_for =
        extended ? chip_by_image_id((int)image->chip_id) : chip_get(CHIP_ESP8266);

    if (made_for == chip)
        return 0;
    if (made_for)
        return error_set(error, ERR_WRONG_CHIP, "%s is an image for %s, the chip is %s", op->path,
                         made_for->name, chip->name);
    return error_set(error, ERR_WRONG_CHIP,
                     "%s is an image for a chip with the id %u, the chip is %s", op->path,
                     image->chip_id, chip->name);
}

static int check_segments(const struct op *op, const struct chip *chip,
                          const struct esp_image *image, struct error *error)
{
    for (unsigned i = 0; i < image->n_segments; i++) {
        const struct esp_image_segment *segment = &image->segments[i];
        if (!loader_ram_holds(chip, segment->address, segment->size))
            return error_set(error, ERR_FILE_FORMAT,
                             "%s: segment %u of 0x%x bytes at 0x%08x is not in the RAM of %s: only "
                             "a program that is linked for RAM can be loaded there",
                             op->path, i, segment->size, segment->address, chip->name);
    }
    if (!loader_ram_holds(chip, image->entry, 1))
        return error_set(error, ERR_FILE_FORMAT,
                         "%s: its entry point 0x%08x is not in the RAM of %s", op->path,
                         image->entry, chip->name);
    return 0;
}

int op_program_load(const struct op *op, const struct chip *chip, uint8_t **data,
                    struct esp_image *image, struct error *error)
{
    size_t size;
    int result;

    *data = NULL;
    result = image_file_read(op->path, data, &size, error);
    if (result != 0)
        return result;
    result = esp_image_parse(*data, size, image, error);
    if (result == 0)
        result = esp_image_verify(*data, image, error);
    if (result != 0)
        error_context(error, "%s", op->path);
    if (result == 0 && chip)
        result = check_chip(op, chip, image, error);
    if (result == 0 && chip)
        result = check_segments(op, chip, image, error);
    if (result != 0) {
        free(*data);
        *data = NULL;
    }
    return result;
}
