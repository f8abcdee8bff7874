/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/buffer.h"
#include "source/job_file.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is read can be shown, and says the same when it is. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buffer value = {0};
    struct error error = {0};
    struct job_setting setting;
    struct job job;

    job_init(&job);
    int result = job_file_read("fuzz.job", "no/such", (const char *)data, size, &job, &error);
    if (result == 0 && (job.n_ops != 1 || (job.boot_check.enabled && !job.boot_check.expect[0])))
        abort();
    if (result != 0 && (error.text[0] == '\0' || job.n_images != 0))
        abort();
    for (size_t i = 0; job_file_setting(&job, i, &setting, &value); i++) {
    }
    buffer_done(&value);
    job_done(&job);
    return 0;
}
