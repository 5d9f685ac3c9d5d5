/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Records in a text file: AuthCredentials file:PATH.
 *
 * httpd reads the file when it starts, once for all processes, and each process
 * reads it anew when it has changed. What was read at one time is a generation:
 * requests take a reference to one for a look-up, and the last to let go of an
 * old one frees it. A file that is broken, or may be written by others, never
 * replaces a good generation; not even when httpd is restarted.
 */
#include <pthread.h>
#include <signal.h>

#include "httpd.h"
#include "http_config.h"
#include "http_log.h"
#include "apr_atomic.h"
#include "apr_hash.h"
#include "apr_thread_mutex.h"
#include "apr_thread_proc.h"
#include "unixd.h"

#include "credentials.h"
#include "index.h"

APLOG_USE_MODULE(authscheme_credentials);

#define SMALL (1024 * 1024) /* octets that are read while a request waits */
#define OTHERS_MAY_NOT (APR_FPROT_GWRITE | APR_FPROT_WREAD | APR_FPROT_WWRITE)

/* ---- generations ----------------------------------------------------- */

/* Has memory of its own, so that any thread may free it. */
typedef struct generation {
    apr_pool_t *pool;
    apr_finfo_t is; /* the file that it was read from */
    cred_index *index;
    apr_uint32_t refs;
} generation;

static apr_status_t make_pool(apr_pool_t **pool)
{
    apr_allocator_t *allocator;
    apr_status_t rv = apr_allocator_create(&allocator);

    if (rv != APR_SUCCESS)
        return rv;
    apr_allocator_max_free_set(allocator, 1);
    rv = apr_pool_create_unmanaged_ex(pool, NULL, allocator);
    if (rv != APR_SUCCESS) {
        apr_allocator_destroy(allocator);
        return rv;
    }
    apr_allocator_owner_set(allocator, *pool);
    return APR_SUCCESS;
}

static void let_go(generation *g)
{
    if (g && !apr_atomic_dec32(&g->refs))
        apr_pool_destroy(g->pool);
}

static int is_same_file(const apr_finfo_t *a, const apr_finfo_t *b)
{
    return a->mtime == b->mtime && a->ctime == b->ctime && a->size == b->size
           && a->inode == b->inode && a->device == b->device
           && a->protection == b->protection;
}

/* ---- reading --------------------------------------------------------- */

/* Of a file that is open: its mode is that of what is read. */
static const char *check_file(const apr_finfo_t *is)
{
    if (is->filetype != APR_REG)
        return "is no regular file";
    if (is->protection & (APR_FPROT_GWRITE | APR_FPROT_WWRITE))
        return "may be written by others than its owner: chmod 640";
    if (is->protection & OTHERS_MAY_NOT)
        return "may be read by everybody: chmod 640";
    return NULL;
}

static const char *read_text(as_span *text, apr_file_t *file,
                             const apr_finfo_t *is, apr_pool_t *pool)
{
    apr_size_t size = (apr_size_t)is->size, got = 0;
    char *octets = apr_palloc(pool, size + 1);

    if (!octets)
        return "no memory";
    if (apr_file_read_full(file, octets, size, &got) != APR_SUCCESS
        && got < size)
        return "became shorter while it was read";
    octets[size] = '\0';
    *text = (as_span){ octets, size };
    return NULL;
}

static const char *take_file(generation *g, apr_file_t *file)
{
    const char *why;
    as_span text;

    if (apr_file_info_get(&g->is, APR_FINFO_NORM | APR_FINFO_IDENT, file)
        != APR_SUCCESS)
        return "cannot be looked at";
    why = check_file(&g->is);
    if (!why)
        why = read_text(&text, file, &g->is, g->pool);
    return why ? why : cred_index_build(&g->index, text, g->pool);
}

/* The generation, with one reference for the caller; or NULL and why, in
 * pool. */
