/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Flash: attach, write, MD5, read, erase, and who the chip is, against recorded answers and against
 * a small model of registers. */
#include "loader/loader.h"

#include "base/util.h"
#include "image/deflate.h"
#include "image/digest.h"
#include "loader/command.h"
#include "loader/flash.h"
#include "loader/spi.h"
#include "script_link.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define OK_ROM(op)  "01" op "04000707122000000000"
#define OK_STUB(op) "01" op "0200000000000000"

static struct script script;
static struct loader loader;
static struct error error;

/* ---- a model of registers, of an SPI controller with a flash behind it ---- */

static struct {
    uint32_t address[64], value[64];
    size_t n;
    unsigned reads, writes, entries_max;
    uint8_t flash[0x20000];
    uint8_t id[3];
    bool write_enabled;
    unsigned erased;
    unsigned resets, busy;     /* how often; how many more times the flash is busy */
    uint8_t sfdp_manufacturer; /* at 0x10 */
    uint8_t awake_id[3];       /* of an XMC flash that has to be woken up */
    unsigned wake;             /* how far that got */
    bool waits_after;          /* a delay comes after the write that has it, not before */
    uint32_t now_us, done_us;  /* the SPI controller is done then */
    uint32_t reset_us;         /* and the flash with its reset */
    char opcodes[64];          /* what was run, in order */
} chip;

static uint32_t *reg(uint32_t address)
{
    for (size_t i = 0; i < chip.n; i++) {
        if (chip.address[i] == address)
            return &chip.value[i];
    }
    assert_true(chip.n < ARRAY_LEN(chip.address));
    chip.address[chip.n] = address;
    chip.value[chip.n] = 0;
    return &chip.value[chip.n++];
}

static void flash_command(void)
{
    const struct chip_spi *spi = &loader.chip->spi;
    uint32_t at = *reg(spi->base + 4) >> (spi->address_in_msb ? 8 : 0) & 0xFFFFFF;
    uint32_t bits = spi->mosi_dlen ? *reg(spi->base + spi->miso_dlen) + 1
                                   : (*reg(spi->base + spi->usr1) >> 8 & 0x1FF) + 1;
    uint8_t out[64] = {0};

    assert_int_equal(*reg(spi->base + spi->usr2) >> 28, 7);
    uint8_t opcode = *reg(spi->base + spi->usr2) & 0xFF;
    size_t len = strlen(chip.opcodes);
    snprintf(chip.opcodes + len, sizeof chip.opcodes - len, "%02x ", opcode);
    switch (opcode) {
    case 0x66:
        chip.write_enabled = false;
        return;
    case 0x99:
        chip.resets++;
        return;
    case 0xB9:
        chip.wake = 1;
        return;
    case 0x79:
        chip.wake += chip.wake == 1;
        return;
    case 0xFF:
        chip.wake += chip.wake == 2;
        return;
    case 0xAB:
        if (chip.wake == 3 && chip.awake_id[0])
            memcpy(chip.id, chip.awake_id, 3);
        return;
    case 0x5A:
        assert_true(*reg(spi->base + spi->usr) & 1 << 29);
        assert_int_equal(*reg(spi->base + spi->usr1) & 0xFF, 7);
        assert_int_equal(at, 0x10);
        out[0] = chip.sfdp_manufacturer;
        break;
    case 0x9F:
        assert_int_equal(bits, 24);
        memcpy(out, chip.id, 3);
        break;
    case 0x06:
        chip.write_enabled = true;
        return;
    case 0x05:
        assert_int_equal(bits, 8);
        out[0] = chip.busy > 0;
        chip.busy -= chip.busy > 0;
        break;
    case 0x03:
        assert_true(*reg(spi->base + spi->usr) & 1 << 30);
        assert_int_equal(*reg(spi->base + spi->usr1) >> 26, 23);
        assert_in_range(at + bits / 8, 0, sizeof chip.flash);
        memcpy(out, chip.flash + at, bits / 8);
        break;
    case 0x20:
        assert_true(chip.write_enabled);
        chip.write_enabled = false;
        memset(chip.flash + at, 0xFF, 0x1000);
        chip.erased++;
        return;
    case 0xD8:
        assert_true(chip.write_enabled);
        chip.write_enabled = false;
        memset(chip.flash + at, 0xFF, 0x10000);
        chip.erased += 16;
        return;
    default:
        fail();
    }
    for (size_t i = 0; i < sizeof out; i += 4)
        *reg(spi->base + spi->w0 + (uint32_t)i) = le32_get(out + i);
}

/* The controller must be left alone until it is done: at 1 MHz, slower than any. */
static void write_entry(const uint8_t *entry)
{
    const struct chip_spi *spi = &loader.chip->spi;
    uint32_t address = le32_get(entry), delay = le32_get(entry + 12);

    chip.now_us += chip.waits_after ? 0 : delay;
    if (chip.now_us < chip.done_us)
        fail_msg("0x%08x is written %u us too early", address, chip.done_us - chip.now_us);
    *reg(address) = le32_get(entry + 4);
    if (address == spi->base && *reg(address) & 1 << 18) {
        uint8_t opcode = *reg(spi->base + spi->usr2) & 0xFF;
        if (chip.now_us < chip.reset_us)
            fail_msg("opcode %02x comes %u us too early", opcode, chip.reset_us - chip.now_us);
        chip.done_us = chip.now_us + 8;
        if (*reg(spi->base + spi->usr) & 1 << 28 && spi->miso_dlen)
            chip.done_us += *reg(spi->base + spi->miso_dlen) + 1;
        chip.reset_us = opcode == 0x99 ? chip.done_us + 1000 : 0;
        flash_command();
        *reg(address) = 0;
    }
    chip.now_us += chip.waits_after ? delay : 0;
}

static void answer_registers(struct script *s, const uint8_t *frame, size_t n)
{
    unsigned status_bytes = script_status_bytes(&loader);
    uint32_t value = 0;

    if (frame[1] == OP_READ_REG) {
        value = *reg(le32_get(frame + 8));
        chip.reads++;
    } else if (frame[1] == OP_WRITE_REG) {
        unsigned entries = (unsigned)(n - 8) / 16;
        chip.writes++;
        if (entries > chip.entries_max)
            chip.entries_max = entries;
        for (size_t at = 8; at < n; at += 16)
            write_entry(frame + at);
    }
    script_answer_reply(s, frame[1], value, NULL, 0, 0, status_bytes);
}

static int setup(void **state)
{
    (void)state;
    script_open(&script);
    loader_init(&loader, &script.link, NULL);
    error_clear(&error);
    memset(&chip, 0, sizeof chip);
    return 0;
}

static void as_connected(enum chip_id id, enum loader_stage stage)
{
    loader.chip = chip_get(id);
    loader.stage = stage;
    loader.stub_version = stage == STAGE_STUB ? 2 : 0;
}

static void assert_said(const char *part)
{
    if (strstr(error.text, part) == NULL)
        print_error("\"%s\" is not in \"%s\"\n", part, error.text);
    assert_non_null(strstr(error.text, part));
}

/* ---- who the chip is ---- */

/* As after another connect: the loader knows no word yet. */
static int identify(struct chip_facts *facts)
{
    loader.n_words = 0;
    return loader_identify(&loader, facts, &error);
}

static void identify_esp32(void **state)
{
    struct chip_facts facts;

    (void)state;
    as_connected(CHIP_ESP32, STAGE_ROM);
    script.answer = answer_registers;
    *reg(0x3FF5A000) = 0;
    *reg(0x3FF5A004) = 0xC4001234;
    *reg(0x3FF5A008) = 0x00AB240A;
    *reg(0x3FF5A00C) = 1 << 15 | 1 << 9 | 1 << 13; /* package 1, revision bit 0, 240 MHz */
    *reg(0x3FF5A010) = 5 << 8;
    *reg(0x3FF5A014) = 1 << 20 | 1 << 24;
    *reg(0x3FF6607C) = 0x80000000 | 0x16042000;
    *reg(0x3FF40014) = 347; /* 40 MHz / 115200 */
    assert_int_equal(identify(&facts), 0);
    assert_string_equal(facts.name, "ESP32-D0WD-V3");
    assert_string_equal(facts.revision, "v3.1");
    assert_string_equal(facts.mac_text, "24:0a:c4:00:12:34");
    assert_string_equal(facts.features,
                        "Wi-Fi, BT, Dual Core + LP Core, 240MHz, Vref calibration in "
                        "eFuse, Coding Scheme None");
    assert_int_equal(facts.crystal_mhz, 40);
    assert_string_equal(facts.security, "none");
    assert_string_equal(facts.usb_mode, "");

    *reg(0x3FF40014) = 226;
    *reg(0x3FF5A000) = 1 << 20; /* flash encryption: an odd number of bits */
    *reg(0x3FF5A018) = 1 << 5;  /* secure boot V2 */
    assert_int_equal(identify(&facts), 0);
    assert_int_equal(facts.crystal_mhz, 26);
    assert_string_equal(facts.security, "secure boot, flash encryption");
    *reg(0x3FF5A000) = 3 << 20;
    assert_int_equal(identify(&facts), 0);
    assert_false(facts.flash_encryption);
    script_close(&script);
}

