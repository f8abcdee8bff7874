/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ends the conversation the way --after says. */
#include "base/util.h"
#include "link/reset.h"
#include "loader/command.h"
#include "loader/flash.h"

#include <stdio.h>

enum {
    WATCHDOG_TICKS = 2000, /* of the slow clock: some 15 ms */
    WATCHDOG_WAIT_MS = 500
};
/* Enabled, the first stage resets the whole chip, and long reset pulses (ESP32-C3 TRM,
 * RTC_CNTL_WDTCONFIG0; esptool: watchdog_reset). */
static const uint32_t watchdog_config = 1u << 31 | 5u << 28 | 1u << 8 | 2;

/* Whether registers can be used. */
static bool can_speak(const struct loader *loader)
{
    return loader->chip && loader->stage != STAGE_NONE && !loader->secure_download;
}

/* So that the first word of the program is heard, too. */
static int listen(struct loader *loader)
{
    if (loader->listen_baud == 0)
        return 0;
    int rc = link_set_baud(loader->link, loader->listen_baud);
    return rc < 0 ? rc : link_discard_input(loader->link);
}

/* ---- resets ---- */

static int watchdog_reset(struct loader *loader, struct error *error)
{
    const struct chip_watchdog *dog = &loader->chip->watchdog;
    const struct reg_write writes[] = {
        {.address = dog->protect, .value = dog->key, .mask = UINT32_MAX},
        {.address = dog->config1, .value = WATCHDOG_TICKS, .mask = UINT32_MAX},
        {.address = dog->config0, .value = watchdog_config, .mask = UINT32_MAX},
        {.address = dog->protect, .value = 0, .mask = UINT32_MAX},
    };
    struct error own = {0};

    log_line(loader->log, LOG_INFO, "resetting by the watchdog");
    int rc = loader_write_regs(loader, writes, ARRAY_LEN(writes), &own);
    /* The chip's own USB goes away with it, maybe before the answer. */
    if (rc < 0 && rc != ERR_NO_REPLY && !(rc == ERR_PORT_LOST && loader_usb_otg(loader)))
        return error_set(error, (enum err)rc, "resetting by the watchdog: %s", own.text);
    rc = rc == ERR_PORT_LOST ? 0 : listen(loader);
    if (rc == 0)
        rc = link_sleep(loader->link, WATCHDOG_WAIT_MS);
    return rc < 0 ? command_link_error(loader, rc, error) : 0;
}

static int line_reset(struct loader *loader, struct error *error)
{
    struct link *link = loader->link;
    bool slow = false;
    int rc = listen(loader);

    if (rc < 0)
        return command_link_error(loader, rc, error);
    if (!link->has_lines) {
        log_line(loader->log, LOG_WARNING,
                 "%s has no control lines: press the reset button to start the program",
                 link->address);
        return 0;
    }
    if (loader->chip) {
        const struct chip_hard_reset *row = &loader->chip->hard_reset;
        slow = (row->otg_slow && loader_usb_otg(loader)) ||
               (row->jtag_slow && loader_usb_jtag(loader));
    }
    rc = reset_run(link, slow ? reset_hard_usb : reset_hard);
    return rc < 0 ? command_link_error(loader, rc, error) : 0;
}

/* A chip that does not answer any more is reset all the same. */
static bool held_in_download(struct loader *loader, const struct chip_hard_reset *row)
{
    uint32_t strap = 0, force = 0;

    if (row->strap_register == 0)
        return true;
    return loader_read_reg(loader, row->strap_register, &strap, NULL) == 0 &&
           loader_read_reg(loader, row->force_register, &force, NULL) == 0 &&
           !(strap & row->strap_mask) && !(force & row->force_mask);
}

static int hard_reset(struct loader *loader, struct error *error)
{
    if (can_speak(loader)) {
        const struct chip_hard_reset *row = &loader->chip->hard_reset;
        if (row->clear_force)
            loader_write_reg_masked(loader, row->force_register, 0, row->force_mask, NULL);
        if (row->otg_watchdog && loader_usb_otg(loader) && held_in_download(loader, row))
            return watchdog_reset(loader, error);
    }
    return line_reset(loader, error);
}

