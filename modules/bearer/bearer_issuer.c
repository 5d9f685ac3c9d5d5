/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * The BearerIssuer line:
 *
 *     BearerIssuer ISS keys=file:PATH audience=A,B|none [algorithms=A,B]
 *                  [leeway=60] [typ=T,T] [id-tokens=refuse|allow]
 *
 * Everything that can be wrong with it is found here, when httpd starts.
 */
#include "bearer_issuer.h"

#define LIST_MAX 32

/* Kinds of JWT that are never access tokens, RFC 8725 section 3.12. */
static const char *const other_types[] = {
    "dpop+jwt", "logout+jwt", "token-introspection+jwt", "secevent+jwt",
    "id_token+jwt", "oauth-authz-req+jwt", "kb+jwt"
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* "A,B" to a list that ends with NULL; NULL if an element is empty or there
 * are too many. */
static const char *const *split(apr_pool_t *pool, const char *text)
{
    const char **list = apr_pcalloc(pool, (LIST_MAX + 1) * sizeof(*list));
    int n = 0;

    for (;;) {
        apr_size_t len = strcspn(text, ",");

        if (!len || n == LIST_MAX)
            return NULL;
        list[n++] = apr_pstrmemdup(pool, text, len);
        if (!text[len])
            return list;
        text += len + 1;
    }
}

/* ---- one function per option ----------------------------------------- */

static const char *read_keys(bearer_issuer *issuer, apr_pool_t *pool,
                             const char *value)
{
    if (strncmp(value, "https:", 6) == 0)
        return "keys=https: is not available yet: save the issuer's key set "
               "and use keys=file:PATH";
    if (strncmp(value, "file:", 5) != 0 || !value[5])
        return "keys= wants file:PATH";
    issuer->key_file = apr_pstrdup(pool, value + 5);
    return NULL;
}

static const char *read_audience(bearer_issuer *issuer, apr_pool_t *pool,
                                 const char *value)
{
    if (strcmp(value, "none") == 0)
        return NULL;
    issuer->audiences = split(pool, value);
    return issuer->audiences ? NULL : "audience= wants names with commas "
                                      "between them, or none";
}

static const char *read_algorithms(bearer_issuer *issuer, apr_pool_t *pool,
                                   const char *value)
{
    const char *const *names = split(pool, value);
    const as_algorithm **list =
        apr_pcalloc(pool, (LIST_MAX + 1) * sizeof(*list));
    int i;

    if (!names)
        return "algorithms= wants names with commas between them";
    for (i = 0; names[i]; i++) {
        list[i] = as_algorithm_find(as_span_of(names[i]));
        if (!list[i])
            return apr_psprintf(pool, "algorithms=: '%s' is unknown; names are "
                                "as in RS256, PS256, ES256, EdDSA, HS256",
                                names[i]);
        if (as_algorithm_is_symmetric(list[i])
            != as_algorithm_is_symmetric(list[0]))
            return "algorithms= mixes HMACs with public keys: whoever can "
                   "check tokens with the one could make them for the other";
    }
    issuer->algorithms = list;
    return NULL;
}

static const char *read_leeway(bearer_issuer *issuer, apr_pool_t *pool,
                               const char *value)
{
    apr_size_t len = strlen(value);

    (void)pool;
    if (!len || len > 3 || strspn(value, "0123456789") != len
        || apr_atoi64(value) > BEARER_LEEWAY_MAX)
        return "leeway= wants 0 to 300 seconds";
    issuer->leeway = (int)apr_atoi64(value);
    return NULL;
}

static const char *read_typ(bearer_issuer *issuer, apr_pool_t *pool,
                            const char *value)
{
    const char *const *types = split(pool, value);
    apr_size_t k;
    int i;

    if (!types)
        return "typ= wants types with commas between them";
    for (i = 0; types[i]; i++)
        for (k = 0; k < COUNT(other_types); k++)
            if (as_span_is_nocase(as_span_of(types[i]), other_types[k]))
                return apr_psprintf(pool, "typ=: %s is never an access token",
                                    types[i]);
    issuer->types = types;
    issuer->strict = !types[1]
                     && as_span_is_nocase(as_span_of(types[0]), "at+jwt");
    return NULL;
}

static const char *read_id_tokens(bearer_issuer *issuer, apr_pool_t *pool,
                                  const char *value)
{
    (void)pool;
    issuer->id_tokens = strcmp(value, "allow") == 0;
    return issuer->id_tokens || strcmp(value, "refuse") == 0
               ? NULL
               : "id-tokens= is 'refuse' or 'allow'";
}

static const struct {
    const char *name;
    int required;
    const char *(*read)(bearer_issuer *issuer, apr_pool_t *pool,
                        const char *value);
    const char *missing;
} options[] = {
    { "keys", 1, read_keys, "keys=file:PATH is missing" },
    { "audience", 1, read_audience,
      "audience= is missing: name this service as the issuer does, or write "
      "audience=none to take tokens that were made for others" },
    { "algorithms", 0, read_algorithms, NULL },
    { "leeway", 0, read_leeway, NULL },
    { "typ", 0, read_typ, NULL },
    { "id-tokens", 0, read_id_tokens, NULL },
};

static const char *read_option(bearer_issuer *issuer, apr_pool_t *pool,
                               const char *word, int seen[])
{
    const char *equals = strchr(word, '=');
    apr_size_t i;

    for (i = 0; equals && i < COUNT(options); i++) {
        as_span name = { word, (apr_size_t)(equals - word) };

        if (!as_span_is(name, options[i].name))
            continue;
        if (seen[i]++)
            return apr_psprintf(pool, "%s= is given twice", options[i].name);
        return options[i].read(issuer, pool, equals + 1);
    }
    return apr_psprintf(pool, "'%s' is not an option", word);
}

static int has_control(const char *text)
{
    for (; *text; text++)
        if (apr_iscntrl(*text))
            return 1;
    return 0;
}

const char *bearer_issuer_parse(bearer_issuer *issuer, apr_pool_t *pool,
                                int argc, const char *const argv[])
{
    int seen[COUNT(options)] = { 0 }, i;
    apr_size_t k;

    memset(issuer, 0, sizeof(*issuer));
    issuer->leeway = BEARER_LEEWAY;
    if (argc < 1 || !*argv[0] || has_control(argv[0]))
        return "the issuer's name is missing";
    issuer->iss = apr_pstrdup(pool, argv[0]);
    for (i = 1; i < argc; i++) {
        const char *wrong = read_option(issuer, pool, argv[i], seen);

        if (wrong)
            return wrong;
    }
    for (k = 0; k < COUNT(options); k++)
        if (options[k].required && !seen[k])
            return options[k].missing;
    return NULL;
}

/* ---- keys and algorithms --------------------------------------------- */

static const as_algorithm *const *family(apr_pool_t *pool, int symmetric)
{
    const as_algorithm **list =
        apr_pcalloc(pool, (LIST_MAX + 1) * sizeof(*list));
    const as_algorithm *alg;
    int i, n = 0;

    for (i = 0; (alg = as_algorithm_at(i)) && n < LIST_MAX; i++)
        if (as_algorithm_is_symmetric(alg) == symmetric
            && strcmp(as_algorithm_name(alg), "ES256K") != 0)
            list[n++] = alg;
    return list;
}

static int any_fits(const bearer_issuer *issuer, const as_key_set *set)
{
    int i, k;

    for (i = 0; i < set->count; i++)
        for (k = 0; issuer->algorithms[k]; k++)
            if (as_key_fits(set->keys[i], issuer->algorithms[k]))
                return 1;
    return 0;
}

const char *bearer_issuer_use(bearer_issuer *issuer, bearer_keys *keys,
                              apr_pool_t *pool)
{
    const bearer_generation *now = bearer_keys_acquire(keys);
    const char *wrong = NULL;

    issuer->keys = keys;
    if (!issuer->algorithms)
        issuer->algorithms = family(pool, now->symmetric);
    if (as_algorithm_is_symmetric(issuer->algorithms[0]) != now->symmetric)
        wrong = now->symmetric
                    ? "the file holds secrets, but algorithms= names no HMAC"
                    : "algorithms= names HMACs, but the file holds public keys";
    else if (!any_fits(issuer, &now->set))
        wrong = "no key in the file fits an algorithm of algorithms=";
    bearer_keys_release(keys, now);
    return wrong;
}

const as_algorithm *bearer_issuer_algorithm(const bearer_issuer *issuer,
                                            as_span name)
{
    int i;

    for (i = 0; issuer->algorithms[i]; i++)
        if (as_span_is(name, as_algorithm_name(issuer->algorithms[i])))
            return issuer->algorithms[i];
    return NULL;
}
