/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A job as JSON: what goes to a station, and what it remembers between runs. */
#include "job/job.h"

#include "base/util.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum member_type { MEMBER_STRING, MEMBER_PATH, MEMBER_WORD, MEMBER_BOOL, MEMBER_NUMBER };

/* The plain members; what needs more thought is written out below. */
static const struct member {
    const char *name;
    enum member_type type; /* STRING, PATH: char *; WORD: char[size] */
    size_t offset, size;
} members[] = {
    {"port", MEMBER_STRING, offsetof(struct job, port), 0},
    {"port_rule", MEMBER_STRING, offsetof(struct job, port_rule), 0},
    {"slot", MEMBER_WORD, offsetof(struct job, slot), sizeof(((struct job *)0)->slot)},
    {"no_stub", MEMBER_BOOL, offsetof(struct job, no_stub), 0},
    {"compress", MEMBER_BOOL, offsetof(struct job, compress), 0},
    {"erase_all", MEMBER_BOOL, offsetof(struct job, erase_all), 0},
    {"force", MEMBER_BOOL, offsetof(struct job, force), 0},
    {"no_diff", MEMBER_BOOL, offsetof(struct job, no_diff), 0},
    {"skip_gaps", MEMBER_BOOL, offsetof(struct job, skip_gaps), 0},
    {"table_address", MEMBER_NUMBER, offsetof(struct job, table_address), 0},
    {"flash_freq", MEMBER_WORD, offsetof(struct job, flash_freq),
     sizeof(((struct job *)0)->flash_freq)},
    {"flash_size", MEMBER_WORD, offsetof(struct job, flash_size),
     sizeof(((struct job *)0)->flash_size)},
    {"spi_connection", MEMBER_WORD, offsetof(struct job, spi_connection),
     sizeof(((struct job *)0)->spi_connection)},
    {"expect_mac", MEMBER_WORD, offsetof(struct job, expect_mac),
     sizeof(((struct job *)0)->expect_mac)},
    {"stub_dir", MEMBER_PATH, offsetof(struct job, stub_dir), 0},
    {"trace", MEMBER_PATH, offsetof(struct job, trace), 0},
    {"fault", MEMBER_STRING, offsetof(struct job, fault), 0},
    {"reset", MEMBER_STRING, offsetof(struct job, reset), 0},
};

#define OF_CHECK(m) offsetof(struct job, boot_check.m)

/* Of the object "boot_check". */
static const struct member check_members[] = {
    {"enabled", MEMBER_BOOL, OF_CHECK(enabled), 0},
    {"baud", MEMBER_NUMBER, OF_CHECK(baud), 0},
    {"expect", MEMBER_WORD, OF_CHECK(expect), sizeof(((struct job *)0)->boot_check.expect)},
    {"send", MEMBER_WORD, OF_CHECK(send), sizeof(((struct job *)0)->boot_check.send)},
    {"delay_ms", MEMBER_NUMBER, OF_CHECK(delay_ms), 0},
    {"timeout_ms", MEMBER_NUMBER, OF_CHECK(timeout_ms), 0},
};

/* ---- writing ---- */

/* A path that is no UTF-8 can't stand in JSON; jansson refuses it and the member is left out, which
 * the reader then reports. */
static json_t *path_to_json(const char *path)
{
    struct buffer whole = {0};
    char *cwd = path[0] == '/' ? NULL : getcwd(NULL, 0);

    if (cwd)
        buffer_printf(&whole, "%s/", cwd);
    buffer_printf(&whole, "%s", path);
    json_t *json = json_string((const char *)whole.data);
    buffer_done(&whole);
    free(cwd);
    return json;
}

static json_t *member_to_json(const struct job *job, const struct member *m)
{
    const void *at = (const char *)job + m->offset;
    const char *text;

    if (m->type == MEMBER_BOOL)
        return json_boolean(*(const bool *)at);
    if (m->type == MEMBER_NUMBER)
        return json_integer(*(const uint32_t *)at);
    text = m->type == MEMBER_WORD ? at : *(char *const *)at;
    if (text == NULL || text[0] == '\0')
        return NULL;
    return m->type == MEMBER_PATH ? path_to_json(text) : json_string(text);
}

