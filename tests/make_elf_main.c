/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 *   make_elf DIR [KINDS]   writes DIR/CHIP-KIND.elf for all chips and kinds
 *   make_elf --fuzz DIR    small ones with a few bytes in front, for the fuzz target `elf`
 */
#include "make_elf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int file_write(const char *dir, const struct chip *chip, unsigned kind, bool fuzz)
{
    const uint8_t choice[4] = {(uint8_t)(chip->id - 1), (uint8_t)(kind * 37)};
    struct buffer elf = {0};
    char path[4096];

    make_elf(&elf, chip, kind, fuzz);
    snprintf(path, sizeof path, "%s/%s-%u.elf", dir, chip->key, kind);
    FILE *stream = fopen(path, "wb");
    bool ok = stream && (!fuzz || fwrite(choice, 1, sizeof choice, stream) == sizeof choice) &&
              fwrite(elf.data, 1, elf.len, stream) == elf.len;
    ok = stream && fclose(stream) == 0 && ok;
    buffer_done(&elf);
    if (!ok)
        perror(path);
    return ok ? 0 : 1;
}

int main(int argc, char **argv)
{
    bool fuzz = argc == 3 && strcmp(argv[1], "--fuzz") == 0;
    unsigned kinds = argc == 3 && !fuzz ? (unsigned)atoi(argv[2]) : ELF_KINDS;
    int rc = 0;

    if (argc < 2 || argc > 3) {
        fputs("usage: make_elf [--fuzz] DIR [KINDS]\n", stderr);
        return 2;
    }
    for (int id = CHIP_AUTO + 1; id < CHIP_COUNT && rc == 0; id++) {
        for (unsigned kind = 0; kind < kinds && rc == 0; kind++) {
            /* as seeds one of each chip is enough */
            if (!fuzz || kind == (unsigned)(id - 1) % ELF_KINDS)
                rc = file_write(argv[fuzz ? 2 : 1], chip_get((enum chip_id)id), kind, fuzz);
        }
    }
    return rc;
}
