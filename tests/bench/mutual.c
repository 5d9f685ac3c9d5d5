/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * mutual - what a step of Mutual costs, and what OpenSSL alone needs for it.
 *
 *     mutual ALGORITHM
 *
 * Every line "N" on stdin computes K_s1 and z N times, in turn as the library
 * does it from octets to octets, and with bare calls of OpenSSL whose groups,
 * contexts and numbers are made once. Answers with four numbers, the
 * nanoseconds of processor time for K_s1, K_s1 bare, z and z bare.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/bn.h>
#include <openssl/ec.h>

#include "mutual_group.h"
#include "secret.h"

/* What a server has at hand when a message comes. */
typedef struct inputs {
    unsigned char j[AS_MUTUAL_LEN_MAX], kc1[AS_MUTUAL_LEN_MAX];
    unsigned char s[AS_MUTUAL_LEN_MAX];
    unsigned char t[AS_MUTUAL_HASH_MAX];
} inputs;

/* Made once. */
typedef struct bare {
    const as_mutual_alg *alg;
    BN_CTX *ctx;
    EC_GROUP *curve;
    EC_POINT *a, *b, *result;
    BIGNUM *j_x, *kc1_x, *x, *y; /* x of J and K_c1 */
    int j_odd, kc1_odd;
    BIGNUM *prime, *j, *kc1, *n;
    BN_MONT_CTX *mont;
    BIGNUM *s, *t;
} bare;

static void need(int ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "mutual: %s\n", what);
    exit(1);
}

static as_span octets_of(const unsigned char *octets, apr_size_t len)
{
    return (as_span){ (const char *)octets, len };
}

static BIGNUM *number_of(const unsigned char *octets, apr_size_t len)
{
    BIGNUM *number = BN_bin2bn(octets, (int)len, NULL);

    need(number != NULL, "no memory");
    return number;
}

/* ---- inputs ---------------------------------------------------------- */

static void make_element(unsigned char *out, const as_mutual_group *group)
{
    unsigned char secret[AS_MUTUAL_LEN_MAX];
    apr_size_t len = as_mutual_group_alg(group)->len;

    need(as_mutual_secret(secret, group) == APR_SUCCESS
         && as_mutual_power(out, group, octets_of(secret, len))
                == APR_SUCCESS, "cannot make an element");
}

static void make_inputs(inputs *in, const as_mutual_group *group)
{
    make_element(in->j, group);
    make_element(in->kc1, group);
    need(as_mutual_secret(in->s, group) == APR_SUCCESS
         && as_random(in->t, sizeof(in->t)) == APR_SUCCESS, "no randomness");
}

/* Of a number 2x + (y mod 2). */
static BIGNUM *take_x(int *is_odd, const unsigned char *octets, apr_size_t len)
{
    BIGNUM *x = number_of(octets, len);

    *is_odd = BN_is_odd(x);
    need(BN_rshift1(x, x), "no memory");
    return x;
}

static void make_bare(bare *b, const inputs *in, const as_mutual_alg *alg)
{
    b->alg = alg;
    b->ctx = BN_CTX_new();
    b->s = number_of(in->s, alg->len);
    b->t = number_of(in->t, alg->hash_len);
    BN_set_flags(b->s, BN_FLG_CONSTTIME);
    if (alg->curve) {
        b->curve = EC_GROUP_new_by_curve_name(alg->curve);
        b->a = EC_POINT_new(b->curve);
        b->b = EC_POINT_new(b->curve);
        b->result = EC_POINT_new(b->curve);
        b->j_x = take_x(&b->j_odd, in->j, alg->len);
        b->kc1_x = take_x(&b->kc1_odd, in->kc1, alg->len);
        b->x = BN_new();
        b->y = BN_new();
        return;
    }
    b->prime = alg->prime(NULL);
    b->mont = BN_MONT_CTX_new();
    need(BN_MONT_CTX_set(b->mont, b->prime, b->ctx), "no memory");
    b->j = number_of(in->j, alg->len);
    b->kc1 = number_of(in->kc1, alg->len);
    b->n = BN_new();
}

/* ---- steps ----------------------------------------------------------- */

static int library_step(unsigned char *out, const as_mutual_group *group,
                        const inputs *in, int is_z)
{
    apr_size_t len = as_mutual_group_alg(group)->len;
    as_mutual_element *kc1 = as_mutual_element_read(group,
                                                    octets_of(in->kc1, len));
    as_mutual_element *j = is_z ? NULL
                                : as_mutual_element_read(
                                      group, octets_of(in->j, len));
    int ok = kc1 && (is_z || j)
             && as_mutual_step(out, group, is_z ? kc1 : j, is_z ? NULL : kc1,
                               in->t, in->s) == APR_SUCCESS;

    as_mutual_element_free(kc1);
    as_mutual_element_free(j);
    return ok;
}

