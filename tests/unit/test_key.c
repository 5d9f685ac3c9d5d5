/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Keys from PEM and DER: what is taken, and everything that must not be
 * (T-JOS-02, T-JOS-04, T-JOS-05, T-JOS-10, T-JOS-11). Keys were made with the
 * openssl command, the broken ones by editing their DER.
 */
#include "unit.h"

#include <openssl/err.h>

#include "base64.h"
#include "key.h"
#include "vectors/keys.h"

static apr_status_t load(const as_key **key, const char *pem, size_t len,
                         apr_pool_t *pool)
{
    as_span text = exact(pem, len);
    const char *why = NULL;
    apr_status_t rv = as_key_from_pem(key, NULL, &why, text, pool);

    free((char *)text.at);
    if (rv != APR_SUCCESS) {
        assert_non_null(why);
        assert_null(*key);
    }
    assert_int_equal(ERR_peek_error(), 0);
    return rv;
}

static const struct {
    const char *name, *pem;
    const char *fits; /* algorithms, in the table's order */
} good[] = {
    { "RSA 2048", RSA_2048, "RS256 RS384 RS512 PS256 PS384 PS512 " },
    { "P-256", P_256, "ES256 " },
    { "P-384", P_384, "ES384 " },
    { "P-521", P_521, "ES512 " },
    { "secp256k1", SECP256K1, "ES256K " },
    { "Ed25519", ED25519, "EdDSA Ed25519 " },
    { "Ed448", ED448, "EdDSA Ed448 " },
    { "CRLF", BEGIN_PUBLIC "\r\n" ED25519_BODY "\r\n" END_PUBLIC "\r\n",
      "EdDSA Ed25519 " },
    { "no line breaks", BEGIN_PUBLIC ED25519_BODY END_PUBLIC,
      "EdDSA Ed25519 " },
    { "white space", " \t\r\n" BEGIN_PUBLIC " \n" ED25519_BODY "\t" END_PUBLIC
      " \n\n", "EdDSA Ed25519 " },
    { "no padding", BEGIN_PUBLIC P_521_BODY_UNPADDED END_PUBLIC, "ES512 " },
    { "base64url", BEGIN_PUBLIC "\n" RSA_2048_BASE64URL "\n" END_PUBLIC,
      "RS256 RS384 RS512 PS256 PS384 PS512 " },
};

static void takes(void **state)
{
    size_t i;

    for (i = 0; i < COUNT(good); i++) {
        const as_key *key;
        const as_algorithm *alg;
        char fits[128] = "";
        int n;

        if (load(&key, good[i].pem, strlen(good[i].pem), *state)
            != APR_SUCCESS)
            fail_msg("refused %s", good[i].name);
        for (n = 0; (alg = as_algorithm_at(n)); n++)
            if (as_key_fits(key, alg)) {
                strcat(fits, as_algorithm_name(alg));
                strcat(fits, " ");
            }
        assert_string_equal(fits, good[i].fits);
        assert_int_equal(as_key_fits(key, as_rsa_sha1),
                         strncmp(fits, "RS", 2) == 0);
    }
}

