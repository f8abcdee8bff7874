/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is wrong with the images, before anything is started. */
#include "ui/bench_map.h"
#include "ui/dash.h"

#include "base/util.h"

#include <stdio.h>

static void add_overlaps(struct dash *dash, struct findings *findings)
{
    for (size_t i = 0; i < dash->bench.n_images; i++) {
        for (size_t j = 0; j < i; j++) {
            const struct job_image *a = &dash->bench.images[i], *b = &dash->bench.images[j];
            if (a->enabled && b->enabled &&
                (uint64_t)a->address < b->address + dash->facts[j]->size &&
                (uint64_t)b->address < a->address + dash->facts[i]->size)
                findings_add(findings, ERR_OVERLAP, true, "%.100s and %.100s claim the same flash",
                             util_basename(b->path), util_basename(a->path));
        }
    }
}

void dash_problems_find(struct dash *dash)
{
    dash->problems_stale = false;
    dash->dirty = true;
    findings_done(&dash->findings);
    for (size_t i = 0; i < dash->bench.n_images && dash->facts; i++) {
        if (dash->bench.images[i].enabled && dash->facts[i]->problem[0])
            findings_add(&dash->findings, ERR_FILE_UNREADABLE, true, "%s", dash->facts[i]->problem);
    }
    add_overlaps(dash, &dash->findings);
}

const char *dash_problem(const struct dash *dash)
{
    const struct finding *finding = findings_refusal(&dash->findings, false);

    return finding ? finding->text : NULL;
}
