/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Tokens without a meaning of their own: random octets that htauth made. The
 * store keeps the SHA-256 of each, and what it is good for. A hash that is not
 * slow is enough, for nobody guesses 256 bits; and who looks a hash up learns
 * nothing from the time that it takes.
 */
#include "httpd.h"

#include "glue.h"
#include "text.h"

/* ---- the record ------------------------------------------------------ */

/* The record of this realm goes before one for every realm. */
static apr_status_t find(const as_cred **cred, request_rec *r, const char *id)
{
    const as_store *store = as_store_get();
    const char *realm = as_realm(r);
    apr_status_t rv;

    if (!store)
        return APR_ENOTIMPL;
    rv = store->find(cred, r, AS_CRED_TOKEN, id, realm, "", NULL);
    if (rv == APR_NOTFOUND && *realm)
        rv = store->find(cred, r, AS_CRED_TOKEN, id, "", "", NULL);
    return rv;
}

/* Why it signs nobody in; NULL if it does. */
static const char *unfit(as_problem *problem, const as_cred *cred,
                         apr_time_t now)
{
    as_span user = as_span_of(cred->user);

    *problem = AS_DISABLED;
    if (cred->state == AS_CRED_PENDING)
        return "the token is not approved yet";
    if (cred->state != AS_CRED_ACTIVE)
        return "the token is revoked";
    *problem = AS_EXPIRED;
    if (cred->expires && cred->expires <= now)
        return "the token's time is over";
    if (cred->not_before && cred->created <= cred->not_before)
        return "the token was made before its user's last logout";
    *problem = AS_UNACCEPTABLE;
    if (!user.len || user.len > BEARER_USER_MAX || !as_text_is_utf8(user)
        || as_text_has_controls(user))
        return "the record's user is no name";
    return NULL;
}

/* ---- claims ---------------------------------------------------------- */

static apr_status_t drop(void *claims)
{
    json_decref(claims);
    return APR_SUCCESS;
}

/* A text that is no UTF-8 makes no claim. */
static void add(json_t *claims, const char *name, const char *text)
{
    if (*text)
        json_object_set_new(claims, name, json_string(text));
}

static void add_time(json_t *claims, const char *name, apr_time_t time)
{
    if (time)
        json_object_set_new(claims, name, json_integer(apr_time_sec(time)));
}

static json_t *claims_of(const as_cred *cred, apr_pool_t *pool)
{
    json_t *claims = json_object();

    if (!claims)
        return NULL;
    apr_pool_cleanup_register(pool, claims, drop, apr_pool_cleanup_null);
    add(claims, "sub", cred->user);
    add(claims, "scope", cred->scope);
    add(claims, "jti", cred->id);
    add_time(claims, "iat", cred->created);
    add_time(claims, "exp", cred->expires);
    return claims;
}

/* ---- the judgement --------------------------------------------------- */

as_verdict bearer_judge_stored(bearer_try *on)
{
    request_rec *r = on->r;
    const char *id = bearer_name_of(r->pool, on->token), *why;
    const as_cred *cred = NULL;
    as_problem problem;
    apr_status_t rv;

    if (!id)
        return as_fail(on->attempt, APR_SUCCESS, "cannot hash a token");
    rv = find(&cred, r, id);
    if (rv == APR_NOTFOUND)
        return bearer_refuse(on, AS_UNKNOWN, "no such token in the store", "",
                             NULL);
    if (rv == APR_ENOTIMPL)
        return as_break(on->attempt, "BearerTokens needs AuthCredentials");
    if (rv != APR_SUCCESS)
        return as_fail(on->attempt, rv, "cannot reach the credential store");

    why = unfit(&problem, cred, r->request_time);
    if (why)
        return bearer_refuse(on, problem, why, ";label=",
                             *cred->label ? cred->label : NULL);
    on->claims = claims_of(cred, r->pool);
    if (!on->claims)
        return as_fail(on->attempt, APR_ENOMEM, "no memory for claims");
    on->user = cred->user;
    return AS_GRANTED;
}
