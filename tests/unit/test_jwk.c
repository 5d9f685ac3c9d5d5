/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * JWK sets: what is a key for us, what is skipped, what is no set at all
 * (T-JOS-02, T-JOS-04, T-JOS-05, T-JOS-10).
 */
#include "unit.h"

#include <openssl/err.h>

#include "jwk.h"
#include "vectors/jose.h"

#define EC_X "\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\""
#define EC_Y "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\""
#define EC "\"kty\":\"EC\",\"crv\":\"P-256\"," EC_X "," EC_Y
#define OKP_X "\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\""
#define OKP "\"kty\":\"OKP\",\"crv\":\"Ed25519\"," OKP_X
#define K32 "\"k\":\"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\""
#define K31 "\"k\":\"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHg\""
#define OCT "\"kty\":\"oct\"," K32
#define SET(keys) "{\"keys\":[" keys "]}"

static const struct {
    const char *json;
    int secret; /* allowed */
    int count;  /* of usable keys; -1 where the whole is refused */
    int skipped, exposed;
} sets[] = {
    { "{" EC "}", 0, 1, 0, 0 },
    { SET("{" EC "}"), 0, 1, 0, 0 },
    { SET("{" EC "},{" OKP "}"), 0, 2, 0, 0 },
    { SET(RFC7638_JWK), 0, 1, 0, 0 },
    { "{\"a\":[],\"keys\":[{" OKP "}],\"b\":1}", 0, 1, 0, 0 },
    { SET("{" EC ",\"use\":\"sig\",\"key_ops\":[\"verify\"]}"), 0, 1, 0, 0 },
    { SET("{" EC ",\"key_ops\":[\"sign\",\"verify\"]}"), 0, 1, 0, 0 },
    { SET("{" EC ",\"alg\":\"ES256\"}"), 0, 1, 0, 0 },
    { SET("{" OKP ",\"alg\":\"EdDSA\"}"), 0, 1, 0, 0 },
    { SET("{" OKP ",\"alg\":\"Ed25519\"}"), 0, 1, 0, 0 },
    { SET("{" EC ",\"d\":\"AA\"}"), 0, 1, 0, 1 },
    { SET("{" OKP ",\"d\":\"AA\"},{" EC "}"), 0, 2, 0, 1 },
    { SET("{" OCT "}"), 1, 1, 0, 0 },
    { "{" OCT "}", 1, 1, 0, 0 },
    { SET("{" OCT ",\"alg\":\"HS256\",\"kid\":\"a\"}"), 1, 1, 0, 0 },

    /* skipped, the rest is kept */
    { SET("{" EC "},{" OCT "}"), 0, 1, 1, 0 },
    { SET("{" EC "},{\"kty\":\"AKP\"},{},1,null,[],\"x\""), 0, 1, 6, 0 },
    { SET("{" EC "},{" OKP ",\"use\":\"enc\"}"), 0, 1, 1, 0 },
    { SET("{" EC "},{" OKP ",\"use\":1}"), 0, 1, 1, 0 },
    { SET("{" EC "},{" OKP ",\"use\":\"SIG\"}"), 0, 1, 1, 0 },
    { SET("{" EC "},{" OKP ",\"key_ops\":[\"sign\"]}"), 0, 1, 1, 0 },
    { SET("{" EC "},{" OKP ",\"key_ops\":[]}"), 0, 1, 1, 0 },
    { SET("{" EC "},{" OKP ",\"key_ops\":\"verify\"}"), 0, 1, 1, 0 },
    { SET("{" EC "},{" OKP ",\"key_ops\":[\"sign, verify\"]}"), 0, 1, 1, 0 },
    { SET("{" EC "},{" OKP ",\"kid\":1}"), 0, 1, 1, 0 },
    { SET("{" EC "},{" OKP ",\"alg\":1}"), 0, 1, 1, 0 },
    { SET("{" EC "},{" OKP ",\"alg\":\"ES256\"}"), 0, 1, 1, 0 },
    { SET("{" EC "},{" OKP ",\"alg\":\"HS256\"}"), 0, 1, 1, 0 },
    { SET("{" EC "},{" OKP ",\"alg\":\"none\"}"), 0, 1, 1, 0 },
    { SET("{" EC "},{" OKP ",\"alg\":\"\"}"), 0, 1, 1, 0 },
    { SET("{" EC "},{" OKP ",\"x5t#S256\":1}"), 0, 1, 1, 0 },
    { SET("{" OCT "},{\"kty\":\"oct\"," K31 "}"), 1, 1, 1, 0 },
    { SET("{" OCT "},{\"kty\":\"oct\"," K32 ",\"alg\":\"HS384\"}"), 1, 1, 1,
      0 },
    { SET("{" OCT "},{\"kty\":\"oct\"," K32 ",\"alg\":\"A256GCM\"}"), 1, 1, 1,
      0 },
    { SET("{" OCT "},{\"kty\":\"oct\"},{\"kty\":\"oct\",\"k\":\"\"},"
          "{\"kty\":\"oct\",\"k\":1}"), 1, 1, 3, 0 },

    /* twins: nobody can tell which is meant */
    { SET("{\"kid\":\"a\"," EC "},{\"kid\":\"a\"," EC "},{" OKP "}"), 0, 1, 2,
      0 },
    { SET("{\"kid\":\"a\"," EC "},{\"kid\":\"a\"," EC ",\"alg\":\"ES256\"}"),
      0, 2, 0, 0 },
    { SET("{\"kid\":\"a\"," EC "},{\"kid\":\"a\"," OKP "}"), 0, 2, 0, 0 },
    { SET("{" EC "},{" EC "}"), 0, 2, 0, 0 },
    { SET("{\"kid\":\"a\"," EC "},{\"kid\":\"a\"," EC "}"), 0, -1, 2, 0 },
    { SET("{\"kid\":\"a\"," EC "},{\"kid\":\"a\"," EC ",\"use\":\"enc\"}"), 0, 1, 1,
      0 },
    { SET("{\"kid\":\"a\"," OCT "},{\"kid\":\"a\",\"kty\":\"oct\"}"), 1, -1, 2, 0 },

    /* no set, or nothing in it */
    { "", 0, -1, 0, 0 },
    { "{}", 0, -1, 0, 0 },
    { "[]", 0, -1, 0, 0 },
    { "[{" EC "}]", 0, -1, 0, 0 },
    { "{\"keys\":{}}", 0, -1, 0, 0 },
    { "{\"keys\":null}", 0, -1, 0, 0 },
    { "{\"keys\":1," EC "}", 0, -1, 0, 0 },
    { SET(""), 0, -1, 0, 0 },
    { SET("{" OCT "}"), 0, -1, 1, 0 },
    { SET("{" OCT "},{" EC "}"), 1, -1, 0, 0 },
    { SET("{" OCT "},{" EC ",\"use\":\"enc\"}"), 1, -1, 1, 0 },
    { "{" EC ",\"kty\":\"RSA\"}", 0, -1, 0, 0 },
    { SET("{" EC "}") "x", 0, -1, 0, 0 },
    { "-----BEGIN PUBLIC KEY-----", 0, -1, 0, 0 },
};

