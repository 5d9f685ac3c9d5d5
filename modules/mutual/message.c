/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include <stddef.h>
#include <strings.h>

#include <openssl/evp.h>

#include "extended.h"
#include "hex.h"
#include "message.h"
#include "secret.h"
#include "text.h"

#define BASE64_MAX (4 * ((AS_MUTUAL_LEN_MAX + 2) / 3))

/* ---- types of values, RFC 8120 section 3.2 --------------------------- */

static int is_token_char(char c)
{
    return apr_isalnum(c) || c == '-' || c == '_';
}

/* bare-token, or extension-token: "-" bare-token 1*("." bare-token) */
static int is_token(as_span text)
{
    apr_size_t i = text.len && text.at[0] == '-', dots = 0, start = i;

    for (; i < text.len; i++) {
        if (i == start ? !apr_isalnum(text.at[i])
                       : text.at[i] != '.' && !is_token_char(text.at[i]))
            return 0;
        if (text.at[i] != '.')
            continue;
        dots++;
        start = i + 1;
    }
    return start < text.len && (text.at[0] == '-' ? dots > 0 : dots == 0);
}

int mutual_natural(apr_uint64_t *number, as_span text)
{
    apr_size_t i;

    *number = 0;
    if (!text.len || (text.len > 1 && text.at[0] == '0'))
        return 0;
    for (i = 0; i < text.len; i++) {
        apr_uint64_t digit = (apr_uint64_t)(text.at[i] - '0');

        if (!apr_isdigit(text.at[i]))
            return 0;
        *number = *number > (APR_UINT64_MAX - digit) / 10
                      ? APR_UINT64_MAX : *number * 10 + digit;
    }
    return 1;
}

static int is_natural(as_span text)
{
    apr_uint64_t unused;

    return mutual_natural(&unused, text);
}

static int is_hex(as_span text)
{
    apr_size_t i;

    for (i = 0; i < text.len; i++)
        if (!apr_isxdigit(text.at[i]))
            return 0;
    return text.len >= 2 && text.len % 2 == 0;
}

/* Names are judged later: a bad one is nobody's, not an error. */
static int is_any(as_span text)
{
    return text.at != NULL;
}

/* ---- numbers --------------------------------------------------------- */

static int take_base64(unsigned char *octets, apr_size_t len, as_span text)
{
    unsigned char decoded[AS_MUTUAL_LEN_MAX + 3];
    char again[BASE64_MAX + 1];
    int is_right = text.len == 4 * ((len + 2) / 3) && text.len <= BASE64_MAX
                   && EVP_DecodeBlock(decoded,
                                      (const unsigned char *)text.at,
                                      (int)text.len) >= (int)len;

    /* OpenSSL takes other spellings, too. */
    if (is_right) {
        EVP_EncodeBlock((unsigned char *)again, decoded, (int)len);
        is_right = as_span_is(text, again);
    }
    if (is_right)
        memcpy(octets, decoded, len);
    return is_right;
}

int mutual_number(unsigned char *octets, apr_size_t len,
                  const as_mutual_alg *alg, as_span text)
{
    if (alg->is_hex)
        return text.len == 2 * len && as_hex_take(octets, text);
    return take_base64(octets, len, text);
}

const char *mutual_number_text(apr_pool_t *pool, const as_mutual_alg *alg,
                               const unsigned char *octets, apr_size_t len)
{
    char text[BASE64_MAX + 1], *hex;

    if (alg->is_hex) {
        hex = apr_palloc(pool, 2 * len + 1);
        as_hex_put(hex, octets, len);
        return hex;
    }
    EVP_EncodeBlock((unsigned char *)text, octets, (int)len);
    return apr_pstrcat(pool, "\"", text, "\"", NULL);
}

/* ---- what a client sends --------------------------------------------- */

static const struct {
    const char *name;
    apr_size_t len; /* of the name */
    apr_size_t at; /* in mutual_params */
    int (*fits)(as_span text);
    const char *misfit;
} known[] = {
#define NAME(name) name, sizeof(name) - 1
#define FIELD(name) offsetof(mutual_params, name)
    { NAME("version"), FIELD(version), is_token, "version is no token" },
    { NAME("algorithm"), FIELD(algorithm), is_token,
      "algorithm is no token" },
    { NAME("validation"), FIELD(validation), is_token,
      "validation is no token" },
    { NAME("auth-scope"), FIELD(scope), as_text_is_utf8,
      "auth-scope is not UTF-8" },
    { NAME("realm"), FIELD(realm), as_text_is_utf8, "realm is not UTF-8" },
    { NAME("user"), FIELD(user), is_any, "" },
    { NAME("kc1"), FIELD(kc1), is_any, "" },
    { NAME("sid"), FIELD(sid), is_hex, "sid is not hexadecimal" },
    { NAME("nc"), FIELD(nc), is_natural, "nc is no natural number" },
    { NAME("vkc"), FIELD(vkc), is_any, "" },
#undef NAME
#undef FIELD
};

static int is_extended(as_span name)
{
    return name.len > 1 && name.at[name.len - 1] == '*';
}

