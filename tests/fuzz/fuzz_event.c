/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lines of events, as a station and a dashboard read them from each other: what was read says the
 * same when it is written, and has nothing for a terminal to obey; a model can be made of it and
 * told again. */
#include "base/buffer.h"
#include "station/model.h"
#include "station/replay.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void written(const struct event *event, struct buffer *out)
{
    buffer_clear(out);
    event_to_json(event, out);
    for (size_t i = 0; i < out->len; i++) {
        if ((out->data[i] < 0x20) != (i + 1 == out->len) ||
            (out->data[i] == 0xC2 && out->data[i + 1] < 0xA0))
            abort();
    }
}

static void take_again(void *context, const struct event *event)
{
    struct buffer first = {0}, second = {0};
    struct error error = {0};
    struct event again;

    written(event, &first);
    if (event_from_json((const char *)first.data, &again, &error) != 0)
        abort();
    written(&again, &second);
    if (first.len != second.len || memcmp(first.data, second.data, first.len) != 0)
        abort();
    if (context)
        model_apply(context, &again);
    buffer_done(&first);
    buffer_done(&second);
}

static void line_take(const char *line, struct model *model)
{
    struct event event;
    struct error error = {0};

    int rc = event_from_json(line, &event, &error);
    if ((rc == 0) != (error.code == 0))
        abort();
    if (rc != 0)
        return;
    take_again(NULL, &event);
    model_apply(model, &event);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buffer text = {0};
    struct model model, second;
    const struct sink sink = {.put = take_again, .context = &second};

    model_init(&model);
    model_init(&second);
    buffer_append(&text, data, size);
    buffer_append_byte(&text, '\0');
    for (char *line = (char *)text.data, *next; line; line = next) {
        next = strchr(line, '\n');
        if (next)
            *next++ = '\0';
        line_take(line, &model);
    }
    replay_model(&model, &sink);
    replay_progress(&model, &sink);
    model_done(&model);
    model_done(&second);
    buffer_done(&text);
    return 0;
}
