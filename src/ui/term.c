/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/term.h"

#include "base/buffer.h"
#include "base/util.h"
#include "ui/keys.h"

/* Curses has names of its own that begin with KEY_ and COLOR_; ours differ. */
#define NCURSES_WIDECHAR 1
#include <curses.h>
#include <term.h>

#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

static struct {
    bool taken;
    SCREEN *screen;
    struct termios before; /* as the shell left it */
    bool colored;
    struct canvas last;
    int empty_reads; /* readable, yet nothing came: the end of the input looks like that */
    int signals[2];  /* self-pipe */
    char exit_strings[256];
    size_t exit_length;
} term = {.signals = {-1, -1}};

/* ---- signals --------------------------------------------------------------------------------- */

static const int quitting[] = {SIGTERM, SIGHUP, SIGINT};
static const int telling[] = {SIGWINCH, SIGTSTP, SIGCONT};
static const int deadly[] = {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL};
static struct sigaction quitting_before[ARRAY_LEN(quitting)];
static struct sigaction telling_before[ARRAY_LEN(telling)];
static struct sigaction deadly_before[ARRAY_LEN(deadly)];

static void on_signal(int signal)
{
    int saved = errno;
    char byte = (char)signal;

    if (write(term.signals[1], &byte, 1) < 0) { /* full: one of its kind is on its way already */
    }
    errno = saved;
}

/* Gives the terminal back with nothing but write(2) and tcsetattr(3), which a handler may call,
 * then lets the signal do what it did before we came (a core file, a sanitizer's report). */
static void on_crash(int signal)
{
    if (term.taken) {
        term.taken = false;
        if (write(STDOUT_FILENO, term.exit_strings, term.exit_length) < 0) { /* it has gone */
        }
        tcsetattr(STDIN_FILENO, TCSANOW, &term.before);
    }
    for (size_t i = 0; i < ARRAY_LEN(deadly); i++) {
        if (deadly[i] == signal)
            sigaction(signal, &deadly_before[i], NULL);
    }
    raise(signal);
}

static void catch_all(const int *signals, struct sigaction *before, size_t n, void (*fn)(int),
                      int flags)
{
    struct sigaction action = {.sa_handler = fn, .sa_flags = flags};

    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < n; i++)
        sigaction(signals[i], &action, &before[i]);
}

static void signals_take(void)
{
    static char stack[64 * 1024]; /* a stack that ran over can't carry the handler */
    stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};

    sigaltstack(&alternate, NULL);
    catch_all(quitting, quitting_before, ARRAY_LEN(quitting), on_signal, SA_RESTART);
    catch_all(telling, telling_before, ARRAY_LEN(telling), on_signal, SA_RESTART);
    catch_all(deadly, deadly_before, ARRAY_LEN(deadly), on_crash, SA_ONSTACK);
}

static void signals_give_back(void)
{
    for (size_t i = 0; i < ARRAY_LEN(quitting); i++)
        sigaction(quitting[i], &quitting_before[i], NULL);
    for (size_t i = 0; i < ARRAY_LEN(telling); i++)
        sigaction(telling[i], &telling_before[i], NULL);
    for (size_t i = 0; i < ARRAY_LEN(deadly); i++)
        sigaction(deadly[i], &deadly_before[i], NULL);
}

int term_signal_fd(void)
{
    return term.signals[0];
}

struct term_asked term_signals(void)
{
    struct term_asked asked = {0};
    char bytes[64];
    ssize_t n;

    while ((n = read(term.signals[0], bytes, sizeof bytes)) > 0) {
        for (ssize_t i = 0; i < n; i++) {
            asked.quit |= bytes[i] == SIGTERM || bytes[i] == SIGHUP || bytes[i] == SIGINT;
            asked.suspend |= bytes[i] == SIGTSTP;
            asked.resumed |= bytes[i] == SIGCONT;
            asked.resized |= bytes[i] == SIGWINCH;
        }
    }
    return asked;
}

/* ---- taking and giving back ------------------------------------------------------------------ */

/* Appends a terminfo string without its padding marks "$<5/>". */
static void exit_string_add(const char *name)
{
    const char *s = tigetstr(name);

    if (s == NULL || s == (const char *)-1)
        return;
    while (*s && term.exit_length < sizeof term.exit_strings) {
        const char *end = s[0] == '$' && s[1] == '<' ? strchr(s, '>') : NULL;
        if (end) {
            s = end + 1;
            continue;
        }
        term.exit_strings[term.exit_length++] = *s++;
    }
}

static void exit_strings_prepare(void)
{
    static const char *const names[] = {"sgr0", "rmkx", "cnorm", "rmcup"};

    term.exit_length = 0;
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        exit_string_add(names[i]);
}

