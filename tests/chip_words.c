/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the tables say and what identify makes of made-up eFuses, as lines for
 * tests/chips_esptool.py to compare with esptool's own classes.
 *
 *   chip_words table              one line a fact: CHIP TAB FACT TAB VALUE
 *   chip_words identify CHIP N    one line for each of N made-up chips
 */
#include "base/util.h"
#include "loader/identify.h"
#include "loader/spi_connection.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BAUD = 115200 };

/* ---- the made-up words; the Python side has the same function ---- */

static uint32_t scramble(uint32_t seed, uint32_t address)
{
    uint32_t h = seed * 0x9E3779B1u ^ address;

    h = (h ^ h >> 16) * 0x85EBCA6Bu;
    h = (h ^ h >> 13) * 0xC2B2AE35u;
    return h ^ h >> 16;
}

/* Some words are 0 or nearly so, as on real chips. The clock divider is that of a real crystal. */
static uint32_t made_up(const struct chip *chip, uint32_t seed, uint32_t address)
{
    static const uint32_t dividers[] = {226, 260, 300, 347, 417, 451};
    uint32_t h = scramble(seed, address);
    uint32_t kind = scramble(seed, ~address) % 8;

    if (address == chip->uart_clkdiv)
        return (h & 0xFFF00000) | dividers[h % 6] * (chip->id == CHIP_ESP8266 ? 2 : 1);
    return kind == 0 ? 0 : kind == 1 ? h & 0x0001FFFF : h;
}

struct source {
    const struct chip *chip;
    uint32_t seed;
};

static int read_made_up(void *context, uint32_t address, uint32_t *value, struct error *error)
{
    const struct source *source = context;

    (void)error;
    *value = made_up(source->chip, source->seed, address);
    return 0;
}

/* In a word. */
static const char *encryption(struct words *words)
{
    const char *why = words->chip->encryption.align ? encrypt_words_refuse(words) : "";

    return why == NULL                 ? "can"
           : strstr(why, "DIS_")       ? "forbidden"
           : strstr(why, "_CONFIG")    ? "config"
           : strstr(why, "encryption") ? "key"
                                       : why;
}

static void identify(const struct chip *chip, uint32_t seed)
{
    struct source source = {chip, seed};
    struct chip_facts facts = {0};
    struct error error = {0};
    struct words words = {.chip = chip, .read = read_made_up, .context = &source, .error = &error};
    int revision;

    if (identify_words(&words, BAUD, NULL, &facts, &revision) < 0) {
        puts("error");
        return;
    }
    printf("%s%s%s%s|%s|%u|%s|%s|%d|%d|%d|%s|%d\n", facts.name,
           facts.revision[0] ? " (revision " : "", facts.revision, facts.revision[0] ? ")" : "",
           facts.features, facts.crystal_mhz, facts.mac_text, facts.eui64_text, revision,
           facts.secure_boot, facts.flash_encryption, encryption(&words),
           words_field(&words, &chip->encryption.key_manager) != 0);
}

/* ---- the tables ---- */

static bool warned;

static void note_warning(void *context, enum log_level level, const char *text)
{
    (void)context;
    (void)text;
    warned |= level == LOG_WARNING;
}

static const struct log warnings = {.line = note_warning};

static void number(const struct chip *chip, const char *fact, uint32_t value)
{
    printf("%s\t%s\t0x%x\n", chip->key, fact, value);
}

static void text(const struct chip *chip, const char *fact, const char *value)
{
    printf("%s\t%s\t%s\n", chip->key, fact, value ? value : "");
}

static void nibbles(const struct chip *chip, const char *fact, const struct chip_nibble *n)
{
    for (; n->name; n++)
        printf("%s\t%s %s\t0x%x\n", chip->key, fact, n->name, n->value);
}

static const char *flag_name(uint32_t mask)
{
    const struct security_flag *f = security_flags;

    while (f->name && f->mask != mask)
        f++;
    return f->name ? f->name : "";
}

