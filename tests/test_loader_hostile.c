/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A chip that answers anything: whatever comes over the wire, every function of the loader comes
 * back within its time limits, with success or with one sentence, and nothing is read or written
 * out of bounds (that the sanitizers see).
 */
#include "base/util.h"
#include "loader/loader.h"
#include "script_link.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { SEEDS = 150, READ_SIZE = 0x2345, MINUTES_MAX = 30 };

static struct script script;
static struct loader loader;
static struct error error;
static uint32_t state;

static uint32_t draw(uint32_t below)
{
    state = state * 1664525 + 1013904223;
    return (uint32_t)((uint64_t)(state >> 4) * below >> 28);
}

static void fill(uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        bytes[i] = (uint8_t)draw(256);
}

static void raw(const void *bytes, size_t n)
{
    buffer_append(&script.incoming, bytes, n);
}

/* A reply to `op` as it should be, but for what it says: lengths that fit some command or none. */
static void reply(struct script *s, uint8_t op)
{
    static const uint8_t lengths[] = {0, 0, 0, 0, 1, 4, 12, 16, 20, 32, 64, 90, 255};
    uint8_t data[255];
    size_t n = lengths[draw(ARRAY_LEN(lengths))];
    static const uint16_t statuses[] = {0, 0, 0, 0, 0, 0, 0x0501, 0x0601, 0x00C1, 0x00C3, 0xFFFF};

    fill(data, sizeof data);
    if (draw(2))
        memset(data, 0, sizeof data);
    script_answer_reply(s, op, draw(2) ? 0 : state, data, n, statuses[draw(ARRAY_LEN(statuses))],
                        2 + 2 * draw(2));
}

static void anything(struct script *s, const uint8_t *frame, size_t n)
{
    static uint8_t bytes[0x6000];
    uint8_t op = n > 1 ? frame[1] : 0;

    switch (draw(16)) {
    case 0:
        return;
    case 1: /* noise */
        fill(bytes, 300);
        raw(bytes, draw(300));
        return;
    case 2: /* a frame without an end, or far too long */
        memset(bytes, 0x55, sizeof bytes);
        raw("\xC0", 1);
        raw(bytes, draw(sizeof bytes));
        return;
    case 3: /* a frame of any length */
        fill(bytes, sizeof bytes);
        script_answer(s, bytes, draw(draw(2) ? 16 : 0x5100));
        return;
    case 4: /* a wrong escape, ENDs, another one's reply */
        raw("\xC0\x01\xDB\x41\xC0\xC0\xC0\xDB\xC0", 9);
        reply(s, (uint8_t)draw(256));
        return;
    case 5: /* its length says something else */
        script_answer(s, (const uint8_t[]){1, op, 0xFF, 0xFF, 0, 0, 0, 0, 0, 0}, 10);
        return;
    case 6: /* far too short */
        script_answer(s, (const uint8_t[]){1, op, 0, 0, 0, 0, 0, 0, 0}, draw(10));
        return;
    case 7: /* twice, and text between */
        reply(s, op);
        raw("Guru Meditation\r\n", 17);
        reply(s, op);
        return;
    case 8: /* data of a stub */
        fill(bytes, 0x1000);
        script_answer(s, bytes, draw(2) ? 0x1000 : READ_SIZE % 0x1000);
        return;
    default:
        reply(s, op);
    }
}

static uint8_t image[0x9000], target[READ_SIZE];

static int call(unsigned what)
{
    static const struct connect_options again = {.before = BEFORE_NO_RESET, .attempts = 2};
    struct region region = {.path = (char *)"x.bin",
                            .address = 4 * draw(0x2000),
                            .data = image,
                            .size = sizeof image - 4 * draw(0x100)};
    struct stub stub = {.path = "x.json",
                        .entry = 0x4038C000,
                        .n_segments = 1,
                        .segments = {{0x4038C000, image, 0x1900}}};
    struct chip_facts facts;
    struct flash_facts flash;
    struct security_info info;
    uint8_t md5[16];
    uint32_t word;

    switch (what) {
    case 0:
        return loader_connect(&loader, &again, &error);
    case 1:
        return loader_identify(&loader, &facts, &error);
    case 2:
        return loader_security_info(&loader, &info, &error);
    case 3:
        return loader_flash_attach(&loader, NULL, 0, &flash, &error);
    case 4:
        return loader_flash_read(&loader, draw(0x1000), READ_SIZE, target, NULL, &error);
    case 5:
        return loader_flash_md5(&loader, 0, 0x1000, md5, &error);
    case 6:
        return loader_flash_erase(&loader, 0x3000, 0x20000, NULL, &error);
    case 7:
        return loader_flash_write(&loader, &region, NULL, &error);
    case 8:
        return loader_ram_read(&loader, 0x3FC80001, target, 99, NULL, &error);
    case 9:
        return loader_stub_run(&loader, &stub, &error);
    case 10:
        return loader_set_baud(&loader, script.link.baud == 115200 ? 921600 : 115200, &error);
    case 11:
        return loader_flash_status_write(&loader, 3, 0x123456, true, &word, &error);
    case 12:
        return loader_flash_sfdp(&loader, 0, target, FLASH_SFDP_MAX, &error);
    case 13:
        return loader_flash_erase_all(&loader, NULL, &error);
    default:
        return loader_leave(&loader, (enum loader_after)draw(AFTER_WATCHDOG_RESET + 1), &error);
    }
}

static void anything_is_survived(void **unused)
{
    static const enum chip_id ids[] = {CHIP_ESP8266, CHIP_ESP32,   CHIP_ESP32S2,
                                       CHIP_ESP32S3, CHIP_ESP32C3, CHIP_ESP32P4};
    unsigned done = 0, failed = 0;

    (void)unused;
    for (uint32_t seed = 1; seed <= SEEDS; seed++) {
        script_open(&script);
        loader_init(&loader, &script.link, NULL);
        script.answer = anything;
        state = seed * 7919;
        loader.chip = chip_get(ids[draw(ARRAY_LEN(ids))]);
        for (unsigned i = 0; i < 30; i++) {
            unsigned what = draw(15);
            int64_t start = script_clock_us();
            if (loader.stage == STAGE_NONE || draw(4) == 0) {
                loader.stage = draw(2) ? STAGE_STUB : STAGE_ROM;
                loader.secure_download = draw(6) == 0;
                loader.stub_version = (int)draw(3);
                loader.flash_size = draw(2) ? 4 << 20 : 0;
                loader.prove_block = draw(2);
            }
            script.n_bauds = 0;
            error_clear(&error);
            int rc = call(what);
            if (rc > 0 || (rc < 0 && (error.code != rc || error.text[0] == '\0')))
                fail_msg("seed %u, call %u (%u): %d, \"%s\"", seed, i, what, rc, error.text);
            if (script_clock_us() - start > (int64_t)MINUTES_MAX * 60 * 1000000)
                fail_msg("seed %u, call %u (%u) took too long", seed, i, what);
            assert_true(strlen(loader.boot_log) < sizeof loader.boot_log);
            if (loader.chip == NULL) /* loader_connect found none */
                loader.chip = chip_get(CHIP_ESP32C3);
            done += rc == 0;
            failed += rc < 0;
        }
        script_close(&script);
    }
    assert_true(done > SEEDS && failed > SEEDS); /* both happen */
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(anything_is_survived)};

    for (size_t i = 0; i < sizeof image; i++)
        image[i] = (uint8_t)(i >> 3);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
