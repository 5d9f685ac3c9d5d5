/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * user - a password, and at once everything that is derived of it: a hash for
 * Basic, H(A1) for Digest, J(pi) for Mutual. What the user had in that realm
 * goes in the same step, so that no old password goes on working.
 */
#include <stddef.h>
#include <stdlib.h>

#include <jansson.h>

#include "digest_hash.h"
#include "htauth.h"
#include "mutual_scope.h"
#include "mutual_verifier.h"
#include "password.h"
#include "secret.h"

#define NONE "none"

typedef struct derivation {
    ht_run *run;
    const char *user;
    const char *realm;
    const char *place; /* auth-scope */
    const as_password_scheme *scheme; /* NULL: no hash */
    unsigned int cost;
    char password[HT_PASSWORD_ROOM];
    apr_array_header_t *creds; /* of as_cred */
} derivation;

/* ---- what is wanted -------------------------------------------------- */

static int is_none(const apr_array_header_t *list)
{
    return list && list->nelts == 1
           && !strcmp(APR_ARRAY_IDX(list, 0, const char *), NONE);
}

static int is_digest(as_span word)
{
    const as_digest_alg *alg = as_digest_alg_find(word);

    return as_span_is(word, NONE) || (alg && !alg->is_session);
}

static int is_mutual(as_span word)
{
    return as_mutual_alg_find(word) != NULL;
}

static apr_array_header_t *list_of(apr_pool_t *pool, const char *first,
                                   const char *second)
{
    apr_array_header_t *list = apr_array_make(pool, 2, sizeof(const char *));

    *(const char **)apr_array_push(list) = first;
    if (second)
        *(const char **)apr_array_push(list) = second;
    return list;
}

static void set_defaults(ht_run *run)
{
    ht_options *opt = &run->opt;

    if (!opt->digest && opt->realm)
        opt->digest = list_of(run->pool, "SHA-256", "SHA-512-256");
    if (!opt->mutual && opt->auth_scope)
        opt->mutual = list_of(run->pool, as_mutual_alg_at(0)->name, NULL);
    if (is_none(opt->digest))
        opt->digest = NULL;
}

static int choose_hash(derivation *d)
{
    const char *name = d->run->opt.hash ? d->run->opt.hash : "bcrypt";
    const char *cost = d->run->opt.cost;
    char *end = NULL;
    long number = 0;

    if (!strcmp(name, NONE))
        return cost ? ht_error(HT_USAGE, "--cost needs a --hash") : HT_OK;
    d->scheme = as_password_scheme_find(as_span_of(name));
    if (!d->scheme)
        return ht_error(HT_USAGE, "--hash takes bcrypt, sha512-crypt or none");
    d->cost = d->scheme->usual;
    if (!cost)
        return HT_OK;
    number = strtol(cost, &end, 10);
    if (!apr_isdigit(*cost) || *end || number < (long)d->scheme->least
        || number > (long)d->scheme->most)
        return ht_error(HT_USAGE, "--cost of %s is %u to %u; %u is usual",
                        name, d->scheme->least, d->scheme->most,
                        d->scheme->usual);
    d->cost = (unsigned int)number;
    return HT_OK;
}

/* ---- names ----------------------------------------------------------- */

static int take_realm(derivation *d)
{
    const ht_options *opt = &d->run->opt;

    d->realm = "";
    if (opt->realm)
        return ht_name(&d->realm, "the realm", opt->realm, d->run->pool);
    if (is_none(opt->digest) && !opt->auth_scope && !opt->mutual)
        return HT_OK;
    return ht_error(HT_USAGE, "--realm is missing: it is the AuthName of the "
                    "place to sign in to. A password without one (--digest "
                    "none) is good for Basic everywhere");
}

static int take_place(derivation *d)
{
    const ht_options *opt = &d->run->opt;

    d->place = opt->auth_scope ? opt->auth_scope : "";
    if (opt->mutual && !opt->auth_scope)
        return ht_error(HT_USAGE, "--mutual needs --auth-scope");
    if (opt->auth_scope
        && !as_mutual_scope_fits(as_span_of(opt->auth_scope)))
        return ht_error(HT_USAGE, "--auth-scope takes https://www.example.com "
                        "(with :PORT if it is not the usual one), "
                        "www.example.com or *.example.com, in lower case");
    return HT_OK;
}

static int take_arguments(derivation *d)
{
    ht_run *run = d->run;
    int code = ht_name(&d->user, "the user's name", run->words[0], run->pool);

    if (code == HT_OK)
        code = take_realm(d);
    if (code == HT_OK)
        code = take_place(d);
    if (code == HT_OK)
        code = choose_hash(d);
    if (code != HT_OK)
        return code;
    set_defaults(run);
    if (!d->scheme && !run->opt.digest && !run->opt.mutual)
        return ht_error(HT_USAGE, "nothing is left to make of the password");
    return HT_OK;
}

