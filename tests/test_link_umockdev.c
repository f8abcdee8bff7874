/* SPDX-License-Identifier: GPL-3.0-or-later */
/* link/ with an adapter: listed, opened through libserialport, lines in order, unplugged; and an
 * emulated chip behind it that is reset and answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "link/adapters.h"
#include "link/link.h"
#include "link/reset.h"
#include "umockdev_fixture.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SOON = 10000 };

static const struct link_options at_115200 = {.baud = 115200};

static void record_is(struct fixture *f, const char *expected)
{
    char *record = fixture_record(f);

    assert_string_equal(record, expected);
    free(record);
}

static void open_port(struct fixture *f, struct link *link)
{
    struct error error = {0};

    if (link_open(link, fixture_path(f), &at_115200, &error) < 0)
        fail_msg("%s", error.text);
}

static void the_adapter_is_listed(void **state)
{
    struct fixture *f = fixture_start(&(struct fixture_options){0});
    struct port_info *ports, port;
    struct error error = {0};
    size_t n;

    (void)state;
    assert_int_equal(ports_list(&ports, &n, false, &error), 0);
    assert_int_equal(n, 1);
    assert_string_equal(ports[0].path, "/dev/ttyUSB0");
    assert_string_equal(ports[0].by_path,
                        "/dev/serial/by-path/pci-0000:00:14.0-usb-0:1.4:1.0-port0");
    assert_string_equal(ports[0].slot, "1-1.4");
    assert_string_equal(ports[0].product, "CP2102 USB to UART Bridge Controller");
    assert_string_equal(ports[0].manufacturer, "Silicon Labs");
    assert_string_equal(ports[0].serial, "0001");
    assert_string_equal(ports[0].driver, "cp210x");
    assert_int_equal(ports[0].vid, 0x10c4);
    assert_int_equal(ports[0].pid, 0xea60);
    assert_int_equal(ports[0].bcd, 0x100);
    assert_string_equal(adapter_name(&ports[0]), "CP2102");
    assert_true(ports[0].usb);
    assert_false(port_is_usb_jtag(&ports[0]));
    record_is(f, ""); /* listing opens nothing */

    assert_true(port_info_read(ports[0].path, &port));
    assert_memory_equal(&port, &ports[0], sizeof port);
    free(ports);
    fixture_end(f);
}

static void two_ttys_of_one_adapter_have_two_slots(void **state)
{
    struct fixture *f = fixture_start(&(struct fixture_options){.ports = 2});
    struct port_info *ports;
    struct error error = {0};
    size_t n;

    (void)state;
    assert_int_equal(ports_list(&ports, &n, false, &error), 0);
    assert_int_equal(n, 2);
    assert_string_equal(ports[0].slot, "1-1.4:1.0");
    assert_string_equal(ports[1].slot, "1-1.4:1.1");
    assert_string_equal(ports[1].path, "/dev/ttyUSB1");
    assert_int_equal(ports[0].interface, 0);
    assert_int_equal(ports[1].interface, 1);
    free(ports);
    fixture_end(f);
}

static void lines_change_together(void **state)
{
    struct fixture *f = fixture_start(&(struct fixture_options){0});
    struct link link;

    (void)state;
    open_port(f, &link);
    assert_string_equal(link.ops->scheme, "serial");
    assert_true(link.has_lines);
    assert_string_equal(link.port.slot, "1-1.4");
    assert_false(fixture_low_latency(f)); /* its driver has no such thing */
    free(fixture_record(f));

    assert_int_equal(reset_run(&link, "D0|R1|W0|D1|R0|W0|D0"), 0);
    record_is(f, "set 00 set 01 set 11 set 10 set 00 ");
    assert_int_equal(reset_run(&link, "U1,1|U0,1|W0.001|U1,0|U0,0"), 0);
    record_is(f, "set 11 set 01 set 10 set 00 ");
    link_close(&link);
    record_is(f, ""); /* the chip goes on undisturbed */
    fixture_end(f);
}

static void low_latency_is_asked_for_and_taken_back(void **state)
{
    struct fixture *f = fixture_start(&(struct fixture_options){.ftdi = true});
    struct link link;

    (void)state;
    open_port(f, &link);
    assert_string_equal(adapter_name(&link.port), "FT232R");
    assert_true(fixture_low_latency(f));
    link_close(&link);
    assert_false(fixture_low_latency(f));

    fixture_low_latency_set(f); /* somebody else wants it */
    open_port(f, &link);
    link_close(&link);
    assert_true(fixture_low_latency(f));
    fixture_end(f);
}

