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

#include "mutual_group.h"

/* ---- octets that are hashed, RFC 8120 section 9 ---------------------- */

#define AS_MUTUAL_VI_MAX 10 /* octets of a 64 bit number, seven bits each */

/* VI(n): seven bits an octet, the highest first, 0x80 in all but the last.
 * Returns the place after it. */
unsigned char *as_mutual_put_number(unsigned char *at, apr_uint64_t n);

/* VS(s): its length as VI, and s. */
unsigned char *as_mutual_put_string(unsigned char *at, as_span text);

/* ---- from a password ------------------------------------------------- */

/* Whose password it is, and where it is good: changing any of it makes another
 * J. Octets as they are hashed: UTF-8, prepared by the caller. */
typedef struct as_mutual_user {
    as_span scope; /* auth-scope, as http://www.example.com */
    as_span realm; /* quoted-pairs undone */
    as_span user;
    as_span password;
} as_mutual_user;

/* pi, alg->hash_len octets; with it one can sign in. Wipe it after use.
 * APR_EINVAL for an empty user or password. */
apr_status_t as_mutual_pi(unsigned char pi[AS_MUTUAL_HASH_MAX],
                          const as_mutual_alg *alg,
                          const as_mutual_user *user);

/* J(pi) as text, terminated, 2 * alg->len characters. Empty after a failure.
 * Takes a few milliseconds. */
apr_status_t as_mutual_verifier(char hex[AS_MUTUAL_HEX_MAX + 1],
                                const as_mutual_alg *alg,
                                const as_mutual_user *user);

/* The same for a secret that is no password's pi. */
apr_status_t as_mutual_power_hex(char hex[AS_MUTUAL_HEX_MAX + 1],
                                 const as_mutual_group *group, as_span secret);

/* ---- what is stored -------------------------------------------------- */

/* J of its text; NULL for what is none of this group. The caller frees it. */
as_mutual_element *as_mutual_verifier_read(const as_mutual_group *group,
                                           as_span hex);

/* Whether a text could be a J of this algorithm: its length, its alphabet, in
 * range and in the group. */
int as_mutual_verifier_fits(const as_mutual_alg *alg, as_span hex);

#endif
