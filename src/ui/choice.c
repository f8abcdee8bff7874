/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/choice.h"

#include "base/util.h"

#include <stdio.h>
#include <string.h>

static const char *const names[SETTING_COUNT] = {
    [SETTING_CHIP] = "chip",   [SETTING_BAUD] = "baud", [SETTING_MODE] = "mode",
    [SETTING_SPEED] = "speed", [SETTING_SIZE] = "size",
};

const char *setting_name(enum setting setting)
{
    return names[setting];
}

static const char *chip_key(enum chip_id id)
{
    const struct chip *chip = chip_get(id);

    return chip ? chip->key : "auto";
}

const char *setting_value(char *to, size_t size, const struct job *job, enum setting setting)
{
    switch (setting) {
    case SETTING_CHIP:
        util_copy(to, size, chip_key(job->chip));
        break;
    case SETTING_BAUD:
        if (job->baud == JOB_BAUD_AUTO)
            util_copy(to, size, "auto");
        else
            snprintf(to, size, "%u", job->baud);
        break;
    case SETTING_MODE:
        util_copy(to, size,
                  job->flash_mode == FLASH_MODE_KEEP ? "keep" : flash_mode_name(job->flash_mode));
        break;
    case SETTING_SPEED:
        util_copy(to, size, job->flash_freq);
        break;
    case SETTING_SIZE:
        util_copy(to, size, job->flash_size);
        break;
    case SETTING_COUNT:
        to[0] = '\0';
        break;
    }
    return to;
}

/* The Flash Download Tool's word and esptool's, where both have one. */
static const char *speed_label(char *to, size_t size, const char *value)
{
    const char *label = chip_freq_label(value);

    if (strcmp(label, value) == 0)
        util_copy(to, size, value);
    else
        snprintf(to, size, "%s/%s", label, value);
    return to;
}

const char *setting_label(char *to, size_t size, enum setting setting, const char *value)
{
    const struct chip *chip = setting == SETTING_CHIP ? chip_by_name(value) : NULL;
    enum flash_mode mode;

    if (setting != SETTING_BAUD && strcmp(value, "keep") == 0)
        util_copy(to, size, "as in file");
    else if (setting == SETTING_CHIP)
        util_copy(to, size, chip ? chip->name : "any");
    else if (setting == SETTING_MODE && flash_mode_parse(value, &mode))
        util_copy(to, size, flash_mode_label(mode));
    else if (setting == SETTING_SPEED)
        speed_label(to, size, value);
    else if (setting == SETTING_SIZE && strcmp(value, "detect") == 0)
        util_copy(to, size, "detected");
    else
        util_copy(to, size, value);
    return to;
}

void choice_ask(struct choice *choice, const char *question)
{
    *choice = (struct choice){.setting = SETTING_NONE};
    util_copy(choice->title, sizeof choice->title, question);
}

void choice_add(struct choice *choice, const char *value, const char *label)
{
    for (size_t i = 0; i < choice->n; i++) {
        if (strcmp(choice->values[i], value) == 0)
            return;
    }
    if (choice->n == ARRAY_LEN(choice->values) || value[0] == '\0')
        return;
    util_copy(choice->labels[choice->n], sizeof choice->labels[0], label);
    util_copy(choice->values[choice->n++], sizeof choice->values[0], value);
}

const char *choice_answer(const struct choice *choice)
{
    return choice->n ? choice->values[choice->at] : "";
}

static void add(struct choice *choice, const char *value)
{
    char label[32];

    choice_add(choice, value, setting_label(label, sizeof label, choice->setting, value));
}

/* One chip's nibbles, or those of every chip while the chip is not chosen. */
static void add_nibbles(struct choice *choice, enum chip_id only, bool sizes)
{
    for (int id = CHIP_AUTO + 1; id < CHIP_COUNT; id++) {
        const struct chip *chip = chip_get((enum chip_id)id);
        if (chip == NULL || (only != CHIP_AUTO && only != (enum chip_id)id))
            continue;
        const struct chip_nibble *nibble = sizes ? chip->sizes : chip->freqs;
        for (; nibble && nibble->name; nibble++)
            add(choice, nibble->name);
    }
}

