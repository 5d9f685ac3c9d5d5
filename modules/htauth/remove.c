/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * remove - what shall be in the store no longer.
 */
#include <stddef.h>

#include <jansson.h>

#include "htauth.h"

#define FIELD(name) offsetof(ht_options, name)

int ht_drop_all(ht_store *store, const apr_array_header_t *creds)
{
    int code = HT_OK, i;

    for (i = 0; code == HT_OK && i < creds->nelts; i++)
        code = store->backend->drop(store, &APR_ARRAY_IDX(creds, i, as_cred));
    return code;
}

static int drop_and_tell(ht_run *run, const apr_array_header_t *creds)
{
    int code = ht_drop_all(run->store, creds), i;
    json_t *list;

    if (code == HT_OK)
        code = run->store->backend->commit(run->store);
    if (code != HT_OK)
        return code;
    if (!run->opt.json) {
        ht_print("%d credential%s removed\n", creds->nelts,
                 creds->nelts == 1 ? "" : "s");
        return HT_OK;
    }
    list = json_array();
    for (i = 0; i < creds->nelts; i++)
        json_array_append_new(list, ht_json_of(&APR_ARRAY_IDX(creds, i,
                                                              as_cred),
                                               run->pool));
    return ht_print_json(list);
}

/* ---- a user ---------------------------------------------------------- */

/* The name as it was typed: a store may hold names that no verb makes. */
int ht_find_user(ht_run *run, apr_array_header_t *creds)
{
    const ht_filter filter = { .user = run->words[0],
                               .realm = run->opt.realm };
    int code = run->store->backend->begin(run->store, 1);

    if (code == HT_OK)
        code = run->store->backend->find(run->store, creds, &filter);
    if (code != HT_OK)
        return code;
    if (creds->nelts == 0)
        return ht_error(HT_NO, "there is no user %s%s%s", run->words[0],
                        run->opt.realm ? " in " : "",
                        run->opt.realm ? run->opt.realm : "");
    return HT_OK;
}

static int run_user(ht_run *run)
{
    apr_array_header_t *creds = apr_array_make(run->pool, 8, sizeof(as_cred));
    int code = ht_find_user(run, creds);

    return code == HT_OK ? drop_and_tell(run, creds) : code;
}

static const ht_option user_options[] = {
    { "realm", 0, "REALM", HT_TEXT, FIELD(realm), NULL,
      "what the user has for this realm alone" },
    { NULL, 0, NULL, HT_FLAG, 0, NULL, NULL }
};

const ht_verb ht_verb_remove_user = {
    .name = "remove user",
    .words = "NAME",
    .least = 1,
    .most = 1,
    .summary = "a user's passwords, tokens and keys, all of them",
    .about =
        "A HOBA key that is removed can be registered again: hoba revoke it\n"
        "where that matters.\n",
    .options = user_options,
    .run = run_user,
};

/* ---- one thing by its id --------------------------------------------- */

static int remove_one(ht_run *run, unsigned int kinds)
{
    apr_array_header_t *creds = apr_array_make(run->pool, 1, sizeof(as_cred));
    int code = run->store->backend->begin(run->store, 1);

    if (code == HT_OK)
        code = ht_find_one(apr_array_push(creds), run, kinds, run->words[0]);
    return code == HT_OK ? drop_and_tell(run, creds) : code;
}

static int run_token(ht_run *run)
{
    return remove_one(run, HT_KIND(AS_CRED_TOKEN));
}

static int run_key(ht_run *run)
{
    return remove_one(run, HT_KIND(AS_CRED_HOBA) | HT_KIND(AS_CRED_AWS4));
}

static int run_invite(ht_run *run)
{
    return remove_one(run, HT_KIND(AS_CRED_INVITE));
}

const ht_verb ht_verb_remove_token = {
    .name = "remove token",
    .words = "ID",
    .least = 1,
    .most = 1,
    .summary = "a bearer token",
    .about = "ID is what list shows; never the token itself.\n",
    .run = run_token,
};

const ht_verb ht_verb_remove_key = {
    .name = "remove key",
    .words = "ID",
    .least = 1,
    .most = 1,
    .summary = "an AWS or HOBA key",
    .about =
        "ID is what list shows. A HOBA key that is removed can be registered\n"
        "again: hoba revoke it where that matters.\n",
    .run = run_key,
};

const ht_verb ht_verb_remove_invite = {
    .name = "remove invite",
    .words = "ID",
    .least = 1,
    .most = 1,
    .summary = "an invitation to register a HOBA key",
    .about = "ID is what hoba list shows; never the code itself.\n",
    .run = run_invite,
};
