/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "image/check_place.h"

#include "base/util.h"

#include <stdio.h>
#include <string.h>

#define APP_ALIGN 0x10000 /* of app partitions: flash is mapped in pages of 64 KB */
/* ESP8266: apps of its own boot loader lie that far behind such a page. */
#define V2_OFFSET 0x1000

/* Partitions that the chip decrypts whatever their flag says (ESP-IDF, esp_partition). */
enum { DATA_OTA = 0, DATA_NVS_KEYS = 4 };

/* What starts an image that lies there. */
enum role { ROLE_NONE, ROLE_BOOT, ROLE_APP };

struct place {
    const struct region *region;
    uint32_t at;
    const uint8_t *data;
    size_t size;
    enum role role;
    const struct partition *row; /* that begins here; NULL */
    enum esp_image_form form;    /* by the header alone */
    unsigned chip_id;
    bool whole; /* `image` is parsed */
    struct esp_image image;
};

const char *check_name(const struct region *region)
{
    return strlen(region->path) > 160 ? util_basename(region->path) : region->path;
}

/* Without the padding, as far as it is the file's end. */
static size_t content_of(const struct region *region)
{
    return region->file_size < region->size ? region->file_size : region->size;
}

const uint8_t *check_at(const struct region *region, uint32_t address, size_t *size)
{
    if (address < region->address || address - region->address >= content_of(region))
        return NULL;
    *size = content_of(region) - (address - region->address);
    return region->data + (address - region->address);
}

/* ---- what is there ---- */

static const struct partition *row_starting(const struct check *c, uint32_t at)
{
    for (size_t i = 0; i < c->table.n; i++) {
        if (c->table.rows[i].offset == at && c->table.rows[i].size > 0)
            return &c->table.rows[i];
    }
    return NULL;
}

bool check_is_data(const struct check *c, uint32_t address)
{
    const struct partition *row = partition_at(&c->table, address);

    return row && row->type != PARTITION_APP && row->type != PARTITION_BOOTLOADER;
}

static bool has_extended(const struct check *c)
{
    return c->chip && c->chip->image_chip_id >= 0;
}

static enum role role_of(const struct check *c, const struct place *place)
{
    if (c->chip && place->at == c->chip->bootloader_offset)
        return ROLE_BOOT;
    if (place->row)
        return place->row->type == PARTITION_APP          ? ROLE_APP
               : place->row->type == PARTITION_BOOTLOADER ? ROLE_BOOT
                                                          : ROLE_NONE;
    if (has_extended(c) && (c->table.n || place->at == c->table_at))
        return ROLE_NONE;
    if (place->form == ESP_IMAGE_V2 && place->at % APP_ALIGN == V2_OFFSET)
        return ROLE_APP;
    return place->at > 0 && place->at % APP_ALIGN == 0 ? ROLE_APP : ROLE_NONE;
}

static bool place_read(const struct check *c, const struct region *region, uint32_t at,
                       struct place *place)
{
    *place = (struct place){.region = region, .at = at};
    place->data = check_at(region, at, &place->size);
    if (place->data == NULL)
        return false;
    place->row = row_starting(c, at);
    place->form = esp_image_recognise(place->data, place->size, &place->chip_id);
    place->role = role_of(c, place);
    return true;
}

/* It runs from the mapped flash, which the ROM does not set up. */
static bool is_mapped(const struct esp_image *image, const struct chip *chip)
{
    for (unsigned i = 0; i < image->n_segments; i++) {
        const struct esp_image_segment *s = &image->segments[i];
        if (s->size > 0 && chip_is_flash_address(chip, s->address))
            return true;
    }
    return false;
}

static size_t image_end(const struct esp_image *image)
{
    return image->signature_end > image->end ? image->signature_end : image->end;
}

/* Ciphertext and what is packed have all bytes about equally often, everything else has favourites:
 * the sum of the squared counts is then well above that of noise, n*n/256 + n. Of a few bytes
 * nothing can be told. */
