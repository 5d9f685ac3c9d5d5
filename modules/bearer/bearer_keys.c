/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Files of keys and their generations. Every httpd process looks after its
 * own; the first generation is made before httpd forks.
 */
#include "apr_file_io.h"
#include "apr_thread_mutex.h"

#include "bearer_keys.h"
#include "secret.h"

/* How a file looked when it was read, or could not be. */
typedef struct looks {
    apr_status_t status;
    apr_time_t mtime;
    apr_off_t size;
    apr_ino_t inode;
    apr_fileperms_t protection;
} looks;

typedef struct generation {
    bearer_generation shown; /* first: what others see of it */
    apr_pool_t *pool;
    int users;
} generation;

struct bearer_keys {
    const char *path;
    int symmetric;            /* as it was at start */
    apr_thread_mutex_t *lock; /* over all that follows */
    generation *now;
    looks seen;               /* when it was last read, well or badly */
    apr_time_t looked;
};

/* ---- reading --------------------------------------------------------- */

static void take_looks(looks *at, const apr_finfo_t *info)
{
    at->status = APR_SUCCESS;
    at->mtime = info->mtime;
    at->size = info->size;
    at->inode = info->inode;
    at->protection = info->protection;
}

static int look_alike(const looks *a, const looks *b)
{
    return a->status == b->status && a->mtime == b->mtime
           && a->size == b->size && a->inode == b->inode
           && a->protection == b->protection;
}

static const char *failure(apr_pool_t *pool, const char *what,
                           apr_status_t rv)
{
    char text[128];

    return apr_psprintf(pool, "%s: %s", what,
                        apr_strerror(rv, text, sizeof(text)));
}

static const char *judge_file(const apr_finfo_t *info)
{
    if (info->filetype != APR_REG)
        return "it is not a file";
    if (info->protection & APR_FPROT_WWRITE)
        return "everybody can write it";
    if (info->size > AS_JWKS_MAX)
        return "it is larger than 1 MiB";
    return NULL;
}

/* The file's bytes, which the caller wipes. What is judged is what is read. */
static const char *read_file(as_span *bytes, looks *seen, const char *path,
                             apr_pool_t *pool)
{
    apr_finfo_t info;
    apr_file_t *file;
    const char *wrong;
    char *text;
    apr_size_t len = 0;
    apr_status_t rv = apr_file_open(&file, path, APR_READ | APR_BINARY, 0,
                                    pool);

    if (rv != APR_SUCCESS)
        return failure(pool, "it cannot be read", seen->status = rv);
    rv = apr_file_info_get(&info, APR_FINFO_NORM, file);
    if (rv != APR_SUCCESS)
        return failure(pool, "it cannot be read", seen->status = rv);
    take_looks(seen, &info);
    wrong = judge_file(&info);
    if (!wrong) {
        text = apr_palloc(pool, (apr_size_t)info.size + 1);
        rv = apr_file_read_full(file, text, (apr_size_t)info.size, &len);
        *bytes = (as_span){ text, len };
        if (rv != APR_SUCCESS && !APR_STATUS_IS_EOF(rv))
            wrong = failure(pool, "it cannot be read", rv);
    }
    apr_file_close(file);
    return wrong;
}

static int contains(as_span text, const char *word)
{
    apr_size_t len = strlen(word), i;

    for (i = 0; i + len <= text.len; i++)
        if (memcmp(text.at + i, word, len) == 0)
            return 1;
    return 0;
}

static const char *read_pem(as_key_set *set, as_span bytes, apr_pool_t *pool)
{
    const as_key *key;
    const char *why;

    if (contains(bytes, "PRIVATE KEY-----"))
        return "it holds a private key: only the public half belongs here";
    if (contains(bytes, "-----BEGIN CERTIFICATE-----"))
        return "it holds a certificate: save its public key "
               "(openssl x509 -pubkey -noout)";
    if (as_key_from_pem(&key, NULL, &why, bytes, pool) != APR_SUCCESS)
        return why;
    as_key_set_of(set, key, pool);
    return NULL;
}

static const char *read_keys(bearer_generation *made, as_span bytes,
                             apr_pool_t *pool)
{
    const char *why = NULL;

    if (contains(bytes, "-----BEGIN "))
        return read_pem(&made->set, bytes, pool);
    as_key_set_from_jwks(&made->set, &why, bytes, 1, pool);
    if (made->set.exposed)
        return "it holds a private key: only the public half belongs here";
    if (why)
        return why;
    made->symmetric = made->set.keys[0]->pkey == NULL;
    return NULL;
}

/* NULL with a new generation in pool, or what is wrong. */
static const char *load(generation **made, looks *seen, const char *path,
                        apr_pool_t *pool)
{
    generation *fresh = apr_pcalloc(pool, sizeof(*fresh));
    as_span bytes = { "", 0 };
    const char *wrong = read_file(&bytes, seen, path, pool);

    fresh->pool = pool;
    if (!wrong)
        wrong = read_keys(&fresh->shown, bytes, pool);
    if (bytes.len)
        as_wipe((char *)bytes.at, bytes.len);
    if (!wrong && fresh->shown.symmetric
        && seen->protection & APR_FPROT_WREAD)
        wrong = "it holds a secret that everybody can read";
    *made = fresh;
    return wrong;
}

