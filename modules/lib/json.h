/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * json.h - JSON from strangers, with limits, as jansson's values.
 */
#ifndef AS_JSON_H
#define AS_JSON_H

#include <jansson.h>

#include "apr_errno.h"
#include "authscheme_span.h"

typedef struct as_json_limits {
    int depth;   /* of nested objects and arrays */
    int members; /* of all objects and arrays together; an empty one
                    counts as well */
} as_json_limits;

/* A JSON object. Refused with APR_EINVAL: anything else, more than the limits
 * allow, a member twice, NUL, invalid UTF-8, trailing bytes. *object lives
 * until pool is cleared; nobody decrefs it. */
apr_status_t as_json_object(json_t **object, as_span text,
                            const as_json_limits *limits, apr_pool_t *pool);

#endif
