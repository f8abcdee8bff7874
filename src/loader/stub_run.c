/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Puts a stub into the chip's RAM and starts it (Espressif, "Serial Protocol", RAM download). */
#include "base/clock.h"
#include "loader/command.h"
#include "loader/connect.h"

#include <string.h>

enum {
    OHAI_TIMEOUT_MS = 3000,
    OHAI_RAISED_MS = 200, /* it takes some 25 ms to come up */
    SYNC_TRIES = 4,
    SYNC_TIMEOUT_MS = 200,
    S3_SECURE_BOOT_WORD = 0x38, /* from the eFuses' start; bit 20: secure boot */
    S3_READ_POINTER = 0x3FCEF688
};

int stub_check_ram(const struct stub *stub, const struct chip *chip, struct error *error)
{
    for (size_t i = 0; i < stub->n_segments; i++) {
        const struct stub_segment *segment = &stub->segments[i];
        if (!loader_ram_holds(chip, segment->address, segment->size))
            return error_set(error, ERR_STUB_FILE,
                             "%s: %zu bytes at 0x%08x do not lie in the %s's RAM", stub->path,
                             segment->size, segment->address, chip->name);
    }
    return 0;
}

/* Waits for the greeting. The ROM's answer to MEM_END may be lost when the stub takes over. */
static int greeting(struct loader *loader, int64_t ms, struct error *error)
{
    int64_t deadline = clock_ms() + ms;
    int rc;

    while ((rc = command_frame(loader, deadline, error)) > 0) {
        enum op op;
        const uint8_t *frame = loader->slip.frame;
        if (loader->slip.len == 4 && memcmp(frame, "OHAI", 4) == 0)
            return 0;
        bool reply = command_frame_is_reply(loader, &op);
        if (!reply)
            command_frame_reject(loader);
        else if (op == OP_MEM_END && frame[8] != 0)
            return error_set(error, ERR_STUB_FAILED, "the ROM answered %02x %02x (%s)", frame[8],
                             frame[9], command_status_text((uint16_t)(frame[8] << 8 | frame[9])));
    }
    return rc < 0 ? rc
                  : error_set(error, ERR_STUB_FAILED, "it did not report within %.1f s",
                              (double)ms / 1000);
}

static bool is_raised(const struct loader *loader)
{
    return loader->connect_baud != 0 && loader->link->baud != loader->connect_baud;
}

/* Stubs that raise the clock of ESP32, ESP32-S2 and ESP32-P4 set their UART anew, to the rate that
 * the ROM has noted (esp-flasher-stub 1.1.0: main.c); whether a ROM notes the one that it was
 * changed to is not known. Where it is known where it keeps it, it is told. */
static int note_rate(struct loader *loader, struct error *error)
{
    uint32_t note = loader->chip->rom_baud_note, noted;
    unsigned baud = loader->link->baud;

    if (note == 0 || !is_raised(loader))
        return 0;
    int rc = loader_read_reg(loader, note, &noted, error);
    if (rc < 0 || noted == baud || (noted != 0 && noted > 2 * loader->connect_baud))
        return rc;
    return loader_write_reg(loader, note, baud, error);
}

/* Elsewhere it is also looked for at the rate of before. */
static int greeting_at_connect_baud(struct loader *loader, struct error *error)
{
    struct error own = {0};
    int rc = link_set_baud(loader->link, loader->connect_baud);

    if (rc < 0)
        return command_link_error(loader, rc, error);
    for (int i = 0; i < SYNC_TRIES; i++) {
        command_discard(loader);
        rc = loader_sync(loader, SYNC_TIMEOUT_MS, &own);
        if (rc == 0 && loader->stage == STAGE_STUB)
            return 0;
        if (rc == ERR_CANCELLED || rc == ERR_PORT_LOST)
            return error_set(error, (enum err)rc, "%s", own.text);
        error_clear(&own);
    }
    return error_set(error, ERR_STUB_FAILED, "it reports neither at the new rate nor at %u baud",
                     loader->connect_baud);
}

