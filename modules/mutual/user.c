/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Whose password it is, and J. For who has none there is one J that nobody
 * knows the password of: the exchange goes the same way, costs the same and
 * looks the same, because our part of it is random in every exchange.
 */
#include "httpd.h"

#include "glue.h"
#include "text.h"

typedef struct prepared {
    as_mutual_group *group;
    char nobodys[AS_MUTUAL_HEX_MAX + 1]; /* J, as it would be stored */
} prepared;

static prepared groups[AS_MUTUAL_ALGS]; /* read only after the start */

/* ---- groups ---------------------------------------------------------- */

static apr_status_t forget_groups(void *unused)
{
    int i;

    (void)unused;
    for (i = 0; i < AS_MUTUAL_ALGS; i++)
        as_mutual_group_free(groups[i].group);
    memset(groups, 0, sizeof(groups));
    return APR_SUCCESS;
}

/* The exponent is thrown away. */
static apr_status_t prepare(prepared *made, const as_mutual_alg *alg)
{
    unsigned char secret[AS_MUTUAL_LEN_MAX];
    as_span octets = { (const char *)secret, alg->len };
    apr_status_t rv = APR_EGENERAL;

    made->group = as_mutual_group_make(alg);
    if (made->group)
        rv = as_mutual_secret(secret, made->group);
    if (rv == APR_SUCCESS)
        rv = as_mutual_power_hex(made->nobodys, made->group, octets);
    as_wipe(secret, sizeof(secret));
    return rv;
}

apr_status_t mutual_groups_make(apr_pool_t *pconf)
{
    apr_status_t rv = APR_SUCCESS;
    int i;

    apr_pool_cleanup_register(pconf, NULL, forget_groups,
                              apr_pool_cleanup_null);
    for (i = 0; rv == APR_SUCCESS && i < AS_MUTUAL_ALGS; i++)
        rv = prepare(&groups[i], as_mutual_alg_at(i));
    return rv;
}

static const prepared *prepared_for(const as_mutual_alg *alg)
{
    return &groups[alg - as_mutual_alg_at(0)];
}

const as_mutual_group *mutual_group_of(const as_mutual_alg *alg)
{
    return prepared_for(alg)->group;
}

/* ---- users ----------------------------------------------------------- */

static int is_name(as_span user)
{
    return user.len > 0 && user.len <= MUTUAL_USER_MAX && as_text_is_utf8(user)
           && !as_text_has_controls(user)
           && (user.len < 3 || memcmp(user.at, "\xef\xbb\xbf", 3) != 0);
}

static apr_status_t look_up(mutual_try *t, request_rec *r)
{
    const as_store *store = as_store_get();

    t->cred = NULL;
    if (!store)
        return APR_ENOTIMPL;
    if (!is_name(as_span_of(t->user)))
        return APR_NOTFOUND;
    return store->find(&t->cred, r, AS_CRED_MUTUAL, t->user, as_realm(r),
                       t->place.scope, t->place.alg->name);
}

static void take_print(mutual_try *t, as_span hex)
{
    memcpy(t->print.digits, hex.at + hex.len - MUTUAL_PRINT_LEN,
           MUTUAL_PRINT_LEN);
}

/* J of the record; of one that is damaged, or of nobody, another. */
static as_span choose(mutual_try *t)
{
    apr_size_t len = 2 * t->place.alg->len;

    t->is_damaged = t->cred && t->cred->value.len != len;
    if (t->cred && !t->is_damaged)
        return t->cred->value;
    return (as_span){ prepared_for(t->place.alg)->nobodys, len };
}

as_verdict mutual_find_user(as_mutual_element **j, mutual_try *t,
                            request_rec *r, as_attempt *attempt)
{
    apr_status_t rv = look_up(t, r);
    as_span hex;

    if (rv == APR_ENOTIMPL)
        return as_break(attempt, "Mutual needs AuthCredentials");
    if (rv != APR_SUCCESS && rv != APR_NOTFOUND)
        return as_fail(attempt, rv, "cannot reach the credential store");
    hex = choose(t);
    take_print(t, hex);
    if (!j)
        return AS_GRANTED;
    *j = as_mutual_verifier_read(t->group, hex);
    if (*j)
        return AS_GRANTED;
    t->is_damaged = 1;
    hex = (as_span){ prepared_for(t->place.alg)->nobodys, hex.len };
    *j = as_mutual_verifier_read(t->group, hex);
    return *j ? AS_GRANTED
              : as_break(attempt, "OpenSSL can not compute in the group");
}
