/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * aws4 - an access key for AWS4-HMAC-SHA256. Its secret must be had to check a
 * signature, so it is kept sealed under the server secret of AuthSchemeSecret,
 * bound to its access key id.
 */
#include <stddef.h>
#include <unistd.h>

#include <jansson.h>

#include "base64.h"
#include "htauth.h"
#include "seal.h"
#include "secret_file.h"

#define ID_PREFIX "HTAK"
#define ID_RANDOM 16 /* letters after the prefix */
#define ID_LEAST 3
#define ID_MOST 128
#define SECRET_OCTETS 30 /* 40 letters, as AWS has them */
#define SECRET_LEAST 8
#define SECRET_MOST 512
#define INPUT_MAX 8192

typedef struct pair {
    char id[ID_MOST + 1];
    char secret[SECRET_MOST + 1];
} pair;

/* ---- a new pair ------------------------------------------------------ */

static int make_id(pair *made)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    unsigned char random[ID_RANDOM];
    apr_size_t len = sizeof(ID_PREFIX) - 1, i;

    if (as_random(random, sizeof(random)) != APR_SUCCESS)
        return ht_error(HT_SYSTEM, "there are no random numbers");
    memcpy(made->id, ID_PREFIX, len);
    for (i = 0; i < ID_RANDOM; i++)
        made->id[len + i] = letters[random[i] % 32];
    made->id[len + i] = '\0';
    return HT_OK;
}

static int make_secret(pair *made, apr_pool_t *pool)
{
    unsigned char random[SECRET_OCTETS];
    const char *text;

    if (as_random(random, sizeof(random)) != APR_SUCCESS)
        return ht_error(HT_SYSTEM, "there are no random numbers");
    text = as_base64url_encode(pool, (as_span){ (const char *)random,
                                                sizeof(random) });
    apr_cpystrn(made->secret, text, sizeof(made->secret));
    as_wipe((char *)text, strlen(text));
    as_wipe(random, sizeof(random));
    return HT_OK;
}

/* ---- a pair from stdin ----------------------------------------------- */

static as_span trim(as_span text)
{
    while (text.len && apr_isspace(text.at[text.len - 1]))
        text.len--;
    while (text.len && apr_isspace(*text.at))
        text = (as_span){ text.at + 1, text.len - 1 };
    return text;
}

/* "name = value"; 0 if it is another. */
static int is_setting(as_span *value, as_span line, const char *name)
{
    apr_size_t len = strlen(name);
    as_span rest;

    if (line.len < len || memcmp(line.at, name, len) != 0)
        return 0;
    rest = trim((as_span){ line.at + len, line.len - len });
    if (rest.len == 0 || *rest.at != '=')
        return 0;
    *value = trim((as_span){ rest.at + 1, rest.len - 1 });
    return 1;
}

static int copy(char *to, apr_size_t room, as_span value)
{
    if (value.len >= room || *to)
        return 0;
    memcpy(to, value.at, value.len);
    to[value.len] = '\0';
    return 1;
}

/* A line of a credentials file, or the id and the secret alone. */
static int take_line(pair *given, as_span line)
{
    as_span value;

    if (line.len == 0 || *line.at == '#' || *line.at == '[')
        return 1;
    if (is_setting(&value, line, "aws_access_key_id"))
        return copy(given->id, sizeof(given->id), value);
    if (is_setting(&value, line, "aws_secret_access_key"))
        return copy(given->secret, sizeof(given->secret), value);
    return *given->id ? copy(given->secret, sizeof(given->secret), line)
                      : copy(given->id, sizeof(given->id), line);
}

static int is_made_of(const char *text, apr_size_t least, const char *more)
{
    const char *at;

    for (at = text; *at; at++)
        if (!apr_isalnum(*at) && !strchr(more, *at))
            return 0;
    return (apr_size_t)(at - text) >= least;
}

/* An id stands between slashes in a credential scope. */
static int is_pair(const pair *given)
{
    return is_made_of(given->id, ID_LEAST, "_-.@")
           && is_made_of(given->secret, SECRET_LEAST,
                         "!#$%&'*+-./:;<=>?@^_`{|}~()[],\"\\");
}

static int parse(pair *given, as_span text)
{
    while (text.len) {
        const char *end = memchr(text.at, '\n', text.len);
        apr_size_t len = end ? (apr_size_t)(end - text.at) : text.len;

        if (!take_line(given, trim((as_span){ text.at, len })))
            return 0;
        len += end ? 1 : 0;
        text = (as_span){ text.at + len, text.len - len };
    }
    return is_pair(given);
}

static int read_pair(pair *given)
{
    char room[INPUT_MAX];
    apr_size_t n = 0;
    ssize_t got;
    int ok;

    while (n < sizeof(room)
           && (got = read(STDIN_FILENO, room + n, sizeof(room) - n)) > 0)
        n += (apr_size_t)got;
    ok = n < sizeof(room) && parse(given, (as_span){ room, n });
    as_wipe(room, sizeof(room));
    return ok ? HT_OK
              : ht_error(HT_NO, "stdin must be one aws_access_key_id and one "
                         "aws_secret_access_key as in ~/.aws/credentials, or "
                         "the two in a line each");
}

/* ---- storing --------------------------------------------------------- */

