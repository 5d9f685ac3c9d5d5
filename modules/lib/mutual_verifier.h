/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * mutual_verifier.h - what a server keeps of a password for Mutual (RFC 8120):
 * J(pi) by the four algorithms of RFC 8121.
 *
 *     pi = PBKDF2(password, VS(algorithm) VS(auth-scope) VS(realm) VS(user))
 *     J  = g^pi mod q, or [pi]G
 *
 * As text it is the number in its natural length, lower-case hexadecimal.
 */
#ifndef AS_MUTUAL_VERIFIER_H
#define AS_MUTUAL_VERIFIER_H

#include <openssl/bn.h>

#include "apr_errno.h"
#include "authscheme_span.h"

#define AS_MUTUAL_HEX_MAX 1024 /* characters of the longest J */
#define AS_MUTUAL_PI_MAX 64    /* octets of the longest pi */

/* A row of the table of algorithms; constant. */
typedef struct as_mutual_alg {
    const char *name;     /* "iso-kam3-ec-p256-sha256" */
    int curve;            /* OpenSSL's number of it, or 0 */
    BIGNUM *(*prime)(BIGNUM *into); /* q where there is no curve */
    const char *md;       /* OpenSSL's name of the hash */
    apr_size_t pi_len;    /* octets of a hash, and of pi */
    apr_size_t len;       /* octets of a group element */
} as_mutual_alg;

/* By name, without case; NULL for any other. */
const as_mutual_alg *as_mutual_alg_find(as_span name);

/* The algorithms, by index from 0 on; the first is the one to use where
 * nothing is said. NULL after the last. */
const as_mutual_alg *as_mutual_alg_at(int index);

/* Whose password it is, and where it is good: changing any of it makes another
 * J. Octets as they are hashed: UTF-8, prepared by the caller. */
typedef struct as_mutual_user {
    as_span scope; /* auth-scope, as http://www.example.com */
    as_span realm; /* quoted-pairs undone */
    as_span user;
    as_span password;
} as_mutual_user;

/* pi, alg->pi_len octets; with it one can sign in. Wipe it after use.
 * APR_EINVAL for an empty user or password. */
apr_status_t as_mutual_pi(unsigned char pi[AS_MUTUAL_PI_MAX],
                          const as_mutual_alg *alg,
                          const as_mutual_user *user);

/* J(pi) as text, terminated, 2 * alg->len characters. Empty after a failure.
 * Takes a few milliseconds. */
apr_status_t as_mutual_verifier(char hex[AS_MUTUAL_HEX_MAX + 1],
                                const as_mutual_alg *alg,
                                const as_mutual_user *user);

/* Whether a text could be a J of this algorithm: its length, its alphabet, in
 * range and in the group. */
int as_mutual_verifier_fits(const as_mutual_alg *alg, as_span hex);

#endif
