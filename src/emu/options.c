/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "emu/options.h"

#include "base/buffer.h"
#include "base/util.h"

#include <stdlib.h>
#include <string.h>

static int take_chip(struct options *o, const char *value, struct error *e)
{
    struct buffer names = {0};

    o->persona = persona_find(value);
    if (o->persona)
        return 0;
    for (size_t i = 0; persona_at(i); i++)
        buffer_printf(&names, "%s%s", i ? ", " : "", persona_at(i)->name);
    error_set(e, ERR_UNKNOWN_CHIP, "unknown chip %s; there are %s", value, (char *)names.data);
    buffer_done(&names);
    return ERR_UNKNOWN_CHIP;
}

static int check_usb(const struct options *o, struct error *e)
{
    if (o->usb_jtag && o->persona->swd_conf == 0 && !o->persona->usb_jtag)
        return error_set(e, ERR_USAGE, "--usb jtag: the %s has no USB-Serial/JTAG",
                         o->persona->title);
    return 0;
}

static int take_flash(struct options *o, const char *value, struct error *e)
{
    static const struct {
        const char *name;
        size_t size;
    } sizes[] = {
        {"512KB", 512 << 10}, {"1MB", 1 << 20},   {"2MB", 2 << 20},
        {"4MB", 4 << 20},     {"8MB", 8 << 20},   {"16MB", 16 << 20},
        {"32MB", 32 << 20},   {"64MB", 64 << 20}, {"128MB", 128 << 20},
    };

    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        if (strcmp(value, sizes[i].name) == 0) {
            o->flash_size = sizes[i].size;
            return 0;
        }
    }
    return error_set(e, ERR_USAGE,
                     "unknown flash size %s; there are 512KB, 1MB, 2MB and so on up to 128MB",
                     value);
}

static int hex_digit(char c)
{
    const char *digits = "0123456789abcdef", *at = c ? strchr(digits, c | 0x20) : NULL;

    return at ? (int)(at - digits) : -1;
}

static int take_flash_id(struct options *o, const char *value, struct error *e)
{
    bool good = strlen(value) == 6;

    for (size_t i = 0; good && i < 3; i++) {
        int high = hex_digit(value[2 * i]), low = hex_digit(value[2 * i + 1]);
        good = high >= 0 && low >= 0;
        o->flash_id[i] = (uint8_t)(high << 4 | low);
    }
    if (!good)
        return error_set(e, ERR_USAGE, "--flash-id %s: not six hexadecimal digits like ef4016",
                         value);
    o->has_flash_id = true;
    return 0;
}

static int take_flash_quirk(struct options *o, const char *value, struct error *e)
{
    o->flash_xmc = strcmp(value, "xmc") == 0;
    return o->flash_xmc ? 0 : error_set(e, ERR_USAGE, "--flash-quirk %s: there is xmc", value);
}

static int take_mac(struct options *o, const char *value, struct error *e)
{
    bool good = strlen(value) == 17;

    for (size_t i = 0; good && i < 6; i++) {
        int high = hex_digit(value[3 * i]), low = hex_digit(value[3 * i + 1]);
        good = high >= 0 && low >= 0 && (i == 5 || value[3 * i + 2] == ':');
        o->mac[i] = (uint8_t)(high << 4 | low);
    }
    if (!good)
        return error_set(e, ERR_USAGE, "%s is not a MAC address like 24:6f:28:12:34:56", value);
    o->has_mac = true;
    return 0;
}

static int number(const char *option, const char *value, uint64_t max, uint64_t *to,
                  struct error *e)
{
    if (util_number_parse(value, false, max, to))
        return 0;
    return error_set(e, ERR_USAGE, "--%s %s: not a number from 0 to %llu", option, value,
                     (unsigned long long)max);
}

static int take_crystal(struct options *o, const char *value, struct error *e)
{
    uint64_t mhz = 0;
    int result = number("crystal", value, 100, &mhz, e);

    o->crystal_hz = (unsigned)mhz * 1000000;
    return result;
}

