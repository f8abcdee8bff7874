/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/error.h"

#include "base/util.h"

#include <stdio.h>
#include <string.h>

struct error_row {
    const char *id;
    int exit_status;
    const char *advice;
};

/* Indexed by -code. */
static const struct error_row rows[] = {
    [-ERR_OK] = {"ok", 0, ""},
    [-ERR_INTERNAL] = {"internal", 1,
                       "This is a fault in espjig; please report it with the output of -v."},
    [-ERR_USAGE] = {"usage", 2, "See `espjig --help` or espjig(1)."},
    [-ERR_FILE_UNREADABLE] = {"file-unreadable", 2,
                              "Check the path and the permissions of the file."},
    [-ERR_FILE_EMPTY] = {"file-empty", 2,
                         "Build the image again: a file of zero bytes is never an image."},
    [-ERR_FILE_FORMAT] = {"file-format", 2, "Build or download the file again."},
    [-ERR_FILE_WRITE] = {"file-write", 2, "Choose a directory that can be written and has room."},
    [-ERR_BAD_ADDRESS] = {"bad-address", 2, "Give the address as a number, for example 0x10000."},
    [-ERR_OVERLAP] = {"images-overlap", 6,
                      "Give each image an address behind the end of the one before it."},
    [-ERR_UNKNOWN_CHIP] =
        {"unknown-chip", 2,
         "Leave the chip out to have it detected, or name one that `espjig chips` lists."},
    [-ERR_PORT_MISSING] =
        {"port-missing", 3,
         "Check the cable and `espjig ports`. A charge-only cable carries no data."},
    [-ERR_PORT_BUSY] = {"port-busy", 3, "Close the program that holds the port and try again."},
    [-ERR_PORT_FORBIDDEN] = {"port-forbidden", 3,
                             "Add yourself to the group that owns the port (on Debian: sudo "
                             "usermod -aG dialout $USER), then log in again."},
    [-ERR_PORT_OPEN] = {"port-open", 3,
                        "Unplug the adapter, plug it in again, and look at the end of `dmesg`."},
    [-ERR_PORT_LOST] = {"port-lost", 3,
                        "Check cable, hub and power; then start again from the beginning: the "
                        "flash is incomplete."},
    [-ERR_BAUD_REFUSED] = {"baud-refused", 3, "Choose a lower rate with --baud."},
    [-ERR_NO_SYNC] = {"no-sync", 4,
                      "Hold BOOT, tap EN (reset), let go of BOOT, and try again; then check power, "
                      "TX, RX and the port."},
    [-ERR_WRONG_BOOT_MODE] = {"wrong-boot-mode", 4,
                              "Hold BOOT, tap EN (reset), let go of BOOT, and try again. For good: "
                              "1 uF or more from EN to GND."},
    [-ERR_NOISE] = {"noise", 4,
                    "The chip seems to run its own program, or the line is disturbed: reset into "
                    "download mode by hand, use a shorter cable."},
    [-ERR_NO_REPLY] =
        {"no-reply", 1,
         "The line dropped out: try a lower --baud, a shorter cable, or a powered hub."},
    [-ERR_BAD_REPLY] =
        {"bad-reply", 1,
         "The line is disturbed: try a lower --baud, a shorter cable, or a powered hub."},
    [-ERR_CHIP_REFUSED] = {"chip-refused", 1,
                           "Try again with --no-stub; if it stays, check supply and flash wiring."},
    [-ERR_STUB_FAILED] = {"stub-failed", 1, "Try again with --no-stub."},
    [-ERR_STUB_FILE] = {"stub-file", 2,
                        "Fetch the stubs again with ./bootstrap, or use --no-stub."},
    [-ERR_WRONG_CHIP] = {"wrong-chip", 6,
                         "Choose the right chip and the images that were built for it."},
    [-ERR_CHIP_UNSUPPORTED] =
        {"chip-unsupported", 6,
         "This version of espjig can't flash this chip. If it is one of those that `espjig chips` "
         "lists, the line is disturbed: try again."},
    [-ERR_NOT_POSSIBLE] = {"not-possible", 2,
                           "Use another command, or the stub where the chip takes one "
                           "(leave --no-stub out)."},
    [-ERR_NO_FLASH] =
        {"no-flash", 1,
         "The flash chip does not answer: free the flash pins, check the supply, and on "
         "an ESP32 GPIO12."},
    [-ERR_TOO_BIG] = {"image-too-big", 6, "Use a build for this flash size or check the address."},
    [-ERR_SECURED] = {"chip-secured", 6,
                      "This chip has security enabled; writing plain data could make it unusable."},
    [-ERR_WRONG_MAC] =
        {"wrong-mac", 6,
         "Another board is plugged in than the one that was confirmed: start again."},
    [-ERR_MD5_MISMATCH] = {"md5-mismatch", 5,
                           "Erase the flash and try again at a lower --baud; if it stays, the "
                           "flash is protected or worn."},
    [-ERR_VERIFY_FAILED] = {"verify-failed", 5,
                            "Write it again, then verify; what is write-protected (see "
                            "read-flash-status) keeps what it had."},
    [-ERR_CANCELLED] = {"cancelled", 130,
                        "It was stopped on request: what was being written is incomplete."},
    [-ERR_STATION] = {"station", 1, "Start `espjig station` by hand to see why it does not run."},
    [-ERR_WORKER_DIED] =
        {"worker-died", 1,
         "This is a fault in espjig; please report it. Treat the board as not flashed."},
    [-ERR_NOT_VERIFIED] = {"not-verified", 5,
                           "The chip's security settings let nobody read back what was written: try "
                           "whether the board starts."},
    [-ERR_IMAGE_DAMAGED] = {"image-damaged", 6,
                            "Build or download the file again; `espjig image-info` shows what is "
                            "wrong with it."},
    [-ERR_WRONG_REVISION] =
        {"wrong-revision", 6,
         "Use a chip of a revision that the image is for, or build it for this one "
         "(CONFIG_ESP32..._REV_MIN)."},
    [-ERR_WRONG_OFFSET] = {"wrong-offset", 6,
                           "Correct the address: `espjig chips CHIP` tells where the bootloader "
                           "goes, `espjig partitions` where the apps do."},
    [-ERR_PARTITION] = {"partition-conflict", 6,
                        "Write the partition table that the images were built with, or change the "
                        "address."},
    [-ERR_HEADER_SIZE] = {"header-size", 6,
                          "Write with --flash-size detect, or build for the flash that is fitted."},
    [-ERR_PROTECTED] = {"protected-range", 6,
                        "Change the address, or the protected ranges of the job."},
    [-ERR_BOOT_CHECK] = {"boot-check", 1,
                         "Everything was written and verified, but the board did not start as "
                         "expected: look at what it said."},
    [-ERR_BAD_SIGNATURE] = {"bad-signature", 6,
                            "Sign the image again with the key whose digest is in the chip's "
                            "eFuses."},
};

