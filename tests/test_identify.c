/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who the chip is, from registers as real chips have them. Made-up ones by the thousand are
 * compared with esptool's classes in chips_esptool.sh. */
#include "loader/loader.h"

#include "base/util.h"
#include "script_link.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { OP_READ = 0x0A };

/* The registers of the chip on the other end. All others are 0. */
static struct {
    uint32_t address, value;
} registers[16];
static unsigned reads;
static uint32_t read_addresses[64];

static struct script script;
static struct loader loader;
static struct chip_facts facts;
static struct error error;

static void set(uint32_t address, uint32_t value)
{
    size_t i = 0;

    while (registers[i].address != 0 && registers[i].address != address)
        i++;
    registers[i].address = address;
    registers[i].value = value;
}

static void answer(struct script *s, const uint8_t *frame, size_t n)
{
    uint32_t address = le32_get(frame + 8), value = 0;

    assert_int_equal(n, 12);
    assert_int_equal(frame[1], OP_READ);
    for (size_t i = 0; i < ARRAY_LEN(registers); i++) {
        if (registers[i].address == address)
            value = registers[i].value;
    }
    assert_true(reads < ARRAY_LEN(read_addresses));
    read_addresses[reads++] = address;
    script_answer_reply(s, OP_READ, value, NULL, 0, 0, script_status_bytes(&loader));
}

static int setup(void **state)
{
    (void)state;
    script_open(&script);
    script.answer = answer;
    error_clear(&error);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    script_close(&script);
    return 0;
}

/* As after a new connection to a chip whose registers are all 0. */
static void connected(enum chip_id id)
{
    memset(registers, 0, sizeof registers);
    reads = 0;
    loader_init(&loader, &script.link, NULL);
    loader.chip = chip_get(id);
    loader.stage = STAGE_ROM;
}

/* ... and whose security information detection has read. */
static void with_security(uint32_t flags, uint8_t crypt_count)
{
    loader.security_known = true;
    loader.security.flags = flags;
    loader.security.flash_crypt_cnt = crypt_count;
}

static void identified(void)
{
    if (loader_identify(&loader, &facts, &error) < 0)
        fail_msg("%s", error.text);
}

static void set_mac(enum chip_id id, const uint8_t mac[6])
{
    const struct chip *chip = chip_get(id);

    if (id == CHIP_ESP8266) {
        set(chip->mac_word[0], (uint32_t)mac[5] << 24);
        set(chip->mac_word[1], (uint32_t)mac[3] << 8 | mac[4]);
        set(chip->mac_word[2], (uint32_t)mac[0] << 16 | (uint32_t)mac[1] << 8 | mac[2]);
        return;
    }
    set(chip->mac_word[0],
        (uint32_t)mac[2] << 24 | (uint32_t)mac[3] << 16 | (uint32_t)mac[4] << 8 | mac[5]);
    set(chip->mac_word[1], 0xFFFE0000 | (uint32_t)mac[0] << 8 | mac[1]);
}

/* ---- addresses ---- */

