/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What has been found out already while connecting, as results. */
#include "job/ops.h"

#include "base/util.h"

int op_chip_id(struct run *run, size_t index)
{
    const struct chip_facts *chip = &run->chip;
    struct event event;

    (void)index;
    report_event(&run->report, EVENT_RESULT, &event);
    util_copy(event.result.op, sizeof event.result.op, op_name(OP_CHIP_ID));
    event.result.ok = true;
    event_result_add(&event, "chip", "%s", run->loader.chip->key);
    event_result_add(&event, "name", "%s", chip->name);
    event_result_add(&event, "revision", "%s", chip->revision);
    event_result_add(&event, "features", "%s", chip->features);
    event_result_add(&event, "crystal_mhz", "%u", chip->crystal_mhz);
    event_result_add(&event, "mac", "%s", chip->mac_text);
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
    report_event(&run->report, EVENT_RESULT, &event);
    util_copy(event.result.op, sizeof event.result.op, op_name(OP_FLASH_ID));
    event.result.ok = true;
    event_result_add(&event, "manufacturer", "0x%02x", flash->manufacturer);
    event_result_add(&event, "device", "0x%04x", flash->device);
    event_result_add(&event, "vendor", "%s", flash->vendor);
    event_result_add(&event, "size", "%s",
                     flash->size ? util_size_format(size, sizeof size, flash->size) : "unknown");
    event_result_add(&event, "mode_limits", "%s", flash->mode_limits);
    report_put(&run->report, &event);
    return 0;
}

int op_read_mac(struct run *run, size_t index)
{
    struct event event;

    (void)index;
    report_event(&run->report, EVENT_RESULT, &event);
    util_copy(event.result.op, sizeof event.result.op, op_name(OP_READ_MAC));
    event.result.ok = true;
    event_result_add(&event, "mac", "%s", run->chip.mac_text);
    report_put(&run->report, &event);
    return 0;
}
