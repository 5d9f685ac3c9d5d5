/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * list - who can sign in, where, and with what.
 *
 * What a user can do with one password is one row, whatever was derived of it.
 */
#include <stddef.h>
#include <stdlib.h>

#include <jansson.h>

#include "cred.h"
#include "htauth.h"

/* ---- order ----------------------------------------------------------- */

static int compare_texts(const char *a, const char *b)
{
    int order = strcmp(a, b);

    return (order > 0) - (order < 0);
}

static int compare(const void *one, const void *other)
{
    const as_cred *a = one, *b = other;
    int order = compare_texts(a->user, b->user);

    if (!order)
        order = compare_texts(a->realm, b->realm);
    if (!order)
        order = (int)a->kind - (int)b->kind;
    if (!order)
        order = compare_texts(a->place, b->place);
    if (!order)
        order = (a->created > b->created) - (a->created < b->created);
    return order ? order : compare_texts(a->algorithm, b->algorithm);
}

/* ---- rows ------------------------------------------------------------ */

enum { USER, REALM, WHAT, DETAIL, LABEL, ID, STATE, MADE, UNTIL, COLUMNS };

static const char *const titles[COLUMNS] = {
    "USER", "REALM", "WHAT", "DETAILS", "LABEL", "ID", "STATE", "MADE", "UNTIL (UTC)"
};

static const char *state_of(const as_cred *cred)
{
    if (cred->state != AS_CRED_ACTIVE)
        return as_cred_state_name(cred->state);
    return cred->expires && cred->expires <= ht_now() ? "over" : "";
}

/* bcrypt of "$2y$12$...": nothing of the salt or the hash. */
static const char *hash_name(as_span hash)
{
    static const struct {
        const char *begins, *name;
    } names[] = { { "$2", "bcrypt" }, { "$6$", "sha512-crypt" },
                  { "$5$", "sha256-crypt" }, { "$apr1$", "md5 (weak)" },
                  { "{SHA}", "sha1 (weak)" } };
    apr_size_t i;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        apr_size_t len = strlen(names[i].begins);

        if (hash.len >= len && !memcmp(hash.at, names[i].begins, len))
            return names[i].name;
    }
    return "unusable";
}

static const char *detail_of(const as_cred *cred)
{
    if (cred->kind == AS_CRED_PASSWORD)
        return hash_name(cred->value);
    if (cred->kind == AS_CRED_TOKEN)
        return cred->scope;
    return *cred->place ? cred->place : cred->algorithm;
}

static void fill_row(const char **row, const as_cred *cred, apr_pool_t *pool)
{
    row[USER] = cred->user;
    row[REALM] = *cred->realm ? cred->realm : "(all)";
    row[WHAT] = ht_kind_title(cred->kind);
    row[DETAIL] = detail_of(cred);
    row[LABEL] = cred->label;
    row[ID] = ht_short_id(pool, cred);
    row[STATE] = state_of(cred);
    row[MADE] = ht_day(pool, cred->created);
    row[UNTIL] = ht_date(pool, cred->expires);
}

/* The same but for the algorithm, as what one password was made into. */
static int is_like(const as_cred *a, const as_cred *b)
{
    return a->kind == b->kind
           && (a->kind == AS_CRED_DIGEST || a->kind == AS_CRED_MUTUAL)
           && !strcmp(a->user, b->user) && !strcmp(a->realm, b->realm)
           && !strcmp(a->place, b->place) && !strcmp(a->label, b->label)
           && a->state == b->state
           && a->created == b->created && a->expires == b->expires;
}

static const char **last_row(apr_array_header_t *cells)
{
    return (const char **)cells->elts + cells->nelts - COLUMNS;
}

static const char **add_row(apr_array_header_t *cells)
{
    int i;

    for (i = 0; i < COLUMNS; i++)
        *(const char **)apr_array_push(cells) = "";
    return last_row(cells);
}

static void add_algorithm(const char **row, const as_cred *cred,
                          apr_pool_t *pool)
{
    if (cred->kind == AS_CRED_DIGEST)
        row[DETAIL] = apr_pstrcat(pool, row[DETAIL], ", ", cred->algorithm,
                                  NULL);
}

