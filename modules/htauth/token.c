/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * token - a bearer token for a script or a program. It is shown once; the store
 * keeps its SHA-256, which is enough for 256 random bits.
 */
#include <stddef.h>

#include <jansson.h>

#include "base64.h"
#include "htauth.h"
#include "secret.h"

#define TOKEN_OCTETS 32
#define RANDOM_MAX 64
#define USUAL_EXPIRY "90d"

/* ---- secrets that are known by their hash ---------------------------- */

static const char *sha256_hex(apr_pool_t *pool, const char *text)
{
    unsigned char digest[AS_SHA256_LEN];
    char *hex = apr_palloc(pool, 2 * AS_SHA256_LEN + 1);
    int i;

    if (as_sha256(digest, as_span_of(text)) != APR_SUCCESS)
        return NULL;
    for (i = 0; i < AS_SHA256_LEN; i++)
        apr_snprintf(hex + 2 * i, 3, "%02x", digest[i]);
    return hex;
}

int ht_secret_make(const char **text, const char **id, apr_size_t octets,
                   apr_pool_t *pool)
{
    unsigned char random[RANDOM_MAX];

    if (as_random(random, octets) != APR_SUCCESS)
        return ht_error(HT_SYSTEM, "there are no random numbers");
    *text = as_base64url_encode(pool, (as_span){ (const char *)random,
                                                 octets });
    as_wipe(random, sizeof(random));
    *id = sha256_hex(pool, *text);
    return *id ? HT_OK : ht_error(HT_SYSTEM, "SHA-256 could not be computed");
}

int ht_add(ht_run *run, const as_cred *cred)
{
    const ht_backend *backend = run->store->backend;
    int code = backend->begin(run->store, 1);

    if (code == HT_OK)
        code = backend->put(run->store, cred);
    return code == HT_OK ? backend->commit(run->store) : code;
}

/* ---- the verb -------------------------------------------------------- */

/* scope-token = 1*( %x21 / %x23-5B / %x5D-7E ), one blank between two: RFC 6749
 * section 3.3 */
static int is_scope(const char *scope)
{
    const char *at;

    for (at = scope; *at; at++) {
        if (*at == ' ' && at > scope && at[-1] != ' ' && at[1])
            continue;
        if (*at <= ' ' || *at == '"' || *at == '\\' || *at > '~')
            return 0;
    }
    return 1;
}

static int take_arguments(as_cred *cred, ht_run *run)
{
    const ht_options *opt = &run->opt;
    int code = ht_name(&cred->user, "the user's name", run->words[0],
                       run->pool);

    if (code == HT_OK && opt->realm)
        code = ht_name(&cred->realm, "the realm", opt->realm, run->pool);
    if (code == HT_OK)
        code = ht_label(&cred->label, opt->label, run->pool);
    if (code == HT_OK)
        code = ht_expiry(&cred->expires, opt->expires, USUAL_EXPIRY);
    if (code == HT_OK && opt->scope && !is_scope(opt->scope))
        return ht_error(HT_USAGE, "--scope takes words with one blank between "
                        "them, without quotes, backslashes and letters beyond "
                        "ASCII");
    cred->scope = opt->scope ? opt->scope : "";
    return code;
}

/* The token alone on stdout, for $(...). */
static void print_token(const as_cred *cred, const char *token,
                        apr_pool_t *pool)
{
    ht_print("%s\n", token);
    ht_note("This is the token of %s; it is shown only now.", cred->user);
    ht_note("%s%s%s%s%s", cred->expires ? "Good until " : "Good for ever",
            cred->expires ? ht_date(pool, cred->expires) : "",
            cred->expires ? " UTC" : "", *cred->realm ? ", in " : "",
            cred->realm);
    ht_note("To end it: htauth remove token %s", ht_short_id(pool, cred));
}

static int run_token(ht_run *run)
{
    as_cred cred = { .kind = AS_CRED_TOKEN, .realm = "", .place = "",
                     .algorithm = "", .value = { "", 0 }, .scope = "",
                     .state = AS_CRED_ACTIVE, .created = ht_now() };
    const char *token = "";
    json_t *answer;
    int code = take_arguments(&cred, run);

    if (code == HT_OK)
        code = ht_secret_make(&token, &cred.id, TOKEN_OCTETS, run->pool);
    if (code == HT_OK)
        code = ht_add(run, &cred);
    if (code != HT_OK)
        return code;
    if (!run->opt.json) {
        print_token(&cred, token, run->pool);
        return HT_OK;
    }
    answer = ht_json_of(&cred, run->pool);
    json_object_set_new(answer, "token", json_string(token));
    return ht_print_json(answer);
}

#define FIELD(name) offsetof(ht_options, name)

static const ht_option options[] = {
    { "realm", 0, "REALM", HT_TEXT, FIELD(realm), NULL,
      "good for this realm alone; else for all" },
    { "scope", 0, "\"A B\"", HT_TEXT, FIELD(scope), NULL,
      "what it may be used for (Require scope)" },
    { "expires", 0, "30d", HT_TEXT, FIELD(expires), NULL,
      "90m, 12h, 30d, 8w, 2027-01-31, never (90d)" },
    { "label", 0, "TEXT", HT_TEXT, FIELD(label), NULL,
      "what it is for, to know it again" },
    { NULL, 0, NULL, HT_FLAG, 0, NULL, NULL }
};

const ht_verb ht_verb_token = {
    .name = "token",
    .words = "NAME",
    .least = 1,
    .most = 1,
    .summary = "make a bearer token for a user",
    .about =
        "The token is the one line of stdout, and is shown this once: the\n"
        "store has only its hash. It needs BearerTokens on in httpd.\n"
        "\n"
        "  htauth token robot --scope \"docs.read\" --label backup\n",
    .options = options,
    .run = run_token,
};
