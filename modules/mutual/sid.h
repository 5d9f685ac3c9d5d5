/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * sid.h - a key exchange that is not finished, sealed into the session's id:
 * whoever only begins one costs the server no memory.
 *
 *     nonce(54) AES-256-GCM( fingerprint K_c1 K_s1 S_s1 user ) tag(16)
 *
 * in hexadecimal. The nonce is one of the server's own, which tells when the
 * exchange began; the key is derived from the server secret and that nonce, so
 * that none seals twice. The id is bound to a place: elsewhere it opens
 * nothing.
 */
#ifndef MUTUAL_SID_H
#define MUTUAL_SID_H

#include "exchange.h"
#include "message.h"
#include "secret.h"

#define MUTUAL_NONCE_LEN 54
#define MUTUAL_PRINT_LEN 16
#define MUTUAL_SID_MAX (MUTUAL_NONCE_LEN + MUTUAL_PRINT_LEN \
                        + 3 * AS_MUTUAL_LEN_MAX + MUTUAL_USER_MAX + 16)

/* Tells one stored J from another: its last digits. */
typedef struct mutual_print {
    char digits[MUTUAL_PRINT_LEN];
} mutual_print;

/* What is sealed. */
typedef struct mutual_pending {
    mutual_print print;
    mutual_numbers numbers; /* K_c1 and K_s1 */
    unsigned char s[AS_MUTUAL_LEN_MAX];
    char user[MUTUAL_USER_MAX + 1];
} mutual_pending;

/* The id as text, in pool. The nonce has MUTUAL_NONCE_LEN characters. `place`
 * is what it is bound to. NULL if OpenSSL fails. */
const char *mutual_sid_seal(apr_pool_t *pool, const mutual_pending *pending,
                            const as_mutual_alg *alg, const char *nonce,
                            const unsigned char key[AS_SHA256_LEN],
                            as_span place);

/* The nonce of an id, into 55 characters; 0 if it can be none of ours. */
int mutual_sid_nonce(char nonce[MUTUAL_NONCE_LEN + 1], as_span sid);

/* Opens it. Wipe *pending afterwards. APR_EACCES if this key or place does not
 * open it. */
apr_status_t mutual_sid_open(mutual_pending *pending, as_span sid,
                             const as_mutual_alg *alg,
                             const unsigned char key[AS_SHA256_LEN],
                             as_span place);

#endif