static int bare_points(const bare *b, int is_z)
{
    int ok = EC_POINT_set_compressed_coordinates(b->curve, b->b, b->kc1_x,
                                                 b->kc1_odd, b->ctx);

    if (is_z)
        ok = ok && EC_POINT_mul(b->curve, b->result, b->t, NULL, NULL, b->ctx)
             && EC_POINT_add(b->curve, b->result, b->result, b->b, b->ctx);
    else
        ok = ok && EC_POINT_set_compressed_coordinates(b->curve, b->a, b->j_x,
                                                       b->j_odd, b->ctx)
             && EC_POINT_mul(b->curve, b->result, NULL, b->b, b->t, b->ctx)
             && EC_POINT_add(b->curve, b->result, b->result, b->a, b->ctx);
    return ok
           && EC_POINT_mul(b->curve, b->result, NULL, b->result, b->s, b->ctx)
           && EC_POINT_get_affine_coordinates(b->curve, b->result, b->x, b->y,
                                              b->ctx);
}

static int bare_numbers(const bare *b, int is_z)
{
    int ok = BN_kronecker(b->kc1, b->prime, b->ctx) == 1;

    if (is_z)
        ok = ok && BN_mod_exp_mont_word(b->n, 2, b->t, b->prime, b->ctx,
                                        b->mont)
             && BN_mod_mul(b->n, b->n, b->kc1, b->prime, b->ctx);
    else
        ok = ok && BN_kronecker(b->j, b->prime, b->ctx) == 1
             && BN_mod_exp_mont(b->n, b->kc1, b->t, b->prime, b->ctx, b->mont)
             && BN_mod_mul(b->n, b->n, b->j, b->prime, b->ctx);
    return ok
           && BN_mod_exp_mont_consttime(b->n, b->n, b->s, b->prime, b->ctx,
                                        b->mont);
}

static int bare_step(const bare *b, int is_z)
{
    return b->curve ? bare_points(b, is_z) : bare_numbers(b, is_z);
}

/* Both must come to the same. */
static void compare(const as_mutual_group *group, const inputs *in,
                    const bare *b, int is_z)
{
    unsigned char out[AS_MUTUAL_LEN_MAX];
    BIGNUM *number;

    need(library_step(out, group, in, is_z) && bare_step(b, is_z),
         "a step fails");
    number = number_of(out, b->alg->len);
    if (b->curve)
        need(BN_rshift1(number, number), "no memory");
    need(!BN_cmp(number, b->curve ? b->x : b->n), "the results differ");
    BN_free(number);
}

/* ---- rounds ---------------------------------------------------------- */

static double processor_time(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void measure(double took[4], const as_mutual_group *group,
                    const inputs *in, const bare *b)
{
    unsigned char out[AS_MUTUAL_LEN_MAX];
    int is_z, ok = 1;

    for (is_z = 0; is_z < 2; is_z++) {
        double begun = processor_time(), between;

        ok = ok && library_step(out, group, in, is_z);
        between = processor_time();
        ok = ok && bare_step(b, is_z);
        took[2 * is_z] += between - begun;
        took[2 * is_z + 1] += processor_time() - between;
    }
    need(ok, "a step fails");
}

int main(int argc, char **argv)
{
    const as_mutual_alg *alg = argc == 2 ? as_mutual_alg_find(
                                               as_span_of(argv[1]))
                                         : NULL;
    as_mutual_group *group = alg ? as_mutual_group_make(alg) : NULL;
    static inputs in;
    static bare b;
    char line[32];

    if (!group) {
        fprintf(stderr, "usage: mutual ALGORITHM\n");
        return 2;
    }
    make_inputs(&in, group);
    make_bare(&b, &in, as_mutual_group_alg(group));
    compare(group, &in, &b, 0);
    compare(group, &in, &b, 1);
    while (fgets(line, sizeof(line), stdin)) {
        long count = atol(line), i;
        double took[4] = { 0 };

        for (i = 0; i < count; i++)
            measure(took, group, &in, &b);
        printf("%.0f %.0f %.0f %.0f\n", took[0] / (double)count,
               took[1] / (double)count, took[2] / (double)count,
               took[3] / (double)count);
        fflush(stdout);
    }
    as_mutual_group_free(group);
    return 0;
}
