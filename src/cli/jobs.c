/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * `espjig job check|show|import|export`: what can be done with a job without a board. What they are
 * given is any source, of which NAME.job is one. `job run` is write-flash.
 */
#include "cli/commands.h"

#include "base/util.h"
#include "cli/images.h"
#include "cli/json.h"
#include "cli/text.h"
#include "source/export.h"
#include "source/job_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- saying ---- */

static json_t *notes_json(const struct source_notes *notes)
{
    json_t *array = json_array();

    for (size_t i = 0; i < notes->n; i++)
        json_array_append_new(array, json_pack("{s:b, s:o}", "lost", notes->rows[i].lost, "text",
                                               cli_json_text(notes->rows[i].text)));
    return array;
}

static size_t lost_count(const struct source_notes *notes)
{
    size_t n = 0;

    for (size_t i = 0; i < notes->n; i++)
        n += notes->rows[i].lost;
    return n;
}

/* ---- reading ---- */

static int load(struct cli *cli, struct error *error)
{
    return cli_chip_take(cli, error) == 0 ? images_take(cli, error) : error->code;
}

/* ---- check ---- */

static json_t *finding_json(const struct finding *finding)
{
    return json_pack("{s:s, s:b, s:o}", "error", error_id(finding->code), "refuses",
                     finding->refuses, "text", cli_json_text(finding->text));
}

static void findings_print(struct cli *cli, const struct findings *findings, bool ok)
{
    json_t *array = json_array();

    for (size_t i = 0; i < findings->n; i++) {
        const struct finding *finding = &findings->rows[i];
        json_array_append_new(array, finding_json(finding));
        if (!cli->json)
            images_finding_print(finding, finding->refuses);
    }
    if (cli->json) {
        cli_json_print(json_pack("{s:o, s:b, s:o, s:o}", "job", cli_json_text(cli->args[0]), "ok",
                                 ok, "findings", array, "notes", notes_json(&cli->source.notes)));
        return;
    }
    json_decref(array);
    if (ok && !cli->quiet)
        text_say(stdout, "%s: %s", cli->args[0],
                 findings->n ? "can be flashed, but see the warnings" : "nothing is wrong with it");
}

int job_check_command(struct cli *cli, struct error *error)
{
    struct findings findings = {0};
    int result = load(cli, error);

    if (result == 0)
        result = job_findings(&cli->job, 0, &findings, error);
    if (result == 0) {
        const struct finding *refusal = findings_refusal(&findings, false);
        findings_print(cli, &findings, refusal == NULL);
        result = refusal ? error_exit_status(refusal->code) : 0;
    }
    findings_done(&findings);
    return result;
}

/* ---- show ---- */

static void show_settings(const struct job *job)
{
    struct job_setting setting;
    struct buffer value = {0};

    for (size_t i = 0; job_file_setting(job, i, &setting, &value); i++) {
        if (!setting.usual)
            text_say(stdout, "%-10s %-16s %s", setting.section, setting.key,
                     (const char *)value.data);
    }
    buffer_done(&value);
}

static void show_ranges(const struct job *job)
{
    for (size_t i = 0; i < job->n_protect; i++)
        printf("%-10s %-16s 0x%x to 0x%llx\n", "protect", "", job->protect[i].address,
               (unsigned long long)job->protect[i].address + job->protect[i].size);
}

static void show_line(const struct job_image *image, const char *place, const char *size,
                      const char *what)
{
    text_say(stdout, "%s %-11s %9s  %s  %s%s", image->enabled ? "+" : "-", place, size, image->path,
             what, image->encrypted ? ", to be encrypted" : "");
}

static void show_row(void *context, const struct images_row *row)
{
    (void)context;
    show_line(row->image, row->place, row->size_text, row->what);
}

/* Also those that can't be read: that is what one wants to see. */
static void show_image(const struct cli *cli, const struct job_image *image)
{
    struct error why = {0};
    char place[24];

    if (images_rows(cli, image, show_row, NULL, &why) != 0)
        show_line(image, job_address_format(place, sizeof place, image), "", why.text);
}

