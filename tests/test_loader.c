/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Connecting, detecting, commands, stub start and rate change against recorded answers of real ROMs
 * and of the stub. */
#include "loader/loader.h"

#include "base/util.h"
#include "loader/command.h"
#include "script_link.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SYNC                    \
    "0008240000000000 07071220" \
    "5555555555555555555555555555555555555555555555555555555555555555"
#define SYNC_ROM  "010804000707122000000000"
#define SYNC_STUB "01080200000000000000"
#define MAGIC     "000a04000000000000100040"
#define SECINFO   "0014000000000000"

static struct script script;
static struct loader loader;
static struct error error;
static struct buffer said; /* log lines */

static void log_take(void *context, enum log_level level, const char *text)
{
    (void)context;
    (void)level;
    buffer_printf(&said, "%s\n", text);
}

static const struct log test_log = {.line = log_take};

static int setup(void **state)
{
    (void)state;
    script_open(&script);
    loader_init(&loader, &script.link, &test_log);
    error_clear(&error);
    buffer_clear(&said);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    buffer_done(&said);
    return 0;
}

static void sync_replies(const char *hex, int n)
{
    for (int i = 0; i < n; i++)
        script_reply(&script, hex);
}

static void sync_rom(void)
{
    script_expect(&script, SYNC);
    sync_replies(SYNC_ROM, 8);
}

static void esp32_detected(void)
{
    script_expect(&script, SECINFO);
    script_reply(&script, "010804000707122001050000");
    script_expect(&script, MAGIC);
    script_reply(&script, "010a0400831df00000000000");
}

static void c3_detected(void)
{
    script_expect(&script, SECINFO);
    script_reply(&script, "011418006f50311b00000000000000000000000c050000000300000000000000");
}

static int connect_with(struct connect_options options)
{
    if (options.attempts == 0)
        options.attempts = 1;
    return loader_connect(&loader, &options, &error);
}

static void assert_said(const char *part)
{
    if (strstr(error.text, part) == NULL)
        print_error("\"%s\" is not in \"%s\"\n", part, error.text);
    assert_non_null(strstr(error.text, part));
}

/* ---- connect ---- */

static void connect_esp32(void **state)
{
    (void)state;
    script_text(&script, "ets Jul 29 2019 12:21:46\r\n\r\nrst:0x1 (POWERON_RESET),boot:0xf "
                         "(UART_BOOT(UART0))\r\n");
    sync_rom();
    esp32_detected();
    assert_int_equal(connect_with((struct connect_options){0}), 0);
    assert_int_equal(loader.chip->id, CHIP_ESP32);
    assert_int_equal(loader.stage, STAGE_ROM);
    assert_non_null(strstr(loader.boot_log, "boot:0xf (UART_BOOT(UART0))"));
    /* the tight sequence: boot strap low while EN rises */
    assert_string_equal((char *)script.lines.data, "00 11 01 10 00 00 ");
    script_done(&script);
}

static void connect_esp32c3_by_id(void **state)
{
    (void)state;
    sync_rom();
    c3_detected();
    assert_int_equal(connect_with((struct connect_options){.chip = CHIP_ESP32C3}), 0);
    assert_int_equal(loader.chip->id, CHIP_ESP32C3);
    assert_false(loader.secure_download);
    script_done(&script);
}

static void connect_esp8266(void **state)
{
    (void)state;
    /* more answers to SYNC than there should be, two status bytes, an unknown command */
    script_expect(&script, SYNC);
    sync_replies("01080200070712200000", 11);
    script_expect(&script, SECINFO);
    sync_replies("01080200070712200105", 8);
    script_expect(&script, MAGIC);
    script_reply(&script, "010a020001c1f0ff0000");
    assert_int_equal(connect_with((struct connect_options){0}), 0);
    assert_int_equal(loader.chip->id, CHIP_ESP8266);
    script_done(&script);
}

static void secinfo_refused_eight_times(void **state)
{
    (void)state;
    /* after SYNC, the ROM refuses an unknown command eight times over */
    sync_rom();
    script_expect(&script, SECINFO);
    sync_replies("010804000707122001050000", 8);
    script_expect(&script, MAGIC);
    script_reply(&script, "010a0400831df00000000000");
    assert_int_equal(connect_with((struct connect_options){0}), 0);
    script_done(&script);
}

/* Refusals that come too late to be drained must not make an ESP32 an ESP32-S2. */
static void secinfo_refused_late(void **state)
{
    (void)state;
    sync_rom();
    script_expect(&script, SECINFO);
    script_reply(&script, "010804000707122001050000");
    script_expect(&script, MAGIC);
    script_reply(&script, "010804000707122001050000");
    script_expect(&script, MAGIC);
    script_reply(&script, "010a0400831df00000000000");
    assert_int_equal(connect_with((struct connect_options){0}), 0);
    assert_int_equal(loader.chip->id, CHIP_ESP32);
    script_done(&script);
}

static void stub_is_running(void **state)
{
    (void)state;
    script_expect(&script, SYNC);
    sync_replies(SYNC_STUB, 8);
    script_expect(&script, SECINFO);
    script_reply(&script, "0114020000000000ff00");
    script_expect(&script, MAGIC);
    script_reply(&script, "010a0200831df0000000");
    assert_int_equal(connect_with((struct connect_options){0}), 0);
    assert_int_equal(loader.stage, STAGE_STUB);

    struct stub none = {0};
    assert_int_equal(loader_stub_run(&loader, &none, &error), 0);
    script_done(&script);
}

