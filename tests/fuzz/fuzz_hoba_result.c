/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Everything that HOBA reads from a stranger's header: the result of an
 * Authorization field, the session cookie, and an origin. A result that parses
 * is, put together again, what was sent.
 */
#include <stdint.h>
#include <stdlib.h>

#include "apr_general.h"
#include "apr_pools.h"

#include "hoba.h"
#include "session.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *join(apr_pool_t *pool, const hoba_result *result)
{
    return apr_pstrcat(pool, as_string(pool, result->kid), ".",
                       as_string(pool, result->challenge), ".",
                       as_string(pool, result->nonce), ".",
                       as_string(pool, result->sig), NULL);
}

static void try_origin(apr_pool_t *pool, const char *url)
{
    hoba_origin origin, again;
    const char *why;

    if (hoba_origin_parse(&origin, &why, url, pool) != APR_SUCCESS)
        return;
    if (hoba_origin_parse(&again, &why, origin.text, pool) != APR_SUCCESS
        || strcmp(origin.text, again.text))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static apr_pool_t *root;
    const as_span text = { (const char *)data, size };
    const as_span key = { "0123456789abcdef0123456789abcdef", 32 };
    hoba_session session;
    hoba_result result;
    apr_pool_t *pool;
    as_span cookie;

    if (!root && (apr_initialize() != APR_SUCCESS
                  || apr_pool_create(&root, NULL) != APR_SUCCESS))
        abort();
    apr_pool_create(&pool, root);
    if (hoba_result_parse(&result, text) == APR_SUCCESS
        && !as_span_is(text, join(pool, &result)))
        abort();
    if (hoba_cookie_find(&cookie, text, "__Host-hoba") > 0
        && hoba_session_open(&session, cookie, key, as_span_of("o"),
                             as_span_of("r"), pool)
               == APR_SUCCESS)
        abort(); /* nobody finds a MAC by chance */
    hoba_session_open(&session, text, key, as_span_of("o"), as_span_of("r"),
                      pool);
    try_origin(pool, as_string(pool, text));
    apr_pool_destroy(pool);
    return 0;
}
