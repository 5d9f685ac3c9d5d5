/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * A JWK set: what is taken can be used.
 */
#include "fuzz.h"
#include "jwk.h"

static void check(as_span json, int allow_secret, apr_pool_t *pool)
{
    const char *why = NULL;
    as_key_set set;
    int i;

    if (as_key_set_from_jwks(&set, &why, json, allow_secret, pool)
        != APR_SUCCESS) {
        REQUIRE(why);
        return;
    }
    REQUIRE(set.count > 0 && set.count <= AS_JWKS_KEYS_MAX);
    for (i = 0; i < set.count; i++) {
        const as_key *key = set.keys[i];

        REQUIRE(allow_secret || key->pkey);
        REQUIRE((as_key_thumbprint(pool, key) != NULL) == (key->pkey != NULL));
        REQUIRE(!key->only || as_key_fits(key, key->only));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = fuzz_pool();

    check(fuzz_span(data, size), 0, pool);
    check(fuzz_span(data, size), 1, pool);
    return 0;
}
