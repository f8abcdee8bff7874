/* SPDX-License-Identifier: GPL-3.0-or-later */
/* job/diff: what is found to differ, and how many questions that takes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/buffer.h"
#include "base/util.h"
#include "image/digest.h"
#include "job/diff.h"

#include <stdlib.h>
#include <string.h>

enum { SECTOR = DIFF_SECTOR, MIB = 1024 * 1024, ADDRESS = 0x10000 };

/* 921600 baud, an image that packs to a half, answers after 1 ms; and after 16 ms. */
static const struct diff_cost quick = {
    .question = 0.0015, .md5_byte = 0.25 / MIB, .send_byte = 6.2 / MIB, .range = 0.0045};
static const struct diff_cost late = {
    .question = 0.017, .md5_byte = 0.25 / MIB, .send_byte = 6.2 / MIB, .range = 0.051};

struct fake {
    const uint8_t *flash;
    const struct diff_cost *cost;
    unsigned questions;
    uint64_t bytes;
    double seconds;
    unsigned fail_at; /* the question that gets no answer; 0: none */
};

static int fake_md5(void *context, size_t offset, size_t size, uint8_t md5[16])
{
    struct fake *fake = context;

    fake->questions++;
    fake->bytes += size;
    fake->seconds += fake->cost->question + (double)size * fake->cost->md5_byte;
    if (fake->questions == fake->fail_at)
        return -19;
    digest_md5(fake->flash + offset, size, md5);
    return 0;
}

struct bench {
    uint8_t *image, *flash;
    uint32_t address;
    size_t size;
    const struct diff_cost *cost;
    bool begun;
    struct fake fake;
    struct diff diff;
    int rc;
};

static uint32_t seed;

static uint32_t any(uint32_t below)
{
    seed = seed * 1664525 + 1013904223;
    return (uint32_t)(((uint64_t)seed * below) >> 32);
}

static void bench_init(struct bench *b, size_t size)
{
    *b = (struct bench){.size = size, .address = ADDRESS, .cost = &quick};
    b->image = xmalloc(size);
    b->flash = xmalloc(size);
    for (size_t i = 0; i < size; i++)
        b->image[i] = (uint8_t)any(255); /* no sector is blank */
    memcpy(b->flash, b->image, size);
}

static void bench_done(struct bench *b)
{
    diff_done(&b->diff);
    free(b->image);
    free(b->flash);
}

static void find(struct bench *b)
{
    uint8_t md5[16];
    struct diff_region region = {
        .address = b->address, .data = b->image, .size = b->size, .md5 = md5, .begun = b->begun};

    b->fake = (struct fake){.flash = b->flash, .cost = b->cost, .fail_at = b->fake.fail_at};
    struct diff_chip chip = {.md5 = fake_md5, .context = &b->fake, .cost = b->cost};
    digest_md5(b->image, b->size, md5);
    diff_done(&b->diff);
    b->rc = diff_find(&b->diff, &region, &chip);
    assert_int_equal(b->diff.questions, b->fake.questions);
}

/* Sector i of the flash, counted from the first that the region touches. */
static void touch(struct bench *b, size_t i)
{
    size_t lead = b->address % SECTOR, at = i ? i * SECTOR - lead : 0;
    size_t end = (i + 1) * SECTOR - lead < b->size ? (i + 1) * SECTOR - lead : b->size;

    b->flash[at + any((uint32_t)(end - at))] ^= 0x5A;
}

/* Every byte that differs is in a range, and ranges are ascending, apart, and of whole sectors. */
static void assert_covers(const struct bench *b)
{
    const struct diff *diff = &b->diff;
    size_t at = 0, sum = 0;

    assert_int_equal(b->rc, 0);
    for (size_t i = 0; i <= diff->n; i++) {
        size_t from = i < diff->n ? diff->ranges[i].offset : b->size;
        assert_true(from >= at && (i == 0 || i == diff->n || from > at));
        assert_memory_equal(b->image + at, b->flash + at, from - at);
        if (i == diff->n)
            break;
        at = from + diff->ranges[i].size;
        sum += diff->ranges[i].size;
        assert_true(at <= b->size && diff->ranges[i].size > 0);
        assert_true(from == 0 || (b->address + from) % SECTOR == 0);
        assert_true(at == b->size || (b->address + at) % SECTOR == 0);
    }
    assert_int_equal(sum, diff->bytes);
}

