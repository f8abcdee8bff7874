/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ends the conversation the way --after says. */
#include "link/reset.h"
#include "loader/command.h"
#include "loader/flash.h"

static int hard_reset(struct loader *loader, struct error *error)
{
    struct link *link = loader->link;

    if (!link->has_lines) {
        log_line(loader->log, LOG_WARNING,
                 "%s has no control lines: press the reset button to start the program",
                 link->address);
        return 0;
    }
    int rc = reset_run(link, port_is_usb_jtag(&link->port) ? reset_hard_usb : reset_hard);
    return rc < 0 ? command_link_error(loader, rc, error) : 0;
}

/* FLASH_BEGIN of nothing, then FLASH_END with 0: "and reboot". */
static int flash_end_reboot(struct loader *loader, struct error *error)
{
    uint8_t data[4];
    struct flash_begin begin = {0};
    struct request end = {.op = OP_FLASH_END, .data = data, .n = WORDS(data, 0)};

    int rc = flash_begin(loader, &begin, error);
    return rc < 0 ? rc : command_run(loader, &end, NULL, error);
}

static int soft_reset(struct loader *loader, struct error *error)
{
    struct request run = {.op = OP_RUN_USER_CODE};

    if (loader->stage != STAGE_STUB)
        return flash_end_reboot(loader, error);
    if (loader->stub_version == 1 && loader->chip->id == CHIP_ESP8266)
        return command_send(loader, &run, error); /* no answer comes */
    return error_set(error, ERR_NOT_POSSIBLE,
                     "the stub of the %s has no soft reset: use hard-reset or --no-stub",
                     loader->chip->name);
}

/* Back from the stub into the ROM. The new stub can't: its FLASH_END does not reboot. */
static int stay(struct loader *loader, struct error *error)
{
    int rc = 0;

    if (loader->stage == STAGE_STUB && loader->stub_version == 1)
        rc = flash_end_reboot(loader, error);
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
    case AFTER_SOFT_RESET:
        rc = soft_reset(loader, error);
        break;
    case AFTER_NO_RESET:
        rc = stay(loader, error);
        break;
    case AFTER_NO_RESET_STUB:
        log_line(loader->log, LOG_INFO, "%s goes on running", command_who(loader));
        break;
    }
    if (rc == 0 && (after == AFTER_HARD_RESET || after == AFTER_SOFT_RESET))
        loader->stage = STAGE_NONE;
    return rc;
}
