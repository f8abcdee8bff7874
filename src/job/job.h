/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is asked: the ops that run on one port from connect to reset. A job is complete before it
 * starts and asks nothing while it runs. job_run() is plain blocking code; everything it says goes
 * to the sink, the last event is always `done`.
 */
#ifndef ESPJIG_JOB_JOB_H
#define ESPJIG_JOB_JOB_H

#include "base/clock.h"
#include "base/error.h"
#include "chip/chip.h"
#include "image/check.h"
#include "job/event.h"
#include "loader/loader.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum op_kind {
    OP_WRITE_FLASH,  /* writes job->images and verifies them */
    OP_VERIFY_FLASH, /* compares job->images with the flash */
    OP_READ_FLASH,   /* address, size, path */
    OP_ERASE_FLASH,
    OP_ERASE_REGION, /* address, size; JOB_SIZE_ALL: to the end of the flash */
    OP_CHIP_ID,
    OP_FLASH_ID,
    OP_READ_MAC,
    OP_GET_SECURITY_INFO,
    OP_READ_MEM,           /* address */
    OP_WRITE_MEM,          /* address, value, mask */
    OP_DUMP_MEM,           /* address, size, path */
    OP_LOAD_RAM,           /* path; nothing can follow it */
    OP_RUN,                /* nothing can follow it */
    OP_READ_FLASH_STATUS,  /* bytes */
    OP_WRITE_FLASH_STATUS, /* bytes, value, non_volatile */
    OP_READ_FLASH_SFDP,    /* address, size */
    OP_READ_PARTITIONS,    /* the table at job->table_address */
    OP_COUNT
};

const char *op_name(enum op_kind op); /* "write-flash" */
bool op_parse(const char *name, enum op_kind *op);

#define JOB_BAUD_AUTO 0
enum { JOB_CONNECT_ATTEMPTS = 7 }; /* unless told otherwise */

/* An image may be for whatever chip is found: `{chip}` in its path stands for the chip's key
 * ("esp32c3"), and this address for the place of that chip's bootloader. */
#define JOB_PATH_CHIP          "{chip}"
#define JOB_ADDRESS_BOOTLOADER UINT32_MAX
/* The place of the partition that is named: looked up in the job's own partition table, else in
 * the chip's. */
#define JOB_ADDRESS_PARTITION (UINT32_MAX - 1)
/* The file's own: Intel HEX, UF2. */
#define JOB_ADDRESS_OWN (UINT32_MAX - 2)

#define JOB_TABLE_ADDRESS PARTITION_TABLE_AT /* of the partition table, unless told otherwise */

#define JOB_SIZE_ALL UINT32_MAX

struct op {
    enum op_kind kind;
    uint32_t address;
    uint32_t size;      /* bytes; OP_READ_FLASH: 0 = to the end of the flash */
    char partition[20]; /* OP_READ_FLASH, OP_ERASE_REGION: the partition that is meant, instead of
                           address and size; else "" */
    uint32_t value, mask;
    uint32_t bytes; /* of a status register: 1 to 3 */
    bool non_volatile;
    char *path; /* OP_READ_FLASH, OP_DUMP_MEM: where to; OP_LOAD_RAM: what; else NULL */
};

struct job_image {
    char *path;
    uint32_t address;   /* or one of JOB_ADDRESS_... */
    char partition[20]; /* JOB_ADDRESS_PARTITION: its label, or "factory", "ota_0" ...; else "" */
    bool enabled;
    enum encrypt encrypted;
};

/* After the reset: the board is to say something (the Flash Download Tool's LOG_CHECK). */
struct job_boot_check {
    bool enabled;
    unsigned baud;       /* 115200 */
    char expect[128];    /* what one of its lines must contain */
    char send[128];      /* "" or a line to send it, ended by CR LF */
    unsigned delay_ms;   /* before that */
    unsigned timeout_ms; /* for the answer, from then on */
};

