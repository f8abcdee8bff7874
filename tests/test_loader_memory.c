/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Memory, programs in RAM, the flash chip's own registers, and leaving: against recorded frames and
 * against a small model of registers. */
#include "loader/loader.h"

#include "base/util.h"
#include "link/reset.h"
#include "loader/command.h"
#include "script_link.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct script script;
static struct loader loader;
static struct error error;
static char logged[1024]; /* warnings, one a line */

static void on_log(void *context, enum log_level level, const char *text)
{
    (void)context;
    if (level == LOG_WARNING)
        snprintf(logged + strlen(logged), sizeof logged - strlen(logged), "%s\n", text);
}
static const struct log test_log = {.line = on_log};

/* ---- a model: memory, and an SPI controller with a flash's registers behind it ---- */

static struct {
    uint32_t address[128], value[128];
    size_t n;
    uint8_t status[3], forgotten[3]; /* in force; after the next loss of power */
    uint8_t protects[3];             /* bits that can't be changed */
    bool word_only;                  /* the second byte goes with the first, not by itself */
    uint8_t enabled;                 /* 06 or 50 */
    unsigned busy;                   /* answers to RDSR that still say so */
    unsigned written;
    uint8_t sfdp[256];
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

static void status_write(unsigned first, unsigned n, const uint8_t *bytes)
{
    assert_true(chip.enabled);
    assert_int_equal(chip.busy, 0);
    for (unsigned i = first; i < first + n; i++) {
        uint8_t keep = chip.protects[i];
        chip.status[i] = (uint8_t)((chip.status[i] & keep) | (bytes[i - first] & ~keep));
        if (chip.enabled == 0x06)
            chip.forgotten[i] = chip.status[i];
    }
    chip.busy = chip.enabled == 0x06 ? 3 : 0;
    chip.enabled = 0;
    chip.written++;
}

static uint8_t status_byte(void)
{
    uint8_t busy = chip.busy > 0;

    chip.busy -= busy;
    return (uint8_t)(chip.status[0] | busy);
}

static void flash_command(void)
{
    const struct chip_spi *spi = &loader.chip->spi;
    uint32_t usr = *reg(spi->base + spi->usr), usr1 = *reg(spi->base + spi->usr1);
    uint32_t miso = spi->mosi_dlen ? *reg(spi->base + spi->miso_dlen) : usr1 >> 8 & 0x1FF;
    uint32_t mosi = spi->mosi_dlen ? *reg(spi->base + spi->mosi_dlen) : usr1 >> 17 & 0x1FF;
    unsigned read_n = usr & 1 << 28 ? (miso + 1) / 8 : 0;
    unsigned write_n = usr & 1 << 27 ? (mosi + 1) / 8 : 0;
    uint32_t at = *reg(spi->base + 4) >> (spi->address_in_msb ? 8 : 0) & 0xFFFFFF;
    uint8_t in[4], out[64] = {0};

    le32_put(in, *reg(spi->base + spi->w0));
    switch (*reg(spi->base + spi->usr2) & 0xFF) {
    case 0x06:
    case 0x50:
        chip.enabled = (uint8_t)*reg(spi->base + spi->usr2);
        return;
    case 0x04:
        chip.enabled = 0;
        return;
    case 0x01:
        assert_in_range(write_n, 1, 2);
        status_write(0, write_n, in);
        return;
    case 0x31:
        assert_int_equal(write_n, 1);
        if (!chip.word_only)
            status_write(1, 1, in);
        return;
    case 0x11:
        status_write(2, 1, in);
        return;
    case 0x05:
        assert_int_equal(read_n, 1);
        out[0] = status_byte();
        break;
    case 0x35:
        out[0] = chip.status[1];
        break;
    case 0x15:
        out[0] = chip.status[2];
        break;
    case 0x5A:
        assert_true(usr & 1 << 30 && usr & 1 << 29);
        assert_int_equal(usr1 >> 26, 23);
        assert_int_equal(usr1 & 0xFF, 7);
        assert_in_range(at + read_n, 1, sizeof chip.sfdp);
        memcpy(out, chip.sfdp + at, read_n);
        break;
    default:
        fail_msg("flash command %02x", *reg(spi->base + spi->usr2) & 0xFF);
    }
    for (unsigned i = 0; i < read_n; i += 4)
        *reg(spi->base + spi->w0 + i) = le32_get(out + i);
}

static void write_entry(const uint8_t *entry)
{
    uint32_t address = le32_get(entry), mask = le32_get(entry + 8);
    uint32_t *value = reg(address);

    *value = (*value & ~mask) | (le32_get(entry + 4) & mask);
    if (address == loader.chip->spi.base && *value & 1 << 18) {
        flash_command();
        *reg(address) = 0;
    }
}

static void answer_registers(struct script *s, const uint8_t *frame, size_t n)
{
    unsigned status_bytes = script_status_bytes(&loader);
    uint32_t value = 0;

    if (frame[1] == OP_READ_REG)
        value = *reg(le32_get(frame + 8));
    else if (frame[1] == OP_WRITE_REG)
        for (size_t at = 8; at < n; at += 16)
            write_entry(frame + at);
    else
        fail_msg("command %02x", frame[1]);
    script_answer_reply(s, frame[1], value, NULL, 0, 0, status_bytes);
}

static int setup(void **state)
{
    (void)state;
    script_open(&script);
    loader_init(&loader, &script.link, &test_log);
    error_clear(&error);
    memset(&chip, 0, sizeof chip);
    logged[0] = '\0';
    return 0;
}

static void as_connected(enum chip_id id, enum loader_stage stage)
{
    loader.chip = chip_get(id);
    loader.stage = stage;
    loader.stub_version = stage == STAGE_STUB ? 2 : 0;
    loader.spi_saved = false;
}

static void assert_said(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", text, part);
}

/* ---- words ---- */

static void a_masked_write(void **state)
{
    (void)state;
    as_connected(CHIP_ESP32, STAGE_ROM);
    script_expect(&script, "00091000000000002c810060 78563412 00ff0000 00000000");
    script_reply(&script, "010904000000000000000000");
    assert_int_equal(loader_write_reg_masked(&loader, 0x6000812C, 0x12345678, 0x0000FF00, &error),
                     0);
    script_done(&script);
}

static void several_writes(void **state)
{
    static const struct reg_write writes[] = {{0x100, 1, UINT32_MAX, 0}, {0x104, 2, 0xF, 5}};

    (void)state;
    /* Takes both in one frame, and waits between them whether it does so before or after. */
    as_connected(CHIP_ESP32C3, STAGE_ROM);
    script_expect(&script, "0009200000000000 00010000 01000000 ffffffff 05000000"
                           " 04010000 02000000 0f000000 05000000");
    script_reply(&script, "010904000000000000000000");
    assert_int_equal(loader_write_regs(&loader, writes, 2, &error), 0);

    as_connected(CHIP_ESP8266, STAGE_ROM); /* of its ROM nobody knows */
    script_expect(&script, "0009100000000000 00010000 01000000 ffffffff 05000000");
    script_reply(&script, "01090200000000000000");
    script_expect(&script, "0009100000000000 04010000 02000000 0f000000 05000000");
    script_reply(&script, "01090200000000000000");
    assert_int_equal(loader_write_regs(&loader, writes, 2, &error), 0);
    script_done(&script);
}

static void count(void *context, uint64_t done, uint64_t total, uint64_t wire)
{
    uint64_t *seen = context;

    (void)wire;
    assert_true(done >= seen[0] && done <= total);
    seen[0] = done;
    seen[1] = total;
}

static void a_dump_of_odd_bytes(void **state)
{
    static const uint8_t memory[] = {0x10, 0x11, 0x12, 0x13, 0x14, 0x15,
                                     0x16, 0x17, 0x18, 0x19, 0x1A, 0x1B};
    uint8_t data[12];
    uint64_t seen[2];
    struct loader_progress progress = {.put = count, .context = seen};

    (void)state;
    as_connected(CHIP_ESP32, STAGE_ROM);
    script.answer = answer_registers;
    for (unsigned i = 0; i < sizeof memory; i += 4)
        *reg(0x3FFB0000 + i) = le32_get(memory + i);

    for (unsigned from = 0; from < 8; from++) {
        for (unsigned n = 1; from + n <= sizeof memory; n++) {
            unsigned frames = script.frames;
            seen[0] = seen[1] = 0;
            memset(data, 0xEE, sizeof data);
            assert_int_equal(
                loader_ram_read(&loader, 0x3FFB0000 + from, data, n, &progress, &error), 0);
            assert_memory_equal(data, memory + from, n);
            if (n < sizeof data)
                assert_int_equal(data[n], 0xEE);
            assert_int_equal(script.frames - frames, (from + n + 3) / 4 - from / 4);
            assert_int_equal(seen[0], n);
            assert_int_equal(seen[1], n);
        }
    }
    script_done(&script);
}

static void a_dump_that_is_stopped(void **state)
{
    uint8_t data[64];

    (void)state;
    as_connected(CHIP_ESP32, STAGE_ROM);
    script_expect(&script, "000a0400000000000000fb3f");
    script_reply(&script, "010a04000100000000000000");
    script_expect(&script, "000a0400000000000400fb3f");
    script_fail(&script, ERR_CANCELLED);
    assert_int_equal(loader_ram_read(&loader, 0x3FFB0000, data, 64, NULL, &error), ERR_CANCELLED);
    script_done(&script);
}

/* ---- programs ---- */

/* The frames that a real ESP32-C3 answered so, but for the contents. */
static void a_program_is_loaded(void **state)
{
    uint8_t bytes[0x1800 + 4], fields[16];
    uint64_t seen[2] = {0};
    struct loader_progress progress = {.put = count, .context = seen};

    (void)state;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 7);
    as_connected(CHIP_ESP32C3, STAGE_ROM);
    script_expect(&script, "0005100000000000 04180000 02000000 00180000 0000c93f");
    script_reply(&script, "010504000707122000000000");
    script_expect_request(&script, OP_MEM_DATA, fields, WORDS(fields, 0x1800, 0, 0, 0), bytes,
                          0x1800);
    script_reply(&script, "010704000707122000000000");
    script_expect_request(&script, OP_MEM_DATA, fields, WORDS(fields, 4, 1, 0, 0), bytes + 0x1800,
                          4);
    script_reply(&script, "010704000707122000000000");
    assert_int_equal(loader_ram_write(&loader, 0x3FC90000, bytes, sizeof bytes, &progress, &error),
                     0);
    assert_int_equal(seen[0], sizeof bytes);