static generation *read_file(const char **why, const char *path,
                             apr_pool_t *pool)
{
    apr_pool_t *own = NULL;
    apr_file_t *file;
    generation *g;
    apr_status_t rv = make_pool(&own);

    if (rv == APR_SUCCESS)
        rv = apr_file_open(&file, path, APR_READ | APR_BINARY, 0, pool);
    if (rv != APR_SUCCESS) {
        *why = apr_psprintf(pool, "cannot be read: %pm", &rv);
        if (own)
            apr_pool_destroy(own);
        return NULL;
    }
    g = apr_pcalloc(own, sizeof(*g));
    g->pool = own;
    g->refs = 1;
    *why = take_file(g, file);
    apr_file_close(file);
    if (!*why)
        return g;
    *why = apr_pstrdup(pool, *why);
    apr_pool_destroy(own);
    return NULL;
}

/* ---- sources --------------------------------------------------------- */

/* One for each file that the configuration names. */
typedef struct source {
    const char *path;
    server_rec *server; /* of the first AuthCredentials that names it */
    const ap_directive_t *directive;
    apr_thread_mutex_t *mutex; /* over the rest */
    generation *current;
    apr_finfo_t seen;          /* the file when it was looked at */
    apr_finfo_t refused;       /* a file that was found broken */
    int is_reading;
    apr_thread_t *thread;      /* that reads, or has read */
    apr_pool_t *pool;          /* what the thread is made of */
} source;

/* The state of this configuration, emptied when it is read anew. */
static apr_array_header_t *sources; /* of source * */

static apr_status_t forget_sources(void *baton)
{
    (void)baton;
    sources = NULL;
    return APR_SUCCESS;
}

static source *source_of(cmd_parms *cmd, const char *path)
{
    apr_pool_t *pool = cmd->pool;
    source *s;
    int i;

    if (!sources) {
        sources = apr_array_make(pool, 2, sizeof(s));
        apr_pool_cleanup_register(pool, NULL, forget_sources,
                                  apr_pool_cleanup_null);
    }
    for (i = 0; i < sources->nelts; i++) {
        s = APR_ARRAY_IDX(sources, i, source *);
        if (!strcmp(s->path, path))
            return s;
    }
    s = apr_pcalloc(pool, sizeof(*s));
    s->path = path;
    s->server = cmd->server;
    s->directive = cmd->directive;
    s->refused.size = -1; /* no file is like that */
    if (apr_thread_mutex_create(&s->mutex, APR_THREAD_MUTEX_DEFAULT, pool)
        != APR_SUCCESS)
        return NULL;
    APR_ARRAY_PUSH(sources, source *) = s;
    return s;
}

/* ---- changes --------------------------------------------------------- */

static void take_over(source *s, generation *g)
{
    generation *old = s->current;

    s->current = g;
    let_go(old);
}

/* Reads the file outside of the lock, and says what came of it. */
static void read_anew(source *s, apr_pool_t *pool)
{
    const char *why;
    generation *g = read_file(&why, s->path, pool);

    if (g)
        ap_log_error(APLOG_MARK, APLOG_INFO, 0, s->server,
                     "AuthCredentials file:%s was read anew: %"
                     APR_SIZE_T_FMT " credentials", s->path,
                     cred_index_count(g->index));
    else
        ap_log_error(APLOG_MARK, APLOG_ERR, 0, s->server,
                     "AuthCredentials file:%s: %s; what was read before stays "
                     "in use", s->path, why);
    apr_thread_mutex_lock(s->mutex);
    if (g)
        take_over(s, g);
    else
        s->refused = s->seen;
    s->is_reading = 0;
    apr_thread_mutex_unlock(s->mutex);
}

static void *APR_THREAD_FUNC run_thread(apr_thread_t *thread, void *baton)
{
    read_anew(baton, apr_thread_pool_get(thread));
    return NULL;
}

static void join(source *s)
{
    apr_status_t rv;

    if (s->thread)
        apr_thread_join(&rv, s->thread);
    s->thread = NULL;
}

