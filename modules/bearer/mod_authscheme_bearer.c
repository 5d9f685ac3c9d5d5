/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * mod_authscheme_bearer - Bearer tokens (RFC 6750): JWTs (RFC 7519, RFC 9068),
 * and tokens of the credential store.
 *
 * An issuer that we know signs what it says of a user; we check the signature
 * with the issuer's key and whether the token was made for this place and this
 * time. What has not the form of a JWT is looked up. Whoever holds a token is
 * let in, so it travels under TLS only.
 */
#include <stddef.h>

#include "httpd.h"
#include "http_config.h"
#include "http_core.h"
#include "http_log.h"
#include "http_protocol.h"
#include "http_request.h"
#include "mod_auth.h"
#include "apr_escape.h"

#include "glue.h"
#include "secret.h"

#define UNSET (-1)
#define TOKEN_MAX 16384
#define EXPORTS_MAX 16384 /* octets of all exported values together */

module AP_MODULE_DECLARE_DATA authscheme_bearer_module;

/* ---- configuration --------------------------------------------------- */

/* BearerExport CLAIM [as NAME] */
typedef struct export_row {
    bearer_path claim;
    const char *variable; /* of the environment, or NULL */
    const char *header;   /* of the request, or NULL */
} export_row;

static void *create_conf(apr_pool_t *p, char *dir)
{
    bearer_conf *conf = apr_pcalloc(p, sizeof(*conf));

    (void)dir;
    conf->tokens = UNSET;
    conf->require_tls = UNSET;
    return conf;
}

/* The issuers of an inner place replace all outer ones: nobody is trusted in
 * a place by an oversight. */
static void *merge_conf(apr_pool_t *p, void *outer, void *inner)
{
    const bearer_conf *add = inner;
    bearer_conf *conf = apr_pmemdup(p, outer, sizeof(*conf));

    if (add->issuers)
        conf->issuers = add->issuers;
    if (add->user_claim)
        conf->user_claim = add->user_claim;
    if (add->exports && conf->exports)
        conf->exports = apr_array_append(p, conf->exports, add->exports);
    else if (add->exports)
        conf->exports = add->exports;
    if (add->tokens != UNSET)
        conf->tokens = add->tokens;
    if (add->require_tls != UNSET)
        conf->require_tls = add->require_tls;
    return conf;
}

const bearer_conf *bearer_conf_of(request_rec *r)
{
    return ap_get_module_config(r->per_dir_config, &authscheme_bearer_module);
}

/* ---- BearerIssuer ---------------------------------------------------- */

/* Places that name the same file share it. The list is the configuration's. */
static const char *open_keys(bearer_keys **keys, const char *path,
                             apr_pool_t *pconf)
{
    static const char *const list = "authscheme-bearer-keys";
    apr_hash_t *files;
    const char *wrong;

    if (apr_pool_userdata_get((void **)&files, list, pconf) != APR_SUCCESS
        || !files) {
        files = apr_hash_make(pconf);
        apr_pool_userdata_setn(files, list, NULL, pconf);
    }
    *keys = apr_hash_get(files, path, APR_HASH_KEY_STRING);
    if (*keys)
        return NULL;
    wrong = bearer_keys_open(keys, path, pconf);
    if (!wrong)
        apr_hash_set(files, path, APR_HASH_KEY_STRING, *keys);
    return wrong;
}

static const char *add_issuer(cmd_parms *cmd, void *dir_conf, int argc,
                              char *const argv[])
{
    bearer_conf *conf = dir_conf;
    bearer_issuer issuer;
    bearer_keys *keys;
    const char *path;
    const char *wrong = bearer_issuer_parse(&issuer, cmd->pool, argc,
                                            (const char *const *)argv);
    int i;

    if (wrong)
        return apr_pstrcat(cmd->pool, "BearerIssuer: ", wrong, NULL);
    if (!conf->issuers)
        conf->issuers = apr_array_make(cmd->pool, 2, sizeof(bearer_issuer));
    for (i = 0; i < conf->issuers->nelts; i++)
        if (strcmp(APR_ARRAY_IDX(conf->issuers, i, bearer_issuer).iss,
                   issuer.iss) == 0)
            return "BearerIssuer: this issuer has a line in this place already";

    path = ap_server_root_relative(cmd->pool, issuer.key_file);
    wrong = path ? open_keys(&keys, path, cmd->pool) : "no path of a file";
    if (!wrong)
        wrong = bearer_issuer_use(&issuer, keys, cmd->pool);
    if (wrong)
        return apr_psprintf(cmd->pool, "BearerIssuer: keys=file:%s: %s",
                            issuer.key_file, wrong);
    APR_ARRAY_PUSH(conf->issuers, bearer_issuer) = issuer;
    return NULL;
}

