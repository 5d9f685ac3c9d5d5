/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * A message of a client, judged by the table of RFC 8120 section 11, with two
 * turns of our own. What a key exchange leaves behind is in its session id
 * alone, until the client has proven itself; and a request is judged by its
 * number only after its proof was right, so that who merely saw a session id
 * can't end the session.
 *
 * Names that nobody has and wrong passwords take the same way to the end.
 */
#include "httpd.h"
#include "http_core.h"

#include "glue.h"
#include "hex.h"
#include "text.h"

#define SID "Mutual sid"
#define SESSION "Mutual session"
#define GRACE apr_time_from_sec(5) /* a session lives longer than announced */

/* What a session keeps in front of the numbers and the user's name. */
typedef struct session_head {
    mutual_print print;
    apr_time_t issued;
} session_head;

/* ---- verdicts -------------------------------------------------------- */

static as_verdict deny(mutual_try *t, as_attempt *attempt, const char *reason,
                       as_problem problem, const char *why)
{
    t->reason = reason;
    return as_deny(attempt, problem, why);
}

static as_verdict unacceptable(mutual_try *t, as_attempt *attempt,
                               const char *why)
{
    return deny(t, attempt, "invalid-parameters", AS_MALFORMED, why);
}

/* ---- is it for this place? ------------------------------------------- */

void mutual_place_of(mutual_place *place, mutual_host *host, request_rec *r,
                     const mutual_conf *conf)
{
    const char *realm = ap_auth_name(r);

    *host = mutual_host_of(r, conf);
    place->alg = mutual_alg_of(conf, 0);
    place->validation = mutual_validation_of(host);
    place->scope = conf->scope ? conf->scope
                               : as_mutual_scope_of(r->pool, &host->origin);
    place->realm = realm ? realm : "";
}

const char *mutual_misplaced(const mutual_place *place,
                             const mutual_host *host, const request_rec *r)
{
    if (r->proxyreq == PROXYREQ_PROXY)
        return "Mutual is not for forward proxies";
    if (!as_text_is_ascii(as_span_of(place->realm)))
        return "AuthName is not ASCII, which Mutual needs";
    if (!host->is_ours)
        return "the Host asked for is no ServerName or ServerAlias of this "
               "server, which Mutual needs";
    if (!host->count)
        return "this server has no certificate that can be hashed for Mutual";
    if (!as_mutual_scope_covers(as_span_of(place->scope), &host->origin))
        return "MutualAuthScope does not cover the host asked for";
    return NULL;
}

static const as_mutual_alg *find_alg(const mutual_conf *conf, as_span name)
{
    const as_mutual_alg *alg;
    int i;

    for (i = 0; (alg = mutual_alg_of(conf, i)); i++)
        if (as_span_is_nocase(name, alg->name))
            return alg;
    return NULL;
}

/* Realm, auth-scope and algorithm are one: what a password is good for. */
static as_verdict check_realm(mutual_try *t, request_rec *r,
                              as_attempt *attempt)
{
    const as_mutual_alg *alg = find_alg(&t->conf, t->sent.algorithm);
    as_span scope = t->sent.scope.at
                        ? t->sent.scope
                        : as_span_of(as_mutual_scope_of(r->pool,
                                                        &t->host.origin));

    t->reason = "initial";
    if (!alg)
        return as_deny_about(attempt, AS_UNACCEPTABLE,
                             "an algorithm that MutualAlgorithm does not list",
                             as_string(r->pool, t->sent.algorithm));
    if (!as_span_is(scope, t->place.scope))
        return as_deny_about(attempt, AS_UNACCEPTABLE, "another auth-scope",
                             as_string(r->pool, scope));
    if (!as_span_is(t->sent.realm, as_realm(r)))
        return as_deny_about(attempt, AS_UNACCEPTABLE, "another realm",
                             as_string(r->pool, t->sent.realm));
    t->place.alg = alg;
    t->group = mutual_group_of(alg);
    if (!as_span_is_nocase(t->sent.validation, t->place.validation))
        return unacceptable(t, attempt, "validation is not what was offered");
    return AS_GRANTED;
}

/* Sessions are one server's and one realm's, section 5. */
static void bind_to_place(mutual_try *t, request_rec *r)
{
    const char *bound = apr_pstrcat(
        r->pool, t->place.alg->name, "\n", t->place.validation, "\n",
        as_mutual_origin_text(r->pool, &t->host.origin), "\n", t->place.scope,
        "\n", as_realm(r), NULL);

    t->bound = as_span_of(bound);
}

/* ---- steps that cost ------------------------------------------------- */

