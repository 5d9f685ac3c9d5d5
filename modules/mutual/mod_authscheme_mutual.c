/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * mod_authscheme_mutual - Mutual Authentication (RFC 8120, RFC 8121).
 *
 * A password that never crosses the wire, and a server that proves that it
 * knows it as well. Both sides exchange keys in which the password is hidden;
 * who listens, and who only pretends to be the server, learns nothing that he
 * could try passwords on. We keep J, which is enough to check a password with
 * and not enough to sign in.
 */
#include "httpd.h"
#include "http_config.h"
#include "http_core.h"
#include "http_log.h"
#include "http_request.h"

#include "glue.h"

#define DEFAULT_NC_MAX 65535
#define DEFAULT_NC_WINDOW 128 /* the least that section 6 recommends */
#define DEFAULT_LIFETIME 300  /* seconds */
#define LIFETIME_LEAST 1
#define LIFETIME_MOST 86400
#define LIFETIME_SHORT 60 /* section 4.3 recommends no less */
#define HEAD_MAX 64       /* octets of a session beside its numbers */

/* ---- configuration --------------------------------------------------- */

static void *create_conf(apr_pool_t *p, char *dir)
{
    mutual_conf *conf = apr_pcalloc(p, sizeof(*conf));

    (void)dir;
    conf->validation = MUTUAL_UNSET;
    conf->nc_max = MUTUAL_UNSET;
    conf->nc_window = MUTUAL_UNSET;
    conf->lifetime = MUTUAL_UNSET;
    return conf;
}

static void *merge_conf(apr_pool_t *p, void *outer, void *inner)
{
    const mutual_conf *add = inner;
    mutual_conf *conf = apr_pmemdup(p, outer, sizeof(*conf));

    if (add->algorithms)
        conf->algorithms = add->algorithms;
    if (add->scope)
        conf->scope = add->scope;
    if (add->validation != MUTUAL_UNSET)
        conf->validation = add->validation;
    if (add->prints)
        conf->prints = add->prints;
    if (add->nc_max != MUTUAL_UNSET)
        conf->nc_max = add->nc_max;
    if (add->nc_window != MUTUAL_UNSET)
        conf->nc_window = add->nc_window;
    if (add->lifetime != MUTUAL_UNSET)
        conf->lifetime = add->lifetime;
    if (add->path)
        conf->path = add->path;
    if (add->control)
        conf->control = add->control;
    return conf;
}

static void *create_server(apr_pool_t *p, server_rec *s)
{
    mutual_server *made = apr_pcalloc(p, sizeof(*made));

    (void)s;
    made->scopes = apr_array_make(p, 1, sizeof(const ap_directive_t *));
    return made;
}

mutual_server *mutual_server_of(const server_rec *s)
{
    return ap_get_module_config(s->module_config, &authscheme_mutual_module);
}

mutual_conf mutual_conf_of(request_rec *r)
{
    static mutual_control none = { "", "", "" };
    const mutual_conf *set = ap_get_module_config(r->per_dir_config,
                                                  &authscheme_mutual_module);
    mutual_conf conf = *set;

    if (conf.validation == MUTUAL_UNSET)
        conf.validation = MUTUAL_BY_CONNECTION;
    if (conf.nc_max == MUTUAL_UNSET)
        conf.nc_max = DEFAULT_NC_MAX;
    if (conf.nc_window == MUTUAL_UNSET)
        conf.nc_window = DEFAULT_NC_WINDOW;
    if (conf.lifetime == MUTUAL_UNSET)
        conf.lifetime = DEFAULT_LIFETIME;
    if (!conf.control)
        conf.control = &none;
    return conf;
}

const as_mutual_alg *mutual_alg_of(const mutual_conf *conf, int nth)
{
    if (!conf->algorithms)
        return nth == 0 ? as_mutual_alg_at(0) : NULL;
    return nth < conf->algorithms->nelts
               ? APR_ARRAY_IDX(conf->algorithms, nth, const as_mutual_alg *)
               : NULL;
}

/* ---- directives ------------------------------------------------------ */

/* A session keeps three numbers of the group, and the user's name. */
static void reserve(const as_mutual_alg *alg, const server_rec *s)
{
    as_session_reserve(s->process->pconf,
                       HEAD_MAX + 3 * alg->len + MUTUAL_USER_MAX);
}

