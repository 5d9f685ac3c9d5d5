/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * sign.h - keys and signatures of AWS Signature Version 4 ("Create a signed
 * AWS API request" in the IAM User Guide, and sigv4-streaming and
 * sigv4-streaming-trailers in the Amazon S3 API Reference).
 *
 *     kDate    = HMAC("AWS4" secret, day)       kRegion = HMAC(kDate, region)
 *     kService = HMAC(kRegion, service)
 *     kSigning = HMAC(kService, "aws4_request")
 *
 * A signing key signs for its day, region and service; wipe it like a secret.
 * Signatures are AS_SHA256_LEN octets here and hexadecimal on the wire.
 */
#ifndef AWS4_SIGN_H
#define AWS4_SIGN_H

#include "secret.h"

#define AWS4_SECRET_MAX 256 /* octets; those of AWS have 40 */

/* kSigning. APR_EINVAL for a secret that is too long, APR_EGENERAL if OpenSSL
 * fails; out is wiped then. */
apr_status_t aws4_signing_key(unsigned char out[AS_SHA256_LEN],
                              as_span secret, as_span day, as_span region,
                              as_span service);

/* What is signed: the algorithm, the long date, the scope and the hash of the
 * canonical request, a line each. */
apr_status_t aws4_string_to_sign(as_span *text, as_span date, as_span scope,
                                 as_span canonical, apr_pool_t *pool);

/* The signature of a string to sign. */
apr_status_t aws4_signature(unsigned char out[AS_SHA256_LEN],
                            const unsigned char key[AS_SHA256_LEN],
                            as_span text);

/* The signature of a chunk of an aws-chunked body: `previous` is that of the
 * chunk before, or the request's own; sha256 is the hash of the data. */
apr_status_t aws4_chunk_signature(unsigned char out[AS_SHA256_LEN],
                                  const unsigned char key[AS_SHA256_LEN],
                                  as_span date, as_span scope,
                                  const unsigned char previous[AS_SHA256_LEN],
                                  const unsigned char sha256[AS_SHA256_LEN]);

/* The signature of the trailers: `previous` is the last chunk's, sha256 the
 * hash of "name:value\n" of each trailer, sorted by name. */
apr_status_t aws4_trailer_signature(
    unsigned char out[AS_SHA256_LEN], const unsigned char key[AS_SHA256_LEN],
    as_span date, as_span scope, const unsigned char previous[AS_SHA256_LEN],
    const unsigned char sha256[AS_SHA256_LEN]);

/* Whether two signatures are the same, in constant time. */
int aws4_is_same(const unsigned char a[AS_SHA256_LEN],
                 const unsigned char b[AS_SHA256_LEN]);

#endif
