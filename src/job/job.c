/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A job as data: defaults, copies, and what can be checked before it runs. */
#include "job/job.h"

#include "base/util.h"
#include "image/image.h"
#include "job/boot_check.h"
#include "job/internal.h"
#include "job/partitions.h"
#include "job/protect.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* What job_check() has to look at, per op. */
static const struct op_need {
    const char *name;
    bool images;  /* needs at least one enabled image */
    bool sized;   /* the size is not 0 */
    bool sectors; /* address and size are multiples of a sector */
    bool word;    /* the address is a multiple of a word */
    bool output;  /* writes to the file at path */
    bool program; /* runs the one at path */
    bool last;    /* starts a program: nothing can follow */
    bool status;  /* of the flash: bytes, and a value that fits */
    bool sfdp;
} op_needs[OP_COUNT] = {
    [OP_WRITE_FLASH] = {.name = "write-flash", .images = true},
    [OP_VERIFY_FLASH] = {.name = "verify-flash", .images = true},
    [OP_READ_FLASH] = {.name = "read-flash", .output = true},
    [OP_ERASE_FLASH] = {.name = "erase-flash"},
    [OP_ERASE_REGION] = {.name = "erase-region", .sized = true, .sectors = true},
    [OP_CHIP_ID] = {.name = "chip-id"},
    [OP_FLASH_ID] = {.name = "flash-id"},
    [OP_READ_MAC] = {.name = "read-mac"},
    [OP_GET_SECURITY_INFO] = {.name = "get-security-info"},
    [OP_READ_MEM] = {.name = "read-mem", .word = true},
    [OP_WRITE_MEM] = {.name = "write-mem", .word = true},
    [OP_DUMP_MEM] = {.name = "dump-mem", .sized = true, .output = true},
    [OP_LOAD_RAM] = {.name = "load-ram", .program = true, .last = true},
    [OP_RUN] = {.name = "run", .last = true},
    [OP_READ_FLASH_STATUS] = {.name = "read-flash-status", .status = true},
    [OP_WRITE_FLASH_STATUS] = {.name = "write-flash-status", .status = true},
    [OP_READ_FLASH_SFDP] = {.name = "read-flash-sfdp", .sfdp = true},
    [OP_READ_PARTITIONS] = {.name = "read-partitions"},
};

enum {
    SECTOR = 4096, /* what flash is erased by */
    WORD = 4,      /* what flash and memory are written by */
    STATUS_BYTES_MAX = 3,
    SFDP_ADDRESS_BITS = 24
};

const char *op_name(enum op_kind op)
{
    return (unsigned)op < OP_COUNT ? op_needs[op].name : "";
}

bool op_parse(const char *name, enum op_kind *op)
{
    for (unsigned i = 0; i < OP_COUNT; i++) {
        if (strcmp(op_needs[i].name, name) == 0) {
            *op = (enum op_kind)i;
            return true;
        }
    }
    return false;
}

void job_init(struct job *job)
{
    *job = (struct job){
        .chip = CHIP_AUTO,
        .baud = JOB_BAUD_AUTO,
        .before = BEFORE_DEFAULT_RESET,
        .after = AFTER_HARD_RESET,
        .connect_attempts = JOB_CONNECT_ATTEMPTS,
        .compress = true,
        .flash_mode = FLASH_MODE_KEEP,
        .flash_freq = "keep",
        .flash_size = "keep",
        .table_address = JOB_TABLE_ADDRESS,
        .boot_check = {.baud = 115200, .timeout_ms = 3000},
    };
}

void job_done(struct job *job)
{
    for (size_t i = 0; i < job->n_images; i++)
        free(job->images[i].path);
    job_remove_ops(job);
    free(job->images);
    free(job->ops);
    free(job->protect);
    free(job->port);
    free(job->port_rule);
    free(job->stub_dir);
    free(job->trace);
    free(job->fault);
    free(job->reset);
    *job = (struct job){0};
}

static char *copy_of(const char *text)
{
    return text ? xstrdup(text) : NULL;
}

