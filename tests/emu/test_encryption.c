/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Flash encryption: the ciphers, writing through them, and the eFuses. */
#include "bench.h"

#include "emu/digest.h"
#include "emu/encryption.h"
#include "emu/security.h"

#include <string.h>

enum { N = 352 };

static void make_key(uint8_t *key, size_t n)
{
    for (size_t i = 0; i < n; i++)
        key[i] = (uint8_t)(i * 5 + 1);
}

static void make_text(uint8_t *text, size_t n)
{
    for (size_t i = 0; i < n; i++)
        text[i] = (uint8_t)((i * i + 3 * i) >> 3);
}

/* SHA-256 of what espsecure 5.3.1, encrypt-flash-data, makes of make_text() with make_key(). */
static void ciphers_are_those_of_espsecure(void **state)
{
    static const struct {
        uint32_t address;
        size_t key_len;
        bool xts;
        uint8_t config;
        const char *sha256;
    } rows[] = {
        {0x5a7a60, 32, false, 0xf,
         "cef73bd301290276c6f55f70e7b0b33143df6d85300b262bf10d98f9b1cc6508"},
        {0x5a7a60, 32, false, 6,
         "58478bb4f159a7d48df571451a5e4b85a52af6c283473e02018a638f1890fe12"},
        {0xfff010, 32, false, 0xf,
         "54185f83e2acb1859d8c0fea1ea2d743b8ec39820b02833fdf0cffd5c2170203"},
        {0x5a7a60, 32, true, 0, "1861cc7fe0034f7db460702886ccb66bdc9445d5aced19ffdd40b629ca6a6f54"},
        {0x1fffff10, 64, true, 0,
         "568561c47202293683cf8e2f9a8a7d4e15e8617a491fe0cafb3d06f92808cf1d"},
    };
    uint8_t text[N], bytes[N], sum[32];
    char hex[65];

    (void)state;
    make_text(text, N);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct crypt_key key = {
            .xts = rows[i].xts, .config = rows[i].config, .len = rows[i].key_len};
        make_key(key.bytes, key.len);
        memcpy(bytes, text, N);
        crypt_encrypt(&key, rows[i].address, bytes, N);
        digest_sha256(bytes, N, sum);
        assert_string_equal(util_hex_format(hex, sum, 32), rows[i].sha256);
        crypt_decrypt(&key, rows[i].address + 48, bytes + 48, N - 48);
        assert_memory_equal(bytes + 48, text + 48, N - 48);
    }
}

/* ---- a chip ---- */

static void burn(struct bench *b, const struct security_options *o)
{
    struct error e = {0};

    if (security_burn(&b->chip.efuse, o, &e) != 0)
        fail_msg("%s: %s", b->chip.persona->name, e.text);
}

/* A chip with make_key()'s key; 0 takes the shortest. */
static struct security_options open_keyed(struct bench *b, const char *chip, size_t len,
                                          int generation)
{
    struct security_options o = {.encryption = true};

    bench_open(b, chip, 4 << 20);
    o.key_len = len ? len : encryption_key_length(&b->chip.efuse);
    make_key(o.key, o.key_len);
    burn(b, &o);
    if (generation >= 0)
        bench_sync(b, generation);
    return o;
}

static struct crypt_key key_for(const struct bench *b, const struct security_options *o)
{
    struct crypt_key key = {.xts = b->chip.persona->style == BOOT_NEWER, .config = 0xf, .len = 32};

    memcpy(key.bytes, o->key, o->key_len);
    if (o->key_len == 16)
        digest_sha256(o->key, 16, key.bytes);
    if (o->key_len == 64)
        key.len = 64;
    return key;
}

/* One block with a command that writes; the first two bytes of the answer's status. */
static unsigned send_block(struct bench *b, uint8_t op, uint32_t seq, const uint8_t *bytes,
                           size_t n)
{
    uint8_t frame[24 + 512] = {0, op, [8] = (uint8_t)n, [9] = (uint8_t)(n >> 8)}, reply[64];
    uint8_t sum = 0xef;

    assert_true(n <= 512);
    le16_put(frame + 2, (uint16_t)(16 + n));
    le32_put(frame + 12, seq);
    memcpy(frame + 24, bytes, n);
    for (size_t i = 0; i < n; i++)
        sum ^= bytes[i];
    frame[4] = sum;
    bench_clear(b);
    bench_frame(b, frame, 24 + n);
    assert_true(bench_take(b, reply, sizeof reply) >= 10);
    return (unsigned)reply[8] << 8 | reply[9];
}

