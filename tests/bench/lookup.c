/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * lookup - what a credential file costs without a server.
 *
 *     lookup FILE
 *
 * Reads the file and makes its index, as httpd does. Every line "N" on stdin
 * looks N records up, at random places of the file. Answers with four numbers:
 * the nanoseconds per look-up, the milliseconds that reading took,
 * the octets of memory per record, the number of records.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "apr_file_io.h"
#include "apr_general.h"

#include "index.h"

#define SAMPLES 65536
#define BATCH 32

static as_cred samples[SAMPLES];

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static double resident(void)
{
    unsigned long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");

    if (!file || fscanf(file, "%*u %lu", &pages) != 1)
        exit(1);
    fclose(file);
    return (double)pages * (double)sysconf(_SC_PAGESIZE);
}

static void fail(const char *why)
{
    fprintf(stderr, "lookup: %s\n", why);
    exit(1);
}

static as_span read_file(const char *path, apr_pool_t *pool)
{
    apr_file_t *file;
    apr_finfo_t is;
    char *text;

    if (apr_file_open(&file, path, APR_READ | APR_BINARY, 0, pool)
        || apr_file_info_get(&is, APR_FINFO_SIZE, file))
        fail("cannot open the file");
    text = apr_palloc(pool, (apr_size_t)is.size + 1);
    if (apr_file_read_full(file, text, (apr_size_t)is.size, NULL))
        fail("cannot read the file");
    apr_file_close(file);
    return (as_span){ text, (apr_size_t)is.size };
}

/* Every n-th record, in an order that has nothing to do with the file's. */
static void sample(as_span text, apr_size_t count, apr_pool_t *pool)
{
    apr_size_t nth = 0, taken = 0, i;
    as_span line;

    while (taken < SAMPLES && as_cred_take_line(&line, &text))
        if (!as_cred_is_header(line) && as_cred_is_record(line)
            && nth++ * SAMPLES / count >= taken
            && !as_cred_read(&samples[taken], line, pool))
            taken++;
    if (!taken)
        fail("no records");
    srandom(1);
    for (i = 0; i < SAMPLES; i++) {
        apr_size_t other = (apr_size_t)random() % taken;
        as_cred was = samples[i % taken];

        samples[i % taken] = samples[other];
        samples[other] = was;
    }
    for (i = taken; i < SAMPLES; i++)
        samples[i] = samples[i % taken];
}

/* What a server looks up it has just read from a connection: copies that are
 * in the processor's caches, as the file is not. */
static void warm(as_cred batch[BATCH], apr_pool_t *pool)
{
    static apr_size_t next;
    int i;

    for (i = 0; i < BATCH; i++) {
        batch[i] = samples[next++ % SAMPLES];
        batch[i].id = apr_pstrdup(pool, batch[i].id);
        batch[i].realm = apr_pstrdup(pool, batch[i].realm);
        batch[i].place = apr_pstrdup(pool, batch[i].place);
        batch[i].algorithm = apr_pstrdup(pool, batch[i].algorithm);
        batch[i].user = apr_pstrdup(pool, batch[i].user);
    }
}

/* Returns the nanoseconds that a batch took. */
static double look_up(const cred_index *index, apr_pool_t *pool)
{
    as_cred batch[BATCH], found;
    double begun;
    int i;

    apr_pool_clear(pool);
    warm(batch, pool);
    begun = now();
    for (i = 0; i < BATCH; i++)
        if (cred_index_find(&found, index, batch[i].kind, batch[i].id,
                            batch[i].realm, batch[i].place,
                            batch[i].algorithm, pool) != APR_SUCCESS
            || strcmp(found.user, batch[i].user) != 0)
            fail("a record was not found");
    return now() - begun;
}

int main(int argc, char **argv)
{
    apr_pool_t *pool, *own, *scratch;
    double memory = resident(), begun, took;
    cred_index *index;
    const char *why;
    as_span text;
    char line[32];

    if (argc != 2)
        fail("usage: lookup FILE");
    apr_initialize();
    apr_pool_create(&pool, NULL);
    apr_pool_create(&own, pool);
    apr_pool_create(&scratch, pool);
    begun = now();
    text = read_file(argv[1], own);
    why = cred_index_build(&index, text, own);
    took = (now() - begun) / 1e6;
    if (why)
        fail(why);
    memory = (resident() - memory) / (double)cred_index_count(index);
    sample(text, cred_index_count(index), pool);
    while (fgets(line, sizeof(line), stdin)) {
        long batches = (atol(line) + BATCH - 1) / BATCH, i;
        double sum = 0;

        for (i = 0; i < batches; i++)
            sum += look_up(index, scratch);
        printf("%.0f %.0f %.0f %lu\n", sum / (double)(batches * BATCH), took,
               memory, (unsigned long)cred_index_count(index));
        fflush(stdout);
    }
    apr_terminate();
    return 0;
}