static void one_value_is_not_zero(void **state)
{
    (void)state;
    script_expect(&script, SYNC);
    sync_replies(SYNC_STUB, 7);
    script_reply(&script, SYNC_ROM);
    esp32_detected();
    assert_int_equal(connect_with((struct connect_options){0}), 0);
    assert_int_equal(loader.stage, STAGE_ROM);
    script_done(&script);
}

static void garbage_before_sync(void **state)
{
    static const uint8_t noise[] = {0x80, 0xFE, 0xC0, 0x33, 0xDB, 0x00, 0x91, 0xC0, 0x12};

    (void)state;
    script_raw(&script, noise, sizeof noise);
    sync_rom();
    esp32_detected();
    assert_int_equal(connect_with((struct connect_options){0}), 0);
    script_done(&script);
}

/* An END in the noise opens a frame that the reply's own END closes: the reply must still be found.
 */
static void noise_opens_a_frame(void **state)
{
    (void)state;
    script_text(&script, "noise\xC0more");
    script_expect(&script, SYNC);
    sync_replies(SYNC_ROM, 1);
    esp32_detected();
    assert_int_equal(connect_with((struct connect_options){0}), 0);
    assert_int_equal(script.frames, 3); /* at the first SYNC */
    assert_non_null(strstr(loader.boot_log, "noisemore"));
    script_done(&script);
}

static void third_sync_works(void **state)
{
    (void)state;
    script_expect(&script, SYNC);
    script_expect(&script, SYNC);
    sync_rom();
    esp32_detected();
    assert_int_equal(connect_with((struct connect_options){0}), 0);
    script_done(&script);
}

static void expect_syncs(int n)
{
    for (int i = 0; i < n; i++)
        script_expect(&script, SYNC);
}

static void nothing_comes(void **state)
{
    (void)state;
    int64_t start = script_clock_us();
    expect_syncs(4 * 5);
    assert_int_equal(connect_with((struct connect_options){.attempts = 4}), ERR_NO_SYNC);
    assert_said("not one byte");
    assert_said("/dev/script");
    /* tight, tight long, classic, classic long */
    assert_string_equal((char *)script.lines.data,
                        "00 11 01 10 00 00 00 11 01 10 00 00 00 01 11 10 00 00 01 11 10 00 ");
    assert_true(script_clock_us() - start < 6000000);
    script_done(&script);
}

static void wrong_boot_mode(void **state)
{
    (void)state;
    script_text(&script, "ets Jul 29 2019 12:21:46\r\n\r\nrst:0x1 (POWERON_RESET),boot:0x13 "
                         "(SPI_FAST_FLASH_BOOT)\r\nconfigsip: 0, SPIWP:0xee\r\n");
    expect_syncs(5);
    assert_int_equal(connect_with((struct connect_options){0}), ERR_WRONG_BOOT_MODE);
    assert_said("boot:0x13 (SPI_FAST_FLASH_BOOT)");
    script_done(&script);
}

static void wrong_boot_mode_esp8266(void **state)
{
    (void)state;
    script_text(&script, "\r\n ets Jan  8 2013,rst cause:2, boot mode:(3,6)\r\n");
    expect_syncs(5);
    assert_int_equal(connect_with((struct connect_options){0}), ERR_WRONG_BOOT_MODE);
    assert_said("boot mode:(3,6)");
    script_done(&script);
}

static void download_mode_but_deaf(void **state)
{
    (void)state;
    script_text(&script, "rst:0x1 (POWERON),boot:0x2 (UART0_BOOT)\r\nwait uart0 download\r\n");
    expect_syncs(5);
    assert_int_equal(connect_with((struct connect_options){0}), ERR_NO_SYNC);
    assert_said("does not arrive");
    script_done(&script);
}

static void noise_only(void **state)
{
    uint8_t noise[200];

    (void)state;
    for (size_t i = 0; i < sizeof noise; i++)
        noise[i] = (uint8_t)(i * 167 + 13);
    script_raw(&script, noise, sizeof noise);
    expect_syncs(5);
    assert_int_equal(connect_with((struct connect_options){0}), ERR_NOISE);
    assert_said("200 bytes");
    script_done(&script);
}

static void program_prints(void **state)
{
    (void)state;
    script_text(&script, "I (1234) app: temperature 21.5 C, everything is fine here\r\n");
    expect_syncs(5);
    assert_int_equal(connect_with((struct connect_options){0}), ERR_WRONG_BOOT_MODE);
    script_done(&script);
}

static void remote_ports_take_classic(void **state)
{
    (void)state;
    util_copy(script.link.address, sizeof script.link.address, "rfc2217://host:4000");
    expect_syncs(10);
    assert_int_equal(connect_with((struct connect_options){.attempts = 2}), ERR_NO_SYNC);
    assert_string_equal((char *)script.lines.data, "00 01 11 10 00 00 01 11 10 00 ");
    script_done(&script);
}

static void native_usb(void **state)
{
    (void)state;
    script.link.port.vid = 0x303A;
    script.link.port.pid = 0x1001;
    sync_rom();
    c3_detected();
    /* the watchdogs are stopped in one frame: unlock, off, lock; unlock, feed by itself, lock */
    script_expect(&script, "0009600000000000"
                           "a8800060 a13ad850 ffffffff 00000000"
                           "90800060 00000000 ffffffff 00000000"
                           "a8800060 00000000 ffffffff 00000000"
                           "b0800060 2a311d8f ffffffff 00000000"
                           "ac800060 00000080 00000080 00000000"
                           "b0800060 00000000 ffffffff 00000000");
    script_reply(&script, "010904000000000000000000");
    if (connect_with((struct connect_options){0}) != 0)
        fail_msg("%s", error.text);
    assert_non_null(strstr((char *)script.lines.data, "10 10 11 01 01 01 00 "));
    script_done(&script);
}

