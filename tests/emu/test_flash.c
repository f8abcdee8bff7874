/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The flash chip's command set, and how ROM and stub reach it. */
#include "bench.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- the array ---- */

static void programming_only_clears_bits(void **state)
{
    struct error e = {0};
    struct flash f;
    uint8_t byte;

    (void)state;
    assert_int_equal(flash_open(&f, NULL, 1 << 20, NULL, &e), 0);
    flash_program(&f, 0x1234, (const uint8_t *)"\xf0", 1);
    flash_program(&f, 0x1234, (const uint8_t *)"\x3f", 1);
    flash_read(&f, 0x1234, &byte, 1);
    assert_int_equal(byte, 0x30);
    flash_erase(&f, 0x1000, 0x1000);
    flash_read(&f, 0x1234, &byte, 1);
    assert_int_equal(byte, 0xff);
    flash_close(&f);
}

static void erasing_takes_whole_sectors_and_blocks(void **state)
{
    struct error e = {0};
    struct flash f;

    (void)state;
    assert_int_equal(flash_open(&f, NULL, 1 << 20, NULL, &e), 0);
    memset(f.store.bytes, 0, f.store.size);
    flash_erase(&f, 0x1100, 0x10);
    assert_true(flash_blank(&f, 0x1000, 0x1000));
    assert_int_equal(f.store.bytes[0xfff], 0);
    assert_int_equal(f.store.bytes[0x2000], 0);
    assert_int_equal(f.busy_us, 45000);
    flash_erase(&f, 0xf000, 0x12000); /* a sector, a block, a sector */
    assert_true(flash_blank(&f, 0xf000, 0x12000));
    assert_int_equal(f.busy_us, 45000 + 150000 + 45000);
    assert_int_equal(f.store.bytes[0x21000], 0);
    flash_erase(&f, 0xff000, UINT32_MAX); /* ends, and covers everything */
    assert_true(flash_blank(&f, 0, f.store.size));
    flash_close(&f);
}

static void storage_is_kept_in_its_file(void **state)
{
    char path[] = "/tmp/espjig-emu-XXXXXX";
    int fd = mkstemp(path);
    struct error e = {0};
    struct flash f;
    uint8_t byte = 0;

    (void)state;
    assert_int_equal(flash_open(&f, path, 1 << 20, NULL, &e), 0);
    flash_program(&f, 77, (const uint8_t *)"\x5a", 1);
    assert_int_equal(pread(fd, &byte, 1, 77), 1); /* at once, for other processes */
    assert_int_equal(byte, 0x5a);
    flash_close(&f);
    assert_int_equal(flash_open(&f, path, 1 << 20, NULL, &e), 0);
    assert_int_equal(f.store.bytes[77], 0x5a);
    flash_close(&f);
    assert_int_equal(flash_open(&f, path, 2 << 20, NULL, &e), ERR_FILE_FORMAT);
    assert_non_null(strstr(e.text, path));
    close(fd);
    unlink(path);
}

/* Sectors from `start` on that FLASH_BEGIN leaves erased when asked for `n`. */
static size_t erased_by_begin(uint32_t start, uint32_t n)
{
    const uint32_t begin[] = {n * FLASH_SECTOR, 1, 1024, start * FLASH_SECTOR};
    struct bench b;
    size_t erased = 0;

    bench_open(&b, "esp8266", 1 << 20);
    memset(b.chip.flash.store.bytes, 0, b.chip.flash.store.size);
    bench_sync(&b, 0);
    bench_command(&b, 0x02, begin, 4);
    while (flash_blank(&b.chip.flash, (uint32_t)(start + erased) * FLASH_SECTOR, FLASH_SECTOR))
        erased++;
    bench_close(&b);
    return erased;
}

/* peers.md 3a.11: head and all, where the head was to be part of it. */
static void esp8266_rom_erases_too_much(void **state)
{
    (void)state;
    assert_int_equal(erased_by_begin(32, 0), 0);
    assert_int_equal(erased_by_begin(32, 4), 8);
    assert_int_equal(erased_by_begin(14, 10), 12);
    assert_int_equal(erased_by_begin(0, 20), 36);
}

/* ---- commands ---- */

/* One command straight to the chip: what it answers, up to four bytes, first one lowest. */
static uint32_t ask(struct flash *f, uint8_t command, uint32_t address, unsigned dummy, size_t n)
{
    uint8_t in[4] = {0};
    const struct flash_transfer t = {
        .command = command, .address = address, .dummy_bits = dummy, .in = in, .in_len = n};

    flash_command(f, 0, &t);
    f->ready_at = 0;
    return le32_get(in);
}

