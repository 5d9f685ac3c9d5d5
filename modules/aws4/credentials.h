/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * credentials.h - what a client says to sign a request with: in Authorization
 * (sigv4-auth-using-authorization-header in the Amazon S3 API Reference) or in
 * the query of a presigned URL (sigv4-query-string-auth).
 *
 *     Authorization: AWS4-HMAC-SHA256 Credential=ID/20130524/us-east-1/s3/
 *         aws4_request, SignedHeaders=host;x-amz-date, Signature=64 digits
 *
 * RFC 9110's grammar has no "/" and ";" in such values, so the core's parser
 * can't read them.
 */
#ifndef AWS4_CREDENTIALS_H
#define AWS4_CREDENTIALS_H

#include "fault.h"
#include "secret.h"

#define AWS4_NAMES_MAX 64       /* signed headers */
#define AWS4_EXPIRES_MAX 604800 /* seconds: seven days */

typedef struct aws4_request_credentials {
    int is_query;
    as_span key_id;  /* may hold any visible character, "/" too */
    as_span key_alt; /* the same percent-decoded if that differs, else NULL:
                      * curl encodes it. Look for it if key_id is unknown. */
    as_span day, region, service;
    as_span scope;   /* day/region/service/aws4_request */
    as_span signed_headers; /* the list as text */
    as_span names[AWS4_NAMES_MAX]; /* and its elements, ascending */
    int name_count;
    unsigned char signature[AS_SHA256_LEN];

    /* query form only */
    as_span date;    /* X-Amz-Date */
    int expires;     /* seconds; 0 if X-Amz-Expires is missing */
    as_span token;          /* X-Amz-Security-Token; NULL if not there */
    as_span content_sha256; /* X-Amz-Content-Sha256; the same */
} aws4_request_credentials;

/*
 * The credentials of a request: authorization is the whole field (NULL if
 * there is none), target the request target as sent. Another scheme in
 * Authorization is ignored beside a presigned URL. AWS4_NONE if there are no
 * credentials of ours, AWS4_OTHER_ALGORITHM for relatives; *why is constant
 * text for everything but AWS4_OK. Spans point into the field or pool.
 */
aws4_fault aws4_read(aws4_request_credentials *out, const char **why,
                     as_span authorization, as_span target,
                     apr_pool_t *pool);

/* Of the first form alone: `text` is what follows the scheme. */
aws4_fault aws4_read_header(aws4_request_credentials *out, const char **why,
                            as_span text, apr_pool_t *pool);

/* Of the second alone: `text` is the query as sent. AWS4_NONE if no parameter
 * is one of the six. */
aws4_fault aws4_read_query(aws4_request_credentials *out, const char **why,
                           as_span text, apr_pool_t *pool);

/* Whether that header (any letter case) is signed. */
int aws4_signs(const aws4_request_credentials *credentials, as_span name);

#endif
