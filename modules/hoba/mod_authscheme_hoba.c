/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * mod_authscheme_hoba - HTTP Origin-Bound Authentication (RFC 7486).
 *
 * The client signs a challenge of ours with a key that it made for this
 * origin and realm; we find the key by its id and check the signature. No
 * password exists and no name travels. Keys are registered over HTTP, as
 * HobaRegistration allows, into the store of AuthCredentials.
 */
#include "httpd.h"
#include "http_config.h"
#include "http_core.h"
#include "http_log.h"
#include "http_protocol.h"
#include "http_request.h"

#include "glue.h"

#define DEFAULT_MAX_AGE 60 /* seconds */
#define MAX_AGE_MAX 600    /* RFC 7486 expects seconds to a few minutes */
#define SINGLE_USE_AGE 60  /* of a challenge with max-age=0 */
#define SESSION_MIN 1
#define SESSION_MAX (30 * 24 * 3600)

/* ---- configuration --------------------------------------------------- */

static void *create_conf(apr_pool_t *p, char *dir)
{
    hoba_conf *conf = apr_pcalloc(p, sizeof(*conf));

    (void)dir;
    conf->max_age = HOBA_UNSET;
    conf->require_tls = HOBA_UNSET;
    conf->session = HOBA_UNSET;
    return conf;
}

static void *merge_conf(apr_pool_t *p, void *outer, void *inner)
{
    const hoba_conf *add = inner;
    hoba_conf *conf = apr_pmemdup(p, outer, sizeof(*conf));

    if (add->origins)
        conf->origins = add->origins;
    if (add->max_age != HOBA_UNSET)
        conf->max_age = add->max_age;
    if (add->policy != HOBA_POLICY_UNSET)
        conf->policy = add->policy;
    if (add->algorithms)
        conf->algorithms = add->algorithms;
    if (add->require_tls != HOBA_UNSET)
        conf->require_tls = add->require_tls;
    if (add->session != HOBA_UNSET)
        conf->session = add->session;
    return conf;
}

hoba_conf hoba_conf_of(request_rec *r)
{
    const hoba_conf *set = ap_get_module_config(r->per_dir_config,
                                                &authscheme_hoba_module);
    hoba_conf conf = *set;

    if (conf.max_age == HOBA_UNSET)
        conf.max_age = DEFAULT_MAX_AGE;
    if (conf.policy == HOBA_POLICY_UNSET)
        conf.policy = HOBA_OFF;
    if (!conf.algorithms)
        conf.algorithms = HOBA_RSA_SHA256;
    if (conf.require_tls == HOBA_UNSET)
        conf.require_tls = 1;
    if (conf.session == HOBA_UNSET)
        conf.session = 0;
    return conf;
}

/* ---- directives ------------------------------------------------------ */

static const char *set_origin(cmd_parms *cmd, void *dir_conf, const char *arg)
{
    hoba_conf *conf = dir_conf;
    hoba_origin origin;
    const char *why;

    if (hoba_origin_parse(&origin, &why, arg, cmd->pool) != APR_SUCCESS)
        return apr_psprintf(cmd->pool, "HobaOrigin \"%s\": %s", arg, why);
    if (!conf->origins)
        conf->origins = apr_array_make(cmd->pool, 2, sizeof(hoba_origin));
    APR_ARRAY_PUSH(conf->origins, hoba_origin) = origin;
    return NULL;
}

/* Seconds from min to max, or -1. */
static int seconds(const char *text, int min, int max)
{
    char *end;
    apr_int64_t value = apr_strtoi64(text, &end, 10);

    return apr_isdigit(*text) && !*end && value >= min && value <= max
               ? (int)value : -1;
}

static const char *set_max_age(cmd_parms *cmd, void *dir_conf, const char *arg)
{
    hoba_conf *conf = dir_conf;

    conf->max_age = seconds(arg, 0, MAX_AGE_MAX);
    if (conf->max_age >= 0)
        return NULL;
    return apr_psprintf(cmd->pool, "HobaMaxAge takes seconds from 0 to %d",
                        MAX_AGE_MAX);
}

