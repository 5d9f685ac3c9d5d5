/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * AuthBasicProvider credentials - mod_auth_basic on the store (RFC 7617).
 *
 * A password hash is slow on purpose, and HTTP sends the password with every
 * request. So a password that was found right is remembered for a while: under
 * a keyed MAC over the user, the password, the stored hash and the place. The
 * record is looked up first, always: another hash is another MAC, and a user
 * who is gone has none. Only right passwords are remembered.
 *
 * mod_auth_basic knows two answers, and 500 for all else. Our hook runs the
 * check once more, inside of itself, to make 503 of what we could not tell, and
 * to let a user who does not exist cost what a wrong password costs, after all
 * other providers have been asked.
 */
#include "httpd.h"
#include "http_core.h"
#include "http_log.h"
#include "http_protocol.h"
#include "http_request.h"
#include "apr_base64.h"
#include "mod_auth.h"

#include "credentials.h"
#include "password.h"
#include "text.h"

APLOG_USE_MODULE(authscheme_credentials);

#define DEFAULT_LIFETIME 300 /* seconds */
#define RETRY_AFTER "5"      /* seconds, with a 503 */
#define RIGHT 1              /* what is remembered of a password */
#define EFFORT_LIFETIME apr_time_from_sec(86400)

/* What is known of one httpd request. */
typedef struct asked {
    int inside;       /* the check runs inside of our hook */
    const char *owed; /* the password of a user who does not exist, which has
                         cost nothing yet; or NULL */
    int is_unavailable;
} asked;

static asked *asked_of(request_rec *r)
{
    asked *a = ap_get_module_config(r->request_config,
                                    &authscheme_credentials_module);

    if (!a) {
        a = apr_pcalloc(r->pool, sizeof(*a));
        ap_set_module_config(r->request_config,
                             &authscheme_credentials_module, a);
    }
    return a;
}

/* ---- what an answer depends on --------------------------------------- */

#define PLACE_PARTS 6
#define PARTS (PLACE_PARTS + 4)

/* A password that is being checked. */
typedef struct check {
    request_rec *r;
    const char *user, *password; /* UTF-8 */
    const as_cred *cred;
    int lifetime; /* of the answer, in seconds; 0: not remembered */
    as_span parts[PARTS];
} check;

#define SPAN_OF(object) ((as_span){ (const char *)&(object), sizeof(object) })

/* Server, realm, and where the credentials are kept. */
static void name_place(as_span parts[PLACE_PARTS], request_rec *r,
                       const cred_conf *conf)
{
    const server_rec *s = r->server;

    parts[0] = as_span_of(s->server_hostname);
    parts[1] = SPAN_OF(s->port);
    parts[2] = as_span_of(s->defn_name);
    parts[3] = SPAN_OF(s->defn_line_number);
    parts[4] = as_span_of(as_realm(r));
    parts[5] = as_span_of(conf->source);
}

static const cred_conf *conf_of(request_rec *r)
{
    return ap_get_module_config(r->per_dir_config,
                                &authscheme_credentials_module);
}

static void name_answer(check *c)
{
    const cred_conf *conf = conf_of(c->r);

    c->lifetime = conf->lifetime == CRED_UNSET ? DEFAULT_LIFETIME
                                               : conf->lifetime;
    name_place(c->parts, c->r, conf);
    c->parts[PLACE_PARTS] = as_span_of(c->user);
    c->parts[PLACE_PARTS + 1] = as_span_of(c->password);
    c->parts[PLACE_PARTS + 2] = c->cred->value;
    c->parts[PLACE_PARTS + 3] = SPAN_OF(c->lifetime);
}

static int is_remembered(void *baton)
{
    check *c = baton;

    return c->lifetime
           && as_recall(c->r, "basic", c->parts, PARTS) == RIGHT;
}

static void remember(check *c)
{
    if (c->lifetime)
        as_remember(c->r, "basic", c->parts, PARTS, RIGHT,
                    apr_time_from_sec(c->lifetime));
}

