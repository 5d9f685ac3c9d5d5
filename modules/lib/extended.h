/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * extended.h - parameters that are not ASCII, RFC 8187: name*=UTF-8''%C3%A9
 */
#ifndef AS_EXTENDED_H
#define AS_EXTENDED_H

#include "apr_errno.h"
#include "authscheme_span.h"

/* Every "%" with its two digits made one octet. APR_EINVAL if they are
 * missing. */
apr_status_t as_percent_decode(as_span *text, as_span from, apr_pool_t *pool);

/* The text of an extended value, section 3.2. A language is left out.
 * APR_EINVAL for another character set and for what is not UTF-8. */
apr_status_t as_extended_value(as_span *text, as_span value,
                               apr_pool_t *pool);

#endif