/* One that is asked about a sector, and then one about all of it or, where a round trip costs
 * little against having all of it read twice, one about each block. */
static void the_same_image_is_read_once(void **state)
{
    struct bench b;

    (void)state;
    bench_init(&b, MIB);
    for (int is_late = 0; is_late < 2; is_late++) {
        b.cost = is_late ? &late : &quick;
        find(&b);
        assert_covers(&b);
        assert_int_equal(b.diff.n, 0);
        assert_true(b.diff.confirmed);
        assert_int_equal(b.fake.questions, is_late ? 2 : 1 + 16);
        assert_true(b.fake.bytes <= MIB + SECTOR);
    }
    /* and one sector that differs is not in what has been read */
    b.cost = &quick;
    touch(&b, 200);
    find(&b);
    assert_covers(&b);
    assert_false(b.diff.confirmed);
    assert_int_equal(b.diff.bytes, SECTOR);
    assert_true(b.fake.bytes < MIB + 128 * 1024);
    bench_done(&b);

    bench_init(&b, 5 * SECTOR - 100); /* what is small is not probed */
    find(&b);
    assert_true(b.diff.confirmed);
    assert_int_equal(b.fake.questions, 1);
    bench_done(&b);
}

static void all_new_is_four_small_questions(void **state)
{
    struct bench b;

    (void)state;
    bench_init(&b, MIB);
    for (size_t i = 0; i < b.size; i++)
        b.flash[i] ^= 1;
    find(&b);
    assert_covers(&b);
    assert_true(b.diff.whole);
    assert_int_equal(b.diff.bytes, MIB);
    assert_int_equal(b.diff.changed, 256);
    assert_int_equal(b.fake.questions, 4);
    assert_int_equal(b.fake.bytes, 4 * SECTOR);
    bench_done(&b);
}

/* A flash that is empty and an image with room in it: where both are blank tells nothing. */
static void blank_sectors_are_not_probed(void **state)
{
    struct bench b;

    (void)state;
    bench_init(&b, MIB);
    memset(b.flash, 0xFF, b.size);
    for (size_t i = 0; i < 256; i += 2)
        memset(b.image + i * SECTOR, 0xFF, SECTOR);
    find(&b);
    assert_covers(&b);
    assert_int_equal(b.fake.questions, 4);
    memset(b.image, 0xFF, b.size); /* nothing to probe at all */
    find(&b);
    assert_covers(&b);
    assert_int_equal(b.diff.n, 0);
    assert_true(b.diff.confirmed);
    bench_done(&b);
}

static void one_sector_is_found_exactly(void **state)
{
    struct bench b;

    (void)state;
    for (size_t i = 0; i < 256; i++) {
        bench_init(&b, MIB);
        touch(&b, i);
        find(&b);
        assert_covers(&b);
        assert_int_equal(b.diff.changed, 1);
        assert_false(b.diff.confirmed);
        assert_int_equal(b.diff.bytes, SECTOR);
        assert_true(b.fake.questions <= 1 + 1 + 16 + 8);
        assert_true(b.fake.seconds < 0.6);
        bench_done(&b);
    }
}

static void scattered_sectors_are_found(void **state)
{
    struct bench b;

    (void)state;
    for (unsigned round = 0; round < 20; round++) {
        bench_init(&b, MIB);
        for (size_t k = 0; k < 16; k++)
            touch(&b, 16 * k + any(16));
        b.cost = round % 2 ? &late : &quick;
        find(&b);
        assert_covers(&b);
        assert_false(b.diff.whole);
        if (b.cost == &quick) {
            assert_int_equal(b.diff.changed, 16);
            assert_true(b.fake.questions <= 4 + 16 + 16 * 8);
        } else
            assert_true(b.diff.bytes <= 16 * 4 * SECTOR);
        /* Finding out and sending it is worth it. */
        assert_true(b.fake.seconds + (double)b.diff.bytes * b.cost->send_byte < 0.6 * 6.2);
        bench_done(&b);
    }
}

