/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "image/sample.h"

#include "base/util.h"
#include "image/digest.h"
#include "image/esp_image.h"
#include "image/partition.h"

#include <string.h>

#define PAGE          0x10000 /* flash is mapped in pages of 64 KB */
#define TABLE_SIZE    0xC00
#define APP_SIZE_MIN  0x1000
#define APP_DRAM      0x2000
#define APP_DESC_SIZE 256

/* What differs from chip to chip: memory maps from esptool's targets and from where ESP-IDF
 * (components/bootloader/subproject/main/ld, soc.h) and ESP8266_RTOS_SDK link their own bootloaders
 * and apps. Code and constants that share one window are 8 MB apart in it. */
struct layout {
    uint32_t boot[3];            /* data, what loads the app, the code with the entry point */
    uint32_t boot_size[3];       /* 0: as boot_sizes */
    uint32_t rodata, dram, iram; /* app: mapped constants, RAM, instruction RAM */
    uint32_t text;               /* app: mapped code; 0: in one segment with the constants */
    uint32_t factory_size;       /* of the app partition; 0: 1 MB */
    bool riscv;                  /* or else Xtensa */
};

static const uint32_t boot_sizes[3] = {6400, 10300, 2500};

static const struct layout layouts[CHIP_COUNT] = {
    [CHIP_ESP8266] = {.boot = {0x3FFE8408, 0x3FFE8420, 0x40100000},
                      .boot_size = {24, 3400, 7232},
                      .rodata = 0x40210010, /* of the app at 0x10000; headers take 16 bytes */
                      .dram = 0x3FFE8000,
                      .iram = 0x40100000,
                      .factory_size = 0xF0000},
    [CHIP_ESP32] = {.boot = {0x3FFF0030, 0x40078000, 0x40080400},
                    .boot_size = {6920, 13888, 3900},
                    .rodata = 0x3F400020,
                    .dram = 0x3FFB0000,
                    .iram = 0x40080000,
                    .text = 0x400D0020},
    [CHIP_ESP32S2] = {.boot = {0x3FFE5000, 0x4004E000, 0x4004A000},
                      .rodata = 0x3F000020,
                      .dram = 0x3FFC8000,
                      .iram = 0x40024000,
                      .text = 0x40080020},
    [CHIP_ESP32S3] = {.boot = {0x3FCE2700, 0x403CB700, 0x403C8700},
                      .rodata = 0x3C000020,
                      .dram = 0x3FC98000,
                      .iram = 0x40374000,
                      .text = 0x42000020},
    [CHIP_ESP32C2] = {.boot = {0x3FCD5B70, 0x403AEB70, 0x403AC370},
                      .rodata = 0x3C000020,
                      .dram = 0x3FCB0000,
                      .iram = 0x40380000,
                      .text = 0x42000020,
                      .riscv = true},
    [CHIP_ESP32C3] = {.boot = {0x3FCD5820, 0x403CE710, 0x403CC710},
                      .rodata = 0x3C000020,
                      .dram = 0x3FC90000,
                      .iram = 0x40380000,
                      .text = 0x42000020,
                      .riscv = true},
    [CHIP_ESP32C5] = {.boot = {0x408555A0, 0x4084E5A0, 0x4084BBA0},
                      .rodata = 0x42800020,
                      .dram = 0x40810000,
                      .iram = 0x40800000,
                      .text = 0x42000020,
                      .riscv = true},
    [CHIP_ESP32C6] = {.boot = {0x40875610, 0x4086E610, 0x4086B910},
                      .rodata = 0x42800020,
                      .dram = 0x40810000,
                      .iram = 0x40800000,
                      .text = 0x42000020,
                      .riscv = true},
    [CHIP_ESP32C61] = {.boot = {0x40845670, 0x4083E670, 0x4083B970},
                       .rodata = 0x42800020,
                       .dram = 0x40810000,
                       .iram = 0x40800000,
                       .text = 0x42000020,
                       .riscv = true},
    [CHIP_ESP32H2] = {.boot = {0x40845FD0, 0x4083EFD0, 0x4083C2D0},
                      .rodata = 0x42800020,
                      .dram = 0x40810000,
                      .iram = 0x40800000,
                      .text = 0x42000020,
                      .riscv = true},
    [CHIP_ESP32H21] = {.boot = {0x40842A78, 0x4083BA78, 0x40838D78},
                       .rodata = 0x42800020,
                       .dram = 0x40810000,
                       .iram = 0x40800000,
                       .text = 0x42000020,
                       .riscv = true},
    [CHIP_ESP32H4] = {.boot = {0x40856350, 0x4084F350, 0x4084C650},
                      .rodata = 0x42800020,
                      .dram = 0x40820000,
                      .iram = 0x40810000,
                      .text = 0x42000020,
                      .riscv = true},
    /* Where revisions below 3.0 have it; it is RAM on later ones too. */
    [CHIP_ESP32P4] = {.boot = {0x4FF33BD0, 0x4FF2BBD0, 0x4FF28ED0},
                      .rodata = 0x40800020,
                      .dram = 0x4FF10000,
                      .iram = 0x4FF00000,
                      .text = 0x40000020,
                      .riscv = true},
    [CHIP_ESP32S31] = {.boot = {0x2F073FB0, 0x2F06CFB0, 0x2F06A2B0},
                       .rodata = 0x40800020,
                       .dram = 0x2F010000,
                       .iram = 0x2F000000,
                       .text = 0x40000020,
                       .riscv = true},
    /* ESP-IDF does not know it yet: somewhere in its RAM. */
    [CHIP_ESP32E22] = {.boot = {0x31018000, 0x31010000, 0x30FF4000},
                       .rodata = 0x3C800020,
                       .dram = 0x31000000,
                       .iram = 0x30FE0000,
                       .text = 0x3C000020,
                       .riscv = true},
};