/* A step in the group. AuthSchemeChecks bounds those that take long. */
static as_verdict take_turn(int *nth, const mutual_try *t, request_rec *r,
                            as_attempt *attempt)
{
    *nth = -1;
    if (!t->place.alg->is_slow)
        return AS_GRANTED;
    if (as_turn_begin(r, nth, NULL, NULL) == AS_TURN_OURS)
        return AS_GRANTED;
    return as_fail(attempt, APR_SUCCESS, "too many key exchanges at once "
                                         "(AuthSchemeChecks)");
}

static void end_turn(int nth)
{
    if (nth >= 0)
        as_turn_end(nth);
}

/* ---- req-KEX-C1 ------------------------------------------------------ */

static const char *seal(mutual_try *t, request_rec *r,
                        mutual_pending *pending)
{
    const char *nonce = as_nonce_make(r, SID, t->bound), *sid = NULL;
    unsigned char key[AS_KEY_LEN];

    pending->print = t->print;
    memcpy(pending->numbers.octets, t->numbers.octets, 2 * t->place.alg->len);
    apr_cpystrn(pending->user, t->user, sizeof(pending->user));
    if (nonce && as_derive(key, SID, 0))
        sid = mutual_sid_seal(r->pool, pending, t->place.alg, nonce, key,
                              t->bound);
    as_wipe(key, sizeof(key));
    return sid;
}

/* Our part of the exchange, in *pending. */
static as_verdict compute_kex(mutual_pending *pending, mutual_try *t,
                              request_rec *r, const as_mutual_element *kc1,
                              as_attempt *attempt)
{
    as_mutual_element *j = NULL;
    apr_status_t rv = as_mutual_secret(pending->s, t->group);
    int nth;

    if (rv != APR_SUCCESS)
        return as_fail(attempt, rv, "OpenSSL has no randomness");
    if (take_turn(&nth, t, r, attempt) != AS_GRANTED)
        return attempt->verdict;
    if (mutual_find_user(&j, t, r, attempt) != AS_GRANTED) {
        end_turn(nth);
        return attempt->verdict;
    }
    rv = mutual_answer_kex(&t->numbers, t->group, kc1, j, pending->s);
    end_turn(nth);
    as_mutual_element_free(j);
    if (rv == APR_SUCCESS)
        return AS_GRANTED;
    return deny(t, attempt, "internal-error", AS_SERVER_FAULT,
                "the key exchange came to a trivial number");
}

static as_verdict go_on(mutual_try *t, request_rec *r,
                        mutual_pending *pending, as_attempt *attempt)
{
    const mutual_terms terms = { seal(t, r, pending),
                                 (unsigned int)t->conf.nc_max,
                                 (unsigned int)t->conf.nc_window,
                                 t->conf.lifetime, t->conf.path };
    const as_mutual_alg *alg = t->place.alg;

    if (!terms.sid)
        return as_fail(attempt, APR_SUCCESS, "OpenSSL can not seal a key "
                                             "exchange");
    t->kex_line = mutual_kex_line(
        r->pool, &t->place, &terms,
        mutual_number_text(r->pool, alg, mutual_ks1(&t->numbers, alg),
                           alg->len));
    attempt->reason = "a key exchange has begun";
    if (t->is_damaged) {
        attempt->problem = AS_SERVER_FAULT;
        attempt->reason = "what is stored of this user for Mutual is damaged";
        attempt->detail = t->user;
    }
    return as_continue(attempt);
}

static as_mutual_element *read_kc1(mutual_try *t)
{
    const as_mutual_alg *alg = t->place.alg;
    unsigned char *kc1 = mutual_kc1(&t->numbers);

    if (!mutual_number(kc1, alg->len, alg, t->sent.kc1))
        return NULL;
    return as_mutual_element_read(t->group,
                                  (as_span){ (char *)kc1, alg->len });
}

/* No name has a NUL: "alice", NUL and more is nobody, and not alice. */
static const char *name_of(apr_pool_t *pool, as_span user)
{
    return memchr(user.at, '\0', user.len) ? "" : as_string(pool, user);
}

static as_verdict exchange(mutual_try *t, request_rec *r, as_attempt *attempt)
{
    mutual_pending pending;
    as_mutual_element *kc1 = read_kc1(t);
    as_verdict verdict;

    if (!kc1)
        return unacceptable(t, attempt, "kc1 is no element of the group");
    if (t->sent.user.len > MUTUAL_USER_MAX) {
        as_mutual_element_free(kc1);
        return unacceptable(t, attempt, "user has more than 255 octets");
    }
    memset(&pending, 0, sizeof(pending));
    t->user = name_of(r->pool, t->sent.user);
    verdict = compute_kex(&pending, t, r, kc1, attempt);
    as_mutual_element_free(kc1);
    if (verdict == AS_GRANTED)
        verdict = go_on(t, r, &pending, attempt);
    as_wipe(&pending, sizeof(pending));
    return verdict;
}