    script_expect(&script, "0006080000000000000000002e0f3840");
    script_reply(&script, "010604000707122000000000");
    assert_int_equal(loader_ram_run(&loader, 0x40380F2E, &error), 0);
    assert_int_equal(loader.stage, STAGE_NONE);
    script_done(&script);
}

/* The ROM counts a block whose checksum was wrong: it is never sent again. */
static void a_bad_block_ends_it(void **state)
{
    uint8_t bytes[16] = {0}, fields[16];

    (void)state;
    as_connected(CHIP_ESP32, STAGE_ROM);
    script_expect_op(&script, OP_MEM_BEGIN);
    script_reply(&script, "010504000707122000000000");
    script_expect_request(&script, OP_MEM_DATA, fields, WORDS(fields, 16, 0, 0, 0), bytes, 16);
    script_reply(&script, "010704000707122001070000");
    assert_int_equal(loader_ram_write(&loader, 0x3FFB0000, bytes, 16, NULL, &error),
                     ERR_CHIP_REFUSED);
    assert_said(error.text, "MEM_DATA at 0x3ffb0000");
    script_done(&script);
}

static void not_over_a_stub(void **state)
{
    uint8_t bytes[16] = {0};

    (void)state;
    as_connected(CHIP_ESP32, STAGE_STUB);
    assert_int_equal(loader_ram_write(&loader, 0x3FFB0000, bytes, 16, NULL, &error),
                     ERR_NOT_POSSIBLE);
    assert_said(error.text, "stub");
    script_done(&script);
}

