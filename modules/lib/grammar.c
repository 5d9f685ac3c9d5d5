/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Credentials, RFC 9110 section 11.4:
 *
 *     credentials   = auth-scheme [ 1*SP ( token68 / #auth-param ) ]
 *     auth-param    = token BWS "=" BWS ( token / quoted-string )
 *     token68       = 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" )
 *                     *"="
 *     #x            = [ x ] *( OWS "," OWS [ x ] )
 */
#include "grammar.h"

/* Classes of characters, in bits. Letters and digits are of both; a token of
 * a thousand letters passes here before anybody knows who sends it. */
enum { TCHAR = 1, TOKEN68 = 2, BOTH = 3 };

#define FIVE BOTH, BOTH, BOTH, BOTH, BOTH

static const unsigned char classes[256] = {
    ['0'] = FIVE, FIVE,
    ['A'] = FIVE, FIVE, FIVE, FIVE, FIVE, BOTH,
    ['a'] = FIVE, FIVE, FIVE, FIVE, FIVE, BOTH,
    ['-'] = BOTH, ['.'] = BOTH, ['_'] = BOTH, ['~'] = BOTH, ['+'] = BOTH,
    ['/'] = TOKEN68,
    ['!'] = TCHAR, ['#'] = TCHAR, ['$'] = TCHAR, ['%'] = TCHAR, ['&'] = TCHAR,
    ['\''] = TCHAR, ['*'] = TCHAR, ['^'] = TCHAR, ['`'] = TCHAR,
    ['|'] = TCHAR,
};

/* RFC 9110 section 5.6.2 */
static int is_tchar(char c)
{
    return classes[(unsigned char)c] & TCHAR;
}

static int is_token68(char c)
{
    return classes[(unsigned char)c] & TOKEN68;
}

static int is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* qdtext and what may follow a backslash, RFC 9110 section 5.6.4 */
static int is_text(char c)
{
    unsigned char u = (unsigned char)c;

    return u == '\t' || (u >= 0x20 && u != 0x7f);
}

static void skip(as_span *rest, apr_size_t n)
{
    rest->at += n;
    rest->len -= n;
}

void as_skip_blanks(as_span *rest)
{
    while (rest->len && is_blank(*rest->at))
        skip(rest, 1);
}

apr_status_t as_take_token(as_span *token, as_span *rest)
{
    apr_size_t n = 0;

    while (n < rest->len && is_tchar(rest->at[n]))
        n++;
    if (n == 0)
        return APR_EINVAL;

    *token = (as_span){ rest->at, n };
    skip(rest, n);
    return APR_SUCCESS;
}

static apr_status_t take_quoted(as_param *param, as_span *rest)
{
    apr_size_t n;

    for (n = 1; n < rest->len && rest->at[n] != '"'; n++) {
        if (rest->at[n] == '\\') {
            param->escaped = 1;
            n++;
        }
        if (n >= rest->len || !is_text(rest->at[n]))
            return APR_EINVAL;
    }
    if (n >= rest->len)
        return APR_EINVAL;

    param->value = (as_span){ rest->at + 1, n - 1 };
    skip(rest, n + 1);
    return APR_SUCCESS;
}

static apr_status_t take_param(as_param *param, as_span *rest)
{
    memset(param, 0, sizeof(*param));
    if (as_take_token(&param->name, rest) != APR_SUCCESS)
        return APR_EINVAL;
    as_skip_blanks(rest);
    if (!rest->len || *rest->at != '=')
        return APR_EINVAL;
    skip(rest, 1);
    as_skip_blanks(rest);
    if (rest->len && *rest->at == '"')
        return take_quoted(param, rest);
    return as_take_token(&param->value, rest);
}

static int same_name(as_span a, as_span b)
{
    apr_size_t i;

    if (a.len != b.len)
        return 0;
    for (i = 0; i < a.len; i++)
        if (apr_tolower(a.at[i]) != apr_tolower(b.at[i]))
            return 0;
    return 1;
}

static int is_new(const as_param *params, int count, as_span name)
{
    int i;

    for (i = 0; i < count; i++)
        if (same_name(params[i].name, name))
            return 0;
    return 1;
}

/* Reads into a table that the caller sized AS_PARAMS_MAX. */
static apr_status_t take_params(as_param *params, int *count, as_span rest)
{
    *count = 0;
    while (rest.len) {
        if (is_blank(*rest.at) || *rest.at == ',') {
            skip(&rest, 1);
            continue;
        }
        if (*count == AS_PARAMS_MAX)
            return APR_EINVAL;
        if (take_param(&params[*count], &rest) != APR_SUCCESS
            || !is_new(params, *count, params[*count].name))
            return APR_EINVAL;
        (*count)++;
        as_skip_blanks(&rest);
        if (rest.len && *rest.at != ',')
            return APR_EINVAL;
    }
    return *count ? APR_SUCCESS : APR_EINVAL;
}

/* One token68 up to the end, with blanks after it at most. */
static int take_token68(as_span *token68, as_span rest)
{
    apr_size_t n = 0;

    while (n < rest.len && is_token68(rest.at[n]))
        n++;
    if (n == 0)
        return 0;
    while (n < rest.len && rest.at[n] == '=')
        n++;
    *token68 = (as_span){ rest.at, n };
    skip(&rest, n);
    as_skip_blanks(&rest);
    return rest.len == 0;
}

apr_status_t as_credentials_parse(as_credentials *out, as_span value,
                                  apr_pool_t *pool)
{
    as_param params[AS_PARAMS_MAX];

    memset(out, 0, sizeof(*out));
    as_skip_blanks(&value);
    if (as_take_token(&out->scheme, &value) != APR_SUCCESS)
        return APR_EINVAL;
    if (value.len && !is_blank(*value.at))
        return APR_EINVAL;
    as_skip_blanks(&value);
    out->raw = value;
    if (!value.len)
        return APR_SUCCESS;

    if (take_token68(&out->token68, value)) {
        out->form = AS_FORM_TOKEN68;
        return APR_SUCCESS;
    }
    if (take_params(params, &out->count, value) != APR_SUCCESS) {
        out->count = 0;
        return APR_EINVAL;
    }
    out->form = AS_FORM_PARAMS;
    out->params = apr_pmemdup(pool, params, sizeof(params[0]) * out->count);
    return APR_SUCCESS;
}

/* Moves to the first comma outside of quotes; 0 if there is none. */
static int skip_to_comma(as_span *rest)
{
    int quoted = 0;

    for (; rest->len; skip(rest, 1)) {
        if (quoted && *rest->at == '\\' && rest->len > 1)
            skip(rest, 1);
        else if (*rest->at == '"')
            quoted = !quoted;
        else if (*rest->at == ',' && !quoted)
            return 1;
    }
    return 0;
}

/* Blanks, then token68, then a comma. */
static int token68_then_comma(as_span rest)
{
    as_skip_blanks(&rest);
    if (!rest.len || !is_token68(*rest.at))
        return 0;
    while (rest.len && is_token68(*rest.at))
        skip(&rest, 1);
    while (rest.len && *rest.at == '=')
        skip(&rest, 1);
    as_skip_blanks(&rest);
    return rest.len && *rest.at == ',';
}

int as_is_joined(as_span value)
{
    as_span word;

    as_skip_blanks(&value);
    if (as_take_token(&word, &value) == APR_SUCCESS
        && token68_then_comma(value))
        return 1;
    while (skip_to_comma(&value)) {
        skip(&value, 1);
        as_skip_blanks(&value);
        if (as_take_token(&word, &value) != APR_SUCCESS)
            continue;
        as_skip_blanks(&value);
        if (!value.len || (*value.at != '=' && *value.at != ','))
            return 1;
    }
    return 0;
}

int as_realm_hides_scheme(as_span realm)
{
    static const char *const names[] = { "Basic", "Digest", "Bearer",
                                         "Negotiate", "NTLM" };
    apr_size_t i, k;

    for (i = 0; i < realm.len; i++) {
        as_span rest = { realm.at + i + 1, realm.len - i - 1 };
        as_span word;

        if (realm.at[i] != ',')
            continue;
        as_skip_blanks(&rest);
        if (as_take_token(&word, &rest) != APR_SUCCESS)
            continue;
        for (k = 0; k < sizeof(names) / sizeof(names[0]); k++)
            if (as_span_is_nocase(word, names[k]))
                return 1;
    }
    return 0;
}
