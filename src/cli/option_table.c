/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The options, and what is said of values that make no sense. */
#include "cli/options.h"

#include "base/util.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { BAUD_MIN = 300, BAUD_MAX = 12000000 };

/* ---- values that need a closer look ---- */

static int set_port(struct cli *cli, const char *argument, struct error *error)
{
    if (argument[0] == '\0')
        return error_set(error, ERR_USAGE, "the name of the port is empty");
    if (strlen(argument) >= sizeof((struct event *)0)->port)
        return error_set(error, ERR_USAGE, "the name of the port is longer than %zu bytes: %s",
                         sizeof((struct event *)0)->port - 1, argument);
    if (cli->n_ports == CLI_PORTS_MAX)
        return error_set(error, ERR_USAGE, "more than %d ports are given", CLI_PORTS_MAX);
    cli->ports[cli->n_ports++] = argument;
    return 0;
}

static int set_baud(struct cli *cli, const char *argument, struct error *error)
{
    uint64_t v;

    cli->job.baud = JOB_BAUD_AUTO;
    if (strcmp(argument, "auto") == 0)
        return 0;
    if (!util_number_parse(argument, false, BAUD_MAX, &v) || v < BAUD_MIN)
        return error_set(error, ERR_USAGE,
                         "--baud: \"%s\" is neither auto nor a rate from %d to %d", argument,
                         BAUD_MIN, BAUD_MAX);
    cli->job.baud = (unsigned)v;
    return 0;
}

static int set_verify_key(struct cli *cli, const char *argument, struct error *error)
{
    if (cli->info.n_keys == CLI_KEYS_MAX)
        return error_set(error, ERR_USAGE, "more than %d keys are given", CLI_KEYS_MAX);
    cli->info.keys[cli->info.n_keys++] = argument;
    return 0;
}

static int set_before(struct cli *cli, const char *argument, struct error *error)
{
    if (loader_before_parse(argument, &cli->job.before))
        return 0;
    return error_set(error, ERR_USAGE,
                     "--before: \"%s\" is not default-reset, usb-reset, no-reset or "
                     "no-reset-no-sync",
                     argument);
}

static int set_after(struct cli *cli, const char *argument, struct error *error)
{
    if (loader_after_parse(argument, &cli->job.after))
        return 0;
    return error_set(error, ERR_USAGE,
                     "--after: \"%s\" is not hard-reset, soft-reset, watchdog-reset, no-reset or "
                     "no-reset-stub",
                     argument);
}

static int set_mode(struct cli *cli, const char *argument, struct error *error)
{
    cli->job.flash_mode = FLASH_MODE_KEEP;
    if (strcmp(argument, "keep") == 0 || flash_mode_parse(argument, &cli->job.flash_mode))
        return 0;
    return error_set(error, ERR_USAGE,
                     "--flash-mode: \"%s\" is not keep, qio, qout, dio, dout or fastrd", argument);
}

/* Which frequencies and sizes exist depends on the chip: job_check() knows. */
static int set_freq(struct cli *cli, const char *argument, struct error *error)
{
    if (util_copy(cli->job.flash_freq, sizeof cli->job.flash_freq, argument))
        return 0;
    return error_set(error, ERR_USAGE, "--flash-freq: \"%s\" is no frequency (keep, 40m ...)",
                     argument);
}

static int set_size(struct cli *cli, const char *argument, struct error *error)
{
    if (util_copy(cli->job.flash_size, sizeof cli->job.flash_size, argument))
        return 0;
    return error_set(error, ERR_USAGE, "--flash-size: \"%s\" is no size (detect, keep, 4MB ...)",
                     argument);
}

static int set_spi_connection(struct cli *cli, const char *argument, struct error *error)
{
    struct spi_connection connection;

    if (spi_connection_parse(argument, &connection, error) != 0)
        return error_context(error, "--spi-connection");
    if (util_copy(cli->job.spi_connection, sizeof cli->job.spi_connection, argument))
        return 0;
    return error_set(error, ERR_USAGE, "--spi-connection: \"%s\" is too long", argument);
}

static int set_mac(struct cli *cli, const char *argument, struct error *error)
{
    size_t digits = 0;
    bool ok = util_copy(cli->job.expect_mac, sizeof cli->job.expect_mac, argument);

    for (const char *p = argument; *p; p++) {
        digits += isxdigit((unsigned char)*p) != 0;
        ok = ok && (isxdigit((unsigned char)*p) || *p == ':' || *p == '-');
    }
    if (ok && digits == 12)
        return 0;
    return error_set(error, ERR_USAGE, "--expect-mac: \"%s\" is no MAC such as 24:0a:c4:00:12:34",
                     argument);
}

