/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Keys: which we take, made of their numbers or of a secret, and their
 * thumbprints. OpenSSL makes keys of much that must not verify anything (RSA
 * with 512 bits or exponent 1, an all-zero Ed25519 key).
 */
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>

#include "algorithm.h"
#include "base64.h"
#include "secret.h"

#define RSA_BITS_MIN 2048
#define RSA_BITS_MAX 8192 /* the check of a signature costs bits squared */
#define EXPONENT_MIN 65537
#define EXPONENT_BITS_MAX 64
#define COORDINATE_MAX 66

#define OCTETS(text) { text, sizeof(text) - 1 }
#define EC_PUBLIC_KEY "\x06\x07\x2a\x86\x48\xce\x3d\x02\x01"

static const as_key_kind kinds[] = {
    { AS_RSA, "RSA", NULL, "RSA", NULL, 0, { NULL, 0 } },
    { AS_P256, "EC", "P-256", "EC", "prime256v1", 32,
      OCTETS("\x30\x59\x30\x13" EC_PUBLIC_KEY
             "\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x42\x00\x04") },
    { AS_P384, "EC", "P-384", "EC", "secp384r1", 48,
      OCTETS("\x30\x76\x30\x10" EC_PUBLIC_KEY
             "\x06\x05\x2b\x81\x04\x00\x22\x03\x62\x00\x04") },
    { AS_P521, "EC", "P-521", "EC", "secp521r1", 66,
      OCTETS("\x30\x81\x9b\x30\x10" EC_PUBLIC_KEY
             "\x06\x05\x2b\x81\x04\x00\x23\x03\x81\x86\x00\x04") },
    { AS_K256, "EC", "secp256k1", "EC", "secp256k1", 32,
      OCTETS("\x30\x56\x30\x10" EC_PUBLIC_KEY
             "\x06\x05\x2b\x81\x04\x00\x0a\x03\x42\x00\x04") },
    { AS_ED25519, "OKP", "Ed25519", "ED25519", NULL, 32,
      OCTETS("\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00") },
    { AS_ED448, "OKP", "Ed448", "ED448", NULL, 57,
      OCTETS("\x30\x43\x30\x05\x06\x03\x2b\x65\x71\x03\x3a\x00") },
};

static const as_key_kind secrets = {
    AS_OCT, "oct", NULL, NULL, NULL, 0, { NULL, 0 }
};

#define KINDS ((int)(sizeof(kinds) / sizeof(kinds[0])))

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

const as_key_kind *as_key_kind_at(int i)
{
    return i >= 0 && i < KINDS ? &kinds[i] : NULL;
}

const as_key_kind *as_key_kind_find(const char *kty, const char *crv)
{
    int i;

    if (strcmp(kty, secrets.kty) == 0)
        return &secrets;
    for (i = 0; i < KINDS; i++)
        if (strcmp(kinds[i].kty, kty) == 0
            && (!kinds[i].crv || (crv && strcmp(kinds[i].crv, crv) == 0)))
            return &kinds[i];
    return NULL;
}

apr_size_t as_key_point_len(const as_key_kind *kind)
{
    return kind->group ? 2 * kind->coordinate : kind->coordinate;
}

static const unsigned char *octets(as_span bytes)
{
    return (const unsigned char *)bytes.at;
}

/* ---- which we take --------------------------------------------------- */

/* A flawed library in smart cards (ROCA, CVE-2017-15361) made primes that are,
 * modulo every small prime, a power of 65537. So are their products, and of
 * other moduli one in 2^27; most differ at the first prime. */
static int is_roca(const BIGNUM *n)
{
    static const unsigned char primes[] = { 11, 13, 17, 19, 37, 53, 61, 71, 73,
                                            79, 97, 103, 107, 109, 127, 151,
                                            157 };
    apr_size_t i;

    for (i = 0; i < sizeof(primes); i++) {
        BN_ULONG left = BN_mod_word(n, primes[i]), power = 1;

        do
            power = power * (65537 % primes[i]) % primes[i];
        while (power != left && power != 1);
        if (power != left)
            return 0;
    }
    return 1;
}

/* NULL or what is wrong. */
static const char *judge_rsa(const BIGNUM *n, const BIGNUM *e)
{
    if (BN_num_bits(n) < RSA_BITS_MIN)
        return "an RSA key with less than 2048 bits";
    if (BN_num_bits(n) > RSA_BITS_MAX)
        return "an RSA key with more than 8192 bits";
    if (!BN_is_odd(n) || !BN_is_odd(e) || BN_num_bits(e) > EXPONENT_BITS_MAX
        || BN_get_word(e) < EXPONENT_MIN)
        return "an RSA key with a weak or an outsized exponent";
    if (is_roca(n))
        return "an RSA key of a broken generator (ROCA)";
    return NULL;
}

