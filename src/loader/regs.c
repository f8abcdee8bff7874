/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Registers: many written in one frame, and eFuses read no more than once. */
#include "base/util.h"
#include "loader/command.h"

enum {
    WRITE_ENTRY = 16, /* address, value, mask, delay */
    ENTRIES_MAX = 16  /* in one frame */
};

int loader_read_efuse(struct loader *loader, uint32_t address, uint32_t *value, struct error *error)
{
    for (size_t i = 0; i < loader->n_words; i++) {
        if (loader->words[i].address == address) {
            *value = loader->words[i].value;
            return 0;
        }
    }
    int rc = loader_read_reg(loader, address, value, error);
    if (rc == 0 && loader->n_words < ARRAY_LEN(loader->words))
        loader->words[loader->n_words++] = (struct loader_word){address, *value};
    return rc;
}

static int write_frame(struct loader *loader, const struct reg_write *writes, size_t n,
                       struct error *error)
{
    uint8_t data[ENTRIES_MAX * WRITE_ENTRY];
    size_t at = 0;

    for (size_t i = 0; i < n; i++)
        at += WORDS(data + at, writes[i].address, writes[i].value, writes[i].mask,
                    writes[i].delay_us);
    struct request request = {.op = OP_WRITE_REG,
                              .data = data,
                              .n = at,
                              .address = writes[0].address,
                              .has_address = true};
    return command_run(loader, &request, NULL, error);
}

/* ROMs (seen in recordings of ESP32 and ESP32-C3) and stubs take several in one WRITE_REG; of the
 * ESP8266's ROM nobody says so, hence one by one there. */
int loader_write_regs(struct loader *loader, const struct reg_write *writes, size_t n,
                      struct error *error)
{
    bool single = loader->stage != STAGE_STUB && loader->chip->id == CHIP_ESP8266;
    size_t step = single ? 1 : ENTRIES_MAX;
    int rc = 0;

    for (size_t at = 0; at < n && rc == 0; at += step)
        rc = write_frame(loader, writes + at, n - at < step ? n - at : step, error);
    return rc;
}
