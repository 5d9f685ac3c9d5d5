/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * bearer_claims.h - whether a token that an issuer signed is good here and now,
 * RFC 7519 section 4.1, RFC 8725 section 3, RFC 9068 section 4.
 */
#ifndef BEARER_CLAIMS_H
#define BEARER_CLAIMS_H

#include "bearer_issuer.h"
#include "bearer_path.h"
#include "json.h"
#include "jws.h"

#define BEARER_USER_MAX 255

typedef enum bearer_fault {
    BEARER_GOOD,
    BEARER_MALFORMED, /* a claim has the wrong type, or is missing */
    BEARER_EXPIRED,   /* its time is over, or has not come */
    BEARER_NOT_OURS   /* made for another purpose or another place */
} bearer_fault;

/* The payload as JSON, within the limits for claims. */
apr_status_t bearer_claims_read(json_t **claims, as_span payload,
                                apr_pool_t *pool);

/* Judges all but the signature and the issuer's name. now is in seconds. *why
 * is constant; *got (may be NULL) is the claim that it is about. */
bearer_fault bearer_claims_judge(const bearer_issuer *issuer,
                                 const as_jws *jws, json_t *claims, double now,
                                 const char **why, json_t **got);

/* The user's name: a string without control characters, not empty and not
 * longer than BEARER_USER_MAX octets; or NULL. */
const char *bearer_claims_user(const bearer_path *path, json_t *claims);

/* Whether "scope" (or "scp", where that is missing) has the scope-token. */
int bearer_claims_has_scope(json_t *claims, const char *scope);

#endif
