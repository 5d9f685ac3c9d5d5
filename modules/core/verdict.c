/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * What became of a request, for the administrator: one line in the error log,
 * two notes for LogFormat, and counters that mod_status shows. The line has one
 * shape, which filters such as fail2ban's may rely on:
 *
 *     authscheme: refused status=401 scheme=HOBA problem=replayed user=-
 *     uri="/docs": the answer was used before (detail)
 */
#include "httpd.h"
#include "http_core.h"
#include "http_log.h"
#include "http_protocol.h"
#include "apr_atomic.h"
#include "apr_shm.h"
#include "mod_status.h"

#include "core.h"

APLOG_USE_MODULE(authscheme);

#define USER_MAX 64
#define DETAIL_MAX 200 /* characters of what a client sent */
#define URI_MAX 256
#define ROWS_MAX 32

static const char *const words[] = {
    [AS_NO_PROBLEM] = "-",
    [AS_MISSING] = "missing",
    [AS_UNOFFERED] = "unoffered",
    [AS_MALFORMED] = "malformed",
    [AS_UNKNOWN] = "unknown",
    [AS_INVALID] = "invalid",
    [AS_EXPIRED] = "expired",
    [AS_REPLAYED] = "replayed",
    [AS_DISABLED] = "disabled",
    [AS_UNACCEPTABLE] = "unacceptable",
    [AS_INSECURE] = "insecure",
    [AS_UNAUTHORIZED] = "unauthorized",
    [AS_INSUFFICIENT] = "insufficient",
    [AS_SERVER_FAULT] = "fault",
};

/* ---- the log line ---------------------------------------------------- */

/* Printable ASCII without quotes and percent signs; other bytes as %XX. */
static const char *clean(apr_pool_t *pool, const char *text, apr_size_t max)
{
    static const char hex[] = "0123456789ABCDEF";
    char *out = apr_palloc(pool, 3 * max + 4);
    char *at = out;
    apr_size_t i;

    for (i = 0; i < max && text[i]; i++) {
        unsigned char c = (unsigned char)text[i];

        if (c > 0x20 && c < 0x7f && !strchr("\"\\%", c)) {
            *at++ = (char)c;
            continue;
        }
        *at++ = '%';
        *at++ = hex[c >> 4];
        *at++ = hex[c & 15];
    }
    apr_cpystrn(at, text[i] ? "..." : "", 4);
    return out;
}

/* Somebody without credentials, or with old ones, is no news. */
static int level_of(const as_attempt *attempt)
{
    if (attempt->problem == AS_SERVER_FAULT)
        return APLOG_ERR;
    if (attempt->verdict == AS_STALE || attempt->verdict == AS_CONTINUE)
        return APLOG_INFO;
    if (attempt->problem == AS_MISSING)
        return APLOG_INFO;
    return APLOG_WARNING;
}

static const char *scheme_of(const core_record *rec)
{
    if (rec->attempt.scheme)
        return rec->attempt.scheme->name;
    return rec->used ? rec->used->type : "-";
}

static void log_refusal(request_rec *r, const core_record *rec, int status)
{
    const as_attempt *attempt = &rec->attempt;
    int known = attempt->verdict == AS_GRANTED && r->user;

    if (status == HTTP_UNAUTHORIZED && r->proxyreq == PROXYREQ_PROXY)
        status = HTTP_PROXY_AUTHENTICATION_REQUIRED; /* ap_die() does that */
    ap_log_rerror(APLOG_MARK, level_of(attempt), attempt->status, r,
                  "authscheme: refused status=%d scheme=%s problem=%s "
                  "user=%s uri=\"%s\": %s%s%s%s",
                  status, scheme_of(rec), words[attempt->problem],
                  known ? clean(r->pool, r->user, USER_MAX) : "-",
                  clean(r->pool, r->uri ? r->uri : "", URI_MAX),
                  attempt->reason ? attempt->reason : "next leg",
                  attempt->detail ? " (" : "",
                  attempt->detail
                      ? clean(r->pool, attempt->detail, DETAIL_MAX) : "",
                  attempt->detail ? ")" : "");
}

/* ---- counters -------------------------------------------------------- */

enum {
    COUNT_GRANTED, COUNT_MISSING, COUNT_DENIED, COUNT_STALE, COUNT_BAD,
    COUNT_FORBIDDEN, COUNT_FAULT, COUNT_CONTINUED, COUNT_COLUMNS
};

static const char *const columns[COUNT_COLUMNS] = {
    "granted", "missing", "denied", "stale", "bad", "forbidden", "fault",
    "continued"
};

typedef apr_uint32_t counter_row[COUNT_COLUMNS];

/* Row 0 is for schemes that only .htaccess files name, and for none. */
static const char *rows[ROWS_MAX];
static int row_count;
static volatile counter_row *counters; /* shared by all processes */

