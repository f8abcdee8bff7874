/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is known about each kind of chip: const data, no behaviour. One file a chip (esp32c3.c); a
 * self-check test reads every one. Names are Espressif's. Sources: esptool v5.3.1 the files in
 * esptool/targets, ESP-IDF soc headers, the technical reference manuals.
 */
#ifndef ESPJIG_CHIP_CHIP_H
#define ESPJIG_CHIP_CHIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum chip_id {
    CHIP_AUTO, /* not known yet: detect it */
    CHIP_ESP8266,
    CHIP_ESP32,
    CHIP_ESP32S2,
    CHIP_ESP32S3,
    CHIP_ESP32C2,
    CHIP_ESP32C3,
    CHIP_ESP32C5,
    CHIP_ESP32C6,
    CHIP_ESP32C61,
    CHIP_ESP32H2,
    CHIP_ESP32H21,
    CHIP_ESP32H4,
    CHIP_ESP32P4,
    CHIP_ESP32S31,
    CHIP_ESP32E22,
    CHIP_COUNT
};

#define FLASH_SECTOR 4096 /* bytes: what flash is erased by */

enum flash_mode {
    FLASH_MODE_KEEP = -1,
    FLASH_QIO = 0,
    FLASH_QOUT = 1,
    FLASH_DIO = 2,
    FLASH_DOUT = 3,
    FLASH_FASTRD = 4 /* "fast read", one line; the extended header's only (ESP-IDF
                        esp_image_spi_mode_t) */
};

/* A name and the nibble of the image header that stands for it. */
struct chip_nibble {
    const char *name; /* "80m", "4MB" */
    uint8_t value;
};

/* Registers of the SPI controller that talks to the flash; offsets from `base`. */
struct chip_spi {
    uint32_t base;
    uint8_t usr, usr1, usr2, mosi_dlen, miso_dlen,
        w0;              /* mosi_dlen 0: lengths are in usr1 (ESP8266) */
    bool address_in_msb; /* ESP8266, ESP32: address left-justified */
};

/* The watchdogs that run on in the ROM when the chip is flashed over its own USB-Serial/JTAG, and
 * that `--after watchdog-reset` uses (peers.md 3d; esptool targets). Register addresses; 0: none.
 */
struct chip_watchdog {
    uint32_t config0, config1, protect, key;
    uint32_t swd_config, swd_protect, swd_key;
    uint32_t swd_feed; /* the bit of swd_config that makes the super watchdog feed itself */
    bool resets;       /* a chip reset by the watchdog works (esptool: watchdog_reset) */
};

/* From `start` up to, and without, `end`. */
struct chip_range {
    uint32_t start, end;
};

/* A range of memory by name; ranges may overlap. */
struct chip_memory {
    uint32_t start, end;
    const char *name; /* "IRAM" */
};

/* Pins that --spi-connection can name: 0 to `last`, without those from gap_first to gap_last
 * (esptool targets: check_spi_connection). */
struct chip_pins {
    uint8_t last;                /* 0: the flash can't be on other pins */
    uint8_t gap_first, gap_last; /* 0, 0: none */
    uint8_t hd_max;              /* 0: any */
    uint8_t usb[2];              /* used by its USB; 0, 0: none */
};

/* What a hard reset needs besides the reset line (esptool targets: hard_reset). */
struct chip_hard_reset {
    /* Says "download mode again" while its bit is set, and a reset over USB-OTG may leave it set.
     */
    uint32_t force_register, force_mask;
    bool clear_force; /* always, before a reset */
    /* On USB-OTG the line resets the CPU only, so that the chip stays in the download mode that its
     * strap pin chose: its watchdog does it; where a strap register is given, only while that pin
     * is low and no download is forced. */
    bool otg_watchdog;
    uint32_t strap_register, strap_mask;
    bool otg_slow, jtag_slow; /* comes back slowly: a longer sequence */
};

/* Some bits of the eFuses: `bits` of them from `shift` on, in the word `word` bytes behind
 * efuse_base; when high_bits is not 0, more significant ones are elsewhere. bits 0: no such field.
 */
struct chip_field {
    uint16_t word;
    uint8_t shift, bits;
    uint16_t high_word;
    uint8_t high_shift, high_bits;
};

/* What the value of a field is called: names[value], or `other` where that has none. "" is said of
 * nothing. */
struct chip_naming {
    struct chip_field field;
    const char *const *names;
    uint8_t n;
    const char *other;
};

/* A feature that differs between chips of one kind: "Embedded Flash 4MB (XMC)". */
struct chip_trait {
    struct chip_naming what;
    struct chip_naming maker; /* field.bits 0: not told */
};

/* Who the chip is, as its eFuses say. All zero: loader/identify has code for it (ESP8266, ESP32).
 */
