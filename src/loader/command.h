/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One request and its reply; private to loader/. Wire format (Espressif, "Serial Protocol"):
 * request 00 op len16 checksum32 data, reply 01 op len16 value32 data status, little-endian, SLIP.
 */
#ifndef ESPJIG_LOADER_COMMAND_H
#define ESPJIG_LOADER_COMMAND_H

#include "loader/loader.h"

enum op {
    OP_FLASH_BEGIN = 0x02,
    OP_FLASH_DATA = 0x03,
    OP_FLASH_END = 0x04,
    OP_MEM_BEGIN = 0x05,
    OP_MEM_END = 0x06,
    OP_MEM_DATA = 0x07,
    OP_SYNC = 0x08,
    OP_WRITE_REG = 0x09,
    OP_READ_REG = 0x0A,
    OP_SPI_SET_PARAMS = 0x0B,
    OP_SPI_ATTACH = 0x0D,
    OP_READ_FLASH_SLOW = 0x0E,
    OP_CHANGE_BAUDRATE = 0x0F,
    OP_DEFL_BEGIN = 0x10,
    OP_DEFL_DATA = 0x11,
    OP_DEFL_END = 0x12,
    OP_FLASH_MD5 = 0x13,
    OP_SECURITY_INFO = 0x14,
    OP_ERASE_FLASH = 0xD0,
    OP_ERASE_REGION = 0xD1,
    OP_READ_FLASH = 0xD2,
    OP_RUN_USER_CODE = 0xD3
};

enum {
    COMMAND_TIMEOUT_MS = 3000,
    COMMAND_SOON_MS = 1000, /* two blocks of 64 KiB erased, as it usually goes, and then some */
    ROM_BLOCK = 0x400,      /* of flash data, in the ROM */
    STUB_BLOCK = 0x4000,    /* in the stub: its frame buffer's size */
    RAM_BLOCK = 0x1800,
    OTG_BLOCK = 0x800,       /* both in the stub and in RAM when the chip is on its own USB-OTG */
    COMMAND_SYNC_REPLIES = 8 /* of both, the ROM and the stub, to one SYNC */
};

/* Status words: first byte of the reply's status in the high half. */
enum { STATUS_ROM_UNKNOWN_COMMAND = 0x0105, STATUS_STUB_CHECKSUM = 0xC100 };

struct request {
    enum op op;
    const uint8_t *data; /* the fields */
    size_t n;
    const uint8_t *payload; /* what the checksum covers; NULL: none */
    size_t payload_n;
    size_t fill;        /* 0xFF bytes behind the payload, covered too */
    size_t reply_n;     /* bytes of data in front of the reply's status */
    int64_t timeout_ms; /* 0: COMMAND_TIMEOUT_MS; the time on the wire comes on top */
    int64_t soon_ms;    /* the same on a line that is suspect; 0: COMMAND_SOON_MS, or timeout_ms
                           where one is given */
    uint32_t address;   /* for error texts, when has_address */
    bool has_address;
};

struct reply {
    uint32_t value;
    uint8_t data[64]; /* data and status as they came, cut to 64 bytes */
    size_t n;         /* bytes that came, status included */
    uint16_t status;  /* 0: done */
};

/* Sends it and waits for its reply. `reply` may be NULL. A status that is no success is
 * ERR_CHIP_REFUSED, with reply->status set; then the loader goes on to be usable. */
int command_run(struct loader *loader, const struct request *request, struct reply *reply,
                struct error *error);

/* Sends without waiting for a reply. */
int command_send(struct loader *loader, const struct request *request, struct error *error);

/* The three steps of command_run, for who has something to do while the chip works: appends the
 * request as it goes over the wire; sends such a frame (one write); waits for the reply to it. */
void command_encode(struct buffer *wire, const struct request *request);
int command_send_wire(struct loader *loader, const struct request *request, const uint8_t *wire,
                      size_t n, struct error *error);
int command_wait(struct loader *loader, const struct request *request, size_t wire_n,
                 struct reply *reply, struct error *error);

/* Waits for any frame until `deadline` (clock_ms): 1 with loader->slip.frame and .len, 0 at the
 * deadline, or a negative error. Bytes outside of frames go to boot_log and the log. */
int command_frame(struct loader *loader, int64_t deadline, struct error *error);

/* That frame was none: its bytes count as text, and its last END as the first of the next. */
void command_frame_reject(struct loader *loader);

/* Bytes were damaged on the way. */
void command_suspect_line(struct loader *loader);

/* Is the frame in loader->slip a reply, and to which op? */
bool command_frame_is_reply(const struct loader *loader, enum op *op);

/* Forgets what has arrived. A half-received frame counts as text. */
void command_discard(struct loader *loader);

/* Puts the words into `to`, little-endian; returns the bytes used. */
size_t command_words(uint8_t *to, size_t count, const uint32_t *words);
#define WORDS(to, ...) \
    command_words((to), sizeof((uint32_t[]){__VA_ARGS__}) / 4, (uint32_t[]){__VA_ARGS__})

const char *command_op_name(enum op op);
const char *command_status_text(uint16_t status);
const char *command_who(const struct loader *loader); /* "the ROM", "the stub" */

/* The usual time limits: milliseconds for `bytes` at `seconds_per_mb`, at least 3 s. */
int64_t command_limit_ms(uint64_t bytes, unsigned seconds_per_mb);

/* Milliseconds that `bytes` need on the wire at the present rate. */
int64_t command_wire_ms(const struct loader *loader, size_t bytes);

/* Turns a failure of the link into an error: its own text where it has one. Returns code. */
int command_link_error(const struct loader *loader, int code, struct error *error);

#endif
