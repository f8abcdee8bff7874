/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What distinguishes one kind of chip from another, as const data: a file for each in personas/,
 * their list in persona.c, their stubs' digests in stub_digest.c.
 */
#ifndef ESPJIG_EMU_PERSONA_H
#define ESPJIG_EMU_PERSONA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Boot ROMs come in three families, by the texts they print. */
enum boot_style { BOOT_ESP8266, BOOT_ESP32, BOOT_NEWER };

/* What FLASH_END 0 makes the ROM do. */
enum rom_end { ROM_END_RUN_FLASH, ROM_END_RESET, ROM_END_STAYS };

/* How a SPI controller is laid out; offsets from `base` (peers.md 3d, esptool targets). */
struct spi_layout {
    uint32_t base;
    uint8_t user, user1, user2, w0;
    uint8_t mosi_dlen, miso_dlen; /* 0: lengths are in user1 (ESP8266) */
    bool address_msb;             /* the address is left-aligned in its register */
};

/* The eFuse controller. The readable words lie in one row from `read_first` on. Burning: values go
 * to the program registers, then the opcode 5A5A to `conf`, then 2 to `cmd`. */
struct efuse_layout {
    uint32_t base;
    uint32_t read_first; /* address of the first readable word */
    uint8_t words;
    uint32_t conf, cmd;      /* 0: can't be burned through registers */
    bool block_select;       /* newer chips: one set of program registers, block number in cmd */
    uint8_t block_words[12]; /* length of each block, in words; 0 ends */
    uint32_t program[4];     /* without block_select: address of each block's program registers */
    /* Bits of block 0 that hide the blocks from `protected_from` on, one each; `protects_halves`:
     * one for each half of that block. */
    uint8_t protect_bit, protected_from, protected_blocks;
    bool protects_halves;
};

struct reg_value {
    uint32_t address, value;
};

/* One eFuse field and what it holds from the factory. Bits count from the block's first one, as
 * ESP-IDF's tables do (components/efuse/<chip>/esp_efuse_table.csv). */
struct efuse_field {
    uint8_t block, width; /* width 0 ends a list */
    uint16_t bit;
    uint32_t value;
};

/* Where GET_SECURITY_INFO takes its answer from: bits of block 0, 0 for what the chip lacks. */
struct security_layout {
    uint8_t size;      /* bytes of the answer: 12 without chip id and version, else 20 */
    uint8_t flags[11]; /* for each flag its bit: esptool loader.py, SECURITY_INFO_FLAG_MAP */
    uint8_t soft_jtag; /* 3 bits, of which an odd number disables; 0: flag 6 is a plain bit */
    uint8_t purpose, purpose_width, keys; /* key purposes, one behind the other */
    uint32_t version;                     /* last word of the answer */
};

/* The C2 has one key block without a purpose, and keys of 128 bits that SHA-256 makes longer. */
enum encryption_scheme { ENCRYPTION_NONE, ENCRYPTION_ESP32, ENCRYPTION_XTS, ENCRYPTION_XTS_C2 };

/* Flash encryption: bits of block 0. Keys are in the blocks that can be hidden. */
struct encryption_layout {
    enum encryption_scheme scheme;
    bool two_keys;              /* XTS-AES-256 as well: a key from two blocks */
    uint8_t count, count_width; /* FLASH_CRYPT_CNT, SPI_BOOT_CRYPT_CNT */
    uint8_t manual_off;         /* DISABLE_DL_ENCRYPT, DIS_DOWNLOAD_MANUAL_ENCRYPT */
};

/* Addresses [start, end) of RAM that a program can be loaded to. */
struct ram_region {
    uint32_t start, end;
};

enum reset_cause { RESET_POWER, RESET_PIN, RESET_SOFTWARE, RESET_WDT, RESET_RTC_WDT, RESET_CAUSES };

/* How the boot log names a cause. */
struct reset_name {
    uint8_t number;
    const char *text;
};

struct persona {
    const char *name;  /* "esp32": the option --chip */
    const char *title; /* "ESP32": what logs say */

    uint32_t magic; /* at 0x40001000; 0: none known */
    uint16_t image_chip_id;
    bool extended_header; /* images carry the 16 bytes with chip id and digest flag */
    uint32_t boot_offset;
    struct ram_region ram[3]; /* an empty one ends */
    bool no_stub;             /* nobody has written a flasher stub for it */

    /* ROM loader */
    uint8_t status_len;
    uint32_t commands;   /* bit n: command n is known */
    uint32_t flash_size; /* what the ROM assumes until SPI_SET_PARAMS */
    bool erase_bug;      /* FLASH_BEGIN erases too much */
    uint32_t read_hook;  /* pointer in RAM through which READ_FLASH_SLOW reads, 0: not modelled */
    bool flash_4byte;    /* its stub reaches more than 16 MB (esp-stub-lib, opiflash_exec_cmd) */
    enum rom_end end;
    uint32_t crystal_hz;       /* on the usual board */
    uint32_t crystal_other_hz; /* what a board may have instead, 0: nothing */
    /* The crystal that the ROM computes baud rates with: ESP32, measured against an imprecise 8 MHz
     * clock; ESP32-C2, always 40 MHz; ESP32-C5, what the strapping says (esptool targets,
     * change_baud). 0: the one on the board. */
    uint32_t rom_crystal_hz;
    uint32_t uart_clock_hz;      /* source of the baud divider, with the usual crystal */
    uint32_t stub_uart_clock_hz; /* the same when the stub has raised the clocks, 0: not changed */
    uint32_t uart_clkdiv;        /* address of the divider register */

    struct spi_layout spi;
    struct efuse_layout efuse;
    const struct efuse_field *factory; /* what the eFuses hold, besides the MAC */
    void (*efuse_mac)(uint32_t *words, const uint8_t mac[6]); /* words of the MAC's block */
    uint8_t mac_block;
    uint8_t mac[6]; /* when no --mac is given */
    struct security_layout security;
    struct encryption_layout encryption;
    const struct reg_value *regs; /* registers that hold something at start; address 0 ends */
    uint32_t strap_reg;           /* GPIO_STRAP, 0: not modelled */
    /* The flash is off in download mode until bits 0 and 1 of this register are set (esptool
     * targets/esp32p4.py, power_on_flash); 0: always on. */
    uint32_t flash_power_reg;
    /* The watchdog that `--after watchdog-reset` uses, 0: none. */
    uint32_t wdt_config0, wdt_config1, wdt_protect;
    /* The super watchdog, which only a port of USB-Serial/JTAG has to mind (peers.md 3d). */
    uint32_t swd_conf, swd_protect, swd_key, swd_autofeed;
    bool usb_jtag; /* has such a port, though no super watchdog (the others: swd_conf) */

    /* boot */
    enum boot_style style;
    unsigned boot_baud; /* with the usual crystal */
    uint16_t strap_flash, strap_download;
    const char *text_flash, *text_download; /* names of the two boot modes */
    const char *waiting;                    /* line that follows in download mode, may be NULL */
    const char *banner;
    const char *spi_line; /* what stands before the flash mode: "mode:" or more */
    const struct reset_name *resets;
    uint8_t speeds[4];                 /* MHz for the header's nibbles F, 0, 1 and 2 */
    uint8_t console_word, console_bit; /* eFuse that turns the ROM's interpreter off */
};

const struct persona *persona_find(const char *name);
const struct persona *persona_at(size_t i); /* NULL behind the last one */

#endif
