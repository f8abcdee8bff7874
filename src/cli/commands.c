/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The command table, and the commands that are one job or a list of ports. */
#include "config.h"

#include "cli/commands.h"

#include "base/util.h"
#include "cli/images.h"
#include "cli/run.h"
#include "cli/text.h"
#include "link/ports.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- which port ---- */

static int port_refuse(const struct port_info *ports, size_t n, struct error *error)
{
    struct buffer names = {0};

    if (n == 0)
        return error_set(error, ERR_PORT_MISSING,
                         "no port is given with -p, and there is no USB serial port");
    for (size_t i = 0; i < n; i++)
        buffer_printf(&names, "%s%s", i ? ", " : "", ports[i].path);
    error_set(error, ERR_USAGE, "there are %zu USB serial ports, choose with -p: %s", n,
              (const char *)names.data);
    buffer_done(&names);
    return ERR_USAGE;
}

/* The only USB port there is. */
static int port_find(struct cli *cli, char *path, size_t size, struct error *error)
{
    struct port_info *ports = NULL;
    size_t n = 0, usb = 0;
    int result = ports_list(&ports, &n, false, error);

    for (size_t i = 0; result == 0 && i < n; i++) {
        if (ports[i].usb)
            ports[usb++] = ports[i];
    }
    if (result == 0 && usb != 1)
        result = port_refuse(ports, usb, error);
    if (result == 0) {
        util_copy(path, size, ports[0].path);
        if (!cli->json && !cli->quiet)
            text_say(stdout, "using %s, the only USB serial port (%s)", ports[0].path,
                     ports[0].product);
    }
    free(ports);
    return result;
}

static int run_on_ports(struct cli *cli, struct error *error)
{
    static const char *const variables[] = {"ESPJIG_PORT", "ESPTOOL_PORT"};
    char found[sizeof(((struct port_info *)0)->path)];

    if (cli->n_ports == 0 && (cli->job.port_rule || cli->job.port)) /* a source named it */
        cli->ports[cli->n_ports++] = cli->job.port_rule ? cli->job.port_rule : cli->job.port;
    for (size_t i = 0; i < ARRAY_LEN(variables) && cli->n_ports == 0; i++) {
        const char *value = getenv(variables[i]);
        if (value && value[0])
            cli->ports[cli->n_ports++] = value;
    }
    if (cli->n_ports == 0) {
        if (port_find(cli, found, sizeof found, error) != 0)
            return error->code;
        cli->ports[cli->n_ports++] = found;
    }
    if (ports_resolve(cli, error) != 0)
        return error->code;
    return run_jobs(cli, cli->ports, cli->n_ports, error);
}

/* ---- jobs ---- */

int cli_chip_find(const struct cli *cli, const struct chip **chip, struct error *error)
{
    *chip = NULL;
    if (cli->chip == NULL || strcasecmp(cli->chip, "auto") == 0)
        return 0;
    *chip = chip_by_name(cli->chip);
    if (*chip)
        return 0;
    return error_set(error, ERR_UNKNOWN_CHIP, "\"%s\" is no chip that espjig knows (%s)", cli->chip,
                     chip_names());
}

int cli_chip_take(struct cli *cli, struct error *error)
{
    const struct chip *chip;

    if (cli_chip_find(cli, &chip, error) == 0 && chip)
        cli->job.chip = chip->id;
    return error->code;
}

static int address_take(const char *text, uint32_t *address, struct error *error)
{
    uint64_t v;

    if (!util_number_parse(text, true, UINT64_MAX, &v))
        return error_set(error, ERR_BAD_ADDRESS, "\"%s\" is no address: it is not a number", text);
    if (v >= JOB_ADDRESS_BOOTLOADER)
        return error_set(error, ERR_BAD_ADDRESS, "address %s is past the end of 32 bits", text);
    *address = (uint32_t)v;
    return 0;
}

static int size_take(const char *text, uint32_t *size, struct error *error)
{
    uint64_t v;

    if (!util_number_parse(text, true, UINT32_MAX, &v) || v == 0)
        return error_set(error, ERR_USAGE,
                         "\"%s\" is no size: a number of bytes above 0 is needed, for example "
                         "0x1000, 64k or 4M",
                         text);
    *size = (uint32_t)v;
    return 0;
}

