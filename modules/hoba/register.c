/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * /.well-known/hoba/register: a form with a public key, and proof that its
 * sender has the private one. RFC 7486 section 6.2.1.
 *
 * What costs little is checked first. Nothing is stored before the proof
 * verified, a key is never replaced, and a key never gets to an account
 * without that account's own sign-in, or an invitation for it.
 */
#include <jansson.h>

#include "httpd.h"
#include "http_core.h"
#include "http_log.h"
#include "http_protocol.h"

#include "form.h"
#include "glue.h"
#include "grammar.h"

APLOG_USE_MODULE(authscheme_hoba);

#define BODY_MAX 16384
#define DID_MAX 128
#define KEYS_PER_ACCOUNT 10
#define PENDING_MAX 100
#define RETRY_AFTER "3600" /* until somebody approves */

typedef struct registration {
    request_rec *r;
    const hoba_conf *conf;
    const hoba_origin *origin;
    as_fields form;
    const as_key *key;
    as_span der;
    const char *kid;
    const hoba_algorithm *alg;
    const char *did;
    const char *account;
    const as_cred *invite; /* that it comes with, or NULL */
    const char *why;       /* it is not good; NULL if it is, or needs not be */
} registration;

/* A step is done and the next one is due, or the answer is made. */
#define NEXT (-100)

/* ---- the form -------------------------------------------------------- */

static int is_form(request_rec *r)
{
    const char *type = apr_table_get(r->headers_in, "Content-Type");

    if (!type)
        return 0;
    return as_span_is_nocase((as_span){ type, strcspn(type, "; \t") },
                             "application/x-www-form-urlencoded");
}

/* The whole body, or the status to answer with. */
static int read_body(request_rec *r, as_span *body)
{
    char *room = apr_palloc(r->pool, BODY_MAX + 1);
    apr_size_t n = 0;
    long got = 0;
    int rc = ap_setup_client_block(r, REQUEST_CHUNKED_DECHUNK);

    if (rc != OK)
        return rc;
    if (r->remaining > BODY_MAX)
        return HTTP_REQUEST_ENTITY_TOO_LARGE;
    if (ap_should_client_block(r))
        while (n <= BODY_MAX
               && (got = ap_get_client_block(r, room + n, BODY_MAX + 1 - n))
                      > 0)
            n += (apr_size_t)got;
    if (got < 0)
        return HTTP_BAD_REQUEST;
    if (n > BODY_MAX)
        return HTTP_REQUEST_ENTITY_TOO_LARGE;
    *body = (as_span){ room, n };
    return OK;
}

static int bad_form(registration *reg, const char *why)
{
    return hoba_turn_away(reg->r, HTTP_BAD_REQUEST, "malformed", why);
}

static int take_form(registration *reg)
{
    const char *why;
    as_span body;
    int rc;

    if (!is_form(reg->r))
        return hoba_turn_away(reg->r, HTTP_UNSUPPORTED_MEDIA_TYPE, "malformed",
                              "not application/x-www-form-urlencoded");
    rc = read_body(reg->r, &body);
    if (rc == HTTP_REQUEST_ENTITY_TOO_LARGE)
        return hoba_turn_away(reg->r, rc, "malformed", "the form is too long");
    if (rc != OK)
        return rc;
    if (as_fields_parse(&reg->form, &why, body, reg->r->pool) != APR_SUCCESS)
        return bad_form(reg, apr_pstrcat(reg->r->pool, "the form has ", why,
                                         NULL));
    return NEXT;
}

/* Absent means 0, and 0 is the only one that we know. */
static int is_type_zero(const registration *reg, const char *name)
{
    const as_span *value = as_fields_get(&reg->form, name);

    return !value || as_span_is(*value, "0");
}

static int is_label(as_span did)
{
    json_t *text = json_stringn(did.at, did.len);
    apr_size_t i;
    int ok = text != NULL && did.len <= DID_MAX; /* it takes UTF-8 alone */

    json_decref(text);
    for (i = 0; ok && i < did.len; i++)
        ok = !apr_iscntrl(did.at[i]);
    return ok;
}