static int check_crystal(const struct options *o, struct error *e)
{
    const struct persona *p = o->persona;

    if (o->crystal_hz == 0 || o->crystal_hz == p->crystal_hz ||
        o->crystal_hz == p->crystal_other_hz)
        return 0;
    if (p->crystal_other_hz == 0)
        return error_set(e, ERR_USAGE, "--crystal %u: with %s it is always %u",
                         o->crystal_hz / 1000000, p->name, p->crystal_hz / 1000000);
    return error_set(e, ERR_USAGE, "--crystal %u: with %s it is %u or %u", o->crystal_hz / 1000000,
                     p->name, p->crystal_hz / 1000000, p->crystal_other_hz / 1000000);
}

static int take_transport(struct options *o, enum transport t, struct error *e)
{
    if (o->transport != TRANSPORT_NONE && o->transport != t)
        return error_set(e, ERR_USAGE, "--link, --tcp and --rfc2217 exclude each other");
    o->transport = t;
    return 0;
}

static int take_link(struct options *o, const char *value, struct error *e)
{
    o->link = value;
    return take_transport(o, TRANSPORT_PTY, e);
}

static int take_port(struct options *o, const char *option, const char *value, struct error *e)
{
    uint64_t port = 0;
    int result = number(option, value, 65535, &port, e);

    o->tcp_port = (uint16_t)port;
    return result;
}

static int take_tcp(struct options *o, const char *value, struct error *e)
{
    int result = take_port(o, "tcp", value, e);

    return result ? result : take_transport(o, TRANSPORT_TCP, e);
}

static int take_rfc2217(struct options *o, const char *value, struct error *e)
{
    uint64_t fd = 0;
    int result;

    if (strncmp(value, "fd:", 3) == 0) {
        result = number("rfc2217", value + 3, 1 << 20, &fd, e);
        o->fd = (int)fd;
    } else {
        result = take_port(o, "rfc2217", value, e);
    }
    return result ? result : take_transport(o, TRANSPORT_RFC2217, e);
}

static int take_boot(struct options *o, const char *value, struct error *e)
{
    o->boot_download = strcmp(value, "download") == 0;
    if (!o->boot_download && strcmp(value, "normal") != 0)
        return error_set(e, ERR_USAGE, "--boot %s: there are normal and download", value);
    return 0;
}

static int take_usb(struct options *o, const char *value, struct error *e)
{
    o->usb_jtag = strcmp(value, "jtag") == 0;
    return o->usb_jtag ? 0 : error_set(e, ERR_USAGE, "--usb %s: there is jtag", value);
}

static int take_efuse(struct options *o, const char *value, struct error *e)
{
    return security_burn_parse(&o->security, value, e);
}

static int take_secure_download(struct options *o, const char *value, struct error *e)
{
    (void)value;
    (void)e;
    o->security.download = true;
    return 0;
}

static int take_secure_boot(struct options *o, const char *value, struct error *e)
{
    (void)value;
    (void)e;
    o->security.boot = true;
    return 0;
}

static int take_flash_encryption(struct options *o, const char *value, struct error *e)
{
    (void)value;
    (void)e;
    o->security.encryption = true;
    return 0;
}

static int take_flash_encryption_release(struct options *o, const char *value, struct error *e)
{
    (void)value;
    (void)e;
    o->security.encryption_release = true;
    return 0;
}

static int take_flash_encryption_key(struct options *o, const char *value, struct error *e)
{
    return security_key_read(&o->security, value, e);
}

static int take_latency(struct options *o, const char *value, struct error *e)
{
    uint64_t ms = 0;
    int result = number("latency", value, 10000, &ms, e);

    o->latency_ms = (int64_t)ms;
    return result;
}

static int take_baud(const char *option, const char *value, unsigned *baud, struct error *e)
{
    uint64_t n = 0;
    int result = number(option, value, 100000000, &n, e);

    *baud = (unsigned)n;
    return result;
}

static int take_max_baud(struct options *o, const char *value, struct error *e)
{
    return take_baud("max-baud", value, &o->max_baud, e);
}

