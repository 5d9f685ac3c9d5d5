/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * The endpoints of RFC 7486 section 6.2, and login, which makes a cookie of a
 * signature. Their place is open to everybody (nobody has a key before it is
 * registered); each asks for the credentials that it needs.
 */
#include "httpd.h"
#include "http_core.h"
#include "http_log.h"
#include "http_protocol.h"
#include "http_request.h"

#include "glue.h"
#include "secret.h"

APLOG_USE_MODULE(authscheme_hoba);

#define ROOT "/.well-known/hoba/"

/* ---- answers --------------------------------------------------------- */

int hoba_answer(request_rec *r, int status, const char *type,
                const char *body)
{
    r->status = status;
    if (!type) {
        ap_set_content_length(r, 0);
        return OK;
    }
    ap_set_content_type(r, type);
    ap_set_content_length(r, (apr_off_t)strlen(body));
    ap_rputs(body, r);
    return OK;
}

int hoba_turn_away_quietly(request_rec *r, int status, const char *problem,
                           const char *why, const char *told)
{
    ap_log_rerror(APLOG_MARK, APLOG_WARNING, 0, r,
                  "authscheme: refused status=%d scheme=HOBA problem=%s "
                  "user=- uri=\"%s\": %s",
                  status, problem, ap_escape_logitem(r->pool, r->uri), why);
    return hoba_answer(r, status, "text/plain; charset=utf-8",
                       apr_pstrcat(r->pool, told, "\n", NULL));
}

int hoba_turn_away(request_rec *r, int status, const char *problem,
                   const char *why)
{
    return hoba_turn_away_quietly(r, status, problem, why, why);
}

int hoba_failed(request_rec *r, apr_status_t rv, const char *reason)
{
    as_attempt attempt = { .scheme = &hoba_scheme };

    if (rv == APR_ENOTIMPL)
        as_break(&attempt, "HOBA needs AuthCredentials here; dbd: to "
                            "register keys, and to log out");
    else
        as_fail(&attempt, rv, reason);
    return as_refuse(r, &attempt);
}

/* ---- where it comes from --------------------------------------------- */

static hoba_site fetch_site(request_rec *r)
{
    const char *site = apr_table_get(r->headers_in, "Sec-Fetch-Site");

    if (!site || !strcmp(site, "none"))
        return HOBA_SITE_UNKNOWN;
    return strcmp(site, "same-origin") == 0 ? HOBA_SITE_SAME : HOBA_SITE_CROSS;
}

static hoba_site origin_site(request_rec *r, const hoba_origin *origin)
{
    const char *field = apr_table_get(r->headers_in, "Origin");
    hoba_origin sent;
    const char *why;

    if (!field)
        return HOBA_SITE_UNKNOWN;
    if (hoba_origin_parse(&sent, &why, field, r->pool) != APR_SUCCESS
        || strcmp(sent.text, origin->text) != 0)
        return HOBA_SITE_CROSS;
    return HOBA_SITE_SAME;
}

hoba_site hoba_site_of(request_rec *r, const hoba_origin *origin)
{
    hoba_site fetch = fetch_site(r), from = origin_site(r, origin);

    if (fetch == HOBA_SITE_CROSS || from == HOBA_SITE_CROSS)
        return HOBA_SITE_CROSS;
    return fetch == HOBA_SITE_SAME || from == HOBA_SITE_SAME
               ? HOBA_SITE_SAME : HOBA_SITE_UNKNOWN;
}

/* ---- cookies --------------------------------------------------------- */

static void set_cookie(request_rec *r, const hoba_origin *origin,
                       const char *value, int max_age)
{
    apr_table_addn(r->err_headers_out, "Set-Cookie",
                   apr_psprintf(r->pool,
                                "%s=%s; Path=/; %sHttpOnly; SameSite=Lax; "
                                "Max-Age=%d",
                                hoba_cookie_name(origin), value,
                                origin->tls ? "Secure; " : "", max_age));
}

/* NULL if the server can't seal one. */
static const char *new_session(request_rec *r, const hoba_conf *conf,
                               const hoba_origin *origin, const char *kid)
{
    apr_time_t now = apr_time_now();
    hoba_session session = { as_span_of(kid), now,
                             now + apr_time_from_sec(conf->session) };
    unsigned char key[AS_KEY_LEN];
    const char *value = NULL;

    if (as_derive(key, HOBA_SESSION_PURPOSE, 0))
        value = hoba_session_make(r->pool,
                                  (as_span){ (const char *)key, sizeof(key) },
                                  &session, as_span_of(origin->text),
                                  as_span_of(as_realm(r)));
    as_wipe(key, sizeof(key));
    return value;
}

/* ---- endpoints ------------------------------------------------------- */

/* The RFC leaves open how max-age and realm get to the client: they come as
 * in a 401. */
