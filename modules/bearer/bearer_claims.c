/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * The claims, one function per rule; the first that is broken decides. A claim
 * of the wrong type is never "absent": whoever sends "exp":"never" must not
 * get in. Times are JSON numbers of any form (RFC 7519 section 2), compared as
 * doubles, so that nothing wraps.
 */
#include "bearer_claims.h"

static const as_json_limits limits = { 32, 512 };

apr_status_t bearer_claims_read(json_t **claims, as_span payload,
                                apr_pool_t *pool)
{
    return as_json_object(claims, payload, &limits, pool);
}

/* What the rules look at. */
typedef struct judgement {
    const bearer_issuer *issuer;
    const as_jws *jws;
    json_t *claims;
    double now;
    const char *why;
    json_t *got;
} judgement;

static bearer_fault fault(judgement *on, bearer_fault which, json_t *got,
                          const char *why)
{
    on->got = got;
    on->why = why;
    return which;
}

/* ---- time ------------------------------------------------------------ */

static bearer_fault judge_time(judgement *on)
{
    json_t *exp = json_object_get(on->claims, "exp");
    json_t *nbf = json_object_get(on->claims, "nbf");
    json_t *iat = json_object_get(on->claims, "iat");
    double late = on->now - on->issuer->leeway;
    double early = on->now + on->issuer->leeway;

    if (!json_is_number(exp) || json_number_value(exp) < 0)
        return fault(on, BEARER_MALFORMED, exp, "exp is missing or no time");
    if (late >= json_number_value(exp))
        return fault(on, BEARER_EXPIRED, exp, "the token has expired");
    if (nbf && (!json_is_number(nbf) || json_number_value(nbf) < 0))
        return fault(on, BEARER_MALFORMED, nbf, "nbf is no time");
    if (nbf && early < json_number_value(nbf))
        return fault(on, BEARER_EXPIRED, nbf, "the token is not valid yet");
    if (iat && (!json_is_number(iat) || json_number_value(iat) < 0))
        return fault(on, BEARER_MALFORMED, iat, "iat is no time");
    if (iat && early < json_number_value(iat))
        return fault(on, BEARER_EXPIRED, iat,
                     "the token was issued in the future");
    return BEARER_GOOD;
}

/* ---- audience -------------------------------------------------------- */

static int is_audience(const bearer_issuer *issuer, const char *aud)
{
    int i;

    for (i = 0; issuer->audiences && issuer->audiences[i]; i++)
        if (strcmp(issuer->audiences[i], aud) == 0)
            return 1;
    return 0;
}

static bearer_fault judge_audience(judgement *on)
{
    json_t *aud = json_object_get(on->claims, "aud"), *one;
    int ours = !on->issuer->audiences;
    size_t i;

    if (!aud)
        return ours ? BEARER_GOOD
                    : fault(on, BEARER_NOT_OURS, aud, "the token has no aud");
    if (json_is_string(aud))
        ours |= is_audience(on->issuer, json_string_value(aud));
    else if (!json_is_array(aud))
        return fault(on, BEARER_MALFORMED, aud, "aud has the wrong type");
    json_array_foreach(aud, i, one) {
        if (!json_is_string(one))
            return fault(on, BEARER_MALFORMED, aud, "aud has the wrong type");
        ours |= is_audience(on->issuer, json_string_value(one));
    }
    return ours ? BEARER_GOOD
                : fault(on, BEARER_NOT_OURS, aud,
                        "aud names none of our audiences");
}

/* ---- kind of token --------------------------------------------------- */

/* RFC 7515 section 4.1.9: "application/" is left out where nothing else has a
 * slash; types compare without case. */
static int is_type(const char *typ, const char *wanted)
{
    as_span name = as_span_of(typ);

    if (as_span_is_nocase((as_span){ name.at, name.len < 12 ? name.len : 12 },
                          "application/"))
        name = (as_span){ name.at + 12, name.len - 12 };
    return as_span_is_nocase(name, wanted);
}

static int is_access_token(const as_jws *jws)
{
    return jws->typ && is_type(jws->typ, "at+jwt");
}

static bearer_fault judge_type(judgement *on)
{
    const char *const *types = on->issuer->types;
    const char *typ = on->jws->typ;
    json_t *got = json_object_get(on->jws->header, "typ");

    if (!types && (!typ || is_type(typ, "JWT") || is_access_token(on->jws)))
        return BEARER_GOOD;
    for (; types && typ && *types; types++)
        if (is_type(typ, *types))
            return BEARER_GOOD;
    return fault(on, BEARER_NOT_OURS, got, "typ is none of an access token");
}

