/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * mutual_group.h - the groups that Mutual (RFC 8120) computes in: the four
 * algorithms of RFC 8121, made ready once and then used by any number of
 * threads.
 *
 * An element travels and is stored in its natural length, which is that of the
 * group's largest number: for a curve it is the number 2x + (y mod 2), which is
 * not the compressed form of SEC 1.
 */
#ifndef AS_MUTUAL_GROUP_H
#define AS_MUTUAL_GROUP_H

#include <openssl/bn.h>
#include <openssl/evp.h>

#include "apr_errno.h"
#include "authscheme_span.h"

#define AS_MUTUAL_LEN_MAX 512   /* octets of the longest element, or scalar */
#define AS_MUTUAL_HASH_MAX 64   /* octets of the longest hash, and pi */
#define AS_MUTUAL_HEX_MAX 1024  /* characters of the longest J */

/* A row of the table of algorithms; constant. */
typedef struct as_mutual_alg {
    const char *name;      /* "iso-kam3-ec-p256-sha256" */
    int curve;             /* OpenSSL's number of it, or 0 */
    BIGNUM *(*prime)(BIGNUM *into); /* q where there is no curve */
    const char *md;        /* OpenSSL's name of the hash */
    apr_size_t hash_len;   /* octets of a hash, and of pi */
    apr_size_t len;        /* octets of an element, or scalar */
    int is_hex;            /* numbers travel as that, else as base64 */
    int is_slow;           /* a step takes more than a millisecond */
} as_mutual_alg;

/* By name, without case; NULL for any other. */
const as_mutual_alg *as_mutual_alg_find(as_span name);

/* The algorithms, by index from 0 on; the first is the one to use where
 * nothing is said. NULL after the last. */
const as_mutual_alg *as_mutual_alg_at(int index);
#define AS_MUTUAL_ALGS 4

/* A group with all that is worth computing once. Read only after it is made. */
typedef struct as_mutual_group as_mutual_group;

/* NULL if OpenSSL fails. */
as_mutual_group *as_mutual_group_make(const as_mutual_alg *alg);
void as_mutual_group_free(as_mutual_group *group); /* NULL is fine */

const as_mutual_alg *as_mutual_group_alg(const as_mutual_group *group);

/* The hash of its algorithm; the group's. */
const EVP_MD *as_mutual_group_md(const as_mutual_group *group);

/* An element of the group that was found to be one. */
typedef struct as_mutual_element as_mutual_element;

/*
 * From its octets; NULL for anything that is none, RFC 8121 sections 3.1 and
 * 4.1: another length, 0, 1, q - 1, q and above, a number that is no power of
 * the generator; x not below the field's prime, a point that is not on the
 * curve. The point at infinity has no octets.
 */
as_mutual_element *as_mutual_element_read(const as_mutual_group *group,
                                          as_span octets);
void as_mutual_element_free(as_mutual_element *element); /* NULL is fine */

/*
 * The one formula that a server computes, for K_s1 and for z: (a * b^t)^s, or
 * [s](a + [t]b). b NULL is the generator. t is public and alg->hash_len octets;
 * s is secret, alg->len octets, and costs the same whatever it is. out gets
 * alg->len octets. APR_EINVAL if the result is one of the trivial elements:
 * then nothing may be built on it.
 */
apr_status_t as_mutual_step(unsigned char *out, const as_mutual_group *group,
                            const as_mutual_element *a,
                            const as_mutual_element *b,
                            const unsigned char *t, const unsigned char *s);

/* g^s or [s]G for a secret of any length; out gets alg->len octets. */
apr_status_t as_mutual_power(unsigned char *out, const as_mutual_group *group,
                             as_span secret);

/* A random secret, alg->len octets, of 1 to r - 1. */
apr_status_t as_mutual_secret(unsigned char *out,
                              const as_mutual_group *group);

#endif