static void tell(struct flash *f, uint8_t command, uint32_t address, const char *bytes, size_t n)
{
    const struct flash_transfer t = {
        .command = command, .address = address, .out = (const uint8_t *)bytes, .out_len = n};

    flash_command(f, 0, &t);
    f->ready_at = 0;
}

static void open_flash(struct flash *f, size_t size, const char *id)
{
    struct error e = {0};

    assert_int_equal(flash_open(f, NULL, size, (const uint8_t *)id, &e), 0);
    flash_power_on(f);
}

static uint32_t sfdp(struct flash *f, uint32_t at)
{
    return ask(f, 0x5a, at, 8, 4);
}

static void sfdp_tells_the_density(void **state)
{
    struct flash f;

    (void)state;
    for (size_t mb = 1; mb <= 128; mb *= 2) {
        open_flash(&f, mb << 20, NULL);
        assert_int_equal(sfdp(&f, 0), 0x50444653);
        assert_int_equal(sfdp(&f, 4) >> 16 & 0xff, 1); /* two parameter headers */
        assert_int_equal(sfdp(&f, 8) >> 24, 16);       /* words of the first */
        uint32_t at = sfdp(&f, 12) & 0xffffff;
        assert_int_equal(sfdp(&f, at + 4), mb * (8 << 20) - 1);
        assert_int_equal(sfdp(&f, at) >> 8 & 0xff, 0x20); /* erases 4 KiB with it */
        assert_int_equal(sfdp(&f, at) >> 17 & 3, mb > 16);
        /* Without the dummy bits, the first byte comes a byte late. */
        assert_int_equal(ask(&f, 0x5a, 0, 0, 4), 0x444653ff);
        flash_close(&f);
    }
}

static void status_is_volatile_or_not(void **state)
{
    struct flash f;

    (void)state;
    open_flash(&f, 4 << 20, NULL);
    tell(&f, 0x01, 0, "\x1c", 1); /* not enabled */
    assert_int_equal(ask(&f, 0x05, 0, 0, 1), 0);
    tell(&f, 0x50, 0, NULL, 0);
    tell(&f, 0x01, 0, "\x1c\x02", 2);
    assert_int_equal(ask(&f, 0x05, 0, 0, 1), 0x1c);
    assert_int_equal(ask(&f, 0x35, 0, 0, 1), 2);
    tell(&f, 0x01, 0, "\x00", 1); /* 50 is used up */
    assert_int_equal(ask(&f, 0x05, 0, 0, 1), 0x1c);
    tell(&f, 0x66, 0, NULL, 0);
    tell(&f, 0x99, 0, NULL, 0);
    assert_int_equal(ask(&f, 0x05, 0, 0, 1), 0);
    tell(&f, 0x06, 0, NULL, 0);
    tell(&f, 0x31, 0, "\x02", 1);
    tell(&f, 0x06, 0, NULL, 0);
    tell(&f, 0x11, 0, "\x60", 1);
    flash_power_on(&f);
    assert_int_equal(ask(&f, 0x35, 0, 0, 1), 2);
    assert_int_equal(ask(&f, 0x15, 0, 0, 1), 0x60);
    assert_int_equal(ask(&f, 0x05, 0, 0, 1), 0);
    tell(&f, 0x99, 0, NULL, 0); /* 66 has to come right before */
    assert_int_equal(ask(&f, 0x35, 0, 0, 1), 2);
    flash_close(&f);
}

static void set_status(struct flash *f, const char *bytes)
{
    tell(f, 0x06, 0, NULL, 0);
    tell(f, 0x01, 0, bytes, 2);
}

static void protected_blocks_do_not_change(void **state)
{
    struct flash f;

    (void)state;
    open_flash(&f, 4 << 20, NULL);
    memset(f.store.bytes, 0x55, f.store.size);
    set_status(&f, "\x04\x00"); /* the upper 64 KiB */
    assert_true(flash_protected(&f, 0x3f0000, 1));
    assert_false(flash_protected(&f, 0x3effff, 1));
    set_status(&f, "\x24\x00"); /* the lower ones */
    flash_erase(&f, 0x8000, 0x10000);
    assert_int_equal(f.store.bytes[0xffff], 0x55);
    assert_int_equal(f.store.bytes[0x10000], 0xff);
    flash_program(&f, 0xff80, (const uint8_t *)"\0", 1);
    assert_int_equal(f.store.bytes[0xff80], 0x55);
    tell(&f, 0x06, 0, NULL, 0);
    tell(&f, 0xc7, 0, NULL, 0); /* chip erase: not while anything is protected */
    assert_int_equal(f.store.bytes[0x200000], 0x55);
    set_status(&f, "\x24\x40"); /* complement: all but those */
    assert_false(flash_protected(&f, 0, 0x10000));
    assert_true(flash_protected(&f, 0x10000, 1));
    set_status(&f, "\x44\x00"); /* sectors: the uppermost one */
    assert_true(flash_protected(&f, 0x3ff000, 1));
    assert_false(flash_protected(&f, 0x3fe000, 0x1000));
    set_status(&f, "\x1c\x00");
    assert_true(flash_protected(&f, 0, 1));
    flash_unlock(&f);
    assert_false(flash_protected(&f, 0, f.store.size));
    flash_close(&f);
}

