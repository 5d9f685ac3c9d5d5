/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * authscheme.h - the contract between mod_authscheme and an authentication
 * scheme.
 *
 * httpd lets a Location name one AuthType. mod_authscheme makes that a list:
 *
 *     AuthType "Digest Bearer HOBA Basic"
 *
 * It sends the challenges of the whole list with every 401, looks at the
 * scheme that the client answered with, and asks that scheme alone for a
 * verdict. A scheme is a struct of functions, registered as a provider:
 *
 *     static const as_scheme mine = { .name = "Mine", ... };
 *     ap_register_provider(pool, AS_SCHEME_GROUP, mine.name,
 *                          AS_SCHEME_VERSION, &mine);
 *
 * A scheme never sets a status, never writes WWW-Authenticate, never logs a
 * verdict and never looks at another scheme: it answers questions, the core
 * acts. State that outlives a request belongs to the core as well and is
 * reached through the services at the end of this file.
 *
 * This header, with authscheme_span.h and authscheme_cred.h that it includes, is
 * all that a scheme needs; it compiles with `apxs -c` alone. docs/guide-write-a-scheme.md walks through one.
 */
#ifndef AUTHSCHEME_H
#define AUTHSCHEME_H

#include "httpd.h"
#include "http_config.h"
#include "http_ssl.h"
#include "ap_provider.h"
#include "apr_strings.h"
#include "apr_time.h"

#include "authscheme_cred.h"
#include "authscheme_span.h"

