/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * HOBA without a server: the example of RFC 7486 appendix B to the octet, 22
 * readings of it that must not verify, further vectors, the parser's rows and
 * origins (T-HOB-01, T-HOB-03, T-HOB-04).
 */
#include "unit.h"

#include <openssl/bn.h>

#include <jansson.h>

#include "base64.h"
#include "grammar.h"
#include "hoba.h"
#include "secret.h"

#define ALL (HOBA_RSA_SHA256 | HOBA_RSA_SHA1 | HOBA_ES256 | HOBA_ED25519)

static json_t *vectors;

static int load(void **state)
{
    (void)state;
    vectors = json_load_file(VECTORS "/hoba/rfc7486.json", 0, NULL);
    return vectors ? 0 : -1;
}

static int unload(void **state)
{
    (void)state;
    json_decref(vectors);
    return 0;
}

static as_span text(const json_t *object, const char *name)
{
    const char *value = json_string_value(json_object_get(object, name));

    return (as_span){ value ? value : "", value ? strlen(value) : 0 };
}

static const as_key *key_of(const json_t *object, const char *name,
                            as_span *der, apr_pool_t *pool)
{
    const as_key *key = NULL;
    const char *why = NULL;

    if (as_key_from_pem(&key, der, &why, text(object, name), pool)
        != APR_SUCCESS)
        fail_msg("%s: %s", name, why);
    return key;
}

static hoba_result parts(const json_t *object)
{
    return (hoba_result){ text(object, "kid"), text(object, "challenge"),
                          text(object, "nonce"), text(object, "sig") };
}

static void the_rfc_example_verifies(void **state)
{
    const json_t *rfc = json_object_get(vectors, "rfc7486_appendix_b");
    hoba_result result = parts(rfc);
    const hoba_algorithm *alg;
    const as_key *key;
    as_span der, origin = text(rfc, "origin"), none = { "", 0 };

    key = key_of(rfc, "public_key_pem_as_printed", &der, *state);
    assert_int_equal(der.len, 294);
    assert_string_equal(hoba_kid_of(*state, der),
                        "O7AuOuZiWDwa209LKyi9C_f_sI0gu1Kw3uyAcgLBhQo");

    assert_span(
        hoba_signed_text(*state, &result, hoba_algorithm_find("RSA-SHA256"),
                         origin, none),
        "11:Pm3yUW-sW5Q1:023:https://example.com:4430:"
        "43:vesscamS2Kze4FFOg3e2UyCJPhuQ6_3_gzN-k_L6t3w"
        "44:pUE77w0LylHypHKhBqAiQHuGC751GiOVv4/7pSlo9jc=");
    alg = hoba_verifies(key, HOBA_RSA_SHA256, &result, origin, none, *state);
    assert_non_null(alg);
    assert_string_equal(alg->number, "0");

    key = key_of(rfc, "public_key_pem_standard", &der, *state);
    assert_non_null(
        hoba_verifies(key, ALL, &result, origin, none, *state));

    /* its challenge has a "/", which the RFC's own grammar forbids */
    assert_int_equal(hoba_result_parse(&result, text(rfc, "hoba_res")),
                     APR_EINVAL);
}

static void other_readings_do_not_verify(void **state)
{
    const json_t *rfc = json_object_get(vectors, "rfc7486_appendix_b");
    const json_t *rows = json_object_get(rfc, "must_not_verify");
    const as_algorithm *alg = as_algorithm_find(as_span_of("RS256"));
    const as_key *key = key_of(rfc, "public_key_pem_standard", NULL, *state);
    as_span sig, tbs;
    size_t i;

    assert_int_equal(as_base64url_decode(&sig, text(rfc, "sig"), *state),
                     APR_SUCCESS);
    assert_true(as_key_verifies(key, alg, text(rfc, "tbs"), sig));
    assert_int_equal(json_array_size(rows), 22);
    for (i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);

        assert_int_equal(
            as_base64url_decode(&tbs, text(row, "tbs_b64u"), *state),
            APR_SUCCESS);
        if (as_key_verifies(key, alg, tbs, sig))
            fail_msg("verified: %s", text(row, "why").at);
    }
}

