/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "link/reset.h"

#include "base/util.h"
#include "link/private.h"

#include <string.h>

const char reset_classic[] = "D0|R1|W0.1|D1|R0|W0.05|D0";
const char reset_classic_long[] = "D0|R1|W0.1|D1|R0|W0.55|D0";
const char reset_tight[] = "U0,0|U1,1|U0,1|W0.1|U1,0|W0.05|U0,0|D0";
const char reset_tight_long[] = "U0,0|U1,1|U0,1|W0.1|U1,0|W0.55|U0,0|D0";
const char reset_usb_jtag[] = "R0|D0|W0.1|D1|R0|W0.1|R1|D0|R1|W0.1|D0|R0";
const char reset_hard[] = "R1|W0.1|R0";
const char reset_hard_usb[] = "R1|W0.2|R0|W0.2";

enum { WAIT_MAX_S = 60 };

struct step {
    char what; /* D R U W */
    bool dtr, rts;
    int ms;
};

/* Adapters with hardware flow control that can't be turned off (CP2102C): while DTR is released
 * they drive RTS by themselves as bytes arrive, and reset the chip. So for them DTR stays asserted
 * at the end (esptool reset.py, flow_control). */
static const struct {
    const char *usual, *flow_control;
} variants[] = {
    {reset_classic, "D0|R1|W0.1|D1|R0|W0.05"},
    {reset_classic_long, "D0|R1|W0.1|D1|R0|W0.55"},
    {reset_tight, "U0,0|U1,1|U0,1|W0.1|U1,0|W0.05"},
    {reset_tight_long, "U0,0|U1,1|U0,1|W0.1|U1,0|W0.55"},
    {reset_hard, "D0|R1|W0.1|D1|W0.1|R0"},
};

static const char *variant_of(const struct link *link, const char *sequence)
{
    if (link->port.vid != 0x10C4 || link->port.pid != 0xEA64)
        return sequence;
    for (size_t i = 0; i < ARRAY_LEN(variants); i++) {
        if (strcmp(sequence, variants[i].usual) == 0)
            return variants[i].flow_control;
    }
    return sequence;
}

static bool bit_parse(char c, bool *bit)
{
    *bit = c == '1';
    return c == '0' || c == '1';
}

static bool wait_parse(const char *text, struct step *step)
{
    double seconds;

    if (!link_decimal_parse(text, WAIT_MAX_S, &seconds))
        return false;
    step->ms = (int)(seconds * 1000 + 0.5);
    return true;
}

static bool step_parse(const char *text, struct step *step)
{
    *step = (struct step){.what = text[0]};
    switch (text[0]) {
    case 'D':
        return bit_parse(text[1], &step->dtr) && text[2] == '\0';
    case 'R':
        return bit_parse(text[1], &step->rts) && text[2] == '\0';
    case 'U':
        return bit_parse(text[1], &step->dtr) && text[2] == ',' && bit_parse(text[3], &step->rts) &&
               text[4] == '\0';
    case 'W':
        return wait_parse(text + 1, step);
    default:
        return false;
    }
}

/* Cuts the next step out of *rest, which is NULL after the last one. False: it makes no sense;
 * `text` then has what there is of it. */
static bool step_next(const char **rest, struct step *step, char *text, size_t size)
{
    size_t n = strcspn(*rest, "|");
    size_t kept = n < size ? n : size - 1;

    memcpy(text, *rest, kept);
    text[kept] = '\0';
    *rest = (*rest)[n] ? *rest + n + 1 : NULL;
    return n < size && step_parse(text, step);
}

int reset_check(const char *sequence, struct error *error)
{
    struct step step;
    char text[24];
    int number = 1;

    for (const char *rest = sequence; rest; number++) {
        if (!step_next(&rest, &step, text, sizeof text))
            return error_set(error, ERR_USAGE,
                             "step %d of the reset sequence, \"%s\", is none of D0 D1 R0 R1 "
                             "U<dtr>,<rts> W<seconds>",
                             number, text);
    }
    return 0;
}

static int step_run(struct link *link, const struct step *step)
{
    switch (step->what) {
    case 'D':
        return link_set_lines(link, step->dtr, link->rts);
    case 'R':
        return link_set_lines(link, link->dtr, step->rts);
    case 'U':
        return link_set_lines(link, step->dtr, step->rts);
    default:
        return link_sleep(link, step->ms);
    }
}

int reset_run(struct link *link, const char *sequence)
{
    struct error error = {0};
    struct step step;
    char text[24];
    int rc = reset_check(sequence, &error); /* all of it before the first line moves */

    if (rc < 0)
        return link_fail(link, (enum err)rc, "%s", error.text);
    for (const char *rest = variant_of(link, sequence); rest && rc == 0;) {
        step_next(&rest, &step, text, sizeof text);
        rc = step_run(link, &step);
    }
    return rc;
}
