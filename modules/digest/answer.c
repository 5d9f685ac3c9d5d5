/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * What a client answered, judged in an order that tells strangers nothing: the
 * response is computed before the nonce's age is looked at, so that only who
 * knows the password hears "stale", and what was used is written down only
 * after the response was right.
 */
#include "httpd.h"
#include "http_core.h"

#include "glue.h"
#include "secret.h"

#define SECONDS(n) apr_time_from_sec((apr_time_t)(n))

/* ---- what was asked for ---------------------------------------------- */

/* The request as the client made it: redirects and subrequests have methods
 * and addresses of their own. */
static const request_rec *initial(const request_rec *r)
{
    while (r->main || r->prev)
        r = r->main ? r->main : r->prev;
    return r;
}

static int names_its_target(request_rec *r, as_span uri)
{
    const request_rec *first = initial(r);
    digest_target target = { as_span_of(first->unparsed_uri), as_is_tls(r),
                             NULL, 0 };

    if (r->proxyreq != PROXYREQ_PROXY) {
        target.host = ap_get_server_name(r);
        target.port = ap_get_server_port(r);
    }
    return digest_uri_fits(uri, &target);
}

/* ---- steps ----------------------------------------------------------- */

/* Is the answer one to a challenge of this place? */
static as_verdict check_offer(digest_try *t, request_rec *r,
                              as_attempt *attempt)
{
    const digest_answer *a = &t->answer;

    if (!as_span_is(a->realm, as_realm(r)))
        return as_deny_about(attempt, AS_UNACCEPTABLE, "another realm",
                             as_string(r->pool, a->realm));
    if (!a->alg || !digest_is_offered(&t->conf, a->alg))
        return as_deny_about(attempt, AS_UNACCEPTABLE,
                             "an algorithm that DigestAlgorithm does not list",
                             as_string(r->pool, a->algorithm));
    if (!a->qop.len)
        return as_deny(attempt, AS_UNACCEPTABLE,
                       "an answer without qop, as in RFC 2069");
    t->with_body = as_span_is_nocase(a->qop, "auth-int");
    if (!(t->with_body ? t->conf.qop & DIGEST_AUTH_INT
                       : as_span_is_nocase(a->qop, "auth")
                             && t->conf.qop & DIGEST_AUTH))
        return as_deny_about(attempt, AS_UNACCEPTABLE,
                             "a qop that was not offered",
                             as_string(r->pool, a->qop));
    return AS_GRANTED;
}

/* Does the client know the password? Costs the same if there is no such
 * user. */
static as_verdict check_response(digest_try *t, request_rec *r, int *is_right,
                                 as_attempt *attempt)
{
    char expected[AS_DIGEST_HEX_MAX + 1];
    const char *method = initial(r)->method;
    as_span body = { "", 0 };

    if (t->with_body
        && digest_hash_body(&body, t, r, attempt) != AS_GRANTED)
        return attempt->verdict;
    if (digest_key(t->key, &t->answer, t->ha1) != APR_SUCCESS
        || digest_response(expected, &t->answer, as_span_of(t->key),
                           as_span_of(method), body) != APR_SUCCESS)
        return as_break(attempt, "OpenSSL can not compute the hash, or what "
                                 "is stored is none");
    *is_right = as_equal(t->answer.response, as_span_of(expected))
                && t->user != NULL;
    as_wipe(expected, sizeof(expected));
    return AS_GRANTED;
}

static as_verdict deny_response(const digest_try *t, as_attempt *attempt)
{
    if (!t->user)
        return as_deny(attempt, AS_UNKNOWN, "no such user in this realm");
    if (t->nonce == AS_NONCE_FOREIGN)
        return as_deny(attempt, AS_INVALID,
                       "the nonce is not of this server and realm, and the "
                       "response is wrong");
    return as_deny(attempt, AS_INVALID, "wrong password");
}

