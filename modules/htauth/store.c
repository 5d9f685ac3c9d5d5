/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * A store by its name, and what is the same whatever keeps it.
 */
#include "cred.h"
#include "htauth.h"
#include "password.h"

static const ht_backend *const backends[] = { &ht_file, &ht_dbd };
#define BACKENDS (sizeof(backends) / sizeof(backends[0]))

int ht_store_named(ht_store **store, const char *name, apr_pool_t *pool)
{
    as_span word = { name, strcspn(name, ":") };
    apr_size_t i;

    for (i = 0; i < BACKENDS; i++) {
        if (!as_span_is(word, backends[i]->name) || name[word.len] != ':'
            || !name[word.len + 1])
            continue;
        *store = apr_pcalloc(pool, sizeof(**store));
        (*store)->backend = backends[i];
        (*store)->argument = name + word.len + 1;
        (*store)->pool = pool;
        return HT_OK;
    }
    return ht_error(HT_USAGE, "a store is file:PATH or dbd:DRIVER:PARAMS");
}

static int is_asked_for(const char *wanted, const char *value)
{
    return !wanted || !strcmp(wanted, value);
}

int ht_matches(const as_cred *cred, const ht_filter *filter)
{
    return (!filter->kinds || (filter->kinds & HT_KIND(cred->kind)))
           && is_asked_for(filter->user, cred->user)
           && is_asked_for(filter->realm, cred->realm)
           && is_asked_for(filter->id, cred->id)
           && is_asked_for(filter->algorithm, cred->algorithm)
           && (!filter->id_begins
               || !strncmp(cred->id, filter->id_begins,
                           strlen(filter->id_begins)))
           && (!filter->has_state || filter->state == cred->state);
}

/* Hashes that a guessing machine goes through at billions a second. */
static int is_weak_hash(as_span hash)
{
    unsigned int cost;
    const as_password_scheme *scheme = as_password_scheme_of(&cost, hash);

    return scheme && scheme->most == 0;
}

const char *ht_weakness(const as_cred *cred, apr_pool_t *pool)
{
    const char *misfit;

    if (cred->kind == AS_CRED_PASSWORD && is_weak_hash(cred->value))
        return "an old and weak hash; set the password anew";
    if (cred->expires && cred->expires < ht_now())
        return "its time is over; remove it";
    misfit = ht_name_misfit(as_span_of(cred->user));
    return misfit ? apr_psprintf(pool, "the user's name %s", misfit) : NULL;
}
