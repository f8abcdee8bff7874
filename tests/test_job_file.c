/* SPDX-License-Identifier: GPL-3.0-or-later */
/* NAME.job: what is refused and how, what is read, and that what was saved is what is loaded. */
#include "base/buffer.h"
#include "base/util.h"
#include "source/job_file.h"
#include "source/job_keys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char dir[256];

static int make_dir(void **state)
{
    char template[] = "/tmp/espjig-test-XXXXXX";
    char *real;

    (void)state;
    assert_non_null(mkdtemp(template));
    real = realpath(template, NULL);
    assert_true(util_copy(dir, sizeof dir, real));
    free(real);
    return chdir(dir);
}

static int drop_dir(void **state)
{
    char command[300];

    (void)state;
    snprintf(command, sizeof command, "rm -rf %s", dir);
    return chdir("/") | system(command);
}

static int parse(const char *text, struct job *job, struct error *error)
{
    job_init(job);
    error_clear(error);
    return job_file_read("x.job", ".", text, strlen(text), job, error);
}

/* ---- the table ---- */

static void keys_are_sane(void **state)
{
    (void)state;
    assert_true(job_keys_n > 20 && job_keys_n < 64); /* as many as there are bits */
    for (size_t i = 0; i < job_keys_n; i++) {
        const struct job_key *key = &job_keys[i];
        assert_true(key->section < SECTION_COUNT);
        assert_non_null(key->read);
        assert_non_null(key->write);
        assert_true(key->values[0]);
        assert_int_equal(strspn(key->name, "abcdefghijklmnopqrstuvwxyz-"), strlen(key->name));
        for (size_t j = 0; j < i; j++)
            assert_false(job_keys[j].section == key->section &&
                         strcmp(job_keys[j].name, key->name) == 0);
    }
}

/* ---- reading ---- */

static const char example[] = "\xEF\xBB\xBF# the lamp\r\n"
                              "[job]\r\n"
                              "chip = ESP32-C3\n"
                              "  port = usb:10c4:ea60 ; any CP2102\n"
                              "baud=921600\n"
                              "erase = all\n"
                              "after = watchdog_reset\n"
                              "\n"
                              "[flash]\n"
                              "mode = dio\n"
                              "size = 4MB\n"
                              "table-address = 0x9000\n"
                              "skip-gaps = yes\n"
                              "[image boot]\n"
                              "file = \"with space \\x3b and \\\"quotes\\\".bin\"\n"
                              "address = bootloader\n"
                              "[image app]\n"
                              "file = \"a/\n"
                              "   long/\n"
                              "\tway.bin\"\n"
                              "address = ota_0\n"
                              "enabled = no\n"
                              "encrypted = on\n"
                              "[protect nvs]\n"
                              "end = 0xf000\n"
                              "start = 36k\n"
                              "[boot-check]\n"
                              "expect = ready: v1\n"
                              "send = AT\n"
                              "delay = 0.25\n";

static void example_is_read(void **state)
{
    struct error error = {0};
    struct job job;

    (void)state;
    assert_int_equal(parse(example, &job, &error), 0);
    assert_int_equal(job.chip, CHIP_ESP32C3);
    assert_string_equal(job.port_rule, "usb:10c4:ea60");
    assert_null(job.port);
    assert_int_equal(job.baud, 921600);
    assert_true(job.erase_all && job.skip_gaps && job.compress && !job.no_stub);
    assert_int_equal(job.after, AFTER_WATCHDOG_RESET);
    assert_int_equal(job.flash_mode, FLASH_DIO);
    assert_string_equal(job.flash_size, "4MB");
    assert_int_equal(job.table_address, 0x9000);
    assert_int_equal(job.n_images, 2);
    assert_string_equal(job.images[0].path, "with space ; and \"quotes\".bin");
    assert_int_equal(job.images[0].address, JOB_ADDRESS_BOOTLOADER);
    assert_true(job.images[0].enabled && !job.images[0].encrypted);
    assert_string_equal(job.images[1].path, "a/long/way.bin");
    assert_int_equal(job.images[1].address, JOB_ADDRESS_PARTITION);
    assert_string_equal(job.images[1].partition, "ota_0");
    assert_true(!job.images[1].enabled && job.images[1].encrypted);
    assert_int_equal(job.n_protect, 1);
    assert_int_equal(job.protect[0].address, 0x9000);
    assert_int_equal(job.protect[0].size, 0x6000);
    assert_true(job.boot_check.enabled);
    assert_string_equal(job.boot_check.expect, "ready: v1");
    assert_int_equal(job.boot_check.delay_ms, 250);
    assert_int_equal(job.boot_check.timeout_ms, 3000);
    assert_int_equal(job.n_ops, 1);
    assert_int_equal(job.ops[0].kind, OP_WRITE_FLASH);
    job_done(&job);
}