static int take_bad_above(struct options *o, const char *value, struct error *e)
{
    return take_baud("bad-above", value, &o->fault.above, e);
}

static int take_bad_rate(struct options *o, const char *value, struct error *e)
{
    char *end;
    double p = strtod(value, &end);

    if (end == value || *end != '\0' || !(p > 1e-9 && p <= 1))
        return error_set(e, ERR_USAGE, "--bad-rate %s: not a probability like 0.0005", value);
    o->fault.odds = (uint32_t)(1 / p + 0.5);
    return 0;
}

static int take_bad_direction(struct options *o, const char *value, struct error *e)
{
    bool both = strcmp(value, "both") == 0;

    o->fault.to_chip = both || strcmp(value, "to-chip") == 0;
    o->fault.to_host = both || strcmp(value, "to-host") == 0;
    if (o->fault.to_chip || o->fault.to_host)
        return 0;
    return error_set(e, ERR_USAGE, "--bad-direction %s: there are to-chip, to-host and both",
                     value);
}

/* Without --bad-above that is the rate every connection starts with. */
static int take_go_bad(struct options *o, const char *value, struct error *e)
{
    if (o->fault.above == 0)
        o->fault.above = 115200;
    return number("go-bad", value, UINT64_MAX, &o->fault.after, e);
}

static int take_seed(struct options *o, const char *value, struct error *e)
{
    return number("seed", value, UINT64_MAX, &o->seed, e);
}

static int take_flash_file(struct options *o, const char *value, struct error *e)
{
    (void)e;
    o->flash_file = value;
    return 0;
}

static int take_efuse_file(struct options *o, const char *value, struct error *e)
{
    (void)e;
    o->efuse_file = value;
    return 0;
}

static int take_stats(struct options *o, const char *value, struct error *e)
{
    (void)e;
    o->stats_file = value;
    return 0;
}

static int take_log(struct options *o, const char *value, struct error *e)
{
    (void)e;
    o->log_file = value;
    return 0;
}

static int take_control(struct options *o, const char *value, struct error *e)
{
    (void)e;
    o->control = value;
    return 0;
}

static int take_pace(struct options *o, const char *value, struct error *e)
{
    (void)value;
    (void)e;
    o->pace = true;
    return 0;
}

static int take_help(struct options *o, const char *value, struct error *e)
{
    (void)value;
    (void)e;
    o->help = true;
    return 0;
}

static int take_version(struct options *o, const char *value, struct error *e)
{
    (void)value;
    (void)e;
    o->version = true;
    return 0;
}

