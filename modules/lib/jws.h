/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * jws.h - a JSON Web Signature in compact form, RFC 7515 section 7.1.
 */
#ifndef AS_JWS_H
#define AS_JWS_H

#include <jansson.h>

#include "key.h"

#define AS_JWS_HEADER_MAX 4096    /* octets of the encoded header */
#define AS_JWS_PAYLOAD_MAX 65536  /* octets of the decoded payload */

typedef struct as_jws {
    json_t *header;     /* lives as long as the pool */
    as_span alg;        /* header "alg" */
    const char *kid;    /* header "kid", or NULL; compare only */
    const char *typ;    /* header "typ", or NULL */
    as_span payload;    /* decoded, not trusted before the signature is */
    as_span signature;  /* decoded */
    as_span signed_text; /* the first two segments as received */
} as_jws;

/* Whether text has the shape of a JWS: three non-empty segments, the first an
 * encoded JSON object with a string "alg" and no "enc". What is not one may be
 * an opaque token. */
int as_jws_looks_like_one(as_span text, apr_pool_t *pool);

/*
 * Parses; verifies nothing. APR_EINVAL with *why (constant text for the log):
 * another number of segments, an empty signature, not strict base64url, a
 * header that is no object or holds a member twice, "alg" missing or not a
 * string, "kid", "typ", "cty", "x5t" or "x5t#S256" not a string, any "crit",
 * "zip", "b64":false.
 */
apr_status_t as_jws_parse(as_jws *jws, const char **why, as_span text,
                          apr_pool_t *pool);

#endif