static void without_lines(void **state)
{
    (void)state;
    script.link.has_lines = false;
    sync_rom();
    esp32_detected();
    assert_int_equal(connect_with((struct connect_options){0}), 0);
    assert_int_equal(script.lines.len, 0);
    assert_non_null(strstr((char *)said.data, "no control lines"));

    assert_int_equal(loader_leave(&loader, AFTER_HARD_RESET, &error), 0);
    assert_non_null(strstr((char *)said.data, "reset button"));
    script_done(&script);
}

static void custom_reset_and_no_reset(void **state)
{
    (void)state;
    sync_rom();
    esp32_detected();
    assert_int_equal(connect_with((struct connect_options){.reset = "D1|R1|R0"}), 0);
    assert_string_equal((char *)script.lines.data, "10 11 10 ");

    buffer_clear(&script.lines);
    sync_rom();
    esp32_detected();
    assert_int_equal(connect_with((struct connect_options){.before = BEFORE_NO_RESET}), 0);
    esp32_detected();
    assert_int_equal(connect_with((struct connect_options){.before = BEFORE_NO_RESET_NO_SYNC}), 0);
    assert_int_equal(script.lines.len, 0);
    script_done(&script);
}

static void wrong_chip(void **state)
{
    (void)state;
    sync_rom();
    c3_detected();
    assert_int_equal(connect_with((struct connect_options){.chip = CHIP_ESP32}), ERR_WRONG_CHIP);
    assert_said("this chip is ESP32-C3, not ESP32");
    script_done(&script);
}

static void told_by_security_info(void **state)
{
    (void)state;
    sync_rom();
    script_expect(&script, SECINFO); /* ESP32-S3: id 9 */
    script_reply(&script, "0114180000000000000000000000000000000000090000000000000000000000");
    assert_int_equal(connect_with((struct connect_options){0}), 0);
    assert_int_equal(loader.chip->id, CHIP_ESP32S3);
    script_done(&script);

    setup(NULL);
    sync_rom();
    script_expect(&script, SECINFO); /* ESP32-S2: 12 bytes, the JTAG bit among them */
    script_reply(&script, "01141000 00000000 800000000700000000000000 00000000");
    assert_int_equal(connect_with((struct connect_options){0}), 0);
    assert_int_equal(loader.chip->id, CHIP_ESP32S2);
    assert_int_equal(loader.security.flags, 0x80);
    assert_int_equal(loader.security.chip_id, -1);
    assert_true(security_flash_encrypted(&loader.security));
    assert_false(loader.secure_download);
    script_done(&script);

    setup(NULL);
    sync_rom();
    script_expect(&script, SECINFO); /* the same in Secure Download Mode */
    script_reply(&script, "01141000 00000000 050000000000000000000000 00000000");
    assert_int_equal(connect_with((struct connect_options){0}), 0);
    assert_int_equal(loader.chip->id, CHIP_ESP32S2);
    assert_true(loader.secure_download);
    script_done(&script);

    setup(NULL);
    sync_rom();
    script_expect(&script, SECINFO); /* a pre-series chip */
    script_reply(&script, "0114180000000000000000000000000000000000070000000000000000000000");
    assert_int_equal(connect_with((struct connect_options){0}), ERR_CHIP_UNSUPPORTED);
    assert_said("this is an ESP32-C6(beta), a pre-series chip that is not supported");
    script_done(&script);

    setup(NULL);
    sync_rom();
    script_expect(&script, SECINFO);
    script_reply(&script, "0114180000000000000000000000000000000000630000000000000000000000");
    assert_int_equal(connect_with((struct connect_options){0}), ERR_CHIP_UNSUPPORTED);
    assert_said("its chip id is 99");
    script_done(&script);
}

/* The ESP32-S2 in Secure Download Mode, when it does not know GET_SECURITY_INFO either: it is the
 * only chip that refuses to read a register. */
static void told_by_refusals(void **state)
{
    (void)state;
    sync_rom();
    script_expect(&script, SECINFO);
    script_reply(&script, "010804000707122001050000");
    for (int i = 0; i < 3; i++) {
        script_expect(&script, MAGIC);
        script_reply(&script, "011404000000000001050000");
    }
    assert_int_equal(connect_with((struct connect_options){0}), 0);
    assert_int_equal(loader.chip->id, CHIP_ESP32S2);
    assert_true(loader.secure_download);
    script_done(&script);
}

/* A stub without GET_SECURITY_INFO on a chip that is told by it otherwise. */
static void told_by_magic_under_a_stub(void **state)
{
    (void)state;
    script_expect(&script, SYNC);
    sync_replies(SYNC_STUB, 8);
    script_expect(&script, SECINFO);
    script_reply(&script, "0114020000000000ff00");
    script_expect(&script, MAGIC);
    script_reply(&script, "010a02006f50311b0000");
    assert_int_equal(connect_with((struct connect_options){0}), 0);
    assert_int_equal(loader.stage, STAGE_STUB);
    assert_int_equal(loader.chip->id, CHIP_ESP32C3);
    script_done(&script);
}

