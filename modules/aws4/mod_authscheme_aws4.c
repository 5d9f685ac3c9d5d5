/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * mod_authscheme_aws4 - AWS4-HMAC-SHA256, with which AWS' clients sign requests
 * (AWS Signature Version 4).
 *
 * Client and server share a secret. The client signs what it asks for, with the
 * day, a region and a service in the key; we come to the same signature, or it
 * is not his. Nothing is negotiated, and no challenge is waited for.
 */
#include "httpd.h"
#include "http_config.h"
#include "http_core.h"
#include "http_log.h"
#include "http_protocol.h"
#include "http_request.h"

#include "glue.h"
#include "key_cache.h"

#define DEFAULT_SKEW 900          /* seconds, as S3 has it */
#define SKEW_MOST 86400
#define DEFAULT_BODY_LIMIT 1048576 /* octets */
#define BODY_LIMIT_MOST 67108864

static const char *const default_services[] = { "s3", NULL };

/* ---- configuration --------------------------------------------------- */

static void *create_conf(apr_pool_t *p, char *dir)
{
    aws4_conf *conf = apr_pcalloc(p, sizeof(*conf));

    (void)dir;
    conf->skew = AWS4_UNSET;
    conf->presigned = AWS4_UNSET;
    conf->unsigned_payload = AWS4_UNSET;
    conf->body_limit = AWS4_UNSET;
    conf->xml = AWS4_UNSET;
    return conf;
}

static void *merge_conf(apr_pool_t *p, void *outer, void *inner)
{
    const aws4_conf *add = inner;
    aws4_conf *conf = apr_pmemdup(p, outer, sizeof(*conf));

    if (add->regions_set) {
        conf->regions_set = 1;
        conf->regions = add->regions;
    }
    if (add->services_set) {
        conf->services_set = 1;
        conf->services = add->services;
    }
    if (add->skew != AWS4_UNSET)
        conf->skew = add->skew;
    if (add->presigned != AWS4_UNSET)
        conf->presigned = add->presigned;
    if (add->unsigned_payload != AWS4_UNSET)
        conf->unsigned_payload = add->unsigned_payload;
    if (add->body_limit != AWS4_UNSET)
        conf->body_limit = add->body_limit;
    if (add->xml != AWS4_UNSET)
        conf->xml = add->xml;
    return conf;
}

aws4_conf aws4_conf_of(request_rec *r)
{
    const aws4_conf *set = ap_get_module_config(r->per_dir_config,
                                                &authscheme_aws4_module);
    aws4_conf conf = *set;

    if (!conf.services_set)
        conf.services = default_services;
    if (conf.skew == AWS4_UNSET)
        conf.skew = DEFAULT_SKEW;
    if (conf.presigned == AWS4_UNSET)
        conf.presigned = 0;
    if (conf.unsigned_payload == AWS4_UNSET)
        conf.unsigned_payload = AWS4_OVER_TLS;
    if (conf.body_limit == AWS4_UNSET)
        conf.body_limit = DEFAULT_BODY_LIMIT;
    if (conf.xml == AWS4_UNSET)
        conf.xml = 1;
    return conf;
}

/* ---- directives ------------------------------------------------------ */

/* A list of words of a scope, or "*" alone: NULL. */
static const char *take_words(const char *const **list, cmd_parms *cmd,
                              int argc, char *const argv[])
{
    const char **words = apr_pcalloc(cmd->pool, sizeof(*words)
                                                    * ((apr_size_t)argc + 1));
    int i;

    *list = NULL;
    if (argc == 0)
        return apr_psprintf(cmd->pool, "%s needs a name, or *",
                            cmd->cmd->name);
    if (argc == 1 && !strcmp(argv[0], "*"))
        return NULL;
    for (i = 0; i < argc; i++) {
        if (!*argv[i] || strpbrk(argv[i], "/ *\"\\<>&"))
            return apr_psprintf(cmd->pool, "%s: \"%s\" is no name; \"*\" "
                                "stands alone", cmd->cmd->name, argv[i]);
        words[i] = argv[i];
    }
    *list = words;
    return NULL;
}

static const char *set_regions(cmd_parms *cmd, void *dir_conf, int argc,
                               char *const argv[])
{
    aws4_conf *conf = dir_conf;

    conf->regions_set = 1;
    return take_words(&conf->regions, cmd, argc, argv);
}

static const char *set_services(cmd_parms *cmd, void *dir_conf, int argc,
                                char *const argv[])
{
    aws4_conf *conf = dir_conf;

    conf->services_set = 1;
    return take_words(&conf->services, cmd, argc, argv);
}

/* A number from least to most, or AWS4_UNSET. */
static int number_of(const char *text, int least, int most)
{
    char *end;
    apr_int64_t value = apr_isdigit(*text) ? apr_strtoi64(text, &end, 10) : -1;

    return value >= least && value <= most && !*end ? (int)value : AWS4_UNSET;
}

