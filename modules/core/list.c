/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * AuthType as a list. Entries are schemes of ours, found by their provider, or
 * stock AuthTypes, known from a small table that AuthSchemeToken extends. A
 * list is parsed where it is configured, so that a misspelt scheme stops the
 * start with its file and line; an AuthType that is an expression is parsed
 * when a request comes.
 */
#include "httpd.h"
#include "http_core.h"
#include "http_log.h"
#include "http_request.h"
#include "mod_auth.h"
#include "apr_optional.h"

#include "core.h"
#include "grammar.h"

APLOG_USE_MODULE(authscheme);

/* A stock AuthType and a scheme token that its module answers to. */
typedef struct stock_type {
    const char *type;
    const char *token;  /* NULL: credentials are not in Authorization */
    const char *module; /* that must be loaded; NULL if we cannot know */
} stock_type;

static const stock_type known_types[] = {
    { "Basic", "Basic", "mod_auth_basic.c" },
    { "Digest", "Digest", "mod_auth_digest.c" },
    { "GSSAPI", "Negotiate", "mod_auth_gssapi.c" },
    { "Form", NULL, "mod_auth_form.c" },
};

static apr_array_header_t *stock_types; /* of stock_type */

void core_list_reset(apr_pool_t *pconf)
{
    apr_size_t i;

    stock_types = apr_array_make(pconf, 8, sizeof(stock_type));
    for (i = 0; i < sizeof(known_types) / sizeof(known_types[0]); i++)
        APR_ARRAY_PUSH(stock_types, stock_type) = known_types[i];
}

/* The next row of a type, after `from`; NULL if there is none. */
static const stock_type *next_stock(const char *type, const stock_type *from)
{
    const stock_type *row = (const stock_type *)stock_types->elts;
    const stock_type *end = row + stock_types->nelts;

    for (row = from ? from + 1 : row; row < end; row++)
        if (!ap_cstr_casecmp(row->type, type))
            return row;
    return NULL;
}

/* AuthSchemeToken STOCKTYPE TOKEN... runs while the configuration is read,
 * before any AuthType is looked at. */
const char *core_token_directive(cmd_parms *cmd, void *conf, int argc,
                                 char *const argv[])
{
    int i;

    (void)conf;
    if (argc < 2)
        return "AuthSchemeToken needs an AuthType and one or more scheme "
               "tokens";
    for (i = 1; i < argc; i++) {
        stock_type row = { argv[0], argv[i], NULL };
        as_span token, rest = as_span_of(argv[i]);

        if (as_take_token(&token, &rest) != APR_SUCCESS || rest.len)
            return apr_psprintf(cmd->pool,
                                "AuthSchemeToken: '%s' is not a token",
                                argv[i]);
        APR_ARRAY_PUSH(stock_types, stock_type) = row;
    }
    return NULL;
}

/* ---- parsing --------------------------------------------------------- */

/* The scheme tokens of an entry, so that requests are compared with nothing
 * else. */
static const as_span *tokens_of(apr_pool_t *pool, const core_entry *entry)
{
    apr_array_header_t *tokens = apr_array_make(pool, 3, sizeof(as_span));
    const stock_type *row = NULL;

    if (entry->scheme)
        APR_ARRAY_PUSH(tokens, as_span) = as_span_of(entry->scheme->name);
    else
        while ((row = next_stock(entry->type, row)))
            if (row->token)
                APR_ARRAY_PUSH(tokens, as_span) = as_span_of(row->token);
    APR_ARRAY_PUSH(tokens, as_span) = as_span_of(NULL);
    return (const as_span *)tokens->elts;
}

static const char *check_entry(apr_pool_t *pool, core_entry *entry)
{
    const stock_type *stock;

    entry->scheme = ap_lookup_provider(AS_SCHEME_GROUP, entry->type,
                                       AS_SCHEME_VERSION);
    entry->tokens = tokens_of(pool, entry);
    if (entry->scheme)
        return NULL;

    stock = next_stock(entry->type, NULL);
    if (!stock)
        return apr_psprintf(pool,
                            "nobody provides the scheme '%s': is its module "
                            "loaded? (AuthSchemeToken declares a stock "
                            "AuthType that is not known here)",
                            entry->type);
    entry->tokenless = !stock->token;
    if (stock->module && !ap_find_linked_module(stock->module))
        return apr_psprintf(pool, "the scheme '%s' needs %.*s, which is not "
                            "loaded", entry->type,
                            (int)strlen(stock->module) - 2, stock->module);
    return NULL;
}

