/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "loader/flash.h"

uint32_t flash_block_size(const struct loader *loader)
{
    if (loader->stage != STAGE_STUB)
        return ROM_BLOCK;
    return loader_usb_otg(loader) ? OTG_BLOCK : STUB_BLOCK;
}

void flash_progress(const struct loader_progress *progress, uint64_t done, uint64_t total,
                    uint64_t wire)
{
    if (progress && progress->put)
        progress->put(progress->context, done, total, wire);
}

int flash_check_range(const struct loader *loader, uint32_t address, uint64_t size,
                      struct error *error)
{
    /* Before loader_flash_attach: as far as addresses go. */
    uint64_t end = loader->flash_size ? loader->flash_size : UINT32_MAX;

    if (size <= end && address <= end - size)
        return 0;
    if (loader->flash_limit)
        return error_set(error, ERR_TOO_BIG, "0x%08x to 0x%08llx: %s", address,
                         (unsigned long long)(address + size), loader->flash_limit);
    return error_set(error, ERR_TOO_BIG,
                     "0x%08x to 0x%08llx is past the end of the flash (%llu bytes)", address,
                     (unsigned long long)(address + size), (unsigned long long)end);
}

/* The ROM first erases up to the end of the 64 KiB block, does not count that, and then erases as
 * many sectors as it was asked for behind it: min(head, asked) + asked in all. */
uint32_t flash_esp8266_erase_sectors(uint32_t first, uint32_t sectors, bool *last_missing)
{
    enum { SECTORS_A_BLOCK = 16 };
    uint32_t head = SECTORS_A_BLOCK - first % SECTORS_A_BLOCK;

    *last_missing = false;
    if (sectors >= 2 * head)
        return sectors - head;
    *last_missing = sectors % 2 != 0;
    return sectors / 2;
}

int flash_begin(struct loader *loader, const struct flash_begin *begin, struct error *error)
{
    uint8_t data[20];
    bool rom = loader->stage != STAGE_STUB;
    struct request request = {.op = begin->deflated ? OP_DEFL_BEGIN : OP_FLASH_BEGIN,
                              .data = data,
                              .n =
                                  WORDS(data, begin->erase, begin->blocks, flash_block_size(loader),
                                        begin->address, begin->encrypted),
                              .address = begin->address,
                              .has_address = true};

    if (begin->encrypted && !loader_can_encrypt(loader))
        return error_set(error, ERR_NOT_POSSIBLE, "this loader of the %s can't encrypt",
                         loader->chip->name);
    /* The fifth word asks for encryption. Stubs do without it, old ones and old ROMs do not know
     * it. */
    if (rom ? !loader->chip->rom_begin_encrypt : !begin->encrypted)
        request.n -= 4;
    if (rom)
        request.timeout_ms = command_limit_ms(begin->erase, ERASE_WRITE_SECONDS_PER_MB);
    return command_run(loader, &request, NULL, error);
}
