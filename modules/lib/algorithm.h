/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * algorithm.h - the two tables behind key.h: kinds of key and algorithms. Only
 * the files that make or use keys look in here.
 */
#ifndef AS_ALGORITHM_H
#define AS_ALGORITHM_H

#include "key.h"

enum {
    AS_RSA = 1 << 0,
    AS_P256 = 1 << 1,
    AS_P384 = 1 << 2,
    AS_P521 = 1 << 3,
    AS_K256 = 1 << 4,
    AS_ED25519 = 1 << 5,
    AS_ED448 = 1 << 6,
    AS_OCT = 1 << 7
};

/* A kind of key, with JOSE's and OpenSSL's names of it. */
struct as_key_kind {
    int bit;
    const char *kty;
    const char *crv;       /* NULL where the kind has no curve */
    const char *type;      /* OpenSSL's name of the key type */
    const char *group;     /* OpenSSL's name of the curve; NULL without one */
    apr_size_t coordinate; /* octets of x (and y) */
    apr_size_t spki;       /* octets of the DER; 0 where they vary */
};

/* JOSE's names exactly; crv NULL for kinds without. NULL if there is none. */
const as_key_kind *as_key_kind_find(const char *kty, const char *crv);

/* By what OpenSSL says of the key; NULL if we do not take its like. */
const as_key_kind *as_key_kind_of(const EVP_PKEY *pkey);

/* Checks the key's size and makes it the pool's, in failure too. */
apr_status_t as_key_adopt(as_key **key, const char **why, EVP_PKEY *pkey,
                          apr_pool_t *pool);

#endif
