/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Two kinds of groups, each a column of functions: numbers modulo a safe prime,
 * and curves. Secret exponents are computed with in constant time, public ones
 * are not.
 */
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/obj_mac.h>

#include "mutual_group.h"
#include "secret.h"

#define GENERATOR 2

static const as_mutual_alg algorithms[AS_MUTUAL_ALGS] = {
    { "iso-kam3-ec-p256-sha256", NID_X9_62_prime256v1, NULL, "SHA256", 32, 33,
      1, 0 },
    { "iso-kam3-ec-p521-sha512", NID_secp521r1, NULL, "SHA512", 64, 66, 1, 1 },
    { "iso-kam3-dl-2048-sha256", 0, BN_get_rfc3526_prime_2048, "SHA256", 32,
      256, 0, 1 },
    { "iso-kam3-dl-4096-sha512", 0, BN_get_rfc3526_prime_4096, "SHA512", 64,
      512, 0, 1 },
};

const as_mutual_alg *as_mutual_alg_at(int index)
{
    return index >= 0 && index < AS_MUTUAL_ALGS ? &algorithms[index] : NULL;
}

const as_mutual_alg *as_mutual_alg_find(as_span name)
{
    int i;

    for (i = 0; i < AS_MUTUAL_ALGS; i++)
        if (as_span_is_nocase(name, algorithms[i].name))
            return &algorithms[i];
    return NULL;
}

struct as_mutual_element {
    BIGNUM *number;  /* one of them */
    EC_POINT *point;
};

/* What the two kinds do differently. Each returns 1, or 0 after a failure. */
typedef struct group_kind {
    int (*prepare)(as_mutual_group *group, BN_CTX *ctx);
    int (*read)(as_mutual_element *element, const as_mutual_group *group,
                BIGNUM *number, BN_CTX *ctx);
    /* a * b^t */
    int (*mix)(as_mutual_element *out, const as_mutual_group *group,
               const as_mutual_element *a, const as_mutual_element *b,
               const BIGNUM *t, BN_CTX *ctx);
    /* a^s; a NULL is the generator */
    int (*raise)(as_mutual_element *out, const as_mutual_group *group,
                 const as_mutual_element *a, const BIGNUM *s, BN_CTX *ctx);
    int (*is_trivial)(const as_mutual_group *group,
                      const as_mutual_element *element);
    int (*write)(unsigned char *out, const as_mutual_group *group,
                 const as_mutual_element *element, BN_CTX *ctx);
} group_kind;

struct as_mutual_group {
    const as_mutual_alg *alg;
    const group_kind *kind;
    EVP_MD *md;
    EC_GROUP *curve;
    BIGNUM *prime;     /* of the field */
    BIGNUM *last;      /* prime - 1 */
    BIGNUM *order;     /* of the generator: r */
    BN_MONT_CTX *mont; /* of prime */
    BIGNUM *generator;
};

static as_mutual_element *element_make(const as_mutual_group *group)
{
    as_mutual_element *made = OPENSSL_zalloc(sizeof(*made));

    if (!made)
        return NULL;
    if (group->curve)
        made->point = EC_POINT_new(group->curve);
    else
        made->number = BN_secure_new();
    if (made->point || made->number)
        return made;
    OPENSSL_free(made);
    return NULL;
}

void as_mutual_element_free(as_mutual_element *element)
{
    if (!element)
        return;
    EC_POINT_clear_free(element->point);
    BN_clear_free(element->number);
    OPENSSL_free(element);
}

/* ---- numbers modulo a safe prime, RFC 8121 section 3 ----------------- */

static int prepare_field(as_mutual_group *group, BN_CTX *ctx)
{
    group->order = BN_new();
    group->mont = BN_MONT_CTX_new();
    group->generator = BN_new();
    return group->alg->prime(group->prime) && group->order && group->mont
           && BN_rshift1(group->order, group->prime) == 1
           && BN_MONT_CTX_set(group->mont, group->prime, ctx) == 1
           && group->generator
           && BN_set_word(group->generator, GENERATOR) == 1;
}

/* 1 < n < q - 1 */
static int in_range(const as_mutual_group *group, const BIGNUM *n)
{
    return !BN_is_zero(n) && !BN_is_one(n) && !BN_is_negative(n)
           && BN_cmp(n, group->last) < 0;
}

/* All powers of 2 are squares. An element that is none would tell something of
 * our exponent. */
static int read_number(as_mutual_element *element,
                       const as_mutual_group *group, BIGNUM *number,
                       BN_CTX *ctx)
{
    return in_range(group, number)
           && BN_kronecker(number, group->prime, ctx) == 1
           && BN_copy(element->number, number) != NULL;
}