static const char *set_session(cmd_parms *cmd, void *dir_conf, const char *arg)
{
    hoba_conf *conf = dir_conf;

    if (!ap_cstr_casecmp(arg, "off")) {
        conf->session = 0;
        return NULL;
    }
    conf->session = seconds(arg, SESSION_MIN, SESSION_MAX);
    if (conf->session >= 0)
        return NULL;
    return apr_psprintf(cmd->pool, "HobaSession takes off, or seconds from %d "
                        "to %d", SESSION_MIN, SESSION_MAX);
}

static const char *set_policy(cmd_parms *cmd, void *dir_conf, const char *arg)
{
    static const struct {
        const char *word;
        hoba_policy policy;
    } policies[] = {
        { "off", HOBA_OFF }, { "approve", HOBA_APPROVE },
        { "invite", HOBA_INVITE }, { "bind", HOBA_BIND },
        { "open", HOBA_OPEN },
    };
    hoba_conf *conf = dir_conf;
    unsigned int i;

    (void)cmd;
    for (i = 0; i < sizeof(policies) / sizeof(policies[0]); i++) {
        if (ap_cstr_casecmp(arg, policies[i].word))
            continue;
        conf->policy = policies[i].policy;
        return NULL;
    }
    return "HobaRegistration takes off, approve, invite, bind or open";
}

static const char *set_algorithm(cmd_parms *cmd, void *dir_conf,
                                 const char *arg)
{
    const hoba_algorithm *alg = hoba_algorithm_find(arg);
    hoba_conf *conf = dir_conf;

    if (!alg)
        return apr_psprintf(cmd->pool, "HobaAlgorithms: unknown algorithm "
                            "\"%s\"; there are RSA-SHA256, ES256, Ed25519 and "
                            "RSA-SHA1", arg);
    conf->algorithms |= alg->bit;
    return NULL;
}

static const char *set_require_tls(cmd_parms *cmd, void *dir_conf, int on)
{
    hoba_conf *conf = dir_conf;

    (void)cmd;
    conf->require_tls = on;
    return NULL;
}

#define IN_CONF (RSRC_CONF | ACCESS_CONF)

static const command_rec directives[] = {
    AP_INIT_ITERATE("HobaOrigin", set_origin, NULL, IN_CONF,
                    "the origins of this server, scheme://host[:port]"),
    AP_INIT_TAKE1("HobaMaxAge", set_max_age, NULL,
                  RSRC_CONF | OR_AUTHCFG,
                  "seconds a challenge stays good (60); 0 for one signature"),
    AP_INIT_TAKE1("HobaRegistration", set_policy, NULL, IN_CONF,
                  "who registers keys: off (default), approve, bind or open"),
    AP_INIT_ITERATE("HobaAlgorithms", set_algorithm, NULL, IN_CONF,
                    "signature algorithms (RSA-SHA256), also ES256, Ed25519 "
                    "and RSA-SHA1"),
    AP_INIT_FLAG("HobaRequireTLS", set_require_tls, NULL, IN_CONF,
                 "whether HOBA is refused without TLS (on)"),
    AP_INIT_TAKE1("HobaSession", set_session, NULL, IN_CONF,
                  "seconds that a login's cookie is good for, or off (off)"),
    { NULL, { NULL }, NULL, 0, RAW_ARGS, NULL }
};

/* ---- the place ------------------------------------------------------- */

int hoba_is_safe(request_rec *r, const hoba_conf *conf)
{
    return !conf->require_tls || as_is_tls(r);
}

int hoba_lifetime(const hoba_conf *conf)
{
    return conf->max_age ? conf->max_age : SINGLE_USE_AGE;
}

static int has_alias(const server_rec *s, const char *host)
{
    int i;

    for (i = 0; s->names && i < s->names->nelts; i++)
        if (!ap_cstr_casecmp(APR_ARRAY_IDX(s->names, i, const char *), host))
            return 1;
    return 0;
}

