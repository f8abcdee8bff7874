/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A link around a link that damages what passes, for tests: "seed=7,drop=0.001,cut=5000".
 *
 *   seed=N      same seed, same bytes in, same damage: it depends on the position of a byte in its
 *               direction and not on how the bytes are cut into reads and writes
 *   drop=P flip=P dup=P   probability for each byte: lost, one bit wrong, twice
 *   garbage=P   probability that a random byte comes before it
 *   cut=N       the port vanishes after N bytes
 *   stall=N     silence after N bytes: nothing arrives, what is sent is lost
 *   late=MS     what arrives does so that much later
 *   dir=rx|tx|both   which bytes are damaged and counted: from the chip, to the chip, both
 * (default)
 */
#include "link/private.h"

#include "base/buffer.h"
#include "base/util.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum direction { RX, TX, DIRECTIONS };

struct fault {
    struct link inner; /* first: see wrap.c */
    uint64_t seed, cut, stall, late;
    double drop, flip, dup, garbage;
    bool in_force[DIRECTIONS];
    uint64_t random[DIRECTIONS]; /* states of the generators */
    uint64_t passed;             /* bytes that count for cut and stall */
    struct buffer rx;            /* damaged, from rx_at on not yet read */
    size_t rx_at;
};

/* ---- what it is told ---- */

static const struct {
    const char *name;
    size_t offset;
} numbers[] =
    {
        {"seed", offsetof(struct fault, seed)},
        {"cut", offsetof(struct fault, cut)},
        {"stall", offsetof(struct fault, stall)},
        {"late", offsetof(struct fault, late)},
},
  probabilities[] = {
      {"drop", offsetof(struct fault, drop)},
      {"flip", offsetof(struct fault, flip)},
      {"dup", offsetof(struct fault, dup)},
      {"garbage", offsetof(struct fault, garbage)},
};

static bool direction_parse(struct fault *fault, const char *value)
{
    fault->in_force[RX] = strcmp(value, "tx") != 0;
    fault->in_force[TX] = strcmp(value, "rx") != 0;
    return strcmp(value, "both") == 0 || !fault->in_force[RX] || !fault->in_force[TX];
}

static bool setting_parse(struct fault *fault, const char *name, const char *value)
{
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        if (strcmp(name, numbers[i].name) == 0)
            return util_number_parse(value, false, INT32_MAX,
                                     (uint64_t *)((char *)fault + numbers[i].offset));
    }
    for (size_t i = 0; i < ARRAY_LEN(probabilities); i++) {
        if (strcmp(name, probabilities[i].name) == 0)
            return link_decimal_parse(value, 1.0,
                                      (double *)((char *)fault + probabilities[i].offset));
    }
    return strcmp(name, "dir") == 0 && direction_parse(fault, value);
}

static int parse(struct fault *fault, const char *what, struct error *error)
{
    char *copy = xstrdup(what), *save, *setting;
    int rc = 0;

    fault->in_force[RX] = fault->in_force[TX] = true;
    fault->cut = fault->stall = UINT64_MAX;
    for (setting = strtok_r(copy, ",", &save); setting && rc == 0;
         setting = strtok_r(NULL, ",", &save)) {
        char *value = strchr(setting, '=');
        if (value)
            *value++ = '\0';
        if (value == NULL || !setting_parse(fault, setting, value))
            rc = error_set(error, ERR_USAGE, "faults: \"%s%s%s\" makes no sense", setting,
                           value ? "=" : "", value ? value : "");
    }
    free(copy);
    return rc;
}

/* ---- the damage ---- */