static void opening_lets_the_chip_run(void **state)
{
    struct fixture *f = fixture_start(&(struct fixture_options){0});
    struct link link;

    (void)state;
    open_port(f, &link);
    record_is(f, "set 00 baud 115200 ");                     /* first of all, and in one go */
    assert_int_equal(link_set_lines(&link, false, true), 0); /* held in reset ... */
    free(fixture_record(f));
    link_close(&link);
    record_is(f, "set 00 "); /* ... but not left so */
    fixture_end(f);
}

static void rates_reach_the_adapter(void **state)
{
    struct fixture *f = fixture_start(&(struct fixture_options){.baud_max = 1000000});
    struct link link;

    (void)state;
    open_port(f, &link);
    free(fixture_record(f));
    assert_int_equal(link_set_baud(&link, 921600), 0);
    assert_int_equal(link_set_baud(&link, 74880), 0);
    record_is(f, "baud 921600 baud 74880 "); /* and no line moves */
    assert_int_equal(link.baud, 74880);

    assert_int_equal(link_set_baud(&link, 2000000), ERR_BAUD_REFUSED);
    assert_int_equal(link.baud, 74880);
    assert_non_null(strstr(link.error.text, "/dev/ttyUSB0"));
    assert_non_null(strstr(link.error.text, "2000000"));
    link_close(&link);
    fixture_end(f);
}

static void bytes_pass_and_an_unplugged_adapter_is_noticed(void **state)
{
    struct fixture *f = fixture_start(&(struct fixture_options){0});
    uint8_t all[256], back[256];
    struct link link;
    struct error error = {0};
    size_t n = 0;

    (void)state;
    for (int i = 0; i < 256; i++)
        all[i] = (uint8_t)i;
    open_port(f, &link);
    assert_int_equal(link_write(&link, all, 256, SOON), 256);
    while (n < 256) {
        ssize_t got = read(fixture_master(f), back + n, sizeof back - n);
        assert_true(got > 0);
        n += (size_t)got;
    }
    assert_memory_equal(all, back, 256);
    assert_int_equal(write(fixture_master(f), all, 256), 256);
    for (n = 0; n < 256;) {
        ssize_t got = link_read(&link, back + n, sizeof back - n, SOON);
        assert_true(got > 0);
        n += (size_t)got;
    }
    assert_memory_equal(all, back, 256);
    assert_int_equal(link_read(&link, back, 1, 10), 0);

    fixture_unplug(f);
    assert_int_equal(link_read(&link, back, 1, SOON), ERR_PORT_LOST);
    assert_non_null(strstr(link.error.text, "/dev/ttyUSB0"));
    assert_int_equal(link_write(&link, all, 1, SOON), ERR_PORT_LOST);
    link_close(&link);
    assert_int_equal(link_open(&link, fixture_path(f), &at_115200, &error), ERR_PORT_MISSING);
    fixture_end(f);
}

static void coming_and_going_is_announced(void **state)
{
    struct fixture *f = fixture_start(&(struct fixture_options){0});
    struct ports_watch *watch = ports_watch_new();
    struct port_info *ports;
    struct error error = {0};
    size_t n;

    (void)state;
    struct pollfd p = {.fd = ports_watch_fd(watch), .events = POLLIN};
    if (p.fd < 0)
        skip();
    assert_int_equal(poll(&p, 1, 0), 0);
    fixture_unplug(f);
    assert_int_equal(poll(&p, 1, SOON), 1);
    ports_watch_drain(watch);
    assert_int_equal(poll(&p, 1, 0), 0);
    assert_int_equal(ports_list(&ports, &n, false, &error), 0);
    assert_int_equal(n, 0);
    free(ports);
    ports_watch_free(watch);
    fixture_end(f);
}

