/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Boot logs, against the recorded ones (times aside). The images are made here: the recorded
 * bootloaders' segment sizes and addresses, with other contents. */
#include "bench.h"

#include "emu/digest.h"
#include "emu/encryption.h"
#include "emu/image.h"
#include "emu/security.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

struct seg {
    uint32_t load, len;
};

/* Writes an image into the flash; returns its length. `text` goes to the start of segment 0. */
static uint32_t put_image(struct bench *b, uint32_t at, uint16_t chip_id, uint8_t mode,
                          const struct seg *segs, size_t n, const void *text, size_t text_len)
{
    bool extended = b->chip.persona->extended_header;
    struct buffer image = {0};
    uint8_t sum = 0xef;

    const uint8_t head[] = {0xe9, (uint8_t)n, mode, extended ? 0x10 : 0x30};
    buffer_append(&image, head, sizeof head);
    buffer_append_le32(&image, segs[n - 1].load + 0x10);
    if (extended) {
        uint8_t more[16] = {0xee, [4] = (uint8_t)chip_id, [15] = 1};
        buffer_append(&image, more, sizeof more);
    }
    for (size_t i = 0; i < n; i++) {
        buffer_append_le32(&image, segs[i].load);
        buffer_append_le32(&image, segs[i].len);
        for (uint32_t j = 0; j < segs[i].len; j++) {
            uint8_t byte = (uint8_t)(j * 13 + i);
            if (i == 0 && j < text_len)
                byte = ((const uint8_t *)text)[j];
            sum ^= byte;
            buffer_append_byte(&image, byte);
        }
    }
    while (image.len % 16 != 15)
        buffer_append_byte(&image, 0);
    buffer_append_byte(&image, sum);
    if (extended) {
        uint8_t sha[32];
        digest_sha256(image.data, image.len, sha);
        buffer_append(&image, sha, sizeof sha);
    }
    memcpy(b->chip.flash.store.bytes + at, image.data, image.len);
    uint32_t len = (uint32_t)image.len;
    buffer_done(&image);
    return len;
}

static const struct seg boot_esp32[] = {
    {0x3fff0030, 7132}, {0x40078000, 15648}, {0x40080400, 4}, {0x40080404, 3884}};
static const struct seg boot_esp32c3[] = {
    {0x3fcd6100, 0x14}, {0x3fcd6114, 0x1864}, {0x403c0000, 0xde4}, {0x403c2000, 0x1e8c}};
static const struct seg app_segs[] = {{0x3f400020, 0x1000}, {0x40080000, 0x200}};

static void put_row(struct bench *b, size_t i, uint8_t type, uint8_t subtype, uint32_t offset,
                    uint32_t size, const char *label)
{
    uint8_t *row = b->chip.flash.store.bytes + 0x8000 + 32 * i;

    memset(row, 0, 32);
    row[0] = 0xaa;
    row[1] = 0x50;
    row[2] = type;
    row[3] = subtype;
    le32_put(row + 4, offset);
    le32_put(row + 8, size);
    memcpy(row + 12, label, strlen(label));
}

static void put_table(struct bench *b)
{
    uint8_t *table = b->chip.flash.store.bytes + 0x8000;

    put_row(b, 0, 0, 0, 0x10000, 0x100000, "factory");
    put_row(b, 1, 1, 1, 0x110000, 0x40000, "rfdata");
    memset(table + 64, 0xff, 32);
    table[64] = table[65] = 0xeb;
    digest_md5(table, 64, table + 64 + 16);
}

static void put_app(struct bench *b, uint32_t at, uint16_t chip_id, const char *version)
{
    uint8_t d[256] = {0x32, 0x54, 0xcd, 0xab};

    memcpy(d + 16, version, strlen(version));
    memcpy(d + 48, "blink", 5);
    put_image(b, at, chip_id, 2, app_segs, 2, d, sizeof d);
}

/* The log of the first `ms` milliseconds after power-on. */
static const char *boot(struct bench *b, int64_t ms)
{
    bench_start(b, false);
    bench_clear(b);
    bench_pass(b, ms);
    return bench_text(b);
}

static void expect_start(const char *text, const char *start)
{
    if (strncmp(text, start, strlen(start)) != 0)
        fail_msg("log is\n%s\nnot\n%s", text, start);
}

