/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * hoba - keys that clients registered: which there are, whether they may sign
 * in, and invitations to register one.
 *
 * A key is revoked, not removed: who has it could register it again. It stays
 * revoked until htauth enable says otherwise.
 */
#include <stddef.h>

#include <jansson.h>

#include "cred.h"
#include "htauth.h"

#define CODE_OCTETS 16
#define USUAL_EXPIRY "7d"
#define ID_LEAST 6 /* characters of an id that people type */
#define FIELD(name) offsetof(ht_options, name)

/* ---- list ------------------------------------------------------------ */

static int run_list(ht_run *run)
{
    apr_array_header_t *creds = apr_array_make(run->pool, 16,
                                               sizeof(as_cred));
    ht_filter filter = {
        .kinds = HT_KIND(AS_CRED_HOBA) | HT_KIND(AS_CRED_INVITE),
        .user = run->opt.user, .realm = run->opt.realm
    };
    int code = ht_take_state(&filter, run->opt.state);

    if (code == HT_OK)
        code = run->store->backend->begin(run->store, 0);
    if (code == HT_OK)
        code = run->store->backend->find(run->store, creds, &filter);
    return code == HT_OK ? ht_show(run, creds) : code;
}

static const ht_option list_options[] = {
    { "user", 0, "NAME", HT_TEXT, FIELD(user), NULL, "of this user alone" },
    { "realm", 0, "REALM", HT_TEXT, FIELD(realm), NULL, "of this realm alone" },
    { "state", 0, "STATE", HT_TEXT, FIELD(state), NULL,
      "pending, active, revoked" },
    { NULL, 0, NULL, HT_FLAG, 0, NULL, NULL }
};

const ht_verb ht_verb_hoba_list = {
    .name = "hoba list",
    .words = "",
    .summary = "HOBA keys and invitations",
    .about =
        "  htauth hoba list --state pending     what waits for approval\n",
    .options = list_options,
    .run = run_list,
};

/* ---- one key --------------------------------------------------------- */

int ht_find_one(as_cred *cred, ht_run *run, unsigned int kinds,
                const char *id_begins)
{
    apr_array_header_t *found = apr_array_make(run->pool, 2, sizeof(as_cred));
    const ht_filter filter = { .kinds = kinds, .id_begins = id_begins };
    int code;

    if (strlen(id_begins) < ID_LEAST)
        return ht_error(HT_USAGE, "\"%s\" is too short: give at least %d "
                        "characters of the id that list shows", id_begins,
                        ID_LEAST);
    code = run->store->backend->find(run->store, found, &filter);
    if (code != HT_OK)
        return code;
    if (found->nelts == 0)
        return ht_error(HT_NO, "there is none whose id begins with \"%s\"",
                        id_begins);
    if (found->nelts > 1)
        return ht_error(HT_NO, "%d ids begin with \"%s\": give more of it",
                        found->nelts, id_begins);
    *cred = APR_ARRAY_IDX(found, 0, as_cred);
    return HT_OK;
}

static int tell_key(const as_cred *cred, ht_run *run)
{
    if (run->opt.json)
        return ht_print_json(ht_json_of(cred, run->pool));
    ht_print("The key %s of %s in \"%s\" is %s.\n",
             ht_short_id(run->pool, cred), cred->user, cred->realm,
             as_cred_state_name(cred->state));
    return HT_OK;
}

static int set_state(ht_run *run, as_cred *cred, as_cred_state state)
{
    int code;

    cred->state = state;
    code = run->store->backend->put(run->store, cred);
    if (code == HT_OK)
        code = run->store->backend->commit(run->store);
    return code == HT_OK ? tell_key(cred, run) : code;
}

static int find_key(as_cred *cred, ht_run *run)
{
    int code = run->store->backend->begin(run->store, 1);

    return code == HT_OK ? ht_find_one(cred, run, HT_KIND(AS_CRED_HOBA),
                                       run->words[0])
                         : code;
}

/* ---- approve --------------------------------------------------------- */