/* An ESP32-P4 v3.1 leaves its flash without power. */
static void p4_flash_power(void **state)
{
    (void)state;
    for (int revision = 300; revision <= 303; revision++) {
        setup(NULL);
        sync_rom();
        script_expect(&script, SECINFO);
        script_reply(&script, "0114180000000000000000000000000000000000120000000000000000000000");
        char word[40];
        snprintf(word, sizeof word, "010a0400%02x00000000000000", 0x30 | (revision - 300));
        script_expect(&script, "000a0400000000004cd01250");
        script_reply(&script, word);
        if (revision == 302) {
            script_expect(&script, "000a04000000000034d01250"); /* DOWNLOAD_MODE_XPD_ON */
            script_reply(&script, "010a04000000010000000000");
            script_expect(&script, "0009100000000000 fc531150 00000000 ffffffff 00000000");
            script_reply(&script, "010904000000000000000000");
        } else if (revision == 301) {
            script_expect_op(&script, 9); /* eight registers, one frame */
            script_reply(&script, "010904000000000000000000");
        }
        assert_int_equal(connect_with((struct connect_options){0}), 0);
        assert_int_equal(loader.revision, revision);
        script_done(&script);
    }
}

static void unknown_chip(void **state)
{
    (void)state;
    sync_rom();
    script_expect(&script, SECINFO);
    script_reply(&script, "010804000707122001050000");
    script_expect(&script, MAGIC);
    script_reply(&script, "010a0400efbeadde00000000");
    assert_int_equal(connect_with((struct connect_options){0}), ERR_CHIP_UNSUPPORTED);
    assert_said("0xdeadbeef");
    script_done(&script);
}

static void secure_download(void **state)
{
    (void)state;
    sync_rom();
    script_expect(&script, SECINFO);
    script_reply(&script, "0114180000000000050000000700000000000000050000000300000000000000");
    assert_int_equal(connect_with((struct connect_options){0}), 0);
    assert_true(loader.secure_download);
    assert_false(loader_can_md5(&loader));

    struct chip_facts facts; /* nothing is asked twice */
    assert_int_equal(loader_identify(&loader, &facts, &error), 0);
    assert_string_equal(facts.security, "secure boot, flash encryption, secure download");
    assert_false(facts.stub_possible);
    assert_string_equal(facts.stub_reason, "Secure Download Mode starts no flasher stub");
    assert_string_equal(facts.mac_text, "");
    script_done(&script);
}

static void port_lost_while_connecting(void **state)
{
    (void)state;
    script_expect(&script, SYNC);
    script_fail(&script, ERR_PORT_LOST);
    assert_int_equal(connect_with((struct connect_options){.attempts = 7}), ERR_PORT_LOST);
    assert_said("it is gone");
    assert_int_equal(script.reopens, 1);
    script_done(&script);
}

static void port_comes_back_while_connecting(void **state)
{
    (void)state;
    script.comes_back = true;
    script_expect(&script, SYNC);
    script_fail(&script, ERR_PORT_LOST);
    sync_rom();
    c3_detected();
    assert_int_equal(connect_with((struct connect_options){0}), 0);
    assert_int_equal(script.reopens, 1);
    script_done(&script);
}

static void cancel_while_connecting(void **state)
{
    (void)state;
    /* for ever, until cancelled */
    script.cancel_at_us = script_clock_us() + 3000000;
    for (int i = 0; i < 40; i++)
        script_expect(&script, SYNC);
    assert_int_equal(connect_with((struct connect_options){.attempts = -1}), ERR_CANCELLED);
    assert_true(script_clock_us() < 4100000 + 700000);
    assert_in_range(script.frames, 10, 39);
    script_close(&script);
}

static int rounds;

static void count_round(void *context, int attempt, int attempts)
{
    (void)context;
    rounds++;
    assert_int_equal(attempt, rounds);
    assert_int_equal(attempts, 3);
}

static void rounds_are_told(void **state)
{
    (void)state;
    rounds = 0;
    expect_syncs(15);
    connect_with((struct connect_options){.attempts = 3, .attempt = count_round});
    assert_int_equal(rounds, 3);
    script_done(&script);
}

/* ---- commands ---- */

static void as_connected(enum chip_id chip, enum loader_stage stage)
{
    loader.chip = chip_get(chip);
    loader.stage = stage;
    loader.rom_scale = 0;
}

static void registers(void **state)
{
    uint32_t value = 0;

    (void)state;
    as_connected(CHIP_ESP32, STAGE_ROM);
    script_expect(&script, "00091000000000008020f43f78563412ffffffff00000000");
    script_reply(&script, "01090400831df00000000000");
    assert_int_equal(loader_write_reg(&loader, 0x3FF42080, 0x12345678, &error), 0);
    script_expect(&script, "000a0400000000008020f43f");
    script_text(&script, "text in between\r\n");
    script_reply(&script, "010a04007856341200003735"); /* leftovers in the reserved bytes */
    assert_int_equal(loader_read_reg(&loader, 0x3FF42080, &value, &error), 0);
    assert_int_equal(value, 0x12345678);
    assert_non_null(strstr(loader.boot_log, "text in between"));
    script_done(&script);
}

static void statuses(void **state)
{
    uint32_t value;

    (void)state;
    as_connected(CHIP_ESP32, STAGE_STUB);
    script_expect(&script, MAGIC);
    script_reply(&script, "010a020000000000c400");
    assert_int_equal(loader_read_reg(&loader, 0x40001000, &value, &error), ERR_CHIP_REFUSED);
    assert_string_equal(
        error.text, "READ_REG at 0x40001000: the stub answered c4 00 (the flash did not do it)");

    error_clear(&error);
    loader.stage = STAGE_ROM;
    script_expect(&script, MAGIC);
    script_reply(&script, "010a04000000000001060000");
    assert_int_equal(loader_read_reg(&loader, 0x40001000, &value, &error), ERR_CHIP_REFUSED);
    assert_said("the ROM answered 01 06 (the operation failed)");
    assert_string_equal(command_status_text(0x01EE), "unknown reason");
    script_done(&script);
}

