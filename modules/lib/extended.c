/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "extended.h"
#include "hex.h"
#include "text.h"

/* Takes "%" and two digits, or one octet. 0 if the digits are missing. */
static int take_octet(char *octet, as_span *rest)
{
    unsigned char decoded;

    *octet = *rest->at;
    if (*octet != '%') {
        *rest = (as_span){ rest->at + 1, rest->len - 1 };
        return 1;
    }
    if (rest->len < 3
        || !as_hex_take(&decoded, (as_span){ rest->at + 1, 2 }))
        return 0;
    *octet = (char)decoded;
    *rest = (as_span){ rest->at + 3, rest->len - 3 };
    return 1;
}

apr_status_t as_percent_decode(as_span *text, as_span from, apr_pool_t *pool)
{
    char *out = apr_palloc(pool, from.len + 1);
    apr_size_t n = 0;

    while (from.len)
        if (!take_octet(&out[n++], &from))
            return APR_EINVAL;
    out[n] = '\0';
    *text = (as_span){ out, n };
    return APR_SUCCESS;
}

/* attr-char of RFC 8187, or the "%" of another. */
static int is_value_char(char c)
{
    return c && (apr_isalnum(c) || strchr("!#$&+-.^_`|~%", c));
}

apr_status_t as_extended_value(as_span *text, as_span value, apr_pool_t *pool)
{
    const char *end = value.at + value.len, *lang, *chars;
    as_span charset;
    apr_size_t i;

    lang = value.len ? memchr(value.at, '\'', value.len) : NULL;
    chars = lang ? memchr(lang + 1, '\'', (apr_size_t)(end - lang - 1))
                 : NULL;
    if (!chars)
        return APR_EINVAL;
    charset = (as_span){ value.at, (apr_size_t)(lang - value.at) };
    if (!as_span_is_nocase(charset, "UTF-8"))
        return APR_EINVAL;
    value = (as_span){ chars + 1, (apr_size_t)(end - chars - 1) };
    for (i = 0; i < value.len; i++)
        if (!is_value_char(value.at[i]))
            return APR_EINVAL;
    if (as_percent_decode(text, value, pool) != APR_SUCCESS)
        return APR_EINVAL;
    return as_text_is_utf8(*text) ? APR_SUCCESS : APR_EINVAL;
}