json_t *job_address_to_json(const struct job_image *image)
{
    char word[32];

    if (image->address < JOB_ADDRESS_OWN)
        return json_integer(image->address);
    return json_string(job_address_format(word, sizeof word, image));
}

static json_t *protect_to_json(const struct job *job)
{
    json_t *array = json_array();

    for (size_t i = 0; i < job->n_protect; i++)
        json_array_append_new(array, json_pack("{s:I, s:I}", "address",
                                               (json_int_t)job->protect[i].address, "size",
                                               (json_int_t)job->protect[i].size));
    return array;
}

static json_t *members_to_json(const struct job *job, const struct member *table, size_t n)
{
    json_t *json = json_object();

    for (size_t i = 0; i < n; i++) {
        json_t *value = member_to_json(job, &table[i]);
        if (value)
            json_object_set_new(json, table[i].name, value);
    }
    return json;
}

static const char encrypt_always[] = "always";

static json_t *images_to_json(const struct job *job)
{
    json_t *array = json_array();

    for (size_t i = 0; i < job->n_images; i++) {
        const struct job_image *image = &job->images[i];
        json_t *object = json_object();
        json_object_set_new(object, "path", path_to_json(image->path));
        json_object_set_new(object, "address", job_address_to_json(image));
        json_object_set_new(object, "enabled", json_boolean(image->enabled));
        if (image->encrypted)
            json_object_set_new(object, "encrypted",
                                image->encrypted == ENCRYPT_ALWAYS ? json_string(encrypt_always)
                                                                   : json_true());
        json_array_append_new(array, object);
    }
    return array;
}

/* The numbers of an op. */
static const struct {
    const char *name;
    size_t offset;
    bool always; /* else only where it is not what job_add_op() begins with */
} numbers[] = {
    {"address", offsetof(struct op, address), true}, {"size", offsetof(struct op, size), true},
    {"value", offsetof(struct op, value), false},    {"mask", offsetof(struct op, mask), false},
    {"bytes", offsetof(struct op, bytes), false},
};

static uint32_t *number_of(struct op *op, size_t i)
{
    return (uint32_t *)((char *)op + numbers[i].offset);
}

static json_t *op_to_json(struct op op, struct op *unchanged)
{
    json_t *object = json_object();

    json_object_set_new(object, "op", json_string(op_name(op.kind)));
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        uint32_t v = *number_of(&op, i);
        if (numbers[i].always || v != *number_of(unchanged, i))
            json_object_set_new(object, numbers[i].name, json_integer(v));
    }
    if (op.non_volatile)
        json_object_set_new(object, "non_volatile", json_true());
    if (op.partition[0])
        json_object_set_new(object, "partition", json_string(op.partition));
    if (op.path)
        json_object_set_new(object, "path", path_to_json(op.path));
    return object;
}

static json_t *ops_to_json(const struct job *job)
{
    json_t *array = json_array();
    struct job blank = {0};

    for (size_t i = 0; i < job->n_ops; i++)
        json_array_append_new(array, op_to_json(job->ops[i], job_add_op(&blank, job->ops[i].kind)));
    job_done(&blank);
    return array;
}

json_t *job_to_json(const struct job *job)
{
    const struct chip *chip = chip_get(job->chip);
    json_t *json = members_to_json(job, members, ARRAY_LEN(members));

    json_object_set_new(json, "chip", json_string(chip ? chip->key : "auto"));
    json_object_set_new(json, "baud",
                        job->baud == JOB_BAUD_AUTO ? json_string("auto") : json_integer(job->baud));
    json_object_set_new(json, "before", json_string(loader_before_name(job->before)));
    json_object_set_new(json, "after", json_string(loader_after_name(job->after)));
    json_object_set_new(json, "connect_attempts", json_integer(job->connect_attempts));
    json_object_set_new(json, "flash_mode",
                        json_string(job->flash_mode == FLASH_MODE_KEEP
                                        ? "keep"
                                        : flash_mode_name(job->flash_mode)));
    if (job->boot_check.expect[0])
        json_object_set_new(json, "boot_check",
                            members_to_json(job, check_members, ARRAY_LEN(check_members)));
    if (job->n_protect)
        json_object_set_new(json, "protect", protect_to_json(job));
    json_object_set_new(json, "images", images_to_json(job));
    json_object_set_new(json, "ops", ops_to_json(job));
    return json;
}