/* ---- req-VFY-C: whose session ---------------------------------------- */

static apr_size_t least_session(const mutual_try *t)
{
    return sizeof(session_head) + 3 * t->place.alg->len;
}

static int find_session(mutual_try *t, request_rec *r)
{
    unsigned char octets[MUTUAL_SID_MAX];
    as_span parts[2] = { t->bound, { (char *)octets, t->sent.sid.len / 2 } };

    return t->sent.sid.len <= 2 * MUTUAL_SID_MAX
           && as_hex_take(octets, t->sent.sid)
           && as_session_find(&t->session, r, SESSION, parts, 2)
           && t->session.len >= least_session(t);
}

/* Takes out of a session what was put into it. */
static void resume(mutual_try *t, request_rec *r)
{
    const unsigned char *at = t->session.data;
    apr_size_t len = 3 * t->place.alg->len;
    session_head head;

    memcpy(&head, at, sizeof(head));
    t->print = head.print;
    t->issued = head.issued;
    memcpy(t->numbers.octets, at + sizeof(head), len);
    t->user = apr_pstrmemdup(r->pool, (const char *)at + sizeof(head) + len,
                             t->session.len - least_session(t));
}

static int open_sid(mutual_pending *pending, mutual_try *t)
{
    unsigned char key[AS_KEY_LEN];
    apr_status_t rv = APR_EACCES;
    int nth;

    for (nth = 0; rv != APR_SUCCESS && as_derive(key, SID, nth); nth++)
        rv = mutual_sid_open(pending, t->sent.sid, t->place.alg, key,
                             t->bound);
    as_wipe(key, sizeof(key));
    return rv == APR_SUCCESS;
}

/* Sets z and the rest from the session id. */
static as_verdict agree(mutual_try *t, request_rec *r, as_attempt *attempt)
{
    mutual_pending pending;
    as_verdict verdict;
    apr_status_t rv;
    int nth;

    if (!mutual_sid_nonce(t->nonce, t->sent.sid)
        || as_nonce_check(&t->issued, r, SID, t->bound, as_span_of(t->nonce))
               != AS_NONCE_OURS
        || !open_sid(&pending, t))
        return as_stale(attempt, "the session is not of this server and "
                                 "realm, or of a secret that is gone");
    t->print = pending.print;
    t->user = apr_pstrdup(r->pool, pending.user);
    memcpy(t->numbers.octets, pending.numbers.octets, 2 * t->place.alg->len);
    verdict = take_turn(&nth, t, r, attempt);
    if (verdict == AS_GRANTED) {
        rv = mutual_agree(&t->numbers, t->group, pending.s);
        end_turn(nth);
        if (rv != APR_SUCCESS)
            verdict = deny(t, attempt, "internal-error", AS_SERVER_FAULT,
                           "the key exchange came to a trivial number");
    }
    as_wipe(&pending, sizeof(pending));
    return verdict;
}

static as_verdict check_age(const mutual_try *t, request_rec *r,
                            as_attempt *attempt)
{
    apr_time_t ends = t->issued + apr_time_from_sec(t->conf.lifetime) + GRACE;

    return r->request_time < ends && r->request_time >= t->issued - GRACE
               ? AS_GRANTED
               : as_stale(attempt, "the session is over");
}

/* ---- req-VFY-C: is it the client? ------------------------------------ */

/* The name of this server that the client's proof is for; or NULL if it is for
 * none, and wrong. Looks at all of them. */
static const as_span *find_proof(const mutual_try *t)
{
    unsigned char sent[AS_MUTUAL_HASH_MAX] = { 0 }, due[AS_MUTUAL_HASH_MAX];
    const as_mutual_alg *alg = t->place.alg;
    int is_number = mutual_number(sent, alg->hash_len, alg, t->sent.vkc), i;
    const as_span *found = NULL;

    for (i = 0; i < t->host.count; i++)
        if (mutual_proof(due, t->group, &t->numbers, MUTUAL_CLIENT, t->nc,
                         t->host.vh[i]) == APR_SUCCESS
            && CRYPTO_memcmp(due, sent, alg->hash_len) == 0 && is_number)
            found = &t->host.vh[i];
    as_wipe(due, sizeof(due));
    return found;
}