static apr_array_header_t *rows_of(const apr_array_header_t *creds,
                                   apr_pool_t *pool)
{
    apr_array_header_t *cells = apr_array_make(pool, COLUMNS * 16,
                                               sizeof(const char *));
    const as_cred *all = (const as_cred *)creds->elts;
    int i;

    memcpy(add_row(cells), titles, sizeof(titles));
    for (i = 0; i < creds->nelts; i++) {
        if (i > 0 && is_like(&all[i - 1], &all[i])) {
            add_algorithm(last_row(cells), &all[i], pool);
            continue;
        }
        fill_row(add_row(cells), &all[i], pool);
    }
    return cells;
}

/* ---- showing --------------------------------------------------------- */

int ht_show(ht_run *run, apr_array_header_t *creds)
{
    json_t *list;
    int i;

    qsort(creds->elts, (size_t)creds->nelts, sizeof(as_cred), compare);
    if (!run->opt.json && creds->nelts)
        ht_print_table(rows_of(creds, run->pool), COLUMNS, run->pool);
    if (!run->opt.json)
        return creds->nelts ? HT_OK : ht_error(HT_NO, "there is nothing to "
                                               "show");
    list = json_array();
    for (i = 0; i < creds->nelts; i++)
        json_array_append_new(list, ht_json_of(&APR_ARRAY_IDX(creds, i,
                                                              as_cred),
                                               run->pool));
    ht_print_json(list);
    return creds->nelts ? HT_OK : HT_NO;
}

static int drop_living(apr_array_header_t *creds)
{
    as_cred *all = (as_cred *)creds->elts;
    apr_time_t now = ht_now();
    int i, n = 0;

    for (i = 0; i < creds->nelts; i++)
        if (all[i].expires && all[i].expires <= now)
            all[n++] = all[i];
    creds->nelts = n;
    return HT_OK;
}

int ht_take_state(ht_filter *filter, const char *name)
{
    if (!name)
        return HT_OK;
    filter->has_state = as_cred_state_find(&filter->state, as_span_of(name));
    return filter->has_state ? HT_OK
                             : ht_error(HT_USAGE, "--state takes pending, "
                                        "active or revoked");
}

static int take_kind(ht_filter *filter, const char *name)
{
    as_cred_kind kind;

    if (!name)
        return HT_OK;
    kind = as_cred_kind_find(as_span_of(name));
    filter->kinds = HT_KIND(kind);
    return kind != AS_CRED_KINDS
               ? HT_OK
               : ht_error(HT_USAGE, "--kind takes password, digest, mutual, "
                          "aws4, token, hoba or invite");
}

static int run_list(ht_run *run)
{
    apr_array_header_t *creds = apr_array_make(run->pool, 16,
                                               sizeof(as_cred));
    ht_filter filter = { .user = run->opt.user, .realm = run->opt.realm };
    int code = ht_take_state(&filter, run->opt.state);

    if (code == HT_OK)
        code = take_kind(&filter, run->opt.kind);
    if (code == HT_OK)
        code = run->store->backend->begin(run->store, 0);
    if (code == HT_OK)
        code = run->store->backend->find(run->store, creds, &filter);
    if (code == HT_OK && run->opt.expired)
        code = drop_living(creds);
    return code == HT_OK ? ht_show(run, creds) : code;
}

#define FIELD(name) offsetof(ht_options, name)

static const ht_option options[] = {
    { "user", 0, "NAME", HT_TEXT, FIELD(user), NULL, "of this user alone" },
    { "realm", 0, "REALM", HT_TEXT, FIELD(realm), NULL, "of this realm alone" },
    { "kind", 0, "KIND", HT_TEXT, FIELD(kind), NULL,
      "password, digest, mutual, aws4, token, hoba, invite" },
    { "state", 0, "STATE", HT_TEXT, FIELD(state), NULL,
      "pending, active, revoked" },
    { "expired", 0, NULL, HT_FLAG, FIELD(expired), NULL,
      "only those whose time is over" },
    { NULL, 0, NULL, HT_FLAG, 0, NULL, NULL }
};

const ht_verb ht_verb_list = {
    .name = "list",
    .words = "",
    .summary = "who can sign in, and with what",
    .about =
        "One row for each password, token and key. Ids of tokens and keys are\n"
        "cut to what remove and hoba take. Hashes and secrets are not shown.\n",
    .options = options,
    .run = run_list,
};
