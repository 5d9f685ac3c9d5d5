/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Stands in for secrets.c and state.c and refuses everything; goes away, with
 * its line in local.mk, when they come.
 */
#include "core.h"
const char *core_secret_directive(cmd_parms *cmd, void *conf, int argc, char *const argv[]){(void)cmd;(void)conf;(void)argc;(void)argv;return NULL;}
apr_status_t core_secrets_open(apr_pool_t *pconf, server_rec *s){(void)pconf;(void)s;return 0;}
int core_derive(unsigned char key[AS_KEY_LEN], const char *purpose, int nth){(void)key;(void)purpose;(void)nth;return 0;}
const char *core_nonce_make(request_rec *r, const char *purpose, as_span bound){(void)r;(void)purpose;(void)bound;return NULL;}
as_nonce core_nonce_check(apr_time_t *issued, request_rec *r,const char *purpose, as_span bound, as_span nonce){(void)issued;(void)r;(void)purpose;(void)bound;(void)nonce;return AS_NONCE_FOREIGN;}
const char *core_state_directive(cmd_parms *cmd, void *conf, const char *arg){(void)cmd;(void)conf;(void)arg;return NULL;}
apr_status_t core_state_open(apr_pool_t *pconf, server_rec *s){(void)pconf;(void)s;return 0;}
as_use core_claim(request_rec *r, const char *space, as_span key, apr_time_t issued, apr_time_t expires){(void)r;(void)space;(void)key;(void)issued;(void)expires;return AS_USE_UNAVAILABLE;}
as_use core_window(request_rec *r, const char *space, as_span nonce, apr_uint64_t count, apr_time_t issued, apr_time_t expires){(void)r;(void)space;(void)nonce;(void)count;(void)issued;(void)expires;return AS_USE_UNAVAILABLE;}
