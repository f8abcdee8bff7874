/* SPDX-License-Identifier: GPL-3.0-or-later */
/* link/: reset sequences, ptys, the list of ports, emulated chips, and what can be wrong with a
 * port. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "link_helpers.h"
#include "link/adapters.h"
#include "link/reset.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>

/* ---- a link that writes down what is done to it ---- */

static char record[512];

static void note(const char *format, ...)
{
    size_t n = strlen(record);
    va_list args;

    va_start(args, format);
    vsnprintf(record + n, sizeof record - n, format, args);
    va_end(args);
}

static int record_lines(struct link *link, bool dtr, bool rts)
{
    (void)link;
    note("%d%d ", dtr, rts);
    return 0;
}

static const struct link_ops record_ops = {.scheme = "record", .set_lines = record_lines};

static int64_t fake_us;

static int64_t fake_now(void)
{
    return fake_us;
}

static void fake_sleep(int64_t us)
{
    fake_us += us;
    note("w%d ", (int)(us / 1000));
}

static const struct clock_source fake_clock = {fake_now, fake_sleep};

static void run_is(struct link *link, const char *sequence, const char *expected)
{
    record[0] = '\0';
    clock_use(&fake_clock);
    int rc = reset_run(link, sequence);
    clock_use(NULL);
    assert_int_equal(rc, 0);
    assert_string_equal(record, expected);
}

/* ---- reset ---- */

static void reset_sequences_are_checked(void **state)
{
    static const struct {
        const char *sequence;
        int bad; /* number of the step, 0: good */
    } rows[] = {
        {reset_classic, 0},
        {reset_classic_long, 0},
        {reset_tight, 0},
        {reset_tight_long, 0},
        {reset_usb_jtag, 0},
        {reset_hard, 0},
        {"D0", 0},
        {"W.5|W5.|W60", 0},
        {"", 1},
        {"D0|", 2},
        {"|D0", 1},
        {"D0|X1", 2},
        {"d0", 1},
        {"D2", 1},
        {"D", 1},
        {"D01", 1},
        {"U1", 1},
        {"U1,", 1},
        {"U1,2", 1},
        {"U1,10", 1},
        {"W", 1},
        {"W.", 1},
        {"W-1", 1},
        {"W0,1", 1},
        {"W61", 1},
        {"W1e3", 1},
        {"D0|R1 |W0", 2},
        {"W0.1.1", 1},
        {"D0|R1|D0D0D0D0D0D0D0D0D0D0D0D0D0D0D0D0D0D0D0D0D0", 3},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct error error = {0};
        char step[20];
        int rc = reset_check(rows[i].sequence, &error);
        if ((rc == 0) != (rows[i].bad == 0))
            fail_msg("\"%s\": %d %s", rows[i].sequence, rc, error.text);
        if (rc == 0)
            continue;
        assert_int_equal(rc, ERR_USAGE);
        snprintf(step, sizeof step, "step %d ", rows[i].bad);
        assert_has(error.text, step);
    }
}

static void reset_moves_the_lines_in_order(void **state)
{
    struct link link = {.ops = &record_ops, .has_lines = true, .address = "x"};

    (void)state;
    run_is(&link, reset_classic, "00 01 w100 11 10 w50 00 ");
    run_is(&link, reset_classic_long, "00 01 w100 11 10 w550 00 ");
    run_is(&link, reset_tight, "00 11 01 w100 10 w50 00 00 ");
    run_is(&link, reset_tight_long, "00 11 01 w100 10 w550 00 00 ");
    run_is(&link, reset_usb_jtag, "00 00 w100 10 10 w100 11 01 01 w100 01 00 ");
    run_is(&link, reset_hard, "01 w100 00 ");
    run_is(&link, reset_hard_usb, "01 w200 00 w200 ");
    run_is(&link, "U1,0|W0.0005|R1", "10 w1 11 ");

    /* CP2102C: flow control that can't be turned off. */
    link = (struct link){.ops = &record_ops, .has_lines = true, .port = {.vid = 0x10C4}};
    link.port.pid = 0xEA64;
    run_is(&link, reset_tight, "00 11 01 w100 10 w50 ");
    run_is(&link, reset_hard, "00 01 w100 11 w100 10 ");
    run_is(&link, "D0|R0", "00 00 ");
}