static const struct {
    const char *text;
    unsigned line;
    const char *says;
} bad[] = {
    {"", 1, "[job]"},
    {"# nothing\n", 1, "[job]"},
    {"chip = esp32\n", 1, "before the first section"},
    {"[job]\nchipp = esp32\n", 2, "\"chip\""},
    {"[job]\nbauds = 9600\n", 2, "\"baud\""},
    {"[job]\n\nchip = esp32\nchip = esp32\n", 4, "twice"},
    {"[job]\n[job]\n", 2, "twice"},
    {"[image 1]\nfile=a\naddress=0\n[image 1]\nfile=b\naddress=1\n", 4, "twice"},
    {"[imge 1]\n", 1, "[image]"},
    {"[flash]\nmodus = dio\n", 2, "\"mode\""},
    {"[image]\n", 1, "needs a name"},
    {"[job one]\n", 1, "has no name"},
    {"[job\n", 1, "brackets"},
    {"[job] chip = esp32\n", 1, "brackets"},
    {"[job]\nchip\n", 2, "key = value"},
    {"[job]\nchip = esp33\n", 2, "esp33"},
    {"[job]\nbaud = 12\n", 2, "300"},
    {"[job]\nport =\n", 2, "usb:VID:PID"},
    {"[job]\nport = usb:10c4\n", 2, "usb:VID:PID"},
    {"[job]\nno-stub = maybe\n", 2, "yes or no"},
    {"[job]\nchip = \"esp32\n", 2, "closing quote"},
    {"[job]\nchip = \"esp32\" x\n", 2, "quotes"},
    {"[job]\nchip = \"esp\\q32\"\n", 2, "quotes"},
    {"[job]\nchip = \"esp32\\x00\"\n", 2, "quotes"},
    {"[flash]\nfreq = 1234567890m\n", 2, "40m"},
    {"[image 1]\nfile = a.bin\n", 1, "no address"},
    {"[image 1]\naddress = 0\n\n[job]\n", 1, "no file"},
    {"[image 1]\nfile = a.bin\naddress = 0x1g\n", 3, "0x1g"},
    {"[protect a]\nstart = 0x1000\n", 1, "no end"},
    {"[protect a]\nstart = 0x2000\nend = 0x1000\n", 1, "not behind"},
    {"[boot-check]\ntimeout = 1\n", 1, "what to expect"},
    {"[boot-check]\nexpect = x\ntimeout = 1.0005\n", 3, "seconds"},
    {"[boot-check]\nexpect = x\ntimeout = 4000\n", 3, "seconds"},
};

static void bad_files_are_named(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct error error;
        struct job job;
        char line[32];
        int result = parse(bad[i].text, &job, &error);
        snprintf(line, sizeof line, "x.job: line %u: ", bad[i].line);
        if (result != ERR_FILE_FORMAT || !strstr(error.text, line) ||
            !strstr(error.text, bad[i].says))
            fail_msg("%s\ngave %d: %s", bad[i].text, result, error.text);
        assert_int_equal(job.n_images, 0); /* as it was */
        job_done(&job);
    }
}

static void limits_hold(void **state)
{
    struct buffer text = {0};
    struct error error = {0};
    struct job job;

    (void)state;
    buffer_printf(&text, "[image 1]\nfile = %0*d\n", 400, 1);
    assert_int_equal(parse((char *)text.data, &job, &error), ERR_FILE_FORMAT);
    assert_non_null(strstr(error.text, "line 2: more than"));
    buffer_clear(&text);
    for (int i = 0; i < 300; i++)
        buffer_printf(&text, "[protect %d]\nstart = 0\nend = 1\n", i);
    assert_int_equal(parse((char *)text.data, &job, &error), ERR_FILE_FORMAT);
    assert_non_null(strstr(error.text, "more than 256"));
    buffer_clear(&text);
    for (int i = 0; i < 30000; i++)
        buffer_printf(&text, "# comment\n");
    assert_int_equal(parse((char *)text.data, &job, &error), ERR_FILE_FORMAT);
    assert_int_equal(job_file_read("x", ".", "[job]\n\0", 7, &job, &error), ERR_FILE_FORMAT);
    job_done(&job);
    buffer_done(&text);
}

