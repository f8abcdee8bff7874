/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A link for tests whose other end is a script: what the host must write, byte for byte, and what
 * comes back. Time is fake: silence costs nothing. Anything that was not expected fails the test.
 */
#ifndef ESPJIG_TESTS_SCRIPT_LINK_H
#define ESPJIG_TESTS_SCRIPT_LINK_H

#include "base/buffer.h"
#include "link/link.h"

struct script_step {
    enum { STEP_EXPECT, STEP_EXPECT_OP, STEP_SEND, STEP_FAIL } kind;
    struct buffer bytes; /* on the wire, SLIP included */
    int code;            /* STEP_FAIL: what read and write return; STEP_EXPECT_OP: the op */
};

struct script {
    struct link link;
    struct script_step *steps;
    size_t n, at;
    struct buffer incoming; /* sent by the chip, not yet read */
    struct buffer lines;    /* "00 11 01 ": every DTR,RTS that was set */
    unsigned bauds[64];
    size_t n_bauds;
    unsigned baud_max; /* set_baud above it is refused; 0: any goes */
    unsigned frames;   /* that the host has written */
    bool comes_back;   /* what STEP_FAIL lost, with link_reopen() */
    unsigned reopens;

    /* Called with a frame of the host, SLIP removed, when no step is left; answers with
     * script_answer(). NULL: then a write fails the test. */
    void (*answer)(struct script *script, const uint8_t *frame, size_t n);
    void *context;
    struct cancel cancel;
    int cancel_pipe[2];
    int64_t cancel_at_us; /* 0: never; else cancelled once the fake clock gets there */
};

void script_open(struct script *script); /* also puts the fake clock in place */
void script_close(struct script *script);
/* Fails the test unless every step was reached and nothing is left unread. */
void script_done(struct script *script);

/* Hexadecimal text, spaces allowed. */
void script_expect(struct script *script, const char *hex); /* one frame from the host */
void script_expect_op(struct script *script,
                      int op); /* a request with that op, whatever is in it */
void script_expect_request(struct script *script, int op, const uint8_t *fields, size_t n,
                           const uint8_t *payload, size_t payload_n);
void script_reply(struct script *script, const char *hex);           /* one frame from the chip */
void script_raw(struct script *script, const void *bytes, size_t n); /* bytes as they are */
void script_text(struct script *script, const char *text);
void script_fail(struct script *script, int code);
void script_cancel(struct script *script); /* now */

/* For `answer`: a frame to the host. */
void script_answer(struct script *script, const uint8_t *frame, size_t n);
/* A reply 01 op, value, data, and status of 2 or 4 bytes. */
void script_answer_reply(struct script *script, int op, uint32_t value, const void *data, size_t n,
                         unsigned status, unsigned status_bytes);

int64_t script_clock_us(void);

#endif
