/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ESPJIG_EMU_OPTIONS_H
#define ESPJIG_EMU_OPTIONS_H

#include "base/error.h"
#include "emu/persona.h"
#include "emu/security.h"
#include "emu/wire.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum transport { TRANSPORT_NONE, TRANSPORT_PTY, TRANSPORT_TCP, TRANSPORT_RFC2217 };

struct options {
    const struct persona *persona;
    unsigned crystal_hz; /* 0: the persona's usual one */
    size_t flash_size;
    bool has_flash_id, flash_xmc;
    uint8_t flash_id[3];
    const char *flash_file, *efuse_file, *log_file, *stats_file, *control, *link;
    enum transport transport;
    uint16_t tcp_port;
    int fd; /* of --rfc2217 fd:N, else -1 */
    bool has_mac;
    uint8_t mac[6];
    bool boot_download;
    bool usb_jtag;
    struct security_options security;
    bool pace;
    int64_t latency_ms;
    unsigned max_baud;
    struct wire_fault fault;
    uint64_t seed;
    bool help, version;
};

int options_parse(struct options *o, int argc, char **argv, struct error *e);
const char *options_help(void);

#endif
