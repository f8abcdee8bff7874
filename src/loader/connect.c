/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Into the download mode, SYNC, and what it means when that fails. */
#include "loader/connect.h"

#include "base/clock.h"
#include "base/util.h"
#include "chip/boot_line.h"
#include "link/reset.h"
#include "loader/command.h"

#include <stdio.h>
#include <string.h>

enum {
    SYNCS_A_ROUND = 5,
    SYNC_TIMEOUT_MS = 100,
    SYNC_PAUSE_MS = 50,
    COMES_BACK_MS = 3000,
};

/* ---- words of the command line ---- */

static const char *const before_words[] = {[BEFORE_DEFAULT_RESET] = "default-reset",
                                           [BEFORE_USB_RESET] = "usb-reset",
                                           [BEFORE_NO_RESET] = "no-reset",
                                           [BEFORE_NO_RESET_NO_SYNC] = "no-reset-no-sync"};
static const char *const after_words[] = {[AFTER_HARD_RESET] = "hard-reset",
                                          [AFTER_SOFT_RESET] = "soft-reset",
                                          [AFTER_NO_RESET] = "no-reset",
                                          [AFTER_NO_RESET_STUB] = "no-reset-stub",
                                          [AFTER_WATCHDOG_RESET] = "watchdog-reset"};

/* esptool v4 wrote underscores where v5 writes dashes. */
static bool words_equal(const char *a, const char *b)
{
    for (; *a && *b; a++, b++) {
        if ((*a == '_' ? '-' : *a) != *b)
            return false;
    }
    return *a == *b;
}

static int word_find(const char *const *words, size_t n, const char *word)
{
    for (size_t i = 0; i < n; i++) {
        if (words_equal(word, words[i]))
            return (int)i;
    }
    return -1;
}

bool loader_before_parse(const char *word, enum loader_before *before)
{
    int i = word_find(before_words, ARRAY_LEN(before_words), word);

    if (i >= 0)
        *before = (enum loader_before)i;
    return i >= 0;
}

bool loader_after_parse(const char *word, enum loader_after *after)
{
    int i = word_find(after_words, ARRAY_LEN(after_words), word);

    if (i >= 0)
        *after = (enum loader_after)i;
    return i >= 0;
}

const char *loader_before_name(enum loader_before before)
{
    return before_words[before];
}

const char *loader_after_name(enum loader_after after)
{
    return after_words[after];
}

/* ---- reset ---- */

static bool starts_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

/* The sequence of round `attempt`. A remote port sets its lines one after the other whatever is
 * asked for, so the tight ones make no sense there. */
static const char *sequence_of(const struct loader *loader, const struct connect_options *options,
                               int attempt)
{
    static const char *const local[] = {reset_tight, reset_tight_long, reset_classic,
                                        reset_classic_long};
    const struct link *link = loader->link;

    if (options->reset)
        return options->reset;
    if (options->before == BEFORE_USB_RESET || port_is_usb_jtag(&link->port))
        return reset_usb_jtag;
    if (starts_with(link->address, "rfc2217:") || starts_with(link->address, "emu:"))
        return local[2 + attempt % 2];
    return local[attempt % 4];
}

static bool resets(const struct loader *loader, const struct connect_options *options)
{
    return loader->link->has_lines && options->before != BEFORE_NO_RESET &&
           options->before != BEFORE_NO_RESET_NO_SYNC;
}

/* ---- sync ---- */

/* Only a stub gives the value 0, and it gives it in each of its eight replies. Those of a ROM that
 * still come are passed over by whoever waits for something else: nobody waits for them. */
static int sync_finish(struct loader *loader, bool *stub, struct error *error)
{
    *stub = loader->rom_value == 0;
    for (int i = 1; *stub && i < COMMAND_SYNC_REPLIES; i++) {
        enum op op;
        int rc = command_frame(loader, clock_ms() + SYNC_TIMEOUT_MS, error);
        if (rc < 0)
            return rc;
        if (rc == 0)
            break;
        if (!command_frame_is_reply(loader, &op))
            command_frame_reject(loader);
        else if (op == OP_SYNC && le32_get(loader->slip.frame + 4) != 0)
            *stub = false;
    }
    return 0;
}

static bool may_try_again(int rc)
{
    return rc == ERR_NO_REPLY || rc == ERR_BAD_REPLY || rc == ERR_CHIP_REFUSED;
}

int loader_sync(struct loader *loader, int64_t timeout_ms, struct error *error)
{
    static const uint8_t data[36] = {0x07, 0x07, 0x12, 0x20, 0x55, 0x55, 0x55, 0x55, 0x55,
                                     0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55,
                                     0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55,
                                     0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55};
    struct request request = {
        .op = OP_SYNC, .data = data, .n = sizeof data, .timeout_ms = timeout_ms};
    bool stub = false;

    int rc = command_run(loader, &request, NULL, error);
    if (rc == 0)
        rc = sync_finish(loader, &stub, error);
    if (rc < 0)
        return rc;
    loader->stage = stub ? STAGE_STUB : STAGE_ROM;
    return 0;
}

