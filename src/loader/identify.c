/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who the chip is: package, revision, addresses, crystal, features, protection, named as esptool
 * 5.3.1 names them. What its eFuses mean is data (chip->identity); every word is read once, and
 * only where something depends on it.
 */
#include "loader/identify.h"

#include "base/util.h"
#include "loader/command.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ---- words and what they mean ---- */

uint32_t words_get(struct words *words, uint32_t address)
{
    uint32_t value = 0;

    if (words->rc < 0)
        return 0;
    words->rc = words->read(words->context, address, &value, words->error);
    return words->rc < 0 ? 0 : value;
}

uint32_t words_field(struct words *words, const struct chip_field *field)
{
    uint32_t base = words->chip->efuse_base, value;

    if (field->bits == 0)
        return 0;
    value = words_bits(words_get(words, base + field->word), field->shift, field->bits);
    if (field->high_bits > 0)
        value |= words_bits(words_get(words, base + field->high_word), field->high_shift,
                            field->high_bits)
                 << field->bits;
    return value;
}

static const char *named(struct words *words, const struct chip_naming *naming)
{
    uint32_t value = words_field(words, &naming->field);
    const char *name = value < naming->n ? naming->names[value] : NULL;

    return name ? name : naming->other;
}

void identify_feature(struct chip_facts *facts, const char *format, ...)
{
    size_t len = strlen(facts->features);
    va_list args;

    if (len > 0)
        len += (size_t)snprintf(facts->features + len, sizeof facts->features - len, ", ");
    if (len >= sizeof facts->features)
        return;
    va_start(args, format);
    vsnprintf(facts->features + len, sizeof facts->features - len, format, args);
    va_end(args);
}

/* ---- the chips that are data ---- */

static int revision_of(struct words *words)
{
    enum { S3_BLOCK_MAJOR = 0x6C, S3_BLOCK_MINOR = 0x50 };
    const struct chip_identity *identity = &words->chip->identity;
    unsigned major = words_field(words, &identity->major);
    unsigned minor = words_field(words, &identity->minor);

    if (identity->major.bits == 0)
        return 0;
    /* The ESP32-S3 v0.0 has other things in these bits; the version 1.1 of its eFuse blocks, which
     * only that one has, gives it away (esptool esp32s3.py: is_eco0). */
    if (words->chip->id == CHIP_ESP32S3 && (minor & 7) == 0 &&
        words_bits(words_get(words, words->chip->efuse_base + S3_BLOCK_MINOR), 24, 3) == 1 &&
        words_bits(words_get(words, words->chip->efuse_base + S3_BLOCK_MAJOR), 0, 2) == 1)
        return 0;
    return (int)(major * 100 + minor);
}

static void traits(struct words *words, struct chip_facts *facts)
{
    const struct chip_identity *identity = &words->chip->identity;

    identify_feature(facts, "%s", identity->features);
    for (size_t i = 0; i < ARRAY_LEN(identity->traits); i++) {
        const struct chip_trait *trait = &identity->traits[i];
        if (trait->what.field.bits == 0)
            break;
        const char *what = named(words, &trait->what);
        if (what[0] == '\0')
            continue;
        if (trait->maker.field.bits > 0)
            identify_feature(facts, "%s (%s)", what, named(words, &trait->maker));
        else
            identify_feature(facts, "%s", what);
    }
}

static void mac(struct words *words, struct chip_facts *facts)
{
    uint32_t low = words_get(words, words->chip->mac_word[0]);
    uint32_t high = words_get(words, words->chip->mac_word[1]);
    const uint8_t bytes[6] = {(uint8_t)(high >> 8), (uint8_t)high,       (uint8_t)(low >> 24),
                              (uint8_t)(low >> 16), (uint8_t)(low >> 8), (uint8_t)low};

    memcpy(facts->mac, bytes, 6);
    if (words->chip->identity.eui64)
        snprintf(facts->eui64_text, sizeof facts->eui64_text,
                 "%02x:%02x:%02x:%02x:%02x:%02x:%02x:%02x", bytes[0], bytes[1], bytes[2],
                 high >> 24, high >> 16 & 0xFF, bytes[3], bytes[4], bytes[5]);
}

static void identify_by_table(struct words *words, const struct security_info *security,
                              struct chip_facts *facts, int *revision)
{
    const struct chip_identity *identity = &words->chip->identity;

    mac(words, facts);
    util_copy(facts->name, sizeof facts->name, named(words, &identity->package));
    *revision = revision_of(words);
    traits(words, facts);
    if (security) {
        facts->secure_boot = security->flags & SECURITY_SECURE_BOOT;
        facts->flash_encryption = security_flash_encrypted(security);
    } else {
        facts->secure_boot = words_field(words, &identity->secure_boot) != 0;
        facts->flash_encryption = __builtin_parity(words_field(words, &identity->crypt_count));
    }
}

/* ---- all ---- */

/* The ROM found the baud rate, or measured its crystal to set it: the divider tells. In MHz; 0 when
 * that is none that is built in (esptool loader.py: get_crystal_freq). */
static unsigned crystal(struct words *words, unsigned baud)
{
    double divider = words_get(words, words->chip->uart_clkdiv) & 0xFFFFF;
    double mhz = baud * divider / 1e6 / (words->chip->id == CHIP_ESP8266 ? 2 : 1);

    if (mhz < 20 || mhz > 60)
        return 0;
    return mhz > 45 ? 48 : mhz > 33 ? 40 : 26;
}

