/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the chips' tables have in common; private to chip/. */
#ifndef ESPJIG_CHIP_ROWS_H
#define ESPJIG_CHIP_ROWS_H

#include "base/util.h"
#include "chip/chip.h"

/* Values of the image header's byte 3: frequency in the low half, size in the high half (esptool:
 * FLASH_FREQUENCY, FLASH_SIZES). */
extern const struct chip_nibble chip_freqs_80[], chip_freqs_80_no_26[], chip_freqs_48[];
extern const struct chip_nibble chip_sizes[];

/* esptool gives the ESP32-H2 and H21 the ESP32-C6's map. */
extern const struct chip_memory chip_memory_c6[];

/* Sizes of flash pages that the MMU can be set to (esptool: MMU_PAGE_SIZE_CONF). */
enum {
    PAGES_8K_64K = 0x1E000,
    PAGES_16K_64K = 0x1C000,
    PAGES_32K_256K = 0x78000,
};

/* Makers of flash in the package. */
extern const char *const chip_flash_makers[6];

/* Two layouts of the SPI controller; only the base differs among the chips of one kind. */
#define SPI_OLD(b)                                                               \
    {                                                                            \
        .base = (b), .usr = 0x1C, .usr1 = 0x20, .usr2 = 0x24, .mosi_dlen = 0x28, \
        .miso_dlen = 0x2C, .w0 = 0x80, .address_in_msb = true                    \
    }
#define SPI_NEW(b)                                                               \
    {                                                                            \
        .base = (b), .usr = 0x18, .usr1 = 0x1C, .usr2 = 0x20, .mosi_dlen = 0x24, \
        .miso_dlen = 0x28, .w0 = 0x58                                            \
    }

/* Where the eFuses are, and the MAC in them. */
#define EFUSE(b, mac) .efuse_base = (b), .mac_word = {(b) + (mac), (b) + (mac) + 4}

/* Word n of the eFuse block that holds MAC and version, which begins at offset 0x44. */
#define BLOCK1(n) (0x44 + 4 * (n))
#define FIELD(w, s, b)                       \
    {                                        \
        .word = (w), .shift = (s), .bits = b \
    }
#define FIELD_SPLIT(w, s, b, hw, hs, hb)                                             \
    {                                                                                \
        .word = (w), .shift = (s), .bits = b, .high_word = (hw), .high_shift = (hs), \
        .high_bits = (hb)                                                            \
    }
#define NAMED(list, rest) .names = (list), .n = ARRAY_LEN(list), .other = (rest)

/* What every ROM since the ESP32's can do. All of them are spoken to at 921600 bit/s by esptool's
 * users day by day; above that nothing is documented. The stubs: the UARTs are made for 5 Mbit/s
 * (technical reference manuals, UART), 3 Mbit/s is the most that USB adapters are sold for. */
#define ROM_ESP32                                                                    \
    .rom_attach = true, .rom_reg_lists = true, .rom_deflate = true, .rom_md5 = true, \
    .rom_read = true, .rom_baud = true, .rom_baud_max = 921600
#define ROM_LATER  ROM_ESP32, .rom_begin_encrypt = true
#define STUB(file) .stub = (file), .stub_baud_max = 3000000

/* Keys that unlock the watchdogs (technical reference manuals, low-power management). */
enum {
    WDT_KEY = 0x50D83AA1,
};
#define SWD_KEY_RTC 0x8F1D312Au /* of the super watchdog, while it belonged to RTC_CNTL */

/* The watchdogs of LP_WDT: super watchdog right behind the other one's protection. */
#define LP_WDT(b, guard, can_reset)                                                            \
    {                                                                                          \
        .config0 = (b), .config1 = (b) + 4, .protect = (b) + (guard), .key = WDT_KEY,          \
        .swd_config = (b) + (guard) + 4, .swd_protect = (b) + (guard) + 8, .swd_key = WDT_KEY, \
        .swd_feed = 1u << 18, .resets = (can_reset)                                            \
    }

/* Four addresses, one for each interface; none on the chip for Ethernet, but reserved for one
 * that is attached. */
#define MACS_FOUR                                                  \
    {                                                              \
        .ap = MAC_BASE_1, .bt = MAC_BASE_2, .ethernet = MAC_BASE_3 \
    }

/* Emulated chip only, both loaders; the ROM only. */
#define TESTED_EMULATED                                                                 \
    {                                                                                   \
        PROOF_EMULATED, PROOF_EMULATED, PROOF_EMULATED, PROOF_EMULATED, PROOF_EMULATED, \
            PROOF_EMULATED                                                              \
    }
#define TESTED_EMULATED_ROM                                                              \
    {                                                                                    \
        .identify = PROOF_EMULATED, .rom_write = PROOF_EMULATED, .read = PROOF_EMULATED, \
        .erase = PROOF_EMULATED, .baud = PROOF_EMULATED                                  \
    }
/* What the ROM and the stub on it answered was compared with recordings of real ROM code. */
#define TESTED_ROM                                                                                 \
    {                                                                                              \
        .identify = PROOF_ROM, .rom_write = PROOF_ROM, .stub_write = PROOF_ROM, .read = PROOF_ROM, \
        .erase = PROOF_ROM, .baud = PROOF_EMULATED                                                 \
    }

/* What most chips' key blocks are for. */
#define PURPOSE_FIELDS                                                                \
    {                                                                                 \
        FIELD(0x34, 24, 4), FIELD(0x34, 28, 4), FIELD(0x38, 0, 4), FIELD(0x38, 4, 4), \
            FIELD(0x38, 8, 4), FIELD(0x38, 12, 4)                                     \
    }

#define KEYS(list, blocks) \
    .key_purposes = (list), .n_key_purposes = ARRAY_LEN(list), .key_blocks = (blocks)

/* Numbers that mean the same wherever they exist. */
#define PURPOSE_USER    [0] = "USER/EMPTY"
#define PURPOSE_ECDSA   [1] = "ECDSA_KEY"
#define PURPOSE_XTS_256 [2] = "XTS_AES_256_KEY_1", [3] = "XTS_AES_256_KEY_2"
#define PURPOSE_XTS_128 [4] = "XTS_AES_128_KEY"
#define PURPOSES_HMAC                                                                   \
    [5] = "HMAC_DOWN_ALL", [6] = "HMAC_DOWN_JTAG", [7] = "HMAC_DOWN_DIGITAL_SIGNATURE", \
    [8] = "HMAC_UP"
#define PURPOSES_BOOT \
    [9] = "SECURE_BOOT_DIGEST0", [10] = "SECURE_BOOT_DIGEST1", [11] = "SECURE_BOOT_DIGEST2"
#define PURPOSES_ECDSA_LATER \
    [16] = "ECDSA_KEY_P192", [17] = "ECDSA_KEY_P384_L", [18] = "ECDSA_KEY_P384_H"

extern const struct chip chip_esp8266, chip_esp32, chip_esp32s2, chip_esp32s3, chip_esp32c2,
    chip_esp32c3, chip_esp32c5, chip_esp32c6, chip_esp32c61, chip_esp32h2, chip_esp32h21,
    chip_esp32h4, chip_esp32p4, chip_esp32s31, chip_esp32e22;

#endif
