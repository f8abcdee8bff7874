/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The whole conversation with an emulated chip: every supported chip, by the ROM and by the stub.
 * Without the emulator the test is skipped; without stub files that half of it is. */
#include "loader/loader.h"

#include "base/buffer.h"
#include "base/util.h"
#include "image/deflate.h"
#include "image/digest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { IMAGE = 0x9404 };

static struct link link_;
static struct loader loader;
static struct error error;

static void must(int rc, const char *what)
{
    if (rc != 0)
        fail_msg("%s: %s", what, error.text);
}

static void log_take(void *context, enum log_level level, const char *text)
{
    (void)context;
    if (getenv("ESPJIG_TEST_VERBOSE"))
        print_message("  %s: %s\n", log_level_name(level), text);
}

static const struct log test_log = {.line = log_take};

static void make_region(struct region *region, uint32_t address, size_t size, bool deflate)
{
    uint32_t x = address + 7;

    memset(region, 0, sizeof *region);
    region->path = (char *)"test image";
    region->address = address;
    region->size = region->file_size = size;
    region->data = xmalloc(size);
    for (size_t i = 0; i < size; i++) {
        x = x * 1664525 + 1013904223;
        region->data[i] = (uint8_t)(i % 64 < 32 ? x >> 24 : i / 64);
    }
    digest_md5(region->data, size, region->md5);
    if (deflate)
        assert_int_equal(deflate_all(region->data, size, &region->deflated, &region->deflated_size),
                         0);
}

static void region_done(struct region *region)
{
    free(region->data);
    free(region->deflated);
}

static void check_flash(const struct region *region)
{
    uint8_t md5[16], *data = xmalloc(region->size);

    if (loader_can_md5(&loader)) {
        must(loader_flash_md5(&loader, region->address, (uint32_t)region->size, md5, &error),
             "md5");
        assert_memory_equal(md5, region->md5, 16);
    }
    /* the whole of it where that is quick */
    uint32_t n = loader.stage == STAGE_STUB ? (uint32_t)region->size : 200;
    must(loader_flash_read(&loader, region->address, n, data, NULL, &error), "read");
    assert_memory_equal(data, region->data, n);
    free(data);
}

static void check_erased(uint32_t address, uint32_t size)
{
    uint8_t *data = xmalloc(size);

    must(loader_flash_read(&loader, address, size, data, NULL, &error), "read erased");
    for (uint32_t i = 0; i < size; i++)
        assert_int_equal(data[i], 0xFF);
    free(data);
}

/* As a job does it: what lies in front of it in its sector is read first. */
static void write_region(struct region *region, const char *what)
{
    uint32_t n = region->address % 4096;
    uint8_t front[4096];

    if (n > 0)
        must(loader_flash_read(&loader, region->address - n, n, front, NULL, &error), what);
    region->front = n > 0 ? front : NULL;
    must(loader_flash_write(&loader, region, NULL, &error), what);
    region->front = NULL;
}

static void write_and_check(uint32_t address, size_t size, bool deflate)
{
    struct region region;

    make_region(&region, address, size, deflate);
    write_region(&region, "write");
    check_flash(&region);
    region_done(&region);
}

/* Two images that share a sector: the second must not take the end of the first away. */
static void sharers_survive(void)
{
    struct region first, second;

    make_region(&first, 0x50000, 0x1840, true);
    make_region(&second, 0x51840, 0x1000, true);
    must(loader_flash_write(&loader, &first, NULL, &error), "write the first");
    write_region(&second, "write the second");
    check_flash(&second);
    uint8_t data[0x40];
    must(loader_flash_read(&loader, 0x51800, sizeof data, data, NULL, &error), "read");
    assert_memory_equal(data, first.data + 0x1800, sizeof data);
    region_done(&first);
    region_done(&second);
}

/* Two sectors that were written before, around one that is written now: none of their bytes may
 * change. An ESP8266's ROM erases one too many when it is asked naively. */
static void neighbours_survive(void)
{
    struct region both, middle;

    make_region(&both, 0x40000, 3 * 4096, true);
    must(loader_flash_write(&loader, &both, NULL, &error), "write three sectors");
    make_region(&middle, 0x41000, 4096, true);
    must(loader_flash_write(&loader, &middle, NULL, &error), "write the middle one");
    memcpy(both.data + 4096, middle.data, 4096);
    digest_md5(both.data, both.size, both.md5);

    uint8_t data[64];
    static const uint32_t at[] = {0, 4096 - 64, 4096, 8192 - 64, 8192, 3 * 4096 - 64};
    for (size_t i = 0; i < ARRAY_LEN(at); i++) {
        must(loader_flash_read(&loader, 0x40000 + at[i], 64, data, NULL, &error), "read");
        assert_memory_equal(data, both.data + at[i], 64);
    }
    region_done(&both);
    region_done(&middle);
}