void core_counters_reset(void)
{
    rows[0] = "other";
    row_count = 1;
    counters = NULL;
}

int core_counter_row(const char *name, int may_add)
{
    int i;

    for (i = 1; i < row_count; i++)
        if (!ap_cstr_casecmp(rows[i], name))
            return i;
    if (!may_add || row_count == ROWS_MAX)
        return 0;
    rows[row_count] = name;
    return row_count++;
}

apr_status_t core_counters_open(apr_pool_t *pconf)
{
    apr_shm_t *shm;
    apr_size_t size = sizeof(counter_row) * ROWS_MAX;
    apr_status_t rv = apr_shm_create(&shm, size, NULL, pconf);

    if (rv != APR_SUCCESS)
        return rv;
    counters = apr_shm_baseaddr_get(shm);
    memset((void *)counters, 0, size);
    return APR_SUCCESS;
}

static int column_of(const as_attempt *attempt, int status)
{
    if (attempt->problem == AS_MISSING)
        return COUNT_MISSING;
    if (attempt->verdict == AS_CONTINUE)
        return COUNT_CONTINUED;
    if (attempt->verdict == AS_STALE)
        return COUNT_STALE;
    if (status == OK)
        return COUNT_GRANTED;
    if (status == HTTP_BAD_REQUEST)
        return COUNT_BAD;
    if (status == HTTP_FORBIDDEN)
        return COUNT_FORBIDDEN;
    return status >= 500 ? COUNT_FAULT : COUNT_DENIED;
}

static void count(request_rec *r, const core_record *rec, int status)
{
    int row = rec->used ? rec->used->row : 0;

    if (counters && !r->main)
        apr_atomic_inc32(&counters[row][column_of(&rec->attempt, status)]);
}

/* ---- report ---------------------------------------------------------- */

void core_report(request_rec *r, const core_record *rec, int status)
{
    if (status != OK && core_is_error_document(r))
        return; /* the request that it belongs to has been reported */
    if (rec->used)
        apr_table_setn(r->notes, "authscheme", scheme_of(rec));
    count(r, rec, status);
    if (status == OK)
        return;
    if (rec->attempt.reason)
        apr_table_setn(r->notes, "authscheme-reason", rec->attempt.reason);
    log_refusal(r, rec, status);
}

static void show_auto(request_rec *r)
{
    core_state_counts state;
    int i, k;

    for (i = 0; i < row_count; i++)
        for (k = 0; k < COUNT_COLUMNS; k++)
            ap_rprintf(r, "AuthScheme-%s-%s: %u\n", rows[i], columns[k],
                       apr_atomic_read32(&counters[i][k]));
    core_state_summary(&state);
    ap_rprintf(r, "AuthSchemeState-room: %" APR_UINT64_T_FMT "\n"
               "AuthSchemeState-live: %" APR_UINT64_T_FMT "\n"
               "AuthSchemeState-dropped: %" APR_UINT64_T_FMT "\n"
               "AuthSchemeState-epoch: %" APR_UINT64_T_FMT "\n",
               state.room, state.live, state.dropped, state.epoch);
    core_sessions_show(r, 1);
    core_costly_show(r, 1);
}

static void show_state(request_rec *r)
{
    core_state_counts state;

    core_state_summary(&state);
    ap_rprintf(r, "<p>One-time proofs: about %" APR_UINT64_T_FMT " remembered, "
               "room for %" APR_UINT64_T_FMT ", %" APR_UINT64_T_FMT
               " dropped before their time; the clock was turned back %"
               APR_UINT64_T_FMT " times.</p>\n",
               state.live, state.room, state.dropped, state.epoch);
}

static void show_table(request_rec *r)
{
    int i, k;

    ap_rputs("<hr />\n<h2>Authentication schemes</h2>\n"
             "<table border=\"0\"><tr><th>Scheme</th>", r);
    for (k = 0; k < COUNT_COLUMNS; k++)
        ap_rprintf(r, "<th>%s</th>", columns[k]);
    ap_rputs("</tr>\n", r);
    for (i = 0; i < row_count; i++) {
        ap_rprintf(r, "<tr><td>%s</td>", ap_escape_html(r->pool, rows[i]));
        for (k = 0; k < COUNT_COLUMNS; k++)
            ap_rprintf(r, "<td>%u</td>", apr_atomic_read32(&counters[i][k]));
        ap_rputs("</tr>\n", r);
    }
    ap_rputs("</table>\n", r);
    show_state(r);
    core_sessions_show(r, 0);
    core_costly_show(r, 0);
}

int core_status_hook(request_rec *r, int flags)
{
    if (!counters)
        return OK;
    if (flags & AP_STATUS_SHORT)
        show_auto(r);
    else
        show_table(r);
    return OK;
}
