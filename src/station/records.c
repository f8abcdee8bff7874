/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "station/records.h"

#include "base/buffer.h"
#include "base/util.h"
#include "station/process.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LOCK_WAIT_MS = 250 };

struct records {
    sqlite3 *db;
    char *path;
    char station[128]; /* process_identity() of this one */
};

static const char schema[] =
    "CREATE TABLE job ("
    " id INTEGER PRIMARY KEY,"
    " station TEXT NOT NULL,"    /* the process: boot id, pid, start time */
    " started INTEGER NOT NULL," /* seconds since 1970, by the machine's clock */
    " finished INTEGER,"
    " port TEXT NOT NULL,"
    " slot TEXT NOT NULL,"   /* socket: USB path */
    " ops TEXT NOT NULL,"    /* names, a space between them */
    " images TEXT NOT NULL," /* JSON: [{\"path\":..,\"address\":..},..] */
    " chip TEXT, chip_name TEXT, revision TEXT, mac TEXT,"
    " result TEXT NOT NULL," /* running pass fail cancelled interrupted */
    " error TEXT, text TEXT, exit INTEGER, elapsed REAL,"
    " results TEXT NOT NULL);" /* JSON: [{\"op\":..,\"ok\":..,\"md5\":..},..] */
    "CREATE INDEX job_mac ON job(mac);"
    "CREATE INDEX job_result ON job(result);";

static const char insert_sql[] =
    "INSERT INTO job (station, started, port, slot, ops, images, finished, chip, chip_name,"
    " revision, mac, result, error, text, exit, elapsed, results)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)";
static const char update_sql[] =
    "UPDATE job SET finished = ?7, chip = ?8, chip_name = ?9, revision = ?10, mac = ?11,"
    " result = ?12, error = ?13, text = ?14, exit = ?15, elapsed = ?16, results = ?17"
    " WHERE id = ?18";

/* ---- one record ---- */

static char *ops_text(const struct job *job)
{
    struct buffer b = {0};

    buffer_printf(&b, "%s", job->n_ops > 0 ? op_name(job->ops[0].kind) : "");
    for (size_t i = 1; i < job->n_ops; i++)
        buffer_printf(&b, " %s", op_name(job->ops[i].kind));
    char *text = xstrdup(b.data ? (const char *)b.data : "");
    buffer_done(&b);
    return text;
}

/* Those that the job uses: none when no op is about images. */
static char *images_text(const struct job *job)
{
    json_t *array = json_array();
    bool used = false;

    for (size_t i = 0; i < job->n_ops; i++)
        used |= job->ops[i].kind == OP_WRITE_FLASH || job->ops[i].kind == OP_VERIFY_FLASH;
    for (size_t i = 0; used && i < job->n_images; i++) {
        const struct job_image *image = &job->images[i];
        if (!image->enabled)
            continue;
        json_t *object = json_object();
        json_object_set_new(object, "path", json_string(image->path));
        json_object_set_new(object, "address", job_address_to_json(image));
        json_array_append_new(array, object);
    }
    char *text = json_dumps(array, JSON_COMPACT);
    json_decref(array);
    return text ? text : xstrdup("[]");
}

void record_init(struct record *record, const struct job *job, const char *port, const char *slot)
{
    *record = (struct record){.started = (int64_t)time(NULL),
                              .ops = ops_text(job),
                              .images = images_text(job),
                              .result = "running",
                              .results = json_array()};
    util_copy(record->port, sizeof record->port, port);
    util_copy(record->slot, sizeof record->slot, slot);
}

void record_done(struct record *record)
{
    free(record->ops);
    free(record->images);
    json_decref(record->results);
    *record = (struct record){0};
}

static void result_add(struct record *record, const struct event *event)
{
    json_t *object = json_object();

    json_object_set_new(object, "op", json_string(event->result.op));
    json_object_set_new(object, "ok", json_boolean(event->result.ok));
    for (unsigned i = 0; i < event->result.n; i++)
        json_object_set_new(object, event->result.data[i].key,
                            json_string(event->result.data[i].value));
    json_array_append_new(record->results, object);
}