/* ---- users who do not exist ------------------------------------------ */

/* What the last hash in this place took to verify; a hash that is none does
 * not count. */
static void remember_effort(const check *c)
{
    apr_uint32_t effort = as_password_effort(c->cred->value);

    if (effort)
        as_remember(c->r, "basic effort", c->parts, PLACE_PARTS, effort,
                    EFFORT_LIFETIME);
}

static void spend(request_rec *r, const char *password)
{
    as_span place[PLACE_PARTS];

    name_place(place, r, conf_of(r));
    as_password_spend(as_recall(r, "basic effort", place, PLACE_PARTS),
                      password);
}

static as_verdict too_many(as_attempt *attempt)
{
    return as_fail(attempt, APR_SUCCESS, "too many password checks at once");
}

static as_verdict deny_unknown(request_rec *r, as_attempt *attempt,
                               const char *password)
{
    int nth;

    if (as_turn_begin(r, &nth, NULL, NULL) == AS_TURN_NEVER)
        return too_many(attempt);
    spend(r, password);
    as_turn_end(nth);
    return as_deny(attempt, AS_UNKNOWN, "no such user in this realm");
}

/* ---- the check ------------------------------------------------------- */

static const struct {
    as_problem problem;
    const char *reason;
} refusals[] = {
    [AS_PASSWORD_WRONG] = { AS_INVALID, "wrong password" },
    [AS_PASSWORD_TOO_LONG] = { AS_INVALID, "the password is longer than its "
                               "stored hash tells apart" },
    [AS_PASSWORD_UNUSABLE] = { AS_SERVER_FAULT, "the user's stored password "
                               "hash is none that we can use" },
};

/* mod_auth_basic hands on what stands before a NUL: "secret\0x" would pass for
 * "secret". Others (mod_auth_form) have their credentials elsewhere. */
static int holds_nul(request_rec *r)
{
    const char *type = ap_auth_type(r);
    const char *field = apr_table_get(r->headers_in,
                                      r->proxyreq == PROXYREQ_PROXY
                                          ? "Proxy-Authorization"
                                          : "Authorization");
    char *octets;
    int len;

    if (!type || ap_cstr_casecmp(type, "Basic") || !field
        || ap_cstr_casecmpn(field, "Basic ", 6))
        return 0;
    field += 6 + strspn(field + 6, " \t");
    octets = apr_palloc(r->pool, (apr_size_t)apr_base64_decode_len(field));
    len = apr_base64_decode(octets, field);
    return memchr(octets, '\0', (apr_size_t)len) != NULL;
}

/* Clients without a word about it send UTF-8 or ISO 8859-1. What is UTF-8 is
 * read as nothing else. */
static void take_text(check *c, const char *user, const char *password)
{
    c->user = user;
    c->password = password;
    if (as_text_is_utf8(as_span_of(user))
        && as_text_is_utf8(as_span_of(password)))
        return;
    c->user = as_text_of_latin1(c->r->pool, as_span_of(user));
    c->password = as_text_of_latin1(c->r->pool, as_span_of(password));
}

static apr_status_t find_in(check *c, const char *realm)
{
    return cred_store.find(&c->cred, c->r, AS_CRED_PASSWORD, c->user, realm,
                           "", NULL);
}

/* The record of this realm goes before one for every realm. */
static apr_status_t find(check *c)
{
    const char *realm = as_realm(c->r);
    apr_status_t rv = find_in(c, realm);

    return rv == APR_NOTFOUND && *realm ? find_in(c, "") : rv;
}

/* Why even the right password does not sign in; NULL if it does. */
static const char *unfit(const as_cred *cred, as_problem *problem)
{
    as_span user = as_span_of(cred->user);

    *problem = AS_DISABLED;
    if (cred->state == AS_CRED_PENDING)
        return "the user's password is not approved yet";
    if (cred->state != AS_CRED_ACTIVE)
        return "the user's password is revoked";
    *problem = AS_EXPIRED;
    if (cred->expires && cred->expires <= apr_time_now())
        return "the user's password is expired";
    *problem = AS_UNACCEPTABLE;
    if (!user.len || !as_text_is_utf8(user) || as_text_has_controls(user))
        return "the record's user is empty or not plain UTF-8";
    return NULL;
}

