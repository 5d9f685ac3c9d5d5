/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * turns.h - how many may do something slow at once, over all processes of a
 * server; a few more wait in a queue, and the rest is turned away. Knows no
 * server and is tested without one.
 */
#ifndef CORE_TURNS_H
#define CORE_TURNS_H

#include "apr_errno.h"
#include "apr_time.h"

#define CORE_TURNS_MOST 256 /* at once */
#define CORE_QUEUE_MOST 1024

/* A process's hold on them; copied freely. */
typedef struct core_turns {
    struct core_turns_shared *shared;
    apr_interval_time_t patience; /* of who waits */
} core_turns;

typedef enum core_turn {
    CORE_TURN_OURS,
    CORE_TURN_NEEDLESS, /* while we waited, the question was answered */
    CORE_TURN_NEVER     /* the queue is full, or took too long */
} core_turn;

typedef struct core_turns_counts {
    apr_uint32_t at_once; /* how many may run */
    apr_uint32_t places;  /* in the queue */
    apr_uint32_t running;
    apr_uint32_t queued;
    apr_uint64_t taken;
    apr_uint64_t waited; /* of taken */
    apr_uint64_t needless;
    apr_uint64_t refused;
} core_turns_counts;

apr_size_t core_turns_size(int at_once, int places);

/* Makes them in memory that is zero, shared between processes and aligned to
 * 64 octets. */
apr_status_t core_turns_format(core_turns *turns, void *memory, int at_once,
                               int places);

/* Takes hold of what was made before: APR_EINVAL if it is something else. */
apr_status_t core_turns_attach(core_turns *turns, void *memory, int at_once,
                               int places);

/*
 * Waits for a turn. `who` is the same number for all that one client does: it
 * gets half of the queue at most. `is_answered` is asked now and then while it
 * waits and ends the wait with CORE_TURN_NEEDLESS; may be NULL.
 *
 * CORE_TURN_OURS sets *nth for core_turns_end(), which the same thread has to
 * call. The turns of a process that dies are free again.
 */
core_turn core_turns_begin(core_turns *turns, int *nth, apr_uint32_t who,
                           int (*is_answered)(void *baton), void *baton);
void core_turns_end(core_turns *turns, int nth);

core_turns_counts core_turns_count(core_turns *turns);

#endif
