/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The conversation with one chip's ROM loader or with the flasher stub. Straight-line and blocking;
 * every wait has a deadline and ends on the link's cancel. A caller does, in this order:
 *
 *     loader_init, loader_connect, loader_identify, [loader_stub_run], [loader_set_baud],
 * loader_flash_attach, then any of flash_write, flash_md5, flash_erase, flash_read ..., and
 * loader_leave.
 *
 * All functions return 0 or a negative enum err and fill *error. After ERR_PORT_LOST, ERR_NO_REPLY
 * or ERR_BAD_REPLY the loader's state is unknown: connect again. Protocol facts: Espressif, "Serial
 * Protocol" (esptool docs), and recordings of real ROMs.
 */
#ifndef ESPJIG_LOADER_LOADER_H
#define ESPJIG_LOADER_LOADER_H

#include "base/buffer.h"
#include "base/error.h"
#include "base/log.h"
#include "chip/chip.h"
#include "image/image.h"
#include "link/link.h"
#include "loader/slip.h"
#include "loader/stub.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum loader_before { /* --before */
                     BEFORE_DEFAULT_RESET,
                     BEFORE_USB_RESET,
                     BEFORE_NO_RESET,
                     BEFORE_NO_RESET_NO_SYNC
};

enum loader_after { /* --after */
                    AFTER_HARD_RESET,
                    AFTER_SOFT_RESET,
                    AFTER_NO_RESET,
                    AFTER_NO_RESET_STUB,
                    AFTER_WATCHDOG_RESET
};

/* esptool v5's words, and v4's with underscores; false when it is none. */
bool loader_before_parse(const char *word, enum loader_before *before);
bool loader_after_parse(const char *word, enum loader_after *after);
const char *loader_before_name(enum loader_before before);
const char *loader_after_name(enum loader_after after);

enum loader_stage { STAGE_NONE, STAGE_ROM, STAGE_STUB };

/* Reply to GET_SECURITY_INFO (Espressif, "Serial Protocol"; esptool loader.py,
 * get_security_info). */
struct security_info {
    uint32_t flags;          /* bit 0 secure boot, bit 2 Secure Download Mode; see the table in
                                security.c */
    uint8_t flash_crypt_cnt; /* an odd number of bits: flash encryption is on */
    uint8_t key_purposes[7];
    int chip_id;     /* -1: not told (ESP32-S2) */
    int api_version; /* -1: not told */
};

/* The bits of its `flags`, under Espressif's names; ended by name NULL. The same on all chips. */
struct security_flag {
    uint32_t mask;
    const char *name; /* "SECURE_BOOT_EN" */
    const char *text; /* "secure boot is on" */
};
extern const struct security_flag security_flags[];
enum { SECURITY_SECURE_BOOT = 1 << 0, SECURITY_SECURE_DOWNLOAD = 1 << 2 };
bool security_flash_encrypted(const struct security_info *info);

/* A word of the chip that does not change while it is connected: of its eFuses. */
struct loader_word {
    uint32_t address, value;
};

struct loader {
    struct link *link;     /* not owned */
    const struct log *log; /* may be NULL */
    const struct chip *chip;
    enum loader_stage stage;
    unsigned connect_baud; /* at which loader_connect was done */
    int stub_version;      /* 1 or 2 in STAGE_STUB, when known; else 0 */
    bool secure_download;  /* Secure Download Mode: hardly anything is allowed */
    bool security_known;   /* the chip told: */
    struct security_info security;
    int revision;                 /* of the chip, 301 for v3.1; -1: not known (yet) */
    struct loader_word words[24]; /* that loader_read_efuse has read */
    size_t n_words;
    uint64_t flash_size;     /* bytes that can be reached; 0: before loader_flash_attach */
    const char *flash_limit; /* why that may be less than the flash has, for texts; or NULL */
    struct slip_decoder slip;
    char boot_log[2048]; /* text seen from the chip while connecting, NUL-terminated; evidence for
                            hints */
    unsigned requests;   /* round trips so far */
    uint64_t wire_sent;  /* bytes put on the wire */
    uint64_t wire_received;
    bool prove_block;     /* the next flash_write to a stub asks for the MD5 of its first block as
                             soon as it is written, and fails with ERR_MD5_MISMATCH; it then resets
                             this. (Not when all fits one block: it is confirmed as a whole.) */
    unsigned listen_baud; /* what the program that loader_leave starts is heard at: the link is at
                             it before the reset; 0: does not matter */
    bool resets;          /* the chip can be reset from here */
    double rom_scale; /* what the ROM is to be told for a rate, divided by it; 0: not known yet */
    /* Bytes were damaged on the way, or nobody has seen the rate carry much: what is not answered
     * soon is not waited for as long as the slowest flash may take. */
    bool line_suspect;
    int64_t slowest_ms; /* that the stub has needed to take a block */
    uint32_t rom_value; /* value field of the last reply */
    uint16_t status;    /* of the last reply: two bytes, the first one in the high half; 0: done */
    uint32_t spi_usr, spi_usr2; /* of the SPI controller, as found: see spi.c */
    bool spi_saved;
    uint8_t rx[1024]; /* received, not yet decoded: rx[rx_pos..rx_len) */
    size_t rx_pos, rx_len;
};