static bool is_plain(const uint8_t *data, size_t size)
{
    size_t counts[256] = {0}, n = size < FLASH_SECTOR ? size : FLASH_SECTOR;
    uint64_t sum = 0;

    for (size_t i = 0; i < n; i++)
        counts[data[i]]++;
    for (size_t i = 0; i < ARRAY_LEN(counts); i++)
        sum += (uint64_t)counts[i] * counts[i];
    return n < 64 || sum * 2 > 3 * ((uint64_t)n * n / 256 + n);
}

static bool is_blank(const uint8_t *data, size_t size)
{
    return util_trimmed(data, size < FLASH_SECTOR ? size : FLASH_SECTOR, 0xFF) == 0;
}

void check_place_look(struct check *c, const struct region *region, uint32_t at)
{
    struct place place;

    if (!place_read(c, region, at, &place) || place.form == ESP_IMAGE_NONE)
        return;
    place.whole = esp_image_parse(place.data, place.size, &place.image, NULL) == 0;
    if (place.role == ROLE_BOOT) {
        c->has_boot = true;
        c->boot_end = place.whole ? (uint64_t)at + image_end(&place.image) : 0;
    }
    c->has_stray = c->has_stray || (place.role == ROLE_NONE && place.whole);
    if (place.role != ROLE_APP)
        return;
    c->has_app = true;
    if (c->app_region == NULL)
        c->app_region = region;
    c->has_idf_app =
        c->has_idf_app || (place.form == ESP_IMAGE_EXTENDED && place.image.app.present);
}

/* ---- checks: each says whether the next one makes sense ---- */

/* Only plain data in a partition that is not encrypted stays readable. */
static bool encryption_check(struct check *c, const struct place *place)
{
    struct partition_table table;
    const struct partition *row = partition_at(&c->table, place->at);
    bool decrypted = row == NULL || row->type != PARTITION_DATA || row->subtype == DATA_OTA ||
                     row->subtype == DATA_NVS_KEYS || (row->flags & PARTITION_FLAG_ENCRYPTED);
    bool known =
        place->form != ESP_IMAGE_NONE || partition_table_parse(place->data, place->size, &table);

    bool plain =
        known || (is_plain(place->data, place->size) && !is_blank(place->data, place->size));

    if (!c->target->flash_encryption || place->region->encrypted || !decrypted || !plain)
        return true;
    findings_add(
        c->findings, ERR_SECURED, true,
        "%s at 0x%x is not encrypted, but this chip has flash encryption enabled and would "
        "decrypt it into nonsense",
        check_name(place->region), place->at);
    return false;
}

static bool chip_check(struct check *c, const struct place *place)
{
    const struct chip *other = esp_image_chip(place->form, place->chip_id);
    const char *name = check_name(place->region);
    char who[256];

    if (c->chip == NULL || place->form == ESP_IMAGE_NONE || other == c->chip)
        return true;
    if (c->target->chip || c->chip_told_by == NULL)
        snprintf(who, sizeof who, "this chip is %s", c->chip->name);
    else
        snprintf(who, sizeof who, "%s is for %s", check_name(c->chip_told_by), c->chip->name);
    if (place->form == ESP_IMAGE_EXTENDED)
        findings_add(c->findings, ERR_WRONG_CHIP, true, "%s is an %s%simage%s (chip id %u), %s",
                     name, other ? other->name : "", other ? " " : "",
                     other ? "" : " for an unknown chip", place->chip_id, who);
    else
        findings_add(c->findings, ERR_WRONG_CHIP, true, "%s is an %s image, %s", name, other->name,
                     who);
    return false;
}

/* An image but for its first byte: what has all the rest of a header by chance is hard to find. */
static bool magic_check(struct check *c, const struct place *place)
{
    uint8_t head[24];

    if (place->size < sizeof head)
        return true;
    memcpy(head, place->data, sizeof head);
    head[0] = ESP_IMAGE_MAGIC;
    unsigned id = 0;
    enum esp_image_form form = esp_image_recognise(head, sizeof head, &id);
    if (form == ESP_IMAGE_NONE || (form == ESP_IMAGE_EXTENDED && chip_by_image_id((int)id) == NULL))
        return true;
    findings_add(c->findings, ERR_IMAGE_DAMAGED, true,
                 "%s: damaged: its first byte, at 0x%x, is 0x%02x, an image begins with 0x%02x",
                 check_name(place->region), place->at, place->data[0], ESP_IMAGE_MAGIC);
    return false;
}

