/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Options of esptool and pairs of address and file: argument files such as ESP-IDF's flash_args,
 * and what flasher_args.json says in the same words. (esptool 5.3.1, esptool/__init__.py.)
 */
#include "source/args.h"

#include "base/util.h"
#include "source/private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- options ---- */

static int bad_value(struct source *s, const char *where, const char *what, const char *value)
{
    return error_set(s->error, ERR_FILE_FORMAT, "%s: %s: \"%.40s\" is no %s", s->name, where, value,
                     what);
}

static int set_chip(struct source *s, const char *where, const char *value)
{
    const struct chip *chip = chip_by_name(value);

    if (strcmp(value, "auto") == 0)
        return 0;
    if (chip == NULL)
        return error_set(s->error, ERR_UNKNOWN_CHIP,
                         "%s: %s: \"%.40s\" is no chip that espjig knows (%s)", s->name, where,
                         value, chip_names());
    return source_chip_set(s, where, chip);
}

static int set_port(struct source *s, const char *where, const char *value)
{
    (void)where;
    job_set_port(s->job, value);
    return 0;
}

static int set_baud(struct source *s, const char *where, const char *value)
{
    uint64_t v;

    if (!util_number_parse(value, false, 12000000, &v) || v < 300)
        return bad_value(s, where, "rate", value);
    s->job->baud = (unsigned)v;
    return 0;
}

static int set_before(struct source *s, const char *where, const char *value)
{
    return loader_before_parse(value, &s->job->before) ? 0
                                                       : bad_value(s, where, "way to reset", value);
}

static int set_after(struct source *s, const char *where, const char *value)
{
    return loader_after_parse(value, &s->job->after) ? 0
                                                     : bad_value(s, where, "way to reset", value);
}

static int set_attempts(struct source *s, const char *where, const char *value)
{
    uint64_t v;

    if (!util_number_parse(value, false, 1000000, &v))
        return bad_value(s, where, "number of attempts", value);
    s->job->connect_attempts = (int)v;
    return 0;
}

static int set_mode(struct source *s, const char *where, const char *value)
{
    s->job->flash_mode = FLASH_MODE_KEEP;
    if (strcmp(value, "keep") == 0 || flash_mode_parse(value, &s->job->flash_mode))
        return 0;
    return bad_value(s, where, "flash mode", value);
}

static bool any_chip_has(const char *name,
                         bool (*parse)(const struct chip *, const char *, uint8_t *))
{
    uint8_t nibble;

    for (int id = CHIP_AUTO + 1; id < CHIP_COUNT; id++) {
        if (parse(chip_get((enum chip_id)id), name, &nibble))
            return true;
    }
    return false;
}

static int set_freq(struct source *s, const char *where, const char *value)
{
    if (strcmp(value, "keep") != 0 && !any_chip_has(value, chip_freq_parse))
        return bad_value(s, where, "flash frequency", value);
    util_copy(s->job->flash_freq, sizeof s->job->flash_freq, value);
    return 0;
}

static int set_size(struct source *s, const char *where, const char *value)
{
    if (strcmp(value, "keep") != 0 && strcmp(value, "detect") != 0 &&
        !any_chip_has(value, chip_size_parse))
        return bad_value(s, where, "flash size", value);
    util_copy(s->job->flash_size, sizeof s->job->flash_size, value);
    return 0;
}

static int set_connection(struct source *s, const char *where, const char *value)
{
    struct spi_connection connection;

    if (spi_connection_parse(value, &connection, NULL) != 0 ||
        !util_copy(s->job->spi_connection, sizeof s->job->spi_connection, value))
        return bad_value(s, where, "connection of a flash", value);
    return 0;
}

static int set_no_stub(struct source *s, const char *where, const char *value)
{
    (void)where, (void)value;
    s->job->no_stub = true;
    return 0;
}

static int set_erase_all(struct source *s, const char *where, const char *value)
{
    (void)where, (void)value;
    s->job->erase_all = true;
    return 0;
}