bool record_apply(struct record *record, const struct event *event)
{
    switch (event->kind) {
    case EVENT_CHIP:
        util_copy(record->chip, sizeof record->chip, event->chip.chip);
        util_copy(record->chip_name, sizeof record->chip_name, event->chip.name);
        util_copy(record->revision, sizeof record->revision, event->chip.revision);
        util_copy(record->mac, sizeof record->mac, event->chip.mac);
        return true;
    case EVENT_RESULT:
        result_add(record, event);
        return false;
    case EVENT_DONE:
        record->finished = (int64_t)time(NULL);
        record->exit = event->done.exit;
        record->elapsed = event->done.elapsed;
        util_copy(record->result, sizeof record->result, event->done.result);
        util_copy(record->error, sizeof record->error, event->done.error);
        util_copy(record->text, sizeof record->text, event->done.text);
        return true;
    default:
        return false;
    }
}

/* ---- the file ---- */

static int failed(const struct records *records, struct error *error, const char *doing)
{
    int code = sqlite3_errcode(records->db) & 0xff;

    return error_set(
        error, code == SQLITE_NOTADB || code == SQLITE_CORRUPT ? ERR_FILE_FORMAT : ERR_FILE_WRITE,
        "%s: %s failed: %s", records->path, doing, sqlite3_errmsg(records->db));
}

static int execute(const struct records *records, const char *sql, struct error *error,
                   const char *doing)
{
    if (sqlite3_exec(records->db, sql, NULL, NULL, NULL) == SQLITE_OK)
        return 0;
    return failed(records, error, doing);
}

static int version_read(const struct records *records, int *version, struct error *error)
{
    sqlite3_stmt *stmt = NULL;
    int result = 0;

    *version = -1;
    if (sqlite3_prepare_v2(records->db, "PRAGMA user_version", -1, &stmt, NULL) == SQLITE_OK &&
        sqlite3_step(stmt) == SQLITE_ROW)
        *version = sqlite3_column_int(stmt, 0);
    else
        result = failed(records, error, "reading");
    sqlite3_finalize(stmt);
    return result;
}

/* Two stations may come at once: the one that gets the lock first makes the table. */
static int schema_make(const struct records *records, struct error *error)
{
    char version[64];
    int found, result;

    if (execute(records, "BEGIN IMMEDIATE", error, "locking") != 0)
        return error->code;
    result = version_read(records, &found, error);
    if (result == 0 && found == 0) {
        snprintf(version, sizeof version, "PRAGMA user_version = %d", RECORDS_VERSION);
        result = execute(records, schema, error, "making the table");
        if (result == 0)
            result = execute(records, version, error, "making the table");
    }
    if (result == 0)
        return execute(records, "COMMIT", error, "making the table");
    sqlite3_exec(records->db, "ROLLBACK", NULL, NULL, NULL);
    return result;
}

static int schema_check(const struct records *records, struct error *error)
{
    int version;

    if (version_read(records, &version, error) != 0)
        return error->code;
    if (version == 0)
        return schema_make(records, error);
    if (version == RECORDS_VERSION)
        return 0;
    return error_set(error, ERR_FILE_FORMAT,
                     "%s: its records are of version %d, this espjig knows version %d",
                     records->path, version, RECORDS_VERSION);
}

static bool station_lives(const char *station)
{
    const char *pid = strchr(station, '/');
    char now[128];

    process_identity(pid ? (pid_t)strtol(pid + 1, NULL, 10) : 0, now, sizeof now);
    return now[0] && strcmp(now, station) == 0;
}

/* SQL function, so that one statement marks the orphans: station_lives(text). */
static void sql_station_lives(sqlite3_context *context, int n, sqlite3_value **values)
{
    const char *station = (const char *)sqlite3_value_text(values[0]);

    (void)n;
    sqlite3_result_int(context, station && station_lives(station));
}

static int orphans_mark(const struct records *records, struct error *error)
{
    if (sqlite3_create_function(records->db, "station_lives", 1, SQLITE_UTF8, NULL,
                                sql_station_lives, NULL, NULL) != SQLITE_OK)
        return failed(records, error, "reading");
    return execute(records,
                   "UPDATE job SET result = 'interrupted'"
                   " WHERE result = 'running' AND NOT station_lives(station)",
                   error, "marking interrupted jobs");
}

