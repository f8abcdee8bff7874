/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/cli.h"
#include "ui/ui.h"

static int dashboard(struct client *client, const struct cli_look *look, struct error *error)
{
    struct ui_options options = {
        .ascii = look->ascii, .no_color = look->no_color, .title = look->title};

    return ui_run(client, &options, error);
}

int main(int argc, char **argv)
{
    return cli_main(argc, argv, dashboard);
}
