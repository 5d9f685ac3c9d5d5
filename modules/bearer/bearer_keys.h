/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * bearer_keys.h - a file of keys, which is read again when it changes.
 *
 * The keys of one moment are a generation, never changed once it is made; a
 * request holds on to one while it verifies. A file that went bad leaves the
 * last good generation in place.
 */
#ifndef BEARER_KEYS_H
#define BEARER_KEYS_H

#include "apr_time.h"
#include "jwk.h"

#define BEARER_KEYS_INTERVAL apr_time_from_sec(10) /* between looks at a file */

typedef struct bearer_generation {
    as_key_set set;
    int symmetric; /* the keys are HMAC secrets */
} bearer_generation;

typedef struct bearer_keys bearer_keys;

/* At start. NULL with *keys in pool, or what is wrong for the administrator:
 * the file is missing, can be written by everybody, holds a private key, holds
 * secrets that everybody can read, or no key that can be used. */
const char *bearer_keys_open(bearer_keys **keys, const char *path,
                             apr_pool_t *pool);

const char *bearer_keys_path(const bearer_keys *keys);

/* The generation of now; every one has to be released. From any thread. */
const bearer_generation *bearer_keys_acquire(bearer_keys *keys);
void bearer_keys_release(bearer_keys *keys, const bearer_generation *held);

typedef enum bearer_news {
    BEARER_NO_NEWS,   /* nothing changed, or it was looked at just now */
    BEARER_NEW_KEYS,  /* a new generation stands */
    BEARER_BAD_FILE   /* it changed and is not used; said once per change */
} bearer_news;

/* Looks at the file if the last look is BEARER_KEYS_INTERVAL ago. From any
 * thread; one looks, the others go on. *why is in pool. */
bearer_news bearer_keys_refresh(bearer_keys *keys, apr_time_t now,
                                const char **why, apr_pool_t *pool);

#endif
