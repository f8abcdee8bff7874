/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files that are made of the bench: a job to be loaded again, one image out of all; and the way
 * back to an empty one. */
#include "ui/bench_map.h"
#include "ui/dash.h"

#include "base/buffer.h"
#include "base/output.h"
#include "base/util.h"
#include "image/image.h"
#include "image/merge.h"
#include "image/pieces.h"
#include "source/job_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);

    return n >= m && strcasecmp(text + n - m, end) == 0;
}

/* A file that is there is replaced only when its name is taken twice. */
static bool may_write(struct dash *dash, const char *path)
{
    struct stat st;

    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
        dash_complain(dash, "%s is a directory: type the name of the file in it", path);
        return false;
    }
    if (access(path, F_OK) < 0 || strcmp(path, dash->replace_path) == 0 ||
        strcmp(path, dash->job_path) == 0)
        return true;
    util_copy(dash->replace_path, sizeof dash->replace_path, path);
    dash_complain(dash, "%s is there already: Enter once more replaces it", path);
    return false;
}

static void ask_for_name(struct dash *dash, enum prompt_for what, const char *label,
                         const char *name)
{
    dash->replace_path[0] = '\0';
    dash->prompt_for = what;
    dash->question = CONTEXT_PATH;
    prompt_open(&dash->prompt, label, name);
}

/* The typed name, with the ending that it should have; false when there is none. */
static bool name_typed(struct dash *dash, const char *ending, char *path, size_t size)
{
    char typed[900];

    if (dash->prompt.text[0] == '\0') {
        dash_complain(dash, "type the name of the file, such as blink%s", ending);
        return false;
    }
    file_path_expand(typed, sizeof typed, dash->prompt.text);
    bool has_ending = strchr(util_basename(typed), '.') != NULL;
    snprintf(path, size, "%s%s", typed, has_ending ? "" : ending);
    return true;
}

/* ---- NAME.job -------------------------------------------------------------------------------- */

void job_save_ask(struct dash *dash)
{
    char name[1024] = "";

    if (dash->job_path[0])
        dash_path(dash, dash->job_path, name, sizeof name);
    ask_for_name(dash, PROMPT_SAVE, "save as:", name);
}

void job_save_typed(struct dash *dash)
{
    struct error error = {0};
    char path[1024];

    if (!name_typed(dash, ".job", path, sizeof path))
        return;
    if (path[0] != '/' && dash->cwd[0]) {
        char relative[1024];
        util_copy(relative, sizeof relative, path);
        snprintf(path, sizeof path, "%.500s/%.500s", dash->cwd, relative);
    }
    if (!ends_with(path, ".job")) {
        dash_complain(dash, "%s: a job's name ends in .job", util_basename(path));
        return;
    }
    if (!may_write(dash, path))
        return;
    if (job_file_save(&dash->bench, path, &error) < 0) {
        dash_complain(dash, "%s", error.text);
        return;
    }
    dash->question = CONTEXT_ALWAYS;
    util_copy(dash->job_path, sizeof dash->job_path, path);
    dash->job_changed = false;
    recent_add(path);
    dash_say(dash, "saved as %s", util_basename(path));
}

/* ---- one file out of all --------------------------------------------------------------------- */

static enum merge_format format_of(const char *path)
{
    return ends_with(path, ".hex") || ends_with(path, ".ihex") ? MERGE_HEX
           : ends_with(path, ".uf2")                           ? MERGE_UF2
                                                               : MERGE_RAW;
}

void combine_ask(struct dash *dash)
{
    if (dash_bench_ticked(dash) == 0)
        dash_complain(dash, "no image is ticked: Space ticks one");
    else
        ask_for_name(dash, PROMPT_COMBINE, "combine into:", "merged.bin");
}

