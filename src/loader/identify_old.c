/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ESP8266 and ESP32: their eFuses follow no common plan, so code tells what they mean. Bit places:
 * esptool targets/esp8266.py, esp32.py; ESP32 technical reference manual, eFuse controller.
 */
#include "base/util.h"
#include "loader/identify.h"

#include <string.h>

#define bits words_bits

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

static void esp8266_mac(struct words *words, const uint32_t otp[4], uint8_t mac[6])
{
    uint32_t oui = 0;

    if (otp[3] != 0)
        oui = otp[3];
    else if (bits(otp[1], 16, 8) == 0)
        oui = 0x18FE34;
    else if (bits(otp[1], 16, 8) == 1)
        oui = 0xACD074;
    else if (words->rc == 0)
        words->rc = error_set(words->error, ERR_BAD_REPLY,
                              "the ESP8266's MAC has no known maker (0x%08x)", otp[1]);
    const uint8_t bytes[6] = {(uint8_t)(oui >> 16),   (uint8_t)(oui >> 8), (uint8_t)oui,
                              (uint8_t)(otp[1] >> 8), (uint8_t)otp[1],     (uint8_t)(otp[0] >> 24)};
    memcpy(mac, bytes, 6);
}

void identify_esp8266(struct words *words, struct chip_facts *facts)
{
    uint32_t otp[4];

    for (uint32_t i = 0; i < 4; i++)
        otp[i] = words_get(words, words->chip->efuse_base + 4 * i);
    bool is_8285 = bits(otp[0], 4, 1) || bits(otp[2], 16, 1);
    util_copy(facts->name, sizeof facts->name, is_8285 ? esp8285_name(otp) : "ESP8266EX");
    identify_feature(facts, "Wi-Fi, 160MHz%s", is_8285 ? ", Embedded Flash" : "");
    esp8266_mac(words, otp, facts->mac);
}

/* ---- ESP32 ---- */

static const char *esp32_name(unsigned package, bool single, bool v3)
{
    switch (package) {
    case 0:
        return single ? "ESP32-S0WDQ6" : v3 ? "ESP32-D0WDQ6-V3" : "ESP32-D0WDQ6";
    case 1:
        return single ? "ESP32-S0WD" : v3 ? "ESP32-D0WD-V3" : "ESP32-D0WD";
    case 2:
        return "ESP32-D2WD";
    case 4:
        return "ESP32-U4WDH";
    case 5:
        return v3 ? "ESP32-PICO-V3" : "ESP32-PICO-D4";
    case 6:
        return "ESP32-PICO-V3-02";
    case 7:
        return "ESP32-D0WDR2-V3";
    default:
        return "Unknown ESP32";
    }
}

static void esp32_features(const uint32_t word[7], unsigned package, struct chip_facts *facts)
{
    static const char *const codings[] = {"None", "3/4", "Repeat (UNSUPPORTED)",
                                          "None (may contain encoding data)"};

    identify_feature(facts, "Wi-Fi");
    if (!bits(word[3], 1, 1))
        identify_feature(facts, "BT");
    identify_feature(facts, bits(word[3], 0, 1) ? "Single Core + LP Core" : "Dual Core + LP Core");
    if (bits(word[3], 13, 1))
        identify_feature(facts, bits(word[3], 12, 1) ? "160MHz" : "240MHz");
    if (package == 2 || package == 4 || package == 5 || package == 6)
        identify_feature(facts, "Embedded Flash");
    if (package == 6)
        identify_feature(facts, "Embedded PSRAM");
    if (bits(word[4], 8, 5))
        identify_feature(facts, "Vref calibration in eFuse");
    if (bits(word[3], 14, 1))
        identify_feature(facts, "BLK3 partially reserved");
    identify_feature(facts, "Coding Scheme %s", codings[bits(word[6], 0, 2)]);
}

void identify_esp32(struct words *words, struct chip_facts *facts, int *revision)
{
    enum { APB_CTL_DATE = 0x3FF6607C };
    static const unsigned majors[8] = {[1] = 1, [3] = 2, [7] = 3};
    uint32_t word[7];

    for (uint32_t i = 0; i < 7; i++)
        word[i] = words_get(words, words->chip->efuse_base + 4 * i);
    uint32_t date = words_get(words, APB_CTL_DATE);
    unsigned major =
        majors[bits(date, 31, 1) << 2 | bits(word[5], 20, 1) << 1 | bits(word[3], 15, 1)];
    unsigned package = bits(word[3], 9, 3) | bits(word[3], 2, 1) << 3;

    *revision = (int)(major * 100 + bits(word[5], 24, 2));
    util_copy(facts->name, sizeof facts->name,
              esp32_name(package, bits(word[3], 0, 1), major == 3));
    esp32_features(word, package, facts);
    facts->secure_boot = bits(word[6], 4, 1) || (major >= 3 && bits(word[6], 5, 1));
    facts->secure_boot_v1 = bits(word[6], 4, 1);
    facts->flash_encryption = __builtin_parity(bits(word[0], 20, 7));

    const uint8_t mac[6] = {(uint8_t)(word[2] >> 8),  (uint8_t)word[2],
                            (uint8_t)(word[1] >> 24), (uint8_t)(word[1] >> 16),
                            (uint8_t)(word[1] >> 8),  (uint8_t)word[1]};
    memcpy(facts->mac, mac, 6);
}