/* Expected as ESP-IDF's esp_read_mac() gives them with the default number of addresses. */
static void addresses(void **state)
{
    static const struct {
        enum chip_id chip;
        uint8_t mac[6];
        const char *ap, *bt, *ethernet, *eui64;
    } rows[] = {
        {CHIP_ESP8266, {0x18, 0xFE, 0x34, 1, 2, 0xFF}, "1a:fe:34:01:02:ff", "", "", ""},
        {CHIP_ESP32,
         {0x24, 0x0A, 0xC4, 0, 0x12, 0x34},
         "24:0a:c4:00:12:35",
         "24:0a:c4:00:12:36",
         "24:0a:c4:00:12:37",
         ""},
        /* the last byte has no carry */
        {CHIP_ESP32C3,
         {0x24, 0x0A, 0xC4, 0, 0x12, 0xFE},
         "24:0a:c4:00:12:ff",
         "24:0a:c4:00:12:00",
         "24:0a:c4:00:12:01",
         ""},
        {CHIP_ESP32S2,
         {0x24, 0x0A, 0xC4, 0, 0x12, 0x34},
         "24:0a:c4:00:12:35",
         "",
         "26:0a:c4:00:12:35",
         ""},
        /* those that were burned twice: 0x1D000 is added */
        {CHIP_ESP32S2,
         {0x7C, 0xDF, 0xA1, 0x00, 0x30, 0x00},
         "7c:df:a1:02:00:00",
         "",
         "7e:df:a1:00:30:01",
         ""},
        {CHIP_ESP32S2,
         {0x7C, 0xDF, 0xA1, 0x00, 0x60, 0x00},
         "7c:df:a1:00:60:01",
         "",
         "7e:df:a1:00:60:01",
         ""},
        /* a base that is local already */
        {CHIP_ESP32S2, {0x02, 0, 0, 0, 0, 0}, "02:00:00:00:00:01", "", "06:00:00:00:00:01", ""},
        {CHIP_ESP32C6,
         {0x60, 0x55, 0xF9, 0xF7, 0x2C, 0xA2},
         "60:55:f9:f7:2c:a3",
         "60:55:f9:f7:2c:a4",
         "60:55:f9:f7:2c:a5",
         "60:55:f9:ff:fe:f7:2c:a2"},
        {CHIP_ESP32H2,
         {0x60, 0x55, 0xF9, 0xF7, 0x2C, 0xA2},
         "",
         "60:55:f9:f7:2c:a2",
         "",
         "60:55:f9:ff:fe:f7:2c:a2"},
        {CHIP_ESP32P4, {0x60, 0x55, 0xF9, 0xF7, 0x2C, 0xA2}, "", "", "60:55:f9:f7:2c:a2", ""},
        {CHIP_ESP32C61,
         {0x60, 0x55, 0xF9, 0xF7, 0x2C, 0xA2},
         "60:55:f9:f7:2c:a3",
         "60:55:f9:f7:2c:a4",
         "60:55:f9:f7:2c:a5",
         ""},
        {CHIP_ESP32E22, {0x60, 0x55, 0xF9, 0xF7, 0x2C, 0xA2}, "", "", "", ""},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char mac[24];
        const uint8_t *m = rows[i].mac;
        connected(rows[i].chip);
        set_mac(rows[i].chip, m);
        identified();
        snprintf(mac, sizeof mac, "%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2], m[3], m[4],
                 m[5]);
        assert_string_equal(facts.mac_text, mac);
        assert_memory_equal(facts.mac, m, 6);
        assert_string_equal(facts.mac_ap, rows[i].ap);
        assert_string_equal(facts.mac_bt, rows[i].bt);
        assert_string_equal(facts.mac_ethernet, rows[i].ethernet);
        assert_string_equal(facts.eui64_text, rows[i].eui64);
    }
}

/* ---- names ---- */

