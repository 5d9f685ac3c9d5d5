/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * JSON Web Keys, RFC 7517, 7518 section 6, 8037 section 2. A set is an
 * issuer's, who may publish keys for other uses and of kinds that are not
 * invented yet: what we do not understand is skipped, never guessed.
 */
#include "algorithm.h"
#include "base64.h"
#include "json.h"
#include "jwk.h"
#include "secret.h"

#define NUMBER_MAX 2048 /* characters of a modulus; 8192 bits have 1,366 */

static const as_json_limits limits = { 8, 8192 };

static const char *const private_members[] = { "d", "p",  "q",   "dp",
                                               "dq", "qi", "oth", "priv" };

static const char *text_of(json_t *jwk, const char *name)
{
    return json_string_value(json_object_get(jwk, name));
}

static apr_status_t bytes_of(as_span *bytes, json_t *jwk, const char *name,
                             apr_pool_t *pool)
{
    const char *text = text_of(jwk, name);

    if (!text || strlen(text) > NUMBER_MAX)
        return APR_EINVAL;
    return as_base64url_decode(bytes, as_span_of(text), pool);
}

static apr_status_t read_rsa(const as_key **key, json_t *jwk,
                             apr_pool_t *pool)
{
    as_span n, e;
    const char *why;

    if (bytes_of(&n, jwk, "n", pool) != APR_SUCCESS
        || bytes_of(&e, jwk, "e", pool) != APR_SUCCESS)
        return APR_EINVAL;
    return as_key_from_rsa(key, &why, n, e, pool);
}

static as_span joined(as_span x, as_span y, apr_pool_t *pool)
{
    char *both = apr_palloc(pool, x.len + y.len);

    memcpy(both, x.at, x.len);
    memcpy(both + x.len, y.at, y.len);
    return (as_span){ both, x.len + y.len };
}

/* Coordinates have all their octets, leading zeros too (RFC 7518 section
 * 6.2.1.2). */
static apr_status_t read_point(const as_key **key, const as_key_kind *kind,
                               json_t *jwk, apr_pool_t *pool)
{
    as_span x, y = { "", 0 };
    const char *why;

    if (bytes_of(&x, jwk, "x", pool) != APR_SUCCESS
        || (kind->group && bytes_of(&y, jwk, "y", pool) != APR_SUCCESS)
        || x.len != kind->coordinate)
        return APR_EINVAL;
    if (y.len)
        x = joined(x, y, pool);
    return as_key_from_point(key, &why, kind, x, pool);
}

static as_key *read_public(const as_key_kind *kind, json_t *jwk,
                           apr_pool_t *pool)
{
    const as_key *key;
    apr_status_t rv = kind->crv ? read_point(&key, kind, jwk, pool)
                                : read_rsa(&key, jwk, pool);

    return rv == APR_SUCCESS ? (as_key *)key : NULL;
}

static as_key *read_secret(json_t *jwk, apr_pool_t *pool)
{
    as_span bytes;
    as_key *key;

    if (bytes_of(&bytes, jwk, "k", pool) != APR_SUCCESS)
        return NULL;
    key = (as_key *)as_key_from_secret(pool, bytes);
    as_wipe((char *)bytes.at, bytes.len);
    return key;
}

/* jansson frees its strings as they are. */
static void wipe_members(json_t *jwk)
{
    json_t *value = json_object_get(jwk, "k");
    apr_size_t i;

    if (json_is_string(value))
        as_wipe((char *)json_string_value(value), json_string_length(value));
    for (i = 0; i < sizeof(private_members) / sizeof(private_members[0]); i++) {
        value = json_object_get(jwk, private_members[i]);
        if (json_is_string(value))
            as_wipe((char *)json_string_value(value),
                    json_string_length(value));
    }
}

static int is_exposed(json_t *jwk)
{
    apr_size_t i;

    for (i = 0; i < sizeof(private_members) / sizeof(private_members[0]); i++)
        if (json_object_get(jwk, private_members[i]))
            return 1;
    return 0;
}

static int names_verify(json_t *ops)
{
    size_t i;
    json_t *op;

    json_array_foreach(ops, i, op)
        if (json_is_string(op) && strcmp(json_string_value(op), "verify") == 0)
            return 1;
    return 0;
}

/* RFC 7517 sections 4.2 and 4.3; a member of another type forbids as well. */
static int is_for_signatures(json_t *jwk)
{
    json_t *use = json_object_get(jwk, "use");
    json_t *ops = json_object_get(jwk, "key_ops");

    if (use && (!json_is_string(use)
                || strcmp(json_string_value(use), "sig") != 0))
        return 0;
    return !ops || names_verify(ops);
}

static int fits_any(const as_key *key)
{
    const as_algorithm *alg;
    int i;

    for (i = 0; (alg = as_algorithm_at(i)); i++)
        if (as_key_fits(key, alg))
            return 1;
    return 0;
}

