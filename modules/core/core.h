/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * core.h - what the files of mod_authscheme share with each other.
 *
 *     list.c       AuthType "A B C": parsed, checked, looked up
 *     dispatch.c   the scheme that the client used, its verdict, the status
 *     challenge.c  the set of challenges of one answer
 *     host.c       whether a request is for this server
 *     optional.c   places where nobody has to sign in, and may
 *     info.c       Authentication-Info: once, and not in a 401
 *     authz.c      what Require decided, and Require auth-scheme
 *     identity.c   what the application learns, and what no client may send
 *     verdict.c    the log line, the notes, the counters and mod_status
 *     secrets.c    the server secret and what is derived from it
 *     state.c      one-time proofs: claims and windows, on table.c
 *     sessions.c   proofs of several requests: exchanges that were answered, on
 *                  table.c, and sessions, on session_table.c
 *     costly.c     what is costly to find out: remembered for a while, on
 *                  cache.c, and so many at once, on turns.c
 */
#ifndef CORE_H
#define CORE_H

#include "authscheme.h"
#include "table.h"

extern module AP_MODULE_DECLARE_DATA authscheme_module;

/* ---- secrets.c ------------------------------------------------------- */

/* AuthSchemeSecret FILE... : the first makes, all verify. */
const char *core_secret_directive(cmd_parms *cmd, void *conf, int argc,
                                  char *const argv[]);

/* post_config: reads the files, or keeps or makes a random secret, which stays
 * the same over graceful restarts. */
apr_status_t core_secrets_open(apr_pool_t *pconf, server_rec *s);

int core_derive(unsigned char key[AS_KEY_LEN], const char *purpose, int nth);
const char *core_nonce_make(request_rec *r, const char *purpose,
                            as_span bound);
as_nonce core_nonce_check(apr_time_t *issued, request_rec *r,
                          const char *purpose, as_span bound, as_span nonce);

/* ---- state.c --------------------------------------------------------- */

/* AuthSchemeState shm[:SIZE] */
const char *core_state_directive(cmd_parms *cmd, void *conf, const char *arg);

/* post_config: attaches to the table of the run before, or makes one. */
apr_status_t core_state_open(apr_pool_t *pconf, server_rec *s);

as_use core_claim(request_rec *r, const char *space, as_span key,
                  apr_time_t issued, apr_time_t expires);
as_use core_window(request_rec *r, const char *space, as_span nonce,
                   apr_uint64_t count, apr_time_t issued, apr_time_t expires);

/* For nonces: how often the clock was found turned back; one of another epoch
 * is not ours any more. */
apr_uint64_t core_state_epoch(void);

/* A nonce of ours was checked in this request: what is claimed with the same
 * time of issue is of that epoch. */
void core_state_stamped(request_rec *r, apr_time_t issued, apr_uint64_t epoch);

/* Names a proof in the table that is asked for it. */
typedef apr_status_t (*core_name)(unsigned char key[CORE_KEY_LEN],
                                  const as_span *parts, int count);

/* Asks a table. */
typedef core_use (*core_ask)(request_rec *r, const core_proof *proof,
                             apr_uint64_t count);

/* Asks it once for a client request: what was the first use stays the first.
 * parts name the proof, whose times are set. */
as_use core_use_once(request_rec *r, core_name name, const as_span parts[3],
                     core_proof *proof, apr_uint64_t count, core_ask ask);

/* The same for what is asked in another way. */
int core_was_first(request_rec *r, const unsigned char key[CORE_KEY_LEN],
                   apr_uint64_t count);
void core_note_first(request_rec *r, const unsigned char key[CORE_KEY_LEN],
                     apr_uint64_t count);

/* For the status page. */
typedef struct core_state_counts {
    apr_uint64_t room;    /* for that many used proofs */
    apr_uint64_t live;    /* of them, about */
    apr_uint64_t dropped; /* before their time, since the table was made */
    apr_uint64_t epoch;
} core_state_counts;

void core_state_summary(core_state_counts *counts);

/* ---- sessions.c ------------------------------------------------------ */

/* AuthSchemeSessions SIZE */
const char *core_sessions_directive(cmd_parms *cmd, void *conf,
                                    const char *arg);
void core_session_reserve(apr_pool_t *pconf, apr_size_t octets);

/* post_config: takes what the run before left, or makes it. */
apr_status_t core_sessions_open(apr_pool_t *pconf, server_rec *s);

as_use core_spend(request_rec *r, const char *space, as_span key,
                  apr_time_t issued, apr_time_t expires);
