/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Flash, eFuses, SPI controller, lines, baud rates, busy times, garbage. */
#include "bench.h"

#include "emu/digest.h"
#include "emu/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- tables ---- */

/* The blocks lie in the row of readable words, the fields in their blocks, and no bit twice. */
static void efuses_are_sound(const struct persona *p)
{
    uint32_t used[128] = {0};
    size_t words = 0;

    for (size_t b = 0; b < sizeof p->efuse.block_words; b++) {
        if (p->efuse.block_words[b] > 0)
            words = efuse_block_word(&p->efuse, b) + p->efuse.block_words[b];
        assert_true(words <= p->efuse.words);
    }
    assert_true(p->efuse.block_words[p->mac_block] >= 2);
    if (p->style == BOOT_NEWER) { /* the MAC's words */
        used[efuse_block_word(&p->efuse, p->mac_block)] = UINT32_MAX;
        used[efuse_block_word(&p->efuse, p->mac_block) + 1] = 0xffff;
    }
    for (const struct efuse_field *f = p->factory; f->width != 0; f++) {
        assert_true(f->value != 0 && f->width <= 32 && (uint64_t)f->value >> f->width == 0);
        assert_true(f->bit + f->width <= 32 * p->efuse.block_words[f->block]);
        for (unsigned i = f->bit; i < f->bit + f->width; i++) {
            size_t word = efuse_block_word(&p->efuse, f->block) + i / 32;
            assert_false(used[word] >> i % 32 & 1);
            used[word] |= UINT32_C(1) << i % 32;
        }
    }
}

static void security_is_sound(const struct persona *p)
{
    const struct security_layout *l = &p->security;
    unsigned bits = 32u * p->efuse.block_words[0];

    assert_int_equal(l->size != 0, p->commands >> 0x14 & 1);
    assert_true(l->size == 0 || l->size == 12 || l->size == 20);
    assert_true(l->keys <= 6 && l->purpose + l->keys * l->purpose_width <= (int)bits);
    assert_true(l->soft_jtag + 3u <= bits);
    for (size_t i = 0; i < sizeof l->flags; i++) {
        assert_true(l->flags[i] < bits);
        for (size_t j = 0; j < i; j++)
            assert_true(l->flags[i] == 0 || l->flags[i] != l->flags[j]);
    }
}

static void encryption_is_sound(const struct persona *p)
{
    const struct encryption_layout *n = &p->encryption;
    const struct efuse_layout *l = &p->efuse;
    unsigned bits = 32u * l->block_words[0], keys = p->security.keys;
    bool protects = l->protected_blocks != 0;

    /* The ESP32-E22's eFuses for it are not known. */
    assert_int_equal(n->scheme != ENCRYPTION_NONE, protects && strcmp(p->name, "esp32e22") != 0);
    assert_true(l->protected_from + l->protected_blocks <= (int)sizeof l->block_words);
    for (unsigned i = 0; i < l->protected_blocks; i++)
        assert_int_equal(l->block_words[l->protected_from + i], 8);
    if (n->scheme == ENCRYPTION_NONE)
        return;
    assert_true(n->count != 0 && n->count + n->count_width <= (int)bits);
    assert_true(n->manual_off != 0 && n->manual_off < bits);
    assert_true(n->manual_off < n->count || n->manual_off >= n->count + n->count_width);
    assert_int_equal(keys != 0, n->scheme == ENCRYPTION_XTS);
    assert_true(l->protected_blocks > (int)keys || n->scheme != ENCRYPTION_XTS);
    assert_true(!n->two_keys || n->scheme == ENCRYPTION_XTS);
}

static bool is_ram(const struct persona *p, uint32_t start, uint32_t len)
{
    for (size_t i = 0; i < sizeof p->ram / sizeof *p->ram; i++) {
        if (start >= p->ram[i].start && start < p->ram[i].end && len <= p->ram[i].end - start)
            return true;
    }
    return false;
}

