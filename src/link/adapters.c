/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "link/adapters.h"

#include "base/util.h"

#include <string.h>

/*
 * The rate is the lower of what the part's data sheet and its Linux driver allow. Files named in
 * `source` are Linux's, under drivers/usb/serial, drivers/usb/class and drivers/tty/serial.
 *
 * FTDI's parts are told apart by their release number, as the driver does it, because boards carry
 * vendor and product numbers of their own. Silicon Labs' single-port parts all have one and the
 * same number, so what is left is what they say of themselves; where a maker has changed that, no
 * rate is claimed and the driver, which asks the part, has the word.
 */

#define FTDI   .driver = "ftdi_sio", .low_latency = true
#define CP210X .driver = "cp210x", .vid = 0x10C4
#define WCH    .vid = 0x1A86
#define PL2303 .driver = "pl2303"

const struct adapter adapters[] = {
    /* FTDI: ftdi_determine_type(), get_ftdi_divisor(). */
    {.name = "FT232B", FTDI, .bcd = 0x0400, .max_baud = 3000000, .source = "ftdi_sio.c"},
    {.name = "FT2232C/D", FTDI, .bcd = 0x0500, .max_baud = 3000000, .source = "ftdi_sio.c"},
    {.name = "FT232R", FTDI, .bcd = 0x0600, .max_baud = 3000000, .source = "ftdi_sio.c"},
    {.name = "FT2232H", FTDI, .bcd = 0x0700, .max_baud = 12000000, .source = "ftdi_sio.c"},
    {.name = "FT4232H", FTDI, .bcd = 0x0800, .max_baud = 12000000, .source = "ftdi_sio.c"},
    {.name = "FT232H", FTDI, .bcd = 0x0900, .max_baud = 12000000, .source = "ftdi_sio.c"},
    {.name = "FT-X (FT231X)", FTDI, .bcd = 0x1000, .max_baud = 3000000, .source = "ftdi_sio.c"},
    {.name = "FT4232HA", FTDI, .bcd = 0x3600, .max_baud = 12000000, .source = "ftdi_sio.c"},
    {.name = "FTDI", FTDI, .source = "no release number that the driver knows"},

    /* Silicon Labs: cp210x_init_max_speed(). */
    {.name = "CP2102C",
     .vid = 0x10C4,
     .pid = 0xEA64,
     .max_baud = 3000000,
     .source = "CP2102C data sheet"},
    {.name = "CP2102N", CP210X, .product = "CP2102N", .max_baud = 3000000, .source = "cp210x.c"},
    {.name = "CP2101", CP210X, .product = "CP2101 ", .max_baud = 921600, .source = "cp210x.c"},
    {.name = "CP2102", CP210X, .product = "CP2102 ", .max_baud = 1000000, .source = "cp210x.c"},
    {.name = "CP2103", CP210X, .product = "CP2103 ", .max_baud = 1000000, .source = "cp210x.c"},
    {.name = "CP2104", CP210X, .product = "CP2104 ", .max_baud = 2000000, .source = "cp210x.c"},
    {.name = "CP2105 (enhanced)",
     CP210X,
     .pid = 0xEA70,
     .interface = 1,
     .max_baud = 2000000,
     .source = "cp210x.c"},
    {.name = "CP2105 (standard)", CP210X, .pid = 0xEA70, .max_baud = 921600, .source = "cp210x.c"},
    {.name = "CP2108", CP210X, .pid = 0xEA71, .max_baud = 2000000, .source = "cp210x.c"},
    {.name = "CP210x", .driver = "cp210x", .source = "which of them it does not say"},

    /* WCH. The first three under ch341, the others under cdc_acm or WCH's own driver. */
    {.name = "CH340", WCH, .pid = 0x7523, .max_baud = 2000000, .source = "CH340 data sheet"},
    {.name = "CH340K", WCH, .pid = 0x7522, .max_baud = 2000000, .source = "CH340 data sheet"},
    {.name = "CH341", WCH, .pid = 0x5523, .max_baud = 2000000, .source = "CH341 data sheet"},
    {.name = "CH342", WCH, .pid = 0x55D2, .max_baud = 3000000, .source = "CH342 data sheet"},
    {.name = "CH343", WCH, .pid = 0x55D3, .max_baud = 6000000, .source = "CH343 data sheet"},
    {.name = "CH9102", WCH, .pid = 0x55D4, .max_baud = 4000000, .source = "CH9102 data sheet"},
    {.name = "CH344", WCH, .pid = 0x55D5, .max_baud = 6000000, .source = "CH344 data sheet"},
    {.name = "CH9103", WCH, .pid = 0x55D7, .source = "WCH's ch343.c names it, without a rate"},
    {.name = "CH9101", WCH, .pid = 0x55D8, .source = "WCH's ch343.c names it, without a rate"},

    /* Prolific: pl2303_detect_type(), pl2303_type_data[]. */
    {.name = "PL2303H", PL2303, .bcd = 0x0202, .max_baud = 1228800, .source = "pl2303.c"},
    {.name = "PL2303HX/TA", PL2303, .bcd = 0x0300, .max_baud = 6000000, .source = "pl2303.c"},
    {.name = "PL2303HXD", PL2303, .bcd = 0x0400, .max_baud = 12000000, .source = "pl2303.c"},
    {.name = "PL2303TB", PL2303, .bcd = 0x0500, .max_baud = 12000000, .source = "pl2303.c"},
    {.name = "PL2303", PL2303, .source = "no release number that says which"},

    /* Espressif. The chip's own USB has no wire that a rate could be too fast for. */
    {.name = "USB-Serial/JTAG",
     .vid = 0x303A,
     .pid = 0x1001,
     .native = true,
     .source = "ESP32-C3 Technical Reference Manual, USB Serial/JTAG Controller"},
    {.name = "ESP USB Bridge", .vid = 0x303A, .pid = 0x1002, .source = "no rate is promised"},
    {.name = "USB-OTG",
     .vid = 0x303A,
     .native = true,
     .source = "the chip's ROM, CDC-ACM over USB-OTG"},

    /* UARTs on a Raspberry Pi's header. A 16th of the UART's clock, which the firmware sets to
     * 48 MHz (documentation, "Configure UARTs"); the mini UART takes its rate from the core's clock
     * and has 8 bytes of FIFO without DMA, so what it could be set to is not what it can do. */
    {.name = "PL011", .driver = "uart-pl011", .max_baud = 3000000, .source = "amba-pl011.c"},
    {.name = "mini UART",
     .driver = "bcm2835-aux-uart",
     .max_baud = 921600,
     .source = "BCM2835 ARM Peripherals, 2.2: 8 bytes of FIFO"},
};