/* Under the lock, with is_reading set: no other thread does this. The thread
 * gets no signals: those that end a prefork child are for the one it had. */
static int start_thread(source *s)
{
    sigset_t all, before;
    apr_status_t rv;

    join(s);
    if (!s->pool)
        return 0;
    sigfillset(&all);
    if (pthread_sigmask(SIG_SETMASK, &all, &before))
        return 0;
    rv = apr_thread_create(&s->thread, NULL, run_thread, s, s->pool);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return rv == APR_SUCCESS;
}

static void look_at(apr_finfo_t *is, const source *s, apr_pool_t *pool)
{
    if (apr_stat(is, s->path, APR_FINFO_NORM | APR_FINFO_IDENT, pool)
        != APR_SUCCESS)
        memset(is, 0, sizeof(*is)); /* gone: reading says so, once */
}

/* Whether the file has changed; then somebody has to read it, and is_reading
 * is set. Under the lock. */
static int is_due(source *s, const apr_finfo_t *is)
{
    if (s->is_reading || is_same_file(is, &s->current->is)
        || is_same_file(is, &s->refused))
        return 0;
    s->seen = *is;
    s->is_reading = 1;
    return 1;
}

/* The generation to look into; let go of it afterwards. */
static generation *current_of(source *s, request_rec *r)
{
    apr_finfo_t is;
    generation *g;
    int is_mine = 0;

    look_at(&is, s, r->pool);
    apr_thread_mutex_lock(s->mutex);
    if (is_due(s, &is))
        is_mine = is.size <= SMALL || !start_thread(s);
    if (is_mine) {
        apr_thread_mutex_unlock(s->mutex);
        read_anew(s, r->pool);
        apr_thread_mutex_lock(s->mutex);
    }
    g = s->current;
    apr_atomic_inc32(&g->refs);
    apr_thread_mutex_unlock(s->mutex);
    return g;
}

/* ---- the store ------------------------------------------------------- */

static source *source_at(request_rec *r)
{
    const cred_conf *conf = ap_get_module_config(
        r->per_dir_config, &authscheme_credentials_module);

    return conf->handle;
}

static apr_status_t find(const as_cred **cred, request_rec *r,
                         as_cred_kind kind, const char *id, const char *realm,
                         const char *place, const char *algorithm)
{
    as_cred *found = apr_pcalloc(r->pool, sizeof(*found));
    generation *g = current_of(source_at(r), r);
    apr_status_t rv = cred_index_find(found, g->index, kind, id, realm, place,
                                      algorithm, r->pool);

    let_go(g);
    *cred = rv == APR_SUCCESS ? found : NULL;
    return rv;
}

static apr_status_t find_userhash(const as_cred **cred, request_rec *r,
                                  const char *userhash, const char *realm,
                                  const char *algorithm)
{
    as_cred *found = apr_pcalloc(r->pool, sizeof(*found));
    generation *g = current_of(source_at(r), r);
    apr_status_t rv = cred_index_find_userhash(found, g->index, userhash,
                                               realm, algorithm, r->pool);

    let_go(g);
    *cred = rv == APR_SUCCESS ? found : NULL;
    return rv;
}

/* ---- starting -------------------------------------------------------- */

static const char *open_file(void **handle, cmd_parms *cmd,
                             const char *argument)
{
    const char *path = *argument ? ap_server_root_relative(cmd->pool, argument)
                                 : NULL;

    if (!path)
        return apr_psprintf(cmd->pool, "AuthCredentials file: needs a path, not "
                            "\"%s\"", argument);
    *handle = source_of(cmd, path);
    return *handle ? NULL : "AuthCredentials file: no memory for a lock";
}

/* What earlier configurations have read, by path. Its memory is the process's:
 * code may go between two configurations, data does not. */
