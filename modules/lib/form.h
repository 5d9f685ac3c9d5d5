/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * form.h - a form as application/x-www-form-urlencoded, read strictly.
 *
 * httpd's own reader takes anything: what is no escape stays as it is, and of
 * a field sent twice both are kept. Where a form carries keys and proofs there
 * must be one reading of it.
 */
#ifndef AS_FORM_H
#define AS_FORM_H

#include "apr_errno.h"
#include "authscheme_span.h"

#define AS_FIELDS_MAX 32

typedef struct as_field {
    as_span name;  /* decoded, never empty */
    as_span value; /* decoded */
} as_field;

typedef struct as_fields {
    as_field field[AS_FIELDS_MAX];
    int count;
} as_fields;

/*
 * Reads a body; the empty body is a form without fields. APR_EINVAL with *why
 * (constant text, fit for the client): a `%` without two hexadecimal digits,
 * an escaped NUL, a byte that a form may not hold, a field without a name or
 * without `=`, a field twice, more than AS_FIELDS_MAX of them.
 */
apr_status_t as_fields_parse(as_fields *fields, const char **why, as_span body,
                             apr_pool_t *pool);

/* The value of that exact name, or NULL. It may be empty. */
const as_span *as_fields_get(const as_fields *fields, const char *name);

#endif
