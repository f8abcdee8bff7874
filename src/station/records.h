/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is kept about every unit: one row a job in an SQLite file, written when the job starts, when
 * the chip is known and when it ends. Committed to the disk each time, so that a power cut loses at
 * most what was not yet known. Columns: records.c. The only file that knows SQLite.
 */
#ifndef ESPJIG_STATION_RECORDS_H
#define ESPJIG_STATION_RECORDS_H

#include "base/error.h"
#include "job/event.h"
#include "job/job.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#define RECORDS_VERSION 1 /* of the schema; PRAGMA user_version */

struct records; /* an open file */

/* Opens or makes the file; its directory must exist. Rows that a station left behind as `running`
 * when it died become `interrupted`. Waits at most about a quarter of a second for a file that
 * someone else has locked. ERR_FILE_WRITE, ERR_FILE_FORMAT; then *records is NULL. */
int records_open(struct records **records, const char *path, struct error *error);
void records_close(struct records *records); /* NULL is fine */

/* One job. Plain data: it can wait while the file can't be written. */
struct record {
    int64_t id;                /* row; 0: not yet written */
    int64_t started, finished; /* seconds since 1970; 0: not yet */
    char port[256], slot[64];
    char *ops;    /* "erase-flash write-flash" */
    char *images; /* JSON: [{"path":...,"address":...},...] */
    char chip[16], chip_name[64], revision[16], mac[24];
    char result[12], error[32], text[768]; /* result: running, pass, fail, cancelled */
    int exit;
    double elapsed;
    json_t *results; /* array: what each op had to tell, MD5s included */
};

void record_init(struct record *record, const struct job *job, const char *port, const char *slot);
void record_done(struct record *record);

/* Takes over what the event says. True when it is time to write the record. */
bool record_apply(struct record *record, const struct event *event);

/* Writes the row, a new one while id is 0. ERR_FILE_WRITE; may be tried again. */
int records_save(struct records *records, struct record *record, struct error *error);

#endif