/* Before a port is looked for, so that a wrong file name is not hidden behind a missing board. What
 * overlaps is said with all else that the job finds. */
static int check(const struct cli *cli, struct error *error)
{
    if (job_check(&cli->job, error) == ERR_OVERLAP)
        error_clear(error);
    return error->code;
}

int run_checked(struct cli *cli, struct error *error)
{
    if (cli_chip_take(cli, error) != 0 || check(cli, error) != 0)
        return error->code;
    return run_on_ports(cli, error);
}

/* write-flash, verify-flash: the command says what is done with what a source names. */
static int with_images(struct cli *cli, enum op_kind kind, struct error *error)
{
    if (cli_chip_take(cli, error) != 0 || images_take(cli, error) != 0)
        return error->code;
    job_remove_ops(&cli->job);
    job_add_op(&cli->job, kind);
    if (!cli->dry_run)
        return run_checked(cli, error);
    return check(cli, error) == 0 ? images_show(cli, error) : error->code;
}

static int write_flash(struct cli *cli, struct error *error)
{
    return with_images(cli, OP_WRITE_FLASH, error);
}

static int verify_flash(struct cli *cli, struct error *error)
{
    return with_images(cli, OP_VERIFY_FLASH, error);
}

static int one_port(const struct cli *cli, struct error *error)
{
    if (cli->n_ports <= 1)
        return 0;
    return error_set(error, ERR_USAGE, "%s takes one port: several boards can't fill one file",
                     cli->command->name);
}

static bool is_all(const char *word)
{
    return strcasecmp(word, "all") == 0;
}

/* A range of the flash, as two words or as the name of one partition; the size may be ALL, for
 * which *op gets `all`. */
static int range_take(struct cli *cli, size_t words, uint32_t all, struct op *op,
                      struct error *error)
{
    struct job_image place = {0};

    if (words == 1) {
        if (!job_address_parse(cli->args[0], &place) || place.address != JOB_ADDRESS_PARTITION)
            return error_set(error, ERR_USAGE,
                             "%s: \"%s\" is no name of a partition, and an address needs a size",
                             cli->command->name, cli->args[0]);
        memcpy(op->partition, place.partition, sizeof op->partition);
        return 0;
    }
    if (address_take(cli->args[0], &op->address, error) != 0)
        return error->code;
    op->size = all;
    return is_all(cli->args[1]) ? 0 : size_take(cli->args[1], &op->size, error);
}

static int read_flash(struct cli *cli, struct error *error)
{
    struct op *op = job_add_op(&cli->job, OP_READ_FLASH);
    size_t words = cli->n_args - 1;

    if (one_port(cli, error) != 0 || range_take(cli, words, 0, op, error) != 0)
        return error->code;
    op->path = xstrdup(cli->args[words]);
    return run_checked(cli, error);
}

static int erase_region(struct cli *cli, struct error *error)
{
    struct op *op = job_add_op(&cli->job, OP_ERASE_REGION);

    if (range_take(cli, cli->n_args, JOB_SIZE_ALL, op, error) != 0)
        return error->code;
    return run_checked(cli, error);
}

static int word_take(const char *what, const char *text, uint32_t *word, struct error *error)
{
    uint64_t v;

    if (!util_number_parse(text, false, UINT32_MAX, &v))
        return error_set(error, ERR_USAGE, "\"%s\" is no %s: a number of 32 bits is needed", text,
                         what);
    *word = (uint32_t)v;
    return 0;
}

/* read-mem, write-mem: all that a word needs; an argument that is not there keeps its default. */
static int memory_word(struct cli *cli, struct error *error)
{
    enum op_kind kind = cli->n_args > 1 ? OP_WRITE_MEM : OP_READ_MEM;
    struct op *op = job_add_op(&cli->job, kind);

    if (address_take(cli->args[0], &op->address, error) != 0)
        return error->code;
    if (cli->n_args > 1 && word_take("value", cli->args[1], &op->value, error) != 0)
        return error->code;
    if (cli->n_args > 2 && word_take("mask", cli->args[2], &op->mask, error) != 0)
        return error->code;
    return run_checked(cli, error);
}

static int dump_mem(struct cli *cli, struct error *error)
{
    struct op *op = job_add_op(&cli->job, OP_DUMP_MEM);

    if (one_port(cli, error) != 0 || address_take(cli->args[0], &op->address, error) != 0 ||
        size_take(cli->args[1], &op->size, error) != 0)
        return error->code;
    op->path = xstrdup(cli->args[2]);
    return run_checked(cli, error);
}