static int take_password(derivation *d)
{
    const char *whose = *d->realm
                            ? apr_psprintf(d->run->pool, "%s in \"%s\"",
                                           d->user, d->realm)
                            : d->user;
    int code = ht_password_read(d->password, whose);

    if (code == HT_OK && d->scheme
        && strlen(d->password) > d->scheme->longest)
        return ht_error(HT_NO, "the password has more than %d octets, which "
                        "%s does not tell apart: use --hash sha512-crypt",
                        (int)d->scheme->longest, d->scheme->name);
    return code;
}

/* ---- deriving -------------------------------------------------------- */

static as_cred *add_cred(derivation *d, as_cred_kind kind,
                         const char *algorithm, const char *value)
{
    as_cred *cred = apr_array_push(d->creds);

    *cred = (as_cred){ .kind = kind, .id = d->user, .user = d->user,
                       .realm = d->realm, .place = "", .algorithm = algorithm,
                       .value = as_span_of(value), .label = "", .scope = "",
                       .state = AS_CRED_ACTIVE, .created = ht_now() };
    return cred;
}

static int derive_hash(derivation *d)
{
    const char *hash;

    if (!d->scheme)
        return HT_OK;
    if (as_password_hash(&hash, d->scheme, d->cost, d->password,
                         d->run->pool) != APR_SUCCESS)
        return ht_error(HT_SYSTEM, "%s could not be computed",
                        d->scheme->name);
    add_cred(d, AS_CRED_PASSWORD, "", hash);
    return HT_OK;
}

static int derive_digest(derivation *d, const char *name)
{
    const as_digest_alg *alg = as_digest_alg_find(as_span_of(name));
    const as_span parts[] = { as_span_of(d->user), as_span_of(d->realm),
                              as_span_of(d->password) };
    char hex[AS_DIGEST_HEX_MAX + 1];

    if (!alg)
        return ht_error(HT_USAGE, "\"" NONE "\" goes with no other --digest");
    if (as_digest_hash(hex, alg, parts, 3) != APR_SUCCESS)
        return ht_error(HT_SYSTEM, "this OpenSSL has no %s", alg->base);
    add_cred(d, AS_CRED_DIGEST, alg->base, apr_pstrdup(d->run->pool, hex));
    as_wipe(hex, sizeof(hex));
    return HT_OK;
}

static int derive_mutual(derivation *d, const char *name)
{
    const as_mutual_alg *alg = as_mutual_alg_find(as_span_of(name));
    const as_mutual_user user = { as_span_of(d->place), as_span_of(d->realm),
                                  as_span_of(d->user),
                                  as_span_of(d->password) };
    char hex[AS_MUTUAL_HEX_MAX + 1];

    if (as_mutual_verifier(hex, alg, &user) != APR_SUCCESS)
        return ht_error(HT_SYSTEM, "%s could not be computed", alg->name);
    add_cred(d, AS_CRED_MUTUAL, alg->name, apr_pstrdup(d->run->pool, hex))
        ->place = d->place;
    as_wipe(hex, sizeof(hex));
    return HT_OK;
}

static int derive_list(derivation *d, const apr_array_header_t *names,
                       int (*derive)(derivation *, const char *))
{
    int code = HT_OK, i;

    for (i = 0; names && code == HT_OK && i < names->nelts; i++)
        code = derive(d, APR_ARRAY_IDX(names, i, const char *));
    return code;
}

static int derive_all(derivation *d)
{
    int code = derive_hash(d);

    if (code == HT_OK)
        code = derive_list(d, d->run->opt.digest, derive_digest);
    if (code == HT_OK)
        code = derive_list(d, d->run->opt.mutual, derive_mutual);
    return code;
}

/* ---- storing --------------------------------------------------------- */

/* Changes all of the user's passwords in the realm, or none. */
static int store_all(const derivation *d, apr_array_header_t *old)
{
    ht_store *store = d->run->store;
    const ht_filter filter = { .kinds = HT_PASSWORDS, .user = d->user,
                               .realm = d->realm };
    int i, code = store->backend->begin(store, 1);

    if (code == HT_OK)
        code = store->backend->find(store, old, &filter);
    for (i = 0; code == HT_OK && i < old->nelts; i++)
        code = store->backend->drop(store, &APR_ARRAY_IDX(old, i, as_cred));
    for (i = 0; code == HT_OK && i < d->creds->nelts; i++)
        code = store->backend->put(store,
                                   &APR_ARRAY_IDX(d->creds, i, as_cred));
    return code == HT_OK ? store->backend->commit(store) : code;
}

/* ---- telling --------------------------------------------------------- */