static int mix_numbers(as_mutual_element *out, const as_mutual_group *group,
                       const as_mutual_element *a, const as_mutual_element *b,
                       const BIGNUM *t, BN_CTX *ctx)
{
    BIGNUM *n = out->number;
    int ok = b ? BN_mod_exp_mont(n, b->number, t, group->prime, ctx,
                                 group->mont)
               : BN_mod_exp_mont_word(n, GENERATOR, t, group->prime, ctx,
                                      group->mont);

    return ok == 1 && BN_mod_mul(n, n, a->number, group->prime, ctx) == 1;
}

static int raise_number(as_mutual_element *out, const as_mutual_group *group,
                        const as_mutual_element *a, const BIGNUM *s,
                        BN_CTX *ctx)
{
    return BN_mod_exp_mont_consttime(out->number,
                                     a ? a->number : group->generator, s,
                                     group->prime, ctx, group->mont) == 1;
}

static int is_trivial_number(const as_mutual_group *group,
                             const as_mutual_element *element)
{
    return !in_range(group, element->number);
}

static int write_number(unsigned char *out, const as_mutual_group *group,
                        const as_mutual_element *element, BN_CTX *ctx)
{
    int len = (int)group->alg->len;

    (void)ctx;
    return BN_bn2binpad(element->number, out, len) == len;
}

static const group_kind numbers = {
    prepare_field, read_number, mix_numbers, raise_number, is_trivial_number,
    write_number
};

/* ---- curves, RFC 8121 section 4 -------------------------------------- */

static int prepare_curve(as_mutual_group *group, BN_CTX *ctx)
{
    group->curve = EC_GROUP_new_by_curve_name(group->alg->curve);
    group->order = BN_new();
    return group->curve && group->order
           && EC_GROUP_get_curve(group->curve, group->prime, NULL, NULL, ctx)
                  == 1
           && EC_GROUP_get_order(group->curve, group->order, ctx) == 1;
}

/* P'(n): x = n / 2, y as odd as n. OpenSSL looks for the point on the curve,
 * but not at the size of x. */
static int read_point(as_mutual_element *element,
                      const as_mutual_group *group, BIGNUM *number,
                      BN_CTX *ctx)
{
    int parity = BN_is_odd(number);

    return BN_rshift1(number, number) == 1
           && BN_cmp(number, group->prime) < 0
           && EC_POINT_set_compressed_coordinates(
                  group->curve, element->point, number, parity, ctx) == 1;
}

static int mix_points(as_mutual_element *out, const as_mutual_group *group,
                      const as_mutual_element *a, const as_mutual_element *b,
                      const BIGNUM *t, BN_CTX *ctx)
{
    int ok = b ? EC_POINT_mul(group->curve, out->point, NULL, b->point, t, ctx)
               : EC_POINT_mul(group->curve, out->point, t, NULL, NULL, ctx);

    return ok == 1
           && EC_POINT_add(group->curve, out->point, out->point, a->point,
                           ctx) == 1;
}

static int raise_point(as_mutual_element *out, const as_mutual_group *group,
                       const as_mutual_element *a, const BIGNUM *s,
                       BN_CTX *ctx)
{
    int ok = a ? EC_POINT_mul(group->curve, out->point, NULL, a->point, s, ctx)
               : EC_POINT_mul(group->curve, out->point, s, NULL, NULL, ctx);

    return ok == 1;
}

static int is_trivial_point(const as_mutual_group *group,
                            const as_mutual_element *element)
{
    return EC_POINT_is_at_infinity(group->curve, element->point);
}

/* P(p) = 2x + (y mod 2), RFC 8121 section 2.2 */
static int write_point(unsigned char *out, const as_mutual_group *group,
                       const as_mutual_element *element, BN_CTX *ctx)
{
    int len = (int)group->alg->len;
    BIGNUM *x = BN_secure_new(), *y = BN_secure_new();
    int ok = x && y
             && EC_POINT_get_affine_coordinates(group->curve, element->point,
                                                x, y, ctx) == 1
             && BN_lshift1(x, x) == 1
             && (!BN_is_odd(y) || BN_add_word(x, 1) == 1)
             && BN_bn2binpad(x, out, len) == len;

    BN_clear_free(x);
    BN_clear_free(y);
    return ok;
}

static const group_kind curves = {
    prepare_curve, read_point, mix_points, raise_point, is_trivial_point,
    write_point
};

/* ---- groups ---------------------------------------------------------- */

static int prepare(as_mutual_group *group)
{
    BN_CTX *ctx = BN_CTX_new();
    int ok;

    group->md = EVP_MD_fetch(NULL, group->alg->md, NULL);
    group->prime = BN_new();
    group->last = BN_new();
    ok = ctx && group->md && group->prime && group->last
         && group->kind->prepare(group, ctx)
         && BN_sub(group->last, group->prime, BN_value_one()) == 1;
    BN_CTX_free(ctx);
    return ok;
}

