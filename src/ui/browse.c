/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the keys of the file chooser do. */
#include "ui/dash.h"

#include "base/util.h"

#include <string.h>

static bool is_too_long(struct dash *dash, const struct chooser_row *row)
{
    if (strlen(row->path) < sizeof dash->chooser.dir)
        return false;
    dash_complain(dash, "%.60s lies too deep: its path has more than %zu characters",
                  util_basename(row->path), sizeof dash->chooser.dir - 1);
    return true;
}

void browse_take(struct dash *dash)
{
    const struct chooser_row *row = chooser_selected(&dash->chooser);
    char path[1024];

    if (row == NULL || is_too_long(dash, row))
        return;
    util_copy(path, sizeof path, row->path);
    if (row->is_dir && source_kind(path) == SOURCE_NONE)
        dash_complain(dash, "%s is no build that is known: Enter looks into it",
                      util_basename(path));
    else
        images_take_path(dash, path);
}

void browse_enter(struct dash *dash)
{
    const struct chooser_row *row = chooser_selected(&dash->chooser);

    if (row && strcmp(row->name, "../") == 0)
        chooser_parent(&dash->chooser);
    else if (row && is_too_long(dash, row))
        return;
    else if (row && row->is_dir && strcmp(row->name, "./") != 0 && !dash->chooser.recent)
        chooser_open(&dash->chooser, row->path, "");
    else
        browse_take(dash);
}

void browse_parent(struct dash *dash)
{
    chooser_parent(&dash->chooser);
}

void browse_home(struct dash *dash)
{
    if (dash->home[0])
        chooser_open(&dash->chooser, dash->home, "");
    else
        dash_complain(dash, "HOME is not set");
}

void browse_filter(struct dash *dash)
{
    dash->prompt_for = PROMPT_FILTER;
    dash->question = CONTEXT_LINE;
    prompt_open(&dash->prompt, "names with:", dash->chooser.filter);
}

void browse_recent(struct dash *dash)
{
    if (dash->chooser.recent)
        chooser_open(&dash->chooser, dash->chooser.dir, "");
    else
        chooser_open_recent(&dash->chooser);
}

void browse_hidden(struct dash *dash)
{
    chooser_show_hidden(&dash->chooser, !dash->chooser.hidden);
}
