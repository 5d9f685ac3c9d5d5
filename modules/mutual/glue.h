/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * glue.h - what the files of mod_authscheme_mutual share.
 *
 *     mod_authscheme_mutual.c   directives, challenges, the scheme
 *     answer.c                  a message of a client, judged in steps
 *     user.c                    whose it is, and J
 *     host.c                    how the client names this server
 *     control.c                 Authentication-Control
 */
#ifndef MUTUAL_GLUE_H
#define MUTUAL_GLUE_H

#include "authscheme.h"
#include "exchange.h"
#include "message.h"
#include "mutual_scope.h"
#include "sid.h"

extern module AP_MODULE_DECLARE_DATA authscheme_mutual_module;

/* ---- mod_authscheme_mutual.c ----------------------------------------- */

#define MUTUAL_UNSET (-1)

typedef enum mutual_validation {
    MUTUAL_BY_CONNECTION, /* the one or the other, as the RFC has it */
    MUTUAL_HOST,          /* the origin is hashed */
    MUTUAL_END_POINT      /* the certificate */
} mutual_validation;

/* MutualControl, ready to be sent: "" or ", name=value" */
typedef struct mutual_control {
    const char *initial, *negative, *success;
} mutual_control;

typedef struct mutual_conf {
    apr_array_header_t *algorithms; /* MutualAlgorithm, of const
                                       as_mutual_alg *, the first is offered;
                                       or NULL */
    const char *scope;              /* MutualAuthScope, or NULL: the origin */
    int validation;                 /* MutualValidation, or MUTUAL_UNSET */
    apr_array_header_t *prints;     /* MutualCertificate, of as_span: hashes;
                                       or NULL, those of mod_ssl */
    int nc_max;                     /* MutualNcMax */
    int nc_window;                  /* MutualNcWindow */
    int lifetime;                   /* MutualSessionLifetime, seconds */
    const char *path;               /* MutualPath, or NULL */
    mutual_control *control;        /* MutualControl, or NULL */
} mutual_conf;

/* What belongs to a virtual host. */
typedef struct mutual_server {
    const apr_array_header_t *prints; /* of as_span: its certificates' hashes;
                                         or NULL */
    apr_array_header_t *scopes; /* of const ap_directive_t *: MutualAuthScope */
    unsigned int algorithms;    /* bit n: some place names the nth one */
} mutual_server;

mutual_server *mutual_server_of(const server_rec *s);

/* With the defaults in the place of what is not set. */
mutual_conf mutual_conf_of(request_rec *r);

/* The nth algorithm that is taken here, the first is offered; or NULL. */
const as_mutual_alg *mutual_alg_of(const mutual_conf *conf, int nth);

/* ---- host.c ---------------------------------------------------------- */

#define MUTUAL_VH_MOST 8 /* names of one server that a client may mean */

/* How the client names this server: what it hashes into its proof. */
typedef struct mutual_host {
    as_mutual_origin origin;
    int is_ours;  /* the request's Host is a name of this server */
    int is_by_certificate;
    as_span vh[MUTUAL_VH_MOST];
    int count;    /* of vh; 0: Mutual can't be used here */
} mutual_host;

mutual_host mutual_host_of(request_rec *r, const mutual_conf *conf);

/* The value of `validation` for it. */
const char *mutual_validation_of(const mutual_host *host);

/* Reads certificates for MutualCertificate. NULL, or what is wrong. */
const char *mutual_read_certificate(apr_array_header_t *prints,
                                    const char *file, apr_pool_t *pool);

/* Whether any name of a virtual host is in an auth-scope. */
int mutual_scope_suits(const char *scope, const server_rec *s,
                       apr_pool_t *pool);

/* The names a virtual host has of mod_ssl. */
void mutual_register_certificates(void);

/* ---- user.c ---------------------------------------------------------- */

/* The groups of all algorithms, and a J that nobody has the password of;
 * made once per configuration. */
apr_status_t mutual_groups_make(apr_pool_t *pconf);
const as_mutual_group *mutual_group_of(const as_mutual_alg *alg);

/* How far a check has come; attempt->data of the scheme. */
typedef struct mutual_try {
    mutual_conf conf;
    mutual_host host;
    mutual_place place;
    mutual_params sent;
    mutual_kind kind;
    as_span bound;      /* what a session id is good for */
    const as_mutual_group *group;
    const char *user;   /* as the client named it */
    const as_cred *cred;      /* its record, or NULL: nobody's */
    mutual_print print;       /* of J */
    int is_damaged;           /* the record's J is none */
    int is_changed;           /* it is not the J that the exchange began with */
    apr_uint64_t nc;
    char nonce[MUTUAL_NONCE_LEN + 1];
    apr_time_t issued;        /* of the key exchange */
    mutual_numbers numbers;
    as_session session;
    const char *reason;       /* for the challenge */
    const char *kex_line;     /* the challenge that goes on, or NULL */
    const char *info;         /* Authentication-Info, or NULL */
} mutual_try;

/* Sets cred, print and is_damaged for t->user, and *j, which the caller frees:
 * the user's, or that of nobody, at the same cost. j may be NULL. AS_GRANTED
 * for "go on", or a verdict on our side. */
as_verdict mutual_find_user(as_mutual_element **j, mutual_try *t,
                            request_rec *r, as_attempt *attempt);

/* ---- answer.c -------------------------------------------------------- */

/* What a challenge of this place says of it. */
void mutual_place_of(mutual_place *place, mutual_host *host, request_rec *r,
                     const mutual_conf *conf);

/* Why Mutual can't be used there, or NULL. Its realms are ASCII, RFC 8120
 * section 3.2. */
const char *mutual_misplaced(const mutual_place *place,
                             const mutual_host *host, const request_rec *r);

as_verdict mutual_authenticate(request_rec *r, const as_credentials *sent,
                               as_attempt *attempt);

/* ---- control.c ------------------------------------------------------- */

/* MutualControl NAME=VALUE; NULL, or what is wrong with it. */
const char *mutual_control_add(mutual_control *control, const char *pair,
                               apr_pool_t *pool);

/* Authentication-Control, RFC 8053 section 4; nothing for "". */
void mutual_control_send(request_rec *r, const char *parameters);

#endif
