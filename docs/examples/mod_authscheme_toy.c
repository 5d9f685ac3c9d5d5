/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/* mod_authscheme_toy - a scheme in one file: "Authorization: Toy KEY". */
#include "http_core.h"
#include "apr_crypto.h"
#include "authscheme.h"

module AP_MODULE_DECLARE_DATA authscheme_toy_module;

static void *create_conf(apr_pool_t *pool, char *dir)
{
    (void)dir;
    return apr_table_make(pool, 4); /* key -> user */
}

static const char *set_key(cmd_parms *cmd, void *conf, const char *user,
                           const char *key)
{
    apr_table_setn(conf, key, user);
    return *key ? NULL : apr_pstrcat(cmd->pool, user, " has no key", NULL);
}

static const command_rec directives[] = {
    AP_INIT_TAKE2("ToyKey", set_key, NULL, OR_AUTHCFG, "a user and its key"),
    { NULL, { NULL }, NULL, 0, RAW_ARGS, NULL }
};

static as_verdict authenticate(request_rec *r, const as_credentials *sent,
                               as_attempt *attempt)
{
    const apr_array_header_t *keys = apr_table_elts(ap_get_module_config(
        r->per_dir_config, &authscheme_toy_module));
    const apr_table_entry_t *row = (const apr_table_entry_t *)keys->elts;

    for (; row < (const apr_table_entry_t *)keys->elts + keys->nelts; row++)
        if (strlen(row->key) == sent->token68.len
            && apr_crypto_equals(row->key, sent->token68.at, sent->token68.len))
            return as_grant(attempt, row->val);
    return as_deny(attempt, AS_UNKNOWN, "nobody has this key");
}

static void challenge(request_rec *r, const as_attempt *failed,
                      as_challenges *set)
{
    (void)failed; /* the realm is all that our challenge says */
    as_challenge_add(set, apr_psprintf(r->pool, "Toy realm=\"%s\"",
                                       ap_auth_name(r)));
}

static const as_scheme toy = { .name = "Toy", .form = AS_FORM_TOKEN68,
                               .authenticate = authenticate,
                               .challenge = challenge };

static void hooks(apr_pool_t *p)
{
    ap_register_provider(p, AS_SCHEME_GROUP, toy.name, AS_SCHEME_VERSION, &toy);
}

AP_DECLARE_MODULE(authscheme_toy) = { STANDARD20_MODULE_STUFF, create_conf,
    NULL, NULL, NULL, directives, hooks, AP_MODULE_FLAG_NONE };