static as_verdict verdict_on(check *c, as_attempt *attempt, as_password result)
{
    as_problem problem;
    const char *why = unfit(c->cred, &problem);

    if (result != AS_PASSWORD_RIGHT)
        return as_deny(attempt, refusals[result].problem,
                       refusals[result].reason);
    if (why)
        return as_deny(attempt, problem, why);
    return as_grant(attempt, c->cred->user);
}

static as_password compute(check *c)
{
    as_password result = as_password_verify(c->cred->value, c->password);

    if (result == AS_PASSWORD_UNUSABLE)
        spend(c->r, c->password);
    if (result == AS_PASSWORD_RIGHT)
        remember(c);
    remember_effort(c);
    return result;
}

/* The slow way. Others who send the same password find the answer while they
 * wait for their turn, or when it comes. */
static as_verdict prove(check *c, as_attempt *attempt)
{
    as_password result = AS_PASSWORD_RIGHT;
    int nth;
    as_turn turn = as_turn_begin(c->r, &nth, is_remembered, c);

    if (turn == AS_TURN_NEVER)
        return too_many(attempt);
    if (turn == AS_TURN_OURS) {
        if (!is_remembered(c))
            result = compute(c);
        as_turn_end(nth);
    }
    return verdict_on(c, attempt, result);
}

static as_verdict judge(check *c, as_attempt *attempt)
{
    apr_status_t rv;

    if (as_text_has_controls(as_span_of(c->user)))
        return as_deny(attempt, AS_MALFORMED,
                       "the user's name has control characters");
    if (holds_nul(c->r))
        return as_deny(attempt, AS_MALFORMED,
                       "a NUL octet in the credentials");

    rv = find(c);
    if (rv == APR_NOTFOUND)
        return as_deny(attempt, AS_UNKNOWN, "no such user in this realm");
    if (rv == APR_ENOTIMPL)
        return as_break(attempt, "AuthBasicProvider credentials needs "
                                 "AuthCredentials");
    if (rv != APR_SUCCESS)
        return as_fail(attempt, rv, "cannot reach the credential store");

    name_answer(c);
    if (is_remembered(c))
        return verdict_on(c, attempt, AS_PASSWORD_RIGHT);
    return prove(c, attempt);
}

/* ---- saying so ------------------------------------------------------- */

/* mod_auth_basic logs who is not there and whose password is wrong. */
static int level_of(const as_attempt *attempt)
{
    if (attempt->verdict == AS_UNAVAILABLE || attempt->verdict == AS_BROKEN)
        return APLOG_ERR;
    if (attempt->problem == AS_UNKNOWN)
        return APLOG_INFO;
    return APLOG_WARNING;
}

/* In a list the core has the one log line; alone, we say why. */
static void explain(request_rec *r, const as_attempt *attempt,
                    const char *user)
{
    as_attempt *listed = as_stock_attempt(r);

    if (listed) {
        *listed = *attempt;
        listed->detail = user;
        return;
    }
    ap_log_rerror(APLOG_MARK, level_of(attempt), attempt->status, r,
                  "AuthBasicProvider credentials: user %.64s: %s", user,
                  attempt->reason);
}

static authn_status answer_of(const as_attempt *attempt)
{
    if (attempt->verdict == AS_GRANTED)
        return AUTH_GRANTED;
    if (attempt->verdict != AS_DENIED)
        return AUTH_GENERAL_ERROR;
    return attempt->problem == AS_UNKNOWN ? AUTH_USER_NOT_FOUND : AUTH_DENIED;
}

/* ---- the provider ---------------------------------------------------- */

