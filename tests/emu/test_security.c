/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Secure Download Mode and the rest of eFuses' doing; watchdogs and USB-Serial/JTAG. */
#include "bench.h"

#include "emu/security.h"

#include <string.h>

static void burn(struct bench *b, const struct security_options *o)
{
    struct error e = {0};

    if (security_burn(&b->chip.efuse, o, &e) != 0)
        fail_msg("%s", e.text);
}

/* Sends a command with words as data; the status of its reply, which follows `n_reply` bytes. */
static unsigned status(struct bench *b, uint8_t op, const uint32_t *words, size_t n, size_t n_reply)
{
    uint8_t frame[64] = {0, op, (uint8_t)(4 * n)}, reply[128];

    for (size_t i = 0; i < n; i++)
        le32_put(frame + 8 + 4 * i, words[i]);
    bench_clear(b); /* right behind SYNC, a refusal comes as often as SYNC's answer */
    bench_frame(b, frame, 8 + 4 * n);
    int len = bench_take(b, reply, sizeof reply);
    assert_true(len >= (int)(8 + n_reply + 2) || (len >= 10 && reply[8] != 0));
    if (reply[1] != op)
        n_reply = 0; /* refused: the answer carries another number */
    return (unsigned)(reply[1] == op) << 16 | (unsigned)reply[8 + n_reply] << 8 |
           reply[9 + n_reply];
}

enum { SERVED = 1 << 16, REFUSED = 0x0105 };

static void secure_download_refuses_memory(void **state)
{
    static const struct security_options secure = {.download = true};
    static const uint32_t reg[] = {0x40001000, 1, UINT32_MAX, 0}, region[] = {0, 0x1000, 0, 0};
    static const uint32_t begin[] = {0x1000, 4, 0x400, 0, 0},
                          late[] = {0x1000, 4, 0x400, 0x200000, 0};
    static const uint32_t params[] = {0, 4 << 20, 0x10000, 0x1000, 0x100, 0xffff};
    struct bench b;

    (void)state;
    bench_open(&b, "esp32s3", 4 << 20);
    burn(&b, &secure);
    bench_sync(&b, 0);
    assert_int_equal(status(&b, 0x0a, reg, 1, 0), REFUSED);
    assert_int_equal(status(&b, 0x09, reg, 4, 0), REFUSED);
    assert_int_equal(status(&b, 0x05, begin, 4, 0), REFUSED);
    assert_int_equal(status(&b, 0x13, region, 4, 32), REFUSED);
    assert_int_equal(status(&b, 0x0e, region, 2, 64), REFUSED);
    assert_int_equal(status(&b, 0x14, NULL, 0, 20), SERVED);
    assert_int_equal(status(&b, 0x0d, region, 2, 0), SERVED);
    assert_int_equal(status(&b, 0x02, begin, 5, 0), SERVED);
    assert_int_equal(status(&b, 0x02, late, 5, 0), SERVED | 0x0106); /* 2 MB are assumed */
    assert_int_equal(status(&b, 0x0b, params, 6, 0), SERVED);
    assert_int_equal(status(&b, 0x02, late, 5, 0), SERVED);
    bench_close(&b);
}

static void security_info_shows_the_switches(void **state)
{
    static const struct security_options o = {.download = true, .boot = true, .encryption = true};
    struct error e = {0};
    struct bench b;
    uint8_t frame[8] = {0, 0x14}, reply[64];

    (void)state;
    bench_open(&b, "esp32c3", 4 << 20);
    burn(&b, &o);
    bench_sync(&b, 0);
    bench_frame(&b, frame, sizeof frame);
    assert_int_equal(bench_take(&b, reply, sizeof reply), 8 + 20 + 4);
    assert_int_equal(le32_get(reply + 8), 1 << 0 | 1 << 2);
    assert_int_equal(reply[12], 1); /* crypt count */
    assert_int_equal(reply[13], 4); /* XTS_AES_128_KEY */
    assert_int_equal(reply[14], 9); /* SECURE_BOOT_DIGEST0 */
    bench_close(&b);
    bench_open(&b, "esp32", 4 << 20); /* has no such mode */
    assert_int_not_equal(security_burn(&b.chip.efuse, &o, &e), 0);
    assert_non_null(strstr(e.text, "--secure-download"));
    bench_close(&b);
}

static void any_efuse_can_be_burned(void **state)
{
    struct security_options o = {0};
    struct error e = {0};
    struct bench b;

    (void)state;
    assert_int_equal(security_burn_parse(&o, "3.30=0x5", &e), 0);
    bench_open(&b, "esp32c3", 4 << 20);
    burn(&b, &o);
    bench_sync(&b, 0);
    assert_int_equal(bench_read_reg(&b, 0x6000887c), UINT32_C(1) << 30);
    assert_int_equal(bench_read_reg(&b, 0x60008880), 1);
    bench_close(&b);
    assert_int_not_equal(security_burn_parse(&o, "3=1", &e), 0);
    assert_int_not_equal(security_burn_parse(&o, "3.1=", &e), 0);
    assert_int_not_equal(security_burn_parse(&o, "11.1=1", &e), 0);
    bench_open(&b, "esp8266", 4 << 20);
    assert_int_not_equal(security_burn(&b.chip.efuse, &o, &e), 0);
    bench_close(&b);
}