static void wrong_parts_do_not_verify(void **state)
{
    const json_t *rfc = json_object_get(vectors, "rfc7486_appendix_b");
    const as_key *key = key_of(rfc, "public_key_pem_standard", NULL, *state);
    const hoba_result good = parts(rfc);
    const as_span origin = text(rfc, "origin"), none = { "", 0 };
    hoba_result bad[8];
    size_t i;

    for (i = 0; i < COUNT(bad); i++)
        bad[i] = good;
    bad[0].kid = as_span_of("vesscamS2Kze4FFOg3e2UyCJPhuQ6_3_gzN-k_L6t3W");
    bad[1].kid = as_span_of("vesscamS2Kze4FFOg3e2UyCJPhuQ6_3_gzN-k_L6t3w=");
    bad[2].nonce = as_span_of("Pm3yUW-sW5R");
    bad[3].challenge.len--;
    bad[4].sig.len -= 2;
    bad[5].sig = as_span_of("=");
    bad[6].sig = as_span_of("VD-0LGVBVEVj=q4x");
    bad[7].kid = good.challenge;
    bad[7].challenge = good.kid;
    for (i = 0; i < COUNT(bad); i++)
        assert_null(hoba_verifies(key, ALL, &bad[i], origin, none, *state));

    assert_null(hoba_verifies(key, 0, &good, origin, none, *state));
    assert_null(hoba_verifies(key, HOBA_ES256 | HOBA_ED25519 | HOBA_RSA_SHA1,
                              &good, origin, none, *state));
    assert_null(hoba_verifies(key, ALL, &good,
                              as_span_of("https://example.com:4430"), none,
                              *state));
    assert_null(hoba_verifies(key, ALL, &good,
                              as_span_of("https://example.com"), none,
                              *state));
    assert_null(hoba_verifies(key, ALL, &good, origin, as_span_of("x"),
                              *state));
}

/* A value moved between fields gives another text. */
static void the_text_is_injective(void **state)
{
    const hoba_algorithm *alg = hoba_algorithm_find("RSA-SHA256");
    hoba_result a = { as_span_of("b"), as_span_of("c"), as_span_of("a1"),
                      as_span_of("s") };
    hoba_result b = { as_span_of("1b"), as_span_of("c"), as_span_of("a"),
                      as_span_of("s") };

    assert_span(hoba_signed_text(*state, &a, alg, as_span_of("o"),
                                 as_span_of("")),
                "2:a11:01:o0:1:b1:c");
    assert_span(hoba_signed_text(*state, &b, alg, as_span_of("o"),
                                 as_span_of("")),
                "1:a1:01:o0:2:1b1:c");
    assert_span(hoba_signed_text(*state, &a, alg, as_span_of("o"),
                                 as_span_of("0:")),
                "2:a11:01:o2:0:1:b1:c");
}

static void derived_vectors_verify(void **state)
{
    const json_t *derived = json_object_get(vectors, "derived");
    const json_t *rows = json_object_get(derived, "cases");
    as_credentials sent;
    hoba_result result;
    as_span der, tbs;
    size_t i;

    assert_int_equal(json_array_size(rows), 9);
    for (i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        const as_key *key
            = key_of(json_object_get(json_object_get(derived, "keys"),
                                     text(row, "key").at),
                     "pem", &der, *state);
        const hoba_algorithm *alg;

        assert_span(text(row, "kid"), hoba_kid_of(*state, der));
        assert_int_equal(
            as_credentials_parse(&sent,
                                 text(row, "authorization_header_value"),
                                 *state),
            APR_SUCCESS);
        assert_int_equal(hoba_result_from(&result, &sent, *state),
                         APR_SUCCESS);
        alg = hoba_verifies(key, ALL, &result, text(row, "origin"),
                            text(row, "realm"), *state);
        if (!alg)
            fail_msg("does not verify: %s", text(row, "name").at);
        assert_span(text(row, "alg"), alg->number);
        assert_int_equal(
            as_base64url_decode(&tbs, text(row, "tbs_b64u"), *state),
            APR_SUCCESS);
        assert_span(hoba_signed_text(*state, &result, alg,
                                     text(row, "origin"), text(row, "realm")),
                    tbs.at);
        assert_null(hoba_verifies(key, ALL & ~alg->bit, &result,
                                  text(row, "origin"), text(row, "realm"),
                                  *state));
        assert_null(hoba_verifies(key, ALL, &result, text(row, "origin"),
                                  as_span_of("elsewhere"), *state));
    }
}

