/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Talking to a station: commands up, events down, JSON lines over a Unix socket (espjig-events(5)).
 * Dashboards and `write-flash` with several ports use it. The descriptor is for the caller's poll
 * loop; nothing here waits longer than it says.
 */
#ifndef ESPJIG_STATION_CLIENT_H
#define ESPJIG_STATION_CLIENT_H

#include "base/buffer.h"
#include "base/error.h"
#include "job/event.h"
#include "job/job.h"

#include <stdbool.h>
#include <stddef.h>

struct client {
    int fd;
    struct buffer in, out;
};

/* Where the user's station listens: $ESPJIG_SOCKET, else $XDG_RUNTIME_DIR/espjig/NAME.sock, else
 * /tmp/espjig-UID/NAME.sock (that directory must be ours and 0700). NAME is "station" or "demo". */
int station_socket_path(const char *name, char *path, size_t size, struct error *error);

/* Connects to the station at `path`; when none answers and `argv` is given, starts one (fork,
 * setsid, exec of /proc/self/exe with argv) and waits up to 5 s for it. ERR_STATION. */
int client_connect(struct client *client, const char *path, char *const argv[],
                   struct error *error);

/* A private station over a socketpair, for one client: ends when the client goes (running jobs are
 * cancelled first). */
int client_private(struct client *client, struct error *error);

void client_close(struct client *client);

/* Commands. Queued; client_pump() sends. */
void client_start(struct client *client, const char *port,
                  const struct job *job);                  /* job NULL: the bench's images, write */
void client_stop(struct client *client, const char *port); /* "" = all */
void client_set_bench(struct client *client, const struct job *bench);
void client_forget(struct client *client, const char *port);   /* clears a result: slot goes IDLE */
void client_add_port(struct client *client, const char *port); /* an address that is no local tty */
void client_quit(struct client *client); /* ask the station to end once nothing runs */

bool client_wants_write(const struct client *client);

/* Sends and receives what is possible without waiting, hands each event to the sink. 0, or
 * ERR_STATION when the station has gone (text says so). */
int client_pump(struct client *client, const struct sink *sink, struct error *error);

#endif
