/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Shared by stub.c and stub_flash.c. */
#ifndef ESPJIG_EMU_STUB_PRIVATE_H
#define ESPJIG_EMU_STUB_PRIVATE_H

#include "emu/chip.h"

/* Status words, first byte first (esp-flasher-stub src/commands.h). */
enum stub_status {
    OK = 0,
    BAD_LENGTH = 0xc000,
    BAD_CHECKSUM = 0xc100,
    INVALID_COMMAND = 0xc300,
    FAILED_SPI = 0xc400,
    NOT_IN_FLASH_MODE = 0xc600,
    INFLATE_ERROR = 0xc700,
    NOT_ENOUGH_DATA = 0xc800,
    TOO_MUCH_DATA = 0xc900,
    NOT_IMPLEMENTED = 0xff00,
};

enum { HEADER = 8, DATA_HEADER = 16 };

struct stub_frame {
    uint8_t op;
    uint32_t checksum;
    const uint8_t *data;
    uint32_t len;
    uint32_t value;      /* of the reply */
    uint8_t payload[32]; /* of the reply */
    size_t n_payload;
};

/* Word number i of a request's data. */
static inline uint32_t stub_word(const struct stub_frame *r, size_t i)
{
    return le32_get(r->data + 4 * i);
}

/* stub_flash.c: the commands, and what is done once their answer is out. */
uint16_t stub_flash_begin(struct chip *chip, struct stub_frame *r);
uint16_t stub_flash_data(struct chip *chip, struct stub_frame *r);
uint16_t stub_flash_end(struct chip *chip, struct stub_frame *r);
uint16_t stub_flash_md5(struct chip *chip, struct stub_frame *r);
uint16_t stub_erase_flash(struct chip *chip, struct stub_frame *r);
uint16_t stub_erase_region(struct chip *chip, struct stub_frame *r);
uint16_t stub_set_params(struct chip *chip, struct stub_frame *r);
uint16_t stub_read_flash(struct chip *chip, struct stub_frame *r);
void stub_after_flash_data(struct chip *chip, const struct stub_frame *r);
void stub_after_flash_end(struct chip *chip, const struct stub_frame *r);
void stub_after_read_flash(struct chip *chip, const struct stub_frame *r);
void stub_read_acknowledged(struct chip *chip, const uint8_t *frame, size_t len);

#endif
