/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "emu/chip.h"

#include "emu/boot.h"
#include "emu/digest.h"

#include <stdlib.h>
#include <string.h>

enum {
    EN_RISE_US = 2000, /* 10 kilohm and 0.1 microfarad, twice over */
    FIFO_BYTES = 32,   /* threshold of the stub's receive interrupt, src/transport.c */
};

static const char *const mode_names[] = {
    [CHIP_OFF] = "off",   [CHIP_ROM] = "ROM loader", [CHIP_STUB] = "stub",
    [CHIP_APP] = "flash", [CHIP_DEAD] = "dead",
};

static const char *const cause_names[] = {
    [RESET_POWER] = "power on",       [RESET_PIN] = "EN",
    [RESET_SOFTWARE] = "software",    [RESET_WDT] = "watchdog",
    [RESET_RTC_WDT] = "RTC watchdog",
};

void chip_init(struct chip *chip, const struct persona *persona, const struct chip_output *out)
{
    *chip = (struct chip){
        .persona = persona,
        .out = *out,
        .mode = CHIP_OFF,
        .noise = 1,
        .crystal_hz = persona->crystal_hz,
    };
}

void chip_done(struct chip *chip)
{
    script_clear(&chip->script);
    rom_done(&chip->rom);
    stub_done(&chip->stub);
    regs_done(&chip->regs);
    efuse_close(&chip->efuse);
    flash_close(&chip->flash);
}

static void catch_up(struct chip *chip, int64_t now_us)
{
    if (chip->time_us < now_us)
        chip->time_us = now_us;
}

void chip_busy(struct chip *chip, int64_t us)
{
    if (!chip->instant)
        chip->time_us += us;
}

/* The ROM's divider stays, so another crystal changes the rate. */
unsigned chip_boot_baud(const struct chip *chip)
{
    const struct persona *p = chip->persona;

    return (unsigned)((uint64_t)p->boot_baud * chip->crystal_hz / p->crystal_hz);
}

void chip_put(struct chip *chip, const void *bytes, size_t n)
{
    unsigned baud = chip->baud ? chip->baud : chip_boot_baud(chip);

    if (chip->usb_jtag)
        baud = CHIP_USB_BAUD;
    chip->out.put(chip->out.context, chip->time_us, baud, bytes, n);
}

void chip_reply(struct chip *chip, const uint8_t *frame, size_t len)
{
    struct buffer wire = {0};

    chip->stats.replies++;
    trace_frame(chip->trace, chip->time_us, '<', frame, len);
    slip_encode(&wire, frame, len);
    chip_put(chip, wire.data, wire.len);
    buffer_done(&wire);
}

/* ---- reset ---- */

static void stop(struct chip *chip, int64_t now_us)
{
    chip->time_us = now_us;
    chip->out.cut(chip->out.context, now_us);
    script_clear(&chip->script);
    chip->reset_at = 0;
    chip->en_rise_at = 0;
    chip->mode = CHIP_OFF;
    chip->baud = 0;
    chip->skip = 0;
    chip->deaf_until = 0;
    chip->next_baud_at = 0;
    watchdog_stop(chip);
}

/* From the first instruction of the ROM on. */
static void start(struct chip *chip, enum reset_cause cause)
{
    /* Straps are latched anew by the resets that reach the RTC (ESP32-C3 TRM, reset and clock);
     * the lesser ones keep what was there. */
    if (cause != RESET_SOFTWARE && cause != RESET_WDT)
        chip->strap_download = chip->boot_low || chip->boot_held;
    chip->stats.resets++;
    regs_reset(chip);
    rom_start(chip);
    chip->flash.unpowered = chip->persona->flash_power_reg != 0 && chip->strap_download;
    chip->mode = chip->strap_download ? CHIP_ROM : CHIP_APP;
    if (chip->mode == CHIP_ROM)
        watchdog_start(chip);
    boot_start(chip, cause);
    trace_event(chip->trace, chip->time_us, "reset (%s) into %s", cause_names[cause],
                mode_names[chip->mode]);
}

void chip_reset_now(struct chip *chip, enum reset_cause cause)
{
    int64_t at = chip->time_us;

    /* What was sent before goes out still; it lies before `at`. */
    stop(chip, at);
    start(chip, cause);
}

void chip_reset_later(struct chip *chip, int64_t us, enum reset_cause cause)
{
    chip->reset_at = chip->time_us + us;
    chip->reset_cause = cause;
}

