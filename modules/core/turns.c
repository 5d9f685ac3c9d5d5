/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Turns. Each turn, and each place in the queue, is a robust lock: who dies
 * gives it back. There is nothing to count, so nothing that a killed process
 * could leave counted.
 *
 * The queue is first come, first served: a place holds the number that its
 * holder drew. It is the holder's turn when nobody with an earlier number is
 * there. Whoever comes while somebody waits has to queue up, too.
 *
 * Who waits looks again every few milliseconds. Nothing can wake it: condition
 * variables do not survive a process that dies on them.
 */
#include <stdatomic.h>
#include <stddef.h>
#include <time.h>

#include "lock.h"
#include "turns.h"

#define MAGIC 0x61757475726e7331u /* another number for another layout */
#define PAUSE apr_time_from_msec(5)
#define PAUSE_IN_FRONT apr_time_from_msec(1)

/* Of a turn only the lock matters. */
typedef struct place {
    core_lock lock;
    _Atomic apr_uint64_t number; /* 0 = nobody here */
    _Atomic apr_uint32_t who;
} place;

struct core_turns_shared {
    apr_uint64_t magic;
    int at_once, places;
    _Atomic apr_uint64_t drawn;
    _Atomic apr_uint64_t taken, waited, needless, refused;
    place at[]; /* turns, then the queue */
};

typedef struct core_turns_shared shared;

/* ---- making them ----------------------------------------------------- */

apr_size_t core_turns_size(int at_once, int places)
{
    return sizeof(shared) + sizeof(place) * (apr_size_t)(at_once + places);
}

apr_status_t core_turns_format(core_turns *turns, void *memory, int at_once,
                               int places)
{
    shared *s = memory;
    int i;

    if (at_once < 1 || at_once > CORE_TURNS_MOST || places < 0
        || places > CORE_QUEUE_MOST)
        return APR_EINVAL;
    s->at_once = at_once;
    s->places = places;
    for (i = 0; i < at_once + places; i++)
        if (!core_locks_make(&s->at[i].lock, 1))
            return APR_EGENERAL;
    s->magic = MAGIC;
    turns->shared = s;
    return APR_SUCCESS;
}

apr_status_t core_turns_attach(core_turns *turns, void *memory, int at_once,
                               int places)
{
    shared *s = memory;

    if (s->magic != MAGIC || s->at_once != at_once || s->places != places)
        return APR_EINVAL;
    turns->shared = s;
    return APR_SUCCESS;
}

/* ---- the queue ------------------------------------------------------- */

static int try(place *p)
{
    core_locked got = core_lock_try(&p->lock);

    if (got == CORE_LOCK_ORPHAN)
        atomic_store(&p->number, 0);
    return got != CORE_LOCK_NONE;
}

static place *queue(shared *s)
{
    return &s->at[s->at_once];
}

/* A turn that is free, or -1. */
static int take_turn(shared *s)
{
    int i;

    for (i = 0; i < s->at_once; i++)
        if (try(&s->at[i]))
            return i;
    return -1;
}

/* Whether somebody is there, and not the traces of one who died. */
static int is_taken(place *p)
{
    if (!atomic_load(&p->number))
        return 0;
    if (!try(p))
        return 1;
    atomic_store(&p->number, 0);
    core_lock_drop(&p->lock);
    return 0;
}

/* Whether nobody waits who came before that number. */
static int is_next(shared *s, apr_uint64_t number)
{
    int i;

    for (i = 0; i < s->places; i++)
        if (atomic_load(&queue(s)[i].number) < number
            && is_taken(&queue(s)[i]))
            return 0;
    return 1;
}

static int may_queue(shared *s, apr_uint32_t who)
{
    int i, theirs = 0;

    for (i = 0; i < s->places; i++)
        theirs += atomic_load(&queue(s)[i].number)
                  && atomic_load(&queue(s)[i].who) == who;
    return theirs < (s->places + 1) / 2;
}

