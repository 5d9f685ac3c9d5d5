/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * A cache of answers. An entry has no name but a keyed hash, of which neither
 * the question nor a password in it can be told back; the key is random and
 * lives in this memory only.
 *
 * The cache is made of buckets of 8 entries; a lock guards every 32nd bucket.
 * Whoever dies with a lock may leave an entry half written, so the next to
 * lock empties those buckets.
 *
 * An entry knows when it was written, and is no answer before: a clock that is
 * set back ends entries and never lengthens them.
 */
#include <stdatomic.h>

#include "cache.h"
#include "lock.h"
#include "secret.h"

#define MAGIC "authscheme cache 1"
#define STRIPES 32 /* thread sanitizer follows at most 64 locks at once */
#define WAYS 8
#define SAMPLE 1024 /* buckets that are looked at for an estimate */

typedef struct entry {
    unsigned char key[CORE_CACHE_KEY_LEN];
    apr_time_t begins;
    apr_time_t ends;
    apr_uint32_t value; /* 0 = no entry here */
} entry;

typedef struct bucket {
    entry entries[WAYS];
} bucket;

struct core_cache_shared {
    char magic[sizeof(MAGIC)];
    apr_uint64_t size, bucket_size, buckets;
    unsigned char salt[AS_SHA256_LEN];

    _Atomic apr_uint64_t hits, misses, evicted;

    core_lock stripes[STRIPES];
    bucket at[];
};

typedef struct core_cache_shared shared;

/* ---- making a cache -------------------------------------------------- */

apr_status_t core_cache_format(core_cache *cache, void *memory,
                               apr_size_t size)
{
    shared *s = memory;

    if (size < CORE_CACHE_MIN)
        return APR_EINVAL;
    s->size = size;
    s->bucket_size = sizeof(bucket);
    s->buckets = (size - sizeof(*s)) / sizeof(bucket);
    if (as_random(s->salt, sizeof(s->salt)) != APR_SUCCESS
        || !core_locks_make(s->stripes, STRIPES))
        return APR_EGENERAL;
    memcpy(s->magic, MAGIC, sizeof(MAGIC));
    cache->shared = s;
    return APR_SUCCESS;
}

apr_status_t core_cache_attach(core_cache *cache, void *memory,
                               apr_size_t size)
{
    shared *s = memory;

    if (size < CORE_CACHE_MIN || memcmp(s->magic, MAGIC, sizeof(MAGIC)) != 0
        || s->size != size || s->bucket_size != sizeof(bucket)
        || s->buckets != (size - sizeof(*s)) / sizeof(bucket))
        return APR_EINVAL;
    cache->shared = s;
    return APR_SUCCESS;
}

/* ---- using it -------------------------------------------------------- */

apr_status_t core_cache_key(unsigned char key[CORE_CACHE_KEY_LEN],
                            const core_cache *cache, const as_span *parts,
                            int count)
{
    as_span salt = { (const char *)cache->shared->salt, AS_SHA256_LEN };

    return as_mac(key, salt, parts, count);
}

static apr_uint64_t bucket_of(const shared *s,
                              const unsigned char key[CORE_CACHE_KEY_LEN])
{
    apr_uint64_t number;

    memcpy(&number, key, sizeof(number));
    return number % s->buckets;
}

static int lock(shared *s, apr_uint64_t nth)
{
    core_locked got = core_lock_take(&s->stripes[nth % STRIPES]);
    apr_uint64_t i;

    if (got == CORE_LOCK_ORPHAN)
        for (i = nth % STRIPES; i < s->buckets; i += STRIPES)
            memset(&s->at[i], 0, sizeof(s->at[i]));
    return got != CORE_LOCK_NONE;
}

static void unlock(shared *s, apr_uint64_t nth)
{
    core_lock_drop(&s->stripes[nth % STRIPES]);
}

static int lives(const entry *e, apr_time_t now)
{
    return e->value && e->begins <= now && now < e->ends;
}

static entry *find(bucket *b, const unsigned char key[CORE_CACHE_KEY_LEN])
{
    int way;

    for (way = 0; way < WAYS; way++)
        if (b->entries[way].value
            && memcmp(b->entries[way].key, key, CORE_CACHE_KEY_LEN) == 0)
            return &b->entries[way];
    return NULL;
}

apr_uint32_t core_cache_get(core_cache *cache,
                            const unsigned char key[CORE_CACHE_KEY_LEN])
{
    shared *s = cache->shared;
    apr_uint64_t nth = bucket_of(s, key);
    apr_uint32_t value = 0;
    const entry *e;

    if (!lock(s, nth))
        return 0;
    e = find(&s->at[nth], key);
    if (e && lives(e, cache->clock()))
        value = e->value;
    unlock(s, nth);
    atomic_fetch_add_explicit(value ? &s->hits : &s->misses, 1,
                              memory_order_relaxed);
    return value;
}

/* Anything over, or else what is over first. */
static entry *make_room(shared *s, bucket *b, apr_time_t now)
{
    entry *best = &b->entries[0];
    int way;

    for (way = 0; way < WAYS; way++) {
        entry *e = &b->entries[way];

        if (!lives(e, now))
            return e;
        if (e->ends < best->ends)
            best = e;
    }
    atomic_fetch_add_explicit(&s->evicted, 1, memory_order_relaxed);
    return best;
}

void core_cache_put(core_cache *cache,
                    const unsigned char key[CORE_CACHE_KEY_LEN],
                    apr_uint32_t value, apr_interval_time_t lifetime)
{
    shared *s = cache->shared;
    apr_uint64_t nth = bucket_of(s, key);
    apr_time_t now;
    entry *e;

    if (!lock(s, nth))
        return;
    now = cache->clock();
    e = find(&s->at[nth], key);
    if (!e)
        e = make_room(s, &s->at[nth], now);
    memcpy(e->key, key, CORE_CACHE_KEY_LEN);
    e->begins = now;
    e->ends = now + lifetime;
    e->value = value;
    unlock(s, nth);
}

/* ---- what an administrator can see ----------------------------------- */

static apr_uint64_t count_live(const bucket *b, apr_time_t now)
{
    apr_uint64_t live = 0;
    int way;

    for (way = 0; way < WAYS; way++)
        live += (apr_uint64_t)lives(&b->entries[way], now);
    return live;
}

core_cache_counts core_cache_count(core_cache *cache)
{
    shared *s = cache->shared;
    apr_uint64_t nth, n = s->buckets < SAMPLE ? s->buckets : SAMPLE;
    core_cache_counts counts = { 0 };
    apr_time_t now = cache->clock();

    counts.room = s->buckets * WAYS;
    counts.hits = atomic_load(&s->hits);
    counts.misses = atomic_load(&s->misses);
    counts.evicted = atomic_load(&s->evicted);
    for (nth = 0; nth < n && lock(s, nth); nth++) {
        counts.live += count_live(&s->at[nth], now);
        unlock(s, nth);
    }
    if (n)
        counts.live = counts.live * s->buckets / n;
    return counts;
}