static const struct {
    const char *name;
    const char *argument; /* NULL: none */
    int (*take)(struct options *o, const char *value, struct error *e);
    const char *help;
} table[] = {
    {"chip", "CHIP", take_chip, "esp8266, esp32 (default), esp32s2 ... esp32e22"},
    {"crystal", "MHZ", take_crystal, "26 or 40 with esp32c2, 40 or 48 with esp32c5"},
    {"flash", "SIZE", take_flash, "512KB, 1MB, 2MB ... 128MB (default 4MB)"},
    {"flash-id", "HEX", take_flash_id, "its manufacturer and device, like ef4016"},
    {"flash-quirk", "NAME", take_flash_quirk, "xmc: needs XMC's start-up sequence"},
    {"flash-file", "FILE", take_flash_file, "keep the flash in FILE"},
    {"efuse-file", "FILE", take_efuse_file, "keep the eFuses in FILE"},
    {"mac", "MAC", take_mac, "MAC address, like 24:6f:28:12:34:56"},
    {"link", "PATH", take_link, "pseudo-terminal with a symbolic link PATH to it"},
    {"tcp", "PORT", take_tcp, "plain bytes on TCP port PORT of 127.0.0.1; 0: any"},
    {"rfc2217", "PORT", take_rfc2217, "RFC 2217 on TCP port PORT, or on descriptor fd:N"},
    {"control", "PATH", take_control, "Unix socket for line changes and power"},
    {"boot", "MODE", take_boot, "strap at power-on: normal (default) or download"},
    {"usb", "jtag", take_usb, "behind the chip's own USB-Serial/JTAG"},
    {"efuse", "FIELD", take_efuse, "burn BLOCK.BIT=VALUE, such as 0.133=1"},
    {"secure-download", NULL, take_secure_download, "Secure Download Mode"},
    {"secure-boot", NULL, take_secure_boot, "its eFuses: the ROM runs no RAM"},
    {"flash-encryption", NULL, take_flash_encryption, "enabled, for development"},
    {"flash-encryption-release", NULL, take_flash_encryption_release, "enabled, for ever"},
    {"flash-encryption-key", "FILE", take_flash_encryption_key, "burn this key, as espsecure's"},
    {"pace", NULL, take_pace, "take the time that a real line and flash take"},
    {"latency", "MS", take_latency, "delay what the chip sends by MS milliseconds"},
    {"max-baud", "N", take_max_baud, "the adapter refuses rates above N"},
    {"bad-above", "N", take_bad_above, "the line damages bytes at rates above N"},
    {"bad-rate", "P", take_bad_rate, "how likely it damages a byte (default 0.0005)"},
    {"bad-direction", "WAY", take_bad_direction, "to-chip, to-host or both (default)"},
    {"go-bad", "BYTES", take_go_bad, "the line turns bad after BYTES at such rates"},
    {"seed", "N", take_seed, "start of the noise at a wrong baud rate"},
    {"log", "FILE", take_log, "write every frame to FILE"},
    {"stats", "FILE", take_stats, "count what crosses the wire, in FILE at the end"},
    {"help", NULL, take_help, "show this"},
    {"version", NULL, take_version, "show the version"},
};

const char *options_help(void)
{
    static struct buffer text;
    char left[40];

    buffer_clear(&text);
    buffer_printf(&text, "Usage: espjig-emu [OPTION]...\n"
                         "An emulated Espressif chip on a serial port. Without --link, --tcp or "
                         "--rfc2217 it\nis on a pseudo-terminal whose name is printed.\n\n");
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        left[0] = '\0';
        strcat(strcat(left, "--"), table[i].name);
        if (table[i].argument)
            strcat(strcat(left, " "), table[i].argument);
        buffer_printf(&text, "  %-19s %s\n", left, table[i].help);
    }
    return (const char *)text.data;
}

static int take(struct options *o, char ***arg, struct error *e)
{
    const char *name = **arg + 2, *equals = strchr(name, '=');
    size_t len = equals ? (size_t)(equals - name) : strlen(name);

    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        if (strlen(table[i].name) != len || strncmp(table[i].name, name, len) != 0)
            continue;
        const char *value = equals ? equals + 1 : NULL;
        if (table[i].argument == NULL && value)
            return error_set(e, ERR_USAGE, "--%s takes no argument", table[i].name);
        if (table[i].argument && value == NULL)
            value = *++*arg;
        if (table[i].argument && value == NULL)
            return error_set(e, ERR_USAGE, "--%s needs an argument: %s", table[i].name,
                             table[i].argument);
        return table[i].take(o, value, e);
    }
    return error_set(e, ERR_USAGE, "unknown option %s; see espjig-emu --help", **arg);
}

int options_parse(struct options *o, int argc, char **argv, struct error *e)
{
    char **end = argv + argc;

    *o = (struct options){.persona = persona_find("esp32"), .flash_size = 4 << 20, .fd = -1};
    o->fault = (struct wire_fault){.odds = 2000, .to_chip = true, .to_host = true};
    for (char **arg = argv + 1; arg < end && *arg; arg++) {
        if (strncmp(*arg, "--", 2) != 0)
            return error_set(e, ERR_USAGE, "%s is not an option; see espjig-emu --help", *arg);
        int result = take(o, &arg, e);
        if (result != 0)
            return result;
    }
    if (o->transport == TRANSPORT_NONE)
        o->transport = TRANSPORT_PTY;
    o->security.seed = o->seed;
    int result = check_crystal(o, e);
    return result ? result : check_usb(o, e);
}
