/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether a stub file's segments lie in a chip's RAM. */
#include "base/util.h"
#include "loader/stub.h"

enum { RANGES = 2 };

/* Internal RAM as the loaders can write it (esptool: MEMORY_MAP in the files of targets/; the
 * ESP32-H2's map is the ESP32-C6's in part: ESP-IDF soc.h). */
static const struct {
    enum chip_id chip;
    struct {
        uint32_t start, end;
    } ranges[RANGES];
} rows[] = {
    {CHIP_ESP8266, {{0x3FFE8000, 0x40000000}, {0x40100000, 0x40110000}}},
    {CHIP_ESP32, {{0x3FFAE000, 0x40000000}, {0x40080000, 0x400C0000}}},
    {CHIP_ESP32S2, {{0x3FFB0000, 0x40000000}, {0x40020000, 0x40070000}}},
    {CHIP_ESP32S3, {{0x3FC88000, 0x3FD00000}, {0x40370000, 0x403E0000}}},
    {CHIP_ESP32C2, {{0x3FCA0000, 0x3FCE0000}, {0x4037C000, 0x403C0000}}},
    {CHIP_ESP32C3, {{0x3FC80000, 0x3FCE0000}, {0x4037C000, 0x403E0000}}},
    {CHIP_ESP32C5, {{0x40800000, 0x40860000}}},
    {CHIP_ESP32C6, {{0x40800000, 0x40880000}}},
    {CHIP_ESP32C61, {{0x40800000, 0x40860000}}},
    {CHIP_ESP32H2, {{0x40800000, 0x40850000}}},
    {CHIP_ESP32H4, {{0x40810000, 0x40860000}}},
    {CHIP_ESP32P4, {{0x4FF00000, 0x4FFC0000}}},
    {CHIP_ESP32S31, {{0x2F000000, 0x2F080000}}},
};

static bool in_ram(size_t row, const struct stub_segment *segment)
{
    for (size_t i = 0; i < RANGES; i++) {
        uint32_t start = rows[row].ranges[i].start, end = rows[row].ranges[i].end;
        if (segment->address >= start && segment->address < end &&
            segment->size <= end - segment->address)
            return true;
    }
    return false;
}

int stub_check_ram(const struct stub *stub, const struct chip *chip, struct error *error)
{
    size_t row = 0;

    while (row < ARRAY_LEN(rows) && rows[row].chip != chip->id)
        row++;
    if (row == ARRAY_LEN(rows))
        return error_set(error, ERR_STUB_FILE, "%s: the %s takes no stub", stub->path, chip->name);
    for (size_t i = 0; i < stub->n_segments; i++) {
        const struct stub_segment *segment = &stub->segments[i];
        if (!in_ram(row, segment))
            return error_set(error, ERR_STUB_FILE,
                             "%s: %zu bytes at 0x%08x do not lie in the %s's RAM", stub->path,
                             segment->size, segment->address, chip->name);
    }
    return 0;
}
