/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Puts a stub into the chip's RAM and starts it (Espressif, "Serial Protocol", RAM download). */
#include "base/clock.h"
#include "loader/command.h"

#include <string.h>

enum { OHAI_TIMEOUT_MS = 3000 };

static int upload(struct loader *loader, const struct stub_segment *segment, struct error *error)
{
    uint8_t data[16];
    uint32_t size = (uint32_t)segment->size;
    uint32_t blocks = (size + RAM_BLOCK - 1) / RAM_BLOCK;
    struct request begin = {.op = OP_MEM_BEGIN,
                            .data = data,
                            .n = WORDS(data, size, blocks, RAM_BLOCK, segment->address),
                            .address = segment->address,
                            .has_address = true};

    int rc = command_run(loader, &begin, NULL, error);
    for (uint32_t i = 0; i < blocks && rc == 0; i++) {
        uint32_t at = i * RAM_BLOCK;
        uint32_t n = size - at < RAM_BLOCK ? size - at : RAM_BLOCK;
        struct request block = {.op = OP_MEM_DATA,
                                .data = data,
                                .n = WORDS(data, n, i, 0, 0),
                                .payload = segment->data + at,
                                .payload_n = n,
                                .address = segment->address + at,
                                .has_address = true};
        rc = command_run(loader, &block, NULL, error);
    }
    return rc;
}

/* The ROM's answer to MEM_END may be lost when the stub takes over the UART: only the greeting
 * counts. */
static int start(struct loader *loader, const struct stub *stub, struct error *error)
{
    uint8_t data[8];
    struct request end = {.op = OP_MEM_END,
                          .data = data,
                          .n = WORDS(data, 0, stub->entry),
                          .address = stub->entry,
                          .has_address = true};
    int64_t deadline = clock_ms() + OHAI_TIMEOUT_MS;

    int rc = command_send(loader, &end, error);
    while (rc == 0 && (rc = command_frame(loader, deadline, error)) > 0) {
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
        rc = 0;
    }
    return rc < 0 ? rc
                  : error_set(error, ERR_STUB_FAILED, "it did not report within %d s",
                              OHAI_TIMEOUT_MS / 1000);
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

    for (size_t i = 0; i < stub->n_segments && rc == 0; i++)
        rc = upload(loader, &stub->segments[i], &own);
    if (rc == 0)
        rc = start(loader, stub, &own);
    if (rc == 0) {
        loader->stage = STAGE_STUB;
        loader->stub_version = stub->version;
        loader->spi_saved = false;
        return 0;
    }
    if (rc == ERR_CANCELLED || rc == ERR_PORT_LOST)
        return error_set(error, (enum err)rc, "%s", own.text);
    return error_set(error, ERR_STUB_FAILED, "the stub %s could not be started: %s", stub->path,
                     own.text);
}
