/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "job/recover.h"

#include "job/setup.h"

/* Nobody can tell a chip that has died from a line that is too bad to be understood: whatever may
 * have been the line is tried again, once for each rate. */
static bool line_may_be_bad(const struct run *run)
{
    return run->link_is_open && run->link.error.code == ERR_OK && run->link.has_baud &&
           run->rate.now > RATE_LOWEST && loader_is_line_trouble(&run->loader, run->error.code);
}

static int begin_again(struct run *run)
{
    if (link_set_baud(&run->link, setup_connect_baud(run->job)) != 0)
        return error_set(&run->error, run->link.error.code, "%s", run->link.error.text);
    if (setup_connect_again(run) != 0 || setup_stub(run) != 0)
        return run->error.code;
    return run->flash_attached ? setup_flash(run) : 0;
}

/* Without a way to reset the chip all that is left is to tell it, and to hope that it hears. */
static int talk_down(struct run *run, unsigned baud)
{
    int result = loader_baud_down(&run->loader, baud, &run->error);

    run->rate.now = run->link.baud;
    rate_watch(run);
    return result;
}

bool recover_slower(struct run *run)
{
    const struct chip *chip = run->loader.chip;
    struct error first = run->error;

    while (line_may_be_bad(run) && !cancel_asked(run->cancel)) {
        unsigned bad = run->rate.now, next = rate_fall(&run->rate, bad);
        log_line(run_log(run), LOG_WARNING, "%u baud does not hold (%s): going on at %u baud", bad,
                 run->error.text, next);
        error_clear(&run->error);
        int result = setup_can_reset(run) ? begin_again(run) : talk_down(run, next);
        if (result == 0)
            return true;
        run->loader.chip = chip; /* as far as anyone knows; what is said at the end depends on it */
        if (result == ERR_CANCELLED || result == ERR_PORT_LOST || result == ERR_WRONG_MAC)
            return false;
        if (!setup_can_reset(run)) /* nobody knows at which rate it would listen */
            break;
    }
    run->error = first;
    return false;
}
