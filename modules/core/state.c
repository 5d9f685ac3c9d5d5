/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * One-time proofs: who was first. What was used is kept by a backend; today
 * there is one, a table in shared memory (table.c), which outlives graceful
 * restarts. Others are rows of `backends`.
 *
 * httpd may judge one client request several times, for internal redirects
 * and subrequests. So what was the first use is remembered with the client's
 * request, and stays the first there.
 */
#include "http_core.h"
#include "http_log.h"

#include "core.h"
#include "segment.h"
#include "table.h"

#define KEPT_AS "authscheme state 1" /* another number for another layout */
#define SETTINGS "authscheme-state"
#define SIZE_DEFAULT (8 * 1024 * 1024)
#define SIZE_LIMIT ((apr_size_t)1 << 30)

APLOG_USE_MODULE(authscheme);

/* What AuthSchemeState said. */
typedef struct settings {
    const struct backend *backend;
    apr_size_t size;
} settings;

/* Where used proofs are kept. Every function but open is called by many
 * processes and threads at once. */
typedef struct backend {
    const char *name; /* before the colon */
    const char *(*configure)(settings *set, const char *rest);
    apr_status_t (*open)(const settings *set, server_rec *s);
    core_name key;
    core_ask claim; /* its count is 1 */
    core_ask window;
} backend;

static const backend *active;
static core_table table = { NULL, apr_time_now };

/* ---- shared memory --------------------------------------------------- */

static const char *configure_shm(settings *set, const char *rest)
{
    if (!*rest)
        return NULL;
    set->size = core_size_of(rest, CORE_TABLE_MIN, SIZE_LIMIT);
    return set->size ? NULL : "AuthSchemeState shm:SIZE takes 64k to 1g, for "
                              "example shm:8m";
}

/* A table of another size takes over. Children that still serve the requests
 * of the configuration before keep the old segment, retired. */
static apr_status_t replace_table(core_segment *kept, apr_size_t size,
                                  server_rec *s)
{
    core_table before = table;
    int had = kept->shm && core_table_attach(&before, core_segment_at(kept),
                                             kept->size) == APR_SUCCESS;
    core_segment made;
    apr_status_t rv = core_segment_make(&made, "authscheme-state", size, s);

    if (rv != APR_SUCCESS)
        return rv;
    if (had)
        core_table_retire(&before);
    rv = core_table_format(&table, core_segment_at(&made), size,
                           had ? &before : NULL);
    if (rv != APR_SUCCESS)
        return rv;
    if (kept->shm)
        apr_shm_destroy(kept->shm);
    *kept = made;
    return APR_SUCCESS;
}

static apr_status_t open_shm(const settings *set, server_rec *s)
{
    core_segment *kept = ap_retained_data_get(KEPT_AS);

    if (!kept)
        kept = ap_retained_data_create(KEPT_AS, sizeof(*kept));
    if (kept->shm && kept->size == set->size
        && core_table_attach(&table, core_segment_at(kept), kept->size)
               == APR_SUCCESS)
        return APR_SUCCESS;
    return replace_table(kept, set->size, s);
}

static apr_status_t key_for_shm(unsigned char key[CORE_KEY_LEN],
                                const as_span *parts, int count)
{
    return core_table_key(key, &table, parts, count);
}

static core_use window_in_shm(request_rec *r, const core_proof *proof,
                              apr_uint64_t count)
{
    core_use use = core_table_use(&table, proof, count);
    apr_uint64_t dropped = core_table_news(&table);

    if (use == CORE_FAILED)
        ap_log_rerror(APLOG_MARK, APLOG_CRIT, 0, r,
                      "authscheme: a lock of the table of used one-time proofs "
                      "is broken; stop and start the server");
    if (dropped)
        ap_log_rerror(APLOG_MARK, APLOG_WARNING, 0, r,
                      "authscheme: the table of used one-time proofs is full: "
                      "%" APR_UINT64_T_FMT " entries dropped before their "
                      "time, their clients must sign in again; give "
                      "AuthSchemeState a larger size", dropped);
    return use;
}

static const backend backends[] = {
    { "shm", configure_shm, open_shm, key_for_shm, window_in_shm,
      window_in_shm },
    { "memcache", NULL, NULL, NULL, NULL, NULL },
    { "redis", NULL, NULL, NULL, NULL, NULL },
};

/* ---- AuthSchemeState ------------------------------------------------- */

static const backend *find_backend(as_span name)
{
    apr_size_t i;

    for (i = 0; i < sizeof(backends) / sizeof(backends[0]); i++)
        if (as_span_is(name, backends[i].name))
            return &backends[i];
    return NULL;
}

static settings *settings_of(apr_pool_t *pconf)
{
    void *found = NULL;

    apr_pool_userdata_get(&found, SETTINGS, pconf);
    return found;
}

const char *core_state_directive(cmd_parms *cmd, void *conf, const char *arg)
{
    apr_pool_t *pconf = cmd->server->process->pconf;
    const char *error = ap_check_cmd_context(cmd, GLOBAL_ONLY);
    apr_size_t len = strcspn(arg, ":");
    settings *set;

    (void)conf;
    if (error)
        return error;
    if (settings_of(pconf))
        return "AuthSchemeState stands here twice";
    set = apr_pcalloc(pconf, sizeof(*set));
    set->size = SIZE_DEFAULT;
    set->backend = find_backend((as_span){ arg, len });
    if (!set->backend)
        return "AuthSchemeState is shm or shm:SIZE";
    if (!set->backend->configure)
        return apr_psprintf(cmd->pool, "AuthSchemeState %s: is not built in "
                            "yet, use shm:SIZE", set->backend->name);
    apr_pool_userdata_setn(set, SETTINGS, NULL, pconf);
    return set->backend->configure(set, arg[len] ? arg + len + 1 : "");
}