/* What starts may set the UART anew before the answer has left it; a refusal is one. */
static void starting_a_program(void **state)
{
    (void)state;
    as_connected(CHIP_ESP32, STAGE_ROM);
    script_expect_op(&script, OP_MEM_END);
    assert_int_equal(loader_ram_run(&loader, 0x40080400, &error), 0);
    assert_int_equal(loader.stage, STAGE_NONE);

    as_connected(CHIP_ESP32, STAGE_ROM);
    script_expect_op(&script, OP_MEM_END);
    script_reply(&script, "010604000707122001060000");
    assert_int_equal(loader_ram_run(&loader, 0x40080400, &error), ERR_CHIP_REFUSED);
    assert_int_equal(loader.stage, STAGE_ROM);
    script_done(&script);
}

static void every_chip_has_ram(void **state)
{
    (void)state;
    for (int id = CHIP_AUTO + 1; id < CHIP_COUNT; id++) {
        const struct chip *row = chip_get((enum chip_id)id);
        unsigned found = 0;
        for (uint64_t at = 0; at <= UINT32_MAX; at += 0x2000)
            found += loader_ram_holds(row, (uint32_t)at, 0x1000);
        if (found < 8) /* 64 KB: less than any of them has */
            fail_msg("%s: only %u pieces of RAM", row->name, found);
        assert_false(loader_ram_holds(row, 0, 1));
        assert_false(loader_ram_holds(row, 0x42000020, 16)); /* mapped flash */
        assert_false(loader_ram_holds(row, 0xFFFFFFF0, 0x20));
    }
    assert_true(loader_ram_holds(chip_get(CHIP_ESP32C3), 0x403DFFFF, 1));
    assert_false(loader_ram_holds(chip_get(CHIP_ESP32C3), 0x403DFFFF, 2));
    assert_false(loader_ram_holds(chip_get(CHIP_ESP32C3), 0x4037BFFF, 2));
    script_done(&script);
}