static void power_down_hides_the_chip(void **state)
{
    struct flash f;
    uint8_t byte;

    (void)state;
    open_flash(&f, 4 << 20, NULL);
    flash_program(&f, 0, (const uint8_t *)"\0", 1);
    tell(&f, 0xb9, 0, NULL, 0);
    assert_int_equal(ask(&f, 0x9f, 0, 0, 3), 0xffffff);
    flash_read(&f, 0, &byte, 1);
    assert_int_equal(byte, 0xff);
    flash_erase(&f, 0, 0x1000);
    assert_int_equal(ask(&f, 0xab, 0, 0, 1), 0x15);
    flash_read(&f, 0, &byte, 1);
    assert_int_equal(byte, 0);
    flash_close(&f);
}

static void xmc_needs_its_sequence(void **state)
{
    struct flash f;

    (void)state;
    open_flash(&f, 4 << 20, "\x20\x40\x16");
    f.xmc = true;
    assert_int_equal(ask(&f, 0x9f, 0, 0, 3), 0x20);
    assert_int_equal(sfdp(&f, 0x10) & 0xff, 0x20);
    tell(&f, 0xb9, 0, NULL, 0);
    tell(&f, 0xab, 0, NULL, 0); /* that alone is not enough */
    assert_int_equal(ask(&f, 0x9f, 0, 0, 3), 0x20);
    tell(&f, 0xb9, 0, NULL, 0);
    tell(&f, 0x79, 0, NULL, 0);
    tell(&f, 0xab, 0, NULL, 0); /* too early */
    assert_int_equal(ask(&f, 0x9f, 0, 0, 3), 0xffffff);
    tell(&f, 0xff, 0, NULL, 0);
    tell(&f, 0xab, 0, NULL, 0);
    assert_int_equal(ask(&f, 0x9f, 0, 0, 3), 0x164020);
    flash_close(&f);
}

static void a_missing_chip_is_all_ones_or_zeros(void **state)
{
    static const uint32_t begin[] = {0x1000, 1, 0x1000, 0}, md5[] = {0, 0x1000, 0, 0};
    struct flash f;
    struct bench b;
    uint8_t reply[64];

    (void)state;
    open_flash(&f, 4 << 20, "\0\0\0");
    assert_int_equal(ask(&f, 0x9f, 0, 0, 3), 0);
    assert_int_equal(ask(&f, 0x5a, 0, 8, 4), 0);
    flash_close(&f);
    open_flash(&f, 4 << 20, "\xff\xff\xff");
    assert_int_equal(ask(&f, 0x9f, 0, 0, 3), 0xffffff);
    flash_program(&f, 0, (const uint8_t *)"\0", 1);
    assert_int_equal(f.store.bytes[0], 0xff);
    flash_close(&f);

    bench_open(&b, "esp32c3", 4 << 20);
    b.chip.flash.stuck = true;
    memset(b.chip.flash.id, 0xff, 3);
    bench_sync(&b, 2);
    bench_command(&b, 0x02, begin, 4);
    uint8_t frame[24] = {0, 0x13, 16};
    memcpy(frame + 8, md5, sizeof md5);
    bench_frame(&b, frame, sizeof frame);
    assert_int_equal(bench_take(&b, reply, sizeof reply), 10);
    assert_int_equal(reply[8], 0xc4);
    bench_close(&b);
}

/* ---- more than 16 MB ---- */