/* splitmix64 (Steele, Lea, Flood 2014) */
static uint64_t random_next(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static bool chance(uint64_t *state, double p)
{
    return (double)(random_next(state) >> 11) * 0x1p-53 < p;
}

/* Always the same number of draws, so that one kind of damage does not move the others. */
static void damage_byte(const struct fault *fault, uint64_t *state, uint8_t c, struct buffer *to)
{
    bool garbage = chance(state, fault->garbage), drop = chance(state, fault->drop);
    bool flip = chance(state, fault->flip), dup = chance(state, fault->dup);
    uint64_t r = random_next(state);

    if (garbage)
        buffer_append_byte(to, (uint8_t)(r >> 8));
    if (flip)
        c ^= (uint8_t)(1u << (r & 7));
    if (drop)
        return;
    buffer_append_byte(to, c);
    if (dup)
        buffer_append_byte(to, c);
}

/* Appends what is left of the n bytes, up to the cut and without what falls into the silence. */
static void damage(struct fault *fault, enum direction d, const uint8_t *bytes, size_t n,
                   struct buffer *to)
{
    if (!fault->in_force[d]) {
        buffer_append(to, bytes, n);
        return;
    }
    for (size_t i = 0; i < n && fault->passed < fault->cut; i++, fault->passed++) {
        if (fault->passed < fault->stall)
            damage_byte(fault, &fault->random[d], bytes[i], to);
    }
}

static bool is_cut(const struct fault *fault)
{
    return fault->passed >= fault->cut;
}

static int cut_error(struct link *link)
{
    return link_lost(link, EIO);
}

/* ---- the link ---- */

static ssize_t rx_take(struct fault *fault, void *bytes, size_t n)
{
    if (n > fault->rx.len - fault->rx_at)
        n = fault->rx.len - fault->rx_at;
    memcpy(bytes, fault->rx.data + fault->rx_at, n);
    fault->rx_at += n;
    if (fault->rx_at == fault->rx.len) {
        buffer_clear(&fault->rx);
        fault->rx_at = 0;
    }
    return (ssize_t)n;
}

static ssize_t fault_read(struct link *link, void *bytes, size_t n, int ms)
{
    struct fault *fault = link->impl;
    int64_t end = clock_ms() + ms;
    uint8_t raw[4096];

    while (fault->rx.len == 0) {
        int64_t left = end - clock_ms();
        if (is_cut(fault))
            return cut_error(link);
        ssize_t got = link_wrap_read(link, raw, sizeof raw, left > 0 ? (int)left : 0);
        if (got <= 0)
            return got;
        if (fault->late > 0 && clock_sleep(link->cancel, (int64_t)fault->late) < 0)
            return link_cancelled(link);
        damage(fault, RX, raw, (size_t)got, &fault->rx);
    }
    return rx_take(fault, bytes, n);
}

static ssize_t fault_write(struct link *link, const void *bytes, size_t n, int ms)
{
    struct fault *fault = link->impl;
    struct buffer out = {0};
    ssize_t rc = 0;

    if (is_cut(fault))
        return cut_error(link);
    damage(fault, TX, bytes, n, &out);
    if (out.len > 0)
        rc = link_wrap_write(link, out.data, out.len, ms);
    buffer_done(&out);
    if (rc >= 0 && is_cut(fault))
        return cut_error(link);
    return rc < 0 ? rc : (ssize_t)n;
}

static int fault_set_baud(struct link *link, unsigned baud)
{
    return is_cut(link->impl) ? cut_error(link) : link_wrap_set_baud(link, baud);
}

static int fault_set_lines(struct link *link, bool dtr, bool rts)
{
    return is_cut(link->impl) ? cut_error(link) : link_wrap_set_lines(link, dtr, rts);
}

static int fault_discard_input(struct link *link)
{
    struct fault *fault = link->impl;

    buffer_clear(&fault->rx);
    fault->rx_at = 0;
    return link_wrap_discard_input(link);
}

static void fault_close(struct link *link)
{
    struct fault *fault = link->impl;

    link_close(&fault->inner);
    buffer_done(&fault->rx);
    free(fault);
}

static const struct link_ops fault_ops = {
    .scheme = "fault",
    .close = fault_close,
    .read = fault_read,
    .write = fault_write,
    .set_baud = fault_set_baud,
    .set_lines = fault_set_lines,
    .discard_input = fault_discard_input,
    .reopen = link_wrap_reopen,
};

int link_fault_wrap(struct link *link, const char *what, struct error *error)
{
    struct fault *fault = xcalloc(1, sizeof *fault);
    int rc = parse(fault, what, error);

    if (rc < 0) {
        free(fault);
        return rc;
    }
    fault->inner = *link;
    fault->random[RX] = fault->seed;
    fault->random[TX] = ~fault->seed;
    link->ops = &fault_ops;
    link->impl = fault;
    return 0;
}
