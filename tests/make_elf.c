/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "make_elf.h"

#include "base/util.h"

#include <elf.h>
#include <stdio.h>
#include <string.h>

enum { SECTIONS_MAX = 40, DESC_SIZE = 256 };

struct section {
    const char *name;
    uint32_t type, address, align, size;
};

struct program {
    const struct chip *chip;
    struct section rows[SECTIONS_MAX];
    size_t n;
    uint32_t random, scale;
    uint8_t page_log2; /* in the descriptor; 0: not told */
};

static uint32_t next_random(struct program *p)
{
    p->random ^= p->random << 13;
    p->random ^= p->random >> 17;
    p->random ^= p->random << 5;
    return p->random;
}

/* Returns the address behind it. */
static uint32_t add(struct program *p, const char *name, uint32_t type, uint32_t address,
                    uint32_t align, uint32_t size)
{
    if (p->n < SECTIONS_MAX)
        p->rows[p->n++] = (struct section){name, type, address, align, size};
    return address + size;
}

/* ---- where things are ---- */

static bool is_8266(const struct program *p)
{
    return p->chip->id == CHIP_ESP8266;
}

static uint32_t data_base(const struct program *p)
{
    return is_8266(p) ? p->chip->irom.start : p->chip->drom.start;
}

/* Code is in pages of its own where it shares a range with data. */
static uint32_t code_base(const struct program *p)
{
    bool shared = p->chip->irom.start == p->chip->drom.start;

    return p->chip->irom.start + (shared ? 0x100000 : 0x40000);
}

/* The n-th range of RAM, or a place in the last one. */
static uint32_t ram(const struct program *p, unsigned n)
{
    unsigned last = 0;

    while (last + 1 < ARRAY_LEN(p->chip->ram) && p->chip->ram[last + 1].end)
        last++;
    return p->chip->ram[n < last ? n : last].start + (n > last ? (n - last) * 0x2000 : 0);
}

/* ---- kinds ---- */

static void add_desc(struct program *p, uint32_t page)
{
    if (!is_8266(p))
        add(p, ".flash.appdesc", SHT_PROGBITS, data_base(p) + page + 0x20, 16, DESC_SIZE);
}

static void app(struct program *p, uint32_t page)
{
    uint32_t k = p->scale, data = data_base(p) + page + 0x20;

    add_desc(p, page);
    if (!is_8266(p))
        add(p, ".flash.rodata", SHT_PROGBITS, data + DESC_SIZE, 16, 40 * k);
    add(p, ".dram0.data", SHT_PROGBITS, ram(p, 0) + 0x100, 4, 30 * k);
    add(p, ".dram0.bss", SHT_NOBITS, ram(p, 0) + 0x8000, 8, 999);
    add(p, ".iram0.text", SHT_PROGBITS, ram(p, 1), 4, 90 * k);
    add(p, is_8266(p) ? ".irom0.text" : ".flash.text", SHT_PROGBITS,
        code_base(p) + (is_8266(p) ? 0x10 : 0x20), 4, 150 * k);
    add(p, ".rtc.text", SHT_PROGBITS, ram(p, 2), 4, 7 * k);
    add(p, ".comment", SHT_PROGBITS, 0, 1, 60);
}

/* The descriptor must stay the first of its page, but it stands last in the file. */
static void unsorted(struct program *p)
{
    uint32_t k = p->scale, end;

    add(p, ".rtc.force_fast", SHT_PROGBITS, ram(p, 3), 4, 3);
    end = add(p, ".flash.text", SHT_PROGBITS, code_base(p) + 0x123 * 4, 4, 77 * k + 4);
    add(p, ".flash.text_end", SHT_PROGBITS, end, 4, 9);
    add(p, ".empty", SHT_PROGBITS, ram(p, 0), 4, 0);
    end = add(p, ".iram0.vectors", SHT_PROGBITS, ram(p, 1), 4, 0x403);
    end = add(p, ".iram0.text", SHT_PROGBITS, end + 1, 4, 21 * k);
    add(p, ".iram0.array", SHT_INIT_ARRAY, (end + 3) & ~3u, 4, 12);
    add(p, ".note", SHT_NOTE, ram(p, 0) + 0x4000, 4, 20);
    add(p, ".dram0.fini", SHT_FINI_ARRAY, ram(p, 0) + 0x1000, 4, 8);
    add(p, ".dram0.bss", SHT_NOBITS, ram(p, 0) + 0x1008, 8, 0x10000);
    add(p, ".dram0.data", SHT_PROGBITS, ram(p, 0) + 0x20, 4, 11 * k + 1);
    if (!is_8266(p)) {
        add(p, ".flash.rodata", SHT_PROGBITS, data_base(p) + 0x10020, 4, 50 * k);
        add_desc(p, 0);
    }
}

