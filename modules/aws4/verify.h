/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * verify.h - whether a request is signed as its credentials say ("Authenticate
 * requests" in the Amazon S3 API Reference). Knows no key store and no clock.
 *
 * The server does, in this order: aws4_read(), aws4_check(), whether Host is
 * one of its own, the key, the body's hash if checked.payload.body is
 * AWS4_BODY_HIDDEN_HASH, aws4_compare(), the session token. For a key that
 * nobody has it compares with one that fits nothing. A body that is hashed or
 * comes in chunks is still to be checked while it is read.
 */
#ifndef AWS4_VERIFY_H
#define AWS4_VERIFY_H

#include "apr_time.h"

#include "canonical.h"

/* What the place wants. Zeroed it is strict, with no window at all. */
typedef struct aws4_policy {
    int skew;              /* seconds between the clocks; S3 has 900 */
    int max_expires;       /* of presigned URLs; 0: AWS4_EXPIRES_MAX */
    int missing_expires;   /* taken for a missing X-Amz-Expires where the
                            * service is not S3; 0: refused */
    int allow_open;        /* bodies that are not signed: over TLS, say */
    const char *const *services;    /* each list ends with NULL; */
    const char *const *regions;     /* NULL for the list: any */
    const char *const *s3_services; /* by the rules of S3; NULL: S3's own */
    const char *const *more_signed; /* as aws4_unsigned_header() wants it */
    aws4_compat compat;
} aws4_policy;

/* What came out. */
typedef struct aws4_checked {
    const char *why;     /* of a fault; constant text */
    const char *header;  /* AWS4_UNSIGNED: its name */
    as_span date;        /* the long date that is signed */
    apr_time_t signed_at, expires_at; /* the second for presigned URLs */
    int s3;              /* the rules of S3 count */
    aws4_payload payload;
    int reading;         /* which candidate matched; 0 is the strict one */
} aws4_checked;

/* All that needs no key: dates, scope, what must be signed, the payload. */
aws4_fault aws4_check(aws4_checked *checked, const aws4_message *message,
                      const aws4_request_credentials *credentials,
                      apr_time_t now, const aws4_policy *policy,
                      apr_pool_t *pool);

/* The signature, after aws4_check(); key is of aws4_signing_key().
 * AWS4_BODY_FIRST while message->body_sha256 is missing and needed. If only
 * aws4_compat's empty_hash made it match, payload.body becomes
 * AWS4_BODY_OPEN. */
aws4_fault aws4_compare(aws4_checked *checked, const aws4_message *message,
                        const aws4_request_credentials *credentials,
                        const unsigned char key[AS_SHA256_LEN],
                        const aws4_policy *policy, apr_pool_t *pool);

/* Both. */
aws4_fault aws4_verify(aws4_checked *checked, const aws4_message *message,
                       const aws4_request_credentials *credentials,
                       const unsigned char key[AS_SHA256_LEN],
                       apr_time_t now, const aws4_policy *policy,
                       apr_pool_t *pool);

/* The session token of either form; NULL if there is none. */
as_span aws4_token(const aws4_message *message,
                   const aws4_request_credentials *credentials);

#endif
