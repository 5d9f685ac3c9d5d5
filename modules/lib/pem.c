/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * One public key in PEM, RFC 7468 section 13, as people and forms deliver it:
 *
 *     pem  = *WS "-----BEGIN PUBLIC KEY-----" body "-----END PUBLIC KEY-----" *WS
 *     body = *( base64 / base64url / WS ) [ "=" [ *WS "=" ] ] *WS
 *
 * OpenSSL's reader takes private keys, certificates and text around the block
 * as well, and asks the terminal for a passphrase; ours takes this alone.
 */
#include "base64.h"
#include "key.h"
#include "secret.h"

#define BEGIN "-----BEGIN PUBLIC KEY-----"
#define END "-----END PUBLIC KEY-----"
#define PEM_MAX 16384

static int is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static as_span trim(as_span text)
{
    while (text.len && is_space(*text.at)) {
        text.at++;
        text.len--;
    }
    while (text.len && is_space(text.at[text.len - 1]))
        text.len--;
    return text;
}

/* Whether text begins with prefix; moves past it. */
static int skip(as_span *text, const char *prefix)
{
    apr_size_t len = strlen(prefix);

    if (text->len < len || memcmp(text->at, prefix, len) != 0)
        return 0;
    text->at += len;
    text->len -= len;
    return 1;
}

static int cut(as_span *text, const char *suffix)
{
    apr_size_t len = strlen(suffix);

    if (text->len < len
        || memcmp(text->at + text->len - len, suffix, len) != 0)
        return 0;
    text->len -= len;
    return 1;
}

/* Both alphabets to the one that as_base64url_decode() reads. Padding is
 * optional, but where it stands it has to be right. */
static apr_status_t decode_body(as_span *der, as_span body, apr_pool_t *pool)
{
    char *text = apr_palloc(pool, body.len + 1);
    apr_size_t i, n = 0, padding = 0;
    apr_status_t rv;

    for (i = 0; i < body.len; i++) {
        char c = body.at[i];

        if (is_space(c))
            continue;
        if (c == '=') {
            padding++;
            continue;
        }
        if (padding)
            return APR_EINVAL;
        text[n++] = (char)(c == '+' ? '-' : c == '/' ? '_' : c);
    }
    if (padding && (padding > 2 || (n + padding) % 4 != 0))
        return APR_EINVAL;
    rv = as_base64url_decode(der, (as_span){ text, n }, pool);
    as_wipe(text, n);
    return rv;
}

apr_status_t as_key_from_pem(const as_key **key, as_span *der,
                             const char **why, as_span pem, apr_pool_t *pool)
{
    as_span body = trim(pem), bytes;

    *key = NULL;
    *why = "not one PEM block \"PUBLIC KEY\"";
    if (pem.len > PEM_MAX || !skip(&body, BEGIN) || !cut(&body, END))
        return APR_EINVAL;

    *why = "a PEM block that is not base64";
    if (decode_body(&bytes, body, pool) != APR_SUCCESS)
        return APR_EINVAL;

    if (as_key_from_spki(key, why, bytes, pool) != APR_SUCCESS) {
        as_wipe((char *)bytes.at, bytes.len);
        return APR_EINVAL;
    }
    if (der)
        *der = bytes;
    return APR_SUCCESS;
}