static void expect_in(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("log is\n%s\nwithout\n%s", text, part);
}

#define ESP32_HEAD \
    "ets Jul 29 2019 12:21:46\r\n\r\nrst:0x1 (POWERON_RESET),boot:0x12 (SPI_FAST_FLASH_BOOT)\r\n"
#define ESP32_CONFIG               \
    "configsip: 0, SPIWP:0xee\r\n" \
    "clk_drv:0x00,q_drv:0x00,d_drv:0x00,cs0_drv:0x00,hd_drv:0x00,wp_drv:0x00\r\n"
#define ESP32_LOADS                                                                    \
    "load:0x3fff0030,len:7132\r\nho 0 tail 12 room 4\r\nload:0x40078000,len:15648\r\n" \
    "load:0x40080400,len:4\r\nload:0x40080404,len:3884\r\n"
#define C3_HEAD                                              \
    "ESP-ROM:esp32c3-api1-20210207\r\nBuild:Feb  7 2021\r\n" \
    "rst:0x1 (POWERON),boot:0x8 (SPI_FAST_FLASH_BOOT)\r\n"
#define C3_LOADS                                                 \
    "load:0x3fcd6100,len:0x14\r\nload:0x3fcd6114,len:0x1864\r\n" \
    "load:0x403c0000,len:0xde4\r\nload:0x403c2000,len:0x1e8c\r\n"

static void download_mode_says_so(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b, "esp32", 4 << 20);
    bench_start(&b, true);
    assert_string_equal(bench_text(&b), "ets Jul 29 2019 12:21:46\r\n\r\nrst:0x1 (POWERON_RESET),"
                                        "boot:0xf (UART_BOOT(UART0))\r\n");
    bench_close(&b);
    bench_open(&b, "esp32c3", 4 << 20);
    bench_start(&b, true);
    assert_string_equal(bench_text(&b),
                        "ESP-ROM:esp32c3-api1-20210207\r\nBuild:Feb  7 2021\r\n"
                        "rst:0x1 (POWERON),boot:0x2 (UART0_BOOT)\r\nwait uart0 download\r\n");
    bench_close(&b);
}

static void blank_flash_is_an_invalid_header(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b, "esp32c3", 4 << 20);
    expect_start(boot(&b, 100), C3_HEAD "invalid header: 0xffffffff\r\n"
                                        "invalid header: 0xffffffff\r\n");
    memset(b.chip.flash.store.bytes, 0, 64);
    expect_start(boot(&b, 100), C3_HEAD "invalid header: 0x00000000\r\n");
    memcpy(b.chip.flash.store.bytes, "\xe9\xff\x02\x10", 4); /* 255 segments */
    expect_start(boot(&b, 100), C3_HEAD "invalid header: 0x1002ffe9\r\n");
    /* The watchdog resets it, and not too often. */
    expect_in(boot(&b, 1000), "rst:0x7 (TG0WDT_SYS_RST)");
    assert_true(b.out.len < 2000);
    bench_close(&b);
    bench_open(&b, "esp32", 4 << 20);
    expect_start(boot(&b, 100), ESP32_HEAD);
    expect_in(boot(&b, 1000), "rst:0x10 (RTCWDT_RTC_RESET)");
    bench_close(&b);
}

static void esp32_bootloader_is_loaded(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b, "esp32", 4 << 20);
    put_image(&b, 0x1000, 0, 3, boot_esp32, 4, NULL, 0);
    expect_start(boot(&b, 300), ESP32_HEAD ESP32_CONFIG "mode:DOUT, clock div:2\r\n" ESP32_LOADS
                                                        "entry 0x40080414\r\n");
    expect_in(bench_text(&b), "boot: End of partition table");
    expect_in(bench_text(&b), "boot: No bootable app partitions in the partition table");
    expect_in(boot(&b, 1000), "rst:0x3 (SW_RESET),boot:0x12 (SPI_FAST_FLASH_BOOT)");
    bench_close(&b);
}