void job_copy(struct job *to, const struct job *from)
{
    *to = *from;
    to->port = copy_of(from->port);
    to->port_rule = copy_of(from->port_rule);
    to->stub_dir = copy_of(from->stub_dir);
    to->trace = copy_of(from->trace);
    to->fault = copy_of(from->fault);
    to->reset = copy_of(from->reset);
    to->images = NULL;
    to->ops = NULL;
    to->n_images = to->n_ops = 0;
    for (size_t i = 0; i < from->n_images; i++) {
        job_add_image(to, from->images[i].path, from->images[i].address);
        char *path = to->images[i].path;
        to->images[i] = from->images[i];
        to->images[i].path = path;
    }
    to->protect = NULL;
    if (from->n_protect) {
        to->protect = xmalloc(from->n_protect * sizeof *to->protect);
        memcpy(to->protect, from->protect, from->n_protect * sizeof *to->protect);
    }
    for (size_t i = 0; i < from->n_ops; i++) {
        struct op *op = job_add_op(to, from->ops[i].kind);
        *op = from->ops[i];
        op->path = copy_of(from->ops[i].path);
    }
}

void job_set_port(struct job *job, const char *port)
{
    char *copy = copy_of(port);

    free(job->port);
    job->port = copy;
}

void job_add_image(struct job *job, const char *path, uint32_t address)
{
    job->images = xrealloc(job->images, (job->n_images + 1) * sizeof *job->images);
    job->images[job->n_images++] =
        (struct job_image){.path = xstrdup(path), .address = address, .enabled = true};
}

void job_add_protect(struct job *job, uint32_t address, uint32_t size)
{
    for (size_t i = 0; i < job->n_protect; i++) {
        if (job->protect[i].address == address && job->protect[i].size == size)
            return;
    }
    job->protect = xrealloc(job->protect, (job->n_protect + 1) * sizeof *job->protect);
    job->protect[job->n_protect++] = (struct flash_range){address, size};
}

void job_remove_image(struct job *job, size_t index)
{
    if (index >= job->n_images)
        return;
    free(job->images[index].path);
    job->n_images--;
    memmove(&job->images[index], &job->images[index + 1],
            (job->n_images - index) * sizeof *job->images);
}

static int image_compare(const void *a, const void *b)
{
    const struct job_image *x = a, *y = b;

    return x->address < y->address ? -1 : x->address > y->address;
}

void job_sort_images(struct job *job, size_t first)
{
    if (first < job->n_images)
        qsort(job->images + first, job->n_images - first, sizeof *job->images, image_compare);
}

struct op *job_add_op(struct job *job, enum op_kind kind)
{
    job->ops = xrealloc(job->ops, (job->n_ops + 1) * sizeof *job->ops);
    struct op *op = &job->ops[job->n_ops++];
    *op = (struct op){.kind = kind, .mask = UINT32_MAX, .bytes = 2};
    return op;
}

void job_remove_ops(struct job *job)
{
    for (size_t i = 0; i < job->n_ops; i++)
        free(job->ops[i].path);
    job->n_ops = 0;
}

bool op_fills_file(enum op_kind kind)
{
    return op_needs[kind].output;
}

bool job_has_op(const struct job *job, enum op_kind kind)
{
    for (size_t i = 0; i < job->n_ops; i++) {
        if (job->ops[i].kind == kind)
            return true;
    }
    return false;
}

bool job_needs_images(const struct job *job)
{
    for (size_t i = 0; i < job->n_ops; i++) {
        if ((unsigned)job->ops[i].kind < OP_COUNT && op_needs[job->ops[i].kind].images)
            return true;
    }
    return false;
}

/* A file that can't be looked at is reported by who loads it. */
static bool file_waits_for_chip(const char *path)
{
    enum file_form form;
    size_t size;

    return image_file_form(path, &form, &size, NULL) == 0 && file_form_needs_chip(form);
}

