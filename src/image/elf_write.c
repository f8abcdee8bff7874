/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What all formats of images are made of, and the format of the ESP32 and all later chips. */
#include "image/elf_private.h"

#include "base/util.h"
#include "image/digest.h"

#include <string.h>

/* The ESP32's bootloader did not map the last page of a segment that reached less than this far
 * into it (esptool: save_flash_segment). */
#define ESP32_TAIL 0x24

/* Byte 8 of the header: the flash's WP pin is not to be changed (ESP-IDF: esp_image_header_t). */
#define WP_PIN_DISABLED 0xEE

/* ---- of all formats ---- */

void elf_header_put(struct elf_firmware *fw, uint8_t magic, size_t n)
{
    buffer_append_byte(fw->out, magic);
    buffer_append_byte(fw->out, (uint8_t)n);
    buffer_append_byte(fw->out, fw->options->mode);
    buffer_append_byte(fw->out, fw->options->size_freq);
    buffer_append_le32(fw->out, fw->entry);
}

/* Puts the ELF's digest into a segment, when its place is in there. `at` is where the segment's
 * header begins; esptool counts the segment's bytes from there, too. */
static int sha_put(struct elf_firmware *fw, size_t at, size_t size)
{
    if (fw->sha_at == 0 || fw->sha_at < at || fw->sha_at >= at + size)
        return 0;
    if (fw->sha_at < at + SEGMENT_HEADER || fw->sha_at + (uint64_t)SHA256_SIZE > at + size)
        return error_set(fw->error, ERR_FILE_FORMAT,
                         "%s: the ELF file's SHA-256 can't be put at offset 0x%x of the image, "
                         "across the edge of the segment at 0x%zx with 0x%zx bytes",
                         fw->name, fw->sha_at, at, size);
    uint8_t *place = fw->out->data + fw->sha_at;
    for (size_t i = 0; i < SHA256_SIZE; i++) {
        if (place[i] != 0)
            return error_set(fw->error, ERR_FILE_FORMAT,
                             "%s: the ELF file's SHA-256 can't be put at offset 0x%x of the image: "
                             "32 bytes of 0 are expected there, found 0x%02x at 0x%zx",
                             fw->name, fw->sha_at, place[i], fw->sha_at + i);
    }
    memcpy(place, fw->sha, SHA256_SIZE);
    return 0;
}

int elf_segment_put(struct elf_firmware *fw, uint32_t address, const uint8_t *data, size_t size,
                    bool in_checksum)
{
    size_t at = fw->out->len;

    if (size >= SEGMENT_LIMIT)
        return error_set(fw->error, ERR_FILE_FORMAT,
                         "%s: the segment for 0x%08x would have 0x%zx bytes, the most is 0x%x",
                         fw->name, address, size, SEGMENT_LIMIT - 4);
    buffer_append_le32(fw->out, address);
    buffer_append_le32(fw->out, (uint32_t)size);
    if (data)
        buffer_append(fw->out, data, size);
    else
        buffer_append_fill(fw->out, 0, size);
    int rc = sha_put(fw, at, size);
    if (rc != 0)
        return rc;
    for (size_t i = at + SEGMENT_HEADER; in_checksum && i < fw->out->len; i++)
        fw->checksum ^= fw->out->data[i];
    fw->n_put++;
    return 0;
}

void elf_checksum_put(struct elf_firmware *fw)
{
    buffer_append_fill(fw->out, 0, 15 - fw->out->len % 16);
    buffer_append_byte(fw->out, fw->checksum);
}

void elf_digest_put(struct elf_firmware *fw)
{
    uint8_t sha256[SHA256_SIZE];

    digest_sha256(fw->out->data, fw->out->len, sha256);
    buffer_append(fw->out, sha256, sizeof sha256);
}

/* A page of flash can only be mapped to one place. */
int elf_pages_check(struct elf_firmware *fw, struct elf_segment *const *flash, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        uint32_t a = flash[i - 1]->address, b = flash[i]->address;
        if (a / fw->page == b / fw->page)
            return error_set(
                fw->error, ERR_FILE_FORMAT,
                "%s: the segments at 0x%08x and 0x%08x share a page of %u KB of mapped "
                "flash; the linker script must join them or keep them apart",
                fw->name, a, b, fw->page / 1024);
    }
    return 0;
}