static void headers_parse(void **state)
{
    const json_t *rows = json_object_get(vectors, "authorization_parser");
    as_credentials sent;
    hoba_result result;
    size_t i;

    assert_int_equal(json_array_size(rows), 23);
    for (i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        as_span value = text(row, "value");
        int ok = as_credentials_parse(&sent, value, *state) == APR_SUCCESS
                 && as_span_is_nocase(sent.scheme, "HOBA")
                 && hoba_result_from(&result, &sent, *state) == APR_SUCCESS;

        if (ok != as_span_is(text(row, "expect"), "accept"))
            fail_msg("%s: %s", value.at, text(row, "why").at);
    }
}

static const struct {
    const char *text;
    size_t kid, challenge, nonce, sig; /* repeat each part's letter so often */
    int ok;
} sizes[] = {
    { NULL, 1, 1, 1, 1, 1 },
    { NULL, 512, 512, 128, 2000, 1 },
    { NULL, 513, 512, 128, 342, 0 },
    { NULL, 512, 513, 128, 342, 0 },
    { NULL, 512, 512, 129, 342, 0 },
    { NULL, 43, 54, 22, 4096 - 43 - 54 - 22 - 3, 1 },
    { NULL, 43, 54, 22, 4096 - 43 - 54 - 22 - 2, 0 },
    { "", 0, 0, 0, 0, 0 },
    { "...", 0, 0, 0, 0, 0 },
    { "a", 0, 0, 0, 0, 0 },
    { "a.b.c.d.", 0, 0, 0, 0, 0 },
    { ".a.b.c.d", 0, 0, 0, 0, 0 },
    { "a.b.c.", 0, 0, 0, 0, 0 },
    { ".b.c.d", 0, 0, 0, 0, 0 },
    { "a.b..d", 0, 0, 0, 0, 0 },
    { "a.b.c.d\n", 0, 0, 0, 0, 0 },
    { "a.b.c.\x80", 0, 0, 0, 0, 0 },
    { "a.b.c.d e", 0, 0, 0, 0, 0 },
    { "a,b.b.c.d", 0, 0, 0, 0, 0 },
    { "a.b+.c.d", 0, 0, 0, 0, 0 },
    { "=.=.=.=", 0, 0, 0, 0, 1 },
};

static void sizes_are_bounded(void **state)
{
    char room[8192];
    hoba_result result;
    size_t i, n;

    (void)state;
    for (i = 0; i < COUNT(sizes); i++) {
        const size_t part[] = { sizes[i].kid, sizes[i].challenge,
                                sizes[i].nonce, sizes[i].sig };
        as_span value;
        int k;

        for (n = 0, k = 0; !sizes[i].text && k < 4; k++) {
            if (k)
                room[n++] = '.';
            memset(room + n, 'a' + k, part[k]);
            n += part[k];
        }
        value = sizes[i].text ? exact(sizes[i].text, strlen(sizes[i].text))
                              : exact(room, n);
        if ((hoba_result_parse(&result, value) == APR_SUCCESS) != sizes[i].ok)
            fail_msg("row %u", (unsigned)i);
        free((char *)value.at);
    }
    assert_int_equal(hoba_result_parse(&result, (as_span){ "a.b\0.c.d", 8 }),
                     APR_EINVAL);
}

