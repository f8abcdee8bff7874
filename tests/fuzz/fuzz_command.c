/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A line from whoever opened a station's socket, with or without a job in it: what is taken can be
 * written, taken again, and is the same then. */
#include "station/proto.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_again(const struct buffer *line)
{
    struct buffer second = {0};
    struct error error = {0};
    struct command again;

    if (proto_command_read((const char *)line->data, line->len - 1, &again, &error) != 0)
        abort();
    proto_command_write(again.kind, again.port, again.has_job ? &again.job : NULL, &second);
    if (second.len != line->len || memcmp(second.data, line->data, line->len) != 0)
        abort();
    proto_command_done(&again);
    buffer_done(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buffer line = {0};
    struct error error = {0};
    struct command command;

    int rc = proto_command_read((const char *)data, size, &command, &error);
    if ((rc == 0) != (error.code == 0))
        abort();
    if (rc == 0) {
        proto_command_write(command.kind, command.port, command.has_job ? &command.job : NULL,
                            &line);
        read_again(&line);
        job_check(&command.job, &error);
        proto_command_done(&command);
    }
    buffer_done(&line);
    return 0;
}