/* esptool loader.py, run_stub: the way around it goes through a pointer in RAM. */
static void secure_boot_runs_nothing_from_ram(void **state)
{
    static const struct security_options o = {.boot = true};
    static const uint32_t run[] = {0, 0x40378000}, stay[] = {1, 0};
    uint8_t read_slow[16] = {0, 0x0e, 8};
    struct bench b;

    (void)state;
    bench_open(&b, "esp32s3", 4 << 20);
    burn(&b, &o);
    bench_sync(&b, 0);
    bench_write_reg(&b, 0x40378000, 0x00004136);
    bench_command(&b, 0x06, run, 2);
    assert_int_equal(b.chip.mode, CHIP_ROM);
    bench_command(&b, 0x06, stay, 2);
    bench_write_reg(&b, 0x3fcef688, 0x40378000);
    bench_clear(&b);
    bench_frame(&b, read_slow, sizeof read_slow);
    assert_int_equal(b.chip.mode, CHIP_APP);
    assert_int_equal(b.out.len, 0);
    bench_close(&b);
}

/* ---- USB-Serial/JTAG ---- */

static void usb_reset(struct bench *b, bool download)
{
    bench_lines(b, false, false);
    if (download)
        bench_lines(b, true, false);
    bench_pass(b, 100);
    bench_lines(b, true, true);
    bench_lines(b, false, true);
    bench_pass(b, 100);
    bench_lines(b, false, false);
    bench_pass(b, 1);
}

static void usb_open(struct bench *b)
{
    uint8_t sync[44] = {0, 8, 36, 0, 0, 0, 0, 0, 7, 7, 0x12, 0x20};

    memset(sync + 12, 0x55, 32);
    bench_open(b, "esp32c3", 4 << 20);
    b->chip.usb_jtag = true;
    bench_start(b, false);
    usb_reset(b, true);
    assert_int_equal(b->chip.mode, CHIP_ROM);
    bench_frame(b, sync, sizeof sync);
    bench_clear(b);
}

static void usb_resets_into_the_loader(void **state)
{
    struct bench b;

    (void)state;
    usb_open(&b);
    usb_reset(&b, false);
    assert_int_equal(b.chip.mode, CHIP_APP);
    bench_close(&b);
}

static void watchdogs_bite_over_usb(void **state)
{
    struct bench b;

    (void)state;
    usb_open(&b);
    bench_pass(&b, 1800);
    assert_int_equal(b.chip.mode, CHIP_ROM);
    bench_pass(&b, 300);
    assert_int_equal(b.chip.mode, CHIP_APP); /* BOOT is not low */
    bench_close(&b);

    usb_open(&b);                       /* the RTC watchdog alone */
    bench_write_reg(&b, 0x60008090, 0); /* locked: nothing */
    assert_int_not_equal(b.chip.watchdog.rtc_at, 0);
    bench_write_reg(&b, 0x600080a8, 0x50d83aa1);
    bench_write_reg(&b, 0x60008090, 0);
    bench_write_reg(&b, 0x600080a8, 0);
    assert_int_equal(b.chip.watchdog.rtc_at, 0);
    bench_pass(&b, 2100);
    assert_int_equal(b.chip.mode, CHIP_APP);
    bench_close(&b);

    usb_open(&b); /* both */
    bench_write_reg(&b, 0x600080a8, 0x50d83aa1);
    bench_write_reg(&b, 0x60008090, 0);
    bench_write_reg(&b, 0x600080b0, 0x8f1d312a);
    bench_write_reg(&b, 0x600080ac, UINT32_C(1) << 31);
    bench_pass(&b, 10000);
    assert_int_equal(b.chip.mode, CHIP_ROM);
    bench_close(&b);

    usb_open(&b); /* generation 2 sees to them itself (esp-flasher-stub src/transport.c) */
    chip_enter_stub(&b.chip, 2);
    bench_pass(&b, 10000);
    assert_int_equal(b.chip.mode, CHIP_STUB);
    bench_close(&b);
}

static void a_uart_has_no_such_watchdogs(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b, "esp32c3", 4 << 20);
    bench_sync(&b, 0);
    bench_pass(&b, 10000);
    assert_int_equal(b.chip.mode, CHIP_ROM);
    bench_close(&b);
}

int run_security_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(secure_download_refuses_memory),
        cmocka_unit_test(security_info_shows_the_switches),
        cmocka_unit_test(any_efuse_can_be_burned),
        cmocka_unit_test(secure_boot_runs_nothing_from_ram),
        cmocka_unit_test(usb_resets_into_the_loader),
        cmocka_unit_test(watchdogs_bite_over_usb),
        cmocka_unit_test(a_uart_has_no_such_watchdogs),
    };

    return cmocka_run_group_tests_name("emu: security and USB", tests, NULL, NULL);
}
