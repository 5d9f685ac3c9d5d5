/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * chunked.h - the framing aws-chunked inside of a request body, decoded and
 * verified as it comes:
 *
 *     chunk   = hexsize [";chunk-signature=" 64hex] CRLF data CRLF
 *     last    = "0" [";chunk-signature=" 64hex] CRLF
 *     trailer = name ":" value [LF] CRLF
 *     body    = *chunk last *trailer
 *               ["x-amz-trailer-signature:" 64hex [LF] CRLF] CRLF
 *
 * Signatures are there in the signed kinds and only there, that of the trailer
 * where there is one. A chunk is never held as a whole: some clients send a
 * body as one. Memory does not depend on the size of the body.
 */
#ifndef AWS4_CHUNKED_H
#define AWS4_CHUNKED_H

#include "payload.h"

#define AWS4_HEAD_MAX     256  /* octets of a chunk's line */
#define AWS4_TRAILER_MAX  1024 /* of a trailer's */
#define AWS4_TRAILERS_MAX 8

/* Why a body is refused. */
typedef enum aws4_body_fault {
    AWS4_BODY_GOOD,
    AWS4_BODY_INCOMPLETE,  /* it ended before its end */
    AWS4_BODY_MALFORMED,   /* framing, or something after the end */
    AWS4_BODY_SIGNATURE,   /* of a chunk or of the trailer */
    AWS4_BODY_TRAILER,     /* not those, or not as x-amz-trailer says */
    AWS4_BODY_CHECKSUM,    /* in a trailer */
    AWS4_BODY_LENGTH,      /* not x-amz-decoded-content-length */
    AWS4_BODY_UNSUPPORTED, /* a kind that is not decoded here */
    AWS4_BODY_FAILED       /* OpenSSL did: not the client's fault */
} aws4_body_fault;

/* What the head of the request says of its body. */
typedef struct aws4_chunked_terms {
    aws4_payload_kind kind;
    apr_uint64_t length; /* x-amz-decoded-content-length */
    as_span trailers;    /* x-amz-trailer; of length 0 where there is none */

    /* For the signed kinds: the derived key, the date and the scope as they
     * stand in the string to sign, the signature of the head. */
    unsigned char key[AS_SHA256_LEN];
    const char *date, *scope;
    unsigned char seed[AS_SHA256_LEN];
} aws4_chunked_terms;

/* x-amz-decoded-content-length: digits alone. 0 if it is none, or one that
 * 63 bits do not hold. */
int aws4_chunked_length(apr_uint64_t *length, as_span text);

typedef struct aws4_chunked aws4_chunked;

/* A decoder, never NULL. Everything in terms is copied; the key is wiped with
 * the pool. What is wrong with the terms is its fault from the start. */
aws4_chunked *aws4_chunked_make(const aws4_chunked_terms *terms,
                                apr_pool_t *pool);

/*
 * Reads the front of *in, which may begin and end anywhere, and moves it past
 * what was read. *out is the data that was found, within *in, or of length 0:
 * call it until in->len is 0. Returns the fault, which stays; *in is of no use
 * then. The same body has the same data and the same fault however it is cut.
 *
 * Data comes out BEFORE its signature or checksum was seen. Who acts on it must
 * keep back the last octets until aws4_chunked_is_done().
 */
aws4_body_fault aws4_chunked_feed(aws4_chunked *body, as_span *in,
                                  as_span *out);

/* The body was read to its end and everything held. */
int aws4_chunked_is_done(const aws4_chunked *body);

/* No more will come: a body that is not done is AWS4_BODY_INCOMPLETE, unless
 * it had a fault before. */
aws4_body_fault aws4_chunked_end(aws4_chunked *body);

/* So far. */
aws4_body_fault aws4_chunked_fault(const aws4_chunked *body);

/* Octets that came out, and how many of them, from the first on, are verified:
 * in chunks whose signature held; all of them when the body is done. In the
 * unsigned kind none before. */
apr_uint64_t aws4_chunked_given(const aws4_chunked *body);
apr_uint64_t aws4_chunked_verified(const aws4_chunked *body);

#endif