/* An instruction that jumps to itself. */
static const uint8_t loop_xtensa[4] = {0x06, 0xFF, 0xFF, 0x00};
static const uint8_t loop_riscv[4] = {0x6F, 0x00, 0x00, 0x00};

static const uint8_t *loop_of(const struct layout *l)
{
    return l->riscv ? loop_riscv : loop_xtensa;
}

/* ---- contents: the same bytes on every machine, and as compressible as real firmware ----------
 */

static uint32_t random_next(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

/* Fresh bytes and repeats of earlier ones take turns; lengths are tuned so that zlib brings an app
 * to about 0.55 of its size, as it does with compiled code. */
static void filler_append(struct buffer *out, size_t n, uint32_t *state)
{
    size_t start = out->len, end = start + n;

    while (out->len < end) {
        size_t run = 3 + random_next(state) % 8;
        size_t back = 16 + random_next(state) % 2000;
        bool repeat = random_next(state) % 16 < 11 && back <= out->len - start;
        for (; run > 0 && out->len < end; run--)
            buffer_append_byte(out,
                               repeat ? out->data[out->len - back] : (uint8_t)random_next(state));
    }
}

/* ---- images -------------------------------------------------------------------------------- */

/* An image under construction; the segment count is put in at the end. */
struct builder {
    const struct chip *chip;
    struct buffer *out;
    size_t start; /* of the image within out */
    uint32_t state;
    uint8_t segments, checksum;
};

static uint8_t size_freq_of(const struct chip *chip)
{
    uint8_t size = 0;

    chip_size_parse(chip, "2MB", &size);
    return (uint8_t)(size << 4); /* low nibble 0: half the highest frequency, on every chip */
}

static void image_begin(struct builder *b, const struct chip *chip, uint32_t entry,
                        struct buffer *out)
{
    *b = (struct builder){.chip = chip,
                          .out = out,
                          .start = out->len,
                          .state = entry,
                          .checksum = ESP_IMAGE_CHECKSUM};
    buffer_append_byte(out, ESP_IMAGE_MAGIC);
    buffer_append_byte(out, 0);
    buffer_append_byte(out, FLASH_DIO);
    buffer_append_byte(out, size_freq_of(chip));
    buffer_append_le32(out, entry);
    if (chip->image_chip_id < 0)
        return;
    buffer_append_le32(out, 0xEE); /* no WP pin given; no drive settings */
    buffer_append_le16(out, (uint16_t)chip->image_chip_id);
    for (int i = 0; i < 9; i++) /* any revision; reserved */
        buffer_append_byte(out, 0);
    buffer_append_byte(out, 1); /* a SHA-256 is appended */
}

/* A segment of `size` bytes that begins with head[0..n). */
static void segment_append(struct builder *b, uint32_t address, size_t size, const void *head,
                           size_t n)
{
    buffer_append_le32(b->out, address);
    buffer_append_le32(b->out, (uint32_t)size);
    buffer_append(b->out, head, n);
    filler_append(b->out, size - n, &b->state);
    for (size_t i = b->out->len - size; i < b->out->len; i++)
        b->checksum ^= b->out->data[i];
    b->segments++;
}

/* The ESP8266's boot ROM images have no digest, its RTOS SDK's apps have one without saying so. */
static void image_end(struct builder *b, bool digest)
{
    struct buffer *out = b->out;
    uint8_t sha256[32];

    out->data[b->start + 1] = b->segments;
    while ((out->len - b->start) % 16 != 15)
        buffer_append_byte(out, 0);
    buffer_append_byte(out, b->checksum);
    if (!digest)
        return;
    digest_sha256(out->data + b->start, out->len - b->start, sha256);
    buffer_append(out, sha256, sizeof sha256);
}

void sample_bootloader(const struct chip *chip, struct buffer *out)
{
    const struct layout *l = &layouts[chip->id];
    struct builder b;

    image_begin(&b, chip, l->boot[2], out);
    for (size_t i = 0; i < ARRAY_LEN(l->boot); i++)
        segment_append(&b, l->boot[i], l->boot_size[i] ? l->boot_size[i] : boot_sizes[i],
                       loop_of(l), i == 2 ? 4 : 0);
    image_end(&b, chip->image_chip_id >= 0);
}

/* esp_app_desc_t, ESP-IDF esp_app_desc.h. */
static void app_desc_fill(const struct chip *chip, uint8_t desc[APP_DESC_SIZE])
{
    memset(desc, 0, APP_DESC_SIZE);
    le32_put(desc, ESP_APP_DESC_MAGIC);
    util_copy((char *)desc + 16, 32, "1.0");
    util_copy((char *)desc + 48, 32, "sample");
    util_copy((char *)desc + 80, 16, "12:00:00");
    util_copy((char *)desc + 96, 16, "Jan  1 2026");
    util_copy((char *)desc + 112, 32, "none: made by espjig");
    digest_sha256(chip->key, strlen(chip->key), desc + 144); /* in place of the ELF file's */
}

/* Mapped segments must lie in the file where they lie in their 64 KB page. So the instruction RAM
 * segment in front of the code is as long as it takes, as esptool's elf2image does it. */
static void app_code_append(struct builder *b, const struct layout *l, size_t app_size)
{
    size_t at = b->out->len - b->start;
    size_t iram = (l->text - at - 16) % PAGE;
    size_t used = at + 8 + iram + 8;

    segment_append(b, l->iram, iram, loop_of(l), iram ? 4 : 0);
    if (app_size > used)
        segment_append(b, l->text, (app_size - used) / 16 * 16, NULL, 0);
}

void sample_app(const struct chip *chip, size_t app_size, struct buffer *out)
{
    const struct layout *l = &layouts[chip->id];
    bool mapped_code = l->text && app_size > 3 * PAGE;
    uint8_t desc[APP_DESC_SIZE];
    struct builder b;

    app_size = app_size < APP_SIZE_MIN ? APP_SIZE_MIN : app_size;
    size_t dram = app_size > 8 * APP_DRAM ? APP_DRAM : 64;
    /* Not a multiple of 256: where ESP32 images have their chip id there is a size on the ESP8266,
     * and esptool takes its low byte for one. */
    size_t rodata = mapped_code ? app_size / 5 : (app_size - dram) / 256 * 256 - 16;

    app_desc_fill(chip, desc);
    image_begin(&b, chip, l->iram, out);
    segment_append(&b, l->rodata, rodata / 16 * 16, desc, sizeof desc);
    segment_append(&b, l->dram, dram, NULL, 0);
    if (mapped_code)
        app_code_append(&b, l, app_size);
    else
        segment_append(&b, l->iram, 64, loop_of(l), 4);
    image_end(&b, true);
}

/* ---- partition table ------------------------------------------------------------------------ */

static void partition_append(struct buffer *out, uint8_t type, uint8_t subtype, uint32_t offset,
                             uint32_t size, const char *label)
{
    char name[16] = "";

    util_copy(name, sizeof name, label);
    buffer_append_byte(out, 0xAA);
    buffer_append_byte(out, 0x50);
    buffer_append_byte(out, type);
    buffer_append_byte(out, subtype);
    buffer_append_le32(out, offset);
    buffer_append_le32(out, size);
    buffer_append(out, name, sizeof name);
    buffer_append_le32(out, 0); /* flags */
}

void sample_partition_table(const struct chip *chip, struct buffer *out)
{
    const struct layout *l = &layouts[chip->id];
    size_t start = out->len;
    uint8_t md5[16];

    partition_append(out, PARTITION_DATA, 2, 0x9000, 0x6000, "nvs");
    partition_append(out, PARTITION_DATA, 1, 0xF000, 0x1000, "phy_init");
    partition_append(out, PARTITION_APP, 0, 0x10000, l->factory_size ? l->factory_size : 0x100000,
                     "factory");
    digest_md5(out->data + start, out->len - start, md5);
    buffer_append_byte(out, 0xEB);
    buffer_append_byte(out, 0xEB);
    memset(buffer_reserve(out, 14), 0xFF, 14);
    out->len += 14;
    buffer_append(out, md5, sizeof md5);
    size_t rest = TABLE_SIZE - (out->len - start);
    memset(buffer_reserve(out, rest), 0xFF, rest);
    out->len += rest;
}
