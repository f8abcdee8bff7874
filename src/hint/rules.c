/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hint/rules.h"

#include "base/util.h"

#include <ctype.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* ---- what rules look at -------------------------------------------------------------------- */

static bool log_has(struct facts *f, const char *text)
{
    if (strstr(f->log, text) == NULL)
        return false;
    snprintf(f->seen, sizeof f->seen, "\"%s\"", text);
    return true;
}

/* Puts the boot line into f->seen: "boot:0x13 (SPI_FAST_FLASH_BOOT), after power-on; GPIO0 high".
 */
static void boot_show(struct facts *f)
{
    const char *cause = reset_cause_name(f->chip, f->boot.reset_cause);
    char pins[80] = "";

    if (f->straps)
        straps_format(f->straps, f->boot.boot_mode, pins, sizeof pins);
    snprintf(f->seen, sizeof f->seen, "%s%s%s%s%s", f->boot.text, cause[0] ? ", reset by " : "",
             cause, pins[0] ? "; " : "", pins);
}

/* How much of the log reads as text, in percent; -1 when there is none. */
static int readable_percent(const char *log)
{
    size_t n = 0, good = 0;

    for (const unsigned char *p = (const unsigned char *)log; *p; p++, n++)
        good += isprint(*p) || isspace(*p) || *p == '\e';
    return n ? (int)(100 * good / n) : -1;
}

/* The last line of the log that says something. */
static void last_line_show(struct facts *f)
{
    const char *best = f->log;
    size_t best_n = strcspn(best, "\r\n"), n;

    for (const char *p = f->log; *p; p += n + (p[n] != '\0')) {
        n = strcspn(p, "\r\n");
        if (n > 2) {
            best = p;
            best_n = n;
        }
    }
    snprintf(f->seen, sizeof f->seen, "\"%.*s\"", (int)(best_n < 120 ? best_n : 120), best);
    for (char *p = f->seen; *p; p++) {
        if (!isprint((unsigned char)*p))
            *p = '?';
    }
}

static bool driver_is(const struct facts *f, const char *driver)
{
    return f->evidence->port && strcmp(f->evidence->port->driver, driver) == 0;
}

/* ---- ports --------------------------------------------------------------------------------- */

static bool held_by(struct facts *f, const char *program)
{
    return strstr(f->text, program) != NULL;
}

static bool by_modemmanager(struct facts *f)
{
    return held_by(f, "ModemManager");
}

static bool by_brltty(struct facts *f)
{
    return held_by(f, "brltty");
}

static bool by_getty(struct facts *f)
{
    return held_by(f, "getty");
}

/* The group of the device, when joining it would help and does no harm. */
static bool by_group(struct facts *f)
{
    struct stat st;
    const struct group *group;

    if (f->evidence->port == NULL || stat(f->evidence->port->path, &st) != 0 ||
        (st.st_mode & 060) != 060 || st.st_gid == 0)
        return false;
    group = getgrgid(st.st_gid);
    return group && util_copy(f->word, sizeof f->word, group->gr_name);
}

static bool native_usb(struct facts *f)
{
    if (f->evidence->port == NULL || f->evidence->port->vid != 0x303A)
        return false;
    snprintf(f->seen, sizeof f->seen, "USB %04x:%04x %s", f->evidence->port->vid,
             f->evidence->port->pid, f->evidence->port->product);
    return true;
}

/* Rates that adapters are reported to fail at although they accept them: CP2102 above 921600, some
 * CH340 from 921600 on (esptool issues 145, 255, 435). */
static bool adapter_limit(struct facts *f)
{
    unsigned baud = f->evidence->baud;

    if (!(driver_is(f, "cp210x") && baud > 921600) &&
        !((driver_is(f, "ch341") || driver_is(f, "ch341-uart")) && baud >= 921600))
        return false;
    snprintf(f->word, sizeof f->word, "%u", baud);
    snprintf(f->seen, sizeof f->seen, "%s at %u bit/s", f->evidence->port->driver, baud);
    return true;
}

static bool fast(struct facts *f)
{
    if (f->evidence->baud <= 115200)
        return false;
    snprintf(f->word, sizeof f->word, "%u", f->evidence->baud);
    return true;
}

/* ---- what the chip said -------------------------------------------------------------------- */

