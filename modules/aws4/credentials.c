/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include <strings.h>

#include "credentials.h"
#include "date.h"
#include "extended.h"
#include "grammar.h"
#include "hex.h"
#include "uri.h"

#define ALGORITHM "AWS4-HMAC-SHA256"
#define TERMINATOR "aws4_request"

/* ---- parts of both forms --------------------------------------------- */

static as_span after(as_span text, apr_size_t n)
{
    return (as_span){ text.at + n, text.len - n };
}

static int is_visible(as_span text)
{
    apr_size_t i;

    for (i = 0; i < text.len; i++)
        if ((unsigned char)text.at[i] <= ' ' || text.at[i] == 0x7f)
            return 0;
    return text.len > 0;
}

/* What stands after the last "/" of rest, which loses both. */
static int take_last(as_span *part, as_span *rest)
{
    apr_size_t n = rest->len;

    while (n && rest->at[n - 1] != '/')
        n--;
    if (n == 0 || n == rest->len)
        return 0;
    *part = after(*rest, n);
    rest->len = n - 1;
    return 1;
}

/* id/day/region/service/aws4_request, from the right: an id may have "/". */
static const char *take_credential(aws4_request_credentials *out,
                                   as_span text)
{
    as_span rest = text, terminator;

    if (!is_visible(text) || !take_last(&terminator, &rest)
        || !take_last(&out->service, &rest) || !take_last(&out->region, &rest)
        || !take_last(&out->day, &rest) || !rest.len)
        return "the credential is not five parts";
    if (!as_span_is(terminator, TERMINATOR))
        return "the scope does not end in " TERMINATOR;
    if (!aws4_is_day(out->day))
        return "the scope's day is none";
    out->key_id = rest;
    out->scope = after(text, (apr_size_t)(out->day.at - text.at));
    return NULL;
}

static int compare(as_span a, as_span b)
{
    int order = memcmp(a.at, b.at, a.len < b.len ? a.len : b.len);

    return order ? order : (a.len > b.len) - (a.len < b.len);
}

/* A token in lower case, and all of it. */
static int is_name(as_span text)
{
    as_span token, rest = text;
    apr_size_t i;

    for (i = 0; i < text.len; i++)
        if (apr_isupper(text.at[i]))
            return 0;
    return as_take_token(&token, &rest) == APR_SUCCESS && !rest.len;
}

static const char *take_name(aws4_request_credentials *out, as_span name)
{
    if (out->name_count == AWS4_NAMES_MAX)
        return "too many signed headers";
    if (!is_name(name))
        return "a signed header is no name in lower case";
    if (out->name_count
        && compare(out->names[out->name_count - 1], name) >= 0)
        return "signed headers are not in ascending order";
    out->names[out->name_count++] = name;
    return NULL;
}

static const char *take_names(aws4_request_credentials *out, as_span text)
{
    const char *wrong = NULL;
    as_span rest = text;

    out->signed_headers = text;
    while (!wrong) {
        const char *end = rest.len ? memchr(rest.at, ';', rest.len) : NULL;
        apr_size_t len = end ? (apr_size_t)(end - rest.at) : rest.len;

        wrong = take_name(out, (as_span){ rest.at, len });
        if (!end)
            break;
        rest = after(rest, len + 1);
    }
    return wrong;
}

static const char *take_signature(aws4_request_credentials *out,
                                  as_span text)
{
    apr_size_t i;

    for (i = 0; i < text.len; i++)
        if (apr_isupper(text.at[i]))
            return "the signature is not in lower case";
    if (text.len != (apr_size_t)2 * AS_SHA256_LEN
        || !as_hex_take(out->signature, text))
        return "the signature is not 64 hexadecimal digits";
    return NULL;
}

int aws4_signs(const aws4_request_credentials *credentials, as_span name)
{
    int i = credentials->name_count;

    while (--i >= 0
           && (name.len != credentials->names[i].len
               || strncasecmp(name.at, credentials->names[i].at, name.len)))
        ;
    return i >= 0;
}

/* ---- Authorization --------------------------------------------------- */

static const struct {
    const char *name;
    const char *(*take)(aws4_request_credentials *out, as_span text);
} items[] = {
    { "Credential", take_credential },
    { "SignedHeaders", take_names },
    { "Signature", take_signature },
};

#define ITEMS ((int)(sizeof(items) / sizeof(items[0])))
#define ALL_ITEMS ((1 << ITEMS) - 1)

static as_span trimmed(as_span text)
{
    as_skip_blanks(&text);
    while (text.len && (text.at[text.len - 1] == ' '
                        || text.at[text.len - 1] == '\t'))
        text.len--;
    return text;
}

