/* SPDX-License-Identifier: GPL-3.0-or-later */
/* hint/: boot logs as real ROMs print them, straps, and the rule table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/util.h"
#include "hint/hint.h"
#include "hint/rules.h"
#include "hint/straps.h"

#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Recorded from mask ROMs, but for the ESP8266's, which is as its documents show it. */
#define ESP32_BOOT                 \
    "ets Jul 29 2019 12:21:46\r\n" \
    "\r\n"                         \
    "rst:0x1 (POWERON_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)\r\n"
#define ESP32_LOADED                                              \
    ESP32_BOOT "configsip: 0, SPIWP:0xee\r\n"                     \
               "mode:DOUT, clock div:2\r\n"                       \
               "load:0x3fff0030,len:7132\r\nentry 0x40080650\r\n" \
               "\x1b[0;32mI (765) boot: ESP-IDF v5.2-dev 2nd stage bootloader\x1b[0m\r\n"
#define ESP32_UART                 \
    "ets Jul 29 2019 12:21:46\r\n" \
    "\r\n"                         \
    "rst:0x1 (POWERON_RESET),boot:0xf (UART_BOOT(UART0))\r\n"
#define ESP32_DOWNLOAD                                                                  \
    "ets Jul 29 2019 12:21:46\r\n\r\n"                                                  \
    "rst:0x1 (POWERON_RESET),boot:0x3 (DOWNLOAD_BOOT(UART0/UART1/SDIO_REI_REO_V2))\r\n" \
    "waiting for download\r\n"
#define C3_BOOT                                              \
    "ESP-ROM:esp32c3-api1-20210207\r\nBuild:Feb  7 2021\r\n" \
    "rst:0x3 (RTC_SW_SYS_RST),boot:0x8 (SPI_FAST_FLASH_BOOT)\r\n"
#define C3_BLANK C3_BOOT "invalid header: 0xffffffff\r\ninvalid header: 0xff"
#define C3_UART                                              \
    "ESP-ROM:esp32c3-api1-20210207\r\nBuild:Feb  7 2021\r\n" \
    "rst:0x1 (POWERON),boot:0x2 (UART0_BOOT)\r\nwait uart0 download\r\n"
#define C3_SPI                                               \
    "ESP-ROM:esp32c3-api1-20210207\r\nBuild:Feb  7 2021\r\n" \
    "rst:0x1 (POWERON),boot:0x1 (SPI_DOWNLOAD_BOOT)\r\nwait spi download\r\n"
#define ESP8266_BOOT \
    "\n ets Jan  8 2013,rst cause:1, boot mode:(3,7)\n\nload 0x40100000, len 7232\n"
#define ESP8266_DOWNLOAD "\n ets Jan  8 2013,rst cause:2, boot mode:(1,6)\n"
#define ESP8266_SDIO     "\n ets Jan  8 2013,rst cause:2, boot mode:(7,7)\n\nwaiting for host\n"