int identify_words(struct words *words, unsigned baud, const struct security_info *security,
                   struct chip_facts *facts, int *revision)
{
    const struct chip *chip = words->chip;

    *revision = -1;
    if (chip->id == CHIP_ESP8266)
        identify_esp8266(words, facts);
    else if (chip->id == CHIP_ESP32)
        identify_esp32(words, facts, revision);
    else
        identify_by_table(words, security, facts, revision);
    facts->crystal_mhz =
        chip->identity.crystal_mhz ? chip->identity.crystal_mhz : crystal(words, baud);
    if (*revision >= 0)
        snprintf(facts->revision, sizeof facts->revision, "v%d.%d", *revision / 100,
                 *revision % 100);
    identify_macs(chip, facts);
    return words->rc;
}

/* ---- with a chip ---- */

int loader_read_efuse(struct loader *loader, uint32_t address, uint32_t *value, struct error *error)
{
    for (size_t i = 0; i < loader->n_words; i++) {
        if (loader->words[i].address == address) {
            *value = loader->words[i].value;
            return 0;
        }
    }
    int rc = loader_read_reg(loader, address, value, error);
    if (rc == 0 && loader->n_words < ARRAY_LEN(loader->words))
        loader->words[loader->n_words++] = (struct loader_word){address, *value};
    return rc;
}

static int read_word(void *context, uint32_t address, uint32_t *value, struct error *error)
{
    struct loader *loader = context;

    /* The divider changes with the rate. */
    if (address == loader->chip->uart_clkdiv)
        return loader_read_reg(loader, address, value, error);
    return loader_read_efuse(loader, address, value, error);
}

struct words loader_words(struct loader *loader, struct error *error)
{
    return (struct words){
        .chip = loader->chip, .read = read_word, .context = loader, .error = error};
}

int loader_revision(struct loader *loader, struct error *error)
{
    struct words words = loader_words(loader, error);

    if (loader->revision >= 0)
        return 0;
    int revision = revision_of(&words);
    if (words.rc == 0)
        loader->revision = revision;
    return words.rc;
}

/* In Secure Download Mode no register can be read. */
static int identify_secured(struct loader *loader, struct chip_facts *facts, struct error *error)
{
    struct security_info info;
    int rc = 0;

    util_copy(facts->name, sizeof facts->name, loader->chip->name);
    if (!loader->security_known)
        rc = loader_security_info(loader, &info, error);
    if (rc < 0)
        return rc;
    facts->secure_boot = loader->security.flags & SECURITY_SECURE_BOOT;
    facts->flash_encryption = security_flash_encrypted(&loader->security);
    return 0;
}

static void security_text(struct chip_facts *facts)
{
    const char *const parts[] = {facts->secure_boot ? "secure boot" : NULL,
                                 facts->flash_encryption ? "flash encryption" : NULL,
                                 facts->secure_download ? "secure download" : NULL};
    size_t len = 0;

    util_copy(facts->security, sizeof facts->security, "none");
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        if (parts[i])
            len += (size_t)snprintf(facts->security + len, sizeof facts->security - len, "%s%s",
                                    len ? ", " : "", parts[i]);
    }
}

/* Whether a stub can run, and why not (esptool: run_stub, ESP32-C2's _post_connect). */
static void stub_judge(const struct loader *loader, struct chip_facts *facts)
{
    const struct chip *chip = loader->chip;
    size_t size = sizeof facts->stub_reason;

    if (chip->stub == NULL)
        snprintf(facts->stub_reason, size, "there is no flasher stub for the %s", chip->name);
    else if (loader->secure_download)
        snprintf(facts->stub_reason, size, "Secure Download Mode starts no flasher stub");
    else if (chip->stub_needs_no_boot_key && facts->secure_boot)
        snprintf(facts->stub_reason, size,
                 "the ROM of an %s with secure boot starts no flasher stub", chip->name);
    else if (loader_stub_name(loader) == NULL)
        snprintf(facts->stub_reason, size, "the flasher stub does not know the %s %s", chip->name,
                 facts->revision);
    facts->stub_possible = facts->stub_reason[0] == '\0';
}

const char *loader_stub_name(const struct loader *loader)
{
    const struct chip *chip = loader->chip;
    bool before = loader->revision >= 0 && loader->revision < chip->stub_since;

    return before ? chip->stub_before : chip->stub;
}

bool loader_usb_jtag(const struct loader *loader)
{
    return loader->chip->usb_jtag && port_is_usb_jtag(&loader->link->port);
}

bool loader_usb_otg(const struct loader *loader)
{
    const struct port_info *port = &loader->link->port;
    unsigned pid = loader->chip->usb_otg_pid;

    return pid != 0 && port->vid == 0x303A && port->pid == pid;
}

int loader_identify(struct loader *loader, struct chip_facts *facts, struct error *error)
{
    struct words words = loader_words(loader, error);
    int rc;

    memset(facts, 0, sizeof *facts);
    facts->chip = loader->chip->id;
    facts->secure_download = loader->secure_download;
    util_copy(facts->usb_mode, sizeof facts->usb_mode,
              loader_usb_jtag(loader)  ? "USB-Serial/JTAG"
              : loader_usb_otg(loader) ? "USB-OTG"
                                       : "");
    if (loader->secure_download)
        rc = identify_secured(loader, facts, error);
    else
        rc = identify_words(&words, loader->link->baud,
                            loader->security_known ? &loader->security : NULL, facts,
                            &loader->revision);
    if (rc < 0)
        return error_context(error, "finding out about the chip");
    security_text(facts);
    stub_judge(loader, facts);
    return 0;
}