static void reset_needs_lines_and_sense(void **state)
{
    struct link link = {.ops = &record_ops, .address = "socket://here:1"};

    (void)state;
    assert_int_equal(reset_run(&link, reset_hard), ERR_NOT_POSSIBLE);
    assert_has(link.error.text, "socket://here:1");

    link = (struct link){.ops = &record_ops, .has_lines = true};
    record[0] = '\0';
    assert_int_equal(reset_run(&link, "D0|R1|oops"), ERR_USAGE);
    assert_string_equal(record, ""); /* nothing is done by halves */
}

static void reset_ends_on_cancel(void **state)
{
    int fds[2];

    (void)state;
    assert_int_equal(pipe(fds), 0);
    struct cancel cancel = {.fd = fds[0]};
    struct link link = {.ops = &record_ops, .has_lines = true, .cancel = &cancel};
    close(fds[1]);
    int64_t start = clock_ms();
    assert_int_equal(reset_run(&link, "R1|W20|R0"), ERR_CANCELLED);
    assert_true(clock_ms() - start < SOON);
    assert_int_equal(link.error.code, ERR_CANCELLED);
    close(fds[0]);
}

/* ---- pty ---- */

static void a_pty_carries_bytes_as_they_are(void **state)
{
    uint8_t all[256], back[512];
    struct pty pty;
    struct termios t;
    size_t n = 0;

    (void)state;
    pty_start(&pty, &at_115200);
    assert_string_equal(pty.link.ops->scheme, "pty");
    assert_false(pty.link.has_lines);
    for (int i = 0; i < 256; i++)
        all[i] = (uint8_t)i;
    assert_int_equal(link_write(&pty.link, all, 256, SOON), 256);
    while (n < 256) {
        ssize_t got = read(pty.master, back + n, sizeof back - n);
        assert_true(got > 0);
        n += (size_t)got;
    }
    assert_memory_equal(all, back, 256);

    assert_int_equal(write(pty.master, all, 256), 256);
    for (n = 0; n < 256;) {
        ssize_t got = link_read(&pty.link, back + n, sizeof back - n, SOON);
        assert_true(got > 0);
        n += (size_t)got;
    }
    assert_memory_equal(all, back, 256);

    assert_int_equal(tcgetattr(pty.master, &t), 0);
    assert_int_equal(cfgetospeed(&t), B115200);
    assert_int_equal(link_set_baud(&pty.link, 921600), 0);
    assert_int_equal(tcgetattr(pty.master, &t), 0);
    assert_int_equal(cfgetospeed(&t), B921600);
    assert_int_equal(link_set_baud(&pty.link, 74880), 0); /* no B74880 exists */
    assert_int_equal(pty.link.baud, 74880);
    assert_int_equal(link_set_lines(&pty.link, true, true), ERR_NOT_POSSIBLE);
    pty_end(&pty);
}

static void silence_is_no_error(void **state)
{
    struct pty pty;
    uint8_t byte;

    (void)state;
    pty_start(&pty, &at_115200);
    int64_t start = clock_ms();
    assert_int_equal(link_read(&pty.link, &byte, 1, 30), 0);
    assert_true(clock_ms() - start >= 29);
    assert_int_equal(link_read(&pty.link, &byte, 1, 0), 0);
    assert_int_equal(pty.link.error.code, 0);

    assert_int_equal(write(pty.master, "old", 3), 3);
    assert_int_equal(link_read(&pty.link, &byte, 1, SOON), 1); /* the rest is there as well */
    assert_int_equal(link_discard_input(&pty.link), 0);
    assert_int_equal(write(pty.master, "n", 1), 1);
    assert_int_equal(link_read(&pty.link, &byte, 1, SOON), 1);
    assert_int_equal(byte, 'n');
    pty_end(&pty);
}

static void nobody_reads_and_the_write_gives_up(void **state)
{
    static uint8_t much[1 << 20];
    struct pty pty;

    (void)state;
    pty_start(&pty, &at_115200);
    assert_int_equal(link_write(&pty.link, much, sizeof much, 50), ERR_NO_REPLY);
    assert_has(pty.link.error.text, pty.path);
    int64_t start = clock_ms();
    link_close(&pty.link); /* does not wait for the rest to leave */
    assert_true(clock_ms() - start < 1000);
    pty_end(&pty);
}