/* Called while something long runs. done and total are image bytes; wire is bytes sent or received.
 * Must not block. */
struct loader_progress {
    void (*put)(void *context, uint64_t done, uint64_t total, uint64_t wire);
    void *context;
};

struct connect_options {
    enum chip_id chip; /* CHIP_AUTO: detect; else ERR_WRONG_CHIP when it is another */
    enum loader_before before;
    int attempts;      /* reset-and-sync rounds; <= 0: for ever (until cancelled) */
    const char *reset; /* NULL, or a custom sequence (link/reset.h) instead of the usual ones */
    void (*attempt)(void *context, int attempt, int attempts); /* NULL, or told before each round */
    void *context;
};

/* What identify found. Texts are "" where the chip does not tell. */
struct chip_facts {
    enum chip_id chip;
    char name[64];     /* "ESP32-D0WD-V3", "ESP32-C3 (QFN32)" */
    char revision[16]; /* "v3.0"; "": has none or does not tell */
    uint8_t mac[6];
    char mac_text[24];   /* "24:0a:c4:00:12:34" */
    char eui64_text[32]; /* "60:55:f9:ff:fe:f7:2c:a2", where the chip has one */
    char mac_ap[24], mac_bt[24], mac_ethernet[24]; /* derived as ESP-IDF does; "": has no such */
    unsigned crystal_mhz;                          /* 0: not known */
    char features[192];                            /* "Wi-Fi, BT, Dual Core, 240MHz" */
    char usb_mode[24];                             /* "", "USB-Serial/JTAG", "USB-OTG" */
    bool secure_boot, flash_encryption, secure_download;
    bool secure_boot_v1;  /* of the first kind, which only the ESP32 has */
    char security[64];    /* "none", or what is enabled, for people */
    bool stub_possible;   /* a flasher stub can run on this very chip */
    char stub_reason[96]; /* why not; "" when it can */
};

struct flash_facts {
    uint8_t manufacturer; /* JEDEC */
    uint16_t device;
    uint64_t fitted; /* bytes, as its id says; 0: it does not tell */
    uint64_t size;   /* of them, those that are used: what was asked for, else all; 0: not known */
    char vendor[32]; /* "" when unknown */
    char mode_limits[64]; /* "quad (4 data lines)" or "" */
};

void loader_init(struct loader *loader, struct link *link, const struct log *log);

/* Resets into the download mode, syncs, and detects the chip (security info, then magic value). On
 * return the ROM or a stub that was already running answers. Errors: ERR_NO_SYNC,
 * ERR_WRONG_BOOT_MODE, ERR_NOISE, ERR_WRONG_CHIP, ERR_CHIP_UNSUPPORTED (text has the name),
 * and the link's. loader->boot_log is filled in any case. */
int loader_connect(struct loader *loader, const struct connect_options *options,
                   struct error *error);

int loader_identify(struct loader *loader, struct chip_facts *facts, struct error *error);

/* Whether the port is the chip's own USB-Serial/JTAG, or its own USB-OTG (then ROM and stub take
 * blocks of 0x800 bytes only). The host knows best: by the port's USB ids. */
bool loader_usb_jtag(const struct loader *loader);
bool loader_usb_otg(const struct loader *loader);

/* Base name of the stub's file for this very chip ("esp32p4-rev1" for an ESP32-P4 before v3.0),
 * once it is identified; NULL: there is none. */
