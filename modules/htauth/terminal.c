/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Passwords from a terminal, without echo, or from a pipe. Whatever signal
 * comes, the terminal gets its echo back before the signal does its work.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <termios.h>
#include <unistd.h>

#include "htauth.h"
#include "secret.h"

static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGALRM,
                               SIGTSTP, SIGTTIN, SIGTTOU };
#define SIGNALS (sizeof(signals) / sizeof(signals[0]))

static volatile sig_atomic_t caught; /* the last signal, or 0 */

static void catch_it(int signal)
{
    caught = signal;
}

/* ---- lines ----------------------------------------------------------- */

/* APR_SUCCESS, APR_EOF without any octet, APR_EINTR, APR_ENOSPC for a line
 * that does not fit, APR_EINVAL for one with a NUL. */
static apr_status_t read_line(int fd, char room[HT_PASSWORD_ROOM])
{
    apr_size_t n = 0;
    apr_status_t rv = APR_SUCCESS;
    char octet = 0;
    ssize_t got = 0;

    while (!caught && (got = read(fd, &octet, 1)) == 1 && octet != '\n') {
        if (octet == '\0')
            rv = APR_EINVAL;
        else if (n + 1 < HT_PASSWORD_ROOM)
            room[n++] = octet;
        else
            rv = APR_ENOSPC;
    }
    if (n && room[n - 1] == '\r')
        n--;
    room[n] = '\0';
    if (caught || got < 0)
        return caught ? APR_EINTR : errno;
    return got == 0 && n == 0 ? APR_EOF : rv;
}

static int refuse_line(apr_status_t rv)
{
    if (rv == APR_EOF)
        return ht_error(HT_NO, "there is no password");
    if (rv == APR_EINTR)
        return ht_error(HT_SYSTEM, "interrupted; nothing was changed");
    if (rv == APR_EINVAL || rv == APR_ENOSPC)
        return ht_error(HT_NO, rv == APR_EINVAL
                        ? "the password has a control character, which "
                          "clients can't send"
                        : "the password has more than 511 octets");
    return ht_error(HT_SYSTEM, "the password can't be read: %pm", &rv);
}

static int prepare(apr_status_t rv, char password[HT_PASSWORD_ROOM])
{
    const char *why;

    if (rv != APR_SUCCESS)
        return refuse_line(rv);
    why = ht_password_prepare(password);
    return why ? ht_error(HT_NO, "%s", why) : HT_OK;
}

/* ---- the terminal ---------------------------------------------------- */

static void show(int fd, const char *text)
{
    while (*text) {
        ssize_t done = write(fd, text, strlen(text));

        if (done <= 0)
            return;
        text += done;
    }
}

static void catch_signals(struct sigaction old[SIGNALS])
{
    struct sigaction action = { 0 };
    apr_size_t i;

    caught = 0;
    action.sa_handler = catch_it; /* without SA_RESTART: read() returns */
    sigemptyset(&action.sa_mask);
    for (i = 0; i < SIGNALS; i++)
        sigaction(signals[i], &action, &old[i]);
}

static void restore_signals(const struct sigaction old[SIGNALS])
{
    apr_size_t i;

    for (i = 0; i < SIGNALS; i++)
        sigaction(signals[i], &old[i], NULL);
}

/* One line without echo; the signal that came meanwhile, or 0, in `caught`. */
static apr_status_t read_unseen(int tty, char room[HT_PASSWORD_ROOM],
                                const char *prompt)
{
    struct sigaction old[SIGNALS];
    struct termios before, quiet;
    apr_status_t rv;

    if (tcgetattr(tty, &before) != 0)
        return errno;
    catch_signals(old);
    quiet = before;
    quiet.c_lflag &= ~(tcflag_t)(ECHO | ECHONL);
    if (tcsetattr(tty, TCSAFLUSH, &quiet) == 0) {
        show(tty, prompt);
        rv = read_line(tty, room);
        show(tty, "\n");
    }
    else {
        rv = caught ? APR_EINTR : errno;
    }
    while (tcsetattr(tty, TCSAFLUSH, &before) != 0 && errno == EINTR
           && caught != SIGTTOU)
        ;
    restore_signals(old);
    return rv;
}

static int is_stop(int signal)
{
    return signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU;
}

/* A signal that came does now what it would have done; after a stop the
 * question is asked again. */
static apr_status_t ask(int tty, char room[HT_PASSWORD_ROOM],
                        const char *prompt)
{
    apr_status_t rv;
    int stopped;

    do {
        rv = read_unseen(tty, room, prompt);
        stopped = is_stop(caught);
        if (caught) {
            as_wipe(room, HT_PASSWORD_ROOM);
            raise(caught);
        }
        caught = 0;
    } while (stopped);
    return rv;
}

static int ask_again(int tty, const char password[HT_PASSWORD_ROOM])
{
    char again[HT_PASSWORD_ROOM];
    int code = prepare(ask(tty, again, "The same again: "), again);

    if (code == HT_OK && strcmp(password, again) != 0)
        code = ht_error(HT_NO, "the two passwords differ; nothing was changed");
    as_wipe(again, sizeof(again));
    return code;
}

static int ask_twice(int tty, char password[HT_PASSWORD_ROOM],
                     const char *whose)
{
    char prompt[HT_PASSWORD_ROOM];
    int code;

    apr_snprintf(prompt, sizeof(prompt), "Password for %s: ", whose);
    code = prepare(ask(tty, password, prompt), password);
    return code == HT_OK ? ask_again(tty, password) : code;
}

int ht_password_read(char password[HT_PASSWORD_ROOM], const char *whose)
{
    int tty, code;

    if (!isatty(STDIN_FILENO))
        return prepare(read_line(STDIN_FILENO, password), password);
    tty = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (tty < 0)
        return ht_error(HT_SYSTEM, "there is no terminal to ask for the "
                        "password; give it as a line of stdin");
    code = ask_twice(tty, password, whose);
    close(tty);
    return code;
}
