/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the persona files share. Where nothing else is said, addresses of a chip are from ESP-IDF
 * (components/soc/<chip>/register/soc) and esptool v5.3.1 (targets/<chip>.py), eFuse fields from
 * ESP-IDF (components/efuse/<chip>/esp_efuse_table.csv), banners and boot words from logs that
 * users and ESP-IDF's documentation (docs/en/security/<chip>_log.inc) show.
 */
#ifndef ESPJIG_EMU_PERSONAS_H
#define ESPJIG_EMU_PERSONAS_H

#include "emu/persona.h"

#define BIT(n) (UINT32_C(1) << (n))

/* FLASH_BEGIN, _DATA, _END, MEM_BEGIN, _END, _DATA, SYNC, WRITE_REG, READ_REG: every ROM. */
#define COMMANDS_OLD \
    (BIT(2) | BIT(3) | BIT(4) | BIT(5) | BIT(6) | BIT(7) | BIT(8) | BIT(9) | BIT(10))
/* SPI_SET_PARAMS, SPI_ATTACH, READ_FLASH_SLOW, CHANGE_BAUDRATE, FLASH_DEFL_*, SPI_FLASH_MD5. */
#define COMMANDS_ESP32                                                                  \
    (COMMANDS_OLD | BIT(0xb) | BIT(0xd) | BIT(0xe) | BIT(0xf) | BIT(0x10) | BIT(0x11) | \
     BIT(0x12) | BIT(0x13))
#define COMMANDS_NEWER (COMMANDS_ESP32 | BIT(0x14)) /* GET_SECURITY_INFO */

/* From the ESP32-S2 on, all SPI controllers look alike. */
#define SPI_NEWER(address)                                                                \
    {                                                                                     \
        .base = (address), .user = 0x18, .user1 = 0x1c, .user2 = 0x20, .mosi_dlen = 0x24, \
        .miso_dlen = 0x28, .w0 = 0x58                                                     \
    }

/* And most eFuse controllers: blocks 0 (write protection and five words), 1 (MAC and six more), and
 * 2 to 10. The command register is at 1d4 or 1d8. */
#define EFUSE_NEWER(address, command)                                                              \
    {                                                                                              \
        .base = (address), .read_first = (address) + 0x2c, .words = 84, .conf = (address) + 0x1cc, \
        .cmd = (address) + (command), .protect_bit = 32, .protected_from = 4,                      \
        .protected_blocks = 7, .block_select = true, .block_words = {                              \
            6,                                                                                     \
            6,                                                                                     \
            8,                                                                                     \
            8,                                                                                     \
            8,                                                                                     \
            8,                                                                                     \
            8,                                                                                     \
            8,                                                                                     \
            8,                                                                                     \
            8,                                                                                     \
            8                                                                                      \
        }                                                                                          \
    }

/* Bits of SPI_BOOT_CRYPT_CNT and DIS_DOWNLOAD_MANUAL_ENCRYPT; whether keys of two blocks are
 * possible (ESP-IDF components/soc/<chip>/include/soc/soc_caps.h, SOC_EFUSE_XTS_AES_KEY_256). */
#define ENCRYPTION_OF(count_bit, manual_bit, two)                                            \
    {                                                                                        \
        .scheme = ENCRYPTION_XTS, .two_keys = (two), .count = (count_bit), .count_width = 3, \
        .manual_off = (manual_bit)                                                           \
    }

/* Block 0 of the ESP32-S2, S3, C3, C6, H2, H21 and P4 is the same where security is concerned;
 * DIS_USB and the caches differ. */
#define SECURITY_FLAGS(jtag_soft, jtag_hard, usb, dcache, icache)                      \
    {                                                                                  \
        116, 117, 133, 85, 86, 87, (jtag_soft), (jtag_hard), (usb), (dcache), (icache) \
    }

#define SPEEDS_80      \
    {                  \
        80, 40, 26, 20 \
    }
#define SPEEDS_48      \
    {                  \
        48, 24, 16, 12 \
    }

/* Lines before the name of the flash mode. */
#define SPI_LINE_OLD "SPIWP:0xee\r\nmode:"
#define SPI_LINE_NEW "SPI mode:"

/* The words for causes of a reset, enum reset_cause each. */
extern const struct reset_name resets_s2[RESET_CAUSES];  /* S2, S3, C2, C3 */
extern const struct reset_name resets_c6[RESET_CAUSES];  /* C6, H2, H21 */
extern const struct reset_name resets_c5[RESET_CAUSES];  /* C5, C61, H4 */
extern const struct reset_name resets_p4[RESET_CAUSES];  /* P4 */
extern const struct reset_name resets_s31[RESET_CAUSES]; /* S31 */

extern const struct reg_value regs_none[1];

/* A MAC at the start of its block, low word first. */
void efuse_mac_newer(uint32_t *words, const uint8_t mac[6]);

extern const struct persona persona_esp8266, persona_esp32, persona_esp32s2, persona_esp32s3,
    persona_esp32c2, persona_esp32c3, persona_esp32c5, persona_esp32c6, persona_esp32c61,
    persona_esp32h2, persona_esp32h21, persona_esp32h4, persona_esp32p4, persona_esp32p4_rev1,
    persona_esp32s31, persona_esp32e22;

#endif