static const struct {
    const char *name, *pem;
} bad[] = {
    { "nothing", "" },
    { "the lines alone", BEGIN_PUBLIC END_PUBLIC },
    { "begin alone", BEGIN_PUBLIC },
    { "end alone", END_PUBLIC },
    { "half a begin", "-----BEGIN PUBLIC KEY----" },
    { "text before", "x" ED25519 },
    { "text behind", ED25519 "x" },
    { "two blocks", ED25519 ED25519 },
    { "two bodies", BEGIN_PUBLIC ED25519_BODY ED25519_BODY END_PUBLIC },
    { "private, PKCS#8", PRIVATE_PKCS8 },
    { "private, traditional", PRIVATE_EC },
    { "private under the public label",
      BEGIN_PUBLIC PRIVATE_PKCS8_BODY END_PUBLIC },
    { "RSA PUBLIC KEY", RSA_PKCS1 },
    { "its body under our label", BEGIN_PUBLIC RSA_PKCS1_BODY END_PUBLIC },
    { "certificate", CERTIFICATE },
    { "lower case label", "-----begin public key-----\n" ED25519_BODY
      "\n-----end public key-----\n" },
    { "padding inside", BEGIN_PUBLIC "MC=owBQYDK2VwAyEA" END_PUBLIC },
    { "three paddings", BEGIN_PUBLIC ED25519_BODY "===" END_PUBLIC },
    { "wrong padding", BEGIN_PUBLIC ED25519_BODY "=" END_PUBLIC },
    { "other letters", BEGIN_PUBLIC "MCowBQYDK2VwAyEA!!!!" END_PUBLIC },
    { "RSA 1024", RSA_1024 },
    { "RSA 8200", RSA_8200 },
    { "RSA exponent 1", RSA_E1 },
    { "RSA exponent 3", RSA_E3 },
    { "RSA exponent even", RSA_E65536 },
    { "RSA exponent of 80 bits", RSA_E80 },
    { "RSA modulus even", RSA_EVEN },
    { "RSASSA-PSS key", RSA_PSS },
    { "P-224", P_224 },
    { "brainpoolP256r1", BRAINPOOL },
    { "P-256 compressed", P_256_COMPRESSED },
    { "P-256 with explicit parameters", P_256_EXPLICIT },
    { "P-256 off the curve", P_256_OFF },
    { "P-256 at infinity", P_256_INFINITY },
    { "X25519", X25519 },
    { "DSA", DSA },
    { "Ed25519 all zero", ED25519_ZERO },
    { "Ed25519 neutral element", ED25519_ONE },
    { "Ed25519 neutral, sign bit set", ED25519_ONE_NEGATIVE },
    { "Ed25519 of order 8", ED25519_ORDER_8 },
    { "Ed25519 short", ED25519_SHORT },
    { "Ed448 of order 2", ED448_ORDER_2 },
    { "trailing octet in the DER", ED25519_TRAILING },
    { "long form of a length", ED25519_LONG_LENGTH },
};

static void refuses(void **state)
{
    size_t i;

    for (i = 0; i < COUNT(bad); i++) {
        const as_key *key;

        if (load(&key, bad[i].pem, strlen(bad[i].pem), *state) != APR_EINVAL)
            fail_msg("accepted: %s", bad[i].name);
    }
}

/* Every cut of a good PEM, and NUL in it. */
static void refuses_parts(void **state)
{
    const char pem[] = BEGIN_PUBLIC ED25519_BODY END_PUBLIC;
    char copy[sizeof(pem)];
    const as_key *key;
    size_t i;

    for (i = 0; i < sizeof(pem) - 1; i++)
        assert_int_equal(load(&key, pem, i, *state), APR_EINVAL);
    for (i = 0; i < sizeof(pem) - 1; i++) {
        memcpy(copy, pem, sizeof(pem));
        copy[i] = '\0';
        assert_int_equal(load(&key, copy, sizeof(pem) - 1, *state),
                         APR_EINVAL);
    }
    assert_int_equal(load(&key, pem, sizeof(pem), *state), APR_EINVAL);
}

static void gives_the_der(void **state)
{
    const as_key *key, *again;
    const char *why;
    as_span der;

    assert_int_equal(as_key_from_pem(&key, &der, &why, as_span_of(ED25519),
                                     *state), APR_SUCCESS);
    assert_int_equal(der.len, 44);
    assert_memory_equal(der.at, "\x30\x2a\x30\x05\x06\x03\x2b\x65\x70", 9);
    assert_int_equal(as_key_from_spki(&again, &why, der, *state),
                     APR_SUCCESS);
    assert_string_equal(as_key_thumbprint(*state, key),
                        as_key_thumbprint(*state, again));
}