static void identify_esp32c3(void **state)
{
    struct chip_facts facts;

    (void)state;
    as_connected(CHIP_ESP32C3, STAGE_STUB);
    script.answer = answer_registers;
    *reg(0x60008844) = 0x12345678;
    *reg(0x60008848) = 0xFFFF7CDF;
    *reg(0x60008850) = 1 << 27 | 4u << 18; /* 4 MB inside, minor revision 4 */
    *reg(0x60008854) = 1;                  /* XMC */
    assert_int_equal(identify(&facts), 0);
    assert_string_equal(facts.name, "ESP32-C3 (QFN32)");
    assert_string_equal(facts.revision, "v0.4");
    assert_string_equal(facts.mac_text, "7c:df:12:34:56:78");
    assert_string_equal(facts.features,
                        "Wi-Fi, BT 5 (LE), Single Core, 160MHz, Embedded Flash 4MB (XMC)");
    assert_int_equal(facts.crystal_mhz, 40);
    *reg(0x60008838) = 1 << 20;
    *reg(0x60008834) = 1 << 18;
    script.link.port.vid = 0x303A;
    script.link.port.pid = 0x1001;
    assert_int_equal(identify(&facts), 0);
    assert_string_equal(facts.security, "secure boot, flash encryption");
    assert_string_equal(facts.usb_mode, "USB-Serial/JTAG");
    script_close(&script);
}

static void identify_esp8266(void **state)
{
    struct chip_facts facts;

    (void)state;
    as_connected(CHIP_ESP8266, STAGE_ROM);
    script.answer = answer_registers;
    *reg(0x3FF00050) = 0x56000000;
    *reg(0x3FF00054) = 0x00001234;
    *reg(0x60000014) = 451; /* 52 MHz / 115200 */
    assert_int_equal(identify(&facts), 0);
    assert_string_equal(facts.name, "ESP8266EX");
    assert_string_equal(facts.mac_text, "18:fe:34:12:34:56");
    assert_int_equal(facts.crystal_mhz, 26);
    *reg(0x3FF00054) = 0x00011234;
    assert_int_equal(identify(&facts), 0);
    assert_string_equal(facts.mac_text, "ac:d0:74:12:34:56");
    *reg(0x3FF0005C) = 0x005CCF7F;
    *reg(0x3FF00050) |= 1 << 4;
    assert_int_equal(identify(&facts), 0);
    assert_string_equal(facts.mac_text, "5c:cf:7f:12:34:56");
    assert_string_equal(facts.features, "Wi-Fi, 160MHz, Embedded Flash");
    script_close(&script);
}

/* ---- attach ---- */

static void attach_sizes(void **state)
{
    static const struct {
        uint8_t id[3];
        uint64_t size;
    } rows[] = {
        {{0xEF, 0x40, 0x16}, 4 << 20},   {{0xC8, 0x60, 0x17}, 8 << 20},
        {{0x20, 0x40, 0x12}, 256 << 10}, {{0xC2, 0x25, 0x39}, 32 << 20},
        {{0xC2, 0x25, 0x32}, 256 << 10}, {{0x1F, 0x84, 0x01}, 512 << 10},
        {{0x1F, 0x89, 0x01}, 16 << 20},  {{0xC2, 0x25, 0x20}, 64 << 20},
        {{0xEF, 0x40, 0x99}, 0},
    };
    struct flash_facts facts;

    (void)state;
    as_connected(CHIP_ESP32C3, STAGE_STUB);
    script.answer = answer_registers;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        memcpy(chip.id, rows[i].id, 3);
        assert_int_equal(loader_flash_attach(&loader, NULL, 0, &facts, &error), 0);
        assert_true(facts.size == rows[i].size);
        assert_int_equal(facts.manufacturer, rows[i].id[0]);
        assert_int_equal(facts.device, rows[i].id[1] << 8 | rows[i].id[2]);
        uint64_t size = facts.size ? facts.size : 4 << 20; /* not known: it counts as 4 MB */
        assert_true(loader.flash_size == (size < 16 << 20 ? size : 16 << 20));
        assert_int_equal(loader.flash_limit != NULL, facts.size == 0 || facts.size > 16 << 20);
    }
    assert_int_equal(loader_flash_attach(&loader, NULL, 2 << 20, &facts, &error), 0);
    assert_true(facts.size == 2 << 20);
    assert_true(chip.entries_max > 3); /* in few frames */
    script_close(&script);
}

static void attach_no_flash(void **state)
{
    static const uint8_t ids[][3] = {{0xFF, 0xFF, 0xFF}, {0, 0, 0}, {0x3F, 0xFF, 0xFF}};
    struct flash_facts facts;

    (void)state;
    as_connected(CHIP_ESP32, STAGE_ROM);
    script.answer = answer_registers;
    for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
        error_clear(&error);
        memcpy(chip.id, ids[i], 3);
        assert_int_equal(loader_flash_attach(&loader, NULL, 0, &facts, &error), ERR_NO_FLASH);
    }
    script_close(&script);
}

/* In the ESP8266's ROM: FLASH_BEGIN(0, 0) attaches, registers are written one by one, no
 * SPI_SET_PARAMS. */
static unsigned begins, params;

static void answer_esp8266(struct script *s, const uint8_t *frame, size_t n)
{
    begins += frame[1] == OP_FLASH_BEGIN;
    params += frame[1] == OP_SPI_SET_PARAMS || frame[1] == OP_SPI_ATTACH;
    answer_registers(s, frame, n);
}

static void attach_esp8266(void **state)
{
    struct flash_facts facts;

    (void)state;
    begins = params = 0;
    as_connected(CHIP_ESP8266, STAGE_ROM);
    script.answer = answer_esp8266;
    memcpy(chip.id, "\xEF\x40\x16", 3);
    *reg(0x6000021C) = 0x12;
    assert_int_equal(loader_flash_attach(&loader, NULL, 0, &facts, &error), 0);
    assert_true(facts.size == 4 << 20);
    assert_string_equal(facts.vendor, "Winbond");
    assert_int_equal(begins, 1);
    assert_int_equal(params, 0);
    assert_int_equal(chip.entries_max, 1);
    assert_int_equal(*reg(0x6000021C), 0x12); /* put back */
    script_close(&script);
}

static void attach_esp32_pads(void **state)
{
    struct flash_facts facts;

    (void)state;
    as_connected(CHIP_ESP32, STAGE_ROM);
    /* clk 6, q 17, d 8, cs 16, hd 11: ESP32-PICO-D4 */
    script_expect(&script, "000a04000000000014a0f53f");
    script_reply(&script, "010a04002622080000000000");
    script_expect(&script, "000a0400000000000ca0f53f");
    script_reply(&script, "010a0400b000000000000000");
    script_expect(&script, "000d0800000000004684400b00000000");
    script_reply(&script, OK_ROM("0d"));
    script_expect_op(&script, OP_READ_REG);
    script_fail(&script, ERR_PORT_LOST);
    assert_int_equal(loader_flash_attach(&loader, NULL, 0, &facts, &error), ERR_PORT_LOST);
    script_done(&script);
}

