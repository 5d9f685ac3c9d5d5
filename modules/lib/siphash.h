/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * siphash.h - SipHash-2-4 (Aumasson and Bernstein, 2012): where something goes
 * in a hash table that strangers must not be able to aim at.
 */
#ifndef AS_SIPHASH_H
#define AS_SIPHASH_H

#include "authscheme_span.h"

typedef struct as_siphash_key {
    apr_uint64_t k0, k1;
} as_siphash_key;

typedef struct as_siphash {
    apr_uint64_t v0, v1, v2, v3;
    apr_uint64_t word;    /* octets that do not fill a word yet */
    unsigned int in_word; /* how many those are */
    apr_size_t len;
} as_siphash;

void as_siphash_begin(as_siphash *hash, const as_siphash_key *key);

void as_siphash_add(as_siphash *hash, as_span octets);

apr_uint64_t as_siphash_end(as_siphash *hash);

#endif