static const char *judge_edwards(as_span point)
{
    char hex[2 * COORDINATE_MAX + 1] = "";
    apr_size_t i;

    for (i = 0; i < point.len; i++)
        apr_snprintf(hex + 2 * i, 3, "%02x",
                     octets(point)[i] & (i + 1 < point.len ? 0xff : 0x7f));
    for (i = 0; i < sizeof(small_order) / sizeof(small_order[0]); i++)
        if (strcmp(hex, small_order[i]) == 0)
            return "an Edwards key of small order";
    return NULL;
}

/* ---- made of numbers ------------------------------------------------- */

static apr_status_t free_key(void *data)
{
    EVP_PKEY_free(((as_key *)data)->pkey);
    return APR_SUCCESS;
}

/* The pool's key; pkey may be NULL. */
static apr_status_t adopt(const as_key **key, const char **why,
                          const as_key_kind *kind, EVP_PKEY *pkey,
                          apr_pool_t *pool)
{
    as_key *made;

    *key = NULL;
    if (!pkey) {
        ERR_clear_error();
        *why = "not a key of its kind, such as a point off its curve";
        return APR_EINVAL;
    }
    made = apr_pcalloc(pool, sizeof(*made));
    made->kind = kind;
    made->pkey = pkey;
    apr_pool_cleanup_register(pool, made, free_key, apr_pool_cleanup_null);
    *key = made;
    *why = NULL;
    return APR_SUCCESS;
}

/* An EVP_PKEY from parameters, or NULL. */
static EVP_PKEY *build(const char *type, OSSL_PARAM *params)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    EVP_PKEY *pkey = NULL;

    if (!params || !ctx || EVP_PKEY_fromdata_init(ctx) != 1
        || EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params) != 1)
        pkey = NULL;
    EVP_PKEY_CTX_free(ctx);
    return pkey;
}

static EVP_PKEY *build_rsa(const BIGNUM *n, const BIGNUM *e)
{
    OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
    OSSL_PARAM *params = NULL;
    EVP_PKEY *pkey;

    if (bld && OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_N, n) == 1
        && OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_E, e) == 1)
        params = OSSL_PARAM_BLD_to_param(bld);
    pkey = build("RSA", params);
    OSSL_PARAM_BLD_free(bld);
    OSSL_PARAM_free(params);
    return pkey;
}

apr_status_t as_key_from_rsa(const as_key **key, const char **why, as_span n,
                             as_span e, apr_pool_t *pool)
{
    BIGNUM *modulus = BN_bin2bn(octets(n), (int)n.len, NULL);
    BIGNUM *exponent = BN_bin2bn(octets(e), (int)e.len, NULL);
    apr_status_t rv = APR_EINVAL;

    *key = NULL;
    *why = "out of memory";
    if (modulus && exponent)
        *why = judge_rsa(modulus, exponent);
    if (!*why)
        rv = adopt(key, why, &kinds[0], build_rsa(modulus, exponent), pool);
    BN_free(modulus);
    BN_free(exponent);
    return rv;
}

/* OpenSSL refuses a point off the curve. */
static EVP_PKEY *build_ec(const as_key_kind *kind, as_span point)
{
    unsigned char bytes[1 + 2 * COORDINATE_MAX] = { 4 }; /* uncompressed */
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME,
                                         (char *)kind->group, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, bytes,
                                          1 + point.len),
        OSSL_PARAM_construct_end()
    };

    memcpy(bytes + 1, point.at, point.len);
    return build(kind->type, params);
}

apr_status_t as_key_from_point(const as_key **key, const char **why,
                               const as_key_kind *kind, as_span point,
                               apr_pool_t *pool)
{
    *key = NULL;
    *why = "a point of another length than its curve's";
    if (point.len != as_key_point_len(kind))
        return APR_EINVAL;
    if (kind->group)
        return adopt(key, why, kind, build_ec(kind, point), pool);
    *why = judge_edwards(point);
    if (*why)
        return APR_EINVAL;
    return adopt(key, why, kind,
                 EVP_PKEY_new_raw_public_key_ex(NULL, kind->type, NULL,
                                                octets(point), point.len),
                 pool);
}

/* ---- secrets --------------------------------------------------------- */

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

/* ---- thumbprints ----------------------------------------------------- */

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
        || as_sha256(hash, as_span_of(text)) != APR_SUCCESS)
        return NULL;
    return as_base64url_encode(pool,
                               (as_span){ (const char *)hash, sizeof(hash) });
}
