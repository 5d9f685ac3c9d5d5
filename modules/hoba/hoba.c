/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * HOBA-RES = kid "." challenge "." nonce "." sig                   (RFC 7486)
 * HOBA-TBS = len ":" nonce  len ":" alg  len ":" origin
 *            len ":" realm  len ":" kid  len ":" challenge
 *
 * The lengths make the text injective: no two lists of fields give the same
 * octets. Fields are signed as the characters that travel, never decoded.
 */
#include <arpa/inet.h>

#include "base64.h"
#include "hoba.h"
#include "secret.h"

/* ---- answers --------------------------------------------------------- */

static int is_base64url(char c)
{
    return apr_isalnum(c) || c == '-' || c == '_' || c == '=';
}

/* Up to the next dot, or to the end for the last part. */
static int take_part(as_span *part, as_span *rest, apr_size_t max, int last)
{
    apr_size_t n = 0;

    while (n < rest->len && is_base64url(rest->at[n]))
        n++;
    if (n == 0 || n > max)
        return 0;
    *part = (as_span){ rest->at, n };
    if (last)
        return n == rest->len;
    if (n == rest->len || rest->at[n] != '.')
        return 0;
    *rest = (as_span){ rest->at + n + 1, rest->len - n - 1 };
    return 1;
}

apr_status_t hoba_result_parse(hoba_result *result, as_span text)
{
    if (text.len > HOBA_RESULT_MAX
        || !take_part(&result->kid, &text, HOBA_KID_MAX, 0)
        || !take_part(&result->challenge, &text, HOBA_CHALLENGE_MAX, 0)
        || !take_part(&result->nonce, &text, HOBA_NONCE_MAX, 0)
        || !take_part(&result->sig, &text, HOBA_RESULT_MAX, 1))
        return APR_EINVAL;
    return APR_SUCCESS;
}

apr_status_t hoba_result_from(hoba_result *result, const as_credentials *sent,
                              apr_pool_t *pool)
{
    const as_param *param;

    if (sent->form != AS_FORM_PARAMS)
        return APR_EINVAL;
    param = as_param_find(sent, "result");
    if (!param)
        return APR_EINVAL;
    return hoba_result_parse(result, as_param_value(pool, param));
}

static as_span without_padding(as_span text)
{
    while (text.len && text.at[text.len - 1] == '=')
        text.len--;
    return text;
}

as_span hoba_kid(const hoba_result *result)
{
    return without_padding(result->kid);
}

/* ---- keys ------------------------------------------------------------ */

const char *hoba_kid_of(apr_pool_t *pool, as_span der)
{
    unsigned char hash[AS_SHA256_LEN];

    if (as_sha256(hash, der) != APR_SUCCESS)
        return NULL;
    return as_base64url_encode(pool,
                               (as_span){ (const char *)hash, sizeof(hash) });
}

static const struct {
    hoba_algorithm alg;
    const char *jose; /* NULL: the one that JOSE does not have */
} algorithms[] = {
    { { "0", "RSA-SHA256", HOBA_RSA_SHA256 }, "RS256" },
    { { "1", "RSA-SHA1", HOBA_RSA_SHA1 }, NULL },
    { { "90", "ES256", HOBA_ES256 }, "ES256" },
    { { "91", "Ed25519", HOBA_ED25519 }, "Ed25519" },
};
#define ALGORITHMS ((int)(sizeof(algorithms) / sizeof(algorithms[0])))

const hoba_algorithm *hoba_algorithm_find(const char *name)
{
    int i;

    for (i = 0; i < ALGORITHMS; i++)
        if (as_span_is_nocase(as_span_of(name), algorithms[i].alg.name))
            return &algorithms[i].alg;
    return NULL;
}