static authn_status check_password(request_rec *r, const char *user,
                                   const char *password)
{
    as_attempt attempt = { 0 };
    check c = { .r = r };
    asked *a = asked_of(r);

    take_text(&c, user, password);
    judge(&c, &attempt);
    if (attempt.problem == AS_UNKNOWN && a->inside)
        a->owed = c.password;
    else if (attempt.problem == AS_UNKNOWN)
        deny_unknown(r, &attempt, c.password);
    a->is_unavailable = attempt.verdict == AS_UNAVAILABLE;
    if (attempt.verdict == AS_GRANTED)
        r->user = (char *)attempt.user;
    else
        explain(r, &attempt, c.user);
    return answer_of(&attempt);
}

/* For stock Digest, and for AuthBasicUseDigestAlgorithm: MD5's H(A1). */
static authn_status get_realm_hash(request_rec *r, const char *user,
                                   const char *realm, char **hash)
{
    const as_cred *cred;
    as_attempt attempt = { 0 };
    as_problem problem;
    const char *why;
    apr_status_t rv = cred_store.find(&cred, r, AS_CRED_DIGEST, user, realm,
                                      "", "MD5");

    if (rv == APR_NOTFOUND)
        return AUTH_USER_NOT_FOUND;
    if (rv == APR_SUCCESS) {
        why = unfit(cred, &problem);
        if (!why) {
            *hash = (char *)as_string(r->pool, cred->value);
            return AUTH_USER_FOUND;
        }
        as_deny(&attempt, problem, why);
        explain(r, &attempt, user);
        return AUTH_DENIED;
    }
    as_fail(&attempt, rv, rv == APR_ENOTIMPL
                              ? "AuthDigestProvider credentials needs "
                                "AuthCredentials"
                              : "cannot reach the credential store");
    asked_of(r)->is_unavailable = rv != APR_ENOTIMPL;
    explain(r, &attempt, user);
    return AUTH_GENERAL_ERROR;
}

static const authn_provider provider = { check_password, get_realm_hash };

/* ---- around the check ------------------------------------------------ */

static int is_asked_for(request_rec *r)
{
    const char *type = ap_auth_type(r);

    return type && (!ap_cstr_casecmp(type, "Basic")
                    || !ap_cstr_casecmp(type, "Digest"));
}

/* Nobody knew the user: that costs what a wrong password costs. */
static void pay(request_rec *r, asked *a)
{
    as_attempt attempt = { 0 };

    if (deny_unknown(r, &attempt, a->owed) == AS_DENIED)
        return;
    a->is_unavailable = 1;
    explain(r, &attempt, r->user ? r->user : "-");
}

static int unavailable(request_rec *r)
{
    apr_table_unset(r->err_headers_out, r->proxyreq == PROXYREQ_PROXY
                                            ? "Proxy-Authenticate"
                                            : "WWW-Authenticate");
    apr_table_setn(r->err_headers_out, "Retry-After", RETRY_AFTER);
    return HTTP_SERVICE_UNAVAILABLE;
}

static int check_authn(request_rec *r)
{
    asked *a;
    int status;

    if (!is_asked_for(r))
        return DECLINED;
    a = asked_of(r);
    if (a->inside)
        return DECLINED;

    *a = (asked){ .inside = 1 };
    status = ap_run_check_user_id(r);
    if (status != OK && a->owed)
        pay(r, a);
    /* After DECLINED httpd asks all others again, who have all declined. */
    a->inside = status == DECLINED;
    return status != OK && a->is_unavailable ? unavailable(r) : status;
}

void cred_register_basic(apr_pool_t *p)
{
    ap_register_auth_provider(p, AUTHN_PROVIDER_GROUP, "credentials",
                              AUTHN_PROVIDER_VERSION, &provider,
                              AP_AUTH_INTERNAL_PER_CONF);
    ap_hook_check_authn(check_authn, NULL, NULL, APR_HOOK_FIRST,
                        AP_AUTH_INTERNAL_PER_CONF);
}
