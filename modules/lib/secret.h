/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * secret.h - what must not leak through time or memory.
 */
#ifndef AS_SECRET_H
#define AS_SECRET_H

#include <openssl/crypto.h>

#include "apr_errno.h"
#include "authscheme_span.h"

#define AS_SHA256_LEN 32

/* Equal bytes, in a time that depends on the lengths only. */
static APR_INLINE int as_equal(as_span a, as_span b)
{
    return a.len == b.len && CRYPTO_memcmp(a.at, b.at, a.len) == 0;
}

static APR_INLINE void as_wipe(void *bytes, apr_size_t len)
{
    OPENSSL_cleanse(bytes, len);
}

/* Random bytes of the system's generator. APR_EGENERAL and no bytes if it has
 * none to give. */
apr_status_t as_random(unsigned char *bytes, apr_size_t len);

/* SHA-256 for OpenSSL's own calls, looked up once; NULL if there is none. */
const EVP_MD *as_sha256_md(void);

/* SHA-256 of the octets alone. */
apr_status_t as_sha256(unsigned char out[AS_SHA256_LEN], as_span octets);

/* SHA-256 of parts[0..count), each preceded by its length as eight octets, so
 * that no two lists hash alike. */
apr_status_t as_hash(unsigned char out[AS_SHA256_LEN], const as_span *parts,
                     int count);

/* HMAC-SHA256 over the same encoding; a key of at most 64 octets. */
apr_status_t as_mac(unsigned char out[AS_SHA256_LEN], as_span key,
                    const as_span *parts, int count);

/* HMAC-SHA256 over the parts as they are, one after the other. out may be where
 * the key is. */
apr_status_t as_hmac(unsigned char out[AS_SHA256_LEN], as_span key,
                     const as_span *parts, int count);

#endif