static int is_made_anew(const derivation *d, const as_cred *old)
{
    int i;

    for (i = 0; i < d->creds->nelts; i++) {
        const as_cred *cred = &APR_ARRAY_IDX(d->creds, i, as_cred);

        if (cred->kind == old->kind && !strcmp(cred->place, old->place)
            && !strcmp(cred->algorithm, old->algorithm))
            return 1;
    }
    return 0;
}

/* What the user can no longer do has to be said. */
static void tell_losses(const derivation *d, const apr_array_header_t *old)
{
    int i;

    for (i = 0; i < old->nelts; i++) {
        const as_cred *cred = &APR_ARRAY_IDX(old, i, as_cred);

        if (!is_made_anew(d, cred))
            ht_note("Removed, since it held the old password: %s %s%s%s",
                    ht_kind_title(cred->kind), cred->algorithm,
                    *cred->place ? " for " : "", cred->place);
    }
}

static void print_list(const char *title, const apr_array_header_t *names,
                       const char *place)
{
    int i;

    if (!names)
        return;
    ht_print("  %-7s ", title);
    for (i = 0; i < names->nelts; i++)
        ht_print("%s%s", i ? ", " : "", APR_ARRAY_IDX(names, i, const char *));
    ht_print("%s%s\n", *place ? " for " : "", place);
}

static int print_result(const derivation *d)
{
    if (*d->realm)
        ht_print("%s can sign in to \"%s\" with\n", d->user, d->realm);
    else
        ht_print("%s can sign in to every realm with\n", d->user);
    if (d->scheme)
        ht_print("  %-7s %s, cost %u\n", "Basic", d->scheme->name, d->cost);
    print_list("Digest", d->run->opt.digest, "");
    print_list("Mutual", d->run->opt.mutual, d->place);
    return HT_OK;
}

static int print_result_json(const derivation *d)
{
    json_t *list = json_array();
    int i;

    for (i = 0; i < d->creds->nelts; i++)
        json_array_append_new(list, ht_json_of(&APR_ARRAY_IDX(d->creds, i,
                                                              as_cred),
                                               d->run->pool));
    return ht_print_json(list);
}

static int set_password(derivation *d)
{
    apr_array_header_t *old = apr_array_make(d->run->pool, 4, sizeof(as_cred));
    int code = take_password(d);

    if (code == HT_OK)
        code = derive_all(d);
    as_wipe(d->password, sizeof(d->password));
    if (code == HT_OK)
        code = store_all(d, old);
    if (code != HT_OK)
        return code;
    tell_losses(d, old);
    return d->run->opt.json ? print_result_json(d) : print_result(d);
}

static int run_user(ht_run *run)
{
    derivation d = { .run = run };
    int code = take_arguments(&d);

    d.creds = apr_array_make(run->pool, 4, sizeof(as_cred));
    if (code == HT_OK) /* before anybody types a password for nothing */
        code = run->store->backend->look(run->store);
    return code == HT_OK ? set_password(&d) : code;
}

/* ---- the verb -------------------------------------------------------- */

#define FIELD(name) offsetof(ht_options, name)

static const ht_option options[] = {
    { "realm", 0, "REALM", HT_TEXT, FIELD(realm), NULL,
      "the AuthName of the place to sign in to" },
    { "hash", 0, "NAME", HT_TEXT, FIELD(hash), NULL,
      "for Basic: bcrypt (usual), sha512-crypt, none" },
    { "cost", 0, "N", HT_TEXT, FIELD(cost), NULL,
      "bcrypt: 4 to 17 (12); sha512-crypt: rounds (100000)" },
    { "digest", 0, "ALG ...", HT_LIST, FIELD(digest), is_digest,
      "SHA-256 and SHA-512-256 (usual), MD5, none" },
    { "auth-scope", 0, "SCOPE", HT_TEXT, FIELD(auth_scope), NULL,
      "for Mutual: https://www.example.com" },
    { "mutual", 0, "ALG ...", HT_LIST, FIELD(mutual), is_mutual,
      "iso-kam3-ec-p256-sha256 (usual with --auth-scope)" },
    { NULL, 0, NULL, HT_FLAG, 0, NULL, NULL }
};

const ht_verb ht_verb_user = {
    .name = "user",
    .words = "NAME",
    .least = 1,
    .most = 1,
    .summary = "set a user's password",
    .about =
        "The password is asked for twice, or is one line of stdin. All that\n"
        "servers need of it is derived at once and takes the place of what\n"
        "the user had in that realm. The password itself is kept nowhere.\n"
        "\n"
        "  htauth user alice --realm Documents\n"
        "  pwgen 20 1 | htauth user robot --realm Documents\n",
    .options = options,
    .run = run_user,
};