static const struct error_row *row_of(enum err code)
{
    size_t i = (size_t)-code;

    if (code > 0 || i >= ARRAY_LEN(rows) || rows[i].id == NULL)
        return &rows[-ERR_INTERNAL];
    return &rows[i];
}

int error_set(struct error *e, enum err code, const char *format, ...)
{
    if (e == NULL)
        return code;
    if (e->code == ERR_OK) {
        va_list args;
        va_start(args, format);
        vsnprintf(e->text, sizeof e->text, format, args);
        va_end(args);
        util_text_clean(e->text);
        e->code = code;
    }
    return e->code;
}

int error_context(struct error *e, const char *format, ...)
{
    if (e == NULL || e->code == ERR_OK)
        return e ? e->code : ERR_OK;

    char whole[2 * sizeof e->text];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(whole, sizeof e->text, format, args);
    va_end(args);
    if (n >= 0 && (size_t)n < sizeof e->text) {
        snprintf(whole + n, sizeof whole - (size_t)n, ": %s", e->text);
        util_copy(e->text, sizeof e->text, whole);
        util_text_clean(e->text);
    }
    return e->code;
}

void error_clear(struct error *e)
{
    e->code = ERR_OK;
    e->text[0] = '\0';
}

const char *error_id(enum err code)
{
    return row_of(code)->id;
}

int error_exit_status(enum err code)
{
    return row_of(code)->exit_status;
}

const char *error_advice(enum err code)
{
    return row_of(code)->advice;
}

enum err error_from_id(const char *id)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (rows[i].id && strcmp(rows[i].id, id) == 0)
            return (enum err)(-(int)i);
    }
    return ERR_INTERNAL;
}