static bool download_disabled(struct facts *f)
{
    return log_has(f, "Download mode is disabled");
}

/* By number, because the text differs from chip to chip. */
static bool brownout(struct facts *f)
{
    if (log_has(f, "Brownout detector was triggered"))
        return true;
    if (f->boot.reset_cause != 15 || (f->chip && f->chip->id == CHIP_ESP8266))
        return false;
    boot_show(f);
    return true;
}

static bool efuse_crc(struct facts *f)
{
    if (f->boot.reset_cause != 20 || (f->chip && f->chip->id == CHIP_ESP8266))
        return false;
    boot_show(f);
    return true;
}

static bool tx_down(struct facts *f)
{
    if (!f->boot.download && !f->boot.waiting)
        return false;
    if (f->boot.found)
        boot_show(f);
    else
        last_line_show(f);
    return true;
}

static bool started_program(struct facts *f)
{
    if (!f->boot.found || f->boot.download || f->boot.waiting)
        return false;
    boot_show(f);
    return true;
}

/* The BOOT pin was right, another pin was not. */
static bool other_strap(struct facts *f, enum level needed)
{
    const struct strap *wrong;

    if (!started_program(f) || f->straps == NULL)
        return false;
    wrong = straps_wrong(f->straps, f->boot.boot_mode);
    if (wrong == NULL || wrong == &f->straps->pins[0] || wrong->download != needed)
        return false;
    return util_copy(f->word, sizeof f->word, wrong->pin);
}

static bool strap_must_be_low(struct facts *f)
{
    return other_strap(f, LEVEL_LOW);
}

static bool strap_must_be_high(struct facts *f)
{
    return other_strap(f, LEVEL_HIGH);
}

static bool boot_pin_high(struct facts *f)
{
    if (!started_program(f) || f->straps == NULL ||
        straps_wrong(f->straps, f->boot.boot_mode) != &f->straps->pins[0])
        return false;
    return util_copy(f->word, sizeof f->word, f->straps->pins[0].pin);
}

static bool boot_pin_high_with_lines(struct facts *f)
{
    return f->evidence->has_lines && boot_pin_high(f);
}

static bool flash_voltage(struct facts *f)
{
    if (f->chip == NULL || f->chip->id != CHIP_ESP32 || !f->boot.found ||
        ((unsigned)f->boot.boot_mode & 0x20) == 0)
        return false;
    boot_show(f);
    return true;
}

static bool app_crash(struct facts *f)
{
    return log_has(f, "Guru Meditation Error");
}

static bool app_running(struct facts *f)
{
    if (readable_percent(f->log) < 90)
        return false;
    last_line_show(f);
    return true;
}

static bool garbage(struct facts *f)
{
    int percent = readable_percent(f->log);

    if (percent < 0 || percent >= 90)
        return false;
    snprintf(f->seen, sizeof f->seen, "%zu bytes at %u bit/s, %d %% of them text", strlen(f->log),
             f->evidence->baud, percent);
    return true;
}

static bool garbage_8266(struct facts *f)
{
    return f->chip && f->chip->id == CHIP_ESP8266 && garbage(f);
}

static bool silent(struct facts *f)
{
    return f->log[0] == '\0';
}

static bool silent_header_uart(struct facts *f)
{
    const struct port_info *port = f->evidence->port;

    if (!silent(f) || port == NULL || port->usb || strncmp(port->path, "/dev/tty", 8) != 0)
        return false;
    snprintf(f->seen, sizeof f->seen, "%s is no USB adapter", port->path);
    return true;
}

static bool silent_without_lines(struct facts *f)
{
    return silent(f) && !f->evidence->has_lines;
}

/* ---- the job ------------------------------------------------------------------------------- */

static bool wrong_image(struct facts *f)
{
    return strstr(f->text, " image") != NULL;
}

/* ---- the table ----------------------------------------------------------------------------- */

#define NO_CONNECTION                               \
    {                                               \
        ERR_NO_SYNC, ERR_WRONG_BOOT_MODE, ERR_NOISE \
    }
#define LINE_TROUBLE                                 \
    {                                                \
        ERR_NO_REPLY, ERR_BAD_REPLY, ERR_STUB_FAILED \
    }