/* With a reset the chip's own USB may go away, and come back when its ROM has started it again. */
static int wait_for_port(struct loader *loader, struct error *error)
{
    log_line(loader->log, LOG_DEBUG, "the port went away; waiting for it to come back");
    int rc = link_reopen(loader->link, COMES_BACK_MS);
    if (rc < 0)
        return command_link_error(loader, rc, error);
    command_discard(loader);
    return 0;
}

/* One reset, several SYNCs. ERR_NO_SYNC: go on with the next round. */
static int connect_round(struct loader *loader, const struct connect_options *options, int attempt,
                         struct error *error)
{
    if (resets(loader, options)) {
        command_discard(loader);
        int rc = reset_run(loader->link, sequence_of(loader, options, attempt));
        if (rc == ERR_PORT_LOST)
            rc = wait_for_port(loader, error);
        else if (rc < 0)
            rc = command_link_error(loader, rc, error);
        if (rc < 0)
            return rc;
    }

    for (int i = 0; i < SYNCS_A_ROUND; i++) {
        struct error ignored = {0};
        int rc = loader_sync(loader, SYNC_TIMEOUT_MS, &ignored);
        if (rc == 0)
            return 0;
        if (rc == ERR_PORT_LOST) {
            rc = wait_for_port(loader, error);
            if (rc < 0)
                return rc;
            continue;
        }
        if (!may_try_again(rc))
            return error_set(error, (enum err)rc, "%s", ignored.text);
        rc = link_sleep(loader->link, SYNC_PAUSE_MS);
        if (rc < 0)
            return command_link_error(loader, rc, error);
    }
    return ERR_NO_SYNC;
}

/* ---- what the failure means ---- */

/* Does a program print there, readable at this rate? Noise has many bytes that are no text. */
static bool readable(const char *log)
{
    size_t len = strlen(log), dots = 0;

    for (size_t i = 0; i < len; i++)
        dots += log[i] == '.';
    return len >= 20 && dots * 6 < len;
}

static int explain(const struct loader *loader, const struct connect_options *options,
                   struct error *error)
{
    struct boot_line boot = boot_line_find(loader->boot_log);
    const char *address = loader->link->address;
    const char *by_hand = resets(loader, options) ? "" : " (it was not reset from here)";

    if (boot.found && !boot.download && !boot.waiting)
        return error_set(error, ERR_WRONG_BOOT_MODE,
                         "%s: the chip started its program (%s) instead of the download mode",
                         address, boot.text);
    if (boot.found)
        return error_set(error, ERR_NO_SYNC,
                         "%s: the chip is in download mode (%s) but answers nothing: what is sent "
                         "to it does not arrive",
                         address, boot.text);
    if (loader->wire_received == 0)
        return error_set(error, ERR_NO_SYNC,
                         "%s: the chip does not answer, and not one byte came from it%s", address,
                         by_hand);
    if (readable(loader->boot_log))
        return error_set(error, ERR_WRONG_BOOT_MODE,
                         "%s: the chip runs a program that prints text, and is not in download "
                         "mode%s",
                         address, by_hand);
    if (loader->boot_log[0] == '\0')
        return error_set(error, ERR_NO_SYNC, "%s: the chip answers, but never to SYNC%s", address,
                         by_hand);
    return error_set(error, ERR_NOISE, "%s: %llu bytes came, but none of them is an answer%s",
                     address, (unsigned long long)loader->wire_received, by_hand);
}

/* ---- connect ---- */

static int connect_sync(struct loader *loader, const struct connect_options *options,
                        struct error *error)
{
    if (!loader->link->has_lines)
        log_line(loader->log, LOG_INFO,
                 "%s has no control lines: bring the chip into download mode by hand",
                 loader->link->address);

    for (int i = 0; options->attempts <= 0 || i < options->attempts; i++) {
        if (options->attempt)
            options->attempt(options->context, i + 1,
                             options->attempts > 0 ? options->attempts : 0);
        int rc = connect_round(loader, options, i, error);
        if (rc != ERR_NO_SYNC)
            return rc;
    }
    command_discard(loader);
    return explain(loader, options, error);
}

int loader_connect(struct loader *loader, const struct connect_options *options,
                   struct error *error)
{
    struct link *link = loader->link;
    const struct log *log = loader->log;

    loader_init(loader, link, log);
    loader->connect_baud = link->baud;
    loader->resets = resets(loader, options);
    if (options->before == BEFORE_NO_RESET_NO_SYNC) {
        loader->stage = STAGE_ROM;
    } else {
        int rc = connect_sync(loader, options, error);
        if (rc < 0)
            return rc;
    }
    if (loader->stage == STAGE_STUB)
        log_line(log, LOG_INFO, "a flasher stub is running already");
    return loader_detect(loader, options->chip, error);
}
