/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/keys.h"

#include "base/util.h"

#include <stdio.h>
#include <string.h>

#define TWIN NULL, NULL, 0 /* another key for the action above */

const struct binding bindings[] = {
    {CONTEXT_BOARDS, K_ENTER, ACTION_START, "start", "write the ticked images to this board", 1},
    {CONTEXT_BOARDS, K_F5, ACTION_START, TWIN},
    {CONTEXT_BOARDS, 's', ACTION_STOP, "stop", "stop what runs on this board", 2},
    {CONTEXT_BOARDS, K_F6, ACTION_STOP, TWIN},
    {CONTEXT_BOARDS, 'a', ACTION_START_ALL, "start all", "start on every board that is free", 4},
    {CONTEXT_BOARDS, 'S', ACTION_STOP_ALL, NULL, "stop what runs on all boards", 0},
    {CONTEXT_BOARDS, 'e', ACTION_ERASE, "erase", "erase the whole flash, after a question", 5},
    {CONTEXT_BOARDS, 'F', ACTION_FORCE, NULL, "start what was refused, after a question", 0},
    {CONTEXT_BOARDS, 'i', ACTION_IMAGES, "images", "choose what is written, and how", 3},
    {CONTEXT_BOARDS, K_F2, ACTION_IMAGES, TWIN},
    {CONTEXT_BOARDS, 'l', ACTION_LOG, "log", "the whole log of this board, and back", 6},
    {CONTEXT_BOARDS, '[', ACTION_LOG_OLDER, NULL, "older lines of the log", 0},
    {CONTEXT_BOARDS, ']', ACTION_LOG_NEWER, NULL, "newer lines of the log", 0},
    {CONTEXT_BOARDS, 'c', ACTION_FORGET, NULL, "clear the result of this board", 0},
    {CONTEXT_BOARDS, K_ESC, ACTION_BACK, NULL, "close the log", 0},
    {CONTEXT_BOARDS, 'h', ACTION_HELP, NULL, "the help", 0},
    {CONTEXT_BOARDS, 'q', ACTION_QUIT, "quit", "leave; asks while jobs run", 90},
    {CONTEXT_BOARDS, K_F10, ACTION_QUIT, TWIN},
    {CONTEXT_BOARDS, K_CTRL('c'), ACTION_QUIT, TWIN},

    {CONTEXT_IMAGES, ' ', ACTION_IMAGE_TICK, "on/off", "write this image, or leave it out", 1},
    {CONTEXT_IMAGES, K_ENTER, ACTION_IMAGE_EDIT, "edit", "change its path and address", 2},
    {CONTEXT_IMAGES, 'o', ACTION_FILES, "open", "look for a build, a job or a file to add", 3},
    {CONTEXT_IMAGES, 'l', ACTION_FILES, TWIN},
    {CONTEXT_IMAGES, '+', ACTION_FILES, TWIN},
    {CONTEXT_IMAGES, 'a', ACTION_IMAGE_ADD, "add", "type the path of a file or of a build", 4},
    {CONTEXT_IMAGES, 'w', ACTION_SAVE, "save", "write list and settings to NAME.job", 5},
    {CONTEXT_IMAGES, 'c', ACTION_COMBINE, "combine", "merge the ticked images into one file", 6},
    {CONTEXT_IMAGES, 'p', ACTION_PARTITIONS, "partitions", "the partition table and its images", 7},
    {CONTEXT_IMAGES, 'd', ACTION_IMAGE_REMOVE, "remove", "take it off the list; the file stays", 8},
    {CONTEXT_IMAGES, K_DELETE, ACTION_IMAGE_REMOVE, TWIN},
    {CONTEXT_IMAGES, 'n', ACTION_NOTES, NULL, "problems, and notes on what was loaded, in full", 0},
    {CONTEXT_IMAGES, 'D', ACTION_DEFAULTS, NULL, "back to the defaults, after a question", 0},
    {CONTEXT_IMAGES, 'C', ACTION_SET_CHIP, NULL, "chip to expect; auto takes what is there", 0},
    {CONTEXT_IMAGES, 'b', ACTION_SET_BAUD, NULL, "speed of the serial line", 0},
    {CONTEXT_IMAGES, 'm', ACTION_SET_MODE, NULL, "flash mode in the bootloader's header", 0},
    {CONTEXT_IMAGES, 'f', ACTION_SET_SPEED, NULL, "flash speed in that header", 0},
    {CONTEXT_IMAGES, 'z', ACTION_SET_SIZE, NULL, "flash size in that header", 0},
    {CONTEXT_IMAGES, 'H', ACTION_SET_HEADER, NULL, "change that header, or keep it (DoNotChgBin)",
     0},
    {CONTEXT_IMAGES, 'Z', ACTION_SET_COMPRESS, NULL, "send compressed, where the chip can", 0},
    {CONTEXT_IMAGES, 's', ACTION_SET_SKIP_GAPS, NULL, "leave out what is empty; it is not erased",
     0},
    {CONTEXT_IMAGES, 'x', ACTION_SET_ERASE_ALL, NULL, "erase the whole flash before writing", 0},

    {CONTEXT_FILES, K_ENTER, ACTION_FILE_ENTER, "open", "go into the directory, or take the file",
     1},
    {CONTEXT_FILES, K_RIGHT, ACTION_FILE_ENTER, TWIN},
    {CONTEXT_FILES, 'l', ACTION_FILE_ENTER, TWIN},
    {CONTEXT_FILES, ' ', ACTION_FILE_TAKE, "take", "take the file, or the directory's build", 2},
    {CONTEXT_FILES, K_LEFT, ACTION_FILE_PARENT, "up", "to the directory above", 3},
    {CONTEXT_FILES, 'h', ACTION_FILE_PARENT, TWIN},
    {CONTEXT_FILES, K_BACKSPACE, ACTION_FILE_PARENT, TWIN},
    {CONTEXT_FILES, '/', ACTION_FILE_FILTER, "filter", "only names with these characters", 4},
    {CONTEXT_FILES, K_F3, ACTION_FILE_FILTER, TWIN},
    {CONTEXT_FILES, 'r', ACTION_FILE_RECENT, "recent", "what was taken lately, and back", 5},
    {CONTEXT_FILES, 'a', ACTION_IMAGE_ADD, "type", "type the path", 6},
    {CONTEXT_FILES, '~', ACTION_FILE_HOME, NULL, "to your home directory", 0},
    {CONTEXT_FILES, '.', ACTION_FILE_HIDDEN, NULL, "show hidden names, or not", 0},
    {CONTEXT_FILES, K_ESC, ACTION_BACK, "back", "back to the images", 90},
    {CONTEXT_FILES, 'q', ACTION_BACK, TWIN},
    {CONTEXT_FILES, K_F10, ACTION_BACK, TWIN},
    {CONTEXT_FILES, K_CTRL('c'), ACTION_BACK, TWIN},

    {CONTEXT_PARTITIONS, 'p', ACTION_BACK, NULL, "back to the images", 0},
    {CONTEXT_NOTES, 'n', ACTION_BACK, NULL, "back to the images", 0},

    {CONTEXT_LIST, K_UP, ACTION_UP, NULL, "one line up", 0},
    {CONTEXT_LIST, 'k', ACTION_UP, TWIN},
    {CONTEXT_LIST, K_DOWN, ACTION_DOWN, NULL, "one line down", 0},
    {CONTEXT_LIST, 'j', ACTION_DOWN, TWIN},
    {CONTEXT_LIST, K_PAGE_UP, ACTION_PAGE_UP, NULL, "one page up", 0},
    {CONTEXT_LIST, K_CTRL('b'), ACTION_PAGE_UP, TWIN},
    {CONTEXT_LIST, K_PAGE_DOWN, ACTION_PAGE_DOWN, NULL, "one page down", 0},
    {CONTEXT_LIST, K_CTRL('f'), ACTION_PAGE_DOWN, TWIN},
    {CONTEXT_LIST, K_HOME, ACTION_FIRST, NULL, "to the first", 0},
    {CONTEXT_LIST, 'g', ACTION_FIRST, TWIN},
    {CONTEXT_LIST, K_END, ACTION_LAST, NULL, "to the last", 0},
    {CONTEXT_LIST, 'G', ACTION_LAST, TWIN},

    {CONTEXT_SUB, 'h', ACTION_HELP, NULL, "the help", 0},
    {CONTEXT_SUB, K_ESC, ACTION_BACK, "back", "back to where you came from", 90},
    {CONTEXT_SUB, 'q', ACTION_BACK, TWIN},
    {CONTEXT_SUB, K_F10, ACTION_BACK, TWIN},
    {CONTEXT_SUB, K_CTRL('c'), ACTION_BACK, TWIN},

    {CONTEXT_VIEW, '?', ACTION_HELP, "help", "this help, and back", 91},
    {CONTEXT_VIEW, K_F1, ACTION_HELP, TWIN},

    {CONTEXT_LINE, K_ENTER, ACTION_LINE_TAKE, "take it", "take what is typed", 1},
    {CONTEXT_LINE, K_ESC, ACTION_LINE_LEAVE, "leave it", "leave everything as it was", 4},
    {CONTEXT_LINE, K_CTRL('c'), ACTION_LINE_LEAVE, TWIN},
    {CONTEXT_LINE, K_LEFT, ACTION_LINE_LEFT, NULL, "one character to the left", 0},
    {CONTEXT_LINE, K_RIGHT, ACTION_LINE_RIGHT, NULL, "one character to the right", 0},
    {CONTEXT_LINE, K_HOME, ACTION_LINE_HOME, NULL, "to the beginning", 0},
    {CONTEXT_LINE, K_CTRL('a'), ACTION_LINE_HOME, TWIN},
    {CONTEXT_LINE, K_END, ACTION_LINE_END, NULL, "to the end", 0},
    {CONTEXT_LINE, K_CTRL('e'), ACTION_LINE_END, TWIN},
    {CONTEXT_LINE, K_BACKSPACE, ACTION_LINE_RUBOUT, NULL, "delete to the left", 0},
    {CONTEXT_LINE, K_CTRL('h'), ACTION_LINE_RUBOUT, TWIN},
    {CONTEXT_LINE, K_DELETE, ACTION_LINE_DELETE, NULL, "delete under the cursor", 0},
    {CONTEXT_LINE, K_CTRL('d'), ACTION_LINE_DELETE, TWIN},
    {CONTEXT_LINE, K_CTRL('u'), ACTION_LINE_CLEAR, "clear", "delete all that is typed", 3},
    {CONTEXT_LINE, K_CTRL('w'), ACTION_LINE_WORD, NULL, "delete the last part", 0},
    {CONTEXT_PATH, K_TAB, ACTION_COMPLETE, "complete", "complete the file name", 2},

    {CONTEXT_CHOICE, K_RIGHT, ACTION_CHOICE_NEXT, "next", "next", 1},
    {CONTEXT_CHOICE, K_DOWN, ACTION_CHOICE_NEXT, TWIN},
    {CONTEXT_CHOICE, ' ', ACTION_CHOICE_NEXT, TWIN},
    {CONTEXT_CHOICE, K_LEFT, ACTION_CHOICE_BACK, "back", "previous", 2},
    {CONTEXT_CHOICE, K_UP, ACTION_CHOICE_BACK, TWIN},
    {CONTEXT_CHOICE, K_ENTER, ACTION_CHOICE_TAKE, "take", "take this one", 3},
    {CONTEXT_CHOICE, K_ESC, ACTION_CHOICE_LEAVE, "leave", "leave it as it was", 4},
    {CONTEXT_CHOICE, 'q', ACTION_CHOICE_LEAVE, TWIN},
    {CONTEXT_CHOICE, K_CTRL('c'), ACTION_CHOICE_LEAVE, TWIN},

    {CONTEXT_WAIT, K_ESC, ACTION_WAIT_LEAVE, "leave it", "do nothing to it", 1},
    {CONTEXT_WAIT, 'q', ACTION_WAIT_LEAVE, TWIN},
    {CONTEXT_WAIT, K_CTRL('c'), ACTION_WAIT_LEAVE, TWIN},

    {CONTEXT_QUIT, 'd', ACTION_QUIT_DETACH, "detach: jobs go on", "leave; the jobs go on", 1},
    {CONTEXT_QUIT, 's', ACTION_QUIT_STOP, "stop them and quit", "stop the jobs and leave", 2},
    {CONTEXT_QUIT, K_ESC, ACTION_QUIT_STAY, "stay", "stay", 3},
    {CONTEXT_QUIT, 'n', ACTION_QUIT_STAY, TWIN},
    {CONTEXT_QUIT, K_CTRL('c'), ACTION_QUIT_STAY, TWIN},

    {CONTEXT_ALWAYS, K_CTRL('l'), ACTION_REDRAW, NULL, "draw the screen anew", 0},
    {CONTEXT_ALWAYS, K_CTRL('z'), ACTION_SUSPEND, NULL, "back to the shell; fg returns", 0},
};
const size_t n_bindings = ARRAY_LEN(bindings);