static const char *add_algorithm(cmd_parms *cmd, void *dir_conf,
                                 const char *arg)
{
    const as_mutual_alg *alg = as_mutual_alg_find(as_span_of(arg)), *other;
    mutual_conf *conf = dir_conf;
    int i;

    if (!alg)
        return apr_psprintf(cmd->pool, "MutualAlgorithm: unknown algorithm "
                            "\"%s\"; there are iso-kam3-ec-p256-sha256, "
                            "iso-kam3-ec-p521-sha512, iso-kam3-dl-2048-sha256 "
                            "and iso-kam3-dl-4096-sha512", arg);
    if (!conf->algorithms)
        conf->algorithms = apr_array_make(cmd->pool, 2, sizeof(alg));
    for (i = 0; (other = mutual_alg_of(conf, i)); i++)
        if (other == alg)
            return apr_psprintf(cmd->pool, "MutualAlgorithm: %s is there "
                                "twice", alg->name);
    APR_ARRAY_PUSH(conf->algorithms, const as_mutual_alg *) = alg;
    mutual_server_of(cmd->server)->algorithms
        |= 1U << (alg - as_mutual_alg_at(0));
    return NULL;
}

static const char *set_scope(cmd_parms *cmd, void *dir_conf, const char *arg)
{
    mutual_conf *conf = dir_conf;

    if (!as_mutual_scope_fits(as_span_of(arg)))
        return "MutualAuthScope takes https://www.example.com (with :PORT if "
               "it is not the usual one), www.example.com or *.example.com, in "
               "lower case";
    conf->scope = arg;
    APR_ARRAY_PUSH(mutual_server_of(cmd->server)->scopes,
                   const ap_directive_t *) = cmd->directive;
    return NULL;
}

static const char *set_validation(cmd_parms *cmd, void *dir_conf,
                                  const char *arg)
{
    mutual_conf *conf = dir_conf;

    (void)cmd;
    if (!ap_cstr_casecmp(arg, "host"))
        conf->validation = MUTUAL_HOST;
    else if (!ap_cstr_casecmp(arg, "tls-server-end-point"))
        conf->validation = MUTUAL_END_POINT;
    else if (!ap_cstr_casecmp(arg, "tls-unique"))
        return "MutualValidation: tls-unique is not supported, it does not "
               "exist in TLS 1.3; use tls-server-end-point";
    else
        return "MutualValidation takes host or tls-server-end-point";
    return NULL;
}

static const char *add_certificate(cmd_parms *cmd, void *dir_conf,
                                   const char *arg)
{
    const char *file = ap_server_root_relative(cmd->pool, arg);
    mutual_conf *conf = dir_conf;

    if (!file)
        return apr_psprintf(cmd->pool, "MutualCertificate: invalid path %s",
                            arg);
    if (!conf->prints)
        conf->prints = apr_array_make(cmd->pool, 2, sizeof(as_span));
    return mutual_read_certificate(conf->prints, file, cmd->pool);
}

/* A number from least to most, or MUTUAL_UNSET. */
static int number_of(const char *text, apr_uint64_t least, apr_uint64_t most)
{
    apr_uint64_t number;

    return mutual_natural(&number, as_span_of(text)) && number >= least
                   && number <= most ? (int)number : MUTUAL_UNSET;
}

static const char *set_nc_max(cmd_parms *cmd, void *dir_conf, const char *arg)
{
    mutual_conf *conf = dir_conf;

    (void)cmd;
    conf->nc_max = number_of(arg, 1, APR_INT32_MAX);
    return conf->nc_max == MUTUAL_UNSET
               ? "MutualNcMax takes the highest number of a session's "
                 "requests, 1 to 2147483647" : NULL;
}

static const char *set_nc_window(cmd_parms *cmd, void *dir_conf,
                                 const char *arg)
{
    mutual_conf *conf = dir_conf;

    (void)cmd;
    conf->nc_window = number_of(arg, DEFAULT_NC_WINDOW, AS_SESSION_WINDOW);
    return conf->nc_window == MUTUAL_UNSET
               ? "MutualNcWindow takes how far requests may overtake each "
                 "other, 128 to 512" : NULL;
}

static const char *set_lifetime(cmd_parms *cmd, void *dir_conf,
                                const char *arg)
{
    mutual_conf *conf = dir_conf;

    conf->lifetime = number_of(arg, LIFETIME_LEAST, LIFETIME_MOST);
    if (conf->lifetime == MUTUAL_UNSET)
        return "MutualSessionLifetime takes seconds, 1 to 86400";
    if (conf->lifetime < LIFETIME_SHORT)
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, cmd->server,
                     "MutualSessionLifetime %d on line %d of %s is short: "
                     "every client repeats its key exchange that often; "
                     "RFC 8120 recommends 60 seconds at least",
                     conf->lifetime, cmd->directive->line_num,
                     cmd->directive->filename);
    return NULL;
}