/* ---- the ESP32 and later ---- */

static void extended_header_put(struct elf_firmware *fw)
{
    const struct elf_options *o = fw->options;

    elf_header_put(fw, ESP_IMAGE_MAGIC, fw->n_segments);
    buffer_append_byte(fw->out, WP_PIN_DISABLED);
    buffer_append_fill(fw->out, 0, 3); /* drive strengths of the flash's pins: the usual */
    buffer_append_le16(fw->out, (uint16_t)fw->chip->image_chip_id);
    buffer_append_byte(fw->out, o->min_rev_v0 < 0 ? 0 : (uint8_t)o->min_rev_v0);
    buffer_append_le16(fw->out, o->min_rev < 0 ? 0 : (uint16_t)o->min_rev);
    buffer_append_le16(fw->out, o->max_rev < 0 ? UINT16_MAX : (uint16_t)o->max_rev);
    buffer_append_fill(fw->out, 0, 4);
    buffer_append_byte(fw->out, !o->no_digest && !o->ram_only_header);
}

static int mapped_put(struct elf_firmware *fw, struct elf_segment *s, bool in_checksum)
{
    size_t rest = (fw->out->len + SEGMENT_HEADER + s->data.len) % fw->page;

    if (fw->chip->id == CHIP_ESP32 && rest < ESP32_TAIL)
        buffer_append_fill(&s->data, 0, ESP32_TAIL - rest);
    return elf_segment_put(fw, s->address, s->data.data, s->data.len, in_checksum);
}

/* Data bytes of a segment of padding, so that behind it and the next header an offset comes that
 * lies in its page as `address` does; 0: it is there already. It can be more than a page, also
 * where less would do: that is how esptool counts. */
static uint32_t padding_needed(const struct elf_firmware *fw, uint32_t address)
{
    int64_t page = fw->page;
    int64_t pad = page - (int64_t)(fw->out->len % fw->page) + address % fw->page - SEGMENT_HEADER;

    if (pad == 0 || pad == page)
        return 0;
    pad -= SEGMENT_HEADER;
    if (pad == 0) /* a header alone would do; esptool 5.3.1 fails here */
        return fw->page;
    return (uint32_t)(pad < 0 ? pad + page : pad);
}

/* Segments for RAM, of which pieces serve as padding. */
struct ram {
    struct elf_segment *rows[ESP_IMAGE_SEGMENTS_MAX];
    size_t n, next;
    size_t used; /* bytes of the next one that are in the image */
};

static int ram_put(struct elf_firmware *fw, struct ram *ram, size_t most)
{
    const struct elf_segment *s = ram->rows[ram->next];
    size_t left = s->data.len - ram->used, n = left < most ? left : most;
    int rc =
        elf_segment_put(fw, s->address + (uint32_t)ram->used, s->data.data + ram->used, n, true);

    ram->used += n;
    if (ram->used == s->data.len) {
        ram->next++;
        ram->used = 0;
    }
    return rc;
}

/* Mapped flash must lie in the file as it does in its page: RAM's segments fill what is before. */
static int flash_first_put(struct elf_firmware *fw, struct elf_segment **flash, size_t n_flash,
                           struct ram *ram)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < n_flash;) {
        uint32_t pad = padding_needed(fw, flash[i]->address);
        if (pad == 0)
            rc = mapped_put(fw, flash[i++], true);
        else if (ram->next < ram->n && pad > SEGMENT_HEADER)
            rc = ram_put(fw, ram, pad);
        else
            rc = elf_segment_put(fw, 0, NULL, pad, true);
    }
    while (rc == 0 && ram->next < ram->n)
        rc = ram_put(fw, ram, SIZE_MAX);
    return rc;
}

/* The header counts RAM's segments, the checksum follows them: the ROM sees nothing else. Behind
 * it mapped flash, aligned as it will lie when the image is at the bootloader's place. */
