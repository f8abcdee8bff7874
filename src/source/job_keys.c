/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "source/job_keys.h"

#include "base/util.h"
#include "source/job_file.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    BAUD_MIN = 300,
    BAUD_MAX = 12000000,
    ATTEMPTS_MAX = 1000000,
    SECONDS_MAX = 3600,
};

const struct job_section_row job_sections[SECTION_COUNT] = {
    [SECTION_JOB] = {"job", false},
    [SECTION_FLASH] = {"flash", false},
    [SECTION_IMAGE] = {"image", true},
    [SECTION_PROTECT] = {"protect", true},
    [SECTION_BOOT_CHECK] = {"boot-check", false},
};

static void put(struct buffer *out, const char *text)
{
    buffer_append(out, text, strlen(text));
}

static void *member(const struct job_key *key, void *item)
{
    return (char *)item + key->at;
}

static const void *member_of(const struct job_key *key, const void *item)
{
    return (const char *)item + key->at;
}

/* ---- yes and no ---- */

static bool bool_parse(const char *value, bool *to)
{
    static const char *const words[][2] = {
        {"no", "yes"}, {"false", "true"}, {"off", "on"}, {"0", "1"}};

    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (strcasecmp(value, words[i][0]) == 0 || strcasecmp(value, words[i][1]) == 0) {
            *to = strcasecmp(value, words[i][1]) == 0;
            return true;
        }
    }
    return false;
}

static bool bool_read(const struct job_key *key, void *item, const char *value)
{
    return bool_parse(value, member(key, item));
}

static void bool_write(const struct job_key *key, const void *item, struct buffer *out)
{
    put(out, *(const bool *)member_of(key, item) ? "yes" : "no");
}

static const char encrypt_always[] = "always";

static bool encrypt_read(const struct job_key *key, void *item, const char *value)
{
    enum encrypt *to = member(key, item);
    bool if_on = false;

    *to = ENCRYPT_ALWAYS;
    if (strcmp(value, encrypt_always) == 0)
        return true;
    bool ok = bool_parse(value, &if_on);
    *to = if_on ? ENCRYPT_IF_ON : ENCRYPT_NO;
    return ok;
}

static void encrypt_write(const struct job_key *key, const void *item, struct buffer *out)
{
    enum encrypt value = *(const enum encrypt *)member_of(key, item);

    put(out, value == ENCRYPT_ALWAYS ? encrypt_always : value == ENCRYPT_IF_ON ? "yes" : "no");
}

static const char erase_little[] = "what-is-written", erase_all[] = "all";

static bool erase_read(const struct job_key *key, void *item, const char *value)
{
    *(bool *)member(key, item) = strcmp(value, erase_all) == 0;
    return strcmp(value, erase_all) == 0 || strcmp(value, erase_little) == 0;
}

static void erase_write(const struct job_key *key, const void *item, struct buffer *out)
{
    put(out, *(const bool *)member_of(key, item) ? erase_all : erase_little);
}

/* ---- words ---- */

static bool text_read(const struct job_key *key, void *item, const char *value)
{
    return util_copy(member(key, item), key->size, value);
}

static void text_write(const struct job_key *key, const void *item, struct buffer *out)
{
    put(out, member_of(key, item));
}

static bool chip_read(const struct job_key *key, void *item, const char *value)
{
    const struct chip *chip = chip_by_name(value);

    *(enum chip_id *)member(key, item) = chip ? chip->id : CHIP_AUTO;
    return chip || strcmp(value, "auto") == 0;
}

static void chip_write(const struct job_key *key, const void *item, struct buffer *out)
{
    const struct chip *chip = chip_get(*(const enum chip_id *)member_of(key, item));

    put(out, chip ? chip->key : "auto");
}

/* An address or a rule, whichever it is. */
static bool port_read(const struct job_key *key, void *item, const char *value)
{
    struct job *job = item;
    bool rule = port_rule_is(value);

    (void)key;
    if (value[0] == '\0' || strlen(value) >= sizeof((struct event *)0)->port ||
        (rule && !port_rule_check(value)))
        return false;
    free(job->port);
    free(job->port_rule);
    job->port = rule ? NULL : xstrdup(value);
    job->port_rule = rule ? xstrdup(value) : NULL;
    return true;
}

static void port_write(const struct job_key *key, const void *item, struct buffer *out)
{
    const struct job *job = item;
    const char *port = job->port_rule ? job->port_rule : job->port;

    (void)key;
    put(out, port ? port : "");
}

static bool before_read(const struct job_key *key, void *item, const char *value)
{
    return loader_before_parse(value, member(key, item));
}

static void before_write(const struct job_key *key, const void *item, struct buffer *out)
{
    put(out, loader_before_name(*(const enum loader_before *)member_of(key, item)));
}