void chip_power_on(struct chip *chip, int64_t now_us, bool download)
{
    chip->power = true;
    chip->boot_held = download;
    flash_power_on(&chip->flash);
    stop(chip, now_us);
    if (!chip->en_low)
        start(chip, RESET_POWER);
}

void chip_power_off(struct chip *chip, int64_t now_us)
{
    stop(chip, now_us);
    chip->power = false;
}

/* USB-Serial/JTAG has the two lines as well, but no transistors and no capacitor: DTR alone sets a
 * flag, none clears it, RTS alone resets (ESP32-C3 TRM, USB Serial/JTAG controller, reset into
 * download mode). */
static void usb_lines(struct chip *chip, int64_t now_us, bool dtr, bool rts)
{
    if (rts && !dtr) {
        stop(chip, now_us);
        if (!chip->en_low)
            chip->usb_latched = chip->usb_flag;
        chip->en_low = true;
        return;
    }
    if (!rts)
        chip->usb_flag = dtr;
    if (chip->en_low && chip->en_rise_at == 0)
        chip->en_rise_at = now_us;
}

void chip_lines(struct chip *chip, int64_t now_us, bool dtr, bool rts, int64_t both_us)
{
    if (chip->usb_jtag) {
        usb_lines(chip, now_us, dtr, rts);
        return;
    }

    bool en_low = rts && !dtr;

    chip->boot_low = dtr && !rts;
    if (en_low) {
        if (!chip->en_low || chip->mode != CHIP_OFF)
            trace_event(chip->trace, now_us, "EN low");
        stop(chip, now_us);
        chip->en_low = true;
    } else if (chip->en_low) {
        /* Charging starts now, or goes on with less resistance. */
        int64_t rise = now_us + (dtr && rts ? both_us : EN_RISE_US);
        if (chip->en_rise_at == 0 || rise < chip->en_rise_at)
            chip->en_rise_at = rise;
    }
}

static void en_high(struct chip *chip)
{
    chip->en_low = false;
    chip->en_rise_at = 0;
    if (!chip->power)
        return;
    chip->boot_held = chip->usb_latched; /* there are lines, so they decide */
    start(chip, RESET_PIN);
    chip->boot_held = false;
    chip->usb_latched = false;
}

/* ---- time ---- */

static void watchdog_bites(struct chip *chip, int64_t now_us)
{
    trace_event(chip->trace, now_us, "a watchdog bites");
    catch_up(chip, now_us);
    chip_reset_now(chip, RESET_RTC_WDT);
}

void chip_baud_later(struct chip *chip, int64_t us, unsigned baud)
{
    chip->next_baud = baud;
    chip->next_baud_at = chip->time_us + us;
    chip->stats.chip_bauds++;
    trace_event(chip->trace, chip->next_baud_at, "%u baud", baud);
    if (chip->instant)
        chip->next_baud_at = chip->time_us;
}

static void change_baud(struct chip *chip, int64_t now_us)
{
    if (chip->next_baud_at == 0 || chip->next_baud_at > now_us)
        return;
    chip->baud = chip->next_baud;
    chip->next_baud_at = 0;
}

void chip_run(struct chip *chip, int64_t now_us)
{
    change_baud(chip, now_us);
    if (watchdog_next(chip) != 0 && watchdog_next(chip) <= now_us)
        watchdog_bites(chip, now_us);
    if (chip->en_rise_at != 0 && chip->en_rise_at <= now_us) {
        catch_up(chip, now_us);
        en_high(chip);
    }
    script_run(chip, now_us);
    if (chip->reset_at != 0 && chip->reset_at <= now_us) {
        catch_up(chip, now_us);
        chip_reset_now(chip, chip->reset_cause);
        script_run(chip, now_us);
    }
}

int64_t chip_next(const struct chip *chip)
{
    const int64_t others[] = {chip->en_rise_at, chip->reset_at, chip->next_baud_at,
                              watchdog_next(chip)};
    int64_t next = script_next(&chip->script);

    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        if (others[i] != 0 && (next < 0 || others[i] < next))
            next = others[i];
    }
    return next;
}

/* ---- bytes ---- */

/* xorshift64: the same seed gives the same garbage. */
void chip_noise(uint64_t *state, uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        bytes[i] = (uint8_t)(*state >> 32);
    }
}

/* A UART tolerates about half a bit in ten. */
bool baud_matches(unsigned a, unsigned b)
{
    uint64_t low = a < b ? a : b, high = a < b ? b : a;

    return low == 0 || high * 100 <= low * 103;
}

static bool is_flash_data(const struct slip *slip)
{
    return slip->len > 1 && (slip->frame[1] == 0x03 || slip->frame[1] == 0x11);
}

