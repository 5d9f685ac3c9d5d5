/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * From a password to J(pi), RFC 8120 section 12 and RFC 8121 section 3. The
 * exponent is a secret: constant time from pi on.
 */
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>

#include "mutual_verifier.h"
#include "secret.h"

#define ITERATIONS 16384
#define LEN_MAX (AS_MUTUAL_HEX_MAX / 2)
#define VI_MAX 10 /* octets of a 64 bit number, seven bits each */

static const as_mutual_alg algorithms[] = {
    { "iso-kam3-ec-p256-sha256", NID_X9_62_prime256v1, NULL, "SHA256", 32,
      33 },
    { "iso-kam3-ec-p521-sha512", NID_secp521r1, NULL, "SHA512", 64, 66 },
    { "iso-kam3-dl-2048-sha256", 0, BN_get_rfc3526_prime_2048, "SHA256", 32,
      256 },
    { "iso-kam3-dl-4096-sha512", 0, BN_get_rfc3526_prime_4096, "SHA512", 64,
      512 },
};

#define ALGORITHMS (int)(sizeof(algorithms) / sizeof(algorithms[0]))

const as_mutual_alg *as_mutual_alg_at(int index)
{
    return index >= 0 && index < ALGORITHMS ? &algorithms[index] : NULL;
}

const as_mutual_alg *as_mutual_alg_find(as_span name)
{
    int i;

    for (i = 0; i < ALGORITHMS; i++)
        if (as_span_is_nocase(name, algorithms[i].name))
            return &algorithms[i];
    return NULL;
}

/* ---- pi -------------------------------------------------------------- */

/* VI(n): seven bits an octet, the highest first, 0x80 in all but the last.
 * RFC 8120 section 9. */
static unsigned char *put_number(unsigned char *at, apr_uint64_t n)
{
    unsigned char octets[VI_MAX];
    int i = VI_MAX;

    octets[--i] = (unsigned char)(n & 0x7f);
    while (n >>= 7)
        octets[--i] = (unsigned char)(0x80 | (n & 0x7f));
    memcpy(at, octets + i, (apr_size_t)(VI_MAX - i));
    return at + VI_MAX - i;
}

/* VS(s): its length as VI, and s. */
static unsigned char *put_string(unsigned char *at, as_span text)
{
    at = put_number(at, text.len);
    if (text.len)
        memcpy(at, text.at, text.len);
    return at + text.len;
}

apr_status_t as_mutual_pi(unsigned char pi[AS_MUTUAL_PI_MAX],
                          const as_mutual_alg *alg, const as_mutual_user *user)
{
    const as_span parts[] = { as_span_of(alg->name), user->scope, user->realm,
                              user->user };
    const EVP_MD *md = EVP_get_digestbyname(alg->md);
    apr_size_t room = 0;
    unsigned char *salt, *end;
    int i, ok;

    if (!user->user.len || !user->password.len)
        return APR_EINVAL;
    for (i = 0; i < 4; i++)
        room += parts[i].len + VI_MAX;
    salt = end = OPENSSL_malloc(room);
    if (!salt)
        return APR_ENOMEM;
    for (i = 0; i < 4; i++)
        end = put_string(end, parts[i]);
    ok = md && user->password.len < INT_MAX && room < INT_MAX
         && PKCS5_PBKDF2_HMAC(user->password.at, (int)user->password.len, salt,
                              (int)(end - salt), ITERATIONS, md,
                              (int)alg->pi_len, pi) == 1;
    OPENSSL_free(salt);
    if (ok)
        return APR_SUCCESS;
    ERR_clear_error();
    as_wipe(pi, AS_MUTUAL_PI_MAX);
    return APR_EGENERAL;
}

/* ---- J --------------------------------------------------------------- */

/* g^pi mod q, g = 2 */
static int raise_to(unsigned char *j, const as_mutual_alg *alg,
                    const BIGNUM *pi, BN_CTX *ctx)
{
    BIGNUM *q = alg->prime(NULL), *g = BN_new(), *result = BN_secure_new();
    int ok = q && g && result && BN_set_word(g, 2) == 1
             && BN_mod_exp_mont_consttime(result, g, pi, q, ctx, NULL) == 1
             && BN_bn2binpad(result, j, (int)alg->len) == (int)alg->len;

    BN_clear_free(result);
    BN_free(g);
    BN_free(q);
    return ok;
}

/* P(p) = 2 * x + (y mod 2), RFC 8121 section 2.2: not the form of SEC 1. */
static int put_point(unsigned char *j, const as_mutual_alg *alg,
                     const EC_GROUP *group, const EC_POINT *point, BN_CTX *ctx)
{
    BIGNUM *x = BN_secure_new(), *y = BN_secure_new();
    int ok = x && y
             && EC_POINT_get_affine_coordinates(group, point, x, y, ctx) == 1
             && BN_lshift1(x, x) == 1
             && (!BN_is_odd(y) || BN_add_word(x, 1) == 1)
             && BN_bn2binpad(x, j, (int)alg->len) == (int)alg->len;

    BN_clear_free(x);
    BN_clear_free(y);
    return ok;
}

