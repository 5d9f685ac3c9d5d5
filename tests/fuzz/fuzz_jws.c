/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * A token: its header, its claims as JSON, and the choice of a key.
 */
#include "fuzz.h"
#include "json.h"
#include "jws.h"

static const as_json_limits limits = { 32, 512 };

static const char keys[] =
    "{\"keys\":["
    "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"a\","
    "\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"},"
    "{\"kty\":\"EC\",\"crv\":\"P-256\","
    "\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
    "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}]}";

static const as_key_set *key_set(void)
{
    static as_key_set set;
    static apr_pool_t *pool;
    const char *why;

    if (!pool
        && (apr_pool_create(&pool, NULL) != APR_SUCCESS
            || as_key_set_from_jwks(&set, &why, as_span_of(keys), 0, pool)
                   != APR_SUCCESS))
        abort();
    return &set;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = fuzz_pool();
    as_span token = fuzz_span(data, size);
    const as_algorithm *alg;
    const char *why;
    json_t *claims;
    as_jws jws;

    as_json_object(&claims, token, &limits, pool);
    if (as_jws_parse(&jws, &why, token, pool) != APR_SUCCESS) {
        REQUIRE(why);
        return 0;
    }
    REQUIRE(as_jws_looks_like_one(token, pool));
    REQUIRE(fuzz_within(jws.signed_text, token));
    REQUIRE(jws.signature.len > 0);
    REQUIRE(jws.payload.len <= AS_JWS_PAYLOAD_MAX);
    as_json_object(&claims, jws.payload, &limits, pool);
    alg = as_algorithm_find(jws.alg);
    if (alg)
        as_jws_verify(&jws, alg, key_set());
    return 0;
}