/* No image where the ROM or the bootloader looks for one. Ciphertext may be there on purpose. */
static void foreign_check(struct check *c, const struct place *place)
{
    bool app = place->role == ROLE_APP && place->row;

    if (!has_extended(c) || !(place->role == ROLE_BOOT || app) ||
        is_blank(place->data, place->size) || !is_plain(place->data, place->size))
        return;
    findings_add(c->findings, ERR_IMAGE_DAMAGED, false,
                 "%s at 0x%x is no image (it begins with 0x%02x, expected 0x%02x): the chip would "
                 "not start it",
                 check_name(place->region), place->at, place->data[0], ESP_IMAGE_MAGIC);
}

static bool damage_check(struct check *c, struct place *place)
{
    struct error error = {0};

    if (place->form == ESP_IMAGE_NONE) {
        if (magic_check(c, place))
            foreign_check(c, place);
        return false;
    }
    place->whole = esp_image_parse(place->data, place->size, &place->image, &error) == 0;
    if (place->whole)
        esp_image_verify(place->data, &place->image, &error);
    if (error.code != ERR_OK)
        findings_add(c->findings, ERR_IMAGE_DAMAGED, true, "%s at 0x%x: %s",
                     check_name(place->region), place->at, error.text);
    return place->whole;
}

/* As esptool decides which fields count (cmds.py, write_flash). ESP-IDF compares the old byte no
 * longer, and of a bootloader no maximum; but a bootloader for earlier revisions only is one whose
 * memory the later ones have elsewhere. */
static void revision_check(struct check *c, const struct place *place)
{
    unsigned old = place->image.min_revision_old, min = place->image.min_revision,
             max = place->image.max_revision, have = (unsigned)c->target->revision;
    bool by_old = max == 0 || (max == 65535 && min == 0 && old != 0);

    if (c->target->revision < 0 || place->form != ESP_IMAGE_EXTENDED)
        return;
    if (by_old) { /* the major revision, but for the ESP32-C3 */
        bool minor = c->chip->id == CHIP_ESP32C3;
        unsigned part = minor ? have % 100 : have / 100;
        if (part < old)
            findings_add(c->findings, ERR_WRONG_REVISION, true,
                         "%s at 0x%x needs an %s of %s revision %u or later, this one is v%u.%u",
                         check_name(place->region), place->at, c->chip->name,
                         minor ? "minor" : "major", old, have / 100, have % 100);
    } else if (have < min) {
        findings_add(c->findings, ERR_WRONG_REVISION, true,
                     "%s at 0x%x needs an %s of revision v%u.%u or later, this one is v%u.%u",
                     check_name(place->region), place->at, c->chip->name, min / 100, min % 100,
                     have / 100, have % 100);
    } else if (max != 65535 && have > max) {
        findings_add(c->findings, ERR_WRONG_REVISION, true,
                     "%s at 0x%x is for an %s up to revision v%u.%u, this one is v%u.%u",
                     check_name(place->region), place->at, c->chip->name, max / 100, max % 100,
                     have / 100, have % 100);
    }
}

/* A partition table where it would be if the region were for `address`. */
static bool has_table_for(const struct check *c, const struct region *region, uint32_t address)
{
    struct partition_table table;
    size_t at = c->table_at - address;

    return address < c->table_at && at < content_of(region) &&
           partition_table_parse(region->data + at, content_of(region) - at, &table);
}

/* A merged file that begins with what is blank in front of the bootloader. */
static void merged_check(struct check *c, const struct region *region)
{
    uint32_t boot = c->chip ? c->chip->bootloader_offset : 0;
    unsigned id;

    if (boot == 0 || region->address == 0 || content_of(region) <= boot ||
        !is_blank(region->data, boot) || check_is_data(c, region->address) ||
        esp_image_recognise(region->data + boot, content_of(region) - boot, &id) !=
            ESP_IMAGE_EXTENDED ||
        chip_by_image_id((int)id) != c->chip || !has_table_for(c, region, 0))
        return;
    findings_add(c->findings, ERR_WRONG_OFFSET, true,
                 "%s at 0x%x is a merged file for an %s, which starts it from 0x0 only",
                 check_name(region), region->address, c->chip->name);
}