/* [pi]G */
static int multiply(unsigned char *j, const as_mutual_alg *alg,
                    const BIGNUM *pi, BN_CTX *ctx)
{
    EC_GROUP *group = EC_GROUP_new_by_curve_name(alg->curve);
    EC_POINT *point = group ? EC_POINT_new(group) : NULL;
    int ok = point && EC_POINT_mul(group, point, pi, NULL, NULL, ctx) == 1
             && put_point(j, alg, group, point, ctx);

    EC_POINT_clear_free(point);
    EC_GROUP_free(group);
    return ok;
}

static int derive(unsigned char *j, const as_mutual_alg *alg,
                  const unsigned char *octets)
{
    BN_CTX *ctx = BN_CTX_secure_new();
    BIGNUM *pi = BN_secure_new();
    int ok = ctx && pi && BN_bin2bn(octets, (int)alg->pi_len, pi);

    if (ok) {
        BN_set_flags(pi, BN_FLG_CONSTTIME);
        ok = alg->curve ? multiply(j, alg, pi, ctx)
                        : raise_to(j, alg, pi, ctx);
    }
    BN_clear_free(pi);
    BN_CTX_free(ctx);
    if (!ok)
        ERR_clear_error();
    return ok;
}

static void put_hex(char *hex, const unsigned char *octets, apr_size_t len)
{
    static const char digits[] = "0123456789abcdef";
    apr_size_t i;

    for (i = 0; i < len; i++) {
        *hex++ = digits[octets[i] >> 4];
        *hex++ = digits[octets[i] & 0xf];
    }
    *hex = '\0';
}

apr_status_t as_mutual_verifier(char hex[AS_MUTUAL_HEX_MAX + 1],
                                const as_mutual_alg *alg,
                                const as_mutual_user *user)
{
    unsigned char pi[AS_MUTUAL_PI_MAX], j[LEN_MAX];
    apr_status_t rv = as_mutual_pi(pi, alg, user);

    *hex = '\0';
    if (rv == APR_SUCCESS && !derive(j, alg, pi))
        rv = APR_EGENERAL;
    if (rv == APR_SUCCESS)
        put_hex(hex, j, alg->len);
    as_wipe(pi, sizeof(pi));
    as_wipe(j, sizeof(j));
    return rv;
}

/* ---- what is stored -------------------------------------------------- */

static int take_hex(unsigned char *octets, as_span hex)
{
    apr_size_t i;

    for (i = 0; i < hex.len; i++) {
        char c = hex.at[i];
        int digit = c >= '0' && c <= '9' ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;

        if (digit < 0)
            return 0;
        octets[i / 2] = (unsigned char)(i % 2 ? octets[i / 2] << 4 | digit
                                              : digit);
    }
    return 1;
}

/* 1 < j < q - 1, and of the subgroup that 2 makes: a square. */
static int is_power(const as_mutual_alg *alg, const BIGNUM *j, BN_CTX *ctx)
{
    BIGNUM *q = alg->prime(NULL), *last = q ? BN_dup(q) : NULL;
    int ok = last && BN_sub_word(last, 1) == 1 && !BN_is_zero(j)
             && !BN_is_one(j) && BN_cmp(j, last) < 0
             && BN_kronecker(j, q, ctx) == 1;

    BN_free(last);
    BN_free(q);
    return ok;
}

/* x below the field's prime, which OpenSSL does not ask for, and on the
 * curve. */
static int is_point(const as_mutual_alg *alg, const BIGNUM *j, BN_CTX *ctx)
{
    EC_GROUP *group = EC_GROUP_new_by_curve_name(alg->curve);
    EC_POINT *point = group ? EC_POINT_new(group) : NULL;
    BIGNUM *x = BN_new(), *prime = BN_new();
    int ok = point && x && prime && BN_rshift1(x, j) == 1
             && EC_GROUP_get_curve(group, prime, NULL, NULL, ctx) == 1
             && BN_cmp(x, prime) < 0
             && EC_POINT_set_compressed_coordinates(group, point, x,
                                                    BN_is_odd(j), ctx) == 1;

    BN_free(prime);
    BN_clear_free(x);
    EC_POINT_clear_free(point);
    EC_GROUP_free(group);
    return ok;
}

int as_mutual_verifier_fits(const as_mutual_alg *alg, as_span hex)
{
    unsigned char octets[LEN_MAX];
    BN_CTX *ctx;
    BIGNUM *j;
    int ok;

    if (hex.len != 2 * alg->len || !take_hex(octets, hex))
        return 0;
    ctx = BN_CTX_new();
    j = BN_bin2bn(octets, (int)alg->len, NULL);
    ok = ctx && j && (alg->curve ? is_point(alg, j, ctx)
                                 : is_power(alg, j, ctx));
    BN_clear_free(j);
    BN_CTX_free(ctx);
    as_wipe(octets, sizeof(octets));
    if (!ok)
        ERR_clear_error();
    return ok;
}
