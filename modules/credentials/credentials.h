/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * credentials.h - what the files of mod_authscheme_credentials share.
 *
 *     mod_authscheme_credentials.c   AuthCredentials, and the store that
 *                                    schemes see
 *     dbd.c                          records in an SQL database, by mod_dbd
 *     file.c                         records in a text file
 *     index.c                        finds a record in the text of a file
 *     basic.c                        AuthBasicProvider credentials
 */
#ifndef CREDENTIALS_H
#define CREDENTIALS_H

#include "authscheme.h"

extern module AP_MODULE_DECLARE_DATA authscheme_credentials_module;

/* What keeps the records, chosen by the word before the colon. */
typedef struct cred_backend {
    const char *name;
    /* At configuration, with what follows the colon. May set what cred_conf
     * keeps for it. NULL, or what is wrong with it. */
    const char *(*open)(void **handle, cmd_parms *cmd, const char *argument);
    as_store store;
} cred_backend;

extern const cred_backend cred_dbd, cred_file;

/* Reads the files of the configuration; 0 if one can't be used, which is
 * logged. */
int cred_file_check(server_rec *main_server, apr_pool_t *pool);

void cred_file_child_init(apr_pool_t *child);

#define CRED_UNSET (-1)

/* What is configured for a directory. */
typedef struct cred_conf {
    const cred_backend *backend; /* AuthCredentials, or NULL */
    const char *source;          /* what it said, or "" */
    void *handle;                /* of the backend */
    int lifetime;                /* AuthCredentialsCache, in seconds */
} cred_conf;

/* The store that schemes see: the backend of the request's place. */
extern const as_store cred_store;

/* Hooks and providers of basic.c. */
void cred_register_basic(apr_pool_t *p);

/* What is configured for a whole virtual host. */
typedef struct cred_server {
    const ap_directive_t *dbd; /* the first "AuthCredentials dbd:", or NULL */
} cred_server;

#endif
