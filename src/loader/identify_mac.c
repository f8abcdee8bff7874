/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The addresses that ESP-IDF derives from the base MAC (esp_hw_support/mac_addr.c). */
#include "loader/identify.h"

#include <stdio.h>
#include <string.h>

static void mac_put(const uint8_t mac[6], char text[24])
{
    snprintf(text, 24, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4],
             mac[5]);
}

/* A local address; where the base is one already, another bit makes the difference (ESP-IDF:
 * esp_derive_local_mac). */
static void mac_localize(uint8_t mac[6])
{
    mac[0] ^= mac[0] & 2 ? 4 : 2;
}

/* Some ESP32-S2 were burned with addresses that overlap their neighbours'; others are kept for
 * their access points (ESP-IDF: generate_mac). */
static void mac_ap_s2(uint8_t mac[6])
{
    static const uint8_t first[6] = {0x7C, 0xDF, 0xA1, 0x00, 0x30, 0x00};
    static const uint8_t last[6] = {0x7C, 0xDF, 0xA1, 0x00, 0x5F, 0xFF};

    if (memcmp(mac, first, 6) >= 0 && memcmp(mac, last, 6) <= 0) {
        mac[3] += 0x02;
        mac[4] += 0xD0;
    } else {
        mac[5]++;
    }
}

static void mac_derive(const uint8_t base[6], enum chip_mac how, char text[24])
{
    uint8_t mac[6];

    memcpy(mac, base, 6);
    switch (how) {
    case MAC_NONE:
        return;
    case MAC_BASE:
    case MAC_BASE_1:
    case MAC_BASE_2:
    case MAC_BASE_3:
        mac[5] = (uint8_t)(mac[5] + (how - MAC_BASE));
        break;
    case MAC_LOCAL_1:
        mac[5]++;
        mac_localize(mac);
        break;
    case MAC_LOCAL:
        mac_localize(mac);
        break;
    case MAC_AP_S2:
        mac_ap_s2(mac);
        break;
    }
    mac_put(mac, text);
}

void identify_macs(const struct chip *chip, struct chip_facts *facts)
{
    mac_put(facts->mac, facts->mac_text);
    mac_derive(facts->mac, chip->macs.ap, facts->mac_ap);
    mac_derive(facts->mac, chip->macs.bt, facts->mac_bt);
    mac_derive(facts->mac, chip->macs.ethernet, facts->mac_ethernet);
}