static void begin(struct bench *b, uint32_t at, size_t n, uint32_t encrypted)
{
    const uint32_t words[] = {(uint32_t)n, 1, 512, at, encrypted};

    bench_command(b, 0x02, words, 5);
}

/* Status of whatever comes next, where the stub reports what went wrong with a block. */
static unsigned next_status(struct bench *b)
{
    uint8_t frame[12] = {0, 0x0a, 4}, reply[64];

    bench_clear(b);
    bench_frame(b, frame, sizeof frame);
    assert_true(bench_take(b, reply, sizeof reply) >= 10);
    return (unsigned)reply[8] << 8 | reply[9];
}

static void expect_ciphertext(const struct bench *b, const struct security_options *o, uint32_t at,
                              size_t n)
{
    struct crypt_key key = key_for(b, o);
    uint8_t want[N];

    make_text(want, N);
    crypt_encrypt(&key, at, want, n);
    if (memcmp(b->chip.flash.store.bytes + at, want, n) != 0)
        fail_msg("%s, %zu bytes of key: the flash has something else", b->chip.persona->name,
                 o->key_len);
    assert_int_equal(b->chip.flash.store.bytes[at + n], 0xff);
}

static void every_chip_encrypts_what_it_is_told_to(void **state)
{
    const struct persona *p;
    uint8_t text[N];

    (void)state;
    make_text(text, N);
    for (size_t i = 0; (p = persona_at(i)) != NULL; i++) {
        for (int how = 0; how <= 3 && p->encryption.scheme != ENCRYPTION_NONE; how++) {
            bool in_rom = how == 0, two = how == 3 && p->encryption.two_keys;
            struct bench b;
            if (in_rom && p->style == BOOT_ESP32)
                continue;
            struct security_options o = open_keyed(&b, p->name, two ? 64 : 0, how < 3 ? how : 2);
            b.chip.flash.unpowered = false;
            begin(&b, 0x10060, N, 1);
            assert_int_equal(send_block(&b, 3, 0, text, N), 0);
            expect_ciphertext(&b, &o, 0x10060, N);
            begin(&b, 0x20000, N, 0);
            assert_int_equal(send_block(&b, 3, 0, text, N), 0);
            assert_memory_equal(b.chip.flash.store.bytes + 0x20000, text, N);
            bench_close(&b);
        }
    }
}

/* A ROM that does not know the fifth word writes what comes. */
static void the_esp32_rom_encrypts_nothing(void **state)
{
    uint8_t text[N];
    struct bench b;

    (void)state;
    make_text(text, N);
    open_keyed(&b, "esp32", 0, 0);
    begin(&b, 0x10000, N, 1);
    assert_int_equal(send_block(&b, 3, 0, text, N), 0);
    assert_memory_equal(b.chip.flash.store.bytes + 0x10000, text, N);
    bench_close(&b);
}

/* Stubs of esptool before 5.3 have a command of its own, and four words
 * (esptool-legacy-flasher-stub stub_flasher.c). */
static void stub_v1_has_a_command_for_it(void **state)
{
    const uint32_t words[] = {N, 1, 512, 0x10000};
    uint8_t text[N];
    struct bench b;

    (void)state;
    make_text(text, N);
    struct security_options o = open_keyed(&b, "esp32", 0, 1);
    bench_command(&b, 0x02, words, 4);
    assert_int_equal(send_block(&b, 0xd4, 0, text, N), 0);
    expect_ciphertext(&b, &o, 0x10000, N);
    bench_close(&b);
    open_keyed(&b, "esp32", 0, 2);
    bench_command(&b, 0x02, words, 4);
    assert_int_equal(send_block(&b, 0xd4, 0, text, N), 0xc300);
    bench_close(&b);
}

