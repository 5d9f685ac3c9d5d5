/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * nonce.h - nonces that verify themselves: nothing is stored when one is made.
 */
#ifndef AS_NONCE_H
#define AS_NONCE_H

#include "apr_errno.h"
#include "apr_time.h"
#include "authscheme_span.h"
#include "secret.h"

#define AS_NONCE_RANDOM 16  /* octets of randomness in a nonce */
#define AS_NONCE_TEXT_LEN 54 /* characters of a nonce */

/* What one server secret makes and checks nonces with. Wipe it. */
typedef struct as_nonce_keys {
    unsigned char mask[AS_SHA256_LEN];
    unsigned char tag[AS_SHA256_LEN];
} as_nonce_keys;

/* What a nonce is good for; all of it must be the same when it comes back. */
typedef struct as_nonce_use {
    as_span purpose;    /* "HOBA challenge" */
    as_span bound;      /* an origin, a realm */
    apr_uint64_t epoch; /* counts how often the clock was turned back */
} as_nonce_use;

/* From a secret of at most 64 octets. */
apr_status_t as_nonce_keys_derive(as_nonce_keys *keys, as_span secret);

/* The nonce, terminated. `fresh` must never serve twice. The time is kept in
 * milliseconds. NULL if a MAC could not be made. */
const char *as_nonce_seal(const as_nonce_keys *keys, const as_nonce_use *use,
                          const unsigned char fresh[AS_NONCE_RANDOM],
                          apr_time_t issued, apr_pool_t *pool);

/* Tries the nonce against each of keys[0..count). APR_SUCCESS sets *issued;
 * APR_EINVAL for everything that as_nonce_seal() did not make for this use. */
apr_status_t as_nonce_open(apr_time_t *issued, const as_nonce_keys *keys,
                           int count, const as_nonce_use *use, as_span nonce,
                           apr_pool_t *pool);

#endif
