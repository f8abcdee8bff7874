/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The ROM loader (esptool documentation, serial protocol; what it really answers: the recordings
 * that tests/emu/rom-*.vec are made of).
 */
#ifndef ESPJIG_EMU_ROM_H
#define ESPJIG_EMU_ROM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct chip;
struct inflater;

enum rom_writing { ROM_IDLE, ROM_PLAIN, ROM_DEFLATED };

struct rom {
    uint8_t op;     /* of the last request that was understood: replies carry it */
    uint32_t value; /* of the reply; stays until a command sets it */
    uint8_t error;  /* second status byte; data commands that succeed leave it as it was */
    /* The reply's data and status. Never cleared, so the reserved bytes show leftovers. */
    uint8_t reply[80];
    size_t payload; /* bytes of `reply` in front of the status */

    bool secure_download;

    enum rom_writing writing;
    uint32_t flash_size;
    uint32_t seq, blocks;
    uint32_t at, end; /* next byte to write, and where the range ends */
    bool encrypted;
    uint8_t row[16]; /* encrypted: what came of a row of the cipher */
    size_t n_row;
    struct inflater *inflater;

    bool loading; /* MEM_BEGIN came */
    uint32_t ram_seq, ram_at;
};

void rom_start(struct chip *chip);
void rom_done(struct rom *rom);

/* One request. The bytes behind `len` are those of earlier requests, and are read when a request is
 * too short, as the ROM does. */
void rom_request(struct chip *chip, const uint8_t *frame, size_t len);

#endif