static void judges_sets(void **state)
{
    size_t i;

    for (i = 0; i < COUNT(sets); i++) {
        as_span json = exact(sets[i].json, strlen(sets[i].json));
        const char *why = NULL;
        as_key_set set;
        apr_status_t rv = as_key_set_from_jwks(&set, &why, json,
                                               sets[i].secret, *state);

        free((char *)json.at);
        if (rv != (sets[i].count > 0 ? APR_SUCCESS : APR_EINVAL))
            fail_msg("%s: %s", sets[i].json, why ? why : "accepted");
        if (rv == APR_SUCCESS)
            assert_int_equal(set.count, sets[i].count);
        else
            assert_non_null(why);
        if (set.exposed != sets[i].exposed || (sets[i].count > 0
            && set.skipped != sets[i].skipped))
            fail_msg("%s: %d skipped, %d exposed", sets[i].json, set.skipped,
                     set.exposed);
        assert_int_equal(ERR_peek_error(), 0);
    }
}

static const char *const bad_keys[] = {
    "{\"kty\":\"ec\",\"crv\":\"P-256\"," EC_X "," EC_Y "}",
    "{\"kty\":1,\"crv\":\"P-256\"," EC_X "," EC_Y "}",
    "{\"kty\":\"EC\"," EC_X "," EC_Y "}",
    "{\"kty\":\"EC\",\"crv\":\"p-256\"," EC_X "," EC_Y "}",
    "{\"kty\":\"EC\",\"crv\":\"P-384\"," EC_X "," EC_Y "}",
    "{\"kty\":\"EC\",\"crv\":\"secp256k1\"," EC_X "," EC_Y "}",
    "{\"kty\":\"EC\",\"crv\":\"Ed25519\"," EC_X "," EC_Y "}",
    "{\"kty\":\"OKP\",\"crv\":\"P-256\"," EC_X "," EC_Y "}",
    "{\"kty\":\"RSA\"," EC_X "," EC_Y "}",
    "{\"kty\":\"EC\",\"crv\":\"P-256\"," EC_X "}",
    "{\"kty\":\"EC\",\"crv\":\"P-256\"," EC_Y "}",
    "{\"kty\":\"EC\",\"crv\":\"P-256\"," EC_X ",\"y\":1}",
    "{\"kty\":\"EC\",\"crv\":\"P-256\"," EC_X ",\"y\":\"\"}",
    "{\"kty\":\"EC\",\"crv\":\"P-256\"," EC_X
    ",\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0=\"}",
    "{\"kty\":\"EC\",\"crv\":\"P-256\"," EC_X
    ",\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a1\"}",
    "{\"kty\":\"EC\",\"crv\":\"P-256\"," EC_X
    ",\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5aA\"}",
    "{\"kty\":\"EC\",\"crv\":\"P-256\"," EC_X
    ",\"y\":\"AMfxRM0bvZt-hyzf7bnuufSzaV1uqQskrYpGIyiFiOWt\"}",
    "{\"kty\":\"EC\",\"crv\":\"P-256\","
    "\"x\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\","
    "\"y\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}",
    "{\"kty\":\"OKP\",\"crv\":\"Ed25519\","
    "\"x\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}",
    "{\"kty\":\"OKP\",\"crv\":\"X25519\"," OKP_X "}",
    "{\"kty\":\"OKP\",\"crv\":\"Ed448\"," OKP_X "}",
    "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrc\"}",
    "{\"kty\":\"RSA\",\"e\":\"AQAB\"}",
    "{\"kty\":\"RSA\",\"n\":\"AQAB\"}",
    "{\"kty\":\"RSA\",\"n\":\"\",\"e\":\"\"}",
    "{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}",
};

