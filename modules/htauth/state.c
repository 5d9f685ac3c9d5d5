/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * state - who may not sign in for a while, and who may again. The records
 * stay where they are.
 *
 * What waits for approval is left alone: a disabled key that was never
 * approved would come back approved. Invitations come back by no verb, since
 * the store does not tell a used one from a revoked one.
 */
#include <stddef.h>

#include <jansson.h>

#include "cred.h"
#include "htauth.h"

#define FIELD(name) offsetof(ht_options, name)
#define KEYS (HT_KIND(AS_CRED_HOBA) | HT_KIND(AS_CRED_AWS4))

static int can_change(const as_cred *cred, as_cred_state state)
{
    if (cred->kind == AS_CRED_INVITE && state == AS_CRED_ACTIVE)
        return 0;
    return cred->state != AS_CRED_PENDING && cred->state != state;
}

static int count_of(const apr_array_header_t *creds, unsigned int kinds,
                    as_cred_state state)
{
    int count = 0, i;

    for (i = 0; i < creds->nelts; i++) {
        const as_cred *cred = &APR_ARRAY_IDX(creds, i, as_cred);

        count += (HT_KIND(cred->kind) & kinds) && cred->state == state;
    }
    return count;
}

/* Sets what can be set of creds, all in one step; done has those. */
static int set_all(ht_run *run, apr_array_header_t *creds,
                   apr_array_header_t *done, as_cred_state state)
{
    const ht_backend *backend = run->store->backend;
    int code = HT_OK, i;

    for (i = 0; code == HT_OK && i < creds->nelts; i++) {
        as_cred *cred = &APR_ARRAY_IDX(creds, i, as_cred);

        if (!can_change(cred, state))
            continue;
        cred->state = state;
        code = backend->put(run->store, cred);
        *(as_cred *)apr_array_push(done) = *cred;
    }
    return code == HT_OK && done->nelts ? backend->commit(run->store) : code;
}

static int tell(ht_run *run, apr_array_header_t *done, as_cred_state state)
{
    const char *word = state == AS_CRED_ACTIVE ? "enabled" : "disabled";

    if (done->nelts == 0 && run->opt.json)
        return ht_print_json(json_array());
    if (done->nelts == 0) {
        ht_print("nothing to do: %s already\n", word);
        return HT_OK;
    }
    if (!run->opt.json)
        ht_print("%d credential%s %s\n", done->nelts,
                 done->nelts == 1 ? "" : "s", word);
    return ht_show(run, done);
}

/* ---- a user ---------------------------------------------------------- */

#define ALL (~0u)
#define NOT_INVITES (ALL & ~HT_KIND(AS_CRED_INVITE))

/* What --realm does not reach: good for every realm, so for this one too. */
static int count_elsewhere(int *count, ht_run *run)
{
    apr_array_header_t *creds = apr_array_make(run->pool, 4, sizeof(as_cred));
    const ht_filter filter = { .user = run->words[0], .realm = "" };
    int code = HT_OK;

    if (run->opt.realm && *run->opt.realm)
        code = run->store->backend->find(run->store, creds, &filter);
    *count = count_of(creds, ALL, AS_CRED_ACTIVE);
    return code;
}

static void note_waiting(const apr_array_header_t *creds)
{
    int waiting = count_of(creds, ALL, AS_CRED_PENDING);

    if (waiting)
        ht_note("Left alone, since %d wait%s for approval: see htauth hoba "
                "list --state pending", waiting, waiting == 1 ? "s" : "");
}

static int disable_user(ht_run *run)
{
    apr_array_header_t *creds = apr_array_make(run->pool, 8, sizeof(as_cred));
    apr_array_header_t *done = apr_array_make(run->pool, 8, sizeof(as_cred));
    int elsewhere = 0, code = ht_find_user(run, creds);

    if (code == HT_OK)
        code = count_elsewhere(&elsewhere, run);
    if (code == HT_OK)
        code = set_all(run, creds, done, AS_CRED_REVOKED);
    if (code == HT_OK)
        code = tell(run, done, AS_CRED_REVOKED);
    if (code != HT_OK)
        return code;
    note_waiting(creds);
    if (elsewhere)
        ht_note("Left alone, since %s good for every realm: %d of %s",
                elsewhere == 1 ? "it is" : "they are", elsewhere,
                run->words[0]);
    if (count_of(done, HT_KIND(AS_CRED_INVITE), AS_CRED_REVOKED))
        ht_note("Invitations do not come back by htauth enable: make new "
                "ones.");
    return HT_OK;
}

