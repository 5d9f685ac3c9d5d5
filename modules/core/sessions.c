/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Proofs that take more than one request. Whoever has begun an exchange gets
 * one answer to it (as_spend), and who has proven himself gets a session, so
 * that his next requests cost little.
 *
 * Strangers may write to the first table, by wrong answers, and to no other: it
 * is as small as that allows, and what it has to forget is stale, not new. A
 * session that is forgotten is proven anew. Both are there only if a scheme has
 * asked for sessions.
 */
#include "http_core.h"
#include "http_log.h"
#include "http_protocol.h"

#include "core.h"
#include "segment.h"
#include "session_table.h"
#include "table.h"

#define SETTINGS "authscheme-sessions"
#define SIZE_DEFAULT (8 * 1024 * 1024)
#define SIZE_LIMIT ((apr_size_t)1 << 30)
#define SPENT_SIZE (2 * 1024 * 1024)
#define BEGUN APR_UINT64_MAX /* no request's number: that it began a session */

APLOG_USE_MODULE(authscheme);

typedef struct settings {
    apr_size_t size;     /* AuthSchemeSessions, or 0 */
    apr_size_t data_max; /* what schemes have asked for; 0: no sessions */
} settings;

static core_table spent = { NULL, apr_time_now };
static core_sessions sessions = { NULL, apr_time_now };

/* ---- configuration --------------------------------------------------- */

static settings *settings_of(apr_pool_t *pconf)
{
    void *found = NULL;

    apr_pool_userdata_get(&found, SETTINGS, pconf);
    if (!found) {
        found = apr_pcalloc(pconf, sizeof(settings));
        apr_pool_userdata_setn(found, SETTINGS, NULL, pconf);
    }
    return found;
}

const char *core_sessions_directive(cmd_parms *cmd, void *conf,
                                    const char *arg)
{
    const char *error = ap_check_cmd_context(cmd, GLOBAL_ONLY);
    settings *set = settings_of(cmd->server->process->pconf);

    (void)conf;
    if (error)
        return error;
    if (set->size)
        return "AuthSchemeSessions stands here twice";
    set->size = core_size_of(arg, CORE_SESSIONS_MIN, SIZE_LIMIT);
    return set->size ? NULL : "AuthSchemeSessions takes a size from 64k to "
                              "1g, for example 16m";
}

void core_session_reserve(apr_pool_t *pconf, apr_size_t octets)
{
    settings *set = settings_of(pconf);

    if (octets > set->data_max)
        set->data_max = octets;
}

/* ---- shared memory --------------------------------------------------- */

static apr_status_t open_spent(server_rec *s)
{
    core_segment *seg;
    int is_new;
    apr_status_t rv = core_segment_keep(&seg, &is_new, "authscheme-spent",
                                        SPENT_SIZE, s);

    if (rv != APR_SUCCESS)
        return rv;
    if (!is_new
        && core_table_attach(&spent, core_segment_at(seg), SPENT_SIZE)
               == APR_SUCCESS)
        return APR_SUCCESS;
    return core_table_format(&spent, core_segment_at(seg), SPENT_SIZE, NULL);
}

/* Other sessions than before need other memory: one segment for each size. */
static apr_status_t open_table(apr_size_t size, apr_size_t data_max,
                               server_rec *s)
{
    const char *name = apr_psprintf(s->process->pool,
                                    "authscheme-sessions-%" APR_SIZE_T_FMT,
                                    data_max);
    core_segment *seg;
    int is_new;
    apr_status_t rv = core_segment_keep(&seg, &is_new, name, size, s);

    if (rv != APR_SUCCESS)
        return rv;
    if (!is_new
        && core_sessions_attach(&sessions, core_segment_at(seg), size,
                                data_max) == APR_SUCCESS)
        return APR_SUCCESS;
    return core_sessions_format(&sessions, core_segment_at(seg), size,
                                data_max);
}

apr_status_t core_sessions_open(apr_pool_t *pconf, server_rec *s)
{
    const settings *set = settings_of(pconf);
    apr_status_t rv;

    if (!set->data_max)
        return APR_SUCCESS;
    rv = open_spent(s);
    return rv == APR_SUCCESS
               ? open_table(set->size ? set->size : SIZE_DEFAULT,
                            set->data_max, s)
               : rv;
}

/* ---- one answer to an exchange --------------------------------------- */

/* By this table's own salt: the other one may be replaced. */
static apr_status_t name_spent(unsigned char key[CORE_KEY_LEN],
                               const as_span *parts, int count)
{
    return spent.shared ? core_table_key(key, &spent, parts, count)
                        : APR_ENOTIMPL;
}

