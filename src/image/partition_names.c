/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What ESP-IDF calls types, subtypes and flags (esp_partition.h, gen_esp32part.py of 5.x and 6.x).
 */
#include "image/partition.h"

#include "base/util.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static const struct {
    const char *name;
    uint8_t type;
} types[] = {
    {"app", PARTITION_APP},
    {"data", PARTITION_DATA},
    {"bootloader", PARTITION_BOOTLOADER},
    {"partition_table", PARTITION_TABLE},
};

/* `count` subtypes of the name and a number, from `first` on; 0: one without a number. */
static const struct subtype {
    const char *name;
    uint8_t type, first, count;
} subtypes[] = {
    {"factory", PARTITION_APP, 0x00, 0},
    {"ota_", PARTITION_APP, 0x10, 16},
    {"test", PARTITION_APP, 0x20, 0},
    {"tee_", PARTITION_APP, 0x30, 2},
    {"ota", PARTITION_DATA, 0x00, 0},
    {"phy", PARTITION_DATA, 0x01, 0},
    {"nvs", PARTITION_DATA, 0x02, 0},
    {"coredump", PARTITION_DATA, 0x03, 0},
    {"nvs_keys", PARTITION_DATA, 0x04, 0},
    {"efuse", PARTITION_DATA, 0x05, 0},
    {"undefined", PARTITION_DATA, 0x06, 0},
    {"esphttpd", PARTITION_DATA, 0x80, 0},
    {"fat", PARTITION_DATA, 0x81, 0},
    {"spiffs", PARTITION_DATA, 0x82, 0},
    {"littlefs", PARTITION_DATA, 0x83, 0},
    {"tee_ota", PARTITION_DATA, 0x90, 0},
    {"primary", PARTITION_BOOTLOADER, 0x00, 0},
    {"ota", PARTITION_BOOTLOADER, 0x01, 0},
    {"recovery", PARTITION_BOOTLOADER, 0x02, 0},
    {"primary", PARTITION_TABLE, 0x00, 0},
    {"ota", PARTITION_TABLE, 0x01, 0},
};

const char *partition_flag_name(unsigned bit)
{
    static const char *const names[] = {"encrypted", "readonly"};

    return bit < ARRAY_LEN(names) ? names[bit] : NULL;
}

const char *partition_type_name(char *to, size_t size, uint8_t type)
{
    snprintf(to, size, "0x%02x", type);
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        if (types[i].type == type)
            util_copy(to, size, types[i].name);
    }
    return to;
}

const char *partition_subtype_name(char *to, size_t size, uint8_t type, uint8_t subtype)
{
    snprintf(to, size, "0x%02x", subtype);
    for (size_t i = 0; i < ARRAY_LEN(subtypes); i++) {
        const struct subtype *row = &subtypes[i];
        int nth = subtype - row->first;
        if (row->type != type || nth < 0)
            continue;
        if (row->count == 0 && nth == 0)
            util_copy(to, size, row->name);
        else if (nth < row->count)
            snprintf(to, size, "%s%d", row->name, nth);
    }
    return to;
}

int partition_type_find(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        if (strcasecmp(types[i].name, name) == 0)
            return types[i].type;
    }
    return -1;
}

/* The number behind the name of a row that counts; -1: it is none, or there are not so many. */
static int nth_of(const struct subtype *row, const char *number)
{
    uint64_t nth;

    if (number[0] < '0' || number[0] > '9' || (number[0] == '0' && number[1]))
        return -1;
    return util_number_parse(number, false, row->count - 1u, &nth) ? (int)nth : -1;
}

int partition_subtype_find(int type, const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(subtypes); i++) {
        const struct subtype *row = &subtypes[i];
        size_t n = strlen(row->name);
        if (row->type != type || strncasecmp(row->name, name, n) != 0)
            continue;
        int nth = row->count ? nth_of(row, name + n) : name[n] == '\0' ? 0 : -1;
        if (nth >= 0)
            return row->first + nth;
    }
    return -1;
}
