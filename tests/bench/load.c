/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * load - sends prepared requests over kept-alive connections.
 *
 *     load PORT CONNECTIONS FILE
 *
 * FILE holds requests, each behind a line "STATUS LENGTH" that says which
 * status is right and how many octets follow. Every line "N" on stdin sends
 * the next N of them (from the beginning again after the last), one at a time
 * on each connection, and answers with "MICROSECONDS WRONG STATUS": the time
 * it took, how many answers had another status than they should, and the last
 * of those. Connections stay open between the lines, so that what is measured
 * around them is requests only. A request may be larger than a socket takes at
 * once; the others go on meanwhile.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CONNECTIONS_MAX 64
#define ANSWER_MAX 65536

typedef struct request {
    int status;
    size_t len;
    const char *text;
} request;

typedef struct connection {
    int fd;
    int busy;
    const request *sent;
    size_t done; /* octets of it that went out */
    char answer[ANSWER_MAX + 1];
    size_t len;
} connection;

static request *requests;
static size_t request_count, next_request;
static connection connections[CONNECTIONS_MAX];
static struct pollfd polled[CONNECTIONS_MAX];
static int port, connection_count;
static long wrong;
static int wrong_status;

static void die(const char *what)
{
    perror(what);
    exit(1);
}

/* ---- the file -------------------------------------------------------- */

static char *read_all(const char *name, size_t *len)
{
    FILE *file = fopen(name, "rb");
    char *text;
    long size;

    if (!file || fseek(file, 0, SEEK_END) != 0)
        die(name);
    size = ftell(file);
    if (size < 0)
        die(name);
    rewind(file);
    text = malloc((size_t)size + 1);
    if (!text || fread(text, 1, (size_t)size, file) != (size_t)size)
        die(name);
    text[size] = '\0';
    fclose(file);
    *len = (size_t)size;
    return text;
}

static void read_requests(const char *name)
{
    size_t len;
    char *at = read_all(name, &len), *end = at + len;

    while (at < end) {
        request *made;

        requests = realloc(requests, sizeof(*requests) * (request_count + 1));
        if (!requests)
            die("realloc");
        made = &requests[request_count++];
        made->status = (int)strtol(at, &at, 10);
        made->len = strtoul(at, &at, 10);
        made->text = at + 1;
        if (*at != '\n' || made->len > (size_t)(end - at - 1)) {
            fprintf(stderr, "%s: request %zu is damaged\n", name,
                    request_count);
            exit(1);
        }
        at += 1 + made->len;
    }
    if (!request_count) {
        fprintf(stderr, "%s: no requests\n", name);
        exit(1);
    }
}

/* ---- connections ----------------------------------------------------- */

static void open_connection(connection *c)
{
    struct sockaddr_in to = { .sin_family = AF_INET };
    int on = 1;

    to.sin_port = htons((unsigned short)port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    c->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&to, sizeof(to)) != 0)
        die("connect");
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    polled[c - connections] = (struct pollfd){ c->fd, POLLIN, 0 };
}

/* As much as the socket takes. */
static void send_more(connection *c)
{
    struct pollfd *waits = &polled[c - connections];

    while (c->done < c->sent->len) {
        ssize_t n = send(c->fd, c->sent->text + c->done,
                         c->sent->len - c->done, MSG_NOSIGNAL | MSG_DONTWAIT);

        if (n < 0 && errno == EAGAIN)
            break;
        if (n <= 0)
            die("send");
        c->done += (size_t)n;
    }
    waits->events = c->done < c->sent->len ? POLLIN | POLLOUT : POLLIN;
}

static void send_next(connection *c)
{
    c->sent = &requests[next_request];
    next_request = (next_request + 1) % request_count;
    c->done = 0;
    c->len = 0;
    c->busy = 1;
    send_more(c);
}

/* The value of a header field between the status line and the blank line. */
static const char *field(const char *answer, const char *end, const char *name)
{
    size_t len = strlen(name);
    const char *line = strstr(answer, "\r\n");

    for (; line && line < end; line = strstr(line, "\r\n")) {
        line += 2;
        if (strncasecmp(line, name, len) == 0)
            return line + len;
    }
    return NULL;
}

/* Takes what has come; 1 if the answer is complete. */
static int take_answer(connection *c)
{
    ssize_t n = recv(c->fd, c->answer + c->len, ANSWER_MAX - c->len, 0);
    const char *body, *length;
    int status;

    if (n <= 0)
        die("recv: the server closed the connection");
    c->len += (size_t)n;
    c->answer[c->len] = '\0';
    body = strstr(c->answer, "\r\n\r\n");
    if (!body)
        return 0;
    length = field(c->answer, body, "Content-Length:");
    status = atoi(c->answer + 9);
    if (!length && status != 204) {
        fprintf(stderr, "an answer without Content-Length:\n%s", c->answer);
        exit(1);
    }
    if (length && c->len < (size_t)(body + 4 - c->answer)
                               + strtoul(length, NULL, 10))
        return 0;

    if (status != c->sent->status) {
        wrong++;
        wrong_status = status;
    }
    if (field(c->answer, body, "Connection: close")
        || c->done < c->sent->len) { /* refused before all of it came */
        close(c->fd);
        open_connection(c);
    }
    c->busy = 0;
    return 1;
}

/* ---- rounds ---------------------------------------------------------- */

static void run(long count)
{
    long sent = 0, answered = 0;
    int i;

    for (i = 0; i < connection_count && sent < count; i++, sent++)
        send_next(&connections[i]);
    while (answered < count) {
        if (poll(polled, (nfds_t)connection_count, -1) < 0 && errno != EINTR)
            die("poll");
        for (i = 0; i < connection_count; i++) {
            connection *c = &connections[i];

            if (c->busy && polled[i].revents & POLLOUT)
                send_more(c);
            if (!c->busy || !(polled[i].revents & ~POLLOUT)
                || !take_answer(c))
                continue;
            answered++;
            if (sent < count) {
                send_next(c);
                sent++;
            }
        }
    }
}

static long long now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000LL + t.tv_nsec / 1000;
}

int main(int argc, char **argv)
{
    char line[32];
    int i;

    if (argc != 4) {
        fprintf(stderr, "usage: load PORT CONNECTIONS FILE\n");
        return 2;
    }
    port = atoi(argv[1]);
    connection_count = atoi(argv[2]);
    if (connection_count < 1 || connection_count > CONNECTIONS_MAX)
        return 2;
    read_requests(argv[3]);
    for (i = 0; i < connection_count; i++)
        open_connection(&connections[i]);
    while (fgets(line, sizeof(line), stdin)) {
        long long begun = now();

        wrong = wrong_status = 0;
        run(atol(line));
        printf("%lld %ld %d\n", now() - begun, wrong, wrong_status);
        fflush(stdout);
    }
    return 0;
}