/* The eFuse that chips are delivered with decides what the ROM does then. */
static void esp32_damaged_bootloader(void **state)
{
    struct bench b;
    char want[600];

    (void)state;
    bench_open(&b, "esp32", 4 << 20);
    put_image(&b, 0x1000, 0, 3, boot_esp32, 4, NULL, 0);
    uint8_t sum = b.chip.flash.store.bytes[0x1000 + 26735]; /* last byte of a row of 16 */
    b.chip.flash.store.bytes[0x1100] ^= 0x10;
    expect_in(boot(&b, 100), "ets_main.c 371 \r\n");
    memset(b.chip.efuse.store.bytes + 6 * 4, 0, 4);
    snprintf(want, sizeof want,
             ESP32_HEAD ESP32_CONFIG "mode:DOUT, clock div:2\r\n" ESP32_LOADS
                                     "csum err:0x%02x!=0x%02x\r\n"
                                     "Falling back to built-in command interpreter.\r\nOK\r\n>",
             sum ^ 0x10, sum);
    assert_string_equal(boot(&b, 2000), want);
    bench_close(&b);
}

static void bootloader_of_another_chip(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b, "esp32", 4 << 20);
    put_image(&b, 0x1000, 5, 2, boot_esp32c3, 4, NULL, 0);
    assert_string_equal(boot(&b, 100), ESP32_HEAD);
    bench_close(&b);
    bench_open(&b, "esp32c3", 4 << 20);
    put_image(&b, 0, 0, 2, boot_esp32, 4, NULL, 0);
    assert_string_equal(boot(&b, 100),
                        C3_HEAD "Invalid chip id. Expected 5 read 0. Bootloader for wrong chip?\r\n"
                                "ets_main.c 333 \r\n");
    bench_close(&b);
}

static void esp32c3_checks_checksum_and_digest(void **state)
{
    uint8_t *flash;
    struct bench b;

    (void)state;
    bench_open(&b, "esp32c3", 4 << 20);
    flash = b.chip.flash.store.bytes;
    uint32_t len = put_image(&b, 0, 5, 2, boot_esp32c3, 4, NULL, 0);
    expect_start(boot(&b, 100),
                 C3_HEAD "SPIWP:0xee\r\nmode:DIO, clock div:2\r\n" C3_LOADS "entry 0x403c2010\r\n");
    flash[2] = 0; /* QIO, without a new digest */
    expect_start(boot(&b, 100), C3_HEAD "SPIWP:0xee\r\nmode:QIO, clock div:2\r\n" C3_LOADS
                                        "SHA-256 comparison failed:\r\nCalculated: ");
    expect_in(bench_text(&b), "Attempting to boot anyway...\r\nentry 0x403c2010\r\n");
    flash[100] ^= 0x10;
    uint8_t sum = flash[len - 33];
    char want[80];
    snprintf(want, sizeof want,
             "Checksum failure. Calculated 0x%02x stored 0x%02x\r\nets_main.c 333 \r\n", sum ^ 0x10,
             sum);
    expect_in(boot(&b, 100), want);
    bench_close(&b);
}

/* First lines from ESP-IDF's documentation (docs/en/security/<chip>_log.inc), and from users' logs.
 */