as_mutual_group *as_mutual_group_make(const as_mutual_alg *alg)
{
    as_mutual_group *group = OPENSSL_zalloc(sizeof(*group));

    if (!group)
        return NULL;
    group->alg = alg;
    group->kind = alg->curve ? &curves : &numbers;
    if (prepare(group))
        return group;
    ERR_clear_error();
    as_mutual_group_free(group);
    return NULL;
}

void as_mutual_group_free(as_mutual_group *group)
{
    if (!group)
        return;
    EC_GROUP_free(group->curve);
    BN_MONT_CTX_free(group->mont);
    BN_free(group->generator);
    BN_free(group->order);
    BN_free(group->last);
    BN_free(group->prime);
    EVP_MD_free(group->md);
    OPENSSL_free(group);
}

const as_mutual_alg *as_mutual_group_alg(const as_mutual_group *group)
{
    return group->alg;
}

const EVP_MD *as_mutual_group_md(const as_mutual_group *group)
{
    return group->md;
}

/* ---- elements -------------------------------------------------------- */

static BIGNUM *number_of(const void *octets, apr_size_t len)
{
    return BN_bin2bn(octets, (int)len, NULL);
}

static BIGNUM *secret_of(const void *octets, apr_size_t len)
{
    BIGNUM *secret = BN_secure_new();

    if (!secret || !BN_bin2bn(octets, (int)len, secret)) {
        BN_clear_free(secret);
        return NULL;
    }
    BN_set_flags(secret, BN_FLG_CONSTTIME);
    return secret;
}

as_mutual_element *as_mutual_element_read(const as_mutual_group *group,
                                          as_span octets)
{
    as_mutual_element *made;
    BN_CTX *ctx;
    BIGNUM *number;

    if (octets.len != group->alg->len)
        return NULL;
    made = element_make(group);
    ctx = BN_CTX_new();
    number = number_of(octets.at, octets.len);
    if (!made || !ctx || !number
        || !group->kind->read(made, group, number, ctx)) {
        as_mutual_element_free(made);
        made = NULL;
        ERR_clear_error();
    }
    BN_clear_free(number);
    BN_CTX_free(ctx);
    return made;
}

/* ---- computing ------------------------------------------------------- */

static apr_status_t finish(unsigned char *out, const as_mutual_group *group,
                           const as_mutual_element *result, int ok,
                           BN_CTX *ctx)
{
    if (ok && group->kind->is_trivial(group, result))
        return APR_EINVAL;
    if (ok && group->kind->write(out, group, result, ctx))
        return APR_SUCCESS;
    ERR_clear_error();
    return APR_EGENERAL;
}

apr_status_t as_mutual_step(unsigned char *out, const as_mutual_group *group,
                            const as_mutual_element *a,
                            const as_mutual_element *b,
                            const unsigned char *t, const unsigned char *s)
{
    BN_CTX *ctx = BN_CTX_secure_new();
    BIGNUM *factor = number_of(t, group->alg->hash_len);
    BIGNUM *secret = secret_of(s, group->alg->len);
    as_mutual_element *result = element_make(group);
    int ok = ctx && factor && secret && result
             && group->kind->mix(result, group, a, b, factor, ctx)
             && group->kind->raise(result, group, result, secret, ctx);
    apr_status_t rv = finish(out, group, result, ok, ctx);

    as_mutual_element_free(result);
    BN_clear_free(secret);
    BN_free(factor);
    BN_CTX_free(ctx);
    return rv;
}

apr_status_t as_mutual_power(unsigned char *out, const as_mutual_group *group,
                             as_span secret)
{
    BN_CTX *ctx = BN_CTX_secure_new();
    BIGNUM *exponent = secret_of(secret.at, secret.len);
    as_mutual_element *result = element_make(group);
    int ok = ctx && exponent && result
             && group->kind->raise(result, group, NULL, exponent, ctx);
    apr_status_t rv = finish(out, group, result, ok, ctx);

    as_mutual_element_free(result);
    BN_clear_free(exponent);
    BN_CTX_free(ctx);
    return rv;
}

apr_status_t as_mutual_secret(unsigned char *out,
                              const as_mutual_group *group)
{
    int len = (int)group->alg->len, ok;
    BIGNUM *s = BN_secure_new();

    do
        ok = s && BN_priv_rand_range(s, group->order) == 1;
    while (ok && BN_is_zero(s));
    ok = ok && BN_bn2binpad(s, out, len) == len;
    BN_clear_free(s);
    if (ok)
        return APR_SUCCESS;
    ERR_clear_error();
    return APR_EGENERAL;
}