static void three_bytes_wrap_at_16_mb(void **state)
{
    struct flash f;
    uint8_t byte;

    (void)state;
    open_flash(&f, 32 << 20, NULL);
    flash_program(&f, 0x1000010, (const uint8_t *)"\x11", 1);
    assert_int_equal(f.store.bytes[0x10], 0x11);
    f.reach = 0;
    flash_program(&f, 0x1000010, (const uint8_t *)"\x22", 1);
    flash_read(&f, 0x1000010, &byte, 1);
    assert_int_equal(byte, 0x22);
    assert_int_equal(f.store.bytes[0x10], 0x11);
    assert_int_equal(ask(&f, 0x03, 0x1000010, 0, 1), 0x11);
    assert_int_equal(ask(&f, 0x13, 0x1000010, 0, 1), 0x22);
    tell(&f, 0xb7, 0, NULL, 0);
    assert_int_equal(ask(&f, 0x03, 0x1000010, 0, 1), 0x22);
    tell(&f, 0x06, 0, NULL, 0);
    tell(&f, 0x21, 0x1000000, NULL, 0);
    assert_int_equal(f.store.bytes[0x1000010], 0xff);
    assert_int_equal(f.store.bytes[0x10], 0x11);
    flash_close(&f);
}

static void write_word(struct bench *b, uint32_t at)
{
    const uint32_t begin[] = {4, 1, 4, at};
    uint8_t frame[8 + 16 + 4] = {0, 3, 20};

    bench_command(b, 0x02, begin, 4);
    le32_put(frame + 4, 0xef);
    le32_put(frame + 8, 4);
    bench_frame(b, frame, sizeof frame);
    bench_clear(b);
}

static void only_some_stubs_reach_beyond_16_mb(void **state)
{
    struct bench b;
    struct persona large;

    (void)state;
    for (int reaches = 0; reaches < 2; reaches++) {
        bench_open(&b, "esp32c3", 32 << 20);
        large = *b.chip.persona;
        large.flash_4byte = reaches;
        b.chip.persona = &large;
        bench_sync(&b, 2);
        write_word(&b, 0x1800000);
        assert_int_equal(b.chip.flash.store.bytes[0x1800000], reaches ? 0 : 0xff);
        assert_int_equal(b.chip.flash.store.bytes[0x800000], 0xff);
        bench_close(&b);
    }
}

/* ---- how the stub erases (esp-flasher-stub src/command_handler.c) ---- */

static void the_stub_erases_from_the_first_dirty_sector_on(void **state)
{
    static const uint32_t begin[] = {0x20000, 8, 0x4000, 0x10000};
    uint8_t frame[24 + 0x4000] = {0, 3, 0x10, 0x40};
    struct bench b;

    (void)state;
    memset(frame + 24, 0xff, 0x4000);
    le32_put(frame + 4, 0xef);
    le32_put(frame + 8, 0x4000);
    bench_open(&b, "esp32c3", 4 << 20);
    b.chip.flash.store.bytes[0x13000] = 0;
    b.chip.flash.store.bytes[0x20000] = 0;
    bench_sync(&b, 2);
    b.chip.instant = false;
    bench_command(&b, 0x02, begin, 4);
    assert_int_equal(b.chip.flash.ready_at, 0); /* the first sector is blank */
    bench_pass(&b, 2000);
    bench_frame(&b, frame, sizeof frame); /* up to 14000: finds the dirty one */
    assert_int_equal(b.chip.flash.store.bytes[0x13000], 0xff);
    assert_true(b.chip.flash.ready_at > b.now);
    int64_t before = b.chip.flash.ready_at;
    for (int i = 1; i < 4; i++) {
        bench_pass(&b, 2000);
        bench_frame(&b, frame, sizeof frame);
    }
    assert_true(b.chip.flash.ready_at > before + 12 * 45000); /* blank ones, too, from there on */
    assert_int_equal(b.chip.flash.store.bytes[0x20000], 0);
    bench_pass(&b, 2000);
    bench_frame(&b, frame, sizeof frame); /* the whole block at once */
    assert_int_equal(b.chip.flash.store.bytes[0x20000], 0xff);
    assert_int_equal(b.chip.stub.erase_left, 0);
    bench_close(&b);
}

int run_flash_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(programming_only_clears_bits),
        cmocka_unit_test(erasing_takes_whole_sectors_and_blocks),
        cmocka_unit_test(storage_is_kept_in_its_file),
        cmocka_unit_test(esp8266_rom_erases_too_much),
        cmocka_unit_test(sfdp_tells_the_density),
        cmocka_unit_test(status_is_volatile_or_not),
        cmocka_unit_test(protected_blocks_do_not_change),
        cmocka_unit_test(power_down_hides_the_chip),
        cmocka_unit_test(xmc_needs_its_sequence),
        cmocka_unit_test(a_missing_chip_is_all_ones_or_zeros),
        cmocka_unit_test(three_bytes_wrap_at_16_mb),
        cmocka_unit_test(only_some_stubs_reach_beyond_16_mb),
        cmocka_unit_test(the_stub_erases_from_the_first_dirty_sector_on),
    };

    return cmocka_run_group_tests_name("emu: flash", tests, NULL, NULL);
}
