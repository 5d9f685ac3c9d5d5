/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * mod_authscheme_digest - HTTP Digest Access Authentication (RFC 7616).
 *
 * The client proves that it knows a password without sending it: it hashes it
 * with a nonce of ours, with a number of its own for each request, and with
 * what it asks for. We keep H(A1), the hash of user, realm and password, and
 * compute the same. A number is good for one request.
 */
#include "httpd.h"
#include "http_config.h"
#include "http_core.h"
#include "http_log.h"

#include "glue.h"

#define DEFAULT_LIFETIME 300 /* seconds */
#define DEFAULT_BODY_LIMIT 1048576 /* octets */
#define LIFETIME_LEAST 1
#define BODY_LIMIT_MOST 1073741824
#define LIFETIME_MOST 86400
#define LIFETIME_SHORT 30    /* some clients give up at their first "stale" */

/* ---- configuration --------------------------------------------------- */

/* What is configured for a whole virtual host. */
typedef struct digest_server {
    const ap_directive_t *md5; /* the first DigestAlgorithm with MD5, or NULL */
} digest_server;

static void *create_conf(apr_pool_t *p, char *dir)
{
    digest_conf *conf = apr_pcalloc(p, sizeof(*conf));

    (void)dir;
    conf->lifetime = DIGEST_UNSET;
    conf->userhash = DIGEST_UNSET;
    conf->body_limit = DIGEST_UNSET;
    return conf;
}

static void *merge_conf(apr_pool_t *p, void *outer, void *inner)
{
    const digest_conf *add = inner;
    digest_conf *conf = apr_pmemdup(p, outer, sizeof(*conf));

    if (add->algorithms)
        conf->algorithms = add->algorithms;
    if (add->providers)
        conf->providers = add->providers;
    if (add->lifetime != DIGEST_UNSET)
        conf->lifetime = add->lifetime;
    if (add->userhash != DIGEST_UNSET)
        conf->userhash = add->userhash;
    if (add->qop)
        conf->qop = add->qop;
    if (add->body_limit != DIGEST_UNSET)
        conf->body_limit = add->body_limit;
    if (add->domain)
        conf->domain = add->domain;
    return conf;
}

static void *create_server(apr_pool_t *p, server_rec *s)
{
    (void)s;
    return apr_pcalloc(p, sizeof(digest_server));
}

digest_conf digest_conf_of(request_rec *r)
{
    const digest_conf *set = ap_get_module_config(r->per_dir_config,
                                                  &authscheme_digest_module);
    digest_conf conf = *set;

    if (conf.lifetime == DIGEST_UNSET)
        conf.lifetime = DEFAULT_LIFETIME;
    if (conf.userhash == DIGEST_UNSET)
        conf.userhash = 0;
    if (!conf.qop)
        conf.qop = DIGEST_AUTH;
    if (conf.body_limit == DIGEST_UNSET)
        conf.body_limit = DEFAULT_BODY_LIMIT;
    if (conf.providers && !conf.providers->nelts)
        conf.providers = NULL;
    return conf;
}

/* SHA-256 if nothing is said. */
static const as_digest_alg *offered(const digest_conf *conf, int i)
{
    if (!conf->algorithms)
        return i == 0 ? as_digest_alg_base(0) : NULL;
    return i < conf->algorithms->nelts
               ? APR_ARRAY_IDX(conf->algorithms, i, const as_digest_alg *)
               : NULL;
}

int digest_is_offered(const digest_conf *conf, const as_digest_alg *alg)
{
    int i;

    for (i = 0; offered(conf, i); i++)
        if (offered(conf, i) == alg)
            return 1;
    return 0;
}

/* ---- directives ------------------------------------------------------ */

static const char *set_algorithm(cmd_parms *cmd, void *dir_conf,
                                 const char *arg)
{
    const as_digest_alg *alg = as_digest_alg_find(as_span_of(arg));
    digest_server *server = ap_get_module_config(cmd->server->module_config,
                                                 &authscheme_digest_module);
    digest_conf *conf = dir_conf;

    if (!alg)
        return apr_psprintf(cmd->pool, "DigestAlgorithm: unknown algorithm "
                            "\"%s\"; there are SHA-256, SHA-512-256 and MD5, "
                            "each also with -sess", arg);
    if (conf->algorithms && digest_is_offered(conf, alg))
        return apr_psprintf(cmd->pool, "DigestAlgorithm: %s is there twice",
                            alg->name);
    if (!conf->algorithms)
        conf->algorithms = apr_array_make(cmd->pool, 2, sizeof(alg));
    APR_ARRAY_PUSH(conf->algorithms, const as_digest_alg *) = alg;
    if (!strcmp(alg->base, "MD5") && !server->md5)
        server->md5 = cmd->directive;
    return NULL;
}