/* ---- status ---- */

static void reading_status(void **state)
{
    static const enum chip_id ids[] = {CHIP_ESP8266, CHIP_ESP32, CHIP_ESP32C3};
    static const uint32_t want[] = {0, 0x9C, 0x029C, 0x60029C};

    (void)state;
    script.answer = answer_registers;
    memcpy(chip.status, (uint8_t[]){0x9C, 0x02, 0x60}, 3);
    for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
        as_connected(ids[i], STAGE_ROM);
        for (unsigned bytes = 1; bytes <= 3; bytes++) {
            uint32_t status;
            assert_int_equal(loader_flash_status_read(&loader, bytes, &status, &error), 0);
            assert_int_equal(status, want[bytes]);
        }
    }
    script_done(&script);
}

static void writing_status(void **state)
{
    uint32_t now;
    static const enum chip_id ids[] = {CHIP_ESP8266, CHIP_ESP32, CHIP_ESP32C3};

    (void)state;
    script.answer = answer_registers;
    for (size_t i = 0; i < ARRAY_LEN(ids) * 2; i++) {
        bool for_good = i % 2;
        as_connected(ids[i / 2], i < 4 ? STAGE_ROM : STAGE_STUB);
        memset(chip.status, 0, sizeof chip.status);
        memset(chip.forgotten, 0, sizeof chip.forgotten);
        chip.word_only = i == 3;
        assert_int_equal(loader_flash_status_write(&loader, 2, 0x027C, for_good, &now, &error), 0);
        assert_int_equal(now, 0x027C);
        assert_memory_equal(chip.status, ((uint8_t[]){0x7C, 0x02, 0}), 3);
        assert_memory_equal(chip.forgotten, for_good ? chip.status : (uint8_t[3]){0}, 3);
        assert_int_equal(chip.enabled, 0);
        assert_int_equal(chip.busy, 0);
    }
    chip.word_only = false;
    chip.written = 0;
    assert_int_equal(loader_flash_status_write(&loader, 1, 0x1C, true, &now, &error), 0);
    assert_int_equal(chip.written, 1);
    assert_memory_equal(chip.status, ((uint8_t[]){0x1C, 0x02, 0}), 3);
    assert_int_equal(loader_flash_status_write(&loader, 3, 0x600000, true, &now, &error), 0);
    assert_memory_equal(chip.status, ((uint8_t[]){0, 0, 0x60}), 3);
    script_done(&script);
}

