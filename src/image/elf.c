/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "image/elf.h"

#include "base/buffer.h"
#include "base/util.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

/* Everything is read by offset, not through a struct: the file's alignment is anybody's guess. */
#define FIELD(type, member)   offsetof(type, member)
#define GET16(p, type, field) le16_get((p) + FIELD(type, field))
#define GET32(p, type, field) le32_get((p) + FIELD(type, field))

struct file {
    const char *name;
    const uint8_t *data;
    size_t size;
    struct error *error;
};

/* A table of `n` rows of `row` bytes at `offset`, or NULL with an error. */
static const uint8_t *table_at(const struct file *file, const char *what, uint32_t offset,
                               uint32_t n, uint32_t row)
{
    uint64_t end = offset + (uint64_t)n * row;

    if (end <= file->size)
        return file->data + offset;
    error_set(
        file->error, ERR_FILE_FORMAT,
        "%s: cut off: its %u %s should be at offsets 0x%x to 0x%llx, the file has 0x%zx bytes",
        file->name, n, what, offset, (unsigned long long)end, file->size);
    return NULL;
}

static int header_check(const struct file *file)
{
    const uint8_t *p = file->data;

    if (file->size < sizeof(Elf32_Ehdr))
        return error_set(file->error, ERR_FILE_FORMAT,
                         "%s: no ELF file: it has %zu bytes, the header alone needs %zu",
                         file->name, file->size, sizeof(Elf32_Ehdr));
    if (memcmp(p, ELFMAG, SELFMAG) != 0)
        return error_set(file->error, ERR_FILE_FORMAT,
                         "%s: no ELF file: it begins with %02x %02x %02x %02x, not 7f 45 4c 46",
                         file->name, p[0], p[1], p[2], p[3]);
    if (p[EI_CLASS] != ELFCLASS32 || p[EI_DATA] != ELFDATA2LSB)
        return error_set(file->error, ERR_FILE_FORMAT,
                         "%s: the ELF file's class and byte order at offset 4 are %u and %u, chips "
                         "of Espressif have 1 and 1 (32 bits, little-endian)",
                         file->name, p[EI_CLASS], p[EI_DATA]);
    unsigned machine = GET16(p, Elf32_Ehdr, e_machine);
    if (machine != EM_XTENSA && machine != EM_RISCV)
        return error_set(file->error, ERR_FILE_FORMAT,
                         "%s: the ELF file's machine at offset 0x%x is 0x%02x, expected 0x%02x "
                         "(Xtensa) or 0x%02x (RISC-V)",
                         file->name, ELF_MACHINE_AT, machine, EM_XTENSA, EM_RISCV);
    return 0;
}

/* Checks that the bytes are in the file and the addresses in 32 bits, then adds the part. */
static int part_add(const struct file *file, struct elf_parts *parts, const char *kind,
                    unsigned number, const struct elf_part *part, uint32_t offset)
{
    uint64_t end = offset + (uint64_t)part->size;

    if (end > file->size)
        return error_set(file->error, ERR_FILE_FORMAT,
                         "%s: cut off: %s %u (%s) should have 0x%x bytes at offset 0x%x, the file "
                         "has 0x%zx bytes",
                         file->name, kind, number, part->name, part->size, offset, file->size);
    if (part->address + (uint64_t)part->size > (uint64_t)UINT32_MAX + 1)
        return error_set(
            file->error, ERR_FILE_FORMAT,
            "%s: %s %u (%s) has 0x%x bytes for address 0x%08x, which goes past the end "
            "of 32 bits",
            file->name, kind, number, part->name, part->size, part->address);
    parts->rows[parts->n] = *part;
    parts->rows[parts->n++].data = file->data + offset;
    return 0;
}

/* ---- sections ---- */

struct strings {
    const char *text;
    uint32_t size;
};

static int strings_read(const struct file *file, const uint8_t *headers, unsigned n,
                        struct strings *strings)
{
    unsigned index = GET16(file->data, Elf32_Ehdr, e_shstrndx);

    if (index >= n)
        return error_set(file->error, ERR_FILE_FORMAT,
                         "%s: the number of the section with the names (at offset 0x%zx) is %u, "
                         "there are %u sections",
                         file->name, FIELD(Elf32_Ehdr, e_shstrndx), index, n);
    const uint8_t *p = headers + index * sizeof(Elf32_Shdr);
    uint32_t offset = GET32(p, Elf32_Shdr, sh_offset);
    strings->size = GET32(p, Elf32_Shdr, sh_size);
    strings->text = (const char *)table_at(file, "bytes of names", offset, strings->size, 1);
    return strings->text ? 0 : ERR_FILE_FORMAT;
}

static const char *string_at(const struct strings *strings, uint32_t offset)
{
    if (offset >= strings->size || !memchr(strings->text + offset, 0, strings->size - offset))
        return NULL;
    return strings->text + offset;
}

/* What has an address, bytes, and a type that says that they are loaded. */
static bool section_is_loaded(const uint8_t *p)
{
    switch (GET32(p, Elf32_Shdr, sh_type)) {
    case SHT_PROGBITS:
    case SHT_INIT_ARRAY:
    case SHT_FINI_ARRAY:
    case SHT_PREINIT_ARRAY:
        return GET32(p, Elf32_Shdr, sh_addr) != 0 && GET32(p, Elf32_Shdr, sh_size) != 0;
    default:
        return false;
    }
}