/* ---- BearerUserClaim, BearerExport ----------------------------------- */

static const char *set_user_claim(cmd_parms *cmd, void *dir_conf,
                                  const char *arg)
{
    bearer_conf *conf = dir_conf;
    const char *wrong;

    conf->user_claim = apr_palloc(cmd->pool, sizeof(bearer_path));
    wrong = bearer_path_parse(conf->user_claim, arg, cmd->pool);
    return wrong ? apr_pstrcat(cmd->pool, "BearerUserClaim: ", wrong, NULL)
                 : NULL;
}

/* BEARER_ and the claim's name in capitals, "_" for all but letters, digits. */
static const char *default_variable(apr_pool_t *pool, const char *claim)
{
    char *name = apr_pstrcat(pool, "BEARER_", claim, NULL), *at, *out;

    for (at = out = name + 7; *at; at++) {
        if (apr_isalnum(*at))
            *out++ = (char)apr_toupper(*at);
        else if (out[-1] != '_')
            *out++ = '_';
    }
    while (out[-1] == '_')
        *--out = '\0';
    *out = '\0';
    return name;
}

/* A prefix of our own keeps PATH, LD_PRELOAD and HTTP_PROXY out of reach. */
static const char *judge_variable(const char *name)
{
    const char *at;

    for (at = name; *at; at++)
        if (!apr_isalnum(*at) && *at != '_')
            return "a variable has letters, digits and '_' only";
    if ((!strncmp(name, "BEARER_", 7) && name[7])
        || (!strncmp(name, "OIDC_CLAIM_", 11) && name[11]))
        return NULL;
    return "the name of a variable begins with BEARER_ (or OIDC_CLAIM_); for "
           "a request header write header:NAME";
}

/* What frames or authenticates a request must not be made of a claim. */
static const char *judge_header(const char *name)
{
    static const char *const exact[] = {
        "Host", "Connection", "Transfer-Encoding", "TE", "Trailer", "Upgrade",
        "Expect", "Keep-Alive", "Authorization", "Cookie", "Range", "Via",
        "Forwarded", "Origin", "Referer", "Date", "Max-Forwards", "DPoP"
    };
    static const char *const begin[] = { "Content-", "Proxy-", "If-", "Sec-",
                                         "Access-Control-", "X-Forwarded-" };
    const char *at;
    apr_size_t i;

    for (at = name; *at; at++)
        if (!apr_isalnum(*at) && *at != '-')
            return "a header has letters, digits and '-' only";
    for (i = 0; i < sizeof(exact) / sizeof(exact[0]); i++)
        if (!ap_cstr_casecmp(name, exact[i]))
            return "this header has a meaning of its own";
    for (i = 0; i < sizeof(begin) / sizeof(begin[0]); i++)
        if (!ap_cstr_casecmpn(name, begin[i], strlen(begin[i])))
            return "this header has a meaning of its own";
    return *name ? NULL : "the header's name is missing";
}

static const char *name_export(cmd_parms *cmd, export_row *row,
                               const char *name)
{
    const char *wrong;

    if (strncmp(name, "header:", 7) != 0) {
        row->variable = name;
        return judge_variable(name);
    }
    if (ap_check_cmd_context(cmd, NOT_IN_HTACCESS))
        return "header: is not allowed in .htaccess";
    row->header = name + 7;
    wrong = judge_header(row->header);
    if (!wrong)
        as_identity_reserve(cmd->pool, row->header);
    return wrong;
}

