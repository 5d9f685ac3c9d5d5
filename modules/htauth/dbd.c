/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * A store in a database: the table of schema.sql, by apr_dbd.
 *
 *     dbd:sqlite3:FILE
 *     dbd:pgsql:CONNECTION       what libpq takes, as in DBDParams
 *     dbd:pgsql:@FILE            the same, read from a file
 *
 * A verb is one transaction. It begins with a lock on writing, so that what it
 * has read still holds when it writes. Every value is a parameter.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "apr_dbd.h"

#include "base64.h"
#include "cred.h"
#include "digest_hash.h"
#include "htauth.h"
#include "secret.h"

#define TABLE "authscheme_credentials"
#define COLUMNS "kind, id, realm, place, algorithm, username, value, label, " \
                "scope, state, created, expires, not_before, userhash"
#define KEY "kind = %s AND id = %s AND realm = %s AND place = %s " \
            "AND algorithm = %s"
#define PARAMS_MAX 4096
#define VALUES_MAX 8

/* Milliseconds that SQLite waits for a lock. Its driver tries 16 times to run a
 * statement, but only once to prepare it. */
#define SQLITE_WAIT "PRAGMA busy_timeout = 1000"

enum { KIND, ID, REALM, PLACE, ALGORITHM, USERNAME, VALUE, LABEL, SCOPE, STATE,
       CREATED, EXPIRES, NOT_BEFORE, USERHASH };

#include "modules/htauth/schema.inc" /* static const char schema[] */

typedef struct dbd_data {
    const apr_dbd_driver_t *driver;
    apr_dbd_t *handle;
    apr_dbd_transaction_t *trans;
    const char *driver_name;
    const char *params;
    int labels; /* of statements, for PostgreSQL */
} dbd_data;

/* ---- errors ---------------------------------------------------------- */

static int failed(const ht_store *store, const char *doing, int rc)
{
    const dbd_data *data = store->data;
    const char *text = apr_dbd_error(data->driver, data->handle, rc);

    return ht_error(HT_SYSTEM, "%s: the database says: %s; nothing was "
                    "changed", doing, text && *text ? text : "no reason");
}

/* ---- what -f says ---------------------------------------------------- */

static int is_sqlite(const ht_store *store)
{
    const dbd_data *data = store->data;

    return !strcmp(data->driver_name, "sqlite3");
}

static int read_params(dbd_data *data, ht_store *store, const char *path)
{
    char room[PARAMS_MAX];
    struct stat info;
    ssize_t got;
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

    if (fd < 0 || fstat(fd, &info) != 0)
        return ht_error(HT_SYSTEM, "%s can't be opened: %pm", path, &errno);
    if (!S_ISREG(info.st_mode) || (info.st_mode & S_IRWXO)) {
        close(fd);
        return ht_error(HT_DAMAGED, "%s must be a file that others can't "
                        "read: chmod 640 %s", path, path);
    }
    got = read(fd, room, sizeof(room));
    close(fd);
    if (got < 0 || got == sizeof(room))
        return ht_error(HT_SYSTEM, "%s can't be read, or is too long", path);
    while (got && apr_isspace(room[got - 1]))
        got--;
    data->params = apr_pstrmemdup(store->pool, room, (apr_size_t)got);
    as_wipe(room, sizeof(room));
    return HT_OK;
}

/* argv is for everybody on the machine to read. */
static int has_password(const char *params)
{
    for (; *params; params++)
        if (!strncasecmp(params, "passw", 5))
            return 1;
    return 0;
}

static int take_params(ht_store *store)
{
    const char *argument = store->argument, *colon = strchr(argument, ':');
    dbd_data *data = apr_pcalloc(store->pool, sizeof(*data));

    store->data = data;
    if (!colon || !colon[1])
        return ht_error(HT_USAGE, "the store is dbd:DRIVER:PARAMS, such as "
                        "dbd:sqlite3:/var/lib/authscheme/keys.db");
    data->driver_name = apr_pstrmemdup(store->pool, argument,
                                       (apr_size_t)(colon - argument));
    data->params = colon + 1;
    if (strcmp(data->driver_name, "sqlite3") != 0
        && strcmp(data->driver_name, "pgsql") != 0)
        return ht_error(HT_USAGE, "the driver is sqlite3 or pgsql");
    if (is_sqlite(store))
        return HT_OK;
    if (data->params[0] == '@')
        return read_params(data, store, data->params + 1);
    if (store->in_argv && has_password(data->params))
        return ht_error(HT_USAGE, "a password in the command line is there "
                        "for everybody on this machine to read: put what "
                        "follows dbd:pgsql: into a file and say "
                        "dbd:pgsql:@FILE, or use HTAUTH_STORE or PGPASSFILE");
    return HT_OK;
}

