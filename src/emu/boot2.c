/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The second-stage bootloader and the app. Their lines are ours, in the manner of ESP-IDF; what
 * they judge, they judge as ESP-IDF does (components/bootloader_support: flash_partitions.c,
 * bootloader_utility.c, esp_image_format.c).
 */
#include "emu/boot.h"
#include "emu/digest.h"
#include "emu/encryption.h"
#include "emu/image.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

enum {
    TABLE_OFFSET = 0x8000,
    TABLE_ROWS = 95, /* one sector less the digest's row */
    ROW = 32,
    APPS_MAX = 16,
    REBOOT_MS = 400,
};

struct partition {
    uint8_t type, subtype;
    uint32_t offset, size;
    char label[17];
};

struct table {
    struct partition rows[TABLE_ROWS];
    size_t n;
};

/* One line of a log: ESP-IDF's letter, colour and milliseconds since the start. */
static void say(struct chip *chip, int64_t ms, char level, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

static void say(struct chip *chip, int64_t ms, char level, const char *format, ...)
{
    int colour = level == 'E' ? 31 : level == 'W' ? 33 : 32;
    int64_t at = script_length_ms(chip) + ms;
    char text[400];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    script_add(chip, ms, "\033[0;%dm%c (%lld) %s\033[0m\r\n", colour, level, (long long)at, text);
}

/* ---- partition table ---- */

static const char *usage(const struct partition *p)
{
    if (p->type == 0) {
        if (p->subtype == 0)
            return "factory app";
        if (p->subtype == 0x20)
            return "test app";
        return p->subtype >= 0x10 && p->subtype < 0x20 ? "OTA app" : "Unknown app";
    }
    static const char *const data[] = {"OTA data", "RF data", "WiFi data", "Unknown data",
                                       "NVS keys"};
    if (p->type == 1)
        return p->subtype < ARRAY_LEN(data) ? data[p->subtype] : "Unknown data";
    return "unknown";
}

static bool row_read(const uint8_t *row, struct partition *p)
{
    p->type = row[2];
    p->subtype = row[3];
    p->offset = le32_get(row + 4);
    p->size = le32_get(row + 8);
    for (size_t i = 0; i < 16; i++)
        p->label[i] =
            (char)(row[12 + i] < 0x80 && (row[12 + i] >= 0x20 || row[12 + i] == 0) ? row[12 + i]
                                                                                   : '?');
    p->label[16] = '\0';
    return row[0] == 0xaa && row[1] == 0x50;
}

/* The row behind the last one holds an MD5 of those in front (magic EBEB, sum at byte 16). */
static bool digest_row_good(const uint8_t *table, size_t rows)
{
    uint8_t sum[16];

    digest_md5(table, rows * ROW, sum);
    return memcmp(sum, table + rows * ROW + 16, sizeof sum) == 0;
}

static bool table_read(struct chip *chip, struct table *t)
{
    uint8_t raw[(TABLE_ROWS + 1) * ROW];

    t->n = 0;
    encryption_read(chip, TABLE_OFFSET, raw, sizeof raw);
    for (size_t i = 0; i < TABLE_ROWS; i++) {
        const uint8_t *row = raw + i * ROW;
        struct partition *p = &t->rows[i];
        unsigned magic = le16_get(row);
        if (magic == 0xffff)
            return true;
        if (magic == 0xebeb) {
            if (digest_row_good(raw, i))
                return true;
            say(chip, 1, 'E', "flash_parts: Partitions MD5 invalid");
            return false;
        }
        if (!row_read(row, p)) {
            say(chip, 1, 'E', "flash_parts: partition %zu invalid magic number 0x%x", i, magic);
            return false;
        }
        if ((uint64_t)p->offset + p->size > chip->flash.store.size) {
            say(chip, 1, 'E',
                "flash_parts: partition %zu invalid - offset 0x%x size 0x%x exceeds flash chip size"
                " 0x%zx",
                i, p->offset, p->size, chip->flash.store.size);
            return false;
        }
        t->n++;
    }
    return true;
}

static void table_say(struct chip *chip, const struct table *t)
{
    say(chip, 2, 'I', "boot: Partition Table:");
    say(chip, 1, 'I', "boot: ## Label            Usage          Type ST Offset   Length");
    for (size_t i = 0; i < t->n; i++) {
        const struct partition *p = &t->rows[i];
        say(chip, 1, 'I', "boot: %2zu %-16s %-16s %02x %02x %08x %08x", i, p->label, usage(p),
            p->type, p->subtype, p->offset, p->size);
    }
    say(chip, 1, 'I', "boot: End of partition table");
}

static const struct partition *find(const struct table *t, uint8_t type, uint8_t subtype)
{
    for (size_t i = 0; i < t->n; i++) {
        if (t->rows[i].type == type && t->rows[i].subtype == subtype)
            return &t->rows[i];
    }
    return NULL;
}

/* Sequence number of one of the two OTA data entries, 0 for an invalid one (components/
 * bootloader_support, esp_ota_select_entry_t: seq, label 20 bytes, state, crc of seq). */
static uint32_t ota_seq(const struct chip *chip, uint32_t offset)
{
    uint8_t entry[32];

    encryption_read(chip, offset, entry, sizeof entry);
    uint32_t seq = le32_get(entry);
    bool good = seq != UINT32_MAX && le32_get(entry + 28) == crc32(UINT32_MAX, entry, 4);
    return good ? seq : 0;
}

/* The apps in the order in which they are tried. */
static size_t candidates(const struct chip *chip, const struct table *t,
                         const struct partition **apps)
{
    const struct partition *data = find(t, 1, 0), *factory = find(t, 0, 0);
    uint8_t slots = 0;
    size_t n = 0;

    while (slots < APPS_MAX && find(t, 0, (uint8_t)(0x10 + slots)))
        slots++;
    if (data && slots > 0) {
        uint32_t a = ota_seq(chip, data->offset), b = ota_seq(chip, data->offset + FLASH_SECTOR);
        uint32_t seq = a > b ? a : b;
        if (seq > 0)
            apps[n++] = find(t, 0, (uint8_t)(0x10 + (seq - 1) % slots));
    }
    if (factory)
        apps[n++] = factory;
    for (uint8_t i = 0; i < slots; i++)
        apps[n++] = find(t, 0, (uint8_t)(0x10 + i));
    return n;
}

/* ---- app images ---- */

static bool app_good(struct chip *chip, const struct image *image)
{
    if (image->magic != 0xe9) {
        say(chip, 2, 'E', "esp_image: image at 0x%x has invalid magic byte (nothing flashed here?)",
            image->offset);
        return false;
    }
    if (chip->persona->extended_header && image->chip_id != chip->persona->image_chip_id) {
        say(chip, 2, 'E', "boot_comm: mismatch chip ID, expected %u, found %u",
            chip->persona->image_chip_id, image->chip_id);
        return false;
    }
    if (!image->whole) {
        say(chip, 2, 'E', "esp_image: image at 0x%x has an invalid segment", image->offset);
        return false;
    }
    if (!image_checksum_good(image)) {
        say(chip, 2, 'E', "esp_image: Checksum failed. Calculated 0x%x read 0x%x",
            image->checksum_calculated, image->checksum_stored);
        return false;
    }
    if (!image_digest_good(image)) {
        say(chip, 2, 'E', "esp_image: Image hash failed - image is corrupt");
        return false;
    }
    return true;
}

static void app_say(struct chip *chip, const struct image *image)
{
    for (size_t i = 0; i < image->n_segments; i++) {
        const struct image_segment *s = &image->segments[i];
        /* Code and data that stay in flash are mapped; both windows end in their top bits. */
        const char *how = s->offset % FLASH_BLOCK == s->load % FLASH_BLOCK ? "map" : "load";
        say(chip, 3, 'I', "esp_image: segment %zu: paddr=%08x vaddr=%08x size=%05xh (%6u) %s", i,
            s->offset, s->load, s->len, s->len, how);
    }
    say(chip, 2, 'I', "boot: Loaded app from partition at offset 0x%x", image->offset);
    say(chip, 1, 'I', "boot: Disabling RNG early entropy source...");
}

static bool try_app(struct chip *chip, const struct partition *p)
{
    struct image image;

    image_read(&image, chip, p->offset);
    if (app_good(chip, &image)) {
        app_say(chip, &image);
        boot2_app(chip, p->offset);
        return true;
    }
    if (p->subtype == 0)
        say(chip, 1, 'E', "boot: Factory app partition is not bootable");
    else
        say(chip, 1, 'E', "boot: OTA app partition slot %d is not bootable", p->subtype - 0x10);
    return false;
}

/* ---- header of the image that runs ---- */

/* Bytes that the high nibble of the header's fourth byte means, 0 for a bad one (esptool targets:
 * FLASH_SIZES). */
static uint32_t size_in_header(const struct chip *chip, const struct image *image)
{
    static const uint16_t esp8266_kb[] = {512, 256, 1024, 2048, 4096, 2048, 4096, 0, 8192, 16384};
    unsigned code = image->size_freq >> 4;

    if (chip->persona->style == BOOT_ESP8266)
        return code < ARRAY_LEN(esp8266_kb) ? esp8266_kb[code] * 1024u : 0;
    return code < 8 ? UINT32_C(0x100000) << code : 0;
}

static void header_say(struct chip *chip, const struct image *image)
{
    static const char *const modes[] = {"QIO", "QOUT", "DIO", "DOUT", "FAST READ"};
    unsigned speed = (image->size_freq + 1) & 0xf; /* F comes first */
    const char *name = chip->persona->name;
    int chars = (int)strcspn(name, "-"); /* esp32p4-rev1 calls itself esp32p4 */

    say(chip, 2, 'I', "boot.%.*s: SPI Speed      : %uMHz", chars, name,
        chip->persona->speeds[speed < 4 ? speed : 0]);
    say(chip, 2, 'I', "boot.%.*s: SPI Mode       : %s", chars, name,
        image->mode < ARRAY_LEN(modes) ? modes[image->mode] : "SLOW READ");
    say(chip, 1, 'I', "boot.%.*s: SPI Flash Size : %uMB", chars, name,
        size_in_header(chip, image) / 0x100000);
}

void boot2_start(struct chip *chip, uint32_t offset)
{
    const struct partition *apps[APPS_MAX + 2];
    struct image image;
    struct table table;
    size_t n;

    image_read(&image, chip, offset);
    say(chip, 10, 'I', "boot: ESP-IDF v5.4 2nd stage bootloader");
    say(chip, 0, 'I', "boot: compile time Jan  1 2026 00:00:00");
    header_say(chip, &image);
    say(chip, 2, 'I', "boot: Enabling RNG early entropy source...");
    if (!table_read(chip, &table)) {
        say(chip, 1, 'E', "boot: Failed to verify partition table");
        say(chip, 1, 'E', "boot: load partition table error!");
        script_reset(chip, REBOOT_MS, RESET_SOFTWARE);
        return;
    }
    table_say(chip, &table);
    n = candidates(chip, &table, apps);
    for (size_t i = 0; i < n; i++) {
        if (try_app(chip, apps[i]))
            return;
    }
    say(chip, 1, 'E', "boot: No bootable app partitions in the partition table");
    script_reset(chip, REBOOT_MS, RESET_SOFTWARE);
}

/* An app whose header promises more flash than there is stops early (components/spi_flash). */
static bool flash_too_small(struct chip *chip, const struct image *image)
{
    uint32_t said = size_in_header(chip, image);
    size_t size = chip->flash.store.size;

    if (chip->persona->style == BOOT_ESP8266 || said <= size)
        return false;
    say(chip, 20, 'E',
        "spi_flash: Detected size(%zuk) smaller than the size in the binary image header(%uk)."
        " Probe failed.",
        size / 1024, said / 1024);
    script_add(chip, 1, "\r\nabort() was called at PC 0x%08x on core 0\r\n\r\nRebooting...\r\n",
               image->entry);
    script_reset(chip, REBOOT_MS, RESET_SOFTWARE);
    return true;
}

void boot2_app(struct chip *chip, uint32_t offset)
{
    struct image image;
    struct image_app app;

    image_read(&image, chip, offset);
    if (flash_too_small(chip, &image))
        return;
    if (!image_app_read(&image, chip, &app)) {
        script_add(chip, 40, "Hello from %s\r\n", chip->persona->title);
        return;
    }
    say(chip, 30, 'I', "app_init: Project name:     %s", app.name);
    say(chip, 0, 'I', "app_init: App version:      %s", app.version);
    script_add(chip, 10, "Hello from %s %s\r\n", app.name, app.version);
}
