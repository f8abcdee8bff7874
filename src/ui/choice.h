/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What has a list of values to choose from: the settings of the bench, and questions. */
#ifndef ESPJIG_UI_CHOICE_H
#define ESPJIG_UI_CHOICE_H

#include "job/job.h"

#include <stdbool.h>
#include <stddef.h>

enum setting {
    SETTING_CHIP,
    SETTING_BAUD,
    SETTING_MODE,
    SETTING_SPEED,
    SETTING_SIZE,
    SETTING_COUNT,
    SETTING_NONE = SETTING_COUNT /* the choice is a question */
};

struct choice {
    enum setting setting;
    char title[160];
    char values[24][24]; /* as the setting has them, or the answers */
    char labels[24][32]; /* what is shown */
    size_t n;
    size_t at; /* the one that is marked */
};

const char *setting_name(enum setting setting); /* "chip" */

/* The present value as jobs have it: "auto", "460800", "40m". Returns `to`. */
const char *setting_value(char *to, size_t size, const struct job *job, enum setting setting);
/* Any value in the words of both tools: "DIO", "40 MHz/40m", "ESP32-C3", "as in file". */
const char *setting_label(char *to, size_t size, enum setting setting, const char *value);

/* All values that this job's chip allows, with the present one marked. */
void choice_open(struct choice *choice, const struct job *job, enum setting setting);
/* A question; its answers follow, the first is marked. */
void choice_ask(struct choice *choice, const char *question);
void choice_add(struct choice *choice, const char *value, const char *label);
void choice_move(struct choice *choice, int by); /* around the ends */
const char *choice_answer(const struct choice *choice);

/* Puts the marked value into the job. A new chip that lacks the job's mode, speed or size sets
 * them back to what the file and the chip say. */
void choice_apply(const struct choice *choice, struct job *job);

/* Whether anything in the bootloader's header is to be changed: what the Flash Download Tool's
 * DoNotChgBin switches off. */
bool header_is_changed(const struct job *job);

#endif
