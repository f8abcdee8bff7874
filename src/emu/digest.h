/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Digests of what is in flash and RAM, and the other things that ROM and stub both report. */
#ifndef ESPJIG_EMU_DIGEST_H
#define ESPJIG_EMU_DIGEST_H

#include "emu/flash.h"

struct chip;

void digest_md5(const uint8_t *bytes, size_t n, uint8_t sum[16]);
void digest_sha256(const uint8_t *bytes, size_t n, uint8_t sum[32]);
void digest_flash_md5(const struct flash *f, uint32_t address, size_t n, uint8_t sum[16]);
int64_t digest_time_us(size_t n); /* for a chip to read and digest so many bytes of flash */

/* The answer to GET_SECURITY_INFO; returns its length, 12 or 20. */
size_t digest_security_info(const struct chip *chip, uint8_t info[20]);

/* One flasher stub that esptool has shipped: stub_digest.c. */
struct known_stub {
    const char *chip; /* name of its persona */
    int generation;   /* 1: esptool's own; 2: esp-flasher-stub */
    uint32_t start;   /* of its text segment */
    uint32_t len;
    const char *sha256;
};
const struct known_stub *stub_known_at(size_t i); /* NULL behind the last one */

/* Generation (1, 2) of the flasher stub that lies in RAM, 0 for none that is known. */
int stub_in_ram(const struct chip *chip);

#endif