/* ---- reading ---- */

static int wrong(struct error *error, const char *name)
{
    return error_set(error, ERR_FILE_FORMAT, "job: member \"%s\" is missing or has a wrong value",
                     name);
}

static bool u32_read(const json_t *value, uint32_t *to)
{
    json_int_t v = json_integer_value(value);

    if (!json_is_integer(value) || v < 0 || v > UINT32_MAX)
        return false;
    *to = (uint32_t)v;
    return true;
}

static int member_from_json(const struct member *m, const json_t *value, struct job *job,
                            struct error *error)
{
    void *at = (char *)job + m->offset;
    const char *text = json_string_value(value);

    if (m->type == MEMBER_BOOL) {
        if (!json_is_boolean(value))
            return wrong(error, m->name);
        *(bool *)at = json_is_true(value);
        return 0;
    }
    if (m->type == MEMBER_NUMBER)
        return u32_read(value, at) ? 0 : wrong(error, m->name);
    if (text == NULL)
        return wrong(error, m->name);
    if (text[0] == '\0') /* is never written: nothing was said */
        return 0;
    if (m->type == MEMBER_WORD)
        return util_copy(at, m->size, text) ? 0 : wrong(error, m->name);
    *(char **)at = xstrdup(text);
    return 0;
}

static int members_from_json(const json_t *json, const struct member *table, size_t n,
                             struct job *job, struct error *error)
{
    int result = 0;

    for (size_t i = 0; result == 0 && i < n; i++) {
        const json_t *value = json_object_get(json, table[i].name);
        if (value)
            result = member_from_json(&table[i], value, job, error);
    }
    return result;
}

static bool address_read(const json_t *value, struct job_image *image)
{
    const char *word = json_string_value(value);

    return word ? job_address_parse(word, image)
                : u32_read(value, &image->address) && image->address < JOB_ADDRESS_OWN;
}

static bool switch_read(const json_t *value, bool *to)
{
    if (value)
        *to = json_is_true(value);
    return value == NULL || json_is_boolean(value);
}

static bool encrypt_read(const json_t *value, enum encrypt *to)
{
    const char *word = json_string_value(value);
    bool if_on = *to == ENCRYPT_IF_ON;

    if (word && strcmp(word, encrypt_always) == 0) {
        *to = ENCRYPT_ALWAYS;
        return true;
    }
    bool ok = switch_read(value, &if_on);
    *to = if_on ? ENCRYPT_IF_ON : ENCRYPT_NO;
    return ok;
}

static int images_from_json(const json_t *array, struct job *job, struct error *error)
{
    const json_t *object;
    size_t i;

    if (array && !json_is_array(array))
        return wrong(error, "images");
    json_array_foreach(array, i, object)
    {
        const char *path = json_string_value(json_object_get(object, "path"));
        if (path == NULL)
            return wrong(error, "images");
        job_add_image(job, path, 0);
        struct job_image *image = &job->images[i];
        if (!address_read(json_object_get(object, "address"), image) ||
            !switch_read(json_object_get(object, "enabled"), &image->enabled) ||
            !encrypt_read(json_object_get(object, "encrypted"), &image->encrypted))
            return wrong(error, "images");
    }
    return 0;
}

static int protect_from_json(const json_t *array, struct job *job, struct error *error)
{
    const json_t *object;
    size_t i;

    if (array && !json_is_array(array))
        return wrong(error, "protect");
    job->protect = xcalloc(json_array_size(array) + 1, sizeof *job->protect);
    json_array_foreach(array, i, object)
    {
        struct flash_range *range = &job->protect[job->n_protect++];
        if (!u32_read(json_object_get(object, "address"), &range->address) ||
            !u32_read(json_object_get(object, "size"), &range->size))
            return wrong(error, "protect");
    }
    return 0;
}