static void colors_take(bool no_color)
{
    const char *asked = getenv("NO_COLOR"); /* no-color.org: present and not empty */

    term.colored = false;
    if (no_color || (asked && asked[0]) || !has_colors() || start_color() == ERR)
        return;
    if (use_default_colors() == ERR)
        return;
    for (short i = 0; i < STYLE_COUNT; i++)
        init_pair((short)(i + 1), (short)style_looks[i].color, -1);
    term.colored = true;
}

static void modes_set(void)
{
    raw(); /* ^C, ^Z and ^\ are keys; the questions that they deserve can be asked */
    noecho();
    nonl();
    intrflush(stdscr, FALSE);
    keypad(stdscr, TRUE);
    nodelay(stdscr, TRUE);
    if (getenv("ESCDELAY") == NULL)
        set_escdelay(25);
}

static int pipe_open(struct error *error)
{
    if (pipe2(term.signals, O_CLOEXEC | O_NONBLOCK) < 0)
        return error_set(error, ERR_INTERNAL, "no pipe for signals: %s", strerror(errno));
    return 0;
}

int term_init(bool no_color, struct error *error)
{
    const char *name = getenv("TERM");

    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
        return error_set(error, ERR_USAGE, "the dashboard needs a terminal");
    if (tcgetattr(STDIN_FILENO, &term.before) < 0)
        return error_set(error, ERR_USAGE, "the terminal does not answer: %s", strerror(errno));
    if (pipe_open(error) < 0)
        return error->code;
    /* With UTF-8, PuTTY and others show line-drawing escapes as letters (users.md 3.2). */
    setenv("NCURSES_NO_UTF8_ACS", "1", 0);
    term.screen = newterm(NULL, stdout, stdin);
    if (term.screen == NULL) {
        close(term.signals[0]);
        close(term.signals[1]);
        return error_set(error, ERR_USAGE,
                         "a terminal of the type \"%s\" (TERM) can't show the dashboard",
                         name ? name : "");
    }
    exit_strings_prepare();
    term.taken = true;
    term.empty_reads = 0;
    signals_take(); /* after newterm(), which has handlers of its own */
    modes_set();
    colors_take(no_color);
    canvas_init(&term.last, false);
    return 0;
}

void term_done(void)
{
    if (term.screen == NULL)
        return;
    term.taken = false;
    endwin();
    tcsetattr(STDIN_FILENO, TCSADRAIN, &term.before);
    signals_give_back();
    delscreen(term.screen);
    term.screen = NULL;
    canvas_done(&term.last);
    close(term.signals[0]);
    close(term.signals[1]);
}

void term_suspend(void)
{
    struct sigaction action = {.sa_handler = SIG_DFL}, ours;
    sigset_t stop, before;

    endwin();
    tcsetattr(STDIN_FILENO, TCSADRAIN, &term.before);
    sigaction(SIGTSTP, &action, &ours);
    sigemptyset(&stop);
    sigaddset(&stop, SIGTSTP);
    sigprocmask(SIG_UNBLOCK, &stop, &before);
    raise(SIGTSTP); /* here we stand still until SIGCONT */
    sigprocmask(SIG_SETMASK, &before, NULL);
    sigaction(SIGTSTP, &ours, NULL);
    term_forget();
}

/* ---- what it can do -------------------------------------------------------------------------- */

bool term_is_utf8(void)
{
    const char *name = getenv("TERM");

    if (strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
        return false;
    return name == NULL || strcmp(name, "linux") != 0; /* that font has few of the blocks */
}

void term_size(int *rows, int *cols)
{
    struct winsize size = {0};

    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0) {
        *rows = LINES;
        *cols = COLS;
        return;
    }
    *rows = size.ws_row;
    *cols = size.ws_col;
}

/* ---- showing --------------------------------------------------------------------------------- */

static void style_use(unsigned style)
{
    const struct style_look *look = &style_looks[style & STYLE_MASK];
    attr_t attributes = A_NORMAL;

    if (style & STYLE_SELECTED)
        attributes |= A_REVERSE;
    if (look->bold)
        attributes |= A_BOLD;
    if (look->dim && !(style & STYLE_SELECTED)) /* dim on reverse can't be read */
        attributes |= A_DIM;
    attr_set(attributes, (short)(term.colored ? (style & STYLE_MASK) + 1 : 0), NULL);
}

static bool cell_same(const struct cell *a, const struct cell *b)
{
    return a->style == b->style && strcmp(a->text, b->text) == 0;
}

/* From the first cell that differs to the last one. */
static void row_flush(const struct canvas *canvas, int row)
{
    int first = canvas->cols, end = 0;

    for (int col = 0; col < canvas->cols; col++) {
        if (!cell_same(canvas_cell(canvas, row, col), canvas_cell(&term.last, row, col))) {
            first = col < first ? col : first;
            end = col + 1;
        }
    }
    while (first > 0 && first < end && canvas_cell(canvas, row, first)->width == 0)
        first--;
    for (int col = first; col < end; col++) {
        const struct cell *cell = canvas_cell(canvas, row, col);
        if (cell->width == 0)
            continue;
        style_use(cell->style);
        mvaddstr(row, col, cell->text);
    }
}

