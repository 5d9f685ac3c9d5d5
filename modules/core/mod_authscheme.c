/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * mod_authscheme - several authentication schemes on one Location.
 *
 *     AuthType "Digest Bearer HOBA Basic"
 *
 * The module stands in front of the authentication and authorization hooks of
 * httpd and lets the scheme that the client used decide; see core.h for its
 * parts and authscheme.h for what a scheme is.
 */
#include "httpd.h"
#include "http_config.h"
#include "http_core.h"
#include "http_log.h"
#include "http_protocol.h"
#include "http_request.h"
#include "mod_status.h"
#include "apr_optional_hooks.h"

#include "core.h"


/* ---- configuration --------------------------------------------------- */

static void *create_conf(apr_pool_t *p, char *dir)
{
    (void)dir;
    return apr_pcalloc(p, sizeof(core_conf));
}

static void *merge_conf(apr_pool_t *p, void *outer, void *inner)
{
    const core_conf *add = inner;
    core_conf *conf = apr_pmemdup(p, outer, sizeof(*conf));

    if (add->type_set) { /* as mod_authn_core merges AuthType */
        conf->type_set = 1;
        conf->list = add->list;
        conf->is_expression = add->is_expression;
    }
    if (add->form != CORE_FORM_UNSET)
        conf->form = add->form;
    if (add->optional != CORE_UNSET)
        conf->optional = add->optional;
    return conf;
}

static const char *set_form(cmd_parms *cmd, void *conf, const char *arg)
{
    core_conf *dir = conf;

    (void)cmd;
    if (!ap_cstr_casecmp(arg, "lines"))
        dir->form = CORE_FORM_LINES;
    else if (!ap_cstr_casecmp(arg, "list"))
        dir->form = CORE_FORM_LIST;
    else
        return "AuthChallengeForm is 'lines' or 'list'";
    return NULL;
}

static const char *set_optional(cmd_parms *cmd, void *conf, int on)
{
    core_conf *dir = conf;

    (void)cmd;
    dir->optional = on ? CORE_ON : CORE_OFF;
    return NULL;
}

static const command_rec directives[] = {
    AP_INIT_TAKE1("AuthType", core_authtype_directive, NULL, OR_AUTHCFG,
                  "the schemes of this place, separated by blanks"),
    AP_INIT_TAKE1("AuthName", core_authname_directive, NULL, OR_AUTHCFG,
                  "the realm"),
    AP_INIT_TAKE1("AuthChallengeForm", set_form, NULL, OR_AUTHCFG,
                  "lines: one field per challenge (default); list: one field"),
    AP_INIT_FLAG("AuthSchemeOptional", set_optional, NULL, OR_AUTHCFG,
                 "whether those who need not sign in may (off)"),
    AP_INIT_TAKE_ARGV("AuthSchemeToken", core_token_directive, NULL,
                      RSRC_CONF | EXEC_ON_READ,
                      "a stock AuthType and the scheme tokens it answers to"),
    AP_INIT_ITERATE("AuthSchemeIdentityHeader", core_identity_directive, NULL,
                    RSRC_CONF | ACCESS_CONF,
                    "request headers that no client may send"),
    AP_INIT_TAKE_ARGV("AuthSchemeSecret", core_secret_directive, NULL,
                      RSRC_CONF,
                      "files with the server secret: the first makes nonces, "
                      "all verify them"),
    AP_INIT_TAKE1("AuthSchemeState", core_state_directive, NULL, RSRC_CONF,
                  "shm[:SIZE], where used one-time proofs are remembered"),
    AP_INIT_TAKE1("AuthSchemeSessions", core_sessions_directive, NULL,
                  RSRC_CONF, "size of the memory for sessions (8m)"),
    AP_INIT_TAKE1("AuthSchemeCache", core_cache_directive, NULL, RSRC_CONF,
                  "size of the memory for what was costly to find out (1m)"),
    AP_INIT_TAKE12("AuthSchemeChecks", core_checks_directive, NULL, RSRC_CONF,
                   "how many slow checks run at once (half of the CPUs), and "
                   "how many wait for their turn (32)"),
    { NULL, { NULL }, NULL, 0, RAW_ARGS, NULL }
};

/* ---- services -------------------------------------------------------- */