static void replies_to_others(void **state)
{
    uint32_t value;

    (void)state;
    as_connected(CHIP_ESP32, STAGE_ROM);
    /* surplus answers to SYNC are passed over, one to another command as well */
    script_expect(&script, MAGIC);
    script_reply(&script, SYNC_ROM);
    script_reply(&script, "010904000000000000000000");
    script_reply(&script, "010a0400831df00000000000");
    assert_int_equal(loader_read_reg(&loader, 0x40001000, &value, &error), 0);
    assert_int_equal(value, 0x00F01D83);

    script_expect(&script, MAGIC);
    script_reply(&script, "010904000000000000000000");
    assert_int_equal(loader_read_reg(&loader, 0x40001000, &value, &error), ERR_BAD_REPLY);

    error_clear(&error);
    script_expect(&script, MAGIC);
    for (int i = 0; i < 150; i++)
        script_reply(&script, "010904000000000000000000");
    assert_int_equal(loader_read_reg(&loader, 0x40001000, &value, &error), ERR_BAD_REPLY);
    script_close(&script);
}

static void no_reply_in_time(void **state)
{
    uint32_t value;
    int64_t start = script_clock_us();

    (void)state;
    as_connected(CHIP_ESP32, STAGE_ROM);
    script_expect(&script, MAGIC);
    assert_int_equal(loader_read_reg(&loader, 0x40001000, &value, &error), ERR_NO_REPLY);
    assert_said("READ_REG at 0x40001000: no answer within 3.0 s");
    assert_in_range(script_clock_us() - start, 3000000, 3100000);
    script_done(&script);
}

/* ---- stub ---- */

/* The recorded start of stub v2 on the ESP32: sizes, addresses, checksums and entry. The recording
 * gives the payload's checksum only: a payload with the same one stands in for it. */
static void stub_start(void **state)
{
    struct stub stub = {.version = 2, .entry = 0x400A9074, .n_segments = 2};
    static uint8_t text[6140], data[212];

    (void)state;
    as_connected(CHIP_ESP32, STAGE_ROM);
    text[0] = 0x95 ^ 0xEF;
    data[0] = 0x69 ^ 0xEF;
    stub.segments[0] = (struct stub_segment){0x400A8000, text, sizeof text};
    stub.segments[1] = (struct stub_segment){0x3FFDED68, data, sizeof data};

    static const uint8_t text_fields[16] = {0xfc, 0x17}, data_fields[16] = {0xd4};
    script_expect(&script, "0005100000000000fc170000010000000018000000800a40");
    script_reply(&script, "010504000707122000000000");
    script_expect_request(&script, OP_MEM_DATA, text_fields, 16, text, sizeof text);
    script_reply(&script, "010704000707122000000000");
    script_expect(&script, "0005100000000000d4000000010000000018000068edfd3f");
    script_reply(&script, "010504000707122000000000");
    script_expect_request(&script, OP_MEM_DATA, data_fields, 16, data, sizeof data);
    script_reply(&script, "010704000707122000000000");
    script_expect(&script, "00060800000000000000000074900a40");
    script_reply(&script, "010604000707122000000000");
    script_reply(&script, "4f484149");
    if (loader_stub_run(&loader, &stub, &error) != 0)
        fail_msg("%s", error.text);
    assert_int_equal(loader.stage, STAGE_STUB);
    assert_int_equal(loader.stub_version, 2);
    script_done(&script);
}

static void expect_small_stub(struct stub *stub)
{
    static uint8_t text[4] = {1, 2, 3, 4};

    *stub = (struct stub){.path = "s.json", .entry = 0x40080000, .n_segments = 1};
    stub->segments[0] = (struct stub_segment){0x40080000, text, sizeof text};
    script_expect_op(&script, OP_MEM_BEGIN);
    script_reply(&script, "010504000707122000000000");
}

static void stub_failures(void **state)
{
    struct stub stub;

    (void)state;
    as_connected(CHIP_ESP32, STAGE_ROM);
    expect_small_stub(&stub);
    script_expect_op(&script, OP_MEM_DATA);
    script_reply(&script, "010704000707122001070000"); /* the ROM counts it as taken: no retry */
    assert_int_equal(loader_stub_run(&loader, &stub, &error), ERR_STUB_FAILED);
    assert_said("s.json");
    assert_said("01 07 (wrong checksum)");
    assert_int_equal(loader.stage, STAGE_ROM);

    /* silence after MEM_END, not even its answer */
    error_clear(&error);
    expect_small_stub(&stub);
    script_expect_op(&script, OP_MEM_DATA);
    script_reply(&script, "010704000707122000000000");
    script_expect_op(&script, OP_MEM_END);
    int64_t start = script_clock_us();
    assert_int_equal(loader_stub_run(&loader, &stub, &error), ERR_STUB_FAILED);
    assert_in_range(script_clock_us() - start, 3000000, 3100000);
    assert_said("did not report");

    /* MEM_END's answer lost, some noise, then the greeting: fine */
    error_clear(&error);
    expect_small_stub(&stub);
    script_expect_op(&script, OP_MEM_DATA);
    script_reply(&script, "010704000707122000000000");
    script_expect_op(&script, OP_MEM_END);
    script_reply(&script, "010604");
    script_text(&script, "xx");
    script_reply(&script, "4f484149");
    assert_int_equal(loader_stub_run(&loader, &stub, &error), 0);

    as_connected(CHIP_ESP32C3, STAGE_ROM);
    loader.secure_download = true;
    assert_int_equal(loader_stub_run(&loader, &stub, &error), ERR_NOT_POSSIBLE);
    script_done(&script);
}

/* The whole upload is answered, the rate that the ROM has noted asked for; then MEM_END. `tell`:
 * it is not the one that both sides are at, and the ROM is told. */
