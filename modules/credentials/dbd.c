/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Records in an SQL database, by mod_dbd: the table of schema.sql.
 *
 * Every statement is prepared by mod_dbd when it connects and gets its values
 * as parameters. A connection is held for one look-up and not for a request:
 * a slow download would keep it from others.
 */
#include "httpd.h"
#include "http_log.h"
#include "apr_dbd.h"
#include "apr_hash.h"
#include "mod_dbd.h"

#include "base64.h"
#include "cred.h"
#include "credentials.h"

APLOG_USE_MODULE(authscheme_credentials);

/* ---- statements ------------------------------------------------------ */

enum {
    FIND, FIND_ALGORITHM, FIND_USERHASH, ADD, UPDATE, COUNT_USER, COUNT_PENDING, STATEMENTS
};

#define TABLE "authscheme_credentials"
#define COLUMNS "kind, id, realm, place, algorithm, username, value, label, " \
                "scope, state, created, expires, not_before"
#define RECORD "kind = %s AND id = %s AND realm = %s AND place = %s"

/* PostgreSQL makes an identifier of the label. */
static const struct {
    const char *label;
    const char *sql;
} statements[STATEMENTS] = {
    [FIND] = { "authscheme_find",
               "SELECT " COLUMNS " FROM " TABLE " WHERE " RECORD
               " ORDER BY algorithm LIMIT 1" },
    [FIND_ALGORITHM] = { "authscheme_find_algorithm",
                         "SELECT " COLUMNS " FROM " TABLE " WHERE " RECORD
                         " AND algorithm = %s" },
    [FIND_USERHASH] = { "authscheme_find_userhash",
                        "SELECT " COLUMNS " FROM " TABLE " WHERE kind = %s "
                        "AND userhash = %s AND realm = %s AND algorithm = %s "
                        "ORDER BY id LIMIT 1" },
    [ADD] = { "authscheme_add",
              "INSERT INTO " TABLE " (" COLUMNS ") VALUES (%s, %s, %s, %s, "
              "%s, %s, %s, %s, %s, %s, %lld, %lld, %lld)" },
    [UPDATE] = { "authscheme_update",
                 "UPDATE " TABLE " SET state = %s, not_before = %lld, "
                 "label = %s WHERE " RECORD
                 " AND algorithm = %s AND state = %s" },
    [COUNT_USER] = { "authscheme_count_user",
                     "SELECT COUNT(*) FROM " TABLE " WHERE kind = %s "
                     "AND username = %s AND realm = %s AND place = %s "
                     "AND state <> 'revoked'" },
    [COUNT_PENDING] = { "authscheme_count_pending",
                        "SELECT COUNT(*) FROM " TABLE " WHERE kind = %s "
                        "AND realm = %s AND place = %s "
                        "AND state = 'pending'" },
};

#define NOT_PREPARED (-1) /* as no driver says */

/* ---- records and rows ------------------------------------------------ */

/* What nobody can read signs nobody in. */
static as_cred_state state_of(const char *word)
{
    as_cred_state state;

    return as_cred_state_find(&state, as_span_of(word)) ? state
                                                        : AS_CRED_REVOKED;
}

static const char *number(apr_pool_t *pool, apr_int64_t value)
{
    return apr_psprintf(pool, "%" APR_INT64_T_FMT, value);
}

/* ---- connections ----------------------------------------------------- */

/* mod_dbd's functions, looked up for each use: httpd forgets them when it
 * reads its configuration anew. */
typedef struct connection {
    request_rec *r;
    apr_pool_t *pool; /* for results */
    ap_dbd_t *dbd;
} connection;

static apr_status_t attach(connection *c, request_rec *r)
{
    APR_OPTIONAL_FN_TYPE(ap_dbd_open) *open
        = APR_RETRIEVE_OPTIONAL_FN(ap_dbd_open);

    c->r = r;
    c->pool = r->pool;
    c->dbd = open ? open(r->pool, r->server) : NULL;
    if (c->dbd)
        return APR_SUCCESS;
    ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r,
                  "AuthCredentials dbd: no connection to the database of "
                  "DBDParams, or it has no table " TABLE
                  " (see schema.sql); mod_dbd says more above");
    return APR_EGENERAL;
}

