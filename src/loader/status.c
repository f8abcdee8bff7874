/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names of commands and of what chips answer, for error texts. */
#include "loader/command.h"

#include "base/util.h"

static const char *const op_names[] = {
    [OP_FLASH_BEGIN] = "FLASH_BEGIN",
    [OP_FLASH_DATA] = "FLASH_DATA",
    [OP_FLASH_END] = "FLASH_END",
    [OP_MEM_BEGIN] = "MEM_BEGIN",
    [OP_MEM_END] = "MEM_END",
    [OP_MEM_DATA] = "MEM_DATA",
    [OP_SYNC] = "SYNC",
    [OP_WRITE_REG] = "WRITE_REG",
    [OP_READ_REG] = "READ_REG",
    [OP_SPI_SET_PARAMS] = "SPI_SET_PARAMS",
    [OP_SPI_ATTACH] = "SPI_ATTACH",
    [OP_READ_FLASH_SLOW] = "READ_FLASH_SLOW",
    [OP_CHANGE_BAUDRATE] = "CHANGE_BAUDRATE",
    [OP_DEFL_BEGIN] = "FLASH_DEFL_BEGIN",
    [OP_DEFL_DATA] = "FLASH_DEFL_DATA",
    [OP_DEFL_END] = "FLASH_DEFL_END",
    [OP_FLASH_MD5] = "SPI_FLASH_MD5",
    [OP_SECURITY_INFO] = "GET_SECURITY_INFO",
    [OP_ERASE_FLASH] = "ERASE_FLASH",
    [OP_ERASE_REGION] = "ERASE_REGION",
    [OP_READ_FLASH] = "READ_FLASH",
    [OP_RUN_USER_CODE] = "RUN_USER_CODE",
};

const char *command_op_name(enum op op)
{
    const char *name = (size_t)op < ARRAY_LEN(op_names) ? op_names[op] : NULL;

    return name ? name : "command";
}

/* ROM codes: 01 and a reason. Stub codes: a byte from C0 on and 00. (esptool util.py; stub
 * command_handler.h) */
static const struct {
    uint16_t status;
    const char *text;
} texts[] = {
    {0x0100, "undefined error"},
    {0x0101, "bad parameter"},
    {0x0102, "out of memory"},
    {0x0103, "could not send"},
    {0x0104, "could not receive"},
    {STATUS_ROM_UNKNOWN_COMMAND, "message not understood"},
    {0x0106, "the operation failed"},
    {0x0107, "wrong checksum"},
    {0x0108, "flash write failed"},
    {0x0109, "flash read failed"},
    {0x010A, "wrong flash read length"},
    {0x010B, "compressed data is damaged"},
    {0x010C, "checksum of the compressed data is wrong"},
    {0x010D, "bad parameter of the decompressor"},
    {0x010E, "wrong size for RAM"},
    {0x010F, "wrong address for RAM"},
    {0x0164, "invalid parameter"},
    {0x0165, "invalid format"},
    {0x0166, "description too long"},
    {0x0167, "bad encoding"},
    {0x0169, "not enough storage"},
    {0xC000, "wrong data length"},
    {STATUS_STUB_CHECKSUM, "wrong checksum"},
    {0xC200, "wrong block size"},
    {0xC300, "unknown command"},
    {0xC400, "the flash did not do it"},
    {0xC500, "the flash could not be unlocked"},
    {0xC600, "no write was begun"},
    {0xC700, "compressed data is damaged"},
    {0xC800, "not enough data"},
    {0xC900, "too much data"},
    {0xCA00, "NAND program failed"},
    {0xCB00, "NAND erase failed"},
    {0xFF00, "command not available on this chip"},
};

const char *command_status_text(uint16_t status)
{
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        if (texts[i].status == status)
            return texts[i].text;
    }
    return "unknown reason";
}

/* What chips answer when something else has arrived than what was sent: only blocks of data have a
 * checksum, so that other damage shows as nonsense in what was asked. */
static const uint16_t line_troubles[] = {0x0107, 0x010B, 0x010C, 0xC000, STATUS_STUB_CHECKSUM,
                                         0xC200, 0xC300, 0xC600, 0xC700, 0xC800,
                                         0xC900};

bool loader_is_line_trouble(const struct loader *loader, enum err code)
{
    if (code != ERR_CHIP_REFUSED)
        return code == ERR_NO_REPLY || code == ERR_BAD_REPLY || code == ERR_NOISE ||
               code == ERR_STUB_FAILED || code == ERR_MD5_MISMATCH || code == ERR_VERIFY_FAILED;
    for (size_t i = 0; i < ARRAY_LEN(line_troubles); i++) {
        if (line_troubles[i] == loader->status)
            return true;
    }
    return false;
}

const char *command_who(const struct loader *loader)
{
    return loader->stage == STAGE_STUB ? "the stub" : "the ROM";
}
