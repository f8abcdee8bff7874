/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is said: the one way out of a job. Flat, no pointers, so that an event can be copied, queued
 * and compared. On the wire each is one JSON object on one line (espjig-events(5) is the
 * specification; event_json.c the code).
 */
#ifndef ESPJIG_JOB_EVENT_H
#define ESPJIG_JOB_EVENT_H

#include "base/buffer.h"
#include "base/error.h"
#include "base/log.h"
#include "image/partition.h"
#include "link/ports.h"

#include <stdbool.h>
#include <stdint.h>

#define EVENT_VERSION 1

enum event_kind {
    EVENT_HELLO, /* first line of every stream */
    EVENT_STATE,
    EVENT_CHIP,
    EVENT_FLASH,
    EVENT_PROGRESS,
    EVENT_LOG,
    EVENT_RX,
    EVENT_HINT,
    EVENT_CHECK, /* what a check before the first byte has found */
    EVENT_RESULT,
    EVENT_PARTITIONS, /* a partition table */
    EVENT_DONE,
    /* said by the station only: */
    EVENT_PORT,  /* a port is there or has gone */
    EVENT_BENCH, /* the settings and images that the next job will use */
    EVENT_REPLY  /* to a command that failed or has nothing else to show for it */
};

/* `state`. What operators see are the Flash Download Tool's words: state_word(). */
enum job_state {
    STATE_IDLE,
    STATE_SYNC,    /* reset and sync attempts */
    STATE_CONNECT, /* in sync: identifying */
    STATE_STUB,
    STATE_ERASE,
    STATE_WRITE,
    STATE_VERIFY,
    STATE_READ,
    STATE_RESET,
    STATE_BOOT_CHECK,
    STATE_FINISH,
    STATE_ERROR,
    STATE_COM_FAIL,
    STATE_REMOVE,
    STATE_COUNT
};

const char *state_name(enum job_state state); /* "boot-check": what JSON says */
const char *state_word(enum job_state state); /* "DOWNLOAD": what operators see */
bool state_parse(const char *name, enum job_state *state);

struct event_pair {
    char key[24];
    char value[256]; /* as long as progress.file: a path is cut in both or in none */
};

struct event {
    enum event_kind kind;
    double t;       /* seconds, monotonic */
    char port[256]; /* as the job was given it; "" where it does not apply */
    char slot[64];
    union {
        struct {
            int version;
            char program[48]; /* "espjig 0.1.0" */
        } hello;
        struct {
            enum job_state state;
            char detail[96]; /* "3 of 7" while syncing, "app.bin" while writing; "" */
        } state;
        struct {
            char chip[16]; /* key: "esp32c3" */
            char name[64];
            char revision[16];
            char mac[24];
            char eui64[32];                                /* where it has one */
            char mac_ap[24], mac_bt[24], mac_ethernet[24]; /* derived; "": it has no such */
            unsigned crystal_mhz;
            char features[192];
            char usb_mode[24];
            char security[64];
        } chip;
        struct {
            unsigned manufacturer, device;
            uint64_t size;
            char vendor[32];
            char mode_limits[64];
        } flash;
        struct {
            char op[24];    /* "write-flash" "erase-flash" "verify-flash" ... */
            char file[256]; /* path; "" when there is none */
            uint32_t address;
            uint64_t done, total; /* bytes of the image */
            uint64_t wire;        /* bytes sent */
            double rate;          /* image bytes a second, smoothed; 0: not known yet */
            double left;          /* seconds to go for this file; negative: not known */
            unsigned baud;        /* of the line, bit/s; 0: it has no rate */
        } progress;
        struct {
            enum log_level level;
            char text[512];
        } log;
        struct {
            uint16_t n;
            uint8_t bytes[512];
        } rx;
        struct {
            char id[32], cause[200], evidence[200], fix[320], action[32];
        } hint;
        struct {
            char error[32]; /* id */
            bool refuses;   /* ends the job; else a warning, also where the job is forced */
            char text[480];
        } check;
        struct {
            char op[24];
            bool ok;
            struct event_pair
                data[12]; /* the op's own: address, size, md5, path, seconds, mac ... */
            unsigned n;
        } result;
        struct {
            uint32_t address;    /* in the flash */
            uint32_t bootloader; /* address of the bootloader; PARTITION_NO_PLACE: not known */
            uint64_t flash_size; /* bytes; 0: not known */
            struct partition_table table;
        } partitions;
        struct {
            char result[12]; /* "pass" "fail" "cancelled" */
            char error[32];  /* error id; "" on pass */
            char text[768];  /* the sentence; "" on pass */
            int exit;        /* exit status */
            double elapsed;  /* seconds */
        } done;
        struct {
            bool present;
            char name[64], slot_name[64], product[96], serial[96], driver[32], by_path[192];
            char adapter[32]; /* "CP2102N"; "" when not known */
            unsigned vid, pid;
            unsigned max_baud;       /* that the adapter can do; 0: not known */
            char holder[64];         /* "minicom (pid 1234)": who else has it open; "" */
            bool emulated;           /* emu: or another address that is no local tty */
            unsigned passed, failed; /* jobs on it since the station started */
        } seen;
        struct {
            char json[16384]; /* a job as job_to_json() writes it, without port */
        } bench;
        struct {
            char command[24];
            bool ok;
            char text[768];
        } reply;
    };
};

/* A sink takes events; `put` must not keep the pointer. */
struct sink {
    void (*put)(void *context, const struct event *event);
    void *context;
};

void sink_put(const struct sink *sink, const struct event *event);

/* Zeroed, kind and time filled in. */
void event_init(struct event *event, enum event_kind kind);
const char *event_kind_name(enum event_kind kind);

/* Appends one line, newline included. */
void event_to_json(const struct event *event, struct buffer *out);
/* Reads one line. Unknown members are ignored; ERR_FILE_FORMAT for what is no event, with a reason.
 */
int event_from_json(const char *line, struct event *event, struct error *error);

/* Fills a `hello` event: the first line of every stream. */
void event_hello_describe(struct event *event);

/* Fills a `port` event with what is known of a local port; present, and held by nobody. */
void event_port_describe(struct event *event, const struct port_info *port);

/* Fills a `done` event: a pass when error->code is 0. `elapsed` in seconds. */
void event_done_describe(struct event *event, const struct error *error, double elapsed);

/* Adds a pair to a result event; silently full after 12. */
void event_result_add(struct event *event, const char *key, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
