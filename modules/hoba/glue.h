/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * glue.h - what the files of mod_authscheme_hoba share.
 *
 *     mod_authscheme_hoba.c   directives, the scheme
 *     answer.c                an answer of a client, in the steps of its check
 *     endpoints.c             /.well-known/hoba: getchal, login, logout
 *     register.c              /.well-known/hoba/register
 *     invite.c                codes that let their holder register a key
 */
#ifndef HOBA_GLUE_H
#define HOBA_GLUE_H

#include "authscheme.h"
#include "hoba.h"
#include "session.h"

extern module AP_MODULE_DECLARE_DATA authscheme_hoba_module;
extern const as_scheme hoba_scheme;

/* ---- mod_authscheme_hoba.c ------------------------------------------- */

typedef enum hoba_policy {
    HOBA_POLICY_UNSET,
    HOBA_OFF,     /* nobody registers */
    HOBA_APPROVE, /* anybody, an administrator says yes */
    HOBA_INVITE,  /* who has a code for an account */
    HOBA_BIND,    /* who is signed in by another scheme */
    HOBA_OPEN     /* anybody */
} hoba_policy;

typedef struct hoba_conf {
    apr_array_header_t *origins; /* HobaOrigin, of hoba_origin; or NULL */
    int max_age;                 /* HobaMaxAge, seconds, or HOBA_UNSET */
    hoba_policy policy;          /* HobaRegistration */
    unsigned int algorithms;     /* HobaAlgorithms, or 0 */
    int require_tls;             /* HobaRequireTLS, or HOBA_UNSET */
    int session; /* HobaSession, seconds, 0 for none, or HOBA_UNSET */
} hoba_conf;

#define HOBA_UNSET (-1)

/* With the defaults in the place of what is not set. */
hoba_conf hoba_conf_of(request_rec *r);

/* May this connection be used at all? */
int hoba_is_safe(request_rec *r, const hoba_conf *conf);

/* The origin of this server that the request is for, or NULL, as for a forward
 * proxy, which is nobody's origin. Never made of what the client sent: its
 * Host only selects. */
const hoba_origin *hoba_origin_of(request_rec *r, const hoba_conf *conf);

/* A new challenge for the origin, as it goes into WWW-Authenticate, and
 * alone; NULL if the system has no randomness. */
const char *hoba_challenge(request_rec *r, const hoba_conf *conf,
                           const hoba_origin *origin, const char **alone);

/* Seconds for which an answer to a challenge is taken. */
int hoba_lifetime(const hoba_conf *conf);

/* ---- answer.c -------------------------------------------------------- */

/* How far a check has come; attempt->data of the scheme. */
typedef struct hoba_try {
    hoba_conf conf;
    const hoba_origin *origin;
    hoba_result result;
    apr_time_t issued;         /* of the challenge, or of the session */
    const as_cred *cred;       /* the stored key */
    const hoba_algorithm *alg; /* that it signed with */
    int by_session;            /* a cookie, no signature */
} hoba_try;

/* Each ends with AS_GRANTED, for "go on", or with a verdict. */

/* Is this a place and a connection for HOBA? */
as_verdict hoba_try_begin(hoba_try *t, request_rec *r, as_attempt *attempt);

/* Is the challenge of t->result ours, and fresh? */
as_verdict hoba_try_challenge(hoba_try *t, request_rec *r,
                              as_attempt *attempt);

/* Is it signed by this key? */
as_verdict hoba_try_signature(hoba_try *t, request_rec *r,
                              const as_key *key, as_attempt *attempt);

/* Is it the first use? Only after the signature. */
as_verdict hoba_try_claim(hoba_try *t, request_rec *r, as_attempt *attempt);

as_verdict hoba_authenticate(request_rec *r, const as_credentials *sent,
                             as_attempt *attempt);
as_found hoba_find(request_rec *r);

/* What session cookies are sealed with, and called. */
#define HOBA_SESSION_PURPOSE "HOBA session"
const char *hoba_cookie_name(const hoba_origin *origin);

/* ---- endpoints.c ----------------------------------------------------- */

int hoba_handler(request_rec *r);

/* Whether the request is for the endpoint that makes sessions: there a
 * session must not stand for a signature. */
int hoba_is_login(request_rec *r);

/* Where a browser says that the request comes from. */
typedef enum hoba_site {
    HOBA_SITE_SAME,
    HOBA_SITE_UNKNOWN, /* no browser, or an old one */
    HOBA_SITE_CROSS
} hoba_site;

hoba_site hoba_site_of(request_rec *r, const hoba_origin *origin);

/* A small answer of an endpoint; type NULL for no body. Returns OK. */
int hoba_answer(request_rec *r, int status, const char *type,
                const char *body);

/* The same for a refusal that is none of a credential, with a log line of the
 * shape that the core's have: problem is its stable word, why may be seen by
 * the client. */
int hoba_turn_away(request_rec *r, int status, const char *problem,
                   const char *why);

/* The same, where the client is told less than the log. */
int hoba_turn_away_quietly(request_rec *r, int status, const char *problem,
                           const char *why, const char *told);

/* What our side could not do, with a log line; APR_ENOTIMPL is a store that is
 * not configured. Returns the status. */
int hoba_failed(request_rec *r, apr_status_t rv, const char *reason);

/* ---- register.c ------------------------------------------------------ */

int hoba_register(request_rec *r, const hoba_conf *conf,
                  const hoba_origin *origin);

/* ---- invite.c -------------------------------------------------------- */

/* The record of a code, whatever its state. Returns what find() of the store
 * does. */
apr_status_t hoba_invite_find(const as_cred **invite, request_rec *r,
                              as_span code);

/* Why it lets nobody register now; NULL if it does. */
const char *hoba_invite_unfit(const as_cred *invite, apr_time_t now);

/* Uses it up. Of several at once one gets APR_SUCCESS, others APR_NOTFOUND. */
apr_status_t hoba_invite_use(request_rec *r, const as_cred *invite);

/* Undoes that, because no key came of it; a failure is logged. */
void hoba_invite_restore(request_rec *r, const as_cred *invite);

/* Logs that it stays used, and why nobody knows whether a key came of it. */
void hoba_invite_lost(request_rec *r, const as_cred *invite, apr_status_t rv);

#endif
