/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * base64url, strictly. apr and OpenSSL decode the other alphabet, and both
 * skip what they do not know; a proof must have one spelling, or a replay
 * under another spelling looks new.
 */
#include "base64.h"

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

#define KNOWN 64 /* stands with the digit of every letter of the alphabet */

/* KNOWN + 0..63, or 0. A chain of comparisons would be guessed wrong by the
 * processor with most letters of a signature. */
static const unsigned char digits[256] = {
    ['A'] = 64, 65, 66, 67, 68, 69, 70, 71, 72, 73, 74, 75, 76, 77, 78, 79,
            80, 81, 82, 83, 84, 85, 86, 87, 88, 89,
    ['a'] = 90, 91, 92, 93, 94, 95, 96, 97, 98, 99, 100, 101, 102, 103, 104,
            105, 106, 107, 108, 109, 110, 111, 112, 113, 114, 115,
    ['0'] = 116, 117, 118, 119, 120, 121, 122, 123, 124, 125,
    ['-'] = 126, ['_'] = 127,
};

/* Up to four letters to three octets, where there are fewer as if zeros
 * followed. Returns what the letters have in common. */
static APR_INLINE unsigned int take(char out[3], const char *at,
                                    apr_size_t len)
{
    unsigned int known = KNOWN, bits = 0, i;

    for (i = 0; i < 4; i++) {
        unsigned int digit = i < len ? digits[(unsigned char)at[i]] : KNOWN;

        known &= digit;
        bits = bits << 6 | (digit & 63);
    }
    out[0] = (char)(bits >> 16);
    out[1] = (char)(bits >> 8 & 0xff);
    out[2] = (char)(bits & 0xff);
    return known;
}

apr_status_t as_base64url_decode(as_span *bytes, as_span text,
                                 apr_pool_t *pool)
{
    apr_size_t rest = text.len % 4, len = text.len / 4 * 3, i;
    char *out = apr_palloc(pool, len + 4), *to = out;
    unsigned int known = KNOWN;

    for (i = 0; i + 4 <= text.len; i += 4, to += 3)
        known &= take(to, text.at + i, 4);
    if (rest) {
        known &= take(to, text.at + i, rest);
        len += rest - 1;
        if (rest == 1 || to[2] || (rest == 2 && to[1]))
            return APR_EINVAL; /* spare bits, or a lone letter */
    }
    if (!known)
        return APR_EINVAL;

    out[len] = '\0';
    *bytes = (as_span){ out, len };
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