static const char *take_item(aws4_request_credentials *out, int *seen,
                             as_span item)
{
    const char *equals = item.len ? memchr(item.at, '=', item.len) : NULL;
    apr_size_t len = equals ? (apr_size_t)(equals - item.at) : item.len;
    int i = ITEMS;

    while (--i >= 0 && !as_span_is((as_span){ item.at, len }, items[i].name))
        ;
    if (i < 0 || !equals)
        return "something that is no Credential, SignedHeaders or Signature";
    if (*seen & 1 << i)
        return "an item is there twice";
    *seen |= 1 << i;
    return items[i].take(out, after(item, len + 1));
}

/* curl 8.21 and later percent-encode the id. */
static void set_alt(aws4_request_credentials *out, apr_pool_t *pool)
{
    as_span decoded;

    if (memchr(out->key_id.at, '%', out->key_id.len)
        && as_percent_decode(&decoded, out->key_id, pool) == APR_SUCCESS
        && is_visible(decoded))
        out->key_alt = decoded;
}

aws4_fault aws4_read_header(aws4_request_credentials *out, const char **why,
                            as_span text, apr_pool_t *pool)
{
    int seen = 0, is_more = 1;

    memset(out, 0, sizeof(*out));
    *why = NULL;
    while (!*why && is_more) {
        const char *comma = text.len ? memchr(text.at, ',', text.len) : NULL;
        apr_size_t len = comma ? (apr_size_t)(comma - text.at) : text.len;

        *why = take_item(out, &seen, trimmed((as_span){ text.at, len }));
        is_more = comma != NULL;
        text = after(text, len + (apr_size_t)is_more);
    }
    if (!*why && seen != ALL_ITEMS)
        *why = "Credential, SignedHeaders or Signature is missing";
    if (*why)
        return AWS4_MALFORMED;
    set_alt(out, pool);
    return AWS4_OK;
}

/* ---- presigned URLs -------------------------------------------------- */

static const char *take_date(aws4_request_credentials *out, as_span text)
{
    out->date = text;
    return text.len == AWS4_DATE_LEN ? NULL : "X-Amz-Date is no long date";
}

static int natural(as_span digits)
{
    int value = 0;

    for (; digits.len; digits = after(digits, 1))
        value = 10 * value + (*digits.at - '0');
    return value;
}

static const char *take_expires(aws4_request_credentials *out, as_span text)
{
    apr_size_t i;

    for (i = 0; i < text.len; i++)
        if (!apr_isdigit(text.at[i]))
            return "X-Amz-Expires is no number";
    out->expires = text.len <= 6 ? natural(text) : -1;
    if (out->expires < 1 || out->expires > AWS4_EXPIRES_MAX)
        return "X-Amz-Expires is not from 1 to 604800";
    return NULL;
}

static const char *take_token(aws4_request_credentials *out, as_span text)
{
    out->token = text;
    return is_visible(text) ? NULL : "X-Amz-Security-Token is no token";
}

static const char *take_sha256(aws4_request_credentials *out, as_span text)
{
    out->content_sha256 = text;
    return NULL;
}

enum { NEEDED = 1, MARK = 2 }; /* a MARK says that it is an attempt */

static const struct {
    const char *name;
    int is;
    /* NULL for what has been looked at before */
    const char *(*take)(aws4_request_credentials *out, as_span text);
} known[] = {
    { "X-Amz-Algorithm", NEEDED | MARK, NULL },
    { "X-Amz-Credential", NEEDED | MARK, take_credential },
    { "X-Amz-Date", NEEDED | MARK, take_date },
    { "X-Amz-Expires", MARK, take_expires },
    { "X-Amz-SignedHeaders", NEEDED | MARK, take_names },
    { "X-Amz-Signature", NEEDED | MARK, take_signature },
    { "X-Amz-Security-Token", 0, take_token },
    { "X-Amz-Content-Sha256", 0, take_sha256 },
};

#define KNOWN ((int)(sizeof(known) / sizeof(known[0])))

static int find_known(as_span name)
{
    int i = KNOWN;

    while (--i >= 0 && !as_span_is(name, known[i].name))
        ;
    return i;
}

static const as_span *find_param(const aws4_query *query, const char *name)
{
    int i;

    for (i = 0; i < query->count; i++)
        if (as_span_is(query->params[i].name, name))
            return &query->params[i].value;
    return NULL;
}

static int is_attempt(const aws4_query *query)
{
    int i;

    for (i = 0; i < KNOWN; i++)
        if (known[i].is & MARK && find_param(query, known[i].name))
            return 1;
    return 0;
}