apr_status_t core_state_open(apr_pool_t *pconf, server_rec *s)
{
    static const settings defaults = { &backends[0], SIZE_DEFAULT };
    const settings *set = settings_of(pconf);

    if (!set)
        set = &defaults;
    active = set->backend;
    return active->open(set, s);
}

/* ---- what a client request remembers --------------------------------- */

/* A use that was the first. */
typedef struct first_use {
    unsigned char key[CORE_KEY_LEN];
    apr_uint64_t count;
    struct first_use *next;
} first_use;

/* A nonce of ours that was checked, so that a proof issued at that time is
 * known to be of that epoch. */
typedef struct stamp {
    apr_time_t issued;
    apr_uint64_t epoch;
    struct stamp *next;
} stamp;

typedef struct memory {
    first_use *uses;
    stamp *stamps;
} memory;

static memory *memory_for(request_rec *r)
{
    void **slot = core_claims_slot(r);

    if (slot && !*slot)
        *slot = apr_pcalloc(core_root(r)->pool, sizeof(memory));
    return slot ? *slot : NULL;
}

static int was_first(const memory *mem,
                     const unsigned char key[CORE_KEY_LEN], apr_uint64_t count)
{
    const first_use *use = mem ? mem->uses : NULL;

    while (use && (use->count != count
                   || memcmp(use->key, key, CORE_KEY_LEN) != 0))
        use = use->next;
    return use != NULL;
}

static void remember(request_rec *r, memory *mem,
                     const unsigned char key[CORE_KEY_LEN], apr_uint64_t count)
{
    first_use *use = apr_palloc(core_root(r)->pool, sizeof(*use));

    memcpy(use->key, key, CORE_KEY_LEN);
    use->count = count;
    use->next = mem->uses;
    mem->uses = use;
}

int core_was_first(request_rec *r, const unsigned char key[CORE_KEY_LEN],
                   apr_uint64_t count)
{
    return was_first(memory_for(r), key, count);
}

void core_note_first(request_rec *r, const unsigned char key[CORE_KEY_LEN],
                     apr_uint64_t count)
{
    memory *mem = memory_for(r);

    if (mem)
        remember(r, mem, key, count);
}

static apr_uint64_t epoch_of(const memory *mem, apr_time_t issued)
{
    const stamp *found = mem ? mem->stamps : NULL;

    while (found && found->issued != issued)
        found = found->next;
    return found ? found->epoch : CORE_UNSTAMPED;
}

void core_state_stamped(request_rec *r, apr_time_t issued, apr_uint64_t epoch)
{
    memory *mem = memory_for(r);
    stamp *made;

    if (!mem || epoch_of(mem, issued) == epoch)
        return;
    made = apr_palloc(core_root(r)->pool, sizeof(*made));
    *made = (stamp){ issued, epoch, mem->stamps };
    mem->stamps = made;
}

/* ---- services -------------------------------------------------------- */

static const as_use meaning[] = {
    [CORE_FIRST] = AS_USE_FIRST,
    [CORE_SEEN] = AS_USE_SEEN,
    [CORE_STALE] = AS_USE_STALE,
    [CORE_FAILED] = AS_USE_UNAVAILABLE,
};

/* parts name the proof. */
as_use core_use_once(request_rec *r, core_name name, const as_span parts[3],
                     core_proof *proof, apr_uint64_t count, core_ask ask)
{
    memory *mem = memory_for(r);
    core_use use;

    if (name(proof->key, parts, 3) != APR_SUCCESS)
        return AS_USE_UNAVAILABLE;
    if (was_first(mem, proof->key, count))
        return AS_USE_FIRST;
    proof->epoch = epoch_of(mem, proof->issued);
    use = ask(r, proof, count);
    if (use == CORE_FIRST && mem)
        remember(r, mem, proof->key, count);
    return meaning[use];
}

as_use core_claim(request_rec *r, const char *space, as_span key,
                  apr_time_t issued, apr_time_t expires)
{
    const as_span parts[] = { { "claim", 5 }, as_span_of(space), key };
    core_proof proof = { .issued = issued, .expires = expires };

    return core_use_once(r, active->key, parts, &proof, 1, active->claim);
}

as_use core_window(request_rec *r, const char *space, as_span nonce,
                   apr_uint64_t count, apr_time_t issued, apr_time_t expires)
{
    const as_span parts[] = { { "window", 6 }, as_span_of(space), nonce };
    core_proof proof = { .issued = issued, .expires = expires };

    return core_use_once(r, active->key, parts, &proof, count,
                         active->window);
}

apr_uint64_t core_state_epoch(void)
{
    return table.shared ? core_table_epoch(&table) : 0;
}

void core_state_summary(core_state_counts *counts)
{
    core_table_counts found = { 0 };

    if (table.shared)
        found = core_table_count(&table);
    *counts = (core_state_counts){ found.room, found.live, found.dropped,
                                   found.epoch };
}