static const char *add_path(cmd_parms *cmd, void *dir_conf, const char *arg)
{
    mutual_conf *conf = dir_conf;
    const char *c;

    for (c = arg; *c; c++)
        if (*c <= 0x20 || *c > 0x7e || *c == '"' || *c == '\\')
            break;
    if (*c || (*arg != '/' && !ap_is_url(arg)))
        return apr_psprintf(cmd->pool, "MutualPath: \"%s\" is neither a path "
                            "nor a URL", arg);
    conf->path = conf->path ? apr_pstrcat(cmd->pool, conf->path, " ", arg,
                                          NULL)
                            : arg;
    return NULL;
}

static const char *add_control(cmd_parms *cmd, void *dir_conf,
                               const char *arg)
{
    mutual_conf *conf = dir_conf;

    if (!conf->control)
        conf->control = apr_pcalloc(cmd->pool, sizeof(*conf->control));
    return mutual_control_add(conf->control, arg, cmd->pool);
}

#define IN_CONF (RSRC_CONF | ACCESS_CONF)

static const command_rec directives[] = {
    AP_INIT_ITERATE("MutualAlgorithm", add_algorithm, NULL, IN_CONF,
                    "algorithms that are taken, the first is offered "
                    "(iso-kam3-ec-p256-sha256)"),
    AP_INIT_TAKE1("MutualAuthScope", set_scope, NULL, IN_CONF,
                  "where the passwords are good: an origin (this server's), a "
                  "host or *.domain"),
    AP_INIT_TAKE1("MutualValidation", set_validation, NULL, IN_CONF,
                  "how the proofs name this server: host (without TLS) or "
                  "tls-server-end-point (with TLS)"),
    AP_INIT_ITERATE("MutualCertificate", add_certificate, NULL, IN_CONF,
                    "the certificates that clients see, where that is not "
                    "mod_ssl's matter"),
    AP_INIT_TAKE1("MutualNcMax", set_nc_max, NULL, IN_CONF,
                  "the highest number of a session's requests (65535)"),
    AP_INIT_TAKE1("MutualNcWindow", set_nc_window, NULL, IN_CONF,
                  "how far requests may overtake each other (128)"),
    AP_INIT_TAKE1("MutualSessionLifetime", set_lifetime, NULL, IN_CONF,
                  "seconds that a session is good for (300)"),
    AP_INIT_ITERATE("MutualPath", add_path, NULL, IN_CONF,
                    "the URLs where a session is good"),
    AP_INIT_ITERATE("MutualControl", add_control, NULL, IN_CONF,
                    "name=value of Authentication-Control, RFC 8053"),
    { NULL, { NULL }, NULL, 0, RAW_ARGS, NULL }
};

/* ---- challenges ------------------------------------------------------ */

/* The reason for the client; for the log there is another. */
static const char *reason_of(request_rec *r, const as_attempt *attempt)
{
    const mutual_try *t = attempt ? attempt->data : NULL;
    const as_attempt *granted = as_granted(r);

    if (granted && granted->scheme
        && !strcmp(granted->scheme->name, "Mutual"))
        return "authz-failed";
    if (!attempt)
        return "initial";
    if (attempt->verdict == AS_STALE)
        return "stale-session";
    return t ? t->reason : "invalid-parameters";
}

/* Where nobody has to sign in, clients are told where it is of use; RFC 8053
 * section 3. */
static const char *hint(apr_pool_t *pool, const mutual_conf *conf,
                        const as_challenges *set)
{
    if (!as_challenge_is_optional(set))
        return "";
    return apr_pstrcat(pool, ", path=\"", conf->path ? conf->path : "/", "\"",
                       NULL);
}

/* In the middle of an exchange no other scheme has a word. */
static void challenge(request_rec *r, const as_attempt *attempt,
                      as_challenges *set)
{
    mutual_conf conf = mutual_conf_of(r);
    const mutual_try *t = attempt ? attempt->data : NULL;
    const char *reason = reason_of(r, attempt), *misplaced;
    mutual_place place;
    mutual_host host;
    int is_initial = !strcmp(reason, "initial");

    mutual_place_of(&place, &host, r, &conf);
    misplaced = mutual_misplaced(&place, &host, r);
    if (misplaced) {
        as_challenge_withhold(set, misplaced);
        return;
    }
    if (t && t->place.alg && t->group)
        place.alg = t->place.alg;
    if (attempt && ((t && t->kex_line) || attempt->verdict == AS_STALE))
        as_challenge_alone(set);
    else
        mutual_control_send(r, is_initial ? conf.control->initial
                                          : conf.control->negative);
    as_challenge_add(set, t && t->kex_line
                              ? t->kex_line
                              : mutual_init_line(r->pool, &place, reason,
                                                 hint(r->pool, &conf, set)));
}

