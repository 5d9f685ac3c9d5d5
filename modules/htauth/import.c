/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * import - the users of an htpasswd or htdigest file, with the hashes that they
 * have. All lines or none, unless told otherwise.
 */
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

#include <jansson.h>

#include "apr_file_io.h"
#include "apr_hash.h"

#include "htauth.h"
#include "lines.h"
#include "password.h"

#define FILE_MAX ((apr_size_t)1 << 30)
#define CHUNK 65536

typedef struct import {
    ht_run *run;
    const char *file;
    const char *realm; /* --realm, or "" */
    int is_digest;
    apr_hash_t *seen;  /* user, realm, algorithm -> line */
    apr_array_header_t *creds;    /* of as_cred */
    apr_array_header_t *problems; /* of ht_problem */
    int passed_over; /* lines of other realms */
    int cut;         /* hashes that tell only some octets apart */
    int weak;
} import;

/* ---- the file -------------------------------------------------------- */

static apr_status_t read_more(char **text, apr_size_t *len, apr_size_t *room,
                              apr_file_t *file, apr_pool_t *pool)
{
    apr_size_t got;
    apr_status_t rv;

    if (*room - *len < CHUNK) {
        char *more = apr_palloc(pool, 2 * *room + CHUNK);

        memcpy(more, *text, *len);
        *text = more;
        *room = 2 * *room + CHUNK;
    }
    got = *room - *len;
    rv = apr_file_read(file, *text + *len, &got);
    *len += rv == APR_SUCCESS ? got : 0;
    return *len > FILE_MAX ? APR_ENOSPC : rv;
}

static int read_file(as_span *text, const import *job)
{
    apr_pool_t *pool = job->run->pool;
    apr_size_t len = 0, room = 0;
    char *at = "";
    apr_file_t *file;
    apr_status_t rv = !strcmp(job->file, "-")
                          ? apr_file_open_stdin(&file, pool)
                          : apr_file_open(&file, job->file, APR_FOPEN_READ
                                                     | APR_FOPEN_BINARY,
                                          0, pool);

    while (rv == APR_SUCCESS)
        rv = read_more(&at, &len, &room, file, pool);
    if (!APR_STATUS_IS_EOF(rv))
        return ht_error(HT_SYSTEM, "%s can't be read: %pm", job->file, &rv);
    *text = (as_span){ at, len };
    return HT_OK;
}

/* ---- lines ----------------------------------------------------------- */

static void refuse(import *job, int line, const char *why)
{
    *(ht_problem *)apr_array_push(job->problems)
        = (ht_problem){ line, 0, NULL, why };
}

/* httpd takes the first line of a user. */
static const char *seen_before(import *job, int number, const as_cred *cred)
{
    apr_pool_t *pool = job->run->pool;
    const char *key = apr_pstrcat(pool, cred->id, ":", cred->realm, ":",
                                  cred->algorithm, NULL);
    const int *other = apr_hash_get(job->seen, key, APR_HASH_KEY_STRING);

    if (other)
        return apr_psprintf(pool, "the same user stands in line %d, which is "
                            "the one that httpd takes", *other);
    apr_hash_set(job->seen, key, APR_HASH_KEY_STRING,
                 apr_pmemdup(pool, &number, sizeof(number)));
    return NULL;
}

static void count_hash(import *job, as_span hash)
{
    unsigned int cost;
    const as_password_scheme *scheme = as_password_scheme_of(&cost, hash);

    if (!scheme)
        return;
    job->cut += scheme->longest < AS_PASSWORD_MAX;
    job->weak += scheme->most == 0;
}

static void take(import *job, int number, const ht_line *line)
{
    apr_pool_t *pool = job->run->pool;
    const char *user = as_string(pool, line->user);
    as_cred cred = {
        .kind = job->is_digest ? AS_CRED_DIGEST : AS_CRED_PASSWORD,
        .id = user, .user = user, .place = "", .label = "", .scope = "",
        .realm = job->is_digest ? as_string(pool, line->realm) : job->realm,
        .algorithm = line->algorithm, .value = line->value,
        .state = AS_CRED_ACTIVE, .created = ht_now()
    };
    const char *why;

    if (job->is_digest && *job->realm && strcmp(cred.realm, job->realm) != 0) {
        job->passed_over++;
        return;
    }
    why = seen_before(job, number, &cred);
    if (why) {
        refuse(job, number, why);
        return;
    }
    count_hash(job, cred.value);
    *(as_cred *)apr_array_push(job->creds) = cred;
}

static void read_lines(import *job, as_span text)
{
    as_span line;
    int number = 0;

    while (ht_line_next(&line, &text)) {
        ht_line parsed;
        const char *why;

        number++;
        if (ht_line_is_empty(line))
            continue;
        why = job->is_digest ? ht_line_htdigest(&parsed, line, job->run->pool)
                             : ht_line_htpasswd(&parsed, line);
        if (why)
            refuse(job, number, why);
        else
            take(job, number, &parsed);
    }
}

/* ---- the store ------------------------------------------------------- */

/* Refuses who is there already. */
static int put_one(import *job, const as_cred *cred, int *done)
{
    ht_store *store = job->run->store;
    int there = 0, code = HT_OK;

    if (!job->run->opt.replace)
        code = store->backend->has(store, cred, &there);
    if (code != HT_OK)
        return code;
    if (there) {
        refuse(job, 0, apr_psprintf(job->run->pool, "%s has a %s in the "
                                    "store already; --replace takes the one "
                                    "of the file", cred->user,
                                    job->is_digest ? "Digest password"
                                                   : "password"));
        return HT_OK;
    }
    (*done)++;
    return store->backend->put(store, cred);
}

