/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * The signature algorithms and how each is checked. RFC 7518 section 3 (RS,
 * PS, ES, HS), RFC 8037 and 9864 (EdDSA), RFC 8812 (ES256K).
 *
 * OpenSSL 3 looks an algorithm up by name at every use. For keys that stay,
 * as_key_prepare() does that once and each check copies the result.
 */
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/rsa.h>

#include "algorithm.h"
#include "secret.h"

#define MAC_MAX 64
#define SEQUENCE_MAX (2 * (3 + 66)) /* two numbers of P-521 */

struct as_algorithm {
    const char *name;
    int kinds; /* of keys that it takes */
    const EVP_MD *(*md)(void);
    const char *md_name; /* for HMAC */
    apr_size_t secret;   /* octets of MAC, and of the secret at least */
    int pss;
};

static const as_algorithm rows[] = {
    { "RS256", AS_RSA, EVP_sha256, NULL, 0, 0 },
    { "RS384", AS_RSA, EVP_sha384, NULL, 0, 0 },
    { "RS512", AS_RSA, EVP_sha512, NULL, 0, 0 },
    { "PS256", AS_RSA, EVP_sha256, NULL, 0, 1 },
    { "PS384", AS_RSA, EVP_sha384, NULL, 0, 1 },
    { "PS512", AS_RSA, EVP_sha512, NULL, 0, 1 },
    { "ES256", AS_P256, EVP_sha256, NULL, 0, 0 },
    { "ES384", AS_P384, EVP_sha384, NULL, 0, 0 },
    { "ES512", AS_P521, EVP_sha512, NULL, 0, 0 },
    { "ES256K", AS_K256, EVP_sha256, NULL, 0, 0 },
    { "EdDSA", AS_ED25519 | AS_ED448, NULL, NULL, 0, 0 },
    { "Ed25519", AS_ED25519, NULL, NULL, 0, 0 },
    { "Ed448", AS_ED448, NULL, NULL, 0, 0 },
    { "HS256", AS_OCT, NULL, "SHA256", 32, 0 },
    { "HS384", AS_OCT, NULL, "SHA384", 48, 0 },
    { "HS512", AS_OCT, NULL, "SHA512", 64, 0 },
};

#define ROWS ((int)(sizeof(rows) / sizeof(rows[0])))

static const as_algorithm rsa_sha1 = {
    "RSA-SHA1", AS_RSA, EVP_sha1, NULL, 0, 0
};
const as_algorithm *const as_rsa_sha1 = &rsa_sha1;

const as_algorithm *as_algorithm_at(int i)
{
    return i >= 0 && i < ROWS ? &rows[i] : NULL;
}

const as_algorithm *as_algorithm_find(as_span name)
{
    int i;

    for (i = 0; i < ROWS; i++)
        if (as_span_is(name, rows[i].name))
            return &rows[i];
    return NULL;
}

const char *as_algorithm_name(const as_algorithm *alg)
{
    return alg->name;
}

int as_algorithm_is_symmetric(const as_algorithm *alg)
{
    return alg->kinds == AS_OCT;
}

int as_key_fits(const as_key *key, const as_algorithm *alg)
{
    return (key->kind->bit & alg->kinds) != 0
           && (!key->only || key->only == alg)
           && key->secret.len >= alg->secret;
}

/* One key with one algorithm, looked up. */
typedef struct as_ready {
    const as_algorithm *alg; /* NULL ends the list */
    EVP_MD_CTX *md;          /* for a public key */
    EVP_MAC_CTX *mac;        /* for a secret */
} as_ready;

/* RFC 7518 section 3.5: the salt is as long as the hash, no other. */
static int use_pss(EVP_PKEY_CTX *ctx)
{
    return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1
           && EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST)
                  == 1;
}

static EVP_MD_CTX *open_public(const as_key *key, const as_algorithm *alg)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *more;

    if (ctx
        && EVP_DigestVerifyInit(ctx, &more, alg->md ? alg->md() : NULL, NULL,
                                key->pkey) == 1
        && (!alg->pss || use_pss(more)))
        return ctx;
    EVP_MD_CTX_free(ctx);
    return NULL;
}

static EVP_MAC_CTX *open_secret(const as_key *key, const as_algorithm *alg)
{
    EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    EVP_MAC_CTX *ctx = hmac ? EVP_MAC_CTX_new(hmac) : NULL;
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST,
                                         (char *)alg->md_name, 0),
        OSSL_PARAM_construct_end()
    };

    EVP_MAC_free(hmac);
    if (ctx
        && EVP_MAC_init(ctx, (const unsigned char *)key->secret.at,
                        key->secret.len, params) == 1)
        return ctx;
    EVP_MAC_CTX_free(ctx);
    return NULL;
}

static apr_status_t close_ready(void *data)
{
    as_ready *ready;

    for (ready = data; ready->alg; ready++) {
        EVP_MD_CTX_free(ready->md);
        EVP_MAC_CTX_free(ready->mac);
    }
    return APR_SUCCESS;
}