static int set_no_compress(struct source *s, const char *where, const char *value)
{
    (void)where, (void)value;
    s->job->compress = false;
    return 0;
}

static int set_compress(struct source *s, const char *where, const char *value)
{
    (void)where, (void)value;
    s->job->compress = true;
    return 0;
}

/* A stranger's file does not switch the checks off. */
static int set_force(struct source *s, const char *where, const char *value)
{
    (void)where, (void)value;
    source_note(s->notes, true, "%s: --force is not taken over: say it on the command line",
                s->name);
    return 0;
}

static int set_encrypt(struct source *s, const char *where, const char *value)
{
    (void)where, (void)value;
    for (size_t i = s->first; i < s->job->n_images; i++)
        s->job->images[i].encrypted = ENCRYPT_ALWAYS;
    return 0;
}

/* Nothing changes when it is left out: what it asks for is done anyway, or is about texts. */
static int set_nothing(struct source *s, const char *where, const char *value)
{
    (void)s, (void)where, (void)value;
    return 0;
}

static const struct option {
    const char *name, *letters;
    bool argument;
    int (*set)(struct source *s, const char *where, const char *value); /* NULL: can't be done */
} options[] = {
    {"chip", "c", true, set_chip},
    {"port", "p", true, set_port},
    {"baud", "b", true, set_baud},
    {"before", NULL, true, set_before},
    {"after", "a", true, set_after},
    {"connect-attempts", NULL, true, set_attempts},
    {"no-stub", NULL, false, set_no_stub},
    {"flash-mode", "fm", true, set_mode},
    {"flash-freq", "ff", true, set_freq},
    {"flash-size", "fs", true, set_size},
    {"spi-connection", "sc", true, set_connection},
    {"erase-all", "e", false, set_erase_all},
    {"compress", "z", false, set_compress},
    {"no-compress", "u", false, set_no_compress},
    {"force", NULL, false, set_force},
    {"encrypt", NULL, false, set_encrypt},
    {"encrypt-files", NULL, false, NULL}, /* of an argument file: see option_read() */
    {"no-progress", NULL, false, set_nothing},
    {"verify", NULL, false, set_nothing},
    {"skip-flashed", "s", false, set_nothing},
    {"verbose", "v", false, set_nothing},
    {"silent", NULL, false, set_nothing},
    {"trace", "t", false, NULL},
    {"stub-version", NULL, true, NULL},
    {"port-filter", NULL, true, NULL},
    {"override-vddsdio", NULL, true, NULL},
    {"ignore-flash-enc-efuse", NULL, false, NULL},
    {"flash-type", NULL, true, NULL},
    {"trust-flash-content", NULL, false, NULL},
};

/* Whether the first n bytes of `text` are the word, `_` as good as `-`. */
static bool same_word(const char *word, const char *text, size_t n)
{
    size_t i = 0;

    for (; i < n && word[i]; i++) {
        if (word[i] != (text[i] == '_' ? '-' : text[i]))
            return false;
    }
    return i == n && word[i] == '\0';
}

static const struct option *option_find(const char *name, size_t n)
{
    for (size_t i = 0; i < ARRAY_LEN(options); i++) {
        if (same_word(options[i].name, name, n) ||
            (options[i].letters && same_word(options[i].letters, name, n)))
            return &options[i];
    }
    return NULL;
}

int source_option_set(struct source *s, const char *where, const char *name, const char *value)
{
    const struct option *o = option_find(name, strlen(name));

    if (o == NULL || o->set == NULL) {
        source_note(s->notes, true, "%s: %.100s: the option %.60s %s", s->name, where, name,
                    o ? "has no counterpart" : "is not known");
        return 0;
    }
    if (o->argument && value == NULL)
        return error_set(s->error, ERR_FILE_FORMAT, "%s: %s: %s needs a value", s->name, where,
                         name);
    return o->set(s, where, value);
}

/* ---- the file ---- */

