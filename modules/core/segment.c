/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Shared memory. It has no name, so that nobody else can attach to it, and a
 * dead server does not leave it behind.
 */
#include "httpd.h"
#include "http_config.h"
#include "apr_lib.h"
#include "apr_strings.h"

#include "segment.h"

#define ALIGNMENT 64

/* Where the system can't do without a name, it has our process id and is made
 * anew. */
apr_status_t core_segment_make(core_segment *seg, const char *name,
                               apr_size_t size, server_rec *s)
{
    apr_pool_t *pool = s->process->pool;
    apr_status_t rv = apr_shm_create(&seg->shm, size + ALIGNMENT, NULL, pool);
    const char *file;

    seg->size = size;
    if (rv != APR_ENOTIMPL)
        return rv;
    file = ap_runtime_dir_relative(
        pool, apr_psprintf(pool, "%s.%" APR_PID_T_FMT, name, getpid()));
    apr_shm_remove(file, pool);
    return apr_shm_create(&seg->shm, size + ALIGNMENT, file, pool);
}

void *core_segment_at(const core_segment *seg)
{
    apr_uintptr_t at = (apr_uintptr_t)apr_shm_baseaddr_get(seg->shm);

    return (void *)((at + ALIGNMENT - 1) & ~(apr_uintptr_t)(ALIGNMENT - 1));
}

apr_status_t core_segment_keep(core_segment **seg, int *is_new,
                               const char *name, apr_size_t size,
                               server_rec *s)
{
    core_segment *kept = ap_retained_data_get(name), made;
    apr_status_t rv;

    if (!kept)
        kept = ap_retained_data_create(name, sizeof(*kept));
    *seg = kept;
    *is_new = !kept->shm || kept->size != size;
    if (!*is_new)
        return APR_SUCCESS;
    rv = core_segment_make(&made, name, size, s);
    if (rv != APR_SUCCESS)
        return rv;
    if (kept->shm)
        apr_shm_destroy(kept->shm);
    *kept = made;
    return APR_SUCCESS;
}

apr_size_t core_size_of(const char *text, apr_size_t least, apr_size_t most)
{
    static const char units[] = "kmg";
    apr_int64_t limit = (apr_int64_t)most, number;
    const char *unit;
    char *end;

    number = apr_isdigit(*text) ? apr_strtoi64(text, &end, 10) : 0;
    if (number <= 0 || number > limit)
        return 0;
    if (*end) {
        unit = strchr(units, apr_tolower(*end));
        if (!unit || end[1])
            return 0;
        number <<= 10 * (unit - units + 1);
    }
    return number >= (apr_int64_t)least && number <= limit ? (apr_size_t)number
                                                           : 0;
}
