/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which key does what, where: one table, from which a key press is looked up, the footer is drawn
 * and the help is written. A test checks every row.
 *
 * A context is a view or a question that is open. A key that a context does not bind is looked up
 * in its parent.
 */
#ifndef ESPJIG_UI_KEYS_H
#define ESPJIG_UI_KEYS_H

#include <stdbool.h>
#include <stddef.h>

/* A key is a Unicode code point (control characters included) or one of these. */
enum key {
    K_NONE = -1,
    K_TAB = 9,
    K_ENTER = 13,
    K_ESC = 27,
    K_BACKSPACE = 127,
    K_SPECIAL = 0x110000, /* first that is no code point */
    K_UP = K_SPECIAL,
    K_DOWN,
    K_LEFT,
    K_RIGHT,
    K_HOME,
    K_END,
    K_PAGE_UP,
    K_PAGE_DOWN,
    K_DELETE,
    K_F1,
    K_F2,
    K_F3,
    K_F4,
    K_F5,
    K_F6,
    K_F7,
    K_F8,
    K_F9,
    K_F10,
    K_LAST
};

#define K_CTRL(letter) ((letter)&0x1f)

enum context {
    CONTEXT_ALWAYS,
    CONTEXT_VIEW, /* any view, no question open */
    CONTEXT_LIST, /* any view with a list */
    CONTEXT_BOARDS,
    CONTEXT_SUB, /* a list that was come to from the boards */
    CONTEXT_IMAGES,
    CONTEXT_FILES, /* the file chooser */
    CONTEXT_PARTITIONS,
    CONTEXT_NOTES,
    CONTEXT_HELP,
    CONTEXT_LINE, /* a line is being typed */
    CONTEXT_PATH, /* the same, and it is a path */
    CONTEXT_CHOICE,
    CONTEXT_WAIT, /* erase: the chip is being asked who it is */
    CONTEXT_QUIT, /* leave while jobs run? */
    CONTEXT_COUNT
};

enum action {
    ACTION_NONE,
    ACTION_UP,
    ACTION_DOWN,
    ACTION_PAGE_UP,
    ACTION_PAGE_DOWN,
    ACTION_FIRST,
    ACTION_LAST,
    ACTION_HELP,
    ACTION_BACK,
    ACTION_QUIT,
    ACTION_REDRAW,
    ACTION_SUSPEND,
    ACTION_START,
    ACTION_START_ALL,
    ACTION_STOP,
    ACTION_STOP_ALL,
    ACTION_ERASE,
    ACTION_FORCE,
    ACTION_IMAGES,
    ACTION_LOG,
    ACTION_LOG_OLDER,
    ACTION_LOG_NEWER,
    ACTION_FORGET,
    ACTION_IMAGE_TICK,
    ACTION_IMAGE_EDIT,
    ACTION_IMAGE_ADD,
    ACTION_IMAGE_REMOVE,
    ACTION_FILES,
    ACTION_SAVE,
    ACTION_COMBINE,
    ACTION_PARTITIONS,
    ACTION_NOTES,
    ACTION_DEFAULTS,
    ACTION_SET_CHIP,
    ACTION_SET_BAUD,
    ACTION_SET_MODE,
    ACTION_SET_SPEED,
    ACTION_SET_SIZE,
    ACTION_SET_HEADER,
    ACTION_SET_COMPRESS,
    ACTION_SET_SKIP_GAPS,
    ACTION_SET_ERASE_ALL,
    ACTION_FILE_TAKE,
    ACTION_FILE_ENTER,
    ACTION_FILE_PARENT,
    ACTION_FILE_HOME,
    ACTION_FILE_FILTER,
    ACTION_FILE_RECENT,
    ACTION_FILE_HIDDEN,
    ACTION_LINE_TAKE,
    ACTION_LINE_LEAVE,
    ACTION_LINE_LEFT,
    ACTION_LINE_RIGHT,
    ACTION_LINE_HOME,
    ACTION_LINE_END,
    ACTION_LINE_RUBOUT,
    ACTION_LINE_DELETE,
    ACTION_LINE_CLEAR,
    ACTION_LINE_WORD,
    ACTION_COMPLETE,
    ACTION_CHOICE_NEXT,
    ACTION_CHOICE_BACK,
    ACTION_CHOICE_TAKE,
    ACTION_CHOICE_LEAVE,
    ACTION_WAIT_LEAVE,
    ACTION_QUIT_DETACH,
    ACTION_QUIT_STOP,
    ACTION_QUIT_STAY,
    ACTION_COUNT
};

struct binding {
    enum context context;
    int key;
    enum action action;
    /* The first row of an action in a context has the words, further rows are other keys for it. */
    const char *label; /* for the footer; NULL: not there */
    const char *help;  /* for the help; NULL: another key of the action above */
    int order;         /* in the footer, from the left; 0: not there */
};

extern const struct binding bindings[];
extern const size_t n_bindings;

/* Where a key is looked up next; CONTEXT_ALWAYS is its own parent. */
enum context context_parent(enum context context);
const char *context_title(enum context context); /* for the help */

enum action keys_find(enum context context, int key);

/* The key that an action has in this context, the first one; K_NONE when it has none. */
int keys_first(enum context context, enum action action);

/* "Enter", "F1", "^L", "j". Returns `to`. */
const char *keys_name(char *to, size_t size, int key);

/* The footer's rows of a context and its parents, in order. Returns how many, at most `max`. */
size_t keys_footer(enum context context, const struct binding **rows, size_t max);

#endif
