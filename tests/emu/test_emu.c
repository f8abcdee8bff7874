/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The emulated chip against what real chips answered: tests/emu/<chip>.vec, see the head of each.
 */
#include "bench.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct player {
    struct bench bench;
    bool open;
    const char *path;
    unsigned line;
};

static int hex_pair(const char *s)
{
    unsigned v;

    return isxdigit((unsigned char)s[0]) && isxdigit((unsigned char)s[1]) &&
                   sscanf(s, "%2x", &v) == 1
               ? (int)v
               : -1;
}

static void append_run(struct buffer *to, const char *word)
{
    unsigned n, fill;

    if (sscanf(word, "pattern %u", &n) == 1) {
        for (unsigned i = 0; i < n; i++)
            buffer_append_byte(to, (uint8_t)(7 * i + 3));
    } else if (sscanf(word, "fill %x %u", &fill, &n) == 2) {
        for (unsigned i = 0; i < n; i++)
            buffer_append_byte(to, (uint8_t)fill);
    } else {
        for (; hex_pair(word) >= 0; word += 2)
            buffer_append_byte(to, (uint8_t)hex_pair(word));
    }
}

static void parse_bytes(struct buffer *to, const char *text)
{
    for (; hex_pair(text) >= 0; text += 2)
        buffer_append_byte(to, (uint8_t)hex_pair(text));
    if (*text == ' ')
        append_run(to, text + 1);
}

static void wrong(const struct player *p, const char *text, const uint8_t *got, size_t n)
{
    fprintf(stderr, "%s:%u: expected %s\n  got ", p->path, p->line, text);
    for (size_t i = 0; i < n && i < 100; i++)
        fprintf(stderr, "%02x", got[i]);
    fprintf(stderr, "\n");
    fail();
}

static void expect_frame(struct player *p, const char *text)
{
    uint8_t frame[SLIP_FRAME_MAX];
    int n = bench_take(&p->bench, frame, sizeof frame);
    size_t len = n < 0 ? 0 : (size_t)n;
    bool good = n >= 0 && strlen(text) == 2 * len;

    for (size_t i = 0; good && i < len; i++) {
        if (text[2 * i] != '.')
            good = hex_pair(text + 2 * i) == frame[i];
    }
    if (!good)
        wrong(p, text, frame, len);
}

static void expect_text(struct player *p, const char *text)
{
    struct buffer want = {0};

    for (; *text; text++) {
        if (text[0] == '\\' && (text[1] == 'r' || text[1] == 'n'))
            buffer_append_byte(&want, *++text == 'r' ? '\r' : '\n');
        else
            buffer_append_byte(&want, (uint8_t)*text);
    }
    if (p->bench.out.len < want.len || memcmp(p->bench.out.data, want.data, want.len) != 0)
        wrong(p, (char *)want.data, p->bench.out.data, p->bench.out.len);
    buffer_drop_front(&p->bench.out, want.len);
    buffer_done(&want);
}

static void expect_silence(struct player *p)
{
    if (p->open && p->bench.out.len > 0)
        wrong(p, "nothing more", p->bench.out.data, p->bench.out.len);
}

static void play_line(struct player *p, char *line)
{
    struct buffer bytes = {0};
    char name[32];
    int generation = 0;

    line[strcspn(line, "\n")] = '\0';
    if (line[0] == '#' || line[0] == '\0')
        return;
    if (line[0] != '<' && line[0] != '~')
        expect_silence(p);
    if (sscanf(line, "chip %31s", name) == 1) {
        bench_open(&p->bench, name, 4 << 20);
        p->open = true;
    } else if (strcmp(line, "rom") == 0 || sscanf(line, "stub %d", &generation) == 1) {
        bench_sync(&p->bench, generation);
    } else if (line[0] == '>') {
        parse_bytes(&bytes, line + 2);
        bench_frame(&p->bench, bytes.data, bytes.len);
    } else if (strncmp(line, "raw ", 4) == 0) {
        parse_bytes(&bytes, line + 4);
        bench_raw(&p->bench, bytes.data, bytes.len);
    } else if (line[0] == '<') {
        expect_frame(p, line + 2);
    } else if (line[0] == '~') {
        expect_text(p, line + 2);
    } else {
        wrong(p, "a known line", (uint8_t *)line, strlen(line));
    }
    buffer_done(&bytes);
}

static void play(const char *name)
{
    struct player p = {0};
    const char *top = getenv("top_srcdir");
    char path[512], *line = NULL;
    size_t size = 0;

    snprintf(path, sizeof path, "%s/tests/emu/%s.vec", top ? top : ".", name);
    FILE *f = fopen(path, "r");
    if (f == NULL)
        fail_msg("%s can't be opened", path);
    p.path = path;
    while (getline(&line, &size, f) >= 0) {
        p.line++;
        play_line(&p, line);
    }
    expect_silence(&p);
    free(line);
    fclose(f);
    bench_close(&p.bench);
}

static void esp32_answers_as_recorded(void **state)
{
    (void)state;
    play("esp32");
}

static void esp32c3_answers_as_recorded(void **state)
{
    (void)state;
    play("esp32c3");
}

static void esp8266_answers_as_documented(void **state)
{
    (void)state;
    play("esp8266");
}

static void esp32s2_answers_as_documented(void **state)
{
    (void)state;
    play("esp32s2");
}

static void stub_v1_answers_as_documented(void **state)
{
    (void)state;
    play("stub1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(esp32_answers_as_recorded),
        cmocka_unit_test(esp32c3_answers_as_recorded),
        cmocka_unit_test(esp8266_answers_as_documented),
        cmocka_unit_test(esp32s2_answers_as_documented),
        cmocka_unit_test(stub_v1_answers_as_documented),
    };

    int failed = cmocka_run_group_tests_name("emu: recorded answers", tests, NULL, NULL);
    failed += run_chip_tests();
    failed += run_boot_tests();
    failed += run_encryption_tests();
    failed += run_flash_tests();
    failed += run_line_tests();
    failed += run_port_tests();
    failed += run_security_tests();
    return failed;
}