static bool images_wait_for_chip(const struct job *job)
{
    for (size_t i = 0; i < job->n_images; i++) {
        const struct job_image *image = &job->images[i];
        if (image->enabled &&
            (image->address == JOB_ADDRESS_BOOTLOADER || strstr(image->path, JOB_PATH_CHIP) ||
             file_waits_for_chip(image->path)))
            return true;
    }
    return false;
}

/* The path with every {chip} replaced; caller frees. */
static char *path_for_chip(const char *path, const struct chip *chip)
{
    struct buffer out = {0};
    const char *mark;

    while (chip && (mark = strstr(path, JOB_PATH_CHIP)) != NULL) {
        buffer_append(&out, path, (size_t)(mark - path));
        buffer_append(&out, chip->key, strlen(chip->key));
        path = mark + strlen(JOB_PATH_CHIP);
    }
    buffer_printf(&out, "%s", path);
    return (char *)out.data;
}

/* Files that have addresses of their own can bring such, too. */
static int check_words(const struct plan *plan, struct error *error)
{
    for (size_t i = 0; i < plan->n; i++) {
        const struct region *region = &plan->regions[i];
        if (region->address % WORD != 0)
            return error_set(error, ERR_BAD_ADDRESS, "%s: the address 0x%x is no multiple of %d",
                             region->path, region->address, WORD);
    }
    return 0;
}

/* Loads into *plan, or only looks when that is NULL. Where the place of an image depends on the
 * partition table of the chip, and that is not known, nothing is loaded. */
static int plan_make(const struct job *job, const struct chip *chip,
                     const struct partition_table *chip_table, struct plan *plan,
                     struct error *error)
{
    struct image_spec *specs = xcalloc(job->n_images + 1, sizeof *specs);
    struct job_place *places = xcalloc(job->n_images + 1, sizeof *places);
    char **paths = xcalloc(job->n_images + 1, sizeof *paths);
    struct plan made = {0};
    size_t n = 0, size;
    bool named = false, known = true;
    int result = 0;

    for (size_t i = 0; i < job->n_images; i++) {
        const struct job_image *image = &job->images[i];
        if (!image->enabled)
            continue;
        paths[n] = path_for_chip(image->path, chip);
        specs[n] = (struct image_spec){
            .path = paths[n], .address = image->address, .encrypted = image->encrypted};
        if (chip && image->address == JOB_ADDRESS_BOOTLOADER)
            specs[n].address = chip->bootloader_offset;
        if (image->address == JOB_ADDRESS_OWN)
            specs[n].address = PIECES_OWN_ADDRESS;
        if (image->address == JOB_ADDRESS_PARTITION) {
            places[n].name = image->partition;
            named = true;
        }
        n++;
    }
    if (named)
        result =
            job_places_find(specs, places, n, job->table_address, chip, chip_table, &known, error);
    for (size_t i = 0; result == 0 && !known && i < n; i++)
        result = image_file_look(specs[i].path, &size, error);
    if (result == 0 && known)
        result = plan || named ? plan_load(&made, specs, n, chip, error)
                               : plan_look(specs, n, chip, error);
    if (result == 0 && named)
        result = job_places_check(&made, specs, places, n, error);
    if (result == 0)
        result = check_words(&made, error);
    if (result == 0 && plan && made.n > 0 && job->skip_gaps)
        result = plan_skip_gaps(&made, error);
    if (result == 0 && plan)
        *plan = made;
    else
        plan_done(&made);
    for (size_t i = 0; i < n; i++)
        free(paths[i]);
    free(paths);
    free(places);
    free(specs);
    return result;
}

int job_plan_load(const struct job *job, const struct chip *chip,
                  const struct partition_table *chip_table, struct plan *plan, struct error *error)
{
    return plan_make(job, chip, chip_table, plan, error);
}

/* All that can be said of the images before the chip is known. */
static int look_at_files(const struct job *job, struct error *error)
{
    size_t size;
    int result = 0;

    for (size_t i = 0; result == 0 && i < job->n_images; i++) {
        const struct job_image *image = &job->images[i];
        if (image->enabled && strstr(image->path, JOB_PATH_CHIP) == NULL)
            result = image_file_look(image->path, &size, error);
    }
    return result;
}

