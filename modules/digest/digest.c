/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "digest.h"
#include "extended.h"
#include "hex.h"
#include "secret.h"
#include "text.h"

/* ---- characters ------------------------------------------------------ */

static int is_hex(as_span text)
{
    apr_size_t i;

    for (i = 0; i < text.len; i++)
        if (as_hex_digit(text.at[i]) < 0)
            return 0;
    return 1;
}

/* What may go back to the client between quotes. */
static int is_printable(as_span text)
{
    apr_size_t i;

    for (i = 0; i < text.len; i++)
        if (text.at[i] < 0x20 || text.at[i] > 0x7e)
            return 0;
    return 1;
}

static as_span lower(as_span text, apr_pool_t *pool)
{
    char *out = apr_palloc(pool, text.len + 1);
    apr_size_t i;

    for (i = 0; i < text.len; i++)
        out[i] = (char)apr_tolower(text.at[i]);
    out[text.len] = '\0';
    return (as_span){ out, text.len };
}

/* ---- names ----------------------------------------------------------- */

static int is_name(as_span text)
{
    return text.len && as_text_is_utf8(text) && !as_text_has_controls(text);
}

int digest_respelt(as_span *name, as_span user, apr_pool_t *pool)
{
    if (!as_text_is_utf8(user)) {
        *name = as_span_of(as_text_of_latin1(pool, user));
        return is_name(*name);
    }
    return user.len && is_printable(user) && memchr(user.at, '%', user.len)
           && as_percent_decode(name, user, pool) == APR_SUCCESS
           && is_name(*name) && !as_text_is_ascii(*name);
}

/* ---- what the client sent -------------------------------------------- */

static int is_quoted(const as_param *param)
{
    return param->value.at[-1] == '"';
}

/* A parameter's value, empty if it is absent. */
static as_span take(const as_credentials *sent, const char *name,
                    apr_pool_t *pool)
{
    const as_param *param = as_param_find(sent, name);

    return param ? as_param_value(pool, param) : (as_span){ "", 0 };
}

static const char *take_user(digest_answer *a, const as_credentials *sent,
                             apr_pool_t *pool)
{
    const as_param *plain = as_param_find(sent, "username");
    const as_param *extended = as_param_find(sent, "username*");
    as_span userhash = take(sent, "userhash", pool);

    if (plain && extended)
        return "username and username* at once";
    if (!plain && !extended)
        return "no username";
    a->is_hashed = as_span_is_nocase(userhash, "true");
    if (userhash.len && !a->is_hashed
        && !as_span_is_nocase(userhash, "false"))
        return "userhash is neither true nor false";
    if (extended && a->is_hashed)
        return "username* with userhash=true";
    if (plain) {
        a->user = as_param_value(pool, plain);
        if (a->is_hashed)
            a->user = lower(a->user, pool);
        return NULL;
    }
    if (is_quoted(extended)
        || as_extended_value(&a->user, extended->value, pool) != APR_SUCCESS
        || !is_name(a->user))
        return "username* is not UTF-8 as RFC 8187 writes it";
    return NULL;
}

/* Eight hexadecimal digits. */
static const char *take_count(digest_answer *a)
{
    apr_size_t i;

    if (a->nc.len != 8 || !is_hex(a->nc))
        return "nc is not eight hexadecimal digits";
    for (i = 0; i < 8; i++)
        a->count = a->count << 4 | (apr_uint32_t)as_hex_digit(a->nc.at[i]);
    return NULL;
}

static const char *take_counted(digest_answer *a, const as_credentials *sent,
                                apr_pool_t *pool)
{
    const as_param *cnonce = as_param_find(sent, "cnonce");

    a->qop = take(sent, "qop", pool);
    a->nc = take(sent, "nc", pool);
    if (cnonce) {
        a->cnonce_sent = cnonce->value;
        a->cnonce = as_param_value(pool, cnonce);
    }
    if (!a->qop.len)
        return NULL;
    if (!a->cnonce.len)
        return "no cnonce";
    if (a->cnonce.len > DIGEST_CNONCE_MAX || !is_printable(a->cnonce))
        return "cnonce is too long or not printable";
    return take_count(a);
}

static const char *take_response(digest_answer *a, const as_credentials *sent,
                                 apr_pool_t *pool)
{
    a->algorithm = take(sent, "algorithm", pool);
    if (!a->algorithm.len)
        a->algorithm = as_span_of("MD5");
    a->alg = as_digest_alg_find(a->algorithm);
    a->response = take(sent, "response", pool);
    if (!a->response.len)
        return "no response";
    if (!is_hex(a->response)
        || (a->alg && a->response.len != a->alg->hex_len))
        return "response is not a hash of the algorithm in hexadecimal";
    a->response = lower(a->response, pool);
    return NULL;
}

