/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Authentication-Control, RFC 8053 section 4: what a client with a window may
 * do about signing in and out. It advises, and protects nothing. Each
 * parameter goes with the answers that it means something in.
 */
#include "httpd.h"
#include "http_core.h"

#include "glue.h"
#include "text.h"

#define EXTENDED "UTF-8''"

enum { INITIAL = 1, NEGATIVE = 2, SUCCESS = 4 };

/* ---- values ---------------------------------------------------------- */

/* Each returns the text to be sent, or NULL. */

static const char *style(apr_pool_t *pool, const char *value)
{
    (void)pool;
    return !strcmp(value, "modal") || !strcmp(value, "non-modal") ? value
                                                                   : NULL;
}

static const char *only_true(apr_pool_t *pool, const char *value)
{
    (void)pool;
    return strcmp(value, "true") ? NULL : value;
}

static const char *seconds(apr_pool_t *pool, const char *value)
{
    apr_uint64_t number;

    (void)pool;
    return mutual_natural(&number, as_span_of(value))
                   && number < APR_INT32_MAX ? value : NULL;
}

static const char *url(apr_pool_t *pool, const char *value)
{
    const char *c;

    for (c = value; *c; c++)
        if (*c <= 0x20 || *c > 0x7e || *c == '"' || *c == '\\')
            return NULL;
    return *value ? apr_pstrcat(pool, "\"", value, "\"", NULL) : NULL;
}

static const char *percent_encoded(apr_pool_t *pool, const char *value)
{
    static const char digits[] = "0123456789ABCDEF";
    char *made = apr_palloc(pool, 3 * strlen(value) + 1), *to = made;

    for (; *value; value++) {
        unsigned char octet = (unsigned char)*value;

        if (octet < 0x80 && apr_isalnum(octet)) {
            *to++ = *value;
            continue;
        }
        *to++ = '%';
        *to++ = digits[octet >> 4];
        *to++ = digits[octet & 15];
    }
    *to = '\0';
    return apr_pstrcat(pool, EXTENDED, made, NULL);
}

static const char *quoted(apr_pool_t *pool, const char *value)
{
    char *made = apr_palloc(pool, 2 * strlen(value) + 3), *to = made;

    *to++ = '"';
    for (; *value; value++) {
        if (*value == '"' || *value == '\\')
            *to++ = '\\';
        *to++ = *value;
    }
    *to++ = '"';
    *to = '\0';
    return made;
}

/* RFC 8187 for what is not ASCII. */
static const char *name(apr_pool_t *pool, const char *value)
{
    as_span text = as_span_of(value);

    if (!text.len || !as_text_is_utf8(text) || as_text_has_controls(text))
        return NULL;
    return as_text_is_ascii(text) ? quoted(pool, value)
                                  : percent_encoded(pool, value);
}

static const struct {
    const char *name;
    const char *(*text)(apr_pool_t *pool, const char *value);
    int when;
    const char *takes;
} parameters[] = {
    { "auth-style", style, INITIAL | NEGATIVE, "modal or non-modal" },
    { "location-when-unauthenticated", url, INITIAL, "a URL" },
    { "no-auth", only_true, INITIAL, "true" },
    { "location-when-logout", url, SUCCESS, "a URL" },
    { "logout-timeout", seconds, SUCCESS, "seconds" },
    { "username", name, INITIAL | NEGATIVE, "a user's name in UTF-8" },
};

#define PARAMETERS (int)(sizeof(parameters) / sizeof(parameters[0]))

/* ---- MutualControl --------------------------------------------------- */

static int find_parameter(as_span wanted)
{
    int i = PARAMETERS;

    while (--i >= 0 && !as_span_is_nocase(wanted, parameters[i].name))
        ;
    return i;
}

static void add(const char **list, const char *parameter, apr_pool_t *pool)
{
    *list = apr_pstrcat(pool, *list ? *list : "", parameter, NULL);
}

const char *mutual_control_add(mutual_control *control, const char *pair,
                               apr_pool_t *pool)
{
    const char *equals = strchr(pair, '='), *text, *parameter;
    as_span wanted = { pair, equals ? (apr_size_t)(equals - pair)
                                    : strlen(pair) };
    int i = find_parameter(wanted);

    if (i < 0 || !equals)
        return apr_psprintf(pool, "MutualControl takes name=value, with the "
                            "names of RFC 8053; not \"%s\"", pair);
    text = parameters[i].text(pool, equals + 1);
    if (!text)
        return apr_psprintf(pool, "MutualControl: %s takes %s",
                            parameters[i].name, parameters[i].takes);
    parameter = apr_pstrcat(pool, ", ", parameters[i].name,
                            strncmp(text, EXTENDED, 7) ? "=" : "*=", text,
                            NULL);
    if (parameters[i].when & INITIAL)
        add(&control->initial, parameter, pool);
    if (parameters[i].when & NEGATIVE)
        add(&control->negative, parameter, pool);
    if (parameters[i].when & SUCCESS)
        add(&control->success, parameter, pool);
    return NULL;
}

void mutual_control_send(request_rec *r, const char *list)
{
    if (list && *list)
        apr_table_setn(r->err_headers_out, "Authentication-Control",
                       apr_pstrcat(r->pool, "Mutual realm=\"", ap_auth_name(r),
                                   "\"", list, NULL));
}