static int take_names(registration *reg)
{
    const as_span *did = as_fields_get(&reg->form, "did");

    if (!is_type_zero(reg, "kidtype"))
        return bad_form(reg, "kidtype is not 0");
    if (!is_type_zero(reg, "didtype"))
        return bad_form(reg, "didtype is not 0");
    if (did && !is_label(*did))
        return bad_form(reg, "did is not up to 128 octets of UTF-8 text");
    reg->did = did ? as_string(reg->r->pool, *did) : "";
    return NEXT;
}

static int take_key(registration *reg)
{
    const as_span *pub = as_fields_get(&reg->form, "pub");
    const as_span *kid = as_fields_get(&reg->form, "kid");
    const char *why;

    if (!pub)
        return bad_form(reg, "there is no field pub");
    if (as_key_from_pem(&reg->key, &reg->der, &why, *pub, reg->r->pool)
        != APR_SUCCESS)
        return bad_form(reg, apr_pstrcat(reg->r->pool, "pub: ", why, NULL));
    reg->alg = hoba_algorithm_of(reg->key, reg->conf->algorithms);
    if (!reg->alg)
        return bad_form(reg, "pub: this kind of key is not accepted here");
    reg->kid = hoba_kid_of(reg->r->pool, reg->der);
    if (!reg->kid)
        return HTTP_INTERNAL_SERVER_ERROR;
    if (kid && !as_span_is(*kid, reg->kid))
        return bad_form(reg, "kid is not the hash of pub");
    return NEXT;
}

/* ---- whose it will be ------------------------------------------------ */

/* One answer, whatever is wrong with it. */
static int refuse_invite(registration *reg, const char *problem,
                         const char *why)
{
    if (reg->invite)
        why = apr_psprintf(reg->r->pool, "%s (%.12s)", why, reg->invite->id);
    return hoba_turn_away_quietly(reg->r, HTTP_FORBIDDEN, problem, why,
                                  "the invitation is not good");
}

/* Whether it is good is said at the end only: a client that comes again with
 * the key that it was good for is welcome, and others prove a key first. */
static int take_invite(registration *reg)
{
    const as_span *code = as_fields_get(&reg->form, "invite");
    apr_status_t rv;

    if (!code)
        return bad_form(reg, "there is no field invite");
    rv = hoba_invite_find(&reg->invite, reg->r, *code);
    if (rv != APR_SUCCESS && rv != APR_NOTFOUND)
        return hoba_failed(reg->r, rv, "cannot read the store");
    if (rv == APR_NOTFOUND) {
        reg->invite = NULL;
        reg->why = "no such invitation";
        reg->account = "";
        return NEXT;
    }
    reg->why = hoba_invite_unfit(reg->invite, reg->r->request_time);
    reg->account = reg->invite->user;
    return NEXT;
}

static int take_account(registration *reg)
{
    int rc;

    reg->account = reg->kid;
    if (reg->conf->policy == HOBA_INVITE)
        return take_invite(reg);
    if (reg->conf->policy != HOBA_BIND)
        return NEXT;
    rc = as_authenticate(reg->r, NULL, &hoba_scheme, NULL);
    if (rc != OK)
        return rc;
    reg->account = apr_pstrdup(reg->r->pool, reg->r->user);
    return NEXT;
}

/* ---- proof of possession --------------------------------------------- */

/* HOBA-RES in the field `result`, since Authorization may be taken by another
 * scheme; else where it always is. */
static apr_status_t find_result(registration *reg, hoba_result *result,
                                as_problem *problem)
{
    const as_span *field = as_fields_get(&reg->form, "result");
    const char *header = apr_table_get(reg->r->headers_in, "Authorization");
    as_credentials sent;

    *problem = AS_MALFORMED;
    if (field)
        return hoba_result_parse(result, *field);
    if (!header || reg->conf->policy == HOBA_BIND) {
        *problem = AS_MISSING;
        return APR_EINVAL;
    }
    if (as_credentials_parse(&sent, as_span_of(header), reg->r->pool)
            != APR_SUCCESS
        || !as_span_is_nocase(sent.scheme, hoba_scheme.name))
        return APR_EINVAL;
    return hoba_result_from(result, &sent, reg->r->pool);
}