static void kids_lose_their_padding(void **state)
{
    hoba_result result;

    (void)state;
    assert_int_equal(hoba_result_parse(&result, as_span_of("ab==.c.d.e")),
                     APR_SUCCESS);
    assert_span(hoba_kid(&result), "ab");
    assert_span(result.kid, "ab==");
}

static const struct {
    const char *url, *text; /* NULL: refused */
} origins[] = {
    { "https://example.com", "https://example.com:443" },
    { "http://example.com", "http://example.com:80" },
    { "HTTPS://Example.COM:443", "https://example.com:443" },
    { "https://example.com:8443", "https://example.com:8443" },
    { "http://localhost:65535", "http://localhost:65535" },
    { "https://xn--mnchen-3ya.example", "https://xn--mnchen-3ya.example:443" },
    { "https://[2001:DB8::1]", "https://[2001:db8::1]:443" },
    { "https://[2001:db8:0:0:0:0:0:1]:8443", "https://[2001:db8::1]:8443" },
    { "https://192.0.2.1:1", "https://192.0.2.1:1" },
    { "example.com", NULL },
    { "//example.com", NULL },
    { "", NULL },
    { "https:", NULL },
    { "https://", NULL },
    { "https://:443", NULL },
    { "://example.com", NULL },
    { "ftp://example.com", NULL },
    { "javascript://example.com", NULL },
    { "https://example.com/", NULL },
    { "https://example.com:443/", NULL },
    { "https://example.com/path", NULL },
    { "https://example.com?q", NULL },
    { "https://example.com#f", NULL },
    { "https://user@example.com", NULL },
    { "https://example.com:", NULL },
    { "https://example.com:0", NULL },
    { "https://example.com:0443", NULL },
    { "https://example.com:65536", NULL },
    { "https://example.com:4430000000", NULL },
    { "https://example.com:+443", NULL },
    { "https://example.com:443x", NULL },
    { "https://example.com:443:443", NULL },
    { "https://exa mple.com", NULL },
    { "https://m\xc3\xbcnchen.example", NULL },
    { "https://.example.com", NULL },
    { "https://example.com.", NULL },
    { "https://*.example.com", NULL },
    { "https://example.com,https://example.org", NULL },
    { "https://2001:db8::1", NULL },
    { "https://[2001:db8::1", NULL },
    { "https://[2001:db8::1]x", NULL },
    { "https://[2001:db8::g]", NULL },
    { "https://[]", NULL },
    { "https://[fe80::1%25eth0]", NULL },
};

static void origins_have_one_form(void **state)
{
    const char *why;
    hoba_origin origin;
    size_t i;

    for (i = 0; i < COUNT(origins); i++) {
        apr_status_t rv = hoba_origin_parse(&origin, &why, origins[i].url,
                                            *state);

        if ((rv == APR_SUCCESS) != (origins[i].text != NULL))
            fail_msg("\"%s\"", origins[i].url);
        if (rv == APR_SUCCESS)
            assert_string_equal(origin.text, origins[i].text);
        else
            assert_non_null(why);
    }
}

static const struct {
    int tls;
    const char *host;
    int port;
    const char *text; /* NULL: none is meant */
} meant[] = {
    { 1, "a.example", 0, "https://a.example:443" },
    { 1, "A.Example", 443, "https://a.example:443" },
    { 1, "a.example", 8443, "https://a.example:8443" },
    { 0, "a.example", 0, "http://a.example:80" },
    { 0, "a.example", 80, "http://a.example:80" },
    { 0, "b.example", 0, "https://b.example:443" }, /* TLS ends elsewhere */
    { 0, "a.example", 8443, "https://a.example:8443" },
    { 1, "2001:db8:0::1", 0, "https://[2001:db8::1]:443" },
    { 1, "a.example", 80, NULL },
    { 1, "c.example", 0, NULL },
    { 1, "evil.example", 443, NULL },
    { 1, "a.example.evil.example", 443, NULL },
    { 1, "", 0, NULL },
    { 1, NULL, 443, NULL },
    { 1, "2001:db8::2", 0, NULL },
    { 1, "not:an:address", 0, NULL },
};

