/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * What a token says and what becomes of it. The first line is the words of a
 * BearerIssuer line, or the name of a claim; the rest is the claims.
 */
#include "bearer_claims.h"
#include "fuzz.h"

#define WORDS 8

static void read_issuer(const char *line, apr_pool_t *pool)
{
    const char *words[WORDS];
    char *rest = apr_pstrdup(pool, line), *word;
    bearer_issuer issuer;
    int n = 0;

    while (n < WORDS && (word = apr_strtok(n ? NULL : rest, " ", &rest)))
        words[n++] = word;
    if (bearer_issuer_parse(&issuer, pool, n, words) == NULL)
        REQUIRE(issuer.iss && issuer.key_file
                && issuer.leeway <= BEARER_LEEWAY_MAX);
}

static void judge(const char *typ, json_t *claims, apr_pool_t *pool)
{
    static const char *const words[] = { "https://i", "keys=file:k",
                                         "audience=us" };
    bearer_issuer issuer;
    as_jws jws = { .header = claims, .typ = typ };
    const char *why;
    json_t *got;

    REQUIRE(!bearer_issuer_parse(&issuer, pool, 3, words));
    if (bearer_claims_judge(&issuer, &jws, claims, 1e9, &why, &got))
        REQUIRE(why);
    else
        REQUIRE(json_number_value(json_object_get(claims, "exp")) > 1e9 - 61
                && json_object_get(claims, "aud")
                && !json_object_get(claims, "cnf"));
    bearer_claims_has_scope(claims, "read");
}

static void show(const bearer_path *path, json_t *claims, apr_pool_t *pool)
{
    json_t *value = bearer_path_find(path, claims);
    const char *text = bearer_claim_text(pool, value), *at;
    const char *user = bearer_claims_user(path, claims);

    REQUIRE(!user || (*user && strlen(user) <= BEARER_USER_MAX));
    bearer_claim_is(value, "x");
    REQUIRE(!text || strlen(text) <= 4096);
    for (at = text; at && *at; at++)
        REQUIRE(*at >= 0x20 && *at < 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = fuzz_pool();
    as_span all = fuzz_span(data, size), rest = all;
    const char *end = memchr(all.at, '\n', all.len), *line;
    bearer_path path;
    json_t *claims;

    if (!end || memchr(all.at, '\0', (size_t)(end - all.at)))
        return 0;
    line = apr_pstrmemdup(pool, all.at, (size_t)(end - all.at));
    rest.at = end + 1;
    rest.len -= (size_t)(end + 1 - all.at);

    read_issuer(line, pool);
    if (bearer_claims_read(&claims, rest, pool) != APR_SUCCESS)
        return 0;
    judge(line, claims, pool);
    judge(NULL, claims, pool);
    if (bearer_path_parse(&path, line, pool) == NULL)
        show(&path, claims, pool);
    return 0;
}
