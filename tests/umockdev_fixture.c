/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "umockdev_fixture.h"

#include <asm/termbits.h> /* termios2; excludes <termios.h> */

#include <errno.h>
#include <fcntl.h>
#include <linux/serial.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <umockdev.h>
#include <unistd.h>

#ifdef __SANITIZE_ADDRESS__
static const bool sanitized = true;
#else
static const bool sanitized = false;
#endif

enum { MODEM = TIOCM_CTS | TIOCM_DSR }; /* what an adapter without a modem reports, or so */

struct fixture {
    UMockdevTestbed *bed;
    UMockdevIoctlBase *handler;
    unsigned baud_max;
    int ports;
    pid_t emulator;
    int control; /* the emulated chip's control socket, or -1 */
    char dir[64];
    GMutex lock; /* the handler runs in a thread of umockdev's */
    int lines;
    struct serial_struct serial;
    GString *record;
};

static void die(const char *what)
{
    fprintf(stderr, "umockdev fixture: %s: %s\n", what, strerror(errno));
    exit(99);
}

static void skip(const char *why)
{
    printf("skipped: %s\n", why);
    exit(77);
}

void fixture_enter(char **argv)
{
    if (sanitized)
        skip("umockdev's library and AddressSanitizer both want to be loaded first");
    /* umockdev_in_mock_environment() can't be asked before there is a testbed. */
    const char *preload = getenv("LD_PRELOAD");
    if (preload && strstr(preload, "libumockdev-preload"))
        return;
    char *wrapped[] = {"umockdev-wrapper", argv[0], NULL};
    execvp(wrapped[0], wrapped);
    skip("umockdev-wrapper is missing (Debian: apt-get install umockdev)");
}

/* ---- the adapter's ioctls ---- */

static void tell_chip(struct fixture *f, const char *line)
{
    char answer[64];

    if (f->control < 0)
        return;
    if (send(f->control, line, strlen(line), MSG_NOSIGNAL) < 0 ||
        recv(f->control, answer, sizeof answer, 0) <= 0)
        die("the emulated chip's control socket");
    if (strncmp(answer, "ok", 2) != 0)
        die(line);
}

static void set_lines(struct fixture *f, const char *how, int bits)
{
    int before = f->lines;
    char line[32];

    f->lines = bits & (TIOCM_DTR | TIOCM_RTS);
    if (f->lines == before && strcmp(how, "set") != 0)
        return; /* libserialport asserts again what is asserted; nobody sees that */
    g_string_append_printf(f->record, "%s %d%d ", how, (f->lines & TIOCM_DTR) != 0,
                           (f->lines & TIOCM_RTS) != 0);
    snprintf(line, sizeof line, "lines %d %d\n", (f->lines & TIOCM_DTR) != 0,
             (f->lines & TIOCM_RTS) != 0);
    tell_chip(f, line);
}

static void modem_ioctl(struct fixture *f, unsigned long request, int *bits)
{
    if (request == TIOCMGET)
        *bits = f->lines | MODEM;
    else if (request == TIOCMSET)
        set_lines(f, "set", *bits);
    else if (request == TIOCMBIS)
        set_lines(f, "or", f->lines | *bits);
    else
        set_lines(f, "and", f->lines & ~*bits);
}

static int serial_ioctl(struct fixture *f, unsigned long request, struct serial_struct *s)
{
    if (request == TIOCGSERIAL)
        *s = f->serial;
    else
        f->serial = *s;
    return 0;
}

/* A rate that the adapter can't do becomes the nearest it can, as drivers do. */
static void baud_ioctl(struct fixture *f, struct termios2 *t)
{
    if (f->baud_max && t->c_ospeed > f->baud_max) {
        t->c_ospeed = t->c_ispeed = f->baud_max;
        t->c_cflag = (t->c_cflag & ~(tcflag_t)CBAUD) | BOTHER;
    }
    g_string_append_printf(f->record, "baud %u ", t->c_ospeed);
}

static void *resolve(UMockdevIoctlData *arg, size_t size)
{
    UMockdevIoctlData *data = umockdev_ioctl_data_resolve(arg, 0, size, NULL);

    return data ? data->data : NULL; /* arg holds a reference */
}

/* Unhandled, a request would end in ENOTTY; the pty that stands for the port is to see it. */
static int on_the_pty(UMockdevIoctlClient *client, int *error)
{
    return umockdev_ioctl_client_execute(client, error, NULL);
}

static gboolean handle(UMockdevIoctlBase *base, UMockdevIoctlClient *client, gpointer context)
{
    struct fixture *f = context;
    unsigned long request = umockdev_ioctl_client_get_request(client);
    UMockdevIoctlData *arg = umockdev_ioctl_client_get_arg(client);
    int error = 0, result = 0;

    (void)base;
    g_mutex_lock(&f->lock);
    switch (request) {
    case TIOCMGET:
    case TIOCMSET:
    case TIOCMBIS:
    case TIOCMBIC:
        modem_ioctl(f, request, resolve(arg, sizeof(int)));
        break;
    case TIOCGSERIAL:
    case TIOCSSERIAL:
        result = serial_ioctl(f, request, resolve(arg, sizeof(struct serial_struct)));
        break;
    case TCSETS2:
    case TCSETSW2:
    case TCSETSF2:
        baud_ioctl(f, resolve(arg, sizeof(struct termios2)));
        result = on_the_pty(client, &error);
        break;
    default:
        result = on_the_pty(client, &error);
        break;
    }
    g_mutex_unlock(&f->lock);
    umockdev_ioctl_client_complete(client, result, error);
    return TRUE;
}

