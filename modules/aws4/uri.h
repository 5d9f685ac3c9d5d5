/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * uri.h - a request target in its parts, and UriEncode() as Signature Version
 * 4 means it: every octet but A-Z a-z 0-9 - . _ ~ is %XX in upper case.
 */
#ifndef AWS4_URI_H
#define AWS4_URI_H

#include "apr_errno.h"
#include "authscheme_span.h"

#define AWS4_PARAMS_MAX 256 /* of a query */

typedef struct aws4_target {
    as_span path;  /* as sent; "/" if it was empty */
    as_span query; /* after the "?", as sent */
} aws4_target;

/* Takes origin-form and absolute-form apart. APR_EINVAL for "*" and an
 * authority, for a "#" (httpd cuts there what was signed as a whole), for
 * control characters and a "%" without two digits. */
apr_status_t aws4_target_read(aws4_target *target, as_span text);

/* What a "+" of a query stands for. */
typedef enum aws4_plus {
    AWS4_PLUS_SPACE,  /* as in forms, and for S3 */
    AWS4_PLUS_LITERAL /* RFC 3986 */
} aws4_plus;

typedef struct aws4_param {
    as_span name, value; /* decoded */
} aws4_param;

typedef struct aws4_query {
    aws4_param *params; /* in their order */
    int count;
} aws4_query;

/* Empty pieces are dropped; a piece without "=" is a name. APR_EINVAL for a
 * "%" without two digits, APR_ENOSPC for more than AWS4_PARAMS_MAX. */
apr_status_t aws4_query_read(aws4_query *query, as_span text, aws4_plus plus,
                             apr_pool_t *pool);

/* The octet that "%" and two digits at the front stand for; 0 if they do not
 * stand there. */
int aws4_escape(char *octet, as_span rest);

/* The longest that encoding makes of a length. */
#define AWS4_ENCODED_MAX(len) (3 * (len))

/* Encodes to where `to` points, and returns the end; the octets in `keep` stay
 * as they are. */
char *aws4_encode(char *to, as_span text, const char *keep);

#endif