#ifdef __cplusplus
extern "C" {
#endif

#define AS_SCHEME_GROUP "authscheme"
#define AS_SCHEME_VERSION "0"

/* ------------------------------------------------------------------ *
 * Verdicts
 * ------------------------------------------------------------------ */

/* What a scheme says of credentials; the core makes the status of it. */
typedef enum as_verdict {
    AS_DENIED,        /* 401: these credentials do not hold */
    AS_GRANTED,       /* the request is attempt->user's */
    AS_STALE,         /* 401: right but for its age; the client may try again
                         without asking its user */
    AS_CONTINUE,      /* 401: this leg is fine, the next one is due */
    AS_CONTRADICTORY, /* 400: the request contradicts itself */
    AS_OVERSIZED,     /* 413: what would have to be read for a verdict is
                         more than this place allows */
    AS_FORBIDDEN,     /* 403: not in this way, whatever the credentials;
                         for instance not without TLS */
    AS_UNAVAILABLE,   /* 503: our side could not find out */
    AS_BROKEN         /* 500: our side is misconfigured */
} as_verdict;

/* Why not, as one stable word in the log (the word is in the comment).
 * Administrators and fail2ban filters read these: never rename one. */
typedef enum as_problem {
    AS_NO_PROBLEM,    /* - */
    AS_MISSING,       /* missing: no credentials at all */
    AS_UNOFFERED,     /* unoffered: a scheme that this place does not list */
    AS_MALFORMED,     /* malformed: not in the scheme's own syntax */
    AS_UNKNOWN,       /* unknown: no such user, key or issuer */
    AS_INVALID,       /* invalid: wrong password or signature */
    AS_EXPIRED,       /* expired: its time is over, or has not come */
    AS_REPLAYED,      /* replayed: was used before */
    AS_DISABLED,      /* disabled: known, but revoked or not yet approved */
    AS_UNACCEPTABLE,  /* unacceptable: genuine, but not made for this place */
    AS_INSECURE,      /* insecure: sent without TLS */
    AS_UNAUTHORIZED,  /* unauthorized: known user, but Require says no */
    AS_INSUFFICIENT,  /* insufficient: known user without a needed scope */
    AS_SERVER_FAULT   /* fault: ours, see the reason */
} as_problem;

typedef struct as_scheme as_scheme;

/*
 * One try to authenticate one request with one scheme. The core makes it, the
 * scheme fills it through the functions below; it lives as long as the
 * request. Strings are copied by nobody: constants, or in r->pool.
 */
typedef struct as_attempt {
    const as_scheme *scheme;
    as_verdict verdict;
    as_problem problem;
    const char *reason; /* for the log and %{authscheme-reason}n; never for
                           the client. Constant text without secrets. */
    const char *detail; /* NULL, or what the client sent and may be logged;
                           the core cuts and escapes it */
    apr_status_t status; /* of what failed on our side, or APR_SUCCESS */
    const char *user;   /* after AS_GRANTED; not empty, no control bytes */
    void *data;         /* the scheme's own, for its later callbacks */
} as_attempt;

/* "These credentials do not hold." */
static APR_INLINE as_verdict as_deny(as_attempt *attempt, as_problem problem,
                                     const char *reason)
{
    attempt->problem = problem;
    attempt->reason = reason;
    return attempt->verdict = AS_DENIED;
}

/* The same with what the client sent, such as a key id; never a secret. */
static APR_INLINE as_verdict as_deny_about(as_attempt *attempt,
                                           as_problem problem,
                                           const char *reason,
                                           const char *detail)
{
    attempt->detail = detail;
    return as_deny(attempt, problem, reason);
}

/* "Too old, or of another run of this server: try again." */
static APR_INLINE as_verdict as_stale(as_attempt *attempt, const char *reason)
{
    attempt->problem = AS_EXPIRED;
    attempt->reason = reason;
    return attempt->verdict = AS_STALE;
}

/* "The request contradicts itself." */
static APR_INLINE as_verdict as_contradict(as_attempt *attempt,
                                           const char *reason)
{
    attempt->problem = AS_MALFORMED;
    attempt->reason = reason;
    return attempt->verdict = AS_CONTRADICTORY;
}

/* "More than we read for a verdict." What httpd's own filters have refused to
 * read (AP_FILTER_ERROR) they have answered as well: whoever met that sets
 * attempt->status to it, with any verdict, and nothing more is sent. */
static APR_INLINE as_verdict as_oversize(as_attempt *attempt,
                                         const char *reason)
{
    attempt->problem = AS_MALFORMED;
    attempt->reason = reason;
    return attempt->verdict = AS_OVERSIZED;
}

/* "Not in this way." */
static APR_INLINE as_verdict as_forbid(as_attempt *attempt, as_problem problem,
                                       const char *reason)
{
    attempt->problem = problem;
    attempt->reason = reason;
    return attempt->verdict = AS_FORBIDDEN;
}

/* "We could not tell": a back end is away. rv may be APR_SUCCESS. */
static APR_INLINE as_verdict as_fail(as_attempt *attempt, apr_status_t rv,
                                     const char *reason)
{
    attempt->problem = AS_SERVER_FAULT;
    attempt->reason = reason;
    attempt->status = rv;
    return attempt->verdict = AS_UNAVAILABLE;
}

/* "We can not tell before an administrator has mended the configuration." */
static APR_INLINE as_verdict as_break(as_attempt *attempt, const char *reason)
{
    attempt->problem = AS_SERVER_FAULT;
    attempt->reason = reason;
    return attempt->verdict = AS_BROKEN;
}

/* "The next leg, please." What went wrong on our side and must not be told
 * apart from outside (a stored credential that is damaged) may stand in problem
 * and reason. */
static APR_INLINE as_verdict as_continue(as_attempt *attempt)
{
    return attempt->verdict = AS_CONTINUE;
}

static APR_INLINE as_verdict as_grant(as_attempt *attempt, const char *user)
{
    attempt->user = user;
    return attempt->verdict = AS_GRANTED;
}

/* ------------------------------------------------------------------ *
 * What a scheme implements
 * ------------------------------------------------------------------ */

/* The challenges of one answer; opaque. See as_challenge_add(). */
typedef struct as_challenges as_challenges;

/* Where credentials stand that are not in the Authorization field. */
typedef enum as_found {
    AS_FOUND_NONE,
    AS_FOUND_AMBIENT, /* a cookie: browsers send it with everything, so an
                         Authorization field goes before it */
    AS_FOUND_SENT     /* a query or form parameter: somebody put it there, and
                         with an Authorization field beside it the request
                         contradicts itself */
} as_found;

struct as_scheme {
    /* The token in Authorization and WWW-Authenticate, which is also the entry
     * in AuthType. Compared without case. */
    const char *name;

    /* What its credentials look like, and the verdict on anything else:
     * AS_DENIED (401, the default) or AS_CONTRADICTORY (400). */
    as_form form;
    as_verdict malformed;

    /* Required. Judges credentials of the declared form; `sent` is NULL if
     * find() saw them elsewhere. Called at most once per httpd request, and
     * again after an internal redirect into a place with other rules. Ends
     * with one of as_grant() .. as_continue(). */
    as_verdict (*authenticate)(request_rec *r, const as_credentials *sent,
                               as_attempt *attempt);

    /* Required. Adds this scheme's challenges, strongest first, for a 401 or
     * 407. `attempt` is the failed try if the client used this very scheme,
     * else NULL: then no error parameter belongs into the challenge. A scheme
     * that would refuse anything here (no TLS) adds none, and says why with
     * as_challenge_withhold(). May put fields that
     * go with its challenges (Authentication-Control) into
     * r->err_headers_out. */
    void (*challenge)(request_rec *r, const as_attempt *attempt,
                      as_challenges *set);

    /* Optional. Are there credentials of this scheme outside of the
     * Authorization field? */
    as_found (*find)(request_rec *r);

    /* Optional. Runs once after AS_GRANTED, and again wherever the identity
     * stands after an internal redirect or in a subrequest: sets what the
     * application may know, in r->subprocess_env or with
     * as_identity_set(). */
    void (*publish)(request_rec *r, const as_attempt *attempt);

    /* Optional. Runs once after AS_GRANTED: Authentication-Info and the like,
     * into r->err_headers_out, so that it goes out with every status. */
    void (*confirm)(request_rec *r, const as_attempt *attempt);

    /* Optional. The request was authenticated by this scheme and refused by
     * Require (attempt->verdict is AS_GRANTED), or was AS_CONTRADICTORY. A
     * scheme whose RFC wants a challenge with a 403 or 400 adds it to the set
     * and returns 1; the answer then is 403 or 400 with that challenge alone.
     * 0 leaves the answer as httpd makes it. May set problem and reason. */
    int (*explain)(request_rec *r, as_attempt *attempt, as_challenges *set);

    /* Optional. The client used this scheme and is refused with `status`, after
     * all of the above; challenges stand in r->err_headers_out. A scheme whose
     * clients read an error format of their own sends the whole answer and
     * returns 1. 0 leaves it to httpd and its ErrorDocument. */
    int (*answer)(request_rec *r, const as_attempt *attempt, int status);
};

/* ------------------------------------------------------------------ *
 * Services of the core
 * ------------------------------------------------------------------ */

/* Whether a self-verifying nonce is one of ours. */
typedef enum as_nonce {
    AS_NONCE_OURS,
    AS_NONCE_FOREIGN, /* never made by us for this purpose and binding, or by
                         a secret that is gone */
    AS_NONCE_FUTURE   /* ours, but the clock was turned back since */
} as_nonce;

/* Whether a use of something that may be used once is the first. */
typedef enum as_use {
    AS_USE_FIRST,
    AS_USE_SEEN,
    AS_USE_STALE,      /* nobody can tell any more: issued before the store
                          began, or before what it had to drop */
    AS_USE_UNAVAILABLE /* the store is away: refuse */
} as_use;

/*
 * The credential store: one interface for every scheme, whatever keeps the
 * records (as_cred, authscheme_cred.h). Registered by
 * mod_authscheme_credentials. Records that find() returns live in the
 * request's pool.
 */
#define AS_STORE_GROUP "authscheme-store"
#define AS_STORE_NAME "credentials"
#define AS_STORE_VERSION "0"

/*
 * Every function returns APR_SUCCESS, APR_NOTFOUND (no such record),
 * APR_EEXIST (add: taken), APR_ENOTIMPL (this place has no AuthCredentials, or
 * its back end cannot write) or what went wrong, which means AS_UNAVAILABLE.
 */
typedef struct as_store {
    /* The record, whatever its state. algorithm NULL takes the first. */
    apr_status_t (*find)(const as_cred **cred, request_rec *r,
                         as_cred_kind kind, const char *id, const char *realm,
                         const char *place, const char *algorithm);
    /* Adds a record, atomically: of two adds at once, one gets APR_EEXIST. */
    apr_status_t (*add)(request_rec *r, const as_cred *cred);
    /* Writes state, not_before and label of a record that still is in state
     * `was`; else APR_NOTFOUND, so that nobody undoes a revocation that came
     * between his look and his leap. */
    apr_status_t (*update)(request_rec *r, const as_cred *cred,
                           as_cred_state was);
    /* How many records a user has of a kind, in any state but revoked; all
     * users together for user NULL and state AS_CRED_PENDING. */
    apr_status_t (*count)(int *count, request_rec *r, as_cred_kind kind,
                          const char *user, const char *realm,
                          const char *place);
    /* The AS_CRED_DIGEST record of the user whose H(user ":" realm) this is,
     * RFC 7616 section 3.4.4: lower-case hexadecimal, by the hash of
     * `algorithm` (a base algorithm, never -sess). An index, not a scan. */
    apr_status_t (*find_userhash)(const as_cred **cred, request_rec *r,
                                  const char *userhash, const char *realm,
                                  const char *algorithm);
} as_store;

/* The store, or NULL if mod_authscheme_credentials is not loaded. */
static APR_INLINE const as_store *as_store_get(void)
{
    return (const as_store *)ap_lookup_provider(AS_STORE_GROUP, AS_STORE_NAME,
                                                AS_STORE_VERSION);
}

/* Whether it is our turn to check something slow. */
typedef enum as_turn {
    AS_TURN_OURS,
    AS_TURN_NEEDLESS, /* while we waited, the answer was found */
    AS_TURN_NEVER     /* too many at once: AS_UNAVAILABLE */
} as_turn;

#define AS_SESSION_MAX 2048  /* octets of a session's data */
#define AS_SESSION_WINDOW 512 /* numbers that may be told apart, at most */

/* A session, as it was found. */
typedef struct as_session {
    unsigned char key[32];
    int is_named;   /* the key is one: OpenSSL did not fail */
    apr_size_t len; /* 0: there is none of that name */
    unsigned char data[AS_SESSION_MAX];
} as_session;

#define AS_SERVICES_GROUP "authscheme-services"
#define AS_SERVICES_NAME "core"
#define AS_SERVICES_VERSION "0"

/* A size for as_derive(). */
#define AS_KEY_LEN 32

/* Reached through the functions below; grows at its end only. */
typedef struct as_services {
    const char *(*nonce_make)(request_rec *r, const char *purpose,
                              as_span bound);
    as_nonce (*nonce_check)(apr_time_t *issued, request_rec *r,
                            const char *purpose, as_span bound, as_span nonce);
    as_use (*claim)(request_rec *r, const char *space, as_span key,
                    apr_time_t issued, apr_time_t expires);
    as_use (*window)(request_rec *r, const char *space, as_span nonce,
                     apr_uint64_t count, apr_time_t issued,
                     apr_time_t expires);
    int (*derive)(unsigned char key[AS_KEY_LEN], const char *purpose, int nth);
    void (*challenge_add)(as_challenges *set, const char *challenge);
    void (*reserve_identity)(apr_pool_t *pconf, const char *header);
    void (*identity_set)(request_rec *r, const char *header,
                         const char *value);
    const char *(*realm)(request_rec *r);
    const as_attempt *(*granted)(request_rec *r);
    int (*authenticate)(request_rec *r, const as_scheme *only,
                        const as_scheme *but, const as_attempt **attempt);
    int (*refuse)(request_rec *r, const as_attempt *attempt);
    as_attempt *(*stock_attempt)(request_rec *r);
    void (*remember)(request_rec *r, const char *space, const as_span *parts,
                     int count, apr_uint32_t value,
                     apr_interval_time_t lifetime);
    apr_uint32_t (*recall)(request_rec *r, const char *space,
                           const as_span *parts, int count);
    as_turn (*turn_begin)(request_rec *r, int *nth,
                          int (*is_answered)(void *baton), void *baton);
    void (*turn_end)(int nth);
    void (*challenge_alone)(as_challenges *set);
    int (*challenge_is_optional)(const as_challenges *set);
    void (*challenge_withhold)(as_challenges *set, const char *reason);
    int (*host_is_own)(request_rec *r);
    as_use (*spend)(request_rec *r, const char *space, as_span key,
                    apr_time_t issued, apr_time_t expires);
    void (*session_reserve)(apr_pool_t *pconf, apr_size_t octets);
    int (*session_find)(as_session *session, request_rec *r, const char *space,
                        const as_span *parts, int count);
    apr_status_t (*session_begin)(const as_session *session, request_rec *r,
                                  as_span data, apr_time_t ends);
    as_use (*session_use)(const as_session *session, request_rec *r,
                          apr_uint64_t number, unsigned int window);
    void (*session_end)(const as_session *session, request_rec *r);
} as_services;

/* The core, or NULL before mod_authscheme is loaded. Config handlers must
 * check; at request time it is there, or httpd would not have started. */
static APR_INLINE const as_services *as_core(void)
{
    return (const as_services *)ap_lookup_provider(
        AS_SERVICES_GROUP, AS_SERVICES_NAME, AS_SERVICES_VERSION);
}

/*
 * A nonce that verifies itself: 54 characters of base64url that look random,
 * hold the time of issue, and are sealed for a purpose ("HOBA challenge") and
 * for what it is bound to (an origin, a realm). No state is written. Made in
 * r->pool; NULL if the system has no randomness, which the scheme answers by
 * adding no challenge.
 */
static APR_INLINE const char *as_nonce_make(request_rec *r,
                                            const char *purpose, as_span bound)
{
    return as_core()->nonce_make(r, purpose, bound);
}

/* Sets *issued (microseconds) if the nonce is AS_NONCE_OURS. Its age is for
 * the caller to judge. Constant time. */
static APR_INLINE as_nonce as_nonce_check(apr_time_t *issued, request_rec *r,
                                          const char *purpose, as_span bound,
                                          as_span nonce)
{
    return as_core()->nonce_check(issued, r, purpose, bound, nonce);
}

/*
 * "Was I first?" for a proof that may be used once. Call it after the proof
 * verified and never before: a stranger must not be able to fill the store.
 * `space` names the scheme's own key space, `key` may be of any length.
 * `issued` is the time stamped on the proof by us, `expires` the time after
 * which the caller refuses it anyway. Within one client request, internal
 * redirects and subrequests included, a claim that was first stays first.
 */
static APR_INLINE as_use as_claim(request_rec *r, const char *space,
                                  as_span key, apr_time_t issued,
                                  apr_time_t expires)
{
    return as_core()->claim(r, space, key, issued, expires);
}

/* The same for numbered uses of one nonce (Digest nc): each count from 1 on
 * once, in any order within the last 128. */
static APR_INLINE as_use as_window(request_rec *r, const char *space,
                                   as_span nonce, apr_uint64_t count,
                                   apr_time_t issued, apr_time_t expires)
{
    return as_core()->window(r, space, nonce, count, issued, expires);
}

/*
 * "Am I the first who answers this?" for a challenge that gets one answer,
 * right or wrong, such as a key exchange in which every answer tells whether a
 * password was guessed. Unlike as_claim() it is for answers that are not proven
 * yet: what strangers make it forget is AS_USE_STALE, and no claim and no
 * window of others is lost. `issued` must be the time of a nonce of ours.
 */
static APR_INLINE as_use as_spend(request_rec *r, const char *space,
                                  as_span key, apr_time_t issued,
                                  apr_time_t expires)
{
    return as_core()->spend(r, space, key, issued, expires);
}

/*
 * Sessions: what a client and the server have agreed on once it has proven
 * itself, shared by all processes and kept over graceful restarts. One may be
 * forgotten at any time, and its client has to prove itself again; so the proof
 * that begins one must not be good twice (as_spend()).
 *
 * At configuration, in a directive or check_config: this server will have
 * sessions with up to so many octets of data, AS_SESSION_MAX at most.
 */
static APR_INLINE void as_session_reserve(apr_pool_t *pconf,
                                          apr_size_t octets)
{
    if (as_core())
        as_core()->session_reserve(pconf, octets);
}

/* Looks for the session that parts[0..count) name, which is everything that it
 * is bound to; AS_PARTS_MAX of them at most. 1 with its data; 0 if there is
 * none, and as_session_begin() may make it. The data is secret: wipe it. The
 * services below know the session by its key, which this sets. */
static APR_INLINE int as_session_find(as_session *session, request_rec *r,
                                      const char *space, const as_span *parts,
                                      int count)
{
    return as_core()->session_find(session, r, space, parts, count);
}

/* Begins the session that was not found; the data is copied, and is good until
 * the time `ends`. One that has begun since is replaced. APR_EINVAL for more
 * data than was reserved, or none. */
static APR_INLINE apr_status_t as_session_begin(const as_session *session,
                                                request_rec *r, as_span data,
                                                apr_time_t ends)
{
    return as_core()->session_begin(session, r, data, ends);
}

/* A request of the session with that number, from 0 on: AS_USE_FIRST once, in
 * any order within the last `window` numbers, up to AS_SESSION_WINDOW; any
 * other
 * is AS_USE_SEEN and ends the session. AS_USE_STALE if it is over,
 * AS_USE_UNAVAILABLE if there is no table. A number that was first stays first
 * within one client request. Call it after the proof verified. */
static APR_INLINE as_use as_session_use(const as_session *session,
                                        request_rec *r, apr_uint64_t number,
                                        unsigned int window)
{
    return as_core()->session_use(session, r, number, window);
}

/* Ends it, and wipes its data; nothing if it is over. Who knows no more of a
 * session than its name must not be able to make a scheme call this. */
static APR_INLINE void as_session_end(const as_session *session,
                                      request_rec *r)
{
    as_core()->session_end(session, r);
}

/* A key for the scheme's own MACs, derived from the server secret for a
 * purpose. nth 0 is the current one, 1 and on are older secrets that still
 * verify; returns 0 where there is none. Wipe it after use. */
static APR_INLINE int as_derive(unsigned char key[AS_KEY_LEN],
                                const char *purpose, int nth)
{
    return as_core()->derive(key, purpose, nth);
}

/* Adds a challenge, "Scheme name=value, ...", kept by reference. realm comes
 * first; values are canonical, without blanks around "=". */
static APR_INLINE void as_challenge_add(as_challenges *set,
                                        const char *challenge)
{
    as_core()->challenge_add(set, challenge);
}

/* This scheme's challenges are the only ones of the answer: in the middle of an
 * exchange the client has chosen already. */
static APR_INLINE void as_challenge_alone(as_challenges *set)
{
    as_core()->challenge_alone(set);
}

/* Why a scheme adds no challenge here: constant text for the log line, which is
 * written if there is no challenge of any scheme. */
static APR_INLINE void as_challenge_withhold(as_challenges *set,
                                             const char *reason)
{
    as_core()->challenge_withhold(set, reason);
}

/* Whether nobody has to answer: the challenges go into
 * Optional-WWW-Authenticate, RFC 8053 section 3. */
static APR_INLINE int as_challenge_is_optional(const as_challenges *set)
{
    return as_core()->challenge_is_optional(set);
}

/* At configuration: a request header that tells the application who the user
 * is. From then on no client can send it itself, anywhere on this server. */
static APR_INLINE void as_identity_reserve(apr_pool_t *pconf,
                                           const char *header)
{
    if (as_core())
        as_core()->reserve_identity(pconf, header);
}

/* At request time, in publish(): sets a reserved header for the handler or
 * the proxied application. Values with control bytes are left out. */
static APR_INLINE void as_identity_set(request_rec *r, const char *header,
                                       const char *value)
{
    as_core()->identity_set(r, header, value);
}

/* The realm as a client sees it, quoted-pairs undone; "" without AuthName.
 * ap_auth_name() has it ready to stand between quotes in a challenge. */
static APR_INLINE const char *as_realm(request_rec *r)
{
    return as_core()->realm(r);
}

/* Who this request was granted to, also by way of the request it was
 * redirected from or is a part of, if the same rules hold there; or NULL. */
static APR_INLINE const as_attempt *as_granted(request_rec *r)
{
    return as_core()->granted(r);
}

/*
 * For content handlers that authenticate by themselves because their place is
 * open (the HOBA endpoints): judges the request by this place's list, by one
 * scheme of it if `only` is not NULL, by all except `but` if that is not NULL.
 * OK with r->user set, or the status to return, with challenges and the log
 * line done. *attempt (if wanted) is the try, or NULL if there was none.
 */
static APR_INLINE int as_authenticate(request_rec *r, const as_scheme *only,
                                      const as_scheme *but,
                                      const as_attempt **attempt)
{
    return as_core()->authenticate(r, only, but, attempt);
}

/* For such handlers: refuses with a verdict of their own, reached without
 * as_authenticate(). Returns the status, with challenges and log line done. */
static APR_INLINE int as_refuse(request_rec *r, const as_attempt *attempt)
{
    return as_core()->refuse(r, attempt);
}

/*
 * For providers and hooks below a stock module that is being asked about its
 * entry of a list: where to say, with as_deny() or as_fail(), what they know
 * better than its status tells. It goes into the log line if the module
 * answers 401 or 503, and is forgotten if it lets the client in. NULL outside
 * of a list.
 */
static APR_INLINE as_attempt *as_stock_attempt(request_rec *r)
{
    return as_core()->stock_attempt(r);
}

/*
 * Keeps `value` (not 0) for `lifetime`: what was costly to find out about
 * parts[0..count), such as that a password is right. Shared by all processes,
 * kept over graceful restarts, and forgotten at any time: who does not find it
 * works it out again, so remember nothing that must not be forgotten. The
 * parts, which may be secret, are kept as a keyed MAC alone; name in them all
 * that the answer depends on. `space` names the scheme's own key space.
 */
static APR_INLINE void as_remember(request_rec *r, const char *space,
                                   const as_span *parts, int count,
                                   apr_uint32_t value,
                                   apr_interval_time_t lifetime)
{
    as_core()->remember(r, space, parts, count, value, lifetime);
}

#define AS_PARTS_MAX 15 /* of what is remembered, and of a session's name */

/* The value of those parts, or 0. */
static APR_INLINE apr_uint32_t as_recall(request_rec *r, const char *space,
                                         const as_span *parts, int count)
{
    return as_core()->recall(r, space, parts, count);
}

/*
 * Before a check that takes milliseconds of a CPU: waits for a turn, because
 * AuthSchemeChecks of them run at once over all processes. AS_TURN_OURS sets
 * *nth for as_turn_end(), called by the same thread, or the turn is lost until
 * that ends. `is_answered` (may be NULL) is asked now and then while it waits,
 * whether somebody else has found the answer meanwhile. AS_TURN_NEVER: the
 * queue is full, too much of it is this client's, or it took too long.
 */
static APR_INLINE as_turn as_turn_begin(request_rec *r, int *nth,
                                        int (*is_answered)(void *baton),
                                        void *baton)
{
    return as_core()->turn_begin(r, nth, is_answered, baton);
}

static APR_INLINE void as_turn_end(int nth)
{
    as_core()->turn_end(nth);
}

/* Whether the Host that the client asked for is the ServerName or a ServerAlias
 * of this virtual host; also if it named none. What a client signs of Host is
 * worth nothing where this is 0. */
static APR_INLINE int as_host_is_own(request_rec *r)
{
    return as_core()->host_is_own(r);
}

/* Whether the client's connection is TLS, as mod_ssl sees it. */
static APR_INLINE int as_is_tls(request_rec *r)
{
    conn_rec *c = r->connection;

    return ap_ssl_conn_is_ssl(c->master ? c->master : c);
}

#ifdef __cplusplus
}
#endif

#endif