int core_session_find(as_session *session, request_rec *r, const char *space,
                      const as_span *parts, int count);
apr_status_t core_session_begin(const as_session *session, request_rec *r,
                                as_span data, apr_time_t ends);
as_use core_session_number(const as_session *session, request_rec *r,
                           apr_uint64_t number, unsigned int window);
void core_session_close(const as_session *session, request_rec *r);

/* For the status page. */
void core_sessions_show(request_rec *r, int is_short);

/* ---- costly.c -------------------------------------------------------- */

/* AuthSchemeCache SIZE */
const char *core_cache_directive(cmd_parms *cmd, void *conf, const char *arg);

/* AuthSchemeChecks N [QUEUE] */
const char *core_checks_directive(cmd_parms *cmd, void *conf, const char *arg,
                                  const char *queue);

/* post_config: takes what the run before left, or makes it. */
apr_status_t core_costly_open(apr_pool_t *pconf, server_rec *s);

void core_remember(request_rec *r, const char *space, const as_span *parts,
                   int count, apr_uint32_t value,
                   apr_interval_time_t lifetime);
apr_uint32_t core_recall(request_rec *r, const char *space,
                         const as_span *parts, int count);
as_turn core_turn_begin(request_rec *r, int *nth,
                        int (*is_answered)(void *baton), void *baton);
void core_turn_end(int nth);

/* For the status page. */
void core_costly_show(request_rec *r, int is_short);

/* ---- list.c ---------------------------------------------------------- */

#define CORE_LIST_MAX 16

/* One entry of an AuthType list. */
typedef struct core_entry {
    const char *type;        /* as written */
    const as_scheme *scheme; /* ours, or NULL: a stock AuthType */
    const as_span *tokens;   /* what its credentials begin with; NULL ends */
    int tokenless; /* stock, and its credentials come elsewhere than in the
                      Authorization field (mod_auth_form) */
    int row;       /* of the counters */
} core_entry;

/* An AuthType that is ours to serve: more than one entry, or one that names a
 * scheme of ours. */
typedef struct core_list {
    const core_entry *entries;
    int count;
} core_list;

/* Per-directory configuration. */
typedef struct core_conf {
    int type_set;          /* AuthType stands here or further out */
    const core_list *list; /* NULL: not ours, or an expression */
    int is_expression;     /* the list is known per request only */
    int form;              /* AuthChallengeForm */
    int optional;          /* AuthSchemeOptional */
} core_conf;

enum { CORE_UNSET, CORE_OFF, CORE_ON };
enum { CORE_FORM_UNSET, CORE_FORM_LINES, CORE_FORM_LIST };

void core_list_reset(apr_pool_t *pconf);

/* Directives. httpd runs the AuthType and AuthName handlers of every module,
 * ours beside mod_authn_core's. */
const char *core_authtype_directive(cmd_parms *cmd, void *conf,
                                    const char *arg);
const char *core_authname_directive(cmd_parms *cmd, void *conf,
                                    const char *arg);
const char *core_token_directive(cmd_parms *cmd, void *conf, int argc,
                                 char *const argv[]);

/* The list that holds for the request, or NULL. */
const core_list *core_list_of(request_rec *r);

/* A list of one scheme, or a list without one; in r->pool. */
const core_list *core_list_filter(request_rec *r, const core_list *list,
                                  const as_scheme *only, const as_scheme *but);

/* The entry that takes credentials with this scheme token, or NULL. */
const core_entry *core_list_find(const core_list *list, as_span token);
const core_entry *core_list_entry(const core_list *list,
                                  const as_scheme *scheme);

/* ap_auth_type() of httpd gives one entry while a stock module is asked about
 * it; this puts our function in front of mod_authn_core's. */
void core_wrap_auth_type(void);

/* ---- dispatch.c ------------------------------------------------------ */

/* What is known of one httpd request. */
typedef struct core_record {
    const core_list *list;       /* that it is judged by */
    const core_entry *used;      /* the entry of the client's scheme, or NULL */
    const core_entry *trying;    /* a stock module is being asked about it */
    const char *stock_challenge; /* what the module of `used` wants to say */
    const char *withheld; /* why there is no challenge of some scheme */
    as_attempt attempt;
    int judged;          /* attempt holds a verdict */
    int elsewhere;       /* credentials were not in the Authorization field */
    int nested_authz;    /* the authorization hooks run inside of ours */
    int noted;           /* and want the challenges to be sent */
    int preserving;      /* an ErrorDocument is being judged */
    void *claims;        /* state.c */
} core_record;

