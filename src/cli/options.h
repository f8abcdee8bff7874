/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What can be typed. One table of commands and one of options; the parser, the usage text, and
 * through that the completion and the test of the man page, all read these two. Names are esptool
 * v5's; underscores (v4: write_flash, --flash_mode) are taken for hyphens everywhere.
 */
#ifndef ESPJIG_CLI_OPTIONS_H
#define ESPJIG_CLI_OPTIONS_H

#include "base/error.h"
#include "cli/cli.h"
#include "image/elf_image.h"
#include "image/merge.h"
#include "job/job.h"
#include "source/args.h"
#include "source/source.h"

#include <stdbool.h>
#include <stddef.h>

enum { CLI_PORTS_MAX = 128, CLI_DEMO_BOARDS_MAX = 64, CLI_KEYS_MAX = 8 };

/* The command line, read. Strings belong to `words`. */
struct cli {
    struct words words;                /* argv with every @FILE replaced by what is in it */
    const char *group;                 /* first word of a command of two, "job"; or NULL */
    const struct cli_command *command; /* never NULL after cli_parse(): the dashboard is one too */
    const char *args[512];             /* what is left of the command line */
    bool encrypted[512];               /* it stands behind --encrypt-files */
    size_t n_args;
    cli_dashboard_fn *dashboard;

    /* Of many commands. */
    bool json, verbose, quiet, help, version, ascii, no_color;
    bool dry_run;
    const char *output, *format; /* where a result goes, and in which form */

    /* Of those that need a board. */
    struct job job; /* the options that concern a job; owned */
    const char *chip;
    const char *ports[CLI_PORTS_MAX];
    size_t n_ports;
    char *found[CLI_PORTS_MAX]; /* those of them that a rule was resolved to */
    size_t n_found;

    /* Of one command, or of a few. */
    struct cli_source { /* write-flash, verify-flash, job: what their images come from */
        bool allow_outside, encrypt;
        bool encrypting; /* while it is read: what follows is for --encrypt-files */
        struct source_notes notes;
    } source;
    struct cli_status { /* read-flash-status, write-flash-status */
        unsigned bytes; /* 0: not given */
        bool non_volatile;
    } status;
    struct cli_info { /* image-info */
        const char *keys[CLI_KEYS_MAX];
        size_t n_keys;
        uint32_t offset;
    } info;
    struct cli_station {
        const char *socket, *bench, *remove_dir;
        bool stay, only_ports;
    } station;
    struct merge_options merge;
    struct elf_options elf;    /* but for what the chip's tables say */
    const char *split_address; /* NULL: as the file tells */
    const char *to;            /* job export */
    struct event *table;       /* partitions: NULL, or where the last table is kept */
    bool all_ports;
    unsigned boards; /* demo; 0: not given */
};

struct cli_command {
    const char *name; /* one word or two; "" the dashboard */
    const char *arguments, *help;
    unsigned bit;                                     /* enum command_bit */
    size_t min_args, max_args;                        /* checked by the parser */
    int (*run)(struct cli *cli, struct error *error); /* returns the exit status, or < 0: *error */
    bool hidden;
};

/* Who takes an option. */
enum command_bit {
    FOR_DASHBOARD = 1 << 0,
    FOR_PORTS = 1 << 1,
    FOR_WRITE = 1 << 2,
    FOR_VERIFY = 1 << 3,
    FOR_READ = 1 << 4,
    FOR_ERASE = 1 << 5,
    FOR_REGION = 1 << 6,
    FOR_IDS = 1 << 7,
    FOR_DEMO = 1 << 8,
    FOR_STATION = 1 << 9,
    FOR_MEMORY = 1 << 10, /* what needs no flash, and programs */
    FOR_STATUS_READ = 1 << 11,
    FOR_STATUS_WRITE = 1 << 12,
    FOR_SFDP = 1 << 13,
    FOR_INFO = 1 << 14,       /* image-info */
    FOR_MERGE = 1 << 15,      /* merge-bin */
    FOR_SPLIT = 1 << 16,      /* split-bin */
    FOR_ELF = 1 << 17,        /* elf2image */
    FOR_PARTITIONS = 1 << 18, /* partitions */
    FOR_JOB = 1 << 19,        /* job check, job show */
    FOR_CHIPS = 1 << 20,
    FOR_JOB_IMPORT = 1 << 21, /* what FOR_WRITE has becomes part of the job */
    FOR_JOB_EXPORT = 1 << 22,
};
#define FOR_STATUS (FOR_STATUS_READ | FOR_STATUS_WRITE)
#define FOR_JOBS                                                                         \
    (FOR_WRITE | FOR_VERIFY | FOR_READ | FOR_ERASE | FOR_REGION | FOR_IDS | FOR_MEMORY | \
     FOR_STATUS | FOR_SFDP | FOR_PARTITIONS)
#define FOR_ALL (~0U)

/* What an option does with its value. */
enum cli_value {
    VALUE_ON, /* it has none: the bool becomes true, or false */
    VALUE_OFF,
    VALUE_TEXT,    /* const char *: as it stands in the words */
    VALUE_COPY,    /* char *, owned */
    VALUE_NUMBER,  /* unsigned, from min to max */
    VALUE_ADDRESS, /* uint32_t; 64k and 1M are numbers, too */
    VALUE_SECONDS, /* unsigned, in milliseconds */
    VALUE_SET      /* set() knows */
};

struct cli_option {
    const char *name;     /* without the hyphens */
    const char *letters;  /* NULL; "p", "fm" */
    const char *argument; /* NULL: a switch */
    const char *help;
    unsigned commands; /* enum command_bit */
    bool hidden;       /* only shown with -v, and in the man page */
    enum cli_value value;
    size_t at; /* of the member in struct cli */
    unsigned min, max;
    int (*set)(struct cli *cli, const char *argument, struct error *error);
};

extern const struct cli_command cli_commands[]; /* commands.c; ended by name NULL */
extern const struct cli_option cli_options[];   /* option_table.c; ended by name NULL */

/* Reads the command line. `cli` is ready for cli_done() in any case. ERR_USAGE and what the
 * options' values give, with the text for the user. */
int cli_parse(struct cli *cli, int argc, char **argv, struct error *error);
/* The options once more, on a cli->job that something else has filled meanwhile. */
int cli_options_again(struct cli *cli, struct error *error);
void cli_done(struct cli *cli);

/* help.c: print to stdout. */
void cli_print_help(const struct cli *cli);
void cli_print_version(const struct cli *cli);

#endif