/* ---- the connection -------------------------------------------------- */

static int load_driver(ht_store *store)
{
    dbd_data *data = store->data;
    apr_status_t rv = apr_dbd_init(store->pool);

    if (rv == APR_SUCCESS)
        rv = apr_dbd_get_driver(store->pool, data->driver_name, &data->driver);
    if (rv == APR_SUCCESS)
        return HT_OK;
    return ht_error(HT_SYSTEM, "apr-util has no driver %s here (Debian: "
                    "libaprutil1-dbd-%s)", data->driver_name,
                    data->driver_name);
}

/* SQLite would make the file that is not there. */
static int look_at_file(const ht_store *store)
{
    const dbd_data *data = store->data;
    struct stat info;

    if (stat(data->params, &info) != 0)
        return errno == ENOENT
                   ? ht_error(HT_SYSTEM, "there is no %s; make it with htauth "
                              "-f dbd:sqlite3:%s init", data->params,
                              data->params)
                   : ht_error(HT_SYSTEM, "%s can't be opened: %pm",
                              data->params, &errno);
    if (!S_ISREG(info.st_mode))
        return ht_error(HT_DAMAGED, "%s is no regular file", data->params);
    if (info.st_mode & S_IWOTH)
        return ht_error(HT_DAMAGED, "%s can be written by everybody: look who "
                        "changed it, then chmod 660 %s", data->params,
                        data->params);
    return HT_OK;
}

static int query(const ht_store *store, const char *sql)
{
    const dbd_data *data = store->data;
    int rows;

    return apr_dbd_query(data->driver, data->handle, &rows, sql);
}

static int connect_to(ht_store *store)
{
    dbd_data *data = store->data;
    const char *why = NULL;

    if (apr_dbd_open_ex(data->driver, store->pool, data->params,
                        &data->handle, &why) != APR_SUCCESS)
        return ht_error(HT_SYSTEM, "no connection to the database: %s",
                        why && *why ? why : "no reason given");
    if (is_sqlite(store))
        query(store, SQLITE_WAIT);
    return HT_OK;
}

static int open_database(ht_store *store)
{
    int code = take_params(store);

    if (code == HT_OK)
        code = load_driver(store);
    if (code == HT_OK && is_sqlite(store))
        code = look_at_file(store);
    return code == HT_OK ? connect_to(store) : code;
}

/* ---- transactions ---------------------------------------------------- */

/* SQLite's driver begins with BEGIN IMMEDIATE. */
static int lock_table(ht_store *store)
{
    dbd_data *data = store->data;
    int rc = apr_dbd_transaction_start(data->driver, store->pool,
                                       data->handle, &data->trans);

    if (rc == 0 && !is_sqlite(store))
        rc = query(store, "LOCK TABLE " TABLE " IN SHARE ROW EXCLUSIVE MODE");
    return rc == 0 ? HT_OK : failed(store, "locking the table", rc);
}

static int look(ht_store *store)
{
    dbd_data *data;
    apr_dbd_results_t *rows = NULL;
    int rc, code = store->data ? HT_OK : open_database(store);

    if (code != HT_OK)
        return code;
    data = store->data;
    rc = apr_dbd_select(data->driver, store->pool, data->handle, &rows,
                        "SELECT " COLUMNS " FROM " TABLE " WHERE kind = ''",
                        1);
    return rc == 0 ? HT_OK : failed(store, "reading the table " TABLE
                                    " (is it made? htauth init)", rc);
}

static int begin(ht_store *store, int writing)
{
    int code = look(store);

    return code == HT_OK && writing ? lock_table(store) : code;
}

static int commit(ht_store *store)
{
    dbd_data *data = store->data;
    int rc = apr_dbd_transaction_end(data->driver, store->pool, data->trans);

    data->trans = NULL;
    return rc == 0 ? HT_OK : failed(store, "writing", rc);
}

static void close_store(ht_store *store)
{
    dbd_data *data = store->data;

    if (!data || !data->handle)
        return;
    if (data->trans) {
        apr_dbd_transaction_mode_set(data->driver, data->trans,
                                     APR_DBD_TRANSACTION_ROLLBACK);
        apr_dbd_transaction_end(data->driver, store->pool, data->trans);
    }
    apr_dbd_close(data->driver, data->handle);
}