/* The ticked images at their places on this chip. */
static int specs_make(const struct dash *dash, struct image_spec *specs, char (*paths)[1100],
                      size_t *n, struct error *error)
{
    const struct partition_table *table = bench_table(dash);
    char place[32];

    *n = 0;
    for (size_t i = 0; i < dash->bench.n_images; i++) {
        const struct job_image *image = &dash->bench.images[i];
        uint32_t address = PIECES_OWN_ADDRESS;
        if (!image->enabled)
            continue;
        if (image->address != JOB_ADDRESS_OWN && !bench_image_address(dash, table, i, &address))
            return error_set(error, ERR_BAD_ADDRESS, "%s: where %s is on this chip is not known",
                             util_basename(image->path),
                             job_address_format(place, sizeof place, image));
        dash_image_path(dash, i, paths[*n], sizeof *paths);
        specs[*n] = (struct image_spec){.address = address, .path = paths[*n]};
        ++*n;
    }
    return 0;
}

static int plan_make(const struct dash *dash, const struct chip *chip, struct plan *plan,
                     struct error *error)
{
    const struct image_settings settings = {.mode = dash->bench.flash_mode,
                                            .freq = dash->bench.flash_freq,
                                            .size = dash->bench.flash_size,
                                            .detected_size = dash_flash_size(dash, NULL)};
    size_t n = dash->bench.n_images;
    struct image_spec *specs = xcalloc(n + 1, sizeof *specs);
    char(*paths)[1100] = xcalloc(n + 1, sizeof *paths);

    if (specs_make(dash, specs, paths, &n, error) == 0 &&
        plan_load(plan, specs, n, chip, error) == 0)
        plan_patch(plan, chip, &settings, error);
    free(paths);
    free(specs);
    return error->code;
}

static int combine(struct dash *dash, const char *path, struct buffer *out, struct error *error)
{
    const struct chip *chip = dash_chip(dash, NULL);
    struct merge_options options = {.format = format_of(path)};
    struct plan plan = {0};

    if (chip == NULL)
        return error_set(error, ERR_USAGE,
                         "the images do not say for which chip they are: C chooses it");
    if (plan_make(dash, chip, &plan, error) == 0 &&
        merge_build(&plan, chip, &options, out, error) == 0)
        output_write(path, out->data, out->len, error);
    plan_done(&plan);
    return error->code;
}

void combine_typed(struct dash *dash)
{
    struct buffer data = {0};
    struct error error = {0};
    char path[1024], bytes[32];

    if (!name_typed(dash, ".bin", path, sizeof path) || !may_write(dash, path))
        return;
    if (combine(dash, path, &data, &error) < 0) {
        dash_complain(dash, "%s", error.text);
    } else {
        dash->question = CONTEXT_ALWAYS;
        dash_say(dash, "%s: %s", util_basename(path),
                 util_size_format(bytes, sizeof bytes, data.len));
    }
    buffer_done(&data);
}

/* ---- defaults -------------------------------------------------------------------------------- */

void defaults_ask(struct dash *dash)
{
    choice_ask(&dash->choice, "back to the defaults?");
    choice_add(&dash->choice, "no", "no");
    choice_add(&dash->choice, "settings", "the settings");
    choice_add(&dash->choice, "all", "the settings, and an empty list");
    dash->choice_for = CHOICE_DEFAULTS;
    dash->choice_key = K_NONE;
    dash->question = CONTEXT_CHOICE;
}

void defaults_answered(struct dash *dash)
{
    const char *answer = choice_answer(&dash->choice);
    struct job fresh;

    dash->question = CONTEXT_ALWAYS;
    if (strcmp(answer, "no") == 0)
        return;
    job_init(&fresh);
    if (strcmp(answer, "all") != 0) {
        fresh.images = dash->bench.images; /* moved */
        fresh.n_images = dash->bench.n_images;
        dash->bench.images = NULL;
        dash->bench.n_images = 0;
    } else {
        dash->from_source = false;
        dash->job_path[0] = '\0';
        source_notes_done(&dash->notes);
    }
    char *stub_dir = dash->bench.stub_dir; /* where this machine has its stubs */
    dash->bench.stub_dir = NULL;
    job_done(&dash->bench);
    dash->bench = fresh;
    dash->bench.stub_dir = stub_dir;
    dash->header.kept = false;
    dash_bench_send(dash);
    dash_say(dash, "%s",
             strcmp(answer, "all") == 0 ? "nothing is chosen any more"
                                        : "all settings are the defaults");
}
