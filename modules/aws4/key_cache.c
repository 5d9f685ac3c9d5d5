/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Derived keys that a signature matched with, in a table of fixed size in each
 * process. What they were derived from is in the tag: a record that was changed
 * finds nothing here. Only who has a secret gets in, and the oldest of a row
 * goes.
 */
#include "apr_thread_mutex.h"

#include "key_cache.h"

#define ROWS 64
#define IN_A_ROW 4

typedef struct kept_key {
    unsigned char tag[AS_SHA256_LEN];
    unsigned char key[AS_SHA256_LEN];
} kept_key;

static struct {
    apr_thread_mutex_t *lock; /* NULL: there is no cache */
    kept_key keys[ROWS][IN_A_ROW]; /* the newest is the first */
    int counts[ROWS];
} cache;

static apr_status_t forget(void *unused)
{
    (void)unused;
    cache.lock = NULL;
    as_wipe(cache.keys, sizeof(cache.keys));
    memset(cache.counts, 0, sizeof(cache.counts));
    return APR_SUCCESS;
}

apr_status_t aws4_keys_init(apr_pool_t *pool)
{
    apr_status_t rv = apr_thread_mutex_create(&cache.lock,
                                              APR_THREAD_MUTEX_DEFAULT, pool);

    if (rv != APR_SUCCESS)
        cache.lock = NULL;
    apr_pool_cleanup_register(pool, NULL, forget, apr_pool_cleanup_null);
    return rv;
}

static const kept_key *find(const unsigned char tag[AS_SHA256_LEN])
{
    int row = tag[0] % ROWS, i;

    for (i = 0; i < cache.counts[row]; i++)
        if (CRYPTO_memcmp(cache.keys[row][i].tag, tag, AS_SHA256_LEN) == 0)
            return &cache.keys[row][i];
    return NULL;
}

int aws4_keys_find(unsigned char key[AS_SHA256_LEN],
                   const unsigned char tag[AS_SHA256_LEN])
{
    const kept_key *found;

    if (!cache.lock)
        return 0;
    apr_thread_mutex_lock(cache.lock);
    found = find(tag);
    if (found)
        memcpy(key, found->key, AS_SHA256_LEN);
    apr_thread_mutex_unlock(cache.lock);
    return found != NULL;
}

void aws4_keys_keep(const unsigned char key[AS_SHA256_LEN],
                    const unsigned char tag[AS_SHA256_LEN])
{
    int row = tag[0] % ROWS;
    kept_key *keys = cache.keys[row];

    if (!cache.lock)
        return;
    apr_thread_mutex_lock(cache.lock);
    if (!find(tag)) {
        memmove(keys + 1, keys, sizeof(*keys) * (IN_A_ROW - 1));
        memcpy(keys->tag, tag, AS_SHA256_LEN);
        memcpy(keys->key, key, AS_SHA256_LEN);
        if (cache.counts[row] < IN_A_ROW)
            cache.counts[row]++;
    }
    apr_thread_mutex_unlock(cache.lock);
}
