/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Whose answer it is, and H(A1): from the credential store, where a hashed name
 * is an index, or from providers of httpd's own, such as "file" with an
 * htdigest file.
 */
#include "httpd.h"

#include "glue.h"
#include "text.h"

/* As costly as any other, and good for nobody. */
#define NOBODYS "0000000000000000000000000000000000000000000000000000000000000000"

static void take_nobody(digest_try *t)
{
    t->user = NULL;
    t->cred = NULL;
    t->ha1 = (as_span){ NOBODYS, t->answer.alg->hex_len };
}

/* ---- the store ------------------------------------------------------- */

static apr_status_t look_up(digest_try *t, request_rec *r, as_span user)
{
    const as_store *store = as_store_get();
    const char *name = as_string(r->pool, user);
    const char *base = t->answer.alg->base;

    if (!store)
        return APR_ENOTIMPL;
    if (!user.len || memchr(user.at, ':', user.len))
        return APR_NOTFOUND;
    if (t->answer.is_hashed)
        return store->find_userhash(&t->cred, r, name, as_realm(r), base);
    return store->find(&t->cred, r, AS_CRED_DIGEST, name, as_realm(r), "",
                       base);
}

static as_verdict take_from_store(digest_try *t, request_rec *r,
                                  as_attempt *attempt)
{
    as_span name;
    apr_status_t rv = look_up(t, r, t->answer.user);

    if (rv == APR_NOTFOUND && !t->answer.is_hashed
        && digest_respelt(&name, t->answer.user, r->pool))
        rv = look_up(t, r, name);
    if (rv == APR_ENOTIMPL)
        return as_break(attempt, t->answer.is_hashed
                            ? "DigestUserhash needs an AuthCredentials that "
                              "knows hashed names"
                            : "Digest needs AuthCredentials, or "
                              "DigestProvider");
    if (rv != APR_SUCCESS && rv != APR_NOTFOUND)
        return as_fail(attempt, rv, "cannot reach the credential store");
    if (rv == APR_SUCCESS) {
        t->user = t->cred->user;
        t->ha1 = t->cred->value;
    }
    return AS_GRANTED;
}

/* ---- providers ------------------------------------------------------- */

/* "ALGORITHM=HEX", or HEX alone: 32 digits are MD5's, 64 SHA-256's. */
static int is_for(as_span *hash, const as_digest_alg *alg)
{
    const char *equals = hash->len ? memchr(hash->at, '=', hash->len) : NULL;
    as_span name;

    if (!equals)
        return hash->len == alg->hex_len && strcmp(alg->base, "SHA-512-256");
    name = (as_span){ hash->at, (apr_size_t)(equals - hash->at) };
    *hash = (as_span){ equals + 1, hash->len - name.len - 1 };
    return as_span_is_nocase(name, alg->base) && hash->len == alg->hex_len;
}

/* The hash for the algorithm, of what a provider says: one, or several behind
 * commas. */
static int select_hash(digest_try *t, char *said)
{
    char *rest = said, *text;

    while ((text = apr_strtok(rest, ", ", &rest)) != NULL) {
        as_span hash = as_span_of(text);

        if (!is_for(&hash, t->answer.alg))
            continue;
        ap_str_tolower(text + (hash.at - text));
        t->ha1 = hash;
        return 1;
    }
    return 0;
}

/* An alias (AuthnProviderAlias) reads its own name from that note. */
static authn_status ask_one(char **said, request_rec *r, const char *user,
                            const digest_provider *provider)
{
    authn_status status;

    apr_table_setn(r->notes, AUTHN_PROVIDER_NAME_NOTE, provider->name);
    status = provider->functions->get_realm_hash(r, user, as_realm(r), said);
    apr_table_unset(r->notes, AUTHN_PROVIDER_NAME_NOTE);
    return status;
}

/* A provider that has the user without a hash of this algorithm does not keep
 * the next from being asked. */
static authn_status ask(digest_try *t, request_rec *r, const char *user)
{
    int i;

    for (i = 0; i < t->conf.providers->nelts; i++) {
        char *said = NULL;
        authn_status status
            = ask_one(&said, r, user, &APR_ARRAY_IDX(t->conf.providers, i,
                                                     digest_provider));

        if (status == AUTH_USER_FOUND && said && select_hash(t, said)) {
            t->user = user;
            return status;
        }
        if (status == AUTH_GENERAL_ERROR || status == AUTH_DENIED)
            return status;
    }
    return AUTH_USER_NOT_FOUND;
}

static as_verdict take_from_providers(digest_try *t, request_rec *r,
                                      as_attempt *attempt)
{
    as_span user = t->answer.user;

    if (t->answer.is_hashed || !user.len || memchr(user.at, ':', user.len)
        || (as_text_is_utf8(user) && as_text_has_controls(user)))
        return AS_GRANTED;
    if (ask(t, r, as_string(r->pool, user)) == AUTH_GENERAL_ERROR)
        return as_fail(attempt, APR_SUCCESS,
                       "a provider of DigestProvider cannot tell");
    return AS_GRANTED;
}

/* ---- both ------------------------------------------------------------ */

as_verdict digest_find_user(digest_try *t, request_rec *r,
                            as_attempt *attempt)
{
    as_verdict verdict;

    take_nobody(t);
    if (t->answer.is_hashed && !t->conf.userhash)
        return AS_GRANTED;
    verdict = t->conf.providers ? take_from_providers(t, r, attempt)
                                : take_from_store(t, r, attempt);
    if (verdict == AS_GRANTED && t->ha1.len != t->answer.alg->hex_len)
        return as_break(attempt, "the stored H(A1) is not one of its "
                                 "algorithm");
    return verdict;
}
