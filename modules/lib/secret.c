/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Random numbers, hashes and MACs. Lists of byte strings are hashed with the
 * length before each part: moving a byte from one part to the next gives
 * another value.
 */
#include <stdatomic.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "apr_general.h"

#include "secret.h"

/* The kernel's, through APR: OpenSSL's own generator takes three times as long,
 * and every 401 has a nonce. */
apr_status_t as_random(unsigned char *bytes, apr_size_t len)
{
    return apr_generate_random_bytes(bytes, len) == APR_SUCCESS
               ? APR_SUCCESS : APR_EGENERAL;
}

static void put_length(unsigned char out[8], apr_size_t len)
{
    int i;

    for (i = 0; i < 8; i++)
        out[i] = (unsigned char)((apr_uint64_t)len >> (56 - 8 * i) & 0xff);
}

static int update(EVP_MD_CTX *ctx, const as_span *parts, int count)
{
    unsigned char length[8];
    int i;

    for (i = 0; i < count; i++) {
        put_length(length, parts[i].len);
        if (EVP_DigestUpdate(ctx, length, sizeof(length)) != 1
            || EVP_DigestUpdate(ctx, parts[i].at, parts[i].len) != 1)
            return 0;
    }
    return 1;
}

/* OpenSSL 3 looks EVP_sha256() up in its providers with every use, which takes
 * longer than a hash of two hundred octets. What it found once is the same for
 * ever, whichever thread found it. */
const EVP_MD *as_sha256_md(void)
{
    static _Atomic(EVP_MD *) found;
    EVP_MD *md = atomic_load_explicit(&found, memory_order_acquire);

    if (!md) {
        md = EVP_MD_fetch(NULL, "SHA256", NULL);
        atomic_store_explicit(&found, md, memory_order_release);
    }
    return md;
}

apr_status_t as_sha256(unsigned char out[AS_SHA256_LEN], as_span octets)
{
    return EVP_Digest(octets.at, octets.len, out, NULL, as_sha256_md(), NULL)
                   == 1 ? APR_SUCCESS : APR_EGENERAL;
}

apr_status_t as_hash(unsigned char out[AS_SHA256_LEN], const as_span *parts,
                     int count)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    int ok = ctx && EVP_DigestInit_ex(ctx, as_sha256_md(), NULL) == 1
             && update(ctx, parts, count)
             && EVP_DigestFinal_ex(ctx, out, NULL) == 1;

    EVP_MD_CTX_free(ctx);
    return ok ? APR_SUCCESS : APR_EGENERAL;
}

/* ---- HMAC ------------------------------------------------------------ */

static int update_plain(EVP_MD_CTX *ctx, const as_span *parts, int count)
{
    int i, ok = 1;

    for (i = 0; ok && i < count; i++)
        ok = EVP_DigestUpdate(ctx, parts[i].at, parts[i].len) == 1;
    return ok;
}

/* The key in a block of SHA-256, a longer one as its hash. */
static int put_key(unsigned char pad[64], as_span key)
{
    memset(pad, 0, 64);
    if (key.len > 64)
        return as_sha256(pad, key) == APR_SUCCESS;
    if (key.len)
        memcpy(pad, key.at, key.len);
    return 1;
}

static void turn(unsigned char pad[64], unsigned char with)
{
    int i;

    for (i = 0; i < 64; i++)
        pad[i] ^= with;
}

/* RFC 2104, on top of one digest context: OpenSSL 3 fetches its HMAC anew for
 * every call, at ten times the cost of the hash. */
static apr_status_t hmac(unsigned char out[AS_SHA256_LEN], as_span key,
                         const as_span *parts, int count,
                         int (*add)(EVP_MD_CTX *, const as_span *, int))
{
    unsigned char pad[64];
    int ok = put_key(pad, key);
    EVP_MD_CTX *ctx = ok ? EVP_MD_CTX_new() : NULL;

    turn(pad, 0x36);
    ok = ctx && EVP_DigestInit_ex(ctx, as_sha256_md(), NULL) == 1
         && EVP_DigestUpdate(ctx, pad, sizeof(pad)) == 1
         && add(ctx, parts, count)
         && EVP_DigestFinal_ex(ctx, out, NULL) == 1;
    turn(pad, 0x36 ^ 0x5c);
    ok = ok && EVP_DigestInit_ex(ctx, NULL, NULL) == 1
         && EVP_DigestUpdate(ctx, pad, sizeof(pad)) == 1
         && EVP_DigestUpdate(ctx, out, AS_SHA256_LEN) == 1
         && EVP_DigestFinal_ex(ctx, out, NULL) == 1;
    as_wipe(pad, sizeof(pad));
    EVP_MD_CTX_free(ctx);
    return ok ? APR_SUCCESS : APR_EGENERAL;
}

apr_status_t as_mac(unsigned char out[AS_SHA256_LEN], as_span key,
                    const as_span *parts, int count)
{
    return key.len > 64 ? APR_EINVAL : hmac(out, key, parts, count, update);
}

apr_status_t as_hmac(unsigned char out[AS_SHA256_LEN], as_span key,
                     const as_span *parts, int count)
{
    return hmac(out, key, parts, count, update_plain);
}