static void boot_lines_are_read(void **state)
{
    static const struct {
        const char *log, *text;
        int cause, mode;
        bool found, waiting, download;
    } rows[] = {
        {"", "", -1, -1, false, false, false},
        {"hello, world\r\n", "", -1, -1, false, false, false},
        {ESP32_BOOT, "boot:0x13 (SPI_FAST_FLASH_BOOT)", 1, 0x13, true, false, false},
        {ESP32_LOADED, "boot:0x13 (SPI_FAST_FLASH_BOOT)", 1, 0x13, true, false, false},
        {ESP32_UART, "boot:0xf (UART_BOOT(UART0))", 1, 0xF, true, false, true},
        {ESP32_DOWNLOAD, "boot:0x3 (DOWNLOAD_BOOT(UART0/UART1/SDIO_REI_REO_V2))", 1, 3, true, true,
         true},
        {C3_BLANK, "boot:0x8 (SPI_FAST_FLASH_BOOT)", 3, 8, true, false, false},
        {C3_UART, "boot:0x2 (UART0_BOOT)", 1, 2, true, true, true},
        {C3_SPI, "boot:0x1 (SPI_DOWNLOAD_BOOT)", 1, 1, true, false, false},
        {ESP8266_BOOT, "boot mode:(3,7)", 1, 3, true, false, false},
        {ESP8266_DOWNLOAD, "boot mode:(1,6)", 2, 1, true, false, true},
        {ESP8266_SDIO, "boot mode:(7,7)", 2, 7, true, false, false},
        /* The last one counts, a cut-off one does not. */
        {ESP32_BOOT ESP32_DOWNLOAD, "boot:0x3 (DOWNLOAD_BOOT(UART0/UART1/SDIO_REI_REO_V2))", 1, 3,
         true, true, true},
        {ESP32_DOWNLOAD ESP32_BOOT, "boot:0x13 (SPI_FAST_FLASH_BOOT)", 1, 0x13, true, false, false},
        {ESP32_BOOT "ets Jul 29 2019\r\nrst:0x7 (TG0WDT_SYS_RESET),boot:0x",
         "boot:0x13 (SPI_FAST_FLASH_BOOT)", 1, 0x13, true, false, false},
        {"\x8f\xfe\x01rst:0x10 (RTCWDT_RTC_RESET),boot:0x33 (SPI_FA\xC0st", "boot:0x33 (SPI_FA", 16,
         0x33, true, false, false},
        {"boot:0x13", "boot:0x13", -1, 0x13, true, false, false},
        {"waiting for download\r\n", "", -1, -1, false, true, false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct boot_line b = boot_line_find(rows[i].log);
        if (b.found != rows[i].found || b.waiting != rows[i].waiting ||
            b.download != rows[i].download || b.reset_cause != rows[i].cause ||
            b.boot_mode != rows[i].mode || strcmp(b.text, rows[i].text) != 0)
            fail_msg("row %zu: found %d waiting %d download %d rst %d boot %#x \"%s\"", i, b.found,
                     b.waiting, b.download, b.reset_cause, (unsigned)b.boot_mode, b.text);
    }
}

static void banners_name_the_chip(void **state)
{
    static const struct {
        const char *log;
        enum chip_id chip;
    } rows[] = {
        {ESP32_BOOT, CHIP_ESP32},
        {"ets Jun  8 2016 00:22:57\r\n", CHIP_ESP32},
        {C3_BOOT, CHIP_ESP32C3},
        {ESP8266_BOOT, CHIP_ESP8266},
        {"ESP-ROM:esp8684-api2-20220127\r\n", CHIP_ESP32C2},
        {"ESP-ROM:esp32p4-eco2-20240710\r\n", CHIP_ESP32P4},
        {"ESP-ROM:esp32s3-20210327", CHIP_ESP32S3},
        {"ESP-ROM:esp32c6", CHIP_ESP32C6},
        {"ESP-ROM:something-longer-than-any-key", CHIP_AUTO},
        {"ESP-ROM:", CHIP_AUTO},
        {"hello", CHIP_AUTO},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        assert_ptr_equal(boot_log_chip(rows[i].log), chip_get(rows[i].chip));
}

static void straps_are_named_pin_by_pin(void **state)
{
    const struct straps *esp32 = straps_of(chip_get(CHIP_ESP32));
    const struct straps *c3 = straps_of(chip_get(CHIP_ESP32C3));
    const struct straps *s3 = straps_of(chip_get(CHIP_ESP32S3));
    const struct straps *esp8266 = straps_of(chip_get(CHIP_ESP8266));
    char text[100];

    (void)state;
    assert_string_equal(straps_format(esp32, 0x13, text, sizeof text),
                        "GPIO0 high, GPIO2 low, GPIO12 low, GPIO15 high, GPIO5 high");
    assert_string_equal(straps_wrong(esp32, 0x13)->pin, "GPIO0");
    assert_string_equal(straps_wrong(esp32, 0x0B)->pin, "GPIO2");
    assert_null(straps_wrong(esp32, 0x03));
    assert_null(straps_wrong(esp32, 0x23));
    assert_string_equal(straps_wrong(c3, 0xC)->pin, "GPIO9");
    assert_string_equal(straps_wrong(c3, 0x1)->pin, "GPIO8");
    assert_null(straps_wrong(c3, 0x5));
    assert_null(straps_wrong(s3, 0x0));
    assert_string_equal(straps_wrong(s3, 0x2A)->pin, "GPIO0");
    assert_null(straps_wrong(esp8266, 1));
    assert_string_equal(straps_wrong(esp8266, 3)->pin, "GPIO0");
    assert_string_equal(straps_wrong(esp8266, 5)->pin, "GPIO15");
    assert_string_equal(straps_format(esp8266, 3, text, 12), "GPIO0 high,");
    assert_null(straps_of(NULL));

    for (size_t i = 0; i < straps_count; i++) {
        unsigned bits = 0;
        for (const struct strap *s = straps_table[i].pins; s->bit; s++) {
            assert_true((s->bit & (s->bit - 1)) == 0 && (bits & s->bit) == 0);
            bits |= s->bit;
        }
        assert_int_equal(straps_table[i].pins[0].download, LEVEL_LOW);
        for (size_t j = 0; j < i; j++)
            assert_int_not_equal(straps_table[i].chip, straps_table[j].chip);
        assert_ptr_equal(straps_of(chip_get(straps_table[i].chip)), &straps_table[i]);
        assert_int_equal(straps_table[i].pins[ARRAY_LEN(straps_table[i].pins) - 1].bit, 0);
    }
    assert_string_equal(reset_cause_name(chip_get(CHIP_ESP32), 15), "brownout");
    assert_string_equal(reset_cause_name(chip_get(CHIP_ESP8266), 2), "reset pin");
    assert_string_equal(reset_cause_name(NULL, 2), "");
    assert_string_equal(reset_cause_name(NULL, 99), "");
    assert_string_equal(reset_cause_name(NULL, -1), "");
}

/* ---- rules --------------------------------------------------------------------------------- */

static const struct port_info cp2102 = {.path = "/dev/ttyUSB0", .driver = "cp210x", .usb = true};
static const struct port_info ch340 = {.path = "/dev/ttyUSB1", .driver = "ch341", .usb = true};
static const struct port_info native = {.path = "/dev/ttyACM0",
                                        .driver = "cdc_acm",
                                        .product = "USB JTAG/serial debug unit",
                                        .vid = 0x303A,
                                        .pid = 0x1001,
                                        .usb = true};
static const struct port_info header = {.path = "/dev/ttyAMA0"};

static void evidence_leads_to_its_rule(void **state)
{
    static const struct {
        enum err code;
        const char *text, *log;
        enum chip_id chip;
        const struct port_info *port;
        bool lines;
        unsigned baud;
        const char *id, *part, *action; /* part: of cause, evidence or fix */
    } rows[] = {
        {ERR_PORT_BUSY, "/dev/ttyUSB0 is held by ModemManager (pid 7)", "", 0, &cp2102, false, 0,
         "port-modemmanager", "ID_MM_DEVICE_IGNORE", "retry"},
        {ERR_PORT_BUSY, "/dev/ttyUSB0 is held by brltty (pid 7)", "", 0, NULL, false, 0,
         "port-brltty", "Braille", "retry"},
        {ERR_PORT_BUSY, "/dev/ttyAMA0 is held by agetty (pid 7)", "", 0, NULL, false, 0,
         "port-console", "raspi-config", ""},
        {ERR_PORT_BUSY, "/dev/ttyUSB0 is held by minicom (pid 7)", "", 0, NULL, false, 0,
         "port-busy", "minicom (pid 7)", ""},
        {ERR_PORT_LOST, "gone", "", CHIP_ESP32C3, &native, true, 115200, "usb-gone", "303a:1001",
         "retry"},
        {ERR_PORT_LOST, "gone", "", CHIP_ESP32, &cp2102, true, 115200, "port-lost", "Check cable",
         ""},
        {ERR_BAUD_REFUSED, "no 3000000", "", 0, &cp2102, true, 0, "baud-refused", "--baud",
         "lower-baud"},

        {ERR_WRONG_BOOT_MODE, "", ESP32_BOOT, 0, &cp2102, true, 115200, "boot-mode",
         "GPIO0 was high", "retry"},
        {ERR_WRONG_BOOT_MODE, "", ESP32_BOOT, 0, NULL, true, 115200, "boot-mode",
         "boot:0x13 (SPI_FAST_FLASH_BOOT), reset by power-on; GPIO0 high, GPIO2 low", "retry"},
        {ERR_WRONG_BOOT_MODE, "", ESP32_BOOT, 0, NULL, false, 115200, "boot-mode",
         "no lines to pull it", "retry"},
        {ERR_WRONG_BOOT_MODE, "", C3_BLANK, 0, &cp2102, true, 115200, "boot-mode", "GPIO9 was high",
         "retry"},
        {ERR_NO_SYNC, "", ESP8266_BOOT, 0, &cp2102, true, 115200, "boot-mode", "GPIO0 was high",
         "retry"},
        {ERR_WRONG_BOOT_MODE, "", "rst:0x1 (POWERON),boot:0x18 (SPI_FAST_FLASH_BOOT)\r\n", 0, NULL,
         true, 115200, "boot-mode", "started its program", "retry"},
        {ERR_WRONG_BOOT_MODE, "", C3_SPI, 0, NULL, true, 115200, "boot-strap-high", "GPIO8 was low",
         "retry"},
        {ERR_WRONG_BOOT_MODE, "", ESP8266_SDIO, 0, NULL, true, 115200, "boot-mode",
         "GPIO0 was high", "retry"},
        {ERR_WRONG_BOOT_MODE, "", "\n ets Jan  8 2013,rst cause:2, boot mode:(5,7)\n", 0, NULL,
         true, 115200, "boot-strap-low", "GPIO15 was high", "retry"},
        {ERR_NO_SYNC, "", ESP32_DOWNLOAD, 0, &cp2102, true, 115200, "tx-path",
         "TX to the chip's RX", "retry"},
        {ERR_NO_SYNC, "", C3_UART, 0, &cp2102, true, 115200, "tx-path", "UART0_BOOT", "retry"},
        {ERR_NO_SYNC, "", ESP8266_DOWNLOAD, 0, &cp2102, true, 115200, "tx-path", "boot mode:(1,6)",
         "retry"},
        {ERR_NO_SYNC, "", "waiting for download\r\n", 0, &cp2102, true, 115200, "tx-path",
         "\"waiting for download\"", "retry"},
        {ERR_WRONG_BOOT_MODE, "", "rst:0xf (BROWNOUT_RST),boot:0xc (SPI_FAST_FLASH_BOOT)\r\n",
         CHIP_ESP32C3, NULL, true, 115200, "brownout", "reset by brownout", "retry"},
        {ERR_NO_SYNC, "", "Brownout detector was triggered\r\n", 0, NULL, true, 115200, "brownout",
         "supply", "retry"},
        {ERR_NO_SYNC, "", "rst:0x14 (EFUSE_RST),boot:0xc (SPI_FAST_FLASH_BOOT)\r\n", CHIP_ESP32C3,
         NULL, true, 115200, "efuse-crc", "eFuse CRC error", ""},
        {ERR_NO_SYNC, "", ESP32_BOOT "Download mode is disabled. Restart with GPIO0 high.\r\n", 0,
         NULL, true, 115200, "download-disabled", "eFuse", ""},
        {ERR_NO_SYNC, "", "I (312) app: temperature 21.5\r\nI (313) app: temperature 21.6\r\n", 0,
         &cp2102, true, 115200, "app-running", "temperature 21.6", "retry"},
        {ERR_NOISE, "", "Guru Meditation Error: Core  0 panic'ed (LoadProhibited)\r\n", 0, &cp2102,
         true, 115200, "app-crash", "Guru", "retry"},
        {ERR_NOISE, "", "\x8f\xfe\x81\x03\xe0r\x9b\xfc\x11", CHIP_ESP32, &cp2102, true, 115200,
         "garbage", "another rate", "retry"},
        {ERR_NOISE, "", "\x8f\xfe\x81\x03\xe0r\x9b\xfc\x11", CHIP_ESP8266, &cp2102, true, 115200,
         "garbage", "74880", "retry"},
        {ERR_NO_SYNC, "", "", 0, &cp2102, true, 115200, "silent", "swapped", "retry"},
        {ERR_NO_SYNC, "", "", 0, &header, true, 115200, "header-uart", "crossed", "retry"},
        {ERR_NO_SYNC, "", "", 0, NULL, false, 115200, "no-lines", "no DTR and RTS", "retry"},

        {ERR_NO_REPLY, "", "", CHIP_ESP32, &cp2102, true, 1500000, "baud-adapter", "1500000",
         "lower-baud"},
        {ERR_NO_REPLY, "", "", CHIP_ESP32, &ch340, true, 921600, "baud-adapter", "ch341 at 921600",
         "lower-baud"},
        {ERR_BAD_REPLY, "", "", CHIP_ESP32, &cp2102, true, 921600, "baud-too-high", "921600",
         "lower-baud"},
        {ERR_NO_REPLY, "", "", CHIP_ESP32, &cp2102, true, 115200, "no-reply", "shorter cable", ""},
        {ERR_STUB_FAILED, "", "", CHIP_ESP32, &cp2102, true, 115200, "stub-failed", "--no-stub",
         "no-stub"},
        {ERR_NO_FLASH, "", "", CHIP_ESP32, &cp2102, true, 115200, "no-flash", "flash pins", ""},
        {ERR_NO_FLASH, "",
         "rst:0x1 (POWERON_RESET),boot:0x23 (DOWNLOAD_BOOT(UART0/UART1/SDIO_REI_REO_V2))\r\n",
         CHIP_ESP32, &cp2102, true, 115200, "flash-voltage", "GPIO12 high", "retry"},
        {ERR_MD5_MISMATCH, "", ESP32_DOWNLOAD, CHIP_ESP32, &cp2102, true, 460800, "md5-mismatch",
         "460800", "lower-baud"},
        {ERR_MD5_MISMATCH, "", "", CHIP_ESP32, &cp2102, true, 115200, "md5-mismatch", "worn", ""},
        {ERR_WRONG_CHIP, "app.bin is an ESP32-C3 image (chip id 5), this chip is ESP32", "",
         CHIP_ESP32, NULL, true, 115200, "wrong-image", "this chip is ESP32", ""},
        {ERR_WRONG_CHIP, "this is an ESP32, not an ESP8266", "", CHIP_ESP32, NULL, true, 115200,
         "wrong-chip", "right chip", ""},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct error error = {.code = rows[i].code};
        struct evidence evidence = {.error = &error,
                                    .boot_log = rows[i].log,
                                    .chip = chip_get(rows[i].chip),
                                    .port = rows[i].port,
                                    .has_lines = rows[i].lines,
                                    .baud = rows[i].baud};
        struct hint hint;
        char all[sizeof hint + 4];
        util_copy(error.text, sizeof error.text, rows[i].text);
        assert_true(hint_find(&evidence, &hint));
        snprintf(all, sizeof all, "%s|%s|%s", hint.cause, hint.evidence, hint.fix);
        if (strcmp(hint.id, rows[i].id) != 0 || strcmp(hint.action, rows[i].action) != 0 ||
            strstr(all, rows[i].part) == NULL)
            fail_msg("row %zu, %s: %s: %s [%s]", i, rows[i].id, hint.id, all, hint.action);
        assert_null(strstr(all, "{}"));
    }
}

static void the_group_is_the_devices_own(void **state)
{
    char path[] = "/tmp/espjig-hint-XXXXXX";
    int fd = mkstemp(path);
    struct error error = {.code = ERR_PORT_FORBIDDEN};
    struct port_info port = {0};
    struct evidence evidence = {.error = &error, .boot_log = "", .port = &port};
    struct hint hint;
    struct stat st;

    (void)state;
    assert_true(fd >= 0);
    util_copy(error.text, sizeof error.text, "it may not be opened");
    util_copy(port.path, sizeof port.path, path);
    fchmod(fd, 0600);
    assert_true(hint_find(&evidence, &hint));
    assert_string_equal(hint.id, "port-forbidden");

    /* As root any group will do; else there may be none but our own. */
    fchmod(fd, 0660);
    const struct group *dialout = getgrnam("dialout");
    if (dialout && fchown(fd, (uid_t)-1, dialout->gr_gid) != 0)
        dialout = NULL;
    assert_int_equal(fstat(fd, &st), 0);
    const struct group *group = getgrgid(st.st_gid);
    assert_true(hint_find(&evidence, &hint));
    if (group && st.st_gid != 0) {
        char fix[80];
        snprintf(fix, sizeof fix, "sudo usermod -aG %s $USER", group->gr_name);
        assert_string_equal(hint.id, "port-group");
        assert_non_null(strstr(hint.fix, fix));
        assert_non_null(strstr(hint.cause, group->gr_name));
    } else {
        assert_string_equal(hint.id, "port-forbidden"); /* never into root's group */
    }
    if (geteuid() == 0) {
        assert_int_equal(fchown(fd, 0, 0), 0);
        assert_true(hint_find(&evidence, &hint));
        assert_string_equal(hint.id, "port-forbidden");
    }
    close(fd);
    unlink(path);
}

static void every_error_has_a_hint(void **state)
{
    struct hint hint;
    struct error none = {0};
    struct evidence evidence = {.error = &none, .boot_log = ""};

    (void)state;
    assert_false(hint_find(&evidence, &hint));
    evidence.error = NULL;
    assert_false(hint_find(&evidence, &hint));
    for (int code = -1; code >= ERR_LAST; code--) {
        static const char *const logs[] = {"", ESP32_BOOT, C3_SPI, "\xff\xfe\xfd\xfc", NULL};
        for (size_t i = 0; i < ARRAY_LEN(logs); i++) {
            struct error error = {.code = (enum err)code};
            evidence = (struct evidence){.error = &error, .boot_log = logs[i]};
            assert_true(hint_find(&evidence, &hint));
            assert_true(hint.id[0] && hint.cause[0] && hint.fix[0]);
            memset(error.text, 'x', sizeof error.text - 1);
            assert_true(hint_find(&evidence, &hint));
            assert_true(strlen(hint.cause) < sizeof hint.cause);
        }
    }
}

static void the_table_is_in_order(void **state)
{
    static const char *const actions[] = {"retry", "no-stub", "lower-baud"};
    struct hint hint;

    (void)state;
    for (size_t i = 0; i < hint_rules_count; i++) {
        const struct rule *r = &hint_rules[i];
        const size_t word = 20; /* what {} may grow to: a group's name */
        bool known = r->action == NULL;
        assert_true(r->id[0] && strlen(r->id) < sizeof hint.id);
        assert_true(strlen(r->cause) + word < sizeof hint.cause);
        assert_true(strlen(r->fix) + 2 * word < sizeof hint.fix);
        assert_true(strlen(error_advice(r->codes[0])) < sizeof hint.fix);
        assert_int_not_equal(r->codes[0], 0);
        assert_int_equal(r->codes[ARRAY_LEN(r->codes) - 1], 0);
        assert_true(r->cause[strlen(r->cause) - 1] != '.');
        assert_true(r->fix[strlen(r->fix) - 1] == '.');
        for (size_t k = 0; k < ARRAY_LEN(actions); k++)
            known = known || strcmp(r->action, actions[k]) == 0;
        assert_true(known);
        /* Variants of one hint stand together; otherwise an id comes once. A rule that always
         * matches must be the last for its code. */
        for (size_t j = 0; j < i; j++) {
            const struct rule *before = &hint_rules[j];
            if (strcmp(before->id, r->id) == 0)
                assert_string_equal(hint_rules[i - 1].id, r->id);
            for (size_t k = 0; before->match == NULL && before->codes[k]; k++)
                assert_true(r->match == NULL || r->codes[0] != before->codes[k]);
        }
    }
    for (int code = -1; code >= ERR_LAST; code--)
        assert_true(strlen(error_advice((enum err)code)) < sizeof hint.fix);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(boot_lines_are_read),
        cmocka_unit_test(banners_name_the_chip),
        cmocka_unit_test(straps_are_named_pin_by_pin),
        cmocka_unit_test(evidence_leads_to_its_rule),
        cmocka_unit_test(the_group_is_the_devices_own),
        cmocka_unit_test(every_error_has_a_hint),
        cmocka_unit_test(the_table_is_in_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
