/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where an image goes, as people write it. */
#include "job/job.h"

#include "base/util.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *word;
    uint32_t address;
} words[] = {
    {"bootloader", JOB_ADDRESS_BOOTLOADER},
    {"own", JOB_ADDRESS_OWN},
};

const char *job_address_format(char *to, size_t size, const struct job_image *image)
{
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (words[i].address == image->address) {
            util_copy(to, size, words[i].word);
            return to;
        }
    }
    if (image->address == JOB_ADDRESS_PARTITION)
        util_copy(to, size, image->partition);
    else
        snprintf(to, size, "0x%x", image->address);
    return to;
}

/* A label of a partition table. What begins with a digit is a number with a fault in it, and what
 * has a dot or a slash is a file. */
static bool is_label(const char *text)
{
    size_t n = strlen(text);

    if (n == 0 || n > 16 || !(isalpha((unsigned char)text[0]) || text[0] == '_'))
        return false;
    for (; *text; text++) {
        if (!isgraph((unsigned char)*text) || strchr("./\\,=\"'", *text))
            return false;
    }
    return true;
}

bool job_address_parse(const char *text, struct job_image *image)
{
    uint64_t v;

    image->partition[0] = '\0';
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (strcmp(words[i].word, text) == 0) {
            image->address = words[i].address;
            return true;
        }
    }
    if (util_number_parse(text, true, JOB_ADDRESS_OWN - 1, &v)) {
        image->address = (uint32_t)v;
        return true;
    }
    if (!is_label(text))
        return false;
    image->address = JOB_ADDRESS_PARTITION;
    util_copy(image->partition, sizeof image->partition, text);
    return true;
}
