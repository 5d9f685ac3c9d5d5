/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * glue.h - what the files of mod_authscheme_digest share.
 *
 *     mod_authscheme_digest.c   directives, challenges, the scheme
 *     answer.c                  an answer of a client, in the steps of its check
 *     user.c                    whose answer it is, and H(A1)
 *     body.c                    the hash of the body, for qop=auth-int
 *     info.c                    Authentication-Info
 */
#ifndef DIGEST_GLUE_H
#define DIGEST_GLUE_H

#include "authscheme.h"
#include "digest.h"
#include "mod_auth.h"

extern module AP_MODULE_DECLARE_DATA authscheme_digest_module;

/* ---- mod_authscheme_digest.c ----------------------------------------- */

#define DIGEST_UNSET (-1)

#define DIGEST_AUTH 1     /* method and uri are signed */
#define DIGEST_AUTH_INT 2 /* and the body */

/* One of httpd's own. */
typedef struct digest_provider {
    const char *name;
    const authn_provider *functions;
} digest_provider;

typedef struct digest_conf {
    apr_array_header_t *algorithms; /* DigestAlgorithm, of const as_digest_alg *,
                                       as offered; or NULL */
    apr_array_header_t *providers;  /* DigestProvider, of digest_provider;
                                       or NULL, the credential store */
    int lifetime;                   /* DigestNonceLifetime, seconds */
    int userhash;                   /* DigestUserhash */
    int qop;                        /* DigestQop, of DIGEST_AUTH.. or 0 */
    apr_off_t body_limit;           /* DigestBodyLimit, octets */
    const char *domain;             /* DigestDomain, or NULL */
} digest_conf;

/* With the defaults in the place of what is not set. */
digest_conf digest_conf_of(request_rec *r);

/* Whether an algorithm is offered. */
int digest_is_offered(const digest_conf *conf, const as_digest_alg *alg);

/* A nonce for the place of a request; NULL if the system has no randomness. */
const char *digest_nonce(request_rec *r);

#define DIGEST_NONCE "Digest nonce" /* what it is made for */

/* ---- answer.c -------------------------------------------------------- */

/* How far a check has come; attempt->data of the scheme. */
typedef struct digest_try {
    digest_conf conf;
    digest_answer answer;
    as_nonce nonce;
    apr_time_t issued; /* of a nonce of ours */
    const char *user;  /* of the record, or NULL: nobody */
    as_span ha1;       /* his, or one that nobody has */
    const as_cred *cred; /* his record in the store, or NULL */
    int with_body;     /* qop=auth-int */
    char key[AS_DIGEST_HEX_MAX + 1];
} digest_try;

as_verdict digest_authenticate(request_rec *r, const as_credentials *sent,
                               as_attempt *attempt);

/* ---- user.c ---------------------------------------------------------- */

/* Sets user, ha1 and cred of t. AS_GRANTED for "go on", also where nobody has
 * that name; or a verdict on our side. */
as_verdict digest_find_user(digest_try *t, request_rec *r,
                            as_attempt *attempt);

/* ---- body.c ---------------------------------------------------------- */

/* H(body) of the client's request, all of which is read here and kept for the
 * handler. AS_GRANTED for "go on", or a verdict. */
as_verdict digest_hash_body(as_span *hash, digest_try *t, request_rec *r,
                            as_attempt *attempt);

void digest_register_body(void);

/* ---- info.c ---------------------------------------------------------- */

/* Authentication-Info, RFC 7616 section 3.5: right, or none. */
void digest_confirm(request_rec *r, const as_attempt *attempt);

#endif
