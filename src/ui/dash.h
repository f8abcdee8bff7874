/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The state of the dashboard that is not in the model: which view, what is selected, which question
 * is open, what is being typed. Keys and events change it, views draw it. What a key asks the
 * station to do is put into a queue that ui.c sends, so all of this runs without station, terminal
 * and clock.
 */
#ifndef ESPJIG_UI_DASH_H
#define ESPJIG_UI_DASH_H

#include "image/check.h"
#include "job/job.h"
#include "source/source.h"
#include "station/model.h"
#include "ui/choice.h"
#include "ui/chooser.h"
#include "ui/files.h"
#include "ui/keys.h"
#include "ui/prompt.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum view {
    VIEW_BOARDS,
    VIEW_IMAGES,
    VIEW_FILES,
    VIEW_PARTITIONS,
    VIEW_NOTES,
    VIEW_HELP,
    VIEW_COUNT
};

enum command_kind { COMMAND_START, COMMAND_STOP, COMMAND_SET_BENCH, COMMAND_FORGET };

struct command {
    enum command_kind kind;
    char port[256];  /* "" = all, where that has a meaning */
    struct job *job; /* owned; NULL: none */
};

/* What only the program around it can do. */
#define WISH_QUIT    1u
#define WISH_REDRAW  2u
#define WISH_SUSPEND 4u

enum prompt_for {
    PROMPT_PATH,
    PROMPT_ADDRESS,
    PROMPT_ERASE,
    PROMPT_FORCE,
    PROMPT_FILTER,
    PROMPT_SAVE,
    PROMPT_COMBINE
};

/* What the open choice is about. */
enum choice_for {
    CHOICE_SETTING,
    CHOICE_SOURCE_CHIP,
    CHOICE_SOURCE_OUTSIDE,
    CHOICE_SOURCE_HOW,
    CHOICE_DEFAULTS
};

struct dash {
    const struct model *model;
    char title[64];
    char home[256], cwd[512]; /* taken off paths that are shown; "" = never */
    int64_t now_ms;           /* base/clock.h */
    int64_t wall;             /* seconds since 1970 */

    enum view view;
    enum view help_of;     /* which view the help came from */
    enum context question; /* CONTEXT_ALWAYS: none is open */

    struct {
        char port[256]; /* selected; found again by name when others come and go */
        size_t index;
        size_t top; /* first row shown; kept by the drawing */
        bool whole_log;
        size_t log_back; /* lines scrolled back */
    } boards;
    struct {
        size_t index; /* bench.n_images is the row that adds one */
        size_t top;
    } images;
    struct {
        size_t index, top;
    } partitions;
    struct chooser chooser;
    struct {
        size_t top, max_top;
    } help, notes_view;
    int detail_row; /* where the board's detail was last drawn; 0: nowhere */
    size_t page;    /* rows of the list as last drawn */

    struct prompt prompt;
    enum prompt_for prompt_for;
    size_t prompt_image;    /* which one is edited; bench.n_images: a new one */
    char prompt_path[1024]; /* taken already, while the address is typed */
    struct choice choice;
    enum choice_for choice_for;
    int choice_key;         /* pressed again, it moves on */
    enum prompt_for danger; /* PROMPT_ERASE or PROMPT_FORCE: what is being prepared */
    char erase_port[256];   /* on which port */
    char erase_mac[24];     /* the board that the question is about */

    struct job bench;    /* what START will do: the station's, or ours while it learns */
    unsigned bench_sent; /* how often the station still has to say it */
    struct file_cache files;
    const struct file_facts **facts; /* of each image of the bench */
    struct findings findings;        /* what would be refused, or is odd, about them */
    int64_t look_ms;                 /* when they are looked at again, now_ms */
    bool problems_stale;             /* they are to be found anew */
    char *problems_of;               /* which job and files they are of; NULL: none */
    char job_path[1024];             /* NAME.job that the bench was loaded from or saved as; "" */
    bool job_changed;                /* since then */
    bool from_source;                /* nothing was added by hand since a source was loaded */
    struct {                         /* read, while a question about it is open */
        char path[1024];
        struct job job;
        struct source_notes notes;
        bool is_read;
        bool outside; /* it may take files from outside of its folder */
    } source;
    struct source_notes notes; /* on the last source that was taken */
    struct {                   /* header settings before they were switched off */
        enum flash_mode mode;
        char freq[8], size[8];
        bool kept;
    } header;
    char replace_path[1024]; /* exists, and is replaced when it is typed once more */
    char message[800];
    bool message_is_bad;
    int64_t message_until; /* now_ms */