static const char *check_lengths(const as_credentials *sent)
{
    int i;

    for (i = 0; i < sent->count; i++)
        if (sent->params[i].value.len > DIGEST_VALUE_MAX
            && !as_span_is_nocase(sent->params[i].name, "uri"))
            return "a parameter is too long";
    return NULL;
}

const char *digest_parse(digest_answer *a, const as_credentials *sent,
                         apr_pool_t *pool)
{
    const char *why = check_lengths(sent);

    memset(a, 0, sizeof(*a));
    if (!why)
        why = take_user(a, sent, pool);
    if (!why && !as_param_find(sent, "realm"))
        why = "no realm";
    a->realm = take(sent, "realm", pool);
    a->nonce = take(sent, "nonce", pool);
    a->uri = take(sent, "uri", pool);
    if (!why && !a->nonce.len)
        why = "no nonce";
    if (!why && !a->uri.len)
        why = "no uri";
    if (!why)
        why = take_response(a, sent, pool);
    return why ? why : take_counted(a, sent, pool);
}

/* ---- uri ------------------------------------------------------------- */

static int starts_with(as_span text, const char *prefix)
{
    apr_size_t len = strlen(prefix);

    return text.len >= len
           && as_span_is_nocase((as_span){ text.at, len }, prefix);
}

static apr_size_t scheme_len(as_span uri)
{
    if (starts_with(uri, "http://"))
        return 7;
    return starts_with(uri, "https://") ? 8 : 0;
}

/* "host" or "host:port" of an absolute URI. */
static int is_host(as_span authority, const digest_target *target)
{
    apr_size_t len = strlen(target->host), i;
    unsigned int usual = target->tls ? 443 : 80;
    unsigned int port = 0;

    if (!starts_with(authority, target->host))
        return 0;
    if (authority.len == len)
        return target->port == usual;
    if (authority.at[len] != ':' || authority.len > len + 6)
        return 0;
    for (i = len + 1; i < authority.len; i++) {
        if (!apr_isdigit(authority.at[i]))
            return 0;
        port = port * 10 + (unsigned int)(authority.at[i] - '0');
    }
    return port ? port == target->port : target->port == usual;
}

/* What follows the authority of an absolute URI of this server; the whole of
 * any other. */
static as_span local_part(as_span uri, const digest_target *target)
{
    apr_size_t begin = scheme_len(uri), end = begin;

    if (!begin || (begin == 8) != target->tls)
        return uri;
    while (end < uri.len && !strchr("/?#", uri.at[end]))
        end++;
    if (!is_host((as_span){ uri.at + begin, end - begin }, target))
        return uri;
    return (as_span){ uri.at + end, uri.len - end };
}

static int is_same(as_span a, as_span b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

/* An empty path is "/". */
static as_span without_slash(as_span path)
{
    if (path.len && *path.at == '/' && (path.len == 1 || path.at[1] == '?'))
        return (as_span){ path.at + 1, path.len - 1 };
    return path;
}

int digest_uri_fits(as_span uri, const digest_target *target)
{
    if (is_same(uri, target->text))
        return 1;
    if (!target->host || (!scheme_len(uri) && !scheme_len(target->text)))
        return 0;
    return is_same(without_slash(local_part(uri, target)),
                   without_slash(local_part(target->text, target)));
}

/* ---- numbers --------------------------------------------------------- */

apr_status_t digest_key(char key[AS_DIGEST_HEX_MAX + 1],
                        const digest_answer *a, as_span ha1)
{
    as_span parts[] = { ha1, a->nonce, a->cnonce };

    if (a->alg->is_session)
        return as_digest_hash(key, a->alg, parts, 3);
    key[0] = '\0';
    if (ha1.len != a->alg->hex_len)
        return APR_EGENERAL;
    memcpy(key, ha1.at, ha1.len);
    key[ha1.len] = '\0';
    return APR_SUCCESS;
}

apr_status_t digest_response(char hex[AS_DIGEST_HEX_MAX + 1],
                             const digest_answer *a, as_span key,
                             as_span method, as_span body)
{
    char ha2[AS_DIGEST_HEX_MAX + 1];
    as_span a2[] = { method, a->uri, body };
    apr_status_t rv
        = as_digest_hash(ha2, a->alg, a2,
                         as_span_is_nocase(a->qop, "auth-int") ? 3 : 2);
    as_span parts[] = { key, a->nonce, a->nc, a->cnonce, a->qop,
                        as_span_of(ha2) };
    as_span old[] = { key, a->nonce, as_span_of(ha2) };

    hex[0] = '\0';
    if (rv != APR_SUCCESS)
        return rv;
    return a->qop.len ? as_digest_hash(hex, a->alg, parts, 6)
                      : as_digest_hash(hex, a->alg, old, 3);
}
