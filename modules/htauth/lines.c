/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Lines that were written for other programs. What can't work is refused here
 * with its reason, rather than found out by the user.
 */
#include "digest_hash.h"
#include "htauth.h"
#include "lines.h"
#include "password.h"

#define CRYPT64 "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define DES_LEN 13

/* ---- lines and fields ------------------------------------------------ */

int ht_line_next(as_span *line, as_span *rest)
{
    const char *end;

    if (rest->len == 0)
        return 0;
    end = memchr(rest->at, '\n', rest->len);
    *line = (as_span){ rest->at, end ? (apr_size_t)(end - rest->at)
                                     : rest->len };
    rest->at += line->len + (end ? 1 : 0);
    rest->len -= line->len + (end ? 1 : 0);
    if (line->len && line->at[line->len - 1] == '\r')
        line->len--;
    return 1;
}

int ht_line_is_empty(as_span line)
{
    while (line.len && apr_isspace(*line.at))
        line = (as_span){ line.at + 1, line.len - 1 };
    return line.len == 0 || *line.at == '#';
}

/* What stands before the colon; 0 if there is none. */
static int take_field(as_span *field, as_span *rest)
{
    const char *colon = rest->len ? memchr(rest->at, ':', rest->len) : NULL;
    apr_size_t len;

    if (!colon)
        return 0;
    len = (apr_size_t)(colon - rest->at);
    *field = (as_span){ rest->at, len };
    *rest = (as_span){ colon + 1, rest->len - len - 1 };
    return 1;
}

static as_span until_colon(as_span text)
{
    as_span field = text;

    take_field(&field, &text);
    return field;
}

/* ---- htpasswd -------------------------------------------------------- */

static int consists_of(as_span text, const char *letters)
{
    apr_size_t i;

    for (i = 0; i < text.len; i++)
        if (!text.at[i] || !strchr(letters, text.at[i]))
            return 0;
    return 1;
}

static const char *why_no_hash(as_span hash)
{
    if (hash.len == 0)
        return "there is no hash";
    if (hash.len == DES_LEN && consists_of(hash, CRYPT64))
        return "DES crypt, which only looks at eight letters: set a new "
               "password";
    if (*hash.at == '$' || *hash.at == '{')
        return "a hash that can't be used: of another kind, cut short, or too "
               "costly";
    return "this is no hash, perhaps a password in the clear: set a new one";
}

const char *ht_line_htpasswd(ht_line *parsed, as_span line)
{
    const char *why;
    unsigned int cost;

    memset(parsed, 0, sizeof(*parsed));
    if (line.len > HT_LINE_MAX)
        return "the line is too long";
    if (!take_field(&parsed->user, &line))
        return "there is no colon";
    why = ht_name_misfit(parsed->user);
    if (why)
        return why;
    parsed->algorithm = "";
    parsed->value = until_colon(line);
    return as_password_scheme_of(&cost, parsed->value)
               ? NULL : why_no_hash(parsed->value);
}

/* ---- htdigest -------------------------------------------------------- */

static const as_digest_alg *algorithm_of(as_span *hex)
{
    const char *equals = hex->len ? memchr(hex->at, '=', hex->len) : NULL;
    const as_digest_alg *alg;

    if (!equals)
        return as_digest_alg_find(as_span_of(hex->len == 32 ? "MD5"
                                                            : "SHA-256"));
    alg = as_digest_alg_find((as_span){ hex->at,
                                        (apr_size_t)(equals - hex->at) });
    hex->len -= (apr_size_t)(equals + 1 - hex->at);
    hex->at = equals + 1;
    return alg && !alg->is_session ? alg : NULL;
}

static int is_hex(as_span text, apr_size_t len)
{
    return text.len == len && consists_of(text, "0123456789abcdefABCDEF");
}

static as_span lower(as_span text, apr_pool_t *pool)
{
    char *made = apr_pstrmemdup(pool, text.at, text.len);
    apr_size_t i;

    for (i = 0; i < text.len; i++)
        made[i] = (char)apr_tolower(made[i]);
    return (as_span){ made, text.len };
}

/* lighttpd's fourth field: H(user ":" realm) */
static int is_userhash(as_span text, const ht_line *parsed,
                       const as_digest_alg *alg)
{
    const as_span parts[] = { parsed->user, parsed->realm };
    char hex[AS_DIGEST_HEX_MAX + 1];

    return as_digest_hash(hex, alg, parts, 2) == APR_SUCCESS
           && as_span_is_nocase(text, hex);
}

static const char *take_digest(ht_line *parsed, as_span rest,
                               apr_pool_t *pool)
{
    as_span hex = rest, userhash = { NULL, 0 };
    const as_digest_alg *alg;

    if (take_field(&hex, &rest))
        userhash = rest;
    alg = algorithm_of(&hex);
    if (!alg)
        return "the hash's algorithm is none of MD5, SHA-256, SHA-512-256";
    if (!is_hex(hex, alg->hex_len))
        return "the hash is not 32 or 64 hexadecimal digits";
    if (userhash.at && !is_userhash(userhash, parsed, alg))
        return "the fourth field is not the hash of this user and realm";
    parsed->algorithm = alg->base;
    parsed->value = lower(hex, pool);
    return NULL;
}

const char *ht_line_htdigest(ht_line *parsed, as_span line, apr_pool_t *pool)
{
    const char *why;

    memset(parsed, 0, sizeof(*parsed));
    if (line.len > HT_LINE_MAX)
        return "the line is too long";
    if (!take_field(&parsed->user, &line)
        || !take_field(&parsed->realm, &line))
        return "the line is not user:realm:hash";
    why = ht_name_misfit(parsed->user);
    if (why)
        return why;
    if (ht_name_misfit(parsed->realm))
        return "the realm is empty, or has letters that it may not have";
    return take_digest(parsed, line, pool);
}