static const char *add_export(cmd_parms *cmd, void *dir_conf,
                              const char *claim, const char *as,
                              const char *name)
{
    bearer_conf *conf = dir_conf;
    export_row row = { .variable = NULL };
    const char *wrong = bearer_path_parse(&row.claim, claim, cmd->pool);

    if (!wrong && as && ap_cstr_casecmp(as, "as"))
        wrong = "the form is CLAIM [as NAME]";
    if (!wrong)
        wrong = name_export(cmd, &row,
                            as ? name : default_variable(cmd->pool, claim));
    if (wrong)
        return apr_pstrcat(cmd->pool, "BearerExport: ", wrong, NULL);
    if (!conf->exports)
        conf->exports = apr_array_make(cmd->pool, 4, sizeof(export_row));
    APR_ARRAY_PUSH(conf->exports, export_row) = row;
    return NULL;
}

#define IN_CONF (RSRC_CONF | ACCESS_CONF)

static const command_rec directives[] = {
    AP_INIT_TAKE_ARGV("BearerIssuer", add_issuer, NULL, IN_CONF,
                      "ISS keys=file:PATH audience=A,B|none "
                      "[algorithms=A,B] [leeway=60] [typ=T,T] "
                      "[id-tokens=refuse|allow]"),
    AP_INIT_TAKE1("BearerUserClaim", set_user_claim, NULL,
                  RSRC_CONF | OR_AUTHCFG,
                  "the claim that names the user (sub)"),
    AP_INIT_TAKE13("BearerExport", add_export, NULL, RSRC_CONF | OR_AUTHCFG,
                   "CLAIM [as BEARER_NAME | as header:NAME]"),
    AP_INIT_FLAG("BearerTokens", ap_set_flag_slot,
                 (void *)offsetof(bearer_conf, tokens), IN_CONF,
                 "whether tokens of the credential store are good here (off)"),
    AP_INIT_FLAG("BearerRequireTLS", ap_set_flag_slot,
                 (void *)offsetof(bearer_conf, require_tls), IN_CONF,
                 "whether Bearer is refused without TLS (on)"),
    { NULL, { NULL }, NULL, 0, RAW_ARGS, NULL }
};

/* ---- what the log says ----------------------------------------------- */

const char *bearer_name_of(apr_pool_t *pool, as_span token)
{
    unsigned char hash[AS_SHA256_LEN];

    if (as_sha256(hash, token) != APR_SUCCESS)
        return NULL;
    return apr_pescape_hex(pool, hash, sizeof(hash), 0);
}

as_verdict bearer_refuse(const bearer_try *on, as_problem problem,
                         const char *reason, const char *label,
                         const char *text)
{
    apr_pool_t *pool = on->r->pool;
    const char *name = bearer_name_of(pool, on->token);
    const char *detail = apr_pstrcat(
        pool, "token=", name ? apr_pstrmemdup(pool, name, 8) : "?",
        on->iss ? ";iss=" : "", on->iss ? on->iss : "",
        text ? label : "", text ? text : "",
        on->jws.kid ? ";kid=" : "", on->jws.kid ? on->jws.kid : "", NULL);

    return as_deny_about(on->attempt, problem, reason, detail);
}

/* ---- authentication -------------------------------------------------- */

/* What the later callbacks know of a granted token. */
typedef struct grant {
    json_t *claims;
    const char *needs; /* the scopes of the last Require that failed, or NULL */
} grant;

static int is_safe(request_rec *r)
{
    return bearer_conf_of(r)->require_tls == 0 || as_is_tls(r);
}

/* A JWT is for the issuers to vouch for, if there are any. */
static int is_of_issuer(const bearer_conf *conf, as_span token)
{
    apr_size_t i;
    int dots = 0;

    for (i = 0; i < token.len; i++)
        dots += token.at[i] == '.';
    return conf->issuers && (conf->tokens != 1 || dots == 2);
}

static as_verdict judge(bearer_try *on, const bearer_conf *conf)
{
    if (on->token.len > TOKEN_MAX)
        return bearer_refuse(on, AS_MALFORMED, "the token is too long", "",
                             NULL);
    if (is_of_issuer(conf, on->token))
        return bearer_judge_jwt(on);
    return bearer_judge_stored(on);
}

