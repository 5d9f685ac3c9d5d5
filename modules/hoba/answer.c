/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * What a client sent to prove that it has a key, judged in the steps that
 * RFC 7486 leaves to a server: syntax, connection, origin, challenge, key,
 * signature, replay. A key that nobody registered costs as much as one that
 * somebody did, and tells the client as little.
 */
#include "httpd.h"
#include "http_core.h"

#include "glue.h"
#include "secret.h"

#define SECONDS(n) apr_time_from_sec((apr_time_t)(n))

/* ---- steps ----------------------------------------------------------- */

as_verdict hoba_try_begin(hoba_try *t, request_rec *r, as_attempt *attempt)
{
    t->conf = hoba_conf_of(r);
    attempt->data = t;
    if (!hoba_is_safe(r, &t->conf))
        return as_forbid(attempt, AS_INSECURE, "HOBA without TLS");

    t->origin = hoba_origin_of(r, &t->conf);
    if (!t->origin)
        return as_deny_about(attempt, AS_UNACCEPTABLE,
                             "the request's host and port are no HobaOrigin",
                             r->hostname);
    return AS_GRANTED;
}

as_verdict hoba_try_challenge(hoba_try *t, request_rec *r,
                              as_attempt *attempt)
{
    as_nonce nonce = as_nonce_check(&t->issued, r, "HOBA challenge",
                                    as_span_of(t->origin->text),
                                    t->result.challenge);

    if (nonce == AS_NONCE_FOREIGN)
        return as_deny(attempt, AS_INVALID,
                       "the challenge is not of this server and origin");
    if (nonce == AS_NONCE_FUTURE)
        return as_stale(attempt, "the challenge is of the future");
    if (r->request_time - t->issued > SECONDS(hoba_lifetime(&t->conf)))
        return as_stale(attempt, "the challenge is too old");
    return AS_GRANTED;
}

as_verdict hoba_try_signature(hoba_try *t, request_rec *r,
                              const as_key *key, as_attempt *attempt)
{
    as_span realm = as_span_of(as_realm(r));

    if (!hoba_algorithm_of(key, t->conf.algorithms))
        return as_deny(attempt, AS_UNACCEPTABLE,
                       "the key's algorithm is not in HobaAlgorithms");
    t->alg = hoba_verifies(key, t->conf.algorithms, &t->result,
                           as_span_of(t->origin->text), realm, r->pool);
    if (!t->alg)
        return as_deny(attempt, AS_INVALID, "the signature does not verify");
    return AS_GRANTED;
}

/* RFC 7486 section 6.1: with max-age 0 a challenge is good for one signature.
 * Else a signature is good for one request; another of the same challenge is
 * welcome. Its own text is not what is remembered: padding would change it.
 * The answer is claimed in either case, for places of one origin and realm may
 * differ in their max-age, and what was used in one is used in all. */
as_verdict hoba_try_claim(hoba_try *t, request_rec *r, as_attempt *attempt)
{
    const as_span parts[] = { t->result.kid, t->result.challenge,
                              t->result.nonce };
    unsigned char hash[AS_SHA256_LEN];
    apr_time_t expires = t->issued + SECONDS(hoba_lifetime(&t->conf));
    as_use use = AS_USE_UNAVAILABLE;

    if (as_hash(hash, parts, 3) == APR_SUCCESS)
        use = as_claim(r, "HOBA answer",
                       (as_span){ (const char *)hash, sizeof(hash) },
                       t->issued, expires);
    if (use == AS_USE_FIRST && !t->conf.max_age)
        use = as_claim(r, "HOBA challenge", t->result.challenge, t->issued,
                       expires);

    if (use == AS_USE_FIRST)
        return AS_GRANTED;
    if (use == AS_USE_SEEN)
        return as_deny(attempt, AS_REPLAYED, "the answer was used before");
    if (use == AS_USE_STALE)
        return as_stale(attempt, "nobody knows any more whether the answer "
                                 "was used before");
    return as_fail(attempt, APR_SUCCESS, "cannot reach the replay table");
}

/* ---- keys ------------------------------------------------------------ */

/* The key of t, or AS_DENIED with t->cred NULL for one that nobody has. */
static as_verdict find_key(hoba_try *t, request_rec *r, as_span kid,
                           as_attempt *attempt)
{
    const as_store *store = as_store_get();
    const char *id = as_string(r->pool, kid);
    apr_status_t rv = APR_ENOTIMPL;

    t->cred = NULL;
    if (store)
        rv = store->find(&t->cred, r, AS_CRED_HOBA, id, as_realm(r),
                         t->origin->text, NULL);
    if (rv == APR_SUCCESS)
        return AS_GRANTED;
    t->cred = NULL;
    if (rv == APR_NOTFOUND)
        return as_deny_about(attempt, AS_UNKNOWN, "no key of that id", id);
    if (rv == APR_ENOTIMPL)
        return as_break(attempt, "HOBA needs AuthCredentials here");
    return as_fail(attempt, rv, "cannot read the credential store");
}

/* What became of the key since. Told to the log alone, and only of a client
 * that proved to have it. */
static as_verdict check_state(const hoba_try *t, request_rec *r,
                              as_attempt *attempt)
{
    const as_cred *cred = t->cred;

    attempt->detail = cred->id;
    if (cred->state == AS_CRED_PENDING)
        return as_deny(attempt, AS_DISABLED, "the key is not yet approved");
    if (cred->state != AS_CRED_ACTIVE)
        return as_deny(attempt, AS_DISABLED, "the key is revoked");
    if (cred->expires && cred->expires <= r->request_time)
        return as_deny(attempt, AS_EXPIRED, "the key's time is over");
    if (t->issued <= cred->not_before)
        return as_deny(attempt, AS_EXPIRED, "issued before the last logout");
    attempt->detail = NULL;
    return AS_GRANTED;
}