static const struct {
    enum context parent;
    const char *title;
} contexts[CONTEXT_COUNT] = {
    [CONTEXT_ALWAYS] = {CONTEXT_ALWAYS, "Always"},
    [CONTEXT_VIEW] = {CONTEXT_ALWAYS, "Everywhere"},
    [CONTEXT_LIST] = {CONTEXT_VIEW, "Moving about"},
    [CONTEXT_BOARDS] = {CONTEXT_LIST, "Boards"},
    [CONTEXT_SUB] = {CONTEXT_LIST, "Leaving a view"},
    [CONTEXT_IMAGES] = {CONTEXT_SUB, "Images"},
    [CONTEXT_FILES] = {CONTEXT_LIST, "Choosing a file"},
    [CONTEXT_PARTITIONS] = {CONTEXT_SUB, "Partitions"},
    [CONTEXT_NOTES] = {CONTEXT_SUB, "Notes"},
    [CONTEXT_HELP] = {CONTEXT_SUB, "Help"},
    [CONTEXT_LINE] = {CONTEXT_ALWAYS, "Typing a line"},
    [CONTEXT_PATH] = {CONTEXT_LINE, "Typing a path"},
    [CONTEXT_CHOICE] = {CONTEXT_ALWAYS, "Choosing"},
    [CONTEXT_WAIT] = {CONTEXT_ALWAYS, "Waiting for a chip"},
    [CONTEXT_QUIT] = {CONTEXT_ALWAYS, "Leaving while jobs run"},
};

