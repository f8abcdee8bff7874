/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "loader/command.h"

#include "base/clock.h"
#include "base/util.h"

#include <stdio.h>
#include <string.h>

enum {
    HEADER = 8,
    CHECKSUM_SEED = 0xEF,
    REPLIES_SKIPPED_MAX = 100, /* an ESP8266 answers SYNC more often than it should */
    WRITE_TIMEOUT_MS = 10000,
    QUIET_MS = 50,
    REG_WRITES_MAX = 16
};

void loader_init(struct loader *loader, struct link *link, const struct log *log)
{
    memset(loader, 0, sizeof *loader);
    loader->link = link;
    loader->log = log;
    loader->revision = -1;
    slip_decoder_init(&loader->slip);
}

size_t command_words(uint8_t *to, size_t count, const uint32_t *words)
{
    for (size_t i = 0; i < count; i++)
        le32_put(to + 4 * i, words[i]);
    return 4 * count;
}

int64_t command_limit_ms(uint64_t bytes, unsigned seconds_per_mb)
{
    int64_t ms = (int64_t)(bytes * seconds_per_mb / 1000);
    return ms > COMMAND_TIMEOUT_MS ? ms : COMMAND_TIMEOUT_MS;
}

int64_t command_wire_ms(const struct loader *loader, size_t bytes)
{
    uint64_t baud = loader->link->baud ? loader->link->baud : 115200;
    return (int64_t)(bytes * 10 * 1000 / baud) + 1;
}

int command_link_error(const struct loader *loader, int code, struct error *error)
{
    const struct error *cause = &loader->link->error;

    if (code == ERR_CANCELLED)
        return error_set(error, ERR_CANCELLED, "stopped on request");
    if (cause->code == code && cause->text[0] != '\0')
        return error_set(error, (enum err)code, "%s", cause->text);
    return error_set(error, (enum err)code, "%s: the port failed", loader->link->address);
}

/* ---- receiving ---- */

/* Keeps the latest text; what is no text is shown as a dot. */
static void text_note(struct loader *loader, const uint8_t *bytes, size_t n)
{
    size_t room = sizeof loader->boot_log - 1;

    log_rx(loader->log, bytes, n);
    if (n > room) {
        bytes += n - room;
        n = room;
    }
    size_t len = strlen(loader->boot_log);
    if (len + n > room) {
        size_t drop = len + n - room;
        memmove(loader->boot_log, loader->boot_log + drop, len - drop);
        len -= drop;
    }
    for (size_t i = 0; i < n; i++) {
        uint8_t c = bytes[i];
        bool text = (c >= 0x20 && c < 0x7F) || c == '\r' || c == '\n' || c == '\t' || c == 0x1B;
        loader->boot_log[len++] = text ? (char)c : '.';
    }
    loader->boot_log[len] = '\0';
}

void command_frame_reject(struct loader *loader)
{
    text_note(loader, loader->slip.frame, loader->slip.len);
    slip_decoder_init(&loader->slip);
    loader->slip.inside = true;
}

void command_discard(struct loader *loader)
{
    if (loader->slip.inside)
        text_note(loader, loader->slip.frame, loader->slip.len);
    slip_decoder_init(&loader->slip);
    loader->rx_pos = loader->rx_len = 0;
    link_discard_input(loader->link);
}

/* Decodes what has been received up to the end of a frame. Text is handed on in one piece. */
static bool decode(struct loader *loader)
{
    size_t text = loader->rx_pos; /* rx[text..rx_pos) is outside of frames */
    bool frame = false;

    while (!frame && loader->rx_pos < loader->rx_len) {
        enum slip_event event = slip_decode(&loader->slip, loader->rx[loader->rx_pos]);
        if (event != SLIP_TEXT) {
            text_note(loader, loader->rx + text, loader->rx_pos - text);
            text = loader->rx_pos + 1;
        }
        frame = event == SLIP_FRAME;
        loader->rx_pos++;
    }
    text_note(loader, loader->rx + text, loader->rx_pos - text);
    return frame;
}

int command_frame(struct loader *loader, int64_t deadline, struct error *error)
{
    for (;;) {
        if (decode(loader))
            return 1;

        int64_t left = deadline - clock_ms();
        if (left <= 0)
            return 0;
        ssize_t n = link_read(loader->link, loader->rx, sizeof loader->rx,
                              left < 60000 ? (int)left : 60000);
        if (n < 0)
            return command_link_error(loader, (int)n, error);
        loader->rx_pos = 0;
        loader->rx_len = (size_t)n;
        loader->wire_received += (size_t)n;
    }
}

bool command_frame_is_reply(const struct loader *loader, enum op *op)
{
    const uint8_t *frame = loader->slip.frame;
    size_t len = loader->slip.len;

    if (len < HEADER + 2 || frame[0] != 1 || le16_get(frame + 2) != len - HEADER)
        return false;
    *op = (enum op)frame[1];
    return true;
}

/* ---- one request ---- */

