/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "siphash.h"

static apr_uint64_t rotate(apr_uint64_t x, int by)
{
    return x << by | x >> (64 - by);
}

static void round_of(as_siphash *h)
{
    h->v0 += h->v1;
    h->v1 = rotate(h->v1, 13) ^ h->v0;
    h->v0 = rotate(h->v0, 32);
    h->v2 += h->v3;
    h->v3 = rotate(h->v3, 16) ^ h->v2;
    h->v0 += h->v3;
    h->v3 = rotate(h->v3, 21) ^ h->v0;
    h->v2 += h->v1;
    h->v1 = rotate(h->v1, 17) ^ h->v2;
    h->v2 = rotate(h->v2, 32);
}

static void take_word(as_siphash *h, apr_uint64_t word)
{
    h->v3 ^= word;
    round_of(h);
    round_of(h);
    h->v0 ^= word;
}

void as_siphash_begin(as_siphash *h, const as_siphash_key *key)
{
    memset(h, 0, sizeof(*h));
    h->v0 = key->k0 ^ APR_UINT64_C(0x736f6d6570736575);
    h->v1 = key->k1 ^ APR_UINT64_C(0x646f72616e646f6d);
    h->v2 = key->k0 ^ APR_UINT64_C(0x6c7967656e657261);
    h->v3 = key->k1 ^ APR_UINT64_C(0x7465646279746573);
}

void as_siphash_add(as_siphash *h, as_span octets)
{
    apr_size_t i;

    h->len += octets.len;
    for (i = 0; i < octets.len; i++) {
        h->word |= (apr_uint64_t)(unsigned char)octets.at[i]
                   << 8 * h->in_word;
        if (++h->in_word < 8)
            continue;
        take_word(h, h->word);
        h->word = 0;
        h->in_word = 0;
    }
}

apr_uint64_t as_siphash_end(as_siphash *h)
{
    int i;

    take_word(h, h->word | (apr_uint64_t)(h->len & 0xff) << 56);
    h->v2 ^= 0xff;
    for (i = 0; i < 4; i++)
        round_of(h);
    return h->v0 ^ h->v1 ^ h->v2 ^ h->v3;
}