static void names(void **state)
{
    static const struct {
        enum chip_id chip;
        struct {
            uint32_t address, value;
        } set[3];
        const char *name, *revision, *feature;
    } rows[] = {
        {CHIP_ESP32,
         {{0x3FF5A00C, 4 << 9 | 1 << 15 | 1 << 0}, {0x3FF5A014, 1 << 20}, {0x3FF6607C, 1u << 31}},
         "ESP32-U4WDH",
         "v3.0",
         "Single Core + LP Core"},
        {CHIP_ESP32S2,
         {{0x3F41A050, 2u << 21 | 1u << 28 | 1u << 18}},
         "ESP32-S2FNR2",
         "v1.0",
         "Embedded Flash 4MB, Embedded PSRAM 2MB, No calibration in BLK2 of efuse"},
        {CHIP_ESP32S3,
         {{0x60007050, 1u << 27 | 2u << 18}, {0x60007054, 3 << 0 | 1 << 3 | 1 << 7}},
         "ESP32-S3 (QFN56)",
         "v0.2",
         "Embedded Flash 8MB (FM), Embedded PSRAM 8MB (AP_3v3)"},
        /* what looks like v1.0 there is v0.0: version 1.1 of its eFuse blocks */
        {CHIP_ESP32S3,
         {{0x60007050, 1u << 24}, {0x60007058, 1u << 24}, {0x6000706C, 1}},
         "ESP32-S3 (QFN56)",
         "v0.0",
         "240MHz"},
        {CHIP_ESP32C6,
         {{0x600B0850, 1u << 24 | 1u << 18}, {0x600B0854, 1}},
         "ESP32-C6FH4 (QFN32)",
         "v0.1",
         "Embedded Flash 4MB"},
        {CHIP_ESP32P4, {{0x5012D04C, 3 << 4 | 1}}, "ESP32-P4", "v3.1", "400MHz"},
        {CHIP_ESP32P4, {{0x5012D04C, 1u << 23 | 1 << 4}}, "ESP32-P4", "v5.0", "400MHz"},
        {CHIP_ESP32C2,
         {{0x60008844, 1u << 22 | 1u << 20 | 2u << 16}},
         "ESP8684H",
         "v1.2",
         "120MHz"},
        {CHIP_ESP32H21, {{0x600B4058, 7u << 11}}, "Unknown ESP32-H21", "v0.0", "96MHz"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        connected(rows[i].chip);
        for (size_t j = 0; j < ARRAY_LEN(rows[i].set) && rows[i].set[j].address; j++)
            set(rows[i].set[j].address, rows[i].set[j].value);
        identified();
        assert_string_equal(facts.name, rows[i].name);
        assert_string_equal(facts.revision, rows[i].revision);
        if (strstr(facts.features, rows[i].feature) == NULL)
            fail_msg("\"%s\" is not in \"%s\"", rows[i].feature, facts.features);
    }
}

/* ---- what it costs ---- */

/* No word is read twice, and not one more than something depends on. */
static void round_trips(void **state)
{
    static const unsigned limits[CHIP_COUNT] = {
        [CHIP_ESP8266] = 5,  [CHIP_ESP32] = 9,    [CHIP_ESP32S2] = 5,  [CHIP_ESP32S3] = 5,
        [CHIP_ESP32C2] = 4,  [CHIP_ESP32C3] = 4,  [CHIP_ESP32C5] = 4,  [CHIP_ESP32C6] = 4,
        [CHIP_ESP32C61] = 3, [CHIP_ESP32H2] = 4,  [CHIP_ESP32H21] = 3, [CHIP_ESP32H4] = 4,
        [CHIP_ESP32P4] = 3,  [CHIP_ESP32S31] = 4, [CHIP_ESP32E22] = 3,
    };

    (void)state;
    for (int id = CHIP_AUTO + 1; id < CHIP_COUNT; id++) {
        connected((enum chip_id)id);
        if (id > CHIP_ESP32)
            with_security(0, 0);
        identified();
        if (reads != limits[id])
            fail_msg("%s: %u round trips instead of %u", loader.chip->key, reads, limits[id]);
        for (unsigned a = 0; a < reads; a++) {
            for (unsigned b = a + 1; b < reads; b++)
                assert_int_not_equal(read_addresses[a], read_addresses[b]);
        }
        /* again: only what depends on the rate */
        unsigned before = reads;
        identified();
        assert_int_equal(reads - before, loader.chip->identity.crystal_mhz == 0);
    }
}

static void crystals(void **state)
{
    static const struct {
        enum chip_id chip;
        uint32_t divider;
        unsigned baud, mhz;
    } rows[] = {
        {CHIP_ESP32, 347, 115200, 40},   {CHIP_ESP32, 226, 115200, 26},
        {CHIP_ESP8266, 451, 115200, 26}, {CHIP_ESP32C2, 226, 115200, 26},
        {CHIP_ESP32C2, 347, 115200, 40}, {CHIP_ESP32C5, 417, 115200, 48},
        {CHIP_ESP32C5, 52, 921600, 48},  {CHIP_ESP32E22, 347, 115200, 40},
        {CHIP_ESP32H2, 0, 115200, 32},   {CHIP_ESP32S3, 0, 115200, 40},
        {CHIP_ESP32, 0, 115200, 0},      {CHIP_ESP32, 0xFFFFF, 115200, 0},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        connected(rows[i].chip);
        script.link.baud = rows[i].baud;
        if (rows[i].divider)
            set(loader.chip->uart_clkdiv, 0xABC00000 | rows[i].divider);
        identified();
        assert_int_equal(facts.crystal_mhz, rows[i].mhz);
    }
}

/* ---- protection, stub, USB ---- */

static void protection(void **state)
{
    (void)state;
    /* by the eFuses, where the chip was not asked */
    connected(CHIP_ESP32C61);
    set(0x600B4830, 1u << 23);
    set(0x600B4834, 1u << 26);
    identified();
    assert_string_equal(facts.security, "secure boot, flash encryption");
    connected(CHIP_ESP32C61);
    set(0x600B4830, 3u << 23);
    identified();
    assert_string_equal(facts.security, "none");

    connected(CHIP_ESP32C6);
    with_security(SECURITY_SECURE_BOOT, 7);
    identified();
    assert_string_equal(facts.security, "secure boot, flash encryption");
}

static void stubs(void **state)
{
    (void)state;
    connected(CHIP_ESP32C2);
    identified();
    assert_false(facts.stub_possible);
    assert_string_equal(facts.stub_reason, "the flasher stub does not know the ESP32-C2 v0.0");
    assert_null(loader_stub_name(&loader));
    connected(CHIP_ESP32C2);
    set(0x60008844, 1u << 20);
    identified();
    assert_true(facts.stub_possible);
    assert_string_equal(loader_stub_name(&loader), "esp32c2");

    connected(CHIP_ESP32C3);
    with_security(SECURITY_SECURE_BOOT, 0);
    identified();
    assert_false(facts.stub_possible);
    assert_string_equal(facts.stub_reason,
                        "the ROM of an ESP32-C3 with secure boot starts no flasher stub");
    connected(CHIP_ESP32S3);
    with_security(SECURITY_SECURE_BOOT, 0);
    identified();
    assert_true(facts.stub_possible);

    connected(CHIP_ESP32H21);
    identified();
    assert_false(facts.stub_possible);
    assert_string_equal(facts.stub_reason, "there is no flasher stub for the ESP32-H21");

    connected(CHIP_ESP32P4);
    set(0x5012D04C, 1 << 4 | 3);
    identified();
    assert_string_equal(loader_stub_name(&loader), "esp32p4-rev1");
    connected(CHIP_ESP32P4);
    set(0x5012D04C, 3 << 4);
    identified();
    assert_string_equal(loader_stub_name(&loader), "esp32p4");
}

static void own_usb(void **state)
{
    (void)state;
    connected(CHIP_ESP32S3);
    script.link.port.vid = 0x303A;
    script.link.port.pid = 0x1001;
    identified();
    assert_string_equal(facts.usb_mode, "USB-Serial/JTAG");
    script.link.port.pid = 0x0009;
    identified();
    assert_string_equal(facts.usb_mode, "USB-OTG");
    assert_true(loader_usb_otg(&loader));
    connected(CHIP_ESP32C3); /* has none: that is another board's converter */
    identified();
    assert_string_equal(facts.usb_mode, "");
    script.link.port.vid = script.link.port.pid = 0;
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(addresses), T(names), T(round_trips), T(crystals), T(protection), T(stubs), T(own_usb),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
