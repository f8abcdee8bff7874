/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "chip/boot_line.h"

#include "base/util.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/*
 * The lines to be read:
 *
 *     rst:0x1 (POWERON_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)      ESP32
 *     rst:0x1 (POWERON),boot:0x5 (DOWNLOAD(USB/UART0/1))           later chips
 *      ets Jan  8 2013,rst cause:1, boot mode:(3,7)                ESP8266
 */
static const char later[] = "boot:0x", esp8266[] = "boot mode:(";

/* The last place in `log` where `key` is followed by a digit: a line may be cut off. */
static const char *last_of(const char *log, const char *key)
{
    const char *last = NULL;

    for (const char *p = strstr(log, key); p; p = strstr(p + 1, key)) {
        if (isxdigit((unsigned char)p[strlen(key)]))
            last = p;
    }
    return last;
}

static const char *line_start(const char *log, const char *p)
{
    while (p > log && p[-1] != '\n' && p[-1] != '\r')
        p--;
    return p;
}

static int reset_cause_read(const char *line, const char *end)
{
    static const struct {
        const char *key;
        int base;
    } forms[] = {{"rst:0x", 16}, {"rst cause:", 10}};

    for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
        const char *p = strstr(line, forms[i].key);
        if (p && p < end)
            return (int)strtol(p + strlen(forms[i].key), NULL, forms[i].base);
    }
    return -1;
}

/* From the key to the end of the line, as far as it is text. */
static void text_copy(char *to, size_t size, const char *from)
{
    size_t n = 0;

    while (n + 1 < size && isprint((unsigned char)from[n]))
        n++;
    memcpy(to, from, n);
    to[n] = '\0';
}

/* Mode names that take UART commands: DOWNLOAD_BOOT(...), DOWNLOAD(...), and the UART-only ones,
 * UART_BOOT(UART0) and UART0_BOOT. SPI_DOWNLOAD_BOOT is for something else. */
static bool is_download(const char *text)
{
    if (strstr(text, "SPI_DOWNLOAD"))
        return false;
    return strstr(text, "DOWNLOAD") || strstr(text, "UART");
}

/* "waiting for download", "wait uart download", "wait uart0 download"; not "wait spi download". */
static bool is_waiting(const char *log)
{
    for (const char *p = strstr(log, "wait"); p; p = strstr(p + 1, "wait")) {
        char line[64];
        text_copy(line, sizeof line, p);
        if (strstr(line, "download") && !strstr(line, "spi") && !strstr(line, "sdio"))
            return true;
    }
    return false;
}

struct boot_line boot_line_find(const char *log)
{
    struct boot_line boot = {.reset_cause = -1, .boot_mode = -1};
    const char *new_form = last_of(log, later), *old_form = last_of(log, esp8266);
    const char *at = old_form && (!new_form || old_form > new_form) ? old_form : new_form;

    boot.waiting = is_waiting(at ? at : log);
    if (at == NULL)
        return boot;
    boot.found = true;
    boot.reset_cause = reset_cause_read(line_start(log, at), at);
    text_copy(boot.text, sizeof boot.text, at);
    if (at == new_form) {
        boot.boot_mode = (int)strtol(at + strlen(later), NULL, 16);
        boot.download = is_download(boot.text);
    } else {
        boot.boot_mode = (int)strtol(at + strlen(esp8266), NULL, 10);
        boot.download = boot.boot_mode == 1;
    }
    return boot;
}
