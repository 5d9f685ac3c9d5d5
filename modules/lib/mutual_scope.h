/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * mutual_scope.h - where a password of Mutual is good, RFC 8120 section 5:
 *
 *     https://www.example.com       that origin; its port if it is unusual
 *     www.example.com               all origins of that host
 *     *.example.com                 example.com and all hosts below it
 *
 * Lower case, IDNs as A-labels, IPv6 addresses in brackets.
 */
#ifndef AS_MUTUAL_SCOPE_H
#define AS_MUTUAL_SCOPE_H

#include "authscheme_span.h"

/* Who a client thinks it talks to. */
typedef struct as_mutual_origin {
    const char *scheme; /* "http" or "https" */
    const char *host;   /* lower case */
    unsigned int port;
} as_mutual_origin;

/* A host as scopes and origins have it: lower case, an IPv6 address in
 * brackets. */
const char *as_mutual_host(apr_pool_t *pool, const char *host);

/* The origin with its port always there: what is hashed for validation=host,
 * RFC 8120 section 7. */
const char *as_mutual_origin_text(apr_pool_t *pool,
                                  const as_mutual_origin *origin);

/* Whether a text is an auth-scope in its only form. */
int as_mutual_scope_fits(as_span scope);

/* Whether an auth-scope, in that form, covers a server. */
int as_mutual_scope_covers(as_span scope, const as_mutual_origin *origin);

/* Whether it covers some origin of a host. */
int as_mutual_scope_has(as_span scope, const char *host);

/* The auth-scope that is the origin itself, RFC 6454 section 6.2. */
const char *as_mutual_scope_of(apr_pool_t *pool,
                               const as_mutual_origin *origin);

#endif