static int put_all(import *job, int *done)
{
    int i, code = job->run->store->backend->begin(job->run->store, 1);

    for (i = 0; code == HT_OK && i < job->creds->nelts; i++)
        code = put_one(job, &APR_ARRAY_IDX(job->creds, i, as_cred), done);
    return code;
}

/* ---- telling --------------------------------------------------------- */

static void tell_problems(const import *job)
{
    int i;

    for (i = 0; i < job->problems->nelts; i++) {
        const ht_problem *problem = &APR_ARRAY_IDX(job->problems, i,
                                                   ht_problem);

        if (problem->line)
            ht_note("%s:%d: %s", job->file, problem->line, problem->text);
        else
            ht_note("%s: %s", job->file, problem->text);
    }
}

static void tell_hashes(const import *job)
{
    if (job->cut)
        ht_note("%d of the hashes are bcrypt. It knows 72 octets of a "
                "password; htpasswd cut longer ones, httpd will refuse them: "
                "their users need new ones.", job->cut);
    if (job->weak)
        ht_note("%d of the hashes are old and weak (MD5, SHA-1): set these "
                "passwords anew when you can.", job->weak);
    if (job->passed_over)
        ht_note("%d line%s of another realm.", job->passed_over,
                job->passed_over == 1 ? " is" : "s are");
}

static int tell(const import *job, int done)
{
    tell_hashes(job);
    if (job->run->opt.json)
        return ht_print_json(json_pack("{s:i,s:i}", "imported", done,
                                       "refused", job->problems->nelts));
    ht_print("%d password%s imported, %d refused\n", done,
             done == 1 ? "" : "s", job->problems->nelts);
    return HT_OK;
}

/* ---- the verbs ------------------------------------------------------- */

static int run_import(import *job)
{
    as_span text;
    int done = 0, code = read_file(&text, job);

    if (code != HT_OK)
        return code;
    read_lines(job, text);
    if (job->problems->nelts == 0 || job->run->opt.skip)
        code = put_all(job, &done);
    tell_problems(job);
    if (code == HT_OK && job->problems->nelts && !job->run->opt.skip)
        return ht_error(HT_NO, "nothing was imported, because of %d line%s; "
                        "--skip leaves out what can't be taken",
                        job->problems->nelts,
                        job->problems->nelts == 1 ? "" : "s");
    if (code == HT_OK)
        code = job->run->store->backend->commit(job->run->store);
    return code == HT_OK ? tell(job, done) : code;
}

static int start(ht_run *run, int is_digest)
{
    import job = { .run = run, .file = run->words[0], .realm = "",
                   .is_digest = is_digest };

    if (run->opt.realm && ht_name(&job.realm, "the realm", run->opt.realm,
                                  run->pool) != HT_OK)
        return HT_NO;
    job.seen = apr_hash_make(run->pool);
    job.creds = apr_array_make(run->pool, 64, sizeof(as_cred));
    job.problems = apr_array_make(run->pool, 4, sizeof(ht_problem));
    return run_import(&job);
}

static int run_htpasswd(ht_run *run)
{
    return start(run, 0);
}

static int run_htdigest(ht_run *run)
{
    return start(run, 1);
}

#define FIELD(name) offsetof(ht_options, name)
#define COMMON \
    { "skip", 0, NULL, HT_FLAG, FIELD(skip), NULL, \
      "leave out lines that can't be taken" }, \
    { "replace", 0, NULL, HT_FLAG, FIELD(replace), NULL, \
      "take the file's hash where the store has one" }, \
    { NULL, 0, NULL, HT_FLAG, 0, NULL, NULL }

static const ht_option htpasswd_options[] = {
    { "realm", 0, "REALM", HT_TEXT, FIELD(realm), NULL,
      "good for this realm; else for all, as with htpasswd" },
    COMMON
};

static const ht_option htdigest_options[] = {
    { "realm", 0, "REALM", HT_TEXT, FIELD(realm), NULL,
      "only the lines of this realm" },
    COMMON
};

const ht_verb ht_verb_import_htpasswd = {
    .name = "import htpasswd",
    .words = "FILE",
    .least = 1,
    .most = 1,
    .summary = "take the users of an AuthUserFile for Basic",
    .about =
        "Takes bcrypt, SHA-crypt, salted MD5 and SHA-1. DES crypt and passwords\n"
        "in the clear are refused, line by line. One line that is refused\n"
        "keeps all from being taken, unless --skip. FILE may be - for stdin.\n"
        "\n"
        "  htauth import htpasswd /etc/apache2/users --realm Documents\n",
    .options = htpasswd_options,
    .run = run_htpasswd,
};

const ht_verb ht_verb_import_htdigest = {
    .name = "import htdigest",
    .words = "FILE",
    .least = 1,
    .most = 1,
    .summary = "take the users of an AuthUserFile for Digest",
    .about =
        "Takes lines of htdigest (MD5) and lighttpd (SHA-256), and lines with\n"
        "the algorithm's name: user:realm:SHA-512-256=64 digits. One line that\n"
        "is refused keeps all from being taken, unless --skip. FILE may be -\n"
        "for stdin.\n",
    .options = htdigest_options,
    .run = run_htdigest,
};