/* Before a frame is served; `replies` says later whether it was answered. */
static void count_frame(struct stats *s, const struct chip *chip)
{
    bool in_stub = chip->mode == CHIP_STUB;

    if (in_stub && chip->stub.reading)
        s->read_acks++;
    else if (chip->slip.len > 1)
        s->requests[in_stub ? STATS_STUB : STATS_ROM][chip->slip.frame[1]]++;
    if (!(in_stub && chip->stub.reading) && is_flash_data(&chip->slip))
        s->flash_blocks++;
}

/* Generation 2 has two buffers: while one is worked on, the other takes one frame, and what comes
 * then is lost until its main loop looks. Even when that is at once, what lies in the FIFO with the
 * end of the frame is lost (recording: two requests in one write). */
static void hear_no_more(struct chip *chip)
{
    chip->skip = FIFO_BYTES;
    if (chip->time_us > chip->feed_us && !chip->instant)
        chip->deaf_until = chip->time_us;
}

static void take_frame(struct chip *chip)
{
    uint64_t replies = chip->stats.replies;

    count_frame(&chip->stats, chip);
    trace_frame(chip->trace, chip->time_us, '>', chip->slip.frame, chip->slip.len);
    if (chip->mode == CHIP_ROM) {
        rom_request(chip, chip->slip.frame, chip->slip.len);
    } else if (chip->mode == CHIP_STUB) {
        if (chip->stub.generation >= 2 && !chip->stub.reading)
            hear_no_more(chip);
        stub_request(chip, chip->slip.frame, chip->slip.len);
    }
    chip->stats.round_trips += chip->stats.replies > replies;
}

/* What n bytes take. */
static int64_t bytes_us(size_t n, unsigned baud)
{
    return (int64_t)((uint64_t)n * 10000000 / (baud ? baud : 115200));
}

/* How many of n bytes come too early, the last one being there at `now_us`. */
static size_t unheard(const struct chip *chip, int64_t now_us, unsigned baud, size_t n)
{
    if (chip->deaf_until == 0)
        return 0;
    if (now_us < chip->deaf_until)
        return n;
    uint64_t us = (uint64_t)(now_us - chip->deaf_until);
    uint64_t heard = us * (baud ? baud : 115200) / 10000000 + 1;
    return heard < n ? n - (size_t)heard : 0;
}

static void feed_byte(struct chip *chip, uint8_t byte)
{
    struct slip *slip = &chip->slip;
    bool spoilt = slip->spoilt;

    if (!chip->usb_jtag && !baud_matches(chip->baud, chip->feed_baud))
        chip_noise(&chip->noise, &byte, 1);
    if (slip_take(slip, byte))
        take_frame(chip);
    else if (slip->strict && slip->spoilt && !spoilt && chip->stub.generation >= 2)
        hear_no_more(chip);
}

void chip_feed(struct chip *chip, int64_t now_us, unsigned baud, const uint8_t *bytes, size_t n)
{
    int64_t first_us = now_us - bytes_us(n - 1, baud);
    size_t from = unheard(chip, now_us, baud, n);

    change_baud(chip, now_us);
    /* Only what follows at once lies in the same FIFO. */
    if (chip->instant || first_us > chip->feed_us + bytes_us(2, baud))
        chip->skip = 0;
    chip->feed_baud = baud;
    chip->feed_us = now_us;
    catch_up(chip, now_us);
    for (size_t i = from; i < n; i++) {
        if (chip->mode != CHIP_ROM && chip->mode != CHIP_STUB)
            return;
        if (chip->skip > 0)
            chip->skip--;
        else
            feed_byte(chip, bytes[i]);
    }
}

/* ---- programs in RAM ---- */

void chip_enter_stub(struct chip *chip, int generation)
{
    chip->mode = CHIP_STUB;
    stub_start(chip, generation);
}

void chip_run_ram(struct chip *chip, uint32_t entry)
{
    int generation = stub_in_ram(chip);

    if (generation != 0) {
        trace_event(chip->trace, chip->time_us, "runs at 0x%08x: stub %d", entry, generation);
        chip_enter_stub(chip, generation);
        return;
    }
    /* A program of the user's: nothing here executes it, but it has the UART now. Where nothing was
     * loaded the core runs into illegal instructions. */
    bool loaded = regs_peek(&chip->regs, entry & ~3u) != 0;
    trace_event(chip->trace, chip->time_us, "runs at 0x%08x: %s", entry,
                loaded ? "program" : "nothing is there");
    chip->mode = loaded ? CHIP_APP : CHIP_DEAD;
}
