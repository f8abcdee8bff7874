/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The three formats of images for the ESP8266. */
#include "image/elf_private.h"

#include "image/deflate.h"

#include <string.h>

enum { V2_SEGMENTS = 4 }; /* what stands in version 2's header for a number of segments */

/* The one segment that is mapped from flash, or NULL. */
static int irom_find(struct elf_firmware *fw, struct elf_segment **irom)
{
    struct elf_segment *flash[ESP_IMAGE_SEGMENTS_MAX];
    size_t n = elf_segments_pick(fw, true, flash);

    *irom = n ? flash[0] : NULL;
    if (n <= 1)
        return 0;
    return error_set(fw->error, ERR_FILE_FORMAT,
                     "%s: %zu segments are for mapped flash, the first at 0x%08x and 0x%08x; this "
                     "format can have one",
                     fw->name, n, flash[0]->address, flash[1]->address);
}

/* What the ROM loads. */
static int plain_put(struct elf_firmware *fw)
{
    struct elf_segment *ram[ESP_IMAGE_SEGMENTS_MAX];
    size_t n = elf_segments_pick(fw, false, ram);
    int rc = 0;

    elf_header_put(fw, ESP_IMAGE_MAGIC, n);
    for (size_t i = 0; rc == 0 && i < n; i++)
        rc = elf_segment_put(fw, ram[i]->address, ram[i]->data.data, ram[i]->data.len, true);
    if (rc == 0)
        elf_checksum_put(fw);
    return rc;
}

int elf_write_v1(struct elf_firmware *fw, struct buffer *irom, uint32_t *irom_address)
{
    struct elf_segment *mapped;
    int rc = irom_find(fw, &mapped);

    if (rc == 0)
        rc = plain_put(fw);
    if (rc != 0 || mapped == NULL)
        return rc;
    buffer_append(irom, mapped->data.data, mapped->data.len);
    *irom_address = mapped->address - fw->chip->irom.start;
    return 0;
}

/* As the ESP8266's bootloaders compute it: the usual one, but a negative number is inverted and
 * any other has 1 added (esptool: esp8266_crc32). */
static uint32_t crc32_8266(const struct buffer *bytes)
{
    uint32_t crc = deflate_crc32(bytes->data, bytes->len);

    return crc & 0x80000000 ? ~crc : crc + 1;
}

int elf_write_v2(struct elf_firmware *fw, uint32_t *irom_address)
{
    struct elf_segment *mapped;
    int rc = irom_find(fw, &mapped);

    if (rc != 0)
        return rc;
    elf_header_put(fw, ESP_IMAGE_MAGIC_V2, V2_SEGMENTS);
    if (mapped) {
        *irom_address = mapped->address - fw->chip->irom.start;
        /* for address 0: it is mapped from where the image lies */
        buffer_append_fill(&mapped->data, 0, (16 - mapped->data.len % 16) % 16);
        rc = elf_segment_put(fw, 0, mapped->data.data, mapped->data.len, false);
    }
    if (rc == 0)
        rc = plain_put(fw);
    if (rc == 0)
        buffer_append_le32(fw->out, crc32_8266(fw->out));
    return rc;
}

bool elf_is_flash_v3(const struct chip *chip, uint32_t address)
{
    (void)chip; /* the ESP32, whose map it does not have */
    return address > chip_get(CHIP_ESP8266)->irom.start;
}

/* A plain header, mapped flash where it comes, a digest. The linker scripts of the RTOS SDK leave
 * room for a segment's header at the start of .flash.rodata: its address already counts it. */
int elf_write_v3(struct elf_firmware *fw)
{
    struct elf_segment *flash[ESP_IMAGE_SEGMENTS_MAX], *ram[ESP_IMAGE_SEGMENTS_MAX];
    size_t n_flash = elf_segments_pick_sorted(fw, true, NULL, flash);
    size_t n_ram = elf_segments_pick_sorted(fw, false, NULL, ram);
    int rc = elf_pages_check(fw, flash, n_flash);

    if (rc != 0)
        return rc;
    elf_header_put(fw, ESP_IMAGE_MAGIC, fw->n_segments);
    for (size_t i = 0; rc == 0 && i < n_flash; i++) {
        size_t skip = strcmp(flash[i]->name, ".flash.rodata") == 0 ? SEGMENT_HEADER : 0;
        if (skip > flash[i]->data.len)
            skip = flash[i]->data.len;
        rc = elf_segment_put(fw, flash[i]->address, flash[i]->data.data + skip,
                             flash[i]->data.len - skip, true);
    }
    for (size_t i = 0; rc == 0 && i < n_ram; i++)
        rc = elf_segment_put(fw, ram[i]->address, ram[i]->data.data, ram[i]->data.len, true);
    if (rc != 0)
        return rc;
    elf_checksum_put(fw);
    elf_digest_put(fw);
    return 0;
}