static int set_table_address(struct cli *cli, const char *argument, struct error *error)
{
    uint64_t v;

    if (!util_number_parse(argument, true, UINT32_MAX - PARTITION_SECTOR, &v) ||
        v % PARTITION_SECTOR != 0)
        return error_set(error, ERR_USAGE,
                         "--partition-table-offset: \"%s\" is no address of a flash sector, such "
                         "as 0x8000",
                         argument);
    cli->job.table_address = (uint32_t)v;
    return 0;
}

static int set_protect(struct cli *cli, const char *argument, struct error *error)
{
    const char *dash = strchr(argument, '-');
    uint64_t start, end;
    char first[24];

    snprintf(first, sizeof first, "%.*s", dash ? (int)(dash - argument) : 0, argument);
    if (dash && dash - argument < (int)sizeof first &&
        util_number_parse(first, true, UINT32_MAX, &start) &&
        util_number_parse(dash + 1, true, UINT64_C(1) << 32, &end) && end > start &&
        end - start <= UINT32_MAX) {
        job_add_protect(&cli->job, (uint32_t)start, (uint32_t)(end - start));
        return 0;
    }
    return error_set(error, ERR_USAGE,
                     "--protect: \"%s\" is no range such as 0x9000-0xf000 (the end is behind its "
                     "last byte)",
                     argument);
}

/* ---- the boot check ---- */

static int set_check_text(const char *option, const char *argument, char *to, size_t size,
                          struct error *error)
{
    if (argument[0] && util_copy(to, size, argument))
        return 0;
    return error_set(error, ERR_USAGE, "--%s: the text is %s", option,
                     argument[0] ? "longer than 127 bytes" : "empty");
}

static int set_expect(struct cli *cli, const char *argument, struct error *error)
{
    struct job_boot_check *check = &cli->job.boot_check;

    check->enabled = true;
    return set_check_text("expect", argument, check->expect, sizeof check->expect, error);
}

static int set_expect_send(struct cli *cli, const char *argument, struct error *error)
{
    struct job_boot_check *check = &cli->job.boot_check;

    return set_check_text("expect-send", argument, check->send, sizeof check->send, error);
}

/* The pairs that follow, up to the next option. */
static int set_encrypt_files(struct cli *cli, const char *argument, struct error *error)
{
    (void)argument, (void)error;
    cli->source.encrypting = true;
    return 0;
}

/* "64KB", "4MB" as esptool writes sizes, or a number. */
static bool size_parse(const char *text, uint64_t max, uint64_t *bytes)
{
    size_t n = strlen(text);
    char number[32];

    if (n >= 3 && n < sizeof number && strcasecmp(text + n - 1, "B") == 0) {
        memcpy(number, text, n - 1);
        number[n - 1] = '\0';
        return !isdigit((unsigned char)number[n - 2]) &&
               util_number_parse(number, true, max, bytes);
    }
    return util_number_parse(text, true, max, bytes);
}

static int set_elf_size(const char *option, const char *argument, uint64_t max, uint64_t *to,
                        struct error *error)
{
    if (size_parse(argument, max, to))
        return 0;
    return error_set(error, ERR_USAGE, "--%s: \"%s\" is no size such as 64KB or 4MB, up to %u MB",
                     option, argument, (unsigned)(max >> 20));
}

static int set_page_size(struct cli *cli, const char *argument, struct error *error)
{
    uint64_t bytes = 0;
    int rc = set_elf_size("flash-mmu-page-size", argument, 1u << 20, &bytes, error);

    cli->elf.mmu_page_size = (uint32_t)bytes;
    return rc;
}

static int set_pad_to_size(struct cli *cli, const char *argument, struct error *error)
{
    return set_elf_size("pad-to-size", argument, ELF_PAD_MAX, &cli->elf.pad_to_size, error);
}

static int set_format(struct cli *cli, const char *argument, struct error *error)
{
    if (merge_format_parse(argument, &cli->merge.format))
        return 0;
    return error_set(error, ERR_USAGE, "--format: \"%s\" is not raw, hex or uf2", argument);
}

static int set_merge_pad(struct cli *cli, const char *argument, struct error *error)
{
    cli->merge.pad_to_size = flash_size_bytes(argument);
    if (cli->merge.pad_to_size)
        return 0;
    return error_set(error, ERR_USAGE, "--pad-to-size: \"%s\" is no size (256KB, 1MB, 4MB ...)",
                     argument);
}