static const struct {
    const char *pem, *thumbprint;
} thumbprints[] = {
    { RFC7638_KEY, "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs" },
    { RFC8037_KEY, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k" },
    { RFC9449_KEY, "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I" },
    { P_521_ZERO_LED, P_521_ZERO_LED_THUMBPRINT },
};

static void thumbprints_as_in_the_rfcs(void **state)
{
    const as_key *key;
    size_t i;

    for (i = 0; i < COUNT(thumbprints); i++) {
        assert_int_equal(load(&key, thumbprints[i].pem,
                              strlen(thumbprints[i].pem), *state),
                         APR_SUCCESS);
        assert_string_equal(as_key_thumbprint(*state, key),
                            thumbprints[i].thumbprint);
    }
    key = as_key_from_secret(*state, as_span_of("01234567890123456789012345678901"));
    assert_null(as_key_thumbprint(*state, key));
}

/* RFC 8037 A.4, RFC 7515 A.1: signatures made elsewhere. */
static void verifies(void **state)
{
    const as_key *key;
    as_span text = as_span_of(RFC8037_TEXT), sig;
    const as_algorithm *eddsa = as_algorithm_find(as_span_of("EdDSA"));
    const as_algorithm *rs256 = as_algorithm_find(as_span_of("RS256"));
    int round;

    assert_int_equal(load(&key, RFC8037_KEY, strlen(RFC8037_KEY), *state),
                     APR_SUCCESS);
    assert_int_equal(
        as_base64url_decode(&sig, as_span_of(RFC8037_SIGNATURE), *state),
        APR_SUCCESS);
    for (round = 0; round < 2; round++) {
        assert_true(as_key_verifies(key, eddsa, text, sig));
        assert_false(as_key_verifies(key, rs256, text, sig));
        assert_false(as_key_verifies(key, eddsa, as_span_of("x"), sig));
        assert_false(as_key_verifies(key, eddsa, text,
                                     (as_span){ sig.at, sig.len - 1 }));
        assert_false(as_key_verifies(key, eddsa, text, (as_span){ "", 0 }));
        assert_false(as_key_verifies(key, as_rsa_sha1, text, sig));
        assert_int_equal(ERR_peek_error(), 0);
        as_key_prepare(key, *state);
    }
}

static void secrets_have_a_length(void **state)
{
    char bytes[64];
    const as_algorithm *hs256 = as_algorithm_find(as_span_of("HS256"));
    const as_algorithm *hs512 = as_algorithm_find(as_span_of("HS512"));
    size_t len;

    memset(bytes, 'k', sizeof(bytes));
    for (len = 0; len <= sizeof(bytes); len++) {
        const as_key *key = as_key_from_secret(*state,
                                               (as_span){ bytes, len });

        assert_int_equal(as_key_fits(key, hs256), len >= 32);
        assert_int_equal(as_key_fits(key, hs512), len >= 64);
        assert_false(as_key_fits(key, as_rsa_sha1));
        assert_false(as_key_verifies(key, hs256, as_span_of("x"),
                                     (as_span){ bytes, 32 }));
    }
}

static const char *const no_names[] = {
    "none", "NONE", "nOnE", "", "R", "RS", "RS25", "RS2566", "rs256",
    "HS", "HS1", "ES521", "ES224", "RS1", "RSA-SHA1", "A256GCM", "RS256 ",
    "EDDSA", "ed25519", "ML-DSA-44",
};

static void names_are_exact(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(no_names); i++)
        if (as_algorithm_find(as_span_of(no_names[i])))
            fail_msg("found \"%s\"", no_names[i]);
    assert_null(as_algorithm_find((as_span){ "RS256\0", 6 }));
    assert_null(as_algorithm_at(-1));
    assert_true(as_algorithm_is_symmetric(
        as_algorithm_find(as_span_of("HS384"))));
    assert_false(as_algorithm_is_symmetric(
        as_algorithm_find(as_span_of("ES384"))));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(takes),
        UNIT_TEST(refuses),
        UNIT_TEST(refuses_parts),
        UNIT_TEST(gives_the_der),
        UNIT_TEST(thumbprints_as_in_the_rfcs),
        UNIT_TEST(verifies),
        UNIT_TEST(secrets_have_a_length),
        UNIT_TEST(names_are_exact),
    };

    return cmocka_run_group_tests_name("key", tests, NULL, NULL);
}
