/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The settings of the bench that have a list of values to choose from. */
#ifndef ESPJIG_UI_CHOICE_H
#define ESPJIG_UI_CHOICE_H

#include "job/job.h"

#include <stddef.h>

enum setting {
    SETTING_CHIP,
    SETTING_BAUD,
    SETTING_MODE,
    SETTING_SPEED,
    SETTING_SIZE,
    SETTING_COUNT
};

struct choice {
    enum setting setting;
    char values[24][16];
    size_t n;
    size_t at; /* the one that is marked */
};

const char *setting_name(enum setting setting); /* "chip" */

/* The present value, as people read it: "auto", "460800", "40m". Returns `to`. */
const char *setting_value(char *to, size_t size, const struct job *job, enum setting setting);

/* All values that this job's chip allows, with the present one marked. */
void choice_open(struct choice *choice, const struct job *job, enum setting setting);
void choice_move(struct choice *choice, int by); /* around the ends */

/* Puts the marked value into the job. A new chip that lacks the job's speed or size sets them back
 * to what the file and the chip say. */
void choice_apply(const struct choice *choice, struct job *job);

#endif