/* A session that stands may get wrong proofs of anybody, and goes on. */
static as_verdict wrong_proof(mutual_try *t, as_attempt *attempt)
{
    t->reason = "auth-failed";
    if (!t->cred)
        return as_deny(attempt, AS_UNKNOWN,
                       "no such user in this realm and auth-scope");
    if (t->is_damaged)
        return as_deny(attempt, AS_SERVER_FAULT,
                       "what is stored of this user for Mutual is damaged");
    if (t->is_changed)
        return as_deny(attempt, AS_INVALID, "the user's password was changed "
                                            "since the key exchange");
    return as_deny(attempt, AS_INVALID, "wrong password, or made for another "
                                        "server");
}

/* May the record sign in at all? Only who knows the password comes here. */
static as_verdict check_record(mutual_try *t, as_attempt *attempt)
{
    const as_cred *cred = t->cred;

    if (t->is_changed)
        return as_stale(attempt, "the user's password was changed or removed "
                                 "since the session began");
    t->reason = "auth-failed";
    if (!cred || t->is_damaged)
        return wrong_proof(t, attempt);
    if (cred->state == AS_CRED_PENDING)
        return as_deny(attempt, AS_DISABLED,
                       "the user's password is not approved yet");
    if (cred->state != AS_CRED_ACTIVE)
        return as_deny(attempt, AS_DISABLED, "the user's password is revoked");
    if (cred->expires && cred->expires <= apr_time_now())
        return as_deny(attempt, AS_EXPIRED, "the user's password is expired");
    if (t->issued < cred->not_before)
        return as_stale(attempt, "the session is older than the user's logout");
    return AS_GRANTED;
}

/* The record that the session was made with, as it is now. That it is another
 * is for those to know who prove themselves: J of nobody changes with every
 * restart, and stale would tell him from somebody whose password is wrong. */
static as_verdict look_up_again(mutual_try *t, request_rec *r,
                                as_attempt *attempt)
{
    mutual_print made_with = t->print;

    if (mutual_find_user(NULL, t, r, attempt) != AS_GRANTED)
        return attempt->verdict;
    t->is_changed = CRYPTO_memcmp(made_with.digits, t->print.digits,
                                  MUTUAL_PRINT_LEN) != 0;
    return AS_GRANTED;
}

/* ---- req-VFY-C: the session begins, or goes on ----------------------- */

/* One key exchange is one guess, section 11: right or wrong, the first answer
 * to it is the last. */
static as_use spend(const mutual_try *t, request_rec *r)
{
    return as_spend(r, "Mutual exchange", as_span_of(t->nonce), t->issued,
                    t->issued + apr_time_from_sec(t->conf.lifetime) + GRACE);
}

static as_verdict begin_session(mutual_try *t, request_rec *r,
                                as_attempt *attempt)
{
    apr_size_t numbers = 3 * t->place.alg->len, user = strlen(t->user);
    session_head head = { t->print, t->issued };
    unsigned char data[AS_SESSION_MAX], *at = data + sizeof(head);
    apr_status_t rv;

    memcpy(data, &head, sizeof(head));
    memcpy(at, t->numbers.octets, numbers);
    memcpy(at + numbers, t->user, user);
    rv = as_session_begin(&t->session, r,
                          (as_span){ (char *)data,
                                     sizeof(head) + numbers + user },
                          t->issued + apr_time_from_sec(t->conf.lifetime)
                              + GRACE);
    as_wipe(data, sizeof(data));
    return rv == APR_SUCCESS
               ? AS_GRANTED
               : as_fail(attempt, rv, "cannot reach the table of sessions");
}

/* The exchange was answered before. If that was right, and a moment ago, the
 * session is there now. Else it was wrong, or the session has ended since: who
 * asks is not told which, and may begin again. */
static as_verdict join(mutual_try *t, request_rec *r, int is_right,
                       as_attempt *attempt)
{
    if (find_session(t, r))
        return is_right ? AS_GRANTED : wrong_proof(t, attempt);
    return as_stale(attempt, "the key exchange was answered before, and has "
                             "no session");
}

static as_verdict answer_exchange(mutual_try *t, request_rec *r, int is_right,
                                  as_attempt *attempt)
{
    switch (spend(t, r)) {
    case AS_USE_FIRST:
        return is_right ? begin_session(t, r, attempt)
                        : wrong_proof(t, attempt);
    case AS_USE_SEEN:
        return join(t, r, is_right, attempt);
    case AS_USE_STALE:
        return as_stale(attempt, "nobody knows any more whether the key "
                                 "exchange was answered before");
    case AS_USE_UNAVAILABLE:
    default:
        return as_fail(attempt, APR_SUCCESS, "cannot reach the table of key "
                                             "exchanges");
    }
}