/* The row i for the key, or NULL if it is not in the set or not the key's. */
static const as_algorithm *usable(int i, const as_key *key, unsigned int set)
{
    const as_algorithm *alg = algorithms[i].jose
        ? as_algorithm_find(as_span_of(algorithms[i].jose))
        : as_rsa_sha1;

    if (!(set & algorithms[i].alg.bit) || !alg || !as_key_fits(key, alg))
        return NULL;
    return alg;
}

const hoba_algorithm *hoba_algorithm_of(const as_key *key, unsigned int set)
{
    int i;

    for (i = 0; i < ALGORITHMS; i++)
        if (usable(i, key, set))
            return &algorithms[i].alg;
    return NULL;
}

as_span hoba_signed_text(apr_pool_t *pool, const hoba_result *result,
                         const hoba_algorithm *alg, as_span origin,
                         as_span realm)
{
    const as_span fields[] = { result->nonce, as_span_of(alg->number), origin,
                               realm,         result->kid, result->challenge };
    apr_size_t room = 0, n = 0;
    unsigned int i;
    char *text;

    for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
        room += fields[i].len + 24; /* the digits of a size_t, ":" and NUL */
    text = apr_palloc(pool, room);
    for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        n += (apr_size_t)apr_snprintf(text + n, room - n,
                                      "%" APR_SIZE_T_FMT ":", fields[i].len);
        if (fields[i].len)
            memcpy(text + n, fields[i].at, fields[i].len);
        n += fields[i].len;
    }
    return (as_span){ text, n };
}

const hoba_algorithm *hoba_verifies(const as_key *key, unsigned int set,
                                    const hoba_result *result, as_span origin,
                                    as_span realm, apr_pool_t *pool)
{
    as_span sig;
    int i;

    if (as_base64url_decode(&sig, without_padding(result->sig), pool)
        != APR_SUCCESS)
        return NULL;
    for (i = 0; i < ALGORITHMS; i++) {
        const as_algorithm *alg = usable(i, key, set);

        if (alg
            && as_key_verifies(key, alg,
                               hoba_signed_text(pool, result,
                                                &algorithms[i].alg, origin,
                                                realm),
                               sig))
            return &algorithms[i].alg;
    }
    return NULL;
}

/* RSA-2048; its private half was never kept. OpenSSL gives up at once on a
 * signature that is no smaller than the modulus. This one begins with 128 one
 * bits, so that what is smaller than a client's modulus is smaller than this
 * one, too: or the time would tell which keys exist. */
static const char nobody[] =
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA______________________"
    "__7_______________________________________________________________"
    "__________________________________________________________________"
    "_______________yAP_45fFESCj3_kMcXiPscnna8pyLVgUqGrY8U89VVsyZF7-lix"
    "fdaSnUmJfVO5nlIGbvq6exuVsIQt8Lw82Ny0TDyuTS8nyOaCjKqtH8AyRe-LG1XVhp"
    "WxrCWMKgIwkUmyOhXEHOIX1-SyCG7fY0o9GxTKAqnaq1Tuy3Qt2-6TIwIDAQAB";

const as_key *hoba_key_of_nobody(apr_pool_t *pool)
{
    const as_key *key;
    const char *why;
    as_span der;

    if (as_base64url_decode(&der, as_span_of(nobody), pool) != APR_SUCCESS
        || as_key_from_spki(&key, &why, der, pool) != APR_SUCCESS)
        return NULL;
    return key;
}

/* ---- origins --------------------------------------------------------- */

static int default_port(int tls)
{
    return tls ? 443 : 80;
}

void hoba_origin_make(hoba_origin *origin, int tls, const char *host, int port,
                      apr_pool_t *pool)
{
    int v6 = strchr(host, ':') != NULL;

    origin->tls = tls;
    origin->host = host;
    origin->port = port;
    origin->text = apr_psprintf(pool, v6 ? "%s://[%s]:%d" : "%s://%s:%d",
                                tls ? "https" : "http", host, port);
}

