/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * seal.h - secrets that the store must give back, such as those of AWS4:
 * AES-256-GCM under a key derived from the server secret.
 *
 *     "v1." base64url( nonce(12) ciphertext tag(16) )
 *
 * A sealed text is bound to a name (the access key id): moved to another record
 * it does not open.
 */
#ifndef AS_SEAL_H
#define AS_SEAL_H

#include "secret.h"

#define AS_SEAL_AWS4 "AWS4 sealed secret" /* the purpose of the key */
#define AS_SEAL_MAX 4096                  /* octets of a secret */

/* The text, in pool. APR_EINVAL for an empty or too long secret and an empty
 * name, APR_EGENERAL if OpenSSL fails. */
apr_status_t as_seal(const char **text, as_span secret,
                     const unsigned char key[AS_SHA256_LEN], as_span name,
                     apr_pool_t *pool);

/* The secret, in pool, terminated; the caller wipes it. APR_EINVAL for what is
 * not of this form, APR_EACCES if this key or this name does not open it. */
apr_status_t as_unseal(as_span *secret, as_span text,
                       const unsigned char key[AS_SHA256_LEN], as_span name,
                       apr_pool_t *pool);

#endif
