/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * digest_hash.h - the hash algorithms of Digest (RFC 7616) and the one thing
 * that is done with them: H(a ":" b ":" c) as lower-case hexadecimal text.
 *
 *     H(A1)       = H(user ":" realm ":" password)     section 3.4.2
 *     userhash    = H(user ":" realm)                  section 3.4.4
 */
#ifndef AS_DIGEST_HASH_H
#define AS_DIGEST_HASH_H

#include "apr_errno.h"
#include "apr_pools.h"
#include "authscheme_span.h"

#define AS_DIGEST_HEX_MAX 64 /* characters of the longest hash */

/* A row of the table of algorithms; constant. */
typedef struct as_digest_alg {
    const char *name;              /* "SHA-256-sess", as in a challenge */
    const char *base;              /* "SHA-256": what stored H(A1) are named by */
    int is_session;                /* -sess */
    apr_size_t hex_len;            /* characters of a hash */
    int index;                 /* of the base algorithm, as below */
} as_digest_alg;

/* By name, without case: MD5, SHA-256, SHA-512-256, each also with -sess.
 * NULL for any other. */
const as_digest_alg *as_digest_alg_find(as_span name);

/* The base algorithms, by index from 0 on, for who does something with each
 * of them; NULL after the last. */
const as_digest_alg *as_digest_alg_base(int index);

/* H(parts[0] ":" parts[1] ...), terminated, hex_len characters. APR_EGENERAL
 * and an empty text if OpenSSL fails (MD5 is not in every provider). */
apr_status_t as_digest_hash(char hex[AS_DIGEST_HEX_MAX + 1],
                            const as_digest_alg *alg, const as_span *parts,
                            int count);

/* The same of what comes piece by piece. NULL, or 0, if OpenSSL fails. A sum is
 * freed with the pool. */
typedef struct as_digest_sum as_digest_sum;

as_digest_sum *as_digest_sum_begin(const as_digest_alg *alg, apr_pool_t *pool);
int as_digest_sum_add(as_digest_sum *sum, as_span piece);
int as_digest_sum_end(char hex[AS_DIGEST_HEX_MAX + 1], as_digest_sum *sum);

#endif