/* Whatever has changed: nothing is missed, and looking never costs much more than sending all. */
static void nothing_is_missed(void **state)
{
    struct bench b;

    (void)state;
    for (unsigned round = 0; round < 300; round++) {
        size_t size = 4 * (1 + any(round % 3 ? MIB / 4 : 20000));
        bench_init(&b, size);
        b.address = ADDRESS + (round % 4 == 3 ? 4 * any(1024) : 0);
        b.cost = any(2) ? &late : &quick;
        b.begun = any(4) == 0;
        size_t sectors = (b.address % SECTOR + size + SECTOR - 1) / SECTOR;
        for (uint32_t k = any(1U << any(8)); k > 0; k--) {
            uint32_t from = any((uint32_t)sectors), n = any(1 + any(40));
            for (size_t i = from; i <= from + n && i < sectors; i++)
                touch(&b, i);
        }
        find(&b);
        assert_covers(&b);
        assert_int_equal(b.diff.sectors, sectors);
        double all = (double)size * b.cost->send_byte;
        double taken = b.fake.seconds + (double)b.diff.bytes * b.cost->send_byte +
                       (double)b.diff.n * b.cost->range;
        assert_true(taken < 1.35 * all + 0.3);
        bench_done(&b);
    }
}

static void half_of_it_new_is_not_asked_for_piece_by_piece(void **state)
{
    struct bench b;

    (void)state;
    bench_init(&b, MIB);
    for (size_t i = MIB / 2 - 5000; i < MIB; i++)
        b.flash[i] ^= 1;
    find(&b);
    assert_covers(&b);
    assert_int_equal(b.diff.n, 1);
    assert_true(b.fake.questions < 50);
    assert_int_equal(b.diff.bytes, MIB / 2 + 2 * SECTOR);
    bench_done(&b);
}

static void what_broke_off_is_gone_on_with(void **state)
{
    struct bench b;

    (void)state;
    bench_init(&b, MIB);
    memset(b.flash + 300 * 1024, 0xFF, MIB - 300 * 1024); /* erased in front of the writing */
    b.begun = true;
    find(&b);
    assert_covers(&b);
    assert_int_equal(b.diff.n, 1);
    assert_true(b.diff.bytes <= MIB - 300 * 1024 + 2 * SECTOR);
    assert_true(b.fake.questions < 40);
    memcpy(b.flash, b.image, b.size); /* all of it was there after all: not yet confirmed as one */
    find(&b);
    assert_int_equal(b.diff.n, 0);
    assert_false(b.diff.confirmed);
    bench_done(&b);
}

static void neighbours_are_one_range_where_that_is_cheaper(void **state)
{
    struct bench b;

    (void)state;
    bench_init(&b, MIB);
    touch(&b, 100);
    touch(&b, 104);
    find(&b);
    assert_int_equal(b.diff.n, 2);
    assert_int_equal(b.diff.bytes, 2 * SECTOR);
    b.cost = &late;
    find(&b);
    assert_covers(&b);
    assert_int_equal(b.diff.n, 1);
    bench_done(&b);
}

static void no_answer_ends_it(void **state)
{
    struct bench b;

    (void)state;
    bench_init(&b, MIB);
    touch(&b, 7);
    touch(&b, 8);
    touch(&b, 200);
    find(&b);
    for (unsigned n = b.fake.questions; n > 0; n--) {
        b.fake.fail_at = n;
        find(&b);
        assert_int_equal(b.rc, -19);
        assert_int_equal(b.fake.questions, n);
    }
    bench_done(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_image_is_read_once),
        cmocka_unit_test(all_new_is_four_small_questions),
        cmocka_unit_test(blank_sectors_are_not_probed),
        cmocka_unit_test(one_sector_is_found_exactly),
        cmocka_unit_test(scattered_sectors_are_found),
        cmocka_unit_test(nothing_is_missed),
        cmocka_unit_test(half_of_it_new_is_not_asked_for_piece_by_piece),
        cmocka_unit_test(what_broke_off_is_gone_on_with),
        cmocka_unit_test(neighbours_are_one_range_where_that_is_cheaper),
        cmocka_unit_test(no_answer_ends_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
