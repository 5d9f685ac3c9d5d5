/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * JWS in compact form: the RFCs' examples, and what Wycheproof leaves out
 * (T-JOS-01, T-JOS-02, T-JOS-06 to T-JOS-09).
 */
#include "unit.h"

#include "base64.h"
#include "jws.h"
#include "vectors/jose.h"

static const struct {
    const char *jwk, *token, *alg;
} rfc[] = {
    { RFC7515_A1_JWK, RFC7515_A1, "HS256" },
    { RFC7515_A2_JWK, RFC7515_A2, "RS256" },
    { RFC7515_A3_JWK, RFC7515_A3, "ES256" },
    { RFC7515_A4_JWK, RFC7515_A4, "ES512" },
    { RFC8037_JWK, RFC8037_A4, "EdDSA" },
};

static void load(as_key_set *set, const char *json, apr_pool_t *pool)
{
    const char *why = NULL;

    if (as_key_set_from_jwks(set, &why, as_span_of(json), 1, pool)
        != APR_SUCCESS)
        fail_msg("%s: %s", why, json);
}

static as_jws_result verify(const char *token, const char *alg,
                            const as_key_set *set, apr_pool_t *pool)
{
    as_span text = exact(token, strlen(token));
    const char *why;
    as_jws jws;
    as_jws_result result = AS_JWS_NO_KEY;

    if (as_jws_parse(&jws, &why, text, pool) == APR_SUCCESS)
        result = as_jws_verify(&jws, as_algorithm_find(as_span_of(alg)), set);
    free((char *)text.at);
    return result;
}

static void verifies_the_examples(void **state)
{
    size_t i, k;
    as_key_set set;

    for (i = 0; i < COUNT(rfc); i++) {
        load(&set, rfc[i].jwk, *state);
        for (k = 0; k < COUNT(rfc); k++)
            if (verify(rfc[k].token, rfc[k].alg, &set, *state)
                != (i == k ? AS_JWS_VERIFIED : AS_JWS_NO_KEY))
                fail_msg("key %s, token %s", rfc[i].alg, rfc[k].alg);
        assert_int_equal(verify(RFC7515_A5, "HS256", &set, *state),
                         AS_JWS_NO_KEY);
    }
}

/* One bit, anywhere in the token. */
static void sees_every_changed_character(void **state)
{
    size_t i, n;
    as_key_set set;

    for (i = 0; i < COUNT(rfc); i++) {
        load(&set, rfc[i].jwk, *state);
        for (n = 0; n < strlen(rfc[i].token); n++) {
            char *token = apr_pstrdup(*state, rfc[i].token);

            token[n] = token[n] == 'A' ? 'B' : 'A';
            if (verify(token, rfc[i].alg, &set, *state) == AS_JWS_VERIFIED)
                fail_msg("%s with character %d changed", rfc[i].alg, (int)n);
        }
    }
}

static const char *const good_headers[] = {
    "{\"alg\":\"RS256\"}",
    "{\"alg\":\"none\"}", /* the caller knows no algorithm by that name */
    " {\"alg\" : \"x\"}\n",
    "{\"alg\":\"\"}",
    "{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":\"../../x\",\"cty\":\"JWT\"}",
    "{\"alg\":\"x\",\"jwk\":{\"kty\":\"oct\"},\"x5c\":[\"MII\"]}",
    "{\"alg\":\"RS256\",\"jku\":\"https://x/\",\"x5u\":\"https://x/\"}",
    "{\"alg\":\"RS256\",\"x5t\":\"a\",\"x5t#S256\":\"b\",\"other\":[1]}",
};