static void a_status_that_is_not_taken(void **state)
{
    uint32_t now;

    (void)state;
    as_connected(CHIP_ESP32, STAGE_ROM);
    script.answer = answer_registers;
    chip.status[0] = 0x04;
    chip.protects[0] = 0x04;
    assert_int_equal(loader_flash_status_write(&loader, 1, 0x18, true, &now, &error),
                     ERR_VERIFY_FAILED);
    assert_int_equal(now, 0x1C);
    assert_said(error.text, "0x1c after 0x18 was written");

    /* busy and write enable are no settings */
    error_clear(&error);
    assert_int_equal(loader_flash_status_write(&loader, 1, 0x1E, true, &now, &error), 0);
    chip.protects[0] = 0x06;
    chip.status[0] = 0x04;
    assert_int_equal(loader_flash_status_write(&loader, 1, 0x1E, true, &now, &error), 0);
    assert_int_equal(now, 0x1C);

    chip.protects[1] = 0xFF; /* it has but one */
    assert_int_equal(loader_flash_status_write(&loader, 2, 0x0204, true, &now, &error),
                     ERR_VERIFY_FAILED);
    script_done(&script);
}

static void status_stays_busy(void **state)
{
    uint32_t now;
    (void)state;
    as_connected(CHIP_ESP32, STAGE_ROM);
    script.answer = answer_registers;
    chip.status[0] = 1;
    chip.protects[0] = 1;
    assert_int_equal(loader_flash_status_write(&loader, 1, 0, true, &now, &error), ERR_NO_FLASH);
    assert_said(error.text, "busy");
    script_done(&script);
}

static void reading_sfdp(void **state)
{
    static const enum chip_id ids[] = {CHIP_ESP8266, CHIP_ESP32, CHIP_ESP32C3};
    uint8_t data[FLASH_SFDP_MAX + 1];

    (void)state;
    script.answer = answer_registers;
    for (size_t i = 0; i < sizeof chip.sfdp; i++)
        chip.sfdp[i] = (uint8_t)(255 - i);
    for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
        static const size_t sizes[] = {1, 4, 5, FLASH_SFDP_MAX};
        as_connected(ids[i], STAGE_ROM);
        for (size_t j = 0; j < ARRAY_LEN(sizes); j++) {
            memset(data, 0xEE, sizeof data);
            assert_int_equal(loader_flash_sfdp(&loader, 0x30, data, sizes[j], &error), 0);
            assert_memory_equal(data, chip.sfdp + 0x30, sizes[j]);
            assert_int_equal(data[sizes[j]], 0xEE);
        }
    }
    script_done(&script);
}

static void secured_registers(void **state)
{
    uint8_t data[4];
    uint32_t status, now;

    (void)state;
    as_connected(CHIP_ESP32C3, STAGE_ROM);
    loader.secure_download = true;
    assert_int_equal(loader_flash_status_read(&loader, 1, &status, &error), ERR_NOT_POSSIBLE);
    error_clear(&error);
    assert_int_equal(loader_flash_status_write(&loader, 1, 0, false, &now, &error),
                     ERR_NOT_POSSIBLE);
    error_clear(&error);
    assert_int_equal(loader_flash_sfdp(&loader, 0, data, 4, &error), ERR_NOT_POSSIBLE);
    assert_said(error.text, "Secure Download Mode");
    script_done(&script);
}