static as_verdict judge_proof(registration *reg, hoba_try *t,
                              as_attempt *attempt)
{
    as_problem problem;
    as_verdict verdict = hoba_try_begin(t, reg->r, attempt);

    if (verdict != AS_GRANTED)
        return verdict;
    if (find_result(reg, &t->result, &problem) != APR_SUCCESS)
        return as_deny(attempt, problem,
                       problem == AS_MISSING
                           ? "no proof that the client has the key"
                           : "result is not four parts of base64url");
    verdict = hoba_try_challenge(t, reg->r, attempt);
    if (verdict != AS_GRANTED)
        return verdict;
    if (!as_span_is(hoba_kid(&t->result), reg->kid))
        return as_deny(attempt, AS_UNACCEPTABLE,
                       "the proof names another key than the form");
    verdict = hoba_try_signature(t, reg->r, reg->key, attempt);
    return verdict == AS_GRANTED ? hoba_try_claim(t, reg->r, attempt)
                                 : verdict;
}

static int check_proof(registration *reg)
{
    as_attempt attempt = { .scheme = &hoba_scheme };
    hoba_try *t = apr_pcalloc(reg->r->pool, sizeof(*t));

    if (judge_proof(reg, t, &attempt) == AS_GRANTED)
        return NEXT;
    return as_refuse(reg->r, &attempt);
}

/* ---- the store ------------------------------------------------------- */

static int say(registration *reg, as_cred_state state)
{
    request_rec *r = reg->r;
    int active = state == AS_CRED_ACTIVE;
    json_t *body = json_pack("{s:s, s:s*, s:s}", "kid", reg->kid, "account",
                             reg->account, "state",
                             active ? "active" : "pending");
    char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
    const char *copy = apr_pstrcat(r->pool, text ? text : "{}", "\n", NULL);

    free(text);
    json_decref(body);
    apr_table_setn(r->headers_out, "Hobareg", active ? "regok" : "reginwork");
    return hoba_answer(r, active ? HTTP_OK : HTTP_ACCEPTED, "application/json",
                       copy);
}

/* The key is there already: the same request twice is answered twice. */
static int say_known(registration *reg, const as_cred *cred)
{
    if (cred->state == AS_CRED_REVOKED)
        return hoba_turn_away(reg->r, HTTP_FORBIDDEN, "disabled",
                              "this key is revoked");
    if ((reg->conf->policy == HOBA_BIND || reg->invite)
        && strcmp(cred->user, reg->account) != 0)
        return hoba_turn_away(reg->r, HTTP_CONFLICT, "unacceptable",
                              "this key belongs to another account");
    reg->account = cred->user;
    return say(reg, cred->state);
}

static int check_limits(registration *reg, const as_store *store)
{
    const char *realm = as_realm(reg->r), *place = reg->origin->text;
    int keys = 0, pending = 0;
    apr_status_t rv = store->count(&keys, reg->r, AS_CRED_HOBA, reg->account,
                                   realm, place);

    if (rv == APR_SUCCESS && reg->conf->policy == HOBA_APPROVE)
        rv = store->count(&pending, reg->r, AS_CRED_HOBA, NULL, realm, place);
    if (rv != APR_SUCCESS)
        return hoba_failed(reg->r, rv, "cannot read the store");
    if (keys >= KEYS_PER_ACCOUNT)
        return hoba_turn_away(reg->r, HTTP_FORBIDDEN, "unacceptable",
                              "this account has as many keys as it may have");
    if (pending < PENDING_MAX)
        return NEXT;
    apr_table_setn(reg->r->err_headers_out, "Retry-After", RETRY_AFTER);
    return hoba_turn_away(reg->r, HTTP_TOO_MANY_REQUESTS, "unacceptable",
                          "too many keys wait for approval");
}

static int use_invite(registration *reg)
{
    apr_status_t rv;

    if (!reg->invite)
        return NEXT;
    rv = hoba_invite_use(reg->r, reg->invite);
    if (rv == APR_NOTFOUND)
        return refuse_invite(reg, "replayed",
                             "the invitation was used a moment ago");
    return rv == APR_SUCCESS ? NEXT
                             : hoba_failed(reg->r, rv, "cannot write the store");
}

static apr_status_t find(registration *reg, const as_store *store,
                         const as_cred **cred)
{
    return store->find(cred, reg->r, AS_CRED_HOBA, reg->kid, as_realm(reg->r),
                       reg->origin->text, NULL);
}