/* All of it, with a stub: seven round trips. */
static void attach_is_short(void **state)
{
    struct flash_facts facts;

    (void)state;
    as_connected(CHIP_ESP32C3, STAGE_STUB);
    script.answer = answer_registers;
    memcpy(chip.id, "\xEF\x40\x16", 3);
    *reg(0x60002018) = 0x12;
    *reg(0x60002020) = 0x34;
    assert_int_equal(loader_flash_attach(&loader, NULL, 0, &facts, &error), 0);
    assert_string_equal(chip.opcodes, "66 99 9f 5a ");
    assert_int_equal(chip.resets, 1);
    assert_int_equal(loader.requests, 7);
    assert_int_equal(*reg(0x60002018), 0x12); /* put back */
    assert_int_equal(*reg(0x60002020), 0x34);

    /* an XMC that is as it should be is not asked twice, and nothing is saved twice */
    memcpy(chip.id, "\x20\x40\x16", 3);
    loader.requests = 0;
    assert_int_equal(loader_flash_attach(&loader, NULL, 0, &facts, &error), 0);
    assert_string_equal(facts.vendor, "XMC");
    assert_int_equal(loader.requests, 3);
    script_close(&script);
}

static void attach_wakes_an_xmc(void **state)
{
    struct flash_facts facts;

    (void)state;
    as_connected(CHIP_ESP32, STAGE_ROM);
    script.answer = answer_registers;
    memcpy(chip.id, "\xFF\xFF\xFF", 3);
    memcpy(chip.awake_id, "\x20\x40\x17", 3);
    chip.sfdp_manufacturer = 0x20;
    assert_int_equal(loader_flash_attach(&loader, NULL, 0, &facts, &error), 0);
    assert_string_equal(chip.opcodes, "66 99 9f 5a b9 79 ff ab 9f ");
    assert_true(facts.size == 8 << 20);
    script_close(&script);
}

static void attach_where_it_is(void **state)
{
    struct spi_connection connection;
    struct flash_facts facts;
    struct error own = {0};

    (void)state;
    as_connected(CHIP_ESP32C3, STAGE_STUB);
    assert_int_equal(spi_connection_parse("HSPI", &connection, &error), 0);
    script_expect(&script, "000d04000000000001000000"); /* a stub takes one word */
    script_reply(&script, OK_STUB("0d"));
    script_expect_op(&script, OP_READ_REG);
    script_fail(&script, ERR_PORT_LOST);
    assert_int_equal(loader_flash_attach(&loader, &connection, 0, &facts, &error), ERR_PORT_LOST);

    /* in place of the ESP32's eFuses; esptool: hd << 24 | cs << 18 | d << 12 | q << 6 | clk */
    script_done(&script);
    setup(NULL);
    as_connected(CHIP_ESP32, STAGE_ROM);
    assert_int_equal(spi_connection_parse("6,17,8,11,16", &connection, &error), 0);
    script_expect(&script, "000d0800000000004684400b00000000");
    script_reply(&script, OK_ROM("0d"));
    script_expect_op(&script, OP_READ_REG);
    script_fail(&script, ERR_PORT_LOST);
    assert_int_equal(loader_flash_attach(&loader, &connection, 0, &facts, &error), ERR_PORT_LOST);
    script_done(&script);
    setup(NULL);
    as_connected(CHIP_ESP32, STAGE_ROM);
    assert_int_equal(spi_connection_parse("spi", &connection, &error), 0);
    script_expect(&script, "000d0800000000000000000000000000");
    script_fail(&script, ERR_PORT_LOST);
    assert_int_equal(loader_flash_attach(&loader, &connection, 0, &facts, &error), ERR_PORT_LOST);
    script_done(&script);

    /* pins that this chip has not: nothing is sent */
    setup(NULL);
    static const struct {
        enum chip_id id;
        const char *pins, *said;
    } bad[] = {
        {CHIP_ESP32, "30,1,2,3,4", "no pin 30 for CLK"},
        {CHIP_ESP32, "0,1,2,34,4", "no pin 34 for HD"},
        {CHIP_ESP32S3, "0,1,2,47,4", "HD of the ESP32-S3"},
        {CHIP_ESP32S2, "0,22,2,3,4", "no pin 22 for Q"},
        {CHIP_ESP32C3, "0,1,2,3,22", "no pin 22 for CS"},
        {CHIP_ESP8266, "0,1,2,3,4", "only SPI or HSPI"},
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        as_connected(bad[i].id, STAGE_STUB);
        assert_int_equal(spi_connection_parse(bad[i].pins, &connection, &own), 0);
        assert_int_equal(loader_flash_attach(&loader, &connection, 0, &facts, &error), ERR_USAGE);
        assert_said(bad[i].said);
        error_clear(&error);
    }
    as_connected(CHIP_ESP8266, STAGE_ROM);
    assert_int_equal(spi_connection_parse("HSPI", &connection, &own), 0);
    assert_int_equal(loader_flash_attach(&loader, &connection, 0, &facts, &error),
                     ERR_NOT_POSSIBLE);
    script_done(&script);
}

static void connection_words(void **state)
{
    static const char *const bad[] = {"",          "spi2",       "1,2,3,4",    "1,2,3,4,5,6",
                                      "1,2,3,4,x", "1,2,3,4,64", "1,2,3,4,-1", "1,2,3,4,1",
                                      "1,2,,4,5"};
    struct spi_connection connection;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        error_clear(&error);
        assert_int_equal(spi_connection_parse(bad[i], &connection, &error), ERR_USAGE);
    }
    assert_int_equal(spi_connection_parse("SPI", &connection, &error), 0);
    assert_true(connection.given);
    assert_int_equal(connection.value, 0);
    script_close(&script);
}

static void attach_above_16mb(void **state)
{
    struct chip wide = *chip_get(CHIP_ESP32S3);
    struct flash_facts facts;

    (void)state;
    script.answer = answer_registers;
    memcpy(chip.id, "\xEF\x40\x19", 3);
    wide.flash_32bit = true;
    as_connected(CHIP_ESP32S3, STAGE_STUB);
    loader.chip = &wide;
    assert_int_equal(loader_flash_attach(&loader, NULL, 0, &facts, &error), 0);
    assert_true(loader.flash_size == 32 << 20);
    assert_int_equal(flash_check_range(&loader, 0x1FF0000, 0x10000, &error), 0);
    assert_int_equal(flash_check_range(&loader, 0x1FF0000, 0x10001, &error), ERR_TOO_BIG);
    error_clear(&error);

    loader.stage = STAGE_ROM;
    loader.chip = &wide;
    assert_int_equal(loader_flash_attach(&loader, NULL, 0, &facts, &error), 0);
    assert_true(facts.size == 32 << 20); /* that is what it has */
    assert_true(loader.flash_size == 16 << 20);
    assert_int_equal(flash_check_range(&loader, 0xFFF000, 0x1001, &error), ERR_TOO_BIG);
    assert_said("only the first 16 MB of the flash can be reached by the ROM");
    error_clear(&error);

    wide.flash_32bit = false;
    loader.stage = STAGE_STUB;
    assert_int_equal(loader_flash_attach(&loader, NULL, 0, &facts, &error), 0);
    assert_true(loader.flash_size == 16 << 20);
    script_close(&script);
}

/* In Secure Download Mode no register may be touched. */
static void attach_secured(void **state)
{
    struct flash_facts facts;

    (void)state;
    as_connected(CHIP_ESP32C3, STAGE_ROM);
    loader.secure_download = true;
    script_expect(&script, "000d0800000000000000000000000000");
    script_reply(&script, OK_ROM("0d"));
    assert_int_equal(loader_flash_attach(&loader, NULL, 0, &facts, &error), 0);
    assert_true(facts.size == 0);
    assert_int_equal(flash_check_range(&loader, 0x1F0000, 0x10000, &error), 0);
    assert_int_equal(flash_check_range(&loader, 0x1F0000, 0x10001, &error), ERR_TOO_BIG);
    assert_said("--flash-size");
    error_clear(&error);

    script_expect(&script, "000d0800000000000000000000000000");
    script_reply(&script, OK_ROM("0d"));
    script_expect(&script, "000b180000000000000000000000800000000100001000000001"
                           "0000ffff0000");
    script_reply(&script, OK_ROM("0b"));
    assert_int_equal(loader_flash_attach(&loader, NULL, 8 << 20, &facts, &error), 0);
    assert_true(facts.size == 8 << 20);
    assert_int_equal(flash_check_range(&loader, 0x7F0000, 0x10000, &error), 0);
    script_done(&script);
}