static void expect_upload(struct stub *stub, const char *noted, bool tell)
{
    expect_small_stub(stub);
    script_expect_op(&script, OP_MEM_DATA);
    script_reply(&script, "010704000707122000000000");
    script_expect(&script, "000a040000000000 9c01fe3f");
    script_reply(&script, noted);
    if (tell) {
        script_expect(&script, "0009100000000000 9c01fe3f 00100e00 ffffffff 00000000");
        script_reply(&script, "010904000707122000000000");
    }
    script_expect_op(&script, OP_MEM_END);
}

/* A stub that sets its UART anew comes up at the rate of before: it is found there. */
static void stub_at_a_raised_rate(void **state)
{
    struct stub stub;

    (void)state;
    as_connected(CHIP_ESP32, STAGE_ROM);
    loader.connect_baud = 115200;
    script.link.baud = 921600;
    expect_upload(&stub, "010a040000c2010000000000", true); /* 115200 */
    script_reply(&script, "4f484149");
    assert_int_equal(loader_stub_run(&loader, &stub, &error), 0);
    assert_int_equal(script.link.baud, 921600);

    as_connected(CHIP_ESP32, STAGE_ROM);
    expect_upload(&stub, "010a040000100e0000000000", false); /* 921600 */
    script_text(&script, "\xFE\x80"); /* what a greeting at 115200 looks like */
    int64_t start = script_clock_us();
    script_expect_op(&script, OP_SYNC);
    sync_replies("010802000000000000 00", 8);
    assert_int_equal(loader_stub_run(&loader, &stub, &error), 0);
    assert_int_equal(loader.stage, STAGE_STUB);
    assert_int_equal(script.link.baud, 115200);
    assert_in_range(script_clock_us() - start, 150000, 400000);

    /* the ROM answers there: no stub; and then nothing at all */
    as_connected(CHIP_ESP32, STAGE_ROM);
    script.link.baud = 921600;
    expect_upload(&stub, "010a0400000000c000000000", false); /* something else lies there */
    script_expect_op(&script, OP_SYNC);
    sync_replies("010804000707122000000000", 8);
    for (int i = 0; i < 3; i++)
        script_expect_op(&script, OP_SYNC);
    assert_int_equal(loader_stub_run(&loader, &stub, &error), ERR_STUB_FAILED);
    assert_said("neither at the new rate nor at 115200 baud");
    assert_int_equal(loader.stage, STAGE_ROM);
    script_done(&script);
}

/* The ESP32-S3 with secure boot: the ROM's pointer to its flash reader is turned to the stub. */
static void stub_despite_secure_boot(void **state)
{
    struct stub stub;
    static uint8_t text[4] = {1, 2, 3, 4};

    (void)state;
    as_connected(CHIP_ESP32S3, STAGE_ROM);
    stub = (struct stub){.path = "s.json", .version = 2, .entry = 0x40379474, .n_segments = 1};
    stub.segments[0] = (struct stub_segment){0x40378000, text, sizeof text};
    script_expect_op(&script, OP_MEM_BEGIN);
    script_reply(&script, "010504000707122000000000");
    script_expect_op(&script, OP_MEM_DATA);
    script_reply(&script, "010704000707122000000000");
    script_expect(&script, "000a04000000000038700060");
    script_reply(&script, "010a04000000100000000000"); /* bit 20 */
    script_expect(&script, "0006080000000000 01000000 00000000");
    script_reply(&script, "010604000707122000000000");
    script_expect(&script, "000a04000000000088f6ce3f");
    script_reply(&script, "010a04007856044000000000");
    script_expect(&script, "0009100000000000 88f6ce3f 74943740 ffffffff 00000000");
    script_reply(&script, "010904000707122000000000");
    script_expect(&script, "000e080000000000 00000000 00000000");
    script_reply(&script, "4f484149");
    script_expect(&script, "0009100000000000 88f6ce3f 78560440 ffffffff 00000000");
    script_reply(&script, "01090200000000000000");
    if (loader_stub_run(&loader, &stub, &error) != 0)
        fail_msg("%s", error.text);
    assert_int_equal(loader.stage, STAGE_STUB);
    script_done(&script);
}

/* A stub file for another chip is not sent. */
static void stub_outside_of_ram(void **state)
{
    struct stub stub = {.path = "s.json", .entry = 0x40080000, .n_segments = 1};

    (void)state;
    as_connected(CHIP_ESP32C3, STAGE_ROM);
    stub.segments[0] = (struct stub_segment){0x40080000, (uint8_t *)"1234", 4};
    assert_int_equal(loader_stub_run(&loader, &stub, &error), ERR_STUB_FILE);
    script_done(&script);
}

/* ---- rate ---- */

/* The proof of a rate: words are written to the SPI controller's data registers, and read back.
 * They are kept here and sent as they came, or with bits changed. */
static struct {
    uint8_t status_bytes;
    uint8_t flip;  /* into the word that is read */
    unsigned skip; /* so many requests get no answer */
    unsigned proofs, varied;
    uint32_t last_address;
    unsigned changes;
    uint32_t rate[16], old[16];
    uint32_t reg[4][2]; /* registers that hold something */
} line;