static int instead_of(struct loader *loader, const char *why, struct error *error)
{
    log_line(loader->log, LOG_WARNING, "%s: hard reset instead", why);
    return hard_reset(loader, error);
}

static int watchdog_asked(struct loader *loader, struct error *error)
{
    char why[128];

    if (loader->stage == STAGE_NONE)
        return hard_reset(loader, error);
    if (loader->secure_download)
        return instead_of(loader, "the watchdog is out of reach in Secure Download Mode", error);
    if (loader->chip->watchdog.resets)
        return watchdog_reset(loader, error);
    snprintf(why, sizeof why, "%s can't be reset by its watchdog", loader->chip->name);
    return instead_of(loader, why, error);
}

/* ---- without a reset ---- */

/* FLASH_BEGIN of nothing, then FLASH_END: 0 begins the ROM loader anew, 1 runs the program. */
static int flash_end(struct loader *loader, uint32_t what, struct error *error)
{
    uint8_t data[4];
    struct flash_begin begin = {0};
    struct request end = {.op = OP_FLASH_END, .data = data, .n = WORDS(data, what)};

    int rc = flash_begin(loader, &begin, error);
    return rc < 0 ? rc : command_run(loader, &end, NULL, error);
}

int loader_run(struct loader *loader, struct error *error)
{
    struct request run = {.op = OP_RUN_USER_CODE};
    int rc;

    if (loader->stage != STAGE_STUB)
        rc = flash_end(loader, 1, error);
    else if (loader->stub_version == 1 && loader->chip->rom_run)
        rc = command_send(loader, &run, error); /* no answer comes */
    else
        return error_set(error, ERR_NOT_POSSIBLE,
                         "the stub that runs on the %s can't start the program without a reset",
                         loader->chip->name);
    if (rc == 0)
        loader->stage = STAGE_NONE;
    return rc;
}

/* esptool documents it for the ESP8266 alone, and of the ESP32 its maintainers say that FLASH_END
 * is not to be relied upon there (esptool issue 498). */
static int soft_reset(struct loader *loader, struct error *error)
{
    bool works = loader->chip->rom_run && (loader->stage == STAGE_ROM || loader->stub_version == 1);
    char why[128];

    snprintf(why, sizeof why, "%s of %s can't do a soft reset", command_who(loader),
             loader->chip->name);
    if (works)
        return loader_run(loader, error);
    if (loader->link->has_lines)
        return instead_of(loader, why, error);
    return error_set(error, ERR_NOT_POSSIBLE,
                     "%s, and without control lines there is no other: press the reset button",
                     why);
}

/* Back from the stub into the ROM. The new stub can't: its FLASH_END does not reboot. */
static int stay(struct loader *loader, struct error *error)
{
    int rc = 0;

    if (loader->stage == STAGE_STUB && loader->stub_version == 1)
        rc = flash_end(loader, 0, error);
    else if (loader->stage == STAGE_STUB)
        log_line(loader->log, LOG_INFO, "the stub goes on running: it has no way back to the ROM");
    else
        log_line(loader->log, LOG_INFO, "the chip stays in download mode");
    return rc;
}

int loader_leave(struct loader *loader, enum loader_after after, struct error *error)
{
    int rc = 0;

    switch (after) {
    case AFTER_HARD_RESET:
        rc = hard_reset(loader, error);
        break;
    case AFTER_WATCHDOG_RESET:
        rc = watchdog_asked(loader, error);
        break;
    case AFTER_SOFT_RESET:
        rc = soft_reset(loader, error);
        break;
    case AFTER_NO_RESET:
        return stay(loader, error);
    case AFTER_NO_RESET_STUB:
        log_line(loader->log, LOG_INFO, "%s goes on running", command_who(loader));
        return 0;
    }
    if (rc == 0)
        loader->stage = STAGE_NONE;
    return rc;
}
