/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Errors: functions that can fail return 0 or a negative enum err, and fill a caller-owned struct
 * error. First cause wins: error_set() on an error that is already set changes nothing; outer
 * layers say where they were with error_context(). Nothing below cli/ and ui/ prints or exits.
 *
 * One table (error.c) gives each code its id (the `error` field of the `done` event), its exit
 * status and the advice that a person gets. The ids are a promise: scripts rely on them
 * (espjig-events(5)).
 */
#ifndef ESPJIG_BASE_ERROR_H
#define ESPJIG_BASE_ERROR_H

#include <stdarg.h>
#include <stddef.h>

enum err {
    ERR_OK = 0,
    ERR_INTERNAL = -1,
    ERR_USAGE = -2,           /* the command line or a setting makes no sense */
    ERR_FILE_UNREADABLE = -3, /* missing, forbidden, a directory, an I/O error */
    ERR_FILE_EMPTY = -4,
    ERR_FILE_FORMAT = -5,  /* not what it should be; text names offset or line */
    ERR_FILE_WRITE = -6,   /* an output file can't be written */
    ERR_BAD_ADDRESS = -7,  /* not a number, or out of the 32-bit range */
    ERR_OVERLAP = -8,      /* two images claim the same flash */
    ERR_UNKNOWN_CHIP = -9, /* a chip name that no table knows */
    ERR_PORT_MISSING = -10,
    ERR_PORT_BUSY = -11,
    ERR_PORT_FORBIDDEN = -12,
    ERR_PORT_OPEN = -13,       /* could not be opened for another reason */
    ERR_PORT_LOST = -14,       /* it vanished while in use */
    ERR_BAUD_REFUSED = -15,    /* the adapter can't do this rate */
    ERR_NO_SYNC = -16,         /* not one usable answer to SYNC */
    ERR_WRONG_BOOT_MODE = -17, /* the chip ran its program instead of the download mode */
    ERR_NOISE = -18,           /* bytes arrive, but none of them is SLIP */
    ERR_NO_REPLY = -19,        /* connected, then a command got no answer in time */
    ERR_BAD_REPLY = -20,       /* an answer of the wrong length or to another command */
    ERR_CHIP_REFUSED = -21,    /* an answer with an error status; text has the decoded status */
    ERR_STUB_FAILED = -22,     /* the stub was sent but did not come up */
    ERR_STUB_FILE = -23,       /* a stub file is damaged */
    ERR_WRONG_CHIP = -24, /* another chip than the one asked for, or an image for another chip */
    ERR_CHIP_UNSUPPORTED = -25, /* not known, or a pre-series chip */
    ERR_NOT_POSSIBLE = -26,     /* this chip or loader can't do that */
    ERR_NO_FLASH = -27,         /* the flash chip does not answer */
    ERR_TOO_BIG = -28,          /* an image reaches past the end of the flash */
    ERR_SECURED = -29,          /* refused on a chip with security enabled */
    ERR_WRONG_MAC = -30,        /* another board than the one that was confirmed */
    ERR_MD5_MISMATCH = -31,     /* the chip's MD5 differs from the image's */
    ERR_VERIFY_FAILED = -32,    /* what was read back differs */
    ERR_CANCELLED = -33,
    ERR_STATION = -34,      /* the station can't be reached or started */
    ERR_WORKER_DIED = -35,  /* a worker process ended without a result */
    ERR_NOT_VERIFIED = -36, /* written, but this chip lets nobody check it: no PASS */
    /* What the checks before the first byte find (image/check.h), next to ERR_WRONG_CHIP,
     * ERR_OVERLAP, ERR_TOO_BIG and ERR_SECURED. */
    ERR_IMAGE_DAMAGED = -37,  /* magic, checksum or digest are wrong */
    ERR_WRONG_REVISION = -38, /* the image is not for this revision of the chip */
    ERR_WRONG_OFFSET = -39,   /* a bootloader, table or app where nothing starts it */
    ERR_PARTITION = -40,      /* does not fit its partition, or there is no table */
    ERR_HEADER_SIZE = -41,    /* the header says more flash than is fitted */
    ERR_PROTECTED = -42,      /* reaches into a range that the job protects */
    ERR_BOOT_CHECK = -43,     /* after the reset the board did not say what it should */
    ERR_BAD_SIGNATURE = -44,  /* a Secure Boot signature does not fit image or key */
    ERR_LAST = ERR_BAD_SIGNATURE
};

struct error {
    enum err code;  /* 0: nothing has failed */
    char text[768]; /* one sentence, no full stop; names the thing; fit for a terminal, whatever a
                       file or a path had in it (util_text_clean) */
};

/* Sets code and text unless already set. Returns e->code, so that `return error_set(...)` reads
 * well. `e` may be NULL. */
int error_set(struct error *e, enum err code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts "context: " in front of the text of an error that is set. Returns e->code. */
int error_context(struct error *e, const char *format, ...) __attribute__((format(printf, 2, 3)));

void error_clear(struct error *e);

const char *error_id(enum err code);     /* "no-sync"; "ok" for 0 */
int error_exit_status(enum err code);    /* design: 0 1 2 3 4 5 6 130 */
const char *error_advice(enum err code); /* what to do about it, one or two sentences; never NULL */

/* The code of an id, or ERR_INTERNAL when no row has it. */
enum err error_from_id(const char *id);

#endif