static void release(connection *c)
{
    APR_OPTIONAL_FN_TYPE(ap_dbd_close) *close
        = APR_RETRIEVE_OPTIONAL_FN(ap_dbd_close);

    close(c->r->server, c->dbd);
}

static apr_dbd_prepared_t *prepared(const connection *c, int statement)
{
    return apr_hash_get(c->dbd->prepared, statements[statement].label,
                        APR_HASH_KEY_STRING);
}

/*
 * A connection that was lost and made again has lost its statements, and a
 * change of the schema spoils those of SQLite: prepares them anew. A driver
 * keeps what it prepared, so what did not help last time has to wait.
 */
#define RENEW_AGAIN apr_time_from_sec(2)

static apr_time_t *renew_after(const connection *c)
{
    static const char label[] = "authscheme_renew_after";
    apr_time_t *after = apr_hash_get(c->dbd->prepared, label,
                                     APR_HASH_KEY_STRING);

    if (!after) {
        after = apr_pcalloc(c->dbd->pool, sizeof(*after));
        apr_hash_set(c->dbd->prepared, label, APR_HASH_KEY_STRING, after);
    }
    return after;
}

static int renew(connection *c)
{
    apr_time_t *after = renew_after(c);
    apr_time_t now = apr_time_now();
    int i;

    if (now < *after
        || apr_dbd_check_conn(c->dbd->driver, c->pool, c->dbd->handle)
               == APR_EGENERAL)
        return 0;

    *after = now + RENEW_AGAIN;
    for (i = 0; i < STATEMENTS; i++) {
        apr_dbd_prepared_t *fresh = NULL;

        if (apr_dbd_prepare(c->dbd->driver, c->dbd->pool, c->dbd->handle,
                            statements[i].sql, statements[i].label, &fresh)
            == 0)
            apr_hash_set(c->dbd->prepared, statements[i].label,
                         APR_HASH_KEY_STRING, fresh);
    }
    return 1;
}

/* It helped: the next loss is another one. */
static void renewed(connection *c)
{
    *renew_after(c) = 0;
}

/* What the driver says of a failure, before another statement changes it. */
static const char *reason_of(connection *c, int rc)
{
    const char *text = apr_dbd_error(c->dbd->driver, c->dbd->handle, rc);

    return text ? apr_pstrdup(c->pool, text) : "no reason given";
}

static apr_status_t failed(connection *c, int statement, const char *reason)
{
    ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, c->r,
                  "AuthCredentials dbd: %s failed: %s",
                  statements[statement].label, reason);
    return APR_EGENERAL;
}

/* 0, or what the driver says. */
static int query(connection *c, int *rows, int statement, const char **values)
{
    apr_dbd_prepared_t *sql = prepared(c, statement);

    *rows = 0;
    return sql ? apr_dbd_pquery(c->dbd->driver, c->pool, c->dbd->handle, rows,
                                sql, 0, values)
               : NOT_PREPARED;
}

/* The first row, or NULL if there is none. All rows are fetched at once, so
 * that the connection is free again. */
static int select_once(connection *c, apr_dbd_row_t **row, int statement,
                       const char **values)
{
    apr_dbd_prepared_t *sql = prepared(c, statement);
    apr_dbd_results_t *results = NULL;
    int rc = sql ? apr_dbd_pselect(c->dbd->driver, c->pool, c->dbd->handle,
                                   &results, sql, 1, 0, values)
                 : NOT_PREPARED;

    *row = NULL;
    if (rc == 0
        && apr_dbd_get_row(c->dbd->driver, c->pool, results, row, -1) != 0)
        *row = NULL;
    return rc;
}

