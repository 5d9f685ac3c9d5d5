/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * base64url, strictly. apr and OpenSSL decode the other alphabet, and both
 * skip what they do not know; a proof must have one spelling, or a replay
 * under another spelling looks new.
 */
#include "base64.h"

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* 0..63, or -1 */
static int digit(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '-')
        return 62;
    return c == '_' ? 63 : -1;
}

apr_status_t as_base64url_decode(as_span *bytes, as_span text,
                                 apr_pool_t *pool)
{
    char *out = apr_palloc(pool, text.len / 4 * 3 + 4);
    apr_size_t i, n = 0;
    unsigned int bits = 0; /* the last 12 are enough */
    int held = 0;

    if (text.len % 4 == 1)
        return APR_EINVAL;
    for (i = 0; i < text.len; i++) {
        int value = digit(text.at[i]);

        if (value < 0)
            return APR_EINVAL;
        bits = (bits << 6 | (unsigned int)value) & 0xfff;
        held += 6;
        if (held >= 8) {
            held -= 8;
            out[n++] = (char)(bits >> held & 0xff);
        }
    }
    if (bits & ((1u << held) - 1))
        return APR_EINVAL;

    out[n] = '\0';
    *bytes = (as_span){ out, n };
    return APR_SUCCESS;
}

const char *as_base64url_encode(apr_pool_t *pool, as_span bytes)
{
    char *out = apr_palloc(pool, bytes.len / 3 * 4 + 5);
    apr_size_t i, n = 0;
    unsigned int bits = 0;
    int held = 0;

    for (i = 0; i < bytes.len; i++) {
        bits = (bits << 8 | (unsigned char)bytes.at[i]) & 0xffff;
        held += 8;
        while (held >= 6) {
            held -= 6;
            out[n++] = alphabet[bits >> held & 63];
        }
    }
    if (held)
        out[n++] = alphabet[bits << (6 - held) & 63];
    out[n] = '\0';
    return out;
}