static void ram_only(struct program *p)
{
    uint32_t k = p->scale;

    add(p, ".iram_loader.text", SHT_PROGBITS, ram(p, 1) + 0x1000, 4, 30 * k);
    add(p, ".iram.text", SHT_PROGBITS, ram(p, 1), 4, 5 * k);
    add(p, ".dram0.rodata", SHT_PROGBITS, ram(p, 0), 4, 4 * k + 2);
    add(p, ".dram0.bootdesc", SHT_PROGBITS, ram(p, 0) + 0x3000, 16, 80);
}

static void gaps(struct program *p)
{
    uint32_t k = p->scale, at = ram(p, 0);
    static const uint32_t aligns[] = {4, 8, 16, 64, 0, 1, 12, 256};
    static const char *const names[] = {".a", ".b", ".c", ".d", ".e", ".f", ".g", ".h"};

    for (size_t i = 0; i < ARRAY_LEN(aligns); i++) {
        uint32_t align = aligns[i] ? aligns[i] : 1;
        at = (at + align - 1) / align * align;
        at = add(p, names[i], SHT_PROGBITS, at, aligns[i], 4 * ((uint32_t)i + k));
        at = (at + 3) & ~3u;
    }
    add(p, ".flash.text", SHT_PROGBITS, code_base(p) + 0x40, 4, 60 * k);
    if (!is_8266(p))
        add(p, ".flash.rodata", SHT_PROGBITS, data_base(p) + 0x4440, 16, 33 * k);
}

/* The ESP32 gets padding up to 0x24 bytes behind the edge: with 0 and 0x20, not with 0x24. */
static void tail(struct program *p)
{
    uint32_t page = p->scale > 1 ? 0x10000 : 0x100; /* small: none of that, a seed like any other */

    add(p, ".dram0.data", SHT_PROGBITS, ram(p, 0), 4, 10 * p->scale);
    if (!is_8266(p))
        add(p, ".flash.rodata", SHT_PROGBITS, data_base(p) + 0x20, 4, page);
    add(p, ".flash.text", SHT_PROGBITS, code_base(p) + 0x20, 4, page + 4);
    if (!is_8266(p))
        add(p, ".flash.more", SHT_PROGBITS, code_base(p) + 0x40020, 4, page - 0x20);
}

static void wild(struct program *p)
{
    static const char *const names[] = {".flash.text", ".flash.rodata",   ".iram0.text",
                                        ".dram0.data", ".dram0.bootdesc", ".rodata"};
    uint32_t n = 1 + next_random(p) % 20, end = ram(p, 0);

    if (next_random(p) % 2)
        add_desc(p, next_random(p) % 4 * 0x4000);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t size = next_random(p) % (40 * p->scale), at, r = next_random(p);
        if (r % 8 < 3)
            at = end;
        else if (r % 8 < 6)
            at = ram(p, r >> 8 & 3) + (r >> 12 & 0x7FFC);
        else
            at = (r & 0x10000 ? data_base(p) : code_base(p)) + (r >> 20) * 0x1000 +
                 (next_random(p) & 0xFFFC);
        if (next_random(p) % 64 == 0)
            at++;
        end = (add(p, names[r % ARRAY_LEN(names)], next_random(p) % 9 ? SHT_PROGBITS : SHT_NOBITS,
                   at, 1u << next_random(p) % 10, size) +
               3) &
              ~3u;
    }
}

/* ---- the file ---- */

static bool has_bytes(const struct section *s)
{
    return s->type != SHT_NOBITS;
}

/* An app descriptor with magic and page size; its place for the ELF's SHA-256 is blank. */
static void desc_fill(const struct program *p, uint8_t *bytes)
{
    memset(bytes, 0, DESC_SIZE);
    le32_put(bytes, 0xABCD5432);
    memcpy(bytes + 16, "1.0", 3);
    memcpy(bytes + 48, "made-up", 7);
    bytes[180] = p->page_log2;
}