/* ---- statements ------------------------------------------------------ */

static int prepare(apr_dbd_prepared_t **statement, ht_store *store,
                   const char *sql)
{
    dbd_data *data = store->data;
    const char *label = apr_psprintf(store->pool, "htauth_%d", ++data->labels);
    int rc;

    *statement = NULL;
    rc = apr_dbd_prepare(data->driver, store->pool, data->handle, sql, label,
                         statement);
    return rc == 0 ? HT_OK : failed(store, "preparing a statement", rc);
}

static int execute(ht_store *store, const char *sql, const char **values)
{
    const dbd_data *data = store->data;
    apr_dbd_prepared_t *statement;
    int rc, rows, code = prepare(&statement, store, sql);

    if (code != HT_OK)
        return code;
    rc = apr_dbd_pquery(data->driver, store->pool, data->handle, &rows,
                        statement, 0, values);
    return rc == 0 ? HT_OK : failed(store, "writing", rc);
}

static int select_rows(apr_dbd_results_t **rows, ht_store *store,
                       const char *sql, const char **values)
{
    const dbd_data *data = store->data;
    apr_dbd_prepared_t *statement;
    int rc, code = prepare(&statement, store, sql);

    *rows = NULL;
    if (code != HT_OK)
        return code;
    rc = apr_dbd_pselect(data->driver, store->pool, data->handle, rows,
                         statement, 1, 0, values);
    return rc == 0 ? HT_OK : failed(store, "reading", rc);
}

static int next_row(apr_dbd_row_t **row, const ht_store *store,
                    apr_dbd_results_t *rows)
{
    const dbd_data *data = store->data;

    return apr_dbd_get_row(data->driver, store->pool, rows, row, -1) == 0;
}

static const char *entry(const ht_store *store, apr_dbd_row_t *row, int column)
{
    const dbd_data *data = store->data;
    const char *text = apr_dbd_get_entry(data->driver, row, column);

    return apr_pstrdup(store->pool, text ? text : "");
}

/* ---- records and rows ------------------------------------------------ */

/* NULL, or what in the row is no record. What can't be read signs nobody in:
 * an unknown state counts as revoked. */
static const char *read_row(as_cred *cred, const ht_store *store,
                            apr_dbd_row_t *row)
{
    cred->kind = as_cred_kind_find(as_span_of(entry(store, row, KIND)));
    cred->id = entry(store, row, ID);
    cred->realm = entry(store, row, REALM);
    cred->place = entry(store, row, PLACE);
    cred->algorithm = entry(store, row, ALGORITHM);
    cred->user = entry(store, row, USERNAME);
    cred->value = as_span_of(entry(store, row, VALUE));
    cred->label = entry(store, row, LABEL);
    cred->scope = entry(store, row, SCOPE);
    cred->created = apr_atoi64(entry(store, row, CREATED));
    cred->expires = apr_atoi64(entry(store, row, EXPIRES));
    cred->not_before = apr_atoi64(entry(store, row, NOT_BEFORE));
    cred->state = AS_CRED_REVOKED;
    if (cred->kind == AS_CRED_KINDS)
        return "the kind is none that httpd knows";
    if (!as_cred_state_find(&cred->state,
                            as_span_of(entry(store, row, STATE))))
        return "the state is none of pending, active, revoked";
    if (as_cred_is_binary(cred->kind)
        && as_base64url_decode(&cred->value, cred->value, store->pool)
               != APR_SUCCESS)
        return "the value is not base64url";
    return NULL;
}

static const char *number(apr_pool_t *pool, apr_int64_t value)
{
    return apr_psprintf(pool, "%" APR_INT64_T_FMT, value);
}

/* Digest's H(user ":" realm), by which a client may name its user. */
static const char *userhash_of(const as_cred *cred, apr_pool_t *pool)
{
    const as_digest_alg *alg = as_digest_alg_find(as_span_of(cred->algorithm));
    const as_span parts[] = { as_span_of(cred->id), as_span_of(cred->realm) };
    char hex[AS_DIGEST_HEX_MAX + 1];

    if (cred->kind != AS_CRED_DIGEST || !alg
        || as_digest_hash(hex, alg, parts, 2) != APR_SUCCESS)
        return "";
    return apr_pstrdup(pool, hex);
}