void as_key_prepare(const as_key *key, apr_pool_t *pool)
{
    as_ready *ready = apr_pcalloc(pool, (ROWS + 1) * sizeof(*ready));
    int i, n = 0;

    for (i = 0; i < ROWS; i++) {
        if (!as_key_fits(key, &rows[i]))
            continue;
        ready[n].alg = &rows[i];
        if (key->pkey)
            ready[n].md = open_public(key, &rows[i]);
        else
            ready[n].mac = open_secret(key, &rows[i]);
        n++;
    }
    apr_pool_cleanup_register(pool, ready, close_ready, apr_pool_cleanup_null);
    ((as_key *)key)->ready = ready;
    ERR_clear_error();
}

static const as_ready *find_ready(const as_key *key, const as_algorithm *alg)
{
    const as_ready *ready = key->ready;

    while (ready && ready->alg && ready->alg != alg)
        ready++;
    return ready && ready->alg ? ready : NULL;
}

static EVP_MD_CTX *take_public(const as_key *key, const as_algorithm *alg)
{
    const as_ready *ready = find_ready(key, alg);
    EVP_MD_CTX *ctx;

    if (!ready || !ready->md)
        return open_public(key, alg);
    ctx = EVP_MD_CTX_new();
    if (ctx && EVP_MD_CTX_copy_ex(ctx, ready->md) == 1)
        return ctx;
    EVP_MD_CTX_free(ctx);
    return NULL;
}

static EVP_MAC_CTX *take_secret(const as_key *key, const as_algorithm *alg)
{
    const as_ready *ready = find_ready(key, alg);

    return ready && ready->mac ? EVP_MAC_CTX_dup(ready->mac)
                               : open_secret(key, alg);
}

static int digest_verifies(const as_key *key, const as_algorithm *alg,
                           as_span text, const unsigned char *sig,
                           apr_size_t len)
{
    EVP_MD_CTX *ctx = take_public(key, alg);
    int ok = ctx
             && EVP_DigestVerify(ctx, sig, len,
                                 (const unsigned char *)text.at, text.len)
                    == 1;

    EVP_MD_CTX_free(ctx);
    return ok;
}

/* An INTEGER in its shortest form, which has no octet to spare and no sign. */
static unsigned char *put_integer(unsigned char *out, const unsigned char *at,
                                  apr_size_t len)
{
    while (len > 1 && !*at) {
        at++;
        len--;
    }
    *out++ = 0x02;
    *out++ = (unsigned char)(len + (*at >= 0x80));
    if (*at >= 0x80)
        *out++ = 0;
    memcpy(out, at, len);
    return out + len;
}

/* R and S as JOSE has them, of equal and fixed length, to the DER that OpenSSL
 * wants. It refuses 0 and n and above by itself. */
static int ec_verifies(const as_key *key, const as_algorithm *alg,
                       as_span text, as_span sig)
{
    const unsigned char *rs = (const unsigned char *)sig.at;
    unsigned char der[3 + SEQUENCE_MAX], *body = der + 3, *begin = der, *end;
    apr_size_t half = sig.len / 2, len;

    end = put_integer(body, rs, half);
    end = put_integer(end, rs + half, half);
    len = (apr_size_t)(end - body);
    body[-1] = (unsigned char)len;
    if (len >= 0x80)
        body[-2] = 0x81; /* the length has an octet of its own */
    else
        begin++;
    *begin = 0x30;
    return digest_verifies(key, alg, text, begin, (apr_size_t)(end - begin));
}

static int mac_verifies(const as_key *key, const as_algorithm *alg,
                        as_span text, as_span sig)
{
    unsigned char mac[MAC_MAX];
    size_t len = 0;
    EVP_MAC_CTX *ctx = take_secret(key, alg);
    int ok = ctx
             && EVP_MAC_update(ctx, (const unsigned char *)text.at, text.len)
                    == 1
             && EVP_MAC_final(ctx, mac, &len, sizeof(mac)) == 1
             && as_equal((as_span){ (const char *)mac, len }, sig);

    EVP_MAC_CTX_free(ctx);
    as_wipe(mac, sizeof(mac));
    return ok;
}

/* Octets of a signature, which has no second length in JOSE. */
static apr_size_t signature_length(const as_key *key, const as_algorithm *alg)
{
    if (!key->pkey)
        return alg->secret;
    if (key->kind->group)
        return 2 * key->kind->coordinate;
    return (apr_size_t)EVP_PKEY_get_size(key->pkey);
}

int as_key_verifies(const as_key *key, const as_algorithm *alg, as_span text,
                    as_span sig)
{
    int ok;

    if (!as_key_fits(key, alg) || sig.len != signature_length(key, alg))
        return 0;
    if (!key->pkey)
        ok = mac_verifies(key, alg, text, sig);
    else if (key->kind->group)
        ok = ec_verifies(key, alg, text, sig);
    else
        ok = digest_verifies(key, alg, text, (const unsigned char *)sig.at,
                             sig.len);
    if (!ok)
        ERR_clear_error();
    return ok;
}
