/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "emu/persona.h"

#include "base/util.h"
#include "emu/personas/personas.h"

#include <string.h>

static const struct persona *const personas[] = {
    &persona_esp8266,  &persona_esp32,        &persona_esp32s2,  &persona_esp32s3,
    &persona_esp32c2,  &persona_esp32c3,      &persona_esp32c5,  &persona_esp32c6,
    &persona_esp32c61, &persona_esp32h2,      &persona_esp32h21, &persona_esp32h4,
    &persona_esp32p4,  &persona_esp32p4_rev1, &persona_esp32s31, &persona_esp32e22,
};

const struct persona *persona_find(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(personas); i++) {
        if (strcmp(personas[i]->name, name) == 0)
            return personas[i];
    }
    return NULL;
}

const struct persona *persona_at(size_t i)
{
    return i < ARRAY_LEN(personas) ? personas[i] : NULL;
}

/* ---- what the persona files share ---- */

/* ESP-IDF components/esp_rom/<chip>/include/<chip>/rom/rtc.h has the numbers, logs the words. */
const struct reset_name resets_s2[RESET_CAUSES] = {
    [RESET_POWER] = {0x1, "POWERON"},           [RESET_PIN] = {0x1, "POWERON"},
    [RESET_SOFTWARE] = {0x3, "RTC_SW_SYS_RST"}, [RESET_WDT] = {0x7, "TG0WDT_SYS_RST"},
    [RESET_RTC_WDT] = {0x10, "RTCWDT_RTC_RST"},
};

const struct reset_name resets_c6[RESET_CAUSES] = {
    [RESET_POWER] = {0x1, "POWERON"},        [RESET_PIN] = {0x1, "POWERON"},
    [RESET_SOFTWARE] = {0x3, "LP_SW_HPSYS"}, [RESET_WDT] = {0x7, "TG0_WDT_HPSYS"},
    [RESET_RTC_WDT] = {0x10, "LP_WDT_SYS"},
};

const struct reset_name resets_c5[RESET_CAUSES] = {
    [RESET_POWER] = {0x1, "POWERON"},         [RESET_PIN] = {0x1, "POWERON"},
    [RESET_SOFTWARE] = {0x3, "RTC_SW_HPSYS"}, [RESET_WDT] = {0x7, "TG0_WDT_HPSYS"},
    [RESET_RTC_WDT] = {0x10, "RTC_WDT_SYS"},
};

const struct reset_name resets_p4[RESET_CAUSES] = {
    [RESET_POWER] = {0x1, "POWERON"},
    [RESET_PIN] = {0x1, "POWERON"},
    [RESET_SOFTWARE] = {0x3, "SW_SYS_RESET"},
    [RESET_WDT] = {0x7, "HP_SYS_HP_WDT_RESET"},
    [RESET_RTC_WDT] = {0x10, "CHIP_LP_WDT_RESET"},
};

const struct reset_name resets_s31[RESET_CAUSES] = {
    [RESET_POWER] = {0x1, "POWERON"},
    [RESET_PIN] = {0x1, "POWERON"},
    [RESET_SOFTWARE] = {0x3, "SW_SYS_RESET"},
    [RESET_WDT] = {0x7, "HP_SYS_HP_WDT0_RESET"},
    [RESET_RTC_WDT] = {0x10, "CHIP_LP_WDT_RESET"},
};

const struct reg_value regs_none[1] = {{0}};

void efuse_mac_newer(uint32_t *words, const uint8_t mac[6])
{
    words[0] = (uint32_t)mac[2] << 24 | (uint32_t)mac[3] << 16 | (uint32_t)mac[4] << 8 | mac[5];
    words[1] = (words[1] & 0xffff0000) | (uint32_t)mac[0] << 8 | mac[1];
}
