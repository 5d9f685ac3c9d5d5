/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * session_table.h - sessions in memory that all processes of a server share:
 * what a client and the server have agreed on, and which numbered requests of
 * it have come. Knows no server and is tested without one.
 */
#ifndef CORE_SESSION_TABLE_H
#define CORE_SESSION_TABLE_H

#include "apr_errno.h"
#include "apr_time.h"
#include "authscheme_span.h"

#define CORE_SESSION_KEY_LEN 32
#define CORE_SESSIONS_MIN (64 * 1024)
#define CORE_SESSION_DATA_MAX 4096
#define CORE_SESSION_WINDOW 512 /* the widest */

/* A process's hold on a table; copied freely. */
typedef struct core_sessions {
    struct core_sessions_shared *shared;
    apr_time_t (*clock)(void); /* apr_time_now, but for tests */
} core_sessions;

typedef enum core_numbered {
    CORE_NUMBER_FIRST,
    CORE_NUMBER_USED, /* or too old to tell; the session has ended */
    CORE_NUMBER_LOST, /* there is no such session */
    CORE_NUMBER_FAILED /* the lock is broken */
} core_numbered;

typedef struct core_sessions_counts {
    apr_uint64_t room;    /* for that many */
    apr_uint64_t live;    /* estimated in a large table */
    apr_uint64_t evicted; /* live ones that had to make room */
} core_sessions_counts;

/* Makes a table for sessions with up to data_max octets, in memory that is
 * zero, shared between processes and aligned to 64 octets; sessions->clock is
 * set. APR_EINVAL if the size is below CORE_SESSIONS_MIN, or data_max above
 * CORE_SESSION_DATA_MAX. */
apr_status_t core_sessions_format(core_sessions *sessions, void *memory,
                                  apr_size_t size, apr_size_t data_max);

/* Takes hold of a table that was made before: APR_EINVAL if it is not one of
 * ours, whole, of that size and for that much data. */
apr_status_t core_sessions_attach(core_sessions *sessions, void *memory,
                                  apr_size_t size, apr_size_t data_max);

/* Names a session: a full-length keyed hash of the parts. */
apr_status_t core_session_key(unsigned char key[CORE_SESSION_KEY_LEN],
                              const core_sessions *sessions,
                              const as_span *parts, int count);

/* Begins a session that lives until `ends`; of the same key, the newer one
 * stays. May end another that is the next to be over. APR_EINVAL if the data
 * has more than data_max octets, APR_EGENERAL if the lock is broken. */
apr_status_t core_session_put(core_sessions *sessions,
                              const unsigned char key[CORE_SESSION_KEY_LEN],
                              as_span data, apr_time_t ends);

/* Copies the data of a session that lives to data, which has room for
 * data_max octets. The number of octets, 0 if there is none. */
apr_size_t core_session_get(unsigned char *data, core_sessions *sessions,
                            const unsigned char key[CORE_SESSION_KEY_LEN]);

/* The request with that number, from 0 on: each is the first once, in any
 * order within the last `window` of them. Any other ends the session, RFC 8120
 * section 6. */
core_numbered core_session_use(core_sessions *sessions,
                               const unsigned char key[CORE_SESSION_KEY_LEN],
                               apr_uint64_t number, unsigned int window);

void core_session_end(core_sessions *sessions,
                      const unsigned char key[CORE_SESSION_KEY_LEN]);

core_sessions_counts core_sessions_count(core_sessions *sessions);

#endif
