/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * The Authorization field, and base64url: what decodes has one spelling.
 */
#include "base64.h"
#include "fuzz.h"
#include "grammar.h"

static void check_base64url(as_span text, apr_pool_t *pool)
{
    as_span bytes;

    if (as_base64url_decode(&bytes, text, pool) == APR_SUCCESS)
        REQUIRE(as_span_is(text, as_base64url_encode(pool, bytes)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = fuzz_pool();
    as_span field = fuzz_span(data, size);
    as_credentials sent;
    int i;

    as_is_joined(field);
    as_realm_hides_scheme(field);
    check_base64url(field, pool);
    if (as_credentials_parse(&sent, field, pool) != APR_SUCCESS)
        return 0;

    REQUIRE(sent.scheme.len > 0 && fuzz_within(sent.scheme, field));
    REQUIRE(fuzz_within(sent.token68, field));
    REQUIRE((sent.form == AS_FORM_PARAMS) == (sent.count > 0));
    check_base64url(sent.token68, pool);
    for (i = 0; i < sent.count; i++) {
        const as_param *param = &sent.params[i];

        REQUIRE(param->name.len > 0 && fuzz_within(param->name, field));
        REQUIRE(fuzz_within(param->value, field));
        REQUIRE(as_param_value(pool, param).len <= param->value.len);
        REQUIRE(as_param_find(&sent, as_string(pool, param->name)) == param);
    }
    return 0;
}