/* "FLASH_DATA at 0x00010000" */
static const char *request_name(const struct request *request, char *to, size_t size)
{
    if (request->has_address)
        snprintf(to, size, "%s at 0x%08x", command_op_name(request->op), request->address);
    else
        util_copy(to, size, command_op_name(request->op));
    return to;
}

static uint32_t checksum(const struct request *request)
{
    uint32_t sum = CHECKSUM_SEED;

    if (request->payload == NULL)
        return 0;
    for (size_t i = 0; i < request->payload_n; i++)
        sum ^= request->payload[i];
    return request->fill % 2 ? sum ^ 0xFF : sum;
}

void command_encode(struct buffer *wire, const struct request *request)
{
    static const uint8_t blank = 0xFF;
    uint8_t header[HEADER] = {0, (uint8_t)request->op};
    size_t n = request->n + request->payload_n + request->fill;

    header[2] = (uint8_t)n;
    header[3] = (uint8_t)(n >> 8);
    le32_put(header + 4, checksum(request));
    buffer_reserve(wire, HEADER + n + n / 32); /* one piece of memory, but for many escapes */
    slip_end(wire);
    slip_append(wire, header, sizeof header);
    slip_append(wire, request->data, request->n);
    slip_append(wire, request->payload, request->payload_n);
    for (size_t i = 0; i < request->fill; i++)
        slip_append(wire, &blank, 1);
    slip_end(wire);
}

int command_send_wire(struct loader *loader, const struct request *request, const uint8_t *wire,
                      size_t n, struct error *error)
{
    int64_t limit = WRITE_TIMEOUT_MS + 2 * command_wire_ms(loader, n);
    ssize_t sent = link_write(loader->link, wire, n, (int)limit);

    if (sent > 0) {
        loader->wire_sent += n;
        loader->requests++;
    }
    if (sent >= 0)
        return 0;

    char name[64];
    command_link_error(loader, (int)sent, error);
    error_context(error, "%s", request_name(request, name, sizeof name));
    return (int)sent;
}

int command_send(struct loader *loader, const struct request *request, struct error *error)
{
    struct buffer wire = {0};

    command_encode(&wire, request);
    int rc = command_send_wire(loader, request, wire.data, wire.len, error);
    buffer_done(&wire);
    return rc;
}

static void reply_take(struct loader *loader, const struct request *request, struct reply *reply)
{
    const uint8_t *frame = loader->slip.frame;

    reply->value = loader->rom_value = le32_get(frame + 4);
    reply->n = loader->slip.len - HEADER;
    memset(reply->data, 0, sizeof reply->data);
    memcpy(reply->data, frame + HEADER,
           reply->n < sizeof reply->data ? reply->n : sizeof reply->data);

    /* A short answer is a bare status: nothing came of the data that was asked for. */
    size_t at = reply->n >= request->reply_n + 2 ? request->reply_n : 0;
    uint8_t first = frame[HEADER + at], second = frame[HEADER + at + 1];
    reply->status = loader->status = (uint16_t)(first ? first << 8 | second : 0);
}

/* As its answer to an unknown command has the number of the one before, the ROM gives it as often
 * as it would to that: after SYNC eight times. Lets the others pass by, but does not wait for what
 * may never come. */
static int drain(struct loader *loader, enum op answered, struct error *error)
{
    int rc = 1;

    for (int i = 1; rc > 0 && answered == OP_SYNC && i < COMMAND_SYNC_REPLIES; i++)
        rc = command_frame(loader, clock_ms() + QUIET_MS, error);
    return rc < 0 ? rc : 0;
}

static int refused(struct loader *loader, const struct request *request, const struct reply *reply,
                   struct error *error)
{
    char name[64];

    request_name(request, name, sizeof name);
    if (reply->status == 0)
        return error_set(error, ERR_BAD_REPLY, "%s: %s answered with %zu bytes instead of %zu",
                         name, command_who(loader), reply->n, request->reply_n + 2);
    return error_set(error, ERR_CHIP_REFUSED, "%s: %s answered %02x %02x (%s)", name,
                     command_who(loader), reply->status >> 8, reply->status & 0xFF,
                     command_status_text(reply->status));
}

/* The ROM's way to say that it does not know a command: the number of the command before and
 * status 01 05 (recorded from ESP32 and ESP32-C3). */
static int unknown_command(struct loader *loader, const struct request *request, enum op answered,
                           struct error *error)
{
    char name[64];
    int rc = drain(loader, answered, error);

    if (rc < 0)
        return rc;
    return error_set(error, ERR_CHIP_REFUSED,
                     "%s: %s answered 01 05 (it does not know the command)",
                     request_name(request, name, sizeof name), command_who(loader));
}

static int no_reply(const struct request *request, int64_t ms, unsigned skipped,
                    struct error *error)
{
    char name[64];

    request_name(request, name, sizeof name);
    if (skipped > 0)
        return error_set(error, ERR_BAD_REPLY,
                         "%s: %u answers came, but none of them to this command", name, skipped);
    return error_set(error, ERR_NO_REPLY, "%s: no answer within %.1f s", name, (double)ms / 1000);
}