/* Registers that do something don't lie in each other's way. */
static void registers_are_sound(const struct persona *p)
{
    const uint32_t known[] = {p->uart_clkdiv, p->strap_reg,  p->wdt_config0, p->wdt_config1,
                              p->wdt_protect, p->swd_conf,   p->swd_protect, p->efuse.conf,
                              p->efuse.cmd,   p->efuse.base, p->spi.base};
    size_t efuse;
    struct efuse e = {.persona = p};

    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        assert_int_equal(known[i] % 4, 0);
        assert_false(is_ram(p, known[i], 4));
        for (size_t j = 0; j < i && known[i] != 0 && p->efuse.cmd != 0; j++)
            assert_true(known[i] != known[j]);
        if (known[i] != p->efuse.base)
            assert_false(efuse_at(&e, known[i], &efuse));
    }
    assert_int_equal(p->wdt_config0 == 0, p->wdt_protect == 0);
    assert_int_equal(p->swd_conf == 0, p->swd_key == 0);
    /* All of the controller's registers that are used fit into its first 256 bytes. */
    assert_true(p->spi.user1 > p->spi.user && p->spi.user2 > p->spi.user1);
    assert_true(p->spi.w0 > p->spi.user2 && p->spi.w0 + 64 <= 0x100);
    assert_true(p->spi.base % 0x100 == 0);
    assert_int_equal(p->spi.mosi_dlen == 0, p->spi.miso_dlen == 0);
    assert_true(p->spi.mosi_dlen == 0 ||
                (p->spi.mosi_dlen > p->spi.user2 && p->spi.miso_dlen < p->spi.w0));
}

static void personas_are_sound(void **state)
{
    (void)state;
    for (size_t i = 0; persona_at(i); i++) {
        const struct persona *p = persona_at(i);
        assert_ptr_equal(persona_find(p->name), p); /* no name twice */
        for (size_t j = 0; j < i; j++) {
            const struct persona *other = persona_at(j);
            bool p4 = p->image_chip_id == 18 && other->image_chip_id == 18;
            if (p->extended_header && other->extended_header && !p4)
                assert_int_not_equal(p->image_chip_id, other->image_chip_id);
            assert_true(p->magic == 0 || p->magic != other->magic);
            assert_true(memcmp(p->mac, other->mac, 6) != 0);
            assert_string_not_equal(p->banner, other->banner);
        }
        efuses_are_sound(p);
        security_is_sound(p);
        encryption_is_sound(p);
        registers_are_sound(p);
        assert_true(p->ram[0].end > p->ram[0].start);
        assert_true(p->status_len == 2 || p->status_len == 4);
        assert_true(p->uart_clkdiv != 0 && p->uart_clock_hz >= p->crystal_hz);
        assert_true(p->crystal_other_hz != p->crystal_hz);
        assert_true(p->style == BOOT_ESP8266 || (p->text_flash && p->text_download && p->spi_line));
        assert_true(p->strap_flash != p->strap_download);
        assert_non_null(p->banner);
        for (size_t j = 0; j < RESET_CAUSES; j++)
            assert_true(p->resets[j].number != 0 && p->resets[j].text);
        assert_true(p->speeds[0] > p->speeds[1] && p->speeds[3] > 0);
    }
}

static void stub_digests_are_sound(void **state)
{
    bool has[32][3] = {{0}};

    (void)state;
    for (size_t i = 0; stub_known_at(i); i++) {
        const struct known_stub *k = stub_known_at(i);
        assert_int_equal(strlen(k->sha256), 64);
        assert_int_equal(strspn(k->sha256, "0123456789abcdef"), 64);
        assert_true(k->generation == 1 || k->generation == 2);
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(k->sha256, stub_known_at(j)->sha256);
        size_t chip = 0;
        while (persona_at(chip) && strcmp(persona_at(chip)->name, k->chip) != 0)
            chip++;
        assert_non_null(persona_at(chip));
        assert_true(k->len > 1000 && is_ram(persona_at(chip), k->start, k->len));
        has[chip][k->generation] = true;
    }
    for (size_t i = 0; persona_at(i); i++)
        assert_int_equal(has[i][2], !persona_at(i)->no_stub);
    assert_true(has[0][1] && has[1][1]); /* ESP8266 and ESP32 had the first ones */
}

