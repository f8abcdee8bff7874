/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/buffer.h"
#include "base/clock.h"
#include "base/util.h"
#include "image/digest.h"
#include "loader/flash.h"
#include "loader/spi.h"

#include <string.h>

enum { PACKET = 0x1000, SLOW_PACKET = 64, MD5 = 16, ACK_TIMEOUT_MS = 10000 };

struct read {
    struct loader *loader;
    const struct loader_progress *progress;
    uint32_t address, size, done;
    uint8_t *data;
    uint64_t wire_start;
};

static void report(const struct read *read)
{
    flash_progress(read->progress, read->done, read->size,
                   read->loader->wire_received - read->wire_start);
}

/* ---- the stub: frames of data, each acknowledged with the bytes received so far; then an MD5 ----
 */

static int data_frame(struct read *read, struct error *error)
{
    struct loader *loader = read->loader;
    int64_t limit = COMMAND_TIMEOUT_MS + 2 * command_wire_ms(loader, PACKET);
    int rc = command_frame(loader, clock_ms() + limit, error);

    if (rc == 0)
        return error_set(error, ERR_NO_REPLY, "READ_FLASH at 0x%08x: no data within %.1f s",
                         read->address + read->done, (double)limit / 1000);
    return rc < 0 ? rc : 0;
}

static int acknowledge(struct read *read, struct error *error)
{
    struct loader *loader = read->loader;
    struct buffer wire = {0};
    uint8_t done[4];

    le32_put(done, read->done);
    slip_encode(&wire, done, sizeof done);
    ssize_t sent = link_write(loader->link, wire.data, wire.len, ACK_TIMEOUT_MS);
    loader->wire_sent += wire.len;
    buffer_done(&wire);
    return sent < 0 ? command_link_error(loader, (int)sent, error) : 0;
}

static int check_md5(struct read *read, struct error *error)
{
    uint8_t md5[MD5];
    int rc = data_frame(read, error);

    if (rc < 0)
        return rc;
    if (read->loader->slip.len != MD5)
        return error_set(error, ERR_BAD_REPLY, "READ_FLASH at 0x%08x: %zu bytes instead of an MD5",
                         read->address, read->loader->slip.len);
    digest_md5(read->data, read->size, md5);
    if (memcmp(md5, read->loader->slip.frame, MD5) != 0)
        return error_set(error, ERR_VERIFY_FAILED,
                         "READ_FLASH at 0x%08x: %u bytes came with another MD5 than the stub says",
                         read->address, read->size);
    return 0;
}

static int read_stub(struct read *read, struct error *error)
{
    uint8_t data[16];
    struct request request = {.op = OP_READ_FLASH,
                              .data = data,
                              .n = WORDS(data, read->address, read->size, PACKET, 1),
                              .address = read->address,
                              .has_address = true};

    int rc = command_run(read->loader, &request, NULL, error);
    while (rc == 0 && read->done < read->size) {
        uint32_t want = read->size - read->done < PACKET ? read->size - read->done : PACKET;
        rc = data_frame(read, error);
        if (rc < 0)
            break;
        if (read->loader->slip.len != want)
            return error_set(error, ERR_BAD_REPLY,
                             "READ_FLASH at 0x%08x: a packet of %zu bytes instead of %u",
                             read->address + read->done, read->loader->slip.len, want);
        memcpy(read->data + read->done, read->loader->slip.frame, want);
        read->done += want;
        rc = acknowledge(read, error);
        report(read);
    }
    return rc < 0 ? rc : check_md5(read, error);
}

/* ---- the ROM: 64 bytes at a time ---- */

static int rom_packet(struct read *read, uint32_t n, uint8_t bytes[SLOW_PACKET],
                      struct error *error)
{
    uint8_t data[8];
    uint32_t address = read->address + read->done;
    struct reply reply;
    /* 64 bytes come, however few were asked for. */
    struct request request = {.op = OP_READ_FLASH_SLOW,
                              .data = data,
                              .n = WORDS(data, address, n),
                              .reply_n = SLOW_PACKET,
                              .address = address,
                              .has_address = true};
    struct spi_command command = {
        .opcode = SPI_READ, .address_bits = 24, .address = address, .read_n = SLOW_PACKET};

    if (!read->loader->chip->rom_read)
        return spi_run(read->loader, &command, bytes, error);
    int rc = command_run(read->loader, &request, &reply, error);
    memcpy(bytes, reply.data, SLOW_PACKET);
    return rc;
}

static int read_rom(struct read *read, struct error *error)
{
    while (read->done < read->size) {
        uint8_t bytes[SLOW_PACKET];
        uint32_t left = read->size - read->done, n = left < SLOW_PACKET ? left : SLOW_PACKET;
        int rc = rom_packet(read, n, bytes, error);
        if (rc < 0)
            return rc;
        memcpy(read->data + read->done, bytes, n);
        read->done += n;
        report(read);
    }
    return 0;
}

int loader_flash_read(struct loader *loader, uint32_t address, uint32_t size, uint8_t *data,
                      const struct loader_progress *progress, struct error *error)
{
    struct read read = {.loader = loader,
                        .progress = progress,
                        .address = address,
                        .size = size,
                        .data = data,
                        .wire_start = loader->wire_received};

    if (size == 0)
        return 0;
    if (loader->secure_download)
        return error_set(error, ERR_NOT_POSSIBLE,
                         "the flash can't be read in Secure Download Mode");
    int rc = flash_check_range(loader, address, size, error);
    if (rc < 0)
        return rc;
    report(&read);
    return loader->stage == STAGE_STUB ? read_stub(&read, error) : read_rom(&read, error);
}
