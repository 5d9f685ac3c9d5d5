/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * bearer_path.h - the name of a claim, as directives give it:
 *
 *     email    realm_access.roles    roles[0]    ["https://example.com/x"].y
 */
#ifndef BEARER_PATH_H
#define BEARER_PATH_H

#include <jansson.h>

#include "authscheme_span.h"

#define BEARER_PATH_MAX 8 /* steps */

typedef struct bearer_path {
    const char *text; /* as written */
    int count;
    struct {
        const char *name; /* of a member, or NULL: an element */
        apr_size_t index;
    } steps[BEARER_PATH_MAX];
} bearer_path;

/* NULL, or what is wrong with it for the administrator. */
const char *bearer_path_parse(bearer_path *path, const char *text,
                              apr_pool_t *pool);

/* The value in the claims, or NULL. */
json_t *bearer_path_find(const bearer_path *path, json_t *claims);

/* A claim as text for the application: printable ASCII, everything else and
 * "%" as %XX. The elements of an array are joined by ",", a "," in one of them
 * is %2C; what is nested deeper is JSON. NULL for null, for an empty array,
 * and for more than 4096 characters. */
const char *bearer_claim_text(apr_pool_t *pool, json_t *value);

/* Whether the claim, or an element of it, is the value: a string of these
 * octets, or an integer, true or false that is written like that. */
int bearer_claim_is(json_t *claim, const char *value);

#endif