/* ---- leaving ---- */

/* What the lines did since the last time. */
static void assert_lines(const char *want)
{
    assert_string_equal(script.lines.data ? (char *)script.lines.data : "", want);
    buffer_done(&script.lines);
}

static void leaving_the_rom(void **state)
{
    (void)state;
    as_connected(CHIP_ESP32, STAGE_ROM);
    assert_int_equal(loader_leave(&loader, AFTER_HARD_RESET, &error), 0);
    assert_int_equal(loader.stage, STAGE_NONE);
    assert_lines("01 00 ");

    /* FLASH_END 1 runs the program, 0 would begin the ROM loader anew */
    as_connected(CHIP_ESP8266, STAGE_ROM);
    script_expect(&script, "000210000000000000000000000000000004000000000000");
    script_reply(&script, "01020200000000000000");
    script_expect(&script, "000404000000000001000000");
    script_reply(&script, "01040200000000000000");
    assert_int_equal(loader_leave(&loader, AFTER_SOFT_RESET, &error), 0);
    assert_int_equal(loader.stage, STAGE_NONE);
    assert_string_equal(logged, "");

    as_connected(CHIP_ESP32, STAGE_ROM);
    assert_int_equal(loader_leave(&loader, AFTER_NO_RESET, &error), 0);
    assert_int_equal(loader_leave(&loader, AFTER_NO_RESET_STUB, &error), 0);
    assert_int_equal(loader.stage, STAGE_ROM);
    assert_lines("");
    script_done(&script);
}

static void leaving_a_stub(void **state)
{
    (void)state;
    as_connected(CHIP_ESP32, STAGE_STUB);
    assert_int_equal(loader_leave(&loader, AFTER_NO_RESET, &error), 0);
    assert_int_equal(loader_leave(&loader, AFTER_NO_RESET_STUB, &error), 0);
    assert_int_equal(loader.stage, STAGE_STUB);
    assert_lines("");

    loader.stub_version = 1; /* has a way back into the ROM */
    script_expect(&script, "000210000000000000000000000000000040000000000000");
    script_reply(&script, "01020200000000000000");
    script_expect(&script, "000404000000000000000000");
    script_reply(&script, "01040200000000000000");
    assert_int_equal(loader_leave(&loader, AFTER_NO_RESET, &error), 0);

    as_connected(CHIP_ESP8266, STAGE_STUB);
    loader.stub_version = 1;
    script_expect(&script, "00d3000000000000");
    assert_int_equal(loader_leave(&loader, AFTER_SOFT_RESET, &error), 0);
    assert_lines("");
    script_done(&script);
}

static void running_without_a_reset(void **state)
{
    (void)state;
    as_connected(CHIP_ESP32C3, STAGE_ROM); /* told so, but see chip->rom_run */
    script_expect_op(&script, OP_FLASH_BEGIN);
    script_reply(&script, "010204000707122000000000");
    script_expect(&script, "000404000000000001000000");
    script_reply(&script, "010404000707122000000000");
    assert_int_equal(loader_run(&loader, &error), 0);
    assert_int_equal(loader.stage, STAGE_NONE);

    as_connected(CHIP_ESP32C3, STAGE_STUB);
    assert_int_equal(loader_run(&loader, &error), ERR_NOT_POSSIBLE);
    assert_int_equal(loader.stage, STAGE_STUB);
    script_done(&script);
}

