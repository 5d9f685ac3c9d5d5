/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * htauth.h - what the files of htauth share.
 *
 *     htauth.c      main(), the table of verbs, their help
 *     options.c     argv -> ht_run
 *     user.c token.c aws4.c hoba.c list.c remove.c state.c import.c init.c
 *                   the verbs, a group per file
 *     terminal.c    passwords from a terminal or a pipe
 *     names.c       what a name or a password may consist of
 *     output.c      tables, dates, JSON, errors
 *     lines.c       a line of an htpasswd or htdigest file
 *     store.c       a store by its name; file.c and dbd.c keep it
 *
 * A function that can fail returns an exit code. Who fails says so on stderr,
 * once, with ht_error(); everybody above hands the code up.
 */
#ifndef HTAUTH_H
#define HTAUTH_H

#include "apr_tables.h"

#include "authscheme_cred.h"

/* Exit codes; docs/htauth.1 explains them. */
enum {
    HT_OK,
    HT_NO,      /* not there, there already, or refused input */
    HT_USAGE,   /* the command line is not understood */
    HT_DAMAGED, /* the store is broken, or open to too many */
    HT_SYSTEM   /* a file, the disk, the database, the terminal */
};

/* ---- the store ------------------------------------------------------- */

/* Which credentials; NULL and 0 ask for nothing. */
typedef struct ht_filter {
    unsigned int kinds; /* HT_KIND() bits, or 0 for all */
    const char *user;
    const char *realm;
    const char *id;
    const char *id_begins;
    const char *algorithm;
    int has_state;
    as_cred_state state;
} ht_filter;

#define HT_KIND(kind) (1u << (kind))
#define HT_PASSWORDS \
    (HT_KIND(AS_CRED_PASSWORD) | HT_KIND(AS_CRED_DIGEST) \
     | HT_KIND(AS_CRED_MUTUAL))

/* What check found. */
typedef struct ht_problem {
    int line;          /* of a file, or 0 */
    int is_warning;    /* httpd takes it all the same */
    const char *where; /* "token 3f2a...", where there is no line; or NULL */
    const char *text;
} ht_problem;

typedef struct ht_store ht_store;

/*
 * What keeps a store. Changes are made between begin(writing) and commit(),
 * all of them or none: a store that is not committed is as it was. Between
 * the two nobody else changes it.
 */
typedef struct ht_backend {
    const char *name;
    /* Makes an empty store; group may be NULL. Never an existing one anew. */
    int (*init)(ht_store *store, const char *group);
    /* A quick look whether it is there and may be used. */
    int (*look)(ht_store *store);
    int (*begin)(ht_store *store, int writing);
    /* Appends to an array of as_cred. */
    int (*find)(ht_store *store, apr_array_header_t *found,
                const ht_filter *filter);
    int (*has)(ht_store *store, const as_cred *cred, int *there);
    /* Adds it, or replaces the one of the same kind, id, realm, place and
     * algorithm. */
    int (*put)(ht_store *store, const as_cred *cred);
    int (*drop)(ht_store *store, const as_cred *cred);
    int (*commit)(ht_store *store);
    /* Appends to an array of ht_problem; *count is that of credentials. */
    int (*check)(ht_store *store, apr_array_header_t *problems, int *count);
    void (*close)(ht_store *store);
} ht_backend;

struct ht_store {
    const ht_backend *backend;
    const char *argument; /* what follows the backend's name and colon */
    int in_argv;          /* where everybody can read it */
    apr_pool_t *pool;
    void *data;           /* the backend's own */
};

extern const ht_backend ht_file;
extern const ht_backend ht_dbd;

/* "file:PATH" or "dbd:DRIVER:PARAMS". */
int ht_store_named(ht_store **store, const char *name, apr_pool_t *pool);

int ht_matches(const as_cred *cred, const ht_filter *filter);

/* What is wrong with a credential beyond what as_cred_check() says, for
 * check: weak, over, oddly named. NULL if nothing is. */
const char *ht_weakness(const as_cred *cred, apr_pool_t *pool);

/* ---- a run ----------------------------------------------------------- */

/* What the options of all verbs say; NULL and 0 where they say nothing. */
typedef struct ht_options {
    const char *store;
    const char *realm;
    const char *auth_scope;
    apr_array_header_t *digest; /* of const char *; "none" alone is possible */
    apr_array_header_t *mutual;
    const char *hash;
    const char *cost;
    const char *scope;
    const char *expires;
    const char *label;
    const char *secret_file;
    const char *user;
    const char *kind;
    const char *state;
    const char *origin;
    const char *group;
    int json;
    int help;
    int version;
    int import;
    int skip;
    int replace;
    int expired;
} ht_options;

typedef struct ht_verb ht_verb;

typedef struct ht_run {
    apr_pool_t *pool;
    const ht_verb *verb;
    ht_options opt;
    const char *const *words; /* what is left of argv: NAME, FILE, ... */
    int count;
    ht_store *store;
} ht_run;

typedef enum ht_option_type { HT_FLAG, HT_TEXT, HT_LIST } ht_option_type;