static bool after_read(const struct job_key *key, void *item, const char *value)
{
    return loader_after_parse(value, member(key, item));
}

static void after_write(const struct job_key *key, const void *item, struct buffer *out)
{
    put(out, loader_after_name(*(const enum loader_after *)member_of(key, item)));
}

static bool mode_read(const struct job_key *key, void *item, const char *value)
{
    enum flash_mode *mode = member(key, item);

    *mode = FLASH_MODE_KEEP;
    return strcmp(value, "keep") == 0 || flash_mode_parse(value, mode);
}

static void mode_write(const struct job_key *key, const void *item, struct buffer *out)
{
    enum flash_mode mode = *(const enum flash_mode *)member_of(key, item);

    put(out, mode == FLASH_MODE_KEEP ? "keep" : flash_mode_name(mode));
}

static bool spi_read(const struct job_key *key, void *item, const char *value)
{
    struct spi_connection connection;

    return value[0] == '\0' ||
           (spi_connection_parse(value, &connection, NULL) == 0 && text_read(key, item, value));
}

static bool file_read(const struct job_key *key, void *item, const char *value)
{
    char **path = member(key, item);

    if (value[0] == '\0' || strlen(value) >= PATH_MAX)
        return false;
    free(*path);
    *path = xstrdup(value);
    return true;
}

static void file_write(const struct job_key *key, const void *item, struct buffer *out)
{
    put(out, *(char *const *)member_of(key, item));
}

static bool place_read(const struct job_key *key, void *item, const char *value)
{
    (void)key;
    return job_address_parse(value, item);
}

static void place_write(const struct job_key *key, const void *item, struct buffer *out)
{
    char text[32];

    (void)key;
    put(out, job_address_format(text, sizeof text, item));
}

/* ---- numbers ---- */

static bool baud_parse(const char *value, unsigned *baud)
{
    uint64_t v;

    if (!util_number_parse(value, false, BAUD_MAX, &v) || v < BAUD_MIN)
        return false;
    *baud = (unsigned)v;
    return true;
}

static bool baud_read(const struct job_key *key, void *item, const char *value)
{
    unsigned *baud = member(key, item);

    *baud = JOB_BAUD_AUTO;
    return strcmp(value, "auto") == 0 || baud_parse(value, baud);
}

static void baud_write(const struct job_key *key, const void *item, struct buffer *out)
{
    unsigned baud = *(const unsigned *)member_of(key, item);

    if (baud == JOB_BAUD_AUTO)
        put(out, "auto");
    else
        buffer_printf(out, "%u", baud);
}

static bool rate_read(const struct job_key *key, void *item, const char *value)
{
    return baud_parse(value, member(key, item));
}

static bool attempts_read(const struct job_key *key, void *item, const char *value)
{
    uint64_t v;

    if (!util_number_parse(value, false, ATTEMPTS_MAX, &v))
        return false;
    *(int *)member(key, item) = (int)v;
    return true;
}

static void attempts_write(const struct job_key *key, const void *item, struct buffer *out)
{
    buffer_printf(out, "%d", *(const int *)member_of(key, item));
}

static bool address_read(const struct job_key *key, void *item, const char *value)
{
    uint64_t v;

    if (!util_number_parse(value, true, UINT32_MAX, &v))
        return false;
    *(uint32_t *)member(key, item) = (uint32_t)v;
    return true;
}

static void address_write(const struct job_key *key, const void *item, struct buffer *out)
{
    buffer_printf(out, "0x%x", *(const uint32_t *)member_of(key, item));
}

/* The size of a range is what lies between its two keys, which come in any order: until both are
 * read it holds the end; job_file.c puts it right. The end of the flash address space is 2^32. */
static bool end_read(const struct job_key *key, void *item, const char *value)
{
    uint64_t v;

    if (!util_number_parse(value, true, UINT64_C(1) << 32, &v) || v == 0)
        return false;
    *(uint32_t *)member(key, item) = (uint32_t)v;
    return true;
}

static void end_write(const struct job_key *key, const void *item, struct buffer *out)
{
    const struct flash_range *range = item;

    (void)key;
    buffer_printf(out, "0x%llx", (unsigned long long)range->address + range->size);
}

static bool seconds_read(const struct job_key *key, void *item, const char *value)
{
    return util_seconds_parse(value, SECONDS_MAX, member(key, item));
}

static void seconds_write(const struct job_key *key, const void *item, struct buffer *out)
{
    unsigned ms = *(const unsigned *)member_of(key, item);

    buffer_printf(out, "%u", ms / 1000);
    if (ms % 1000)
        buffer_printf(out, ".%03u", ms % 1000);
}

