/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "emu/machine.h"

#include "base/clock.h"

#include <stdio.h>

/* How long EN stays low while both lines are asserted after RTS alone was: the time between two
 * line changes of a classic reset. Locally that is a USB transfer. A client of RFC 2217 waits for
 * the answer to each change (pyserial: 50 ms and more), too slow for a real capacitor;
 * esp_rfc2217_server makes the sequence up itself for that reason, we have a larger capacitor. */
enum { BOTH_US = 30000, BOTH_RFC2217_US = 500000 };

static void update(struct machine *m);

static void tick(void *context)
{
    struct machine *m = context;

    m->timer = 0;
    update(m);
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < 0 || (b >= 0 && b < a) ? b : a;
}

/* What the chip does by itself and what reached it, each in its turn. */
static void settle(struct machine *m, int64_t now)
{
    int64_t due;

    while ((due = chip_next(&m->chip)) >= 0 && due <= now) {
        wire_feed(&m->wire, due);
        chip_run(&m->chip, due);
    }
    wire_feed(&m->wire, now);
}

static void look_at_baud(struct machine *m, int64_t now)
{
    unsigned before = m->wire.host_baud;

    if (m->options->usb_jtag)
        m->wire.host_baud = CHIP_USB_BAUD; /* whatever is set */
    else if (m->plugged)
        m->wire.host_baud = m->baud ? m->baud : m->port->ops->host_baud(m->port);
    if (m->wire.host_baud == before)
        return;
    m->chip.stats.host_bauds++;
    trace_event(&m->trace, now, "host at %u baud", m->wire.host_baud);
}

/* After everything that may have changed something: does what is due, and sets the timer. */
static void update(struct machine *m)
{
    int64_t now = clock_us();

    look_at_baud(m, now);
    settle(m, now);
    wire_deliver(&m->wire, now);
    if (m->plugged)
        m->port->ops->hold(m->port, wire_congested(&m->wire));
    int64_t next = earlier(chip_next(&m->chip), wire_next(&m->wire));
    loop_timer_remove(m->loop, m->timer);
    m->timer = next >= 0 ? loop_timer_at(m->loop, next, tick, m) : 0;
}

/* ---- what the port says ---- */

static void port_data(void *context, const uint8_t *bytes, size_t n)
{
    struct machine *m = context;

    int64_t now = clock_us();

    look_at_baud(m, now);
    m->chip.stats.from_host += n;
    m->chip.stats.pieces_from_host++;
    wire_from_host(&m->wire, now, bytes, n);
    update(m);
}

static void port_lines(void *context, bool dtr, bool rts)
{
    machine_lines(context, dtr, rts);
}

static void port_baud(void *context, unsigned baud)
{
    (void)baud; /* update() asks */
    update(context);
}

static void port_purge(void *context)
{
    struct machine *m = context;

    wire_purge(&m->wire, clock_us());
}

static void port_ended(void *context)
{
    struct machine *m = context;

    loop_stop(m->loop);
}

static void to_port(void *context, const uint8_t *bytes, size_t n)
{
    struct machine *m = context;

    m->chip.stats.to_host += n;
    if (m->plugged)
        m->port->ops->send(m->port, bytes, n);
}

/* ---- what the control socket wants ---- */

void machine_lines(struct machine *m, bool dtr, bool rts)
{
    int64_t now = clock_us();

    settle(m, now);
    if (dtr != m->dtr || rts != m->rts)
        trace_event(&m->trace, now, "lines dtr %d rts %d", dtr, rts);
    m->dtr = dtr;
    m->rts = rts;
    chip_lines(&m->chip, now, dtr, rts,
               m->options->transport == TRANSPORT_RFC2217 ? BOTH_RFC2217_US : BOTH_US);
    update(m);
}

void machine_baud(struct machine *m, unsigned baud)
{
    m->baud = baud;
    update(m);
}

void machine_power_cycle(struct machine *m)
{
    int64_t now = clock_us();

    settle(m, now);
    chip_power_off(&m->chip, now);
    chip_power_on(&m->chip, now, m->options->boot_download);
    update(m);
}