static as_verdict authenticate(request_rec *r, const as_credentials *sent,
                               as_attempt *attempt)
{
    const bearer_conf *conf = bearer_conf_of(r);
    bearer_try on = { .r = r, .attempt = attempt };
    grant *granted;

    if (!is_safe(r))
        return as_forbid(attempt, AS_INSECURE, "Bearer without TLS");
    if (!conf->issuers && conf->tokens != 1)
        return as_break(attempt, "this place has no BearerIssuer, nor "
                                 "BearerTokens on");
    on.token = sent->token68;
    if (judge(&on, conf) != AS_GRANTED)
        return attempt->verdict;

    granted = apr_pcalloc(r->pool, sizeof(*granted));
    granted->claims = on.claims;
    attempt->data = granted;
    return as_grant(attempt, on.user);
}

/* RFC 6750 section 3: no error where the client sent no token. */
static void challenge(request_rec *r, const as_attempt *attempt,
                      as_challenges *set)
{
    if (!is_safe(r)) {
        as_challenge_withhold(set, "Bearer without TLS");
        return;
    }
    as_challenge_add(set, apr_pstrcat(r->pool, "Bearer realm=\"",
                                      ap_auth_name(r), "\"",
                                      attempt ? ", error=\"invalid_token\""
                                              : "", NULL));
}

static int explain(request_rec *r, as_attempt *attempt, as_challenges *set)
{
    const grant *granted = attempt->data;

    if (!is_safe(r))
        return 0;
    if (attempt->verdict == AS_CONTRADICTORY) {
        as_challenge_add(set, apr_pstrcat(r->pool, "Bearer realm=\"",
                                          ap_auth_name(r),
                                          "\", error=\"invalid_request\"",
                                          NULL));
        return 1;
    }
    if (attempt->verdict != AS_GRANTED || !granted || !granted->needs)
        return 0;
    as_challenge_add(set, apr_pstrcat(r->pool, "Bearer realm=\"",
                                      ap_auth_name(r),
                                      "\", error=\"insufficient_scope\", "
                                      "scope=\"", granted->needs, "\"", NULL));
    attempt->problem = AS_INSUFFICIENT;
    attempt->reason = "the token lacks a scope that Require asks for";
    attempt->detail = granted->needs;
    return 1;
}

/* ---- for the application --------------------------------------------- */

static void publish(request_rec *r, const as_attempt *attempt)
{
    const bearer_conf *conf = bearer_conf_of(r);
    const grant *granted = attempt->data;
    apr_size_t sum = 0;
    int i;

    for (i = 0; conf->exports && i < conf->exports->nelts; i++) {
        const export_row *row = &APR_ARRAY_IDX(conf->exports, i, export_row);
        const char *text = bearer_claim_text(
            r->pool, bearer_path_find(&row->claim, granted->claims));

        sum += text ? strlen(text) : 0;
        if (!text || sum > EXPORTS_MAX)
            continue;
        if (row->header)
            as_identity_set(r, row->header, text);
        else
            apr_table_setn(r->subprocess_env, row->variable, text);
    }
}

static const as_scheme bearer = {
    .name = "Bearer",
    .form = AS_FORM_TOKEN68,
    .malformed = AS_CONTRADICTORY,
    .authenticate = authenticate,
    .challenge = challenge,
    .publish = publish,
    .explain = explain,
};

/* ---- Require scope, Require claim ------------------------------------ */

/* The request's token; NULL with the status to return. */
static grant *token_of(request_rec *r, authz_status *status)
{
    const as_attempt *attempt = r->user ? as_granted(r) : NULL;

    *status = r->user ? AUTHZ_DENIED : AUTHZ_DENIED_NO_USER;
    return attempt && attempt->scheme == &bearer ? attempt->data : NULL;
}

static apr_array_header_t *words_of(apr_pool_t *pool, const char *line)
{
    apr_array_header_t *words = apr_array_make(pool, 4, sizeof(const char *));
    const char *word;

    while (*(word = ap_getword_conf(pool, &line)))
        APR_ARRAY_PUSH(words, const char *) = word;
    return words;
}

typedef struct scope_rule {
    const apr_array_header_t *scopes;
    const char *line; /* for the challenge */
} scope_rule;