static void answer_line(struct script *s, const uint8_t *frame, size_t n)
{
    uint32_t value = 0;

    if (frame[1] == OP_CHANGE_BAUDRATE) {
        line.rate[line.changes] = le32_get(frame + 8);
        line.old[line.changes++] = le32_get(frame + 12);
    } else if (frame[1] == OP_WRITE_REG) {
        assert_int_equal(n, 8 + 2 * 16);
        line.proofs++;
        for (size_t i = 0; i < 2; i++) {
            line.reg[2 + i][0] = le32_get(frame + 8 + 16 * i);
            line.reg[2 + i][1] = le32_get(frame + 12 + 16 * i) ^ (i == 1 ? line.flip : 0);
        }
        line.last_address = line.reg[3][0];
        line.varied += line.reg[2][1] != line.reg[3][1];
    } else {
        assert_int_equal(frame[1], OP_READ_REG);
        for (size_t i = 0; i < ARRAY_LEN(line.reg); i++) {
            if (le32_get(frame + 8) == line.reg[i][0] && line.reg[i][0])
                value = line.reg[i][1];
        }
    }
    if (frame[1] != OP_CHANGE_BAUDRATE && line.skip > 0)
        line.skip--;
    else
        script_answer_reply(s, frame[1], value, NULL, 0, 0, line.status_bytes);
}

static void line_ready(enum chip_id id, enum loader_stage stage)
{
    as_connected(id, stage);
    memset(&line, 0, sizeof line);
    line.status_bytes = stage == STAGE_STUB ? 2 : 4;
    script.answer = answer_line;
}

static void baud_of_rom(void **state)
{
    (void)state;
    line_ready(CHIP_ESP32C3, STAGE_ROM);
    assert_int_equal(loader_set_baud(&loader, 460800, &error), 0);
    assert_int_equal(script.link.baud, 460800);
    assert_int_equal(line.rate[0], 460800);
    assert_int_equal(line.old[0], 0);
    assert_int_equal(line.proofs, 1);
    assert_int_equal(line.last_address, 0x60002058 + 4);
    assert_int_equal(line.varied, 1);
    assert_int_equal(loader.requests, 4); /* change, write, two reads */
    script_done(&script);
}

static void baud_of_stub(void **state)
{
    (void)state;
    line_ready(CHIP_ESP32, STAGE_STUB);
    int64_t start = script_clock_us();
    assert_int_equal(loader_set_baud(&loader, 460800, &error), 0);
    assert_int_equal(line.old[0], 115200); /* the second word: the old rate */
    assert_int_equal(line.last_address, 0x3FF42080 + 4);
    assert_in_range(script_clock_us() - start, 10000, 30000);
    script_done(&script);
}

static void baud_of_esp32_rom(void **state)
{
    (void)state;
    line_ready(CHIP_ESP32, STAGE_ROM);
    /* measured 2 % high: 40.8 MHz = 13056 * 15625 * 8 / 40; asks for 2 % more */
    line.reg[0][0] = 0x3FF5F06C;
    line.reg[0][1] = 13056 << 7;
    line.reg[1][0] = 0x3FF5A010;
    line.reg[1][1] = 8;
    assert_int_equal(loader_set_baud(&loader, 460800, &error), 0);
    assert_int_equal(line.rate[0], 470016);
    assert_int_equal(script.link.baud, 460800);

    /* found out once */
    line.reg[0][1] = line.reg[1][1] = 0;
    assert_int_equal(loader_set_baud(&loader, 115200, &error), 0);
    assert_int_equal(line.rate[1], 117504);

    /* nothing measured: as asked */
    loader.rom_scale = 0;
    assert_int_equal(loader_set_baud(&loader, 460800, &error), 0);
    assert_int_equal(line.rate[2], 460800);
    script_done(&script);
}

/* The ROMs of two chips have another crystal in mind than the one that is there. */
static void baud_of_wrong_crystals(void **state)
{
    (void)state;
    line_ready(CHIP_ESP32C2, STAGE_ROM);
    line.reg[0][0] = 0x60000014;
    line.reg[0][1] = 226; /* 26 MHz / 115200 */
    assert_int_equal(loader_set_baud(&loader, 460800, &error), 0);
    assert_int_equal(line.rate[0], 460800 * 40 / 26);
    assert_int_equal(script.link.baud, 460800);
    script.link.baud = 115200;
    line.reg[0][1] = 347; /* 40 MHz */
    loader.rom_scale = 0;
    assert_int_equal(loader_set_baud(&loader, 460800, &error), 0);
    assert_int_equal(line.rate[1], 460800);
    script.link.baud = 115200;
    loader.stage = STAGE_STUB;
    line.reg[0][1] = 226;
    line.status_bytes = 2;
    assert_int_equal(loader_set_baud(&loader, 460800, &error), 0);
    assert_int_equal(line.rate[2], 460800); /* the stub knows */

    script.link.baud = 115200;
    line_ready(CHIP_ESP32C5, STAGE_ROM);
    line.reg[0][0] = 0x60000014;
    line.reg[0][1] = 417; /* 48 MHz */
    line.reg[1][0] = 0x60096110;
    line.reg[1][1] = 40 << 24;
    assert_int_equal(loader_set_baud(&loader, 460800, &error), 0);
    assert_int_equal(line.rate[0], 384000);
    script.link.baud = 115200;
    line.reg[1][1] = 48 << 24;
    loader.rom_scale = 0;
    assert_int_equal(loader_set_baud(&loader, 460800, &error), 0);
    assert_int_equal(line.rate[1], 460800);

    loader.secure_download = true;
    assert_int_equal(loader_set_baud(&loader, 921600, &error), ERR_NOT_POSSIBLE);
    script_done(&script);
}

static void baud_of_esp8266_rom(void **state)
{
    (void)state;
    as_connected(CHIP_ESP8266, STAGE_ROM);
    assert_int_equal(loader_set_baud(&loader, 460800, &error), ERR_NOT_POSSIBLE);
    assert_int_equal(script.link.baud, 115200);
    script_done(&script);
}

