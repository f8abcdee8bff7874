/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The second half of loader_connect; private to loader/. */
#ifndef ESPJIG_LOADER_CONNECT_H
#define ESPJIG_LOADER_CONNECT_H

#include "loader/loader.h"

/* Which chip is it? Fills loader->chip and secure_download. Errors as loader_connect's. */
int loader_detect(struct loader *loader, enum chip_id wanted, struct error *error);

/* The reply to GET_SECURITY_INFO. */
struct security_info {
    uint32_t flags;          /* bit 0 secure boot, bit 2 Secure Download Mode */
    uint8_t flash_crypt_cnt; /* an odd number of bits: flash encryption is on */
    int chip_id;             /* -1: not told (ESP32-S2) */
};
int loader_security_info(struct loader *loader, struct security_info *info, struct error *error);

#endif