enum context context_parent(enum context context)
{
    return contexts[context].parent;
}

const char *context_title(enum context context)
{
    return contexts[context].title;
}

enum action keys_find(enum context context, int key)
{
    for (;;) {
        for (size_t i = 0; i < n_bindings; i++) {
            if (bindings[i].context == context && bindings[i].key == key)
                return bindings[i].action;
        }
        if (context == CONTEXT_ALWAYS)
            return ACTION_NONE;
        context = context_parent(context);
    }
}

int keys_first(enum context context, enum action action)
{
    for (size_t i = 0; i < n_bindings; i++) {
        if (bindings[i].context == context && bindings[i].action == action)
            return bindings[i].key;
    }
    return K_NONE;
}

const char *keys_name(char *to, size_t size, int key)
{
    static const struct {
        int key;
        const char *name;
    } names[] = {
        {K_TAB, "Tab"},
        {K_ENTER, "Enter"},
        {K_ESC, "Esc"},
        {' ', "Space"},
        {K_BACKSPACE, "Backspace"},
        {K_UP, "↑"},
        {K_DOWN, "↓"},
        {K_LEFT, "←"},
        {K_RIGHT, "→"},
        {K_HOME, "Home"},
        {K_END, "End"},
        {K_PAGE_UP, "PgUp"},
        {K_PAGE_DOWN, "PgDn"},
        {K_DELETE, "Del"},
    };

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (names[i].key == key) {
            util_copy(to, size, names[i].name);
            return to;
        }
    }
    if (key >= K_F1 && key <= K_F10)
        snprintf(to, size, "F%d", key - K_F1 + 1);
    else if (key < ' ')
        snprintf(to, size, "^%c", (key | 0x40) & 0x7f);
    else
        snprintf(to, size, "%c", key & 0x7f);
    return to;
}

static bool in_context(enum context context, enum context where)
{
    while (context != where && context != CONTEXT_ALWAYS)
        context = context_parent(context);
    return context == where;
}

size_t keys_footer(enum context context, const struct binding **rows, size_t max)
{
    size_t n = 0;

    for (size_t i = 0; i < n_bindings; i++) {
        const struct binding *b = &bindings[i];
        if (b->order == 0 || n == max || !in_context(context, b->context))
            continue;
        size_t at = n++;
        for (; at > 0 && rows[at - 1]->order > b->order; at--)
            rows[at] = rows[at - 1];
        rows[at] = b;
    }
    return n;
}