/* Sets a copy of a member that has to be a string where it is present. */
static int take_name(const char **name, json_t *jwk, const char *member,
                     apr_pool_t *pool)
{
    json_t *value = json_object_get(jwk, member);

    if (value && !json_is_string(value))
        return 0;
    *name = value ? apr_pstrdup(pool, json_string_value(value)) : NULL;
    return 1;
}

/* The key, or NULL if it is not for us. */
static const as_key *read_key(const as_key_kind *kind, json_t *jwk,
                              apr_pool_t *pool)
{
    const char *alg;
    as_key *key;

    if (!is_for_signatures(jwk) || !take_name(&alg, jwk, "alg", pool))
        return NULL;
    key = kind->type ? read_public(kind, jwk, pool) : read_secret(jwk, pool);
    if (!key || !take_name(&key->kid, jwk, "kid", pool)
        || !take_name(&key->thumbprint_x509, jwk, "x5t#S256", pool))
        return NULL;
    if (alg) {
        key->only = as_algorithm_find(as_span_of(alg));
        if (!key->only)
            return NULL;
    }
    return fits_any(key) ? key : NULL;
}

static int same_member(json_t *a, json_t *b, const char *name)
{
    json_t *one = json_object_get(a, name), *other = json_object_get(b, name);

    return one == other || json_equal(one, other);
}

/* Whether another key of the set has the same name, type and algorithm, be it
 * usable or not: nobody can tell which of the two is meant. */
static int has_twin(json_t *keys, json_t *jwk)
{
    size_t i;
    json_t *other;

    if (!json_object_get(jwk, "kid"))
        return 0;
    json_array_foreach(keys, i, other)
        if (other != jwk && same_member(jwk, other, "kid")
            && same_member(jwk, other, "kty")
            && same_member(jwk, other, "alg") && is_for_signatures(other))
            return 1;
    return 0;
}

/* What a set is read into. */
typedef struct reader {
    const as_key *keys[AS_JWKS_KEYS_MAX];
    int count, secrets, publics;
    int allow_secret;
} reader;

static void read_jwk(reader *in, as_key_set *set, json_t *keys, json_t *jwk,
                     apr_pool_t *pool)
{
    const char *kty = text_of(jwk, "kty");
    const as_key_kind *kind =
        kty ? as_key_kind_find(kty, text_of(jwk, "crv")) : NULL;
    const as_key *key = NULL;
    int secret = kind && kind->bit == AS_OCT;

    in->secrets += secret;
    in->publics += kind && !secret;
    set->exposed += kind && !secret && is_exposed(jwk);
    if (kind && (!secret || in->allow_secret) && !has_twin(keys, jwk))
        key = read_key(kind, jwk, pool);
    if (key)
        in->keys[in->count++] = key;
    else
        set->skipped++;
}

static void take_keys(as_key_set *set, const reader *in, apr_pool_t *pool)
{
    int i;

    for (i = 0; i < in->count; i++)
        as_key_prepare(in->keys[i], pool);
    set->count = in->count;
    set->keys = apr_pmemdup(pool, in->keys,
                            sizeof(in->keys[0]) * (apr_size_t)in->count);
}

apr_status_t as_key_set_from_jwks(as_key_set *set, const char **why,
                                  as_span json, int allow_secret,
                                  apr_pool_t *pool)
{
    reader in = { .allow_secret = allow_secret };
    json_t *object, *keys, *jwk;
    size_t i;

    memset(set, 0, sizeof(*set));
    *why = "not a JSON object, or a very large one";
    if (json.len > AS_JWKS_MAX
        || as_json_object(&object, json, &limits, pool) != APR_SUCCESS)
        return APR_EINVAL;

    keys = json_object_get(object, "keys");
    *why = "neither a JWK set nor a JWK";
    if (!json_is_array(keys) && (keys || !json_object_get(object, "kty")))
        return APR_EINVAL;
    *why = "more than 100 keys";
    if (json_array_size(keys) > AS_JWKS_KEYS_MAX)
        return APR_EINVAL;
    if (!keys)
        read_jwk(&in, set, NULL, object, pool);
    json_array_foreach(keys, i, jwk)
        read_jwk(&in, set, keys, jwk, pool);
    wipe_members(object);
    json_array_foreach(keys, i, jwk)
        wipe_members(jwk);

    *why = "secrets and public keys in one set";
    if (allow_secret && in.secrets && in.publics)
        return APR_EINVAL;
    take_keys(set, &in, pool);
    *why = set->count ? NULL : "no key that can be used";
    return set->count ? APR_SUCCESS : APR_EINVAL;
}

void as_key_set_of(as_key_set *set, const as_key *key, apr_pool_t *pool)
{
    const as_key **keys = apr_palloc(pool, sizeof(keys[0]));

    memset(set, 0, sizeof(*set));
    keys[0] = key;
    set->keys = keys;
    set->count = 1;
    as_key_prepare(key, pool);
}
