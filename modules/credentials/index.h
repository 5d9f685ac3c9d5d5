/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * index.h - finds a record in the text of a credential file: at the same cost
 * among ten and among a million. Knows no server.
 *
 * The text stays as it was read; the index has eight octets a slot that say
 * where a line begins, and a line that is found is taken apart anew.
 */
#ifndef CREDENTIALS_INDEX_H
#define CREDENTIALS_INDEX_H

#include "cred.h"

typedef struct cred_index cred_index;

/* Of a whole file, kept by reference. NULL with *index, in pool; or what is wrong
 * as "line N: why", without a secret. */
const char *cred_index_build(cred_index **index, as_span text,
                             apr_pool_t *pool);

/* The records in it. */
apr_size_t cred_index_count(const cred_index *index);

/* A record, copied into pool. algorithm NULL takes the first in their order.
 * APR_NOTFOUND if there is none, in the same time. */
apr_status_t cred_index_find(as_cred *cred, const cred_index *index,
                             as_cred_kind kind, const char *id,
                             const char *realm, const char *place,
                             const char *algorithm, apr_pool_t *pool);

/* The record of kind digest whose H(id ":" realm) that is. */
apr_status_t cred_index_find_userhash(as_cred *cred, const cred_index *index,
                                      const char *userhash, const char *realm,
                                      const char *algorithm, apr_pool_t *pool);

#endif