static int seal(as_cred *cred, const pair *made, const char *file,
                apr_pool_t *pool)
{
    unsigned char secret[AS_SHA256_LEN], key[AS_SHA256_LEN];
    const char *text, *why = as_secret_read(secret, file, pool);
    apr_status_t rv;

    if (why)
        return ht_error(HT_SYSTEM, "%s", why);
    rv = as_secret_derive(key, secret, AS_SEAL_AWS4);
    if (rv == APR_SUCCESS)
        rv = as_seal(&text, as_span_of(made->secret), key,
                     as_span_of(made->id), pool);
    as_wipe(secret, sizeof(secret));
    as_wipe(key, sizeof(key));
    if (rv != APR_SUCCESS)
        return ht_error(HT_SYSTEM, "the secret could not be sealed");
    cred->id = made->id;
    cred->value = as_span_of(text);
    return HT_OK;
}

static int add_new(ht_run *run, const as_cred *cred)
{
    const ht_backend *backend = run->store->backend;
    int there, code = backend->begin(run->store, 1);

    if (code == HT_OK)
        code = backend->has(run->store, cred, &there);
    if (code == HT_OK && there)
        return ht_error(HT_NO, "the key %s is there already; remove it first",
                        cred->id);
    if (code == HT_OK)
        code = backend->put(run->store, cred);
    return code == HT_OK ? backend->commit(run->store) : code;
}

/* A name that can stand in brackets. */
static const char *profile(const char *user)
{
    return is_made_of(user, 1, "_-.@") ? user : "default";
}

static int print_pair(const as_cred *cred, const pair *made, ht_run *run)
{
    json_t *answer;

    if (run->opt.json) {
        answer = ht_json_of(cred, run->pool);
        if (!run->opt.import)
            json_object_set_new(answer, "secret", json_string(made->secret));
        return ht_print_json(answer);
    }
    if (run->opt.import) {
        ht_print("The key %s signs in as %s.\n", cred->id, cred->user);
        return HT_OK;
    }
    ht_print("[%s]\naws_access_key_id = %s\naws_secret_access_key = %s\n",
             profile(cred->user), made->id, made->secret);
    ht_note("This belongs into ~/.aws/credentials of %s; it is shown only "
            "now.", cred->user);
    return HT_OK;
}

/* ---- the verb -------------------------------------------------------- */

static int take_arguments(as_cred *cred, ht_run *run)
{
    int code = ht_name(&cred->user, "the user's name", run->words[0],
                       run->pool);

    if (code == HT_OK)
        code = ht_label(&cred->label, run->opt.label, run->pool);
    if (code == HT_OK && run->opt.expires)
        code = ht_expiry(&cred->expires, run->opt.expires, "never");
    if (code == HT_OK && !run->opt.secret_file)
        return ht_error(HT_USAGE, "--secret-file is missing: it is the file of "
                        "AuthSchemeSecret, under which the key is sealed");
    return code;
}

static int make_pair(pair *made, ht_run *run)
{
    int code;

    if (run->opt.import)
        return read_pair(made);
    code = make_id(made);
    return code == HT_OK ? make_secret(made, run->pool) : code;
}

static int run_aws4(ht_run *run)
{
    as_cred cred = { .kind = AS_CRED_AWS4, .realm = "", .place = "",
                     .algorithm = "", .scope = "", .state = AS_CRED_ACTIVE,
                     .created = ht_now() };
    pair made = { "", "" };
    int code = take_arguments(&cred, run);

    if (code == HT_OK)
        code = make_pair(&made, run);
    if (code == HT_OK)
        code = seal(&cred, &made, run->opt.secret_file, run->pool);
    if (code == HT_OK)
        code = add_new(run, &cred);
    if (code == HT_OK)
        code = print_pair(&cred, &made, run);
    as_wipe(&made, sizeof(made));
    return code;
}

#define FIELD(name) offsetof(ht_options, name)

static const ht_option options[] = {
    { "secret-file", 0, "FILE", HT_TEXT, FIELD(secret_file), NULL,
      "the file of AuthSchemeSecret" },
    { "import", 0, NULL, HT_FLAG, FIELD(import), NULL,
      "take a pair from stdin instead of making one" },
    { "expires", 0, "30d", HT_TEXT, FIELD(expires), NULL,
      "90m, 12h, 30d, 8w, 2027-01-31, never (never)" },
    { "label", 0, "TEXT", HT_TEXT, FIELD(label), NULL,
      "what it is for, to know it again" },
    { NULL, 0, NULL, HT_FLAG, 0, NULL, NULL }
};

const ht_verb ht_verb_aws4 = {
    .name = "aws4",
    .words = "NAME",
    .least = 1,
    .most = 1,
    .summary = "make an AWS access key for a user",
    .about =
        "The pair goes to stdout in the form of ~/.aws/credentials, this once.\n"
        "The store has the secret sealed under the server secret: without the\n"
        "same file in AuthSchemeSecret httpd can't use it.\n"
        "\n"
        "  htauth aws4 robot --secret-file /etc/apache2/authscheme.secret\n"
        "  htauth aws4 robot --secret-file ... --import < ~/.aws/credentials\n",
    .options = options,
    .run = run_aws4,
};