static void skips_bad_keys(void **state)
{
    size_t i;

    for (i = 0; i < COUNT(bad_keys); i++) {
        const char *why;
        as_key_set set;

        if (as_key_set_from_jwks(&set, &why, as_span_of(bad_keys[i]), 0,
                                 *state) != APR_EINVAL)
            fail_msg("accepted %s", bad_keys[i]);
        assert_int_equal(ERR_peek_error(), 0);
    }
}

/* The RFC 7638 key with other exponents, or a longer modulus. */
static void judges_rsa(void **state)
{
    static const struct {
        const char *from, *to;
        int good;
    } edits[] = {
        { "\"e\":\"AQAB\"", "\"e\":\"AQAB\"", 1 },
        { "\"e\":\"AQAB\"", "\"e\":\"AAEAAQ\"", 1 }, /* leading zero */
        { "\"e\":\"AQAB\"", "\"e\":\"AQ\"", 0 },     /* 1 */
        { "\"e\":\"AQAB\"", "\"e\":\"Aw\"", 0 },     /* 3 */
        { "\"e\":\"AQAB\"", "\"e\":\"AQAA\"", 0 },   /* 65536 */
        { "\"e\":\"AQAB\"", "\"e\":\"AQAAAAAAAAAB\"", 0 }, /* 65 bits */
        { "\"n\":\"0vx7", "\"n\":\"AAAA0vx7", 1 },
        { "\"n\":\"0vx7", "\"n\":\"AAAAAAAAAAA0vx7", 0 }, /* not base64url */
        { "DKgw\"", "DKgg\"", 0 },                   /* even */
    };
    size_t i;

    for (i = 0; i < COUNT(edits); i++) {
        const char *at = strstr(RFC7638_JWK, edits[i].from), *why = "";
        as_key_set set;
        const char *json = apr_pstrcat(
            *state, apr_pstrmemdup(*state, RFC7638_JWK,
                                   (apr_size_t)(at - RFC7638_JWK)),
            edits[i].to, at + strlen(edits[i].from), NULL);

        if ((as_key_set_from_jwks(&set, &why, as_span_of(json), 0, *state)
             == APR_SUCCESS) != edits[i].good)
            fail_msg("%s: %s", edits[i].to, why);
    }
}

static void keeps_names(void **state)
{
    const char *why;
    as_key_set set;

    assert_int_equal(as_key_set_from_jwks(&set, &why, as_span_of(RFC7638_JWK),
                                          0, *state), APR_SUCCESS);
    assert_string_equal(set.keys[0]->kid, "2011-04-29");
    assert_string_equal(as_algorithm_name(set.keys[0]->only), "RS256");
    assert_string_equal(as_key_thumbprint(*state, set.keys[0]),
                        RFC7638_THUMBPRINT);
    assert_false(as_key_fits(set.keys[0],
                             as_algorithm_find(as_span_of("RS384"))));
}

static void bounds_the_count(void **state)
{
    const char *keys = "{" EC "}", *why;
    as_key_set set;
    int i;

    for (i = 1; i < AS_JWKS_KEYS_MAX; i++)
        keys = apr_pstrcat(*state, keys, ",{" EC "}", NULL);
    assert_int_equal(
        as_key_set_from_jwks(&set, &why,
                             as_span_of(apr_pstrcat(*state, "{\"keys\":[",
                                                    keys, "]}", NULL)),
                             0, *state), APR_SUCCESS);
    assert_int_equal(set.count, AS_JWKS_KEYS_MAX);
    assert_int_equal(
        as_key_set_from_jwks(&set, &why,
                             as_span_of(apr_pstrcat(*state, "{\"keys\":[",
                                                    keys, ",1]}", NULL)),
                             0, *state), APR_EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(judges_sets),
        UNIT_TEST(skips_bad_keys),
        UNIT_TEST(judges_rsa),
        UNIT_TEST(keeps_names),
        UNIT_TEST(bounds_the_count),
    };

    return cmocka_run_group_tests_name("jwk", tests, NULL, NULL);
}