static void newer_roms_have_their_own_words(void **state)
{
    static const struct {
        const char *chip, *start, *software, *watchdog;
    } words[] = {
        {"esp32s2",
         "ESP-ROM:esp32s2-rc4-20191025\r\nBuild:Oct 25 2019\r\nrst:0x1 (POWERON),boot:0x8"
         " (SPI_FAST_FLASH_BOOT)\r\nSPIWP:0xee\r\nmode:DIO, clock div:2\r\nload:0x3fcd6100",
         "rst:0x3 (RTC_SW_SYS_RST),boot:0x8", "rst:0x7 (TG0WDT_SYS_RST),boot:0x8"},
        {"esp32c6",
         "ESP-ROM:esp32c6-20220919\r\nBuild:Sep 19 2022\r\nrst:0x1 (POWERON),boot:0xc"
         " (SPI_FAST_FLASH_BOOT)\r\nSPIWP:0xee\r\nmode:DIO, clock div:2\r\nload:0x3fcd6100",
         "rst:0x3 (LP_SW_HPSYS),boot:0xc", "rst:0x7 (TG0_WDT_HPSYS),boot:0xc"},
        {"esp32c5",
         "ESP-ROM:esp32c5-eco2-20250121\r\nBuild:Jan 21 2025\r\nrst:0x1 (POWERON),boot:0x18"
         " (SPI_FAST_FLASH_BOOT)\r\nSPI mode:DIO, clock div:2\r\nload:0x3fcd6100",
         "rst:0x3 (RTC_SW_HPSYS),boot:0x18", "rst:0x7 (TG0_WDT_HPSYS),boot:0x18"},
        {"esp32p4-rev1",
         "ESP-ROM:esp32p4-eco2-20240710\r\nBuild:Jul 10 2024\r\nrst:0x1 (POWERON),"
         "boot:0x30f (SPI_FAST_FLASH_BOOT)\r\nSPI mode:DIO, clock div:2\r\nload:",
         "rst:0x3 (SW_SYS_RESET),boot:0x30f", "rst:0x7 (HP_SYS_HP_WDT_RESET),boot:0x30f"},
        {"esp32s31",
         "ESP-ROM:esp32s31-20251218\r\nBuild:Jan 21 2026\r\nrst:0x1 (POWERON),boot:0x58"
         " (SPI_FAST_FLASH_BOOT)\r\nSPI mode:DIO, clock div:2\r\nload:0x3fcd6100",
         "rst:0x3 (SW_SYS_RESET),boot:0x58", "rst:0x7 (HP_SYS_HP_WDT0_RESET),boot:0x58"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        struct bench b;
        bench_open(&b, words[i].chip, 4 << 20);
        const struct persona *p = b.chip.persona;
        put_image(&b, p->boot_offset, p->image_chip_id, 2, boot_esp32c3, 4, NULL, 0);
        expect_start(boot(&b, 100), words[i].start);
        expect_in(boot(&b, 1500), words[i].software); /* there is no partition table */
        memset(b.chip.flash.store.bytes + p->boot_offset, 0xff, 16);
        expect_in(boot(&b, 1500), "invalid header: 0xffffffff\r\n");
        expect_in(bench_text(&b), words[i].watchdog);
        bench_close(&b);
    }
}

static void the_app_says_hello(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b, "esp32", 4 << 20);
    put_image(&b, 0x1000, 0, 2, boot_esp32, 4, NULL, 0);
    put_table(&b);
    expect_in(boot(&b, 400), " 0 factory          factory app      00 00 00010000 00100000");
    expect_in(bench_text(&b), "esp_image: image at 0x10000 has invalid magic byte");
    put_app(&b, 0x10000, 0, "v1.2");
    expect_in(boot(&b, 400), "Hello from blink v1.2\r\n");
    b.chip.flash.store.bytes[0x10200] ^= 1;
    expect_in(boot(&b, 400), "esp_image: Checksum failed.");
    expect_in(bench_text(&b), "boot: Factory app partition is not bootable");
    put_app(&b, 0x10000, 5, "v1.2");
    expect_in(boot(&b, 400), "mismatch chip ID, expected 0, found 5");
    b.chip.flash.store.bytes[0x8000 + 13] ^= 1; /* in a label: the table's digest */
    expect_in(boot(&b, 400), "boot: load partition table error!");
    b.chip.flash.store.bytes[0x8000] = 0xe9;
    expect_in(boot(&b, 400), "flash_parts: partition 0 invalid magic number 0x50e9");
    bench_close(&b);
}

static void ota_data_chooses_the_slot(void **state)
{
    uint8_t entry[32];
    struct bench b;

    (void)state;
    bench_open(&b, "esp32c3", 4 << 20);
    put_image(&b, 0, 5, 2, boot_esp32c3, 4, NULL, 0);
    put_row(&b, 0, 1, 0, 0xd000, 0x2000, "otadata");
    put_row(&b, 1, 0, 0x10, 0x10000, 0x100000, "ota_0");
    put_row(&b, 2, 0, 0x11, 0x110000, 0x100000, "ota_1");
    put_app(&b, 0x10000, 5, "one");
    put_app(&b, 0x110000, 5, "two");
    expect_in(boot(&b, 400), "Hello from blink one\r\n");
    memset(entry, 0xff, sizeof entry);
    le32_put(entry, 2);
    le32_put(entry + 28, (uint32_t)crc32(UINT32_MAX, entry, 4));
    memcpy(b.chip.flash.store.bytes + 0xe000, entry, sizeof entry);
    expect_in(boot(&b, 400), "Hello from blink two\r\n");
    bench_close(&b);
}