/* A key that was revoked by itself looks like one that went with its user. */
static void note_keys(const apr_array_header_t *done)
{
    if (count_of(done, KEYS, AS_CRED_ACTIVE))
        ht_note("Each key that was revoked by itself is enabled, too. To end "
                "it: htauth disable key ID");
}

static int enable_user(ht_run *run)
{
    apr_array_header_t *creds = apr_array_make(run->pool, 8, sizeof(as_cred));
    apr_array_header_t *done = apr_array_make(run->pool, 8, sizeof(as_cred));
    int code = ht_find_user(run, creds);

    if (code == HT_OK)
        code = set_all(run, creds, done, AS_CRED_ACTIVE);
    if (code != HT_OK)
        return code;
    note_waiting(creds);
    if (!count_of(creds, NOT_INVITES, AS_CRED_ACTIVE))
        return ht_error(HT_NO, "%s has nothing that can be enabled",
                        run->words[0]);
    code = tell(run, done, AS_CRED_ACTIVE);
    note_keys(done);
    return code;
}

static const ht_option user_options[] = {
    { "realm", 0, "REALM", HT_TEXT, FIELD(realm), NULL,
      "what the user has for this realm alone" },
    { NULL, 0, NULL, HT_FLAG, 0, NULL, NULL }
};

const ht_verb ht_verb_disable_user = {
    .name = "disable user",
    .words = "NAME",
    .least = 1,
    .most = 1,
    .summary = "refuse a user's passwords, tokens, keys",
    .about =
        "httpd refuses them from the next request on, in sessions as well. They\n"
        "stay in the store for htauth enable user; invitations do not come\n"
        "back. Keys that wait for approval go on waiting. A new password, token\n"
        "or key of a disabled user is good.\n",
    .options = user_options,
    .run = disable_user,
};

const ht_verb ht_verb_enable_user = {
    .name = "enable user",
    .words = "NAME",
    .least = 1,
    .most = 1,
    .summary = "undo disable user",
    .about =
        "Everything of the user that is revoked is good again, keys that were\n"
        "revoked by themselves included. Not so invitations, and keys that\n"
        "wait for approval: they go on waiting for htauth hoba approve.\n",
    .options = user_options,
    .run = enable_user,
};

/* ---- a key ----------------------------------------------------------- */

static int find_key(apr_array_header_t *creds, ht_run *run)
{
    int code = run->store->backend->begin(run->store, 1);

    return code == HT_OK ? ht_find_one(apr_array_push(creds), run, KEYS,
                                       run->words[0])
                         : code;
}

static int set_key(ht_run *run, as_cred_state state)
{
    apr_array_header_t *creds = apr_array_make(run->pool, 1, sizeof(as_cred));
    apr_array_header_t *done = apr_array_make(run->pool, 1, sizeof(as_cred));
    int code = find_key(creds, run);

    if (code == HT_OK && count_of(creds, KEYS, AS_CRED_PENDING))
        return ht_error(HT_NO, "the key waits for approval: htauth hoba "
                        "approve lets it sign in, hoba revoke never");
    if (code == HT_OK)
        code = set_all(run, creds, done, state);
    return code == HT_OK ? tell(run, done, state) : code;
}

static int disable_key(ht_run *run)
{
    return set_key(run, AS_CRED_REVOKED);
}

static int enable_key(ht_run *run)
{
    return set_key(run, AS_CRED_ACTIVE);
}

const ht_verb ht_verb_disable_key = {
    .name = "disable key",
    .words = "ID",
    .least = 1,
    .most = 1,
    .summary = "refuse an AWS or HOBA key",
    .about =
        "ID is what list shows. The key stays in the store for htauth enable\n"
        "key.\n",
    .run = disable_key,
};

const ht_verb ht_verb_enable_key = {
    .name = "enable key",
    .words = "ID",
    .least = 1,
    .most = 1,
    .summary = "undo disable key, or hoba revoke",
    .about =
        "ID is what list shows. A key that waits for approval goes on waiting\n"
        "for htauth hoba approve.\n",
    .run = enable_key,
};
