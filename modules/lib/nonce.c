/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Nonces that verify themselves:
 *
 *     r     = 16 random octets
 *     m     = time of issue in milliseconds, 8 octets, most significant first,
 *             xor the first 8 of MAC(mask key, "mask", r)
 *     tag   = the first 16 of MAC(tag key, "tag", purpose, bound, epoch, r, m)
 *     nonce = base64url(r m tag), 54 characters
 *
 * RFC 7486 section 5.2 wants challenges that nobody can tell from random
 * bits. So the time is masked, and no key id says which secret made a nonce:
 * the few secrets there are get tried one after the other.
 */
#include "base64.h"
#include "nonce.h"

#define TIME_LEN 8
#define TAG_LEN 16
#define SEALED_LEN (AS_NONCE_RANDOM + TIME_LEN + TAG_LEN)

static as_span octets(const unsigned char *at, apr_size_t len)
{
    return (as_span){ (const char *)at, len };
}

static void put_number(unsigned char out[8], apr_uint64_t number)
{
    int i;

    for (i = 7; i >= 0; i--, number >>= 8)
        out[i] = (unsigned char)(number & 0xff);
}

static apr_uint64_t get_number(const unsigned char in[8])
{
    apr_uint64_t number = 0;
    int i;

    for (i = 0; i < 8; i++)
        number = number << 8 | in[i];
    return number;
}

/* Masks the time that stands behind the random octets, or takes the mask off
 * again. */
static apr_status_t mask(unsigned char time[TIME_LEN], const as_nonce_keys *keys,
                         const unsigned char *random)
{
    const as_span parts[] = { { "mask", 4 },
                              octets(random, AS_NONCE_RANDOM) };
    unsigned char mac[AS_SHA256_LEN];
    int i;

    if (as_mac(mac, octets(keys->mask, sizeof(keys->mask)), parts, 2)
        != APR_SUCCESS)
        return APR_EGENERAL;
    for (i = 0; i < TIME_LEN; i++)
        time[i] ^= mac[i];
    return APR_SUCCESS;
}

static apr_status_t make_tag(unsigned char mac[AS_SHA256_LEN],
                             const as_nonce_keys *keys,
                             const as_nonce_use *use,
                             const unsigned char *sealed)
{
    unsigned char epoch[8];
    const as_span parts[] = { { "tag", 3 },
                              use->purpose,
                              use->bound,
                              octets(epoch, sizeof(epoch)),
                              octets(sealed, AS_NONCE_RANDOM),
                              octets(sealed + AS_NONCE_RANDOM, TIME_LEN) };

    put_number(epoch, use->epoch);
    return as_mac(mac, octets(keys->tag, sizeof(keys->tag)), parts, 6);
}

static int is_tagged(const as_nonce_keys *keys, const as_nonce_use *use,
                     const unsigned char *sealed)
{
    unsigned char mac[AS_SHA256_LEN];

    return make_tag(mac, keys, use, sealed) == APR_SUCCESS
           && as_equal(octets(mac, TAG_LEN),
                       octets(sealed + AS_NONCE_RANDOM + TIME_LEN, TAG_LEN));
}

apr_status_t as_nonce_keys_derive(as_nonce_keys *keys, as_span secret)
{
    const as_span for_mask = { "nonce mask", 10 };
    const as_span for_tag = { "nonce tag", 9 };

    if (as_mac(keys->mask, secret, &for_mask, 1) != APR_SUCCESS)
        return APR_EGENERAL;
    return as_mac(keys->tag, secret, &for_tag, 1);
}

const char *as_nonce_seal(const as_nonce_keys *keys, const as_nonce_use *use,
                          const unsigned char fresh[AS_NONCE_RANDOM],
                          apr_time_t issued, apr_pool_t *pool)
{
    unsigned char sealed[AS_NONCE_RANDOM + TIME_LEN + AS_SHA256_LEN];
    unsigned char *time = sealed + AS_NONCE_RANDOM;

    memcpy(sealed, fresh, AS_NONCE_RANDOM);
    put_number(time, (apr_uint64_t)apr_time_as_msec(issued));
    if (mask(time, keys, sealed) != APR_SUCCESS
        || make_tag(time + TIME_LEN, keys, use, sealed) != APR_SUCCESS)
        return NULL;
    return as_base64url_encode(pool, octets(sealed, SEALED_LEN));
}

apr_status_t as_nonce_open(apr_time_t *issued, const as_nonce_keys *keys,
                           int count, const as_nonce_use *use, as_span nonce,
                           apr_pool_t *pool)
{
    const unsigned char *sealed;
    unsigned char time[TIME_LEN];
    as_span bytes;

    if (nonce.len != AS_NONCE_TEXT_LEN
        || as_base64url_decode(&bytes, nonce, pool) != APR_SUCCESS)
        return APR_EINVAL;
    sealed = (const unsigned char *)bytes.at;
    while (count > 0 && !is_tagged(keys, use, sealed)) {
        keys++;
        count--;
    }
    if (count == 0)
        return APR_EINVAL;
    memcpy(time, sealed + AS_NONCE_RANDOM, TIME_LEN);
    if (mask(time, keys, sealed) != APR_SUCCESS)
        return APR_EINVAL;
    *issued = (apr_time_t)(get_number(time) * 1000);
    return APR_SUCCESS;
}