static bool op_from_json(const json_t *object, struct op *op)
{
    const json_t *path = json_object_get(object, "path");
    const json_t *non_volatile = json_object_get(object, "non_volatile");
    const json_t *partition = json_object_get(object, "partition");

    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        const json_t *value = json_object_get(object, numbers[i].name);
        if (value && !u32_read(value, number_of(op, i)))
            return false;
    }
    if ((path && !json_is_string(path)) || (non_volatile && !json_is_boolean(non_volatile)))
        return false;
    if (partition && (!json_is_string(partition) || !util_copy(op->partition, sizeof op->partition,
                                                               json_string_value(partition))))
        return false;
    op->path = path ? xstrdup(json_string_value(path)) : NULL;
    op->non_volatile = json_is_true(non_volatile);
    return true;
}

static int ops_from_json(const json_t *array, struct job *job, struct error *error)
{
    const json_t *object;
    size_t i;

    if (array && !json_is_array(array))
        return wrong(error, "ops");
    json_array_foreach(array, i, object)
    {
        const char *name = json_string_value(json_object_get(object, "op"));
        enum op_kind kind;
        if (name == NULL || !op_parse(name, &kind) || !op_from_json(object, job_add_op(job, kind)))
            return wrong(error, "ops");
    }
    return 0;
}

static bool chip_read(const char *key, enum chip_id *id)
{
    const struct chip *chip = chip_by_name(key);

    *id = chip ? chip->id : CHIP_AUTO;
    return chip || strcmp(key, "auto") == 0;
}

static bool mode_read(const char *name, enum flash_mode *mode)
{
    *mode = FLASH_MODE_KEEP;
    return strcmp(name, "keep") == 0 || flash_mode_parse(name, mode);
}

/* The members whose words are looked up in a table. */
static int words_from_json(const json_t *json, struct job *job, struct error *error)
{
    const json_t *value;

#define WORD_IS_RIGHT(name, call) \
    ((value = json_object_get(json, name)) == NULL || (json_is_string(value) && (call)))
    if (!WORD_IS_RIGHT("chip", chip_read(json_string_value(value), &job->chip)))
        return wrong(error, "chip");
    if (!WORD_IS_RIGHT("before", loader_before_parse(json_string_value(value), &job->before)))
        return wrong(error, "before");
    if (!WORD_IS_RIGHT("after", loader_after_parse(json_string_value(value), &job->after)))
        return wrong(error, "after");
    if (!WORD_IS_RIGHT("flash_mode", mode_read(json_string_value(value), &job->flash_mode)))
        return wrong(error, "flash_mode");
#undef WORD_IS_RIGHT
    return 0;
}

static bool baud_read(const json_t *value, unsigned *baud)
{
    const char *word = json_string_value(value);
    uint32_t v = JOB_BAUD_AUTO;

    if (word ? strcmp(word, "auto") != 0 : !u32_read(value, &v) || v == 0 || v > INT32_MAX)
        return false;
    *baud = v;
    return true;
}

static int numbers_from_json(const json_t *json, struct job *job, struct error *error)
{
    const json_t *baud = json_object_get(json, "baud");
    const json_t *attempts = json_object_get(json, "connect_attempts");
    uint32_t v;

    if (baud && !baud_read(baud, &job->baud))
        return wrong(error, "baud");
    if (attempts) {
        if (!u32_read(attempts, &v) || v > INT32_MAX)
            return wrong(error, "connect_attempts");
        job->connect_attempts = (int)v;
    }
    return 0;
}

int job_from_json(const json_t *json, struct job *job, struct error *error)
{
    int result = 0;

    job_init(job);
    if (!json_is_object(json))
        result = error_set(error, ERR_FILE_FORMAT, "job: no JSON object");
    if (result == 0)
        result = members_from_json(json, members, ARRAY_LEN(members), job, error);
    if (result == 0)
        result = members_from_json(json_object_get(json, "boot_check"), check_members,
                                   ARRAY_LEN(check_members), job, error);
    if (result == 0)
        result = protect_from_json(json_object_get(json, "protect"), job, error);
    if (result == 0)
        result = words_from_json(json, job, error);
    if (result == 0)
        result = numbers_from_json(json, job, error);
    if (result == 0)
        result = images_from_json(json_object_get(json, "images"), job, error);
    if (result == 0)
        result = ops_from_json(json_object_get(json, "ops"), job, error);
    if (result != 0)
        job_done(job);
    return result;
}