static void esp8266_runs_its_program_at_0(void **state)
{
    static const struct seg segs[] = {{0x40100000, 1396}, {0x3ffe8000, 776}, {0x3ffe8308, 540}};
    struct bench b;

    (void)state;
    bench_open(&b, "esp8266", 1 << 20);
    expect_start(boot(&b, 100),
                 "\r\n ets Jan  8 2013,rst cause:1, boot mode:(3,6)\r\n\r\nets_main.c \r\n");
    assert_int_equal(b.last_baud, 74880);
    put_image(&b, 0, 0, 2, segs, 3, NULL, 0);
    expect_in(boot(&b, 200), "load 0x40100000, len 1396, room 16 \r\ntail 4\r\nchksum 0x");
    expect_in(bench_text(&b), "load 0x3ffe8000, len 776, room 4 \r\ntail 4\r\nchksum 0x");
    expect_in(bench_text(&b), "load 0x3ffe8308, len 540, room 4 \r\ntail 8\r\nchksum 0x");
    expect_in(bench_text(&b), "Hello from ESP8266\r\n");
    b.chip.flash.store.bytes[0x100] ^= 1;
    expect_in(boot(&b, 200), "csum err\r\n");
    bench_close(&b);
}

static void any_flash_boots_somehow(void **state)
{
    uint64_t seed = 4711;
    struct bench b;

    (void)state;
    size_t n = 0;
    while (persona_at(n))
        n++;
    for (size_t i = 0; i < 8 * n; i++) {
        bench_open(&b, persona_at(i % n)->name, 512 << 10);
        uint8_t *bytes = b.chip.flash.store.bytes;
        chip_noise(&seed, bytes, 0x20000);
        uint32_t at = b.chip.persona->boot_offset;
        if (i / n % 2)
            put_image(&b, at, b.chip.persona->image_chip_id, 2, app_segs, 2, NULL, 0);
        else
            bytes[at] = 0xe9;
        bytes[at + 1] = (uint8_t)(i % 17);
        bytes[0x8000] = 0xaa;
        bytes[0x8001] = 0x50;
        boot(&b, 5000);
        assert_true(b.out.len < 64000);
        bench_close(&b);
    }
}

/* Puts one of the build's sample images into the flash; false when there are none. */
static bool put_sample(struct bench *b, const char *file, uint32_t at)
{
    const char *name = b->chip.persona->name, *build = getenv("top_builddir");
    char path[600];

    snprintf(path, sizeof path, "%s/samples/%.*s/%s.bin", build ? build : ".",
             (int)strcspn(name, "-"), name, file);
    FILE *in = fopen(path, "rb");
    if (in == NULL)
        return false;
    size_t n = fread(b->chip.flash.store.bytes + at, 1, b->chip.flash.store.size - at, in);
    fclose(in);
    return n > 0;
}

static bool is_in_ram(const struct persona *p, const struct image_segment *s)
{
    for (size_t i = 0; i < ARRAY_LEN(p->ram); i++) {
        if (s->load >= p->ram[i].start && s->load + s->len <= p->ram[i].end)
            return true;
    }
    return false;
}

/* What the demo writes starts on every kind of chip that it has. */
static void samples_start_on_every_chip(void **state)
{
    const struct persona *p;

    (void)state;
    for (size_t i = 0; (p = persona_at(i)) != NULL; i++) {
        struct bench b;
        struct image image;
        bench_open(&b, p->name, 0x400000);
        if (!put_sample(&b, "bootloader", p->boot_offset)) {
            bench_close(&b);
            skip(); /* run by hand, out of the build tree */
        }
        assert_true(put_sample(&b, "partition-table", 0x8000));
        assert_true(put_sample(&b, "app", 0x10000));
        image_read(&image, &b.chip, p->boot_offset);
        for (size_t k = 0; k < image.n_segments; k++) {
            if (!is_in_ram(p, &image.segments[k]))
                fail_msg("%s: segment %zu at 0x%08x is in no RAM", p->name, k,
                         image.segments[k].load);
        }
        const char *text = boot(&b, 2000);
        expect_in(text, "Hello from sample 1.0\r\n");
        if (strstr(text, "mE (") || strstr(text, "invalid"))
            fail_msg("%s starts with complaints:\n%s", p->name, text);
        bench_close(&b);
    }
}