/* The one spelling of an IPv6 address, or NULL. */
static const char *canonical_v6(apr_pool_t *pool, const char *text)
{
    char out[INET6_ADDRSTRLEN];
    struct in6_addr address;

    if (inet_pton(AF_INET6, text, &address) != 1
        || !inet_ntop(AF_INET6, &address, out, sizeof(out)))
        return NULL;
    return apr_pstrdup(pool, out);
}

static const char *lower(apr_pool_t *pool, as_span text)
{
    char *out = apr_pstrmemdup(pool, text.at, text.len);
    apr_size_t i;

    for (i = 0; i < text.len; i++)
        out[i] = (char)apr_tolower(out[i]);
    return out;
}

/* 1*5DIGIT without a leading zero, 1..65535; else 0 */
static int port_of(const char *text)
{
    int port = 0;
    int i;

    for (i = 0; apr_isdigit(text[i]); i++) {
        if (i == 5)
            return 0;
        port = port * 10 + (text[i] - '0');
    }
    if (text[i] || !i || text[0] == '0' || port > 65535)
        return 0;
    return port;
}

static int is_host(as_span text)
{
    apr_size_t i;

    for (i = 0; i < text.len; i++)
        if (!apr_isalnum(text.at[i]) && !strchr("-._", text.at[i]))
            return 0;
    return text.len && text.len <= 253 && text.at[0] != '.'
           && text.at[text.len - 1] != '.';
}

/* Moves *rest behind the host. */
static const char *take_host(const char **rest, apr_pool_t *pool)
{
    const char *end;
    as_span host;

    if (**rest == '[') {
        end = strchr(*rest, ']');
        if (!end)
            return NULL;
        host = (as_span){ *rest + 1, (apr_size_t)(end - *rest - 1) };
        *rest = end + 1;
        return canonical_v6(pool, as_string(pool, host));
    }
    host = (as_span){ *rest, strcspn(*rest, ":") };
    *rest += host.len;
    return is_host(host) ? lower(pool, host) : NULL;
}

apr_status_t hoba_origin_parse(hoba_origin *origin, const char **why,
                               const char *url, apr_pool_t *pool)
{
    const char *rest = strstr(url, "://");
    const char *host;
    as_span scheme;
    int tls, port;

    *why = "it has no scheme; write http://HOST or https://HOST";
    if (!rest)
        return APR_EINVAL;
    scheme = (as_span){ url, (apr_size_t)(rest - url) };
    tls = as_span_is_nocase(scheme, "https");
    *why = "its scheme is neither http nor https";
    if (!tls && !as_span_is_nocase(scheme, "http"))
        return APR_EINVAL;

    rest += 3;
    *why = "nothing may follow the port: no path, not even \"/\"";
    if (strpbrk(rest, "/?#"))
        return APR_EINVAL;
    *why = "its host is none, or not in its ASCII form (xn--)";
    host = take_host(&rest, pool);
    if (!host)
        return APR_EINVAL;
    *why = "its port is not a number from 1 to 65535";
    port = *rest == ':' ? port_of(rest + 1) : default_port(tls);
    if (!port || (*rest && *rest != ':'))
        return APR_EINVAL;

    *why = NULL;
    hoba_origin_make(origin, tls, host, port, pool);
    return APR_SUCCESS;
}

static int is_meant(const hoba_origin *origin, int tls, const char *host,
                    int port)
{
    return origin->tls == tls && !strcmp(origin->host, host)
           && origin->port == (port ? port : default_port(tls));
}

const hoba_origin *hoba_origin_select(const hoba_origin *origins, int count,
                                      int tls, const char *host, int port,
                                      apr_pool_t *pool)
{
    int i;

    if (host && strchr(host, ':'))
        host = canonical_v6(pool, host);
    if (!host)
        return NULL;
    host = lower(pool, as_span_of(host));

    for (i = 0; i < count; i++)
        if (is_meant(&origins[i], tls, host, port))
            return &origins[i];
    for (i = 0; !tls && i < count; i++)
        if (is_meant(&origins[i], 1, host, port))
            return &origins[i];
    return NULL;
}