/* First match wins: special before general. */
const struct rule hint_rules[] = {
    /* Ports. */
    {"port-modemmanager",
     {ERR_PORT_BUSY},
     by_modemmanager,
     "ModemManager is trying whether the adapter is a modem",
     "Wait half a minute and try again. For good: give the adapter ENV{ID_MM_DEVICE_IGNORE}=\"1\" "
     "in "
     "a udev rule, or stop ModemManager: sudo systemctl disable --now ModemManager.",
     "retry"},
    {"port-brltty",
     {ERR_PORT_BUSY},
     by_brltty,
     "brltty takes the adapter for a Braille display",
     "If nobody here needs a Braille display: sudo apt remove brltty, then plug the adapter in "
     "again.",
     "retry"},
    {"port-console",
     {ERR_PORT_BUSY},
     by_getty,
     "A login console runs on this port",
     "Turn the serial console off (on a Raspberry Pi: raspi-config, Interface Options, Serial "
     "Port) "
     "and restart.",
     NULL},
    {"port-group",
     {ERR_PORT_FORBIDDEN},
     by_group,
     "You are not in the group {}, which owns the port",
     "sudo usermod -aG {} $USER, then log out and in again. Until then: sudo, or newgrp {}.",
     NULL},
    {"usb-gone",
     {ERR_PORT_LOST},
     native_usb,
     "The port is the chip's own USB: it goes away whenever the chip resets or its program takes "
     "USB "
     "over",
     "Hold BOOT while you plug the board in, so that it stays in download mode, and start again "
     "from "
     "the beginning.",
     "retry"},
    {"baud-refused",
     {ERR_BAUD_REFUSED},
     NULL,
     "The adapter or its driver can't do this rate",
     "Choose a lower rate with --baud: 460800, 230400 or 115200.",
     "lower-baud"},

    /* What the chip said while it was being connected to. */
    {"download-disabled", NO_CONNECTION, download_disabled,
     "The download mode of this chip is switched off for good by an eFuse",
     "It can't be flashed over the serial port any more; only its own program can update itself.",
     NULL},
    {"efuse-crc", NO_CONNECTION, efuse_crc, "The chip resets because its eFuses are damaged",
     "Put this unit aside: the chip is defective.", NULL},
    {"brownout",
     {ERR_NO_SYNC, ERR_WRONG_BOOT_MODE, ERR_NOISE, ERR_NO_REPLY},
     brownout,
     "The supply voltage of the chip breaks down",
     "Use a shorter or thicker USB cable, a powered hub or a supply of at least 500 mA, and more "
     "capacity near the module.",
     "retry"},
    {"tx-path",
     {ERR_NO_SYNC, ERR_NOISE},
     tx_down,
     "The chip is in download mode and can be heard, but it does not hear: the line from the "
     "adapter's TX to the chip's RX is down",
     "Check the wire from TX to the chip's RX, its level (3.3 V), and that nothing else drives "
     "that "
     "pin.",
     "retry"},
    {"boot-strap-low",
     {ERR_NO_SYNC, ERR_WRONG_BOOT_MODE},
     strap_must_be_low,
     "BOOT was pulled as it should, but {} was high when the chip started",
     "Take off what pulls {} up: it must be low or open for the download mode.",
     "retry"},
    {"boot-strap-high",
     {ERR_NO_SYNC, ERR_WRONG_BOOT_MODE},
     strap_must_be_high,
     "BOOT was pulled as it should, but {} was low when the chip started",
     "Pull {} up, or take off what pulls it down: it must be high for the download mode.",
     "retry"},
    {"boot-mode",
     {ERR_NO_SYNC, ERR_WRONG_BOOT_MODE},
     boot_pin_high_with_lines,
     "{} was high when the chip started, so it ran its program: the adapter's DTR and RTS do not "
     "pull it in time, or are not wired",
     "Hold BOOT, tap EN (reset), let go of BOOT, and try again. For good: 1 uF or more from EN to "
     "GND, and DTR and RTS wired to {} and EN through the usual two transistors.",
     "retry"},
    {"boot-mode",
     {ERR_NO_SYNC, ERR_WRONG_BOOT_MODE},
     boot_pin_high,
     "{} was high when the chip started, so it ran its program; this port has no lines to pull it",
     "Hold BOOT (or connect {} to GND), tap EN (reset), let go of BOOT, and try again.",
     "retry"},
    {"boot-mode",
     {ERR_NO_SYNC, ERR_WRONG_BOOT_MODE},
     started_program,
     "The chip started its program instead of the download mode",
     "Hold BOOT, tap EN (reset), let go of BOOT, and try again. For good: 1 uF or more from EN to "
     "GND.",
     "retry"},
    {"app-crash", NO_CONNECTION, app_crash,
     "The chip was not reset: it is running a program that crashes",
     "Hold BOOT, tap EN (reset), let go of BOOT, and try again.", "retry"},
    {"app-running", NO_CONNECTION, app_running,
     "The chip was not reset into the download mode: a program is running on it and prints text",
     "Hold BOOT, tap EN (reset), let go of BOOT, and try again. If EN does nothing, check its wire "
     "to RTS.",
     "retry"},
    {"garbage", NO_CONNECTION, garbage_8266,
     "Something is being printed at another rate: the ESP8266's ROM uses 74880 bit/s, its program "
     "any rate; so it was not reset into the download mode",
     "Hold GPIO0 (FLASH) low, tap RST, let go, and try again.", "retry"},
    {"garbage", NO_CONNECTION, garbage,
     "Bytes come in, but neither text nor answers: a program prints at another rate, or the line "
     "is "
     "disturbed",
     "Reset into download mode by hand (hold BOOT, tap EN, let go of BOOT). If it stays: a shorter "
     "cable, common ground, nothing on the flash pins.",
     "retry"},
    {"header-uart",
     {ERR_NO_SYNC},
     silent_header_uart,
     "Nothing readable came from the chip, and a UART on a pin header has no DTR and RTS to reset "
     "it",
     "Put the chip into download mode by hand (hold BOOT, tap EN, let go of BOOT). Then check that "
     "TX and RX are crossed, and that no console uses this UART.",
     "retry"},
    {"no-lines",
     {ERR_NO_SYNC},
     silent_without_lines,
     "Nothing readable came from the chip, and this port has no DTR and RTS to reset it",
     "Put the chip into download mode by hand (hold BOOT, tap EN, let go of BOOT) and try again; "
     "then check power, TX and RX.",
     "retry"},
    {"silent",
     {ERR_NO_SYNC},
     silent,
     "Nothing readable came from the chip: no power, TX and RX swapped or open, the wrong port, or "
     "EN held low",
     "Check 3.3 V at the chip, cross TX and RX, look at `espjig ports`, and see that EN is high. "
     "Then hold BOOT, tap EN, and try again.",
     "retry"},

    /* While it runs. */
    {"baud-adapter", LINE_TROUBLE, adapter_limit,
     "This kind of adapter is known to fail at {} bit/s", "Choose 460800 or less with --baud.",
     "lower-baud"},
    {"stub-failed",
     {ERR_STUB_FAILED},
     NULL,
     "The flasher stub was sent to the chip but did not start",
     "Try again with --no-stub; if that works at once, report the chip and the stub's version.",
     "no-stub"},
    {"baud-too-high", LINE_TROUBLE, fast, "The line dropped out at {} bit/s",
     "Try a lower --baud, a shorter cable, or a powered hub.", "lower-baud"},
    {"flash-voltage",
     {ERR_NO_FLASH, ERR_MD5_MISMATCH},
     flash_voltage,
     "GPIO12 was high when the chip started: that makes it feed the flash with 1.8 V, too little "
     "for "
     "the usual 3.3 V flash",
     "Take off what pulls GPIO12 up, and try again.",
     "retry"},
    {"md5-mismatch",
     {ERR_MD5_MISMATCH},
     fast,
     "The chip read back something else than was sent, at {} bit/s",
     "Erase the flash and write again at a lower --baud. If it stays: nothing on the flash pins, a "
     "better supply; a unit that always fails is to be put aside.",
     "lower-baud"},
    {"wrong-image",
     {ERR_WRONG_CHIP},
     wrong_image,
     "The file was built for another kind of chip",
     "Choose the build for this chip. It would not start here; --force is only for those who know "
     "better.",
     NULL},
};
const size_t hint_rules_count = ARRAY_LEN(hint_rules);
