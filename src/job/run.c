/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "job/job.h"

int job_run(const struct job *job, const struct sink *sink, const struct cancel *cancel)
{
    (void)job;
    (void)sink;
    (void)cancel;
    return error_exit_status(ERR_INTERNAL);
}