/* SYNC as in the serial protocol document of esptool, and the first bytes of its answer. */
static bool answers_sync(struct link *link)
{
    uint8_t frame[46] = {0xc0, 0x00, 0x08, 0x24, 0, 0, 0, 0, 0, 0x07, 0x07, 0x12, 0x20};
    uint8_t bytes[4096];
    size_t n = 0;

    memset(frame + 13, 0x55, 32);
    frame[45] = 0xc0;
    link_discard_input(link);
    assert_int_equal(link_write(link, frame, sizeof frame, SOON), sizeof frame);
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

static void a_port_that_comes_back_is_found_by_its_socket(void **state)
{
    struct fixture *f = fixture_start(&(struct fixture_options){0});
    struct link link;
    char byte;

    (void)state;
    open_port(f, &link);
    fixture_unplug(f);
    assert_int_equal(link_read(&link, &byte, 1, SOON), ERR_PORT_LOST);
    int master = fixture_replug(f);
    assert_int_equal(link_reopen(&link, SOON), 0);
    assert_string_equal(link.port.path, "/dev/ttyUSB1");
    assert_string_equal(link.port.slot, "1-1.4");
    assert_int_equal(link.error.code, 0);
    assert_int_equal(write(master, "x", 1), 1);
    assert_int_equal(link_read(&link, &byte, 1, SOON), 1);
    assert_int_equal(byte, 'x');
    link_close(&link);
    fixture_end(f);
}

static void a_port_that_stays_away_is_lost(void **state)
{
    struct fixture *f = fixture_start(&(struct fixture_options){0});
    struct link link;
    char byte;

    (void)state;
    open_port(f, &link);
    fixture_unplug(f);
    assert_int_equal(link_read(&link, &byte, 1, SOON), ERR_PORT_LOST);
    assert_int_equal(link_reopen(&link, 120), ERR_PORT_LOST);
    assert_string_equal(link.error.text, "/dev/ttyUSB0 vanished and did not come back");
    link_close(&link);
    fixture_end(f);
}

/* Whoever gives up waiting for it may still want to reset the chip: it is lost, and no crash. */
static void a_lost_port_stays_lost(void **state)
{
    struct fixture *f = fixture_start(&(struct fixture_options){0});
    struct cancel cancel;
    struct link link;
    int stop[2];
    char byte;

    (void)state;
    open_port(f, &link);
    fixture_unplug(f);
    assert_int_equal(link_read(&link, &byte, 1, SOON), ERR_PORT_LOST);
    assert_int_equal(pipe(stop), 0);
    cancel = (struct cancel){.fd = stop[0]};
    link.cancel = &cancel;
    assert_int_equal(write(stop[1], "x", 1), 1);
    assert_int_equal(link_reopen(&link, SOON), ERR_CANCELLED);
    link.cancel = NULL;
    assert_int_equal(link_set_lines(&link, false, true), ERR_PORT_LOST);
    assert_int_equal(link_read(&link, &byte, 1, SOON), ERR_PORT_LOST);
    assert_int_equal(link_write(&link, "x", 1, SOON), ERR_PORT_LOST);
    link_discard_input(&link);
    link_set_baud(&link, 9600);
    assert_string_equal(link.port.slot, "1-1.4");
    link_close(&link);
    close(stop[0]);
    close(stop[1]);
    fixture_end(f);
}

static void a_chip_behind_it_is_reset_and_answers(void **state)
{
    static const char *const sequences[] = {reset_classic, reset_tight};
    struct fixture *f = fixture_start(&(struct fixture_options){.chip = "esp32"});
    struct link link;

    (void)state;
    open_port(f, &link);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(reset_run(&link, reset_hard), 0);
        assert_false(answers_sync(&link));
        assert_int_equal(reset_run(&link, sequences[i]), 0);
        if (!answers_sync(&link))
            fail_msg("no answer after %s", sequences[i]);
    }
    uint8_t byte;
    fixture_unplug(f);
    int rc = 1;
    while (rc > 0) /* what was on its way */
        rc = (int)link_read(&link, &byte, 1, SOON);
    assert_int_equal(rc, ERR_PORT_LOST);
    link_close(&link);
    fixture_end(f);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_adapter_is_listed),
        cmocka_unit_test(two_ttys_of_one_adapter_have_two_slots),
        cmocka_unit_test(lines_change_together),
        cmocka_unit_test(low_latency_is_asked_for_and_taken_back),
        cmocka_unit_test(opening_lets_the_chip_run),
        cmocka_unit_test(rates_reach_the_adapter),
        cmocka_unit_test(bytes_pass_and_an_unplugged_adapter_is_noticed),
        cmocka_unit_test(coming_and_going_is_announced),
        cmocka_unit_test(a_port_that_comes_back_is_found_by_its_socket),
        cmocka_unit_test(a_port_that_stays_away_is_lost),
        cmocka_unit_test(a_lost_port_stays_lost),
        cmocka_unit_test(a_chip_behind_it_is_reset_and_answers),
    };
    (void)argc;
    fixture_enter(argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
