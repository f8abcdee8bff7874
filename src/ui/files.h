/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files as people type them: what is wrong with a path, what a file is, how a name goes on. */
#ifndef ESPJIG_UI_FILES_H
#define ESPJIG_UI_FILES_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

struct file_facts {
    uint64_t size;     /* bytes; 0 when there is a problem, or it depends on the chip */
    char what[64];     /* "ESP32 bootloader" */
    char problem[600]; /* "" or one sentence */
};

/* Makes a typed path usable: `~/` becomes the home directory. Returns `to`. */
const char *file_path_expand(char *to, size_t size, const char *path);

/* Reads the file and says what it is. 0, or the error that the problem sentence belongs to. */
int file_look(const char *path, struct file_facts *facts);

/* What people type for JOB_ADDRESS_BOOTLOADER. */
#define ADDRESS_BOOTLOADER_WORD "bootloader"

/* The address where a file of this description belongs, as text; "" when that can't be told. */
const char *file_address_guess(char *to, size_t size, const char *what);

/* Completes the typed path in place as far as it is unambiguous. Returns how many names fit and
 * lists their beginnings in `names`. */
size_t file_path_complete(char *path, size_t size, char *names, size_t names_size);

#endif
