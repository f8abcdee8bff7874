/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The station in the foreground, and the dashboard that attaches to one. */
#include "cli/commands.h"

#include "base/paths.h"
#include "base/util.h"
#include "station/client.h"
#include "station/station.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int bench_read(const char *path, struct job *bench, struct error *error)
{
    json_error_t where;
    json_t *json = json_load_file(path, 0, &where);
    int result =
        json ? job_from_json(json, bench, error)
             : error_set(error, ERR_FILE_FORMAT, "%s: line %d: %s", path, where.line, where.text);

    json_decref(json);
    return result == 0 || json == NULL ? result : error_context(error, "%s", path);
}

int station_main(struct cli *cli, struct error *error)
{
    struct station_options options = {
        .client_fd = -1,
        .ports = cli->ports,
        .n_ports = cli->n_ports,
        .no_local_ports = cli->station.only_ports,
        .remove_dir = cli->station.remove_dir,
        .stay = cli->station.stay,
    };
    struct job bench = {0};
    char path[512], records[512];

    options.socket = cli->station.socket;
    if (cli->station.socket == NULL) {
        if (station_socket_path("station", path, sizeof path, error) != 0)
            return error->code;
        options.socket = path;
    }
    if (cli->station.bench) {
        if (bench_read(cli->station.bench, &bench, error) != 0)
            return error->code;
        options.bench = &bench;
    }
    /* A demo is not to be found among what was really flashed. */
    if (paths_state(cli->station.bench ? "demo.db" : "records.db", records, sizeof records, NULL) ==
        0)
        options.records = records;
    int result = station_run(&options, error);
    job_done(&bench);
    return result;
}

bool dashboard_possible(void)
{
    return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
}

int dashboard_open(struct cli *cli, const char *path, char *const argv[], const char *title,
                   struct error *error)
{
    const char *no_color = getenv("NO_COLOR");
    struct cli_look look = {
        .ascii = cli->ascii,
        .no_color = cli->no_color || (no_color && no_color[0]),
        .title = title,
    };
    struct client client;

    int result = client_connect(&client, path, argv, error);
    if (result != 0)
        return result;
    for (size_t i = 0; i < cli->n_ports; i++)
        client_add_port(&client, cli->ports[i]);
    result = cli->dashboard(&client, &look, error);
    client_close(&client);
    return result;
}

int dashboard_run(struct cli *cli, struct error *error)
{
    char path[512], host[64] = "";
    char *argv[] = {"espjig", "station", "--socket", path, NULL};

    if (!dashboard_possible())
        return error_set(error, ERR_USAGE,
                         "the dashboard needs a terminal; without one, give a command");
    if (station_socket_path("station", path, sizeof path, error) != 0)
        return error->code;
    gethostname(host, sizeof host - 1);
    host[strcspn(host, ".")] = '\0';
    return dashboard_open(cli, path, argv, host, error);
}