static void no_soft_reset(void **state)
{
    static const struct {
        enum chip_id id;
        enum loader_stage stage;
        int stub;
        const char *why;
    } cases[] = {
        {CHIP_ESP8266, STAGE_STUB, 2, "the stub of ESP8266 can't do a soft reset: hard reset"},
        {CHIP_ESP32, STAGE_ROM, 0, "the ROM of ESP32 can't do a soft reset: hard reset"},
        {CHIP_ESP32, STAGE_STUB, 1, "the stub of ESP32 can't"},
        {CHIP_ESP32C3, STAGE_STUB, 2, "the stub of ESP32-C3 can't"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        as_connected(cases[i].id, cases[i].stage);
        loader.stub_version = cases[i].stub;
        logged[0] = '\0';
        assert_int_equal(loader_leave(&loader, AFTER_SOFT_RESET, &error), 0);
        assert_lines("01 00 ");
        assert_said(logged, cases[i].why);
    }

    as_connected(CHIP_ESP32, STAGE_STUB);
    script.link.has_lines = false;
    assert_int_equal(loader_leave(&loader, AFTER_SOFT_RESET, &error), ERR_NOT_POSSIBLE);
    assert_said(error.text, "the stub");
    script_done(&script);
}

static void on_usb(unsigned pid)
{
    script.link.port.usb = true;
    script.link.port.vid = 0x303A;
    script.link.port.pid = (uint16_t)pid;
}

static void the_watchdog_bites(void **state)
{
    (void)state;
    as_connected(CHIP_ESP32C3, STAGE_ROM); /* all four in one frame: it has no time for more */
    script_expect(&script, "0009400000000000 a8800060 a13ad850 ffffffff 00000000"
                           " 94800060 d0070000 ffffffff 00000000"
                           " 90800060 020100d0 ffffffff 00000000"
                           " a8800060 00000000 ffffffff 00000000");
    script_reply(&script, "010904000000000000000000");
    assert_int_equal(loader_leave(&loader, AFTER_WATCHDOG_RESET, &error), 0);
    assert_int_equal(loader.stage, STAGE_NONE);
    assert_lines("");

    as_connected(CHIP_ESP32C3, STAGE_ROM); /* it may be quicker than its answer */
    script_expect_op(&script, OP_WRITE_REG);
    assert_int_equal(loader_leave(&loader, AFTER_WATCHDOG_RESET, &error), 0);
    assert_string_equal(logged, "");
    script_done(&script);
}

static void a_watchdog_that_does_not(void **state)
{
    static const enum chip_id ids[] = {CHIP_ESP8266,  CHIP_ESP32,   CHIP_ESP32C6, CHIP_ESP32H2,
                                       CHIP_ESP32H21, CHIP_ESP32H4, CHIP_ESP32E22};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
        as_connected(ids[i], STAGE_STUB);
        logged[0] = '\0';
        assert_int_equal(loader_leave(&loader, AFTER_WATCHDOG_RESET, &error), 0);
        assert_said(logged, loader.chip->name);
        assert_said(logged, "hard reset instead");
        assert_lines("01 00 ");
    }
    as_connected(CHIP_ESP32C3, STAGE_ROM);
    loader.secure_download = true;
    assert_int_equal(loader_leave(&loader, AFTER_WATCHDOG_RESET, &error), 0);
    assert_said(logged, "Secure Download Mode");
    assert_lines("01 00 ");
    script_done(&script);
}

/* An ESP32-S3 that its USB stack has told to go into the download mode would do so for ever. */
static void the_s3_is_let_go(void **state)
{
    (void)state;
    as_connected(CHIP_ESP32S3, STAGE_ROM);
    script_expect(&script, "0009100000000000 2c810060 00000000 01000000 00000000");
    script_reply(&script, "010904000000000000000000");
    assert_int_equal(loader_leave(&loader, AFTER_HARD_RESET, &error), 0);
    assert_lines("01 00 ");

    as_connected(CHIP_ESP32S3, STAGE_ROM);
    loader.secure_download = true; /* can't be told; is reset all the same */
    assert_int_equal(loader_leave(&loader, AFTER_HARD_RESET, &error), 0);
    assert_lines("01 00 ");
    script_done(&script);
}

