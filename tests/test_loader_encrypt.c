/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether a chip can encrypt what is written, by its eFuses, its ROM and the stub that runs.
 * Made-up eFuses by the thousand are compared with esptool's classes in chips_esptool.sh. */
#include "loader/loader.h"

#include "base/util.h"
#include "loader/command.h"
#include "script_link.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct script script;
static struct loader loader;
static struct error error;

/* All others are 0. */
static struct {
    uint32_t address, value;
} registers[64];

static uint32_t *reg(uint32_t address)
{
    size_t i = 0;

    while (registers[i].address != 0 && registers[i].address != address)
        i++;
    assert_true(i + 1 < ARRAY_LEN(registers));
    registers[i].address = address;
    return &registers[i].value;
}

static int setup(void **state)
{
    (void)state;
    script_open(&script);
    loader_init(&loader, &script.link, NULL);
    memset(registers, 0, sizeof registers);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    script_close(&script);
    return 0;
}

static void assert_said(const char *part)
{
    if (strstr(error.text, part) == NULL)
        fail_msg("\"%s\" is not in \"%s\"", part, error.text);
}

static struct {
    unsigned begins, ends; /* of nothing */
    unsigned reads;
    bool old; /* a stub that knows of no fifth word */
} asked;

static void answer_question(struct script *s, const uint8_t *frame, size_t n)
{
    bool begin = frame[1] == OP_FLASH_BEGIN, refused = begin && asked.old && n != 8 + 16;

    if (begin) {
        assert_int_equal(n, 8 + 20);
        assert_int_equal(le32_get(frame + 8), 0); /* no byte */
        assert_int_equal(le32_get(frame + 24), 1);
        asked.begins++;
    }
    if (frame[1] == OP_FLASH_END) {
        assert_int_equal(le32_get(frame + 8), 1); /* stays */
        asked.ends++;
    }
    asked.reads += frame[1] == OP_READ_REG;
    if (frame[1] == OP_READ_REG)
        script_answer_reply(s, frame[1], *reg(le32_get(frame + 8)), NULL, 0, 0,
                            script_status_bytes(&loader));
    else
        script_answer_reply(s, frame[1], 0, NULL, 0, refused ? 0xC000 : 0,
                            script_status_bytes(&loader));
}

static int encryption_of(enum chip_id id, enum loader_stage stage)
{
    loader.chip = chip_get(id);
    loader.stage = stage;
    loader.stub_version = stage == STAGE_STUB ? 2 : 0;
    loader.n_words = 0;
    error_clear(&error);
    script.answer = answer_question;
    memset(&asked, 0, sizeof asked);
    return loader_encrypt_check(&loader, &error);
}

static void encrypt_esp32(void **state)
{
    (void)state;
    *reg(0x3FF5A014) = 0xF0000000; /* FLASH_CRYPT_CONFIG */
    assert_int_equal(encryption_of(CHIP_ESP32, STAGE_STUB), ERR_SECURED);
    assert_said("no flash encryption key is burned");
    *reg(0x3FF5A038 + 28) = 1; /* the last word of BLOCK1, readable */
    assert_int_equal(encryption_of(CHIP_ESP32, STAGE_STUB), 0);
    assert_int_equal(asked.begins, 1);
    assert_int_equal(asked.ends, 1);
    *reg(0x3FF5A038 + 28) = 0;
    *reg(0x3FF5A000) = 1 << 16; /* BLOCK1 can't be read */
    assert_int_equal(encryption_of(CHIP_ESP32, STAGE_STUB), 0);
    assert_int_equal(encryption_of(CHIP_ESP32, STAGE_ROM), ERR_NOT_POSSIBLE);
    assert_said("the ROM of the ESP32 can't encrypt");
    *reg(0x3FF5A014) = 0x70000000;
    assert_int_equal(encryption_of(CHIP_ESP32, STAGE_STUB), ERR_SECURED);
    assert_said("FLASH_CRYPT_CONFIG");
    *reg(0x3FF5A000) |= 1 << 19; /* can't be read either: taken for right */
    assert_int_equal(encryption_of(CHIP_ESP32, STAGE_STUB), 0);
    *reg(0x3FF5A018) = 1 << 7;
    assert_int_equal(encryption_of(CHIP_ESP32, STAGE_STUB), ERR_SECURED);
    assert_said("forbid it in download mode");
    assert_int_equal(encryption_of(CHIP_ESP8266, STAGE_STUB), ERR_NOT_POSSIBLE);
    assert_said("the ESP8266 has no flash encryption");
}

