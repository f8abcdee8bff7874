/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hint/hint.h"

#include "base/util.h"
#include "hint/rules.h"

#include <stdio.h>
#include <string.h>

/* Copies a rule's text with {} replaced. */
static void fill(char *to, size_t size, const char *text, const char *word)
{
    char whole[512];
    size_t at = 0;

    while (*text && at + 1 < sizeof whole) {
        bool gap = text[0] == '{' && text[1] == '}';
        size_t left = sizeof whole - at;
        int n =
            gap ? snprintf(whole + at, left, "%s", word) : snprintf(whole + at, left, "%c", *text);
        at += (size_t)n < left ? (size_t)n : left - 1;
        text += gap ? 2 : 1;
    }
    whole[at] = '\0';
    util_copy(to, size, whole);
}

static bool rule_matches(const struct rule *rule, struct facts *facts)
{
    for (size_t i = 0; i < ARRAY_LEN(rule->codes) && rule->codes[i] != 0; i++) {
        if (rule->codes[i] != facts->evidence->error->code)
            continue;
        facts->seen[0] = facts->word[0] = '\0';
        return rule->match == NULL || rule->match(facts);
    }
    return false;
}

static void hint_fill(struct hint *hint, const struct rule *rule, const struct facts *facts)
{
    util_copy(hint->id, sizeof hint->id, rule->id);
    fill(hint->cause, sizeof hint->cause, rule->cause, facts->word);
    util_copy(hint->evidence, sizeof hint->evidence, facts->seen[0] ? facts->seen : facts->text);
    fill(hint->fix, sizeof hint->fix, rule->fix, facts->word);
    util_copy(hint->action, sizeof hint->action, rule->action ? rule->action : "");
}

/* What the error table knows. */
static void hint_fall_back(struct hint *hint, const struct facts *facts)
{
    enum err code = facts->evidence->error->code;

    util_copy(hint->id, sizeof hint->id, error_id(code));
    util_copy(hint->cause, sizeof hint->cause, facts->text[0] ? facts->text : error_id(code));
    util_copy(hint->evidence, sizeof hint->evidence, facts->boot.text);
    util_copy(hint->fix, sizeof hint->fix, error_advice(code));
}

bool hint_find(const struct evidence *evidence, struct hint *hint)
{
    *hint = (struct hint){0};
    if (evidence->error == NULL || evidence->error->code == ERR_OK)
        return false;

    struct facts facts = {.evidence = evidence,
                          .text = evidence->error->text,
                          .log = evidence->boot_log ? evidence->boot_log : ""};
    facts.boot = boot_line_find(facts.log);
    facts.chip = boot_log_chip(facts.log);
    if (facts.chip == NULL)
        facts.chip = evidence->chip;
    facts.straps = straps_of(facts.chip);
    for (size_t i = 0; i < hint_rules_count; i++) {
        if (rule_matches(&hint_rules[i], &facts)) {
            hint_fill(hint, &hint_rules[i], &facts);
            return true;
        }
    }
    hint_fall_back(hint, &facts);
    return true;
}
