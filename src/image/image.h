/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Files on the host become a plan: the ordered, checked list of flash regions that a job writes.
 * No chip is spoken to here. Memory is owned by the struct that shows it.
 */
#ifndef ESPJIG_IMAGE_IMAGE_H
#define ESPJIG_IMAGE_IMAGE_H

#include "base/error.h"
#include "chip/chip.h"
#include "image/cache.h"
#include "image/pieces.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether the chip is to encrypt an image while it gets it. */
enum encrypt {
    ENCRYPT_NO,
    ENCRYPT_IF_ON, /* where its flash encryption is on; elsewhere it is written as it is, and the
                      chip's bootloader encrypts it at the first start */
    ENCRYPT_ALWAYS /* or nothing is written */
};

/* What to write: `address` and `path` as the user gave them. A file that has its own addresses
 * (HEX, UF2) or gaps that are left out becomes several regions. */
struct image_spec {
    uint32_t address; /* or PIECES_OWN_ADDRESS */
    const char *path;
    enum encrypt encrypted;
};

/* Flash settings to put into the bootloader's header (esptool: --flash-mode, --flash-freq,
 * --flash-size). */
struct image_settings {
    enum flash_mode mode;   /* FLASH_MODE_KEEP */
    const char *freq;       /* NULL or "keep", or a name of chip->freqs */
    const char *size;       /* NULL or "keep", "detect", or a name of chip->sizes */
    uint64_t detected_size; /* bytes; for "detect"; 0: not known */
};

/* One block of a region's compressed stream, framed for the wire. */
struct wire_block {
    uint32_t offset; /* of the frame in wire_frames.bytes */
    uint32_t length; /* of the frame */
    uint32_t out;    /* image bytes that it stands for */
};
/* All of them, ready to be sent to the stub (made by loader_frames_build). */
struct wire_frames {
    const uint8_t *bytes;
    const struct wire_block *blocks;
    size_t n;
};

struct region {
    char *path; /* the file it came from */
    uint32_t address;
    uint8_t *data;     /* as it is to stand in the flash: patched, padded with 0xFF to 4 bytes */
    size_t size;       /* of data */
    size_t file_size;  /* of data, what comes from the file: without the padding */
    uint8_t md5[16];   /* of data[0..size) */
    uint8_t *deflated; /* zlib stream of data; NULL: sent plain (not asked for, or it would not be
                          smaller) */
    size_t deflated_size;
    struct wire_frames frames; /* n 0: the loader frames `deflated` itself */
    struct blob blob; /* when there is one, data, deflated and frames lie in it, shared with
                         other processes and read only; else they are this one's */
    uint8_t *front;   /* while it is written, at an address in mid-sector: what the flash holds
                         before it in that sector; else NULL */
    bool patched;     /* header differs from the file */
    enum encrypt encrypted; /* as struct image_spec's, until job/ has decided */
    char what[64]; /* "ESP32 bootloader", "partition table", "ESP32 app blink 1.4.0", "data" */
};

struct plan {
    struct region *regions; /* in ascending address order */
    size_t n;
    uint64_t total; /* sum of sizes */
};

/* Reads one file whole. ERR_FILE_UNREADABLE (text names path and reason), ERR_FILE_EMPTY,
 * ERR_TOO_BIG for more than 32 bits of bytes; what is no regular file is refused. *data is the
 * caller's. */
int image_file_read(const char *path, uint8_t **data, size_t *size, struct error *error);
/* The same errors, but for those of reading; the file is only opened. */
int image_file_look(const char *path, size_t *size, struct error *error);

/* The form of a file, told by its beginning; the errors of image_file_look(). *size: of the file.
 */
int image_file_form(const char *path, enum file_form *form, size_t *size, struct error *error);

/* Loads every file: readable, not empty, well-formed, end within 32 bits. What else can be wrong
 * with them is for plan_find() (image/check.h). What a file has in one sector is one region, with
 * 0xFF in its gaps: a sector is erased as a whole. `chip` may be NULL where no file needs it
 * (file_form_needs_chip). The plan is empty on error. */
int plan_load(struct plan *plan, const struct image_spec *specs, size_t n, const struct chip *chip,
              struct error *error);

/* The same checks, and regions_clash(), without a plan: reads no more of the files than it takes.
 */
int plan_look(const struct image_spec *specs, size_t n, const struct chip *chip,
              struct error *error);

/* Takes whole sectors of nothing but 0xFF out of the plan, so that they are not erased; those that
 * belong to an image, or to a data partition of a merged file that holds something, stay (merge.h).
 * ERR_USAGE when nothing is left; the plan stays as it is on error. */
int plan_skip_gaps(struct plan *plan, struct error *error);

/* "nvs at 0x9000, phy_init at 0xf000": partitions that a merged file would only erase, with some of
 * them left out when there are many. False: there are none, the text is "". */
bool region_gaps_text(const struct region *region, char *to, size_t size);

/* Whether the later one of two regions destroys something of the other: ERR_OVERLAP names both
 * files and the addresses. Flash is erased by the sector, so that two files in one sector do, even
 * where their bytes do not meet. `a` begins before or where `b` does. */
int regions_clash(const struct region *a, const struct region *b, struct error *error);

/* That of all regions: the first clash. For who can't do with plan_find(). */
int plan_overlap(const struct plan *plan, struct error *error);

void plan_done(struct plan *plan); /* also right for a zeroed struct */

/* Applies settings to the header of the image at the chip's bootloader offset, nothing else; puts
 * the appended SHA-256 right. A file there that is no image is left alone. ERR_USAGE when the chip
 * has no such setting. */
int plan_patch(struct plan *plan, const struct chip *chip, const struct image_settings *settings,
               struct error *error);

/* What is known once the data is final. */
void region_digest(struct region *region); /* md5 */
/* The zlib stream; none when it would not be smaller. ERR_INTERNAL names the file. */
int region_deflate(struct region *region, struct error *error);

/* What a file looks like, for lists: fills `what` as struct region's. Never fails; "data" when
 * nothing fits; "Intel HEX file" and the like for the file itself, which regions never are. */
void image_describe(const uint8_t *data, size_t size, char *what, size_t what_size);

#endif