core_record *core_record_get(request_rec *r);
core_record *core_record_peek(request_rec *r);

/* The record that the request's identity rests on, found as httpd hands r->user
 * on: itself, or where it was redirected from or is a part of, as long as the
 * very same configuration holds. NULL: nobody signed in. */
core_record *core_record_standing(request_rec *r);

/* The request that the client sent: up through main and prev. */
request_rec *core_root(request_rec *r);

/* Whether the request fetches the ErrorDocument of a 401 or 407. */
int core_is_error_document(request_rec *r);

/* The same, if that answer was made by a list. */
int core_is_our_error_document(request_rec *r);

/* What the claims of this client request are remembered in: a place for one
 * pointer of state.c, the same for the client's request and for all redirects
 * and subrequests of it; NULL if there is none. */
void **core_claims_slot(request_rec *r);

/* Asks the stock modules about one entry, as if it were the only AuthType. */
int core_ask_stock(request_rec *r, core_record *rec, const core_entry *entry);

as_attempt *core_stock_attempt(request_rec *r);

int core_authenticate(request_rec *r, const as_scheme *only,
                      const as_scheme *but, const as_attempt **attempt);
int core_refuse(request_rec *r, const as_attempt *attempt);

/* What httpd is to be told of a refusal: the status, or DONE if the scheme has
 * sent the answer. */
int core_answer(request_rec *r, const as_attempt *attempt, int status);

/* Whether a request brings credentials of a scheme of the list; a cookie that
 * is refused is none. */
int core_has_credentials(request_rec *r, const core_list *list);

/* Hooks. */
int core_check_authn(request_rec *r);

/* ---- challenge.c ----------------------------------------------------- */

const char *core_credentials_field(request_rec *r);
const char *core_challenge_field(request_rec *r);

void core_challenge_add(as_challenges *set, const char *challenge);
void core_challenge_alone(as_challenges *set);
int core_challenge_is_optional(const as_challenges *set);
void core_challenge_withhold(as_challenges *set, const char *reason);

/* Puts the set of the whole list into the answer; returns how many challenges
 * there are. An ErrorDocument keeps the set of the place that was asked for. */
int core_offer(request_rec *r, core_record *rec);

/* Adds the set of the place, for somebody who need not sign in, to a table. */
void core_offer_optional(request_rec *r, apr_table_t *headers,
                         const char *field);

/* Asks the scheme whether the answer should explain itself with one challenge
 * of that scheme, and puts it there. */
int core_explain(request_rec *r, core_record *rec);

/* Removes and returns what stands in the challenge field, joined. */
const char *core_take_challenges(request_rec *r);

/* ---- host.c ---------------------------------------------------------- */

int core_host_is_own(request_rec *r);

/* ---- optional.c ------------------------------------------------------ */

void core_register_optional(void);

/* Hooks. */
int core_force_authn(request_rec *r);
void core_insert_offer(request_rec *r);

/* ---- info.c ---------------------------------------------------------- */

void core_register_info(void);

/* Hooks: for the answers of handlers, and for those that httpd makes, whose
 * status is known. */
void core_insert_info(request_rec *r);
void core_settle_info(request_rec *r);

/* ---- authz.c --------------------------------------------------------- */

int core_check_authz(request_rec *r);
int core_note_auth_failure(request_rec *r, const char *type);
void core_register_require(apr_pool_t *p);

/* ---- identity.c ------------------------------------------------------ */

void core_identity_reset(apr_pool_t *pconf);
const char *core_identity_directive(cmd_parms *cmd, void *conf,
                                    const char *arg);
void core_reserve_identity(apr_pool_t *pconf, const char *header);
void core_identity_set(request_rec *r, const char *header, const char *value);

/* Gives a subrequest request headers of its own, without anybody's identity. */
void core_identity_separate(request_rec *r);
const char *core_realm(request_rec *r);
const as_attempt *core_granted(request_rec *r);

/* Hooks. */
int core_scrub(request_rec *r);
int core_publish(request_rec *r);

/* ---- verdict.c ------------------------------------------------------- */

void core_counters_reset(void);

/* The counters' row of a scheme; rows are made while httpd reads its
 * configuration, later names share the row "other". */
int core_counter_row(const char *name, int may_add);
apr_status_t core_counters_open(apr_pool_t *pconf);

/* One log line, the notes and the counter of a verdict. status is what the
 * client gets. */
void core_report(request_rec *r, const core_record *rec, int status);

int core_status_hook(request_rec *r, int flags);

#endif