/* The nonce was checked with the epoch of the other table. This one counts its
 * own: it is asked first, so that what it noticed the other does as well. */
static core_use spend(request_rec *r, const core_proof *proof,
                      apr_uint64_t count)
{
    core_proof ours = *proof;
    core_use use;
    apr_uint64_t dropped;

    if (proof->epoch != CORE_UNSTAMPED) {
        ours.epoch = core_table_epoch(&spent);
        if (proof->epoch != core_state_epoch())
            return CORE_STALE;
    }
    use = core_table_use(&spent, &ours, count);
    dropped = core_table_news(&spent);
    if (dropped)
        ap_log_rerror(APLOG_MARK, APLOG_WARNING, 0, r,
                      "authscheme: the table of answered key exchanges is "
                      "full, %" APR_UINT64_T_FMT " dropped before their time: "
                      "somebody guesses passwords", dropped);
    return use;
}

as_use core_spend(request_rec *r, const char *space, as_span key,
                  apr_time_t issued, apr_time_t expires)
{
    const as_span parts[] = { { "spend", 5 }, as_span_of(space), key };
    core_proof proof = { .issued = issued, .expires = expires };

    return core_use_once(r, name_spent, parts, &proof, 1, spend);
}

/* ---- sessions -------------------------------------------------------- */

int core_session_find(as_session *session, request_rec *r, const char *space,
                      const as_span *parts, int count)
{
    as_span all[AS_PARTS_MAX + 1] = { as_span_of(space) };
    int i;

    (void)r;
    session->len = 0;
    session->is_named = 0;
    if (!sessions.shared || count > AS_PARTS_MAX)
        return 0;
    for (i = 0; i < count; i++)
        all[i + 1] = parts[i];
    if (core_session_key(session->key, &sessions, all, count + 1)
        != APR_SUCCESS)
        return 0;
    session->is_named = 1;
    session->len = core_session_get(session->data, &sessions, session->key);
    return session->len > 0;
}

/* A client's request begins it once. If it has ended since, a subrequest must
 * not begin it anew, without the numbers that have come. */
apr_status_t core_session_begin(const as_session *session, request_rec *r,
                                as_span data, apr_time_t ends)
{
    apr_status_t rv;

    if (!session->is_named)
        return APR_EGENERAL;
    if (!sessions.shared)
        return APR_ENOTIMPL;
    if (core_was_first(r, session->key, BEGUN))
        return APR_SUCCESS;
    rv = core_session_put(&sessions, session->key, data, ends);
    if (rv == APR_SUCCESS)
        core_note_first(r, session->key, BEGUN);
    return rv;
}

as_use core_session_number(const as_session *session, request_rec *r,
                           apr_uint64_t number, unsigned int window)
{
    static const as_use meaning[] = {
        [CORE_NUMBER_FIRST] = AS_USE_FIRST,
        [CORE_NUMBER_USED] = AS_USE_SEEN,
        [CORE_NUMBER_LOST] = AS_USE_STALE,
        [CORE_NUMBER_FAILED] = AS_USE_UNAVAILABLE,
    };
    as_use use;

    if (!sessions.shared || !session->is_named)
        return AS_USE_UNAVAILABLE;
    if (number == BEGUN)
        return AS_USE_SEEN;
    if (core_was_first(r, session->key, number))
        return AS_USE_FIRST;
    use = meaning[core_session_use(&sessions, session->key, number, window)];
    if (use == AS_USE_FIRST)
        core_note_first(r, session->key, number);
    if (use == AS_USE_UNAVAILABLE)
        ap_log_rerror(APLOG_MARK, APLOG_CRIT, 0, r,
                      "authscheme: a lock of the table of sessions is broken; "
                      "stop and start the server");
    return use;
}

void core_session_close(const as_session *session, request_rec *r)
{
    (void)r;
    if (sessions.shared && session->is_named)
        core_session_end(&sessions, session->key);
}

/* ---- the status page ------------------------------------------------- */

void core_sessions_show(request_rec *r, int is_short)
{
    core_sessions_counts counts;

    if (!sessions.shared)
        return;
    counts = core_sessions_count(&sessions);
    ap_rprintf(r, is_short
                   ? "AuthSchemeSessions-room: %" APR_UINT64_T_FMT "\n"
                     "AuthSchemeSessions-live: %" APR_UINT64_T_FMT "\n"
                     "AuthSchemeSessions-evicted: %" APR_UINT64_T_FMT "\n"
                   : "<p>Sessions: room for %" APR_UINT64_T_FMT ", about %"
                     APR_UINT64_T_FMT " live, %" APR_UINT64_T_FMT
                     " ended early to make room.</p>\n",
               counts.room, counts.live, counts.evicted);
}
