/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Password hashes. libxcrypt and apr-util compute them; what is here decides
 * whether a stored text is a hash at all, because both take texts that nobody
 * should sign in with, and bounds what it may cost, because both would compute
 * for hours if a line says so.
 */
#include <crypt.h>
#include <stdlib.h>

#include "apr_md5.h"
#include "apr_sha1.h"

#include "password.h"
#include "secret.h"

#define HASH_MAX 128 /* $6$rounds=5000000$, 16 of salt, $, 86 of hash */
#define COST_BITS 24 /* of an effort */

#define CRYPT64 "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define BASE64 "+/0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

/* ---- reading a hash -------------------------------------------------- */

static int consists_of(as_span text, const char *letters)
{
    apr_size_t i;

    for (i = 0; i < text.len; i++)
        if (!text.at[i] || !strchr(letters, text.at[i]))
            return 0;
    return 1;
}

static int take(as_span *rest, const char *prefix)
{
    apr_size_t len = strlen(prefix);

    if (rest->len < len || memcmp(rest->at, prefix, len) != 0)
        return 0;
    *rest = (as_span){ rest->at + len, rest->len - len };
    return 1;
}

/* One to eight digits without a leading zero. */
static int take_number(unsigned int *number, as_span *rest)
{
    apr_size_t n = 0;

    *number = 0;
    while (n < rest->len && n < 9 && apr_isdigit(rest->at[n]))
        *number = *number * 10 + (unsigned int)(rest->at[n++] - '0');
    if (n == 0 || n == 9 || rest->at[0] == '0')
        return 0;
    *rest = (as_span){ rest->at + n, rest->len - n };
    return 1;
}

/* salt "$" hash, the hash of that many letters */
static int is_salted(as_span rest, apr_size_t salt_max, apr_size_t hash_len)
{
    const char *end = rest.len ? memchr(rest.at, '$', rest.len) : NULL;
    as_span salt, hash;

    if (!end)
        return 0;
    salt = (as_span){ rest.at, (apr_size_t)(end - rest.at) };
    hash = (as_span){ end + 1, rest.len - salt.len - 1 };
    return salt.len >= 1 && salt.len <= salt_max && consists_of(salt, CRYPT64)
           && hash.len == hash_len && consists_of(hash, CRYPT64);
}

/* two digits "$" 22 of salt and 31 of hash */
static int parse_bcrypt(unsigned int *cost, as_span rest)
{
    if (rest.len != 2 + 1 + 22 + 31 || !apr_isdigit(rest.at[0])
        || !apr_isdigit(rest.at[1]) || rest.at[2] != '$')
        return 0;
    *cost = (unsigned int)((rest.at[0] - '0') * 10 + rest.at[1] - '0');
    return consists_of((as_span){ rest.at + 3, rest.len - 3 }, CRYPT64);
}

/* [ "rounds=" number "$" ] salt "$" hash */
static int parse_sha(unsigned int *cost, as_span rest, apr_size_t hash_len)
{
    *cost = 5000;
    if (take(&rest, "rounds=")
        && (!take_number(cost, &rest) || !take(&rest, "$")))
        return 0;
    return is_salted(rest, 16, hash_len);
}

static int parse_sha256(unsigned int *cost, as_span rest)
{
    return parse_sha(cost, rest, 43);
}

static int parse_sha512(unsigned int *cost, as_span rest)
{
    return parse_sha(cost, rest, 86);
}

static int parse_apr1(unsigned int *cost, as_span rest)
{
    *cost = 0;
    return is_salted(rest, 8, 22);
}

/* 20 octets in base64 */
static int parse_sha1(unsigned int *cost, as_span rest)
{
    *cost = 0;
    return rest.len == 28 && rest.at[27] == '='
           && consists_of((as_span){ rest.at, 27 }, BASE64);
}

/* ---- hashes that no password is right for ---------------------------- */

static void imitate_bcrypt(char *hash, unsigned int cost)
{
    apr_snprintf(hash, HASH_MAX, "$2y$%02u$%022d%031d", cost, 0, 0);
}

static void imitate_sha256(char *hash, unsigned int cost)
{
    apr_snprintf(hash, HASH_MAX, "$5$rounds=%u$%016d$%043d", cost, 0, 0);
}

static void imitate_sha512(char *hash, unsigned int cost)
{
    apr_snprintf(hash, HASH_MAX, "$6$rounds=%u$%016d$%086d", cost, 0, 0);
}

static void imitate_apr1(char *hash, unsigned int cost)
{
    (void)cost;
    apr_snprintf(hash, HASH_MAX, "$apr1$%08d$%022d", 0, 0);
}

static void imitate_sha1(char *hash, unsigned int cost)
{
    (void)cost;
    apr_snprintf(hash, HASH_MAX, "{SHA}%027d=", 0);
}

/* ---- computing ------------------------------------------------------- */

/* Out of a thread's stack: crypt_data has 32 kB. */
static int compute_crypt(char *out, const char *hash, const char *password)
{
    struct crypt_data *data = calloc(1, sizeof(*data));
    const char *made = data ? crypt_rn(password, hash, data, sizeof(*data))
                            : NULL;
    int ok = made && strlen(made) < HASH_MAX;

    if (ok)
        apr_cpystrn(out, made, HASH_MAX);
    if (data)
        as_wipe(data, sizeof(*data));
    free(data);
    return ok;
}