/* Each flag of the security information stands where its eFuse says, and nowhere else. */
static void security_information_follows_the_efuses(void **state)
{
    uint8_t info[20];
    struct bench b;

    (void)state;
    for (size_t i = 0; persona_at(i); i++) {
        const struct security_layout *l = &persona_at(i)->security;
        if (l->size == 0)
            continue;
        for (size_t flag = 0; flag < sizeof l->flags; flag++) {
            if (l->flags[flag] == 0)
                continue;
            bench_open(&b, persona_at(i)->name, 1 << 20);
            efuse_burn(&b.chip.efuse, l->flags[flag] / 32, UINT32_C(1) << l->flags[flag] % 32);
            assert_int_equal(digest_security_info(&b.chip, info), l->size);
            assert_int_equal(le32_get(info), 1 << flag);
            assert_int_equal(info[4], 0);
            bench_close(&b);
        }
        bench_open(&b, persona_at(i)->name, 1 << 20);
        digest_security_info(&b.chip, info);
        assert_int_equal(le32_get(info), 0);
        assert_int_equal(le32_get(info + 12), persona_at(i)->image_chip_id);
        bench_close(&b);
    }
    /* Two bits of SOFT_DIS_JTAG disable nothing. */
    bench_open(&b, "esp32h4", 1 << 20);
    efuse_burn(&b.chip.efuse, 5, 3 << 11);
    digest_security_info(&b.chip, info);
    assert_int_equal(le32_get(info), 0);
    /* KEY_PURPOSE_2 of five bits lies at bit 10 of its word. */
    efuse_burn(&b.chip.efuse, 2, 18 << 10);
    digest_security_info(&b.chip, info);
    assert_int_equal(info[7], 18);
    bench_close(&b);
    /* And KEY_PURPOSE_1 of an ESP32-C5 ends with its word. */
    bench_open(&b, "esp32c5", 1 << 20);
    efuse_burn(&b.chip.efuse, 2, UINT32_C(18) << 27);
    digest_security_info(&b.chip, info);
    assert_int_equal(info[6], 18);
    assert_int_equal(info[7], 0);
    bench_close(&b);
}

/* ---- the SPI controller, as esptool drives it ---- */

static uint32_t spi(struct bench *b, uint8_t command, uint32_t user, size_t bits, uint32_t address)
{
    const struct spi_layout *l = &b->chip.persona->spi;
    uint32_t n = bits ? (uint32_t)bits - 1 : 0;

    if (l->miso_dlen)
        bench_write_reg(b, l->base + l->miso_dlen, n);
    bench_write_reg(b, l->base + l->user1, 23u << 26 | (l->miso_dlen ? 0 : n << 8));
    bench_write_reg(b, l->base + l->user, UINT32_C(1) << 31 | user);
    bench_write_reg(b, l->base + l->user2, 7u << 28 | command);
    bench_write_reg(b, l->base + 4, l->address_msb ? address << 8 : address);
    bench_write_reg(b, l->base + l->w0, 0);
    bench_write_reg(b, l->base, 1 << 18);
    assert_int_equal(bench_read_reg(b, l->base), 0);
    return bench_read_reg(b, l->base + l->w0);
}

enum { ADDRESS = 1 << 30, DUMMY = 1 << 29, MISO = 1 << 28 };

static void spi_controller_reaches_the_flash(const char *chip)
{
    struct bench b;

    bench_open(&b, chip, 4 << 20);
    bench_sync(&b, 0);
    if (b.chip.persona->flash_power_reg != 0) { /* an ESP32-P4 has to turn it on first */
        assert_int_equal(spi(&b, 0x9f, MISO, 24, 0), 0xffffff);
        bench_write_reg(&b, b.chip.persona->flash_power_reg, 3);
    }
    flash_program(&b.chip.flash, 0x12345, (const uint8_t *)"\x11\x22\x33\x44", 4);
    assert_int_equal(spi(&b, 0x9f, MISO, 24, 0), 0x1640ef);
    assert_int_equal(spi(&b, 0x5a, MISO | ADDRESS | DUMMY, 32, 0), 0x50444653); /* "SFDP" */
    assert_int_equal(spi(&b, 0x03, MISO | ADDRESS, 32, 0x12345), 0x44332211);
    spi(&b, 0x20, ADDRESS, 0, 0x12000); /* no write enable: nothing happens */
    assert_int_equal(b.chip.flash.store.bytes[0x12345], 0x11);
    spi(&b, 0x06, 0, 0, 0);
    assert_int_equal(spi(&b, 0x05, MISO, 8, 0), 2);
    spi(&b, 0x20, ADDRESS, 0, 0x12000);
    assert_int_equal(b.chip.flash.store.bytes[0x12345], 0xff);
    assert_int_equal(spi(&b, 0x05, MISO, 8, 0), 0); /* the latch is used up */
    spi(&b, 0xb9, 0, 0, 0);
    assert_int_equal(spi(&b, 0x9f, MISO, 24, 0), 0xffffff); /* asleep */
    spi(&b, 0xab, 0, 0, 0);
    assert_int_equal(spi(&b, 0x9f, MISO, 24, 0), 0x1640ef);
    bench_close(&b);
}