/* sqlite3_open() succeeds on anything; the first reading tells. */
static int file_prepare(const struct records *records, struct error *error)
{
    sqlite3_busy_timeout(records->db, LOCK_WAIT_MS);
    if (schema_check(records, error) != 0)
        return error->code;
    /* The write-ahead log where the file system can do it: it costs one sync a record. */
    sqlite3_exec(records->db, "PRAGMA journal_mode = WAL", NULL, NULL, NULL);
    if (execute(records, "PRAGMA synchronous = FULL", error, "opening") != 0)
        return error->code;
    return orphans_mark(records, error);
}

int records_open(struct records **records, const char *path, struct error *error)
{
    struct records *r = xcalloc(1, sizeof *r);
    int result;

    r->path = xstrdup(path);
    process_identity(getpid(), r->station, sizeof r->station);
    if (sqlite3_open_v2(path, &r->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL) !=
        SQLITE_OK)
        result = failed(r, error, "opening");
    else
        result = file_prepare(r, error);
    if (result != 0) {
        records_close(r);
        r = NULL;
    }
    *records = r;
    return result;
}

void records_close(struct records *records)
{
    if (records == NULL)
        return;
    sqlite3_close(records->db);
    free(records->path);
    free(records);
}

static void bind_text(sqlite3_stmt *stmt, int at, const char *text)
{
    if (text[0])
        sqlite3_bind_text(stmt, at, text, -1, SQLITE_TRANSIENT);
}

static void bind_first(sqlite3_stmt *stmt, const struct records *records,
                       const struct record *record)
{
    sqlite3_bind_text(stmt, 1, records->station, -1, SQLITE_STATIC);
    sqlite3_bind_int64(stmt, 2, record->started);
    sqlite3_bind_text(stmt, 3, record->port, -1, SQLITE_STATIC);
    sqlite3_bind_text(stmt, 4, record->slot, -1, SQLITE_STATIC);
    sqlite3_bind_text(stmt, 5, record->ops, -1, SQLITE_STATIC);
    sqlite3_bind_text(stmt, 6, record->images, -1, SQLITE_STATIC);
}

/* What is not known yet stays NULL. */
static void bind_rest(sqlite3_stmt *stmt, const struct record *record, const char *results)
{
    bind_text(stmt, 8, record->chip);
    bind_text(stmt, 9, record->chip_name);
    bind_text(stmt, 10, record->revision);
    bind_text(stmt, 11, record->mac);
    sqlite3_bind_text(stmt, 12, record->result, -1, SQLITE_STATIC);
    bind_text(stmt, 13, record->error);
    bind_text(stmt, 14, record->text);
    sqlite3_bind_text(stmt, 17, results, -1, SQLITE_STATIC);
    if (record->finished == 0)
        return;
    sqlite3_bind_int64(stmt, 7, record->finished);
    sqlite3_bind_int(stmt, 15, record->exit);
    sqlite3_bind_double(stmt, 16, record->elapsed);
}

int records_save(struct records *records, struct record *record, struct error *error)
{
    bool fresh = record->id == 0;
    char *results = json_dumps(record->results, JSON_COMPACT);
    sqlite3_stmt *stmt = NULL;
    int result = 0;

    if (sqlite3_prepare_v2(records->db, fresh ? insert_sql : update_sql, -1, &stmt, NULL) !=
        SQLITE_OK) {
        result = failed(records, error, "writing a record");
        goto out;
    }
    if (fresh)
        bind_first(stmt, records, record);
    else
        sqlite3_bind_int64(stmt, 18, record->id);
    bind_rest(stmt, record, results ? results : "[]");
    if (sqlite3_step(stmt) != SQLITE_DONE)
        result = failed(records, error, "writing a record");
    else if (fresh)
        record->id = sqlite3_last_insert_rowid(records->db);
out:
    sqlite3_finalize(stmt);
    free(results);
    return result;
}