/* ---- sysfs ---- */

/* As the kernel has it for the adapter in port 4 of a hub in port 1 of the first bus. */
#define USB "/devices/pci0000:00/0000:00:14.0/usb1/1-1/1-1.4"

static void add(struct fixture *f, const char *description)
{
    GError *error = NULL;

    if (!umockdev_testbed_add_from_string(f->bed, description, &error)) {
        fprintf(stderr, "umockdev fixture: %s\n%s\n", error->message, description);
        exit(99);
    }
}

static const struct model {
    const char *driver, *ids, *texts;
} cp2102 = {"cp210x", "A: idVendor=10c4\nA: idProduct=ea60\nA: bcdDevice=0100\n",
            "A: manufacturer=Silicon Labs\nA: product=CP2102 USB to UART Bridge Controller\n"},
  ft232r = {"ftdi_sio", "A: idVendor=0403\nA: idProduct=6001\nA: bcdDevice=0600\n",
            "A: manufacturer=FTDI\nA: product=FT232R USB UART\n"};

static void add_adapter(struct fixture *f, const struct model *model)
{
    char *text = g_strdup_printf("P: " USB "\n"
                                 "E: SUBSYSTEM=usb\nE: DEVTYPE=usb_device\nE: DRIVER=usb\n"
                                 "%s%sA: busnum=1\nA: devnum=7\nA: serial=0001\n\n",
                                 model->ids, model->texts);

    add(f, text);
    g_free(text);
}

static void add_port(struct fixture *f, const struct model *model, int i)
{
    char *text = g_strdup_printf("P: " USB "/1-1.4:1.%1$d\n"
                                 "E: SUBSYSTEM=usb\nE: DEVTYPE=usb_interface\nE: DRIVER=%2$s\n"
                                 "A: bInterfaceNumber=%1$02d\n\n"
                                 "P: " USB "/1-1.4:1.%1$d/ttyUSB%1$d\n"
                                 "E: SUBSYSTEM=usb-serial\nE: DRIVER=%2$s\n"
                                 "L: driver=../../../../bus/usb-serial/drivers/%2$s\n"
                                 "A: port_number=0\n\n"
                                 "P: " USB "/1-1.4:1.%1$d/ttyUSB%1$d/tty/ttyUSB%1$d\n"
                                 "N: ttyUSB%1$d\n"
                                 "S: serial/by-path/pci-0000:00:14.0-usb-0:1.4:1.%1$d-port0\n"
                                 "E: SUBSYSTEM=tty\nE: DEVNAME=/dev/ttyUSB%1$d\n"
                                 "E: MAJOR=188\nE: MINOR=%1$d\n"
                                 "L: device=../../../ttyUSB%1$d\n"
                                 "A: dev=188:%1$d\n\n",
                                 i, model->driver);

    add(f, text);
    g_free(text);
}

/* ---- the emulated chip ---- */

static void run_emulator(struct fixture *f, const struct fixture_options *options, int ready)
{
    const char *program = getenv("ESPJIG_EMU"), *dir = getenv("top_builddir");
    char path[512], chip[64], link[128], control[128];
    const char *args[32] = {path, chip, link, control};
    size_t n = 4;

    if (program)
        snprintf(path, sizeof path, "%s", program);
    else
        snprintf(path, sizeof path, "%s/espjig-emu", dir ? dir : ".");
    snprintf(chip, sizeof chip, "--chip=%s", options->chip);
    snprintf(link, sizeof link, "--link=%s/wire", f->dir);
    snprintf(control, sizeof control, "--control=%s/control", f->dir);
    for (const char *const *x = options->extra; x && *x && n < 31; x++)
        args[n++] = *x;
    unsetenv("LD_PRELOAD"); /* it lives outside */
    unsetenv("UMOCKDEV_DIR");
    dup2(ready, STDOUT_FILENO);
    prctl(PR_SET_PDEATHSIG, SIGTERM); /* a test that fails leaves no chip behind */
    execv(path, (char **)args);
    die(path);
}

static void connect_control(struct fixture *f)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};

    snprintf(a.sun_path, sizeof a.sun_path, "%s/control", f->dir);
    f->control = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(f->control, (struct sockaddr *)&a, sizeof a) < 0)
        die("the emulated chip's control socket");
}

/* Puts the chip's pty in the place of the one that umockdev made for the port. */
static void put_behind(struct fixture *f)
{
    char *node = g_build_filename(umockdev_testbed_get_root_dir(f->bed), "dev", "ttyUSB0", NULL);
    char wire[128], pty[128];

    snprintf(wire, sizeof wire, "%s/wire", f->dir);
    ssize_t n = readlink(wire, pty, sizeof pty - 1);
    if (n < 0)
        die(wire);
    pty[n] = '\0';
    if (unlink(node) < 0 || symlink(pty, node) < 0)
        die(node);
    g_free(node);
}

