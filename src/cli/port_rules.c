/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rules such as usb:10c4:ea60 become the ports that fit them. */
#include "cli/commands.h"

#include "base/util.h"
#include "source/job_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool has(const struct cli *cli, const char *path)
{
    for (size_t i = 0; i < cli->n_ports; i++) {
        if (strcmp(cli->ports[i], path) == 0)
            return true;
    }
    return false;
}

static int no_port(const char *rule, const struct port_info *ports, size_t n, struct error *error)
{
    struct buffer names = {0};

    for (size_t i = 0; i < n; i++) {
        buffer_printf(&names, "%s%s", i ? ", " : "", ports[i].path);
        if (ports[i].usb)
            buffer_printf(&names, " (%04x:%04x)", ports[i].vid, ports[i].pid);
    }
    error_set(error, ERR_PORT_MISSING, "no port fits the rule \"%s\"; there %s %.400s", rule,
              n ? "is" : "are no serial ports", names.data ? (const char *)names.data : "at all");
    buffer_done(&names);
    return error->code;
}

static int resolve(struct cli *cli, const char *rule, const struct port_info *ports, size_t n,
                   struct error *error)
{
    size_t fitting = 0;

    if (!port_rule_check(rule))
        return error_set(error, ERR_USAGE,
                         "\"%s\" is no rule for ports: usb:VID:PID, serial:TEXT, slot:PATH or any",
                         rule);
    for (size_t i = 0; i < n; i++) {
        if (!port_rule_fits(rule, &ports[i]))
            continue;
        fitting++;
        if (has(cli, ports[i].path))
            continue;
        if (cli->n_ports == CLI_PORTS_MAX)
            return error_set(error, ERR_USAGE, "more than %d ports fit the rule \"%s\"",
                             CLI_PORTS_MAX, rule);
        cli->found[cli->n_found] = xstrdup(ports[i].path);
        cli->ports[cli->n_ports++] = cli->found[cli->n_found++];
    }
    return fitting ? 0 : no_port(rule, ports, n, error);
}

int ports_resolve(struct cli *cli, struct error *error)
{
    const char *asked[CLI_PORTS_MAX];
    struct port_info *ports = NULL;
    size_t n_asked = cli->n_ports, n = 0;
    bool any_rule = false;
    int result = 0;

    memcpy(asked, cli->ports, n_asked * sizeof *asked);
    for (size_t i = 0; i < n_asked; i++)
        any_rule = any_rule || port_rule_is(asked[i]);
    if (!any_rule)
        return 0;
    result = ports_list(&ports, &n, true, error);
    cli->n_ports = 0;
    for (size_t i = 0; result == 0 && i < n_asked; i++) {
        if (port_rule_is(asked[i]))
            result = resolve(cli, asked[i], ports, n, error);
        else if (!has(cli, asked[i]))
            cli->ports[cli->n_ports++] = asked[i];
    }
    free(ports);
    return result;
}