static void contents_put(struct program *p, struct buffer *elf, const struct section *s)
{
    uint8_t *to = buffer_reserve(elf, s->size);

    bool blank = next_random(p) % 4 == 0;
    for (uint32_t i = 0; i < s->size; i++)
        to[i] = blank ? 0 : (uint8_t)next_random(p);
    if (strcmp(s->name, ".flash.appdesc") == 0)
        desc_fill(p, to);
    elf->len += s->size;
}

static void words_put(struct buffer *elf, const uint32_t *words, size_t n)
{
    for (size_t i = 0; i < n; i++)
        buffer_append_le32(elf, words[i]);
}

static void header_put(struct program *p, struct buffer *elf, uint32_t phoff, uint32_t shoff)
{
    static const uint8_t ident[EI_NIDENT] = {0x7F,       'E',         'L',       'F',
                                             ELFCLASS32, ELFDATA2LSB, EV_CURRENT};

    buffer_clear(elf);
    buffer_append(elf, ident, sizeof ident);
    buffer_append_le16(elf, ET_EXEC);
    buffer_append_le16(elf, p->chip->xtensa ? EM_XTENSA : EM_RISCV);
    words_put(elf, (uint32_t[]){EV_CURRENT, ram(p, 1) + 4, phoff, shoff, 0}, 5);
    buffer_append_le16(elf, sizeof(Elf32_Ehdr));
    buffer_append_le16(elf, sizeof(Elf32_Phdr));
    buffer_append_le16(elf, (uint16_t)p->n);
    buffer_append_le16(elf, sizeof(Elf32_Shdr));
    buffer_append_le16(elf, (uint16_t)(p->n + 2));
    buffer_append_le16(elf, (uint16_t)(p->n + 1)); /* the names come last */
}

static void file_make(struct program *p, struct buffer *elf)
{
    struct buffer names = {0}, contents = {0}, sections = {0};
    uint32_t phoff = sizeof(Elf32_Ehdr), first = phoff + (uint32_t)(p->n * sizeof(Elf32_Phdr));

    buffer_append_byte(&names, 0);
    words_put(&sections, (uint32_t[10]){0}, 10);
    header_put(p, elf, phoff, 0);
    for (size_t i = 0; i < p->n; i++) {
        const struct section *s = &p->rows[i];
        uint32_t at = first + (uint32_t)contents.len, size = has_bytes(s) ? s->size : 0;
        words_put(elf,
                  (uint32_t[]){PT_LOAD, at, s->address, s->address, size, s->size, 5, s->align}, 8);
        words_put(&sections,
                  (uint32_t[]){(uint32_t)names.len, s->type, 3, s->address, at, s->size, 0, 0,
                               s->align, 0},
                  10);
        buffer_append(&names, s->name, strlen(s->name) + 1);
        if (has_bytes(s))
            contents_put(p, &contents, s);
    }
    uint32_t names_at = first + (uint32_t)contents.len;
    words_put(&sections,
              (uint32_t[]){(uint32_t)names.len, SHT_STRTAB, 0, 0, names_at,
                           (uint32_t)names.len + 10, 0, 0, 1, 0},
              10);
    buffer_append(&names, ".shstrtab", 10);
    buffer_append(elf, contents.data, contents.len);
    buffer_append(elf, names.data, names.len);
    le32_put(elf->data + offsetof(Elf32_Ehdr, e_shoff), (uint32_t)elf->len);
    buffer_append(elf, sections.data, sections.len);
    buffer_done(&names);
    buffer_done(&contents);
    buffer_done(&sections);
}

void make_elf(struct buffer *elf, const struct chip *chip, unsigned kind, bool small)
{
    struct program p = {.chip = chip,
                        .random = 0x2545F491 + kind * 7919 + (uint32_t)chip->id * 104729,
                        .scale = small ? 1 : 200};
    uint32_t smallest = chip->mmu_pages & (0 - chip->mmu_pages);

    if (kind == ELF_UNSORTED)
        unsorted(&p);
    else if (kind == ELF_RAM)
        ram_only(&p);
    else if (kind == ELF_GAPS)
        gaps(&p);
    else if (kind == ELF_TAIL)
        tail(&p);
    else if (kind >= ELF_WILD)
        wild(&p);
    else
        app(&p, kind == ELF_APP ? 0 : smallest);
    if (kind == ELF_PAGE && smallest)
        p.page_log2 = (uint8_t)__builtin_ctz(smallest);
    file_make(&p, elf);
}
