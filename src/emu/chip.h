/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The emulated chip. Read this first.
 *
 * espjig-emu is a chip behind a serial adapter, for rehearsal and for tests. It is written from
 * Espressif's documents, recordings of the real ROMs and the public source of the flasher stub; it
 * shares src/base with espjig and nothing else, so that a wrong constant shows.
 *
 *   persona    what distinguishes the kinds of chip: one const row each, in personas/
 *   chip       power, reset, straps, the UART's baud rate; hands bytes to the program that runs
 *   slip       frames
 *   rom        the ROM loader's commands            stub   the flasher stubs' commands
 *   stub_digest  which RAM contents are a known stub
 *   regs, spi  address space, SPI controller        flash  the NOR chip behind it
 *   security   what eFuses forbid   watchdog   the chip's watchdogs
 *   encryption what eFuses make of the flash's cipher   crypt  the ciphers
 *   efuse      eFuses       storage  mapped files   image  reads images out of the flash
 *   boot, boot2  what ROM, second-stage bootloader and app print when the chip starts
 *   wire       time, baud mismatch and latency between chip and host
 *   port, port_pty, port_net, rfc2217, control   how clients get at it
 *   options, trace, stats, main
 *
 * The chip has no descriptors and no timers of its own: the caller feeds it bytes and line changes
 * with the time, asks chip_next() when it wants to be called again, and takes its output through a
 * callback. All times are microseconds of base/clock.h. What takes time (erasing) moves the chip's
 * own clock ahead: replies carry the time at which they leave, and the next request is served no
 * earlier. With `instant` nothing takes time.
 *
 * To add a persona: a file in personas/ and its line in persona.c; its stubs' digests in
 * stub_digest.c; if its ROM prints another kind of boot log, a style in boot.c; its line in
 * tests/emu/esptool.sh.
 *
 * Not modelled: executing code, traps on bad addresses (they read as 0), verified boot, the key
 * manager, USB-OTG.
 */
#ifndef ESPJIG_EMU_CHIP_H
#define ESPJIG_EMU_CHIP_H

#include "base/util.h"
#include "emu/efuse.h"
#include "emu/flash.h"
#include "emu/persona.h"
#include "emu/regs.h"
#include "emu/rom.h"
#include "emu/slip.h"
#include "emu/stats.h"
#include "emu/stub.h"
#include "emu/trace.h"
#include "emu/watchdog.h"

enum chip_mode {
    CHIP_OFF,  /* no power, or held in reset */
    CHIP_ROM,  /* the ROM loader listens */
    CHIP_STUB, /* a flasher stub listens */
    CHIP_APP,  /* runs from flash or RAM: prints, does not listen */
    CHIP_DEAD, /* runs wild; only a reset helps */
};

/* USB at full speed, bulk transfers in both directions: about what 8 Mbit/s leave. */
enum { CHIP_USB_BAUD = 8000000 };

/* Where the chip's bytes go. */
struct chip_output {
    /* These bytes leave at `at_us` with `baud`. */
    void (*put)(void *context, int64_t at_us, unsigned baud, const uint8_t *bytes, size_t n);
    /* Reset: what was to leave after `now_us` never does. */
    void (*cut)(void *context, int64_t now_us);
    void *context;
};

struct script_line; /* boot.c: text with the time when it is due */

struct script {
    struct script_line *lines;
    size_t n, next;
};

struct chip {
    const struct persona *persona;
    struct flash flash;
    struct efuse efuse;
    struct regs regs;
    struct slip slip;
    struct rom rom;
    struct stub stub;
    struct script script;
    struct watchdog watchdog;
    struct chip_output out;
    struct trace *trace; /* may be NULL */
    struct stats stats;
    bool instant;
    bool usb_jtag;       /* reached through its USB-Serial/JTAG, not through a UART */
    unsigned crystal_hz; /* what the board has */

    enum chip_mode mode;
    int64_t time_us;      /* the chip's own clock; ahead of the caller's while it is busy */
    unsigned baud;        /* of its UART; 0 in the ROM loader until it has measured a SYNC */
    unsigned feed_baud;   /* of the bytes that are being fed */
    int64_t feed_us;      /* when the last of them arrived */
    int64_t deaf_until;   /* stub: no buffer is free */
    unsigned next_baud;   /* the UART's rate from next_baud_at on */
    int64_t next_baud_at; /* 0: it stays */
    bool power, en_low, boot_low;
    bool boot_held;      /* the pin is low by itself, since power-on (--boot) */
    bool usb_flag;       /* USB: the next reset leads into the loader */
    bool usb_latched;    /* that flag when the reset began */
    bool strap_download; /* as latched at the last reset that latches */
    int64_t en_rise_at;  /* when EN reaches the threshold, 0: it does not move */
    int64_t reset_at;    /* a reset that is due, 0: none */
    enum reset_cause reset_cause;
    unsigned skip;         /* bytes that the stub's interrupt handler drops */
    uint32_t upload_start; /* of the RAM segment that is being written, for the trace */
    uint64_t noise;        /* state of the noise generator */
};

/* `flash` and `efuse` are opened by the caller before; the chip owns them then. */
void chip_init(struct chip *chip, const struct persona *persona, const struct chip_output *out);
void chip_done(struct chip *chip);

void chip_power_on(struct chip *chip, int64_t now_us, bool download);
void chip_power_off(struct chip *chip, int64_t now_us);

/* Bytes from the host, sent at `baud` (0: whatever the chip expects). */
void chip_feed(struct chip *chip, int64_t now_us, unsigned baud, const uint8_t *bytes, size_t n);

/* Modem lines, true = asserted, behind the two-transistor circuit: DTR alone pulls BOOT low, RTS
 * alone pulls EN low, both or none pull nothing. A capacitor holds EN low for a moment after it was
 * released; `both_us` is that moment while both lines are asserted. */
void chip_lines(struct chip *chip, int64_t now_us, bool dtr, bool rts, int64_t both_us);

void chip_run(struct chip *chip, int64_t now_us); /* does what is due */
int64_t chip_next(const struct chip *chip);       /* when something is due; -1: nothing */

/* For the rooms inside the chip. */
unsigned chip_boot_baud(const struct chip *chip); /* of what the ROM prints */
void chip_busy(struct chip *chip, int64_t us);    /* the chip works for so long */
void chip_put(struct chip *chip, const void *bytes, size_t n);
void chip_reply(struct chip *chip, const uint8_t *frame, size_t len); /* as SLIP */
void chip_reset_now(struct chip *chip, enum reset_cause cause);
void chip_reset_later(struct chip *chip, int64_t us, enum reset_cause cause);
void chip_run_ram(struct chip *chip, uint32_t entry);
/* Another rate in `us`. */
void chip_baud_later(struct chip *chip, int64_t us, unsigned baud);
void chip_enter_stub(struct chip *chip, int generation);

/* Turns bytes into what a receiver at another rate sees. */
void chip_noise(uint64_t *state, uint8_t *bytes, size_t n);

/* Whether a receiver at b understands a sender at a; 0 understands everything. */
bool baud_matches(unsigned a, unsigned b);

#endif