/* ---- saved and loaded ---- */

static uint32_t seed;

static uint32_t any(uint32_t below)
{
    seed = seed * 1664525 + 1013904223;
    return (uint32_t)((uint64_t)(seed >> 4) * below >> 28);
}

static bool maybe(void)
{
    return any(2) == 1;
}

/* Bytes of every kind, the awkward ones often; as many as fit. */
static void any_text(char *to, size_t size)
{
    static const char awkward[] = "  \t\"\\;;#=[]\n\r:'%\x7f\xc3\xa4";
    size_t n = any((uint32_t)size);

    for (size_t i = 0; i < n; i++)
        to[i] = any(3) ? (char)('a' + any(26)) : awkward[any(sizeof awkward - 1)];
    to[n] = '\0';
}

static void any_path(char *to, size_t size)
{
    static const char *const dirs[] = {"", "sub/", "/usr/lib/", "{chip}/", "sub/deeper/"};
    char name[600];

    do
        any_text(name, maybe() ? 20 : 250);
    while (name[0] == '\0');
    if (strstr(dir, "//") == NULL)
        snprintf(to, size, "%s%s", dirs[any(ARRAY_LEN(dirs))], name);
}

static void any_image(struct job *job)
{
    static const char *const places[] = {"bootloader", "own", "0x0", "0x10000", "ota_0", "nvs"};
    char path[900];

    any_path(path, sizeof path);
    job_add_image(job, path, 0);
    struct job_image *image = &job->images[job->n_images - 1];
    assert_true(job_address_parse(places[any(ARRAY_LEN(places))], image));
    if (maybe() && image->address < 0x20000)
        image->address = any(UINT32_MAX >> 4);
    image->enabled = maybe();
    image->encrypted = (enum encrypt)any(3);
}

static void any_job(struct job *job)
{
    static const char *const ports[] = {"/dev/ttyUSB0", "socket://a:1", "emu:esp32,mac=1"};
    static const char *const rules[] = {"any", "usb:10c4:ea60", "serial:A; B", "slot:1-1.4"};
    static const char *const spi[] = {"", "HSPI", "6,17,8,11,16"};

    job_init(job);
    if (maybe())
        job_set_port(job, ports[any(3)]);
    else if (maybe())
        job->port_rule = xstrdup(rules[any(4)]);
    job->chip = (enum chip_id)any(CHIP_COUNT);
    job->baud = maybe() ? JOB_BAUD_AUTO : 300 + any(3000000);
    job->before = (enum loader_before)any(4);
    job->after = (enum loader_after)any(5);
    job->connect_attempts = (int)any(100);
    job->no_stub = maybe();
    job->compress = maybe();
    job->no_diff = maybe();
    job->erase_all = maybe();
    job->skip_gaps = maybe();
    job->flash_mode = (enum flash_mode)((int)any(5) - 1);
    util_copy(job->flash_freq, sizeof job->flash_freq, maybe() ? "keep" : "80m");
    util_copy(job->flash_size, sizeof job->flash_size, maybe() ? "detect" : "16MB");
    util_copy(job->spi_connection, sizeof job->spi_connection, spi[any(3)]);
    job->table_address = maybe() ? JOB_TABLE_ADDRESS : any(1 << 28);
    for (uint32_t n = any(5); n > 0; n--)
        any_image(job);
    job->n_protect = any(4);
    job->protect = xcalloc(job->n_protect + 1, sizeof *job->protect);
    for (size_t i = 0; i < job->n_protect; i++)
        job->protect[i] = (struct flash_range){any(1 << 28), 1 + any(1 << 28)};
    any_text(job->boot_check.expect, maybe() ? 4 : sizeof job->boot_check.expect);
    any_text(job->boot_check.send, maybe() ? 4 : sizeof job->boot_check.send);
    job->boot_check.enabled = job->boot_check.expect[0] && maybe();
    job->boot_check.delay_ms = maybe() ? any(3600001) : 0;
    job->boot_check.timeout_ms = maybe() ? any(3600001) : 3000;
    job->boot_check.baud = maybe() ? 115200 : 300 + any(3000000);
    job_add_op(job, OP_WRITE_FLASH);
}

