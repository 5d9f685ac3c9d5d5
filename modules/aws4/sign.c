/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include <openssl/err.h>

#include "hex.h"
#include "sign.h"

#define HEX_LEN ((apr_size_t)2 * AS_SHA256_LEN)
#define PREFIX "AWS4"
#define PREFIX_LEN (sizeof(PREFIX) - 1)

static const as_span newline = { "\n", 1 };

/* HMAC-SHA256 over the parts, one after the other. */
static apr_status_t mac(unsigned char out[AS_SHA256_LEN], as_span key,
                        const as_span *parts, int count)
{
    apr_status_t rv = as_hmac(out, key, parts, count);

    if (rv == APR_SUCCESS)
        return rv;
    ERR_clear_error();
    as_wipe(out, AS_SHA256_LEN);
    return APR_EGENERAL;
}

/* key = HMAC(key, text); what went before is overwritten. */
static apr_status_t derive(unsigned char key[AS_SHA256_LEN], as_span text)
{
    as_span from = { (const char *)key, AS_SHA256_LEN };

    return mac(key, from, &text, 1);
}

static apr_status_t date_key(unsigned char out[AS_SHA256_LEN], as_span secret,
                             as_span day)
{
    char prefixed[PREFIX_LEN + AWS4_SECRET_MAX];
    as_span key = { prefixed, PREFIX_LEN + secret.len };
    apr_status_t rv;

    if (secret.len > AWS4_SECRET_MAX)
        return APR_EINVAL;
    memcpy(prefixed, PREFIX, PREFIX_LEN);
    if (secret.len)
        memcpy(prefixed + PREFIX_LEN, secret.at, secret.len);
    rv = mac(out, key, &day, 1);
    as_wipe(prefixed, sizeof(prefixed));
    return rv;
}

apr_status_t aws4_signing_key(unsigned char out[AS_SHA256_LEN],
                              as_span secret, as_span day, as_span region,
                              as_span service)
{
    const as_span steps[] = { region, service, { "aws4_request", 12 } };
    apr_status_t rv = date_key(out, secret, day);
    int i;

    for (i = 0; rv == APR_SUCCESS && i < 3; i++)
        rv = derive(out, steps[i]);
    if (rv != APR_SUCCESS)
        as_wipe(out, AS_SHA256_LEN);
    return rv;
}

apr_status_t aws4_string_to_sign(as_span *text, as_span date, as_span scope,
                                 as_span canonical, apr_pool_t *pool)
{
    unsigned char hash[AS_SHA256_LEN];
    char hex[HEX_LEN + 1];
    apr_status_t rv = as_sha256(hash, canonical);

    if (rv != APR_SUCCESS)
        return rv;
    as_hex_put(hex, hash, sizeof(hash));
    *text = as_span_of(apr_pstrcat(pool, "AWS4-HMAC-SHA256\n",
                                   as_string(pool, date), "\n",
                                   as_string(pool, scope), "\n", hex, NULL));
    return APR_SUCCESS;
}

apr_status_t aws4_signature(unsigned char out[AS_SHA256_LEN],
                            const unsigned char key[AS_SHA256_LEN],
                            as_span text)
{
    as_span from = { (const char *)key, AS_SHA256_LEN };

    return mac(out, from, &text, 1);
}


apr_status_t aws4_chunk_signature(unsigned char out[AS_SHA256_LEN],
                                  const unsigned char key[AS_SHA256_LEN],
                                  as_span date, as_span scope,
                                  const unsigned char previous[AS_SHA256_LEN],
                                  const unsigned char sha256[AS_SHA256_LEN])
{
    static const char empty[] = "e3b0c44298fc1c149afbf4c8996fb924"
                                "27ae41e4649b934ca495991b7852b855\n";
    char before[HEX_LEN + 1], data[HEX_LEN + 1];
    as_span from = { (const char *)key, AS_SHA256_LEN };
    const as_span parts[] = { as_span_of("AWS4-HMAC-SHA256-PAYLOAD\n"),
                              date, newline, scope, newline,
                              { before, HEX_LEN }, newline,
                              as_span_of(empty), { data, HEX_LEN } };

    as_hex_put(before, previous, AS_SHA256_LEN);
    as_hex_put(data, sha256, AS_SHA256_LEN);
    return mac(out, from, parts, sizeof(parts) / sizeof(parts[0]));
}

apr_status_t aws4_trailer_signature(
    unsigned char out[AS_SHA256_LEN], const unsigned char key[AS_SHA256_LEN],
    as_span date, as_span scope, const unsigned char previous[AS_SHA256_LEN],
    const unsigned char sha256[AS_SHA256_LEN])
{
    char before[HEX_LEN + 1], block[HEX_LEN + 1];
    as_span from = { (const char *)key, AS_SHA256_LEN };
    const as_span parts[] = { as_span_of("AWS4-HMAC-SHA256-TRAILER\n"),
                              date, newline, scope, newline,
                              { before, HEX_LEN }, newline,
                              { block, HEX_LEN } };

    as_hex_put(before, previous, AS_SHA256_LEN);
    as_hex_put(block, sha256, AS_SHA256_LEN);
    return mac(out, from, parts, sizeof(parts) / sizeof(parts[0]));
}

int aws4_is_same(const unsigned char a[AS_SHA256_LEN],
                 const unsigned char b[AS_SHA256_LEN])
{
    return CRYPTO_memcmp(a, b, AS_SHA256_LEN) == 0;
}