static as_span base_of(as_span name)
{
    return (as_span){ name.at, name.len - (apr_size_t)is_extended(name) };
}

/* prefix and at least one digit; for "vkc" and "vks", none as well */
static int is_numbered(as_span name, as_span prefix, apr_size_t least)
{
    apr_size_t i;

    if (name.len < prefix.len + least
        || strncasecmp(name.at, prefix.at, prefix.len) != 0)
        return 0;
    for (i = prefix.len; i < name.len; i++)
        if (!apr_isdigit(name.at[i]))
            return 0;
    return 1;
}

static void count_exclusive(mutual_params *params, as_span name)
{
    static const as_span kc = { "kc", 2 }, ks = { "ks", 2 };
    static const as_span vkc = { "vkc", 3 }, vks = { "vks", 3 };

    params->exchanges += is_numbered(name, kc, 1);
    params->proofs += is_numbered(name, vkc, 0);
    params->foreign += is_numbered(name, ks, 1) || is_numbered(name, vks, 0);
}

/* name and name*: the parser has refused equal names. */
static int is_twice(const as_credentials *sent, as_span name)
{
    int i, found = 0;

    for (i = 0; i < sent->count; i++) {
        as_span other = base_of(sent->params[i].name);

        found += other.len == name.len
                 && !strncasecmp(other.at, name.at, name.len);
    }
    return found > 1;
}

static int find_known(as_span name)
{
    int i = sizeof(known) / sizeof(known[0]);

    while (--i >= 0 && (name.len != known[i].len
                        || strncasecmp(name.at, known[i].name, name.len)))
        ;
    return i;
}

static const char *take(mutual_params *params, const as_param *param,
                        as_span name, apr_pool_t *pool)
{
    as_span value = as_param_value(pool, param);
    int i = find_known(name);

    if (i < 0)
        return NULL;
    if (is_extended(param->name)) {
        if (known[i].at == offsetof(mutual_params, realm))
            return "realm* is not allowed";
        if (as_extended_value(&value, param->value, pool) != APR_SUCCESS)
            return "an extended value is not UTF-8 as RFC 8187 writes it";
    }
    if (!known[i].fits(value))
        return known[i].misfit;
    *(as_span *)(void *)((char *)params + known[i].at) = value;
    return NULL;
}

const char *mutual_read(mutual_params *params, const as_credentials *sent,
                        apr_pool_t *pool)
{
    const char *wrong = NULL;
    int i;

    memset(params, 0, sizeof(*params));
    for (i = 0; !wrong && i < sent->count; i++) {
        as_span name = base_of(sent->params[i].name);

        count_exclusive(params, name);
        wrong = is_extended(sent->params[i].name) && is_twice(sent, name)
                    ? "a parameter is there twice"
                    : take(params, &sent->params[i], name, pool);
    }
    return wrong;
}

const char *mutual_classify(mutual_kind *kind, const mutual_params *params)
{
    if (!params->version.at || !as_span_is(params->version, "1"))
        return "version is not 1";
    if (!params->algorithm.at || !params->validation.at || !params->realm.at)
        return "algorithm, validation or realm is missing";
    if (params->foreign)
        return "a parameter that only servers send";
    if (params->exchanges + params->proofs != 1)
        return "not exactly one of kc1 and vkc";
    *kind = params->exchanges ? MUTUAL_KEX : MUTUAL_VFY;
    if (*kind == MUTUAL_KEX)
        return params->user.at && params->kc1.at ? NULL
                                                 : "user or kc1 is missing";
    return params->sid.at && params->nc.at && params->vkc.at
               ? NULL : "sid, nc or vkc is missing";
}

/* ---- what the server says -------------------------------------------- */

/* algorithm stands first: clients that throw the parameters of all challenges
 * together would take it for Digest's. */
static const char *begin(apr_pool_t *pool, const mutual_place *place)
{
    return apr_pstrcat(pool, "Mutual algorithm=", place->alg->name,
                       ", version=1, validation=", place->validation,
                       ", auth-scope=\"", place->scope, "\", realm=\"",
                       place->realm, "\"", NULL);
}

const char *mutual_init_line(apr_pool_t *pool, const mutual_place *place,
                             const char *reason, const char *more)
{
    return apr_pstrcat(pool, begin(pool, place), ", reason=", reason, more,
                       NULL);
}

const char *mutual_kex_line(apr_pool_t *pool, const mutual_place *place,
                            const mutual_terms *terms, const char *ks1)
{
    return apr_psprintf(pool, "%s, sid=%s, ks1=%s, nc-max=%u, nc-window=%u, "
                        "time=%d%s%s%s", begin(pool, place), terms->sid, ks1,
                        terms->nc_max, terms->nc_window, terms->seconds,
                        terms->path ? ", path=\"" : "",
                        terms->path ? terms->path : "",
                        terms->path ? "\"" : "");
}

const char *mutual_info(apr_pool_t *pool, as_span sid, const char *vks)
{
    return apr_pstrcat(pool, "version=1, sid=",
                       apr_pstrmemdup(pool, sid.at, sid.len), ", vks=", vks,
                       NULL);
}
