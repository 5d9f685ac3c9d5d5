/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * grammar.h - credentials and challenges, RFC 9110 sections 5.6 and 11.
 * Parsers move the front of a span; nothing is copied and nothing recurses.
 */
#ifndef AS_GRAMMAR_H
#define AS_GRAMMAR_H

#include "apr_errno.h"
#include "authscheme_span.h"

/* token = 1*tchar. APR_EINVAL, with rest unmoved, if there is none. */
apr_status_t as_take_token(as_span *token, as_span *rest);

/* Moves past blanks and tabs. */
void as_skip_blanks(as_span *rest);

/* The value of an Authorization field. The parameters are in pool, the rest
 * points into value. APR_EINVAL for anything that is neither bare, token68
 * nor a parameter list, or that names a parameter twice; out->scheme is set
 * even then if the field begins with a token, else empty. */
apr_status_t as_credentials_parse(as_credentials *out, as_span value,
                                  apr_pool_t *pool);

/* Whether a field looks like two Authorization fields that httpd joined with a
 * comma: a token68 with a comma after it, or an element of the list that is not
 * name=value but begins like credentials. RFC 9110 section 11.6.2 makes the
 * field no list. */
int as_is_joined(as_span value);

/* Whether a client that looks for a scheme name after every comma, quoted or
 * not, would find one in this realm (curl does). */
int as_realm_hides_scheme(as_span realm);

#endif
