/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * A stranger's Mutual credentials: parsed, classified, the session id looked
 * into, the auth-scope held against its grammar.
 */
#include "fuzz.h"
#include "grammar.h"
#include "message.h"
#include "mutual_scope.h"
#include "sid.h"
#include "text.h"

static void try_message(const mutual_params *params, mutual_kind kind)
{
    apr_uint64_t nc;

    REQUIRE(as_span_is(params->version, "1"));
    REQUIRE(params->algorithm.len && params->validation.len);
    REQUIRE(as_text_is_utf8(params->realm));
    REQUIRE(params->exchanges + params->proofs == 1);
    if (kind == MUTUAL_KEX) {
        REQUIRE(params->user.at && params->kc1.at && !params->vkc.at);
        return;
    }
    REQUIRE(params->sid.len >= 2 && params->sid.len % 2 == 0);
    REQUIRE(mutual_natural(&nc, params->nc));
    REQUIRE(params->vkc.at && !params->kc1.at);
}

static void try_sid(as_span sid)
{
    static const unsigned char key[AS_SHA256_LEN];
    as_span place = { "place", 5 };
    mutual_pending pending;
    char nonce[MUTUAL_NONCE_LEN + 1];
    int i;

    mutual_sid_nonce(nonce, sid);
    for (i = 0; i < AS_MUTUAL_ALGS; i++) /* nobody guesses a tag */
        REQUIRE(mutual_sid_open(&pending, sid, as_mutual_alg_at(i), key, place)
                == APR_EACCES);
}

static void try_scope(apr_pool_t *pool, as_span scope)
{
    const as_mutual_origin origin = { "https", "www.example.com", 443 };

    REQUIRE(as_mutual_scope_covers(as_span_of(as_mutual_scope_of(pool,
                                                                 &origin)),
                                   &origin));
    if (as_mutual_scope_fits(scope) && as_mutual_scope_covers(scope, &origin))
        REQUIRE(scope.len >= 5 && scope.len <= 23);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = fuzz_pool();
    as_credentials sent;
    mutual_params params;
    mutual_kind kind;

    try_sid(fuzz_span(data, size));
    try_scope(pool, fuzz_span(data, size));
    if (as_credentials_parse(&sent, fuzz_span(data, size), pool)
            != APR_SUCCESS
        || sent.form != AS_FORM_PARAMS || mutual_read(&params, &sent, pool))
        return 0;
    if (params.sid.at)
        try_sid(params.sid);
    if (params.scope.at)
        try_scope(pool, params.scope);
    if (!mutual_classify(&kind, &params))
        try_message(&params, kind);
    return 0;
}