static const as_services services = {
    .nonce_make = core_nonce_make,
    .nonce_check = core_nonce_check,
    .claim = core_claim,
    .window = core_window,
    .derive = core_derive,
    .challenge_add = core_challenge_add,
    .reserve_identity = core_reserve_identity,
    .identity_set = core_identity_set,
    .realm = core_realm,
    .granted = core_granted,
    .authenticate = core_authenticate,
    .refuse = core_refuse,
    .stock_attempt = core_stock_attempt,
    .remember = core_remember,
    .recall = core_recall,
    .turn_begin = core_turn_begin,
    .turn_end = core_turn_end,
    .challenge_alone = core_challenge_alone,
    .challenge_is_optional = core_challenge_is_optional,
    .challenge_withhold = core_challenge_withhold,
    .host_is_own = core_host_is_own,
    .spend = core_spend,
    .session_reserve = core_session_reserve,
    .session_find = core_session_find,
    .session_begin = core_session_begin,
    .session_use = core_session_number,
    .session_end = core_session_close,
};

/* ---- start ----------------------------------------------------------- */

static int pre_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp)
{
    (void)pconf;
    (void)plog;
    (void)ptemp;
    core_wrap_auth_type();
    return OK;
}

static int open_shared(apr_pool_t *pconf, server_rec *s)
{
    static const struct {
        apr_status_t (*open)(apr_pool_t *pconf, server_rec *s);
        const char *what;
    } parts[] = {
        { core_secrets_open, "the server secret" },
        { core_state_open, "the table of used one-time proofs" },
        { core_sessions_open, "the table of sessions" },
        { core_costly_open, "the cache, or the turns of slow checks" },
    };
    apr_status_t rv = core_counters_open(pconf);
    const char *what = "shared memory for the counters";
    apr_size_t i;

    for (i = 0; rv == APR_SUCCESS && i < sizeof(parts) / sizeof(parts[0]);
         i++) {
        what = parts[i].what;
        rv = parts[i].open(pconf, s);
    }
    if (rv == APR_SUCCESS)
        return OK;
    ap_log_error(APLOG_MARK, APLOG_EMERG, rv, s,
                 "authscheme: cannot set up %s", what);
    return HTTP_INTERNAL_SERVER_ERROR;
}

/* httpd reads its configuration twice when it starts; once is enough. */
static int post_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp,
                       server_rec *s)
{
    (void)plog;
    (void)ptemp;
    if (ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_CREATE_PRE_CONFIG)
        return OK;
    return open_shared(pconf, s);
}

static void register_hooks(apr_pool_t *p)
{
    core_list_reset(p);
    core_identity_reset(p);
    core_counters_reset();
    ap_register_provider(p, AS_SERVICES_GROUP, AS_SERVICES_NAME,
                         AS_SERVICES_VERSION, &services);
    core_register_require(p);
    core_register_optional();
    core_register_info();

    ap_hook_pre_config(pre_config, NULL, NULL, APR_HOOK_REALLY_FIRST);
    ap_hook_post_config(post_config, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_post_read_request(core_scrub, NULL, NULL, APR_HOOK_REALLY_FIRST);
    ap_hook_check_authn(core_check_authn, NULL, NULL, APR_HOOK_REALLY_FIRST,
                        AP_AUTH_INTERNAL_PER_CONF);
    ap_hook_force_authn(core_force_authn, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_insert_filter(core_insert_offer, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_insert_filter(core_insert_info, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_insert_error_filter(core_settle_info, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_check_authz(core_check_authz, NULL, NULL, APR_HOOK_REALLY_FIRST,
                        AP_AUTH_INTERNAL_PER_CONF);
    ap_hook_note_auth_failure(core_note_auth_failure, NULL, NULL,
                              APR_HOOK_REALLY_FIRST);
    ap_hook_fixups(core_publish, NULL, NULL, APR_HOOK_REALLY_FIRST);
    APR_OPTIONAL_HOOK(ap, status_hook, core_status_hook, NULL, NULL,
                      APR_HOOK_MIDDLE);
}

AP_DECLARE_MODULE(authscheme) = {
    STANDARD20_MODULE_STUFF,
    create_conf, merge_conf, NULL, NULL, directives, register_hooks,
    AP_MODULE_FLAG_NONE
};