static apr_status_t select_row(connection *c, apr_dbd_row_t **row,
                               int statement, const char **values)
{
    int rc = select_once(c, row, statement, values);

    if (rc != 0 && renew(c)) {
        rc = select_once(c, row, statement, values);
        if (rc == 0)
            renewed(c);
    }
    if (rc != 0)
        return failed(c, statement, reason_of(c, rc));
    return *row ? APR_SUCCESS : APR_NOTFOUND;
}

static const char *entry(connection *c, apr_dbd_row_t *row, int column)
{
    const char *text = apr_dbd_get_entry(c->dbd->driver, row, column);

    return apr_pstrdup(c->r->pool, text ? text : "");
}

/* ---- the store ------------------------------------------------------- */

static apr_status_t read_value(as_cred *cred, connection *c, const char *text)
{
    cred->value = as_span_of(text);
    if (!as_cred_is_binary(cred->kind))
        return APR_SUCCESS;
    if (as_base64url_decode(&cred->value, cred->value, c->r->pool)
        == APR_SUCCESS)
        return APR_SUCCESS;
    ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, c->r,
                  "AuthCredentials dbd: the value of a record of kind %s is "
                  "not base64url", as_cred_kind_name(cred->kind));
    return APR_EGENERAL;
}

/* In the order of COLUMNS. */
static apr_status_t read_record(as_cred *cred, connection *c,
                                apr_dbd_row_t *row, as_cred_kind kind)
{
    cred->kind = kind;
    cred->id = entry(c, row, 1);
    cred->realm = entry(c, row, 2);
    cred->place = entry(c, row, 3);
    cred->algorithm = entry(c, row, 4);
    cred->user = entry(c, row, 5);
    cred->label = entry(c, row, 7);
    cred->scope = entry(c, row, 8);
    cred->state = state_of(entry(c, row, 9));
    cred->created = apr_atoi64(entry(c, row, 10));
    cred->expires = apr_atoi64(entry(c, row, 11));
    cred->not_before = apr_atoi64(entry(c, row, 12));
    return read_value(cred, c, entry(c, row, 6));
}

static apr_status_t find_by(const as_cred **cred, request_rec *r,
                            as_cred_kind kind, int statement,
                            const char **values)
{
    as_cred *found = apr_pcalloc(r->pool, sizeof(*found));
    apr_dbd_row_t *row;
    connection c;
    apr_status_t rv = attach(&c, r);

    if (rv != APR_SUCCESS)
        return rv;
    rv = select_row(&c, &row, statement, values);
    if (rv == APR_SUCCESS)
        rv = read_record(found, &c, row, kind);
    release(&c);
    *cred = found;
    return rv;
}

static apr_status_t find(const as_cred **cred, request_rec *r,
                         as_cred_kind kind, const char *id, const char *realm,
                         const char *place, const char *algorithm)
{
    const char *values[] = { as_cred_kind_name(kind), id, realm, place,
                             algorithm };

    return find_by(cred, r, kind, algorithm ? FIND_ALGORITHM : FIND, values);
}

/* Rows without the hash have '', which is nobody's. */
static apr_status_t find_userhash(const as_cred **cred, request_rec *r,
                                  const char *userhash, const char *realm,
                                  const char *algorithm)
{
    const char *values[] = { as_cred_kind_name(AS_CRED_DIGEST), userhash,
                             realm, algorithm };

    if (!*userhash)
        return APR_NOTFOUND;
    return find_by(cred, r, AS_CRED_DIGEST, FIND_USERHASH, values);
}

static int is_taken(connection *c, const as_cred *cred)
{
    const char *values[] = { as_cred_kind_name(cred->kind), cred->id,
                             cred->realm, cred->place, cred->algorithm };
    apr_dbd_row_t *row;

    return select_row(c, &row, FIND_ALGORITHM, values) == APR_SUCCESS;
}

/* No driver tells a key that is taken from other failures, so a look does; it
 * also renews what a lost connection lost, which a second try needs. */
