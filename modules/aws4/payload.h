/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * payload.h - what x-amz-content-sha256 promises of a body, and whether a
 * plain body keeps it. Framed bodies are chunked.h's.
 */
#ifndef AWS4_PAYLOAD_H
#define AWS4_PAYLOAD_H

#include <openssl/evp.h>

#include "secret.h"

/* The hash of nothing. */
#define AWS4_EMPTY_SHA256 \
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

typedef enum aws4_payload_kind {
    AWS4_PAYLOAD_ABSENT,           /* no such header */
    AWS4_PAYLOAD_HASH,             /* the hash of the body */
    AWS4_PAYLOAD_UNSIGNED,         /* nothing */
    AWS4_PAYLOAD_CHUNKED,          /* chunks with signatures */
    AWS4_PAYLOAD_CHUNKED_TRAILER,  /* and a trailer with one */
    AWS4_PAYLOAD_UNSIGNED_TRAILER, /* chunks and trailer without */
    AWS4_PAYLOAD_UNSUPPORTED,      /* another STREAMING kind, SigV4A's too */
    AWS4_PAYLOAD_INVALID           /* none of this */
} aws4_payload_kind;

/* By the value of the header as it was sent; `at` is NULL where there is
 * none. */
aws4_payload_kind aws4_payload_kind_of(as_span value);

/* Whether the body is framed and chunked.h decodes it. */
static APR_INLINE int aws4_payload_is_chunked(aws4_payload_kind kind)
{
    return kind == AWS4_PAYLOAD_CHUNKED || kind == AWS4_PAYLOAD_CHUNKED_TRAILER
           || kind == AWS4_PAYLOAD_UNSIGNED_TRAILER;
}

/* The running hash of a body of the kind AWS4_PAYLOAD_HASH. */
typedef struct aws4_sum {
    EVP_MD_CTX *ctx; /* freed with the pool */
    unsigned char promised[AS_SHA256_LEN];
} aws4_sum;

/* 0 if value is no hash, in either case of digits, or if OpenSSL fails. */
int aws4_sum_begin(aws4_sum *payload, as_span value, apr_pool_t *pool);

/* 0 if OpenSSL fails. */
int aws4_sum_update(aws4_sum *payload, as_span piece);

/* Whether the body had the promised hash; once. 0 also if OpenSSL fails. */
int aws4_sum_finish(aws4_sum *payload);

#endif
