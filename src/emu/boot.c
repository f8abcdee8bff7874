/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "emu/boot.h"

#include "base/buffer.h"
#include "emu/encryption.h"
#include "emu/image.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ROM_MS = 15,   /* from reset to the ROM's first line */
    RETRY_MS = 40, /* between two looks at a bad header */
    RETRIES = 8,   /* before the watchdog bites */
    WATCHDOG_MS = 400,
};

/* ---- the script ---- */

struct script_line {
    int64_t at_us;
    char *text;
};

void script_clear(struct script *s)
{
    for (size_t i = 0; i < s->n; i++)
        free(s->lines[i].text);
    free(s->lines);
    *s = (struct script){0};
}

static int64_t script_end(const struct chip *chip)
{
    const struct script *s = &chip->script;

    return s->n > 0 ? s->lines[s->n - 1].at_us : chip->time_us;
}

void script_add(struct chip *chip, int64_t ms, const char *format, ...)
{
    struct script *s = &chip->script;
    struct buffer text = {0};
    char line[512];
    va_list args;

    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    buffer_append(&text, line, strlen(line));
    int64_t at = script_end(chip) + 1000 * ms;
    s->lines = xrealloc(s->lines, (s->n + 1) * sizeof *s->lines);
    s->lines[s->n++] = (struct script_line){.at_us = at, .text = (char *)text.data};
}

void script_reset(struct chip *chip, int64_t ms, enum reset_cause cause)
{
    chip->reset_at = script_end(chip) + 1000 * ms;
    chip->reset_cause = cause;
}

int64_t script_length_ms(const struct chip *chip)
{
    return (script_end(chip) - chip->time_us) / 1000;
}

void script_run(struct chip *chip, int64_t now_us)
{
    struct script *s = &chip->script;

    while (s->next < s->n && s->lines[s->next].at_us <= now_us) {
        const struct script_line *line = &s->lines[s->next++];
        if (chip->time_us < line->at_us)
            chip->time_us = line->at_us;
        chip_put(chip, line->text, strlen(line->text));
    }
}

int64_t script_next(const struct script *s)
{
    return s->next < s->n ? s->lines[s->next].at_us : -1;
}

/* ---- the ROM's banner ---- */

static void banner(struct chip *chip, enum reset_cause cause)
{
    const struct persona *p = chip->persona;
    const struct reset_name *c = &p->resets[cause];
    unsigned strap = chip->strap_download ? p->strap_download : p->strap_flash;
    const char *mode = chip->strap_download ? p->text_download : p->text_flash;

    /* In download mode the loader has to be there for a SYNC that comes early. */
    int64_t ms = chip->strap_download ? 0 : ROM_MS;
    if (p->style == BOOT_ESP8266)
        script_add(chip, ms, "\r\n%s,rst cause:%u, boot mode:(%u,6)\r\n\r\n", p->banner, c->number,
                   strap);
    else
        script_add(chip, ms, "%s\r\n%srst:0x%x (%s),boot:0x%x (%s)\r\n", p->banner,
                   p->style == BOOT_ESP32 ? "\r\n" : "", c->number, c->text, strap, mode);
}

/* ---- loading the bootloader ---- */

static bool is_app(const struct chip *chip, const struct image *image)
{
    struct image_app app;
    uint8_t magic[2];

    if (image_app_read(image, chip, &app))
        return true;
    if (chip->persona->style != BOOT_ESP8266)
        return false;
    /* An ESP8266 usually has its program at 0; only ESP8266_RTOS_SDK puts a bootloader there,
     * and that comes with a partition table. */
    flash_read(&chip->flash, 0x8000, magic, sizeof magic);
    return magic[0] != 0xaa || magic[1] != 0x50;
}

static void enter(struct chip *chip, const struct image *image)
{
    if (is_app(chip, image))
        boot2_app(chip, image->offset);
    else
        boot2_start(chip, image->offset);
}

static const char *mode_name(const struct image *image)
{
    static const char *const names[] = {"QIO", "QOUT", "DIO", "DOUT", "FAST READ", "SLOW READ"};

    return image->mode < ARRAY_LEN(names) ? names[image->mode] : "SLOW READ";
}

/* Low nibble of the header's fourth byte: 40, 26, 20, 80 MHz from an 80 MHz source. */
static unsigned clock_div(const struct image *image)
{
    switch (image->size_freq & 0xf) {
    case 0xf:
        return 1;
    case 1:
        return 3;
    case 2:
        return 4;
    default:
        return 2;
    }
}

/* The recorded ESP32 stayed silent here; on silicon it complains as the others do (rom/README.md).
 */
static void invalid_header(struct chip *chip, const struct image *image)
{
    /* ESP-IDF documentation, flash encryption, possible failures. */
    if (chip->persona->style == BOOT_ESP32 && encryption_enabled(chip)) {
        script_add(chip, 1, "flash read err, 1000\r\nets_main.c 371 \r\n");
        script_reset(chip, WATCHDOG_MS, RESET_WDT);
        return;
    }
    for (int i = 0; i < RETRIES; i++)
        script_add(chip, i == 0 ? 1 : RETRY_MS, "invalid header: 0x%08x\r\n", image->first_word);
    script_reset(chip, RETRY_MS, chip->persona->style == BOOT_ESP32 ? RESET_RTC_WDT : RESET_WDT);
}

/* ---- ESP32 ---- */

/* With the interpreter not turned off by an eFuse, as on chips from the factory, the ROM falls
 * back to it and stays there (recording: bootloader with one bit wrong). */
