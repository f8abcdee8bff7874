/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Usage text and version, made from the tables. */
#include "config.h"

#include "cli/options.h"

#include "base/util.h"
#include "loader/stub.h"

#include <stdio.h>
#include <string.h>

enum { TEXT_COLUMN = 29, WIDTH = 80 };

/* Prints `text` from TEXT_COLUMN on, folded at WIDTH; the cursor is at `column`. */
static void print_folded(int column, const char *text)
{
    if (column >= TEXT_COLUMN - 1) {
        putchar('\n');
        column = 0;
    }
    printf("%*s", TEXT_COLUMN - column, "");
    column = TEXT_COLUMN;
    while (*text) {
        int n = (int)strcspn(text, " ");
        if (column > TEXT_COLUMN && column + 1 + n > WIDTH) {
            printf("\n%*s", TEXT_COLUMN, "");
            column = TEXT_COLUMN;
        } else if (column > TEXT_COLUMN) {
            putchar(' ');
            column++;
        }
        printf("%.*s", n, text);
        column += n;
        text += n;
        text += *text == ' ';
    }
    putchar('\n');
}

static void print_options(unsigned bit, bool hidden_too)
{
    for (const struct cli_option *o = cli_options; o->name; o++) {
        char left[80];
        if (!(o->commands & bit) || (o->hidden && !hidden_too))
            continue;
        int n = snprintf(left, sizeof left, "  %s%s%s--%s%s%s", o->letters ? "-" : "    ",
                         o->letters ? o->letters : "", o->letters ? ", " : "", o->name,
                         o->argument ? " " : "", o->argument ? o->argument : "");
        printf("%s", left);
        print_folded(n, o->help);
    }
}

static void print_command_help(const struct cli *cli)
{
    const struct cli_command *c = cli->command;

    printf("usage: espjig %s [OPTION...]%s%s\n\n%s\n\n", c->name, c->arguments[0] ? " " : "",
           c->arguments, c->help);
    if (strstr(c->arguments, "SOURCE"))
        printf("SOURCE is what a build left behind: a build directory of ESP-IDF, PlatformIO or\n"
               "Arduino, or the project above it; manifest.json of ESP Web Tools; flash_args and\n"
               "the like; settings of the Flash Download Tool; NAME.job; or a file that knows its\n"
               "address: Intel HEX, UF2, a merged image.\n\n");
    printf("Options:\n");
    print_options(c->bit, cli->verbose);
}

/* Of the commands of two words that begin with the same one. */
static void print_group_help(const char *group)
{
    size_t n = strlen(group);

    printf("usage: espjig %s COMMAND [OPTION...] [ARGUMENT...]\n\nCommands:\n", group);
    for (const struct cli_command *c = cli_commands; c->name; c++) {
        char left[80];
        if (strncmp(c->name, group, n) != 0 || c->name[n] != ' ')
            continue;
        int width = snprintf(left, sizeof left, "  %s %s", c->name, c->arguments);
        printf("%s", left);
        print_folded(width, c->help);
    }
}

static void print_all_help(const struct cli *cli)
{
    printf("usage: espjig                                     the dashboard\n"
           "       espjig COMMAND [OPTION...] [ARGUMENT...]   one command\n"
           "\nFlashes Espressif chips, the ESP8266, the ESP32 and all its successors;\n"
           "`espjig chips` lists them.\n\nCommands:\n");
    for (const struct cli_command *c = cli_commands; c->name; c++) {
        char left[80];
        if (c->name[0] == '\0')
            continue;
        int n = snprintf(left, sizeof left, "  %s %s", c->name, c->arguments);
        printf("%s", left);
        print_folded(n, c->help);
    }
    printf("\nOptions, before or after the command:\n");
    print_options(FOR_ALL, cli->verbose);
    printf("\nPorts: /dev/ttyUSB0, socket://HOST:PORT, rfc2217://HOST:PORT, pty:PATH,\n"
           "emu:CHIP (an emulated board). `espjig COMMAND --help` tells about one command,\n"
           "espjig(1) about everything.\n");
}

void cli_print_help(const struct cli *cli)
{
    if (cli->command && cli->command->name[0])
        print_command_help(cli);
    else if (cli->group)
        print_group_help(cli->group);
    else
        print_all_help(cli);
}

static void print_stubs_of(const struct chip *chip, const char *dir)
{
    struct stub stub = {0};
    bool found = false;

    for (int nth = 0; stub_find(chip->stub, dir, nth, &stub, NULL) == 0; nth++) {
        printf("stub for %s: %s", chip->name, stub.path);
        if (stub.version > 0)
            printf(" (version %d)", stub.version);
        putchar('\n');
        stub_done(&stub);
        found = true;
    }
    if (!found)
        printf("stub for %s: none found, so its ROM does the work (slower)\n", chip->name);
}

void cli_print_version(const struct cli *cli)
{
    printf("espjig " PACKAGE_VERSION "\n");
    for (int id = CHIP_AUTO + 1; id < CHIP_COUNT && cli->verbose; id++) {
        const struct chip *chip = chip_get((enum chip_id)id);
        if (chip && chip->stub)
            print_stubs_of(chip, cli->job.stub_dir);
    }
}
