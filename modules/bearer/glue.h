/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * glue.h - what the files of mod_authscheme_bearer share.
 *
 *     mod_authscheme_bearer.c   directives, challenges, the scheme
 *     jwt.c                     tokens that an issuer signed
 *     stored.c                  tokens of the credential store
 */
#ifndef BEARER_GLUE_H
#define BEARER_GLUE_H

#include "authscheme.h"
#include "bearer_claims.h"

extern module AP_MODULE_DECLARE_DATA authscheme_bearer_module;

/* ---- mod_authscheme_bearer.c ----------------------------------------- */

typedef struct bearer_conf {
    apr_array_header_t *issuers; /* BearerIssuer, of bearer_issuer; NULL: as
                                    outside */
    bearer_path *user_claim;     /* BearerUserClaim; NULL: as outside */
    apr_array_header_t *exports; /* BearerExport, of export_row */
    int tokens;                  /* BearerTokens */
    int require_tls;             /* BearerRequireTLS */
} bearer_conf;

const bearer_conf *bearer_conf_of(request_rec *r);

/* A token in the making. It is named by eight digits of its hash, never by
 * itself. */
typedef struct bearer_try {
    request_rec *r;
    as_attempt *attempt;
    as_span token;
    as_jws jws;
    json_t *claims;
    const char *iss;
    const char *user; /* who holds it */
} bearer_try;

/* A refusal for the log. label and text (or NULL) are what it is about. */
as_verdict bearer_refuse(const bearer_try *on, as_problem problem,
                         const char *reason, const char *label,
                         const char *text);

/* The hash by which the store and the log name a token: its SHA-256, 64
 * hexadecimal digits, in pool; NULL if OpenSSL fails. */
const char *bearer_name_of(apr_pool_t *pool, as_span token);

/* ---- jwt.c ----------------------------------------------------------- */

/* Judges a token by its issuer's signature and word. AS_GRANTED sets user and
 * claims. */
as_verdict bearer_judge_jwt(bearer_try *on);

/* ---- stored.c -------------------------------------------------------- */

/* Judges a token by its record. AS_GRANTED sets user and claims: sub, scope,
 * iat, exp and jti, as RFC 7662 names them. */
as_verdict bearer_judge_stored(bearer_try *on);

#endif
