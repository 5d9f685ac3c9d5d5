/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * cache.h - what was found out at some cost and holds for a while, in memory
 * that all processes of a server share. Unlike the table of used proofs it may
 * forget anything at any time: who does not find an answer works it out again.
 * Knows no server and is tested without one.
 */
#ifndef CORE_CACHE_H
#define CORE_CACHE_H

#include "apr_errno.h"
#include "apr_time.h"
#include "authscheme_span.h"

#define CORE_CACHE_KEY_LEN 32
#define CORE_CACHE_MIN (16 * 1024)

/* A process's hold on a cache; copied freely. */
typedef struct core_cache {
    struct core_cache_shared *shared;
    apr_time_t (*clock)(void); /* apr_time_now, but for tests */
} core_cache;

typedef struct core_cache_counts {
    apr_uint64_t room; /* for that many answers */
    apr_uint64_t live; /* of them, estimated in a large cache */
    apr_uint64_t hits;
    apr_uint64_t misses;
    apr_uint64_t evicted; /* before their time */
} core_cache_counts;

/* Makes a cache in memory that is zero, shared between processes and aligned
 * to 64 octets; cache->clock is set. Its key is random and stands nowhere
 * else. APR_EINVAL if the size is below CORE_CACHE_MIN. */
apr_status_t core_cache_format(core_cache *cache, void *memory,
                               apr_size_t size);

/* Takes hold of a cache that was made before: APR_EINVAL if it is not one of
 * ours, whole and of that size. */
apr_status_t core_cache_attach(core_cache *cache, void *memory,
                               apr_size_t size);

/* Names an answer: a full-length keyed hash of the parts. */
apr_status_t core_cache_key(unsigned char key[CORE_CACHE_KEY_LEN],
                            const core_cache *cache, const as_span *parts,
                            int count);

/* The value, or 0 if there is none, it is over, or the lock is broken. */
apr_uint32_t core_cache_get(core_cache *cache,
                            const unsigned char key[CORE_CACHE_KEY_LEN]);

/* Keeps value (not 0) from now on for that long, in the place of any other
 * value of the key; room is made by what would be over first. */
void core_cache_put(core_cache *cache,
                    const unsigned char key[CORE_CACHE_KEY_LEN],
                    apr_uint32_t value, apr_interval_time_t lifetime);

core_cache_counts core_cache_count(core_cache *cache);

#endif