struct chip_identity {
    struct chip_naming package; /* gives the chip's full name */
    struct chip_field major, minor;
    const char *features; /* of all: "Wi-Fi, BT 5 (LE), Single Core, 160MHz" */
    struct chip_trait traits[3];
    struct chip_field secure_boot; /* not 0: on */
    struct chip_field crypt_count; /* an odd number of bits: flash encryption is on */
    bool eui64;                    /* 16 more bits above the MAC make it an EUI-64 */
    uint8_t crystal_mhz;           /* 0: it differs, and is measured */
};

/* What must be burned so that the chip encrypts what is written to its flash while it is in
 * download mode (ESP-IDF, "Flash Encryption"; esptool targets: is_flash_encryption_key_valid,
 * get_encrypted_download_disabled). A key is told by what key blocks are for, or, on chips with one
 * block for it, by the block itself. */
struct chip_encryption {
    uint8_t align;                /* bytes, of address and size of what is encrypted; 0: it can't */
    bool xts_256;                 /* takes a key of two blocks, too */
    struct chip_field manual_off; /* not 0: not in download mode (DIS_DOWNLOAD_MANUAL_ENCRYPT) */
    struct chip_field purposes[6]; /* XTS_AES_... of each key block; bits 0: no such block */
    struct chip_field key_manager; /* not 0: the Key Manager has the key */
    struct chip_field key_hidden;  /* 1, of a long key 3: it can't be read, so it is one */
    struct chip_field key_long;    /* it has twice key_words */
    uint16_t key_word;             /* bytes behind efuse_base */
    uint8_t key_words;             /* 0: purposes tell */
    struct chip_field config;      /* bits 0: none; else it must be all ones, unless it is hidden */
    struct chip_field config_hidden;
};

/* The other addresses, as ESP-IDF derives them from the base MAC (esp_hw_support/mac_addr.c and the
 * defaults in port/esp.../Kconfig.mac). */
enum chip_mac {
    MAC_NONE,
    MAC_BASE,    /* the base MAC itself */
    MAC_BASE_1,  /* 1 is added to the last byte */
    MAC_BASE_2,  /* 2 */
    MAC_BASE_3,  /* 3 */
    MAC_LOCAL,   /* the base MAC with the "locally administered" bit */
    MAC_LOCAL_1, /* 1 is added, and it has that bit */
    MAC_AP_S2    /* as MAC_BASE_1, but for a range that was burned twice */
};

struct chip_macs {
    uint8_t ap, bt, ethernet; /* enum chip_mac */
};

/* How an operation was verified, the best of its kind; shown by `espjig chips`. */
enum chip_proof {
    PROOF_NONE,
    PROOF_EMULATED, /* on the emulated chip only */
    PROOF_ROM,      /* against real ROM code that was executed, or its recordings */
    PROOF_SILICON
};

struct chip_tested {
    uint8_t identify, rom_write, stub_write, read, erase, baud; /* enum chip_proof */
};

struct chip {
    enum chip_id id;
    const char *key;  /* what -c takes: "esp32c3" */
    const char *name; /* "ESP32-C3" */

    int image_chip_id;   /* extended image header, byte 12; -1: has none (ESP8266) */
    uint32_t uf2_family; /* family id of UF2 files (esptool targets: UF2_FAMILY_ID; the list of
                            families is Microsoft's uf2families.json) */
    /* Word at 0x40001000, by revision; 0: no more. The ESP8266, ESP32 and ESP32-S2 are told by it;
     * the others by GET_SECURITY_INFO's chip id, and by it only under a stub that has no such
     * command. */
    uint32_t magic[4];
    uint32_t bootloader_offset;
    const char *stub;            /* base name of the stub's JSON file; NULL: there is none */
    int stub_since;              /* the revision from which on it runs, 300 for v3.0 */
    const char *stub_before;     /* the one for earlier revisions; NULL: none runs there */
    bool stub_needs_no_boot_key; /* with secure boot enabled its ROM starts no stub */

    struct chip_spi spi;
    uint32_t efuse_base;
    uint32_t mac_word[3]; /* register addresses that hold the MAC; 0: unused */
    /* UART0's clock divider, which tells the crystal; 0 where identity.crystal_mhz does. */
    uint32_t uart_clkdiv;
    uint32_t rom_baud_note; /* where in RAM the ROM keeps the rate of its UART, which stubs take
                               over: first word of UartDev (ESP-IDF: components/esp_rom); 0 */
    /* Where programs can be loaded (esptool targets: MEMORY_MAP; ESP-IDF's soc.h for the ESP32-C61,
     * H2, H21 and P4, whose maps there are another chip's; the ESP32's has the RAM that becomes its
     * caches too: bootloaders lie there). */
    struct chip_range ram[4];
    bool xtensa;                  /* else RISC-V */
    struct chip_range irom, drom; /* where flash is mapped (esptool: IROM_MAP, DROM_MAP); the
                                     ESP8266 has no drom */
    uint32_t mmu_pages;           /* page sizes of that mapping that can be chosen, each a power of
                                     2, ORed; 0: 64 KB only */
    /* Names of memory, as esptool's (MEMORY_MAP), ended by name NULL. ELF sections are merged
     * within one of them, so that it must be the same map, byte for byte. */
    const struct chip_memory *memory;
    struct chip_pins pins;

