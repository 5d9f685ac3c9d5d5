/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Everything that HOBA reads from a stranger's header: the result of an
 * Authorization field, the session cookie, and an origin. A result that parses
 * is, put together again, what was sent.
 */
#include "fuzz.h"
#include "hoba.h"
#include "session.h"

static const char *join(apr_pool_t *pool, const hoba_result *result)
{
    return apr_pstrcat(pool, as_string(pool, result->kid), ".",
                       as_string(pool, result->challenge), ".",
                       as_string(pool, result->nonce), ".",
                       as_string(pool, result->sig), NULL);
}

static void try_cookie(apr_pool_t *pool, as_span text)
{
    const as_span key = { "0123456789abcdef0123456789abcdef", 32 };
    const as_span origin = { "o", 1 }, realm = { "r", 1 };
    hoba_session session;
    as_span value;

    if (hoba_cookie_find(&value, text, "__Host-hoba") > 0)
        REQUIRE(fuzz_within(value, text));
    else
        value = text;
    /* nobody finds a MAC by chance */
    REQUIRE(hoba_session_open(&session, value, key, origin, realm, pool)
            != APR_SUCCESS);
}

static void try_origin(apr_pool_t *pool, const char *url)
{
    hoba_origin origin, again;
    const char *why = NULL;

    if (hoba_origin_parse(&origin, &why, url, pool) != APR_SUCCESS) {
        REQUIRE(why);
        return;
    }
    REQUIRE(hoba_origin_parse(&again, &why, origin.text, pool)
            == APR_SUCCESS);
    REQUIRE(!strcmp(origin.text, again.text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = fuzz_pool();
    as_span text = fuzz_span(data, size);
    hoba_result result;

    if (hoba_result_parse(&result, text) == APR_SUCCESS)
        REQUIRE(as_span_is(text, join(pool, &result)));
    try_cookie(pool, text);
    try_origin(pool, as_string(pool, text));
    return 0;
}
