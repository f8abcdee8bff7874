/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/util.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int util_hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static unsigned base_of(const char **text)
{
    static const struct {
        char letter;
        unsigned base;
    } prefixes[] = {{'x', 16}, {'b', 2}, {'o', 8}};

    if ((*text)[0] != '0')
        return 10;
    for (size_t i = 0; i < ARRAY_LEN(prefixes); i++) {
        if (tolower((unsigned char)(*text)[1]) == prefixes[i].letter) {
            *text += 2;
            return prefixes[i].base;
        }
    }
    return 10;
}

static unsigned suffix_shift(const char *text)
{
    if (strcmp(text, "k") == 0 || strcmp(text, "K") == 0)
        return 10;
    if (strcmp(text, "m") == 0 || strcmp(text, "M") == 0)
        return 20;
    return 0;
}

bool util_number_parse(const char *text, bool suffix, uint64_t max, uint64_t *value)
{
    unsigned base = base_of(&text);
    uint64_t v = 0;
    bool digit_before = false;

    for (; *text; text++) {
        int d = util_hex_digit(*text == '_' && digit_before ? text[1] : *text);
        if (d < 0 || d >= (int)base)
            break;
        digit_before = *text != '_';
        if (!digit_before)
            continue;
        if ((unsigned)d > max || v > (max - (unsigned)d) / base)
            return false;
        v = v * base + (unsigned)d;
        digit_before = true;
    }
    if (!digit_before)
        return false;
    if (*text) {
        unsigned shift = suffix ? suffix_shift(text) : 0;
        if (shift == 0 || v > max >> shift)
            return false;
        v <<= shift;
    }
    if (v > max)
        return false;
    *value = v;
    return true;
}

bool util_seconds_parse(const char *text, unsigned max, unsigned *ms)
{
    uint64_t v = 0;
    unsigned unit = 1000; /* milliseconds that a one in the next digit stands for */
    bool point = false, digit = false;

    for (; *text; text++) {
        if (*text == '.' && !point) {
            point = true;
            continue;
        }
        if (*text < '0' || *text > '9' || (point && unit == 1))
            return false;
        digit = true;
        unit /= point ? 10 : 1;
        v = point ? v + (uint64_t)(*text - '0') * unit : v * 10 + (uint64_t)(*text - '0') * 1000;
        if (v > (uint64_t)max * 1000)
            return false;
    }
    if (digit)
        *ms = (unsigned)v;
    return digit;
}

bool util_copy(char *to, size_t size, const char *from)
{
    size_t n = strlen(from);
    bool fits = n < size;

    if (!fits) {
        n = size - 1;
        while (n > 0 && ((unsigned char)from[n] & 0xC0) == 0x80)
            n--;
    }
    memmove(to, from, n);
    to[n] = '\0';
    return fits;
}

size_t util_utf8_length(const char *s)
{
    const unsigned char *c = (const unsigned char *)s;
    size_t n = c[0] < 0x80 ? 1 : c[0] < 0xC2 ? 0 : c[0] < 0xE0 ? 2 : c[0] < 0xF0 ? 3 : 4;

    if (c[0] > 0xF4)
        return 0;
    for (size_t i = 1; i < n; i++) {
        if ((c[i] & 0xC0) != 0x80)
            return 0;
    }
    if ((c[0] == 0xE0 && c[1] < 0xA0) || (c[0] == 0xED && c[1] > 0x9F) ||
        (c[0] == 0xF0 && c[1] < 0x90) || (c[0] == 0xF4 && c[1] > 0x8F))
        return 0;
    return n;
}

char *util_text_clean(char *text)
{
    size_t n;

    for (char *at = text; *at; at += n ? n : 1) {
        unsigned char first = (unsigned char)at[0];
        n = util_utf8_length(at);
        bool is_c1 = n == 2 && first == 0xC2 && (unsigned char)at[1] < 0xA0;
        if (n == 0 || first < 0x20 || first == 0x7F || is_c1)
            memset(at, '?', n ? n : 1);
    }
    return text;
}

const char *util_basename(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

const char *util_size_format(char *to, size_t size, uint64_t bytes)
{
    static const char *const units[] = {"B", "KB", "MB", "GB"};
    double v = (double)bytes;
    size_t u = 0;

    while (v >= 1000 && u + 1 < ARRAY_LEN(units)) {
        v /= 1024;
        u++;
    }
    int decimals = u == 0 || v >= 99.95 ? 0 : v >= 9.995 ? 1 : 2;
    if (v == (double)(uint64_t)v)
        decimals = 0;
    snprintf(to, size, "%.*f %s", decimals, v, units[u]);
    return to;
}

size_t util_trimmed(const uint8_t *data, size_t n, uint8_t byte)
{
    while (n > 0 && data[n - 1] == byte)
        n--;
    return n;
}

const char *util_hex_format(char *to, const uint8_t *bytes, size_t n)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < n; i++) {
        to[2 * i] = digits[bytes[i] >> 4];
        to[2 * i + 1] = digits[bytes[i] & 15];
    }
    to[2 * n] = '\0';
    return to;
}

int util_mkdirs(const char *path)
{
    char part[4096];

    if (!util_copy(part, sizeof part, path))
        return -ENAMETOOLONG;
    for (char *p = part + 1;; p++) {
        if (*p != '/' && *p != '\0')
            continue;
        char end = *p;
        *p = '\0';
        if (mkdir(part, 0700) != 0 && errno != EEXIST)
            return -errno;
        *p = end;
        if (end == '\0')
            return 0;
    }
}

int util_write_all(int fd, const void *data, size_t n)
{
    const uint8_t *p = data;

    while (n > 0) {
        ssize_t w = write(fd, p, n);
        if (w < 0 && errno == EINTR)
            continue;
        if (w < 0)
            return -errno;
        p += w;
        n -= (size_t)w;
    }
    return 0;
}

static bool is_kept(int fd, const int *keep, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (keep[i] == fd)
            return true;
    }
    return fd <= STDERR_FILENO;
}

void util_close_others(const int *keep, size_t n)
{
    DIR *dir = opendir("/proc/self/fd");
    struct dirent *entry;

    if (dir == NULL) { /* a machine without /proc: the usual ones at least */
        for (int fd = 3; fd < 1024; fd++) {
            if (!is_kept(fd, keep, n))
                close(fd);
        }
        return;
    }
    while ((entry = readdir(dir)) != NULL) {
        int fd = atoi(entry->d_name);
        if (fd != dirfd(dir) && !is_kept(fd, keep, n))
            close(fd);
    }
    closedir(dir);
}
