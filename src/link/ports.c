/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "link/ports.h"

#include "base/buffer.h"
#include "base/util.h"

#include <dirent.h>
#include <libudev.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool port_is_usb_jtag(const struct port_info *port)
{
    return port->vid == 0x303A && port->pid == 0x1001;
}

/* ---- facts about one port ---- */

/* What a device says about itself goes to a terminal later: no control characters. */
static void copy_text(char *to, size_t size, const char *from)
{
    util_copy(to, size, from ? from : "");
    for (; *to; to++) {
        if ((unsigned char)*to < 0x20 || *to == 0x7f)
            *to = '?';
    }
}

static unsigned read_hex(struct udev_device *device, const char *attribute)
{
    const char *text = udev_device_get_sysattr_value(device, attribute);

    return text ? (unsigned)strtoul(text, NULL, 16) : 0;
}

/* The first driver going up from the tty that is one: not the tty layer's own of newer kernels. */
static const char *driver_of(struct udev_device *tty)
{
    struct udev_device *d = udev_device_get_parent(tty);

    for (; d; d = udev_device_get_parent(d)) {
        const char *subsystem = udev_device_get_subsystem(d);
        const char *driver = udev_device_get_driver(d);
        if (driver && (subsystem == NULL || strcmp(subsystem, "serial-base") != 0))
            return driver;
    }
    return NULL;
}

/* How many ttys there are under a device. */
static int count_ttys(struct udev_device *above)
{
    struct udev_enumerate *e = udev_enumerate_new(udev_device_get_udev(above));
    struct udev_list_entry *entry;
    int n = 0;

    udev_enumerate_add_match_subsystem(e, "tty");
    udev_enumerate_add_match_parent(e, above);
    udev_enumerate_scan_devices(e);
    udev_list_entry_foreach(entry, udev_enumerate_get_list_entry(e)) n++;
    udev_enumerate_unref(e);
    return n;
}

/* "1-1.4"; where one adapter has several ttys "1-1.4:1.2", the interface; where one interface has
 * several of them "1-1.4:1.0.3", the port of the driver. */
static void slot_make(struct port_info *port, struct udev_device *tty, struct udev_device *usb)
{
    struct udev_device *interface =
        udev_device_get_parent_with_subsystem_devtype(tty, "usb", "usb_interface");
    const char *number;

    util_copy(port->slot, sizeof port->slot, udev_device_get_sysname(usb));
    if (interface == NULL || count_ttys(usb) < 2)
        return;
    number = udev_device_get_sysattr_value(udev_device_get_parent(tty), "port_number");
    if (number && count_ttys(interface) > 1)
        snprintf(port->slot, sizeof port->slot, "%s.%s", udev_device_get_sysname(interface),
                 number);
    else
        util_copy(port->slot, sizeof port->slot, udev_device_get_sysname(interface));
}

/* udev's link for the socket, found by where it leads ("../../ttyUSB0"): works without udev's
 * database. Newer udev makes two for a port ("...-usb-..." and "...-usbv2-..."); the one that was
 * always there sorts first. */
static void by_path_find(struct port_info *port)
{
    static const char dir_name[] = "/dev/serial/by-path";
    char path[sizeof port->by_path], to[256];
    const struct dirent *entry;
    DIR *dir = opendir(dir_name);

    while (dir && (entry = readdir(dir))) {
        int n = snprintf(path, sizeof path, "%s/%s", dir_name, entry->d_name);
        ssize_t length = n > 0 && (size_t)n < sizeof path ? readlink(path, to, sizeof to - 1) : -1;
        if (length < 0)
            continue;
        to[length] = '\0';
        if (strcmp(util_basename(to), util_basename(port->path)) == 0 &&
            (port->by_path[0] == '\0' || strcmp(path, port->by_path) < 0))
            util_copy(port->by_path, sizeof port->by_path, path);
    }
    if (dir)
        closedir(dir);
}

static void fill(struct port_info *port, struct udev_device *tty)
{
    struct udev_device *usb =
        udev_device_get_parent_with_subsystem_devtype(tty, "usb", "usb_device");
    struct udev_device *interface =
        udev_device_get_parent_with_subsystem_devtype(tty, "usb", "usb_interface");
    const char *driver = driver_of(tty);

    *port = (struct port_info){.usb = usb != NULL};
    util_copy(port->path, sizeof port->path, udev_device_get_devnode(tty));
    util_copy(port->slot, sizeof port->slot, udev_device_get_sysname(tty));
    copy_text(port->driver, sizeof port->driver, driver);
    by_path_find(port);
    if (usb == NULL)
        return;
    slot_make(port, tty, usb);
    port->vid = read_hex(usb, "idVendor");
    port->pid = read_hex(usb, "idProduct");
    port->bcd = read_hex(usb, "bcdDevice");
    port->interface = interface ? read_hex(interface, "bInterfaceNumber") : 0;
    copy_text(port->product, sizeof port->product, udev_device_get_sysattr_value(usb, "product"));
    copy_text(port->manufacturer, sizeof port->manufacturer,
              udev_device_get_sysattr_value(usb, "manufacturer"));
    copy_text(port->serial, sizeof port->serial, udev_device_get_sysattr_value(usb, "serial"));
}