static int compute_apr1(char *out, const char *hash, const char *password)
{
    return apr_md5_encode(password, hash, out, HASH_MAX) == APR_SUCCESS;
}

static int compute_sha1(char *out, const char *hash, const char *password)
{
    (void)hash;
    apr_sha1_base64(password, (int)strlen(password), out);
    return 1;
}

/* ---- the schemes ----------------------------------------------------- */

/* bcrypt: 4 to 17 is what htpasswd makes; 17 takes seconds. */
static const as_password_scheme schemes[] = {
    { "bcrypt", 72, 4, 12, 17, "$2y$", parse_bcrypt, imitate_bcrypt,
      compute_crypt },
    { "sha512-crypt", AS_PASSWORD_MAX, 1000, 100000, 5000000, "$6$",
      parse_sha512, imitate_sha512, compute_crypt },
    { "sha256-crypt", AS_PASSWORD_MAX, 1000, 100000, 5000000, NULL,
      parse_sha256, imitate_sha256, compute_crypt },
    { "apr1", AS_PASSWORD_MAX, 0, 0, 0, NULL, parse_apr1, imitate_apr1,
      compute_apr1 },
    { "sha1", AS_PASSWORD_MAX, 0, 0, 0, NULL, parse_sha1, imitate_sha1,
      compute_sha1 },
};

enum { BCRYPT, SHA512, SHA256, APR1, SHA1, SCHEMES };

static const struct {
    const char *prefix;
    int scheme;
} prefixes[] = {
    { "$2y$", BCRYPT }, { "$2a$", BCRYPT }, { "$2b$", BCRYPT },
    { "$6$", SHA512 },  { "$5$", SHA256 },  { "$apr1$", APR1 },
    { "{SHA}", SHA1 },
};

const as_password_scheme *as_password_scheme_of(unsigned int *cost,
                                                as_span hash)
{
    apr_size_t i;

    *cost = 0;
    for (i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
        const as_password_scheme *scheme = &schemes[prefixes[i].scheme];
        as_span rest = hash;

        if (!take(&rest, prefixes[i].prefix))
            continue;
        return scheme->parse(cost, rest) && *cost >= scheme->least
                       && *cost <= scheme->most
                   ? scheme : NULL;
    }
    return NULL;
}

const as_password_scheme *as_password_scheme_find(as_span name)
{
    int i;

    for (i = 0; i < SCHEMES; i++)
        if (schemes[i].prefix && as_span_is(name, schemes[i].name))
            return &schemes[i];
    return NULL;
}

/* ---- using them ------------------------------------------------------ */

static as_password compare(const as_password_scheme *scheme, const char *hash,
                           const char *password)
{
    char made[HASH_MAX];
    as_password result = AS_PASSWORD_WRONG;

    if (strlen(password) > scheme->longest)
        return AS_PASSWORD_TOO_LONG;
    if (!scheme->compute(made, hash, password))
        return AS_PASSWORD_UNUSABLE;
    if (as_equal(as_span_of(made), as_span_of(hash)))
        result = AS_PASSWORD_RIGHT;
    as_wipe(made, sizeof(made));
    return result;
}

as_password as_password_verify(as_span hash, const char *password)
{
    unsigned int cost;
    const as_password_scheme *scheme = as_password_scheme_of(&cost, hash);
    char text[HASH_MAX];

    if (!scheme || hash.len >= sizeof(text))
        return AS_PASSWORD_UNUSABLE;
    memcpy(text, hash.at, hash.len);
    text[hash.len] = '\0';
    return compare(scheme, text, password);
}

apr_status_t as_password_hash(const char **hash,
                              const as_password_scheme *scheme,
                              unsigned int cost, const char *password,
                              apr_pool_t *pool)
{
    unsigned char salt[16];
    char setting[CRYPT_GENSALT_OUTPUT_SIZE], made[HASH_MAX];

    *hash = NULL;
    if (cost == 0)
        cost = scheme->usual;
    if (!scheme->prefix || cost < scheme->least || cost > scheme->most
        || strlen(password) > scheme->longest)
        return APR_EINVAL;
    if (as_random(salt, sizeof(salt)) != APR_SUCCESS
        || !crypt_gensalt_rn(scheme->prefix, cost, (const char *)salt,
                             sizeof(salt), setting, sizeof(setting))
        || !scheme->compute(made, setting, password))
        return APR_EGENERAL;
    *hash = apr_pstrdup(pool, made);
    return APR_SUCCESS;
}

apr_uint32_t as_password_effort(as_span hash)
{
    unsigned int cost;
    const as_password_scheme *scheme = as_password_scheme_of(&cost, hash);

    if (!scheme)
        return 0;
    return (apr_uint32_t)(scheme - schemes + 1) << COST_BITS | cost;
}

void as_password_spend(apr_uint32_t effort, const char *password)
{
    const as_password_scheme *scheme = &schemes[BCRYPT];
    unsigned int cost = scheme->usual;
    char hash[HASH_MAX];

    if (effort >> COST_BITS && effort >> COST_BITS <= SCHEMES) {
        scheme = &schemes[(effort >> COST_BITS) - 1];
        cost = effort & (((apr_uint32_t)1 << COST_BITS) - 1);
    }
    if (cost < scheme->least || cost > scheme->most)
        return;
    scheme->imitate(hash, cost);
    compare(scheme, hash, password);
}
