/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What has been found out already while connecting, as results. */
#include "job/ops.h"

#include "base/buffer.h"
#include "base/util.h"

int op_chip_id(struct run *run, size_t index)
{
    const struct chip_facts *chip = &run->chip;
    struct event event;

    (void)index;
    op_result(run, OP_CHIP_ID, &event);
    event_result_add(&event, "chip", "%s", run->loader.chip->key);
    event_result_add(&event, "name", "%s", chip->name);
    event_result_add(&event, "revision", "%s", chip->revision);
    event_result_add(&event, "features", "%s", chip->features);
    if (chip->crystal_mhz)
        event_result_add(&event, "crystal_mhz", "%u", chip->crystal_mhz);
    event_result_add(&event, "mac", "%s", chip->mac_text);
    event_result_add(&event, "eui64", "%s", chip->eui64_text);
    event_result_add(&event, "usb_mode", "%s", chip->usb_mode);
    event_result_add(&event, "security", "%s", chip->security);
    report_put(&run->report, &event);
    return 0;
}

int op_flash_id(struct run *run, size_t index)
{
    const struct flash_facts *flash = &run->flash;
    struct event event;
    char size[32];

    (void)index;
    op_result(run, OP_FLASH_ID, &event);
    event_result_add(&event, "manufacturer", "0x%02x", flash->manufacturer);
    event_result_add(&event, "device", "0x%04x", flash->device);
    event_result_add(&event, "vendor", "%s", flash->vendor);
    event_result_add(&event, "size", "%s",
                     flash->size ? util_size_format(size, sizeof size, flash->size) : "unknown");
    event_result_add(&event, "mode_limits", "%s", flash->mode_limits);
    report_put(&run->report, &event);
    return 0;
}

/* The base MAC and what ESP-IDF derives from it for the interfaces of this chip. */
int op_read_mac(struct run *run, size_t index)
{
    const struct chip_facts *chip = &run->chip;
    struct event event;

    (void)index;
    op_result(run, OP_READ_MAC, &event);
    event_result_add(&event, "mac", "%s", chip->mac_text);
    event_result_add(&event, "eui64", "%s", chip->eui64_text);
    event_result_add(&event, "mac_ap", "%s", chip->mac_ap);
    event_result_add(&event, "mac_bt", "%s", chip->mac_bt);
    event_result_add(&event, "mac_ethernet", "%s", chip->mac_ethernet);
    report_put(&run->report, &event);
    return 0;
}

/* ---- get-security-info ---- */

static const char *on_off(bool on)
{
    return on ? "on" : "off";
}

/* The names of the flags that are set, and a sentence about each. */
static void add_flags(struct run *run, uint32_t flags, struct event *event)
{
    struct buffer names = {0};

    for (const struct security_flag *f = security_flags; f->name; f++) {
        if (!(flags & f->mask))
            continue;
        buffer_printf(&names, "%s%s", names.len ? ", " : "", f->name);
        log_line(run_log(run), LOG_INFO, "%s", f->text);
    }
    event_result_add(event, "flags", "0x%08x", flags);
    event_result_add(event, "flag_names", "%s", names.len ? (const char *)names.data : "");
    buffer_done(&names);
}

static void add_keys(const struct chip *chip, const struct security_info *info, struct event *event)
{
    struct buffer keys = {0};

    for (unsigned i = 0;
         chip->key_purposes && i < chip->key_blocks && i < sizeof info->key_purposes; i++)
        buffer_printf(&keys, "%s%u %s", i ? ", " : "", i,
                      chip_key_purpose(chip, info->key_purposes[i]));
    event_result_add(event, "key_purposes", "%s", keys.len ? (const char *)keys.data : "");
    buffer_done(&keys);
}

/* Most chips were asked already, to find out what they are. Those that have no such command say so
 * in one way or another. */
static int ask_security(struct run *run, struct security_info *info)
{
    struct error why = {0};

    *info = run->loader.security;
    int result = run->loader.security_known ? 0 : loader_security_info(&run->loader, info, &why);
    if (result == ERR_CHIP_REFUSED || result == ERR_NO_REPLY || result == ERR_BAD_REPLY)
        return error_set(&run->error, ERR_NOT_POSSIBLE,
                         "the %s does not tell its security information; chip-id says what its "
                         "eFuses do",
                         run->loader.chip->name);
    if (result != 0)
        return error_set(&run->error, why.code, "asking for the security information: %s",
                         why.text);
    return 0;
}

int op_get_security_info(struct run *run, size_t index)
{
    const struct chip *chip = run->loader.chip;
    struct security_info info;
    struct event event;

    if (ask_security(run, &info) != 0)
        return run->error.code;
    op_result(run, run->job->ops[index].kind, &event);
    add_flags(run, info.flags, &event);
    event_result_add(&event, "secure_boot", "%s", on_off(info.flags & SECURITY_SECURE_BOOT));
    event_result_add(&event, "secure_download", "%s",
                     on_off(info.flags & SECURITY_SECURE_DOWNLOAD));
    event_result_add(&event, "flash_encryption", "%s", on_off(security_flash_encrypted(&info)));
    event_result_add(&event, "crypt_count", "0x%x", info.flash_crypt_cnt);
    add_keys(chip, &info, &event);
    if (info.chip_id >= 0)
        event_result_add(&event, "chip_id", "%d", info.chip_id);
    if (info.api_version >= 0)
        event_result_add(&event, "api_version", "%d", info.api_version);
    report_put(&run->report, &event);
    return 0;
}
