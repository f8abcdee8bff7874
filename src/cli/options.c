/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads the command line by the two tables. */
#include "cli/options.h"

#include "base/util.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- finding words in the tables ---- */

/* Whether the words are the same but for `_` and `-`. */
static bool same_word(const char *a, const char *b)
{
    for (; *a && *b; a++, b++) {
        if ((*a == '_' ? '-' : *a) != (*b == '_' ? '-' : *b))
            return false;
    }
    return *a == *b;
}

static const struct cli_command *command_find(const char *name)
{
    for (const struct cli_command *c = cli_commands; c->name; c++) {
        if (same_word(c->name, name))
            return c;
    }
    return NULL;
}

/* Of options of the same name the command's own, else the one that more commands have. */
static const struct cli_option *option_better(const struct cli_option *found,
                                              const struct cli_option *other,
                                              const struct cli_command *command)
{
    unsigned bits = command ? command->bit : FOR_ALL;

    if (found == NULL)
        return other;
    return __builtin_popcount(other->commands & bits) > __builtin_popcount(found->commands & bits)
               ? other
               : found;
}

/* Finds the option that a word of the command line is; *value points to a value that is part of the
 * word (--baud=9600, -b9600), else NULL. `command`: NULL while it is not known. */
static const struct cli_option *option_find(char *word, const struct cli_command *command,
                                            char **value)
{
    bool is_long = word[1] == '-';
    char *equals = is_long ? strchr(word, '=') : NULL;
    const struct cli_option *found = NULL;

    *value = NULL;
    if (equals)
        *equals = '\0';
    for (const struct cli_option *o = cli_options; o->name; o++) {
        if (is_long ? same_word(o->name, word + 2)
                    : o->letters && strcmp(o->letters, word + 1) == 0)
            found = option_better(found, o, command);
    }
    if (equals) {
        *equals = '=';
        *value = equals + 1;
    }
    for (const struct cli_option *o = cli_options; o->name && !found && !is_long; o++) {
        if (o->letters && o->argument && o->letters[1] == '\0' && o->letters[0] == word[1]) {
            found = o;
            *value = word + 2;
        }
    }
    return found;
}

/* ---- what an option does ---- */

enum { SECONDS_MAX = 3600 };

static int number_apply(const struct cli_option *o, const char *value, unsigned *to,
                        struct error *error)
{
    uint64_t v;

    if (!util_number_parse(value, false, o->max, &v) || v < o->min)
        return error_set(error, ERR_USAGE, "--%s: \"%s\" is not a number from %u to %u", o->name,
                         value, o->min, o->max);
    *to = (unsigned)v;
    return 0;
}

static int address_apply(const struct cli_option *o, const char *value, uint32_t *to,
                         struct error *error)
{
    uint64_t v;

    if (!util_number_parse(value, true, UINT32_MAX, &v))
        return error_set(error, ERR_BAD_ADDRESS,
                         "--%s: \"%s\" is no number of 32 bits such as 0x10000 or 64k", o->name,
                         value);
    *to = (uint32_t)v;
    return 0;
}

static int seconds_apply(const struct cli_option *o, const char *value, unsigned *ms,
                         struct error *error)
{
    if (util_seconds_parse(value, SECONDS_MAX, ms))
        return 0;
    return error_set(error, ERR_USAGE, "--%s: \"%s\" is no number of seconds up to %d", o->name,
                     value, SECONDS_MAX);
}

static int copy_apply(const char *value, char **to)
{
    free(*to);
    *to = xstrdup(value);
    return 0;
}

static int option_apply(struct cli *cli, const struct cli_option *o, const char *value,
                        struct error *error)
{
    void *at = (char *)cli + o->at;

    switch (o->value) {
    case VALUE_ON:
    case VALUE_OFF:
        *(bool *)at = o->value == VALUE_ON;
        return 0;
    case VALUE_TEXT:
        *(const char **)at = value;
        return 0;
    case VALUE_COPY:
        return copy_apply(value, at);
    case VALUE_NUMBER:
        return number_apply(o, value, at, error);
    case VALUE_ADDRESS:
        return address_apply(o, value, at, error);
    case VALUE_SECONDS:
        return seconds_apply(o, value, at, error);
    case VALUE_SET:
        break;
    }
    return o->set(cli, value, error);
}

/* ---- the command line ---- */

/* Takes argv[*i], and argv[*i + 1] when the option needs it. */
static int option_take(struct cli *cli, size_t *i, struct error *error)
{
    char *value, *word = cli->words.rows[*i];
    const struct cli_option *o = option_find(word, cli->command, &value);

    cli->source.encrypting = false;
    if (o == NULL)
        return error_set(error, ERR_USAGE, "there is no option %s", word);
    if (o->argument == NULL && value)
        return error_set(error, ERR_USAGE, "--%s takes no value", o->name);
    if (o->argument && value == NULL) {
        if (*i + 1 >= cli->words.n)
            return error_set(error, ERR_USAGE, "%s needs a value: %s", word, o->argument);
        value = cli->words.rows[++*i];
    }
    return option_apply(cli, o, value, error);
}