static void every_chip_reaches_its_flash(void **state)
{
    (void)state;
    for (size_t i = 0; persona_at(i); i++)
        spi_controller_reaches_the_flash(persona_at(i)->name);
}

/* ---- eFuses ---- */

static void efuse_bits_stay_set(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b, "esp32", 4 << 20);
    bench_sync(&b, 0);
    uint32_t before = bench_read_reg(&b, 0x3ff5a018);
    bench_write_reg(&b, 0x3ff5a018, UINT32_MAX); /* reading registers are not written */
    assert_int_equal(bench_read_reg(&b, 0x3ff5a018), before);
    bench_write_reg(&b, 0x3ff5a034, 1 << 4); /* block 0, word 6 */
    bench_write_reg(&b, 0x3ff5a098, 0xdeadbeef);
    bench_write_reg(&b, 0x3ff5a104, 2); /* without the opcode: nothing */
    assert_int_equal(bench_read_reg(&b, 0x3ff5a018), before);
    bench_write_reg(&b, 0x3ff5a0fc, 0x5a5a);
    bench_write_reg(&b, 0x3ff5a104, 2);
    assert_int_equal(bench_read_reg(&b, 0x3ff5a018), before | 1 << 4);
    assert_int_equal(bench_read_reg(&b, 0x3ff5a038), 0xdeadbeef);
    bench_write_reg(&b, 0x3ff5a104, 2); /* program registers are zero now */
    assert_int_equal(bench_read_reg(&b, 0x3ff5a018), before | 1 << 4);
    bench_close(&b);
}

static void efuse_blocks_of_newer_chips(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b, "esp32c3", 4 << 20);
    bench_sync(&b, 0);
    bench_write_reg(&b, 0x60008800, 0x11223344);
    bench_write_reg(&b, 0x600089cc, 0x5a5a);
    bench_write_reg(&b, 0x600089d4, 3 << 2 | 2); /* block 3, the user's */
    assert_int_equal(bench_read_reg(&b, 0x6000887c), 0x11223344);
    bench_close(&b);
}

static void mac_has_its_place(void **state)
{
    /* With its CRC: esptool docs/en/espefuse, summary of an ESP32. */
    static const uint8_t mac[] = {0x94, 0xb9, 0x7e, 0x5a, 0x6e, 0x58};
    struct error e = {0};
    struct efuse ef;

    (void)state;
    assert_int_equal(efuse_open(&ef, persona_find("esp32"), NULL, mac, &e), 0);
    assert_int_equal(efuse_word(&ef, 1), 0x7e5a6e58);
    assert_int_equal(efuse_word(&ef, 2), 0xe294b9);
    efuse_close(&ef);
    assert_int_equal(efuse_open(&ef, persona_find("esp32c3"), NULL, mac, &e), 0);
    assert_int_equal(efuse_word(&ef, 6), 0x7e5a6e58); /* 0x60008844 */
    efuse_close(&ef);
    assert_int_equal(efuse_open(&ef, persona_find("esp8266"), NULL, mac, &e), 0);
    assert_int_equal(efuse_word(&ef, 3) & 0xffffff, 0x94b97e);
    assert_int_equal(efuse_word(&ef, 0) >> 24, 0x58);
    efuse_close(&ef);
}

/* ---- lines ---- */

static void expect_mode(struct bench *b, enum chip_mode mode)
{
    bench_pass(b, 20);
    assert_int_equal(b->chip.mode, mode);
}