/* An image where nothing of its kind is started. */
static bool offset_check(struct check *c, const struct place *place)
{
    const char *name = check_name(place->region), *chip = c->chip->name;
    bool app = is_mapped(&place->image, c->chip);
    const char *kind = app ? "app" : "bootloader";
    const struct partition *row = partition_at(&c->table, place->at);

    if (!has_extended(c))
        return true;
    if (place->role == ROLE_BOOT && app && place->image.app.present) {
        findings_add(c->findings, ERR_WRONG_OFFSET, true,
                     "%s is an %s app, but 0x%x is where its bootloader goes", name, chip,
                     place->at);
    } else if (place->role == ROLE_APP && !app) {
        bool sure = place->image.boot.present ||
                    has_table_for(c, place->region, c->chip->bootloader_offset);
        findings_add(c->findings, ERR_WRONG_OFFSET, sure,
                     "%s at 0x%x looks like a bootloader, which the %s starts from 0x%x only", name,
                     place->at, chip, c->chip->bootloader_offset);
    } else if (place->role != ROLE_NONE) {
        return true;
    } else if (place->at == c->table_at) {
        findings_add(c->findings, ERR_WRONG_OFFSET, true,
                     "%s is an %s %s, but 0x%x is where the partition table goes", name, chip, kind,
                     place->at);
    } else if (place->at < c->table_at) {
        findings_add(c->findings, ERR_WRONG_OFFSET, true,
                     "%s at 0x%x is an %s %s, but nothing starts it there: %s 0x%x", name,
                     place->at, chip, kind,
                     app ? "apps go behind the partition table at" : "its place is",
                     app ? c->table_at : c->chip->bootloader_offset);
    } else if (c->table.n) {
        bool data = row && row->offset == place->at && check_is_data(c, place->at) &&
                    image_end(&place->image) <= row->size; /* kept there on purpose */
        findings_add(c->findings, ERR_WRONG_OFFSET, !data, "%s at 0x%x is an %s %s, but %s%s%s",
                     name, place->at, chip, kind,
                     data  ? "partition "
                     : row ? "no app partition begins there: it is inside "
                           : "the partition table has no app partition there",
                     row ? row->label : "", data ? " there is for data" : "");
    }
    return false;
}

static void partition_check(struct check *c, const struct place *place)
{
    size_t end = image_end(&place->image);

    if (place->role != ROLE_APP || place->row == NULL || end <= place->row->size)
        return;
    findings_add(c->findings, ERR_PARTITION, true,
                 "%s at 0x%x is an image of 0x%zx bytes, its partition %s has only 0x%x",
                 check_name(place->region), place->at, end, place->row->label, place->row->size);
    c->too_long = place->region;
    c->too_long_end = (uint64_t)place->at + end;
}

static void bootloader_check(struct check *c, const struct place *place)
{
    uint64_t end = (uint64_t)place->at + image_end(&place->image);
    bool known = c->table.n > 0;

    if (place->role != ROLE_BOOT || place->at >= c->table_at || end <= c->table_at ||
        !(known || (has_extended(c) && !c->table_is_missing)))
        return;
    findings_add(c->findings, ERR_PARTITION, known,
                 "%s at 0x%x ends at 0x%llx and reaches into the partition table at 0x%x%s",
                 check_name(place->region), place->at, (unsigned long long)end, c->table_at,
                 known ? "" : ", if the table is at its usual place");
}

static uint64_t header_size(const struct check *c, const struct place *place)
{
    for (const struct chip_nibble *size = c->chip->sizes; size->name; size++) {
        if (size->value == place->data[3] >> 4)
            return flash_size_bytes(size->name);
    }
    return 0;
}

/* ESP-IDF's apps end at once where the header says more than there is (esp_flash_api.c); others
 * may live with it, as long as they do not use what is missing. */
