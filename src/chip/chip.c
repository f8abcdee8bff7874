/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "chip/chip.h"

#include "base/util.h"
#include "chip/rows.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

const struct chip_nibble chip_freqs_80[] = {{"80m", 0xF}, {"40m", 0}, {"26m", 1}, {"20m", 2}, {0}};
const struct chip_nibble chip_freqs_80_no_26[] = {{"80m", 0xF}, {"40m", 0}, {"20m", 2}, {0}};
const struct chip_nibble chip_freqs_48[] = {{"48m", 0xF}, {"24m", 0}, {"16m", 1}, {"12m", 2}, {0}};
const struct chip_nibble chip_sizes[] = {{"1MB", 0},  {"2MB", 1},   {"4MB", 2},
                                         {"8MB", 3},  {"16MB", 4},  {"32MB", 5},
                                         {"64MB", 6}, {"128MB", 7}, {0}};
const struct chip_memory chip_memory_c6[] = {
    {0x00000000, 0x00010000, "PADDING"},       {0x42000000, 0x43000000, "DROM"},
    {0x40800000, 0x40880000, "DRAM"},          {0x40800000, 0x40880000, "BYTE_ACCESSIBLE"},
    {0x4004AC00, 0x40050000, "DROM_MASK"},     {0x40000000, 0x4004AC00, "IROM_MASK"},
    {0x42000000, 0x43000000, "IROM"},          {0x40800000, 0x40880000, "IRAM"},
    {0x50000000, 0x50004000, "RTC_IRAM"},      {0x50000000, 0x50004000, "RTC_DRAM"},
    {0x600FE000, 0x60100000, "MEM_INTERNAL2"}, {0},
};
const char *const chip_flash_makers[6] = {"", "XMC", "GD", "FM", "TT", "ZBIT"};

static const struct chip *const chips[CHIP_COUNT] = {
    [CHIP_ESP8266] = &chip_esp8266,   [CHIP_ESP32] = &chip_esp32,
    [CHIP_ESP32S2] = &chip_esp32s2,   [CHIP_ESP32S3] = &chip_esp32s3,
    [CHIP_ESP32C2] = &chip_esp32c2,   [CHIP_ESP32C3] = &chip_esp32c3,
    [CHIP_ESP32C5] = &chip_esp32c5,   [CHIP_ESP32C6] = &chip_esp32c6,
    [CHIP_ESP32C61] = &chip_esp32c61, [CHIP_ESP32H2] = &chip_esp32h2,
    [CHIP_ESP32H21] = &chip_esp32h21, [CHIP_ESP32H4] = &chip_esp32h4,
    [CHIP_ESP32P4] = &chip_esp32p4,   [CHIP_ESP32S31] = &chip_esp32s31,
    [CHIP_ESP32E22] = &chip_esp32e22,
};

const struct chip *chip_get(enum chip_id id)
{
    return id > CHIP_AUTO && id < CHIP_COUNT ? chips[id] : NULL;
}

/* Same letters and digits, whatever the case and whatever dashes are between them. */
static bool names_match(const char *a, const char *b)
{
    for (;; a++, b++) {
        while (*a == '-' || *a == '_')
            a++;
        while (*b == '-' || *b == '_')
            b++;
        char x[2] = {*a}, y[2] = {*b};
        if (strcasecmp(x, y) != 0)
            return false;
        if (*a == '\0')
            return true;
    }
}

const struct chip *chip_by_name(const char *name)
{
    for (int id = CHIP_AUTO + 1; id < CHIP_COUNT; id++) {
        if (names_match(name, chips[id]->key))
            return chips[id];
    }
    return NULL;
}

const struct chip *chip_by_image_id(int image_chip_id)
{
    for (int id = CHIP_AUTO + 1; id < CHIP_COUNT; id++) {
        if (image_chip_id >= 0 && chips[id]->image_chip_id == image_chip_id)
            return chips[id];
    }
    return NULL;
}

const struct chip *chip_by_uf2_family(uint32_t family)
{
    for (int id = CHIP_AUTO + 1; id < CHIP_COUNT; id++) {
        if (chips[id]->uf2_family == family)
            return chips[id];
    }
    return NULL;
}

const struct chip *chip_by_magic(uint32_t magic)
{
    for (int id = CHIP_AUTO + 1; id < CHIP_COUNT; id++) {
        for (size_t i = 0; i < ARRAY_LEN(chips[id]->magic); i++) {
            if (magic != 0 && chips[id]->magic[i] == magic)
                return chips[id];
        }
    }
    return NULL;
}

const char *chip_names(void)
{
    static char names[CHIP_COUNT * 12];

    if (names[0] != '\0')
        return names;
    size_t len = 0;
    for (int id = CHIP_AUTO + 1; id < CHIP_COUNT; id++) {
        len += (size_t)snprintf(names + len, sizeof names - len, "%s%s", len ? ", " : "",
                                chips[id]->key);
    }
    return names;
}

static bool is_within(const struct chip_range *range, uint32_t address)
{
    return address >= range->start && address < range->end;
}

bool chip_is_flash_address(const struct chip *chip, uint32_t address)
{
    return is_within(&chip->irom, address) || is_within(&chip->drom, address);
}

size_t chip_memory_names(const struct chip *chip, uint32_t address,
                         const char *names[CHIP_MEMORY_NAMES_MAX])
{
    size_t n = 0;

    for (const struct chip_memory *m = chip->memory; m->name && n < CHIP_MEMORY_NAMES_MAX; m++) {
        if (address >= m->start && address < m->end)
            names[n++] = m->name;
    }
    return n;
}

const char *chip_pre_series_name(int image_chip_id)
{
    static const char *const names[] = {
        [4] = "ESP32-S3(beta2)",  [6] = "ESP32-S3(beta3)",  [7] = "ESP32-C6(beta)",
        [10] = "ESP32-H2(beta1)", [14] = "ESP32-H2(beta2)", [17] = "ESP32-C5(beta3)"};

    return image_chip_id >= 0 && (size_t)image_chip_id < ARRAY_LEN(names) ? names[image_chip_id]
                                                                          : NULL;
}

const char *chip_key_purpose(const struct chip *chip, uint8_t number)
{
    const char *name = number < chip->n_key_purposes ? chip->key_purposes[number] : NULL;
    return name ? name : "UNKNOWN";
}

const char *chip_proof_name(uint8_t proof)
{
    static const char *const names[] = {[PROOF_NONE] = "not",
                                        [PROOF_EMULATED] = "emulator",
                                        [PROOF_ROM] = "ROM code",
                                        [PROOF_SILICON] = "silicon"};
    return proof < ARRAY_LEN(names) ? names[proof] : "?";
}

static bool nibble_parse(const struct chip_nibble *table, const char *name, uint8_t *nibble)
{
    for (; table->name; table++) {
        if (strcasecmp(table->name, name) == 0) {
            *nibble = table->value;
            return true;
        }
    }
    return false;
}

bool chip_freq_parse(const struct chip *chip, const char *name, uint8_t *nibble)
{
    return nibble_parse(chip->freqs, name, nibble);
}

bool chip_size_parse(const struct chip *chip, const char *name, uint8_t *nibble)
{
    return nibble_parse(chip->sizes, name, nibble);
}