static void classic_reset_enters_the_loader(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b, "esp32", 4 << 20);
    bench_start(&b, false);
    expect_mode(&b, CHIP_APP);
    bench_lines(&b, false, true); /* DTR 0, RTS 1: reset */
    expect_mode(&b, CHIP_OFF);
    bench_pass(&b, 100);
    bench_lines(&b, true, true); /* in between, for a USB transfer: the capacitor holds */
    bench_pass(&b, 2);
    assert_int_equal(b.chip.mode, CHIP_OFF);
    bench_lines(&b, true, false); /* BOOT low, EN rises */
    expect_mode(&b, CHIP_ROM);
    bench_pass(&b, 30);
    bench_lines(&b, false, false);
    expect_mode(&b, CHIP_ROM);
    bench_close(&b);
}

static void unix_tight_reset_enters_the_loader(void **state)
{
    static const bool steps[][2] = {{0, 0}, {1, 1}, {0, 1}};
    struct bench b;

    (void)state;
    bench_open(&b, "esp32c3", 4 << 20);
    bench_start(&b, false);
    for (size_t i = 0; i < ARRAY_LEN(steps); i++)
        bench_lines(&b, steps[i][0], steps[i][1]);
    bench_pass(&b, 100);
    bench_lines(&b, true, false);
    bench_pass(&b, 50);
    bench_lines(&b, false, false);
    expect_mode(&b, CHIP_ROM);
    bench_close(&b);
}

static void hard_reset_runs_the_flash(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b, "esp8266", 4 << 20);
    bench_start(&b, true);
    expect_mode(&b, CHIP_ROM);
    bench_lines(&b, false, true);
    bench_pass(&b, 100);
    bench_lines(&b, false, false);
    expect_mode(&b, CHIP_APP);
    bench_close(&b);
}

/* Neither pin is pulled while both lines are asserted, so a reset that ends there runs the flash.
 */
static void both_lines_pull_nothing(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b, "esp32", 4 << 20);
    bench_start(&b, true);
    bench_lines(&b, false, true);
    bench_pass(&b, 100);
    bench_lines(&b, true, true);
    bench_pass(&b, 20);
    assert_int_equal(b.chip.mode, CHIP_OFF);
    expect_mode(&b, CHIP_APP);
    bench_close(&b);
}

/* A software reset keeps the strap, the RTC watchdog (esptool --after watchdog-reset) samples it.
 */
static void watchdog_resets(const char *chip)
{
    struct bench b;

    bench_open(&b, chip, 4 << 20);
    const struct persona *p = b.chip.persona;
    bench_start(&b, false);
    bench_lines(&b, false, true);
    bench_lines(&b, true, false);
    expect_mode(&b, CHIP_ROM);
    bench_lines(&b, false, false);
    chip_reset_later(&b.chip, 1000, RESET_SOFTWARE);
    expect_mode(&b, CHIP_ROM);
    b.chip.baud = 115200;
    bench_write_reg(&b, p->wdt_config1, 2000);
    bench_write_reg(&b, p->wdt_config0, UINT32_C(1) << 31 | 5 << 28 | 1 << 8 | 2);
    expect_mode(&b, CHIP_ROM); /* locked */
    bench_write_reg(&b, p->wdt_protect, 0x50d83aa1);
    bench_write_reg(&b, p->wdt_config0, UINT32_C(1) << 31 | 5 << 28 | 1 << 8 | 2);
    expect_mode(&b, CHIP_APP);
    bench_close(&b);
}

static void watchdog_samples_the_strap(void **state)
{
    (void)state;
    for (size_t i = 0; persona_at(i); i++) {
        if (persona_at(i)->wdt_config0 != 0)
            watchdog_resets(persona_at(i)->name);
    }
}

static void without_reset_nothing_changes(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b, "esp32", 4 << 20);
    bench_start(&b, false);
    bench_lines(&b, true, false); /* BOOT low while it runs */
    expect_mode(&b, CHIP_APP);
    bench_lines(&b, true, true); /* as a serial port is when it is opened */
    expect_mode(&b, CHIP_APP);
    bench_close(&b);
}

/* ---- RAM programs ---- */

static void unknown_ram_program_ends_it(void **state)
{
    static const uint32_t run[] = {0, 0x40090000};
    struct bench b;

    (void)state;
    bench_open(&b, "esp32", 4 << 20);
    bench_sync(&b, 0);
    bench_command(&b, 0x06, run, 2);
    assert_int_equal(b.chip.mode, CHIP_DEAD);
    bench_raw(&b, (const uint8_t *)"\xc0\x00\x0a\xc0", 4);
    assert_int_equal(b.out.len, 0);
    bench_close(&b);
}