/* Without HobaOrigin: what ServerName, ServerAlias and the listener say. */
static const hoba_origin *own_origin(request_rec *r)
{
    const server_rec *s = r->server;
    hoba_origin *origin = apr_palloc(r->pool, sizeof(*origin));
    int port = s->port ? s->port : r->connection->local_addr->port;
    char *host = apr_pstrdup(r->pool, r->hostname);

    if (ap_cstr_casecmp(host, s->server_hostname) && !has_alias(s, host))
        return NULL;
    ap_str_tolower(host);
    hoba_origin_make(origin, as_is_tls(r), host, port, r->pool);
    return hoba_origin_select(origin, 1, origin->tls, host,
                              r->parsed_uri.port_str ? r->parsed_uri.port : 0,
                              r->pool);
}

const hoba_origin *hoba_origin_of(request_rec *r, const hoba_conf *conf)
{
    if (!r->hostname || r->proxyreq == PROXYREQ_PROXY)
        return NULL;
    if (!conf->origins)
        return own_origin(r);
    return hoba_origin_select((const hoba_origin *)conf->origins->elts,
                              conf->origins->nelts, as_is_tls(r), r->hostname,
                              r->parsed_uri.port_str ? r->parsed_uri.port : 0,
                              r->pool);
}

const char *hoba_challenge(request_rec *r, const hoba_conf *conf,
                           const hoba_origin *origin, const char **alone)
{
    const char *nonce = as_nonce_make(r, "HOBA challenge",
                                      as_span_of(origin->text));

    if (!nonce)
        return NULL;
    if (alone)
        *alone = nonce;
    return apr_psprintf(r->pool,
                        "HOBA realm=\"%s\", challenge=\"%s\", max-age=%d",
                        ap_auth_name(r), nonce, conf->max_age);
}

/* ---- the scheme ------------------------------------------------------ */

static void challenge(request_rec *r, const as_attempt *attempt,
                      as_challenges *set)
{
    hoba_conf conf = hoba_conf_of(r);
    const hoba_origin *origin = hoba_origin_of(r, &conf);
    const char *line;

    (void)attempt;
    if (!hoba_is_safe(r, &conf) || !origin) {
        as_challenge_withhold(set, origin ? "HOBA without TLS"
                                          : "the request's host and port are "
                                            "no HobaOrigin");
        return;
    }
    line = hoba_challenge(r, &conf, origin, NULL);
    if (line)
        as_challenge_add(set, line);
}

static void publish(request_rec *r, const as_attempt *attempt)
{
    const hoba_try *t = attempt->data;

    apr_table_setn(r->subprocess_env, "HOBA_KID", t->cred->id);
    apr_table_setn(r->subprocess_env, "HOBA_DID", t->cred->label);
    apr_table_setn(r->subprocess_env, "HOBA_ALG",
                   t->alg ? t->alg->name : t->cred->algorithm);
}

const as_scheme hoba_scheme = {
    .name = "HOBA",
    .form = AS_FORM_PARAMS,
    .authenticate = hoba_authenticate,
    .challenge = challenge,
    .find = hoba_find,
    .publish = publish,
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
                 "mod_authscheme_hoba needs mod_authscheme: load "
                 "authscheme_module, too");
    return HTTP_INTERNAL_SERVER_ERROR;
}

static void register_hooks(apr_pool_t *p)
{
    ap_register_provider(p, AS_SCHEME_GROUP, hoba_scheme.name,
                         AS_SCHEME_VERSION, &hoba_scheme);
    ap_hook_check_config(check_config, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_handler(hoba_handler, NULL, NULL, APR_HOOK_MIDDLE);
}

AP_DECLARE_MODULE(authscheme_hoba) = {
    STANDARD20_MODULE_STUFF,
    create_conf,
    merge_conf,
    NULL,
    NULL,
    directives,
    register_hooks,
    AP_MODULE_FLAG_NONE
};