static void a_read_ends_on_cancel(void **state)
{
    int fds[2];
    uint8_t byte;
    struct cancel cancel;
    struct pty pty;

    (void)state;
    assert_int_equal(pipe(fds), 0);
    cancel.fd = fds[0];
    pty_start(&pty, &(struct link_options){.baud = 115200, .cancel = &cancel});
    pid_t child = fork();
    if (child == 0) {
        poll(NULL, 0, 30);
        _exit(write(fds[1], "x", 1) == 1 ? 0 : 1);
    }
    int64_t start = clock_ms();
    assert_int_equal(link_read(&pty.link, &byte, 1, 2 * SOON), ERR_CANCELLED);
    assert_true(clock_ms() - start < SOON);
    assert_int_equal(write(pty.master, "x", 1), 1);
    assert_int_equal(link_read(&pty.link, &byte, 1, 0), ERR_CANCELLED); /* also with bytes there */
    waitpid(child, NULL, 0);
    pty_end(&pty);
    close(fds[0]);
    close(fds[1]);
}

static void a_pulled_cable_is_noticed(void **state)
{
    struct pty pty;
    uint8_t bytes[8];

    (void)state;
    pty_start(&pty, &at_115200);
    pid_t child = fork();
    if (child == 0) {
        poll(NULL, 0, 30);
        _exit(0);
    }
    close(pty.master); /* the child has the last one */
    pty.master = -1;
    assert_int_equal(link_read(&pty.link, bytes, sizeof bytes, 2 * SOON), ERR_PORT_LOST);
    assert_has(pty.link.error.text, pty.path);
    assert_int_equal(link_write(&pty.link, "x", 1, SOON), ERR_PORT_LOST);
    waitpid(child, NULL, 0);
    pty_end(&pty);
}

/* ---- ports that can't be opened ---- */

static void bad_addresses_are_named(void **state)
{
    static const struct {
        const char *address;
        int code;
        const char *part;
    } rows[] = {
        {"/dev/ttyNoSuchPort", ERR_PORT_MISSING, "/dev/ttyNoSuchPort"},
        {"/dev/null/x", ERR_PORT_MISSING, "/dev/null/x"},
        {"/dev/null", ERR_PORT_MISSING, "/dev/null"},
        {"/", ERR_PORT_MISSING, "a directory"},
        {"pty:/dev/null", ERR_PORT_OPEN, "pseudo terminal"},
        {"pty:/dev/pts/nothing", ERR_PORT_MISSING, "/dev/pts/nothing"},
        {"", ERR_USAGE, "address"},
        {"pty:", ERR_USAGE, "pty:"},
        {"gopher://x:1", ERR_USAGE, "gopher"},
        {"socket://", ERR_USAGE, "socket"},
        {"socket://localhost", ERR_USAGE, "HOST:PORT"},
        {"socket://localhost:", ERR_USAGE, "HOST:PORT"},
        {"socket://localhost:0", ERR_USAGE, "HOST:PORT"},
        {"socket://localhost:65536", ERR_USAGE, "HOST:PORT"},
        {"socket://::1:80", ERR_USAGE, "[IPV6]:PORT"},
        {"socket://[::1:80", ERR_USAGE, "[IPV6]:PORT"},
        {"rfc2217://localhost:x", ERR_USAGE, "HOST:PORT"},
        {"rfc2217://localhost:1?what", ERR_USAGE, "ign_set_control"},
        {"emu:,pace", ERR_USAGE, "chip"},
    };
    char text[1024], longer[400];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        int rc = open_fails(rows[i].address, &at_115200, text);
        if (rc != rows[i].code)
            fail_msg("\"%s\": %s: %s", rows[i].address, error_id((enum err)rc), text);
        assert_has(text, rows[i].part);
    }
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    assert_int_equal(open_fails(longer, &at_115200, text), ERR_USAGE);
    assert_int_equal(open_fails("/dev/null", &(struct link_options){0}, text), ERR_USAGE);
}

static void a_file_is_no_port(void **state)
{
    char path[] = "/tmp/espjig-test-XXXXXX", text[1024];

    (void)state;
    close(mkstemp(path));
    assert_int_equal(open_fails(path, &at_115200, text), ERR_PORT_MISSING);
    assert_has(text, path);
    assert_has(text, "a file");
    unlink(path);
}

