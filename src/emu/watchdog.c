/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "emu/watchdog.h"

#include "emu/chip.h"

/* How long they leave the loader alone; esptool's comments only say `during flashing`. */
enum { BITE_US = 2000000 };

enum { RTC_CLOCK_HZ = 136000 };

#define RTC_KEY    UINT32_C(0x50d83aa1)
#define RTC_ENABLE (UINT32_C(1) << 31)

void watchdog_start(struct chip *chip)
{
    const struct persona *p = chip->persona;

    if (!chip->usb_jtag)
        return;
    chip->watchdog.rtc_at = p->wdt_config0 ? chip->time_us + BITE_US : 0;
    chip->watchdog.super_at = p->swd_conf ? chip->time_us + BITE_US : 0;
    if (p->wdt_config0)
        regs_poke(&chip->regs, p->wdt_config0, RTC_ENABLE);
}

void watchdog_stop(struct chip *chip)
{
    chip->watchdog = (struct watchdog){0};
}

static void rtc_written(struct chip *chip, uint32_t value)
{
    const struct persona *p = chip->persona;

    if (regs_peek(&chip->regs, p->wdt_protect) != RTC_KEY)
        return;
    uint64_t ticks = regs_peek(&chip->regs, p->wdt_config1);
    bool enabled = value & RTC_ENABLE;
    chip->watchdog.rtc_at = enabled ? chip->time_us + (int64_t)(ticks * 1000000 / RTC_CLOCK_HZ) : 0;
}

void watchdog_written(struct chip *chip, uint32_t address, uint32_t value)
{
    const struct persona *p = chip->persona;

    if (p->wdt_config0 != 0 && address == p->wdt_config0)
        rtc_written(chip, value);
    if (p->swd_conf != 0 && address == p->swd_conf && (value & p->swd_autofeed) &&
        regs_peek(&chip->regs, p->swd_protect) == p->swd_key)
        chip->watchdog.super_at = 0;
}

int64_t watchdog_next(const struct chip *chip)
{
    const struct watchdog *w = &chip->watchdog;

    if (w->rtc_at == 0 || w->super_at == 0)
        return w->rtc_at + w->super_at;
    return w->rtc_at < w->super_at ? w->rtc_at : w->super_at;
}
