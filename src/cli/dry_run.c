/* SPDX-License-Identifier: GPL-3.0-or-later */
/* write-flash --dry-run: what would be written, without a port; and the rows of that list for
 * others. */
#include "base/util.h"
#include "cli/images.h"
#include "cli/text.h"
#include "image/image.h"
#include "image/pieces.h"
#include "source/source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- rows of a list ---- */

static void place_of(const struct cli *cli, const struct job_image *image, char *to, size_t size)
{
    const struct chip *chip = chip_get(cli->job.chip);
    struct job_image at = *image;

    if (chip && at.address == JOB_ADDRESS_BOOTLOADER)
        at.address = chip->bootloader_offset;
    job_address_format(to, size, &at);
}

static void row_fill(struct images_row *row, const uint8_t *data, size_t size)
{
    row->size = size;
    util_size_format(row->size_text, sizeof row->size_text, size);
    image_describe(data, size, row->what, sizeof row->what);
}

/* A file with addresses of its own: each of its pieces. */
static int pieces_put(const struct cli *cli, struct images_row *row, const uint8_t *data,
                      size_t size, images_row_fn *put, void *context, struct error *error)
{
    struct pieces pieces;
    int result = pieces_read(&pieces, row->image->path, data, size, PIECES_OWN_ADDRESS,
                             chip_get(cli->job.chip), error);

    for (size_t i = 0; result == 0 && i < pieces.n; i++) {
        snprintf(row->place, sizeof row->place, "0x%x", pieces.rows[i].address);
        row_fill(row, pieces.rows[i].data, pieces.rows[i].size);
        put(context, row);
    }
    pieces_done(&pieces);
    return result;
}

int images_rows(const struct cli *cli, const struct job_image *image, images_row_fn *put,
                void *context, struct error *error)
{
    struct images_row row = {.image = image, .what = "for the chip that is found"};
    uint8_t *data = NULL;
    size_t size = 0;
    int result = 0;

    place_of(cli, image, row.place, sizeof row.place);
    if (strstr(image->path, JOB_PATH_CHIP)) {
        put(context, &row);
        return 0;
    }
    if (image_file_read(image->path, &data, &size, error) != 0)
        return error->code;
    enum file_form form = file_form(data, size);
    if ((form == FORM_HEX || form == FORM_UF2) &&
        (chip_get(cli->job.chip) || !file_form_needs_chip(form))) {
        result = pieces_put(cli, &row, data, size, put, context, error);
    } else {
        row_fill(&row, data, size);
        put(context, &row);
    }
    free(data);
    return result;
}

/* ---- --dry-run ---- */

static void row_say(void *context, const struct images_row *row)
{
    const struct job_image *image = row->image;
    struct cli *cli = context;
    struct event event;

    if (!cli->json) {
        text_say(stdout, "%-10s  %8s  %s  %s%s", row->place, row->size_text, image->path, row->what,
                 image->encrypted ? ", to be encrypted" : "");
        return;
    }
    event_init(&event, EVENT_RESULT);
    util_copy(event.result.op, sizeof event.result.op, "dry-run");
    event.result.ok = true;
    event_result_add(&event, "file", "%s", image->path);
    event_result_add(&event, "address", "%s", row->place);
    event_result_add(&event, "size", "%zu", row->size);
    event_result_add(&event, "what", "%s", row->what);
    event_result_add(&event, "encrypted", "%s", image->encrypted ? "yes" : "no");
    json_put(cli, &event);
}

/* What a source or an option has said; what is left to be found is not shown. */
static void settings_say(struct cli *cli)
{
    const struct job *job = &cli->job;
    const struct chip *chosen = chip_get(job->chip);
    const struct chip *chip = chosen ? chosen : source_chip_told(job, 0);
    const char *mode =
        job->flash_mode == FLASH_MODE_KEEP ? "keep" : flash_mode_name(job->flash_mode);
    struct event event;

    if (!cli->json) {
        printf("chip %s, flash mode %s, frequency %s, size %s%s\n",
               chip ? chip->name : "not chosen", mode, job->flash_freq, job->flash_size,
               job->erase_all ? ", the whole flash is erased first" : "");
        return;
    }
    json_hello_put(cli);
    event_init(&event, EVENT_RESULT);
    util_copy(event.result.op, sizeof event.result.op, "dry-run");
    event.result.ok = true;
    event_result_add(&event, "chip", "%s", chip ? chip->key : "auto");
    event_result_add(&event, "flash_mode", "%s", mode);
    event_result_add(&event, "flash_freq", "%s", job->flash_freq);
    event_result_add(&event, "flash_size", "%s", job->flash_size);
    event_result_add(&event, "erase_all", "%s", job->erase_all ? "yes" : "no");
    json_put(cli, &event);
}

void images_finding_print(const struct finding *finding, bool refuses)
{
    text_say(stderr, "%s: %s", refuses ? "refused" : "warning", finding->text);
}

static void finding_say(struct cli *cli, const struct finding *finding)
{
    bool refuses = finding->refuses && (!cli->job.force || finding->always);
    struct event event;

    if (!cli->json) {
        images_finding_print(finding, refuses);
        return;
    }
    event_init(&event, EVENT_CHECK);
    util_copy(event.check.error, sizeof event.check.error, error_id(finding->code));
    util_copy(event.check.text, sizeof event.check.text, finding->text);
    event.check.refuses = refuses;
    json_put(cli, &event);
}

/* What the job would find before its first byte, as far as no chip is needed for it. */
static int findings_say(struct cli *cli, struct error *error)
{
    struct findings findings = {0};
    int result = job_findings(&cli->job, 0, &findings, error);

    for (size_t i = 0; result == 0 && i < findings.n; i++)
        finding_say(cli, &findings.rows[i]);
    const struct finding *refusal = findings_refusal(&findings, cli->job.force);
    if (result == 0 && refusal)
        result = error_exit_status(refusal->code);
    findings_done(&findings);
    return result;
}

int images_show(struct cli *cli, struct error *error)
{
    int result = 0;

    settings_say(cli);
    job_sort_images(&cli->job, 0);
    for (size_t i = 0; result == 0 && i < cli->job.n_images; i++) {
        if (cli->job.images[i].enabled)
            result = images_rows(cli, &cli->job.images[i], row_say, cli, error);
    }
    return result == 0 ? findings_say(cli, error) : result;
}