static int check_images(const struct job *job, struct plan *plan, struct error *error)
{
    const struct chip *chip = chip_get(job->chip);
    size_t enabled = 0;

    for (size_t i = 0; i < job->n_images; i++) {
        const struct job_image *image = &job->images[i];
        enabled += image->enabled;
        if (image->enabled && image->address % WORD != 0 && image->address < JOB_ADDRESS_OWN)
            return error_set(error, ERR_BAD_ADDRESS, "%s: the address 0x%x is no multiple of %d",
                             image->path, image->address, WORD);
    }
    if (enabled == 0)
        return error_set(error, ERR_USAGE, "no image is chosen: nothing to write or verify");
    if (chip == NULL && images_wait_for_chip(job))
        return look_at_files(job, error);
    return plan_make(job, chip, NULL, plan, error);
}

static int check_sectors(const struct op *op, const char *name, struct error *error)
{
    bool all = op->size == JOB_SIZE_ALL;

    if (op->address % SECTOR == 0 && (all || op->size % SECTOR == 0))
        return 0;
    return error_set(error, ERR_USAGE,
                     "%s: address 0x%x and size 0x%x must be multiples of 0x%x, the size of a "
                     "flash sector",
                     name, op->address, op->size, SECTOR);
}

static int check_status(const struct op *op, const char *name, struct error *error)
{
    if (op->bytes < 1 || op->bytes > STATUS_BYTES_MAX)
        return error_set(error, ERR_USAGE, "%s: a flash has 1 to %d status bytes, not %u", name,
                         STATUS_BYTES_MAX, op->bytes);
    if (op->value >> (8 * op->bytes) != 0)
        return error_set(error, ERR_USAGE, "%s: 0x%x has more than %u byte%s", name, op->value,
                         op->bytes, op->bytes > 1 ? "s" : "");
    return 0;
}

static int check_sfdp(const struct op *op, const char *name, struct error *error)
{
    if (op->size < 1 || op->size > FLASH_SFDP_MAX)
        return error_set(error, ERR_USAGE, "%s: 1 to %d bytes can be read at once, not %u", name,
                         FLASH_SFDP_MAX, op->size);
    if (op->address >> SFDP_ADDRESS_BITS != 0)
        return error_set(error, ERR_BAD_ADDRESS, "%s: address 0x%x has more than %d bits", name,
                         op->address, SFDP_ADDRESS_BITS);
    return 0;
}

static int check_range(const struct op *op, const char *name, struct error *error)
{
    if (op->size == JOB_SIZE_ALL || (uint64_t)op->address + op->size <= (uint64_t)UINT32_MAX + 1)
        return 0;
    return error_set(error, ERR_BAD_ADDRESS, "%s: 0x%x bytes at 0x%x reach past 32 bits", name,
                     op->size, op->address);
}

static int check_program(const struct op *op, const struct chip *chip, struct error *error)
{
    struct esp_image image;
    uint8_t *data;
    int result = op_program_load(op, chip, &data, &image, error);

    free(data);
    return result;
}

static int check_op(const struct job *job, size_t index, struct error *error)
{
    const struct op *op = &job->ops[index];
    const struct op_need *row;
    int result = 0;

    if ((unsigned)op->kind >= OP_COUNT)
        return error_set(error, ERR_INTERNAL, "op %d does not exist", (int)op->kind);
    row = &op_needs[op->kind];
    if (row->last && index + 1 < job->n_ops)
        return error_set(error, ERR_USAGE, "%s starts a program: nothing can follow it", row->name);
    if (row->sized && op->size == 0 && op->partition[0] == '\0')
        return error_set(error, ERR_USAGE, "%s: the size is 0", row->name);
    if (row->word && op->address % WORD != 0)
        return error_set(error, ERR_BAD_ADDRESS, "%s: the address 0x%x is no multiple of %d",
                         row->name, op->address, WORD);
    if ((row->output || row->program) && (op->path == NULL || op->path[0] == '\0'))
        return error_set(error, ERR_USAGE, "%s: the file to %s is not given", row->name,
                         row->output ? "write to" : "load");
    if (row->sectors)
        result = check_sectors(op, row->name, error);
    if (result == 0 && row->status)
        result = check_status(op, row->name, error);
    if (result == 0 && row->sfdp)
        result = check_sfdp(op, row->name, error);
    if (result == 0)
        result = check_range(op, row->name, error);
    if (result == 0 && op->kind == OP_ERASE_REGION && op->partition[0] == '\0')
        result = protect_check_range(job, row->name, op->address,
                                     op->size == JOB_SIZE_ALL ? UINT32_MAX : op->size, error);
    if (result == 0 && row->program)
        result = check_program(op, chip_get(job->chip), error);
    return result;
}