/* ---- generations ----------------------------------------------------- */

/* One that was loaded at run time has a pool without a parent. */
static apr_status_t let_go(void *data)
{
    bearer_keys *keys = data;

    apr_pool_destroy(keys->now->pool);
    return APR_SUCCESS;
}

/* Of another thread's making and ending than any other pool: it needs an
 * allocator of its own. */
static apr_pool_t *make_pool(void)
{
    apr_pool_t *pool;

    return apr_pool_create_unmanaged_ex(&pool, NULL, NULL) == APR_SUCCESS
               ? pool
               : NULL;
}

const char *bearer_keys_open(bearer_keys **keys, const char *path,
                             apr_pool_t *pool)
{
    bearer_keys *made = apr_pcalloc(pool, sizeof(*made));
    apr_pool_t *own = make_pool();
    const char *wrong = own ? NULL : "out of memory";

    made->path = apr_pstrdup(pool, path);
    if (!wrong)
        wrong = load(&made->now, &made->seen, path, own);
    if (!wrong
        && apr_thread_mutex_create(&made->lock, APR_THREAD_MUTEX_DEFAULT, pool)
               != APR_SUCCESS)
        wrong = "out of locks";
    if (wrong) {
        wrong = apr_pstrdup(pool, wrong);
        if (own)
            apr_pool_destroy(own);
        return wrong;
    }
    made->symmetric = made->now->shown.symmetric;
    made->looked = apr_time_now();
    apr_pool_cleanup_register(pool, made, let_go, apr_pool_cleanup_null);
    *keys = made;
    return NULL;
}

const char *bearer_keys_path(const bearer_keys *keys)
{
    return keys->path;
}

const bearer_generation *bearer_keys_acquire(bearer_keys *keys)
{
    generation *held;

    apr_thread_mutex_lock(keys->lock);
    held = keys->now;
    held->users++;
    apr_thread_mutex_unlock(keys->lock);
    return &held->shown;
}

void bearer_keys_release(bearer_keys *keys, const bearer_generation *held)
{
    generation *mine = (generation *)held;
    int last;

    apr_thread_mutex_lock(keys->lock);
    last = --mine->users == 0 && mine != keys->now;
    apr_thread_mutex_unlock(keys->lock);
    if (last)
        apr_pool_destroy(mine->pool);
}

/* ---- refreshing ------------------------------------------------------ */

/* Whether it is this thread's turn. */
static int is_due(bearer_keys *keys, apr_time_t now)
{
    int due;

    apr_thread_mutex_lock(keys->lock);
    due = now - keys->looked >= BEARER_KEYS_INTERVAL || now < keys->looked;
    if (due)
        keys->looked = now;
    apr_thread_mutex_unlock(keys->lock);
    return due;
}

static int is_changed(bearer_keys *keys, apr_pool_t *pool)
{
    looks at = { 0 };
    apr_finfo_t info;
    int changed;

    at.status = apr_stat(&info, keys->path, APR_FINFO_NORM, pool);
    if (at.status == APR_SUCCESS || at.status == APR_INCOMPLETE)
        take_looks(&at, &info);
    apr_thread_mutex_lock(keys->lock);
    changed = !look_alike(&at, &keys->seen);
    if (changed)
        keys->seen = at;
    apr_thread_mutex_unlock(keys->lock);
    return changed;
}

static void replace(bearer_keys *keys, generation *fresh, const looks *seen)
{
    generation *old;
    int unused;

    apr_thread_mutex_lock(keys->lock);
    old = keys->now;
    unused = old->users == 0;
    keys->now = fresh;
    keys->seen = *seen;
    apr_thread_mutex_unlock(keys->lock);
    if (unused)
        apr_pool_destroy(old->pool);
}

bearer_news bearer_keys_refresh(bearer_keys *keys, apr_time_t now,
                                const char **why, apr_pool_t *pool)
{
    looks seen = { 0 };
    generation *fresh;
    apr_pool_t *own;

    *why = NULL;
    if (!is_due(keys, now) || !is_changed(keys, pool))
        return BEARER_NO_NEWS;
    own = make_pool();
    if (!own) {
        *why = "out of memory";
        return BEARER_BAD_FILE;
    }
    *why = load(&fresh, &seen, keys->path, own);
    if (!*why && fresh->shown.symmetric != keys->symmetric)
        *why = "it changed between public keys and secrets; that needs a "
               "restart";
    if (!*why) {
        replace(keys, fresh, &seen);
        return BEARER_NEW_KEYS;
    }
    *why = apr_pstrdup(pool, *why);
    apr_pool_destroy(own);
    return BEARER_BAD_FILE;
}