/* May the record sign in at all? Only who knows the password is told. */
static as_verdict check_record(const digest_try *t, as_attempt *attempt)
{
    const as_cred *cred = t->cred;

    if (!cred)
        return AS_GRANTED;
    if (cred->state == AS_CRED_PENDING)
        return as_deny(attempt, AS_DISABLED,
                       "the user's password is not approved yet");
    if (cred->state != AS_CRED_ACTIVE)
        return as_deny(attempt, AS_DISABLED, "the user's password is revoked");
    if (cred->expires && cred->expires <= apr_time_now())
        return as_deny(attempt, AS_EXPIRED, "the user's password is expired");
    return AS_GRANTED;
}

static as_verdict check_age(const digest_try *t, request_rec *r,
                            as_attempt *attempt)
{
    if (t->nonce == AS_NONCE_FOREIGN)
        return as_stale(attempt, "right, but the nonce is not of this server "
                                 "and realm, or of a secret that is gone");
    if (t->nonce == AS_NONCE_FUTURE)
        return as_stale(attempt, "right, but the nonce is of the future");
    if (r->request_time - t->issued > SECONDS(t->conf.lifetime))
        return as_stale(attempt, "right, but the nonce is too old");
    if (t->cred && t->issued < t->cred->not_before)
        return as_stale(attempt, "right, but the nonce is older than the "
                                 "user's logout");
    return AS_GRANTED;
}

/* Each nc of a nonce once; clients may begin with 0. */
static as_verdict check_use(const digest_try *t, request_rec *r,
                            as_attempt *attempt)
{
    switch (as_window(r, DIGEST_NONCE, t->answer.nonce,
                      (apr_uint64_t)t->answer.count + 1, t->issued,
                      t->issued + SECONDS(t->conf.lifetime))) {
    case AS_USE_FIRST:
        return AS_GRANTED;
    case AS_USE_SEEN:
        as_stale(attempt, "the answer, or its nc, was used before");
        attempt->problem = AS_REPLAYED;
        return AS_STALE;
    case AS_USE_STALE:
        return as_stale(attempt, "right, but nobody knows any more whether "
                                 "this nc was used before");
    case AS_USE_UNAVAILABLE:
    default:
        return as_fail(attempt, APR_SUCCESS, "cannot reach the replay table");
    }
}

/* ---- all of them ----------------------------------------------------- */

static as_verdict prove(digest_try *t, request_rec *r, as_attempt *attempt)
{
    int is_right = 0;
    as_verdict verdict;

    t->nonce = as_nonce_check(&t->issued, r, DIGEST_NONCE,
                              as_span_of(as_realm(r)), t->answer.nonce);
    verdict = digest_find_user(t, r, attempt);
    if (verdict == AS_GRANTED)
        verdict = check_response(t, r, &is_right, attempt);
    if (verdict == AS_GRANTED && !is_right)
        return deny_response(t, attempt);
    if (verdict == AS_GRANTED)
        verdict = check_record(t, attempt);
    if (verdict == AS_GRANTED)
        verdict = check_age(t, r, attempt);
    if (verdict == AS_GRANTED)
        verdict = check_use(t, r, attempt);
    return verdict == AS_GRANTED ? as_grant(attempt, t->user) : verdict;
}

as_verdict digest_authenticate(request_rec *r, const as_credentials *sent,
                               as_attempt *attempt)
{
    digest_try *t = apr_pcalloc(r->pool, sizeof(*t));
    const char *why = digest_parse(&t->answer, sent, r->pool);

    attempt->data = t;
    t->conf = digest_conf_of(r);
    if (why)
        return as_contradict(attempt, why);
    if (!names_its_target(r, t->answer.uri)) {
        attempt->detail = as_string(r->pool, t->answer.uri);
        return as_contradict(attempt, "uri is not what is asked for");
    }
    if (check_offer(t, r, attempt) != AS_GRANTED)
        return attempt->verdict;
    return prove(t, r, attempt);
}
