/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Whose key it is, and the key that signs on one day in one region for one
 * service. The store has secrets sealed under the server secret. Who has no key
 * gets one that fits nothing, so that it costs the same as one of a key that was
 * not used lately.
 */
#include "httpd.h"

#include "glue.h"
#include "key_cache.h"
#include "seal.h"
#include "sign.h"

static const char nobodys[] = "0000000000000000000000000000000000000000";

static apr_status_t look_up(aws4_try *t, request_rec *r, as_span id)
{
    const as_store *store = as_store_get();

    t->cred = NULL;
    if (!store)
        return APR_ENOTIMPL;
    if (!id.at || !id.len || memchr(id.at, '\0', id.len))
        return APR_NOTFOUND;
    return store->find(&t->cred, r, AS_CRED_AWS4, as_string(r->pool, id), "",
                       "", NULL);
}

/* The secret, of any server secret that there is; APR_EACCES if none opens
 * it. */
static apr_status_t unseal(as_span *secret, const as_cred *cred,
                           apr_pool_t *pool)
{
    unsigned char key[AS_KEY_LEN];
    apr_status_t rv = APR_EACCES;
    int nth;

    for (nth = 0; rv == APR_EACCES && as_derive(key, AS_SEAL_AWS4, nth); nth++)
        rv = as_unseal(secret, cred->value, key, as_span_of(cred->id), pool);
    as_wipe(key, sizeof(key));
    return rv;
}

/* All that a key is derived from; the sealed secret, for the secret. */
static int tag(unsigned char out[AS_SHA256_LEN], const aws4_try *t)
{
    const as_span parts[] = { as_span_of(t->cred->id), t->cred->value,
                              t->sent.day, t->sent.region, t->sent.service };

    return as_hash(out, parts, sizeof(parts) / sizeof(parts[0]))
           == APR_SUCCESS;
}

static as_verdict derive(aws4_try *t, request_rec *r, as_attempt *attempt)
{
    const aws4_request_credentials *sent = &t->sent;
    as_span secret = { nobodys, sizeof(nobodys) - 1 };
    apr_status_t rv = t->cred ? unseal(&secret, t->cred, r->pool)
                              : APR_SUCCESS;

    if (rv != APR_SUCCESS)
        return as_break(attempt, "the key's secret is sealed with another "
                                 "AuthSchemeSecret, or damaged");
    rv = aws4_signing_key(t->key, secret, sent->day, sent->region,
                          sent->service);
    if (t->cred)
        as_wipe((char *)secret.at, secret.len);
    return rv == APR_SUCCESS ? AS_GRANTED
                             : as_break(attempt, "OpenSSL can not derive the "
                                                 "signing key");
}

as_verdict aws4_find_key(aws4_try *t, request_rec *r, as_attempt *attempt)
{
    apr_status_t rv = look_up(t, r, t->sent.key_id);

    if (rv == APR_NOTFOUND && t->sent.key_alt.at)
        rv = look_up(t, r, t->sent.key_alt);
    if (rv == APR_ENOTIMPL)
        return as_break(attempt, "AWS4-HMAC-SHA256 needs AuthCredentials");
    if (rv != APR_SUCCESS && rv != APR_NOTFOUND)
        return as_fail(attempt, rv, "cannot reach the credential store");
    t->has_tag = t->cred && tag(t->tag, t);
    if (t->has_tag && aws4_keys_find(t->key, t->tag)) {
        t->has_tag = 0; /* it is there */
        return AS_GRANTED;
    }
    return derive(t, r, attempt);
}

void aws4_keep_key(const aws4_try *t)
{
    if (t->has_tag)
        aws4_keys_keep(t->key, t->tag);
}