bool port_info_read(const char *path, struct port_info *port)
{
    struct stat st;
    struct udev *udev;
    struct udev_device *device = NULL;
    const char *subsystem;
    bool found;

    *port = (struct port_info){0};
    util_copy(port->path, sizeof port->path, path);
    if (stat(path, &st) < 0 || !S_ISCHR(st.st_mode))
        return false;
    udev = udev_new();
    if (udev)
        device = udev_device_new_from_devnum(udev, 'c', st.st_rdev);
    subsystem = device ? udev_device_get_subsystem(device) : NULL;
    found = subsystem && strcmp(subsystem, "tty") == 0 && udev_device_get_devnode(device);
    if (found)
        fill(port, device);
    udev_device_unref(device);
    udev_unref(udev);
    return found;
}

/* ---- the list ---- */

/* The names that a UART on a Raspberry Pi's header can have: ttyAMA0 and so on, and whatever the
 * firmware calls serial0. */
static bool on_header(const struct port_info *port)
{
    struct stat link, tty;

    if (strncmp(port->path, "/dev/ttyAMA", 11) == 0)
        return true;
    return stat("/dev/serial0", &link) == 0 && stat(port->path, &tty) == 0 &&
           link.st_rdev == tty.st_rdev;
}

/* ttys without a device (consoles), and 8250 ports that the kernel keeps in stock, are none. */
static bool is_real(struct udev_device *tty)
{
    const char *type = udev_device_get_sysattr_value(tty, "type");

    return udev_device_get_parent(tty) && udev_device_get_devnode(tty) &&
           (type == NULL || strcmp(type, "0") != 0);
}

/* Numbers in names by their value: 1-1.10 comes after 1-1.9. */
static int compare(const void *a, const void *b)
{
    const struct port_info *p = a, *q = b;
    int by_slot = strverscmp(p->slot, q->slot);

    if (p->usb != q->usb)
        return p->usb ? -1 : 1;
    return by_slot ? by_slot : strverscmp(p->path, q->path);
}

static void add_entry(struct port_info **ports, size_t *n, struct udev *udev, const char *syspath,
                      bool all)
{
    struct udev_device *tty = udev_device_new_from_syspath(udev, syspath);
    struct port_info port;

    if (tty && is_real(tty)) {
        fill(&port, tty);
        if (all || port.usb || on_header(&port)) {
            *ports = xrealloc(*ports, (*n + 1) * sizeof **ports);
            (*ports)[(*n)++] = port;
        }
    }
    udev_device_unref(tty);
}

int ports_list(struct port_info **ports, size_t *n, bool all, struct error *error)
{
    struct udev *udev = udev_new();
    struct udev_enumerate *e = udev ? udev_enumerate_new(udev) : NULL;
    struct udev_list_entry *entry;
    int rc = 0;

    *ports = NULL;
    *n = 0;
    if (e == NULL || udev_enumerate_add_match_subsystem(e, "tty") < 0 ||
        udev_enumerate_scan_devices(e) < 0) {
        rc = error_set(error, ERR_INTERNAL, "the serial ports can't be listed");
        goto out;
    }
    udev_list_entry_foreach(entry, udev_enumerate_get_list_entry(e))
        add_entry(ports, n, udev, udev_list_entry_get_name(entry), all);
    if (*n > 1)
        qsort(*ports, *n, sizeof **ports, compare);
out:
    udev_enumerate_unref(e);
    udev_unref(udev);
    return rc;
}

/* ---- hot-plug ---- */

struct ports_watch {
    struct udev *udev;
    struct udev_monitor *monitor;
};

/* udevd's own announcements come when names and permissions are ready; where no udevd runs
 * (containers), the kernel's. */
static struct udev_monitor *monitor_new(struct udev *udev)
{
    struct stat st;
    bool udevd = stat("/run/udev/control", &st) == 0;
    struct udev_monitor *m = udev_monitor_new_from_netlink(udev, udevd ? "udev" : "kernel");

    if (m && (udev_monitor_filter_add_match_subsystem_devtype(m, "tty", NULL) < 0 ||
              udev_monitor_enable_receiving(m) < 0)) {
        udev_monitor_unref(m);
        m = NULL;
    }
    return m;
}

struct ports_watch *ports_watch_new(void)
{
    struct ports_watch *watch = xcalloc(1, sizeof *watch);

    watch->udev = udev_new();
    if (watch->udev)
        watch->monitor = monitor_new(watch->udev);
    return watch;
}

int ports_watch_fd(const struct ports_watch *watch)
{
    return watch->monitor ? udev_monitor_get_fd(watch->monitor) : -1;
}

void ports_watch_drain(struct ports_watch *watch)
{
    enum { MOST = 1000 }; /* the descriptor stays readable if there are more */

    for (int i = 0; watch->monitor && i < MOST; i++) {
        struct udev_device *device = udev_monitor_receive_device(watch->monitor);
        if (device == NULL)
            return;
        udev_device_unref(device);
    }
}

void ports_watch_free(struct ports_watch *watch)
{
    if (watch == NULL)
        return;
    udev_monitor_unref(watch->monitor);
    udev_unref(watch->udev);
    free(watch);
}
