/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * checksum.h - the checksums that S3 clients send after a body, in trailers
 * like x-amz-checksum-crc32: integrity, not authentication.
 */
#ifndef AWS4_CHECKSUM_H
#define AWS4_CHECKSUM_H

#include <openssl/evp.h>

#include "authscheme_span.h"

/* A row of the table of algorithms; constant. */
typedef struct aws4_checksum_alg aws4_checksum_alg;

/* By the name of the header or trailer, without case: x-amz-checksum- and
 * crc32, crc32c, crc64nvme, sha1, sha256. NULL for any other. */
const aws4_checksum_alg *aws4_checksum_find(as_span name);

/* The checksum of what comes piece by piece. */
typedef struct aws4_checksum {
    const aws4_checksum_alg *alg;
    apr_uint64_t crc;
    EVP_MD_CTX *ctx; /* NULL for a CRC; freed with the pool */
} aws4_checksum;

/* Each returns 0 if OpenSSL fails, which it does for hashes only. */
int aws4_checksum_begin(aws4_checksum *sum, const aws4_checksum_alg *alg,
                        apr_pool_t *pool);
int aws4_checksum_add(aws4_checksum *sum, as_span piece);

/* Ends it: whether value is its base64, in the one spelling with padding. The
 * octets of a CRC stand in network order. */
int aws4_checksum_is(aws4_checksum *sum, as_span value);

#endif
