/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * A stranger's Digest credentials: parsed, the numbers computed, the uri held
 * against a target, the user's name decoded.
 */
#include "fuzz.h"
#include "digest.h"
#include "extended.h"
#include "grammar.h"
#include "text.h"

static void try_numbers(apr_pool_t *pool, const digest_answer *a)
{
    const digest_target target = { as_span_of("/a?b"), 0, "example.org", 80 };
    char key[AS_DIGEST_HEX_MAX + 1], hex[AS_DIGEST_HEX_MAX + 1];
    as_span ha1 = { "0123456789abcdef0123456789abcdef"
                    "0123456789abcdef0123456789abcdef", a->alg->hex_len };
    as_span name;

    REQUIRE(digest_key(key, a, ha1) == APR_SUCCESS);
    REQUIRE(digest_response(hex, a, as_span_of(key), as_span_of("GET"), ha1)
            == APR_SUCCESS);
    REQUIRE(strlen(hex) == a->alg->hex_len);
    REQUIRE(!digest_uri_fits(a->uri, &target) || a->uri.len >= 4);
    if (digest_respelt(&name, a->user, pool))
        REQUIRE(as_text_is_utf8(name) && !as_text_has_controls(name));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = fuzz_pool();
    as_credentials sent;
    digest_answer a;
    as_span text;

    if (as_extended_value(&text, fuzz_span(data, size), pool) == APR_SUCCESS)
        REQUIRE(as_text_is_utf8(text));
    if (as_credentials_parse(&sent, fuzz_span(data, size), pool)
            != APR_SUCCESS
        || sent.form != AS_FORM_PARAMS || digest_parse(&a, &sent, pool))
        return 0;
    REQUIRE(!a.qop.len || (a.nc.len == 8 && a.cnonce.len));
    if (a.alg)
        try_numbers(pool, &a);
    return 0;
}