/* Nobody knows of every ROM whether a delay comes before or after the write that has it. */
static void attach_waits_either_way(void **state)
{
    static const enum chip_id ids[] = {CHIP_ESP32, CHIP_ESP32C3, CHIP_ESP8266};
    struct flash_facts facts;

    (void)state;
    for (size_t i = 0; i < 2 * ARRAY_LEN(ids); i++) {
        as_connected(ids[i / 2], STAGE_STUB);
        script.answer = answer_registers;
        memset(&chip, 0, sizeof chip);
        memcpy(chip.id, "\xEF\x40\x16", 3);
        chip.waits_after = i % 2;
        assert_int_equal(loader_flash_attach(&loader, NULL, 0, &facts, &error), 0);
        assert_string_equal(chip.opcodes, "66 99 9f 5a ");
    }
    script_close(&script);
}

/* A command with everything: 32 address bits, dummy cycles, bytes out, bytes in. */
static void spi_command_in_full(void **state)
{
    static const uint8_t out[5] = {1, 2, 3, 4, 5};
    struct spi_command command = {.opcode = 0x12,
                                  .address_bits = 32,
                                  .address = 0x01234567,
                                  .dummy_bits = 8,
                                  .write = out,
                                  .write_n = 5,
                                  .pause_us = 300};

    (void)state;
    as_connected(CHIP_ESP32, STAGE_STUB);
    loader.spi_saved = true;
    loader.spi_usr = 0xAAAA;
    loader.spi_usr2 = 0xBBBB;
    script_expect(&script, "0009 a000 00000000"
                           "0420f43f 67452301 ffffffff 2c010000" /* address, after the pause */
                           "2820f43f 27000000 ffffffff 00000000" /* 40 bits out */
                           "8020f43f 01020304 ffffffff 00000000"
                           "8420f43f 05000000 ffffffff 00000000"
                           "2020f43f 0700007c ffffffff 00000000" /* lengths */
                           "1c20f43f 000000e8 ffffffff 00000000"
                           "2420f43f 12000070 ffffffff 00000000"
                           "0020f43f 00000400 ffffffff 6c000000"
                           "1c20f43f aaaa0000 ffffffff 6c000000" /* put back, once it is done */
                           "2420f43f bbbb0000 ffffffff 00000000");
    script_reply(&script, OK_STUB("09"));
    assert_int_equal(spi_run(&loader, &command, NULL, &error), 0);
    script_done(&script);
}

/* ---- write ---- */

static uint8_t image[0x9000];

/* Bytes that hardly compress: the stream has several blocks. */
static struct region make_region(uint32_t address, size_t size, bool deflate)
{
    struct region region = {.path = (char *)"app.bin", .address = address, .data = image};
    uint32_t x = 1;

    for (size_t i = 0; i < sizeof image; i++) {
        x = x * 1664525 + 1013904223;
        image[i] = (uint8_t)(x >> 24);
    }
    region.size = region.file_size = size;
    if (deflate)
        assert_int_equal(deflate_all(image, size, &region.deflated, &region.deflated_size), 0);
    return region;
}

static void expect_block(int op, const uint8_t *bytes, uint32_t n, uint32_t number)
{
    uint8_t fields[16];

    script_expect_request(&script, op, fields, WORDS(fields, n, number, 0, 0), bytes, n);
}

static struct {
    unsigned calls;
    uint64_t done, total, wire;
} seen;

static void progress_take(void *context, uint64_t done, uint64_t total, uint64_t wire)
{
    (void)context;
    assert_true(done >= seen.done || seen.calls == 0);
    assert_true(done <= total);
    seen.calls++;
    seen.done = done;
    seen.total = total;
    seen.wire = wire;
}

static const struct loader_progress progress = {.put = progress_take};

static void write_rom_raw(void **state)
{
    struct region region = make_region(0x20000, 0x900, false);
    uint8_t last[0x400];

    (void)state;
    memset(&seen, 0, sizeof seen);
    as_connected(CHIP_ESP32, STAGE_ROM);
    memset(last, 0xFF, sizeof last);
    memcpy(last, image + 0x800, 0x100);
    script_expect(&script, "000210000000000000090000030000000004000000000200");
    script_reply(&script, OK_ROM("02"));
    expect_block(OP_FLASH_DATA, image, 0x400, 0);
    script_reply(&script, OK_ROM("03"));
    expect_block(OP_FLASH_DATA, image + 0x400, 0x400, 1);
    script_reply(&script, OK_ROM("03"));
    expect_block(OP_FLASH_DATA, last, 0x400, 2);
    script_reply(&script, "010304000707122000003735"); /* leftovers */
    assert_int_equal(loader_flash_write(&loader, &region, &progress, &error), 0);
    assert_int_equal(seen.calls, 4);
    assert_int_equal(seen.done, 0x900);
    assert_int_equal(seen.total, 0x900);
    assert_true(seen.wire > 3 * 0x400);
    script_done(&script);
}

static void write_c3_rom_has_five_words(void **state)
{
    struct region region = make_region(0x20000, 0x800, false);

    (void)state;
    as_connected(CHIP_ESP32C3, STAGE_ROM);
    script_expect(&script, "00021400000000000008000002000000000400000000020000000000");
    script_reply(&script, OK_ROM("02"));
    for (uint32_t i = 0; i < 2; i++) {
        expect_block(OP_FLASH_DATA, image + i * 0x400, 0x400, i);
        script_reply(&script, OK_ROM("03"));
    }
    assert_int_equal(loader_flash_write(&loader, &region, NULL, &error), 0);
    script_done(&script);
}

/* ---- encrypted by the chip: the fifth word, in ROMs that have one and in stubs ---- */

static void write_encrypted_rom(void **state)
{
    struct region region = make_region(0x20000, 0x7F0, false);
    uint8_t last[0x400];

    (void)state;
    region.encrypted = ENCRYPT_ALWAYS;
    as_connected(CHIP_ESP32C3, STAGE_ROM);
    memset(last, 0xFF, sizeof last);
    memcpy(last, image + 0x400, 0x3F0);
    script_expect(&script, "00021400000000 00f007000002000000000400000000020001000000");
    script_reply(&script, OK_ROM("02"));
    expect_block(OP_FLASH_DATA, image, 0x400, 0);
    script_reply(&script, OK_ROM("03"));
    expect_block(OP_FLASH_DATA, last, 0x400, 1);
    script_reply(&script, OK_ROM("03"));
    assert_int_equal(loader_flash_write(&loader, &region, NULL, &error), 0);
    script_done(&script);
}

static void encrypted_to_stub(bool deflate)
{
    struct region region = make_region(0x30000, 0x720, deflate);
    uint8_t fields[20];
    uint32_t n = deflate ? (uint32_t)region.deflated_size : 0x720;

    region.encrypted = ENCRYPT_ALWAYS;
    as_connected(CHIP_ESP32, STAGE_STUB);
    script_expect_request(&script, deflate ? OP_DEFL_BEGIN : OP_FLASH_BEGIN, fields,
                          WORDS(fields, 0x720, 1, 0x4000, 0x30000, 1), NULL, 0);
    script_reply(&script, deflate ? OK_STUB("10") : OK_STUB("02"));
    expect_block(deflate ? OP_DEFL_DATA : OP_FLASH_DATA, deflate ? region.deflated : image, n, 0);
    script_reply(&script, deflate ? OK_STUB("11") : OK_STUB("03"));
    script_expect_request(&script, deflate ? OP_DEFL_END : OP_FLASH_END, fields, WORDS(fields, 1),
                          NULL, 0);
    script_reply(&script, deflate ? OK_STUB("12") : OK_STUB("04"));
    assert_int_equal(loader_flash_write(&loader, &region, NULL, &error), 0);
    script_done(&script);
    free(region.deflated);
}

static void write_encrypted_stub(void **state)
{
    (void)state;
    encrypted_to_stub(false);
}

static void write_encrypted_stub_deflated(void **state)
{
    (void)state;
    encrypted_to_stub(true);
}