static void hosts_select_origins(void **state)
{
    static const char *const urls[] = {
        "https://a.example", "https://a.example:8443", "http://a.example",
        "https://b.example", "http://c.example", "https://[2001:db8::1]",
    };
    hoba_origin list[COUNT(urls)];
    const char *why;
    size_t i;

    for (i = 0; i < COUNT(urls); i++)
        assert_int_equal(hoba_origin_parse(&list[i], &why, urls[i], *state),
                         APR_SUCCESS);
    for (i = 0; i < COUNT(meant); i++) {
        const hoba_origin *found
            = hoba_origin_select(list, COUNT(urls), meant[i].tls,
                                 meant[i].host, meant[i].port, *state);

        if (meant[i].text && !found)
            fail_msg("row %u: none", (unsigned)i);
        if (meant[i].text)
            assert_string_equal(found->text, meant[i].text);
        else
            assert_null(found);
    }
}

static void algorithms_follow_the_key(void **state)
{
    const json_t *keys = json_object_get(json_object_get(vectors, "derived"),
                                         "keys");
    static const struct {
        const char *key, *number;
        unsigned int set;
    } rows[] = {
        { "rsa2048", "0", ALL },
        { "rsa2048", "1", HOBA_RSA_SHA1 | HOBA_ES256 },
        { "p256", "90", ALL },
        { "ed25519", "91", ALL },
        { "p256", NULL, HOBA_RSA_SHA256 },
        { "ed25519", NULL, HOBA_RSA_SHA256 | HOBA_ES256 },
        { "rsa2048", NULL, HOBA_ED25519 },
    };
    size_t i;

    for (i = 0; i < COUNT(rows); i++) {
        const as_key *key = key_of(json_object_get(keys, rows[i].key), "pem",
                                   NULL, *state);
        const hoba_algorithm *alg = hoba_algorithm_of(key, rows[i].set);

        if (rows[i].number)
            assert_string_equal(alg->number, rows[i].number);
        else
            assert_null(alg);
    }
    assert_ptr_equal(hoba_algorithm_find("es256"),
                     hoba_algorithm_find("ES256"));
    assert_null(hoba_algorithm_find("RS256"));
    assert_null(hoba_algorithm_find("none"));
    assert_null(hoba_algorithm_find(""));
}

static void nobody_has_a_key(void **state)
{
    const json_t *rfc = json_object_get(vectors, "rfc7486_appendix_b");
    const as_key *key = hoba_key_of_nobody(*state);
    hoba_result result = parts(rfc);
    BIGNUM *modulus = NULL;
    int i;

    assert_non_null(key);
    assert_string_equal(hoba_algorithm_of(key, ALL)->number, "0");
    assert_int_equal(EVP_PKEY_get_bn_param(key->pkey, "n", &modulus), 1);
    assert_int_equal(BN_num_bits(modulus), 2048);
    BN_rshift(modulus, modulus, 2048 - 128);
    for (i = 0; i < 128; i++)
        assert_true(BN_is_bit_set(modulus, i));
    BN_free(modulus);
    assert_null(hoba_verifies(key, ALL, &result, text(rfc, "origin"),
                              as_span_of(""), *state));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(the_rfc_example_verifies),
        UNIT_TEST(other_readings_do_not_verify),
        UNIT_TEST(wrong_parts_do_not_verify),
        UNIT_TEST(the_text_is_injective),
        UNIT_TEST(derived_vectors_verify),
        UNIT_TEST(headers_parse),
        UNIT_TEST(sizes_are_bounded),
        UNIT_TEST(kids_lose_their_padding),
        UNIT_TEST(origins_have_one_form),
        UNIT_TEST(hosts_select_origins),
        UNIT_TEST(algorithms_follow_the_key),
        UNIT_TEST(nobody_has_a_key),
    };

    return cmocka_run_group_tests_name("hoba", tests, load, unload);
}
