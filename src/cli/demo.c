/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * `espjig demo`: emulated boards in a directory of their own, with the sample images chosen. On a
 * terminal the dashboard on them, else the same job without one.
 */
#include "cli/commands.h"

#include "base/util.h"
#include "cli/run.h"
#include "station/client.h"

#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CHIPS_MAX = 32, APP_AT = 0x10000 };

struct demo {
    const struct chip *chips[CHIPS_MAX];
    size_t n_chips, n_boards;
    char dir[256];     /* ours; holds the boards' flash */
    char samples[512]; /* samples/ of the build tree or of the installation */
    char *boards[CLI_DEMO_BOARDS_MAX];
};

/* ---- what was asked for ---- */

static void chips_take_all(struct demo *demo)
{
    for (int id = CHIP_AUTO + 1; id < CHIP_COUNT; id++)
        demo->chips[demo->n_chips++] = chip_get((enum chip_id)id);
}

static int chips_take(struct demo *demo, const char *list, struct error *error)
{
    if (strcmp(list, "all") == 0) {
        chips_take_all(demo);
        return 0;
    }
    while (*list) {
        char name[32];
        size_t n = strcspn(list, ",");
        snprintf(name, sizeof name, "%.*s", (int)(n < sizeof name ? n : sizeof name - 1), list);
        const struct chip *chip = chip_by_name(name);
        if (chip == NULL)
            return error_set(error, ERR_UNKNOWN_CHIP,
                             "\"%s\" is no chip that espjig knows (%s, or all of them: all)", name,
                             chip_names());
        if (demo->n_chips == CHIPS_MAX)
            return error_set(error, ERR_USAGE, "--chip: more than %d chips are given", CHIPS_MAX);
        demo->chips[demo->n_chips++] = chip;
        list += n;
        list += *list == ',';
    }
    if (demo->n_chips == 0)
        return error_set(error, ERR_USAGE, "--chip: no chip is given");
    return 0;
}

static bool samples_are_in(char *to, size_t size, const char *dir, const char *sub)
{
    return snprintf(to, size, "%s%s", dir, sub) < (int)size && access(to, X_OK) == 0;
}

/* $ESPJIG_SAMPLES, then beside the program (a build tree), then where they are installed. */
static int samples_find(struct demo *demo, struct error *error)
{
    const char *asked = getenv("ESPJIG_SAMPLES");
    char self[400];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);

    if (asked && asked[0] && samples_are_in(demo->samples, sizeof demo->samples, asked, ""))
        return 0;
    if (n > 0) {
        self[n] = '\0';
        char *slash = strrchr(self, '/');
        if (slash)
            *slash = '\0';
        if (samples_are_in(demo->samples, sizeof demo->samples, self, "/samples"))
            return 0;
    }
    if (samples_are_in(demo->samples, sizeof demo->samples, PKGDATADIR, "/samples"))
        return 0;
    return error_set(error, ERR_FILE_UNREADABLE,
                     "the sample images are neither in $ESPJIG_SAMPLES nor in %s nor in %s",
                     n > 0 ? self : "the program's directory", PKGDATADIR "/samples");
}

static int samples_check(const struct demo *demo, struct error *error)
{
    for (size_t i = 0; i < demo->n_chips; i++) {
        char path[600];
        snprintf(path, sizeof path, "%s/%s", demo->samples, demo->chips[i]->key);
        if (access(path, X_OK) != 0)
            return error_set(error, ERR_CHIP_UNSUPPORTED,
                             "there are no sample images for the %s in %s", demo->chips[i]->name,
                             demo->samples);
    }
    return 0;
}

/* ---- the boards ---- */

static int dir_make(struct demo *demo, struct error *error)
{
    const char *run = getenv("XDG_RUNTIME_DIR");
    bool usable = run && run[0] == '/' && strlen(run) < 100 && access(run, W_OK) == 0;

    /* A comma would end the file's name in an emu: address. */
    if (!usable || strchr(run, ','))
        run = "/tmp";
    snprintf(demo->dir, sizeof demo->dir, "%s/espjig-demo-XXXXXX", run);
    if (mkdtemp(demo->dir) == NULL)
        return error_set(error, ERR_FILE_WRITE, "%s can't be made: %s", demo->dir, strerror(errno));
    return 0;
}

static void dir_remove(const struct demo *demo)
{
    DIR *dir = opendir(demo->dir);
    const struct dirent *entry;

    while (dir && (entry = readdir(dir)) != NULL)
        unlinkat(dirfd(dir), entry->d_name, 0);
    if (dir)
        closedir(dir);
    rmdir(demo->dir);
}

