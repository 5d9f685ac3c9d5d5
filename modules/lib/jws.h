/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * jws.h - a JSON Web Signature in compact form, RFC 7515 section 7.1, and the
 * choice of the key that has to verify it.
 */
#ifndef AS_JWS_H
#define AS_JWS_H

#include <jansson.h>

#include "jwk.h"

#define AS_JWS_HEADER_MAX 4096   /* octets of the encoded header */
#define AS_JWS_PAYLOAD_MAX 65536 /* octets of the decoded payload */

typedef struct as_jws {
    json_t *header;      /* lives as long as the pool */
    as_span alg;         /* header "alg" */
    const char *kid;     /* header "kid", or NULL; compare only */
    const char *typ;     /* header "typ", or NULL */
    const char *x5t;     /* header "x5t#S256", or NULL; compare only */
    as_span payload;     /* decoded, not trusted before the signature is */
    as_span signature;   /* decoded */
    as_span signed_text; /* the first two segments as received */
} as_jws;

/* Whether text means to be a JWS: three segments, the first an encoded JSON
 * object with a string "alg" and no "enc". What does not may be an opaque
 * token; what does and is broken must not be tried as one. */
int as_jws_looks_like_one(as_span text, apr_pool_t *pool);

/*
 * Parses; verifies nothing. APR_EINVAL with *why (constant text for the log):
 * another number of segments, an empty signature, not strict base64url, a
 * header that is no object or holds a member twice, "alg" missing or not a
 * string, "kid", "typ", "cty", "x5t" or "x5t#S256" not a string, any "crit",
 * "enc", "zip" or "b64". Key material in the header is not looked at.
 */
apr_status_t as_jws_parse(as_jws *jws, const char **why, as_span text,
                          apr_pool_t *pool);

typedef enum as_jws_result {
    AS_JWS_NO_KEY,    /* none of the set has that kid and fits alg */
    AS_JWS_FORGED,    /* the signature is not the key's */
    AS_JWS_VERIFIED
} as_jws_result;

/*
 * Whether a key of the set made the signature with alg, which the caller found
 * to be allowed. By "kid"; without one by "x5t#S256"; without that each key
 * that fits is tried, the first eight at most. A set of a single key that has
 * no kid (from a PEM file) leaves nothing to choose.
 */
as_jws_result as_jws_verify(const as_jws *jws, const as_algorithm *alg,
                            const as_key_set *set);

#endif
