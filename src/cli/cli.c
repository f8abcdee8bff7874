/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/cli.h"

#include "cli/options.h"
#include "cli/run.h"

#include <locale.h>
#include <stdio.h>
#include <string.h>

/* Whoever asks for JSON gets JSON, also about a command line that makes no sense. */
static bool json_is_asked(int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], "--json") == 0)
            return true;
    }
    return false;
}

int cli_main(int argc, char **argv, cli_dashboard_fn *dashboard)
{
    struct error error = {0};
    struct cli cli;

    /* Only the character set: a comma in a number would break lines of JSON. */
    setlocale(LC_CTYPE, "");
    int status = cli_parse(&cli, argc, argv, &error);
    cli.json = json_is_asked(argc, argv);
    cli.dashboard = dashboard;
    if (status == 0 && cli.help)
        cli_print_help(&cli);
    else if (status == 0 && cli.version)
        cli_print_version(&cli);
    else if (status == 0)
        status = cli.command->run(&cli, &error);
    if (status < 0)
        status = run_report_failure(&cli, &error);
    cli_done(&cli);
    return status;
}
