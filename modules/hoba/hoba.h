/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * hoba.h - HTTP Origin-Bound Authentication, RFC 7486: what is signed, by
 * which key, for which origin. Knows no request and keeps quiet.
 */
#ifndef HOBA_H
#define HOBA_H

#include "apr_errno.h"
#include "authscheme_span.h"
#include "key.h"

/* ---- answers --------------------------------------------------------- */

/* Characters at most of a whole result and of its parts. */
#define HOBA_RESULT_MAX 4096
#define HOBA_KID_MAX 512
#define HOBA_CHALLENGE_MAX 512
#define HOBA_NONCE_MAX 128

#define HOBA_KID_LEN 43 /* of the kind of key id that we know */

/* The parts of HOBA-RES, as they travelled: nothing is decoded, because what
 * was sent is what was signed. Spans into the header. */
typedef struct hoba_result {
    as_span kid;
    as_span challenge;
    as_span nonce;
    as_span sig;
} hoba_result;

/* Exactly four parts, none of them empty or longer than allowed, of the
 * alphabet of base64url and "=". Else APR_EINVAL. */
apr_status_t hoba_result_parse(hoba_result *result, as_span text);

/* The same from the `result` of parsed credentials. */
apr_status_t hoba_result_from(hoba_result *result, const as_credentials *sent,
                              apr_pool_t *pool);

/* The key id without its padding: what keys are looked up by. */
as_span hoba_kid(const hoba_result *result);

/* ---- keys ------------------------------------------------------------ */

/* The key id of type 0: base64url of the SHA-256 of the SubjectPublicKeyInfo.
 * NULL if it can't be had. */
const char *hoba_kid_of(apr_pool_t *pool, as_span der);

/*
 * A signature algorithm. RFC 7486 numbers the first two; the others are ours,
 * from the end of the unassigned range. The number never travels: it follows
 * from the key.
 */
typedef struct hoba_algorithm {
    const char *number; /* in the signed text */
    const char *name;   /* in HobaAlgorithms and in the store */
    unsigned int bit;   /* in a set of them */
} hoba_algorithm;

#define HOBA_RSA_SHA256 1u
#define HOBA_RSA_SHA1 2u
#define HOBA_ES256 4u
#define HOBA_ED25519 8u

/* The row of that name, any letter case, or NULL. */
const hoba_algorithm *hoba_algorithm_find(const char *name);

/* The first algorithm of the set that the key is made for, or NULL. */
const hoba_algorithm *hoba_algorithm_of(const as_key *key, unsigned int set);

/* HOBA-TBS: six fields, each behind its length. */
as_span hoba_signed_text(apr_pool_t *pool, const hoba_result *result,
                         const hoba_algorithm *alg, as_span origin,
                         as_span realm);

/* The algorithm of the set by which the key signed the result for this origin
 * and realm ("" where there is none); NULL if it did not. */
const hoba_algorithm *hoba_verifies(const as_key *key, unsigned int set,
                                    const hoba_result *result, as_span origin,
                                    as_span realm, apr_pool_t *pool);

/* A key that nobody can sign with: checking an answer of an unknown key with
 * it costs what checking one of a known key does. NULL if out of memory. */
const as_key *hoba_key_of_nobody(apr_pool_t *pool);

/* ---- origins --------------------------------------------------------- */

/* A web origin in the one form that is signed: scheme, host and always the
 * port. */
typedef struct hoba_origin {
    const char *text; /* "https://example.com:443" */
    const char *host; /* lower case, IPv6 without its brackets */
    int port;
    int tls; /* https, else http */
} hoba_origin;

/* From http(s)://host[:port] and nothing after it. APR_EINVAL with *why,
 * constant text for the administrator. */
apr_status_t hoba_origin_parse(hoba_origin *origin, const char **why,
                               const char *url, apr_pool_t *pool);

/* From parts that are known to be good. */
void hoba_origin_make(hoba_origin *origin, int tls, const char *host, int port,
                      apr_pool_t *pool);

/*
 * The entry that a client means which connected with TLS or without and asked
 * for host and port (0: it named none, so its scheme's own). Without TLS an
 * https origin is meant if there is no http one: something before this server
 * ends TLS. NULL if none fits; the request's words select, they never become
 * an origin.
 */
const hoba_origin *hoba_origin_select(const hoba_origin *origins, int count,
                                      int tls, const char *host, int port,
                                      apr_pool_t *pool);

#endif