/* ---- success --------------------------------------------------------- */

static void confirm(request_rec *r, const as_attempt *attempt)
{
    const mutual_try *t = attempt->data;

    apr_table_setn(r->err_headers_out, "Authentication-Info", t->info);
    mutual_control_send(r, t->conf.control->success);
}

/* ---- the scheme ------------------------------------------------------ */

static const as_scheme scheme = {
    .name = "Mutual",
    .form = AS_FORM_PARAMS,
    .malformed = AS_DENIED,
    .authenticate = mutual_authenticate,
    .challenge = challenge,
    .confirm = confirm,
};

/* ---- hooks ----------------------------------------------------------- */

/* A virtual host without a directive of ours has the main server's. */
static void separate(server_rec *s, apr_pool_t *pconf)
{
    const mutual_server *mains = mutual_server_of(s);

    while ((s = s->next))
        if (mutual_server_of(s) == mains)
            ap_set_module_config(s->module_config, &authscheme_mutual_module,
                                 create_server(pconf, s));
}

/* For all algorithms that any place names, and the one that stands for none. */
static void reserve_for_all(const server_rec *s)
{
    int nth;

    reserve(as_mutual_alg_at(0), s);
    for (; s; s = s->next)
        for (nth = 0; nth < AS_MUTUAL_ALGS; nth++)
            if (mutual_server_of(s)->algorithms & 1U << nth)
                reserve(as_mutual_alg_at(nth), s);
}

static int check_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp,
                        server_rec *s)
{
    (void)plog;
    (void)ptemp;
    if (as_core()) {
        separate(s, pconf);
        reserve_for_all(s);
        return OK;
    }
    ap_log_error(APLOG_MARK, APLOG_EMERG, 0, s,
                 "mod_authscheme_mutual needs mod_authscheme: load "
                 "authscheme_module, too");
    return HTTP_INTERNAL_SERVER_ERROR;
}

/* What stands outside of virtual hosts is for all of them. */
static int suits(const char *scope, const server_rec *s, int is_for_all,
                 apr_pool_t *pool)
{
    for (; s; s = s->next) {
        if (mutual_scope_suits(scope, s, pool))
            return 1;
        if (!is_for_all)
            break;
    }
    return 0;
}

/* Clients refuse an auth-scope that does not cover the server. */
static void warn_of_scopes(const server_rec *s, int is_for_all,
                           apr_pool_t *pool)
{
    const apr_array_header_t *scopes = mutual_server_of(s)->scopes;
    int i;

    for (i = 0; i < scopes->nelts; i++) {
        const ap_directive_t *line = APR_ARRAY_IDX(scopes, i,
                                                   const ap_directive_t *);
        const char *args = line->args;

        if (suits(ap_getword_conf(pool, &args), s, is_for_all, pool))
            continue;
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, s,
                     "MutualAuthScope %s on line %d of %s covers no name of "
                     "this server (ServerName is %s): Mutual is not offered "
                     "there", line->args, line->line_num, line->filename,
                     s->server_hostname);
    }
}

static int make_groups(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp,
                       server_rec *s)
{
    apr_status_t rv;

    (void)plog;
    if (ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_CREATE_PRE_CONFIG)
        return OK;
    rv = mutual_groups_make(pconf);
    if (rv == APR_SUCCESS) {
        warn_of_scopes(s, 1, ptemp);
        while ((s = s->next))
            warn_of_scopes(s, 0, ptemp);
        return OK;
    }
    ap_log_error(APLOG_MARK, APLOG_EMERG, rv, s,
                 "OpenSSL can not compute in the groups of Mutual");
    return HTTP_INTERNAL_SERVER_ERROR;
}

static void register_hooks(apr_pool_t *p)
{
    ap_register_provider(p, AS_SCHEME_GROUP, scheme.name, AS_SCHEME_VERSION,
                         &scheme);
    mutual_register_certificates();
    ap_hook_check_config(check_config, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_post_config(make_groups, NULL, NULL, APR_HOOK_MIDDLE);
}

AP_DECLARE_MODULE(authscheme_mutual) = {
    STANDARD20_MODULE_STUFF,
    create_conf,
    merge_conf,
    create_server,
    NULL,
    directives,
    register_hooks,
    AP_MODULE_FLAG_NONE
};
