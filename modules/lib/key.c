/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Keys: which we take, from SubjectPublicKeyInfo and from secrets, and their
 * thumbprints. OpenSSL loads much that must not verify anything (RSA with 512
 * bits or exponent 1, an all-zero Ed25519 key), so every key passes
 * as_key_adopt().
 */
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/x509.h>

#include "algorithm.h"
#include "base64.h"
#include "secret.h"

#define RSA_BITS_MIN 2048
#define RSA_BITS_MAX 8192 /* the check of a signature costs bits squared */
#define EXPONENT_MIN 65537
#define EXPONENT_BITS_MAX 64
#define SPKI_MAX 4096     /* octets; RSA 8192 has 1,062 */
#define COORDINATE_MAX 66

static const as_key_kind kinds[] = {
    { AS_RSA, "RSA", NULL, "RSA", NULL, 0, 0 },
    { AS_P256, "EC", "P-256", "EC", "prime256v1", 32, 91 },
    { AS_P384, "EC", "P-384", "EC", "secp384r1", 48, 120 },
    { AS_P521, "EC", "P-521", "EC", "secp521r1", 66, 158 },
    { AS_K256, "EC", "secp256k1", "EC", "secp256k1", 32, 88 },
    { AS_ED25519, "OKP", "Ed25519", "ED25519", NULL, 32, 44 },
    { AS_ED448, "OKP", "Ed448", "ED448", NULL, 57, 69 },
};

static const as_key_kind secrets = { AS_OCT, "oct", NULL, NULL, NULL, 0, 0 };

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

/* Ed25519 and Ed448 points of order 1, 2, 4 and 8 in each encoding, without
 * the sign bit: y = 0, 1, -1, p, p + 1 and the two y of order 8. */
static const char *const small_order[] = {
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "00000000000000000000000000000000000000000000000000000000"
    "0000000000000000000000000000000000000000000000000000000000",
    "01000000000000000000000000000000000000000000000000000000"
    "0000000000000000000000000000000000000000000000000000000000",
    "fefffffffffffffffffffffffffffffffffffffffffffffffffffffffe"
    "ffffffffffffffffffffffffffffffffffffffffffffffffffffff00",
};

const as_key_kind *as_key_kind_find(const char *kty, const char *crv)
{
    apr_size_t i;

    if (strcmp(kty, secrets.kty) == 0)
        return &secrets;
    for (i = 0; i < KINDS; i++)
        if (strcmp(kinds[i].kty, kty) == 0
            && (!kinds[i].crv || (crv && strcmp(kinds[i].crv, crv) == 0)))
            return &kinds[i];
    return NULL;
}

const as_key_kind *as_key_kind_of(const EVP_PKEY *pkey)
{
    char group[32] = "";
    apr_size_t i;

    if (EVP_PKEY_is_a(pkey, "EC")
        && EVP_PKEY_get_group_name(pkey, group, sizeof(group), NULL) != 1)
        return NULL;
    for (i = 0; i < KINDS; i++)
        if (EVP_PKEY_is_a(pkey, kinds[i].type)
            && (!kinds[i].group || strcmp(kinds[i].group, group) == 0))
            return &kinds[i];
    return NULL;
}

/* Modulus and exponent; NULL or what is wrong with them. */
static const char *judge_rsa(const EVP_PKEY *pkey)
{
    const char *why = "an RSA key that cannot be read";
    BIGNUM *n = NULL, *e = NULL;

    if (EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_N, &n) != 1
        || EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_E, &e) != 1)
        goto out;
    if (BN_num_bits(n) < RSA_BITS_MIN)
        why = "an RSA key with less than 2048 bits";
    else if (BN_num_bits(n) > RSA_BITS_MAX)
        why = "an RSA key with more than 8192 bits";
    else if (!BN_is_odd(n) || !BN_is_odd(e)
             || BN_num_bits(e) > EXPONENT_BITS_MAX
             || BN_get_word(e) < EXPONENT_MIN)
        why = "an RSA key with a weak or an outsized exponent";
    else
        why = NULL;
out:
    BN_free(n);
    BN_free(e);
    return why;
}

static const char *judge_edwards(const EVP_PKEY *pkey)
{
    unsigned char point[COORDINATE_MAX];
    char hex[2 * COORDINATE_MAX + 1];
    size_t len = sizeof(point), i;

    if (EVP_PKEY_get_raw_public_key(pkey, point, &len) != 1)
        return "an Edwards key that cannot be read";
    point[len - 1] &= 0x7f;
    for (i = 0; i < len; i++)
        apr_snprintf(hex + 2 * i, 3, "%02x", point[i]);
    for (i = 0; i < sizeof(small_order) / sizeof(small_order[0]); i++)
        if (strcmp(hex, small_order[i]) == 0)
            return "an Edwards key of small order";
    return NULL;
}

static const char *judge(const EVP_PKEY *pkey, const as_key_kind *kind)
{
    if (!kind)
        return "a kind of key or a curve that is not supported";
    if (kind->bit == AS_RSA)
        return judge_rsa(pkey);
    return kind->group ? NULL : judge_edwards(pkey);
}

static apr_status_t free_key(void *data)
{
    EVP_PKEY_free(((as_key *)data)->pkey);
    return APR_SUCCESS;
}