static void last_take(const struct canvas *canvas)
{
    size_t n = (size_t)canvas->rows * (size_t)canvas->cols;

    memcpy(term.last.cells, canvas->cells, n * sizeof *canvas->cells);
}

void term_forget(void)
{
    term.last.rows = term.last.cols = -1;
}

void term_flush(const struct canvas *canvas)
{
    if (canvas->rows == 0 || canvas->cols == 0)
        return;
    if (term.last.rows != canvas->rows || term.last.cols != canvas->cols) {
        bool resized = LINES != canvas->rows || COLS != canvas->cols;
        if (resized)
            resizeterm(canvas->rows, canvas->cols);
        canvas_resize(&term.last, canvas->rows, canvas->cols);
        standend();
        erase();
        clearok(curscr, TRUE); /* others may have written there */
    }
    for (int row = 0; row < canvas->rows; row++)
        row_flush(canvas, row);
    last_take(canvas);
    curs_set(canvas->cursor_row >= 0);
    if (canvas->cursor_row >= 0)
        move(canvas->cursor_row, canvas->cursor_col);
    wnoutrefresh(stdscr);
    doupdate();
}

/* ---- keys ------------------------------------------------------------------------------------ */

static int key_of(wint_t code)
{
    static const struct {
        wint_t curses;
        int key;
    } table[] = {
        {KEY_UP, K_UP},         {KEY_DOWN, K_DOWN},
        {KEY_LEFT, K_LEFT},     {KEY_RIGHT, K_RIGHT},
        {KEY_HOME, K_HOME},     {KEY_END, K_END},
        {KEY_PPAGE, K_PAGE_UP}, {KEY_NPAGE, K_PAGE_DOWN},
        {KEY_DC, K_DELETE},     {KEY_BACKSPACE, K_BACKSPACE},
        {KEY_ENTER, K_ENTER},
    };

    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        if (table[i].curses == code)
            return table[i].key;
    }
    if (code >= KEY_F(1) && code <= KEY_F(10))
        return K_F1 + (int)(code - KEY_F(1));
    return K_LAST; /* one that nothing is bound to */
}

/* What xterm, the VT220 and the Linux console send: the final byte, before '~' a number. */
static int key_of_sequence(char final, unsigned number)
{
    static const struct {
        char final;
        unsigned number;
        int key;
    } table[] = {
        {'A', 0, K_UP},        {'B', 0, K_DOWN}, {'C', 0, K_RIGHT},  {'D', 0, K_LEFT},
        {'H', 0, K_HOME},      {'F', 0, K_END},  {'P', 0, K_F1},     {'Q', 0, K_F2},
        {'R', 0, K_F3},        {'S', 0, K_F4},   {'~', 1, K_HOME},   {'~', 7, K_HOME},
        {'~', 4, K_END},       {'~', 8, K_END},  {'~', 3, K_DELETE}, {'~', 5, K_PAGE_UP},
        {'~', 6, K_PAGE_DOWN}, {'~', 11, K_F1},  {'~', 12, K_F2},    {'~', 13, K_F3},
        {'~', 14, K_F4},       {'~', 15, K_F5},  {'~', 17, K_F6},    {'~', 18, K_F7},
        {'~', 19, K_F8},       {'~', 20, K_F9},  {'~', 21, K_F10},
    };

    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        if (table[i].final == final && table[i].number == number)
            return table[i].key;
    }
    return K_LAST;
}

/* Behind an Esc: a key that this terminal is not said to have (TERM=vt100 knows no End) must not
 * end as Esc and some letters, each of which does something. */
static int key_after_escape(void)
{
    unsigned number = 0;
    wint_t code;
    int kind = wget_wch(stdscr, &code);

    if (kind == ERR)
        return K_ESC;
    if (kind == KEY_CODE_YES) {
        ungetch((int)code);
        return K_ESC;
    }
    if (code != '[' && code != 'O') {
        unget_wch((wchar_t)code);
        return K_ESC;
    }
    for (int i = 0; i < 16 && wget_wch(stdscr, &code) == OK; i++) {
        if (code >= '0' && code <= '9')
            number = number * 10 % 1000 + (unsigned)(code - '0');
        else if (code >= '@' && code <= '~' && code != '[')
            return key_of_sequence((char)code, number);
    }
    return K_LAST;
}

int term_key(void)
{
    wint_t code;
    int kind = wget_wch(stdscr, &code);

    if (kind == ERR)
        return K_NONE;
    term.empty_reads = 0;
    if (kind == KEY_CODE_YES)
        return key_of(code);
    if (code == K_ESC)
        return key_after_escape();
    return code == '\n' ? K_ENTER : (int)code;
}

bool term_gone(short revents)
{
    if (revents & (POLLHUP | POLLERR | POLLNVAL))
        return true;
    return ++term.empty_reads > 20; /* readable again and again without a key */
}
