/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names of commands and of what chips answer, for error texts. */
#include "loader/command.h"

#include "base/util.h"

const char *command_op_name(enum op op)
{
    switch (op) {
    case OP_FLASH_BEGIN:
        return "FLASH_BEGIN";
    case OP_FLASH_DATA:
        return "FLASH_DATA";
    case OP_FLASH_END:
        return "FLASH_END";
    case OP_MEM_BEGIN:
        return "MEM_BEGIN";
    case OP_MEM_END:
        return "MEM_END";
    case OP_MEM_DATA:
        return "MEM_DATA";
    case OP_SYNC:
        return "SYNC";
    case OP_WRITE_REG:
        return "WRITE_REG";
    case OP_READ_REG:
        return "READ_REG";
    case OP_SPI_SET_PARAMS:
        return "SPI_SET_PARAMS";
    case OP_SPI_ATTACH:
        return "SPI_ATTACH";
    case OP_READ_FLASH_SLOW:
        return "READ_FLASH_SLOW";
    case OP_CHANGE_BAUDRATE:
        return "CHANGE_BAUDRATE";
    case OP_DEFL_BEGIN:
        return "FLASH_DEFL_BEGIN";
    case OP_DEFL_DATA:
        return "FLASH_DEFL_DATA";
    case OP_DEFL_END:
        return "FLASH_DEFL_END";
    case OP_FLASH_MD5:
        return "SPI_FLASH_MD5";
    case OP_SECURITY_INFO:
        return "GET_SECURITY_INFO";
    case OP_ERASE_FLASH:
        return "ERASE_FLASH";
    case OP_ERASE_REGION:
        return "ERASE_REGION";
    case OP_READ_FLASH:
        return "READ_FLASH";
    case OP_RUN_USER_CODE:
        return "RUN_USER_CODE";
    }
    return "command";
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
