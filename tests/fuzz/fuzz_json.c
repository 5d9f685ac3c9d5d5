/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * JSON: takes what jansson's own reader takes, as the same values, and nothing
 * else. But for NUL: jansson overlooks it behind a number.
 */
#include <string.h>

#include "fuzz.h"
#include "json.h"

#define LONGEST 4000 /* nests less than jansson's own limit */

static const as_json_limits generous = { 2048, 4096 }, strict = { 4, 16 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = fuzz_pool();
    as_span text = fuzz_span(data, size);
    json_t *ours, *less, *theirs;
    apr_status_t rv;

    if (size > LONGEST)
        return 0;
    theirs = json_loadb(text.at, text.len, JSON_REJECT_DUPLICATES, NULL);
    rv = as_json_object(&ours, text, &generous, pool);
    if (memchr(text.at, 0, text.len))
        REQUIRE(rv != APR_SUCCESS);
    else
        REQUIRE((rv == APR_SUCCESS) == json_is_object(theirs));
    REQUIRE(rv != APR_SUCCESS || json_equal(ours, theirs));
    if (as_json_object(&less, text, &strict, pool) == APR_SUCCESS)
        REQUIRE(json_equal(less, theirs));
    json_decref(theirs);
    return 0;
}
