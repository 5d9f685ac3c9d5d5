/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "hex.h"
#include "uri.h"

static as_span after(as_span text, apr_size_t n)
{
    return (as_span){ text.at + n, text.len - n };
}

static apr_size_t find(as_span text, char c)
{
    const char *found = text.len ? memchr(text.at, c, text.len) : NULL;

    return found ? (apr_size_t)(found - text.at) : text.len;
}

/* ---- targets, RFC 9112 section 3.2 ----------------------------------- */

int aws4_escape(char *octet, as_span rest)
{
    unsigned char decoded;

    if (rest.len < 3 || *rest.at != '%'
        || !as_hex_take(&decoded, (as_span){ rest.at + 1, 2 }))
        return 0;
    *octet = (char)decoded;
    return 1;
}

static int is_clean(as_span text)
{
    char unused;

    for (; text.len; text = after(text, 1)) {
        if (apr_iscntrl(*text.at) || *text.at == '#')
            return 0;
        if (*text.at == '%' && !aws4_escape(&unused, text))
            return 0;
    }
    return 1;
}

/* Moves past scheme "://" authority, if the target begins with a scheme. */
static int skip_origin(as_span *text)
{
    apr_size_t n = 0;

    while (n < text->len
           && (apr_isalnum(text->at[n]) || strchr("+-.", text->at[n])))
        n++;
    if (n == 0 || text->len - n < 3 || memcmp(text->at + n, "://", 3) != 0)
        return 0;
    *text = after(*text, n + 3);
    for (n = 0; n < text->len && text->at[n] != '/' && text->at[n] != '?';)
        n++;
    *text = after(*text, n);
    return 1;
}

apr_status_t aws4_target_read(aws4_target *target, as_span text)
{
    apr_size_t n;

    if (!text.len || !is_clean(text))
        return APR_EINVAL;
    if (*text.at != '/' && !skip_origin(&text))
        return APR_EINVAL;
    n = find(text, '?');
    target->path = n ? (as_span){ text.at, n } : as_span_of("/");
    target->query = n < text.len ? after(text, n + 1) : as_span_of("");
    return APR_SUCCESS;
}

/* ---- queries --------------------------------------------------------- */

static apr_status_t decode(as_span *out, as_span from, aws4_plus plus,
                           apr_pool_t *pool)
{
    char *text = apr_palloc(pool, from.len + 1), *to = text;

    for (; from.len; from = after(from, 1)) {
        *to = *from.at;
        if (*to == '+' && plus == AWS4_PLUS_SPACE)
            *to = ' ';
        if (*from.at == '%') {
            if (!aws4_escape(to, from))
                return APR_EINVAL;
            from = after(from, 2);
        }
        to++;
    }
    *to = '\0';
    *out = (as_span){ text, (apr_size_t)(to - text) };
    return APR_SUCCESS;
}

static apr_status_t take_param(aws4_param *param, as_span piece,
                               aws4_plus plus, apr_pool_t *pool)
{
    apr_size_t n = find(piece, '=');
    as_span name = { piece.at, n };
    as_span value = after(piece, n < piece.len ? n + 1 : n);
    apr_status_t rv = decode(&param->name, name, plus, pool);

    return rv == APR_SUCCESS ? decode(&param->value, value, plus, pool) : rv;
}

/* The next piece that is not empty. */
static int take_piece(as_span *piece, as_span *rest)
{
    while (rest->len && *rest->at == '&')
        *rest = after(*rest, 1);
    *piece = (as_span){ rest->at, find(*rest, '&') };
    *rest = after(*rest, piece->len);
    return piece->len > 0;
}

static int count_pieces(as_span rest)
{
    as_span piece;
    int count = 0;

    while (count <= AWS4_PARAMS_MAX && take_piece(&piece, &rest))
        count++;
    return count;
}

apr_status_t aws4_query_read(aws4_query *query, as_span text, aws4_plus plus,
                             apr_pool_t *pool)
{
    int count = count_pieces(text);
    apr_status_t rv = APR_SUCCESS;
    as_span piece;

    memset(query, 0, sizeof(*query));
    if (count > AWS4_PARAMS_MAX)
        return APR_ENOSPC;
    query->params = apr_palloc(pool, sizeof(aws4_param) * (apr_size_t)count);
    while (rv == APR_SUCCESS && take_piece(&piece, &text))
        rv = take_param(&query->params[query->count++], piece, plus, pool);
    return rv;
}

/* ---- encoding -------------------------------------------------------- */

/* unreserved, RFC 3986 section 2.3 */
static int is_unreserved(char c)
{
    return apr_isascii(c)
           && (apr_isalnum(c) || c == '-' || c == '.' || c == '_'
               || c == '~');
}

char *aws4_encode(char *to, as_span text, const char *keep)
{
    static const char digits[] = "0123456789ABCDEF";
    apr_size_t i;

    for (i = 0; i < text.len; i++) {
        unsigned char octet = (unsigned char)text.at[i];

        if (is_unreserved(text.at[i]) || (octet && strchr(keep, octet))) {
            *to++ = text.at[i];
            continue;
        }
        *to++ = '%';
        *to++ = digits[octet >> 4];
        *to++ = digits[octet & 0xf];
    }
    return to;
}