static void baud_does_not_carry(void **state)
{
    (void)state;
    line_ready(CHIP_ESP32C3, STAGE_STUB);
    line.skip = 2;
    assert_int_equal(loader_set_baud(&loader, 0x100800, &error), 0);
    assert_int_equal(script.link.baud, 115200);
    assert_int_equal(line.rate[1], 115200);
    assert_int_equal(line.old[1], 0x100800);
    assert_non_null(strstr((char *)said.data, "stays at 115200"));

    line_ready(CHIP_ESP32C3, STAGE_STUB);
    line.skip = 100;
    assert_int_equal(loader_set_baud(&loader, 0x100800, &error), ERR_NO_REPLY);
    script_done(&script);
}

/* Who can't reset the chip asks it to come down more often than who can. */
static void baud_down(void **state)
{
    (void)state;
    line_ready(CHIP_ESP32C3, STAGE_STUB);
    line.skip = 9;
    script.link.baud = 921600;
    assert_int_equal(loader_baud_down(&loader, 460800, &error), 0);
    assert_int_equal(script.link.baud, 460800);
    assert_int_equal(line.rate[9], 460800);
    assert_int_equal(line.old[9], 921600);

    line_ready(CHIP_ESP32C3, STAGE_STUB);
    line.skip = 9;
    loader.resets = true;
    script.link.baud = 921600;
    assert_int_equal(loader_baud_down(&loader, 460800, &error), ERR_NO_REPLY);
    assert_in_range(line.changes, 2, 4);

    /* a ROM with a wrong idea of its crystal is told what comes out right */
    line_ready(CHIP_ESP32, STAGE_ROM);
    loader.resets = false;
    loader.rom_scale = 1.02;
    script.link.baud = 921600;
    error_clear(&error);
    assert_int_equal(loader_baud_down(&loader, 460800, &error), 0);
    assert_int_equal(line.rate[0], 470016);
    script_done(&script);
}

/* The first proof may come too early; and one bit of the echo is enough to fail. */
static void baud_is_proved(void **state)
{
    (void)state;
    line_ready(CHIP_ESP32C3, STAGE_STUB);
    line.skip = 1;
    assert_int_equal(loader_set_baud(&loader, 921600, &error), 0);
    assert_int_equal(script.link.baud, 921600);
    assert_int_equal(line.proofs, 2);

    line_ready(CHIP_ESP32C3, STAGE_STUB);
    line.flip = 0x40;
    loader.resets = true;
    assert_int_equal(loader_set_baud(&loader, 2000000, &error), ERR_NO_REPLY);
    assert_int_equal(line.changes, 3); /* up, and twice down */
    loader.resets = false;
    script_done(&script);
}

static void baud_refused_by_adapter(void **state)
{
    (void)state;
    as_connected(CHIP_ESP32C3, STAGE_STUB);
    script.baud_max = 1000000;
    /* the chip is not even asked */
    assert_int_equal(loader_set_baud(&loader, 2000000, &error), ERR_BAUD_REFUSED);
    assert_int_equal(script.link.baud, 115200);
    script_done(&script);
}

/* ---- words ---- */

static void words(void **state)
{
    enum loader_before before;
    enum loader_after after;

    (void)state;
    for (int i = BEFORE_DEFAULT_RESET; i <= BEFORE_NO_RESET_NO_SYNC; i++) {
        assert_true(loader_before_parse(loader_before_name((enum loader_before)i), &before));
        assert_int_equal(before, i);
    }
    for (int i = AFTER_HARD_RESET; i <= AFTER_NO_RESET_STUB; i++) {
        assert_true(loader_after_parse(loader_after_name((enum loader_after)i), &after));
        assert_int_equal(after, i);
    }
    assert_true(loader_before_parse("no_reset_no_sync", &before));
    assert_true(loader_after_parse("hard_reset", &after));
    assert_false(loader_before_parse("hard-reset", &before));
    assert_false(loader_after_parse("no-rese", &after));
    assert_false(loader_after_parse("no-reset-", &after));
    script_done(&script);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(connect_esp32),
        T(connect_esp32c3_by_id),
        T(connect_esp8266),
        T(secinfo_refused_eight_times),
        T(secinfo_refused_late),
        T(stub_is_running),
        T(one_value_is_not_zero),
        T(garbage_before_sync),
        T(noise_opens_a_frame),
        T(third_sync_works),
        T(nothing_comes),
        T(wrong_boot_mode),
        T(wrong_boot_mode_esp8266),
        T(download_mode_but_deaf),
        T(noise_only),
        T(program_prints),
        T(remote_ports_take_classic),
        T(native_usb),
        T(without_lines),
        T(custom_reset_and_no_reset),
        T(wrong_chip),
        T(told_by_security_info),
        T(told_by_refusals),
        T(told_by_magic_under_a_stub),
        T(p4_flash_power),
        T(unknown_chip),
        T(secure_download),
        T(port_lost_while_connecting),
        T(port_comes_back_while_connecting),
        T(cancel_while_connecting),
        T(rounds_are_told),
        T(registers),
        T(statuses),
        T(replies_to_others),
        T(no_reply_in_time),
        T(stub_start),
        T(stub_failures),
        T(stub_at_a_raised_rate),
        T(stub_despite_secure_boot),
        T(stub_outside_of_ram),
        T(baud_of_rom),
        T(baud_of_stub),
        T(baud_of_esp32_rom),
        T(baud_of_wrong_crystals),
        T(baud_of_esp8266_rom),
        T(baud_does_not_carry),
        T(baud_is_proved),
        T(baud_down),
        T(baud_refused_by_adapter),
        T(words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