static void header_check(struct check *c, const struct place *place)
{
    const struct check_target *target = c->target;
    uint64_t size = header_size(c, place);
    char said[16], fitted[16];

    if (place->role != ROLE_BOOT || !target->is_patched || target->flash_size == 0 ||
        target->flash_limit || size <= target->flash_size)
        return;
    findings_add(c->findings, ERR_HEADER_SIZE, c->has_idf_app || place->region->patched,
                 "%s at 0x%x says in its header that the flash has %s, but %s are fitted",
                 check_name(place->region), place->at, util_size_format(said, sizeof said, size),
                 util_size_format(fitted, sizeof fitted, target->flash_size));
}

void check_place(struct check *c, const struct region *region, uint32_t at)
{
    struct place place;

    if (region == c->too_long && at < c->too_long_end)
        return; /* the middle of an image of which all is said */
    if (!place_read(c, region, at, &place) || !encryption_check(c, &place))
        return;
    if (place.role == ROLE_NONE && check_is_data(c, at) &&
        c->chip != esp_image_chip(place.form, place.chip_id))
        return; /* firmware for another chip, kept as data */
    if (!chip_check(c, &place))
        return;
    if (place.role == ROLE_NONE) {
        place.whole = place.form != ESP_IMAGE_NONE &&
                      esp_image_parse(place.data, place.size, &place.image, NULL) == 0;
        if (place.whole && c->chip)
            offset_check(c, &place);
        return;
    }
    if (!damage_check(c, &place) || c->chip == NULL)
        return;
    revision_check(c, &place);
    if (!offset_check(c, &place))
        return;
    partition_check(c, &place);
    bootloader_check(c, &place);
    header_check(c, &place);
}

/* ---- where a region ends ---- */

/* What else than a table comes to its place, other than an image (offset_check) and a bootloader
 * that has grown (bootloader_check). */
static void table_place_check(struct check *c, const struct region *region)
{
    size_t size;
    const uint8_t *data = check_at(region, c->table_at, &size);
    bool boot = c->chip && check_at(region, c->chip->bootloader_offset, &(size_t){0});

    if (data == NULL || !has_extended(c) || c->table_region ||
        esp_image_recognise(data, size, NULL) != ESP_IMAGE_NONE)
        return;
    if (size >= 2 && data[0] == 0xAA && data[1] == 0x50)
        findings_add(c->findings, ERR_IMAGE_DAMAGED, true,
                     "%s: damaged: a partition table begins at 0x%x, but what follows its rows is "
                     "neither an MD5 nor empty",
                     check_name(region), c->table_at);
    else if ((region->address == c->table_at || (c->table.n && !boot)) && is_plain(data, size) &&
             !is_blank(data, size))
        findings_add(c->findings, ERR_PARTITION, false,
                     "%s at 0x%x puts something else to 0x%x, where the partition table goes",
                     check_name(region), region->address, c->table_at);
}

/* An app that begins further on where one is started: made of several files (HEX and UF2 know no
 * borders between what lies side by side). */
static bool has_app_behind(const struct check *c, const struct region *region, uint64_t end)
{
    for (size_t i = 0; i < c->table.n; i++) {
        const struct partition *row = &c->table.rows[i];
        size_t size;
        const uint8_t *data = check_at(region, row->offset, &size);
        if (row->type == PARTITION_APP && row->offset >= end && data &&
            esp_image_recognise(data, size, NULL) != ESP_IMAGE_NONE)
            return true;
    }
    return false;
}

void check_reach(struct check *c, const struct region *region)
{
    const struct partition *row = row_starting(c, region->address);
    uint64_t end = (uint64_t)region->address + content_of(region);

    table_place_check(c, region);
    merged_check(c, region);
    if (row == NULL || region == c->table_region || region == c->too_long ||
        end <= (uint64_t)row->offset + row->size ||
        has_app_behind(c, region, (uint64_t)row->offset + row->size))
        return;
    findings_add(c->findings, ERR_PARTITION, false,
                 "%s at 0x%x (%zu bytes) reaches behind its partition %s, which ends at 0x%llx",
                 check_name(region), region->address, region->file_size, row->label,
                 (unsigned long long)row->offset + row->size);
}