static int run_approve(ht_run *run)
{
    as_cred cred = { .kind = AS_CRED_HOBA };
    int code = find_key(&cred, run);

    if (code == HT_OK && cred.state == AS_CRED_REVOKED)
        return ht_error(HT_NO, "the key is revoked; htauth enable key takes "
                        "that back");
    if (code == HT_OK && run->opt.user)
        code = ht_name(&cred.user, "the user's name", run->opt.user,
                       run->pool);
    return code == HT_OK ? set_state(run, &cred, AS_CRED_ACTIVE) : code;
}

static const ht_option approve_options[] = {
    { "user", 0, "NAME", HT_TEXT, FIELD(user), NULL, "whose key it is" },
    { NULL, 0, NULL, HT_FLAG, 0, NULL, NULL }
};

const ht_verb ht_verb_hoba_approve = {
    .name = "hoba approve",
    .words = "ID",
    .least = 1,
    .most = 1,
    .summary = "let a key sign in that waits for it",
    .about =
        "ID is what hoba list shows. A key that was registered without a\n"
        "sign-in belongs to a user of the key's own name: say whose it is.\n"
        "\n"
        "  htauth hoba approve 3q2X0aBc91Zd --user alice\n",
    .options = approve_options,
    .run = run_approve,
};

/* ---- revoke ---------------------------------------------------------- */

static int run_revoke(ht_run *run)
{
    as_cred cred = { .kind = AS_CRED_HOBA };
    int code = find_key(&cred, run);

    return code == HT_OK ? set_state(run, &cred, AS_CRED_REVOKED) : code;
}

const ht_verb ht_verb_hoba_revoke = {
    .name = "hoba revoke",
    .words = "ID",
    .least = 1,
    .most = 1,
    .summary = "end a key, its sessions with it",
    .about =
        "ID is what hoba list shows. A revoked key stays in the store, since\n"
        "who has it could register it again.\n",
    .run = run_revoke,
};

/* ---- invite ---------------------------------------------------------- */

static int take_invite(as_cred *cred, ht_run *run)
{
    int code = ht_name(&cred->user, "the user's name", run->words[0],
                       run->pool);

    if (code == HT_OK && run->opt.realm)
        code = ht_name(&cred->realm, "the realm", run->opt.realm, run->pool);
    if (code == HT_OK)
        code = ht_label(&cred->label, run->opt.label, run->pool);
    if (code == HT_OK)
        code = ht_expiry(&cred->expires, run->opt.expires, USUAL_EXPIRY);
    return code;
}

static int run_invite(ht_run *run)
{
    as_cred cred = { .kind = AS_CRED_INVITE, .realm = "", .place = "",
                     .algorithm = "", .value = { "", 0 }, .scope = "",
                     .state = AS_CRED_ACTIVE, .created = ht_now() };
    const char *text;
    json_t *answer;
    int code = take_invite(&cred, run);

    if (code == HT_OK)
        code = ht_secret_make(&text, &cred.id, CODE_OCTETS, run->pool);
    if (code == HT_OK)
        code = ht_add(run, &cred);
    if (code != HT_OK)
        return code;
    if (!run->opt.json) {
        ht_print("%s\n", text);
        ht_note("With this code %s can register one key%s%s.", cred.user,
                cred.expires ? " until " : "",
                cred.expires ? ht_date(run->pool, cred.expires) : "");
        return HT_OK;
    }
    answer = ht_json_of(&cred, run->pool);
    json_object_set_new(answer, "code", json_string(text));
    return ht_print_json(answer);
}

static const ht_option invite_options[] = {
    { "realm", 0, "REALM", HT_TEXT, FIELD(realm), NULL,
      "for this realm alone; else for all" },
    { "expires", 0, "7d", HT_TEXT, FIELD(expires), NULL,
      "90m, 12h, 30d, 8w, 2027-01-31, never (7d)" },
    { "label", 0, "TEXT", HT_TEXT, FIELD(label), NULL,
      "whom it was given to" },
    { NULL, 0, NULL, HT_FLAG, 0, NULL, NULL }
};

const ht_verb ht_verb_hoba_invite = {
    .name = "hoba invite",
    .words = "NAME",
    .least = 1,
    .most = 1,
    .summary = "a code with which a user registers one key",
    .about =
        "The code is the one line of stdout, and is shown this once. It needs\n"
        "HobaRegistration invite in httpd.\n",
    .options = invite_options,
    .run = run_invite,
};