static const char *set_qop(cmd_parms *cmd, void *dir_conf, const char *arg)
{
    digest_conf *conf = dir_conf;

    (void)cmd;
    if (!ap_cstr_casecmp(arg, "auth"))
        conf->qop |= DIGEST_AUTH;
    else if (!ap_cstr_casecmp(arg, "auth-int"))
        conf->qop |= DIGEST_AUTH_INT;
    else
        return "DigestQop takes auth, auth-int, or both";
    return NULL;
}

static const char *set_body_limit(cmd_parms *cmd, void *dir_conf,
                                  const char *arg)
{
    digest_conf *conf = dir_conf;
    char *end;
    apr_int64_t value = apr_isdigit(*arg) ? apr_strtoi64(arg, &end, 10) : -1;

    (void)cmd;
    if (value < 0 || value > BODY_LIMIT_MOST || *end)
        return "DigestBodyLimit takes octets, up to 1073741824";
    conf->body_limit = (apr_off_t)value;
    return NULL;
}

static const char *set_lifetime(cmd_parms *cmd, void *dir_conf,
                                const char *arg)
{
    digest_conf *conf = dir_conf;
    char *end;
    apr_int64_t value = apr_isdigit(*arg) ? apr_strtoi64(arg, &end, 10) : -1;

    if (value < LIFETIME_LEAST || value > LIFETIME_MOST || *end)
        return "DigestNonceLifetime takes seconds, 1 to 86400";
    conf->lifetime = (int)value;
    if (conf->lifetime < LIFETIME_SHORT)
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, cmd->server,
                     "DigestNonceLifetime %d on line %d of %s is short: many "
                     "clients do not try again when their first nonce is too "
                     "old", conf->lifetime, cmd->directive->line_num,
                     cmd->directive->filename);
    return NULL;
}

static const char *set_userhash(cmd_parms *cmd, void *dir_conf, int on)
{
    digest_conf *conf = dir_conf;

    (void)cmd;
    conf->userhash = on;
    return NULL;
}

static const char *add_domain(cmd_parms *cmd, void *dir_conf, const char *arg)
{
    digest_conf *conf = dir_conf;
    const char *c;

    for (c = arg; *c; c++)
        if (*c <= 0x20 || *c > 0x7e || *c == '"' || *c == '\\')
            break;
    if (*c || (*arg != '/' && !ap_is_url(arg)))
        return apr_psprintf(cmd->pool, "DigestDomain: \"%s\" is neither a path "
                            "nor a URL", arg);
    conf->domain = conf->domain
                       ? apr_pstrcat(cmd->pool, conf->domain, " ", arg, NULL)
                       : arg;
    return NULL;
}

/* "credentials" is the store of AuthCredentials, which needs no provider. */
static const char *add_provider(cmd_parms *cmd, void *dir_conf,
                                const char *arg)
{
    digest_conf *conf = dir_conf;
    digest_provider provider = { arg, NULL };

    if (!conf->providers)
        conf->providers = apr_array_make(cmd->pool, 2, sizeof(provider));
    if (!ap_cstr_casecmp(arg, "credentials"))
        return conf->providers->nelts
                   ? "DigestProvider: credentials stands alone"
                   : NULL;
    provider.functions = ap_lookup_provider(AUTHN_PROVIDER_GROUP, arg,
                                            AUTHN_PROVIDER_VERSION);
    if (!provider.functions)
        return apr_psprintf(cmd->pool, "DigestProvider: there is no provider "
                            "\"%s\"; its module must be loaded before this "
                            "line", arg);
    if (!provider.functions->get_realm_hash)
        return apr_psprintf(cmd->pool, "DigestProvider: provider \"%s\" has no "
                            "hashes for Digest", arg);
    APR_ARRAY_PUSH(conf->providers, digest_provider) = provider;
    return NULL;
}

#define IN_CONF (RSRC_CONF | ACCESS_CONF)

