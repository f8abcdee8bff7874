/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `espjig chips`: what is known about each chip, and how well it is tested. */
#include "cli/commands.h"

#include "base/util.h"
#include "chip/chip.h"
#include "cli/json.h"

#include <stdio.h>
#include <string.h>

/* The columns of proof, in the order of the work. */
static const struct {
    const char *key, *title;
    size_t at; /* in struct chip_tested */
} operations[] = {
    {"identify", "IDENTIFY", offsetof(struct chip_tested, identify)},
    {"rom_write", "ROM WRITE", offsetof(struct chip_tested, rom_write)},
    {"stub_write", "STUB WRITE", offsetof(struct chip_tested, stub_write)},
    {"read", "READ", offsetof(struct chip_tested, read)},
    {"erase", "ERASE", offsetof(struct chip_tested, erase)},
    {"baud", "BAUD", offsetof(struct chip_tested, baud)},
};

static const char *proof(const struct chip *chip, size_t operation)
{
    return chip_proof_name(((const uint8_t *)&chip->tested)[operations[operation].at]);
}

static const char *usb_names(const struct chip *chip)
{
    if (chip->usb_jtag)
        return chip->usb_otg_pid ? "JTAG, OTG" : "JTAG";
    return chip->usb_otg_pid ? "OTG" : "-";
}

/* "80m 40m 26m 20m" */
static const char *nibble_names(const struct chip_nibble *table, char *to, size_t size)
{
    size_t len = 0;

    to[0] = '\0';
    for (; table->name && len < size; table++)
        len += (size_t)snprintf(to + len, size - len, "%s%s", len ? " " : "", table->name);
    return to;
}

static const char *rate(unsigned baud, char *to, size_t size)
{
    if (baud == 0)
        util_copy(to, size, "-");
    else
        snprintf(to, size, "%u", baud);
    return to;
}

static const char *image_id(const struct chip *chip, char *to, size_t size)
{
    if (chip->image_chip_id < 0)
        util_copy(to, size, "-");
    else
        snprintf(to, size, "%d", chip->image_chip_id);
    return to;
}

/* ---- all of them ---- */

static void print_tables(void)
{
    char id[16], at[16], stub_max[16], freqs[64];

    printf("%-9s %-10s %3s  %-10s  %8s  %9s  %-9s  %s\n", "CHIP", "NAME", "ID", "BOOTLOADER",
           "ROM BAUD", "STUB BAUD", "OWN USB", "FLASH");
    for (int i = CHIP_AUTO + 1; i < CHIP_COUNT; i++) {
        const struct chip *chip = chip_get((enum chip_id)i);
        snprintf(at, sizeof at, "0x%x", chip->bootloader_offset);
        printf("%-9s %-10s %3s  %-10s  %8u  %9s  %-9s  %s\n", chip->key, chip->name,
               image_id(chip, id, sizeof id), at, chip->rom_baud_max,
               rate(chip->stub_baud_max, stub_max, sizeof stub_max), usb_names(chip),
               nibble_names(chip->freqs, freqs, sizeof freqs));
    }

    printf("\nHow each was tested, at best:\n%-9s", "CHIP");
    for (size_t op = 0; op < ARRAY_LEN(operations); op++)
        printf("  %-*s", op + 1 < ARRAY_LEN(operations) ? 10 : 0, operations[op].title);
    putchar('\n');
    for (int i = CHIP_AUTO + 1; i < CHIP_COUNT; i++) {
        const struct chip *chip = chip_get((enum chip_id)i);
        printf("%-9s", chip->key);
        for (size_t op = 0; op < ARRAY_LEN(operations); op++)
            printf("  %-*s", op + 1 < ARRAY_LEN(operations) ? 10 : 0, proof(chip, op));
        putchar('\n');
    }
    puts("\nnot: not at all. emulator: on the emulated chip. ROM code: against answers of the "
         "chip's own\n"
         "ROM. silicon: on a real board.");
}

/* ---- one of them ---- */

static void print_one(const struct chip *chip)
{
    char text[128];

    printf("chip: %s\nname: %s\n", chip->key, chip->name);
    if (chip->image_chip_id >= 0)
        printf("chip id: %d\n", chip->image_chip_id);
    printf("bootloader at: 0x%x\n", chip->bootloader_offset);
    if (chip->stub_before)
        printf("flasher stub: %s.json, before v%d.%d %s.json\n", chip->stub, chip->stub_since / 100,
               chip->stub_since % 100, chip->stub_before);
    else if (chip->stub && chip->stub_since)
        printf("flasher stub: %s.json, from v%d.%d on\n", chip->stub, chip->stub_since / 100,
               chip->stub_since % 100);
    else if (chip->stub)
        printf("flasher stub: %s.json\n", chip->stub);
    else
        puts("flasher stub: none");
    printf("fastest rate: ROM %u", chip->rom_baud_max);
    printf(chip->stub_baud_max ? ", stub %u baud\n" : " baud\n", chip->stub_baud_max);
    printf("own USB: %s\n", usb_names(chip));
    printf("flash frequencies: %s\n", nibble_names(chip->freqs, text, sizeof text));
    printf("flash sizes: %s\n", nibble_names(chip->sizes, text, sizeof text));
    for (size_t op = 0; op < ARRAY_LEN(operations); op++)
        printf("tested, %s: %s\n", operations[op].key, proof(chip, op));
}

/* ---- for programs ---- */

static json_t *nibbles_json(const struct chip_nibble *table)
{
    json_t *array = json_array();

    for (; table->name; table++)
        json_array_append_new(array, json_string(table->name));
    return array;
}

static void print_json(const struct chip *chip)
{
    json_t *tested = json_object();

    for (size_t op = 0; op < ARRAY_LEN(operations); op++)
        json_object_set_new(tested, operations[op].key, json_string(proof(chip, op)));
    json_t *line = json_pack(
        "{s:s, s:s, s:i, s:i, s:o, s:o, s:i, s:i, s:b, s:i, s:b, s:o, s:o, s:o}", "chip", chip->key,
        "name", chip->name, "chip_id", chip->image_chip_id, "bootloader_offset",
        (int)chip->bootloader_offset, "stub", cli_json_text(chip->stub), "stub_before",
        cli_json_text(chip->stub_before), "rom_baud_max", (int)chip->rom_baud_max, "stub_baud_max",
        (int)chip->stub_baud_max, "usb_jtag", chip->usb_jtag, "usb_otg_pid", (int)chip->usb_otg_pid,
        "flash_32bit", chip->flash_32bit, "flash_freqs", nibbles_json(chip->freqs), "flash_sizes",
        nibbles_json(chip->sizes), "tested", tested);
    cli_json_print(line);
}

int chips_list(struct cli *cli, struct error *error)
{
    const struct chip *one = NULL;

    if (cli->n_args > 0 && (one = chip_by_name(cli->args[0])) == NULL)
        return error_set(error, ERR_UNKNOWN_CHIP, "\"%s\" is no chip that espjig knows (%s)",
                         cli->args[0], chip_names());
    if (!cli->json && one)
        print_one(one);
    else if (!cli->json)
        print_tables();
    for (int i = CHIP_AUTO + 1; i < CHIP_COUNT && cli->json; i++) {
        const struct chip *chip = chip_get((enum chip_id)i);
        if (one == NULL || one == chip)
            print_json(chip);
    }
    return 0;
}