struct job {
    char *port;      /* address, link/link.h */
    char *port_rule; /* NULL, or which ports the job is for, see source/job_file.h; the front end
                        turns it into `port` */
    char slot[64];
    enum chip_id chip;
    unsigned baud; /* to work at, JOB_BAUD_AUTO: the best that works; connecting is done at
                      min(baud, 115200) */
    enum loader_before before;
    enum loader_after after;
    int connect_attempts;
    bool no_stub;
    bool compress;          /* with the stub and where the ROM can; default true */
    bool erase_all;         /* before OP_WRITE_FLASH, confirmed like OP_ERASE_FLASH */
    bool force;             /* skip the checks that protect the chip */
    bool no_diff;           /* send also what the flash holds already */
    bool skip_gaps;         /* leave out what is 0xFF over whole sectors: it is not erased then */
    uint32_t table_address; /* of the partition table */
    struct flash_range *protect; /* neither written nor erased, not even by erase_all */
    size_t n_protect;
    struct job_boot_check boot_check;
    char spi_connection[24]; /* "", or --spi-connection */
    enum flash_mode flash_mode;
    char flash_freq[8];  /* "keep", "40m" ... */
    char flash_size[8];  /* "detect", "keep", "4MB" ... */
    char expect_mac[24]; /* "" or refuse another board (ERR_WRONG_MAC) */
    char *stub_dir;      /* NULL */
    char *trace;         /* NULL, or file for the trace link */
    char *fault;         /* NULL, or what the fault link does (tests, rehearsals) */
    char *reset;         /* NULL, or a custom reset sequence */
    struct job_image *images;
    size_t n_images;
    struct op *ops;
    size_t n_ops;
};

void job_init(struct job *job); /* defaults: auto baud, default-reset, hard-reset, 7 attempts,
                                   flash settings kept */
void job_done(struct job *job);
void job_copy(struct job *to, const struct job *from); /* `to` is not yet initialised */

void job_set_port(struct job *job, const char *port);
void job_add_image(struct job *job, const char *path, uint32_t address);
/* Unless it is there already. */
void job_add_protect(struct job *job, uint32_t address, uint32_t size);
void job_remove_image(struct job *job, size_t index);
/* From `first` on, by address; those that only the chip or the file can place come last. */
void job_sort_images(struct job *job, size_t first);

/* The place of an image as people write it: "0x10000", "bootloader", "own" (the file has
 * addresses), else a partition's label. Returns `to`. */
const char *job_address_format(char *to, size_t size, const struct job_image *image);
/* The reverse, for address and partition of *image; false when it is none of these. */
bool job_address_parse(const char *text, struct job_image *image);
/* All bits of `mask` set, 2 bytes, everything else 0. */
struct op *job_add_op(struct job *job, enum op_kind kind);
void job_remove_ops(struct job *job);

/* The checks that need neither chip nor port: at least one op, images where an op needs them, files
 * readable, not empty, not overlapping, 4096-aligned erase, names of modes and sizes known to the
 * chosen chip. Files are opened, not read. */
int job_check(const struct job *job, struct error *error);

/* All that the checks before the first byte find without chip and port (image/check.h), appended to
 * *findings; files are read. `flash_size`: bytes that are known to be fitted; 0: as the job says.
 * 0, or the error of what can't be loaded or makes no sense: job_check()'s but for ERR_OVERLAP,
 * which is a finding. Nothing is found for files that only the chip decides about ({chip}, a
 * partition of its own table). */
int job_findings(const struct job *job, uint64_t flash_size, struct findings *findings,
                 struct error *error);

/* JSON form, for the station and for what is remembered between runs. Paths are made absolute by
 * job_to_json(). */
json_t *job_to_json(const struct job *job);
json_t *job_address_to_json(const struct job_image *image); /* a number, else the word */
int job_from_json(const json_t *json, struct job *job,
                  struct error *error); /* initialises *job; done on error */

/* Runs it. Returns the exit status, the same as the `done` event's. `cancel` may be NULL. */
int job_run(const struct job *job, const struct sink *sink, const struct cancel *cancel);

#endif
