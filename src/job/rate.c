/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "job/rate.h"

#include "base/util.h"
#include "job/rates.h"
#include "job/run.h"
#include "job/setup.h"
#include "link/adapters.h"

#include <string.h>

static const unsigned ladder[] = {RATE_LOWEST, 230400,  460800,      921600,
                                  1500000,     2000000, RATE_HIGHEST};

/* What a step takes: asking, settling, and the proof that it carries. */
static const double step_seconds = 0.08;

enum {
    FIRST = 460800, /* where the ladder is entered for the stub's upload */
    USUAL = 921600  /* what hardly any adapter fails at. Above it many accept a rate that they
                       garble, and a chip that is there and can't be reset would be lost */
};

unsigned rate_below(unsigned baud)
{
    for (size_t i = ARRAY_LEN(ladder); i-- > 0;) {
        if (ladder[i] < baud)
            return ladder[i];
    }
    return 0;
}

static unsigned rung_above(unsigned baud)
{
    for (size_t i = 0; i < ARRAY_LEN(ladder); i++) {
        if (ladder[i] > baud)
            return ladder[i];
    }
    return 0;
}

static double seconds_at(unsigned baud, uint64_t wire)
{
    return (double)wire * RATE_BITS_PER_BYTE / baud;
}

static unsigned lower_of(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

unsigned rate_next(const struct rate *rate, unsigned now, unsigned most, uint64_t wire)
{
    unsigned limit = most ? lower_of(rate->limit, most) : rate->limit;
    unsigned next;

    if (rate->fixed) {
        next = rate->failed ? lower_of(rate->fixed, rate->limit) : rate->fixed;
        next = most ? lower_of(next, most) : next;
        return next == now ? 0 : next;
    }
    next = lower_of(rate->good > rate->known ? rate->good : rate->known, limit);
    if (next <= now)
        next = rung_above(now);
    if (next == 0 || next > limit)
        return 0;
    return seconds_at(now, wire) - seconds_at(next, wire) > step_seconds ? next : 0;
}

unsigned rate_before_stub(const struct rate *rate, unsigned most)
{
    unsigned wanted = rate->fixed ? rate->fixed : rate->good ? rate->good : FIRST;

    if (rate->rom_stays)
        return 0;
    if (rate->failed) /* what is left is only hoped for */
        wanted = lower_of(wanted, FIRST);
    if (rate->fixed == 0 || rate->failed)
        wanted = lower_of(wanted, rate->limit);
    return lower_of(wanted, most);
}

void rate_fail(struct rate *rate, unsigned baud)
{
    unsigned below = rate_below(baud);

    rate->failed = rate->failed ? lower_of(rate->failed, baud) : baud;
    rate->limit = lower_of(rate->limit, below ? below : RATE_LOWEST);
    rate->good = below; /* where it came from, or would have come past */
    rate->unproven = false;
    if (rate->held >= baud)
        rate->held = 0;
}

unsigned rate_fall(struct rate *rate, unsigned baud)
{
    rate_fail(rate, baud);
    if (++rate->falls > 1 && rate->limit > USUAL) {
        bool seen = rate->whole > USUAL && rate->whole <= rate->limit;
        rate->limit = rate->good = seen ? rate->whole : USUAL;
    }
    return rate->limit;
}

bool rate_is_suspect(const struct rate *rate)
{
    return rate->now > RATE_LOWEST &&
           (rate->falls > 0 || (rate->now > USUAL && rate->now > rate->whole));
}

bool rate_on_trial(const struct rate *rate)
{
    return rate->fixed == 0 && rate->unproven && rate->now > rate->good && rate->now > rate->known;
}

bool rate_wants_proof(const struct rate *rate)
{
    return rate->fixed == 0 && rate->unproven && rate->now > rate->whole;
}

void rate_prove(struct rate *rate, unsigned baud)
{
    rate->unproven = false;
    if (baud > rate->good)
        rate->good = baud;
}

void rate_hold(struct rate *rate, unsigned baud)
{
    rate_prove(rate, baud);
    if (baud > rate->held && (rate->failed == 0 || baud < rate->failed))
        rate->held = baud;
    if (rate->held > rate->whole)
        rate->whole = rate->held;
}

/* ---- in a job ---- */

/* On the chip's own USB a rate means nothing. */
static bool matters(const struct run *run)
{
    if (!run->link.has_baud || adapter_is_native(&run->link.port))
        return false;
    return run->loader.chip == NULL ||
           (!loader_usb_jtag(&run->loader) && !loader_usb_otg(&run->loader));
}

void rate_begin(struct run *run)
{
    struct rate *rate = &run->rate;
    struct error why = {0};
    struct rates_entry entry;

    *rate = (struct rate){.fixed = run->job->baud, .limit = RATE_HIGHEST, .now = run->link.baud};
    rates_key(&run->link, run->rate_key, sizeof run->rate_key);
    if (rate->fixed || !matters(run))
        return;
    if (rates_read(run->rate_key, &entry, &why) != 0)
        log_line(run_log(run), LOG_WARNING, "%s", why.text);
    rate->good = rate->whole = entry.good;
    unsigned adapter = adapter_max_baud(&run->link.port);
    if (adapter)
        rate->limit = lower_of(rate->limit, adapter);
    else if (!setup_can_reset(run))
        rate->limit = entry.good > USUAL ? lower_of(entry.good, rate->limit) : USUAL;
    if (entry.failed)
        rate->limit = lower_of(rate->limit, entry.failed - 1);
    if (adapter)
        rate->known = rate_below(rate->limit + 1);
}

unsigned rate_for_rom(const struct run *run)
{
    return matters(run) ? rate_before_stub(&run->rate, run->loader.chip->rom_baud_max) : 0;
}

void rate_refused(struct run *run, unsigned baud, const struct error *why)
{
    log_line(run_log(run), run->rate.fixed ? LOG_WARNING : LOG_INFO, "%s: a lower rate is used",
             why->text);
    error_clear(&run->link.error);
    rate_fail(&run->rate, baud);
}

/* False: the loader can't, nothing else needs to be tried; or run->error. */
static bool go_to(struct run *run, unsigned baud)
{
    struct error why = {0};

    run->rate.now = baud;
    int result = loader_set_baud(&run->loader, baud, &why);
    if (result != 0 && result != ERR_BAUD_REFUSED && result != ERR_NOT_POSSIBLE) {
        error_set(&run->error, why.code, "changing to %u baud: %s", baud, why.text);
        return false;
    }
    run->rate.now = run->link.baud;
    if (result == ERR_NOT_POSSIBLE) {
        log_line(run_log(run), LOG_INFO, "the ROM of %s can't change the rate: staying at %u baud",
                 run->loader.chip->name, run->link.baud);
        return false;
    }
    if (result == ERR_BAUD_REFUSED)
        rate_refused(run, baud, &why);
    else if (run->link.baud != baud) /* the loader has said so */
        rate_fail(&run->rate, baud);
    else {
        run->rate.unproven = true;
        log_line(run_log(run), LOG_DEBUG, "%u baud", baud);
    }
    return true;
}

int rate_raise(struct run *run, uint64_t wire)
{
    const struct chip *chip = run->loader.chip;
    unsigned most = run->loader.stage == STAGE_STUB ? chip->stub_baud_max : chip->rom_baud_max;
    unsigned next;

    if (!matters(run))
        return 0;
    do {
        next = rate_next(&run->rate, run->link.baud, run->rate.fixed ? 0 : most, wire);
        if (next > run->rate.good && rate_on_trial(&run->rate))
            break;
    } while (next != 0 && go_to(run, next));
    rate_watch(run);
    return run->error.code;
}

void rate_watch(struct run *run)
{
    struct loader *loader = &run->loader; /* it may have found out by itself */

    loader->line_suspect = matters(run) && run->rate.now > RATE_LOWEST &&
                           (loader->line_suspect || rate_is_suspect(&run->rate));
}

void rate_end(struct run *run)
{
    const struct rate *rate = &run->rate;
    struct error why = {0};

    if (rate->fixed || run->rate_key[0] == '\0' || (rate->held == 0 && rate->failed == 0))
        return;
    if (rates_note(run->rate_key, rate->held, rate->failed, &why) != 0)
        log_line(run_log(run), LOG_WARNING, "the rate is not remembered: %s", why.text);
}