/* What does not fit the rows, and what release mode forbids; the flash stays as it was. */
static void the_rest_is_refused(void **state)
{
    static const struct {
        const char *chip;
        int generation;
        uint32_t at;
        size_t n;
        bool release;
        unsigned status, next;
    } rows[] = {
        {"esp32c3", 2, 0x10008, 32, false, 0, 0xc400},
        {"esp32c3", 2, 0x10000, 24, false, 0, 0xc400},
        {"esp32c3", 2, 0x10010, 16, false, 0, 0},
        {"esp32", 2, 0x10010, 32, false, 0, 0xc400},
        {"esp32", 2, 0x10000, 48, false, 0, 0xc400},
        {"esp32", 2, 0x10020, 32, false, 0, 0},
        {"esp32c3", 2, 0x10000, 32, true, 0, 0xc400},
        {"esp32", 2, 0x10000, 32, true, 0, 0xc400},
        {"esp32s3", 0, 0x10008, 32, false, 0x0106, 0},
        {"esp32s3", 0, 0x10000, 32, true, 0x0106, 0},
    };
    uint8_t text[N];

    (void)state;
    make_text(text, N);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct security_options release = {.encryption_release = rows[i].release};
        struct bench b;
        struct security_options o = open_keyed(&b, rows[i].chip, 0, rows[i].generation);
        burn(&b, &release);
        begin(&b, rows[i].at, rows[i].n, 1);
        assert_int_equal(send_block(&b, 3, 0, text, rows[i].n), rows[i].status);
        assert_int_equal(next_status(&b), rows[i].next);
        if (rows[i].status == 0 && rows[i].next == 0)
            expect_ciphertext(&b, &o, rows[i].at, rows[i].n);
        else
            assert_true(flash_blank(&b.chip.flash, 0x10000, 0x1000));
        bench_close(&b);
    }
}

/* ESP32-C3 TRM, external memory encryption: where no key is, zeros are. */
static void without_a_key_it_is_zeros(void **state)
{
    const struct security_options none = {.key_len = 32};
    uint8_t text[N];
    struct bench b;

    (void)state;
    make_text(text, N);
    bench_open(&b, "esp32c3", 4 << 20);
    bench_sync(&b, 2);
    begin(&b, 0x10000, N, 1);
    assert_int_equal(send_block(&b, 3, 0, text, N), 0);
    expect_ciphertext(&b, &none, 0x10000, N);
    bench_close(&b);
}

/* ---- eFuses ---- */

static void keys_do_not_show(void **state)
{
    struct bench b;

    (void)state;
    open_keyed(&b, "esp32", 0, 0); /* esptool targets/esp32.py: words 0, 5, 14 */
    assert_int_equal(bench_read_reg(&b, 0x3ff5a000), 1 << 16 | 1 << 20);
    assert_int_equal(bench_read_reg(&b, 0x3ff5a014) >> 28, 0xf);
    for (uint32_t i = 0; i < 8; i++)
        assert_int_equal(bench_read_reg(&b, 0x3ff5a038 + 4 * i), 0);
    assert_int_not_equal(efuse_word(&b.chip.efuse, 14), 0);
    efuse_burn_bits(&b.chip.efuse, 0, 19, 1); /* hides the configuration too */
    assert_int_equal(bench_read_reg(&b, 0x3ff5a014) >> 28, 0);
    bench_close(&b);

    open_keyed(&b, "esp32s3", 64, 0); /* RD_DIS, SPI_BOOT_CRYPT_CNT and two purposes */
    assert_int_equal(bench_read_reg(&b, 0x60007030), 3);
    assert_int_equal(bench_read_reg(&b, 0x60007034), 1 << 18 | 2 << 24 | UINT32_C(3) << 28);
    for (uint32_t i = 0; i < 16; i++)
        assert_int_equal(bench_read_reg(&b, 0x6000709c + 4 * i), 0);
    bench_close(&b);

    open_keyed(&b, "esp32c2", 16, 0); /* half of BLOCK_KEY0, the other half is not hidden */
    assert_int_equal(bench_read_reg(&b, 0x60008830), 1 | 1 << 7);
    efuse_burn_bits(&b.chip.efuse, 3, 128, 0x1234);
    assert_int_equal(bench_read_reg(&b, 0x60008860), 0);
    assert_int_equal(bench_read_reg(&b, 0x60008870), 0x1234);
    bench_close(&b);
    open_keyed(&b, "esp32c2", 32, 0);
    assert_int_equal(bench_read_reg(&b, 0x60008830), 3 | 1 << 7 | 1 << 10);
    assert_int_equal(bench_read_reg(&b, 0x60008870), 0);
    bench_close(&b);
}

