/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * LD_PRELOAD: the FAIL_NTH-th call of FAIL_CALL fails with the errno FAIL_WITH,
 * or the process is killed there (FAIL_WITH=0); a write() is cut in half before.
 * Says on stderr that it happened, so that a test knows when calls run out.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static const char happened[] = "fault: here\n";

/* Whether this call is the one. */
static int is_due(const char *call)
{
    static int count;
    const char *wanted = getenv("FAIL_CALL");

    return wanted && !strcmp(wanted, call)
           && ++count == atoi(getenv("FAIL_NTH"));
}

static int fail(void)
{
    ssize_t (*to)(int, const void *, size_t)
        = (ssize_t (*)(int, const void *, size_t))dlsym(RTLD_NEXT, "write");
    int error = atoi(getenv("FAIL_WITH"));

    if (to(2, happened, sizeof(happened) - 1) < 0 || !error)
        kill(getpid(), SIGKILL);
    errno = error;
    return -1;
}

ssize_t write(int fd, const void *octets, size_t count)
{
    ssize_t (*real)(int, const void *, size_t)
        = (ssize_t (*)(int, const void *, size_t))dlsym(RTLD_NEXT, "write");

    if (fd <= 2 || !is_due("write"))
        return real(fd, octets, count);
    if (real(fd, octets, count / 2) < 0)
        return -1;
    return fail();
}

int fsync(int fd)
{
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fsync");

    return is_due("fsync") ? fail() : real(fd);
}

int fchmod(int fd, mode_t mode)
{
    int (*real)(int, mode_t) = (int (*)(int, mode_t))dlsym(RTLD_NEXT,
                                                           "fchmod");

    return is_due("fchmod") ? fail() : real(fd, mode);
}

int fchown(int fd, uid_t user, gid_t group)
{
    int (*real)(int, uid_t, gid_t)
        = (int (*)(int, uid_t, gid_t))dlsym(RTLD_NEXT, "fchown");

    return is_due("fchown") ? fail() : real(fd, user, group);
}

int rename(const char *from, const char *to)
{
    int (*real)(const char *, const char *)
        = (int (*)(const char *, const char *))dlsym(RTLD_NEXT, "rename");

    return is_due("rename") ? fail() : real(from, to);
}