static apr_status_t add_again(connection *c, const as_cred *cred,
                              const char **values)
{
    const char *reason;
    int rc, rows;

    if (is_taken(c, cred))
        return APR_EEXIST;
    rc = query(c, &rows, ADD, values);
    if (rc == 0)
        return APR_SUCCESS;
    reason = reason_of(c, rc);
    return is_taken(c, cred) ? APR_EEXIST : failed(c, ADD, reason);
}

/* One INSERT is atomic. */
static apr_status_t add(request_rec *r, const as_cred *cred)
{
    const char *values[] = {
        as_cred_kind_name(cred->kind), cred->id, cred->realm, cred->place,
        cred->algorithm, cred->user,
        as_cred_is_binary(cred->kind)
            ? as_base64url_encode(r->pool, cred->value)
            : as_string(r->pool, cred->value),
        cred->label, cred->scope, as_cred_state_name(cred->state),
        number(r->pool, cred->created), number(r->pool, cred->expires),
        number(r->pool, cred->not_before)
    };
    connection c;
    int rows;
    apr_status_t rv = attach(&c, r);

    if (rv != APR_SUCCESS)
        return rv;
    if (query(&c, &rows, ADD, values) != 0)
        rv = add_again(&c, cred, values);
    release(&c);
    return rv;
}

static apr_status_t update(request_rec *r, const as_cred *cred,
                           as_cred_state was)
{
    const char *values[] = { as_cred_state_name(cred->state),
                             number(r->pool, cred->not_before), cred->label,
                             as_cred_kind_name(cred->kind), cred->id,
                             cred->realm, cred->place, cred->algorithm,
                             as_cred_state_name(was) };
    connection c;
    int rc, rows;
    apr_status_t rv = attach(&c, r);

    if (rv != APR_SUCCESS)
        return rv;
    rc = query(&c, &rows, UPDATE, values);
    if (rc != 0 && renew(&c)) {
        rc = query(&c, &rows, UPDATE, values);
        if (rc == 0)
            renewed(&c);
    }
    if (rc != 0)
        rv = failed(&c, UPDATE, reason_of(&c, rc));
    else if (rows < 1)
        rv = APR_NOTFOUND;
    release(&c);
    return rv;
}

static apr_status_t count(int *result, request_rec *r, as_cred_kind kind,
                          const char *user, const char *realm,
                          const char *place)
{
    const char *of_user[] = { as_cred_kind_name(kind), user, realm, place };
    const char *of_all[] = { as_cred_kind_name(kind), realm, place };
    apr_dbd_row_t *row;
    connection c;
    apr_status_t rv = attach(&c, r);

    if (rv != APR_SUCCESS)
        return rv;
    rv = user ? select_row(&c, &row, COUNT_USER, of_user)
              : select_row(&c, &row, COUNT_PENDING, of_all);
    if (rv == APR_SUCCESS)
        *result = (int)apr_atoi64(entry(&c, row, 0));
    release(&c);
    return rv;
}

/* ---- configuration --------------------------------------------------- */

static const char *open_dbd(void **handle, cmd_parms *cmd,
                            const char *argument)
{
    cred_server *server = ap_get_module_config(cmd->server->module_config,
                                               &authscheme_credentials_module);
    APR_OPTIONAL_FN_TYPE(ap_dbd_prepare) *prepare
        = APR_RETRIEVE_OPTIONAL_FN(ap_dbd_prepare);
    int i;

    *handle = NULL;
    if (*argument)
        return "AuthCredentials dbd: takes nothing after the colon; the "
               "database is that of DBDriver and DBDParams";
    if (!prepare)
        return "AuthCredentials dbd: needs mod_dbd; load dbd_module before "
               "this line";
    if (server->dbd)
        return NULL;

    server->dbd = cmd->directive;
    for (i = 0; i < STATEMENTS; i++)
        prepare(cmd->server, statements[i].sql, statements[i].label);
    return NULL;
}

const cred_backend cred_dbd = {
    .name = "dbd",
    .open = open_dbd,
    .store = { .find = find, .add = add, .update = update, .count = count,
               .find_userhash = find_userhash },
};
