/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * mod_authscheme_probe - a scheme that says what the client tells it to, so
 * that tests can ask the core what it makes of every verdict.
 *
 *     Authorization: Probe user=alice
 *     Authorization: Probe verdict=stale
 *     Authorization: Probe verdict=deny, detail="..."
 *     GET /?probe=alice             found, as a query parameter
 *     Cookie: probe=alice           found, as a cookie
 *
 * It also answers to the name Probe2, as a scheme of its own. Parameters that
 * come back later: explain=1 (challenge with a 403), value="..." (published).
 * Every judgement is a line in the log.
 */
#include "http_core.h"
#include "http_log.h"

#include "authscheme.h"

module AP_MODULE_DECLARE_DATA authscheme_probe_module;

static const char *param(request_rec *r, const as_credentials *sent,
                         const char *name)
{
    const as_param *found = sent ? as_param_find(sent, name) : NULL;

    if (!found)
        return NULL;
    return as_string(r->pool, as_param_value(r->pool, found));
}

/* The value of NAME=... in a query or cookie, to its end. */
static const char *after(const char *text, const char *name)
{
    const char *at = text ? strstr(text, name) : NULL;

    return at ? at + strlen(name) : NULL;
}

static as_found find(request_rec *r)
{
    if (after(r->args, "probe="))
        return AS_FOUND_SENT;
    if (after(apr_table_get(r->headers_in, "Cookie"), "probe="))
        return AS_FOUND_AMBIENT;
    return AS_FOUND_NONE;
}

static const char *found_user(request_rec *r)
{
    const char *user = after(r->args, "probe=");

    return user ? user : after(apr_table_get(r->headers_in, "Cookie"),
                               "probe=");
}

static as_verdict say(as_attempt *attempt, const char *verdict)
{
    if (!strcmp(verdict, "stale"))
        return as_stale(attempt, "probe is stale");
    if (!strcmp(verdict, "continue"))
        return as_continue(attempt);
    if (!strcmp(verdict, "contradict"))
        return as_contradict(attempt, "probe contradicts itself");
    if (!strcmp(verdict, "forbid"))
        return as_forbid(attempt, AS_INSECURE, "probe is insecure");
    if (!strcmp(verdict, "fail"))
        return as_fail(attempt, APR_ECONNREFUSED, "probe's store is away");
    if (!strcmp(verdict, "break"))
        return as_break(attempt, "probe is misconfigured");
    return as_deny(attempt, AS_INVALID, "probe is wrong");
}

/* What the sanitizer run must see: one byte after a pool's allocation, and
 * memory of a pool that is gone. */
static int misbehave(request_rec *r, const char *how)
{
    apr_pool_t *pool;
    volatile char *text;

    apr_pool_create(&pool, r->pool);
    text = apr_psprintf(pool, "%s", how);
    if (!strcmp(how, "late"))
        apr_pool_destroy(pool);
    return text[strcmp(how, "overread") ? 0 : strlen(how) + 1];
}

static as_verdict authenticate(request_rec *r, const as_credentials *sent,
                               as_attempt *attempt)
{
    const char *user = sent ? param(r, sent, "user") : found_user(r);
    const char *verdict = param(r, sent, "verdict");

    ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r, "probe: judged");
    /* `sent` does not outlive this call. */
    attempt->data = sent ? apr_pmemdup(r->pool, sent, sizeof(*sent)) : NULL;
    attempt->detail = param(r, sent, "detail");
    if (param(r, sent, "misbehave")
        && misbehave(r, param(r, sent, "misbehave")) > 127)
        return as_break(attempt, "not reached");
    if (verdict)
        return say(attempt, verdict);
    return as_grant(attempt, user);
}

static void challenge(request_rec *r, const as_attempt *attempt,
                      as_challenges *set)
{
    as_challenge_add(set, apr_psprintf(
        r->pool, "%s realm=\"%s\"%s",
        attempt ? attempt->scheme->name : "Probe", ap_auth_name(r),
        attempt ? ", error=\"yes\"" : ""));
}

static void challenge2(request_rec *r, const as_attempt *attempt,
                       as_challenges *set)
{
    as_challenge_add(set, apr_psprintf(r->pool, "Probe2 realm=\"%s\"%s",
                                       ap_auth_name(r),
                                       attempt ? ", error=\"yes\"" : ""));
}

static void publish(request_rec *r, const as_attempt *attempt)
{
    const char *value = param(r, attempt->data, "value");

    as_identity_set(r, "X-Probe-User", attempt->user);
    apr_table_setn(r->subprocess_env, "PROBE_USER", attempt->user);
    if (value)
        as_identity_set(r, "X-Probe-Value", value);
}

static void confirm(request_rec *r, const as_attempt *attempt)
{
    (void)attempt;
    apr_table_setn(r->err_headers_out, "Authentication-Info", "probe=done");
}

static int explain(request_rec *r, as_attempt *attempt, as_challenges *set)
{
    if (!param(r, attempt->data, "explain"))
        return 0;
    attempt->problem = AS_INSUFFICIENT;
    attempt->reason = "probe explains";
    as_challenge_add(set, apr_psprintf(r->pool,
                                       "Probe realm=\"%s\", error=\"scope\"",
                                       ap_auth_name(r)));
    return 1;
}

static const as_scheme probe = {
    .name = "Probe",
    .form = AS_FORM_PARAMS,
    .authenticate = authenticate,
    .challenge = challenge,
    .find = find,
    .publish = publish,
    .confirm = confirm,
    .explain = explain,
};

static const as_scheme probe2 = {
    .name = "Probe2",
    .form = AS_FORM_PARAMS,
    .malformed = AS_CONTRADICTORY,
    .authenticate = authenticate,
    .challenge = challenge2,
};

static const char *reserve(cmd_parms *cmd, void *conf, const char *arg)
{
    (void)conf;
    as_identity_reserve(cmd->pool, arg);
    return NULL;
}

static const command_rec directives[] = {
    AP_INIT_ITERATE("ProbeIdentity", reserve, NULL, RSRC_CONF,
                    "identity headers"),
    { NULL, { NULL }, NULL, 0, RAW_ARGS, NULL }
};

static void register_hooks(apr_pool_t *pool)
{
    ap_register_provider(pool, AS_SCHEME_GROUP, probe.name, AS_SCHEME_VERSION,
                         &probe);
    ap_register_provider(pool, AS_SCHEME_GROUP, probe2.name,
                         AS_SCHEME_VERSION, &probe2);
}

AP_DECLARE_MODULE(authscheme_probe) = {
    STANDARD20_MODULE_STUFF, NULL, NULL, NULL, NULL, directives,
    register_hooks, AP_MODULE_FLAG_NONE
};