static void start_stub(enum chip_id id)
{
    struct stub stub;

    if (stub_find(chip_get(id)->stub, NULL, 0, &stub, &error) != 0) {
        print_message("no stub: %s\n", error.text);
        link_close(&link_);
        skip();
    }
    must(loader_stub_run(&loader, &stub, &error), "stub");
    stub_done(&stub);
    assert_int_equal(loader.stage, STAGE_STUB);
}

static void open_chip(const char *address)
{
    struct link_options options = {.baud = 115200};
    struct connect_options connect = {.attempts = 3};

    error_clear(&error);
    if (link_open(&link_, address, &options, &error) != 0) {
        print_message("no emulator: %s\n", error.text);
        skip();
    }
    loader_init(&loader, &link_, &test_log);
    must(loader_connect(&loader, &connect, &error), "connect");
}

static void conversation(enum chip_id id, bool with_stub)
{
    const struct chip *chip = chip_get(id);
    struct chip_facts facts;
    struct flash_facts flash;
    char address[64];

    snprintf(address, sizeof address, "emu:%s,flash=4MB", chip->key);
    open_chip(address);
    assert_ptr_equal(loader.chip, chip);
    assert_int_equal(loader.stage, STAGE_ROM);
    must(loader_identify(&loader, &facts, &error), "identify");
    assert_int_equal(facts.chip, id);
    assert_int_not_equal(facts.crystal_mhz, 0);
    assert_int_equal(strlen(facts.mac_text), 17);
    assert_string_equal(facts.security, "none");

    if (with_stub)
        start_stub(id);
    int rc = loader_set_baud(&loader, 460800, &error);
    if (with_stub || chip->rom_baud)
        must(rc, "baud");
    else
        assert_int_equal(rc, ERR_NOT_POSSIBLE);
    assert_int_equal(link_.baud, with_stub || chip->rom_baud ? 460800 : 115200);
    error_clear(&error);

    must(loader_flash_attach(&loader, NULL, 0, &flash, &error), "attach");
    assert_true(flash.size == 4 << 20);
    write_and_check(0x10000, IMAGE, true);
    write_and_check(0x28000, 0x1404, false);
    write_and_check(0x30040, 0x100, true);
    neighbours_survive();
    sharers_survive();
    must(loader_flash_erase(&loader, 0x10000, 0x1000, NULL, &error), "erase");
    check_erased(0x10000, 256);
    assert_int_equal(loader_flash_erase(&loader, 4 << 20, 0x1000, NULL, &error), ERR_TOO_BIG);
    error_clear(&error);
    must(loader_leave(&loader, AFTER_HARD_RESET, &error), "leave");

    /* and again, from its program into the download mode */
    link_set_baud(&link_, 115200);
    struct connect_options connect = {.attempts = 3, .chip = id};
    must(loader_connect(&loader, &connect, &error), "connect again");
    assert_int_equal(loader.stage, STAGE_ROM);
    link_close(&link_);
}

#define CHIP(name, id)                    \
    static void name##_rom(void **state)  \
    {                                     \
        (void)state;                      \
        conversation(id, false);          \
    }                                     \
    static void name##_stub(void **state) \
    {                                     \
        (void)state;                      \
        conversation(id, true);           \
    }

CHIP(esp8266, CHIP_ESP8266)
CHIP(esp32, CHIP_ESP32)
CHIP(esp32c3, CHIP_ESP32C3)

/* Round trips of a whole write by the stub, besides those of the data; what each phase takes is
 * printed with ESPJIG_TEST_VERBOSE. */
static unsigned trips_at;

static void trips(const char *phase)
{
    if (getenv("ESPJIG_TEST_VERBOSE"))
        print_message("  %-9s %2u\n", phase, loader.requests - trips_at);
    trips_at = loader.requests;
}

