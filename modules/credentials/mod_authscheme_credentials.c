/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * mod_authscheme_credentials - one store for the credentials of every scheme.
 *
 * Schemes ask for a credential by its kind and id and never learn what keeps
 * it. A place of the configuration names the backend:
 *
 *     AuthCredentials file:conf/credentials
 */
#include "httpd.h"
#include "http_config.h"
#include "http_log.h"

#include "credentials.h"

#define LIFETIME_MOST 86400 /* seconds of AuthCredentialsCache */

static void *create_conf(apr_pool_t *p, char *dir)
{
    cred_conf *conf = apr_pcalloc(p, sizeof(*conf));

    (void)dir;
    conf->source = "";
    conf->lifetime = CRED_UNSET;
    return conf;
}

static void *merge_conf(apr_pool_t *p, void *outer, void *inner)
{
    const cred_conf *add = inner;
    cred_conf *conf = apr_pmemdup(p, outer, sizeof(*conf));

    if (add->backend) {
        conf->backend = add->backend;
        conf->source = add->source;
        conf->handle = add->handle;
    }
    if (add->lifetime != CRED_UNSET)
        conf->lifetime = add->lifetime;
    return conf;
}

static void *create_server(apr_pool_t *p, server_rec *s)
{
    (void)s;
    return apr_pcalloc(p, sizeof(cred_server));
}

/* ---- directives ------------------------------------------------------ */

static const cred_backend *const backends[] = { &cred_dbd, &cred_file };

static const char *set_backend(cmd_parms *cmd, void *dir_conf, const char *arg)
{
    const char *colon = strchr(arg, ':');
    cred_conf *conf = dir_conf;
    unsigned int i;

    if (!as_core())
        return "AuthCredentials needs mod_authscheme; load authscheme_module "
               "before this line";
    if (!colon)
        return "AuthCredentials needs a backend and a colon: \"file:PATH\" or "
               "\"dbd:\"";
    for (i = 0; i < sizeof(backends) / sizeof(backends[0]); i++) {
        as_span name = { arg, (apr_size_t)(colon - arg) };

        if (!as_span_is_nocase(name, backends[i]->name))
            continue;
        conf->backend = backends[i];
        conf->source = arg;
        return backends[i]->open(&conf->handle, cmd, colon + 1);
    }
    return apr_psprintf(cmd->pool, "AuthCredentials: there is no backend "
                        "\"%s\"; use \"file:PATH\" or \"dbd:\"", arg);
}

static const char *set_lifetime(cmd_parms *cmd, void *dir_conf,
                                const char *arg)
{
    cred_conf *conf = dir_conf;
    char *end;
    apr_int64_t seconds = apr_isdigit(*arg) ? apr_strtoi64(arg, &end, 10) : -1;

    (void)cmd;
    if (seconds < 0 || seconds > LIFETIME_MOST || *end)
        return "AuthCredentialsCache takes seconds, 0 (off) to 86400";
    conf->lifetime = (int)seconds;
    return NULL;
}

static const command_rec directives[] = {
    AP_INIT_TAKE1("AuthCredentials", set_backend, NULL, RSRC_CONF | ACCESS_CONF,
                  "where credentials are kept: \"file:PATH\", made by "
                  "htauth, or \"dbd:\", a table in the database of mod_dbd"),
    AP_INIT_TAKE1("AuthCredentialsCache", set_lifetime, NULL,
                  RSRC_CONF | ACCESS_CONF,
                  "seconds that a right password is remembered (300)"),
    { NULL, { NULL }, NULL, 0, RAW_ARGS, NULL }
};

/* ---- the store ------------------------------------------------------- */

/* NULL where nothing is configured. */
static const as_store *store_of(request_rec *r)
{
    const cred_conf *conf = ap_get_module_config(
        r->per_dir_config, &authscheme_credentials_module);

    return conf->backend ? &conf->backend->store : NULL;
}

static apr_status_t find(const as_cred **cred, request_rec *r,
                         as_cred_kind kind, const char *id, const char *realm,
                         const char *place, const char *algorithm)
{
    const as_store *store = store_of(r);

    return store ? store->find(cred, r, kind, id, realm, place, algorithm)
                 : APR_ENOTIMPL;
}

static apr_status_t add(request_rec *r, const as_cred *cred)
{
    const as_store *store = store_of(r);

    return store && store->add ? store->add(r, cred) : APR_ENOTIMPL;
}

static apr_status_t update(request_rec *r, const as_cred *cred,
                           as_cred_state was)
{
    const as_store *store = store_of(r);

    return store && store->update ? store->update(r, cred, was) : APR_ENOTIMPL;
}

static apr_status_t count(int *number, request_rec *r, as_cred_kind kind,
                          const char *user, const char *realm,
                          const char *place)
{
    const as_store *store = store_of(r);

    return store && store->count
               ? store->count(number, r, kind, user, realm, place)
               : APR_ENOTIMPL;
}

static apr_status_t find_userhash(const as_cred **cred, request_rec *r,
                                  const char *userhash, const char *realm,
                                  const char *algorithm)
{
    const as_store *store = store_of(r);

    return store && store->find_userhash
               ? store->find_userhash(cred, r, userhash, realm, algorithm)
               : APR_ENOTIMPL;
}

const as_store cred_store = { find, add, update, count, find_userhash };

/* ---- hooks ----------------------------------------------------------- */

static int names(const ap_directive_t *tree, const char *directive)
{
    for (; tree; tree = tree->next)
        if (!ap_cstr_casecmp(tree->directive, directive)
            || names(tree->first_child, directive))
            return 1;
    return 0;
}

static int check_databases(const server_rec *s)
{
    for (; s; s = s->next) {
        const cred_server *conf = ap_get_module_config(
            s->module_config, &authscheme_credentials_module);

        if (!conf->dbd || names(ap_conftree, "DBDriver"))
            continue;
        ap_log_error(APLOG_MARK, APLOG_EMERG, 0, s,
                     "AuthCredentials dbd: on line %d of %s: no database is "
                     "configured, it needs DBDriver and DBDParams of mod_dbd",
                     conf->dbd->line_num, conf->dbd->filename);
        return 0;
    }
    return 1;
}

static int check_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp,
                        server_rec *s)
{
    (void)pconf;
    (void)plog;
    return check_databases(s) && cred_file_check(s, ptemp)
               ? OK : HTTP_INTERNAL_SERVER_ERROR;
}

static void child_init(apr_pool_t *child, server_rec *s)
{
    (void)s;
    cred_file_child_init(child);
}

static void register_hooks(apr_pool_t *p)
{
    ap_register_provider(p, AS_STORE_GROUP, AS_STORE_NAME, AS_STORE_VERSION,
                         &cred_store);
    cred_register_basic(p);
    ap_hook_check_config(check_config, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_child_init(child_init, NULL, NULL, APR_HOOK_MIDDLE);
}

AP_DECLARE_MODULE(authscheme_credentials) = {
    STANDARD20_MODULE_STUFF,
    create_conf,
    merge_conf,
    create_server,
    NULL,
    directives,
    register_hooks,
    AP_MODULE_FLAG_NONE
};
