/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * The server secret: what nonces and the schemes' own MACs are made with.
 *
 * Without AuthSchemeSecret it is random, made when the server starts and kept
 * over graceful restarts. Files give servers behind one name the same secret,
 * and are read again with every restart, so that secrets can be rotated: the
 * first makes, the others still verify.
 *
 * The keys lie in a page of their own that no core dump holds. It belongs to
 * the process and not to a configuration; children have a copy, so those that
 * still serve requests of the configuration before keep its secrets.
 */
#include <sys/mman.h>
#include <unistd.h>

#include "http_core.h"
#include "http_log.h"

#include "core.h"
#include "nonce.h"
#include "secret_file.h"

#ifndef MAP_ANONYMOUS
#define MAP_ANONYMOUS MAP_ANON
#endif

#define KEPT_AS "authscheme secrets 1" /* another number for another layout */
#define SETTINGS "authscheme-secret-files"
#define FILES_MAX 4
#define SKEW apr_time_from_sec(5) /* between the clocks of two servers */

APLOG_USE_MODULE(authscheme);

typedef struct secret_page {
    int has_random;
    unsigned char random[AS_SHA256_LEN];
    int count;
    unsigned char secrets[FILES_MAX][AS_SHA256_LEN];
    as_nonce_keys nonce_keys[FILES_MAX];
} secret_page;

typedef struct settings {
    const char *files[FILES_MAX];
    int count;
} settings;

static secret_page *page;

/* ---- AuthSchemeSecret ------------------------------------------------ */

static settings *settings_of(apr_pool_t *pconf)
{
    void *found = NULL;

    apr_pool_userdata_get(&found, SETTINGS, pconf);
    return found;
}

/* Reads the files to find mistakes while httpd can name the line. */
static const char *add_file(settings *set, cmd_parms *cmd, const char *arg)
{
    unsigned char secret[AS_SHA256_LEN];
    const char *file = ap_server_root_relative(cmd->pool, arg);
    const char *error;

    if (!file)
        return apr_psprintf(cmd->pool, "AuthSchemeSecret: no path: %s", arg);
    error = as_secret_read(secret, file, cmd->temp_pool);
    as_wipe(secret, sizeof(secret));
    if (error)
        return apr_psprintf(cmd->pool, "AuthSchemeSecret: %s", error);
    set->files[set->count++] = file;
    return NULL;
}

const char *core_secret_directive(cmd_parms *cmd, void *conf, int argc,
                                  char *const argv[])
{
    apr_pool_t *pconf = cmd->server->process->pconf;
    const char *error = ap_check_cmd_context(cmd, GLOBAL_ONLY);
    settings *set;
    int i;

    (void)conf;
    if (error)
        return error;
    if (settings_of(pconf))
        return "AuthSchemeSecret stands here twice: name all files in one";
    if (argc < 1 || argc > FILES_MAX)
        return "AuthSchemeSecret takes one to four files";
    set = apr_pcalloc(pconf, sizeof(*set));
    for (i = 0; i < argc && !error; i++)
        error = add_file(set, cmd, argv[i]);
    apr_pool_userdata_setn(set, SETTINGS, NULL, pconf);
    return error;
}

/* ---- start ----------------------------------------------------------- */

static secret_page *new_page(void)
{
    apr_size_t size = (apr_size_t)sysconf(_SC_PAGESIZE);
    void *memory;

    while (size < sizeof(secret_page))
        size *= 2;
    memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return NULL;
#ifdef MADV_DONTDUMP
    (void)madvise(memory, size, MADV_DONTDUMP);
#endif
    return memory;
}

/* The page of the configuration before, or a new one. */
static secret_page *kept_page(void)
{
    secret_page **kept = ap_retained_data_get(KEPT_AS);

    if (!kept)
        kept = ap_retained_data_create(KEPT_AS, sizeof(*kept));
    if (!*kept)
        *kept = new_page();
    return *kept;
}

static apr_status_t load_random(void)
{
    if (!page->has_random
        && as_random(page->random, sizeof(page->random)) != APR_SUCCESS)
        return APR_EGENERAL;
    page->has_random = 1;
    memcpy(page->secrets[0], page->random, sizeof(page->random));
    page->count = 1;
    return APR_SUCCESS;
}

static apr_status_t load_files(const settings *set, apr_pool_t *pconf,
                               server_rec *s)
{
    const char *error;
    int i;

    as_wipe(page->random, sizeof(page->random));
    page->has_random = 0;
    for (i = 0; i < set->count; i++) {
        error = as_secret_read(page->secrets[i], set->files[i], pconf);
        if (error) {
            ap_log_error(APLOG_MARK, APLOG_EMERG, 0, s,
                         "AuthSchemeSecret: %s", error);
            return APR_EGENERAL;
        }
    }
    page->count = set->count;
    return APR_SUCCESS;
}

static apr_status_t derive_nonce_keys(void)
{
    int i;

    for (i = 0; i < page->count; i++) {
        as_span secret = { (const char *)page->secrets[i], AS_SHA256_LEN };

        if (as_nonce_keys_derive(&page->nonce_keys[i], secret) != APR_SUCCESS)
            return APR_EGENERAL;
    }
    return APR_SUCCESS;
}

apr_status_t core_secrets_open(apr_pool_t *pconf, server_rec *s)
{
    const settings *set = settings_of(pconf);
    apr_status_t rv;

    page = kept_page();
    if (!page)
        return APR_ENOMEM;
    page->count = 0;
    as_wipe(page->secrets, sizeof(page->secrets));
    as_wipe(page->nonce_keys, sizeof(page->nonce_keys));
    rv = set ? load_files(set, pconf, s) : load_random();
    return rv == APR_SUCCESS ? derive_nonce_keys() : rv;
}

/* ---- services -------------------------------------------------------- */

int core_derive(unsigned char key[AS_KEY_LEN], const char *purpose, int nth)
{
    if (!page || nth < 0 || nth >= page->count)
        return 0;
    return as_secret_derive(key, page->secrets[nth], purpose) == APR_SUCCESS;
}

const char *core_nonce_make(request_rec *r, const char *purpose,
                            as_span bound)
{
    unsigned char fresh[AS_NONCE_RANDOM];
    as_nonce_use use = { as_span_of(purpose), bound, core_state_epoch() };

    if (as_random(fresh, sizeof(fresh)) != APR_SUCCESS)
        return NULL;
    return as_nonce_seal(&page->nonce_keys[0], &use, fresh, apr_time_now(),
                         r->pool);
}

as_nonce core_nonce_check(apr_time_t *issued, request_rec *r,
                          const char *purpose, as_span bound, as_span nonce)
{
    as_nonce_use use = { as_span_of(purpose), bound, core_state_epoch() };
    apr_time_t at;

    if (as_nonce_open(&at, page->nonce_keys, page->count, &use, nonce,
                      r->pool) != APR_SUCCESS)
        return AS_NONCE_FOREIGN;
    if (at > apr_time_now() + SKEW)
        return AS_NONCE_FUTURE;
    core_state_stamped(r, at, use.epoch);
    *issued = at;
    return AS_NONCE_OURS;
}