/* scope-token = 1*( %x21 / %x23-5B / %x5D-7E ), RFC 6749 section 3.3 */
static int is_scope_token(const char *text)
{
    for (; *text; text++)
        if (*text <= 0x20 || *text >= 0x7f || *text == '"' || *text == '\\')
            return 0;
    return 1;
}

static const char *parse_scope(cmd_parms *cmd, const char *line,
                               const void **parsed)
{
    scope_rule *rule = apr_palloc(cmd->pool, sizeof(*rule));
    int i;

    rule->scopes = words_of(cmd->pool, line);
    if (!rule->scopes->nelts)
        return "Require scope needs a scope";
    for (i = 0; i < rule->scopes->nelts; i++)
        if (!is_scope_token(APR_ARRAY_IDX(rule->scopes, i, const char *)))
            return "Require scope: a scope has no quotes, backslashes, blanks "
                   "or letters outside of ASCII";
    rule->line = apr_array_pstrcat(cmd->pool, rule->scopes, ' ');
    *parsed = rule;
    return NULL;
}

static authz_status check_scope(request_rec *r, const char *line,
                                const void *parsed)
{
    const scope_rule *rule = parsed;
    authz_status status;
    grant *token = token_of(r, &status);
    int i;

    (void)line;
    if (!token)
        return status;
    for (i = 0; i < rule->scopes->nelts; i++) {
        if (bearer_claims_has_scope(token->claims,
                                    APR_ARRAY_IDX(rule->scopes, i,
                                                  const char *)))
            continue;
        token->needs = rule->line;
        return AUTHZ_DENIED;
    }
    return AUTHZ_GRANTED;
}

typedef struct claim_rule {
    bearer_path claim;
    const apr_array_header_t *words; /* the first is the claim */
} claim_rule;

static const char *parse_claim(cmd_parms *cmd, const char *line,
                               const void **parsed)
{
    claim_rule *rule = apr_palloc(cmd->pool, sizeof(*rule));
    const char *wrong;

    rule->words = words_of(cmd->pool, line);
    if (rule->words->nelts < 2)
        return "Require claim needs a claim and a value";
    wrong = bearer_path_parse(&rule->claim,
                              APR_ARRAY_IDX(rule->words, 0, const char *),
                              cmd->pool);
    *parsed = rule;
    return wrong ? apr_pstrcat(cmd->pool, "Require claim: ", wrong, NULL)
                 : NULL;
}

static authz_status check_claim(request_rec *r, const char *line,
                                const void *parsed)
{
    const claim_rule *rule = parsed;
    authz_status status;
    grant *token = token_of(r, &status);
    json_t *claim;
    int i;

    (void)line;
    if (!token)
        return status;
    claim = bearer_path_find(&rule->claim, token->claims);
    for (i = 1; claim && i < rule->words->nelts; i++)
        if (bearer_claim_is(claim, APR_ARRAY_IDX(rule->words, i,
                                                 const char *)))
            return AUTHZ_GRANTED;
    token->needs = NULL; /* more scopes would not help */
    return AUTHZ_DENIED;
}

static const authz_provider require_scope = { check_scope, parse_scope };
static const authz_provider require_claim = { check_claim, parse_claim };

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
                 "mod_authscheme_bearer needs mod_authscheme: load "
                 "authscheme_module, too");
    return HTTP_INTERNAL_SERVER_ERROR;
}

static void register_hooks(apr_pool_t *p)
{
    ap_register_provider(p, AS_SCHEME_GROUP, bearer.name, AS_SCHEME_VERSION,
                         &bearer);
    ap_register_auth_provider(p, AUTHZ_PROVIDER_GROUP, "scope",
                              AUTHZ_PROVIDER_VERSION, &require_scope,
                              AP_AUTH_INTERNAL_PER_CONF);
    ap_register_auth_provider(p, AUTHZ_PROVIDER_GROUP, "claim",
                              AUTHZ_PROVIDER_VERSION, &require_claim,
                              AP_AUTH_INTERNAL_PER_CONF);
    ap_hook_check_config(check_config, NULL, NULL, APR_HOOK_MIDDLE);
}

AP_DECLARE_MODULE(authscheme_bearer) = {
    STANDARD20_MODULE_STUFF,
    create_conf, merge_conf, NULL, NULL, directives, register_hooks,
    AP_MODULE_FLAG_NONE
};
