/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * JSON Web Tokens: who signed one, with which of his keys, and what he says of
 * whom.
 */
#include "httpd.h"
#include "http_log.h"

#include "glue.h"

APLOG_USE_MODULE(authscheme_bearer);

/* ---- issuers and their keys ------------------------------------------ */

static const bearer_issuer *find_issuer(const bearer_conf *conf,
                                        const char *iss)
{
    int i;

    for (i = 0; iss && i < conf->issuers->nelts; i++) {
        bearer_issuer *issuer = &APR_ARRAY_IDX(conf->issuers, i,
                                               bearer_issuer);

        if (strcmp(issuer->iss, iss) == 0)
            return issuer;
    }
    return NULL;
}

static void look_after(request_rec *r, const bearer_issuer *issuer)
{
    const char *path = bearer_keys_path(issuer->keys), *why;
    bearer_news news = bearer_keys_refresh(issuer->keys, apr_time_now(), &why,
                                           r->pool);

    if (news == BEARER_NEW_KEYS)
        ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, r->server,
                     "authscheme: bearer: %s has changed and was read again",
                     path);
    if (news == BEARER_BAD_FILE)
        ap_log_error(APLOG_MARK, APLOG_ERR, 0, r->server,
                     "authscheme: bearer: %s has changed and is not used, the "
                     "keys from before stay: %s", path, why);
}

static as_jws_result verify(const bearer_try *on, const bearer_issuer *issuer,
                            const as_algorithm *alg)
{
    const bearer_generation *keys;
    as_jws_result result;

    look_after(on->r, issuer);
    keys = bearer_keys_acquire(issuer->keys);
    result = as_jws_verify(&on->jws, alg, &keys->set);
    bearer_keys_release(issuer->keys, keys);
    return result;
}

static const char *joined(apr_pool_t *pool, const char *const *names)
{
    const char *text = names ? *names : "any";

    while (names && *names && *++names)
        text = apr_pstrcat(pool, text, ",", *names, NULL);
    return text;
}

static as_verdict judge_claims(const bearer_try *on, const bearer_issuer *issuer)
{
    static const as_problem problems[] = {
        [BEARER_MALFORMED] = AS_MALFORMED,
        [BEARER_EXPIRED] = AS_EXPIRED,
        [BEARER_NOT_OURS] = AS_UNACCEPTABLE,
    };
    apr_pool_t *pool = on->r->pool;
    double now = (double)on->r->request_time / APR_USEC_PER_SEC;
    const char *why, *said;
    json_t *got;
    bearer_fault fault = bearer_claims_judge(issuer, &on->jws, on->claims,
                                             now, &why, &got);

    if (fault == BEARER_GOOD)
        return AS_GRANTED;
    said = bearer_claim_text(pool, got);
    if (got && got == json_object_get(on->claims, "aud"))
        said = apr_pstrcat(pool, said ? said : "", ";want=",
                           joined(pool, issuer->audiences), NULL);
    return bearer_refuse(on, problems[fault], why, ";got=", said);
}

static const char *known_issuers(apr_pool_t *pool, const bearer_conf *conf)
{
    const char *text = "";
    int i;

    for (i = 0; i < conf->issuers->nelts; i++)
        text = apr_pstrcat(pool, text, i ? "," : "",
                           APR_ARRAY_IDX(conf->issuers, i, bearer_issuer).iss,
                           NULL);
    return text;
}

static as_verdict judge_user(bearer_try *on)
{
    static const bearer_path sub = { "sub", 1, { { "sub", 0 } } };
    const bearer_conf *conf = bearer_conf_of(on->r);
    const bearer_path *claim = conf->user_claim ? conf->user_claim : &sub;

    on->user = bearer_claims_user(claim, on->claims);
    if (on->user)
        return AS_GRANTED;
    return bearer_refuse(on, AS_UNACCEPTABLE,
                         "the claim that names the user is missing or no name",
                         ";claim=", claim->text);
}

/* RFC 7515 section 5.2 and RFC 7519 section 7.2, in the order that costs an
 * attacker most and us least. */
as_verdict bearer_judge_jwt(bearer_try *on)
{
    const bearer_conf *conf = bearer_conf_of(on->r);
    const bearer_issuer *issuer;
    const as_algorithm *alg;
    as_jws_result result;
    const char *why;

    if (as_jws_parse(&on->jws, &why, on->token, on->r->pool) != APR_SUCCESS)
        return bearer_refuse(on, AS_MALFORMED, why, "", NULL);
    if (bearer_claims_read(&on->claims, on->jws.payload, on->r->pool)
        != APR_SUCCESS)
        return bearer_refuse(on, AS_MALFORMED,
                             "the claims are no JSON object", "", NULL);

    on->iss = json_string_value(json_object_get(on->claims, "iss"));
    issuer = find_issuer(conf, on->iss);
    if (!issuer)
        return bearer_refuse(on, AS_UNKNOWN, "iss is none of our issuers",
                             ";want=", known_issuers(on->r->pool, conf));
    alg = bearer_issuer_algorithm(issuer, on->jws.alg);
    if (!alg)
        return bearer_refuse(on, AS_UNACCEPTABLE,
                             "the issuer may not use this algorithm", ";alg=",
                             on->jws.alg.at);

    result = verify(on, issuer, alg);
    if (result == AS_JWS_NO_KEY)
        return bearer_refuse(on, AS_UNKNOWN,
                             "the issuer has no such key for this algorithm",
                             ";alg=", on->jws.alg.at);
    if (result != AS_JWS_VERIFIED)
        return bearer_refuse(on, AS_INVALID, "the signature does not verify",
                             "", NULL);
    if (judge_claims(on, issuer) != AS_GRANTED)
        return on->attempt->verdict;
    return judge_user(on);
}