    struct command *commands;
    size_t n_commands;
    unsigned wishes;
    bool dirty; /* the screen no longer shows this */
};

void dash_init(struct dash *dash, const struct model *model, const char *title);
void dash_done(struct dash *dash);

/* The context that keys are looked up in now. */
enum context dash_context(const struct dash *dash);
enum context dash_view_context(enum view view); /* while no question is open */

/* A key was pressed (action.c). */
void dash_key(struct dash *dash, int key);
bool action_has_handler(enum action action); /* for the self-check */
/* An event has just been applied to the model. */
void dash_event(struct dash *dash, const struct event *event);
/* Time has passed: now_ms and wall are new. */
void dash_tick(struct dash *dash);

/* The selected slot, or NULL when there is none; repairs the selection. */
const struct model_slot *dash_slot(struct dash *dash);
const struct model_slot *dash_find(const struct dash *dash, const char *port);
size_t dash_running(const struct dash *dash);

/* Whether a job can be started there; else `why` (may be NULL) is one sentence. */
bool dash_slot_free(const struct model_slot *slot, char *why, size_t size);

void dash_say(struct dash *dash, const char *format, ...) __attribute__((format(printf, 2, 3)));
void dash_complain(struct dash *dash, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* `job` is taken over; NULL: none. */
void dash_command(struct dash *dash, enum command_kind kind, const char *port, struct job *job);
void dash_commands_drop(struct dash *dash); /* empties the queue */

/* Tells the station about the changed bench and looks at its files again. */
void dash_bench_send(struct dash *dash); /* and it differs from its job file now */
void dash_bench_look(struct dash *dash);
/* Finds the problems now; else they are found before the next frame. */
void dash_problems_find(struct dash *dash);
/* The first problem that refuses; NULL. */
const char *dash_problem(const struct dash *dash);
size_t dash_bench_ticked(const struct dash *dash);

/* The chip that the images are for: chosen, else the selected board's, else what all of them say;
 * NULL: not known. `detected` (may be NULL): it is the board's. */
const struct chip *dash_chip(const struct dash *dash, bool *detected);
/* Bytes of flash: as set, else the selected board's; 0: not known. */
uint64_t dash_flash_size(const struct dash *dash, bool *detected);

/* The path of an image, relative to where we are, and for the chip that is known: `{chip}` is
 * replaced where that file is there. */
const char *dash_image_path(const struct dash *dash, size_t image, char *to, size_t size);

/* The path without where we are, if it begins with that: short in messages. */
const char *dash_path_from_here(const struct dash *dash, const char *path);

/* Path as people want to read it: relative to where they are, or to their home. */
const char *dash_path(const struct dash *dash, const char *path, char *to, size_t size);

/* erase.c: the question before erasing, and before a forced start. */
void erase_ask(struct dash *dash);
void force_ask(struct dash *dash);             /* the findings are those of now */
bool erase_is_asking(const struct dash *dash); /* for the word */
void erase_event(struct dash *dash, const struct event *event);
void erase_typed(struct dash *dash);
void erase_leave(struct dash *dash);

/* images.c: what the keys of the images view do. */
void images_choose(struct dash *dash); /* opens the file chooser */
void images_take_path(struct dash *dash, const char *path);
void images_edit(struct dash *dash, size_t index);
void images_remove(struct dash *dash);
void images_tick(struct dash *dash);
void images_typed(struct dash *dash); /* a path or an address was typed */

void images_toggle_header(struct dash *dash); /* what DoNotChgBin does */

/* browse.c: what the keys of the file chooser do. */
void browse_take(struct dash *dash);
void browse_enter(struct dash *dash);
void browse_parent(struct dash *dash);
void browse_home(struct dash *dash);
void browse_filter(struct dash *dash);
void browse_recent(struct dash *dash);
void browse_hidden(struct dash *dash);

/* sources.c: builds, jobs and the like. */
/* Takes the source over, or opens a question about it. */
void source_take(struct dash *dash, const char *path);
void source_answered(struct dash *dash);
void source_leave(struct dash *dash);

/* outputs.c: files that are made of the bench. */
void job_save_ask(struct dash *dash);
void job_save_typed(struct dash *dash);
void combine_ask(struct dash *dash);
void combine_typed(struct dash *dash);
void defaults_ask(struct dash *dash);
void defaults_answered(struct dash *dash);

#endif