static const char *const bad_headers[] = {
    "", "{}", "[]", "1", "\"RS256\"", "null", "{\"alg\":\"RS256\"",
    "{\"alg\":1}", "{\"alg\":null}", "{\"alg\":[\"RS256\"]}",
    "{\"alg\":{}}", "{\"Alg\":\"RS256\"}", "{\"typ\":\"JWT\"}",
    "{\"alg\":\"RS256\",\"alg\":\"none\"}",
    "{\"alg\":\"RS256\",\"\\u0061lg\":\"none\"}",
    "{\"alg\":\"RS256\",\"kid\":\"a\",\"kid\":\"a\"}",
    "{\"alg\":\"RS256\",\"kid\":1}", "{\"alg\":\"RS256\",\"kid\":null}",
    "{\"alg\":\"RS256\",\"typ\":[]}", "{\"alg\":\"RS256\",\"cty\":1}",
    "{\"alg\":\"RS256\",\"x5t\":1}", "{\"alg\":\"RS256\",\"x5t#S256\":{}}",
    "{\"alg\":\"RS256\",\"crit\":[]}", "{\"alg\":\"RS256\",\"crit\":null}",
    "{\"alg\":\"RS256\",\"crit\":[\"exp\"],\"exp\":1}",
    "{\"alg\":\"RS256\",\"crit\":[\"b64\"],\"b64\":false}",
    "{\"alg\":\"RS256\",\"b64\":false}", "{\"alg\":\"RS256\",\"b64\":0}",
    "{\"alg\":\"RS256\",\"zip\":\"DEF\"}",
    "{\"alg\":\"RSA-OAEP\",\"enc\":\"A256GCM\"}",
    "{\"alg\":\"RS\\u0000256\"}", "{\"alg\":\"RS256\",\"kid\":\"\\ud800\"}",
    "{\"alg\":\"RS256\",\"kid\":\"\x80\"}", "{\"alg\":\"RS256\"} x",
    "\xef\xbb\xbf{\"alg\":\"RS256\"}",
    "{\"alg\":\"RS256\",\"a\":[[[[[[[[]]]]]]]]}",
};

static apr_status_t parse(as_jws *jws, as_span text, apr_pool_t *pool)
{
    const char *why = NULL;
    apr_status_t rv = as_jws_parse(jws, &why, text, pool);

    assert_int_equal(rv == APR_SUCCESS, why == NULL);
    return rv;
}

static apr_status_t parse_header(const char *header, apr_pool_t *pool)
{
    as_jws jws;
    const char *token = apr_pstrcat(
        pool, as_base64url_encode(pool, as_span_of(header)), ".e30.AAAA",
        NULL);

    return parse(&jws, as_span_of(token), pool);
}

static void judges_headers(void **state)
{
    size_t i;

    for (i = 0; i < COUNT(good_headers); i++)
        if (parse_header(good_headers[i], *state) != APR_SUCCESS)
            fail_msg("refused %s", good_headers[i]);
    for (i = 0; i < COUNT(bad_headers); i++)
        if (parse_header(bad_headers[i], *state) != APR_EINVAL)
            fail_msg("accepted %s", bad_headers[i]);
}

#define H "eyJhbGciOiJSUzI1NiJ9" /* {"alg":"RS256"} */

static const char *const bad_tokens[] = {
    "", ".", "..", "...", "....", H, H ".", H "..", H ".e30", H ".e30.",
    H ".e30.AAAA.", H ".e30.AAAA.AAAA", H ".e30.AAAA.AAAA.AAAA",
    "." H ".e30.AAAA", ".e30.AAAA", H "=.e30.AAAA", H "==.e30.AAAA",
    H ".e30=.AAAA", H ".e30.AAA=", H ".e30.AA==", H ".e30.AA+A",
    H ".e30.AA/A", H ".e30.AAAAA", H ".e30.AAB", H ".e31.AAAA",
    " " H ".e30.AAAA", H ".e30.AAAA ", H " .e30.AAAA", H ".e3 0.AAAA",
    H "\n.e30.AAAA", H ".e30.AAAA\n", H ".e?30.AAAA", H ",e30,AAAA",
    "{\"payload\":\"e30\",\"protected\":\"" H "\",\"signature\":\"AAAA\"}",
    "e30.e30.AAAA",
};