static int set_chunk_size(struct cli *cli, const char *argument, struct error *error)
{
    uint64_t v;

    if (!util_number_parse(argument, false, 476, &v) || v == 0 || v % 4 != 0)
        return error_set(error, ERR_USAGE, "--chunk-size: \"%s\" is no multiple of 4 from 4 to 476",
                         argument);
    cli->merge.chunk_size = (unsigned)v;
    return 0;
}

/* ---- the table ---- */

#define AT(m)                .at = offsetof(struct cli, m)
#define SWITCH(m)            VALUE_ON, AT(m)
#define SWITCH_OFF(m)        VALUE_OFF, AT(m)
#define TEXT(m)              VALUE_TEXT, AT(m)
#define COPY(m)              VALUE_COPY, AT(m)
#define ADDRESS(m)           VALUE_ADDRESS, AT(m)
#define SECONDS(m)           VALUE_SECONDS, AT(m)
#define NUMBER(m, low, high) VALUE_NUMBER, AT(m), .min = (low), .max = (high)
#define SET(f)               VALUE_SET, .set = (f)

const struct cli_option cli_options[] = {
    {"port", "p", "PORT",
     "device or address to use; several times: several boards at once (default: $ESPJIG_PORT, "
     "$ESPTOOL_PORT, else the only USB port)",
     FOR_JOBS | FOR_DASHBOARD | FOR_STATION, false, SET(set_port)},
    {"baud", "b", "BAUD", "rate to work at, bit/s, or auto: the best that works (default)",
     FOR_JOBS, false, SET(set_baud)},
    {"chip", "c", "CHIP",
     "refuse any other chip; elf2image: for which the image is; demo: the chips of the boards, "
     "CHIP,CHIP... or all",
     FOR_JOBS | FOR_DEMO | FOR_INFO | FOR_ELF | FOR_MERGE | FOR_JOB | FOR_JOB_EXPORT, false,
     TEXT(chip)},
    {"before", NULL, "WORD",
     "how to get into the loader: default-reset, usb-reset, no-reset, no-reset-no-sync", FOR_JOBS,
     false, SET(set_before)},
    {"after", "a", "WORD",
     "how to leave the chip: hard-reset, soft-reset, watchdog-reset, no-reset, no-reset-stub",
     FOR_JOBS, false, SET(set_after)},
    {"connect-attempts", NULL, "N", "resets to try; 0: for ever (default: 7)", FOR_JOBS, false,
     NUMBER(job.connect_attempts, 0, 1000000)},
    {"no-stub", NULL, NULL, "use the chip's ROM alone", FOR_JOBS, false, SWITCH(job.no_stub)},
    {"stub-dir", NULL, "DIR", "look for the flasher stubs here first", FOR_ALL, false,
     COPY(job.stub_dir)},

    {"flash-mode", "fm", "MODE",
     "flash mode for the bootloader's header: keep (default), qio, qout, dio, dout, fastrd",
     FOR_WRITE | FOR_VERIFY | FOR_ELF | FOR_MERGE, false, SET(set_mode)},
    {"flash-freq", "ff", "FREQ", "frequency for the header: keep (default), 80m, 40m, 26m, 20m ...",
     FOR_WRITE | FOR_VERIFY | FOR_ELF | FOR_MERGE, false, SET(set_freq)},
    {"flash-size", "fs", "SIZE",
     "size for the header, and of a flash that does not tell: keep (default), detect, 4MB ...",
     FOR_WRITE | FOR_VERIFY | FOR_READ | FOR_ERASE | FOR_REGION | FOR_ELF | FOR_PARTITIONS |
         FOR_MERGE,
     false, SET(set_size)},
    {"spi-connection", "sc", "PINS",
     "where the flash is: SPI (default), HSPI, or pins CLK,Q,D,HD,CS", FOR_JOBS, false,
     SET(set_spi_connection)},
    {"erase-all", "e", NULL, "erase the whole flash before writing", FOR_WRITE, false,
     SWITCH(job.erase_all)},
    {"compress", "z", NULL, "send compressed data (default)", FOR_WRITE, false,
     SWITCH(job.compress)},
    {"no-compress", "u", NULL, "send plain data", FOR_WRITE, false, SWITCH_OFF(job.compress)},
    {"no-diff", NULL, NULL, "send all of it, also what the flash holds already", FOR_WRITE, false,
     SWITCH(job.no_diff)},
    {"skip-gaps", NULL, NULL,
     "leave out what is 0xFF over whole sectors, so that it is not erased: gaps of merged files",
     FOR_WRITE | FOR_VERIFY, false, SWITCH(job.skip_gaps)},
    {"force", NULL, NULL, "skip the checks that protect the chip",
     FOR_WRITE | FOR_ERASE | FOR_REGION | FOR_STATUS_WRITE, false, SWITCH(job.force)},
    {"bytes", NULL, "N", "how many status bytes, 1 to 3 (default: 2)", FOR_STATUS, false,
     NUMBER(status.bytes, 1, 3)},
    {"non-volatile", NULL, NULL, "write the status for good, not until the flash is reset",
     FOR_STATUS_WRITE, false, SWITCH(status.non_volatile)},
    {"encrypt", NULL, NULL, "have a chip with flash encryption encrypt the files", FOR_WRITE, false,
     SWITCH(source.encrypt)},
    {"encrypt-files", NULL, NULL, "the same for the pairs of address and file that follow it",
     FOR_WRITE, false, SET(set_encrypt_files)},
    {"dry-run", NULL, NULL, "only show what would be written", FOR_WRITE | FOR_VERIFY, false,
     SWITCH(dry_run)},
    {"allow-outside", NULL, NULL, "take files from outside of a manifest's or a project's folder",
     FOR_WRITE | FOR_VERIFY | FOR_JOB | FOR_JOB_EXPORT, false, SWITCH(source.allow_outside)},
    {"partition-table-offset", NULL, "ADDR",
     "where the partition table is in the flash (default: 0x8000)",
     FOR_WRITE | FOR_VERIFY | FOR_READ | FOR_REGION | FOR_PARTITIONS, false,
     SET(set_table_address)},
    {"format", NULL, "FORM", "of that file: csv or bin (default: as its name says)", FOR_PARTITIONS,
     false, TEXT(format)},
    {"expect-mac", NULL, "MAC", "refuse any other board", FOR_JOBS, false, SET(set_mac)},

    {"verify-key", NULL, "FILE",
     "verify the Secure Boot signature with this key (PEM, public or private); several times: with "
     "each",
     FOR_INFO, false, SET(set_verify_key)},
    {"offset", NULL, "N", "where in the file to begin", FOR_INFO, false, ADDRESS(info.offset)},
    {"output", "o", "FILE", "where the result goes; ESP8266 version 1: the beginning of two names",
     FOR_ELF | FOR_PARTITIONS | FOR_MERGE | FOR_SPLIT | FOR_JOB_IMPORT | FOR_JOB_EXPORT, false,
     TEXT(output)},
    {"format", "f", "WORD", "what merge-bin writes: raw (default), hex, uf2", FOR_MERGE, false,
     SET(set_format)},
    {"target-offset", "t", "ADDR", "where in the flash a raw merged file begins (default: 0)",
     FOR_MERGE, false, ADDRESS(merge.target_offset)},
    {"pad-to-size", NULL, "SIZE", "make a raw merged file go on to this address: 4MB ...",
     FOR_MERGE, false, SET(set_merge_pad)},
    {"chunk-size", NULL, "N", "bytes in a block of UF2 (default: as many as go in)", FOR_MERGE,
     false, SET(set_chunk_size)},
    {"md5-disable", NULL, NULL, "UF2 without an MD5 of each block", FOR_MERGE, false,
     SWITCH(merge.no_md5)},
    {"address", NULL, "ADDR", "where in the flash the file to split begins (default: as it tells)",
     FOR_SPLIT, false, TEXT(split_address)},
    {"protect", NULL, "START-END",
     "a range of flash that is neither written nor erased; repeatable",
     FOR_WRITE | FOR_ERASE | FOR_REGION, false, SET(set_protect)},
    {"expect", NULL, "TEXT", "boot check: after the reset a line of the board must contain this",
     FOR_WRITE, false, SET(set_expect)},
    {"expect-timeout", NULL, "SECONDS", "how long to wait for it (default: 3)", FOR_WRITE, false,
     SECONDS(job.boot_check.timeout_ms)},
    {"expect-send", NULL, "LINE", "send the board this line first", FOR_WRITE, false,
     SET(set_expect_send)},
    {"expect-delay", NULL, "SECONDS", "how long to wait before that (default: 0)", FOR_WRITE, false,
     SECONDS(job.boot_check.delay_ms)},
    {"expect-baud", NULL, "BAUD", "what the board's program speaks at (default: 115200)", FOR_WRITE,
     false, NUMBER(job.boot_check.baud, BAUD_MIN, BAUD_MAX)},
    {"to", NULL, "FORMAT", "job export: flash-args, or fdt, the Flash Download Tool's settings",
     FOR_JOB_EXPORT, false, TEXT(to)},
    {"min-rev", "r", "N", "the oldest chip revision, in the old form", FOR_ELF, true,
     NUMBER(elf.min_rev_v0, 0, UINT8_MAX)},
    {"min-rev-full", NULL, "REV", "the oldest chip revision, 100 * major + minor (default: 0)",
     FOR_ELF, false, NUMBER(elf.min_rev, 0, UINT16_MAX)},
    {"max-rev-full", NULL, "REV", "the newest chip revision (default: 65535)", FOR_ELF, false,
     NUMBER(elf.max_rev, 0, UINT16_MAX)},
    {"secure-pad", NULL, NULL, "pad for signing, Secure Boot version 1 (ESP32)", FOR_ELF, false,
     SWITCH(elf.secure_pad)},
    {"secure-pad-v2", NULL, NULL, "pad for signing, Secure Boot version 2", FOR_ELF, false,
     SWITCH(elf.secure_pad_v2)},
    {"elf-sha256-offset", NULL, "OFFSET",
     "put the ELF file's SHA-256 at this offset (default: into the app descriptor)", FOR_ELF, false,
     NUMBER(elf.elf_sha256_offset, 0, UINT32_MAX)},
    {"dont-append-digest", NULL, NULL, "no SHA-256 at the end (not for the ESP8266)", FOR_ELF,
     false, SWITCH(elf.no_digest)},
    {"use-segments", NULL, NULL, "take program headers instead of sections", FOR_ELF, false,
     SWITCH(elf.use_segments)},
    {"flash-mmu-page-size", NULL, "SIZE",
     "size of a page of mapped flash, 8KB to 256KB where the chip has a choice", FOR_ELF, false,
     SET(set_page_size)},
    {"pad-to-size", NULL, "SIZE", "fill the file up with 0xff to a multiple of this size", FOR_ELF,
     false, SET(set_pad_to_size)},
    {"ram-only-header", NULL, NULL, "show the ROM only the segments for RAM; no SHA-256 at the end",
     FOR_ELF, false, SWITCH(elf.ram_only_header)},

    {"boards", "n", "N", "how many emulated boards (default: 1, or one for each chip)", FOR_DEMO,
     false, NUMBER(boards, 1, CLI_DEMO_BOARDS_MAX)},
    {"all", NULL, NULL, "list also ports that are no USB adapters", FOR_PORTS, false,
     SWITCH(all_ports)},
    {"socket", NULL, "PATH", "listen here instead of at the user's usual place", FOR_STATION, false,
     TEXT(station.socket)},
    {"stay", NULL, NULL, "run on when nobody looks and nothing is to do", FOR_STATION, false,
     SWITCH(station.stay)},
    {"only-ports", NULL, NULL, "show no ports but those given with -p", FOR_STATION, false,
     SWITCH(station.only_ports)},
    {"bench", NULL, "FILE", "begin with the job in this JSON file, and remember nothing",
     FOR_STATION, true, TEXT(station.bench)},
    {"remove-dir", NULL, "DIR", "remove this directory at the end", FOR_STATION, true,
     TEXT(station.remove_dir)},

    {"json", NULL, NULL, "print events as lines of JSON, see espjig-events(5)",
     FOR_JOBS | FOR_PORTS | FOR_CHIPS | FOR_DEMO | FOR_INFO | FOR_ELF | FOR_MERGE | FOR_SPLIT |
         FOR_JOB | FOR_JOB_EXPORT,
     false, SWITCH(json)},
    {"verbose", "v", NULL, "say more, and what the chip says", FOR_ALL, false, SWITCH(verbose)},
    {"quiet", "q", NULL, "say nothing but errors, warnings and what was asked for", FOR_ALL, false,
     SWITCH(quiet)},
    {"ascii", NULL, NULL, "draw with ASCII characters only", FOR_ALL, false, SWITCH(ascii)},
    {"no-color", NULL, NULL, "no colours (also: NO_COLOR in the environment)",
     FOR_DASHBOARD | FOR_DEMO, false, SWITCH(no_color)},
    {"trace", "t", "FILE", "write every byte and every change of a line to this file", FOR_JOBS,
     false, COPY(job.trace)},
    {"fault", NULL, "SPEC", "rehearse a bad line: seed=N,drop=P,... (see espjig(1))", FOR_JOBS,
     true, COPY(job.fault)},
    {"help", "h", NULL, "print this; after a command: about that command", FOR_ALL, false,
     SWITCH(help)},
    {"version", "V", NULL, "print the version; with -v also the stubs that are found",
     FOR_ALL & ~(unsigned)FOR_ELF, false, SWITCH(version)},
    {"version", "e", "N", "format for the ESP8266: 1 (default), 2 or 3", FOR_ELF, false,
     NUMBER(elf.version, 1, 3)},
    {.name = NULL},
};