    bool rom_attach;    /* ROM has SPI_ATTACH and SPI_SET_PARAMS */
    bool rom_reg_lists; /* WRITE_REG takes several registers at once */
    bool rom_deflate;
    bool rom_md5;
    bool rom_read;          /* READ_FLASH_SLOW */
    bool rom_baud;          /* CHANGE_BAUDRATE */
    bool rom_begin_encrypt; /* FLASH_BEGIN carries a fifth word */
    bool rom_erase_bug;     /* ESP8266: FLASH_BEGIN erases too much */
    bool rom_run;           /* FLASH_END starts the program (ESP8266); elsewhere a reset does */

    unsigned rom_baud_max;  /* the highest rate at which its ROM is spoken to; bit/s */
    unsigned stub_baud_max; /* and its stub; 0: there is none */
    unsigned usb_otg_pid;   /* of 303A, when it is on its own USB-OTG; 0: has none */
    bool usb_jtag;          /* has a USB-Serial/JTAG */
    bool flash_32bit;       /* the stub reaches flash above 16 MB */
    struct chip_watchdog watchdog;
    struct chip_hard_reset hard_reset;
    struct chip_identity identity;
    struct chip_encryption encryption;
    struct chip_macs macs;
    /* What a key block of the eFuses is for, by GET_SECURITY_INFO's number; see
     * chip_key_purpose(). */
    const char *const *key_purposes; /* a NULL among them: reserved; NULL: no such numbers */
    uint8_t n_key_purposes;
    uint8_t key_blocks; /* how many key blocks it has of those seven that are reported */
    struct chip_tested tested;

    const struct chip_nibble *freqs; /* ended by name NULL */
    const struct chip_nibble *sizes; /* ended by name NULL */
};

/* NULL for CHIP_AUTO and out of range. */
const struct chip *chip_get(enum chip_id id);

/* By what -c takes: "esp32c3", "ESP32-C3", "esp32-c3"; NULL when no row has it. */
const struct chip *chip_by_name(const char *name);
const struct chip *chip_by_image_id(int image_chip_id);
/* The ESP32-E22 is never found: it shares the ESP32's. */
const struct chip *chip_by_uf2_family(uint32_t family);
const struct chip *chip_by_magic(uint32_t magic);

/* "esp8266, esp32, ...": for messages. */
const char *chip_names(void);

/* Whether flash is mapped at this address. */
bool chip_is_flash_address(const struct chip *chip, uint32_t address);

/* "DROM", "IROM": names of all memory that has this address, as esptool's map has them, in its
 * order. Returns how many. (image/memory_map.h knows more of them, for people.) */
#define CHIP_MEMORY_NAMES_MAX 8
size_t chip_memory_names(const struct chip *chip, uint32_t address,
                         const char *names[CHIP_MEMORY_NAMES_MAX]);

/* What GET_SECURITY_INFO's chip id says of a pre-series chip that no tool supports any more:
 * "ESP32-C6(beta)"; NULL when it is none. */
const char *chip_pre_series_name(int image_chip_id);

/* "XTS_AES_128_KEY"; "UNKNOWN" where this chip has no such number. */
const char *chip_key_purpose(const struct chip *chip, uint8_t number);

/* "not", "emulator", "ROM code", "silicon": how well that is verified. */
const char *chip_proof_name(uint8_t proof);

/* qio qout dio dout fastrd / 0..4; false when unknown. */
bool flash_mode_parse(const char *name, enum flash_mode *mode);
const char *flash_mode_name(enum flash_mode mode);

/* As the Flash Download Tool writes them: "QIO"; "80 MHz" for "80m", "26.7 MHz" for "26m". What has
 * no other name ("keep") is returned as it is. */
const char *flash_mode_label(enum flash_mode mode);
const char *chip_freq_label(const char *name);

/* What reads the header knows this mode. FASTRD has a number in ESP-IDF's esp_image_spi_mode_t, and
 * its bootloaders obey it (bootloader_flash_config_esp32*.c); of the ESP8266's header only four are
 * documented (esptool docs "Firmware Image Format"). esptool has no name for it. */
bool chip_has_mode(const struct chip *chip, enum flash_mode mode);

/* Looks a name up, upper or lower case ("4MB", "40m"). False when this chip has no such entry. */
bool chip_freq_parse(const struct chip *chip, const char *name, uint8_t *nibble);
bool chip_size_parse(const struct chip *chip, const char *name, uint8_t *nibble);
/* "4MB" for 4194304; "" when it has no name. Bytes of a size name; 0 when it is none. */
const char *flash_size_name(uint64_t bytes);
uint64_t flash_size_bytes(const char *name);

/* JEDEC manufacturer's name, "" when unknown. */
const char *flash_vendor_name(uint8_t manufacturer);

#endif
