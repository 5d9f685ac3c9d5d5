/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * key.h - verification keys and signature algorithms.
 *
 * The algorithms are rows of one table, with the names that RFC 7518, 8037,
 * 8812 and 9864 give them. A key knows what it can do; which algorithm is
 * used is the caller's configuration, never the message's wish.
 */
#ifndef AS_KEY_H
#define AS_KEY_H

#include <openssl/evp.h>

#include "apr_errno.h"
#include "authscheme_span.h"

typedef struct as_algorithm as_algorithm; /* a row, static, read-only */
typedef struct as_key_kind as_key_kind;   /* a row, static, read-only */

/*
 * A key that checks signatures: an asymmetric public key, or an HMAC secret.
 * Lives in the pool it was made in, which frees (and for secrets wipes) it.
 * Read-only after loading, so that threads may share it.
 */
typedef struct as_key {
    const as_key_kind *kind;     /* RSA, a curve, or a secret */
    EVP_PKEY *pkey;              /* NULL for an HMAC secret */
    as_span secret;              /* empty for a public key */
    struct as_ready *ready;      /* see as_key_prepare(); or NULL */
    const as_algorithm *only;    /* the JWK's "alg": good for this one; or NULL */
    const char *kid;             /* JWK "kid", or NULL */
    const char *thumbprint_x509; /* JWK "x5t#S256", or NULL */
} as_key;

/* The row of that exact JOSE name ("RS256"), or NULL. "none" has none. */
const as_algorithm *as_algorithm_find(as_span name);
const char *as_algorithm_name(const as_algorithm *alg);

/* The rows in turn, from 0 on, then NULL. */
const as_algorithm *as_algorithm_at(int i);

/* HMAC with a shared secret? */
int as_algorithm_is_symmetric(const as_algorithm *alg);

/* RSASSA-PKCS1-v1_5 with SHA-1: not a JOSE algorithm, cannot be found by name;
 * only for HOBA's algorithm 1, RFC 7486 section 7. */
extern const as_algorithm *const as_rsa_sha1;

/* Whether the key's type, curve, size and own "alg" allow the algorithm. */
int as_key_fits(const as_key *key, const as_algorithm *alg);

/* 1 if sig is the key's signature over text, in the JOSE layout (ECDSA: R||S),
 * and only then; running out of memory is 0 as well. Leaves OpenSSL's error
 * queue empty. */
int as_key_verifies(const as_key *key, const as_algorithm *alg, as_span text,
                    as_span sig);

/* For keys that outlive a request: looks up now what as_key_verifies() would
 * look up every time. At loading only, before a second thread knows the key;
 * pool is the key's. */
void as_key_prepare(const as_key *key, apr_pool_t *pool);

/*
 * From the DER of a SubjectPublicKeyInfo. APR_EINVAL, with *why set to constant
 * text for the administrator or the client, if it is not one, is not canonical
 * DER, has trailing bytes, or is a key that we refuse: RSA below 2048 or above
 * 8192 bits or with an exponent below 65537 or even, curves other than P-256,
 * P-384, P-521 and secp256k1, a compressed or explicit point, X25519,
 * RSASSA-PSS, Edwards points of small order (for which every signature would
 * be good), ...
 */
apr_status_t as_key_from_spki(const as_key **key, const char **why,
                              as_span der, apr_pool_t *pool);

/*
 * From one PEM block "PUBLIC KEY". Takes LF, CRLF or no line breaks, a body in
 * base64 or base64url, and white space around it. APR_EINVAL with *why for
 * anything else: private keys, certificates, several blocks, text around them.
 * A private key's bytes are wiped. *der (if not NULL) is the key's DER.
 */
apr_status_t as_key_from_pem(const as_key **key, as_span *der,
                             const char **why, as_span pem, apr_pool_t *pool);

/* An HMAC secret, copied. Length is checked by as_key_fits(). */
const as_key *as_key_from_secret(apr_pool_t *pool, as_span secret);

/* RFC 7638: base64url of the SHA-256 of the key's required members. NULL for
 * secrets. */
const char *as_key_thumbprint(apr_pool_t *pool, const as_key *key);

#endif