static void give_up_esp32(struct chip *chip)
{
    const struct persona *p = chip->persona;

    if (efuse_word(&chip->efuse, p->console_word) >> p->console_bit & 1) {
        script_add(chip, 0, "ets_main.c 371 \r\n");
        script_reset(chip, WATCHDOG_MS, RESET_RTC_WDT);
    } else {
        script_add(chip, 0, "Falling back to built-in command interpreter.\r\nOK\r\n>");
    }
}

static void load_esp32(struct chip *chip, const struct image *image)
{
    script_add(chip, 1, "configsip: 0, SPIWP:0xee\r\n");
    script_add(chip, 0,
               "clk_drv:0x00,q_drv:0x00,d_drv:0x00,cs0_drv:0x00,hd_drv:0x00,wp_drv:0x00"
               "\r\n");
    script_add(chip, 0, "%s%s, clock div:%u\r\n", chip->persona->spi_line, mode_name(image),
               clock_div(image));
    for (size_t i = 0; i < image->n_segments; i++) {
        const struct image_segment *s = &image->segments[i];
        script_add(chip, 1, "load:0x%08x,len:%u\r\n", s->load, s->len);
        /* A segment header that does not fit into the row of 16 that is being read. */
        if (i + 1 < image->segments_said && (s->offset + s->len - image->offset) % 16 == 12)
            script_add(chip, 0, "ho 0 tail 12 room 4\r\n");
    }
    if (!image->whole) {
        script_reset(chip, WATCHDOG_MS, RESET_RTC_WDT);
    } else if (!image_checksum_good(image)) {
        script_add(chip, 0, "csum err:0x%02x!=0x%02x\r\n", image->checksum_calculated,
                   image->checksum_stored);
        give_up_esp32(chip);
    } else {
        script_add(chip, 1, "entry 0x%08x\r\n", image->entry);
        enter(chip, image);
    }
}

/* ---- ESP32-C3 and later ---- */

static void give_up_newer(struct chip *chip)
{
    script_add(chip, 0, "ets_main.c 333 \r\n");
    script_reset(chip, WATCHDOG_MS, RESET_WDT);
}

static void digest_failed(struct chip *chip, const struct image *image)
{
    char hex[65];

    script_add(chip, 0, "SHA-256 comparison failed:\r\n");
    script_add(chip, 0, "Calculated: %s\r\n", util_hex_format(hex, image->sha_calculated, 32));
    script_add(chip, 0, "Expected: %s\r\n", util_hex_format(hex, image->sha_stored, 32));
    script_add(chip, 0, "Attempting to boot anyway...\r\n");
}

static void load_newer(struct chip *chip, const struct image *image)
{
    if (image->chip_id != chip->persona->image_chip_id) {
        script_add(chip, 1, "Invalid chip id. Expected %u read %u. Bootloader for wrong chip?\r\n",
                   chip->persona->image_chip_id, image->chip_id);
        give_up_newer(chip);
        return;
    }
    script_add(chip, 1, "%s%s, clock div:%u\r\n", chip->persona->spi_line, mode_name(image),
               clock_div(image));
    for (size_t i = 0; i < image->n_segments; i++)
        script_add(chip, 1, "load:0x%08x,len:0x%x\r\n", image->segments[i].load,
                   image->segments[i].len);
    if (!image->whole || !image_checksum_good(image)) {
        if (image->whole)
            script_add(chip, 0, "Checksum failure. Calculated 0x%02x stored 0x%02x\r\n",
                       image->checksum_calculated, image->checksum_stored);
        give_up_newer(chip);
        return;
    }
    if (!image_digest_good(image))
        digest_failed(chip, image);
    script_add(chip, 1, "entry 0x%08x\r\n", image->entry);
    enter(chip, image);
}

/* ---- ESP8266 ---- */

static void load_esp8266(struct chip *chip, const struct image *image)
{
    uint32_t room = 16;

    for (size_t i = 0; i < image->n_segments; i++) {
        const struct image_segment *s = &image->segments[i];
        uint32_t tail = (s->len - room) & 15;
        script_add(chip, 1, "load 0x%08x, len %u, room %u \r\ntail %u\r\nchksum 0x%02x\r\n",
                   s->load, s->len, room, tail, s->sum);
        room = (16 - (tail + 8) % 16) % 16;
    }
    if (image_checksum_good(image)) {
        script_add(chip, 1, "csum 0x%02x\r\n", image->checksum_stored);
        enter(chip, image);
        return;
    }
    script_add(chip, 0, "csum err\r\nets_main.c \r\n");
    script_reset(chip, WATCHDOG_MS, RESET_WDT);
}

static void from_flash(struct chip *chip)
{
    const struct persona *p = chip->persona;
    struct image image;

    image_read(&image, chip, p->boot_offset);
    if (p->style == BOOT_ESP8266 && !image_header_good(&image)) {
        script_add(chip, 1, "ets_main.c \r\n");
        script_reset(chip, WATCHDOG_MS, RESET_WDT);
    } else if (p->style == BOOT_ESP8266) {
        load_esp8266(chip, &image);
    } else if (!image_header_good(&image)) {
        invalid_header(chip, &image);
    } else if (p->style == BOOT_NEWER) {
        load_newer(chip, &image);
    } else if (image.chip_id != p->image_chip_id) {
        /* The ESP32's ROM does not look at the id, and dies silently of what it loads (recording:
         * bootloader of another chip). */
        script_reset(chip, WATCHDOG_MS, RESET_RTC_WDT);
    } else {
        load_esp32(chip, &image);
    }
}

void boot_start(struct chip *chip, enum reset_cause cause)
{
    banner(chip, cause);
    if (!chip->strap_download)
        from_flash(chip);
    else if (chip->persona->waiting)
        script_add(chip, 0, "%s\r\n", chip->persona->waiting);
}
