/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * core.h - what the files of mod_authscheme share with each other.
 *
 *     list.c       AuthType "A B C": parsed, checked, looked up
 *     dispatch.c   the scheme that the client used, its verdict, the status
 *     challenge.c  the set of challenges of one answer
 *     authz.c      what Require decided, and Require auth-scheme
 *     identity.c   what the application learns, and what no client may send
 *     verdict.c    the log line, the notes, the counters and mod_status
 *     secrets.c    the server secret and what is derived from it
 *     state.c      one-time proofs: claims and windows, on table.c
 */
#ifndef CORE_H
#define CORE_H

#include "authscheme.h"

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

/* ---- dispatch.c ------------------------------------------------------ */

/* The request that the client sent: up through main and prev. */
request_rec *core_root(request_rec *r);

/* What the claims of this client request are remembered in: a place for one
 * pointer of state.c, the same for the client's request and for all redirects
 * and subrequests of it; NULL if there is none. */
void **core_claims_slot(request_rec *r);

#endif
