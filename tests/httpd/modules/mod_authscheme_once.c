/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * mod_authscheme_once - a scheme whose challenge is a nonce, and whose proof
 * is to send it back, so that tests can ask the core what it makes of that.
 *
 *     WWW-Authenticate: Once realm="...", nonce="..."
 *     Authorization: Once nonce="..."             a claim
 *     Authorization: Once nonce="...", count=7    a window
 *     Authorization: Once key="...", dated=TIME   a claim without a nonce of
 *                                                 ours; microseconds
 *
 * Who gets in learns the beginning of every key derived for "once test".
 */
#include "http_core.h"

#include "authscheme.h"

#define LIFETIME apr_time_from_sec(60)

module AP_MODULE_DECLARE_DATA authscheme_once_module;

static as_span param(request_rec *r, const as_credentials *sent,
                     const char *name)
{
    const as_param *found = as_param_find(sent, name);

    return found ? as_param_value(r->pool, found) : as_span_of("");
}

static as_verdict use(as_attempt *attempt, as_use use)
{
    switch (use) {
    case AS_USE_FIRST:
        return as_grant(attempt, "once");
    case AS_USE_SEEN:
        return as_deny(attempt, AS_REPLAYED, "proof was used before");
    case AS_USE_STALE:
        return as_stale(attempt, "nobody knows the proof any more");
    default:
        return as_fail(attempt, APR_SUCCESS, "table is away");
    }
}

static as_verdict authenticate(request_rec *r, const as_credentials *sent,
                               as_attempt *attempt)
{
    as_span nonce = param(r, sent, "nonce"), count = param(r, sent, "count");
    as_span dated = param(r, sent, "dated");
    apr_time_t at;

    if (dated.len) {
        at = apr_atoi64(as_string(r->pool, dated));
        return use(attempt, as_claim(r, "dated", param(r, sent, "key"), at,
                                     at + LIFETIME));
    }
    switch (as_nonce_check(&at, r, "once", as_span_of(as_realm(r)), nonce)) {
    case AS_NONCE_FOREIGN:
        return as_stale(attempt, "nonce is not ours");
    case AS_NONCE_FUTURE:
        return as_stale(attempt, "nonce is from the future");
    case AS_NONCE_OURS:
        break;
    }
    if (at + LIFETIME <= apr_time_now())
        return as_stale(attempt, "nonce is too old");
    if (!count.len)
        return use(attempt, as_claim(r, "once", nonce, at, at + LIFETIME));
    return use(attempt,
               as_window(r, "once", nonce,
                         (apr_uint64_t)apr_atoi64(as_string(r->pool, count)),
                         at, at + LIFETIME));
}

static void challenge(request_rec *r, const as_attempt *attempt,
                      as_challenges *set)
{
    const char *nonce = as_nonce_make(r, "once", as_span_of(as_realm(r)));

    (void)attempt;
    if (nonce)
        as_challenge_add(set, apr_psprintf(
            r->pool, "Once realm=\"%s\", nonce=\"%s\"", ap_auth_name(r),
            nonce));
}

static void confirm(request_rec *r, const as_attempt *attempt)
{
    unsigned char key[AS_KEY_LEN];
    int nth;

    (void)attempt;
    for (nth = 0; as_derive(key, "once test", nth); nth++)
        apr_table_add(r->err_headers_out, "X-Key",
                      apr_psprintf(r->pool, "%02x%02x%02x%02x", key[0],
                                   key[1], key[2], key[3]));
}

static const as_scheme once = {
    .name = "Once",
    .form = AS_FORM_PARAMS,
    .authenticate = authenticate,
    .challenge = challenge,
    .confirm = confirm,
};

static void register_hooks(apr_pool_t *pool)
{
    ap_register_provider(pool, AS_SCHEME_GROUP, once.name, AS_SCHEME_VERSION,
                         &once);
}

AP_DECLARE_MODULE(authscheme_once) = {
    STANDARD20_MODULE_STUFF, NULL, NULL, NULL, NULL, NULL, register_hooks,
    AP_MODULE_FLAG_NONE
};
