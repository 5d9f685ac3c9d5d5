/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * authscheme_span.h - bytes as they were received, and credentials as they
 * were parsed. The part of the contract that knows no server: authscheme.h
 * includes it, and so does protocol code that is tested without httpd.
 */
#ifndef AUTHSCHEME_SPAN_H
#define AUTHSCHEME_SPAN_H

#include <string.h>

#include "apr.h"
#include "apr_lib.h"
#include "apr_pools.h"
#include "apr_strings.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Bytes that somebody else owns, usually part of a request header. Not
 * terminated. A span may hold any byte; `at` is NULL only where a function
 * says so.
 */
typedef struct as_span {
    const char *at;
    apr_size_t len;
} as_span;

/* The span over a terminated string; over nothing for NULL. */
static APR_INLINE as_span as_span_of(const char *text)
{
    as_span span = { text, text ? strlen(text) : 0 };

    return span;
}

/* A terminated copy in pool. Bytes after an embedded NUL are lost to strlen:
 * check with memchr first where that matters. */
static APR_INLINE const char *as_string(apr_pool_t *pool, as_span span)
{
    return apr_pstrmemdup(pool, span.len ? span.at : "", span.len);
}

/* Not constant in time: for names, never for secrets. */
static APR_INLINE int as_span_is(as_span span, const char *text)
{
    return strlen(text) == span.len
           && (span.len == 0 || memcmp(span.at, text, span.len) == 0);
}

/* The same without regard to the case of ASCII letters. */
static APR_INLINE int as_span_is_nocase(as_span span, const char *text)
{
    apr_size_t i;

    if (strlen(text) != span.len)
        return 0;
    for (i = 0; i < span.len; i++)
        if (apr_tolower(span.at[i]) != apr_tolower(text[i]))
            return 0;
    return 1;
}

/*
 * What follows the scheme in an Authorization field, RFC 9110 section 11.4:
 * nothing, one token68, or a list of parameters. `abc=` is both a token68 and
 * a parameter without a value; only the scheme knows which it wants.
 */
typedef enum as_form {
    AS_FORM_NONE,    /* nothing after the scheme */
    AS_FORM_TOKEN68, /* one token68 to the very end */
    AS_FORM_PARAMS,  /* name=value, name="value", ... */
    AS_FORM_OWN      /* only declared: a grammar that is not RFC 9110's, for
                        the scheme to read in `raw` */
} as_form;

#define AS_PARAMS_MAX 64 /* more parameters than any scheme has */

/* One parameter. A quoted value stands without its quotes, with its
 * quoted-pairs as received; `escaped` says that there are some. */
typedef struct as_param {
    as_span name;
    as_span value;
    int escaped;
} as_param;

/* Credentials, parsed by the core. All spans point into the header. No
 * parameter name occurs twice. */
typedef struct as_credentials {
    as_span scheme; /* as the client spelled it */
    as_form form;
    as_span raw;    /* all that follows the scheme, blanks before it left out */
    as_span token68;        /* AS_FORM_TOKEN68 */
    const as_param *params; /* AS_FORM_PARAMS */
    int count;
} as_credentials;

/* The parameter of that name (any letter case), or NULL. */
static APR_INLINE const as_param *as_param_find(const as_credentials *sent,
                                                const char *name)
{
    int i;

    for (i = 0; i < sent->count; i++)
        if (as_span_is_nocase(sent->params[i].name, name))
            return &sent->params[i];
    return NULL;
}

/* The value with its quoted-pairs undone; copies into pool only if it has
 * any. RFC 9110 section 5.6.4. */
static APR_INLINE as_span as_param_value(apr_pool_t *pool,
                                         const as_param *param)
{
    as_span value = param->value;
    apr_size_t i, n = 0;
    char *text;

    if (!param->escaped)
        return value;
    text = (char *)apr_palloc(pool, value.len + 1);
    for (i = 0; i < value.len; i++) {
        if (value.at[i] == '\\' && i + 1 < value.len)
            i++;
        text[n++] = value.at[i];
    }
    text[n] = '\0';
    value.at = text;
    value.len = n;
    return value;
}

#ifdef __cplusplus
}
#endif

#endif
