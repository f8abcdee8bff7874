/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * NAME.job: a job as INI text that people write and copy. Paths in it are relative to the file.
 *
 *   [job]          chip port baud before after erase no-stub compress ...
 *   [flash]        mode freq size table-address skip-gaps
 *   [image NAME]   file address enabled encrypted      (as many as there are images)
 *   [protect NAME] start end                           (end: behind the last byte)
 *   [boot-check]   expect send delay timeout baud
 *
 * Words and values are those of the command line. `port` is an address, or a rule that one or more
 * ports fit: usb:VID:PID, serial:TEXT, slot:1-1.2, any. See espjig-job(5).
 */
#ifndef ESPJIG_SOURCE_JOB_FILE_H
#define ESPJIG_SOURCE_JOB_FILE_H

#include "base/buffer.h"
#include "base/error.h"
#include "job/job.h"
#include "link/ports.h"
#include "source/source.h"

/* Fills *job, which is initialised. ERR_FILE_FORMAT names file and line; an unknown section or key
 * is an error, too, with the word that is near. On error *job is as it was. */
int job_file_load(const char *path, struct job *job, struct error *error);
/* The same from memory; `directory` is what paths are relative to. */
int job_file_read(const char *name, const char *directory, const char *text, size_t size,
                  struct job *job, struct error *error);

/* Writes it, whole or not at all; paths become relative to it. ERR_FILE_WRITE. What is as
 * job_init() has it is left out. */
int job_file_save(const struct job *job, const char *path, struct error *error);

/* One setting of a job as the file would say it: every key of the sections that are there once.
 * *value is filled with it. False: there is no number `i`. */
struct job_setting {
    const char *section, *key;
    bool usual; /* as job_init() has it */
};
bool job_file_setting(const struct job *job, size_t i, struct job_setting *setting,
                      struct buffer *value);

/* Whether the rule of a job's `port` is for this port. A plain address is no rule. */
bool port_rule_is(const char *text);
bool port_rule_check(const char *rule); /* whether it makes sense: usb: has two numbers ... */
bool port_rule_fits(const char *rule, const struct port_info *port);

#endif