static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool same_image(const struct job_image *a, const struct job_image *b)
{
    return strcmp(a->path, b->path) == 0 && a->address == b->address &&
           strcmp(a->partition, b->partition) == 0 && a->enabled == b->enabled &&
           a->encrypted == b->encrypted;
}

static bool same_check(const struct job_boot_check *a, const struct job_boot_check *b)
{
    return a->enabled == b->enabled && a->baud == b->baud && strcmp(a->expect, b->expect) == 0 &&
           strcmp(a->send, b->send) == 0 && a->delay_ms == b->delay_ms &&
           a->timeout_ms == b->timeout_ms;
}

static bool same_job(const struct job *a, const struct job *b)
{
    bool same = same_text(a->port, b->port) && same_text(a->port_rule, b->port_rule) &&
                a->chip == b->chip && a->baud == b->baud && a->before == b->before &&
                a->after == b->after && a->connect_attempts == b->connect_attempts &&
                a->no_stub == b->no_stub && a->compress == b->compress &&
                a->no_diff == b->no_diff && a->erase_all == b->erase_all &&
                a->skip_gaps == b->skip_gaps && a->table_address == b->table_address &&
                a->flash_mode == b->flash_mode && strcmp(a->flash_freq, b->flash_freq) == 0 &&
                strcmp(a->flash_size, b->flash_size) == 0 &&
                strcmp(a->spi_connection, b->spi_connection) == 0 &&
                same_check(&a->boot_check, &b->boot_check) && a->n_images == b->n_images &&
                a->n_protect == b->n_protect && a->n_ops == b->n_ops;

    for (size_t i = 0; same && i < a->n_images; i++)
        same = same_image(&a->images[i], &b->images[i]);
    for (size_t i = 0; same && i < a->n_protect; i++)
        same = a->protect[i].address == b->protect[i].address &&
               a->protect[i].size == b->protect[i].size;
    return same;
}

static void show(const char *path)
{
    char line[512];
    FILE *f = fopen(path, "r");

    while (f && fgets(line, sizeof line, f))
        print_message("%s", line);
    if (f)
        fclose(f);
}

static void saved_is_loaded(void **state)
{
    (void)state;
    for (seed = 1; seed < 600;) {
        struct error error = {0};
        struct job job, loaded;
        uint32_t number = seed;
        seed *= 2654435761;
        any_job(&job);
        job_init(&loaded);
        if (job_file_save(&job, "random.job", &error) != 0 ||
            job_file_load("random.job", &loaded, &error) != 0 || !same_job(&job, &loaded)) {
            show("random.job");
            fail_msg("seed %u: %s", number, error.text);
        }
        job_done(&job);
        job_done(&loaded);
        seed = number + 1;
    }
}

/* A copy of a job through the station is the same job. */
static void json_keeps_it(void **state)
{
    (void)state;
    for (seed = 1; seed < 200;) {
        struct error error = {0};
        struct job job, back;
        uint32_t number = seed;
        seed *= 2654435761;
        any_job(&job);
        for (size_t i = 0; i < job.n_images; i++) { /* JSON is UTF-8, and its paths are absolute */
            free(job.images[i].path);
            job.images[i].path = xstrdup("/a/b.bin");
        }
        snprintf(job.boot_check.expect, sizeof job.boot_check.expect, "%u", number);
        snprintf(job.boot_check.send, sizeof job.boot_check.send, "%u \\ \"", number);
        json_t *json = job_to_json(&job);
        if (job_from_json(json, &back, &error) != 0 || !same_job(&job, &back))
            fail_msg("seed %u: %s", number, error.text);
        json_decref(json);
        job_done(&job);
        job_done(&back);
        seed = number + 1;
    }
}

/* ---- paths ---- */

static const char *path_in_file(const char *job_path, char *to, size_t size)
{
    FILE *f = fopen(job_path, "r");

    assert_non_null(f);
    while (fgets(to, (int)size, f)) {
        if (strncmp(to, "file = ", 7) == 0) {
            fclose(f);
            to[strcspn(to, "\n")] = '\0';
            return to + 7;
        }
    }
    fclose(f);
    return "";
}