static int load_ram(struct cli *cli, struct error *error)
{
    job_add_op(&cli->job, OP_LOAD_RAM)->path = xstrdup(cli->args[0]);
    return run_checked(cli, error);
}

static int flash_status(struct cli *cli, struct error *error)
{
    enum op_kind kind = cli->n_args > 0 ? OP_WRITE_FLASH_STATUS : OP_READ_FLASH_STATUS;
    struct op *op = job_add_op(&cli->job, kind);

    if (cli->status.bytes)
        op->bytes = cli->status.bytes;
    op->non_volatile = cli->status.non_volatile;
    if (cli->n_args > 0 && word_take("value", cli->args[0], &op->value, error) != 0)
        return error->code;
    return run_checked(cli, error);
}

static int read_sfdp(struct cli *cli, struct error *error)
{
    struct op *op = job_add_op(&cli->job, OP_READ_FLASH_SFDP);

    if (address_take(cli->args[0], &op->address, error) != 0 ||
        size_take(cli->args[1], &op->size, error) != 0)
        return error->code;
    return run_checked(cli, error);
}

/* erase-flash, chip-id, flash-id, read-mac ...: the command is the op. */
static int plain_op(struct cli *cli, struct error *error)
{
    enum op_kind kind;

    if (!op_parse(cli->command->name, &kind))
        return error_set(error, ERR_INTERNAL, "command %s is no op", cli->command->name);
    job_add_op(&cli->job, kind);
    return run_checked(cli, error);
}

/* ---- ports ---- */

static void port_event(const struct port_info *port, struct event *event)
{
    char command[32];
    pid_t pid = port_holder(port->path, command, sizeof command);

    event_init(event, EVENT_PORT);
    util_copy(event->port, sizeof event->port, port->path);
    util_copy(event->slot, sizeof event->slot, port->slot);
    event_port_describe(event, port);
    if (pid > 0)
        snprintf(event->seen.holder, sizeof event->seen.holder, "%s (pid %d)", command, (int)pid);
}

static void port_print(const struct event *event)
{
    struct buffer line = {0};
    char id[16] = "";

    if (event->seen.vid)
        snprintf(id, sizeof id, "%04x:%04x", event->seen.vid, event->seen.pid);
    buffer_printf(&line, "%-14s  %-8s  %-9s  %-8s  %s", event->port, event->seen.slot_name, id,
                  event->seen.driver, event->seen.product);
    if (event->seen.max_baud)
        buffer_printf(&line, "  up to %u baud", event->seen.max_baud);
    if (event->seen.serial[0])
        buffer_printf(&line, "  serial %s", event->seen.serial);
    if (event->seen.holder[0])
        buffer_printf(&line, "  held by %s", event->seen.holder);
    text_say(stdout, "%s", (const char *)line.data);
    buffer_done(&line);
}

static int list_ports(struct cli *cli, struct error *error)
{
    struct port_info *ports = NULL;
    struct event event;
    size_t n = 0;

    if (ports_list(&ports, &n, cli->all_ports, error) != 0)
        return error->code;
    if (cli->json)
        json_hello_put(cli);
    else if (n > 0 && !cli->quiet)
        printf("%-14s  %-8s  %-9s  %-8s  %s\n", "PORT", "SOCKET", "ID", "DRIVER", "PRODUCT");
    for (size_t i = 0; i < n; i++) {
        port_event(&ports[i], &event);
        if (cli->json)
            json_put(cli, &event);
        else
            port_print(&event);
    }
    if (n == 0 && !cli->json && !cli->quiet)
        puts(cli->all_ports
                 ? "There is no serial port."
                 : "There is no USB serial port; `espjig ports --all` lists the others.");
    free(ports);
    return 0;
}

/* ---- the table ---- */

#define ANY_NUMBER ARRAY_LEN(((struct cli *)0)->args)