struct reader {
    struct source *s;
    const struct words *words;
    size_t at;
    bool encrypt;   /* all */
    bool encrypted; /* the pairs that follow --encrypt-files */
};

/* The word at r->at is an option; its value may be the next word. */
static int option_read(struct reader *r)
{
    const char *word = r->words->rows[r->at++], *name = word, *value = NULL;

    while (*name == '-')
        name++;
    const char *equals = strchr(name, '=');
    size_t n = equals ? (size_t)(equals - name) : strlen(name);
    r->encrypted = same_word("encrypt-files", name, n);
    if (r->encrypted)
        return 0;
    r->encrypt = r->encrypt || same_word("encrypt", name, n);
    const struct option *o = option_find(name, n);
    char key[64];
    snprintf(key, sizeof key, "%.*s", (int)(n < 60 ? n : 60), name);
    if (equals)
        value = equals + 1;
    else if (o && o->argument && r->at < r->words->n)
        value = r->words->rows[r->at++];
    return source_option_set(r->s, word, key, value);
}

static int pair_read(struct reader *r)
{
    const char *place = r->words->rows[r->at++];
    struct job_image image = {0};

    if (!job_address_parse(place, &image))
        return error_set(r->s->error, ERR_FILE_FORMAT, "%s: \"%.40s\" is no flash address",
                         r->s->name, place);
    if (r->at == r->words->n)
        return error_set(r->s->error, ERR_FILE_FORMAT, "%s: the file for %.40s is missing",
                         r->s->name, place);
    const char *file = r->words->rows[r->at++];
    if (source_image_add(r->s, place, file, image.address,
                         r->encrypted ? ENCRYPT_ALWAYS : ENCRYPT_NO) != 0)
        return r->s->error->code;
    struct job_image *added = &r->s->job->images[r->s->job->n_images - 1];
    memcpy(added->partition, image.partition, sizeof added->partition);
    return 0;
}

static bool is_command(const char *word)
{
    return same_word("write-flash", word, strlen(word)) ||
           same_word("verify-flash", word, strlen(word));
}

int source_args_read(struct source *s, const char *text, size_t size)
{
    struct words words = {0};
    struct reader r = {.s = s, .words = &words};
    int result = words_split(s->name, text, size, &words, s->error);

    while (result == 0 && r.at < words.n) {
        const char *word = words.rows[r.at];
        if (word[0] == '-')
            result = option_read(&r);
        else if (is_command(word))
            r.at++;
        else
            result = pair_read(&r);
    }
    if (result == 0 && r.encrypt)
        set_encrypt(s, "", NULL);
    words_done(&words);
    return result;
}

/* The user's own words: files may be anywhere. They are relative to the file, which is where
 * ESP-IDF runs esptool. */
int source_args_load(struct source *s)
{
    char *folder = source_folder(s->name);
    struct buffer text = {0};
    int result = source_text_read(s->name, &text, s->error);

    s->directory = folder;
    if (result == 0)
        result = source_args_read(s, (const char *)text.data, text.len);
    if (result == 0)
        result = source_images_resolve(s, NULL);
    const struct chip *told = source_chip_told(s->job, s->first);
    if (result == 0 && told && s->job->chip == CHIP_AUTO && s->options->chip == CHIP_AUTO)
        s->job->chip = told->id;
    buffer_done(&text);
    free(folder);
    return result;
}

/* A text whose first words are options or an address and a file. */
bool source_args_is(const struct source_look *look)
{
    struct words words = {0};
    bool is = false;
    uint64_t v;

    if (look->directory || look->n == 0 || look->size > SOURCE_LOOK_MAX)
        return false;
    if (words_split(look->path, (const char *)look->head, look->n, &words, NULL) == 0 &&
        words.n >= 2) {
        const char *word = words.rows[0], *name = word + strspn(word, "-");
        is = is_command(word) || util_number_parse(word, true, UINT32_MAX, &v) ||
             (name > word && option_find(name, strcspn(name, "=")));
    }
    words_done(&words);
    return is;
}