static void a_ram_program_takes_over(void **state)
{
    static const uint32_t run[] = {0, 0x40090002};
    struct bench b;

    (void)state;
    bench_open(&b, "esp32", 4 << 20);
    bench_sync(&b, 0);
    bench_write_reg(&b, 0x40090000, 0x00004136);
    bench_command(&b, 0x06, run, 2);
    assert_int_equal(b.chip.mode, CHIP_APP);
    bench_raw(&b, (const uint8_t *)"\xc0\x00\x0a\xc0", 4);
    assert_int_equal(b.out.len, 0);
    bench_close(&b);
}

/* ---- baud rates ---- */

static void the_rom_measures_the_rate(void **state)
{
    uint8_t sync[44] = {0, 8, 36, 0, 0, 0, 0, 0, 7, 7, 0x12, 0x20};
    struct buffer wire = {0};
    struct bench b;

    (void)state;
    memset(sync + 12, 0x55, 32);
    slip_encode(&wire, sync, sizeof sync);
    bench_open(&b, "esp32c3", 4 << 20);
    bench_start(&b, true);
    chip_feed(&b.chip, b.now, 57600, wire.data, wire.len);
    assert_int_equal(b.chip.baud, 57600);
    assert_int_equal(b.last_baud, 57600);
    /* From then on another rate is noise. */
    bench_clear(&b);
    chip_feed(&b.chip, b.now, 115200, wire.data, wire.len);
    assert_int_equal(b.out.len, 0);
    buffer_done(&wire);
    bench_close(&b);
}

static void esp32_rom_takes_rates_in_its_own_measure(void **state)
{
    static const uint32_t rate[] = {466000, 0};
    struct bench b;

    (void)state;
    bench_open(&b, "esp32", 4 << 20);
    bench_sync(&b, 0);
    bench_command(&b, 0x0f, rate, 2);
    assert_int_equal(b.chip.baud, 466000ull * 40000000 / 40434375);
    bench_close(&b);
}

static unsigned rate_after(const char *name, unsigned crystal_hz, unsigned request)
{
    struct bench b;
    uint32_t words[2] = {request};

    bench_open(&b, name, 1 << 20);
    b.chip.crystal_hz = crystal_hz;
    bench_sync(&b, 0);
    bench_command(&b, 0x0f, words, 2);
    unsigned baud = b.chip.baud;
    bench_close(&b);
    return baud;
}

/* Their ROMs compute with the crystal that they suppose; the stub's rates are right. */
static void another_crystal_shifts_the_roms_rates(void **state)
{
    struct bench b;

    (void)state;
    assert_int_equal(rate_after("esp32c2", 26000000, 230400 * 40 / 26), 230399);
    assert_int_equal(rate_after("esp32c2", 40000000, 230400), 230400);
    assert_int_equal(rate_after("esp32c5", 48000000, 230400), 230400);
    assert_int_equal(rate_after("esp32c5", 40000000, 230400 * 48 / 40), 230400);
    assert_int_equal(rate_after("esp32c3", 40000000, 230400), 230400);
    bench_open(&b, "esp32c2", 1 << 20);
    bench_start(&b, false);
    bench_pass(&b, 100);
    assert_int_equal(b.last_baud, 74880);
    b.chip.crystal_hz = 40000000;
    bench_start(&b, false);
    bench_pass(&b, 100);
    assert_int_equal(b.last_baud, 115200);
    bench_sync(&b, 0);
    assert_int_equal(bench_read_reg(&b, b.chip.persona->uart_clkdiv) & 0xfffff, 347);
    b.chip.crystal_hz = 26000000;
    assert_int_equal(bench_read_reg(&b, b.chip.persona->uart_clkdiv) & 0xfffff, 225);
    bench_close(&b);
}

