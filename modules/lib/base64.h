/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * base64.h - base64url as the authentication schemes want it: RFC 4648
 * section 5 without padding, one spelling per value.
 */
#ifndef AS_BASE64_H
#define AS_BASE64_H

#include "apr_errno.h"
#include "authscheme_span.h"

/* Decodes into pool. APR_EINVAL for any byte outside of the alphabet, for
 * padding, for a length of 1 mod 4 and for spare bits that are not zero; the
 * empty text is the empty value. A NUL follows the last byte. */
apr_status_t as_base64url_decode(as_span *bytes, as_span text,
                                 apr_pool_t *pool);

/* The unpadded text, terminated. */
const char *as_base64url_encode(apr_pool_t *pool, as_span bytes);

#endif
