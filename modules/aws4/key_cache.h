/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * key_cache.h - signing keys that were right, for the rest of their day.
 */
#ifndef AWS4_KEY_CACHE_H
#define AWS4_KEY_CACHE_H

#include "apr_pools.h"
#include "secret.h"

/* Begins a process's cache, which is wiped with the pool. Without it, or if
 * this fails, nothing is kept. */
apr_status_t aws4_keys_init(apr_pool_t *pool);

/* 1 if a key was kept under the tag. */
int aws4_keys_find(unsigned char key[AS_SHA256_LEN],
                   const unsigned char tag[AS_SHA256_LEN]);

void aws4_keys_keep(const unsigned char key[AS_SHA256_LEN],
                    const unsigned char tag[AS_SHA256_LEN]);

#endif
