/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * message.h - the messages of Mutual, RFC 8120 sections 3 and 4: what a client
 * sends, parsed, and the lines that a server answers with.
 */
#ifndef MUTUAL_MESSAGE_H
#define MUTUAL_MESSAGE_H

#include "mutual_group.h"

#define MUTUAL_USER_MAX 255 /* octets */

/* What the client wants. */
typedef enum mutual_kind {
    MUTUAL_KEX, /* req-KEX-C1: a key exchange */
    MUTUAL_VFY  /* req-VFY-C: to prove itself */
} mutual_kind;

/* Credentials. Quoted-pairs are undone, extended values decoded; `at` is NULL
 * for a parameter that is not there. */
typedef struct mutual_params {
    as_span version, algorithm, validation, scope, realm;
    as_span user, kc1;
    as_span sid, nc, vkc;
    int exchanges; /* how many of kc<number> there are */
    int proofs;    /* the same of vkc */
    int foreign;   /* and of what only servers send */
} mutual_params;

/*
 * Takes the parameters out of parsed credentials. NULL, or what is wrong with
 * them as constant text: a value that is not of its type, a name twice (with
 * and without its *), realm*, an extended value that is not UTF-8. Unknown
 * parameters are ignored. RFC 8120 section 3.
 */
const char *mutual_read(mutual_params *params, const as_credentials *sent,
                        apr_pool_t *pool);

/* Which message it is; or what is wrong with it: a missing parameter, more
 * than one exclusive one, another version. RFC 8120 section 4. */
const char *mutual_classify(mutual_kind *kind, const mutual_params *params);

/* A natural number, section 3.2.3: no sign, no leading zero. One that is too
 * large is APR_UINT64_MAX. 0 if it is none. */
int mutual_natural(apr_uint64_t *number, as_span text);

/* Octets of a number in the form of its algorithm, `len` of them, in any case
 * of hexadecimal and in the one spelling of base64. 0 if it is none of that
 * length. */
int mutual_number(unsigned char *octets, apr_size_t len,
                  const as_mutual_alg *alg, as_span text);

/* The same number as text to be sent, with its quotes if it needs them. */
const char *mutual_number_text(apr_pool_t *pool, const as_mutual_alg *alg,
                               const unsigned char *octets, apr_size_t len);

/* ---- what the server says -------------------------------------------- */

/* The realm in the sense of section 5, and how the server is named. */
typedef struct mutual_place {
    const as_mutual_alg *alg;
    const char *validation; /* "host" or "tls-server-end-point" */
    const char *scope;      /* auth-scope, ASCII without quotes */
    const char *realm;      /* ready to stand between quotes */
} mutual_place;

/* 401-INIT and 401-STALE; reason is a token of section 4.1. `more` is "" or
 * ", name=value". */
const char *mutual_init_line(apr_pool_t *pool, const mutual_place *place,
                             const char *reason, const char *more);

/* What a client is told of a session. */
typedef struct mutual_terms {
    const char *sid;
    unsigned int nc_max, nc_window;
    int seconds;
    const char *path; /* URLs where it is good, or NULL: all of the server */
} mutual_terms;

/* 401-KEX-S1; ks1 by mutual_number_text(). */
const char *mutual_kex_line(apr_pool_t *pool, const mutual_place *place,
                            const mutual_terms *terms, const char *ks1);

/* 200-VFY-S: the value of Authentication-Info. */
const char *mutual_info(apr_pool_t *pool, as_span sid, const char *vks);

#endif