static void add_values(struct choice *choice, const struct job *job)
{
    static const char *const bauds[] = {"auto",   "115200",  "230400",  "460800",
                                        "921600", "1500000", "2000000", "3000000"};
    const struct chip *only = chip_get(job->chip);

    switch (choice->setting) {
    case SETTING_CHIP:
        add(choice, "auto");
        for (int id = CHIP_AUTO + 1; id < CHIP_COUNT; id++) {
            const struct chip *chip = chip_get((enum chip_id)id);
            if (chip)
                add(choice, chip->key);
        }
        break;
    case SETTING_BAUD:
        for (size_t i = 0; i < ARRAY_LEN(bauds); i++)
            add(choice, bauds[i]);
        break;
    case SETTING_MODE:
        add(choice, "keep");
        for (int mode = FLASH_QIO; mode <= FLASH_FASTRD; mode++) {
            if (only == NULL || chip_has_mode(only, (enum flash_mode)mode))
                add(choice, flash_mode_name((enum flash_mode)mode));
        }
        break;
    case SETTING_SPEED:
        add(choice, "keep");
        add_nibbles(choice, job->chip, false);
        break;
    case SETTING_SIZE:
        add(choice, "detect");
        add(choice, "keep");
        add_nibbles(choice, job->chip, true);
        break;
    case SETTING_COUNT:
        break;
    }
}

void choice_open(struct choice *choice, const struct job *job, enum setting setting)
{
    char now[16];

    *choice = (struct choice){.setting = setting};
    util_copy(choice->title, sizeof choice->title, setting_name(setting));
    add_values(choice, job);
    add(choice, setting_value(now, sizeof now, job, setting)); /* one that no list has */
    while (choice->at + 1 < choice->n && strcmp(choice->values[choice->at], now) != 0)
        choice->at++;
}

void choice_move(struct choice *choice, int by)
{
    if (choice->n)
        choice->at = (choice->at + choice->n + (size_t)(by + (int)choice->n)) % choice->n;
}

static void reset_what_the_chip_lacks(struct job *job)
{
    const struct chip *chip = chip_get(job->chip);
    uint8_t nibble;

    if (chip == NULL)
        return;
    if (job->flash_mode != FLASH_MODE_KEEP && !chip_has_mode(chip, job->flash_mode))
        job->flash_mode = FLASH_MODE_KEEP;
    if (strcmp(job->flash_freq, "keep") != 0 && !chip_freq_parse(chip, job->flash_freq, &nibble))
        util_copy(job->flash_freq, sizeof job->flash_freq, "keep");
    if (strcmp(job->flash_size, "keep") != 0 && strcmp(job->flash_size, "detect") != 0 &&
        !chip_size_parse(chip, job->flash_size, &nibble))
        util_copy(job->flash_size, sizeof job->flash_size, "keep");
}

void choice_apply(const struct choice *choice, struct job *job)
{
    const char *value = choice_answer(choice);
    const struct chip *chip;
    uint64_t number;

    switch (choice->setting) {
    case SETTING_CHIP:
        chip = chip_by_name(value);
        job->chip = chip ? chip->id : CHIP_AUTO;
        reset_what_the_chip_lacks(job);
        break;
    case SETTING_BAUD:
        job->baud =
            util_number_parse(value, false, UINT32_MAX, &number) ? (unsigned)number : JOB_BAUD_AUTO;
        break;
    case SETTING_MODE:
        if (!flash_mode_parse(value, &job->flash_mode))
            job->flash_mode = FLASH_MODE_KEEP;
        break;
    case SETTING_SPEED:
        util_copy(job->flash_freq, sizeof job->flash_freq, value);
        break;
    case SETTING_SIZE:
        util_copy(job->flash_size, sizeof job->flash_size, value);
        break;
    case SETTING_COUNT:
        break;
    }
}

bool header_is_changed(const struct job *job)
{
    return job->flash_mode != FLASH_MODE_KEEP || strcmp(job->flash_freq, "keep") != 0 ||
           strcmp(job->flash_size, "keep") != 0;
}
