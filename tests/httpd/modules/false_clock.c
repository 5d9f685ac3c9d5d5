/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * false_clock - preloaded, it shifts the time of day by the seconds in the
 * first eight octets of the file $FALSE_CLOCK, which a test rewrites while the
 * server runs.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static volatile int64_t *shift;

__attribute__((constructor)) static void map(void)
{
    const char *file = getenv("FALSE_CLOCK");
    int fd = file ? open(file, O_RDONLY) : -1;
    void *at = fd < 0 ? MAP_FAILED
                      : mmap(NULL, sizeof(*shift), PROT_READ, MAP_SHARED, fd, 0);

    if (fd >= 0)
        close(fd);
    shift = at == MAP_FAILED ? NULL : at;
}

int gettimeofday(struct timeval *restrict tv, void *restrict zone)
{
    struct timespec now;

    (void)zone;
    syscall(SYS_clock_gettime, CLOCK_REALTIME, &now);
    tv->tv_sec = now.tv_sec + (shift ? *shift : 0);
    tv->tv_usec = now.tv_nsec / 1000;
    return 0;
}
