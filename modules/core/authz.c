/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * After authentication: what Require decided. mod_authz_core turns a denial
 * into 401 or 403 and asks for challenges; we let it, look at the outcome, and
 * give the scheme a chance to explain it (a Bearer token without the needed
 * scope is a 403 with a challenge, RFC 6750 section 3.1).
 */
#include "httpd.h"
#include "http_core.h"
#include "http_log.h"
#include "http_protocol.h"
#include "http_request.h"
#include "mod_auth.h"

#include "core.h"

APLOG_USE_MODULE(authscheme);

/* Who is asked to sign in as somebody else is not told that he did well. */
static void offer_again(request_rec *r, core_record *rec)
{
    core_offer(r, rec);
    if (rec->attempt.scheme && !core_is_error_document(r))
        apr_table_unset(r->err_headers_out, "Authentication-Info");
}

static int deny(request_rec *r, core_record *rec, int status)
{
    rec->attempt.problem = AS_UNAUTHORIZED;
    rec->attempt.reason = "Require does not let this user in";
    if (core_explain(r, rec))
        status = HTTP_FORBIDDEN;
    else if (status == HTTP_UNAUTHORIZED)
        offer_again(r, rec);
    core_report(r, rec, status);
    return core_answer(r, &rec->attempt, status);
}

int core_check_authz(request_rec *r)
{
    const core_list *list = core_list_of(r);
    core_record *rec = core_record_peek(r);
    int status;

    if (!list || !rec || !rec->judged || rec->nested_authz)
        return DECLINED;

    rec->nested_authz = 1;
    status = ap_run_auth_checker(r);
    rec->nested_authz = 0;
    if (status == HTTP_UNAUTHORIZED || status == HTTP_FORBIDDEN)
        return deny(r, rec, status);
    return status;
}

/* One module would answer for its AuthType and leave the others out. */
int core_note_auth_failure(request_rec *r, const char *type)
{
    const core_list *list = core_list_of(r);
    core_record *rec;

    (void)type;
    if (!list) /* a stock AuthType keeps its ways, except in our error pages */
        return core_is_our_error_document(r) ? OK : DECLINED;
    rec = core_record_get(r);
    if (rec->trying)
        return DECLINED;
    if (!rec->nested_authz) {
        rec->list = list;
        core_offer(r, rec);
    }
    return OK;
}

/* ---- Require auth-scheme NAME... ------------------------------------- */

static const char *parse_schemes(cmd_parms *cmd, const char *line,
                                 const void **parsed)
{
    apr_array_header_t *names = apr_array_make(cmd->pool, 4,
                                               sizeof(const char *));
    const char *name;

    while (*(name = ap_getword_conf(cmd->pool, &line)))
        APR_ARRAY_PUSH(names, const char *) = name;
    if (!names->nelts)
        return "Require auth-scheme needs the name of a scheme";
    *parsed = names;
    return NULL;
}

static authz_status check_schemes(request_rec *r, const char *line,
                                  const void *parsed)
{
    const apr_array_header_t *names = parsed;
    int i;

    (void)line;
    if (!r->user || !r->ap_auth_type)
        return AUTHZ_DENIED_NO_USER;
    for (i = 0; i < names->nelts; i++)
        if (!ap_cstr_casecmp(r->ap_auth_type,
                             APR_ARRAY_IDX(names, i, const char *)))
            return AUTHZ_GRANTED;
    return AUTHZ_DENIED;
}

static const authz_provider require_auth_scheme = {
    check_schemes, parse_schemes
};

void core_register_require(apr_pool_t *p)
{
    ap_register_auth_provider(p, AUTHZ_PROVIDER_GROUP, "auth-scheme",
                              AUTHZ_PROVIDER_VERSION, &require_auth_scheme,
                              AP_AUTH_INTERNAL_PER_CONF);
}