static void encrypt_by_purposes(void **state)
{
    uint32_t base = 0x60007000; /* ESP32-S3 */

    (void)state;
    *reg(base + 0x34) = 2u << 24;
    assert_int_equal(encryption_of(CHIP_ESP32S3, STAGE_ROM), ERR_SECURED); /* half a key */
    *reg(base + 0x38) = 3 << 12;
    assert_int_equal(encryption_of(CHIP_ESP32S3, STAGE_ROM), 0);
    assert_int_equal(asked.begins, 0); /* its ROM is known */
    *reg(base + 0x34) = 0;
    *reg(base + 0x38) = 4 << 8;
    assert_int_equal(encryption_of(CHIP_ESP32S3, STAGE_ROM), 0);
    *reg(base + 0x30) = 1 << 20;
    assert_int_equal(encryption_of(CHIP_ESP32S3, STAGE_ROM), ERR_SECURED);

    bool used;
    *reg(0x600B4834) = 2 << 10; /* ESP32-C5 */
    assert_int_equal(encryption_of(CHIP_ESP32C5, STAGE_STUB), 0);
    assert_int_equal(loader_key_manager(&loader, &used, &error), 0);
    assert_true(used);
    *reg(0x600B4834) = 1 << 10; /* its other bit is for another key */
    assert_int_equal(encryption_of(CHIP_ESP32C5, STAGE_STUB), ERR_SECURED);
    assert_int_equal(loader_key_manager(&loader, &used, &error), 0);
    assert_false(used);
}

static void encrypt_esp32c2(void **state)
{
    (void)state;
    assert_int_equal(encryption_of(CHIP_ESP32C2, STAGE_STUB), ERR_SECURED);
    *reg(0x60008860 + 16) = 1; /* behind a short key: another one's */
    assert_int_equal(encryption_of(CHIP_ESP32C2, STAGE_STUB), ERR_SECURED);
    *reg(0x60008830) = 1 << 10;
    assert_int_equal(encryption_of(CHIP_ESP32C2, STAGE_STUB), 0);
    *reg(0x60008860 + 16) = 0;
    *reg(0x60008830) = 1 << 10 | 3;
    assert_int_equal(encryption_of(CHIP_ESP32C2, STAGE_STUB), 0);
    *reg(0x60008830) = 1;
    assert_int_equal(encryption_of(CHIP_ESP32C2, STAGE_STUB), 0);
}

static void encrypt_secure_download(void **state)
{
    (void)state;
    loader.secure_download = loader.security_known = true;
    assert_int_equal(encryption_of(CHIP_ESP32C3, STAGE_ROM), ERR_SECURED);
    loader.security.key_purposes[5] = 4;
    assert_int_equal(encryption_of(CHIP_ESP32C3, STAGE_ROM), 0);
    loader.security.key_purposes[5] = 0;
    loader.security.key_purposes[6] = 4; /* has but six */
    assert_int_equal(encryption_of(CHIP_ESP32C3, STAGE_ROM), ERR_SECURED);
    assert_int_equal(encryption_of(CHIP_ESP32C2, STAGE_ROM), 0); /* tells none */
    assert_int_equal(asked.reads, 0);
}

static void encrypt_old_stub(void **state)
{
    (void)state;
    *reg(0x60008838) = 4; /* ESP32-C3 */
    assert_int_equal(encryption_of(CHIP_ESP32C3, STAGE_STUB), 0);
    asked.old = true;
    error_clear(&error);
    loader.stub_version = 1;
    assert_int_equal(loader_encrypt_check(&loader, &error), ERR_NOT_POSSIBLE);
    assert_said("the flasher stub that runs is too old to encrypt");
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(encrypt_esp32),           T(encrypt_by_purposes), T(encrypt_esp32c2),
        T(encrypt_secure_download), T(encrypt_old_stub),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
