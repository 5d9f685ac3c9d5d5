/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Public keys in DER: whatever ours takes, OpenSSL's decoder reads as well and
 * writes again in the same octets; so that a key has one encoding and one id
 * (T-JOS-10, T-JOS-11). Good keys are changed in every way that is small.
 */
#include "unit.h"

#include <openssl/err.h>
#include <openssl/x509.h>

#include "key.h"
#include "vectors/keys.h"

#define STRUCTURE 40 /* octets in front that are tried with every value */
#define TAIL 6

static const struct {
    const char *name, *pem;
} keys[] = {
    { "RSA 2048", RSA_2048 },   { "P-256", P_256 },     { "P-384", P_384 },
    { "P-521", P_521 },         { "secp256k1", SECP256K1 },
    { "Ed25519", ED25519 },     { "Ed448", ED448 },
};

static as_span der_of(const char *pem, apr_pool_t *pool)
{
    const as_key *key;
    const char *why;
    as_span der;

    assert_int_equal(as_key_from_pem(&key, &der, &why, as_span_of(pem), pool),
                     APR_SUCCESS);
    return der;
}

static int openssl_agrees(const unsigned char *der, size_t len)
{
    const unsigned char *at = der;
    unsigned char *again = NULL;
    EVP_PKEY *pkey = d2i_PUBKEY(NULL, &at, (long)len);
    int n = pkey ? i2d_PUBKEY(pkey, &again) : -1;
    int same = n >= 0 && (size_t)n == len && memcmp(again, der, len) == 0;

    EVP_PKEY_free(pkey);
    OPENSSL_free(again);
    ERR_clear_error();
    return same;
}

/* Whether it was taken. */
static int try(const char *name, const unsigned char *der, size_t len,
               apr_pool_t *pool)
{
    apr_pool_t *one;
    const as_key *key;
    const char *why;
    as_span text = exact((const char *)der, len);
    int taken;

    apr_pool_create(&one, pool);
    taken = as_key_from_spki(&key, &why, text, one) == APR_SUCCESS;
    assert_int_equal(ERR_peek_error(), 0);
    if (taken && !openssl_agrees(der, len))
        fail_msg("%s: another DER was taken", name);
    if (!taken)
        assert_true(why && !key);
    free((char *)text.at);
    apr_pool_destroy(one);
    return taken;
}

static void takes_one_encoding(void **state)
{
    size_t i, at;
    unsigned int value;

    for (i = 0; i < COUNT(keys); i++) {
        as_span der = der_of(keys[i].pem, *state);
        unsigned char *copy = malloc(der.len);

        memcpy(copy, der.at, der.len);
        assert_true(try(keys[i].name, copy, der.len, *state));
        for (at = 0; at < der.len; at++)
            for (value = 0; value < 256; value++) {
                copy[at] = (unsigned char)value;
                try(keys[i].name, copy, der.len, *state);
                copy[at] = (unsigned char)der.at[at];
                if (at >= STRUCTURE && at + TAIL < der.len)
                    value += 84;
            }
        free(copy);
    }
}

/* One octet more or less, anywhere; and every beginning. */
static void takes_one_length(void **state)
{
    static const unsigned char more[] = { 0x00, 0x01, 0x30, 0x7f, 0x80, 0xff };
    size_t i, at, k;

    for (i = 0; i < COUNT(keys); i++) {
        as_span der = der_of(keys[i].pem, *state);
        unsigned char *copy = malloc(der.len + 1);

        for (at = 0; at <= der.len; at++) {
            memcpy(copy, der.at, at);
            assert_false(at < der.len
                         && try(keys[i].name, copy, at, *state));
            for (k = 0; k < COUNT(more); k++) {
                copy[at] = more[k];
                memcpy(copy + at + 1, der.at + at, der.len - at);
                assert_false(try(keys[i].name, copy, der.len + 1, *state));
            }
            if (at < der.len) {
                memcpy(copy + at, der.at + at + 1, der.len - at - 1);
                assert_false(try(keys[i].name, copy, der.len - 1, *state));
            }
        }
        free(copy);
    }
}

#define RSA_ALGORITHM "\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00"

/* Hand-made; the numbers are too small to pass, but it must not come to them:
 * 2 + 3 is the smallest pair. */
static const struct {
    const char *name, *der;
    size_t len;
} hostile[] = {
#define ROW(name, text) { name, text, sizeof(text) - 1 }
    ROW("nothing", ""),
    ROW("a tag", "\x30"),
    ROW("a length that is not there", "\x30\x82\x01"),
    ROW("a length of three octets", "\x30\x83\x00\x00\x0f" RSA_ALGORITHM),
    ROW("an endless length", "\x30\x80" RSA_ALGORITHM "\x00\x00"),
    ROW("more than there is", "\x30\x7f" RSA_ALGORITHM),
    ROW("no key", "\x30\x0f" RSA_ALGORITHM),
    ROW("an empty bit string", "\x30\x11" RSA_ALGORITHM "\x03\x00"),
    ROW("unused bits", "\x30\x1a" RSA_ALGORITHM
        "\x03\x09\x01\x30\x06\x02\x01\x02\x02\x01\x03"),
    ROW("an empty sequence", "\x30\x14" RSA_ALGORITHM "\x03\x03\x00\x30\x00"),
    ROW("an empty number", "\x30\x19" RSA_ALGORITHM
        "\x03\x08\x00\x30\x05\x02\x00\x02\x01\x03"),
    ROW("one number", "\x30\x17" RSA_ALGORITHM
        "\x03\x06\x00\x30\x03\x02\x01\x02"),
    ROW("three numbers", "\x30\x1d" RSA_ALGORITHM
        "\x03\x0c\x00\x30\x09\x02\x01\x02\x02\x01\x03\x02\x01\x03"),
};

static void refuses(void **state)
{
    size_t i;

    for (i = 0; i < COUNT(hostile); i++)
        if (try(hostile[i].name, (const unsigned char *)hostile[i].der,
                hostile[i].len, *state))
            fail_msg("accepted: %s", hostile[i].name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(takes_one_encoding),
        UNIT_TEST(takes_one_length),
        UNIT_TEST(refuses),
    };

    return cmocka_run_group_tests_name("spki", tests, NULL, NULL);
}
