/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The list of images: adding, changing, ticking, removing. */
#include "ui/dash.h"

#include "base/buffer.h"
#include "base/util.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

void images_edit(struct dash *dash, size_t index)
{
    char path[1024] = "";
    bool old = index < dash->bench.n_images;

    dash->prompt_image = index;
    dash->prompt_for = PROMPT_PATH;
    dash->question = CONTEXT_PATH;
    if (old)
        dash_path(dash, dash->bench.images[index].path, path, sizeof path);
    prompt_open(&dash->prompt, old ? "file:" : "file or build to add:", path);
}

void images_remove(struct dash *dash)
{
    size_t at = dash->images.index;

    if (at >= dash->bench.n_images) {
        dash_complain(dash, "move to an image to remove it");
        return;
    }
    dash_say(dash, "%s is off the list; the file itself stays",
             util_basename(dash->bench.images[at].path));
    job_remove_image(&dash->bench, at);
    dash_bench_send(dash);
}

void images_tick(struct dash *dash)
{
    size_t at = dash->images.index;

    if (at >= dash->bench.n_images) {
        images_choose(dash);
        return;
    }
    dash->bench.images[at].enabled = !dash->bench.images[at].enabled;
    dash_bench_send(dash);
}

/* A file that does not say where it belongs. */
static void ask_for_address(struct dash *dash, const char *path)
{
    char address[32], label[64];
    struct file_facts facts;

    if (file_look(path, dash_chip(dash, NULL), &facts) < 0) {
        dash_complain(dash, "%s", facts.problem);
        goto out;
    }
    util_copy(dash->prompt_path, sizeof dash->prompt_path, path);
    if (dash->prompt_image < dash->bench.n_images)
        job_address_format(address, sizeof address, &dash->bench.images[dash->prompt_image]);
    else
        file_address_guess(address, sizeof address, &facts);
    snprintf(label, sizeof label, "address of %.40s:", util_basename(path));
    dash->view = VIEW_IMAGES;
    dash->prompt_for = PROMPT_ADDRESS;
    dash->question = CONTEXT_LINE;
    prompt_open(&dash->prompt, label, address);
out:
    file_facts_done(&facts);
}

static void chooser_show(struct dash *dash, const char *dir)
{
    dash->question = CONTEXT_ALWAYS;
    dash->view = VIEW_FILES;
    chooser_open(&dash->chooser, dir, "");
}

static void directory_typed(struct dash *dash, const char *path)
{
    char real[PATH_MAX];

    if (realpath(path, real))
        chooser_show(dash, real);
    else
        dash_complain(dash, "%s can't be read: %s", path, strerror(errno));
}

void images_take_path(struct dash *dash, const char *path)
{
    struct stat st;
    bool old = dash->prompt_image < dash->bench.n_images;
    bool directory = stat(path, &st) == 0 && S_ISDIR(st.st_mode);

    if (!old && source_kind(path) != SOURCE_NONE)
        source_take(dash, path);
    else if (directory && old)
        dash_complain(dash, "%s is a directory: type the file in it; Tab lists them", path);
    else if (directory)
        directory_typed(dash, path);
    else
        ask_for_address(dash, path);
}

void images_choose(struct dash *dash)
{
    dash->prompt_image = dash->bench.n_images;
    chooser_show(dash, dash->chooser.dir[0] ? dash->chooser.dir : dash->cwd[0] ? dash->cwd : "/");
}

static void path_typed(struct dash *dash)
{
    char path[1024];

    if (dash->prompt.text[0] == '\0') {
        dash_complain(dash, "type the path of a build or of a file, such as build/app.bin; Tab "
                            "completes it");
        return;
    }
    file_path_expand(path, sizeof path, dash->prompt.text);
    images_take_path(dash, path);
}

static void image_put(struct dash *dash, const struct job_image *place)
{
    struct job *bench = &dash->bench;
    size_t at = dash->prompt_image;
    char path[1100];

    if (at < bench->n_images) {
        free(bench->images[at].path);
        bench->images[at].path = xstrdup(dash->prompt_path);
    } else {
        job_add_image(bench, dash->prompt_path, 0);
        at = bench->n_images - 1;
    }
    bench->images[at].address = place->address;
    memcpy(bench->images[at].partition, place->partition, sizeof place->partition);
    dash->images.index = at;
    dash->from_source = false;
    if (dash->prompt_path[0] == '/' || dash->cwd[0] == '\0')
        util_copy(path, sizeof path, dash->prompt_path);
    else
        snprintf(path, sizeof path, "%s/%.500s", dash->cwd, dash->prompt_path);
    recent_add(path);
    dash_bench_send(dash);
}

static void address_typed(struct dash *dash)
{
    struct job_image place = {0};
    char text[32];

    if (!job_address_parse(dash->prompt.text, &place)) {
        if (dash->prompt.text[0])
            dash_complain(dash,
                          "\"%.60s\" is no flash address: type a number such as 0x10000, the name "
                          "of a partition, or bootloader",
                          dash->prompt.text);
        else
            dash_complain(dash, "type the flash address where it goes, such as 0x10000");
        return;
    }
    dash->question = CONTEXT_ALWAYS;
    image_put(dash, &place);
    dash_say(dash, "%s goes to %s", util_basename(dash->prompt_path),
             job_address_format(text, sizeof text, &place));
}

void images_typed(struct dash *dash)
{
    if (dash->prompt_for == PROMPT_PATH)
        path_typed(dash);
    else
        address_typed(dash);
}

/* What the header is to say is kept for the next time. */
static void header_keep(struct dash *dash)
{
    struct job *job = &dash->bench;

    dash->header.kept = true;
    dash->header.mode = job->flash_mode;
    util_copy(dash->header.freq, sizeof dash->header.freq, job->flash_freq);
    util_copy(dash->header.size, sizeof dash->header.size, job->flash_size);
    job->flash_mode = FLASH_MODE_KEEP;
    util_copy(job->flash_freq, sizeof job->flash_freq, "keep");
    util_copy(job->flash_size, sizeof job->flash_size, "keep");
}

/* Of all that a header says, the size is what the chip itself can answer. */
static void header_change(struct dash *dash)
{
    struct job *job = &dash->bench;
    bool kept = dash->header.kept;

    job->flash_mode = kept ? dash->header.mode : FLASH_MODE_KEEP;
    util_copy(job->flash_freq, sizeof job->flash_freq, kept ? dash->header.freq : "keep");
    util_copy(job->flash_size, sizeof job->flash_size, kept ? dash->header.size : "detect");
}

void images_toggle_header(struct dash *dash)
{
    if (header_is_changed(&dash->bench)) {
        header_keep(dash);
        dash_say(dash, "the bootloader is written as its file is (DoNotChgBin)");
    } else {
        header_change(dash);
        dash_say(dash, "mode, speed and size are put into the bootloader's header");
    }
    dash_bench_send(dash);
}