static const char *set_skew(cmd_parms *cmd, void *dir_conf, const char *arg)
{
    aws4_conf *conf = dir_conf;

    (void)cmd;
    conf->skew = number_of(arg, 1, SKEW_MOST);
    return conf->skew == AWS4_UNSET
               ? "Aws4ClockSkew takes seconds, 1 to 86400" : NULL;
}

static const char *set_body_limit(cmd_parms *cmd, void *dir_conf,
                                  const char *arg)
{
    aws4_conf *conf = dir_conf;

    (void)cmd;
    conf->body_limit = number_of(arg, 0, BODY_LIMIT_MOST);
    return conf->body_limit == AWS4_UNSET
               ? "Aws4BodyLimit takes octets, up to 67108864" : NULL;
}

static const char *set_presigned(cmd_parms *cmd, void *dir_conf, int on)
{
    aws4_conf *conf = dir_conf;

    (void)cmd;
    conf->presigned = on;
    return NULL;
}

static const char *set_unsigned(cmd_parms *cmd, void *dir_conf,
                                const char *arg)
{
    static const char *const words[] = {
        [AWS4_NEVER] = "never", [AWS4_OVER_TLS] = "tls",
        [AWS4_ALWAYS] = "always"
    };
    aws4_conf *conf = dir_conf;
    int i;

    (void)cmd;
    for (i = AWS4_NEVER; i <= AWS4_ALWAYS; i++)
        if (!ap_cstr_casecmp(arg, words[i])) {
            conf->unsigned_payload = i;
            return NULL;
        }
    return "Aws4UnsignedPayload takes tls, always or never";
}

static const char *set_error_body(cmd_parms *cmd, void *dir_conf,
                                  const char *arg)
{
    aws4_conf *conf = dir_conf;

    (void)cmd;
    if (ap_cstr_casecmp(arg, "xml") && ap_cstr_casecmp(arg, "httpd"))
        return "Aws4ErrorBody takes xml or httpd";
    conf->xml = !ap_cstr_casecmp(arg, "xml");
    return NULL;
}

#define IN_CONF (RSRC_CONF | ACCESS_CONF)

static const command_rec directives[] = {
    AP_INIT_TAKE_ARGV("Aws4Region", set_regions, NULL, IN_CONF,
                      "regions that clients may sign for, or * (any)"),
    AP_INIT_TAKE_ARGV("Aws4Service", set_services, NULL, IN_CONF,
                      "services that clients may sign for, or * (s3)"),
    AP_INIT_TAKE1("Aws4ClockSkew", set_skew, NULL, IN_CONF,
                  "seconds that clocks may differ by (900)"),
    AP_INIT_FLAG("Aws4Presigned", set_presigned, NULL, IN_CONF,
                 "whether presigned URLs are taken (off)"),
    AP_INIT_TAKE1("Aws4UnsignedPayload", set_unsigned, NULL, IN_CONF,
                  "when a body need not be signed: tls (default), always, "
                  "never"),
    AP_INIT_TAKE1("Aws4BodyLimit", set_body_limit, NULL, IN_CONF,
                  "octets of a body that is read before its signature can be "
                  "checked (1048576)"),
    AP_INIT_TAKE1("Aws4ErrorBody", set_error_body, NULL, IN_CONF,
                  "refusals as S3's xml (default), or httpd's"),
    { NULL, { NULL }, NULL, 0, RAW_ARGS, NULL }
};

/* ---- the challenge --------------------------------------------------- */

/* No RFC has one. Clients of AWS look at none; it tells people and other
 * software what is offered. */
static void challenge(request_rec *r, const as_attempt *attempt,
                      as_challenges *set)
{
    aws4_conf conf = aws4_conf_of(r);
    const char *realm = ap_auth_name(r);

    (void)attempt;
    if (r->proxyreq == PROXYREQ_PROXY) {
        as_challenge_withhold(set, "AWS4-HMAC-SHA256 is not for forward "
                                   "proxies");
        return;
    }
    as_challenge_add(set, apr_pstrcat(
        r->pool, "AWS4-HMAC-SHA256 realm=\"", realm ? realm : "", "\"",
        conf.services ? ", service=\"" : "",
        conf.services ? conf.services[0] : "", conf.services ? "\"" : "",
        conf.regions ? ", region=\"" : "",
        conf.regions ? conf.regions[0] : "", conf.regions ? "\"" : "", NULL));
}

/* ---- for the application --------------------------------------------- */