/* A key was not added, says the store. That may be its answer that got lost, so
 * the invitation is given back only if a look shows that no key came of it:
 * else it would be good for two. */
static apr_status_t settle(registration *reg, const as_store *store,
                           apr_status_t rv)
{
    const as_cred *cred;
    apr_status_t seen = find(reg, store, &cred);

    if (seen == APR_SUCCESS && cred->created == reg->r->request_time
        && strcmp(cred->user, reg->account) == 0)
        return APR_SUCCESS;
    if (seen == APR_SUCCESS || seen == APR_NOTFOUND)
        hoba_invite_restore(reg->r, reg->invite);
    else
        hoba_invite_lost(reg->r, reg->invite, seen);
    return rv;
}

/* The invitation goes first: of two who have it one gets further. */
static apr_status_t add(registration *reg, const as_store *store,
                        as_cred_state state)
{
    const as_cred cred = {
        .kind = AS_CRED_HOBA,
        .id = reg->kid,
        .realm = as_realm(reg->r),
        .place = reg->origin->text,
        .algorithm = reg->alg->name,
        .user = reg->account,
        .value = reg->der,
        .label = reg->did,
        .scope = "",
        .state = state,
        .created = reg->r->request_time,
    };
    apr_status_t rv = store->add(reg->r, &cred);

    return rv == APR_SUCCESS || !reg->invite ? rv : settle(reg, store, rv);
}

/* May another key be stored for this account? */
static int check_room(registration *reg, const as_store *store)
{
    if (reg->why)
        return refuse_invite(reg, reg->invite ? "disabled" : "unknown",
                             reg->why);
    return check_limits(reg, store);
}

/* May the client hear of a key that is there already? With an invitation that
 * is not good only if that may have been good for this very key. */
static int may_hear(const registration *reg, const as_cred *cred)
{
    if (!reg->why)
        return 1;
    return reg->invite && reg->invite->state == AS_CRED_REVOKED
        && cred->state == AS_CRED_ACTIVE
        && strcmp(cred->user, reg->account) == 0;
}

static int keep(registration *reg)
{
    const as_store *store = as_store_get();
    as_cred_state state = reg->conf->policy == HOBA_APPROVE ? AS_CRED_PENDING
                                                            : AS_CRED_ACTIVE;
    const as_cred *cred;
    apr_status_t rv = store ? find(reg, store, &cred) : APR_ENOTIMPL;
    int rc;

    if (rv == APR_SUCCESS && may_hear(reg, cred))
        return say_known(reg, cred);
    if (rv != APR_SUCCESS && rv != APR_NOTFOUND)
        return hoba_failed(reg->r, rv, "cannot read the store");
    rc = check_room(reg, store);
    if (rc == NEXT)
        rc = use_invite(reg);
    if (rc != NEXT)
        return rc;

    rv = add(reg, store, state);
    if (rv == APR_EEXIST && find(reg, store, &cred) == APR_SUCCESS)
        return say_known(reg, cred);
    if (rv != APR_SUCCESS)
        return hoba_failed(reg->r, rv, "cannot write the store");
    ap_log_rerror(APLOG_MARK, APLOG_NOTICE, 0, reg->r,
                  "authscheme: registered HOBA key %s of account \"%s\", %s",
                  reg->kid, ap_escape_logitem(reg->r->pool, reg->account),
                  state == AS_CRED_ACTIVE ? "active" : "pending approval");
    return say(reg, state);
}

/* ---- the endpoint ---------------------------------------------------- */

int hoba_register(request_rec *r, const hoba_conf *conf,
                  const hoba_origin *origin)
{
    static int (*const steps[])(registration *reg) = {
        take_form, take_names, take_key, take_account, check_proof, keep
    };
    registration reg = { .r = r, .conf = conf, .origin = origin };
    unsigned int i;
    int rc = NEXT;

    if (conf->policy == HOBA_OFF)
        return hoba_turn_away(r, HTTP_FORBIDDEN, "disabled",
                              "HobaRegistration is off");
    for (i = 0; rc == NEXT && i < sizeof(steps) / sizeof(steps[0]); i++)
        rc = steps[i](&reg);
    return rc;
}