const struct cli_command cli_commands[] = {
    {"ports", "", "list the serial ports of this machine", FOR_PORTS, 0, 0, list_ports, false},
    {"chips", "[CHIP]", "list the chips that are known, and how well each is tested", FOR_CHIPS, 0,
     1, chips_list, false},
    {"write-flash", "SOURCE|ADDR FILE...",
     "write a build or files to the flash and have the chip verify them", FOR_WRITE, 1, ANY_NUMBER,
     write_flash, false},
    {"verify-flash", "SOURCE|ADDR FILE...", "compare a build or files with the flash", FOR_VERIFY,
     1, ANY_NUMBER, verify_flash, false},
    {"read-flash", "ADDR SIZE FILE",
     "read flash into a file; SIZE may be ALL, and a partition's "
     "name stands for both",
     FOR_READ, 2, 3, read_flash, false},
    {"erase-flash", "", "erase the whole flash", FOR_ERASE, 0, 0, plain_op, false},
    {"erase-region", "ADDR SIZE", "erase whole sectors of 4096 bytes, or a partition by its name",
     FOR_REGION, 1, 2, erase_region, false},
    {"partitions", "[FILE|PORT]", "show a partition table, and turn it into CSV or binary",
     FOR_PARTITIONS, 0, 1, partitions_run, false},
    {"chip-id", "", "tell what chip it is", FOR_IDS, 0, 0, plain_op, false},
    {"flash-id", "", "tell what flash it has", FOR_IDS, 0, 0, plain_op, false},
    {"read-mac", "", "tell its MAC address", FOR_IDS, 0, 0, plain_op, false},
    {"get-security-info", "", "tell what secures the chip, and what its keys are for", FOR_MEMORY,
     0, 0, plain_op, false},
    {"read-mem", "ADDR", "read a word of memory, or a register", FOR_MEMORY, 1, 1, memory_word,
     false},
    {"write-mem", "ADDR VALUE [MASK]", "write one; only the bits of MASK are changed", FOR_MEMORY,
     2, 3, memory_word, false},
    {"dump-mem", "ADDR SIZE FILE", "read memory into a file", FOR_MEMORY, 3, 3, dump_mem, false},
    {"load-ram", "FILE", "load a program into RAM and start it", FOR_MEMORY, 1, 1, load_ram, false},
    {"run", "", "start the program in the flash without a reset", FOR_MEMORY, 0, 0, plain_op,
     false},
    {"read-flash-status", "", "read the status registers of the flash", FOR_STATUS_READ, 0, 0,
     flash_status, false},
    {"write-flash-status", "VALUE", "write them, and read them back", FOR_STATUS_WRITE, 1, 1,
     flash_status, false},
    {"read-flash-sfdp", "ADDR BYTES", "read what the flash says of itself (SFDP)", FOR_SFDP, 2, 2,
     read_sfdp, false},
    {"image-info", "FILE...", "show what firmware images say of themselves, and check them",
     FOR_INFO, 1, ANY_NUMBER, image_info, false},
    {"elf2image", "FILE", "make a firmware image of a linked program", FOR_ELF, 1, 1, elf2image,
     false},
    {"merge-bin", "ADDR FILE...", "make one file out of many: raw, Intel HEX or UF2", FOR_MERGE, 2,
     ANY_NUMBER, merge_bin, false},
    {"split-bin", "FILE", "the way back: a file for each partition of a merged one", FOR_SPLIT, 1,
     1, split_bin, false},
    {"job check", "SOURCE", "tell what is wrong with a job, before there is a board", FOR_JOB, 1, 1,
     job_check_command, false},
    {"job show", "SOURCE", "show what a job says", FOR_JOB, 1, 1, job_show_command, false},
    {"job import", "SOURCE",
     "make a job of a build, a manifest, the Flash Download Tool's settings",
     FOR_WRITE | FOR_JOB_IMPORT, 1, ANY_NUMBER, job_import_command, false},
    {"job export", "SOURCE", "write a job for another tool", FOR_JOB_EXPORT, 1, 1,
     job_export_command, false},
    {"job run", "SOURCE", "flash what a job says, on all ports that its rule fits", FOR_WRITE, 1, 1,
     write_flash, false},
    {"demo", "", "the dashboard on emulated boards, with sample images; no hardware needed",
     FOR_DEMO, 0, 0, demo_run, false},
    {"station", "", "run the process behind the dashboard in the foreground", FOR_STATION, 0, 0,
     station_main, false},
    {"", "", "the dashboard", FOR_DASHBOARD, 0, 0, dashboard_run, true},
    {.name = NULL},
};