/* ---- the store ------------------------------------------------------- */

/* "AND column = %s" for what is asked for. */
static void add_condition(char **sql, const char **values, int *count,
                          const char *column, const char *value,
                          apr_pool_t *pool)
{
    if (!value)
        return;
    *sql = apr_pstrcat(pool, *sql, " AND ", column, " = %s", NULL);
    values[(*count)++] = value;
}

static void add_kinds(char **sql, unsigned int kinds, apr_pool_t *pool)
{
    const char *list = "";
    int kind;

    for (kind = 0; kind < AS_CRED_KINDS; kind++)
        if (kinds & HT_KIND(kind))
            list = apr_pstrcat(pool, list, *list ? ", '" : "'",
                               as_cred_kind_name((as_cred_kind)kind), "'",
                               NULL);
    if (kinds)
        *sql = apr_pstrcat(pool, *sql, " AND kind IN (", list, ")", NULL);
}

static const char *statement_of(const char **values, const ht_filter *filter,
                                apr_pool_t *pool)
{
    char *sql = "SELECT " COLUMNS " FROM " TABLE " WHERE kind <> ''";
    int count = 0;

    add_kinds(&sql, filter->kinds, pool);
    add_condition(&sql, values, &count, "username", filter->user, pool);
    add_condition(&sql, values, &count, "realm", filter->realm, pool);
    add_condition(&sql, values, &count, "id", filter->id, pool);
    add_condition(&sql, values, &count, "algorithm", filter->algorithm, pool);
    if (filter->id_begins)
        add_condition(&sql, values, &count,
                      apr_psprintf(pool, "substr(id, 1, %d)",
                                   (int)strlen(filter->id_begins)),
                      filter->id_begins, pool);
    if (filter->has_state)
        add_condition(&sql, values, &count, "state",
                      as_cred_state_name(filter->state), pool);
    return sql;
}

static int find(ht_store *store, apr_array_header_t *found,
                const ht_filter *filter)
{
    const char *values[VALUES_MAX] = { NULL };
    const char *sql = statement_of(values, filter, store->pool);
    apr_dbd_results_t *rows;
    apr_dbd_row_t *row = NULL;
    int code = select_rows(&rows, store, sql, values);

    while (code == HT_OK && next_row(&row, store, rows)) {
        as_cred cred;
        const char *why = read_row(&cred, store, row);

        if (why)
            return ht_error(HT_DAMAGED, "a row of " TABLE " is damaged: %s; "
                            "htauth check shows which", why);
        *(as_cred *)apr_array_push(found) = cred;
    }
    return code;
}

static void key_of(const char **values, const as_cred *cred)
{
    values[0] = as_cred_kind_name(cred->kind);
    values[1] = cred->id;
    values[2] = cred->realm;
    values[3] = cred->place;
    values[4] = cred->algorithm;
}

static int has(ht_store *store, const as_cred *cred, int *there)
{
    const char *values[5];
    apr_dbd_results_t *rows;
    apr_dbd_row_t *row = NULL;
    int code;

    key_of(values, cred);
    code = select_rows(&rows, store, "SELECT id FROM " TABLE " WHERE " KEY,
                       values);
    *there = code == HT_OK && next_row(&row, store, rows);
    return code;
}

static int drop(ht_store *store, const as_cred *cred)
{
    const char *values[5];

    key_of(values, cred);
    return execute(store, "DELETE FROM " TABLE " WHERE " KEY, values);
}

static int put(ht_store *store, const as_cred *cred)
{
    apr_pool_t *pool = store->pool;
    const char *wrong = as_cred_check(cred, pool);
    const char *values[] = {
        as_cred_kind_name(cred->kind), cred->id, cred->realm, cred->place,
        cred->algorithm, cred->user,
        as_cred_is_binary(cred->kind) ? as_base64url_encode(pool, cred->value)
                                      : as_string(pool, cred->value),
        cred->label, cred->scope, as_cred_state_name(cred->state),
        number(pool, cred->created), number(pool, cred->expires),
        number(pool, cred->not_before), userhash_of(cred, pool)
    };
    int code;

    if (wrong)
        return ht_error(HT_NO, "%s", wrong);
    code = drop(store, cred);
    return code == HT_OK
               ? execute(store, "INSERT INTO " TABLE " (" COLUMNS ") VALUES "
                         "(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %lld, "
                         "%lld, %lld, %s)", values)
               : code;
}