static const command_rec directives[] = {
    AP_INIT_ITERATE("DigestAlgorithm", set_algorithm, NULL, IN_CONF,
                    "hash algorithms as they are offered (SHA-256), also "
                    "SHA-512-256, MD5 and each with -sess"),
    AP_INIT_ITERATE("DigestQop", set_qop, NULL, IN_CONF,
                    "what is protected: auth, auth-int, or both (auth)"),
    AP_INIT_TAKE1("DigestBodyLimit", set_body_limit, NULL, IN_CONF,
                  "octets of a body that auth-int reads (1048576)"),
    AP_INIT_TAKE1("DigestNonceLifetime", set_lifetime, NULL, IN_CONF,
                  "seconds that a nonce is good for (300)"),
    AP_INIT_FLAG("DigestUserhash", set_userhash, NULL, IN_CONF,
                 "whether clients may send their user name hashed (off)"),
    AP_INIT_ITERATE("DigestDomain", add_domain, NULL, IN_CONF,
                    "the URLs where the same user and password are good"),
    AP_INIT_ITERATE("DigestProvider", add_provider, NULL, IN_CONF,
                    "where H(A1) comes from: credentials (default), or httpd's "
                    "own providers such as file"),
    { NULL, { NULL }, NULL, 0, RAW_ARGS, NULL }
};

/* ---- challenges ------------------------------------------------------ */

const char *digest_nonce(request_rec *r)
{
    return as_nonce_make(r, DIGEST_NONCE, as_span_of(as_realm(r)));
}

/* One for each algorithm, all with one nonce: clients that read the first and
 * answer with another algorithm get in. Blanks only where all clients have
 * them. */
static void challenge(request_rec *r, const as_attempt *attempt,
                      as_challenges *set)
{
    static const char *const qops[] = {
        [DIGEST_AUTH] = "auth", [DIGEST_AUTH_INT] = "auth-int",
        [DIGEST_AUTH | DIGEST_AUTH_INT] = "auth,auth-int"
    };
    digest_conf conf = digest_conf_of(r);
    const char *nonce = digest_nonce(r), *realm = ap_auth_name(r);
    int is_proxy = r->proxyreq == PROXYREQ_PROXY, i;

    for (i = 0; nonce && offered(&conf, i); i++)
        as_challenge_add(set, apr_pstrcat(
            r->pool, "Digest realm=\"", realm ? realm : "", "\", nonce=\"",
            nonce, "\", algorithm=", offered(&conf, i)->name,
            ", qop=\"", qops[conf.qop], "\", charset=UTF-8",
            conf.userhash ? ", userhash=true" : "",
            conf.domain && !is_proxy ? ", domain=\"" : "",
            conf.domain && !is_proxy ? conf.domain : "",
            conf.domain && !is_proxy ? "\"" : "",
            attempt && attempt->verdict == AS_STALE ? ", stale=true" : "",
            NULL));
}

/* ---- the scheme ------------------------------------------------------ */

static const as_scheme scheme = {
    .name = "Digest",
    .form = AS_FORM_PARAMS,
    .malformed = AS_CONTRADICTORY,
    .authenticate = digest_authenticate,
    .challenge = challenge,
    .confirm = digest_confirm,
};

/* ---- hooks ----------------------------------------------------------- */

static int check_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp,
                        server_rec *s)
{
    (void)pconf;
    (void)plog;
    (void)ptemp;
    if (as_core())
        return OK;
    ap_log_error(APLOG_MARK, APLOG_EMERG, 0, s,
                 "mod_authscheme_digest needs mod_authscheme: load "
                 "authscheme_module, too");
    return HTTP_INTERNAL_SERVER_ERROR;
}

/* Said once, when httpd starts. */
static int say_md5(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp,
                   server_rec *s)
{
    (void)pconf;
    (void)plog;
    (void)ptemp;
    if (ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_CREATE_PRE_CONFIG)
        return OK;
    for (; s; s = s->next) {
        const digest_server *conf = ap_get_module_config(
            s->module_config, &authscheme_digest_module);

        if (!conf->md5)
            continue;
        ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, s,
                     "DigestAlgorithm offers MD5 on line %d of %s, for clients "
                     "that know nothing better", conf->md5->line_num,
                     conf->md5->filename);
        break;
    }
    return OK;
}

static void register_hooks(apr_pool_t *p)
{
    ap_register_provider(p, AS_SCHEME_GROUP, scheme.name, AS_SCHEME_VERSION,
                         &scheme);
    digest_register_body();
    ap_hook_check_config(check_config, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_post_config(say_md5, NULL, NULL, APR_HOOK_MIDDLE);
}

AP_DECLARE_MODULE(authscheme_digest) = {
    STANDARD20_MODULE_STUFF,
    create_conf,
    merge_conf,
    create_server,
    NULL,
    directives,
    register_hooks,
    AP_MODULE_FLAG_NONE
};
