/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * A stored password hash, and the same octets as a user's name. Nothing is
 * computed but what is too cheap to hide a hash's cost.
 */
#include "fuzz.h"
#include "password.h"
#include "text.h"

static void as_name(apr_pool_t *pool, as_span name)
{
    const char *utf8 = as_text_of_latin1(pool, name);

    REQUIRE(as_text_is_utf8(as_span_of(utf8)));
    if (as_text_has_controls(name))
        return;
    REQUIRE(!name.len || !memchr(name.at, '\0', name.len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    as_span hash = fuzz_span(data, size);
    unsigned int cost;
    const as_password_scheme *scheme = as_password_scheme_of(&cost, hash);

    as_name(fuzz_pool(), hash);
    if (!scheme) {
        REQUIRE(as_password_effort(hash) == 0);
        REQUIRE(as_password_verify(hash, "x") == AS_PASSWORD_UNUSABLE);
        return 0;
    }
    REQUIRE(cost >= scheme->least && cost <= scheme->most);
    REQUIRE((as_password_effort(hash) & 0xffffff) == cost);
    REQUIRE(size < 128);
    if (scheme->most == 0) {
        as_password result = as_password_verify(hash, "x");

        REQUIRE(result == AS_PASSWORD_RIGHT || result == AS_PASSWORD_WRONG);
    }
    return 0;
}
