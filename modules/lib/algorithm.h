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
    as_span spki;          /* DER in front of the point; empty for RSA */
};

/* JOSE's names exactly; crv NULL for kinds without. NULL if there is none. */
const as_key_kind *as_key_kind_find(const char *kty, const char *crv);

/* The kinds of public key in turn, from 0 on, then NULL. */
const as_key_kind *as_key_kind_at(int i);

/* Octets of a curve's point as as_key_from_point() takes it. */
apr_size_t as_key_point_len(const as_key_kind *kind);

/* A key made of its numbers, most significant octet first. APR_EINVAL with
 * *why if it is weak or none. */
apr_status_t as_key_from_rsa(const as_key **key, const char **why, as_span n,
                             as_span e, apr_pool_t *pool);

/* A key made of the point of its curve: X and Y, or an Edwards curve's own
 * encoding. APR_EINVAL with *why. */
apr_status_t as_key_from_point(const as_key **key, const char **why,
                               const as_key_kind *kind, as_span point,
                               apr_pool_t *pool);

#endif
