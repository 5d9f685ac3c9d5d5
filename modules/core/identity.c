/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Who the user is, told to the application; and never by the client. A header
 * that carries identity anywhere on this server is taken out of every request
 * that a client sends, whatever place it is for, and in any spelling that CGI
 * or a back end would take for the same name.
 */
#include "httpd.h"
#include "http_core.h"
#include "http_log.h"
#include "http_protocol.h"
#include "http_request.h"

#include "core.h"
#include "grammar.h"

APLOG_USE_MODULE(authscheme);

static apr_array_header_t *reserved; /* of header names, maybe "X-Claim-*" */

void core_identity_reset(apr_pool_t *pconf)
{
    reserved = apr_array_make(pconf, 8, sizeof(const char *));
}

void core_reserve_identity(apr_pool_t *pconf, const char *header)
{
    APR_ARRAY_PUSH(reserved, const char *) = apr_pstrdup(pconf, header);
}

/* AuthSchemeIdentityHeader NAME... */
const char *core_identity_directive(cmd_parms *cmd, void *conf,
                                    const char *arg)
{
    as_span name, rest = as_span_of(arg);

    (void)conf;
    if (as_take_token(&name, &rest) != APR_SUCCESS || rest.len
        || as_span_is(name, "*"))
        return apr_psprintf(cmd->pool, "AuthSchemeIdentityHeader: '%s' is not "
                            "the name of a header", arg);
    core_reserve_identity(cmd->pool, arg);
    return NULL;
}

/* ---- names ----------------------------------------------------------- */

/* As CGI makes environment variables of header names, RFC 3875 section
 * 4.1.18; many back ends do the same. */
static int fold(char c)
{
    return apr_isalnum(c) ? apr_tolower(c) : '_';
}

/* Whether name is the pattern, which may end in "*". */
static int same_header(const char *pattern, const char *name, apr_size_t len)
{
    apr_size_t i;

    for (i = 0; i < len && pattern[i]; i++) {
        if (pattern[i] == '*' && !pattern[i + 1])
            return 1;
        if (fold(pattern[i]) != fold(name[i]))
            return 0;
    }
    return i == len && (!pattern[i] || !strcmp(pattern + i, "*"));
}

static int is_reserved(const char *name, apr_size_t len)
{
    int i;

    for (i = 0; i < reserved->nelts; i++)
        if (same_header(APR_ARRAY_IDX(reserved, i, const char *), name, len))
            return 1;
    return 0;
}

/* ---- scrubbing ------------------------------------------------------- */

static void scrub(request_rec *r)
{
    const apr_array_header_t *sent = apr_table_elts(r->headers_in);
    const apr_table_entry_t *entry = (const apr_table_entry_t *)sent->elts;
    int i;

    for (i = 0; i < sent->nelts; i++) {
        if (!is_reserved(entry[i].key, strlen(entry[i].key)))
            continue;
        ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r,
                      "authscheme: removed the identity header %s that the "
                      "client sent", entry[i].key);
        apr_table_unset(r->headers_in, entry[i].key);
        entry = (const apr_table_entry_t *)sent->elts;
        i = -1;
    }
}

/* A proxy drops the headers that Connection names, RFC 9110 section 7.6.1; a
 * client that names ours wants the back end to see an anonymous request. */
static int connection_names_identity(request_rec *r, const char *field)
{
    const char *value = apr_table_get(r->headers_in, field);
    as_span rest = as_span_of(value), name;

    while (rest.len) {
        if (as_take_token(&name, &rest) == APR_SUCCESS) {
            if (is_reserved(name.at, name.len))
                return 1;
            continue;
        }
        rest.at++;
        rest.len--;
    }
    return 0;
}

/* Redirected requests come by here as well: what was set for the first place
 * is not for the second. */
static void carry_notes(request_rec *r)
{
    static const char *const names[] = { "authscheme", "authscheme-reason" };
    apr_size_t i;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const char *note = apr_table_get(r->prev->notes, names[i]);

        if (note)
            apr_table_setn(r->notes, names[i], note);
    }
}

int core_scrub(request_rec *r)
{
    if (r->prev)
        carry_notes(r);
    else
        core_record_get(r);
    if (!reserved->nelts)
        return DECLINED;

    scrub(r);
    if (connection_names_identity(r, "Connection")
        || connection_names_identity(r, "Proxy-Connection")) {
        ap_log_rerror(APLOG_MARK, APLOG_WARNING, 0, r,
                      "authscheme: refused status=400 scheme=- "
                      "problem=malformed user=-: Connection names an identity "
                      "header");
        return HTTP_BAD_REQUEST;
    }
    return DECLINED;
}

/* ---- handing over ---------------------------------------------------- */

static int has_control(const char *value)
{
    for (; *value; value++)
        if (apr_iscntrl(*value))
            return 1;
    return 0;
}

void core_identity_set(request_rec *r, const char *header, const char *value)
{
    if (has_control(value)) {
        ap_log_rerror(APLOG_MARK, APLOG_WARNING, 0, r,
                      "authscheme: %s left out: its value has control "
                      "characters", header);
        return;
    }
    apr_table_set(r->headers_in, header, value);
}

/* A subrequest shares its headers with the main request: neither's identity is
 * the other's before it has been published for it. */
void core_identity_separate(request_rec *r)
{
    if (!r->main || !reserved->nelts || r->headers_in != r->main->headers_in)
        return;
    r->headers_in = apr_table_copy(r->pool, r->headers_in);
    scrub(r);
}

/* fixups: httpd hands r->user on to subrequests and redirects by itself, what
 * the scheme published it does not. */
int core_publish(request_rec *r)
{
    core_record *own = core_record_peek(r);
    core_record *rec = core_record_standing(r);

    core_identity_separate(r);
    if (rec && rec != own && rec->attempt.scheme
        && rec->attempt.scheme->publish)
        rec->attempt.scheme->publish(r, &rec->attempt);
    return DECLINED;
}

const as_attempt *core_granted(request_rec *r)
{
    const core_record *rec = core_record_standing(r);

    return rec ? &rec->attempt : NULL;
}

const char *core_realm(request_rec *r)
{
    const char *quoted = ap_auth_name(r);
    as_param param = { { NULL, 0 }, as_span_of(quoted ? quoted : ""), 1 };

    return as_string(r->pool, as_param_value(r->pool, &param));
}