int machine_plug(struct machine *m, struct error *e)
{
    char line[128];

    if (m->plugged)
        return error_set(e, ERR_USAGE, "already plugged");
    int result = m->port->ops->plug(m->port, line, sizeof line, e);
    if (result != 0)
        return result;
    m->plugged = true;
    printf("%s\n", line);
    fflush(stdout);
    machine_power_cycle(m);
    return 0;
}

/* The adapter feeds the board, so that loses its power too. */
void machine_unplug(struct machine *m)
{
    if (!m->plugged)
        return;
    m->plugged = false;
    m->port->ops->unplug(m->port);
    m->dtr = m->rts = false;
    chip_lines(&m->chip, clock_us(), false, false, 0);
    chip_power_off(&m->chip, clock_us());
    wire_done(&m->wire);
    update(m);
}

/* ---- begin and end ---- */

static void make_port(struct machine *m)
{
    const struct options *o = m->options;
    const struct port_events events = {
        .data = port_data,
        .lines = port_lines,
        .baud = port_baud,
        .purge = port_purge,
        .ended = port_ended,
        .context = m,
    };

    if (o->transport == TRANSPORT_PTY)
        m->port = port_pty_new(m->loop, &events, o->link, chip_boot_baud(&m->chip));
    else
        m->port = port_net_new(m->loop, &events, o->transport == TRANSPORT_RFC2217, o->tcp_port,
                               o->fd, o->max_baud);
}

static int open_flash(struct machine *m, struct error *e)
{
    const struct options *o = m->options;
    struct flash *f = &m->chip.flash;
    int result =
        flash_open(f, o->flash_file, o->flash_size, o->has_flash_id ? o->flash_id : NULL, e);

    if (o->flash_xmc) {
        f->xmc = true;
        if (!o->has_flash_id)
            f->id[0] = 0x20;
    }
    return result;
}

static void make_wire(struct machine *m)
{
    const struct options *o = m->options;

    m->wire = (struct wire){
        .chip = &m->chip,
        .pace = o->pace,
        .latency_us = o->latency_ms * 1000,
        .max_baud = o->max_baud,
        .fault = o->fault,
        .noise = o->seed * 2 + 1,
        .deliver = to_port,
        .context = m,
    };
}

int machine_init(struct machine *m, struct loop *loop, const struct options *o, struct error *e)
{
    const struct chip_output out = {.put = wire_put, .cut = wire_cut, .context = &m->wire};
    int result;

    *m = (struct machine){.options = o, .loop = loop};
    make_wire(m);
    chip_init(&m->chip, o->persona, &out);
    if (o->crystal_hz)
        m->chip.crystal_hz = o->crystal_hz;
    m->chip.instant = !o->pace;
    m->chip.usb_jtag = o->usb_jtag;
    m->chip.noise = o->seed * 2 + 3;
    m->chip.trace = &m->trace;
    result = trace_open(&m->trace, o->log_file, e);
    if (result == 0 && o->stats_file)
        result = stats_write(&m->chip.stats, o->stats_file, e);
    if (result == 0)
        result = open_flash(m, e);
    if (result == 0)
        result =
            efuse_open(&m->chip.efuse, o->persona, o->efuse_file, o->has_mac ? o->mac : NULL, e);
    if (result == 0)
        result = security_burn(&m->chip.efuse, &o->security, e);
    if (result == 0 && o->control)
        result = control_open(&m->control, m, o->control, e);
    if (result != 0)
        return result;
    make_port(m);
    return machine_plug(m, e);
}

void machine_done(struct machine *m)
{
    m->plugged = false;
    if (m->options->stats_file)
        stats_write(&m->chip.stats, m->options->stats_file, NULL);
    if (m->port)
        m->port->ops->close(m->port);
    control_close(m->control);
    chip_done(&m->chip);
    wire_done(&m->wire);
    trace_close(&m->trace);
}
