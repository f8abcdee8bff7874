/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "emu/efuse.h"

#include "base/util.h"

static void set_word(struct efuse *ef, size_t word, uint32_t value)
{
    le32_put(ef->store.bytes + 4 * word, value);
}

size_t efuse_block_word(const struct efuse_layout *l, size_t block)
{
    size_t word = 0;

    /* The ESP32's blocks 1 to 3 are readable behind block 0's program registers. */
    if (l->program[0] != 0 && block > 0)
        return 14 + 8 * (block - 1);
    for (size_t i = 0; i < block; i++)
        word += l->block_words[i];
    return word;
}

uint32_t efuse_bits(const struct efuse *ef, size_t block, unsigned bit, unsigned width)
{
    size_t word = efuse_block_word(&ef->persona->efuse, block) + bit / 32;
    uint64_t bits = efuse_word(ef, word);

    if (bit % 32 + width > 32)
        bits |= (uint64_t)efuse_word(ef, word + 1) << 32;
    return (uint32_t)(bits >> bit % 32 & ((UINT64_C(1) << width) - 1));
}

static void set_mac(struct efuse *ef, const uint8_t *mac)
{
    const struct efuse_layout *l = &ef->persona->efuse;
    size_t first = efuse_block_word(l, ef->persona->mac_block);
    uint32_t words[8] = {0};

    for (size_t i = 0; i < l->block_words[ef->persona->mac_block]; i++)
        words[i] = efuse_word(ef, first + i);
    ef->persona->efuse_mac(words, mac);
    for (size_t i = 0; i < l->block_words[ef->persona->mac_block]; i++)
        set_word(ef, first + i, words[i]);
}

int efuse_open(struct efuse *ef, const struct persona *persona, const char *path,
               const uint8_t *mac, struct error *e)
{
    *ef = (struct efuse){.persona = persona};
    int result = storage_open(&ef->store, path, 4u * persona->efuse.words, 0, e);
    if (result != 0)
        return result;
    if (ef->store.fresh) {
        for (const struct efuse_field *f = persona->factory; f->width != 0; f++)
            efuse_burn_bits(ef, f->block, f->bit, f->value);
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

bool efuse_burn_bits(struct efuse *ef, size_t block, unsigned bit, uint32_t value)
{
    const struct efuse_layout *l = &ef->persona->efuse;
    size_t first = efuse_block_word(l, block);

    for (; value != 0; value >>= 1, bit++) {
        if (!(value & 1))
            continue;
        if (block >= sizeof l->block_words || bit / 32 >= l->block_words[block])
            return false;
        efuse_burn(ef, first + bit / 32, UINT32_C(1) << bit % 32);
    }
    return true;
}

/* The ESP32's fourth bit hides fields of block 0: FLASH_CRYPT_CONFIG, CODING_SCHEME, KEY_STATUS. */
static uint32_t fields_hidden(const struct efuse *ef, size_t word)
{
    const struct efuse_layout *l = &ef->persona->efuse;

    if (l->program[0] == 0 || !efuse_bits(ef, 0, l->protect_bit + 3u, 1))
        return 0;
    return word == 5 ? UINT32_C(0xf) << 28 : word == 6 ? 3 | UINT32_C(1) << 10 : 0;
}

uint32_t efuse_word_shown(const struct efuse *ef, size_t word)
{
    const struct efuse_layout *l = &ef->persona->efuse;

    for (unsigned i = 0; i < l->protected_blocks; i++) {
        size_t first = efuse_block_word(l, l->protected_from + i);
        unsigned half = l->protects_halves && word >= first + 4;
        if (word >= first && word < first + 8 && efuse_bits(ef, 0, l->protect_bit + i + half, 1))
            return 0;
    }
    return efuse_word(ef, word) & ~fields_hidden(ef, word);
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
