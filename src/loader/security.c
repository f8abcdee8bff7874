/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the chip tells of its protection (Espressif, "Serial Protocol", GET_SECURITY_INFO). */
#include "base/util.h"
#include "loader/command.h"

#include <string.h>

enum {
    SHORT_FORM = 12, /* flags, count, purposes: the ESP32-S2 */
    LONG_FORM = 20,  /* and chip id, version of the interface */
    TIMEOUT_MS = 1000
};

const struct security_flag security_flags[] = {
    {1 << 0, "SECURE_BOOT_EN", "secure boot is on"},
    {1 << 1, "SECURE_BOOT_AGGRESSIVE_REVOKE", "a key that fails once is revoked"},
    {1 << 2, "SECURE_DOWNLOAD_ENABLE", "Secure Download Mode is on"},
    {1 << 3, "SECURE_BOOT_KEY_REVOKE0", "secure boot key 0 is revoked"},
    {1 << 4, "SECURE_BOOT_KEY_REVOKE1", "secure boot key 1 is revoked"},
    {1 << 5, "SECURE_BOOT_KEY_REVOKE2", "secure boot key 2 is revoked"},
    {1 << 6, "SOFT_DIS_JTAG", "JTAG is disabled until software enables it"},
    {1 << 7, "HARD_DIS_JTAG", "JTAG is disabled for good"},
    {1 << 8, "DIS_USB", "USB is disabled"},
    {1 << 9, "DIS_DOWNLOAD_DCACHE", "the data cache is disabled in download mode"},
    {1 << 10, "DIS_DOWNLOAD_ICACHE", "the instruction cache is disabled in download mode"},
    {0, NULL, NULL}};

bool security_flash_encrypted(const struct security_info *info)
{
    return __builtin_parity(info->flash_crypt_cnt);
}

int loader_security_info(struct loader *loader, struct security_info *info, struct error *error)
{
    /* A refusal is shorter than either form. */
    struct request request = {
        .op = OP_SECURITY_INFO, .reply_n = LONG_FORM, .timeout_ms = TIMEOUT_MS};
    struct reply reply;
    struct error own = {0};

    int rc = command_run(loader, &request, &reply, &own);
    bool is_short = rc < 0 && reply.n >= SHORT_FORM + 2 && reply.data[SHORT_FORM] == 0;
    if (rc < 0 && !is_short)
        return error_set(error, (enum err)rc, "%s", own.text);
    info->flags = le32_get(reply.data);
    info->flash_crypt_cnt = reply.data[4];
    memcpy(info->key_purposes, reply.data + 5, sizeof info->key_purposes);
    info->chip_id = is_short ? -1 : (int)le32_get(reply.data + 12);
    info->api_version = is_short ? -1 : (int)le32_get(reply.data + 16);
    loader->security = *info;
    loader->security_known = true;
    return 0;
}
