/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * credentials.h - what the files of mod_authscheme_credentials share.
 *
 *     mod_authscheme_credentials.c   AuthCredentials, and the store that
 *                                    schemes see
 *     dbd.c                          records in an SQL database, by mod_dbd
 */
#ifndef CREDENTIALS_H
#define CREDENTIALS_H

#include "authscheme.h"

extern module AP_MODULE_DECLARE_DATA authscheme_credentials_module;

/* What keeps the records, chosen by the word before the colon. */
typedef struct cred_backend {
    const char *name;
    /* At configuration, with what follows the colon. NULL, or what is wrong
     * with it. */
    const char *(*open)(cmd_parms *cmd, const char *argument);
    as_store store;
} cred_backend;

extern const cred_backend cred_dbd;

/* What is configured for a whole virtual host. */
typedef struct cred_server {
    const ap_directive_t *dbd; /* the first "AuthCredentials dbd:", or NULL */
} cred_server;

#endif