typedef struct ht_option {
    const char *name;  /* "realm" */
    char letter;       /* 'f', or 0 */
    const char *value; /* "REALM", for the help; NULL for a flag */
    ht_option_type type;
    apr_size_t at;     /* the field of ht_options */
    int (*fits)(as_span word); /* HT_LIST: whether a further word is one */
    const char *help;
} ht_option;

/* One or two words, such as "user" and "hoba list". */
struct ht_verb {
    const char *name;
    const char *words;   /* "NAME", for the help; "" for none */
    int least, most;     /* how many words */
    const char *summary; /* half a line */
    const char *about;   /* lines for its own help */
    const ht_option *options; /* ends with a NULL name */
    int without_store;
    int (*run)(ht_run *run);
};

extern const ht_option ht_global_options[];

extern const ht_verb ht_verb_init, ht_verb_check, ht_verb_user, ht_verb_token,
    ht_verb_aws4, ht_verb_hoba_list, ht_verb_hoba_approve,
    ht_verb_hoba_revoke, ht_verb_hoba_invite, ht_verb_list,
    ht_verb_remove_user, ht_verb_remove_token, ht_verb_remove_key,
    ht_verb_remove_invite, ht_verb_disable_user, ht_verb_disable_key,
    ht_verb_enable_user, ht_verb_enable_key, ht_verb_import_htpasswd,
    ht_verb_import_htdigest;

/* Fills run from argv; the verb comes from the table. */
int ht_options_parse(ht_run *run, int argc, const char *const *argv,
                     const ht_verb *const *verbs);

/* ---- names and passwords --------------------------------------------- */

#define HT_NAME_MAX 255       /* octets of a user, a realm */
#define HT_PASSWORD_ROOM 1024 /* octets of memory for a password */

/* The name as it is stored: UTF-8 in NFC, no control characters, no colon.
 * what: "the user's name", for the error. */
int ht_name(const char **name, const char *what, const char *text,
            apr_pool_t *pool);

/* NULL, or why these octets can't be such a name as they are. */
const char *ht_name_misfit(as_span name);

/* Text of one line for people: UTF-8 without control characters. */
int ht_label(const char **label, const char *text, apr_pool_t *pool);

/* NULL and the password in NFC with plain blanks, in place; or why it is
 * none. */
const char *ht_password_prepare(char password[HT_PASSWORD_ROOM]);

/* A password from the terminal, twice and without echo, or the first line of
 * stdin if that is no terminal. Prepared. The caller wipes it. */
int ht_password_read(char password[HT_PASSWORD_ROOM], const char *whose);

/* ---- verbs that share ------------------------------------------------ */

/* A table or JSON of as_cred's, put in order; HT_NO if there is none. */
int ht_show(ht_run *run, apr_array_header_t *creds);

/* --state into the filter. */
int ht_take_state(ht_filter *filter, const char *name);

/* Random text in base64url, and the SHA-256 by which a store knows it. */
int ht_secret_make(const char **text, const char **id, apr_size_t octets,
                   apr_pool_t *pool);

/* The one credential of these kinds whose id begins like this. */
int ht_find_one(as_cred *cred, ht_run *run, unsigned int kinds,
                const char *id_begins);

/* Begins a step, and finds what the user of a verb's word has, with --realm
 * what is for that realm; HT_NO if that is nothing. */
int ht_find_user(ht_run *run, apr_array_header_t *creds);

/* Adds one credential in a step of its own. */
int ht_add(ht_run *run, const as_cred *cred);

/* Removes these, in the step that has begun. */
int ht_drop_all(ht_store *store, const apr_array_header_t *creds);

/* ---- output ---------------------------------------------------------- */

/* "htauth: ..." on stderr; returns code. */
int ht_error(int code, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* A line on stderr that is no error. */
void ht_note(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* On stdout, with control characters shown as \xNN. */
void ht_print(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Names, as long as the user wants them, safe to show. */
const char *ht_clean(apr_pool_t *pool, const char *text);

/* Rows of cells in aligned columns; an empty column is left out. */
void ht_print_table(const apr_array_header_t *cells, int columns,
                    apr_pool_t *pool);

const char *ht_day(apr_pool_t *pool, apr_time_t time);     /* 2026-11-25 */
const char *ht_date(apr_pool_t *pool, apr_time_t time);    /* 2026-11-25 12:00 */
const char *ht_rfc3339(apr_pool_t *pool, apr_time_t time); /* 2026-11-25T12:00:00Z */

/* Now, in whole seconds: what a text store can keep. */
apr_time_t ht_now(void);

/* "30d", "12h", a date, "never" (0). */
int ht_expiry(apr_time_t *expires, const char *text, const char *usual);

/* What people call a kind of credential: "HOBA key". */
const char *ht_kind_title(as_cred_kind kind);

/* An id as it is shown: whole or its first characters. */
const char *ht_short_id(apr_pool_t *pool, const as_cred *cred);

struct json_t;
struct json_t *ht_json_of(const as_cred *cred, apr_pool_t *pool);
int ht_print_json(struct json_t *value); /* and frees it */

#endif
