/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The words behind write-flash and verify-flash: pairs of a place and a file, and sources that know
 * their places themselves (a build directory, a manifest, a job, a HEX file ...).
 *
 * A number, `bootloader` and `own` are places. Another word is a source, unless it can be the label
 * of a partition (it has neither `.` nor `/`) and is followed by an existing file, or does not
 * exist itself. A directory that is named like a label is written ./ota_0.
 */
#include "cli/images.h"

#include "base/util.h"
#include "cli/text.h"
#include "image/image.h"
#include "source/source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* ---- notes ---- */

static void note_event(const struct source_note *note, struct event *event)
{
    event_init(event, EVENT_LOG);
    event->log.level = note->lost ? LOG_WARNING : LOG_INFO;
    util_copy(event->log.text, sizeof event->log.text, note->text);
}

void images_notes_put(const struct cli *cli)
{
    struct event event;

    for (size_t i = 0; i < cli->source.notes.n; i++) {
        note_event(&cli->source.notes.rows[i], &event);
        json_put((void *)(uintptr_t)cli, &event);
    }
}

void images_notes_print(const struct cli *cli, size_t first)
{
    for (size_t i = first; !cli->json && i < cli->source.notes.n; i++) {
        const struct source_note *note = &cli->source.notes.rows[i];
        if (note->lost || !cli->quiet)
            text_say(stderr, "%s: %s", note->lost ? "warning" : "note", note->text);
    }
}

/* ---- which word is what ---- */

static bool exists(const char *word, bool file)
{
    struct stat st;

    return word && stat(word, &st) == 0 && (!file || S_ISREG(st.st_mode));
}

enum meaning { IS_PLACE, IS_SOURCE, IS_EITHER, IS_NEITHER };

static enum meaning word_meaning(const char *word, const char *next, struct job_image *place)
{
    if (!job_address_parse(word, place))
        return strpbrk(word, "./") || exists(word, false) ? IS_SOURCE : IS_NEITHER;
    if (place->address != JOB_ADDRESS_PARTITION)
        return IS_PLACE;
    if (!exists(word, false))
        return next ? IS_PLACE : IS_SOURCE;
    if (!exists(next, true))
        return IS_SOURCE;
    return source_kind(word) == SOURCE_NONE ? IS_PLACE : IS_EITHER;
}

static int neither(const char *word, struct error *error)
{
    uint64_t v;

    if (util_number_parse(word, true, UINT64_MAX, &v))
        return error_set(error, ERR_BAD_ADDRESS, "address %s is past the end of 32 bits", word);
    return error_set(
        error, ERR_BAD_ADDRESS,
        "\"%s\" is no address: it is neither a number nor the name of a partition, and "
        "there is no such file",
        word);
}

static int pair_take(struct cli *cli, size_t i, const struct job_image *place, struct error *error)
{
    if (i + 1 == cli->n_args)
        return error_set(error, ERR_USAGE,
                         "%s takes pairs of an address and a file, but \"%s\" stands alone",
                         cli->command->name, cli->args[i]);
    job_add_image(&cli->job, cli->args[i + 1], place->address);
    struct job_image *image = &cli->job.images[cli->job.n_images - 1];
    util_copy(image->partition, sizeof image->partition, place->partition);
    image->encrypted = cli->source.encrypt || cli->encrypted[i] ? ENCRYPT_ALWAYS : ENCRYPT_NO;
    return 0;
}

static int source_take(struct cli *cli, const char *path, struct error *error)
{
    const struct source_options options = {.chip = cli->job.chip,
                                           .allow_outside = cli->source.allow_outside};
    size_t first = cli->job.n_images;
    int result = source_load(path, &options, &cli->job, &cli->source.notes, error);

    for (size_t i = first; result == 0 && cli->source.encrypt && i < cli->job.n_images; i++)
        cli->job.images[i].encrypted = ENCRYPT_ALWAYS;
    return result;
}

int images_take(struct cli *cli, struct error *error)
{
    bool has_source = false;

    for (size_t i = 0; i < cli->n_args; i++) {
        const char *word = cli->args[i], *next = i + 1 < cli->n_args ? cli->args[i + 1] : NULL;
        struct job_image place = {0};
        int result = 0;
        switch (word_meaning(word, next, &place)) {
        case IS_PLACE:
            result = pair_take(cli, i++, &place, error);
            break;
        case IS_SOURCE:
            result = source_take(cli, word, error);
            has_source = true;
            break;
        case IS_EITHER:
            result = error_set(error, ERR_USAGE,
                               "\"%s\" is a directory here, and could be the label of a partition "
                               "for %s: write ./%s for the directory, an address for the partition",
                               word, next, word);
            break;
        case IS_NEITHER:
            result = neither(word, error);
            break;
        }
        if (result != 0)
            return result;
    }
    images_notes_print(cli, 0);
    /* The user's own words win over those of a source. */
    return has_source ? cli_options_again(cli, error) : 0;
}