/* ---- init ------------------------------------------------------------ */

/* An empty file of our own mode; SQLite takes it for an empty database. */
static int make_file(const ht_store *store)
{
    const dbd_data *data = store->data;
    int fd = open(data->params, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW
                                    | O_CLOEXEC, S_IRUSR | S_IWUSR);

    if (fd >= 0)
        close(fd);
    else if (errno == EEXIST)
        return look_at_file(store);
    else
        return ht_error(HT_SYSTEM, "%s can't be made: %pm", data->params,
                        &errno);
    return HT_OK;
}

static int is_made(ht_store *store)
{
    const dbd_data *data = store->data;
    apr_dbd_results_t *rows = NULL;

    return apr_dbd_select(data->driver, store->pool, data->handle, &rows,
                          "SELECT id FROM " TABLE " WHERE kind = ''", 1) == 0;
}

/* One statement at a time: after the last one SQLite's driver would take the
 * line feed for another. */
static int run_schema(const ht_store *store)
{
    const char *at = schema, *end;
    int rc = 0;

    while (rc == 0 && (end = strchr(at, ';'))) {
        rc = query(store, apr_pstrmemdup(store->pool, at,
                                         (apr_size_t)(end - at)));
        at = end + 1;
    }
    return rc;
}

static int make_table(ht_store *store)
{
    dbd_data *data = store->data;
    int rc;

    if (is_made(store))
        return ht_error(HT_NO, "the database has the table " TABLE
                        " already; it was left alone");
    rc = apr_dbd_transaction_start(data->driver, store->pool, data->handle,
                                   &data->trans);
    if (rc == 0)
        rc = run_schema(store);
    return rc == 0 ? commit(store) : failed(store, "making the table", rc);
}

static int init(ht_store *store, const char *group)
{
    int code = take_params(store);

    if (code == HT_OK && group)
        return ht_error(HT_USAGE, "--group is for file: stores; give rights "
                        "with the database's own means");
    if (code == HT_OK)
        code = load_driver(store);
    if (code == HT_OK && is_sqlite(store))
        code = make_file(store);
    if (code == HT_OK)
        code = connect_to(store);
    return code == HT_OK ? make_table(store) : code;
}

/* ---- check ----------------------------------------------------------- */

static void add_problem(apr_array_header_t *problems, const char *where,
                        const char *text, int is_warning)
{
    *(ht_problem *)apr_array_push(problems)
        = (ht_problem){ 0, is_warning, where, text };
}

static const char *name_of(const as_cred *cred, apr_pool_t *pool)
{
    const char *id;

    if (cred->kind == AS_CRED_KINDS)
        return apr_psprintf(pool, "a row of user %s", cred->user);
    id = ht_short_id(pool, cred);
    return apr_psprintf(pool, "%s %s%s%s%s", ht_kind_title(cred->kind),
                        *id ? id : cred->id, *cred->realm ? " in \"" : "",
                        cred->realm, *cred->realm ? "\"" : "");
}

static void check_row(apr_array_header_t *problems, ht_store *store,
                      apr_dbd_row_t *row)
{
    as_cred cred;
    const char *why = read_row(&cred, store, row);
    const char *name = name_of(&cred, store->pool);

    if (!why)
        why = as_cred_check(&cred, store->pool);
    if (!why && strcmp(entry(store, row, USERHASH),
                       userhash_of(&cred, store->pool)) != 0)
        why = "the column userhash is not H(user:realm); set the password "
              "anew";
    if (why) {
        add_problem(problems, name, why, 0);
        return;
    }
    why = ht_weakness(&cred, store->pool);
    if (why)
        add_problem(problems, name, why, 1);
}

static int check(ht_store *store, apr_array_header_t *problems, int *count)
{
    apr_dbd_results_t *rows;
    apr_dbd_row_t *row = NULL;
    const char *values[1] = { NULL };
    int code = look(store);

    if (code == HT_OK)
        code = select_rows(&rows, store, "SELECT " COLUMNS " FROM " TABLE
                           " ORDER BY kind, id", values);
    while (code == HT_OK && next_row(&row, store, rows)) {
        (*count)++;
        check_row(problems, store, row);
    }
    return code;
}

const ht_backend ht_dbd = {
    .name = "dbd",
    .init = init,
    .look = look,
    .begin = begin,
    .find = find,
    .has = has,
    .put = put,
    .drop = drop,
    .commit = commit,
    .check = check,
    .close = close_store,
};
