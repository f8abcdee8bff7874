/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a chip prints when it starts, and what is made of it for each chip and error: always a hint,
 * and never one that breaks off. */
#include "base/buffer.h"
#include "hint/hint.h"
#include "hint/straps.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void chip_try(const char *log, const struct chip *chip)
{
    struct boot_line line = boot_line_find(log);
    const struct straps *straps = straps_of(chip);
    char text[256];

    reset_cause_name(chip, line.reset_cause);
    if (straps) {
        straps_format(straps, line.boot_mode, text, sizeof text);
        straps_wrong(straps, line.boot_mode);
    }
}

static void hint_try(const char *log, const struct chip *chip, enum err code)
{
    struct error error = {0};
    struct hint hint;

    error_set(&error, code, "%.200s", log);
    const struct evidence evidence = {
        .error = &error, .boot_log = log, .chip = chip, .has_lines = true, .baud = 115200};
    if (!hint_find(&evidence, &hint) || hint.id[0] == '\0' || hint.cause[0] == '\0')
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buffer text = {0};

    if (size == 0)
        return 0;
    const struct chip *chip = chip_get((enum chip_id)(data[0] % CHIP_COUNT));
    buffer_append(&text, data + 1, size - 1);
    buffer_append_byte(&text, '\0');
    const char *log = (const char *)text.data;
    if (chip)
        chip_try(log, chip);
    boot_log_chip(log);
    for (int code = ERR_INTERNAL; code >= ERR_LAST; code--)
        hint_try(log, chip, (enum err)code);
    buffer_done(&text);
    return 0;
}
