/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A chip on the bench: fed by hand, its output collected, time moved by hand. */
#ifndef TESTS_EMU_BENCH_H
#define TESTS_EMU_BENCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/buffer.h"
#include "emu/chip.h"

struct bench {
    struct chip chip;
    struct buffer out; /* all that came since the last bench_clear() */
    int64_t now;
    int64_t last_put; /* time stamp of the last output */
    unsigned last_baud;
};

void bench_open(struct bench *b, const char *chip, size_t flash_size);
void bench_close(struct bench *b);

/* Power off and on. */
void bench_start(struct bench *b, bool download);
/* Download mode and a good SYNC; generation 1 or 2 enters that stub. Output is forgotten. */
void bench_sync(struct bench *b, int generation);
void bench_clear(struct bench *b);
void bench_raw(struct bench *b, const uint8_t *bytes, size_t n);
void bench_frame(struct bench *b, const uint8_t *frame, size_t n);
/* Lets `ms` pass, with everything that becomes due. */
void bench_pass(struct bench *b, int64_t ms);
void bench_lines(struct bench *b, bool dtr, bool rts);
/* Output as text. */
const char *bench_text(struct bench *b);
/* Takes the next frame off the output, or -1. */
int bench_take(struct bench *b, uint8_t *frame, size_t size);

/* Sends a command with checksum 0 and returns the reply's value; fails unless status is 0. */
uint32_t bench_command(struct bench *b, uint8_t op, const uint32_t *words, size_t n);
uint32_t bench_read_reg(struct bench *b, uint32_t address);
void bench_write_reg(struct bench *b, uint32_t address, uint32_t value);

/* The other groups of tests; each returns the number of failures. */
int run_chip_tests(void);
int run_boot_tests(void);
int run_encryption_tests(void);
int run_flash_tests(void);
int run_line_tests(void);
int run_port_tests(void);
int run_security_tests(void);

#endif
