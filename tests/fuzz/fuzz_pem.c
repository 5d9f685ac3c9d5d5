/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * A public key in PEM, and in DER: what is taken has one encoding.
 */
#include "fuzz.h"
#include "key.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = fuzz_pool();
    as_span text = fuzz_span(data, size), der;
    const as_key *key, *again;
    const char *why = NULL;

    if (as_key_from_spki(&key, &why, text, pool) != APR_SUCCESS)
        REQUIRE(why && !key);
    if (as_key_from_pem(&key, &der, &why, text, pool) != APR_SUCCESS) {
        REQUIRE(why && !key);
        return 0;
    }
    REQUIRE(as_key_from_spki(&again, &why, der, pool) == APR_SUCCESS);
    REQUIRE(as_key_thumbprint(pool, key));
    return 0;
}