/* ---- the table ---- */

#define IN_JOB(m)    .at = offsetof(struct job, m), .size = sizeof(((struct job *)0)->m)
#define IN_IMAGE(m)  .at = offsetof(struct job_image, m)
#define IN_RANGE(m)  .at = offsetof(struct flash_range, m)
#define FUNCTIONS(x) .read = x##_read, .write = x##_write

static const char yes_or_no[] = "yes or no";
static const char seconds[] = "a number of seconds up to 3600, such as 2.5";

const struct job_key job_keys[] = {
    {SECTION_JOB, "chip", "auto or a chip that `espjig chips` lists", FUNCTIONS(chip),
     IN_JOB(chip)},
    {SECTION_JOB, "port", "an address, usb:VID:PID, serial:TEXT, slot:PATH or any",
     FUNCTIONS(port)},
    {SECTION_JOB, "baud", "auto or a rate from 300 to 12000000", FUNCTIONS(baud), IN_JOB(baud)},
    {SECTION_JOB, "before", "default-reset, usb-reset, no-reset or no-reset-no-sync",
     FUNCTIONS(before), IN_JOB(before)},
    {SECTION_JOB, "after", "hard-reset, soft-reset, watchdog-reset, no-reset or no-reset-stub",
     FUNCTIONS(after), IN_JOB(after)},
    {SECTION_JOB, "connect-attempts", "a number from 0 to 1000000", FUNCTIONS(attempts),
     IN_JOB(connect_attempts)},
    {SECTION_JOB, "no-stub", yes_or_no, FUNCTIONS(bool), IN_JOB(no_stub)},
    {SECTION_JOB, "compress", yes_or_no, FUNCTIONS(bool), IN_JOB(compress)},
    {SECTION_JOB, "no-diff", yes_or_no, FUNCTIONS(bool), IN_JOB(no_diff)},
    {SECTION_JOB, "erase", "what-is-written or all", FUNCTIONS(erase), IN_JOB(erase_all)},

    {SECTION_FLASH, "mode", "keep, qio, qout, dio, dout or fastrd", FUNCTIONS(mode),
     IN_JOB(flash_mode)},
    {SECTION_FLASH, "freq", "keep or a frequency such as 40m", FUNCTIONS(text), IN_JOB(flash_freq)},
    {SECTION_FLASH, "size", "keep, detect or a size such as 4MB", FUNCTIONS(text),
     IN_JOB(flash_size)},
    {SECTION_FLASH, "spi-connection", "SPI, HSPI, or five pins CLK,Q,D,HD,CS", .read = spi_read,
     .write = text_write, IN_JOB(spi_connection)},
    {SECTION_FLASH, "skip-gaps", yes_or_no, FUNCTIONS(bool), IN_JOB(skip_gaps)},
    {SECTION_FLASH, "table-address", "a number such as 0x8000", FUNCTIONS(address),
     IN_JOB(table_address)},

    {SECTION_IMAGE, "file", "the path of a file", true, FUNCTIONS(file), IN_IMAGE(path)},
    {SECTION_IMAGE, "address", "a number, bootloader, own or the name of a partition", true,
     FUNCTIONS(place)},
    {SECTION_IMAGE, "enabled", yes_or_no, FUNCTIONS(bool), IN_IMAGE(enabled)},
    {SECTION_IMAGE, "encrypted", "yes, no or always", FUNCTIONS(encrypt), IN_IMAGE(encrypted)},

    {SECTION_PROTECT, "start", "a number such as 0x9000", true, FUNCTIONS(address),
     IN_RANGE(address)},
    {SECTION_PROTECT, "end", "a number such as 0xf000, behind the last byte", true, FUNCTIONS(end),
     IN_RANGE(size)},

    {SECTION_BOOT_CHECK, "enabled", yes_or_no, FUNCTIONS(bool), IN_JOB(boot_check.enabled)},
    {SECTION_BOOT_CHECK, "expect", "a text of 127 bytes at most", FUNCTIONS(text),
     IN_JOB(boot_check.expect)},
    {SECTION_BOOT_CHECK, "send", "a text of 127 bytes at most", FUNCTIONS(text),
     IN_JOB(boot_check.send)},
    {SECTION_BOOT_CHECK, "delay", seconds, FUNCTIONS(seconds), IN_JOB(boot_check.delay_ms)},
    {SECTION_BOOT_CHECK, "timeout", seconds, FUNCTIONS(seconds), IN_JOB(boot_check.timeout_ms)},
    {SECTION_BOOT_CHECK, "baud", "a rate from 300 to 12000000", .read = rate_read,
     .write = baud_write, IN_JOB(boot_check.baud)},
};
const size_t job_keys_n = ARRAY_LEN(job_keys);