const char *loader_stub_name(const struct loader *loader);

/* Uploads and starts the stub. Nothing happens when one runs already. The rate may have been raised
 * before: a stub that comes up at the connecting rate is found there. ERR_STUB_FAILED leaves the
 * chip unusable until the next connect. */
int loader_stub_run(struct loader *loader, const struct stub *stub, struct error *error);

/* Both sides to `baud`, proved by an echo of varied bytes. When they do not get through, both go
 * back, which the log says, and 0 is returned: link->baud tells. ERR_NOT_POSSIBLE where the ROM
 * can't (ESP8266): nothing changed then. */
int loader_set_baud(struct loader *loader, unsigned baud, struct error *error);

/* The present rate does not hold: both sides to `baud`, by any of many tries where the chip can't
 * be reset. ERR_NO_REPLY: no way back was found, nobody knows where the chip is. */
int loader_baud_down(struct loader *loader, unsigned baud, struct error *error);

/* --spi-connection: which pins the flash is on. */
struct spi_connection {
    bool given;
    uint32_t value; /* SPI_ATTACH's word: 0 SPI, 1 HSPI, or hd<<24 | cs<<18 | d<<12 | q<<6 | clk */
};
/* "SPI", "HSPI" or "CLK,Q,D,HD,CS"; ERR_USAGE names what is wrong. Which pins a chip has is
 * checked by loader_flash_attach. */
int spi_connection_parse(const char *text, struct spi_connection *connection, struct error *error);

/* Makes the flash usable and finds out what it is. When not 0, `size` counts instead of the
 * detected size, unless it is larger. `connection` may be NULL. ERR_NO_FLASH when the flash
 * answers with all ones or zeros. */
int loader_flash_attach(struct loader *loader, const struct spi_connection *connection,
                        uint64_t size, struct flash_facts *facts, struct error *error);

/* Writes one region: erase, all blocks, and the command that flushes the last block's error.
 * Compressed when region->deflated and the loader can; region->front is needed at an
 * address in mid-sector. Where region->encrypted the chip encrypts it: address and size are
 * multiples of chip->encryption.align then, and a sector begins there. Does not verify. No block is
 * ever sent twice where that could corrupt: on doubt it fails. `wire` of the progress is counted
 * from the region's start. */
int loader_flash_write(struct loader *loader, const struct region *region,
                       const struct loader_progress *progress, struct error *error);

/* The frames of region->deflated as the stub takes them, checksums and SLIP included, appended to
 * `bytes` (offsets are from its start); *blocks is a malloc'ed array of *n. Needs no chip: it is
 * done once for all ports. ERR_INTERNAL when `deflated` is no zlib stream: nothing appended. */
int loader_frames_build(const uint8_t *deflated, size_t size, struct buffer *bytes,
                        struct wire_block **blocks, size_t *n, struct error *error);

/* Whether the present loader takes data that the chip is to encrypt on its way: none on the
 * ESP8266, on the ESP32 only the stub. */
bool loader_can_encrypt(const struct loader *loader);
/* The same of this very chip and stub: a key is burned, no eFuse forbids it, the stub is not too
 * old. ERR_SECURED or ERR_NOT_POSSIBLE say what is missing. In Secure Download Mode, where the chip
 * tells hardly anything, 0 means no more than that nothing speaks against it. */
int loader_encrypt_check(struct loader *loader, struct error *error);
/* Whether the key of its flash encryption is in the Key Manager, which keeps what it needs to find
 * it in the flash below 0x2000 (esptool cmds.py: write_flash). */
int loader_key_manager(struct loader *loader, bool *used, struct error *error);

/* Whether loader_flash_md5 is possible in the present stage. */
bool loader_can_md5(const struct loader *loader);
int loader_flash_md5(struct loader *loader, uint32_t address, uint32_t size, uint8_t md5[16],
                     struct error *error);

/* Reads into `data`. By the stub (its MD5 is checked: ERR_VERIFY_FAILED), the ROM's
 * READ_FLASH_SLOW, or, on the ESP8266's ROM, the SPI controller's registers. */
int loader_flash_read(struct loader *loader, uint32_t address, uint32_t size, uint8_t *data,
                      const struct loader_progress *progress, struct error *error);

/* Erases; address and size are multiples of 4096. The whole chip: ROM does it by region where it
 * has no such command. */
