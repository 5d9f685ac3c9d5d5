/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * lock.h - locks in shared memory that survive their holder: if it dies, the
 * next one gets the lock and learns of it.
 */
#ifndef CORE_LOCK_H
#define CORE_LOCK_H

#include <errno.h>
#include <pthread.h>

typedef struct core_lock {
    _Alignas(64) pthread_mutex_t mutex;
} core_lock;

typedef enum core_locked {
    CORE_LOCK_NONE, /* somebody else holds it, or it is broken */
    CORE_LOCK_OURS,
    CORE_LOCK_ORPHAN /* ours, and what it guards may be half written */
} core_locked;

/* 1 if the locks could be made. */
static inline int core_locks_make(core_lock *locks, int count)
{
    pthread_mutexattr_t attr;
    int nth, ok;

    if (pthread_mutexattr_init(&attr) != 0)
        return 0;
    ok = pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED) == 0
         && pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST) == 0;
    for (nth = 0; ok && nth < count; nth++)
        ok = pthread_mutex_init(&locks[nth].mutex, &attr) == 0;
    pthread_mutexattr_destroy(&attr);
    return ok;
}

static inline core_locked core_lock_result(core_lock *lock, int error)
{
    if (error == 0)
        return CORE_LOCK_OURS;
    if (error != EOWNERDEAD)
        return CORE_LOCK_NONE;
    if (pthread_mutex_consistent(&lock->mutex) == 0)
        return CORE_LOCK_ORPHAN;
    pthread_mutex_unlock(&lock->mutex);
    return CORE_LOCK_NONE;
}

/* Waits for it. */
static inline core_locked core_lock_take(core_lock *lock)
{
    return core_lock_result(lock, pthread_mutex_lock(&lock->mutex));
}

/* Does not wait. */
static inline core_locked core_lock_try(core_lock *lock)
{
    return core_lock_result(lock, pthread_mutex_trylock(&lock->mutex));
}

static inline int core_lock_drop(core_lock *lock)
{
    return pthread_mutex_unlock(&lock->mutex) == 0;
}

#endif
