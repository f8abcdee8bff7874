/* SPDX-License-Identifier: GPL-3.0-or-later */
/* socket_line PATH LINE: says LINE to a Unix socket and prints the one line that comes back. For
 * shell tests that work an emulated board by its --control socket. */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char answer[256];
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    if (argc != 3 || fd < 0 || strlen(argv[1]) >= sizeof address.sun_path)
        return 2;
    strcpy(address.sun_path, argv[1]);
    if (connect(fd, (const struct sockaddr *)&address, sizeof address) != 0) {
        perror(argv[1]);
        return 1;
    }
    if (dprintf(fd, "%s\n", argv[2]) < 0)
        return 1;
    ssize_t n = read(fd, answer, sizeof answer);
    if (n <= 0)
        return 1;
    fwrite(answer, 1, (size_t)n, stdout);
    return 0;
}