static int await(struct loader *loader, struct error *error)
{
    struct error own = {0};

    if (!is_raised(loader))
        return greeting(loader, OHAI_TIMEOUT_MS, error);
    int rc = greeting(loader, OHAI_RAISED_MS, &own);
    if (rc == ERR_STUB_FAILED)
        return greeting_at_connect_baud(loader, error);
    return rc < 0 ? error_set(error, (enum err)rc, "%s", own.text) : 0;
}

static int jump(struct loader *loader, const struct stub *stub, struct error *error)
{
    uint8_t data[8];
    struct request end = {.op = OP_MEM_END,
                          .data = data,
                          .n = WORDS(data, 0, stub->entry),
                          .address = stub->entry,
                          .has_address = true};
    int rc = command_send(loader, &end, error);

    return rc < 0 ? rc : await(loader, error);
}

/* The ESP32-S3's ROM does not jump when secure boot is on. But it reads the flash through a pointer
 * in RAM: that is turned to the stub, and back once it runs (esptool loader.py: run_stub). */
static int jump_by_read(struct loader *loader, const struct stub *stub, struct error *error)
{
    uint8_t data[8];
    uint32_t before;
    struct request end = {.op = OP_MEM_END, .data = data, .n = WORDS(data, 1, 0)};
    struct request read = {.op = OP_READ_FLASH_SLOW};

    int rc = command_run(loader, &end, NULL, error);
    if (rc == 0)
        rc = loader_read_reg(loader, S3_READ_POINTER, &before, error);
    if (rc == 0)
        rc = loader_write_reg(loader, S3_READ_POINTER, stub->entry, error);
    if (rc == 0) {
        read.data = data;
        read.n = WORDS(data, 0, 0);
        rc = command_send(loader, &read, error);
    }
    if (rc == 0)
        rc = await(loader, error);
    if (rc < 0)
        return rc;
    loader->stage = STAGE_STUB; /* which answers now */
    return loader_write_reg(loader, S3_READ_POINTER, before, error);
}

static int start(struct loader *loader, const struct stub *stub, struct error *error)
{
    uint32_t word = 0;
    int rc = 0;

    if (loader->chip->id == CHIP_ESP32S3)
        rc =
            loader_read_efuse(loader, loader->chip->efuse_base + S3_SECURE_BOOT_WORD, &word, error);
    if (rc == 0)
        rc = note_rate(loader, error);
    if (rc < 0)
        return rc;
    return word & 1 << 20 ? jump_by_read(loader, stub, error) : jump(loader, stub, error);
}

int loader_stub_run(struct loader *loader, const struct stub *stub, struct error *error)
{
    struct error own = {0};
    int rc = 0;

    if (loader->stage == STAGE_STUB)
        return 0;
    if (loader->secure_download)
        return error_set(error, ERR_NOT_POSSIBLE,
                         "a stub can't be started in Secure Download Mode");

    rc = stub_check_ram(stub, loader->chip, error);
    if (rc < 0)
        return rc;
    for (size_t i = 0; i < stub->n_segments && rc == 0; i++)
        rc = loader_ram_write(loader, stub->segments[i].address, stub->segments[i].data,
                              stub->segments[i].size, NULL, &own);
    if (rc == 0)
        rc = start(loader, stub, &own);
    if (rc == 0) {
        loader->stage = STAGE_STUB;
        loader->stub_version = stub->version;
        loader->spi_saved = false;
        return 0;
    }
    loader->stage = STAGE_ROM;
    if (rc == ERR_CANCELLED || rc == ERR_PORT_LOST)
        return error_set(error, (enum err)rc, "%s", own.text);
    return error_set(error, ERR_STUB_FAILED, "the stub %s could not be started: %s", stub->path,
                     own.text);
}