static void paths_are_relative(void **state)
{
    static const struct {
        const char *image, *job, *said;
    } rows[] = {
        {"app.bin", "x.job", "app.bin"},
        {"sub/app.bin", "x.job", "sub/app.bin"},
        {"sub/app.bin", "sub/x.job", "app.bin"},
        {"app.bin", "sub/x.job", "../app.bin"},
        {"app.bin", "sub/deep/x.job", "../../app.bin"},
        {"sub/deep/app.bin", "link/x.job", "app.bin"}, /* link -> sub/deep */
        {"app.bin", "link/x.job", "../../app.bin"},
        {"/usr/share/app.bin", "x.job", "/usr/share/app.bin"},
        {"missing/app.bin", "x.job", "missing/app.bin"},
    };
    char line[512];

    (void)state;
    assert_int_equal(mkdir("sub", 0700), 0);
    assert_int_equal(mkdir("sub/deep", 0700), 0);
    assert_int_equal(symlink("sub/deep", "link"), 0);
    fclose(fopen("app.bin", "w"));
    fclose(fopen("sub/app.bin", "w"));
    fclose(fopen("sub/deep/app.bin", "w"));
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct error error = {0};
        struct job job, loaded;
        struct stat a, b;
        job_init(&job);
        job_init(&loaded);
        job_add_image(&job, rows[i].image, 0);
        assert_int_equal(job_file_save(&job, rows[i].job, &error), 0);
        assert_string_equal(path_in_file(rows[i].job, line, sizeof line), rows[i].said);
        assert_int_equal(job_file_load(rows[i].job, &loaded, &error), 0);
        if (stat(rows[i].image, &a) == 0) {
            assert_int_equal(stat(loaded.images[0].path, &b), 0);
            assert_true(a.st_ino == b.st_ino);
        }
        job_done(&job);
        job_done(&loaded);
    }
}

static void saving_is_whole_or_not_at_all(void **state)
{
    struct error error = {0};
    struct job job;
    struct stat st;

    (void)state;
    job_init(&job);
    assert_int_equal(job_file_save(&job, "no/such/x.job", &error), ERR_FILE_WRITE);
    assert_non_null(strstr(error.text, "no/such/x.job"));
    error_clear(&error);
    umask(022);
    assert_int_equal(job_file_save(&job, "empty.job", &error), 0);
    assert_int_equal(stat("empty.job", &st), 0);
    assert_int_equal(st.st_mode & 0777, 0644);
    assert_int_equal(job_file_load("empty.job", &job, &error), 0);
    assert_int_equal(job_file_load(".", &job, &error), ERR_FILE_UNREADABLE);
    assert_int_not_equal(system("ls -A | grep -q '^.espjig'"), 0);
    job_done(&job);
}

/* ---- ports ---- */

static void rules_fit(void **state)
{
    const struct port_info port = {.path = "/dev/ttyUSB0",
                                   .slot = "1-1.4",
                                   .serial = "A;B",
                                   .vid = 0x10C4,
                                   .pid = 0xEA60,
                                   .usb = true};
    const struct port_info own = {.path = "/dev/ttyAMA0", .slot = "ttyAMA0"};
    static const struct {
        const char *text;
        bool is, good, fits, fits_own;
    } rows[] = {
        {"any", true, true, true, false},
        {"anything", false, false, false, false},
        {"usb:10c4:ea60", true, true, true, false},
        {"usb:10C4:EA60", true, true, true, false},
        {"usb:10c4:ea61", true, true, false, false},
        {"usb:10c4", true, false, false, false},
        {"usb:0:0", true, true, false, false},
        {"usb:10c4:ea60:1", true, false, false, false},
        {"serial:A;B", true, true, true, false},
        {"serial:", true, false, false, false},
        {"serial:A", true, true, false, false},
        {"slot:1-1.4", true, true, true, false},
        {"slot:1-1", true, true, false, false},
        {"slot:ttyAMA0", true, true, false, true},
        {"/dev/ttyUSB0", false, false, false, false},
        {"socket://any:1", false, false, false, false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_int_equal(port_rule_is(rows[i].text), rows[i].is);
        assert_int_equal(port_rule_check(rows[i].text), rows[i].good);
        assert_int_equal(port_rule_fits(rows[i].text, &port), rows[i].fits);
        assert_int_equal(port_rule_fits(rows[i].text, &own), rows[i].fits_own);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_sane),       cmocka_unit_test(example_is_read),
        cmocka_unit_test(bad_files_are_named), cmocka_unit_test(limits_hold),
        cmocka_unit_test(saved_is_loaded),     cmocka_unit_test(json_keeps_it),
        cmocka_unit_test(paths_are_relative),  cmocka_unit_test(saving_is_whole_or_not_at_all),
        cmocka_unit_test(rules_fit),
    };
    return cmocka_run_group_tests(tests, make_dir, drop_dir);
}
