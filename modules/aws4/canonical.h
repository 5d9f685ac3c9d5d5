/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * canonical.h - the canonical request ("Create a canonical request" in the IAM
 * User Guide), built from what httpd hands over:
 *
 *     METHOD \n PATH \n QUERY \n (name ":" value \n)* \n NAMES \n PAYLOAD
 *
 * A request has more than one reading: httpd has joined repeated fields with
 * ", " where the client signed ",", curl signs the path for S3 as it sends it.
 * So candidates are made one after the other, likely ones first. Those that
 * are always made mean the same request; those of aws4_compat do not quite.
 */
#ifndef AWS4_CANONICAL_H
#define AWS4_CANONICAL_H

#include "apr_tables.h"

#include "credentials.h"
#include "uri.h"

#define AWS4_READINGS_MAX 16

/* A request as httpd has it, and only the client's own: not a subrequest, not
 * after an internal redirect. */
typedef struct aws4_message {
    as_span method;             /* "HEAD" for HEAD */
    as_span target;             /* r->unparsed_uri */
    const apr_table_t *headers; /* r->headers_in */
    const unsigned char *body_sha256; /* NULL while it is not known */
} aws4_message;

/* Readings that only some clients need; all off unless named. */
typedef struct aws4_compat {
    int empty_hash;   /* curl 7 signs an empty body: the real one is open */
    int plus_path;    /* aws4, aws4fetch: "+" of a path signed as a blank */
    int plus_literal; /* botocore: "+" of a query signed as itself */
    int raw_query;    /* curl 7: the query as typed, unsorted */
    int raw_path;     /* curl 7: the path as sent, for every service */
    int no_normalise; /* not S3: "//" and dots left in the path */
    int unfolded;     /* s3cmd: runs of blanks left in values */
} aws4_compat;

/* How a body is bound to the signature. */
typedef enum aws4_body {
    AWS4_BODY_HASHED,         /* its hash is signed, and in the request */
    AWS4_BODY_HIDDEN_HASH,    /* its hash is signed, and nowhere sent */
    AWS4_BODY_OPEN,           /* UNSIGNED-PAYLOAD: not at all */
    AWS4_BODY_CHUNKS,         /* aws-chunked, chunks signed */
    AWS4_BODY_CHUNKS_TRAILER, /* and trailers as well */
    AWS4_BODY_CHUNKS_OPEN     /* aws-chunked, nothing signed */
} aws4_body;

typedef struct aws4_payload {
    aws4_body body;
    as_span line; /* NULL for a hidden hash that is not known yet */
    unsigned char sha256[AS_SHA256_LEN]; /* AWS4_BODY_HASHED */
} aws4_payload;

/* The last line of the canonical request. s3 says whether the service has the
 * rules of S3. AWS4_PAYLOAD, AWS4_STREAMING. */
aws4_fault aws4_payload_read(aws4_payload *payload, const char **why,
                             const aws4_message *message,
                             const aws4_request_credentials *credentials,
                             int s3, apr_pool_t *pool);

/* A header that is there and must be signed and is not, or NULL. Those are
 * host, every x-amz-* but x-amz-content-sha256 (the payload line binds it) and
 * what is in `more` (ends with NULL; may be NULL itself). */
const char *aws4_unsigned_header(const aws4_message *message,
                                 const aws4_request_credentials *credentials,
                                 const char *const *more);

/* Headers that change what a request does to files, for `more`. */
extern const char *const aws4_more_signed[];

/* Whether the service is in the list, which ends with NULL; for a list of NULL
 * whether it is one of S3's own. */
int aws4_is_s3(as_span service, const char *const *list);

typedef struct aws4_readings aws4_readings;

/* Takes a request apart. AWS4_TARGET, and AWS4_ABSENT if a signed header is
 * not there. */
aws4_fault aws4_readings_begin(aws4_readings **readings, const char **why,
                               const aws4_message *message,
                               const aws4_request_credentials *credentials,
                               const aws4_payload *payload, int s3,
                               const aws4_compat *compat, apr_pool_t *pool);

/* The next candidate, good until the next call; 0 after the last, or after
 * AWS4_READINGS_MAX of them. The first is the strict one. */
int aws4_readings_next(as_span *canonical, aws4_readings *readings);

/* Whether the candidate that was made last leaves the body open though the
 * payload does not (empty_hash). */
int aws4_readings_is_open(const aws4_readings *readings);

#endif
