/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Session cookies without a table: sealed, and opened only in their one
 * spelling.
 */
#include "base64.h"
#include "secret.h"
#include "session.h"

#define TIME_DIGITS 18 /* always fit into 64 bits */

static as_span trim(as_span text)
{
    while (text.len && (*text.at == ' ' || *text.at == '\t')) {
        text.at++;
        text.len--;
    }
    while (text.len && (text.at[text.len - 1] == ' '
                        || text.at[text.len - 1] == '\t'))
        text.len--;
    return text;
}

/* cookie-string = pair *( ";" pair ), RFC 6265 section 4.2.1 */
int hoba_cookie_find(as_span *value, as_span field, const char *name)
{
    apr_size_t len = strlen(name);
    int count = 0;

    while (field.len) {
        const char *end = memchr(field.at, ';', field.len);
        apr_size_t n = end ? (apr_size_t)(end - field.at) : field.len;
        as_span pair = trim((as_span){ field.at, n });

        if (pair.len > len && pair.at[len] == '='
            && !memcmp(pair.at, name, len) && !count++)
            *value = (as_span){ pair.at + len + 1, pair.len - len - 1 };
        n += end ? 1 : 0;
        field.at += n;
        field.len -= n;
    }
    return count;
}

static const char *seal(apr_pool_t *pool, as_span key, as_span kid,
                        as_span issued, as_span expires, as_span origin,
                        as_span realm)
{
    const as_span parts[] = { kid, issued, expires, origin, realm };
    unsigned char mac[AS_SHA256_LEN];

    if (as_mac(mac, key, parts, 5) != APR_SUCCESS)
        return NULL;
    return as_base64url_encode(pool,
                               (as_span){ (const char *)mac, sizeof(mac) });
}

const char *hoba_session_make(apr_pool_t *pool, as_span key,
                              const hoba_session *session, as_span origin,
                              as_span realm)
{
    const char *issued = apr_psprintf(pool, "%" APR_TIME_T_FMT,
                                      session->issued);
    const char *expires = apr_psprintf(pool, "%" APR_TIME_T_FMT,
                                       session->expires);
    const char *mac = seal(pool, key, session->kid, as_span_of(issued),
                           as_span_of(expires), origin, realm);

    if (!mac)
        return NULL;
    return apr_pstrcat(pool, as_string(pool, session->kid), ".", issued, ".",
                       expires, ".", mac, NULL);
}

/* Up to the next dot. */
static int take(as_span *part, as_span *rest)
{
    const char *dot = rest->len ? memchr(rest->at, '.', rest->len) : NULL;

    if (!dot)
        return 0;
    *part = (as_span){ rest->at, (apr_size_t)(dot - rest->at) };
    rest->len -= part->len + 1;
    rest->at = dot + 1;
    return part->len > 0;
}

static int read_time(apr_time_t *when, as_span text)
{
    apr_size_t i;

    if (!text.len || text.len > TIME_DIGITS || *text.at == '0')
        return 0;
    *when = 0;
    for (i = 0; i < text.len; i++) {
        if (!apr_isdigit(text.at[i]))
            return 0;
        *when = *when * 10 + (text.at[i] - '0');
    }
    return 1;
}

apr_status_t hoba_session_open(hoba_session *session, as_span value,
                               as_span key, as_span origin, as_span realm,
                               apr_pool_t *pool)
{
    as_span issued, expires;
    const char *mac;

    if (!take(&session->kid, &value) || !take(&issued, &value)
        || !take(&expires, &value) || !read_time(&session->issued, issued)
        || !read_time(&session->expires, expires))
        return APR_EINVAL;
    mac = seal(pool, key, session->kid, issued, expires, origin, realm);
    return mac && as_equal(as_span_of(mac), value) ? APR_SUCCESS : APR_EINVAL;
}
