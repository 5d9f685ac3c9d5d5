/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * table.h - which one-time proofs were used, in memory that all processes of
 * a server share. Knows no server and is tested without one.
 */
#ifndef CORE_TABLE_H
#define CORE_TABLE_H

#include "apr_errno.h"
#include "apr_time.h"
#include "authscheme_span.h"

#define CORE_KEY_LEN 32
#define CORE_TABLE_MIN (64 * 1024)
#define CORE_WINDOW 128 /* numbered uses of a proof that are told apart */

/* The epoch of a proof that holds no nonce of ours. */
#define CORE_UNSTAMPED APR_UINT64_MAX

typedef enum core_use {
    CORE_FIRST,
    CORE_SEEN,
    CORE_STALE, /* nobody can tell any more */
    CORE_FAILED /* the lock is broken */
} core_use;

typedef struct core_proof {
    unsigned char key[CORE_KEY_LEN]; /* of core_table_key() */
    apr_uint64_t epoch;              /* when its nonce was made */
    apr_time_t issued;
    apr_time_t expires;
} core_proof;

/* A process's hold on a table; copied freely. */
typedef struct core_table {
    struct core_table_shared *shared;
    apr_time_t (*clock)(void); /* apr_time_now, but for tests */
} core_table;

typedef struct core_table_counts {
    apr_uint64_t epoch;
    apr_uint64_t room;    /* for that many entries */
    apr_uint64_t live;    /* entries, estimated in a large table */
    apr_uint64_t dropped; /* live entries that had to make room */
} core_table_counts;

/* Makes a table in memory that is zero, shared between processes and aligned
 * to 64 octets; table->clock is set. `before` is the table that it takes the
 * place of, or NULL. APR_EINVAL if the size is below CORE_TABLE_MIN. */
apr_status_t core_table_format(core_table *table, void *memory,
                               apr_size_t size, core_table *before);

/* Takes hold of a table that was made before, maybe by another build of this
 * module: APR_EINVAL if it is not one of ours, whole and of that size. */
apr_status_t core_table_attach(core_table *table, void *memory,
                               apr_size_t size);

/* Another table takes over: what is issued from now on is stale here. */
void core_table_retire(core_table *table);

/* Names a use: a full-length keyed hash of the parts. */
apr_status_t core_table_key(unsigned char key[CORE_KEY_LEN],
                            const core_table *table, const as_span *parts,
                            int count);

/* The count-th use of a proof, from 1 on: each is the first once. */
core_use core_table_use(core_table *table, const core_proof *proof,
                        apr_uint64_t count);

/* Looks at the clock. The number of the epoch is one more for each time that
 * it was found turned back. */
apr_uint64_t core_table_epoch(core_table *table);

/* How many live entries were dropped since it last said so; 0 for most of
 * the calls, so that there is one message a minute among all processes. */
apr_uint64_t core_table_news(core_table *table);

core_table_counts core_table_count(core_table *table);

#endif