void command_suspect_line(struct loader *loader)
{
    if (loader->link->baud > loader->connect_baud) /* there is a lower one */
        loader->line_suspect = true;
}

/* How long the answer is waited for, but for the time on the wire. Where bytes get lost it is most
 * likely to be one of them; a flash that has shown to be slow is given more time. */
static int64_t limit_ms(const struct loader *loader, const struct request *request)
{
    int64_t ms = request->timeout_ms ? request->timeout_ms : COMMAND_TIMEOUT_MS;
    int64_t soon = request->soon_ms || request->timeout_ms ? request->soon_ms : COMMAND_SOON_MS;

    if (!loader->line_suspect || soon == 0)
        return ms;
    soon += 2 * loader->slowest_ms;
    return soon < ms ? soon : ms;
}

static int reply_wait(struct loader *loader, const struct request *request, size_t wire_n,
                      struct reply *reply, struct error *error)
{
    /* Sent means handed over: most of it may still wait in the adapter. */
    int64_t wire_ms = command_wire_ms(loader, wire_n);
    int64_t ms = limit_ms(loader, request) + wire_ms, start = clock_ms();
    unsigned skipped = 0;

    while (skipped <= REPLIES_SKIPPED_MAX) {
        enum op op;
        int rc = command_frame(loader, start + ms, error);
        if (rc < 0) {
            char name[64];
            error_context(error, "%s", request_name(request, name, sizeof name));
            return rc;
        }
        if (rc == 0)
            break;
        if (!command_frame_is_reply(loader, &op)) {
            command_frame_reject(loader);
            if (loader->stage == STAGE_STUB) /* which says nothing else: damaged */
                command_suspect_line(loader);
            ms = limit_ms(loader, request) + wire_ms;
            continue;
        }
        reply_take(loader, request, reply);
        if (op == request->op) {
            if (reply->status != 0 || reply->n < request->reply_n + 2)
                return refused(loader, request, reply, error);
            return 0;
        }
        const uint8_t *status = loader->slip.frame + HEADER;
        if (loader->stage != STAGE_STUB && status[0] == 1 && status[1] == 5) {
            reply->status = STATUS_ROM_UNKNOWN_COMMAND;
            return unknown_command(loader, request, op, error);
        }
        if (op != OP_SYNC)
            skipped++;
    }
    return no_reply(request, ms, skipped, error);
}

int command_wait(struct loader *loader, const struct request *request, size_t wire_n,
                 struct reply *reply, struct error *error)
{
    memset(reply, 0, sizeof *reply);
    return reply_wait(loader, request, wire_n, reply, error);
}

int command_run(struct loader *loader, const struct request *request, struct reply *reply,
                struct error *error)
{
    struct reply own;
    uint64_t before = loader->wire_sent;

    if (reply == NULL)
        reply = &own;
    memset(reply, 0, sizeof *reply);
    int rc = command_send(loader, request, error);
    if (rc < 0)
        return rc;
    return command_wait(loader, request, (size_t)(loader->wire_sent - before), reply, error);
}

/* ---- registers ---- */

int loader_read_reg(struct loader *loader, uint32_t address, uint32_t *value, struct error *error)
{
    uint8_t data[4];
    struct reply reply;
    struct request request = {.op = OP_READ_REG,
                              .data = data,
                              .n = WORDS(data, address),
                              .address = address,
                              .has_address = true};
    int rc = command_run(loader, &request, &reply, error);

    if (rc == 0)
        *value = reply.value;
    return rc;
}

/* A list of register writes. ROM (seen in recordings of ESP32 and ESP32-C3) and stubs take several
 * in one WRITE_REG; of the ESP8266's ROM nobody says so, hence one by one there. */
int loader_write_regs(struct loader *loader, const struct reg_write *writes, size_t n,
                      struct error *error)
{
    bool single = loader->stage != STAGE_STUB && loader->chip->id == CHIP_ESP8266;
    size_t step = single ? 1 : REG_WRITES_MAX;
    int rc = 0;

    for (size_t at = 0, some; at < n && rc == 0; at += some) {
        uint8_t data[REG_WRITES_MAX * 16];
        struct request request = {
            .op = OP_WRITE_REG, .data = data, .address = writes[at].address, .has_address = true};
        some = n - at < step ? n - at : step;
        for (size_t i = at; i < at + some; i++)
            request.n += WORDS(data + request.n, writes[i].address, writes[i].value, writes[i].mask,
                               writes[i].delay_us);
        rc = command_run(loader, &request, NULL, error);
    }
    return rc;
}

int loader_write_reg_masked(struct loader *loader, uint32_t address, uint32_t value, uint32_t mask,
                            struct error *error)
{
    const struct reg_write write = {.address = address, .value = value, .mask = mask};

    return loader_write_regs(loader, &write, 1, error);
}

int loader_write_reg(struct loader *loader, uint32_t address, uint32_t value, struct error *error)
{
    return loader_write_reg_masked(loader, address, value, UINT32_MAX, error);
}