/* Never sent as it is instead, whoever asks: the script expects nothing. */
static void write_encrypted_refuses(void **state)
{
    static const struct {
        enum chip_id chip;
        enum loader_stage stage;
        uint32_t address, size;
        enum err code;
        const char *text;
    } rows[] = {
        {CHIP_ESP32, STAGE_ROM, 0x10000, 0x400, ERR_NOT_POSSIBLE, "ESP32 can't encrypt"},
        {CHIP_ESP8266, STAGE_STUB, 0x10000, 0x400, ERR_BAD_ADDRESS, "ESP8266"},
        {CHIP_ESP32, STAGE_STUB, 0x10000, 0x410, ERR_BAD_ADDRESS, "0x410 bytes at 0x00010000"},
        {CHIP_ESP32C3, STAGE_STUB, 0x10000, 0x408, ERR_BAD_ADDRESS, "0x408 bytes at 0x00010000"},
        {CHIP_ESP32C3, STAGE_STUB, 0x10010, 0x400, ERR_BAD_ADDRESS, "0x00010010"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct region region = make_region(rows[i].address, rows[i].size, false);
        region.encrypted = ENCRYPT_ALWAYS;
        as_connected(rows[i].chip, rows[i].stage);
        error_clear(&error);
        assert_int_equal(loader_flash_write(&loader, &region, NULL, &error), rows[i].code);
        assert_said(rows[i].text);
    }
}

static void write_rom_deflated(void **state)
{
    struct region region = make_region(0x30000, 0x704, true);
    uint8_t fields[16];
    uint32_t n = (uint32_t)region.deflated_size;

    (void)state;
    as_connected(CHIP_ESP32, STAGE_ROM);
    assert_in_range(n, 0x401, 0x800);
    /* first word rounded up to the block size */
    script_expect_request(&script, OP_DEFL_BEGIN, fields, WORDS(fields, 0x800, 2, 0x400, 0x30000),
                          NULL, 0);
    script_reply(&script, OK_ROM("10"));
    expect_block(OP_DEFL_DATA, region.deflated, 0x400, 0);
    script_reply(&script, OK_ROM("11"));
    expect_block(OP_DEFL_DATA, region.deflated + 0x400, n - 0x400, 1);
    script_reply(&script, OK_ROM("11"));
    assert_int_equal(loader_flash_write(&loader, &region, NULL, &error), 0);
    script_done(&script);
    free(region.deflated);
}

/* Begin and the first block of a compressed write to the stub, both taken. */
static struct region begin_stub_write(void)
{
    struct region region = make_region(0x10000, 0x9000, true);
    uint8_t fields[16];

    as_connected(CHIP_ESP32C3, STAGE_STUB);
    assert_in_range(region.deflated_size, 0x8001, 0xC000); /* three blocks */
    script_expect_request(&script, OP_DEFL_BEGIN, fields, WORDS(fields, 0x9000, 3, 0x4000, 0x10000),
                          NULL, 0);
    script_reply(&script, OK_STUB("10"));
    expect_block(OP_DEFL_DATA, region.deflated, 0x4000, 0);
    script_reply(&script, OK_STUB("11"));
    return region;
}

static void expect_rest(const struct region *region)
{
    expect_block(OP_DEFL_DATA, region->deflated + 0x4000, 0x4000, 1);
    script_reply(&script, OK_STUB("11"));
    expect_block(OP_DEFL_DATA, region->deflated + 0x8000, (uint32_t)region->deflated_size - 0x8000,
                 2);
    script_reply(&script, OK_STUB("11"));
}

static void write_stub_deflated(void **state)
{
    struct region region = begin_stub_write();

    (void)state;
    memset(&seen, 0, sizeof seen);
    expect_rest(&region);
    script_expect(&script, "001204000000000001000000"); /* flushes the last block's error */
    script_reply(&script, OK_STUB("12"));
    assert_int_equal(loader_flash_write(&loader, &region, &progress, &error), 0);
    assert_int_equal(seen.done, 0x9000);
    script_done(&script);
    free(region.deflated);
}

static struct region with_frames(struct region region, struct buffer *bytes,
                                 struct wire_block **blocks)
{
    size_t n;

    buffer_append(bytes, "xyz", 3); /* of another image */
    assert_int_equal(
        loader_frames_build(region.deflated, region.deflated_size, bytes, blocks, &n, &error), 0);
    assert_int_equal(n, 3);
    region.frames = (struct wire_frames){.bytes = bytes->data, .blocks = *blocks, .n = n};
    return region;
}

/* Frames that lie ready are what the loader would have sent, byte for byte; they can be sent again,
 * and their bytes add up. */
static void write_from_frames(void **state)
{
    struct buffer bytes = {0};
    struct wire_block *blocks;
    uint8_t junk[32] = {0x78, 0xDA, 0xFF, 0xFF};

    (void)state;
    struct region region = with_frames(make_region(0x10000, 0x9000, true), &bytes, &blocks);
    assert_int_equal(blocks[0].offset, 3);
    assert_int_equal(blocks[0].out + blocks[1].out + blocks[2].out, 0x9000);
    free(region.deflated);
    struct region again = begin_stub_write();
    again.frames = region.frames;
    expect_block(OP_DEFL_DATA, again.deflated + 0x4000, 0x4000, 1);
    script_reply(&script, "0111020000000000c100");
    expect_rest(&again);
    script_expect_op(&script, OP_DEFL_END);
    script_reply(&script, OK_STUB("12"));
    memset(&seen, 0, sizeof seen);
    assert_int_equal(loader_flash_write(&loader, &again, &progress, &error), 0);
    assert_int_equal(seen.done, 0x9000);
    assert_int_equal(script.frames, 6); /* one write each: begin, three, one again, end */
    script_done(&script);

    /* a stream that does not fit the region is not sent */
    setup(NULL);
    as_connected(CHIP_ESP32C3, STAGE_STUB);
    again.size = 0x1000;
    script_expect_op(&script, OP_DEFL_BEGIN);
    script_reply(&script, OK_STUB("10"));
    assert_int_equal(loader_flash_write(&loader, &again, NULL, &error), ERR_INTERNAL);
    size_t n, len = bytes.len;
    struct wire_block *none;
    error_clear(&error);
    assert_int_equal(loader_frames_build(junk, sizeof junk, &bytes, &none, &n, &error),
                     ERR_INTERNAL);
    assert_int_equal(bytes.len, len);
    script_done(&script);
    free(again.deflated);
    free(blocks);
    buffer_done(&bytes);
}

/* On the chip's own USB-OTG blocks are small: those frames do not fit, and are not used. */
static void write_on_usb_otg(void **state)
{
    struct region region = make_region(0x10000, 0x1000, true);
    struct buffer bytes = {0};
    struct wire_block *blocks;
    size_t n;
    uint8_t fields[16];
    struct chip otg = *chip_get(CHIP_ESP32S3);

    (void)state;
    as_connected(CHIP_ESP32S3, STAGE_STUB);
    otg.usb_otg_pid = 9;
    loader.chip = &otg;
    script.link.port.vid = 0x303A;
    script.link.port.pid = 9;
    assert_int_equal(
        loader_frames_build(region.deflated, region.deflated_size, &bytes, &blocks, &n, &error), 0);
    region.frames = (struct wire_frames){.bytes = bytes.data, .blocks = blocks, .n = n};
    uint32_t size = (uint32_t)region.deflated_size, whole = (size + 0x7FF) / 0x800;
    script_expect_request(&script, OP_DEFL_BEGIN, fields,
                          WORDS(fields, 0x1000, whole, 0x800, 0x10000), NULL, 0);
    script_reply(&script, OK_STUB("10"));
    for (uint32_t i = 0; i < whole; i++) {
        uint32_t left = size - i * 0x800;
        expect_block(OP_DEFL_DATA, region.deflated + i * 0x800, left < 0x800 ? left : 0x800, i);
        script_reply(&script, OK_STUB("11"));
    }
    script_expect_op(&script, OP_DEFL_END);
    script_reply(&script, OK_STUB("12"));
    assert_int_equal(loader_flash_write(&loader, &region, NULL, &error), 0);
    script_done(&script);
    free(region.deflated);
    free(blocks);
    buffer_done(&bytes);
}

/* ---- the proof of the first block ---- */

static struct {
    unsigned md5s, after, blocks, polls;
    uint32_t address, size;
    bool wrong;
} proof;

static void answer_proof(struct script *s, const uint8_t *frame, size_t n)
{
    uint8_t digest[16];

    proof.blocks += frame[1] == OP_DEFL_DATA || frame[1] == OP_FLASH_DATA;
    if (frame[1] != OP_FLASH_MD5) {
        answer_registers(s, frame, n);
        return;
    }
    proof.md5s++;
    proof.after = proof.blocks;
    proof.address = le32_get(frame + 8);
    proof.size = le32_get(frame + 12);
    assert_int_equal(chip.busy, 0); /* it must not be asked while something is being erased */
    digest_md5(image, proof.size, digest);
    digest[15] ^= proof.wrong;
    script_answer_reply(s, frame[1], 0, digest, 16, 0, 2);
}

static int prove_with(struct region *region, bool wrong)
{
    memset(&proof, 0, sizeof proof);
    as_connected(CHIP_ESP32C3, STAGE_STUB);
    script.answer = answer_proof;
    chip.busy = 3;
    proof.wrong = wrong;
    loader.prove_block = true;
    error_clear(&error);
    int rc = loader_flash_write(&loader, region, NULL, &error);
    assert_false(loader.prove_block);
    return rc;
}

static void write_proves_its_first_block(void **state)
{
    struct region plain = make_region(0x10000, 0x9000, false);
    static uint8_t big[0x40000];
    struct region packed = {.path = (char *)"a", .address = 0x10000, .data = big};

    (void)state;
    assert_int_equal(prove_with(&plain, false), 0);
    assert_int_equal(proof.md5s, 1);
    assert_int_equal(proof.after, 1);
    assert_int_equal(proof.size, 0x4000);
    assert_int_equal(proof.address, 0x10000);
    assert_int_equal(prove_with(&plain, true), ERR_MD5_MISMATCH);
    assert_int_equal(proof.blocks, 1); /* not one more */
    script_close(&script);

    /* Unpacked, only whole 32 KiB are written for certain: three blocks of random bytes. */
    setup(NULL);
    packed = make_region(0x10000, 0x9000, true);
    assert_int_equal(prove_with(&packed, false), 0);
    assert_int_equal(proof.md5s, 0); /* before the last block nothing was: see the whole's MD5 */
    free(packed.deflated);
    script_close(&script);

    setup(NULL);
    uint32_t x = 7;
    for (size_t i = 0; i < sizeof big; i++) {
        x = x * 1664525 + 1013904223;
        big[i] = i % 4 ? (uint8_t)(i / 512) : (uint8_t)(x >> 24);
    }
    packed = (struct region){.path = (char *)"a", .address = 0x10000, .data = big};
    packed.size = packed.file_size = sizeof big;
    assert_int_equal(deflate_all(big, sizeof big, &packed.deflated, &packed.deflated_size), 0);
    assert_true(packed.deflated_size > 0x8000);
    proof.wrong = false;
    prove_with(&packed, false); /* its MD5 is taken of `image`: only what was asked matters */
    assert_int_equal(proof.md5s, 1);
    assert_int_equal(proof.size % 0x8000, 0);
    assert_true(proof.size > 0);
    assert_int_equal(proof.after, 1);
    free(packed.deflated);
    script_close(&script);
}

static void write_stub_raw(void **state)
{
    struct region region = make_region(0x10000, 0x4100, false);
    uint8_t fields[16], padded[0x4000];

    (void)state;
    as_connected(CHIP_ESP32, STAGE_STUB);
    script_expect_request(&script, OP_FLASH_BEGIN, fields,
                          WORDS(fields, 0x4100, 2, 0x4000, 0x10000), NULL, 0);
    script_reply(&script, OK_STUB("02"));
    expect_block(OP_FLASH_DATA, image, 0x4000, 0);
    script_reply(&script, OK_STUB("03"));
    expect_block(OP_FLASH_DATA, image + 0x4000, 0x100, 1);
    script_reply(&script, OK_STUB("03"));
    script_expect(&script, "000404000000000001000000");
    script_reply(&script, OK_STUB("04"));
    assert_int_equal(loader_flash_write(&loader, &region, NULL, &error), 0);

    /* the old stub wants whole blocks */
    loader.stub_version = 1;
    memset(padded, 0xFF, sizeof padded);
    memcpy(padded, image, 0x100);
    region.size = 0x100;
    script_expect_op(&script, OP_FLASH_BEGIN);
    script_reply(&script, OK_STUB("02"));
    expect_block(OP_FLASH_DATA, padded, 0x4000, 0);
    script_reply(&script, OK_STUB("03"));
    script_expect_op(&script, OP_FLASH_END);
    script_reply(&script, OK_STUB("04"));
    assert_int_equal(loader_flash_write(&loader, &region, NULL, &error), 0);
    script_done(&script);
}

static void write_resends_after_c1_only(void **state)
{
    struct region region = begin_stub_write();

    (void)state;
    expect_block(OP_DEFL_DATA, region.deflated + 0x4000, 0x4000, 1);
    script_reply(&script, "0111020000000000c100");
    expect_rest(&region);
    script_expect_op(&script, OP_DEFL_END);
    script_reply(&script, OK_STUB("12"));
    assert_int_equal(loader_flash_write(&loader, &region, NULL, &error), 0);
    script_done(&script);
    free(region.deflated);

    /* not for ever */
    setup(NULL);
    region = begin_stub_write();
    for (int i = 0; i < 3; i++) {
        expect_block(OP_DEFL_DATA, region.deflated + 0x4000, 0x4000, 1);
        script_reply(&script, "0111020000000000c100");
    }
    assert_int_equal(loader_flash_write(&loader, &region, NULL, &error), ERR_CHIP_REFUSED);
    assert_said("wrong checksum");
    script_done(&script);
    free(region.deflated);
}

static void write_never_resends_after_a_timeout(void **state)
{
    struct region region = begin_stub_write();

    (void)state;
    expect_block(OP_DEFL_DATA, region.deflated + 0x4000, 0x4000, 1);
    /* silence; another write would fail the test */
    int64_t start = script_clock_us();
    assert_int_equal(loader_flash_write(&loader, &region, NULL, &error), ERR_NO_REPLY);
    assert_said("FLASH_DEFL_DATA at 0x0001");
    /* the block before stands for 16 KiB and may need 128 KiB erased: 5.9 s, 1.4 s on the wire */
    assert_in_range(script_clock_us() - start, 7000000, 9000000);
    script_done(&script);
    free(region.deflated);
}

static void write_never_resends_in_the_rom(void **state)
{
    struct region region = make_region(0x20000, 0x800, false);

    (void)state;
    as_connected(CHIP_ESP32, STAGE_ROM);
    script_expect_op(&script, OP_FLASH_BEGIN);
    script_reply(&script, OK_ROM("02"));
    expect_block(OP_FLASH_DATA, image, 0x400, 0);
    script_reply(&script, "010304000707122001070000"); /* wrong checksum */
    assert_int_equal(loader_flash_write(&loader, &region, NULL, &error), ERR_CHIP_REFUSED);
    assert_string_equal(error.text,
                        "FLASH_DATA at 0x00020000: the ROM answered 01 07 (wrong checksum)");
    script_done(&script);
}

static void write_finds_the_late_error(void **state)
{
    struct region region = begin_stub_write();

    (void)state;
    expect_block(OP_DEFL_DATA, region.deflated + 0x4000, 0x4000, 1);
    script_reply(&script, "0111020000000000c400");
    assert_int_equal(loader_flash_write(&loader, &region, NULL, &error), ERR_CHIP_REFUSED);
    assert_said("the block that ends at 0x0001");
    assert_said("was not written");
    script_done(&script);
    free(region.deflated);

    /* of the last block: only the END tells */
    setup(NULL);
    region = begin_stub_write();
    expect_rest(&region);
    script_expect_op(&script, OP_DEFL_END);
    script_reply(&script, "0112020000000000c700");
    assert_int_equal(loader_flash_write(&loader, &region, NULL, &error), ERR_CHIP_REFUSED);
    assert_said("the block that ends at 0x00019000 was not written");
    assert_said("compressed data is damaged");
    script_done(&script);
    free(region.deflated);
}

static void write_loses_the_port(void **state)
{
    struct region region = begin_stub_write();

    (void)state;
    script_fail(&script, ERR_PORT_LOST);
    assert_int_equal(loader_flash_write(&loader, &region, NULL, &error), ERR_PORT_LOST);
    script_done(&script);
    free(region.deflated);

    setup(NULL);
    region = begin_stub_write();
    expect_block(OP_DEFL_DATA, region.deflated + 0x4000, 0x4000, 1);
    script_fail(&script, ERR_PORT_LOST);
    assert_int_equal(loader_flash_write(&loader, &region, NULL, &error), ERR_PORT_LOST);
    assert_said("it is gone");
    script_done(&script);
    free(region.deflated);
}

static void write_is_cancelled(void **state)
{
    struct region region = begin_stub_write();

    (void)state;
    script.cancel_at_us = script_clock_us() + 2500000;
    expect_block(OP_DEFL_DATA, region.deflated + 0x4000, 0x4000, 1);
    assert_int_equal(loader_flash_write(&loader, &region, NULL, &error), ERR_CANCELLED);
    assert_in_range(script_clock_us(), 3400000, 3600000);
    script_done(&script);
    free(region.deflated);
}

static void cancel_in_progress(void *context, uint64_t done, uint64_t total, uint64_t wire)
{
    (void)context, (void)total, (void)wire;
    if (done > 0)
        script_cancel(&script);
}

static void write_is_cancelled_between_blocks(void **state)
{
    struct region region = begin_stub_write();
    struct loader_progress cancels = {.put = cancel_in_progress};

    (void)state;
    assert_int_equal(loader_flash_write(&loader, &region, &cancels, &error), ERR_CANCELLED);
    script_done(&script);
    free(region.deflated);
}

static void write_refuses(void **state)
{
    struct region region = make_region(0x3F8000, 0x9000, false);

    (void)state;
    as_connected(CHIP_ESP32, STAGE_STUB);
    loader.flash_size = 4 << 20;
    assert_int_equal(loader_flash_write(&loader, &region, NULL, &error), ERR_TOO_BIG);
    error_clear(&error);
    region.address = 0x1002;
    assert_int_equal(loader_flash_write(&loader, &region, NULL, &error), ERR_BAD_ADDRESS);
    script_done(&script);
}

/* A stream that is longer than the image would hang the stub: it must not even be sent. */
static void write_checks_the_stream(void **state)
{
    struct region region = begin_stub_write();

    (void)state;
    script_close(&script);
    setup(NULL);
    as_connected(CHIP_ESP32C3, STAGE_STUB);
    region.size = 0x2000;
    script_expect_op(&script, OP_DEFL_BEGIN);
    script_reply(&script, OK_STUB("10"));
    assert_int_equal(loader_flash_write(&loader, &region, NULL, &error), ERR_INTERNAL);
    script_done(&script);
    free(region.deflated);
}

/* An image that starts inside a sector: what is in front of it is written, too. */
static void write_keeps_the_front(void **state)
{
    struct region region = make_region(0x10040, 0x100, false);
    uint8_t fields[16], front[0x40], block[0x400];

    (void)state;
    memset(&seen, 0, sizeof seen);
    as_connected(CHIP_ESP32, STAGE_ROM);
    memset(front, 0x5A, sizeof front);
    memset(block, 0xFF, sizeof block);
    memcpy(block, front, 0x40);
    memcpy(block + 0x40, image, 0x100);
    assert_int_equal(loader_flash_write(&loader, &region, NULL, &error), ERR_INTERNAL);
    error_clear(&error);
    region.front = front;
    script_expect_request(&script, OP_FLASH_BEGIN, fields, WORDS(fields, 0x140, 1, 0x400, 0x10000),
                          NULL, 0);
    script_reply(&script, OK_ROM("02"));
    expect_block(OP_FLASH_DATA, block, 0x400, 0);
    script_reply(&script, OK_ROM("03"));
    if (loader_flash_write(&loader, &region, &progress, &error) != 0)
        fail_msg("%s", error.text);
    assert_int_equal(seen.done, 0x100);
    assert_int_equal(seen.total, 0x100);
    script_done(&script);
}

/* Whatever is asked for, the ROM must erase what is written and not a sector more. */
static void esp8266_erases_exactly(void **state)
{
    (void)state;
    for (uint32_t first = 0; first < 16; first++) {
        for (uint32_t n = 1; n <= 256; n++) {
            bool missing;
            uint32_t asked = flash_esp8266_erase_sectors(first, n, &missing);
            uint32_t head = 16 - first % 16;
            uint32_t erased = (asked < head ? asked : head) + asked;
            assert_int_equal(erased + missing, n);
        }
    }
    script_close(&script);
}

/* Three sectors: the ROM is asked for one (and erases two), the third is erased by the flash's own
 * command, before FLASH_BEGIN. */
static unsigned data_blocks;

static void answer_esp8266_write(struct script *s, const uint8_t *frame, size_t n)
{
    if (frame[1] == OP_FLASH_BEGIN) {
        assert_int_equal(le32_get(frame + 8), 0x1000);
        assert_int_equal(le32_get(frame + 12), 9);
        assert_int_equal(le32_get(frame + 20), 0x4000);
        assert_int_equal(n, 8 + 16);
        assert_int_equal(chip.erased, 1);
        assert_int_equal(chip.flash[0x5FFF], 0x11);
        assert_int_equal(chip.flash[0x6000], 0xFF);
        assert_int_equal(chip.flash[0x6FFF], 0xFF);
        assert_int_equal(chip.flash[0x7000], 0x11);
    }
    data_blocks += frame[1] == OP_FLASH_DATA;
    answer_registers(s, frame, n);
}

static void write_esp8266_rom(void **state)
{
    struct region region = make_region(0x4000, 0x2400, true);

    (void)state;
    data_blocks = 0;
    as_connected(CHIP_ESP8266, STAGE_ROM);
    memset(chip.flash, 0x11, sizeof chip.flash);
    script.answer = answer_esp8266_write;
    assert_int_equal(loader_flash_write(&loader, &region, NULL, &error), 0);
    assert_int_equal(data_blocks, 9); /* not compressed: this ROM can't */
    script_close(&script);
    free(region.deflated);
}

/* ---- MD5 ---- */

static void md5(void **state)
{
    static const uint8_t expected[16] = {0x3d, 0xb4, 0xf6, 0x50, 0x17, 0xc1, 0x50, 0x21,
                                         0xae, 0x23, 0x34, 0x58, 0xaa, 0x7e, 0x07, 0x02};
    uint8_t found[16];

    (void)state;
    as_connected(CHIP_ESP32, STAGE_STUB);
    script_expect(&script, "001310000000000000000200008000000000000000000000");
    script_reply(&script, "01131200000000003db4f65017c15021ae233458aa7e07020000");
    assert_int_equal(loader_flash_md5(&loader, 0x20000, 0x8000, found, &error), 0);
    assert_memory_equal(found, expected, 16);

    loader.stage = STAGE_ROM;
    script_expect(&script, "001310000000000000000200000000000000000000000000");
    script_reply(&script, "0113240007071220"
                          "64343164386364393866303062323034"
                          "653938303039393865636638343237650000f1f8");
    assert_int_equal(loader_flash_md5(&loader, 0x20000, 0, found, &error), 0);
    assert_memory_equal(found, "\xd4\x1d\x8c\xd9\x8f\x00\xb2\x04\xe9\x80\x09\x98\xec\xf8\x42\x7e",
                        16);

    script_expect_op(&script, OP_FLASH_MD5);
    script_reply(&script, "0113240007071220"
                          "7a343164386364393866303062323034"
                          "6539383030393938656366383432376500000000");
    assert_int_equal(loader_flash_md5(&loader, 0, 1, found, &error), ERR_BAD_REPLY);

    error_clear(&error);
    as_connected(CHIP_ESP8266, STAGE_ROM);
    assert_false(loader_can_md5(&loader));
    assert_int_equal(loader_flash_md5(&loader, 0, 1, found, &error), ERR_NOT_POSSIBLE);
    script_done(&script);
}

/* ---- read ---- */

static void send_packet(const uint8_t *bytes, size_t n)
{
    struct buffer wire = {0};

    slip_encode(&wire, bytes, n);
    script_raw(&script, wire.data, wire.len);
    buffer_done(&wire);
}

static void expect_ack(uint32_t done)
{
    uint8_t ack[4];
    char hex[9];

    le32_put(ack, done);
    script_expect(&script, util_hex_format(hex, ack, 4));
}

static void read_by_stub_with(const uint8_t digest[16])
{
    uint8_t fields[16];

    make_region(0, 0, false);
    as_connected(CHIP_ESP32, STAGE_STUB);
    script_expect_request(&script, OP_READ_FLASH, fields, WORDS(fields, 0x8000, 0x1800, 0x1000, 1),
                          NULL, 0);
    script_reply(&script, OK_STUB("d2"));
    send_packet(image, 0x1000);
    expect_ack(0x1000);
    send_packet(image + 0x1000, 0x800);
    expect_ack(0x1800);
    send_packet(digest, 16);
}

static void read_by_stub(void **state)
{
    uint8_t data[0x1800], digest[16];

    (void)state;
    memset(&seen, 0, sizeof seen);
    make_region(0, 0, false);
    digest_md5(image, sizeof data, digest);
    read_by_stub_with(digest);
    assert_int_equal(loader_flash_read(&loader, 0x8000, sizeof data, data, &progress, &error), 0);
    assert_memory_equal(data, image, sizeof data);
    assert_int_equal(seen.done, sizeof data);

    digest[3] ^= 1;
    read_by_stub_with(digest);
    assert_int_equal(loader_flash_read(&loader, 0x8000, sizeof data, data, NULL, &error),
                     ERR_VERIFY_FAILED);

    error_clear(&error);
    script_expect_op(&script, OP_READ_FLASH);
    script_reply(&script, OK_STUB("d2"));
    send_packet(image, 0xFFF);
    assert_int_equal(loader_flash_read(&loader, 0x8000, sizeof data, data, NULL, &error),
                     ERR_BAD_REPLY);
    error_clear(&error);
    script_expect_op(&script, OP_READ_FLASH);
    script_reply(&script, OK_STUB("d2"));
    assert_int_equal(loader_flash_read(&loader, 0x8000, sizeof data, data, NULL, &error),
                     ERR_NO_REPLY);
    script_done(&script);
}

static void read_by_rom(void **state)
{
    uint8_t data[70];

    (void)state;
    as_connected(CHIP_ESP32C3, STAGE_ROM);
    script_expect(&script, "000e0800000000000000030040000000");
    script_reply(&script,
                 "010e440007071220030a11181f262d343b424950575e656c737a81888f969da4abb2b9c0c7ced5dc"
                 "e3eaf1f8ff060d141b222930373e454c535a61686f767d848b9299a0a7aeb5bc00000000");
    script_expect(&script, "000e0800000000004000030006000000");
    /* the ROM always sends 64 bytes */
    script_reply(&script,
                 "010e440007071220c3cad1d8dfe60000000000000000000000000000000000000000000000000000"
                 "000000000000000000000000000000000000000000000000000000000000000000000000");
    assert_int_equal(loader_flash_read(&loader, 0x30000, sizeof data, data, NULL, &error), 0);
    for (size_t i = 0; i < sizeof data; i++)
        assert_int_equal(data[i], (uint8_t)(3 + 7 * i));
    script_done(&script);
}

static void read_by_esp8266_rom(void **state)
{
    uint8_t data[200];

    (void)state;
    as_connected(CHIP_ESP8266, STAGE_ROM);
    script.answer = answer_registers;
    for (size_t i = 0; i < sizeof chip.flash; i++)
        chip.flash[i] = (uint8_t)(i * 7 + i / 256);
    assert_int_equal(loader_flash_read(&loader, 0x1234, sizeof data, data, NULL, &error), 0);
    assert_memory_equal(data, chip.flash + 0x1234, sizeof data);
    script_close(&script);
}

/* ---- erase ---- */

static void erase_by_stub(void **state)
{
    (void)state;
    memset(&seen, 0, sizeof seen);
    as_connected(CHIP_ESP32, STAGE_STUB);
    loader.flash_size = 4 << 20;
    script_expect(&script, "00d10800000000000000020000100000");
    script_reply(&script, OK_STUB("d1"));
    assert_int_equal(loader_flash_erase(&loader, 0x20000, 0x1000, NULL, &error), 0);
    /* in pieces, so that there is progress */
    script_expect(&script, "00d108000000000000f0030000100000");
    script_reply(&script, OK_STUB("d1"));
    script_expect(&script, "00d10800000000000000040000000400");
    script_reply(&script, OK_STUB("d1"));
    assert_int_equal(loader_flash_erase(&loader, 0x3F000, 0x41000, &progress, &error), 0);
    assert_int_equal(seen.done, 0x41000);
    assert_int_equal(seen.calls, 3);

    script_expect(&script, "00d0000000000000");
    script_reply(&script, OK_STUB("d0"));
    assert_int_equal(loader_flash_erase_all(&loader, NULL, &error), 0);

    assert_int_equal(loader_flash_erase(&loader, 0x20001, 0x1000, NULL, &error), ERR_BAD_ADDRESS);
    error_clear(&error);
    assert_int_equal(loader_flash_erase(&loader, 0x3FF000, 0x2000, NULL, &error), ERR_TOO_BIG);
    error_clear(&error);
    loader.flash_size = 0; /* before it is known: no address wraps around all the same */
    assert_int_equal(loader_flash_erase(&loader, 0xFFFFF000, 0x2000, NULL, &error), ERR_TOO_BIG);
    script_done(&script);
}

static void erase_by_rom(void **state)
{
    (void)state;
    as_connected(CHIP_ESP32, STAGE_ROM);
    script_expect(&script, "000210000000000000200000080000000004000000000200");
    script_reply(&script, OK_ROM("02"));
    assert_int_equal(loader_flash_erase(&loader, 0x20000, 0x2000, NULL, &error), 0);

    assert_int_equal(loader_flash_erase_all(&loader, NULL, &error), ERR_NOT_POSSIBLE);
    error_clear(&error);
    loader.flash_size = 1 << 20;
    for (int i = 0; i < 4; i++) {
        script_expect_op(&script, OP_FLASH_BEGIN);
        script_reply(&script, OK_ROM("02"));
    }
    assert_int_equal(loader_flash_erase_all(&loader, NULL, &error), 0);

    script_expect_op(&script, OP_FLASH_BEGIN);
    script_reply(&script, "010204000707122001060000");
    assert_int_equal(loader_flash_erase(&loader, 0x20000, 0x2000, NULL, &error), ERR_CHIP_REFUSED);
    assert_said("FLASH_BEGIN at 0x00020000");
    script_done(&script);
}

static void erase_by_esp8266_rom(void **state)
{
    (void)state;
    as_connected(CHIP_ESP8266, STAGE_ROM);
    script.answer = answer_registers;
    assert_int_equal(loader_flash_erase(&loader, 0xF000, 0x11000 - 0x2000, NULL, &error), 0);
    assert_int_equal(chip.erased, 15);
    assert_int_equal(chip.flash[0xEFFF], 0);
    assert_int_equal(chip.flash[0xF000], 0xFF);
    assert_int_equal(chip.flash[0x1DFFF], 0xFF);
    assert_int_equal(chip.flash[0x1E000], 0);
    chip.erased = 0;
    assert_int_equal(loader_flash_erase(&loader, 0xE000, 0x12000, NULL, &error), 0);
    assert_int_equal(chip.erased, 2 + 16);
    script_close(&script);
}

#define T(f) cmocka_unit_test_setup(f, setup)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(identify_esp32),
        T(identify_esp32c3),
        T(identify_esp8266),
        T(attach_sizes),
        T(attach_no_flash),
        T(attach_esp8266),
        T(attach_esp32_pads),
        T(attach_is_short),
        T(attach_wakes_an_xmc),
        T(attach_where_it_is),
        T(connection_words),
        T(attach_above_16mb),
        T(attach_secured),
        T(attach_waits_either_way),
        T(spi_command_in_full),
        T(write_rom_raw),
        T(write_c3_rom_has_five_words),
        T(write_encrypted_rom),
        T(write_encrypted_stub),
        T(write_encrypted_stub_deflated),
        T(write_encrypted_refuses),
        T(write_rom_deflated),
        T(write_stub_deflated),
        T(write_from_frames),
        T(write_on_usb_otg),
        T(write_proves_its_first_block),
        T(write_stub_raw),
        T(write_resends_after_c1_only),
        T(write_never_resends_after_a_timeout),
        T(write_never_resends_in_the_rom),
        T(write_finds_the_late_error),
        T(write_loses_the_port),
        T(write_is_cancelled),
        T(write_is_cancelled_between_blocks),
        T(write_refuses),
        T(write_checks_the_stream),
        T(write_keeps_the_front),
        T(esp8266_erases_exactly),
        T(write_esp8266_rom),
        T(md5),
        T(read_by_stub),
        T(read_by_rom),
        T(read_by_esp8266_rom),
        T(erase_by_stub),
        T(erase_by_rom),
        T(erase_by_esp8266_rom),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