/* Another process that has the port open, with a lock or without, and says when. */
static pid_t hold(const char *path, bool lock, int *stop)
{
    int ready[2], end[2];
    char c;

    assert_int_equal(pipe(ready), 0);
    assert_int_equal(pipe(end), 0);
    pid_t child = fork();
    if (child == 0) {
        for (int fd = 3; fd < 256; fd++) { /* it shall not own the master, too */
            if (fd != ready[1] && fd != end[0])
                close(fd);
        }
        int fd = open(path, O_RDWR | O_NOCTTY);
        if (fd < 0 || (lock && flock(fd, LOCK_EX | LOCK_NB) < 0) || write(ready[1], "r", 1) != 1)
            _exit(1);
        _exit(read(end[0], &c, 1) < 0);
    }
    close(ready[1]);
    close(end[0]);
    assert_int_equal(read(ready[0], &c, 1), 1);
    close(ready[0]);
    *stop = end[1];
    return child;
}

static void a_port_that_is_held_names_its_holder(void **state)
{
    char text[1024], pid[32];

    (void)state;
    for (int lock = 0; lock <= 1; lock++) {
        struct pty pty = {0};
        struct error error = {0};
        int slave, stop;
        struct link_options steal = {.baud = 115200, .steal = true};

        assert_int_equal(openpty(&pty.master, &slave, pty.path, NULL, NULL), 0);
        pid_t child = hold(pty.path, lock, &stop);
        assert_int_equal(open_fails(pty.path, &at_115200, text), ERR_PORT_BUSY);
        snprintf(pid, sizeof pid, "(pid %d)", (int)child);
        assert_has(text, pid);
        assert_has(text, pty.path);
        assert_has(text, "test_link");

        assert_int_equal(link_open(&pty.link, pty.path, &steal, &error), 0);
        link_close(&pty.link);
        close(stop);
        waitpid(child, NULL, 0);
        assert_int_equal(link_open(&pty.link, pty.path, &at_115200, &error), 0);
        close(slave);
        pty_end(&pty);
    }
}

static void an_open_port_is_locked(void **state)
{
    struct pty pty;

    (void)state;
    pty_start(&pty, &at_115200);
    pid_t child = fork();
    if (child == 0) { /* as esptool and pyserial look; root gets past TIOCEXCL */
        int fd = open(pty.path, O_RDWR | O_NOCTTY);
        _exit(fd < 0 ? errno != EBUSY : flock(fd, LOCK_EX | LOCK_NB) == 0);
    }
    int status;
    waitpid(child, &status, 0);
    assert_int_equal(status, 0);
    char text[1024]; /* the lock holds where /proc shows nobody: here because it is ourselves */
    assert_int_equal(open_fails(pty.path, &at_115200, text), ERR_PORT_BUSY);
    assert_has(text, pty.path);
    pty_end(&pty);
}

/* ---- ports ---- */

static void ports_are_listed_without_harm(void **state)
{
    struct port_info *ports, port;
    struct error error = {0};
    size_t n, more;
    int slave, master;
    char path[64];

    (void)state;
    assert_int_equal(ports_list(&ports, &n, false, &error), 0);
    for (size_t i = 0; i < n; i++)
        assert_true(ports[i].path[0] == '/' && ports[i].slot[0]);
    free(ports);
    assert_int_equal(ports_list(&ports, &more, true, &error), 0);
    assert_true(more >= n);
    free(ports);

    assert_int_equal(openpty(&master, &slave, path, NULL, NULL), 0);
    assert_false(port_info_read(path, &port)); /* sysfs does not know ptys */
    assert_string_equal(port.path, path);
    assert_string_equal(port.slot, "");
    assert_false(port_info_read("/dev/null", &port));
    assert_false(port_info_read("/nowhere", &port));
    char command[16];
    assert_int_equal(port_holder(path, command, sizeof command), 0); /* ourselves don't count */
    close(master);
    close(slave);

    struct ports_watch *watch = ports_watch_new();
    ports_watch_drain(watch);
    ports_watch_free(watch);
    ports_watch_free(NULL);
}

/* ---- emu: ---- */