/* Provider names are looked up by their exact spelling: find the scheme's. */
static const char *spelled(apr_pool_t *pool, const char *word)
{
    apr_array_header_t *names = ap_list_provider_names(pool, AS_SCHEME_GROUP,
                                                       AS_SCHEME_VERSION);
    int i;

    for (i = 0; i < names->nelts; i++) {
        const char *name = APR_ARRAY_IDX(names, i,
                                         ap_list_provider_names_t).provider_name;

        if (!ap_cstr_casecmp(name, word))
            return name;
    }
    return word;
}

static int is_listed(const core_entry *entries, int count, const char *type)
{
    int i;

    for (i = 0; i < count; i++)
        if (!ap_cstr_casecmp(entries[i].type, type))
            return 1;
    return 0;
}

/* Sets *list, to NULL for an AuthType that is not ours; returns what is wrong
 * with it, or NULL. */
static const char *parse(const core_list **list, apr_pool_t *pool,
                         const char *text, int may_add)
{
    core_entry *entries = apr_pcalloc(pool, sizeof(*entries) * CORE_LIST_MAX);
    core_list *made = apr_pcalloc(pool, sizeof(*made));
    const char *rest = text, *error;
    int count = 0;

    *list = NULL;
    for (;;) {
        const char *word = ap_getword_white(pool, &rest);

        if (!*word)
            break;
        word = spelled(pool, word);
        if (count == CORE_LIST_MAX)
            return "AuthType lists too many schemes";
        if (is_listed(entries, count, word))
            return apr_psprintf(pool, "AuthType lists '%s' twice", word);
        entries[count++].type = word;
    }
    if (count == 0 || (count == 1 && !ap_cstr_casecmp(text, "None")))
        return NULL;

    made->entries = entries;
    made->count = count;
    for (count = 0; count < made->count; count++) {
        error = check_entry(pool, &entries[count]);
        if (made->count == 1 && !entries[0].scheme)
            return NULL; /* one stock AuthType: none of our business */
        if (error)
            return apr_pstrcat(pool, "AuthType: ", error, NULL);
        entries[count].row = core_counter_row(entries[count].type, may_add);
    }
    *list = made;
    return NULL;
}

/* ---- directives ------------------------------------------------------ */

/* Clients differ in how they choose among challenges; many look at one only. */
static void advise(cmd_parms *cmd, const core_list *list)
{
    int i;

    for (i = 0; i < list->count; i++) {
        const char *type = list->entries[i].type;

        if (i < list->count - 1 && !ap_cstr_casecmp(type, "Basic"))
            ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, cmd->server,
                         "authscheme: %s:%d: Basic is not the last scheme of "
                         "this AuthType: clients that take the first one send "
                         "the password although they know a better scheme",
                         cmd->directive->filename, cmd->directive->line_num);
        if (i > 0 && !ap_cstr_casecmp(type, "Digest"))
            ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, cmd->server,
                         "authscheme: %s:%d: Digest is not the first scheme of "
                         "this AuthType: clients that look at the first "
                         "challenge only will not find it",
                         cmd->directive->filename, cmd->directive->line_num);
    }
}

/* .htaccess files are read per request, and not all of httpd's configuration
 * may be named there. */
static int is_htaccess(cmd_parms *cmd)
{
    return !(cmd->override & RSRC_CONF) && !(cmd->override & ACCESS_CONF);
}

const char *core_authtype_directive(cmd_parms *cmd, void *conf,
                                    const char *arg)
{
    core_conf *dir = conf;
    const char *error;

    dir->type_set = 1;
    dir->list = NULL;
    dir->is_expression = strstr(arg, "%{") != NULL;
    if (dir->is_expression)
        return NULL;

    error = parse(&dir->list, cmd->pool, arg, !is_htaccess(cmd));
    if (!error && dir->list && !is_htaccess(cmd))
        advise(cmd, dir->list);
    return error;
}