static void judges_tokens(void **state)
{
    size_t i;
    as_jws jws;

    for (i = 0; i < COUNT(bad_tokens); i++) {
        as_span text = exact(bad_tokens[i], strlen(bad_tokens[i]));

        if (parse(&jws, text, *state) != APR_EINVAL)
            fail_msg("accepted %s", bad_tokens[i]);
        free((char *)text.at);
    }
    assert_int_equal(parse(&jws, (as_span){ NULL, 0 }, *state), APR_EINVAL);
    assert_int_equal(parse(&jws, (as_span){ H ".e3\0.AAAA", 29 }, *state),
                     APR_EINVAL);
    assert_int_equal(parse(&jws, as_span_of(H "..AAAA"), *state),
                     APR_SUCCESS);
    assert_span(jws.payload, "");
    assert_span(jws.signed_text, H ".");
    assert_span(jws.alg, "RS256");
    assert_int_equal(jws.signature.len, 3);
}

static char *repeat(apr_pool_t *pool, char c, size_t count)
{
    char *text = apr_palloc(pool, count + 1);

    memset(text, c, count);
    text[count] = '\0';
    return text;
}

/* Headers and payloads as large as allowed, and larger. */
static void bounds_sizes(void **state)
{
    apr_pool_t *pool = *state;
    as_jws jws;
    const char *header = apr_pstrcat(
        pool, "{\"alg\":\"RS256\",\"kid\":\"", repeat(pool, 'k', 3048), "\"}",
        NULL);

    assert_int_equal(strlen(header), 3072); /* 4096 encoded */
    assert_int_equal(parse_header(header, pool), APR_SUCCESS);
    assert_int_equal(parse_header(apr_pstrcat(pool, header, " ", NULL), pool),
                     APR_EINVAL);
    assert_int_equal(
        parse(&jws, as_span_of(apr_pstrcat(pool, H ".",
                                           repeat(pool, 'A', 87382), ".AAAA",
                                           NULL)), pool), APR_SUCCESS);
    assert_int_equal(jws.payload.len, AS_JWS_PAYLOAD_MAX);
    assert_int_equal(
        parse(&jws, as_span_of(apr_pstrcat(pool, H ".",
                                           repeat(pool, 'A', 87383), ".AAAA",
                                           NULL)), pool), APR_EINVAL);
    assert_int_equal(parse(&jws, as_span_of(repeat(pool, '.', 190000)), pool),
                     APR_EINVAL);
}

static const struct {
    const char *text;
    int looks;
} shapes[] = {
    { RFC7515_A1, 1 },
    { RFC7515_A5, 1 }, /* refused later, but never tried as opaque */
    { H ".!!!.???", 1 },
    { "eyJhbGciOiJSU0EtT0FFUCIsImVuYyI6IkEyNTZHQ00ifQ.e30.AAAA", 0 },
    { H ".a.b.c.d", 0 },
    { "2YotnFZFEjr1zCsicMWpAA", 0 },
    { "a.b.c", 0 },
    { "e30.e30.AAAA", 0 },
    { "..", 0 },
    { "", 0 },
};

static void tells_tokens_apart(void **state)
{
    size_t i;

    for (i = 0; i < COUNT(shapes); i++)
        assert_int_equal(as_jws_looks_like_one(as_span_of(shapes[i].text),
                                               *state), shapes[i].looks);
}

#define A3_X_Y                                                       \
    "\"crv\":\"P-256\",\"kty\":\"EC\","                              \
    "\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","         \
    "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\""
#define OTHER_X_Y                                                    \
    "\"crv\":\"P-256\",\"kty\":\"EC\","                              \
    "\"x\":\"04N0xi21hshyvBp7I167sbE_bXqyqkAPfefdklMO7wY\","         \
    "\"y\":\"UI8exy-C06a7DUnjIdENkxeFtHM4-l_41LqEw9nVgmw\""