static int getchal(request_rec *r, const hoba_conf *conf,
                   const hoba_origin *origin)
{
    const char *line, *alone = NULL;
    int rc = ap_discard_request_body(r);

    if (rc != OK)
        return rc;
    line = hoba_challenge(r, conf, origin, &alone);
    if (!line)
        return hoba_failed(r, APR_SUCCESS, "no randomness");
    apr_table_setn(r->headers_out, "WWW-Authenticate", line);
    return hoba_answer(r, HTTP_OK, "text/plain", alone);
}

static int login(request_rec *r, const hoba_conf *conf,
                 const hoba_origin *origin)
{
    const as_attempt *attempt;
    const hoba_try *t;
    const char *value;
    int rc;

    if (!conf->session)
        return hoba_turn_away(r, HTTP_FORBIDDEN, "disabled",
                              "HobaSession is off: there are no logins");
    rc = as_authenticate(r, &hoba_scheme, NULL, &attempt);
    if (rc != OK)
        return rc;
    t = attempt->data;
    value = new_session(r, conf, origin, t->cred->id);
    if (!value)
        return hoba_failed(r, APR_SUCCESS, "cannot seal a session");
    set_cookie(r, origin, value, conf->session);
    return hoba_answer(r, HTTP_NO_CONTENT, NULL, NULL);
}

/* Everything that was issued up to now is dead: challenges that are signed
 * but not used, and sessions anywhere. */
static int logout(request_rec *r, const hoba_conf *conf,
                  const hoba_origin *origin)
{
    const as_attempt *attempt;
    const hoba_try *t;
    apr_status_t rv;
    as_cred cred;
    int rc = as_authenticate(r, &hoba_scheme, NULL, &attempt);

    (void)conf;
    if (rc != OK)
        return rc;
    t = attempt->data;
    if (t->by_session && hoba_site_of(r, origin) != HOBA_SITE_SAME)
        return hoba_turn_away(r, HTTP_FORBIDDEN, "unacceptable",
                              "a session may be ended from its own pages only");

    cred = *t->cred;
    cred.not_before = apr_time_now();
    rv = as_store_get()->update(r, &cred, AS_CRED_ACTIVE);
    if (rv != APR_SUCCESS && rv != APR_NOTFOUND)
        return hoba_failed(r, rv, "cannot write the credential store");
    set_cookie(r, origin, "", 0);
    return hoba_answer(r, HTTP_NO_CONTENT, NULL, NULL);
}

/* ---- the handler ----------------------------------------------------- */

typedef int endpoint(request_rec *r, const hoba_conf *conf,
                     const hoba_origin *origin);

static const struct {
    const char *path;
    endpoint *run;
} endpoints[] = {
    { ROOT "register", hoba_register },
    { ROOT "getchal", getchal },
    { ROOT "login", login },
    { ROOT "logout", logout },
};

static endpoint *endpoint_of(request_rec *r)
{
    unsigned int i;

    for (i = 0; i < sizeof(endpoints) / sizeof(endpoints[0]); i++)
        if (!strcmp(r->uri, endpoints[i].path))
            return endpoints[i].run;
    return NULL;
}

int hoba_is_login(request_rec *r)
{
    return r->handler && !strcmp(r->handler, "hoba")
           && endpoint_of(r) == login;
}

static int has_no_realm(request_rec *r)
{
    as_attempt attempt = { .scheme = &hoba_scheme };

    as_break(&attempt, "AuthName is missing");
    return as_refuse(r, &attempt);
}

int hoba_handler(request_rec *r)
{
    hoba_conf conf;
    const hoba_origin *origin;
    endpoint *run;

    if (!r->handler || strcmp(r->handler, "hoba") != 0)
        return DECLINED;
    run = endpoint_of(r);
    if (!run)
        return HTTP_NOT_FOUND;
    ap_allow_standard_methods(r, REPLACE_ALLOW, M_POST, -1);
    if (r->method_number != M_POST)
        return HTTP_METHOD_NOT_ALLOWED;
    apr_table_setn(r->err_headers_out, "Cache-Control", "no-store");

    if (!ap_auth_name(r))
        return has_no_realm(r);
    conf = hoba_conf_of(r);
    if (!hoba_is_safe(r, &conf))
        return hoba_turn_away(r, HTTP_FORBIDDEN, "insecure",
                              "HOBA without TLS");
    origin = hoba_origin_of(r, &conf);
    if (!origin)
        return hoba_turn_away(r, HTTP_FORBIDDEN, "unacceptable",
                              "the request's host and port are no HobaOrigin");
    if (hoba_site_of(r, origin) == HOBA_SITE_CROSS)
        return hoba_turn_away(r, HTTP_FORBIDDEN, "unacceptable",
                              "sent by a page of another origin");
    return run(r, &conf, origin);
}