static void the_strapping_register_tells_the_mode(void **state)
{
    struct bench b;

    (void)state;
    for (size_t i = 0; persona_at(i); i++) {
        const struct persona *p = persona_at(i);
        if (p->strap_reg == 0)
            continue;
        bench_open(&b, p->name, 1 << 20);
        bench_sync(&b, 0);
        assert_int_equal(bench_read_reg(&b, p->strap_reg), p->strap_download);
        bench_start(&b, false);
        assert_int_equal(regs_read(&b.chip, p->strap_reg), p->strap_flash);
        bench_close(&b);
    }
}

static void noise_is_the_same_for_a_seed(void **state)
{
    uint8_t a[16], b[16];
    uint64_t x = 7, y = 7;

    (void)state;
    chip_noise(&x, a, sizeof a);
    chip_noise(&y, b, sizeof b);
    assert_memory_equal(a, b, sizeof a);
    chip_noise(&x, a, sizeof a);
    assert_memory_not_equal(a, b, sizeof a);
    assert_true(baud_matches(115200, 117000));
    assert_false(baud_matches(115200, 74880));
    assert_true(baud_matches(0, 9600));
}

/* ---- time ---- */

static void work_delays_the_next_reply(void **state)
{
    static const uint32_t region[] = {0x10000, 0x10000};
    struct bench b;

    (void)state;
    bench_open(&b, "esp32", 4 << 20);
    bench_sync(&b, 2);
    b.chip.instant = false;
    int64_t before = b.now;
    bench_command(&b, 0xd1, region, 2);
    assert_true(b.last_put >= before + 150000); /* one block */
    bench_close(&b);
}

/* ---- garbage ---- */

/* Frames that look like requests, with random contents, and plain noise. Nothing to check but that
 * it goes on (with sanitizers: cleanly). */
static void garbage_does_no_harm(void **state)
{
    uint64_t seed = 20261123;
    uint8_t frame[300];
    struct bench b;

    (void)state;
    for (int round = 0; round < 3000; round++) {
        if (round % 100 == 0) {
            if (round > 0)
                bench_close(&b);
            bench_open(&b, persona_at((size_t)round / 100 % 3)->name, 1 << 20);
        }
        if (round % 10 == 0)
            bench_sync(&b, round / 10 % 3);
        chip_noise(&seed, frame, sizeof frame);
        size_t n = frame[0] % 64 ? frame[0] % 64u : sizeof frame;
        if (round % 4 != 0) {
            frame[0] = 0;
            frame[1] = frame[2] % 2 ? frame[1] % 0x18 : (uint8_t)(0xd0 + frame[1] % 8);
            le16_put(frame + 2, (uint16_t)(n > 8 ? n - 8 : 0));
            /* Small numbers get further than random ones. */
            for (size_t i = 8; i + 4 <= n; i += 4)
                le32_put(frame + i, le32_get(frame + i) >> (frame[i] % 32));
        }
        bench_frame(&b, frame, n);
        bench_clear(&b);
    }
    bench_close(&b);
}

int run_chip_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(personas_are_sound),
        cmocka_unit_test(stub_digests_are_sound),
        cmocka_unit_test(security_information_follows_the_efuses),
        cmocka_unit_test(every_chip_reaches_its_flash),
        cmocka_unit_test(efuse_bits_stay_set),
        cmocka_unit_test(efuse_blocks_of_newer_chips),
        cmocka_unit_test(mac_has_its_place),
        cmocka_unit_test(classic_reset_enters_the_loader),
        cmocka_unit_test(unix_tight_reset_enters_the_loader),
        cmocka_unit_test(hard_reset_runs_the_flash),
        cmocka_unit_test(both_lines_pull_nothing),
        cmocka_unit_test(watchdog_samples_the_strap),
        cmocka_unit_test(without_reset_nothing_changes),
        cmocka_unit_test(unknown_ram_program_ends_it),
        cmocka_unit_test(a_ram_program_takes_over),
        cmocka_unit_test(the_rom_measures_the_rate),
        cmocka_unit_test(esp32_rom_takes_rates_in_its_own_measure),
        cmocka_unit_test(another_crystal_shifts_the_roms_rates),
        cmocka_unit_test(the_strapping_register_tells_the_mode),
        cmocka_unit_test(noise_is_the_same_for_a_seed),
        cmocka_unit_test(work_delays_the_next_reply),
        cmocka_unit_test(garbage_does_no_harm),
    };

    return cmocka_run_group_tests_name("emu: the chip", tests, NULL, NULL);
}
