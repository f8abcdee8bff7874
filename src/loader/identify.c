/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who the chip is: package, revision, MAC, crystal, features, security, named as esptool 5.3.1
 * names them. Bit places: esptool targets/esp8266.py, esp32.py, esp32c3.py; ESP32 and ESP32-C3
 * technical reference manuals, eFuse chapters. Every word is read once.
 */
#include "base/util.h"
#include "loader/command.h"
#include "loader/connect.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static unsigned bits(uint32_t word, unsigned shift, unsigned count)
{
    return word >> shift & ((1u << count) - 1);
}

static bool odd(unsigned value)
{
    return __builtin_parity(value);
}

static void feature(struct chip_facts *facts, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void feature(struct chip_facts *facts, const char *format, ...)
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

static void name(struct chip_facts *facts, const char *text)
{
    util_copy(facts->name, sizeof facts->name, text);
}

static void revision(struct chip_facts *facts, unsigned major, unsigned minor)
{
    snprintf(facts->revision, sizeof facts->revision, "v%u.%u", major, minor);
}

static int read_words(struct loader *loader, uint32_t address, uint32_t *words, size_t n,
                      struct error *error)
{
    int rc = 0;

    for (size_t i = 0; i < n && rc == 0; i++)
        rc = loader_read_reg(loader, address + (uint32_t)(4 * i), &words[i], error);
    return rc;
}

/* The UART's divider was found by the ROM from our own rate: rate x divider is the clock it runs on
 * (esptool loader.py: get_crystal_freq). A stub may have raised that clock: then it tells nothing.
 */
static int crystal(struct loader *loader, unsigned clock_per_crystal, struct chip_facts *facts,
                   struct error *error)
{
    uint32_t divider;
    int rc = loader_read_reg(loader, loader->chip->uart_clkdiv, &divider, error);

    if (rc < 0)
        return rc;
    double mhz = loader->link->baud * (double)(divider & 0xFFFFF) / 1e6 / clock_per_crystal;
    if (mhz > 20 && mhz < 33)
        facts->crystal_mhz = 26;
    else if (mhz >= 33 && mhz < 45)
        facts->crystal_mhz = 40;
    return 0;
}

/* ---- ESP8266 ---- */

static const char *esp8285_name(const uint32_t otp[4])
{
    bool a = bits(otp[0], 4, 1), b = bits(otp[3], 25, 1), c = bits(otp[3], 26, 1);
    bool hot = bits(otp[0], 5, 1);

    if (a == b || bits(otp[3], 27, 1))
        return "ESP8285";
    unsigned mb = a ? (c ? 2 : 1) : (c ? 4 : 2);
    if (mb == 1)
        return hot ? "ESP8285H08" : "ESP8285N08";
    if (mb == 2)
        return hot ? "ESP8285H16" : "ESP8285N16";
    return "ESP8285";
}

static int esp8266_mac(const uint32_t otp[4], uint8_t mac[6], struct error *error)
{
    uint32_t oui;

    if (otp[3] != 0)
        oui = otp[3];
    else if (bits(otp[1], 16, 8) == 0)
        oui = 0x18FE34;
    else if (bits(otp[1], 16, 8) == 1)
        oui = 0xACD074;
    else
        return error_set(error, ERR_BAD_REPLY, "the ESP8266's MAC has no known maker (0x%08x)",
                         otp[1]);
    const uint8_t bytes[6] = {(uint8_t)(oui >> 16),   (uint8_t)(oui >> 8), (uint8_t)oui,
                              (uint8_t)(otp[1] >> 8), (uint8_t)otp[1],     (uint8_t)(otp[0] >> 24)};
    memcpy(mac, bytes, 6);
    return 0;
}

static int identify_esp8266(struct loader *loader, struct chip_facts *facts, struct error *error)
{
    uint32_t otp[4];
    int rc = read_words(loader, loader->chip->efuse_base, otp, 4, error);

    if (rc < 0)
        return rc;
    bool is_8285 = bits(otp[0], 4, 1) || bits(otp[2], 16, 1);
    name(facts, is_8285 ? esp8285_name(otp) : "ESP8266EX");
    feature(facts, "Wi-Fi");
    feature(facts, "160MHz");
    if (is_8285)
        feature(facts, "Embedded Flash");
    rc = esp8266_mac(otp, facts->mac, error);
    return rc < 0 ? rc : crystal(loader, 2, facts, error);
}

/* ---- ESP32 ---- */

static void esp32_name(const uint32_t word[7], unsigned major, struct chip_facts *facts)
{
    unsigned package = bits(word[3], 9, 3) | bits(word[3], 2, 1) << 3;
    bool single = bits(word[3], 0, 1), v3 = major == 3;

    switch (package) {
    case 0:
        name(facts, single ? "ESP32-S0WDQ6" : v3 ? "ESP32-D0WDQ6-V3" : "ESP32-D0WDQ6");
        break;
    case 1:
        name(facts, single ? "ESP32-S0WD" : v3 ? "ESP32-D0WD-V3" : "ESP32-D0WD");
        break;
    case 2:
        name(facts, "ESP32-D2WD");
        break;
    case 4:
        name(facts, "ESP32-U4WDH");
        break;
    case 5:
        name(facts, v3 ? "ESP32-PICO-V3" : "ESP32-PICO-D4");
        break;
    case 6:
        name(facts, "ESP32-PICO-V3-02");
        break;
    case 7:
        name(facts, "ESP32-D0WDR2-V3");
        break;
    default:
        name(facts, "Unknown ESP32");
    }
}

static void esp32_features(const uint32_t word[7], struct chip_facts *facts)
{
    static const char *const codings[] = {"None", "3/4", "Repeat (UNSUPPORTED)",
                                          "None (may contain encoding data)"};
    unsigned package = bits(word[3], 9, 3) | bits(word[3], 2, 1) << 3;

    feature(facts, "Wi-Fi");
    if (!bits(word[3], 1, 1))
        feature(facts, "BT");
    feature(facts, bits(word[3], 0, 1) ? "Single Core + LP Core" : "Dual Core + LP Core");
    if (bits(word[3], 13, 1))
        feature(facts, bits(word[3], 12, 1) ? "160MHz" : "240MHz");
    if (package == 2 || package == 4 || package == 5 || package == 6)
        feature(facts, "Embedded Flash");
    if (package == 6)
        feature(facts, "Embedded PSRAM");
    if (bits(word[4], 8, 5))
        feature(facts, "Vref calibration in eFuse");
    if (bits(word[3], 14, 1))
        feature(facts, "BLK3 partially reserved");
    feature(facts, "Coding Scheme %s", codings[bits(word[6], 0, 2)]);
}

static int identify_esp32(struct loader *loader, struct chip_facts *facts, struct error *error)
{
    enum { APB_CTL_DATE = 0x3FF6607C };
    uint32_t word[7], date;

    int rc = read_words(loader, loader->chip->efuse_base, word, 7, error);
    if (rc == 0)
        rc = loader_read_reg(loader, APB_CTL_DATE, &date, error);
    if (rc < 0)
        return rc;

    static const unsigned majors[8] = {[1] = 1, [3] = 2, [7] = 3};
    unsigned major =
        majors[bits(date, 31, 1) << 2 | bits(word[5], 20, 1) << 1 | bits(word[3], 15, 1)];
    revision(facts, major, bits(word[5], 24, 2));
    esp32_name(word, major, facts);
    esp32_features(word, facts);
    facts->secure_boot = bits(word[6], 4, 1) || (major >= 3 && bits(word[6], 5, 1));
    facts->flash_encryption = odd(bits(word[0], 20, 7));

    const uint8_t mac[6] = {(uint8_t)(word[2] >> 8),  (uint8_t)word[2],
                            (uint8_t)(word[1] >> 24), (uint8_t)(word[1] >> 16),
                            (uint8_t)(word[1] >> 8),  (uint8_t)word[1]};
    memcpy(facts->mac, mac, 6);
    return crystal(loader, 1, facts, error);
}

/* ---- ESP32-C3 ---- */

static void esp32c3_flash(const uint32_t block1[6], struct chip_facts *facts)
{
    static const char *const sizes[8] = {[1] = "4MB", [2] = "2MB", [3] = "1MB", [4] = "8MB"};
    static const char *const vendors[8] = {"", "XMC", "GD", "FM", "TT", "ZBIT", "", ""};
    unsigned size = bits(block1[3], 27, 3);
    const char *vendor = vendors[bits(block1[4], 0, 3)];

    if (size == 0)
        return;
    if (sizes[size])
        feature(facts, "Embedded Flash %s (%s)", sizes[size], vendor);
    else
        feature(facts, "Unknown Embedded Flash (%s)", vendor);
}

static int identify_esp32c3(struct loader *loader, struct chip_facts *facts, struct error *error)
{
    static const char *const names[8] = {"ESP32-C3 (QFN32)", "ESP8685 (QFN28)",
                                         "ESP32-C3 AZ (QFN32)", "ESP8686 (QFN24)"};
    uint32_t block1[6], repeat[2]; /* repeat: RD_REPEAT_DATA1 and 2 */
    uint32_t base = loader->chip->efuse_base;

    int rc = read_words(loader, base + 0x44, block1, 6, error);
    if (rc == 0)
        rc = read_words(loader, base + 0x34, repeat, 2, error);
    if (rc < 0)
        return rc;

    const char *package = names[bits(block1[3], 21, 3)];
    name(facts, package ? package : "Unknown ESP32-C3");
    revision(facts, bits(block1[5], 24, 2), bits(block1[5], 23, 1) << 3 | bits(block1[3], 18, 3));
    feature(facts, "Wi-Fi");
    feature(facts, "BT 5 (LE)");
    feature(facts, "Single Core");
    feature(facts, "160MHz");
    esp32c3_flash(block1, facts);
    facts->flash_encryption = odd(bits(repeat[0], 18, 3));
    facts->secure_boot = bits(repeat[1], 20, 1);
    facts->crystal_mhz = 40; /* no other works */

    const uint8_t mac[6] = {(uint8_t)(block1[1] >> 8),  (uint8_t)block1[1],
                            (uint8_t)(block1[0] >> 24), (uint8_t)(block1[0] >> 16),
                            (uint8_t)(block1[0] >> 8),  (uint8_t)block1[0]};
    memcpy(facts->mac, mac, 6);
    return 0;
}

/* ---- all ---- */

/* In Secure Download Mode no register can be read. */
static int identify_secured(struct loader *loader, struct chip_facts *facts, struct error *error)
{
    struct security_info info;

    name(facts, loader->chip->name);
    int rc = loader_security_info(loader, &info, error);
    if (rc < 0)
        return rc;
    facts->secure_boot = info.flags & 1;
    facts->flash_encryption = odd(info.flash_crypt_cnt);
    return 0;
}

static int identify(struct loader *loader, struct chip_facts *facts, struct error *error)
{
    if (loader->secure_download)
        return identify_secured(loader, facts, error);
    switch (loader->chip->id) {
    case CHIP_ESP8266:
        return identify_esp8266(loader, facts, error);
    case CHIP_ESP32:
        return identify_esp32(loader, facts, error);
    case CHIP_ESP32C3:
        return identify_esp32c3(loader, facts, error);
    default:
        return error_set(error, ERR_CHIP_UNSUPPORTED, "%s is known, but not yet supported",
                         loader->chip->name);
    }
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

bool loader_usb_jtag(const struct loader *loader)
{
    return port_is_usb_jtag(&loader->link->port);
}

bool loader_usb_otg(const struct loader *loader)
{
    const struct port_info *port = &loader->link->port;

    return port->vid == 0x303A && loader->chip->usb_otg_pid != 0 &&
           port->pid == loader->chip->usb_otg_pid;
}

/* The host knows best whether it talks to the chip's own USB (esptool: get_usb_mode). */
static const char *usb_mode(const struct loader *loader)
{
    if (loader_usb_jtag(loader))
        return "USB-Serial/JTAG";
    return loader_usb_otg(loader) ? "USB-OTG" : "";
}

int loader_identify(struct loader *loader, struct chip_facts *facts, struct error *error)
{
    memset(facts, 0, sizeof *facts);
    facts->chip = loader->chip->id;
    facts->secure_download = loader->secure_download;
    util_copy(facts->usb_mode, sizeof facts->usb_mode, usb_mode(loader));

    int rc = identify(loader, facts, error);
    if (rc < 0)
        return error_context(error, "finding out about the chip");
    security_text(facts);
    if (!loader->secure_download)
        snprintf(facts->mac_text, sizeof facts->mac_text, "%02x:%02x:%02x:%02x:%02x:%02x",
                 facts->mac[0], facts->mac[1], facts->mac[2], facts->mac[3], facts->mac[4],
                 facts->mac[5]);
    return 0;
}