static void publish(request_rec *r, const as_attempt *attempt)
{
    const aws4_try *t = attempt->data;
    apr_table_t *env = r->subprocess_env;

    apr_table_setn(env, "AWS4_ACCESS_KEY_ID", t->cred->id);
    apr_table_setn(env, "AWS4_REGION", as_string(r->pool, t->sent.region));
    apr_table_setn(env, "AWS4_SERVICE", as_string(r->pool, t->sent.service));
    apr_table_setn(env, "AWS4_MODE", t->sent.is_query ? "query" : "header");
}

/* ---- what only S3 has ------------------------------------------------ */

/* Names in a query that make another operation of a request. */
static int is_operation(as_span name)
{
    static const char *const names[] = {
        "uploads", "uploadId", "partNumber", "delete", "list-type", "acl",
        "prefix", "delimiter", "max-keys", "marker", "start-after",
        "encoding-type", "location", "versioning", "versions", "versionId", "tagging",
        "policy", "lifecycle", "cors", "encryption", "object-lock",
        "retention", "legal-hold", "torrent", "restore", "select",
        "attributes", "website", "notification", "replication", "logging"
    };
    apr_size_t i;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (as_span_is(name, names[i]))
            return 1;
    return 0;
}

static int has_operation(const char *query)
{
    while (query && *query) {
        apr_size_t len = strcspn(query, "&"), name = strcspn(query, "&=");

        if (is_operation((as_span){ query, name }))
            return 1;
        query += len + (query[len] == '&');
    }
    return 0;
}

/* mod_dav writes a part of a file to its place while it comes, and what is
 * wrong with it would be found too late. No client of S3 sends one. */
static int is_part_put(request_rec *r)
{
    return r->method_number == M_PUT
           && apr_table_get(r->headers_in, "Content-Range");
}

/* A handler of files would do something else: a copy would empty its target,
 * a part would be stored as the whole. */
static int is_for_files(const request_rec *r)
{
    return !r->proxyreq
           && (!r->handler || !strcmp(r->handler, "dav-handler")
               || !strcmp(r->handler, DIR_MAGIC_TYPE));
}

/* By what the client asked for, wherever a redirect has led. */
static int is_operation_of_s3(request_rec *r, const aws4_try *t)
{
    return t->checked.s3
           && (has_operation(aws4_initial(r)->parsed_uri.query)
               || apr_table_get(t->message.headers, "X-Amz-Copy-Source"));
}

static int is_error_document(const request_rec *r)
{
    return r->prev && r->prev->status != HTTP_OK;
}

/* Scripts and back ends have queries of their own, and may have the API. */
static int refuse_operations(request_rec *r)
{
    const as_attempt *granted = as_granted(r);
    const aws4_try *t;

    if (r->main || is_error_document(r) || !granted || !granted->scheme
        || strcmp(granted->scheme->name, "AWS4-HMAC-SHA256") != 0)
        return DECLINED;
    t = granted->data;
    if (!is_part_put(r) && !(is_for_files(r) && is_operation_of_s3(r, t)))
        return DECLINED;
    ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r,
                  "an operation of S3 that a web server has not: answered "
                  "with 501");
    aws4_discard_body(r);
    aws4_send_error(r, HTTP_NOT_IMPLEMENTED, "NotImplemented",
                    "Listing, copying, multipart uploads and other operations "
                    "of S3 are not implemented here: files are read, written "
                    "and removed.", "");
    return DONE;
}

/* ---- the scheme ------------------------------------------------------ */

static const as_scheme scheme = {
    .name = "AWS4-HMAC-SHA256",
    .form = AS_FORM_OWN,
    .malformed = AS_CONTRADICTORY,
    .authenticate = aws4_authenticate,
    .challenge = challenge,
    .find = aws4_find,
    .publish = publish,
    .answer = aws4_answer,
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
                 "mod_authscheme_aws4 needs mod_authscheme: load "
                 "authscheme_module, too");
    return HTTP_INTERNAL_SERVER_ERROR;
}

static void child_init(apr_pool_t *pool, server_rec *s)
{
    apr_status_t rv = aws4_keys_init(pool);

    if (rv != APR_SUCCESS)
        ap_log_error(APLOG_MARK, APLOG_WARNING, rv, s,
                     "AWS4: derived keys are not kept");
}

static void register_hooks(apr_pool_t *p)
{
    ap_register_provider(p, AS_SCHEME_GROUP, scheme.name, AS_SCHEME_VERSION,
                         &scheme);
    aws4_register_body();
    aws4_register_error();
    ap_hook_check_config(check_config, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_child_init(child_init, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_fixups(refuse_operations, NULL, NULL, APR_HOOK_MIDDLE);
}

AP_DECLARE_MODULE(authscheme_aws4) = {
    STANDARD20_MODULE_STUFF,
    create_conf,
    merge_conf,
    NULL,
    NULL,
    directives,
    register_hooks,
    AP_MODULE_FLAG_NONE
};
