/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * password.h - password hashes as crypt(3) and htpasswd write them.
 *
 *     $2y$ $2a$ $2b$   bcrypt
 *     $6$ $5$          sha512-crypt, sha256-crypt
 *     $apr1$ {SHA}     what old files have; verified, never made
 *
 * Anything else is unusable: the DES crypt, and a password in the clear.
 */
#ifndef AS_PASSWORD_H
#define AS_PASSWORD_H

#include "apr_errno.h"
#include "authscheme_span.h"

#define AS_PASSWORD_MAX 511 /* octets of a password, with any scheme */

/* A row of the table of schemes; constant. */
typedef struct as_password_scheme {
    const char *name;  /* "bcrypt" */
    apr_size_t longest; /* password that it hashes whole, in octets */
    /* What a hash may cost: bcrypt's base-2 logarithm, the rounds of others.
     * All 0 where the scheme leaves no choice. */
    unsigned int least, usual, most;
    const char *prefix; /* of hashes that we make; NULL: we make none */
    /* The rest is password.c's own. */
    int (*parse)(unsigned int *cost, as_span rest);
    void (*imitate)(char *hash, unsigned int cost);
    int (*compute)(char *out, const char *hash, const char *password);
} as_password_scheme;

typedef enum as_password {
    AS_PASSWORD_RIGHT,
    AS_PASSWORD_WRONG,
    AS_PASSWORD_TOO_LONG, /* more than the hash's scheme tells apart, such as
                             72 octets with bcrypt */
    AS_PASSWORD_UNUSABLE  /* not a whole hash of a scheme above, or of a cost
                             out of bounds; nothing was computed */
} as_password;

/* The scheme of a hash, with its cost (0 where the scheme leaves no choice);
 * NULL if it is unusable. */
const as_password_scheme *as_password_scheme_of(unsigned int *cost,
                                                as_span hash);

/* By name: a scheme that hashes can be made with, "bcrypt" or "sha512-crypt";
 * else NULL. */
const as_password_scheme *as_password_scheme_find(as_span name);

/* Takes as long as the hash costs, milliseconds to seconds. Thread-safe. */
as_password as_password_verify(as_span hash, const char *password);

/* Hashes with a fresh salt, cost 0 is the usual one. APR_EINVAL if the cost
 * is out of bounds or the password too long, APR_EGENERAL without randomness
 * or memory; *hash is NULL then. */
apr_status_t as_password_hash(const char **hash,
                              const as_password_scheme *scheme,
                              unsigned int cost, const char *password,
                              apr_pool_t *pool);

/* What it takes to verify such a hash, as a number to keep for later: the
 * scheme and the cost. 0 if the hash is unusable. */
apr_uint32_t as_password_effort(as_span hash);

/* Takes as long as as_password_verify() with a hash of that effort; 0 is that
 * of the hashes that as_password_hash() makes. For users who do not exist. */
void as_password_spend(apr_uint32_t effort, const char *password);

#endif