/* Marks of ID tokens and of logout and security event tokens, which issuers
 * sign with the same keys, RFC 8725 section 3.12. */
static bearer_fault judge_kind(judgement *on)
{
    static const char *const marks[] = { "nonce", "at_hash", "c_hash",
                                         "s_hash" };
    apr_size_t i;

    if (json_object_get(on->claims, "events"))
        return fault(on, BEARER_NOT_OURS, NULL,
                     "this is an event or logout token");
    if (on->issuer->id_tokens || is_access_token(on->jws))
        return BEARER_GOOD;
    for (i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
        if (json_object_get(on->claims, marks[i]))
            return fault(on, BEARER_NOT_OURS, NULL,
                         "this looks like an ID token");
    return BEARER_GOOD;
}

/* ---- the rest -------------------------------------------------------- */

/* Whoever holds a token that is bound to a key must show the key. */
static bearer_fault judge_binding(judgement *on)
{
    json_t *cnf = json_object_get(on->claims, "cnf");

    return cnf ? fault(on, BEARER_NOT_OURS, NULL,
                       "the token is bound to a key (cnf)")
               : BEARER_GOOD;
}

static int is_scope(json_t *scope)
{
    size_t i;
    json_t *one;

    if (json_is_string(scope))
        return 1;
    json_array_foreach(scope, i, one)
        if (!json_is_string(one))
            return 0;
    return json_is_array(scope);
}

static bearer_fault judge_types(judgement *on)
{
    static const struct {
        const char *name;
        int in_strict; /* RFC 9068 section 2.2 wants it */
    } strings[] = {
        { "sub", 1 }, { "jti", 1 }, { "client_id", 1 }, { "azp", 0 },
    };
    static const char *const scopes[] = { "scope", "scp" };
    apr_size_t i;

    for (i = 0; i < sizeof(strings) / sizeof(strings[0]); i++) {
        json_t *value = json_object_get(on->claims, strings[i].name);

        if (value ? !json_is_string(value)
                  : on->issuer->strict && strings[i].in_strict)
            return fault(on, BEARER_MALFORMED, value,
                         "sub, jti, client_id or azp is missing or no string");
    }
    if (on->issuer->strict && !json_object_get(on->claims, "iat"))
        return fault(on, BEARER_MALFORMED, NULL, "iat is missing");
    for (i = 0; i < sizeof(scopes) / sizeof(scopes[0]); i++) {
        json_t *value = json_object_get(on->claims, scopes[i]);

        if (value && !is_scope(value))
            return fault(on, BEARER_MALFORMED, value,
                         "scope has the wrong type");
    }
    return BEARER_GOOD;
}

bearer_fault bearer_claims_judge(const bearer_issuer *issuer,
                                 const as_jws *jws, json_t *claims, double now,
                                 const char **why, json_t **got)
{
    static bearer_fault (*const rules[])(judgement *on) = {
        judge_type, judge_kind, judge_time, judge_audience, judge_binding,
        judge_types,
    };
    judgement on = { issuer, jws, claims, now, NULL, NULL };
    bearer_fault which = BEARER_GOOD;
    apr_size_t i;

    for (i = 0; !which && i < sizeof(rules) / sizeof(rules[0]); i++)
        which = rules[i](&on);
    *why = on.why;
    *got = on.got;
    return which;
}

const char *bearer_claims_user(const bearer_path *path, json_t *claims)
{
    json_t *value = bearer_path_find(path, claims);
    const char *user = json_string_value(value), *at;
    apr_size_t len = value ? json_string_length(value) : 0;

    if (!user || !len || len > BEARER_USER_MAX)
        return NULL;
    for (at = user; *at; at++)
        if (apr_iscntrl(*at))
            return NULL;
    return user;
}

/* scope = scope-token *( SP scope-token ), RFC 6749 section 3.3 */
static int has_word(const char *text, const char *word)
{
    apr_size_t len = strlen(word);

    while (*text) {
        apr_size_t n = strcspn(text, " ");

        if (n == len && memcmp(text, word, len) == 0)
            return 1;
        text += n + strspn(text + n, " ");
    }
    return 0;
}

int bearer_claims_has_scope(json_t *claims, const char *scope)
{
    json_t *value = json_object_get(claims, "scope"), *one;
    size_t i;

    if (!value)
        value = json_object_get(claims, "scp");
    if (json_is_string(value))
        return has_word(json_string_value(value), scope);
    json_array_foreach(value, i, one)
        if (json_is_string(one) && strcmp(json_string_value(one), scope) == 0)
            return 1;
    return 0;
}