static apr_hash_t *kept_of(apr_pool_t *process)
{
    static const char key[] = "authscheme_credentials_files";
    void *kept = NULL;

    apr_pool_userdata_get(&kept, key, process);
    if (!kept) {
        kept = apr_hash_make(process);
        apr_pool_userdata_set(kept, key, NULL, process); /* copies the key */
    }
    return kept;
}

static void keep(source *s, generation *g, apr_hash_t *kept,
                 apr_pool_t *process)
{
    generation *old = apr_hash_get(kept, s->path, APR_HASH_KEY_STRING);

    s->current = g;
    if (old == g)
        return;
    apr_hash_set(kept, old ? s->path : apr_pstrdup(process, s->path),
                 APR_HASH_KEY_STRING, g);
    let_go(old);
}

/* Two passes read the configuration when httpd starts, and a restart may find
 * nothing new. */
static generation *reusable(const source *s, generation *old,
                            apr_pool_t *pool)
{
    apr_finfo_t is;

    return old
           && apr_stat(&is, s->path, APR_FINFO_NORM | APR_FINFO_IDENT, pool)
                  == APR_SUCCESS
           && is_same_file(&is, &old->is) ? old : NULL;
}

/* httpd starts as root, its children read changes as others. */
static void warn_of_owner(const source *s, const apr_finfo_t *is)
{
    const unixd_config_rec *child = &ap_unixd_config;

    if (geteuid() || !child->user_id
        || (is->user == child->user_id && (is->protection & APR_FPROT_UREAD))
        || (is->group == child->group_id && (is->protection & APR_FPROT_GREAD)))
        return;
    ap_log_error(APLOG_MARK, APLOG_WARNING, 0, s->server,
                 "AuthCredentials file:%s: may be read by httpd's parent but "
                 "not by its children, so changes need a restart: chgrp it to "
                 "httpd's Group and chmod 640", s->path);
}

static int start_source(source *s, apr_hash_t *kept, apr_pool_t *process,
                        apr_pool_t *pool)
{
    generation *old = apr_hash_get(kept, s->path, APR_HASH_KEY_STRING);
    generation *g = reusable(s, old, pool);
    const char *why = NULL;

    if (!g)
        g = read_file(&why, s->path, pool);
    if (!g)
        ap_log_error(APLOG_MARK, old ? APLOG_ERR : APLOG_EMERG, 0, s->server,
                     "AuthCredentials on line %d of %s: file:%s: %s%s",
                     s->directive->line_num, s->directive->filename, s->path,
                     why, old ? "; what was read before stays in use" : "");
    if (!g)
        g = old;
    if (g) {
        keep(s, g, kept, process);
        warn_of_owner(s, &g->is);
    }
    return g != NULL;
}

int cred_file_check(server_rec *main_server, apr_pool_t *pool)
{
    apr_pool_t *process = main_server->process->pool;
    apr_hash_t *kept = kept_of(process);
    int i, ok = 1;

    for (i = 0; sources && i < sources->nelts; i++)
        ok &= start_source(APR_ARRAY_IDX(sources, i, source *), kept, process,
                           pool);
    return ok;
}

/* A child that ends waits for those that read. */
static apr_status_t join_all(void *baton)
{
    int i;

    (void)baton;
    for (i = 0; sources && i < sources->nelts; i++)
        join(APR_ARRAY_IDX(sources, i, source *));
    return APR_SUCCESS;
}

void cred_file_child_init(apr_pool_t *child)
{
    int i;

    for (i = 0; sources && i < sources->nelts; i++) {
        source *s = APR_ARRAY_IDX(sources, i, source *);

        apr_atomic_inc32(&s->current->refs); /* of what the parent keeps */
        if (make_pool(&s->pool) != APR_SUCCESS)
            s->pool = NULL;
    }
    apr_pool_pre_cleanup_register(child, NULL, join_all);
}

const cred_backend cred_file = {
    .name = "file",
    .open = open_file,
    .store = { .find = find, .find_userhash = find_userhash },
};
