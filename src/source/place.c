/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "source/place.h"

#include "image/image.h"
#include "image/partition.h"

#include <stdlib.h>

static bool table_of(const struct job *job, struct partition_table *table)
{
    bool found = false;

    for (size_t i = 0; i < job->n_images && !found; i++) {
        uint8_t *data = NULL;
        size_t size = 0;
        if (job->images[i].address != job->table_address ||
            image_file_read(job->images[i].path, &data, &size, NULL) != 0)
            continue;
        found = partition_table_parse(data, size, table);
        free(data);
    }
    return found;
}

bool place_find(const struct job *job, const struct job_image *image, struct source_notes *notes,
                uint32_t *address)
{
    const struct chip *chip = chip_get(job->chip);
    const struct partition *row = NULL;
    struct partition_table table;
    char word[32];

    if (image->address < JOB_ADDRESS_OWN) {
        *address = image->address;
        return true;
    }
    if (image->address == JOB_ADDRESS_BOOTLOADER && chip) {
        *address = chip->bootloader_offset;
        return true;
    }
    if (image->address == JOB_ADDRESS_PARTITION && table_of(job, &table))
        row = partition_find(&table, image->partition);
    if (row)
        *address = row->offset;
    else
        source_note(notes, true, "%s is left out: its address, \"%s\", is no number%s", image->path,
                    job_address_format(word, sizeof word, image),
                    image->address == JOB_ADDRESS_BOOTLOADER ? ", and the job names no chip" : "");
    return row != NULL;
}