static as_verdict check_number(mutual_try *t, request_rec *r,
                               as_attempt *attempt)
{
    if (t->nc > (apr_uint64_t)t->conf.nc_max) {
        as_session_end(&t->session, r);
        return as_stale(attempt, "nc is above MutualNcMax");
    }
    switch (as_session_use(&t->session, r, t->nc,
                           (unsigned int)t->conf.nc_window)) {
    case AS_USE_FIRST:
        return AS_GRANTED;
    case AS_USE_SEEN:
        as_stale(attempt, "nc was used before, or is too old to tell");
        attempt->problem = AS_REPLAYED;
        return AS_STALE;
    case AS_USE_STALE:
        return as_stale(attempt, "the session has ended");
    case AS_USE_UNAVAILABLE:
    default:
        return as_fail(attempt, APR_SUCCESS,
                       "cannot reach the table of sessions");
    }
}

/* The server's own proof: only after the client's was right. */
static as_verdict prove(mutual_try *t, request_rec *r, as_span vh,
                        as_attempt *attempt)
{
    unsigned char proof[AS_MUTUAL_HASH_MAX];
    const as_mutual_alg *alg = t->place.alg;

    if (mutual_proof(proof, t->group, &t->numbers, MUTUAL_SERVER, t->nc, vh)
        != APR_SUCCESS)
        return as_fail(attempt, APR_SUCCESS, "OpenSSL can not compute the "
                                             "hash");
    t->info = mutual_info(r->pool, t->sent.sid,
                          mutual_number_text(r->pool, alg, proof,
                                             alg->hash_len));
    return as_grant(attempt, t->cred->user);
}

/* ---- req-VFY-C: all of it -------------------------------------------- */

static as_verdict judge(mutual_try *t, request_rec *r, int is_new,
                        as_attempt *attempt)
{
    const as_span *vh;
    as_verdict verdict = check_age(t, r, attempt);

    if (verdict == AS_GRANTED)
        verdict = look_up_again(t, r, attempt);
    if (verdict != AS_GRANTED)
        return verdict;
    vh = find_proof(t);
    if (is_new)
        verdict = answer_exchange(t, r, vh && t->cred && !t->is_damaged
                                            && !t->is_changed, attempt);
    if (verdict == AS_GRANTED && !vh)
        verdict = wrong_proof(t, attempt);
    if (verdict == AS_GRANTED)
        verdict = check_record(t, attempt);
    if (verdict == AS_GRANTED)
        verdict = check_number(t, r, attempt);
    return verdict == AS_GRANTED ? prove(t, r, *vh, attempt) : verdict;
}

static as_verdict verify(mutual_try *t, request_rec *r, as_attempt *attempt)
{
    int is_new = !find_session(t, r);
    as_verdict verdict = AS_GRANTED;

    mutual_natural(&t->nc, t->sent.nc);
    if (is_new)
        verdict = agree(t, r, attempt);
    else
        resume(t, r);
    if (verdict == AS_GRANTED)
        verdict = judge(t, r, is_new, attempt);
    return verdict;
}

/* ---- both messages --------------------------------------------------- */

as_verdict mutual_authenticate(request_rec *r, const as_credentials *sent,
                               as_attempt *attempt)
{
    mutual_try *t = apr_pcalloc(r->pool, sizeof(*t));
    const char *wrong = mutual_read(&t->sent, sent, r->pool), *misplaced;
    as_verdict verdict;

    attempt->data = t;
    t->reason = "invalid-parameters";
    t->conf = mutual_conf_of(r);
    mutual_place_of(&t->place, &t->host, r, &t->conf);
    misplaced = mutual_misplaced(&t->place, &t->host, r);
    if (misplaced) {
        attempt->detail = r->hostname;
        return as_forbid(attempt, AS_UNACCEPTABLE, misplaced);
    }
    if (!wrong)
        wrong = mutual_classify(&t->kind, &t->sent);
    if (wrong)
        return unacceptable(t, attempt, wrong);
    if (check_realm(t, r, attempt) != AS_GRANTED)
        return attempt->verdict;
    bind_to_place(t, r);
    verdict = t->kind == MUTUAL_KEX ? exchange(t, r, attempt)
                                    : verify(t, r, attempt);
    as_wipe(t->numbers.octets, 3 * t->place.alg->len);
    as_wipe(t->session.data, t->session.len);
    return verdict;
}