static int section_add(const struct file *file, struct elf_parts *parts, unsigned number,
                       const uint8_t *p, const struct strings *strings)
{
    uint32_t name_at = GET32(p, Elf32_Shdr, sh_name);
    struct elf_part part = {
        .name = string_at(strings, name_at),
        .address = GET32(p, Elf32_Shdr, sh_addr),
        .align = GET32(p, Elf32_Shdr, sh_addralign),
        .size = GET32(p, Elf32_Shdr, sh_size),
    };

    if (part.name == NULL)
        return error_set(file->error, ERR_FILE_FORMAT,
                         "%s: the name of section %u is at byte 0x%x of 0x%x bytes of names, or "
                         "does not end there",
                         file->name, number, name_at, strings->size);
    return part_add(file, parts, "section", number, &part, GET32(p, Elf32_Shdr, sh_offset));
}

static int sections_read(const struct file *file, struct elf *elf)
{
    unsigned n = GET16(file->data, Elf32_Ehdr, e_shnum);
    unsigned row = GET16(file->data, Elf32_Ehdr, e_shentsize);
    struct strings strings = {0};

    if (n == 0)
        return error_set(file->error, ERR_FILE_FORMAT,
                         "%s: the ELF file has no section headers (offset 0x%zx is 0)", file->name,
                         FIELD(Elf32_Ehdr, e_shnum));
    if (row != sizeof(Elf32_Shdr))
        return error_set(file->error, ERR_FILE_FORMAT,
                         "%s: the size of a section header (at offset 0x%zx) is %u, expected %zu",
                         file->name, FIELD(Elf32_Ehdr, e_shentsize), row, sizeof(Elf32_Shdr));
    const uint8_t *headers =
        table_at(file, "section headers", GET32(file->data, Elf32_Ehdr, e_shoff), n, row);
    if (headers == NULL || strings_read(file, headers, n, &strings) != 0)
        return ERR_FILE_FORMAT;
    elf->sections.rows = xcalloc(n, sizeof *elf->sections.rows);
    for (unsigned i = 0; i < n; i++) {
        const uint8_t *p = headers + i * sizeof(Elf32_Shdr);
        if (section_is_loaded(p) && section_add(file, &elf->sections, i, p, &strings) != 0)
            return ERR_FILE_FORMAT;
    }
    return 0;
}

/* ---- program headers ---- */

static int segments_read(const struct file *file, struct elf *elf)
{
    unsigned n = GET16(file->data, Elf32_Ehdr, e_phnum);
    unsigned row = GET16(file->data, Elf32_Ehdr, e_phentsize);

    if (n == 0)
        return 0;
    if (row != sizeof(Elf32_Phdr))
        return error_set(file->error, ERR_FILE_FORMAT,
                         "%s: the size of a program header (at offset 0x%zx) is %u, expected %zu",
                         file->name, FIELD(Elf32_Ehdr, e_phentsize), row, sizeof(Elf32_Phdr));
    const uint8_t *headers =
        table_at(file, "program headers", GET32(file->data, Elf32_Ehdr, e_phoff), n, row);
    if (headers == NULL)
        return ERR_FILE_FORMAT;
    elf->segments.rows = xcalloc(n, sizeof *elf->segments.rows);
    for (unsigned i = 0; i < n; i++) {
        const uint8_t *p = headers + i * sizeof(Elf32_Phdr);
        struct elf_part part = {
            .name = "",
            .address = GET32(p, Elf32_Phdr, p_paddr),
            .align = GET32(p, Elf32_Phdr, p_align),
            .size = GET32(p, Elf32_Phdr, p_filesz),
        };
        if (GET32(p, Elf32_Phdr, p_type) != PT_LOAD || part.address == 0 || part.size == 0)
            continue;
        if (part_add(file, &elf->segments, "program header", i, &part,
                     GET32(p, Elf32_Phdr, p_offset)) != 0)
            return ERR_FILE_FORMAT;
    }
    return 0;
}

int elf_read(struct elf *elf, const char *name, const uint8_t *data, size_t size,
             struct error *error)
{
    struct file file = {name, data, size, error};

    *elf = (struct elf){0};
    if (header_check(&file) != 0)
        return ERR_FILE_FORMAT;
    elf->xtensa = GET16(data, Elf32_Ehdr, e_machine) == EM_XTENSA;
    elf->entry = GET32(data, Elf32_Ehdr, e_entry);
    if (sections_read(&file, elf) == 0 && segments_read(&file, elf) == 0)
        return 0;
    elf_done(elf);
    return ERR_FILE_FORMAT;
}

void elf_done(struct elf *elf)
{
    free(elf->sections.rows);
    free(elf->segments.rows);
    *elf = (struct elf){0};
}

const struct elf_part *elf_section_find(const struct elf *elf, const char *text)
{
    for (size_t i = 0; i < elf->sections.n; i++) {
        if (strstr(elf->sections.rows[i].name, text))
            return &elf->sections.rows[i];
    }
    return NULL;
}
