/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * bearer_issuer.h - what a BearerIssuer line says: whose tokens are taken, and
 * under which conditions.
 */
#ifndef BEARER_ISSUER_H
#define BEARER_ISSUER_H

#include "bearer_keys.h"

#define BEARER_LEEWAY 60      /* seconds by which clocks may differ */
#define BEARER_LEEWAY_MAX 300

typedef struct bearer_issuer {
    const char *iss;
    const char *key_file;           /* as written */
    const char *const *audiences;   /* NULL: any audience, or none */
    const as_algorithm *const *algorithms; /* NULL: see bearer_issuer_use() */
    const char *const *types;       /* of "typ"; NULL: JWT, at+jwt or none */
    int strict;                     /* only at+jwt: RFC 9068 section 4 */
    int id_tokens;                  /* ID tokens are taken for access tokens */
    int leeway;
    bearer_keys *keys;
} bearer_issuer;

/* From the words of a BearerIssuer line. NULL, or what is wrong for the
 * administrator. Opens no file. */
const char *bearer_issuer_parse(bearer_issuer *issuer, apr_pool_t *pool,
                                int argc, const char *const argv[]);

/* Gives the issuer its keys. Without algorithms= it gets those of the keys'
 * family: all asymmetric ones but ES256K, or all HMACs. NULL, or why the keys
 * are of no use for it. */
const char *bearer_issuer_use(bearer_issuer *issuer, bearer_keys *keys,
                              apr_pool_t *pool);

/* The algorithm, if the issuer may use it; or NULL. */
const as_algorithm *bearer_issuer_algorithm(const bearer_issuer *issuer,
                                            as_span name);

#endif