const size_t adapters_n = ARRAY_LEN(adapters);

static bool fits(const struct adapter *a, const struct port_info *port)
{
    if (a->driver && strcmp(a->driver, port->driver) != 0)
        return false;
    if (a->vid != 0 && (!port->usb || a->vid != port->vid))
        return false;
    if ((a->pid != 0 && a->pid != port->pid) || (a->bcd != 0 && a->bcd != port->bcd))
        return false;
    if (a->product && strncmp(port->product, a->product, strlen(a->product)) != 0)
        return false;
    return a->interface == 0 || a->interface == port->interface + 1;
}

const struct adapter *adapter_find(const struct port_info *port)
{
    for (size_t i = 0; i < adapters_n; i++) {
        if (fits(&adapters[i], port))
            return &adapters[i];
    }
    return NULL;
}

unsigned adapter_max_baud(const struct port_info *port)
{
    const struct adapter *a = adapter_find(port);

    return a ? a->max_baud : 0;
}

const char *adapter_name(const struct port_info *port)
{
    const struct adapter *a = adapter_find(port);

    return a ? a->name : "";
}

bool adapter_is_native(const struct port_info *port)
{
    const struct adapter *a = adapter_find(port);

    return a && a->native;
}

bool adapter_low_latency(const struct port_info *port)
{
    const struct adapter *a = adapter_find(port);

    return a && a->low_latency;
}
