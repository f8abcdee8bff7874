/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which ports a job is for. */
#include "source/job_file.h"

#include "base/util.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* "10c4:ea60" */
static bool ids_parse(const char *text, unsigned long *vid, unsigned long *pid)
{
    static const char digits[] = "0123456789abcdefABCDEF";
    size_t n = strspn(text, digits), m = text[n] ? strspn(text + n + 1, digits) : 0;

    if (n == 0 || n > 4 || text[n] != ':' || m == 0 || m > 4 || text[n + 1 + m] != '\0')
        return false;
    *vid = strtoul(text, NULL, 16);
    *pid = strtoul(text + n + 1, NULL, 16);
    return true;
}

static bool ids_check(const char *text)
{
    unsigned long vid, pid;

    return ids_parse(text, &vid, &pid);
}

static bool ids_fit(const char *text, const struct port_info *port)
{
    unsigned long vid, pid;

    return port->usb && ids_parse(text, &vid, &pid) && vid == port->vid && pid == port->pid;
}

static bool text_check(const char *text)
{
    return text[0] != '\0';
}

static bool serial_fits(const char *text, const struct port_info *port)
{
    return strcmp(text, port->serial) == 0;
}

static bool slot_fits(const char *text, const struct port_info *port)
{
    return strcmp(text, port->slot) == 0;
}

static bool nothing_check(const char *text)
{
    return text[0] == '\0';
}

static bool any_fits(const char *text, const struct port_info *port)
{
    (void)text;
    return port->usb;
}

static const struct rule {
    const char *word;
    bool (*check)(const char *text);
    bool (*fits)(const char *text, const struct port_info *port);
} rules[] = {
    {"usb:", ids_check, ids_fit},
    {"serial:", text_check, serial_fits},
    {"slot:", text_check, slot_fits},
    {"any", nothing_check, any_fits},
};

/* *rest: what follows its word. `any` is a word, and no beginning of one. */
static const struct rule *rule_find(const char *text, const char **rest)
{
    for (size_t i = 0; i < ARRAY_LEN(rules); i++) {
        size_t n = strlen(rules[i].word);
        *rest = text + n;
        if (strncmp(text, rules[i].word, n) == 0 && (text[n - 1] == ':' || text[n] == '\0'))
            return &rules[i];
    }
    return NULL;
}

bool port_rule_is(const char *text)
{
    return rule_find(text, &text) != NULL;
}

bool port_rule_check(const char *text)
{
    const char *rest;
    const struct rule *rule = rule_find(text, &rest);

    return rule && rule->check(rest);
}

bool port_rule_fits(const char *text, const struct port_info *port)
{
    const char *rest;
    const struct rule *rule = rule_find(text, &rest);

    return rule && rule->check(rest) && rule->fits(rest, port);
}
