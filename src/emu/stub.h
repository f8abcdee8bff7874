/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The flasher stubs: generation 2 from its public source (esp-flasher-stub src/command_handler.c)
 * and from recordings, generation 1 (esptool's own, until v4) from esptool's documentation and its
 * behaviour; they differ where stub.c asks for `generation`.
 */
#ifndef ESPJIG_EMU_STUB_H
#define ESPJIG_EMU_STUB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct chip;
struct inflater;

struct stub {
    int generation;
    uint32_t flash_size;
    bool large;       /* the id says more than 16 MB: four address bytes, or nothing at all */
    uint16_t pending; /* a failure that the next reply reports; 0: none */

    bool writing, deflated, encrypted;
    uint32_t at, remaining; /* next byte to write; what is left of the declared size */
    uint32_t erase_next, erase_left;
    bool dirty_seen;  /* a sector that was not blank: from there on all are erased */
    uint16_t failure; /* while the current block is worked on */
    struct inflater *inflater;

    bool loading;
    uint32_t ram_at, ram_remaining;

    bool reading; /* frames are acknowledgements now */
    uint32_t read_at, read_start, read_remaining, read_size, packet;
};

void stub_start(struct chip *chip, int generation); /* ends with OHAI */
void stub_done(struct stub *stub);
void stub_request(struct chip *chip, const uint8_t *frame, size_t len);

#endif