/* A program in the emulated chip's place. */
static void program_make(char *path, const char *script)
{
    strcpy(path, "/tmp/espjig-test-XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    dprintf(fd, "#!/bin/sh\n%s\n", script);
    fchmod(fd, 0700);
    close(fd);
    setenv("ESPJIG_EMU", path, 1);
}

static void an_emulated_chip_that_does_not_start_says_why(void **state)
{
    char path[64], text[1024];
    const char *was = getenv("ESPJIG_EMU");
    char *saved = was ? xstrdup(was) : NULL;

    (void)state;
    program_make(path, "echo first >&2; echo \"espjig-emu: no chip like $1\" >&2; exit 2");
    assert_int_equal(open_fails("emu:esp99", &at_115200, text), ERR_PORT_OPEN);
    assert_string_equal(text, "the emulated chip did not start: no chip like --chip=esp99");
    unlink(path);

    program_make(path, "echo \"$*\" >&2; ls /proc/$$/fd | tr '\\n' ' ' >&2; exit 1");
    assert_int_equal(open_fails("emu:esp32,flash-file=/tmp/a\\,b,pace", &at_115200, text),
                     ERR_PORT_OPEN);
    assert_has(text, "0 1 10 2 3"); /* 10 is the shell's own, the script */
    unlink(path);

    program_make(path, "echo \"$*\" >&2; exit 1");
    assert_int_equal(open_fails("emu:esp32,flash-file=/tmp/a\\,b,pace", &at_115200, text),
                     ERR_PORT_OPEN);
    assert_has(text, "--chip=esp32 --flash-file=/tmp/a,b --pace --rfc2217=fd:3");
    unlink(path);

    program_make(path, "echo ready; echo oh no >&2; exit 0");
    assert_int_equal(open_fails("emu:esp32", &at_115200, text), ERR_PORT_OPEN);
    assert_string_equal(text, "the emulated chip did not start: oh no");
    unlink(path);
    assert_int_equal(open_fails("emu:esp32", &at_115200, text), ERR_PORT_OPEN);
    assert_has(text, path); /* the program is gone */

    if (saved)
        setenv("ESPJIG_EMU", saved, 1);
    else
        unsetenv("ESPJIG_EMU");
    free(saved);
}

/* SYNC as in the serial protocol document of esptool, and the first bytes of its answer. */
static const uint8_t sync_frame[] = {
    0xc0, 0x00, 0x08, 0x24, 0x00, 0x00, 0x00, 0x00, 0x00, 0x07, 0x07, 0x12, 0x20, 0x55, 0x55, 0x55,
    0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55,
    0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0xc0};

static bool answers_sync(struct link *link)
{
    uint8_t bytes[4096];
    size_t n = 0;

    link_discard_input(link);
    assert_int_equal(link_write(link, sync_frame, sizeof sync_frame, SOON), sizeof sync_frame);
    int64_t end = clock_ms() + 1000; /* an empty flash makes the chip talk for ever */
    while (clock_ms() < end && n < sizeof bytes) {
        ssize_t got = link_read(link, bytes + n, sizeof bytes - n, 100);
        assert_true(got >= 0);
        n += (size_t)got;
        if (memmem(bytes, n, "\xc0\x01\x08", 3))
            return true;
    }
    return false;
}

static bool emulator_here(void)
{
    const char *dir = getenv("top_builddir");
    char path[1024];

    if (getenv("ESPJIG_EMU"))
        return true;
    snprintf(path, sizeof path, "%s/espjig-emu", dir ? dir : ".");
    return access(path, X_OK) == 0 && setenv("ESPJIG_EMU", path, 1) == 0;
}

static void an_emulated_chip_obeys_lines_and_rate(void **state)
{
    static const char *const sequences[] = {reset_classic, reset_tight};
    struct link link;
    struct error error = {0};

    (void)state;
    if (!emulator_here())
        skip();
    if (link_open(&link, "emu:esp32c3,mac=60:55:f9:00:00:01", &at_115200, &error) < 0)
        fail_msg("%s", error.text);
    assert_string_equal(link.ops->scheme, "emu");
    for (size_t i = 0; i < ARRAY_LEN(sequences); i++) {
        assert_int_equal(reset_run(&link, reset_hard), 0);
        assert_false(answers_sync(&link));
        assert_int_equal(reset_run(&link, sequences[i]), 0);
        assert_true(answers_sync(&link));
    }
    assert_int_equal(link_set_baud(&link, 921600), 0);
    assert_int_equal(link.error.code, 0);
    link_close(&link);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* its process is gone and reaped */
    assert_int_equal(errno, ECHILD);
}

static void every_adapter_is_found_by_what_it_is_known_by(void **state)
{
    (void)state;
    for (size_t i = 0; i < adapters_n; i++) {
        const struct adapter *a = &adapters[i];
        struct port_info port = {.usb = a->vid != 0,
                                 .vid = a->vid,
                                 .pid = a->pid,
                                 .bcd = a->bcd,
                                 .interface = a->interface ? a->interface - 1 : 1};
        assert_non_null(a->name);
        assert_non_null(a->source);
        assert_true(a->driver || a->vid);
        assert_true(a->max_baud <= 12000000 && (a->max_baud == 0 || a->max_baud >= 921600));
        assert_false(a->native && a->max_baud);
        util_copy(port.driver, sizeof port.driver, a->driver ? a->driver : "cdc_acm");
        util_copy(port.product, sizeof port.product, a->product ? a->product : "made up");
        if (adapter_find(&port) != a)
            fail_msg("%s: taken for %s", a->name, adapter_name(&port));
        assert_int_equal(adapter_max_baud(&port), a->max_baud);
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(a->name, adapters[j].name);
    }
}

static void adapters_are_told_apart(void **state)
{
    static const struct {
        struct port_info port;
        const char *name;
        unsigned max_baud;
    } seen[] = {
        {{.usb = true,
          .vid = 0x10C4,
          .pid = 0xEA60,
          .driver = "cp210x",
          .product = "CP2102N USB to UART Bridge Controller"},
         "CP2102N",
         3000000},
        {{.usb = true,
          .vid = 0x10C4,
          .pid = 0xEA60,
          .driver = "cp210x",
          .product = "CP2102 USB to UART Bridge Controller"},
         "CP2102",
         1000000},
        {{.usb = true, .vid = 0x10C4, .pid = 0xEA60, .driver = "cp210x", .product = "My board"},
         "CP210x",
         0},
        {{.usb = true, .vid = 0x10C4, .pid = 0xEA70, .driver = "cp210x", .interface = 1},
         "CP2105 (standard)",
         921600},
        {{.usb = true, .vid = 0x0403, .pid = 0x6010, .driver = "ftdi_sio", .bcd = 0x0700},
         "FT2232H",
         12000000},
        {{.usb = true, .vid = 0x0403, .pid = 0x6010, .driver = "ftdi_sio", .bcd = 0x0500},
         "FT2232C/D",
         3000000},
        {{.usb = true, .vid = 0x1A86, .pid = 0x55D4, .driver = "cdc_acm"}, "CH9102", 4000000},
        {{.usb = true, .vid = 0x303A, .pid = 0x1001, .driver = "cdc_acm"}, "USB-Serial/JTAG", 0},
        {{.driver = "uart-pl011"}, "PL011", 3000000},
        {{.usb = true, .vid = 0x2341, .pid = 0x0043, .driver = "cdc_acm"}, "", 0},
        {{.driver = ""}, "", 0},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(seen); i++) {
        assert_string_equal(adapter_name(&seen[i].port), seen[i].name);
        assert_int_equal(adapter_max_baud(&seen[i].port), seen[i].max_baud);
    }
    assert_true(adapter_low_latency(&seen[4].port));
    assert_false(adapter_low_latency(&seen[6].port));
    assert_true(adapter_is_native(&seen[7].port));
    assert_false(adapter_is_native(&seen[6].port));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reset_sequences_are_checked),
        cmocka_unit_test(reset_moves_the_lines_in_order),
        cmocka_unit_test(reset_needs_lines_and_sense),
        cmocka_unit_test(reset_ends_on_cancel),
        cmocka_unit_test(a_pty_carries_bytes_as_they_are),
        cmocka_unit_test(silence_is_no_error),
        cmocka_unit_test(nobody_reads_and_the_write_gives_up),
        cmocka_unit_test(a_read_ends_on_cancel),
        cmocka_unit_test(a_pulled_cable_is_noticed),
        cmocka_unit_test(bad_addresses_are_named),
        cmocka_unit_test(a_file_is_no_port),
        cmocka_unit_test(a_port_that_is_held_names_its_holder),
        cmocka_unit_test(an_open_port_is_locked),
        cmocka_unit_test(ports_are_listed_without_harm),
        cmocka_unit_test(every_adapter_is_found_by_what_it_is_known_by),
        cmocka_unit_test(adapters_are_told_apart),
        cmocka_unit_test(an_emulated_chip_that_does_not_start_says_why),
        cmocka_unit_test(an_emulated_chip_obeys_lines_and_rate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
