/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * fuzz.h - what every target needs: a pool that is emptied between inputs, and
 * a stop when a parser contradicts itself.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdint.h>
#include <stdlib.h>

#include "apr_general.h"
#include "apr_pools.h"
#include "authscheme_span.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUIRE(condition)  \
    do {                    \
        if (!(condition))   \
            abort();        \
    } while (0)

static APR_INLINE apr_pool_t *fuzz_pool(void)
{
    static apr_pool_t *pool;

    if (pool) {
        apr_pool_clear(pool);
        return pool;
    }
    if (apr_initialize() != APR_SUCCESS
        || apr_pool_create(&pool, NULL) != APR_SUCCESS)
        abort();
    atexit(apr_terminate); /* leak checkers do not look into pools */
    return pool;
}

static APR_INLINE as_span fuzz_span(const uint8_t *data, size_t size)
{
    as_span span = { size ? (const char *)data : "", size };

    return span;
}

/* Whether part lies within whole. */
static APR_INLINE int fuzz_within(as_span part, as_span whole)
{
    return part.len == 0
           || (part.at >= whole.at && part.at + part.len
                                          <= whole.at + whole.len);
}

#endif
