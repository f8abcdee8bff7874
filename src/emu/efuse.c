/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "emu/efuse.h"

#include "base/util.h"

static void set_word(struct efuse *ef, size_t word, uint32_t value)
{
    le32_put(ef->store.bytes + 4 * word, value);
}

static void set_mac(struct efuse *ef, const uint8_t *mac)
{
    uint32_t words[128] = {0};

    for (size_t i = 0; i < ef->persona->efuse.words; i++)
        words[i] = efuse_word(ef, i);
    ef->persona->efuse_mac(words, mac);
    for (size_t i = 0; i < ef->persona->efuse.words; i++)
        set_word(ef, i, words[i]);
}

int efuse_open(struct efuse *ef, const struct persona *persona, const char *path,
               const uint8_t *mac, struct error *e)
{
    *ef = (struct efuse){.persona = persona};
    int result = storage_open(&ef->store, path, 4u * persona->efuse.words, 0, e);
    if (result != 0)
        return result;
    if (ef->store.fresh) {
        for (const struct efuse_value *v = persona->efuse_values; v->word != 0xff; v++)
            set_word(ef, v->word, v->value);
        set_mac(ef, persona->mac);
    }
    if (mac)
        set_mac(ef, mac);
    return 0;
}

void efuse_close(struct efuse *ef)
{
    storage_close(&ef->store);
}

uint32_t efuse_word(const struct efuse *ef, size_t word)
{
    return le32_get(ef->store.bytes + 4 * word);
}

void efuse_burn(struct efuse *ef, size_t word, uint32_t bits)
{
    if (word < ef->persona->efuse.words)
        set_word(ef, word, efuse_word(ef, word) | bits);
}

bool efuse_at(const struct efuse *ef, uint32_t address, size_t *word)
{
    uint32_t first = ef->persona->efuse.read_first;

    if (address < first || address >= first + 4u * ef->persona->efuse.words)
        return false;
    /* The ESP32's program registers of block 0 lie in the middle of the row. */
    uint32_t hole = ef->persona->efuse.program[0];
    if (hole != 0 && address >= hole && address < hole + 4u * 7)
        return false;
    *word = (address - first) / 4;
    return true;
}