const char *core_authname_directive(cmd_parms *cmd, void *conf,
                                    const char *arg)
{
    const char *c;

    (void)conf;
    if (as_realm_hides_scheme(as_span_of(arg)))
        return apr_psprintf(cmd->pool,
                            "AuthName \"%s\" has a comma and the name of a "
                            "scheme after it: curl, git and others would take "
                            "that for a challenge", arg);
    for (c = arg; *c; c++)
        if (apr_iscntrl(*c))
            return "AuthName has a control character in it";
    return NULL;
}

/* ---- at request time ------------------------------------------------- */

static const core_list *list_of_expression(request_rec *r)
{
    core_record *rec = core_record_peek(r);
    const core_list *list = NULL;
    const char *text, *error;

    if (rec && (rec->trying || rec->list))
        return rec->list;
    text = ap_auth_type(r);
    if (!text)
        return NULL;
    error = parse(&list, r->pool, text, 0);
    if (error) {
        static const core_list nothing = { NULL, 0 };

        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r, "authscheme: %s", error);
        return &nothing; /* refuses everybody */
    }
    return list;
}

const core_list *core_list_of(request_rec *r)
{
    const core_conf *conf = ap_get_module_config(r->per_dir_config,
                                                 &authscheme_module);

    return conf->is_expression ? list_of_expression(r) : conf->list;
}

const core_list *core_list_filter(request_rec *r, const core_list *list,
                                  const as_scheme *only, const as_scheme *but)
{
    core_list *made = apr_pcalloc(r->pool, sizeof(*made));
    core_entry *entries = apr_pcalloc(r->pool,
                                      sizeof(*entries) * CORE_LIST_MAX);
    int i;

    made->entries = entries;
    if (only) {
        entries[0].type = only->name;
        entries[0].scheme = only;
        entries[0].tokens = tokens_of(r->pool, &entries[0]);
        entries[0].row = core_counter_row(only->name, 0);
        made->count = 1;
        return made;
    }
    for (i = 0; list && i < list->count; i++)
        if (!but || list->entries[i].scheme != but)
            entries[made->count++] = list->entries[i];
    return made;
}

static int takes(const core_entry *entry, as_span token)
{
    const as_span *mine;

    for (mine = entry->tokens; mine->at; mine++)
        if (mine->len == token.len && as_span_is_nocase(token, mine->at))
            return 1;
    return 0;
}

const core_entry *core_list_find(const core_list *list, as_span token)
{
    int i;

    for (i = 0; i < list->count; i++)
        if (takes(&list->entries[i], token))
            return &list->entries[i];
    return NULL;
}

const core_entry *core_list_entry(const core_list *list,
                                  const as_scheme *scheme)
{
    int i;

    for (i = 0; i < list->count; i++)
        if (list->entries[i].scheme == scheme)
            return &list->entries[i];
    return NULL;
}

/* ---- ap_auth_type() -------------------------------------------------- */

/* What mod_authn_core registered. The core of httpd looks the name up in its
 * own post_config, after our pre_config. */
static APR_OPTIONAL_FN_TYPE(authn_ap_auth_type) *written_auth_type;

static const char *authscheme_ap_auth_type(request_rec *r)
{
    const core_record *rec = core_record_peek(r);

    if (rec && rec->trying)
        return rec->trying->type;
    return written_auth_type ? written_auth_type(r) : NULL;
}

/* httpd forgets all optional functions before it reads its configuration anew,
 * so nothing has to be undone when we are unloaded. */
void core_wrap_auth_type(void)
{
    APR_OPTIONAL_FN_TYPE(authn_ap_auth_type) *found =
        APR_RETRIEVE_OPTIONAL_FN(authn_ap_auth_type);

    if (found == authscheme_ap_auth_type)
        return;
    written_auth_type = found;
    apr_dynamic_fn_register("authn_ap_auth_type",
                            (apr_opt_fn_t *)authscheme_ap_auth_type);
}