static const char *take_params(aws4_request_credentials *out,
                               const aws4_query *query)
{
    const char *wrong = NULL;
    int i, which, seen = 0;

    for (i = 0; !wrong && i < query->count; i++) {
        which = find_known(query->params[i].name);
        if (which < 0)
            continue;
        if (seen & 1 << which)
            return "a parameter of the signature is there twice";
        seen |= 1 << which;
        if (known[which].take)
            wrong = known[which].take(out, query->params[i].value);
    }
    for (i = 0; !wrong && i < KNOWN; i++)
        if (known[i].is & NEEDED && !(seen & 1 << i))
            wrong = "a parameter of the signature is missing";
    return wrong;
}

static aws4_fault read_params(aws4_request_credentials *out,
                              const char **why, const aws4_query *query)
{
    const as_span *algorithm = find_param(query, "X-Amz-Algorithm");

    memset(out, 0, sizeof(*out));
    out->is_query = 1;
    *why = "X-Amz-Algorithm is not " ALGORITHM;
    if (algorithm && !as_span_is(*algorithm, ALGORITHM))
        return AWS4_OTHER_ALGORITHM;
    *why = take_params(out, query);
    return *why ? AWS4_QUERY_MALFORMED : AWS4_OK;
}

static int is_sigv2(const aws4_query *query)
{
    return find_param(query, "AWSAccessKeyId")
           && find_param(query, "Signature");
}

static aws4_fault read_query(aws4_query *query, const char **why,
                             as_span text, apr_pool_t *pool)
{
    apr_status_t rv = aws4_query_read(query, text, AWS4_PLUS_SPACE, pool);

    *why = rv == APR_ENOSPC ? "too many parameters in the query"
                            : "a broken escape in the query";
    return rv == APR_SUCCESS ? AWS4_OK : AWS4_TARGET;
}

aws4_fault aws4_read_query(aws4_request_credentials *out, const char **why,
                           as_span text, apr_pool_t *pool)
{
    aws4_query query;

    /* Other requests than ours may have any query. */
    if (read_query(&query, why, text, pool) != AWS4_OK)
        return strstr(as_string(pool, text), "X-Amz-Sig") ? AWS4_TARGET
                                                          : AWS4_NONE;
    if (is_attempt(&query))
        return read_params(out, why, &query);
    *why = "SigV2 is not supported: set signature_version to s3v4";
    if (is_sigv2(&query))
        return AWS4_OTHER_ALGORITHM;
    *why = "no signature in the query";
    return AWS4_NONE;
}

/* ---- both ------------------------------------------------------------ */

/* SigV2, SigV4A and what curl calls providers: AWS, OSC4-HMAC-SHA256, ... */
static int is_relative(as_span scheme)
{
    static const char end[] = "4-HMAC-SHA256";
    apr_size_t len = sizeof(end) - 1;

    if (as_span_is_nocase(scheme, "AWS")
        || as_span_is_nocase(scheme, "AWS4-ECDSA-P256-SHA256"))
        return 1;
    return scheme.len > len
           && as_span_is_nocase(after(scheme, scheme.len - len), end);
}

/* The scheme, and what follows it and its blanks. */
static int take_scheme(as_span *scheme, as_span *rest)
{
    as_skip_blanks(rest);
    if (as_take_token(scheme, rest) == APR_SUCCESS
        && (!rest->len || *rest->at == ' ' || *rest->at == '\t')) {
        as_skip_blanks(rest);
        return 1;
    }
    *scheme = (as_span){ "", 0 };
    return 0;
}

/* Where the header is none of ours, the query counts. */
static aws4_fault read_other(aws4_request_credentials *out, const char **why,
                             as_span scheme, as_span target, apr_pool_t *pool)
{
    aws4_target parts;
    aws4_fault fault = AWS4_NONE;

    *why = "no signature";
    if (aws4_target_read(&parts, target) == APR_SUCCESS)
        fault = aws4_read_query(out, why, parts.query, pool);
    if (fault != AWS4_NONE || !is_relative(scheme))
        return fault;
    *why = as_span_is_nocase(scheme, "AWS")
               ? "SigV2 is not supported: set signature_version to s3v4"
               : "another algorithm than " ALGORITHM;
    return AWS4_OTHER_ALGORITHM;
}

aws4_fault aws4_read(aws4_request_credentials *out, const char **why,
                     as_span authorization, as_span target,
                     apr_pool_t *pool)
{
    as_span scheme = { "", 0 }, rest = authorization;
    aws4_target parts;
    aws4_query query;

    if (!authorization.at || !take_scheme(&scheme, &rest)
        || !as_span_is_nocase(scheme, ALGORITHM))
        return read_other(out, why, scheme, target, pool);
    *why = "nothing that can be signed as a target";
    if (aws4_target_read(&parts, target) != APR_SUCCESS
        || read_query(&query, why, parts.query, pool) != AWS4_OK)
        return AWS4_TARGET;
    *why = "signatures in Authorization and in the query";
    if (is_attempt(&query))
        return AWS4_TWO_FORMS;
    return aws4_read_header(out, why, rest, pool);
}
