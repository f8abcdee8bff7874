/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The list of images: adding, changing, ticking, removing. */
#include "ui/dash.h"

#include "base/buffer.h"
#include "base/util.h"

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
    prompt_open(&dash->prompt, old ? "file:" : "file to add:", path);
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
        images_edit(dash, at);
        return;
    }
    dash->bench.images[at].enabled = !dash->bench.images[at].enabled;
    dash_bench_send(dash);
}

static const char *address_write(char *to, size_t size, uint32_t address)
{
    if (address == JOB_ADDRESS_BOOTLOADER)
        util_copy(to, size, ADDRESS_BOOTLOADER_WORD);
    else
        snprintf(to, size, "0x%x", (unsigned)address);
    return to;
}

static bool address_read(const char *text, uint32_t *address)
{
    uint64_t number = JOB_ADDRESS_BOOTLOADER;

    if (strcmp(text, ADDRESS_BOOTLOADER_WORD) != 0 &&
        !util_number_parse(text, true, JOB_ADDRESS_BOOTLOADER - 1, &number))
        return false;
    *address = (uint32_t)number;
    return true;
}

static void path_typed(struct dash *dash)
{
    char path[1024], address[24], label[64];
    struct file_facts facts;
    struct stat st;

    if (dash->prompt.text[0] == '\0') {
        dash_complain(dash, "type the path of a file, such as build/app.bin; Tab completes it");
        return;
    }
    file_path_expand(path, sizeof path, dash->prompt.text);
    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
        dash_complain(dash, "%s is a directory: type the file in it; Tab lists them", path);
        return;
    }
    if (file_look(path, &facts) < 0) {
        dash_complain(dash, "%s", facts.problem);
        return;
    }
    util_copy(dash->prompt_path, sizeof dash->prompt_path, path);
    if (dash->prompt_image < dash->bench.n_images)
        address_write(address, sizeof address, dash->bench.images[dash->prompt_image].address);
    else
        file_address_guess(address, sizeof address, facts.what);
    snprintf(label, sizeof label, "address of %.40s:", util_basename(path));
    dash->prompt_for = PROMPT_ADDRESS;
    dash->question = CONTEXT_LINE;
    prompt_open(&dash->prompt, label, address);
}

static void image_put(struct dash *dash, uint32_t address)
{
    struct job *bench = &dash->bench;
    size_t at = dash->prompt_image;

    if (at < bench->n_images) {
        free(bench->images[at].path);
        bench->images[at].path = xstrdup(dash->prompt_path);
        bench->images[at].address = address;
    } else {
        job_add_image(bench, dash->prompt_path, address);
        at = bench->n_images - 1;
    }
    dash->images.index = at;
    dash_bench_send(dash);
}

static void address_typed(struct dash *dash)
{
    uint32_t address;
    char place[24];

    if (!address_read(dash->prompt.text, &address)) {
        if (dash->prompt.text[0])
            dash_complain(dash, "\"%.60s\" is no flash address: type a number such as 0x10000",
                          dash->prompt.text);
        else
            dash_complain(dash, "type the flash address where it goes, such as 0x10000");
        return;
    }
    dash->question = CONTEXT_ALWAYS;
    image_put(dash, address);
    if (dash->bench_problem[0])
        dash_complain(dash, "%s", dash->bench_problem);
    else
        dash_say(dash, "%s goes to %s", util_basename(dash->prompt_path),
                 address_write(place, sizeof place, address));
}

void images_typed(struct dash *dash)
{
    if (dash->prompt_for == PROMPT_PATH)
        path_typed(dash);
    else
        address_typed(dash);
}