/* The token of RFC 7515 A.3 has no kid. jwk is tried with kids put in front
 * of the signature check: the header's kid is not signed here, so a verified
 * result must come from the set without kid alone. */
static const struct {
    const char *keys, *kid, *x5t;
    as_jws_result result;
} choices[] = {
    { "{" A3_X_Y "}", NULL, NULL, AS_JWS_VERIFIED },
    { "{" A3_X_Y "}", "any", NULL, AS_JWS_VERIFIED },
    { "{\"kid\":\"a\"," A3_X_Y "}", NULL, NULL, AS_JWS_VERIFIED },
    { "{\"kid\":\"a\"," A3_X_Y "}", "a", NULL, AS_JWS_VERIFIED },
    { "{\"kid\":\"a\"," A3_X_Y "}", "A", NULL, AS_JWS_NO_KEY },
    { "{\"kid\":\"a\"," A3_X_Y "}", "", NULL, AS_JWS_NO_KEY },
    { "{" A3_X_Y "},{" OTHER_X_Y "}", NULL, NULL, AS_JWS_VERIFIED },
    { "{" A3_X_Y "},{" OTHER_X_Y "}", "a", NULL, AS_JWS_NO_KEY },
    { "{\"kid\":\"b\"," OTHER_X_Y "},{\"kid\":\"a\"," A3_X_Y "}", "a", NULL,
      AS_JWS_VERIFIED },
    { "{\"kid\":\"b\"," OTHER_X_Y "},{\"kid\":\"a\"," A3_X_Y "}", "b", NULL,
      AS_JWS_FORGED },
    { "{\"kid\":\"a\",\"x5t#S256\":\"t\"," A3_X_Y "},{" OTHER_X_Y "}", NULL,
      "t", AS_JWS_VERIFIED },
    { "{\"kid\":\"a\",\"x5t#S256\":\"t\"," A3_X_Y "},{" OTHER_X_Y "}", NULL,
      "u", AS_JWS_NO_KEY },
    { "{\"alg\":\"ES256\"," A3_X_Y "}", NULL, NULL, AS_JWS_VERIFIED },
};

static void chooses_keys(void **state)
{
    size_t i;
    as_key_set set;
    as_jws jws;

    for (i = 0; i < COUNT(choices); i++) {
        load(&set, apr_pstrcat(*state, "{\"keys\":[", choices[i].keys, "]}",
                               NULL), *state);
        assert_int_equal(parse(&jws, as_span_of(RFC7515_A3), *state),
                         APR_SUCCESS);
        jws.kid = choices[i].kid;
        jws.x5t = choices[i].x5t;
        if (as_jws_verify(&jws, as_algorithm_find(as_span_of("ES256")), &set)
            != choices[i].result)
            fail_msg("choice %d", (int)i);
    }
}

/* Eight tries, however many keys fit. */
static void bounds_tries(void **state)
{
    const char *keys = "";
    as_key_set set;
    int i;

    for (i = 0; i < 8; i++)
        keys = apr_pstrcat(*state, keys, "{" OTHER_X_Y "},", NULL);
    load(&set, apr_pstrcat(*state, "{\"keys\":[", keys, "{" A3_X_Y "}]}",
                           NULL), *state);
    assert_int_equal(set.count, 9);
    assert_int_equal(verify(RFC7515_A3, "ES256", &set, *state),
                     AS_JWS_FORGED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(verifies_the_examples),
        UNIT_TEST(sees_every_changed_character),
        UNIT_TEST(judges_headers),
        UNIT_TEST(judges_tokens),
        UNIT_TEST(bounds_sizes),
        UNIT_TEST(tells_tokens_apart),
        UNIT_TEST(chooses_keys),
        UNIT_TEST(bounds_tries),
    };

    return cmocka_run_group_tests_name("jws", tests, NULL, NULL);
}