static int ram_first_put(struct elf_firmware *fw, struct elf_segment **flash, size_t n_flash,
                         struct ram *ram)
{
    uint32_t offset = fw->chip->bootloader_offset;
    int rc = 0;

    while (rc == 0 && ram->next < ram->n)
        rc = ram_put(fw, ram, SIZE_MAX);
    elf_checksum_put(fw);
    for (size_t i = n_flash; rc == 0 && i-- > 0;) {
        uint32_t used = (uint32_t)((fw->out->len + 2 * SEGMENT_HEADER) % fw->page);
        uint32_t pad = (flash[i]->address % fw->page + fw->page - used) % fw->page;
        if (pad < offset)
            pad += fw->page;
        rc = elf_segment_put(fw, 0, NULL, pad - offset, false);
        if (rc == 0)
            rc = mapped_put(fw, flash[i], false);
    }
    return rc;
}

/* Padding for Secure Boot: what a signature covers ends with a page. Behind the checksum come the
 * digest, and for version 1, whose signature follows at once, also that: version, ECDSA, 12 bytes
 * that round it up. */
static int secure_pad_put(struct elf_firmware *fw)
{
    const struct elf_options *o = fw->options;
    bool v1 = o->secure_pad && fw->chip->id == CHIP_ESP32;
    uint32_t behind = 16 + SHA256_SIZE + (o->secure_pad_v2 ? 0 : 4 + 64 + 12);

    if (o->secure_pad && !v1)
        log_line(o->log, LOG_WARNING, "--secure-pad is for the ESP32 and is ignored for the %s",
                 fw->chip->name);
    if (!v1 && !o->secure_pad_v2)
        return 0;
    if (o->no_digest || o->ram_only_header)
        return error_set(
            fw->error, ERR_USAGE,
            "padding for Secure Boot needs the SHA-256 at the end, which %s leaves out",
            o->ram_only_header ? "--ram-only-header" : "--dont-append-digest");
    uint32_t used = (uint32_t)((fw->out->len + SEGMENT_HEADER + behind) % fw->page);
    return elf_segment_put(fw, 0, NULL, (fw->page - used) % fw->page, true);
}

static void size_pad(struct elf_firmware *fw)
{
    uint64_t block = fw->options->pad_to_size;
    size_t n = block ? (size_t)((block - fw->out->len % block) % block) : 0;

    buffer_append_fill(fw->out, 0xFF, n);
}

int elf_write_extended(struct elf_firmware *fw)
{
    struct elf_segment *flash[ESP_IMAGE_SEGMENTS_MAX];
    struct ram ram = {.next = 0};
    size_t n_flash = elf_segments_pick_sorted(fw, true, ".flash.appdesc", flash);
    bool ram_only = fw->options->ram_only_header;
    int rc = elf_pages_check(fw, flash, n_flash);

    ram.n = elf_segments_pick_sorted(fw, false, ".dram0.bootdesc", ram.rows);
    for (size_t i = 0; rc == 0 && i < n_flash; i++) {
        if (flash[i]->address % 4)
            rc = error_set(fw->error, ERR_FILE_FORMAT,
                           "%s: section %s for mapped flash begins at 0x%08x, which is no multiple "
                           "of 4",
                           fw->name, flash[i]->name, flash[i]->address);
    }
    if (rc != 0)
        return rc;
    extended_header_put(fw);
    rc = (ram_only ? ram_first_put : flash_first_put)(fw, flash, n_flash, &ram);
    if (rc == 0)
        rc = secure_pad_put(fw);
    if (rc != 0)
        return rc;
    if (!ram_only)
        elf_checksum_put(fw);
    fw->out->data[1] = (uint8_t)(ram_only ? ram.n : fw->n_put);
    if (!fw->options->no_digest && !ram_only)
        elf_digest_put(fw);
    size_pad(fw);
    if (fw->out->data[1] > ESP_IMAGE_SEGMENTS_MAX)
        log_line(fw->options->log, LOG_WARNING,
                 "%s: with padding the image has %u segments, bootloaders load no more than %d",
                 fw->name, fw->out->data[1], ESP_IMAGE_SEGMENTS_MAX);
    return 0;
}