apr_status_t as_key_adopt(as_key **key, const char **why, EVP_PKEY *pkey,
                          apr_pool_t *pool)
{
    as_key *made = apr_pcalloc(pool, sizeof(*made));

    made->pkey = pkey;
    made->kind = as_key_kind_of(pkey);
    apr_pool_cleanup_register(pool, made, free_key, apr_pool_cleanup_null);
    *why = judge(pkey, made->kind);
    ERR_clear_error();
    *key = *why ? NULL : made;
    return *why ? APR_EINVAL : APR_SUCCESS;
}

/* One key, one encoding: what OpenSSL writes is what it was given. */
static int is_canonical(EVP_PKEY *pkey, as_span der)
{
    unsigned char *again = NULL;
    int len = i2d_PUBKEY(pkey, &again);
    int same = len > 0 && (apr_size_t)len == der.len
               && memcmp(again, der.at, der.len) == 0;

    OPENSSL_free(again);
    return same;
}

apr_status_t as_key_from_spki(const as_key **key, const char **why,
                              as_span der, apr_pool_t *pool)
{
    const unsigned char *at = (const unsigned char *)der.at;
    EVP_PKEY *pkey = NULL;
    as_key *made;

    *key = NULL;
    if (der.len > 0 && der.len <= SPKI_MAX)
        pkey = d2i_PUBKEY(NULL, &at, (long)der.len);
    if (!pkey) {
        ERR_clear_error();
        *why = "not a SubjectPublicKeyInfo";
        return APR_EINVAL;
    }
    if (as_key_adopt(&made, why, pkey, pool) != APR_SUCCESS)
        return APR_EINVAL;
    if (!is_canonical(pkey, der)
        || (made->kind->spki && made->kind->spki != der.len)) {
        ERR_clear_error();
        *why = "not in canonical DER, or a compressed point";
        return APR_EINVAL;
    }
    *key = made;
    return APR_SUCCESS;
}

static apr_status_t wipe_secret(void *data)
{
    const as_key *key = data;

    as_wipe((char *)key->secret.at, key->secret.len);
    return APR_SUCCESS;
}

const as_key *as_key_from_secret(apr_pool_t *pool, as_span secret)
{
    as_key *key = apr_pcalloc(pool, sizeof(*key));

    key->kind = &secrets;
    key->secret = (as_span){ as_string(pool, secret), secret.len };
    apr_pool_cleanup_register(pool, key, wipe_secret, apr_pool_cleanup_null);
    return key;
}

/* A number as JOSE writes it: base64url, at least `width` octets. */
static const char *number(apr_pool_t *pool, const EVP_PKEY *pkey,
                          const char *param, apr_size_t width)
{
    BIGNUM *n = NULL;
    apr_size_t len;
    unsigned char *bytes;

    if (EVP_PKEY_get_bn_param(pkey, param, &n) != 1)
        return "";
    len = (apr_size_t)BN_num_bytes(n);
    if (len < width)
        len = width;
    bytes = apr_palloc(pool, len + 1);
    BN_bn2binpad(n, bytes, (int)len);
    BN_free(n);
    return as_base64url_encode(pool, (as_span){ (const char *)bytes, len });
}

/* RFC 7638 section 3.2, RFC 8037 section 2. */
static const char *required_members(apr_pool_t *pool, const as_key *key)
{
    const as_key_kind *kind = key->kind;
    unsigned char point[COORDINATE_MAX];
    size_t len = sizeof(point);

    if (kind->bit == AS_RSA)
        return apr_pstrcat(
            pool, "{\"e\":\"",
            number(pool, key->pkey, OSSL_PKEY_PARAM_RSA_E, 1),
            "\",\"kty\":\"RSA\",\"n\":\"",
            number(pool, key->pkey, OSSL_PKEY_PARAM_RSA_N, 1), "\"}", NULL);
    if (kind->group)
        return apr_pstrcat(
            pool, "{\"crv\":\"", kind->crv, "\",\"kty\":\"EC\",\"x\":\"",
            number(pool, key->pkey, OSSL_PKEY_PARAM_EC_PUB_X,
                   kind->coordinate),
            "\",\"y\":\"",
            number(pool, key->pkey, OSSL_PKEY_PARAM_EC_PUB_Y,
                   kind->coordinate),
            "\"}", NULL);
    if (EVP_PKEY_get_raw_public_key(key->pkey, point, &len) != 1)
        return NULL;
    return apr_pstrcat(
        pool, "{\"crv\":\"", kind->crv, "\",\"kty\":\"OKP\",\"x\":\"",
        as_base64url_encode(pool, (as_span){ (const char *)point, len }),
        "\"}", NULL);
}

const char *as_key_thumbprint(apr_pool_t *pool, const as_key *key)
{
    const char *text = key->pkey ? required_members(pool, key) : NULL;
    unsigned char hash[AS_SHA256_LEN];

    if (!text
        || EVP_Digest(text, strlen(text), hash, NULL, EVP_sha256(), NULL) != 1)
        return NULL;
    return as_base64url_encode(pool,
                               (as_span){ (const char *)hash, sizeof(hash) });
}
