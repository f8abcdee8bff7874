/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What distinguishes one kind of chip from another, as const data. A further chip is one more row
 * in persona.c (and its stubs' digests in stub_digest.c).
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
};

struct reg_value {
    uint32_t address, value;
};

struct efuse_value {
    uint8_t word; /* counted from read_first */
    uint32_t value;
};

struct persona {
    const char *name;  /* "esp32": the option --chip */
    const char *title; /* "ESP32": what logs say */

    uint32_t magic; /* at 0x40001000 */
    uint16_t image_chip_id;
    bool extended_header; /* images carry the 16 bytes with chip id and digest flag */
    uint32_t boot_offset;

    /* ROM loader */
    uint8_t status_len;
    uint32_t commands;   /* bit n: command n is known */
    uint32_t flash_size; /* what the ROM assumes until SPI_SET_PARAMS */
    bool erase_bug;      /* FLASH_BEGIN erases too much */
    bool flash_4byte;    /* its stub reaches more than 16 MB (esp-stub-lib, opiflash_exec_cmd) */
    enum rom_end end;
    uint32_t crystal_hz;
    uint32_t uart_clock_hz; /* source of the baud divider */
    uint32_t uart_clkdiv;   /* address of the divider register */
    /* ESP32: the ROM measures its crystal against an imprecise 8 MHz clock and takes baud rates in
     * that measure (esptool targets/esp32.py, change_baud). 0: exact. */
    uint32_t measured_crystal_hz;

    struct spi_layout spi;
    struct efuse_layout efuse;
    const struct efuse_value *efuse_values; /* as from the factory; word 0xff ends */
    void (*efuse_mac)(uint32_t *words, const uint8_t mac[6]);
    uint8_t mac[6];               /* when no --mac is given */
    const struct reg_value *regs; /* registers that hold something at start; address 0 ends */
    uint32_t wdt_config0, wdt_config1, wdt_protect; /* RTC watchdog, 0: none */

    /* boot */
    enum boot_style style;
    unsigned boot_baud;
    uint8_t strap_flash, strap_download;
    const char *text_flash, *text_download; /* names of the two boot modes */
    const char *banner;
    uint8_t console_word, console_bit; /* eFuse that turns the ROM's interpreter off */
};

const struct persona *persona_find(const char *name);
const struct persona *persona_at(size_t i); /* NULL behind the last one */

#endif
