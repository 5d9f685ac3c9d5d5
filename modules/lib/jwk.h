/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * jwk.h - JSON Web Keys and sets of them, RFC 7517.
 */
#ifndef AS_JWK_H
#define AS_JWK_H

#include "key.h"

#define AS_JWKS_MAX 1048576 /* octets */
#define AS_JWKS_KEYS_MAX 100

typedef struct as_key_set {
    const as_key *const *keys; /* prepared */
    int count;
    int skipped; /* keys that are not for us, or not good enough */
    int exposed; /* keys that came with their private half */
} as_key_set;

/*
 * From a JWK set, or from a single JWK. Keys that cannot be used are skipped:
 * of unknown type, curve or algorithm, not for signatures, too weak, damaged.
 * Two keys of one kid, type and algorithm are both skipped. APR_EINVAL with
 * *why (constant text) for what is no set and for a set without a usable key;
 * *set counts even then.
 *
 * "oct" keys are read only with allow_secret; a set that mixes them with
 * public keys is refused.
 */
apr_status_t as_key_set_from_jwks(as_key_set *set, const char **why,
                                  as_span json, int allow_secret,
                                  apr_pool_t *pool);

/* A set of one. */
void as_key_set_of(as_key_set *set, const as_key *key, apr_pool_t *pool);

#endif