static place *take_place(shared *s, apr_uint32_t who)
{
    int i;

    if (!may_queue(s, who))
        return NULL;
    for (i = 0; i < s->places; i++) {
        place *p = &queue(s)[i];

        if (!try(p))
            continue;
        atomic_store(&p->who, who);
        atomic_store(&p->number, atomic_fetch_add(&s->drawn, 1) + 1);
        return p;
    }
    return NULL;
}

static void leave_place(place *p)
{
    atomic_store(&p->number, 0);
    core_lock_drop(&p->lock);
}

/* Of a clock that nobody sets. */
static apr_time_t stopwatch(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return apr_time_from_sec(now.tv_sec) + now.tv_nsec / 1000;
}

static core_turn wait_for_turn(core_turns *turns, int *nth, place *p,
                               int (*is_answered)(void *baton), void *baton)
{
    shared *s = turns->shared;
    apr_uint64_t number = atomic_load(&p->number);
    apr_time_t end = stopwatch() + turns->patience;

    do {
        int next = is_next(s, number);

        if (is_answered && is_answered(baton))
            return CORE_TURN_NEEDLESS;
        if (next && (*nth = take_turn(s)) >= 0)
            return CORE_TURN_OURS;
        apr_sleep(next ? PAUSE_IN_FRONT : PAUSE);
    } while (stopwatch() < end);
    return CORE_TURN_NEVER;
}

/* ---- using them ------------------------------------------------------ */

static core_turn queue_up(core_turns *turns, int *nth, apr_uint32_t who,
                          int (*is_answered)(void *baton), void *baton)
{
    place *p = take_place(turns->shared, who);
    core_turn turn;

    if (!p)
        return CORE_TURN_NEVER;
    turn = wait_for_turn(turns, nth, p, is_answered, baton);
    leave_place(p);
    if (turn == CORE_TURN_OURS)
        atomic_fetch_add(&turns->shared->waited, 1);
    return turn;
}

core_turn core_turns_begin(core_turns *turns, int *nth, apr_uint32_t who,
                           int (*is_answered)(void *baton), void *baton)
{
    shared *s = turns->shared;
    core_turn turn = CORE_TURN_OURS;

    *nth = is_next(s, APR_UINT64_MAX) ? take_turn(s) : -1;
    if (*nth < 0)
        turn = queue_up(turns, nth, who, is_answered, baton);
    atomic_fetch_add(turn == CORE_TURN_OURS       ? &s->taken
                     : turn == CORE_TURN_NEEDLESS ? &s->needless
                                                  : &s->refused, 1);
    return turn;
}

void core_turns_end(core_turns *turns, int nth)
{
    core_lock_drop(&turns->shared->at[nth].lock);
}

/* ---- what an administrator can see ----------------------------------- */

static apr_uint32_t count_running(shared *s)
{
    apr_uint32_t held = 0;
    int i;

    for (i = 0; i < s->at_once; i++) {
        if (!try(&s->at[i])) {
            held++;
            continue;
        }
        core_lock_drop(&s->at[i].lock);
    }
    return held;
}

static apr_uint32_t count_queued(shared *s)
{
    apr_uint32_t held = 0;
    int i;

    for (i = 0; i < s->places; i++)
        held += (apr_uint32_t)is_taken(&queue(s)[i]);
    return held;
}

core_turns_counts core_turns_count(core_turns *turns)
{
    shared *s = turns->shared;
    core_turns_counts counts = { 0 };

    counts.at_once = (apr_uint32_t)s->at_once;
    counts.places = (apr_uint32_t)s->places;
    counts.running = count_running(s);
    counts.queued = count_queued(s);
    counts.taken = atomic_load(&s->taken);
    counts.waited = atomic_load(&s->waited);
    counts.needless = atomic_load(&s->needless);
    counts.refused = atomic_load(&s->refused);
    return counts;
}
