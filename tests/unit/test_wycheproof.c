/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Project Wycheproof's vectors against the code that the server runs
 * (T-JOS-01 to T-JOS-05, T-JOS-08). jansson alone reads the files.
 */
#include "unit.h"

#include <jansson.h>
#include <openssl/err.h>

#include "jws.h"

static json_t *load(const char *name)
{
    char path[512];
    json_error_t error;
    json_t *file;

    snprintf(path, sizeof(path), "%s/wycheproof/%s.json", VECTORS, name);
    file = json_load_file(path, 0, &error);
    if (!file)
        fail_msg("%s: %s", path, error.text);
    return file;
}

static const char *text(json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

static as_span unhex(const char *hex, apr_pool_t *pool)
{
    size_t len = strlen(hex) / 2, i;
    unsigned char *bytes = apr_palloc(pool, len + 1);
    unsigned int octet;

    for (i = 0; i < len; i++) {
        assert_int_equal(sscanf(hex + 2 * i, "%2x", &octet), 1);
        bytes[i] = (unsigned char)octet;
    }
    return (as_span){ (const char *)bytes, len };
}

static const struct {
    const char *file, *alg;
} raw_sets[] = {
    { "ecdsa_secp256r1_sha256_p1363_test", "ES256" },
    { "ecdsa_secp384r1_sha384_p1363_test", "ES384" },
    { "ecdsa_secp521r1_sha512_p1363_test", "ES512" },
    { "ecdsa_secp256k1_sha256_p1363_test", "ES256K" },
    { "ed25519_test", "EdDSA" },
    { "ed25519_test", "Ed25519" },
    { "ed448_test", "EdDSA" },
    { "ed448_test", "Ed448" },
    { "rsa_pss_2048_sha256_mgf1_32_test", "PS256" },
    { "rsa_signature_2048_sha256_test", "RS256" },
    { "rsa_signature_2048_sha384_test", "RS384" },
    { "rsa_signature_2048_sha512_test", "RS512" },
    { "hmac_sha256_test", "HS256" },
    { "hmac_sha384_test", "HS384" },
    { "hmac_sha512_test", "HS512" },
};

/* Three keys in the RSA sets have exponent 3, which we refuse. */
static int is_refused(json_t *group)
{
    const char *e = text(json_object_get(group, "publicKey"),
                         "publicExponent");

    return e && strcmp(e, "03") == 0;
}

/* NULL where each vector has a secret of its own. */
static const as_key *group_key(json_t *group, apr_pool_t *pool)
{
    const char *der = text(group, "publicKeyDer"), *why = "";
    const as_key *key;
    apr_status_t rv;

    if (!der)
        return NULL;
    rv = as_key_from_spki(&key, &why, unhex(der, pool), pool);
    if ((rv == APR_SUCCESS) == is_refused(group))
        fail_msg("key of exponent %s: %s",
                 text(json_object_get(group, "publicKey"), "publicExponent"),
                 why);
    if (key)
        as_key_prepare(key, pool);
    return key;
}

/* JOSE has no truncated MACs and no secret below the hash's length: there the
 * answer is no, whatever the vector says. */
static int expected(json_t *group, json_t *test, const as_algorithm *alg)
{
    json_int_t bits = json_integer_value(json_object_get(group, "keySize"));
    json_int_t tag = json_integer_value(json_object_get(group, "tagSize"));
    json_int_t least = atoi(as_algorithm_name(alg) + 2);

    if (as_algorithm_is_symmetric(alg) && (bits < least || tag != least))
        return 0;
    return strcmp(text(test, "result"), "valid") == 0;
}

static void check_vector(json_t *group, json_t *test, const as_algorithm *alg,
                         const as_key *key, apr_pool_t *pool)
{
    const char *tag = text(test, "tag");
    as_span message = unhex(text(test, "msg"), pool);
    as_span sig = unhex(tag ? tag : text(test, "sig"), pool);
    int verifies;

    if (!key)
        key = as_key_from_secret(pool, unhex(text(test, "key"), pool));
    verifies = as_key_verifies(key, alg, message, sig);
    assert_int_equal(ERR_peek_error(), 0);
    /* PKCS#1 without the NULL in the hash's identifier: either is right. */
    if (strcmp(text(test, "result"), "acceptable") == 0)
        return;
    if (verifies != expected(group, test, alg))
        fail_msg("%s, vector %d: %s", as_algorithm_name(alg),
                 (int)json_integer_value(json_object_get(test, "tcId")),
                 text(test, "comment"));
}

static void raw(void **state)
{
    size_t i, g, t;
    json_t *group, *test;

    for (i = 0; i < COUNT(raw_sets); i++) {
        json_t *file = load(raw_sets[i].file);
        const as_algorithm *alg =
            as_algorithm_find(as_span_of(raw_sets[i].alg));
        int count = 0;

        json_array_foreach(json_object_get(file, "testGroups"), g, group) {
            const as_key *key = group_key(group, *state);

            json_array_foreach(json_object_get(group, "tests"), t, test) {
                count++;
                if (!is_refused(group))
                    check_vector(group, test, alg, key, *state);
            }
        }
        assert_int_equal(count, json_integer_value(
                                    json_object_get(file, "numberOfTests")));
        json_decref(file);
    }
}

/*
 * Where we do not agree with json_web_signature_test.json, and why.
 *
 * 346, 350: the key is pinned to PS256, the JWS says PS384.
 * 347, 351: the key is pinned to ES521, which does not exist.
 *      RFC 8725 section 3.1: a key has one algorithm. Without that, 332, 334,
 *      336, 338 and 340 would verify.
 * 367, 370: meant to have padding, which the file lost: the same octets as
 *      357, which is valid. test_jws.c has such tokens with padding.
 * 372, 373: a "?" in the middle of the base64url, to be skipped. We skip
 *      nothing.
 */
static const struct {
    int id, verifies;
} deviations[] = {
    { 346, 0 }, { 347, 0 }, { 350, 0 }, { 351, 0 },
    { 367, 1 }, { 370, 1 }, { 372, 0 }, { 373, 0 },
};

static int deviates(int id)
{
    size_t i;

    for (i = 0; i < COUNT(deviations); i++)
        if (deviations[i].id == id)
            return 1;
    return 0;
}

/* A key that we do not take leaves an empty set. */
static void group_keys(as_key_set *set, json_t *group, apr_pool_t *pool)
{
    json_t *public = json_object_get(group, "public");
    json_t *keys = public ? public : json_object_get(group, "private");
    char *json = json_dumps(keys, JSON_COMPACT);
    const char *why;

    if (as_key_set_from_jwks(set, &why, as_span_of(json), public == NULL,
                             pool) != APR_SUCCESS)
        set->count = 0;
    free(json);
}

static int verifies(const as_key_set *set, const char *token,
                    apr_pool_t *pool)
{
    as_span copy = exact(token, strlen(token));
    const as_algorithm *alg;
    const char *why;
    as_jws jws;
    int ok = 0;

    if (as_jws_parse(&jws, &why, copy, pool) == APR_SUCCESS) {
        alg = as_algorithm_find(jws.alg);
        ok = alg && as_jws_verify(&jws, alg, set) == AS_JWS_VERIFIED;
    }
    free((char *)copy.at);
    assert_int_equal(ERR_peek_error(), 0);
    return ok;
}

static void jws(void **state)
{
    json_t *file = load("json_web_signature_test"), *group, *test;
    int count = 0, wrong = 0;
    as_key_set set;
    size_t g, t;

    json_array_foreach(json_object_get(file, "testGroups"), g, group) {
        group_keys(&set, group, *state);
        json_array_foreach(json_object_get(group, "tests"), t, test) {
            int id = (int)json_integer_value(json_object_get(test, "tcId"));
            int valid = strcmp(text(test, "result"), "valid") == 0;

            count++;
            if (verifies(&set, text(test, "jws"), *state)
                == (deviates(id) ? !valid : valid))
                continue;
            print_error("vector %d: %s\n", id, text(test, "comment"));
            wrong++;
        }
    }
    assert_int_equal(count, 401);
    assert_int_equal(wrong, 0);
    json_decref(file);
}

static void jwk(void **state)
{
    json_t *file = load("json_web_key_test"), *group, *test;
    int count = 0, wrong = 0;
    as_key_set set;
    size_t g, t;

    json_array_foreach(json_object_get(file, "testGroups"), g, group) {
        group_keys(&set, group, *state);
        json_array_foreach(json_object_get(group, "tests"), t, test) {
            int id = (int)json_integer_value(json_object_get(test, "tcId"));
            int valid = strcmp(text(test, "result"), "valid") == 0;

            count++;
            if (verifies(&set, text(test, "jws"), *state) == valid)
                continue;
            print_error("vector %d: %s\n", id, text(test, "comment"));
            wrong++;
        }
    }
    assert_int_equal(count, 26);
    assert_int_equal(wrong, 0);
    json_decref(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(raw),
        UNIT_TEST(jws),
        UNIT_TEST(jwk),
    };

    return cmocka_run_group_tests_name("wycheproof", tests, NULL, NULL);
}