int loader_flash_erase(struct loader *loader, uint32_t address, uint32_t size,
                       const struct loader_progress *progress, struct error *error);
int loader_flash_erase_all(struct loader *loader, const struct loader_progress *progress,
                           struct error *error);

/* Whether a function that failed with `code` may have failed because of what the line did to the
 * bytes, so that a lower rate could help. */
bool loader_is_line_trouble(const struct loader *loader, enum err code);

/* Ends the conversation: resets as asked. A link without lines can't hard-reset: says so in the log
 * and returns 0. Where a soft reset or one by the watchdog is not possible, a warning says why and
 * a hard reset does it (ERR_NOT_POSSIBLE: a soft reset without lines). */
int loader_leave(struct loader *loader, enum loader_after after, struct error *error);

/* ---- what needs no flash ---- */

int loader_security_info(struct loader *loader, struct security_info *info, struct error *error);

/* Whether the chip has RAM there that programs can be loaded to. */
bool loader_ram_holds(const struct chip *chip, uint32_t address, uint64_t size);

/* Memory or registers, a word at a time: neither ROM nor stub has anything faster. */
int loader_ram_read(struct loader *loader, uint32_t address, uint8_t *data, size_t n,
                    const struct loader_progress *progress, struct error *error);

/* Into the chip's RAM, without running it: MEM_BEGIN and MEM_DATA. ERR_NOT_POSSIBLE while a stub
 * runs there. `wire` of the progress is counted from the beginning of the call. */
int loader_ram_write(struct loader *loader, uint32_t address, const uint8_t *data, size_t n,
                     const struct loader_progress *progress, struct error *error);
/* Jumps there; the loader is gone then (STAGE_NONE). */
int loader_ram_run(struct loader *loader, uint32_t entry, struct error *error);

/* Tells the chip to start the program in the flash without a reset (esptool: run); the loader is
 * gone then. Only where chip->rom_run it is sure to happen. ERR_NOT_POSSIBLE where the stub that
 * runs has no such command. */
int loader_run(struct loader *loader, struct error *error);

/* ---- the flash chip's own registers; loader_flash_attach must have been done ---- */

/* RDSR, RDSR2, RDSR3: `bytes` is 1 to 3 of them, low byte first. Writing waits until the flash is
 * ready again and reads back: *now is what it holds, ERR_VERIFY_FAILED when that is not what was
 * written but for the two bits that come and go. Without `non_volatile` the value is lost when the
 * flash loses its power or is reset, as by loader_flash_attach. */
int loader_flash_status_read(struct loader *loader, unsigned bytes, uint32_t *status,
                             struct error *error);
int loader_flash_status_write(struct loader *loader, unsigned bytes, uint32_t status,
                              bool non_volatile, uint32_t *now, struct error *error);
/* n bytes, at most FLASH_SFDP_MAX, of the SFDP tables (JESD216) from `address` on. */
enum { FLASH_SFDP_MAX = 64 };
int loader_flash_sfdp(struct loader *loader, uint32_t address, uint8_t *data, size_t n,
                      struct error *error);

/* Word of the eFuses, by its address: asked from the chip once. */
int loader_read_efuse(struct loader *loader, uint32_t address, uint32_t *value,
                      struct error *error);

/* One write to a register of the chip. Of the register only the bits in `mask` are changed, by the
 * chip itself. */
struct reg_write {
    uint32_t address, value;
    uint32_t mask;     /* 0xFFFFFFFF: all of it */
    uint32_t delay_us; /* at least that long after the write before it in the list */
};
/* In as few WRITE_REG frames as the loader takes: 60 writes in each, or one in the ESP8266's ROM,
 * of which nobody says that it takes more (seen in recordings of ESP32 and ESP32-C3). */
int loader_write_regs(struct loader *loader, const struct reg_write *writes, size_t n,
                      struct error *error);

/* Single registers, also words of memory. */
int loader_read_reg(struct loader *loader, uint32_t address, uint32_t *value, struct error *error);
int loader_write_reg(struct loader *loader, uint32_t address, uint32_t value, struct error *error);
/* Only the bits of `mask` are changed, by the chip itself. */
int loader_write_reg_masked(struct loader *loader, uint32_t address, uint32_t value, uint32_t mask,
                            struct error *error);

#endif
