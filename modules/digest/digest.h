/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * digest.h - HTTP Digest (RFC 7616) without a server: what a client answered,
 * and the numbers that it should have come to.
 *
 *     KEY      = H(A1), or H(H(A1) ":" nonce ":" cnonce) with -sess
 *     response = H(KEY ":" nonce ":" nc ":" cnonce ":" qop ":" H(A2))
 *     A2       = method ":" uri            of a request, qop=auth
 *              = ":" uri                   of our answer, for rspauth
 */
#ifndef DIGEST_H
#define DIGEST_H

#include "authscheme_span.h"
#include "digest_hash.h"

#define DIGEST_CNONCE_MAX 256 /* characters */
#define DIGEST_VALUE_MAX 4096 /* of any other parameter but uri */

/* What a client sent. Quoted-pairs are undone. */
typedef struct digest_answer {
    as_span user;       /* UTF-8 of username*, octets of username, or lower-case
                           hexadecimal of a userhash */
    int is_hashed;      /* userhash=true */
    as_span realm, nonce, uri;
    as_span qop;        /* empty: none, as in RFC 2069 */
    as_span nc;         /* eight digits, as received */
    apr_uint32_t count; /* their value */
    as_span cnonce;
    as_span cnonce_sent; /* with its quoted-pairs, to be quoted again */
    as_span algorithm;  /* as received, "MD5" if absent */
    const as_digest_alg *alg; /* NULL: none that we know */
    as_span response;   /* lower-case hexadecimal */
} digest_answer;

/* NULL, or what is wrong with it as constant text: RFC 7616 section 3.4, which
 * calls it a bad request. */
const char *digest_parse(digest_answer *answer, const as_credentials *sent,
                         apr_pool_t *pool);

/* What else a name may mean that nobody has: ISO 8859-1 where it is not UTF-8
 * (requests), or %-encoded because it is not ASCII (curl 8.22). 1 with the name in
 * UTF-8; 0 if it can only be what it is. */
int digest_respelt(as_span *name, as_span user, apr_pool_t *pool);

/* What a request asks for. */
typedef struct digest_target {
    as_span text;     /* of the request line */
    int tls;
    const char *host; /* of the server for this request; NULL: a forward
                         proxy, where the text alone counts */
    unsigned int port;
} digest_target;

/* Whether `uri` names that: the same octets, or the same in absolute form. No
 * %-decoding: a signature for one spelling is none for another. */
int digest_uri_fits(as_span uri, const digest_target *target);

/* KEY, terminated. H(A1) is lower-case hexadecimal. Wipe it. */
apr_status_t digest_key(char key[AS_DIGEST_HEX_MAX + 1],
                        const digest_answer *answer, as_span ha1);

/* The response that a client with this key sends; with method "" the rspauth
 * that we send. body is H(body) for qop=auth-int, and ignored for auth. */
apr_status_t digest_response(char hex[AS_DIGEST_HEX_MAX + 1],
                             const digest_answer *answer, as_span key,
                             as_span method, as_span body);

#endif