static void boards_name(struct demo *demo)
{
    for (size_t i = 0; i < demo->n_boards; i++) {
        const struct chip *chip = demo->chips[i % demo->n_chips];
        struct buffer address = {0};
        buffer_printf(&address, "emu:%s,flash-file=%s/%zu-%s.bin,mac=24:0a:c4:00:00:%02zx,pace",
                      chip->key, demo->dir, i + 1, chip->key, i + 1);
        demo->boards[i] = (char *)address.data;
    }
}

/* With one kind of chip the files are named outright; with several each job finds its own by what
 * it finds on its board (job.h). */
static void bench_make(const struct demo *demo, struct job *job)
{
    const char *key = demo->n_chips == 1 ? demo->chips[0]->key : JOB_PATH_CHIP;
    const struct {
        const char *file;
        uint32_t address;
    } images[] = {
        {"bootloader",
         demo->n_chips == 1 ? demo->chips[0]->bootloader_offset : JOB_ADDRESS_BOOTLOADER},
        {"partition-table", PARTITION_TABLE_AT},
        {"app", APP_AT},
    };

    for (size_t i = 0; i < ARRAY_LEN(images); i++) {
        struct buffer path = {0};
        buffer_printf(&path, "%s/%s/%s.bin", demo->samples, key, images[i].file);
        job_add_image(job, (const char *)path.data, images[i].address);
        buffer_done(&path);
    }
    job_add_op(job, OP_WRITE_FLASH);
}

static int bench_write(const struct demo *demo, const struct job *job, const char *path,
                       struct error *error)
{
    json_t *json = job_to_json(job);
    int failed = json_dump_file(json, path, JSON_INDENT(2));

    (void)demo;
    json_decref(json);
    return failed ? error_set(error, ERR_FILE_WRITE, "%s can't be written", path) : 0;
}

/* ---- the two ways to show it ---- */

static int show_dashboard(struct cli *cli, const struct demo *demo, const char *socket,
                          struct error *error)
{
    const char *argv[2 * CLI_DEMO_BOARDS_MAX + 16];
    char bench[300];
    size_t n = 0;

    snprintf(bench, sizeof bench, "%s/bench.json", demo->dir);
    if (bench_write(demo, &cli->job, bench, error) != 0)
        return error->code;
    const char *const first[] = {"espjig",  "station", "--socket",     socket,   "--only-ports",
                                 "--bench", bench,     "--remove-dir", demo->dir};
    for (size_t i = 0; i < ARRAY_LEN(first); i++)
        argv[n++] = first[i];
    for (size_t i = 0; i < demo->n_boards; i++) {
        argv[n++] = "-p";
        argv[n++] = demo->boards[i];
    }
    argv[n] = NULL;
    return dashboard_open(cli, socket, (char *const *)argv, "demo", error);
}

/* A demo's station that still runs is attached to: its boards are the ones to be seen. */
static bool station_answers(const char *socket)
{
    struct client client;
    struct error ignored = {0};

    if (client_connect(&client, socket, NULL, &ignored) != 0)
        return false;
    client_close(&client);
    return true;
}

static int demo_prepare(struct demo *demo, struct cli *cli, struct error *error)
{
    if (chips_take(demo, cli->chip ? cli->chip : "esp32", error) != 0 ||
        samples_find(demo, error) != 0 || samples_check(demo, error) != 0)
        return error->code;
    demo->n_boards = cli->boards ? cli->boards : demo->n_chips;
    bench_make(demo, &cli->job);
    if (dir_make(demo, error) != 0)
        return error->code;
    boards_name(demo);
    return 0;
}

int demo_run(struct cli *cli, struct error *error)
{
    struct demo demo = {0};
    bool dashboard = dashboard_possible() && !cli->json;
    char socket[512] = "";
    int result;

    if (dashboard && station_socket_path("demo", socket, sizeof socket, error) != 0)
        return error->code;
    if (dashboard && station_answers(socket))
        return dashboard_open(cli, socket, NULL, "demo", error);
    result = demo_prepare(&demo, cli, error);
    if (result == 0 && dashboard)
        result = show_dashboard(cli, &demo, socket, error);
    else if (result == 0)
        result = run_jobs(cli, (const char *const *)demo.boards, demo.n_boards, error);
    /* The dashboard's station removes the directory when it ends, which may be after us. */
    if (demo.dir[0] && (!dashboard || error->code == ERR_STATION))
        dir_remove(&demo);
    for (size_t i = 0; i < demo.n_boards; i++)
        free(demo.boards[i]);
    return result;
}