static void start_emulator(struct fixture *f, const struct fixture_options *options)
{
    char text[128] = "";
    size_t n = 0;
    int ready[2];

    strcpy(f->dir, "/tmp/espjig-test-XXXXXX");
    if (mkdtemp(f->dir) == NULL || pipe(ready) < 0)
        die(f->dir);
    f->emulator = fork();
    if (f->emulator == 0)
        run_emulator(f, options, ready[1]);
    close(ready[1]);
    while (strstr(text, "ready") == NULL && n < sizeof text - 1) {
        ssize_t got = read(ready[0], text + n, sizeof text - 1 - n);
        if (got <= 0)
            die("the emulated chip did not start");
        n += (size_t)got;
        text[n] = '\0';
    }
    close(ready[0]);
    connect_control(f);
    put_behind(f);
}

static void stop_emulator(struct fixture *f)
{
    char path[128];

    if (f->emulator <= 0)
        return;
    close(f->control);
    kill(f->emulator, SIGTERM);
    waitpid(f->emulator, NULL, 0);
    snprintf(path, sizeof path, "%s/wire", f->dir);
    unlink(path);
    snprintf(path, sizeof path, "%s/control", f->dir);
    unlink(path);
    rmdir(f->dir);
}

/* ---- for tests ---- */

struct fixture *fixture_start(const struct fixture_options *options)
{
    struct fixture *f = g_new0(struct fixture, 1);
    GError *error = NULL;

    f->baud_max = options->baud_max;
    f->ports = options->ports ? options->ports : 1;
    f->control = -1;
    f->lines = TIOCM_DTR | TIOCM_RTS; /* the kernel raises both at open */
    f->record = g_string_new("");
    g_mutex_init(&f->lock);
    f->bed = umockdev_testbed_new();
    if (!umockdev_in_mock_environment())
        die("umockdev's library is not loaded");
    const struct model *model = options->ftdi ? &ft232r : &cp2102;
    add_adapter(f, model);
    for (int i = 0; i < f->ports; i++)
        add_port(f, model, i);
    if (options->chip)
        start_emulator(f, options);
    f->handler = umockdev_ioctl_base_new();
    g_signal_connect(f->handler, "handle-ioctl", G_CALLBACK(handle), f);
    if (!umockdev_testbed_attach_ioctl(f->bed, fixture_path(f), f->handler, &error)) {
        fprintf(stderr, "umockdev fixture: %s\n", error->message);
        exit(99);
    }
    return f;
}

void fixture_end(struct fixture *f)
{
    umockdev_testbed_detach_ioctl(f->bed, fixture_path(f), NULL);
    g_object_unref(f->handler);
    g_object_unref(f->bed);
    stop_emulator(f);
    g_string_free(f->record, TRUE);
    g_mutex_clear(&f->lock);
    g_free(f);
}

const char *fixture_path(const struct fixture *f)
{
    (void)f;
    return "/dev/ttyUSB0";
}

int fixture_master(const struct fixture *f)
{
    return f->emulator > 0 ? -1 : umockdev_testbed_get_dev_fd(f->bed, fixture_path(f));
}

void fixture_unplug(struct fixture *f)
{
    if (f->emulator > 0)
        tell_chip(f, "unplug\n");
    else
        close(fixture_master(f));
    for (int i = 0; i < f->ports; i++) {
        char *tty = g_strdup_printf("/sys" USB "/1-1.4:1.%1$d/ttyUSB%1$d/tty/ttyUSB%1$d", i);
        umockdev_testbed_uevent(f->bed, tty, "remove");
        umockdev_testbed_remove_device(f->bed, tty);
        g_free(tty);
    }
}

int fixture_replug(struct fixture *f)
{
    GError *error = NULL;

    add_port(f, &cp2102, 1);
    if (!umockdev_testbed_attach_ioctl(f->bed, "/dev/ttyUSB1", f->handler, &error)) {
        fprintf(stderr, "umockdev fixture: %s\n", error->message);
        exit(99);
    }
    return umockdev_testbed_get_dev_fd(f->bed, "/dev/ttyUSB1");
}

char *fixture_record(struct fixture *f)
{
    g_mutex_lock(&f->lock);
    char *text = g_strdup(f->record->str);
    g_string_truncate(f->record, 0);
    g_mutex_unlock(&f->lock);
    return text;
}

bool fixture_low_latency(struct fixture *f)
{
    g_mutex_lock(&f->lock);
    bool low = f->serial.flags & (int)ASYNC_LOW_LATENCY;
    g_mutex_unlock(&f->lock);
    return low;
}

void fixture_low_latency_set(struct fixture *f)
{
    g_mutex_lock(&f->lock);
    f->serial.flags |= (int)ASYNC_LOW_LATENCY;
    g_mutex_unlock(&f->lock);
}
