/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * segment.h - memory that all processes of a server share, and that outlives
 * a graceful restart.
 */
#ifndef CORE_SEGMENT_H
#define CORE_SEGMENT_H

#include "apr_shm.h"
#include "httpd.h"

/* Belongs to the process, not to a configuration. */
typedef struct core_segment {
    apr_shm_t *shm; /* NULL: none was made */
    apr_size_t size;
} core_segment;

/* Zeroed memory. `name` is that of a file in the runtime directory, used only
 * where the system has no memory without a name. */
apr_status_t core_segment_make(core_segment *seg, const char *name,
                               apr_size_t size, server_rec *s);

/* The memory, aligned to 64 octets. */
void *core_segment_at(const core_segment *seg);

/*
 * The segment of that name, as the configuration before left it if it has the
 * size, else a new one. Children that still serve the configuration before
 * keep the old one to their end.
 */
apr_status_t core_segment_keep(core_segment **seg, int *is_new,
                               const char *name, apr_size_t size,
                               server_rec *s);

/* A number with k, m or g after it, from least to most; 0 for anything
 * else. */
apr_size_t core_size_of(const char *text, apr_size_t least, apr_size_t most);

#endif