int job_show_command(struct cli *cli, struct error *error)
{
    if (load(cli, error) != 0)
        return error->code;
    if (cli->json) {
        json_t *json = job_to_json(&cli->job);
        json_object_set_new(json, "notes", notes_json(&cli->source.notes));
        cli_json_print(json);
        return 0;
    }
    show_settings(&cli->job);
    show_ranges(&cli->job);
    for (size_t i = 0; i < cli->job.n_images; i++)
        show_image(cli, &cli->job.images[i]);
    return 0;
}

/* ---- import and export ---- */

static int need_output(const struct cli *cli, struct error *error)
{
    if (cli->output)
        return 0;
    return error_set(error, ERR_USAGE, "%s needs -o: where to write", cli->command->name);
}

static int refuse_unsaid(const struct cli *cli, struct error *error)
{
    const struct {
        bool given;
        const char *option;
    } rows[] = {
        {cli->job.trace, "--trace"}, {cli->job.fault, "--fault"},
        {cli->job.force, "--force"}, {cli->job.stub_dir, "--stub-dir"},
        {cli->dry_run, "--dry-run"}, {cli->job.expect_mac[0] != '\0', "--expect-mac"},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (rows[i].given)
            return error_set(error, ERR_USAGE, "%s is nothing that a job file can say",
                             rows[i].option);
    }
    return 0;
}

static int port_take(struct cli *cli, struct error *error)
{
    struct job *job = &cli->job;

    if (cli->n_ports > 1)
        return error_set(error, ERR_USAGE,
                         "a job has one port; a rule such as usb:10c4:ea60 or any can stand for "
                         "several");
    if (cli->n_ports == 0)
        return 0;
    bool rule = port_rule_is(cli->ports[0]);
    free(job->port_rule);
    job->port_rule = rule ? xstrdup(cli->ports[0]) : NULL;
    job_set_port(job, rule ? NULL : cli->ports[0]);
    return 0;
}

static int written(const struct cli *cli, const char *path)
{
    if (cli->json)
        cli_json_print(json_pack("{s:o, s:o}", "written", cli_json_text(path), "notes",
                                 notes_json(&cli->source.notes)));
    else if (!cli->quiet)
        text_say(
            stdout, "%s: %zu image%s%s", path, cli->job.n_images, cli->job.n_images == 1 ? "" : "s",
            lost_count(&cli->source.notes) ? "; not all of it could be taken over, see above" : "");
    return 0;
}

int job_import_command(struct cli *cli, struct error *error)
{
    if (need_output(cli, error) != 0 || refuse_unsaid(cli, error) != 0 || load(cli, error) != 0 ||
        port_take(cli, error) != 0 || job_file_save(&cli->job, cli->output, error) != 0)
        return error->code;
    return written(cli, cli->output);
}

static const struct {
    const char *name;
    int (*write)(const struct job *job, const char *path, struct source_notes *notes,
                 struct error *error);
} formats[] = {
    {"flash-args", export_flash_args},
    {"fdt", export_fdt},
};

int job_export_command(struct cli *cli, struct error *error)
{
    size_t i = 0;

    while (i < ARRAY_LEN(formats) && (cli->to == NULL || strcmp(cli->to, formats[i].name) != 0))
        i++;
    if (i == ARRAY_LEN(formats))
        return error_set(error, ERR_USAGE, "%s needs --to flash-args or --to fdt%s%s",
                         cli->command->name, cli->to ? ", not " : "", cli->to ? cli->to : "");
    if (need_output(cli, error) != 0 || load(cli, error) != 0)
        return error->code;
    size_t first = cli->source.notes.n;
    if (formats[i].write(&cli->job, cli->output, &cli->source.notes, error) != 0)
        return error->code;
    images_notes_print(cli, first);
    return written(cli, cli->output);
}