/* An option that this command does not have is an error, not something to be ignored. */
static int check_options(const struct cli *cli, struct error *error)
{
    const struct cli_command *known = NULL; /* as it was when the option was taken */
    char **words = cli->words.rows, *value;

    for (size_t i = 0; i < cli->words.n && strcmp(words[i], "--") != 0; i++) {
        if (words[i][0] != '-' || words[i][1] == '\0') {
            known = cli->command;
            continue;
        }
        const struct cli_option *o = option_find(words[i], known, &value);
        if (o == NULL)
            continue;
        if (!(o->commands & cli->command->bit))
            return error_set(error, ERR_USAGE, "--%s does not go with %s", o->name,
                             cli->command->name[0] ? cli->command->name : "the dashboard");
        i += o->argument && value == NULL;
    }
    return 0;
}

static int check_args(const struct cli *cli, struct error *error)
{
    const struct cli_command *c = cli->command;

    if (cli->n_args < c->min_args)
        return error_set(error, ERR_USAGE, "%s needs %s", c->name, c->arguments);
    if (cli->n_args > c->max_args)
        return error_set(error, ERR_USAGE, "%s: \"%s\" is too much (usage: espjig %s %s)", c->name,
                         cli->args[c->max_args], c->name, c->arguments);
    return 0;
}

/* Whether commands of two words begin with this one. */
static bool is_group(const char *word)
{
    size_t n = strlen(word);

    for (const struct cli_command *c = cli_commands; c->name && n; c++) {
        if (strncmp(c->name, word, n) == 0 && c->name[n] == ' ')
            return true;
    }
    return false;
}

static int command_take(struct cli *cli, const char *word, struct error *error)
{
    char two[64];

    if (cli->group == NULL && is_group(word)) {
        cli->group = word;
        return 0;
    }
    snprintf(two, sizeof two, "%s%s%s", cli->group ? cli->group : "", cli->group ? " " : "", word);
    cli->command = command_find(two);
    if (cli->command)
        return 0;
    return error_set(error, ERR_USAGE, "there is no command \"%s\" (espjig %s--help lists them)",
                     two, cli->group ? "job " : "");
}

static int word_take(struct cli *cli, const char *word, struct error *error)
{
    if (cli->command == NULL)
        return command_take(cli, word, error);
    if (cli->n_args == ARRAY_LEN(cli->args))
        return error_set(error, ERR_USAGE, "more than %zu arguments are given",
                         ARRAY_LEN(cli->args));
    cli->encrypted[cli->n_args] = cli->source.encrypting;
    cli->args[cli->n_args++] = word;
    return 0;
}

/* Every @FILE becomes what is in it; such a word in a file stays as it is (as with esptool). */
static int words_expand(struct cli *cli, int argc, char **argv, struct error *error)
{
    bool plain = false;
    int result = 0;

    for (int i = 1; result == 0 && i < argc; i++) {
        plain = plain || strcmp(argv[i], "--") == 0;
        if (!plain && argv[i][0] == '@' && argv[i][1])
            result = words_load(argv[i] + 1, &cli->words, error);
        else
            words_add(&cli->words, argv[i]);
    }
    return result;
}

/* Takes all options, and all else where `words` is true. */
static int take_all(struct cli *cli, bool words, struct error *error)
{
    bool words_only = false;
    int result = 0;

    for (size_t i = 0; result == 0 && i < cli->words.n; i++) {
        const char *word = cli->words.rows[i];
        if (!words_only && strcmp(word, "--") == 0)
            words_only = true;
        else if (!words_only && word[0] == '-' && word[1])
            result = option_take(cli, &i, error);
        else if (words)
            result = word_take(cli, word, error);
    }
    return result;
}

int cli_options_again(struct cli *cli, struct error *error)
{
    cli->n_ports = 0;
    return take_all(cli, false, error);
}

int cli_parse(struct cli *cli, int argc, char **argv, struct error *error)
{
    *cli = (struct cli){.elf = {.min_rev = -1, .max_rev = -1, .min_rev_v0 = -1}};
    job_init(&cli->job);
    int result = words_expand(cli, argc, argv, error);
    if (result == 0)
        result = take_all(cli, true, error);
    bool named = cli->command != NULL;
    if (result == 0 && !named && cli->group && !cli->help && !cli->version)
        result = error_set(error, ERR_USAGE, "%s is half a command (espjig %s --help lists them)",
                           cli->group, cli->group);
    if (!named)
        cli->command = command_find("");
    if (result != 0 || cli->help || cli->version)
        return result;
    result = check_options(cli, error);
    return result == 0 && named ? check_args(cli, error) : result;
}

void cli_done(struct cli *cli)
{
    for (size_t i = 0; i < cli->n_found; i++)
        free(cli->found[i]);
    job_done(&cli->job);
    words_done(&cli->words);
    source_notes_done(&cli->source.notes);
}