static void release_mode_is_for_ever(void **state)
{
    static const struct security_options o = {.encryption_release = true};
    const struct persona *p;

    (void)state;
    for (size_t i = 0; (p = persona_at(i)) != NULL; i++) {
        const struct encryption_layout *n = &p->encryption;
        struct bench b;
        if (n->scheme == ENCRYPTION_NONE)
            continue;
        bench_open(&b, p->name, 4 << 20);
        assert_false(encryption_enabled(&b.chip));
        burn(&b, &o);
        assert_true(encryption_enabled(&b.chip));
        assert_true(encryption_has_key(&b.chip.efuse));
        assert_int_equal(efuse_bits(&b.chip.efuse, 0, n->count, n->count_width),
                         (1 << n->count_width) - 1);
        assert_int_equal(efuse_bits(&b.chip.efuse, 0, n->manual_off, 1), 1);
        assert_false(encryption_serves(&b.chip, 0, 32));
        bench_close(&b);
    }
}

static void expect_refusal(struct bench *b, const struct security_options *o, const char *words)
{
    struct error e = {0};

    assert_int_not_equal(security_burn(&b->chip.efuse, o, &e), 0);
    if (strstr(e.text, words) == NULL)
        fail_msg("%s, not %s", e.text, words);
}

static void wrong_keys_are_refused(void **state)
{
    struct security_options o = {.key_len = 64};
    struct bench b;

    (void)state;
    make_key(o.key, 64);
    bench_open(&b, "esp32c3", 4 << 20);
    expect_refusal(&b, &o, "a key of 64 bytes: the ESP32-C3 takes 32");
    o.key_len = 32;
    burn(&b, &o);
    burn(&b, &o); /* the same one again */
    o.key[31]++;
    expect_refusal(&b, &o, "another key");
    bench_close(&b);
    bench_open(&b, "esp32s3", 4 << 20);
    o.key_len = 16;
    expect_refusal(&b, &o, "takes 32 or 64");
    bench_close(&b);
    bench_open(&b, "esp8266", 4 << 20);
    expect_refusal(&b, &o, "--flash-encryption-key: the ESP8266 has no such eFuse");
    bench_close(&b);
}

/* 3/4 coding leaves 192 bits of a block (espsecure: its middle once more). */
static void a_coded_esp32_has_a_shorter_key(void **state)
{
    struct security_options o = {.encryption = true, .key_len = 24};
    struct crypt_key key = {.config = 0xf, .len = 32};
    uint8_t text[N], want[N];
    struct error e = {0};
    struct bench b;

    (void)state;
    make_key(o.key, 24);
    make_key(key.bytes, 24);
    memcpy(key.bytes + 24, key.bytes + 8, 8);
    assert_int_equal(security_burn_parse(&o, "0.192=1", &e), 0);
    bench_open(&b, "esp32", 4 << 20);
    burn(&b, &o);
    bench_sync(&b, 2);
    make_text(text, N);
    begin(&b, 0x10000, N, 1);
    assert_int_equal(send_block(&b, 3, 0, text, N), 0);
    memcpy(want, text, N);
    crypt_encrypt(&key, 0x10000, want, N);
    assert_memory_equal(b.chip.flash.store.bytes + 0x10000, want, N);
    bench_close(&b);
}

int run_encryption_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ciphers_are_those_of_espsecure),
        cmocka_unit_test(every_chip_encrypts_what_it_is_told_to),
        cmocka_unit_test(the_esp32_rom_encrypts_nothing),
        cmocka_unit_test(stub_v1_has_a_command_for_it),
        cmocka_unit_test(the_rest_is_refused),
        cmocka_unit_test(without_a_key_it_is_zeros),
        cmocka_unit_test(keys_do_not_show),
        cmocka_unit_test(release_mode_is_for_ever),
        cmocka_unit_test(wrong_keys_are_refused),
        cmocka_unit_test(a_coded_esp32_has_a_shorter_key),
    };

    return cmocka_run_group_tests_name("emu: flash encryption", tests, NULL, NULL);
}