static void resets_over_usb_otg(void **state)
{
    static const struct {
        enum chip_id id;
        uint32_t strap_register, strap, force_register, force;
        bool watchdog;
    } cases[] = {
        {CHIP_ESP32S2, 0x3F404038, 0x0, 0x3F408128, 0, true},
        {CHIP_ESP32S2, 0x3F404038, 0x8, 0x3F408128, 0, false}, /* not strapped to download */
        {CHIP_ESP32S2, 0x3F404038, 0x0, 0x3F408128, 1, false}, /* would be forced there again */
        {CHIP_ESP32S3, 0x60004038, 0x0, 0x6000812C, 1, true},  /* is cleared first */
        {CHIP_ESP32S3, 0x60004038, 0x8, 0x6000812C, 0, false},
        {CHIP_ESP32P4, 0, 0, 0, 0, true},
        {CHIP_ESP32S31, 0, 0, 0, 0, true},
        {CHIP_ESP32E22, 0, 0, 0, 0, false}, /* its watchdog can't */
    };

    (void)state;
    script.answer = answer_registers;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        as_connected(cases[i].id, STAGE_ROM);
        chip.n = 0;
        on_usb(loader.chip->usb_otg_pid);
        if (cases[i].strap_register) {
            *reg(cases[i].strap_register) = cases[i].strap;
            *reg(cases[i].force_register) = cases[i].force;
        }
        assert_int_equal(loader_leave(&loader, AFTER_HARD_RESET, &error), 0);
        uint32_t config = *reg(loader.chip->watchdog.config0);
        if (config != (cases[i].watchdog ? 0xD0000102 : 0))
            fail_msg("case %zu (%s): watchdog config 0x%x", i, loader.chip->name, config);
        assert_lines(cases[i].watchdog ? "" : "01 00 ");
        assert_string_equal(logged, "");
    }
    script_done(&script);
}

/* Milliseconds that a hard reset takes: some chips come back slowly on their own USB. */
static int64_t reset_ms(enum chip_id id, unsigned pid)
{
    int64_t start = script_clock_us();

    as_connected(id, STAGE_NONE);
    on_usb(pid);
    assert_int_equal(loader_leave(&loader, AFTER_HARD_RESET, &error), 0);
    buffer_done(&script.lines);
    return (script_clock_us() - start) / 1000;
}

static void slow_resets(void **state)
{
    enum { JTAG = 0x1001 };

    (void)state;
    assert_in_range(reset_ms(CHIP_ESP32C5, JTAG), 400, 450);
    assert_in_range(reset_ms(CHIP_ESP32C3, JTAG), 100, 150);
    assert_in_range(reset_ms(CHIP_ESP32S2, chip_get(CHIP_ESP32S2)->usb_otg_pid), 400, 450);
    assert_in_range(reset_ms(CHIP_ESP32S3, JTAG), 100, 150);
    script_done(&script);
}

static void without_a_chip_or_lines(void **state)
{
    (void)state;
    assert_int_equal(loader_leave(&loader, AFTER_HARD_RESET, &error), 0); /* never connected */
    assert_lines("01 00 ");
    assert_int_equal(loader_leave(&loader, AFTER_WATCHDOG_RESET, &error), 0);
    assert_lines("01 00 ");
    script.link.has_lines = false;
    assert_int_equal(loader_leave(&loader, AFTER_HARD_RESET, &error), 0);
    assert_said(logged, "reset button");
    script_done(&script);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup(f, setup)
    const struct CMUnitTest tests[] = {
        TEST(a_masked_write),          TEST(several_writes),      TEST(a_dump_of_odd_bytes),
        TEST(a_dump_that_is_stopped),  TEST(a_program_is_loaded), TEST(a_bad_block_ends_it),
        TEST(not_over_a_stub),         TEST(starting_a_program),  TEST(every_chip_has_ram),
        TEST(reading_status),          TEST(writing_status),      TEST(a_status_that_is_not_taken),
        TEST(status_stays_busy),       TEST(reading_sfdp),        TEST(secured_registers),
        TEST(leaving_the_rom),         TEST(leaving_a_stub),      TEST(running_without_a_reset),
        TEST(no_soft_reset),           TEST(the_watchdog_bites),  TEST(a_watchdog_that_does_not),
        TEST(the_s3_is_let_go),        TEST(resets_over_usb_otg), TEST(slow_resets),
        TEST(without_a_chip_or_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