static void round_trips(enum chip_id id)
{
    const struct chip *chip = chip_get(id);
    struct chip_facts facts;
    struct flash_facts flash;
    struct region region;
    uint8_t md5[16];
    char address[64];

    snprintf(address, sizeof address, "emu:%s,flash=4MB", chip->key);
    open_chip(address);
    trips_at = 0;
    trips("connect");
    must(loader_identify(&loader, &facts, &error), "identify");
    trips("identify");
    if (chip->rom_baud)
        must(loader_set_baud(&loader, 921600, &error), "baud of the ROM");
    trips("ROM baud");
    start_stub(id);
    trips("stub");
    must(loader_set_baud(&loader, 921600, &error), "baud of the stub");
    assert_int_equal(link_.baud, 921600);
    trips("baud");
    must(loader_flash_attach(&loader, NULL, 0, &flash, &error), "attach");
    trips("attach");
    make_region(&region, 0x10000, 0x20000, true);
    must(loader_flash_write(&loader, &region, NULL, &error), "write");
    loader.requests -= (unsigned)((region.deflated_size + 0x3FFF) / 0x4000);
    trips("write");
    must(loader_flash_md5(&loader, region.address, (uint32_t)region.size, md5, &error), "md5");
    assert_memory_equal(md5, region.md5, sizeof md5);
    trips("MD5");
    must(loader_leave(&loader, AFTER_HARD_RESET, &error), "leave");
    trips("leave");
    if (loader.requests > 40)
        fail_msg("%u round trips", loader.requests);
    region_done(&region);
    link_close(&link_);
}

static void round_trips_are_few(void **state)
{
    (void)state;
    round_trips(CHIP_ESP32C3);
    round_trips(CHIP_ESP32);
    round_trips(CHIP_ESP8266);
}

/* The stub's state of a write survives the MD5 in its middle; and frames made beforehand. */
static void first_block_is_proved(void **state)
{
    struct flash_facts flash;
    struct region region;
    struct buffer bytes = {0};
    struct wire_block *blocks;
    size_t n;

    (void)state;
    open_chip("emu:esp32,flash=4MB");
    start_stub(CHIP_ESP32);
    must(loader_flash_attach(&loader, NULL, 0, &flash, &error), "attach");
    make_region(&region, 0x10000, 0x40000, true);
    must(loader_frames_build(region.deflated, region.deflated_size, &bytes, &blocks, &n, &error),
         "frames");
    region.frames = (struct wire_frames){.bytes = bytes.data, .blocks = blocks, .n = n};
    loader.prove_block = true;
    must(loader_flash_write(&loader, &region, NULL, &error), "write");
    check_flash(&region);

    /* other bytes than those that were sent: a line that changes them looks like that */
    region.data[0x100] ^= 1;
    loader.prove_block = true;
    assert_int_equal(loader_flash_write(&loader, &region, NULL, &error), ERR_MD5_MISMATCH);
    error_clear(&error);
    region_done(&region);
    free(blocks);
    buffer_done(&bytes);
    link_close(&link_);
}

/* A stub that is still there is recognised, and used. */
static void stub_stays(void **state)
{
    struct connect_options connect = {.attempts = 2, .before = BEFORE_NO_RESET};
    struct flash_facts flash;

    (void)state;
    open_chip("emu:esp32c3,flash=4MB");
    start_stub(CHIP_ESP32C3);
    must(loader_leave(&loader, AFTER_NO_RESET_STUB, &error), "leave");
    must(loader_connect(&loader, &connect, &error), "connect to the stub");
    assert_int_equal(loader.stage, STAGE_STUB);
    must(loader_flash_attach(&loader, NULL, 0, &flash, &error), "attach");
    write_and_check(0x0, 0x5000, true);
    must(loader_flash_erase_all(&loader, NULL, &error), "erase all");
    check_erased(0x0, 0x5000);
    link_close(&link_);
}

static void chip_is_another(void **state)
{
    struct link_options options = {.baud = 115200};
    struct connect_options connect = {.attempts = 3, .chip = CHIP_ESP32};

    (void)state;
    error_clear(&error);
    if (link_open(&link_, "emu:esp32c3", &options, &error) != 0)
        skip();
    loader_init(&loader, &link_, &test_log);
    assert_int_equal(loader_connect(&loader, &connect, &error), ERR_WRONG_CHIP);
    assert_non_null(strstr(error.text, "this chip is ESP32-C3, not ESP32"));
    link_close(&link_);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(esp8266_rom),         cmocka_unit_test(esp8266_stub),
        cmocka_unit_test(esp32_rom),           cmocka_unit_test(esp32_stub),
        cmocka_unit_test(esp32c3_rom),         cmocka_unit_test(esp32c3_stub),
        cmocka_unit_test(round_trips_are_few), cmocka_unit_test(first_block_is_proved),
        cmocka_unit_test(stub_stays),          cmocka_unit_test(chip_is_another),
    };
    const char *build = getenv("top_builddir");
    char emu[512];

    snprintf(emu, sizeof emu, "%s/espjig-emu", build ? build : ".");
    if (getenv("ESPJIG_EMU") == NULL && access(emu, X_OK) == 0)
        setenv("ESPJIG_EMU", emu, 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
