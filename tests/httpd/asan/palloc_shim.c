/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * palloc_shim - makes the allocations of APR pools visible to AddressSanitizer.
 *
 * A pool hands out pieces of large blocks, so ASan sees neither a read past
 * such a piece nor one after the pool is gone. Preloaded before libapr, this
 * gives every allocation a malloc() of its own, and frees all of a pool after
 * APR has cleared or destroyed it. libapr calls itself through its PLT, so
 * apr_pstrdup() and the like come by here as well; apr_psprintf() writes into
 * the pool's block and is therefore written anew.
 *
 * Pools are found by address in a table. A pool that is destroyed keeps its
 * record until APR is done with it, while another thread may already get a
 * pool at the same address: the record is taken out only if it is still ours.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dlfcn.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "apr_pools.h"
#include "apr_strings.h"

#undef apr_pcalloc
#undef apr_pool_clear
#undef apr_pool_destroy
#undef apr_pool_create_ex
#undef apr_pool_create_unmanaged_ex

#define BUCKETS 4096

typedef struct record {
    apr_pool_t *pool;
    void **pieces;
    size_t count, room;
    struct record *next;
} record;

static record *buckets[BUCKETS];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void *next_symbol(const char *name)
{
    void *symbol = dlsym(RTLD_NEXT, name);

    if (!symbol)
        abort();
    return symbol;
}

#define REAL(name) ((__typeof__(&(name)))next_symbol(#name))

/* ---- records; call with the lock held -------------------------------- */

static record **slot_of(apr_pool_t *pool)
{
    return &buckets[((size_t)pool >> 4) % BUCKETS];
}

static record *find(apr_pool_t *pool)
{
    record *rec = *slot_of(pool);

    while (rec && rec->pool != pool)
        rec = rec->next;
    return rec;
}

static void take_out(record *rec)
{
    record **at = slot_of(rec->pool);

    while (*at && *at != rec)
        at = &(*at)->next;
    if (*at)
        *at = rec->next;
}

static record *get(apr_pool_t *pool)
{
    record *rec = find(pool);

    if (!rec) {
        rec = calloc(1, sizeof(*rec));
        rec->pool = pool;
        rec->next = *slot_of(pool);
        *slot_of(pool) = rec;
    }
    return rec;
}

/* ---- pools ----------------------------------------------------------- */

static record *locked_find(apr_pool_t *pool)
{
    record *rec;

    pthread_mutex_lock(&lock);
    rec = find(pool);
    pthread_mutex_unlock(&lock);
    return rec;
}

static void let_go(record *rec)
{
    size_t i;

    if (!rec)
        return;
    pthread_mutex_lock(&lock);
    take_out(rec);
    pthread_mutex_unlock(&lock);
    for (i = 0; i < rec->count; i++)
        free(rec->pieces[i]);
    free(rec->pieces);
    free(rec);
}

/* Whatever stood at this address before is somebody else's to let go. */
static void born(apr_pool_t *pool)
{
    record *old;

    pthread_mutex_lock(&lock);
    old = find(pool);
    if (old)
        take_out(old);
    pthread_mutex_unlock(&lock);
}

/* A cleared pool goes on under its address. What cleanups allocate while it is
 * cleared belongs to the old life. */
void apr_pool_clear(apr_pool_t *pool)
{
    REAL(apr_pool_clear)(pool);
    let_go(locked_find(pool));
}

void apr_pool_destroy(apr_pool_t *pool)
{
    record *rec;

    pthread_mutex_lock(&lock);
    rec = get(pool);
    pthread_mutex_unlock(&lock);
    REAL(apr_pool_destroy)(pool);
    let_go(rec);
}

apr_status_t apr_pool_create_ex(apr_pool_t **pool, apr_pool_t *parent,
                                apr_abortfunc_t abort_fn,
                                apr_allocator_t *allocator)
{
    apr_status_t rv = REAL(apr_pool_create_ex)(pool, parent, abort_fn,
                                               allocator);

    if (rv == APR_SUCCESS)
        born(*pool);
    return rv;
}

apr_status_t apr_pool_create_unmanaged_ex(apr_pool_t **pool,
                                          apr_abortfunc_t abort_fn,
                                          apr_allocator_t *allocator)
{
    apr_status_t rv = REAL(apr_pool_create_unmanaged_ex)(pool, abort_fn,
                                                         allocator);

    if (rv == APR_SUCCESS)
        born(*pool);
    return rv;
}

/* ---- allocations ----------------------------------------------------- */

static void keep(apr_pool_t *pool, void *piece)
{
    record *rec;

    pthread_mutex_lock(&lock);
    rec = get(pool);
    if (rec->count == rec->room) {
        rec->room = rec->room ? 2 * rec->room : 32;
        rec->pieces = realloc(rec->pieces, rec->room * sizeof(void *));
    }
    rec->pieces[rec->count++] = piece;
    pthread_mutex_unlock(&lock);
}

void *apr_palloc(apr_pool_t *pool, apr_size_t size)
{
    void *piece = malloc(size);

    if (!piece)
        abort();
    keep(pool, piece);
    return piece;
}

void *apr_pcalloc(apr_pool_t *pool, apr_size_t size)
{
    return memset(apr_palloc(pool, size), 0, size);
}

char *apr_pvsprintf(apr_pool_t *pool, const char *format, va_list args)
{
    size_t room = 256;

    for (;;) {
        char *text = malloc(room), *fit;
        va_list again;
        int len;

        va_copy(again, args);
        len = apr_vsnprintf(text, room, format, again);
        va_end(again);
        if (len >= 0 && (size_t)len < room - 1) {
            fit = apr_palloc(pool, (size_t)len + 1);
            memcpy(fit, text, (size_t)len + 1);
            free(text);
            return fit;
        }
        free(text);
        room *= 2;
    }
}

char *apr_psprintf(apr_pool_t *pool, const char *format, ...)
{
    va_list args;
    char *text;

    va_start(args, format);
    text = apr_pvsprintf(pool, format, args);
    va_end(args);
    return text;
}
