/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * From a password to J(pi), RFC 8120 section 12 and RFC 8121 section 3. The
 * exponent is a secret: constant time from pi on.
 */
#include <openssl/err.h>
#include <openssl/evp.h>

#include "hex.h"
#include "mutual_verifier.h"
#include "secret.h"

#define ITERATIONS 16384

/* ---- pi -------------------------------------------------------------- */

unsigned char *as_mutual_put_number(unsigned char *at, apr_uint64_t n)
{
    unsigned char octets[AS_MUTUAL_VI_MAX];
    int i = AS_MUTUAL_VI_MAX;

    octets[--i] = (unsigned char)(n & 0x7f);
    while (n >>= 7)
        octets[--i] = (unsigned char)(0x80 | (n & 0x7f));
    memcpy(at, octets + i, (apr_size_t)(AS_MUTUAL_VI_MAX - i));
    return at + AS_MUTUAL_VI_MAX - i;
}

unsigned char *as_mutual_put_string(unsigned char *at, as_span text)
{
    at = as_mutual_put_number(at, text.len);
    if (text.len)
        memcpy(at, text.at, text.len);
    return at + text.len;
}

apr_status_t as_mutual_pi(unsigned char pi[AS_MUTUAL_HASH_MAX],
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
        room += parts[i].len + AS_MUTUAL_VI_MAX;
    salt = end = OPENSSL_malloc(room);
    if (!salt)
        return APR_ENOMEM;
    for (i = 0; i < 4; i++)
        end = as_mutual_put_string(end, parts[i]);
    ok = md && user->password.len < INT_MAX && room < INT_MAX
         && PKCS5_PBKDF2_HMAC(user->password.at, (int)user->password.len, salt,
                              (int)(end - salt), ITERATIONS, md,
                              (int)alg->hash_len, pi) == 1;
    OPENSSL_free(salt);
    if (ok)
        return APR_SUCCESS;
    ERR_clear_error();
    as_wipe(pi, AS_MUTUAL_HASH_MAX);
    return APR_EGENERAL;
}

/* ---- J --------------------------------------------------------------- */

apr_status_t as_mutual_power_hex(char hex[AS_MUTUAL_HEX_MAX + 1],
                                 const as_mutual_group *group, as_span secret)
{
    unsigned char j[AS_MUTUAL_LEN_MAX];
    apr_status_t rv = as_mutual_power(j, group, secret);

    *hex = '\0';
    if (rv == APR_SUCCESS)
        as_hex_put(hex, j, as_mutual_group_alg(group)->len);
    as_wipe(j, sizeof(j));
    return rv;
}

apr_status_t as_mutual_verifier(char hex[AS_MUTUAL_HEX_MAX + 1],
                                const as_mutual_alg *alg,
                                const as_mutual_user *user)
{
    unsigned char pi[AS_MUTUAL_HASH_MAX];
    as_span secret = { (const char *)pi, alg->hash_len };
    as_mutual_group *group = as_mutual_group_make(alg);
    apr_status_t rv = as_mutual_pi(pi, alg, user);

    *hex = '\0';
    if (rv == APR_SUCCESS)
        rv = group ? as_mutual_power_hex(hex, group, secret) : APR_EGENERAL;
    as_wipe(pi, sizeof(pi));
    as_mutual_group_free(group);
    return rv;
}

/* ---- what is stored -------------------------------------------------- */

/* One spelling. */
static int is_lower(as_span hex)
{
    apr_size_t i;

    for (i = 0; i < hex.len; i++)
        if (apr_isupper(hex.at[i]))
            return 0;
    return 1;
}

as_mutual_element *as_mutual_verifier_read(const as_mutual_group *group,
                                           as_span hex)
{
    unsigned char octets[AS_MUTUAL_LEN_MAX];
    apr_size_t len = as_mutual_group_alg(group)->len;
    as_mutual_element *j = NULL;

    if (hex.len == 2 * len && is_lower(hex) && as_hex_take(octets, hex))
        j = as_mutual_element_read(group, (as_span){ (char *)octets, len });
    as_wipe(octets, sizeof(octets));
    return j;
}

int as_mutual_verifier_fits(const as_mutual_alg *alg, as_span hex)
{
    as_mutual_group *group = as_mutual_group_make(alg);
    as_mutual_element *j = group ? as_mutual_verifier_read(group, hex) : NULL;
    int fits = j != NULL;

    as_mutual_element_free(j);
    as_mutual_group_free(group);
    return fits;
}
