/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `espjig partitions`: the table of a file or of a chip, shown, checked, and written in the other
 * form. */
#include "cli/partitions.h"

#include "base/output.h"
#include "base/util.h"
#include "chip/chip.h"
#include "cli/commands.h"
#include "cli/text.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

/* ---- the file that is written -------------------------------------------------------------- */

enum form { FORM_NONE, FORM_CSV, FORM_BIN };

static enum form form_of(const char *word)
{
    return strcasecmp(word, "csv") == 0   ? FORM_CSV
           : strcasecmp(word, "bin") == 0 ? FORM_BIN
                                          : FORM_NONE;
}

static int form_take(const struct cli *cli, enum form *form, struct error *error)
{
    const char *dot = cli->output ? strrchr(cli->output, '.') : NULL;

    *form = FORM_NONE;
    if (cli->format && (*form = form_of(cli->format)) == FORM_NONE)
        return error_set(error, ERR_USAGE, "--format: \"%s\" is not csv or bin", cli->format);
    if (cli->format && cli->output == NULL)
        return error_set(error, ERR_USAGE,
                         "--format is about the file of --output, and none is given");
    if (cli->output && *form == FORM_NONE &&
        (dot == NULL || (*form = form_of(dot + 1)) == FORM_NONE))
        return error_set(error, ERR_USAGE,
                         "--output: the name %s says neither .csv nor .bin, --format must",
                         cli->output);
    return 0;
}

/* Whether a label would come out of a CSV as it went in. */
static bool label_is_plain(const char *label)
{
    size_t n = strlen(label);

    for (const char *c = label; *c; c++) {
        if (iscntrl((unsigned char)*c) || *c == ',' || *c == '$')
            return false;
    }
    return n == 0 || (label[0] != '#' && label[0] != ' ' && label[n - 1] != ' ');
}

static int table_write(const struct cli *cli, enum form form, const struct partition_table *table,
                       struct error *error)
{
    struct buffer out = {0};

    for (size_t i = 0; form == FORM_CSV && i < table->n; i++) {
        if (!label_is_plain(table->rows[i].label))
            return error_set(error, ERR_FILE_FORMAT,
                             "the name of partition %zu has a sign that a CSV can't hold", i + 1);
    }
    if (form == FORM_CSV)
        partition_csv_write(table, &out);
    else
        partition_table_write(table, true, &out);
    int rc = output_write(cli->output, out.data, out.len, error);
    buffer_done(&out);
    return rc;
}

/* ---- from a file --------------------------------------------------------------------------- */

static bool is_fixed(const struct cli *cli)
{
    return cli->job.table_address != JOB_TABLE_ADDRESS;
}

static void say_done(struct cli *cli, const struct error *error)
{
    struct event done;

    event_init(&done, EVENT_DONE);
    event_done_describe(&done, error, 0);
    json_put(cli, &done);
}

static int from_file(struct cli *cli, const char *path, enum form form, struct error *error)
{
    const struct chip *chip;
    struct event event;
    struct error wrong = {0};

    if (cli_chip_find(cli, &chip, error) != 0)
        return error->code;
    event_init(&event, EVENT_PARTITIONS);
    event.partitions.address = cli->job.table_address;
    event.partitions.bootloader = chip ? chip->bootloader_offset : PARTITION_NO_PLACE;
    event.partitions.flash_size = flash_size_bytes(cli->job.flash_size);
    if (partitions_file_read(path, is_fixed(cli), &event, error) != 0)
        return error->code;

    if (cli->json) {
        json_hello_put(cli);
        json_put(cli, &event);
    } else if (!cli->quiet || form == FORM_NONE) {
        partitions_print(&event);
    }
    if (partition_table_check(&event.partitions.table, event.partitions.address,
                              event.partitions.flash_size, &wrong) != 0)
        error_context(&wrong, "%s", path);
    else if (form != FORM_NONE)
        table_write(cli, form, &event.partitions.table, &wrong);
    if (cli->json)
        say_done(cli, &wrong);
    else if (wrong.code != 0)
        return error_set(error, wrong.code, "%s", wrong.text);
    return error_exit_status(wrong.code);
}

/* ---- from a chip --------------------------------------------------------------------------- */

static int from_port(struct cli *cli, enum form form, struct error *error)
{
    struct event event = {0};

    if (cli->n_ports > 1)
        return error_set(error, ERR_USAGE, "partitions takes one port");
    cli->table = &event;
    job_add_op(&cli->job, OP_READ_PARTITIONS);
    int status = run_checked(cli, error);
    if (status != 0 || form == FORM_NONE)
        return status;
    return table_write(cli, form, &event.partitions.table, error) != 0 ? error->code : 0;
}

/* A file or a directory is there; what is not has the form of a port's address, or is missed as a
 * file. */
static bool is_port(const char *word)
{
    struct stat st;

    if (stat(word, &st) == 0)
        return !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode);
    return strncmp(word, "/dev/", 5) == 0 || strchr(word, ':') != NULL;
}

int partitions_run(struct cli *cli, struct error *error)
{
    enum form form;

    if (form_take(cli, &form, error) != 0)
        return error->code;
    if (cli->n_args == 0)
        return from_port(cli, form, error);
    if (cli->n_ports > 0)
        return error_set(error, ERR_USAGE, "partitions takes a port or a file, not both: %s",
                         cli->args[0]);
    if (!is_port(cli->args[0]))
        return from_file(cli, cli->args[0], form, error);
    cli->ports[cli->n_ports++] = cli->args[0];
    return from_port(cli, form, error);
}