/* Which pins --spi-connection takes, and which of them with a warning. */
static void pins(const struct chip *chip)
{
    for (uint32_t pin = 0; pin < 64; pin++) {
        uint32_t other = pin > 2 ? pin : 2; /* all of them 0 would mean the usual ones */
        struct spi_connection connection = {true,
                                            spi_connection_value(pin, other, other, other, other)};
        char fact[32];
        warned = false;
        int rc = spi_connection_check(chip, &connection, &warnings, NULL);
        snprintf(fact, sizeof fact, "pin %u", pin);
        text(chip, fact, rc < 0 ? "refused" : warned ? "warned" : "taken");
    }
}

static void table(const struct chip *chip)
{
    const struct chip_spi *spi = &chip->spi;
    const struct chip_watchdog *dog = &chip->watchdog;

    text(chip, "name", chip->name);
    number(chip, "image_chip_id", (uint32_t)chip->image_chip_id);
    number(chip, "uf2_family", chip->uf2_family);
    number(chip, "magic", chip->magic[0]);
    number(chip, "bootloader_offset", chip->bootloader_offset);
    text(chip, "stub", chip->stub);
    text(chip, "stub_before", chip->stub_before);
    number(chip, "spi_base", spi->base);
    number(chip, "spi_usr", spi->usr);
    number(chip, "spi_usr1", spi->usr1);
    number(chip, "spi_usr2", spi->usr2);
    number(chip, "spi_mosi_dlen", spi->mosi_dlen);
    number(chip, "spi_miso_dlen", spi->miso_dlen);
    number(chip, "spi_w0", spi->w0);
    number(chip, "spi_msb", spi->address_in_msb);
    number(chip, "efuse_base", chip->efuse_base);
    number(chip, "mac0", chip->mac_word[0]);
    number(chip, "mac1", chip->mac_word[1]);
    number(chip, "uart_clkdiv", chip->uart_clkdiv);
    number(chip, "usb_otg_pid", chip->usb_otg_pid);
    number(chip, "usb_jtag", chip->usb_jtag);
    number(chip, "wdt_config0", dog->config0);
    number(chip, "wdt_config1", dog->config1);
    number(chip, "wdt_protect", dog->protect);
    number(chip, "wdt_key", dog->key);
    number(chip, "swd_config", dog->swd_config);
    number(chip, "swd_protect", dog->swd_protect);
    number(chip, "swd_key", dog->swd_key);
    number(chip, "swd_feed", dog->swd_feed);
    number(chip, "wdt_resets", dog->resets);
    number(chip, "encryption_align", chip->encryption.align);
    number(chip, "key_blocks", chip->key_blocks);
    for (uint8_t i = 0; i < 32 && chip->key_blocks; i++) {
        char fact[32];
        snprintf(fact, sizeof fact, "key_purpose %d", i);
        text(chip, fact, chip_key_purpose(chip, i));
    }
    number(chip, "irom_start", chip->irom.start);
    number(chip, "irom_end", chip->irom.end);
    number(chip, "drom_start", chip->drom.start);
    number(chip, "drom_end", chip->drom.end);
    number(chip, "mmu_pages", chip->mmu_pages);
    for (const struct chip_memory *m = chip->memory; m->name; m++) {
        char fact[64];
        snprintf(fact, sizeof fact, "memory %zd", m - chip->memory);
        printf("%s\t%s\t%s 0x%08x 0x%08x\n", chip->key, fact, m->name, m->start, m->end);
    }
    pins(chip);
    nibbles(chip, "freq", chip->freqs);
    nibbles(chip, "size", chip->sizes);
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "table") == 0) {
        for (int id = CHIP_AUTO + 1; id < CHIP_COUNT; id++)
            table(chip_get((enum chip_id)id));
        for (int id = 0; id < 256; id++)
            printf("*\tpre_series %d\t%s\n", id,
                   chip_pre_series_name(id) ? chip_pre_series_name(id) : "");
        for (unsigned bit = 0; bit < 32; bit++)
            printf("*\tflag %u\t%s\n", bit, flag_name(1u << bit));
        return 0;
    }
    if (argc == 4 && strcmp(argv[1], "identify") == 0 && chip_by_name(argv[2])) {
        for (uint32_t seed = 0; seed < (uint32_t)atoi(argv[3]); seed++)
            identify(chip_by_name(argv[2]), seed);
        return 0;
    }
    fputs("usage: chip_words table | identify CHIP N\n", stderr);
    return 2;
}