/* ---- by signature ---------------------------------------------------- */

static as_verdict verify_unknown(hoba_try *t, request_rec *r,
                                 as_attempt *attempt)
{
    const as_key *key = hoba_key_of_nobody(r->pool);

    if (key)
        hoba_verifies(key, HOBA_RSA_SHA256, &t->result,
                      as_span_of(t->origin->text), as_span_of(as_realm(r)),
                      r->pool);
    return attempt->verdict;
}

/* The stored key, if it may be used here. */
static as_verdict load_key(const as_key **key, hoba_try *t, request_rec *r,
                           as_attempt *attempt)
{
    const char *why;

    if (as_key_from_spki(key, &why, t->cred->value, r->pool) != APR_SUCCESS)
        return as_deny_about(attempt, AS_UNACCEPTABLE,
                             "the stored key is none that may be used",
                             t->cred->id);
    return AS_GRANTED;
}

static as_verdict by_signature(hoba_try *t, request_rec *r,
                               const as_credentials *sent, as_attempt *attempt)
{
    as_verdict verdict = hoba_try_begin(t, r, attempt);
    const as_key *key;

    if (verdict != AS_GRANTED)
        return verdict;
    if (hoba_result_from(&t->result, sent, r->pool) != APR_SUCCESS)
        return as_deny(attempt, AS_MALFORMED,
                       "result is not four parts of base64url");
    verdict = hoba_try_challenge(t, r, attempt);
    if (verdict != AS_GRANTED)
        return verdict;

    verdict = find_key(t, r, hoba_kid(&t->result), attempt);
    if (verdict == AS_DENIED)
        return verify_unknown(t, r, attempt);
    if (verdict == AS_GRANTED)
        verdict = load_key(&key, t, r, attempt);
    if (verdict != AS_GRANTED)
        return verdict;

    verdict = hoba_try_signature(t, r, key, attempt);
    if (verdict == AS_GRANTED)
        verdict = check_state(t, r, attempt);
    if (verdict == AS_GRANTED)
        verdict = hoba_try_claim(t, r, attempt);
    return verdict == AS_GRANTED ? as_grant(attempt, t->cred->user) : verdict;
}

/* ---- by session ------------------------------------------------------ */

const char *hoba_cookie_name(const hoba_origin *origin)
{
    return origin->tls ? "__Host-hoba" : "hoba-session";
}

/* How often the cookie is there, and the first. */
static int cookies(as_span *value, request_rec *r, const hoba_origin *origin)
{
    const char *field = apr_table_get(r->headers_in, "Cookie");

    return field ? hoba_cookie_find(value, as_span_of(field),
                                    hoba_cookie_name(origin))
                 : 0;
}

static int opens(hoba_session *session, hoba_try *t, request_rec *r,
                 as_span cookie)
{
    unsigned char key[AS_KEY_LEN];
    int nth, ok = 0;

    for (nth = 0; !ok && as_derive(key, HOBA_SESSION_PURPOSE, nth); nth++)
        ok = hoba_session_open(session, cookie,
                               (as_span){ (const char *)key, sizeof(key) },
                               as_span_of(t->origin->text),
                               as_span_of(as_realm(r)), r->pool)
             == APR_SUCCESS;
    as_wipe(key, sizeof(key));
    return ok;
}

static as_verdict by_session(hoba_try *t, request_rec *r, as_attempt *attempt)
{
    hoba_session session;
    const as_key *key;
    as_span cookie;
    as_verdict verdict = hoba_try_begin(t, r, attempt);

    if (verdict != AS_GRANTED)
        return verdict;
    t->by_session = 1;
    if (cookies(&cookie, r, t->origin) != 1)
        return as_deny(attempt, AS_MALFORMED, "more than one session cookie");
    if (!opens(&session, t, r, cookie))
        return as_deny(attempt, AS_INVALID,
                       "the session is not of this server, origin and realm");
    t->issued = session.issued;
    if (session.expires <= r->request_time
        || r->request_time - session.issued > SECONDS(t->conf.session))
        return as_stale(attempt, "the session is over");

    verdict = find_key(t, r, session.kid, attempt);
    if (verdict == AS_GRANTED)
        verdict = load_key(&key, t, r, attempt);
    if (verdict == AS_GRANTED
        && !hoba_algorithm_of(key, t->conf.algorithms))
        return as_deny(attempt, AS_UNACCEPTABLE,
                       "the key's algorithm is not in HobaAlgorithms");
    if (verdict == AS_GRANTED)
        verdict = check_state(t, r, attempt);
    return verdict == AS_GRANTED ? as_grant(attempt, t->cred->user) : verdict;
}

/* Asked with every request of a list, whatever scheme it is for. */
as_found hoba_find(request_rec *r)
{
    hoba_conf conf;
    const hoba_origin *origin;
    as_span value;

    if (!apr_table_get(r->headers_in, "Cookie"))
        return AS_FOUND_NONE;
    conf = hoba_conf_of(r);
    if (!conf.session || hoba_is_login(r))
        return AS_FOUND_NONE;
    origin = hoba_origin_of(r, &conf);
    return origin && cookies(&value, r, origin) ? AS_FOUND_AMBIENT
                                                : AS_FOUND_NONE;
}

as_verdict hoba_authenticate(request_rec *r, const as_credentials *sent,
                             as_attempt *attempt)
{
    hoba_try *t = apr_pcalloc(r->pool, sizeof(*t));

    return sent ? by_signature(t, r, sent, attempt)
                : by_session(t, r, attempt);
}