/* Whether the table has the name; the tables of all chips are asked while the chip is not known. */
static bool name_known(enum chip_id id, const char *name,
                       bool (*parse)(const struct chip *, const char *, uint8_t *))
{
    uint8_t nibble;
    int first = id == CHIP_AUTO ? CHIP_AUTO + 1 : (int)id;
    int last = id == CHIP_AUTO ? CHIP_COUNT - 1 : (int)id;

    for (int i = first; i <= last; i++) {
        const struct chip *chip = chip_get((enum chip_id)i);
        if (chip && parse(chip, name, &nibble))
            return true;
    }
    return false;
}

/* A stub from elsewhere instead would be another than the one that was asked for. */
static int check_stub_dir(const struct job *job, struct error *error)
{
    struct stat st;

    if (job->stub_dir == NULL)
        return 0;
    if (stat(job->stub_dir, &st) != 0)
        return error_set(error, ERR_FILE_UNREADABLE, "--stub-dir %s: %s", job->stub_dir,
                         strerror(errno));
    if (!S_ISDIR(st.st_mode))
        return error_set(error, ERR_FILE_UNREADABLE, "--stub-dir %s: not a directory",
                         job->stub_dir);
    return 0;
}

static int check_settings(const struct job *job, struct error *error)
{
    const struct chip *chip = chip_get(job->chip);
    const char *of = chip ? chip->name : "every chip";

    if (job->chip != CHIP_AUTO && chip == NULL)
        return error_set(error, ERR_UNKNOWN_CHIP, "chip %d does not exist", (int)job->chip);
    if (chip && !chip_has_mode(chip, job->flash_mode))
        return error_set(error, ERR_USAGE, "flash mode %s is unknown to %s",
                         flash_mode_name(job->flash_mode), of);
    if (strcmp(job->flash_freq, "keep") != 0 &&
        !name_known(job->chip, job->flash_freq, chip_freq_parse))
        return error_set(error, ERR_USAGE, "flash frequency \"%s\" is unknown to %s",
                         job->flash_freq, of);
    if (strcmp(job->flash_size, "keep") != 0 && strcmp(job->flash_size, "detect") != 0 &&
        !name_known(job->chip, job->flash_size, chip_size_parse))
        return error_set(error, ERR_USAGE, "flash size \"%s\" is unknown to %s", job->flash_size,
                         of);
    return check_stub_dir(job, error);
}

static int check(const struct job *job, struct plan *plan, struct error *error)
{
    if (job->n_ops == 0)
        return error_set(error, ERR_USAGE, "the job has nothing to do");
    int result = check_settings(job, error);
    if (result == 0)
        result = protect_check(job, error);
    if (result == 0)
        result = boot_check_check(job, error);
    for (size_t i = 0; result == 0 && i < job->n_ops; i++)
        result = check_op(job, i, error);
    if (result == 0 && job_needs_images(job))
        result = check_images(job, plan, error);
    return result;
}

int job_check_plan(const struct job *job, struct plan *plan, struct error *error)
{
    *plan = (struct plan){0};
    return check(job, plan, error);
}

int job_check(const struct job *job, struct error *error)
{
    return check(job, NULL, error);
}