/* A flasher's encrypted write of what lies there. */
static void encrypt(struct bench *b, uint32_t at, uint32_t n)
{
    uint8_t *bytes = b->chip.flash.store.bytes + at, *plain = xmalloc(n);

    memcpy(plain, bytes, n);
    memset(bytes, 0xff, n);
    encryption_program(&b->chip, at, plain, n);
    free(plain);
}

static void enable_encryption(struct bench *b)
{
    const struct security_options o = {.encryption = true};
    struct error e = {0};

    assert_int_equal(security_burn(&b->chip.efuse, &o, &e), 0);
}

/* ESP-IDF documentation, flash encryption, possible failures: bootloader, table and app in plain
 * text, one after the other. */
static void with_encryption_only_ciphertext_boots(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b, "esp32c3", 4 << 20);
    put_image(&b, 0, 5, 2, boot_esp32c3, 4, NULL, 0);
    put_table(&b);
    put_app(&b, 0x10000, 5, "v1.2");
    expect_in(boot(&b, 400), "Hello from blink v1.2\r\n");
    enable_encryption(&b);
    expect_start(boot(&b, 100), C3_HEAD "invalid header: 0x");
    assert_null(strstr(bench_text(&b), "0x100204e9")); /* what lies in the flash */
    encrypt(&b, 0, 0x8000);
    expect_start(boot(&b, 400), C3_HEAD "SPIWP:0xee\r\nmode:DIO, clock div:2\r\n" C3_LOADS);
    expect_in(bench_text(&b), "flash_parts: partition 0 invalid magic number 0x");
    encrypt(&b, 0x8000, 0xc00);
    expect_in(boot(&b, 400), " 0 factory          factory app      00 00 00010000 00100000");
    expect_in(bench_text(&b), "esp_image: image at 0x10000 has invalid magic byte");
    encrypt(&b, 0x10000, 0x10000);
    expect_in(boot(&b, 400), "Hello from blink v1.2\r\n");
    b.chip.flash.store.bytes[0x10200] ^= 1;
    expect_in(boot(&b, 400), "esp_image: Checksum failed.");
    b.chip.flash.store.bytes[0x10200] ^= 1;
    efuse_burn_bits(&b.chip.efuse, 0, 83, 1); /* two bits of SPI_BOOT_CRYPT_CNT: off again */
    expect_start(boot(&b, 100), C3_HEAD "invalid header: 0x");
    bench_close(&b);

    bench_open(&b, "esp32", 4 << 20);
    put_image(&b, 0x1000, 0, 2, boot_esp32, 4, NULL, 0);
    put_table(&b);
    put_app(&b, 0x10000, 0, "v1.2");
    enable_encryption(&b);
    expect_start(boot(&b, 1000), ESP32_HEAD "flash read err, 1000\r\nets_main.c 371 \r\n");
    expect_in(bench_text(&b), "rst:0x7 (TG0WDT_SYS_RESET)");
    encrypt(&b, 0x1000, 0x7000);
    encrypt(&b, 0x8000, 0xc00);
    encrypt(&b, 0x10000, 0x10000);
    expect_start(boot(&b, 400), ESP32_HEAD ESP32_CONFIG "mode:DIO, clock div:2\r\n" ESP32_LOADS);
    expect_in(bench_text(&b), "Hello from blink v1.2\r\n");
    bench_close(&b);
}

int run_boot_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(download_mode_says_so),
        cmocka_unit_test(blank_flash_is_an_invalid_header),
        cmocka_unit_test(esp32_bootloader_is_loaded),
        cmocka_unit_test(esp32_damaged_bootloader),
        cmocka_unit_test(bootloader_of_another_chip),
        cmocka_unit_test(esp32c3_checks_checksum_and_digest),
        cmocka_unit_test(newer_roms_have_their_own_words),
        cmocka_unit_test(the_app_says_hello),
        cmocka_unit_test(ota_data_chooses_the_slot),
        cmocka_unit_test(esp8266_runs_its_program_at_0),
        cmocka_unit_test(any_flash_boots_somehow),
        cmocka_unit_test(with_encryption_only_ciphertext_boots),
        cmocka_unit_test(samples_start_on_every_chip),
    };

    return cmocka_run_group_tests_name("emu: boot logs", tests, NULL, NULL);
}
